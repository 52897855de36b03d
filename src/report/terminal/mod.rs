//! What `compare`, `run` and `estimate` print on a terminal: a sentence first, then tables.
//!
//! The width and the style are arguments, so that the text is the same in a terminal, in CI and in a test.

mod bill;
mod break_even;
mod business;
mod compare;
mod estimate;
mod explain;
mod gates;
mod harm;
mod long_run;
mod measured;
mod overview;
mod route;
mod run;
mod sweep;
mod table;
mod views;
mod waterfall;

use std::path::{Path, PathBuf};

use crate::report::sentence::Lead;

pub(super) use bill::{quantity as bill_quantity, remark as bill_remark, unit_price as bill_unit_price};
pub use break_even::break_even;
pub use compare::compare;
pub use estimate::estimate;
pub use explain::{explain, failures};
pub(super) use gates::{measured as gate_figure, once as gate_once, sign as gate_sign, tally as gate_tally};
pub use long_run::long_run;
pub(super) use long_run::tables as long_run_tables;
pub use measured::measured;
pub use overview::explain_or_overview;
pub use route::route;
pub use run::run;
pub use sweep::sweep;
pub use waterfall::waterfall;

/// How text may look. Whether colour is wanted (`--color`, `NO_COLOR`, a pipe) and whether the locale can show more
/// than ASCII is the caller's to find out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// Bold, dim and colours by ANSI escapes.
    pub colour: bool,
    /// Letters beyond ASCII: `±`, `✓`, rules and bars.
    pub unicode: bool,
}

impl Style {
    /// No escapes; signs beyond ASCII.
    pub const PLAIN: Style = Style { colour: false, unicode: true };

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn unsure(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// The finished text, spelt in ASCII where nothing else can be shown.
    fn finish(self, text: String) -> String {
        if self.unicode {
            return text;
        }
        let mut out = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                '±' => out.push_str("+-"),
                '−' | '–' | '─' | '╌' => out.push('-'),
                '×' => out.push('x'),
                '·' => out.push('|'),
                '→' => out.push_str("->"),
                '≤' => out.push_str("<="),
                '≥' => out.push_str(">="),
                '✓' => out.push('+'),
                '✗' => out.push('x'),
                '█' => out.push('#'),
                '░' => out.push('.'),
                '…' => out.push_str("..."),
                'µ' => out.push('u'),
                other if other.is_ascii() => out.push(other),
                _ => out.push('?'),
            }
        }
        out
    }
}

/// Where the files of a result are: the directory once, then the names.
pub fn files(directory: &Path, written: &[PathBuf], width: usize, style: Style) -> String {
    let name = |path: &PathBuf| path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let names = written.iter().map(name).collect::<Vec<_>>().join("  ");
    let mut out = heading("Files", style);
    out.push_str(&format!("  {}/\n", directory.display()));
    out.push_str(&paragraph(&names, 4, 4, width));
    style.finish(out)
}

/// The title of a section, a blank line above it.
fn heading(title: &str, style: Style) -> String {
    format!("\n{}\n", style.bold(title))
}

/// `text` wrapped at words to `width` columns, its first line `first` in and the others `rest` in.
fn paragraph(text: &str, first: usize, rest: usize, width: usize) -> String {
    let mut out = String::new();
    let mut line = " ".repeat(first);
    let mut empty = true;
    for word in text.split_whitespace() {
        let space = usize::from(!empty);
        if !empty && line.chars().count() + space + word.chars().count() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(rest);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

/// A verdict: what decides first, the rest one below the other where it is long.
fn verdict(text: &str, width: usize, style: Style) -> String {
    let bold = |text: &str| -> String {
        let lines = paragraph(text, 0, 0, width);
        lines.lines().filter(|line| !line.is_empty()).map(|line| style.bold(line) + "\n").collect()
    };
    let lead = Lead::of(text);
    if !lead.is_long() {
        return bold(text);
    }
    let rest = lead.rest.iter().map(|sentence| paragraph(&format!("- {sentence}"), 2, 4, width));
    bold(&lead.first) + &rest.collect::<String>()
}

/// Items under a title, each with a mark and a hanging indent; nothing at all where there are none.
fn items(title: &str, items: &[String], width: usize, style: Style) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut out = heading(title, style);
    for item in items {
        out.push_str(&paragraph(&format!("- {item}"), 2, 4, width));
    }
    out
}

/// Sentences about something of a variant, under its name.
fn told(title: &str, sentences: &[String], width: usize, style: Style) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let mut out = format!("\n  {}\n", style.bold(title));
    for sentence in sentences {
        out.push_str(&paragraph(sentence, 4, 6, width));
    }
    out
}
