//! p99 by hour of the day: a line for each variant with its interval, the gate that holds p99, and where a cap is reached.
//!
//! Hours are drawn as steps, as windows are: an hour is a stretch of time and not a point.

use crate::record::{Comparison, HourPoint, VariantResult};
use crate::report::number::{Unit, mark_ms};
use crate::report::sentence;

use super::board::{Board, Hold, Plot, Type, WIDTH};
use super::labels::{Area, spread};
use super::{Figure, footer, level, theme, ticks};

const LEFT: f64 = 78.0;
const PANEL: f64 = 250.0;
const CAPS: f64 = 110.0;
const GAP: f64 = 38.0;
/// A cap is drawn where some hour comes to this share of it.
const WORTH: f64 = 0.5;

/// The chart; none where no variant has hours.
pub(super) fn hours(comparison: &Comparison) -> Option<Figure> {
    let longest = comparison.variants.iter().map(|v| v.hours.len()).max().filter(|&hours| hours > 0)?;
    let headline = sentence::by_hour(comparison);
    let limits = limits(comparison);
    let caps: Vec<(usize, &VariantResult)> =
        comparison.variants.iter().enumerate().filter(|(_, v)| fullest(v) >= WORTH).collect();
    let shade = if comparison.faults.is_empty() { "" } else { "; shaded: faults" };
    let caption = format!(
        "p99 of successful requests by hour of the day; shade: {} interval over replications{shade}",
        level(comparison)
    );
    let below = if caps.is_empty() { 0.0 } else { GAP + CAPS };
    let board = Board::new(&headline, &caption, &footer(comparison), 20.0 + PANEL + below + 42.0);
    let names = comparison.variants.iter().map(|v| Type::LABEL.elided(&v.name, 170.0)).collect::<Vec<_>>();
    let room = names.iter().map(|name| Type::LABEL.width(name)).fold(40.0, f64::max);
    let right = WIDTH - room - 40.0;
    let top = board.top + 20.0;
    let frame = Area { left: LEFT, right, top, bottom: top + PANEL };
    let all: Vec<(usize, &VariantResult)> = comparison.variants.iter().enumerate().collect();
    let of = |hour: &HourPoint| hour.p99_ms.value.map(|value| (value, hour.p99_ms.low.zip(hour.p99_ms.high)));
    panel(&board, frame, &Panel { title: "p99", of: &of, limits: &limits, mark: &mark_ms }, comparison, &all, &names);
    if !caps.is_empty() {
        let frame = Area { top: frame.bottom + GAP, bottom: frame.bottom + GAP + CAPS, ..frame };
        let of = |hour: &HourPoint| Some((load(hour)?, None));
        let title = "offered to the fullest cap, of what passes";
        let mark = |value: f64| format!("{:.0} %", value * 100.0);
        panel(
            &board,
            frame,
            &Panel { title, of: &of, limits: &[(String::new(), 1.0)], mark: &mark },
            comparison,
            &caps,
            &names,
        );
    }
    let bottom = board.bottom - 42.0;
    let first = comparison.variants.iter().find_map(|v| v.hours.first()).map_or(0, |hour| hour.minute);
    let every = if longest > 12 { 3 } else { 1 };
    for hour in (0..=longest).step_by(every) {
        let x = LEFT + hour as f64 / longest as f64 * (right - LEFT);
        board.rule((x, bottom), (x, bottom + 4.0));
        board.text(x, bottom + 15.0, &clock(first + 60 * hour as u32, hour == longest), Type::AXIS, Hold::Centre);
    }
    board.text(
        (LEFT + right) / 2.0,
        bottom + 33.0,
        "time of day where the first stream's users are",
        Type::AXIS,
        Hold::Centre,
    );
    let (head, rows) = table(comparison);
    let svg = board.svg("hours", &headline);
    Some(Figure { name: "hours", headline, svg, head, rows })
}

