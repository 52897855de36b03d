//! The waist: everything that a run needs to know, compiled, plain and immutable.
//!
//! The front end (`scenario`) makes a `World`; the machine (`mesh`) runs it; `study` prices what was counted.
//! Neither side imports the other. Whatever a user can name has become a link, a station, an endpoint, a path or
//! a step by now: no word here for "transit router" or "zone outage". Shared by all runs, changed by none.

mod action;
mod change;
mod charge;
mod control;
mod deployment;
mod effect;
mod entry;
mod extent;
mod flow;
mod gateways;
mod hosts;
mod plan;
mod program;
mod routing;
mod scaling;
mod scene;
mod service;
mod session;
mod shares;
mod store;
mod weather;

pub use action::{Occasion, OperatorAction, Set};
pub use change::{Change, Fault, Target};
pub use charge::{Basis, Charge, Direction, Tap};
pub use control::{Control, ControlWay, Plane, Serves};
pub use deployment::Deployment;
pub use effect::{Cut, Effect};
pub use entry::{Answer, Entry, Front, Kept, Via};
pub(crate) use flow::most;
pub use flow::{ACKS, Flow};
pub use gateways::{GatewayPods, PathRates};
pub use hosts::{Among, Health, Host, HostLocality, HostSet, HostTarget, LocalityWeight, ZoneAware};
pub use plan::{RunPlan, WINDOWS, windows};
pub use program::{Cache, CacheScope, CallSite, Choice, Operation, Step, Variant};
pub use routing::{
    Action, Caller, Carried, Context, Destination, DrawnHeader, Edge, HeaderValue, Leads, Mirror, Route, RouteTable,
    Routing, Subset,
};
pub use scaling::Autoscaler;
pub use scene::Disruption;
pub use service::{Discipline, Endpoint, OnCancel, Service, Version};
pub use session::{Population, Sessions};
pub use shares::Standing;
pub use store::{CopyWay, Database, Store};
pub use weather::{Act, Component, Forecast, Phased, Weather, When};

pub use crate::fault::Manner;

pub use crate::topology::{
    BadState, Cap, ClusterId, GatewayId, HourLaw, Leg, LinkId, Loss, PastCap, Place, PlaceId, RegionId, ZoneId,
};

use crate::id;
use crate::policy::Policy;
use crate::random::Law;
use crate::table::Table;
use crate::units::{Bytes, Duration, Ratio};
use crate::workload::Arrivals;
use std::collections::{BTreeMap, BTreeSet};

id! {
    /// Something with servers and a queue that is not a service replica: a gateway replica's CPU, a sidecar's worker.
    StationId,
    /// A way from one place to another and back.
    PathId,
    /// A service.
    ServiceId,
    /// An operation of a service.
    OperationId,
    /// A replica of a service.
    EndpointId,
    /// A client proxy: a replica's sidecar, or an ingress proxy.
    ProxyId,
    /// What a proxy of one place sees of one upstream service under one policy.
    HostSetId,
    /// Caller (service or stream) and callee service.
    EdgeId,
    /// A traffic policy.
    PolicyId,
    /// A workload stream.
    StreamId,
    /// A global entry.
    EntryId,
    /// What an operator does.
    ActionId,
    /// A database with a primary and replicas.
    DatabaseId,
    /// A control plane.
    PlaneId,
    /// A named fault.
    FaultId,
    /// A law of durations.
    LawId,
    /// Some versions of a service (Istio subset).
    SubsetId,
    /// What is looked up for a call on an edge with rules.
    RouteTableId,
    /// What a rule does with a call.
    RouteId,
    /// A header that rules or hash policies look at.
    HeaderId,
    /// A map from what a request carries to what it carries then.
    ContextMapId,
}

