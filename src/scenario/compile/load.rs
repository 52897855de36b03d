//! Offered load against capacity, worked out from means before anything runs: who is busier than he can be, which cap is
//! below the bytes that it is offered, what share of calls leaves the region.

use std::collections::BTreeMap;

use super::flows::at_most;
use super::program::{Mean, graph};
use crate::connect::Board;
use crate::provider::Books;
use crate::random::Law;
use crate::scenario::file::Scenario;
use crate::scenario::{Diagnostic, Span};
use crate::topology::PlaceId;
use crate::topology::graph::Graph;
use crate::units::{Duration, significant};
use crate::workload::Arrivals;
use crate::world::{
    Caller, EdgeId, Endpoint, EndpointId, Gateway, GatewayId, HostSet, HostTarget, LinkId, OperationId, PathId,
    PathRates, World,
};

/// A user who goes round faster than this, in seconds, would ask for more than can be followed.
const ROUND_LEAST_S: f64 = 1e-6;

/// At which rates the streams are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Moment {
    /// Those of t = 0.
    Start,
    /// Each stream's highest of a run of this horizon.
    Peak(Duration),
}

/// What the open streams offer.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Load {
    /// Calls per second by operation, and there by the replica's place and version and what the call carries.
    arriving: Vec<BTreeMap<(PlaceId, u16, u16), f64>>,
    /// Work offered over workers, by service: the busiest place.
    pub busy: Vec<f64>,
    /// What goes over each path.
    paths: Vec<PathRates>,
    /// Calls per second by edge: all, and those that leave the caller's region.
    edges: Vec<(f64, f64)>,
}

impl Load {
    /// Follows the streams' calls through the host sets of the first priority.
    pub(super) fn new(world: &World, means: &[Mean], moment: Moment) -> Load {
        let mut load = Load {
            arriving: vec![BTreeMap::new(); world.operations.len()],
            busy: vec![0.0; world.services.len()],
            paths: vec![PathRates::default(); world.paths.len()],
            edges: vec![(0.0, 0.0); world.edges.len()],
        };
        for (id, stream) in world.streams.iter() {
            let Arrivals::Open { rate, .. } = &stream.arrivals else { continue };
            let carried = world.carries(id);
            let rate = match moment {
                Moment::Start => rate.points.first().map_or(0.0, |point| point.1),
                // What the run meets: a profile goes on after a short run's end.
                Moment::Peak(horizon) => {
                    let met = rate.points.iter().filter(|point| point.0 <= horizon);
                    met.map(|point| point.1).fold(rate.at(horizon), f64::max)
                }
            };
            for (entry, share_of, _) in world.ways_in(stream) {
                for (operation, share) in &stream.mix {
                    let rate = rate * share.get() * share_of;
                    for &(context, part) in &carried {
                        let from = (world.proxies[entry].place, 0, context);
                        load.call(world, stream.edge, from, *operation, rate * part);
                    }
                }
            }
        }
        for operation in callers_first(world, means) {
            let forwards = world.services[world.operations[operation].service].forwards;
            for ((place, version, context), rate) in load.arriving[operation.0 as usize].clone() {
                let context = world.mapped(forwards, context);
                for (site, times) in &means[operation.0 as usize].of(version).calls {
                    let site = world.call_sites[*site as usize];
                    load.call(world, site.edge, (place, version, context), site.operation, rate * times);
                }
            }
        }
        load.utilisation(world, means);
        load
    }

    /// Spreads calls to where rules lead them, of a caller's place and version and what they carry.
    fn call(&mut self, world: &World, edge: EdgeId, from: (PlaceId, u16, u16), operation: OperationId, rate: f64) {
        let (place, version, context) = from;
        for lead in world.leads(edge, version, operation, context) {
            if !lead.edge.is_none() {
                self.spread(world, lead.edge, place, (lead.operation, lead.context), rate * lead.share);
            }
        }
    }

    /// Spreads calls over the hosts of the first priority by locality and weight.
    fn spread(&mut self, world: &World, edge: EdgeId, from: PlaceId, operation: (OperationId, u16), rate: f64) {
        let Some(set) = host_set(world, edge, from) else { return };
        let shares = set.shares(world.policies[world.edges[edge].policy].balance);
        for (host, share) in set.hosts.iter().zip(shares).filter(|(_, share)| *share > 0.0) {
            let share = rate * share;
            match &host.target {
                HostTarget::Endpoint(endpoint, path) => {
                    self.arrive(world, edge, from, operation, *endpoint, *path, share);
                }
                HostTarget::Gateway(_, members) => {
                    for (endpoint, path) in members {
                        let share = share / members.len() as f64;
                        self.arrive(world, edge, from, operation, *endpoint, *path, share);
                    }
                }
            }
        }
    }

