//! A host that joins gets a share that grows.

use eastwest::mesh;
use eastwest::policy::{Balance, Policy, SlowStart};
use eastwest::units::Duration;
use eastwest::world::*;

use crate::worlds::{down, multi_primary};
use crate::{Group, counts, policy, world};

/// Requests of the new host and of all others between seconds of the run.
fn between(world: &World, from: u64, to: u64) -> (f64, f64) {
    let until = |seconds: u64| {
        let mut world = world.clone();
        world.plan.horizon = Duration::from_secs(seconds);
        world.plan.drain = Duration::ZERO;
        counts(&mesh::run(&world, 5, 0), 2)
    };
    let (before, after) = (until(from), until(to));
    ((after[0] - before[0]) as f64, (after[1] - before[1]) as f64)
}

#[test]
fn the_share_of_a_new_host_rises_as_its_weight_does() {
    for (balance, aggression) in [(Balance::RoundRobin, 1.0), (Balance::RoundRobin, 2.0), (Balance::LEAST_REQUEST, 1.0)]
    {
        let rule = SlowStart { window: Duration::from_secs(60), min: 0.1, aggression };
        let groups = [Group::of(0, 0, Health::Healthy, 1), Group::of(0, 0, Health::Healthy, 9)];
        let policy = Policy { warmup: Some(rule), ..policy(balance) };
        let mut world = world(&groups, &[], Among::Hosts, policy);
        multi_primary(&mut world);
        // Its process is gone for a while: a second later it is unready, and pushed away; so again when it is back.
        down(&mut world, "restart", 20, 60, &[Target::Endpoint(EndpointId(0))], Manner::Refused);
        assert_eq!(between(&world, 30, 60).0, 0.0, "{balance:?}: it is not there");
        let (early, others) = between(&world, 5, 15);
        assert!((early / others * 9.0 - 1.0).abs() < 0.1, "{balance:?}: it was there before: {early} of {others}");
        // It joins with the first probe that succeeds, some seconds later: take the first second in which it is asked.
        let joined = (60..120).find(|&at| between(&world, 60, at + 1).0 > 0.0).expect("it comes back");
        for age in [10_u64, 20, 30, 40, 50] {
            let (new, others) = between(&world, joined + age - 4, joined + age + 4);
            let expected = rule.factor(Duration::from_secs(age));
            let seen = new / (others / 9.0);
            // It joined within a second of that, and a count of a hundred is uneven by a tenth.
            assert!((seen / expected - 1.0).abs() < 0.15, "{balance:?} at {age} s: {seen}, {expected} due");
        }
        let (late, others) = between(&world, joined + 70, joined + 100);
        assert!((late / others * 9.0 - 1.0).abs() < 0.1, "{balance:?}: {late} of {others} in the end");
    }
}
