//! The answer of `estimate`: the closed form of every variant, and where two of them cost the same.

use super::table::{self, Grid};
use super::{Style, bill, heading, items, paragraph};
use crate::record::{Estimate, FloorProjection, LoadProjection, LoadState, Projection, VariantProjection};
use crate::report::decision::{Decision, Row};
use crate::report::number::{Unit, mark, place, rounded};

/// How many of the busiest things of a variant are printed.
const BUSIEST: usize = 6;
/// Above this many variants only the pairs with the first are printed.
const MANY: usize = 3;

/// What can be said of the scenario without a simulation.
pub fn estimate(projection: &Projection, width: usize, style: Style) -> String {
    let mut out = String::new();
    // Of many variants each against the first; all pairs stand in the JSON.
    let first = projection.variants.first().map_or("", |variant| variant.name.as_str());
    let many = projection.variants.len() > MANY;
    let printed = || projection.break_evens.iter().filter(|pair| !many || pair.a == first);
    for sentence in printed().flat_map(|pair| &pair.sentences) {
        out.push_str(&paragraph(sentence, 0, 2, width));
    }
    let left = projection.break_evens.len() - printed().count();
    if left > 0 {
        out.push_str(&paragraph(&format!("{left} more pairs with --format json"), 0, 2, width));
    }
    let about = format!("{}, closed form without a simulation: {}", projection.scenario, projection.question);
    for line in paragraph(&about, 0, 2, width).lines() {
        out.push_str(&format!("{}\n", style.dim(line)));
    }
    out.push_str(&heading("At a glance (floors are means)", style));
    out.push_str(&table::decision(&glance(projection), width, style));
    out.push_str(&loads(projection, width, style));
    out.push_str(&traffic(projection, width, style));
    let bills = projection.variants.iter().map(|v| (v.name.as_str(), &v.bill)).collect::<Vec<_>>();
    out.push_str(&bill::bills(&bills, width, style));
    out.push_str(&items("Before you can build this", &named(projection, |v| &v.prerequisites), width, style));
    out.push_str(&items("Warnings", &named(projection, |v| &v.warnings), width, style));
    out.push_str(&items("Assumed", &projection.assumptions, width, style));
    style.finish(out)
}

/// Cost, traffic, floors and the tightest spot of every variant.
fn glance(projection: &Projection) -> Decision {
    let variants = &projection.variants;
    let mut rows = Vec::new();
    let mut row = |label: &str, detail: bool, cells: Vec<String>| {
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push(Row { label: label.to_owned(), detail, cells });
        }
    };
    let each = |cell: &dyn Fn(&VariantProjection) -> String| variants.iter().map(cell).collect::<Vec<_>>();
    row("cost per month", false, each(&|v| cost(v)));
    let money = |v: &VariantProjection| Unit::Money(&v.bill.currency).inputs(&v.bill.month).unwrap_or_default();
    row("over the inputs", true, each(&money));
    row("priced traffic", true, each(&|v| format!("{} GB", mark(v.bill.gigabytes_month))));
    for (stream, operation) in operations(variants) {
        let floor =
            |v: &VariantProjection| floor_of(v, &stream, &operation).map_or_else(String::new, |f| ms(f.floor_ms));
        let network =
            |v: &VariantProjection| floor_of(v, &stream, &operation).map_or_else(String::new, |f| ms(f.network_ms));
        row(&format!("floor of {stream} {operation}"), false, each(&floor));
        row("of which network", true, each(&network));
    }
    let busiest = |v: &VariantProjection| v.loads.first().map_or_else(String::new, |load| share(load.mean));
    let at_peak = |v: &VariantProjection| v.loads.first().map_or_else(String::new, |load| share(load.peak));
    row("busiest part", false, each(&busiest));
    row("at the peak", true, each(&at_peak));
    row(
        "which",
        true,
        each(&|v| v.loads.first().map_or_else(String::new, |load| format!("{} {}", load.kind, load.name))),
    );
    row("keeps up with the mean load", false, each(&|v| if v.steady { "yes".to_owned() } else { "no".to_owned() }));
    Decision { variants: variants.iter().map(|v| v.name.clone()).collect(), rows, notes: Vec::new() }
}

