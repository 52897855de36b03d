//! One route of a scenario, hop by hop and in both directions, as `explain FILE FROM-TO` tells it.

use serde::{Deserialize, Serialize};

/// What was asked for, in each variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RouteExplanation {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// What was asked for, as it was written.
    pub asked: String,
    /// The answer in short.
    pub sentence: String,
    /// Currency of all money.
    pub currency: String,
    /// One for each variant, in the order of the file.
    pub variants: Vec<RouteOfVariant>,
}

/// The route in one variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RouteOfVariant {
    /// The variant.
    pub name: String,
    /// Ways of calls; those that run alike are told once.
    pub ways: Vec<WayExplanation>,
    /// What the products on these ways charge by the hour, day or month, whoever else uses them.
    pub standing: Vec<FixedPrice>,
    /// The sum of those whose quantity and price are known, a month of 730 h: low, used, high.
    pub month: (f64, f64, f64),
    /// What has to be there first.
    pub prerequisites: Vec<String>,
}

/// One way, there and back.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WayExplanation {
    /// `cluster/zone` of who opens the connection.
    pub from: String,
    /// `cluster/zone` of who accepts it.
    pub to: String,
    /// The product that carries it.
    pub via: String,
    /// Hops of a request.
    pub there: Vec<RouteHop>,
    /// Hops of its response.
    pub back: Vec<RouteHop>,
    /// There and back without queueing, jitter, loss or anybody's CPU, ms.
    pub floor_ms: f64,
    /// Round trips before the first byte on a new connection.
    pub handshake_round_trips: u32,
    /// There and back on a new connection, ms.
    pub cold_ms: f64,
    /// A connection that rests for longer is closed, s.
    pub idle_limit_s: Option<f64>,
    /// What a gigabyte pays.
    pub prices: Vec<RoutePrice>,
    /// A GB (2^30 bytes) there, and back: low, used, high. Prices that were not found are left out.
    pub per_gb: [(f64, f64, f64); 2],
    /// What takes all of this way down besides its hops: places, product, gateways.
    pub falls_with: Vec<FallsWith>,
    /// Other ways that run alike: `office/i to archive/b`.
    pub alike: Vec<String>,
}

/// A hop of a way in one direction.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RouteHop {
    /// What it is.
    pub what: String,
    /// Its fixed delay, ms.
    pub floor_ms: f64,
    /// The same of all hops up to here.
    pub sum_ms: f64,
    /// Extra delay at its median and p99 in a usual hour, ms.
    pub jitter_ms: Option<(f64, f64)>,
    /// In its worst hour the extra delay is so many times as long; 1 where no hour differs.
    pub jitter_worst: f64,
    /// Chance that a packet is lost.
    pub loss: Option<HopLoss>,
    /// A limit of what passes.
    pub cap: Option<HopCap>,
    /// What takes it down.
    pub falls_with: Vec<FallsWith>,
    /// How its delay is known, where it lies between regions: the book, the model, your own figure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub basis: Option<String>,
}

/// Loss of a hop.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HopLoss {
    /// In a usual hour (the median of the day's).
    pub usual: f64,
    /// In the worst hour.
    pub worst: f64,
    /// Which hour that is, by the clock of the hop; the first of equals.
    pub worst_hour: u32,
}

/// A limit of a hop.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HopCap {
    /// Mbit/s that pass.
    pub mbps: f64,
    /// What happens past it.
    pub past: String,
    /// Offered in the mean, of what passes; by the closed form.
    pub mean: f64,
    /// The same with every stream at its highest rate.
    pub peak: f64,
}

/// A fault that takes something down.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FallsWith {
    /// As `hit:` of a fault takes it.
    pub hit: String,
    /// How peers notice unless the fault says otherwise: `silent`, `refused`.
    pub manner: String,
}

/// A price by the gigabyte.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct RoutePrice {
    /// Product.
    pub product: String,
    /// What the invoice calls it.
    pub item: String,
    /// Where.
    pub scope: String,
    /// `there`, `back` or `both`.
    pub direction: String,
    /// The unit.
    pub unit: String,
    /// Price per unit: low, used, high; none: not found.
    pub price: Option<(f64, f64, f64)>,
    /// `sourced`, `estimated`, `not-found`, `user`.
    pub status: String,
    /// Who pays; empty: the scenario's only owner.
    pub payer: String,
    /// Where the price is written.
    pub source: String,
}

/// A price that runs whatever the traffic.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FixedPrice {
    /// Product.
    pub product: String,
    /// What the invoice calls it.
    pub item: String,
    /// Where.
    pub scope: String,
    /// How many of the unit; none: as measured.
    pub quantity: Option<f64>,
    /// The unit.
    pub unit: String,
    /// Price of one: low, used, high; none: not found.
    pub price: Option<(f64, f64, f64)>,
    /// `sourced`, `estimated`, `not-found`, `user`.
    pub status: String,
    /// Who pays; empty: the scenario's only owner.
    pub payer: String,
    /// Where the price is written.
    pub source: String,
}
