//! The mesh's defaults in one place, each with its source. Istio's values where Istio sets one, else Envoy's.
//!
//! Sources: Envoy 1.36.5-dev and istio/istio 86c9f01 (2025); paths are within those repositories.

use super::{
    Balance, Codes, EjectionCap, Enforce, FailurePercentage, Outlier, Policy, Pool, RetryOn, SuccessRate, istio,
    version,
};
use crate::units::Duration;

/// A default and where it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The key of `mesh.traffic` that it stands for, or what it is where there is no key.
    pub key: &'static str,
    /// Its value, as the scenario would write it.
    pub value: &'static str,
    /// `Istio` or `Envoy`.
    pub whose: &'static str,
    /// Where it is written.
    pub source: &'static str,
}

/// The release whose rules hold where `mesh.version` does not say otherwise.
pub const ISTIO_VERSION: (u32, u32) = (1, 24);

/// Healthy hosts count this much, in percent: a level keeps its load down to 72 % healthy hosts. Envoy
/// `endpoint.proto`, overprovisioning_factor.
pub const OVERPROVISIONING_PERCENT: u32 = 140;
/// Envoy's healthy_panic_threshold, percent (`CommonLbConfig`).
pub const PANIC_THRESHOLD: u32 = 50;
/// The same once outlier detection is set: Istio writes minHealthPercent, whose default is 0 (no panic).
/// `pilot/pkg/networking/core/cluster_traffic_policy.go`, applyOutlierDetection.
pub const PANIC_THRESHOLD_WITH_OUTLIER: u32 = 0;
/// Istio retries twice (an `attempt` of Istio's VirtualService is one retry).
/// `pilot/pkg/networking/core/route/retry/retry.go`.
pub const RETRIES: u32 = 2;
/// Another host is drawn this many times where a retry draws one that was tried before; the last draw holds.
/// `retry.go`, host_selection_retry_max_attempts.
pub const HOST_SELECTION_ATTEMPTS: u32 = 5;
/// Envoy's base of the back-off. `source/common/router/retry_state_impl.cc`.
pub const BACKOFF: Duration = Duration::from_millis(25);
/// The longest back-off window, in bases. Same file.
pub const BACKOFF_MAX_FACTOR: u64 = 10;
/// TCP and TLS together. Istio mesh config, connectTimeout (Envoy alone: 5 s).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Envoy closes an upstream connection that was idle this long. `protocol.proto`, idle_timeout.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(3600);
/// Linux gives up on unacknowledged data after tcp_retries2 = 15 retransmissions, at the least RTO of 200 ms.
/// Linux `Documentation/networking/ip-sysctl.rst`.
pub const TCP_GIVE_UP: Duration = Duration::from_millis(924_600);
/// Outlier detection where a scenario turns it on and says no more. Envoy `outlier_detection.proto`; Istio enforces
/// neither the statistical detectors nor, unless it is set, the gateway one.
pub const OUTLIER: Outlier = Outlier {
    consecutive_5xx: 5,
    consecutive_gateway: None,
    consecutive_local: None,
    success_rate: None,
    failure_percentage: None,
    enforce: Enforce::ALWAYS,
    error_codes: None,
    interval: Duration::from_secs(10),
    eject: Duration::from_secs(30),
    max_eject: Duration::from_secs(300),
    jitter: Duration::ZERO,
    max_ejection_percent: 10,
    cap: EjectionCap::After,
    always_eject_one: false,
};
/// Ejection by success rate where a scenario asks for it and says no more: Envoy's, enforced. Same file.
pub const SUCCESS_RATE: SuccessRate = SuccessRate { factor: 1900, volume: 100, min_hosts: 5, enforce: 100 };
/// Ejection by share of failures likewise; who asks for it wants it enforced (Envoy's own chance is 0). Same file.
pub const FAILURE_PERCENTAGE: FailurePercentage =
    FailurePercentage { threshold: 85, volume: 50, min_hosts: 5, enforce: 100 };
/// Tries after which priorities are left out, as Istio's `retryRemoteLocalities` sets it. `retry.go`.
pub const PREVIOUS_PRIORITIES: u32 = 2;

