//! What a scenario says that will not work: read off the compiled world before anything runs, one file for each subject.
//!
//! Each advice has its code, the reason with its numbers, and the way out in the scenario's words and in Istio's. Sound
//! scenarios hear nothing: what is told contradicts itself, or cannot do what it was written for. Callers without a proxy
//! and a mesh without proxies are left alone.

mod dead_hosts;
mod distribute;
mod domain;
mod failover;
mod gateway;
mod hearing;
mod idle;
mod lanes;
mod panic;
mod primary;
mod retries;
mod tiers;
mod timeouts;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::callers;
use super::load::Load;
use super::program::Mean;
use crate::scenario::file::{Dataplane, EdgePolicy, Scenario, TrafficPatch};
use crate::scenario::{Diagnostic, Span};
use crate::topology::PlaceId;
use crate::world::{Caller, Edge, EdgeId, EndpointId, Host, HostSet, HostTarget, OperationId, PathId, World};

/// Edges that are named in one advice; the rest is counted.
const NAMED: usize = 4;

/// What advice is read from.
pub(super) struct Reading<'a> {
    /// As written.
    pub scenario: &'a Scenario,
    /// As it will run.
    pub world: &'a World,
    /// By policy.
    pub rules: &'a [EdgePolicy],
    /// At the peak.
    pub load: &'a Load,
    /// By operation.
    pub means: &'a [Mean],
    /// Edges that some call takes, and the operations called over each: of all others there is nothing to say.
    pub taken: &'a BTreeMap<EdgeId, BTreeSet<OperationId>>,
}

/// All advice on a scenario.
pub(super) fn advice(reading: &Reading<'_>) -> Vec<Diagnostic> {
    if reading.scenario.mesh.dataplane == Dataplane::None {
        return Vec::new();
    }
    let mut told = Told::default();
    failover::advice(reading, &mut told);
    domain::advice(reading, &mut told);
    gateway::advice(reading, &mut told);
    distribute::advice(reading, &mut told);
    dead_hosts::advice(reading, &mut told);
    hearing::advice(reading, &mut told);
    primary::advice(reading, &mut told);
    panic::advice(reading, &mut told);
    retries::advice(reading, &mut told);
    tiers::advice(reading, &mut told);
    timeouts::advice(reading, &mut told);
    idle::advice(reading, &mut told);
    let mut said = told.said();
    said.extend(domain::parts(reading));
    said.extend(lanes::advice(reading));
    said
}

/// Edges of which it is told why their calls leave their region.
pub(super) fn unordered(reading: &Reading<'_>) -> Vec<EdgeId> {
    if reading.scenario.mesh.dataplane == Dataplane::None {
        return Vec::new();
    }
    let edges = reading.edges().filter(|called| failover::without_outlier(reading, called).is_some());
    edges.map(|called| called.id).collect()
}

/// An edge that proxies call over.
#[derive(Clone, Copy)]
struct Called<'a> {
    id: EdgeId,
    edge: &'a Edge,
    rules: &'a EdgePolicy,
}

impl<'a> Reading<'a> {
    /// Edges whose callers have proxies, and which rules do not leave without calls.
    fn edges(&self) -> impl Iterator<Item = Called<'a>> {
        let (world, rules, ambient, taken) = (self.world, self.rules, &self.scenario.mesh.ambient, self.taken);
        let edges = world.edges.iter().filter(|(id, _)| taken.contains_key(id)).filter(|(_, edge)| match edge.from {
            // What sees connections only obeys none of these rules, which EW412 tells.
            Caller::Service(service) => !ambient.by_connection.contains(&world.services[service].name),
            Caller::Stream(stream) => {
                world.streams[stream].entries.iter().any(|entry| !world.proxies[*entry].station.is_none())
            }
        });
        edges.map(move |(id, edge)| Called { id, edge, rules: &rules[edge.policy.0 as usize] })
    }

    /// The places from which it is called, and what proxies there see.
    fn views(&self, called: &Called<'_>) -> Vec<(PlaceId, &'a HostSet)> {
        let world = self.world;
        let places = callers(world, called.edge.from).into_iter();
        let seen = places.map(|place| (place, world.host_set(called.id, place)));
        seen.filter(|(_, set)| !set.is_none()).map(|(place, set)| (place, &world.host_sets[set])).collect()
    }

    /// The first of what the entries of `traffic:` say of this edge, the most specific first.
    fn written<T>(&self, called: &Called<'_>, key: impl Fn(&'a TrafficPatch) -> Option<T>) -> Option<T> {
        let from = match called.edge.from {
            Caller::Service(id) => &self.world.services[id].name,
            Caller::Stream(id) => &self.world.streams[id].name,
        };
        let subset = self.world.routing.subsets.get(called.edge.subset).map(|subset| &*subset.name);
        let entries = self.scenario.mesh.entries_of(from, &self.world.services[called.edge.to].name, subset);
        entries.into_iter().flatten().find_map(|(_, traffic)| key(&traffic.policy))
    }

    /// Where the outlier detection of an edge is written.
    pub(super) fn outlier_of(&self, edge: EdgeId) -> Span {
        let called = self.edges().find(|called| called.id == edge);
        let at = called.and_then(|called| self.written(&called, |patch| patch.outlier.map(|outlier| outlier.span)));
        at.unwrap_or(Span::NONE)
    }

    /// The name of a place's region.
    fn region(&self, place: PlaceId) -> &'a str {
        &self.world.regions[self.world.places[place].region]
    }

    /// Where the replica stands.
    fn at(&self, endpoint: EndpointId) -> PlaceId {
        self.world.endpoints[endpoint].place
    }
}

/// The replicas behind a host, and the way to each.
fn behind(host: &Host) -> &[(EndpointId, PathId)] {
    match &host.target {
        HostTarget::Endpoint(..) => &[],
        HostTarget::Gateway(_, members) => members,
    }
}

/// The same with a replica as the only one behind itself.
fn replicas(host: &Host) -> Vec<(EndpointId, PathId)> {
    match &host.target {
        HostTarget::Endpoint(endpoint, path) => vec![(*endpoint, *path)],
        HostTarget::Gateway(_, members) => members.clone(),
    }
}

/// One thing to say, but for the edges that it is said of: they stand between `before` and `after`.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Say {
    code: &'static str,
    before: String,
    after: String,
    at: Span,
    help: String,
}

/// What is told, alike edges together, in the order in which it was found.
#[derive(Default)]
struct Told(IndexMap<Say, Vec<String>>);

impl Told {
    /// Says it of `edge`.
    fn say(&mut self, edge: &str, say: Say) {
        let edges = self.0.entry(say).or_default();
        if edges.last().is_none_or(|last| last != edge) {
            edges.push(edge.to_owned());
        }
    }

    fn said(self) -> Vec<Diagnostic> {
        let told = self.0.into_iter().map(|(say, edges)| {
            let named: Vec<String> = edges.iter().take(NAMED).map(|edge| format!("`{edge}`")).collect();
            let more = edges.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let what = format!("{}{}{more}{}", say.before, named.join(", "), say.after);
            Diagnostic::warning(say.code, what).at(say.at, "").help(say.help)
        });
        told.collect()
    }
}

/// A share as people read it.
fn percent(share: f64) -> String {
    format!("{} %", crate::units::significant(100.0 * share, 2))
}

/// The least percentage at which so many of the hosts may be out at once.
fn percent_of(out: u32, hosts: u32) -> u32 {
    (100 * out).div_ceil(hosts.max(1))
}
