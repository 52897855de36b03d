//! What Istio makes of its own resources: the settings of Envoy behind a VirtualService's retries and a DestinationRule's
//! outlier detection.
//!
//! Istio's field names on the one side, Envoy's on the other; a value that Istio cannot tell from one that is not set is
//! read as not set, as Istio does. Sources: istio/istio 86c9f01, `pilot/pkg/networking/core/route/retry/retry.go` and
//! `pilot/pkg/networking/core/cluster_traffic_policy.go`. Knows nothing of files.

use super::{defaults, version as release};
use crate::units::Duration;

/// What Istio retries where nobody says otherwise. `retry.go`, defaultPolicy.
pub const RETRY_ON: [&str; 5] =
    ["connect-failure", "refused-stream", "unavailable", "cancelled", RETRIABLE_STATUS_CODES];
/// The condition that the list of codes needs.
pub const RETRIABLE_STATUS_CODES: &str = "retriable-status-codes";
/// After so many attempts the priorities that were tried are left out. `retry.go`, buildPreviousPrioritiesConfig.
pub const PREVIOUS_PRIORITIES_UPDATE_FREQUENCY: u32 = 2;
/// What a server's proxy tries again by itself, for HTTP: nothing of the request has left it. `pilot/pkg/networking/core`.
pub const INBOUND_RETRY: (u32, &str) = (2, "reset-before-request");

/// A VirtualService's `retries`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct HttpRetry {
    /// `attempts`; 0, also where it is not said: no retries.
    pub attempts: u32,
    /// `retryOn`.
    pub retry_on: Option<String>,
    /// `retryRemoteLocalities`.
    pub retry_remote_localities: bool,
    /// `retryIgnorePreviousHosts`.
    pub retry_ignore_previous_hosts: Option<bool>,
}

/// Envoy's retry policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetryPolicy {
    /// `num_retries`.
    pub num_retries: u32,
    /// `retry_on`, word by word.
    pub retry_on: Vec<String>,
    /// `retriable_status_codes`.
    pub retriable_status_codes: Vec<u32>,
    /// Is a host that was tried drawn again (`retry_host_predicate: previous_hosts`)?
    pub previous_hosts: bool,
    /// `retry_priority: previous_priorities` with this update frequency.
    pub previous_priorities: Option<u32>,
    /// `host_selection_retry_max_attempts`.
    pub host_selection_attempts: u32,
}

/// The retry policy of a route of Istio `version`; `hashed` where its destination is balanced by a consistent hash.
/// None: nothing is tried again.
pub fn retry_policy(said: Option<&HttpRetry>, hashed: bool, version: (u32, u32)) -> Option<RetryPolicy> {
    let mut policy = RetryPolicy {
        num_retries: defaults::RETRIES,
        retry_on: RETRY_ON.map(str::to_owned).to_vec(),
        retriable_status_codes: if release::retries_503(version) { vec![503] } else { Vec::new() },
        // A request with a hash belongs to its host, whether or not that was tried.
        previous_hosts: !hashed,
        previous_priorities: None,
        host_selection_attempts: defaults::HOST_SELECTION_ATTEMPTS,
    };
    let Some(said) = said else { return Some(policy) };
    if said.attempts == 0 {
        return None;
    }
    policy.num_retries = said.attempts;
    if let Some(words) = said.retry_on.as_deref().filter(|words| !words.is_empty()) {
        (policy.retry_on, policy.retriable_status_codes) = conditions(words);
        let told = policy.retry_on.iter().any(|word| word.contains(RETRIABLE_STATUS_CODES));
        if !policy.retriable_status_codes.is_empty() && !told {
            policy.retry_on.push(RETRIABLE_STATUS_CODES.to_owned());
        }
    }
    if let Some(ignore) = said.retry_ignore_previous_hosts {
        policy.previous_hosts = ignore;
    }
    policy.previous_priorities = said.retry_remote_localities.then_some(PREVIOUS_PRIORITIES_UPDATE_FREQUENCY);
    Some(policy)
}

/// The words of `retryOn`, and the status codes among them. Empty words are skipped; a number that is no status code is
/// left among the words.
pub fn conditions(retry_on: &str) -> (Vec<String>, Vec<u32>) {
    let (mut words, mut codes) = (Vec::new(), Vec::new());
    for word in retry_on.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.parse::<u32>() {
            Ok(code) if is_status(code) => codes.push(code),
            _ => words.push(word.to_owned()),
        }
    }
    (words, codes)
}

/// Has HTTP a status code of that number (IANA's registry, as Go's `http.StatusText` knows it)?
pub fn is_status(code: u32) -> bool {
    matches!(
        code,
        100..=103 | 200..=208 | 226 | 300..=305 | 307 | 308 | 400..=418 | 421..=426 | 428 | 429 | 431 | 451
            | 500..=508 | 510 | 511
    )
}

/// A DestinationRule's `outlierDetection`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OutlierDetection {
    /// `consecutive5xxErrors`.
    pub consecutive_5xx: Option<u32>,
    /// `consecutiveGatewayErrors`.
    pub consecutive_gateway: Option<u32>,
    /// `splitExternalLocalOriginErrors`.
    pub split_external_local: bool,
    /// `consecutiveLocalOriginFailures`.
    pub consecutive_local: Option<u32>,
    /// `interval`.
    pub interval: Option<Duration>,
    /// `baseEjectionTime`.
    pub base_ejection_time: Option<Duration>,
    /// `maxEjectionPercent`; 0 is the same as not said.
    pub max_ejection_percent: u32,
    /// `minHealthPercent`.
    pub min_health_percent: u32,
    /// Status codes that are errors, in place of every 5xx.
    pub error_codes: Vec<u32>,
}

