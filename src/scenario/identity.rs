//! What a mesh takes for one service: `is` and `in` of services, said in words that are already there.
//!
//! A mesh knows a service by its namespace and name, and adds up the endpoints that all clusters have under it (Istio,
//! "Deployment models", namespace tenancy: same namespace, same service). So entries of one identity become one service whose
//! versions are the entries. Where they say the same, that is what was wanted. Where they do not, two services have collided:
//! each keeps what it does as an operation of its own, and where a call for one lands on the other it is answered 404, for
//! there is nothing of what it asks for.
//!
//! `in` says what a service does otherwise in some cluster: its replicas there are a version of their own.

use super::diagnostic::Diagnostic;
use super::span::Span;
use super::tree::{Entry, Node, Value};
use indexmap::IndexMap;
use std::collections::BTreeMap;

type Entries = IndexMap<String, Entry>;

/// What a service says that does not differ by operation or version: entries of one identity must agree on it.
const OF_THE_WHOLE: [&str; 8] =
    ["workers", "cpu", "threads", "queue", "discipline", "traffic-distribution", "forwards", "priority"];
/// What an operation says.
const OF_AN_OPERATION: [&str; 6] = ["work", "calls", "steps", "request", "response", "errors"];
/// Where the service does what it does everywhere.
const ELSEWHERE: &str = "elsewhere";

/// The tree with `in` and `is` of its services worked in; as it is where no service says either.
pub(super) fn expand(tree: Node, diagnostics: &mut Vec<Diagnostic>) -> Node {
    let Some(services) = tree.get("services").and_then(Node::as_map) else { return tree };
    let says = |key: &str| services.values().any(|entry| entry.node.get(key).is_some_and(|node| !node.is_null()));
    if !says("is") && !says("in") {
        return tree;
    }
    let mut services: Entries = services.clone();
    for (name, entry) in &mut services {
        by_cluster(name, entry, diagnostics);
    }
    let renamed = merged(&mut services, diagnostics);
    let mut tree = tree;
    let Value::Map(map) = &mut tree.value else { return tree };
    if let Some(entry) = map.get_mut("services") {
        entry.node.value = Value::Map(services);
        rename_calls(&mut entry.node, &renamed);
    }
    if let Some(streams) = map.get_mut("workload").and_then(|entry| as_map_mut(&mut entry.node)) {
        for stream in streams.values_mut() {
            if let Some(to) = as_map_mut(&mut stream.node).and_then(|map| map.get_mut("to")) {
                rename(&mut to.node, &renamed);
            }
        }
    }
    tree
}

fn as_map_mut(node: &mut Node) -> Option<&mut Entries> {
    if let Value::Map(map) = &mut node.value { Some(map) } else { None }
}

fn scalar(text: &str, span: Span) -> Node {
    Node { span, value: Value::Scalar { text: text.to_owned(), plain: true } }
}

fn map_of(entries: Entries, span: Span) -> Node {
    Node { span, value: Value::Map(entries) }
}

fn put(entries: &mut Entries, key: &str, span: Span, node: Node) {
    entries.insert(key.to_owned(), Entry { key: span, node });
}

