//! Fees of all paths gathered into the lines of the bill, with the rows of the price book that apply.

use std::collections::{BTreeMap, BTreeSet};

use crate::connect::{Carrier, Count, Fee};
use crate::provider::{PriceRow, Rule};
use crate::scenario::Diagnostic;
use crate::scenario::file::{Dataplane, Scenario};
use crate::topology::{GatewayId, RegionId, VpcId};
use crate::world::{Basis, Charge, Direction, PathId, PriceRange, PriceStatus, Tap, World};

/// CPU that Istio requests for each sidecar (`global.proxy.resources.requests.cpu: 100m`, istio 1.24 values.yaml).
const SIDECAR_VCPU: f64 = 0.1;
/// Bytes in Alibaba's gigabyte, where a row does not say (flagged in the book).
const GIGABYTE: u64 = 1 << 30;

/// The item whose first steps have prices of their own, and that of each unit past them.
const STEPPED: &str = "eip.bandwidth-day";
const FURTHER: &str = "eip.bandwidth-day-more";

/// One line: what is charged, where, to whom.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    product: String,
    item: String,
    at: RegionId,
    to: Option<RegionId>,
    payer: String,
    /// Capacity units are counted for each thing by itself.
    thing: String,
}

/// What gathers in a line.
#[derive(Clone, Default, Debug)]
struct Line {
    taps: Vec<Tap>,
    hours: BTreeMap<String, f64>,
    mbps: BTreeMap<String, f64>,
    /// Is that bandwidth paid by the day?
    by_day: bool,
    gateway: Option<GatewayId>,
}

/// All charges of a world, in the order of product and item.
pub(super) fn charges(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &World,
    fees: Vec<(PathId, Fee)>,
    said: &mut Vec<Diagnostic>,
) -> Vec<Charge> {
    if !scenario.network {
        return Vec::new();
    }
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for (path, fee) in fees {
        add(&mut lines, carrier, path, fee);
    }
    for fee in compute(scenario, carrier, world) {
        add(&mut lines, carrier, PathId::NONE, fee);
    }
    overrides(scenario, carrier, said);
    let mut unknown = BTreeSet::new();
    let charges = lines.into_iter().map(|(key, line)| charge(scenario, carrier, key, line, &mut unknown)).collect();
    for item in unknown {
        said.push(
            Diagnostic::warning("EW420", format!("no price was found for {item}: the bill solves for it"))
                .help("give one with `prices: {rows: {ITEM: AMOUNT/UNIT}}`"),
        );
    }
    charges
}

fn add(lines: &mut BTreeMap<Key, Line>, carrier: &Carrier<'_>, path: PathId, fee: Fee) {
    let thing = match &fee.count {
        Count::Capacity { thing, .. } | Count::MbpsDays { thing, .. } => thing.clone(),
        _ => String::new(),
    };
    let payer = carrier.ground.vpcs[fee.payer].owner.clone();
    for item in carrier.items(&fee) {
        let key = Key {
            product: fee.product.clone(),
            item: item.name.to_owned(),
            at: fee.at,
            to: item.to,
            payer: payer.clone(),
            thing: thing.clone(),
        };
        gather(lines.entry(key).or_default(), path, item.count);
    }
}

/// What an item counts of a fee, into its line.
fn gather(line: &mut Line, path: PathId, count: Count) {
    let mut tap = |direction: Direction| line.taps.push(Tap { path, direction });
    match count {
        Count::Out => tap(Direction::Forward),
        Count::Back => tap(Direction::Back),
        Count::Both => {
            tap(Direction::Forward);
            tap(Direction::Back);
        }
        Count::Capacity { gateway, .. } => {
            tap(Direction::Forward);
            tap(Direction::Back);
            line.gateway = gateway;
        }
        Count::Hours { thing, units } => {
            line.hours.insert(thing, units);
        }
        Count::Mbps { thing, rate } => {
            line.mbps.insert(thing, rate.mbps());
        }
        Count::MbpsDays { thing, rate } => {
            line.mbps.insert(thing, rate.mbps());
            line.by_day = true;
        }
    }
}

/// Replicas and sidecars by vCPU.
fn compute(scenario: &Scenario, carrier: &Carrier<'_>, world: &World) -> Vec<Fee> {
    let mut fees = Vec::new();
    let ground = carrier.ground;
    for endpoint in world.endpoints.rows() {
        let vpc = ground.vpc_of(world.places[endpoint.place].cluster);
        let mut push = |vpc: VpcId, thing: String, units: f64| {
            let count = Count::Hours { thing, units };
            fees.push(Fee {
                product: "compute".into(),
                rule: Rule::Vcpu,
                at: ground.region_of(vpc),
                to: None,
                payer: vpc,
                count,
            });
        };
        let vcpu = world.services[endpoint.service].vcpu;
        if vcpu > 0.0 {
            push(vpc, endpoint.name.clone(), vcpu);
            if scenario.mesh.dataplane == Dataplane::Sidecar {
                push(vpc, format!("sidecar {}", endpoint.name), SIDECAR_VCPU);
            }
        }
    }
    fees
}

