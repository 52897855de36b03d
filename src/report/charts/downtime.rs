//! Minutes lost a year: a bar per variant, cut by what fails.

use crate::record::{LongRun, LongRunVariant};
use crate::units::significant;

use super::board::{Board, Hold, Type, WIDTH};
use super::labels::Area;
use super::{Figure, theme, ticks};

/// Segments at most; the last is the sum of the rest.
const SEGMENTS: usize = 6;
const BAR: f64 = 30.0;
const PITCH: f64 = 54.0;
/// Minutes of a year.
const YEAR: f64 = 525_600.0;
/// Other kinds together.
const OTHER: &str = "all else";
/// What no component is charged with.
const WHOLE: &str = "nothing down";

/// The chart of a long run.
pub fn downtime(told: &LongRun) -> Figure {
    let kinds = kinds(told);
    let headline = told.verdict.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned();
    let caption = "Minutes of all requests lost a year, by what fails; whisker: 90 % over the assumed rates";
    let footer =
        format!("{}: up to {} down at once, seed {}, eastwest {}", told.scenario, told.within, told.seed, told.engine);
    let places = legend(&kinds);
    let rows = places.last().map_or(0.0, |(row, _)| row + 1.0);
    let count = told.variants.len() as f64;
    let board = Board::new(&headline, caption, &footer, rows * 20.0 + 8.0 + count * PITCH + 26.0);
    for (index, (kind, (row, x))) in kinds.iter().zip(&places).enumerate() {
        let y = board.top + 8.0 + row * 20.0;
        board.area(Area { left: *x, top: y - 6.0, right: x + 12.0, bottom: y + 6.0 }, colour(&kinds, index), 1.0);
        board.text(x + 18.0, y, kind, Type::VALUE, Hold::Left);
    }
    let names: Vec<String> = told.variants.iter().map(|v| Type::LABEL.elided(&v.name, 170.0)).collect();
    let room = names.iter().map(|name| Type::LABEL.width(name)).fold(30.0, f64::max);
    let frame = Area {
        left: 20.0 + room + 12.0,
        top: board.top + rows * 20.0 + 8.0,
        right: WIDTH - 130.0,
        bottom: board.bottom - 26.0,
    };
    let reach = told.variants.iter().map(|v| total(v).max(v.minutes_year.inputs.map_or(0.0, |ends| ends.1)));
    let reach = reach.fold(0.0, f64::max);
    let marks = if reach > 0.0 { ticks::linear(0.0, reach, 6) } else { vec![0.0] };
    let reach = if reach > 0.0 { reach } else { 1.0 };
    let x = |minutes: f64| frame.left + minutes / reach * (frame.right - frame.left);
    for mark in marks {
        board.rule((x(mark), frame.top), (x(mark), frame.bottom + 4.0));
        let text = format!("{} min", significant(mark, 3));
        board.text(x(mark), frame.bottom + 14.0, &text, Type::AXIS, Hold::Centre);
    }
    for (index, (variant, name)) in told.variants.iter().zip(&names).enumerate() {
        let middle = frame.top + PITCH * (index as f64 + 0.5);
        board.text(frame.left - 10.0, middle, name, Type::LABEL, Hold::Right);
        bar(&board, variant, &kinds, middle, &x);
    }
    let head = ["variant", "what fails", "minutes a year"].map(str::to_owned).to_vec();
    let rows = told.variants.iter().flat_map(|variant| {
        let parts = parts(variant, &kinds);
        kinds.iter().zip(parts).map(|(kind, part)| vec![variant.name.clone(), kind.clone(), significant(part, 3)])
    });
    let rows = rows.collect();
    let description: Vec<String> =
        told.variants.iter().map(|v| format!("{} {} minutes a year", v.name, significant(total(v), 3))).collect();
    Figure { name: "downtime", headline, svg: board.svg("downtime", &description.join("; ")), head, rows }
}

