//! Where two variants cost the same: in gigabytes a month, and in the price of what is least certain.

use crate::record::{Bill, BillLine, BreakEven, PriceBreakEven};
use crate::study::bill::price_where_equal;
use crate::units::significant;

/// A variant's bill at the scenario's traffic and at twice that.
pub(super) struct Costs<'a> {
    pub(super) name: &'a str,
    pub(super) once: &'a Bill,
    pub(super) twice: &'a Bill,
}

impl Costs<'_> {
    fn total(&self) -> f64 {
        self.once.month.value.unwrap_or(0.0)
    }

    /// What the scenario's traffic adds to a month without any.
    fn usage(&self) -> f64 {
        self.twice.month.value.unwrap_or(0.0) - self.total()
    }

    fn unknown(&self) -> bool {
        self.once.lines.iter().any(|line| line.amount.value.is_none())
    }
}

/// The break-even of two variants.
pub(super) fn between(a: &Costs<'_>, b: &Costs<'_>) -> BreakEven {
    let mut found = BreakEven { a: a.name.into(), b: b.name.into(), ..BreakEven::default() };
    for (of, other) in [(a, b), (b, a)] {
        if let Some(price) = price(of, other) {
            found.sentences.push(price_sentence(&price, other.name, &of.once.currency));
            found.prices.push(price);
        }
    }
    if a.unknown() || b.unknown() {
        found
            .sentences
            .insert(0, format!("whether {} or {} is cheaper hangs on a price that nobody knows", a.name, b.name));
        return found;
    }
    let volume = volume(a, b);
    if volume.is_none() && (a.total() - b.total()).abs() < 0.01 {
        let (total, currency) = (a.total(), &a.once.currency);
        let same = format!("{} and {} cost the same at every volume ({total:.0} {currency} a month)", a.name, b.name);
        found.sentences = vec![same];
        found.prices.clear();
        return found;
    }
    let (now, other) = if a.total() <= b.total() { (a, b) } else { (b, a) };
    found.cheaper = Some(now.name.into());
    // A product without a price by the gigabyte has no priced bytes of its own.
    let gigabytes = if a.once.gigabytes_month > 0.0 { a.once.gigabytes_month } else { b.once.gigabytes_month };
    found.gigabytes_month = volume.map(|times| times * gigabytes);
    let currency = &a.once.currency;
    let sums = format!(
        "{} at {:.0} {currency} a month, {} at {:.0} {currency}",
        now.name,
        now.total(),
        other.name,
        other.total()
    );
    found.sentences.insert(
        0,
        match found.gigabytes_month {
            None => format!("{} is cheaper than {} at every volume ({sums})", now.name, other.name),
            Some(equal) => {
                // Below the break-even the lower fixed fees win, above it the lower price of a gigabyte.
                let (below, above) = if a.total() - a.usage() < b.total() - b.usage() { (a, b) } else { (b, a) };
                format!(
                    "{} is cheaper below {} GB a month, {} above; now {} GB ({sums})",
                    below.name,
                    significant(equal, 3),
                    above.name,
                    significant(gigabytes, 3)
                )
            }
        },
    );
    found
}

/// The multiple of the scenario's traffic at which both cost the same: fixed + usage * x on either side.
fn volume(a: &Costs<'_>, b: &Costs<'_>) -> Option<f64> {
    let (more_fixed, more_usage) = ((b.total() - b.usage()) - (a.total() - a.usage()), a.usage() - b.usage());
    // Differences below a cent of a month are rounding, not a break-even.
    if more_usage.abs() < 0.01 {
        return None;
    }
    let times = more_fixed / more_usage;
    (times > 0.0).then_some(times)
}

/// The price of what nobody knows on `of`'s bill, else of its most uncertain item, at which both cost the same.
fn price(of: &Costs<'_>, other: &Costs<'_>) -> Option<PriceBreakEven> {
    if let Some(line) = of.once.lines.iter().find(|line| line.amount.value.is_none()) {
        let price = price_where_equal(of.once, &line.item, other.once)?;
        let (item, unit) = (line.item.clone(), line.unit.clone());
        return Some(PriceBreakEven {
            variant: of.name.into(),
            item,
            unit,
            price: Some(price),
            factor: None,
            book: None,
        });
    }
    if other.unknown() {
        return None;
    }
    let item = most_uncertain(of.once, other.once)?;
    let amount = |bill: &Bill| of_item(bill, item).filter_map(|line| line.amount.value).sum::<f64>();
    let (mine, theirs) = (amount(of.once), amount(other.once));
    // The item moves on both bills at once: rest + f * amount on either side.
    let factor = ((other.total() - theirs) - (of.total() - mine)) / (mine - theirs);
    let lines: Vec<&BillLine> = of_item(of.once, item).collect();
    let same_price = lines.windows(2).all(|pair| pair[0].unit_price == pair[1].unit_price);
    let range = lines.iter().fold((0.0, 0.0), |(low, high), line| {
        let at = line.amount.value.unwrap_or(0.0);
        let (l, h) = line.amount.inputs.unwrap_or((at, at));
        (low + l, high + h)
    });
    (factor.is_finite() && mine > 0.0).then(|| PriceBreakEven {
        variant: of.name.into(),
        item: item.into(),
        unit: lines[0].unit.clone(),
        price: lines[0].unit_price.filter(|_| same_price).map(|price| price * factor),
        factor: Some(factor),
        book: Some((range.0 / mine, range.1 / mine)),
    })
}

fn of_item<'a>(bill: &'a Bill, item: &'a str) -> impl Iterator<Item = &'a BillLine> {
    bill.lines.iter().filter(move |line| line.item == item)
}

/// The item whose price's range moves the difference of the sums most: what stands on both bills alike cancels. None
/// where every price that tells them apart is certain.
fn most_uncertain<'a>(bill: &'a Bill, other: &Bill) -> Option<&'a str> {
    let width = |of: &Bill, item: &str| -> f64 {
        let ranges = of.lines.iter().filter(|line| line.item == item).filter_map(|line| line.amount.inputs);
        ranges.map(|(low, high)| high - low).sum()
    };
    let spread = |item: &str| width(bill, item) - width(other, item);
    let items = bill.lines.iter().map(|line| line.item.as_str());
    // Differences below a cent of a month are rounding.
    items.max_by(|a, b| spread(a).total_cmp(&spread(b))).filter(|item| spread(item) >= 0.01)
}

fn price_sentence(found: &PriceBreakEven, other: &str, currency: &str) -> String {
    let PriceBreakEven { variant, item, unit, price, factor, book } = found;
    let Some(factor) = factor else {
        let price = price.unwrap_or(0.0);
        return if price > 0.0 {
            format!(
                "{variant} is cheaper than {other} while {item} stays below {} {currency} per {unit}",
                significant(price, 3)
            )
        } else {
            format!("{variant} costs more than {other} at any price of {item}")
        };
    };
    if *factor <= 0.0 {
        return format!("no price of {item}, the least certain one of {variant}, makes it cost what {other} does");
    }
    let at = match price {
        Some(price) => format!("{} {currency} per {unit}", significant(*price, 3)),
        None => format!("{} times its prices", significant(*factor, 3)),
    };
    let within = book.is_some_and(|(low, high)| (low..=high).contains(factor));
    let judged = if within { "within what the book believes" } else { "outside what the book believes" };
    format!("{variant} and {other} cost the same with {item} at {at}, {judged}")
}
