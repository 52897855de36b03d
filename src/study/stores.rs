//! Stores: how many calls came to another cluster's data, what became of writes, and of primaries.

use super::figure::Design;
use super::words::each_once;
use crate::record::{
    Estimate, PromotionRow, Run, StorePromotion, StoreRow, StoreSummary, SuccessionFault, SuccessionSummary, WriteRow,
    WriteSummary,
};

/// Calls to data that is divided, by store and service, in the order of the runs.
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

/// Writes, by store and service, in the order of the runs.
pub(super) fn writes(runs: &[Run], design: Design) -> Vec<WriteSummary> {
    let Some(first) = runs.first() else { return Vec::new() };
    let summary = |index: usize| {
        let of: Vec<&WriteRow> = runs.iter().filter_map(|run| run.writes.get(index)).collect();
        let share = |row: &&WriteRow| (row.refused as f64, row.asked as f64);
        WriteSummary {
            store: first.writes[index].store.clone(),
            service: first.writes[index].service.clone(),
            asked: of.iter().map(|row| row.asked).sum(),
            refused: of.iter().map(|row| row.refused).sum(),
            acknowledged: of.iter().map(|row| row.acknowledged).sum(),
            lost: of.iter().map(|row| row.lost).sum(),
            refused_share: design.ratio(&of.iter().map(share).collect::<Vec<_>>(), "nothing was written"),
        }
    };
    (0..first.writes.len()).map(summary).collect()
}

/// Promotions of each store that is written to, in the order of the runs.
pub(super) fn successions(runs: &[Run], design: Design) -> Vec<SuccessionSummary> {
    let stores = each_once(runs.first().into_iter().flat_map(|run| &run.writes).map(|row| row.store.as_str()));
    let summary = |store: &&str| {
        let of = Of { store, fault: None };
        let unplanned = runs.iter().flat_map(|run| of.unplanned(run));
        let faults = each_once(unplanned.map(|row| row.fault.as_deref().unwrap_or_default()));
        let by_fault = |fault: &&str| {
            let of = Of { store, fault: Some(fault) };
            SuccessionFault {
                fault: (*fault).to_owned(),
                promotions: promotions(runs, of, design),
                rto_s: rto(runs, of, design),
                rpo_s: rpo(runs, of, design),
                lost: lost_writes(runs, of, design),
            }
        };
        SuccessionSummary {
            store: (*store).to_owned(),
            promotions: promotions(runs, of, design),
            rto_s: rto(runs, of, design),
            rpo_s: rpo(runs, of, design),
            lost: lost_writes(runs, of, design),
            faults: faults.iter().map(by_fault).collect(),
            each: runs
                .iter()
                .flat_map(|run| {
                    let of = run.promotions.iter().filter(|row| row.store == *store);
                    of.map(|row| StorePromotion { replication: run.replication, promotion: row.clone() })
                })
                .collect(),
        }
    };
    stores.iter().map(summary).collect()
}

/// Acknowledged writes that are lost, of a replication, over all stores; none where no database has a primary.
pub(super) fn all_lost(runs: &[Run], design: Design) -> Option<Estimate> {
    let written = runs.first().is_some_and(|run| !run.writes.is_empty());
    let lost = |run: &Run| run.writes.iter().map(|row| row.lost as f64).sum();
    written.then(|| design.mean(&runs.iter().map(lost).collect::<Vec<f64>>()))
}

/// Which promotions.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    /// Of this store.
    pub(super) store: &'a str,
    /// That began with this fault (empty: with none); without one all.
    pub(super) fault: Option<&'a str>,
}

impl<'a> Of<'a> {
    /// Those that nobody planned.
    fn unplanned<'r>(self, run: &'r Run) -> impl Iterator<Item = &'r PromotionRow> + use<'r, 'a> {
        let asked =
            move |row: &&PromotionRow| self.fault.is_none_or(|of| of == row.fault.as_deref().unwrap_or_default());
        run.promotions.iter().filter(move |row| row.store == self.store && !row.planned).filter(asked)
    }

    fn count(self, run: &Run) -> f64 {
        self.unplanned(run).count() as f64
    }

    /// Was every one of them seen to its end?
    pub(super) fn is_seen(self, runs: &[Run]) -> bool {
        runs.iter().flat_map(|run| self.unplanned(run)).all(|row| row.served_ns.is_some())
    }
}

fn promotions(runs: &[Run], of: Of<'_>, design: Design) -> Estimate {
    design.mean(&runs.iter().map(|run| of.count(run)).collect::<Vec<_>>())
}

const NONE: &str = "no primary was lost";

/// What RTO and RPO mean here, in words; `fault` where they are of its promotions alone.
pub(super) fn rule(fault: Option<&str>) -> String {
    let which = fault.map(|fault| format!(" and that {}", began_with(fault))).unwrap_or_default();
    format!(
        "of promotions that nobody planned{which}; counted from when the primary was missed until its successor acknowledged a \
         write, and back to the first write that it lacks"
    )
}

