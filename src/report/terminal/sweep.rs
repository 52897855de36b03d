//! The answer of `sweep`: the sentences, then a table of the figures at every point.

use super::table::Grid;
use super::{Style, heading, items, paragraph, verdict};
use crate::record::{Sweep, SweepPoint};
use crate::report::number::{Unit, span};

/// More objectives than this are left to the charts and the CSV.
const OWN_MAX: usize = 4;

/// The whole answer as text of at most `width` columns.
pub fn sweep(sweep: &Sweep, width: usize, style: Style) -> String {
    let mut out = verdict(&sweep.verdict, width, style);
    let short = sweep.hash.get(..12).unwrap_or(&sweep.hash);
    let how = format!(
        "{}: {} points, {} × {} simulated at each · seed {} · eastwest {} · first point {short}",
        sweep.scenario,
        sweep.points.len(),
        sweep.replications,
        span(sweep.horizon_s),
        sweep.seed,
        sweep.engine
    );
    out.push_str(
        &paragraph(&how, 0, 2, width).lines().map(|line| format!("{}\n", style.dim(line))).collect::<String>(),
    );
    out.push_str(&heading("Swept", style));
    for axis in &sweep.axes {
        let text = format!("{}: {} to {}", axis.name, axis.set.join(", "), axis.values.join(", "));
        out.push_str(&paragraph(&text, 2, 4, width));
    }
    out.push_str(&heading("Result", style));
    let grid = table(sweep);
    for (index, line) in grid.lines(2, width).iter().enumerate() {
        out.push_str(&if index == 0 { style.bold(line) } else { line.clone() });
        out.push('\n');
    }
    out.push_str(&items("Warnings", &sweep.warnings, width, style));
    style.finish(out)
}

/// A row for each variant at each point.
fn table(sweep: &Sweep) -> Grid {
    let known = ["p50", "p99", "availability", "cost"];
    let mut figures: Vec<&str> = known.to_vec();
    let mut own: Vec<&str> = Vec::new();
    for gate in sweep.points.iter().flat_map(|point| &point.gates) {
        if !own.contains(&gate.name.as_str()) {
            own.push(&gate.name);
        }
    }
    figures.extend(own.into_iter().take(OWN_MAX));
    let priced = sweep.points.iter().any(|point| of(point, 0, "cost").is_some_and(|(_, value)| value != 0.0));
    figures.retain(|figure| *figure != "cost" || priced);
    let axes = sweep.axes.iter().map(|axis| axis.name.clone());
    let head: Vec<String> =
        axes.chain(["variant".to_owned()]).chain(figures.iter().map(|name| (*name).to_owned())).collect();
    let mut rows = Vec::new();
    for point in &sweep.points {
        for (index, variant) in point.variants.iter().enumerate() {
            let mut cells = point.values.clone();
            cells.push(variant.name.clone());
            for figure in &figures {
                let told = of(point, index, figure).map_or_else(|| "none".to_owned(), |(told, _)| told);
                cells.push(told);
            }
            rows.push(cells);
        }
    }
    let first = sweep.axes.len() + 1;
    Grid { figures: (first..head.len()).collect(), head, rows }
}

/// A figure as it is printed, and its value.
fn of(point: &SweepPoint, variant: usize, name: &str) -> Option<(String, f64)> {
    let figure = point.variants.get(variant)?.figures.iter().find(|figure| figure.name == name)?;
    let unit = Unit::named(&figure.unit);
    let value = figure.estimate.value?;
    let half = crate::report::number::half_width(&figure.estimate).filter(|half| *half > 1e-9 * value.abs());
    let told = match half {
        Some(half) => format!("{} ± {}", unit.value(&figure.estimate), plain(unit, half)),
        None => unit.value(&figure.estimate),
    };
    Some((told, value))
}

/// A half-width without its unit where the figure beside it has it.
fn plain(unit: Unit<'_>, half: f64) -> String {
    let unit = if unit == Unit::Share { Unit::Points } else { unit };
    unit.amount(half, None)
}
