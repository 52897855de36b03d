//! Replicas that follow their load: when an autoscaler sees a step, when its pods serve, when they leave, and what holds
//! them up.

use eastwest::mesh;
use eastwest::policy::autoscale::{self, Rule};
use eastwest::policy::{Balance, readiness};
use eastwest::random::{Key, Law};
use eastwest::record::{Failure, Run};
use eastwest::units::{Duration, SimTime};
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::*;

use crate::worlds::{Small, down, multi_primary};
use crate::{failed, run_of, sent};

const S: u64 = 1_000_000_000;
const SEED: u64 = 11;
const NAME: &str = "server@east";

/// When within its period the autoscaler looks, and its metrics are taken.
fn phase(purpose: &str) -> u64 {
    readiness::phase(Duration::from_secs(15), Key::new(SEED, 0, NAME, purpose).bits(0))
}

/// The first look after an instant.
fn look(after: u64) -> u64 {
    phase("autoscaler") + (after - phase("autoscaler")).div_ceil(15 * S) * 15 * S
}

/// The `number`th time that use is measured.
fn measured(number: u64) -> u64 {
    phase("metrics") + number * 15 * S
}

/// Two replicas of up to ten, wanted half busy; each request is 10 ms of work, in turn. `rates` hold from instants on.
fn scaled(rates: &[(u64, f64)], horizon: u64) -> World {
    let mut points: Vec<(Duration, f64)> = Vec::new();
    for &(at, rate) in rates {
        let at = Duration::from_nanos(at);
        points.extend(points.last().map(|last| (at, last.1)));
        points.push((at, rate));
    }
    let mut small = Small {
        one_way: Duration::from_millis(1),
        handshake: 2,
        replicas: 10,
        workers: 1,
        queue: Some(10),
        work: Law::Constant(0.01),
        arrivals: Arrivals::Open { gap: Law::Constant(1.0), rate: Rate { points } },
        horizon: Duration::from_secs(horizon),
        ..Small::default()
    };
    small.policy.balance = Balance::RoundRobin;
    let mut world = small.world();
    let rule = Rule { target_percent: 50, min: 2, max: 10, ..autoscale::DEFAULT };
    world.autoscalers.push(Autoscaler {
        name: NAME.into(),
        service: ServiceId(0),
        cluster: ClusterId(1),
        members: world.endpoints.ids().collect(),
        start: 2,
        rule,
        boot: Duration::from_secs(40),
        evict: autoscale::EVICTION,
        grace: autoscale::GRACE,
    });
    world
}

/// A run: instants, wanted, there, ready.
fn steps(world: &World) -> (Run, Vec<(u64, u32, u32, u32)>) {
    let run = run_of(world, SEED, 0);
    assert_eq!(run.scaling[0].name, NAME);
    let steps = run.scaling[0].steps.iter().map(|step| (step.at_ns, step.wanted, step.pods, step.ready)).collect();
    (run, steps)
}

fn lost(run: &Run) -> u64 {
    Failure::ALL.iter().map(|&failure| failed(run, failure)).sum()
}

#[test]
fn a_step_of_the_load_is_followed_as_by_hand() {
    // 80 a second are 40 % of two; 240 are more than two can do (100 %): four. Of four ready ones they are 60 %: five, of
    // which they are 48 %. While pods boot, (100 + 100 + 0 + 0) / 4 is the target, and nothing happens. Back at 80, which
    // are 16 % of five, two are enough; but five were asked for until the last look before, for 300 s.
    let (up, back) = (measured(4), measured(20));
    let world = scaled(&[(0, 80.0), (up, 240.0), (back, 80.0)], 900);
    let (run, found) = steps(&world);
    let four = look(measured(5));
    // The first whole window of the third and fourth is the one after the measurement after they are ready.
    let ready = four + 40 * S;
    let window = measured((ready - phase("metrics")).div_ceil(15 * S) + 1);
    let five = look(window);
    let last = look(measured(21)) - 15 * S;
    let two = last + 300 * S;
    let due =
        [(0, 2, 2, 2), (four, 4, 4, 2), (ready, 4, 4, 4), (five, 5, 5, 4), (five + 40 * S, 5, 5, 5), (two, 2, 2, 2)];
    assert_eq!(found, due);
    // Two can do 200 of 240 a second, and have room for ten each: 40 a second are turned away until four are there.
    let turned_away = (ready - up) as f64 / S as f64 * 40.0 - 20.0;
    assert!((lost(&run) as f64 - turned_away).abs() < 10.0, "{} {turned_away}", lost(&run));
    // Pods lived so long, the last ones 30 s after they were sent away, each life in begun seconds.
    let end = 900 * S;
    let life = |from: u64| (two + 30 * S - from).div_ceil(S) * S;
    let lived = 2 * end + 2 * life(four) + life(five);
    assert_eq!(run.scaling[0].pod_ns.iter().sum::<u64>(), lived);
}