/// `in`: one version for each cluster that is named, and one for the rest.
fn by_cluster(name: &str, entry: &mut Entry, diagnostics: &mut Vec<Diagnostic>) {
    let at = entry.key;
    let Some(map) = as_map_mut(&mut entry.node) else { return };
    let Some(said) = map.get("in").filter(|said| !said.node.is_null()).cloned() else { return };
    let Some(clusters) = said.node.as_map().cloned() else { return };
    let silent =
        clusters.iter().filter(|(_, own)| own.node.is_null() || own.node.as_map().is_some_and(IndexMap::is_empty));
    for (cluster, own) in silent {
        diagnostics.push(
            Diagnostic::error("EW303", format!("`{name}` does nothing otherwise in `{cluster}`"))
                .at(own.key, "")
                .help("say what differs there, such as `{work: 5ms}`, or leave it out"),
        );
    }
    if clusters.is_empty() {
        diagnostics.push(
            Diagnostic::error("EW303", format!("`{name}` does nothing otherwise anywhere"))
                .at(said.key, "")
                .help("name a cluster and what differs there, such as `in: {east: {work: 5ms}}`, or leave it out"),
        );
    }
    if let Some(versions) = map.get("versions").filter(|versions| !versions.node.is_null()) {
        diagnostics.push(
            Diagnostic::error("EW014", "`in` and `versions` exclude each other")
                .at(said.key, "by cluster")
                .at(versions.key, "by version")
                .help("write a version for each cluster, with its replicas there"),
        );
        return;
    }
    let Some(replicas) = map.get("replicas").and_then(|replicas| replicas.node.as_map()).cloned() else { return };
    let mut versions: Entries = IndexMap::new();
    let mut rest: Entries = IndexMap::new();
    for (cluster, there) in &replicas {
        let Some(own) = clusters.get(cluster) else {
            rest.insert(cluster.clone(), there.clone());
            continue;
        };
        let mut version = own.node.as_map().cloned().unwrap_or_default();
        // What it says of its work leaves its calls as they are, and the other way round.
        let does = |key: &str| version.contains_key(key);
        if !does("steps") && !does("operations") {
            for (one, other) in [("work", "calls"), ("calls", "work")] {
                if version.contains_key(one)
                    && !version.contains_key(other)
                    && let Some(kept) = map.get(other)
                {
                    version.insert(other.to_owned(), kept.clone());
                }
            }
        }
        let here = IndexMap::from([(cluster.clone(), there.clone())]);
        put(&mut version, "replicas", there.key, map_of(here, there.node.span));
        put(&mut versions, cluster, own.key, map_of(version, own.node.span));
    }
    for (cluster, own) in clusters.iter().filter(|(cluster, _)| !replicas.contains_key(*cluster)) {
        diagnostics.push(
            Diagnostic::error("EW478", format!("`{name}` has no replica in `{cluster}`"))
                .at(own.key, "where it differs")
                .at(map.get("replicas").map_or(at, |replicas| replicas.key), "where it runs"),
        );
    }
    if !rest.is_empty() {
        let span = map["replicas"].node.span;
        let whole =
            IndexMap::from([("replicas".to_owned(), Entry { key: map["replicas"].key, node: map_of(rest, span) })]);
        put(&mut versions, ELSEWHERE, map["replicas"].key, map_of(whole, span));
    }
    map.shift_remove("in");
    map.shift_remove("replicas");
    put(map, "versions", said.key, map_of(versions, said.node.span));
}

/// A namespace and a name; the namespace that nobody writes is `default`.
fn identity(name: &str) -> &str {
    name.strip_prefix("default/").unwrap_or(name)
}

/// Is it a name, or a namespace and a name?
fn is_name(text: &str) -> bool {
    let good = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let parts: Vec<&str> = text.split('/').collect();
    parts.len() <= 2 && parts.into_iter().all(good)
}

/// A name that stands for another one: the service, and the operation that an operation of it has become.
struct Renamed {
    service: String,
    /// By operation's name; empty where they are as they were.
    operations: BTreeMap<String, String>,
}

/// Entries of one identity as one service. What callers write in place of each is told.
fn merged(services: &mut Entries, diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<String, Renamed> {
    let mut groups: IndexMap<String, Vec<String>> = IndexMap::new();
    for (name, entry) in services.iter() {
        let said = entry.node.get("is").filter(|is| !is.is_null());
        if let Some((node, text)) = said.and_then(|is| Some((is, is.as_text()?))).filter(|(_, text)| !is_name(text)) {
            diagnostics.push(
                Diagnostic::error("EW525", format!("`{text}` is no service's name"))
                    .at(node.span, "")
                    .help("write a name, or a namespace and a name: `cache`, `shop/cache`"),
            );
        }
        let is = entry.node.get("is").filter(|is| !is.is_null()).and_then(Node::as_text).unwrap_or(name);
        groups.entry(identity(is).to_owned()).or_default().push(name.clone());
    }
    let mut renamed = BTreeMap::new();
    for (own, names) in groups {
        if names.len() < 2 {
            if let Some(map) = services.get_mut(&names[0]).and_then(|entry| as_map_mut(&mut entry.node)) {
                map.shift_remove("is");
            }
            continue;
        }
        let place = services.get_index_of(&names[0]).expect("it is one of them");
        let members: Vec<(String, Entry)> = names.iter().filter_map(|name| services.shift_remove_entry(name)).collect();
        if let Some((entry, names)) = one(&own, &members, diagnostics) {
            services.shift_insert(place.min(services.len()), own, entry);
            renamed.extend(names);
        } else {
            // What is wrong is said; the entries stay, so that everything else is looked at too.
            for (name, mut entry) in members {
                if let Some(map) = as_map_mut(&mut entry.node) {
                    map.shift_remove("is");
                }
                services.insert(name, entry);
            }
        }
    }
    renamed
}

/// What an entry says apart from who it is and where it runs.
fn says(entry: &Entry) -> Entries {
    let mut map = entry.node.as_map().cloned().unwrap_or_default();
    for key in ["is", "replicas", "versions"] {
        map.shift_remove(key);
    }
    map
}

/// Do two trees say the same, wherever they stand?
fn alike(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, entry)| b.get(key).is_some_and(|other| alike(&entry.node, &other.node)))
        }
        _ => false,
    }
}

