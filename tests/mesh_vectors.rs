//! Envoy's and Istio's own test cases against the policy code that the machine runs. Sources: `tests/mesh/README.md`.

use std::collections::BTreeMap;

use eastwest::policy::edf::Edf;
use eastwest::policy::locality::{self, Distribute, Failover, Locality, Pattern};
use eastwest::policy::outlier::{HostHealth, ResultClass, ejection_time, may_eject};
use eastwest::policy::priority::{self, Level, Pool, PriorityLoad};
use eastwest::policy::{Outlier, RetryOn, defaults, least_request, retry, round_robin};
use eastwest::record::Failure;
use eastwest::units::{Duration, SimTime};

type Row = BTreeMap<String, String>;

#[track_caller]
fn rows(file: &str, at_least: usize) -> Vec<Row> {
    let path = format!("{}/tests/mesh/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).expect("the vectors are in tests/mesh");
    let rows: Vec<Row> = reader.deserialize().map(|row| row.expect("a row of the vectors")).collect();
    assert!(rows.len() >= at_least, "{file} has lost rows: {} left", rows.len());
    rows
}

fn numbers(text: &str) -> Vec<u32> {
    text.split(['|', ',']).map(|number| number.trim().parse().expect("a whole number")).collect()
}

#[test]
fn the_load_of_each_priority_is_envoys() {
    for row in rows("envoy_priority_load.csv", 40) {
        let id = &row["id"];
        let level = |text: &str| {
            let [total, healthy, degraded, excluded] =
                text.split('/').map(|n| n.parse().expect("a count")).collect::<Vec<_>>()[..]
            else {
                panic!("{id}: four counts a level");
            };
            Level { total, healthy, degraded, excluded }
        };
        let levels: Vec<Level> = row["levels_total/healthy/degraded/excluded"].split('|').map(level).collect();
        let overprovisioning = row["overprovisioning_percent"].parse().expect("percent");
        let threshold = row["panic_threshold_percent"].parse().expect("percent");
        let mut load = PriorityLoad::default();
        priority::loads_of(&levels, overprovisioning, threshold, &mut load);
        let each = |share: &dyn Fn(usize) -> u32| (0..levels.len()).map(share).collect::<Vec<_>>();
        assert_eq!(each(&|level| load.healthy(level)), numbers(&row["expected_healthy_load"]), "{id} healthy load");
        if !row["expected_degraded_load"].is_empty() {
            assert_eq!(
                each(&|level| load.degraded(level)),
                numbers(&row["expected_degraded_load"]),
                "{id} degraded load"
            );
        }
        if !row["expected_panic"].is_empty() {
            assert_eq!(each(&|level| u32::from(load.panics(level))), numbers(&row["expected_panic"]), "{id} panic");
        }
        if overprovisioning == 140 && levels.iter().all(|level| level.degraded == 0 && level.excluded == 0) {
            let mut plain = PriorityLoad::default();
            let healthy: Vec<u32> = levels.iter().map(|level| level.healthy).collect();
            let total: Vec<u32> = levels.iter().map(|level| level.total).collect();
            priority::loads(&healthy, &total, threshold, &mut plain);
            assert_eq!(plain, load, "{id} by the short way");
        }
    }
}

#[test]
fn a_draw_chooses_the_priority_that_envoy_chooses() {
    for row in rows("envoy_choose_priority.csv", 6) {
        let id = &row["id"];
        // Levels of a hundred hosts each, so healthy that the loads come out as the row has them.
        let (healthy, degraded) = (numbers(&row["healthy_load"]), numbers(&row["degraded_load"]));
        let levels: Vec<Level> = healthy
            .iter()
            .zip(&degraded)
            .map(|(&healthy, &degraded)| Level { total: 100, healthy, degraded, excluded: 0 })
            .collect();
        let mut load = PriorityLoad::default();
        priority::loads_of(&levels, 100, 0, &mut load);
        assert_eq!((0..healthy.len()).map(|level| load.healthy(level)).collect::<Vec<_>>(), healthy, "{id} set up");
        let draw = row["random_or_hash"].parse().expect("a draw");
        let pool = if row["expected_pool"] == "degraded" { Pool::Degraded } else { Pool::Healthy };
        let expected = row["expected_priority"].parse::<usize>().expect("a priority");
        assert_eq!(priority::choose_pool(&load, draw), (expected, pool), "{id}");
        assert_eq!(priority::choose(&load, draw), (expected, false), "{id}");
    }
}

#[test]
fn the_least_busy_of_the_drawn_hosts_is_envoys() {
    for row in rows("envoy_least_request.csv", 4) {
        let active = numbers(&row["active_requests"]);
        let draws: Vec<u64> = numbers(&row["random_draws_after_priority_draw"]).into_iter().map(u64::from).collect();
        let requests = |host: usize| active[host];
        let chosen = match draws[..] {
            [first, second] => least_request::choose(active.len(), requests, [first, second]),
            [a, b, c, d, e] => least_request::choose(active.len(), requests, [a, b, c, d, e]),
            _ => panic!("{}: two or five draws", row["id"]),
        };
        assert_eq!(chosen.to_string(), row["expected_host_index"], "{}", row["id"]);
    }
    for row in rows("envoy_least_request_effective_weight.csv", 2) {
        let weight = least_request::weight(
            row["lb_weight"].parse().expect("a weight"),
            row["active_requests"].parse().expect("a count"),
        );
        assert_eq!(weight.to_string(), row["expected_weight"].trim_end_matches(".0"), "{}", row["id"]);
    }
}

#[test]
fn weighted_turns_come_in_envoys_order() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mesh/envoy_pick_sequences.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in tests/mesh");
    let programs: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of programs");
    assert!(programs.len() >= 14, "the vectors have lost programs");
    programs.iter().for_each(run_picks);
}

