//! What a person sees of a study: the terminal, Markdown, JSON, charts, one self-contained page, the bill as a spreadsheet.
//!
//! Everything here reads a [`crate::record::Comparison`] and nothing else, so that it can be run again tomorrow on a
//! record without a simulation. The same figures stand behind every form: [`decision`] is the table, [`sentence`] the
//! computed sentences, [`number`] the printing of a figure with its unit and interval.
//! Knows nothing of scenarios, of worlds, or of how a figure was estimated.

mod business;
pub mod charts;
pub mod decision;
mod harm;
pub mod html;
pub mod long_run;
pub mod markdown;
pub mod measured;
pub mod number;
pub mod sentence;
mod sessions;
mod stores;
pub mod sweep;
pub mod terminal;
pub mod workbook;

use serde::Serialize;

use crate::record::Comparison;

/// `record` as one JSON document with fields in their declared order, ending in a newline.
pub fn json(record: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(record).expect("a record has string keys and no failing field");
    text.push('\n');
    text
}

/// A file of charts, the page or the bill's spreadsheet, made when it is asked for.
pub struct Drawn<'a> {
    /// Below the result's folder: `charts/cost.png`.
    pub name: String,
    /// Its bytes.
    pub bytes: Box<dyn Fn() -> Vec<u8> + Send + Sync + 'a>,
}

/// The charts (`charts/*.svg`, `charts/*.png`), the page (`report.html`) and, where there is a bill, its spreadsheet
/// (`bill.xlsx`) of `comparison`, in the order of a listing.
/// None waits for another: pictures are worth a thread each.
pub fn drawn(comparison: &Comparison) -> Vec<Drawn<'_>> {
    let mut files = Vec::new();
    for figure in charts::figures(comparison) {
        let (svg, picture) = (figure.svg.clone(), figure.svg);
        let bytes = Box::new(move || svg.clone().into_bytes());
        files.push(Drawn { name: format!("charts/{}.svg", figure.name), bytes });
        let bytes = Box::new(move || charts::png(&picture));
        files.push(Drawn { name: format!("charts/{}.png", figure.name), bytes });
    }
    files.push(Drawn { name: "report.html".into(), bytes: Box::new(|| html::page(comparison).into_bytes()) });
    let ledger = workbook::Ledger::of_study(comparison);
    if !ledger.is_empty() {
        files.push(Drawn { name: workbook::NAME.into(), bytes: Box::new(move || workbook::workbook(&ledger)) });
    }
    files
}
