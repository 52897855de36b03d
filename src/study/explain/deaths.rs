//! What becomes of a client's shares when all hosts of a zone or a region fail: the engine's own rules on what the client
//! then believes of its hosts.

use std::collections::BTreeSet;

use super::hosts::ways;
use crate::policy::Policy;
use crate::policy::outlier::may_eject;
use crate::record::{Death, Leavings};
use crate::world::{
    ClusterId, EdgeId, EndpointId, Host, HostSet, HostTarget, PlaceId, RegionId, Standing, World, ZoneId,
};

/// Zones that are told one by one; where there are more, regions alone are told.
const ZONES: usize = 6;

/// A zone or a region that dies, with all its places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dead {
    Zone(ZoneId),
    Region(RegionId),
}

impl Dead {
    fn takes(self, world: &World, place: PlaceId) -> bool {
        let place = &world.places[place];
        match self {
            Dead::Zone(zone) => place.zone == zone,
            Dead::Region(region) => place.region == region,
        }
    }

    fn name(self, world: &World) -> String {
        match self {
            Dead::Zone(zone) => format!("{}/{}", world.regions[world.zones[zone].0], world.zones[zone].1),
            Dead::Region(region) => world.regions[region].clone(),
        }
    }

    /// Is all of a cluster dead, and its API server with it?
    fn takes_cluster(self, world: &World, cluster: ClusterId) -> bool {
        world.places.iter().filter(|(_, place)| place.cluster == cluster).all(|(id, _)| self.takes(world, id))
    }
}

/// The zones in which the callee of an edge stands, and regions with several of them; nothing where it stands in one zone.
pub(super) fn of_edge(world: &World, edge: EdgeId) -> Vec<Dead> {
    let sets = world.places.ids().map(|place| world.host_set(edge, place)).filter(|set| !set.is_none());
    let hosts = sets.flat_map(|set| world.host_sets[set].hosts.iter());
    let places: BTreeSet<PlaceId> = hosts.flat_map(ways).map(|(endpoint, _)| world.endpoints[endpoint].place).collect();
    let zones: BTreeSet<(RegionId, ZoneId)> =
        places.iter().map(|place| (world.places[*place].region, world.places[*place].zone)).collect();
    if zones.len() < 2 {
        return Vec::new();
    }
    let zones_of = |region: RegionId| zones.iter().filter(|(of, _)| *of == region).count();
    let regions: BTreeSet<RegionId> = zones.iter().map(|(region, _)| *region).collect();
    let alone = zones.len() > ZONES;
    let of_regions = regions.into_iter().filter(|region| alone || zones_of(*region) > 1).map(Dead::Region);
    let of_zones = zones.iter().filter(|_| !alone).map(|(_, zone)| Dead::Zone(*zone));
    of_zones.chain(of_regions).collect()
}

/// What is left to the clients at `place`; `rows` are the groups of the hosts.
pub(super) fn told(world: &World, set: &HostSet, policy: &Policy, place: PlaceId, dead: Dead, rows: &[usize]) -> Death {
    let parts: Vec<f64> = set.hosts.iter().map(|host| dead_part(world, host, dead)).collect();
    let out = ejected(set, policy, &parts);
    let standing = |host: usize| if out[host] { Standing::Ejected } else { Standing::In };
    let once_told = told_of(world, set, place, dead, &parts).map(|(known, parts, gone)| {
        let standing = |host: usize| match (gone[host], out[host]) {
            (true, _) => Standing::Gone,
            (_, true) => Standing::Ejected,
            _ => Standing::In,
        };
        leavings(&known.shares_when(policy, standing), &parts, rows)
    });
    Death {
        dead: dead.name(world),
        with_client: dead.takes(world, place),
        dead_hosts: parts.iter().filter(|part| **part >= 1.0).count() as u32,
        ejected: out.iter().filter(|out| **out).count() as u32,
        left: leavings(&set.shares_when(policy, standing), &parts, rows),
        once_told,
    }
}