/// Envoy's consecutive_gateway_failure, which ejects nobody unless it is set.
pub const CONSECUTIVE_GATEWAY: u32 = 5;
/// Consecutive failures of local origin that eject where they are counted apart; same file.
pub const CONSECUTIVE_LOCAL: u32 = 5;
/// Draws of least request. Envoy `least_request.proto`, choice_count.
pub const CHOICE_COUNT: u32 = 2;
/// How strongly active requests lower a weight. Same file, active_request_bias.
pub const ACTIVE_REQUEST_BIAS: f64 = 1.0;
/// Zone-aware routing needs so many hosts. Envoy `CommonLbConfig.ZoneAwareLbConfig`, min_cluster_size.
pub const ZONE_AWARE_MIN_CLUSTER_SIZE: u32 = 6;
/// Of requests, in percent, where it is on at all. Same message, routing_enabled.
pub const ZONE_AWARE_ENABLED_PERCENT: u32 = 100;
/// Least entries of a hash ring. Envoy `ring_hash.proto`, minimum_ring_size (Istio's `ringHash` has the same).
pub const RING_MIN: u64 = 1024;
/// Most of them. Same file, maximum_ring_size.
pub const RING_MAX: u64 = 8 << 20;
/// Entries of a Maglev table, a prime. Envoy `maglev.proto`, table_size.
pub const MAGLEV_TABLE: u64 = 65_537;
/// A new host's least weight under slow start, percent. Envoy `SlowStartConfig`, min_weight_percent.
pub const SLOW_START_MIN_PERCENT: u32 = 10;
/// How a new host's weight rises: 1 is linear. Same message, aggression.
pub const SLOW_START_AGGRESSION: f64 = 1.0;
/// A retry budget that says nothing more: percent of the active requests, and retries that are always allowed. Envoy
/// `circuit_breaker.proto`; Istio's `retryBudget` has the same.
pub const RETRY_BUDGET_PERCENT: f64 = 20.0;
/// See [`RETRY_BUDGET_PERCENT`].
pub const RETRY_BUDGET_MIN: u32 = 3;
/// No frame of a stream for so long resets it. Envoy `http_connection_manager.proto`, stream_idle_timeout.
pub const STREAM_IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// What a local rate limit answers. Envoy local_ratelimit filter.
pub const RATE_LIMITED_STATUS: u32 = 429;

/// The longest ejection where it is not set: Envoy's max(300 s, base).
pub fn max_eject(eject: Duration) -> Duration {
    OUTLIER.max_eject.max(eject)
}

/// What Istio's default policy retries; gRPC's cancelled and unavailable are among it.
pub fn retry_on(version: (u32, u32)) -> RetryOn {
    let policy = istio::retry_policy(None, false, version).expect("Istio retries by default");
    let words: Vec<&str> = policy.retry_on.iter().map(|word| word.as_ref()).collect();
    let mut on = RetryOn::from_words(&words).expect("Istio's own words are known");
    on.codes = policy.retriable_status_codes.iter().map(|&code| code as u16).collect::<Codes>();
    on
}

/// The policy of an edge of which the scenario says nothing: Istio's of `release`.
pub fn policy(release: (u32, u32)) -> Policy {
    Policy {
        balance: Balance::LEAST_REQUEST,
        hash: None,
        warmup: None,
        overprovisioning: OVERPROVISIONING_PERCENT,
        timeout: None,
        per_try: None,
        retries: RETRIES,
        retry_on: retry_on(release),
        backoff: BACKOFF,
        max_backoff: None,
        retry_budget: None,
        hedge: false,
        previous_priorities: None,
        fault: None,
        outlier: None,
        panic_threshold: PANIC_THRESHOLD,
        connect_timeout: CONNECT_TIMEOUT,
        http2_ping: None,
        max_connection_age: None,
        pool: Pool { max_streams: version::max_streams(release), ..Pool::default() },
        receive_window: None,
    }
}

