//! Pools, limits, idle connections and handshakes, exactly.

use std::collections::BTreeSet;

use eastwest::mesh;
use eastwest::policy::{Keepalive, Policy, Pool, Protocol, defaults};
use eastwest::random::Law;
use eastwest::record::{Exemplar, Failure, Run, Trace};
use eastwest::table::Table;
use eastwest::units::Duration;
use eastwest::world::*;

use crate::worlds::{Small, down, every, hit, second_client};
use crate::{MS, balanced, failed, latencies, sent};

const HTTP1: Pool = Pool { protocol: Protocol::Http1, ..NONE };
const NONE: Pool = Pool {
    protocol: Protocol::Http2,
    max_connections: u32::MAX,
    max_streams: u32::MAX,
    max_requests_per_connection: u32::MAX,
    max_pending: u32::MAX,
    max_requests: u32::MAX,
    max_retries: u32::MAX,
    idle_timeout: None,
    keepalive: None,
};

fn pooled(pool: Pool) -> Policy {
    Policy { retries: 0, pool, ..defaults::policy((1, 24)) }
}

/// Requests at a rate for a while, `round_trip` microseconds away, over connections that are there at once.
fn small(pool: Pool, rate: f64, round_trip: u64, millis: u64) -> Small {
    Small {
        one_way: Duration::from_micros(round_trip / 2),
        arrivals: every(rate),
        horizon: Duration::from_millis(millis),
        policy: pooled(pool),
        ..Small::default()
    }
}

fn opened(run: &Run) -> u64 {
    run.edges[0].connections
}

fn follow(world: &World, ordinal: u64) -> Trace {
    let which = Exemplar { stream: 0, ordinal, ..Exemplar::default() };
    mesh::trace(world, 1, 0, which, "exact", |_| true).expect("it comes")
}

#[test]
fn http_1_opens_a_connection_for_each_request_in_flight_and_http_2_one_for_all() {
    // Every 10 ms a request that takes 95 ms: ten at once.
    for (pool, connections) in
        [(NONE, 1), (HTTP1, 10), (Pool { max_streams: 2, ..NONE }, 5), (Pool { max_streams: 3, ..NONE }, 4)]
    {
        let run = mesh::run(&small(pool, 100.0, 95_000, 2_000).world(), 1, 0);
        assert_eq!(opened(&run), connections, "{pool:?}");
        let all = latencies(&run);
        assert_eq!((all.min_ns, all.max_ns, all.count), (95 * MS, 95 * MS, sent(&run)));
        balanced(&run);
    }
}

#[test]
fn the_connection_used_last_is_used_first() {
    // Two requests at once at first, one at a time after: the second connection rests and is closed.
    let pool = Pool { idle_timeout: Some(Duration::from_secs(2)), ..HTTP1 };
    let run = mesh::run(&small(pool, 1.0, 1_500_000, 10_000).world(), 1, 0);
    // 1.5 s each, one a second: two in flight half of the time, so both stay in use.
    assert_eq!(opened(&run), 2);
}

#[test]
fn requests_wait_for_a_connection_first_come_first_served() {
    // One connection, a request every 50 ms, 100 ms each: request n waits for n times 50 ms.
    let pool = Pool { max_connections: 1, ..HTTP1 };
    let run = mesh::run(&small(pool, 20.0, 100_000, 1_000).world(), 1, 0);
    let (all, count) = (latencies(&run), sent(&run));
    assert_eq!((opened(&run), all.min_ns, all.max_ns), (1, 100 * MS, (100 + 50 * (count - 1)) * MS));
    assert_eq!(all.sum_ns, u128::from(count * 100 * MS + 50 * MS * (count * (count - 1) / 2)));
    balanced(&run);
}

