//! Requests lost to a named fault.

use super::faults::up_to;
use super::figure::Design;
use super::recovery::{before_any, each, per_occurrence};
use super::sample::Sample;
use super::statistics::Sections;
use crate::record::{Estimate, FaultRow, RequestRow, Run, SparseHistogram};
use crate::units::significant;

/// Requests sent while a fault lasts, per occurrence.
pub(super) fn sent(runs: &[Run], fault: &str, within: &[Sample], design: Design) -> Estimate {
    per_occurrence(&each(runs, fault, within.iter().map(|sample| sample.sent as f64)), design)
}

/// Requests lost to a fault, per occurrence: those that failed within it and until service was back (`charge`), and those
/// before it that it hit, less what fails without it. Never below zero.
pub fn lost(runs: &[Run], fault: &str, design: Design) -> Estimate {
    let estimate = per_occurrence(&each_lost(runs, fault), design);
    let floored = |end: Option<f64>| end.map(|end| end.max(0.0));
    Estimate { value: floored(estimate.value), low: floored(estimate.low), high: floored(estimate.high), ..estimate }
}

/// Failed requests that a fault is charged with, and another fault as well, per occurrence.
pub(super) fn shared(runs: &[Run], fault: &str, design: Design) -> Estimate {
    let shared = |run: &Run| {
        let rows = run.faults.iter().filter(|row| row.fault == fault);
        rows.map(|row| row.shared).sum::<u64>() as f64
    };
    per_occurrence(&each(runs, fault, runs.iter().map(shared)), design)
}

/// The same with one value for each replication, so that variants can be told apart pair by pair; none where it never came.
pub fn lost_by_run(runs: &[Run], fault: &str) -> Option<Sections> {
    let each = each_lost(runs, fault);
    if each.iter().all(|&(_, times)| times == 1.0) {
        return Some(Sections::mean(each.iter().map(|of| of.0).collect()));
    }
    Sections::ratio(&each)
}

/// Of each replication: requests lost, and how often it came. What fails without it is noise around its mean, so that one
/// may lie below zero: cut off there, their mean would show a loss where there is none.
pub fn each_lost(runs: &[Run], fault: &str) -> Vec<(f64, f64)> {
    each_bad(runs, fault, None)
}

/// The same, where an answer that takes longer than so many nanoseconds is as bad as none.
pub(super) fn each_bad(runs: &[Run], fault: &str, within_ns: Option<u64>) -> Vec<(f64, f64)> {
    let lost = |run: &Run| {
        let rows = || run.faults.iter().filter(|row| row.fault == fault);
        let before: u64 = rows().map(|row| row.hit_before).sum();
        let all = rows().flat_map(|row| row.rows.iter().chain(&row.after));
        let lost: u64 = all.map(|(_, failed, latency)| bad(failed, latency, within_ns)).sum();
        let shares = usual(run, within_ns).unwrap_or_default();
        let sent = rows().flat_map(|row| row.rows.iter().zip(&shares).chain(row.after.iter().zip(&shares)));
        let anyway: f64 = sent.map(|((sent, ..), share)| *sent as f64 * share).sum();
        (lost + before) as f64 - anyway
    };
    each(runs, fault, runs.iter().map(lost))
}

/// Requests that failed, and those that were answered too late.
fn bad(failed: &[u64], latency: &SparseHistogram, within_ns: Option<u64>) -> u64 {
    failed.iter().sum::<u64>() + within_ns.map_or(0, |limit| latency.count - up_to(latency, limit))
}

