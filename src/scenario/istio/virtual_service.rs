//! VirtualService with a single route for all requests: timeout, retries, fault. Fields are those of istio/api b8f8791,
//! `networking/v1alpha3/virtual_service.proto`; what Istio makes of them is `pilot/pkg/networking/core/route/route.go`.

use super::Translation;
use super::field::Judged::{Noted, Read, Refused};
use super::field::{Message, Words, list, said};
use crate::policy::istio::{self, HttpRetry};
use crate::policy::{defaults, retry};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::{Entry, Node};
use indexmap::IndexMap;

const ROUTING: &str = "routing by rule is not read from Istio's files";

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
        ("match", Refused(ROUTING)),
        ("route", Read),
        ("redirect", Refused(ROUTING)),
        ("directResponse", Refused(ROUTING)),
        ("delegate", Refused(ROUTING)),
        ("rewrite", Noted("no name or path of a request decides anything here")),
        ("timeout", Read),
        ("retries", Read),
        ("fault", Read),
        ("mirror", Refused("copies of requests are not simulated")),
        ("mirrors", Refused("copies of requests are not simulated")),
        ("mirrorPercent", Refused("copies of requests are not simulated")),
        ("mirrorPercentage", Refused("copies of requests are not simulated")),
        ("corsPolicy", Noted("browsers' rules are not simulated")),
        ("headers", Noted("no header decides anything here")),
    ],
};
pub(in crate::scenario) const ROUTE: Message = Message {
    name: "http.route",
    fields: &[("destination", Read), ("weight", Read), ("headers", Noted("no header decides anything here"))],
};
pub(in crate::scenario) const DESTINATION: Message = Message {
    name: "http.route.destination",
    fields: &[("host", Read), ("subset", Refused(ROUTING)), ("port", Noted("a service has one port here"))],
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
    /// What a VirtualService says of all requests to a host, and where it sends them.
    pub(super) fn routes<'n>(&mut self, spec: &'n IndexMap<String, Entry>) -> (Words, Vec<&'n Node>) {
        let (mut words, mut to) = (Words::default(), Vec::new());
        let routes = self.list(said(spec, "http"), "http");
        let Some(first) = routes.first() else { return (words, to) };
        for (index, route) in routes.iter().enumerate() {
            let Some(map) = self.open(route, &HTTP) else { continue };
            if index > 0 {
                if said(first_map(first), "match").is_none() {
                    let dead = Diagnostic::warning("EW401", "a route that no request reaches");
                    self.say(dead.at(route.span, "a route without `match` stands before it"));
                }
                continue;
            }
            self.route(map, &mut words, &mut to);
        }
        (words, to)
    }

    fn route<'n>(&mut self, map: &'n IndexMap<String, Entry>, words: &mut Words, to: &mut Vec<&'n Node>) {
        let destinations = self.list(said(map, "route"), "http.route");
        for item in destinations {
            let Some(route) = self.open(item, &ROUTE) else { continue };
            self.count(said(route, "weight"), "http.route.weight");
            let destination = said(route, "destination").and_then(|entry| self.open(&entry.node, &DESTINATION));
            match destination.and_then(|map| said(map, "host")) {
                Some(host) => to.push(&host.node),
                None => self.wrong(item, "a route has a `destination` with a `host`"),
            }
        }
        if let Some(second) = destinations.get(1) {
            self.refused("http.route with several destinations", second.span, ROUTING);
        }
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

fn first_map(node: &Node) -> &IndexMap<String, Entry> {
    static EMPTY: std::sync::LazyLock<IndexMap<String, Entry>> = std::sync::LazyLock::new(IndexMap::new);
    node.as_map().unwrap_or(&EMPTY)
}

/// gRPC's `UNAVAILABLE` is `unavailable` here.
fn status_word(text: &str, grpc: bool) -> String {
    if grpc { text.to_ascii_lowercase().replace('_', "-") } else { text.to_owned() }
}
