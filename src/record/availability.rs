//! Availability in the long run: the result of `eastwest availability`.

use serde::{Deserialize, Serialize, Serializer};

use super::{EdgeCalls, Estimate, SparseHistogram};

/// Of one scenario, all variants.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LongRun {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// SHA-256 of the scenario text with everything that it refers to, hex.
    pub hash: String,
    /// The scenario text.
    pub text: String,
    /// Engine version.
    pub engine: String,
    /// Master seed.
    pub seed: u64,
    /// The command that repeats this.
    pub command: String,
    /// Books used: name, version or date.
    pub books: Vec<(String, String)>,
    /// Up to so many components down are told apart, in the variant with the most.
    pub within: u32,
    /// The objective, if any.
    pub slo: Option<f64>,
    /// The answer in a sentence or two.
    pub verdict: String,
    /// What is assumed of failures.
    pub assumptions: Vec<String>,
    /// What a reader must see beside the figures.
    pub warnings: Vec<String>,
    /// One for each variant, in the order of the file.
    pub variants: Vec<LongRunVariant>,
    /// Each variant beside the most available one.
    pub pairs: Vec<LongRunPair>,
}

/// One variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LongRunVariant {
    /// The name.
    pub name: String,
    /// An answer is good within so many ms; none: whenever it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_within_ms: Option<f64>,
    /// Share of requests that were good: interval of noise and of what was cut off; `inputs`: 90 % band over the assumed rates.
    pub availability: Estimate,
    /// The share lost.
    pub unavailability: Estimate,
    /// Minutes of all requests lost in a month of 30 days.
    pub minutes_month: Estimate,
    /// The same in a year.
    pub minutes_year: Estimate,
    /// The share that fails while nothing is down.
    pub lost_whole: f64,
    /// The upper end of that, 95 %: of what was seen where something fails, else what so many requests of which none failed
    /// leave room for.
    #[serde(default)]
    pub lost_whole_high: f64,
    /// Requests in which that was seen.
    pub requests_whole: u64,
    /// Requests per second.
    pub rate: f64,
    /// p99 of the latency of all answered requests, weighed over the classes, ms.
    pub p99_ms: Option<f64>,
    /// The same while nothing is down.
    pub p99_whole_ms: Option<f64>,
    /// Up to so many of its components down are told apart.
    pub within: u32,
    /// Failure states told apart.
    pub states: usize,
    /// Classes of states that come to the same.
    pub classes: usize,
    /// Classes that were simulated.
    pub simulated: usize,
    /// Runs.
    pub runs: u64,
    /// Weight of the states that were cut off: more components down.
    pub cut_off: f64,
    /// What these are reckoned to lose, as a share of all requests: as many times what states with `within` down lose as there
    /// are more of them down, everything at most.
    pub cut_off_lost: f64,
    /// Weight of classes too rare to be simulated, and of those that were not settled as far as that leaves room.
    pub unresolved: f64,
    /// Half of the 95 % interval of the simulation alone.
    pub noise: f64,
    /// By stream.
    pub streams: Vec<StreamLongRun>,
    /// By component, the costliest first.
    pub components: Vec<ComponentLongRun>,
    /// The classes of states, the costliest first; written as `worst`, without those after the twelfth.
    #[serde(rename = "worst", serialize_with = "worst")]
    pub by_class: Vec<ClassLongRun>,
    /// Months held against the objective.
    pub months: Option<Attainment>,
    /// Acknowledged writes that promotions lose in a year, of one failure at a time; `inputs`: 90 % band over the assumed rates.
    /// None: no database has a promotion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes_year: Option<Estimate>,
    /// The components alone, without a request: the share lost in all months together.
    pub direct: Estimate,
}

/// One stream's share.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct StreamLongRun {
    /// The stream.
    pub stream: String,
    /// Share of its requests answered.
    pub availability: f64,
    /// Minutes of its requests lost in a year.
    pub minutes_year: f64,
}

