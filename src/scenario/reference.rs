//! The key reference, made from the vocabulary: every key with what is required, its default, its type and its effect.

use super::codes;
use super::vocabulary::{Block, Fallback, Key, Shape, blocks};
use std::fmt::Write;

/// The reference as Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "# Scenario reference\n\n\
         Generated from the vocabulary by `cargo test --test schema` with `EASTWEST_UPDATE=1`; a test keeps it true.\n\n\
         A quantity is a number and its unit: durations `ns us ms s m min h d` (also several, from the longest down:\n\
         `1m30s`), sizes `B KB MB GB KiB MiB GiB`, link rates `bps kbps Mbps Gbps Tbps`, rates `rps`,\n\
         shares `%`, prices `0.02 USD/GB`. Names are 1 to 64 of a-z, 0-9 and `-`.\n",
    );
    for block in blocks() {
        section(&mut text, block);
    }
    text.push_str("\n## Diagnostics\n\n`eastwest explain CODE` tells the same.\n\n| code | what | why and what to do |\n|---|---|---|\n");
    for code in codes::all() {
        let _ = writeln!(text, "| {} | {} | {} |", code.code, code.title, code.about);
    }
    text
}

fn section(text: &mut String, block: &'static Block) {
    let one = if block.one_of { " Exactly one of these keys." } else { "" };
    let _ = write!(
        text,
        "\n## {}\n\n{}{one}\n\n| key | type | default | effect |\n|---|---|---|---|\n",
        block.title, block.about
    );
    for key in block.keys.iter().filter(|key| key.live()) {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            key.name,
            shape(&key.shape),
            default(key),
            key.effect.replace('|', "\\|")
        );
    }
    let later: Vec<_> = block.keys.iter().filter(|key| !key.live()).map(|key| format!("`{}`", key.name)).collect();
    if !later.is_empty() {
        let _ = write!(text, "\nKnown, not supported yet: {}.\n", later.join(", "));
    }
}

fn default(key: &Key) -> String {
    match key.fallback {
        Fallback::Required => "**required**".into(),
        Fallback::Means("", _) => "none".into(),
        Fallback::Means(words, whose) => format!("{words} ({whose})"),
        Fallback::Value(value, whose) => format!("`{value}` ({whose})"),
    }
}

fn shape(shape: &'static Shape) -> String {
    match shape {
        Shape::Text => "text".into(),
        Shape::Name => "name".into(),
        Shape::Reference(what) => format!("a {what}"),
        Shape::Flag => "`true` or `false`".into(),
        Shape::Duration => "duration".into(),
        Shape::Bytes => "size".into(),
        Shape::Bandwidth => "link rate".into(),
        Shape::Rate => "rate".into(),
        Shape::Share => "share".into(),
        Shape::Price => "price".into(),
        Shape::Written { name, .. } => (*name).into(),
        Shape::TimeOfDay => "time of day".into(),
        Shape::Moment => "moment".into(),
        Shape::Cidr => "addresses".into(),
        Shape::File => "file".into(),
        Shape::Count(low, u64::MAX) => format!("whole number from {low}"),
        Shape::Count(low, high) => format!("whole number, {low} to {high}"),
        Shape::Number(low, high) => format!("number, {low} to {high}"),
        Shape::Word(words, _) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Shape::Block(block) => format!("[{}](#{})", block.title, anchor(block.title)),
        Shape::Names(inner) => format!("by name: {}", self::shape(inner)),
        Shape::List(inner) => format!("list of {}", self::shape(inner)),
        Shape::Either(forms) => forms.iter().map(self::shape).collect::<Vec<_>>().join("; or "),
        Shape::Later => String::new(),
    }
}

/// The anchor that Markdown viewers give a heading.
fn anchor(title: &str) -> String {
    let letters = title.to_lowercase();
    letters
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
