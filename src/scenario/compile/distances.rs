//! How the distance between two regions is known: the scenario's links, its matrix, the book, or the model.

use super::ground;
use crate::connect::{Board, Carrier, Role};
use crate::provider::Status;
use crate::scenario::file::Scenario;
use crate::topology::RegionId;
use crate::world::Distance;

/// Of each pair of regions that some line joins, in the order of the scenario.
pub(super) fn distances(scenario: &Scenario, carrier: &Carrier<'_>, board: &Board) -> Vec<Distance> {
    let joined = board.lines.rows().iter().filter_map(|line| match line.role {
        Role::Backbone(a, b) | Role::Internet(a, b) => (a != b).then(|| (a.min(b), a.max(b))),
        _ => None,
    });
    let mut pairs: Vec<(RegionId, RegionId)> = joined.collect();
    pairs.sort_unstable();
    pairs.dedup();
    let said = ground::said_of(&scenario.topology, carrier.ground, carrier.books);
    let known = |between: (RegionId, RegionId)| {
        if let Some((_, basis)) = said.iter().find(|(pair, _)| *pair == between) {
            return Some(Distance { between, basis: basis.clone(), modelled: false });
        }
        let is = |region: RegionId| carrier.ground.regions[region].is.as_deref();
        let rtt = carrier.books.rtt(is(between.0)?, is(between.1)?)?;
        let status = match rtt.status {
            Status::Sourced => "sourced",
            Status::Secondary => "from a secondary source",
            Status::Proxy => "by proxy",
            Status::Estimated => "estimated",
            Status::NotFound => "not found",
        };
        let basis = if rtt.modelled { format!("modelled: {}", rtt.basis) } else { format!("the book's, {status}") };
        Some(Distance { between, basis, modelled: rtt.modelled })
    };
    pairs.into_iter().filter_map(known).collect()
}
