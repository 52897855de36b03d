//! Failed requests by class, place and cause.

use std::collections::BTreeMap;

use super::row;
use crate::record::{ErrorRow, ErrorSummary, Run};

/// So many of a fault are told in its summary; all of them stand in `errors.csv`.
const OF_FAULT: usize = 5;

/// All replications together, the most frequent first.
pub fn errors(runs: &[Run]) -> Vec<ErrorSummary> {
    summed(runs, |_| true)
}

/// Those that were sent in a fault or before service was back from it, or failed on a way that it lasted on.
pub(super) fn of_fault(runs: &[Run], fault: &str) -> Vec<ErrorSummary> {
    debug_assert!(runs.first().is_none_or(|run| row(run, fault).is_some()));
    let mut found = summed(runs, |error| error.within == fault || error.fault == fault);
    found.truncate(OF_FAULT);
    found
}

fn summed(runs: &[Run], takes: impl Fn(&ErrorRow) -> bool) -> Vec<ErrorSummary> {
    let mut counts: BTreeMap<(&str, &str, &str, &str, &str), u64> = BTreeMap::new();
    for error in runs.iter().flat_map(|run| &run.errors).filter(|error| takes(error)) {
        let key = (error.class.word(), &*error.edge, &*error.place, &*error.fault, &*error.within);
        *counts.entry(key).or_default() += error.count;
    }
    let all: u64 = counts.values().sum();
    let mut rows: Vec<ErrorSummary> = counts
        .into_iter()
        .map(|((class, edge, place, fault, within), count)| ErrorSummary {
            class: class.to_owned(),
            edge: edge.to_owned(),
            place: place.to_owned(),
            fault: fault.to_owned(),
            within: within.to_owned(),
            count,
            share: count as f64 / all as f64,
        })
        .collect();
    // Stable: among equals the order of their names.
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}
