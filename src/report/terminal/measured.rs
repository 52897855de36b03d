//! The answer of `bill`: each month's bill by line, and where a provider billed it, theirs against ours.

use super::table::Grid;
use super::{Style, bill, heading, items, paragraph};
use crate::record::{ComparedRow, Measured, Verdict};
use crate::report::measured::compared;

/// Rows that are the same on both sides are counted, not listed; of the others so many are.
const LISTED: usize = 40;

/// The whole answer as text of at most `width` columns.
pub fn measured(of: &Measured, width: usize, style: Style) -> String {
    let mut out = paragraph(&headline(of), 0, 2, width);
    out = format!("{}\n", style.bold(out.trim_end()));
    let bills: Vec<_> = of.months.iter().map(|month| (month.month.as_str(), &month.bill)).collect();
    out.push_str(&bill::bills(&bills, width, style));
    out.push_str(&against(of, width, style));
    out.push_str(&items("Assumed", &of.assumptions, width, style));
    style.finish(out)
}

fn headline(of: &Measured) -> String {
    let sum: f64 = of.months.iter().filter_map(|month| month.bill.month.value).sum();
    let open = of.months.iter().flat_map(|month| &month.bill.lines).any(|line| line.amount.value.is_none());
    let least = if open { "at least " } else { "" };
    let months = match of.months.as_slice() {
        [] => "no month".to_owned(),
        [one] => one.month.clone(),
        [first, .., last] => format!("{} to {}", first.month, last.month),
    };
    match &of.sums {
        None => format!("{}: {least}{sum:.2} {} for {months}", of.file, of.currency),
        Some(sums) => format!(
            "{}: {} of {} rows are known to the book: theirs {:.2}, ours {:.2} {} for {months}; {:.2} of theirs is not known",
            of.file, sums.priced, sums.rows, sums.theirs, sums.ours, of.currency, sums.unknown
        ),
    }
}

fn against(of: &Measured, width: usize, style: Style) -> String {
    if of.compared.is_empty() {
        return String::new();
    }
    let count = |verdict: Verdict| of.compared.iter().filter(|row| row.verdict == verdict).count();
    let mut out = heading("Theirs against ours", style);
    let tally = format!(
        "{} the same to the cent, {} off for reasons that the row tells, {} off without, {} not known to the book",
        count(Verdict::Same),
        count(Verdict::Explained),
        count(Verdict::Differs),
        count(Verdict::Unknown)
    );
    out.push_str(&paragraph(&tally, 2, 4, width));
    let others: Vec<&ComparedRow> = of.compared.iter().filter(|row| row.verdict != Verdict::Same).collect();
    let head = ["line", "product", "billing item", "theirs", "ours", "off by", "", "why"];
    let rows = others.iter().take(LISTED).map(|row| compared(row).to_vec()).collect();
    let grid = Grid { head: head.map(str::to_owned).into(), rows, figures: vec![0, 3, 4, 5] };
    if !others.is_empty() {
        for (index, line) in grid.lines(2, width).iter().enumerate() {
            out.push_str(&if index == 0 { style.dim(line) } else { line.clone() });
            out.push('\n');
        }
    }
    if others.len() > LISTED {
        let more = others.len() - LISTED;
        out.push_str(&paragraph(&format!("{more} more in the file of --out or with --format json"), 2, 4, width));
    }
    out
}
