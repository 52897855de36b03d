//! The scenario's own words over what Istio's files say.

use super::field::Words;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::merge::merge;
use crate::scenario::span::{Sources, Span};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary::FILE;

/// `tree` with `found` under its `mesh`. Where the two differ the scenario wins, and it is told, unless a variant or a
/// `--set` says so: those are meant to differ.
pub(super) fn over(
    mut tree: Node,
    found: Node,
    overlay: Option<&Node>,
    sources: &Sources,
    out: &mut Vec<Diagnostic>,
) -> Node {
    let Value::Map(map) = &mut tree.value else { return tree };
    let own = map.get("mesh").map(|entry| entry.node.clone()).filter(|node| node.as_map().is_some());
    let Some(own) = own else {
        let key = found.span;
        map.insert("mesh".to_owned(), Entry { key, node: found });
        return tree;
    };
    differences(&found, &own, overlay.and_then(|overlay| overlay.get("mesh")), "mesh", sources, out);
    if let (Some(rules), Some(all)) =
        (found.get("traffic").and_then(Node::as_map), own.get("traffic").and_then(|all| all.get("*")))
    {
        // A rule for a service is more specific than the scenario's words for all.
        let set = overlay.and_then(|overlay| overlay.get("mesh")?.get("traffic")?.get("*"));
        for (service, entry) in rules.iter().filter(|(service, _)| *service != "*") {
            let said = own.get("traffic").and_then(|traffic| traffic.get(service));
            let Some(words) = entry.node.as_map() else { continue };
            for (word, rule) in words.iter().filter(|(word, _)| said.is_none_or(|said| said.get(word).is_none())) {
                let here = all.get(word).filter(|here| !same(&rule.node, here) && !meant(here.span, sources));
                if let Some(here) = here.filter(|_| set.is_none_or(|set| set.get(word).is_none())) {
                    let what = format!("`{word}` of `*` does not hold for `{service}`");
                    let differs = Diagnostic::warning("EW407", what).at(here.span, "said here for all");
                    out.push(differs.at(rule.key, "Istio's rule is more specific"));
                }
            }
        }
    }
    let laid = merge(found, &own, FILE.under("mesh"), "mesh", out);
    if let Some(entry) = map.get_mut("mesh") {
        entry.node = laid;
    }
    tree
}

/// `services` with subsets, by service, that Istio's files say; what a service says of one itself holds.
pub(super) fn subsets(tree: &mut Node, found: Words) {
    let Value::Map(map) = &mut tree.value else { return };
    let Some(Value::Map(services)) = map.get_mut("services").map(|entry| &mut entry.node.value) else { return };
    for (service, entry) in found.0 {
        let Some(Value::Map(own)) = services.get_mut(&service).map(|entry| &mut entry.node.value) else { continue };
        let (key, nothing) = (entry.key, Node::empty_map());
        let said = own.entry("subsets".to_owned()).or_insert(Entry { key, node: nothing });
        let (Value::Map(said), Value::Map(found)) = (&mut said.node.value, entry.node.value) else { continue };
        for (name, labels) in found {
            said.entry(name).or_insert(labels);
        }
    }
}

fn differences(
    rule: &Node,
    own: &Node,
    overlay: Option<&Node>,
    path: &str,
    sources: &Sources,
    out: &mut Vec<Diagnostic>,
) {
    if let (Value::Map(rule), Value::Map(own)) = (&rule.value, &own.value) {
        for (key, entry) in own {
            if let Some(rule) = rule.get(key) {
                let above = overlay.and_then(|overlay| overlay.get(key));
                differences(&rule.node, &entry.node, above, &format!("{path}.{key}"), sources, out);
            }
        }
        return;
    }
    if overlay.is_none() && !same(rule, own) && !meant(own.span, sources) {
        let differs = Diagnostic::warning("EW407", format!("`{path}` differs from Istio's file"));
        out.push(differs.at(own.span, "this holds").at(rule.span, "this does not"));
    }
}

/// Does the command line say it?
fn meant(span: Span, sources: &Sources) -> bool {
    sources.get(span.source).is_some_and(|source| source.name.starts_with("--set"))
}

/// Do two values say the same?
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, entry)| b.get(key).is_some_and(|other| same(&entry.node, &other.node)))
        }
        _ => false,
    }
}