    fn arrive(
        &mut self,
        world: &World,
        edge: EdgeId,
        from: PlaceId,
        (operation, context): (OperationId, u16),
        endpoint: EndpointId,
        path: PathId,
        rate: f64,
    ) {
        let Endpoint { place: to, version, .. } = world.endpoints[endpoint];
        *self.arriving[operation.0 as usize].entry((to, version, context)).or_default() += rate;
        let op = &world.operations[operation];
        let over = &mut self.paths[path.0 as usize];
        over.calls += rate;
        over.opened += rate * world.opened_per_call(edge);
        over.forward += rate * (op.request_wire + op.response_acks).0 as f64;
        over.back += rate * (op.response_wire + op.request_acks).0 as f64;
        let calls = &mut self.edges[edge.0 as usize];
        calls.0 += rate;
        if world.places[from].region != world.places[to].region {
            calls.1 += rate;
        }
    }

    /// Calls per second over an edge.
    pub(super) fn calls(&self, edge: EdgeId) -> f64 {
        self.edges[edge.0 as usize].0
    }

    fn utilisation(&mut self, world: &World, means: &[Mean]) {
        for (id, service) in world.services.iter() {
            for place in world.places.ids() {
                let replicas = service.endpoints.iter().filter(|e| world.endpoints[**e].place == place).count();
                let work: f64 = service
                    .operations
                    .iter()
                    .flat_map(|op| self.arriving[op.0 as usize].iter().map(move |(at, rate)| (op, at, rate)))
                    .filter(|(_, at, _)| at.0 == place)
                    .map(|(op, at, rate)| rate * means[op.0 as usize].of(at.1).work)
                    .sum();
                let capacity = replicas as f64 * f64::from(service.workers);
                if capacity > 0.0 {
                    let busy = &mut self.busy[id.0 as usize];
                    *busy = busy.max(work / capacity);
                }
            }
        }
    }

    /// Bytes per second by link, both ways of all paths over it.
    fn offered(&self, world: &World) -> Vec<f64> {
        let mut offered = vec![0.0; world.links.len()];
        for (path, rates) in world.paths.rows().iter().zip(&self.paths) {
            let mut links: Vec<LinkId> = path.links.iter().chain(&path.back_links).copied().collect();
            links.sort_unstable();
            links.dedup();
            for link in links {
                let part = |way: &[LinkId], rate: f64| if way.contains(&link) { rate } else { 0.0 };
                offered[link.0 as usize] += part(&path.links, rates.forward) + part(&path.back_links, rates.back);
            }
        }
        offered
    }

    /// What is wrong with it.
    pub(super) fn complaints(&self, scenario: &Scenario, world: &World) -> Vec<Diagnostic> {
        let mut said = Vec::new();
        let steady = world.streams.rows().iter().all(|stream| match &stream.arrivals {
            Arrivals::Open { rate, .. } => rate.points.len() == 1,
            Arrivals::Closed { .. } => true,
        });
        let bounded = bounded(world);
        for (((id, service), busy), written) in world.services.iter().zip(&self.busy).zip(scenario.services.values()) {
            // What follows its load is told of elsewhere.
            if *busy < 1.0 || written.autoscale.is_some() {
                continue;
            }
            let what = format!("{} is offered {:.0} % of what it can do", service.name, busy * 100.0);
            // A peak that passes is a question worth asking; a queue that never ends is not.
            let bound = bounded[id.0 as usize];
            let endless = service.queue.is_none() && steady && !bound;
            let found = if endless { Diagnostic::error("EW350", what) } else { Diagnostic::warning("EW351", what) };
            let help = if endless {
                "its queue is unlimited and would grow for ever: add replicas or workers, or bound the queue"
            } else if service.queue.is_none() && bound {
                "its callers' threads bound its queue, and wait: add replicas or workers, or mean it"
            } else {
                "what its queue cannot hold is answered 503: add replicas or workers, or mean it"
            };
            let place = if written.workers.span.is_none() { written.span } else { written.workers.span };
            said.push(found.at(place, "workers of each replica").help(help));
        }
        said.extend(self.gateways(scenario, world, steady));
        let offered = self.offered(world);
        for (id, link) in world.links.iter() {
            let Some(cap) = link.cap else { continue };
            let mbps = offered[id.0 as usize] * 8.0 / 1e6 + at_most(world, id, scenario.run.horizon.value).mbps();
            if mbps > cap.rate.mbps() {
                said.push(
                    Diagnostic::warning(
                        "EW352",
                        format!(
                            "{} passes {} Mbit/s and is offered {} at the peak",
                            link.name,
                            told(cap.rate.mbps()),
                            told(mbps)
                        ),
                    )
                    .at(bought(scenario, &link.name), "bought here")
                    .help("buy more bandwidth, keep calls in their region, or mean it"),
                );
            }
        }
        said
    }

