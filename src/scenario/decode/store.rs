//! `stores:`, databases: divided, or with a primary and replicas.

use super::fields::{Decoder, Fields, Path, below};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Promote, Replication, Service, Store, StoreKind, Topology};
use crate::scenario::quantity;
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;

/// What a store may name.
pub(super) struct Known<'s> {
    pub(super) topology: &'s Topology,
    pub(super) services: &'s IndexMap<String, Service>,
    /// Names of services, right or wrong.
    pub(super) names: &'s [String],
}

/// Keys of a store with a primary.
const REPLICATED: [&str; 4] = ["primary", "replicas", "lag", "promote"];

impl Decoder {
    pub(super) fn stores(&mut self, node: Option<&Node>, known: &Known<'_>) -> IndexMap<String, Store> {
        let mut stores = IndexMap::new();
        for (name, entry) in self.named(node, "stores") {
            if let Some(kind) = self.store(name, entry, known) {
                stores.insert(name.to_owned(), Store { span: entry.key, kind });
            }
        }
        stores
    }

    fn store(&mut self, name: &str, entry: &Entry, known: &Known<'_>) -> Option<StoreKind> {
        let path = vec!["stores".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::STORE, path, entry.key)?;
        let replicated = REPLICATED.into_iter().find_map(|key| map.entry(key));
        let divided = ["partition", "wrong-partition"].into_iter().find_map(|key| map.entry(key));
        if let (Some(divided), Some(replicated)) = (divided, replicated) {
            let text = format!("store `{name}` is either divided or has a primary");
            self.say(
                Diagnostic::error("EW490", text)
                    .at(replicated.key, "of one that has a primary")
                    .at(divided.key, "of one that is divided")
                    .help("write two stores, each with what it is"),
            );
            return None;
        }
        let kind = if replicated.is_some() {
            self.replicated(name, &map, entry, known).map(StoreKind::Replicated)
        } else {
            self.divided(name, &map, entry, known)
        };
        map.close();
        kind
    }

    fn divided(&mut self, name: &str, map: &Fields<'_>, entry: &Entry, known: &Known<'_>) -> Option<StoreKind> {
        let divided = map.written("partition").map(|node| self.word(node, map.shape("partition")));
        let used_by = map.written("used-by").map(|node| {
            let users = self.users_of_store(node, known);
            if let Value::Map(_) = node.value {
                let text = format!("store `{name}` is divided: who writes and who reads is all one to it");
                self.say(
                    Diagnostic::error("EW491", text).at(node.span, "").help("write a list: `used-by: [orders, match]`"),
                );
            }
            users
        });
        let wrong = map.word(self, "wrong-partition");
        if divided.is_none() || used_by.is_none() {
            let lacks = if divided.is_none() { "partition" } else { "used-by" };
            self.say(
                Diagnostic::error("EW466", format!("store `{name}` lacks `{lacks}`"))
                    .at(entry.key, "")
                    .help("for example `{partition: cluster, used-by: [orders]}`, or `{primary: east, replicas: [south], used-by: [orders], lag: 1s, promote: {after: 30s, takes: 60s}}`"),
            );
        }
        divided??;
        Some(StoreKind::Divided { used_by: used_by?.into_iter().map(|(user, _)| user).collect(), refuses: wrong? == 0 })
    }

    fn replicated(&mut self, name: &str, map: &Fields<'_>, entry: &Entry, known: &Known<'_>) -> Option<Replication> {
        let lacks = |key: &&'static str| map.entry(key).is_none();
        let lacking: Vec<&str> = ["primary", "replicas", "used-by", "lag"].into_iter().filter(lacks).collect();
        for key in &lacking {
            self.say(
                Diagnostic::error("EW490", format!("store `{name}` lacks `{key}`"))
                    .at(entry.key, "it has a primary")
                    .help("for example `{primary: east, replicas: [south], used-by: [orders], lag: 1s, promote: {after: 30s, takes: 60s}}`"),
            );
        }
        let copies = self.copies_of_store(map, known);
        let writers = map.written("used-by").map(|node| self.users_of_store(node, known));
        let lag = map.written("lag").and_then(|node| self.law(node, &map.path_of("lag")));
        let promote = match map.entry("promote") {
            None => {
                self.fill(map.path_of("promote"), "never", false, "eastwest");
                Some(None)
            }
            Some(entry) => self.promote(entry, map.path_of("promote")).map(Some),
        };
        // What is wrong here was said: whoever speaks of this store is not told in addition that there is none.
        let lag = lag.map(|lag| lag.value).filter(|lag| lag.mean() > 0.0);
        Some(Replication { copies: copies?, writers: writers.unwrap_or_default(), lag, promote: promote.flatten() })
    }

    fn promote(&mut self, entry: &Entry, path: Path) -> Option<Promote> {
        let map = self.open(Some(&entry.node), &words::PROMOTE, path, entry.key)?;
        let after = map.read(self, "after", quantity::duration);
        let takes = map.read(self, "takes", quantity::duration);
        let fence = self.flag(&map, "fence");
        map.close();
        Some(Promote { after: after.map(|after| after.value), takes: takes?.value, fence: fence? })
    }

