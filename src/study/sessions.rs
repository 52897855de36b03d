//! Sessions: how many are open where, what a fault broke, and how soon that was back.

use super::figure::Design;
use crate::meter::Within;
use crate::record::{
    ClusterShare, Estimate, Run, SessionFault, SessionHarm, SessionPoint, SessionRow, SessionSummary, SparseHistogram,
};

/// Shares of the broken that are told when they are back.
const SHARES: [f64; 4] = [0.5, 0.9, 0.95, 0.99];
/// Significant bits of what sessions are counted by.
const GROUPING: u8 = 10;

/// By stream, in the order of the runs.
pub(super) fn sessions(runs: &[Run], design: Design) -> Vec<SessionSummary> {
    let Some(first) = runs.first() else { return Vec::new() };
    (0..first.sessions.len()).map(|index| summary(runs, index, design)).collect()
}

fn summary(runs: &[Run], index: usize, design: Design) -> SessionSummary {
    let (first, horizon) = (&runs[0].sessions[index], runs[0].horizon_ns as f64);
    let of: Vec<&SessionRow> = runs.iter().filter_map(|run| run.sessions.get(index)).collect();
    let windows = first.windows.len();
    let each = |value: &dyn Fn(&SessionRow) -> f64| of.iter().map(|row| value(row)).collect::<Vec<f64>>();
    let mean = |value: &dyn Fn(&SessionRow) -> f64| design.mean(&each(value));
    let plain = |value: &dyn Fn(&SessionRow) -> f64| each(value).iter().sum::<f64>() / of.len().max(1) as f64;
    let tried = |row: &SessionRow| row.windows.iter().map(|window| window.tried as f64).sum::<f64>();
    let failed = |row: &SessionRow| row.windows.iter().map(|window| window.failed as f64).sum::<f64>();
    let length = horizon / windows.max(1) as f64;
    let in_window = |cluster: usize, number: usize| {
        move |row: &SessionRow| row.clusters[cluster].open_ns.get(number).map_or(0.0, |&ns| ns as f64 / length)
    };
    let share = |cluster: usize| ClusterShare {
        cluster: first.clusters[cluster].cluster.clone(),
        first: mean(&in_window(cluster, 0)),
        last: mean(&in_window(cluster, windows.saturating_sub(1))),
    };
    let point = |number: usize| {
        let count =
            |value: &dyn Fn(&crate::record::SessionWindow) -> u64| plain(&|row| value(&row.windows[number]) as f64);
        SessionPoint {
            start_s: number as f64 * length / 1e9,
            end_s: (number + 1) as f64 * length / 1e9,
            open: (0..first.clusters.len()).map(|cluster| plain(&in_window(cluster, number))).collect(),
            tried: count(&|window| window.tried),
            failed: count(&|window| window.failed),
            broken: count(&|window| window.broken),
            back: count(&|window| window.back),
            given_up: count(&|window| window.given_up),
        }
    };
    let harm = |fault: &SessionFault| {
        let rows = |runs: &[Run]| runs.iter().map(|run| at(run, index, &fault.fault)).collect::<Vec<SessionFault>>();
        let rows = rows(runs);
        let mean = |value: &dyn Fn(&SessionFault) -> f64| design.mean(&rows.iter().map(value).collect::<Vec<f64>>());
        SessionHarm {
            fault: fault.fault.clone(),
            broken: mean(&|row| row.broken as f64),
            given_up: mean(&|row| row.given_up as f64),
            worst_per_s: mean(&|row| f64::from(row.worst_second)),
            before_per_s: mean(&|row| row.before as f64 / f64::from(row.before_seconds.max(1))),
            back_s: SHARES.map(|share| back(runs, &rows, share, design)),
        }
    };
    let broke = |fault: &&SessionFault| runs.iter().any(|run| at(run, index, &fault.fault).broken > 0);
    SessionSummary {
        stream: first.stream.clone(),
        open: mean(&|row| row.clusters.iter().flat_map(|of| &of.open_ns).map(|&ns| ns as f64).sum::<f64>() / horizon),
        tried_per_s: mean(&|row| tried(row) / (horizon / 1e9)),
        failed: design.ratio(&of.iter().map(|row| (failed(row), tried(row))).collect::<Vec<_>>(), "nobody connected"),
        clusters: (0..first.clusters.len()).map(share).collect(),
        faults: first.faults.iter().filter(broke).map(harm).collect(),
        windows: (0..windows).map(point).collect(),
    }
}

