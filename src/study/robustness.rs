//! Does the answer survive the uncertainty of its inputs? "Holds over all inputs", or which input flips it, and where.

use super::inputs::{Group, Shift, inputs_at};
use super::replicated::Replicated;
use super::verdict::Claims;
use crate::provider::{Books, Level};
use crate::record::{Bill, VariantResult};
use crate::scenario::compile::Inputs;
use crate::units::significant;

/// What a study's claims are put to the test with.
pub struct Trial<'a> {
    /// The variants.
    pub of: &'a [Replicated],
    /// Their figures.
    pub results: &'a [VariantResult],
    /// Their shifts over all inputs together; empty where that was not asked for.
    pub shifts: &'a [Shift],
    /// The gap `worse - best` of the claimed latency at other inputs, by (inputs, best, worse), in ms, shifted to the
    /// whole study's.
    pub gap_at: &'a dyn Fn(Inputs, usize, usize) -> Option<f64>,
}

/// One or more sentences.
pub fn robustness(trial: &Trial<'_>, claims: &Claims) -> String {
    if claims.fastest.is_none() && claims.cheapest.is_none() {
        return match trial.results.len() {
            0 | 1 => String::new(),
            _ => "No variant is ahead of another, so no input can flip an answer.".to_owned(),
        };
    }
    let mut flips: Vec<String> = Vec::new();
    if let Some((best, worse)) = &claims.fastest {
        flips.extend(worse.iter().filter_map(|&other| latency_flip(trial, *best, other)));
    }
    if let Some((best, worse)) = &claims.cheapest {
        flips.extend(worse.iter().flat_map(|&other| cost_flips(trial, *best, other)));
    }
    if !flips.is_empty() {
        return flips.join(" ");
    }
    if trial.shifts.is_empty() {
        "Holds over the books' low and high prices; round trips and losses were not varied.".to_owned()
    } else {
        "Holds over all inputs: round trips, the public path and its loss at the books' low and at their high ends, and \
         every price."
            .to_owned()
    }
}

fn name<'a>(trial: &'a Trial<'_>, index: usize) -> &'a str {
    &trial.results[index].name
}

/// Says what turns `best < other` in latency, if any end of the books does.
fn latency_flip(trial: &Trial<'_>, best: usize, other: usize) -> Option<String> {
    if trial.shifts.is_empty() {
        return None;
    }
    let gap = |inputs| (trial.gap_at)(inputs, best, other);
    let mid = gap(Inputs::default())?;
    for level in [Level::Low, Level::High] {
        if gap(inputs_at(&Group::ALL, level))? > 0.0 {
            continue;
        }
        let (fast, slow) = (name(trial, best), name(trial, other));
        let alone = Group::ALL.iter().find_map(|&group| {
            let end = gap(inputs_at(&[group], level))?;
            // Linear between the middle and the end of the range.
            (end <= 0.0).then(|| (group, mid / (mid - end)))
        });
        let end = if level == Level::Low { "low" } else { "high" };
        return Some(match alone {
            Some((group, part)) => {
                format!("The order of {fast} and {slow} in latency flips when {}.", moved(trial, group, level, part))
            }
            None => format!(
                "The order of {fast} and {slow} in latency flips only when round trips, the public path and its loss \
                 are at the books' {end} ends together."
            ),
        });
    }
    None
}

/// `the round trip hangzhou - singapore is above 71 ms`.
fn moved(trial: &Trial<'_>, group: Group, level: Level, part: f64) -> String {
    let beyond = if level == Level::High { "above" } else { "below" };
    match group {
        Group::Loss if level == Level::High => "loss on the public path is severe rather than typical".to_owned(),
        Group::Loss => "loss on the public path is mild rather than typical".to_owned(),
        Group::Rtt => {
            let pairs = round_trips(trial, level, part);
            if pairs.is_empty() {
                share(group, level, part)
            } else {
                format!("{} {beyond} {}", "round trips are", pairs)
            }
        }
        Group::Public => match Books::builtin().latency("public.ratio") {
            Some(ratio) => {
                let at = ratio.mid + part * (ratio.at(level) - ratio.mid);
                format!("the public path's round trip is {beyond} {} times the backbone's", significant(at, 3))
            }
            None => share(group, level, part),
        },
    }
}

fn share(group: Group, level: Level, part: f64) -> String {
    let end = if level == Level::Low { "low" } else { "high" };
    format!("{} lie more than {:.0} % of the way to the book's {end} end", group.words(), 100.0 * part)
}

