//! What only new connections and new calls meet: expired certificates, two authorities, lost rules, missing routes. And
//! gateways that refuse.

use eastwest::mesh;
use eastwest::policy::{Balance, Protocol};
use eastwest::random::Law;
use eastwest::record::{Failure, Run};
use eastwest::units::{Bytes, Duration};
use eastwest::world::*;

use crate::chaos::Dice;
use crate::worlds::{Small, down, every, hit, multi_primary, poisson};
use crate::{MS, balanced, failed, latencies, run, run_of, sent};

/// In every other world certificates expire, authorities part, rules or routes are lost; sometimes two of them at once.
pub(crate) fn by_chance(world: &mut World, dice: &mut Dice) {
    if dice.one_in(2) {
        return;
    }
    if dice.one_in(2) {
        // Some handshakes end at a gateway on the way.
        for (id, path) in world.paths.iter().filter(|(_, path)| path.from != path.to) {
            if path.legs.iter().any(|leg| matches!(leg, Leg::Gateway(_))) {
                world.greetings.insert(id, path.floor + path.floor_back);
            }
        }
    }
    let names = dice.below(3) as usize;
    let gateways: Vec<GatewayId> = world.gateways.ids().take(names).collect();
    world.names.extend(gateways.into_iter().map(|id| (id, Duration::from_secs(dice.below(60)))));
    if dice.one_in(3) {
        world.paths.ids().collect::<Vec<_>>().into_iter().for_each(|id| world.paths[id].handshake = 3);
    }
    for number in 0..1 + dice.below(4) {
        let place = Target::Place(PlaceId(dice.below(3) as u32));
        let endpoint = Target::Endpoint(EndpointId(dice.below(world.endpoints.len() as u64) as u32));
        let station = Target::Station(StationId(dice.below(6) as u32));
        let service = ServiceId(dice.below(world.services.len() as u64) as u32);
        let one = [place, endpoint, station][dice.below(3) as usize];
        let (target, effect) = match dice.below(6) {
            0 | 1 => (one, Effect::Expire),
            2 => (one, Effect::NewRoot),
            3 => (Target::Path(PathId(dice.below(9) as u32)), Effect::Shut),
            4 => (place, Effect::NoRoute(if dice.one_in(2) { service } else { ServiceId::NONE })),
            _ => (one, Effect::Down(Manner::Refused)),
        };
        let from = dice.below(20_000);
        hit(world, &format!("barrier {number}"), [from, from + 1 + dice.below(20_000)], &[target], &[effect]);
    }
}

const HERE: Target = Target::Place(PlaceId(0));
const SERVER: Target = Target::Endpoint(EndpointId(0));

/// A fault long over: connections made after it are new, and have a whole life before them.
fn all_new(world: &mut World) {
    hit(world, "long over", [0, 1], &[Target::Path(PathId(0))], &[Effect::Shut]);
}

/// A request each second over connections of 10 ms one way that last for 5.5 s, in a run of 30 s.
fn churning(handshake: u32) -> Small {
    let mut small =
        Small { one_way: Duration::from_millis(10), handshake, horizon: Duration::from_secs(30), ..Small::default() };
    small.policy.max_connection_age = Some(Duration::from_millis(5_500));
    small
}

#[test]
fn an_expired_certificate_stops_new_connections_and_leaves_established_ones_alone() {
    // Expired from 3 s to 20 s. The connection of 1 s carries all up to 6 s; those of 7 s to 19 s find none.
    for handshake in [2, 3] {
        for side in [SERVER, Target::Place(PlaceId(1))] {
            let mut world = churning(handshake).world();
            all_new(&mut world);
            hit(&mut world, "expired", [3_000, 20_000], &[side], &[Effect::Expire]);
            let run = run(&world);
            assert_eq!((sent(&run), failed(&run, Failure::Connect)), (29, 13));
            // They hear of it when the certificate is there, two round trips after they came: what is tried again then
            // fails again.
            let mut small = churning(handshake);
            small.policy.retries = 1;
            small.policy.backoff = Duration::ZERO;
            let mut world = small.world();
            all_new(&mut world);
            hit(&mut world, "expired", [6_900, 7_060], &[side], &[Effect::Expire]);
            let run = self::run(&world);
            assert_eq!(failed(&run, Failure::Connect), 0);
            // 40 ms in vain, then the handshake and the call.
            let rounds = u64::from(handshake) + 1;
            assert_eq!(latencies(&run).max_ns, (40 + 20 * rounds) * MS);
        }
    }
}

