//! Who is hit: the names that `hit` knows, held against what the scenario has.

use super::super::connectivity::{vpc_names, zones_of_vpc};
use super::super::fields::Decoder;
use crate::fault::{JOINED, KINDS};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{
    GlobalEntry, Hit, Nat, Part, Product, ProductKind, ReplicaCount, Scenario, Service, Step, Store, Topology,
};
use crate::scenario::span::Spanned;
use crate::scenario::tree::Entry;
use crate::world::Kept;
use indexmap::IndexMap;

/// What a fault may hit.
pub(in crate::scenario::decode) struct Things<'s> {
    pub(in crate::scenario::decode) topology: &'s Topology,
    pub(in crate::scenario::decode) products: &'s IndexMap<String, Product>,
    pub(in crate::scenario::decode) services: &'s IndexMap<String, Service>,
    pub(in crate::scenario::decode) entries: &'s IndexMap<String, GlobalEntry>,
    pub(in crate::scenario::decode) stores: &'s IndexMap<String, Store>,
}

const FORMS: &str = "write `zone/REGION/ZONE`, `region/R`, `link/A-B`, `link/internet/A-B`, `gateway/PRODUCT/CLUSTER`, `product/NAME`, `transit-router/PRODUCT/REGION`, a part of a product (`eip/PRODUCT/CLUSTER`, `nat/PRODUCT/VPC`, `nlb/PRODUCT/CLUSTER/ZONE`, `attachment/PRODUCT/VPC/ZONE`, `endpoint/PRODUCT/ZONE`), `cluster/C`, `vpc/V`, `service/S`, `service/S@CLUSTER`, `replica/SERVICE/CLUSTER/NUMBER`, `cache/SERVICE`, `control-plane[/NAME]`, `api/CLUSTER`, `entry/NAME`, `dns`, `store/NAME` or `store/NAME@CLUSTER`";

/// Would a fault of this scenario accept it as its `hit`?
pub(crate) fn accepts(scenario: &Scenario, hit: &str) -> bool {
    let things = Things {
        topology: &scenario.topology,
        products: &scenario.connectivity,
        services: &scenario.services,
        entries: &scenario.entries,
        stores: &scenario.stores,
    };
    Decoder::default().hit(&Spanned::unsaid(hit.to_owned()), &things).is_some()
}

/// Does any operation of the service look into a cache?
pub(super) fn caches(service: &Service) -> bool {
    let bodies = service.operations.keys().flat_map(|operation| service.bodies(operation));
    bodies.into_iter().any(|steps| Step::any(steps, &|step| matches!(step, Step::Cache(_))))
}

/// What to write of a component that `reliability` rates and no fault hits by that name.
fn rated(parts: &[&str]) -> Option<String> {
    let written = match *parts {
        ["config", ref service @ ..] => format!("write `service/{}`: all its replicas", service.join("/")),
        ["store", name, cluster] => format!("write `store/{name}@{cluster}`"),
        ["common", ..] => "a common cause is a component of `reliability` alone: write a list of all that it takes, \
                           `hit: [zone/REGION/ZONE, zone/REGION/ZONE]`"
            .to_owned(),
        _ => return None,
    };
    Some(written)
}

