//! VirtualService: a single route for all requests, and what each route says of timeout, retries, fault. Fields are
//! those of istio/api b8f8791, `networking/v1alpha3/virtual_service.proto`; what Istio makes of them is
//! `pilot/pkg/networking/core/route/route.go`.

use super::Translation;
use super::field::Judged::{Noted, Read, Refused};
use super::field::{Message, Words, list, said};
use super::host::Rule;
use crate::policy::istio::{self, HttpRetry};
use crate::policy::{defaults, retry};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::{Entry, Node, Value};
use indexmap::IndexMap;

pub(in crate::scenario) const SPEC: Message = Message {
    name: "",
    fields: &[
        ("hosts", Read),
        ("gateways", Read),
        ("http", Read),
        ("tls", Refused("routes of TLS are not simulated")),
        ("tcp", Refused("routes of TCP are not simulated")),
        ("exportTo", Read),
    ],
};
pub(in crate::scenario) const HTTP: Message = Message {
    name: "http",
    fields: &[
        ("name", Read),
        ("match", Read),
        ("route", Read),
        ("redirect", Read),
        ("directResponse", Read),
        ("delegate", Refused("write the routes of the other VirtualService here")),
        ("rewrite", Noted("a call keeps its operation")),
        ("timeout", Read),
        ("retries", Read),
        ("fault", Read),
        ("mirror", Read),
        ("mirrors", Read),
        ("mirrorPercent", Read),
        ("mirrorPercentage", Read),
        ("corsPolicy", Noted("browsers' rules are not simulated")),
        ("headers", Read),
    ],
};
pub(in crate::scenario) const ROUTE: Message = Message {
    name: "http.route",
    fields: &[
        ("destination", Read),
        ("weight", Read),
        ("headers", Refused("headers are those of a rule, not of one of its destinations")),
    ],
};
pub(in crate::scenario) const DESTINATION: Message = Message {
    name: "http.route.destination",
    fields: &[("host", Read), ("subset", Read), ("port", Noted("a service has one port here"))],
};
pub(in crate::scenario) const RETRY: Message = Message {
    name: "retries",
    fields: &[
        ("attempts", Read),
        ("perTryTimeout", Read),
        ("retryOn", Read),
        ("retryRemoteLocalities", Read),
        ("retryIgnorePreviousHosts", Read),
        ("backoff", Read),
    ],
};
pub(in crate::scenario) const FAULT: Message = Message { name: "fault", fields: &[("delay", Read), ("abort", Read)] };
pub(in crate::scenario) const DELAY: Message = Message {
    name: "fault.delay",
    fields: &[
        ("fixedDelay", Read),
        ("percentage", Read),
        ("percent", Read),
        ("exponentialDelay", Refused("Istio does not implement it either: write `fixedDelay`")),
    ],
};
pub(in crate::scenario) const ABORT: Message = Message {
    name: "fault.abort",
    fields: &[
        ("httpStatus", Read),
        ("grpcStatus", Read),
        ("http2Error", Refused("Istio does not implement it either: write `httpStatus`")),
        ("percentage", Read),
    ],
};
pub(in crate::scenario) const PERCENT: Message = Message { name: "percentage", fields: &[("value", Read)] };

