//! `topology:`.

use super::fields::{Decoder, below};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Cluster, Cni, Region, RttFile, RttUnit, Topology, Vpc};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node};
use crate::scenario::vocabulary as words;

impl Decoder {
    /// `topology:`.
    pub(super) fn topology(&mut self, node: Option<&Node>) -> Topology {
        let mut topology = Topology::default();
        if node.is_none() {
            return topology;
        }
        let Some(map) = self.open(node, &words::TOPOLOGY, vec!["topology".into()], Span::NONE) else { return topology };
        for (name, entry) in self.named(map.written("regions"), "regions") {
            if let Some(region) = self.region(name, entry) {
                topology.regions.insert(name.to_owned(), region);
            } else {
                self.lost.insert(name.to_owned());
            }
        }
        for (name, entry) in self.named(map.written("vpcs"), "VPCs") {
            if let Some(vpc) = self.vpc(name, entry, &topology) {
                topology.vpcs.insert(name.to_owned(), vpc);
            } else {
                self.lost.insert(name.to_owned());
            }
        }
        for (name, entry) in self.named(map.written("clusters"), "clusters") {
            if let Some(cluster) = self.cluster(name, entry, &topology) {
                topology.clusters.insert(name.to_owned(), cluster);
            } else {
                self.lost.insert(name.to_owned());
            }
        }
        for (name, entry) in self.named(map.written("links"), "links") {
            if let Some(link) = self.link(name, entry, &topology) {
                topology.links.insert(name.to_owned(), link);
            }
        }
        topology.rtt = map.entry("rtt").and_then(|entry| self.rtt_file(entry));
        map.close();
        self.one_meaning_per_name(&topology);
        topology
    }

    fn region(&mut self, name: &str, entry: &Entry) -> Option<Region> {
        let path = vec!["topology".into(), "regions".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::REGION, path, entry.key)?;
        let is = map.text(self, "is");
        if let Some(is) = &is
            && is.value.split('/').filter(|part| !part.is_empty()).count() != 2
        {
            self.say(
                Diagnostic::error("EW203", format!("`{}` is not a region of a book", is.value))
                    .at(is.span, "")
                    .help("write provider and region, for example `alibaba/cn-hangzhou`"),
            );
        }
        let mut zones: Vec<Spanned<String>> = Vec::new();
        if let Some(said) = map.said(self, "zones") {
            for item in self.items(&said.node, "zone names").to_vec() {
                let Some(zone) = self.text(&item, "the name of a zone").map(str::to_owned) else { continue };
                self.check_name(&zone, item.span);
                match zones.iter().find(|known| known.value == zone) {
                    Some(first) => self.say(
                        Diagnostic::error("EW007", format!("zone `{zone}` is said twice"))
                            .at(item.span, "again")
                            .at(first.span, "first here"),
                    ),
                    None => zones.push(Spanned::new(zone, item.span)),
                }
            }
            if zones.is_empty() {
                self.say(Diagnostic::error("EW303", format!("region `{name}` has no zones")).at(said.node.span, ""));
            }
        }
        if zones.is_empty() {
            zones.push(Spanned::unsaid("a".into()));
        }
        let (rtt, path) = (map.entry("rtt"), map.path_of("rtt"));
        let trips = self.open(rtt.map(|entry| &entry.node), &words::REGION_RTT, path.clone(), entry.key).map(|rtt| {
            let mut law =
                |key: &'static str| rtt.said(self, key).and_then(|said| self.law(&said.node, &below(&path, key)));
            let trips = (law("same-zone"), law("cross-zone"));
            rtt.close();
            trips
        });
        map.close();
        let (same_zone, cross_zone) = trips.unwrap_or_default();
        Some(Region { span: entry.key, is, zones, same_zone, cross_zone })
    }

    fn vpc(&mut self, name: &str, entry: &Entry, topology: &Topology) -> Option<Vpc> {
        let path = vec!["topology".into(), "vpcs".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::VPC, path, entry.key)?;
        let region = map.text(self, "region");
        if let Some(region) = &region {
            self.known("region", region, region.span, topology.regions.keys().map(String::as_str));
        }
        let region = region.filter(|region| topology.regions.contains_key(&region.value));
        let cidr = map.read(self, "cidr", quantity::cidr);
        let owner = map.text(self, "owner");
        if let Some(owner) = &owner {
            self.check_name(owner, owner.span);
        }
        map.close();
        Some(Vpc { span: entry.key, region: region?, cidr, owner: owner.map(|owner| owner.value).unwrap_or_default() })
    }

