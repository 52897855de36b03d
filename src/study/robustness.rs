//! Does the answer survive the uncertainty of its inputs? "Holds over all inputs", or which input flips it, and where.

use super::inputs::{Group, Shift, inputs_at};
use super::replicated::Replicated;
use super::verdict::Claims;
use crate::provider::{Books, Level};
use crate::record::{Bill, BillLine, VariantResult};
use crate::scenario::compile::Inputs;
use crate::scenario::file::ProductKind;
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
            _ => "In latency and cost no variant is ahead of another, so that no input can flip that.".to_owned(),
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
        "Holds over the books' low and high prices, also together; round trips and losses were not varied.".to_owned()
    } else {
        "Holds over all inputs, in latency and cost: round trips with jitter and the proxies' work, the public path and its \
         loss, and every price, each pair of variants at the ends of the books that speak most against its order."
            .to_owned()
    }
}

/// The inputs beyond the joint ends that [`robustness`] is going to ask for, so that they can be run together.
pub fn asked(trial: &Trial<'_>, claims: &Claims) -> Vec<Inputs> {
    let Some((best, worse)) = claims.fastest.as_ref().filter(|_| !trial.shifts.is_empty() && public_path(trial)) else {
        return Vec::new();
    };
    let holds = |other: usize| {
        let ahead = |level| (trial.gap_at)(inputs_at(&Group::ALL, level), *best, other).is_some_and(|gap| gap > 0.0);
        ahead(Level::Low) && ahead(Level::High)
    };
    if worse.iter().any(|&other| holds(other)) { CORNERS.map(corner).to_vec() } else { Vec::new() }
}

/// Where the backbone and the public path are at opposite ends, in this order.
const CORNERS: [(Level, Level); 2] = [(Level::Low, Level::High), (Level::High, Level::Low)];

/// The inputs with the backbone at one level and the public path with its loss at another.
fn corner((backbone, public): (Level, Level)) -> Inputs {
    let (shared, own) = (inputs_at(&[Group::Rtt], backbone), inputs_at(&[Group::Public, Group::Loss], public));
    Inputs { rtt: shared.rtt, ..own }
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
    // The backbone is shared, the public path need not be: one may be good where the other is bad.
    if !public_path(trial) {
        return None;
    }
    CORNERS.into_iter().find_map(|ends| (gap(corner(ends))? <= 0.0).then(|| flip_at(trial, (best, other), mid, ends)))
}

/// What flips the order where the backbone and the public path are at opposite ends: one of the two alone, or only both.
fn flip_at(trial: &Trial<'_>, (best, other): (usize, usize), mid: f64, (backbone, public): (Level, Level)) -> String {
    let (fast, slow) = (name(trial, best), name(trial, other));
    let settings = [(Group::Rtt, backbone), (Group::Public, public), (Group::Loss, public)];
    let alone = settings.into_iter().find_map(|(group, level)| {
        let end = (trial.gap_at)(inputs_at(&[group], level), best, other)?;
        (end <= 0.0).then(|| moved(trial, group, level, mid / (mid - end)))
    });
    let word = |level| if level == Level::Low { "low" } else { "high" };
    match alone {
        Some(condition) => format!("The order of {fast} and {slow} in latency flips when {condition}."),
        None => format!(
            "No single input flips the order of {fast} and {slow} in latency; together round trips at the book's {} end \
             and the public path with its loss at the {} end do.",
            word(backbone),
            word(public)
        ),
    }
}

