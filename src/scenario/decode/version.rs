//! Versions and subsets of a service, and headers: which it passes on, and which a stream's requests carry.

use indexmap::IndexMap;

use super::fields::{Decoder, Fields, Path, below};
use crate::policy::Status;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Forwards, HeaderText, Headers, Operation, Replicas, TRACING, Topology, Variant, Version};
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::Ratio;

impl Decoder {
    /// `versions:` of a service, and the replicas of all of them; none where a service has no versions.
    pub(super) fn versions(
        &mut self,
        map: &Fields<'_>,
        service: &str,
        operations: &IndexMap<String, Operation>,
        topology: &Topology,
    ) -> Option<(IndexMap<String, Version>, Vec<Replicas>)> {
        let (mut versions, mut replicas) = (IndexMap::new(), Vec::new());
        let node = map.written("versions")?;
        for (name, entry) in self.named(Some(node), "versions") {
            let path = below(&map.path_of("versions"), name);
            let (read, own) = self.version(name, entry, path, (service, operations), topology);
            replicas.extend(own.into_iter().map(|replicas| Replicas { version: versions.len(), ..replicas }));
            versions.insert(name.to_owned(), read);
        }
        if versions.is_empty() {
            self.say(Diagnostic::error("EW303", "`versions` is empty").at(node.span, ""));
        }
        Some((versions, replicas))
    }

    fn version(
        &mut self,
        name: &str,
        entry: &Entry,
        path: Path,
        (service, known): (&str, &IndexMap<String, Operation>),
        topology: &Topology,
    ) -> (Version, Vec<Replicas>) {
        let app = service.split_once('/').map_or(service, |(_, own)| own);
        let mut labels = vec![("app".to_owned(), app.to_owned()), ("version".to_owned(), name.to_owned())];
        let mut operations = IndexMap::new();
        let Some(map) = self.open(Some(&entry.node), &words::VERSION, path.clone(), entry.key) else {
            return (Version { span: entry.key, labels, operations }, Vec::new());
        };
        let replicas = map.written("replicas").map_or_else(Vec::new, |node| self.replicas(node, &path, topology));
        for (label, entry) in self.entries(map.written("labels"), "labels") {
            let text = self.text(&entry.node, "a text").map(str::to_owned);
            labels.retain(|(known, _)| known != label);
            labels.extend(text.map(|text| (label.to_owned(), text)));
        }
        let steps = self.operation_steps(&map);
        let errors_at = map.entry("errors").map(|entry| entry.key);
        let errors = self.errors(&map);
        let named = self.named(map.written("operations"), "operations");
        for (operation, entry) in &named {
            let names = known.keys().map(String::as_str).filter(|name| !name.is_empty());
            self.known("operation", operation, entry.key, names);
            let path = below(&map.path_of("operations"), operation);
            let Some(own) = self.open(Some(&entry.node), &words::VERSION_OPERATION, path, entry.key) else { continue };
            let (steps, errors) = (self.operation_steps(&own).map(|(steps, _)| steps), self.errors(&own));
            let missing = own.word(self, "missing").is_some();
            own.close();
            let does = ["work", "calls", "steps", "errors"].into_iter().find_map(|key| own_entry(entry, key));
            if let Some(does) = does.filter(|_| missing) {
                let wrong = Diagnostic::error("EW496", "what is missing does nothing").at(does, "");
                self.say(wrong.help("remove it, or `missing`"));
            }
            let variant = if missing {
                Variant { steps: Some(Vec::new()), errors: Some(vec![(Status::WRONG_SERVICE, Ratio::ONE)]), missing }
            } else {
                Variant { steps, errors, missing }
            };
            operations.insert((*operation).to_owned(), variant);
        }
        map.close();
        // What it says of itself it says of a service's only operation; its errors are those of all.
        if let (Some((_, span)), false) = (&steps, known.len() == 1) {
            let wrong = Diagnostic::error("EW208", format!("`{service}` has several operations"))
                .at(*span, "in which of them?");
            self.say(wrong.help("write it under `operations:` of the version"));
        }
        if errors_at.is_some() || steps.is_some() {
            for operation in known.keys() {
                let own: &mut Variant = operations.entry(operation.clone()).or_default();
                own.errors = own.errors.take().or(errors.clone().filter(|_| errors_at.is_some()));
                own.steps = own.steps.take().or(steps.as_ref().map(|(steps, _)| steps.clone()));
            }
        }
        (Version { span: entry.key, labels, operations }, replicas)
    }

