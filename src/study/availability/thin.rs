//! Services that are too small to lose something: what is left of them is offered more than it can do, whatever proxies do.
//! Nothing is simulated; a bound from below, from the work that those ask for who can still ask.

use super::certain::certain;
use super::component::{Fall, components};
use super::standby::groups;
use crate::provider::Books;
use crate::scenario::compile::{Inputs, compile};
use crate::scenario::diagnostic::gathered;
use crate::scenario::{Diagnostic, Loaded};
use crate::study::estimate;
use crate::table::Id;
use crate::units::significant;
use crate::workload::Arrivals;
use crate::world::{Effect, Stream, Target, World};

/// So many losses of a service are named.
const NAMED: usize = 4;

/// A service that is too small.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Thin {
    pub(super) service: String,
    /// Which of its replicas, if not all stand in for each other: ` in hz`.
    pub(super) place: String,
    /// What it loses, and the work that is offered then over what the rest can do; the worst first.
    pub(super) losses: Vec<(String, f64)>,
    /// Some of it is asked by users who wait for their answers.
    pub(super) waits: bool,
}

impl Thin {
    /// In a sentence.
    pub(super) fn told(&self) -> String {
        let named: Vec<String> = self
            .losses
            .iter()
            .take(NAMED)
            .map(|(name, busy)| {
                format!("{name} ({}{} %)", if self.waits { "" } else { "at least " }, significant(100.0 * busy, 3))
            })
            .collect();
        let more = self.losses.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let waits = if self.waits {
            "; users who wait for their answers are counted as asking as often as where nobody queues, and will ask less"
        } else {
            ""
        };
        format!(
            "{}{} is too small to lose {}{more}: so much of what its other replicas can do is asked of them, for as long as that lasts{waits}",
            self.service,
            self.place,
            named.join(", ")
        )
    }
}

/// Which services are too small for which of these events.
pub(super) fn thin(world: &World, events: &[(String, Vec<Fall>)]) -> Vec<Thin> {
    let demand = estimate::demand(world);
    let scales = |service| world.autoscalers.iter().any(|scaler| scaler.service == service);
    let lost: Vec<Vec<f64>> = events.iter().map(|(_, falls)| certain(world, falls)).collect();
    let mut found: Vec<Thin> = Vec::new();
    // Who comes and goes is told of elsewhere (EW464).
    for group in groups(world, &demand.calls).into_iter().filter(|group| !scales(group.service)) {
        let service = &world.services[group.service];
        let by_stream = |work: &Vec<f64>| group.members.iter().map(|id| work[id.index()]).sum::<f64>();
        let work: Vec<f64> = demand.work.iter().map(by_stream).collect();
        let all = group.members.len() as f64 * f64::from(service.workers);
        // What is too much with nothing down is no fault's doing.
        if all <= 0.0 || work.iter().sum::<f64>() >= all {
            continue;
        }
        let busy = |((name, falls), lost): (&(String, Vec<Fall>), &Vec<f64>)| {
            let is_dead = |target: Target| falls.iter().any(|fall| fall.0 == target);
            let alive = group.members.iter().filter(|&&endpoint| {
                !is_dead(Target::Endpoint(endpoint)) && !is_dead(Target::Place(world.endpoints[endpoint].place))
            });
            let can = alive.count() as f64 * f64::from(service.workers);
            let busy = work.iter().zip(lost).map(|(work, lost)| work * (1.0 - lost)).sum::<f64>() / can;
            (can > 0.0 && can < all && busy >= 1.0).then(|| (name.clone(), busy))
        };
        let mut losses: Vec<(String, f64)> = events.iter().zip(&lost).filter_map(busy).collect();
        losses.sort_by(|a, b| b.1.total_cmp(&a.1));
        if !losses.is_empty() {
            let waits =
                |(stream, work): (&Stream, &f64)| *work > 0.0 && !matches!(stream.arrivals, Arrivals::Open { .. });
            let waits = world.streams.rows().iter().zip(&work).any(waits);
            found.push(Thin { service: service.name.clone(), place: group.told, losses, waits });
        }
    }
    found
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
