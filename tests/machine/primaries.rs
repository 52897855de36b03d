//! Databases with a primary and replicas: what is refused, what is lost, and for how long, by hand.

use eastwest::mesh;
use eastwest::policy::{Policy, RetryOn, defaults};
use eastwest::random::Law;
use eastwest::record::{Failure, PromotionRow, Run};
use eastwest::units::{Duration, SimTime};
use eastwest::workload::Arrivals;
use eastwest::world::*;

use crate::run;
use crate::worlds::{Small, down, every, poisson};

const WEST: ClusterId = ClusterId(0);
const EAST: ClusterId = ClusterId(1);
const DB: DatabaseId = DatabaseId(0);

/// Ten writes a second from `server` in `east`, at once and without any work; `after` 2 s, `takes` 1 s, a lag of 0.5 s.
/// Nothing but the link `wire` is between the two copies.
fn world(primary: ClusterId, arrivals: Arrivals) -> World {
    let mut world = Small { arrivals, ..Small::default() }.world();
    let wire = Link { name: "wire".into(), ..world.links[LinkId(0)].clone() };
    let wire = ControlWay { links: vec![world.links.push(wire)], ..ControlWay::default() };
    let wire = CopyWay { to: PlaceId::NONE, way: wire };
    let replica = if primary == WEST { EAST } else { WEST };
    let own = |copy: ClusterId, cluster: ClusterId| if copy == cluster { vec![] } else { vec![wire.clone()] };
    let copies = vec![primary, replica];
    world.databases.push(Database {
        name: "orders-db".into(),
        ways: [WEST, EAST].iter().flat_map(|cluster| copies.iter().map(|copy| own(*copy, *cluster))).collect(),
        copies,
        writes: vec![OperationId(0)],
        lag: Some(Law::Constant(0.5)),
        after: Some(Duration::from_secs(2)),
        takes: Duration::from_secs(1),
        fence: true,
    });
    world
}

fn no_primary(run: &Run) -> u64 {
    run.rows.iter().flat_map(|row| &row.windows).map(|window| window.failed[Failure::NoPrimary as usize]).sum()
}

/// Writes: asked, refused, acknowledged, lost.
fn writes(run: &Run) -> [u64; 4] {
    let row = &run.writes[0];
    assert_eq!((row.store.as_str(), row.service.as_str()), ("orders-db", "server"));
    [row.asked, row.refused, row.acknowledged, row.lost]
}

#[test]
fn what_was_written_within_the_lag_is_lost_and_what_comes_until_the_promotion_is_refused() {
    let mut world = world(WEST, every(10.0));
    down(&mut world, "crash", 3, 9, &[Target::Database(DB, WEST)], Manner::Silent);
    let run = run(&world);
    // 99 writes at 0.1 s, 0.2 s ...: thirty of them from 3.0 s to 5.9 s; lost are those at 2.5 s to 2.9 s.
    assert_eq!(writes(&run), [99, 30, 69, 5]);
    assert_eq!(no_primary(&run), 30);
    let due = PromotionRow {
        store: "orders-db".into(),
        from: "west".into(),
        to: "east".into(),
        fault: Some("crash".into()),
        planned: false,
        since_ns: 3_000_000_000,
        done_ns: Some(6_000_000_000),
        served_ns: Some(6_000_000_000),
        rpo_ns: 500_000_000,
        lost: 5,
    };
    assert_eq!((run.promotions[0].rto_ns(), &run.promotions[..]), (Some(3_000_000_000), &[due][..]));
    // Nothing is asked of a worker for a write that is refused.
    assert_eq!((run.services[0].arrived, run.services[0].visits), (99, 69));
}

#[test]
fn who_is_back_in_time_stays_the_primary_and_nothing_is_lost() {
    let mut world = world(WEST, every(10.0));
    down(&mut world, "blink", 3, 5, &[Target::Database(DB, WEST)], Manner::Silent);
    let run = run(&world);
    assert_eq!(writes(&run), [99, 20, 79, 0]);
    assert!(run.promotions.is_empty());
}

