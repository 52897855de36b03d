//! Istio's own files as part of a scenario: `mesh: {istio: [files]}`.
//!
//! Each resource becomes words of the scenario under `mesh.traffic`, `mesh.locality` and `mesh.retain`, every word with
//! the place of Istio's field, so that whatever the decoder has to say points there. The scenario's own words are laid over
//! the result and win, key by key. A field that is not read is named: refused where it may change a figure, else noted.

mod balancer;
mod destination_rule;
mod field;
mod host;
mod lay;
mod mesh_config;
mod rule;
mod virtual_service;

use super::diagnostic::Diagnostic;
use super::folder::Folder;
use super::span::{Sources, Span};
use super::tree::{self, Node};
use crate::policy::defaults;
use field::Judged::{self, Read};
use field::{Message, Words, said};
use host::Rule;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// All files of a variant together have no more resources.
const RESOURCES_MAX: usize = 2_000;
/// The rules of all services together have no more words.
const WORDS_MAX: usize = 2_000_000;

/// Resources that say nothing about simulated traffic.
const IDLE_KINDS: [&str; 16] = [
    "Gateway",
    "Telemetry",
    "AuthorizationPolicy",
    "RequestAuthentication",
    "Namespace",
    "ServiceAccount",
    "Service",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Secret",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
];
/// The API that DestinationRule and VirtualService are of, in the versions that Istio's CRDs serve (1.22 on: v1).
const API_VERSIONS: [&str; 3] =
    ["networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"];
const RESOURCE: Message = Message {
    name: "",
    fields: &[("apiVersion", Read), ("kind", Read), ("metadata", Read), ("spec", Read), ("status", Judged::Read)],
};

/// Istio's files that were read, each once for all variants.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<PathBuf, (Vec<Node>, Vec<Diagnostic>)>);

/// Where files are and where their texts go.
pub(super) struct Files<'f> {
    pub folder: &'f Folder,
    pub sources: &'f mut Sources,
    pub known: &'f mut Known,
}

/// Resources on their way to a scenario's words.
pub(super) struct Translation<'t> {
    diagnostics: Vec<Diagnostic>,
    /// Services of the scenario: namespace and name, and the entry.
    services: Vec<host::Service<'t>>,
    regions: Vec<host::Region<'t>>,
    /// Istio's release.
    version: (u32, u32),
    /// Does the mesh have a retry policy of its own, which a route's replaces whole?
    mesh_retries: bool,
    mesh: Words,
    everywhere: Words,
    destination_rules: Vec<Rule>,
    virtual_services: Vec<Rule>,
}

/// `tree` with what its Istio files say under it, and without their names.
pub(super) fn lay(mut tree: Node, overlay: Option<&Node>, files: &mut Files<'_>, out: &mut Vec<Diagnostic>) -> Node {
    let Some(named) = tree.get("mesh").and_then(|mesh| mesh.get("istio")).cloned() else { return tree };
    if let tree::Value::Map(map) = &mut tree.value
        && let Some(mesh) = map.get_mut("mesh")
        && let tree::Value::Map(mesh) = &mut mesh.node.value
    {
        mesh.shift_remove("istio");
    }
    if named.is_null() {
        return tree;
    }
    let resources = read(&named, files, out);
    let ((found, subsets), diagnostics) = {
        let mut translation = Translation::of(&tree);
        translation.translate(&resources);
        if tree.get("mesh").and_then(|mesh| mesh.get("dataplane")).and_then(Node::as_text) == Some("none") {
            let what = "Istio's rules are obeyed by proxies, and `dataplane: none` has none";
            translation.say(Diagnostic::error("EW408", what).at(named.span, "").help("remove one of them"));
        }
        let found = translation.finish(named.span);
        (found, translation.diagnostics)
    };
    out.extend(diagnostics);
    lay::subsets(&mut tree, subsets);
    lay::over(tree, found, overlay, files.sources, out)
}

