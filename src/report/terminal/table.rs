//! Tables on a terminal: columns apart by spaces, one rule below the head, details dimmed.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableStyle};

use super::{Style, paragraph};
use crate::report::decision::Decision;

/// The widest a column of a variant may be before its name is broken at a hyphen.
const NAME_WIDTH: usize = 22;
/// Spaces between columns.
const GAP: usize = 2;

/// A table to be printed: heads, rows, and which columns are figures.
pub(super) struct Grid {
    /// Titles of the columns.
    pub(super) head: Vec<String>,
    /// Cells, one row each.
    pub(super) rows: Vec<Vec<String>>,
    /// Which columns stand to the right, by index.
    pub(super) figures: Vec<usize>,
}

impl Grid {
    /// The lines of the table, `indent` in, wrapped where `width` forces it.
    pub(super) fn lines(&self, indent: usize, width: usize) -> Vec<String> {
        let mut table = Table::new();
        table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width.saturating_sub(indent)).unwrap_or(u16::MAX));
        let aligned = |cells: &[String]| {
            let cells = cells.iter().enumerate().map(|(column, text)| {
                let right = self.figures.contains(&column);
                Cell::new(text).set_alignment(if right { CellAlignment::Right } else { CellAlignment::Left })
            });
            cells.collect::<Vec<_>>()
        };
        if !self.head.is_empty() {
            table.set_header(aligned(&self.head));
        }
        for row in &self.rows {
            table.add_row(aligned(row));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP as u16));
        }
        table.lines().map(|line| format!("{}{}", " ".repeat(indent), line).trim_end().to_owned()).collect()
    }
}

/// The decision table: measures down, variants across; in blocks where they do not all fit beside each other.
pub(super) fn decision(decision: &Decision, width: usize, style: Style) -> String {
    let mut out = String::new();
    let label =
        decision.rows.iter().map(|row| row.label.chars().count() + 2 * usize::from(row.detail)).max().unwrap_or(0);
    let label = label.min(width / 3).max(8);
    let widths = (0..decision.variants.len()).map(|v| {
        let cells = decision.rows.iter().map(|row| row.cells[v].chars().count());
        let name = decision.variants[v].chars().count().min(NAME_WIDTH);
        cells.chain([name]).max().unwrap_or(0).min(width / 3)
    });
    for block in blocks(&widths.collect::<Vec<_>>(), width.saturating_sub(2 + label + GAP)) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&decision_block(decision, block, label, width, style));
    }
    for note in &decision.notes {
        out.push_str(&paragraph(&format!("- {note}"), 2, 4, width));
    }
    out
}

/// Consecutive columns that fit into `room` together.
fn blocks(widths: &[usize], room: usize) -> Vec<std::ops::Range<usize>> {
    let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
    let mut used = 0;
    for (index, width) in widths.iter().enumerate() {
        match blocks.last_mut() {
            Some(block) if used + width + GAP <= room => block.end = index + 1,
            _ => {
                blocks.push(index..index + 1);
                used = 0;
            }
        }
        used += width + GAP;
    }
    blocks
}

fn decision_block(
    decision: &Decision,
    block: std::ops::Range<usize>,
    label: usize,
    width: usize,
    style: Style,
) -> String {
    let names = decision.variants[block.clone()].iter().map(|name| folded(name, NAME_WIDTH));
    let mut grid = Grid { head: vec![" ".repeat(label)], rows: Vec::new(), figures: (1..=block.len()).collect() };
    grid.head.extend(names);
    for row in &decision.rows {
        // A folded label keeps its indent, by which a detail is told from a measure.
        let (first, rest) = if row.detail { (2, 4) } else { (0, 0) };
        let mut cells = vec![paragraph(&row.label, first, rest, label).trim_end().to_owned()];
        cells.extend(row.cells[block.clone()].iter().cloned());
        grid.rows.push(cells);
    }
    let head_height = grid.head.iter().map(|name| name.lines().count()).max().unwrap_or(1);
    let lines = grid.lines(2, width);
    let rule = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let detail = line.starts_with("    ");
        let painted = if index < head_height {
            style.bold(line)
        } else if detail {
            style.dim(line)
        } else {
            line.clone()
        };
        out.push_str(&painted);
        out.push('\n');
        if index + 1 == head_height {
            out.push_str(&style.dim(&format!("  {}", "─".repeat(rule.saturating_sub(2)))));
            out.push('\n');
        }
    }
    out
}

/// A long name on several lines, broken after hyphens where there are any.
fn folded(name: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for part in name.split_inclusive('-') {
        let length = part.chars().count();
        if used > 0 && used + length > width {
            out.push('\n');
            used = 0;
        }
        out.push_str(part);
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_do_not_fit_go_to_a_second_block() {
        assert_eq!(blocks(&[10, 10, 10, 30], 40), vec![0..3, 3..4]);
        assert_eq!(blocks(&[50], 40), vec![0..1]);
        assert_eq!(blocks(&[], 40), Vec::<std::ops::Range<usize>>::new());
    }

    #[test]
    fn a_long_name_breaks_after_a_hyphen() {
        assert_eq!(folded("private-endpoint-behind-cen", 22), "private-endpoint-\nbehind-cen");
        assert_eq!(folded("cen", 22), "cen");
    }
}
