//! Metered usage at its tariffs: the lines of an invoice.

use std::collections::BTreeMap;

use super::quantity::whole_mbps;
use super::{Exact, Pool, PriceRange, PriceStatus, Quantity, Tariff};
use crate::provider::Provider;

/// One thing that was used, and what it is charged by.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The product's name in the scenario, or the provider's.
    pub product: &'a str,
    /// Where, for people: `Hangzhou -> Singapore`.
    pub scope: &'a str,
    /// The account that pays; empty where there is one only.
    pub payer: &'a str,
    /// Where it is metered, for steps and allowances that are shared at a place.
    pub at: &'a str,
    /// Price and rules.
    pub tariff: &'a Tariff,
    /// How much.
    pub quantity: Quantity,
}

/// A line of an invoice.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The product.
    pub product: String,
    /// The price book's key.
    pub item: String,
    /// What the invoice calls it.
    pub name: String,
    /// Where.
    pub scope: String,
    /// Who pays.
    pub payer: String,
    /// Billed quantity, in units: rounded up, at least the minimum, what is free included.
    pub quantity: Exact,
    /// The unit.
    pub unit: String,
    /// The quantity by step of the price, in the order in which it was charged; they add up to the quantity.
    pub parts: Vec<Part>,
    /// Share that is taken off.
    pub discount: Exact,
    /// Units of `currency` for one of the price's own currency.
    pub exchange: Exact,
    /// Currency of the price.
    pub price_currency: String,
    /// What is to be paid, after discount, in nano-units of the bill's currency, rounded once; none: a price that it
    /// needs is not known.
    pub amount: Option<PriceRange>,
    /// How the price is known.
    pub status: PriceStatus,
    /// Where from.
    pub source: String,
    /// When it was published or read.
    pub as_of: String,
}

/// A part of a line at one price.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// Why it has this price.
    pub step: Step,
    /// Units of the price.
    pub quantity: Exact,
    /// Nano-units of the price's own currency per unit; none: not found.
    pub price: Option<PriceRange>,
}

/// Which part of a price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Free each month.
    Free,
    /// The step that begins at this many units.
    From(Exact),
}

