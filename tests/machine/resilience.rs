//! Retries, budgets, hedging, injected faults, rate limits and outlier detection, against closed forms and hand arithmetic.

use eastwest::mesh;
use eastwest::policy::pool::UNLIMITED;
use eastwest::policy::{Budget, FaultFilter, Outlier, Policy, RateLimit, RetryOn, Status, defaults};
use eastwest::random::Law;
use eastwest::record::{Failure, Run};
use eastwest::units::{Bytes, Duration, Ratio};
use eastwest::world::*;

use crate::worlds::{Small, down, every, second_client};
use crate::{MS, balanced, failed, latencies, sent};

fn share(share: f64) -> Ratio {
    Ratio::new(share).expect("a share")
}

fn on(words: &[&str]) -> RetryOn {
    RetryOn::from_words(words).expect("conditions")
}

/// Retries on any 5xx.
fn retrying(retries: u32) -> Policy {
    Policy { retries, retry_on: on(&["5xx"]), ..defaults::policy((1, 24)) }
}

fn answering(world: &mut World, errors: &[(Status, f64)]) {
    for operation in world.operations.ids().collect::<Vec<_>>() {
        world.operations[operation].errors = errors.iter().map(|&(status, part)| (status, share(part))).collect();
    }
}

#[test]
fn tries_under_independent_failure_are_a_geometric_sum() {
    for (p, retries) in [(0.3, 0), (0.3, 1), (0.3, 3), (0.6, 2), (0.6, 6), (1.0, 4)] {
        let small = Small { policy: retrying(retries), arrivals: every(1_000.0), ..Small::default() };
        let mut world = Small { horizon: Duration::from_secs(40), ..small }.world();
        answering(&mut world, &[(Status::ERROR, p)]);
        let run = mesh::run(&world, 3, 0);
        let edge = &run.edges[0];
        let n = f64::from(retries) + 1.0;
        let (calls, tries) = (edge.calls as f64, edge.attempts as f64 / edge.calls as f64);
        let expected = if p < 1.0 { (1.0 - libm::pow(p, n)) / (1.0 - p) } else { n };
        // 40,000 calls; the variance of tries is below n^2 / 4: four standard errors.
        let within = 4.0 * n / 2.0 / calls.sqrt() + 1e-12;
        assert!((tries - expected).abs() <= within, "p {p}, {retries} retries: {tries}, not {expected}");
        let lost = failed(&run, Failure::Error) as f64 / calls;
        assert!((lost - libm::pow(p, n)).abs() <= 4.0 * 0.5 / calls.sqrt(), "p {p}, {retries} retries: {lost} lost");
        balanced(&run);
    }
}

/// Users -> tier 1 -> .. -> tier k, of which the last always answers with this.
fn tiers(k: u32, retries: u32, requests: u64) -> World {
    let horizon = Duration::from_millis(requests * 10_000 + 5_000);
    let small = Small { policy: retrying(retries), arrivals: every(0.1), horizon, ..Small::default() };
    let mut world = small.world();
    let there = PlaceId(1);
    world.plan.drain = Duration::from_secs(600);
    for tier in 1..k {
        let start = world.program.len() as u32;
        let mut service = world.services[ServiceId(0)].clone();
        let mut operation = world.operations[OperationId(0)].clone();
        let id = ServiceId(tier);
        (operation.service, operation.name, operation.start) = (id, format!("tier {tier}"), start);
        let operation = world.operations.push(operation);
        (service.name, service.operations) = (format!("tier {tier}"), vec![operation]);
        let endpoint = EndpointId(world.endpoints.len() as u32);
        let mut proxy = world.proxies[ProxyId(1)].clone();
        (proxy.name, proxy.endpoint, proxy.first_upstream) = (format!("sidecar {tier}"), endpoint, 1 + tier);
        let proxy = world.proxies.push(proxy);
        let name = format!("tier {tier}#0");
        world.endpoints.push(Endpoint { service: id, place: there, name, proxy, version: 0 });
        service.endpoints = vec![endpoint];
        world.services.push(service);
        world.program.extend([Step::Work { law: LawId(0) }, Step::End]);
        // The tier before calls it.
        let caller = ServiceId(tier - 1);
        let edge = world.edges.push(Edge::written(
            Caller::Service(caller),
            id,
            format!("{} -> {tier}", tier - 1),
            PolicyId(0),
            0,
        ));
        let site = world.call_sites.len() as u32;
        world.call_sites.push(CallSite { edge, operation });
        let before = world.services[caller].operations[0];
        let body = world.program.len() as u32;
        world.program.extend([Step::Work { law: LawId(0) }, Step::Call { site }, Step::End]);
        world.operations[before].start = body;
        let path = world.paths[PathId(0)].clone();
        let path = world.paths.push(Path { from: there, to: there, ..path });
        let target = HostTarget::Endpoint(endpoint, path);
        let hosts = [Host { target, weight: 1, priority: 0, locality: 0 }].into();
        let set = world.host_sets.push(HostSet { hosts, priorities: 1, ..HostSet::default() });
        world.host_set_of.extend([HostSetId::NONE, set]);
    }
    let last = OperationId(k - 1);
    world.operations[last].errors = vec![(Status::Http(503), Ratio::ONE)];
    world
}

