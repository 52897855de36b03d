//! Who asks, what breaks, what it costs, how long to run.

use crate::random::Law;
use crate::scenario::span::{Span, Spanned};
use crate::units::{BitsPerSec, Duration, Ratio, SimTime};

use super::connectivity::RouteEnd;
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
    /// How they come in.
    pub entry: Entry,
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

/// An entry of `faults:`: something is down from `at` for `lasts`.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where its name is written.
    pub span: Span,
    /// When, from t = 0 (the end of the fill).
    pub at: Spanned<SimTime>,
    /// For how long.
    pub lasts: Spanned<Duration>,
    /// What.
    pub hit: Spanned<Hit>,
    /// `hit` as written, for reports.
    pub hit_text: String,
    /// How peers notice; decided by what is hit where `down: true`.
    pub manner: Manner,
    /// A control plane's pushes stop, and nothing else.
    pub freeze: bool,
}

/// What a fault hits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hit {
    /// `region/R`: all its zones.
    Region(String),
    /// `zone/R/Z`.
    Zone {
        /// Region.
        region: String,
        /// Zone.
        zone: String,
    },
    /// `link/A-B` (the backbone) or `link/internet/A-B`, or `link/NAME` of `topology.links`; both directions.
    Link {
        /// The two regions.
        between: (String, String),
        /// The internet between them rather than the backbone.
        internet: bool,
    },
    /// `gateway/PRODUCT/CLUSTER` or `gateway/PRODUCT/CLUSTER/NUMBER`: its replicas.
    Gateway {
        /// The product.
        product: String,
        /// The cluster.
        cluster: String,
        /// One replica, from 0; none: all.
        number: Option<u32>,
    },
    /// `product/NAME`: every path over it.
    Product(String),
    /// A part that a product has once or in each zone: `eip/PRODUCT/CLUSTER`, `nat/PRODUCT/VPC`, `nlb/PRODUCT/CLUSTER/ZONE`,
    /// `attachment/PRODUCT/VPC/ZONE`, `endpoint/PRODUCT/ZONE`.
    Part(Part),
    /// `control-plane`, all of them, or `control-plane/NAME`.
    ControlPlane(Option<String>),
    /// `api/CLUSTER`: its API server.
    Api(String),
    /// `service/S`: all replicas.
    Service(String),
    /// `replica/SERVICE/CLUSTER/NUMBER`.
    Replica {
        /// Service.
        service: String,
        /// Cluster.
        cluster: String,
        /// Counted from 0 within the cluster.
        number: u32,
    },
}

/// A part of a product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The product.
    pub product: String,
    /// The word with which the name of its link begins: `EIP`, `NLB`.
    pub word: &'static str,
    /// The rest of that name: `east`, `east/h`.
    pub place: String,
}

/// How a peer notices that something is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Not at all: packets vanish, connections hang.
    Silent,
    /// Connections are reset, new ones refused.
    Refused,
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

/// Bytes that always flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Where its name is written.
    pub span: Span,
    /// From where.
    pub from: Spanned<RouteEnd>,
    /// To where.
    pub to: Spanned<RouteEnd>,
    /// How much.
    pub rate: Spanned<BitsPerSec>,
}
