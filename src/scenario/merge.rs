//! Laying one tree over another: maps merge, values and lists replace, `null` removes (RFC 7396), every part keeping the
//! place where it was said.
//!
//! Two things that the RFC leaves open are decided by the vocabulary: where a map says one of several things, another one
//! replaces it whole; and a value that has no children cannot be given some.

use super::diagnostic::Diagnostic;
use super::tree::{Node, Value};
use super::vocabulary::Shape;

/// `base` with `overlay` laid over it.
pub(super) fn merge(
    base: Node,
    overlay: &Node,
    shape: Option<&'static Shape>,
    path: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Node {
    let Value::Map(above) = &overlay.value else { return overlay.clone() };
    let below = match base.value {
        Value::Map(below) if !says_another(shape, &below, above) => below,
        Value::Scalar { .. } if !base.is_null() && !has_long_form(shape, above.keys().map(String::as_str)) => {
            let key = above.keys().next().map_or("", String::as_str);
            diagnostics.push(
                Diagnostic::error("EW020", format!("`{path}` is a single value, so it has no `{key}`"))
                    .at(overlay.span, "this overlay")
                    .at(base.span, "what it is laid over")
                    .help("replace the whole value, or write the value below in its long form first"),
            );
            return base;
        }
        _ => return without_nulls(overlay),
    };
    let mut merged = below;
    for (key, entry) in above {
        if entry.node.is_null() {
            merged.shift_remove(key);
            continue;
        }
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let under = shape.and_then(|shape| shape.under(key));
        if let Some(old) = merged.get_mut(key) {
            let below = std::mem::replace(&mut old.node, Node::empty_map());
            old.node = merge(below, &entry.node, under, &path, diagnostics);
            continue;
        }
        merged.insert(key.clone(), super::tree::Entry { key: entry.key, node: without_nulls(&entry.node) });
    }
    Node { span: base.span, value: Value::Map(merged) }
}

/// Two overlays as one: like [`merge`], but a `null` stays, to remove what the overlays will be laid over.
pub(super) fn compose(below: Node, above: &Node) -> Node {
    match (below.value, &above.value) {
        (Value::Map(mut entries), Value::Map(more)) => {
            for (key, entry) in more {
                match entries.get_mut(key) {
                    Some(old) => {
                        let below = std::mem::replace(&mut old.node, Node::empty_map());
                        old.node = compose(below, &entry.node);
                    }
                    None => {
                        entries.insert(key.clone(), entry.clone());
                    }
                }
            }
            let span = if below.span.is_none() { above.span } else { below.span };
            Node { span, value: Value::Map(entries) }
        }
        _ => above.clone(),
    }
}

/// The same tree without the entries that are `null`: there was nothing to remove.
pub(super) fn without_nulls(node: &Node) -> Node {
    let value = match &node.value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .filter(|(_, entry)| !entry.node.is_null())
                .map(|(key, entry)| {
                    (key.clone(), super::tree::Entry { key: entry.key, node: without_nulls(&entry.node) })
                })
                .collect(),
        ),
        // RFC 7396 leaves lists alone; the decoder complains of a null in one.
        other => other.clone(),
    };
    Node { span: node.span, value }
}

type Entries = indexmap::IndexMap<String, super::tree::Entry>;

/// Do the two maps say different ones of several things?
fn says_another(shape: Option<&'static Shape>, below: &Entries, above: &Entries) -> bool {
    let Some(block) = shape.and_then(Shape::block).filter(|block| block.one_of) else { return false };
    let said = |entries: &Entries| {
        entries
            .iter()
            .find(|(key, entry)| block.key(key).is_some() && !entry.node.is_null())
            .map(|(key, _)| key.clone())
    };
    match (said(below), said(above)) {
        (Some(below), Some(above)) => below != above,
        _ => false,
    }
}

/// May a single value of this shape be replaced by a map with these keys? Only where the value is the short form of one of
/// several things: `4ms` of `{exponential: 4ms}`.
fn has_long_form<'k>(shape: Option<&'static Shape>, mut keys: impl Iterator<Item = &'k str>) -> bool {
    let Some(shape) = shape else { return false };
    match shape.block() {
        Some(block) => keys.all(|key| block.key(key).is_some()) && (block.one_of || matches!(shape, Shape::Either(_))),
        None => false,
    }
}
