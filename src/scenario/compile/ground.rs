//! Regions, zones, networks, clusters and places; and what the scenario knows better than the latency book.

use super::clock::clock_at_zero;
use super::matrix::{self, Matrix};
use crate::connect::{Inside, Override};
use crate::provider::{Books, Level};
use crate::random::{Law, halves};
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Cidr, Cni, LinkLoss, LinkRate, RttUnit, Scenario, Topology};
use crate::scenario::span::Spanned;
use crate::table::Table;
use crate::topology::{
    self, BadState, Cap, Cluster, ClusterId, Ground, HourLaw, Loss, PastCap, Place, PlaceId, Region, RegionId, Vpc,
    VpcId, Zone, ZoneId,
};
use crate::units::Duration;

/// All that stands somewhere, in the order of the file.
pub(super) fn ground(scenario: &Scenario, books: &Books, said: &mut Vec<Diagnostic>) -> Ground {
    let topology = &scenario.topology;
    let mut ground = Ground::default();
    for (name, region) in &topology.regions {
        let is = region.is.as_ref();
        if let Some(is) = is.filter(|is| books.region(is).is_none()) {
            let mut unknown = Diagnostic::error("EW330", format!("no book knows the region `{}`", is.value))
                .at(is.span, "not in the book of regions");
            if let Some(near) = books.nearest(is) {
                unknown = unknown.help(format!("did you mean `{}`?", near.key()));
            }
            said.push(unknown.help("`eastwest catalog regions` lists them"));
        }
        let at_zero = clock_at_zero(scenario, is.and_then(|is| books.region(is)));
        let id = ground.regions.push(Region { name: name.clone(), is: is.map(|is| is.value.clone()), at_zero });
        for zone in &region.zones {
            ground.zones.push(Zone { region: id, name: zone.value.clone() });
        }
    }
    for (name, vpc) in &topology.vpcs {
        let region = region_named(&ground, &vpc.region);
        let cidr = vpc.cidr.map(|cidr| range(cidr.value));
        ground.vpcs.push(Vpc { name: name.clone(), region, cidr, owner: vpc.owner.clone() });
    }
    for (name, cluster) in &topology.clusters {
        let vpc = match &cluster.vpc {
            Some(vpc) => vpc_named(&ground, vpc).expect("a cluster's VPC was checked to exist"),
            None => {
                let region = region_named(&ground, &cluster.region);
                ground.vpcs.push(Vpc { name: name.clone(), region, cidr: None, owner: String::new() })
            }
        };
        pods(name, cluster, ground.vpcs[vpc].cidr, said);
        let region = ground.region_of(vpc);
        let zones = cluster.zones.iter().map(|zone| {
            zone_named(&ground, region, zone).expect("a cluster's zones were checked to exist in its region")
        });
        let zones: Vec<ZoneId> = zones.collect();
        ground.clusters.push(Cluster {
            name: name.clone(),
            vpc,
            zones,
            pods: cluster.pods.map(|cidr| range(cidr.value)),
            overlay: cluster.cni.is_some_and(|cni| cni.value == Cni::Flannel),
            services: cluster.service_cidr.map(|cidr| range(cidr.value)),
            mesh: cluster.mesh.value.clone(),
        });
    }
    ground
}

/// Terway's pods have addresses of the VPC, Flannel's have others.
fn pods(name: &str, cluster: &file::Cluster, vpc: Option<topology::Cidr>, said: &mut Vec<Diagnostic>) {
    let (Some(cni), Some(pods), Some(vpc)) = (cluster.cni, cluster.pods, vpc) else { return };
    let own = range(pods.value);
    let (broken, help) = match cni.value {
        Cni::Terway => {
            (!vpc.contains(own), "leave `pods` out, or write a part of the VPC's range; or say `cni: flannel`")
        }
        Cni::Flannel => (vpc.overlaps(own), "give the pods a range outside of the VPC's; or say `cni: terway`"),
    };
    if broken {
        let what = match cni.value {
            Cni::Terway => format!("pods of `{name}` have {own}, and Terway takes them from the VPC, which has {vpc}"),
            Cni::Flannel => {
                format!("pods of `{name}` have {own}, in the range of the VPC, {vpc}, and Flannel needs one of its own")
            }
        };
        said.push(
            Diagnostic::error("EW337", what)
                .at(pods.span, "these addresses")
                .at(cni.span, "of this plug-in")
                .help(help),
        );
    }
}

fn range(cidr: Cidr) -> topology::Cidr {
    topology::Cidr::new(cidr.network, cidr.prefix)
        .expect("the decoder reads ranges whose bits past the prefix are zero")
}

/// The region of that name, which was checked to exist.
pub(super) fn region_named(ground: &Ground, name: &str) -> RegionId {
    let found = ground.regions.iter().find(|(_, region)| region.name == name);
    found.map(|(id, _)| id).expect("a region's name was checked to exist")
}

