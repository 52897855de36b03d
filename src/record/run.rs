//! One replication of one variant: exact counts. Integers throughout, so that sums do not depend on their order.

use serde::{Deserialize, Serialize};

use super::{ErrorRow, FaultRow, FineWindow, Pieces, PromotionRow, SessionRow, StoreRow, UserRow, WriteRow};

/// A sparse histogram of nanoseconds: (bucket, count), ascending. The bucketing is `meter::Histogram`'s.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SparseHistogram {
    /// Significant bits of a bucket: 10 for requests (0.1 %), 5 for edges and stations (3 %).
    pub grouping: u8,
    /// Bucket index and how many values fell into it.
    pub buckets: Vec<(u32, u64)>,
    /// How many values.
    pub count: u64,
    /// Exact sum in nanoseconds.
    pub sum_ns: u128,
    /// Exact least value (0 where there is none).
    pub min_ns: u64,
    /// Exact greatest value.
    pub max_ns: u64,
}

/// Why a request or an attempt failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// A route timeout or a per-try timeout ran out.
    Timeout,
    /// No connection: refused, or not up in time.
    Connect,
    /// The connection was reset or given up while a request was on it.
    Reset,
    /// The server's queue was full (503).
    Overflow,
    /// The application answered with an error: a 500 unless `errors` says another status.
    Error,
    /// No host to send to (503 UH).
    NoHost,
    /// The entry proxy was dead and not yet taken out.
    Entry,
    /// A circuit breaker of the client's proxy was open: too many requests at once or waiting (503 UO).
    CircuitBreaker,
    /// A rate limit of the server's proxy turned it away (429).
    RateLimited,
    /// A fault filter of the client's proxy answered in the server's place.
    Aborted,
    /// No rule of the client's proxy matched (404 NR).
    NoRoute,
    /// A rule sent it to a subset that there is not (503 NC).
    NoCluster,
    /// A rule answered in the service's place, with an error.
    DirectResponse,
    /// The replica's cluster has other data than the one in which the request came in (421).
    WrongPartition,
    /// It landed on a replica that has nothing of what it asks for: another service of the same name, or a version that
    /// lacks the operation (404).
    WrongService,
    /// The database that it writes to has no primary that the replica reaches (503).
    NoPrimary,
    /// Its user gave up waiting.
    Abandoned,
    /// Not settled when the drain ended.
    Unfinished,
}

impl Failure {
    /// All of them, in the order of their counters.
    pub const ALL: [Failure; 18] = [
        Failure::Timeout,
        Failure::Connect,
        Failure::Reset,
        Failure::Overflow,
        Failure::Error,
        Failure::NoHost,
        Failure::Entry,
        Failure::CircuitBreaker,
        Failure::RateLimited,
        Failure::Aborted,
        Failure::NoRoute,
        Failure::NoCluster,
        Failure::DirectResponse,
        Failure::WrongPartition,
        Failure::WrongService,
        Failure::NoPrimary,
        Failure::Abandoned,
        Failure::Unfinished,
    ];

    /// The word in files: `timeout`, `no-host`.
    pub const fn word(self) -> &'static str {
        match self {
            Failure::Timeout => "timeout",
            Failure::Connect => "connect",
            Failure::Reset => "reset",
            Failure::Overflow => "overflow",
            Failure::Error => "error",
            Failure::NoHost => "no-host",
            Failure::Entry => "entry",
            Failure::CircuitBreaker => "circuit-breaker",
            Failure::RateLimited => "rate-limited",
            Failure::Aborted => "aborted",
            Failure::NoRoute => "no-route",
            Failure::NoCluster => "no-cluster",
            Failure::DirectResponse => "direct-response",
            Failure::WrongPartition => "wrong-partition",
            Failure::WrongService => "wrong-service",
            Failure::NoPrimary => "no-primary",
            Failure::Abandoned => "abandoned",
            Failure::Unfinished => "unfinished",
        }
    }
}

