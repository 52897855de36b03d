//! How bad is the tail: latency by percentile, x = log 1/(1-p) so that p90, p99 and p99.9 are equally far apart.

use crate::record::{Comparison, Estimate, VariantResult};
use crate::report::decision::quantile_of;
use crate::report::number::{Unit, mark_ms};
use crate::report::sentence;

use super::board::{Board, Hold, Plot, Type, WIDTH};
use super::labels::{Area, spread};
use super::{Figure, footer, level, theme, ticks};

const LEFT: f64 = 78.0;
const SPACE: f64 = 350.0;
/// Half the length of a gate's mark.
const GATE: f64 = 46.0;

/// A point of a variant's curve: x, and the figure.
type Point<'a> = (f64, &'a Estimate);

/// The percentile curve of all requests.
pub(super) fn curve(comparison: &Comparison) -> Figure {
    let headline = sentence::tail(comparison);
    let limits = limits(comparison);
    let curves = comparison.variants.iter().map(points).collect::<Vec<_>>();
    let (low, high) = reach(&curves, &limits);
    let far = limits.iter().filter(|(_, limit)| *limit > high || *limit < low);
    let far = far.map(|(check, limit)| format!("; {check}: {} is off this chart", mark_ms(*limit))).collect::<String>();
    let open = curves.iter().flatten().any(|(_, figure)| unbounded(figure));
    let dotted = if open { "; dotted where this many requests give no bound" } else { "" };
    let caption = format!(
        "Latency of successful requests by percentile; shade: {} interval over replications{dotted}{far}",
        level(comparison)
    );
    let board = Board::new(&headline, &caption, &footer(comparison), SPACE);

    let names = comparison.variants.iter().map(|v| Type::LABEL.elided(&v.name, 190.0)).collect::<Vec<_>>();
    let room = names.iter().map(|name| Type::LABEL.width(name)).fold(40.0, f64::max);
    let frame = Area { left: LEFT, top: board.top, right: WIDTH - room - 40.0, bottom: board.bottom - 42.0 };
    let end = curves.iter().flatten().map(|point| point.0).fold(2.0, f64::max);
    let plot = board.plot(frame, (0.0, end), (libm::log10(low), libm::log10(high)));
    axes(&board, &plot, frame, end, (low, high));
    gate_lines(&board, &plot, frame, &limits, (low, high));
    for (variant, curve) in curves.iter().enumerate() {
        band(&board, &plot, curve, variant);
    }
    for (variant, curve) in curves.iter().enumerate() {
        line(&board, &plot, curve, variant);
    }
    end_labels(&board, &plot, frame, &curves, &names);

    let (head, rows) = table(comparison);
    let description = rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join("; ");
    Figure { name: "latency", headline, svg: board.svg("latency", &description), head, rows }
}

fn points(variant: &VariantResult) -> Vec<Point<'_>> {
    let known = variant
        .curve
        .iter()
        .filter(|(percentile, figure)| *percentile < 100.0 && figure.value.is_some_and(|value| value > 0.0));
    known.map(|(percentile, figure)| (-libm::log10(1.0 - percentile / 100.0), figure)).collect()
}

/// An interval was tried and has no upper end.
fn unbounded(figure: &Estimate) -> bool {
    figure.high.is_none() && (figure.low.is_some() || figure.why.is_some())
}

/// Limits in milliseconds that gates set, each once, at most three.
fn limits(comparison: &Comparison) -> Vec<(String, f64)> {
    let mut limits: Vec<(String, f64)> = Vec::new();
    for gate in comparison.gates.iter().filter(|gate| gate.unit == "ms" && gate.limit > 0.0) {
        if !limits.iter().any(|(check, _)| *check == gate.check) {
            limits.push((gate.check.clone(), gate.limit));
        }
    }
    limits.truncate(3);
    limits
}

