//! The decision table: one row per measure, one column per variant. The terminal, Markdown and the page print it.

use crate::record::{BillLine, Comparison, Estimate, HourPoint, VariantResult};

use super::number::{Unit, invoice};
use super::sentence::{loses_writes, worst_hour};

/// The table that a decision is read from.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// Heads of the columns: the variants, in the order of the file.
    pub variants: Vec<String>,
    /// The measures.
    pub rows: Vec<Row>,
    /// Why a figure is missing, where the reason does not fit into its cell.
    pub notes: Vec<String>,
}

/// A measure, or the line below one that qualifies it.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What the cells are: `p99`, `noise, 95 %`.
    pub label: String,
    /// Does it qualify the row above (an interval, a part of a sum)?
    pub detail: bool,
    /// One per variant; empty where there is nothing to say.
    pub cells: Vec<String>,
}

/// At most this many lines of a bill stand in the table; the whole bill is printed below it.
const MAIN_LINES: usize = 5;

/// A reason longer than this stands below the table.
const CELL: usize = 20;

impl Decision {
    /// The table of `comparison`.
    pub fn of(comparison: &Comparison) -> Decision {
        let mut table = Decision {
            variants: comparison.variants.iter().map(|v| v.name.clone()).collect(),
            rows: Vec::new(),
            notes: Vec::new(),
        };
        let variants = &comparison.variants;
        // More than one kind of requests: the figures that pool them say so, and tables of their own take them apart.
        let pooled = if variants.iter().any(|v| v.rows.len() > 1) { ", all requests together" } else { "" };
        for quantile in ["p50", "p99", "p99.9"] {
            let figures = variants.iter().map(|v| quantile_of(v, quantile)).collect::<Vec<_>>();
            table.measure(&format!("{quantile}{}{pooled}", of_answered(variants)), Unit::Milliseconds, &figures);
        }
        table.worst_hour(variants);
        let success = variants.iter().map(|v| v.total.availability.clone()).collect::<Vec<_>>();
        table.measure(&format!("success{pooled}"), Unit::Share, &success);
        if variants.iter().any(|variant| variant.lost_writes.is_some()) {
            let lost = variants.iter().map(|v| v.lost_writes.clone().unwrap_or_else(|| Estimate::none("no database")));
            let lost = lost.collect::<Vec<_>>();
            table.measure("acknowledged writes lost, a run", Unit::Plain("writes"), &lost);
            if loses_writes(comparison) {
                table.notes.push(
                    "success and lost requests count a write that is lost after it was acknowledged as answered"
                        .to_owned(),
                );
            }
        }
        for fault in fault_names(comparison) {
            let lost = variants.iter().map(|v| lost_in(v, &fault)).collect::<Vec<_>>();
            table.measure(&format!("lost in {fault}"), Unit::Plain("requests"), &lost);
            let recovered = variants.iter().map(|v| recovery_from(v, &fault)).collect::<Vec<_>>();
            let label = format!("recovered from {fault} after");
            table.measure(&label, Unit::Seconds, &recovered);
            for variant in variants {
                let shared = variant.faults.iter().find(|of| of.name == fault && !of.together.is_empty());
                table.notes.extend(shared.map(|of| format!("{label} of {}: {}", variant.name, of.together)));
            }
        }
        let mut rules = variants.iter().flat_map(|v| &v.faults).map(|fault| &fault.lost_rule);
        if let Some(rule) = rules.find(|rule| !rule.is_empty()) {
            table.notes.push(format!("lost: {rule}"));
        }
        let mut rules = variants.iter().flat_map(|v| &v.faults).map(|fault| &fault.recovery_rule);
        if let Some(rule) = rules.find(|rule| !rule.is_empty()) {
            table.notes.push(format!("recovered: {rule}"));
        }
        let month = variants.iter().map(|v| v.bill.month.clone()).collect::<Vec<_>>();
        table.measure("cost per month", Unit::Money(&comparison.currency), &month);
        table.main_lines(variants);
        table
    }

    /// A row with its figures and, where any variant has them, a row of intervals and one of ranges over the inputs.
    fn measure(&mut self, label: &str, unit: Unit<'_>, figures: &[Estimate]) {
        let names = self.variants.clone();
        let cells = names.iter().zip(figures).map(|(name, figure)| match (&figure.value, &figure.why) {
            (None, Some(why)) if why.chars().count() > CELL => {
                self.notes.push(format!("{label} of {name}: {why}"));
                "none, see below".to_owned()
            }
            _ => unit.value(figure),
        });
        let cells = cells.collect();
        self.push(label, false, cells);
        let confidence = figures.iter().find_map(|figure| figure.confidence).unwrap_or(0.95);
        let noise = figures.iter().map(|figure| unit.interval(figure).unwrap_or_default()).collect::<Vec<_>>();
        if noise.iter().any(|cell| !cell.is_empty()) {
            self.push(&format!("noise, {:.0} %", confidence * 100.0), true, noise);
        }
        let inputs = figures.iter().map(|figure| unit.inputs(figure).unwrap_or_default()).collect::<Vec<_>>();
        if inputs.iter().any(|cell| !cell.is_empty()) {
            self.push("over the inputs", true, inputs);
        }
    }

