//! Faults of the scenario as dated changes.

use std::collections::BTreeSet;

use super::aims::{self, Aim};
use super::backbones;
use super::barriers;
use super::ground::region_named;
use super::replay;
use crate::connect::{Board, Carrier, Role};
use crate::fault::{self, Calendar};
use crate::provider::{self, Provider};
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Hit, Manner, Part, ProductKind, Scenario, Start, When};
use crate::scenario::span::Spanned;
use crate::topology::{Ground, LinkId};
use crate::units::{Duration, SimTime};
use crate::world::{self, Act, Disruption, Effect, FaultId, PathId, PlaceId, Target, World};

/// How long after its end a fault's effects may last: outlier ejections (30 s, then the sweep) and back-offs run out
/// within a minute; a connection that has hung tries again after as long as it has hung, two minutes at most.
fn recovery(lasted: Duration) -> Duration {
    lasted.min(Duration::from_secs(120)).max(Duration::from_secs(60))
}

/// What falls with what, beyond what a world's own names tell: products with what rides on them, links that the scenario
/// names, and parts of products with their zone.
fn domains(
    world: &World,
    scenario: &Scenario,
    ground: &Ground,
    board: &Board,
    through: &BTreeSet<(String, PathId)>,
) -> Vec<(String, Target)> {
    let products = through.iter().filter(|(product, _)| scenario.connectivity.contains_key(product));
    let mut domains: Vec<(String, Target)> =
        products.map(|(product, path)| (format!("product/{product}"), Target::Path(*path))).collect();
    for (product, path) in through.iter().filter(|(product, _)| scenario.connectivity.contains_key(product)) {
        let way = &world.paths[*path];
        for place in [way.from, way.to] {
            let zone = &world.zones[world.places[place].zone].1;
            domains.push((format!("product/{product}/zone/{zone}"), Target::Path(*path)));
        }
        // A transit router of a region takes every way over the product that begins or ends there.
        if matches!(scenario.connectivity[product].kind, ProductKind::Cen(_)) {
            let ends: BTreeSet<_> = [way.from, way.to].map(|place| world.places[place].region).into();
            let routers = ends.iter().map(|&region| format!("transit-router/{product}/{}", world.regions[region]));
            domains.extend(routers.map(|router| (router, Target::Path(*path))));
        }
    }
    for (name, cluster) in &scenario.topology.clusters {
        let there = world.places.iter().filter(|(_, place)| world.clusters[place.cluster] == *name);
        domains.extend(there.map(|(id, _)| (format!("vpc/{}", cluster.vpc_name(name)), Target::Place(id))));
    }
    for (name, link) in &scenario.topology.links {
        let (a, b) = (region_named(ground, &link.between.0), region_named(ground, &link.between.1));
        let directed = |id: &LinkId| !link.one_way || board.lines[*id].role == Role::Backbone(a, b);
        let own = backbones(board, a, b).filter(directed);
        domains.extend(own.map(|id| (format!("link/{name}"), Target::Link(id))));
    }
    for (id, line) in board.lines.iter() {
        domains.extend(part(&line.name).map(|domain| (domain, Target::Link(id))));
        let Some(zone) = line.zone else { continue };
        let region = &ground.regions[ground.zones[zone].region].name;
        domains.push((format!("zone/{region}/{}", ground.zone_name(zone)), Target::Link(id)));
        domains.push((format!("region/{region}"), Target::Link(id)));
        if let Some((product, _)) = line.name.split_once(": ") {
            domains.push((format!("product/{product}/zone/{}", ground.zone_name(zone)), Target::Link(id)));
        }
    }
    domains
}

