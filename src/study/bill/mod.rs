//! The bill of a month, worked out from what the runs counted. Nothing here is simulated.
//!
//! [`bill`] scales the counts of the windows outside faults to a month and prices each charge of the world as a line of
//! its own: integer counts, integer money, one rounding half to even per line. Lines that depend on use carry the
//! interval of the replications; every line carries the range of its price. [`solve_unknowns`] says what a price that
//! nobody knows would have to be. Knows no provider: prices came with the world.

mod break_even;
mod line;
mod month;
mod usage;

pub use break_even::{price_where_equal, solve_unknowns};
pub use month::MONTH_HOURS;
pub(in crate::study) use usage::{PathUsage, Usage};

use crate::record::{Bill, Estimate, Run};
use crate::units::{Duration, Money, significant};
use crate::world::{Basis, Direction, PriceStatus, Tap, World};

use line::Priced;
use month::{Month, Scale};

/// The book's currency, until a scenario can name another.
pub(super) const CURRENCY: &str = "USD";

/// The bill of a month of one variant.
pub fn bill(world: &World, runs: &[Run]) -> Bill {
    let month = Month::of(world, runs);
    let usages: Vec<Usage> = runs.iter().map(|run| Usage::counted(run, world, &month)).collect();
    let mut bill = invoice(world, &usages, month.scale, month.basis.clone());
    bill.basis.extend(extra_of_faults(world, runs, &month));
    bill
}

/// The bill of counts that are a mean day's or hour's already: what the closed form leaves.
pub(in crate::study) fn bill_of_usage(world: &World, usage: Usage, basis: Vec<String>) -> Bill {
    let seen_ns: i128 = usage.hours_ns.iter().map(|&ns| i128::from(ns)).sum();
    let scale = Scale { numerator: MONTH_HOURS * 3_600_000_000_000, denominator: seen_ns.max(1) };
    let mut bill = invoice(world, &[usage], scale, basis);
    // A closed form has no replications and so no noise to speak of.
    let lines = bill.lines.iter_mut().flat_map(|line| [&mut line.quantity, &mut line.amount]);
    for figure in lines.chain([&mut bill.month]).filter(|figure| figure.value.is_some()) {
        (figure.n, figure.why) = (None, None);
    }
    bill
}

/// Taps that one rule (product and item) would charge twice, which no invoice may: (item, path name). Empty for a sound
/// world.
pub fn charged_twice(world: &World) -> Vec<(String, String)> {
    let mut seen = std::collections::BTreeSet::new();
    let mut twice = Vec::new();
    for charge in &world.charges {
        let Basis::Bytes(taps) = &charge.basis else { continue };
        for tap in taps {
            let rule = (&charge.product, &charge.item, tap.path, tap.direction == Direction::Back);
            if !seen.insert(rule) {
                twice.push((charge.item.clone(), world.paths[tap.path].name.clone()));
            }
        }
    }
    twice
}

fn invoice(world: &World, usages: &[Usage], scale: Scale, mut basis: Vec<String>) -> Bill {
    let priced: Vec<Priced> = world
        .charges
        .iter()
        .map(|charge| line::priced(world, charge, usages, scale))
        // What was not used is not on an invoice.
        .filter(|priced| !priced.usage || priced.line.quantity.value.is_some_and(|quantity| quantity > 0.0))
        .collect();
    let sum = |of: fn(&crate::world::PriceRange) -> Money| -> Money {
        priced.iter().filter_map(|p| p.amount.as_ref()).map(of).sum()
    };
    let (low, mid, high) = (sum(|a| a.low), sum(|a| a.mid), sum(|a| a.high));
    let by_run: Vec<f64> = (0..usages.len())
        .map(|run| priced.iter().filter_map(|p| p.by_run.get(run)).copied().sum::<Money>().units())
        .collect();
    let noisy = priced.iter().any(|p| p.usage);
    let month = if noisy { line::with_noise(mid.units(), &by_run) } else { Estimate::exact(mid.units()) };
    let estimated: Money = priced
        .iter()
        .filter(|p| p.line.status == line::word(PriceStatus::Estimated))
        .filter_map(|p| p.amount.map(|amount| amount.mid))
        .sum();
    if world.charges.iter().any(|charge| matches!(charge.basis, Basis::Bytes(_))) {
        basis.push("what users download is not on this bill (user egress)".into());
    }
    basis.extend(vcpus(world));
    let mut bill = Bill {
        currency: CURRENCY.into(),
        month: Estimate { inputs: (low != high).then(|| (low.units(), high.units())), ..month },
        estimated_share: if mid > Money::ZERO { estimated.units() / mid.units() } else { 0.0 },
        gigabytes_month: gigabytes(world, usages, scale),
        basis,
        unknowns: Vec::new(),
        lines: priced.into_iter().map(|p| p.line).collect(),
    };
    bill.unknowns = break_even::unknown_lines(&bill);
    bill
}