#[test]
fn a_primary_that_is_cut_off_goes_on_until_its_fence_or_until_it_hears_of_the_other() {
    let cut = |fence: bool| {
        let mut world = world(EAST, every(10.0));
        world.databases[DB].fence = fence;
        down(&mut world, "cut", 3, 8, &[Target::Link(LinkId(2))], Manner::Silent);
        // No call goes over the wire.
        run(&world)
    };
    // The writers stand beside it: until 5 s they write for nothing, then nobody is reached until the cut ends.
    let fenced = cut(true);
    assert_eq!(writes(&fenced), [99, 30, 69, 25]);
    assert_eq!((fenced.promotions[0].rpo_ns, fenced.promotions[0].rto_ns()), (2_500_000_000, Some(5_000_000_000)));
    // Nobody is refused, and more is lost: all from 2.5 s to 7.9 s.
    let split = cut(false);
    assert_eq!(writes(&split), [99, 0, 99, 55]);
    assert_eq!((split.promotions[0].rpo_ns, split.promotions[0].lost), (5_500_000_000, 55));
}

#[test]
fn an_operator_switches_and_nothing_is_lost() {
    let mut world = world(WEST, every(10.0));
    world.actions.push(OperatorAction {
        name: "switch".into(),
        when: Occasion::At(SimTime::ZERO + Duration::from_secs(4)),
        needs: vec![],
        sets: vec![Set::Primary(DB, EAST)],
    });
    let run = run(&world);
    assert_eq!(writes(&run), [99, 10, 89, 0]);
    assert!(run.promotions[0].planned && run.promotions[0].fault.is_none());
    assert_eq!((run.promotions[0].done_ns, run.promotions[0].rpo_ns), (Some(5_000_000_000), 0));
}

#[test]
fn a_write_under_way_when_its_primary_dies_is_worked_for_in_vain() {
    let mut world = world(WEST, every(10.0));
    world.laws[LawId(0)] = Law::Constant(0.25);
    down(&mut world, "crash", 3, 9, &[Target::Database(DB, WEST)], Manner::Silent);
    let run = run(&world);
    // Those of 2.8 s and 2.9 s find it dead when they are done; of the 28 before them, answered from 0.35 s to 2.95 s, lost are
    // those answered from 2.5 s on, 2.3 s to 2.7 s. The last, of 9.8 s and 9.9 s, are answered after the horizon, and counted.
    assert_eq!(writes(&run), [99, 32, 67, 5]);
    assert_eq!(run.services[0].visits, 69);
}

#[test]
fn who_reads_asks_for_no_primary_and_who_tries_again_may_write_twice() {
    let mut reading = world(WEST, every(10.0));
    reading.databases[DB].writes.clear();
    down(&mut reading, "crash", 3, 9, &[Target::Database(DB, WEST)], Manner::Silent);
    let calm = run(&reading);
    assert_eq!((no_primary(&calm), calm.writes.len()), (0, 0));
    // A 503 of the application: tried again where the mesh says so, and counted each time.
    let retry_on = RetryOn::from_words(&["5xx"]).expect("known words");
    let policy = Policy { retries: 2, retry_on, ..defaults::policy((1, 24)) };
    let mut eager = world(WEST, every(10.0));
    eager.policies[PolicyId(0)] = policy;
    down(&mut eager, "crash", 3, 9, &[Target::Database(DB, WEST)], Manner::Silent);
    let run = run(&eager);
    let [asked, refused, acknowledged, lost] = writes(&run);
    assert_eq!((asked - refused, lost), (acknowledged, 5));
    assert!(no_primary(&run) == 30 && (89..=90).contains(&refused), "{refused}");
}

#[test]
fn lost_writes_are_the_rate_times_the_lag() {
    let mut world = world(WEST, poisson(50.0));
    world.plan.horizon = Duration::from_secs(30);
    world.databases[DB].lag = Some(Law::Exponential { mean: 2.0 });
    down(&mut world, "crash", 20, 29, &[Target::Database(DB, WEST)], Manner::Silent);
    let (mut lost, mut lag) = (0, 0.0);
    for replication in 0..40 {
        let run = mesh::run(&world, 7, replication);
        lost += run.promotions[0].lost;
        lag += run.promotions[0].rpo_ns as f64 / 1e9;
    }
    // Forty lags of 2 s in the mean, each with a deviation of 2 s; and Poisson's deviation of 4000 writes, 63.
    assert!((lag / 40.0 - 2.0).abs() < 3.0 * 2.0 / libm::sqrt(40.0), "{lag}");
    assert!((lost as f64 - 50.0 * lag).abs() < 4.0 * libm::sqrt(50.0 * lag), "{lost} in {lag} s");
}
