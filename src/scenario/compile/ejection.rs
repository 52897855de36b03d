//! Outlier detection that can do nothing: too few hosts for the share that may be ejected.

use std::collections::BTreeMap;

use super::advice::Reading;
use super::callers;
use crate::policy::outlier::may_eject;
use crate::policy::priority::{self, LEVELS, PriorityLoad};
use crate::scenario::file::EdgePolicy;
use crate::scenario::{Diagnostic, Span};
use crate::topology::{PlaceId, RegionId};
use crate::world::{EdgeId, HostSet, HostTarget, World};

/// What an edge's limit on ejections makes impossible.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Trap {
    /// Nobody is ever ejected, and it takes this percentage.
    Nobody { needed: u32 },
    /// This many hosts stand in the caller's region, of which so many may be out: the failover written for it never
    /// moves all calls.
    Failover { near: u32, allowed: u32 },
    /// So many hosts stand in the caller's nearest locality, of which so many may be out: if all of them die, this
    /// percentage of the calls still goes to them.
    Locality { near: u32, allowed: u32, left: u32 },
}

/// A trap, the hosts, and the percentage that holds.
type Trapped = (Trap, u32, u32);

/// Edges whose outlier detection never ejects, or never empties a region that has a failover; alike ones together.
pub(super) fn traps(reading: &Reading<'_>) -> Vec<Diagnostic> {
    let world = reading.world;
    // One line for each place where it is written.
    let mut found: BTreeMap<(Trapped, Span), Vec<String>> = BTreeMap::new();
    for (id, edge) in world.edges.iter().filter(|(id, _)| reading.taken.contains_key(id)) {
        // The place with the fewest hosts stands for the edge.
        let mut from: Vec<PlaceId> = callers(world, edge.from);
        from.sort_by_key(|place| world.host_sets[world.host_set(id, *place)].hosts.len());
        let rules = &reading.rules[edge.policy.0 as usize];
        if let Some(key) = from.into_iter().find_map(|place| trap(world, id, place, rules)) {
            let edges = found.entry((key, reading.outlier_of(id))).or_default();
            edges.push(format!("`{}`", edge.name));
        }
    }
    let told = found.into_iter().map(|(((trap, hosts, percent), at), edges)| {
        let edges = edges.join(", ");
        let (what, needed) = match trap {
            Trap::Nobody { needed } => (
                format!("outlier detection never ejects anybody on {edges}: {percent} % of {hosts} hosts is less than one"),
                needed,
            ),
            Trap::Failover { near, allowed } => (
                format!(
                    "the failover on {edges} never moves all calls: {near} of {hosts} hosts stand in the caller's region, and max-ejection {percent} % lets {allowed} be out at once"
                ),
                percent_of(near, hosts),
            ),
            Trap::Locality { near, allowed, left } => (
                format!(
                    "max-ejection {percent} % is below the share of a locality on {edges}: if the {near} nearest of {hosts} hosts die, {allowed} may be out at once, and {left} % of the calls still go there"
                ),
                percent_of(near, hosts),
            ),
        };
        let needed = needed.min(100);
        Diagnostic::warning("EW356", what)
            .at(at, "")
            .help(format!("write `outlier: {{max-ejection: {needed}%}}` or more (Istio's `maxEjectionPercent`, 10 unless told)"))
    });
    told.collect()
}

/// The trap of an edge as seen from a place, with its hosts and the percentage that holds.
fn trap(world: &World, edge: EdgeId, from: PlaceId, rules: &EdgePolicy) -> Option<Trapped> {
    let outlier = rules.policy.outlier.as_ref()?;
    let set = &world.host_sets[world.host_set(edge, from)];
    let hosts = set.hosts.len() as u32;
    // A lone host has nobody to stand in for it: ejecting it would help no call.
    if hosts < 2 {
        return None;
    }
    let allowed = (0..hosts).take_while(|out| may_eject(*out, hosts, outlier)).count() as u32;
    let near = near(world, set, world.places[from].region);
    let own = &world.regions[world.places[from].region];
    let failover = rules.locality.enabled
        && rules.locality.distribute.is_empty()
        && rules.locality.failover.iter().any(|(from, _)| from.value == *own)
        && near > 0
        && near < hosts;
    let first = set.hosts.iter().filter(|host| host.priority == 0).count() as u32;
    let trap = match allowed {
        // Whatever it is asked to empty: the region that fails over, else the nearest locality.
        0 if failover => Trap::Nobody { needed: percent_of(near, hosts) },
        0 => Trap::Nobody { needed: percent_of(if set.priorities > 1 { first } else { 1 }, hosts) },
        _ if failover && allowed < near => Trap::Failover { near, allowed },
        _ => {
            let left = left(set, allowed, rules.policy.panic_threshold);
            if set.priorities < 2 || allowed >= first || left == 0 {
                return None;
            }
            Trap::Locality { near: first, allowed, left }
        }
    };
    Some((trap, hosts, outlier.max_ejection_percent))
}

/// Percent of the calls that go to the nearest hosts with so many of them out.
fn left(set: &HostSet, out: u32, panic: u32) -> u32 {
    let levels = usize::from(set.priorities).clamp(1, LEVELS);
    let mut total = [0; LEVELS];
    set.hosts.iter().for_each(|host| total[usize::from(host.priority).min(LEVELS - 1)] += 1);
    let mut healthy = total;
    healthy[0] -= out.min(total[0]);
    let mut load = PriorityLoad::default();
    priority::loads(&healthy[..levels], &total[..levels], panic, &mut load);
    load.healthy(0)
}

/// The least percentage at which so many of the hosts may be out at once.
fn percent_of(out: u32, hosts: u32) -> u32 {
    (100 * out).div_ceil(hosts)
}

/// Hosts in a region.
fn near(world: &World, set: &HostSet, region: RegionId) -> u32 {
    let within = set.hosts.iter().filter(|host| {
        let first = match &host.target {
            HostTarget::Endpoint(endpoint, _) => Some(endpoint),
            HostTarget::Gateway(_, members) => members.first().map(|(endpoint, _)| endpoint),
        };
        first.is_some_and(|endpoint| world.places[world.endpoints[*endpoint].place].region == region)
    });
    within.count() as u32
}