/// A compiled scenario: one variant, one setting of the uncertain inputs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct World {
    /// The variant's name.
    pub variant: String,
    /// Names of regions, as the scenario writes them.
    pub regions: Table<RegionId, String>,
    /// Zones: region and name.
    pub zones: Table<ZoneId, (RegionId, String)>,
    /// Names of clusters.
    pub clusters: Table<ClusterId, String>,
    /// Where replicas and proxies stand.
    pub places: Table<PlaceId, Place>,
    /// Directed links.
    pub links: Table<LinkId, Link>,
    /// Gateway and proxy CPUs.
    pub stations: Table<StationId, Station>,
    /// Links of which another zone's twin takes over, and how long after they were lost.
    pub spares: BTreeMap<LinkId, Duration>,
    /// East-west gateways.
    pub gateways: Table<GatewayId, Gateway>,
    /// Ways between places.
    pub paths: Table<PathId, Path>,
    /// Round trip of a connection that ends at a gateway on the way, where it does: elsewhere it is the path's.
    pub greetings: BTreeMap<PathId, Duration>,
    /// Gateways that are known by a name, and how long an answer is good for.
    pub names: BTreeMap<GatewayId, Duration>,
    /// What takes time when pods of gateways are replaced, where it is not [`GatewayPods::USUAL`].
    pub gateway_pods: BTreeMap<GatewayId, GatewayPods>,
    /// Tables of connections on the ways.
    pub connection_limits: Vec<ConnectionLimit>,
    /// Services.
    pub services: Table<ServiceId, Service>,
    /// Operations of all services.
    pub operations: Table<OperationId, Operation>,
    /// The steps of all operations, one after the other; `Operation::start` points in here.
    pub program: Vec<Step>,
    /// Calls that steps make.
    pub call_sites: Vec<CallSite>,
    /// What services keep of what they fetched.
    pub caches: Vec<Cache>,
    /// Options of `Step::Choose` and branches of `Step::Branch`.
    pub choices: Vec<Choice>,
    /// Laws of work, think time, jitter.
    pub laws: Table<LawId, Law>,
    /// Replicas.
    pub endpoints: Table<EndpointId, Endpoint>,
    /// Client proxies.
    pub proxies: Table<ProxyId, Proxy>,
    /// Callers and callees.
    pub edges: Table<EdgeId, Edge>,
    /// Which edge a call takes, by rules.
    pub routing: Routing,
    /// Traffic policies.
    pub policies: Table<PolicyId, Policy>,
    /// Hosts by (edge, place), see [`World::host_set`].
    pub host_sets: Table<HostSetId, HostSet>,
    /// Row `edge * places + place`; `NONE` where no proxy of that place makes that call.
    pub host_set_of: Vec<HostSetId>,
    /// Load in the background of caps, all the time or at times.
    pub flows: Vec<Flow>,
    /// Workload.
    pub streams: Table<StreamId, Stream>,
    /// Who is behind streams: what they see is told of people.
    pub people: BTreeMap<StreamId, People>,
    /// Global entries.
    pub entries: Table<EntryId, Entry>,
    /// Named faults, for windows in reports and gates.
    pub faults: Table<FaultId, Fault>,
    /// What faults do, dated, in order of time (ties in the order of the scenario).
    pub changes: Vec<Change>,
    /// What comes more than once, or by chance.
    pub weather: Vec<Weather>,
    /// What operators do.
    pub actions: Table<ActionId, OperatorAction>,
    /// Who tells proxies of endpoints.
    pub control: Control,
    /// Databases that are divided among clusters.
    pub stores: Vec<Store>,
    /// Databases with a primary and replicas.
    pub databases: Table<DatabaseId, Database>,
    /// How long a process takes from its start until it listens, of services where that is not at once.
    pub start_ups: BTreeMap<ServiceId, Duration>,
    /// Whose replicas come and go with their load.
    pub autoscalers: Vec<Autoscaler>,
    /// Where any do: the same with the replicas that are there at first, and no others. Closed forms read this.
    pub still: Option<Box<World>>,
    /// What the bill charges for.
    pub charges: Vec<Charge>,
    /// Currency of the bill; empty: that of the book.
    pub currency: String,
    /// How long to run.
    pub plan: RunPlan,
    /// Time of day at t = 0 where the users of the first stream are.
    pub clock: Duration,
    /// What has to be there before this can be built: attachments, approvals, gateways.
    pub prerequisites: Vec<String>,
    /// What falls with a product, a zone or a link of the scenario beyond what names of this world tell: `zone/hz/h`.
    pub domains: Vec<(String, Target)>,
    /// How far regions are apart that a link joins, and how that is known.
    pub distances: Vec<Distance>,
}

impl World {
    /// One round trip of the handshakes of a connection over `path`, without jitter and loss.
    pub fn greeting(&self, path: PathId) -> Duration {
        let way = &self.paths[path];
        self.greetings.get(&path).copied().unwrap_or(way.floor + way.floor_back)
    }

