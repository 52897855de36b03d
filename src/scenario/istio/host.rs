//! Istio's names for services and places, and the scenario's.

use super::Translation;
use super::field::{Words, said};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::span::Span;
use crate::scenario::tree::{Entry, Node, Value};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Where Istio's rules for the whole mesh stand.
const ROOT: &str = "istio-system";
const DOMAIN: &str = "svc.cluster.local";

/// A service of the scenario.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Service<'t> {
    /// Its name in the scenario.
    pub entry: &'t str,
    namespace: &'t str,
    host: String,
    /// Its entry in the tree.
    node: &'t Node,
}

/// A region of the scenario.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Region<'t> {
    name: &'t str,
    /// The provider's name, `cn-hangzhou`.
    is: Option<&'t str>,
    zones: Vec<&'t str>,
}

/// What a resource says of a host.
#[derive(Clone, Debug)]
pub(in crate::scenario) struct Rule {
    /// In full, or with a `*` in front.
    pub host: String,
    span: Span,
    namespace: String,
    pub words: Words,
    /// Routing rules, or a subset's policies by its name.
    pub more: Words,
}

/// Rules by their hosts.
#[derive(Debug, Default)]
pub(super) struct Rules {
    exact: BTreeMap<(bool, String), Rule>,
    /// The most specific first.
    wild: Vec<Rule>,
}

impl Service<'_> {
    /// Is it said by versions?
    pub(super) fn has_versions(&self) -> bool {
        self.node.get("versions").is_some_and(|versions| !versions.is_null())
    }

    /// Is there such a version?
    pub(super) fn has_version(&self, name: &str) -> bool {
        self.node.get("versions").and_then(|versions| versions.get(name)).is_some()
    }

    /// Is this its name in full?
    pub(super) fn is(&self, host: &str) -> bool {
        self.host == host
    }
}

impl Rule {
    /// A rule for `host` that was written in `namespace`: a short name is of that namespace.
    pub(super) fn new(host: &str, span: Span, namespace: &str, words: Words) -> Self {
        let parts: Vec<&str> = host.split('.').collect();
        let host = match (host.split_once('/'), parts.as_slice()) {
            (Some((space, name)), _) => format!("{name}.{space}.{DOMAIN}"),
            (None, ["*"]) => "*".to_owned(),
            (None, [name]) => format!("{name}.{namespace}.{DOMAIN}"),
            _ => host.to_owned(),
        };
        Rule { host, span, namespace: namespace.to_owned(), words, more: Words::default() }
    }

    /// The same with routing rules, or subsets.
    pub(super) fn with(self, more: Words) -> Self {
        Rule { more, ..self }
    }

    fn covers(&self, service: &Service<'_>) -> bool {
        match self.host.strip_prefix('*') {
            Some(end) => service.host.ends_with(end) && service.host.len() > end.len(),
            None => service.host == self.host,
        }
    }
}

/// The rule that holds for a service: one in its own namespace before one for the mesh, an exact one before a wildcard.
pub(super) fn holding<'r>(rules: &'r Rules, service: &Service<'_>) -> Option<&'r Rule> {
    [false, true].into_iter().find_map(|root| {
        let exact = rules.exact.get(&(root, service.host.clone()));
        exact.or_else(|| rules.wild.iter().find(|rule| (rule.namespace == ROOT) == root && rule.covers(service)))
    })
}

/// The services of a tree.
pub(super) fn services(tree: &Node) -> Vec<Service<'_>> {
    let services = tree.get("services").and_then(Node::as_map).into_iter().flatten();
    services
        .map(|(entry, of)| {
            let (namespace, name) = entry.split_once('/').unwrap_or(("default", entry));
            Service { entry, namespace, host: format!("{name}.{namespace}.{DOMAIN}"), node: &of.node }
        })
        .collect()
}