/// The one service that `members` are.
fn one(
    own: &str,
    members: &[(String, Entry)],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Entry, Vec<(String, Renamed)>)> {
    let (first_name, first) = &members[0];
    let mut whole: Entries = IndexMap::new();
    for key in OF_THE_WHOLE {
        let of = |entry: &Entry| entry.node.get(key).cloned();
        for (name, entry) in &members[1..] {
            let (a, b) = (of(first), of(entry));
            let same = match (&a, &b) {
                (Some(a), Some(b)) => alike(a, b),
                (a, b) => a.is_none() && b.is_none(),
            };
            if !same {
                diagnostics.push(
                    Diagnostic::error(
                        "EW478",
                        format!("`{first_name}` and `{name}` are one service, and differ in `{key}`"),
                    )
                    .at(entry.key, "here")
                    .at(first.key, "and here")
                    .help("replicas of one service have the same of it here: say it alike, or give one another name"),
                );
                return None;
            }
        }
        if let Some(entry) = first.node.as_map().and_then(|map| map.get(key)) {
            whole.insert(key.to_owned(), entry.clone());
        }
    }
    for (name, entry) in members {
        if let Some(versions) = entry.node.get("versions").filter(|_| !agree(members)) {
            diagnostics.push(
                Diagnostic::error("EW478", format!("`{name}` has versions, and shares its name with another service"))
                    .at(versions.span, "")
                    .help("give one of the two another name"),
            );
            return None;
        }
    }
    let mut versions: Entries = IndexMap::new();
    if agree(members) {
        whole.extend(says(first));
        for (name, entry) in members {
            let map = entry.node.as_map()?;
            match (map.get("versions"), map.get("replicas")) {
                (Some(own), _) => {
                    for (version, there) in own.node.as_map()? {
                        versions.insert(format!("{name}-{version}"), there.clone());
                    }
                }
                (None, Some(replicas)) => {
                    let there = IndexMap::from([("replicas".to_owned(), replicas.clone())]);
                    put(&mut versions, name, entry.key, map_of(there, replicas.node.span));
                }
                (None, None) => {}
            }
        }
        put(&mut whole, "versions", first.key, map_of(versions, first.node.span));
        let renamed = |(name, _): &(String, Entry)| {
            (name.clone(), Renamed { service: own.to_owned(), operations: BTreeMap::new() })
        };
        return Some((
            Entry { key: first.key, node: map_of(whole, first.node.span) },
            members.iter().map(renamed).collect(),
        ));
    }
    let mut operations: Entries = IndexMap::new();
    let mut renamed: Vec<(String, Renamed)> = Vec::new();
    for (name, entry) in members {
        let map = entry.node.as_map()?;
        let mut names = BTreeMap::new();
        let shared = || OF_AN_OPERATION.iter().filter_map(|key| Some(((*key).to_owned(), map.get(*key)?.clone())));
        match map.get("operations").and_then(|all| all.node.as_map()) {
            Some(all) => {
                for (operation, said) in all {
                    let title = format!("{name}-{operation}");
                    let mut told: Entries =
                        shared().filter(|(key, _)| ["request", "response", "errors"].contains(&key.as_str())).collect();
                    told.extend(said.node.as_map().cloned().unwrap_or_default());
                    put(&mut operations, &title, said.key, map_of(told, said.node.span));
                    names.insert(operation.clone(), title);
                }
            }
            None => {
                put(&mut operations, name, entry.key, map_of(shared().collect(), entry.node.span));
                names.insert(String::new(), name.clone());
            }
        }
        renamed.push((name.clone(), Renamed { service: own.to_owned(), operations: names }));
    }
    let mut said = Diagnostic::warning(
        "EW477",
        format!("{} are one service to the mesh, `{own}`, and do not do the same", quoted(members)),
    );
    for (name, entry) in members {
        let map = entry.node.as_map()?;
        let Some(replicas) = map.get("replicas") else { continue };
        let mut version: Entries = IndexMap::new();
        put(&mut version, "replicas", replicas.key, replicas.node.clone());
        let mut nothing: Entries = IndexMap::new();
        let mine = |operation: &String| {
            renamed.iter().any(|(owner, of)| owner == name && of.operations.values().any(|own| own == operation))
        };
        for operation in operations.keys().filter(|operation| !mine(operation)) {
            let at = entry.key;
            let mut answer: Entries = IndexMap::new();
            put(&mut answer, "missing", at, scalar("true", at));
            put(&mut nothing, operation, at, map_of(answer, at));
        }
        put(&mut version, "operations", entry.key, map_of(nothing, entry.node.span));
        put(&mut versions, name, entry.key, map_of(version, entry.node.span));
        said = said.at(entry.key, format!("{} of its endpoints", count(&replicas.node)));
    }
    let all: u64 = members.iter().filter_map(|(_, entry)| entry.node.get("replicas")).map(count).sum();
    for (name, entry) in members {
        let others = all - entry.node.get("replicas").map_or(0, count);
        let percent = 100 * others / all.max(1);
        said = said.help(format!(
            "calls for `{name}` are spread over all of them: {others} of {all} ({percent} %) are the other's, and answer 404"
        ));
    }
    diagnostics.push(said.help("give one of them another name or namespace, `is: team/name`"));
    put(&mut whole, "operations", first.key, map_of(operations, first.node.span));
    put(&mut whole, "versions", first.key, map_of(versions, first.node.span));
    Some((Entry { key: first.key, node: map_of(whole, first.node.span) }, renamed))
}

