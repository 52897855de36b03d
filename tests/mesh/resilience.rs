//! Outlier detection, retries, timeouts.

use eastwest::policy::outlier::{HostHealth, ResultClass, ejection_time, jitter, may_eject};
use eastwest::policy::previous_priorities::PreviousPriorities;
use eastwest::policy::priority::{self, Level, PriorityLoad};
use eastwest::policy::rates::{self, Tally};
use eastwest::policy::retry::{Decision, Seen};
use eastwest::policy::{Budget, EjectionCap, Outlier, RetryOn, Status, defaults, retry, timeout, version};
use eastwest::record::Failure;
use eastwest::units::{Duration, SimTime};

use crate::{numbers, rows};

/// Envoy's defaults with its tests' cap of 100 %.
const UNCAPPED: Outlier = Outlier { max_ejection_percent: 100, ..defaults::OUTLIER };
const ENVOYS_TEST: Outlier = Outlier { eject: Duration::from_secs(10), ..UNCAPPED };

fn hear(host: &mut HostHealth, policy: &Outlier, statuses: &[u32]) -> Vec<bool> {
    let class = |status: u32| ResultClass::answered(policy, status as u16);
    statuses.iter().map(|&status| host.on_result(policy, class(status))).collect()
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + Duration::from_secs(seconds)
}

#[test]
fn hosts_are_ejected_and_return_when_envoys_are() {
    for row in rows("envoy_outlier_detection.csv", 20) {
        let holds = outlier_row(&row["id"]);
        assert!(holds, "{}: {} -> {}", row["id"], row["events"], row["expected"]);
    }
}

fn outlier_row(id: &str) -> bool {
    let mut host = HostHealth::default();
    match id {
        "OD01" => hear(&mut host, &UNCAPPED, &[500, 200, 500, 500, 500, 500]) == [false; 6],
        "OD02" => {
            let wanted = hear(&mut host, &UNCAPPED, &[500, 200, 500, 500, 500, 500, 500]);
            wanted == [false, false, false, false, false, false, true] && may_eject(0, 1, &UNCAPPED)
        }
        // Out for 30 s from t = 0: not at the sweeps before, but at the first one after.
        "OD04" => {
            host.eject(&UNCAPPED, at(0));
            let early = [10, 20].map(|s| host.sweep(at(s)));
            early == [false; 2] && host.sweep(at(30) + Duration::from_millis(1)) && !host.is_ejected()
        }
        "OD05" => {
            hear(&mut host, &UNCAPPED, &[500; 4]);
            host.eject(&UNCAPPED, at(0));
            let back = host.sweep(at(40));
            back && hear(&mut host, &UNCAPPED, &[500; 5]) == [false, false, false, false, true]
        }
        "OD07" => {
            let gateway = Outlier { consecutive_gateway: Some(5), ..UNCAPPED };
            hear(&mut host, &gateway, &[503, 503, 500, 500, 500]) == [false, false, false, false, true]
                && hear(&mut HostHealth::default(), &gateway, &[503; 5])[4]
        }
        "OD08" => {
            host.eject(&ENVOYS_TEST, at(0));
            host.sweep(at(10))
        }
        "OD10" => envoys_third_ejection(&mut host),
        "OD11" => {
            let third = envoys_third_ejection(&mut host);
            let healthy = [70, 80].map(|s| host.sweep(at(s)));
            host.eject(&ENVOYS_TEST, at(80));
            third && healthy == [false; 2] && !host.sweep(at(90)) && host.sweep(at(100))
        }
        // Ejected again at each return, with no sweep between that finds it in.
        "OD13" | "OD14" => {
            let mut now = at(0);
            let lasted: Vec<u64> = (1..=39)
                .map(|_| {
                    let until = host.eject(&ENVOYS_TEST, now);
                    let lasted = until.since(now).nanos() / 1_000_000_000;
                    now = until;
                    assert!(host.sweep(now), "a sweep at the end of an ejection frees the host");
                    lasted
                })
                .collect();
            (1..=30).all(|n| lasted[n - 1] == 10 * n as u64) && lasted[30..].iter().all(|&s| s == 300)
        }
        "OD17" => {
            let half = Outlier { max_ejection_percent: 50, ..UNCAPPED };
            may_eject(0, 3, &half) && !may_eject(1, 3, &half)
        }
        "OD19" => !may_eject(0, 1, &Outlier { max_ejection_percent: 90, ..UNCAPPED }),
        "OD20" => !may_eject(0, 9, &defaults::OUTLIER),
        "OD16" => {
            let ten = Outlier { jitter: Duration::from_secs(10), ..UNCAPPED };
            jitter(&ten, 123_456_789) == Duration::from_millis(4_445) && jitter(&UNCAPPED, 7) == Duration::ZERO
        }
        "OD22" => {
            let tenth = Outlier { cap: EjectionCap::Before, ..defaults::OUTLIER };
            may_eject(0, 4, &tenth) && !may_eject(1, 4, &tenth)
        }
        "OD23" => {
            let half = Outlier { cap: EjectionCap::Before, max_ejection_percent: 50, ..UNCAPPED };
            [0, 1, 2].map(|out| may_eject(out, 4, &half)) == [true, true, false]
        }
        "OD25" => rates::threshold(&[50.0, 100.0, 100.0, 100.0, 100.0], 1900) == (90.0, 52.0),
        // Volumes of 25, and 50 of the last: nobody counts.
        "OD26" => {
            let mut hosts = [Some(Tally { total: 25, good: 25 }); 5];
            hosts[4] = Some(Tally { total: 50, good: 25 });
            rates::by_success_rate(&defaults::SUCCESS_RATE, &hosts).is_empty()
        }
        "OD28" => {
            let mut hosts = [Some(Tally { total: 50, good: 50 }); 5];
            hosts[4] = Some(Tally { total: 350, good: 50 });
            rates::by_failures(&defaults::FAILURE_PERCENTAGE, &hosts) == [4]
        }
        "OD29" => {
            let long = Duration::from_secs(400);
            let policy = Outlier { eject: long, max_eject: defaults::max_eject(long), ..UNCAPPED };
            ejection_time(&policy, 1) == long && ejection_time(&policy, 9) == long
        }
        other => panic!("{other}: no such case here"),
    }
}

