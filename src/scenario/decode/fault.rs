//! `faults:`.

use super::fields::{Decoder, below};
use super::mesh::positive;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Fault, Hit, Manner, Product, ProductKind, ReplicaCount, Service, Topology};
use crate::scenario::quantity;
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Node};
use crate::scenario::vocabulary as words;
use crate::units::SimTime;
use indexmap::IndexMap;

/// What a fault may hit.
pub(super) struct Things<'s> {
    pub(super) topology: &'s Topology,
    pub(super) products: &'s IndexMap<String, Product>,
    pub(super) services: &'s IndexMap<String, Service>,
}

const FORMS: &str = "write `zone/REGION/ZONE`, `region/R`, `link/A-B`, `link/internet/A-B`, `gateway/PRODUCT/CLUSTER`, `product/NAME`, `service/S` or `replica/SERVICE/CLUSTER/NUMBER`";

impl Decoder {
    /// `faults:`.
    pub(super) fn faults(&mut self, node: Option<&Node>, things: &Things<'_>) -> IndexMap<String, Fault> {
        let mut faults = IndexMap::new();
        for (name, entry) in self.named(node, "faults") {
            if let Some(fault) = self.fault(name, entry, things) {
                faults.insert(name.to_owned(), fault);
            }
        }
        faults
    }

    fn fault(&mut self, name: &str, entry: &Entry, things: &Things<'_>) -> Option<Fault> {
        let path = vec!["faults".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::FAULT, path.clone(), entry.key)?;
        let at = map.read(self, "at", quantity::duration);
        let lasts = map.read(self, "for", positive);
        let text = map.text(self, "hit");
        let hit = text.as_ref().and_then(|text| self.hit(text, things));
        let down = map.word(self, "down");
        map.close();
        let hit = hit?;
        let refused = matches!(hit.value, Hit::Service(_) | Hit::Replica { .. });
        let manner = match down? {
            0 if refused => Manner::Refused,
            2 => Manner::Refused,
            _ => Manner::Silent,
        };
        if map_said_true(entry) {
            let words = if manner == Manner::Refused { "refused" } else { "silent" };
            self.fill(below(&path, "down"), words, false, "eastwest");
        }
        Some(Fault {
            span: entry.key,
            at: at?.map(|at| SimTime::from_nanos(at.nanos())),
            lasts: lasts?,
            hit_text: text?.value,
            hit,
            manner,
        })
    }

    fn hit(&mut self, text: &Spanned<String>, things: &Things<'_>) -> Option<Spanned<Hit>> {
        let parts: Vec<&str> = text.value.split('/').collect();
        let span = text.span;
        let topology = things.topology;
        let hit = match parts[..] {
            ["region", region] => self
                .known("region", region, span, topology.regions.keys().map(String::as_str))
                .then(|| Hit::Region(region.into())),
            ["zone", region, zone] => {
                let known = self.known("region", region, span, topology.regions.keys().map(String::as_str));
                let zones: Vec<_> =
                    topology.regions.get(region).iter().flat_map(|r| &r.zones).map(|z| z.value.clone()).collect();
                let good = known && self.known("zone", zone, span, zones.iter().map(String::as_str));
                good.then(|| Hit::Zone { region: region.into(), zone: zone.into() })
            }
            ["link", "internet", pair] => {
                self.region_pair(pair, span, topology).map(|between| Hit::Link { between, internet: true })
            }
            ["link", name] => {
                let between = match topology.links.get(name) {
                    Some(link) => Some((link.between.0.value.clone(), link.between.1.value.clone())),
                    None => self.region_pair(name, span, topology),
                };
                between.map(|between| Hit::Link { between, internet: false })
            }
            ["product", name] => {
                let known = self.known("product", name, span, things.products.keys().map(String::as_str));
                known.then(|| Hit::Product(name.into()))
            }
            ["gateway", product, cluster] => self.gateway_hit(text, product, cluster, None, things),
            ["gateway", product, cluster, number] => self.gateway_hit(text, product, cluster, Some(number), things),
            ["replica", .., "*"] | ["replica", "*", ..] => {
                self.say(
                    Diagnostic::error("EW015", "`*` is known, but not supported yet")
                        .at(span, "")
                        .help("name one replica, `replica/SERVICE/CLUSTER/NUMBER`, or all of them, `service/S`"),
                );
                None
            }
            // A service may have a namespace: `service/ns/name`.
            ["service", ..] => {
                let name = &text.value["service/".len()..];
                let known = self.known("service", name, span, things.services.keys().map(String::as_str));
                known.then(|| Hit::Service(name.into()))
            }
            ["replica", .., cluster, number] if parts.len() >= 4 => {
                let service = parts[1..parts.len() - 2].join("/");
                self.replica_hit(text, &service, cluster, number, things)
            }
            ["control-plane" | "store" | "vpc" | "endpoint" | "entry", ..] => {
                self.say(
                    Diagnostic::error("EW015", format!("`{}` is known, but not supported yet", parts[0]))
                        .at(span, "")
                        .help(FORMS),
                );
                None
            }
            _ => {
                self.say(
                    Diagnostic::error("EW211", format!("`{}` is nothing that a fault can hit", text.value))
                        .at(span, "")
                        .help(FORMS),
                );
                None
            }
        };
        hit.map(|hit| Spanned::new(hit, span))
    }

