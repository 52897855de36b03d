//! Faults, availability and where requests failed.

use super::table::Grid;
use super::{Style, heading, paragraph};
use crate::record::Comparison;
use crate::report::harm::{Section, sections};

/// The sections; nothing where nothing fails.
pub(super) fn harm(comparison: &Comparison, width: usize, style: Style) -> String {
    let mut out = String::new();
    for Section { title, head, rows, notes, .. } in sections(comparison) {
        out.push_str(&heading(&title, style));
        let figures = (1..head.len()).collect();
        let grid = Grid { head, rows, figures };
        for (index, line) in grid.lines(2, width).iter().enumerate() {
            out.push_str(&if index == 0 { style.dim(line) } else { line.clone() });
            out.push('\n');
        }
        for text in notes {
            out.push_str(&paragraph(&text, 2, 4, width));
        }
    }
    out
}
