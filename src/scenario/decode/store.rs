//! `stores:`, databases whose data is divided.

use super::fields::Decoder;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::Store;
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;

impl Decoder {
    pub(super) fn stores(&mut self, node: Option<&Node>, services: &[String]) -> IndexMap<String, Store> {
        let mut stores = IndexMap::new();
        for (name, entry) in self.named(node, "stores") {
            if let Some(store) = self.store(name, entry, services) {
                stores.insert(name.to_owned(), store);
            }
        }
        stores
    }

    fn store(&mut self, name: &str, entry: &Entry, services: &[String]) -> Option<Store> {
        let path = vec!["stores".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::STORE, path, entry.key)?;
        let written = |key: &str| entry.node.as_map().is_some_and(|map| map.contains_key(key));
        let divided = map.written("partition").map(|node| self.word(node, map.shape("partition")));
        let used_by = map.written("used-by").map(|node| self.users_of_store(node, services));
        let wrong = map.word(self, "wrong-partition");
        map.close();
        // Of one that is replicated it has been said that it is not supported.
        let later = ["primary", "replicas", "lag", "promote"].into_iter().any(written);
        if !later && (divided.is_none() || used_by.is_none()) {
            let lacks = if divided.is_none() { "partition" } else { "used-by" };
            self.say(
                Diagnostic::error("EW466", format!("store `{name}` lacks `{lacks}`"))
                    .at(entry.key, "")
                    .help("for example `{partition: cluster, used-by: [orders]}`"),
            );
        }
        divided??;
        Some(Store { span: entry.key, used_by: used_by?, refuses: wrong? == 0 })
    }

    fn users_of_store(&mut self, node: &Node, services: &[String]) -> Vec<Spanned<String>> {
        let mut users: Vec<Spanned<String>> = Vec::new();
        let items = self.items(node, "services");
        if items.is_empty() && matches!(node.value, Value::List(_)) {
            self.say(Diagnostic::error("EW466", "a store that no service uses does nothing").at(node.span, ""));
        }
        for item in items {
            let Some(name) = self.text(item, "a service") else { continue };
            if !self.known("service", name, item.span, services.iter().map(String::as_str)) {
                continue;
            }
            if let Some(first) = users.iter().find(|user| user.value == name) {
                let twice = Diagnostic::error("EW466", format!("`{name}` stands here twice"));
                let first = first.span;
                self.say(twice.at(item.span, "").at(first, "here first"));
                continue;
            }
            users.push(Spanned::new(name.to_owned(), item.span));
        }
        users
    }
}
