//! Outages of the scenario as dated changes.

use std::collections::BTreeSet;

use super::backbones;
use super::ground::region_named;
use crate::connect::Board;
use crate::fault;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Hit, Manner, Scenario};
use crate::topology::Ground;
use crate::units::Duration;
use crate::world::{Outage, PathId, Target, World};

/// How long after its end a fault's effects may last: outlier ejections (30 s, then the sweep) and back-offs run out
/// within a minute; a connection that has hung tries again after as long as it has hung, two minutes at most.
fn recovery(lasted: Duration) -> Duration {
    lasted.min(Duration::from_secs(120)).max(Duration::from_secs(60))
}

/// Schedules all faults, in the order of the file.
pub(super) fn faults(
    scenario: &Scenario,
    ground: &Ground,
    board: &Board,
    through: &BTreeSet<(String, PathId)>,
    world: &mut World,
    said: &mut Vec<Diagnostic>,
) {
    if scenario.faults.is_empty() {
        return;
    }
    let mut scene = world.scene();
    for name in scenario.connectivity.keys() {
        scene.declare(&format!("product/{name}"));
    }
    for (product, path) in through.iter().filter(|(product, _)| scenario.connectivity.contains_key(product)) {
        scene.add(&format!("product/{product}"), Target::Path(*path));
    }
    for (name, link) in &scenario.topology.links {
        let domain = format!("link/{name}");
        scene.declare(&domain);
        let (a, b) = (region_named(ground, &link.between.0), region_named(ground, &link.between.1));
        for id in backbones(board, a, b) {
            scene.add(&domain, Target::Link(id));
        }
    }
    for (id, line) in board.lines.iter() {
        let Some(zone) = line.zone else { continue };
        let region = &ground.regions[ground.zones[zone].region].name;
        scene.add(&format!("zone/{region}/{}", ground.zone_name(zone)), Target::Link(id));
        scene.add(&format!("region/{region}"), Target::Link(id));
        if let Some((product, _)) = line.name.split_once(": ") {
            scene.add(&format!("product/{product}/zone/{}", ground.zone_name(zone)), Target::Link(id));
        }
    }
    for (name, fault) in &scenario.faults {
        // The decoder has found the gateway in the scenario; a variant that goes another way has not drawn it.
        if matches!(fault.hit.value, Hit::Gateway { .. }) {
            scene.declare(&fault.hit_text);
        }
        let manner = match fault.manner {
            Manner::Silent => fault::Manner::Silent,
            Manner::Refused => fault::Manner::Refused,
        };
        let outage = Outage {
            name: name.clone(),
            hit: fault.hit_text.clone(),
            at: fault.at.value,
            lasts: fault.lasts.value,
            manner: Some(manner),
            recovery: recovery(fault.lasts.value),
        };
        if let Err(error) = world.schedule(&scene, outage) {
            said.push(Diagnostic::error("EW346", error.to_string()).at(fault.hit.span, "what this fault hits"));
        }
    }
}