/// One replication of one variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Run {
    /// The variant.
    pub variant: String,
    /// Which replication, from 0.
    pub replication: u32,
    /// Measured span, nanoseconds.
    pub horizon_ns: u64,
    /// Requests by stream and operation.
    pub rows: Vec<RequestRow>,
    /// Calls by caller and callee service.
    pub edges: Vec<EdgeRow>,
    /// Service replicas, summed by service and place.
    pub services: Vec<ServiceRow>,
    /// Gateway and proxy CPUs.
    pub stations: Vec<StationRow>,
    /// Capped links.
    pub caps: Vec<CapRow>,
    /// Bytes and connections by path, in the order of `World::paths`.
    pub paths: Vec<PathRow>,
    /// Bytes by link, in the order of `World::links`: sums over the paths that use it.
    pub link_bytes: Vec<u64>,
    /// Calls by caller place, callee place and edge: where traffic really went.
    pub flows: Vec<FlowRow>,
    /// Requests, failures and fast facts by fault window: (fault name, row).
    pub faults: Vec<FaultRow>,
    /// Requests by piece, until it is settled how long each fault goes on losing some; none where there are no faults.
    #[serde(skip)]
    pub pieces: Option<Box<Pieces>>,
    /// Requests by the second, near faults alone.
    #[serde(default)]
    pub fine: Vec<FineWindow>,
    /// Failed requests by place and cause.
    #[serde(default)]
    pub errors: Vec<ErrorRow>,
    /// What users saw, of streams that have any.
    #[serde(default)]
    pub users: Vec<UserRow>,
    /// What operators did, in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionRow>,
    /// What autoscalers did; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scaling: Vec<ScaleRow>,
    /// Calls that came to the data of stores, by store and service; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<StoreRow>,
    /// Writes to databases with a primary, by store and service; empty where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<WriteRow>,
    /// Where one copy of a database took over from another, by store and in order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<PromotionRow>,
    /// Users who keep connections, by stream that has any.
    pub sessions: Vec<SessionRow>,
    /// The slowest requests, slowest first (at most 5), to be followed by a second run.
    pub slowest: Vec<Exemplar>,
    /// Conservation: calls opened, settled, unfinished; attempts opened and closed.
    pub balance: CallBalance,
    /// Hash over (time, order, event) of every event, so that equal runs can be told from unequal ones.
    pub digest: u64,
    /// How many events.
    pub events: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(value: &u128) -> bool {
    *value == 0
}

/// What all of them can do in a horizon, in nanoseconds; those that came and went as long as they were there.
fn capacity_ns(all: u32, there_ns: u128, horizon: f64) -> f64 {
    if there_ns > 0 { there_ns as f64 } else { f64::from(all) * horizon }
}

impl ServiceRow {
    /// Worker-nanoseconds that there were in a horizon.
    pub fn capacity_ns(&self, horizon: f64) -> f64 {
        capacity_ns(self.workers, self.there_ns, horizon)
    }
}

impl StationRow {
    /// Server-nanoseconds that there were in a horizon.
    pub fn capacity_ns(&self, horizon: f64) -> f64 {
        capacity_ns(self.servers, self.there_ns, horizon)
    }
}

/// Replicas whose number follows their load: what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ScaleRow {
    /// `service@cluster`.
    pub name: String,
    /// How many there were, from when on; the first from t = 0.
    pub steps: Vec<ScaleStep>,
    /// Nanoseconds that pods lived in each window, all together, from when each was asked for to its end; each life in
    /// begun seconds.
    pub pod_ns: Vec<u64>,
}

/// A number of replicas, from an instant on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ScaleStep {
    /// From when on, nanoseconds from t = 0.
    pub at_ns: u64,
    /// What the autoscaler asks for.
    pub wanted: u32,
    /// Pods that are started or there, not those that are being ended.
    pub pods: u32,
    /// Those of them that are ready, as far as the API server knows.
    pub ready: u32,
}

/// A request worth following.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Exemplar {
    /// Index into `World::streams`.
    pub stream: u32,
    /// Ordinal of the request within its stream.
    pub ordinal: u64,
    /// Latency, nanoseconds.
    pub latency_ns: u64,
    /// Was it answered?
    pub ok: bool,
}

/// Calls and attempts opened and closed: `opened = settled + unfinished`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CallBalance {
    /// Calls opened, the fill included.
    pub opened: u64,
    /// Calls settled: answered, failed or given up by their caller.
    pub settled: u64,
    /// Calls open when the drain ended.
    pub unfinished: u64,
}

/// Requests of one stream and operation that were *intended* to arrive within the horizon.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RequestRow {
    /// The stream.
    pub stream: String,
    /// The region it comes from.
    pub region: String,
    /// The operation.
    pub operation: String,
    /// The called service.
    pub service: String,
    /// By window of intended arrival.
    pub windows: Vec<RequestWindow>,
    /// (count, sum of latency ns) of successes in 600 equal spans, for warm-up detection.
    pub series: Vec<(u64, u64)>,
    /// Successful requests outside every fault's window, from its start until what it loses is no longer counted.
    pub outside: SparseHistogram,
    /// Sent outside every fault's window.
    pub outside_sent: u64,
}