#[test]
fn rates_put_out_whom_envoys_do() {
    let tally = |good, total| Some(Tally { total, good });
    let mut hosts = [tally(200, 200); 5];
    hosts[4] = tally(100, 200);
    assert_eq!(rates::by_success_rate(&defaults::SUCCESS_RATE, &hosts), [4], "50 % is below 52");
    hosts[4] = tally(110, 200);
    // Mean 91, standard deviation 18, threshold 56.8: still below.
    assert_eq!(rates::by_success_rate(&defaults::SUCCESS_RATE, &hosts), [4]);
    // Of three bad ones in ten, none is far enough below the mean.
    let mixed: Vec<_> = (0..10).map(|host| if host < 3 { tally(150, 200) } else { tally(200, 200) }).collect();
    assert!(rates::by_success_rate(&defaults::SUCCESS_RATE, &mixed).is_empty());
    // A host that is out does not count: four are too few.
    hosts[0] = None;
    assert!(rates::by_success_rate(&defaults::SUCCESS_RATE, &hosts).is_empty());
    let mut failing = [tally(50, 50); 5];
    (failing[1], failing[2]) = (tally(15, 100), tally(16, 100));
    assert_eq!(rates::by_failures(&defaults::FAILURE_PERCENTAGE, &failing), [1], "85 % is enough, 84 % is not");
}

