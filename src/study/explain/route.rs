//! A route hop by hop, in both directions: what it takes, what it passes, who can fail, what it costs.
//!
//! Reads paths of compiled worlds only: nothing of calls, policies or hosts is worked out for it.

use std::collections::BTreeMap;

use super::{call, standing};
use crate::fault::KINDS;
use crate::record::{FallsWith, FixedPrice, HopCap, HopLoss, RouteHop, RouteOfVariant, RoutePrice, WayExplanation};
use crate::scenario::accepts_hit;
use crate::scenario::file::Scenario;
use crate::study::estimate::link_rates;
use crate::table::Id;
use crate::units::Duration;
use crate::world::{
    Basis, Cap, Charge, GatewayId, Leg, Link, LinkId, PastCap, Path, PathId, Place, PlaceId, Target, World,
};

/// Hours of a month of a bill.
const MONTH_HOURS: f64 = 730.0;
/// Bytes of the gigabyte that a way's sums are told for.
const GIB: f64 = 1_073_741_824.0;

/// One end of what was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Anywhere.
    Any,
    /// All clusters of a region.
    Region(String),
    /// A cluster.
    Cluster(String),
    /// All of these clusters: those of a VPC.
    Clusters(Vec<String>),
    /// A cluster's part in a zone, `cluster/zone`.
    Place(String),
}

impl End {
    fn holds(&self, world: &World, place: &Place) -> bool {
        match self {
            End::Any => true,
            End::Region(name) => world.regions[place.region] == *name,
            End::Cluster(name) => world.clusters[place.cluster] == *name,
            End::Clusters(names) => names.contains(&world.clusters[place.cluster]),
            End::Place(name) => place.name == *name,
        }
    }
}

/// Which ways are asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Who opens the connection.
    pub from: End,
    /// Who accepts it.
    pub to: End,
    /// Only over this product.
    pub via: Option<String>,
}

/// The route in one variant's world; what takes it down is named as the scenario's faults accept it.
pub fn of_variant(scenario: &Scenario, world: &World, asked: &Asked) -> RouteOfVariant {
    let wanted = |path: &Path| {
        asked.from.holds(world, &world.places[path.from])
            && asked.to.holds(world, &world.places[path.to])
            && asked.via.as_ref().is_none_or(|via| *via == path.via)
    };
    let paths: Vec<PathId> = world.paths.iter().filter(|(_, path)| wanted(path)).map(|(id, _)| id).collect();
    if paths.is_empty() {
        return RouteOfVariant { name: world.variant.clone(), ..RouteOfVariant::default() };
    }
    let facts = Facts::of(scenario, world, &paths);
    let mut ways: Vec<(Vec<String>, WayExplanation)> = Vec::new();
    for &path in &paths {
        let kind = kind(world, path);
        let row = &world.paths[path];
        let ends = format!("{} to {}", world.places[row.from].name, world.places[row.to].name);
        match ways.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, way)) if way.alike.contains(&ends) => {}
            Some((_, way)) => way.alike.push(ends),
            None => ways.push((kind, facts.way(path))),
        }
    }
    let products: Vec<String> = facts.products(&paths);
    let charges = || world.charges.iter().filter(|charge| products.contains(&charge.product));
    let standing: Vec<(&Charge, FixedPrice)> = charges().filter_map(|charge| Some((charge, fixed(charge)?))).collect();
    let mut month = (0.0, 0.0, 0.0);
    for (charge, price) in &standing {
        let (Some(quantity), Some(each), Some(times)) = (price.quantity, price.price, monthly(&charge.basis)) else {
            continue;
        };
        let add = |sum: f64, price: f64| sum + quantity * price * times;
        month = (add(month.0, each.0), add(month.1, each.1), add(month.2, each.2));
    }
    RouteOfVariant {
        name: world.variant.clone(),
        ways: ways.into_iter().map(|(_, way)| way).collect(),
        standing: standing.into_iter().map(|(_, price)| price).collect(),
        month,
        prerequisites: world.prerequisites.clone(),
    }
}

