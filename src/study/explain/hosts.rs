//! What a client of one place sees behind an edge: hosts by priority and place, and the share of each.

use std::collections::BTreeSet;

use super::{call, deaths};
use crate::record::{ClientView, HostGroup};
use crate::world::{EdgeId, EndpointId, Host, HostTarget, PathId, Place, PlaceId, Standing, World};

/// The view of the clients at `place`; none where nobody there makes that call.
pub(super) fn view(world: &World, edge: EdgeId, place: PlaceId) -> Option<ClientView> {
    let set = world.host_set(edge, place);
    if set.is_none() {
        return None;
    }
    let client = world.client(edge, place)?;
    let set = &world.host_sets[set];
    let policy = &world.policies[world.edges[edge].policy];
    let shares = set.shares_when(policy, |_| Standing::In);
    let here = &world.places[place];
    let mut groups: Vec<HostGroup> = Vec::new();
    let mut behind: Vec<BTreeSet<EndpointId>> = Vec::new();
    let mut paths: Vec<PathId> = Vec::new();
    let mut rows: Vec<usize> = Vec::new();
    let (mut crosses_region, mut crosses_zone) = (0.0, 0.0);
    for (host, share) in set.hosts.iter().zip(shares) {
        let places = places_of(world, host);
        let away = |other: &dyn Fn(&Place) -> bool| {
            share * places.iter().filter(|&&there| other(&world.places[there])).count() as f64 / places.len() as f64
        };
        crosses_region += away(&|there| there.region != here.region);
        crosses_zone += away(&|there| there.zone != here.zone);
        paths.extend(ways(host).into_iter().map(|(_, path)| path));
        let seen = group(world, host, share, &places);
        let behind_it = ways(host).into_iter().map(|(endpoint, _)| endpoint);
        match groups.iter().position(|group| (group.priority, &group.at) == (seen.priority, &seen.at)) {
            Some(row) => {
                rows.push(row);
                groups[row].hosts += 1;
                groups[row].share += share;
                behind[row].extend(behind_it);
            }
            None => {
                rows.push(groups.len());
                groups.push(seen);
                behind.push(behind_it.collect());
            }
        }
    }
    // Two addresses of one gateway lead to the same replicas.
    for (group, behind) in groups.iter_mut().zip(behind) {
        group.replicas = behind.len() as u32;
    }
    paths.sort_unstable();
    paths.dedup();
    let deaths = deaths::of_edge(world, edge).into_iter();
    let deaths = deaths.map(|dead| deaths::told(world, set, policy, place, dead, &rows)).collect();
    let calls = paths.into_iter().map(|path| call::sketch(world, edge, client, path)).collect();
    Some(ClientView {
        place: here.name.clone(),
        region: world.regions[here.region].clone(),
        groups,
        crosses_region,
        crosses_zone,
        deaths,
        calls,
    })
}

/// The replicas behind a host, and the way to each.
pub(super) fn ways(host: &Host) -> Vec<(EndpointId, PathId)> {
    match &host.target {
        HostTarget::Endpoint(endpoint, path) => vec![(*endpoint, *path)],
        HostTarget::Gateway(_, ways) => ways.clone(),
    }
}

fn places_of(world: &World, host: &Host) -> Vec<PlaceId> {
    ways(host).into_iter().map(|(endpoint, _)| world.endpoints[endpoint].place).collect()
}

/// A group of this one host, its replicas yet to be counted.
fn group(world: &World, host: &Host, share: f64, places: &[PlaceId]) -> HostGroup {
    let mut regions: Vec<&str> = places.iter().map(|&place| &*world.regions[world.places[place].region]).collect();
    regions.sort_unstable();
    regions.dedup();
    let at = match &host.target {
        HostTarget::Endpoint(endpoint, _) => world.places[world.endpoints[*endpoint].place].name.clone(),
        HostTarget::Gateway(gateway, _) => format!("gateway {}", world.gateways[*gateway].name),
    };
    HostGroup { priority: u32::from(host.priority), at, region: regions.join("+"), hosts: 1, replicas: 0, share }
}