/// Schedules all faults, in the order of the file; what they are aimed at.
pub(super) fn faults(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    board: &Board,
    through: &BTreeSet<(String, PathId)>,
    world: &mut World,
    said: &mut Vec<Diagnostic>,
) -> Vec<Aim> {
    let mut aimed = Vec::new();
    world.domains = domains(world, scenario, carrier.ground, board, through);
    if scenario.faults.is_empty() {
        return aimed;
    }
    let mut scene = world.scene();
    for name in scenario.connectivity.keys() {
        scene.declare(&format!("product/{name}"));
    }
    for name in scenario.topology.links.keys() {
        scene.declare(&format!("link/{name}"));
    }
    for (domain, target) in &world.domains {
        scene.add(domain, *target);
    }
    for (name, fault) in &scenario.faults {
        let staged = match &fault.hit.value {
            Hit::Several(all) => all.iter().try_for_each(|(hit, text)| stage(world, board, &mut scene, hit, text)),
            hit => stage(world, board, &mut scene, hit, &fault.hit_text),
        };
        if let Err(wrong) = staged {
            said.push(wrong.at(fault.hit.span, ""));
            continue;
        }
        aimed.extend(aims::aims(&scene, name, fault));
        if let When::Replay { at, incident, speed } = &fault.when {
            let (begins, _) = start(scenario, world, &format!("fault `{name}`"), at, said);
            let few = fault.pick.map(|pick| scene.picked(&fault.hit_text, pick, name));
            let scenes = replay::Scenes { whole: &scene, hit: few.as_ref().unwrap_or(&scene) };
            match replay::phased(world, &scenes, name, &fault.hit_text, (incident, *speed, begins)) {
                Ok(mut phased) => {
                    let (from, to) = phased.window;
                    phased.recovery = recovery(Duration::from_nanos((to - from).cast_unsigned()));
                    let id = world.replay(phased);
                    take_over(world, id);
                }
                Err(wrong) => said.push(wrong.at(fault.hit.span, "what this fault hits")),
            }
            continue;
        }
        if let Some(wrong) = barriers::complaint(scenario, world, fault) {
            said.push(wrong);
            continue;
        }
        let (when, lasts) = when(scenario, world, name, fault, said);
        let said_of_it = Disruption {
            name: name.clone(),
            hit: fault.hit_text.clone(),
            when,
            flap: fault.flap,
            effects: fault.effects.iter().flat_map(|effect| effects(world, effect)).collect(),
            recovery: recovery(lasts),
        };
        let few = fault.pick.map(|pick| scene.picked(&fault.hit_text, pick, name));
        let capped = match super::rates::caps(world, few.as_ref().unwrap_or(&scene), fault) {
            Ok(capped) => capped,
            Err(wrong) => {
                said.push(wrong);
                continue;
            }
        };
        match world.schedule(capped.as_ref().or(few.as_ref()).unwrap_or(&scene), said_of_it) {
            Ok(id) => {
                take_over(world, id);
                if let Some(wrong) = super::scaling::rolls(scenario, world, id) {
                    said.push(wrong.at(fault.hit.span, "what this fault hits"));
                }
                if fault.effects.contains(&file::Effect::Freeze) {
                    freeze(world, id);
                }
                said.extend(barriers::idle(world, id, fault));
                said.extend(barriers::still_rolls(world, id, fault));
                said.extend(barriers::finish(carrier, world, id, fault));
            }
            Err(error) => {
                said.push(Diagnostic::error("EW346", error.to_string()).at(fault.hit.span, "what this fault hits"));
            }
        }
    }
    aimed
}

/// What a fault hits that a world's own names do not tell.
fn stage(
    world: &World,
    board: &Board,
    scene: &mut fault::Scene<Target>,
    hit: &Hit,
    text: &str,
) -> Result<(), Diagnostic> {
    match hit {
        // The decoder has found it in the scenario; a variant that goes another way has not drawn it.
        Hit::Gateway { .. } | Hit::Product(_) => scene.declare(text),
        Hit::All(word) if !Hit::STANDING.contains(word) && scene.targets(text).is_err() => scene.declare(text),
        Hit::Between(sides) => split(world, scene, sides, text, true)?,
        Hit::Rule(sides) => split(world, scene, sides, text, false)?,
        Hit::Part(part) => {
            scene.declare(text);
            for (id, _) in board.lines.iter().filter(|(_, line)| is_part(&line.name, part)) {
                scene.add(text, Target::Link(id));
            }
        }
        _ => {}
    }
    Ok(())
}

