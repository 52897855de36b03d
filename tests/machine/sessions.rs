//! Users who keep connections: their number, the storm after a reset and what clears it, against closed forms.

use eastwest::mesh;
use eastwest::policy::Reconnect;
use eastwest::policy::reconnect::RECONNECT;
use eastwest::random::Law;
use eastwest::record::{Failure, SessionFault, SessionRow};
use eastwest::units::Duration;
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::*;

use crate::worlds::{Small, down, hit};
use crate::{failed, latencies, run_of, sent};

/// Nobody asks within the horizon.
const RARELY: Law = Law::Constant(1e9);

/// Sessions of one ingress at `west/a`.
fn with(small: Small, population: Population, think: Law, change: impl FnOnce(&mut Sessions)) -> World {
    let mut world = small.world();
    let mut sessions =
        Sessions { population, last: None, think: think.clone(), asks: 1, login: None, reconnect: RECONNECT };
    change(&mut sessions);
    let stream = &mut world.streams[StreamId(0)];
    stream.arrivals = Arrivals::Closed { users: 1, think };
    stream.sessions = Some(Box::new(sessions));
    world
}

fn lasting(seconds: u64) -> Small {
    Small { horizon: Duration::from_secs(seconds), ..Small::default() }
}

fn open_in(row: &SessionRow, window: usize, length_s: f64) -> f64 {
    row.clusters.iter().map(|cluster| cluster.open_ns[window] as f64 / 1e9 / length_s).sum()
}

fn back_s(fault: &SessionFault, share: f64) -> f64 {
    let rank = (share * fault.broken as f64).ceil() as u64;
    fault.back.value_at_rank(rank, eastwest::meter::Within::Middle) as f64 / 1e9
}

/// M/G/infinity: the number is Poisson with mean rate x mean length at any time, from the first instant on, whatever the law.
#[test]
fn the_number_of_sessions_is_poisson_whatever_the_law_of_their_lengths() {
    const RUNS: u32 = 300;
    let laws = [
        Law::Constant(20.0),
        Law::Exponential { mean: 20.0 },
        Law::Uniform { low: 0.0, high: 40.0 },
        Law::Hyperexponential(vec![(0.9, 10.0), (0.1, 110.0)]),
    ];
    for law in laws {
        let arrive = Population::Arrive(Rate::constant(5.0));
        let world = with(lasting(60), arrive, RARELY, |sessions| sessions.last = Some(law.clone()));
        for window in [0, 59] {
            let found: Vec<f64> =
                (0..RUNS).map(|number| open_in(&mesh::run(&world, 7, number).sessions[0], window, 1.0)).collect();
            let mean = found.iter().sum::<f64>() / f64::from(RUNS);
            let variance = found.iter().map(|n| (n - mean) * (n - mean)).sum::<f64>() / f64::from(RUNS - 1);
            // Four standard errors: of the mean 10 / sqrt(300), of the variance 100 sqrt(2 / 299).
            assert!((mean - 100.0).abs() < 2.4, "{law:?}, second {window}: {mean}");
            assert!((variance - 100.0).abs() < 33.0, "{law:?}, second {window}: {variance}");
        }
    }
}

#[test]
fn who_leaves_is_followed_by_another_where_there_are_always_as_many() {
    let world = with(lasting(100), Population::Open(500), RARELY, |sessions| {
        sessions.last = Some(Law::Exponential { mean: 50.0 });
    });
    let row = &run_of(&world, 3, 0).sessions[0];
    let (begun, ended): (u64, u64) =
        row.windows.iter().fold((0, 0), |sum, window| (sum.0 + window.begun, sum.1 + window.ended));
    assert_eq!(begun, ended);
    // 500 / 50 s, from t = 0 on: Poisson of mean 1000.
    assert!((begun as f64 - 1_000.0).abs() < 4.0 * 1_000_f64.sqrt(), "{begun}");
    assert!((0..60).all(|window| (open_in(row, window, 100.0 / 60.0) - 500.0).abs() < 1e-6));
}

