//! What is paid for: a bar per variant, cut by what is charged; hatched where a price is an estimate.

use crate::record::{BillLine, Comparison, VariantResult};
use crate::report::number::{Unit, invoice, mark_money, rounded};
use crate::report::sentence;
use crate::report::terminal::bill_remark;

use super::board::{Board, Hold, Type, WIDTH};
use super::labels::Area;
use super::{Figure, footer, theme, ticks};

/// Segments at most; the last is the sum of the rest.
const SEGMENTS: usize = 6;
const BAR: f64 = 30.0;
const PITCH: f64 = 50.0;

/// A variant's amount in one segment, split by how sure its prices are.
#[derive(Clone, Copy, Default)]
struct Part {
    sure: f64,
    estimated: f64,
}

/// The cost stack.
pub(super) fn cost(comparison: &Comparison) -> Figure {
    let headline = sentence::price(comparison);
    let items = items(comparison);
    let hatched = comparison.variants.iter().any(|v| v.bill.estimated_share > 0.0);
    let open = comparison.variants.iter().any(|v| sentence::unpriced(v) > 0);
    let ranged = comparison.variants.iter().any(|v| v.bill.month.inputs.is_some());
    let mut caption = format!("Cost per month in {} by what is charged", comparison.currency);
    for (there, words) in [
        (hatched, "hatched: estimated prices"),
        (ranged, "whisker: range over the inputs"),
        (open, "lines without a price are not drawn"),
    ] {
        if there {
            caption.push_str("; ");
            caption.push_str(words);
        }
    }
    let legend = legend_rows(&items);
    let count = comparison.variants.len() as f64;
    let board = Board::new(&headline, &caption, &footer(comparison), legend * 20.0 + 8.0 + count * PITCH + 26.0);
    draw_legend(&board, &items);

    let names = comparison.variants.iter().map(|v| Type::LABEL.elided(&v.name, 170.0)).collect::<Vec<_>>();
    let room = names.iter().map(|name| Type::LABEL.width(name)).fold(30.0, f64::max);
    let frame = Area {
        left: 20.0 + room + 12.0,
        top: board.top + legend * 20.0 + 8.0,
        right: WIDTH - 150.0,
        bottom: board.bottom - 26.0,
    };
    // Cents or none in all bars alike.
    let largest = comparison.variants.iter().map(total).fold(0.0, f64::max);
    let reach = comparison.variants.iter().map(|v| total(v).max(v.bill.month.inputs.map_or(0.0, |(a, b)| a.max(b))));
    let reach = reach.fold(0.0, f64::max);
    // Where nothing costs anything, the only mark of the axis is zero.
    let marks = if reach > 0.0 { ticks::linear(0.0, reach, 6) } else { vec![0.0] };
    let reach = if reach > 0.0 { reach } else { 1.0 };
    let x = |amount: f64| frame.left + amount / reach * (frame.right - frame.left);
    for mark in marks {
        board.rule((x(mark), frame.top), (x(mark), frame.bottom + 4.0));
        board.text(
            x(mark),
            frame.bottom + 14.0,
            &format!("{} {}", mark_money(mark, reach), comparison.currency),
            Type::AXIS,
            Hold::Centre,
        );
    }
    for (index, (variant, name)) in comparison.variants.iter().zip(&names).enumerate() {
        let middle = frame.top + PITCH * (index as f64 + 0.5);
        board.text(frame.left - 10.0, middle, name, Type::LABEL, Hold::Right);
        bar(&board, variant, &items, middle, largest, &x);
    }

    let (head, rows) = table(comparison);
    let description =
        comparison.variants.iter().map(|v| format!("{} {}", v.name, amount(v))).collect::<Vec<_>>().join("; ");
    Figure { name: "cost", headline, svg: board.svg("cost", &description), head, rows }
}

/// What is charged, largest over all variants first; `other lines` last where there are more than fit.
fn items(comparison: &Comparison) -> Vec<String> {
    let mut weights: Vec<(&str, f64)> = Vec::new();
    for line in comparison.variants.iter().flat_map(|v| &v.bill.lines) {
        let amount = line.amount.value.unwrap_or(0.0).max(0.0);
        match weights.iter_mut().find(|(item, _)| *item == line.item) {
            Some((_, weight)) => *weight += amount,
            None => weights.push((&line.item, amount)),
        }
    }
    weights.retain(|(_, weight)| *weight > 0.0);
    weights.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut items = weights.iter().map(|(item, _)| (*item).to_owned()).collect::<Vec<_>>();
    if items.len() > SEGMENTS {
        items.truncate(SEGMENTS - 1);
        items.push("other lines".to_owned());
    }
    items
}

fn colour(items: &[String], segment: usize) -> plotters::style::RGBColor {
    let last = segment + 1 == items.len() && items.len() == SEGMENTS;
    theme::AREAS[if last { SEGMENTS - 1 } else { segment }]
}

fn parts(variant: &VariantResult, items: &[String]) -> Vec<Part> {
    let mut parts = vec![Part::default(); items.len()];
    for line in &variant.bill.lines {
        let amount = line.amount.value.unwrap_or(0.0).max(0.0);
        let other = items.len().checked_sub(1);
        if let Some(segment) = items.iter().position(|item| *item == line.item).or(other) {
            let part = &mut parts[segment];
            *(if line.status == "estimated" { &mut part.estimated } else { &mut part.sure }) += amount;
        }
    }
    parts
}

