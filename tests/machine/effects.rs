//! What faults do besides taking things down: slower, lossy, failing, and all of it to the nanosecond.

use eastwest::mesh;
use eastwest::policy::Status;
use eastwest::random::Law;
use eastwest::record::Failure;
use eastwest::units::{BitsPerSec, Bytes, Duration, Ratio};
use eastwest::world::*;

use crate::chaos::Dice;
use crate::worlds::{Small, every, hit, poisson};
use crate::{MS, balanced, failed, latencies, run, sent};

fn slow(factor: f64, add_ms: u64) -> Effect {
    Effect::Slow { factor, add: Duration::from_millis(add_ms) }
}

fn share(percent: f64) -> Ratio {
    Ratio::new(percent / 100.0).expect("a share")
}

fn errors(status: Status, percent: f64) -> Effect {
    Effect::Errors { status, share: share(percent) }
}

/// In every other world something is slower for a while, loses packets or errs; sometimes two at once on one thing.
pub(crate) fn by_chance(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    for number in 0..1 + dice.below(4) {
        let place = Target::Place(PlaceId(dice.below(3) as u32));
        let endpoint = Target::Endpoint(EndpointId(dice.below(world.endpoints.len() as u64) as u32));
        let way = match dice.below(3) {
            0 => Target::Path(PathId(dice.below(9) as u32)),
            _ => Target::Link(LinkId(dice.below(world.links.len() as u64) as u32)),
        };
        let station = Target::Station(StationId(dice.below(6) as u32));
        let slow = slow([1.0, 1.5, 4.0][dice.below(3) as usize], 1 + dice.below(20));
        let (target, effects) = match dice.below(10) {
            0 => (place, vec![slow, errors(Status::Http(503), 20.0)]),
            1 => (place, vec![Effect::Loss(share(5.0))]),
            2 => (endpoint, vec![slow]),
            3 => (endpoint, vec![errors(Status::ERROR, 30.0), errors(Status::Http(503), 10.0)]),
            4 => (station, vec![slow]),
            5 => (way, vec![slow]),
            6 => (way, vec![Effect::Loss(share(3.0))]),
            7 => (way, vec![Effect::Paths(share(50.0))]),
            8 => (place, vec![Effect::Paths(share(12.5)), slow]),
            _ => (way, vec![slow, Effect::Loss(share(10.0))]),
        };
        let from = dice.below(20_000);
        hit(world, &format!("effect {number}"), [from, from + 1 + dice.below(20_000)], &[target], &effects);
    }
}

const REPLICA: [Target; 1] = [Target::Endpoint(EndpointId(0))];

#[test]
fn work_that_begins_while_a_replica_is_slow_takes_longer_and_what_is_under_way_does_not() {
    for discipline in [Discipline::Fcfs, Discipline::Priority] {
        // 20 a second, each of 40 ms: nobody waits. Twice as slow from 3 s to 6 s, and the worker is late from then on.
        let small =
            Small { work: Law::Constant(0.04), workers: 1, arrivals: every(20.0), discipline, ..Small::default() };
        let mut world = small.world();
        hit(&mut world, "slow", [3_010, 6_020], &REPLICA, &[slow(2.0, 0)]);
        let (mut free, mut sum, mut most) = (0, 0, 0);
        // Lindley's recursion, with the work that each has when it begins.
        for number in 1..200_u64 {
            let came = number * 50 * MS;
            let starts = came.max(free);
            let work = if (3_010 * MS..6_020 * MS).contains(&starts) { 80 * MS } else { 40 * MS };
            free = starts + work;
            sum += u128::from(free - came);
            most = most.max(free - came);
        }
        let all = latencies(&run(&world));
        assert_eq!((all.count, all.sum_ns, all.max_ns), (199, sum, most), "{discipline:?}");
    }
}

#[test]
fn a_queue_that_is_twice_as_slow_is_that_of_half_the_rate() {
    let law = |mean| Law::Exponential { mean };
    let small = |mean| Small {
        work: law(mean),
        workers: 1,
        arrivals: poisson(300.0),
        horizon: Duration::from_secs(200),
        ..Small::default()
    };
    let mut world = small(0.001).world();
    hit(&mut world, "slow", [0, 300_000], &REPLICA, &[slow(2.0, 0)]);
    let all = latencies(&mesh::run(&world, 1, 0));
    // The same luck: twice the work of each is the work of a server of twice the mean.
    let want = latencies(&mesh::run(&small(0.002).world(), 1, 0));
    assert_eq!(all.count, want.count);
    let (mean, wanted) = (all.mean_ns().unwrap(), want.mean_ns().unwrap());
    assert!((mean - wanted).abs() < 100.0, "{mean} {wanted}");
    // W = 1 / (500 - 300) = 5 ms.
    assert!((mean / 1e6 - 5.0).abs() < 0.3, "{mean}");
}

