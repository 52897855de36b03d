//! The yardstick mesh as a world for the machine: the same tree, the same stations, the same links; its own draws.
//!
//! Made by hand, because a scenario has no word yet for shares of 80, 10 and 10 % drawn anew for each call.

use eastwest::policy::{Balance, Policy, defaults};
use eastwest::random::Law;
use eastwest::units::{Bytes, Duration, Ratio};
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::*;

use crate::by_hand::{LINK_US, MEANS_MS, REGIONS, SERVERS};

/// Weights of the regions as seen from one: 80 % at home, 10 % in each other.
fn weight(from: usize, to: usize) -> u32 {
    if from == to { 8 } else { 1 }
}

/// About `requests` requests at 2 a millisecond in each region.
pub(crate) fn world(requests: u64) -> World {
    let mut world = World { variant: "yardstick".into(), ..World::default() };
    ground(&mut world);
    services(&mut world);
    traffic(&mut world);
    let horizon = Duration::from_seconds_f64(requests as f64 / 6000.0);
    world.plan = RunPlan { fill: Duration::ZERO, horizon, drain: Duration::from_secs(60) };
    world
}

fn ground(world: &mut World) {
    for name in ["zero", "one", "two"] {
        let region = world.regions.push(name.into());
        let zone = world.zones.push((region, "a".into()));
        let cluster = world.clusters.push(name.into());
        world.places.push(Place { region, zone, cluster, name: format!("{name}/a") });
    }
    for (row, delays) in LINK_US.iter().enumerate() {
        for (column, &delay) in delays.iter().enumerate() {
            let delay = Duration::from_micros(delay);
            world.links.push(Link { name: format!("{row} -> {column}"), delay, jitter: None, loss: None, cap: None });
        }
    }
    for from in 0..REGIONS {
        for to in 0..REGIONS {
            let (link, back) = (LinkId((from * REGIONS + to) as u32), LinkId((to * REGIONS + from) as u32));
            let floor = world.links[link].delay;
            world.paths.push(Path {
                from: PlaceId(from as u32),
                to: PlaceId(to as u32),
                name: world.links[link].name.clone(),
                legs: vec![Leg::Wait(floor)],
                back: vec![Leg::Wait(floor)],
                links: vec![link],
                back_links: vec![back],
                hops: vec![(world.links[link].name.clone(), floor)],
                back_hops: vec![(world.links[back].name.clone(), floor)],
                floor,
                floor_back: floor,
                handshake: 0,
                idle_limit: Duration::from_secs(3600),
                via: "network".into(),
            });
        }
    }
}

fn proxy(name: String, place: PlaceId, endpoint: EndpointId, first_upstream: u32) -> Proxy {
    let station = StationId::NONE;
    Proxy { name, place, endpoint, station, cpu: Duration::ZERO, delay: Duration::ZERO, first_upstream }
}

/// Calls of S0 .. S3, by service.
const CALLS: [&[u32]; 4] = [&[1, 2], &[3, 3], &[3, 3], &[]];

fn services(world: &mut World) {
    let policy = world.policies.push(Policy { retries: 0, balance: Balance::Random, ..defaults::policy((1, 24)) });
    for service in 0..4u32 {
        let start = world.program.len() as u32;
        let law = world.laws.push(Law::Exponential { mean: MEANS_MS[service as usize] * 1e-3 });
        world.program.push(Step::Work { law });
        let first = world.call_sites.len() as u32;
        let mut ordinal = 0;
        for (index, &callee) in CALLS[service as usize].iter().enumerate() {
            if index == 0 || CALLS[service as usize][index - 1] != callee {
                let (from, to) = (Caller::Service(ServiceId(service)), ServiceId(callee));
                world.edges.push(Edge { from, to, name: format!("s{service} -> s{callee}"), policy, ordinal });
                ordinal += 1;
            }
            let edge = EdgeId(world.edges.len() as u32 - 1);
            world.call_sites.push(CallSite { edge, operation: OperationId(callee) });
        }
        let count = CALLS[service as usize].len() as u32;
        if count > 0 {
            world.program.push(Step::Fork { first, count });
        }
        world.program.push(Step::End);
        let name = format!("s{service}");
        let operation = world.operations.push(Operation {
            name: name.clone(),
            service: ServiceId(service),
            start,
            request: Bytes(1024),
            response: Bytes(1024),
            request_wire: Bytes(1024),
            request_acks: Bytes(0),
            response_wire: Bytes(1024),
            response_acks: Bytes(0),
            priority: 0,
            errors: Ratio::ZERO,
        });
        let mut endpoints = Vec::new();
        for place in 0..REGIONS as u32 {
            let endpoint = EndpointId(world.endpoints.len() as u32);
            let sidecar = proxy(format!("{name}@{place}"), PlaceId(place), endpoint, REGIONS as u32 + endpoint.0 * 2);
            let proxy = world.proxies.push(sidecar);
            let service = ServiceId(service);
            endpoints.push(world.endpoints.push(Endpoint {
                service,
                place: PlaceId(place),
                name: name.clone(),
                proxy,
            }));
        }
        world.services.push(Service {
            name,
            workers: SERVERS[service as usize],
            threads: None,
            queue: None,
            discipline: Discipline::Fcfs,
            operations: vec![operation],
            endpoints,
            vcpu: 0.0,
        });
    }
}

fn host(service: u32, from: usize, to: usize, weight: u32) -> Host {
    let (endpoint, path) = (EndpointId(service * REGIONS as u32 + to as u32), PathId((from * REGIONS + to) as u32));
    Host { target: HostTarget::Endpoint(endpoint, path), weight, priority: 0 }
}

fn traffic(world: &mut World) {
    let service_edges = world.edges.len();
    for region in 0..REGIONS {
        let place = PlaceId(region as u32);
        let entry = world.proxies.push(proxy(format!("client {region}"), place, EndpointId::NONE, region as u32));
        let stream = StreamId(region as u32);
        let name = format!("clients of {region}");
        let edge = world.edges.push(Edge {
            from: Caller::Stream(stream),
            to: ServiceId(0),
            name: format!("{name} -> s0"),
            policy: PolicyId(0),
            ordinal: 0,
        });
        world.streams.push(Stream {
            name,
            edge,
            entries: vec![entry],
            mix: vec![(OperationId(0), Ratio::ONE)],
            arrivals: Arrivals::Open { gap: Law::Exponential { mean: 1.0 }, rate: Rate::constant(2000.0) },
            entry_detect: Duration::from_secs(20),
        });
    }
    for row in 0..world.edges.len() {
        let to = world.edges[EdgeId(row as u32)].to.0;
        for from in 0..REGIONS {
            let hosts = if row < service_edges {
                (0..REGIONS).map(|region| host(to, from, region, weight(from, region))).collect()
            } else if row - service_edges == from {
                vec![host(to, from, from, 1)]
            } else {
                world.host_set_of.push(HostSetId::NONE);
                continue;
            };
            let set = world.host_sets.push(HostSet { hosts, priorities: 1 });
            world.host_set_of.push(set);
        }
    }
}