/// A window of the horizon, most often a sixtieth.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RequestWindow {
    /// Intended arrivals.
    pub sent: u64,
    /// Failures in the order of `Failure::ALL`.
    pub failed: [u64; Failure::ALL.len()],
    /// Latency of successes, from intended arrival.
    pub latency: SparseHistogram,
}

/// Calls of one edge over the horizon (by the start of the call).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EdgeRow {
    /// Calling service or stream.
    pub from: String,
    /// Called service.
    pub to: String,
    /// Calls.
    pub calls: u64,
    /// Attempts, the first ones included.
    pub attempts: u64,
    /// Failed calls in the order of `Failure::ALL`.
    pub failed: [u64; Failure::ALL.len()],
    /// Latency of successful calls.
    pub latency: SparseHistogram,
    /// Connections opened.
    pub connections: u64,
    /// Times a host was ejected.
    pub ejections: u64,
}

/// Replicas of one service at one place, over the horizon.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ServiceRow {
    /// The service.
    pub service: String,
    /// The place, `cluster/zone`.
    pub place: String,
    /// Replicas.
    pub replicas: u32,
    /// Workers, all replicas together.
    pub workers: u32,
    /// Worker-nanoseconds that were there, where they came and went; zero: all of them, all the time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub there_ns: u128,
    /// Visits: jobs that asked for a worker. Arrivals whose call was refused are in `blocked` only.
    pub visits: u64,
    /// Calls turned away because the queue was full, or by a rate limit.
    pub blocked: u64,
    /// Of the visits, those that left the queue because nobody waited for them any more (`on-cancel: drop-queued`), and
    /// requests that did so before they had a thread.
    #[serde(default)]
    pub dropped: u64,
    /// Calls that arrived.
    pub arrived: u64,
    /// Worker-nanoseconds busy within the horizon.
    pub busy_ns: u128,
    /// Integral of the number in system (waiting or served) over the horizon, in nanoseconds.
    pub level_ns: u128,
    /// Visits that had to wait.
    pub waited: u64,
    /// Waits of visits, zeros included.
    pub wait: SparseHistogram,
    /// Wait and service of visits.
    pub sojourn: SparseHistogram,
    /// Worker-nanoseconds busy by window of the horizon, where faults are; else empty.
    #[serde(default)]
    pub busy: Vec<u64>,
}

/// A gateway replica's or proxy's CPU, over the horizon; proxies are summed by owner and place.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct StationRow {
    /// The station or group.
    pub name: String,
    /// Servers, all together.
    pub servers: u32,
    /// Server-nanoseconds that were there, where they came and went; zero: all of them, all the time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub there_ns: u128,
    /// Jobs.
    pub jobs: u64,
    /// Server-nanoseconds busy.
    pub busy_ns: u128,
    /// Waits of jobs.
    pub wait: SparseHistogram,
}

/// A capped link, over the horizon.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct CapRow {
    /// The link.
    pub link: String,
    /// Bits per second that pass.
    pub rate_bps: u64,
    /// Bytes offered, by window (sent-again bytes included).
    pub offered: Vec<u64>,
    /// Bytes that were lost at the cap, by window.
    pub dropped: Vec<u64>,
    /// Messages that passed, by window.
    #[serde(default)]
    pub passed: Vec<u64>,
    /// What they waited before their first byte left, all together, nanoseconds by window of their coming.
    #[serde(default)]
    pub waited_ns: Vec<u64>,
}

/// One path, over the horizon.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PathRow {
    /// Bytes towards the server, by window.
    pub forward: Vec<u64>,
    /// Bytes towards the client, by window.
    pub back: Vec<u64>,
    /// Of both, bytes that were sent again after a loss, by window.
    pub resent: Vec<u64>,
    /// Messages lost at least once.
    pub lost: u64,
    /// Connections opened, by window.
    pub connections: Vec<u64>,
    /// Connections open at the end of the horizon.
    pub open: u64,
}

/// Calls from one place to another.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FlowRow {
    /// `web -> orders`.
    pub edge: String,
    /// `cluster/zone` of the caller.
    pub from: String,
    /// `cluster/zone` of the replica.
    pub to: String,
    /// Attempts.
    pub attempts: u64,
}

/// An action of an operator that came due.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ActionRow {
    /// The action.
    pub action: String,
    /// When it came due, nanoseconds from t = 0.
    pub due_ns: u64,
    /// When it was done, once all was there that it needs; none: not before the end of the run.
    pub done_ns: Option<u64>,
}
