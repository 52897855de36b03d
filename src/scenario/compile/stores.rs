//! Databases: who looks into whose data, who writes to which, and how their copies hear each other.

use super::control::{shortest, way_over};
use super::paths::Paths;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Replication, Scenario, StoreKind};
use crate::units::Duration;
use crate::world::{ClusterId, CopyWay, Database, Path, PathId, PlaceId, ServiceId, Store, World};

/// Those that are divided. Services have the numbers of their order in the file.
pub(super) fn stores(scenario: &Scenario, world: &mut World) {
    for (name, store) in &scenario.stores {
        if let StoreKind::Divided { used_by, refuses } = &store.kind {
            let used_by = used_by.iter().filter_map(|user| service(scenario, &user.value)).collect();
            world.stores.push(Store { name: name.clone(), used_by, refuses: *refuses });
        }
    }
}

fn service(scenario: &Scenario, name: &str) -> Option<ServiceId> {
    scenario.services.get_index_of(name).map(|at| ServiceId(at as u32))
}

fn replicated(scenario: &Scenario) -> impl Iterator<Item = (&String, &Replication)> {
    scenario.stores.iter().filter_map(|(name, store)| Some((name, store.replication()?)))
}

/// Clusters between which copies are heard or written to, each pair once: a copy's, and that of another copy or of a
/// replica that writes.
fn pairs(scenario: &Scenario, world: &World, of: &Replication) -> Vec<(ClusterId, ClusterId)> {
    let copies = clusters(world, of);
    let mut others = copies.clone();
    for (name, _) in &of.writers {
        let Some(id) = service(scenario, &name.value) else { continue };
        let endpoints = &world.services[id].endpoints;
        others.extend(endpoints.iter().map(|&endpoint| world.places[world.endpoints[endpoint].place].cluster));
    }
    others.sort_unstable();
    others.dedup();
    let mut pairs = Vec::new();
    for &copy in &copies {
        for &other in others.iter().filter(|other| **other != copy) {
            if !pairs.contains(&(other, copy)) {
                pairs.push((copy, other));
            }
        }
    }
    pairs
}

fn clusters(world: &World, of: &Replication) -> Vec<ClusterId> {
    let named = |name: &str| world.clusters.iter().find(|(_, known)| *known == name).map(|(id, _)| id);
    of.copies.iter().filter_map(|copy| named(&copy.value)).collect()
}

/// Draws the ways of replication where no call has drawn them: from each zone of a cluster to each of the other.
pub(super) fn ways(scenario: &Scenario, world: &World, paths: &mut Paths<'_>) {
    if !scenario.network {
        return;
    }
    for (_, database) in replicated(scenario) {
        for (one, other) in pairs(scenario, world, database) {
            for from in places(world, one) {
                places(world, other).for_each(|to| paths.of_replication(from, to));
            }
        }
    }
}

fn places(world: &World, cluster: ClusterId) -> impl Iterator<Item = PlaceId> {
    world.places.iter().filter(move |(_, place)| place.cluster == cluster).map(|(id, _)| id)
}

/// Those with a primary, once paths are drawn.
pub(super) fn databases(scenario: &Scenario, world: &mut World, said: &mut Vec<Diagnostic>) {
    for (name, of) in replicated(scenario) {
        let copies = clusters(world, of);
        for (one, other) in pairs(scenario, world, of).into_iter().filter(|_| scenario.network) {
            if joined(world, one, other).is_none() {
                let (one, other) = (&world.clusters[one], &world.clusters[other]);
                let text = format!("no product joins {one} and {other}, between which store `{name}` is replicated");
                let span = scenario.stores[name].span;
                let help = "its copies hear each other whatever is cut; a route between the two would say over what";
                said.push(Diagnostic::warning("EW492", text).at(span, "").help(help));
            }
        }
        let mut ways = Vec::new();
        for place in world.places.ids() {
            ways.extend(copies.iter().map(|&copy| to_copy(world, place, copy)));
        }
        let mut writes = Vec::new();
        for (user, operations) in &of.writers {
            let Some(id) = service(scenario, &user.value) else { continue };
            let named = scenario.services[&user.value].operations.keys().zip(&world.services[id].operations);
            writes.extend(named.filter(|(name, _)| operations.contains(name)).map(|(_, &operation)| operation));
        }
        let promote = of.promote.as_ref();
        world.databases.push(Database {
            name: name.clone(),
            copies,
            ways,
            writes,
            lag: of.lag.clone(),
            after: promote.and_then(|promote| promote.after),
            takes: promote.map_or(Duration::ZERO, |promote| promote.takes),
            fence: promote.is_none_or(|promote| promote.fence),
        });
    }
}

/// The paths on which two clusters may hear each other: all of the product, and in the direction, of the shortest path
/// between the two, in either direction, or between their regions. None where no path goes between two regions.
fn joined(world: &World, one: ClusterId, other: ClusterId) -> Option<Vec<PathId>> {
    if one == other {
        return Some(Vec::new());
    }
    let cluster = |place: PlaceId| world.places[place].cluster;
    let own = alike(world, (one, other), cluster);
    let region = |of| world.places.rows().iter().find(|place| place.cluster == of).map(|place| place.region);
    let (near, far) = (region(one)?, region(other)?);
    own.or_else(|| {
        if near == far { Some(Vec::new()) } else { alike(world, (near, far), |place| world.places[place].region) }
    })
}

/// The paths between two things of which a place is one, which go as the shortest of them does.
fn alike<T: PartialEq>(world: &World, (one, other): (T, T), of: impl Fn(PlaceId) -> T) -> Option<Vec<PathId>> {
    let goes = |path: &Path, from: &T, to: &T| of(path.from) == *from && of(path.to) == *to;
    let (_, first) = shortest(world, |path| goes(path, &one, &other) || goes(path, &other, &one))?;
    let (from, to) = if goes(first, &one, &other) { (one, other) } else { (other, one) };
    let paths = world.paths.iter().filter(|(_, path)| path.via == first.via && goes(path, &from, &to));
    Some(paths.map(|(id, _)| id).collect())
}

/// The ways from a place to a copy. Where no path goes from there to one of its zones, any other between the two is one.
fn to_copy(world: &World, from: PlaceId, copy: ClusterId) -> Vec<CopyWay> {
    let paths = joined(world, world.places[from].cluster, copy).unwrap_or_default();
    let ends = |id: &PathId| [world.paths[*id].from, world.paths[*id].to];
    let mut ways = Vec::new();
    let mut lacks = false;
    for to in places(world, copy) {
        let own = paths.iter().filter(|id| ends(id) == [from, to] || ends(id) == [to, from]);
        let before = ways.len();
        ways.extend(own.map(|id| CopyWay { to, way: way_over(world, *id) }));
        lacks |= ways.len() == before;
    }
    if lacks {
        ways.extend(paths.iter().map(|id| CopyWay { to: PlaceId::NONE, way: way_over(world, *id) }));
    }
    ways
}
