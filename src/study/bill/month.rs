//! From a measured span to a month: which windows count, and what they are multiplied with.

use crate::record::Run;
use crate::units::{Duration, Money, significant};
use crate::workload::{Arrivals, Rate};
use crate::world::{Fault, Stream, World, windows};

/// Hours in a month of a bill: 365 days / 12.
pub const MONTH_HOURS: i128 = 730;
const HOUR_NS: i128 = 3_600_000_000_000;
const DAY_NS: i128 = 24 * HOUR_NS;

/// How counts become a month's.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Month {
    /// By window of the horizon: does it lie outside every fault's window?
    pub(super) counts: Vec<bool>,
    /// Length of a window, nanoseconds.
    pub(super) window_ns: u64,
    /// A month is the counted windows times this.
    pub(super) scale: Scale,
    /// What was assumed, for the top of the bill.
    pub(super) basis: Vec<String>,
}

/// A factor as a fraction, so that counts stay integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scale {
    pub(super) numerator: i128,
    pub(super) denominator: i128,
}

impl Scale {
    /// `count` times the factor, shared among `runs`, rounded half to even.
    pub(super) fn apply(self, count: i128, runs: usize) -> i128 {
        Money::line(Money(count), self.numerator, self.denominator * runs as i128).0
    }
}

impl Month {
    /// The month of a world's runs: the rates of the windows outside faults, by the workload's own profile where it has
    /// one.
    pub(super) fn of(world: &World, runs: &[Run]) -> Month {
        let horizon_ns = runs.iter().map(|run| run.horizon_ns).max().unwrap_or(0).max(1);
        let all = windows(Duration::from_nanos(horizon_ns));
        let edge = |window: usize| Duration::from_nanos((u128::from(horizon_ns) * window as u128 / all as u128) as u64);
        let mut basis = Vec::new();
        let in_fault =
            |window: usize| world.faults.rows().iter().any(|fault| overlaps(fault, edge(window), edge(window + 1)));
        let mut counts: Vec<bool> = (0..all).map(|window| !in_fault(window)).collect();
        let left_out = counts.iter().filter(|&&counted| !counted).count();
        if left_out == all {
            counts = vec![true; all];
            basis.push("no part of the run lies outside faults: the month is scaled from the faulty rates".into());
        } else if left_out > 0 {
            basis.push(format!("{left_out} of {all} windows lie in faults and are left out of the rates"));
        }
        let counted = counts.iter().filter(|&&counted| counted).count() as i128;
        let rates = open_rates(world);
        let scale = match &rates {
            Some(rates) if rates.iter().any(|rate| varies(rate)) => {
                let (scale, sentence) = by_profile(rates, &counts, edge, i128::from(horizon_ns));
                basis.insert(0, sentence);
                scale
            }
            _ => {
                basis.insert(0, format!("held at the mean rate for {MONTH_HOURS} h"));
                let waves = |stream: &Stream| matches!(&stream.arrivals, Arrivals::Open { rate, .. } if varies(rate));
                if rates.is_none() && world.streams.rows().iter().any(waves) {
                    basis.push(
                        "not integrated over the day: a closed stream's rate is written down nowhere, so the month is the \
                         run's own rate"
                            .into(),
                    );
                }
                Scale { numerator: MONTH_HOURS * HOUR_NS * all as i128, denominator: counted * i128::from(horizon_ns) }
            }
        };
        Month { counts, window_ns: horizon_ns / all as u64, scale, basis }
    }
}

/// Does a window of the horizon touch the fault's window [start, end + recovery)?
pub(super) fn overlaps(fault: &Fault, from: Duration, to: Duration) -> bool {
    let until = fault.end.nanos().saturating_add(fault.recovery.nanos());
    fault.start.nanos() < to.nanos() && from.nanos() < until
}

/// The rates of all streams; none where a closed stream's rate is not written down anywhere.
fn open_rates(world: &World) -> Option<Vec<&Rate>> {
    world
        .streams
        .rows()
        .iter()
        .map(|stream| match &stream.arrivals {
            Arrivals::Open { rate, .. } => Some(rate),
            Arrivals::Closed { .. } => None,
        })
        .collect()
}

fn varies(rate: &Rate) -> bool {
    rate.points.windows(2).any(|pair| pair[0].1 != pair[1].1)
}

/// Counts per request, times the requests of a month. A profile that reaches over a day (or a run that does) is
/// integrated over whole days; a shorter one is held at its mean over the run.
fn by_profile(rates: &[&Rate], counts: &[bool], edge: impl Fn(usize) -> Duration, horizon_ns: i128) -> (Scale, String) {
    let expected = |from: Duration, to: Duration| rates.iter().map(|rate| rate.expected(from, to)).sum::<f64>();
    let told = rates.iter().filter_map(|rate| rate.points.last()).map(|point| i128::from(point.0.nanos())).max();
    let days = (horizon_ns.max(told.unwrap_or(0)) / DAY_NS).min(7);
    let (span_ns, sentence) = if days >= 1 {
        let span = if days == 1 { "the day".to_owned() } else { format!("{days} days") };
        let seen = if horizon_ns < DAY_NS {
            let minutes = horizon_ns as f64 / 60e9;
            format!(
                "; the run saw {} min of it, and its usage per request stands for the rest",
                significant(minutes, 3)
            )
        } else {
            String::new()
        };
        (days * DAY_NS, format!("the workload's profile integrated over {span}, {MONTH_HOURS} h of it{seen}"))
    } else {
        (horizon_ns, format!("held at the mean rate of the run for {MONTH_HOURS} h: the profile does not cover a day"))
    };
    let whole = expected(Duration::ZERO, Duration::from_nanos(span_ns as u64));
    let seen: f64 = (0..counts.len()).filter(|&w| counts[w]).map(|w| expected(edge(w), edge(w + 1))).sum();
    let per_span = if seen > 0.0 { whole / seen } else { 0.0 };
    let factor = per_span * (MONTH_HOURS * HOUR_NS) as f64 / span_ns as f64;
    (Scale { numerator: (factor * 1e9 + 0.5) as i128, denominator: 1_000_000_000 }, sentence)
}
