//! Sentences computed from the figures: who is faster, what is not distinguishable, what a chart shows.
//!
//! No claim is ever typed into a template: every word that ranks one variant over another is chosen here, by figures.

mod lead;
mod tail;

use crate::record::{Bill, Comparison, Difference, Estimate, HourPoint, VariantResult, WindowPoint};

use super::decision::{fault_names, lost_in, quantile_of};
use super::number::{Unit, clock, half_width, invoice, place, rounded};

pub use lead::Lead;
pub use tail::tail;

/// What an interval says of a difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// The whole interval is below zero.
    Less,
    /// The whole interval is above zero.
    More,
    /// The interval holds zero.
    Alike,
    /// There is no interval to judge by.
    Unknown,
}

/// What the interval of `difference` says; an exact difference is its own interval.
pub fn told(difference: &Estimate) -> Told {
    let Some(value) = difference.value else { return Told::Unknown };
    match (difference.low, difference.high) {
        (Some(low), Some(high)) if low == 0.0 && high == 0.0 => Told::Alike,
        (Some(low), _) if low > 0.0 => Told::More,
        (_, Some(high)) if high < 0.0 => Told::Less,
        (None, None) if value == 0.0 => Told::Alike,
        (None, None) if difference.n.is_none() => {
            if value < 0.0 {
                Told::Less
            } else {
                Told::More
            }
        }
        (Some(_), Some(_)) => Told::Alike,
        _ => Told::Unknown,
    }
}

/// The paired differences in words, one paragraph per variant after the first.
pub fn differences(comparison: &Comparison) -> Vec<String> {
    let others = comparison.variants.iter().skip(1);
    others.filter_map(|variant| paired(comparison, variant)).collect()
}

fn paired(comparison: &Comparison, variant: &VariantResult) -> Option<String> {
    let mine = comparison.differences.iter().filter(|d| d.variant == variant.name).collect::<Vec<_>>();
    let from = &mine.first()?.from;
    let base = comparison.variants.iter().find(|v| v.name == *from)?;
    let find = |metric: &str| mine.iter().find(|d| d.metric == metric).copied();

    let mut parts = Vec::new();
    if let Some(p99) = find("p99") {
        parts.push(speed(p99, base));
    }
    if let Some(cost) = find("cost") {
        parts.push(cost_words(cost, &comparison.currency));
    }
    let mut text = if parts.is_empty() {
        format!("{}: ", variant.name)
    } else {
        format!("{} {}.", variant.name, parts.join(" and "))
    };

    let mut rest = Vec::new();
    for metric in ["mean", "p50", "p99.9"] {
        if let Some(difference) = find(metric) {
            rest.push(at(metric, difference));
        }
    }
    if let Some(success) = find("availability") {
        rest.push(success_words(success));
    }
    let writes = [variant, base].map(|of| of.writes_lost().value.unwrap_or_default());
    if writes[0] != writes[1] {
        let [own, theirs] = [variant, base].map(|of| Unit::Plain("").value(&of.writes_lost()));
        rest.push(format!("acknowledged writes lost a run {own}, of {from} {theirs}"));
    }
    if !rest.is_empty() {
        text.push_str(&format!(" {}.", capital(&rest.join("; "))));
    }
    Some(text)
}

/// `is 1.07 ± 0.02 × faster at p99 than cen`, or that it is not distinguishable.
fn speed(difference: &Difference, base: &VariantResult) -> String {
    let (metric, from) = (&difference.metric, &difference.from);
    match told(&difference.difference) {
        Told::Unknown => {
            let why = difference.difference.why.as_deref().unwrap_or("no interval");
            format!("cannot be compared with {from} at {metric} ({why})")
        }
        Told::Alike => format!(
            "is not distinguishable from {from} at {metric} ({})",
            Unit::Milliseconds.interval(&difference.difference).unwrap_or_else(|| "no difference".to_owned())
        ),
        told => {
            let word = if told == Told::Less { "faster" } else { "slower" };
            let base = quantile_of(base, metric).value;
            match base.and_then(|base| ratio(base, &difference.difference)) {
                Some(factor) => format!("is {factor} × {word} at {metric} than {from}"),
                None => {
                    format!("is {} {word} at {metric} than {from}", shift(Unit::Milliseconds, &difference.difference))
                }
            }
        }
    }
}

