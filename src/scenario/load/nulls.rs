//! A `null` of a variant takes away what the scenario says under that key. Of a name that is not there it takes nothing
//! away, and whoever misspelt it would compare two equal variants.

use crate::scenario::decode::fields::nearest;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::Node;
use crate::scenario::vocabulary::{FILE, Shape};

/// The names that a variant sets to `null` and that none of `under` has: what it is laid over, and that before `--set`.
pub(super) fn idle(under: &[&Node], overlay: &Node) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    walk(under, overlay, Some(&FILE), &mut said);
    said
}

fn walk(under: &[&Node], overlay: &Node, shape: Option<&'static Shape>, said: &mut Vec<Diagnostic>) {
    for (key, entry) in overlay.as_map().into_iter().flatten() {
        let below: Vec<&Node> = under.iter().filter_map(|node| node.get(key)).collect();
        if !entry.node.is_null() {
            walk(&below, &entry.node, shape.and_then(|shape| shape.under(key)), said);
            continue;
        }
        // A key of the vocabulary goes back to its default, whether or not it was said.
        if !below.is_empty() || !names(shape) {
            continue;
        }
        let known = under.iter().filter_map(|node| node.as_map()).flat_map(|map| map.keys().map(String::as_str));
        let nothing = Diagnostic::error("EW016", format!("unknown key `{key}`, so there is nothing to remove"));
        let nothing = nothing.at(entry.key, "`null` here takes away what the scenario says of it");
        said.push(match nearest(key, known) {
            Some(near) => nothing.help(format!("did you mean `{near}`?")),
            None => nothing.help("leave it out"),
        });
    }
}

/// Are its keys the scenario's own names?
fn names(shape: Option<&'static Shape>) -> bool {
    match shape {
        Some(Shape::Names(_)) => true,
        Some(Shape::Either(forms)) => forms.iter().any(|form| matches!(form, Shape::Names(_))),
        _ => false,
    }
}