    /// p99 in the hour of the day in which it is highest, where hours were told: p99 of a day hides its evening.
    fn worst_hour(&mut self, variants: &[VariantResult]) {
        let worst = variants.iter().map(worst_hour).collect::<Vec<_>>();
        if worst.iter().all(Option::is_none) {
            return;
        }
        let cell = |hour: &HourPoint| {
            format!("{} at {:02}:{:02}", Unit::Milliseconds.value(&hour.p99_ms), hour.minute / 60, hour.minute % 60)
        };
        let cells = worst.iter().map(|hour| hour.map_or_else(|| "none".to_owned(), cell));
        self.push("p99 in its worst hour", false, cells.collect());
        let noise = |hour: &Option<&HourPoint>| hour.and_then(|hour| Unit::Milliseconds.interval(&hour.p99_ms));
        let noise = worst.iter().map(|hour| noise(hour).unwrap_or_default()).collect::<Vec<_>>();
        if noise.iter().any(|cell| !cell.is_empty()) {
            self.push("noise, 95 %", true, noise);
        }
    }

    /// The lines that make up most of the bills, and the rest as one.
    fn main_lines(&mut self, variants: &[VariantResult]) {
        let mut weights: Vec<(String, f64)> = Vec::new();
        for line in variants.iter().flat_map(|v| &v.bill.lines) {
            let amount = line.amount.value.unwrap_or(0.0);
            match weights.iter_mut().find(|(item, _)| *item == line.item) {
                Some((_, weight)) => *weight += amount,
                None => weights.push((line.item.clone(), amount)),
            }
        }
        let open = |item: &str| {
            let mut lines = variants.iter().flat_map(|v| &v.bill.lines);
            lines.any(|line| line.item == item && line.amount.value.is_none())
        };
        weights.retain(|(item, weight)| *weight != 0.0 || open(item));
        weights.sort_by(|a, b| b.1.total_cmp(&a.1));
        let many = weights.len() > MAIN_LINES + 1;
        let main = weights.iter().take(if many { MAIN_LINES } else { MAIN_LINES + 1 }).map(|(item, _)| item.as_str());
        let main = main.collect::<Vec<_>>();
        // Cents or none in all cells alike.
        let largest = variants.iter().filter_map(|v| v.bill.month.value).fold(0.0, f64::max);
        for item in &main {
            let cells = variants.iter().map(|v| sum_cell(v, largest, |line| line.item == *item)).collect();
            self.push(item, true, cells);
        }
        if many {
            let label = format!("{} other lines", weights.len() - MAIN_LINES);
            let cells =
                variants.iter().map(|v| sum_cell(v, largest, |line| !main.contains(&line.item.as_str()))).collect();
            self.push(&label, true, cells);
        }
    }

    fn push(&mut self, label: &str, detail: bool, cells: Vec<String>) {
        self.rows.push(Row { label: label.to_owned(), detail, cells });
    }
}

/// The sum of the lines that `take` picks, marked where a price in it is estimated or not known.
fn sum_cell(variant: &VariantResult, largest: f64, take: impl Fn(&BillLine) -> bool) -> String {
    let lines = variant.bill.lines.iter().filter(|line| take(line)).collect::<Vec<_>>();
    let Some(total) = lines.iter().filter_map(|line| line.amount.value).reduce(|a, b| a + b) else {
        return if lines.is_empty() { "–".to_owned() } else { "no price".to_owned() };
    };
    let mark = if lines.iter().any(|line| line.amount.value.is_none()) {
        "at least "
    } else if lines.iter().any(|line| line.status == "estimated") {
        "est. "
    } else {
        ""
    };
    format!("{mark}{}", invoice(total, largest))
}

/// The quantile of all requests of a variant.
pub fn quantile_of(variant: &VariantResult, quantile: &str) -> Estimate {
    variant.total.latency_ms.get(quantile).cloned().unwrap_or_else(|| Estimate::none("not measured"))
}

/// ` of answered` where a variant left requests unanswered: a latency is that of the others.
fn of_answered(variants: &[VariantResult]) -> &'static str {
    let some_failed = |v: &VariantResult| v.total.availability.value.is_some_and(|answered| answered < 0.999);
    if variants.iter().any(some_failed) { " of answered" } else { "" }
}

/// How long after a named fault's start a variant was back.
fn recovery_from(variant: &VariantResult, fault: &str) -> Estimate {
    let found = variant.faults.iter().find(|summary| summary.name == fault);
    found.map_or_else(|| Estimate::none("not in this variant"), |summary| summary.recovery_s.clone())
}

/// Requests that a variant lost to a named fault.
pub fn lost_in(variant: &VariantResult, fault: &str) -> Estimate {
    let found = variant.faults.iter().find(|summary| summary.name == fault);
    found.map_or_else(|| Estimate::none("not in this variant"), |summary| summary.lost.clone())
}

/// Every fault that the scenario or a variant names, in order.
pub fn fault_names(comparison: &Comparison) -> Vec<String> {
    let scenario = comparison.faults.iter().map(|fault| &fault.name);
    let variants = comparison.variants.iter().flat_map(|v| &v.faults).map(|fault| &fault.name);
    let mut names: Vec<String> = Vec::new();
    for name in scenario.chain(variants) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}
