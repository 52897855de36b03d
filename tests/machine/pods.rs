//! Processes that end and begin anew: start-up, restarts, drains, and who is told.

use eastwest::policy::rollout::{AtOnce, Rollout};
use eastwest::policy::{Balance, Protocol};
use eastwest::random::Law;
use eastwest::record::{Failure, Run};
use eastwest::units::{BitsPerSec, Duration, Ratio};
use eastwest::world::*;

use crate::chaos::Dice;
use crate::worlds::{Small, down, every, hit, multi_primary};
use crate::{failed, run};

/// In every third world processes need time to start, are started anew or sent away, and caps are cut.
pub(crate) fn by_chance(world: &mut World, dice: &mut Dice) {
    if !dice.one_in(3) {
        return;
    }
    for id in world.services.ids().collect::<Vec<_>>() {
        if dice.one_in(2) {
            world.start_ups.insert(id, Duration::from_millis(1 + dice.below(6_000)));
        }
    }
    // And some cap is cut, where there is one that can be.
    let can = |link: &Link| link.cap.is_some_and(|cap| !matches!(cap.past, PastCap::Fair { .. }));
    let flows = |id: LinkId| world.flows.iter().any(|flow| world.paths[flow.path].links.contains(&id));
    let caps: Vec<LinkId> =
        world.links.iter().filter(|(id, link)| can(link) && !flows(*id)).map(|(id, _)| id).collect();
    for number in 0..if caps.is_empty() { 0 } else { dice.below(3) } {
        let link = Target::Link(caps[dice.below(caps.len() as u64) as usize]);
        let cut =
            if dice.one_in(2) { Cut::Share(Ratio::new(0.2).expect("a share")) } else { Cut::To(BitsPerSec(700_000)) };
        let from = dice.below(25_000);
        hit(world, &format!("cut {number}"), [from, from + 1 + dice.below(10_000)], &[link], &[Effect::Rate(cut)]);
    }
    for number in 0..1 + dice.below(3) {
        let targets: Vec<Target> = match dice.below(4) {
            0 => vec![Target::Place(PlaceId(dice.below(3) as u32))],
            1 => vec![Target::Endpoint(EndpointId(dice.below(world.endpoints.len() as u64) as u32))],
            _ => {
                let service = ServiceId(dice.below(world.services.len() as u64) as u32);
                world.services[service].endpoints.iter().copied().map(Target::Endpoint).collect()
            }
        };
        let grace = Duration::from_millis(dice.below(4_000));
        let at_once = if dice.one_in(2) { AtOnce::Count(1) } else { AtOnce::Share(Ratio::new(0.5).expect("a share")) };
        let effect = match dice.below(3) {
            0 => Effect::Restart(None),
            1 if world.autoscalers.is_empty() => Effect::Restart(Some(Rollout { at_once, grace })),
            _ => Effect::Drain { grace },
        };
        let from = dice.below(25_000);
        hit(world, &format!("pods {number}"), [from, from + 1 + dice.below(10_000)], &targets, &[effect]);
    }
    // And gateways', some of which end TLS.
    for id in world.gateways.ids().collect::<Vec<_>>() {
        if dice.one_in(2) {
            continue;
        }
        let [start_up, deregister] = [0, 0].map(|_| Duration::from_millis(dice.below(5_000)));
        world.gateway_pods.insert(id, GatewayPods { start_up, deregister });
        let pods = world.gateways[id].replicas.clone();
        let grace = Duration::from_millis(dice.below(8_000));
        let effect = match dice.below(3) {
            0 => Effect::Restart(None),
            1 => Effect::Restart(Some(Rollout { at_once: AtOnce::Count(1), grace })),
            _ => Effect::Drain { grace },
        };
        let targets: Vec<Target> = pods.into_iter().skip(dice.below(2) as usize).map(Target::Station).collect();
        let from = dice.below(25_000);
        hit(world, &format!("gateway {}", id.0), [from, from + 1 + dice.below(10_000)], &targets, &[effect]);
    }
}

