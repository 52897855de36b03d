//! What a named fault did, all that is told of it: lost requests and recovery (`recovery`), who took notice and where calls
//! went (`noticed`), retries edge by edge (`edges`), whom it hit (`blast`), what outlives it (`outlives`), where requests
//! failed (`errors`), and what it takes of the error budget (`budget`).

mod blast;
mod budget;
mod edges;
mod errors;
mod noticed;
mod outlives;

pub(super) use blast::{calls_to, is_hit};
pub(super) use budget::up_to;
pub use budget::{Objective, budget, burn};
pub use errors::errors;
pub use noticed::{detect, rule, shift};

use super::chains::{self, Watched};
use super::figure::{Design, latencies};
use super::loss;
use super::recovery::{self, SERVED, Until};
use super::sample::{Part, samples};
use crate::meter::Quantile;
use crate::record::{FaultRow, FaultSummary, Run};

/// A success share this far below usual is an outage, however few requests there are.
const OUTAGE: f64 = 0.05;
const SECOND: u64 = 1_000_000_000;

/// All named faults of a variant; `objective`: what the scenario's error budget stands on.
pub fn faults(runs: &[Run], objective: Option<Objective>, design: Design) -> Vec<FaultSummary> {
    let Some(first) = runs.first() else { return Vec::new() };
    let watched = Watched::all(runs);
    first.faults.iter().map(|fault| summary(runs, watched.as_deref(), &fault.fault, objective, design)).collect()
}

/// The row of a fault in a replication.
fn row<'r>(run: &'r Run, fault: &str) -> Option<&'r FaultRow> {
    run.faults.iter().find(|row| row.fault == fault)
}

fn summary(
    runs: &[Run],
    watched: Option<&[Watched<'_>]>,
    fault: &str,
    objective: Option<Objective>,
    design: Design,
) -> FaultSummary {
    let back = |until: Until| recovery::of_watched(watched, runs, fault, until, design);
    let within = samples(runs, Part::During(fault), &|_| true);
    let times = |run: &Run| row(run, fault).map_or(0, |row| row.spans.len()) as f64;
    let (detect_s, detected_by) = detect(runs, fault, design);
    let (hit_share, still_share) = noticed::shares(runs, fault, design);
    let (worst, blast) = blast::blast(runs, watched, fault, design).unzip();
    FaultSummary {
        name: fault.to_owned(),
        occurrences: design.mean(&runs.iter().map(times).collect::<Vec<_>>()),
        lost: loss::lost(runs, fault, design),
        shared: loss::shared(runs, fault, design),
        lost_rule: loss::lost_rule(runs),
        sent: loss::sent(runs, fault, &within, design),
        availability: design.availability(&within),
        detect_s,
        detected_by,
        shift_s: shift(runs, fault, design),
        hit_share,
        still_share,
        shift_rule: rule(runs),
        recovery_s: back(Until::AllBack),
        served_s: SERVED.map(|share| (share, back(Until::Served(share)))).into(),
        together: watched.and_then(|watched| chains::together(watched, fault)).unwrap_or_default(),
        recovery_rule: recovery::rule(runs, Until::AllBack),
        p99_ms: design.quantile_ms(&latencies(&within), Quantile::P99),
        edges: edges::edges(runs, fault, design),
        worst,
        blast,
        outlives: outlives::outlives(runs, fault),
        errors: errors::of_fault(runs, fault),
        burn: objective.and_then(|objective| budget::burn(runs, fault, objective, design)),
    }
}
