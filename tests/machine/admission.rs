//! Tables of connections on the way: who finds one full is not answered.

use super::worlds::{Small, every};
use super::{balanced, failed, sent};
use eastwest::mesh;
use eastwest::record::Failure;
use eastwest::units::Duration;
use eastwest::world::{ConnectionLimit, PathId, World};

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
