//! What is told of failures, against arithmetic by hand: who noticed when, where calls went, what failed where, how far it
//! reached, what it takes of the error budget, availability by three measures, and overload that outlives its trigger.

use eastwest::record::{Comparison, Estimate, FaultSummary, VariantResult};
use eastwest::study::{self, Options, Unwatched};
use eastwest::{report, scenario};

/// A healthy caller in zone h, four replicas in two other zones, of which one dies without a word at 60 s.
const SHOP: &str = r#"
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i, j]}}
  vpcs: {shop: {region: hangzhou, cidr: 10.10.0.0/16}}
  clusters:
    front: {vpc: shop, zones: [h], pods: 172.16.0.0/16}
    back:  {vpc: shop, zones: [i, j], pods: 172.17.0.0/16}
services:
  web:   {replicas: {front: 2}, workers: 4, work: 1ms, calls: [stock]}
  stock: {replicas: {back: {i: 2, j: 2}}, workers: 4, work: 2ms}
  about: {replicas: {front: 1}, workers: 4, work: 1ms}
mesh:
  traffic:
    "web -> stock": {balance: round-robin, retries: 0, timeout: 1s, outlier: {consecutive-5xx: 5, interval: 10s, eject: 30s, max-ejection: 100%}}
workload:
  shoppers: {from: hangzhou, to: web, rate: 200rps, arrivals: constant, users: 1}
  readers:  {from: hangzhou, to: about, rate: 50rps}
faults:
  lost: {at: 1m, for: 40s, hit: zone/hangzhou/i, down: true}
business: {slo: 99.9%, good-within: 500ms}
run: {horizon: 3m, replications: 5, seed: 7}
"#;

fn answer(text: &str) -> Comparison {
    let loaded = scenario::load_text("shop.yaml", text, &[]);
    let loaded = loaded.unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    study::compare(&loaded, &options, &Unwatched).expect("it runs").comparison
}

#[track_caller]
fn fault<'a>(variant: &'a VariantResult, name: &str) -> &'a FaultSummary {
    variant.faults.iter().find(|fault| fault.name == name).expect("the fault is there")
}

#[track_caller]
fn between(of: &Estimate, low: f64, high: f64) {
    let value = of.value.unwrap_or_else(|| panic!("no figure: {:?}", of.why));
    assert!((low..=high).contains(&value), "{value} is not between {low} and {high}");
}

#[test]
fn a_silent_zone_is_noticed_by_its_callers_and_left_to_the_hand_arithmetic() {
    let found = answer(SHOP);
    let variant = &found.variants[0];
    let lost = fault(variant, "lost");
    // Each web replica sends 25 calls/s to each of four hosts: the fifth that goes to a dead one is sent within 0.2 s and has
    // timed out 1 s later. Both hosts of both callers are out within 1.3 s.
    between(&lost.detect_s, 1.0, 1.25);
    assert_eq!(lost.detected_by, [("outlier detection".to_owned(), 5)]);
    between(&lost.shift_s, 1.0, 1.4);
    between(&lost.hit_share, 0.49, 0.51);
    between(&lost.still_share, 0.005, 0.1);
    // The finest that can be told at 250 requests/s is a second.
    assert!(lost.recovery_rule.contains("near faults by seconds"), "{}", lost.recovery_rule);
    let worst = lost.worst.as_ref().expect("there is a worst window");
    assert_eq!(worst.length_s, 1.0);
    // Half of the shoppers' 200 of 250 requests/s fail in the first second.
    between(&worst.success, 0.57, 0.63);
    assert!(worst.after_s <= 1.0, "{worst:?}");

    let blast = lost.blast.as_ref().expect("it hits somebody");
    let hit: Vec<&str> = blast.streams.iter().filter(|row| row.hit).map(|row| row.name.as_str()).collect();
    assert_eq!(hit, ["shoppers"]);
    assert!((blast.users_share - 0.8).abs() < 0.01, "{}", blast.users_share);
    assert!((0.37..=0.43).contains(&blast.requests.value.expect("told")), "{:?}", blast.requests);

    // All of it fails as timeouts at one place, for one cause.
    let first = &lost.errors[0];
    assert_eq!(
        (&*first.class, &*first.edge, &*first.place, &*first.fault, &*first.within),
        ("timeout", "web -> stock", "back/i", "lost", "lost")
    );
    assert!(first.share > 0.99, "{first:?}");
    let failed: u64 = variant.total.failed.values().sum();
    assert_eq!(variant.errors.iter().map(|error| error.count).sum::<u64>(), failed, "each failure has one place");

    let edge = lost.edges.iter().find(|edge| edge.from == "web" && edge.to == "stock").expect("it is called");
    assert_eq!((edge.before, edge.during.value), (Some(1.0), Some(1.0)));
    // Calls that began in the second before it were hit too.
    assert!(edge.failed_before.is_some_and(|share| share < 2e-3), "{edge:?}");
    assert!(edge.failed_during.is_some_and(|share| share > 0.01), "{edge:?}");
    assert!(lost.outlives.is_none(), "{:?}", lost.outlives);

    // The page and the terminal tell it.
    let page = report::html::page(&found);
    assert!(page.contains("Fault lost") && page.contains("outlier detection") && page.contains("web -&gt; stock"));
}