/// How many times faster or slower: the larger of the two over the smaller, with the half-width that the paired
/// difference gives it when the first variant's own figure is held. None where it is within 1 % of one.
fn ratio(base: f64, difference: &Estimate) -> Option<String> {
    let value = base + difference.value?;
    if base <= 0.0 || value <= 0.0 {
        return None;
    }
    let factor = |value: f64| if difference.value < Some(0.0) { base / value } else { value / base };
    let middle = factor(value);
    if middle < 1.01 {
        return None;
    }
    let (Some(low), Some(high)) = (difference.low, difference.high) else {
        return Some(rounded(middle, place(middle, 3)));
    };
    if base + low <= 0.0 {
        return None;
    }
    let half = (factor(base + low) - factor(base + high)).abs() / 2.0;
    let last = place(half, 1).max(place(middle, 3));
    if half <= 0.0 || rounded(half, last).chars().all(|c| matches!(c, '0' | '.' | ',')) {
        return Some(rounded(middle, place(middle, 3)));
    }
    Some(format!("{} ± {}", rounded(middle, last), rounded(half, last)))
}

fn cost_words(difference: &Difference, currency: &str) -> String {
    let unit = Unit::Money(currency);
    let figure = &difference.difference;
    match told(figure) {
        Told::Unknown => format!("its cost cannot be compared ({})", figure.why.as_deref().unwrap_or("no interval")),
        Told::Alike => "costs the same".to_owned(),
        Told::Less => format!("costs {} less per month", shift(unit, figure)),
        Told::More => format!("costs {} more per month", shift(unit, figure)),
    }
}

/// The size of a difference without its sign.
fn shift(unit: Unit<'_>, figure: &Estimate) -> String {
    unit.amount(figure.value.unwrap_or(0.0).abs(), half_width(figure))
}

fn at(metric: &str, difference: &Difference) -> String {
    let figure = &difference.difference;
    let place = if metric == "mean" { "on average".to_owned() } else { format!("at {metric}") };
    match told(figure) {
        Told::Unknown => format!("{place} not comparable ({})", figure.why.as_deref().unwrap_or("no interval")),
        Told::Alike => format!("{place} not distinguishable"),
        Told::Less => format!("{place} {} faster", shift(Unit::Milliseconds, figure)),
        Told::More => format!("{place} {} slower", shift(Unit::Milliseconds, figure)),
    }
}

fn success_words(difference: &Difference) -> String {
    let figure = &difference.difference;
    match told(figure) {
        Told::Unknown => format!("success not comparable ({})", figure.why.as_deref().unwrap_or("no interval")),
        Told::Alike => "success not distinguishable".to_owned(),
        Told::Less => format!("success lower by {}", shift(Unit::Points, figure)),
        Told::More => format!("success higher by {}", shift(Unit::Points, figure)),
    }
}

/// The text with its first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Each of these once, in the order in which they come.
pub(super) fn each_once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut known = Vec::new();
    for one in all {
        if !known.contains(&one) {
            known.push(one);
        }
    }
    known
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// How many variants a headline names before it only counts them.
const NAMED: usize = 4;

/// As [`list`], but no longer than a headline bears: `a, b, c and 5 others`.
fn brief(items: &[String]) -> String {
    if items.len() <= NAMED {
        return list(items);
    }
    let others = format!("{} others", items.len() - NAMED + 1);
    list(&items[..NAMED - 1].iter().cloned().chain([others]).collect::<Vec<_>>())
}

/// Are the figures of two variants told apart? By their paired difference where one of the two is the first variant,
/// else by whether their intervals overlap (which is the more careful of the two).
pub fn order(
    comparison: &Comparison,
    a: usize,
    b: usize,
    metric: &str,
    of: impl Fn(&VariantResult) -> Estimate,
) -> Told {
    let (first, second) = (&comparison.variants[a], &comparison.variants[b]);
    let paired = |variant: &str, from: &str| {
        let mut all = comparison.differences.iter();
        all.find(|d| d.metric == metric && d.variant == variant && d.from == from).map(|d| told(&d.difference))
    };
    if let Some(told) = paired(&first.name, &second.name).filter(|told| *told != Told::Unknown) {
        return told;
    }
    match paired(&second.name, &first.name) {
        Some(Told::Less) => return Told::More,
        Some(Told::More) => return Told::Less,
        Some(Told::Alike) => return Told::Alike,
        _ => {}
    }
    let (x, y) = (of(first), of(second));
    let (Some(u), Some(v)) = (x.value, y.value) else { return Told::Unknown };
    let (x_low, x_high) = (x.low.unwrap_or(u), x.high.unwrap_or(if x.low.is_some() { f64::INFINITY } else { u }));
    let (y_low, y_high) = (y.low.unwrap_or(v), y.high.unwrap_or(if y.low.is_some() { f64::INFINITY } else { v }));
    if x_high < y_low {
        Told::Less
    } else if y_high < x_low {
        Told::More
    } else {
        Told::Alike
    }
}

