//! Outlier detection, retries, timeouts.

use eastwest::policy::outlier::{HostHealth, ResultClass, ejection_time, may_eject};
use eastwest::policy::{Outlier, RetryOn, defaults, retry};
use eastwest::record::Failure;
use eastwest::units::{Duration, SimTime};

use crate::{numbers, rows};

/// Envoy's defaults with its tests' cap of 100 %.
const UNCAPPED: Outlier = Outlier { max_ejection_percent: 100, ..defaults::OUTLIER };
const ENVOYS_TEST: Outlier = Outlier { eject: Duration::from_secs(10), ..UNCAPPED };

fn hear(host: &mut HostHealth, policy: &Outlier, statuses: &[u32]) -> Vec<bool> {
    let class = |status: u32| match status {
        500 => ResultClass::ServerError,
        502..=504 => ResultClass::GatewayError,
        _ => ResultClass::Success,
    };
    statuses.iter().map(|&status| host.on_result(policy, class(status))).collect()
}

fn at(seconds: u64) -> SimTime {
    SimTime::ZERO + Duration::from_secs(seconds)
}

#[test]
fn hosts_are_ejected_and_return_when_envoys_are() {
    for row in rows("envoy_outlier_detection.csv", 14) {
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
        "OD29" => {
            let long = Duration::from_secs(400);
            let policy = Outlier { eject: long, max_eject: defaults::max_eject(long), ..UNCAPPED };
            ejection_time(&policy, 1) == long && ejection_time(&policy, 9) == long
        }
        other => panic!("{other}: no such case here"),
    }
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

#[test]
fn what_is_retried_is_what_envoy_retries() {
    for row in rows("envoy_retry_decision.csv", 9) {
        let id = &row["id"];
        let on = if row["test"].contains("Istio default policy") || row["source"].contains("Istio default policy") {
            defaults::retry_on(defaults::ISTIO_VERSION)
        } else {
            let words: Vec<&str> = row["retry_on"].split(',').collect();
            RetryOn::from_words(&words).expect("conditions that are simulated")
        };
        let failure = match &*row["event"] {
            "reset:remote" => Failure::Reset,
            "reset:connection_failure" => Failure::Connect,
            "status:503" => Failure::Overflow,
            "per-try timeout" => Failure::Timeout,
            other => panic!("{id}: no failure for {other}"),
        };
        assert_eq!(retry::retriable(on, failure), row["expected"] == "retry", "{id}");
    }
}

#[test]
fn the_back_off_is_envoys() {
    for row in rows("envoy_retry_backoff.csv", 4) {
        let ms = |key: &str| Duration::from_millis(row[key].parse().expect("milliseconds"));
        let (base, max) = (ms("base_ms"), ms("max_ms"));
        let expected = numbers(&row["expected_ms"]);
        for (index, draw) in numbers(&row["random_values"]).into_iter().enumerate() {
            let wait = retry::backoff_within(base, max, index as u32 + 1, u64::from(draw));
            assert_eq!(wait, Duration::from_millis(u64::from(expected[index])), "{}, retry {}", row["id"], index + 1);
            if max == base.saturating_mul(10) {
                assert_eq!(retry::backoff(base, index as u32 + 1, u64::from(draw)), wait, "{} by default", row["id"]);
            }
        }
    }
}
