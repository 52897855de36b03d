//! What a study says of a fault, and of failure at all: when it was noticed, where calls went, who was hit, what failed where.

use serde::{Deserialize, Serialize};

use super::Estimate;

/// What a named fault did.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FaultSummary {
    /// The fault.
    pub name: String,
    /// How often it came, by replication.
    #[serde(default)]
    pub occurrences: Estimate,
    /// Requests lost, per occurrence (mean over replications), less what fails without it.
    pub lost: Estimate,
    /// Failed requests among them that another fault is charged with as well, per occurrence: where faults or their
    /// recoveries overlap, losses do not add up.
    #[serde(default)]
    pub shared: Estimate,
    /// What that means: which requests are counted, and what is taken off.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub lost_rule: String,
    /// Requests sent in its window, per occurrence.
    pub sent: Estimate,
    /// Availability within the window.
    pub availability: Estimate,
    /// Seconds from its start until somebody first took notice of something that it hits.
    #[serde(default)]
    pub detect_s: Estimate,
    /// Who that was, and how often.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub detected_by: Vec<(String, u64)>,
    /// Seconds from its start until no more than a tenth of usual calls still go to what it hits.
    #[serde(default)]
    pub shift_s: Estimate,
    /// Of the calls that could go there, the share that did before it came.
    #[serde(default)]
    pub hit_share: Estimate,
    /// The share that did while it lasted.
    #[serde(default)]
    pub still_share: Estimate,
    /// What noticing and leaving mean, with their resolution.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub shift_rule: String,
    /// Seconds from its start until success and p99 are back, within the measured horizon.
    pub recovery_s: Estimate,
    /// By share of requests: seconds from its start until so many of those that were served before are served as then.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub served_s: Vec<(f64, Estimate)>,
    /// With which other faults that is told, since they overlap or service was not back when the next one came; empty: alone.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub together: String,
    /// What both mean: where they are counted from, by which thresholds, how finely.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub recovery_rule: String,
    /// p99 of successes in its window, ms.
    pub p99_ms: Estimate,
    /// Attempts per call, edge by edge.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub edges: Vec<FaultEdge>,
    /// The worst window in it and until what it loses is no longer counted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub worst: Option<WorstWindow>,
    /// Whom it hit.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub blast: Option<Blast>,
    /// What stays when it is over and its recovery is, though nobody asks for more than before; none: nothing that is seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub outlives: Option<Outlives>,
    /// Where and as what requests failed that were sent in it or before service was back, the most frequent first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<ErrorSummary>,
    /// What one occurrence takes of the error budget, where the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub burn: Option<Burn>,
}

/// Attempts per call of an edge; none where no call began then.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FaultEdge {
    /// Caller.
    pub from: String,
    /// Callee.
    pub to: String,
    /// Before any fault.
    pub before: Option<f64>,
    /// Of calls that began while it lasted.
    pub during: Estimate,
    /// In its recovery.
    pub after: Estimate,
    /// After that, up to the next fault.
    pub later: Option<f64>,
    /// Share of calls that failed before any fault.
    pub failed_before: Option<f64>,
    /// Share of calls that failed while it lasted.
    pub failed_during: Option<f64>,
}

/// The window with the least success, all replications together.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WorstWindow {
    /// When it begins, seconds after the fault's start (mean).
    pub after_s: f64,
    /// How long a window is.
    pub length_s: f64,
    /// Success in it, mean over occurrences of the worst of each.
    pub success: Estimate,
}

/// How far a fault reaches.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Blast {
    /// Share of requests that failed in the worst window, beyond what fails without it.
    pub requests: Estimate,
    /// Streams by region: success in their own worst window, beside that before any fault.
    pub streams: Vec<BlastRow>,
    /// Requests of streams that are hit, as a share of all requests.
    pub users_share: f64,
    /// Services by the calls that others make to them while it lasts.
    pub services: Vec<BlastRow>,
    /// Services that are hit, as a share of those that are called.
    pub services_share: f64,
    /// What being hit means.
    pub rule: String,
}

/// A stream or a service.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BlastRow {
    /// Its name.
    pub name: String,
    /// The region of a stream's users; empty for a service.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub region: String,
    /// Success before any fault.
    pub before: Option<f64>,
    /// Success in its worst window, or while the fault lasts.
    pub success: f64,
    /// Is it hit?
    pub hit: bool,
}

/// A state that outlives what brought it about.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Outlives {
    /// Is it an overload: is something busy that was not before, or asked for more than it can do? Then it is metastable.
    pub metastable: bool,
    /// How many occurrences it was seen after, of how many that could be looked at.
    pub seen: (u64, u64),
    /// Seconds after the fault's end that were looked at.
    pub within_s: f64,
    /// Success before any fault.
    pub success_before: f64,
    /// Success in that time.
    pub success_after: f64,
    /// The busiest service or link then: its name, how busy it is, and how busy it was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub busiest: Option<(String, f64, f64)>,
    /// How many times what it can do is asked of it, where it was as busy before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub asked: Option<f64>,
    /// The edge with the most attempts per call then: its name, how many, and how many before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub amplified: Option<(String, f64, f64)>,
    /// What failed most while no fault lasted on its way, in the fault, in its recovery or outside of all faults: the
    /// class of error, the call, and its share of all that failed so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fails: Option<(String, String, f64)>,
    /// In a sentence.
    pub sentence: String,
}

/// Failed requests of one class, place and cause.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ErrorSummary {
    /// As what they failed: `timeout`.
    pub class: String,
    /// The call that decided it: `orders -> payments`.
    pub edge: String,
    /// Where its last attempt went; empty: nowhere.
    pub place: String,
    /// The fault that lasted on its way; empty: none.
    pub fault: String,
    /// The fault in which, or before service was back from which, they were sent; empty: none.
    pub within: String,
    /// How many, all replications.
    pub count: u64,
    /// Of all failed requests that are spoken of.
    pub share: f64,
}

/// Availability by three measures.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Availabilities {
    /// Good requests over all; good is an answer, in time where the scenario says in which.
    pub requests: Estimate,
    /// The share of time in which success was at least `up_at`.
    pub time: Estimate,
    /// The success from which on a window counts as up.
    pub up_at: f64,
    /// User-uptime over all streams whose users are told apart.
    pub users: Estimate,
    /// Windowed: seconds, and the minimal cumulative ratio of a window so long.
    pub windowed: Vec<(f64, Estimate)>,
    /// What is meant.
    pub rules: Vec<String>,
}

/// What an objective of availability leaves to lose.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Budget {
    /// The objective, a share.
    pub objective: f64,
    /// An answer is good within so many ms; none: whenever it comes.
    pub within_ms: Option<f64>,
    /// Minutes of full outage in 30 days.
    pub minutes: f64,
    /// Requests in 30 days, at the mean rate of the run.
    pub requests: f64,
    /// Times as fast as the budget allows is it burned while nothing fails.
    pub burn_rate_outside: Estimate,
}

/// What an occurrence of a fault takes of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Burn {
    /// Minutes of full outage that its lost requests come to at the mean rate.
    pub minutes: Estimate,
    /// The share of 30 days' budget.
    pub share: Estimate,
    /// Times as fast as the budget allows while it lasts.
    pub rate: Estimate,
    /// How many a month the budget allows, if nothing else fails; none: it takes nothing of it.
    pub allowed_month: Option<f64>,
}
