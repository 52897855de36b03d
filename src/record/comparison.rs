//! The result of a study: every figure with its interval, ready to be shown.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{
    Availabilities, Budget, Business, ErrorSummary, FaultSummary, ScaleStep, SessionSummary, StoreSummary,
    SuccessionSummary, WriteSummary,
};

/// A figure with what is known of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure; none where it cannot be estimated, `why` says why.
    pub value: Option<f64>,
    /// Lower end of the interval over replications (noise).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub low: Option<f64>,
    /// Upper end; none beside a value means "not bounded by this many requests".
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high: Option<f64>,
    /// Level of the interval, 0.95.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confidence: Option<f64>,
    /// Replications behind it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub n: Option<u32>,
    /// The figure at the low and the high end of the uncertain inputs (books' low and high).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inputs: Option<(f64, f64)>,
    /// Why there is no value or no bound, or what to beware of: `low tail sample`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
}

impl Estimate {
    /// A figure that is exact.
    pub fn exact(value: f64) -> Self {
        Estimate { value: Some(value), ..Estimate::default() }
    }

    /// No figure, and why.
    pub fn none(why: impl Into<String>) -> Self {
        Estimate { why: Some(why.into()), ..Estimate::default() }
    }
}

/// A study of one scenario: all variants on the same random numbers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// SHA-256 of the scenario text with everything that it refers to, hex.
    pub hash: String,
    /// The scenario text, for the report's last page.
    pub text: String,
    /// Engine version.
    pub engine: String,
    /// Master seed.
    pub seed: u64,
    /// Replications of each variant.
    pub replications: u32,
    /// Measured seconds per replication.
    pub horizon_s: f64,
    /// Seconds deleted or filled before measuring, and which of the two: `fill 60 s before t = 0`.
    pub warm_up: String,
    /// The command that repeats this: `eastwest compare scenarios/x.yaml --seed 42`.
    pub command: String,
    /// Books used: name, version or date.
    pub books: Vec<(String, String)>,
    /// Where the study was stopped before all its runs were made: how far it got. The verdict begins with it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub partial: Option<String>,
    /// The verdict, one computed sentence (or two).
    pub verdict: String,
    /// "Holds over all inputs" or what flips it.
    pub robustness: String,
    /// What was assumed, printed on top of the bill and in the report.
    pub assumptions: Vec<String>,
    /// Warnings that a reader must see beside the figures.
    pub warnings: Vec<String>,
    /// One for each variant, in the order of the file.
    pub variants: Vec<VariantResult>,
    /// Paired differences of each variant from the first.
    pub differences: Vec<Difference>,
    /// Gates.
    pub gates: Vec<Gate>,
    /// Currency of all money: `USD`.
    pub currency: String,
    /// Faults of the scenario (name, what it hits, start s, end s).
    pub faults: Vec<FaultSpan>,
    /// Flows of the scenario that come and go, in the same way.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub flows: Vec<FaultSpan>,
    /// Actions of operators: from the first instant at which one was done in any variant and replication to the last.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub actions: Vec<FaultSpan>,
}

/// The place of a fault, or of a flow that comes and goes, on the time axis.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FaultSpan {
    /// The name.
    pub name: String,
    /// What it hits, as written; of a flow its way.
    pub hits: String,
    /// Seconds from t = 0.
    pub start_s: f64,
    /// Seconds from t = 0.
    pub end_s: f64,
}

/// One variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VariantResult {
    /// The name.
    pub name: String,
    /// What differs from the base or the first variant, in words.
    pub changes: Vec<String>,
    /// What must be done before it can be built: renumbering, approvals, versions.
    pub prerequisites: Vec<String>,
    /// All requests together.
    pub total: RequestSummary,
    /// By stream and operation.
    pub rows: Vec<RequestSummary>,
    /// Percentile curve of all requests: (percentile 0..100, estimate in ms).
    pub curve: Vec<(f64, Estimate)>,
    /// The bill of a month.
    pub bill: Bill,
    /// Calls by edge.
    pub edges: Vec<EdgeSummary>,
    /// Replicas, gateways, caps: how busy.
    pub resources: Vec<ResourceSummary>,
    /// Replicas that follow their load; empty where none do.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub scaling: Vec<ScalingSummary>,
    /// Calls that came to the data of stores; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub stores: Vec<StoreSummary>,
    /// Writes to databases with a primary; empty where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub writes: Vec<WriteSummary>,
    /// What became of their primaries, by store.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub successions: Vec<SuccessionSummary>,
    /// Acknowledged writes that promotions lose, of a run, over all stores: every other figure takes them for answered.
    /// None where no database has a primary.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lost_writes: Option<Estimate>,
    /// Users who keep connections; empty where none do.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sessions: Vec<SessionSummary>,
    /// Time series over the horizon, all requests.
    pub windows: Vec<WindowPoint>,
    /// By hour of the day, all requests, from the hour of t = 0 on; empty where the horizon is short or no whole hours.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hours: Vec<HourPoint>,
    /// By named fault.
    pub faults: Vec<FaultSummary>,
    /// Failed requests by class, place and cause, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<ErrorSummary>,
    /// Availability by requests, by time and by users.
    #[serde(default)]
    pub availability: Availabilities,
    /// The error budget, where the scenario says an objective.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub budget: Option<Budget>,
    /// The share of requests that fails with nothing down, 0..1: of twins of the runs without their faults, else before any
    /// fault. None where no window tells it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failing_calm: Option<Estimate>,
    /// Where calls went: edge, from place, to place, share of the edge's attempts.
    pub flows: Vec<(String, String, String, f64)>,
    /// Digests of the replications, hex.
    pub digests: Vec<String>,
    /// Downtime and years to come, where the scenario has `business:`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub business: Option<Business>,
    /// Requests followed through all hops (only where tracing was asked for).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub traces: Vec<Trace>,
}

