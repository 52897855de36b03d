//! Where calls go and how long they take where nothing queues: shares by weight, visits by the program.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::leaning;
use super::program::{self, Mean, Time};
use crate::bill::MONTH_HOURS;
use crate::table::Id;
use crate::world::{
    self, ACKS, Caller, EdgeId, Endpoint, EndpointId, GatewayId, HostTarget, Leads, Leg, OperationId, Path, PathId,
    PathRates, PlaceId, Proxy, StreamId, World,
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
    pub(super) fn of_streams(world: &World, streams: &[Traffic], rates: &[f64]) -> Traffic {
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
        sum
    }

    /// The same and what flows beside it: in the mean of a month.
    pub(super) fn at(world: &World, streams: &[Traffic], rates: &[f64]) -> Traffic {
        let mean = |flow: &world::Flow| {
            let (part, whole) = flow.part_of(MONTH_NS);
            flow.rate.0 as f64 * (part as f64 / whole as f64) / MONTH_NS as f64
        };
        Traffic::of_streams(world, streams, rates).beside(world, &mean)
    }

    /// The same with all flows at once.
    pub(super) fn at_peak(world: &World, streams: &[Traffic], rates: &[f64]) -> Traffic {
        Traffic::of_streams(world, streams, rates).beside(world, &|flow| flow.rate.0 as f64)
    }

    /// With flows of so many bits a second, and an acknowledgement of 40 bytes for every two segments of 1500.
    fn beside(mut self, world: &World, rate: &dyn Fn(&world::Flow) -> f64) -> Traffic {
        for flow in &world.flows {
            let bytes = rate(flow) / 8.0;
            self.forward[flow.path.index()] += bytes;
            self.back[flow.path.index()] += bytes * ACKS.0 as f64 / ACKS.1 as f64;
        }
        self
    }
}

/// A month, nanoseconds.
const MONTH_NS: i128 = MONTH_HOURS * 3_600_000_000_000;

/// A world with what its operations do on average.
pub(super) struct Flow<'a> {
    pub(super) world: &'a World,
    /// By operation and version of its service.
    means: Vec<Vec<Mean>>,
    /// Operations, callers before callees.
    order: Vec<OperationId>,
    /// By replica: which of its service it is.
    number: Vec<u32>,
    /// By edge and caller's place, where least request spares slow hosts: the share of each host.
    leaning: BTreeMap<(EdgeId, PlaceId), Vec<f64>>,
    /// Seconds from a request's arrival at a replica to its answer, by operation, place, version and what it carries.
    served: RefCell<BTreeMap<(OperationId, PlaceId, u16, u16), Time>>,
    /// Calls as they are spread, while somebody counts them.
    asked: RefCell<Option<Asked>>,
}

/// Calls by edge and caller's place, and by operation and what they carry.
pub(super) type Asked = BTreeMap<(EdgeId, PlaceId, OperationId, u16), f64>;

/// Visits by operation, by what calls carry, and by replica of the operation's service; no row: none.
type Visits = Vec<Vec<Vec<f64>>>;