/// What two ways have in common where one stands for both.
fn kind(world: &World, path: PathId) -> Vec<String> {
    let path = &world.paths[path];
    let region = |place: PlaceId| world.regions[world.places[place].region].clone();
    let zone = |place: PlaceId| &world.zones[world.places[place].zone].1;
    // Parts of a product that differ by their zone alone are alike.
    let ends = [zone(path.from), zone(path.to)];
    let word = |word: &str| match word.rsplit_once('/') {
        Some((before, last)) if ends.iter().any(|zone| *zone == last) => format!("{before}/ZONE"),
        None if ends.iter().any(|zone| *zone == word) => "ZONE".to_owned(),
        _ => word.to_owned(),
    };
    let hop = |(name, span): &(String, Duration)| {
        let plain = name.split(' ').map(word).collect::<Vec<_>>().join(" ");
        format!("{plain} {}", span.nanos())
    };
    [region(path.from), region(path.to), path.via.clone()]
        .into_iter()
        .chain(path.hops.iter().chain(&path.back_hops).map(hop))
        .collect()
}

/// How often a unit of a charge is paid in a month; none: as it is measured.
fn monthly(basis: &Basis) -> Option<f64> {
    match basis {
        Basis::Hours(_) => Some(MONTH_HOURS),
        Basis::Mbps(_) => Some(1.0),
        Basis::MbpsDays { .. } => Some(MONTH_HOURS / 24.0),
        _ => None,
    }
}

fn fixed(charge: &Charge) -> Option<FixedPrice> {
    let price = standing(charge)?;
    Some(FixedPrice {
        product: price.product,
        item: price.item,
        scope: price.scope,
        quantity: price.quantity,
        unit: price.unit,
        price: price.price,
        status: price.status,
        payer: charge.payer.clone(),
        source: charge.tariff.source.clone(),
    })
}

/// What is looked up for all ways at once.
struct Facts<'a> {
    world: &'a World,
    /// What takes each target down.
    falls: BTreeMap<Target, Vec<FallsWith>>,
    /// Bytes per second by link, mean and peak.
    rates: (Vec<f64>, Vec<f64>),
}

