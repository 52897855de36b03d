//! MeshConfig: what holds for the whole mesh. Fields are those of istio/api b8f8791, `mesh/v1alpha1/config.proto`.

use super::Translation;
use super::field::Judged::{Noted, Read, Refused};
use super::field::{Message, Words, said};
use crate::scenario::tree::{Entry, Node};
use indexmap::IndexMap;

const LOGS: &str = "logs and traces are not simulated";
const NAMES: &str = "names and certificates decide no figure";

pub(in crate::scenario) const MESH: Message = Message {
    name: "meshConfig",
    fields: &[
        ("connectTimeout", Read),
        ("tcpKeepalive", Read),
        ("defaultHttpRetryPolicy", Read),
        ("localityLbSetting", Read),
        ("serviceSettings", Read),
        ("defaultConfig", Read),
        ("h2UpgradePolicy", Read),
        ("enableAutoMtls", Read),
        ("rootNamespace", Read),
        ("accessLogFile", Noted(LOGS)),
        ("accessLogFormat", Noted(LOGS)),
        ("accessLogEncoding", Noted(LOGS)),
        ("enableTracing", Noted(LOGS)),
        ("extensionProviders", Noted(LOGS)),
        ("defaultProviders", Noted(LOGS)),
        ("enablePrometheusMerge", Noted(LOGS)),
        ("trustDomain", Noted(NAMES)),
        ("trustDomainAliases", Noted(NAMES)),
        ("caCertificates", Noted(NAMES)),
        ("certificates", Noted(NAMES)),
        ("ca", Noted(NAMES)),
        ("ingressClass", Noted("there is no ingress gateway here")),
        ("ingressService", Noted("there is no ingress gateway here")),
        ("ingressSelector", Noted("there is no ingress gateway here")),
        ("ingressControllerMode", Noted("there is no ingress gateway here")),
        ("outboundTrafficPolicy", Noted("all calls are to services of the mesh")),
        ("dnsRefreshRate", Noted("all calls are to services of the mesh")),
        ("protocolDetectionTimeout", Noted("protocols are known")),
        ("meshMTLS", Noted("`mesh.tls` says it")),
        ("tlsDefaults", Noted("`mesh.tls` says it")),
        ("discoverySelectors", Refused("it hides services: leave them out of the scenario")),
        ("defaultServiceExportTo", Refused("some callers would not see services")),
        ("defaultVirtualServiceExportTo", Refused("some callers would not see rules")),
        ("defaultDestinationRuleExportTo", Refused("some callers would not see rules")),
        ("pathNormalization", Noted("paths of operations are matched as they are written")),
    ],
};
pub(in crate::scenario) const PROXY: Message = Message {
    name: "meshConfig.defaultConfig",
    fields: &[
        ("concurrency", Read),
        ("holdApplicationUntilProxyStarts", Noted("starts of pods take as long as the scenario says")),
        ("discoveryAddress", Noted("`mesh.control-plane` says it")),
        ("tracing", Noted(LOGS)),
        ("proxyMetadata", Refused("variables of a proxy may change anything: say what they do in `mesh`")),
        ("drainDuration", Noted("draining takes as long as the scenario says")),
        ("terminationDrainDuration", Noted("draining takes as long as the scenario says")),
        ("proxyStatsMatcher", Noted(LOGS)),
        ("image", Noted(LOGS)),
    ],
};
pub(in crate::scenario) const SETTINGS: Message =
    Message { name: "serviceSettings", fields: &[("settings", Read), ("hosts", Read)] };
pub(in crate::scenario) const SETTING: Message =
    Message { name: "serviceSettings.settings", fields: &[("clusterLocal", Read)] };
const OPERATOR: Message = Message {
    name: "IstioOperator",
    fields: &[("apiVersion", Read), ("kind", Read), ("metadata", Read), ("spec", Read), ("meshConfig", Read)],
};

