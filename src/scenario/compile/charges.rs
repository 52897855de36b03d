//! Fees of all paths gathered into the lines of the bill, with the rows of the price book that apply.

use std::collections::{BTreeMap, BTreeSet};

use crate::bill::{PriceStatus, Tariff, Terms};
use crate::connect::{Carrier, Count, Fee};
use crate::provider::Rule;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Dataplane, Scenario};
use crate::topology::{GatewayId, RegionId, VpcId};
use crate::world::{Basis, Charge, Direction, EndpointId, PathId, StationId, Tap, World};

/// CPU that Istio requests for each sidecar (`global.proxy.resources.requests.cpu: 100m`, istio 1.24 values.yaml).
const SIDECAR_VCPU: f64 = 0.1;
/// CPU that Istio requests for each ztunnel (`resources.requests.cpu: 200m`, istio 1.24 manifests/charts/ztunnel).
const ZTUNNEL_VCPU: f64 = 0.2;
/// A bandwidth plan joins two areas and is split over the pairs of regions between them.
const PLAN: &str = "cen.plan";

/// One line: what is charged, where, to whom.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    product: String,
    item: String,
    at: Spot,
    to: Option<Spot>,
    payer: String,
    /// Capacity units are counted for each thing by itself.
    thing: String,
}

/// A place as the book names it and as people do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Spot {
    /// Lines stand in the order of the scenario's regions.
    order: u32,
    /// `cn-hangzhou`, `china`; `*` where the scenario names no region of the book.
    book: String,
    /// The scenario's own name, or the area.
    shown: String,
}

impl Spot {
    fn region(carrier: &Carrier<'_>, region: RegionId) -> Spot {
        let book = carrier.ground.regions[region].is.clone().unwrap_or_else(|| "*".to_owned());
        Spot { order: region.0, book, shown: carrier.region(region).to_owned() }
    }

    /// The billing area around a region; the region itself where the book does not know it.
    fn area(carrier: &Carrier<'_>, region: RegionId) -> Spot {
        let spot = Spot::region(carrier, region);
        match carrier.books.region(&spot.book) {
            Some(known) => {
                let word = known.area.word().to_owned();
                Spot { order: known.area as u32, book: word.clone(), shown: word }
            }
            None => spot,
        }
    }
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
    pods: Option<(usize, f64)>,
    /// Is a rule by which it is charged an estimate?
    estimated: bool,
}

/// All charges of a world, in the order of product and item.
pub(super) fn charges(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &World,
    fees: Vec<(PathId, Fee)>,
    terms: &Terms,
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
    for fee in super::mesh_fees::fees(scenario, carrier, world, said) {
        add(&mut lines, carrier, PathId::NONE, fee);
    }
    let mut unknown = BTreeSet::new();
    let charges = lines.into_iter().map(|(key, line)| charge(terms, carrier, key, line, &mut unknown)).collect();
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
        Count::Capacity { thing, .. } | Count::MbpsDays { thing, .. } | Count::Pods { thing, .. } => thing.clone(),
        _ => String::new(),
    };
    let payer = carrier.ground.vpcs[fee.payer].owner.clone();
    for item in carrier.items(&fee) {
        let (at, to) = places(carrier, item.name, fee.at, item.to);
        let (product, payer, thing) = (fee.product.clone(), payer.clone(), thing.clone());
        let key = Key { product, item: item.name.to_owned(), at, to, payer, thing };
        let line = lines.entry(key).or_default();
        line.estimated |= item.estimated;
        gather(line, path, item.count);
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
        Count::Pods { scaler, units, .. } => line.pods = Some((scaler, units)),
        Count::Mbps { thing, rate } => {
            line.mbps.insert(thing, rate.mbps());
        }
        Count::MbpsDays { thing, rate } => {
            line.mbps.insert(thing, rate.mbps());
            line.by_day = true;
        }
    }
}

/// Where a fee's line stands.
fn places(carrier: &Carrier<'_>, item: &str, at: RegionId, to: Option<RegionId>) -> (Spot, Option<Spot>) {
    if item == PLAN {
        let area = |region| Spot::area(carrier, region);
        // Either way round it is the same plan.
        let (a, b) = (area(at), area(to.unwrap_or(at)));
        return if a <= b { (a, Some(b)) } else { (b, Some(a)) };
    }
    (Spot::region(carrier, at), to.map(|to| Spot::region(carrier, to)))
}