/// An effect as the world knows it; a control plane that freezes loses its pushes.
fn effects(world: &World, said: &file::Effect) -> Vec<Effect> {
    match said {
        file::Effect::Down(Manner::Silent) | file::Effect::Freeze => vec![Effect::Down(fault::Manner::Silent)],
        file::Effect::Down(Manner::Refused) => vec![Effect::Down(fault::Manner::Refused)],
        file::Effect::Slow { factor, add } => vec![Effect::Slow { factor: *factor, add: *add }],
        file::Effect::Loss(share) => vec![Effect::Loss(*share)],
        file::Effect::Forget => vec![Effect::Forget],
        file::Effect::Paths(share) => vec![Effect::Paths(*share)],
        file::Effect::Expire => vec![Effect::Expire],
        file::Effect::NewRoot => vec![Effect::NewRoot],
        file::Effect::Ruled(_) => vec![Effect::Shut],
        file::Effect::NoRoute(services) => barriers::unrouted(world, services.as_deref()),
        file::Effect::Restart(rollout) => vec![Effect::Restart(*rollout)],
        file::Effect::Drain(grace) => vec![Effect::Drain { grace: *grace }],
        file::Effect::Rate(cut) => vec![Effect::Rate(*cut)],
        file::Effect::Errors(errors) => {
            errors.iter().map(|&(status, share)| Effect::Errors { status, share }).collect()
        }
    }
}

/// What two sides send to each other, or what one opens to the other, as a domain of that name.
fn split(
    world: &World,
    scene: &mut fault::Scene<Target>,
    sides: &[Vec<String>; 2],
    name: &str,
    both_ways: bool,
) -> Result<(), Diagnostic> {
    let mut places = [BTreeSet::new(), BTreeSet::new()];
    for (side, places) in sides.iter().zip(&mut places) {
        for hit in side {
            let (targets, _) = scene.targets(hit).map_err(|error| Diagnostic::error("EW346", error.to_string()))?;
            places.extend(targets.iter().filter_map(|target| match target {
                Target::Place(place) => Some(*place),
                _ => None,
            }));
        }
    }
    let [one, other] = places;
    if let Some(both) = one.intersection(&other).next() {
        let text = format!("{} is on both sides", world.places[*both].name);
        return Err(Diagnostic::error("EW417", text).help("what is on both sides reaches itself"));
    }
    scene.declare(name);
    for (id, path) in world.paths.iter() {
        let across = |a: &BTreeSet<PlaceId>, b: &BTreeSet<PlaceId>| a.contains(&path.from) && b.contains(&path.to);
        if across(&one, &other) || both_ways && across(&other, &one) {
            scene.add(name, Target::Path(id));
        }
    }
    Ok(())
}

/// Words of parts that a fault may hit by themselves, as it writes them.
const PARTS: [&str; 5] = ["EIP", "NAT", "NLB", "attachment", "endpoint"];