    /// What a request waits for a connection over `path` that is opened for it, without jitter and loss: round trips, and
    /// where there is TLS the CPU of the proxies at both ends, idle. It begins when the client's proxy is through with it.
    pub fn opening(&self, path: PathId, ends: [&Proxy; 2]) -> Duration {
        let rounds = self.paths[path].handshake;
        let cpu = |proxy: &Proxy| if proxy.station.is_none() { Duration::ZERO } else { proxy.handshake };
        let cpu = if rounds > 1 { cpu(ends[0]) + cpu(ends[1]) } else { Duration::ZERO };
        self.greeting(path).saturating_mul(u64::from(rounds)) + cpu
    }

    /// This world as it begins: without room for replicas that may come later.
    pub fn at_start(&self) -> &World {
        self.still.as_deref().unwrap_or(self)
    }

    /// Replicas that are not there at first.
    pub fn absent(&self) -> BTreeSet<EndpointId> {
        self.autoscalers.iter().flat_map(|scaler| scaler.absent().iter().copied()).collect()
    }

    /// How long a process of a service takes from its start until it listens.
    pub fn start_up(&self, service: ServiceId) -> Duration {
        self.start_ups.get(&service).copied().unwrap_or_default()
    }

    /// A proxy at `place` that makes the calls of `edge`.
    pub fn client(&self, edge: EdgeId, place: PlaceId) -> Option<&Proxy> {
        let proxies: Vec<&Proxy> = match self.edges[edge].from {
            Caller::Service(service) => {
                let endpoints = self.services[service].endpoints.iter().map(|&id| &self.endpoints[id]);
                endpoints.map(|endpoint| &self.proxies[endpoint.proxy]).collect()
            }
            Caller::Stream(stream) => self.streams[stream].entries.iter().map(|&id| &self.proxies[id]).collect(),
        };
        proxies.into_iter().find(|proxy| proxy.place == place)
    }

    /// Does this proxy make the calls of that caller?
    pub fn calls(&self, proxy: ProxyId, caller: Caller) -> bool {
        match caller {
            Caller::Service(service) => {
                let endpoint = self.endpoints.get(self.proxies[proxy].endpoint);
                endpoint.is_some_and(|endpoint| endpoint.service == service)
            }
            Caller::Stream(stream) => self.streams[stream].entries.contains(&proxy),
        }
    }

    /// What a proxy at `place` sees behind `edge`.
    pub fn host_set(&self, edge: EdgeId, place: PlaceId) -> HostSetId {
        self.host_set_of[edge.0 as usize * self.places.len() + place.0 as usize]
    }
}

/// Connections that something on the way keeps track of, a NAT gateway or a balancer; past them a SYN is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectionLimit {
    /// Whose: `internet: NAT east`.
    pub name: String,
    /// Connections at once.
    pub open: Option<u64>,
    /// New connections per second, with a second's worth at once.
    pub new_per_second: Option<u64>,
    /// The ways that go through it.
    pub paths: Vec<PathId>,
}

/// How a distance between two regions is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Distance {
    /// The regions, in the order of the scenario.
    pub between: (RegionId, RegionId),
    /// In words: `your matrix x.csv`, `the book, estimated`, `modelled, ..`.
    pub basis: String,
    /// From the great-circle fit: no book has it.
    pub modelled: bool,
}

/// A directed link: what physically or commercially carries bytes.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// A name for people and faults, `backbone hangzhou -> singapore`.
    pub name: String,
    /// Propagation, one way.
    pub delay: Duration,
    /// Extra delay drawn for each message.
    pub jitter: Option<Jitter>,
    /// Chance that a packet is lost.
    pub loss: Option<Loss>,
    /// What the provider lets pass.
    pub cap: Option<Cap>,
}

/// Random extra delay of a link: `laws[law]` times the hour's factor.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Jitter {
    /// One-way extra delay, in seconds.
    pub law: LawId,
    /// Factor by hour of the day.
    pub factor: HourLaw,
}

/// A CPU with a queue: a gateway replica, a sidecar. First come, first served, unbounded.
#[derive(Clone, PartialEq, Debug)]
pub struct Station {
    /// `gateway/east#0`, `sidecar orders@east#2`.
    pub name: String,
    /// Jobs at once.
    pub servers: u32,
    /// Where it stands: it falls with its place.
    pub place: PlaceId,
}