#[test]
fn retries_of_tiers_multiply_when_the_last_one_fails() {
    for (k, retries) in [(1, 2), (2, 1), (2, 2), (3, 2), (4, 1), (3, 3)] {
        let run = mesh::run(&tiers(k, retries, 5), 1, 0);
        let each = u64::from(retries) + 1;
        for (tier, edge) in run.edges.iter().enumerate() {
            assert_eq!(edge.attempts, 5 * each.pow(tier as u32 + 1), "{k} tiers of {retries} retries, tier {tier}");
        }
        assert_eq!(failed(&run, Failure::Error), 5);
        balanced(&run);
    }
}

#[test]
fn istio_does_not_retry_a_plain_503_but_an_unavailable() {
    let tries = |version, status| {
        let mut world = Small { policy: defaults::policy(version), ..Small::default() }.world();
        answering(&mut world, &[(status, 1.0)]);
        let run = mesh::run(&world, 1, 0);
        assert_eq!(failed(&run, Failure::Error), run.edges[0].calls);
        run.edges[0].attempts / run.edges[0].calls
    };
    let unavailable = Status::parse("unavailable").expect("a status");
    assert_eq!([tries((1, 24), Status::Http(503)), tries((1, 24), unavailable)], [1, 3]);
    assert_eq!([tries((1, 23), Status::Http(503)), tries((1, 23), Status::Http(500))], [3, 1]);
}

#[test]
fn applications_answer_with_the_shares_of_their_statuses() {
    // A 503 is tried again without end here, a 500 is not: of what is answered at last, 1 / 0.7.
    let mut policy = retrying(50);
    policy.retry_on = on(&["503"]);
    let small = Small { policy, arrivals: every(1_000.0), horizon: Duration::from_secs(40), ..Small::default() };
    let mut world = small.world();
    answering(&mut world, &[(Status::Http(503), 0.3), (Status::ERROR, 0.1)]);
    let run = mesh::run(&world, 3, 0);
    let calls = run.edges[0].calls as f64;
    let (tries, lost) = (run.edges[0].attempts as f64 / calls, failed(&run, Failure::Error) as f64 / calls);
    // Standard errors: sqrt(0.3) / 0.7 / 200 = 0.004, sqrt(0.12) / 200 = 0.002.
    assert!((tries - 1.0 / 0.7).abs() < 0.016 && (lost - 0.1 / 0.7).abs() < 0.007, "{tries} {lost}");
}

/// 100 requests a second that take 1 s each, all of which fail.
fn failing(budget: Option<Budget>, max_retries: u32) -> Run {
    let mut policy = retrying(3);
    policy.retry_budget = budget;
    policy.pool.max_retries = max_retries;
    let small = Small { policy, work: Law::Constant(1.0), arrivals: every(100.0), ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(100), ..small }.world();
    answering(&mut world, &[(Status::Http(503), 1.0)]);
    mesh::run(&world, 1, 0)
}

#[test]
fn a_budget_bounds_what_retries_add() {
    let amplified = |run: &Run| run.edges[0].attempts as f64 / run.edges[0].calls as f64;
    let all = failing(None, UNLIMITED);
    assert_eq!(all.edges[0].attempts, 4 * all.edges[0].calls);
    // R retries beside 100 first tries: R <= 0.2 (100 + R), so 25 at the most, each of a second: 25 a second.
    let fifth = failing(Some(Budget::default()), UNLIMITED);
    let factor = amplified(&fifth);
    assert!(factor <= 1.25 && factor > 1.2, "{factor}");
    // A budget takes the place of the breaker's limit of retries.
    assert_eq!(failing(Some(Budget::default()), 0).edges[0].attempts, fifth.edges[0].attempts);
    // None but the least: 3 at once of a second and a back-off (up to 25, 50, 100 ms) each.
    let three = failing(Some(Budget { percent: 0.0, min: 3 }), UNLIMITED);
    let retries = three.edges[0].attempts - three.edges[0].calls;
    assert!((270..=300).contains(&retries), "{retries}");
    let none = failing(Some(Budget { percent: 0.0, min: 0 }), UNLIMITED);
    assert_eq!(none.edges[0].attempts, none.edges[0].calls);
    for run in [&all, &fifth, &three, &none] {
        balanced(run);
    }
}