#[test]
fn traffic_that_leaves_who_lost_a_route_is_counted() {
    // One of two web replicas knows no way to stock, and answers 500: the ingress ejects it after five of its 100 a second.
    let outlier = r#""*": {outlier: {consecutive-5xx: 5, interval: 10s, eject: 60s, max-ejection: 100%}}"#;
    let half = SHOP.replace("traffic:\n", &format!("traffic:\n    {outlier}\n"));
    let half = half.replace("hit: zone/hangzhou/i, down: true", "hit: replica/web/front/0, no-route: [stock]");
    let found = answer(&half);
    let lost = fault(&found.variants[0], "lost");
    between(&lost.hit_share, 0.49, 0.51);
    between(&lost.detect_s, 0.0, 0.4);
    assert_eq!(lost.detected_by, [("outlier detection".to_owned(), 5)]);
    between(&lost.shift_s, 0.0, 0.5);
    between(&lost.still_share, 0.0, 0.01);
    // An entry that knows no route answers 404, and users go on asking it.
    let all = SHOP.replace("hit: zone/hangzhou/i, down: true", "hit: zone/hangzhou/h, no-route: [web]");
    let found = answer(&all);
    let lost = fault(&found.variants[0], "lost");
    between(&lost.hit_share, 1.0, 1.0);
    between(&lost.still_share, 1.0, 1.0);
    assert_eq!((lost.shift_s.value, lost.shift_s.low), (None, Some(40.0)), "{:?}", lost.shift_s);
}

#[test]
fn what_no_call_goes_to_is_said_not_to_be_measured() {
    let frozen = SHOP.replace("mesh:\n", "mesh:\n  control-plane: {kind: multi-primary}\n");
    let frozen = frozen.replace("hit: zone/hangzhou/i, down: true", "hit: control-plane, freeze: true");
    let lost = answer(&frozen);
    let why = fault(&lost.variants[0], "lost").shift_s.why.clone().expect("there is no figure");
    assert!(why.starts_with("not measured: it hits who tells proxies"), "{why}");
    // One of eight ways is dead: calls stay on the others, which are hit no more than before.
    let eighth = SHOP.replace("down: true", "paths: 1/8");
    let lost = answer(&eighth);
    let lost = fault(&lost.variants[0], "lost");
    let why = lost.shift_s.why.clone().expect("there is no figure");
    assert!(why.starts_with("not measured: it hits a share of a way's connections"), "{why}");
    assert!(lost.recovery_s.value.is_some() || lost.recovery_s.low.is_some(), "{:?}", lost.recovery_s);
}

#[test]
fn of_faults_that_overlap_none_takes_no_time_beside_what_it_loses() {
    // Zone i is away from 60 s to 100 s, and j from 80 s to 120 s: from 80 s to 100 s nobody answers, and then the replicas in i
    // do, to those who have all thrown out.
    let both =
        SHOP.replace("down: true}\n", "down: true}\n  also: {at: 80s, for: 40s, hit: zone/hangzhou/j, down: true}\n");
    let found = answer(&both);
    let (lost, also) = (fault(&found.variants[0], "lost"), fault(&found.variants[0], "also"));
    let (first, second) = (lost.recovery_s.value.expect("seen"), also.recovery_s.value.expect("seen"));
    assert!((first - second - 20.0).abs() < 1e-9 && (20.0..=32.0).contains(&second), "{first} {second}");
    assert!(lost.together.contains("with also") && lost.together.contains("it had been back"), "{}", lost.together);
    assert!(also.together.contains("with lost"), "{}", also.together);
    // What failed from 80 s on, until the first one's recovery is over, is charged to both and told so.
    let shared = [&lost.shared, &also.shared].map(|of| of.value.expect("counted"));
    assert_eq!(shared[0], shared[1]);
    assert!(shared[0] > 15.0 * 200.0 && shared[0] < also.lost.value.expect("counted") + 300.0, "{shared:?}");
}

