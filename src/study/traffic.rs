//! Calls of one variant: by edge, and between which places.

use indexmap::IndexMap;

use super::figure::{Design, MS};
use super::summary::by_class;
use crate::meter::{Quantile, Within};
use crate::record::{EdgeRow, EdgeSummary, Failure, Run, SparseHistogram};

/// Calls by edge, in the order of the runs.
pub fn edges(runs: &[Run], design: Design) -> Vec<EdgeSummary> {
    let count = runs.first().map_or(0, |run| run.edges.len());
    (0..count).map(|index| edge(&runs.iter().map(|run| &run.edges[index]).collect::<Vec<_>>(), design)).collect()
}

fn edge(of: &[&EdgeRow], design: Design) -> EdgeSummary {
    let mut failed = [0; Failure::ALL.len()];
    for row in of {
        for (sum, more) in failed.iter_mut().zip(&row.failed) {
            *sum += more;
        }
    }
    let latency = SparseHistogram::merged(of[0].latency.grouping, of.iter().map(|row| &row.latency));
    let ms = |quantile| latency.quantile(quantile, Within::Middle).map(|ns| ns as f64 / MS);
    let mut latency_ms = IndexMap::new();
    for (name, quantile) in [("p50", Quantile::P50), ("p99", Quantile::P99)] {
        if let Some(value) = ms(quantile) {
            latency_ms.insert(name.to_owned(), value);
        }
    }
    EdgeSummary {
        from: of[0].from.clone(),
        to: of[0].to.clone(),
        calls: of.iter().map(|row| row.calls).sum(),
        attempts: of.iter().map(|row| row.attempts).sum(),
        amplification: amplification(of, design),
        failed: by_class(&failed),
        latency_ms,
        connections: of.iter().map(|row| row.connections).sum(),
        ejections: of.iter().map(|row| row.ejections).sum(),
    }
}

/// Attempts per call.
pub fn amplification(of: &[&EdgeRow], design: Design) -> crate::record::Estimate {
    let pairs: Vec<(f64, f64)> = of.iter().map(|row| (row.attempts as f64, row.calls as f64)).collect();
    design.ratio(&pairs, "no call was made")
}

/// Where calls went: edge, from place, to place, share of the edge's attempts.
pub fn flows(runs: &[Run]) -> Vec<(String, String, String, f64)> {
    let mut attempts: IndexMap<(&str, &str, &str), u64> = IndexMap::new();
    let mut of_edge: IndexMap<&str, u64> = IndexMap::new();
    for flow in runs.iter().flat_map(|run| &run.flows) {
        *attempts.entry((&flow.edge, &flow.from, &flow.to)).or_default() += flow.attempts;
        *of_edge.entry(&flow.edge).or_default() += flow.attempts;
    }
    let share = |((edge, from, to), count): ((&str, &str, &str), u64)| {
        (edge.to_owned(), from.to_owned(), to.to_owned(), count as f64 / of_edge[edge].max(1) as f64)
    };
    attempts.into_iter().map(share).collect()
}