impl<'a> Facts<'a> {
    fn of(scenario: &Scenario, world: &'a World, paths: &[PathId]) -> Facts<'a> {
        let mut falls: BTreeMap<Target, Vec<FallsWith>> = BTreeMap::new();
        for &path in paths {
            let row = &world.paths[path];
            let targets = row.links.iter().chain(&row.back_links).map(|&link| Target::Link(link));
            let ends = [Target::Path(path), Target::Place(row.from), Target::Place(row.to)];
            let gateways = row.legs.iter().filter_map(|leg| gateway(world, leg)).flatten();
            targets.chain(ends).chain(gateways).for_each(|target| {
                falls.entry(target).or_default();
            });
        }
        let mut scene = world.scene();
        for (domain, target) in &world.domains {
            scene.add(domain, *target);
        }
        for (domain, targets) in scene.domains() {
            let Some(kind) = KINDS.iter().find(|kind| domain.split('/').next() == Some(kind.word)) else { continue };
            if !targets.iter().any(|target| falls.contains_key(target)) {
                continue;
            }
            let written = domain.replace(['@', '#'], "/");
            let Some(hit) = [domain, &written].into_iter().find(|hit| accepts_hit(scenario, hit)) else { continue };
            for target in targets {
                if let Some(known) = falls.get_mut(target) {
                    let manner = match kind.manner {
                        crate::fault::Manner::Silent => "silent",
                        crate::fault::Manner::Refused => "refused",
                    };
                    known.push(FallsWith { hit: hit.to_owned(), manner: manner.to_owned() });
                }
            }
        }
        falls.values_mut().for_each(|known| known.dedup());
        Facts { world, falls, rates: link_rates(world) }
    }

    fn falls_with(&self, targets: impl IntoIterator<Item = Target>) -> Vec<FallsWith> {
        let mut all: Vec<FallsWith> = Vec::new();
        for one in targets.into_iter().filter_map(|target| self.falls.get(&target)).flatten() {
            if !all.contains(one) {
                all.push(one.clone());
            }
        }
        all
    }

    /// Products that carry any of these ways.
    fn products(&self, paths: &[PathId]) -> Vec<String> {
        let mut products: Vec<String> = paths.iter().map(|&path| self.world.paths[path].via.clone()).collect();
        for &path in paths {
            let behind = self.falls.get(&Target::Path(path)).into_iter().flatten();
            products.extend(behind.filter_map(|with| {
                let name = with.hit.strip_prefix("product/")?;
                (!name.contains('/')).then(|| name.to_owned())
            }));
        }
        products.sort_unstable();
        products.dedup();
        products
    }

    fn way(&self, id: PathId) -> WayExplanation {
        let (world, path) = (self.world, &self.world.paths[id]);
        let there = self.hops(&path.hops, &path.links, path);
        let back = self.hops(&path.back_hops, &path.back_links, path);
        let floor = path.floor + path.floor_back;
        let prices: Vec<(&Charge, RoutePrice)> =
            world.charges.iter().filter_map(|charge| Some((charge, price(charge, id)?))).collect();
        let mut per_gb = [(0.0, 0.0, 0.0); 2];
        for (charge, price) in &prices {
            let Some(each) = price.price else { continue };
            let units = GIB / call::unit_bytes(charge) as f64;
            for (sum, way) in per_gb.iter_mut().zip(["there", "back"]) {
                if price.direction == way || price.direction == "both" {
                    *sum = (sum.0 + each.0 * units, sum.1 + each.1 * units, sum.2 + each.2 * units);
                }
            }
        }
        let gateways = path.legs.iter().filter_map(|leg| gateway(world, leg)).flatten();
        WayExplanation {
            from: world.places[path.from].name.clone(),
            to: world.places[path.to].name.clone(),
            via: path.via.clone(),
            floor_ms: floor.millis(),
            handshake_round_trips: path.handshake,
            cold_ms: floor.saturating_mul(u64::from(path.handshake) + 1).millis(),
            idle_limit_s: (path.idle_limit < Duration::MAX).then(|| path.idle_limit.seconds()),
            prices: prices.into_iter().map(|(_, price)| price).collect(),
            per_gb,
            falls_with: self.falls_with(
                [Target::Place(path.from), Target::Place(path.to), Target::Path(id)].into_iter().chain(gateways),
            ),
            there,
            back,
            alike: Vec::new(),
        }
    }

    fn hops(&self, named: &[(String, Duration)], links: &[LinkId], path: &Path) -> Vec<RouteHop> {
        let world = self.world;
        let (mut links, mut sum) = (links.iter().copied().peekable(), Duration::ZERO);
        let hop = |(name, span): &(String, Duration)| {
            sum += *span;
            let plain = RouteHop {
                what: name.clone(),
                floor_ms: span.millis(),
                sum_ms: sum.millis(),
                jitter_worst: 1.0,
                ..RouteHop::default()
            };
            // Gateways stand among the links, and are none.
            let Some(id) = links.next_if(|&id| world.links[id].name == *name) else {
                let gateways = path
                    .legs
                    .iter()
                    .filter(|leg| matches!(leg, Leg::Gateway(id) if name.ends_with(&world.gateways[*id].name)));
                let targets = gateways.filter_map(|leg| gateway(world, leg)).flatten();
                return RouteHop { falls_with: self.falls_with(targets), ..plain };
            };
            let link = &world.links[id];
            let factor = link.jitter.map_or([1.0; 24], |jitter| jitter.factor.values);
            let usual = usual(factor);
            RouteHop {
                jitter_ms: link.jitter.map(|jitter| {
                    let at = |share| world.laws[jitter.law].sample(share) * usual * 1e3;
                    (at(0.5), at(0.99))
                }),
                jitter_worst: factor.into_iter().fold(usual, f64::max) / usual.max(f64::MIN_POSITIVE),
                loss: loss(link),
                cap: link.cap.map(|cap| self.cap(id, &cap)),
                falls_with: self.falls_with([Target::Link(id)]),
                basis: basis(world, &link.name),
                ..plain
            }
        };
        named.iter().map(hop).collect()
    }

    fn cap(&self, id: LinkId, cap: &Cap) -> HopCap {
        let share = |bytes: &[f64]| bytes[id.index()] * 8.0 / cap.rate.0 as f64;
        let past = match cap.past {
            PastCap::Police { burst } => {
                format!("is dropped past a burst of {}, and sent again", burst.time_at(cap.rate))
            }
            PastCap::Shape { buffer } => format!("waits up to {buffer}, then dropped"),
            PastCap::Fair { above, buffer, .. } => {
                format!("of messages above {} bytes is shared fairly, of smaller ones waits up to {buffer}", above.0)
            }
        };
        HopCap { mbps: cap.rate.0 as f64 / 1e6, past, mean: share(&self.rates.0), peak: share(&self.rates.1) }
    }
}

/// The replicas of a gateway on a way.
fn gateway<'a>(world: &'a World, leg: &Leg) -> Option<impl Iterator<Item = Target> + 'a> {
    let Leg::Gateway(id): &Leg = leg else { return None };
    let id: GatewayId = *id;
    Some(world.gateways[id].replicas.iter().map(|&station| Target::Station(station)))
}

