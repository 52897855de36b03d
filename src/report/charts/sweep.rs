//! A figure over an axis of a sweep: a line for each variant with its interval, and the bounds that objectives set.

use crate::record::{Estimate, Sweep, SweepAxis, SweepPoint};
use crate::report::number::{Unit, count, mark, mark_money, mark_ms, span};

use super::board::{Board, Hold, Plot, Type, WIDTH};
use super::labels::{Area, spread};
use super::{theme, ticks};

const LEFT: f64 = 86.0;
const SPACE: f64 = 330.0;
/// Ends that are further apart than this ratio are drawn on a logarithmic scale.
const DECADES: f64 = 20.0;
/// A figure on a grid is drawn for so many values of the other axes.
const LINES_MAX: usize = 4;

/// A chart of a sweep, ready to be written or to stand in a page.
#[derive(Clone, PartialEq, Debug)]
pub struct Curve {
    /// Name of its files: `p99`, `cost-2`.
    pub name: String,
    /// The computed sentence on top.
    pub headline: String,
    /// The drawing.
    pub svg: String,
    /// Its figures: heads, then rows.
    pub head: Vec<String>,
    /// Rows of the table.
    pub rows: Vec<Vec<String>>,
}

/// The points along the first axis with all others held.
struct Line<'a> {
    beside: String,
    points: Vec<(usize, &'a SweepPoint)>,
}

/// What is drawn: a figure's name, its title, its unit.
struct Drawn<'a> {
    figure: &'a str,
    title: String,
    unit: &'a str,
}

/// The charts of a sweep in the order in which a reader asks; none where there is nothing to draw a line through.
pub fn curves(sweep: &Sweep) -> Vec<Curve> {
    let Some(axis) = sweep.axes.first().filter(|axis| axis.values.len() > 1) else { return Vec::new() };
    let lines = lines(sweep);
    let mut curves = Vec::new();
    for drawn in drawn(sweep) {
        for (number, line) in lines.iter().take(LINES_MAX).enumerate() {
            curves.extend(curve(sweep, axis, line, &drawn, (lines.len() > 1).then_some(number + 1)));
        }
    }
    curves
}

fn lines(sweep: &Sweep) -> Vec<Line<'_>> {
    let mut lines: Vec<(Vec<usize>, Line<'_>)> = Vec::new();
    for point in &sweep.points {
        let others = point.at.get(1..).unwrap_or_default().to_vec();
        let at = (point.at.first().copied().unwrap_or(0), point);
        match lines.iter_mut().find(|(known, _)| *known == others) {
            Some((_, line)) => line.points.push(at),
            None => {
                let held = sweep.axes.iter().zip(&point.values).skip(1);
                let beside = held.map(|(axis, value)| format!("{} {value}", axis.name)).collect::<Vec<_>>().join(", ");
                lines.push((others, Line { beside, points: vec![at] }));
            }
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

/// Which figures are drawn: cost, the tail and the median, success, what is sent again where anything is, and each
/// objective's own.
fn drawn(sweep: &Sweep) -> Vec<Drawn<'_>> {
    let figures = || sweep.points.iter().flat_map(|point| &point.variants).flat_map(|variant| &variant.figures);
    let differs = |name: &str, from: f64| {
        figures().any(|figure| figure.name == name && figure.estimate.value.is_some_and(|value| value != from))
    };
    let mut drawn: Vec<Drawn<'_>> = Vec::new();
    let known = [
        ("cost", "cost per month", differs("cost", 0.0)),
        ("p50", "median latency of successful requests", true),
        ("p99", "p99 of successful requests", true),
        ("availability", "share of requests answered", differs("availability", 1.0)),
        ("amplification", "attempts for each call", differs("amplification", 1.0)),
    ];
    for (figure, title, worth) in known {
        if let Some(found) = figures().find(|found| found.name == figure).filter(|_| worth) {
            drawn.push(Drawn { figure: &found.name, title: title.to_owned(), unit: &found.unit });
        }
    }
    for gate in sweep.points.iter().flat_map(|point| &point.gates) {
        let Some(found) = figures().find(|found| found.name == gate.name) else { continue };
        if drawn.iter().all(|known| known.figure != gate.name) {
            let about = gate.check.split(['<', '>']).next().unwrap_or(&gate.check).trim();
            let title = format!("{}: {about}", gate.name);
            drawn.push(Drawn { figure: &found.name, title, unit: &found.unit });
        }
    }
    drawn
}

fn estimate<'a>(point: &'a SweepPoint, variant: &str, figure: &str) -> Option<&'a Estimate> {
    let of = point.variants.iter().find(|one| one.name == variant)?;
    Some(&of.figures.iter().find(|found| found.name == figure)?.estimate)
}