    /// Gateways that are offered more work than their CPUs can do. Their queues are unlimited; users who wait bound them.
    fn gateways(&self, scenario: &Scenario, world: &World, steady: bool) -> Vec<Diagnostic> {
        let open = world.streams.rows().iter().any(|stream| matches!(stream.arrivals, Arrivals::Open { .. }));
        let busy = world.gateway_busy(|path| self.paths[path.0 as usize]);
        let over = world.gateways.iter().zip(busy).filter(|(_, busy)| *busy >= 1.0);
        let say = |((_, gateway), busy): ((GatewayId, &Gateway), f64)| {
            let what = format!("gateway {} is offered {:.0} % of what its CPUs can do", gateway.name, busy * 100.0);
            let place = gateway.name.split_once('/').and_then(|(name, _)| scenario.connectivity.get(name));
            let place = place.map_or(Span::NONE, |product| product.span);
            let endless = steady && open && bounded(world).iter().all(|bound| !bound);
            let found = if endless { Diagnostic::error("EW350", what) } else { Diagnostic::warning("EW351", what) };
            let help = if endless {
                "its queue is unlimited and would grow for ever: add replicas or `cpu`, or send it fewer requests"
            } else {
                "calls wait for its CPU until they time out: add replicas or `cpu`, or mean it"
            };
            found.at(place, "the CPU of its gateway").help(help)
        };
        over.map(say).collect()
    }

    /// More than the book of limits lets pass where nothing is simulated: routers, attachments, balancers.
    pub(super) fn past_the_sold(
        &self,
        scenario: &Scenario,
        books: &Books,
        board: &Board,
        world: &World,
    ) -> Vec<Diagnostic> {
        let offered = self.offered(world);
        let mut both: BTreeMap<(&str, &str), f64> = BTreeMap::new();
        for (link, key) in &board.sold {
            let name = world.links[*link].name.as_str();
            *both.entry((name.strip_suffix(" (back)").unwrap_or(name), key)).or_default() += offered[link.0 as usize];
        }
        let past = |((name, key), bytes): ((&str, &str), f64)| {
            let (row, mbps) = (books.limit(key)?, bytes * 8.0 / 1e6);
            let most = row.value.filter(|most| mbps > *most)?;
            let what =
                format!("{name} is offered {mbps:.0} Mbit/s at the peak, and its limit is {most} Mbit/s: {}", row.what);
            let said = Diagnostic::warning("EW349", what).at(bought(scenario, name), "of this product");
            let past = if row.past_limit.is_empty() { "unknown" } else { &row.past_limit };
            let help =
                format!("what happens past it ({past}) is not simulated; source: {} ({})", row.source, row.as_of);
            Some(said.help(help))
        };
        both.into_iter().filter_map(past).collect()
    }

    /// Closed streams whose users ask again at once and are answered at once: time would stand still.
    pub(super) fn standstill(scenario: &Scenario, world: &World, means: &[Mean]) -> Vec<Diagnostic> {
        // Callees come later in that order than their callers.
        let mut whole: Vec<f64> = means.iter().map(|mean| mean.work).collect();
        for operation in callers_first(world, means).into_iter().rev() {
            let calls = &means[operation.0 as usize].calls;
            let below: f64 = calls
                .iter()
                .map(|(site, times)| times * whole[world.call_sites[*site as usize].operation.0 as usize])
                .sum();
            whole[operation.0 as usize] += below;
        }
        let mut said = Vec::new();
        for (stream, written) in world.streams.rows().iter().zip(scenario.workload.values()) {
            let Arrivals::Closed { think, .. } = &stream.arrivals else { continue };
            let work: f64 = stream.mix.iter().map(|(operation, share)| share.get() * whole[operation.0 as usize]).sum();
            // Who gives up goes round without an answer.
            let patience = written.patience.as_ref().map_or(f64::INFINITY, Law::mean);
            if think.mean() + patience < ROUND_LEAST_S {
                said.push(
                    Diagnostic::error("EW105", format!("users of `{}` go round in less than 1us", stream.name))
                        .at(written.span, "hardly any thinking, hardly any patience")
                        .help("give them time to think, or patience enough to be answered"),
                );
            } else if !scenario.network && think.mean() + work < ROUND_LEAST_S {
                said.push(
                    Diagnostic::error("EW105", format!("users of `{}` go round in less than 1us", stream.name))
                        .at(written.span, "no network, hardly any thinking, hardly any work")
                        .help("give them time to think, or the service work, or leave `network: none` out"),
                );
            }
        }
        said
    }

