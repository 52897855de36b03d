//! Where two variants cost the same: in gigabytes a month, and in the price of what is least certain.

use super::curve::{Crossing, Curve, NOTHING};
use crate::record::{Bill, BillLine, BreakEven, LoadProjection, PriceBreakEven, VolumeBreakEven};
use crate::study::bill::price_where_equal;
use crate::units::significant;

/// A variant's bill at the scenario's traffic, and what it comes to at any other.
pub(super) struct Costs<'a> {
    pub(super) name: &'a str,
    pub(super) bill: &'a Bill,
    pub(super) curve: &'a Curve,
    pub(super) loads: &'a [LoadProjection],
    /// Gigabytes a month that flow beside the calls, whatever their volume.
    pub(super) flows: f64,
}

impl Costs<'_> {
    fn total(&self) -> f64 {
        self.bill.month.value.unwrap_or(0.0)
    }

    fn unknown(&self) -> bool {
        self.bill.lines.iter().any(|line| line.amount.value.is_none())
    }

    /// What is over capacity on average at so many times the traffic; what is so already is said elsewhere.
    fn over(&self, times: f64) -> Vec<String> {
        let over = self.loads.iter().filter(|load| load.mean < 1.0 && load.mean * times >= 1.0);
        over.map(|load| format!("{}: {} {}", self.name, load.kind, load.name)).collect()
    }
}

/// The break-even of two variants.
pub(super) fn between(a: &Costs<'_>, b: &Costs<'_>) -> BreakEven {
    let mut found = BreakEven { a: a.name.into(), b: b.name.into(), ..BreakEven::default() };
    for price in prices(a, b) {
        let other = if price.variant == a.name { b } else { a };
        found.sentences.push(price_sentence(&price, other.name, &a.bill.currency));
        found.prices.push(price);
    }
    if a.unknown() || b.unknown() {
        found
            .sentences
            .insert(0, format!("whether {} or {} is cheaper hangs on a price that nobody knows", a.name, b.name));
        return found;
    }
    // A product without a price by the gigabyte has no priced bytes of its own.
    let of = if a.bill.gigabytes_month > 0.0 { a } else { b };
    let gigabytes = of.bill.gigabytes_month;
    let at = |times: f64| of.flows + times * (gigabytes - of.flows);
    found.volumes = a.curve.crossings(b.curve).into_iter().map(|crossing| volume(a, b, crossing, &at)).collect();
    if found.volumes.is_empty() && (a.total() - b.total()).abs() < 2.0 * NOTHING {
        let (total, currency) = (a.total(), &a.bill.currency);
        let same = format!("{} and {} cost the same at every volume ({total:.0} {currency} a month)", a.name, b.name);
        found.sentences = vec![same];
        found.prices.clear();
        return found;
    }
    let (now, other) = if a.total() <= b.total() { (a, b) } else { (b, a) };
    found.cheaper = Some(now.name.into());
    let far = |volume: &VolumeBreakEven| (volume.times.max(1.0 / volume.times), volume.times);
    found.gigabytes_month = found
        .volumes
        .iter()
        .min_by(|x, y| far(x).partial_cmp(&far(y)).unwrap_or(std::cmp::Ordering::Equal))
        .map(|volume| volume.gigabytes_month);
    let currency = &a.bill.currency;
    let sums = format!(
        "{} at {:.0} {currency} a month, {} at {:.0} {currency}",
        now.name,
        now.total(),
        other.name,
        other.total()
    );
    let mut sentences = vec![match found.volumes.as_slice() {
        [] => format!("{} is cheaper than {} at every volume ({sums})", now.name, other.name),
        [one] => format!(
            "{} is cheaper below {} GB a month, {} above; now {} GB ({sums})",
            one.below,
            significant(one.gigabytes_month, 3),
            one.above,
            significant(gigabytes, 3)
        ),
        several => format!(
            "by GB a month the cheaper one is {}; now {} GB ({sums})",
            stretches(several),
            significant(gigabytes, 3)
        ),
    }];
    for volume in found.volumes.iter().filter(|volume| !volume.over.is_empty()) {
        let at = significant(volume.gigabytes_month, 3);
        sentences.push(format!("{at} GB a month are more than is carried: {}", volume.over.join(", ")));
    }
    found.sentences.splice(0..0, sentences);
    found
}

fn volume(a: &Costs<'_>, b: &Costs<'_>, crossing: Crossing, gigabytes: &dyn Fn(f64) -> f64) -> VolumeBreakEven {
    let (below, above) = if crossing.first_below { (a, b) } else { (b, a) };
    VolumeBreakEven {
        gigabytes_month: gigabytes(crossing.at),
        times: crossing.at,
        below: below.name.into(),
        above: above.name.into(),
        over: a.over(crossing.at).into_iter().chain(b.over(crossing.at)).collect(),
    }
}

/// `cen below 12, public to 900, cen above`.
fn stretches(volumes: &[VolumeBreakEven]) -> String {
    let at = |volume: &VolumeBreakEven| significant(volume.gigabytes_month, 3);
    let first = &volumes[0];
    let mut parts = vec![format!("{} below {}", first.below, at(first))];
    parts.extend(volumes.windows(2).map(|pair| format!("{} to {}", pair[0].above, at(&pair[1]))));
    parts.push(format!("{} above", volumes[volumes.len() - 1].above));
    parts.join(", ")
}

/// The prices at which both cost the same: of what nobody knows; else of every item that flips the order within its
/// book's range, and of each variant's most uncertain one.
fn prices(a: &Costs<'_>, b: &Costs<'_>) -> Vec<PriceBreakEven> {
    let mut found: Vec<PriceBreakEven> =
        [(a, b), (b, a)].into_iter().filter_map(|(of, other)| price(of, other)).collect();
    if a.unknown() || b.unknown() {
        return found;
    }
    for (of, other) in [(a, b), (b, a)] {
        for line in &of.bill.lines {
            if found.iter().any(|known| known.item == line.item) {
                continue;
            }
            let flips = price_of(of, other, &line.item).filter(within);
            found.extend(flips);
        }
    }
    found
}

/// Does the book believe the price possible?
fn within(found: &PriceBreakEven) -> bool {
    found.factor.zip(found.book).is_some_and(|(factor, (low, high))| low < high && (low..=high).contains(&factor))
}

/// The price of what nobody knows on `of`'s bill, else of its most uncertain item, at which both cost the same.
fn price(of: &Costs<'_>, other: &Costs<'_>) -> Option<PriceBreakEven> {
    if let Some(line) = of.bill.lines.iter().find(|line| line.amount.value.is_none()) {
        let price = price_where_equal(of.bill, &line.item, other.bill)?;
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
    price_of(of, other, most_uncertain(of.bill, other.bill)?)
}

/// The price of `item`, which stands on `of`'s bill, at which both cost the same.
fn price_of(of: &Costs<'_>, other: &Costs<'_>, item: &str) -> Option<PriceBreakEven> {
    let amount = |bill: &Bill| of_item(bill, item).filter_map(|line| line.amount.value).sum::<f64>();
    let (mine, theirs) = (amount(of.bill), amount(other.bill));
    // The item moves on both bills at once: rest + f * amount on either side.
    let factor = ((other.total() - theirs) - (of.total() - mine)) / (mine - theirs);
    let lines: Vec<&BillLine> = of_item(of.bill, item).collect();
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
    let PriceBreakEven { variant, item, unit, price, factor, .. } = found;
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
    let judged = if within(found) { "within what the book believes" } else { "outside what the book believes" };
    format!("{variant} and {other} cost the same with {item} at {at}, {judged}")
}