/// The zone of that name in a region.
pub(super) fn zone_named(ground: &Ground, region: RegionId, name: &str) -> Option<ZoneId> {
    ground.zones.iter().find(|(_, zone)| zone.region == region && zone.name == name).map(|(id, _)| id)
}

/// The VPC of that name, or the own VPC of the cluster of that name.
pub(super) fn vpc_named(ground: &Ground, name: &str) -> Option<VpcId> {
    ground.vpcs.iter().find(|(_, vpc)| vpc.name == name).map(|(id, _)| id)
}

/// The cluster of that name.
pub(super) fn cluster_named(ground: &Ground, name: &str) -> Option<ClusterId> {
    ground.clusters.iter().find(|(_, cluster)| cluster.name == name).map(|(id, _)| id)
}

/// Places: each cluster's zones, clusters and zones in the order of the file.
pub(super) fn places(ground: &Ground) -> Table<PlaceId, Place> {
    let mut places = Table::new();
    for (id, cluster) in ground.clusters.iter() {
        for &zone in &cluster.zones {
            let name = format!("{}/{}", cluster.name, ground.zone_name(zone));
            places.push(Place { region: ground.zones[zone].region, zone, cluster: id, name });
        }
    }
    places
}

/// The scenario's own figures for the backbone: its links first, then its matrix for pairs that no link names.
pub(super) fn overrides(
    topology: &Topology,
    ground: &Ground,
    books: &Books,
    level: Level,
    said: &mut Vec<Diagnostic>,
) -> Vec<Override> {
    let mut overrides: Vec<Override> = Vec::new();
    for link in topology.links.values() {
        let between = (region_named(ground, &link.between.0), region_named(ground, &link.between.1));
        let known = link.rtt.as_ref().and_then(|rtt| split(rtt, said));
        let (rtt, jitter) = known.map_or((None, None), |(rtt, jitter)| (Some(rtt), Some(jitter)));
        let at_zero = ground.regions[between.0].at_zero;
        let by_hour = |values: [f64; 24]| HourLaw { values, at_zero };
        let drawn = |law: &Spanned<Law>| (!matches!(law.value, Law::Constant(0.0))).then(|| law.value.clone());
        overrides.push(Override {
            one_way: link.one_way,
            rtt,
            delay: link.delay.map(|delay| delay.value),
            jitter: link.jitter.as_ref().map(drawn).or(jitter),
            jitter_factor: link.profile.jitter.map(by_hour),
            loss: link.loss.map(loss_of),
            loss_factor: link.profile.loss.map(by_hour),
            cap: link.rate.map(cap_of),
            ..Override::between(between.0, between.1)
        });
    }
    if let Some(file) = &topology.rtt {
        let matrix = matrix::read(file, ground, books, said);
        holes(topology, ground, &matrix, said);
        for (&(a, b), figure) in &matrix.figures {
            match file.unit {
                RttUnit::Rtt => round_trip(&mut overrides, (a, b), figure.at(level)),
                RttUnit::OneWay => one_way(&mut overrides, (a, b), figure.at(level)),
            }
        }
    }
    overrides
}

/// A round trip of the matrix, for a pair of which no link says one.
fn round_trip(overrides: &mut Vec<Override>, (a, b): matrix::Pair, rtt: Duration) {
    let mut known = false;
    for link in overrides.iter_mut().filter(|link| link.holds(a, b) || link.holds(b, a)) {
        link.rtt = link.rtt.or(Some(rtt));
        known = true;
    }
    if !known {
        overrides.push(Override { rtt: Some(rtt), ..Override::between(a, b) });
    }
}

/// A delay of one direction, where no link says another. A link of both directions without a distance of its own becomes
/// two.
fn one_way(overrides: &mut Vec<Override>, (a, b): matrix::Pair, delay: Duration) {
    let Some(at) = overrides.iter().position(|link| link.holds(a, b)) else {
        overrides.push(Override { one_way: true, delay: Some(delay), ..Override::between(a, b) });
        return;
    };
    if overrides[at].rtt.is_some() || overrides[at].delay.is_some() {
        return;
    }
    if overrides[at].one_way {
        overrides[at].delay = Some(delay);
    } else {
        let other = Override { one_way: true, between: (b, a), ..overrides[at].clone() };
        let own = Override { one_way: true, between: (a, b), delay: Some(delay), ..overrides[at].clone() };
        overrides.splice(at..=at, [own, other]);
    }
}

fn cap_of(link: LinkRate) -> Cap {
    let past = match (link.fair, file::PastCap::FAIR) {
        (true, file::PastCap::Fair { above, by_round_trip, .. }) => {
            PastCap::Fair { above, buffer: link.buffer, by_round_trip }
        }
        _ => PastCap::Shape { buffer: link.buffer },
    };
    Cap { rate: link.rate, past }
}

