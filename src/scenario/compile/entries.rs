//! Global entries: the clusters that they lead to, the ways of users to them, and what operators change.

use super::ground::{cluster_named, region_named};
use crate::connect::{Board, Carrier, Hop, PublicLoss};
use crate::fault::Scene;
use crate::provider::{PathClass, PublicLine};
use crate::scenario::Diagnostic;
use crate::scenario::Span;
use crate::scenario::file::{Action, ActionSet, ActionWhen, Leads, Scenario, Stream, StreamFrom};
use crate::topology::{ClusterId, Ground, PlaceId, RegionId};
use crate::units::Duration;
use crate::world::{
    Autoscaler, Entry, EntryId, FaultId, Front, Kept, Occasion, OperatorAction, ServiceId, Set, Target, Via, World,
};

/// The entries of a scenario, in its order, before any stream looks for its own.
pub(super) fn entries(scenario: &Scenario, ground: &Ground, world: &mut World, said: &mut Vec<Diagnostic>) {
    for (name, written) in &scenario.entries {
        let mut targets: Vec<ClusterId> = Vec::new();
        let later = scenario.actions.values().flat_map(|action| &action.sets).filter_map(|set| match set {
            ActionSet::Entry(of, leads) => (of == name).then_some(leads),
            ActionSet::Primary(..) | ActionSet::Least { .. } => None,
        });
        for (cluster, _) in std::iter::once(&written.to).chain(later).flatten() {
            let id = cluster_named(ground, cluster).expect("clusters of an entry were checked to exist");
            if !targets.contains(&id) {
                targets.push(id);
            }
        }
        let path = written.path.as_ref().map(|path| {
            let service = scenario.services.get_index_of(&path.value).expect("a deep check's service was checked");
            deep(world, ServiceId(service as u32), &targets, path.span, said);
            ServiceId(service as u32)
        });
        let to = rows(ground, &targets, &written.to);
        world.entries.push(Entry {
            name: name.clone(),
            kept: written.kept,
            check: written.check,
            path,
            answer: written.answer,
            connect_timeout: written.connect_timeout,
            targets,
            to,
        });
        if !scenario.workload.values().any(|stream| stream.via.as_ref().is_some_and(|via| via.value == *name)) {
            let unused = Diagnostic::warning("EW315", format!("no stream comes by entry `{name}`"));
            said.push(unused.at(written.span, "").help("write `via: entry/..` in a stream, or remove it"));
        }
    }
}

/// A deep check of a cluster that has nothing to check would never pass.
fn deep(world: &World, service: ServiceId, targets: &[ClusterId], span: Span, said: &mut Vec<Diagnostic>) {
    let service = &world.services[service];
    let there = |cluster: ClusterId| {
        service.endpoints.iter().any(|&id| world.places[world.endpoints[id].place].cluster == cluster)
    };
    for &cluster in targets.iter().filter(|cluster| !there(**cluster)) {
        let text =
            format!("`{}` has no replica in {}, so that its check never passes", service.name, world.clusters[cluster]);
        said.push(Diagnostic::error("EW453", text).at(span, "checked here").help("check what stands in all of them"));
    }
}

fn rows(ground: &Ground, targets: &[ClusterId], leads: &Leads) -> Vec<(u16, f64)> {
    let row = |cluster: &str| {
        let id = cluster_named(ground, cluster).expect("clusters of an entry were checked to exist");
        targets.iter().position(|known| *known == id).expect("all clusters of an entry are targets") as u16
    };
    leads.iter().filter(|(_, weight)| *weight > 0.0).map(|(cluster, weight)| (row(cluster), *weight)).collect()
}

/// How a stream's users come in by its entry: its fronts, and the places of their ingress in that order. The ways there are
/// drawn later ([`ways`]).
pub(super) fn via(scenario: &Scenario, ground: &Ground, world: &World, stream: &Stream) -> Option<(Via, Vec<PlaceId>)> {
    let name = stream.via.as_ref()?;
    let entry = EntryId(scenario.entries.get_index_of(&name.value).expect("an entry was checked to exist") as u32);
    let region = match &stream.from.value {
        StreamFrom::Region(name) => region_named(ground, name),
        StreamFrom::Cluster(name) => ground.region_of_cluster(cluster_named(ground, name)?),
    };
    let (mut places, mut fronts) = (Vec::new(), Vec::new());
    for &cluster in &world.entries[entry].targets {
        let first = places.len() as u32;
        places.extend(world.places.iter().filter(|(_, place)| place.cluster == cluster).map(|(id, _)| id));
        let (delay, delay_back) = (Duration::ZERO, Duration::ZERO);
        let count = places.len() as u32 - first;
        fronts.push(Front { first, count, there: None, back: None, delay, delay_back });
    }
    Some((Via { entry, region, fronts }, places))
}

