//! How a variant differs from the first one, in words, so that a reader sees what is being compared.

use std::fmt::Debug;

use indexmap::IndexMap;

use crate::scenario::Scenario;
use crate::scenario::file::{ReplicaCount, Route, RouteEnd, Service, TrafficPatch};
use crate::units::Duration;

/// The differences of `other` from `first`, one sentence each; none where they say the same.
pub fn changes(first: &Scenario, other: &Scenario) -> Vec<String> {
    let mut said = Vec::new();
    routes(first, other, &mut said);
    products(first, other, &mut said);
    beyond(first, other, &mut said);
    said
}

/// What differs besides routes and connectivity: a reader who compares connectivity should know.
pub fn beyond_connectivity(first: &Scenario, other: &Scenario) -> Vec<String> {
    let mut said = Vec::new();
    beyond(first, other, &mut said);
    said
}

fn routes(first: &Scenario, other: &Scenario, said: &mut Vec<String>) {
    for (name, now) in &other.routes {
        match first.routes.get(name) {
            None => said.push(format!("route {name} is added: {}", way(other, now))),
            Some(before) if alike(before, now) => {}
            Some(before) => {
                said.push(format!("route {name}: {} instead of {}", way(other, now), way(first, before)));
            }
        }
    }
    for (name, before) in first.routes.iter().filter(|(name, _)| !other.routes.contains_key(*name)) {
        said.push(format!("route {name} is gone ({})", way(first, before)));
    }
}

/// `east -> pay via to-bank (privatelink) behind backbone (cen)`.
fn way(scenario: &Scenario, route: &Route) -> String {
    let product = |name: &str| match scenario.connectivity.get(name) {
        Some(product) => format!("{name} ({})", product.kind.word()),
        None => name.to_owned(),
    };
    let end = |end: &Option<crate::scenario::Spanned<RouteEnd>>| match end.as_ref().map(|end| &end.value) {
        Some(RouteEnd::Cluster(name) | RouteEnd::Region(name)) => name.clone(),
        None => "anywhere".to_owned(),
    };
    let ends = match (&route.from, &route.to) {
        (None, None) => String::new(),
        (from, to) => format!("{} -> {} ", end(from), end(to)),
    };
    let behind = route.behind.as_ref().map(|behind| format!(" behind {}", product(behind))).unwrap_or_default();
    format!("{ends}via {}{behind}", product(&route.via))
}

fn products(first: &Scenario, other: &Scenario, said: &mut Vec<String>) {
    for (name, now) in &other.connectivity {
        let word = now.kind.word();
        match first.connectivity.get(name) {
            None => said.push(format!("{name} ({word}) is added")),
            Some(before) if before.kind.word() != word => {
                said.push(format!("{name} is {word} instead of {}", before.kind.word()));
            }
            Some(before) if alike(before, now) => {}
            Some(_) => said.push(format!("{name} ({word}) is set differently")),
        }
    }
    for name in first.connectivity.keys().filter(|name| !other.connectivity.contains_key(*name)) {
        said.push(format!("{name} is gone"));
    }
}

fn beyond(first: &Scenario, other: &Scenario, said: &mut Vec<String>) {
    let (a, b) = (&first.topology, &other.topology);
    entries("region", &a.regions, &b.regions, said, |_, _| None);
    entries("vpc", &a.vpcs, &b.vpcs, said, |before, now| {
        let range = |vpc: &crate::scenario::file::Vpc| vpc.cidr.map(|cidr| dotted(cidr.value));
        let (before, now) = (range(before), range(now));
        (before != now).then(|| format!("addresses {} instead of {}", or_none(now), or_none(before)))
    });
    entries("cluster", &a.clusters, &b.clusters, said, |_, _| None);
    entries("link", &a.links, &b.links, said, |_, _| None);
    entries("service", &first.services, &other.services, said, replicas);
    entries("traffic", &first.mesh.traffic, &other.mesh.traffic, said, |before, now| {
        patience(&before.policy, &now.policy)
    });
    let bare = |scenario: &Scenario| crate::scenario::file::Mesh { traffic: IndexMap::new(), ..scenario.mesh.clone() };
    if !alike(&bare(first), &bare(other)) {
        said.push("the mesh's own settings differ".to_owned());
    }
    entries("stream", &first.workload, &other.workload, said, |_, _| None);
    entries("fault", &first.faults, &other.faults, said, |_, _| None);
    if !alike(&first.prices, &other.prices) {
        said.push("prices differ".to_owned());
    }
    if !alike(&first.run, &other.run) {
        said.push("how it is run differs".to_owned());
    }
}

