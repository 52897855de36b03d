//! What the machine reads of the world at every event, packed: rows of the world carry names and lists for people, and
//! an event that touched them would touch ten cache lines for ten numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::barriers::Barriers;
use super::cuts::Cuts;
use super::giving_up::gives_up;
use super::strains::Strains;
use super::tcp;
use super::tides::Tides;
use super::upstream::View;
use crate::engine::Timers;
use crate::policy::{Balance, Outlier, Policy, Status, timeout};
use crate::units::{Bytes, Duration, Ratio};
use crate::world::{
    Caller, Cap, Change, EdgeId, HostSet, HostTarget, Leg, LinkId, OnCancel, Operation, OperationId, PastCap, Path,
    PolicyId, ProxyId, ServiceId, StationId, Step, World,
};

/// Packed copies, by the ids of the world's tables.
#[derive(Debug)]
pub(super) struct Hot {
    pub(super) paths: Vec<Way>,
    pub(super) operations: Vec<Task>,
    /// By operation: where each version begins, where they differ.
    starts: Vec<Vec<u32>>,
    pub(super) replicas: Vec<Replica>,
    pub(super) proxies: Vec<Side>,
    pub(super) edges: Vec<Rules>,
    /// Somewhere rules choose the way of a call, or look at what it carries.
    pub(super) routed: bool,
    /// Several proxies share the workers of a station: what one of them does ahead of its time, another may come before.
    pub(super) shared: bool,
    /// Statuses that applications answer with, each once.
    pub(super) statuses: Vec<Status>,
    /// What is slower at some time, loses packets or errs.
    pub(super) strains: Strains,
    /// What stands in the way of what is new, where anything ever does.
    pub(super) barriers: Option<Box<Barriers>>,
    /// Caps that are cut at some time.
    pub(super) cuts: Option<Box<Cuts>>,
    /// Caps of which flows that come and go take a part.
    pub(super) tides: Option<Box<Tides>>,
    /// Host sets as everybody sees them at first.
    pub(super) views: Vec<View>,
}

/// A path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) round_trip: u64,
    /// First retransmission timeout: the smoothed round trip and max(200 ms, 4 mean deviations) (RFC 6298, Linux).
    pub(super) timeout: u64,
    /// There and back: packets may be lost.
    pub(super) lossy: [bool; 2],
    /// There and back: the whole delay, where nothing on the way has a state or chance of its own.
    pub(super) plain: [Option<Duration>; 2],
    /// There and back: the narrowest of the caps that large messages share, and how large they are.
    pub(super) shared: [Option<(LinkId, u64)>; 2],
    /// There and back: a cap counts what passes it.
    pub(super) capped: [bool; 2],
    /// There and back: a message may have to stop, at a cap or a gateway.
    pub(super) stops: [bool; 2],
    /// There and back: it does not, but chance decides how long it takes.
    pub(super) noisy: [bool; 2],
    /// There and back: it is slower at some time, or loses packets.
    pub(super) strained: [bool; 2],
    /// One way, without chance or queue.
    pub(super) floor: u64,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Of the first version.
    pub(super) start: u32,
    pub(super) service: u32,
    /// Share of requests answered with an error, the largest of any version; where faults add to it, all.
    pub(super) errors: f64,
    /// None of its answers is an error, and nobody looks at them: no write to a database.
    pub(super) answers_well: bool,
    /// The request, the response.
    pub(super) messages: [Message; 2],
}

/// A message: payload in segments, its bytes on the wire, and those of its acknowledgements the other way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) segments: u64,
    pub(super) wire: Bytes,
    pub(super) acks: Bytes,
}

/// A replica and the proxy in front of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replica {
    pub(super) service: u32,
    /// Of the service.
    pub(super) version: u16,
    pub(super) proxy: ProxyId,
    pub(super) station: StationId,
    pub(super) cpu: Duration,
    pub(super) delay: Duration,
    /// Requests reach the workers in the order in which they reach the proxy, and work is the first that each needs,
    /// and the only work: so the workers can be asked at once for a time to come.
    pub(super) in_order: bool,
    pub(super) threads: bool,
    /// Somebody looks at each request at its door: its proxy's rate limit, who no longer wants it, or whose data it wants.
    pub(super) limited: bool,
    /// No sidecar, no limits, first come, first served.
    pub(super) plain: bool,
    /// Some request, some response is longer than the window of a fresh connection.
    pub(super) windows: [bool; 2],
}

