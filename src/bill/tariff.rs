//! What a provider charges for one thing: the steps of its price, and by what rule it is metered.

use super::{Exact, PriceRange, PriceStatus};
use crate::provider::{CapacityUnit, PriceRow, Provider};

/// Bytes in a gigabyte where a row does not say (Alibaba's, flagged in the book).
pub const GIGABYTE: u64 = 1 << 30;

/// The price of an item somewhere, with its rules. Prices are in nano-units of `currency` per `unit`.
#[derive(Clone, PartialEq, Debug)]
pub struct Tariff {
    /// Whose.
    pub provider: Provider,
    /// The price book's key: `eip.egress`.
    pub item: String,
    /// What the invoice calls it: `EIP internet egress`.
    pub name: String,
    /// `GB`, `attachment-hour`, `LCU-hour`, `Mbps-month`, `Mbps-day`.
    pub unit: String,
    /// Bytes in the invoice's gigabyte: 2^30 or 10^9.
    pub gigabyte: u64,
    /// Steps of the price, lowest first, the first one from zero; never empty.
    pub tiers: Vec<Tier>,
    /// Which usage climbs the steps together.
    pub pool: Pool,
    /// What is free each month.
    pub allowance: Option<Allowance>,
    /// The least that is sold, in units; less is billed as this.
    pub minimum: Option<Exact>,
    /// How a thing that is held is metered.
    pub period: Period,
    /// What one capacity unit holds, for items that are sold by it.
    pub capacity: Option<CapacitySize>,
    /// Currency of the prices.
    pub currency: String,
    /// Units of the bill's currency for one of `currency`, as stated by the reader.
    pub exchange: Exact,
    /// Share of the amount that is taken off, and the key under which the reader stated it.
    pub discount: Option<(String, Exact)>,
    /// How the price is known.
    pub status: PriceStatus,
    /// Where from.
    pub source: String,
    /// When it was published or read.
    pub as_of: String,
}

/// A step of a price: holds from this many units on.
#[derive(Clone, PartialEq, Debug)]
pub struct Tier {
    /// In units of the price.
    pub from: Exact,
    /// None: not found, to be solved for.
    pub price: Option<PriceRange>,
}

/// Which usage counts together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub enum Pool {
    /// Each line by itself.
    #[default]
    Line,
    /// All lines of the item at one place, of one payer.
    Region,
    /// All lines of the item, of one payer.
    Account,
}

/// What is free each month before anything is charged. It fills the lowest steps: they are climbed all the same.
#[derive(Clone, PartialEq, Debug)]
pub struct Allowance {
    /// Units of the price.
    pub units: Exact,
    /// Who shares it.
    pub pool: Pool,
}

/// How something that is held is metered.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Period {
    /// As long as it was held.
    #[default]
    Exact,
    /// Each begun second.
    Second,
    /// Each begun hour.
    Hour,
    /// The highest of each day, for the hours of the day in which it was held.
    DayMaximum,
    /// A whole month, however long it was held.
    Month,
}

impl Period {
    /// The word in the price book: `hour`, `day-maximum`, `month`, `second`, or nothing.
    pub fn of(word: &str) -> Period {
        match word {
            "hour" => Period::Hour,
            "second" => Period::Second,
            "day-maximum" => Period::DayMaximum,
            "month" => Period::Month,
            _ => Period::Exact,
        }
    }
}

/// What one capacity unit holds for an hour; the hour costs as many units as the dimension that needs most. A dimension
/// of zero is not measured.
#[derive(Clone, PartialEq, Debug)]
pub struct CapacitySize {
    /// New connections per second.
    pub new_per_second: Exact,
    /// Open connections.
    pub open: Exact,
    /// Gigabytes per hour.
    pub gigabytes_per_hour: Exact,
}

impl CapacitySize {
    /// The size in the book.
    pub fn of(unit: &CapacityUnit) -> CapacitySize {
        CapacitySize {
            new_per_second: Exact::decimal(unit.new_per_second),
            open: Exact::decimal(unit.open),
            gigabytes_per_hour: Exact::decimal(unit.gigabytes_per_hour),
        }
    }
}