/// A server of two replicas, of which the second takes 1 s; each takes every other request.
fn one_slow(policy: Policy) -> World {
    let arrivals = every(1.0);
    let small = Small { policy, one_way: Duration::from_millis(10), arrivals, replicas: 2, ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(40), ..small }.world();
    // Of another service, with the same name on the wire.
    let slow = world.laws.push(Law::Constant(1.0));
    let start = world.program.len() as u32;
    world.program.extend([Step::Work { law: slow }, Step::End]);
    world.choices = vec![Choice { below: 0.5, start: 0 }, Choice { below: 1.0, start }];
    let choose = world.program.len() as u32;
    world.program.push(Step::Choose { first: 0, count: 2 });
    world.operations[OperationId(0)].start = choose;
    world
}

#[test]
fn a_hedged_call_keeps_its_slow_try() {
    let per_try = Some(Duration::from_millis(100));
    let policy = Policy { per_try, retries: 1, retry_on: on(&["5xx"]), ..defaults::policy((1, 24)) };
    let hedged = mesh::run(&one_slow(Policy { hedge: true, ..policy.clone() }), 5, 0);
    let reset = mesh::run(&one_slow(policy.clone()), 5, 0);
    // Half of the tries take 1 s. Reset after 100 ms, twice, a call is lost; kept, the first try answers after 1.02 s.
    assert!(failed(&reset, Failure::Timeout) > 0);
    assert_eq!(failed(&hedged, Failure::Timeout), 0);
    assert_eq!(hedged.edges[0].attempts, reset.edges[0].attempts, "one more try for each that took too long");
    assert_eq!(latencies(&hedged).max_ns, 1_020 * MS, "the first of two slow tries");
    // A fast second try answers after 100 ms, a back-off below 25 ms and 20 ms.
    assert!(latencies(&hedged).buckets.len() > 2);
    balanced(&hedged);
    // Whatever is retried: the timeout has reset nothing. And without retries it changes nothing at all.
    let never = Policy { retry_on: RetryOn::default(), hedge: true, ..policy.clone() };
    assert_eq!(mesh::run(&one_slow(never), 5, 0).edges, hedged.edges);
    let none = mesh::run(&one_slow(Policy { retries: 0, hedge: true, ..policy }), 5, 0);
    assert_eq!((none.edges[0].attempts, failed(&none, Failure::Timeout)), (none.edges[0].calls, 0));
    // The whole call's timeout ends all that is out.
    let timed = Policy { timeout: Some(Duration::from_millis(500)), ..retrying(3) };
    let timed = mesh::run(&one_slow(Policy { per_try, hedge: true, ..timed }), 5, 0);
    assert!(latencies(&timed).max_ns <= 500 * MS);
    balanced(&timed);
}

#[test]
fn the_timeout_of_a_call_covers_its_tries_and_pauses() {
    // Tries of 270 ms that fail, back-offs of 0: the timeout of 300 ms strikes in the second try.
    let mut policy = Policy { timeout: Some(Duration::from_millis(300)), ..retrying(9) };
    policy.backoff = Duration::from_millis(1);
    policy.max_backoff = Some(Duration::from_millis(1));
    let world = |policy| {
        let mut world = Small { policy, work: Law::Constant(0.27), ..Small::default() }.world();
        answering(&mut world, &[(Status::Http(503), 1.0)]);
        world
    };
    let run = mesh::run(&world(policy.clone()), 1, 0);
    assert_eq!(failed(&run, Failure::Timeout), sent(&run));
    assert_eq!(run.edges[0].attempts, 2 * run.edges[0].calls);
    // A timeout of one try that is not below that of the call is none.
    let ignored = mesh::run(&world(Policy { per_try: policy.timeout, ..policy }), 1, 0);
    assert_eq!(ignored.edges, run.edges);
}

