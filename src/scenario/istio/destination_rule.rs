//! DestinationRule: a traffic policy in the scenario's words. Fields are those of istio/api b8f8791,
//! `networking/v1alpha3/destination_rule.proto`; what Istio makes of them is `pilot/pkg/networking/core/
//! cluster_traffic_policy.go` (istio/istio 86c9f01).

use super::Translation;
use super::field::Judged::{Noted, Read, Refused};
use super::field::{Message, Words, said, scalar};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::tree::{Entry, Node, Value};
use indexmap::IndexMap;

pub(in crate::scenario) const SPEC: Message = Message {
    name: "",
    fields: &[
        ("host", Read),
        ("trafficPolicy", Read),
        ("subsets", Read),
        ("exportTo", Read),
        (
            "workloadSelector",
            Refused(
                "it narrows the rule to some callers: write `mesh.traffic` with `\"web -> orders\"` in place of it",
            ),
        ),
    ],
};
pub(in crate::scenario) const SUBSET: Message =
    Message { name: "subsets", fields: &[("name", Read), ("labels", Read), ("trafficPolicy", Read)] };
pub(in crate::scenario) const POLICY: Message = Message {
    name: "trafficPolicy",
    fields: &[
        ("loadBalancer", Read),
        ("connectionPool", Read),
        ("outlierDetection", Read),
        ("tls", Read),
        ("retryBudget", Read),
        (
            "portLevelSettings",
            Refused("a service has one port here: write the policy of that port as the policy of the host"),
        ),
        ("tunnel", Refused("tunnels to other proxies are not simulated")),
        ("proxyProtocol", Noted("its bytes are one header a connection")),
    ],
};
pub(in crate::scenario) const LOCALITY: Message = Message {
    name: "localityLbSetting",
    fields: &[("distribute", Read), ("failover", Read), ("failoverPriority", Read), ("enabled", Read)],
};
pub(in crate::scenario) const DISTRIBUTE: Message =
    Message { name: "localityLbSetting.distribute", fields: &[("from", Read), ("to", Read)] };
pub(in crate::scenario) const FAILOVER: Message =
    Message { name: "localityLbSetting.failover", fields: &[("from", Read), ("to", Read)] };
pub(in crate::scenario) const POOL: Message =
    Message { name: "connectionPool", fields: &[("tcp", Read), ("http", Read)] };
pub(in crate::scenario) const TCP: Message = Message {
    name: "connectionPool.tcp",
    fields: &[
        ("maxConnections", Read),
        ("connectTimeout", Read),
        ("tcpKeepalive", Read),
        ("maxConnectionDuration", Read),
        ("idleTimeout", Noted("it is of TCP proxies; calls are HTTP, see `connectionPool.http.idleTimeout`")),
    ],
};
pub(in crate::scenario) const KEEPALIVE: Message =
    Message { name: "tcpKeepalive", fields: &[("probes", Read), ("time", Read), ("interval", Read)] };
pub(in crate::scenario) const HTTP: Message = Message {
    name: "connectionPool.http",
    fields: &[
        ("http1MaxPendingRequests", Read),
        ("http2MaxRequests", Read),
        ("maxRequestsPerConnection", Read),
        ("maxRetries", Read),
        ("idleTimeout", Read),
        ("h2UpgradePolicy", Read),
        ("useClientProtocol", Read),
        ("maxConcurrentStreams", Read),
    ],
};
pub(in crate::scenario) const OUTLIER: Message = Message {
    name: "outlierDetection",
    fields: &[
        (
            "consecutiveErrors",
            Refused("Istio took it away: write `consecutive5xxErrors` or `consecutiveGatewayErrors`"),
        ),
        ("splitExternalLocalOriginErrors", Read),
        ("consecutiveLocalOriginFailures", Read),
        ("consecutiveGatewayErrors", Read),
        ("consecutive5xxErrors", Read),
        ("interval", Read),
        ("baseEjectionTime", Read),
        ("maxEjectionPercent", Read),
        ("minHealthPercent", Read),
    ],
};
pub(in crate::scenario) const TLS: Message = Message {
    name: "tls",
    fields: &[
        ("mode", Read),
        ("sni", Noted("names of certificates decide no figure")),
        ("subjectAltNames", Noted("names of certificates decide no figure")),
        ("clientCertificate", Noted("certificates weigh as `mesh.tls` says")),
        ("privateKey", Noted("certificates weigh as `mesh.tls` says")),
        ("caCertificates", Noted("certificates weigh as `mesh.tls` says")),
        ("caCrl", Noted("certificates weigh as `mesh.tls` says")),
        ("credentialName", Noted("certificates weigh as `mesh.tls` says")),
        ("insecureSkipVerify", Noted("what is verified decides no figure")),
    ],
};
pub(in crate::scenario) const BUDGET: Message =
    Message { name: "retryBudget", fields: &[("percent", Read), ("minRetryConcurrency", Read)] };

