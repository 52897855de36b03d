//! `mesh.rules:`.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::calls::meant_at;
use super::fields::{Decoder, Fields, Path, below};
use crate::policy::route_match::{HttpMatch, MESH, StringMatch};
use crate::policy::shares;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Rule, RuleAction, RuleTarget, Service, TrafficPatch};
use crate::scenario::quantity;
use crate::scenario::span::Span;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::Ratio;

type Services = IndexMap<String, Service>;
type Rules = IndexMap<String, IndexMap<String, Rule>>;

/// A share as a weight: parts of a million.
const PARTS: f64 = 1e6;

impl Decoder {
    /// `mesh.rules:`.
    pub(super) fn rules(&mut self, mesh: &Fields<'_>, services: &Services, streams: &[String]) -> Rules {
        let mut rules = IndexMap::new();
        for (service, entry) in self.entries(mesh.written("rules"), "rules of services") {
            let known = self.known("service", service, entry.key, services.keys().map(String::as_str));
            let mut list = IndexMap::new();
            for (name, entry) in self.named(Some(&entry.node), "rules") {
                let path = below(&below(&mesh.path_of("rules"), service), name);
                let before = self.filled.len();
                let rule = if known { self.rule(entry, path, (service, services), streams) } else { None };
                // What a rule does not say is as it is without it.
                self.filled.truncate(before);
                list.extend(rule.map(|rule| (name.to_owned(), rule)));
            }
            rules.insert(service.to_owned(), list);
        }
        rules
    }

    fn rule(&mut self, entry: &Entry, path: Path, of: (&str, &Services), streams: &[String]) -> Option<Rule> {
        let map = self.open(Some(&entry.node), &words::RULE, path, entry.key)?;
        let matches = self.rule_matches(&map, streams);
        let to = map.entry("to").map(|to| (to.key, self.destinations(&to.node, of)));
        let map_fallback = map.written("fallback");
        let fallback = map_fallback.map_or_else(Vec::new, |node| self.targets(node, of));
        let respond = map.entry("respond").map(|entry| entry.key).zip(map.count(self, "respond"));
        let mirrors = map.written("mirror").map_or_else(Vec::new, |node| self.mirrors(node, &map, of));
        let (set, remove) = self.rule_headers(&map);
        let mut policy = TrafficPatch {
            timeout: self.none_or_duration(&map, "timeout"),
            per_try: self.none_or_duration(&map, "per-try"),
            retries: map.count32(self, "retries"),
            retry_on: map.written("retry-on").map(|node| self.retry_on(node)),
            ..TrafficPatch::default()
        };
        self.retries(&map, &mut policy);
        self.injected(&map, &mut policy);
        map.close();
        let sent = to.iter().flat_map(|(_, to)| to.iter().flatten());
        if let (Some(node), false) =
            (map_fallback, sent.clone().all(|(to, _)| fallback.iter().all(|next| next.service == to.service)))
        {
            let wrong = Diagnostic::error("EW372", "a fallback is another part of the same service").at(node.span, "");
            self.say(wrong.help("send calls to the other service by a rule of its own"));
        }
        let action = match (respond, to) {
            (Some((respond, status)), other) => {
                if let Some((to, _)) = other {
                    let wrong = Diagnostic::error("EW014", "`to` and `respond` exclude each other");
                    self.say(wrong.at(to, "").at(respond, "the proxy answers itself"));
                }
                RuleAction::Respond(status.value as u16)
            }
            (None, Some((_, to))) => RuleAction::Send { to: to?, fallback },
            (None, None) => {
                let all = RuleTarget { service: of.0.to_owned(), subset: None };
                RuleAction::Send { to: vec![(all, 1)], fallback }
            }
        };
        let set_by_destination = Vec::new();
        Some(Rule { span: entry.key, matches, action, mirrors, set, set_by_destination, remove, policy })
    }

    /// What stands under `match`; nothing: every call.
    pub(super) fn rule_matches(&mut self, rule: &Fields<'_>, streams: &[String]) -> Vec<HttpMatch> {
        let Some(node) = rule.written("match") else { return Vec::new() };
        let path = rule.path_of("match");
        match &node.value {
            Value::List(items) => {
                items.iter().filter_map(|item| self.rule_match(item, path.clone(), streams)).collect()
            }
            _ => self.rule_match(node, path, streams).into_iter().collect(),
        }
    }