#[test]
fn injected_faults_strike_their_shares_each_by_itself() {
    let fault = FaultFilter {
        delay: Some((Duration::from_secs(2), share(0.3))),
        abort: Some((Status::Http(503), share(0.2))),
        max_active: None,
    };
    let outlier = Some(Outlier { max_ejection_percent: 100, ..defaults::OUTLIER });
    let policy = Policy { fault: Some(fault), outlier, timeout: Some(Duration::from_millis(500)), ..retrying(3) };
    let small = Small { policy: policy.clone(), arrivals: every(1_000.0), ..Small::default() };
    let run = mesh::run(&Small { horizon: Duration::from_secs(40), ..small }.world(), 3, 0);
    let calls = sent(&run) as f64;
    // Standard errors: sqrt(0.16 / 40,000) = 0.002, sqrt(0.21 / 32,000) = 0.0026.
    let aborted = failed(&run, Failure::Aborted) as f64 / calls;
    assert!((aborted - 0.2).abs() < 0.008, "{aborted}");
    let all = latencies(&run);
    let late = 1.0 - all.count_to(MS) as f64 / all.count as f64;
    assert!((late - 0.3).abs() < 0.0104, "{late} of those answered were delayed");
    assert_eq!(all.max_ns, 2_000 * MS, "the clock of the timeout starts behind the delay");
    let edge = &run.edges[0];
    assert_eq!(edge.attempts, edge.calls - failed(&run, Failure::Aborted), "an abort reaches nobody, and is final");
    assert_eq!(edge.ejections, 0, "nobody is blamed for it");
    balanced(&run);
    // One delayed at a time, for 1.9 s: one every two seconds.
    let one = FaultFilter { delay: Some((Duration::from_millis(1_900), Ratio::ONE)), abort: None, max_active: Some(1) };
    let small = Small { policy: Policy { fault: Some(one), timeout: None, ..policy }, ..Small::default() };
    let run = mesh::run(&Small { arrivals: every(4.0), horizon: Duration::from_secs(40), ..small }.world(), 3, 0);
    let all = latencies(&run);
    // 159 requests from 0.25 s on, of which those of 0.25, 2.25, .. 38.25 s are delayed.
    assert_eq!((all.count, all.count - all.count_to(MS)), (159, 20));
}

#[test]
fn a_rate_limit_lets_its_tokens_in() {
    // 20 requests a second at one replica, 10 tokens at first, 5 more each second; 100 s.
    let limit = RateLimit { max_tokens: 10, tokens_per_fill: 5, fill_interval: Duration::from_secs(1) };
    let run = |retry_on: RetryOn, replicas| {
        let policy = Policy { retry_on, retries: 1, ..defaults::policy((1, 24)) };
        let small =
            Small { policy, arrivals: every(20.0), replicas, horizon: Duration::from_secs(100), ..Small::default() };
        let mut world = small.world();
        world.services[ServiceId(0)].rate_limit = Some(limit);
        mesh::run(&world, 1, 0)
    };
    let one = run(on(&["5xx", "429"]), 1);
    // 10, and 5 after each of the seconds 1 to 99.
    assert_eq!((latencies(&one).count, failed(&one, Failure::RateLimited)), (505, 1_999 - 505));
    assert_eq!(one.edges[0].attempts, one.edges[0].calls, "an Envoy's own 429 is retried only as such");
    balanced(&one);
    let two = run(on(&[]), 2);
    assert_eq!(latencies(&two).count, 1_010, "each replica's proxy has a bucket of its own");
    let retried = run(on(&["envoy-ratelimited"]), 1);
    assert!(retried.edges[0].attempts > retried.edges[0].calls);
}

#[test]
fn hosts_are_out_from_the_fifth_failure_to_the_sweep_after_their_time() {
    // Ten a second at two replicas in turn; one refuses from 20 s to 29 s.
    let outlier = Outlier { max_ejection_percent: 100, ..defaults::OUTLIER };
    let balance = eastwest::policy::Balance::RoundRobin;
    let policy = Policy { retries: 0, outlier: Some(outlier), balance, ..defaults::policy((1, 24)) };
    let small = Small { policy, arrivals: every(10.0), replicas: 2, handshake: 1, ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(200), ..small }.world();
    down(&mut world, "crash", 20, 29, &[Target::Endpoint(EndpointId(0))], Manner::Refused);
    let run = mesh::run(&world, 1, 0);
    // Every other request of 20.0, 20.1, .. fails; with the fifth, by 20.9 s, the host is out for 30 s, that is to the
    // sweep at 60 s, by when it is well again.
    let lost = failed(&run, Failure::Connect) + failed(&run, Failure::Reset);
    assert_eq!((lost, run.edges[0].ejections), (5, 1));
    // Down for longer: back at 60 s, five more failures, out for 60 s from 60.9 s at the latest, to the sweep at 130 s.
    world.changes.clear();
    down(&mut world, "crash", 20, 65, &[Target::Endpoint(EndpointId(0))], Manner::Refused);
    let run = mesh::run(&world, 1, 0);
    let lost = failed(&run, Failure::Connect) + failed(&run, Failure::Reset);
    assert_eq!((lost, run.edges[0].ejections), (10, 2));
    let there = |endpoint: usize| run.services[0].visits as usize * usize::from(endpoint == 0);
    assert_eq!(there(0), 1_999 - 10, "all others are answered, by the one that is in");
}