/// A proxy on the caller's side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) first_upstream: u32,
    pub(super) station: StationId,
    /// Each has connections of its own.
    pub(super) workers: u32,
    pub(super) cpu: Duration,
    pub(super) delay: Duration,
}

/// A caller's rules for a callee.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) policy: PolicyId,
    /// Among the upstreams of a proxy.
    pub(super) ordinal: u32,
    pub(super) balance: Balance,
    /// Rules choose the way of a call on it.
    pub(super) routed: bool,
    /// The first edge to the same hosts: what a proxy knows of them stands under its name.
    pub(super) cluster: EdgeId,
    /// Somebody looks at what a host was doing: least request or outlier detection.
    pub(super) watches: bool,
    /// Hosts are judged by rates at sweeps.
    pub(super) rates: bool,
    /// Faults are injected, or its caller's patience is limited.
    pub(super) unusual: bool,
    /// Its callers are users whose patience is limited.
    pub(super) impatient: bool,
    /// The called service wants to hear who gave up.
    pub(super) cancels: bool,
    /// Least request as Istio leaves it.
    pub(super) usual: bool,
    pub(super) outlier: Option<Outlier>,
    /// Nanoseconds; `u64::MAX`: none.
    pub(super) timeout: u64,
    pub(super) per_try: u64,
    pub(super) max_age: u64,
    /// Requests on a connection are counted (`pools`).
    pub(super) counts: bool,
    /// They may have to wait there for another one's answer.
    pub(super) waits: bool,
    /// Its caller does, and may give up a call at any time.
    pub(super) leaves: bool,
    /// Segments that a receiver lets be under way.
    pub(super) receive_window: f32,
    /// Timer lists of the two.
    pub(super) timers: [Option<u32>; 2],
}

impl Rules {
    /// Does neither timeout of a call end before its attempt `number` is answered, `after` nanoseconds from its beginning?
    /// Of a retry it is not known when it began.
    #[inline(always)]
    pub(super) fn in_time(&self, number: u8, after: u64) -> bool {
        after < self.timeout && (self.per_try == u64::MAX || number == 0 && after < self.per_try)
    }
}

