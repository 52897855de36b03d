//! The bill of a month, worked out from what the runs counted. Nothing here is simulated.
//!
//! Counts become metered usage, metered usage becomes an invoice ([`crate::bill`]): [`bill`] scales the counts to a month and
//! prices each charge of the world as a line of its own. Lines that depend on use carry the interval of the replications;
//! every line carries the range of its price. A month is one in which nothing fails, that of twins of the replications on
//! the same random numbers; what a fault costs once is told apart. [`solve_unknowns`] says what a price that nobody knows would have to be. Knows no provider: prices came with
//! the world.

mod break_even;
mod faults;
mod line;
mod month;
mod usage;

pub use crate::bill::MONTH_HOURS;
pub use break_even::{price_where_equal, solve_unknowns};
pub(in crate::study) use line::recorded;
pub(in crate::study) use usage::{Beside, PathUsage, Usage};

use crate::bill::{Exact, PriceRange, Terms};
use crate::record::{Bill, Estimate, Run};
use crate::units::{Duration, Money, significant};
use crate::world::{Basis, Direction, Tap, World, windows};

use line::Priced;
use month::{Month, Shape};

/// The currency of a world's bill.
pub(super) fn currency(world: &World) -> &str {
    if world.currency.is_empty() { Terms::BOOK_CURRENCY } else { &world.currency }
}

/// The bill of a month of one variant: of all that these runs counted.
pub fn bill(world: &World, runs: &[Run]) -> Bill {
    bill_beside_faults(world, &[], runs)
}

/// The bill of a month of one variant in which faults came: that of the runs' twins without them, in the same order, and
/// beside it what each fault costs once.
pub fn bill_beside_faults(world: &World, runs: &[Run], twins: &[Run]) -> Bill {
    let mut month = Month::of(world, twins);
    if !runs.is_empty() {
        month
            .basis
            .push("a month in which nothing fails: replications run again without faults, on the same luck".into());
    }
    let settling = twins.iter().map(|run| run.horizon_ns).max().and_then(|horizon| settling(world, &month, horizon));
    month.basis.extend(settling);
    let usages: Vec<Usage> = twins.iter().map(|run| Usage::counted(run, world, &month)).collect();
    let priced = line::priced(world, &usages, &month.shape);
    let once = faults::extra(world, runs, twins, month.window_ns, &priced);
    Bill { once, ..of(world, &usages, &month.shape, priced, month.basis) }
}

/// Does anything that is charged depend on what was used?
pub(super) fn depends_on_use(world: &World) -> bool {
    world.charges.iter().any(|charge| charge.basis.by_use())
}

/// The bill of counts that are a mean day's or hour's already: what the closed form leaves.
pub(in crate::study) fn bill_of_usage(world: &World, usage: Usage, basis: Vec<String>) -> Bill {
    let seen_ns: i128 = usage.hours_ns.iter().map(|&ns| i128::from(ns)).sum();
    let shape = Shape::Seen(Exact::ratio(MONTH_HOURS * 3_600_000_000_000, seen_ns.max(1)));
    let usages = [usage];
    let mut bill = of(world, &usages, &shape, line::priced(world, &usages, &shape), basis);
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
            let rule = (&charge.product, &charge.tariff.item, tap.path, tap.direction == Direction::Back);
            if !seen.insert(rule) {
                twice.push((charge.name().to_owned(), world.paths[tap.path].name.clone()));
            }
        }
    }
    twice
}

fn of(world: &World, usages: &[Usage], shape: &Shape, mut priced: Vec<Priced<'_>>, mut basis: Vec<String>) -> Bill {
    priced.retain(Priced::is_used);
    let sum: PriceRange = priced.iter().filter_map(|p| p.line.amount).sum();
    let by_run: Vec<f64> =
        (0..usages.len()).map(|run| priced.iter().map(|p| p.amount_in(run)).sum::<Money>().units()).collect();
    let noisy = priced.iter().any(Priced::by_use);
    let mid = sum.mid.units();
    let month = if noisy { line::with_noise(mid, &by_run) } else { Estimate::exact(mid) };
    if world.charges.iter().any(|charge| matches!(charge.basis, Basis::Bytes(_))) {
        basis.push("what users download is not on this bill (user egress)".into());
    }
    let flows = flowing_gigabytes(world);
    if flows > 0.0 {
        let gigabytes = significant(flows, 4);
        basis.push(format!("`flows` are {gigabytes} GB of it, by their own calendar over {MONTH_HOURS} h"));
    }
    basis.extend(vcpus(world));
    basis.extend(exchanges(world));
    let mut bill = Bill {
        currency: currency(world).into(),
        month: Estimate { inputs: (sum.low != sum.high).then(|| (sum.low.units(), sum.high.units())), ..month },
        estimated_share: if sum.mid > Money::ZERO { line::estimated(&priced).units() / mid } else { 0.0 },
        // The sum of nothing is minus nothing.
        gigabytes_month: gigabytes(world, usages, shape) + 0.0,
        basis,
        unknowns: Vec::new(),
        lines: priced.iter().map(Priced::recorded).collect(),
        once: Vec::new(),
    };
    bill.unknowns = break_even::unknown_lines(&bill);
    bill
}