/// N clients that spread their first try evenly over J come at N / J.
#[test]
fn jitter_spreads_a_storm_over_its_length() {
    let world = |jitter: u64| {
        let mut world = with(lasting(60), Population::Open(2_000), RARELY, |sessions| {
            sessions.reconnect = Reconnect { jitter: Duration::from_secs(jitter), ..RECONNECT };
        });
        hit(&mut world, "blink", [10_000, 10_001], &[Target::Place(PlaceId(0))], &[Effect::Down(Manner::Refused)]);
        world.faults[FaultId(0)].recovery = Duration::from_secs(50);
        world
    };
    let spread = run_of(&world(20), 5, 0);
    let (row, fault) = (&spread.sessions[0], &spread.sessions[0].faults[0]);
    assert_eq!((fault.broken, fault.given_up, fault.back.count), (2_000, 0, 2_000));
    // Each second is binomial of 2000 and 1/20; four standard deviations.
    for second in 11..29 {
        assert!((f64::from(row.tried[second]) - 100.0).abs() < 39.0, "{second}: {}", row.tried[second]);
    }
    assert_eq!((fault.before, fault.before_seconds), (0, 10));
    for share in [0.5, 0.9, 0.95, 0.99] {
        let error = 4.0 * 20.0 * (share * (1.0 - share) / 2_000_f64).sqrt();
        assert!((back_s(fault, share) - 20.0 * share).abs() < error, "{share}: {}", back_s(fault, share));
    }
    // Without it all come at once, find nobody, and come again within the first window of their back-off.
    let at_once = run_of(&world(0), 5, 0);
    let fault = &at_once.sessions[0].faults[0];
    assert!((4_000..4_050).contains(&fault.worst_second), "{}", fault.worst_second);
    assert!((back_s(fault, 0.5) - 0.5).abs() < 4.0 * (0.25 / 2_000_f64).sqrt(), "{}", back_s(fault, 0.5));
}

/// Logins are heavier than what players do: a storm of N clears in N / mu, first come, first served.
#[test]
fn a_storm_of_logins_clears_as_fast_as_they_are_served() {
    let small = Small { work: Law::Constant(0.01), workers: 1, ..lasting(60) };
    let mut world = with(small, Population::Open(1_000), RARELY, |sessions| {
        sessions.login = Some(0);
        sessions.reconnect = Reconnect { after: Duration::from_millis(100), ..RECONNECT };
    });
    hit(&mut world, "blink", [10_000, 10_001], &[Target::Place(PlaceId(0))], &[Effect::Down(Manner::Refused)]);
    world.faults[FaultId(0)].recovery = Duration::from_secs(50);
    let run = run_of(&world, 5, 0);
    let fault = &run.sessions[0].faults[0];
    assert_eq!((fault.broken, fault.back.count), (1_000, 1_000));
    for share in [0.5, 0.9, 0.95, 0.99] {
        let due = 0.1 + share * 1_000.0 * 0.01;
        assert!((back_s(fault, share) / due - 1.0).abs() < 0.002, "{share}: {}", back_s(fault, share));
    }
    assert_eq!((sent(&run), latencies(&run).count), (1_000, 1_000), "each logs in once");
}

/// After long in vain a client waits evenly in [0, M) between tries; what is left of such a wait is M / 3 on average.
#[test]
fn full_jitter_leaves_a_third_of_the_longest_wait_once_the_ingress_is_back() {
    let mut world = with(lasting(200), Population::Open(500), RARELY, |sessions| {
        sessions.reconnect = Reconnect { max: Duration::from_secs(8), ..RECONNECT };
    });
    down(&mut world, "away", 10, 110, &[Target::Place(PlaceId(0))], Manner::Refused);
    let run = run_of(&world, 9, 0);
    let fault = &run.sessions[0].faults[0];
    assert_eq!((fault.broken, fault.back.count), (500, 500));
    let rest = fault.back.mean_ns().expect("all are back") / 1e9 - 100.0;
    // E R = E X^2 / 2 E X = 8/3, E R^2 = E X^3 / 3 E X = 32/3: four standard errors of 500.
    let error = 4.0 * ((32.0 / 3.0 - 64.0 / 9.0) / 500_f64).sqrt();
    assert!((rest - 8.0 / 3.0).abs() < error, "{rest}");
}

