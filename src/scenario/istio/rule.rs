//! Routes of a VirtualService as routing rules: matches, destinations, mirrors, headers.

use super::Translation;
use super::field::Judged::{Noted, Read, Refused};
use super::field::{Message, Words, list, said, scalar};
use super::host::Rule;
use super::virtual_service::{DESTINATION, PERCENT, ROUTE};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::{Entry, Node, Value};
use indexmap::IndexMap;

pub(in crate::scenario) const MATCH: Message = Message {
    name: "http.match",
    fields: &[
        ("name", Read),
        ("uri", Read),
        ("ignoreUriCase", Read),
        ("method", Read),
        ("headers", Read),
        ("withoutHeaders", Read),
        ("sourceLabels", Read),
        ("sourceNamespace", Read),
        ("gateways", Read),
        ("scheme", Refused("all calls are alike here")),
        ("authority", Refused("rules stand under the service that is called")),
        ("port", Refused("a service has one port here")),
        ("queryParams", Refused("operations have no parameters of a query here")),
        ("statPrefix", Noted("statistics of proxies are not simulated")),
    ],
};
const TEXT: Message = Message { name: "a match", fields: &[("exact", Read), ("prefix", Read), ("regex", Read)] };
pub(in crate::scenario) const REDIRECT: Message = Message {
    name: "http.redirect",
    fields: &[
        ("redirectCode", Read),
        ("uri", Noted("nobody follows it")),
        ("authority", Noted("nobody follows it")),
        ("port", Noted("nobody follows it")),
        ("derivePort", Noted("nobody follows it")),
        ("scheme", Noted("nobody follows it")),
    ],
};
pub(in crate::scenario) const DIRECT: Message = Message {
    name: "http.directResponse",
    fields: &[("status", Read), ("body", Noted("an answer of a proxy is small"))],
};
pub(in crate::scenario) const MIRRORS: Message =
    Message { name: "http.mirrors", fields: &[("destination", Read), ("percentage", Read)] };
pub(in crate::scenario) const HEADERS: Message = Message {
    name: "http.headers",
    fields: &[("request", Read), ("response", Noted("headers of answers decide nothing here"))],
};
pub(in crate::scenario) const CHANGES: Message = Message {
    name: "http.headers.request",
    fields: &[
        ("set", Read),
        ("add", Refused("write `set`: a second value of a header is not simulated")),
        ("remove", Read),
    ],
};

