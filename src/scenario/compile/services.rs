//! Services, their replicas over places, and the proxies beside them.

use super::ground::cluster_named;
use crate::connect::Carrier;
use crate::scenario::file::{Dataplane, ReplicaCount, Scenario, Tls};
use crate::scenario::span::Spanned;
use crate::topology::PlaceId;
use crate::units::Duration;
use crate::world::{
    Caller, ContextMapId, Endpoint, EndpointId, Proxy, ProxyId, Service, ServiceId, Station, StationId, World,
};

/// Services without operations and replicas, in the order of the file, so that ids are known.
pub(super) fn services(scenario: &Scenario, world: &mut World) {
    for (name, service) in &scenario.services {
        world.services.push(Service {
            rate_limit: scenario.mesh.rate_limit(name),
            name: name.clone(),
            workers: service.workers.value,
            threads: service.threads.map(|threads| threads.value),
            queue: service.queue.map(|queue| queue.value),
            discipline: service.discipline,
            operations: Vec::new(),
            endpoints: Vec::new(),
            vcpu: service.cpu,
            versions: Vec::new(),
            forwards: ContextMapId::NONE,
        });
    }
}

/// Replicas, each with its proxy, numbered within their cluster in the order of its zones.
pub(super) fn replicas(scenario: &Scenario, carrier: &Carrier<'_>, world: &mut World) {
    let ground = carrier.ground;
    for (at, service) in scenario.services.values().enumerate() {
        let id = ServiceId(at as u32);
        for replicas in &service.replicas {
            let cluster = cluster_named(ground, &replicas.cluster).expect("a replica's cluster was checked to exist");
            let places: Vec<PlaceId> =
                world.places.iter().filter(|(_, place)| place.cluster == cluster).map(|(id, _)| id).collect();
            let counts: Vec<u32> = match &replicas.count {
                // Round robin over the zones in their order: the first zones take the remainder.
                ReplicaCount::Spread(count) => {
                    let zones = places.len() as u32;
                    (0..zones).map(|zone| count / zones + u32::from(zone < count % zones)).collect()
                }
                ReplicaCount::Zones(counts) => {
                    let of_zone = |place: &PlaceId| {
                        let name = ground.zone_name(world.places[*place].zone);
                        counts.iter().filter(|(zone, _)| zone.value == name).map(|(_, count)| count).sum()
                    };
                    places.iter().map(of_zone).collect()
                }
            };
            let mut number = 0;
            for (place, count) in places.into_iter().zip(counts) {
                for _ in 0..count {
                    let name = format!("{}@{}#{number}", world.services[id].name, replicas.cluster.value);
                    number += 1;
                    replica(scenario, carrier, world, id, place, name);
                }
            }
        }
    }
}

fn replica(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &mut World,
    service: ServiceId,
    place: PlaceId,
    name: String,
) {
    let endpoint = EndpointId(world.endpoints.len() as u32);
    let proxy = proxy(scenario, carrier, world, format!("sidecar {name}"), place, endpoint);
    world.endpoints.push(Endpoint { service, place, name, proxy, version: 0 });
    world.services[service].endpoints.push(endpoint);
}

/// A proxy with its workers; without a data plane, or for an entry without cost, one that costs nothing.
pub(super) fn proxy(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &mut World,
    name: String,
    place: PlaceId,
    endpoint: EndpointId,
) -> ProxyId {
    if scenario.mesh.dataplane == Dataplane::None {
        return bare(world, name, place, endpoint);
    }
    let servers = scenario.mesh.concurrency.value;
    let station = world.stations.push(Station { name: name.clone(), servers, place });
    // What the scenario states is known; what it leaves to the book has the book's range.
    let cost = |said: Spanned<Duration>, key: &str| if said.span.is_none() { carrier.delay(key) } else { said.value };
    let (cpu, delay) = (cost(scenario.mesh.proxy.cpu, "sidecar.cpu"), cost(scenario.mesh.proxy.delay, "sidecar.delay"));
    let handshake = match (scenario.mesh.tls, scenario.mesh.tls_resumes) {
        (Tls::None, _) => Duration::ZERO,
        (_, false) => carrier.delay("sidecar.tls.full"),
        (_, true) => carrier.delay("sidecar.tls.resumed"),
    };
    world.proxies.push(Proxy { name, place, endpoint, station, cpu, delay, handshake, first_upstream: 0 })
}

/// A proxy that chooses hosts at no cost.
pub(super) fn bare(world: &mut World, name: String, place: PlaceId, endpoint: EndpointId) -> ProxyId {
    let station = StationId::NONE;
    let (cpu, delay, handshake) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    world.proxies.push(Proxy { name, place, endpoint, station, cpu, delay, handshake, first_upstream: 0 })
}

/// Gives each proxy a row for each upstream of its caller.
pub(super) fn upstreams(world: &mut World) {
    let (mut of_service, mut of_stream) = (vec![0; world.services.len()], vec![0; world.streams.len()]);
    for edge in world.edges.rows() {
        let rows: &mut u32 = match edge.from {
            Caller::Service(id) => &mut of_service[id.0 as usize],
            Caller::Stream(id) => &mut of_stream[id.0 as usize],
        };
        *rows = (edge.ordinal + 1).max(*rows);
    }
    let mut counts: Vec<u32> = world
        .proxies
        .rows()
        .iter()
        .map(|proxy| match world.endpoints.get(proxy.endpoint) {
            Some(endpoint) => of_service[endpoint.service.0 as usize],
            None => 0,
        })
        .collect();
    for (id, stream) in world.streams.iter() {
        for entry in &stream.entries {
            counts[entry.0 as usize] = of_stream[id.0 as usize];
        }
    }
    let mut next = 0;
    for ((_, proxy), count) in world.proxies.iter_mut().zip(counts) {
        proxy.first_upstream = next;
        next += count;
    }
}