/// Does any variant send anything over the public internet?
fn public_path(trial: &Trial<'_>) -> bool {
    let products = |of: &Replicated| {
        of.scenario.connectivity.values().any(|product| matches!(product.kind, ProductKind::PublicGateway(_)))
    };
    trial.of.is_empty() || trial.of.iter().any(products)
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
                format!("round trips (and with them jitter and the proxies' work) are {beyond} {pairs}")
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

/// Says which price, at which value, turns `best < other` in cost; where none does alone, which do together. A price that
/// both pay moves for both.
fn cost_flips(trial: &Trial<'_>, best: usize, other: usize) -> Vec<String> {
    let (cheap, dear) = (&trial.results[best].bill, &trial.results[other].bill);
    let Some(gap) = dear.month.value.zip(cheap.month.value).map(|(dear, cheap)| dear - cheap) else {
        return Vec::new();
    };
    let prices = prices(cheap, dear);
    let (best, other) = (name(trial, best), name(trial, other));
    let mut said = Vec::new();
    for (price, high) in prices.iter().flat_map(|price| [(price, false), (price, true)]) {
        let step = price.step(high);
        if step >= 0.0 || gap + step > 0.0 {
            continue;
        }
        said.push(format!(
            "{best} and {other} change places in cost when {} is {} {} {} per {}.",
            price.words(),
            if high { "above" } else { "below" },
            significant(price.at(gap / -step, high), 3),
            cheap.currency,
            price.unit
        ));
    }
    if said.is_empty() {
        said.extend(together(gap, &prices).map(|ends| {
            format!("No single price makes {best} and {other} change places in cost; together {ends} do.")
        }));
    }
    said
}

/// The worst corner: each price at the end that speaks most against the order. Says the fewest of them that together
/// use up `gap`, if all of them do.
fn together(mut gap: f64, prices: &[Price<'_>]) -> Option<String> {
    let mut ends: Vec<(f64, &Price<'_>, bool)> = prices
        .iter()
        .flat_map(|price| [false, true].map(|high| (price.step(high), price, high)))
        .filter(|&(step, ..)| step < 0.0)
        .collect();
    // The strongest first; of equals the one that is first on the bill.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut moved, mut words): (Vec<&Price<'_>>, Vec<String>) = (Vec::new(), Vec::new());
    for (step, price, high) in ends {
        if moved.iter().any(|known| std::ptr::eq(*known, price)) {
            continue;
        }
        gap += step;
        moved.push(price);
        words.push(format!("{} at its {} end", price.words(), if high { "high" } else { "low" }));
        if gap <= 0.0 {
            let last = words.pop().expect("one was just said");
            return Some(if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) });
        }
    }
    None
}

/// A row of the price book as two bills use it: one price, wherever and however often it is charged.
struct Price<'a> {
    item: &'a str,
    source: &'a str,
    unit: &'a str,
    /// Low, middle, high, per unit.
    row: [f64; 3],
    /// Where it is charged.
    scopes: Vec<&'a str>,
    /// By how much `dear - cheap` changes at the low and at the high end.
    steps: [f64; 2],
}

/// The prices of two bills that have a range.
fn prices<'a>(cheap: &'a Bill, dear: &'a Bill) -> Vec<Price<'a>> {
    let mut found: Vec<Price<'a>> = Vec::new();
    for (bill, sign) in [(cheap, -1.0), (dear, 1.0)] {
        for line in &bill.lines {
            let (Some((low, high)), Some(amount), Some(price)) =
                (line.amount.inputs, line.amount.value.filter(|amount| *amount > 0.0), line.unit_price)
            else {
                continue;
            };
            let row = [price * low / amount, price, price * high / amount];
            let index = found.iter().position(|known| known.is(line, row)).unwrap_or(found.len());
            if index == found.len() {
                let (scopes, steps) = (Vec::new(), [0.0; 2]);
                found.push(Price { item: &line.item, source: &line.source, unit: &line.unit, row, scopes, steps });
            }
            let known = &mut found[index];
            if !line.scope.is_empty() && !known.scopes.contains(&line.scope.as_str()) {
                known.scopes.push(&line.scope);
            }
            known.steps[0] += sign * (low - amount);
            known.steps[1] += sign * (high - amount);
        }
    }
    found
}

