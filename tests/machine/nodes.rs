//! Proxies that many replicas share, and choices for each connection.

use super::{chaos, run_of};
use eastwest::world::{PlaceId, StationId, World};
use std::collections::BTreeMap;

/// All replicas of a place behind the workers of one node.
fn on_nodes(seed: u64) -> World {
    let mut world = chaos::world(seed);
    let mut nodes: BTreeMap<PlaceId, StationId> = BTreeMap::new();
    for (_, proxy) in world.proxies.iter_mut().filter(|(_, proxy)| !proxy.endpoint.is_none()) {
        if !proxy.station.is_none() {
            proxy.station = *nodes.entry(proxy.place).or_insert(proxy.station);
        }
    }
    for &station in nodes.values() {
        world.stations[station].servers = 2;
    }
    world
}

#[test]
fn proxies_on_nodes_settle_every_call_once_whatever_goes_down() {
    for seed in 0..120 {
        run_of(&on_nodes(seed), seed, 0);
    }
}

/// Choice by connection alone leaves proxies their own, so that what is certain is settled ahead.
#[test]
fn who_chooses_for_each_connection_does_so_with_an_event_for_everything_too() {
    for seed in 0..120 {
        let mut world = chaos::world(seed);
        world.gateways.iter_mut().for_each(|(_, gateway)| gateway.by_client = true);
        run_of(&world, seed, 0);
    }
}