#[test]
fn a_clients_expired_certificate_is_a_reset_in_tls_1_3_and_a_failure_to_connect_in_tls_1_2() {
    for (handshake, failure) in [(2, Failure::Reset), (3, Failure::Connect)] {
        let mut world = churning(handshake).world();
        all_new(&mut world);
        hit(&mut world, "expired", [3_000, 20_000], &[HERE], &[Effect::Expire]);
        let run = run(&world);
        // In TLS 1.3 the server's word on 19.04 s is there at 19.06 s, with the request before it.
        assert_eq!(failed(&run, failure), 13, "{failure:?}");
        assert_eq!(
            run.rows.iter().flat_map(|row| &row.windows).map(|window| window.failed.iter().sum::<u64>()).sum::<u64>(),
            13
        );
    }
    // Valid again 5 ms before the server sees it: TCP and the server's certificate take 40 ms, 10 ms more there.
    let mut world = churning(2).world();
    all_new(&mut world);
    hit(&mut world, "expired", [3_000, 7_045], &[HERE], &[Effect::Expire]);
    assert_eq!(failed(&run(&world), Failure::Reset), 0);
    let mut world = churning(2).world();
    all_new(&mut world);
    hit(&mut world, "expired", [3_000, 7_055], &[HERE], &[Effect::Expire]);
    assert_eq!(failed(&run(&world), Failure::Reset), 1);
}

#[test]
fn damage_grows_with_the_share_of_connections_that_have_been_made_anew() {
    // Connections take ten requests, ten a second. Long before the fault each has taken any number as likely as another, so
    // that of a request with n before it since then min(1, (n + 1) / 10) finds none; n is Poisson.
    let (hosts, each, seeds) = (100, 10.0, 8);
    let (mut lost, half) = (0, 500);
    for seed in 0..seeds {
        let mut small = Small {
            one_way: Duration::from_millis(1),
            handshake: 2,
            replicas: hosts,
            arrivals: poisson(each * f64::from(hosts)),
            fill: Duration::from_secs(40),
            horizon: Duration::from_secs(1),
            ..Small::default()
        };
        small.policy.balance = Balance::Random;
        small.policy.pool.max_requests_per_connection = 10;
        let mut world = small.world();
        hit(&mut world, "expired", [0, half], &[Target::Place(PlaceId(1))], &[Effect::Expire]);
        let run = mesh::run(&world, seed, 0);
        balanced(&run);
        lost += failed(&run, Failure::Connect);
    }
    let fails = |mean: f64| {
        let (mut chance, mut sum) = (libm::exp(-mean), 0.0);
        for n in 0..60 {
            sum += chance * (f64::from(n + 1) / 10.0).min(1.0);
            chance *= mean / f64::from(n + 1);
        }
        sum
    };
    let steps = 1_000;
    let share = (0..steps).map(|i| fails(each * 0.5 * (f64::from(i) + 0.5) / f64::from(steps))).sum::<f64>();
    let want = share / f64::from(steps) * 0.5 * each * f64::from(hosts) * seeds as f64;
    assert!((lost as f64 / want - 1.0).abs() < 0.1, "{lost}, {want}");
}

