//! Outages of the scenario as dated changes.

use std::collections::BTreeSet;

use super::backbones;
use super::ground::region_named;
use crate::connect::{Board, Carrier, Role};
use crate::fault;
use crate::provider::{self, Provider};
use crate::scenario::Diagnostic;
use crate::scenario::file::{Hit, Manner, Part, Scenario};
use crate::topology::LinkId;
use crate::units::Duration;
use crate::world::{FaultId, Outage, PathId, Target, World};

/// How long after its end a fault's effects may last: outlier ejections (30 s, then the sweep) and back-offs run out
/// within a minute; a connection that has hung tries again after as long as it has hung, two minutes at most.
fn recovery(lasted: Duration) -> Duration {
    lasted.min(Duration::from_secs(120)).max(Duration::from_secs(60))
}

/// Schedules all faults, in the order of the file.
pub(super) fn faults(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    board: &Board,
    through: &BTreeSet<(String, PathId)>,
    world: &mut World,
    said: &mut Vec<Diagnostic>,
) {
    if scenario.faults.is_empty() {
        return;
    }
    let ground = carrier.ground;
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
        let directed = |id: &LinkId| !link.one_way || board.lines[*id].role == Role::Backbone(a, b);
        for id in backbones(board, a, b).filter(directed) {
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
        match &fault.hit.value {
            // The decoder has found it in the scenario; a variant that goes another way has not drawn it.
            Hit::Gateway { .. } => scene.declare(&fault.hit_text),
            Hit::Part(part) => {
                scene.declare(&fault.hit_text);
                for (id, _) in board.lines.iter().filter(|(_, line)| is_part(&line.name, part)) {
                    scene.add(&fault.hit_text, Target::Link(id));
                }
            }
            _ => {}
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
        match world.schedule(&scene, outage) {
            Ok(id) => take_over(carrier, board, world, id),
            Err(error) => {
                said.push(Diagnostic::error("EW346", error.to_string()).at(fault.hit.span, "what this fault hits"));
            }
        }
    }
}

/// Is this the line of that part, of whichever number and in either direction?
fn is_part(line: &str, part: &Part) -> bool {
    let rest = line.strip_prefix(part.product.as_str()).and_then(|rest| rest.strip_prefix(": "));
    // The line bears the word of its provider, the fault Alibaba's.
    let words = Provider::ALL.map(|provider| provider::Part::named(part.word).map_or(part.word, |p| p.at(provider)));
    let after = |word: &str| rest?.strip_prefix(word)?.strip_prefix(' ')?.strip_prefix(part.place.as_str());
    let Some(rest) = words.into_iter().find_map(after) else { return false };
    let rest = rest.strip_prefix('#').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    matches!(rest, "" | " (back)" | " in" | " out")
}

/// An attachment with an interface in another zone is back as soon as that one has taken over.
fn take_over(carrier: &Carrier<'_>, board: &Board, world: &mut World, fault: FaultId) {
    let by = world.faults[fault].start + carrier.delay("cen.attachment.takeover");
    for change in &mut world.changes {
        let spared = matches!(change.target, Target::Link(link) if board.spares.contains(&link));
        if change.fault == fault && !change.down && spared {
            change.at = change.at.min(by);
        }
    }
    world.changes.sort_by_key(|change| change.at);
}