fn cost(variant: &VariantProjection) -> String {
    let open = variant.bill.lines.iter().any(|line| line.amount.value.is_none());
    let month: &Estimate = &variant.bill.month;
    format!("{}{}", if open { "at least " } else { "" }, Unit::Money(&variant.bill.currency).value(month))
}

fn operations(variants: &[VariantProjection]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for floor in variants.iter().flat_map(|v| &v.floors) {
        let key = (floor.stream.clone(), floor.operation.clone());
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all
}

fn floor_of<'a>(variant: &'a VariantProjection, stream: &str, operation: &str) -> Option<&'a FloorProjection> {
    variant.floors.iter().find(|floor| floor.stream == stream && floor.operation == operation)
}

fn ms(value: f64) -> String {
    Unit::Milliseconds.amount(value, None)
}

/// A utilisation in percent; unlike a share of requests it may pass 100 %.
fn share(value: f64) -> String {
    format!("{} %", rounded(value * 100.0, place(value * 100.0, 2).min(0)))
}

fn loads(projection: &Projection, width: usize, style: Style) -> String {
    let mut grid = Grid { head: head(&["", "", "mean", "peak", ""]), rows: Vec::new(), figures: vec![2, 3] };
    for variant in &projection.variants {
        grid.rows.extend(variant.loads.iter().take(BUSIEST).enumerate().map(|(index, load)| {
            let name = if index == 0 { variant.name.clone() } else { String::new() };
            vec![
                name,
                format!("{} {}", load.kind, load.name),
                share(load.mean),
                share(load.peak),
                state(load).to_owned(),
            ]
        }));
    }
    section("How busy", &grid, width, style)
}

fn state(load: &LoadProjection) -> &'static str {
    match load.state {
        LoadState::Easy => "",
        LoadState::High => "70 % or more at the peak",
        LoadState::OverAtPeak => "too little at the peak",
        LoadState::Over => "too little: no steady state",
    }
}

/// Calls and bytes by the product that carries them.
fn traffic(projection: &Projection, width: usize, style: Style) -> String {
    let titles = ["", "via", "calls/s", "at the peak", "GB per month there", "and back", "longest round trip"];
    let mut grid = Grid { head: head(&titles), rows: Vec::new(), figures: (2..=6).collect() };
    for variant in &projection.variants {
        let mut products: Vec<&str> = Vec::new();
        for path in variant.paths.iter().filter(|path| path.calls_per_s_peak > 0.0) {
            if !products.contains(&path.via.as_str()) {
                products.push(&path.via);
            }
        }
        for (index, product) in products.into_iter().enumerate() {
            let of = || variant.paths.iter().filter(|path| path.via == product && path.calls_per_s_peak > 0.0);
            let figure = |value: f64| rounded(value, place(value, 3).min(0));
            grid.rows.push(vec![
                if index == 0 { variant.name.clone() } else { String::new() },
                product.to_owned(),
                figure(of().map(|path| path.calls_per_s).sum()),
                figure(of().map(|path| path.calls_per_s_peak).sum()),
                figure(of().map(|path| path.forward_gb_month).sum()),
                figure(of().map(|path| path.back_gb_month).sum()),
                ms(of().map(|path| path.round_trip_ms).fold(0.0, f64::max)),
            ]);
        }
    }
    section("Traffic by product", &grid, width, style)
}

fn head(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

fn section(title: &str, grid: &Grid, width: usize, style: Style) -> String {
    if grid.rows.is_empty() {
        return String::new();
    }
    let lines = grid.lines(2, width);
    let lines = lines.iter().enumerate().map(|(index, line)| if index == 0 { style.dim(line) } else { line.clone() });
    format!("{}{}\n", heading(title, style), lines.collect::<Vec<_>>().join("\n"))
}

/// Texts of every variant behind its name; a text that all of them share stands once.
fn named(projection: &Projection, of: impl Fn(&VariantProjection) -> &Vec<String>) -> Vec<String> {
    let variants = &projection.variants;
    let shared = |text: &String| variants.len() > 1 && variants.iter().all(|v| of(v).contains(text));
    let first = variants.first().into_iter().flat_map(&of).filter(|text| shared(text)).cloned();
    let own = variants
        .iter()
        .flat_map(|v| of(v).iter().filter(|text| !shared(text)).map(move |text| format!("{}: {text}", v.name)));
    first.chain(own).collect()
}
