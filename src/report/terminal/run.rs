//! The answer of `run`: one variant after the other with its rows, its edges and what was busy.

use super::table::Grid;
use super::{Style, bill, compare, gates, harm, heading, items, table, verdict};
use crate::record::{Comparison, Estimate, ResourceSummary, VariantResult};
use crate::report::decision::Decision;
use crate::report::number::{Unit, count};

/// How many of the busiest resources are printed; the rest is in the files.
const BUSIEST: usize = 8;

/// All that was measured of each variant in `comparison`.
pub fn run(comparison: &Comparison, width: usize, style: Style) -> String {
    // A run has no verdict to begin with; that it was stopped stands first all the same.
    let mut out = verdict(comparison.partial.as_deref().unwrap_or_default(), width, style);
    out.push_str(&compare::how(comparison, width, style));
    out.push_str(&heading("Result", style));
    out.push_str(&table::decision(&Decision::of(comparison), width, style));
    let many = comparison.variants.len() > 1;
    for variant in &comparison.variants {
        let of = if many { format!(" of {}", variant.name) } else { String::new() };
        out.push_str(&section(&format!("Requests{of}"), &rows(variant), width, style));
        out.push_str(&section(&format!("Calls{of}"), &edges(variant), width, style));
        out.push_str(&section(&format!("Busiest{of}"), &busiest(variant), width, style));
        out.push_str(&section(&format!("Replicas{of}"), &scaling(variant), width, style));
        out.push_str(&section(&format!("Stores{of}"), &stores(variant), width, style));
    }
    out.push_str(&harm::harm(comparison, width, style));
    out.push_str(&bill::bills(&bill::of_variants(&comparison.variants), width, style));
    out.push_str(&gates::gates(comparison, width, style));
    out.push_str(&items("Warnings", &comparison.warnings, width, style));
    out.push_str(&items("Assumed", &comparison.assumptions, width, style));
    style.finish(out)
}

fn section(title: &str, grid: &Grid, width: usize, style: Style) -> String {
    if grid.rows.is_empty() {
        return String::new();
    }
    let mut out = heading(title, style);
    for (index, line) in grid.lines(2, width).iter().enumerate() {
        out.push_str(&if index == 0 { style.dim(line) } else { line.clone() });
        out.push('\n');
    }
    out
}

fn head(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

/// `247 ms ± ...` in one cell.
fn with_interval(unit: Unit<'_>, figure: &Estimate) -> String {
    match unit.interval(figure) {
        Some(interval) => format!("{} ({interval})", unit.value(figure)),
        None => unit.value(figure),
    }
}

fn rows(variant: &VariantResult) -> Grid {
    let rows = variant.rows.iter().map(|row| {
        let quantile =
            |name: &str| row.latency_ms.get(name).map_or_else(|| "none".to_owned(), |q| Unit::Milliseconds.value(q));
        let failed = row.failed.iter().map(|(class, times)| format!("{} {class}", count(*times))).collect::<Vec<_>>();
        vec![
            format!("{} {}", row.entry, row.operation),
            count(row.sent),
            quantile("p50"),
            quantile("p99"),
            quantile("p99.9"),
            Unit::Share.value(&row.availability),
            failed.join(", "),
        ]
    });
    Grid {
        head: head(&["", "sent", "p50", "p99", "p99.9", "success", "failed"]),
        rows: rows.collect(),
        figures: (1..=5).collect(),
    }
}

fn edges(variant: &VariantResult) -> Grid {
    let rows = variant.edges.iter().map(|edge| {
        let quantile = |name: &str| {
            edge.latency_ms.get(name).map_or_else(|| "none".to_owned(), |ms| Unit::Milliseconds.amount(*ms, None))
        };
        let failed = edge.failed.values().sum::<u64>();
        vec![
            format!("{} → {}", edge.from, edge.to),
            count(edge.calls),
            Unit::Plain("").value(&edge.amplification),
            count(failed),
            quantile("p50"),
            quantile("p99"),
            count(edge.connections),
        ]
    });
    let titles = ["", "calls", "attempts per call", "failed", "p50", "p99", "connections"];
    Grid { head: head(&titles), rows: rows.collect(), figures: (1..=6).collect() }
}

fn busiest(variant: &VariantResult) -> Grid {
    let mut all = variant.resources.iter().collect::<Vec<&ResourceSummary>>();
    all.sort_by(|a, b| b.utilisation.value.unwrap_or(-1.0).total_cmp(&a.utilisation.value.unwrap_or(-1.0)));
    let rows = all.into_iter().take(BUSIEST).map(|resource| {
        vec![
            format!("{} {}", resource.kind, resource.name),
            with_interval(Unit::Share, &resource.utilisation),
            Unit::Milliseconds.value(&resource.wait_ms),
            Unit::Share.value(&resource.blocked),
        ]
    });
    Grid { head: head(&["", "busy", "mean wait", "turned away"]), rows: rows.collect(), figures: vec![1, 2, 3] }
}

fn stores(variant: &VariantResult) -> Grid {
    let rows = variant.stores.iter().map(|row| {
        let names = [row.store.clone(), row.service.clone()];
        let counts = [row.asked, row.wrong].map(|count| count.to_string());
        names.into_iter().chain(counts).chain([with_interval(Unit::Share, &row.share)]).collect()
    });
    let titles = ["", "used by", "calls", "for another cluster's data", "share"];
    Grid { head: head(&titles), rows: rows.collect(), figures: (2..=4).collect() }
}

fn scaling(variant: &VariantResult) -> Grid {
    let rows = variant.scaling.iter().map(|row| {
        let counts = [row.start, row.least, row.most].map(|count| count.to_string());
        let mean = with_interval(Unit::Plain(""), &row.mean);
        std::iter::once(row.name.clone()).chain(counts).chain([mean]).collect()
    });
    let titles = ["", "at first", "fewest", "most", "on average"];
    Grid { head: head(&titles), rows: rows.collect(), figures: (1..=4).collect() }
}
