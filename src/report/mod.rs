//! What a person sees of a study: the terminal, Markdown, JSON, charts and one self-contained page.
//!
//! Everything here reads a [`crate::record::Comparison`] and nothing else, so that it can be run again tomorrow on a
//! record without a simulation. The same figures stand behind every form: [`decision`] is the table, [`sentence`] the
//! computed sentences, [`number`] the printing of a figure with its unit and interval.
//! Knows nothing of scenarios, of worlds, or of how a figure was estimated.

pub mod charts;
pub mod decision;
pub mod html;
pub mod markdown;
pub mod number;
pub mod sentence;
pub mod terminal;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::record::Comparison;

/// `record` as one JSON document with fields in their declared order, ending in a newline.
pub fn json(record: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(record).expect("a record has string keys and no failing field");
    text.push('\n');
    text
}

/// Writes the charts (`charts/*.svg`, `charts/*.png`) and the page (`report.html`) below `folder`; each file appears whole or not at all. Gives
/// their paths in the order in which they were written.
pub fn write(folder: &Path, comparison: &Comparison) -> io::Result<Vec<PathBuf>> {
    let charts = folder.join("charts");
    fs::create_dir_all(&charts)?;
    let mut written = Vec::new();
    for figure in charts::figures(comparison) {
        written.push(put(&charts, &format!("{}.svg", figure.name), figure.svg.as_bytes())?);
        written.push(put(&charts, &format!("{}.png", figure.name), &figure.png())?);
    }
    written.push(put(folder, "report.html", html::page(comparison).as_bytes())?);
    Ok(written)
}

/// Writes a file under another name and renames it, so that no reader ever sees half of it.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let (partial, path) = (folder.join(format!(".{name}.partial")), folder.join(name));
    fs::write(&partial, bytes)?;
    fs::rename(&partial, &path)?;
    Ok(path)
}