impl Translation<'_> {
    /// What a VirtualService says of calls to its hosts: as policies where it is one route of all requests to the host
    /// itself, else as rules.
    pub(super) fn routes(&mut self, spec: &IndexMap<String, Entry>, home: &str, hosts: &[Node]) -> (Words, Words) {
        let routes = self.list(said(spec, "http"), "http");
        if let [only] = routes
            && let Some(map) = only.as_map()
            && self.is_policy(map, home, hosts)
        {
            self.open(only, &HTTP);
            let mut words = Words::default();
            self.policy(map, &mut words);
            return (words, Words::default());
        }
        let mut rules = Words::default();
        let mut whole = false;
        for (index, route) in routes.iter().enumerate() {
            let Some(map) = self.open(route, &HTTP) else { continue };
            if whole {
                let dead = Diagnostic::warning("EW401", "a route that no request reaches");
                self.say(dead.at(route.span, "a route without `match` stands before it"));
                continue;
            }
            whole = said(map, "match").is_none();
            let named = said(map, "name").and_then(|entry| entry.node.as_text());
            let plain = |name: &&str| {
                name.len() <= 60 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            let name = named.filter(plain).filter(|name| !name.is_empty() && !rules.0.contains_key(*name));
            let name = name.map_or_else(|| format!("http-{}", index + 1), str::to_owned);
            let words = self.rule(map, home, route);
            rules.put(&name, route.span, words.node(route.span));
        }
        (Words::default(), rules)
    }

    /// Is this one route for all requests, to the host itself?
    fn is_policy(&self, map: &IndexMap<String, Entry>, home: &str, hosts: &[Node]) -> bool {
        let more = ["match", "redirect", "directResponse", "mirror", "mirrors", "headers"];
        if more.iter().any(|field| said(map, field).is_some()) {
            return false;
        }
        let Some(Value::List(to)) = said(map, "route").map(|entry| &entry.node.value) else { return true };
        let [to] = to.as_slice() else { return false };
        let Some(destination) = to.get("destination") else { return true };
        let whole = |name: &Node| Some(Rule::new(name.as_text()?, name.span, home, Words::default()).host);
        let host = destination.get("host").and_then(whole);
        destination.get("subset").is_none_or(Node::is_null) && hosts.iter().all(|own| whole(own) == host)
    }

    fn policy(&mut self, map: &IndexMap<String, Entry>, words: &mut Words) {
        for item in self.list(said(map, "route"), "http.route") {
            let Some(route) = self.open(item, &ROUTE) else { continue };
            self.count(said(route, "weight"), "http.route.weight");
            let destination = said(route, "destination").and_then(|entry| self.open(&entry.node, &DESTINATION));
            match destination.and_then(|map| said(map, "host")) {
                Some(host) => {
                    self.text(&host.node, "host");
                }
                None => self.wrong(item, "a route has a `destination` with a `host`"),
            }
        }
        self.answers(map, words);
    }

    /// What a route says of the answers to its calls.
    pub(super) fn answers(&mut self, map: &IndexMap<String, Entry>, words: &mut Words) {
        if let (Some(entry), Some(timeout)) = (said(map, "timeout"), self.limit(said(map, "timeout"), "http.timeout")) {
            words.say("timeout", entry.key, timeout, entry.node.span);
        }
        if let Some(entry) = said(map, "retries") {
            self.retries(entry, words);
        }
        if let Some(entry) = said(map, "fault")
            && let Some(fault) = self.open(&entry.node, &FAULT)
        {
            let fault = self.fault(fault);
            words.put_words("fault", entry.key, fault);
        }
    }

    /// `retries`, of a route or of the mesh: it replaces whatever less specific rules say of retries.
    pub(super) fn retries(&mut self, entry: &Entry, words: &mut Words) {
        let Some(map) = self.open(&entry.node, &RETRY) else { return };
        let attempts = self.count(said(map, "attempts"), "retries.attempts");
        let retry_on = said(map, "retryOn").and_then(|entry| self.text(&entry.node, "retries.retryOn"));
        let remote = self.flag(said(map, "retryRemoteLocalities"), "retries.retryRemoteLocalities") == Some(true);
        let ignore = self.flag(said(map, "retryIgnorePreviousHosts"), "retries.retryIgnorePreviousHosts");
        if let (Some(entry), Some(false)) = (said(map, "retryIgnorePreviousHosts"), ignore) {
            let help = "retries avoid the hosts that were tried, as Istio's default is";
            self.refused("retries.retryIgnorePreviousHosts: false", entry.node.span, help);
        }
        let per_try = said(map, "perTryTimeout");
        let per_try_text = self.limit(per_try, "retries.perTryTimeout");
        let backoff = said(map, "backoff");
        let backoff_text = self.duration(backoff, "retries.backoff");
        let at = |entry: Option<&Entry>, whole: &Entry| entry.map_or(whole.node.span, |entry| entry.node.span);
        let said_retry = HttpRetry {
            attempts: attempts.and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
            retry_on: retry_on.map(str::to_owned),
            retry_remote_localities: remote,
            retry_ignore_previous_hosts: ignore,
        };
        let policy = istio::retry_policy(Some(&said_retry), false, self.version);
        let attempts_at = at(said(map, "attempts"), entry);
        let count = policy.as_ref().map_or(0, |policy| policy.num_retries);
        words.say("retries", entry.key, count.to_string(), attempts_at);
        let Some(policy) = policy else { return };
        let place = said(map, "retryOn").unwrap_or(entry);
        let mut conditions = Vec::new();
        for word in policy.retry_on {
            if !retry::WORDS.contains(&word.as_str()) {
                let what = format!("retries.retryOn: {}", word.chars().take(60).collect::<String>().escape_default());
                self.refused(&what, place.node.span, &format!("known are {}", retry::WORDS.join(", ")));
            } else if !conditions.contains(&word) {
                conditions.push(word);
            }
        }
        for code in policy.retriable_status_codes {
            let code = code.to_string();
            if !conditions.contains(&code) {
                conditions.push(code);
            }
        }
        // Said even where it is the default: a less specific rule may say otherwise, and would not hold.
        if retry_on.is_some() || self.mesh_retries {
            words.put("retry-on", place.key, list(conditions, place.node.span));
        }
        if per_try.is_some() || self.mesh_retries {
            let text = per_try_text.unwrap_or_else(|| "none".to_owned());
            words.say("per-try", per_try.map_or(entry.key, |field| field.key), text, at(per_try, entry));
        }
        if let (Some(field), Some(text)) = (backoff, backoff_text) {
            words.say("backoff", field.key, text, field.node.span);
        } else if self.mesh_retries {
            words.say("backoff", entry.key, defaults::BACKOFF.to_string(), entry.node.span);
        }
        if remote || self.mesh_retries {
            let field = said(map, "retryRemoteLocalities");
            let text = policy.previous_priorities.map_or_else(|| "none".to_owned(), |every| every.to_string());
            words.say("previous-priorities", field.map_or(entry.key, |field| field.key), text, at(field, entry));
        }
    }

    fn fault(&mut self, map: &IndexMap<String, Entry>) -> Words {
        let mut fault = Words::default();
        if let Some(entry) = said(map, "delay")
            && let Some(delay) = self.open(&entry.node, &DELAY)
        {
            let mut words = Words::default();
            match (said(delay, "fixedDelay"), self.duration(said(delay, "fixedDelay"), "fault.delay.fixedDelay")) {
                (Some(field), Some(text)) => words.say("for", field.key, text, field.node.span),
                (None, _) => self.wrong(&entry.node, "`fault.delay` has a `fixedDelay`"),
                _ => {}
            }
            self.share(delay, &entry.node, "fault.delay", &mut words);
            fault.put("delay", entry.key, words.node(entry.node.span));
        }
        if let Some(entry) = said(map, "abort")
            && let Some(abort) = self.open(&entry.node, &ABORT)
        {
            let mut words = Words::default();
            let status = said(abort, "httpStatus").or_else(|| said(abort, "grpcStatus"));
            match status {
                Some(field) => {
                    let grpc = said(abort, "httpStatus").is_none();
                    if let Some(text) = self.text(&field.node, "a status").map(|text| status_word(text, grpc)) {
                        words.say("status", field.key, text, field.node.span);
                    }
                }
                None => self.wrong(&entry.node, "`fault.abort` has an `httpStatus` or `grpcStatus`"),
            }
            self.share(abort, &entry.node, "fault.abort", &mut words);
            fault.put("abort", entry.key, words.node(entry.node.span));
        }
        fault
    }

    /// `percentage: {value: 0.1}`, or the older `percent`. It must be said: releases differ in what nothing means.
    fn share(&mut self, map: &IndexMap<String, Entry>, whole: &Node, name: &str, words: &mut Words) {
        let nested = said(map, "percentage").and_then(|entry| self.open(&entry.node, &PERCENT));
        let field = nested.and_then(|map| said(map, "value")).or_else(|| said(map, "percent"));
        match (field, self.percent(field, &format!("{name}.percentage.value"))) {
            (Some(field), Some(share)) => words.say("share", field.key, share, field.node.span),
            (None, _) => self.wrong(whole, &format!("`{name}` has a `percentage: {{value: ..}}`")),
            _ => {}
        }
    }
}

/// gRPC's `UNAVAILABLE` is `unavailable` here.
fn status_word(text: &str, grpc: bool) -> String {
    if grpc { text.to_ascii_lowercase().replace('_', "-") } else { text.to_owned() }
}
