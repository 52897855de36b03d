//! The money of downtime and of years to come, for one variant.
//!
//! Downtime stands on what was simulated: requests lost to each named fault. How often a fault comes is nothing that a run
//! can tell; it is the reader's own rate or it is left out. A year's bill is worked out at that year's volume, step by
//! step of every price, not multiplied.

mod even;
mod length;

use super::replicated::Replicated;
use super::{bill, estimate};
use crate::record::{
    Business, BusinessFault, BusinessYear, Estimate, FaultSummary, PathRow, Run, ScaleRow, VariantResult,
};
use crate::units::significant;
use crate::world::{Direction, World};

/// Months of a year; 730 h each, which is 365 days.
const MONTHS: f64 = 12.0;
/// Hours of a year.
const HOURS: f64 = 8760.0;

pub(super) use even::even;
pub(super) use length::warning;

/// What the scenario's `business:` makes of a variant's result; none where it says nothing.
pub(super) fn business(of: &Replicated, result: &VariantResult) -> Option<Business> {
    let said = of.scenario.business.as_ref()?;
    let downtime = said.downtime.as_ref().map(|downtime| downtime.value.0.units());
    let rate = mean_rate(result);
    let fault = |fault: &FaultSummary| {
        let hours =
            if rate > 0.0 { times(&fault.lost, 1.0 / (rate * 3600.0)) } else { Estimate::none("nothing was sent") };
        let cost = match downtime {
            Some(downtime) => times(&hours, downtime),
            None => Estimate::none("`business.downtime` is not stated"),
        };
        let per_year = said.outages.get(&fault.name).map(|rate| rate.value);
        BusinessFault {
            name: fault.name.clone(),
            hours,
            cost,
            requests: fault.lost.clone(),
            per_year,
            even_per_year: None,
            even_why: String::new(),
            length: length::length(&of.scenario, &of.runs, &fault.name),
        }
    };
    let faults: Vec<BusinessFault> = result.faults.iter().map(fault).collect();
    let calm = result.failing_calm.as_ref().filter(|share| share.value.is_some_and(|value| value > 0.0));
    let calm_hours = calm.map(|share| times(share, HOURS));
    let downtime_year = downtime_year(&faults, calm_hours.as_ref(), downtime);
    let years: Vec<BusinessYear> = (0..said.years.value).map(|year| year_of(of, year, said.growth.value)).collect();
    let mut total = years.iter().fold(Estimate::exact(0.0), |sum, year| plus(&sum, &year.bill));
    if downtime_year.value.is_some() {
        total = plus(&total, &times(&downtime_year, years.len() as f64));
    }
    Some(Business {
        currency: of.bill.currency.clone(),
        downtime_hour: downtime,
        growth_year: said.growth.value,
        basis: basis(of, &faults, calm, &downtime_year, rate, said.growth.value, downtime),
        minutes_year: minutes_year(&faults, calm_hours.as_ref()),
        faults,
        calm_hours,
        downtime_year,
        years,
        total,
    })
}

/// Requests per second over the measured time, all replications together.
fn mean_rate(result: &VariantResult) -> f64 {
    let rates = result.windows.iter().map(|window| window.rate);
    rates.sum::<f64>() / result.windows.len().max(1) as f64
}

/// Over the faults whose rate is stated, and what fails with nothing down.
fn downtime_year(faults: &[BusinessFault], calm: Option<&Estimate>, downtime: Option<f64>) -> Estimate {
    let Some(downtime) = downtime else {
        return Estimate::none("`business.downtime` is not stated");
    };
    let calm = calm.map(|hours| times(hours, downtime));
    if faults.is_empty() && calm.is_none() {
        return Estimate::none("nothing fails in this scenario: such a run says nothing of downtime");
    }
    of_year(faults.iter().filter_map(|fault| Some(times(&fault.cost, fault.per_year?))).chain(calm))
}

/// The same in minutes of full downtime.
fn minutes_year(faults: &[BusinessFault], calm: Option<&Estimate>) -> Estimate {
    let rated = faults.iter().filter_map(|fault| Some(times(&fault.hours, 60.0 * fault.per_year?)));
    of_year(rated.chain(calm.map(|hours| times(hours, 60.0))))
}

