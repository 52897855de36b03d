//! The bill of each variant, line by line, with what is estimated or not known said on the line.

use super::table::Grid;
use super::{Style, heading, paragraph};
use crate::record::{Bill, BillLine, VariantResult};
use crate::report::number::{Unit, half_width, invoice, place, rounded};
use crate::report::sentence::beside_the_month;

/// The bills that have lines, each behind its variant's name, their common basis once on top.
pub(super) fn bills(bills: &[(&str, &Bill)], width: usize, style: Style) -> String {
    let with_lines = bills.iter().filter(|(_, bill)| !bill.lines.is_empty()).collect::<Vec<_>>();
    let Some((_, first)) = with_lines.first() else { return String::new() };
    let mut out = heading("Bill per month", style);
    let common = with_lines.iter().all(|(_, bill)| bill.basis == first.basis);
    if common {
        out.push_str(&basis(first, width));
    }
    for (index, (name, of_variant)) in with_lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        out.push_str(&bill(name, of_variant, width, style));
        if !common {
            out.push_str(&basis(of_variant, width));
        }
    }
    out
}

/// The bills of a comparison.
pub(super) fn of_variants(variants: &[VariantResult]) -> Vec<(&str, &Bill)> {
    variants.iter().map(|variant| (variant.name.as_str(), &variant.bill)).collect()
}

fn basis(bill: &Bill, width: usize) -> String {
    bill.basis.iter().map(|line| paragraph(line, 2, 4, width)).collect()
}

fn bill(name: &str, bill: &Bill, width: usize, style: Style) -> String {
    let total = bill.month.value.unwrap_or(0.0);
    let mut out = paragraph(&format!("{name}: {}", headline(bill)), 2, 4, width);
    if style.colour {
        out = out.replacen(name, &style.bold(name), 1);
    }
    let rows = rows(bill, total, width.saturating_sub(4));
    let grid = Grid { head: Vec::new(), rows, figures: vec![1, 2, 3] };
    out.push_str(&grid.lines(4, width).iter().map(|line| format!("{line}\n")).collect::<String>());
    for unknown in &bill.unknowns {
        out.push_str(&paragraph(&format!("? {unknown}"), 4, 6, width));
    }
    for line in beside_the_month(bill) {
        out.push_str(&paragraph(&line, 4, 6, width));
    }
    out
}

/// The total with its two ranges and the share that rests on estimated prices.
fn headline(bill: &Bill) -> String {
    let unit = Unit::Money(&bill.currency);
    let mut parts = vec![unit.value(&bill.month)];
    parts.extend(unit.interval(&bill.month).map(|text| format!("noise {text}")));
    parts.extend(unit.inputs(&bill.month).map(|text| format!("inputs {text}")));
    parts.push(if bill.estimated_share > 0.0 {
        format!("{} at estimated prices", Unit::Share.amount(bill.estimated_share, Some(0.01)))
    } else {
        "all at list prices or your own".to_owned()
    });
    let open = bill.lines.iter().filter(|line| line.amount.value.is_none()).count();
    if open > 0 {
        parts.push(format!("{open} without a price"));
    }
    parts.join(" · ")
}

/// The lines by product, each product named once above its own, and the sum.
fn rows(bill: &Bill, total: f64, width: usize) -> Vec<Vec<String>> {
    let payers = bill.lines.iter().any(|line| line.payer != bill.lines[0].payer);
    let mut products: Vec<&str> = Vec::new();
    for line in &bill.lines {
        if !products.contains(&line.product.as_str()) {
            products.push(&line.product);
        }
    }
    let mut rows = Vec::new();
    for product in products {
        rows.push(vec![product.to_owned()]);
        rows.extend(bill.lines.iter().filter(|line| line.product == product).map(|line| cells(line, total, payers)));
    }
    rows.push(vec!["sum".into(), String::new(), String::new(), invoice(total, total), bill.currency.clone()]);
    // What the figures leave over is for the words, which are folded with a hanging indent.
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let figures = (1..5).map(|column| widest(column).unwrap_or(0) + 2).sum::<usize>();
    let room = width.saturating_sub(figures + 2).max(24);
    for row in rows.iter_mut().filter(|row| row.len() > 1 && row[0] != "sum") {
        row[0] = paragraph(&row[0], 2, 4, room).trim_end().to_owned();
    }
    rows
}

/// Item and place, quantity, unit price, amount, remark.
fn cells(line: &BillLine, total: f64, payers: bool) -> Vec<String> {
    let mut what = line.item.clone();
    let payer = if payers { line.payer.as_str() } else { "" };
    for more in [line.scope.as_str(), payer].into_iter().filter(|more| !more.is_empty()) {
        what.push_str(&format!(", {more}"));
    }
    let price = line.unit_price.map_or_else(String::new, |price| format!("× {}", unit_price(price)));
    let amount = line.amount.value.map_or_else(|| "?".to_owned(), |amount| invoice(amount, total));
    vec![what, quantity(line), price, amount, remark(line)]
}

/// How much of what: four digits of a counted amount, all of a whole number.
pub(in crate::report) fn quantity(line: &BillLine) -> String {
    let Some(quantity) = line.quantity.value else { return "not known".to_owned() };
    let whole = quantity.fract() == 0.0 && quantity.abs() < 1e6;
    let last = place(quantity, 4).max(half_width(&line.quantity).map_or(i32::MIN, |half| place(half, 2)));
    format!("{} {}", rounded(quantity, if whole { 0 } else { last }), line.unit)
}

/// A price keeps all its digits: it is a figure of the book, not an estimate of ours.
pub(in crate::report) fn unit_price(price: f64) -> String {
    crate::units::significant(price, 6)
}

/// What the status of a price means, in words, with what is taken off and in how many steps; nothing for a list price with
/// a source.
pub(in crate::report) fn remark(line: &BillLine) -> String {
    let status = match line.status.as_str() {
        "sourced" => "",
        "user" => "your price",
        "not-found" => "no price found",
        other => other,
    };
    let mut words: Vec<String> = Some(status.to_owned()).into_iter().filter(|word| !word.is_empty()).collect();
    if line.discount > 0.0 {
        words.push(format!("less {} %", crate::units::significant(line.discount * 100.0, 4)));
    }
    if line.steps.len() > 1 {
        words.push(format!("mean of {} steps", line.steps.len()));
    }
    words.join(", ")
}