impl Translation<'_> {
    /// The words of a route.
    pub(super) fn rule(&mut self, map: &IndexMap<String, Entry>, home: &str, whole: &Node) -> Words {
        let mut words = Words::default();
        if let Some(entry) = said(map, "match") {
            let found: Vec<Node> = self
                .list(Some(entry), "http.match")
                .iter()
                .filter_map(|item| Some(self.matched(item)?.node(item.span)))
                .collect();
            words.put("match", entry.key, Node { span: entry.node.span, value: Value::List(found) });
        }
        self.destinations(map, home, whole, &mut words);
        self.mirrors(map, home, &mut words);
        if let Some(headers) = said(map, "headers").and_then(|entry| self.open(&entry.node, &HEADERS))
            && let Some(entry) = said(headers, "request")
            && let Some(changes) = self.open(&entry.node, &CHANGES)
        {
            let mut changed = Words::default();
            if let Some(set) = said(changes, "set") {
                let mut texts = Words::default();
                for (name, value) in set.node.as_map().into_iter().flatten() {
                    if let Some(text) = self.text(&value.node, "a header") {
                        texts.say(name, value.key, text, value.node.span);
                    }
                }
                changed.put_words("set", set.key, texts);
            }
            let removed: Vec<String> = self
                .list(said(changes, "remove"), "remove")
                .iter()
                .filter_map(|item| self.text(item, "a header").map(str::to_owned))
                .collect();
            if !removed.is_empty() {
                changed.put("remove", entry.key, list(removed, entry.node.span));
            }
            words.put_words("headers", entry.key, changed);
        }
        self.answers(map, &mut words);
        words
    }

    fn destinations(&mut self, map: &IndexMap<String, Entry>, home: &str, whole: &Node, words: &mut Words) {
        if let Some(entry) = said(map, "redirect") {
            let code = self.open(&entry.node, &REDIRECT).and_then(|redirect| said(redirect, "redirectCode"));
            let status = self.count(code, "http.redirect.redirectCode").unwrap_or(301);
            words.say("respond", entry.key, status.to_string(), code.map_or(entry.node.span, |code| code.node.span));
        }
        if let Some(entry) = said(map, "directResponse") {
            let status = self.open(&entry.node, &DIRECT).and_then(|direct| said(direct, "status"));
            match (status, self.count(status, "http.directResponse.status")) {
                (Some(field), Some(status)) => words.say("respond", field.key, status.to_string(), field.node.span),
                (None, _) => self.wrong(&entry.node, "`http.directResponse` has a `status`"),
                _ => {}
            }
        }
        let mut to: IndexMap<String, (u64, &Node)> = IndexMap::new();
        let items = self.list(said(map, "route"), "http.route");
        for item in items {
            let Some(route) = self.open(item, &ROUTE) else { continue };
            let weight = self.count(said(route, "weight"), "http.route.weight").unwrap_or(0);
            let Some(destination) = said(route, "destination") else {
                self.wrong(item, "a route has a `destination` with a `host`");
                continue;
            };
            let Some(target) = self.target(&destination.node, home) else { continue };
            // Of several destinations those without weight get nothing; one alone gets all.
            if weight > 0 || items.len() == 1 {
                to.entry(target).or_insert((0, item)).0 += weight;
            }
        }
        let Some(entry) = said(map, "route") else {
            if !words.0.contains_key("respond") {
                self.wrong(whole, "a route has `route`, `redirect` or `directResponse`");
            }
            return;
        };
        if to.len() == 1 {
            let (target, (_, item)) = to.first().expect("there is one");
            words.say("to", entry.key, target.clone(), item.span);
            return;
        }
        let mut shares = Words::default();
        for (target, (weight, item)) in to {
            shares.say(&target, item.span, weight.to_string(), item.span);
        }
        words.put("to", entry.key, shares.node(entry.node.span));
    }

    /// `reviews`, `reviews:v2`.
    fn target(&mut self, node: &Node, home: &str) -> Option<String> {
        let map = self.open(node, &DESTINATION)?;
        let Some(host) = said(map, "host") else {
            self.wrong(node, "a destination has a `host`");
            return None;
        };
        let name = self.text(&host.node, "host")?.to_owned();
        let full = Rule::new(&name, host.node.span, home, Words::default()).host;
        let Some(service) = self.services.iter().find(|service| service.is(&full)).map(|service| service.entry) else {
            let what = format!("no service of the scenario is `{}`", full.escape_default());
            let unknown = Diagnostic::error("EW404", what).at(host.node.span, "calls would be sent there");
            self.say(
                unknown.help("a service `ns/name` is `name.ns.svc.cluster.local`, one without `ns/` is in `default`"),
            );
            return None;
        };
        let subset = match said(map, "subset") {
            Some(entry) => Some(self.text(&entry.node, "subset")?.to_owned()),
            None => None,
        };
        Some(subset.map_or_else(|| service.to_owned(), |subset| format!("{service}:{subset}")))
    }

    fn mirrors(&mut self, map: &IndexMap<String, Entry>, home: &str, words: &mut Words) {
        let mut mirrors = Vec::new();
        if let Some(entry) = said(map, "mirror")
            && let Some(target) = self.target(&entry.node, home)
        {
            let mut mirror = Words::default();
            mirror.say("to", entry.key, target, entry.node.span);
            let nested = said(map, "mirrorPercentage").and_then(|entry| self.open(&entry.node, &PERCENT));
            let field = nested.and_then(|map| said(map, "value")).or_else(|| said(map, "mirrorPercent"));
            if let (Some(field), Some(share)) = (field, self.percent(field, "http.mirrorPercentage.value")) {
                mirror.say("share", field.key, share, field.node.span);
            }
            mirrors.push(mirror.node(entry.node.span));
        }
        for item in self.list(said(map, "mirrors"), "http.mirrors") {
            let Some(map) = self.open(item, &MIRRORS) else { continue };
            let Some(target) = said(map, "destination").and_then(|entry| self.target(&entry.node, home)) else {
                continue;
            };
            let mut mirror = Words::default();
            mirror.say("to", item.span, target, item.span);
            let nested = said(map, "percentage").and_then(|entry| self.open(&entry.node, &PERCENT));
            let field = nested.and_then(|map| said(map, "value"));
            if let (Some(field), Some(share)) = (field, self.percent(field, "http.mirrors.percentage.value")) {
                mirror.say("share", field.key, share, field.node.span);
            }
            mirrors.push(mirror.node(item.span));
        }
        let key = said(map, "mirror").or_else(|| said(map, "mirrors")).map(|entry| (entry.key, entry.node.span));
        if let (Some((key, span)), false) = (key, mirrors.is_empty()) {
            words.put("mirror", key, Node { span, value: Value::List(mirrors) });
        }
    }

    /// One entry of `match`.
    fn matched(&mut self, item: &Node) -> Option<Words> {
        let map = self.open(item, &MATCH)?;
        let mut words = Words::default();
        for (field, word) in [("uri", "path"), ("method", "method")] {
            if let Some(entry) = said(map, field)
                && let Some(node) = self.matched_text(&entry.node)
            {
                words.put(word, entry.key, node);
            }
        }
        if let Some(entry) = said(map, "ignoreUriCase")
            && let Some(flag) = self.flag(Some(entry), "http.match.ignoreUriCase")
        {
            words.say("ignore-case", entry.key, flag.to_string(), entry.node.span);
        }
        for (field, word) in [("headers", "headers"), ("withoutHeaders", "without-headers")] {
            let Some(entry) = said(map, field) else { continue };
            let Some(headers) = entry.node.as_map() else {
                self.wrong(&entry.node, &format!("`http.match.{field}` is a map"));
                continue;
            };
            let mut found = Words::default();
            for (header, value) in headers {
                if let Some(node) = self.matched_text(&value.node) {
                    found.put(header, value.key, node);
                }
            }
            words.put_words(word, entry.key, found);
        }
        if let Some(entry) = said(map, "sourceLabels") {
            let mut labels = Words::default();
            for (label, value) in entry.node.as_map().into_iter().flatten() {
                if let Some(text) = self.text(&value.node, "a label") {
                    labels.put(label, value.key, quoted(text, &value.node));
                }
            }
            words.put_words("source-labels", entry.key, labels);
        }
        if let Some(entry) = said(map, "sourceNamespace")
            && let Some(text) = self.text(&entry.node, "sourceNamespace")
        {
            words.put("source-namespace", entry.key, quoted(text, &entry.node));
        }
        if let Some(entry) = said(map, "gateways") {
            let gateways = self.list(Some(entry), "gateways");
            if gateways.iter().any(|gateway| gateway.as_text() != Some("mesh")) {
                let help = "name streams in `mesh.rules`: a gateway of Istio's is not one of them";
                self.refused("http.match.gateways", entry.key, help);
            }
            words.put("gateways", entry.key, list(["mesh".to_owned()], entry.node.span));
        }
        Some(words)
    }

    /// `exact`, `prefix`, `regex`; a header's empty match asks whether it is there.
    fn matched_text(&mut self, node: &Node) -> Option<Node> {
        if node.as_map().is_none_or(IndexMap::is_empty) && (node.is_null() || node.as_map().is_some()) {
            let mut words = Words::default();
            words.say("present", node.span, "true", node.span);
            return Some(words.node(node.span));
        }
        let map = self.open(node, &TEXT)?;
        let mut words = Words::default();
        for (kind, entry) in map {
            if let Some(text) = self.text(&entry.node, "a match") {
                words.put(kind, entry.key, quoted(text, &entry.node));
            }
        }
        Some(words.node(node.span))
    }
}

/// A text as it stands there.
fn quoted(text: &str, node: &Node) -> Node {
    let mut node = scalar(text, node.span);
    if let Value::Scalar { plain, .. } = &mut node.value {
        *plain = false;
    }
    node
}
