//! `connectivity:` and `routes:`.

use super::fields::{Decoder, Fields, below};
use super::mesh::positive;
use crate::provider::ALIASES;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{
    Alias, Bandwidth, Billing, Cen, Eip, GatewaySize, InternetLoss, Line, Nat, PastCap, PrivateGateway, PrivateLink,
    PrivateLinkTo, Product, ProductKind, PublicGateway, Route, RouteEnd, Tier, Topology, VpcPeering,
};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::{BitsPerSec, Duration, Ratio};
use indexmap::IndexMap;

const BILLING: [Billing; 2] = [Billing::ByTraffic, Billing::ByBandwidth];

/// Names of all VPCs: written ones, and clusters with one of their own.
pub(super) fn vpc_names(topology: &Topology) -> Vec<String> {
    let own = topology.clusters.iter().filter(|(_, cluster)| cluster.vpc.is_none()).map(|(name, _)| name);
    topology.vpcs.keys().chain(own).cloned().collect()
}

/// The region of a VPC.
fn region_of_vpc<'t>(topology: &'t Topology, vpc: &str) -> Option<&'t str> {
    let written = topology.vpcs.get(vpc).map(|vpc| vpc.region.value.as_str());
    written.or_else(|| topology.clusters.get(vpc).map(|cluster| cluster.region.value.as_str()))
}

/// Names of the zones of the region of a VPC.
pub(super) fn zones_of_vpc(topology: &Topology, vpc: &str) -> Vec<String> {
    let region = region_of_vpc(topology, vpc).and_then(|region| topology.regions.get(region));
    region.iter().flat_map(|region| &region.zones).map(|zone| zone.value.clone()).collect()
}