/// Runs one program of the pick sequences: build, change weights or active counts, pick.
fn run_picks(program: &serde_json::Value) {
    let id = program["id"].as_str().expect("an id");
    let least_request = program["algorithm"] == "LEAST_REQUEST";
    let seed = program["seed"].as_u64().expect("a seed") as u32;
    let floats = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().expect("a list").iter().map(|n| n.as_f64().expect("a number")).collect()
    };
    let (mut weights, mut slow, mut active) = (Vec::new(), Vec::new(), Vec::new());
    let (mut edf, mut turn): (Option<Edf>, u64) = (None, u64::from(seed));
    for op in program["ops"].as_array().expect("a list of operations") {
        let (name, value) = op.as_object().and_then(|op| op.iter().next()).expect("one operation");
        if name == "pick" {
            let now = |host: usize| now_weight(least_request, &weights, &slow, &active, host);
            for (step, expected) in floats(value).into_iter().enumerate() {
                let picked = match &mut edf {
                    Some(edf) => edf.pick(now),
                    None => round_robin::choose(weights.len(), turn),
                };
                turn += 1;
                assert_eq!(picked as f64, expected, "{id}, pick {step}");
            }
            continue;
        }
        match name.as_str() {
            "slow" => slow = floats(value),
            "active" => active = floats(value),
            "build" | "build_keep_index" | "add" | "set_weights" => weights = floats(value),
            other => panic!("{id}: unknown operation {other}"),
        }
        let equal = weights.windows(2).all(|pair| pair[0] == pair[1]) && slow.is_empty();
        if name == "add" || (name == "build" && !equal) {
            let built: Vec<f64> =
                (0..weights.len()).map(|host| now_weight(least_request, &weights, &slow, &active, host)).collect();
            edf = Some(Edf::new(&built, seed));
        }
    }
}

fn now_weight(least_request: bool, weights: &[f64], slow: &[f64], active: &[f64], host: usize) -> f64 {
    let weight = weights[host] * slow.get(host).copied().unwrap_or(1.0);
    match active.get(host) {
        Some(&active) if least_request => least_request::weight(weight, active as u32),
        _ => weight,
    }
}