fn curve(sweep: &Sweep, axis: &SweepAxis, line: &Line<'_>, drawn: &Drawn<'_>, number: Option<usize>) -> Option<Curve> {
    let values = |variant: &str| -> Vec<(usize, Estimate)> {
        let own =
            line.points.iter().filter_map(|(at, point)| Some((*at, estimate(point, variant, drawn.figure)?.clone())));
        own.filter(|(_, estimate)| estimate.value.is_some()).collect()
    };
    let curves: Vec<(&String, Vec<(usize, Estimate)>)> =
        sweep.variants.iter().map(|name| (name, values(name))).collect();
    if curves.iter().all(|(_, own)| own.is_empty()) {
        return None;
    }
    let beside = if line.beside.is_empty() { String::new() } else { format!(" ({})", line.beside) };
    let headline = headline(sweep, axis, line, drawn, &curves);
    let confidence = curves.iter().flat_map(|(_, own)| own).find_map(|(_, estimate)| estimate.confidence);
    let shade = confidence
        .map_or_else(String::new, |level| format!("; shade: {:.0} % interval over replications", level * 100.0));
    let whole = curves.iter().all(|(_, own)| own.len() == line.points.len());
    let gaps = if whole { "" } else { "; points that are missing had too few requests to tell" };
    let caption = format!("{} over {}{beside}{shade}{gaps}", drawn.title, axis.name);
    let board = Board::new(&headline, &caption, &footer(sweep), SPACE);

    let names: Vec<String> = sweep.variants.iter().map(|name| Type::LABEL.elided(name, 190.0)).collect();
    let room = names.iter().map(|name| Type::LABEL.width(name)).fold(40.0, f64::max);
    let frame = Area { left: LEFT, top: board.top + 14.0, right: WIDTH - room - 44.0, bottom: board.bottom - 42.0 };
    let limits = limits(line, drawn.figure);
    let scale = Scale::of(&curves, &limits, drawn.unit);
    let along = Along::of(axis);
    let plot = board.plot(frame, along.ends, (scale.at(scale.low), scale.at(scale.high)));
    axes(&board, &plot, frame, axis, &along, &scale, drawn.unit);
    for (check, limit) in limits.iter().filter(|(_, limit)| (scale.low..=scale.high).contains(limit)) {
        let (_, y) = board.at(&plot, along.ends.0, scale.at(*limit));
        board.dashed("5 4");
        board.line(&[(frame.left, y), (frame.right, y)], theme::INK, 1.2);
        board.dashed("");
        let text = Type::AXIS.elided(check, frame.right - frame.left - 20.0);
        let above = if y - 10.0 > frame.top { y - 9.0 } else { y + 10.0 };
        board.text(frame.left + 8.0, above, &text, Type { colour: theme::INK, ..Type::AXIS }, Hold::Left);
    }
    let place = |at: usize, value: f64| board.at(&plot, along.places[at], scale.at(value.clamp(scale.low, scale.high)));
    for (variant, (_, own)) in curves.iter().enumerate() {
        let bounded: Vec<(usize, f64, f64)> =
            own.iter().filter_map(|(at, estimate)| Some((*at, estimate.low?, estimate.high?))).collect();
        if bounded.len() > 1 {
            let upper = bounded.iter().map(|(at, _, high)| place(*at, *high));
            let lower = bounded.iter().rev().map(|(at, low, _)| place(*at, *low));
            board.polygon(&upper.chain(lower).collect::<Vec<_>>(), theme::line(variant), 0.16);
        }
    }
    let mut ends = Vec::new();
    for (variant, (_, own)) in curves.iter().enumerate() {
        let path: Vec<(f64, f64)> =
            own.iter().map(|(at, estimate)| place(*at, estimate.value.expect("only those with one"))).collect();
        board.dashed(theme::dash(variant));
        if path.len() > 1 {
            board.line(&path, theme::line(variant), 2.2);
        }
        board.dashed("");
        path.iter().for_each(|at| board.mark(variant, *at));
        ends.extend(path.last().map(|end| (variant, *end)));
    }
    let wanted: Vec<f64> = ends.iter().map(|(_, (_, y))| *y).collect();
    for ((variant, (x, y)), height) in ends.iter().zip(spread(&wanted, 16.0, frame.top + 4.0, frame.bottom - 4.0)) {
        let start = frame.right + 20.0;
        board.line(&[(x + 6.0, *y), (start - 6.0, height)], theme::line(*variant), 1.0);
        board.mark(*variant, (start, height));
        board.text(start + 9.0, height, &names[*variant], Type::LABEL, Hold::Left);
    }
    let (head, rows) = table(sweep, axis, line, drawn);
    let description = rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join("; ");
    let name = number.map_or_else(|| drawn.figure.to_owned(), |number| format!("{}-{number}", drawn.figure));
    Some(Curve { svg: board.svg(&name, &description), name, headline, head, rows })
}