#[test]
fn the_budget_is_burned_by_what_is_lost() {
    let found = answer(SHOP);
    let variant = &found.variants[0];
    let (budget, lost) = (variant.budget.as_ref().expect("an objective is said"), fault(variant, "lost"));
    assert!((budget.minutes - 43.2).abs() < 1e-9, "0.1 % of 30 days");
    // 250 requests/s over 30 days, a thousandth of them.
    assert!((budget.requests / (250.0 * 30.0 * 86_400.0 * 0.001) - 1.0).abs() < 0.01, "{}", budget.requests);
    let burn = lost.burn.as_ref().expect("an objective is said");
    let (minutes, share) = (burn.minutes.value.expect("told"), burn.share.value.expect("told"));
    assert!((share - minutes / 43.2).abs() < 1e-9);
    // Nothing is slower than 500 ms but what fails, so that what burns is what was lost.
    let lost_minutes = lost.lost.value.expect("counted") / (250.0 * 60.0);
    assert!((minutes / lost_minutes - 1.0).abs() < 0.02, "{minutes} {lost_minutes}");
    assert!((burn.allowed_month.expect("it burns") - 1.0 / share).abs() < 1e-9);
    let during = lost.availability.value.expect("counted");
    assert!((burn.rate.value.expect("told") - (1.0 - during) / 0.001).abs() < 1e-6);
}

#[test]
fn one_user_who_asks_at_even_times_is_up_as_requests_are_good() {
    let found = answer(SHOP);
    let variant = &found.variants[0];
    let shoppers = variant.rows.iter().find(|row| row.entry == "shoppers").expect("they ask");
    // Each request decides for the 5 ms to the next: user-uptime is the success of the stream, to one request.
    let users = variant.availability.users.value.expect("one user is told apart");
    let success = shoppers.ok as f64 / shoppers.sent as f64;
    assert!((users - success).abs() < 2.0 * 5.0 / shoppers.sent as f64, "{users} {success}");
    let &(length, ref worst) = variant.availability.windowed.first().expect("a minute fits");
    assert_eq!((length, variant.availability.windowed.len()), (60.0, 1));
    // The worst minute holds all that was lost of the first ejections.
    assert!(worst.value.expect("told") < users, "{worst:?} {users}");
    // By time: windows of 3 s with less than 99.9 %.
    let time = variant.availability.time.value.expect("told");
    assert!((0.85..1.0).contains(&time), "{time}");
}

#[test]
fn an_answer_that_comes_too_late_is_good_by_none_of_the_three() {
    // Stock takes 600 ms from 60 s to 100 s, and nothing fails.
    let slow = SHOP.replace("hit: zone/hangzhou/i, down: true", "hit: service/stock, slow: {add: 598ms}");
    let slow = slow.replace("timeout: 1s", "timeout: 5s").replace("workers: 4, work: 2ms", "workers: 900, work: 2ms");
    let slow = slow.replace("workers: 4, work: 1ms, calls", "workers: 900, work: 1ms, calls");
    let found = answer(&slow);
    let variant = &found.variants[0];
    assert_eq!(variant.total.ok, variant.total.sent);
    let measures = &variant.availability;
    // 200 of 250 requests a second for 40 of 180 s; every window of them; the one user, for those 40 s.
    between(&measures.requests, 1.0 - 0.8 * 40.0 / 180.0 - 0.003, 1.0 - 0.8 * 40.0 / 180.0 + 0.003);
    between(&measures.time, 1.0 - 15.0 / 60.0, 1.0 - 13.0 / 60.0);
    between(&measures.users, 1.0 - 40.0 / 180.0 - 0.003, 1.0 - 40.0 / 180.0 + 0.003);
    // It burns what comes late, and loses nothing.
    let lost = fault(variant, "lost");
    assert_eq!(lost.lost.value, Some(0.0));
    let minutes = lost.burn.as_ref().expect("an objective is said").minutes.value.expect("told");
    assert!((minutes / (0.8 * 40.0 / 60.0) - 1.0).abs() < 0.01, "{minutes}");
    // Without the limit all is good.
    let patient = answer(&slow.replace(", good-within: 500ms", ""));
    let measures = &patient.variants[0].availability;
    assert_eq!([&measures.requests, &measures.time, &measures.users].map(|of| of.value), [Some(1.0); 3]);
}

#[test]
fn the_warm_up_is_the_same_with_a_fault_and_without() {
    let with = answer(SHOP);
    let without = answer(&SHOP.replace("faults:\n  lost: {at: 1m, for: 40s, hit: zone/hangzhou/i, down: true}\n", ""));
    assert_eq!(with.warm_up, without.warm_up);
    assert!(with.warm_up.contains("MSER-5"), "{}", with.warm_up);
}