/// The resources of all files, in order.
fn read(named: &Node, files: &mut Files<'_>, out: &mut Vec<Diagnostic>) -> Vec<Node> {
    let tree::Value::List(names) = &named.value else {
        out.push(
            Diagnostic::error("EW012", format!("a list of files is due here, not {}", named.kind()))
                .at(named.span, "")
                .help("for example `istio: [rules.yaml]`"),
        );
        return Vec::new();
    };
    let mut resources = Vec::new();
    for name in names {
        let Some(text) = name.as_text().filter(|_| !name.is_null()) else {
            let what = format!("the name of a file is due here, not {}", name.kind());
            out.push(Diagnostic::error("EW012", what).at(name.span, ""));
            continue;
        };
        let path = match files.folder.path(text, name.span.source) {
            Ok(path) => path,
            Err(complaint) => {
                let mut wrong = Diagnostic::error(complaint.code, complaint.message).at(name.span, "this file");
                wrong.help.extend(complaint.help);
                out.push(wrong);
                continue;
            }
        };
        if !files.known.0.contains_key(&path) {
            let text = match files.folder.read(text, name.span.source) {
                Ok(text) => text,
                Err(complaint) => {
                    let mut wrong = Diagnostic::error(complaint.code, complaint.message).at(name.span, "this file");
                    wrong.help.extend(complaint.help);
                    out.push(wrong);
                    continue;
                }
            };
            let source = files.sources.add(path.display().to_string(), text.clone());
            let (plain, offset) = text.strip_prefix('\u{feff}').map_or((text.as_str(), 0), |plain| (plain, 3));
            let mut diagnostics = Vec::new();
            let documents = tree::parse_all(source, plain, offset, &mut diagnostics);
            let documents: Vec<Node> = documents.into_iter().filter(|node| !node.is_null()).collect();
            files.known.0.insert(path.clone(), (documents, diagnostics));
        }
        let (documents, diagnostics) = &files.known.0[&path];
        out.extend(diagnostics.iter().cloned());
        if documents.is_empty() && diagnostics.is_empty() {
            out.push(Diagnostic::warning("EW404", format!("`{text}` says nothing")).at(name.span, "an empty file"));
        }
        resources.extend(documents.iter().cloned());
        if resources.len() > RESOURCES_MAX {
            let what = format!("more than {RESOURCES_MAX} resources of Istio's");
            out.push(Diagnostic::error("EW009", what).at(name.span, "up to this file"));
            return Vec::new();
        }
    }
    resources
}