/// A hundred requests a second to four replicas in turn, no retries.
fn four() -> Small {
    let mut small = Small {
        one_way: Duration::from_millis(1),
        handshake: 2,
        replicas: 4,
        arrivals: every(100.0),
        horizon: Duration::from_secs(300),
        ..Small::default()
    };
    small.policy.balance = Balance::RoundRobin;
    small
}

fn lost(run: &Run) -> u64 {
    Failure::ALL.iter().map(|&failure| failed(run, failure)).sum()
}

fn starts_in(world: &mut World, seconds: u64) {
    world.start_ups.insert(ServiceId(0), Duration::from_secs(seconds));
}

/// From second to second.
fn window(run: &Run) -> Vec<(f64, f64)> {
    run.faults[0].spans.iter().map(|(from, to)| (*from as f64 / 1e9, *to as f64 / 1e9)).collect()
}

const FIRST: [Target; 1] = [Target::Endpoint(EndpointId(0))];
const ALL: [Target; 1] = [Target::Place(PlaceId(1))];

#[track_caller]
fn about(lost: u64, want: u64) {
    assert!(lost.abs_diff(want) <= 12, "{lost} lost, not {want}");
}

#[test]
fn a_process_needs_its_start_up_when_what_held_it_down_is_over() {
    // Nobody is told: a replica's 25 requests a second fail for as long as it does not listen.
    let lost = |manner, target, start_up| {
        let mut world = four().world();
        // What hangs is soon over, and its connection with it.
        let policy = &mut world.policies[PolicyId(0)];
        (policy.timeout, policy.connect_timeout) = (Some(Duration::from_millis(100)), Duration::from_millis(100));
        policy.pool.protocol = Protocol::Http1;
        starts_in(&mut world, start_up);
        down(&mut world, "out", 100, 130, &[target], manner);
        lost(&run(&world))
    };
    about(lost(Manner::Refused, FIRST[0], 0), 30 * 25);
    about(lost(Manner::Refused, FIRST[0], 20), 50 * 25);
    // A process that hangs has not ended.
    about(lost(Manner::Silent, FIRST[0], 20), 30 * 25);
    // A dead node's have, and refuse where they vanished before.
    about(lost(Manner::Silent, ALL[0], 0), 30 * 100);
    about(lost(Manner::Silent, ALL[0], 20), 50 * 100);
    about(lost(Manner::Refused, ALL[0], 20), 50 * 100);
}

#[test]
fn one_that_dies_again_while_it_starts_begins_anew() {
    let mut world = four().world();
    starts_in(&mut world, 20);
    down(&mut world, "first", 100, 110, &FIRST, Manner::Refused);
    // It would have listened at 130.
    down(&mut world, "second", 120, 125, &FIRST, Manner::Refused);
    about(lost(&run(&world)), 45 * 25);
}

/// Its process is told to exit while another one of its kind has just begun: nothing queues, all begins anew.
#[test]
fn a_process_that_is_told_to_exit_while_it_starts_starts_anew() {
    let restarts = |at: &[u64]| {
        let mut world = four().world();
        starts_in(&mut world, 20);
        for (number, &at) in at.iter().enumerate() {
            let times = [at * 1_000, at * 1_000 + 1_000];
            hit(&mut world, &format!("restart {number}"), times, &ALL, &[Effect::Restart(None)]);
        }
        let run = run(&world);
        let windows = run.faults.iter().map(|fault| fault.spans[0]);
        let seconds = |at: u64| at as f64 / 1e9;
        (lost(&run), windows.map(|(from, to)| (seconds(from), seconds(to))).collect::<Vec<_>>())
    };
    let (lost, windows) = restarts(&[120, 121]);
    about(lost, 21 * 100);
    assert_eq!(windows, [(120.0, 141.0), (121.0, 141.0)]);
    let (lost, windows) = restarts(&[100, 115, 125]);
    about(lost, 45 * 100);
    assert_eq!(windows, [(100.0, 145.0), (115.0, 145.0), (125.0, 145.0)]);
    // Once it listens it is another matter.
    let (lost, windows) = restarts(&[100, 120]);
    about(lost, 40 * 100);
    assert_eq!(windows, [(100.0, 120.0), (120.0, 140.0)]);
}