#[test]
fn effects_that_overlap_compose_and_end_to_the_nanosecond() {
    // One request a second on an idle replica of 10 ms; it begins and ends between whole seconds.
    let small = Small { work: Law::Constant(0.01), workers: 1, horizon: Duration::from_secs(20), ..Small::default() };
    let mut world = small.world();
    hit(&mut world, "twice", [2_500, 9_500], &REPLICA, &[slow(2.0, 0)]);
    hit(&mut world, "thrice", [5_500, 14_500], &[Target::Place(PlaceId(1))], &[slow(3.0, 5)]);
    hit(&mut world, "later", [7_500, 8_500], &REPLICA, &[slow(1.0, 7)]);
    let want = |second: u64| match second {
        3..=5 => 20,
        6 | 7 | 9 => 65,
        8 => 72,
        10..=14 => 35,
        _ => 10,
    };
    let all = latencies(&run(&world));
    assert_eq!(all.sum_ns, (1..20).map(|second| u128::from(want(second) * MS)).sum::<u128>());
    assert_eq!((all.min_ns, all.max_ns), (10 * MS, 72 * MS));
}

#[test]
fn a_slow_link_adds_its_delay_one_way_and_its_factor_to_its_own_propagation() {
    let latency = |target: Target, effect: Effect| {
        let small = Small { one_way: Duration::from_millis(25), ..Small::default() };
        let mut world = small.world();
        hit(&mut world, "brownout", [2_500, 4_500], &[target], &[effect]);
        // Of 1 s to 9 s, those of 3 s and 4 s.
        let all = latencies(&run(&world));
        assert_eq!((all.count, all.min_ns), (9, 50 * MS));
        assert_eq!(all.sum_ns, u128::from(7 * all.min_ns + 2 * all.max_ns));
        all.max_ns / MS
    };
    assert_eq!(latency(Target::Link(LinkId(0)), slow(1.0, 60)), 110);
    assert_eq!(latency(Target::Link(LinkId(1)), slow(3.0, 60)), 160);
    // A path is slower there and back.
    assert_eq!(latency(Target::Path(PathId(0)), slow(1.0, 60)), 170);
    assert_eq!(latency(Target::Path(PathId(0)), slow(2.0, 0)), 100);
}

#[test]
fn a_new_connection_over_a_slow_link_pays_it_on_every_round_trip() {
    let small = Small { one_way: Duration::from_millis(25), handshake: 2, ..Small::default() };
    let mut world = small.world();
    hit(&mut world, "brownout", [0, 1_500], &[Target::Link(LinkId(1))], &[slow(1.0, 60)]);
    assert_eq!(latencies(&run(&world)).max_ns, 3 * 110 * MS);
}

#[test]
fn what_is_sent_after_a_slow_spell_does_not_overtake_what_was_sent_in_it() {
    // A request each 10 ms; the one sent just before 5 s takes 60 ms more, those after it wait for it on its connection.
    let small = Small { one_way: Duration::from_millis(25), arrivals: every(100.0), ..Small::default() };
    let mut world = small.world();
    hit(&mut world, "brownout", [4_985, 4_995], &[Target::Link(LinkId(0))], &[slow(1.0, 60)]);
    let all = latencies(&run(&world));
    // 110 ms for that of 4.99 s, then 100, 90, 80, 70, 60 and 50, each a nanosecond behind the other.
    assert_eq!(all.sum_ns, u128::from(999 * 50 * MS + (60 + 50 + 40 + 30 + 20 + 10) * MS + 21));
}

#[test]
fn a_cap_that_is_cut_sends_the_rest_of_what_is_under_way_at_what_is_left() {
    // 10 KB a second over a byte a microsecond: 10 ms each. At a quarter from 4.005 s to 6.5 s: half of what is sent at 4 s
    // takes four times as long, and all of what is sent at 5 s and 6 s.
    let took = |cuts: &[(&str, [u64; 2], Cut)]| {
        let past = PastCap::Shape { buffer: Duration::from_millis(100) };
        let cap = Some(Cap { rate: BitsPerSec(8_000_000), past });
        let mut world = Small { request: Bytes(10_000), response: Bytes(100), cap, ..Small::default() }.world();
        for &(name, span, cut) in cuts {
            hit(&mut world, name, span, &[Target::Link(LinkId(0))], &[Effect::Rate(cut)]);
        }
        let all = latencies(&run(&world));
        assert_eq!(all.count, 9);
        (all.sum_ns / u128::from(MS), all.max_ns / MS)
    };
    let quarter = Cut::Share(share(25.0));
    assert_eq!(took(&[]), (90, 10));
    assert_eq!(took(&[("cut", [4_005, 6_500], quarter)]), (6 * 10 + 25 + 2 * 40, 40));
    // No more than 2 Mbit/s is the same; what leaves more does nothing beside it, and another name for as much neither.
    let more = ("more", [4_000, 7_000], Cut::To(BitsPerSec(6_000_000)));
    let cut = ("cut", [4_005, 6_500], Cut::To(BitsPerSec(2_000_000)));
    let again = ("again", [5_000, 6_500], quarter);
    let (sum, most) = took(&[more, cut, again]);
    // Of that at 4 s, 5 ms at three quarters are 3750 bytes, and the other 6250 take 25 ms.
    assert_eq!((sum, most), (6 * 10 + 30 + 2 * 40, 40));
}

