//! Gates as a JUnit file, which every CI system can show.

use std::path::Path;

use crate::record::{Comparison, Gate, Outcome};

/// A file of which there is no study.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Absent {
    /// As the command line names it.
    pub(super) file: String,
    /// What kept it from being run.
    pub(super) why: Why,
}

impl Absent {
    /// Of `file`.
    pub(super) fn of(file: &Path, why: Why) -> Self {
        Absent { file: file.display().to_string(), why }
    }
}

/// Why a file was not run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Why {
    /// Ctrl-C came before it was begun, or before it had anything to compare.
    Stopped,
    /// It is wrong.
    Wrong,
}

impl Why {
    /// For a reader.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Why::Stopped => "stopped: not run",
            Why::Wrong => "wrong: not run",
        }
    }
}

/// One suite for each study, one case for each gate. A gate that only warns never fails its case. A study that was
/// stopped has a case more, and a file without a study has one: an error each, lest the whole looks green.
pub(super) fn junit(studies: &[Comparison], absent: &[Absent]) -> String {
    let mut suites: Vec<Suite> = studies.iter().map(Suite::of).collect();
    suites.extend(absent.iter().map(|one| {
        let file = escape(&one.file);
        Suite { cases: error(&file, one.why.words()), name: file, errors: 1, ..Suite::default() }
    }));
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    let all = counts(sum(Suite::tests), sum(|suite| suite.failures), sum(|suite| suite.errors), sum(|s| s.skipped));
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"eastwest\" {all}>\n");
    for suite in &suites {
        let counts = counts(suite.tests(), suite.failures, suite.errors, suite.skipped);
        let Suite { name, cases, .. } = suite;
        out.push_str(&format!("  <testsuite name=\"{name}\" {counts}>\n{cases}  </testsuite>\n"));
    }
    out.push_str("</testsuites>\n");
    out
}

/// A study's cases, or the one of a file without a study.
#[derive(Default)]
struct Suite {
    name: String,
    gates: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    cases: String,
}

impl Suite {
    fn of(study: &Comparison) -> Self {
        let name = escape(&study.scenario);
        let mut cases: String = study.gates.iter().map(|gate| case(&study.scenario, gate)).collect();
        cases.extend(study.partial.iter().map(|partial| error(&name, &format!("stopped: {}", escape(partial)))));
        Suite {
            name,
            gates: study.gates.len(),
            failures: study.gates.iter().filter(|gate| fails(gate)).count(),
            errors: usize::from(study.partial.is_some()),
            skipped: study.gates.iter().filter(|gate| open(gate)).count(),
            cases,
        }
    }

    fn tests(&self) -> usize {
        self.gates + self.errors
    }
}

fn counts(tests: usize, failures: usize, errors: usize, skipped: usize) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

/// The case that says that a study is missing or not whole; both texts escaped.
fn error(class: &str, why: &str) -> String {
    format!("    <testcase classname=\"{class}\" name=\"the study\"><error message=\"{why}\"/></testcase>\n")
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
        let xml = junit(&[Comparison { scenario: "a&b".into(), gates, ..Comparison::default() }], &[]);
        assert!(xml.contains("tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\""), "{xml}");
        assert_eq!(xml.matches("<failure ").count(), 1);
        assert!(xml.contains("classname=\"a&amp;b.\""));
        assert!(xml.contains("missed &lt;said&gt;</failure>"));
    }
    #[test]
    fn what_was_stopped_or_never_run_is_an_error() {
        let gates = vec![gate("met", "fail", Outcome::Met)];
        let partial = Some("Stopped after 2 of 6 runs: <so>.".into());
        let study = Comparison { scenario: "half".into(), gates, partial, ..Comparison::default() };
        let xml = junit(&[study], &[Absent::of(Path::new("b&c.yaml"), Why::Stopped)]);
        assert!(
            xml.contains("<testsuites name=\"eastwest\" tests=\"3\" failures=\"0\" errors=\"2\" skipped=\"0\">"),
            "{xml}"
        );
        assert!(xml.contains("<error message=\"stopped: Stopped after 2 of 6 runs: &lt;so&gt;.\"/>"), "{xml}");
        assert!(
            xml.contains("classname=\"b&amp;c.yaml\" name=\"the study\"><error message=\"stopped: not run\"/>"),
            "{xml}"
        );
    }
}
