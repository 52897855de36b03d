//! Traffic policies: how a client proxy chooses among hosts, and what it does when a call fails.
//!
//! Pure rules in Envoy's and Istio's words; the state they act on belongs to the machine.

pub mod cluster_local;
pub mod defaults;
pub mod edf;
pub mod failover_priority;
pub mod istio;
pub mod least_request;
pub mod locality;
pub mod outlier;
pub mod pool;
pub mod priority;
pub mod random;
pub mod readiness;
pub mod retry;
pub mod round_robin;
pub mod setting;
pub mod split_horizon;
pub mod version;

pub use pool::{Keepalive, Pool, Protocol};

use crate::units::{Bytes, Duration};

/// What a proxy does with the calls of one edge.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// How a host is chosen within a priority.
    pub balance: Balance,
    /// Route timeout over all attempts; none: Istio's default.
    pub timeout: Option<Duration>,
    /// Timeout of one attempt.
    pub per_try: Option<Duration>,
    /// Retries after the first attempt.
    pub retries: u32,
    /// What is retried.
    pub retry_on: RetryOn,
    /// Base of the back-off (Envoy 25 ms), doubling up to ten times the base.
    pub backoff: Duration,
    /// Outlier detection; none: Istio's default, and then no locality order either.
    pub outlier: Option<Outlier>,
    /// Envoy's healthy panic threshold in percent (50; 0 once Istio sets outlier detection).
    pub panic_threshold: u32,
    /// TCP and TLS must be up within this (Istio 10 s).
    pub connect_timeout: Duration,
    /// HTTP/2 ping: interval and timeout; none: Istio's default.
    pub http2_ping: Option<(Duration, Duration)>,
    /// A connection is closed at the first idle moment after this age; none: never.
    pub max_connection_age: Option<Duration>,
    /// How connections are kept, and circuit breakers.
    pub pool: Pool,
    /// What a connection's receiver lets be under way, each direction; none: Linux's default, 4 MiB.
    pub receive_window: Option<Bytes>,
}

/// Choice of a host within a priority.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Balance {
    /// Two draws with replacement, the one with fewer active requests (Envoy LEAST_REQUEST).
    #[default]
    LeastRequest,
    /// In turn.
    RoundRobin,
    /// Uniformly.
    Random,
}

/// Conditions under which a failed attempt is tried again (Envoy `retry_on`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RetryOn {
    /// No connection could be made.
    pub connect_failure: bool,
    /// The stream was refused before the server looked at it.
    pub refused_stream: bool,
    /// The connection or stream was reset, a per-try timeout included.
    pub reset: bool,
    /// 502, 503, 504 and resets.
    pub gateway_error: bool,
    /// Any 5xx, and no answer at all.
    pub server_error: bool,
    /// A 500 that the server sent (a retriable status code).
    pub status_500: bool,
    /// A 503 that the server sent.
    pub status_503: bool,
}

/// Outlier detection (Envoy), per client proxy and upstream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outlier {
    /// Consecutive 5xx (or local-origin failures) that eject.
    pub consecutive_5xx: u32,
    /// Consecutive 502, 503, 504 that eject; none: not watched.
    pub consecutive_gateway: Option<u32>,
    /// Sweep: ejected hosts return at one.
    pub interval: Duration,
    /// Base ejection time; times the number of ejections.
    pub eject: Duration,
    /// The longest ejection time (Envoy: max(300 s, base)).
    pub max_eject: Duration,
    /// At most this share of all hosts, in percent.
    pub max_ejection_percent: u32,
}