#[test]
fn past_its_thresholds_a_circuit_breaker_refuses_at_once() {
    // A request every 10 ms, a second each. One connection and two that may wait: three are served, after 1, 2, 3 s.
    let pool = Pool { max_connections: 1, max_pending: 2, ..HTTP1 };
    let run = mesh::run(&small(pool, 100.0, 1_000_000, 500).world(), 1, 0);
    let all = latencies(&run);
    assert_eq!((all.count, all.min_ns, all.max_ns), (3, 1_000 * MS, 2_980 * MS));
    assert_eq!(all.sum_ns, u128::from((1_000 + 1_990 + 2_980) * MS));
    assert_eq!(failed(&run, Failure::CircuitBreaker), sent(&run) - 3);
    // Three at once, whatever the connections.
    for pool in [Pool { max_requests: 3, ..HTTP1 }, Pool { max_requests: 3, ..NONE }] {
        let run = mesh::run(&small(pool, 100.0, 1_000_000, 500).world(), 1, 0);
        assert_eq!((latencies(&run).count, failed(&run, Failure::CircuitBreaker)), (3, sent(&run) - 3));
        balanced(&run);
    }
}

#[test]
fn each_proxy_has_circuit_breakers_of_its_own() {
    // A hundred a second of one client, ten of the other, 95 ms each, to the same server: ten and one at once.
    for (pool, most) in [(NONE, 3), (HTTP1, 3), (NONE, 9), (NONE, 10)] {
        let mut world = small(Pool { max_requests: most, ..pool }, 100.0, 95_000, 2_000).world();
        second_client(&mut world, 2);
        world.streams[StreamId(1)].arrivals = every(10.0);
        let run = mesh::run(&world, 1, 0);
        let refused: Vec<u64> = run.edges.iter().map(|edge| edge.failed[Failure::CircuitBreaker as usize]).collect();
        // The first `most` of every ten find room: those after them come before the first is answered.
        assert_eq!(refused[0] > 0, most < 10, "{pool:?}: {refused:?}");
        let (calls, share) = (run.edges[0].attempts, u64::from(10 - most));
        assert!(refused[0].abs_diff(calls * share / 10) <= 10, "{refused:?} of {calls}");
        assert_eq!(refused[1], 0, "the other client's breaker is closed");
        balanced(&run);
    }
}

#[test]
fn a_circuit_breaker_is_never_tried_again_and_bounds_retries() {
    let mut small = small(Pool { max_connections: 1, max_pending: 0, ..HTTP1 }, 100.0, 1_000_000, 500);
    small.policy.retries = 3;
    small.policy.retry_on.server_error = true;
    let run = mesh::run(&small.world(), 1, 0);
    // Nobody may wait, so that not even the first one gets a connection that is still to be opened.
    assert_eq!(run.edges[0].attempts, sent(&run));
    assert_eq!(failed(&run, Failure::CircuitBreaker), sent(&run));
}

#[test]
fn a_connection_takes_no_more_requests_than_it_may() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let pool = Pool { protocol, max_requests_per_connection: 5, ..NONE };
        let world = small(pool, 10.0, 20_000, 10_050).world();
        // The first, of before the run, has taken 0 to 4 already: only of 0 do 20 suffice.
        let mut whole = 0;
        for seed in 0..200 {
            let run = mesh::run(&world, seed, 0);
            assert!(sent(&run) == 100 && matches!(opened(&run), 20 | 21), "{protocol:?}");
            whole += u32::from(opened(&run) == 20);
        }
        // 40 of 200, by four standard deviations.
        assert!((18..=62).contains(&whole), "{whole}");
    }
}

#[test]
fn each_worker_of_a_proxy_has_connections_of_its_own() {
    for workers in [1, 2, 4] {
        let mut world = small(NONE, 100.0, 20_000, 2_000).world();
        let place = world.proxies[ProxyId(0)].place;
        let station = world.stations.push(Station { name: "ingress".into(), servers: workers, place });
        world.proxies[ProxyId(0)].station = station;
        let run = mesh::run(&world, 1, 0);
        assert_eq!(opened(&run), u64::from(workers));
    }
}

#[test]
fn an_idle_connection_is_closed_at_its_limit_and_not_a_nanosecond_before() {
    let idle = |limit: u64| {
        let pool = Pool { idle_timeout: Some(Duration::from_nanos(limit)), ..NONE };
        mesh::run(&Small { handshake: 2, ..small(pool, 1.0, 20_000, 10_500) }.world(), 1, 0)
    };
    // A request a second, 20 ms on a warm connection, 60 on a cold one: 980 ms of rest after a warm one.
    let (kept, closed) = (idle(980 * MS + 1), idle(980 * MS));
    assert_eq!((opened(&kept), latencies(&kept).sum_ns), (1, u128::from((60 + 9 * 20) * MS)));
    assert_eq!((opened(&closed), latencies(&closed).sum_ns), (5, u128::from(5 * (60 + 20) * MS)));
    // 940 ms after a cold one.
    assert_eq!(opened(&idle(940 * MS)), 10);
}

