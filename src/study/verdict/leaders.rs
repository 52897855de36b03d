//! Who is best beyond doubt, by measure: what a sweep follows from point to point.

use super::super::difference::{Answers, Metric};
use super::super::figure::Design;
use super::ranking::Ranking;
use super::{Losses, comparable, harmed, latency_metric};
use crate::record::{SweepLeader, VariantResult};

/// The best variant by latency, cost, availability and what is lost to each fault, each where another one is worse beyond
/// doubt.
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
        if among.is_empty() {
            return None;
        }
        let ranking = Ranking::of(answers, variants, metric, design, &among);
        let worse: Vec<String> = ranking.worse.into_iter().map(|(name, _)| name).collect();
        let figure = metric.name().to_owned();
        (!worse.is_empty()).then(|| SweepLeader { by: by.to_owned(), figure, best: ranking.best, worse })
    };
    asked.into_iter().filter_map(leader).chain(harmed::leaders(losses, variants, own)).collect()
}
