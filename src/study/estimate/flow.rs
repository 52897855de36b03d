//! Where calls go and how long they take where nothing queues: shares by weight, visits by the program.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::program::{self, Mean, Time};
use crate::table::Id;
use crate::world::{
    Caller, EdgeId, Endpoint, EndpointId, GatewayId, HostTarget, Leg, Operation, OperationId, Path, PathId, PathRates,
    PlaceId, Proxy, StreamId, World,
};

/// What one request per second of a stream sets going, per second.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Traffic {
    /// Calls by path.
    pub(super) calls: Vec<f64>,
    /// Connections opened by path: where a pool closes them after so many requests.
    pub(super) opened: Vec<f64>,
    /// Bytes towards the server by path.
    pub(super) forward: Vec<f64>,
    /// Bytes towards the client by path.
    pub(super) back: Vec<f64>,
    /// Worker-seconds by replica.
    pub(super) busy: Vec<f64>,
    /// Open requests by replica: visits times the time that each stays (Little).
    pub(super) open: Vec<f64>,
    /// Calls sent or received by proxy.
    pub(super) proxied: Vec<f64>,
}

impl Traffic {
    fn none(world: &World) -> Traffic {
        let paths = world.paths.len();
        Traffic {
            calls: vec![0.0; paths],
            opened: vec![0.0; paths],
            forward: vec![0.0; paths],
            back: vec![0.0; paths],
            busy: vec![0.0; world.endpoints.len()],
            open: vec![0.0; world.endpoints.len()],
            proxied: vec![0.0; world.proxies.len()],
        }
    }

    /// What goes over a path.
    pub(super) fn rates(&self, path: PathId) -> PathRates {
        let of = |column: &[f64]| column[path.index()];
        let (calls, opened) = (of(&self.calls), of(&self.opened));
        PathRates { calls, opened, forward: of(&self.forward), back: of(&self.back) }
    }

    /// The sum of these, each at its rate.
    pub(super) fn at(world: &World, streams: &[Traffic], rates: &[f64]) -> Traffic {
        let mut sum = Traffic::none(world);
        for (traffic, &rate) in streams.iter().zip(rates) {
            let columns: [(&mut Vec<f64>, &Vec<f64>); 7] = [
                (&mut sum.calls, &traffic.calls),
                (&mut sum.opened, &traffic.opened),
                (&mut sum.forward, &traffic.forward),
                (&mut sum.back, &traffic.back),
                (&mut sum.busy, &traffic.busy),
                (&mut sum.open, &traffic.open),
                (&mut sum.proxied, &traffic.proxied),
            ];
            for (into, from) in columns {
                into.iter_mut().zip(from).for_each(|(into, from)| *into += from * rate);
            }
        }
        // What always flows, with an acknowledgement of 40 bytes for every two segments of 1500.
        for flow in &world.flows {
            let bytes = flow.rate.0 as f64 / 8.0;
            sum.forward[flow.path.index()] += bytes;
            sum.back[flow.path.index()] += bytes * 40.0 / 3_000.0;
        }
        sum
    }
}