/// A threshold of consecutive errors and how often it is enforced, in percent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Detector {
    /// So many in a row.
    pub consecutive: u32,
    /// Of a hundred times it is reached, the host is ejected so often.
    pub enforcing: u32,
}

impl Detector {
    /// Istio's way to set one: enforced always, or with 0 never.
    fn of(consecutive: u32) -> Self {
        Detector { consecutive, enforcing: if consecutive > 0 { 100 } else { 0 } }
    }

    /// The threshold where it is enforced.
    pub fn enforced(self) -> Option<u32> {
        (self.enforcing > 0).then_some(self.consecutive)
    }
}

/// Envoy's outlier detection as Istio writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnvoyOutlier {
    /// `consecutive_5xx`.
    pub server_error: Detector,
    /// `consecutive_gateway_failure`.
    pub gateway: Detector,
    /// `consecutive_local_origin_failure`; without `split_external_local_origin_errors` Envoy counts those as 5xx.
    pub local: Option<Detector>,
    /// `enforcing_success_rate`, and that of local origin: Istio turns both off.
    pub enforcing_success_rate: u32,
    /// `interval`.
    pub interval: Duration,
    /// `base_ejection_time`.
    pub base_ejection_time: Duration,
    /// `max_ejection_percent`.
    pub max_ejection_percent: u32,
    /// What counts as an error.
    pub errors: Errors,
}

/// Which answers are errors to an outlier detector.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Errors {
    /// Every 5xx.
    ServerErrors,
    /// Those with one of these codes, and no other.
    Codes(Vec<u32>),
}

impl Errors {
    /// Does an answer with this status count as an error (else it is a success)?
    pub fn counts(&self, status: u32) -> bool {
        match self {
            Errors::ServerErrors => (500..600).contains(&status),
            Errors::Codes(codes) => codes.contains(&status),
        }
    }
}

/// Envoy's outlier detection of a DestinationRule; none where it says none.
pub fn outlier_detection(said: Option<&OutlierDetection>) -> Option<EnvoyOutlier> {
    let said = said?;
    let envoy = defaults::OUTLIER;
    let local = said.consecutive_local.filter(|count| *count > 0).unwrap_or(envoy.consecutive_5xx);
    Some(EnvoyOutlier {
        server_error: Detector::of(said.consecutive_5xx.unwrap_or(envoy.consecutive_5xx)),
        // Envoy watches it and ejects nobody, unless told.
        gateway: said
            .consecutive_gateway
            .map_or(Detector { consecutive: defaults::CONSECUTIVE_GATEWAY, enforcing: 0 }, Detector::of),
        local: said.split_external_local.then(|| Detector::of(local)),
        enforcing_success_rate: 0,
        interval: said.interval.unwrap_or(envoy.interval),
        base_ejection_time: said.base_ejection_time.unwrap_or(envoy.eject),
        max_ejection_percent: match said.max_ejection_percent {
            0 => envoy.max_ejection_percent,
            percent => percent,
        },
        errors: if said.error_codes.is_empty() {
            Errors::ServerErrors
        } else {
            Errors::Codes(said.error_codes.clone())
        },
    })
}

/// Envoy's healthy panic threshold, percent: with outlier detection Istio writes its `minHealthPercent`, 0 where that is
/// not said; where endpoints that are not ready are sent, panic would send them requests, so it is off.
pub fn panic_threshold(outlier: Option<&OutlierDetection>, unready_sent: bool) -> u32 {
    match outlier {
        _ if unready_sent => 0,
        Some(said) => said.min_health_percent,
        None => defaults::PANIC_THRESHOLD,
    }
}

/// What of a locality setting, the mesh's or the rule's, decides how a locality is chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LocalityChoice {
    /// `distribute` is written.
    pub distribute: bool,
    /// `failover` or `failoverPriority` is written.
    pub failover: bool,
    /// There is outlier detection, or failover is forced (`trafficDistribution`).
    pub failover_applies: bool,
}

/// Does Envoy choose a locality by weight before it chooses a host (`locality_weighted_lb_config`)? Else all hosts of a
/// priority are one list.
pub fn locality_weighted(setting: LocalityChoice) -> bool {
    setting.distribute || (setting.failover && setting.failover_applies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_status_stays_a_word() {
        let (words, codes) = conditions("5xx,306,419,599,1000,-503,+503,503,418");
        assert_eq!(words, ["5xx", "306", "419", "599", "1000", "-503"]);
        assert_eq!(codes, [503, 503, 418]);
    }

    #[test]
    fn codes_need_the_condition_that_reads_them_once() {
        let policy = |words: &str| {
            let said = HttpRetry { attempts: 1, retry_on: Some(words.into()), ..HttpRetry::default() };
            retry_policy(Some(&said), false, (1, 24)).expect("retries").retry_on
        };
        assert_eq!(policy("503"), ["retriable-status-codes"]);
        assert_eq!(policy("retriable-status-codes,503"), ["retriable-status-codes"]);
        assert_eq!(policy("reset"), ["reset"]);
    }

    #[test]
    fn a_hash_keeps_to_its_host_unless_told() {
        let previous = |said: Option<bool>| {
            let said = HttpRetry { attempts: 2, retry_ignore_previous_hosts: said, ..HttpRetry::default() };
            retry_policy(Some(&said), true, (1, 24)).expect("retries").previous_hosts
        };
        assert_eq!([None, Some(true), Some(false)].map(previous), [false, true, false]);
    }

    #[test]
    fn a_max_ejection_of_nothing_is_the_default() {
        let outlier = |max_ejection_percent| {
            outlier_detection(Some(&OutlierDetection { max_ejection_percent, ..OutlierDetection::default() }))
        };
        assert_eq!([0, 1, 100].map(|percent| outlier(percent).expect("said").max_ejection_percent), [10, 1, 100]);
    }
}