#[test]
fn restarts_drains_and_outages_that_overlap_end_with_the_last_and_one_start_up() {
    // Who is told nothing loses the replica's 25 requests a second from its first exit until it listens.
    let gone = |start_up: u64, faults: &[(u64, u64, Effect)]| {
        let mut world = four().world();
        multi_primary(&mut world);
        starts_in(&mut world, start_up);
        for (number, &(from, to, effect)) in faults.iter().enumerate() {
            hit(&mut world, &format!("fault {number}"), [from * 1_000, to * 1_000], &FIRST, &[effect]);
        }
        down(&mut world, "frozen", 50, 299, &[Target::Pushes(PlaneId(0))], Manner::Silent);
        lost(&run(&world))
    };
    let drain = |grace| Effect::Drain { grace: Duration::from_secs(grace) };
    let (restart, down) = (Effect::Restart(None), Effect::Down(Manner::Refused));
    // It exits at 105, nothing starts before 120, and it listens at 150.
    about(gone(30, &[(100, 120, drain(5))]), 45 * 25);
    about(gone(30, &[(100, 120, drain(5)), (115, 116, restart)]), 45 * 25);
    about(gone(30, &[(100, 120, drain(5)), (102, 120, drain(5))]), 45 * 25);
    about(gone(30, &[(100, 120, drain(5)), (100, 120, down)]), 50 * 25);
    about(gone(30, &[(100, 120, down), (115, 116, restart)]), 50 * 25);
    // While it starts: 130 and 30 s; nobody waits for the grace of who serves nobody.
    about(gone(30, &[(100, 120, drain(5)), (130, 131, restart)]), 55 * 25);
    about(gone(30, &[(100, 101, restart), (110, 115, drain(20))]), 45 * 25);
    about(gone(30, &[(100, 101, restart), (110, 115, down)]), 45 * 25);
    // Of two graces the one that is over first.
    about(gone(10, &[(100, 101, drain(30)), (105, 106, drain(5))]), 10 * 25);
    about(gone(10, &[(100, 101, drain(30)), (105, 106, restart)]), 10 * 25);
    // One that flaps: from 101 on, and the last one is over at 119.
    let flaps: Vec<_> = (0..10).map(|turn| (100 + 2 * turn, 101 + 2 * turn, drain(1))).collect();
    about(gone(12, &flaps), 30 * 25);
}

#[test]
fn a_restart_takes_the_start_up_and_its_window_is_as_long() {
    let restart = |start_up: u64, targets: &[Target]| {
        let mut world = four().world();
        starts_in(&mut world, start_up);
        hit(&mut world, "restart", [100_000, 101_000], targets, &[Effect::Restart(None)]);
        let run = run(&world);
        (lost(&run), window(&run), run.edges[0].connections)
    };
    let (lost, spans, connections) = restart(5, &ALL);
    about(lost, 500);
    assert_eq!(spans, [(100.0, 105.0)]);
    // Four at first, one for each that is refused, and all of them anew: recovery begins cold.
    assert_eq!(connections, 8 + lost);
    let (lost, spans, _) = restart(5, &FIRST);
    about(lost, 125);
    assert_eq!(spans, [(100.0, 105.0)]);
    // At once: connections are reset, and nobody is on them.
    assert_eq!(restart(0, &ALL), (0, vec![(100.0, 101.0)], 8));
}

#[test]
fn a_drained_pod_is_left_before_it_exits_and_what_it_cannot_finish_is_reset() {
    // Work of 5 s: 25 a second begin on each, and 125 are on it. Those of the last three seconds before the drain are not
    // done two seconds after it.
    let drained = |grace: u64| {
        let mut world = Small { work: Law::Constant(5.0), ..four() }.world();
        let grace = Duration::from_secs(grace);
        hit(&mut world, "drain", [100_000, 200_000], &FIRST, &[Effect::Drain { grace }]);
        let run = run(&world);
        (failed(&run, Failure::Reset), lost(&run))
    };
    assert_eq!(drained(6), (0, 0));
    let (reset, lost) = drained(2);
    about(reset, 75);
    assert_eq!(reset, lost);
    about(drained(0).0, 125);
}