impl Hot {
    /// Also makes the timer lists of the policies.
    pub(super) fn new(world: &World, changes: &[(i64, Change)], timers: &mut Timers) -> Self {
        let strains = Strains::new(world, changes.iter().copied());
        let barriers = Barriers::new(world, changes);
        let mut list = |delay: Option<Duration>| delay.map(|delay| timers.list(delay));
        let lists: Vec<[Option<u32>; 2]> = world
            .policies
            .rows()
            .iter()
            .map(|policy| [list(policy.timeout), list(timeout::per_try(policy.timeout, policy.per_try))])
            .collect();
        let once: Vec<bool> =
            world.services.rows().iter().map(|service| works_once(world, &service.operations)).collect();
        let paths = world.paths.iter().map(|(id, path)| Way {
            round_trip: (path.floor + path.floor_back).nanos(),
            timeout: first_timeout(world, path),
            lossy: [(0, &path.legs), (1, &path.back)]
                .map(|(way, legs)| loses(world, legs) || strains.loses(world, id, way)),
            plain: [(0, &path.legs), (1, &path.back)]
                .map(|(way, legs)| plain(legs).filter(|_| !strains.meets(world, id, way))),
            shared: [&path.legs, &path.back].map(|legs| narrowest(world, legs)),
            capped: [&path.legs, &path.back].map(|legs| legs.iter().any(|leg| matches!(leg, Leg::Cap(_)))),
            stops: [&path.legs, &path.back].map(|legs| stops(legs)),
            noisy: [(0, &path.legs), (1, &path.back)].map(|(way, legs)| {
                let by_chance = legs.iter().any(|leg| matches!(leg, Leg::Noise(_)));
                !stops(legs) && (by_chance || strains.meets(world, id, way))
            }),
            strained: [0, 1].map(|way| strains.meets(world, id, way)),
            floor: path.floor.nanos(),
        });
        let paths = paths.collect();
        // The narrowest window that a connection may begin with.
        let windows = world.policies.rows().iter().map(receive_window);
        let least = windows.fold(f32::from(tcp::INITIAL_WINDOW), f32::min);
        let writes = |id: OperationId| world.databases.rows().iter().any(|database| database.writes.contains(&id));
        let operations = world.operations.iter().map(|(id, row)| {
            let errors = if strains.errs(world, row.service) { 1.0 } else { worst(row) };
            Task {
                start: row.start_of(0),
                service: row.service.0,
                errors,
                answers_well: errors == 0.0 && !writes(id),
                messages: [
                    message(row.request, row.request_wire, row.request_acks),
                    message(row.response, row.response_wire, row.response_acks),
                ],
            }
        });
        let operations = operations.collect();
        let mut owners = vec![0_u32; world.stations.len()];
        for proxy in world.proxies.rows().iter().filter(|proxy| !proxy.station.is_none()) {
            owners[proxy.station.0 as usize] += 1;
        }
        let stores = |service: ServiceId| {
            let divided = world.stores.iter().any(|store| store.used_by.contains(&service));
            divided || world.services[service].operations.iter().any(|&operation| writes(operation))
        };
        let replicas = world.endpoints.iter().map(|(id, endpoint)| {
            let (service, proxy) = (&world.services[endpoint.service], &world.proxies[endpoint.proxy]);
            // All its jobs are alike, so that they leave in the order in which they come, however many workers it has.
            let one_by_one = proxy.station.is_none() || owners[proxy.station.0 as usize] == 1;
            Replica {
                service: endpoint.service.0,
                version: endpoint.version,
                proxy: endpoint.proxy,
                station: proxy.station,
                cpu: proxy.cpu,
                delay: proxy.delay,
                in_order: one_by_one
                    && !stores(endpoint.service)
                    && once[endpoint.service.0 as usize]
                    && service.threads.is_none()
                    && service.rate_limit.is_none()
                    && service.knows_ends(),
                threads: service.threads.is_some(),
                limited: service.rate_limit.is_some()
                    || service.on_cancel != OnCancel::Finish
                    || stores(endpoint.service),
                plain: proxy.station.is_none()
                    && !stores(endpoint.service)
                    && proxy.delay.is_zero()
                    && service.threads.is_none()
                    && service.rate_limit.is_none()
                    && service.queue.is_none()
                    && service.knows_ends()
                    && !strains.works_slower(id),
                windows: long(world, &service.operations, least),
            }
        });
        let replicas = replicas.collect();
        let mut clusters = BTreeMap::new();
        for (id, edge) in world.edges.iter() {
            clusters.entry((edge.from, edge.ordinal)).or_insert(id);
        }
        let edges = world.edges.rows().iter().map(|edge| {
            let policy = &world.policies[edge.policy];
            let nanos = |span: Option<Duration>| span.map_or(u64::MAX, Duration::nanos);
            let impatient = matches!(edge.from, Caller::Stream(stream) if world.streams[stream].patience.is_some());
            Rules {
                policy: edge.policy,
                ordinal: edge.ordinal,
                balance: policy.balance,
                routed: !edge.routing.is_none()
                    || barriers.as_ref().is_some_and(|barriers| barriers.hides(world, edge.from, edge.to)),
                cluster: clusters[&(edge.from, edge.ordinal)],
                outlier: policy.outlier,
                usual: policy.balance == Balance::LEAST_REQUEST,
                watches: policy.balance.looks_at_load() || policy.outlier.is_some(),
                rates: policy
                    .outlier
                    .is_some_and(|rule| rule.success_rate.is_some() || rule.failure_percentage.is_some()),
                unusual: policy.fault.is_some() || impatient || gives_up(world, edge.from),
                impatient,
                cancels: world.services[edge.to].on_cancel != OnCancel::Finish,
                timeout: nanos(policy.timeout),
                per_try: nanos(timeout::per_try(policy.timeout, policy.per_try)),
                max_age: nanos(policy.max_connection_age),
                counts: policy.pool.counts() || policy.retry_budget.is_some(),
                leaves: gives_up(world, edge.from),
                waits: policy.pool.waits_for_answers() || gives_up(world, edge.from),
                receive_window: receive_window(policy),
                timers: lists[edge.policy.0 as usize],
            }
        });
        let by_connection = by_connection(world);
        let proxies = world.proxies.rows().iter().map(|proxy| Side {
            first_upstream: proxy.first_upstream,
            station: proxy.station,
            workers: match world.endpoints.get(proxy.endpoint) {
                _ if proxy.station.is_none() => 1,
                // The connections are the application's own.
                Some(endpoint) if by_connection[endpoint.service.0 as usize] => 1,
                _ => world.stations[proxy.station].servers.clamp(1, 128),
            },
            cpu: proxy.cpu,
            delay: proxy.delay,
        });
        let mut statuses: Vec<Status> =
            world.operations.rows().iter().flat_map(all_errors).map(|(status, _)| *status).collect();
        statuses.extend(strains.statuses());
        statuses.sort_unstable();
        statuses.dedup();
        assert!(statuses.len() < 254, "applications answer with fewer than 254 statuses");
        Hot {
            shared: owners.iter().any(|&owners| owners > 1),
            routed: !world.routing.contexts.is_empty() || !world.routing.tables.is_empty(),
            statuses,
            paths,
            operations,
            starts: world
                .operations
                .rows()
                .iter()
                .map(|row| row.variants.iter().map(|variant| variant.start).collect())
                .collect(),
            replicas,
            proxies: proxies.collect(),
            edges: edges.collect(),
            strains,
            barriers,
            cuts: Cuts::new(world, changes),
            tides: Tides::new(world),
            views: world.host_sets.rows().iter().map(View::new).collect(),
        }
    }