/// Replicas, sidecars, waypoints and ztunnels by vCPU.
fn compute(scenario: &Scenario, carrier: &Carrier<'_>, world: &World) -> Vec<Fee> {
    let mut fees = Vec::new();
    let ground = carrier.ground;
    let mut fee = |vpc: VpcId, count: Count| {
        let at = ground.region_of(vpc);
        fees.push(Fee { product: "compute".into(), rule: Rule::Vcpu, at, to: None, payer: vpc, count });
    };
    let sidecar = if scenario.mesh.dataplane == Dataplane::Sidecar { SIDECAR_VCPU } else { 0.0 };
    for (scaler, row) in world.autoscalers.iter().enumerate() {
        let vcpu = world.services[row.service].vcpu;
        if vcpu > 0.0 {
            fee(ground.vpc_of(row.cluster), Count::Pods { scaler, thing: row.name.clone(), units: vcpu + sidecar });
        }
    }
    let mut push = |vpc: VpcId, thing: String, units: f64| fee(vpc, Count::Hours { thing, units });
    let moving: BTreeSet<EndpointId> = world.autoscalers.iter().flat_map(|row| row.members.iter().copied()).collect();
    let mut nodes: BTreeSet<StationId> = BTreeSet::new();
    for (_, endpoint) in world.endpoints.iter().filter(|(id, _)| !moving.contains(id)) {
        let vpc = ground.vpc_of(world.places[endpoint.place].cluster);
        let vcpu = world.services[endpoint.service].vcpu;
        if vcpu > 0.0 {
            push(vpc, endpoint.name.clone(), vcpu);
            if scenario.mesh.dataplane == Dataplane::Sidecar {
                push(vpc, format!("sidecar {}", endpoint.name), SIDECAR_VCPU);
            }
            let proxy = &world.proxies[endpoint.proxy];
            if scenario.mesh.dataplane == Dataplane::Ambient
                && !scenario.mesh.ambient.waypoints.contains_key(&world.services[endpoint.service].name)
                && nodes.insert(proxy.station)
            {
                push(vpc, world.stations[proxy.station].name.clone(), ZTUNNEL_VCPU);
            }
        }
    }
    fees
}

fn charge(terms: &Terms, carrier: &Carrier<'_>, key: Key, line: Line, unknown: &mut BTreeSet<String>) -> Charge {
    let (from, to) = (key.at.book.as_str(), key.to.as_ref().map_or("*", |to| to.book.as_str()));
    let mut tariff = terms.tariff(carrier.books, &key.item, from, to).unwrap_or_else(|| Tariff {
        item: key.item.clone(),
        name: key.item.clone(),
        ..Tariff::default()
    });
    if tariff.tiers.iter().any(|tier| tier.price.is_none()) {
        unknown.insert(format!("{} ({})", tariff.name, key.item));
    }
    // A sourced price by a rule that is our own reading is an estimate of the line.
    if line.estimated && tariff.status == PriceStatus::Sourced {
        tariff.status = PriceStatus::Estimated;
    }
    let place = match &key.to {
        None => key.at.shown.clone(),
        Some(to) if key.item == PLAN => format!("{} - {}", key.at.shown, to.shown),
        Some(to) => format!("{} -> {}", key.at.shown, to.shown),
    };
    Charge {
        product: key.product,
        scope: if key.thing.is_empty() { place } else { format!("{place}, {}", key.thing) },
        payer: key.payer,
        at: key.at.book,
        basis: basis(&tariff, line),
        tariff,
    }
}

fn basis(tariff: &Tariff, line: Line) -> Basis {
    let mbps: f64 = line.mbps.values().sum();
    if line.by_day {
        return Basis::MbpsDays(mbps);
    }
    if !line.mbps.is_empty() {
        return Basis::Mbps(mbps);
    }
    if let Some((scaler, each)) = line.pods {
        return Basis::Pods { scaler, each };
    }
    if !line.hours.is_empty() {
        return Basis::Hours(line.hours.values().sum());
    }
    if tariff.capacity.is_some() {
        return Basis::Lcu { taps: line.taps, gateway: line.gateway.unwrap_or(GatewayId::NONE) };
    }
    Basis::Bytes(line.taps)
}
