//! Stores whose data is divided: how many calls came to another cluster's.

use super::figure::Design;
use crate::record::{Run, StoreRow, StoreSummary};

/// By store and service, in the order of the runs.
pub(super) fn stores(runs: &[Run], design: Design) -> Vec<StoreSummary> {
    let Some(first) = runs.first() else { return Vec::new() };
    let summary = |index: usize| {
        let of: Vec<&StoreRow> = runs.iter().filter_map(|run| run.stores.get(index)).collect();
        let share = |row: &&StoreRow| row.wrong as f64 / row.asked.max(1) as f64;
        StoreSummary {
            store: first.stores[index].store.clone(),
            service: first.stores[index].service.clone(),
            asked: of.iter().map(|row| row.asked).sum(),
            wrong: of.iter().map(|row| row.wrong).sum(),
            share: design.mean(&of.iter().map(share).collect::<Vec<_>>()),
        }
    };
    (0..first.stores.len()).map(summary).collect()
}
