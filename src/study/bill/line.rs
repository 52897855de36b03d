//! Lines of the record: the mean month's invoice with the spread of the replications' own.

use crate::bill::{Entry, Line, PriceStatus, Quantity, Step, invoice};
use crate::record::{BillLine, BillStep, Estimate};
use crate::study::statistics::{Critical, INTERVAL_REPLICATIONS, mean_interval};
use crate::units::Money;
use crate::world::{Charge, World};

use super::month::Shape;
use super::usage::{Usage, metered};

/// A line for all replications together, and what it is in each.
pub(super) struct Priced<'a> {
    /// What is charged.
    pub(super) charge: &'a Charge,
    /// In the mean month.
    pub(super) line: Line,
    /// By replication.
    pub(super) by_run: Vec<Line>,
}

/// The lines of all charges, in the order of the world.
pub(super) fn priced<'a>(world: &'a World, usages: &[Usage], shape: &Shape) -> Vec<Priced<'a>> {
    let lines = |usages: &[Usage]| {
        let entry = |charge: &'a Charge| entry(charge, metered(world, charge, usages, shape));
        invoice(&world.charges.iter().map(entry).collect::<Vec<_>>())
    };
    let mut by_run: Vec<_> = usages.iter().map(|usage| lines(std::slice::from_ref(usage)).into_iter()).collect();
    let priced = |(charge, line): (&'a Charge, Line)| Priced {
        charge,
        line,
        by_run: by_run.iter_mut().filter_map(Iterator::next).collect(),
    };
    world.charges.iter().zip(lines(usages)).map(priced).collect()
}

fn entry(charge: &Charge, quantity: Quantity) -> Entry<'_> {
    let Charge { product, scope, payer, at, tariff, .. } = charge;
    Entry { product, scope, payer, at, tariff, quantity }
}

impl Priced<'_> {
    /// Does it depend on what was counted?
    pub(super) fn by_use(&self) -> bool {
        self.charge.basis.by_use()
    }

    /// Is there anything on it? What was not used is not on an invoice.
    pub(super) fn is_used(&self) -> bool {
        !self.by_use() || self.line.quantity.is_positive()
    }

    /// What a replication pays.
    pub(super) fn amount_in(&self, run: usize) -> Money {
        self.by_run.get(run).and_then(|line| line.amount).map_or(Money::ZERO, |amount| amount.mid)
    }

    /// As the record keeps it.
    pub(super) fn recorded(&self) -> BillLine {
        let Line { quantity, amount, .. } = &self.line;
        let noise = |value: f64, of: &dyn Fn(&Line) -> f64| {
            if self.by_use() {
                with_noise(value, &self.by_run.iter().map(of).collect::<Vec<f64>>())
            } else {
                Estimate::exact(value)
            }
        };
        let paid = |line: &Line| line.amount.unwrap_or_default().mid.units();
        let amount = match amount {
            None => Estimate::none("price not found"),
            Some(amount) => Estimate {
                inputs: (amount.low != amount.high).then(|| (amount.low.units(), amount.high.units())),
                ..noise(amount.mid.units(), &paid)
            },
        };
        let quantity = noise(quantity.value(), &|line| line.quantity.value());
        recorded(&self.line, &self.charge.tariff, quantity, amount)
    }
}

/// A line of an invoice as the record keeps it.
pub(in crate::study) fn recorded(
    line: &Line,
    tariff: &crate::bill::Tariff,
    quantity: Estimate,
    amount: Estimate,
) -> BillLine {
    let step = |part: &crate::bill::Part| BillStep {
        from: match &part.step {
            Step::Free => None,
            Step::From(units) => Some(units.value()),
        },
        quantity: part.quantity.value(),
        unit_price: part.price.map(|price| price.mid.units() * line.exchange.value()),
    };
    BillLine {
        product: line.product.clone(),
        key: line.item.clone(),
        item: line.name.clone(),
        scope: line.scope.clone(),
        payer: line.payer.clone(),
        quantity,
        unit: line.unit.clone(),
        unit_price: line.unit_price(tariff),
        steps: if line.parts.len() > 1 { line.parts.iter().map(step).collect() } else { Vec::new() },
        discount: line.discount.value(),
        amount,
        status: line.status.word().into(),
        source: line.source.clone(),
        as_of: line.as_of.clone(),
    }
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

/// The sum of the lines at estimated prices.
pub(super) fn estimated(priced: &[Priced<'_>]) -> Money {
    let estimated = priced.iter().filter(|p| p.line.status == PriceStatus::Estimated);
    estimated.filter_map(|p| p.line.amount.map(|amount| amount.mid)).sum()
}
