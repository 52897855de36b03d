//! Gates as a JUnit file, which every CI system can show.

use crate::record::{Comparison, Gate, Outcome};

/// One suite for each study, one case for each gate. A gate that only warns never fails its case.
pub(super) fn junit(studies: &[Comparison]) -> String {
    let gates = || studies.iter().flat_map(|study| &study.gates);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str(&format!(
        "<testsuites name=\"eastwest\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        gates().count(),
        gates().filter(|gate| fails(gate)).count(),
        gates().filter(|gate| open(gate)).count()
    ));
    for study in studies {
        out.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
            escape(&study.scenario),
            study.gates.len(),
            study.gates.iter().filter(|gate| fails(gate)).count(),
            study.gates.iter().filter(|gate| open(gate)).count()
        ));
        for gate in &study.gates {
            out.push_str(&case(&study.scenario, gate));
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(scenario: &str, gate: &Gate) -> String {
    let (name, sentence) = (escape(&gate.name), escape(&gate.sentence));
    let head = format!("    <testcase classname=\"{}.{}\" name=\"{name}\"", escape(scenario), escape(&gate.variant));
    let body = if fails(gate) {
        format!("<failure message=\"{}\">{sentence}</failure>", escape(&gate.check))
    } else if open(gate) {
        format!("<skipped message=\"{sentence}\"/>")
    } else {
        format!("<system-out>{sentence}</system-out>")
    };
    format!("{head}>{body}</testcase>\n")
}

fn fails(gate: &Gate) -> bool {
    gate.outcome == Outcome::Missed && gate.severity != "warn"
}

fn open(gate: &Gate) -> bool {
    gate.outcome == Outcome::NotEnoughEvidence
}

/// `text` inside an attribute or an element.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ if letter.is_control() && letter != '\n' => out.push(' '),
            _ => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(name: &str, severity: &str, outcome: Outcome) -> Gate {
        let sentence = format!("{name} <said>");
        Gate { name: name.into(), severity: severity.into(), outcome, sentence, ..Gate::default() }
    }

    #[test]
    fn a_missed_gate_fails_its_case_and_one_that_only_warns_does_not() {
        let gates = vec![
            gate("met", "fail", Outcome::Met),
            gate("missed", "fail", Outcome::Missed),
            gate("warned", "warn", Outcome::Missed),
            gate("thin", "fail", Outcome::NotEnoughEvidence),
        ];
        let xml = junit(&[Comparison { scenario: "a&b".into(), gates, ..Comparison::default() }]);
        assert!(xml.contains("tests=\"4\" failures=\"1\" skipped=\"1\""), "{xml}");
        assert_eq!(xml.matches("<failure ").count(), 1);
        assert!(xml.contains("classname=\"a&amp;b.\""));
        assert!(xml.contains("missed &lt;said&gt;</failure>"));
    }
}
