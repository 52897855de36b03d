//! `gateways:` of a product, and `gateway:` of an endpoint.

use super::fields::{Decoder, Fields, Path, below};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{GatewaySize, Topology};
use crate::scenario::quantity;
use crate::scenario::span::Span;
use crate::scenario::tree::Node;
use crate::scenario::vocabulary as words;
use crate::world::GatewayPods;
use indexmap::IndexMap;

impl Decoder {
    /// `gateways`, by cluster.
    pub(super) fn gateways(&mut self, map: &Fields<'_>, topology: &Topology) -> IndexMap<String, GatewaySize> {
        let mut gateways = IndexMap::new();
        match map.said(self, "gateways") {
            None => {
                let size = GatewaySize::usual(Span::NONE);
                gateways.extend(topology.clusters.keys().map(|cluster| (cluster.clone(), size)));
            }
            Some(said) => {
                for (cluster, entry) in self.entries(Some(&said.node), "gateways") {
                    let size = self.gateway_size(&entry.node, entry.key, below(&said.path, cluster));
                    if self.known("cluster", cluster, entry.key, topology.clusters.keys().map(String::as_str)) {
                        gateways.insert(cluster.to_owned(), size);
                    }
                }
            }
        }
        gateways
    }

    /// How large one is, and what its pods take.
    pub(super) fn gateway_size(&mut self, node: &Node, span: Span, path: Path) -> GatewaySize {
        let fallback = GatewaySize::usual(span);
        let Some(map) = self.open(Some(node), &words::GATEWAY_SIZE, path, span) else { return fallback };
        let (replicas, cpu) = (map.count32(self, "replicas"), map.count32(self, "cpu"));
        let l7 = map.word(self, "kind") == Some(1);
        let ttl = map.read(self, "ttl", quantity::duration).map(|ttl| ttl.value);
        let mut span = |key| map.read(self, key, quantity::duration).map(|span| span.value);
        let pods = GatewayPods {
            start_up: span("start-up").unwrap_or(GatewayPods::USUAL.start_up),
            deregister: span("deregister").unwrap_or(GatewayPods::USUAL.deregister),
        };
        let work = ["cpu-per-connection", "cpu-per-kib", "cpu-per-request"]
            .map(|key| map.read(self, key, quantity::duration).map(|work| work.value));
        if let (false, Some(entry)) = (l7, map.entry("cpu-per-request")) {
            self.say(
                Diagnostic::error("EW014", "a gateway that passes TLS through sees no requests")
                    .at(entry.key, "for each of them")
                    .help("remove it, or write `kind: l7`"),
            );
        }
        map.close();
        match (replicas, cpu) {
            (Some(replicas), Some(cpu)) => {
                GatewaySize { replicas: replicas.value, cpu: cpu.value, l7, ttl, pods, work, ..fallback }
            }
            _ => fallback,
        }
    }
}
