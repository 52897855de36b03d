//! Databases: who looks into whose data.

use crate::scenario::file::Scenario;
use crate::world::{ServiceId, Store, World};

/// Services have the numbers of their order in the file.
pub(super) fn stores(scenario: &Scenario, world: &mut World) {
    let id = |name: &str| scenario.services.get_index_of(name).map(|at| ServiceId(at as u32));
    world.stores = scenario
        .stores
        .iter()
        .map(|(name, store)| Store {
            name: name.clone(),
            used_by: store.used_by.iter().filter_map(|user| id(&user.value)).collect(),
            refuses: store.refuses,
        })
        .collect();
}
