//! Services, their replicas over places, and the proxies beside them.

use std::collections::BTreeMap;

use super::ground::cluster_named;
use crate::connect::Carrier;
use crate::scenario::file::{Dataplane, ReplicaCount, Scenario, Tls, Ztunnel};
use crate::scenario::span::Spanned;
use crate::topology::PlaceId;
use crate::units::Duration;
use crate::world::{
    Caller, ContextMapId, Endpoint, EndpointId, Proxy, ProxyId, Service, ServiceId, Station, StationId, Version, World,
};

/// Services without operations and replicas, in the order of the file, so that ids are known.
pub(super) fn services(scenario: &Scenario, world: &mut World) {
    for (name, service) in &scenario.services {
        let id = world.services.push(Service {
            rate_limit: scenario.mesh.rate_limit(name),
            name: name.clone(),
            workers: service.workers.value,
            threads: service.threads.map(|threads| threads.value),
            queue: service.queue.map(|queue| queue.value),
            discipline: service.discipline,
            on_cancel: service.on_cancel,
            operations: Vec::new(),
            endpoints: Vec::new(),
            vcpu: service.cpu,
            versions: service
                .versions
                .iter()
                .map(|(name, version)| Version { name: name.clone(), labels: version.labels.clone() })
                .collect(),
            forwards: ContextMapId::NONE,
        });
        if !service.start_up.is_zero() {
            world.start_ups.insert(id, service.start_up);
        }
    }
}

/// Replicas, each with its proxy, numbered within their cluster in the order of its zones; where they `move`, room for
/// those that an autoscaler may start besides.
pub(super) fn replicas(scenario: &Scenario, carrier: &Carrier<'_>, moves: bool, world: &mut World) {
    let ground = carrier.ground;
    for (at, service) in scenario.services.values().enumerate() {
        let id = ServiceId(at as u32);
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        let mut groups: Vec<super::scaling::Group> = Vec::new();
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
            // Versions follow each other within a cluster.
            let number = numbers.entry(replicas.cluster.value.clone()).or_default();
            let first = world.endpoints.len() as u32;
            let zones = places.iter().copied().zip(counts.iter().copied());
            groups.push(super::scaling::Group::new(replicas, cluster, first, zones.collect()));
            for (place, count) in places.into_iter().zip(counts) {
                for _ in 0..count {
                    let name = format!("{}@{}#{number}", world.services[id].name, replicas.cluster.value);
                    *number += 1;
                    replica(scenario, carrier, world, (id, replicas.version as u16), place, name);
                }
            }
        }
        if let Some(rule) = service.autoscale.as_ref().filter(|_| moves) {
            for group in groups {
                let mut number = numbers[group.cluster_name.as_str()];
                let scaler = group.autoscaler(rule, id, world, |world, place, version| {
                    let name = format!("{}@{}#{number}", world.services[id].name, group.cluster_name);
                    number += 1;
                    replica(scenario, carrier, world, (id, version), place, name);
                });
                numbers.insert(group.cluster_name.clone(), number);
                world.autoscalers.extend(scaler);
            }
        }
    }
    if scenario.mesh.dataplane == Dataplane::Ambient {
        ztunnels(scenario, world);
    }
}

/// Ztunnels, one on each node: replicas of a place that are no waypoints are dealt over as few nodes as hold them.
fn ztunnels(scenario: &Scenario, world: &mut World) {
    let Ztunnel { workers, pods, .. } = scenario.mesh.ambient.ztunnel;
    for place in world.places.ids().collect::<Vec<_>>() {
        let captured = |endpoint: &Endpoint| {
            endpoint.place == place && !is_waypoint(scenario, &world.services[endpoint.service].name)
        };
        let here: Vec<ProxyId> =
            world.endpoints.rows().iter().filter(|row| captured(row)).map(|row| row.proxy).collect();
        let nodes = (here.len() as u32).div_ceil(pods);
        let name = |node: u32| format!("ztunnel {}#{node}", world.places[place].name);
        let stations: Vec<Station> =
            (0..nodes).map(|node| Station { name: name(node), servers: workers, place }).collect();
        let stations: Vec<StationId> = stations.into_iter().map(|station| world.stations.push(station)).collect();
        for (number, proxy) in here.into_iter().enumerate() {
            world.proxies[proxy].station = stations[number % stations.len()];
        }
    }
}

fn is_waypoint(scenario: &Scenario, service: &str) -> bool {
    scenario.mesh.ambient.waypoints.contains_key(service)
}

fn replica(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &mut World,
    (service, version): (ServiceId, u16),
    place: PlaceId,
    name: String,
) {
    let endpoint = EndpointId(world.endpoints.len() as u32);
    let proxy = match scenario.mesh.dataplane {
        Dataplane::Ambient => ambient(scenario, carrier, world, service, &name, place, endpoint),
        _ => proxy(scenario, carrier, world, format!("sidecar {name}"), place, endpoint),
    };
    world.endpoints.push(Endpoint { service, place, name, proxy, version });
    world.services[service].endpoints.push(endpoint);
}

/// What the book says where the scenario does not: what it states is known, what it leaves to the book has its range.
fn cost(carrier: &Carrier<'_>, said: Spanned<Duration>, key: &str) -> Duration {
    if said.span.is_none() { carrier.delay(key) } else { said.value }
}

/// A waypoint, or the ztunnel of a replica's node, which has its workers once all replicas of the node are known.
fn ambient(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &mut World,
    service: ServiceId,
    replica: &str,
    place: PlaceId,
    endpoint: EndpointId,
) -> ProxyId {
    let waypoint = scenario.mesh.ambient.waypoints.get(&world.services[service].name);
    let tls = |full| if scenario.mesh.tls_resumes { "sidecar.tls.resumed" } else { full };
    let handshake = |full| if scenario.mesh.tls == Tls::None { Duration::ZERO } else { carrier.delay(tls(full)) };
    let row = match waypoint {
        Some(waypoint) => {
            let name = format!("waypoint {replica}");
            let station = world.stations.push(Station { name: name.clone(), servers: waypoint.workers, place });
            // It pays once for what it receives, and once for what it sends.
            let half = |whole: Duration| Duration::from_nanos(whole.nanos() / 2);
            let cpu = half(cost(carrier, waypoint.cpu, "waypoint.cpu"));
            let delay = half(cost(carrier, waypoint.delay, "waypoint.delay"));
            let handshake = handshake("sidecar.tls.full");
            Proxy { name, place, endpoint, station, cpu, delay, handshake, first_upstream: 0 }
        }
        None => {
            let ztunnel = &scenario.mesh.ambient.ztunnel;
            let (cpu, delay) = (ztunnel.cpu, ztunnel.delay);
            let (cpu, delay) = (cost(carrier, cpu, "ztunnel.cpu"), cost(carrier, delay, "ztunnel.delay"));
            let (name, handshake) = (format!("ztunnel of {replica}"), handshake("ztunnel.tls"));
            Proxy { name, place, endpoint, station: StationId::NONE, cpu, delay, handshake, first_upstream: 0 }
        }
    };
    world.proxies.push(row)
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
    let said = &scenario.mesh.proxy;
    let (cpu, delay) = (cost(carrier, said.cpu, "sidecar.cpu"), cost(carrier, said.delay, "sidecar.delay"));
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