    /// Where a version of a service begins an operation.
    #[inline(always)]
    pub(super) fn start_of(&self, operation: OperationId, version: u16) -> u32 {
        let common = self.operations[operation.0 as usize].start;
        if version == 0 {
            return common;
        }
        self.starts[operation.0 as usize].get(usize::from(version)).copied().unwrap_or(common)
    }

    /// How many rows of upstreams there are: a proxy's end after the largest ordinal among its owner's edges.
    pub(super) fn upstreams(world: &World) -> usize {
        let mut of_service = vec![0; world.services.len()];
        let mut of_stream = 0;
        for edge in world.edges.rows() {
            let most = match edge.from {
                Caller::Service(service) => &mut of_service[service.0 as usize],
                Caller::Stream(_) => &mut of_stream,
            };
            *most = (edge.ordinal + 1).max(*most);
        }
        let end = |proxy: &crate::world::Proxy| {
            let owner = (!proxy.endpoint.is_none()).then(|| world.endpoints[proxy.endpoint].service.0 as usize);
            proxy.first_upstream + owner.map_or(of_stream, |service| of_service[service])
        };
        world.proxies.rows().iter().map(end).max().unwrap_or(0) as usize
    }
}

/// The largest share of errors of any version: where it is zero, no answer is one.
fn worst(operation: &Operation) -> f64 {
    let sum = |errors: &[(Status, Ratio)]| errors.iter().map(|(_, share)| share.get()).sum::<f64>();
    operation.variants.iter().map(|variant| sum(&variant.errors)).fold(sum(&operation.errors), f64::max)
}

fn all_errors(operation: &Operation) -> impl Iterator<Item = &(Status, Ratio)> {
    operation.errors.iter().chain(operation.variants.iter().flat_map(|variant| &variant.errors))
}

fn long(world: &World, operations: &[OperationId], least: f32) -> [bool; 2] {
    let long = |payload: Bytes, wire: Bytes| message(payload, wire, Bytes(0)).segments as f32 > least;
    let all = || operations.iter().map(|&operation| &world.operations[operation]);
    [
        all().any(|operation| long(operation.request, operation.request_wire)),
        all().any(|operation| long(operation.response, operation.response_wire)),
    ]
}

/// Headers take room in segments as a payload does.
fn message(payload: Bytes, wire: Bytes, acks: Bytes) -> Message {
    Message { segments: tcp::segments(payload.0).max(wire.0.div_ceil(tcp::FULL_SEGMENT)), wire, acks }
}

fn receive_window(policy: &Policy) -> f32 {
    let bytes = policy.receive_window.map_or(u64::from(tcp::LARGEST_WINDOW) * tcp::MSS, |window| window.0);
    (bytes as f32 / tcp::MSS as f32).clamp(1.0, f32::from(tcp::LARGEST_WINDOW))
}

fn loses(world: &World, legs: &[Leg]) -> bool {
    legs.iter().any(|leg| matches!(leg, Leg::Noise(link) if world.links[*link].loss.is_some()))
}

