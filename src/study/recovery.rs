//! How long it took to recover from a named fault.

use super::chains::{Back, Watched};
use super::faults::up_to;
use super::figure::Design;
use crate::meter::{Quantile, Within};
use crate::record::{Estimate, FaultRow, FineWindow, RequestWindow, Run, SparseHistogram};
use crate::units::significant;

/// A success share this far below that of before the fault is not yet back.
const SUCCESS_SLACK: f64 = 0.001;
/// A p99 this many times the worst window's before the fault is not yet back.
pub(super) const P99_SLACK: f64 = 1.25;
/// Of answers, those that take longer than a p99.
const SLOW: f64 = 0.01;
/// A success share this far below that of before the fault counts even in a window alone.
const OUTAGE: f64 = 0.05;
/// Requests of a second, or of so many seconds, that a share can be told by.
const TOLD_BY: f64 = 200.0;
const SECOND: u64 = 1_000_000_000;

/// By which windows, in words.
pub(super) fn told_by(runs: &[Run]) -> String {
    let length = runs.first().and_then(|run| Some(run.horizon_ns as f64 / 1e9 / count(run)? as f64));
    let windows = length.map(|s| format!(" of {} s", significant(s, 3))).unwrap_or_default();
    let finer = match runs.first().and_then(seconds_together) {
        Some(1) => ", near faults by seconds".to_owned(),
        Some(seconds) => format!(", near faults by {seconds} s"),
        None => String::new(),
    };
    format!("told by windows{windows}{finer}")
}

/// What recovery means here, in words, with its thresholds and its resolution.
pub fn rule(runs: &[Run], until: Until) -> String {
    if let Until::Served(share) = until {
        return super::served::rule(runs, share);
    }
    let by_hand = if runs.iter().all(|run| run.actions.is_empty()) {
        ""
    } else {
        "; what an operator does once service is back is not held against it"
    };
    format!(
        "counted from the fault's start, so it holds the outage itself, until success is no more than {} points (or its \
         noise) below what it was before any fault and no more than 1 % of answers (or its noise) take longer than {} times \
         the p99 of then; served as before is answered within that; {}, of which one alone may be off by less than {} points, \
         as when a dead host is tried again; of faults that overlap, or of which one comes before service is back from the \
         other, it is the recovery from all of them{by_hand}",
        significant(100.0 * SUCCESS_SLACK, 2),
        significant(P99_SLACK, 3),
        told_by(runs),
        significant(100.0 * OUTAGE, 2)
    )
}

pub(super) fn count(run: &Run) -> Option<usize> {
    run.rows.iter().map(|row| row.windows.len()).max().filter(|&count| count > 0)
}

/// The mean per occurrence, of a sum and the number of occurrences of each replication.
pub(super) fn per_occurrence(of: &[(f64, f64)], design: Design) -> Estimate {
    if of.iter().all(|&(_, times)| times == 1.0) {
        return design.mean(&of.iter().map(|&(sum, _)| sum).collect::<Vec<_>>());
    }
    design.ratio(of, "it came in no replication")
}

/// Sums of each replication with how often the fault came in it.
pub(super) fn each(runs: &[Run], fault: &str, sums: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let times = |run: &Run| run.faults.iter().find(|row| row.fault == fault).map_or(0, |row| row.spans.len());
    sums.zip(runs).map(|(sum, run)| (sum, times(run) as f64)).collect()
}

/// How many whole windows lie before any fault: all, where none came.
pub(super) fn before_any(run: &Run) -> Option<usize> {
    let count = count(run)?;
    let length_ns = (run.horizon_ns / count as u64).max(1);
    let first = run.faults.iter().filter_map(FaultRow::first_ns).min();
    Some(first.map_or(count, |first| (first / length_ns) as usize))
}

/// Until when a recovery is counted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Until {
    /// Success and p99 are what they were.
    AllBack,
    /// Of the requests that were answered within the limit before, this share is again (`served`): the rest is still misled.
    Served(f64),
}

impl Until {
    /// As an objective asks: for all, or for a share of requests.
    pub fn of(share: Option<f64>) -> Self {
        share.map_or(Until::AllBack, Until::Served)
    }
}