/// What the curve says in a line: where another variant becomes the best, or how far the figure goes.
fn headline(
    sweep: &Sweep,
    axis: &SweepAxis,
    line: &Line<'_>,
    drawn: &Drawn<'_>,
    curves: &[(&String, Vec<(usize, Estimate)>)],
) -> String {
    let by = match drawn.figure {
        "cost" => "cost",
        "availability" => "availability",
        _ => "latency",
    };
    let own = |change: &&crate::record::SweepChange| {
        change.by == by
            && (by != "latency" || change.figure == drawn.figure)
            && change.axis == axis.name
            && change.beside == line.beside
    };
    let word = match drawn.figure {
        "cost" => "cheapest",
        "availability" => "most available",
        _ => "fastest",
    };
    let until = |about: Option<f64>, from: &str| match about {
        Some(about) => format!("up to about {} {}{}", axis.name, crate::units::significant(about, 3), axis.unit),
        None => format!("up to {} {from}", axis.name),
    };
    let changes: Vec<String> = sweep
        .changes
        .iter()
        .filter(own)
        .take(3)
        .map(|change| {
            format!("{} is {word} {}, {} beyond", change.before, until(change.about, &change.from), change.after)
        })
        .collect();
    if !changes.is_empty() {
        return changes.join("; ");
    }
    // Pairs that cross though neither is the best of all; several that cost the same cross in one place.
    let mut pairs: Vec<(&str, String, Vec<&str>)> = Vec::new();
    for meeting in sweep.meetings.iter().filter(own).filter(|_| by == "cost") {
        let place = until(meeting.about, &meeting.from);
        match pairs.iter_mut().find(|(before, known, _)| *before == meeting.before && *known == place) {
            Some((_, _, others)) => others.push(&meeting.after),
            None => pairs.push((&meeting.before, place, vec![&meeting.after])),
        }
    }
    if !pairs.is_empty() {
        let told = pairs.iter().take(3);
        let told =
            told.map(|(before, place, others)| format!("{before} is cheaper than {} {place}", others.join(" and ")));
        return told.collect::<Vec<_>>().join("; ");
    }
    let unit = Unit::named(drawn.unit);
    let last = axis.values.len() - 1;
    let spans = curves.iter().filter_map(|(name, own)| {
        let at = |index: usize| own.iter().find(|(at, _)| *at == index).map(|(_, estimate)| unit.value(estimate));
        Some(format!("{name} {} to {}", at(0)?, at(last)?))
    });
    let spans: Vec<String> = spans.take(4).collect();
    if spans.is_empty() {
        return drawn.title.clone();
    }
    let more = if curves.len() > spans.len() { ", ..." } else { "" };
    format!("From {} {} to {}: {}{more}", axis.name, axis.values[0], axis.values[last], spans.join(", "))
}

/// Bounds that objectives set on the figure itself, each once, at most three.
fn limits(line: &Line<'_>, figure: &str) -> Vec<(String, f64)> {
    let mut limits: Vec<(String, f64)> = Vec::new();
    for gate in line.points.iter().flat_map(|(_, point)| &point.gates).filter(|gate| gate.name == figure) {
        if !limits.iter().any(|(check, limit)| *check == gate.check && *limit == gate.limit) {
            limits.push((gate.check.clone(), gate.limit));
        }
    }
    limits.truncate(3);
    limits
}

/// The vertical scale.
struct Scale {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Scale {
    fn of(curves: &[(&String, Vec<(usize, Estimate)>)], limits: &[(String, f64)], unit: &str) -> Scale {
        let ends = curves
            .iter()
            .flat_map(|(_, own)| own)
            .flat_map(|(_, estimate)| [estimate.value, estimate.low, estimate.high].into_iter().flatten());
        let (mut low, mut high) =
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)));
        let near = (low / 3.0)..=(3.0 * high);
        for (_, limit) in limits.iter().filter(|(_, limit)| near.contains(limit)) {
            (low, high) = (low.min(*limit), high.max(*limit));
        }
        let share = unit == "share";
        let logarithmic = !share && low > 0.0 && high / low > DECADES;
        if logarithmic {
            return Scale { low: low / 1.2, high: high * 1.2, logarithmic };
        }
        // A share that stays near one is drawn from where it is, everything else from nothing.
        let from = if share && low > 0.5 { low } else { low.min(0.0) };
        let (low, high) = ticks::rounded_out(from, if share { high.min(1.0) } else { high }, 4);
        Scale { low, high: if high > low { high } else { low + 1.0 }, logarithmic }
    }

    fn at(&self, value: f64) -> f64 {
        if self.logarithmic { libm::log10(value.max(self.low)) } else { value }
    }

    fn marks(&self) -> Vec<f64> {
        if self.logarithmic { ticks::logarithmic(self.low, self.high) } else { ticks::linear(self.low, self.high, 4) }
    }
}

