//! Small worlds made by hand: one client place, one server place, a path between them.

use eastwest::policy::{Policy, defaults, readiness};
use eastwest::random::Law;
use eastwest::table::Table;
use eastwest::units::{BitsPerSec, Bytes, Duration, Ratio, SimTime};
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::*;

/// What a small world is made of.
pub(crate) struct Small {
    pub(crate) work: Law,
    pub(crate) workers: u32,
    pub(crate) threads: Option<u32>,
    pub(crate) queue: Option<u32>,
    pub(crate) discipline: Discipline,
    pub(crate) arrivals: Arrivals,
    pub(crate) one_way: Duration,
    pub(crate) handshake: u32,
    pub(crate) replicas: u32,
    pub(crate) policy: Policy,
    pub(crate) request: Bytes,
    pub(crate) response: Bytes,
    pub(crate) cap: Option<Cap>,
    pub(crate) horizon: Duration,
    pub(crate) fill: Duration,
    pub(crate) idle_limit: Duration,
    pub(crate) idle_silent: bool,
}

pub(crate) fn poisson(rate: f64) -> Arrivals {
    Arrivals::Open { gap: Law::Exponential { mean: 1.0 }, rate: Rate::constant(rate) }
}

pub(crate) fn every(rate: f64) -> Arrivals {
    Arrivals::Open { gap: Law::Constant(1.0), rate: Rate::constant(rate) }
}

impl Default for Small {
    fn default() -> Self {
        Small {
            work: Law::Constant(0.0),
            workers: u32::MAX,
            threads: None,
            queue: None,
            discipline: Discipline::Fcfs,
            arrivals: every(1.0),
            one_way: Duration::ZERO,
            handshake: 0,
            replicas: 1,
            policy: Policy { retries: 0, ..defaults::policy((1, 24)) },
            request: Bytes(1024),
            response: Bytes(1024),
            cap: None,
            horizon: Duration::from_secs(10),
            fill: Duration::ZERO,
            idle_limit: Duration::MAX,
            idle_silent: false,
        }
    }
}

impl Small {
    /// Users at `west/a` call `server`, whose replicas stand at `east/a`.
    pub(crate) fn world(self) -> World {
        let mut world = World { variant: "small".into(), ..World::default() };
        let west = world.regions.push("west".into());
        let east = world.regions.push("east".into());
        let zones = [world.zones.push((west, "a".into())), world.zones.push((east, "a".into()))];
        let clusters = [world.clusters.push("west".into()), world.clusters.push("east".into())];
        let place = |region, zone, cluster, name: &str| Place { region, zone, cluster, name: name.into() };
        let here = world.places.push(place(west, zones[0], clusters[0], "west/a"));
        let there = world.places.push(place(east, zones[1], clusters[1], "east/a"));
        let law = world.laws.push(self.work);
        let link = |name: &str, cap| Link { name: name.into(), delay: self.one_way, jitter: None, loss: None, cap };
        let out = world.links.push(link("west -> east", self.cap));
        let home = world.links.push(link("east -> west", None));
        let mut legs = vec![Leg::Wait(self.one_way)];
        if self.cap.is_some() {
            legs.insert(0, Leg::Cap(out));
        }
        let path = world.paths.push(Path {
            from: here,
            to: there,
            name: "west/a -> east/a".into(),
            legs,
            back: vec![Leg::Wait(self.one_way)],
            links: vec![out],
            back_links: vec![home],
            hops: vec![("west -> east".into(), self.one_way)],
            back_hops: vec![("east -> west".into(), self.one_way)],
            floor: self.one_way,
            floor_back: self.one_way,
            handshake: self.handshake,
            handshake_bytes: [Bytes(0); 2],
            idle_limit: self.idle_limit,
            idle_silent: self.idle_silent,
            via: "network".into(),
        });
        let service = ServiceId(0);
        let operation = world.operations.push(Operation {
            name: "server".into(),
            service,
            start: 0,
            request: self.request,
            response: self.response,
            request_wire: self.request,
            request_acks: Bytes(0),
            response_wire: self.response,
            response_acks: Bytes(0),
            priority: 0,
            errors: Vec::new(),
            variants: Vec::new(),
        });
        world.program = vec![Step::Work { law }, Step::End];
        let proxy = |name: String, place, endpoint, first_upstream| Proxy {
            name,
            place,
            endpoint,
            station: StationId::NONE,
            cpu: Duration::ZERO,
            delay: Duration::ZERO,
            handshake: Duration::ZERO,
            first_upstream,
        };
        let user = world.proxies.push(proxy("ingress west/a".into(), here, EndpointId::NONE, 0));
        for number in 0..self.replicas {
            let name = format!("server@east#{number}");
            let sidecar = world.proxies.push(proxy(format!("sidecar {name}"), there, EndpointId(number), 1));
            world.endpoints.push(Endpoint { service, place: there, name, proxy: sidecar, version: 0 });
        }
        world.services.push(Service {
            name: "server".into(),
            workers: self.workers,
            threads: self.threads,
            queue: self.queue,
            discipline: self.discipline,
            operations: vec![operation],
            endpoints: world.endpoints.ids().collect(),
            rate_limit: None,
            vcpu: 0.0,
            versions: Vec::new(),
            forwards: ContextMapId::NONE,
            on_cancel: OnCancel::Finish,
        });
        let policy = world.policies.push(self.policy);
        let edge = world.edges.push(Edge::written(Caller::Stream(StreamId(0)), service, "users -> server", policy, 0));
        let hosts = world.endpoints.ids().map(|endpoint| Host {
            target: HostTarget::Endpoint(endpoint, path),
            weight: 1,
            priority: 0,
            locality: 0,
        });
        let set = world.host_sets.push(HostSet { hosts: hosts.collect(), priorities: 1, ..HostSet::default() });
        world.host_set_of = vec![set, HostSetId::NONE];
        world.streams = Table::from(vec![Stream {
            name: "users".into(),
            edge,
            entries: vec![user],
            mix: vec![(operation, Ratio::ONE)],
            carried: Carried::default(),
            arrivals: self.arrivals,
            patience: None,
            entry_detect: Duration::from_secs(20),
            via: None,
            sessions: None,
        }]);
        world.plan = RunPlan { fill: self.fill, horizon: self.horizon, drain: Duration::from_secs(60) };
        world
    }
}

