//! Gateways whose pods are sent away, roll, or are started anew: what their balancer knows, and what exits with them.

use eastwest::policy::rollout::{AtOnce, Rollout};
use eastwest::random::Law;
use eastwest::record::{Failure, Run};
use eastwest::units::{Duration, Ratio};
use eastwest::world::*;

use crate::barriers::by_gateway;
use crate::worlds::{Small, down, every, hit, multi_primary};
use crate::{failed, run, run_of};

const SEEDS: u64 = 12;

/// So many pods, between whom the balancer chooses for each connection.
fn pods(small: Small, pods: u32) -> World {
    let mut world = by_gateway(small);
    for number in 1..pods {
        let name = format!("gateway#{number}");
        let station = world.stations.push(Station { name, servers: 1, place: PlaceId(1) });
        world.gateways[GatewayId(0)].replicas.push(station);
    }
    world
}

/// Ten requests a second, each over a connection of its own.
fn short(number: u32) -> World {
    let mut small =
        Small { one_way: Duration::from_millis(1), handshake: 2, arrivals: every(10.0), ..Small::default() };
    small.horizon = Duration::from_secs(200);
    small.policy.pool.idle_timeout = Some(Duration::from_millis(20));
    pods(small, number)
}

/// Ten requests a second over one connection, each of two seconds: twenty are under way.
fn long(number: u32) -> World {
    let mut small =
        Small { one_way: Duration::from_millis(1), handshake: 2, arrivals: every(10.0), ..Small::default() };
    (small.horizon, small.work) = (Duration::from_secs(200), Law::Constant(2.0));
    pods(small, number)
}

fn takes(world: &mut World, start_up: u64, deregister: u64) {
    let [start_up, deregister] = [start_up, deregister].map(Duration::from_secs);
    world.gateway_pods.insert(GatewayId(0), GatewayPods { start_up, deregister });
}

fn drain(grace: u64) -> Effect {
    Effect::Drain { grace: Duration::from_secs(grace) }
}

fn roll(at_once: AtOnce, grace: u64) -> Effect {
    Effect::Restart(Some(Rollout { at_once, grace: Duration::from_secs(grace) }))
}

fn all(world: &World) -> Vec<Target> {
    world.gateways[GatewayId(0)].replicas.iter().map(|&pod| Target::Station(pod)).collect()
}

fn lost(run: &Run) -> u64 {
    Failure::ALL.iter().map(|&failure| failed(run, failure)).sum()
}

/// Lost on average, where the balancer's choice is by chance.
fn mean(world: &World) -> f64 {
    (0..SEEDS).map(|seed| lost(&run_of(world, seed, 0))).sum::<u64>() as f64 / SEEDS as f64
}

fn window(run: &Run) -> (f64, f64) {
    let (from, to) = run.faults[0].spans[0];
    (from as f64 / 1e9, to as f64 / 1e9)
}

/// Four standard deviations of so many coins, in each of the runs.
#[track_caller]
fn about(lost: f64, want: f64) {
    let by = 4.0 * (want / 2.0 / SEEDS as f64).sqrt();
    assert!((lost - want).abs() <= by, "{lost} lost, not {want} to {by}");
}

#[test]
fn short_connections_lose_what_their_balancer_leads_to_a_pod_that_has_exited() {
    let drained = |grace: u64, deregister: u64| {
        let mut world = short(2);
        takes(&mut world, 0, deregister);
        hit(&mut world, "drain", [50_000, 180_000], &[Target::Station(StationId(1))], &[drain(grace)]);
        mean(&world)
    };
    // It exits after its balancer has left it out: nothing is lost.
    assert_eq!((drained(30, 20), drained(20, 20), drained(2, 1)), (0.0, 0.0, 0.0));
    // Half of ten a second are refused from its exit until then.
    about(drained(5, 20), 15.0 * 5.0);
    about(drained(0, 20), 20.0 * 5.0);
    // One that is slow to leave it out finds its checks failing, 20 s after the exit.
    about(drained(30, 120), 20.0 * 5.0);
    about(drained(30, 40), 10.0 * 5.0);
}

#[test]
fn an_established_connection_stays_until_its_pod_exits_and_what_is_on_it_is_reset() {
    // Of two pods one has the connection.
    let drained = |world: &dyn Fn() -> World, grace: u64| {
        let each = (0..2).map(|pod| {
            let mut world = world();
            hit(&mut world, "drain", [50_000, 180_000], &[Target::Station(StationId(pod))], &[drain(grace)]);
            let run = run(&world);
            assert_eq!(failed(&run, Failure::Reset) + failed(&run, Failure::Connect), lost(&run));
            failed(&run, Failure::Reset)
        });
        each.sum::<u64>()
    };
    // No grace is long enough for who passes TLS through: two seconds of ten requests.
    let through = || long(2);
    assert!((20..=21).contains(&drained(&through, 0)), "{}", drained(&through, 0));
    assert!((20..=21).contains(&drained(&through, 30)), "{}", drained(&through, 30));
    // Who reads HTTP tells its callers to close: what is on it is answered if there is time for it, and new ones go elsewhere.
    let ends = || {
        let mut world = long(2);
        world.greetings.insert(PathId(0), Duration::from_millis(2));
        world
    };
    assert_eq!((drained(&ends, 30), drained(&ends, 23)), (0, 0));
    assert!((20..=21).contains(&drained(&ends, 0)), "{}", drained(&ends, 0));
}