/// Do all entries of one identity say the same?
fn agree(members: &[(String, Entry)]) -> bool {
    let said = |entry: &Entry| map_of(says(entry), Span::NONE);
    let first = said(&members[0].1);
    members[1..].iter().all(|(_, entry)| alike(&first, &said(entry)))
}

fn quoted(members: &[(String, Entry)]) -> String {
    members.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

/// How many replicas a map of them has.
fn count(replicas: &Node) -> u64 {
    match &replicas.value {
        Value::Scalar { text, .. } => text.parse().unwrap_or(0),
        Value::Map(map) => map.values().map(|entry| count(&entry.node)).sum(),
        Value::List(_) => 0,
    }
}

/// Every call of every step.
fn rename_calls(node: &mut Node, renamed: &BTreeMap<String, Renamed>) {
    match &mut node.value {
        Value::Map(map) => {
            for (key, entry) in map {
                match (key.as_str(), &mut entry.node.value) {
                    ("call", Value::Scalar { .. }) => rename(&mut entry.node, renamed),
                    ("calls", Value::List(items)) => items.iter_mut().for_each(|item| rename(item, renamed)),
                    _ => rename_calls(&mut entry.node, renamed),
                }
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| rename_calls(item, renamed)),
        Value::Scalar { .. } => {}
    }
}

/// `shop-cache.get` as what it has become.
fn rename(node: &mut Node, renamed: &BTreeMap<String, Renamed>) {
    let Value::Scalar { text, .. } = &mut node.value else { return };
    let (service, operation) = text.split_once('.').unwrap_or((text, ""));
    let Some(now) = renamed.get(service) else { return };
    let operation = now.operations.get(operation).map_or(operation, String::as_str);
    *text = if operation.is_empty() { now.service.clone() } else { format!("{}.{operation}", now.service) };
}