/// Shares of requests whose recovery is told beside that of all.
pub const SERVED: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// Seconds from a fault's start until success and p99 are back at what they were before it, or a share of requests is
/// served as then, to the precision of a window (a sixtieth of the horizon, near faults by seconds where these have
/// requests enough). Where some replication does not see it, there is no value but a lower bound. Of faults that overlap, or
/// that come before service is back, it is the recovery from all of them. It is not held against a fault what an operator does
/// once service is back from it.
pub fn recovery(runs: &[Run], fault: &str, until: Until, design: Design) -> Estimate {
    of_watched(Watched::all(runs).as_deref(), runs, fault, until, design)
}

/// The same of runs that are looked at several times; none: nothing came before some of them failed.
pub(super) fn of_watched(
    watched: Option<&[Watched<'_>]>,
    runs: &[Run],
    fault: &str,
    until: Until,
    design: Design,
) -> Estimate {
    let has = |of: &Watched<'_>| of.run.faults.iter().any(|row| row.fault == fault);
    let Some(watched) = watched.filter(|all| !all.is_empty() && all.iter().all(has)) else {
        return Estimate::none("no window before the fault to compare with");
    };
    if let Until::Served(share) = until {
        return super::served::served(watched, fault, share, design);
    }
    let found: Vec<Vec<Back<'_>>> = watched.iter().map(|of| of.backs(fault)).collect();
    let seconds = |of: &Vec<Back<'_>>| of.iter().map(|back| back.seconds).sum::<f64>();
    let estimate = per_occurrence(&each(runs, fault, found.iter().map(seconds)), design);
    let times = found.iter().map(Vec::len).sum::<usize>();
    let unseen = found.iter().flatten().filter(|back| !back.seen).count();
    if unseen == 0 {
        let low = estimate.low.map(|low| low.max(0.0));
        return Estimate { low, ..estimate };
    }
    let of = if times == runs.len() { "replications" } else { "occurrences" };
    Estimate {
        low: Some(found.iter().map(seconds).sum::<f64>() / times as f64),
        confidence: Some(design.level()),
        n: Some(design.replications),
        ..Estimate::none(format!("not back within the measured time in {unseen} of {times} {of}"))
    }
}

/// Requests that were sent in some time, and latencies of those that were answered.
pub(super) struct Window {
    pub(super) sent: u64,
    latency: SparseHistogram,
}

impl Window {
    pub(super) fn of(counted: &RequestWindow) -> Window {
        Window { sent: counted.sent, latency: counted.latency.clone() }
    }

    fn success(&self) -> f64 {
        if self.sent == 0 { 1.0 } else { self.latency.count as f64 / self.sent as f64 }
    }

    /// Answered within so many nanoseconds.
    pub(super) fn within(&self, limit_ns: u64) -> u64 {
        up_to(&self.latency, limit_ns)
    }
}

pub(super) fn window(run: &Run, number: usize) -> Window {
    let mut whole = Window { sent: 0, latency: SparseHistogram::empty(super::sample::REQUEST_GROUPING) };
    for window in run.rows.iter().filter_map(|row| row.windows.get(number)) {
        whole.sent += window.sent;
        whole.latency.merge(&window.latency);
    }
    whole
}

/// What it is like before any fault.
pub(super) struct Usual {
    /// Share answered.
    success: f64,
    /// What takes longer than this is slow, nanoseconds.
    pub(super) limit_ns: u64,
    /// Share answered within it.
    pub(super) served: f64,
}

impl Usual {
    /// None where no window lies before any fault, or nothing was answered in them.
    pub(super) fn of(run: &Run) -> Option<Usual> {
        let normal: Vec<Window> = (0..before_any(run)?).map(|number| window(run, number)).collect();
        let sum = |of: &dyn Fn(&Window) -> u64| normal.iter().map(of).sum::<u64>() as f64;
        let sent = sum(&|window| window.sent);
        let p99 = normal.iter().filter_map(|window| window.latency.quantile(Quantile::P99, Within::Middle)).max()?;
        let limit_ns = (P99_SLACK * p99 as f64) as u64;
        let success = sum(&|window| window.latency.count) / sent;
        Some(Usual { success, limit_ns, served: sum(&|window| window.within(limit_ns)) / sent })
    }

    /// Is it as before in this window? Only what is beyond doubt (three standard deviations of a share) is not.
    pub(super) fn is_back(&self, window: &Window) -> bool {
        if window.sent == 0 {
            return true;
        }
        let answered = window.latency.count;
        let slow = (answered - window.within(self.limit_ns)) as f64;
        let fast = slow <= answered as f64 * (SLOW + noise(SLOW, answered as f64));
        self.answers(window) && fast
    }

    /// Are as many answered as before, however late?
    pub(super) fn answers(&self, window: &Window) -> bool {
        let success = self.success - noise(self.success, window.sent as f64).max(SUCCESS_SLACK);
        window.sent == 0 || window.success() >= success && window.latency.count > 0
    }

    /// Is this an outage, even in a window alone?
    pub(super) fn is_out(&self, window: &Window) -> bool {
        window.success() < self.success - OUTAGE
    }
}

/// Three standard deviations of a share of so many.
pub(super) fn noise(share: f64, of: f64) -> f64 {
    3.0 * libm::sqrt(share * (1.0 - share) / of.max(1.0))
}

/// The last of these that is off: after the onset a window alone does not undo a recovery, unless it is an outage of its own.
pub(super) fn last_off(off: &[bool], is_out: impl Fn(usize) -> bool) -> Option<usize> {
    let bad = |at: usize| {
        let beside = at <= 1 || off[at - 1] || off.get(at + 1).copied().unwrap_or(false);
        off[at] && (beside || is_out(at))
    };
    (0..off.len()).rev().find(|&at| bad(at))
}

/// Seconds that are looked at together near faults, so that a share of them can be told: none where a window of the horizon
/// is as short.
pub(super) fn seconds_together(run: &Run) -> Option<usize> {
    let first_ns = run.faults.iter().filter_map(FaultRow::first_ns).min()?;
    let length_ns = run.horizon_ns / count(run)? as u64;
    let before = || run.fine.iter().filter(|window| (u64::from(window.second) + 1) * SECOND <= first_ns);
    let sent: u64 = before().map(|window| window.sent).sum();
    let each = sent as f64 / before().count().max(1) as f64;
    let together = [1, 2, 5, 10].into_iter().find(|&seconds| each * seconds as f64 >= TOLD_BY)?;
    (together as u64 * SECOND < length_ns).then_some(together)
}

/// Where in the last bad window of the horizon it ends, by seconds near faults: the end of the last of them that is off.
/// None where they do not tell.
pub(super) fn finer(run: &Run, usual: &Usual, from_ns: u64, length_ns: u64) -> Option<u64> {
    let together = seconds_together(run)?;
    let first_ns = run.faults.iter().filter_map(FaultRow::first_ns).min()?;
    let chunk = |windows: &[FineWindow]| {
        let mut whole = Window { sent: 0, latency: SparseHistogram::empty(windows[0].latency.grouping) };
        for window in windows {
            whole.sent += window.sent;
            whole.latency.merge(&window.latency);
        }
        whole
    };
    let end_ns = |windows: &[FineWindow]| windows.last().map(|last| (u64::from(last.second) + 1) * SECOND);
    let whole = |part: &&[FineWindow]| {
        part.len() == together && part[together - 1].second + 1 == part[0].second + together as u32
    };
    let before = run.fine.iter().take_while(|window| (u64::from(window.second) + 1) * SECOND <= first_ns).count();
    let inside: Vec<&[FineWindow]> = run.fine[before..]
        .chunks(together)
        .filter(whole)
        .filter(|part| {
            let begins = u64::from(part[0].second) * SECOND;
            begins + together as u64 * SECOND > from_ns && begins < from_ns + length_ns
        })
        .collect();
    let covered = inside.len() as u64 * together as u64 * SECOND >= length_ns;
    let last_off = inside.iter().rfind(|part| !usual.is_back(&chunk(part)))?;
    end_ns(last_off).filter(|_| covered).map(|end| end.clamp(from_ns, from_ns + length_ns))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::meter::Histogram;
    use crate::record::RequestRow;
    use crate::units::Duration;

    /// A minute of sixty windows; `bad` windows lose half of their requests.
    pub(in crate::study) fn run(faults: &[(&str, u64, u64)], bad: impl Fn(usize) -> bool) -> Run {
        with_answers(faults, |number| if bad(number) { 500 } else { 1000 })
    }

    /// The same with `answers` of 1000 in each window.
    pub(in crate::study) fn with_answers(faults: &[(&str, u64, u64)], answers: impl Fn(usize) -> u64) -> Run {
        let windows = (0..60).map(|number| {
            let mut latency = Histogram::new(10);
            let ok = answers(number);
            (0..ok).for_each(|i| latency.record(10_000_000 + i * 1000));
            RequestWindow {
                sent: 1000,
                failed: std::array::from_fn(|class| if class == 0 { 1000 - ok } else { 0 }),
                latency: latency.sparse(),
            }
        });
        let row = RequestRow { windows: windows.collect(), ..RequestRow::default() };
        let fault = |&(name, start_s, end_s): &(&str, u64, u64)| FaultRow {
            fault: name.into(),
            spans: vec![(start_s * 1_000_000_000, end_s * 1_000_000_000)],
            recovery_ns: 0,
            rows: vec![(
                1000,
                std::array::from_fn(|class| if class == 1 { 500 } else { 0 }),
                SparseHistogram::empty(10),
            )],
            after: vec![(
                1000,
                std::array::from_fn(|class| if class == 1 { 20 } else { 0 }),
                SparseHistogram::empty(10),
            )],
            hit_before: 3,
            ..FaultRow::default()
        };
        Run {
            horizon_ns: 60_000_000_000,
            rows: vec![row],
            faults: faults.iter().map(fault).collect(),
            ..Run::default()
        }
    }

    pub(in crate::study) fn design() -> Design {
        Design::new(10, Duration::from_secs(60))
    }

    #[test]
    fn recovery_runs_from_the_faults_start_to_the_end_of_the_last_bad_window() {
        let runs = vec![run(&[("cut", 20, 30)], |number| (20..33).contains(&number)); 10];
        let got = recovery(&runs, "cut", Until::AllBack, design());
        assert_eq!((got.value, got.low, got.high), (Some(13.0), Some(13.0), Some(13.0)));
    }

    #[test]
    fn seconds_near_a_fault_tell_where_in_its_last_window_it_ends() {
        // Windows of 10 s; of the last bad one, from 30 s on, two seconds are off.
        let second = |number: u32, off: bool| {
            let mut latency = Histogram::new(6);
            let ok = if off { 500 } else { 1000 };
            (0..ok).for_each(|i| latency.record(10_000_000 + i * 1000));
            FineWindow { second: number, sent: 1000, failed: 1000 - ok, latency: latency.sparse() }
        };
        let mut run = run(&[("cut", 20, 30)], |number| (2..4).contains(&number));
        run.rows[0].windows.truncate(6);
        run.fine = (0..60).map(|number| second(number, (20..32).contains(&number))).collect();
        let runs = vec![run; 10];
        assert_eq!(recovery(&runs, "cut", Until::AllBack, design()).value, Some(12.0));
        let all = rule(&runs, Until::AllBack);
        assert!(all.contains("windows of 10 s, near faults by seconds") && all.contains("1.25 times the p99"), "{all}");
        let most = rule(&runs, Until::of(Some(0.9)));
        assert!(
            most.contains("until 90 % of requests are answered") && most.contains("near faults by seconds"),
            "{most}"
        );
        assert!(!most.contains("0.1 points"), "{most}");
        let mut sparse = runs[0].clone();
        sparse.fine.iter_mut().for_each(|window| window.sent = 10);
        assert_eq!(
            recovery(&vec![sparse; 10], "cut", Until::AllBack, design()).value,
            Some(20.0),
            "too few to tell by seconds"
        );
    }

    #[test]
    fn a_window_alone_that_dips_by_re_admission_does_not_undo_a_recovery() {
        let dips = |number: usize| if number >= 33 && number.is_multiple_of(5) { 980 } else { 1000 };
        let answers = |number: usize| if (20..33).contains(&number) { 500 } else { dips(number) };
        let seconds = |answers: &dyn Fn(usize) -> u64| {
            recovery(&vec![with_answers(&[("cut", 20, 30)], answers); 10], "cut", Until::AllBack, design()).value
        };
        assert_eq!(seconds(&answers), Some(13.0));
        let again = |number: usize| if number == 45 { 900 } else { answers(number) };
        assert_eq!(seconds(&again), Some(26.0), "an outage of its own does");
        let long = |number: usize| if number == 44 || number == 45 { 980 } else { answers(number) };
        assert_eq!(seconds(&long), Some(26.0), "two windows in a row do");
    }

    #[test]
    fn who_is_still_misled_is_told_apart_from_all_who_are_served_again() {
        // All fail for 5 s, a quarter for 5 more, and one in thirty until 40 s, as where some ignore a time to live.
        let answers = |number: usize| match number {
            20..25 => 0,
            25..30 => 750,
            30..40 => 967,
            _ => 1000,
        };
        let runs = vec![with_answers(&[("cut", 20, 40)], answers); 10];
        let told = |until| recovery(&runs, "cut", until, design()).value;
        assert_eq!(SERVED.map(|share| told(Until::Served(share))), [5.0, 10.0, 10.0, 20.0].map(Some));
        assert_eq!(told(Until::AllBack), Some(20.0));
        let forever = |number: usize| if number >= 30 { 967 } else { answers(number) };
        let runs = vec![with_answers(&[("cut", 20, 40)], forever); 10];
        assert_eq!(recovery(&runs, "cut", Until::Served(0.95), design()).value, Some(10.0));
        let all = recovery(&runs, "cut", Until::Served(0.99), design());
        assert_eq!((all.value, all.low), (None, Some(40.0)));
    }

    #[test]
    fn a_p99_in_a_window_is_held_against_its_noise() {
        // 4 of 200 answers take twice as long: a p99 that is twice as high, and no wonder of 200. 12 of them are.
        let late = |slow: u64| {
            let mut run = with_answers(&[("cut", 20, 30)], |_| 1000);
            for window in &mut run.rows[0].windows[20..35] {
                let mut latency = Histogram::new(10);
                (0..200).for_each(|i| latency.record(if i < slow { 22_000_000 } else { 10_000_000 }));
                *window = RequestWindow { sent: 200, failed: std::array::from_fn(|_| 0), latency: latency.sparse() };
            }
            recovery(&vec![run; 10], "cut", Until::AllBack, design()).value
        };
        assert_eq!((late(4), late(12)), (Some(0.0), Some(15.0)));
    }

    #[test]
    fn the_rule_tells_where_it_counts_from_and_how_finely() {
        let said = rule(&[run(&[("cut", 20, 30)], |_| false)], Until::AllBack);
        assert!(said.starts_with("counted from the fault's start") && said.contains("windows of 1 s"), "{said}");
    }

    #[test]
    fn what_does_not_recover_in_time_has_a_lower_bound_and_no_value() {
        let runs = vec![run(&[("cut", 20, 30)], |number| number >= 20); 10];
        let got = recovery(&runs, "cut", Until::AllBack, design());
        assert_eq!((got.value, got.low, got.high), (None, Some(40.0), None));
        assert!(got.why.is_some_and(|why| why.contains("10 of 10")));
    }

    #[test]
    fn the_next_fault_ends_what_can_be_said_of_this_one() {
        let runs = vec![run(&[("one", 10, 12), ("two", 30, 32)], |n| (10..15).contains(&n) || n >= 30); 10];
        assert_eq!(recovery(&runs, "one", Until::AllBack, design()).value, Some(5.0));
        assert_eq!(recovery(&runs, "two", Until::AllBack, design()).value, None);
    }

    #[test]
    fn a_fault_that_nobody_feels_takes_no_time() {
        let runs = vec![run(&[("cut", 20, 30)], |_| false); 10];
        assert_eq!(recovery(&runs, "cut", Until::AllBack, design()).value, Some(0.0));
    }
}