impl Default for Tariff {
    /// A price that nobody knows, of nothing.
    fn default() -> Self {
        Tariff {
            provider: Provider::default(),
            item: String::new(),
            name: String::new(),
            unit: String::new(),
            gigabyte: GIGABYTE,
            tiers: vec![Tier { from: Exact::ZERO(), price: None }],
            pool: Pool::Line,
            allowance: None,
            minimum: None,
            period: Period::Exact,
            capacity: None,
            currency: "USD".to_owned(),
            exchange: Exact::whole(1),
            discount: None,
            status: PriceStatus::NotFound,
            source: String::new(),
            as_of: String::new(),
        }
    }
}

impl Tariff {
    /// One price for each unit, or the steps of one: rows of an item at a place, lowest first.
    pub fn of(rows: &[&PriceRow]) -> Option<Tariff> {
        let first = rows.first()?;
        let tier = |row: &&PriceRow| Tier { from: Exact::whole(row.tier_from), price: PriceRange::of(row) };
        let mut tiers: Vec<Tier> = rows.iter().map(tier).collect();
        // A book that begins above zero says nothing of what lies below.
        if tiers[0].from.is_positive() {
            tiers.insert(0, Tier { from: Exact::ZERO(), price: None });
        }
        // The weakest of the rows decides how the whole is known.
        let doubt = |status: PriceStatus| match status {
            PriceStatus::NotFound => 2,
            PriceStatus::Estimated => 1,
            PriceStatus::Sourced | PriceStatus::User => 0,
        };
        let statuses = rows.iter().map(|row| PriceStatus::from(row.status));
        Some(Tariff {
            provider: first.provider,
            item: first.item.clone(),
            name: first.name.clone(),
            unit: first.unit.clone(),
            gigabyte: first.gigabyte_bytes.unwrap_or(GIGABYTE),
            tiers,
            period: Period::of(&first.period),
            currency: first.currency.clone(),
            status: statuses.max_by_key(|&status| doubt(status)).unwrap_or_default(),
            source: first.source.clone(),
            as_of: first.as_of.clone(),
            ..Tariff::default()
        })
    }

    /// A price in steps of whole units that the book states together: `steps` hold what 1, 2, ... units cost together,
    /// `further` what each one past them costs. As an address paid by bandwidth.
    pub fn stepped(steps: &[&PriceRow], further: &PriceRow) -> Option<Tariff> {
        let whole = Tariff::of(&[further])?;
        let mut below = PriceRange::default();
        let mut tiers = Vec::new();
        for (index, row) in steps.iter().enumerate() {
            let together = PriceRange::of(row)?;
            tiers.push(Tier { from: Exact::whole(index as i128), price: Some(together - below) });
            below = together;
        }
        tiers.push(Tier { from: Exact::whole(steps.len() as i128), price: PriceRange::of(further) });
        Some(Tariff { tiers, period: Period::DayMaximum, ..whole })
    }

    /// The price of the first step; none: not found.
    pub fn first(&self) -> Option<PriceRange> {
        self.tiers.first().and_then(|tier| tier.price)
    }

    /// What is paid of one unit of an amount at list price: what the discount leaves, in the bill's currency.
    pub fn paid(&self) -> Exact {
        let off = self.discount.as_ref().map_or_else(Exact::ZERO, |(_, share)| share.clone());
        &(&Exact::whole(1) - &off) * &self.exchange
    }

    /// Is one price all there is to it, from the first unit on?
    pub fn is_flat(&self) -> bool {
        self.tiers.len() == 1 && self.allowance.is_none()
    }

    /// What `units` cost in one piece from the first step on, without allowance or discount, in nano-units of the tariff's
    /// own currency and unrounded: low, mid, high. None where a step that it reaches has no price.
    pub fn ladder(&self, units: &Exact) -> Option<[Exact; 3]> {
        let mut sums = [Exact::ZERO(), Exact::ZERO(), Exact::ZERO()];
        for (index, tier) in self.tiers.iter().enumerate() {
            let within = self.within(index, &Exact::ZERO(), units);
            if within.is_zero() {
                continue;
            }
            for (sum, price) in sums.iter_mut().zip(tier.price?.ends()) {
                *sum += &(&Exact::whole(price.0) * &within);
            }
        }
        Some(sums)
    }

    /// How many of the units from `from` to `to` lie in the step of that index.
    pub(super) fn within(&self, index: usize, from: &Exact, to: &Exact) -> Exact {
        let low = self.tiers[index].from.clone().max(from.clone());
        let high = match self.tiers.get(index + 1) {
            Some(next) => next.from.clone().min(to.clone()),
            None => to.clone(),
        };
        if high > low { &high - &low } else { Exact::ZERO() }
    }
}
