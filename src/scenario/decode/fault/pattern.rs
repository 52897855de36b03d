//! Patterns that find nothing in any variant: what a scenario has that a `*` may stand for.
//!
//! The compiler finds what a pattern hits in one variant, where a product may have been left out. Knows only names: a
//! name that is there and that nothing uses is the compiler's to tell.

use super::super::connectivity::{vpc_names, zones_of_vpc};
use super::hit::caches;
use crate::fault::Scene;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Hit, Nat, PrivateLinkTo, Product, ProductKind, Scenario, Topology};
use crate::world::Kept;

/// Patterns of faults that no name of any variant matches: as good as misspelt.
pub(in crate::scenario::decode) fn unmatched(scenarios: &[&Scenario]) -> Vec<Diagnostic> {
    let mut said: Vec<Diagnostic> = Vec::new();
    let faults = || scenarios.iter().flat_map(|scenario| scenario.faults.values());
    // Hundreds of variants have as many names, which few scenarios ask for.
    if faults().all(|fault| patterns(&fault.hit.value, &fault.hit_text).is_empty()) {
        return said;
    }
    let mut names = Scene::default();
    scenarios.iter().for_each(|scenario| name(scenario, &mut names));
    for fault in faults() {
        for pattern in patterns(&fault.hit.value, &fault.hit_text) {
            let Err(wrong) = names.targets(pattern) else { continue };
            let wrong = Diagnostic::error("EW346", wrong.to_string()).at(fault.hit.span, "what this fault hits");
            if !said.contains(&wrong) {
                said.push(wrong);
            }
        }
    }
    said
}

/// What of a `hit` is a pattern that the compiler may find empty: of what stands in every variant it refuses that itself.
fn patterns<'h>(hit: &'h Hit, text: &'h str) -> Vec<&'h str> {
    match hit {
        Hit::All(word) if !Hit::STANDING.contains(word) => vec![text],
        Hit::Several(all) => all.iter().flat_map(|(hit, text)| patterns(hit, text)).collect(),
        _ => Vec::new(),
    }
}

/// Every name of a kind that not all variants need have, as a fault writes it.
fn name(scenario: &Scenario, names: &mut Scene<()>) {
    let topology = &scenario.topology;
    for a in topology.regions.keys() {
        for b in topology.regions.keys().filter(|b| *b != a) {
            names.declare(&format!("link/{a}-{b}"));
            names.declare(&format!("link/internet/{a}-{b}"));
        }
    }
    topology.links.keys().for_each(|link| names.declare(&format!("link/{link}")));
    for (name, product) in &scenario.connectivity {
        of_product(topology, name, product, names);
    }
    let caching = scenario.services.iter().filter(|(_, service)| caches(service));
    caching.for_each(|(name, _)| names.declare(&format!("cache/{name}")));
    for (name, replication) in scenario.stores.iter().filter_map(|(name, store)| Some((name, store.replication()?))) {
        names.declare(&format!("store/{name}"));
        replication.copies.iter().for_each(|copy| names.declare(&format!("store/{name}@{}", copy.value)));
    }
    for (name, entry) in &scenario.entries {
        names.declare(&format!("entry/{name}"));
        if entry.kept != Kept::No {
            names.declare(&format!("dns/{name}"));
        }
    }
}

/// A product, and the parts that one of its kind has, wherever it may have them.
fn of_product(topology: &Topology, name: &str, product: &Product, names: &mut Scene<()>) {
    names.declare(&format!("product/{name}"));
    let zones = topology.regions.values().flat_map(|region| &region.zones);
    zones.for_each(|zone| names.declare(&format!("product/{name}/zone/{}", zone.value)));
    for (cluster, size) in product.kind.gateways() {
        for gateway in [format!("gateway/{name}/{cluster}"), format!("gateway/{cluster}")] {
            names.declare(&gateway);
            (0..size.replicas).for_each(|number| names.declare(&format!("{gateway}#{number}")));
        }
    }
    let of_clusters = |names: &mut Scene<()>| {
        for (cluster, said) in &topology.clusters {
            said.zones.iter().for_each(|zone| names.declare(&format!("nlb/{name}/{cluster}/{}", zone.value)));
        }
    };
    let of_networks = |names: &mut Scene<()>, word: &str| {
        for vpc in vpc_names(topology) {
            let zones = zones_of_vpc(topology, &vpc);
            zones.iter().for_each(|zone| names.declare(&format!("{word}/{name}/{vpc}/{zone}")));
        }
    };
    match &product.kind {
        ProductKind::PublicGateway(gateway) => {
            topology.clusters.keys().for_each(|cluster| names.declare(&format!("eip/{name}/{cluster}")));
            if gateway.nat != Nat::None {
                vpc_names(topology).iter().for_each(|vpc| names.declare(&format!("nat/{name}/{vpc}")));
            }
            of_clusters(names);
        }
        ProductKind::PrivateGateway(_) => of_clusters(names),
        ProductKind::PrivateLink(link) => {
            if let PrivateLinkTo::Service(service) = &link.to.value {
                names.declare(&format!("gateway/{name}/{service}"));
                names.declare(&format!("gateway/{service}"));
            }
            of_networks(names, "nlb");
            let zones = zones_of_vpc(topology, &link.consumer.value);
            zones.iter().for_each(|zone| names.declare(&format!("endpoint/{name}/{zone}")));
        }
        ProductKind::Cen(_) => {
            topology.regions.keys().for_each(|region| names.declare(&format!("transit-router/{name}/{region}")));
            of_networks(names, "attachment");
        }
        ProductKind::VpcPeering(_) => {}
    }
}
