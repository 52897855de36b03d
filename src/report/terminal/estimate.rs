//! What `estimate` prints: what costs the same where, floors, load and bill of each variant, in closed form.

use super::bill::bill;
use super::table::Grid;
use super::{Style, heading, items, paragraph};
use crate::record::{LoadProjection, LoadState, Projection, VariantProjection, VariantResult};
use crate::units::significant;

/// Things with a capacity that get a line, busiest first.
const BUSIEST: usize = 6;

/// The closed form of every variant.
pub fn estimate(projection: &Projection, width: usize, style: Style) -> String {
    let mut out = paragraph(&format!("{}: {}", projection.scenario, projection.question), 0, 2, width);
    let sentences: Vec<String> =
        projection.break_evens.iter().flat_map(|pair| pair.sentences.iter().cloned()).collect();
    out.push_str(&items("Where two variants cost the same", &sentences, width, style));
    out.push_str(&heading("Floors: means without queueing, jitter or loss, on warm connections", style));
    out.push_str(&floors(projection, width));
    for variant in &projection.variants {
        out.push_str(&heading(&format!("Variant {}", variant.name), style));
        if !variant.steady {
            out.push_str(&paragraph("More comes than can be served: no state of this variant lasts.", 2, 2, width));
        }
        out.push_str(&traffic(variant, width));
        out.push_str(&loads(variant, width));
        let priced = VariantResult { name: "a month".into(), bill: variant.bill.clone(), ..VariantResult::default() };
        out.push_str(&bill(&priced, width, style));
        for warning in &variant.warnings {
            out.push_str(&paragraph(&format!("! {warning}"), 2, 4, width));
        }
    }
    let needed: Vec<String> = projection
        .variants
        .iter()
        .flat_map(|variant| variant.prerequisites.iter().map(|what| format!("{}: {what}", variant.name)))
        .collect();
    out.push_str(&items("Before you can build this", &needed, width, style));
    out.push_str(&items("Assumed", &projection.assumptions, width, style));
    style.finish(out)
}

fn lines(grid: &Grid, indent: usize, width: usize) -> String {
    grid.lines(indent, width).iter().map(|line| format!("{line}\n")).collect()
}

/// Operations down, variants across.
fn floors(projection: &Projection, width: usize) -> String {
    let names = projection.variants.iter().map(|variant| variant.name.clone());
    let head = std::iter::once(String::new()).chain(names).collect();
    let mut rows = Vec::new();
    let first = projection.variants.first().map_or(&[][..], |variant| &variant.floors);
    for (at, floor) in first.iter().enumerate() {
        let mut row = vec![format!("{} {} from {}", floor.stream, floor.operation, floor.region)];
        row.extend(projection.variants.iter().map(|variant| match variant.floors.get(at) {
            Some(floor) => {
                format!("{} ms, {} of it network", significant(floor.floor_ms, 3), significant(floor.network_ms, 3))
            }
            None => String::new(),
        }));
        rows.push(row);
    }
    lines(&Grid { head, rows, figures: (1..=projection.variants.len()).collect() }, 2, width)
}

/// Bytes by product, and the round trip of its longest path.
fn traffic(variant: &VariantProjection, width: usize) -> String {
    let mut products: Vec<&str> = Vec::new();
    for path in &variant.paths {
        if !products.contains(&path.via.as_str()) {
            products.push(&path.via);
        }
    }
    let head = ["via", "calls/s", "at the peak", "GB a month there", "GB a month back", "longest round trip"];
    let mut rows = Vec::new();
    for product in products {
        let of = || variant.paths.iter().filter(|path| path.via == product && path.calls_per_s_peak > 0.0);
        if of().next().is_none() {
            continue;
        }
        let figure = |value: f64| significant(value, 4);
        rows.push(vec![
            product.to_owned(),
            figure(of().map(|path| path.calls_per_s).sum()),
            figure(of().map(|path| path.calls_per_s_peak).sum()),
            figure(of().map(|path| path.forward_gb_month).sum()),
            figure(of().map(|path| path.back_gb_month).sum()),
            format!("{} ms", figure(of().map(|path| path.round_trip_ms).fold(0.0, f64::max))),
        ]);
    }
    lines(&Grid { head: head.map(str::to_owned).into(), rows, figures: vec![1, 2, 3, 4, 5] }, 2, width)
}

/// The busiest things.
fn loads(variant: &VariantProjection, width: usize) -> String {
    let head = ["busiest", "mean", "peak", ""].map(str::to_owned).into();
    let share = |share: f64| format!("{} %", significant(share * 100.0, 3));
    let row = |load: &LoadProjection| {
        let state = match load.state {
            LoadState::Easy => "",
            LoadState::High => "high at the peak",
            LoadState::OverAtPeak => "more than it can take at the peak",
            LoadState::Over => "more than it can take",
        };
        vec![format!("{} {}", load.kind, load.name), share(load.mean), share(load.peak), state.to_owned()]
    };
    let rows: Vec<Vec<String>> = variant.loads.iter().take(BUSIEST).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    lines(&Grid { head, rows, figures: vec![1, 2] }, 2, width)
}
