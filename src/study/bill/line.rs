//! One line of an invoice: a quantity, a price, one rounding.

use super::month::{MONTH_HOURS, Scale};
use super::usage::{UNIT_PARTS, UnitSize, Usage};
use crate::record::{BillLine, Estimate};
use crate::study::statistics::{Critical, INTERVAL_REPLICATIONS, mean_interval};
use crate::units::Money;
use crate::world::{Basis, Charge, PriceRange, PriceStatus, World};

/// A line, priced at the three ends of its price, for all replications together and for each.
pub(super) struct Priced {
    /// For people and files.
    pub(super) line: BillLine,
    /// Low, mid, high; none: the price is not known.
    pub(super) amount: Option<PriceRange>,
    /// By replication, at the middle price.
    pub(super) by_run: Vec<Money>,
    /// Does it depend on what was counted?
    pub(super) usage: bool,
}

/// A quantity in whole parts, and how many parts make a unit of the price.
#[derive(Clone, Copy)]
struct Quantity {
    parts: i128,
    per_unit: i128,
}

impl Quantity {
    fn units(self) -> f64 {
        self.parts as f64 / self.per_unit as f64
    }
}

const MICRO: i128 = 1_000_000;

/// The line of a charge.
pub(super) fn priced(world: &World, charge: &Charge, usages: &[Usage], scale: Scale) -> Priced {
    let usage = matches!(charge.basis, Basis::Bytes(_) | Basis::Lcu { .. });
    let counts: Vec<i128> = usages.iter().map(|usage| counted(world, charge, usage)).collect();
    let all = quantity(charge, scale, counts.iter().sum(), usages.len().max(1));
    let each: Vec<Quantity> = counts.iter().map(|&count| quantity(charge, scale, count, 1)).collect();
    let price = unit_price(charge);
    let amount = price.map(|price| price.map(|price| line(price, all)));
    let by_run: Vec<Money> = price.map_or(Vec::new(), |price| each.iter().map(|&q| line(price.mid, q)).collect());
    let noise = |values: Vec<f64>, value: f64| if usage { with_noise(value, &values) } else { Estimate::exact(value) };
    let quantity = noise(each.iter().map(|q| q.units()).collect(), all.units());
    let amount_shown = match amount {
        None => Estimate::none("price not found"),
        Some(amount) => Estimate {
            inputs: (amount.low != amount.high).then(|| (amount.low.units(), amount.high.units())),
            ..noise(by_run.iter().map(|money| money.units()).collect(), amount.mid.units())
        },
    };
    let line = BillLine {
        product: charge.product.clone(),
        item: charge.item.clone(),
        scope: charge.scope.clone(),
        payer: charge.payer.clone(),
        quantity,
        unit: if matches!(charge.basis, Basis::MbpsDays { .. }) { "day".into() } else { charge.unit.clone() },
        unit_price: price.map(|price| price.mid.units()),
        amount: amount_shown,
        status: word(charge.status).into(),
        source: charge.source.clone(),
        as_of: charge.as_of.clone(),
    };
    Priced { line, amount, by_run, usage }
}

impl PriceRange {
    fn map(self, f: impl Fn(Money) -> Money) -> PriceRange {
        PriceRange { low: f(self.low), mid: f(self.mid), high: f(self.high) }
    }
}

fn line(price: Money, quantity: Quantity) -> Money {
    Money::line(price, quantity.parts, quantity.per_unit)
}

/// What one replication counted for this charge, in parts, unscaled; nothing for what does not depend on use.
fn counted(world: &World, charge: &Charge, usage: &Usage) -> i128 {
    match &charge.basis {
        Basis::Bytes(taps) => usage.bytes(taps),
        Basis::Lcu { taps, gateway, new_per_second, open, gigabytes_per_hour } => {
            let unit = UnitSize {
                new_per_second: *new_per_second,
                open: *open,
                gigabytes_per_hour: *gigabytes_per_hour,
                gigabyte: charge.gigabyte,
            };
            usage.capacity_parts(world, taps, *gateway, unit)
        }
        Basis::Hours(_) | Basis::Mbps(_) | Basis::MbpsDays { .. } => 0,
    }
}

fn quantity(charge: &Charge, scale: Scale, count: i128, runs: usize) -> Quantity {
    let whole = |units: f64| Quantity { parts: (units * MICRO as f64).round() as i128, per_unit: MICRO };
    match &charge.basis {
        Basis::Bytes(_) => Quantity { parts: scale.apply(count, runs), per_unit: i128::from(charge.gigabyte) },
        Basis::Lcu { .. } => Quantity { parts: scale.apply(count, runs), per_unit: UNIT_PARTS },
        Basis::Hours(things) => whole(things * MONTH_HOURS as f64),
        Basis::Mbps(mbps) => whole(*mbps),
        // A day's price is charged by the hour: a month is 730 / 24 days.
        Basis::MbpsDays { .. } => Quantity { parts: MONTH_HOURS, per_unit: 24 },
    }
}

/// The price of a unit; of bandwidth by the day, the price of the bought bandwidth for a day.
fn unit_price(charge: &Charge) -> Option<PriceRange> {
    let Basis::MbpsDays { mbps, first } = &charge.basis else { return charge.price };
    let (mbps, steps) = (*mbps as usize, first.len());
    if mbps <= steps {
        return if mbps == 0 {
            Some(PriceRange { low: Money::ZERO, mid: Money::ZERO, high: Money::ZERO })
        } else {
            first.get(mbps - 1).copied()
        };
    }
    let further = charge.price?;
    let base = first.last().copied().unwrap_or(PriceRange { low: Money::ZERO, mid: Money::ZERO, high: Money::ZERO });
    let more = (mbps - steps) as i128;
    let at = |base: Money, further: Money| base + Money(further.0 * more);
    Some(PriceRange {
        low: at(base.low, further.low),
        mid: at(base.mid, further.mid),
        high: at(base.high, further.high),
    })
}

/// `value` with the 95 % interval of one figure per replication; a few replications have none, as with every figure.
pub(super) fn with_noise(value: f64, by_run: &[f64]) -> Estimate {
    let n = by_run.len() as u32;
    if n < INTERVAL_REPLICATIONS {
        let why = match n {
            1 => "one replication: no interval".to_owned(),
            n => format!("{n} replications: no interval below {INTERVAL_REPLICATIONS}"),
        };
        return Estimate { value: Some(value), n: Some(n), why: Some(why), ..Estimate::default() };
    }
    let interval = mean_interval(by_run, Critical::new(n, 0.95, 1));
    Estimate {
        value: Some(value),
        low: Some(interval.low),
        high: Some(interval.high),
        confidence: Some(0.95),
        n: Some(n),
        ..Estimate::default()
    }
}

/// The status as files write it.
pub(super) const fn word(status: PriceStatus) -> &'static str {
    match status {
        PriceStatus::Sourced => "sourced",
        PriceStatus::Estimated => "estimated",
        PriceStatus::NotFound => "not-found",
        PriceStatus::User => "user",
    }
}
