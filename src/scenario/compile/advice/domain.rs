//! A backup that falls with what it backs up: what it calls stands in the region that failed, or one zone carries it all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Called, Reading, Say, Told, behind};
use crate::scenario::file::ProductKind;
use crate::scenario::{Diagnostic, Span};
use crate::topology::GatewayId;
use crate::world::{Edge, EdgeId, Host, HostTarget, OperationId};

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        depends(reading, &called, told);
        one_zone(reading, &called, told);
    }
}

/// The failover's target calls a service that stands in the failed region alone.
fn depends(reading: &Reading<'_>, called: &Called<'_>, told: &mut Told) {
    let locality = &called.rules.locality;
    if !locality.enabled || called.rules.policy.outlier.is_none() {
        return;
    }
    let here: BTreeSet<&str> = stands(reading, called.edge).into_iter().map(|(region, _)| region).collect();
    for (from, to) in &locality.failover {
        if !here.contains(&*from.value) || !here.contains(&*to.value) {
            continue;
        }
        let Some(Only { edge, all }) = only(reading, called, &from.value, &to.value) else { continue };
        let name = |edge: &Edge| {
            let subset = reading.world.routing.subsets.get(edge.subset).map(|subset| format!(":{}", subset.name));
            format!("{}{}", reading.world.services[edge.to].name, subset.unwrap_or_default())
        };
        let only = name(&reading.world.edges[edge]);
        let say = Say {
            code: "EW391",
            before: format!("the failover from {} to {} on ", from.value, to.value),
            after: format!(
                " {} when {} dies: {}{} in {} calls {only}, which stands in {} alone",
                if all { "helps nobody" } else { "does not help all calls" },
                from.value,
                if all { "" } else { "some of " },
                name(called.edge),
                to.value,
                from.value
            ),
            at: to.span,
            help: format!("put replicas of {only} into {} too", to.value),
        };
        told.say(&called.edge.name, say);
    }
}

/// Region and version of each replica that an edge reaches.
fn stands<'a>(reading: &Reading<'a>, edge: &Edge) -> BTreeSet<(&'a str, u16)> {
    let subset = reading.world.routing.subsets.get(edge.subset);
    let endpoints = reading.world.services[edge.to].endpoints.iter();
    let stands = endpoints.map(|id| (reading.region(reading.at(*id)), reading.world.endpoints[*id].version));
    stands.filter(|(_, version)| subset.is_none_or(|subset| subset.versions.contains(version))).collect()
}

/// What stands in the dead region alone.
struct Only {
    /// A call of it.
    edge: EdgeId,
    /// Every call that fails over needs it; else it may depend on the operation, the version or the rule.
    all: bool,
}

/// Follows a call that fails over from a dead region, by the versions that stand in the other and by rules.
fn only(reading: &Reading<'_>, called: &Called<'_>, dead: &str, to: &str) -> Option<Only> {
    let world = reading.world;
    let contexts = world.routing.contexts.len().max(1) as u16;
    let operations = reading.taken.get(&called.id)?;
    let versions: BTreeSet<u16> =
        stands(reading, called.edge).into_iter().filter(|(region, _)| *region == to).map(|(_, own)| own).collect();
    let sure = operations.len() == 1 && versions.len() == 1;
    let mut open: Vec<(OperationId, u16, bool)> = Vec::new();
    for operation in operations {
        open.extend(versions.iter().map(|version| (*operation, *version, sure)));
    }
    let mut seen: BTreeSet<(OperationId, u16)> = BTreeSet::new();
    let mut found: Option<Only> = None;
    while let Some((operation, version, sure)) = open.pop() {
        if !seen.insert((operation, version)) {
            continue;
        }
        for (site, times) in &reading.means[operation.0 as usize].of(version).calls {
            let site = world.call_sites[*site as usize];
            let leads = (0..contexts).flat_map(|context| world.leads(site.edge, version, site.operation, context));
            let leads = leads.filter(|lead| !lead.mirror && reading.taken.contains_key(&lead.edge));
            let leads: BTreeSet<(EdgeId, OperationId)> = leads.map(|lead| (lead.edge, lead.operation)).collect();
            let sure = sure && *times >= 1.0 && leads.len() == 1;
            for (edge, operation) in leads {
                let alive: BTreeSet<u16> = stands(reading, &world.edges[edge])
                    .into_iter()
                    .filter(|(region, _)| *region != dead)
                    .map(|(_, own)| own)
                    .collect();
                if alive.is_empty() && found.as_ref().is_none_or(|found| sure && !found.all) {
                    found = Some(Only { edge, all: sure });
                }
                open.extend(alive.iter().map(|version| (operation, *version, sure && alive.len() == 1)));
            }
        }
    }
    found
}

