//! A failover that never begins: without outlier detection there is no order, and one that leads to nobody.

use std::collections::BTreeMap;

use super::{Called, Reading, Say, Told, percent, percent_of, replicas};
use crate::scenario::Span;

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    let mut leads: BTreeMap<(Span2, String, String), (bool, String)> = BTreeMap::new();
    for called in reading.edges() {
        if let Some(say) = without_outlier(reading, &called) {
            told.say(&called.edge.name, say);
        }
        collect(reading, &called, &mut leads);
    }
    for ((at, from, to), (found, edge)) in leads {
        if !found {
            let say = Say {
                code: "EW386",
                before: format!(
                    "the failover from {from} to {to} leads nowhere: no service that it is for, as that of "
                ),
                after: format!(", has a replica in {to}"),
                at: at.0,
                help: format!(
                    "put replicas into {to}, or name a region that has some (Istio: `localityLbSetting.failover[].to`)"
                ),
            };
            told.say(&edge, say);
        }
    }
}

/// A span that is ordered by where it begins.
#[derive(PartialEq, Eq)]
struct Span2(Span);

impl Ord for Span2 {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0.source, self.0.start, self.0.end).cmp(&(other.0.source, other.0.start, other.0.end))
    }
}

impl PartialOrd for Span2 {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Istio orders localities only where there is outlier detection: the failover is written and never looked at.
pub(super) fn without_outlier(reading: &Reading<'_>, called: &Called<'_>) -> Option<Say> {
    let locality = &called.rules.locality;
    if called.rules.orders() || !locality.enabled || !locality.distribute.is_empty() {
        return None;
    }
    let at = reading.written(called, |patch| patch.locality.as_ref().map(|locality| locality.span))?;
    reading.views(called).into_iter().find_map(|(place, set)| {
        let own = reading.region(place);
        let meant = locality.failover.iter().any(|(from, _)| from.value == own);
        if !meant && locality.failover_priority.is_empty() {
            return None;
        }
        let all: f64 = set.hosts.iter().map(|host| f64::from(host.weight)).sum();
        let near = |host: &&crate::world::Host| {
            replicas(host).first().is_some_and(|(endpoint, _)| reading.region(reading.at(*endpoint)) == own)
        };
        let home: f64 = set.hosts.iter().filter(near).map(|host| f64::from(host.weight)).sum();
        let hosts = set.hosts.iter().filter(near).count() as u32;
        if home == 0.0 || home == all {
            return None;
        }
        let needed = percent_of(hosts, set.hosts.len() as u32);
        Some(Say {
            code: "EW385",
            before: "the failover on ".to_owned(),
            after: format!(
                " never happens: without outlier detection Istio keeps no order of localities ({} of the calls from {own} leave it while all is well) and takes no dead host out",
                percent(1.0 - home / all)
            ),
            at,
            help: format!(
                "write `outlier: {{max-ejection: {needed}%}}` beside it (Istio: `outlierDetection: {{maxEjectionPercent: {needed}}}` in the DestinationRule), and a `timeout`, without which a silent host is never noticed"
            ),
        })
    })
}

/// Does any edge under a written failover find replicas where it leads? A rule for all services is not meant for each.
fn collect(reading: &Reading<'_>, called: &Called<'_>, leads: &mut BTreeMap<(Span2, String, String), (bool, String)>) {
    let locality = &called.rules.locality;
    let everybody = reading.scenario.mesh.traffic.get("*").and_then(|all| all.policy.locality.as_ref());
    let at = reading.written(called, |patch| patch.locality.as_ref().map(|locality| locality.span));
    if !locality.enabled || at == everybody.map(|all| all.span) {
        return;
    }
    let endpoints = &reading.world.services[called.edge.to].endpoints;
    for (from, to) in &locality.failover {
        let stands = |region: &str| endpoints.iter().any(|endpoint| reading.region(reading.at(*endpoint)) == region);
        let asked = reading.views(called).iter().any(|(place, _)| reading.region(*place) == from.value);
        if asked && stands(&from.value) {
            let key = (Span2(to.span), from.value.clone(), to.value.clone());
            let (found, _) = leads.entry(key).or_insert_with(|| (false, called.edge.name.clone()));
            *found |= stands(&to.value);
        }
    }
}
