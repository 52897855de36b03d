//! Proxies that many replicas share, and choices for each connection.

use super::{balanced, chaos, failed, latencies, sent};
use eastwest::mesh;
use eastwest::record::Failure;
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
        let world = on_nodes(seed);
        let mut run = mesh::run(&world, seed, 0);
        balanced(&run);
        let answered = latencies(&run).count;
        let lost: u64 = Failure::ALL.iter().map(|&failure| failed(&run, failure)).sum();
        assert_eq!(sent(&run), answered + lost, "world {seed}");
        let again = mesh::run_in_full(&world, seed, 0);
        (run.events, run.digest) = (again.events, again.digest);
        assert!(run == again, "world {seed}: an event for everything");
    }
}

/// Choice by connection alone leaves proxies their own, so that what is certain is settled ahead.
#[test]
fn who_chooses_for_each_connection_does_so_with_an_event_for_everything_too() {
    for seed in 0..120 {
        let mut world = chaos::world(seed);
        world.gateways.iter_mut().for_each(|(_, gateway)| gateway.by_client = true);
        let (mut run, full) = (mesh::run(&world, seed, 0), mesh::run_in_full(&world, seed, 0));
        (run.events, run.digest) = (full.events, full.digest);
        assert!(run == full, "world {seed}");
    }
}
