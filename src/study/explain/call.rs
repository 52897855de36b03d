//! One call over one path, hop by hop: its time with nothing queueing, and what its bytes cost.

use super::units;
use crate::bill::Exact;
use crate::record::{BytePrice, CallSketch, HopSketch, OperationCost};
use crate::units::{Bytes, Duration, Money, significant};
use crate::world::{
    Basis, Caller, Charge, Direction, EdgeId, HostTarget, Leg, OperationId, Path, PathId, Proxy, World,
};

/// Calls in the price of a million.
const MILLION: i128 = 1_000_000;

/// A call of `edge` from the proxy `client` over `path`.
pub(super) fn sketch(world: &World, edge: EdgeId, client: &Proxy, path: PathId) -> CallSketch {
    let way = &world.paths[path];
    let operations = operations(world, edge);
    let hops = hops(world, edge, client, way, operations.first().copied());
    let total: Duration = hops.iter().map(|(_, _, span)| *span).sum();
    let cold = total + world.opening(path, [client, server(world, edge, way).unwrap_or(client)]);
    CallSketch {
        from: world.places[way.from].name.clone(),
        to: world.places[way.to].name.clone(),
        from_region: world.regions[world.places[way.from].region].clone(),
        to_region: world.regions[world.places[way.to].region].clone(),
        via: way.via.clone(),
        path: way.name.clone(),
        warm_ms: total.millis(),
        hops: hops.into_iter().map(|(phase, what, span)| hop(phase, what, span)).collect(),
        handshake_round_trips: way.handshake,
        cold_ms: cold.millis(),
        loss: loss(world, way),
        prices: world.charges.iter().filter_map(|charge| byte_price(charge, path)).collect(),
        operations: operations.into_iter().map(|operation| cost(world, operation, path)).collect(),
    }
}

fn hop(phase: &str, what: String, span: Duration) -> HopSketch {
    HopSketch { phase: phase.to_owned(), what, ms: span.millis() }
}

/// What is called over this edge, each operation once.
fn operations(world: &World, edge: EdgeId) -> Vec<OperationId> {
    let mut called = Vec::new();
    let (of, to) = (world.edges[edge].of, world.edges[edge].to);
    let written = if of.is_none() { edge } else { of };
    let all: Vec<OperationId> = match world.edges[edge].from {
        Caller::Stream(stream) => world.streams[stream].mix.iter().map(|&(operation, _)| operation).collect(),
        Caller::Service(_) => {
            world.call_sites.iter().filter(|site| site.edge == written).map(|site| site.operation).collect()
        }
    };
    // Rules may lead to another service's operations.
    let all = all.into_iter().flat_map(|operation| world.may_lead(written, operation));
    for operation in all.filter(|operation| world.operations[*operation].service == to) {
        if !called.contains(&operation) {
            called.push(operation);
        }
    }
    called
}

/// What a proxy adds to a call that it sends or receives, idle.
fn passing(proxy: &Proxy) -> Duration {
    if proxy.station.is_none() { proxy.delay } else { proxy.cpu + proxy.delay }
}

type Hop = (&'static str, String, Duration);

fn hops(world: &World, edge: EdgeId, client: &Proxy, way: &Path, operation: Option<OperationId>) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    let mut add = |phase, what: String, span: Duration| {
        if !span.is_zero() {
            hops.push((phase, what, span));
        }
    };
    let wire =
        |bytes: fn(&crate::world::Operation) -> Bytes| operation.map_or(Bytes(0), |id| bytes(&world.operations[id]));
    add("request", client.name.clone(), passing(client));
    for (what, span) in &way.hops {
        add("request", what.clone(), *span);
    }
    for (name, span) in relays(world, &way.legs, wire(|operation| operation.request_wire), true) {
        add("request", name, span);
    }
    let server = server(world, edge, way);
    add("request", server.map_or_else(String::new, |proxy| proxy.name.clone()), server.map_or(Duration::ZERO, passing));
    for (what, span) in &way.back_hops {
        add("response", what.clone(), *span);
    }
    for (name, span) in relays(world, &way.back, wire(|operation| operation.response_wire), false) {
        add("response", name, span);
    }
    let to = &world.services[world.edges[edge].to].name;
    let answers = hops.iter().position(|(phase, _, _)| *phase == "response").unwrap_or(hops.len());
    hops.insert(answers, ("service", format!("{to} answers; its own work comes on top"), Duration::ZERO));
    hops
}

/// CPU of the gateways on the way, for a message of these bytes; a request is looked at where they see requests.
fn relays(world: &World, legs: &[Leg], bytes: Bytes, request: bool) -> Vec<(String, Duration)> {
    let cpu = |leg: &Leg| match leg {
        Leg::Gateway(id) => {
            let gateway = &world.gateways[*id];
            let span = Duration::from_nanos((gateway.cpu_per_kib.nanos() * bytes.0).div_ceil(1024));
            let span = if request { span + gateway.cpu_per_request } else { span };
            Some((format!("gateway {}: CPU", gateway.name), span))
        }
        _ => None,
    };
    legs.iter().filter_map(cpu).collect()
}