/// `21:00`; the end of a day that begins at midnight is 24:00.
fn clock(minute: u32, end: bool) -> String {
    let of_day = minute % 1440;
    if end && of_day == 0 { "24:00".to_owned() } else { format!("{:02}:{:02}", of_day / 60, of_day % 60) }
}

/// What came to the fullest cap of an hour, as a share of what it passes.
fn load(hour: &HourPoint) -> Option<f64> {
    hour.caps.iter().map(|cap| cap.offered_mbps / cap.available_mbps).reduce(f64::max)
}

fn fullest(variant: &VariantResult) -> f64 {
    variant.hours.iter().filter_map(load).fold(0.0, f64::max)
}

/// Limits that gates set on p99, milliseconds, each once, at most two.
fn limits(comparison: &Comparison) -> Vec<(String, f64)> {
    let mut limits: Vec<(String, f64)> = Vec::new();
    for gate in
        comparison.gates.iter().filter(|gate| gate.unit == "ms" && gate.limit > 0.0 && gate.check.starts_with("p99("))
    {
        if !limits.iter().any(|(check, _)| *check == gate.check) {
            limits.push((gate.check.clone(), gate.limit));
        }
    }
    limits.truncate(2);
    limits
}

/// A value and its interval.
type Shown = Option<(f64, Option<(f64, f64)>)>;

struct Panel<'a> {
    title: &'a str,
    of: &'a dyn Fn(&HourPoint) -> Shown,
    limits: &'a [(String, f64)],
    mark: &'a dyn Fn(f64) -> String,
}

fn panel(
    board: &Board,
    frame: Area,
    panel: &Panel<'_>,
    comparison: &Comparison,
    of: &[(usize, &VariantResult)],
    names: &[String],
) {
    let day_s = of.iter().map(|(_, v)| v.hours.len()).max().unwrap_or(1) as f64 * 3600.0;
    let x = |seconds: f64| frame.left + (seconds / day_s).clamp(0.0, 1.0) * (frame.right - frame.left);
    for fault in comparison.faults.iter().filter(|_| comparison.horizon_s <= day_s) {
        let area = Area { left: x(fault.start_s), right: x(fault.end_s).max(x(fault.start_s) + 1.0), ..frame };
        board.area(area, theme::FAULT, 1.0);
    }
    board.text(frame.left, frame.top - 11.0, panel.title, Type { bold: true, ..Type::AXIS }, Hold::Left);
    let ends = of.iter().flat_map(|(_, v)| &v.hours).filter_map(panel.of).flat_map(|(value, interval)| {
        [Some(value), interval.map(|interval| interval.0), interval.map(|interval| interval.1)].into_iter().flatten()
    });
    let (mut low, mut high) = ends.fold((f64::INFINITY, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)));
    if low > high {
        return;
    }
    let far = 3.0 * high;
    for (_, limit) in panel.limits.iter().filter(|(_, limit)| *limit <= far) {
        (low, high) = (low.min(*limit), high.max(*limit));
    }
    let logarithmic = low > 0.0 && high / low > 20.0;
    let (low, high) = if logarithmic { (low / 1.2, high * 1.2) } else { ticks::rounded_out(0.0, high, 4) };
    let height = |value: f64| if logarithmic { libm::log10(value.max(low)) } else { value };
    let plot = board.plot(frame, (0.0, day_s), (height(low), height(high)));
    for mark in if logarithmic { ticks::logarithmic(low, high) } else { ticks::linear(low, high, 4) } {
        let (_, y) = board.at(&plot, 0.0, height(mark));
        board.rule((frame.left, y), (frame.right, y));
        board.text(frame.left - 8.0, y, &(panel.mark)(mark), Type::AXIS, Hold::Right);
    }
    for (check, limit) in panel.limits.iter().filter(|(_, limit)| (low..=high).contains(limit)) {
        let (_, y) = board.at(&plot, 0.0, height(*limit));
        board.dashed("5 4");
        board.line(&[(frame.left, y), (frame.right, y)], theme::INK, 1.2);
        board.dashed("");
        board.text(frame.left + 8.0, y - 9.0, check, Type { colour: theme::INK, ..Type::AXIS }, Hold::Left);
    }
    for (variant, result) in of {
        for (index, hour) in result.hours.iter().enumerate() {
            let Some((low, high)) = (panel.of)(hour).and_then(|shown| shown.1) else { continue };
            let corner = |hours: usize, value| board.at(&plot, hours as f64 * 3600.0, height(value));
            let ((left, top), (right, bottom)) = (corner(index, high), corner(index + 1, low));
            board.area(Area { left, right, top, bottom }, theme::line(*variant), 0.16);
        }
    }
    let mut last = Vec::new();
    for (variant, result) in of {
        board.dashed(theme::dash(*variant));
        let end = steps(board, &plot, &|hour| (panel.of)(hour).map(|shown| height(shown.0)), &result.hours, *variant);
        board.dashed("");
        last.extend(end.map(|end| (*variant, end)));
    }
    end_labels(board, frame, &last, names);
}

