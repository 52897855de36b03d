//! What the bill will charge for, attached to what the run counts. Prices are copied from the book at compile time,
//! so that a record can be priced without the book.

use super::{GatewayId, PathId};
use crate::provider::{Level, PriceRow, Status};
use crate::units::Money;
use serde::{Deserialize, Serialize};

/// One line of the bill to come.
#[derive(Clone, PartialEq, Debug)]
pub struct Charge {
    /// The product, a name of `connectivity:` or `compute`.
    pub product: String,
    /// What the invoice calls it: `CEN inter-region data transfer`.
    pub item: String,
    /// Where: `China -> Asia Pacific`, `Singapore`.
    pub scope: String,
    /// Who pays: an owner named in the scenario, or empty.
    pub payer: String,
    /// What is counted.
    pub basis: Basis,
    /// Price per unit of the basis; none: not found, to be solved for.
    pub price: Option<PriceRange>,
    /// Unit as the invoice writes it: `GB`, `hour`, `LCU-hour`, `Mbps-month`.
    pub unit: String,
    /// Bytes in the invoice's gigabyte: 2^30 or 10^9 (only for bases in GB).
    pub gigabyte: u64,
    /// Sourced, estimated, or not found.
    pub status: PriceStatus,
    /// Name or address of the source.
    pub source: String,
    /// When the figure was read or published.
    pub as_of: String,
}

/// A price with what the book says of its uncertainty. Units: nano-units of currency per unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceRange {
    /// The lowest believable.
    pub low: Money,
    /// The figure used.
    pub mid: Money,
    /// The highest believable.
    pub high: Money,
}

impl PriceRange {
    /// The range of a row of the price book; none where it has no price.
    pub fn of(row: &PriceRow) -> Option<PriceRange> {
        let mid = row.at(Level::Mid)?;
        Some(PriceRange { low: row.at(Level::Low).unwrap_or(mid), mid, high: row.at(Level::High).unwrap_or(mid) })
    }
}

impl From<Status> for PriceStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Sourced | Status::Secondary => PriceStatus::Sourced,
            Status::Proxy | Status::Estimated => PriceStatus::Estimated,
            Status::NotFound => PriceStatus::NotFound,
        }
    }
}

impl Charge {
    /// A line at the price of a row of the book.
    pub fn at(row: &PriceRow, product: &str, scope: &str, payer: &str, basis: Basis) -> Charge {
        Charge {
            product: product.to_owned(),
            item: row.name.clone(),
            scope: scope.to_owned(),
            payer: payer.to_owned(),
            basis,
            price: PriceRange::of(row),
            unit: row.unit.clone(),
            gigabyte: row.gigabyte_bytes.unwrap_or(1 << 30),
            status: row.status.into(),
            source: row.source.clone(),
            as_of: row.as_of.clone(),
        }
    }
}

/// How a price is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceStatus {
    /// Read in the provider's own or a named document.
    Sourced,
    /// Our estimate, flagged in every bill.
    Estimated,
    /// No figure anywhere: solved for, not invented.
    NotFound,
    /// Set by the scenario.
    User,
}

/// What a charge counts.
#[derive(Clone, PartialEq, Debug)]
pub enum Basis {
    /// Gigabytes over these taps.
    Bytes(Vec<Tap>),
    /// This many things, each for every hour of the month.
    Hours(f64),
    /// Load-balancer capacity units: per hour the maximum of new connections, open connections and gigabytes.
    Lcu {
        /// Bytes through the balancer.
        taps: Vec<Tap>,
        /// The gateway whose connections count; `NONE`: those of all tapped paths.
        gateway: GatewayId,
        /// New connections per second in one unit.
        new_per_second: f64,
        /// Open connections in one unit.
        open: f64,
        /// Gigabytes per hour in one unit.
        gigabytes_per_hour: f64,
    },
    /// Bought bandwidth, Mbit/s for a month.
    Mbps(f64),
    /// Bought bandwidth by the day in steps: the price of `unit` is a day's; the first Mbit/s are dearer or cheaper.
    MbpsDays {
        /// Mbit/s bought.
        mbps: u32,
        /// Price of 1, 2, ... Mbit/s per day, cumulative.
        first: Vec<PriceRange>,
    },
}

/// Bytes of one path in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tap {
    /// The path.
    pub path: PathId,
    /// Which way.
    pub direction: Direction,
}

/// Which way along a path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// As requests go.
    Forward,
    /// As responses go.
    Back,
}