/// Price rows of the scenario must name items of the book, in its currency and unit.
fn overrides(scenario: &Scenario, carrier: &Carrier<'_>, said: &mut Vec<Diagnostic>) {
    for (item, price) in &scenario.prices.rows {
        let rows = || carrier.books.prices.iter().filter(|row| row.item == *item);
        let Some(row) = rows().next() else {
            said.push(
                Diagnostic::error("EW421", format!("the price book has no item `{item}`"))
                    .at(price.span, "unknown item")
                    .help("`eastwest catalog prices` lists them"),
            );
            continue;
        };
        if item == STEPPED {
            said.push(
                Diagnostic::error("EW424", format!("`{item}` is a price in steps"))
                    .at(price.span, "one price for a step says nothing of the others")
                    .help(format!("give the price of each Mbit/s alike: `{FURTHER}: AMOUNT/Mbps-day`")),
            );
            continue;
        }
        if !same_unit(&row.unit, &price.per.value) {
            said.push(
                Diagnostic::error("EW422", format!("`{item}` is priced per {}", row.unit))
                    .at(price.per.span, format!("written per {}", price.per.value)),
            );
        }
        if row.currency != price.currency {
            said.push(
                Diagnostic::error("EW423", format!("the book is kept in {}", row.currency))
                    .at(price.span, format!("written in {}", price.currency))
                    .help("convert it: an exchange rate of today would change tomorrow's result"),
            );
        }
    }
}

/// `hour` will do for `attachment-hour`: people write the short form.
fn same_unit(book: &str, written: &str) -> bool {
    let (book, written) = (book.to_ascii_lowercase(), written.to_ascii_lowercase());
    book == written || book.rsplit('-').next() == Some(&written)
}

fn charge(scenario: &Scenario, carrier: &Carrier<'_>, key: Key, line: Line, unknown: &mut BTreeSet<String>) -> Charge {
    let is = |region: RegionId| carrier.ground.regions[region].is.as_deref().unwrap_or("*");
    let (from, to) = (is(key.at), key.to.map_or("*", is));
    // An address paid by bandwidth has dearer or cheaper first steps, and one price for each further Mbit/s.
    let by_day = key.item == STEPPED;
    let days = if by_day { carrier.books.eip_bandwidth(from) } else { None };
    let (row, steps) = match days {
        Some((steps, further)) => (Some(further), steps),
        None if by_day => (None, Vec::new()),
        None => (carrier.books.price(&key.item, from, to), Vec::new()),
    };
    let user = scenario.prices.rows.get(if by_day { FURTHER } else { key.item.as_str() });
    // The reader's own price is for each Mbit/s alike.
    let steps = if user.is_some() { Vec::new() } else { steps };
    let price = user.map_or_else(
        || row.and_then(PriceRange::of),
        |price| Some(PriceRange { low: price.amount, mid: price.amount, high: price.amount }),
    );
    let item = match row {
        _ if by_day => "EIP by bandwidth".to_owned(),
        Some(row) => row.name.clone(),
        None => key.item.clone(),
    };
    if price.is_none() {
        unknown.insert(format!("{item} ({})", key.item));
    }
    let status = match (user, row) {
        (Some(_), _) => PriceStatus::User,
        (None, Some(row)) if price.is_some() => row.status.into(),
        _ => PriceStatus::NotFound,
    };
    let name = |region: RegionId| carrier.region(region);
    let place = key.to.map_or_else(|| name(key.at).to_owned(), |to| format!("{} -> {}", name(key.at), name(to)));
    Charge {
        product: key.product,
        item,
        scope: if key.thing.is_empty() { place } else { format!("{place}, {}", key.thing) },
        payer: key.payer,
        basis: basis(carrier, &key.item, line, &steps),
        price,
        unit: row.map_or_else(String::new, |row| row.unit.clone()),
        gigabyte: row.and_then(|row| row.gigabyte_bytes).unwrap_or(GIGABYTE),
        status,
        source: match user {
            Some(_) => "the scenario".into(),
            None => row.map_or_else(String::new, |row| row.source.clone()),
        },
        as_of: if user.is_some() { String::new() } else { row.map_or_else(String::new, |row| row.as_of.clone()) },
    }
}

fn basis(carrier: &Carrier<'_>, item: &str, line: Line, steps: &[&PriceRow]) -> Basis {
    let mbps: f64 = line.mbps.values().sum();
    if line.by_day {
        let first = steps.iter().copied().filter_map(PriceRange::of).collect();
        return Basis::MbpsDays { mbps: mbps.ceil() as u32, first };
    }
    if !line.mbps.is_empty() {
        return Basis::Mbps(mbps);
    }
    if !line.hours.is_empty() {
        return Basis::Hours(line.hours.values().sum());
    }
    match carrier.books.capacity_unit(item, "tcp") {
        Some(unit) => Basis::Lcu {
            taps: line.taps,
            gateway: line.gateway.unwrap_or(GatewayId::NONE),
            new_per_second: unit.new_per_second,
            open: unit.open,
            gigabytes_per_hour: unit.gigabytes_per_hour,
        },
        None => Basis::Bytes(line.taps),
    }
}
