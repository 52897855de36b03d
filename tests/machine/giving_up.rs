//! Users and callers who no longer wait, and servers that drop what nobody waits for: by hand arithmetic.

use eastwest::mesh;
use eastwest::policy::{Policy, RetryOn, defaults};
use eastwest::random::Law;
use eastwest::record::{Failure, Run};
use eastwest::units::Duration;
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::*;

use crate::worlds::{Small, every};
use crate::{balanced, failed, latencies, sent};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// One worker of 100 ms, 20 requests/s: half of them are too many.
fn busy(policy: Policy) -> Small {
    let (work, workers) = (Law::Constant(0.1), 1);
    Small { work, workers, arrivals: every(20.0), policy, horizon: Duration::from_secs(60), ..Small::default() }
}

fn dropping(small: Small, on_cancel: OnCancel) -> World {
    let mut world = small.world();
    world.services[ServiceId(0)].on_cancel = on_cancel;
    world
}

fn timeout(ms: u64) -> Policy {
    Policy { retries: 0, timeout: Some(MS(ms)), ..defaults::policy((1, 24)) }
}

/// 20 requests/s for 30 s, then 5.
fn a_crowd() -> Arrivals {
    let at = Duration::from_secs;
    let rate = Rate { points: vec![(at(0), 20.0), (at(30), 20.0), (at(30), 5.0)] };
    Arrivals::Open { gap: Law::Constant(1.0), rate }
}

#[test]
fn a_server_that_drops_forgets_a_crowd_at_once_and_one_that_finishes_serves_it_to_nobody() {
    // The queue grows by one each 100 ms. Request n comes at 50 n ms and would be served from 50 + 100 (n - 1) on: from a
    // wait of 400 ms on, whoever is served has given up before the end. First come, first served is of no help to a server
    // that drops: it begins with whoever has waited longest, and he is about to leave. But its queue is at most 500 ms.
    let of = |on_cancel| mesh::run(&dropping(Small { arrivals: a_crowd(), ..busy(timeout(500)) }, on_cancel), 1, 0);
    let (finishes, drops) = (of(OnCancel::Finish), of(OnCancel::DropQueued));
    for run in [&finishes, &drops] {
        balanced(run);
        assert_eq!(latencies(run).count + failed(run, Failure::Timeout), sent(run));
    }
    // By second of the 60: how many were answered.
    let answered = |run: &Run, second: usize| run.rows[0].windows[second].latency.count;
    assert!((1..30).all(|second| answered(&finishes, second) == 0 && answered(&drops, second) == 0));
    // 600 came and 300 were served: the other 300 take until second 60, for five more come each second.
    assert!((30..59).all(|second| answered(&finishes, second) == 0));
    assert!((32..60).all(|second| answered(&drops, second) == 5), "half a second of queue is soon over");
    assert_eq!(finishes.services[0].dropped, 0);
    assert!((285..=300).contains(&drops.services[0].dropped), "{}", drops.services[0].dropped);
    assert!(drops.services[0].wait.max_ns <= 500_000_000);
    assert!(finishes.services[0].wait.max_ns > 29_000_000_000);
}

#[test]
fn the_news_takes_one_way_and_never_comes_before_its_request() {
    // 30 ms each way, work of 1 s on one worker, a timeout of 100 ms; a request each 400 ms. The first one runs; each
    // later one comes 30 ms after it was sent and is dropped 130 ms after that: it waited exactly 100 ms.
    let small = Small {
        work: Law::Constant(1_000.0),
        workers: 1,
        arrivals: every(2.5),
        one_way: MS(30),
        policy: timeout(100),
        ..Small::default()
    };
    let run = mesh::run(&dropping(small, OnCancel::DropQueued), 1, 0);
    let row = &run.services[0];
    assert_eq!((row.arrived, row.dropped), (24, 23));
    assert_eq!((row.wait.max_ns, row.wait.sum_ns), (100_000_000, 23 * 100_000_000));
    // A timeout shorter than the way: the news stays behind the request, which is turned back at the door.
    let short = Small { policy: timeout(20), arrivals: every(2.5), one_way: MS(30), ..Small::default() };
    let run = mesh::run(&dropping(short, OnCancel::DropQueued), 1, 0);
    let row = &run.services[0];
    assert_eq!((row.arrived, row.dropped, row.visits), (24, 0, 24), "it has come when the news comes: 20 + 30 ms");
}

#[test]
fn who_waits_for_a_thread_leaves_too() {
    // One thread, held for 10 s by each; who waits for it gives up after 1 s.
    let small = Small {
        work: Law::Constant(10.0),
        workers: 1,
        threads: Some(1),
        queue: Some(2),
        arrivals: every(1.0),
        policy: timeout(1_000),
        horizon: Duration::from_secs(100),
        ..Small::default()
    };
    let finishes = mesh::run(&dropping(Small { ..small_of(&small) }, OnCancel::Finish), 1, 0);
    let drops = mesh::run(&dropping(small, OnCancel::DropQueued), 1, 0);
    // Two wait and are served in their turn though nobody wants them; the others find no room.
    assert!(failed(&finishes, Failure::Overflow) > 80);
    assert_eq!(failed(&drops, Failure::Overflow), 0, "there is always room again");
    assert!(drops.services[0].dropped >= 88, "{}", drops.services[0].dropped);
    assert_eq!(latencies(&drops).count, 0);
    balanced(&drops);
}

/// The same again: a small world is used up by becoming one.
fn small_of(small: &Small) -> Small {
    Small {
        work: small.work.clone(),
        arrivals: small.arrivals.clone(),
        policy: small.policy.clone(),
        cap: small.cap,
        ..*small
    }
}

#[test]
fn a_user_gives_up_when_patience_ends_whatever_the_mesh_still_tries() {
    // 300 ms of work, per-try timeouts of 200 ms, five retries: the mesh would go on for more than a second.
    let retry_on = RetryOn { gateway_error: true, ..RetryOn::default() };
    let policy = Policy { retries: 5, retry_on, per_try: Some(MS(200)), ..defaults::policy((1, 24)) };
    let small = Small { work: Law::Constant(0.3), arrivals: every(10.0), policy, ..Small::default() };
    let mut world = small.world();
    let patience = world.laws.push(Law::Constant(0.5));
    world.streams[StreamId(0)].patience = Some(patience);
    let run = mesh::run(&world, 1, 0);
    assert_eq!((failed(&run, Failure::Abandoned), sent(&run)), (99, 99));
    // A first try, and a second after a back-off of at most 25 ms; the third begins before 450 ms.
    let attempts = run.edges[0].attempts;
    assert!((2 * 99..=3 * 99).contains(&attempts), "{attempts}");
    balanced(&run);
}

#[test]
fn patience_is_the_users_own_and_does_not_move_with_what_they_meet() {
    // Half of the answers come in 10 ms, half of the users wait for less than that; nothing else decides.
    let small = |work: f64| Small { work: Law::Constant(work), arrivals: every(100.0), ..Small::default() };
    let run = |work: f64| {
        let mut world = small(work).world();
        let patience = world.laws.push(Law::Uniform { low: 0.0, high: 0.02 });
        world.streams[StreamId(0)].patience = Some(patience);
        mesh::run(&world, 3, 0)
    };
    let (quick, slow) = (run(0.005), run(0.01));
    let (few, many) = (failed(&quick, Failure::Abandoned), failed(&slow, Failure::Abandoned));
    assert!((200..300).contains(&few) && (450..550).contains(&many), "{few} and {many} of {}", sent(&quick));
    balanced(&slow);
}
