//! Defaults, and what Istio makes of its own resources.

use eastwest::policy::istio::{self, HttpRetry, LocalityChoice, OutlierDetection};
use eastwest::policy::pool::UNLIMITED;
use eastwest::policy::{Balance, defaults};
use eastwest::scenario::Scenario;
use eastwest::units::Duration;

use crate::{Row, rows};

/// The policy of an edge of which nothing is said, as a scenario gets it.
fn unsaid() -> eastwest::policy::Policy {
    scenario("{}").mesh.policy("web", "orders").policy
}

fn scenario(mesh: &str) -> Scenario {
    let text = format!(
        "eastwest: 1\ntopology: {{regions: {{a: {{}}}}, clusters: {{c: {{region: a}}}}}}\nmesh: {mesh}\n\
         services: {{web: {{replicas: {{c: 1}}, work: 1ms, calls: [orders]}}, orders: {{replicas: {{c: 2}}, work: 1ms}}}}\n\
         workload: {{users: {{from: a, to: web, rate: 1rps}}}}\n"
    );
    let loaded = eastwest::scenario::load_text("x.yaml", &text, &[]).unwrap_or_else(|e| panic!("{:?}", e.diagnostics));
    loaded.variants[0].scenario.clone()
}

/// What the constants and the policy of an edge without words of its own say of a row, as its column `istio` begins.
fn ours(id: &str) -> String {
    let seconds = |span: Duration| format!("{} s", span.seconds());
    let percent = |share: f64| format!("{share}%");
    let policy = unsaid();
    let outlier = istio::outlier_detection(Some(&OutlierDetection::default())).expect("it is said");
    let retry = istio::retry_policy(None, false, defaults::ISTIO_VERSION).expect("Istio retries");
    let unlimited = |threshold: u32| {
        assert_eq!(threshold, UNLIMITED);
        threshold.to_string()
    };
    match id {
        "DF01" => match policy.balance {
            Balance::LeastRequest(_) => "LEAST_REQUEST".into(),
            other => format!("{other:?}"),
        },
        "DF02" => defaults::CHOICE_COUNT.to_string(),
        "DF03" => format!("{:.1}", defaults::ACTIVE_REQUEST_BIAS),
        "DF04" => (f64::from(defaults::OVERPROVISIONING_PERCENT) / 100.0).to_string(),
        "DF05" => {
            assert_eq!(policy.panic_threshold, istio::panic_threshold(None, false));
            assert_eq!(istio::panic_threshold(None, true), 0);
            let with = istio::panic_threshold(Some(&OutlierDetection::default()), false);
            assert_eq!(
                scenario("{traffic: {orders: {outlier: {}}}}").mesh.policy("web", "orders").policy.panic_threshold,
                with
            );
            format!(
                "{with}% when outlierDetection is set (minHealthPercent default 0); {}% otherwise; 0 when unready endpoints are sent",
                policy.panic_threshold
            )
        }
        "DF06" => format!("{} (zoneAware only on request)", defaults::ZONE_AWARE_MIN_CLUSTER_SIZE),
        "DF07" => "only with zoneAwareLbSetting".into(),
        "DF08" => {
            let weighted = |distribute, failover, failover_applies| {
                istio::locality_weighted(LocalityChoice { distribute, failover, failover_applies })
            };
            assert!(weighted(true, false, false) && weighted(false, true, true));
            assert!(!weighted(false, true, false) && !weighted(false, false, true));
            "only with distribute or explicit failover/failoverPriority (+outlier)".into()
        }
        "DF09" => defaults::RING_MIN.to_string(),
        "DF10" => defaults::RING_MAX.to_string(),
        "DF11" => defaults::MAGLEV_TABLE.to_string(),
        "DF12" => percent(f64::from(defaults::SLOW_START_MIN_PERCENT)),
        "DF13" => format!("{:.1}", defaults::SLOW_START_AGGRESSION),
        "DF14" => outlier.server_error.consecutive.to_string(),
        "DF15" => percent(f64::from(outlier.server_error.enforcing)),
        "DF16" => {
            assert_eq!((outlier.gateway.consecutive, outlier.gateway.enforced()), (5, None));
            "off unless consecutiveGatewayErrors is set (then enforced 100%)".into()
        }
        "DF17" => {
            let said = OutlierDetection { consecutive_gateway: Some(3), ..OutlierDetection::default() };
            let set = istio::outlier_detection(Some(&said)).expect("it is said");
            format!("{}% when set", set.gateway.enforcing)
        }
        "DF18" => seconds(outlier.interval),
        "DF19" => seconds(outlier.base_ejection_time),
        "DF20" => {
            let max = |base| defaults::max_eject(Duration::from_secs(base));
            assert_eq!((max(30), max(400)), (Duration::from_secs(300), Duration::from_secs(400)));
            "max(300 s, base)".into()
        }
        "DF21" => "0 s".into(),
        "DF22" => percent(f64::from(outlier.max_ejection_percent)),
        "DF23" => "false".into(),
        "DF24" => percent(f64::from(outlier.enforcing_success_rate)),
        "DF25" | "DF26" | "DF27" | "DF28" => "(not enforced)".into(),
        "DF29" => {
            assert_eq!(outlier.local, None);
            "false; consecutive_local_origin_failure only with splitExternalLocalOriginErrors".into()
        }
        "DF30" => unlimited(policy.pool.max_connections),
        "DF31" => unlimited(policy.pool.max_pending),
        "DF32" => unlimited(policy.pool.max_requests),
        "DF33" => unlimited(policy.pool.max_retries),
        "DF34" => format!(
            "off; DestinationRule.trafficPolicy.retryBudget percent {}, minRetryConcurrency {}",
            defaults::RETRY_BUDGET_PERCENT,
            defaults::RETRY_BUDGET_MIN
        ),
        "DF35" => {
            assert_eq!(policy.retries, retry.num_retries);
            retry.num_retries.to_string()
        }
        "DF36" => retry.retry_on.join(","),
        "DF37" => {
            assert!(retry.retriable_status_codes.is_empty() && policy.retry_on.codes.is_empty());
            "empty list by default".into()
        }
        "DF38" => if retry.previous_hosts { "previous_hosts" } else { "none" }.into(),
        "DF39" => retry.host_selection_attempts.to_string(),
        "DF40" => format!(
            "{} ms / {} ms (retries.backoff overrides the base)",
            policy.backoff.millis(),
            defaults::BACKOFF_MAX_FACTOR as f64 * policy.backoff.millis()
        ),
        "DF41" => format!("{} x {}, HTTP only", istio::INBOUND_RETRY.0, istio::INBOUND_RETRY.1),
        "DF42" => policy.timeout.map_or_else(|| "0 (disabled)".into(), seconds),
        "DF43" => format!("{} min", defaults::STREAM_IDLE_TIMEOUT.seconds() / 60.0),
        "DF44" => {
            let idle = policy.pool.idle_timeout.expect("connections are closed");
            assert_eq!(idle, defaults::IDLE_TIMEOUT);
            format!("{} h", idle.seconds() / 3600.0)
        }
        "DF45" => seconds(policy.connect_timeout),
        "DF46" => {
            assert_eq!(policy.pool.max_requests_per_connection, UNLIMITED);
            "unlimited (0)".into()
        }
        "DF47" => {
            let streams = |mesh: &str| scenario(mesh).mesh.policy("web", "orders").policy.pool.max_streams;
            assert_eq!(streams("{version: \"1.27\"}"), UNLIMITED);
            // Envoy 1.36.
            assert_eq!(streams("{version: \"1.28\"}"), 1024);
            assert_eq!(streams("{version: \"1.28\", traffic: {orders: {pool: {max-streams: 7}}}}"), 7);
            "left to Envoy unless connectionPool.http.maxConcurrentStreams is set".into()
        }
        "DF48" => "DO_NOT_UPGRADE".into(),
        "DF49" => scenario("{}").mesh.policy("web", "orders").locality.enabled.to_string(),
        "DF50" => "15443 east-west mTLS, 15008 HBONE, 15012 xDS, 15017 webhook, 15021 health".into(),
        "DF51" => defaults::RATE_LIMITED_STATUS.to_string(),
        "DF52" => "no, unless retry_on envoy-ratelimited".into(),
        other => panic!("{other}: no constant for it"),
    }
}