/// Draws the hours as steps, broken where one has no value; gives where the last one ends.
fn steps(
    board: &Board,
    plot: &Plot,
    of: &dyn Fn(&HourPoint) -> Option<f64>,
    hours: &[HourPoint],
    variant: usize,
) -> Option<(f64, f64)> {
    let mut end = None;
    for stretch in hours.iter().enumerate().collect::<Vec<_>>().chunk_by(|a, b| of(a.1).is_some() == of(b.1).is_some())
    {
        let corners = stretch.iter().filter_map(|(index, hour)| Some((*index as f64 * 3600.0, of(hour)?)));
        let path: Vec<(f64, f64)> =
            corners.flat_map(|(at, value)| [board.at(plot, at, value), board.at(plot, at + 3600.0, value)]).collect();
        if let Some(&last) = path.last() {
            board.line(&path, theme::line(variant), 2.0);
            end = Some(last);
        }
    }
    end
}

fn end_labels(board: &Board, frame: Area, ends: &[(usize, (f64, f64))], names: &[String]) {
    let wanted = ends.iter().map(|(_, (_, y))| *y).collect::<Vec<_>>();
    let heights = spread(&wanted, 15.0, frame.top, frame.bottom);
    for ((variant, (x, y)), height) in ends.iter().zip(heights) {
        let start = frame.right + 18.0;
        board.line(&[(x + 2.0, *y), (start - 6.0, height)], theme::line(*variant), 1.0);
        board.mark(*variant, (start, height));
        board.text(start + 9.0, height, &names[*variant], Type::LABEL, Hold::Left);
    }
}

fn table(comparison: &Comparison) -> (Vec<String>, Vec<Vec<String>>) {
    let mut head = vec!["from".to_owned()];
    for variant in &comparison.variants {
        head.push(format!("{} p99", variant.name));
        if fullest(variant) >= WORTH {
            head.push(format!("{} offered to its cap", variant.name));
        }
    }
    let count = comparison.variants.iter().map(|v| v.hours.len()).max().unwrap_or(0);
    let row = |index: usize| {
        let minute = comparison.variants.iter().find_map(|v| v.hours.get(index)).map_or(0, |hour| hour.minute);
        let mut cells = vec![clock(minute, false)];
        for variant in &comparison.variants {
            let hour = variant.hours.get(index);
            let p99 = hour.map(|hour| &hour.p99_ms);
            cells.push(p99.map_or_else(String::new, |p99| match Unit::Milliseconds.interval(p99) {
                Some(interval) => format!("{} ({interval})", Unit::Milliseconds.value(p99)),
                None => Unit::Milliseconds.value(p99),
            }));
            if fullest(variant) >= WORTH {
                let load = hour.and_then(load);
                cells.push(load.map_or_else(String::new, |load| format!("{:.0} %", load * 100.0)));
            }
        }
        cells
    };
    (head, (0..count).map(row).collect())
}
