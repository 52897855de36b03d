//! What happens when it breaks: success, p99 and rate over the horizon, one above the other, faults shaded.
//!
//! Windows are drawn as steps: a line through their middles would fall before the fault begins.

use crate::record::{Comparison, VariantResult, WindowPoint};
use crate::report::number::{Unit, clock, mark as round_mark, mark_ms, span};
use crate::report::sentence::{self, each_once};

use super::board::{Board, Hold, Plot, Type, WIDTH};
use super::labels::{Area, spread};
use super::{Figure, footer, theme, ticks};

const LEFT: f64 = 78.0;
const PANEL: f64 = 118.0;
const GAP: f64 = 34.0;
/// Height of the bar at the foot of a panel while a flow lasts.
const FLOW: f64 = 7.0;

/// More lines than these are named in the first panel, and in the others where they stand apart.
const NAMED: usize = 5;

/// One of the three panels.
struct Panel {
    title: &'static str,
    of: fn(&WindowPoint) -> Option<f64>,
    mark: fn(f64, f64) -> String,
    /// May its axis be logarithmic?
    wide: bool,
}

const PANELS: [Panel; 3] = [
    Panel { title: "success", of: |window| (window.rate > 0.0).then_some(window.success), mark: percent, wide: false },
    Panel { title: "p99 of successes", of: |window| window.p99_ms, mark: |value, _| mark_ms(value), wide: true },
    Panel {
        title: "requests sent per second",
        of: |window| Some(window.rate),
        mark: |value, _| round_mark(value),
        wide: false,
    },
];

/// The course of the study's windows.
pub(super) fn timeline(comparison: &Comparison) -> Figure {
    let headline = sentence::course(comparison);
    let shade = if comparison.faults.is_empty() { "; no fault was scheduled" } else { "; shaded: faults" };
    let window = comparison.variants.iter().find_map(|v| Some(v.windows.get(1)?.start_s - v.windows.first()?.start_s));
    let per = window.map(|seconds| format!(" per window of {}", span(seconds))).unwrap_or_default();
    let names = each_once(comparison.flows.iter().map(|flow| flow.name.as_str()));
    let bars = if names.is_empty() { String::new() } else { format!("; bars: {} flows", names.join(", ")) };
    let names: Vec<&str> = comparison.actions.iter().map(|action| action.name.as_str()).collect();
    let lines = if names.is_empty() { String::new() } else { format!("; dashed lines: actions {}", names.join(", ")) };
    let caption = format!("All requests by intended arrival{per}, all replications together{shade}{bars}{lines}");
    // Names of faults that begin close to each other stand in two rows.
    let head = if comparison.faults.len() > 1 { 36.0 } else { 22.0 };
    let board = Board::new(&headline, &caption, &footer(comparison), head + 3.0 * PANEL + 2.0 * GAP + 44.0);
    let names = comparison.variants.iter().map(|v| Type::LABEL.elided(&v.name, 170.0)).collect::<Vec<_>>();
    let room = names.iter().map(|name| Type::LABEL.width(name)).fold(40.0, f64::max);
    let horizon = horizon(comparison);
    let right = WIDTH - room - 40.0;

    for (index, panel) in PANELS.iter().enumerate() {
        let top = board.top + head + index as f64 * (PANEL + GAP);
        let frame = Area { left: LEFT, right, top, bottom: top + PANEL };
        draw(&board, frame, panel, comparison, &names, horizon);
        if index == 0 {
            fault_names(&board, frame, comparison, horizon);
        }
    }
    let bottom = board.bottom - 44.0;
    for mark in ticks::time(horizon) {
        let x = LEFT + mark / horizon * (right - LEFT);
        board.text(x, bottom + 15.0, &clock(mark), Type::AXIS, Hold::Centre);
    }
    let unit = if horizon >= 3600.0 { "simulated time, h:mm:ss" } else { "simulated time, m:ss" };
    board.text((LEFT + right) / 2.0, bottom + 33.0, unit, Type::AXIS, Hold::Centre);

    let (head, rows) = table(comparison);
    let description = sentence::course(comparison);
    Figure { name: "timeline", headline, svg: board.svg("timeline", &description), head, rows }
}

fn horizon(comparison: &Comparison) -> f64 {
    let last = comparison.variants.iter().filter_map(|v| v.windows.last()).map(|window| window.start_s);
    comparison.horizon_s.max(last.fold(0.0, f64::max)).max(1.0)
}

fn percent(value: f64, step: f64) -> String {
    let decimals = (-libm::floor(libm::log10(step * 100.0) + 1e-9)).clamp(0.0, 6.0) as usize;
    format!("{:.decimals$} %", value * 100.0)
}