impl<'a> Flow<'a> {
    /// With hosts weighed by how long they take, where least request does so.
    pub(super) fn new(world: &'a World) -> Flow<'a> {
        leaning::settled(Flow::plain(world))
    }

    fn plain(world: &'a World) -> Flow<'a> {
        let means: Vec<Vec<Mean>> = world
            .operations
            .rows()
            .iter()
            .map(|operation| {
                let versions = operation.variants.len().max(1) as u16;
                let mean = |version| program::mean(world, operation.start_of(version), &|_| Time::default());
                (0..versions).map(mean).collect()
            })
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
        Flow {
            world,
            means,
            order,
            number,
            leaning: BTreeMap::new(),
            served: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    /// The hosts that a healthy proxy at `place` uses for `edge`, with their shares: the first priority, by locality and weight;
    /// behind a gateway, each replica evenly.
    pub(super) fn shares(&self, edge: EdgeId, place: PlaceId) -> Vec<(EndpointId, PathId, f64)> {
        let set = self.world.host_set(edge, place);
        assert!(!set.is_none(), "a proxy that calls has a host set");
        let set = &self.world.host_sets[set];
        let leaning = self.leaning.get(&(edge, place)).cloned();
        let plain = || set.shares(self.world.policies[self.world.edges[edge].policy].balance);
        let weighed = leaning.unwrap_or_else(plain);
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

    /// The calls that streams at these rates make.
    pub(super) fn asked(&self, rates: &[f64]) -> Asked {
        let mut asked = Asked::new();
        for (stream, rate) in self.world.streams.ids().zip(rates) {
            *self.asked.borrow_mut() = Some(Asked::new());
            self.traffic(stream);
            let of = self.asked.take().unwrap_or_default();
            of.into_iter().for_each(|(call, times)| *asked.entry(call).or_default() += times * rate);
        }
        asked
    }

    /// From now on hosts have these shares.
    pub(super) fn lean(&mut self, shares: BTreeMap<(EdgeId, PlaceId), Vec<f64>>) {
        self.leaning = shares;
        self.served.borrow_mut().clear();
    }

    /// What one request per second of a stream sets going.
    pub(super) fn traffic(&self, stream: StreamId) -> Traffic {
        let world = self.world;
        let carried = world.carries(stream);
        let stream = &world.streams[stream];
        let mut traffic = Traffic::none(world);
        let contexts = world.routing.contexts.len().max(1);
        let mut visits: Visits = vec![vec![Vec::new(); contexts]; world.operations.len()];
        for (entry, share, _) in world.ways_in(stream) {
            traffic.proxied[entry.index()] += share;
            let place = world.proxies[entry].place;
            for &(operation, part) in &stream.mix {
                for &(context, of) in &carried {
                    let from = (place, 0, context);
                    self.send(stream.edge, from, operation, share * part.get() * of, &mut traffic, &mut visits);
                }
            }
        }
        for &operation in &self.order {
            let service = &world.services[world.operations[operation].service];
            for context in 0..contexts {
                let visited = std::mem::take(&mut visits[operation.index()][context]);
                let mut at: BTreeMap<(PlaceId, u16), f64> = BTreeMap::new();
                for (&id, &visited) in service.endpoints.iter().zip(&visited) {
                    let endpoint = &world.endpoints[id];
                    if visited > 0.0 {
                        let version = endpoint.version;
                        let mean = self.mean(operation, version);
                        let served = self.served(operation, endpoint.place, version, context as u16);
                        traffic.busy[id.index()] += visited * mean.work;
                        traffic.open[id.index()] += visited * served.all;
                        traffic.proxied[endpoint.proxy.index()] += visited * mean.calls.values().sum::<f64>();
                        *at.entry((endpoint.place, version)).or_default() += visited;
                    }
                }
                let context = world.mapped(service.forwards, context as u16);
                for (&(place, version), &visited) in &at {
                    for (&site, &times) in &self.mean(operation, version).calls {
                        let site = world.call_sites[site as usize];
                        let from = (place, version, context);
                        self.send(site.edge, from, site.operation, visited * times, &mut traffic, &mut visits);
                    }
                }
            }
        }
        traffic
    }

    /// One run of an operation at a replica of a version.
    fn mean(&self, operation: OperationId, version: u16) -> &Mean {
        let of = &self.means[operation.index()];
        of.get(usize::from(version)).unwrap_or(&of[0])
    }

    /// Calls that one request of a stream makes, itself included, and the seconds of work in them.
    pub(super) fn calls_and_work(&self, stream: StreamId) -> (f64, f64) {
        let traffic = self.traffic(stream);
        (traffic.calls.iter().sum(), traffic.busy.iter().sum())
    }

    fn send(
        &self,
        edge: EdgeId,
        (place, version, context): (PlaceId, u16, u16),
        operation: OperationId,
        rate: f64,
        traffic: &mut Traffic,
        visits: &mut Visits,
    ) {
        let leads = self.world.leads(edge, version, operation, context);
        for lead in leads.iter().filter(|lead| !lead.edge.is_none()) {
            self.spread(lead, place, rate * lead.share, traffic, visits);
        }
    }

    fn spread(&self, lead: &Leads, place: PlaceId, rate: f64, traffic: &mut Traffic, visits: &mut Visits) {
        let Leads { edge, operation, context, .. } = *lead;
        let called = &self.world.operations[operation];
        let opened = self.world.opened_per_call(edge);
        if let Some(asked) = self.asked.borrow_mut().as_mut() {
            *asked.entry((edge, place, operation, context)).or_default() += rate;
        }
        let visits = &mut visits[operation.index()][usize::from(context)];
        if visits.is_empty() {
            visits.resize(self.world.services[called.service].endpoints.len(), 0.0);
        }
        for (endpoint, path, share) in self.shares(edge, place) {
            let calls = rate * share;
            traffic.calls[path.index()] += calls;
            traffic.opened[path.index()] += calls * opened;
            traffic.forward[path.index()] += calls * (called.request_wire.0 + called.response_acks.0) as f64;
            traffic.back[path.index()] += calls * (called.response_wire.0 + called.request_acks.0) as f64;
            traffic.proxied[self.world.endpoints[endpoint].proxy.index()] += calls;
            visits[self.number[endpoint.index()] as usize] += calls;
        }
    }

    /// Seconds that a call takes on average where nothing queues, from the client proxy's first touch to its last, those that the server
    /// spends on calls of its own included.
    pub(super) fn call(
        &self,
        edge: EdgeId,
        client: &Proxy,
        version: u16,
        operation: OperationId,
        context: u16,
    ) -> Time {
        let world = self.world;
        let mut time = Time { all: proxy_time(client), network: 0.0 };
        let leads = world.leads(edge, version, operation, context);
        for lead in leads.iter().filter(|lead| !lead.edge.is_none() && !lead.mirror) {
            for (endpoint, path, share) in self.shares(lead.edge, client.place) {
                let (there, served) = self.answered(endpoint, path, lead.operation, lead.context);
                time.add(there, share * lead.share);
                time.add(served, share * lead.share);
            }
        }
        time
    }

    /// Seconds of the way to a replica and back, its proxy's included, and those that it serves.
    pub(super) fn answered(
        &self,
        endpoint: EndpointId,
        path: PathId,
        operation: OperationId,
        context: u16,
    ) -> (Time, Time) {
        let Endpoint { place, proxy, version, .. } = self.world.endpoints[endpoint];
        let path = &self.world.paths[path];
        let travel = (path.floor + path.floor_back).seconds();
        let there = travel + gateway_time(self.world, path, operation) + proxy_time(&self.world.proxies[proxy]);
        (Time { all: there, network: travel }, self.served(operation, place, version, context))
    }

    /// Seconds from a request's arrival at a replica at `place` to its answer, where nothing queues.
    fn served(&self, operation: OperationId, place: PlaceId, version: u16, context: u16) -> Time {
        if let Some(&known) = self.served.borrow().get(&(operation, place, version, context)) {
            return known;
        }
        let world = self.world;
        let service = world.operations[operation].service;
        let replica = world.services[service]
            .endpoints
            .iter()
            .map(|&id| &world.endpoints[id])
            .find(|e| (e.place, e.version) == (place, version));
        let sent = world.mapped(world.services[service].forwards, context);
        let client = &world.proxies[replica.expect("a request is served where a replica stands").proxy];
        let time_of = |site: u32| {
            let site = world.call_sites[site as usize];
            self.call(site.edge, client, version, site.operation, sent)
        };
        let time = program::mean(world, world.operations[operation].start_of(version), &time_of).time;
        self.served.borrow_mut().insert((operation, place, version, context), time);
        time
    }

    /// Connections that stay open on each path: one for each proxy and host that it may call, shared evenly behind gateways.
    pub(super) fn open_connections(&self) -> Vec<u64> {
        let world = self.world;
        let mut open = vec![0.0; world.paths.len()];
        for (id, edge) in world.edges.iter().filter(|(id, _)| world.is_taken(*id)) {
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

    pub(super) fn clients(&self, caller: Caller) -> Vec<&'a Proxy> {
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

fn callees_first(
    world: &World,
    means: &[Vec<Mean>],
    at: OperationId,
    placed: &mut [bool],
    order: &mut Vec<OperationId>,
) {
    if std::mem::replace(&mut placed[at.index()], true) {
        return;
    }
    for &site in means[at.index()].iter().flat_map(|mean| mean.calls.keys()) {
        let site = world.call_sites[site as usize];
        for called in world.may_lead(site.edge, site.operation) {
            callees_first(world, means, called, placed, order);
        }
    }
    order.push(at);
}
