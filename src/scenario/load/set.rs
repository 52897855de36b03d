//! Values laid over a scenario from outside of it: each `--set`, and a point of its sweep.

use super::{Loader, lay_variants};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::merge::merge;
use crate::scenario::setting;
use crate::scenario::span::Span;
use crate::scenario::tree::{self, Entry, Node, Value};
use crate::scenario::vocabulary::FILE;
use indexmap::IndexMap;

/// A value at a path of the scenario, and who says it.
#[derive(Clone, PartialEq, Debug)]
pub struct Laid {
    /// `workload.users.scale`.
    pub path: String,
    /// The value with its place, in the file that names it.
    pub node: Node,
    /// For messages: `sweep.load`.
    pub whose: String,
}

impl Loader {
    /// Sets one value, `a.b."c.d"=v`.
    pub(super) fn set(&mut self, base: &mut Node, variants: &mut Node, key: &str, value: &str) {
        let text = format!("{key}={value}");
        let source = self.sources.add(format!("--set {key}"), text.clone());
        let whole = Span { source, start: 0, end: key.len() as u32 };
        let Some(path) = split_path(key) else {
            self.diagnostics.push(no_path(key, whole));
            return;
        };
        if path[0] == "base" {
            self.diagnostics.push(
                Diagnostic::error("EW023", "`--set` does not change `base`")
                    .at(whole, "")
                    .help("write a file of its own that stands on the other base"),
            );
            return;
        }
        let offset = key.len() as u32 + 1;
        let node = if value.trim().is_empty() {
            Some(Node {
                span: Span { source, start: offset, end: offset },
                value: Value::Scalar { text: String::new(), plain: true },
            })
        } else {
            tree::parse(source, value, offset, &mut self.diagnostics)
        };
        let Some(node) = node else { return };
        if node.is_null()
            && let Some((key, nearest)) = setting::unknown(base, variants, &path)
        {
            let mut nothing = Diagnostic::error("EW016", format!("unknown key `{key}`, so there is nothing to remove"))
                .at(whole, "without a value");
            if let Some(near) = nearest {
                nothing = nothing.help(format!("did you mean `{near}`?"));
            }
            self.diagnostics.push(nothing.help("a key without a value takes away what the scenario says of it"));
            return;
        }
        self.hints.extend(setting::hint(base, &path, Span { source, start: 0, end: u32::MAX }, "--set "));
        self.lay(base, variants, &path, node, whole);
    }

    /// Sets one value of a point of the scenario's sweep.
    pub(super) fn set_point(&mut self, base: &mut Node, variants: &mut Node, laid: &Laid) {
        let Some(path) = split_path(&laid.path) else { return };
        self.hints.extend(setting::hint(base, &path, laid.node.span, ""));
        self.lay(base, variants, &path, laid.node.clone(), laid.node.span);
    }

    /// Lays a value at a path over the scenario, or over a variant where the path begins there.
    fn lay(&mut self, base: &mut Node, variants: &mut Node, path: &[String], mut node: Node, at: Span) {
        for key in path.iter().rev() {
            let span = node.span;
            let entries = IndexMap::from([(key.clone(), Entry { key: at, node })]);
            node = Node { span, value: Value::Map(entries) };
        }
        if let Some(overlay) = node.get("variants") {
            *variants = lay_variants(std::mem::replace(variants, Node::empty_map()), overlay);
            return;
        }
        let below = std::mem::replace(base, Node::empty_map());
        *base = merge(below, &node, Some(&FILE), "", &mut self.diagnostics);
    }

    /// A `--set` or a point's value that a variant sets again does not reach that variant.
    pub(super) fn shadowed(&mut self, sets: &[(String, String)], point: &[Laid], overlays: &[(String, Option<Node>)]) {
        let sets = sets.iter().map(|(key, _)| (key.as_str(), format!("--set {key}"), "--set "));
        let point = point.iter().map(|laid| (laid.path.as_str(), laid.whose.clone(), "set "));
        for (key, whose, word) in sets.chain(point) {
            let Some(path) = split_path(key) else { continue };
            for (name, overlay) in overlays {
                let found = path.iter().try_fold(overlay.as_ref(), |node, key| node?.get(key).map(Some));
                if let Some(Some(node)) = found {
                    self.diagnostics.push(
                        Diagnostic::warning("EW316", format!("`{whose}` does not reach variant `{name}`"))
                            .at(node.span, "which says this itself")
                            .help(format!(
                                "`{word}variants.{name}.{key}{}` does",
                                if word == "set " { "" } else { "=.." }
                            )),
                    );
                }
            }
        }
    }
}

/// What is said of a path that is none.
pub(in crate::scenario) fn no_path(key: &str, at: Span) -> Diagnostic {
    Diagnostic::error("EW022", format!("`{key}` is not a path into a scenario"))
        .at(at, "")
        .help("write keys with dots, `workload.users.scale=2`; a key with dots of its own stands in quotes")
}

/// The keys of `a.b."c.d"`.
pub(in crate::scenario) fn split_path(path: &str) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    let mut rest = path.trim();
    loop {
        let (key, after) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (key, after) = quoted.split_once('"')?;
                (key, after)
            }
            None => {
                let end = rest.find('.').unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        if key.is_empty() {
            return None;
        }
        keys.push(key.to_owned());
        if after.is_empty() {
            return (keys.len() < tree::DEPTH_MAX).then_some(keys);
        }
        rest = after.strip_prefix('.')?;
    }
}
