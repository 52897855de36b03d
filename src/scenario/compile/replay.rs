//! Recorded incidents: the phases of the book as what happens to whom in this world.

use indexmap::IndexMap;

use crate::fault::{Manner, Scene, Span, rank};
use crate::provider::{Books, Deed, IncidentPhase};
use crate::scenario::Diagnostic;
use crate::scenario::span::Spanned;
use crate::units::{Duration, Ratio};
use crate::world::{Act, Component, Effect, Phased, Target, World};

/// All that can be hit, and what of it is.
pub(super) struct Scenes<'a> {
    pub(super) whole: &'a Scene<Target>,
    pub(super) hit: &'a Scene<Target>,
}

/// Who is down when, or slower, or loses packets: by name and effect.
#[derive(Default)]
struct Parts(IndexMap<String, (Vec<Span>, Component)>);

impl Parts {
    /// This happens to these from then to then.
    fn add(&mut self, name: &str, effect: Effect, targets: &[Target], span: Span) {
        if targets.is_empty() {
            return;
        }
        let acts = || targets.iter().map(|&target| Act { target, effect, at_most: None }).collect();
        let part = self.0.entry(format!("{name} {effect}"));
        part.or_insert_with(|| (Vec::new(), Component { name: name.to_owned(), acts: acts() })).0.push(span);
    }
}

/// So many of these many are the nearest to a share of them: none, where it is less than half of one.
fn nearest(share: f64, all: usize) -> usize {
    ((all as f64 * share + 0.5) as usize).min(all)
}

const DOWN: Effect = Effect::Down(Manner::Silent);

/// An incident (its name, how many times as fast as it was, and its begin from t = 0) that hits `hit`.
pub(super) fn phased(
    world: &World,
    scenes: &Scenes<'_>,
    name: &str,
    hit: &str,
    (incident, speed, begins): (&Spanned<String>, f64, i64),
) -> Result<Phased, Diagnostic> {
    let phases: Vec<(&IncidentPhase, Span)> = Books::builtin()
        .replayed(&incident.value)
        .map(|phase| (phase, phase.span(speed)))
        .map(|(phase, (from, to))| (phase, (begins.saturating_add(from), begins.saturating_add(to))))
        .collect();
    if world.control.planes.is_empty() && phases.iter().all(|(phase, _)| phase.does == Deed::Api) {
        let text = format!("`{}` took control planes, and nobody here has one", incident.value);
        let help = "write `mesh: {control-plane: {kind: multi-primary}}`, or leave this fault out";
        return Err(Diagnostic::error("EW434", text).help(help));
    }
    let of_name = |error: crate::fault::FaultError| Diagnostic::error("EW346", error.to_string());
    let (domains, _) = scenes.hit.components(hit).map_err(of_name)?;
    let mut parts = Parts::default();
    for (domain, targets) in &domains {
        let region = format!("region/{}", domain.split('/').nth(1).unwrap_or_default());
        for deed in [Deed::Zone, Deed::Region] {
            let mine: Vec<_> = phases.iter().filter(|(phase, _)| phase.does == deed).copied().collect();
            if mine.is_empty() {
                continue;
            }
            if deed == Deed::Zone {
                outage(world, &mut parts, name, (domain, targets), &mine);
            } else {
                let (whole, _) = scenes.whole.targets(&region).map_err(of_name)?;
                outage(world, &mut parts, name, (&region, &whole), &mine);
            }
        }
        for (phase, span) in &phases {
            let share = Ratio::new(phase.share).unwrap_or(Ratio::ZERO);
            match phase.does {
                Deed::Api => control(world, &mut parts, name, &region, phase.share, *span),
                Deed::Links if phase.share >= 1.0 => parts.add(domain, DOWN, targets, *span),
                Deed::Links => parts.add(domain, Effect::Paths(share), targets, *span),
                Deed::Loss => parts.add(domain, Effect::Loss(share), targets, *span),
                Deed::Slow => {
                    let effect = Effect::Slow { factor: 1.0 + phase.share, add: Duration::ZERO };
                    parts.add(domain, effect, targets, *span);
                }
                Deed::Dns => parts.add(domain, DOWN, targets, *span),
                Deed::Zone | Deed::Region | Deed::Nothing => {}
            }
        }
    }
    let from = phases.iter().map(|(_, span)| span.0).min().unwrap_or(begins);
    let to = phases.iter().map(|(_, span)| span.1).max().unwrap_or(begins);
    let parts = parts.0.into_values().map(|(mut spans, component)| {
        spans.sort_unstable();
        (spans, component)
    });
    Ok(Phased {
        name: name.to_owned(),
        hit: hit.to_owned(),
        window: (from, to),
        recovery: Duration::ZERO,
        parts: parts.collect(),
    })
}

/// A domain is down, or the nearest to a share of its replicas, by the same hash of names as `share` picks. Who is down
/// in a phase of a smaller share is so in one of a larger: nobody comes back for an instant.
fn outage(
    world: &World,
    parts: &mut Parts,
    by: &str,
    (domain, targets): (&str, &[Target]),
    phases: &[(&IncidentPhase, Span)],
) {
    let there = |place| targets.contains(&Target::Place(place));
    let mut replicas: Vec<(u64, String, Target)> = world
        .endpoints
        .iter()
        .filter(|(_, endpoint)| there(endpoint.place))
        .map(|(id, endpoint)| (format!("replica/{}", endpoint.name), id))
        .map(|(name, id)| (rank(by, &name), name, Target::Endpoint(id)))
        .collect();
    replicas.sort();
    let whole = |phase: &IncidentPhase| phase.share >= 1.0;
    let taken = |phase: &IncidentPhase| nearest(phase.share, replicas.len());
    // Those first who are down before and after the whole is.
    for (index, (_, name, target)) in replicas.iter().enumerate() {
        if phases.iter().any(|(phase, _)| !whole(phase) && index < taken(phase)) {
            for (_, span) in phases.iter().filter(|(phase, _)| index < taken(phase)) {
                parts.add(name, DOWN, &[*target], *span);
            }
        }
    }
    for (_, span) in phases.iter().filter(|(phase, _)| whole(phase)) {
        parts.add(domain, DOWN, targets, *span);
    }
}

/// Of a region's API servers and of the provider's control planes there, each the nearest to a share.
fn control(world: &World, parts: &mut Parts, by: &str, region: &str, share: f64, span: Span) {
    if world.control.planes.is_empty() {
        return;
    }
    let within = |id| format!("region/{}", world.regions[id]) == region;
    let clusters = world.clusters.iter().filter(|(id, _)| {
        world.places.iter().find(|(_, place)| place.cluster == *id).is_some_and(|(_, place)| within(place.region))
    });
    let servers = clusters.map(|(id, name)| (format!("api/{name}"), Target::Api(id)));
    let managed = world.control.planes.iter().filter(|(_, plane)| plane.cluster.is_none() && within(plane.region));
    let managed = managed.map(|(id, plane)| (format!("control-plane/{}", plane.name), Target::Plane(id)));
    for mut all in [servers.collect::<Vec<_>>(), managed.collect()] {
        all.sort_by_key(|(name, _)| (rank(by, name), name.clone()));
        for (name, target) in &all[..nearest(share, all.len())] {
            parts.add(name, DOWN, &[*target], span);
        }
    }
}