/// What lost means here, in words.
pub fn lost_rule(runs: &[Run]) -> String {
    let less = if runs.iter().all(|run| usual(run, None).is_some()) {
        "less what would have failed at the share that failed before any fault"
    } else {
        "with nothing taken off for what fails without it, for want of a window before the first fault to tell it by"
    };
    let watched = |row: &FaultRow| row.recovery_ns as f64 / 1e9;
    let least = runs.iter().flat_map(|run| &run.faults).map(watched).fold(f64::INFINITY, f64::min);
    let least = if least.is_finite() {
        format!(" ({} s after its end at least)", significant(least, 3))
    } else {
        String::new()
    };
    format!(
        "requests that failed from the fault's start until success was back{least}, to the next fault or the end of the run \
         where it was not, and earlier ones that it hit, {less}; where faults overlap, each is charged with all of it, so \
         that they do not add up"
    )
}

/// The share of each row's requests that were bad before any fault; none without a window there.
fn usual(run: &Run, within_ns: Option<u64>) -> Option<Vec<f64>> {
    let first = run.faults.iter().filter_map(FaultRow::first_ns).min();
    let before = before_any(run)?;
    let counted = |row: &RequestRow| {
        let windows = row.windows.iter().take(before);
        windows
            .fold((0, 0), |sum, window| (sum.0 + bad(&window.failed, &window.latency, within_ns), sum.1 + window.sent))
    };
    let counts: Vec<(u64, u64)> = run.rows.iter().map(counted).collect();
    let (failed, sent) = counts.iter().fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    if sent == 0 {
        return None;
    }
    // Those that the first fault hit before it came are its own, and nothing usual.
    let hit = run.faults.iter().filter(|row| row.first_ns() == first).map(|row| row.hit_before).max().unwrap_or(0);
    let own = if failed == 0 { 0.0 } else { failed.saturating_sub(hit) as f64 / failed as f64 };
    // Who sent nothing then fares like all together.
    let share = |&row: &(u64, u64)| if row.1 == 0 { (failed, sent) } else { row };
    Some(counts.iter().map(share).map(|(failed, sent)| own * failed as f64 / sent as f64).collect())
}

#[cfg(test)]
mod tests {
    use super::super::recovery::tests::{design, run, with_answers};
    use super::*;

    #[test]
    fn losses_are_those_in_the_window_and_those_that_it_hit_before() {
        let runs = vec![run(&[("cut", 20, 30)], |_| false); 10];
        assert_eq!(lost(&runs, "cut", design()).value, Some(523.0));
    }

    #[test]
    fn what_fails_without_a_fault_is_not_charged_to_it() {
        // 60 of 1000 fail all the time, 3 of them in the 20 000 before it because of it: of the 2000 sent in it and in its
        // recovery as many would have failed.
        let runs = vec![with_answers(&[("cut", 20, 30)], |_| 940); 10];
        let got = lost(&runs, "cut", design());
        let anyway = 2000.0 * (1200.0 - 3.0) / 20_000.0;
        assert!((got.value.expect("counted") - (523.0 - anyway)).abs() < 1e-9, "{got:?}");
        assert!(lost_rule(&runs).contains("less what would have failed at the share that failed before any fault"));
        // Where as much fails without it, nothing is lost to it, and never less than nothing.
        let runs = vec![with_answers(&[("cut", 20, 30)], |_| 500); 10];
        let got = lost(&runs, "cut", design());
        assert_eq!((got.value, got.low, got.high), (Some(0.0), Some(0.0), Some(0.0)));
        assert!(each_lost(&runs, "cut")[0].0 < 0.0, "of one replication it is noise around zero");
    }

    #[test]
    fn what_the_first_fault_hit_before_it_came_is_not_what_usually_fails() {
        let runs = vec![with_answers(&[("cut", 20, 30)], |number| if number == 19 { 997 } else { 1000 }); 10];
        assert_eq!(lost(&runs, "cut", design()).value, Some(523.0));
    }

    #[test]
    fn without_a_time_before_the_fault_nothing_is_taken_off_and_the_rule_says_so() {
        let runs = vec![with_answers(&[("cut", 0, 30)], |_| 940); 10];
        assert_eq!(lost(&runs, "cut", design()).value, Some(523.0));
        assert!(lost_rule(&runs).contains("nothing taken off"), "{}", lost_rule(&runs));
    }
}