/// The rates of exchange that the bill took, as the reader stated them.
fn exchanges(world: &World) -> Vec<String> {
    let taken = world.charges.iter().filter(|charge| charge.tariff.currency != currency(world));
    let rates: std::collections::BTreeMap<&str, f64> =
        taken.map(|charge| (charge.tariff.currency.as_str(), charge.tariff.exchange.value())).collect();
    let to = currency(world);
    let sentence = |(from, rate)| format!("1 {from} is {} {to}, as the scenario states", significant(rate, 6));
    rates.into_iter().map(sentence).collect()
}

/// Of replicas that follow their load: what of a run their month is.
fn settling(world: &World, month: &Month, horizon_ns: u64) -> Option<String> {
    let longest = world.autoscalers.iter().map(usage::settled).max().filter(|_| horizon_ns > 0)?;
    let begin: Vec<String> =
        world.autoscalers.iter().map(|scaler| format!("{} with {}", scaler.name, scaler.start)).collect();
    if !month.steady {
        return Some(format!(
            "replicas that follow their load are as many as in the run, which they began as {}: the load varies, so that no time \
             of it can be left out",
            begin.join(", ")
        ));
    }
    let count = windows(Duration::from_nanos(horizon_ns));
    let late = world.autoscalers.iter().filter(|scaler| usage::settled_from(scaler, month, count).is_none());
    let late: Vec<&str> = late.map(|scaler| scaler.name.as_str()).collect();
    Some(if late.is_empty() {
        format!(
            "replicas that follow their load are those from {longest} on at the latest, when their number is no longer what \
             they began with"
        )
    } else {
        format!(
            "the month of {} is not settled: it holds the replicas that they began with ({}), for the first recommendations hold \
             for a while; a `run.horizon` of a few windows more than {longest} leaves that time out",
            late.join(", "),
            begin.join(", ")
        )
    })
}

/// What the compute lines count: the replicas' vCPUs, and those that their sidecars request beside them.
fn vcpus(world: &World) -> Option<String> {
    let moving = |id| world.autoscalers.iter().any(|row| row.members.contains(&id));
    let steady = world.endpoints.iter().filter(|(id, _)| !moving(*id));
    let replicas: f64 = steady.map(|(_, endpoint)| world.services[endpoint.service].vcpu).sum();
    let charged = world.charges.iter().filter(|charge| charge.product == "compute").map(|charge| match charge.basis {
        Basis::Hours(things) => things,
        _ => 0.0,
    });
    let sidecars = charged.sum::<f64>() - replicas;
    // Tenths of a vCPU add up to less than this of rounding.
    (replicas > 0.0 && sidecars > 1e-6).then(|| {
        let ambient = world.stations.rows().iter().any(|station| station.name.starts_with("ztunnel "));
        let planes = world.control.planes.rows().iter().any(|plane| plane.cluster.is_some());
        let proxies = match (ambient, planes) {
            (true, false) => "ztunnels",
            (true, true) => "ztunnels and control planes",
            (false, false) => "sidecars",
            (false, true) => "sidecars and control planes",
        };
        let (replicas, sidecars) = (significant(replicas, 4), significant(sidecars, 3));
        format!("compute is {replicas} vCPU of replicas and {sidecars} of their {proxies}")
    })
}

/// Gigabytes (2^30) a month over the taps that any rule charges for more than nothing (bytes between zones are free), each
/// counted once however many rules charge it.
fn gigabytes(world: &World, usages: &[Usage], shape: &Shape) -> f64 {
    let taps = costly(world);
    let bytes: i128 = usages.iter().map(|usage| usage.bytes(&taps)).sum();
    let calls = shape.month(bytes, &Exact::whole(usages.len().max(1) as i128));
    (&calls + &usage::flowing(world, &taps)).value() / GIB
}

/// Of these gigabytes those that flow beside the calls, whatever their volume.
pub(in crate::study) fn flowing_gigabytes(world: &World) -> f64 {
    usage::flowing(world, &costly(world)).value() / GIB
}

const GIB: f64 = 1_073_741_824.0;

/// The taps that any rule charges for more than nothing, each once.
fn costly(world: &World) -> Vec<Tap> {
    let costs = |charge: &crate::world::Charge| {
        charge.tariff.tiers.iter().any(|tier| tier.price.is_none_or(|price| price.high > Money::ZERO))
    };
    let mut taps: Vec<Tap> = world
        .charges
        .iter()
        .filter_map(|charge| match &charge.basis {
            Basis::Bytes(taps) if costs(charge) => Some(taps),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    taps.sort_unstable_by_key(|tap| (tap.path, tap.direction == Direction::Back));
    taps.dedup();
    taps
}
