//! Traffic policies: how a client proxy chooses among hosts, and what it does when a call fails.
//!
//! Pure rules in Envoy's and Istio's words; the state they act on belongs to the machine.

pub mod autoscale;
pub mod budget;
pub mod cluster_local;
pub mod defaults;
pub mod edf;
pub mod entry;
pub mod failover_priority;
pub mod fault_filter;
pub mod hashing;
pub mod istio;
pub mod lanes;
pub mod least_request;
pub mod locality;
pub mod locality_weighted;
pub mod maglev;
pub mod outlier;
pub mod pool;
pub mod previous_priorities;
pub mod priority;
pub mod random;
pub mod rate_limit;
pub mod rates;
pub mod readiness;
pub mod reconnect;
pub mod retry;
pub mod ring_hash;
pub mod rollout;
pub mod round_robin;
pub mod route_match;
pub mod setting;
pub mod shares;
pub mod slow_start;
pub mod split_horizon;
pub mod status;
pub mod timeout;
pub mod version;
pub mod zone_aware;

pub use budget::Budget;
pub use fault_filter::FaultFilter;
pub use maglev::Maglev;
pub use pool::{Keepalive, Pool, Protocol};
pub use rate_limit::RateLimit;
pub use reconnect::Reconnect;
pub use ring_hash::RingHash;
pub use slow_start::SlowStart;
pub use status::{Codes, Status};

use crate::units::{Bytes, Duration};

/// What a proxy does with the calls of one edge.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// How a host is chosen within a priority.
    pub balance: Balance,
    /// What of a request is hashed, where hosts are chosen by that; none: chance.
    pub hash: Option<HashOn>,
    /// How the share of a host that has just joined grows; none: it has all of it at once.
    pub warmup: Option<SlowStart>,
    /// Healthy hosts count this much, in percent (Envoy 140).
    pub overprovisioning: u32,
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
    /// The longest back-off window; none: ten times the base.
    pub max_backoff: Option<Duration>,
    /// Retries at once as a share of what is under way; none: `pool.max_retries` alone.
    pub retry_budget: Option<Budget>,
    /// A try that outlasts `per_try` is kept and another one sent (Envoy `hedge_on_per_try_timeout`).
    pub hedge: bool,
    /// After so many tries the priorities tried are left out (Envoy's previous-priorities; Istio `retryRemoteLocalities`
    /// has 2); none: a retry goes by priority as a first try does.
    pub previous_priorities: Option<u32>,
    /// Injected delays and aborts.
    pub fault: Option<FaultFilter>,
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

/// Choice of a host within a priority (and locality).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Balance {
    /// The least busy of a few drawn at random (Envoy LEAST_REQUEST).
    LeastRequest(LeastRequest),
    /// In turn.
    RoundRobin,
    /// Uniformly; weights of hosts are left aside, and localities have turns (Envoy RANDOM).
    Random,
    /// A locality and a host of it by their weights, drawn anew for each request. No proxy does so: closed forms do.
    WeightedRandom,
    /// By the request's hash, on a ring of hosts.
    RingHash(RingHash),
    /// By the request's hash, in a table that hosts have filled in turn.
    Maglev(Maglev),
}

impl Default for Balance {
    fn default() -> Self {
        Balance::LeastRequest(LeastRequest::default())
    }
}

impl Balance {
    /// Envoy's two draws, as Istio leaves them.
    pub const LEAST_REQUEST: Balance = Balance::LeastRequest(LeastRequest::ISTIO);

    /// Does the choice look at how busy hosts are?
    pub fn looks_at_load(&self) -> bool {
        match self {
            Balance::LeastRequest(_) => true,
            Balance::RingHash(rule) => rule.bound.is_some(),
            Balance::Maglev(rule) => rule.bound.is_some(),
            Balance::RoundRobin | Balance::Random | Balance::WeightedRandom => false,
        }
    }

    /// Does a request's hash choose?
    pub fn hashes(&self) -> bool {
        matches!(self, Balance::RingHash(_) | Balance::Maglev(_))
    }
}

/// How least request chooses.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LeastRequest {
    /// Draws with replacement (Envoy `choice_count`, 2).
    pub choices: u32,
    /// Exponent of the active requests where weights are unequal or hosts are new (Envoy `active_request_bias`, 1).
    pub bias: f64,
    /// All hosts are looked at instead (Envoy FULL_SCAN).
    pub full_scan: bool,
    /// No host is drawn twice: theory's d choices, which no mesh has.
    pub distinct: bool,
}

