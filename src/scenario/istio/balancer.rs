//! `loadBalancer` of a traffic policy: how a host is chosen, by what it is hashed, how a new one warms up. Fields are those
//! of istio/api b8f8791, `LoadBalancerSettings`; what Istio makes of them is `pilot/pkg/networking/core/
//! cluster_traffic_policy.go` (istio/istio 86c9f01).

use super::Translation;
use super::field::Judged::{Noted, Read, Refused};
use super::field::{Message, Words, said};
use crate::scenario::tree::{Entry, Node};
use indexmap::IndexMap;

pub(in crate::scenario) const BALANCER: Message = Message {
    name: "loadBalancer",
    fields: &[
        ("simple", Read),
        ("consistentHash", Read),
        ("localityLbSetting", Read),
        ("warmupDurationSecs", Read),
        ("warmup", Read),
    ],
};
pub(in crate::scenario) const HASH: Message = Message {
    name: "consistentHash",
    fields: &[
        ("httpHeaderName", Read),
        ("httpCookie", Read),
        ("useSourceIp", Read),
        ("httpQueryParameterName", Refused("operations have no parameters of a query here: hash a header")),
        ("ringHash", Read),
        ("maglev", Read),
        ("minimumRingSize", Read),
    ],
};
pub(in crate::scenario) const COOKIE: Message = Message {
    name: "consistentHash.httpCookie",
    fields: &[
        ("name", Read),
        ("path", Noted("a cookie goes with a request through the whole tree of calls")),
        ("ttl", Noted("a user keeps a cookie")),
        ("attributes", Noted("attributes of cookies decide no figure")),
    ],
};
pub(in crate::scenario) const RING: Message =
    Message { name: "consistentHash.ringHash", fields: &[("minimumRingSize", Read)] };
pub(in crate::scenario) const MAGLEV: Message =
    Message { name: "consistentHash.maglev", fields: &[("tableSize", Read)] };
pub(in crate::scenario) const WARMUP: Message =
    Message { name: "warmup", fields: &[("duration", Read), ("minimumPercent", Read), ("aggression", Read)] };

