//! Tables of connections on the way: who finds one full is not answered.

use super::chaos;
use super::worlds::{Small, every};
use super::{balanced, failed, run_of, sent};
use eastwest::mesh;
use eastwest::record::Failure;
use eastwest::units::Duration;
use eastwest::world::{ConnectionLimit, GatewayId, PathId, World};

fn limited(open: Option<u64>, new_per_second: Option<u64>, small: Small) -> World {
    let mut world = small.world();
    let limit = ConnectionLimit { name: "nat".into(), open, new_per_second, paths: vec![PathId(0)] };
    world.connection_limits = vec![limit];
    world
}

fn small() -> Small {
    let (one_way, horizon) = (Duration::from_millis(10), Duration::from_secs(30));
    Small { one_way, handshake: 2, replicas: 4, arrivals: every(100.0), horizon, ..Small::default() }
}

#[test]
fn a_table_with_room_for_all_changes_nothing() {
    let plain = mesh::run(&small().world(), 1, 0);
    let roomy = mesh::run(&limited(Some(4), Some(1_000), small()), 1, 0);
    assert_eq!(plain, roomy);
}

#[test]
fn connections_past_a_full_table_fail_to_connect_and_the_others_serve() {
    let run = mesh::run(&limited(Some(2), None, small()), 1, 0);
    balanced(&run);
    let lost = failed(&run, Failure::Connect);
    assert!(lost > 0);
    let all: u64 = Failure::ALL.iter().map(|&failure| failed(&run, failure)).sum();
    assert_eq!(all, lost, "nothing else goes wrong");
    assert!(lost < sent(&run) / 2, "two of four hosts have connections: {lost} of {}", sent(&run));
    let none = mesh::run(&limited(Some(0), None, small()), 1, 0);
    assert_eq!(failed(&none, Failure::Connect), sent(&none));
}

#[test]
fn one_that_comes_too_fast_gets_in_with_a_later_syn() {
    // Room for one new connection a second: the others are answered at their second SYN or later, within the 10 s of the
    // connect timeout.
    let run = mesh::run(&limited(None, Some(1), small()), 1, 0);
    balanced(&run);
    let all: u64 = Failure::ALL.iter().map(|&failure| failed(&run, failure)).sum();
    assert_eq!(all, 0);
    let plain = mesh::run(&small().world(), 1, 0);
    let slowest = |run| super::latencies(run).max_ns;
    assert!(slowest(&run) > slowest(&plain) + 900 * super::MS, "{} ns", slowest(&run));
}

#[test]
fn whatever_is_refused_every_call_is_settled_once_and_nothing_depends_on_what_is_done_ahead() {
    let mut refused = 0;
    for seed in 0..60 {
        let mut world = chaos::world(seed);
        // A table for each place that calls: some room, or too little, and connections that come slowly.
        world.connection_limits = (0..3)
            .map(|from| ConnectionLimit {
                name: format!("nat {from}"),
                open: Some(2 + (seed + from) % 7),
                new_per_second: (seed % 3 == 0).then_some(2),
                paths: (0..3).map(|to| PathId((3 * from + to) as u32)).collect(),
            })
            .collect();
        for gateway in 0..3 {
            world.gateways[GatewayId(gateway)].cpu_per_request = Duration::from_micros(400);
        }
        let run = run_of(&world, seed, 0);
        refused += failed(&run, Failure::Connect);
    }
    assert!(refused > 100, "{refused} calls found no connection");
}