    /// Destinations with their weights.
    fn destinations(&mut self, node: &Node, of: (&str, &Services)) -> Option<Vec<(RuleTarget, u32)>> {
        let Value::Map(map) = &node.value else {
            let text = self.text(node, "a subset or a service")?.to_owned();
            return Some(vec![(self.target(&text, node.span, of)?, 1)]);
        };
        let shares = map.values().filter(|entry| entry.node.as_text().is_some_and(|text| text.ends_with('%'))).count();
        if shares != 0 && shares != map.len() {
            self.say(
                Diagnostic::error("EW372", "shares and weights side by side").at(node.span, "").help("write one kind"),
            );
            return None;
        }
        let mut to = Vec::new();
        for (name, entry) in map {
            let target = self.target(name, entry.key, of);
            let weight = if shares > 0 {
                let share = self.read(&entry.node, "a share such as `80%`", quantity::share);
                share.map(|share| libm::round(share.value.get() * PARTS) as u32)
            } else {
                let weight = |text: &str| quantity::count(text, 0, 1_000_000);
                self.read(&entry.node, "a share such as `80%`, or a weight", weight).map(|weight| weight.value as u32)
            };
            to.push(target.zip(weight));
        }
        let to: Vec<(RuleTarget, u32)> = to.into_iter().collect::<Option<_>>()?;
        let sum: u64 = to.iter().map(|(_, weight)| u64::from(*weight)).sum();
        if shares > 0 && sum.abs_diff(PARTS as u64) > to.len() as u64 {
            let wrong = Diagnostic::error("EW372", format!("these shares sum to {} %", sum as f64 * 100.0 / PARTS));
            self.say(
                wrong
                    .at(node.span, "")
                    .help("all calls go somewhere: 100%; weights such as `{v1: 3, v2: 1}` sum to anything"),
            );
            return None;
        }
        if sum == 0 {
            self.say(Diagnostic::error("EW372", "no destination has a weight above zero").at(node.span, ""));
            return None;
        }
        Some(to)
    }

