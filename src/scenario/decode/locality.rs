//! `locality:` of the mesh and of an edge's policy, and services that are kept in their cluster.

use super::fields::{Decoder, Fields, Path};
use crate::policy::setting::label;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Locality, Topology, ZoneRule};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::Ratio;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// The short words for labels that every endpoint has.
const SHORT: [(&str, &str); 6] = [
    ("network", label::NETWORK),
    ("region", label::REGION),
    ("zone", label::ZONE),
    ("cluster", label::CLUSTER),
    ("subzone", label::SUBZONE),
    ("hostname", label::HOSTNAME),
];
/// Istio refuses these beside `failover`.
const OF_NEARNESS: [&str; 3] = [label::REGION, label::ZONE, label::SUBZONE];

impl Decoder {
    /// A `locality` block.
    pub(super) fn locality(&mut self, node: &Node, path: Path, topology: &Topology) -> Option<Spanned<Locality>> {
        let map = self.open(Some(node), &words::LOCALITY, path, node.span)?;
        let enabled = map.said(self, "enabled").and_then(|said| self.truth(&said.node));
        let failover = self.failover(&map, topology);
        let failover_priority = map.said(self, "failover-priority").map_or(Vec::new(), |said| self.labels(&said.node));
        let mut distribute = IndexMap::new();
        if let Some(said) = map.said(self, "distribute") {
            for (from, entry) in self.entries(Some(&said.node), "shares") {
                self.pattern(from, entry.key, topology);
                let mut shares: Vec<(Spanned<String>, Ratio)> = Vec::new();
                for (to, entry) in self.entries(Some(&entry.node), "shares") {
                    self.pattern(to, entry.key, topology);
                    let share = self.read(&entry.node, "a share such as `80%`", quantity::share);
                    shares.extend(share.map(|share| (Spanned::new(to.to_owned(), entry.key), share.value)));
                    share.into_iter().for_each(|share| self.whole_percent(share));
                }
                self.shares_sum(shares.iter().map(|(_, share)| share.get()), entry.node.span);
                distribute.insert(from.to_owned(), shares);
            }
            for (other, there) in
                [("failover", !failover.is_empty()), ("failover-priority", !failover_priority.is_empty())]
            {
                if there && !distribute.is_empty() {
                    let what = format!("`distribute` and `{other}` exclude each other (Istio refuses them together)");
                    self.say(Diagnostic::error("EW014", what).at(said.node.span, ""));
                }
            }
        }
        if let (false, Some(label)) =
            (failover.is_empty(), failover_priority.iter().find(|label| OF_NEARNESS.contains(&label.value.as_str())))
        {
            let what =
                format!("`failover` and the label `{}` exclude each other (Istio refuses them together)", label.value);
            let help = "`failover` orders regions and zones itself: leave the label out";
            self.say(Diagnostic::error("EW014", what).at(label.span, "").help(help));
        }
        let zone_aware = map.said(self, "zone-aware").and_then(|said| self.zone_aware(&said.node, said.path));
        for (other, there) in
            [("distribute", !distribute.is_empty()), ("failover-priority", !failover_priority.is_empty())]
        {
            if there && zone_aware.is_some() {
                let what = format!("`zone-aware` and `{other}` exclude each other here");
                self.say(Diagnostic::error("EW014", what).at(node.span, ""));
            }
        }
        map.close();
        let locality = Locality { enabled: enabled?, failover, failover_priority, distribute, zone_aware };
        Some(Spanned::new(locality, node.span))
    }

