//! A backup that falls with what it backs up: what it calls stands in the region that failed, or one zone carries it all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Called, Reading, Say, Told, behind};
use crate::scenario::file::ProductKind;
use crate::scenario::{Diagnostic, Span};
use crate::topology::GatewayId;
use crate::world::{Host, HostTarget, OperationId, ServiceId};

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
    let regions = |service: ServiceId| -> BTreeSet<&str> {
        let endpoints = reading.world.services[service].endpoints.iter();
        endpoints.map(|endpoint| reading.region(reading.at(*endpoint))).collect()
    };
    let here = regions(called.edge.to);
    for (from, to) in &locality.failover {
        if !here.contains(&*from.value) || !here.contains(&*to.value) {
            continue;
        }
        let only = below(reading, called.edge.to).into_iter().find(|service| {
            let stands = regions(*service);
            stands.len() == 1 && stands.contains(&*from.value)
        });
        let Some(only) = only else { continue };
        let say = Say {
            code: "EW391",
            before: format!("the failover from {} to {} on ", from.value, to.value),
            after: format!(
                " helps nobody when {} dies: {} in {} calls {}, which stands in {} alone",
                from.value,
                reading.world.services[called.edge.to].name,
                to.value,
                reading.world.services[only].name,
                from.value
            ),
            at: to.span,
            help: format!("put replicas of {} into {} too", reading.world.services[only].name, to.value),
        };
        told.say(&called.edge.name, say);
    }
}

/// All services that a service calls, and those below, in order.
fn below(reading: &Reading<'_>, service: ServiceId) -> BTreeSet<ServiceId> {
    let world = reading.world;
    let mut open: Vec<OperationId> = world.services[service].operations.clone();
    let mut seen: BTreeSet<OperationId> = open.iter().copied().collect();
    let mut found = BTreeSet::new();
    while let Some(operation) = open.pop() {
        for (site, _) in &reading.means[operation.0 as usize].calls {
            let site = world.call_sites[*site as usize];
            found.insert(world.edges[site.edge].to);
            if seen.insert(site.operation) {
                open.push(site.operation);
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
