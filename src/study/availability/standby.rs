//! Replicas that can stand in for each other: what callers may choose among, wherever they are and whatever moves them. What one
//! group is asked for no other one can do: where a service is kept in its clusters each cluster's replicas are one.

use std::collections::BTreeMap;

use crate::table::Id;
use crate::world::{Caller, EdgeId, EndpointId, HostTarget, PlaceId, ServiceId, World};

/// Replicas of one service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Group {
    pub(super) service: ServiceId,
    pub(super) members: Vec<EndpointId>,
    /// Where they are, if the service has others: ` in hz`.
    pub(super) told: String,
}

/// Who stands in for whom, in a world of which these edges are called from these places.
///
/// Callers that stand in for each other bring their calls with them, so that whom they call on one edge is one group too; those
/// of a stream are its entries.
pub(super) fn groups(world: &World, calls: &[(EdgeId, PlaceId)]) -> Vec<Group> {
    let mut known = Known { first: (0..world.endpoints.len()).collect() };
    let mut called = Vec::new();
    for &(edge, place) in calls {
        let hosts = hosts(world, edge, place);
        if let Some(&one) = hosts.first() {
            for &host in &hosts {
                known.join(one, host);
            }
            called.push((edge, place, one));
        }
    }
    loop {
        let mut met: BTreeMap<(EdgeId, Option<usize>), usize> = BTreeMap::new();
        let mut joined = false;
        for &(edge, place, one) in &called {
            let mut callers = match world.edges[edge].from {
                Caller::Stream(_) => vec![None],
                Caller::Service(from) => {
                    let here = world.services[from].endpoints.iter().filter(|id| world.endpoints[**id].place == place);
                    here.map(|id| Some(known.root(id.index()))).collect()
                }
            };
            callers.dedup();
            for caller in callers {
                joined |= known.join(*met.entry((edge, caller)).or_insert(one), one);
            }
        }
        if !joined {
            break;
        }
    }
    let mut groups: Vec<Group> = Vec::new();
    for (service, row) in world.services.iter() {
        let mut of: BTreeMap<usize, Vec<EndpointId>> = BTreeMap::new();
        row.endpoints.iter().for_each(|&id| of.entry(known.root(id.index())).or_default().push(id));
        let whole = of.len() == 1;
        groups.extend(of.into_values().map(|members| {
            let told = if whole { String::new() } else { format!(" in {}", clusters(world, &members)) };
            Group { service, members, told }
        }));
    }
    groups
}

/// The clusters of replicas.
fn clusters(world: &World, members: &[EndpointId]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for &id in members {
        let name = world.clusters[world.places[world.endpoints[id].place].cluster].as_str();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

/// Whom a proxy in this place may choose for an edge.
fn hosts(world: &World, edge: EdgeId, place: PlaceId) -> Vec<usize> {
    let set = world.host_set(edge, place);
    if set.is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for host in world.host_sets[set].hosts.iter() {
        match &host.target {
            HostTarget::Endpoint(id, _) => found.push(id.index()),
            HostTarget::Gateway(_, behind) => found.extend(behind.iter().map(|(id, _)| id.index())),
        }
    }
    found
}

/// By replica: another one of its group with a lower number, or itself.
struct Known {
    first: Vec<usize>,
}

impl Known {
    fn root(&mut self, mut at: usize) -> usize {
        while self.first[at] != at {
            self.first[at] = self.first[self.first[at]];
            at = self.first[at];
        }
        at
    }

    /// Were they apart until now?
    fn join(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.root(one), self.root(other));
        let (low, high) = (one.min(other), one.max(other));
        self.first[high] = low;
        low != high
    }
}