impl Translation<'_> {
    /// All of it.
    pub(super) fn balancer(&mut self, node: &Node, words: &mut Words) {
        let Some(map) = self.open(node, &BALANCER) else { return };
        // Envoy starts slowly with least request and round robin only, and Istio says it to no other.
        let mut warms = true;
        if let Some(entry) = said(map, "simple")
            && let Some(name) = self.text(&entry.node, "loadBalancer.simple")
        {
            match name {
                "LEAST_REQUEST" | "LEAST_CONN" | "UNSPECIFIED" => {
                    words.say("balance", entry.key, "least-request", entry.node.span);
                }
                "ROUND_ROBIN" => words.say("balance", entry.key, "round-robin", entry.node.span),
                "RANDOM" => {
                    warms = false;
                    words.say("balance", entry.key, "random", entry.node.span);
                }
                "PASSTHROUGH" => {
                    self.refused(
                        "loadBalancer.simple: PASSTHROUGH",
                        entry.node.span,
                        "clients would choose hosts by themselves",
                    );
                }
                _ => self.wrong(&entry.node, "`loadBalancer.simple` is LEAST_REQUEST, ROUND_ROBIN or RANDOM"),
            }
        }
        if let Some(entry) = said(map, "consistentHash") {
            warms = false;
            if said(map, "simple").is_some() {
                self.wrong(&entry.node, "`loadBalancer` has one of `simple` and `consistentHash`");
            } else {
                self.hash(entry, words);
            }
        }
        self.warmup(map, warms, words);
        if let Some(entry) = said(map, "localityLbSetting") {
            let locality = self.locality(&entry.node);
            words.put("locality", entry.key, locality.node(entry.node.span));
        }
    }

    /// `consistentHash`: `hash`, and a ring or a table. How many different values a header has no rule says.
    fn hash(&mut self, entry: &Entry, words: &mut Words) {
        let Some(map) = self.open(&entry.node, &HASH) else { return };
        let mut on = Words::default();
        if let Some(field) = said(map, "httpHeaderName")
            && let Some(name) = self.text(&field.node, "httpHeaderName")
        {
            on.say("header", field.key, name, field.node.span);
        }
        if let Some(field) = said(map, "httpCookie")
            && let Some(cookie) = self.open(&field.node, &COOKIE)
        {
            match said(cookie, "name").map(|name| (name, self.text(&name.node, "httpCookie.name"))) {
                Some((name, Some(text))) => on.say("cookie", field.key, text, name.node.span),
                Some((_, None)) => return,
                None => self.wrong(&field.node, "`httpCookie` has a `name`"),
            }
        }
        if let Some(field) = said(map, "useSourceIp")
            && self.flag(Some(field), "useSourceIp") == Some(true)
        {
            on.say("source-ip", field.key, "true", field.node.span);
        }
        if on.0.len() != 1 {
            if said(map, "httpQueryParameterName").is_none() {
                self.wrong(&entry.node, "`consistentHash` has one of `httpHeaderName`, `httpCookie` and `useSourceIp`");
            }
            return;
        }
        words.put("hash", entry.key, on.node(entry.node.span));
        let (mut ring, mut table) = (Words::default(), Words::default());
        self.count_as(map, "minimumRingSize", "min-size", false, &mut ring);
        if let Some(field) = said(map, "ringHash").and_then(|field| self.open(&field.node, &RING)) {
            self.count_as(field, "minimumRingSize", "min-size", false, &mut ring);
        }
        let maglev = said(map, "maglev");
        if let Some(field) = maglev.and_then(|field| self.open(&field.node, &MAGLEV)) {
            self.count_as(field, "tableSize", "table-size", false, &mut table);
        }
        if let Some(field) = maglev.filter(|_| said(map, "ringHash").is_some()) {
            self.wrong(&field.node, "`consistentHash` has one of `ringHash` and `maglev`");
        }
        let (name, sizes) = if maglev.is_some() { ("maglev", table) } else { ("ring-hash", ring) };
        if sizes.0.is_empty() {
            words.say("balance", entry.key, name, entry.node.span);
        } else {
            let mut balance = Words::default();
            balance.put_words(name, entry.key, sizes);
            words.put_words("balance", entry.key, balance);
        }
    }

    /// `warmup`, or `warmupDurationSecs`, which it replaces.
    fn warmup(&mut self, map: &IndexMap<String, Entry>, warms: bool, words: &mut Words) {
        let Some(field) = ["warmup", "warmupDurationSecs"].into_iter().find(|field| said(map, field).is_some()) else {
            return;
        };
        let entry = &map[field];
        if !warms {
            let why = "hosts warm up with LEAST_REQUEST and ROUND_ROBIN only";
            self.noted(&format!("loadBalancer.{field}"), entry, why);
            return;
        }
        if field == "warmupDurationSecs" {
            self.duration_as(map, field, "warmup", words);
            return;
        }
        let Some(warmup) = self.open(&entry.node, &WARMUP) else { return };
        let mut slow = Words::default();
        if said(warmup, "duration").is_none() {
            self.wrong(&entry.node, "`warmup` has a `duration`");
            return;
        }
        self.duration_as(warmup, "duration", "for", &mut slow);
        if let (Some(field), Some(share)) =
            (said(warmup, "minimumPercent"), self.percent(said(warmup, "minimumPercent"), "warmup.minimumPercent"))
        {
            slow.say("min", field.key, share, field.node.span);
        }
        if let Some(field) = said(warmup, "aggression") {
            let text = field.node.as_text().filter(|text| text.parse::<f64>().is_ok_and(|number| number >= 1.0));
            match text {
                Some(text) => slow.say("aggression", field.key, text, field.node.span),
                None => self.wrong(&field.node, "`warmup.aggression` is a number from 1 on"),
            }
        }
        words.put("warmup", entry.key, slow.node(entry.node.span));
    }
}
