//! Replicas that follow their load: how many there were.

use super::figure::Design;
use crate::record::{Run, ScaleRow, ScalingSummary};

/// By autoscaler, in the order of the runs.
pub(super) fn scaling(runs: &[Run], design: Design) -> Vec<ScalingSummary> {
    let Some(first) = runs.first() else { return Vec::new() };
    let summary = |index: usize| {
        let of: Vec<(&ScaleRow, u64)> =
            runs.iter().filter_map(|run| Some((run.scaling.get(index)?, run.horizon_ns))).collect();
        let wanted = || of.iter().flat_map(|(row, _)| &row.steps).map(|step| step.wanted);
        let mean = |(row, horizon): &(&ScaleRow, u64)| row.pod_ns.iter().sum::<u64>() as f64 / (*horizon).max(1) as f64;
        ScalingSummary {
            name: first.scaling[index].name.clone(),
            start: first.scaling[index].steps.first().map_or(0, |step| step.wanted),
            least: wanted().min().unwrap_or(0),
            most: wanted().max().unwrap_or(0),
            mean: design.mean(&of.iter().map(mean).collect::<Vec<_>>()),
            steps: first.scaling[index].steps.clone(),
        }
    };
    (0..first.scaling.len()).map(summary).collect()
}