#[test]
fn the_defaults_are_istios() {
    for row in rows("defaults.csv", 52) {
        let ours = ours(&row["id"]);
        let istio = if row["istio"] == "same" { &row["envoy"] } else { &row["istio"] };
        assert!(istio.starts_with(&ours), "{}: {ours}, but Istio has {istio}", row["id"]);
    }
}

/// `retryRemoteLocalities true`, or the text of `retryOn`.
fn retries(row: &Row) -> Option<HttpRetry> {
    let attempts = &*row["attempts"];
    if attempts == "(unset)" {
        return None;
    }
    let mut said = HttpRetry { attempts: attempts.parse().expect("a number"), ..HttpRetry::default() };
    match row["input"].trim().split_once(' ') {
        Some(("retryRemoteLocalities", word)) => said.retry_remote_localities = word == "true",
        Some(("retryIgnorePreviousHosts", word)) => said.retry_ignore_previous_hosts = Some(word == "true"),
        _ => said.retry_on = Some(row["input"].clone()),
    }
    Some(said)
}

#[test]
fn retries_become_envoys_policy() {
    for row in rows("istio_retry_conversion.csv", 10) {
        let hashed = row["test"].contains("hash");
        let policy = istio::retry_policy(retries(&row).as_ref(), hashed, defaults::ISTIO_VERSION);
        let Some(policy) = policy else {
            assert_eq!(row["num_retries"], "disabled", "{}", row["id"]);
            continue;
        };
        let codes: Vec<String> = policy.retriable_status_codes.iter().map(u32::to_string).collect();
        let found = [
            ("num_retries", policy.num_retries.to_string()),
            ("retry_on", policy.retry_on.join(",")),
            ("retriable_status_codes", codes.join(",")),
            ("host_predicate", if policy.previous_hosts { "previous_hosts" } else { "none" }.to_owned()),
            (
                "retry_priority",
                policy
                    .previous_priorities
                    .map_or(String::new(), |frequency| format!("previous_priorities update_frequency {frequency}")),
            ),
            ("host_selection_retry_max_attempts", policy.host_selection_attempts.to_string()),
        ];
        for (column, found) in found {
            assert_eq!(found, row[column], "{} {column}", row["id"]);
        }
    }
}