#[test]
fn what_a_fault_of_new_connections_costs_depends_neither_on_the_fill_nor_on_when_it_comes() {
    // Connections of ten requests a second live for 10 s, each at any point of its life: in a fault of 5 s the one that ends
    // after t of it loses 10 x (5 - t), which is 10 x 5 x 5 / (2 x 10) = 12.5 on average, and 16 in standard deviation.
    let (hosts, seeds) = (50, 4);
    for (fill, from) in [(0, 3_000), (1, 500), (6, 4_000), (13, 500), (13, 8_000), (27, 12_000)] {
        let mut lost = 0;
        for seed in 0..seeds {
            let mut small = Small {
                one_way: Duration::from_millis(1),
                handshake: 2,
                replicas: hosts,
                arrivals: poisson(10.0 * f64::from(hosts)),
                fill: Duration::from_secs(fill),
                horizon: Duration::from_secs(18),
                ..Small::default()
            };
            small.policy.balance = Balance::Random;
            small.policy.max_connection_age = Some(Duration::from_secs(10));
            let mut world = small.world();
            hit(&mut world, "expired", [from, from + 5_000], &[Target::Place(PlaceId(1))], &[Effect::Expire]);
            let run = mesh::run(&world, seed, 0);
            balanced(&run);
            lost += failed(&run, Failure::Connect);
        }
        let hosts = f64::from(hosts) * seeds as f64;
        // Four standard deviations.
        let (want, wide) = (12.5 * hosts, 4.0 * 16.2 * hosts.sqrt());
        assert!((lost as f64 - want).abs() < wide, "{fill} s, {from} ms: {lost}, {want}");
    }
}

#[test]
fn a_refused_connection_costs_a_syn_and_a_reset_and_one_that_nobody_answers_its_syns() {
    let crossed = |manner: Option<Manner>| {
        let mut small = Small {
            one_way: Duration::from_millis(10),
            handshake: 2,
            horizon: Duration::from_millis(10_500),
            ..Small::default()
        };
        small.policy.connect_timeout = Duration::from_millis(400);
        small.policy.pool.max_requests_per_connection = 1;
        let mut world = small.world();
        let none = mesh::run(&world, 1, 0);
        let whole = [Bytes(2_000), Bytes(3_000)];
        world.paths.ids().collect::<Vec<_>>().into_iter().for_each(|id| world.paths[id].handshake_bytes = whole);
        if let Some(manner) = manner {
            hit(&mut world, "gone", [0, 60_000], &[SERVER], &[Effect::Down(manner)]);
        }
        let run = run(&world);
        let sum = |run: &Run| {
            let row = &run.paths[0];
            [row.forward.iter().sum::<u64>(), row.back.iter().sum::<u64>()]
        };
        // Of those that fail no request crosses.
        let calls = if manner.is_some() { [0, 0] } else { sum(&none) };
        let all = sum(&run);
        (run.edges[0].connections, [all[0] - calls[0], all[1] - calls[1]])
    };
    assert_eq!(crossed(None), (10, [20_000, 30_000]));
    assert_eq!(crossed(Some(Manner::Refused)), (10, [600, 400]));
    assert_eq!(crossed(Some(Manner::Silent)), (10, [600, 0]));
}

#[test]
fn two_authorities_talk_among_themselves_only() {
    let lost = |targets: &[Target]| {
        let mut small = Small { one_way: Duration::from_millis(10), handshake: 2, replicas: 4, ..Small::default() };
        (small.arrivals, small.policy.balance) = (every(20.0), Balance::RoundRobin);
        let mut world = small.world();
        hit(&mut world, "rotation", [0, 60_000], targets, &[Effect::NewRoot]);
        let run = run(&world);
        failed(&run, Failure::Connect) as f64 / sent(&run) as f64
    };
    let new = [SERVER, Target::Endpoint(EndpointId(1)), Target::Endpoint(EndpointId(2))];
    assert!((lost(&new[..1]) - 0.25).abs() < 0.01);
    assert!((lost(&new) - 0.75).abs() < 0.01);
    assert!((lost(&[HERE, SERVER]) - 0.75).abs() < 0.01);
    assert_eq!(lost(&[HERE, Target::Place(PlaceId(1))]), 0.0);
}