    fn gateway_hit(
        &mut self,
        text: &Spanned<String>,
        product: &str,
        cluster: &str,
        number: Option<&str>,
        things: &Things<'_>,
    ) -> Option<Hit> {
        let with_gateways = |product: &Product| match &product.kind {
            ProductKind::PublicGateway(gateway) => Some(gateway.gateways.clone()),
            ProductKind::PrivateGateway(gateway) => Some(gateway.gateways.clone()),
            ProductKind::PrivateLink(link) => match &link.to.value {
                crate::scenario::file::PrivateLinkTo::Gateway(cluster) => {
                    Some([(cluster.clone(), link.gateway)].into_iter().collect())
                }
                crate::scenario::file::PrivateLinkTo::Service(_) => None,
            },
            ProductKind::Cen(_) | ProductKind::VpcPeering(_) => None,
        };
        let names: Vec<_> = things
            .products
            .iter()
            .filter(|(_, product)| with_gateways(product).is_some())
            .map(|(name, _)| name.as_str())
            .collect();
        if !self.known("product with gateways", product, text.span, names.iter().copied()) {
            return None;
        }
        let gateways = with_gateways(&things.products[product]).expect("it has gateways");
        if !self.known("gateway", cluster, text.span, gateways.keys().map(String::as_str)) {
            return None;
        }
        let number = match number {
            None => None,
            Some(number) => Some(self.below_count(text, number, gateways[cluster].replicas, "gateway replicas")?),
        };
        Some(Hit::Gateway { product: product.into(), cluster: cluster.into(), number })
    }

    fn replica_hit(
        &mut self,
        text: &Spanned<String>,
        service: &str,
        cluster: &str,
        number: &str,
        things: &Things<'_>,
    ) -> Option<Hit> {
        if !self.known("service", service, text.span, things.services.keys().map(String::as_str)) {
            return None;
        }
        let replicas = &things.services[service].replicas;
        if !self.known("cluster of this service", cluster, text.span, replicas.iter().map(|r| r.cluster.value.as_str()))
        {
            return None;
        }
        let here = replicas.iter().find(|replicas| replicas.cluster.value == cluster).expect("it is known");
        let count = match &here.count {
            ReplicaCount::Spread(count) => *count,
            ReplicaCount::Zones(zones) => zones.iter().map(|(_, count)| count).sum(),
        };
        let number = self.below_count(text, number, count, "replicas")?;
        Some(Hit::Replica { service: service.into(), cluster: cluster.into(), number })
    }

    fn below_count(&mut self, text: &Spanned<String>, number: &str, count: u32, what: &str) -> Option<u32> {
        match number.parse::<u32>() {
            Ok(number) if number < count => Some(number),
            _ => {
                let help = if count == 0 {
                    format!("there are no {what} there")
                } else {
                    format!("there are {count} {what}, counted from 0 to {}", count - 1)
                };
                self.say(
                    Diagnostic::error("EW201", format!("there is no number `{number}`")).at(text.span, "").help(help),
                );
                None
            }
        }
    }
}

/// Is `down` left to what is hit?
fn map_said_true(entry: &Entry) -> bool {
    entry.node.get("down").and_then(Node::as_text) == Some("true")
}