impl Price<'_> {
    /// Is it the row of this line? Amounts are rounded, so what is worked out from them agrees only nearly.
    fn is(&self, line: &BillLine, row: [f64; 3]) -> bool {
        let alike = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-4 * a.abs().max(b.abs());
        self.item == line.item
            && self.source == line.source
            && self.unit == line.unit
            && self.row.iter().zip(&row).all(alike)
    }

    /// With its place where it has one only: a price of several places is one row.
    fn words(&self) -> String {
        match self.scopes[..] {
            [scope] => format!("{} ({scope})", self.item),
            _ => self.item.to_owned(),
        }
    }

    fn step(&self, high: bool) -> f64 {
        self.steps[usize::from(high)]
    }

    /// The price a part of the way to an end of its range.
    fn at(&self, part: f64, high: bool) -> f64 {
        let end = self.row[if high { 2 } else { 0 }];
        self.row[1] + part * (end - self.row[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Estimate;

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
            "Holds over the books' low and high prices, also together; round trips and losses were not varied.",
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
    fn the_backbone_and_the_public_path_may_be_at_opposite_ends() {
        let good = |level| if level == Level::Low { 12.0 } else { 0.0 };
        let bad = |level| if level == Level::High { 12.0 } else { 0.0 };
        let said = latency(|inputs| 20.0 - good(inputs.public) - bad(inputs.rtt));
        assert!(said.starts_with("No single input flips the order of cen and public in latency"), "{said}");
        assert!(said.contains("round trips at the book's high end and the public path"), "{said}");
        let alone = latency(|inputs| 20.0 - 2.0 * bad(inputs.public) + 2.0 * bad(inputs.rtt));
        assert!(alone.contains("flips when the public path's round trip is above"), "{alone}");
    }

    /// `n` attachments in each region, at 0.05 (0.04 to 0.07) USD per hour, over 730 hours.
    fn attachments(regions: &[(&str, f64)]) -> Vec<BillLine> {
        let line = |&(region, n): &(&str, f64)| BillLine {
            item: "CEN transit router connection".into(),
            scope: region.into(),
            unit: "hour".into(),
            unit_price: Some(0.05),
            amount: Estimate {
                inputs: Some((0.04 * 730.0 * n, 0.07 * 730.0 * n)),
                ..Estimate::exact(0.05 * 730.0 * n)
            },
            source: "billing rules".into(),
            ..BillLine::default()
        };
        regions.iter().map(line).collect()
    }

    fn fixed(amount: f64) -> BillLine {
        BillLine { item: "the rest".into(), amount: Estimate::exact(amount), ..BillLine::default() }
    }

    fn of_lines(lines: Vec<BillLine>) -> Bill {
        let month = Estimate::exact(lines.iter().filter_map(|line| line.amount.value).sum());
        Bill { currency: "USD".into(), lines, month, ..Bill::default() }
    }

    #[test]
    fn one_row_of_the_book_moves_in_all_regions_at_once() {
        // 227 against 244.08: 17.08 over 1460 hours is 0.0117 above 0.05; each region's 730 hours alone would not do.
        let mut cen = attachments(&[("hangzhou", 1.0), ("singapore", 1.0)]);
        cen.push(fixed(154.0));
        let cen = of_lines(cen);
        let public = of_lines(vec![fixed(244.082)]);
        assert!((cen.month.value.expect("summed") - 227.0).abs() < 1e-9);
        check(
            cen,
            public,
            "public and cen change places in cost when CEN transit router connection is above 0.0617 USD per hour.",
        );
    }

    #[test]
    fn the_worst_corner_moves_what_each_pays_alone_against_it() {
        // Cheap's own price high and dear's own low: 100 + 30 against 150 - 25.
        check(
            bill(&[("a", 1.0, 100.0, (80.0, 130.0))]),
            bill(&[("b", 1.0, 150.0, (125.0, 200.0))]),
            "No single price makes public and cen change places in cost; together a at its high end and b at its low end \
             do.",
        );
    }

    #[test]
    fn prices_that_flip_it_only_together_say_so() {
        check(
            bill(&[("a", 1.0, 50.0, (40.0, 80.0)), ("b", 1.0, 50.0, (40.0, 80.0))]),
            bill(&[("c", 1.0, 150.0, (150.0, 150.0))]),
            "No single price makes public and cen change places in cost; together a at its high end and b at its high end \
             do.",
        );
    }
}
