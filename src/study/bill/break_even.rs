//! What a price would have to be for two bills to be equal.

use crate::record::{Bill, BillLine};

/// The price per unit of the lines of `item` at which `bill` costs as much as `other`; none where the item is not on the
/// bill, or where `other` has a price of its own that nobody knows. Below it `bill` is the cheaper one; a price below
/// zero means never.
pub fn price_where_equal(bill: &Bill, item: &str, other: &Bill) -> Option<f64> {
    if other.lines.iter().any(|line| line.amount.value.is_none()) {
        return None;
    }
    let lines = || bill.lines.iter().filter(|line| line.item == item);
    // All else must be known: two unknown prices have no single answer.
    if bill.lines.iter().any(|line| line.item != item && line.amount.value.is_none()) {
        return None;
    }
    // What is taken off the price that nobody knows is taken off what it may be.
    let quantity: f64 = lines().filter_map(|line| Some(line.quantity.value? * (1.0 - line.discount))).sum();
    let of_item: f64 = lines().filter_map(|line| line.amount.value).sum();
    let rest = bill.month.value? - of_item;
    (quantity > 0.0).then(|| (other.month.value.unwrap_or(0.0) - rest) / quantity)
}

/// A sentence for each line whose price nobody knows, before it is compared with anything.
pub(super) fn unknown_lines(bill: &Bill) -> Vec<String> {
    let sentence = |line: &BillLine| {
        let quantity = line.quantity.value.unwrap_or(0.0);
        let unit = &line.unit;
        format!("{}: the price of {quantity:.4} {unit} was not found and is not in the sum", label(line))
    };
    bill.lines.iter().filter(|line| line.amount.value.is_none()).map(sentence).collect()
}

fn label(line: &BillLine) -> String {
    if line.scope.is_empty() { line.item.clone() } else { format!("{} ({})", line.item, line.scope) }
}

/// Adds to each bill with an unknown price what that price would have to be against each of the other variants:
/// `plan wins against public while CEN bandwidth plan stays below 106 USD per Mbps-month`.
pub fn solve_unknowns(bills: &mut [(String, Bill)]) {
    let solved: Vec<Vec<String>> = bills
        .iter()
        .map(|(name, bill)| {
            let mut items: Vec<(&str, &str)> = bill
                .lines
                .iter()
                .filter(|line| line.amount.value.is_none())
                .map(|line| (line.item.as_str(), line.unit.as_str()))
                .collect();
            items.dedup();
            items.sort_unstable();
            items.dedup();
            let mut sentences = Vec::new();
            for (item, unit) in items {
                for (other_name, other) in bills.iter().filter(|(other, _)| other != name) {
                    let Some(price) = price_where_equal(bill, item, other) else { continue };
                    let currency = &bill.currency;
                    sentences.push(if price > 0.0 {
                        let price = crate::units::significant(price, 3);
                        format!(
                            "{name} wins against {other_name} while {item} stays below {price} {currency} per {unit}"
                        )
                    } else {
                        format!("{name} costs more than {other_name} at any price of {item}")
                    });
                }
            }
            sentences
        })
        .collect();
    for ((_, bill), sentences) in bills.iter_mut().zip(solved) {
        bill.unknowns.extend(sentences);
    }
}
