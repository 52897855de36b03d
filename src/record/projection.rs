//! What the closed form says of a scenario: bytes, bill, floors, utilisation, break-evens, without a simulation.

use serde::{Deserialize, Serialize};

use super::Bill;

/// All variants of a scenario in closed form.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Projection {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name; empty until the caller fills it in.
    pub scenario: String,
    /// Its question; empty until the caller fills it in.
    pub question: String,
    /// What a closed form takes for granted.
    pub assumptions: Vec<String>,
    /// One for each variant, in the order of the file.
    pub variants: Vec<VariantProjection>,
    /// Where two variants cost the same, each pair once.
    pub break_evens: Vec<BreakEven>,
}

/// One variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VariantProjection {
    /// The name.
    pub name: String,
    /// Does everything keep up with the mean load? If not, the figures describe no state that lasts.
    pub steady: bool,
    /// The bill of a month.
    pub bill: Bill,
    /// Latency without queueing, jitter or loss, on warm connections.
    pub floors: Vec<FloorProjection>,
    /// Traffic by path.
    pub paths: Vec<PathProjection>,
    /// Traffic by link.
    pub links: Vec<LinkProjection>,
    /// How busy everything with a capacity is, busiest first.
    pub loads: Vec<LoadProjection>,
    /// What is at 70 % or more, in words.
    pub warnings: Vec<String>,
    /// What has to be there before this can be built.
    pub prerequisites: Vec<String>,
}

/// The floor of one operation of a stream.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FloorProjection {
    /// The stream.
    pub stream: String,
    /// The region it enters in.
    pub region: String,
    /// The operation.
    pub operation: String,
    /// Mean work and fixed delays along the slowest branch, milliseconds.
    pub floor_ms: f64,
    /// Of it, on paths between places along that branch, sidecars and gateways excluded, milliseconds.
    pub network_ms: f64,
}

/// One path.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct PathProjection {
    /// The path.
    pub path: String,
    /// The product that carries it.
    pub via: String,
    /// Calls per second, mean.
    pub calls_per_s: f64,
    /// Calls per second when every stream is at its peak.
    pub calls_per_s_peak: f64,
    /// Gigabytes (2^30) a month towards the server.
    pub forward_gb_month: f64,
    /// Gigabytes a month towards the client.
    pub back_gb_month: f64,
    /// There and back without queueing, jitter or loss, milliseconds.
    pub round_trip_ms: f64,
}

/// One link.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LinkProjection {
    /// The link.
    pub link: String,
    /// Gigabytes (2^30) a month.
    pub gb_month: f64,
    /// Mbit/s, mean.
    pub mbps: f64,
    /// Mbit/s when every stream is at its peak.
    pub mbps_peak: f64,
}

/// How busy a thing is.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct LoadProjection {
    /// `service`, `threads`, `sidecar`, `gateway`, `cap`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Share of its capacity, mean.
    pub mean: f64,
    /// Share of its capacity when every stream is at its peak.
    pub peak: f64,
    /// What that means.
    pub state: LoadState,
}

/// What a utilisation means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadState {
    /// Below 70 % even at the peak.
    #[default]
    Easy,
    /// 70 % or more at the peak.
    High,
    /// 100 % or more at the peak: a queue builds up until the peak is over.
    OverAtPeak,
    /// 100 % or more at the mean: no steady state.
    Over,
}

/// Where two variants cost the same.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BreakEven {
    /// A variant.
    pub a: String,
    /// Another.
    pub b: String,
    /// The cheaper one at the scenario's traffic; none where both cost the same or a price that nobody knows decides.
    pub cheaper: Option<String>,
    /// Gigabytes (2^30) a month of the first on priced legs (of the second where the first has none) at which both cost
    /// the same; of several the one nearest to the scenario's traffic; none: never.
    pub gigabytes_month: Option<f64>,
    /// All of them, by volume.
    pub volumes: Vec<VolumeBreakEven>,
    /// Prices at which both cost the same: of what is unknown; else of each item whose book's range holds such a price, and
    /// of each one's most uncertain item.
    pub prices: Vec<PriceBreakEven>,
    /// All of that in words.
    pub sentences: Vec<String>,
}

/// A volume at which two variants cost the same.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VolumeBreakEven {
    /// Gigabytes (2^30) a month, counted as in [`BreakEven::gigabytes_month`].
    pub gigabytes_month: f64,
    /// The same as a multiple of the scenario's traffic.
    pub times: f64,
    /// The cheaper one below it.
    pub below: String,
    /// The cheaper one above it.
    pub above: String,
    /// What does not carry so much, with its variant: on average it would be over capacity.
    pub over: Vec<String>,
}

/// The price of an item at which two variants cost the same.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct PriceBreakEven {
    /// Whose bill holds the item.
    pub variant: String,
    /// The item.
    pub item: String,
    /// The price's unit.
    pub unit: String,
    /// The price; none where the item has several prices.
    pub price: Option<f64>,
    /// The same as a multiple of the prices used; none where there is no price.
    pub factor: Option<f64>,
    /// The book's range as multiples of the prices used; none where there is no price.
    pub book: Option<(f64, f64)>,
}
