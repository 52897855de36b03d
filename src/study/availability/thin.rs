//! Services that are too small to lose something: what is left of them is offered more than it can do, whatever proxies do.
//! Nothing is simulated; a bound from below, from the work that those ask for who can still ask.

use super::certain::certain;
use super::component::{Fall, components};
use crate::provider::Books;
use crate::scenario::compile::{Inputs, compile};
use crate::scenario::diagnostic::gathered;
use crate::scenario::{Diagnostic, Loaded};
use crate::study::estimate;
use crate::units::significant;
use crate::world::{Effect, Target, World};

/// So many losses of a service are named.
const NAMED: usize = 4;

/// A service that is too small.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Thin {
    pub(super) service: String,
    /// What it loses, and the work that is offered then over what the rest can do; the worst first.
    pub(super) losses: Vec<(String, f64)>,
}

impl Thin {
    /// In a sentence.
    pub(super) fn told(&self) -> String {
        let named: Vec<String> = self
            .losses
            .iter()
            .take(NAMED)
            .map(|(name, busy)| format!("{name} (at least {} %)", significant(100.0 * busy, 3)))
            .collect();
        let more = self.losses.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(
            "{} is too small to lose {}{more}: so much of what its other replicas can do is asked of them, for as long as that lasts",
            self.service,
            named.join(", ")
        )
    }
}

/// Which services are too small for which of these events.
pub(super) fn thin(world: &World, events: &[(String, Vec<Fall>)]) -> Vec<Thin> {
    let work = estimate::work_by_service(world);
    let scales = |service| world.autoscalers.iter().any(|scaler| scaler.service == service);
    let mut found: Vec<Thin> = Vec::new();
    let lost: Vec<Vec<f64>> = events.iter().map(|(_, falls)| lost_by_stream(world, falls)).collect();
    // Who comes and goes is told of elsewhere (EW464).
    for (id, service) in world.services.iter().filter(|(id, _)| !scales(*id)) {
        let offered = |lost: &[f64]| -> f64 {
            work.iter().zip(lost).map(|(by_service, lost)| by_service[id.0 as usize] * (1.0 - lost)).sum()
        };
        let all = service.endpoints.len() as f64 * f64::from(service.workers);
        if all <= 0.0 || offered(&vec![0.0; work.len()]) >= all {
            continue;
        }
        let busy = |((name, falls), lost): (&(String, Vec<Fall>), &Vec<f64>)| {
            let is_dead = |target: Target| falls.iter().any(|fall| fall.0 == target);
            let alive = service.endpoints.iter().filter(|&&endpoint| {
                !is_dead(Target::Endpoint(endpoint)) && !is_dead(Target::Place(world.endpoints[endpoint].place))
            });
            let can = alive.count() as f64 * f64::from(service.workers);
            let busy = offered(lost) / can;
            (can > 0.0 && can < all && busy >= 1.0).then(|| (name.clone(), busy))
        };
        let mut losses: Vec<(String, f64)> = events.iter().zip(&lost).filter_map(busy).collect();
        losses.sort_by(|a, b| b.1.total_cmp(&a.1));
        if !losses.is_empty() {
            found.push(Thin { service: service.name.clone(), losses });
        }
    }
    found
}

/// By stream: the share of its requests that nobody can answer then, so that they ask for no work.
fn lost_by_stream(world: &World, falls: &[Fall]) -> Vec<f64> {
    let count = world.streams.len();
    let of = |stream: usize| {
        let alone: Vec<f64> = (0..count).map(|other| f64::from(other == stream)).collect();
        certain(world, &alone, falls)
    };
    (0..count).map(of).collect()
}

/// EW540: services too small for what the scenario's faults take down for a while, and for what `reliability` says may fail.
pub fn undersized(loaded: &Loaded) -> Vec<Diagnostic> {
    let of = |variant: &crate::scenario::Variant| {
        let said = variant.scenario.reliability.as_ref();
        if said.is_none() && variant.scenario.faults.is_empty() {
            return None;
        }
        let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).ok()?;
        let assumed = said.map(|_| components(&variant.scenario, &world, said, Books::builtin())).unwrap_or_default();
        let mut events: Vec<(String, Vec<Fall>)> =
            assumed.iter().map(|component| (component.name.clone(), component.falls(1).collect())).collect();
        for (id, fault) in world.faults.iter() {
            let falls = world.changes.iter().filter(|change| change.fault == id && change.begins);
            let falls: Vec<Fall> = falls
                .filter_map(|change| match change.effect {
                    Effect::Down(manner) => Some((change.target, manner)),
                    _ => None,
                })
                .collect();
            if !falls.is_empty() {
                events.push((format!("what `{}` hits", fault.name), falls));
            }
        }
        let say = |thin: Thin| {
            let written = variant.scenario.services.get(&thin.service);
            let said = Diagnostic::warning("EW540", thin.told());
            let said = said.help("more replicas or workers elsewhere, or mean it: what nobody can do waits, and fails");
            match written {
                Some(written) => said.at(written.span, "too few replicas or workers"),
                None => said,
            }
        };
        Some((variant.name.clone(), thin(&world, &events).into_iter().map(say).collect()))
    };
    gathered(loaded.variants.iter().filter_map(of).collect())
}
