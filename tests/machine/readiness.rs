//! Endpoints that leave and join what proxies see: who says so, after how long, and what happens where nobody can.

use eastwest::mesh;
use eastwest::policy::{Balance, Outlier, RetryOn, defaults};
use eastwest::record::{Failure, Run};
use eastwest::units::Duration;
use eastwest::world::*;

use crate::worlds::{Small, down, every, multi_primary};
use crate::{balanced, failed, sent};

/// A hundred requests a second to four replicas in turn, no retries; nothing on the way, so that a dead replica's share
/// of the requests fails at once, and only that.
fn four(horizon: u64) -> World {
    let mut small = Small {
        one_way: Duration::from_millis(1),
        handshake: 2,
        replicas: 4,
        arrivals: every(100.0),
        horizon: Duration::from_secs(horizon),
        ..Small::default()
    };
    small.policy.balance = Balance::RoundRobin;
    let mut world = small.world();
    multi_primary(&mut world);
    world
}

fn lost(run: &Run) -> u64 {
    balanced(run);
    Failure::ALL.iter().map(|&failure| failed(run, failure)).sum()
}

const FIRST: Target = Target::Endpoint(EndpointId(0));

/// Requests to a dead replica in so many seconds are a quarter of a hundred each.
#[track_caller]
fn around(lost: u64, from: f64, to: f64) {
    let seconds = lost as f64 / 25.0;
    assert!(seconds > from - 0.2 && seconds < to + 0.2, "{seconds} s of a replica's requests, not {from} to {to}");
}

#[test]
fn a_process_that_exits_is_out_within_a_second_and_a_push() {
    for replication in 0..20 {
        let mut world = four(300);
        down(&mut world, "crash", 100, 200, &[FIRST], Manner::Refused);
        around(lost(&mesh::run(&world, 1, replication)), 0.1, 1.1);
        // Nobody to tell anybody: all of its hundred seconds.
        world.control = Control::default();
        around(lost(&mesh::run(&world, 1, replication)), 100.0, 100.0);
    }
}

#[test]
fn a_process_that_hangs_is_out_after_its_probe() {
    let (mut least, mut most) = (u64::MAX, 0);
    for replication in 0..40 {
        let mut world = four(300);
        // A quick end of what hangs, so that all that went there is counted.
        world.policies[PolicyId(0)].timeout = Some(Duration::from_millis(500));
        down(&mut world, "hung", 100, 200, &[FIRST], Manner::Silent);
        let lost = lost(&mesh::run(&world, 1, replication));
        around(lost, 21.1, 31.1);
        (least, most) = (least.min(lost), most.max(lost));
    }
    assert!(least < 24 * 25 && most > 28 * 25, "probes begin at any time: {least} to {most}");
}

#[test]
fn a_node_that_dies_is_missed_after_its_lease() {
    let (mut sum, mut count) = (0, 0);
    for replication in 0..60 {
        let mut world = four(300);
        world.policies[PolicyId(0)].timeout = Some(Duration::from_millis(500));
        // Three replicas elsewhere, so that there is somebody left.
        let place = world.places[PlaceId(1)].clone();
        let other = world.places.push(Place { name: "east/b".into(), ..place });
        for id in 1..4 {
            world.endpoints[EndpointId(id)].place = other;
        }
        world.host_set_of = vec![HostSetId(0), HostSetId::NONE, HostSetId::NONE];
        world.control = Control::default();
        multi_primary(&mut world);
        // All replicas share one path here, which must not fall with the place.
        world.paths[PathId(0)].to = other;
        down(&mut world, "node", 100, 200, &[Target::Place(PlaceId(1))], Manner::Silent);
        let lost = lost(&mesh::run(&world, 1, replication));
        around(lost, 40.1, 55.1);
        (sum, count) = (sum + lost, count + 1);
    }
    let mean = sum as f64 / f64::from(count) / 25.0;
    // 47.5 s and the push; 60 draws of a law with a deviation of about 3.3 s: within 1.3 s in 99.7 % of all cases.
    assert!((mean - 47.6).abs() < 1.3, "{mean}");
}

#[test]
fn what_is_back_is_asked_again_after_a_probe_and_a_push() {
    let mut world = four(300);
    down(&mut world, "crash", 100, 200, &[FIRST], Manner::Refused);
    let run = mesh::run(&world, 7, 0);
    // A connection to each of four at first, one for each request that was refused, and one more to who is back.
    let refused = lost(&run);
    assert!((2..30).contains(&refused));
    assert_eq!(run.edges[0].connections, 4 + refused + 1);
}