/// The median of a day's hours.
fn usual(mut hours: [f64; 24]) -> f64 {
    hours.sort_by(f64::total_cmp);
    hours[12]
}

fn loss(link: &Link) -> Option<HopLoss> {
    let law = link.loss?;
    // The mean of good and bad state.
    let hours: [f64; 24] = std::array::from_fn(|hour| law.mean_in(hour));
    let worst = hours.into_iter().fold(0.0, f64::max);
    let worst_hour = hours.iter().position(|&chance| chance == worst).unwrap_or(0);
    Some(HopLoss { usual: usual(hours), worst, worst_hour: worst_hour as u32 })
}

/// How the delay of a link between two regions is known.
fn basis(world: &World, link: &str) -> Option<String> {
    let (left, to) = link.split_once(" -> ")?;
    let (word, from) = left.rsplit_once(' ')?;
    let known = world.distances.iter().find(|distance| {
        let (a, b) = (&world.regions[distance.between.0], &world.regions[distance.between.1]);
        (a == from && b == to) || (a == to && b == from)
    });
    known.filter(|_| !word.contains(':')).map(|distance| distance.basis.clone())
}

fn price(charge: &Charge, path: PathId) -> Option<RoutePrice> {
    let price = call::byte_price(charge, path)?;
    let direction = match price.direction.as_str() {
        "request" => "there",
        "response" => "back",
        _ => "both",
    };
    Some(RoutePrice {
        product: price.product,
        item: price.item,
        scope: price.scope,
        direction: direction.to_owned(),
        unit: price.unit,
        price: price.price,
        status: price.status,
        payer: charge.payer.clone(),
        source: charge.tariff.source.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Books;
    use crate::scenario::load::Variant;
    use crate::scenario::{Inputs, compile, load_text};

    const TEXT: &str = r#"
eastwest: 1
topology:
  regions: {hz: {is: alibaba/cn-hangzhou, zones: [h, i]}, sg: {is: alibaba/ap-southeast-1, zones: [a]}}
  links: {sea: {between: [hz, sg], rtt: 62ms, loss: 0.1%}}
  clusters: {east: {region: hz}, south: {region: sg}}
connectivity: {backbone: {cen: {bandwidth: 10Mbps, past-cap: shape}}}
routes: {default: {via: backbone}}
services:
  web:   {replicas: {east: 2}, work: 1ms, calls: [stock]}
  stock: {replicas: {south: 1}, work: 1ms, response: 4KiB}
workload: {users: {from: hz, to: web, rate: 100rps}}
"#;

    fn route(from: &str, to: &str) -> RouteOfVariant {
        let loaded = load_text("x.yaml", TEXT, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
        let Variant { name, scenario, .. } = &loaded.variants[0];
        let world = compile(scenario, name, Books::builtin(), Inputs::default()).expect("it compiles");
        let asked = Asked { from: End::Region(from.into()), to: End::Region(to.into()), via: None };
        of_variant(scenario, &world, &asked)
    }

    #[test]
    fn hops_add_up_to_the_floor_in_both_directions() {
        let route = route("hz", "sg");
        let [way] = route.ways.as_slice() else { panic!("{} ways", route.ways.len()) };
        let last = |hops: &[RouteHop]| hops.last().expect("there are hops").sum_ms;
        assert!((last(&way.there) + last(&way.back) - way.floor_ms).abs() < 1e-9);
        // 62 ms of backbone and two transit routers each way.
        assert!(way.floor_ms > 62.0 && way.floor_ms < 63.0, "{}", way.floor_ms);
        assert!((way.cold_ms - 3.0 * way.floor_ms).abs() < 1e-6, "TCP and TLS 1.3 first");
        assert_eq!(way.alike, ["east/i to south/a"], "told once for both zones");
    }

    #[test]
    fn a_hop_says_what_passes_what_is_lost_and_who_takes_it_down() {
        let route = route("hz", "sg");
        let hop = route.ways[0].back.iter().find(|hop| hop.what == "backbone sg -> hz").expect("the backbone");
        assert_eq!(hop.loss, Some(HopLoss { usual: 0.001, worst: 0.001, worst_hour: 0 }));
        assert_eq!(hop.basis.as_deref(), Some("your link `sea`"));
        let hits: Vec<&str> = hop.falls_with.iter().map(|with| with.hit.as_str()).collect();
        assert!(hits.contains(&"link/sg-hz") && hits.contains(&"link/sea"), "{hits:?}");
        assert!(hop.falls_with.iter().all(|with| with.manner == "silent"));
        let cap = route.ways[0].back.iter().find_map(|hop| hop.cap.clone()).expect("a capped hop");
        assert_eq!(cap.mbps, 10.0);
        // 100 responses of 4 KiB a second: 4096 + 60 + 18 + 22 + 3 x 40 bytes each, and 40 that acknowledge a request.
        assert!((cap.mean - 100.0 * 4_356.0 * 8.0 / 1e7).abs() < 1e-9, "{}", cap.mean);
        assert!(cap.past.contains("waits up to 100 ms"), "{}", cap.past);
    }

    #[test]
    fn money_is_told_by_the_gigabyte_each_way_and_by_the_month() {
        let route = route("hz", "sg");
        let way = &route.ways[0];
        let by_hand = |direction: &str| -> f64 {
            let of = way.prices.iter().filter(|price| price.direction == direction);
            of.filter_map(|price| price.price).map(|price| price.1).sum()
        };
        assert!((way.per_gb[0].1 - by_hand("there")).abs() < 1e-9 && way.per_gb[0].1 > 0.0);
        assert!((way.per_gb[1].1 - by_hand("back")).abs() < 1e-9);
        let month: f64 = route.standing.iter().filter_map(|fixed| Some(730.0 * fixed.quantity? * fixed.price?.1)).sum();
        assert!((route.month.1 - month).abs() < 1e-6 && month > 0.0);
        assert!(route.standing.iter().all(|fixed| fixed.product == "backbone"), "compute is nobody's route");
    }

    #[test]
    fn where_no_call_goes_there_is_no_way() {
        assert!(route("sg", "hz").ways.is_empty());
    }
}