/// A field that is a limit where it is above zero, and the word for it.
const LIMITS: [(&str, &str); 5] = [
    ("http1MaxPendingRequests", "max-pending"),
    ("http2MaxRequests", "max-requests"),
    ("maxRequestsPerConnection", "max-requests-per-connection"),
    ("maxRetries", "max-retries"),
    ("maxConcurrentStreams", "max-streams"),
];

impl Translation<'_> {
    /// A subset: its labels under `labels`, its policy under `policy`.
    pub(super) fn subset(&mut self, node: &Node, subsets: &mut Words) {
        let Some(map) = self.open(node, &SUBSET) else { return };
        let Some(name) = said(map, "name") else {
            self.wrong(node, "a subset has a `name`");
            return;
        };
        let Some(text) = self.text(&name.node, "subsets.name").map(str::to_owned) else { return };
        let mut words = Words::default();
        if let Some(labels) = said(map, "labels") {
            let mut texts = Words::default();
            for (label, value) in labels.node.as_map().into_iter().flatten() {
                if let Some(text) = self.text(&value.node, "a label") {
                    let value_node =
                        Node { span: value.node.span, value: Value::Scalar { text: text.to_owned(), plain: false } };
                    texts.put(label, value.key, value_node);
                }
            }
            words.put("labels", labels.key, texts.node(labels.node.span));
        }
        if let Some(policy) = said(map, "trafficPolicy") {
            let policy_words = self.traffic_policy(&policy.node);
            words.put("policy", policy.key, policy_words.node(policy.node.span));
        }
        subsets.put(&text, name.key, words.node(node.span));
    }

    /// Subsets of a service that is said by versions: those that are no version's own, and the policies of all.
    pub(super) fn subsets_of(
        &mut self,
        service: &super::host::Service<'_>,
        rule: &super::host::Rule,
        traffic: &mut Words,
        subsets: &mut Words,
    ) {
        let mut own = Words::default();
        for (name, entry) in &rule.more.0 {
            if !service.has_versions() {
                let what = format!("subset `{}` of a service without versions", name.escape_default());
                let nobody = Diagnostic::warning("EW404", what).at(entry.key, "nobody is in it");
                self.say(nobody.help("write `versions:` under the service, with their labels"));
                continue;
            }
            if let Some(policy) =
                entry.node.get("policy").filter(|policy| policy.as_map().is_some_and(|map| !map.is_empty()))
            {
                traffic.put(&format!("{}:{name}", service.entry), entry.key, policy.clone());
            }
            let labels = entry.node.get("labels");
            let plain = labels.and_then(Node::as_map).is_some_and(|map| {
                map.len() == 1 && map.get("version").and_then(|entry| entry.node.as_text()) == Some(name)
            });
            if !(plain && service.has_version(name)) {
                let all = || Node { span: entry.node.span, value: Value::Map(IndexMap::new()) };
                own.put(name, entry.key, labels.cloned().unwrap_or_else(all));
            }
        }
        let key = own.0.first().map(|(_, entry)| entry.key);
        if let Some(key) = key {
            subsets.put_words(service.entry, key, own);
        }
    }

    /// A rule's traffic policy.
    pub(super) fn traffic_policy(&mut self, node: &Node) -> Words {
        let mut words = Words::default();
        let Some(policy) = self.open(node, &POLICY) else { return words };
        if let Some(entry) = said(policy, "loadBalancer") {
            self.balancer(&entry.node, &mut words);
        }
        if let Some(entry) = said(policy, "connectionPool")
            && let Some(pool) = self.open(&entry.node, &POOL)
        {
            let pool = self.pool(pool);
            words.put_words("pool", entry.key, pool);
        }
        if let Some(entry) = said(policy, "outlierDetection") {
            self.outlier(entry, &mut words);
        }
        if let Some(entry) = said(policy, "tls")
            && let Some(tls) = self.open(&entry.node, &TLS)
            && let Some(mode) = said(tls, "mode")
            && let Some(word) = self.text(&mode.node, "tls.mode")
            && word != "ISTIO_MUTUAL"
        {
            self.refused(&format!("tls.mode: {word}"), mode.node.span, "TLS is one for the mesh: say `mesh.tls`");
        }
        if let Some(entry) = said(policy, "retryBudget")
            && let Some(map) = self.open(&entry.node, &BUDGET)
        {
            let mut budget = Words::default();
            if let (Some(field), Some(share)) =
                (said(map, "percent"), self.percent(said(map, "percent"), "retryBudget.percent"))
            {
                budget.say("share", field.key, share, field.node.span);
            }
            self.count_as(map, "minRetryConcurrency", "min", true, &mut budget);
            words.put("retry-budget", entry.key, budget.node(entry.node.span));
        }
        words
    }

    /// `localityLbSetting`, of a rule or of the mesh.
    pub(super) fn locality(&mut self, node: &Node) -> Words {
        let mut words = Words::default();
        let Some(map) = self.open(node, &LOCALITY) else { return words };
        if let (Some(entry), Some(enabled)) =
            (said(map, "enabled"), self.flag(said(map, "enabled"), "localityLbSetting.enabled"))
        {
            words.say("enabled", entry.key, enabled.to_string(), entry.node.span);
        }
        if let Some(entry) = said(map, "failover") {
            let mut failover = Words::default();
            for item in self.list(Some(entry), "localityLbSetting.failover") {
                let Some(pair) = self.open(item, &FAILOVER) else { continue };
                let (Some(from), Some(to)) = (said(pair, "from"), said(pair, "to")) else {
                    self.wrong(item, "a failover has `from` and `to`");
                    continue;
                };
                let (Some(a), Some(b)) = (self.region(&from.node), self.region(&to.node)) else { continue };
                if failover.0.contains_key(&a) {
                    self.wrong(&from.node, "a region fails over to one other");
                    continue;
                }
                failover.say(&a, from.node.span, b, to.node.span);
            }
            words.put_words("failover", entry.key, failover);
        }
        if let Some(entry) = said(map, "failoverPriority") {
            let mut labels = Vec::new();
            for item in self.list(Some(entry), "localityLbSetting.failoverPriority") {
                let label =
                    self.text(item, "failoverPriority").map(str::to_owned).and_then(|text| self.label(&text, item));
                labels.extend(label.map(|label| scalar(label, item.span)));
            }
            words.put("failover-priority", entry.key, Node { span: entry.node.span, value: Value::List(labels) });
        }
        if let Some(entry) = said(map, "distribute") {
            let mut distribute = Words::default();
            for item in self.list(Some(entry), "localityLbSetting.distribute") {
                let Some(rule) = self.open(item, &DISTRIBUTE) else { continue };
                let (Some(from), Some(to)) = (said(rule, "from"), said(rule, "to")) else {
                    self.wrong(item, "a distribution has `from` and `to`");
                    continue;
                };
                let Some(place) = self.pattern(&from.node) else { continue };
                let Some(shares) = to.node.as_map() else {
                    self.wrong(&to.node, "`to` is a map of localities to weights");
                    continue;
                };
                let mut words = Words::default();
                for (target, weight) in shares {
                    let target = self.pattern(&scalar(target.clone(), weight.key));
                    let share = self.percent(Some(weight), "a weight");
                    if let (Some(target), Some(share)) = (target, share) {
                        words.say(&target, weight.key, share, weight.node.span);
                    }
                }
                // Istio takes the first rule that a caller matches.
                if !distribute.0.contains_key(&place) {
                    distribute.put(&place, from.node.span, words.node(to.node.span));
                }
            }
            words.put_words("distribute", entry.key, distribute);
        }
        words
    }

    /// A count under another word; Istio reads 0 as nothing unless `zero`.
    pub(super) fn count_as(
        &mut self,
        map: &IndexMap<String, Entry>,
        field: &str,
        word: &str,
        zero: bool,
        words: &mut Words,
    ) {
        if let (Some(entry), Some(count)) = (said(map, field), self.count(said(map, field), field))
            && (zero || count > 0)
        {
            words.say(word, entry.key, count.to_string(), entry.node.span);
        }
    }

    pub(super) fn duration_as(&mut self, map: &IndexMap<String, Entry>, field: &str, word: &str, words: &mut Words) {
        if let (Some(entry), Some(span)) = (said(map, field), self.duration(said(map, field), field)) {
            words.say(word, entry.key, span, entry.node.span);
        }
    }

    fn pool(&mut self, map: &IndexMap<String, Entry>) -> Words {
        let mut pool = Words::default();
        if let Some(tcp) = said(map, "tcp").and_then(|entry| self.open(&entry.node, &TCP)) {
            self.count_as(tcp, "maxConnections", "max-connections", false, &mut pool);
            self.duration_as(tcp, "connectTimeout", "connect-timeout", &mut pool);
            self.duration_as(tcp, "maxConnectionDuration", "max-connection-age", &mut pool);
            if let Some(entry) = said(tcp, "tcpKeepalive") {
                self.keepalive(entry, &mut pool);
            }
        }
        let Some(http) = said(map, "http").and_then(|entry| self.open(&entry.node, &HTTP)) else { return pool };
        for (field, word) in LIMITS {
            self.count_as(http, field, word, false, &mut pool);
        }
        if let (Some(entry), Some(idle)) =
            (said(http, "idleTimeout"), self.limit(said(http, "idleTimeout"), "idleTimeout"))
        {
            pool.say("idle-timeout", entry.key, idle, entry.node.span);
        }
        if let Some(entry) = said(http, "h2UpgradePolicy") {
            match entry.node.as_text() {
                Some("UPGRADE") => pool.say("protocol", entry.key, "http2", entry.node.span),
                Some("DEFAULT") => {}
                Some("DO_NOT_UPGRADE") => {
                    self.noted(
                        "connectionPool.http.h2UpgradePolicy",
                        entry,
                        "`pool: {protocol: ..}` says what proxies speak",
                    );
                }
                _ => self.wrong(&entry.node, "`h2UpgradePolicy` is DEFAULT, UPGRADE or DO_NOT_UPGRADE"),
            }
        }
        if let Some(entry) = said(http, "useClientProtocol")
            && self.flag(Some(entry), "useClientProtocol") == Some(true)
        {
            self.refused("connectionPool.http.useClientProtocol", entry.key, "say `pool: {protocol: ..}` for the edge");
        }
        pool
    }

    /// `tcpKeepalive`, of a rule or of the mesh; what is not said is Linux's.
    pub(super) fn keepalive(&mut self, entry: &Entry, pool: &mut Words) {
        let Some(map) = self.open(&entry.node, &KEEPALIVE) else { return };
        let mut words = Words::default();
        words.say("time", entry.key, "7200s", entry.node.span);
        for field in ["time", "interval"] {
            self.duration_as(map, field, field, &mut words);
        }
        self.count_as(map, "probes", "probes", false, &mut words);
        pool.put("tcp-keepalive", entry.key, words.node(entry.node.span));
    }

    fn outlier(&mut self, entry: &Entry, words: &mut Words) {
        let mut outlier = Words::default();
        if let Some(map) = self.open(&entry.node, &OUTLIER) {
            self.count_as(map, "consecutive5xxErrors", "consecutive-5xx", true, &mut outlier);
            self.count_as(map, "consecutiveGatewayErrors", "consecutive-gateway", false, &mut outlier);
            self.duration_as(map, "interval", "interval", &mut outlier);
            self.duration_as(map, "baseEjectionTime", "eject", &mut outlier);
            let split = self.flag(said(map, "splitExternalLocalOriginErrors"), "splitExternalLocalOriginErrors");
            if let (Some(field), Some(true)) = (said(map, "splitExternalLocalOriginErrors"), split) {
                outlier.say("split-external-local", field.key, "true", field.node.span);
                self.count_as(map, "consecutiveLocalOriginFailures", "consecutive-local", false, &mut outlier);
            } else if let Some(field) = said(map, "consecutiveLocalOriginFailures") {
                let why = "failures to connect are not counted apart without `splitExternalLocalOriginErrors`";
                self.noted("outlierDetection.consecutiveLocalOriginFailures", field, why);
            }
            for (field, word) in [("maxEjectionPercent", "max-ejection"), ("minHealthPercent", "min-health")] {
                if let (Some(said), Some(share)) = (said(map, field), self.percent(said(map, field), field))
                    && (share != "0%" || word == "min-health")
                {
                    outlier.say(word, said.key, share, said.node.span);
                }
            }
        }
        words.put("outlier", entry.key, outlier.node(entry.node.span));
    }
}