#[test]
fn the_cap_on_ejections_goes_by_release() {
    let cap = |istio| version::ejection_cap((1, istio));
    assert_eq!([15, 18, 19, 20, 24].map(cap), {
        use EjectionCap::{After, Before, FirstAlways};
        [Before, Before, FirstAlways, After, After]
    });
    let tenth = |cap| Outlier { cap, ..defaults::OUTLIER };
    let four = |rule| [0, 1].map(|out| may_eject(out, 4, &rule));
    assert_eq!(four(tenth(EjectionCap::Before)), [true, false]);
    assert_eq!(four(tenth(EjectionCap::FirstAlways)), [true, false]);
    assert_eq!(four(tenth(EjectionCap::After)), [false, false]);
    assert_eq!(four(Outlier { always_eject_one: true, ..defaults::OUTLIER }), [true, false]);
    // 1.26 looks at the share before, 1.28 at the share after: the second of four at 50 % both, the third neither.
    let half = |cap| Outlier { max_ejection_percent: 50, ..tenth(cap) };
    for cap in [EjectionCap::Before, EjectionCap::FirstAlways, EjectionCap::After] {
        assert_eq!([0, 1, 2].map(|out| may_eject(out, 4, &half(cap))), [true, true, false]);
    }
    let third = |cap| [0, 1].map(|out| may_eject(out, 5, &Outlier { max_ejection_percent: 30, ..tenth(cap) }));
    assert_eq!([third(EjectionCap::Before), third(EjectionCap::After)], [[true, true], [true, false]]);
}

#[test]
fn failures_to_connect_are_counted_apart_where_a_policy_says_so() {
    let local = |connected| ResultClass::Local { connected };
    let split = Outlier { consecutive_local: Some(3), ..UNCAPPED };
    let ends = |policy: &Outlier, classes: &[ResultClass]| -> Vec<bool> {
        let mut host = HostHealth::default();
        classes.iter().map(|&class| host.on_result(policy, class)).collect()
    };
    // Not apart: the fifth in a row, whatever they are.
    let five = [ResultClass::ServerError, local(false), local(true), ResultClass::GatewayError, local(false)];
    assert_eq!(ends(&UNCAPPED, &five), [false, false, false, false, true]);
    // Apart: a bad answer between says that the connection was good.
    assert_eq!(ends(&split, &[local(false), local(false), local(false)]), [false, false, true]);
    assert_eq!(ends(&split, &[local(false), local(false), ResultClass::ServerError, local(false)]), [false; 4]);
    // A timeout on a connection begins with a connection that was good.
    assert_eq!(ends(&split, &[local(true); 9]), [false; 9]);
    // Only the listed codes are errors.
    let listed = Outlier { error_codes: Some([429, 503].into_iter().collect()), ..UNCAPPED };
    assert_eq!(hear(&mut HostHealth::default(), &listed, &[429, 503, 429, 503, 500]), [false; 5]);
    assert!(hear(&mut HostHealth::default(), &listed, &[429, 503, 429, 503, 429])[4]);
}

/// Envoy's EjectTimeBackoff up to its third ejection: out at 0 for 10 s, at 10 for 20 s, at 30 for 30 s.
fn envoys_third_ejection(host: &mut HostHealth) -> bool {
    host.eject(&ENVOYS_TEST, at(0));
    let first = host.sweep(at(10));
    host.eject(&ENVOYS_TEST, at(10));
    let second = [20, 30].map(|s| host.sweep(at(s)));
    host.eject(&ENVOYS_TEST, at(30));
    let third = [40, 50, 60].map(|s| host.sweep(at(s)));
    first && second == [false, true] && third == [false, false, true]
}

/// What the table calls an event, as a proxy sees it.
fn seen(event: &str) -> Seen {
    let rate_limited = event.contains("x-envoy-ratelimited");
    let retriable_header = event.contains("retriable header");
    let answer = |status| Seen::Answer { status, rate_limited, retriable_header };
    let number = |text: &str| text.split(' ').next().expect("a number").parse::<u16>().expect("a status");
    match event.split_once(':') {
        Some(("status", code)) => answer(Status::Http(number(code))),
        Some(("grpc", code)) => answer(Status::Grpc(number(code) as u8)),
        Some(("reset", "refused_stream")) => Seen::RefusedStream,
        Some(("reset", "connection_failure")) => Seen::ConnectFailure,
        Some(("reset", "overflow")) => Seen::Overflow,
        Some(("reset", _)) => Seen::Reset { sent: true },
        _ if event.starts_with("per-try timeout") => Seen::PerTryTimeout,
        _ => panic!("{event}: no such event here"),
    }
}

