//! The figures of one point, by variant: what a reader of a curve asks for, each with its interval.

use super::super::design::Study;
use super::super::figure::Design;
use crate::record::{Comparison, Estimate, Failure, Run, SweepFigure, SweepVariant, VariantResult};
use crate::units::Duration;

/// The figures of every variant, in the order of a table.
pub(super) fn of(study: &Study) -> Vec<SweepVariant> {
    let comparison = &study.comparison;
    let one = |variant: &VariantResult| {
        let runs = study.records.iter().find(|(name, _)| *name == variant.name).map_or(&[][..], |(_, runs)| runs);
        SweepVariant { name: variant.name.clone(), figures: of_variant(comparison, variant, runs) }
    };
    comparison.variants.iter().map(one).collect()
}

fn of_variant(comparison: &Comparison, variant: &VariantResult, runs: &[Run]) -> Vec<SweepFigure> {
    let total = &variant.total;
    let named = |name: &str, unit: &str, estimate: Estimate| SweepFigure {
        name: name.to_owned(),
        unit: unit.to_owned(),
        estimate,
    };
    let quantile =
        |of: &crate::record::RequestSummary, name: &str| of.latency_ms.get(name).cloned().unwrap_or_default();
    let measured = Duration::from_nanos((comparison.horizon_s * 1e9).round() as u64);
    let design = Design::new(comparison.replications, measured);
    let mut figures = vec![
        named("mean", "ms", total.mean_ms.clone()),
        named("p50", "ms", quantile(total, "p50")),
        named("p99", "ms", quantile(total, "p99")),
        named("availability", "share", total.availability.clone()),
        named("cost", &format!("{}/month", comparison.currency), variant.bill.month.clone()),
        named("amplification", "attempts/call", amplification(runs, design)),
    ];
    if variant.rows.len() > 1 {
        for row in &variant.rows {
            let whose =
                if row.operation.is_empty() { row.entry.clone() } else { format!("{}, {}", row.entry, row.operation) };
            figures.push(named(&format!("p50({whose})"), "ms", quantile(row, "p50")));
            figures.push(named(&format!("p99({whose})"), "ms", quantile(row, "p99")));
            figures.push(named(&format!("availability({whose})"), "share", row.availability.clone()));
        }
    }
    for (index, class) in Failure::ALL.iter().enumerate().filter(|(_, class)| total.failed.contains_key(class.word())) {
        let pair = |run: &Run| {
            let windows = run.rows.iter().flat_map(|row| &row.windows);
            windows.fold((0.0, 0.0), |sum, window| (sum.0 + window.failed[index] as f64, sum.1 + window.sent as f64))
        };
        let pairs: Vec<(f64, f64)> = runs.iter().map(pair).collect();
        figures.push(named(&format!("failed({})", class.word()), "share", design.ratio(&pairs, "nothing was sent")));
    }
    for resource in variant.resources.iter().filter(|resource| resource.kind == "service") {
        figures.push(named(&format!("wait({})", resource.name), "ms", resource.wait_ms.clone()));
        figures.push(named(&format!("utilisation({})", resource.name), "share", resource.utilisation.clone()));
    }
    for fault in &variant.faults {
        figures.push(named(&format!("lost({})", fault.name), "requests", fault.lost.clone()));
        figures.push(named(&format!("recovery({})", fault.name), "s", fault.recovery_s.clone()));
    }
    for gate in comparison.gates.iter().filter(|gate| gate.variant == variant.name && gate.unit != "paths") {
        figures.push(named(&gate.name, &gate.unit, gate.measured.clone()));
    }
    figures
}

/// Attempts for each call, all edges together.
fn amplification(runs: &[Run], design: Design) -> Estimate {
    let pair = |run: &Run| {
        run.edges.iter().fold((0.0, 0.0), |sum, edge| (sum.0 + edge.attempts as f64, sum.1 + edge.calls as f64))
    };
    design.ratio(&runs.iter().map(pair).collect::<Vec<_>>(), "no call was made")
}
