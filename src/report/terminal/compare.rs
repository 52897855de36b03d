//! The answer of `compare`: the verdict, what differs, one table, the differences, the bill, the gates, what to beware of.

use super::{Style, bill, business, gates, harm, heading, items, paragraph, table, verdict};
use crate::record::{Comparison, Estimate, HourPoint, RequestSummary};
use crate::report::decision::Decision;
use crate::report::number::{Unit, span};
use crate::report::sentence;

/// Of the bytes that come to a cap, the dropped share that is told by the hour.
const WORTH_TELLING: f64 = 0.001;

/// The whole answer as text of at most `width` columns (figures and names that are wider than that excepted).
pub fn compare(comparison: &Comparison, width: usize, style: Style) -> String {
    let mut out = verdict(&comparison.verdict, width, style);
    if !comparison.robustness.is_empty() {
        out.push_str(&paragraph(&comparison.robustness, 0, 0, width));
    }
    out.push_str(&how(comparison, width, style));
    out.push_str(&changes(comparison, width, style));
    out.push_str(&heading("Result", style));
    out.push_str(&table::decision(&Decision::of(comparison), width, style));
    out.push_str(&streams(comparison, width, style));
    out.push_str(&hours(comparison, width, style));
    out.push_str(&paired(comparison, width, style));
    out.push_str(&harm::harm(comparison, width, style));
    out.push_str(&bill::bills(&bill::of_variants(&comparison.variants), width, style));
    out.push_str(&business::business(comparison, width, style));
    out.push_str(&gates::gates(comparison, width, style));
    out.push_str(&before(comparison, width, style));
    out.push_str(&items("Warnings", &comparison.warnings, width, style));
    out.push_str(&items("Assumed", &comparison.assumptions, width, style));
    style.finish(out)
}

/// What the figures stand on: replications, seed, warm-up, engine, books, scenario.
pub(super) fn how(comparison: &Comparison, width: usize, style: Style) -> String {
    let short = comparison.hash.get(..12).unwrap_or(&comparison.hash);
    let mut facts = vec![
        format!("{} × {} simulated", comparison.replications, span(comparison.horizon_s)),
        format!("seed {}", comparison.seed),
        comparison.warm_up.clone(),
        format!("eastwest {}", comparison.engine),
        format!("scenario {short}"),
    ];
    facts.extend(comparison.books.iter().map(|(name, version)| format!("{name} {version}")));
    facts.retain(|fact| !fact.is_empty());
    let text = format!("{}: {}", comparison.scenario, facts.join(" · "));
    let text = paragraph(&text, 0, 2, width);
    text.lines().map(|line| format!("{}\n", style.dim(line))).collect()
}

fn changes(comparison: &Comparison, width: usize, style: Style) -> String {
    if comparison.variants.iter().all(|variant| variant.changes.is_empty()) {
        return String::new();
    }
    let mut out = heading("What differs", style);
    let names = comparison.variants.iter().map(|v| v.name.chars().count()).max().unwrap_or(0).min(24);
    for variant in &comparison.variants {
        let words = if variant.changes.is_empty() {
            "as written, nothing changed".to_owned()
        } else {
            variant.changes.join("; ")
        };
        out.push_str(&paragraph_after(&variant.name, names, &words, width));
    }
    out
}