#[test]
fn what_is_retried_is_what_envoy_retries() {
    for row in rows("envoy_retry_decision.csv", 28) {
        let id = &row["id"];
        // `conditions; settings`, conditions apart by commas or spaces, codes in brackets.
        let (conditions, settings) = row["retry_on"].split_once(';').unwrap_or((&row["retry_on"], ""));
        let words: Vec<&str> =
            conditions.split([',', ' ', '[', ']', '|']).filter(|word| !matches!(*word, "" | "grpc")).collect();
        let on = RetryOn::from_words(&words).expect("conditions that are simulated");
        if row["test"].contains("Istio default policy") {
            assert_eq!(on, defaults::retry_on(defaults::ISTIO_VERSION), "{id}: Istio's own default");
        }
        let decide = |event: &str, done, retries, room| match retry::decide(&on, seen(event), done, retries, || room) {
            Decision::Retry => "retry",
            Decision::No => "no",
            Decision::LimitExceeded => "limit exceeded",
            Decision::Overflow => "overflow",
        };
        let event = &*row["event"];
        match &**id {
            "RD31" => {
                // The header's 3, not the policy's 4.
                let all: Vec<_> = (0..4).map(|done| decide("reset:connection_failure", done, 3, true)).collect();
                assert_eq!(all, ["retry", "retry", "retry", "limit exceeded"], "{id}");
            }
            "RD32" => {
                assert_eq!([decide("status:503", 0, 1, true), decide("status:200", 1, 1, true)], ["retry", "no"]);
            }
            _ if on == RetryOn::default() => {
                assert_eq!((&*row["expected"], decide(event, 0, 1, true)), ("no retry state", "no"), "{id}");
            }
            _ => {
                let room = !settings.contains("circuit breaker 0");
                assert_eq!(decide(event, 0, 1, room), row["expected"], "{id}");
            }
        }
    }
}

#[test]
fn what_can_fail_here_is_seen_as_what_envoy_sees() {
    let on = |words: &[&str]| RetryOn::from_words(words).expect("conditions");
    let retried = |words: &[&str], failure| retry::retriable(on(words), failure);
    assert!(retried(&["503"], Failure::Overflow) && !retried(&["500"], Failure::Overflow));
    assert!(retried(&["envoy-ratelimited"], Failure::RateLimited) && !retried(&["5xx", "429"], Failure::RateLimited));
    assert!(!retried(&["5xx", "reset", "gateway-error"], Failure::Aborted), "a fault filter's answer is final");
    assert!(
        retried(&["reset-before-request"], Failure::Connect) && !retried(&["reset-before-request"], Failure::Reset)
    );
    // An application's 503 is a gateway error, its 500 is not.
    let saw = |code| Seen::of(Failure::Error, Some(Status::Http(code))).expect("an answer");
    let gateway = on(&["gateway-error"]);
    assert!(retry::would_retry(&gateway, saw(503)) && !retry::would_retry(&gateway, saw(500)));
    assert!(
        !retry::would_retry(&defaults::retry_on((1, 24)), saw(503))
            && retry::would_retry(&defaults::retry_on((1, 23)), saw(503))
    );
}

#[test]
fn the_back_off_is_envoys() {
    for row in rows("envoy_retry_backoff.csv", 7) {
        if row["exact"] == "doc-only" {
            continue;
        }
        let ms = |key: &str| Duration::from_millis(row[key].parse().expect("milliseconds"));
        let draws: Vec<u64> = numbers(&row["random_values"]).into_iter().map(u64::from).collect();
        let expected = numbers(&row["expected_ms"]);
        let span = |ms: u32| Duration::from_millis(u64::from(ms));
        let base = ms("base_ms");
        if row["exact"] == "lower-bound" {
            assert_eq!(retry::backoff_after(base, draws[0]), span(expected[0]), "{}", row["id"]);
            continue;
        }
        let max = ms("max_ms");
        for (index, draw) in draws.into_iter().enumerate() {
            let wait = retry::backoff_within(base, max, index as u32 + 1, draw);
            assert_eq!(wait, span(expected[index]), "{}, retry {}", row["id"], index + 1);
            if max == base.saturating_mul(10) {
                assert_eq!(retry::backoff(base, index as u32 + 1, draw), wait, "{} by default", row["id"]);
            }
        }
    }
}

