//! What a scenario means, without running it: for each variant and edge, who sees which hosts, one call hop by hop with
//! its time and its money, the policy with the origin of each value, and what all of it implies.
//!
//! Reads compiled worlds only, so that it explains what will run and not what was meant.

pub mod asked;
mod call;
mod deaths;
mod entries;
mod hosts;
mod phases;
mod policy;
pub mod route;
mod rules;
mod select;
mod stores;
mod times;

pub use select::about;

use super::bill;
use super::design::{self, StudyError};
use crate::bill::{Exact, PriceRange};
use crate::fault::notices;
use crate::policy::version;
use crate::record::{EdgeExplanation, Explanation, FaultExplanation, StandingPrice, VariantExplanation};
use crate::scenario::Loaded;
use crate::scenario::load::Variant;
use crate::units::Money;
use crate::world::{Basis, Caller, Charge, FaultId, Target, World};
use indexmap::IndexSet;

/// The explanation of a scenario from its variants' worlds, in the order of the file.
pub fn explain<'a>(
    scenario: &str,
    question: &str,
    currency: &str,
    worlds: impl IntoIterator<Item = &'a World>,
) -> Explanation {
    Explanation {
        schema: 1,
        scenario: scenario.to_owned(),
        question: question.to_owned(),
        currency: currency.to_owned(),
        variants: worlds.into_iter().map(variant).collect(),
        notices: notices(),
    }
}

/// Variants of a loaded scenario with their worlds.
pub type Worlds<'a> = Vec<(&'a Variant, World)>;

/// The worlds of a loaded scenario: of these variants, or of all where none is named.
pub fn worlds<'a>(loaded: &'a Loaded, variants: &[String]) -> Result<Worlds<'a>, StudyError> {
    let chosen = design::chosen(loaded, variants)?;
    let compiled = design::compile_all(&chosen)?;
    // Replicas that may come later are nobody's to be called yet.
    let begins = |mut world: World| world.still.take().map_or(world, |still| *still);
    Ok(chosen.into_iter().zip(compiled.into_iter().map(|compiled| begins(compiled.world))).collect())
}

/// The explanation of a loaded scenario from its worlds.
pub fn of(loaded: &Loaded, worlds: &Worlds<'_>) -> Explanation {
    let currency = worlds.first().map_or("", |(_, world)| bill::currency(world));
    let mut told = explain(&loaded.name, &loaded.question, currency, worlds.iter().map(|(_, world)| world));
    for (told, (variant, _)) in told.variants.iter_mut().zip(worlds) {
        let istio = variant.scenario.mesh.version.value;
        let release = |(major, minor): version::Release| format!("{major}.{minor}");
        (told.istio, told.envoy) = (release(istio), release(version::envoy(istio)));
        told.decides = version::decides(istio);
        for fault in &mut told.faults {
            fault.phases = phases::sentences(&variant.scenario, &fault.name);
        }
    }
    told
}

fn variant(world: &World) -> VariantExplanation {
    let mut edges: Vec<_> = world.edges.iter().collect();
    // Streams first: a reader begins with the user.
    edges.sort_by_key(|(_, edge)| matches!(edge.from, Caller::Service(_)));
    let taken = rules::taken(world);
    let edges = edges.into_iter().map(|(id, edge)| {
        let (name, rules) = (edge.name.clone(), rules::sentences(world, id));
        if !taken.contains(&id) {
            // Its hosts and its policy meet no call.
            return EdgeExplanation { name, rules, ..EdgeExplanation::default() };
        }
        let clients: Vec<_> = world.places.ids().filter_map(|place| hosts::view(world, id, place)).collect();
        let policy = &world.policies[edge.policy];
        let implies = policy::implications(policy, &clients);
        EdgeExplanation { name, policy: policy::settings(policy), rules, implies, clients }
    });
    VariantExplanation {
        name: world.variant.clone(),
        edges: edges.collect(),
        standing: world.charges.iter().filter(|charge| !by_use(charge)).filter_map(standing).collect(),
        by_use: world.charges.iter().filter(|charge| by_use(charge)).filter_map(standing).collect(),
        entries: entries::sentences(world),
        stores: stores::sentences(world),
        faults: world.faults.ids().map(|id| fault(world, id)).collect(),
        ..VariantExplanation::default()
    }
}