/// The lines of these entries, in their order. Entries that share steps or an allowance fill them in that order.
pub fn invoice(entries: &[Entry<'_>]) -> Vec<Line> {
    let mut climbed: BTreeMap<PoolKey, Exact> = BTreeMap::new();
    let mut given: BTreeMap<PoolKey, Exact> = BTreeMap::new();
    entries.iter().enumerate().map(|(index, entry)| line(index, entry, &mut climbed, &mut given)).collect()
}

/// What usage counts together: provider, item, payer, place, and the line where each stands by itself.
type PoolKey = (Provider, String, String, String, usize);

fn key(pool: Pool, index: usize, entry: &Entry<'_>) -> PoolKey {
    let (place, line) = match pool {
        Pool::Line => (entry.at, index + 1),
        Pool::Region => (entry.at, 0),
        Pool::Account => ("", 0),
    };
    (entry.tariff.provider, entry.tariff.item.clone(), entry.payer.to_owned(), place.to_owned(), line)
}

fn line(
    index: usize,
    entry: &Entry<'_>,
    climbed: &mut BTreeMap<PoolKey, Exact>,
    given: &mut BTreeMap<PoolKey, Exact>,
) -> Line {
    let tariff = entry.tariff;
    let quantity = entry.quantity.units(tariff);
    let parts = match &entry.quantity {
        Quantity::Days(days) => by_day(tariff, days),
        _ => {
            let free = match &tariff.allowance {
                None => Exact::ZERO(),
                Some(allowance) => {
                    let used = given.entry(key(allowance.pool, index, entry)).or_default();
                    let free = (&allowance.units - used).max(Exact::ZERO()).min(quantity.clone());
                    *used += &free;
                    free
                }
            };
            let below = climbed.entry(key(tariff.pool, index, entry)).or_default();
            let top = &*below + &quantity;
            let parts = by_step(tariff, below, &free, &top);
            *below = top;
            parts
        }
    };
    let discount = tariff.discount.as_ref().map_or_else(Exact::ZERO, |(_, share)| share.clone());
    Line {
        product: entry.product.to_owned(),
        item: tariff.item.clone(),
        name: tariff.name.clone(),
        scope: entry.scope.to_owned(),
        payer: entry.payer.to_owned(),
        quantity,
        unit: tariff.unit.clone(),
        amount: amount(&parts, &tariff.paid()),
        parts,
        discount,
        exchange: tariff.exchange.clone(),
        price_currency: tariff.currency.clone(),
        status: tariff.status,
        source: tariff.source.clone(),
        as_of: tariff.as_of.clone(),
    }
}

/// What lies between two heights of the steps, the lowest of it free.
fn by_step(tariff: &Tariff, from: &Exact, free: &Exact, to: &Exact) -> Vec<Part> {
    let mut parts = Vec::new();
    if free.is_positive() {
        let price = Some(PriceRange::default());
        parts.push(Part { step: Step::Free, quantity: free.clone(), price });
    }
    let paid_from = from + free;
    for (index, tier) in tariff.tiers.iter().enumerate() {
        let quantity = tariff.within(index, &paid_from, to);
        if quantity.is_positive() {
            parts.push(Part { step: Step::From(tier.from.clone()), quantity, price: tier.price });
        }
    }
    parts
}

/// Days at their highest: the steps are climbed by each day's bandwidth, and count the days in which they were.
fn by_day(tariff: &Tariff, days: &[super::Day]) -> Vec<Part> {
    let part = |(index, tier): (usize, &super::Tier)| {
        let in_day = |day: &super::Day| &tariff.within(index, &Exact::ZERO(), &whole_mbps(&day.mbps)) * &day.parts();
        let quantity: Exact = days.iter().map(in_day).sum();
        Part { step: Step::From(tier.from.clone()), quantity, price: tier.price }
    };
    tariff.tiers.iter().enumerate().map(part).filter(|part| part.quantity.is_positive()).collect()
}

/// The sum of the parts times `factor`, each of low, mid and high rounded once.
fn amount(parts: &[Part], factor: &Exact) -> Option<PriceRange> {
    let mut sums = [Exact::ZERO(), Exact::ZERO(), Exact::ZERO()];
    for part in parts {
        for (sum, price) in sums.iter_mut().zip(part.price?.ends()) {
            *sum += &(&Exact::whole(price.0) * &part.quantity);
        }
    }
    let [low, mid, high] = sums.map(|sum| (&sum * factor).rounded());
    Some(PriceRange { low, mid, high })
}

impl Line {
    /// What one unit costs on average before discount, in units of the bill's currency; of a line with nothing on it its
    /// first price. None: not known.
    pub fn unit_price(&self, tariff: &Tariff) -> Option<f64> {
        let each = |price: PriceRange, quantity: &Exact| &Exact::whole(price.mid.0) * quantity;
        let nano = if self.quantity.is_zero() || self.parts.len() == 1 {
            let price = self.parts.first().map_or_else(|| tariff.first(), |part| part.price)?;
            Exact::whole(price.mid.0)
        } else {
            let mut sum = Exact::ZERO();
            for part in &self.parts {
                sum += &each(part.price?, &part.quantity);
            }
            sum.over(&self.quantity)
        };
        Some((&nano * &self.exchange).over(&Exact::whole(1_000_000_000)).value())
    }
}

/// The sum of all lines whose price is known.
pub fn total(lines: &[Line]) -> PriceRange {
    lines.iter().filter_map(|line| line.amount).sum()
}

/// The same by payer, in the order of their names.
pub fn by_payer(lines: &[Line]) -> BTreeMap<&str, PriceRange> {
    let mut sums = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(line.payer.as_str()).or_insert_with(PriceRange::default);
        *sum = *sum + line.amount.unwrap_or_default();
    }
    sums
}
