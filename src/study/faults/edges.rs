//! Attempts per call of each edge: before any fault, while one lasts, in its recovery, and later.

use indexmap::IndexMap;

use super::row;
use crate::record::{EdgeCalls, FaultEdge, Run};
use crate::study::figure::Design;

/// Of each replication: calls before, during, after and later.
pub(super) type Phases = Vec<[EdgeCalls; 4]>;

/// By caller and callee; several rules may send calls to the same versions.
pub(super) fn phases(runs: &[Run], fault: &str) -> IndexMap<(String, String), Phases> {
    let mut all: IndexMap<(String, String), Phases> = IndexMap::new();
    for (number, run) in runs.iter().enumerate() {
        let Some(row) = row(run, fault) else { continue };
        for (edge, counts) in run.edges.iter().zip(&row.edges) {
            let of = all.entry((edge.from.clone(), edge.to.clone())).or_default();
            of.resize(runs.len(), Default::default());
            for (sum, more) in of[number].iter_mut().zip(counts) {
                sum.calls += more.calls;
                sum.attempts += more.attempts;
                sum.failed += more.failed;
            }
        }
    }
    all
}

/// All replications together.
pub(super) fn sum(phases: &Phases, which: usize) -> EdgeCalls {
    phases.iter().fold(EdgeCalls::default(), |sum, of| EdgeCalls {
        calls: sum.calls + of[which].calls,
        attempts: sum.attempts + of[which].attempts,
        failed: sum.failed + of[which].failed,
    })
}

/// Attempts per call.
pub(super) fn amplification(of: EdgeCalls) -> Option<f64> {
    (of.calls > 0).then(|| of.attempts as f64 / of.calls as f64)
}

/// Share of calls that failed.
pub(super) fn failing(of: EdgeCalls) -> Option<f64> {
    (of.calls > 0).then(|| of.failed as f64 / of.calls as f64)
}

pub(super) fn edges(runs: &[Run], fault: &str, design: Design) -> Vec<FaultEdge> {
    let of_edge = |((from, to), phases): ((String, String), Phases)| {
        let ratio = |which: usize| {
            let pairs: Vec<(f64, f64)> =
                phases.iter().map(|of| (of[which].attempts as f64, of[which].calls as f64)).collect();
            design.ratio(&pairs, "no call began then")
        };
        let [before, during, _, later] = [0, 1, 2, 3].map(|which| sum(&phases, which));
        FaultEdge {
            from,
            to,
            before: amplification(before),
            during: ratio(1),
            after: ratio(2),
            later: amplification(later),
            failed_before: failing(before),
            failed_during: failing(during),
        }
    };
    phases(runs, fault)
        .into_iter()
        .map(of_edge)
        .filter(|edge| edge.during.value.is_some() || edge.after.value.is_some())
        .collect()
}