#[test]
fn a_connection_that_is_old_takes_no_more_requests() {
    let lasting = |until: u64| {
        let mut small = Small { handshake: 2, ..small(NONE, 1.0, 20_000, until) };
        small.policy.max_connection_age = Some(Duration::from_secs(3));
        small.world()
    };
    // The first has any part of its life before it, and carries one, two or three requests; the others carry three each:
    // that of 3 s later comes at its age to the nanosecond.
    let mut second = [0; 3];
    for seed in 0..300 {
        assert_eq!(opened(&mesh::run(&lasting(4_500), seed, 0)), 2);
        let run = mesh::run(&lasting(10_500), seed, 0);
        assert_eq!((sent(&run), opened(&run)), (10, 4));
        second[opened(&mesh::run(&lasting(2_500), seed, 0)) as usize] += 1;
    }
    // 100 of 300 have ended by their second request, by four standard deviations.
    assert!((67..=133).contains(&second[2]) && second[1] + second[2] == 300, "{second:?}");
    // What is used for the first time after a fault is new.
    let mut world = lasting(3_500);
    hit(&mut world, "long over", [0, 1], &[Target::Path(PathId(0))], &[Effect::Shut]);
    assert!((0..20).all(|seed| opened(&mesh::run(&world, seed, 0)) == 1));
}

#[test]
fn a_balancer_resets_what_rests_or_forgets_it_and_probes_keep_it_open() {
    let rests = |silent: bool, change: fn(&mut Policy)| {
        let mut small = Small { handshake: 2, ..small(NONE, 1.0, 20_000, 10_500) };
        (small.idle_limit, small.idle_silent) = (Duration::from_millis(500), silent);
        change(&mut small.policy);
        mesh::run(&small.world(), 1, 0)
    };
    let (told, silent) = (rests(false, |_| ()), rests(true, |_| ()));
    // Both ends are told: every request finds that it needs a new connection.
    assert_eq!((opened(&told), latencies(&told).min_ns, failed(&told, Failure::Reset)), (10, 60 * MS, 0));
    // Nobody is told: every second request is answered by a reset, the one after it opens a connection.
    assert_eq!((opened(&silent), failed(&silent, Failure::Reset), latencies(&silent).count), (5, 5, 5));
    let probes = Keepalive { time: Duration::from_millis(400), ..Keepalive::LINUX };
    assert_eq!(probes.time, Duration::from_millis(400));
    for silent in [false, true] {
        let kept = rests(silent, |policy| {
            policy.pool.keepalive = Some(Keepalive { time: Duration::from_millis(400), ..Keepalive::LINUX });
        });
        assert_eq!((opened(&kept), failed(&kept, Failure::Reset)), (1, 0));
        let pinged = rests(silent, |policy| {
            policy.http2_ping = Some((Duration::from_millis(400), Duration::from_millis(400)));
        });
        assert_eq!((opened(&pinged), failed(&pinged, Failure::Reset)), (1, 0));
        // Probes at the limit come too late.
        let late = rests(silent, |policy| {
            policy.pool.keepalive = Some(Keepalive { time: Duration::from_millis(500), ..Keepalive::LINUX });
        });
        assert!(opened(&late) > 1);
    }
}

#[test]
fn a_reset_by_a_balancer_takes_a_round_trip() {
    let mut small = Small { handshake: 2, ..small(NONE, 1.0, 20_000, 10_500) };
    (small.idle_limit, small.idle_silent) = (Duration::from_millis(500), true);
    let world = small.world();
    let trace = follow(&world, 1);
    assert_eq!((trace.outcome.as_str(), trace.latency_ms), ("reset", 20.0));
}