/// 80 users' calls a second from `web` to `orders`, which is as told; no retries unless somebody says otherwise.
fn orders(are: &str, rest: &str) -> String {
    let head = r#"
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}}
  clusters: {shop: {region: hangzhou}}
services:
  web:    {replicas: {shop: 2}, workers: 8, work: 1ms, calls: [orders]}
  orders: {ARE}
mesh: {traffic: {"*": {retries: 0}}}
workload: {users: {from: hangzhou, to: web, rate: 80rps}}
"#;
    head.replace("ARE", are) + rest
}

/// One worker with 10 ms for each call; it is away for 10 s.
fn storm() -> String {
    let rest = r#"faults: {away: {at: 1m, for: 10s, hit: service/orders, down: silent}}
run: {horizon: 4m, replications: 5, seed: 7}
variants:
  storms: {mesh: {traffic: {"web -> orders": {timeout: 2s, per-try: 200ms, retries: 3, retry-on: [gateway-error, connect-failure, reset]}}}}
  calm:   {mesh: {traffic: {"web -> orders": {timeout: 200ms, retries: 0}}}}
"#;
    orders("replicas: {shop: 1}, workers: 1, work: 10ms, queue: 10000", rest)
}

#[test]
fn overload_that_outlives_its_trigger_is_named_and_one_that_drains_is_not() {
    let found = answer(&storm());
    let of = |name: &str| found.variants.iter().find(|variant| variant.name == name).expect("it is there");
    let stays = fault(of("storms"), "away").outlives.as_ref().expect("retries keep it busy");
    assert!(stays.metastable, "{stays:?}");
    assert_eq!(stays.busiest.as_ref().map(|(name, ..)| name.as_str()), Some("orders"));
    let (edge, times, before) = stays.amplified.clone().expect("retries amplify");
    assert!(edge == "web -> orders" && times > 2.0 && before < 1.2, "{edge} {times} {before}");
    assert!(stays.success_before > 0.95 && stays.success_after < 0.5, "{stays:?}");
    assert_eq!(stays.fails.as_ref().map(|(class, edge, _)| (&**class, &**edge)), Some(("timeout", "web -> orders")));
    assert!(found.verdict.contains("storms did not recover from away by itself"), "{}", found.verdict);
    assert!(fault(of("calm"), "away").outlives.is_none(), "{:?}", fault(of("calm"), "away").outlives);
    assert!(!found.verdict.contains("calm did not recover"));
}

/// Five seconds of errors, and two minutes later five more; who answers an error is not called for ten minutes.
fn ejected() -> String {
    let rest = r#"faults:
  sour:  {at: 1m, for: 5s, hit: service/orders, errors: 100%}
  again: {at: 3m, for: 5s, hit: service/orders, errors: 100%}
run: {horizon: 5m, replications: 5, seed: 7}
variants:
  ejects: {mesh: {traffic: {"web -> orders": {outlier: {consecutive-5xx: 1, eject: 10m, max-ejection: 100%}}}}}
  keeps:  {}
"#;
    orders("replicas: {shop: 2}, workers: 8, work: 1ms", rest)
}

#[test]
fn what_is_not_taken_up_again_is_named_by_what_fails_and_told_once() {
    let found = answer(&ejected());
    let of = |name: &str| found.variants.iter().find(|variant| variant.name == name).expect("it is there");
    let stays = fault(of("ejects"), "sour").outlives.as_ref().expect("nobody is left to be called");
    assert!(!stays.metastable && stays.success_after == 0.0, "{stays:?}");
    let (class, edge, share) = stays.fails.clone().expect("something fails");
    assert_eq!((&*class, &*edge), ("no-host", "web -> orders"));
    // Without a host is nearly all of it: the few errors that ejected the hosts were on a way that the fault lasted on.
    assert!(share > 0.999, "{share}");
    assert!(
        stays.sentence.contains("no-host on web -> orders (all its hosts are ejected or gone)"),
        "{}",
        stays.sentence
    );
    assert!(fault(of("ejects"), "again").outlives.is_some());
    assert_eq!(found.verdict.matches("did not recover").count(), 1, "{}", found.verdict);
    assert!(found.verdict.contains("; nor from "), "{}", found.verdict);
    assert!(fault(of("keeps"), "sour").outlives.is_none(), "{:?}", fault(of("keeps"), "sour").outlives);
}

#[test]
fn more_load_than_before_is_no_state_that_outlives_a_fault() {
    let risen = storm().replace("rate: 80rps", "rate: {steps: {0s: 80rps, 2m: 200rps}}");
    let found = answer(&risen);
    for variant in &found.variants {
        assert!(fault(variant, "away").outlives.is_none(), "{}: {:?}", variant.name, fault(variant, "away").outlives);
    }
}