/// A large message is a flow at one of the fair caps of its way: its slowest share is most likely there.
fn narrowest(world: &World, legs: &[Leg]) -> Option<(LinkId, u64)> {
    let fair = legs.iter().filter_map(|leg| match leg {
        Leg::Cap(link) => match world.links[*link].cap {
            Some(Cap { rate, past: PastCap::Fair { above, .. } }) => Some((rate.0, *link, above.0)),
            _ => None,
        },
        _ => None,
    });
    fair.min_by_key(|(rate, link, _)| (*rate, link.0)).map(|(_, link, above)| (link, above))
}

/// The mean deviation of jitter is taken as that of a normal law of its variance, sigma sqrt(2 / pi); links add up.
fn first_timeout(world: &World, path: &Path) -> u64 {
    let (mut mean, mut variance) = (0.0, 0.0);
    for leg in path.legs.iter().chain(&path.back) {
        let Leg::Noise(link) = leg else { continue };
        let Some(jitter) = &world.links[*link].jitter else { continue };
        let law = &world.laws[jitter.law];
        let hours = jitter.factor.values.iter();
        let (first, second) = hours.fold((0.0, 0.0), |(a, b), factor| (a + factor / 24.0, b + factor * factor / 24.0));
        let middle = law.mean() * first;
        mean += middle;
        variance += (law.second_moment() * second - middle * middle).max(0.0);
    }
    let deviation = (variance * std::f64::consts::FRAC_2_PI).sqrt();
    let smoothed = (path.floor + path.floor_back).nanos() + (mean * 1e9) as u64;
    smoothed + tcp::LEAST_TIMEOUT.max((4.0 * deviation * 1e9) as u64)
}

/// The sum of the waits, where a way is nothing but waits.
fn plain(legs: &[Leg]) -> Option<Duration> {
    legs.iter().map(|leg| if let Leg::Wait(delay) = leg { Some(*delay) } else { None }).sum()
}

/// Is there a cap or a gateway on the way?
fn stops(legs: &[Leg]) -> bool {
    legs.iter().any(|leg| matches!(leg, Leg::Cap(_) | Leg::Gateway(_)))
}

/// Does each of these operations work first, and never again?
fn works_once(world: &World, operations: &[OperationId]) -> bool {
    let starts = operations.iter().flat_map(|&operation| {
        let row = &world.operations[operation];
        row.variants.iter().map(|variant| variant.start).chain([row.start])
    });
    starts.into_iter().all(|start| {
        let first = matches!(world.program[start as usize], Step::Work { .. });
        first && !works_after(world, start + 1)
    })
}

/// Is there work at a step or at any that may follow it?
fn works_after(world: &World, step: u32) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![step]);
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let choices = |first: u32, count: u32| world.choices[first as usize..(first + count) as usize].iter();
        match world.program[at as usize] {
            Step::Work { .. } | Step::Again { .. } => return true,
            Step::Call { .. } | Step::Fork { .. } => open.push(at + 1),
            Step::Branch { first, count } => {
                open.extend(choices(first, count).map(|choice| choice.start));
                open.push(at + 1);
            }
            Step::Choose { first, count } => open.extend(choices(first, count).map(|choice| choice.start)),
            Step::Cache { hit, .. } => open.extend([hit, at + 1]),
            Step::Fill { .. } => open.push(at + 1),
            Step::Jump { to } => open.push(to),
            Step::Repeat { body, .. } => open.extend([body, at + 1]),
            Step::End => {}
        }
    }
    false
}

/// By service: are hosts of its calls chosen for each connection, by its node?
fn by_connection(world: &World) -> Vec<bool> {
    let mut found = vec![false; world.services.len()];
    if !world.gateways.rows().iter().any(|gateway| gateway.by_client) {
        return found;
    }
    let node = |set: &HostSet| {
        let target = set.hosts.first().map(|host| &host.target);
        matches!(target, Some(HostTarget::Gateway(gateway, _)) if world.gateways[*gateway].by_client)
    };
    for (id, edge) in world.edges.iter() {
        let Caller::Service(caller) = edge.from else { continue };
        let mut sets = world.places.ids().map(|place| world.host_set(id, place)).filter(|set| !set.is_none());
        found[caller.0 as usize] |= sets.any(|set| node(&world.host_sets[set]));
    }
    found
}