fn of_year(parts: impl Iterator<Item = Estimate>) -> Estimate {
    let sum = parts.reduce(|sum, one| plus(&sum, &one));
    sum.unwrap_or_else(|| Estimate::none("no fault has a rate in `business.outages-per-year`"))
}

fn year_of(of: &Replicated, year: u32, growth: f64) -> BusinessYear {
    let times_traffic = (0..year).fold(1.0, |times, _| times * (1.0 + growth));
    let bill =
        if year == 0 { of.bill.clone() } else { bill::bill(&of.world, &scaled(&of.world, of.usual(), times_traffic)) };
    BusinessYear {
        year: year + 1,
        times: times_traffic,
        gigabytes_month: bill.gigabytes_month,
        bill: times(&bill.month, MONTHS),
        over: if year == 0 { Vec::new() } else { estimate::over(&of.world, times_traffic) },
    }
}

/// What the runs would have counted with so many times the traffic, as far as a bill asks for it. What flows beside the
/// calls stays as it is.
fn scaled(world: &World, runs: &[Run], times: f64) -> Vec<Run> {
    let count = |count: u64| (count as f64 * times + 0.5) as u64;
    let counts = |counts: &[u64]| counts.iter().map(|&one| count(one)).collect();
    let beside = bill::Beside::of(world, runs.first().map_or(0, |run| run.horizon_ns));
    let grown = |path: usize, direction: Direction, counted: &[u64]| {
        let calls = beside.without(path, direction, counted);
        counted.iter().zip(calls).map(|(all, calls)| all - calls + count(calls)).collect()
    };
    let path = |(path, row): (usize, &PathRow)| PathRow {
        forward: grown(path, Direction::Forward, &row.forward),
        back: grown(path, Direction::Back, &row.back),
        connections: counts(&row.connections),
        open: count(row.open),
        ..row.clone()
    };
    // Replicas that follow their load follow this one.
    let pods = |row: &ScaleRow| ScaleRow { pod_ns: counts(&row.pod_ns), ..row.clone() };
    let run = |run: &Run| Run {
        replication: run.replication,
        horizon_ns: run.horizon_ns,
        paths: run.paths.iter().enumerate().map(path).collect(),
        scaling: run.scaling.iter().map(pods).collect(),
        ..Run::default()
    };
    runs.iter().map(run).collect()
}

fn basis(
    of: &Replicated,
    faults: &[BusinessFault],
    calm: Option<&Estimate>,
    downtime_year: &Estimate,
    rate: f64,
    growth: f64,
    downtime: Option<f64>,
) -> Vec<String> {
    let currency = &of.bill.currency;
    let mut basis = vec![
        "a year is twelve months of 730 h; nothing is discounted to today's money".to_owned(),
        "intervals of sums add the ends of their parts, which is wide rather than narrow".to_owned(),
    ];
    if growth != 0.0 {
        basis.push(format!(
            "traffic grows by {} % at each turn of the year; bytes and connections of calls grow with it and every bill is worked \
             out anew with its steps, while `flows`, hours, bandwidth and compute are bought as they are",
            significant(growth * 100.0, 4)
        ));
    }
    if let Some(share) = calm.and_then(|share| share.value) {
        basis.push(format!(
            "{} % of requests fail with nothing down (told by twins of the runs without their faults, else by what precedes any \
             fault): as if each hour of the year were such a one, {} h of full downtime; what faults lose is beside that",
            significant(100.0 * share, 3),
            significant(HOURS * share, 3)
        ));
    }
    let Some(downtime) = downtime else { return basis };
    basis.push(format!(
        "an hour in which no request is answered costs {} {currency}; what a fault loses beyond what fails without it counts as \
         hours at the mean rate of {}/s",
        significant(downtime, 6),
        significant(rate, 4)
    ));
    if faults.is_empty() && calm.is_none() {
        basis.push(
            "nothing fails in this scenario, and the availability of a run in which nothing fails says nothing of downtime: \
             none is counted; name `faults:` and their `business.outages-per-year`"
                .to_owned(),
        );
    }
    for fault in faults {
        basis.push(match fault.per_year {
            Some(times) => format!(
                "{}: {} a year, by the scenario's own estimate{}",
                fault.name,
                significant(times, 4),
                length::told(fault)
            ),
            None => format!("{}: no rate in `business.outages-per-year`; told for once, and in no sum", fault.name),
        });
    }
    basis.extend(length::basis(faults));
    if faults.len() > 1 {
        basis.push(
            "faults are charged each by itself: what is lost while two of them or their recoveries overlap is in both"
                .to_owned(),
        );
    }
    if downtime_year.value.is_some() {
        basis.push("only the named faults are counted, and what fails with nothing down: what else may fail is in no figure here".to_owned());
    }
    basis
}