/// The vertical range of a panel over all variants, and whether its axis is logarithmic.
fn range(panel: &Panel, comparison: &Comparison) -> Option<(f64, f64, bool)> {
    let values = comparison.variants.iter().flat_map(|v| &v.windows).filter_map(panel.of);
    let (low, high) =
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return None;
    }
    // A fault may lift p99 from milliseconds to minutes: no linear axis shows both.
    if panel.wide && low > 0.0 && high / low > 20.0 {
        return Some((low / 1.3, high * 1.3, true));
    }
    let (low, high) = match panel.title {
        // From a round share below the worst window to all of them; a perfect run still gets an axis.
        "success" => (ticks::rounded_out(low.min(0.999), 1.0, 3).0.max(0.0), 1.0),
        _ => ticks::rounded_out(0.0, if high > 0.0 { high } else { 1.0 }, 3),
    };
    Some((low, high, false))
}

fn draw(board: &Board, frame: Area, panel: &Panel, comparison: &Comparison, names: &[String], horizon: f64) {
    let x = |seconds: f64| frame.left + (seconds / horizon).clamp(0.0, 1.0) * (frame.right - frame.left);
    for fault in &comparison.faults {
        let area = Area { left: x(fault.start_s), right: x(fault.end_s).max(x(fault.start_s) + 1.0), ..frame };
        board.area(area, theme::FAULT, 1.0);
    }
    for flow in &comparison.flows {
        let (left, right) = (x(flow.start_s), x(flow.end_s));
        let foot = Area { left, right: right.max(left + 1.0), top: frame.bottom - FLOW, bottom: frame.bottom };
        board.area(foot, theme::MUTED, 0.35);
    }
    for action in &comparison.actions {
        // Where replications or variants did it at different times, the first and the last one.
        board.dashed("3 3");
        for at in [action.start_s, action.end_s] {
            board.line(&[(x(at), frame.top), (x(at), frame.bottom)], theme::MUTED, 1.0);
        }
        board.dashed("");
    }
    board.text(frame.left, frame.top - 11.0, panel.title, Type { bold: true, ..Type::AXIS }, Hold::Left);
    let Some((low, high, logarithmic)) = range(panel, comparison) else {
        board.text(
            (frame.left + frame.right) / 2.0,
            (frame.top + frame.bottom) / 2.0,
            "nothing to show",
            Type::AXIS,
            Hold::Centre,
        );
        return;
    };
    let height = |value: f64| if logarithmic { libm::log10(value) } else { value };
    let plot = board.plot(frame, (0.0, horizon), (height(low), height(high)));
    let marks = if logarithmic { ticks::logarithmic(low, high) } else { ticks::linear(low, high, 3) };
    let step = marks.get(1).map_or(high - low, |second| second - marks[0]);
    for mark in &marks {
        let (_, y) = board.at(&plot, 0.0, height(*mark));
        board.rule((frame.left, y), (frame.right, y));
        board.text(frame.left - 8.0, y, &(panel.mark)(*mark, step), Type::AXIS, Hold::Right);
    }
    for mark in ticks::time(horizon) {
        board.rule((x(mark), frame.bottom), (x(mark), frame.bottom + 4.0));
    }
    // All variants face the same arrivals: where their lines are one, one line is drawn and named.
    let same = comparison.variants.len() > 1
        && comparison.variants.iter().all(|v| series(v, panel) == series(&comparison.variants[0], panel));
    let shown = if same { 1 } else { comparison.variants.len() };
    let mut ends = Vec::new();
    for variant in 0..shown {
        let windows = &comparison.variants[variant].windows;
        board.dashed(if same { "" } else { theme::dash(variant) });
        let colour = if same { theme::INK } else { theme::line(variant) };
        let last = steps(board, &plot, &|window| (panel.of)(window).map(height), windows, horizon, colour);
        board.dashed("");
        // What ends before the horizon has no end to be named at.
        ends.extend(last.filter(|at| at.0 > frame.right - 1.0).map(|at| (variant, at)));
    }
    if same {
        if let Some((_, (_, y))) = ends.first() {
            board.text(frame.right + 8.0, *y, "all variants", Type::LABEL, Hold::Left);
        }
    } else {
        let first = panel.title == PANELS[0].title;
        let crowd = if first || ends.len() <= NAMED { None } else { crowd(&ends) };
        if let Some((y, count)) = crowd {
            ends.retain(|(_, (_, own))| (own - y).abs() > ALIKE);
            let others = if ends.is_empty() { "all".to_owned() } else { format!("{count} others") };
            let names: Vec<String> = names.iter().cloned().chain([others]).collect();
            ends.push((names.len() - 1, (frame.right, y)));
            end_labels(board, frame, &ends, &names, comparison.variants.len());
        } else {
            end_labels(board, frame, &ends, names, comparison.variants.len());
        }
    }
}

/// Ends so close to each other are one place, pixels.
const ALIKE: f64 = 3.0;