impl Decoder {
    /// `connectivity:`.
    pub(super) fn connectivity(
        &mut self,
        node: Option<&Node>,
        topology: &Topology,
        services: &[String],
    ) -> IndexMap<String, Product> {
        let mut products = IndexMap::new();
        let entries = self.named(node, "products");
        for (name, entry) in &entries {
            let path = vec!["connectivity".into(), (*name).to_owned()];
            let Some(map) = self.open(Some(&entry.node), &words::PRODUCT, path, entry.key) else { continue };
            // Each kind under its own name, or a provider's word for it.
            let mut alias = None;
            let mut under = |kind: &'static str| {
                let mut found = map.entry(kind).map(|entry| (kind, entry));
                for &(word, _, provider) in ALIASES.iter().filter(|(_, of, _)| *of == kind) {
                    if let Some(entry) = map.entry(word) {
                        alias = Some(Alias { word, kind, provider });
                        found = Some((word, entry));
                    }
                }
                found
            };
            let [cen, peering, link] = ["cen", "vpc-peering", "privatelink"].map(&mut under);
            let cen = cen.and_then(|(word, entry)| self.cen(&map, word, entry, topology).map(ProductKind::Cen));
            let peering = peering.and_then(|(word, entry)| self.peering(&map, word, entry, topology));
            let link = link.and_then(|(word, entry)| self.privatelink(&map, word, entry, topology, services));
            let public = map.entry("public-gateway").and_then(|entry| self.public_gateway(&map, entry, topology));
            let private = map.entry("private-gateway").and_then(|entry| self.private_gateway(&map, entry, topology));
            map.close();
            let kind = cen.or(peering.map(ProductKind::VpcPeering)).or(link.map(ProductKind::PrivateLink));
            let kind = kind.or(public.map(ProductKind::PublicGateway)).or(private.map(ProductKind::PrivateGateway));
            if let Some(kind) = kind {
                products.insert((*name).to_owned(), Product { span: entry.key, alias, kind });
            } else {
                self.lost.insert((*name).to_owned());
            }
        }
        self.check_over(&products, &entries);
        products
    }

    fn cen(&mut self, product: &Fields<'_>, word: &str, entry: &Entry, topology: &Topology) -> Option<Cen> {
        let path = product.path_of(word);
        let map = self.open(Some(&entry.node), &words::CEN, path.clone(), entry.key)?;
        let mut attach = IndexMap::new();
        let vpcs = vpc_names(topology);
        if let Some(said) = map.said(self, "attach") {
            for (vpc, entry) in self.entries(Some(&said.node), "attachments") {
                if self.known("VPC", vpc, entry.key, vpcs.iter().map(String::as_str)) {
                    let zones = self.zones_among(&entry.node, &zones_of_vpc(topology, vpc));
                    if zones.is_empty() {
                        self.say(
                            Diagnostic::error("EW303", format!("the attachment of `{vpc}` has no zones"))
                                .at(entry.node.span, ""),
                        );
                    }
                    attach.insert(vpc.to_owned(), (entry.key, zones));
                }
            }
        } else {
            attach.extend(vpcs.iter().map(|vpc| (vpc.clone(), (Span::NONE, used_zones(topology, vpc)))));
        }
        let bandwidth = self.pair_bandwidth(&map, topology);
        let past_cap = self.past_cap(&map);
        let billing = map.word(self, "billing").map_or(Billing::ByTraffic, |word| BILLING[word]);
        let tier = map.word(self, "tier").map_or(Tier::Gold, |word| [Tier::Platinum, Tier::Gold, Tier::Silver][word]);
        map.close();
        Some(Cen { attach, bandwidth, past_cap, billing, tier })
    }

    /// `bandwidth` as one figure or by pair of regions.
    fn pair_bandwidth(&mut self, map: &Fields<'_>, topology: &Topology) -> Bandwidth {
        let Some(said) = map.said(self, "bandwidth") else { return Bandwidth::default() };
        let span = Some(said.node.span);
        if !matches!(said.node.value, Value::Map(_)) {
            return Bandwidth { every: self.read(&said.node, "a link rate", bought), pairs: Vec::new(), span };
        }
        let mut pairs: Vec<(String, String, Spanned<BitsPerSec>)> = Vec::new();
        for (key, entry) in self.entries(Some(&said.node), "bandwidths") {
            let rate = self.read(&entry.node, "a link rate", bought);
            let Some((a, b)) = self.region_pair(key, entry.key, topology) else { continue };
            let same = |(x, y, _): &(String, String, _)| (*x == a && *y == b) || (*x == b && *y == a);
            if pairs.iter().any(same) {
                self.say(Diagnostic::error("EW007", format!("the pair `{key}` is said twice")).at(entry.key, "again"));
            } else if let Some(rate) = rate {
                pairs.push((a, b, rate));
            }
        }
        Bandwidth { every: None, pairs, span }
    }

    /// Two regions written as `A-B`.
    pub(super) fn region_pair(&mut self, text: &str, span: Span, topology: &Topology) -> Option<(String, String)> {
        let dashes = text.match_indices('-').map(|(at, _)| (&text[..at], &text[at + 1..]));
        let known = |name: &str| topology.regions.contains_key(name);
        let found: Vec<_> = dashes.filter(|(a, b)| known(a) && known(b) && a != b).collect();
        if let [(a, b)] = found[..] {
            return Some(((*a).to_owned(), (*b).to_owned()));
        }
        let names: Vec<_> = topology.regions.keys().map(String::as_str).collect();
        let example = match names[..] {
            [a, b, ..] => format!("write two regions of this scenario, for example `{a}-{b}`"),
            _ => "this scenario has fewer than two regions".to_owned(),
        };
        self.say(Diagnostic::error("EW204", format!("`{text}` is not a pair of regions")).at(span, "").help(example));
        None
    }

    fn past_cap(&mut self, map: &Fields<'_>) -> PastCap {
        let police = PastCap::Police { burst: Duration::from_millis(50) };
        let shape = PastCap::Shape { buffer: Duration::from_millis(100) };
        let Some(said) = map.said(self, "past-cap") else { return police };
        let (node, path) = (&said.node, said.path);
        if !matches!(node.value, Value::Map(_)) {
            return match self.word(node, map.shape("past-cap")) {
                Some(1) => {
                    self.fill(below(&path, "buffer"), "100ms", false, "eastwest");
                    shape
                }
                Some(2) => {
                    self.fill(below(&path, "above"), "64KiB", false, "eastwest");
                    self.fill(below(&path, "buffer"), "100ms", false, "eastwest");
                    PastCap::FAIR
                }
                _ => {
                    self.fill(below(&path, "burst"), "50ms", false, "eastwest");
                    police
                }
            };
        }
        let Some(long) = self.open(Some(node), &words::PAST_CAP, path.clone(), Span::NONE) else { return police };
        let (police_entry, shape_entry, fair) = (long.entry("police"), long.entry("shape"), long.entry("fair"));
        long.close();
        if let Some(entry) = police_entry
            && let Some(map) = self.open(Some(&entry.node), &words::POLICE, below(&path, "police"), entry.key)
        {
            let burst = map.read(self, "burst", positive);
            map.close();
            return burst.map_or(police, |burst| PastCap::Police { burst: burst.value });
        }
        if let Some(entry) = shape_entry
            && let Some(map) = self.open(Some(&entry.node), &words::SHAPE_PAST_CAP, below(&path, "shape"), entry.key)
        {
            let buffer = map.read(self, "buffer", quantity::duration);
            map.close();
            return buffer.map_or(shape, |buffer| PastCap::Shape { buffer: buffer.value });
        }
        if let Some(entry) = fair
            && let Some(map) = self.open(Some(&entry.node), &words::FAIR_PAST_CAP, below(&path, "fair"), entry.key)
        {
            let above = map.read(self, "above", quantity::bytes);
            let buffer = map.read(self, "buffer", quantity::duration);
            let weights = map.word(self, "weights");
            map.close();
            if let (Some(above), Some(buffer), Some(weights)) = (above, buffer, weights) {
                return PastCap::Fair { above: above.value, buffer: buffer.value, by_round_trip: weights == 1 };
            }
        }
        police
    }

    fn peering(&mut self, product: &Fields<'_>, word: &str, entry: &Entry, topology: &Topology) -> Option<VpcPeering> {
        let path = product.path_of(word);
        let map = self.open(Some(&entry.node), &words::VPC_PEERING, path, entry.key)?;
        let vpcs = vpc_names(topology);
        let mut broken = false;
        let between = map.said(self, "between").and_then(|said| {
            let pair = self.pair(&said.node, "VPC", vpcs.iter().map(String::as_str));
            broken = pair.is_none();
            pair
        });
        let bandwidth = map.read(self, "bandwidth", quantity::bandwidth);
        let past_cap = self.past_cap(&map);
        map.close();
        (!broken).then_some(VpcPeering { between, bandwidth, past_cap })
    }

    fn privatelink(
        &mut self,
        product: &Fields<'_>,
        word: &str,
        entry: &Entry,
        topology: &Topology,
        services: &[String],
    ) -> Option<PrivateLink> {
        let path = product.path_of(word);
        let map = self.open(Some(&entry.node), &words::PRIVATELINK, path.clone(), entry.key)?;
        let to = map.text(self, "to").and_then(|to| self.privatelink_to(&to, topology, services));
        let consumer = map.text(self, "consumer");
        let vpcs = vpc_names(topology);
        let consumer = consumer.filter(|vpc| self.known("VPC", vpc, vpc.span, vpcs.iter().map(String::as_str)));
        let zones = match (map.said(self, "zones"), &consumer) {
            (Some(said), consumer) => {
                let known = consumer.as_ref().map(|vpc| zones_of_vpc(topology, vpc)).unwrap_or_default();
                self.zones_among(&said.node, &known)
            }
            _ => Vec::new(),
        };
        let bandwidth = map.read(self, "bandwidth", quantity::bandwidth);
        let past_cap = self.past_cap(&map);
        let gateway = match map.entry("gateway") {
            Some(entry) => self.gateway_size(&entry.node, entry.key, below(&path, "gateway")),
            None => GatewaySize::usual(Span::NONE),
        };
        if let (Some(entry), Some(Spanned { value: PrivateLinkTo::Service(_), span })) = (map.entry("gateway"), &to) {
            self.say(
                Diagnostic::error(
                    "EW014",
                    "`gateway` is for endpoints that lead to a gateway, and this leads to a service",
                )
                .at(entry.key, "")
                .at(*span, "leads here")
                .help("remove it, or write `to: gateway/CLUSTER`"),
            );
        }
        let cross_region = map.word(self, "cross-region") == Some(0);
        map.close();
        Some(PrivateLink { to: to?, consumer: consumer?, zones, bandwidth, past_cap, gateway, cross_region })
    }

    fn privatelink_to(
        &mut self,
        to: &Spanned<String>,
        topology: &Topology,
        services: &[String],
    ) -> Option<Spanned<PrivateLinkTo>> {
        match to.value.split_once('/') {
            Some(("service", name)) => {
                let known = self.known("service", name, to.span, services.iter().map(String::as_str));
                known.then(|| Spanned::new(PrivateLinkTo::Service(name.to_owned()), to.span))
            }
            Some(("gateway", name)) => {
                let known = self.known("cluster", name, to.span, topology.clusters.keys().map(String::as_str));
                known.then(|| Spanned::new(PrivateLinkTo::Gateway(name.to_owned()), to.span))
            }
            _ => {
                self.say(
                    Diagnostic::error(
                        "EW205",
                        format!("`{}` is nothing that a private endpoint can lead to", to.value),
                    )
                    .at(to.span, "")
                    .help("write `service/NAME` or `gateway/CLUSTER`"),
                );
                None
            }
        }
    }

    fn public_gateway(&mut self, product: &Fields<'_>, entry: &Entry, topology: &Topology) -> Option<PublicGateway> {
        let path = product.path_of("public-gateway");
        let map = self.open(Some(&entry.node), &words::PUBLIC_GATEWAY, path.clone(), entry.key)?;
        let gateways = self.gateways(&map, topology);
        let eip_path = below(&path, "eip");
        let eip_entry = map.entry("eip");
        let eip = self.open(
            eip_entry.map(|entry| &entry.node),
            &words::EIP,
            eip_path,
            eip_entry.map_or(Span::NONE, |entry| entry.key),
        );
        let eip = eip.and_then(|eip| {
            let bandwidth = eip.read(self, "bandwidth", quantity::bandwidth);
            let addresses = eip.count32(self, "addresses");
            let billing = eip.word(self, "billing").map_or(Billing::ByTraffic, |word| BILLING[word]);
            let line = eip.word(self, "line").map_or(Line::Bgp, |word| [Line::Bgp, Line::BgpPro, Line::Ga][word]);
            eip.close();
            Some(Eip { bandwidth: bandwidth?, addresses: addresses?.value, billing, line })
        });
        let nat = self.nat(&map);
        let loss = map.said(self, "loss").and_then(|said| {
            let text = self.text(&said.node, "a profile or a share")?;
            if text.starts_with(|c: char| c.is_ascii_digit()) {
                return Some(self.read(&said.node, "a share", lossy)?.map(InternetLoss::Flat));
            }
            let word = self.word(&said.node, map.shape("loss"))?;
            let profile = [InternetLoss::None, InternetLoss::Mild, InternetLoss::Typical, InternetLoss::Severe][word];
            Some(Spanned::new(profile, said.node.span))
        });
        map.close();
        Some(PublicGateway { gateways, eip: eip?, nat, loss })
    }

    fn nat(&mut self, map: &Fields<'_>) -> Nat {
        const ONE: Nat = Nat::Gateway { addresses: 1, ports: None };
        let Some(said) = map.said(self, "nat") else { return ONE };
        if !matches!(said.node.value, Value::Map(_)) {
            return if self.word(&said.node, map.shape("nat")) == Some(1) { Nat::None } else { ONE };
        }
        let Some(long) = self.open(Some(&said.node), &words::NAT, said.path, Span::NONE) else { return ONE };
        let (addresses, ports) = (long.count32(self, "addresses"), long.count32(self, "ports"));
        long.close();
        Nat::Gateway { addresses: addresses.map_or(1, |count| count.value), ports: ports.map(|count| count.value) }
    }

    fn private_gateway(&mut self, product: &Fields<'_>, entry: &Entry, topology: &Topology) -> Option<PrivateGateway> {
        let path = product.path_of("private-gateway");
        let map = self.open(Some(&entry.node), &words::PRIVATE_GATEWAY, path, entry.key)?;
        let gateways = self.gateways(&map, topology);
        let over = map.text(self, "over");
        map.close();
        Some(PrivateGateway { gateways, over: over? })
    }

    /// `over` of a private gateway names a product that routes packets.
    fn check_over(&mut self, products: &IndexMap<String, Product>, entries: &[(&str, &Entry)]) {
        for product in products.values() {
            let ProductKind::PrivateGateway(gateway) = &product.kind else { continue };
            let over = &gateway.over;
            if !self.known("product", over, over.span, entries.iter().map(|(name, _)| *name)) {
                continue;
            }
            if let Some(Product {
                kind: kind @ (ProductKind::PublicGateway(_) | ProductKind::PrivateGateway(_)), ..
            }) = products.get(&over.value)
            {
                self.say(
                    Diagnostic::error("EW206", format!("a private gateway cannot be reached over a `{}`", kind.word()))
                        .at(over.span, "")
                        .help("name a product of kind cen, vpc-peering or privatelink"),
                );
            }
        }
    }

    /// `routes:`.
    pub(super) fn routes(
        &mut self,
        node: Option<&Node>,
        topology: &Topology,
        products: &[String],
    ) -> IndexMap<String, Route> {
        let mut routes: IndexMap<String, Route> = IndexMap::new();
        for (name, entry) in self.named(node, "routes") {
            let path = vec!["routes".into(), name.to_owned()];
            let Some(map) = self.open(Some(&entry.node), &words::ROUTE, path, entry.key) else { continue };
            let from = map.text(self, "from").and_then(|end| self.route_end(&end, topology));
            let to = map.text(self, "to").and_then(|end| self.route_end(&end, topology));
            let product = |decoder: &mut Decoder, key| {
                let name = map.text(decoder, key)?;
                decoder.known("product", &name, name.span, products.iter().map(String::as_str)).then_some(name)
            };
            let (via, behind) = (product(self, "via"), product(self, "behind"));
            map.close();
            if name == "default" && (from.is_some() || to.is_some()) {
                self.say(
                    Diagnostic::error("EW207", "the route named `default` has neither `from` nor `to`")
                        .at(entry.key, "")
                        .help("give it another name"),
                );
            }
            let Some(via) = via else { continue };
            let route = Route { span: entry.key, from, to, via, behind };
            let ends = |route: &Route| (route.from.clone().map(|end| end.value), route.to.clone().map(|end| end.value));
            if let Some((other, first)) = routes.iter().find(|(_, other)| ends(other) == ends(&route)) {
                self.say(
                    Diagnostic::error("EW207", format!("routes `{other}` and `{name}` are for the same ends"))
                        .at(route.span, "this route")
                        .at(first.span, "and this one")
                        .help("the most specific route wins; of two alike neither does"),
                );
            }
            routes.insert(name.to_owned(), route);
        }
        routes
    }

    pub(super) fn route_end(&mut self, end: &Spanned<String>, topology: &Topology) -> Option<Spanned<RouteEnd>> {
        let (cluster, region) = match end.value.split_once('/') {
            Some(("cluster", name)) => (Some(name), None),
            Some(("region", name)) => (None, Some(name)),
            _ if topology.clusters.contains_key(&end.value) => (Some(end.value.as_str()), None),
            _ if topology.regions.contains_key(&end.value) => (None, Some(end.value.as_str())),
            _ => {
                let names = topology.clusters.keys().chain(topology.regions.keys()).map(String::as_str);
                self.known("cluster or region", &end.value, end.span, names);
                return None;
            }
        };
        let found = match (cluster, region) {
            (Some(name), _) => {
                let known = self.known("cluster", name, end.span, topology.clusters.keys().map(String::as_str));
                known.then(|| RouteEnd::Cluster(name.to_owned()))
            }
            (None, name) => {
                let name = name.expect("an end is a cluster or a region");
                let known = self.known("region", name, end.span, topology.regions.keys().map(String::as_str));
                known.then(|| RouteEnd::Region(name.to_owned()))
            }
        };
        found.map(|found| Spanned::new(found, end.span))
    }
}