/// What one component costs.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ComponentLongRun {
    /// `zone/hangzhou/h`.
    pub component: String,
    /// Interchangeable units.
    pub units: u32,
    /// Whose figures.
    pub whose: String,
    /// Events a year, all units, as assumed.
    pub events_year: f64,
    /// How long each lasts, minutes, as assumed.
    pub down_min: f64,
    /// Of an event of that length: minutes of all requests lost.
    pub minutes_event: f64,
    /// Of it, as it comes and goes, beyond what is lost while it lasts.
    pub minutes_event_moving: f64,
    /// Requests lost in an event.
    pub requests_event: f64,
    /// Acknowledged writes that promotions lose in an event.
    #[serde(default)]
    pub writes_event: f64,
    /// The share of requests lost while it lasts, once all have learnt of it.
    pub share_lost: f64,
    /// The share lost in its worst window.
    pub share_worst: f64,
    /// Streams that lose any, by then.
    pub streams_hit: u32,
    /// Their share of all requests.
    #[serde(default)]
    pub users_hit: f64,
    /// Services of whose calls more than 5 points more fail while it lasts than before.
    #[serde(default)]
    pub services_hit: Vec<String>,
    /// Their share of the services that are called.
    #[serde(default)]
    pub services_share: f64,
    /// Where its rate and its time down are from.
    #[serde(default)]
    pub source: String,
    /// Seconds from its start until what is lost is what is lost then.
    pub settles_s: f64,
    /// Minutes a year, those while several are down included in equal parts.
    pub minutes_year: f64,
    /// Of it, as it comes and goes.
    pub minutes_year_moving: f64,
    /// Share of the unavailability that is its (Fussell-Vesely in equal parts).
    pub part: f64,
    /// Mean share lost while it is down less that while it is up (Birnbaum).
    pub birnbaum: f64,
    /// Seconds for which it was watched from its start.
    pub watched_s: f64,
    /// Its losses still moved then: they have a bracket, which is in the interval.
    pub unsettled: bool,
    /// It is over before all have learnt of it: counted whole by the event.
    pub short: bool,
}

/// States that come to the same.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ClassLongRun {
    /// Its first state.
    pub class: String,
    /// Its states.
    pub states: usize,
    /// Share of time.
    pub weight: f64,
    /// Share of requests lost.
    pub share_lost: f64,
    /// Of it, what is lost for certain: no living replica of what they need can be reached.
    pub certain: f64,
    /// Replications; 0: reckoned from its parts.
    pub replications: u32,
}

/// How often a month keeps the objective.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Attainment {
    /// The objective.
    pub slo: f64,
    /// Minutes that a month of 30 days may lose.
    pub budget_minutes: f64,
    /// Share of months that keep it.
    pub kept: Estimate,
    /// The same, were it one thing up and down by turns for exponential times (Takacs).
    pub two_state: Option<f64>,
    /// Share of months in which nothing of note fails.
    pub spotless: f64,
    /// Minutes lost by the worst of a hundred months.
    pub minutes_worst: f64,
    /// Months drawn.
    pub months: usize,
}

/// A variant beside the most available one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LongRunPair {
    /// The most available variant.
    pub best: String,
    /// The other one.
    pub other: String,
    /// Minutes a year that the other loses more, with the interval of this difference: chances are shared, and all comparisons
    /// of a study hold together at 95 %.
    pub minutes_year: Estimate,
    /// Is that interval on one side of zero? Else the order of the two is not known at this effort.
    pub told_apart: bool,
    /// Share of the draws of the assumed rates, and of the simulation's chances, in which the best one is so; none where they
    /// are not told apart.
    pub holds: Option<f64>,
    /// At which rate of one kind of failure, all else as assumed, the order turns; none where they are not told apart.
    pub turns: Vec<RateTurn>,
    /// Independent requests that plain simulation would take to tell them apart.
    pub requests_to_tell: Option<f64>,
    /// In words.
    pub sentence: String,
}

/// A rate of failure at which two variants lose the same.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RateTurn {
    /// The row of figures.
    pub row: String,
    /// Events a year of one of its units, as assumed.
    pub events_year: f64,
    /// Where it turns.
    pub turns_at: f64,
}

/// Requests sent and lost.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TrialCount {
    /// Sent.
    pub sent: u64,
    /// Not answered, or too late to be good.
    pub lost: u64,
}

/// What one replication says of a failure.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TrialSeen {
    /// In it, once all is settled.
    pub steady: TrialCount,
    /// The steady part by stream.
    pub by_stream: Vec<TrialCount>,
    /// The coming and going by stream.
    pub moving: Vec<TrialCount>,
    /// All windows, in order.
    pub windows: Vec<TrialCount>,
    /// Latencies of the steady part.
    pub latency: SparseHistogram,
    /// By service: calls to it before the failure, and those that begin while it lasts.
    #[serde(default)]
    pub services: Vec<(String, [EdgeCalls; 2])>,
    /// Promotions that nobody planned. Has no default: a run that was kept without them is made again.
    pub promotions: Vec<TrialPromotion>,
}

/// What one promotion of a trial loses.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TrialPromotion {
    /// Acknowledged writes that the new primary does not have.
    pub lost: u64,
    /// Seconds over which the old primary took these (RPO).
    pub rpo_s: f64,
}

/// One finished run of a failure, kept until the answer is there.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct FinishedRun {
    /// Of what: scenario, engine, seed, variant, failure, its course, replication.
    pub key: String,
    /// What was seen.
    pub seen: TrialSeen,
}

/// The costliest of what may be many thousands.
fn worst<S: Serializer>(classes: &[ClassLongRun], to: S) -> Result<S::Ok, S::Error> {
    classes[..classes.len().min(12)].serialize(to)
}
