//! Paths between places: each trip is asked of its route's product once, drawn once, and becomes one path for each way.

use std::collections::BTreeMap;

use super::routes::Routes;
use crate::connect::vpc::SameVpc;
use crate::connect::{Balancer, Board, Carrier, Fee, Front, Hop, Limit, Product, Refusal, Spot, Trip, Way, Work};
use crate::provider::Provider;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Dataplane, Distribution, Scenario, Tls};
use crate::table::Table;
use crate::topology::{Cluster, ClusterId, GatewayId, Place, PlaceId, floor};
use crate::units::{Bytes, Duration};
use crate::world::{ConnectionLimit, Path, PathId};

/// So many services are pointed at when they cannot be reached.
const PLACES_MAX: usize = 3;
/// What carries a call that no product carries.
pub(super) const NETWORK: &str = "network";
/// What picks on the callers' nodes.
pub(super) const NODE: &str = "ztunnel";

/// How an endpoint is reached from a place.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    /// By its own address.
    Direct(PathId),
    /// By the address of something that picks it, over one of several ways.
    Fronted {
        /// What stands there.
        front: Front,
        /// Which.
        gateway: GatewayId,
        /// The ways, each with the number of the address that it leads to.
        ways: Vec<(u32, PathId)>,
    },
}

/// What is known of a pair of places.
#[derive(Debug)]
enum Known {
    /// The same for all services.
    Shared(Option<Reach>),
    /// By service: an endpoint leads to one service, so only those ways ask which one is called.
    ByService(Option<usize>, BTreeMap<String, Option<Reach>>),
}

/// All paths of a world in the making.
#[derive(Debug)]
pub(super) struct Paths<'a> {
    carrier: &'a Carrier<'a>,
    routes: Routes<'a>,
    places: &'a Table<PlaceId, Place>,
    handshake: u32,
    handshake_bytes: [Bytes; 2],
    sealed: bool,
    networked: bool,
    known: BTreeMap<(PlaceId, PlaceId), Known>,
    /// Links and gateways.
    pub board: Board,
    /// The paths.
    pub paths: Table<PathId, Path>,
    /// Round trips of handshakes that end on the way.
    pub greetings: BTreeMap<PathId, Duration>,
    /// Tables of connections, by name.
    pub limits: BTreeMap<String, ConnectionLimit>,
    /// What each path costs.
    pub fees: Vec<(PathId, Fee)>,
    /// What has to be there first, by route.
    pub prerequisites: Vec<String>,
    missing: BTreeMap<(ClusterId, ClusterId), String>,
    refused: BTreeMap<(Option<usize>, Refusal), Vec<String>>,
    mesh: MeshRules,
    ambient: bool,
    /// What picks for each connection on the callers' nodes, of an ambient mesh.
    pub node: Option<GatewayId>,
    /// Routes that carry something.
    used: Vec<bool>,
}

impl<'a> Paths<'a> {
    pub(super) fn new(
        scenario: &Scenario,
        carrier: &'a Carrier<'a>,
        routes: Routes<'a>,
        places: &'a Table<PlaceId, Place>,
    ) -> Self {
        let tls = match scenario.mesh.tls {
            _ if scenario.mesh.dataplane == Dataplane::None => 0,
            Tls::V1_3 => 1,
            Tls::V1_2 => 2,
            Tls::ZeroRtt | Tls::None => 0,
        };
        let sealed = scenario.mesh.dataplane != Dataplane::None && scenario.mesh.tls != Tls::None;
        let used = vec![false; routes.ways.len()];
        let ambient = scenario.mesh.dataplane == Dataplane::Ambient;
        let mut board = Board::default();
        let node = ambient.then(|| {
            let (name, work) = (NODE.to_owned(), Work::default());
            board.balancers.push(Balancer { name, cluster: None, replicas: 0, cpu: 0, work })
        });
        Paths {
            carrier,
            routes,
            places,
            // A tunnel of HTTP/2 answers a CONNECT before anything passes (HBONE).
            handshake: if scenario.network { 1 + tls + u32::from(ambient) } else { 0 },
            sealed,
            handshake_bytes: handshake_bytes(scenario.network, sealed, scenario.mesh.tls_resumes),
            networked: scenario.network,
            known: BTreeMap::new(),
            board,
            paths: Table::new(),
            greetings: BTreeMap::new(),
            limits: BTreeMap::new(),
            fees: Vec::new(),
            prerequisites: Vec::new(),
            missing: BTreeMap::new(),
            refused: BTreeMap::new(),
            mesh: MeshRules { distribution: scenario.mesh.distribution, version: scenario.mesh.version.value },
            ambient,
            node,
            used,
        }
    }