#[test]
fn what_leaves_finishes_what_it_has() {
    let world = scaled(&[(0, 80.0), (measured(4), 240.0), (measured(20), 80.0)], 900);
    let (run, found) = steps(&world);
    let two = found.last().expect("it scales in").0;
    let window = |at: u64| (at / S / 15) as usize;
    let after = &run.rows[0].windows[window(two)..];
    assert!(after.iter().all(|window| window.failed.iter().sum::<u64>() == 0), "nobody is turned away");
}

#[test]
fn a_dead_api_server_scales_nothing() {
    let up = measured(4);
    let plane = |world: &mut World, from: u64, to: u64| {
        multi_primary(world);
        down(world, "api", from, to, &[Target::Api(ClusterId(1))], Manner::Silent);
    };
    let mut world = scaled(&[(0, 80.0), (up, 240.0)], 600);
    plane(&mut world, 30, 300);
    let (run, found) = steps(&world);
    let first = look(300 * S);
    assert_eq!(found[..2], [(0, 2, 2, 2), (first, 4, 4, 2)]);
    // Ready at the probe that comes with its start, told after the push.
    assert_eq!(found[2], (first + 40 * S, 4, 4, 4));
    assert!(lost(&run) as f64 > 40.0 * ((first + 40 * S - up) / S) as f64 - 30.0);
    // It dies while they boot: they are ready when it is back.
    let mut world = scaled(&[(0, 80.0), (up, 240.0)], 600);
    let four = look(measured(5));
    plane(&mut world, four / S + 2, 400);
    let (_, found) = steps(&world);
    assert_eq!(found[1..3], [(four, 4, 4, 2), (400 * S, 4, 4, 4)]);
}

#[test]
fn a_plane_that_is_frozen_or_dead_gives_new_pods_nothing() {
    let up = measured(4);
    let four = look(measured(5));
    let lost_with = |target: Option<Target>| {
        let mut world = scaled(&[(0, 80.0), (up, 240.0)], 600);
        multi_primary(&mut world);
        if let Some(target) = target {
            down(&mut world, "plane", 30, 400, &[target], Manner::Silent);
        }
        let (run, found) = steps(&world);
        (lost(&run) as f64, found)
    };
    let turned_away = |until: u64| (until - up) as f64 / S as f64 * 40.0 - 20.0;
    // A push of 100 ms after they are ready.
    let (lost, found) = lost_with(None);
    assert!((lost - turned_away(four + 40 * S + S / 10)).abs() < 10.0, "{lost}");
    assert_eq!(found[2], (four + 40 * S, 4, 4, 4));
    // Frozen: they have all they need, are ready, and nobody is told. Their use is nothing, so that no more are asked for.
    let (lost, found) = lost_with(Some(Target::Pushes(PlaneId(0))));
    assert!((lost - turned_away(400 * S)).abs() < 10.0, "{lost}");
    assert_eq!(found[2], (four + 40 * S, 4, 4, 4));
    // Dead: without configuration they are not even ready until it is back, and then at their next probe.
    let (lost, found) = lost_with(Some(Target::Plane(PlaneId(1))));
    let probed = four + 40 * S + (400 * S - four - 40 * S).div_ceil(10 * S) * 10 * S;
    assert_eq!(found[2], (probed, 4, 4, 4));
    assert!((lost - turned_away(probed + S / 10)).abs() < 10.0, "{lost}");
}

#[test]
fn a_pod_that_is_sent_away_untold_refuses_when_its_time_is_over() {
    // Scaled in under a frozen plane: the three that left are called on, and refuse, until it is back.
    let (up, back) = (measured(4), measured(20));
    let mut world = scaled(&[(0, 80.0), (up, 240.0), (back, 80.0)], 1_100);
    multi_primary(&mut world);
    let two = steps(&world).1.last().expect("it scales in").0;
    let before = lost(&mesh::run(&world, SEED, 0));
    let end = two / S + 130;
    down(&mut world, "frozen", two / S, end, &[Target::Pushes(PlaneId(0))], Manner::Silent);
    let (run, _) = steps(&world);
    // From the end of their grace to the push: three of five of 80 a second.
    let refused = (lost(&run) - before) as f64;
    let due = (end as f64 - two as f64 / S as f64 - 30.0) * 48.0;
    assert!((refused - due).abs() < 15.0, "{refused} {due}");
    assert_eq!(refused as u64, failed(&run, Failure::Connect) + failed(&run, Failure::Reset));
}