#[test]
fn a_retry_budget_is_envoys() {
    for row in rows("envoy_retry_budget.csv", 8) {
        let number = |key: &str| row[key].parse::<u64>().expect("a number");
        let budget = Budget { percent: number("budget_percent") as f64, min: number("min_retry_concurrency") as u32 };
        let under_way = number("active_requests") + number("pending_requests");
        let allowed = budget.allows(under_way, number("outstanding_retries"));
        assert_eq!(allowed, row["can_retry"] == "yes", "{}", row["id"]);
    }
}

#[test]
fn retries_leave_out_priorities_as_envoys_do() {
    for row in rows("envoy_retry_previous_priorities.csv", 10) {
        let level = |text: &str| {
            let counts: Vec<u32> = text.split('/').map(|count| count.parse().expect("a count")).collect();
            Level { total: counts[0], healthy: counts[1], degraded: counts[2], excluded: 0 }
        };
        let levels: Vec<Level> = row["levels_total/healthy/degraded"].split('|').map(level).collect();
        let mut plain = PriorityLoad::default();
        priority::loads_of(&levels, 140, 0, &mut plain);
        let original = plain.with(&numbers(&row["original_healthy_load"]), &numbers(&row["original_degraded_load"]));
        let frequency = row["update_frequency"].parse().expect("a number");
        let mut previous = PreviousPriorities::default();
        let mut load = previous.load(&levels, &original, (frequency, 140));
        for tried in row["attempted_priorities_in_order"].split(',').filter(|text| !text.is_empty()) {
            previous.attempted(tried.trim().parse().expect("a priority"));
            load = previous.load(&levels, &original, (frequency, 140));
        }
        let all = |share: &dyn Fn(usize) -> u32| (0..levels.len()).map(share).collect::<Vec<u32>>();
        assert_eq!(all(&|level| load.healthy(level)), numbers(&row["expected_healthy_load"]), "{} healthy", row["id"]);
        assert_eq!(
            all(&|level| load.degraded(level)),
            numbers(&row["expected_degraded_load"]),
            "{} degraded",
            row["id"]
        );
    }
}

#[test]
fn timeouts_are_envoys_and_istios() {
    let ms = |text: &str| text.parse::<u64>().ok().filter(|ms| *ms > 0).map(Duration::from_millis);
    for row in rows("envoy_timeouts.csv", 8) {
        let (id, expected) = (&*row["id"], &*row["expected_ms"]);
        // `global G .., per_try P`: what is left of the timeout of a try.
        if let Some((global, per_try)) =
            row["case"].strip_prefix("global ").and_then(|case| case.split_once(", per_try "))
        {
            let word = |text: &str| text.split(' ').next().unwrap_or("").to_owned();
            let takes_effect = timeout::per_try(ms(&word(global)), ms(&word(per_try)));
            let said = expected.rsplit("per-try ").next().expect("what is left");
            assert_eq!(takes_effect, ms(said), "{id}");
            continue;
        }
        match id {
            "TO07" => assert_eq!(defaults::policy(defaults::ISTIO_VERSION).timeout, None),
            "TO10" => assert_eq!(defaults::IDLE_TIMEOUT, ms(expected).expect("a duration")),
            // The rest of a timeout is a matter of the machine (`tests/machine/resilience.rs`); plain Envoy's connect
            // timeout and the idle timeout of streams are not used here.
            "TO05" | "TO08" | "TO11" => {}
            other => panic!("{other}: no such case here"),
        }
    }
}