/// What of a request is hashed (Envoy `hash_policy`, Istio `consistentHash`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HashOn {
    /// The address that the proxy sees: at a sidecar its own replica's, at an entry that of one of so many users; none:
    /// each request has one of its own.
    SourceIp {
        /// Addresses.
        values: Option<u32>,
    },
    /// A header or cookie that the request carries; without it, chance chooses.
    Value {
        /// Hash of its name.
        name: u64,
        /// Where no stream says what its requests carry under that name: each carries one of so many values, each as
        /// frequent, through the whole tree of calls.
        values: Option<u32>,
    },
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
    /// Statuses that the server sent (retriable status codes).
    pub codes: Codes,
    /// 409.
    pub retriable_4xx: bool,
    /// A rate limit of some Envoy (`x-envoy-ratelimited`).
    pub envoy_ratelimited: bool,
    /// A reset before the request was sent.
    pub reset_before_request: bool,
    /// An answer with one of the listed headers.
    pub retriable_headers: bool,
    /// gRPC statuses, bit by number.
    pub grpc: u32,
}

/// Outlier detection (Envoy), per client proxy and upstream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outlier {
    /// Consecutive 5xx (or local-origin failures) that eject.
    pub consecutive_5xx: u32,
    /// Consecutive 502, 503, 504 that eject; none: not watched.
    pub consecutive_gateway: Option<u32>,
    /// Where they are counted apart from answers: consecutive failures to connect that eject; none: they count as 503,
    /// timeouts as 504 (Envoy `split_external_local_origin_errors`, `consecutive_local_origin_failure`).
    pub consecutive_local: Option<u32>,
    /// Ejection of hosts that succeed less than most; Istio never enforces it.
    pub success_rate: Option<SuccessRate>,
    /// Ejection of hosts past a share of failures; Istio never enforces it.
    pub failure_percentage: Option<FailurePercentage>,
    /// Chance in percent that what a consecutive detector finds is done.
    pub enforce: Enforce,
    /// Only these statuses are errors (Istio `outlierDetectionHttpErrorCodes`); none: 5xx.
    pub error_codes: Option<Codes>,
    /// Sweep: ejected hosts return at one.
    pub interval: Duration,
    /// Base ejection time; times the number of ejections.
    pub eject: Duration,
    /// The longest ejection time (Envoy: max(300 s, base)).
    pub max_eject: Duration,
    /// Up to so much more is added to each ejection time, by chance.
    pub jitter: Duration,
    /// At most this share of all hosts, in percent.
    pub max_ejection_percent: u32,
    /// How that share is reckoned, which changed between releases.
    pub cap: EjectionCap,
    /// One host may be out whatever the share says (Envoy 1.31 and later).
    pub always_eject_one: bool,
}

/// May another host be ejected while `active` of `n` are out? By the release of Envoy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EjectionCap {
    /// Up to 1.26: while `100 active / n < max`.
    Before,
    /// 1.27: the first host always, then as later.
    FirstAlways,
    /// From 1.28 on: while `100 (active + 1) / n <= max`.
    After,
}

/// Chance in percent that a consecutive detector's finding is enforced (Envoy `enforcing_*`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Enforce {
    /// Of consecutive 5xx.
    pub consecutive_5xx: u32,
    /// Of consecutive gateway errors.
    pub gateway: u32,
    /// Of consecutive failures to connect.
    pub local: u32,
}

impl Enforce {
    /// All of them, as Istio sets it for those that are watched.
    pub const ALWAYS: Enforce = Enforce { consecutive_5xx: 100, gateway: 100, local: 100 };
}

/// Ejection by success rate, at sweeps: a host is out whose rate is below the mean less so many standard deviations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SuccessRate {
    /// Standard deviations below the mean, in thousandths (1900).
    pub factor: u32,
    /// Requests of a host in an interval for it to count (100).
    pub volume: u32,
    /// So many hosts must count (5).
    pub min_hosts: u32,
    /// Chance in percent that it is enforced.
    pub enforce: u32,
}

/// Ejection by share of failures, at sweeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FailurePercentage {
    /// From this share of failures on, in percent (85).
    pub threshold: u32,
    /// Requests of a host in an interval for it to count (50).
    pub volume: u32,
    /// So many hosts must count (5).
    pub min_hosts: u32,
    /// Chance in percent that it is enforced.
    pub enforce: u32,
}