    fn cluster(&mut self, name: &str, entry: &Entry, topology: &Topology) -> Option<Cluster> {
        let path = vec!["topology".into(), "clusters".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::CLUSTER, path, entry.key)?;
        let (region, vpc) = (map.text(self, "region"), map.text(self, "vpc"));
        let pods = map.read(self, "pods", quantity::cidr);
        let service_cidr = map.read(self, "service-cidr", quantity::cidr);
        let cni = map.written("cni").map(|node| node.span);
        let cni = map.word(self, "cni").zip(cni).map(|(word, at)| Spanned::new([Cni::Terway, Cni::Flannel][word], at));
        let mesh = map.text(self, "mesh").unwrap_or_else(|| Spanned::unsaid("mesh".into()));
        self.check_name(&mesh, mesh.span);
        let region = match (region, &vpc) {
            (Some(region), None) => {
                let known = self.known("region", &region, region.span, topology.regions.keys().map(String::as_str));
                known.then_some(region)
            }
            (None, Some(vpc)) => {
                let known = self.known("VPC", vpc, vpc.span, topology.vpcs.keys().map(String::as_str));
                let home = topology.vpcs.get(&vpc.value).filter(|_| known);
                home.map(|home| Spanned::new(home.region.value.clone(), vpc.span))
            }
            (Some(region), Some(vpc)) => {
                let home = topology.vpcs.get(&vpc.value).map(|vpc| vpc.region.value.clone());
                self.known("VPC", vpc, vpc.span, topology.vpcs.keys().map(String::as_str));
                if home.as_deref().is_some_and(|home| home != region.value) {
                    self.say(
                        Diagnostic::error("EW304", format!("VPC `{}` is not in region `{}`", vpc.value, region.value))
                            .at(region.span, "this region")
                            .at(vpc.span, "this VPC")
                            .help("say `vpc` alone: it has its region"),
                    );
                }
                Some(region)
            }
            (None, None) => {
                self.say(
                    Diagnostic::error("EW013", format!("cluster `{name}` lacks `region` or `vpc`"))
                        .at(entry.key, "of this")
                        .help("`region` gives it a VPC of its own, `vpc` puts it into one"),
                );
                None
            }
        };
        let all =
            region.as_ref().and_then(|region| topology.regions.get(&region.value)).map(|region| region.zones.clone());
        let zones = map.said(self, "zones").map(|said| {
            let all: Vec<_> = all.iter().flatten().map(|zone| zone.value.clone()).collect();
            self.zones_among(&said.node, &all)
        });
        if let Some(zones) = &zones
            && zones.is_empty()
            && map.written("zones").is_some_and(
                |node| matches!(&node.value, crate::scenario::tree::Value::List(items) if items.is_empty()),
            )
        {
            self.say(Diagnostic::error("EW303", format!("cluster `{name}` has no zones")).at(entry.key, ""));
        }
        map.close();
        let zones = zones.filter(|zones| !zones.is_empty()).or(all)?;
        Some(Cluster { span: entry.key, region: region?, vpc, zones, pods, service_cidr, cni, mesh })
    }

    /// A list of zones, each one of `known` (nothing is checked where none are known: the region was wrong already).
    pub(super) fn zones_among(&mut self, node: &Node, known: &[String]) -> Vec<Spanned<String>> {
        let mut zones: Vec<Spanned<String>> = Vec::new();
        for item in self.items(node, "zones").to_vec() {
            let Some(zone) = self.text(&item, "the name of a zone").map(str::to_owned) else { continue };
            if let Some(first) = zones.iter().find(|first| first.value == zone) {
                let again = Diagnostic::error("EW007", format!("zone `{zone}` is said twice"));
                self.say(again.at(item.span, "again").at(first.span, "first here"));
            } else if known.is_empty() || self.known("zone", &zone, item.span, known.iter().map(String::as_str)) {
                zones.push(Spanned::new(zone, item.span));
            }
        }
        zones
    }

    /// A list of two known names.
    pub(super) fn pair<'n>(
        &mut self,
        node: &Node,
        kind: &str,
        names: impl IntoIterator<Item = &'n str> + Clone,
    ) -> Option<(Spanned<String>, Spanned<String>)> {
        let items = self.items(node, &format!("two {kind}s"));
        let [a, b] = items else {
            if matches!(node.value, crate::scenario::tree::Value::List(_)) {
                self.say(
                    Diagnostic::error("EW306", format!("two {kind}s are due here, not {}", items.len()))
                        .at(node.span, ""),
                );
            }
            return None;
        };
        let mut read = |item: &Node| {
            let text = self.text(item, kind)?.to_owned();
            self.known(kind, &text, item.span, names.clone()).then(|| Spanned::new(text, item.span))
        };
        let (a, b) = (read(a), read(b));
        Some((a?, b?))
    }

    fn rtt_file(&mut self, entry: &Entry) -> Option<RttFile> {
        let path = vec!["topology".into(), "rtt".into()];
        let map = self.open(Some(&entry.node), &words::RTT_FILE, path, entry.key)?;
        let file = map.text(self, "file");
        let unit = map.word(self, "unit").map(|word| [RttUnit::Rtt, RttUnit::OneWay][word]);
        map.close();
        let file = file?;
        let text = self.file(&file, file.span)?;
        Some(RttFile { file, text, unit: unit? })
    }

    /// A name that is both region and cluster must mean the same place.
    fn one_meaning_per_name(&mut self, topology: &Topology) {
        for (name, cluster) in &topology.clusters {
            let Some(region) = topology.regions.get(name) else { continue };
            let others =
                topology.clusters.iter().any(|(other, cluster)| other != name && cluster.region.value == *name);
            if others || cluster.region.value != *name {
                self.say(
                    Diagnostic::error(
                        "EW202",
                        format!("`{name}` is a region and a cluster, and they are not the same place"),
                    )
                    .at(cluster.span, "the cluster")
                    .at(region.span, "the region")
                    .help("give one of them another name"),
                );
            }
        }
        for (name, vpc) in &topology.vpcs {
            let Some(cluster) = topology.clusters.get(name) else { continue };
            if cluster.vpc.as_ref().is_none_or(|home| home.value != *name) {
                self.say(
                    Diagnostic::error("EW202", format!("`{name}` is a VPC and a cluster that is not in it"))
                        .at(cluster.span, "the cluster")
                        .at(vpc.span, "the VPC")
                        .help("give one of them another name"),
                );
            }
        }
    }
}
