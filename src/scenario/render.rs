//! Diagnostics as people and tools read them: with the text and carets, one line each, or as JSON.

use super::diagnostic::{Diagnostic, Severity};
use super::span::{Source, Sources, Span};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::fmt::Write;

/// A line longer than this is not shown around its caret.
const LINE_MAX: usize = 400;

/// With the text and carets, as a compiler prints them; `colour` for a terminal.
pub fn rendered(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let message = plain(&diagnostic.message);
        let mut group = Group::with_title(level.primary_title(&message).id(diagnostic.code));
        let mut files: Vec<(&Source, Vec<(usize, &super::diagnostic::Label)>)> = Vec::new();
        for (index, label) in diagnostic.labels.iter().enumerate() {
            let Some(source) = sources.get(label.span.source) else { continue };
            match files.iter_mut().find(|(known, _)| std::ptr::eq(*known, source)) {
                Some((_, labels)) => labels.push((index, label)),
                None => files.push((source, vec![(index, label)])),
            }
        }
        let shown: Vec<_> = files.iter().map(|(source, _)| displayed(&source.text)).collect();
        for ((source, labels), text) in files.iter().zip(&shown) {
            let mut snippet = Snippet::source(text.as_str()).path(&source.name).fold(true);
            for (index, label) in labels {
                let kind = if *index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                let mut annotation = kind.span(first_line(text, label.span));
                if !label.text.is_empty() {
                    annotation = annotation.label(&label.text);
                }
                snippet = snippet.annotation(annotation);
            }
            group = group.element(snippet);
        }
        for help in &diagnostic.help {
            group = group.element(Level::HELP.message(help));
        }
        let _ = writeln!(text, "{}\n", renderer.render(&[group]));
    }
    text
}

/// One line each: `file:12:9: EW201 error: unknown region ...`.
pub fn concise(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let place = diagnostic.labels.first().and_then(|label| {
            let source = sources.get(label.span.source)?;
            let (line, column) = sources.line_and_column(label.span)?;
            Some(format!("{}:{line}:{column}: ", source.name))
        });
        let (code, word, message) = (diagnostic.code, word(diagnostic.severity), plain(&diagnostic.message));
        let _ = writeln!(text, "{}{code} {word}: {message}", place.unwrap_or_default());
    }
    text
}

/// As terraform's `validate -json`: `format_version`, `valid`, counts, `diagnostics` with ranges.
pub fn json(sources: &Sources, diagnostics: &[Diagnostic]) -> Value {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let label = |label: &super::diagnostic::Label| {
        let source = sources.get(label.span.source)?;
        let start = sources.line_and_column(label.span)?;
        let last = Span { start: label.span.end, ..label.span };
        let end = sources.line_and_column(last)?;
        Some(json!({
            "filename": source.name,
            "start": {"line": start.0, "column": start.1, "byte": label.span.start},
            "end": {"line": end.0, "column": end.1, "byte": label.span.end},
            "text": label.text,
        }))
    };
    let rows: Vec<_> = diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "code": diagnostic.code,
                "severity": word(diagnostic.severity),
                "summary": diagnostic.message,
                "ranges": diagnostic.labels.iter().filter_map(label).collect::<Vec<_>>(),
                "help": diagnostic.help,
            })
        })
        .collect();
    json!({
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": diagnostics.len() - errors,
        "diagnostics": rows,
    })
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A message on one line, without control characters: it may quote what a stranger wrote.
fn plain(text: &str) -> String {
    let text: String = text.chars().map(|c| if steers(c) { ' ' } else { c }).collect();
    match text.char_indices().nth(LINE_MAX) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

/// Does a character steer the terminal, or turn the direction of reading?
pub(crate) fn steers(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text in which every byte keeps its place and no control character reaches the terminal.
fn displayed(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != '\n' && steers(letter) {
            shown.extend(std::iter::repeat_n(' ', letter.len_utf8()));
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// The part of a span that lies on its first line, at least one character where there is one.
fn first_line(text: &str, span: Span) -> std::ops::Range<usize> {
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let start = boundary(span.start as usize);
    let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
    let end = boundary(span.end as usize).clamp(start, line_end);
    if end > start {
        return start..end;
    }
    let next = text[start..line_end].chars().next().map_or(0, char::len_utf8);
    start..start + next
}