#[test]
fn a_pod_that_is_alone_serves_for_its_grace_and_is_gone_until_the_drain_is_over() {
    let mut world = short(1);
    hit(&mut world, "drain", [50_000, 80_000], &[Target::Station(StationId(0))], &[drain(10)]);
    // Who has nobody else to lead to leads to it: from 60 s on it refuses, ten a second.
    assert!(lost(&run(&world)).abs_diff(200) <= 1);
    takes(&mut world, 5, 20);
    assert!(lost(&run(&world)).abs_diff(250) <= 1);
    // Drained for less than its grace it exits all the same.
    let mut world = short(1);
    takes(&mut world, 5, 20);
    hit(&mut world, "drain", [50_000, 51_000], &[Target::Station(StationId(0))], &[drain(10)]);
    assert!(lost(&run(&world)).abs_diff(50) <= 1);
}

#[test]
fn a_rollout_of_a_gateway_takes_turns_of_its_grace_and_start_up() {
    let rolled = |at_once: AtOnce, grace: u64| {
        let mut world = short(4);
        takes(&mut world, 10, 5);
        let targets = all(&world);
        hit(&mut world, "roll", [50_000, 51_000], &targets, &[roll(at_once, grace)]);
        (window(&run(&world)), mean(&world))
    };
    let half = AtOnce::Share(Ratio::new(0.5).expect("a share"));
    // Four times (grace and start-up); each is left out before it exits.
    assert_eq!(rolled(AtOnce::Count(1), 5), ((50.0, 110.0), 0.0));
    assert_eq!(rolled(half, 5), ((50.0, 80.0), 0.0));
    assert_eq!(rolled(AtOnce::Count(3), 5), ((50.0, 80.0), 0.0));
    // Without a grace a quarter of ten a second is refused for five seconds of each turn.
    let (span, lost) = rolled(AtOnce::Count(1), 0);
    assert_eq!(span, (50.0, 90.0));
    about(lost, 4.0 * 5.0 * 2.5);
}

#[test]
fn a_gateway_that_is_started_anew_at_once_answers_nobody_until_it_listens() {
    let restarted = |start_up: u64| {
        let mut world = short(3);
        takes(&mut world, start_up, 20);
        let targets = all(&world);
        hit(&mut world, "restart", [50_000, 51_000], &targets, &[Effect::Restart(None)]);
        let run = run(&world);
        (lost(&run), window(&run))
    };
    assert_eq!(restarted(10), (100, (50.0, 60.0)));
    assert_eq!(restarted(0), (0, (50.0, 51.0)));
    // What is on established connections is reset, and goes on over new ones.
    let mut world = long(2);
    let targets = all(&world);
    hit(&mut world, "restart", [50_050, 51_050], &targets, &[Effect::Restart(None)]);
    assert_eq!(lost(&run(&world)), 20);
}

#[test]
fn a_gateways_rollout_stands_still_while_its_control_plane_is_away() {
    let mut world = short(3);
    multi_primary(&mut world);
    takes(&mut world, 10, 5);
    let targets = all(&world);
    hit(&mut world, "roll", [50_000, 51_000], &targets, &[roll(AtOnce::Count(1), 5)]);
    down(&mut world, "away", 40, 150, &[Target::Plane(PlaneId(1))], Manner::Silent);
    let run = run(&world);
    // The first pod is configured at 150 s; two more turns.
    assert_eq!(window(&run), (50.0, 180.0));
    assert_eq!(lost(&run), 0);
}

#[test]
fn a_gateways_process_needs_its_start_up_when_what_held_it_down_is_over_and_its_balancer_goes_on_leaving_it_out() {
    let lost = |target: Target, start_up: u64| {
        let mut world = short(2);
        takes(&mut world, start_up, 20);
        down(&mut world, "out", 50, 90, &[target], Manner::Refused);
        mean(&world)
    };
    let one = Target::Station(StationId(0));
    // Half of ten a second for 20 s, until two checks have failed; then it is left out until it listens.
    about(lost(one, 0), 20.0 * 5.0);
    about(lost(one, 30), 20.0 * 5.0);
    // Of a place that is back all have to start.
    assert_eq!((lost(Target::Place(PlaceId(1)), 0), lost(Target::Place(PlaceId(1)), 30)), (400.0, 700.0));
}