#[test]
fn a_dead_zone_is_made_up_for_after_its_eviction() {
    // Four at 40 % in two zones. One dies: 80 % of two, but with the dead ones at nothing it is 40 % of four, and nobody
    // scales. After the lease and 300 s they are deleted; two start in the other zone.
    let mut world = scaled(&[(0, 160.0)], 900);
    world.autoscalers[0].start = 4;
    world.autoscalers[0].rule.min = 4;
    let other = world.places.push(Place { name: "east/b".into(), ..world.places[PlaceId(1)].clone() });
    for id in [1, 3, 5, 7, 9] {
        world.endpoints[EndpointId(id)].place = other;
    }
    let mut way = world.paths[PathId(0)].clone();
    way.to = other;
    let way = world.paths.push(way);
    let mut hosts = world.host_sets[HostSetId(0)].hosts.to_vec();
    for id in [1, 3, 5, 7, 9] {
        hosts[id].target = HostTarget::Endpoint(EndpointId(id as u32), way);
    }
    world.host_sets[HostSetId(0)].hosts = hosts.into();
    world.host_set_of = vec![HostSetId(0), HostSetId::NONE, HostSetId::NONE];
    world.policies[PolicyId(0)].timeout = Some(Duration::from_millis(500));
    multi_primary(&mut world);
    down(&mut world, "zone", 100, 700, &[Target::Place(other)], Manner::Silent);
    let (run, found) = steps(&world);
    let times: Vec<f64> = found.iter().map(|step| step.0 as f64 / S as f64).collect();
    // Each node has a lease of its own: one is missed 40 to 55 s after its death, evicted 300 s later, replaced at once.
    assert!(found.iter().all(|step| step.1 == 4), "{found:?}");
    assert!(times[1] > 440.0 && times[1] < 455.0, "{found:?}");
    let full = found.iter().rposition(|step| step.3 < 4).map_or(0, |at| at + 1);
    assert!(times[full] > 480.0 && times[full] < 496.0, "{found:?}");
    // The zone comes back, and nothing comes back with it: all calls go to the four that are told of.
    let windows = &run.rows[0].windows[48..];
    assert!(windows.iter().all(|window| window.failed.iter().sum::<u64>() == 0));
    assert!(sent(&run).abs_diff(160 * 900) <= 1);
    let late = run.services.iter().find(|row| row.place == "east/b").expect("it was there");
    assert!(late.visits < 160 * 100 / 2 + 100, "{}", late.visits);
    // With an API server that is gone as well nobody is missed, and nothing moves.
    down(&mut world, "api", 100, 700, &[Target::Api(ClusterId(1))], Manner::Silent);
    assert_eq!(steps(&world).1, [(0, 4, 4, 4)]);
}

#[test]
fn an_operator_raises_the_least_there_are_and_the_next_look_starts_them() {
    // 80 a second are 40 % of two: the autoscaler itself is content. Nothing is measured of a pod that boots.
    let mut world = scaled(&[(0, 80.0)], 900);
    world.actions.push(OperatorAction {
        name: "scale up".into(),
        when: Occasion::At(SimTime::from_nanos(100 * S)),
        needs: vec![],
        sets: vec![Set::Least(0, 6)],
    });
    let (_, found) = steps(&world);
    let six = look(100 * S);
    assert_eq!(found, [(0, 2, 2, 2), (six, 6, 6, 2), (six + 40 * S, 6, 6, 6)]);
    // Set back, the two that are enough are left when the highest of 300 s is: the least is not what was recommended.
    let sets = vec![Set::Least(0, 2)];
    let when = Occasion::At(SimTime::from_nanos(400 * S));
    world.actions.push(OperatorAction { name: "and down".into(), when, needs: vec![], sets });
    let (_, found) = steps(&world);
    let back = found.last().expect("it ends with two");
    assert_eq!((back.1, back.2), (2, 2));
    assert!(back.0 >= look(400 * S) && back.0 <= look(400 * S) + 330 * S, "{found:?}");
}