/// Where the values of an axis stand.
struct Along {
    places: Vec<f64>,
    ends: (f64, f64),
}

impl Along {
    /// By their numbers, on a logarithmic scale where their ratios ask for it; words stand at equal distances.
    fn of(axis: &SweepAxis) -> Along {
        let even = || (0..axis.values.len()).map(|index| index as f64).collect::<Vec<_>>();
        let places = match &axis.numbers {
            None => even(),
            Some(numbers) => {
                let (low, high) = ends(numbers);
                let logarithmic = low > 0.0 && (axis.log || high / low >= DECADES);
                if logarithmic { numbers.iter().map(|number| libm::log10(*number)).collect() } else { numbers.clone() }
            }
        };
        let (low, high) = ends(&places);
        let pad = (high - low) * 0.02;
        Along { places, ends: (low - pad, high + pad) }
    }
}

fn ends(numbers: &[f64]) -> (f64, f64) {
    numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &at| (low.min(at), high.max(at)))
}

fn axes(board: &Board, plot: &Plot, frame: Area, axis: &SweepAxis, along: &Along, scale: &Scale, unit: &str) {
    for value in scale.marks() {
        let (_, y) = board.at(plot, along.ends.0, scale.at(value));
        board.rule((frame.left, y), (frame.right, y));
        let text = match unit {
            "ms" => mark_ms(value),
            "s" => mark_ms(value * 1000.0),
            "share" => format!("{} %", mark(value * 100.0)),
            money if money.ends_with("/month") => mark_money(value, scale.high),
            _ => mark(value),
        };
        board.text(frame.left - 8.0, y, &text, Type::AXIS, Hold::Right);
    }
    // Every value is marked; of those that lie close only some are named.
    let mut until = f64::NEG_INFINITY;
    let mut order: Vec<usize> = (0..along.places.len()).collect();
    order.sort_by(|&a, &b| along.places[a].total_cmp(&along.places[b]));
    for index in order {
        let (x, _) = board.at(plot, along.places[index], scale.at(scale.low));
        board.rule((x, frame.bottom), (x, frame.bottom + 5.0));
        let text = &axis.values[index];
        let half = Type::AXIS.width(text) / 2.0;
        if x - half > until + 6.0 {
            board.text(x, frame.bottom + 15.0, text, Type::AXIS, Hold::Centre);
            until = x + half;
        }
    }
    let set = if axis.set.len() == 1 { format!("{} ({})", axis.name, axis.set[0]) } else { axis.name.clone() };
    let set = Type::AXIS.elided(&set, frame.right - frame.left);
    board.text((frame.left + frame.right) / 2.0, frame.bottom + 34.0, &set, Type::AXIS, Hold::Centre);
    if let Some(currency) = unit.strip_suffix("/month") {
        board.text(frame.left, frame.top - 12.0, &format!("{currency} a month"), Type::AXIS, Hold::Right);
    }
}

fn footer(sweep: &Sweep) -> String {
    let stopped = if sweep.partial.is_some() { "stopped early, " } else { "" };
    format!(
        "{}: {stopped}{} points, {} replications of {} at each, seed {}, eastwest {}",
        sweep.scenario,
        count(sweep.points.len() as u64),
        sweep.replications,
        span(sweep.horizon_s),
        sweep.seed,
        sweep.engine
    )
}

fn table(sweep: &Sweep, axis: &SweepAxis, line: &Line<'_>, drawn: &Drawn<'_>) -> (Vec<String>, Vec<Vec<String>>) {
    let head = std::iter::once(axis.name.clone()).chain(sweep.variants.iter().cloned()).collect();
    let unit = Unit::named(drawn.unit);
    let cell = |point: &SweepPoint, variant: &String| match estimate(point, variant, drawn.figure) {
        None => "none".to_owned(),
        Some(figure) => match unit.interval(figure) {
            Some(interval) => format!("{} ({interval})", unit.value(figure)),
            None => unit.value(figure),
        },
    };
    let row = |(at, point): &(usize, &SweepPoint)| {
        std::iter::once(axis.values[*at].clone()).chain(sweep.variants.iter().map(|name| cell(point, name))).collect()
    };
    (head, line.points.iter().map(row).collect())
}