/// The zones of the clusters of a VPC, in the order of the region; all of them where it has no cluster.
fn used_zones(topology: &Topology, vpc: &str) -> Vec<Spanned<String>> {
    let clusters = topology.clusters.iter().filter(|(name, cluster)| cluster.vpc_name(name) == vpc);
    let used: Vec<_> = clusters.flat_map(|(_, cluster)| &cluster.zones).map(|zone| zone.value.clone()).collect();
    let zones = zones_of_vpc(topology, vpc).into_iter().filter(|zone| used.is_empty() || used.contains(zone));
    zones.map(Spanned::unsaid).collect()
}

/// A bandwidth that is bought, or `none`.
fn bought(text: &str) -> Result<BitsPerSec, quantity::Complaint> {
    if text == "none" { Ok(BitsPerSec(0)) } else { quantity::bandwidth(text) }
}

/// A share of packets that are lost: some must pass.
pub(super) fn lossy(text: &str) -> Result<Ratio, quantity::Complaint> {
    let share = quantity::share(text)?;
    if share.get() < 1.0 {
        return Ok(share);
    }
    let help = "a link that is down is a fault: `faults: {NAME: {hit: link/A-B, ..}}`";
    Err(quantity::Complaint::new("EW105", "with all packets lost nothing passes", help))
}
