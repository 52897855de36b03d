//! Regions, zones, networks, clusters and places; and what the scenario knows better than the latency book.

use std::collections::BTreeSet;

use super::clock::clock_at_zero;
use crate::connect::{Inside, Override};
use crate::provider::Books;
use crate::random::{Law, halves};
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Cidr, Cni, LinkLoss, RttFile, RttUnit, Scenario, Topology};
use crate::scenario::span::{Span, Spanned};
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
pub(super) fn overrides(topology: &Topology, ground: &Ground, said: &mut Vec<Diagnostic>) -> Vec<Override> {
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
            cap: link.rate.map(|rate| Cap { rate: rate.rate, past: PastCap::Shape { buffer: rate.buffer } }),
            ..Override::between(between.0, between.1)
        });
    }
    if let Some(file) = &topology.rtt {
        let (round_trips, strange) = matrix(file, ground, said);
        holes(topology, ground, &round_trips, &strange, said);
        for (between, rtt) in round_trips {
            let (a, b) = between;
            let mut known = false;
            for link in overrides.iter_mut().filter(|link| link.holds(a, b) || link.holds(b, a)) {
                link.rtt = link.rtt.or(Some(rtt));
                known = true;
            }
            if !known {
                overrides.push(Override { rtt: Some(rtt), ..Override::between(a, b) });
            }
        }
    }
    overrides
}