impl Decoder {
    pub(super) fn hit(&mut self, text: &Spanned<String>, things: &Things<'_>) -> Option<Spanned<Hit>> {
        // `replica/web@shop#1` is `replica/web/shop/1`, and so with gateways.
        let numbered = ["replica/", "gateway/"].iter().any(|word| text.value.starts_with(word));
        let plain = if numbered { text.value.replace(['@', '#'], "/") } else { text.value.clone() };
        let parts: Vec<&str> = plain.split('/').collect();
        let span = text.span;
        let topology = things.topology;
        if text.value.contains('*') {
            return self.hit_pattern(text);
        }
        let hit = match parts[..] {
            ["cluster", cluster] => {
                let known = self.known("cluster", cluster, span, topology.clusters.keys().map(String::as_str));
                known.then(|| Hit::Cluster(cluster.into()))
            }
            ["vpc", vpc] => {
                let vpcs = vpc_names(topology);
                self.known("VPC", vpc, span, vpcs.iter().map(String::as_str)).then(|| Hit::Vpc(vpc.into()))
            }
            ["product", name, "zone", zone] => {
                let known = self.known("product", name, span, things.products.keys().map(String::as_str));
                let zones = topology.regions.values().flat_map(|region| &region.zones).map(|zone| zone.value.as_str());
                let zones: Vec<&str> = zones.collect();
                let good = known && self.known("zone", zone, span, zones.iter().copied());
                good.then(|| Hit::Product(name.into()))
            }
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
            ["transit-router", product, region] => {
                let with = things.products.iter().filter(|(_, product)| matches!(product.kind, ProductKind::Cen(_)));
                let with: Vec<&str> = with.map(|(name, _)| name.as_str()).collect();
                let good = self.known("product with transit routers", product, span, with.iter().copied())
                    && self.known("region", region, span, topology.regions.keys().map(String::as_str));
                good.then(|| Hit::Product(product.into()))
            }
            ["eip", product, place] => self.part_hit(text, "EIP", product, place, None, things),
            ["nat", product, place] => self.part_hit(text, "NAT", product, place, None, things),
            ["nlb", product, place, zone] => self.part_hit(text, "NLB", product, place, Some(zone), things),
            ["attachment", product, place, zone] => {
                self.part_hit(text, "attachment", product, place, Some(zone), things)
            }
            ["endpoint", product, zone] => {
                let consumer = match things.products.get(product).map(|product| &product.kind) {
                    Some(ProductKind::PrivateLink(link)) => link.consumer.value.clone(),
                    _ => String::new(),
                };
                self.part_hit(text, "endpoint", product, &consumer, Some(zone), things)
            }
            ["gateway", product, cluster] => self.gateway_hit(text, product, cluster, None, things),
            ["gateway", product, cluster, number] => self.gateway_hit(text, product, cluster, Some(number), things),
            ["cache", ..] => {
                let name = &text.value["cache/".len()..];
                let with = things.services.iter().filter(|(_, service)| caches(service));
                let known = self.known("service with a cache", name, span, with.map(|(name, _)| name.as_str()));
                known.then(|| Hit::Cache(name.into()))
            }
            // A service may have a namespace: `service/ns/name`.
            ["service", ..] => {
                let name = &text.value["service/".len()..];
                let at = name.rsplit_once('@').or_else(|| name.rsplit_once('/'));
                if let Some((service, cluster)) = at.filter(|(service, _)| things.services.contains_key(*service))
                    && !things.services.contains_key(name)
                {
                    let clusters = things.services[service].replicas.iter().map(|r| r.cluster.value.as_str());
                    let known = self.known("cluster of this service", cluster, span, clusters);
                    return known.then(|| Spanned::new(Hit::Service(service.into()), span));
                }
                let known = self.known("service", name, span, things.services.keys().map(String::as_str));
                known.then(|| Hit::Service(name.into()))
            }
            ["replica", .., cluster, number] if parts.len() >= 4 => {
                let service = parts[1..parts.len() - 2].join("/");
                self.replica_hit(text, &service, cluster, number, things)
            }
            ["control-plane"] => Some(Hit::ControlPlane(None)),
            ["control-plane", name] => Some(Hit::ControlPlane(Some(name.into()))),
            ["api", cluster] => {
                let known = self.known("cluster", cluster, span, topology.clusters.keys().map(String::as_str));
                known.then(|| Hit::Api(cluster.into()))
            }
            ["dns"] if things.entries.values().any(|entry| entry.kept != Kept::No) => Some(Hit::Entry(None)),
            ["entry", name] => {
                let known = self.known("entry", name, span, things.entries.keys().map(String::as_str));
                known.then(|| Hit::Entry(Some(name.into())))
            }
            ["store", name] => {
                let (name, cluster) = name.split_once('@').map_or((name, None), |(name, at)| (name, Some(at)));
                let with = things.stores.iter().filter_map(|(name, store)| Some((name.as_str(), store.replication()?)));
                let with: IndexMap<&str, _> = with.collect();
                let known = self.known("store with a primary", name, span, with.keys().copied());
                let good = known
                    && cluster.is_none_or(|cluster| {
                        let copies = with[name].copies.iter().map(|copy| copy.value.as_str());
                        self.known("cluster of this store", cluster, span, copies)
                    });
                good.then(|| Hit::Store(name.into()))
            }
            _ => {
                self.say(
                    Diagnostic::error("EW211", format!("`{}` is nothing that a fault can hit", text.value))
                        .at(span, "")
                        .help(rated(&parts).unwrap_or_else(|| FORMS.to_owned())),
                );
                None
            }
        };
        hit.map(|hit| Spanned::new(hit, span))
    }