/// All replicas of a gateway stand in one zone, and what it leads to in several.
fn one_zone(reading: &Reading<'_>, called: &Called<'_>, told: &mut Told) {
    let world = reading.world;
    for (_, set) in reading.views(called) {
        // A gateway is a host for each locality behind it.
        let mut led_by: BTreeMap<GatewayId, Vec<&Host>> = BTreeMap::new();
        for host in set.hosts.iter() {
            if let HostTarget::Gateway(gateway, _) = &host.target {
                led_by.entry(*gateway).or_default().push(host);
            }
        }
        for (gateway, hosts) in led_by {
            let gateway = &world.gateways[gateway];
            let of = |places: &mut dyn Iterator<Item = crate::topology::PlaceId>| -> BTreeSet<_> {
                places.map(|place| world.places[place].zone).collect()
            };
            let at = of(&mut gateway.replicas.iter().map(|station| world.stations[*station].place));
            let led = of(&mut hosts.into_iter().flat_map(behind).map(|(endpoint, _)| reading.at(*endpoint)));
            let Some(only) = at.first().filter(|_| at.len() == 1 && led.len() > 1) else { continue };
            let (region, zone) = &world.zones[*only];
            let product = gateway.name.split_once('/').and_then(|(name, _)| reading.scenario.connectivity.get(name));
            let say = Say {
                code: "EW391",
                before: format!(
                    "gateway {} stands in zone {}/{zone} alone, with {} of its replicas: with that zone ",
                    gateway.name, world.regions[*region], gateway.replicas.len()
                ),
                after: format!(" loses all {} zones behind it", led.len()),
                at: product.map_or(Span::NONE, |product| product.span),
                help: "give it a replica for each zone: `gateways: {CLUSTER: {replicas: 2}}` (Istio: `replicas` and `topologySpreadConstraints` of the gateway)".to_owned(),
            };
            told.say(&called.edge.name, say);
        }
    }
}

/// A product's part that stands in one zone of a VPC that has several.
pub(super) fn parts(reading: &Reading<'_>) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    for (name, product) in &reading.scenario.connectivity {
        let ProductKind::Cen(cen) = &product.kind else { continue };
        for (vpc, (span, zones)) in &cen.attach {
            let clusters = reading.scenario.topology.clusters.iter();
            let of = clusters.filter(|(cluster, written)| {
                written.vpc.as_ref().is_some_and(|own| own.value == *vpc) || *cluster == vpc
            });
            let spread: BTreeSet<&str> =
                of.flat_map(|(_, written)| written.zones.iter().map(|zone| &*zone.value)).collect();
            if zones.len() == 1 && spread.len() > 1 && !span.is_none() {
                said.push(
                    Diagnostic::warning(
                        "EW391",
                        format!(
                            "`{name}` is attached to {vpc} in zone {} alone: with that zone all {} zones of its clusters are cut off",
                            zones[0].value, spread.len()
                        ),
                    )
                    .at(*span, "one zone")
                    .help("attach it in two zones; a second interface takes over within a minute"),
                );
            }
        }
    }
    said
}