#[test]
fn each_proxy_believes_what_it_saw_itself() {
    // Two ways to one server of two replicas: the way of the first client to one of them is dead, the second's is not.
    let outlier = Outlier { max_ejection_percent: 100, consecutive_5xx: 3, ..defaults::OUTLIER };
    let timeout = Some(Duration::from_millis(500));
    let policy = Policy { retries: 0, timeout, outlier: Some(outlier), ..defaults::policy((1, 24)) };
    let small = Small { policy, arrivals: every(10.0), replicas: 2, ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(60), ..small }.world();
    second_client(&mut world, 3);
    let own = PathId(0);
    // Of the first client's hosts, the first is reached over a way of its own.
    let alone = world.paths.push(world.paths[own].clone());
    let mut hosts = world.host_sets[HostSetId(0)].hosts.to_vec();
    hosts[0].target = HostTarget::Endpoint(EndpointId(0), alone);
    world.host_sets[HostSetId(0)].hosts = hosts.into();
    down(&mut world, "way", 10, 60, &[Target::Path(alone)], Manner::Silent);
    let run = mesh::run(&world, 1, 0);
    let ejections: Vec<u64> = run.edges.iter().map(|edge| edge.ejections).collect();
    assert!(ejections[0] >= 1 && ejections[1] == 0, "{ejections:?}");
    assert!(run.edges[0].failed[Failure::Timeout as usize] >= 3);
    assert_eq!(run.edges[1].failed.iter().sum::<u64>(), 0);
    balanced(&run);
}

#[test]
fn retries_go_to_hosts_that_were_not_tried() {
    // Six replicas, of which two are down from the start on: three tries meet both and a good one unless picks run out.
    let policy = Policy {
        retries: 2,
        retry_on: on(&["5xx"]),
        balance: eastwest::policy::Balance::Random,
        ..defaults::policy((1, 24))
    };
    let small = Small { policy, arrivals: every(1_000.0), replicas: 3, handshake: 1, ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(40), request: Bytes(100), ..small }.world();
    let dead = [0, 1].map(|id| Target::Endpoint(EndpointId(id)));
    down(&mut world, "two of three", 0, 100, &dead, Manner::Refused);
    let run = mesh::run(&world, 1, 0);
    // Fails where all three picks are dead: 2/3 first; then the untried dead one, or the tried one six times; then one of
    // the two six times: 2/3 (1/2 (1 - (1/3)^6) (2/3)^6 + (1/3)^6 ..): about 2/3 * 1/2 * (2/3)^6 = 2.93 %.
    let lost = 1.0 - latencies(&run).count as f64 / sent(&run) as f64;
    let repeat = (1.0_f64 / 3.0).powi(6);
    let (two, both) = ((1.0 - repeat) / 2.0, (2.0_f64 / 3.0).powi(6));
    let expected = 2.0 / 3.0 * (two * both + repeat * (repeat + two));
    assert!((lost - expected).abs() < 4.0 * (expected / 40_000.0).sqrt(), "{lost}, not {expected}");
}

#[test]
fn success_rates_are_judged_at_sweeps() {
    // Five replicas, 1,000 requests a second; replica 0 refuses each other second: never five in a row apart.
    let rule = defaults::SUCCESS_RATE;
    let outlier =
        Outlier { max_ejection_percent: 100, consecutive_5xx: 0, success_rate: Some(rule), ..defaults::OUTLIER };
    let policy = Policy { retries: 0, outlier: Some(outlier), ..defaults::policy((1, 24)) };
    let small = Small { policy, arrivals: every(500.0), replicas: 5, handshake: 1, ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(60), ..small }.world();
    down(&mut world, "crash", 12, 35, &[Target::Endpoint(EndpointId(0))], Manner::Refused);
    let run = mesh::run(&world, 1, 0);
    // About 20 % success of one of five, against 100 %: out at the sweep of 20 s, for 30 s.
    assert_eq!(run.edges[0].ejections, 1);
    let lost = failed(&run, Failure::Connect) + failed(&run, Failure::Reset);
    let windows: Vec<u64> = run.rows[0].windows.iter().map(|window| window.failed.iter().sum::<u64>()).collect();
    assert!(windows[12..20].iter().all(|&lost| lost > 0) && windows[21..].iter().all(|&lost| lost == 0), "{windows:?}");
    assert!(lost > 0);
    balanced(&run);
}