#[test]
fn unready_hosts_leave_the_denominator_and_sick_ones_do_not() {
    // Five near (priority 0), five far (priority 1); of the near ones two die. Sick: 60 % of 140 % is 84 % of the load,
    // and 16 % spill. Unready: three of three are healthy, and nothing spills.
    let spilt = |readiness: bool| {
        let mut small = Small {
            one_way: Duration::from_millis(1),
            handshake: 2,
            replicas: 10,
            arrivals: every(200.0),
            horizon: Duration::from_secs(400),
            ..Small::default()
        };
        small.policy.retries = 3;
        small.policy.retry_on = RetryOn { connect_failure: true, reset: true, ..RetryOn::default() };
        small.policy.panic_threshold = 0;
        small.policy.outlier = Some(Outlier {
            consecutive_5xx: 3,
            max_ejection_percent: 100,
            eject: Duration::from_secs(1_000),
            max_eject: Duration::from_secs(1_000),
            ..defaults::OUTLIER
        });
        let mut world = small.world();
        let far = world.places.push(Place { name: "east/b".into(), ..world.places[PlaceId(1)].clone() });
        for id in 5..10 {
            world.endpoints[EndpointId(id)].place = far;
        }
        let mut hosts = world.host_sets[HostSetId(0)].hosts.to_vec();
        hosts.iter_mut().skip(5).for_each(|host| host.priority = 1);
        world.host_sets[HostSetId(0)] = HostSet { hosts: hosts.into(), priorities: 2, ..HostSet::default() };
        world.host_set_of = vec![HostSetId(0), HostSetId::NONE, HostSetId::NONE];
        multi_primary(&mut world);
        if !readiness {
            world.control.readiness = vec![None];
        }
        let two = [Target::Endpoint(EndpointId(0)), Target::Endpoint(EndpointId(1))];
        down(&mut world, "two", 10, 390, &two, Manner::Refused);
        let run = mesh::run(&world, 1, 0);
        assert_eq!(lost(&run), 0);
        let far = run.services.iter().find(|row| row.place == "east/b").expect("they are there");
        far.visits as f64 / sent(&run) as f64
    };
    assert!(spilt(true) < 0.005, "{}", spilt(true));
    // 380 of 400 s, all but the first moments of them.
    assert!((spilt(false) - 0.16 * 0.95).abs() < 0.01, "{}", spilt(false));
}

#[test]
fn a_frozen_plane_tells_nobody_until_it_thaws() {
    let mut world = four(300);
    down(&mut world, "crash", 100, 250, &[FIRST], Manner::Refused);
    down(&mut world, "stale", 50, 160, &[Target::Pushes(PlaneId(0))], Manner::Silent);
    // It thaws 60 s after the death; users are served by the plane of their own cluster.
    around(lost(&mesh::run(&world, 1, 0)), 60.0, 60.0);
}

#[test]
fn a_plane_that_is_gone_or_cut_off_tells_nobody_and_proxies_go_on() {
    for target in [Target::Plane(PlaneId(0)), Target::Api(ClusterId(1)), Target::Link(LinkId(1))] {
        let mut world = four(300);
        // The way to the proxies is a link that no request takes.
        let aside = world.links.push(Link { name: "aside".into(), ..world.links[LinkId(1)].clone() });
        world.control.serves[0].way.links.push(aside);
        let target = if target == Target::Link(LinkId(1)) { Target::Link(aside) } else { target };
        down(&mut world, "crash", 100, 250, &[FIRST], Manner::Refused);
        down(&mut world, "away", 50, 160, &[target], Manner::Silent);
        around(lost(&mesh::run(&world, 1, 0)), 60.0, 60.2);
    }
    // Another cluster's plane is none of theirs.
    let mut world = four(300);
    down(&mut world, "crash", 100, 250, &[FIRST], Manner::Refused);
    down(&mut world, "away", 50, 160, &[Target::Plane(PlaneId(1))], Manner::Silent);
    around(lost(&mesh::run(&world, 1, 0)), 0.1, 1.1);
}

#[test]
fn new_pods_get_nothing_while_their_plane_is_away() {
    // All nodes are dead for five seconds, too short to be missed; what starts there anew waits for the plane of its own
    // cluster, and refuses until then.
    let lost_with = |away: Option<u64>| {
        let mut world = four(300);
        world.policies[PolicyId(0)].timeout = Some(Duration::from_millis(100));
        down(&mut world, "nodes", 100, 105, &[Target::Place(PlaceId(1))], Manner::Silent);
        if let Some(until) = away {
            down(&mut world, "away", 90, until, &[Target::Plane(PlaneId(1))], Manner::Silent);
        }
        world.control.readiness = vec![None];
        lost(&mesh::run(&world, 1, 0)) as f64 / 100.0
    };
    let alone = lost_with(None);
    assert!((4.9..8.0).contains(&alone), "{alone}");
    let held = lost_with(Some(165));
    assert!((64.9..66.0).contains(&held), "{held}");
}

#[test]
fn a_plane_falls_with_its_cluster_and_only_with_all_of_it() {
    let mut world = four(300);
    down(&mut world, "crash", 100, 250, &[FIRST], Manner::Refused);
    // The users' own place falls: their plane is gone with it, and so are they; then both are back.
    down(&mut world, "west", 90, 95, &[Target::Place(PlaceId(0))], Manner::Silent);
    let whole = mesh::run(&world, 1, 0);
    balanced(&whole);
    assert!(failed(&whole, Failure::Connect) + failed(&whole, Failure::Reset) <= 30);
}

#[test]
fn pushes_wait_for_quiet_but_not_for_ever() {
    // Replicas die every 3 s; a push waits for 4 s of quiet, at most 10 s.
    let mut world = four(300);
    for plane in [PlaneId(0), PlaneId(1)] {
        world.control.planes[plane].push = Duration::from_secs(4);
    }
    for (number, at) in [(0, 100), (1, 103), (2, 106)] {
        down(&mut world, &format!("{number}"), at, 280, &[Target::Endpoint(EndpointId(number))], Manner::Refused);
    }
    // All are told at once, 4 s after the last exit was seen (106..107): 10 s for the first at most.
    let lost = lost(&mesh::run(&world, 1, 0)) as f64 / 25.0;
    let least = (110.0 - 100.0) + (110.0 - 103.0) + (110.0 - 106.0) - 1.0;
    assert!(lost > least - 1.0 && lost < least + 4.0, "{lost}");
}

#[test]
fn a_world_in_which_nothing_falls_is_told_nothing() {
    let with = mesh::run(&four(100), 1, 0);
    let mut without = four(100);
    without.control = Control::default();
    assert_eq!(with, mesh::run(&without, 1, 0));
    assert_eq!(lost(&with), 0);
}