/// The regions of a tree.
pub(super) fn regions(tree: &Node) -> Vec<Region<'_>> {
    let regions = tree.get("topology").and_then(|topology| topology.get("regions")).and_then(Node::as_map);
    regions
        .into_iter()
        .flatten()
        .map(|(name, entry)| {
            let is = entry.node.get("is").and_then(Node::as_text).and_then(|is| is.rsplit('/').next());
            let zones = match entry.node.get("zones").map(|zones| &zones.value) {
                Some(Value::List(zones)) => zones.iter().filter_map(Node::as_text).collect(),
                _ => vec!["a"],
            };
            Region { name, is, zones }
        })
        .collect()
}

impl Translation<'_> {
    /// The namespace of a resource.
    pub(super) fn namespace(&mut self, node: &Node) -> String {
        let metadata = node.get("metadata").filter(|metadata| !metadata.is_null());
        match metadata.and_then(|metadata| metadata.get("namespace")).filter(|namespace| !namespace.is_null()) {
            Some(namespace) => self.text(namespace, "metadata.namespace").unwrap_or("default").to_owned(),
            None => "default".to_owned(),
        }
    }

    /// A rule is everybody's, or of a namespace that is the only one.
    pub(super) fn exported(&mut self, spec: &IndexMap<String, Entry>, home: &str) {
        let Some(entry) = said(spec, "exportTo") else { return };
        let to = self.list(Some(entry), "exportTo");
        let alone = self.services.iter().all(|service| service.namespace == home);
        let reached = |node: &Node| match node.as_text() {
            Some("*") => true,
            Some(".") => alone,
            Some(name) => alone && name == home,
            None => false,
        };
        if !to.iter().any(reached) {
            self.refused(
                "exportTo",
                entry.key,
                "some callers would not see the rule: say `mesh.traffic` with `\"web -> orders\"`",
            );
        }
    }

    /// Tells of a rule that no service is under, and refuses one that holds for some callers only.
    pub(super) fn reaches(&mut self, rule: &Rule, of_callers: bool) {
        let covered: Vec<bool> = self
            .services
            .iter()
            .filter(|service| rule.covers(service))
            .map(|service| service.namespace == rule.namespace)
            .collect();
        let shown = rule.host.escape_default().to_string();
        if covered.is_empty() {
            self.say(
                Diagnostic::warning("EW404", format!("no service of the scenario is `{shown}`"))
                    .at(rule.span, "this rule holds for nobody")
                    .help("a service `ns/name` is `name.ns.svc.cluster.local`, one without `ns/` is in `default`"),
            );
        } else if of_callers && rule.namespace != ROOT && covered.contains(&false) {
            let help = "a rule outside of the service's namespace holds for callers of its own one only: \
                        write it there, or in `istio-system`";
            self.refused(&format!("a rule in `{}` for `{shown}`", rule.namespace.escape_default()), rule.span, help);
        }
    }

    /// Rules by their hosts; no host has two.
    pub(super) fn by_host(&mut self, rules: Vec<Rule>) -> Rules {
        let mut found = Rules::default();
        let mut places: BTreeMap<(bool, String), Span> = BTreeMap::new();
        for rule in rules {
            let key = (rule.namespace == ROOT, rule.host.clone());
            if let Some(first) = places.get(&key) {
                let twice = format!("two rules for `{}`", rule.host.escape_default());
                self.say(
                    Diagnostic::error("EW405", twice)
                        .at(rule.span, "again")
                        .at(*first, "first here")
                        .help("Istio would take one of them, by age: write one"),
                );
                continue;
            }
            places.insert(key.clone(), rule.span);
            if rule.host.starts_with('*') {
                found.wild.push(rule);
            } else {
                found.exact.insert(key, rule);
            }
        }
        found.wild.sort_by_key(|rule| std::cmp::Reverse(rule.host.len()));
        found
    }

    /// The scenario's region of that name, its own or the provider's.
    pub(super) fn region(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "a region")?.to_owned();
        self.region_named(&text, node.span)
    }

    fn region_named(&mut self, text: &str, span: Span) -> Option<String> {
        let own = self.regions.iter().filter(|region| region.name == text);
        let theirs = self.regions.iter().filter(|region| region.is == Some(text));
        let found: Vec<&str> = own.chain(theirs).map(|region| region.name).collect();
        match found.as_slice() {
            [first, rest @ ..] if rest.iter().all(|name| name == first) => Some((*first).to_owned()),
            // A name of the scenario's own is that; one of a provider's may be several regions.
            [first, ..] if *first == text => Some((*first).to_owned()),
            [] => {
                let names: Vec<&str> = self.regions.iter().map(|region| region.name).collect();
                let what = format!("no region of the scenario is `{}`", text.escape_default());
                let known = format!("regions are {}, by these names or the provider's", names.join(", "));
                self.say(Diagnostic::error("EW409", what).at(span, "").help(known));
                None
            }
            _ => {
                let what = format!("several regions of the scenario are `{}`", text.escape_default());
                self.say(Diagnostic::error("EW409", what).at(span, "").help("write the scenario's name of one"));
                None
            }
        }
    }

    /// The zone `h` of a region, which Kubernetes calls `cn-hangzhou-h`.
    fn zone_named(&mut self, region: &str, text: &str, span: Span) -> Option<String> {
        let known = self.regions.iter().find(|known| known.name == region)?;
        let full = |zone: &str| {
            known.is.is_some_and(|is| [format!("{is}-{zone}"), format!("{is}{zone}")].iter().any(|name| name == text))
        };
        if let Some(zone) = known.zones.iter().find(|zone| **zone == text || full(zone)) {
            return Some((*zone).to_owned());
        }
        let what = format!("no zone of `{region}` is `{}`", text.escape_default());
        let help = format!("its zones are {}", known.zones.join(", "));
        self.say(Diagnostic::error("EW409", what).at(span, "").help(help));
        None
    }

    /// A pattern of localities, `cn-hangzhou/cn-hangzhou-h/*`.
    pub(super) fn pattern(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "a locality")?.to_owned();
        let mut parts = text.split('/');
        let first = parts.next().filter(|part| *part != "*");
        let Some(first) = first else { return Some(text) };
        let region = self.region_named(first, node.span)?;
        let zone = match parts.next() {
            None => return Some(region),
            Some("*") => "*".to_owned(),
            Some(zone) => self.zone_named(&region, zone, node.span)?,
        };
        let rest: String = parts.map(|part| format!("/{part}")).collect();
        Some(format!("{region}/{zone}{rest}"))
    }

    /// A label of `failoverPriority`, the scenario's names in place of the provider's.
    pub(super) fn label(&mut self, text: &str, node: &Node) -> Option<String> {
        let Some((key, value)) = text.split_once('=') else { return Some(text.to_owned()) };
        let value = match key {
            "topology.kubernetes.io/region" => self.region_named(value, node.span)?,
            "topology.kubernetes.io/zone" => {
                let place = self.regions.iter().find_map(|region| {
                    let full = |zone: &&&str| {
                        region.is.is_some_and(|is| format!("{is}-{zone}") == value || format!("{is}{zone}") == value)
                    };
                    region.zones.iter().find(full).map(|zone| format!("{}/{zone}", region.name))
                });
                place.unwrap_or_else(|| value.to_owned())
            }
            _ => value.to_owned(),
        };
        Some(format!("{key}={value}"))
    }

    /// The scenario's name for a host of `serviceSettings`, as `mesh.retain` takes it.
    pub(super) fn retained(&mut self, node: &Node) -> Option<String> {
        let text = self.text(node, "hosts")?.to_owned();
        if text == "*" || text == format!("*.{DOMAIN}") {
            return Some("*".to_owned());
        }
        let namespace = text.strip_prefix("*.").and_then(|rest| rest.strip_suffix(&format!(".{DOMAIN}")));
        if let Some(namespace) =
            namespace.filter(|namespace| self.services.iter().any(|service| service.namespace == *namespace))
        {
            return Some(format!("{namespace}/*"));
        }
        if let Some(service) = self.services.iter().find(|service| service.host == text) {
            return Some(service.entry.to_owned());
        }
        let what = format!("no service of the scenario is `{}`", text.escape_default());
        self.say(Diagnostic::warning("EW404", what).at(node.span, "this setting holds for nobody"));
        None
    }
}