    /// One subset for each version, and those that `subsets:` says by labels.
    pub(super) fn subsets(
        &mut self,
        map: &Fields<'_>,
        versions: &IndexMap<String, Version>,
    ) -> IndexMap<String, Vec<usize>> {
        let mut subsets: IndexMap<String, Vec<usize>> =
            versions.keys().enumerate().map(|(at, name)| (name.clone(), vec![at])).collect();
        for (name, entry) in self.named(map.written("subsets"), "subsets") {
            let mut labels = Vec::new();
            for (label, entry) in self.entries(Some(&entry.node), "labels") {
                let text = self.text(&entry.node, "a text").map(str::to_owned);
                labels.extend(text.map(|text| (label.to_owned(), text)));
            }
            let selects = |version: &Version| labels.iter().all(|label| version.labels.contains(label));
            let selected = versions.values().enumerate().filter(|(_, version)| selects(version)).map(|(at, _)| at);
            let selected: Vec<usize> = selected.collect();
            if selected.is_empty() {
                let empty =
                    Diagnostic::warning("EW317", format!("subset `{name}` selects no replica")).at(entry.key, "");
                self.say(empty.help("calls that are sent to it are answered 503"));
            }
            // A version is a subset of its own; one name cannot mean two sets of replicas.
            if let Some(own) = subsets.get(name).filter(|own| **own != selected) {
                let version = versions.get_index(own[0]).map(|(_, version)| version.span);
                let mut wrong = Diagnostic::error("EW530", format!("subset `{name}` is not version `{name}`"))
                    .at(entry.key, "selects other replicas");
                if let Some(span) = version {
                    wrong = wrong.at(span, "is a subset by itself");
                }
                self.say(wrong.help("give the subset another name"));
                continue;
            }
            subsets.insert(name.to_owned(), selected);
        }
        subsets
    }

    /// `forwards:`.
    pub(super) fn forwards(&mut self, map: &Fields<'_>) -> Forwards {
        let tracing = || TRACING.iter().map(|name| (*name).to_owned());
        let Some(said) = map.said(self, "forwards") else { return Forwards::These(tracing().collect()) };
        if !matches!(said.node.value, Value::List(_)) {
            return match self.word(&said.node, map.shape("forwards")) {
                Some(0) => Forwards::All,
                Some(1) => Forwards::These(Vec::new()),
                _ => Forwards::These(tracing().collect()),
            };
        }
        let mut names: Vec<String> = tracing().collect();
        for item in self.items(&said.node, "headers").to_vec() {
            names.extend(self.text(&item, "a header").map(str::to_ascii_lowercase));
        }
        Forwards::These(names)
    }

    /// `headers:` of a stream.
    pub(super) fn headers(&mut self, map: &Fields<'_>) -> Headers {
        let mut headers = Headers::new();
        for (name, entry) in self.entries(map.written("headers"), "headers") {
            let text = self.header(&entry.node, below(&map.path_of("headers"), name));
            headers.extend(text.map(|text| (name.to_ascii_lowercase(), Spanned::new(text, entry.key))));
        }
        headers
    }

    fn header(&mut self, node: &Node, path: Path) -> Option<HeaderText> {
        if !matches!(node.value, Value::Map(_)) {
            return Some(HeaderText::Fixed(self.text(node, "a text, or `{one-of: [..]}`")?.to_owned()));
        }
        let map = self.open(Some(node), &words::DRAWN_HEADER, path, node.span)?;
        let one_of = map.written("one-of");
        let users = map.count32(self, "users").map(|users| HeaderText::Users(users.value));
        map.close();
        let Some(list) = one_of else { return users };
        let items = self.items(list, "texts");
        let texts: Vec<String> = items.iter().filter_map(|item| self.text(item, "a text").map(str::to_owned)).collect();
        if texts.is_empty() {
            self.say(Diagnostic::error("EW303", "`one-of` is empty").at(list.span, "").help("write at least one text"));
            return None;
        }
        Some(HeaderText::OneOf(texts))
    }
}

/// Where a key of an entry is written.
fn own_entry(entry: &Entry, key: &str) -> Option<Span> {
    entry.node.as_map()?.get(key).map(|entry| entry.key)
}
