//! What is wrong with a scenario: collected, located, with a hint; never the first only, never a panic.

use super::span::Span;
use indexmap::IndexMap;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but a reader should know.
    Warning,
}

/// A stretch of text with what is to be said of it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What; may be empty.
    pub text: String,
}

/// One thing to say about a scenario.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Diagnostic {
    /// `EW201`; families: 0 syntax, 1 units, 2 references, 3 plausibility, 4 cost data, 5 statistics. Never reused.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// Where; the first is the place itself, the others are what it clashes with.
    pub labels: Vec<Label>,
    /// What to do.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { code, severity: Severity::Error, message: message.into(), labels: Vec::new(), help: Vec::new() }
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, message) }
    }

    /// The same, pointing at `span` (no label for a value that nobody wrote).
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        if !span.is_none() {
            self.labels.push(Label { span, text: text.into() });
        }
        self
    }

    /// The same, with a hint.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Is it an error?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// What was found in each variant, each diagnostic once; what only some variants suffer from says so.
pub fn gathered(by_variant: Vec<(String, Vec<Diagnostic>)>) -> Report {
    gathered_of(["variant", "variants"], by_variant)
}

/// The same of a sweep's points.
pub fn gathered_points(by_point: Vec<(String, Vec<Diagnostic>)>) -> Report {
    gathered_of(["point", "points"], by_point)
}

/// More names than this are not listed.
const NAMED_MAX: usize = 6;

fn gathered_of([one, many]: [&str; 2], found_in: Vec<(String, Vec<Diagnostic>)>) -> Report {
    let count = found_in.len();
    let mut found: IndexMap<Diagnostic, Vec<String>> = IndexMap::new();
    for (name, diagnostics) in found_in {
        for diagnostic in diagnostics {
            let names = found.entry(diagnostic).or_default();
            if names.last() != Some(&name) {
                names.push(name.clone());
            }
        }
    }
    let told = found.into_iter().map(|(diagnostic, names)| {
        if names.len() == count {
            return diagnostic;
        }
        let word = if names.len() == 1 { one } else { many };
        let mut quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        if one == "point" && quoted.len() > NAMED_MAX {
            let more = quoted.len() - NAMED_MAX;
            quoted.truncate(NAMED_MAX);
            quoted.push(format!("{more} more"));
        }
        let place = if one == "point" { "at" } else { "in" };
        diagnostic.help(format!("so it is {place} {word} {}", quoted.join(", ")))
    });
    told.collect()
}

/// All that was found wrong.
pub type Report = Vec<Diagnostic>;