    fn targets(&mut self, node: &Node, of: (&str, &Services)) -> Vec<RuleTarget> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let texts: Vec<(String, Span)> = items
            .iter()
            .filter_map(|item| Some((self.text(item, "a subset or a service")?.to_owned(), item.span)))
            .collect();
        texts.iter().filter_map(|(text, span)| self.target(text, *span, of)).collect()
    }

    /// `v2`, `ratings`, `ratings:v2`.
    fn target(&mut self, text: &str, span: Span, (ruled, services): (&str, &Services)) -> Option<RuleTarget> {
        let own = services.get(ruled).filter(|service| service.subsets.contains_key(text));
        if own.is_some() {
            return Some(RuleTarget { service: ruled.to_owned(), subset: Some(text.to_owned()) });
        }
        let (service, subset) = text.split_once(':').map_or((text, None), |(service, subset)| (service, Some(subset)));
        let names = || services.keys().map(String::as_str);
        if subset.is_none() && !services.contains_key(service) {
            let subsets =
                services.get(ruled).map_or_else(Vec::new, |service| service.subsets.keys().cloned().collect());
            self.known("subset or service", text, span, subsets.iter().map(String::as_str).chain(names()));
            return None;
        }
        if !self.known("service", service, span, names()) {
            return None;
        }
        if let Some(subset) = subset {
            let subsets = services[service].subsets.keys().map(String::as_str);
            if !self.known("subset", subset, span, subsets) {
                return None;
            }
        }
        for operation in services.get(ruled).into_iter().flat_map(|ruled| ruled.operations.keys()) {
            if meant_at(services, ruled, operation, service).is_none() {
                let said = if operation.is_empty() {
                    format!("`{service}` has several operations, of which a call of `{ruled}` means none")
                } else {
                    format!("`{service}` has several operations, of which none is called `{operation}`")
                };
                let wrong = Diagnostic::error("EW373", said).at(span, "");
                self.say(wrong.help(
                    "a call keeps its operation: the service that it is sent to has one of that name, or a single one",
                ));
                return None;
            }
        }
        Some(RuleTarget { service: service.to_owned(), subset: subset.map(str::to_owned) })
    }

    fn mirrors(&mut self, node: &Node, rule: &Fields<'_>, of: (&str, &Services)) -> Vec<(RuleTarget, Ratio)> {
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut mirrors = Vec::new();
        for item in items {
            let (text, share) = match &item.value {
                Value::Map(_) => {
                    let Some(map) = self.open(Some(item), &words::MIRROR, rule.path_of("mirror"), item.span) else {
                        continue;
                    };
                    let (to, share) = (map.text(self, "to"), map.read(self, "share", quantity::share));
                    map.close();
                    (to, share.map(|share| share.value.get() * 100.0))
                }
                _ => {
                    let text = self.text(item, "a subset or a service").map(str::to_owned);
                    (text.map(|text| crate::scenario::span::Spanned::new(text, item.span)), None)
                }
            };
            let target = text.and_then(|text| self.target(&text.value, text.span, of));
            mirrors.extend(target.zip(shares::mirrored(share, None)));
        }
        mirrors
    }

    /// What is set, and what is removed.
    fn rule_headers(&mut self, rule: &Fields<'_>) -> (Vec<(String, String)>, Vec<String>) {
        let entry = rule.entry("headers");
        let at = entry.map_or(Span::NONE, |entry| entry.key);
        let path = rule.path_of("headers");
        let Some(entry) = entry else { return (Vec::new(), Vec::new()) };
        let Some(map) = self.open(Some(&entry.node), &words::RULE_HEADERS, path, at) else {
            return (Vec::new(), Vec::new());
        };
        let mut set = Vec::new();
        if let Some(node) = map.written("set").filter(|node| node.as_map().is_some_and(indexmap::IndexMap::is_empty)) {
            self.say(
                Diagnostic::error("EW303", "no header is set").at(node.span, "").help("name one, or leave `set` out"),
            );
        }
        for (name, entry) in self.entries(map.written("set"), "headers") {
            let text = self.text(&entry.node, "a text").map(str::to_owned);
            set.extend(text.map(|text| (name.to_ascii_lowercase(), text)));
        }
        let mut remove = Vec::new();
        if let Some(node) = map.written("remove") {
            for item in self.items(node, "headers") {
                remove.extend(self.text(item, "a header").map(str::to_ascii_lowercase));
            }
        }
        map.close();
        (set, remove)
    }

    fn rule_match(&mut self, node: &Node, path: Path, streams: &[String]) -> Option<HttpMatch> {
        let map = self.open(Some(node), &words::RULE_MATCH, path, node.span)?;
        let one = |decoder: &mut Decoder, name: &'static str| {
            map.written(name).and_then(|node| decoder.text_match(node, map.path_of(name)))
        };
        let (uri, method) = (one(self, "path"), one(self, "method"));
        let ignore_uri_case = self.flag(&map, "ignore-case") == Some(true);
        let several = |decoder: &mut Decoder, name: &'static str| {
            let mut found = Vec::new();
            for (header, entry) in decoder.entries(map.written(name), "headers") {
                let text = decoder.text_match(&entry.node, below(&map.path_of(name), header));
                found.extend(text.map(|text| (header.to_ascii_lowercase(), text)));
            }
            found
        };
        let (headers, without_headers) = (several(self, "headers"), several(self, "without-headers"));
        let mut source_labels = Vec::new();
        for (label, entry) in self.entries(map.written("source-labels"), "labels") {
            let text = self.text(&entry.node, "a text").map(str::to_owned);
            source_labels.extend(text.map(|text| (label.to_owned(), text)));
        }
        let source_namespace = map.text(self, "source-namespace").map(|text| text.value);
        let mut gateways = Vec::new();
        if let Some(node) = map.written("gateways") {
            for item in self.items(node, "streams") {
                let Some(text) = self.text(item, "a stream, or `mesh`").map(str::to_owned) else { continue };
                let names = streams.iter().map(String::as_str).chain([MESH]);
                if self.known("stream", &text, item.span, names) {
                    gateways.push(text);
                }
            }
        }
        map.close();
        Some(HttpMatch {
            uri,
            ignore_uri_case,
            method,
            headers,
            without_headers,
            source_labels,
            source_namespace,
            gateways,
            ..HttpMatch::default()
        })
    }

    fn text_match(&mut self, node: &Node, path: Path) -> Option<StringMatch> {
        if !matches!(node.value, Value::Map(_)) {
            return Some(StringMatch::Exact(self.text(node, "a text")?.to_owned()));
        }
        let map = self.open(Some(node), &words::TEXT_MATCH, path, node.span)?;
        let (exact, prefix) = (map.text(self, "exact"), map.text(self, "prefix"));
        let (regex, present) = (map.text(self, "regex"), map.word(self, "present"));
        map.close();
        let regex = regex.and_then(|regex| match StringMatch::regex(&regex.value) {
            Ok(found) => Some(found),
            Err(why) => {
                self.say(Diagnostic::error("EW372", format!("this is no expression: {why}")).at(regex.span, ""));
                None
            }
        });
        let said = exact.map(|text| StringMatch::Exact(text.value));
        said.or(prefix.map(|text| StringMatch::Prefix(text.value))).or(regex).or(present.map(|_| StringMatch::Present))
    }
}

/// Services with the others that rules may send their calls to, itself among them.
pub(super) fn led_to(rules: &Rules) -> BTreeMap<&str, Vec<&str>> {
    rules
        .iter()
        .map(|(service, rules)| {
            let mut found: Vec<&str> = rules.values().flat_map(Rule::targets).map(|to| to.service.as_str()).collect();
            found.sort_unstable();
            found.dedup();
            (service.as_str(), found)
        })
        .collect()
}
