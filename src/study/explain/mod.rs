//! What a scenario means, without running it: for each variant and edge, who sees which hosts, one call hop by hop with
//! its time and its money, the policy with the origin of each value, and what all of it implies.
//!
//! Reads compiled worlds only, so that it explains what will run and not what was meant.

mod call;
mod hosts;
mod policy;
mod select;

pub use select::about;

use super::bill::CURRENCY;
use super::design::{self, StudyError};
use crate::fault::{Manner, notices};
use crate::record::{EdgeExplanation, Explanation, FaultExplanation, StandingPrice, VariantExplanation};
use crate::scenario::Loaded;
use crate::world::{Basis, Caller, Charge, FaultId, PriceRange, PriceStatus, Target, World};

/// The explanation of a scenario from its variants' worlds, in the order of the file.
pub fn explain(scenario: &str, question: &str, currency: &str, worlds: &[World]) -> Explanation {
    Explanation {
        schema: 1,
        scenario: scenario.to_owned(),
        question: question.to_owned(),
        currency: currency.to_owned(),
        variants: worlds.iter().map(variant).collect(),
        notices: notices(),
    }
}

/// The explanation of a loaded scenario: these variants of it, or all where none is named.
pub fn of(loaded: &Loaded, variants: &[String]) -> Result<Explanation, StudyError> {
    let compiled = design::compile_all(&design::chosen(loaded, variants)?)?;
    let worlds: Vec<World> = compiled.into_iter().map(|compiled| compiled.world).collect();
    Ok(explain(&loaded.name, &loaded.question, CURRENCY, &worlds))
}

fn variant(world: &World) -> VariantExplanation {
    let mut edges: Vec<_> = world.edges.iter().collect();
    // Streams first: a reader begins with the user.
    edges.sort_by_key(|(_, edge)| matches!(edge.from, Caller::Service(_)));
    let edges = edges.into_iter().map(|(id, edge)| {
        let clients: Vec<_> = world.places.ids().filter_map(|place| hosts::view(world, id, place)).collect();
        let rules = &world.policies[edge.policy];
        EdgeExplanation {
            name: edge.name.clone(),
            policy: policy::settings(rules),
            implies: policy::implications(rules, &clients),
            clients,
        }
    });
    VariantExplanation {
        name: world.variant.clone(),
        edges: edges.collect(),
        standing: world.charges.iter().filter(|charge| !by_use(charge)).filter_map(standing).collect(),
        by_use: world.charges.iter().filter(|charge| by_use(charge)).filter_map(standing).collect(),
        faults: world.faults.ids().map(|id| fault(world, id)).collect(),
    }
}

/// A price in units of currency: low, used, high.
fn units(price: PriceRange) -> (f64, f64, f64) {
    (price.low.units(), price.mid.units(), price.high.units())
}

fn status(status: PriceStatus) -> String {
    let word = match status {
        PriceStatus::Sourced => "sourced",
        PriceStatus::Estimated => "estimated",
        PriceStatus::NotFound => "not-found",
        PriceStatus::User => "user",
    };
    word.to_owned()
}

/// Is it charged by capacity units, which follow the traffic?
const fn by_use(charge: &Charge) -> bool {
    matches!(charge.basis, Basis::Lcu { .. })
}

/// A charge by the hour, the month or the capacity unit; none for a charge by the gigabyte.
fn standing(charge: &Charge) -> Option<StandingPrice> {
    let mut price = charge.price.map(units);
    let mut unit = charge.unit.clone();
    let quantity = match &charge.basis {
        Basis::Bytes(_) => return None,
        Basis::Hours(things) => Some(*things),
        Basis::Lcu { .. } => None,
        Basis::Mbps(mbps) => Some(*mbps),
        Basis::MbpsDays { mbps, first } => {
            price = day_price(*mbps, first, charge.price);
            unit = format!("day ({mbps} Mbit/s)");
            Some(1.0)
        }
    };
    Some(StandingPrice {
        product: charge.product.clone(),
        item: charge.item.clone(),
        scope: charge.scope.clone(),
        quantity,
        unit,
        price,
        status: status(charge.status),
    })
}

/// What `mbps` bought for a day cost: the first ones by their table, each further one at `further`.
fn day_price(mbps: u32, first: &[PriceRange], further: Option<PriceRange>) -> Option<(f64, f64, f64)> {
    let in_table = (mbps as usize).min(first.len());
    let table = in_table.checked_sub(1).map_or((0.0, 0.0, 0.0), |last| units(first[last]));
    let rest = f64::from(mbps) - in_table as f64;
    if rest == 0.0 {
        return Some(table);
    }
    let each = units(further?);
    Some((table.0 + rest * each.0, table.1 + rest * each.1, table.2 + rest * each.2))
}

fn fault(world: &World, id: FaultId) -> FaultExplanation {
    let fault = &world.faults[id];
    let begins: Vec<_> = world.changes.iter().filter(|change| change.fault == id && change.down).collect();
    let manner = match begins.first().map(|change| change.manner) {
        Some(Manner::Silent) => "silent",
        Some(Manner::Refused) => "refused",
        None => "without effect in this variant",
    };
    FaultExplanation {
        name: fault.name.clone(),
        hits: fault.hits.clone(),
        start_s: fault.start.seconds(),
        end_s: fault.end.seconds(),
        manner: manner.to_owned(),
        takes: takes(world, &begins.iter().map(|change| change.target).collect::<Vec<_>>()),
    }
}

/// What goes down, by name where there are few and counted where there are many.
fn takes(world: &World, targets: &[Target]) -> Vec<String> {
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