/// The proxy of a replica of the called service at the far end of this way, or behind its gateway.
fn server<'a>(world: &'a World, edge: EdgeId, way: &Path) -> Option<&'a Proxy> {
    let endpoints = &world.services[world.edges[edge].to].endpoints;
    let at_end = endpoints.iter().map(|&id| &world.endpoints[id]).find(|endpoint| endpoint.place == way.to);
    let behind = || {
        let hosts = world.host_sets.rows().iter().flat_map(|set| set.hosts.iter());
        let mut ways =
            hosts.filter_map(|host| if let HostTarget::Gateway(_, ways) = &host.target { Some(ways) } else { None });
        ways.find_map(|ways| ways.iter().find(|(_, path)| std::ptr::eq(&world.paths[*path], way)))
            .map(|(endpoint, _)| &world.endpoints[*endpoint])
    };
    at_end.or_else(behind).map(|endpoint| &world.proxies[endpoint.proxy])
}

/// Chance that a packet is lost on the request's way: least and greatest over the hours of the day.
fn loss(world: &World, way: &Path) -> (f64, f64) {
    let by_hour = (0..24).map(|hour| {
        let passes = way.links.iter().map(|&id| world.links[id].loss.map_or(1.0, |loss| 1.0 - loss.mean_in(hour)));
        1.0 - passes.product::<f64>()
    });
    by_hour.fold((1.0, 0.0), |(least, most): (f64, f64), chance| (least.min(chance), most.max(chance)))
}

/// Does this charge count the bytes of `path`: of requests, of responses? Capacity units count by their bytes, the dimension
/// that decides for most calls; connections may make more of them.
fn counts(charge: &Charge, path: PathId) -> (bool, bool) {
    let taps = match &charge.basis {
        Basis::Bytes(taps) => taps,
        Basis::Lcu { taps, .. } if unit_gigabytes(charge).is_some() => taps,
        _ => return (false, false),
    };
    let taps = |direction| taps.iter().any(|tap| tap.path == path && tap.direction == direction);
    (taps(Direction::Forward), taps(Direction::Back))
}

/// Gigabytes an hour that a capacity unit holds, of a charge by such units that counts them.
fn unit_gigabytes(charge: &Charge) -> Option<f64> {
    let size = charge.tariff.capacity.as_ref().filter(|_| matches!(charge.basis, Basis::Lcu { .. }))?;
    Some(size.gigabytes_per_hour.value()).filter(|gigabytes| *gigabytes > 0.0)
}

/// Bytes that the price of one unit of a charge pays for.
pub(super) fn unit_bytes(charge: &Charge) -> i128 {
    let gigabytes = unit_gigabytes(charge).unwrap_or(1.0);
    ((charge.tariff.gigabyte as f64 * gigabytes).round() as i128).max(1)
}

pub(super) fn byte_price(charge: &Charge, path: PathId) -> Option<BytePrice> {
    let direction = match counts(charge, path) {
        (true, true) => "both",
        (true, false) => "request",
        (false, true) => "response",
        (false, false) => return None,
    };
    Some(BytePrice {
        product: charge.product.clone(),
        item: charge.name().to_owned(),
        scope: charge.scope.clone(),
        direction: direction.to_owned(),
        unit: match unit_gigabytes(charge) {
            Some(gigabytes) => format!("{} of {} GB", charge.tariff.unit, significant(gigabytes, 3)),
            None => charge.tariff.unit.clone(),
        },
        price: charge.price().map(|price| units(charge, price)),
        status: charge.tariff.status.word().to_owned(),
    })
}

fn cost(world: &World, operation: OperationId, path: PathId) -> OperationCost {
    let called = &world.operations[operation];
    let forward = called.request_wire + called.response_acks;
    let back = called.response_wire + called.request_acks;
    let mut sum = (Money::ZERO, Money::ZERO, Money::ZERO);
    for charge in &world.charges {
        let Some(price) = charge.price() else { continue };
        let (requests, responses) = counts(charge, path);
        let bytes = if requests { forward.0 } else { 0 } + if responses { back.0 } else { 0 };
        let units = &Exact::ratio(i128::from(bytes) * MILLION, unit_bytes(charge)) * &charge.tariff.paid();
        let line = |price: Money| (&Exact::whole(price.0) * &units).rounded();
        sum = (sum.0 + line(price.low), sum.1 + line(price.mid), sum.2 + line(price.high));
    }
    OperationCost {
        operation: called.name.clone(),
        forward_bytes: forward.0,
        back_bytes: back.0,
        per_million: (sum.0.units(), sum.1.units(), sum.2.units()),
    }
}