/// Users at `east/a` who send as those of `west/a` do, by a proxy of their own and over a way of their own: the stream and
/// the edge of number 1. `first_upstream` is the first row that no proxy of the world has.
pub(crate) fn second_client(world: &mut World, first_upstream: u32) {
    let first = world.proxies[ProxyId(0)].clone();
    let way = world.paths.push(world.paths[PathId(0)].clone());
    let place = PlaceId(1);
    let second = world.proxies.push(Proxy { name: "ingress east/a".into(), place, first_upstream, ..first });
    let mut stream = world.streams[StreamId(0)].clone();
    (stream.name, stream.entries, stream.edge) = ("others".into(), vec![second], EdgeId(1));
    world.streams.push(stream);
    let (from, name) = (Caller::Stream(StreamId(1)), "others -> server".into());
    world.edges.push(Edge { from, name, ..world.edges[EdgeId(0)].clone() });
    let hosts = world.endpoints.ids().map(|endpoint| Host {
        target: HostTarget::Endpoint(endpoint, way),
        weight: 1,
        priority: 0,
        locality: 0,
    });
    let set = world.host_sets.push(HostSet { hosts: hosts.collect(), priorities: 1, ..HostSet::default() });
    world.host_set_of.extend([HostSetId::NONE, set]);
}

/// A control plane beside each cluster, that watches all API servers, and a probe of every replica. Nothing on its ways.
pub(crate) fn multi_primary(world: &mut World) {
    let planes: Vec<PlaneId> = world
        .clusters
        .iter()
        .map(|(id, name)| {
            let place = world.places.iter().find(|(_, place)| place.cluster == id).expect("a cluster has a place").1;
            let (region, cluster) = (place.region, Some(id));
            let (push, push_max) = (readiness::PUSH, readiness::PUSH_MAX);
            world.control.planes.push(Plane { name: name.clone(), region, cluster, push, push_max })
        })
        .collect();
    let serves = |place: &Place| Serves { plane: planes[place.cluster.0 as usize], way: ControlWay::default() };
    world.control.serves = world.places.rows().iter().map(serves).collect();
    world.control.watches = vec![ControlWay::default(); planes.len() * world.clusters.len()];
    world.control.readiness = vec![Some(readiness::READINESS); world.services.len()];
    world.control.node_grace = readiness::NODE_GRACE;
    world.control.configures = true;
}

/// A named fault over a span of seconds that takes targets down.
pub(crate) fn down(world: &mut World, name: &str, from: u64, to: u64, targets: &[Target], manner: Manner) {
    hit(world, name, [from * 1_000, to * 1_000], targets, &[Effect::Down(manner)]);
}

/// A named fault over a span of milliseconds, whose effects happen to targets.
pub(crate) fn hit(world: &mut World, name: &str, span: [u64; 2], targets: &[Target], effects: &[Effect]) {
    let [start, end] = span.map(|at| SimTime::ZERO + Duration::from_millis(at));
    let recovery = Duration::from_secs(0);
    let spans = vec![(start.nanos() as i64, end.nanos() as i64)];
    let fault = world.faults.push(Fault { name: name.into(), hits: name.into(), spans, recovery });
    for &target in targets {
        for &effect in effects {
            world.changes.push(Change { at: start, fault, target, effect, begins: true });
            world.changes.push(Change { at: end, fault, target, effect, begins: false });
        }
    }
    world.changes.sort_by_key(|change| change.at);
}

pub(crate) fn police(mbps: u64, burst: u64) -> Option<Cap> {
    Some(Cap { rate: BitsPerSec(mbps * 1_000_000), past: PastCap::Police { burst: Bytes(burst) } })
}