#[test]
fn a_silent_death_is_noticed_by_who_asks_and_loses_patience() {
    let think = || Law::Constant(5.0);
    let mut world = with(lasting(60), Population::Open(100), think(), |_| {});
    let patience = world.laws.push(Law::Constant(2.0));
    world.streams[StreamId(0)].patience = Some(patience);
    down(&mut world, "dark", 20, 40, &[Target::Place(PlaceId(0))], Manner::Silent);
    world.faults[FaultId(0)].recovery = Duration::from_secs(20);
    let run = run_of(&world, 4, 0);
    let fault = &run.sessions[0].faults[0];
    // Each asks once within 5 s, waits for 2 s, and has lost that one request. Then it knocks.
    assert_eq!((failed(&run, Failure::Abandoned), fault.broken, fault.back.count), (100, 100, 100));
    let broke: Vec<u64> = run.sessions[0].windows.iter().map(|window| window.broken).collect();
    assert_eq!((broke[..22].iter().sum::<u64>(), broke[22..27].iter().sum::<u64>()), (0, 100));
    // Nobody is back before it is; then a client knocks within its back-off of 10 s of vain SYNs, or its next SYN.
    assert!(fault.back.min_ns >= 20_000_000_000, "{}", fault.back.min_ns);
    assert!(fault.back.max_ns < 36_000_000_000, "{}", fault.back.max_ns);
}

#[test]
fn who_knows_nothing_waits_for_its_kernel_to_give_up() {
    let mut world = with(lasting(1_200), Population::Open(1), Law::Constant(30.0), |_| {});
    down(&mut world, "dark", 100, 1_190, &[Target::Place(PlaceId(0))], Manner::Silent);
    let run = run_of(&world, 4, 0);
    assert_eq!(failed(&run, Failure::Reset), 1);
    let broken = run.sessions[0].windows.iter().position(|window| window.broken == 1).expect("it broke");
    // It asks within 30 s of 100 s, and its bytes are given up 924.6 s later: windows are of 20 s.
    assert!([51, 52].contains(&broken), "{broken}");
}

#[test]
fn the_request_of_a_reset_connection_fails_and_its_session_comes_back() {
    // 40 ms there and back to the servers, so that some requests are under way at any time.
    let small = Small { one_way: Duration::from_millis(200), ..lasting(60) };
    let mut world = with(small, Population::Open(200), Law::Exponential { mean: 1.0 }, |_| {});
    hit(&mut world, "blink", [30_000, 30_100], &[Target::Place(PlaceId(0))], &[Effect::Down(Manner::Refused)]);
    world.faults[FaultId(0)].recovery = Duration::from_secs(30);
    let run = run_of(&world, 6, 0);
    let fault = &run.sessions[0].faults[0];
    assert_eq!((fault.broken, fault.back.count), (200, 200));
    // Under way: 0.4 of each 1.4 s.
    let reset = failed(&run, Failure::Reset) as f64;
    assert!((reset - 200.0 * 0.4 / 1.4).abs() < 4.0 * (200.0 * 0.286 * 0.714_f64).sqrt(), "{reset}");
}

#[test]
fn who_gives_up_is_gone() {
    let mut world = with(lasting(100), Population::Open(300), RARELY, |sessions| {
        let give_up = Some(Duration::from_secs(20));
        sessions.reconnect = Reconnect { max: Duration::from_secs(4), give_up, ..RECONNECT };
    });
    down(&mut world, "away", 10, 60, &[Target::Place(PlaceId(0))], Manner::Refused);
    let run = run_of(&world, 2, 0);
    let fault = &run.sessions[0].faults[0];
    assert_eq!((fault.broken, fault.given_up, fault.back.count), (300, 300, 0));
    assert!((open_in(&run.sessions[0], 59, 100.0 / 60.0)).abs() < 1e-9);
}