#[test]
fn a_lost_rule_lets_known_connections_pass_and_no_syn() {
    // A call every 4 s. Where connections rest no longer than 2.5 s, each is new: that of 8 s sends SYNs at 8, 9, 11 and 15 s.
    let world = |rests: u64| {
        let mut small =
            Small { one_way: Duration::from_millis(10), handshake: 2, arrivals: every(0.25), ..Small::default() };
        small.horizon = Duration::from_secs(30);
        small.policy.pool.idle_timeout = Some(Duration::from_millis(rests));
        let mut world = small.world();
        hit(&mut world, "rule", [7_000, 12_500], &[Target::Path(PathId(0))], &[Effect::Shut]);
        run(&world)
    };
    let kept = latencies(&world(60_000));
    assert_eq!((kept.count, kept.max_ns, kept.min_ns), (7, 60 * MS, 20 * MS));
    let all = latencies(&world(2_500));
    // That of 12 s waits for the same connection.
    assert_eq!(all.max_ns, 7_060 * MS);
    // And that of 16 s takes it while it is warm.
    assert_eq!(all.sum_ns, u128::from((4 * 60 + 20 + 7_060 + 3_060) * MS));
}

#[test]
fn a_proxy_without_a_route_answers_at_once_until_the_push_that_takes_it_back() {
    let lost = |span: [u64; 2], change: &dyn Fn(&mut World)| {
        let mut world = Small { one_way: Duration::from_millis(10), handshake: 2, ..Small::default() }.world();
        hit(&mut world, "half", span, &[HERE], &[Effect::NoRoute(ServiceId(0))]);
        change(&mut world);
        failed(&run(&world), Failure::NoRoute)
    };
    assert_eq!(lost([2_500, 4_950], &|_| {}), 2);
    // The control plane waits for 100 ms whether more comes.
    assert_eq!(lost([2_500, 4_850], &multi_primary), 2);
    assert_eq!(lost([2_500, 4_950], &multi_primary), 3);
    // And while it is frozen, nothing is taken back.
    let frozen = |world: &mut World| {
        multi_primary(world);
        down(world, "frozen", 4, 8, &[Target::Pushes(PlaneId(0))], Manner::Silent);
    };
    assert_eq!(lost([2_500, 4_950], &frozen), 5);
}

/// The replicas stand behind a gateway of one pod.
pub(crate) fn by_gateway(small: Small) -> World {
    let mut world = small.world();
    let station = world.stations.push(Station { name: "gateway#0".into(), servers: 1, place: PlaceId(1) });
    let none = Duration::ZERO;
    let gateway = world.gateways.push(Gateway {
        name: "gateway".into(),
        replicas: vec![station],
        cpu_per_connection: none,
        cpu_per_kib: none,
        cpu_per_request: none,
        by_client: false,
    });
    world.paths[PathId(0)].legs.push(Leg::Gateway(gateway));
    world.paths[PathId(0)].back.insert(0, Leg::Gateway(gateway));
    let behind = world.endpoints.ids().map(|endpoint| (endpoint, PathId(0))).collect();
    let host = Host { target: HostTarget::Gateway(gateway, behind), weight: 1, priority: 0, locality: 0 };
    world.host_sets[HostSetId(0)].hosts = [host].into();
    world
}

#[test]
fn a_gateway_whose_process_died_resets_what_goes_through_it_and_refuses_the_rest() {
    // A request each second, 100 ms one way; down from 3.05 s to 5.5 s. Who answers stands there, or is the gateway.
    for target in [Target::Station(StationId(0)), Target::Place(PlaceId(1))] {
        let small = Small { one_way: Duration::from_millis(100), handshake: 2, ..Small::default() };
        let mut world = by_gateway(small);
        hit(&mut world, "crash", [3_050, 5_500], &[target], &[Effect::Down(Manner::Refused)]);
        let run = run(&world);
        // That of 3 s is under way; those of 4 s and 5 s are refused; that of 6 s goes over a new connection.
        assert_eq!((failed(&run, Failure::Reset), failed(&run, Failure::Connect)), (1, 2), "{target:?}");
        assert_eq!(run.edges[0].connections, 4);
    }
    // Silently, nothing is reset: the first waits for its connection, and so do all behind it.
    let mut world = by_gateway(Small { one_way: Duration::from_millis(100), handshake: 2, ..Small::default() });
    down(&mut world, "crash", 3, 5, &[Target::Station(StationId(0))], Manner::Silent);
    let run = run(&world);
    assert_eq!((failed(&run, Failure::Reset), failed(&run, Failure::Connect)), (0, 0));
}