/// Which promotions are a fault's.
pub(super) fn began_with(fault: &str) -> String {
    format!("began with {fault}: since then the old primary was missed")
}

/// Of each replication: a sum over its promotions that nobody planned, and how many they are.
pub(super) fn each(runs: &[Run], of: Of<'_>, figure: impl Fn(&PromotionRow) -> f64) -> Vec<(f64, f64)> {
    let sum = |run: &Run| (of.unplanned(run).map(&figure).sum(), of.count(run));
    runs.iter().map(sum).collect()
}

/// Seconds from when a primary was missed until its successor acknowledged a write, the mean of promotions that nobody
/// planned. Where one of them was not seen to, there is no value but a lower bound.
pub(super) fn rto(runs: &[Run], of: Of<'_>, design: Design) -> Estimate {
    let end = |run: &Run| run.horizon_ns.cast_signed();
    let until = |run: &Run, row: &PromotionRow| match row.rto_ns() {
        Some(rto) => rto as f64 / 1e9,
        None => (end(run) - row.since_ns).max(0) as f64 / 1e9,
    };
    let pairs: Vec<(f64, f64)> =
        runs.iter().map(|run| (of.unplanned(run).map(|row| until(run, row)).sum(), of.count(run))).collect();
    let all = || runs.iter().flat_map(|run| of.unplanned(run));
    let (unseen, count) = (all().filter(|row| row.served_ns.is_none()).count(), all().count());
    if unseen == 0 {
        return design.ratio(&pairs, NONE);
    }
    Estimate {
        low: Some(pairs.iter().map(|pair| pair.0).sum::<f64>() / count as f64),
        confidence: Some(design.level()),
        n: Some(design.replications),
        ..Estimate::none(format!(
            "no write was acknowledged within the measured time after {unseen} of {count} promotions"
        ))
    }
}

/// Seconds of data that the new primary lacks, the mean of promotions that nobody planned.
pub(super) fn rpo(runs: &[Run], of: Of<'_>, design: Design) -> Estimate {
    design.ratio(&each(runs, of, |row| row.rpo_ns as f64 / 1e9), NONE)
}

/// Acknowledged writes that are lost, of a replication.
pub(super) fn lost_writes(runs: &[Run], of: Of<'_>, design: Design) -> Estimate {
    design.mean(&each_lost(runs, of))
}

/// The same of each.
pub(super) fn each_lost(runs: &[Run], of: Of<'_>) -> Vec<f64> {
    let lost = |run: &Run| match of.fault {
        Some(_) => of.unplanned(run).map(|row| row.lost as f64).sum(),
        None => run.writes.iter().filter(|row| row.store == of.store).map(|row| row.lost as f64).sum(),
    };
    runs.iter().map(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    const DB: Of<'static> = Of { store: "db", fault: None };

    fn run(replication: u32, promotions: &[(i64, Option<i64>, u64, bool)]) -> Run {
        let row = |&(since, served, rpo, planned): &(i64, Option<i64>, u64, bool)| PromotionRow {
            store: "db".into(),
            since_ns: since * 1_000_000_000,
            served_ns: served.map(|at| at * 1_000_000_000),
            rpo_ns: rpo * 1_000_000_000,
            planned,
            ..PromotionRow::default()
        };
        let writes = WriteRow { store: "db".into(), lost: promotions.len() as u64, ..WriteRow::default() };
        Run {
            replication,
            horizon_ns: 100_000_000_000,
            promotions: promotions.iter().map(row).collect(),
            writes: vec![writes],
            ..Run::default()
        }
    }

    #[test]
    fn what_nobody_planned_is_told_by_promotion_and_what_was_not_seen_bounds_it() {
        let design = Design::new(10, Duration::from_secs(100));
        let once = run(0, &[(10, Some(30), 2, false), (50, Some(51), 0, true)]);
        let twice = run(1, &[(10, Some(20), 1, false), (60, Some(90), 6, false)]);
        let runs: Vec<Run> = (0..5).flat_map(|_| [once.clone(), twice.clone()]).collect();
        assert_eq!(rto(&runs, DB, design).value, Some(20.0));
        assert_eq!(rpo(&runs, DB, design).value, Some(3.0));
        assert_eq!(lost_writes(&runs, DB, design).value, Some(2.0));
        let sums = successions(&runs, design);
        assert_eq!((sums.len(), sums[0].promotions.value, sums[0].each.len()), (1, Some(1.5), 20));
        let never = vec![run(0, &[(40, None, 1, false)]); 10];
        let got = rto(&never, DB, design);
        assert_eq!((got.value, got.low), (None, Some(60.0)));
        assert!(got.why.is_some_and(|why| why.contains("10 of 10")));
        let calm = vec![run(0, &[]); 10];
        assert_eq!(rpo(&calm, DB, design).why.as_deref(), Some(NONE));
    }
}
