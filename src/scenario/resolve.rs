//! The whole effective scenario of a variant, with the origin of each value; and what two variants differ in.

use super::load::{Loaded, Variant};
use super::span::Span;
use super::tree::{Node, Value};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A tree to be printed.
enum Shown {
    /// A value (or nothing, where a default is words) and its origin.
    Leaf { text: String, origin: String },
    /// In order.
    List(Vec<Shown>),
    /// In order.
    Map(Vec<(String, Shown)>),
}

/// The scenario of a variant as YAML, defaults filled in; a comment tells where each value comes from: file and line, the
/// overlay, or whose default it is.
pub fn resolved(loaded: &Loaded, variant: &Variant) -> String {
    let mut overlay = BTreeSet::new();
    if let Some(node) = &variant.overlay {
        leaves(node, &mut |span| {
            overlay.insert(span);
        });
    }
    let mut shown = show(loaded, &variant.tree, &overlay, &variant.name);
    for filled in &variant.filled {
        let leaf = if filled.is_value {
            Shown::Leaf { text: filled.text.clone(), origin: format!("default of {}", filled.whose) }
        } else {
            Shown::Leaf { text: String::new(), origin: format!("{} (default of {})", filled.text, filled.whose) }
        };
        insert(&mut shown, &filled.path, leaf);
    }
    let mut lines =
        vec![(format!("# {}, variant {}: every value with its origin", loaded.name, variant.name), String::new())];
    print(&shown, 0, &mut lines);
    let width = lines.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= 60).max().unwrap_or(0);
    let mut text = String::new();
    for (line, origin) in lines {
        if origin.is_empty() {
            let _ = writeln!(text, "{line}");
        } else {
            let _ = writeln!(text, "{line:width$}  # {origin}");
        }
    }
    text
}

/// Calls `found` with the place of every single value.
fn leaves(node: &Node, found: &mut impl FnMut(Span)) {
    match &node.value {
        Value::Scalar { .. } => found(node.span),
        Value::List(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Map(map) => map.values().for_each(|entry| leaves(&entry.node, found)),
    }
}

fn show(loaded: &Loaded, node: &Node, overlay: &BTreeSet<Span>, variant: &str) -> Shown {
    match &node.value {
        Value::Scalar { .. } => {
            let place =
                loaded.sources.get(node.span.source).map(|source| match loaded.sources.line_and_column(node.span) {
                    Some((line, _)) if !source.name.starts_with("--set") => format!("{}:{line}", source.name),
                    _ => source.name.clone(),
                });
            let mut origin = place.unwrap_or_default();
            if overlay.contains(&node.span) {
                origin = format!("{origin}, overlay {variant}");
            }
            Shown::Leaf { text: scalar(node), origin }
        }
        Value::List(items) => Shown::List(items.iter().map(|item| show(loaded, item, overlay, variant)).collect()),
        Value::Map(map) => Shown::Map(
            map.iter().map(|(key, entry)| (key.clone(), show(loaded, &entry.node, overlay, variant))).collect(),
        ),
    }
}

/// A value as YAML would read it again.
fn scalar(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, plain: true } if !text.contains('\n') => text.clone(),
        Value::Scalar { text, .. } => quoted(text),
        _ => String::new(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Puts a leaf at a path, unless something stands there.
fn insert(shown: &mut Shown, path: &[String], leaf: Shown) {
    let Some((key, rest)) = path.split_first() else { return };
    match shown {
        Shown::Map(entries) => {
            let index = match entries.iter().position(|(known, _)| known == key) {
                Some(index) if rest.is_empty() => {
                    // Words about a value that is written, such as what `down: true` comes to.
                    if let (Shown::Leaf { origin, .. }, Shown::Leaf { text, origin: words }) =
                        (&mut entries[index].1, &leaf)
                        && text.is_empty()
                    {
                        let _ = write!(origin, "; {words}");
                    }
                    return;
                }
                Some(index) => index,
                None => {
                    entries.push((key.clone(), Shown::Map(Vec::new())));
                    entries.len() - 1
                }
            };
            if rest.is_empty() { entries[index].1 = leaf } else { insert(&mut entries[index].1, rest, leaf) }
        }
        Shown::List(items) => {
            if let Some(item) = key.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                insert(item, rest, leaf);
            }
        }
        // The short form of something longer: its origin tells what the form implies.
        Shown::Leaf { origin, .. } => {
            if let Shown::Leaf { text, origin: words } = leaf {
                let _ = write!(origin, "; {key}: {}", if text.is_empty() { words } else { text });
            }
        }
    }
}

fn key_text(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'.' | b'_'))
        && !matches!(key, "y" | "n" | "on" | "off" | "yes" | "no" | "true" | "false" | "null");
    if plain { key.to_owned() } else { quoted(key) }
}

