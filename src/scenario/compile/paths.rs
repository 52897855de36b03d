//! Paths between places: each trip is asked of its route's product once, drawn once, and becomes one path for each way.

use std::collections::BTreeMap;

use super::routes::Routes;
use crate::connect::vpc::SameVpc;
use crate::connect::{Board, Carrier, Fee, Front, Hop, Product, Refusal, Spot, Trip, Way};
use crate::scenario::Diagnostic;
use crate::scenario::file::{Dataplane, Scenario, Tls};
use crate::table::Table;
use crate::topology::{Cluster, ClusterId, GatewayId, Place, PlaceId, floor};
use crate::units::Duration;
use crate::world::{Path, PathId};

/// Envoy's idle timeout of an upstream connection (`common_http_protocol_options.idle_timeout`).
const ENVOY_IDLE: Duration = Duration::from_secs(3600);
/// So many services are pointed at when they cannot be reached.
const PLACES_MAX: usize = 3;
/// What carries a call that no product carries.
pub(super) const NETWORK: &str = "network";

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
        /// The ways.
        ways: Vec<PathId>,
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
    sealed: bool,
    networked: bool,
    known: BTreeMap<(PlaceId, PlaceId), Known>,
    /// Links and gateways.
    pub board: Board,
    /// The paths.
    pub paths: Table<PathId, Path>,
    /// What each path costs.
    pub fees: Vec<(PathId, Fee)>,
    /// What has to be there first, by route.
    pub prerequisites: Vec<String>,
    missing: BTreeMap<(ClusterId, ClusterId), String>,
    refused: BTreeMap<(usize, Refusal), Vec<String>>,
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
            Tls::None => 0,
        };
        let used = vec![false; routes.ways.len()];
        Paths {
            carrier,
            routes,
            places,
            handshake: if scenario.network { 1 + tls } else { 0 },
            sealed: tls > 0,
            networked: scenario.network,
            known: BTreeMap::new(),
            board: Board::default(),
            paths: Table::new(),
            fees: Vec::new(),
            prerequisites: Vec::new(),
            missing: BTreeMap::new(),
            refused: BTreeMap::new(),
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
        if product.front() == Front::Gateway && !self.sealed {
            refusals.push(Refusal::new(
                "an east-west gateway passes TLS through by its name (SNI), and this mesh does not encrypt",
                "use `dataplane: sidecar` with `tls: \"1.3\"`, or a product that routes by address",
            ));
        }
        if !refusals.is_empty() {
            let index = route.expect("a network always joins itself");
            for refusal in refusals {
                let pairs = self.refused.entry((index, refusal)).or_default();
                let clusters = &self.carrier.ground.clusters;
                let pair = format!("{} -> {}", clusters[near.cluster].name, clusters[far.cluster].name);
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
            return None;
        }
        for line in product.prerequisites(self.carrier, &trip) {
            if !self.prerequisites.contains(&line) {
                self.prerequisites.push(line);
            }
        }
        if let Some(line) = same_mesh_addresses(self.carrier, &trip)
            && !self.prerequisites.contains(&line)
        {
            self.prerequisites.push(line);
        }
        let (front, ways) = (product.front(), product.draw(self.carrier, &trip, &mut self.board));
        let via = via.to_owned();
        let gateway = ways.iter().flat_map(|way| &way.fees).find_map(|fee| match fee.count {
            crate::connect::Count::Capacity { gateway: Some(gateway), .. } => Some(gateway),
            _ => None,
        });
        let ids: Vec<PathId> = ways.into_iter().map(|way| self.add(from, to, &via, way)).collect();
        Some(match front {
            Front::None => Reach::Direct(ids[0]),
            Front::Gateway | Front::Balancer => {
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
            idle_limit: way.idle_limit.map_or(ENVOY_IDLE, |limit| limit.min(ENVOY_IDLE)),
            via: via.to_owned(),
        };
        let id = self.paths.push(path);
        self.fees.extend(way.fees.into_iter().map(|fee| (id, fee)));
        id
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
                missing = missing.at(scenario.services[service].span, "called from where no route leads");
            }
            said.push(missing.help("write `routes: {default: {via: PRODUCT}}`, or a route for each pair"));
        }
        for ((index, refusal), pairs) in &self.refused {
            let way = &self.routes.ways[*index];
            let what = format!("`{}` cannot serve {}: {}", way.route.via.value, pairs.join(", "), refusal.rule);
            said.push(
                Diagnostic::error("EW341", what)
                    .at(way.route.via.span, format!("chosen by route `{}`", way.name))
                    .help(refusal.help.clone()),
            );
        }
        said
    }
}

/// One mesh instance minds addresses that overlap, whatever the product that joins its clusters.
fn same_mesh_addresses(carrier: &Carrier<'_>, trip: &Trip<'_>) -> Option<String> {
    let ground = carrier.ground;
    let (a, b) = (trip.from.cluster?, trip.to.cluster?);
    let (near, far) = (&ground.clusters[a.min(b)], &ground.clusters[a.max(b)]);
    let ranges = |cluster: &Cluster| [ground.vpcs[cluster.vpc].cidr, cluster.pods, cluster.services];
    let clash = ranges(near)
        .into_iter()
        .flatten()
        .find_map(|x| ranges(far).into_iter().flatten().find(|y| x.overlaps(*y)).map(|y| (x, y)));
    let (x, y) = clash.filter(|_| near.vpc != far.vpc && near.mesh == far.mesh)?;
    Some(format!(
        "mesh {}: {} ({x}) and {} ({y}) overlap, which one ASM instance takes only from 1.22 on with the cross-cluster proxy and a network for each, or as several masters",
        near.mesh, near.name, far.name
    ))
}
