//! Charts that answer an architect: the tail, the bill, cost against the tail, the course through a fault, and the day by
//! hours where one was run.
//!
//! Each has a headline computed from the figures, names beside the lines instead of a legend, the intervals, and a table
//! of the same figures for those who read tables. Drawn by plotters on a canvas of our own; no system fonts.

mod board;
mod canvas;
mod cost;
mod curve;
mod downtime;
mod hours;
mod labels;
mod pareto;
mod png;
mod sweep;
mod theme;
mod ticks;
mod timeline;

use crate::record::Comparison;

use super::number::{count, span};

pub use downtime::downtime;
pub(super) use png::png;
pub use sweep::{Curve, curves};

pub(super) use theme::{dark_line_hex, dark_rules, line_hex};

/// A chart, ready to be written or to stand in a page.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// Name of its files: `latency`, `cost`, `choice`, `timeline`, `hours`.
    pub name: &'static str,
    /// The computed sentence on top.
    pub headline: String,
    /// The drawing.
    pub svg: String,
    /// Its figures: heads, then rows.
    pub head: Vec<String>,
    /// Rows of the table.
    pub rows: Vec<Vec<String>>,
}

impl Figure {
    /// The drawing as PNG, two pixels for each of the drawing's.
    pub fn png(&self) -> Vec<u8> {
        png(&self.svg)
    }
}

/// A drawing as PNG, two pixels for each of its own.
pub fn picture(svg: &str) -> Vec<u8> {
    png(svg)
}

/// The charts of a study, in the order in which a reader asks.
pub fn figures(comparison: &Comparison) -> Vec<Figure> {
    let mut figures = vec![
        curve::curve(comparison),
        cost::cost(comparison),
        pareto::pareto(comparison),
        timeline::timeline(comparison),
    ];
    figures.extend(hours::hours(comparison));
    figures
}

/// What every chart stands on, for its last line.
fn footer(comparison: &Comparison) -> String {
    let sent = comparison.variants.iter().map(|v| v.total.sent).max().unwrap_or(0);
    let stopped = if comparison.partial.is_some() { "stopped early, " } else { "" };
    format!(
        "{}: {stopped}{} replications of {}, {} requests per variant, seed {}, eastwest {}",
        comparison.scenario,
        comparison.replications,
        span(comparison.horizon_s),
        count(sent),
        comparison.seed,
        comparison.engine
    )
}

/// The level of the study's intervals, for captions: `95 %`.
fn level(comparison: &Comparison) -> String {
    let figures = comparison.variants.iter().flat_map(|v| v.total.latency_ms.values());
    let confidence = figures.filter_map(|figure| figure.confidence).next().unwrap_or(0.95);
    format!("{:.0} %", confidence * 100.0)
}
