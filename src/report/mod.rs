//! What a person sees of a study: the terminal, Markdown, JSON, charts and one self-contained page.
//!
//! Everything here reads a [`crate::record::Comparison`] and nothing else, so that it can be run again tomorrow on a
//! record without a simulation. The same figures stand behind every form: [`decision`] is the table, [`sentence`] the
//! computed sentences, [`number`] the printing of a figure with its unit and interval.
//! Knows nothing of scenarios, of worlds, or of how a figure was estimated.

pub mod decision;
pub mod markdown;
pub mod number;
pub mod sentence;
pub mod terminal;

use serde::Serialize;

/// `record` as one JSON document with fields in their declared order, ending in a newline.
pub fn json(record: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(record).expect("a record has string keys and no failing field");
    text.push('\n');
    text
}