/// `71 ms (hangzhou - singapore)` for each pair of regions that the book knows, at most three.
fn round_trips(trial: &Trial<'_>, level: Level, part: f64) -> String {
    let Some(first) = trial.of.first() else { return String::new() };
    let regions: Vec<(&String, &str)> = first
        .scenario
        .topology
        .regions
        .iter()
        .filter_map(|(name, region)| Some((name, region.is.as_ref()?.value.as_str())))
        .collect();
    let mut shown = Vec::new();
    for (index, (a, a_is)) in regions.iter().enumerate() {
        for (b, b_is) in &regions[index + 1..] {
            if let Some(rtt) = Books::builtin().rtt(a_is, b_is) {
                let (mid, end) = (rtt.at(Level::Mid).millis(), rtt.at(level).millis());
                shown.push(format!("{} ms ({a} - {b})", significant(mid + part * (end - mid), 3)));
            }
        }
    }
    if shown.len() > 3 { String::new() } else { shown.join(", ") }
}

/// Says which price, at which value, turns `best < other` in cost. A price that both pay moves for both.
fn cost_flips(trial: &Trial<'_>, best: usize, other: usize) -> Vec<String> {
    let (cheap, dear) = (&trial.results[best].bill, &trial.results[other].bill);
    let Some(gap) = dear.month.value.zip(cheap.month.value).map(|(dear, cheap)| dear - cheap) else {
        return Vec::new();
    };
    let mut said = Vec::new();
    for price in prices(cheap, dear) {
        for high in [false, true] {
            let end = gap + price.move_of(dear, high) - price.move_of(cheap, high);
            if end > 0.0 {
                continue;
            }
            let part = gap / (gap - end);
            let Some(at) = price.at(part, high, cheap, dear) else { continue };
            let beyond = if high { "above" } else { "below" };
            said.push(format!(
                "{} and {} change places in cost when {} is {beyond} {} {} per {}.",
                name(trial, best),
                name(trial, other),
                price.words(),
                significant(at, 3),
                cheap.currency,
                price.unit
            ));
        }
    }
    if said.is_empty() {
        for (high, end) in [(false, "low"), (true, "high")] {
            let all = |bill: &Bill| -> f64 { prices(cheap, dear).iter().map(|price| price.move_of(bill, high)).sum() };
            if gap + all(dear) - all(cheap) <= 0.0 {
                let (best, other) = (name(trial, best), name(trial, other));
                said.push(format!(
                    "{best} and {other} change places in cost only when all prices are at the books' {end} ends together."
                ));
            }
        }
    }
    said
}

/// A price of the book: an item at a place.
struct Price<'a> {
    item: &'a str,
    scope: &'a str,
    unit: &'a str,
}

fn prices<'a>(a: &'a Bill, b: &'a Bill) -> Vec<Price<'a>> {
    let mut found: Vec<Price<'a>> = Vec::new();
    for line in a.lines.iter().chain(&b.lines) {
        if line.amount.inputs.is_some()
            && !found.iter().any(|price| price.item == line.item && price.scope == line.scope)
        {
            found.push(Price { item: &line.item, scope: &line.scope, unit: &line.unit });
        }
    }
    found
}

