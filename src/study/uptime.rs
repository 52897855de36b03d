//! Availability by three measures: of requests, of time, of users.

use super::faults::{Objective, up_to};
use super::figure::Design;
use super::sample::{Part, samples};
use super::statistics::Sections;
use crate::meter::{Active, minimal_cumulative_ratio, user_uptime};
use crate::record::{Availabilities, Estimate, RequestRow, Run, SparseHistogram, UserRow};
use crate::units::{Duration, significant};

/// A window is up from this success on, where the scenario has no objective.
const UP_AT: f64 = 0.99;
/// Lengths of windows of user-uptime, seconds (Hauer et al. have minutes to months).
const LENGTHS: [f64; 6] = [60.0, 300.0, 3600.0, 86_400.0, 7.0 * 86_400.0, 30.0 * 86_400.0];
/// Why users tell nothing.
const NOBODY: &str = "no stream's users are told apart: say `workload.NAME.users`";

/// All three.
pub fn availabilities(
    runs: &[Run],
    objective: Option<Objective>,
    first_window: usize,
    design: Design,
) -> Availabilities {
    let up_at = objective.map_or(UP_AT, |objective| objective.share);
    let horizon = runs.first().map_or(0.0, |run| run.horizon_ns as f64 / 1e9);
    let windowed = LENGTHS.into_iter().filter(|&length| length < horizon);
    let windowed: Vec<(f64, Estimate)> = if runs.iter().any(|run| !run.users.is_empty()) {
        windowed.map(|length| (length, minimal_ratio(runs, &|_| true, length, design).0)).collect()
    } else {
        Vec::new()
    };
    Availabilities {
        requests: good(runs, objective, first_window, design),
        time: of_time(runs, up_at, objective.and_then(|objective| objective.within_ns), first_window, design),
        up_at,
        users: of_users(runs, &|_| true, design).0,
        windowed,
        rules: rules(runs, objective, up_at),
    }
}

/// Good requests over all.
fn good(runs: &[Run], objective: Option<Objective>, first_window: usize, design: Design) -> Estimate {
    let all = samples(runs, Part::From(first_window), &|_| true);
    match objective.filter(|objective| objective.within_ns.is_some()) {
        None => design.availability(&all),
        Some(objective) => {
            let pairs: Vec<(f64, f64)> = all.iter().map(|of| (objective.good(of) as f64, of.sent as f64)).collect();
            let estimate = design.ratio(&pairs, "nothing was sent");
            Estimate { high: estimate.high.map(|high| high.min(1.0)), ..estimate }
        }
    }
}

/// The share of windows of the horizon, of those in which anything was sent, in which at least this share was good.
fn of_time(runs: &[Run], up_at: f64, within_ns: Option<u64>, first_window: usize, design: Design) -> Estimate {
    let good = |latency: &SparseHistogram| within_ns.map_or(latency.count, |limit| up_to(latency, limit));
    let of_run = |run: &Run| {
        let count = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
        let window = |number: usize| {
            let all = run.rows.iter().filter_map(|row: &RequestRow| row.windows.get(number));
            let (sent, ok) = all.fold((0, 0), |sum, window| (sum.0 + window.sent, sum.1 + good(&window.latency)));
            (sent > 0).then_some(ok as f64 >= up_at * sent as f64)
        };
        let seen: Vec<bool> = (first_window..count).filter_map(window).collect();
        (seen.iter().filter(|up| **up).count() as f64, seen.len() as f64)
    };
    let pairs: Vec<(f64, f64)> = runs.iter().map(of_run).collect();
    let estimate = design.ratio(&pairs, "nothing was sent");
    Estimate { high: estimate.high.map(|high| high.min(1.0)), ..estimate }
}

/// Bins of all streams that are asked for, added up.
fn bins(run: &Run, takes: &dyn Fn(&UserRow) -> bool) -> (u64, Vec<Active>) {
    let mut sums: Vec<Active> = Vec::new();
    let mut bin_ns = 0;
    for row in run.users.iter().filter(|row| takes(row)) {
        bin_ns = row.bin_ns;
        sums.resize(row.bins.len().max(sums.len()), Active::default());
        for (sum, more) in sums.iter_mut().zip(&row.bins) {
            *sum = sum.plus(*more);
        }
    }
    (bin_ns, sums)
}

/// User-uptime: a ratio of sums over replications.
pub fn of_users(runs: &[Run], takes: &dyn Fn(&UserRow) -> bool, design: Design) -> (Estimate, Option<Sections>) {
    let of_run = |run: &Run| {
        let all = bins(run, takes).1.into_iter().fold(Active::default(), Active::plus);
        (all.up as f64, (all.up + all.down) as f64)
    };
    let pairs: Vec<(f64, f64)> = runs.iter().map(of_run).collect();
    debug_assert!(runs.iter().all(|run| user_uptime(&bins(run, takes).1).is_none_or(|share| share <= 1.0)));
    let estimate = design.ratio(&pairs, NOBODY);
    (Estimate { high: estimate.high.map(|high| high.min(1.0)), ..estimate }, Sections::ratio(&pairs))
}

/// The minimal cumulative ratio of windows of some seconds: the mean over replications, each with its own worst window.
pub fn minimal_ratio(
    runs: &[Run],
    takes: &dyn Fn(&UserRow) -> bool,
    seconds: f64,
    design: Design,
) -> (Estimate, Option<Sections>) {
    let of_run = |run: &Run| {
        let (bin_ns, bins) = bins(run, takes);
        if bin_ns == 0 {
            return Err(NOBODY.to_owned());
        }
        let length = ((seconds * 1e9 / bin_ns as f64).round() as usize).max(1);
        let horizon = Duration::from_nanos(run.horizon_ns);
        minimal_cumulative_ratio(&bins, length).ok_or_else(|| {
            if length > bins.len() {
                format!("a window is longer than the run of {horizon}")
            } else {
                "nobody was active".to_owned()
            }
        })
    };
    let each: Result<Vec<f64>, String> = runs.iter().map(of_run).collect();
    match each {
        Err(why) => (Estimate::none(why), None),
        Ok(each) => {
            let estimate = design.mean(&each);
            let end = |value: Option<f64>| value.map(|value| value.clamp(0.0, 1.0));
            (Estimate { low: end(estimate.low), high: end(estimate.high), ..estimate }, Some(Sections::mean(each)))
        }
    }
}

fn rules(runs: &[Run], objective: Option<Objective>, up_at: f64) -> Vec<String> {
    let mut rules = Vec::new();
    if let Some(limit) = objective.and_then(|objective| objective.within_ns) {
        rules.push(format!(
            "a request is good that is answered within {}, by requests, by time and by users alike",
            Duration::from_nanos(limit)
        ));
    }
    let length = runs.first().and_then(|run| {
        let count = run.rows.iter().map(|row| row.windows.len()).max().filter(|&count| count > 0)?;
        Some(run.horizon_ns as f64 / 1e9 / count as f64)
    });
    if let Some(length) = length {
        rules.push(format!(
            "by time: the share of windows of {} s in which at least {} % of requests were good",
            significant(length, 3),
            significant(100.0 * up_at, 5)
        ));
    }
    if let Some(row) = runs.first().and_then(|run| run.users.first()) {
        rules.push(format!(
            "by users (Hauer et al., NSDI 2020): after a request a user is up or down as it went, until the next one or for \
             {} at most (99 % of gaps are shorter); a window's figure is that of the worst window so long, begun at any \
             second ({} s)",
            Duration::from_nanos(row.cutoff_ns),
            significant(row.bin_ns as f64 / 1e9, 3)
        ));
    }
    rules
}