/// What a unit of a charge costs after discount, in units of the bill's currency: low, used, high.
fn units(charge: &Charge, price: PriceRange) -> (f64, f64, f64) {
    let paid = charge.tariff.paid().over(&Exact::whole(1_000_000_000));
    let of = |price: Money| (&Exact::whole(price.0) * &paid).value();
    (of(price.low), of(price.mid), of(price.high))
}

/// Is it charged by capacity units, which follow the traffic?
const fn by_use(charge: &Charge) -> bool {
    matches!(charge.basis, Basis::Lcu { .. })
}

/// A charge by the hour, the month or the capacity unit; none for a charge by the gigabyte.
fn standing(charge: &Charge) -> Option<StandingPrice> {
    let mut price = charge.price().map(|price| units(charge, price));
    let mut unit = charge.tariff.unit.clone();
    let quantity = match &charge.basis {
        Basis::Bytes(_) => return None,
        Basis::Hours(things) => Some(*things),
        Basis::Lcu { .. } | Basis::Pods { .. } => None,
        Basis::Mbps(mbps) => Some(*mbps),
        Basis::MbpsDays(mbps) => {
            price = day_price(charge, *mbps);
            unit = format!("day ({mbps} Mbit/s)");
            Some(1.0)
        }
    };
    Some(StandingPrice {
        product: charge.product.clone(),
        item: charge.name().to_owned(),
        scope: charge.scope.clone(),
        quantity,
        unit,
        price,
        status: charge.tariff.status.word().to_owned(),
    })
}

/// What `mbps` bought for a day cost.
fn day_price(charge: &Charge, mbps: f64) -> Option<(f64, f64, f64)> {
    let [low, mid, high] = charge.tariff.ladder(&Exact::decimal(mbps).ceil())?.map(|sum| sum.rounded());
    Some(units(charge, PriceRange { low, mid, high }))
}

fn fault(world: &World, id: FaultId) -> FaultExplanation {
    let fault = &world.faults[id];
    let acts = world.acts(id);
    let mut effects: Vec<String> = Vec::new();
    for act in &acts {
        let words = act.effect.to_string();
        if !effects.contains(&words) {
            effects.push(words);
        }
    }
    let manner = if effects.is_empty() { "without effect in this variant".to_owned() } else { effects.join(", ") };
    FaultExplanation {
        name: fault.name.clone(),
        hits: fault.hits.clone(),
        when: times::when(world, id),
        manner,
        takes: takes(world, &acts.iter().map(|act| act.target).collect::<IndexSet<_>>()),
        phases: Vec::new(),
    }
}

/// What goes down, by name where there are few and counted where there are many.
fn takes(world: &World, targets: &IndexSet<Target>) -> Vec<String> {
    /// Paths are many: a product of three clusters has dozens.
    const NAMED: usize = 4;
    let mut takes = Vec::new();
    let mut paths = Vec::new();
    for target in targets {
        takes.push(match *target {
            Target::Place(id) => {
                let replicas = world.endpoints.rows().iter().filter(|endpoint| endpoint.place == id).count();
                let name = &world.places[id].name;
                format!("{name} with {replicas} {}", if replicas == 1 { "replica" } else { "replicas" })
            }
            Target::Link(id) => world.links[id].name.clone(),
            Target::Endpoint(id) => world.endpoints[id].name.clone(),
            Target::Station(id) => world.stations[id].name.clone(),
            Target::Api(id) => format!("the API server of {}", world.clusters[id]),
            Target::Plane(id) => format!("the control plane {}", world.control.planes[id].name),
            Target::Entry(id) => format!("what the entry {} tells", world.entries[id].name),
            Target::Records(id) => format!("changes of the entry {}", world.entries[id].name),
            Target::Cache(index) => {
                format!("what {} caches", world.services[world.caches[index as usize].service].name)
            }
            Target::Database(id, cluster) => {
                format!("the copy of {} in {}", world.databases[id].name, world.clusters[cluster])
            }
            Target::Pushes(id) => format!("the pushes of the control plane {}", world.control.planes[id].name),
            Target::Path(id) => {
                paths.push(world.paths[id].name.clone());
                continue;
            }
        });
    }
    if paths.len() > NAMED {
        takes.push(format!("{} paths", paths.len()));
    } else {
        takes.extend(paths);
    }
    takes
}

#[cfg(test)]
mod tests;
