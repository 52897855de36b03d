//! Shares by locality have no failover: who is not listed gets nothing, whatever happens to the others.

use std::collections::BTreeSet;

use super::{Reading, Say, Told, replicas};
use crate::world::ServiceId;

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    // What stays in its cluster is kept there by another rule, whoever is listed.
    let kept = |service: ServiceId| {
        let name = &reading.world.services[service].name;
        reading.scenario.mesh.retain.iter().any(|(which, local)| *local && (which.contains('*') || which == name))
    };
    for called in reading.edges() {
        let locality = &called.rules.locality;
        if !locality.enabled || locality.distribute.is_empty() || kept(called.edge.to) {
            continue;
        }
        let endpoints = &reading.world.services[called.edge.to].endpoints;
        for (place, set) in reading.views(&called) {
            let own = reading.region(place);
            let counts = |host: &&crate::world::Host| {
                let weight = set.localities.get(usize::from(host.locality)).map_or(1, |locality| locality.weight);
                host.weight > 0 && weight > 0
            };
            let listed: BTreeSet<_> =
                set.hosts.iter().filter(counts).flat_map(replicas).map(|(endpoint, _)| endpoint).collect();
            let left: Vec<_> = endpoints.iter().filter(|endpoint| !listed.contains(endpoint)).collect();
            let named = |from: &String| from == "*" || from.split('/').next() == Some(own);
            if !locality.distribute.keys().any(named) || listed.is_empty() || left.is_empty() {
                continue;
            }
            let names = |ids: &mut dyn Iterator<Item = &crate::world::EndpointId>| {
                let regions: BTreeSet<&str> = ids.map(|endpoint| reading.region(reading.at(*endpoint))).collect();
                regions.into_iter().collect::<Vec<_>>().join(", ")
            };
            let (to, away) = (names(&mut listed.iter()), names(&mut left.iter().copied()));
            let at = reading.written(&called, |patch| patch.locality.as_ref().map(|locality| locality.span));
            let say = Say {
                code: "EW388",
                before: "`distribute` on ".to_owned(),
                after: format!(
                    " has no fallback: if the {} replicas in {to} die, calls from {own} fail though {} in {away}",
                    listed.len(),
                    if left.len() == 1 { "1 stands".to_owned() } else { format!("{} stand", left.len()) }
                ),
                at: at.unwrap_or(crate::scenario::Span::NONE),
                help: format!(
                    "list {away} with a small share, with `outlier` so that shares follow health; or write `failover` instead of `distribute` (Istio takes one of the two in a `localityLbSetting`)"
                ),
            };
            told.say(&called.edge.name, say);
            break;
        }
    }
}