fn loss_of(loss: LinkLoss) -> Loss {
    let bad = loss.bad.map(|(chance, mean_good, mean_bad)| BadState {
        chance: HourLaw::flat(chance.get()),
        mean_good,
        mean_bad,
    });
    Loss { good: HourLaw::flat(loss.good.get()), bad }
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

/// Round trips of a matrix: a square (first column and header name regions) or rows `from,to,milliseconds`. A blank is
/// unknown. Of two figures for a pair, one for each direction, the mean is taken; one way ones are added. The second part
/// are names that are no region here.
fn matrix(file: &RttFile, ground: &Ground, said: &mut Vec<Diagnostic>) -> (RoundTrips, BTreeSet<String>) {
    let mut strange = BTreeSet::new();
    let region = |name: &str| {
        let name = name.trim();
        let id = ground.regions.iter().find(|(_, region)| {
            region.name == name
                || region.is.as_deref().is_some_and(|is| is == name || is.ends_with(&format!("/{name}")))
        });
        id.map(|(id, _)| id)
    };
    let mut wrong = |what: String, at: Span| said.push(Diagnostic::error("EW332", what).at(at, "this file"));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file.text.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().filter_map(Result::ok).map(|row| row.iter().map(str::to_owned).collect()).collect();
    let Some((header, rows)) = rows.split_first() else {
        wrong(format!("{} is empty", file.file.value), file.file.span);
        return (Vec::new(), strange);
    };
    let square = header.len() != 3 || header[1..].iter().all(|name| region(name).is_some());
    let mut cells: Vec<(RegionId, RegionId, f64)> = Vec::new();
    let mut directed: BTreeSet<(RegionId, RegionId)> = BTreeSet::new();
    for (number, row) in rows.iter().enumerate() {
        let entries: Vec<(&str, &str, &str)> = if square {
            let to = header.iter().skip(1).map(String::as_str);
            to.zip(row.iter().skip(1)).map(|(to, cell)| (row[0].as_str(), to, cell.as_str())).collect()
        } else if row.len() == 3 {
            vec![(&row[0], &row[1], &row[2])]
        } else {
            wrong(format!("{}: row {} does not have three fields", file.file.value, number + 2), file.file.span);
            continue;
        };
        for (from, to, cell) in entries {
            // Regions that this scenario has not are other people's rows of a larger matrix.
            strange.extend(
                [from, to].into_iter().filter(|name| region(name).is_none()).map(|name| name.trim().to_owned()),
            );
            let (Some(a), Some(b)) = (region(from), region(to)) else { continue };
            if cell.trim().is_empty() || a == b {
                continue;
            }
            if !directed.insert((a, b)) {
                let what = format!("{}: row {}: {from} to {to} is said twice", file.file.value, number + 2);
                wrong(what, file.file.span);
                continue;
            }
            match cell.trim().parse::<f64>() {
                Ok(ms) if ms > 0.0 && ms.is_finite() => cells.push((a.min(b), a.max(b), ms)),
                _ => wrong(
                    format!(
                        "{}: row {}: a round trip is a number of milliseconds above zero",
                        file.file.value,
                        number + 2
                    ),
                    file.file.span,
                ),
            }
        }
    }
    cells.sort_by_key(|&(a, b, _)| (a, b));
    let pairs = cells.chunk_by(|x, y| (x.0, x.1) == (y.0, y.1));
    let round_trips = pairs.map(|pair| {
        let mean = pair.iter().map(|cell| cell.2).sum::<f64>() / pair.len() as f64;
        let ms = if file.unit == RttUnit::OneWay { 2.0 * mean } else { mean };
        ((pair[0].0, pair[0].1), Duration::from_seconds_f64(ms / 1e3))
    });
    (round_trips.collect(), strange)
}

type RoundTrips = Vec<((RegionId, RegionId), Duration)>;

/// Pairs of regions of which neither the matrix nor a link says how far they are apart.
fn holes(
    topology: &Topology,
    ground: &Ground,
    known: &RoundTrips,
    strange: &BTreeSet<String>,
    said: &mut Vec<Diagnostic>,
) {
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
            if !known.iter().any(|(pair, _)| *pair == (*a, *b)) && !linked(*a, *b) {
                missing.push(format!("{} - {}", near.name, far.name));
            }
        }
    }
    if missing.is_empty() {
        return;
    }
    let what = format!("{} says nothing of {}: the book's round trips hold there", file.file.value, few(&missing));
    let mut hole = Diagnostic::warning("EW336", what).at(file.file.span, "this file");
    if !strange.is_empty() {
        let names: Vec<String> = strange.iter().cloned().collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::span::Spanned;

    /// Round trips in ms between hangzhou (0), singapore (1) and tokyo (2), and how many complaints.
    #[track_caller]
    fn check(text: &str, unit: RttUnit, want: &[(u32, u32, f64)], complaints: usize) {
        let mut ground = Ground::default();
        for (name, is) in
            [("hz", "alibaba/cn-hangzhou"), ("sg", "alibaba/ap-southeast-1"), ("tokyo", "alibaba/ap-northeast-1")]
        {
            ground.regions.push(Region { name: name.into(), is: Some(is.into()), at_zero: Duration::ZERO });
        }
        let mut said = Vec::new();
        let file = RttFile { file: Spanned::unsaid("m.csv".into()), text: text.into(), unit };
        let (read, _) = matrix(&file, &ground, &mut said);
        let shown: Vec<(u32, u32, f64)> = read.iter().map(|((a, b), rtt)| (a.0, b.0, rtt.millis())).collect();
        assert_eq!((shown.as_slice(), said.len()), (want, complaints), "{said:?}");
    }

    #[test]
    fn a_square_matrix_takes_the_mean_of_both_directions_and_leaves_blanks_unknown() {
        let text = "from,hz,cn-shanghai,sg\nhz,,5,60\nsg,62,70,\ntokyo,50,,\n";
        check(text, RttUnit::Rtt, &[(0, 1, 61.0), (0, 2, 50.0)], 0);
    }

    #[test]
    fn rows_of_three_fields_name_regions_as_the_scenario_or_the_book_does() {
        let text = "from,to,ms\ncn-hangzhou,sg,30\nalibaba/ap-southeast-1,hz,32\nhz,nowhere,7\n";
        check(text, RttUnit::OneWay, &[(0, 1, 62.0)], 0);
    }

    #[test]
    fn what_is_no_time_is_told_row_by_row() {
        check("from,to,ms\nhz,sg,fast\nhz,tokyo,-3\nhz,sg\n", RttUnit::Rtt, &[], 3);
        check("", RttUnit::Rtt, &[], 1);
    }

    #[test]
    fn a_direction_is_said_once_and_the_other_one_too() {
        check("from,to,ms\nhz,sg,30\nsg,hz,32\ncn-hangzhou,sg,31\n", RttUnit::Rtt, &[(0, 1, 31.0)], 1);
        check("from,hz,sg,sg\nhz,,5,6\n", RttUnit::Rtt, &[(0, 1, 5.0)], 1);
    }
}