/// Where neither thinking nor an answer takes time, a user asks every millisecond, not without end at one instant.
#[test]
fn time_moves_where_answers_and_thinking_take_none() {
    const AT_ONCE: Law = Law::Constant(0.0);
    let second = || Small { horizon: Duration::from_secs(1), ..Small::default() };
    let closed = Small { arrivals: Arrivals::Closed { users: 3, think: AT_ONCE }, ..second() }.world();
    let sessions = with(second(), Population::Open(3), AT_ONCE, |_| {});
    let brief = with(second(), Population::Open(3), AT_ONCE, |sessions| sessions.last = Some(AT_ONCE));
    for world in [closed, sessions, brief] {
        let mut drained = world.clone();
        let all: Vec<Target> = drained.endpoints.ids().map(Target::Endpoint).collect();
        hit(&mut drained, "drain", [500, 1_000], &all, &[Effect::Drain { grace: Duration::ZERO }]);
        for (world, lost) in [(world, 0), (drained, 1_500)] {
            let run = run_of(&world, 5, 0);
            let failures: u64 = Failure::ALL.iter().map(|&failure| failed(&run, failure)).sum();
            assert!(sent(&run).abs_diff(3_000) <= 6, "{}", sent(&run));
            assert!(failures.abs_diff(lost) <= 6, "{failures}");
        }
    }
}

/// Of the tries of any time no more fail than there are, though those of before t = 0 fail after it.
#[test]
fn failures_are_told_where_their_tries_are() {
    let small = Small { work: Law::Constant(2.0), workers: 1, fill: Duration::from_secs(20), ..lasting(60) };
    let mut world = with(small, Population::Open(50), RARELY, |sessions| {
        sessions.login = Some(0);
        sessions.last = Some(Law::Exponential { mean: 5.0 });
    });
    let patience = world.laws.push(Law::Constant(3.0));
    world.streams[StreamId(0)].patience = Some(patience);
    let windows = &run_of(&world, 5, 0).sessions[0].windows;
    assert!(windows[0].tried > 0 && windows.iter().map(|window| window.failed).sum::<u64>() > 100);
    assert!(windows.iter().all(|window| window.failed <= window.tried));
}

/// Their answers are 20 ms of work away: whether that is good is told of the user, whoever it is and whatever its session.
#[test]
fn users_of_sessions_are_up_while_their_answers_come_in_time() {
    let run = |good_within: Option<u64>| {
        let small = Small { work: Law::Constant(0.02), workers: 100, ..lasting(60) };
        let mut world = with(small, Population::Open(20), Law::Constant(1.0), |sessions| {
            sessions.last = Some(Law::Exponential { mean: 10.0 });
        });
        let good_within = good_within.map(Duration::from_millis);
        world.people.insert(StreamId(0), People { count: 20, cutoff: Duration::from_secs(5), good_within });
        down(&mut world, "away", 30, 40, &[Target::Place(PlaceId(0))], Manner::Silent);
        run_of(&world, 3, 0)
    };
    let active = |run: &eastwest::record::Run, from: usize, to: usize| {
        let bins = &run.users[0].bins[from..to];
        bins.iter().fold((0, 0), |sum, bin| (sum.0 + bin.up, sum.1 + bin.down))
    };
    for good_within in [None, Some(200)] {
        let run = run(good_within);
        let (up, down) = active(&run, 2, 29);
        assert!(up > 0 && down == 0, "{good_within:?}: {up} {down}");
        assert_eq!(active(&run, 36, 40).0, 0, "{good_within:?}: nobody is there, and the cutoff is over");
    }
    let (up, down) = active(&run(Some(10)), 2, 29);
    assert!(up == 0 && down > 0, "nobody is answered within 10 ms: {up} {down}");
}
