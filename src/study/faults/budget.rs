//! The error budget, and what one occurrence of a fault takes of it.

use crate::record::{Budget, Burn, Estimate, Run, SparseHistogram};
use crate::study::figure::Design;
use crate::study::loss;
use crate::study::recovery;
use crate::study::sample::{Part, Sample, samples};

/// Minutes and seconds of 30 days.
const MINUTES: f64 = 30.0 * 24.0 * 60.0;
const SECONDS: f64 = MINUTES * 60.0;

/// What the budget stands on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Objective {
    /// The share of requests that shall be good.
    pub share: f64,
    /// An answer is good within so many nanoseconds; none: whenever it comes.
    pub within_ns: Option<u64>,
}

/// Values of a histogram that are at most this, to the precision of its buckets.
pub(crate) fn up_to(of: &SparseHistogram, limit_ns: u64) -> u64 {
    let last = crate::meter::bucket(limit_ns, of.grouping);
    of.buckets.iter().take_while(|(bucket, _)| *bucket <= last).map(|(_, count)| count).sum()
}

impl Objective {
    /// Requests that were good.
    pub(crate) fn good(&self, of: &Sample) -> u64 {
        match self.within_ns {
            Some(limit) => up_to(&of.latency, limit),
            None => of.ok(),
        }
    }
}

/// Requests a second, mean over the horizon.
fn rate(runs: &[Run]) -> f64 {
    let seconds: f64 = runs.iter().map(|run| run.horizon_ns as f64 / 1e9).sum();
    let sent: u64 = runs.iter().map(|run| Sample::of(run, Part::From(0), &|_| true).sent).sum();
    if seconds > 0.0 { sent as f64 / seconds } else { 0.0 }
}

/// What is there to lose in 30 days, and how fast it goes while nothing fails.
pub fn budget(runs: &[Run], objective: Objective, design: Design) -> Budget {
    let allowed = 1.0 - objective.share;
    let outside = samples(runs, Part::OutsideAll, &|_| true);
    let pairs: Vec<(f64, f64)> =
        outside.iter().map(|of| ((of.sent - objective.good(of)) as f64, of.sent as f64 * allowed)).collect();
    Budget {
        objective: objective.share,
        within_ms: objective.within_ns.map(|ns| ns as f64 / 1e6),
        minutes: allowed * MINUTES,
        requests: allowed * rate(runs) * SECONDS,
        burn_rate_outside: design.ratio(&pairs, "no part of the run lies outside faults"),
    }
}

/// What an occurrence takes; none where nothing was sent or nothing may be lost.
pub fn burn(runs: &[Run], fault: &str, objective: Objective, design: Design) -> Option<Burn> {
    let (rate, allowed) = (rate(runs), 1.0 - objective.share);
    if rate <= 0.0 || allowed <= 0.0 {
        return None;
    }
    // What was lost to it, where an answer that comes too late is as bad as none: less what is bad without it, by the time
    // before any fault, as with lost requests. What outlives one fault must not make the next one cheaper.
    let each = loss::each_bad(runs, fault, objective.within_ns);
    let lost = recovery::per_occurrence(&each, design);
    let per = |divisor: f64| scaled(&lost, 1.0 / divisor);
    let bad = |of: &Sample| (of.sent - objective.good(of)) as f64;
    let during = samples(runs, Part::During(fault), &|_| true);
    let pairs: Vec<(f64, f64)> = during.iter().map(|of| (bad(of), of.sent as f64 * allowed)).collect();
    let share = per(allowed * rate * SECONDS);
    Some(Burn {
        minutes: per(rate * 60.0),
        allowed_month: share.value.filter(|&share| share > 0.0).map(|share| 1.0 / share),
        share,
        rate: design.ratio(&pairs, "nothing was sent in it"),
    })
}

/// A figure times a number that is exact, never below nothing.
fn scaled(of: &Estimate, factor: f64) -> Estimate {
    let end = |value: Option<f64>| value.map(|value| (value * factor).max(0.0));
    Estimate { value: end(of.value), low: end(of.low), high: end(of.high), ..of.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;

    #[test]
    fn what_outlives_a_fault_does_not_make_it_cheaper() {
        use crate::study::recovery::tests::{design, with_answers};
        // 523 are lost to it; in one variant half of all fail later, long after its recovery, in the other nobody.
        let burned = |later: u64| {
            let answers = |number: usize| if number >= 40 { later } else { 1000 };
            let runs = vec![with_answers(&[("cut", 20, 30)], answers); 10];
            let objective = Objective { share: 0.99, within_ns: None };
            let lost = crate::study::loss::lost(&runs, "cut", design()).value;
            (lost, burn(&runs, "cut", objective, design()).expect("it has a budget").share.value)
        };
        let (healed, ill) = (burned(1000), burned(500));
        assert_eq!(healed, ill, "equal losses burn the same");
        // A thousand a second, a hundredth of 30 days of them.
        let share = 523.0 / (0.01 * 1000.0 * SECONDS);
        assert!((healed.1.expect("told") - share).abs() < 1e-12, "{healed:?}");
    }

    #[test]
    fn good_is_counted_off_the_histogram() {
        let mut latency = Histogram::new(10);
        (1..=1000).for_each(|ms| latency.record(ms * 1_000_000));
        let of = latency.sparse();
        assert_eq!(up_to(&of, u64::MAX >> 1), 1000);
        assert!(up_to(&of, 800_000_000).abs_diff(800) <= 1, "to a thousandth: {}", up_to(&of, 800_000_000));
        assert_eq!(up_to(&of, 10), 0);
    }
}