/// Replicas of a service in a cluster, as its autoscaler had them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ScalingSummary {
    /// `service@cluster`.
    pub name: String,
    /// How many were there at first.
    pub start: u32,
    /// The fewest that were asked for, in any replication.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// How many there were on average, those that boot and those that end included: what is billed.
    pub mean: Estimate,
    /// How many were asked for, there and ready, from when on: in the first replication.
    pub steps: Vec<ScaleStep>,
}

/// Latency and availability of a set of requests.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RequestSummary {
    /// Stream, or `all`.
    pub entry: String,
    /// Region of the users, or `all`.
    pub region: String,
    /// Operation, or `all`.
    pub operation: String,
    /// Called service, or `all`.
    pub service: String,
    /// Sent, all replications.
    pub sent: u64,
    /// Answered.
    pub ok: u64,
    /// Failed by class (only classes that occurred).
    pub failed: IndexMap<String, u64>,
    /// Mean latency of successes, ms.
    pub mean_ms: Estimate,
    /// Quantiles of successes, ms, keyed `p50`, `p90`, `p95`, `p99`, `p99.9`.
    pub latency_ms: IndexMap<String, Estimate>,
    /// Largest latency seen, ms.
    pub max_ms: f64,
    /// Share of requests answered.
    pub availability: Estimate,
}

/// A month's bill.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Bill {
    /// Currency.
    pub currency: String,
    /// Lines as on an invoice.
    pub lines: Vec<BillLine>,
    /// Their sum per month.
    pub month: Estimate,
    /// Sum of the lines whose price is an estimate, as a share of the total.
    pub estimated_share: f64,
    /// Gigabytes per month that leave a region or VPC on a priced leg.
    pub gigabytes_month: f64,
    /// Assumptions, first line printed above the bill: `held at the mean rate for 730 h`.
    pub basis: Vec<String>,
    /// Prices not found, and what they would have to be: `the plan wins below 106 USD/Mbps-month`.
    pub unknowns: Vec<String>,
    /// What each fault costs once in transfer, beyond the same time without it; not in the month. May be below nothing.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub once: Vec<BillLine>,
}

/// A line of a bill.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BillLine {
    /// Product, a name of `connectivity:` or `compute`.
    pub product: String,
    /// The price book's key: `cdt.gold`.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub key: String,
    /// What is charged.
    pub item: String,
    /// Where.
    pub scope: String,
    /// Who pays.
    pub payer: String,
    /// Quantity per month in `unit`.
    pub quantity: Estimate,
    /// Unit.
    pub unit: String,
    /// Price per unit before discount, the mean of the steps where there are several; none: not found.
    pub unit_price: Option<f64>,
    /// The quantity by step of the price, lowest first, where it is charged in more than one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub steps: Vec<BillStep>,
    /// Share that is taken off what quantity times price makes.
    #[serde(skip_serializing_if = "is_nothing", default)]
    pub discount: f64,
    /// Amount per month, after discount.
    pub amount: Estimate,
    /// `sourced`, `estimated`, `not-found`, `user`.
    pub status: String,
    /// Source of the price.
    pub source: String,
    /// Date of the price.
    pub as_of: String,
}

/// A part of a line at one step of its price.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BillStep {
    /// Units at which the step begins; none: what is free each month.
    pub from: Option<f64>,
    /// Units in it.
    pub quantity: f64,
    /// Price per unit before discount; none: not found.
    pub unit_price: Option<f64>,
}

fn is_nothing(share: &f64) -> bool {
    *share == 0.0
}