impl Price<'_> {
    fn words(&self) -> String {
        if self.scope.is_empty() { self.item.to_owned() } else { format!("{} ({})", self.item, self.scope) }
    }

    /// By how much a bill changes when this price goes to an end of its range.
    fn move_of(&self, bill: &Bill, high: bool) -> f64 {
        let lines = bill.lines.iter().filter(|line| line.item == self.item && line.scope == self.scope);
        lines
            .filter_map(|line| {
                let (low_end, high_end) = line.amount.inputs?;
                Some(if high { high_end } else { low_end } - line.amount.value?)
            })
            .sum()
    }

    /// The price a part of the way to an end of its range.
    fn at(&self, part: f64, high: bool, a: &Bill, b: &Bill) -> Option<f64> {
        let mut lines =
            a.lines.iter().chain(&b.lines).filter(|line| line.item == self.item && line.scope == self.scope);
        let line = lines.find(|line| line.amount.inputs.is_some())?;
        let (price, amount) = (line.unit_price?, line.amount.value.filter(|&amount| amount > 0.0)?);
        let (low_end, high_end) = line.amount.inputs?;
        let end = if high { high_end } else { low_end };
        Some(price * (1.0 + part * (end / amount - 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BillLine, Estimate};

    fn bill(lines: &[(&str, f64, f64, (f64, f64))]) -> Bill {
        let line = |&(item, unit_price, amount, inputs): &(&str, f64, f64, (f64, f64))| BillLine {
            item: item.into(),
            unit: "GB".into(),
            unit_price: Some(unit_price),
            amount: Estimate { inputs: Some(inputs), ..Estimate::exact(amount) },
            ..BillLine::default()
        };
        let lines: Vec<BillLine> = lines.iter().map(line).collect();
        let month = Estimate::exact(lines.iter().filter_map(|line| line.amount.value).sum());
        Bill { currency: "USD".into(), lines, month, ..Bill::default() }
    }

    fn check(cheap: Bill, dear: Bill, want: &str) {
        let result = |name: &str, bill| VariantResult { name: name.into(), bill, ..VariantResult::default() };
        let results = [result("public", cheap), result("cen", dear)];
        let trial = Trial { of: &[], results: &results, shifts: &[], gap_at: &|_, _, _| None };
        let claims = Claims { fastest: None, cheapest: Some((0, vec![1])) };
        assert_eq!(robustness(&trial, &claims), want);
    }

    #[test]
    fn a_price_that_flips_the_order_is_named_with_the_price_where_it_does() {
        // 1000 GB at 0.10 against 150: equal at 0.15, within the book's 0.05 to 0.20.
        check(
            bill(&[("internet egress", 0.10, 100.0, (50.0, 200.0))]),
            bill(&[("backbone", 0.15, 150.0, (150.0, 150.0))]),
            "public and cen change places in cost when internet egress is above 0.15 USD per GB.",
        );
    }

    #[test]
    fn a_price_that_both_pay_moves_for_both() {
        check(
            bill(&[("transfer", 0.10, 100.0, (50.0, 200.0))]),
            bill(&[("transfer", 0.10, 150.0, (75.0, 300.0))]),
            "Holds over the books' low and high prices; round trips and losses were not varied.",
        );
    }

    /// The claim that cen (0) is faster than public (1) by 20 ms, with that gap at the ends of single inputs.
    fn latency(gap_at: impl Fn(Inputs) -> f64) -> String {
        let result = |name: &str| VariantResult { name: name.into(), ..VariantResult::default() };
        let results = [result("cen"), result("public")];
        let figures =
            || super::super::inputs::Figures { mean_ms: None, quantiles_ms: vec![None; 5], availability: None };
        let shifts = [Shift { low: figures(), mid: figures(), high: figures() }];
        let gap_at = |inputs: Inputs, _: usize, _: usize| Some(gap_at(inputs));
        let trial = Trial { of: &[], results: &results, shifts: &shifts, gap_at: &gap_at };
        robustness(&trial, &Claims { fastest: Some((0, vec![1])), cheapest: None })
    }

    #[test]
    fn an_input_that_flips_the_order_alone_is_named_with_its_value() {
        let public_decides = |inputs: Inputs| match inputs.public {
            Level::Low => -5.0,
            Level::Mid => 20.0,
            Level::High => 40.0,
        };
        let book = Books::builtin().latency("public.ratio").expect("the book has the ratio");
        let at = significant(book.mid + 0.8 * (book.at(Level::Low) - book.mid), 3);
        let want = format!(
            "The order of cen and public in latency flips when the public path's round trip is below {at} times the \
             backbone's."
        );
        assert_eq!(latency(public_decides), want);
    }

    #[test]
    fn inputs_that_flip_the_order_only_together_say_so() {
        let low = |level| if level == Level::Low { 12.0 } else { 0.0 };
        let said = latency(|inputs| 20.0 - low(inputs.public) - low(inputs.rtt));
        assert!(said.contains("flips only when") && said.contains("low ends together"), "{said}");
        assert!(latency(|_| 20.0).starts_with("Holds over all inputs"));
    }

    #[test]
    fn prices_that_flip_it_only_together_say_so() {
        check(
            bill(&[("a", 1.0, 50.0, (40.0, 80.0)), ("b", 1.0, 50.0, (40.0, 80.0))]),
            bill(&[("c", 1.0, 150.0, (150.0, 150.0))]),
            "public and cen change places in cost only when all prices are at the books' high ends together.",
        );
    }
}