/// Draws the ways of users to clusters in other regions: over the internet, or a global balancer's backbone.
pub(super) fn ways(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    board: &mut Board,
    world: &mut World,
    said: &mut Vec<Diagnostic>,
) {
    if !scenario.network {
        return;
    }
    for (id, written) in world.streams.ids().collect::<Vec<_>>().into_iter().zip(scenario.workload.values()) {
        let Some(mut via) = world.streams[id].via.take() else { continue };
        let entry = &world.entries[via.entry];
        for (front, &cluster) in via.fronts.iter_mut().zip(&entry.targets) {
            let to = carrier.ground.region_of_cluster(cluster);
            if to == via.region {
                continue;
            }
            if carrier.rtt(via.region, to).is_none() {
                said.push(unknown(carrier, via.region, to, written.from.span));
                continue;
            }
            let hop = match entry.kept {
                Kept::No => carrier.backbone(board, via.region, to, PathClass::Gold),
                Kept::Answer { .. } => {
                    let loss = PublicLoss::Profile(carrier.inputs.loss);
                    carrier.internet(board, via.region, to, loss, PublicLine::Bgp)
                }
            };
            let Hop::Pair { out, back } = hop else { continue };
            let point = if entry.kept == Kept::No { carrier.delay("hop.ga") } else { Duration::ZERO };
            (front.there, front.back) = (Some(out), Some(back));
            (front.delay, front.delay_back) = (board.lines[out].delay + point, board.lines[back].delay + point);
        }
        world.streams[id].via = Some(via);
    }
}

fn unknown(carrier: &Carrier<'_>, from: RegionId, to: RegionId, at: Span) -> Diagnostic {
    let text = format!("nobody knows how far users of {} are from {}", carrier.region(from), carrier.region(to));
    let help = "say what the regions are (`is:`), or write the round trip under `topology.links`";
    Diagnostic::error("EW456", text).at(at, "these users").help(help)
}

/// What operators do, once the faults are known.
pub(super) fn actions(scenario: &Scenario, ground: &Ground, world: &mut World, said: &mut Vec<Diagnostic>) {
    if scenario.actions.is_empty() {
        return;
    }
    let scene = world.scene();
    for (name, action) in &scenario.actions {
        let needs = needs(action, &scene, world, said);
        let fault = |name: &str| world.faults.iter().find(|(_, fault)| fault.name == name).map(|(id, _)| id);
        let Some(when) = when(&action.when, fault) else { continue };
        let sets = action.sets.iter().flat_map(|set| match set {
            ActionSet::Entry(of, leads) => {
                let row = scenario.entries.get_index_of(of).expect("an entry was checked to exist");
                let id = EntryId(row as u32);
                vec![Set::Entry(id, rows(ground, &world.entries[id].targets, leads))]
            }
            ActionSet::Primary(of, cluster) => {
                let database = world.databases.iter().find(|(_, database)| database.name == *of);
                let cluster = world.clusters.iter().find(|(_, name)| *name == cluster);
                let (database, cluster) = database.zip(cluster).expect("a store and its cluster were checked to exist");
                vec![Set::Primary(database.0, cluster.0)]
            }
            ActionSet::Least { service, cluster, min } => {
                let meant = |row: &Autoscaler| {
                    let here = cluster.as_ref().is_none_or(|name| world.clusters[row.cluster] == *name);
                    world.services[row.service].name == *service && here
                };
                let rows = world.autoscalers.iter().enumerate().filter(|(_, row)| meant(row));
                rows.map(|(row, _)| Set::Least(row as u32, *min)).collect()
            }
        });
        let action = OperatorAction { name: name.clone(), when, needs, sets: sets.collect() };
        world.actions.push(action);
    }
}

/// None: of a fault that is refused, which has been told.
fn when(written: &ActionWhen, fault: impl Fn(&str) -> Option<FaultId>) -> Option<Occasion> {
    Some(match written {
        ActionWhen::At(at) => Occasion::At(at.value),
        ActionWhen::Alarm { fault: of, rings, then } => {
            Occasion::Alarm { fault: fault(of)?, rings: *rings, then: *then }
        }
        ActionWhen::End { fault: of, then } => Occasion::End { fault: fault(of)?, then: *then },
    })
}

fn needs(action: &Action, scene: &Scene<Target>, world: &World, said: &mut Vec<Diagnostic>) -> Vec<Target> {
    let mut needs = Vec::new();
    for need in &action.needs {
        let targets: Vec<Target> = if need.value == "control-plane" {
            world.control.planes.ids().map(Target::Plane).collect()
        } else if need.value.starts_with("api/") || need.value.starts_with("control-plane/") {
            scene.targets(&need.value).map(|(targets, _)| targets).unwrap_or_default()
        } else {
            Vec::new()
        };
        if targets.is_empty() {
            let text = format!("`{}` is nothing that an action can need here", need.value);
            let help = if world.control.planes.is_empty() {
                "API servers and control planes are there with `mesh.control-plane: {kind: multi-primary}`"
            } else {
                "write `api/CLUSTER`, `control-plane/NAME` or `control-plane`"
            };
            said.push(Diagnostic::error("EW457", text).at(need.span, "").help(help));
        }
        needs.extend(targets);
    }
    needs
}
