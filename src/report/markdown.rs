//! A summary for a pull request: at most forty lines of Markdown, with a hidden marker so that one comment is updated.

use crate::record::Comparison;

use super::decision::Decision;
use super::number::span;
use super::sentence::{Lead, differences};
use super::terminal::{gate_figure, gate_sign};

/// Lines at most.
const LINES: usize = 40;

/// The summary of `comparison`.
pub fn markdown(comparison: &Comparison) -> String {
    let table = Decision::of(comparison);
    let lead = Lead::of(&comparison.verdict);
    let after = [lead.rest.join(" "), comparison.robustness.clone()].join(" ");
    let mut head = vec![
        format!("<!-- eastwest:{} -->", plain(&comparison.scenario)),
        format!("### {}", plain(&comparison.scenario)),
        String::new(),
        format!("**{}** {}", plain(&lead.first), plain(after.trim())),
        String::new(),
        format!("| | {} |", table.variants.iter().map(|name| plain(name)).collect::<Vec<_>>().join(" | ")),
        format!("|---|{}", "---:|".repeat(table.variants.len())),
    ];
    let rows = table.rows.iter().map(|row| {
        let label = if row.detail { format!("*{}*", plain(&row.label)) } else { plain(&row.label) };
        format!("| {label} | {} |", row.cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" | "))
    });
    head.extend(rows.take(20));
    let mut rest = vec![String::new()];
    rest.extend(table.notes.iter().map(|text| format!("- {}", plain(text))));
    rest.extend(differences(comparison).iter().map(|text| format!("- {}", plain(text))));
    rest.push(String::new());
    rest.extend(comparison.gates.iter().map(|gate| {
        let (sign, word) = gate_sign(gate.outcome);
        format!("- {sign} {word}: {} ({}) {}", plain(&gate.check), plain(&gate.variant), plain(&gate_figure(gate)))
    }));
    let foot = format!(
        "<sub>{} × {} simulated, seed {}, eastwest {}; `{}`</sub>",
        comparison.replications,
        span(comparison.horizon_s),
        comparison.seed,
        plain(&comparison.engine),
        comparison.command.replace('`', "'")
    );
    let room = LINES - head.len() - 2;
    if rest.len() > room {
        let hidden = rest.len() - room + 1;
        rest.truncate(room - 1);
        rest.push(format!("- and {hidden} more lines in the report"));
    }
    head.extend(rest);
    head.extend([String::new(), foot]);
    head.join("\n") + "\n"
}

/// Text on one line that opens no tag, no table cell and no comment.
fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('|', "\\|")
}