/// An east-west gateway (or an endpoint's load balancer target): passes TLS through, chooses by connection.
#[derive(Clone, PartialEq, Debug)]
pub struct Gateway {
    /// The name, `internet/east`.
    pub name: String,
    /// Its replicas' CPUs.
    pub replicas: Vec<StationId>,
    /// CPU for a new connection (reading SNI, opening the upstream).
    pub cpu_per_connection: Duration,
    /// CPU for each KiB passed through, both directions.
    pub cpu_per_kib: Duration,
    /// CPU for each request; zero where it does not see requests.
    pub cpu_per_request: Duration,
    /// It is the client's own node that picks, evenly, among those that it has not been told are gone.
    pub by_client: bool,
}

/// A way from one place to another and back, as a connection uses it.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    /// From.
    pub from: PlaceId,
    /// To.
    pub to: PlaceId,
    /// `east/h -> south/a via backbone`, for people.
    pub name: String,
    /// What a request meets, in order, consecutive delays folded.
    pub legs: Vec<Leg>,
    /// What a response meets.
    pub back: Vec<Leg>,
    /// Links that carry the request, for counting and for faults.
    pub links: Vec<LinkId>,
    /// Links that carry the response.
    pub back_links: Vec<LinkId>,
    /// Hop by hop, for `explain` and traces: name and one-way delay; the sum is `floor`.
    pub hops: Vec<(String, Duration)>,
    /// The same for the way back.
    pub back_hops: Vec<(String, Duration)>,
    /// One way without queueing, jitter or loss.
    pub floor: Duration,
    /// Back without queueing, jitter or loss.
    pub floor_back: Duration,
    /// Round trips before the first request byte on a new connection: TCP 1, TLS 1.3 1 more, TLS 1.2 2 more, none 0.
    pub handshake: u32,
    /// What a new connection's handshakes weigh: towards the server, back.
    pub handshake_bytes: [Bytes; 2],
    /// Something on the way ends a connection on which nothing passed for so long (the shortest limit on the way).
    pub idle_limit: Duration,
    /// It does so without a word: the next packet is answered by a reset. Else both ends are told.
    pub idle_silent: bool,
    /// The product that carries it, a name of `connectivity:` or `network` for inside a VPC.
    pub via: String,
}

/// A client proxy and its costs. With `dataplane: none` it still chooses hosts, at no cost.
#[derive(Clone, PartialEq, Debug)]
pub struct Proxy {
    /// `sidecar web@east#0`, `ingress east/h`.
    pub name: String,
    /// Where it stands.
    pub place: PlaceId,
    /// The replica it belongs to; `NONE` for an ingress proxy.
    pub endpoint: EndpointId,
    /// Its workers; `NONE` costs nothing.
    pub station: StationId,
    /// CPU per call that it sends or receives, request and response together.
    pub cpu: Duration,
    /// Fixed delay per call that it sends or receives.
    pub delay: Duration,
    /// CPU for its side of a TLS handshake.
    pub handshake: Duration,
    /// First row of this proxy's upstreams: the upstream of `edge` is row `first_upstream + edge.ordinal`.
    pub first_upstream: u32,
}

/// Who sends the requests of a stream, where people are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct People {
    /// How many.
    pub count: u32,
    /// For how long at most what one of them saw last holds.
    pub cutoff: Duration,
    /// An answer that takes longer is none to them; none: any answer is good.
    pub good_within: Option<Duration>,
}

/// A workload stream.
#[derive(Clone, PartialEq, Debug)]
pub struct Stream {
    /// The name.
    pub name: String,
    /// The edge to the service that it calls.
    pub edge: EdgeId,
    /// Entry proxies, users spread evenly over them.
    pub entries: Vec<ProxyId>,
    /// Operations and their shares (sum 1).
    pub mix: Vec<(OperationId, Ratio)>,
    /// Headers of its requests.
    pub carried: Carried,
    /// When requests come.
    pub arrivals: Arrivals,
    /// How long its users wait for an answer before they give up, seconds; none: for ever.
    pub patience: Option<LawId>,
    /// An entry proxy in a dead place is left out after this long (balancer health check); until then its users fail.
    pub entry_detect: Duration,
    /// Through a global entry, whose fronts share `entries` out; none: all of them stand in the users' own cluster.
    pub via: Option<Box<Via>>,
    /// Its users keep a connection from one request to the next; none: each request is by itself.
    pub sessions: Option<Box<Sessions>>,
}