fn locality(text: &str) -> Locality {
    // The tables write r1 beside region1: the last digits count.
    let number = |part: Option<&str>| {
        let digits: String = part.unwrap_or("").chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    let mut parts = text.split('/');
    Locality { region: number(parts.next()), zone: number(parts.next()), subzone: number(parts.next()) }
}

fn pattern(text: &str) -> Pattern {
    let at = locality(text);
    let part = |index: usize, number: u32| match text.split('/').nth(index) {
        None | Some("*") => None,
        Some(_) => Some(number),
    };
    Pattern { region: part(0, at.region), zone: part(1, at.zone), subzone: part(2, at.subzone) }
}

#[test]
fn failover_orders_localities_as_istio_does() {
    for row in rows("istio_locality_failover.csv", 4) {
        assert_eq!((&*row["mode"], &*row["outlier_detection_set"]), ("locality", "yes"));
        let proxy = locality(&row["proxy_locality"]);
        let rules: Vec<Failover> = row["failover_rules"]
            .split("->")
            .map(|region| locality(region).region)
            .collect::<Vec<_>>()
            .chunks_exact(2)
            .map(|pair| Failover { from: pair[0], to: pair[1] })
            .collect();
        let mut levels: Vec<u8> =
            row["locality_groups"].split('|').map(|group| locality::level(proxy, locality(group), &rules)).collect();
        locality::compact(&mut levels);
        let levels: Vec<u32> = levels.into_iter().map(u32::from).collect();
        assert_eq!(levels, numbers(&row["expected_priorities"]), "{}", row["id"]);
    }
}

#[test]
fn a_pattern_matches_the_localities_that_istio_matches() {
    for row in rows("istio_locality_match.csv", 6) {
        let matched = pattern(&row["rule"]).matches(locality(&row["locality"]));
        assert_eq!(u8::from(matched).to_string(), row["expected_match"], "{}", row["id"]);
    }
}

/// Numbers for the named regions of the documents' examples.
fn numbered(text: &str) -> String {
    text.replace("us-west", "r1")
}

#[test]
fn distribute_weighs_localities_as_istio_does() {
    for row in rows("istio_locality_distribute.csv", 4) {
        let rule = numbered(&row["rule"]);
        let (from, to) = rule.split_once(" -> ").expect("from -> to");
        let to = to
            .trim_matches(['{', '}'])
            .split(';')
            .map(|part| part.trim().rsplit_once(':').expect("where:percent"))
            .map(|(at, percent)| (pattern(at), percent.parse().expect("percent")))
            .collect();
        let groups: Vec<(Locality, u32)> = numbered(&row["locality_groups=original_weight"])
            .split('|')
            .map(|group| group.split_once('=').expect("where=weight"))
            .map(|(at, weight)| (locality(at), weight.parse().expect("a weight")))
            .collect();
        let rules = [Distribute { from: pattern(from), to }];
        let proxy = locality(&numbered(&row["proxy_locality"]));
        let weights = locality::distribute(proxy, &rules, &groups).expect("the rule is for this proxy");
        assert_eq!(weights, numbers(&row["expected_weights"]), "{}", row["id"]);
        let elsewhere = Locality { region: 77, ..proxy };
        assert_eq!(locality::distribute(elsewhere, &rules, &groups), None, "{} for a proxy elsewhere", row["id"]);
    }
}

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

#[test]
fn the_defaults_are_istios() {
    for row in rows("defaults.csv", 10) {
        let seconds = |span: Duration| format!("{} s", span.seconds());
        let policy = defaults::policy(defaults::ISTIO_VERSION);
        let ours = match &*row["id"] {
            "DF04" => (f64::from(defaults::OVERPROVISIONING_PERCENT) / 100.0).to_string(),
            "DF05" => format!("{}% when outlierDetection is set", defaults::PANIC_THRESHOLD_WITH_OUTLIER),
            "DF14" => defaults::OUTLIER.consecutive_5xx.to_string(),
            "DF18" => seconds(defaults::OUTLIER.interval),
            "DF19" => seconds(defaults::OUTLIER.eject),
            "DF22" => format!("{}%", defaults::OUTLIER.max_ejection_percent),
            "DF35" => policy.retries.to_string(),
            "DF39" => defaults::HOST_SELECTION_ATTEMPTS.to_string(),
            "DF40" => format!("{} ms / {} ms", policy.backoff.millis(), 10.0 * policy.backoff.millis()),
            "DF45" => seconds(policy.connect_timeout),
            other => panic!("{other}: no constant for it"),
        };
        assert!(row["istio"].starts_with(&ours), "{}: {ours}, but Istio has {}", row["id"], row["istio"]);
    }
}