fn leavings(shares: &[f64], parts: &[f64], rows: &[usize]) -> Leavings {
    let mut by_group = vec![0.0; rows.iter().max().map_or(0, |most| most + 1)];
    rows.iter().zip(shares).for_each(|(row, share)| by_group[*row] += share);
    let to_dead = shares.iter().zip(parts).map(|(share, part)| share * part).sum();
    Leavings { shares: by_group, to_dead, to_nobody: (1.0 - shares.iter().sum::<f64>()).max(0.0) }
}

/// The part of a host's calls that goes to dead replicas: a gateway takes one by chance among those behind it.
fn dead_part(world: &World, host: &Host, dead: Dead) -> f64 {
    if let HostTarget::Gateway(gateway, _) = &host.target {
        let replicas = &world.gateways[*gateway].replicas;
        if !replicas.is_empty() && replicas.iter().all(|&station| dead.takes(world, world.stations[station].place)) {
            return 1.0;
        }
    }
    let ways = ways(host);
    let gone = ways.iter().filter(|(endpoint, _)| dead.takes(world, world.endpoints[*endpoint].place)).count();
    gone as f64 / ways.len().max(1) as f64
}

/// The hosts that outlier detection takes out in the end: those that are called first also fail first, until the limit on
/// ejections. A gateway of which some replicas answer does not fail so often in a row.
fn ejected(set: &HostSet, policy: &Policy, parts: &[f64]) -> Vec<bool> {
    let mut out = vec![false; set.hosts.len()];
    let Some(outlier) = &policy.outlier else { return out };
    // Of the silent it hears only by what ends their calls.
    let deaf = policy.timeout.is_none() && policy.per_try.is_none() && policy.http2_ping.is_none();
    let counts = outlier.consecutive_5xx > 0
        || outlier.consecutive_gateway.is_some()
        || outlier.success_rate.is_some()
        || outlier.failure_percentage.is_some();
    if deaf || !counts {
        return out;
    }
    let mut active = 0;
    for host in (0..out.len()).filter(|host| parts[*host] >= 1.0) {
        if may_eject(active, out.len() as u32, outlier) {
            out[host] = true;
            active += 1;
        }
    }
    out
}

/// The hosts as they are once a control plane that lives has removed the dead replicas of clusters whose API server lives:
/// the set with its gateways' weights, the dead parts, who is gone. None where nothing is ever removed.
fn told_of(
    world: &World,
    set: &HostSet,
    place: PlaceId,
    dead: Dead,
    parts: &[f64],
) -> Option<(HostSet, Vec<f64>, Vec<bool>)> {
    let plane = &world.control.planes[world.control.serves.get(place.0 as usize)?.plane];
    let lives = match plane.cluster {
        Some(cluster) => !dead.takes_cluster(world, cluster),
        None => dead != Dead::Region(plane.region),
    };
    if !lives {
        return None;
    }
    let removed = |endpoint: EndpointId| {
        let at = world.endpoints[endpoint].place;
        dead.takes(world, at) && !dead.takes_cluster(world, world.places[at].cluster)
    };
    let mut known = set.clone();
    let (mut parts, mut gone) = (parts.to_vec(), vec![false; parts.len()]);
    let mut hosts = set.hosts.to_vec();
    let mut any = false;
    for (index, host) in hosts.iter_mut().enumerate() {
        let ways = ways(host);
        let left = ways.iter().filter(|(endpoint, _)| !removed(*endpoint)).count();
        if left == ways.len() {
            continue;
        }
        any = true;
        gone[index] = left == 0;
        host.weight = ((u64::from(host.weight) * left as u64 / ways.len() as u64) as u32).max(1);
        if parts[index] < 1.0 {
            parts[index] = 0.0;
        }
    }
    known.hosts = hosts.into();
    any.then_some((known, parts, gone))
}
