//! Who is best beyond doubt, by measure: what a sweep follows from point to point.

use super::super::difference::{Answers, Metric};
use super::super::figure::Design;
use super::ranking::Ranking;
use super::survival::loses;
use super::{Losses, comparable, harmed, latency_metric};
use crate::record::{SweepLeader, VariantResult};

/// The best variant by latency, cost, availability and what is lost to each fault, each where another one is worse beyond
/// doubt. A rank has no sentence in which to say what else is lost: who loses acknowledged writes ranks behind who loses none.
pub fn leaders(answers: &[Answers], variants: &[VariantResult], losses: &[Losses], design: Design) -> Vec<SweepLeader> {
    if variants.len() < 2 {
        return Vec::new();
    }
    let own = design;
    let design = design.family(variants.len() as u32 - 1);
    let all: Vec<usize> = (0..variants.len()).collect();
    let asked = [
        ("latency", latency_metric(variants), comparable(answers, variants, design)),
        ("cost", Metric::Cost, all.clone()),
        ("availability", Metric::Availability, all),
    ];
    let leader = |(by, metric, among): (&str, Metric, Vec<usize>)| {
        let answer = metric == Metric::Availability;
        let (among, losing) = behind(among, |index| answer && loses(&variants[index]));
        if among.is_empty() {
            return None;
        }
        let ranking = Ranking::of(answers, variants, metric, design, &among);
        let worse: Vec<String> = ranking.worse.into_iter().map(|(name, _)| name).collect();
        led(by, metric.name(), ranking.best, worse, losing.iter().map(|&index| variants[index].name.clone()).collect())
    };
    asked.into_iter().filter_map(leader).chain(harmed::leaders(losses, variants, own)).collect()
}

/// Who is ranked, and who loses acknowledged writes: these rank behind the others, and among themselves where all do.
pub(super) fn behind(among: Vec<usize>, loses: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<usize>) {
    let (losing, keeping): (Vec<usize>, Vec<usize>) = among.into_iter().partition(|&index| loses(index));
    if keeping.is_empty() { (losing.clone(), losing) } else { (keeping, losing) }
}

/// The best one where somebody is worse.
pub(super) fn led(
    by: &str,
    figure: &str,
    best: String,
    mut worse: Vec<String>,
    losing: Vec<String>,
) -> Option<SweepLeader> {
    // Who loses nothing that it acknowledged is ahead of who does.
    if !losing.contains(&best) {
        worse.extend(losing.iter().cloned());
    }
    (!worse.is_empty()).then(|| SweepLeader { by: by.to_owned(), figure: figure.to_owned(), best, worse, losing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_loses_acknowledged_writes_ranks_behind_who_loses_none() {
        assert_eq!(behind(vec![0, 1, 2], |index| index == 0), (vec![1, 2], vec![0]));
        assert_eq!(behind(vec![0, 1], |_| true), (vec![0, 1], vec![0, 1]));
        assert_eq!(behind(vec![0, 1], |_| false), (vec![0, 1], vec![]));
        let split = || vec!["split".to_owned()];
        let ahead = led("availability", "availability", "fenced".into(), Vec::new(), split()).expect("split is behind");
        assert_eq!((ahead.worse, ahead.losing), (split(), split()));
        assert_eq!(led("availability", "availability", "split".into(), Vec::new(), split()), None);
    }
}