    /// How replicas of `service` at `to` are reached from `from`; none: they are not, which [`Paths::complaints`] tells.
    pub(super) fn reach(&mut self, from: PlaceId, to: PlaceId, service: &str) -> Option<Reach> {
        let route = match self.known.get(&(from, to)) {
            Some(Known::Shared(reach)) => return reach.clone(),
            Some(Known::ByService(route, services)) => {
                if let Some(reach) = services.get(service) {
                    return reach.clone();
                }
                *route
            }
            None => {
                let (near, far) = (&self.places[from], &self.places[to]);
                let ground = self.carrier.ground;
                let same = !self.networked || ground.vpc_of(near.cluster) == ground.vpc_of(far.cluster);
                let route = if same { None } else { self.routes.between(ground, near.cluster, far.cluster) };
                if !same && route.is_none() {
                    self.missing.entry((near.cluster, far.cluster)).or_insert_with(|| service.to_owned());
                    return None;
                }
                route
            }
        };
        let product = route.and_then(|index| self.routes.ways[index].product.as_ref());
        let by_service = product.is_some_and(|product| product.front() == Front::Balancer);
        let reach = if self.networked { self.draw(from, to, route, service) } else { Some(self.nothing(from, to)) };
        if by_service {
            let known = self.known.entry((from, to)).or_insert_with(|| Known::ByService(route, BTreeMap::new()));
            if let Known::ByService(_, services) = known {
                services.insert(service.to_owned(), reach.clone());
            }
        } else {
            self.known.insert((from, to), Known::Shared(reach.clone()));
        }
        reach
    }

    /// Draws the control plane's own way between two places, where it has one.
    pub(super) fn of_control(&mut self, from: PlaceId, to: PlaceId) {
        if self.routes.control.is_some() {
            self.draw(from, to, self.routes.control, "the control plane");
        }
    }

    /// Draws the way between two places on which a database is replicated, as calls between them would go; where one
    /// network joins them, or a product that serves one service alone, there is none to draw.
    pub(super) fn of_replication(&mut self, from: PlaceId, to: PlaceId) {
        let (near, far) = (&self.places[from], &self.places[to]);
        let ground = self.carrier.ground;
        if ground.vpc_of(near.cluster) == ground.vpc_of(far.cluster) {
            return;
        }
        let Some(index) = self.routes.between(ground, near.cluster, far.cluster) else { return };
        let product = self.routes.ways[index].product.as_ref();
        if product.is_some_and(|product| product.front() != Front::Balancer) {
            self.reach(from, to, "replication");
        }
    }

    /// What stands before the endpoints of one place, seen from another; none: they share a network, or no route joins them.
    pub(super) fn front(&self, from: PlaceId, to: PlaceId) -> Option<Front> {
        let (near, far) = (&self.places[from], &self.places[to]);
        let ground = self.carrier.ground;
        if ground.vpc_of(near.cluster) == ground.vpc_of(far.cluster) {
            return None;
        }
        let index = self.routes.between(ground, near.cluster, far.cluster)?;
        self.routes.ways[index].product.as_ref().map(|product| product.front())
    }