/// A figure times a number that is exact.
fn times(of: &Estimate, factor: f64) -> Estimate {
    let scaled = |value: Option<f64>| value.map(|value| value * factor);
    Estimate {
        value: scaled(of.value),
        low: scaled(of.low),
        high: scaled(of.high),
        inputs: of.inputs.map(|(low, high)| (low * factor, high * factor)),
        ..of.clone()
    }
}

/// Two figures of the same replications: ends are added to ends.
fn plus(a: &Estimate, b: &Estimate) -> Estimate {
    let end = |a: &Estimate, end: fn(&Estimate) -> Option<f64>| end(a).or(a.value);
    let sum = |of: fn(&Estimate) -> Option<f64>| {
        (of(a).is_some() || of(b).is_some()).then(|| Some(end(a, of)? + end(b, of)?)).flatten()
    };
    let inputs = |of: &Estimate| of.inputs.or(of.value.map(|value| (value, value)));
    Estimate {
        value: a.value.zip(b.value).map(|(a, b)| a + b),
        low: sum(|of| of.low),
        high: sum(|of| of.high),
        confidence: a.confidence.or(b.confidence),
        n: a.n.or(b.n),
        inputs: (a.inputs.is_some() || b.inputs.is_some())
            .then(|| Some((inputs(a)?.0 + inputs(b)?.0, inputs(a)?.1 + inputs(b)?.1)))
            .flatten(),
        why: a.why.clone().or_else(|| b.why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_add_ends_and_products_scale_them() {
        let a =
            Estimate { low: Some(1.0), high: Some(3.0), confidence: Some(0.95), n: Some(5), ..Estimate::exact(2.0) };
        let b = Estimate { inputs: Some((9.0, 12.0)), ..Estimate::exact(10.0) };
        let sum = plus(&a, &b);
        assert_eq!(
            (sum.value, sum.low, sum.high, sum.inputs),
            (Some(12.0), Some(11.0), Some(13.0), Some((11.0, 14.0)))
        );
        let half = times(&sum, 0.5);
        assert_eq!((half.value, half.low, half.inputs), (Some(6.0), Some(5.5), Some((5.5, 7.0))));
    }

    #[test]
    fn downtime_of_a_year_counts_rated_faults_only_and_says_why_there_is_none() {
        let fault = |name: &str, cost: f64, per_year| BusinessFault {
            name: name.into(),
            cost: Estimate::exact(cost),
            per_year,
            ..BusinessFault::default()
        };
        let faults = [fault("zone", 100.0, Some(2.0)), fault("link", 5.0, None), fault("region", 1000.0, Some(0.1))];
        let year = |faults, downtime| downtime_year(faults, None, downtime);
        assert_eq!(year(&faults, Some(1.0)).value, Some(300.0));
        assert!(year(&faults[1..2], Some(1.0)).why.is_some_and(|why| why.contains("no fault has a rate")));
        assert!(year(&[], Some(1.0)).why.is_some_and(|why| why.contains("nothing fails")));
        assert!(year(&faults, None).value.is_none());
    }

    #[test]
    fn what_fails_with_nothing_down_is_downtime_of_every_hour() {
        let hours = times(&Estimate::exact(0.358), HOURS);
        let near = |of: Estimate, want: f64| assert!(of.value.is_some_and(|got| (got - want).abs() < 1e-6 * want));
        near(downtime_year(&[], Some(&hours), Some(1000.0)), 0.358 * 8760.0 * 1000.0);
        near(minutes_year(&[], Some(&hours)), 188_164.8);
        let zone = BusinessFault { cost: Estimate::exact(8.0), per_year: Some(0.5), ..BusinessFault::default() };
        near(downtime_year(&[zone], Some(&hours), Some(1000.0)), 3_136_084.0);
    }
}
