//! Gates: met, missed or not enough evidence, in a sign and in words, with the figure, its interval and the margin.

use super::{Style, heading, paragraph};
use crate::record::{Comparison, Gate, Outcome};
use crate::report::number::{Unit, half_width};
use crate::report::sentence::list;

/// In place of a note that stands above.
const AS_ABOVE: &str = "counted as above";

/// The gates of a comparison, one block per objective, one line per variant.
pub(super) fn gates(comparison: &Comparison, width: usize, style: Style) -> String {
    if comparison.gates.is_empty() {
        return String::new();
    }
    let mut out = heading("Gates", style);
    let names = comparison.gates.iter().map(|gate| gate.variant.chars().count()).max().unwrap_or(0).min(width / 4);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    let mut said: Vec<String> = Vec::new();
    for gate in &comparison.gates {
        if seen.contains(&(&gate.name, &gate.check)) {
            continue;
        }
        seen.push((&gate.name, &gate.check));
        let warns = if gate.severity == "warn" { "  (warns only)" } else { "" };
        out.push_str(&format!("  {}  {}{warns}\n", style.bold(&gate.name), gate.check));
        for gate in comparison.gates.iter().filter(|other| other.name == gate.name && other.check == gate.check) {
            out.push_str(&line(&once(gate, &mut said), names, width, style));
        }
    }
    out.push_str(&format!("  {}\n", tally(&comparison.gates)));
    out
}

fn line(gate: &Gate, names: usize, width: usize, style: Style) -> String {
    let (sign, word) = sign(gate.outcome);
    let mark = format!("{sign} {word:<19}");
    let painted = match gate.outcome {
        Outcome::Met => style.good(&mark),
        Outcome::Missed => style.bad(&mark),
        Outcome::NotEnoughEvidence => style.unsure(&mark),
    };
    let measured = measured(gate);
    let words = if measured.is_empty() { gate.sentence.clone() } else { measured };
    let indent = 4 + mark.chars().count() + 1 + names + 2;
    let length = gate.variant.chars().count();
    let mut out = if length > names {
        format!("    {painted} {}\n{}", gate.variant, paragraph(&words, 8, 8, width))
    } else {
        let body = paragraph(&words, indent, indent, width.max(indent + 30));
        format!("    {painted} {}{}{}", gate.variant, " ".repeat(names - length + 2), body.trim_start())
    };
    let more = gate.outcome == Outcome::NotEnoughEvidence && gate.note.is_empty();
    if more && !gate.sentence.is_empty() && words != gate.sentence {
        out.push_str(&paragraph(&gate.sentence, 8, 8, width));
    }
    out
}

/// A gate whose note stands above already says so in place of it: what a figure means is said once in a table.
pub(in crate::report) fn once(gate: &Gate, said: &mut Vec<String>) -> Gate {
    let mut gate = gate.clone();
    if said.contains(&gate.note) {
        gate.note = AS_ABOVE.to_owned();
    } else if gate.note.len() > AS_ABOVE.len() {
        said.push(gate.note.clone());
    }
    gate
}

/// The sign and the words of an outcome; never the colour alone.
pub(in crate::report) fn sign(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Met => ("✓", "met"),
        Outcome::Missed => ("✗", "missed"),
        Outcome::NotEnoughEvidence => ("?", "not enough evidence"),
    }
}

/// The figure, its interval, how far it is from the limit, and what must be known beside it; empty where the gate is
/// not about a figure.
pub(in crate::report) fn measured(gate: &Gate) -> String {
    let unit = Unit::named(&gate.unit);
    let Some(value) = gate.measured.value else { return String::new() };
    let distance = unit_of_distance(unit).amount((gate.limit - value).abs(), half_width(&gate.measured));
    let interval = unit.interval(&gate.measured).map(|text| format!(" ({text})")).unwrap_or_default();
    let margin = match gate.outcome {
        Outcome::Met => format!("margin {distance}"),
        Outcome::Missed => format!("misses by {distance}"),
        Outcome::NotEnoughEvidence => format!("{distance} from the limit"),
    };
    let note = if gate.note.is_empty() { String::new() } else { format!("; {}", gate.note) };
    format!("{}{interval}, {margin}{note}", unit.value(&gate.measured))
}

fn unit_of_distance(unit: Unit<'_>) -> Unit<'_> {
    if unit == Unit::Share { Unit::Points } else { unit }
}

/// `2 met, 1 missed`.
pub(in crate::report) fn tally(gates: &[Gate]) -> String {
    let count = |outcome| gates.iter().filter(|gate| gate.outcome == outcome).count();
    let all = [Outcome::Met, Outcome::Missed, Outcome::NotEnoughEvidence];
    let parts = all.map(|outcome| (count(outcome), sign(outcome).1)).into_iter().filter(|(count, _)| *count > 0);
    list(&parts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_figure_means_is_said_once() {
        let long = Gate { note: "requests that failed while the fault lasted".into(), ..Gate::default() };
        let mut said = Vec::new();
        assert_eq!(once(&long, &mut said).note, long.note);
        assert_eq!(once(&long, &mut said).note, "counted as above");
        assert_eq!(once(&Gate::default(), &mut said).note, "");
    }
}
