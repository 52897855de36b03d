//! Rules that several kinds share: addresses that must not overlap, distances that must be known, clusters that must
//! have a gateway.

use std::collections::BTreeSet;

use super::Carrier;
use super::contract::{Board, Hop, Limit, Line, Refusal, Trip};
use crate::provider::{Provider, Rule};
use crate::topology::{Cidr, Cluster, RegionId, ZoneId};

/// The two networks, and pod addresses that are not their network's, must be apart where packets are routed between
/// them by address.
pub(super) fn addresses(carrier: &Carrier<'_>, trip: &Trip<'_>, pods_too: bool) -> Vec<Refusal> {
    let side = |spot: super::Spot| {
        let vpc = &carrier.ground.vpcs[spot.vpc];
        let mut ranges: Vec<(String, Cidr)> = Vec::new();
        ranges.extend(vpc.cidr.map(|cidr| (format!("VPC {}", vpc.name), cidr)));
        if let Some(cluster) = spot.cluster.filter(|_| pods_too) {
            let cluster = &carrier.ground.clusters[cluster];
            ranges.extend(cluster.pods.map(|cidr| (format!("pods of {}", cluster.name), cidr)));
        }
        ranges
    };
    let mut refusals = Vec::new();
    for (near, a) in side(trip.from) {
        for (far, b) in side(trip.to) {
            if a.overlaps(b) {
                refusals.push(Refusal::new(
                    format!("addresses overlap: {near} has {a}, {far} has {b}"),
                    "renumber one of them, or use privatelink or an east-west gateway, which do not route by address",
                ));
            }
        }
    }
    // The nodes of a cluster take what goes to its services' range for a call to a service of its own.
    for (own, other) in [(trip.from, trip.to), (trip.to, trip.from)] {
        let Some(cluster) = own.cluster.filter(|_| pods_too) else { continue };
        let cluster = &carrier.ground.clusters[cluster];
        let Some(services) = cluster.services else { continue };
        for (far, range) in side(other).into_iter().filter(|(_, range)| range.overlaps(services)) {
            refusals.push(Refusal::new(
                format!("addresses overlap: services of {} have {services}, {far} has {range}", cluster.name),
                "give the cluster another `service-cidr`, or use privatelink or an east-west gateway",
            ));
        }
    }
    refusals
}

/// Pods with a range of their own are found only where the routes to them are known.
pub(super) fn overlay_routes(carrier: &Carrier<'_>, trip: &Trip<'_>, product: &str) -> Vec<String> {
    let clusters = [trip.from, trip.to].into_iter().filter_map(|spot| spot.cluster);
    let overlays = clusters.map(|cluster| &carrier.ground.clusters[cluster]).filter(|cluster| cluster.overlay);
    let line = |cluster: &Cluster| {
        let range = cluster.pods.map_or_else(|| "their range".to_owned(), |pods| pods.to_string());
        format!("{product}: routes to the pods of {} ({range}), which are Flannel's, on the other side", cluster.name)
    };
    overlays.map(line).collect()
}

/// The distance between the two regions must be known.
pub(super) fn distance(carrier: &Carrier<'_>, trip: &Trip<'_>) -> Option<Refusal> {
    let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
    (a != b && carrier.rtt(a, b).is_none()).then(|| {
        let (a, b) = (carrier.region(a), carrier.region(b));
        Refusal::new(
            format!("no round trip is known between {a} and {b}"),
            format!("give `{a}` and `{b}` a region of the book (`is: alibaba/...`), or say `links: {{{a}-{b}: {{between: [{a}, {b}], rtt: ..}}}}`"),
        )
    })
}

/// The two ends must be of one provider: nobody sells a private way into another's network. A region of nobody's may be
/// joined by anybody's, as the reader sees fit.
pub(super) fn one_provider(carrier: &Carrier<'_>, trip: &Trip<'_>, kind: &str) -> Option<Refusal> {
    let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
    let (x, y) = (carrier.provider(a)?, carrier.provider(b)?);
    (x != y).then(|| {
        let name = |region: RegionId| carrier.ground.regions[region].is.as_deref().unwrap_or_default();
        Refusal::new(
            format!("{kind} cannot join {} and {}: it is a product of one provider", name(a), name(b)),
            "use public-gateway, or give one end a network at the other's provider",
        )
    })
}

/// The providers of both ends must sell what the rule charges for.
pub(super) fn offered(carrier: &Carrier<'_>, trip: &Trip<'_>, rule: Rule, what: &str, help: &str) -> Vec<Refusal> {
    let ends = [trip.from.vpc, trip.to.vpc].map(|vpc| carrier.ground.region_of(vpc));
    let providers: BTreeSet<Provider> = ends.into_iter().filter_map(|region| carrier.provider(region)).collect();
    let without = providers.into_iter().filter(|provider| !carrier.books.offers(rule, *provider));
    without.map(|provider| Refusal::new(format!("{} does not sell {what}", provider.name()), help)).collect()
}

/// The trip must stay in one region.
pub(super) fn one_region(carrier: &Carrier<'_>, trip: &Trip<'_>, kind: &str, help: &str) -> Option<Refusal> {
    let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
    (a != b).then(|| {
        Refusal::new(format!("{kind} cannot join regions {} and {}", carrier.region(a), carrier.region(b)), help)
    })
}

/// `east/h`, or `shop-hz/h` for a bare point of a network.
pub(super) fn spot_name(carrier: &Carrier<'_>, spot: super::Spot) -> String {
    let zone = carrier.ground.zone_name(spot.zone);
    match spot.cluster {
        Some(cluster) => format!("{}/{zone}", carrier.ground.clusters[cluster].name),
        None => format!("{}/{zone}", carrier.ground.vpcs[spot.vpc].name),
    }
}

/// A limit of the book, where the provider of the region is the one whose it is.
pub(super) fn limit(carrier: &Carrier<'_>, region: RegionId, key: &str) -> Option<u64> {
    let provider = carrier.provider(region).unwrap_or_default();
    carrier.books.limit_of(provider, key)?.value.map(|value| value as u64)
}

/// The hop, marked as one that passes no more than the book says.
pub(super) fn sold(carrier: &Carrier<'_>, board: &mut Board, region: RegionId, hop: Hop, key: &'static str) -> Hop {
    if limit(carrier, region, key).is_some() { board.sold(hop, key) } else { hop }
}

/// The balancer of a gateway or endpoint in a zone: its hop, and its table of connections.
pub(super) fn balancer(carrier: &Carrier<'_>, board: &mut Board, name: String, zone: ZoneId) -> (Hop, Option<String>) {
    let region = carrier.ground.zones[zone].region;
    let (open, new) = (limit(carrier, region, "nlb.zone.open"), limit(carrier, region, "nlb.zone.new"));
    let table =
        (open.is_some() || new.is_some()).then(|| board.limit(Limit { name: name.clone(), open, new_per_second: new }));
    let hop = board.part(Line::part(name, carrier.delay("hop.nlb")).in_zone(zone));
    (sold(carrier, board, region, hop, "nlb.zone.rate"), table)
}