fn bar(board: &Board, variant: &VariantResult, items: &[String], middle: f64, largest: f64, x: &impl Fn(f64) -> f64) {
    let (top, bottom) = (middle - BAR / 2.0, middle + BAR / 2.0);
    let mut sum = 0.0;
    for (segment, part) in parts(variant, items).iter().enumerate() {
        let (from, whole) = (sum, part.sure + part.estimated);
        sum += whole;
        if whole <= 0.0 {
            continue;
        }
        let ground = colour(items, segment);
        let area = Area { left: x(from), top, right: x(sum), bottom };
        board.area(area, ground, 1.0);
        hatch(board, Area { left: x(from + part.sure), ..area }, theme::ink_on(ground));
        let text = invoice(whole, largest);
        let width = Type::VALUE.width(&text);
        if area.right - area.left > width + 12.0 {
            let centre = (area.left + area.right) / 2.0;
            // Letters over a hatch need a ground of their own.
            board.area(Area::around(centre, middle, width + 6.0, 15.0), ground, 1.0);
            board.text(centre, middle, &text, Type { colour: theme::ink_on(ground), ..Type::VALUE }, Hold::Centre);
        }
        board.line(&[(area.right, top), (area.right, bottom)], theme::PAPER, 1.0);
    }
    let mut end = x(sum);
    if let Some((a, b)) = variant.bill.month.inputs {
        let (low, high, y) = (x(a.min(b)), x(a.max(b)), bottom + 5.0);
        board.line(&[(low, y), (high, y)], theme::INK, 1.2);
        for cap in [low, high] {
            board.line(&[(cap, y - 3.0), (cap, y + 3.0)], theme::INK, 1.2);
        }
        end = end.max(high);
    }
    let share = match (variant.bill.estimated_share, sentence::unpriced(variant)) {
        (share, 0) if share > 0.0 => format!("{} estimated", Unit::Share.amount(share, Some(0.01))),
        (_, 0) => String::new(),
        (_, open) => format!("{open} without a price"),
    };
    let rise = if share.is_empty() { 0.0 } else { 7.0 };
    board.text(end + 10.0, middle - rise, &amount(variant), Type::LABEL, Hold::Left);
    board.text(end + 10.0, middle + 8.0, &share, Type { size: 10.5, ..Type::AXIS }, Hold::Left);
}

/// Slanted lines over an area, cut at its edges.
fn hatch(board: &Board, area: Area, ink: plotters::style::RGBColor) {
    let height = area.bottom - area.top;
    if area.right - area.left < 1.0 {
        return;
    }
    let first = libm::floor((area.left - height) / 7.0) as i64;
    let last = libm::ceil(area.right / 7.0) as i64;
    for index in first..=last {
        // The line x = foot + up, cut at the left and right edges.
        let foot = index as f64 * 7.0;
        let (low, high) = ((area.left - foot).max(0.0), (area.right - foot).min(height));
        if low < high {
            board.line(&[(foot + low, area.bottom - low), (foot + high, area.bottom - high)], ink, 0.75);
        }
    }
}

fn total(variant: &VariantResult) -> f64 {
    variant
        .bill
        .lines
        .iter()
        .filter_map(|line| line.amount.value)
        .sum::<f64>()
        .max(variant.bill.month.value.unwrap_or(0.0))
}

fn amount(variant: &VariantResult) -> String {
    let open = if sentence::unpriced(variant) > 0 { "at least " } else { "" };
    let month = &variant.bill.month;
    let text = match month.value {
        // All whole units, as on an invoice: two bills that are 15 apart must not read alike.
        Some(value) if value.abs() >= 100.0 => format!("{} {}", rounded(value, 0), variant.bill.currency),
        _ => Unit::Money(&variant.bill.currency).value(month),
    };
    format!("{open}{text}")
}

/// Places of the legend's entries: (row, x).
fn legend_places(items: &[String]) -> Vec<(f64, f64)> {
    let (mut row, mut x) = (0.0, 20.0);
    let mut places = Vec::new();
    for item in items {
        let width = 18.0 + Type::VALUE.width(&Type::VALUE.elided(item, 300.0)) + 18.0;
        if x + width > WIDTH - 20.0 {
            row += 1.0;
            x = 20.0;
        }
        places.push((row, x));
        x += width;
    }
    places
}

fn legend_rows(items: &[String]) -> f64 {
    legend_places(items).last().map_or(0.0, |(row, _)| row + 1.0)
}

fn draw_legend(board: &Board, items: &[String]) {
    for (segment, (item, (row, x))) in items.iter().zip(legend_places(items)).enumerate() {
        let y = board.top + 8.0 + row * 20.0;
        board.area(Area { left: x, top: y - 6.0, right: x + 12.0, bottom: y + 6.0 }, colour(items, segment), 1.0);
        board.text(x + 18.0, y, &Type::VALUE.elided(item, 300.0), Type::VALUE, Hold::Left);
    }
}

fn table(comparison: &Comparison) -> (Vec<String>, Vec<Vec<String>>) {
    let head = ["variant", "product", "item", "where", "per month", "price"].map(str::to_owned).to_vec();
    let cells = |variant: &VariantResult, line: &BillLine| {
        let total = variant.bill.month.value.unwrap_or(0.0);
        let amount = line.amount.value.map_or_else(
            || "no price".to_owned(),
            |amount| format!("{} {}", invoice(amount, total), variant.bill.currency),
        );
        let remark = bill_remark(line);
        let remark = if remark.is_empty() { "list price".to_owned() } else { remark };
        vec![variant.name.clone(), line.product.clone(), line.item.clone(), line.scope.clone(), amount, remark]
    };
    let rows =
        comparison.variants.iter().flat_map(|variant| variant.bill.lines.iter().map(move |line| cells(variant, line)));
    (head, rows.collect())
}
