//! From a measured span to a month: what counts are multiplied with.

use crate::bill::{Exact, MONTH_HOURS};
use crate::record::Run;
use crate::units::{Duration, significant};
use crate::workload::{Arrivals, Rate};
use crate::world::{Stream, World, windows};

const HOUR_NS: i128 = 3_600_000_000_000;
const DAY_NS: i128 = 24 * HOUR_NS;

/// How counts become a month's.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Month {
    /// Length of a window, nanoseconds.
    pub(super) window_ns: u64,
    /// What a month is of the windows.
    pub(super) shape: Shape,
    /// The load is the same at all times: what a run begins with is no part of it and can be left out.
    pub(super) steady: bool,
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
    /// The month of a world's runs, by the workload's own profile where it has one.
    pub(super) fn of(world: &World, runs: &[Run]) -> Month {
        let horizon_ns = runs.iter().map(|run| run.horizon_ns).max().unwrap_or(0).max(1);
        let mut basis = Vec::new();
        let rates = open_rates(world);
        let waves = |stream: &Stream| matches!(&stream.arrivals, Arrivals::Open { rate, .. } if varies(rate));
        let steady = !world.streams.rows().iter().any(waves);
        let shape = match &rates {
            Some(rates) if rates.iter().any(|rate| varies(rate)) => {
                let (shape, sentence) = by_profile(rates, i128::from(horizon_ns));
                basis.push(sentence);
                shape
            }
            _ => {
                basis.push(format!("held at the mean rate for {MONTH_HOURS} h"));
                if rates.is_none() && !steady {
                    basis.push(
                        "not integrated over the day: a closed stream's rate is written down nowhere, so the month is the \
                         run's own rate"
                            .into(),
                    );
                }
                Shape::Seen(Exact::ratio(MONTH_HOURS * HOUR_NS, i128::from(horizon_ns)))
            }
        };
        Month { window_ns: horizon_ns / windows(Duration::from_nanos(horizon_ns)) as u64, shape, steady, basis }
    }
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
fn by_profile(rates: &[&Rate], horizon_ns: i128) -> (Shape, String) {
    let expected = |from: Duration, to: Duration| rates.iter().map(|rate| rate.expected(from, to)).sum::<f64>();
    let told = rates.iter().filter_map(|rate| rate.points.last()).map(|point| i128::from(point.0.nanos())).max();
    let days = (horizon_ns.max(told.unwrap_or(0)) / DAY_NS).min(7);
    let seen = expected(Duration::ZERO, Duration::from_nanos(horizon_ns as u64));
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