/// A world with what its operations do on average.
pub(super) struct Flow<'a> {
    world: &'a World,
    /// By operation.
    means: Vec<Mean>,
    /// Operations, callers before callees.
    order: Vec<OperationId>,
    /// By replica: which of its service it is.
    number: Vec<u32>,
    /// Seconds from a request's arrival at a replica to its answer, by operation and place.
    served: RefCell<BTreeMap<(OperationId, PlaceId), Time>>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(world: &'a World) -> Flow<'a> {
        let means: Vec<Mean> = world
            .operations
            .rows()
            .iter()
            .map(|operation| program::mean(world, operation.start, &|_| Time::default()))
            .collect();
        let mut order = Vec::new();
        let mut placed = vec![false; means.len()];
        for operation in world.operations.ids() {
            callees_first(world, &means, operation, &mut placed, &mut order);
        }
        order.reverse();
        let mut number = vec![0; world.endpoints.len()];
        for service in world.services.rows() {
            service.endpoints.iter().zip(0..).for_each(|(id, at)| number[id.index()] = at);
        }
        Flow { world, means, order, number, served: RefCell::new(BTreeMap::new()) }
    }

    /// The hosts that a healthy proxy at `place` uses for `edge`, with their shares: the first priority, by locality and weight;
    /// behind a gateway, each replica evenly.
    pub(super) fn shares(&self, edge: EdgeId, place: PlaceId) -> Vec<(EndpointId, PathId, f64)> {
        let set = self.world.host_set(edge, place);
        assert!(!set.is_none(), "a proxy that calls has a host set");
        let set = &self.world.host_sets[set];
        let weighed = set.shares(self.world.policies[self.world.edges[edge].policy].balance);
        let mut shares = Vec::new();
        for (host, share) in set.hosts.iter().zip(weighed).filter(|(_, share)| *share > 0.0) {
            match &host.target {
                HostTarget::Endpoint(endpoint, path) => shares.push((*endpoint, *path, share)),
                HostTarget::Gateway(_, behind) => {
                    shares.extend(behind.iter().map(|&(e, p)| (e, p, share / behind.len() as f64)));
                }
            }
        }
        shares
    }

    /// What one request per second of a stream sets going.
    pub(super) fn traffic(&self, stream: StreamId) -> Traffic {
        let world = self.world;
        let stream = &world.streams[stream];
        let mut traffic = Traffic::none(world);
        // By operation and replica of its service: of all replicas it would be their product.
        let replicas = |operation: &Operation| world.services[operation.service].endpoints.len();
        let mut visits: Vec<Vec<f64>> =
            world.operations.rows().iter().map(|operation| vec![0.0; replicas(operation)]).collect();
        for &entry in &stream.entries {
            let share = 1.0 / stream.entries.len() as f64;
            traffic.proxied[entry.index()] += share;
            for &(operation, part) in &stream.mix {
                let rate = share * part.get();
                self.send(stream.edge, world.proxies[entry].place, operation, rate, &mut traffic, &mut visits);
            }
        }
        for &operation in &self.order {
            let mean = &self.means[operation.index()];
            let calls: f64 = mean.calls.values().sum();
            let mut at_place: BTreeMap<PlaceId, f64> = BTreeMap::new();
            let service = &world.services[world.operations[operation].service];
            for (number, &id) in service.endpoints.iter().enumerate() {
                let endpoint = &world.endpoints[id];
                let visited = visits[operation.index()][number];
                if visited > 0.0 {
                    traffic.busy[id.index()] += visited * mean.work;
                    traffic.open[id.index()] += visited * self.served(operation, endpoint.place).all;
                    traffic.proxied[endpoint.proxy.index()] += visited * calls;
                    *at_place.entry(endpoint.place).or_default() += visited;
                }
            }
            for (&site, &times) in &mean.calls {
                let site = world.call_sites[site as usize];
                for (&place, &visited) in &at_place {
                    self.send(site.edge, place, site.operation, visited * times, &mut traffic, &mut visits);
                }
            }
        }
        traffic
    }

    /// Calls that one request of a stream makes, itself included, and the seconds of work in them.
    pub(super) fn calls_and_work(&self, stream: StreamId) -> (f64, f64) {
        let mut visits = vec![0.0; self.means.len()];
        for &(operation, part) in &self.world.streams[stream].mix {
            visits[operation.index()] += part.get();
        }
        for &operation in &self.order {
            let visited = visits[operation.index()];
            for (&site, &times) in &self.means[operation.index()].calls {
                visits[self.world.call_sites[site as usize].operation.index()] += visited * times;
            }
        }
        let work = visits.iter().zip(&self.means).map(|(visited, mean)| visited * mean.work).sum();
        (visits.iter().sum(), work)
    }

    fn send(
        &self,
        edge: EdgeId,
        place: PlaceId,
        operation: OperationId,
        rate: f64,
        traffic: &mut Traffic,
        visits: &mut [Vec<f64>],
    ) {
        let called = &self.world.operations[operation];
        let opened = self.world.opened_per_call(edge);
        for (endpoint, path, share) in self.shares(edge, place) {
            let calls = rate * share;
            traffic.calls[path.index()] += calls;
            traffic.opened[path.index()] += calls * opened;
            traffic.forward[path.index()] += calls * (called.request_wire.0 + called.response_acks.0) as f64;
            traffic.back[path.index()] += calls * (called.response_wire.0 + called.request_acks.0) as f64;
            traffic.proxied[self.world.endpoints[endpoint].proxy.index()] += calls;
            visits[operation.index()][self.number[endpoint.index()] as usize] += calls;
        }
    }

    /// Seconds that a call takes on average where nothing queues, from the client proxy's first touch to its last, those that the server
    /// spends on calls of its own included.
    pub(super) fn call(&self, edge: EdgeId, client: &Proxy, operation: OperationId) -> Time {
        let world = self.world;
        let mut time = Time { all: proxy_time(client), network: 0.0 };
        for (endpoint, path, share) in self.shares(edge, client.place) {
            let Endpoint { place, proxy, .. } = world.endpoints[endpoint];
            let path = &world.paths[path];
            let travel = (path.floor + path.floor_back).seconds();
            let there = travel + gateway_time(world, path, operation) + proxy_time(&world.proxies[proxy]);
            time.add(Time { all: there, network: travel }, share);
            time.add(self.served(operation, place), share);
        }
        time
    }

    /// Seconds from a request's arrival at a replica at `place` to its answer, where nothing queues.
    fn served(&self, operation: OperationId, place: PlaceId) -> Time {
        if let Some(&known) = self.served.borrow().get(&(operation, place)) {
            return known;
        }
        let world = self.world;
        let service = world.operations[operation].service;
        let replica =
            world.services[service].endpoints.iter().map(|&id| &world.endpoints[id]).find(|e| e.place == place);
        let client = &world.proxies[replica.expect("a request is served where a replica stands").proxy];
        let time_of = |site: u32| {
            let site = world.call_sites[site as usize];
            self.call(site.edge, client, site.operation)
        };
        let time = program::mean(world, world.operations[operation].start, &time_of).time;
        self.served.borrow_mut().insert((operation, place), time);
        time
    }

    /// Connections that stay open on each path: one for each proxy and host that it may call, shared evenly behind gateways.
    pub(super) fn open_connections(&self) -> Vec<u64> {
        let world = self.world;
        let mut open = vec![0.0; world.paths.len()];
        for (id, edge) in world.edges.iter() {
            for proxy in self.clients(edge.from) {
                let set = world.host_set(id, proxy.place);
                if set.is_none() {
                    continue;
                }
                for host in world.host_sets[set].hosts.iter() {
                    match &host.target {
                        HostTarget::Endpoint(_, path) => open[path.index()] += 1.0,
                        HostTarget::Gateway(_, behind) => {
                            behind.iter().for_each(|(_, path)| open[path.index()] += 1.0 / behind.len() as f64);
                        }
                    }
                }
            }
        }
        open.into_iter().map(|connections: f64| connections.round() as u64).collect()
    }

    fn clients(&self, caller: Caller) -> Vec<&'a Proxy> {
        let world = self.world;
        match caller {
            Caller::Service(service) => {
                let of = |&id: &EndpointId| &world.proxies[world.endpoints[id].proxy];
                world.services[service].endpoints.iter().map(of).collect()
            }
            Caller::Stream(stream) => world.streams[stream].entries.iter().map(|&id| &world.proxies[id]).collect(),
        }
    }
}