fn at(run: &Run, index: usize, fault: &str) -> SessionFault {
    let row = run.sessions.get(index).and_then(|row| row.faults.iter().find(|row| row.fault == fault));
    row.cloned().unwrap_or_default()
}

/// What a fault did to the sessions of all streams of a run.
fn together(run: &Run, fault: &str) -> SessionFault {
    let mut sum = SessionFault { back: SparseHistogram::empty(GROUPING), ..SessionFault::default() };
    for row in run.sessions.iter().flat_map(|row| &row.faults).filter(|row| row.fault == fault) {
        sum.broken += row.broken;
        sum.given_up += row.given_up;
        sum.back.merge(&row.back);
    }
    sum
}

/// When so large a share of the broken were open again, seconds after the fault's beginning; none: never within the measured
/// time.
fn back_s(of: &SessionFault, share: f64) -> Option<f64> {
    let rank = libm::ceil(share * of.broken as f64 - 1e-9).max(1.0) as u64;
    (rank <= of.back.count).then(|| of.back.value_at_rank(rank, Within::Top) as f64 / 1e9)
}

/// The mean over replications in which any broke. Where some replication does not see it, there is no value but a lower
/// bound: what it has seen of it.
fn back(runs: &[Run], rows: &[SessionFault], share: f64, design: Design) -> Estimate {
    let broke: Vec<(&Run, &SessionFault)> = runs.iter().zip(rows).filter(|(_, row)| row.broken > 0).collect();
    if broke.is_empty() {
        return Estimate::none("it broke no session");
    }
    let found: Vec<Option<f64>> = broke.iter().map(|(_, row)| back_s(row, share)).collect();
    let unseen = found.iter().filter(|back| back.is_none()).count();
    if unseen == 0 {
        let pairs: Vec<(f64, f64)> = found.iter().flatten().map(|&back| (back, 1.0)).collect();
        if pairs.len() == runs.len() {
            return design.mean(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
        }
        return design.ratio(&pairs, "it broke no session");
    }
    let seen = |(run, row): &(&Run, &SessionFault)| {
        let fault = run.faults.iter().find(|of| of.fault == row.fault);
        let start = fault.and_then(|fault| fault.spans.last()).map_or(0, |span| span.0);
        run.horizon_ns.saturating_sub(start) as f64 / 1e9
    };
    let least = found.iter().zip(&broke).map(|(back, of)| back.unwrap_or_else(|| seen(of))).sum::<f64>();
    Estimate {
        low: Some(least / broke.len() as f64),
        confidence: Some(design.level()),
        n: Some(design.replications),
        ..Estimate::none(format!("not back within the measured time in {unseen} of {} replications", broke.len()))
    }
}

/// The same of all streams together.
pub(super) fn reconnected(runs: &[Run], fault: &str, share: f64, design: Design) -> Estimate {
    let named = |run| SessionFault { fault: fault.to_owned(), ..together(run, fault) };
    back(runs, &runs.iter().map(named).collect::<Vec<_>>(), share, design)
}

/// Tries to connect in the worst second of a fault and its recovery, all streams together, by replication.
pub(super) fn worst(runs: &[Run], fault: &str) -> Vec<f64> {
    let worst = |run: &Run| {
        let Some(fault) = run.faults.iter().find(|row| row.fault == fault) else { return 0.0 };
        let seconds = run.sessions.iter().map(|row| row.tried.len()).max().unwrap_or(0);
        let mut most = 0;
        for &(start, end) in &fault.spans {
            let over = (fault.over_ns(end).div_ceil(1_000_000_000) as usize).min(seconds);
            for second in (start / 1_000_000_000) as usize..over {
                let all: u32 = run.sessions.iter().filter_map(|row| row.tried.get(second)).sum();
                most = most.max(all);
            }
        }
        f64::from(most)
    };
    runs.iter().map(worst).collect()
}

/// What `reconnected` means, in words.
pub(super) fn rule() -> String {
    "of the sessions whose clients got to know during the fault or its recovery that their connection was broken, counted from \
     the fault's start; those that were given up are never back"
        .to_owned()
}