/// What the table above pools, taken apart: a table for each stream and operation, where there is more than one.
fn streams(comparison: &Comparison, width: usize, style: Style) -> String {
    let key = |row: &RequestSummary| (row.entry.clone(), row.operation.clone());
    let mut keys: Vec<(String, String)> = Vec::new();
    for row in comparison.variants.iter().flat_map(|variant| &variant.rows) {
        if !keys.contains(&key(row)) {
            keys.push(key(row));
        }
    }
    if keys.len() < 2 {
        return String::new();
    }
    let mut out = heading("By stream (with 95 % intervals)", style);
    let none = Estimate::none("none");
    let cell = |unit: Unit<'_>, figure: Option<&Estimate>| {
        let figure = figure.filter(|figure| figure.value.is_some()).unwrap_or(&none);
        match unit.interval(figure) {
            Some(interval) => format!("{} ({interval})", unit.value(figure)),
            None if figure.value.is_none() => "none".to_owned(),
            None => unit.value(figure),
        }
    };
    for (stream, operation) in keys {
        let title = if operation.is_empty() { stream.clone() } else { format!("{stream}, {operation}") };
        let mut grid = table::Grid {
            head: vec![title, "p50".to_owned(), "p99".to_owned(), "success".to_owned()],
            rows: Vec::new(),
            figures: vec![1, 2, 3],
        };
        for variant in &comparison.variants {
            let Some(row) = variant.rows.iter().find(|row| row.entry == stream && row.operation == operation) else {
                continue;
            };
            grid.rows.push(vec![
                format!("  {}", variant.name),
                cell(Unit::Milliseconds, row.latency_ms.get("p50")),
                cell(Unit::Milliseconds, row.latency_ms.get("p99")),
                cell(Unit::Share, Some(&row.availability)),
            ]);
        }
        for (index, line) in grid.lines(2, width).iter().enumerate() {
            out.push_str(&if index == 0 { style.dim(line) } else { line.clone() });
            out.push('\n');
        }
    }
    out
}

/// p99 by hour of the day, and beside it what happened in that hour at the cap where most was dropped or waited longest.
fn hours(comparison: &Comparison, width: usize, style: Style) -> String {
    let Some(most) = comparison.variants.iter().map(|variant| variant.hours.len()).max().filter(|&hours| hours > 0)
    else {
        return String::new();
    };
    let mut out = heading("p99 by hour of the day", style);
    let head = std::iter::once(String::new()).chain(comparison.variants.iter().map(|variant| variant.name.clone()));
    let row = |index: usize| {
        let hours = || comparison.variants.iter().map(move |variant| variant.hours.get(index));
        let minute = hours().flatten().next().map_or(0, |hour| hour.minute);
        let cell = |hour: Option<&HourPoint>| {
            hour.map_or_else(String::new, |hour| {
                let p99 =
                    hour.p99_ms.value.map_or_else(|| "none".to_owned(), |_| Unit::Milliseconds.value(&hour.p99_ms));
                let dropped = hour.caps.iter().map(|cap| cap.dropped_share).fold(0.0, f64::max);
                let wait = hour.caps.iter().filter_map(|cap| cap.wait_ms).fold(0.0, f64::max);
                if dropped >= WORTH_TELLING {
                    format!("{p99}, drops {}", Unit::Share.amount(dropped, None))
                } else if wait > 1.0 && wait >= 0.01 * hour.p99_ms.value.unwrap_or(0.0) {
                    format!("{p99}, waits {}", Unit::Milliseconds.amount(wait, None))
                } else {
                    p99
                }
            })
        };
        let from = format!("{:02}:{:02}", minute / 60, minute % 60);
        std::iter::once(from).chain(hours().map(cell)).collect::<Vec<_>>()
    };
    let figures = (1..=comparison.variants.len()).collect();
    let grid = table::Grid { head: head.collect(), rows: (0..most).map(row).collect(), figures };
    for (index, line) in grid.lines(2, width).iter().enumerate() {
        out.push_str(&if index == 0 { style.dim(line) } else { line.clone() });
        out.push('\n');
    }
    out
}

fn paired(comparison: &Comparison, width: usize, style: Style) -> String {
    let sentences = sentence::differences(comparison);
    if sentences.is_empty() {
        return String::new();
    }
    let mut out = heading("Differences, request by request (family-wise 95 % intervals)", style);
    for text in sentences {
        out.push_str(&paragraph(&text, 2, 4, width));
    }
    out
}

fn before(comparison: &Comparison, width: usize, style: Style) -> String {
    let named =
        comparison.variants.iter().flat_map(|v| v.prerequisites.iter().map(move |text| format!("{}: {text}", v.name)));
    items("Before you can build this", &named.collect::<Vec<_>>(), width, style)
}

/// A name in a column of its own, words beside it with a hanging indent; a longer name gets a line of its own.
fn paragraph_after(name: &str, column: usize, words: &str, width: usize) -> String {
    let indent = 2 + column + 2;
    let body = paragraph(words, indent, indent, width);
    let length = name.chars().count();
    if length > column {
        return format!("  {name}\n{body}");
    }
    format!("  {name}{}{}", " ".repeat(column - length + 2), body.trim_start())
}
