//! Measured usage, priced, as files: a table of lines or of compared rows, and a page of Markdown.

use super::number::invoice;
use super::terminal::{bill_quantity, bill_unit_price};
use crate::record::{ComparedRow, Measured, Verdict};

/// The word for what came of a row.
pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Explained => "explained",
        Verdict::Differs => "differs",
        Verdict::Unknown => "unknown",
    }
}

fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A text that a spreadsheet does not take for a formula.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// The lines of all months as CSV; of a provider's bill its rows against ours.
pub fn table(of: &Measured) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut row = |cells: &[&str]| writer.write_record(cells).expect("memory takes a row");
    if of.compared.is_empty() {
        row(&[
            "month",
            "product",
            "key",
            "item",
            "scope",
            "payer",
            "quantity",
            "unit",
            "unit_price",
            "discount_share",
            "amount",
            "amount_inputs_low",
            "amount_inputs_high",
            "currency",
            "status",
            "source",
            "as_of",
        ]);
        for month in &of.months {
            for line in &month.bill.lines {
                let inputs = line.amount.inputs;
                row(&[
                    &month.month,
                    &plain(&line.product),
                    &line.key,
                    &line.item,
                    &plain(&line.scope),
                    &plain(&line.payer),
                    &number(line.quantity.value),
                    &line.unit,
                    &number(line.unit_price),
                    &line.discount.to_string(),
                    &number(line.amount.value),
                    &number(inputs.map(|inputs| inputs.0)),
                    &number(inputs.map(|inputs| inputs.1)),
                    &of.currency,
                    &line.status,
                    &plain(&line.source),
                    &line.as_of,
                ]);
            }
        }
    } else {
        row(&[
            "line",
            "month",
            "product",
            "billing_item",
            "region",
            "usage",
            "unit",
            "theirs",
            "their_currency",
            "key",
            "ours",
            "difference",
            "currency",
            "verdict",
            "reasons",
        ]);
        for compared in &of.compared {
            row(&[
                &compared.line.to_string(),
                &compared.month,
                &plain(&compared.product),
                &plain(&compared.item),
                &plain(&compared.region),
                &number(compared.usage),
                &compared.unit,
                &compared.theirs.to_string(),
                &compared.their_currency,
                compared.key.as_deref().unwrap_or(""),
                &number(compared.ours),
                &number(compared.difference),
                &of.currency,
                word(compared.verdict),
                &compared.reasons.join("; "),
            ]);
        }
    }
    writer.into_inner().expect("memory takes the last row")
}

/// The bill of each month, and theirs against ours, for a pull request or a wiki.
pub fn markdown(of: &Measured) -> String {
    let safe = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;");
    let mut out = format!("# Bill of {}\n", safe(&of.file));
    for month in &of.months {
        let total = month.bill.month.value.unwrap_or(0.0);
        out.push_str(&format!("\n## {}: {} {}\n\n", safe(&month.month), invoice(total, total), of.currency));
        out.push_str("| product | item | where | payer | quantity | price | amount | price is |\n|---|---|---|---|---:|---:|---:|---|\n");
        for line in &month.bill.lines {
            let cells = [
                safe(&line.product),
                safe(&line.item),
                safe(&line.scope),
                safe(&line.payer),
                bill_quantity(line),
                line.unit_price.map(bill_unit_price).unwrap_or_default(),
                line.amount.value.map_or_else(|| "?".to_owned(), |amount| invoice(amount, total)),
                line.status.clone(),
            ];
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        out.push_str(&month.bill.unknowns.iter().map(|text| format!("\n- {}", safe(text))).collect::<String>());
    }
    if let Some(sums) = &of.sums {
        out.push_str(&format!(
            "\n## Theirs against ours\n\n{} of {} rows priced: theirs {:.2}, ours {:.2} {}; {:.2} of theirs is not known to the book.\n\n",
            sums.priced, sums.rows, sums.theirs, sums.ours, of.currency, sums.unknown
        ));
        out.push_str("| line | product | billing item | theirs | ours | difference | | why |\n|---:|---|---|---:|---:|---:|---|---|\n");
        for row in &of.compared {
            out.push_str(&format!("| {} |\n", compared(row).map(|cell| safe(&cell)).join(" | ")));
        }
    }
    out.push_str("\n## Assumed\n\n");
    out.push_str(&of.assumptions.iter().map(|text| format!("- {}\n", safe(text))).collect::<String>());
    out
}

/// Line, product, billing item, theirs, ours, difference, verdict, reasons.
pub(super) fn compared(row: &ComparedRow) -> [String; 8] {
    let money = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
    [
        row.line.to_string(),
        row.product.clone(),
        row.item.clone(),
        format!("{:.2} {}", row.theirs, row.their_currency),
        money(row.ours),
        money(row.difference),
        word(row.verdict).to_owned(),
        row.reasons.join("; "),
    ]
}