    fn zone_aware(&mut self, node: &Node, path: Path) -> Option<ZoneRule> {
        if !matches!(node.value, Value::Map(_)) {
            return self.truth(node).map(ZoneRule::of);
        }
        let map = self.open(Some(node), &words::ZONE_AWARE, path, node.span)?;
        let enabled = map.said(self, "enabled").and_then(|said| self.truth(&said.node));
        let (least, share) = (map.count32(self, "min-cluster-size"), map.read(self, "share", quantity::share));
        let force_local = map.count32(self, "force-local").map(|count| count.value);
        map.close();
        Some(ZoneRule { enabled: enabled?, min_cluster_size: least?.value, share: share?.value, force_local })
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, node: &Node) -> Option<bool> {
        match node.as_text() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.expected("`true` or `false`", node);
                None
            }
        }
    }

    fn failover(&mut self, map: &Fields<'_>, topology: &Topology) -> Vec<(Spanned<String>, Spanned<String>)> {
        let regions = || topology.regions.keys().map(String::as_str);
        let mut failover = Vec::new();
        let Some(said) = map.said(self, "failover") else { return failover };
        for (from, entry) in self.entries(Some(&said.node), "regions") {
            let known = self.known("region", from, entry.key, regions());
            let Some(to) = self.text(&entry.node, "a region").map(str::to_owned) else { continue };
            if self.known("region", &to, entry.node.span, regions()) && known {
                if to == from {
                    self.say(
                        Diagnostic::error("EW305", "a region does not fail over to itself").at(entry.node.span, ""),
                    );
                }
                failover.push((Spanned::new(from.to_owned(), entry.key), Spanned::new(to, entry.node.span)));
            }
        }
        failover
    }

    /// Labels in full, of those that endpoints have.
    fn labels(&mut self, node: &Node) -> Vec<Spanned<String>> {
        let mut labels = Vec::new();
        for item in self.items(node, "labels").to_vec() {
            let Some(text) = self.text(&item, "a label").map(str::to_owned) else { continue };
            let (key, value) = text.split_once('=').map_or((text.as_str(), None), |(key, value)| (key, Some(value)));
            let short = SHORT.iter().find(|(short, full)| *short == key || *full == key);
            let Some((_, full)) = short else {
                let names: Vec<&str> = SHORT.iter().map(|(short, _)| *short).collect();
                let what = format!("no endpoint has the label `{key}`");
                let known = format!("labels here are {}, and their full names", names.join(", "));
                self.say(Diagnostic::error("EW364", what).at(item.span, "").help(known));
                continue;
            };
            let full = value.map_or_else(|| (*full).to_owned(), |value| format!("{full}={value}"));
            labels.push(Spanned::new(full, item.span));
        }
        labels
    }

    /// `region`, `region/zone`, each with a `*` at the end or alone.
    fn pattern(&mut self, text: &str, span: Span, topology: &Topology) {
        let parts: Vec<&str> = text.split('/').collect();
        let starred = parts.iter().position(|part| *part == "*");
        if starred.is_some_and(|at| at + 1 < parts.len()) || parts.len() > 3 || (parts.len() == 3 && starred.is_none())
        {
            let what = format!("`{text}` is no pattern of localities");
            let help = "write `region`, `region/zone`, `region/*`, `region/zone/*` or `*`; there are no subzones here";
            self.say(Diagnostic::error("EW365", what).at(span, "").help(help));
            return;
        }
        if starred == Some(0) {
            return;
        }
        let regions = topology.regions.keys().map(String::as_str);
        if !self.known("region", parts[0], span, regions) || parts.len() < 2 || starred == Some(1) {
            return;
        }
        let zones = topology.regions.get(parts[0]).into_iter().flat_map(|region| &region.zones);
        self.known("zone", parts[1], span, zones.map(|zone| zone.value.as_str()));
    }

    /// Istio's weights are whole numbers from 1 to 100.
    fn whole_percent(&mut self, share: Spanned<Ratio>) {
        let percent = share.value.get() * 100.0;
        if percent < 0.5 || (percent - libm::round(percent)).abs() > 1e-6 {
            let what = "a share of `distribute` is a whole percent, from 1 on";
            self.say(Diagnostic::error("EW105", what).at(share.span, "").help("Istio's weights are whole numbers"));
        }
    }

    /// Hosts that are kept in their cluster: as Istio writes them.
    pub(super) fn retain(&mut self, node: &Node, services: &[String]) -> Vec<(String, bool)> {
        let mut hosts = Vec::new();
        if let Value::Map(map) = &node.value {
            for (name, entry) in map {
                let local = self.truth(&entry.node);
                let host = self.retained(name, entry.key, services);
                hosts.extend(host.zip(local));
            }
            return hosts;
        }
        for item in self.items(node, "services").to_vec() {
            let Some(name) = self.text(&item, "a service").map(str::to_owned) else { continue };
            hosts.extend(self.retained(&name, item.span, services).map(|host| (host, true)));
        }
        hosts
    }

    fn retained(&mut self, name: &str, span: Span, services: &[String]) -> Option<String> {
        if name == "*" {
            return Some("*".to_owned());
        }
        if let Some(namespace) = name.strip_suffix("/*") {
            let spaces = services.iter().map(|service| service.split_once('/').map_or("default", |(space, _)| space));
            let spaces: BTreeSet<&str> = spaces.collect();
            let known = self.known("namespace", namespace, span, spaces.iter().copied());
            return known.then(|| format!("*.{namespace}.svc.cluster.local"));
        }
        self.known("service", name, span, services.iter().map(String::as_str)).then(|| host_of(name))
    }
}

/// The host name of a service, `name` or `namespace/name`.
pub(in crate::scenario) fn host_of(service: &str) -> String {
    let (namespace, name) = service.split_once('/').unwrap_or(("default", service));
    format!("{name}.{namespace}.svc.cluster.local")
}