#[test]
fn keepalive_probes_find_a_dead_path_while_nothing_is_outstanding() {
    let mut small = Small { handshake: 2, ..small(NONE, 0.02, 20_000, 220_000) };
    let keepalive = Keepalive { time: Duration::from_secs(10), interval: Duration::from_secs(5), probes: 3 };
    small.policy.pool.keepalive = Some(keepalive);
    let mut world = small.world();
    // Requests at 50, 100, 150, 200 s. The path is dead from 60 s to 90 s: the connection is given up at 85.06 s by
    // probes (the first unanswered one at 70.06 s), so the request of 100 s opens another one.
    down(&mut world, "link", 60, 90, &[Target::Link(LinkId(0))], Manner::Silent);
    let run = mesh::run(&world, 1, 0);
    assert_eq!(failed(&run, Failure::Reset) + failed(&run, Failure::Timeout), 0);
}

#[test]
fn a_syn_is_repeated_after_one_second_doubling() {
    let mut world = Small { handshake: 2, ..small(NONE, 1.0, 20_000, 10_500) }.world();
    // The request of second 1 sends SYNs at 1, 2 and 4 s; the link is back at 3 s.
    down(&mut world, "link", 0, 3, &[Target::Link(LinkId(0))], Manner::Silent);
    assert_eq!(follow(&world, 0).latency_ms, 3_000.0 + 3.0 * 20.0);
    // Those of seconds 2 and 3 wait for the same connection.
    assert_eq!(follow(&world, 2).latency_ms, 1_000.0 + 3.0 * 20.0);
}

#[test]
fn who_is_refused_is_decided_when_the_syn_arrives() {
    // A request every 10 s, 2.4 s there and back: that of second 30 sends a SYN that arrives at 31.2 s.
    let crash = |end| {
        let mut world = Small { handshake: 2, ..small(NONE, 0.1, 2_400_000, 60_000) }.world();
        down(&mut world, "crash", 25, end, &[Target::Endpoint(EndpointId(0))], Manner::Refused);
        follow(&world, 2)
    };
    let (back, gone) = (crash(31), crash(32));
    assert_eq!((back.outcome.as_str(), back.latency_ms), ("ok", 3.0 * 2_400.0));
    assert_eq!((gone.outcome.as_str(), gone.latency_ms), ("connect", 2_400.0));
}

#[test]
fn tls_is_computed_by_both_proxies_once_for_each_connection() {
    let mut world = Small { handshake: 2, ..small(NONE, 1.0, 20_000, 10_500) }.world();
    for (id, micros) in [(0, 700), (1, 900)] {
        let place = world.proxies[ProxyId(id)].place;
        let station = world.stations.push(Station { name: format!("proxy {id}"), servers: 1, place });
        let proxy = &mut world.proxies[ProxyId(id)];
        (proxy.station, proxy.handshake) = (station, Duration::from_micros(micros));
    }
    let all = latencies(&mesh::run(&world, 1, 0));
    assert_eq!((all.min_ns, all.max_ns), (20 * MS, 60 * MS + 1_600_000));
}

#[test]
fn behind_a_gateway_a_connection_stays_with_its_replica() {
    let behind = |pool: Pool| {
        let base = Small { replicas: 4, work: Law::Constant(0.001), ..small(pool, 100.0, 95_000, 2_000) };
        let mut world = base.world();
        let place = PlaceId(1);
        let replicas = vec![world.stations.push(Station { name: "gateway#0".into(), servers: 1, place })];
        let gateway = world.gateways.push(Gateway {
            name: "gateway".into(),
            replicas,
            cpu_per_connection: Duration::ZERO,
            cpu_per_kib: Duration::ZERO,
            cpu_per_request: Duration::ZERO,
            by_client: false,
        });
        let all = world.endpoints.ids().map(|endpoint| (endpoint, PathId(0))).collect();
        let host = Host { target: HostTarget::Gateway(gateway, all), weight: 4, priority: 0, locality: 0 };
        world.host_sets = Table::from(vec![HostSet { hosts: [host].into(), priorities: 1, ..HostSet::default() }]);
        let name = |trace: Trace| trace.spans.into_iter().find(|span| span.kind == "work").expect("it works").what;
        (50..90).map(|ordinal| name(follow(&world, ordinal))).collect::<BTreeSet<String>>()
    };
    // One connection, one replica, whatever the others could do; ten connections, chosen by twos, reach all four.
    assert_eq!(behind(NONE).len(), 1);
    assert_eq!(behind(HTTP1).len(), 4);
}