/// `consecutiveGatewayErrors 3; ...`: the fields of an `outlierDetection`, or none.
fn outlier(input: &str) -> Option<OutlierDetection> {
    if ["(unset)", "(none)"].contains(&input) {
        return None;
    }
    let mut said = OutlierDetection::default();
    for field in input.split(';').map(str::trim).filter(|field| *field != "{}") {
        let (name, value) = field.split_once(' ').unwrap_or((field, "true"));
        let count = || value.parse().unwrap_or_else(|_| panic!("{field}: a number is due"));
        match name {
            "consecutive5xxErrors" => said.consecutive_5xx = Some(count()),
            "consecutiveGatewayErrors" => said.consecutive_gateway = Some(count()),
            "splitExternalLocalOriginErrors" => said.split_external_local = value == "true",
            "consecutiveLocalOriginFailures" => said.consecutive_local = Some(count()),
            "maxEjectionPercent" => said.max_ejection_percent = count(),
            "minHealthPercent" => said.min_health_percent = count(),
            "outlierDetectionHttpErrorCodes" => said.error_codes = crate::numbers(value.trim_matches(['[', ']'])),
            "failoverPriority" | "failover" | "distribute" | "outlier" => {}
            other => panic!("{other}: no such field"),
        }
    }
    Some(said)
}

#[test]
fn outlier_detection_becomes_envoys() {
    for row in rows("istio_traffic_policy_conversion.csv", 10) {
        let (id, input) = (&*row["id"], &*row["input"]);
        let unready = row["source_test"].contains("DefaultSendUnhealthyEndpoints");
        let said = outlier(input);
        let panic = istio::panic_threshold(said.as_ref(), unready);
        let found = istio::outlier_detection(said.as_ref());
        for phrase in row["expected"].split(';').map(str::trim) {
            if phrase == "no outlier detection" {
                assert_eq!(found, None, "{id}");
                continue;
            }
            if let Some(threshold) =
                phrase.strip_prefix("healthy_panic_threshold ").or(phrase.strip_prefix("panic threshold "))
            {
                let expected =
                    threshold.strip_prefix("untouched (Envoy default ").map_or(threshold, |t| t.trim_end_matches(')'));
                assert_eq!(panic.to_string(), expected, "{id}");
                continue;
            }
            if phrase == "locality_weighted_lb_config set" {
                let choice = LocalityChoice {
                    distribute: input.contains("distribute"),
                    failover: input.contains("failover"),
                    failover_applies: input.contains("outlier"),
                };
                assert!(istio::locality_weighted(choice), "{id}");
                continue;
            }
            let found = found.as_ref().unwrap_or_else(|| panic!("{id}: outlier detection is there"));
            if let Some(codes) = phrase.strip_prefix("only ") {
                let codes = codes.split(" count as errors").next().unwrap_or_default();
                let codes: Vec<u32> = codes.split(" and ").map(|code| code.parse().expect("a code")).collect();
                let counted: Vec<u32> = (100..600).filter(|code| found.errors.counts(*code)).collect();
                assert_eq!(counted, codes, "{id}");
                continue;
            }
            let local = found.local.map(|local| (local.consecutive, local.enforcing));
            let gateway = (found.gateway.consecutive, found.gateway.enforcing);
            let server = (found.server_error.consecutive, found.server_error.enforcing);
            match phrase {
                "enforcing_success_rate 0" | "success rate 0" | "local success rate 0" => {
                    assert_eq!(found.enforcing_success_rate, 0, "{id}");
                }
                "gateway 3 enforcing 100" => assert_eq!(gateway, (3, 100), "{id}"),
                "consecutive_5xx stays at Envoy default 5 enforcing 100" => assert_eq!(server, (5, 100), "{id}"),
                "consecutive_5xx 3 enforcing 100" => assert_eq!(server, (3, 100), "{id}"),
                "consecutive_5xx enforcing 0 (disabled)" => {
                    assert_eq!((server.1, found.server_error.enforced()), (0, None), "{id}");
                }
                "local origin 10 enforcing 100" => assert_eq!(local, Some((10, 100)), "{id}"),
                other if other.starts_with("Envoy defaults otherwise") => {
                    let spans = (found.interval, found.base_ejection_time, found.max_ejection_percent);
                    assert_eq!(spans, (Duration::from_secs(10), Duration::from_secs(30), 10), "{id}");
                    assert_eq!((server, found.gateway.enforced(), local), ((5, 100), None, None), "{id}");
                }
                other => panic!("{id}: nobody checks `{other}`"),
            }
        }
    }
}
