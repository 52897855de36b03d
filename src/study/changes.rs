//! How a variant differs from what the file says without its variants, in words, so that a reader sees what is compared.
//!
//! Told key by key from the texts, base against base with the overlay: nothing that an overlay says can be left out,
//! and the first variant is told like every other.

use indexmap::IndexMap;

use crate::scenario::load::Variant;
use crate::scenario::resolve;
use crate::scenario::tree::{Entry, Node};

/// Sections of named things, the word for one of them, and whether they are routes and products.
const SECTIONS: [(&str, &str, bool); 11] = [
    ("routes", "route", true),
    ("connectivity", "", true),
    ("topology.regions", "region", false),
    ("topology.vpcs", "vpc", false),
    ("topology.clusters", "cluster", false),
    ("topology.links", "link", false),
    ("services", "service", false),
    ("mesh.traffic", "policy", false),
    ("workload", "stream", false),
    ("faults", "fault", false),
    ("objectives", "objective", false),
];

/// The differences of a variant from `base`, one sentence each; none where they say the same.
pub fn changes(base: &Node, variant: &Variant) -> Vec<String> {
    let mut said = Vec::new();
    sections(base, &variant.written, true, &mut said);
    sections(base, &variant.written, false, &mut said);
    rest(base, &variant.written, &mut said);
    said
}

/// What differs besides routes and connectivity, objectives apart, which change no figure: a reader who compares
/// connectivity should know.
pub fn beyond_connectivity(base: &Node, variant: &Variant) -> Vec<String> {
    let mut said = Vec::new();
    sections(base, &variant.written, false, &mut said);
    rest(base, &variant.written, &mut said);
    said.retain(|words| !words.starts_with("objective ") && !words.starts_with("question"));
    said
}

fn sections(base: &Node, tree: &Node, connectivity: bool, said: &mut Vec<String>) {
    let none = IndexMap::new();
    for (path, word, _) in SECTIONS.iter().filter(|(_, _, kind)| *kind == connectivity) {
        let at = |tree| under(tree, path).and_then(Node::as_map).unwrap_or(&none);
        entries(path, word, (base, at(base)), (tree, at(tree)), said);
    }
}

fn under<'a>(tree: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(tree, |node, key| node.get(key))
}

/// Named things that were added, changed or taken away.
fn entries(
    section: &str,
    word: &str,
    (base, before): (&Node, &IndexMap<String, Entry>),
    (tree, now): (&Node, &IndexMap<String, Entry>),
    said: &mut Vec<String>,
) {
    for (name, entry) in now {
        let (title, now) = (title(section, word, name, tree), &entry.node);
        let Some(before) = before.get(name).map(|entry| &entry.node) else {
            said.push(match section {
                "routes" => format!("{title} is added: {}", way(tree, now)),
                "mesh.traffic" => format!("{title}: {}", keys(&Node::empty_map(), now)),
                _ => format!("{title} is added"),
            });
            continue;
        };
        let words = keys(before, now);
        if words.is_empty() {
            continue;
        }
        let (kind, was) = (kind(now), kind(before));
        said.push(match section {
            "routes" if way(base, before) != way(tree, now) => {
                format!("{title}: {} instead of {}", way(tree, now), way(base, before))
            }
            "connectivity" if kind != was => {
                format!("{name} is {} instead of {}", kind.unwrap_or_default(), was.unwrap_or_default())
            }
            _ => format!("{title}: {words}"),
        });
    }
    for (name, entry) in before.iter().filter(|(name, _)| !now.contains_key(*name)) {
        let way = if section == "routes" { format!(" ({})", way(base, &entry.node)) } else { String::new() };
        said.push(format!("{} is gone{way}", title(section, word, name, base)));
    }
}

/// `route default`, `backbone (cen)`, `policy of web -> stock`.
fn title(section: &str, word: &str, name: &str, tree: &Node) -> String {
    match (section, name) {
        ("connectivity", _) => product(tree, name),
        ("mesh.traffic", "*") => format!("{word} of all calls"),
        ("mesh.traffic", _) => format!("{word} of {name}"),
        _ => format!("{word} {name}"),
    }
}

/// What a product is: the one key of its entry.
fn kind(product: &Node) -> Option<&str> {
    product.as_map()?.keys().next().map(String::as_str)
}

/// `backbone (cen)`.
fn product(tree: &Node, name: &str) -> String {
    match tree.get("connectivity").and_then(|all| all.get(name)).and_then(kind) {
        Some(kind) => format!("{name} ({kind})"),
        None => name.to_owned(),
    }
}

