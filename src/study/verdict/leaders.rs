//! Who is best beyond doubt, by measure: what a sweep follows from point to point.

use super::super::difference::{Answers, Metric};
use super::super::figure::Design;
use super::ranking::Ranking;
use super::survival::fewer;
use super::{Losses, comparable, harmed, latency_metric};
use crate::record::{Estimate, SweepLeader, VariantResult};

/// The best variant by latency, cost, availability and what is lost to each fault, each where another one is worse beyond
/// doubt. A rank has no sentence in which to say what else is lost: who loses more acknowledged writes, beyond noise, ranks
/// behind who loses fewer or none.
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
        let lost = |index: usize| if answer { variants[index].writes_lost() } else { Estimate::exact(0.0) };
        let lossy = Lossy::of(among, lost);
        if lossy.ahead.is_empty() {
            return None;
        }
        let ranking = Ranking::of(answers, variants, metric, design, &lossy.ahead);
        let worse: Vec<String> = ranking.worse.into_iter().map(|(name, _)| name).collect();
        lossy.led(by, metric.name(), ranking.best, worse, variants)
    };
    asked.into_iter().filter_map(leader).chain(harmed::leaders(losses, variants, own)).collect()
}

/// Who is ranked by a figure, and who loses so many acknowledged writes that no figure makes up for it.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Lossy {
    /// Who loses none, or where all do, as few as the one that loses fewest, within noise.
    pub(super) ahead: Vec<usize>,
    /// Who loses more.
    behind: Vec<usize>,
    /// All that lose any.
    losing: Vec<usize>,
}

impl Lossy {
    pub(super) fn of(among: Vec<usize>, lost: impl Fn(usize) -> Estimate) -> Lossy {
        let value = |index: usize| lost(index).value.unwrap_or_default();
        let losing = among.iter().copied().filter(|&index| value(index) > 0.0).collect();
        let fewest = among.iter().copied().min_by(|&a, &b| value(a).total_cmp(&value(b))).map(&lost);
        let more = |index: usize| fewest.as_ref().is_some_and(|fewest| fewer(fewest, &lost(index)));
        let (behind, ahead) = among.into_iter().partition(|&index| more(index));
        Lossy { ahead, behind, losing }
    }

    /// The best one of those ahead, where somebody is worse or behind.
    pub(super) fn led(
        self,
        by: &str,
        figure: &str,
        best: String,
        mut worse: Vec<String>,
        variants: &[VariantResult],
    ) -> Option<SweepLeader> {
        let names = |of: Vec<usize>| of.into_iter().map(|index| variants[index].name.clone());
        worse.extend(names(self.behind));
        let losing = names(self.losing).collect();
        (!worse.is_empty()).then(|| SweepLeader { by: by.to_owned(), figure: figure.to_owned(), best, worse, losing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(each: &[f64]) -> impl Fn(usize) -> Estimate {
        let each = each.to_vec();
        move |index| {
            let value = each[index];
            Estimate { low: Some(0.9 * value), high: Some(1.1 * value), ..Estimate::exact(value) }
        }
    }

    fn lossy(each: &[f64]) -> Lossy {
        Lossy::of((0..each.len()).collect(), lost(each))
    }

    #[test]
    fn who_loses_more_acknowledged_writes_ranks_behind_who_loses_fewer() {
        let of = |ahead: &[usize], behind: &[usize], losing: &[usize]| Lossy {
            ahead: ahead.into(),
            behind: behind.into(),
            losing: losing.into(),
        };
        assert_eq!(lossy(&[9.0, 0.0, 0.0]), of(&[1, 2], &[0], &[0]));
        // All replicate asynchronously: a hundred times as many are behind, as many within noise are not.
        assert_eq!(lossy(&[63_000.0, 370.0, 380.0]), of(&[1, 2], &[0], &[0, 1, 2]));
        assert_eq!(lossy(&[370.0, 380.0]), of(&[0, 1], &[], &[0, 1]));
        assert_eq!(lossy(&[0.0, 0.0]), of(&[0, 1], &[], &[]));
    }

    #[test]
    fn a_leader_names_who_is_behind_and_all_who_lose_writes() {
        let variants = ["split", "cen"].map(|name| VariantResult { name: name.into(), ..VariantResult::default() });
        let led = |each: &[f64], best: &str| {
            lossy(each).led("availability", "availability", best.into(), Vec::new(), &variants)
        };
        let ahead = led(&[63_000.0, 370.0], "cen").expect("split is behind");
        assert_eq!((ahead.worse, ahead.losing), (vec!["split".to_owned()], vec!["split".to_owned(), "cen".to_owned()]));
        let ahead = led(&[9.0, 0.0], "cen").expect("split is behind");
        assert_eq!((ahead.worse, ahead.losing), (vec!["split".to_owned()], vec!["split".to_owned()]));
        assert_eq!(led(&[370.0, 370.0], "split"), None);
    }
}
