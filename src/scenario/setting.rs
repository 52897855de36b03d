//! What a `--set` may have meant where what it made is incomplete.

use super::decode::fields::nearest;
use super::diagnostic::Diagnostic;
use super::span::Span;
use super::tree::Node;
use super::vocabulary::{FILE, Shape};

/// Advice for complaints about what one `--set`, or a point of a sweep, wrote.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    at: Span,
    help: String,
}

/// The advice for `path` set in `base` by what stands at `at`, should it come to complaints: a name that was not there may
/// be misspelt, and a row of the price book has dots of its own. `word` is how such a setting is written.
pub(super) fn hint(base: &Node, path: &[String], at: Span, word: &str) -> Option<Hint> {
    // A variant's keys are those of the scenario.
    let (before, path) = match path {
        [first, _, rest @ ..] if first == "variants" => (&path[..2], rest),
        _ => (&path[..0], path),
    };
    let shown = |keys: &[String]| {
        let keys =
            before.iter().chain(keys).map(|key| if key.contains('.') { format!("\"{key}\"") } else { key.clone() });
        keys.collect::<Vec<_>>().join(".")
    };
    if let [prices, rows, item @ ..] = path
        && (prices.as_str(), rows.as_str(), item.len() > 1) == ("prices", "rows", true)
    {
        let row = [prices.clone(), rows.clone(), item.join(".")];
        let help = format!("a key with dots of its own stands in quotes: `{word}'{}=..'`", shown(&row));
        return Some(Hint { at, help });
    }
    let (mut node, mut shape) = (base, &FILE);
    for (depth, key) in path.iter().enumerate() {
        if let Some(below) = node.get(key) {
            (node, shape) = (below, shape.under(key)?);
            continue;
        }
        if !matches!(shape, Shape::Names(_)) || depth + 1 == path.len() {
            return None;
        }
        let names: Vec<&str> = node.as_map()?.keys().map(String::as_str).collect();
        let help = match nearest(key, names.iter().copied()) {
            Some(near) => {
                let meant: Vec<String> = path
                    .iter()
                    .enumerate()
                    .map(|(i, key)| if i == depth { near.to_owned() } else { key.clone() })
                    .collect();
                format!("did you mean `{near}`? `{word}{}=..`", shown(&meant))
            }
            None => format!("`{key}` is new here; there are {}", names.join(", ")),
        };
        return Some(Hint { at, help });
    }
    None
}

/// The key of `path` that neither stands in the scenario nor may stand there, and the nearest one that does: a `--set`
/// without a value would take nothing away.
pub(super) fn unknown(base: &Node, variants: &Node, path: &[String]) -> Option<(String, Option<String>)> {
    let names = |node: &Node| node.as_map().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let near = |key: &String, known: &[String]| {
        let nearest = nearest(key, known.iter().map(String::as_str));
        Some((key.clone(), nearest.map(str::to_owned)))
    };
    let (overlay, path) = match path {
        [first, name, rest @ ..] if first == "variants" => match variants.get(name) {
            Some(overlay) => (Some(overlay), rest),
            None => return near(name, &names(variants)),
        },
        _ => (None, path),
    };
    let (mut nodes, mut shape): (Vec<&Node>, Option<&'static Shape>) =
        (overlay.into_iter().chain([base]).collect(), Some(&FILE));
    for key in path {
        let known: Vec<String> = nodes.iter().flat_map(|node| names(node)).collect();
        let may = match shape {
            Some(Shape::Names(_)) | None => false,
            Some(shape) => shape.under(key).is_some(),
        };
        if !may && !known.contains(key) {
            let mut known = known;
            if let Some(Shape::Block(block)) = shape {
                known.extend(block.keys.iter().map(|key| key.name.to_owned()));
            }
            return near(key, &known);
        }
        nodes = nodes.iter().filter_map(|node| node.get(key)).collect();
        shape = shape.and_then(|shape| shape.under(key));
    }
    None
}

/// Adds the hints to the errors about what was set.
pub(super) fn explain(hints: &[Hint], diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics.iter_mut().filter(|diagnostic| diagnostic.is_error()) {
        let lies = |at: Span, label: Span| label.source == at.source && (at.start..=at.end).contains(&label.start);
        let within = |hint: &&Hint| diagnostic.labels.iter().any(|label| lies(hint.at, label.span));
        if let Some(hint) = hints.iter().find(within) {
            diagnostic.help.push(hint.help.clone());
        }
    }
}
