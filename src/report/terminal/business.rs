//! Downtime and years to come, with what each figure rests on.

use super::table::Grid;
use super::{Style, heading, items, paragraph};
use crate::record::Comparison;
use crate::report::business::{Section, section};

/// The section; nothing where the scenario has no `business:`.
pub(super) fn business(comparison: &Comparison, width: usize, style: Style) -> String {
    let Some(Section { title, head, rows, over, basis }) = section(comparison) else { return String::new() };
    let mut out = heading(&title, style);
    let figures = (1..head.len()).collect();
    let grid = Grid { head, rows, figures };
    for (index, line) in grid.lines(2, width).iter().enumerate() {
        out.push_str(&if index == 0 { style.dim(line) } else { line.clone() });
        out.push('\n');
    }
    for text in over {
        out.push_str(&paragraph(&text, 2, 4, width));
    }
    out + &items("What that rests on", &basis, width, style)
}
