//! How Envoy chooses a host.

use eastwest::policy::edf::Edf;
use eastwest::policy::priority::{self, Level, Pool, PriorityLoad};
use eastwest::policy::slow_start::SlowStart;
use eastwest::policy::{LeastRequest, least_request, round_robin};
use eastwest::random::Key;
use eastwest::units::Duration;

use crate::{numbers, rows};

#[test]
fn the_load_of_each_priority_is_envoys() {
    for row in rows("envoy_priority_load.csv", 40).iter().filter(|row| row["exact"] != "doc-only") {
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
fn the_load_where_health_is_weighed_is_envoys() {
    for row in rows("envoy_weighted_priority_health.csv", 3) {
        let id = &row["id"];
        let (mut counts, mut weights) = (Vec::new(), Vec::new());
        for hosts in row["hosts_state+weight_per_priority(h=healthy,d=degraded,u=unhealthy,x=excluded)"].split('|') {
            let (mut count, mut weight) = (Level::default(), Level::default());
            for host in hosts.split(',') {
                let (state, by) = host.split_at(1);
                let by: u32 = by.parse().expect("a weight");
                for (level, by) in [(&mut count, 1), (&mut weight, by)] {
                    level.total += by;
                    match state {
                        "h" => level.healthy += by,
                        "d" => level.degraded += by,
                        "x" => level.excluded += by,
                        "u" => {}
                        other => panic!("{id}: unknown state {other}"),
                    }
                }
            }
            counts.push(count);
            weights.push(weight);
        }
        let mut load = PriorityLoad::default();
        // Envoy's test reads the loads as they are before panic has its say.
        let overprovisioning = row["overprovisioning_percent"].parse().expect("percent");
        priority::loads_by(&counts, &weights, overprovisioning, 0, &mut load);
        let each = |share: &dyn Fn(usize) -> u32| (0..counts.len()).map(share).collect::<Vec<_>>();
        assert_eq!(each(&|level| load.healthy(level)), numbers(&row["expected_healthy_load"]), "{id} healthy load");
        let degraded = &row["expected_degraded_load"];
        if !degraded.is_empty() {
            assert_eq!(each(&|level| load.degraded(level)), numbers(degraded), "{id} degraded load");
        }
    }
}

#[test]
fn the_least_busy_of_the_drawn_hosts_is_envoys() {
    for row in rows("envoy_least_request.csv", 6) {
        let (id, expected) = (&row["id"], &row["expected_host_index"]);
        match row["selection"].as_str() {
            "N_CHOICES" => {
                let active = numbers(&row["active_requests"]);
                let draws = numbers(&row["random_draws_after_priority_draw"]);
                let choices = row["choice_count"].parse().expect("a count");
                let draw = |choice: u32| u64::from(draws[choice as usize]);
                let chosen = least_request::choose(active.len(), |host| active[host], choices, draw);
                assert_eq!(chosen.to_string(), *expected, "{id}");
            }
            "FULL_SCAN" => full_scan(id, &numbers(&row["active_requests"]), expected),
            "default" => {
                let rule = LeastRequest::default();
                assert_eq!((rule.choices, rule.full_scan, rule.bias), (2, false, 1.0), "{id}");
            }
            other => panic!("{id}: unknown selection {other}"),
        }
    }
    for row in rows("envoy_least_request_effective_weight.csv", 4) {
        let number = |column: &str| row[column].parse::<f64>().expect("a number");
        let weight =
            least_request::weight(number("lb_weight"), number("active_requests") as u32, number("active_request_bias"));
        // Four digits, as the documents have them.
        assert!((weight - number("expected_weight")).abs() < 5.1e-5, "{}: {weight}", row["id"]);
    }
}

/// One host by its index, or as `2,3,4 each 1/3`: within 0.5 % of a million.
fn full_scan(id: &str, active: &[u32], expected: &str) {
    let key = Key::new(1, 0, "full scan", id);
    let mut chosen = vec![0_u32; active.len()];
    for pick in 0..1_000_000_u64 {
        let draw = |host: u32| key.bits(pick << 8 | u64::from(host));
        chosen[least_request::full_scan(active.len(), |host| active[host], draw)] += 1;
    }
    let hosts = numbers(expected.split_whitespace().next().expect("hosts"));
    for (host, &picks) in chosen.iter().enumerate() {
        let share = if hosts.contains(&(host as u32)) { 1.0 / hosts.len() as f64 } else { 0.0 };
        assert!((f64::from(picks) / 1e6 - share).abs() < 0.005 * share.max(1e-9), "{id}: host {host} has {picks}");
    }
}

#[test]
fn a_new_host_has_envoys_share_of_its_weight() {
    for row in rows("envoy_slow_start_factor.csv", 12) {
        let number = |column: &str| row[column].parse::<f64>().expect("a number");
        let span = |column: &str| Duration::from_millis((number(column) * 1e3).round() as u64);
        let rule = SlowStart {
            window: span("window_s"),
            min: number("min_weight_percent") / 100.0,
            aggression: number("aggression"),
        };
        let factor = rule.factor(span("age_s"));
        assert!((factor - number("expected_factor")).abs() < 5.1e-5, "{}: {factor}", row["id"]);
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
        Some(&active) if least_request => least_request::weight(weight, active as u32, 1.0),
        _ => weight,
    }
}