/// The `hit` that takes down a line which is a part of a product: `eip/internet/east`, whatever its provider calls it.
fn part(line: &str) -> Option<String> {
    let (product, rest) = line.split_once(": ")?;
    let words = PARTS.into_iter().flat_map(|part| {
        Provider::ALL.map(|provider| (part, provider::Part::named(part).map_or(part, |of| of.at(provider))))
    });
    let after = words.filter_map(|(part, word)| Some((part, word.len(), rest.strip_prefix(word)?.strip_prefix(' ')?)));
    // `NAT gateway` before `NAT`.
    let (part, _, place) = after.max_by_key(|(_, length, _)| *length)?;
    let place = [" (back)", " in", " out"].iter().fold(place, |place, end| place.strip_suffix(end).unwrap_or(place));
    let place = place.split_once('#').map_or(place, |(place, _)| place);
    // The way from a balancer to its gateway is nothing that one hits.
    if place.contains(' ') {
        return None;
    }
    // A product has one consumer, so that a fault names an endpoint's zone alone.
    let place = if part == "endpoint" { place.rsplit('/').next()? } else { place };
    Some(format!("{}/{product}/{place}", part.to_lowercase()))
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
fn take_over(world: &mut World, fault: FaultId) {
    let begun = world.faults[fault].spans.first().map(|span| SimTime::from_nanos(span.0.max(0).cast_unsigned()));
    let spares = world.spares.clone();
    let delay = |target: Target| match target {
        Target::Link(link) => spares.get(&link).copied(),
        _ => None,
    };
    for change in world.changes.iter_mut().filter(|change| change.fault == fault && !change.begins) {
        if let (Some(begun), Some(delay)) = (begun, delay(change.target)) {
            change.at = change.at.min(begun + delay);
        }
    }
    world.changes.sort_by_key(|change| change.at);
    for act in acts(world, fault) {
        act.at_most = delay(act.target).or(act.at_most);
    }
}

/// What weather does, whenever it comes.
pub(super) fn acts(world: &mut World, fault: FaultId) -> impl Iterator<Item = &mut Act> {
    let weather = world.weather.iter_mut().filter(move |weather| weather.fault == fault);
    weather.flat_map(|weather| &mut weather.components).flat_map(|component| &mut component.acts)
}

/// When a fault comes, and how long it lasts; on the average, where that is drawn.
fn when(
    scenario: &Scenario,
    world: &World,
    name: &str,
    fault: &file::Fault,
    said: &mut Vec<Diagnostic>,
) -> (world::When, Duration) {
    let (at, lasts, every) = match &fault.when {
        When::Told { at, lasts, every } => (at, lasts.value, *every),
        When::Chance { renewal, common, .. } => {
            let mean = Duration::from_seconds_f64(renewal.down.mean());
            return (world::When::Drawn { renewal: renewal.clone(), common: *common }, mean);
        }
        When::Replay { .. } => unreachable!("an incident has phases, each with its times"),
    };
    let (after, before) = start(scenario, world, &format!("fault `{name}`"), at, said);
    let calendar = Calendar { at: after, lasts, every, before };
    // What was over an hour before the run is not told.
    let until = scenario.run.horizon.value.nanos().cast_signed();
    let spans = calendar.spans(-DAY.nanos().cast_signed() / 24, until);
    if !spans.iter().any(|&(_, to)| to > 0) {
        let text = format!("fault `{name}` begins when the run is over");
        let horizon = scenario.run.horizon.span;
        said.push(Diagnostic::error("EW313", text).at(at.span, "").at(horizon, "the run lasts this long"));
    }
    (world::When::at(spans), lasts)
}

/// When something begins, nanoseconds from t = 0, and whether it came at the same time of earlier days.
pub(super) fn start(
    scenario: &Scenario,
    world: &World,
    what: &str,
    at: &Spanned<Start>,
    said: &mut Vec<Diagnostic>,
) -> (i64, bool) {
    let (after, before) = match at.value {
        Start::After(after) => (after.nanos(), false),
        Start::Clock(time) => {
            if scenario.run.from.is_none() {
                let text = format!("{what} comes at a time of day, and the run begins at midnight unless told");
                let help = "say when it begins: `run: {from: \"2026-06-01T20:00+08:00\"}`";
                said.push(Diagnostic::warning("EW432", text).at(at.span, "").help(help));
            }
            ((time.nanos() + DAY.nanos() - world.clock.nanos()) % DAY.nanos(), true)
        }
    };
    (after.cast_signed(), before)
}

const DAY: Duration = Duration::from_secs(86_400);

/// Planes that freeze go on but for their pushes.
fn freeze(world: &mut World, fault: FaultId) {
    let frozen = |target: &mut Target| {
        if let Target::Plane(plane) = *target {
            *target = Target::Pushes(plane);
        }
        if let Target::Entry(entry) = *target {
            *target = Target::Records(entry);
        }
    };
    let changes = world.changes.iter_mut().filter(|change| change.fault == fault);
    changes.for_each(|change| frozen(&mut change.target));
    acts(world, fault).for_each(|act| frozen(&mut act.target));
}
