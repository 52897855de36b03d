//! A price with its range, and how it is known.

use crate::provider::{Level, PriceRow, Status};
use crate::units::Money;

/// A price, or an amount at it, with what the book says of its uncertainty. Units: nano-units of currency.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PriceRange {
    /// The lowest believable.
    pub low: Money,
    /// The figure used.
    pub mid: Money,
    /// The highest believable.
    pub high: Money,
}

impl PriceRange {
    /// A price without doubt.
    pub const fn exact(price: Money) -> PriceRange {
        PriceRange { low: price, mid: price, high: price }
    }

    /// The range of a row of the price book; none where it has no price.
    pub fn of(row: &PriceRow) -> Option<PriceRange> {
        let mid = row.at(Level::Mid)?;
        Some(PriceRange { low: row.at(Level::Low).unwrap_or(mid), mid, high: row.at(Level::High).unwrap_or(mid) })
    }

    /// Each of the three through `f`.
    #[must_use]
    pub fn map(self, f: impl Fn(Money) -> Money) -> PriceRange {
        PriceRange { low: f(self.low), mid: f(self.mid), high: f(self.high) }
    }

    /// Low, mid and high.
    pub const fn ends(self) -> [Money; 3] {
        [self.low, self.mid, self.high]
    }
}

impl std::ops::Add for PriceRange {
    type Output = PriceRange;
    fn add(self, other: PriceRange) -> PriceRange {
        PriceRange { low: self.low + other.low, mid: self.mid + other.mid, high: self.high + other.high }
    }
}

impl std::ops::Sub for PriceRange {
    type Output = PriceRange;
    fn sub(self, other: PriceRange) -> PriceRange {
        PriceRange { low: self.low - other.low, mid: self.mid - other.mid, high: self.high - other.high }
    }
}

impl std::iter::Sum for PriceRange {
    fn sum<I: Iterator<Item = PriceRange>>(all: I) -> PriceRange {
        all.fold(PriceRange::default(), std::ops::Add::add)
    }
}

/// How a price is known.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum PriceStatus {
    /// Read in the provider's own or a named document.
    #[default]
    Sourced,
    /// Our estimate, flagged in every bill.
    Estimated,
    /// No figure anywhere: solved for, not invented.
    NotFound,
    /// The reader's own: a row, a contract or a file of the scenario.
    User,
}

impl PriceStatus {
    /// The word in files: `sourced`, `estimated`, `not-found`, `user`.
    pub const fn word(self) -> &'static str {
        match self {
            PriceStatus::Sourced => "sourced",
            PriceStatus::Estimated => "estimated",
            PriceStatus::NotFound => "not-found",
            PriceStatus::User => "user",
        }
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