#[test]
fn who_has_not_been_told_is_served_until_the_pod_exits() {
    let lost = |frozen: bool, start_up: u64| {
        let mut world = four().world();
        multi_primary(&mut world);
        starts_in(&mut world, start_up);
        let grace = Duration::from_secs(30);
        hit(&mut world, "drain", [100_000, 200_000], &FIRST, &[Effect::Drain { grace }]);
        if frozen {
            down(&mut world, "frozen", 50, 299, &[Target::Pushes(PlaneId(0))], Manner::Silent);
        }
        lost(&run(&world))
    };
    // The push takes a tenth of a second, and it works on for thirty.
    assert_eq!(lost(false, 0), 0);
    assert_eq!(lost(false, 20), 0);
    // From 130 s on it refuses: until the drain is over, and its next process listens.
    about(lost(true, 0), 70 * 25);
    about(lost(true, 20), 90 * 25);
}

#[test]
fn a_pod_that_is_drained_for_less_than_its_grace_exits_all_the_same() {
    let mut world = four().world();
    multi_primary(&mut world);
    starts_in(&mut world, 10);
    hit(&mut world, "drain", [100_000, 101_000], &FIRST, &[Effect::Drain { grace: Duration::from_secs(30) }]);
    down(&mut world, "frozen", 50, 299, &[Target::Pushes(PlaneId(0))], Manner::Silent);
    about(lost(&run(&world)), 10 * 25);
}

#[test]
fn a_rollout_takes_turns_and_loses_nothing_where_everybody_is_told() {
    let rolled = |at_once: AtOnce, grace: u64, planes: bool| {
        let mut world = four().world();
        starts_in(&mut world, 10);
        if planes {
            multi_primary(&mut world);
        }
        let rollout = Rollout { at_once, grace: Duration::from_secs(grace) };
        hit(&mut world, "roll", [100_000, 101_000], &ALL, &[Effect::Restart(Some(rollout))]);
        let run = run(&world);
        (lost(&run), window(&run))
    };
    let half = AtOnce::Share(Ratio::new(0.5).expect("a share"));
    // Four times (grace and start-up); without a control plane all is known at once.
    assert_eq!(rolled(AtOnce::Count(1), 0, false), (0, vec![(100.0, 140.0)]));
    assert_eq!(rolled(AtOnce::Count(1), 5, false), (0, vec![(100.0, 160.0)]));
    assert_eq!(rolled(half, 0, false), (0, vec![(100.0, 120.0)]));
    assert_eq!(rolled(AtOnce::Count(3), 0, false), (0, vec![(100.0, 120.0)]));
    // A probe every ten seconds: three of four are waited for, up to ten seconds each.
    let (lost, spans) = rolled(AtOnce::Count(1), 5, true);
    assert_eq!(lost, 0);
    assert!(spans[0].0 == 100.0 && (160.0..190.0).contains(&spans[0].1), "{spans:?}");
}

#[test]
fn a_rollout_stands_still_while_the_control_plane_is_away() {
    // The first new pod gets no configuration; the other three are as old as ever.
    let mut world = four().world();
    multi_primary(&mut world);
    starts_in(&mut world, 10);
    let rollout = Rollout { at_once: AtOnce::Count(1), grace: Duration::from_secs(5) };
    hit(&mut world, "roll", [100_000, 101_000], &ALL, &[Effect::Restart(Some(rollout))]);
    down(&mut world, "away", 50, 299, &[Target::Plane(PlaneId(1))], Manner::Silent);
    // The users' own plane serves them, and hears of it all: nothing is lost.
    let run = run(&world);
    assert_eq!(lost(&run), 0);
    assert!(window(&run)[0].1 >= 299.0, "{:?}", window(&run));
}