    /// Calls of edges without a locality order that leave the caller's region by Istio's flat default.
    pub(super) fn crossings(&self, scenario: &Scenario, world: &World, flat: &[bool]) -> Vec<Diagnostic> {
        let mut said = Vec::new();
        for (id, edge) in world.edges.iter() {
            let (all, crossing) = self.edges[id.0 as usize];
            let callee = &world.services[edge.to].endpoints;
            let region = |e: &crate::world::EndpointId| world.places[world.endpoints[*e].place].region;
            let several = callee.iter().any(|e| region(e) != region(&callee[0]));
            if !flat[id.0 as usize] || !several || all == 0.0 || crossing / all < 0.005 {
                continue;
            }
            said.push(
                Diagnostic::warning(
                    "EW353",
                    format!(
                        "{:.0} % of the calls {} leave their region: Istio spreads them over all replicas alike",
                        100.0 * crossing / all,
                        edge.name
                    ),
                )
                .at(written(scenario, edge.from), "who calls")
                .help("keep them near with `traffic: {\"*\": {outlier: {..}, locality: {failover: {..}}}}`"),
            );
        }
        said
    }
}

/// Where a caller stands in the file.
fn written(scenario: &Scenario, caller: Caller) -> Span {
    let span = match caller {
        Caller::Service(id) => scenario.services.get_index(id.0 as usize).map(|(_, service)| service.span),
        Caller::Stream(id) => scenario.workload.get_index(id.0 as usize).map(|(_, stream)| stream.span),
    };
    span.unwrap_or(Span::NONE)
}

/// Mbit/s with a tenth, or where that says nothing with three digits.
fn told(mbps: f64) -> String {
    if mbps < 1.0 { significant(mbps, 3) } else { format!("{mbps:.1}") }
}

/// Can only so many requests be at each service at once, because all its callers have threads or users to wait with?
fn bounded(world: &World) -> Vec<bool> {
    let calls = world.edges.rows().iter().filter_map(|edge| match edge.from {
        Caller::Service(from) => Some((from.0 as usize, edge.to.0 as usize)),
        Caller::Stream(_) => None,
    });
    let order = Graph::new(world.services.len(), calls).topological().unwrap_or_default();
    // Where services call in circles nothing is said to be bounded.
    let mut bounded = vec![false; world.services.len()];
    let mut into = vec![Vec::new(); world.services.len()];
    for edge in world.edges.rows() {
        into[edge.to.0 as usize].push(edge.from);
    }
    for service in order {
        bounded[service] = into[service].iter().all(|from| match *from {
            Caller::Service(from) => world.services[from].threads.is_some() || bounded[from.0 as usize],
            Caller::Stream(stream) => matches!(world.streams[stream].arrivals, Arrivals::Closed { .. }),
        });
    }
    bounded
}

/// Where the product is written whose part a link is: `backbone: connection a -> b`.
fn bought(scenario: &Scenario, link: &str) -> Span {
    let product = link.split_once(": ").and_then(|(product, _)| scenario.connectivity.get(product));
    product.map_or(Span::NONE, |product| product.span)
}

fn host_set(world: &World, edge: EdgeId, from: PlaceId) -> Option<&HostSet> {
    let id = world.host_set(edge, from);
    if id.is_none() { None } else { world.host_sets.get(id) }
}

/// Operations in an order in which each comes after all that call it.
pub(super) fn callers_first(world: &World, means: &[Mean]) -> Vec<OperationId> {
    let order = graph(world, means).topological().unwrap_or_default();
    order.into_iter().map(|index| OperationId(index as u32)).collect()
}