/// Calls by edge.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EdgeSummary {
    /// Caller.
    pub from: String,
    /// Callee.
    pub to: String,
    /// Calls, all replications.
    pub calls: u64,
    /// Attempts.
    pub attempts: u64,
    /// Attempts per call.
    pub amplification: Estimate,
    /// Failed calls by class.
    pub failed: IndexMap<String, u64>,
    /// Latency of successful calls, ms: `p50`, `p99`.
    pub latency_ms: IndexMap<String, f64>,
    /// Connections opened.
    pub connections: u64,
    /// Ejections.
    pub ejections: u64,
}

/// A thing with capacity.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ResourceSummary {
    /// `service`, `gateway`, `sidecar`, `cap`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Share of capacity used.
    pub utilisation: Estimate,
    /// Wait at it, ms: mean.
    pub wait_ms: Estimate,
    /// Mean number in system.
    pub level: Estimate,
    /// Share of jobs that waited.
    pub p_wait: Estimate,
    /// Share turned away or bytes dropped.
    pub blocked: Estimate,
    /// Quantiles of wait and of sojourn, ms (`wait p99`, `sojourn p50`, ...).
    pub quantiles_ms: IndexMap<String, Estimate>,
}

/// A window of the horizon, most often a sixtieth, all replications together.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WindowPoint {
    /// Seconds from t = 0.
    pub start_s: f64,
    /// Requests sent per second.
    pub rate: f64,
    /// Share answered.
    pub success: f64,
    /// ms; none where nothing was answered.
    pub p50_ms: Option<f64>,
    /// ms.
    pub p99_ms: Option<f64>,
}

/// An hour of the day, all its occurrences in all replications together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HourPoint {
    /// Time of day at its beginning, minutes after midnight.
    pub minute: u32,
    /// Sent, all replications.
    pub sent: u64,
    /// Answered.
    pub ok: u64,
    /// Median of successes, ms.
    pub p50_ms: Estimate,
    /// p99 of successes, ms.
    pub p99_ms: Estimate,
    /// Of all bytes on all paths, the share that was sent again after a loss.
    pub resent_share: f64,
    /// Capped links, in the order of the world.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub caps: Vec<HourCap>,
}

/// A capped link in an hour of the day.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HourCap {
    /// The link.
    pub link: String,
    /// What passes, Mbit/s.
    pub available_mbps: f64,
    /// What came, bytes that were sent again included, Mbit/s.
    pub offered_mbps: f64,
    /// Of that, the share that was dropped.
    pub dropped_share: f64,
    /// Mean wait of a message before its first byte left, ms; none where no message passed.
    pub wait_ms: Option<f64>,
}

/// The paired difference of a variant from the first one: variant minus first.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Difference {
    /// The variant.
    pub variant: String,
    /// The first variant.
    pub from: String,
    /// `mean`, `p50`, `p99`, `p99.9`, `availability`, `cost`.
    pub metric: String,
    /// `ms`, `share`, `USD/month`.
    pub unit: String,
    /// The difference, interval over paired replications at family-wise 95 %.
    pub difference: Estimate,
    /// Variance of the unpaired difference over variance of the paired one.
    pub variance_ratio: Option<f64>,
}

/// A gate.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Gate {
    /// Its name under `objectives:`.
    pub name: String,
    /// The variant that it was checked for.
    pub variant: String,
    /// As written.
    pub check: String,
    /// `fail` or `warn`.
    pub severity: String,
    /// What came out.
    pub outcome: Outcome,
    /// The measured figure.
    pub measured: Estimate,
    /// The limit, in the measured figure's unit.
    pub limit: f64,
    /// Unit of both.
    pub unit: String,
    /// What must be known beside the figure: how a limit came about, what the figure leaves out; empty: nothing.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub note: String,
    /// One sentence.
    pub sentence: String,
}

/// What came out of a gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The whole interval is within the limit.
    Met,
    /// The whole interval is past the limit.
    Missed,
    /// The interval straddles the limit, or there is none.
    #[default]
    NotEnoughEvidence,
}

/// A request followed through its hops.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Trace {
    /// `slowest`, or what was asked for.
    pub why: String,
    /// The stream and ordinal.
    pub request: String,
    /// Which replication.
    pub replication: u32,
    /// End to end, ms.
    pub latency_ms: f64,
    /// `ok` or the failure's word.
    pub outcome: String,
    /// Spans in order of start; the ones with `critical` add up to the latency.
    pub spans: Vec<Span>,
}

/// A stretch of a request's time.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Span {
    /// Depth in the call tree.
    pub depth: u32,
    /// `network`, `connect`, `queue`, `work`, `proxy`, `retransmission`, `back-off`, `cap`, `gateway`, `call`.
    pub kind: String,
    /// What: `orders@south#1`, `hangzhou -> singapore`.
    pub what: String,
    /// From the request's intended arrival, ms.
    pub start_ms: f64,
    /// Length, ms.
    pub length_ms: f64,
    /// On the path that decides the latency; these do not overlap and add up to it.
    pub critical: bool,
}