/// Entries of a map that were added, changed (`how` may say how) or taken away.
fn entries<T: Debug>(
    what: &str,
    before: &IndexMap<String, T>,
    now: &IndexMap<String, T>,
    said: &mut Vec<String>,
    how: impl Fn(&T, &T) -> Option<String>,
) {
    for (name, now) in now {
        match before.get(name) {
            None => said.push(format!("{what} {name} is added")),
            Some(before) if alike(before, now) => {}
            Some(before) => {
                let how = how(before, now).unwrap_or_else(|| "set differently".to_owned());
                said.push(format!("{what} {name}: {how}"));
            }
        }
    }
    for name in before.keys().filter(|name| !now.contains_key(*name)) {
        said.push(format!("{what} {name} is gone"));
    }
}

fn replicas(before: &Service, now: &Service) -> Option<String> {
    let count = |service: &Service| {
        let each = service.replicas.iter().map(|replicas| {
            let total = match &replicas.count {
                ReplicaCount::Spread(count) => u64::from(*count),
                ReplicaCount::Zones(zones) => zones.iter().map(|(_, count)| u64::from(*count)).sum(),
            };
            format!("{total} in {}", replicas.cluster.value)
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let (was, is) = (count(before), count(now));
    (was != is).then(|| format!("replicas {is} instead of {was}"))
}

/// Timeouts and retries, which decide most; none where neither differs.
fn patience(before: &TrafficPatch, now: &TrafficPatch) -> Option<String> {
    let mut said = Vec::new();
    let span = |patch: &TrafficPatch| patch.timeout.and_then(|timeout| timeout.value).map(|span| span.to_string());
    if span(before) != span(now) {
        said.push(format!("timeout {} instead of {}", or_none(span(now)), or_none(span(before))));
    }
    let tries = |patch: &TrafficPatch| patch.retries.map(|retries| retries.value.to_string());
    if tries(before) != tries(now) {
        said.push(format!("retries {} instead of {}", or_default(tries(now)), or_default(tries(before))));
    }
    let ping =
        |patch: &TrafficPatch| patch.http2_ping.flatten().map(|(interval, _): (Duration, _)| interval.to_string());
    if ping(before) != ping(now) {
        said.push(format!("http2-ping {} instead of {}", or_none(ping(now)), or_none(ping(before))));
    }
    let rest = |patch: &TrafficPatch| TrafficPatch { timeout: None, retries: None, http2_ping: None, ..patch.clone() };
    if !said.is_empty() && !alike(&rest(before), &rest(now)) {
        said.push("other settings too".to_owned());
    }
    (!said.is_empty()).then(|| said.join(", "))
}

fn or_none(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
}

fn or_default(value: Option<String>) -> String {
    value.unwrap_or_else(|| "by default".to_owned())
}

fn dotted(cidr: crate::scenario::file::Cidr) -> String {
    let [a, b, c, d] = cidr.network.to_be_bytes();
    format!("{a}.{b}.{c}.{d}/{}", cidr.prefix)
}

/// Do two values say the same, wherever it was written? Compared by what `Debug` shows with the places taken out: the
/// types of the scenario are plain data, and every key of theirs is in it.
fn alike<T: Debug>(a: &T, b: &T) -> bool {
    unplaced(&format!("{a:?}")) == unplaced(&format!("{b:?}"))
}

fn unplaced(shown: &str) -> String {
    let mut parts = shown.split("Span { source:");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push_str("Span");
        rest.push_str(part.split_once('}').map_or("", |(_, after)| after));
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{SourceId, Span, Spanned};

    #[test]
    fn a_value_is_the_same_wherever_it_was_written() {
        let at = |start| Span { source: SourceId(0), start, end: start + 3 };
        assert!(alike(&Spanned::new(5, at(0)), &Spanned::new(5, at(90))));
        assert!(alike(&Spanned::new(5, at(0)), &Spanned::unsaid(5)));
        assert!(!alike(&Spanned::new(5, at(0)), &Spanned::new(6, at(0))));
        let two = |a, b| (Spanned::new(a, at(1)), Spanned::new(b, at(7)));
        assert!(!alike(&two(1, 2), &two(1, 3)), "what stands after a place is compared too");
    }
}