/// `east -> pay via to-bank (privatelink) behind backbone (cen)`.
fn way(tree: &Node, route: &Node) -> String {
    let text = |key: &str| route.get(key).and_then(Node::as_text);
    let end = |key| {
        let name = |end: &Node| {
            let inner = || end.as_map()?.values().next()?.node.as_text();
            end.as_text().or_else(inner).unwrap_or_default().to_owned()
        };
        route.get(key).map(name)
    };
    let ends = match (end("from"), end("to")) {
        (None, None) => String::new(),
        (from, to) => {
            let or_anywhere = |end: Option<String>| end.unwrap_or_else(|| "anywhere".to_owned());
            format!("{} -> {} ", or_anywhere(from), or_anywhere(to))
        }
    };
    let via = text("via").or_else(|| route.as_text()).map(|via| product(tree, via)).unwrap_or_default();
    let behind = text("behind").map(|behind| format!(" behind {}", product(tree, behind))).unwrap_or_default();
    format!("{ends}via {via}{behind}")
}

/// Every key that differs: `timeout 1s (was not set), retries 0 instead of 2`.
fn keys(before: &Node, now: &Node) -> String {
    let each = resolve::changes(before, now).into_iter().map(|change| {
        let key = if change.path.is_empty() { String::new() } else { format!("{} ", change.path) };
        match (change.before, change.after) {
            (Some(before), Some(now)) => format!("{key}{now} instead of {before}"),
            (None, Some(now)) => format!("{key}{now} (was not set)"),
            (Some(before), None) => format!("{key}not set (was {before})"),
            (None, None) => key.trim_end().to_owned(),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What no section of named things holds: the mesh's own settings, prices, how it is run.
fn rest(base: &Node, tree: &Node, said: &mut Vec<String>) {
    let none = IndexMap::new();
    let (before, now) = (base.as_map().unwrap_or(&none), tree.as_map().unwrap_or(&none));
    let mut sections: Vec<&String> = now.keys().collect();
    sections.extend(before.keys().filter(|key| !now.contains_key(*key)));
    for section in sections {
        let part = |tree: &Node| bare(section, tree.get(section));
        let words = keys(&part(base), &part(tree));
        if !words.is_empty() {
            said.push(format!("{section}: {words}"));
        }
    }
}

/// A section without the named things that have sentences of their own.
fn bare(section: &str, node: Option<&Node>) -> Node {
    let mut bare = node.cloned().unwrap_or_else(Node::empty_map);
    if SECTIONS.iter().any(|(path, _, _)| *path == section) && bare.as_map().is_some() {
        return Node::empty_map();
    }
    if let crate::scenario::tree::Value::Map(entries) = &mut bare.value {
        let named = |key: &String| SECTIONS.iter().any(|(path, _, _)| path.split_once('.') == Some((section, key)));
        entries.retain(|key, _| !named(key));
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load_text;

    const TEXT: &str = r#"
eastwest: 1
topology:
  regions: {a: {is: alibaba/cn-hangzhou}, b: {is: alibaba/cn-beijing}}
  vpcs: {left: {region: a, cidr: 10.1.0.0/16}, right: {region: b, cidr: 10.2.0.0/16}}
  clusters: {c: {vpc: left}, d: {vpc: right}}
connectivity: {backbone: {cen: {bandwidth: 10Mbps}}, internet: {public-gateway: {gateways: {d: {replicas: 1}}}}}
routes: {default: {via: backbone}}
services: {web: {replicas: {c: 2}, work: 2ms, calls: [stock]}, stock: {replicas: {d: 2}, work: 1ms}}
mesh: {traffic: {"web -> stock": {timeout: 2s}}}
workload: {users: {from: a, to: web, rate: 10rps}}
variants:
  first: {services: {web: {replicas: {c: 4}}}}
  plain: {}
  public: {routes: {default: {via: internet}}}
  tuned:
    mesh: {traffic: {"web -> stock": {timeout: null, pool: {http2-ping: 5s}, outlier: {consecutive-5xx: 5}}}}
"#;

    #[track_caller]
    fn check(variant: usize, want: &[&str], beyond: &[&str]) {
        let loaded = load_text("x.yaml", TEXT, &[]).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
        assert_eq!(changes(&loaded.base, &loaded.variants[variant]), want);
        assert_eq!(beyond_connectivity(&loaded.base, &loaded.variants[variant]), beyond);
    }

    #[test]
    fn the_first_variants_own_overlay_is_told_like_any_other() {
        let said = ["service web: replicas.c 4 instead of 2"];
        check(0, &said, &said);
    }

    #[test]
    fn only_an_empty_overlay_changes_nothing() {
        check(1, &[], &[]);
    }

    #[test]
    fn a_route_is_told_with_the_products_that_carry_it() {
        check(2, &["route default: via internet (public-gateway) instead of via backbone (cen)"], &[]);
    }

    #[test]
    fn every_key_of_a_policy_that_changed_is_named() {
        let said = ["policy of web -> stock: timeout not set (was 2s), pool {http2-ping: 5s} (was not set), outlier \
                     {consecutive-5xx: 5} (was not set)"];
        check(3, &said, &said);
    }
}