    /// A list of what is hit together, and all of it as one text.
    pub(super) fn several(&mut self, entry: &Entry, things: &Things<'_>) -> Option<(Spanned<Hit>, String)> {
        let mut all = Some(Vec::new());
        for node in self.items(&entry.node, "what is hit") {
            let text = self.text(node, "what is hit, `zone/REGION/ZONE`").map(str::to_owned);
            let text = text.map(|text| Spanned::new(text, node.span));
            let hit = text.as_ref().and_then(|text| self.hit(text, things));
            // All that is wrong with it is told.
            all = all.zip(hit.zip(text)).map(|(mut all, (hit, text))| {
                all.push((hit.value, text.value));
                all
            });
        }
        let all = all?;
        if all.is_empty() {
            let wrong = Diagnostic::error("EW508", "nothing is hit").at(entry.key, "");
            self.say(wrong.help("write at least one, or leave the fault out"));
            return None;
        }
        let text = all.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(JOINED);
        Some((Spanned::new(Hit::Several(all), entry.node.span), text))
    }

    /// A pattern: of a kind that there is. Whether anything is called so, the compiler finds.
    fn hit_pattern(&mut self, text: &Spanned<String>) -> Option<Spanned<Hit>> {
        let word = text.value.split('/').next().unwrap_or_default();
        match KINDS.iter().find(|kind| kind.word == word) {
            Some(kind) => Some(Spanned::new(Hit::All(kind.word), text.span)),
            None => {
                let kinds: Vec<String> = KINDS.iter().map(|kind| format!("`{}/`", kind.word)).collect();
                let wrong = Diagnostic::error("EW211", format!("`{}` is nothing that a fault can hit", text.value));
                self.say(wrong.at(text.span, "").help(format!("it begins with one of {}", kinds.join(", "))));
                None
            }
        }
    }

    /// A part of a product: the product has such a thing, in that place and zone.
    fn part_hit(
        &mut self,
        text: &Spanned<String>,
        word: &'static str,
        product: &str,
        place: &str,
        zone: Option<&str>,
        things: &Things<'_>,
    ) -> Option<Hit> {
        let topology = things.topology;
        let has = |kind: &ProductKind| match word {
            "EIP" => matches!(kind, ProductKind::PublicGateway(_)),
            "NAT" => matches!(kind, ProductKind::PublicGateway(gateway) if gateway.nat != Nat::None),
            "NLB" => !matches!(kind, ProductKind::Cen(_) | ProductKind::VpcPeering(_)),
            "attachment" => matches!(kind, ProductKind::Cen(_)),
            _ => matches!(kind, ProductKind::PrivateLink(_)),
        };
        let with: Vec<&str> =
            things.products.iter().filter(|(_, product)| has(&product.kind)).map(|(name, _)| name.as_str()).collect();
        if !self.known(&format!("product with {word}"), product, text.span, with.iter().copied()) {
            return None;
        }
        // An endpoint's balancer and what is attached stand in a network, a gateway's address and balancer at a cluster.
        let in_network = matches!(things.products[product].kind, ProductKind::PrivateLink(_) | ProductKind::Cen(_));
        let known = if in_network || word == "NAT" {
            let vpcs = vpc_names(topology);
            self.known("VPC", place, text.span, vpcs.iter().map(String::as_str))
        } else {
            self.known("cluster", place, text.span, topology.clusters.keys().map(String::as_str))
        };
        if !known {
            return None;
        }
        let Some(zone) = zone else {
            return Some(Hit::Part(Part { product: product.into(), word, place: place.into() }));
        };
        let zones = match topology.clusters.get(place).filter(|_| !in_network) {
            Some(cluster) => cluster.zones.iter().map(|zone| zone.value.clone()).collect(),
            None => zones_of_vpc(topology, place),
        };
        let known = self.known("zone", zone, text.span, zones.iter().map(String::as_str));
        known.then(|| Hit::Part(Part { product: product.into(), word, place: format!("{place}/{zone}") }))
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