/// A proxy's own time for a call: its CPU and its fixed delay.
fn proxy_time(proxy: &Proxy) -> f64 {
    if proxy.station.is_none() { proxy.delay.seconds() } else { (proxy.cpu + proxy.delay).seconds() }
}

/// CPU time of the gateways that a call passes, there and back.
fn gateway_time(world: &World, path: &Path, operation: OperationId) -> f64 {
    let called = &world.operations[operation];
    let over = |legs: &[Leg], bytes: u64| -> f64 {
        let gateways = legs.iter().filter_map(|leg| if let Leg::Gateway(id) = leg { Some(*id) } else { None });
        gateways.map(|id: GatewayId| world.gateways[id].cpu_per_kib.seconds() * bytes as f64 / 1024.0).sum()
    };
    let seen = path.legs.iter().filter_map(|leg| if let Leg::Gateway(id) = leg { Some(*id) } else { None });
    let requests: f64 = seen.map(|id| world.gateways[id].cpu_per_request.seconds()).sum();
    requests + over(&path.legs, called.request_wire.0) + over(&path.back, called.response_wire.0)
}

fn callees_first(world: &World, means: &[Mean], at: OperationId, placed: &mut [bool], order: &mut Vec<OperationId>) {
    if std::mem::replace(&mut placed[at.index()], true) {
        return;
    }
    for &site in means[at.index()].calls.keys() {
        callees_first(world, means, world.call_sites[site as usize].operation, placed, order);
    }
    order.push(at);
}