    fn draw(&mut self, from: PlaceId, to: PlaceId, route: Option<usize>, service: &str) -> Option<Reach> {
        let (near, far) = (&self.places[from], &self.places[to]);
        let spot = |place: &Place| Spot {
            vpc: self.carrier.ground.vpc_of(place.cluster),
            zone: place.zone,
            cluster: Some(place.cluster),
        };
        let trip = Trip { from: spot(near), to: spot(far), service };
        let (product, via): (&dyn Product, &str) = match route {
            None => (&SameVpc, NETWORK),
            Some(index) => {
                self.used[index] = true;
                (self.routes.ways[index].product.as_deref()?, &self.routes.ways[index].route.via.value)
            }
        };
        let mut refusals = product.refusals(self.carrier, &trip);
        if matches!(product.front(), Front::Gateway | Front::Proxy) && !self.sealed {
            refusals.push(Refusal::new(
                "an east-west gateway passes TLS through by its name (SNI), and this mesh does not encrypt",
                "use `dataplane: sidecar` with `tls: \"1.3\"`, or a product that routes by address",
            ));
        }
        if self.ambient && matches!(product.front(), Front::Gateway | Front::Proxy) {
            refusals.push(Refusal::new(
                "an ambient mesh crosses an east-west gateway in tunnels within tunnels (HBONE), which are not simulated",
                "use `dataplane: sidecar`, or a product that routes by address, such as cen or vpc-peering",
            ));
        }
        let of_mesh = match self.mesh.ask(self.carrier, &trip, product.front()) {
            Ok(line) => line,
            Err(refusal) => {
                refusals.push(refusal);
                None
            }
        };
        if !refusals.is_empty() {
            for refusal in refusals {
                let pairs = self.refused.entry((route, refusal)).or_default();
                let clusters = &self.carrier.ground.clusters;
                let pair = format!("{} -> {}", clusters[near.cluster].name, clusters[far.cluster].name);
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
            return None;
        }
        for line in product.prerequisites(self.carrier, &trip).into_iter().chain(of_mesh) {
            if !self.prerequisites.contains(&line) {
                self.prerequisites.push(line);
            }
        }
        let (front, ways) = (product.front(), product.draw(self.carrier, &trip, &mut self.board));
        let via = via.to_owned();
        let gateway = ways.iter().flat_map(|way| &way.fees).find_map(|fee| match fee.count {
            crate::connect::Count::Capacity { gateway: Some(gateway), .. } => Some(gateway),
            _ => None,
        });
        let add = |way: Way| (way.address, self.add(from, to, &via, way));
        let ids: Vec<(u32, PathId)> = ways.into_iter().map(add).collect();
        Some(match front {
            Front::None => Reach::Direct(ids[0].1),
            Front::Gateway | Front::Proxy | Front::Balancer => {
                let gateway = gateway.expect("what stands before endpoints has a balancer, and that is paid for");
                Reach::Fronted { front, gateway, ways: ids }
            }
        })
    }

    fn add(&mut self, from: PlaceId, to: PlaceId, via: &str, way: Way) -> PathId {
        let (legs, back) = (way.legs(&self.board), way.back_legs(&self.board));
        let hops = |back_way: bool| {
            let named = |hop: &Hop| match *hop {
                Hop::Gateway(gateway) => {
                    (format!("gateway CPU {}", self.board.balancers[gateway].name), Duration::ZERO)
                }
                Hop::Pair { out, back } => {
                    let line = &self.board.lines[if back_way { back } else { out }];
                    (line.name.clone(), line.delay)
                }
            };
            let mut hops: Vec<(String, Duration)> = way.hops.iter().map(named).collect();
            if back_way {
                hops.reverse();
            }
            hops
        };
        let (idle_limit, idle_silent) = self.idle_limit(way.idle_limit, to);
        let path = Path {
            from,
            to,
            name: format!("{} -> {} via {via}", self.places[from].name, self.places[to].name),
            links: way.links(),
            back_links: way.back_links(),
            hops: hops(false),
            back_hops: hops(true),
            floor: floor(&legs),
            floor_back: floor(&back),
            legs,
            back,
            handshake: self.handshake,
            handshake_bytes: self.handshake_bytes,
            idle_limit,
            idle_silent,
            via: via.to_owned(),
        };
        let greeting = way.greeting(&self.board);
        let id = self.paths.push(path);
        self.greetings.extend(greeting.map(|greeting| (id, greeting)));
        for name in way.limits {
            let Limit { open, new_per_second, .. } = self.board.limits[&name];
            let limit = ConnectionLimit { name: name.clone(), open, new_per_second, paths: Vec::new() };
            self.limits.entry(name).or_insert(limit).paths.push(id);
        }
        self.fees.extend(way.fees.into_iter().map(|fee| (id, fee)));
        id
    }

    /// How long nothing may pass, and whether it ends without a word. AWS's network load balancers forget a connection
    /// and answer its next packet with a reset (elasticloadbalancing, network, "Connection idle timeout").
    fn idle_limit(&self, balancer: Option<Duration>, to: PlaceId) -> (Duration, bool) {
        let aws = self.carrier.provider(self.places[to].region) == Some(Provider::Aws);
        match balancer {
            Some(limit) => (limit, aws),
            None => (Duration::MAX, false),
        }
    }

    /// With `network: none` every way takes no time.
    fn nothing(&mut self, from: PlaceId, to: PlaceId) -> Reach {
        Reach::Direct(self.add(from, to, NETWORK, Way::default()))
    }

    /// Routes of their own that no call takes, in this variant.
    pub(super) fn idle(&self) -> Vec<Diagnostic> {
        let ways = self.routes.ways.iter().zip(&self.used);
        let idle = ways
            .filter(|(way, used)| self.networked && !**used && (way.route.from.is_some() || way.route.to.is_some()));
        idle.map(|(way, _)| {
            Diagnostic::warning("EW355", format!("no call takes the route `{}`", way.name)).at(way.route.span, "unused")
        })
        .collect()
    }

    /// What could not be joined, and why.
    pub(super) fn complaints(&self, scenario: &Scenario) -> Vec<Diagnostic> {
        let mut said = Vec::new();
        if !self.missing.is_empty() {
            let clusters = &self.carrier.ground.clusters;
            let pair = |((a, b), service): (&(ClusterId, ClusterId), &String)| {
                format!("{} -> {} (for {service})", clusters[*a].name, clusters[*b].name)
            };
            let pairs: Vec<String> = self.missing.iter().map(pair).collect();
            let mut missing = Diagnostic::error("EW340", format!("no route joins {}", pairs.join(", ")));
            let mut called: Vec<&String> = self.missing.values().collect();
            called.dedup();
            for service in called.into_iter().take(PLACES_MAX) {
                missing = match (scenario.services.get(service), scenario.flows.get(service)) {
                    (Some(called), _) => missing.at(called.span, "called from where no route leads"),
                    (None, Some(flow)) => missing.at(flow.span, "flows to where no route leads"),
                    (None, None) => missing,
                };
            }
            said.push(missing.help("write `routes: {default: {via: PRODUCT}}`, or a route for each pair"));
        }
        for ((index, refusal), pairs) in &self.refused {
            let way = index.map(|index| &self.routes.ways[index]);
            let via = way.map_or(NETWORK, |way| &way.route.via.value);
            let what = format!("`{via}` cannot serve {}: {}", pairs.join(", "), refusal.rule);
            let mut refused = Diagnostic::error("EW341", what).help(refusal.help.clone());
            if let Some(way) = way {
                refused = refused.at(way.route.via.span, format!("chosen by route `{}`", way.name));
            } else {
                let ends = pairs.first().and_then(|pair| pair.split_once(" -> "));
                let ends = ends.map_or(Vec::new(), |(a, b)| vec![a, b]);
                for cluster in ends.into_iter().filter_map(|name| scenario.topology.clusters.get(name)) {
                    refused = refused.at(cluster.span, "in one network");
                }
            }
            said.push(refused);
        }
        said
    }
}

/// Bytes of a new connection's handshakes, towards the server and back: TCP's three packets (RFC 9293); with TLS also both
/// sides' hellos and certificates (estimated: 1.9 and 2.9 KB for a mesh's short chains), resumed hellos and tickets alone.
fn handshake_bytes(networked: bool, sealed: bool, resumes: bool) -> [Bytes; 2] {
    match (networked, sealed, resumes) {
        (false, ..) => [Bytes(0); 2],
        (true, false, _) => [Bytes(112), Bytes(60)],
        (true, true, false) => [Bytes(2_000), Bytes(3_000)],
        (true, true, true) => [Bytes(850), Bytes(450)],
    }
}

/// What one mesh makes of two clusters whose addresses overlap, whatever the product that joins them.
#[derive(Clone, Copy, Debug)]
struct MeshRules {
    distribution: Distribution,
    version: (u32, u32),
}

/// The first ASM with a proxy between clusters that need no common network.
const CROSS_CLUSTER_PROXY: (u32, u32) = (1, 22);

impl MeshRules {
    /// A rule that is broken, or what has to be there: nothing where no addresses overlap.
    fn ask(self, carrier: &Carrier<'_>, trip: &Trip<'_>, front: Front) -> Result<Option<String>, Refusal> {
        let Some((near, far, what)) = clash(carrier, trip) else { return Ok(None) };
        let who = format!("mesh {}: {near} and {far} overlap ({what})", near_mesh(carrier, trip));
        let proxied = self.version >= CROSS_CLUSTER_PROXY && front == Front::Proxy;
        match self.distribution {
            Distribution::Istio if front == Front::None => Ok(None),
            Distribution::Istio => {
                Ok(Some(format!("{who}: a network of its own for each (`topology.istio.io/network`)")))
            }
            Distribution::Asm if proxied => {
                Ok(Some(format!("{who}: the cross-cluster proxy of ASM 1.22 or later, and a network for each")))
            }
            Distribution::Asm => Err(Refusal::new(
                format!("{who}: one ASM takes no clusters whose addresses conflict"),
                "renumber one of them, give them a mesh each (`mesh: NAME`, several masters), or use ASM 1.22 or later with its cross-cluster proxy (`gateways: {CLUSTER: {kind: l7}}`)",
            )),
        }
    }
}

fn near_mesh<'c>(carrier: &'c Carrier<'_>, trip: &Trip<'_>) -> &'c str {
    trip.from.cluster.map_or("", |cluster| &carrier.ground.clusters[cluster].mesh)
}

/// Two clusters of one mesh with addresses that overlap, and which.
fn clash<'c>(carrier: &'c Carrier<'_>, trip: &Trip<'_>) -> Option<(&'c str, &'c str, String)> {
    let ground = carrier.ground;
    let (a, b) = (trip.from.cluster?, trip.to.cluster?);
    let (near, far) = (&ground.clusters[a.min(b)], &ground.clusters[a.max(b)]);
    if a == b || near.mesh != far.mesh {
        return None;
    }
    let ranges = |cluster: &Cluster| {
        // Of one network the addresses are its own.
        let network = ground.vpcs[cluster.vpc].cidr.filter(|_| near.vpc != far.vpc);
        [(network, "VPC"), (cluster.pods, "pods"), (cluster.services, "services")]
    };
    for (x, what) in ranges(near) {
        for (y, other) in ranges(far) {
            if let Some((x, y)) = x.zip(y).filter(|(x, y)| x.overlaps(*y)) {
                return Some((&near.name, &far.name, format!("{what} {x}, {other} {y}")));
            }
        }
    }
    None
}
