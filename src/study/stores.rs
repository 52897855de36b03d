//! Stores: how many calls came to another cluster's data, what became of writes, and of primaries.

use super::figure::Design;
use crate::record::{
    Estimate, PromotionRow, Run, StorePromotion, StoreRow, StoreSummary, SuccessionSummary, WriteRow, WriteSummary,
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
    let mut stores: Vec<&str> = Vec::new();
    for row in runs.first().iter().flat_map(|run| &run.writes) {
        if stores.last() != Some(&row.store.as_str()) {
            stores.push(&row.store);
        }
    }
    let summary = |store: &&str| SuccessionSummary {
        store: (*store).to_owned(),
        promotions: per_run(runs, design, |run| unplanned(run, store).count() as f64),
        rto_s: rto(runs, store, design),
        rpo_s: rpo(runs, store, design),
        lost: lost_writes(runs, store, design),
        each: runs
            .iter()
            .flat_map(|run| {
                let of = run.promotions.iter().filter(|row| row.store == *store);
                of.map(|row| StorePromotion { replication: run.replication, promotion: row.clone() })
            })
            .collect(),
    };
    stores.iter().map(summary).collect()
}

fn per_run(runs: &[Run], design: Design, of: impl Fn(&Run) -> f64) -> Estimate {
    design.mean(&runs.iter().map(of).collect::<Vec<_>>())
}

fn unplanned<'r>(run: &'r Run, store: &str) -> impl Iterator<Item = &'r PromotionRow> {
    run.promotions.iter().filter(move |row| row.store == store && !row.planned)
}

const NONE: &str = "no primary was lost";

/// What these figures mean here, in words.
pub(super) fn rule() -> String {
    "of promotions that nobody planned; counted from when the primary was missed until its successor acknowledged a write, and \
     back to the first write that it lacks"
        .to_owned()
}

/// Of each replication: a sum over its promotions that nobody planned, and how many they are.
pub(super) fn each(runs: &[Run], store: &str, of: impl Fn(&PromotionRow) -> f64) -> Vec<(f64, f64)> {
    let sum = |run: &Run| (unplanned(run, store).map(&of).sum(), unplanned(run, store).count() as f64);
    runs.iter().map(sum).collect()
}

/// Seconds from when a primary was missed until its successor acknowledged a write, the mean of promotions that nobody
/// planned. Where one of them was not seen to, there is no value but a lower bound.
pub(super) fn rto(runs: &[Run], store: &str, design: Design) -> Estimate {
    let end = |run: &Run| run.horizon_ns.cast_signed();
    let until = |run: &Run, row: &PromotionRow| match row.rto_ns() {
        Some(rto) => rto as f64 / 1e9,
        None => (end(run) - row.since_ns).max(0) as f64 / 1e9,
    };
    let pairs: Vec<(f64, f64)> = runs
        .iter()
        .map(|run| (unplanned(run, store).map(|row| until(run, row)).sum(), unplanned(run, store).count() as f64))
        .collect();
    let all = || runs.iter().flat_map(|run| unplanned(run, store));
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
pub(super) fn rpo(runs: &[Run], store: &str, design: Design) -> Estimate {
    design.ratio(&each(runs, store, |row| row.rpo_ns as f64 / 1e9), NONE)
}

/// Acknowledged writes that are lost, of a replication.
pub(super) fn lost_writes(runs: &[Run], store: &str, design: Design) -> Estimate {
    design.mean(&each_lost(runs, store))
}

/// The same of each.
pub(super) fn each_lost(runs: &[Run], store: &str) -> Vec<f64> {
    let lost = |run: &Run| run.writes.iter().filter(|row| row.store == store).map(|row| row.lost as f64).sum();
    runs.iter().map(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

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
        assert_eq!(rto(&runs, "db", design).value, Some(20.0));
        assert_eq!(rpo(&runs, "db", design).value, Some(3.0));
        assert_eq!(lost_writes(&runs, "db", design).value, Some(2.0));
        let sums = successions(&runs, design);
        assert_eq!((sums.len(), sums[0].promotions.value, sums[0].each.len()), (1, Some(1.5), 20));
        let never = vec![run(0, &[(40, None, 1, false)]); 10];
        let got = rto(&never, "db", design);
        assert_eq!((got.value, got.low), (None, Some(60.0)));
        assert!(got.why.is_some_and(|why| why.contains("10 of 10")));
        let calm = vec![run(0, &[]); 10];
        assert_eq!(rpo(&calm, "db", design).why.as_deref(), Some(NONE));
    }
}