fn bar(board: &Board, variant: &LongRunVariant, kinds: &[String], middle: f64, x: &impl Fn(f64) -> f64) {
    let (top, bottom) = (middle - BAR / 2.0, middle + BAR / 2.0);
    let mut sum = 0.0;
    for (index, part) in parts(variant, kinds).into_iter().enumerate() {
        let from = sum;
        sum += part;
        if part <= 0.0 {
            continue;
        }
        let ground = colour(kinds, index);
        let area = Area { left: x(from), top, right: x(sum), bottom };
        board.area(area, ground, 1.0);
        let text = significant(part, 2);
        if area.right - area.left > Type::VALUE.width(&text) + 12.0 {
            let ink = Type { colour: theme::ink_on(ground), ..Type::VALUE };
            board.text((area.left + area.right) / 2.0, middle, &text, ink, Hold::Centre);
        }
        board.line(&[(area.right, top), (area.right, bottom)], theme::PAPER, 1.0);
    }
    let mut end = x(sum);
    if let Some((low, high)) = variant.minutes_year.inputs {
        let (low, high, y) = (x(low), x(high), bottom + 5.0);
        board.line(&[(low, y), (high, y)], theme::INK, 1.2);
        for cap in [low, high] {
            board.line(&[(cap, y - 3.0), (cap, y + 3.0)], theme::INK, 1.2);
        }
        end = end.max(high);
    }
    let text = format!("{} min", significant(total(variant), 3));
    board.text(end + 10.0, middle, &text, Type::LABEL, Hold::Left);
}

/// Kinds of components, the costliest over all variants first.
fn kinds(told: &LongRun) -> Vec<String> {
    let mut weights: Vec<(String, f64)> = Vec::new();
    let mut add = |kind: &str, minutes: f64| match weights.iter_mut().find(|(known, _)| known == kind) {
        Some((_, weight)) => *weight += minutes.max(0.0),
        None => weights.push((kind.to_owned(), minutes.max(0.0))),
    };
    for variant in &told.variants {
        add(WHOLE, variant.lost_whole * YEAR);
        variant.components.iter().for_each(|of| add(kind(&of.component), of.minutes_year));
    }
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    // What could not be seen needs no name.
    weights.retain(|(_, weight)| *weight > 1e-3 * sum);
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut kinds: Vec<String> = weights.into_iter().map(|(kind, _)| kind).collect();
    if kinds.len() > SEGMENTS {
        kinds.truncate(SEGMENTS - 1);
        kinds.push(OTHER.to_owned());
    }
    kinds
}

/// `zone` of `zone/hangzhou/h`; a common cause by its kind.
fn kind(component: &str) -> &str {
    let mut words = component.split('/');
    match words.next() {
        Some("common") => words.next().unwrap_or("common"),
        first => first.unwrap_or_default(),
    }
}

fn parts(variant: &LongRunVariant, kinds: &[String]) -> Vec<f64> {
    let mut parts = vec![0.0; kinds.len()];
    let whole = (WHOLE, variant.lost_whole * YEAR);
    let each = variant.components.iter().map(|of| (kind(&of.component), of.minutes_year));
    for (kind, minutes) in each.chain([whole]) {
        let at = kinds.iter().position(|known| known == kind);
        if let Some(index) = at.or(kinds.iter().position(|known| known == OTHER)) {
            parts[index] += minutes.max(0.0);
        }
    }
    parts
}

fn total(variant: &LongRunVariant) -> f64 {
    variant.minutes_year.value.unwrap_or(0.0)
}

fn colour(kinds: &[String], index: usize) -> plotters::style::RGBColor {
    theme::AREAS[if kinds[index] == OTHER { SEGMENTS - 1 } else { index.min(SEGMENTS - 1) }]
}

fn legend(kinds: &[String]) -> Vec<(f64, f64)> {
    let (mut row, mut x) = (0.0, 20.0);
    let mut places = Vec::new();
    for kind in kinds {
        let width = 36.0 + Type::VALUE.width(kind);
        if x + width > WIDTH - 20.0 {
            (row, x) = (row + 1.0, 20.0);
        }
        places.push((row, x));
        x += width;
    }
    places
}