/// Where three lines or more end together, the most of them, and how many they are.
fn crowd(ends: &[(usize, (f64, f64))]) -> Option<(f64, usize)> {
    let beside = |y: f64| ends.iter().filter(|(_, (_, own))| (own - y).abs() <= ALIKE).count();
    let most = ends.iter().map(|(_, (_, y))| (*y, beside(*y))).max_by_key(|(_, count)| *count)?;
    (most.1 >= 3).then_some(most)
}

fn series(variant: &VariantResult, panel: &Panel) -> Vec<Option<f64>> {
    variant.windows.iter().map(panel.of).collect()
}

/// Draws the windows as steps, broken where a window has no value; gives where the last step ends.
fn steps(
    board: &Board,
    plot: &Plot,
    of: &dyn Fn(&WindowPoint) -> Option<f64>,
    windows: &[WindowPoint],
    horizon: f64,
    colour: plotters::style::RGBColor,
) -> Option<(f64, f64)> {
    let mut path: Vec<(f64, f64)> = Vec::new();
    let mut end = None;
    for (index, window) in windows.iter().enumerate() {
        let until = windows.get(index + 1).map_or(horizon, |next| next.start_s);
        match of(window) {
            Some(value) => {
                path.push(board.at(plot, window.start_s, value));
                path.push(board.at(plot, until, value));
                end = path.last().copied();
            }
            None => {
                if path.len() > 1 {
                    board.line(&path, colour, 1.8);
                }
                path.clear();
            }
        }
    }
    if path.len() > 1 {
        board.line(&path, colour, 1.8);
    }
    end
}

fn end_labels(board: &Board, frame: Area, ends: &[(usize, (f64, f64))], names: &[String], variants: usize) {
    let wanted = ends.iter().map(|(_, (_, y))| *y).collect::<Vec<_>>();
    let gap = 15.0_f64.min((PANEL + GAP - 6.0) / ends.len().max(1) as f64);
    let heights = spread(&wanted, gap, frame.top - 8.0, frame.bottom + GAP - 18.0);
    for ((variant, (x, y)), height) in ends.iter().zip(heights) {
        let start = frame.right + 18.0;
        // The last name of all may stand for several lines, and is no variant's.
        let several = *variant >= variants;
        let colour = if several { theme::MUTED } else { theme::line(*variant) };
        board.line(&[(x + 2.0, *y), (start - 6.0, height)], colour, 1.0);
        if !several {
            board.mark(*variant, (start, height));
        }
        board.text(start + 9.0, height, &names[*variant], Type::LABEL, Hold::Left);
    }
}

/// Names above the shades, in the first of two rows that has room; a name that fits in neither is left to the page.
fn fault_names(board: &Board, frame: Area, comparison: &Comparison, horizon: f64) {
    let kind = Type { size: 11.5, bold: true, colour: theme::FAULT_INK };
    let mut used = [frame.left + kind.width("success") + 14.0, 0.0];
    for fault in &comparison.faults {
        let start = frame.left + (fault.start_s / horizon).clamp(0.0, 1.0) * (frame.right - frame.left);
        board.line(&[(start, frame.top - 4.0), (start, frame.bottom)], theme::FAULT_INK, 0.8);
        let name = kind.elided(&fault.name, 200.0);
        let width = kind.width(&name);
        let left = start.min(WIDTH - 20.0 - width);
        // A name may begin a little late, behind the panel's title; its line still says where the fault begins.
        let left = if left < used[0] && used[0] - left < 80.0 { used[0] } else { left };
        if let Some(row) = used.iter().position(|used| left >= *used) {
            board.text(left, frame.top - 11.0 - 14.0 * row as f64, &name, kind, Hold::Left);
            used[row] = left + width + 10.0;
        }
    }
}

fn table(comparison: &Comparison) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec!["from".to_owned()];
    for variant in &comparison.variants {
        head.extend(["rate", "success", "p99"].map(|what| format!("{} {what}", variant.name)));
    }
    let count = comparison.variants.iter().map(|v| v.windows.len()).max().unwrap_or(0);
    let row = |index: usize| {
        let start = comparison.variants.iter().find_map(|v| v.windows.get(index)).map_or(0.0, |window| window.start_s);
        let mut cells = vec![clock(start)];
        for variant in &comparison.variants {
            let window = variant.windows.get(index);
            cells.push(window.map_or_else(String::new, |w| format!("{}/s", round_mark(w.rate))));
            cells.push(window.map_or_else(String::new, |w| Unit::Share.amount(w.success, None)));
            let p99 = window.and_then(|w| w.p99_ms);
            cells.push(p99.map_or_else(|| "none".to_owned(), |ms| Unit::Milliseconds.amount(ms, None)));
        }
        cells
    };
    (head, (0..count).map(row).collect())
}