/// The headline of the cost stack: the cheapest and what the others cost beside it; said of priced lines only where
/// a price is missing.
pub fn price(comparison: &Comparison) -> String {
    let amount = |variant: &VariantResult| {
        let open = if unpriced(variant) > 0 { " or more" } else { "" };
        format!("{}{open}", Unit::Money(&comparison.currency).value(&variant.bill.month))
    };
    let mut ranked = comparison.variants.iter().filter(|v| v.bill.month.value.is_some()).collect::<Vec<_>>();
    ranked.sort_by(|a, b| a.bill.month.value.partial_cmp(&b.bill.month.value).expect("a bill is a number"));
    match ranked.as_slice() {
        [] => "No variant has a bill".to_owned(),
        [only] => format!("{} costs {} per month", only.name, amount(only)),
        [cheap, rest @ ..] if rest.iter().all(|v| amount(v) == amount(cheap)) => {
            format!("All variants cost {} per month", amount(cheap))
        }
        [cheap, ..] => {
            let (same, rest): (Vec<&VariantResult>, Vec<&VariantResult>) =
                ranked.iter().copied().partition(|v| amount(v) == amount(cheap));
            let rest = brief(&rest.iter().map(|v| format!("{} {}", v.name, amount(v))).collect::<Vec<_>>());
            let counted = if unpriced(cheap) > 0 { "cheapest by what has a price" } else { "cheapest" };
            let names = brief(&same.iter().map(|v| v.name.clone()).collect::<Vec<_>>());
            let are = if same.len() == 1 { "is" } else { "are" };
            format!("{names} {are} {counted}: {} per month, before {rest}", amount(cheap))
        }
    }
}

/// What each fault costs once in transfer, beside the month; and who pays how much of it where there are several.
pub fn beside_the_month(bill: &Bill) -> Vec<String> {
    let once = bill.once.iter().filter_map(|line| {
        let (amount, gigabytes) = (line.amount.value?, line.quantity.value?);
        let word = if amount < 0.0 { "less" } else { "more" };
        Some(format!(
            "each {}: {} {} {word} ({} GB of transfer) than the same time without it, not in the month",
            line.item,
            crate::units::significant(amount.abs(), 3),
            bill.currency,
            crate::units::significant(gigabytes, 3)
        ))
    });
    let mut payers: Vec<(&str, f64)> = Vec::new();
    for line in &bill.lines {
        let amount = line.amount.value.unwrap_or(0.0);
        match payers.iter_mut().find(|(payer, _)| *payer == line.payer) {
            Some((_, sum)) => *sum += amount,
            None => payers.push((&line.payer, amount)),
        }
    }
    let total = bill.month.value.unwrap_or(0.0);
    let share = |&(payer, sum): &(&str, f64)| {
        let payer = if payer.is_empty() { "the account without a name" } else { payer };
        format!("{payer} pays {} {}", invoice(sum, total), bill.currency)
    };
    let split = (payers.len() > 1).then(|| {
        format!("the month is a sum over accounts: {}", payers.iter().map(share).collect::<Vec<_>>().join(", "))
    });
    split.into_iter().chain(once).collect()
}

/// How many lines of a variant's bill have no price.
pub fn unpriced(variant: &VariantResult) -> usize {
    variant.bill.lines.iter().filter(|line| line.amount.value.is_none()).count()
}

/// Does any variant lose writes that it acknowledged?
pub fn loses_writes(comparison: &Comparison) -> bool {
    comparison.variants.iter().any(VariantResult::loses_writes)
}

/// By which variant each is beaten: one that is no worse, as far as can be told, on cost, p99, success and acknowledged
/// writes that are lost, and better on one of them; one that is not beaten itself where there is such a one.
pub fn beaten(comparison: &Comparison) -> Vec<Option<usize>> {
    let count = comparison.variants.len();
    let winners = |b: usize| (0..count).filter(move |&a| a != b && beats(comparison, a, b));
    let free = (0..count).map(|v| winners(v).next().is_none()).collect::<Vec<_>>();
    (0..count).map(|b| winners(b).find(|&a| free[a]).or_else(|| winners(b).next())).collect()
}

fn beats(comparison: &Comparison, a: usize, b: usize) -> bool {
    let cost = order(comparison, a, b, "cost", |v| v.bill.month.clone());
    let p99 = order(comparison, a, b, "p99", |v| quantile_of(v, "p99"));
    let success = match order(comparison, a, b, "availability", |v| v.total.availability.clone()) {
        Told::More => Told::Less,
        Told::Less => Told::More,
        other => other,
    };
    let writes = order(comparison, a, b, "lost writes", VariantResult::writes_lost);
    let all = [cost, p99, success, writes];
    all.iter().all(|told| matches!(told, Told::Less | Told::Alike)) && all.contains(&Told::Less)
}