#[test]
fn packets_are_lost_with_the_chance_that_is_said() {
    let lost = |targets: &[Target], percent: f64, want: f64| {
        let small = Small {
            one_way: Duration::from_millis(25),
            arrivals: every(1_000.0),
            horizon: Duration::from_secs(40),
            ..Small::default()
        };
        let mut world = small.world();
        world.policies[PolicyId(0)].pool.protocol = eastwest::policy::Protocol::Http1;
        hit(&mut world, "lossy", [0, 60_000], targets, &[Effect::Loss(share(percent))]);
        let run = run(&world);
        let (all, late) = (latencies(&run).count as f64, run.paths[0].lost as f64);
        // Four standard deviations.
        let width = 4.0 * (want * (1.0 - want) / all).sqrt();
        assert!((late / all - want).abs() < width, "{late} of {all}, {want}");
    };
    lost(&[Target::Link(LinkId(0))], 1.0, 0.01);
    // There and back.
    lost(&[Target::Path(PathId(0))], 2.0, 0.04);
    // A path between two places that are hit loses by one fault once.
    lost(&[Target::Place(PlaceId(0)), Target::Place(PlaceId(1))], 2.0, 0.04);
}

#[test]
fn a_replica_errs_as_often_as_is_said_and_two_faults_each_by_itself() {
    let erring = |faults: &[(&str, [u64; 2], Vec<Effect>)]| {
        let small = Small { arrivals: every(2_000.0), horizon: Duration::from_secs(20), ..Small::default() };
        let mut world = small.world();
        world.operations[OperationId(0)].errors = vec![(Status::ERROR, share(10.0))];
        for (name, span, effects) in faults {
            hit(&mut world, name, *span, &REPLICA, effects);
        }
        let run = run(&world);
        (sent(&run), failed(&run, Failure::Error))
    };
    let (all, own) = erring(&[]);
    let near = |failed: u64, want: f64| {
        let width = 4.0 * (want * (1.0 - want) / all as f64).sqrt();
        assert!((failed as f64 / all as f64 - want).abs() < width, "{failed} of {all}, {want}");
    };
    near(own, 0.1);
    let two = vec![errors(Status::Http(503), 20.0), errors(Status::Grpc(14), 10.0)];
    // Of what it would have answered well, 30 %.
    near(erring(&[("grey", [0, 30_000], two.clone())]).1, 0.1 + 0.9 * 0.3);
    let other = ("other", [0, 30_000], vec![errors(Status::ERROR, 50.0)]);
    near(erring(&[("grey", [0, 30_000], two), other]).1, 1.0 - 0.9 * 0.7 * 0.5);
    // All of them while it lasts, and of the rest those that err anyway: the luck of each is the same.
    let (_, half) = erring(&[("grey", [5_000, 15_000], vec![errors(Status::ERROR, 100.0)])]);
    near(half - 20_000, 0.05);
}

#[test]
fn connections_that_hash_onto_a_dead_way_fail_and_a_new_one_draws_anew() {
    // One of eight ways, and a replica, hence a connection, for each request: one SYN in eight meets nobody.
    let small = Small {
        one_way: Duration::from_millis(10),
        handshake: 2,
        replicas: 4_000,
        arrivals: every(400.0),
        ..Small::default()
    };
    let mut world = small.world();
    world.policies[PolicyId(0)].balance = eastwest::policy::Balance::RoundRobin;
    let ways = [Target::Link(LinkId(0)), Target::Link(LinkId(1))];
    hit(&mut world, "one of eight", [0, 60_000], &ways, &[Effect::Paths(share(12.5))]);
    let run = run(&world);
    let (all, lost) = (sent(&run) as f64, failed(&run, Failure::Connect) as f64);
    assert!((lost / all - 0.125).abs() < 4.0 * (0.125 * 0.875 / all).sqrt(), "{lost} of {all}");
}

#[test]
fn a_connection_on_a_dead_way_loses_all_that_it_carries_and_one_beside_it_nothing() {
    // One request a second over one connection: on the dead half of the ways for all of 3 s to 9 s, or never.
    let mut hit_by = 0;
    for seed in 0..60 {
        let mut small = Small { one_way: Duration::from_millis(10), handshake: 2, ..Small::default() };
        small.policy.timeout = Some(Duration::from_millis(500));
        small.horizon = Duration::from_secs(60);
        let mut world = small.world();
        hit(&mut world, "half", [2_500, 9_500], &[Target::Path(PathId(0))], &[Effect::Paths(share(50.0))]);
        let run = mesh::run(&world, seed, 0);
        balanced(&run);
        assert_eq!(run.edges[0].connections, 1);
        // Sent again 0.22 (2^n - 1) s after 3.01 s, for the first time after 9.5 s at 9.83 s.
        let lost = failed(&run, Failure::Timeout);
        assert!(lost == 0 || lost == 7, "{lost}");
        hit_by += u32::from(lost > 0);
    }
    // Four standard deviations of a fair coin.
    assert!((15..=45).contains(&hit_by), "{hit_by}");
}
