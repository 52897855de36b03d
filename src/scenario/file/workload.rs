//! Who asks, what flows, how long to run.

use crate::policy::Reconnect;
use crate::random::Law;
use crate::scenario::span::{Span, Spanned};
use crate::units::{BitsPerSec, Duration, Ratio};

use super::connectivity::RouteEnd;
use super::fault::Start;
use super::rules::Headers;
use super::service::CallTarget;

/// An entry of `workload:`.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Where its name is written.
    pub span: Span,
    /// Where the users are.
    pub from: Spanned<StreamFrom>,
    /// The service that they call.
    pub to: Spanned<String>,
    /// Operations of it and their shares (sum 1); never empty.
    pub mix: Vec<(CallTarget, Ratio)>,
    /// Headers of its requests.
    pub headers: Headers,
    /// When requests come.
    pub arrivals: StreamArrivals,
    /// How many people send an open stream's requests, where that is said.
    pub users: Option<Spanned<u32>>,
    /// How long users wait for an answer, seconds; none: for ever.
    pub patience: Option<Law>,
    /// How they come in.
    pub entry: Entry,
    /// The global entry that leads them.
    pub via: Option<Spanned<String>>,
    /// They keep a connection from one request to the next; `arrivals` are then as many users who think on average.
    pub sessions: Option<Box<Sessions>>,
    /// Factor on the rate, or on the number of users (rounded); not applied to `arrivals` yet.
    pub scale: Spanned<f64>,
}

/// Where users are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamFrom {
    /// In a region: they enter by its cluster.
    Region(String),
    /// Beside this cluster.
    Cluster(String),
}

/// How requests come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// By one ingress proxy in each zone of the cluster, users spread evenly.
    Ingress,
    /// By one proxy that costs nothing and has no legs.
    Direct,
}

/// When requests come.
#[derive(Clone, Debug)]
pub enum StreamArrivals {
    /// Open.
    Open {
        /// Law of the gaps, mean 1.
        gap: Law,
        /// Requests per second over time, before `scale`.
        rate: Spanned<RateLaw>,
    },
    /// Closed.
    Closed {
        /// How many users, before `scale`.
        users: Spanned<u32>,
        /// Think time, seconds.
        think: Law,
    },
}

/// `sessions`.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// How many there are.
    pub population: Population,
    /// How long one lasts, seconds; none: for the whole run.
    pub last: Option<Law>,
    /// Between an answer and the next request, seconds.
    pub think: Law,
    /// What each connection begins with.
    pub login: Option<CallTarget>,
    /// How a client comes back.
    pub reconnect: Reconnect,
}

/// How many sessions there are, before `scale`.
#[derive(Clone, Debug)]
pub enum Population {
    /// Always so many.
    Open(u32),
    /// They come at this rate.
    Arrive(RateLaw),
}

/// Requests per second over time.
#[derive(Clone, PartialEq, Debug)]
pub enum RateLaw {
    /// Always this.
    Constant(f64),
    /// From each time on, this; the first at 0.
    Steps(Vec<(Duration, f64)>),
    /// A cosine over 24 h between a low and a high, the high at `peak` in the time zone of the stream's region.
    Diurnal {
        /// At the trough, requests per second.
        low: f64,
        /// At the peak, requests per second.
        high: f64,
        /// Time of day of the peak.
        peak: Duration,
    },
}

/// `run:`.
#[derive(Clone, Debug)]
pub struct Run {
    /// The moment of t = 0.
    pub from: Option<Spanned<jiff::Timestamp>>,
    /// Measured time: requests of 0..horizon count. 10 min, or what gives 1e5 requests (at most 24 h), unless told.
    pub horizon: Spanned<Duration>,
    /// What comes before measuring.
    pub warm_up: WarmUp,
    /// After the horizon, how long open requests may settle.
    pub drain: Duration,
    /// How many, each with chances of its own.
    pub replications: Spanned<u32>,
    /// Master seed.
    pub seed: Spanned<u64>,
}

/// How a run gets into its steady state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WarmUp {
    /// Decided by the study from the scenario's time constants.
    Auto,
    /// Time before t = 0 at the rates of t = 0, not measured.
    Fill(Duration),
    /// Time from t = 0 on that is run and not measured.
    Cut(Duration),
}

/// Bytes that flow beside the calls.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Where its name is written.
    pub span: Span,
    /// From where.
    pub from: Spanned<RouteEnd>,
    /// To where.
    pub to: Spanned<RouteEnd>,
    /// How much, while it flows.
    pub rate: Spanned<BitsPerSec>,
    /// When it flows; none: always.
    pub when: Option<FlowTimes>,
}

/// When a flow begins, for how long it flows, and after how long it comes again.
#[derive(Clone, Copy, Debug)]
pub struct FlowTimes {
    /// When it begins.
    pub at: Spanned<Start>,
    /// For how long.
    pub lasts: Spanned<Duration>,
    /// After how long it comes again; none: never.
    pub every: Option<Duration>,
}