/// The headline of cost against p99: who beats whom on all three counts, if anyone does.
pub fn front(comparison: &Comparison) -> String {
    let beaten = beaten(comparison);
    let name = |v: usize| comparison.variants[v].name.clone();
    let of = if loses_writes(comparison) { "cost, p99, success and lost writes" } else { "cost, p99 and success" };
    match beaten.len() {
        0 => return "No variant".to_owned(),
        1 => return format!("{}: cost and p99 of the only variant", name(0)),
        _ if beaten.iter().all(Option::is_none) => {
            return format!("No variant is beaten on {of} at once: each is a choice");
        }
        _ => {}
    }
    let conquests = (0..beaten.len()).filter_map(|winner| {
        let losers = (0..beaten.len()).filter(|&v| beaten[v] == Some(winner)).map(name).collect::<Vec<_>>();
        (!losers.is_empty()).then(|| format!("{} beats {}", name(winner), brief(&losers)))
    });
    format!("On {of} together, {}", list(&conquests.collect::<Vec<_>>()))
}

/// The headline of the timeline: what the costliest fault took from each variant, or how steady a run without one was.
pub fn course(comparison: &Comparison) -> String {
    let writes = if loses_writes(comparison) { ", acknowledged writes that it lost not counted" } else { "" };
    let mut named = fault_names(comparison);
    let worst = |fault: &String| comparison.variants.iter().filter_map(|v| lost_in(v, fault).value).fold(0.0, f64::max);
    named.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
    if let Some(fault) = named.first() {
        let lost = comparison.variants.iter().map(|v| (v, lost_in(v, fault)));
        let mut lost = lost.filter_map(|(v, lost)| Some((lost.value?, v, lost))).collect::<Vec<_>>();
        lost.sort_by(|a, b| a.0.total_cmp(&b.0));
        let parts = lost.iter().map(|(_, v, lost)| format!("{} {}", v.name, Unit::Plain("").value(lost)));
        let parts = parts.collect::<Vec<_>>();
        match parts.as_slice() {
            [] => {}
            [least, .., most] if parts.len() > NAMED => {
                return format!("Requests lost in {fault}: from {least} to {most}{writes}");
            }
            parts => return format!("Requests lost in {fault}: {}{writes}", list(parts)),
        }
    }
    let lows = comparison.variants.iter().flat_map(|v| v.windows.iter().map(move |w| (v, w)));
    let low = lows.filter(|(_, w)| w.rate > 0.0).min_by(|a, b| a.1.success.total_cmp(&b.1.success));
    match low {
        Some((variant, window)) if window.success < 1.0 => format!(
            "Without a fault, success is lowest at {} ({}, {})",
            Unit::Share.amount(window.success, None),
            variant.name,
            clock(window.start_s)
        ),
        Some(_) => match slowest_window(comparison) {
            Some((variant, window, p99)) => format!(
                "Every request is answered; p99 is highest for {}: {} at {}",
                variant.name,
                Unit::Milliseconds.amount(p99, None),
                clock(window.start_s)
            ),
            None => "Every request is answered in every window".to_owned(),
        },
        None => "No requests were sent".to_owned(),
    }
}

/// The headline of the day by hours: each variant's worst hour.
pub fn by_hour(comparison: &Comparison) -> String {
    let worst = comparison.variants.iter().filter_map(|variant| Some((variant, worst_hour(variant)?)));
    let mut worst = worst.collect::<Vec<_>>();
    let p99 = |hour: &HourPoint| hour.p99_ms.value.unwrap_or(0.0);
    worst.sort_by(|a, b| p99(b.1).total_cmp(&p99(a.1)));
    let part = |(variant, hour): &(&VariantResult, &HourPoint)| {
        let value = Unit::Milliseconds.value(&hour.p99_ms);
        format!("{} {value} at {:02}:{:02}", variant.name, hour.minute / 60, hour.minute % 60)
    };
    let parts = worst.iter().map(part).collect::<Vec<_>>();
    match parts.as_slice() {
        [] => "No hour has requests enough for a p99".to_owned(),
        [most, .., least] if parts.len() > NAMED => format!("p99 in the worst hour: from {least} to {most}"),
        parts => format!("p99 in the worst hour: {}", list(parts)),
    }
}

/// The hour with the highest p99, the first of equals; none where no hour has one.
pub fn worst_hour(variant: &VariantResult) -> Option<&HourPoint> {
    let known = variant.hours.iter().filter(|hour| hour.p99_ms.value.is_some());
    known.reduce(|worst, next| if next.p99_ms.value > worst.p99_ms.value { next } else { worst })
}

/// The window with the highest p99 of all variants.
fn slowest_window(comparison: &Comparison) -> Option<(&VariantResult, &WindowPoint, f64)> {
    let all = comparison.variants.iter().flat_map(|v| v.windows.iter().map(move |window| (v, window)));
    let known = all.filter_map(|(variant, window)| Some((variant, window, window.p99_ms?)));
    // The first of equals, so that the sentence does not depend on the order of a search.
    known.reduce(|worst, next| if next.2 > worst.2 { next } else { worst })
}