impl<'t> Translation<'t> {
    fn of(tree: &'t Node) -> Self {
        let version = tree.get("mesh").and_then(|mesh| mesh.get("version")).and_then(Node::as_text);
        let release = version.and_then(|text| {
            let mut parts = text.split('.');
            Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
        });
        Translation {
            diagnostics: Vec::new(),
            services: host::services(tree),
            regions: host::regions(tree),
            version: release.unwrap_or(defaults::ISTIO_VERSION),
            mesh_retries: false,
            mesh: Words::default(),
            everywhere: Words::default(),
            destination_rules: Vec::new(),
            virtual_services: Vec::new(),
        }
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn translate(&mut self, resources: &[Node]) {
        let kind = |node: &Node| node.get("kind").and_then(Node::as_text).map(str::to_owned);
        let is_mesh = |node: &Node| matches!(kind(node).as_deref(), None | Some("MeshConfig" | "IstioOperator"));
        // The mesh first: rules replace what it says.
        let mut meshes = resources.iter().filter(|node| is_mesh(node));
        if let Some(first) = meshes.next() {
            self.mesh_config(first);
        }
        if let Some(second) = meshes.next() {
            self.say(Diagnostic::error("EW405", "a second MeshConfig").at(second.span, "a mesh has one"));
        }
        for node in resources.iter().filter(|node| !is_mesh(node)) {
            match kind(node).as_deref().unwrap_or("") {
                "DestinationRule" => self.destination_rule(node),
                "VirtualService" => self.virtual_service(node),
                other => self.other_kind(other, node),
            }
        }
    }

    fn other_kind(&mut self, kind: &str, node: &Node) {
        let at = node.get("kind").map_or(node.span, |kind| kind.span);
        let shown = kind.chars().take(60).collect::<String>();
        let shown = shown.escape_default();
        let said = if IDLE_KINDS.contains(&kind) {
            Diagnostic::warning("EW406", format!("a {shown} changes nothing here")).at(at, "it is not read")
        } else {
            Diagnostic::error("EW406", format!("`{shown}` is not read"))
                .at(at, "")
                .help("DestinationRule, VirtualService and MeshConfig are; leave this one out of the files")
        };
        self.say(said);
    }

    /// The fields of a resource's `spec`.
    fn spec<'n>(&mut self, node: &'n Node, message: &Message) -> Option<&'n IndexMap<String, super::tree::Entry>> {
        let resource = self.open(node, &RESOURCE)?;
        if let Some(entry) = said(resource, "apiVersion")
            && !entry.node.as_text().is_some_and(|text| API_VERSIONS.contains(&text))
        {
            let wrong = Diagnostic::error("EW406", "a resource of another API is not read").at(entry.node.span, "");
            self.say(wrong.help(format!("Istio's own are of {}", API_VERSIONS.join(", "))));
        }
        let Some(spec) = said(resource, "spec") else {
            self.wrong(node, "a resource has a `spec`");
            return None;
        };
        self.open(&spec.node, message)
    }

    fn destination_rule(&mut self, node: &Node) {
        let Some(spec) = self.spec(node, &destination_rule::SPEC) else { return };
        let Some(host) = said(spec, "host") else {
            self.wrong(node, "a DestinationRule has a `host`");
            return;
        };
        let home = self.namespace(node);
        self.exported(spec, &home);
        let mut subsets = Words::default();
        for subset in self.list(said(spec, "subsets"), "subsets") {
            self.subset(subset, &mut subsets);
        }
        let words = said(spec, "trafficPolicy").map(|entry| self.traffic_policy(&entry.node)).unwrap_or_default();
        let Some(name) = self.text(&host.node, "host").map(str::to_owned) else { return };
        let rule = Rule::new(&name, host.node.span, &home, words).with(subsets);
        self.reaches(&rule, true);
        self.destination_rules.push(rule);
    }

    fn virtual_service(&mut self, node: &Node) {
        let Some(spec) = self.spec(node, &virtual_service::SPEC) else { return };
        let home = self.namespace(node);
        self.exported(spec, &home);
        if let Some(entry) = said(spec, "gateways") {
            let gateways = self.list(Some(entry), "gateways");
            if !gateways.iter().any(|gateway| gateway.as_text() == Some("mesh")) {
                self.refused(
                    "gateways without `mesh`",
                    entry.key,
                    "there is no ingress gateway here: a rule is the proxies' own",
                );
            } else if gateways.len() > 1 {
                self.noted("gateways", entry, "there is no ingress gateway here: what the proxies do is read");
            }
        }
        let hosts = self.list(said(spec, "hosts"), "hosts");
        if hosts.is_empty() {
            self.wrong(node, "a VirtualService has `hosts`");
        }
        let (words, rules) = self.routes(spec, &home, hosts);
        for host in hosts {
            let Some(name) = self.text(host, "hosts").map(str::to_owned) else { continue };
            let rule = Rule::new(&name, host.span, &home, words.clone()).with(rules.clone());
            self.reaches(&rule, false);
            self.virtual_services.push(rule);
        }
    }

    /// The words under `mesh`, and subsets by service.
    fn finish(&mut self, at: Span) -> (Node, Words) {
        let (mut routing, mut subsets) = (Words::default(), Words::default());
        let mut traffic = Words::default();
        let everywhere = std::mem::take(&mut self.everywhere);
        traffic.put_words("*", at, everywhere);
        let (rules, routes) = (std::mem::take(&mut self.destination_rules), std::mem::take(&mut self.virtual_services));
        let (rules, routes) = (self.by_host(rules), self.by_host(routes));
        let (mut words, services) = (0, std::mem::take(&mut self.services));
        for service in &services {
            let mut of = Words::default();
            for rule in [host::holding(&rules, service), host::holding(&routes, service)].into_iter().flatten() {
                of.0.extend(rule.words.0.iter().map(|(word, entry)| (word.clone(), entry.clone())));
            }
            words += of.0.values().map(|entry| entry.node.count()).sum::<usize>();
            if words > WORDS_MAX {
                self.say(
                    Diagnostic::error("EW009", format!("rules for all services have more than {WORDS_MAX} values"))
                        .at(at, ""),
                );
                break;
            }
            let key = of.0.first().map_or(at, |(_, entry)| entry.key);
            traffic.put_words(service.entry, key, of);
            if let Some(routed) = host::holding(&routes, service) {
                words += routed.more.0.values().map(|entry| entry.node.count()).sum::<usize>();
                let key = routed.more.0.first().map_or(at, |(_, entry)| entry.key);
                routing.put_words(service.entry, key, routed.more.clone());
            }
            if let Some(rule) = host::holding(&rules, service) {
                self.subsets_of(service, rule, &mut traffic, &mut subsets);
            }
        }
        let mut mesh = std::mem::take(&mut self.mesh);
        mesh.put_words("traffic", at, traffic);
        mesh.put_words("rules", at, routing);
        (mesh.node(at), subsets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const MESSAGES: [(&str, &Message); 36] = [
        ("DestinationRule", &destination_rule::SPEC),
        ("DestinationRule", &destination_rule::SUBSET),
        ("DestinationRule", &destination_rule::POLICY),
        ("DestinationRule", &balancer::BALANCER),
        ("DestinationRule", &balancer::HASH),
        ("DestinationRule", &balancer::COOKIE),
        ("DestinationRule", &balancer::RING),
        ("DestinationRule", &balancer::MAGLEV),
        ("DestinationRule", &balancer::WARMUP),
        ("DestinationRule", &destination_rule::LOCALITY),
        ("DestinationRule", &destination_rule::DISTRIBUTE),
        ("DestinationRule", &destination_rule::FAILOVER),
        ("DestinationRule", &destination_rule::POOL),
        ("DestinationRule", &destination_rule::TCP),
        ("DestinationRule", &destination_rule::KEEPALIVE),
        ("DestinationRule", &destination_rule::HTTP),
        ("DestinationRule", &destination_rule::OUTLIER),
        ("DestinationRule", &destination_rule::TLS),
        ("DestinationRule", &destination_rule::BUDGET),
        ("VirtualService", &virtual_service::SPEC),
        ("VirtualService", &virtual_service::HTTP),
        ("VirtualService", &rule::MATCH),
        ("VirtualService", &rule::REDIRECT),
        ("VirtualService", &rule::DIRECT),
        ("VirtualService", &rule::MIRRORS),
        ("VirtualService", &rule::HEADERS),
        ("VirtualService", &rule::CHANGES),
        ("VirtualService", &virtual_service::ROUTE),
        ("VirtualService", &virtual_service::DESTINATION),
        ("VirtualService", &virtual_service::RETRY),
        ("VirtualService", &virtual_service::FAULT),
        ("VirtualService", &virtual_service::DELAY),
        ("VirtualService", &virtual_service::ABORT),
        ("MeshConfig", &mesh_config::MESH),
        ("MeshConfig", &mesh_config::PROXY),
        ("MeshConfig", &mesh_config::SETTING),
    ];

    /// The tables of docs/istio-files.md.
    fn tables() -> String {
        let (mut text, mut before) = (String::new(), "");
        for (resource, message) in MESSAGES {
            if resource != before {
                let _ = write!(text, "\n### {resource}\n\n| field | what becomes of it |\n|---|---|\n");
                before = resource;
            }
            for (field, judged) in message.fields {
                let path =
                    if message.name.is_empty() { (*field).to_owned() } else { format!("{}.{field}", message.name) };
                let (what, why) = match judged {
                    Judged::Read => ("read", ""),
                    Judged::Noted(why) => ("noted (EW401): ", *why),
                    Judged::Refused(why) => ("refused (EW400): ", *why),
                };
                let _ = writeln!(text, "| `{path}` | {what}{why} |");
            }
        }
        text
    }

    #[test]
    fn the_documentation_lists_every_field() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/istio-files.md");
        let text = std::fs::read_to_string(&path).expect("it is there");
        let (before, after) = text.split_once("<!-- fields -->\n").expect("a place for the tables");
        if std::env::var_os("EASTWEST_UPDATE").is_some() {
            std::fs::write(&path, format!("{before}<!-- fields -->\n{}", tables())).expect("it is written");
            return;
        }
        assert_eq!(after, tables(), "EASTWEST_UPDATE=1 writes it");
    }
}
