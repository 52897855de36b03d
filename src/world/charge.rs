//! What the bill will charge for, attached to what the run counts. Prices are copied from the book at compile time,
//! so that a record can be priced without the book.

use super::{GatewayId, PathId};
use crate::bill::{PriceRange, Tariff};
use crate::provider::PriceRow;

/// One line of the bill to come.
#[derive(Clone, PartialEq, Debug)]
pub struct Charge {
    /// The product, a name of `connectivity:` or `compute`.
    pub product: String,
    /// Where: `China -> Asia Pacific`, `Singapore`.
    pub scope: String,
    /// Who pays: an owner named in the scenario, or empty.
    pub payer: String,
    /// Where it is metered, for steps and allowances that several lines of one place share.
    pub at: String,
    /// What is counted.
    pub basis: Basis,
    /// Price and rules of a unit.
    pub tariff: Tariff,
}

impl Charge {
    /// A line at the price of a row of the book.
    pub fn at(row: &PriceRow, product: &str, scope: &str, payer: &str, basis: Basis) -> Charge {
        let tariff = Tariff::of(&[row]).unwrap_or_default();
        let text = str::to_owned;
        Charge { product: text(product), scope: text(scope), payer: text(payer), at: text(scope), basis, tariff }
    }

    /// What the invoice calls it.
    pub fn name(&self) -> &str {
        &self.tariff.name
    }

    /// The price of the first unit; none: not found.
    pub fn price(&self) -> Option<PriceRange> {
        self.tariff.first()
    }
}

/// What a charge counts.
#[derive(Clone, PartialEq, Debug)]
pub enum Basis {
    /// Gigabytes over these taps.
    Bytes(Vec<Tap>),
    /// This many things, each for every hour of the month.
    Hours(f64),
    /// Replicas that come and go: those of a row of `World::autoscalers`, each this many things while it lives.
    Pods {
        /// The row.
        scaler: usize,
        /// Things that one of them is.
        each: f64,
    },
    /// Capacity units of a balancer or NAT gateway: per hour the maximum of new connections, open connections and
    /// gigabytes; what a unit holds is the tariff's.
    Lcu {
        /// Bytes through the balancer.
        taps: Vec<Tap>,
        /// The gateway whose connections count; `NONE`: those of all tapped paths.
        gateway: GatewayId,
    },
    /// Bought bandwidth, Mbit/s for a month.
    Mbps(f64),
    /// Bought bandwidth paid by the highest of each day, Mbit/s.
    MbpsDays(f64),
}

impl Basis {
    /// Does what is charged depend on what was used?
    pub fn by_use(&self) -> bool {
        matches!(self, Basis::Bytes(_) | Basis::Lcu { .. } | Basis::Pods { .. })
    }
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
