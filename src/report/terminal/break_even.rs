//! The answer of `break-even`: what was solved, and what the runs say of it.

use super::{Style, items, paragraph};
use crate::record::{BreakEvenStudy, VolumeOutcome};

/// The whole answer as text of at most `width` columns.
pub fn break_even(study: &BreakEvenStudy, width: usize, style: Style) -> String {
    let mut out = String::new();
    for (index, sentence) in study.solved.sentences.iter().enumerate() {
        let text = paragraph(sentence, 0, 2, width);
        out.push_str(&if index == 0 { style.bold(text.trim_end()) + "\n" } else { text });
    }
    for volume in &study.confirmed {
        let mark = match volume.outcome {
            VolumeOutcome::Confirmed => style.good("✓"),
            VolumeOutcome::Moved => style.unsure("~"),
            VolumeOutcome::NotConfirmed => style.bad("✗"),
            VolumeOutcome::NotEnough | VolumeOutcome::NotRun => style.unsure("?"),
        };
        out.push_str(&format!("{mark} {}", paragraph(&volume.sentence, 0, 2, width)));
    }
    if study.confirmed.is_empty() {
        out.push_str("There is no volume at which they cost the same, so there is nothing to run.\n");
    }
    out.push_str(&items("Assumed", &study.assumptions, width, style));
    style.finish(out)
}