    /// The primary, then the replicas: each in a cluster of its own.
    fn copies_of_store(&mut self, map: &Fields<'_>, known: &Known<'_>) -> Option<Vec<Spanned<String>>> {
        let clusters = || known.topology.clusters.keys().map(String::as_str);
        let mut copies: Vec<Spanned<String>> = Vec::new();
        let primary = map.written("primary");
        let replicas = map.written("replicas").map(|node| (node, self.items(node, "clusters")));
        if let Some((node, [])) = replicas
            && matches!(node.value, Value::List(_))
        {
            let text = "a primary that nobody follows";
            self.say(Diagnostic::error("EW490", text).at(node.span, "").help("without replicas there is no promotion"));
        }
        let mut whole = primary.is_some() && replicas.is_some();
        for node in primary.into_iter().chain(replicas.into_iter().flat_map(|(_, list)| list)) {
            let Some(name) = self.text(node, "a cluster") else {
                whole = false;
                continue;
            };
            if !self.known("cluster", name, node.span, clusters()) {
                whole = false;
                continue;
            }
            if let Some(first) = copies.iter().find(|copy| copy.value == name) {
                let twice = Diagnostic::error("EW490", format!("`{name}` has two copies of this store"));
                let first = first.span;
                self.say(twice.at(node.span, "").at(first, "here first").help("a cluster has one copy of a store"));
                whole = false;
                continue;
            }
            copies.push(Spanned::new(name.to_owned(), node.span));
        }
        whole.then_some(copies)
    }

    /// Who uses a store, and which operations of theirs write.
    fn users_of_store(&mut self, node: &Node, known: &Known<'_>) -> Vec<(Spanned<String>, Vec<String>)> {
        let mut users: Vec<(Spanned<String>, Vec<String>)> = Vec::new();
        let service = |decoder: &mut Self, name: &str, span| {
            decoder.known("service", name, span, known.names.iter().map(String::as_str))
        };
        let operations = |name: &str| -> Vec<String> {
            known.services.get(name).map_or_else(Vec::new, |service| service.operations.keys().cloned().collect())
        };
        let empty = match &node.value {
            Value::Map(map) => {
                for (name, entry) in map {
                    if !service(self, name, entry.key) {
                        continue;
                    }
                    let path = below(&below(&Vec::new(), "used-by"), name);
                    if let Some(writes) = self.writes_of(entry, path, &operations(name)) {
                        users.push((Spanned::new(name.clone(), entry.key), writes));
                    }
                }
                map.is_empty()
            }
            _ => {
                let items = self.items(node, "services");
                for item in items {
                    let Some(name) = self.text(item, "a service") else { continue };
                    if !service(self, name, item.span) {
                        continue;
                    }
                    if let Some((first, _)) = users.iter().find(|(user, _)| user.value == name) {
                        let twice = Diagnostic::error("EW466", format!("`{name}` stands here twice"));
                        let first = first.span;
                        self.say(twice.at(item.span, "").at(first, "here first"));
                        continue;
                    }
                    users.push((Spanned::new(name.to_owned(), item.span), operations(name)));
                }
                items.is_empty() && matches!(node.value, Value::List(_))
            }
        };
        if empty {
            self.say(Diagnostic::error("EW466", "a store that no service uses does nothing").at(node.span, ""));
        }
        users
    }

    /// The operations of a service that write.
    fn writes_of(&mut self, entry: &Entry, path: Path, operations: &[String]) -> Option<Vec<String>> {
        let map = self.open(Some(&entry.node), &words::STORE_USER, path, entry.key)?;
        let mut listed = |key| {
            let list = map.entry(key)?;
            let mut named = Vec::new();
            for item in self.items(&list.node, "operations") {
                let Some(name) = self.text(item, "an operation") else { continue };
                let names = operations.iter().map(String::as_str).filter(|name| !name.is_empty());
                if self.known("operation of this service", name, item.span, names) {
                    named.push(name.to_owned());
                }
            }
            Some(named)
        };
        let (writes, reads) = (listed("writes"), listed("reads"));
        map.close();
        let writing = |name: &&String| match (&writes, &reads) {
            (Some(writes), _) => writes.contains(name),
            (None, Some(reads)) => !reads.contains(name),
            (None, None) => true,
        };
        if writes.is_some() && reads.is_some() {
            let both = Diagnostic::error("EW491", "`writes` and `reads` are said of the same service");
            self.say(both.at(entry.key, "").help("say one of them: the other operations do the other"));
            return None;
        }
        let writing: Vec<String> = operations.iter().filter(writing).cloned().collect();
        if writing.is_empty() && !operations.is_empty() {
            let none = Diagnostic::error("EW491", "no operation of this service writes").at(entry.key, "");
            self.say(none.help("who only reads needs no primary: leave it out"));
            return None;
        }
        Some(writing)
    }
}