fn print(shown: &Shown, indent: usize, lines: &mut Vec<(String, String)>) {
    let pad = "  ".repeat(indent);
    match shown {
        Shown::Leaf { text, origin } => lines.push((format!("{pad}{text}"), origin.clone())),
        Shown::Map(entries) if entries.is_empty() => lines.push((format!("{pad}{{}}"), String::new())),
        Shown::Map(entries) => {
            for (key, value) in entries {
                let key = key_text(key);
                match value {
                    Shown::Leaf { text, origin } if text.is_empty() => {
                        lines.push((format!("{pad}{key}:"), origin.clone()))
                    }
                    Shown::Leaf { text, origin } => lines.push((format!("{pad}{key}: {text}"), origin.clone())),
                    Shown::Map(entries) if entries.is_empty() => {
                        lines.push((format!("{pad}{key}: {{}}"), String::new()))
                    }
                    Shown::List(items) if items.is_empty() => lines.push((format!("{pad}{key}: []"), String::new())),
                    other => {
                        lines.push((format!("{pad}{key}:"), String::new()));
                        print(other, indent + 1, lines);
                    }
                }
            }
        }
        Shown::List(items) => {
            for item in items {
                let first = lines.len();
                print(item, indent + 1, lines);
                // The dash takes the place of the first line's last indent.
                if let Some((line, _)) = lines.get_mut(first) {
                    line.replace_range(pad.len()..pad.len() + 2, "- ");
                }
            }
        }
    }
}

/// What one variant says otherwise than another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Keys from the root, with dots.
    pub path: String,
    /// What the first says; none: nothing.
    pub before: Option<String>,
    /// What the second says; none: nothing.
    pub after: Option<String>,
}

impl std::fmt::Display for Change {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(out, "{}: {before} -> {after}", self.path),
            (None, Some(after)) => write!(out, "{}: {after} (new)", self.path),
            (Some(before), None) => write!(out, "{}: {before} (removed)", self.path),
            (None, None) => write!(out, "{}", self.path),
        }
    }
}

/// What differs from `from` to `to`, in the order of the file; objectives and texts left out, since they change nothing.
pub fn changes(from: &Node, to: &Node) -> Vec<Change> {
    let mut found = Vec::new();
    difference(Some(from), Some(to), "", &mut found);
    found.retain(|change| !["objectives", "question", "name"].contains(&change.path.split('.').next().unwrap_or("")));
    found
}

fn difference(from: Option<&Node>, to: Option<&Node>, path: &str, found: &mut Vec<Change>) {
    if let (Some(a), Some(b)) = (from.and_then(Node::as_map), to.and_then(Node::as_map)) {
        let mut keys: Vec<&String> = a.keys().collect();
        keys.extend(b.keys().filter(|key| !a.contains_key(*key)));
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            difference(a.get(key).map(|e| &e.node), b.get(key).map(|e| &e.node), &path, found);
        }
        return;
    }
    let (before, after) = (from.map(flow), to.map(flow));
    if before != after {
        found.push(Change { path: path.to_owned(), before, after });
    }
}

/// A value on one line.
fn flow(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, .. } => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Map(map) => {
            let entries: Vec<_> = map.iter().map(|(key, entry)| format!("{key}: {}", flow(&entry.node))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    const TEXT: &str = r#"
eastwest: 1
topology: {regions: {a: {}}, clusters: {c: {region: a}}}
services: {web: {replicas: {c: 2}, steps: [{work: 2ms}, {parallel: [{work: 1ms}]}]}}
workload: {users: {from: a, to: web, rate: 10rps}}
faults: {zone: {at: 1m, for: 1m, hit: zone/a/a, down: true}}
variants: {one: {}, two: {workload: {users: {rate: 20rps}}}}
"#;

    #[test]
    fn every_value_has_its_origin_and_the_text_loads_again_to_the_same_scenario() {
        let loaded = load_text("x.yaml", TEXT, &[("run.seed".into(), "7".into())]).expect("it loads");
        let text = resolved(&loaded, &loaded.variants[1]);
        let line = |start: &str| {
            text.lines()
                .find(|line| line.trim_start().starts_with(start))
                .unwrap_or_else(|| panic!("{start} in\n{text}"))
                .to_owned()
        };
        assert!(line("rate: 20rps").ends_with("# x.yaml:7, overlay two"));
        assert!(line("seed: 7").ends_with("# --set run.seed"));
        assert!(line("queue: 1000").ends_with("# default of eastwest"));
        assert!(line("timeout:").ends_with("# none (default of Istio)"));
        assert!(line("down: true").ends_with("; silent (default of eastwest)"));
        let again =
            load_text("x.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:?}\n{text}", refused.diagnostics));
        // Every default was written out and read back: none is filled in a second time, and the text stays as it is.
        assert!(again.variants[0].filled.iter().all(|filled| !filled.is_value), "{:?}", again.variants[0].filled);
        let values = |text: &str| -> Vec<String> {
            let lines = text.lines().skip(1).map(|line| line.split("  #").next().unwrap_or("").trim_end().to_owned());
            lines.filter(|line| !line.ends_with(':')).collect()
        };
        assert_eq!(values(&resolved(&again, &again.variants[0])), values(&text));
    }

    #[test]
    fn the_difference_of_two_variants_is_told_key_by_key() {
        let loaded = load_text("x.yaml", TEXT, &[]).expect("it loads");
        let changes = changes(&loaded.variants[0].tree, &loaded.variants[1].tree);
        let told: Vec<_> = changes.iter().map(Change::to_string).collect();
        assert_eq!(told, ["workload.users.rate: 10rps -> 20rps"]);
    }
}