impl Translation<'_> {
    /// A MeshConfig: bare, under `meshConfig`, or in an IstioOperator's `spec`.
    pub(super) fn mesh_config(&mut self, node: &Node) {
        let Some(map) = node.as_map() else {
            self.wrong(node, "a resource is a map");
            return;
        };
        let inner = if map.contains_key("kind") || map.contains_key("meshConfig") {
            let Some(map) = self.open(node, &OPERATOR) else { return };
            let spec = said(map, "spec").map(|entry| &entry.node);
            if let Some(spec) = spec.and_then(Node::as_map) {
                for (field, entry) in spec.iter().filter(|(field, _)| *field != "meshConfig") {
                    self.noted(&format!("spec.{}", field.escape_default()), entry, "only `meshConfig` is read");
                }
            }
            let Some(inner) = map.get("meshConfig").map(|entry| &entry.node).or_else(|| spec?.get("meshConfig")) else {
                self.wrong(node, "an IstioOperator has a `meshConfig`");
                return;
            };
            inner
        } else {
            node
        };
        let Some(mesh) = self.open(inner, &MESH) else { return };
        let mut words = Words::default();
        self.mesh_pool(mesh, &mut words);
        if let Some(entry) = said(mesh, "defaultHttpRetryPolicy") {
            self.retries(entry, &mut words);
            self.mesh_retries = true;
        }
        self.everywhere = words;
        if let Some(entry) = said(mesh, "localityLbSetting") {
            let locality = self.locality(&entry.node);
            self.mesh.put("locality", entry.key, locality.node(entry.node.span));
        }
        self.service_settings(said(mesh, "serviceSettings"));
        if let Some(proxy) = said(mesh, "defaultConfig").and_then(|entry| self.open(&entry.node, &PROXY))
            && let (Some(entry), Some(workers)) =
                (said(proxy, "concurrency"), self.count(said(proxy, "concurrency"), "concurrency"))
        {
            if workers == 0 {
                self.refused("concurrency: 0", entry.node.span, "as many workers as the node has cores: say how many");
            } else {
                self.mesh.say("concurrency", entry.key, workers.to_string(), entry.node.span);
            }
        }
        if let Some(entry) = said(mesh, "enableAutoMtls")
            && self.flag(Some(entry), "enableAutoMtls") == Some(false)
        {
            self.refused("enableAutoMtls: false", entry.node.span, "say `mesh.tls`");
        }
        if let Some(entry) = said(mesh, "rootNamespace")
            && entry.node.as_text() != Some("istio-system")
        {
            self.refused("rootNamespace", entry.node.span, "rules for the mesh stand in `istio-system` here");
        }
    }

    fn mesh_pool(&mut self, mesh: &IndexMap<String, Entry>, words: &mut Words) {
        let mut pool = Words::default();
        if let (Some(entry), Some(text)) =
            (said(mesh, "connectTimeout"), self.duration(said(mesh, "connectTimeout"), "connectTimeout"))
        {
            pool.say("connect-timeout", entry.key, text, entry.node.span);
        }
        if let Some(entry) = said(mesh, "tcpKeepalive") {
            self.keepalive(entry, &mut pool);
        }
        if let Some(entry) = said(mesh, "h2UpgradePolicy") {
            match entry.node.as_text() {
                Some("UPGRADE") => pool.say("protocol", entry.key, "http2", entry.node.span),
                Some("DO_NOT_UPGRADE") => {
                    self.noted("meshConfig.h2UpgradePolicy", entry, "`pool: {protocol: ..}` says what proxies speak");
                }
                _ => self.wrong(&entry.node, "`h2UpgradePolicy` is UPGRADE or DO_NOT_UPGRADE"),
            }
        }
        let at = said(mesh, "connectTimeout")
            .or_else(|| said(mesh, "tcpKeepalive"))
            .or_else(|| said(mesh, "h2UpgradePolicy"));
        if let Some(entry) = at {
            words.put_words("pool", entry.key, pool);
        }
    }

    fn service_settings(&mut self, entry: Option<&Entry>) {
        let Some(entry) = entry else { return };
        let mut retain = Words::default();
        for item in self.list(Some(entry), "serviceSettings") {
            let Some(map) = self.open(item, &SETTINGS) else { continue };
            let setting = said(map, "settings").and_then(|entry| self.open(&entry.node, &SETTING));
            let local = setting.and_then(|map| said(map, "clusterLocal"));
            let kept = self.flag(local, "clusterLocal") == Some(true);
            for host in self.list(said(map, "hosts"), "serviceSettings.hosts") {
                if let Some(name) = self.retained(host) {
                    retain.say(&name, host.span, kept.to_string(), host.span);
                }
            }
        }
        self.mesh.put_words("retain", entry.key, retain);
    }
}
