//! From a measured span to a month: which windows count, and what they are multiplied with.

use crate::bill::{Exact, MONTH_HOURS};
use crate::record::{FaultRow, Run};
use crate::units::{Duration, significant};
use crate::workload::{Arrivals, Rate};
use crate::world::{Stream, World, windows};

const HOUR_NS: i128 = 3_600_000_000_000;
const DAY_NS: i128 = 24 * HOUR_NS;

/// How counts become a month's.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Month {
    /// By window of the horizon: does it lie outside every fault's window?
    pub(super) counts: Vec<bool>,
    /// Length of a window, nanoseconds.
    pub(super) window_ns: u64,
    /// What a month is of the counted windows.
    pub(super) shape: Shape,
    /// By window: requests expected by the workload's profile; none where nothing but a run can tell.
    pub(super) expected: Option<Vec<f64>>,
    /// Does no window lie outside faults?
    pub(super) faulty: bool,
    /// What was assumed, for the top of the bill.
    pub(super) basis: Vec<String>,
}

/// What a month is made of.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Shape {
    /// Each hour that was seen, this many times over.
    Seen(Exact),
    /// Hours of one day or of several, each all that was seen times its own factor: the rates of the workload's profile.
    Day(Vec<Exact>),
}

impl Shape {
    /// A month of `count` that was seen in all of these runs together.
    pub(super) fn month(&self, count: i128, runs: &Exact) -> Exact {
        let times = match self {
            Shape::Seen(times) => times.clone(),
            Shape::Day(hours) => &hours.iter().cloned().sum::<Exact>() * &Shape::each(hours),
        };
        (&Exact::whole(count) * &times).over(runs)
    }

    /// How often each of these hours comes in a month.
    pub(super) fn each(hours: &[Exact]) -> Exact {
        Exact::ratio(MONTH_HOURS, hours.len() as i128)
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
        let in_fault = |window: usize| {
            runs.iter().flat_map(|run| &run.faults).any(|fault| overlaps(fault, edge(window), edge(window + 1)))
        };
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
        let shape = match &rates {
            Some(rates) if rates.iter().any(|rate| varies(rate)) => {
                let (shape, sentence) = by_profile(rates, &counts, edge, i128::from(horizon_ns));
                basis.insert(0, sentence);
                shape
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
                Shape::Seen(Exact::ratio(MONTH_HOURS * HOUR_NS * all as i128, counted * i128::from(horizon_ns)))
            }
        };
        let of_window = |window| rates.iter().flatten().map(|rate| rate.expected(edge(window), edge(window + 1))).sum();
        let expected = rates.is_some().then(|| (0..all).map(of_window).collect());
        Month { counts, window_ns: horizon_ns / all as u64, shape, expected, faulty: left_out == all, basis }
    }
}

/// Does a window of the horizon touch one of the fault's windows [start, end + recovery)?
pub(super) fn overlaps(fault: &FaultRow, from: Duration, to: Duration) -> bool {
    fault.spans.iter().any(|&(start, end)| start < to.nanos() && from.nanos() < fault.over_ns(end))
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
/// integrated over whole days, hour by hour where the run saw less than a day; a shorter one is held at its mean over the
/// run.
fn by_profile(rates: &[&Rate], counts: &[bool], edge: impl Fn(usize) -> Duration, horizon_ns: i128) -> (Shape, String) {
    let expected = |from: Duration, to: Duration| rates.iter().map(|rate| rate.expected(from, to)).sum::<f64>();
    let told = rates.iter().filter_map(|rate| rate.points.last()).map(|point| i128::from(point.0.nanos())).max();
    let days = (horizon_ns.max(told.unwrap_or(0)) / DAY_NS).min(7);
    let seen: f64 = (0..counts.len()).filter(|&w| counts[w]).map(|w| expected(edge(w), edge(w + 1))).sum();
    let share = |from: Duration, to: Duration| if seen > 0.0 { expected(from, to) / seen } else { 0.0 };
    let span = if days == 1 { "the day".to_owned() } else { format!("{days} days") };
    if days >= 1 && horizon_ns < DAY_NS {
        let hour = |hour: u64| {
            let edge = |hour: u64| Duration::from_secs(3600).saturating_mul(hour);
            Exact::ratio((share(edge(hour), edge(hour + 1)) * FINE as f64).round() as i128, FINE)
        };
        let minutes = significant(horizon_ns as f64 / 60e9, 3);
        let sentence = format!(
            "the workload's profile integrated over {span}, {MONTH_HOURS} h of it, as {} hourly rates; the run saw \
             {minutes} min of it, and its usage per request stands for the rest",
            24 * days
        );
        return (Shape::Day((0..24 * days as u64).map(hour).collect()), sentence);
    }
    let (span_ns, sentence) = if days >= 1 {
        (days * DAY_NS, format!("the workload's profile integrated over {span}, {MONTH_HOURS} h of it"))
    } else {
        (horizon_ns, format!("held at the mean rate of the run for {MONTH_HOURS} h: the profile does not cover a day"))
    };
    let factor =
        share(Duration::ZERO, Duration::from_nanos(span_ns as u64)) * (MONTH_HOURS * HOUR_NS) as f64 / span_ns as f64;
    (Shape::Seen(Exact::ratio((factor * FINE as f64).round() as i128, FINE)), sentence)
}

/// Factors are figures of a law, not counts: twelve digits of them are kept.
const FINE: i128 = 1_000_000_000_000;