#[test]
fn clients_of_a_gateway_behind_a_name_are_led_elsewhere_once_it_is_resolved_anew_and_pushed() {
    // Two ways lead to it, one of them dead from 10 s to 200 s. Its balancer knows after 20 s; each connection is new, and one
    // in two knocks at the dead one for 0.1 s, until the name is resolved: after 30 s at least, wherever in that the fault came.
    let last = |seed: u64, ttl: Option<u64>, change: &dyn Fn(&mut World)| {
        let mut small =
            Small { one_way: Duration::from_millis(1), handshake: 2, arrivals: every(5.0), ..Small::default() };
        small.horizon = Duration::from_secs(220);
        small.policy.connect_timeout = Duration::from_millis(100);
        small.policy.pool.idle_timeout = Some(Duration::from_millis(50));
        let mut world = by_gateway(small);
        let second = world.paths.push(world.paths[PathId(0)].clone());
        let HostTarget::Gateway(gateway, _) = world.host_sets[HostSetId(0)].hosts[0].target else { unreachable!() };
        let behind = vec![(EndpointId(0), PathId(0)), (EndpointId(0), second)];
        let host = Host { target: HostTarget::Gateway(gateway, behind), weight: 1, priority: 0, locality: 0 };
        world.host_sets[HostSetId(0)].hosts = [host].into();
        world.names.extend(ttl.map(|ttl| (gateway, Duration::from_secs(ttl))));
        down(&mut world, "zone", 10, 200, &[Target::Path(second)], Manner::Silent);
        change(&mut world);
        let run = run_of(&world, seed, 0);
        // Half of five a second.
        failed(&run, Failure::Connect) as f64 / 2.5
    };
    let mean =
        |ttl: Option<u64>, change: &dyn Fn(&mut World)| (0..24).map(|seed| last(seed, ttl, change)).sum::<f64>() / 24.0;
    let near = |seconds: f64, want: f64, by: f64| assert!((seconds - want).abs() < by, "{seconds}, {want}");
    // Of 24 runs: four standard deviations of what is drawn, and of the coin.
    near(mean(None, &|_| {}), 20.0, 2.5);
    near(mean(Some(5), &|_| {}), 20.0 + 15.0, 8.0);
    near(mean(Some(60), &|_| {}), 20.0 + 30.0, 15.0);
    // Nobody tells who asks while the control plane cannot.
    let frozen = |world: &mut World| {
        multi_primary(world);
        down(world, "frozen", 5, 150, &[Target::Pushes(PlaneId(0))], Manner::Silent);
    };
    near(mean(Some(60), &frozen), 140.0, 5.0);
}

#[test]
fn http_1_and_limited_pools_meet_the_same() {
    for (protocol, streams) in [(Protocol::Http1, 1), (Protocol::Http2, 2)] {
        for target in [HERE, SERVER] {
            let mut small = churning(2);
            (small.arrivals, small.work) = (every(20.0), Law::Constant(0.2));
            (small.policy.pool.protocol, small.policy.pool.max_streams) = (protocol, streams);
            let mut world = small.world();
            all_new(&mut world);
            hit(&mut world, "expired", [3_000, 20_000], &[target], &[Effect::Expire]);
            let run = run(&world);
            let lost = failed(&run, Failure::Connect) + failed(&run, Failure::Reset);
            // All connections are of the first 0.3 s, and old by 5.8 s at the latest.
            assert!(lost > 281 && lost < 290, "{lost}");
        }
    }
}