/// Least and greatest latency to be shown; a limit is taken in where it is not far from the curves.
fn reach(curves: &[Vec<Point<'_>>], limits: &[(String, f64)]) -> (f64, f64) {
    let figures = curves.iter().flatten().map(|point| point.1);
    let ends = figures.flat_map(|figure| [figure.value, figure.low.filter(|low| *low > 0.0), figure.high]).flatten();
    let (mut low, mut high) = ends.fold((f64::INFINITY, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    if low > high {
        return (1.0, 1000.0);
    }
    for (_, limit) in limits {
        if (low / 3.0..=high * 3.0).contains(limit) {
            low = low.min(*limit);
            high = high.max(*limit);
        }
    }
    let pad = (high / low).max(1.3);
    let pad = libm::pow(pad, 0.06);
    (low / pad, (high * pad).max(low * 1.3))
}

fn axes(board: &Board, plot: &Plot, frame: Area, end: f64, (low, high): (f64, f64)) {
    for mark in ticks::logarithmic(low, high) {
        let (_, y) = board.at(plot, 0.0, libm::log10(mark));
        board.rule((frame.left, y), (frame.right, y));
        board.text(frame.left - 8.0, y, &mark_ms(mark), Type::AXIS, Hold::Right);
    }
    let named = [
        (0.0, "least"),
        (libm::log10(2.0), "p50"),
        (1.0, "p90"),
        (2.0, "p99"),
        (3.0, "p99.9"),
        (4.0, "p99.99"),
        (5.0, "p99.999"),
    ];
    for (at, name) in named.into_iter().filter(|(at, _)| *at <= end + 1e-9) {
        let (x, _) = board.at(plot, at, libm::log10(low));
        board.rule((x, frame.top), (x, frame.bottom + 5.0));
        board.text(x, frame.bottom + 15.0, name, Type::AXIS, Hold::Centre);
    }
    board.text(
        (frame.left + frame.right) / 2.0,
        frame.bottom + 34.0,
        "percentile of requests",
        Type::AXIS,
        Hold::Centre,
    );
}

/// The percentile that a gate is about: `p99(web) < 1s`.
fn gated(check: &str) -> Option<f64> {
    let percent: f64 = check.strip_prefix('p')?.split_once('(')?.0.parse().ok()?;
    (0.0..100.0).contains(&percent).then_some(percent)
}

fn gate_lines(board: &Board, plot: &Plot, frame: Area, limits: &[(String, f64)], (low, high): (f64, f64)) {
    for (check, limit) in limits.iter().filter(|(_, limit)| (low..=high).contains(limit)) {
        let (_, y) = board.at(plot, 0.0, libm::log10(*limit));
        // A gate holds one percentile: it is marked there, and only what is no percentile (a mean) all along.
        let span = gated(check).map_or((frame.left, frame.right), |percent| {
            let (x, _) = board.at(plot, -libm::log10(1.0 - percent / 100.0), libm::log10(*limit));
            ((x - GATE).max(frame.left), (x + GATE).min(frame.right))
        });
        if span.0 >= span.1 {
            continue;
        }
        board.dashed("5 4");
        board.line(&[(span.0, y), (span.1, y)], theme::INK, 1.6);
        board.dashed("");
        let text = Type::AXIS.elided(check, frame.right - frame.left - 20.0);
        // Above the line, or below it where the frame ends.
        let above = if y - 10.0 > frame.top { y - 9.0 } else { y + 10.0 };
        let width = Type::AXIS.width(&text);
        let left = (f64::midpoint(span.0, span.1) - width / 2.0)
            .clamp(frame.left + 8.0, (frame.right - width).max(frame.left + 8.0));
        board.text(left, above, &text, Type { colour: theme::INK, ..Type::AXIS }, Hold::Left);
    }
}

fn band(board: &Board, plot: &Plot, curve: &[Point<'_>], variant: usize) {
    let bounded = curve.iter().filter_map(|(x, figure)| Some((*x, figure.low.filter(|low| *low > 0.0)?, figure.high?)));
    let bounded = bounded.collect::<Vec<_>>();
    if bounded.len() < 2 {
        return;
    }
    let upper = bounded.iter().map(|(x, _, high)| board.at(plot, *x, libm::log10(*high)));
    let lower = bounded.iter().rev().map(|(x, low, _)| board.at(plot, *x, libm::log10(*low)));
    let outline = upper.chain(lower).collect::<Vec<_>>();
    board.polygon(&outline, theme::line(variant), 0.16);
}

fn line(board: &Board, plot: &Plot, curve: &[Point<'_>], variant: usize) {
    let at = |(x, figure): &Point<'_>| board.at(plot, *x, libm::log10(figure.value.expect("points have values")));
    let sure = curve.iter().position(|(_, figure)| unbounded(figure)).unwrap_or(curve.len());
    let (solid, dotted) = (&curve[..sure], &curve[sure.saturating_sub(1)..]);
    board.dashed(theme::dash(variant));
    if solid.len() > 1 {
        board.line(&solid.iter().map(at).collect::<Vec<_>>(), theme::line(variant), 2.2);
    }
    board.dashed("1 4");
    if sure < curve.len() && dotted.len() > 1 {
        board.line(&dotted.iter().map(at).collect::<Vec<_>>(), theme::line(variant), 2.2);
    }
    board.dashed("");
    for mark in [1.0, 2.0, 3.0, 4.0] {
        if let Some(point) = curve.iter().find(|(x, _)| (x - mark).abs() < 1e-6) {
            board.mark(variant, at(point));
        }
    }
}

/// Names at the ends of the curves, apart from each other, tied to their curve where they had to move.
fn end_labels(board: &Board, plot: &Plot, frame: Area, curves: &[Vec<Point<'_>>], names: &[String]) {
    let ends = curves.iter().enumerate().filter_map(|(variant, curve)| {
        let (x, figure) = curve.last()?;
        Some((variant, board.at(plot, *x, libm::log10(figure.value?))))
    });
    let ends = ends.collect::<Vec<_>>();
    let wanted = ends.iter().map(|(_, (_, y))| *y).collect::<Vec<_>>();
    let heights = spread(&wanted, 16.0, frame.top + 4.0, frame.bottom - 4.0);
    for ((variant, (x, y)), height) in ends.iter().zip(heights) {
        let start = frame.right + 18.0;
        board.line(&[(x + 2.0, *y), (start - 6.0, height)], theme::line(*variant), 1.0);
        board.mark(*variant, (start, height));
        board.text(start + 9.0, height, &names[*variant], Type::LABEL, Hold::Left);
    }
}

fn table(comparison: &Comparison) -> (Vec<String>, Vec<Vec<String>>) {
    let quantiles = ["p50", "p90", "p95", "p99", "p99.9"];
    let head = std::iter::once("latency").chain(quantiles).map(str::to_owned).collect();
    let rows = comparison.variants.iter().map(|variant| {
        let cells = quantiles.iter().map(|quantile| {
            let figure = quantile_of(variant, quantile);
            match Unit::Milliseconds.interval(&figure) {
                Some(interval) => format!("{} ({interval})", Unit::Milliseconds.value(&figure)),
                None => Unit::Milliseconds.value(&figure),
            }
        });
        std::iter::once(variant.name.clone()).chain(cells).collect()
    });
    (head, rows.collect())
}