/// Every default as it would be written, for `explain` and the documentation.
pub const TABLE: [Setting; 20] = {
    const POLICY_GO: &str = "istio pilot/pkg/networking/core/cluster_traffic_policy.go";
    const RETRY_GO: &str = "istio pilot/pkg/networking/core/route/retry/retry.go";
    const OUTLIER_PROTO: &str = "envoy api/envoy/config/cluster/v3/outlier_detection.proto";
    const fn istio(key: &'static str, value: &'static str, source: &'static str) -> Setting {
        Setting { key, value, whose: "Istio", source }
    }
    const fn envoy(key: &'static str, value: &'static str, source: &'static str) -> Setting {
        Setting { key, value, whose: "Envoy", source }
    }
    [
        istio("balance", "least-request", POLICY_GO),
        istio("timeout", "none", "istio pilot/pkg/networking/core/route/route.go"),
        envoy("per-try", "none", "envoy api/envoy/config/route/v3/route_components.proto"),
        istio("retries", "2", RETRY_GO),
        istio("retry-on", "connect-failure, refused-stream, cancelled, unavailable (and 503 before 1.24)", RETRY_GO),
        envoy("backoff", "25ms, doubling to 250ms", "envoy source/common/router/retry_state_impl.cc"),
        istio("outlier", "none", POLICY_GO),
        envoy("outlier.consecutive-5xx", "5", OUTLIER_PROTO),
        envoy("outlier.interval", "10s", OUTLIER_PROTO),
        envoy("outlier.eject", "30s", OUTLIER_PROTO),
        envoy("outlier.max-ejection", "10%", OUTLIER_PROTO),
        istio(
            "locality",
            "no order without outlier detection",
            "istio pilot/pkg/networking/core/loadbalancer/loadbalancer.go",
        ),
        istio("panic threshold", "50%; 0% with outlier detection", POLICY_GO),
        istio("connect timeout", "10s", "istio mesh config, connectTimeout"),
        Setting { key: "pool.protocol", value: "http2", whose: "Istio", source: "docs/model.md" },
        istio("pool.http2-ping", "none", "envoy api/envoy/config/core/v3/protocol.proto, connection_keepalive"),
        istio(
            "pool.max-connections, -pending, -requests, -retries",
            "unlimited (Envoy alone: 1024, 3 retries)",
            POLICY_GO,
        ),
        envoy("pool.max-streams", "unlimited (1024 from Envoy 1.36 on)", "envoy release notes 1.36.0"),
        envoy("pool.idle-timeout", "1h", "envoy api/envoy/config/core/v3/protocol.proto, idle_timeout"),
        istio("pool.tcp-keepalive", "none", POLICY_GO),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_constants_say() {
        let said = |key: &str| TABLE.iter().find(|row| row.key == key).expect("a row of the table").value;
        assert_eq!(said("retries"), RETRIES.to_string());
        assert_eq!(said("outlier.consecutive-5xx"), OUTLIER.consecutive_5xx.to_string());
        assert_eq!(said("outlier.max-ejection"), format!("{}%", OUTLIER.max_ejection_percent));
        assert_eq!(said("outlier.interval"), OUTLIER.interval.to_string().replace(' ', ""));
        assert_eq!(said("outlier.eject"), OUTLIER.eject.to_string().replace(' ', ""));
        assert_eq!(said("connect timeout"), CONNECT_TIMEOUT.to_string().replace(' ', ""));
        assert!(said("backoff").starts_with(&BACKOFF.to_string().replace(' ', "")));
        assert_eq!(
            said("panic threshold"),
            format!("{PANIC_THRESHOLD}%; {PANIC_THRESHOLD_WITH_OUTLIER}% with outlier detection")
        );
        let words = retry_on(ISTIO_VERSION).words().join(", ");
        assert!(said("retry-on").starts_with(&words));
    }

    #[test]
    fn the_longest_ejection_is_never_below_the_base() {
        assert_eq!(max_eject(Duration::from_secs(30)), Duration::from_secs(300));
        assert_eq!(max_eject(Duration::from_secs(400)), Duration::from_secs(400));
    }
}
