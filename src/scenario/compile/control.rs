//! Control planes, and the ways on which they hear and tell: those of the calls between the same regions.

use super::paths::Paths;
use crate::policy::readiness::Readiness;
use crate::scenario::Diagnostic;
use crate::scenario::file::{ControlKind, Dataplane, Scenario};
use crate::topology::{Ground, Leg, RegionId};
use crate::units::Duration;
use crate::world::{ClusterId, Control, ControlWay, Path, PathId, Plane, Serves, World};

/// The control planes of a scenario, whose paths are drawn.
pub(super) fn control(scenario: &Scenario, ground: &Ground, world: &mut World, said: &mut Vec<Diagnostic>) {
    let Some(written) = &scenario.mesh.control_plane else { return };
    let mut control = Control {
        readiness: vec![Some(written.readiness) as Option<Readiness>; world.services.len()],
        node_grace: written.node_grace,
        configures: scenario.mesh.dataplane != Dataplane::None,
        ..Control::default()
    };
    let region = |id: ClusterId| ground.region_of_cluster(id);
    let mut add = |name: &str, region: RegionId, cluster: Option<ClusterId>| {
        let (name, push, push_max) = (name.to_owned(), written.push, written.push_max);
        control.planes.push(Plane { name, region, cluster, push, push_max })
    };
    let found = |name: &str| world.clusters.iter().find(|(_, known)| *known == name).map(|(id, _)| id);
    match &written.kind {
        ControlKind::MultiPrimary => {
            for (id, name) in world.clusters.iter() {
                add(name, region(id), Some(id));
            }
        }
        ControlKind::PrimaryRemote(cluster) => {
            let Some(id) = found(&cluster.value) else { return };
            add(&cluster.value, region(id), Some(id));
        }
        ControlKind::Managed(name) => {
            let Some((id, _)) = world.regions.iter().find(|(_, known)| **known == name.value) else { return };
            add(&name.value, id, None);
        }
    }
    let own = written.via.as_ref().filter(|_| scenario.network);
    let via = own.map(|route| route.via.value.as_str());
    let only = (control.planes.len() == 1).then_some(crate::world::PlaneId(0));
    for place in world.places.rows() {
        let plane = only.unwrap_or(crate::world::PlaneId(place.cluster.0));
        let from = control.planes[plane].region;
        let way = way(world, via, from, place.region);
        if way.is_none() && from != place.region {
            let text = format!(
                "no call goes between {} and {}, so that the control plane has no way to {}",
                world.regions[from], world.regions[place.region], place.name
            );
            said.push(
                Diagnostic::error("EW383", text)
                    .at(written.span, "")
                    .help("`kind: multi-primary`, or a control plane in a region that calls go to"),
            );
        }
        control.serves.push(Serves { plane, way: way.unwrap_or_default() });
    }
    for plane in control.planes.rows() {
        // Where no call goes nobody needs to know of endpoints.
        let watch = |id| way(world, via, plane.region, region(id)).unwrap_or_default();
        control.watches.extend(world.clusters.ids().map(watch));
    }
    world.control = control;
}

/// Draws the ways of its own that a control plane has, from where it stands to everywhere.
pub(super) fn ways(scenario: &Scenario, world: &World, paths: &mut Paths<'_>) {
    let Some(written) = scenario.mesh.control_plane.as_ref().filter(|written| written.via.is_some()) else { return };
    let first = |region: RegionId| world.places.iter().find(|(_, place)| place.region == region).map(|(id, _)| id);
    let stands = |region: RegionId| match &written.kind {
        ControlKind::MultiPrimary => true,
        ControlKind::PrimaryRemote(name) => {
            let here = |place: &crate::topology::Place| world.clusters[place.cluster] == name.value;
            world.places.rows().iter().any(|place| place.region == region && here(place))
        }
        ControlKind::Managed(name) => world.regions[region] == name.value,
    };
    for from in world.regions.ids().filter(|region| stands(*region)) {
        // Both ways are one.
        for to in world.regions.ids().filter(|to| *to != from && !(stands(*to) && *to < from)) {
            if let (Some(from), Some(to)) = (first(from), first(to)) {
                paths.of_control(from, to);
            }
        }
    }
}

/// The way of the shortest path between two regions, in either direction; over `via`, where that is said.
fn way(world: &World, via: Option<&str>, from: RegionId, to: RegionId) -> Option<ControlWay> {
    if from == to {
        return Some(ControlWay::default());
    }
    let ends = |path: &Path| (world.places[path.from].region, world.places[path.to].region);
    let goes = |path: &Path| ends(path) == (from, to) || ends(path) == (to, from);
    let found = shortest(world, |path| goes(path) && via.is_none_or(|via| path.via == via));
    found.map(|(id, _)| way_over(world, id))
}

/// The shortest of some paths.
pub(super) fn shortest(world: &World, of: impl Fn(&Path) -> bool) -> Option<(PathId, &Path)> {
    let between = world.paths.iter().filter(|(_, path)| of(path));
    between.min_by_key(|(id, path)| (path.floor + path.floor_back, *id))
}

/// The way of whoever goes where a path does.
pub(super) fn way_over(world: &World, id: PathId) -> ControlWay {
    let path = &world.paths[id];
    let gateways = path.legs.iter().filter_map(|leg| match leg {
        Leg::Gateway(gateway) if !world.gateways[*gateway].replicas.is_empty() => Some(*gateway),
        _ => None,
    });
    let links = path.links.iter().chain(&path.back_links).copied().collect();
    let delay = Duration::from_nanos((path.floor + path.floor_back).nanos() / 2);
    ControlWay { delay, links, path: Some(id), gateways: gateways.collect() }
}