fn loss_of(loss: LinkLoss) -> Loss {
    let bad = loss.bad.map(|(chance, mean_good, mean_bad)| BadState {
        chance: HourLaw::flat(chance.get()),
        mean_good,
        mean_bad,
    });
    Loss { good: HourLaw::flat(loss.good.get()), bad }
}

/// Pairs of regions, each in the order of the scenario, of which it says itself how far they are apart, and where.
pub(super) fn said_of(topology: &Topology, ground: &Ground, books: &Books) -> Vec<((RegionId, RegionId), String)> {
    let links =
        topology.links.iter().filter(|(_, link)| link.rtt.is_some() || link.delay.is_some()).map(|(name, link)| {
            let (a, b) = (region_named(ground, &link.between.0), region_named(ground, &link.between.1));
            ((a.min(b), a.max(b)), format!("your link `{name}`"))
        });
    let mut said: Vec<((RegionId, RegionId), String)> = links.collect();
    if let Some(file) = &topology.rtt {
        let matrix = matrix::read(file, ground, books, &mut Vec::new());
        let pairs = matrix.figures.keys().map(|&(a, b)| (a.min(b), a.max(b)));
        said.extend(pairs.map(|pair| (pair, format!("your matrix {}", file.file.value))));
    }
    said
}

/// The scenario's own figures for the networks of its regions.
pub(super) fn insides(topology: &Topology, ground: &Ground, said: &mut Vec<Diagnostic>) -> Vec<Inside> {
    let mut insides = Vec::new();
    for (name, region) in &topology.regions {
        for (same_zone, rtt) in [(true, &region.same_zone), (false, &region.cross_zone)] {
            let known = rtt.as_ref().and_then(|rtt| split(rtt, said));
            let region = region_named(ground, name);
            insides.extend(known.map(|(rtt, jitter)| Inside { region, same_zone, rtt, jitter }));
        }
    }
    insides
}

/// A round-trip law as a fixed part and one-way jitter. Of a lognormal law the fixed part is its p1, median^2 / p99;
/// the rest is drawn in two halves, one each way, such that median and p99 of the whole are those of the law.
fn split(rtt: &Spanned<Law>, said: &mut Vec<Diagnostic>) -> Option<(Duration, Option<Law>)> {
    match rtt.value {
        Law::Constant(seconds) => Some((Duration::from_seconds_f64(seconds), None)),
        Law::Lognormal { mu, sigma } => {
            let (p50, p99) = (libm::exp(mu), libm::exp(mu + 2.326_347_874_040_841 * sigma));
            let fixed = p50 * p50 / p99;
            let jitter = (sigma > 0.0).then(|| halves(p50 - fixed, p99 - fixed));
            Some((Duration::from_seconds_f64(fixed), jitter))
        }
        _ => {
            said.push(
                Diagnostic::error("EW331", "a round trip is constant or lognormal")
                    .at(rtt.span, "another law")
                    .help("write `rtt: 62ms` or `rtt: {lognormal: {p50: 62ms, p99: 90ms}}`"),
            );
            None
        }
    }
}

/// Pairs of regions of which neither the matrix nor a link says how far they are apart.
fn holes(topology: &Topology, ground: &Ground, known: &Matrix, said: &mut Vec<Diagnostic>) {
    let Some(file) = topology.rtt.as_ref().filter(|_| !said.iter().any(Diagnostic::is_error)) else { return };
    let linked = |a: RegionId, b: RegionId| {
        topology.links.values().filter(|link| link.rtt.is_some() || link.delay.is_some()).any(|link| {
            let between = (region_named(ground, &link.between.0), region_named(ground, &link.between.1));
            between == (a, b) || between == (b, a)
        })
    };
    let regions: Vec<(RegionId, &Region)> = ground.regions.iter().collect();
    let mut missing = Vec::new();
    for (at, (a, near)) in regions.iter().enumerate() {
        for (b, far) in &regions[at + 1..] {
            let says = |pair: matrix::Pair| known.figures.contains_key(&pair);
            let both = says((*a, *b)) && (file.unit == RttUnit::Rtt || says((*b, *a)));
            if !both && !linked(*a, *b) {
                missing.push(format!("{} - {}", near.name, far.name));
            }
        }
    }
    if missing.is_empty() {
        return;
    }
    let what = format!("{} says nothing of {}: the book's round trips hold there", file.file.value, few(&missing));
    let mut hole = Diagnostic::warning("EW336", what).at(file.file.span, "this file");
    if !known.strange.is_empty() {
        let names: Vec<String> = known.strange.iter().cloned().collect();
        hole = hole.help(format!("names in it that are no region here: {}", few(&names)));
    }
    said.push(hole.help("write the missing figures into it, or `links: {NAME: {between: [A, B], rtt: ..}}`"));
}

/// The first few of a list, and how many more there are.
fn few(names: &[String]) -> String {
    const MOST: usize = 6;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST { format!("{shown} and {} more", names.len() - MOST) } else { shown }
}