/// What the compute lines count: the replicas' vCPUs, and those that their sidecars request beside them.
fn vcpus(world: &World) -> Option<String> {
    let replicas: f64 = world.endpoints.rows().iter().map(|endpoint| world.services[endpoint.service].vcpu).sum();
    let charged = world.charges.iter().filter(|charge| charge.product == "compute").map(|charge| match charge.basis {
        Basis::Hours(things) => things,
        _ => 0.0,
    });
    let sidecars = charged.sum::<f64>() - replicas;
    // Tenths of a vCPU add up to less than this of rounding.
    (replicas > 0.0 && sidecars > 1e-6).then(|| {
        let (replicas, sidecars) = (significant(replicas, 4), significant(sidecars, 3));
        format!("compute is {replicas} vCPU of replicas and {sidecars} of their sidecars")
    })
}

/// Gigabytes (2^30) a month over the taps that any rule charges for more than nothing (bytes between zones are free), each counted once however many rules charge it.
fn gigabytes(world: &World, usages: &[Usage], scale: Scale) -> f64 {
    let mut taps: Vec<Tap> = world
        .charges
        .iter()
        .filter_map(|charge| match &charge.basis {
            Basis::Bytes(taps) if charge.price.is_none_or(|price| price.high > Money::ZERO) => Some(taps),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    taps.sort_unstable_by_key(|tap| (tap.path, tap.direction == Direction::Back));
    taps.dedup();
    let bytes: i128 = usages.iter().map(|usage| usage.bytes(&taps)).sum();
    scale.apply(bytes, usages.len().max(1)) as f64 / f64::from(1 << 30)
}

/// What each fault costs once in transfer beyond the rates outside faults, as a sentence: a month need not hold it.
fn extra_of_faults(world: &World, runs: &[Run], month: &Month) -> Vec<String> {
    let edge = |window: usize| Duration::from_nanos(month.window_ns * window as u64);
    let quiet = month.counts.iter().filter(|&&counted| counted).count();
    if runs.is_empty() || quiet == 0 || quiet == month.counts.len() {
        return Vec::new();
    }
    let of_fault = |fault: &crate::world::Fault| {
        let within: Vec<usize> =
            (0..month.counts.len()).filter(|&w| month::overlaps(fault, edge(w), edge(w + 1))).collect();
        let extra: f64 = world
            .charges
            .iter()
            .filter_map(|charge| {
                let Basis::Bytes(taps) = &charge.basis else { return None };
                let bytes = |windows: &dyn Fn(usize) -> bool| -> f64 {
                    let of_tap = |run: &Run, tap: &Tap| {
                        run.paths.get(tap.path.0 as usize).map_or(0, |row| {
                            let counts = if tap.direction == Direction::Forward { &row.forward } else { &row.back };
                            counts.iter().enumerate().filter(|&(w, _)| windows(w)).map(|(_, &bytes)| bytes).sum::<u64>()
                        })
                    };
                    runs.iter().flat_map(|run| taps.iter().map(move |tap| of_tap(run, tap))).sum::<u64>() as f64
                };
                let usual = bytes(&|w| month.counts[w]) / quiet as f64 * within.len() as f64;
                let more = (bytes(&|w| within.contains(&w)) - usual) / runs.len() as f64;
                Some(more / charge.gigabyte as f64 * charge.price?.mid.units())
            })
            .sum();
        let word = if extra < 0.0 { "less" } else { "more" };
        format!(
            "{}: each {}: {:.2} {CURRENCY} {word} for transfer than the same time without it, not in the month",
            world.variant,
            fault.name,
            extra.abs()
        )
    };
    world.faults.rows().iter().map(of_fault).collect()
}
