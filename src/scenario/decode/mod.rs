//! The collecting decoder: a merged tree becomes a typed scenario, or everything that is wrong with it.
//!
//! Reads in the order in which names are defined: places, services, products, routes, mesh, workload, faults, gates.

mod action;
mod ambient;
mod balance;
mod business;
mod calls;
mod connectivity;
mod control;
mod dead;
mod entry;
mod fault;
pub(crate) mod fields;
mod flow;
mod gateway;
mod lanes;
mod law;
mod link;
mod locality;
mod mesh;
mod objective;
mod prices;
mod reliability;
mod resilience;
mod rules;
mod run;
mod scaling;
mod service;
mod session;
mod store;
mod sweep;
mod times;
mod topology;
mod version;
mod workload;

pub(crate) use fault::accepts as accepts_hit;
pub use fields::Filled;

pub(in crate::scenario) use calls::meant_at;
pub(in crate::scenario) use locality::host_of;

use super::diagnostic::Diagnostic;
use super::file::{ProductKind, Scenario, StreamFrom};
use super::folder::Folder;
use super::span::{Span, Spanned};
use super::tree::Node;
use super::vocabulary as words;
use fields::Decoder;
use std::collections::BTreeMap;

/// What decoding one variant found.
pub(crate) struct Decoded {
    /// The scenario; none where something is wrong.
    pub(crate) scenario: Option<Scenario>,
    /// Mistakes and warnings.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Defaults that were filled in.
    pub(crate) filled: Vec<Filled>,
    /// Files that were read, by name.
    pub(crate) files: BTreeMap<String, String>,
}

/// What is known of a variant besides its tree.
pub(crate) struct Setting<'s> {
    /// Its name.
    pub(crate) variant: &'s str,
    /// Names of all variants.
    pub(crate) variants: &'s [String],
    /// The scenario's name where it says none.
    pub(crate) file_name: &'s str,
    /// Where files are.
    pub(crate) folder: &'s Folder,
}

/// Decodes the tree of one variant.
pub(crate) fn decode(tree: &Node, setting: &Setting<'_>) -> Decoded {
    let mut decoder = Decoder { folder: setting.folder.clone(), ..Decoder::default() };
    let scenario = decoder.scenario(tree, setting);
    let failed = decoder.diagnostics.iter().any(Diagnostic::is_error);
    let untold = decoder.untold();
    if untold > 0 {
        let more = Diagnostic::warning("EW308", format!("and {untold} more, which are not listed"));
        decoder.diagnostics.push(more.help("mend the first ones, and ask again"));
    }
    Decoded {
        scenario: scenario.filter(|_| !failed),
        diagnostics: decoder.diagnostics,
        filled: decoder.filled,
        files: decoder.files,
    }
}

fn keys<V>(map: &indexmap::IndexMap<String, V>) -> Vec<String> {
    map.keys().cloned().collect()
}

/// The keys of a map in the tree, whether or not what they hold is right: a name that was written is known.
fn written(node: Option<&Node>) -> Vec<String> {
    node.and_then(Node::as_map).map(keys).unwrap_or_default()
}

impl Decoder {
    fn scenario(&mut self, tree: &Node, setting: &Setting<'_>) -> Option<Scenario> {
        let map = self.open(Some(tree), &words::ROOT, Vec::new(), first_line(tree.span))?;
        map.count(self, "eastwest");
        let name = map.text(self, "name").unwrap_or_else(|| Spanned::unsaid(setting.file_name.to_owned()));
        self.check_name(&name, name.span);
        let question = map.text(self, "question").map(|question| shown(&question.value)).unwrap_or_default();
        // Read by the loader, before there is a variant.
        map.written("base");
        map.written("variants");
        self.copies(&map);
        let network = map.word(self, "network") != Some(1);
        let topology = self.topology(map.written("topology"));
        let mut services = self.services(map.written("services"), &topology);
        self.resolve_calls(&mut services);
        let service_names = written(map.written("services"));
        let connectivity = self.connectivity(map.written("connectivity"), &topology, &service_names);
        let routes = self.routes(map.written("routes"), &topology, &written(map.written("connectivity")));
        let streams = written(map.written("workload"));
        let mut mesh = self.mesh(map.entry("mesh"), &topology, &service_names, &streams, &services);
        self.lanes(map.entry("mesh"), &mut services, &streams, &mut mesh);
        self.through_waypoints(&mut mesh, &mut services);
        let entries = self.global_entries(map.written("entry"), &topology, &service_names);
        let known = store::Known { topology: &topology, services: &services, names: &service_names };
        let stores = self.stores(map.written("stores"), &known);
        let workload = self.workload(map.written("workload"), &topology, &services, &written(map.written("entry")));
        let flows = self.flows(map.written("flows"), &topology);
        let things = fault::Things {
            topology: &topology,
            products: &connectivity,
            services: &services,
            entries: &entries,
            stores: &stores,
        };
        let faults = self.faults(map.written("faults"), &things);
        let scope = action::Scope {
            topology: &topology,
            entries: &entries,
            stores: &stores,
            services: &services,
            faults: &written(map.written("faults")),
        };
        let actions = self.actions(map.written("actions"), &scope);
        let prices = self.prices(map.entry("prices"));
        let currency = prices.as_ref().map_or("USD", |prices| prices.currency.value.as_str());
        let business = self.business(map.entry("business"), &written(map.written("faults")), currency);
        let reliability = self.reliability(map.entry("reliability"));
        let run = self.run(map.entry("run"), &workload);
        let names = objective::Names {
            topology: &topology,
            services: &services,
            products: &written(map.written("connectivity")),
            streams: &streams,
            faults: &written(map.written("faults")),
            stores: &stores,
            variants: setting.variants,
        };
        let objectives = self.objectives(map.written("objectives"), &names);
        let sweep = self.sweep(map.entry("sweep"));
        for required in ["services", "workload"] {
            let node = map.written(required);
            if node.is_some_and(|node| node.as_map().is_some_and(indexmap::IndexMap::is_empty)) {
                let span = node.map_or(Span::NONE, |node| node.span);
                self.say(Diagnostic::error("EW303", format!("`{required}` is empty")).at(span, ""));
            }
        }
        map.close();
        let scenario = Scenario {
            name,
            variant: setting.variant.to_owned(),
            question,
            network,
            topology,
            connectivity,
            routes,
            services,
            mesh,
            workload,
            entries,
            actions,
            stores,
            flows,
            faults,
            prices: prices?,
            business,
            reliability,
            objectives,
            run: run?,
            sweep,
        };
        if !self.diagnostics.iter().any(Diagnostic::is_error) {
            self.check_graph(&scenario);
            self.check_times(&scenario);
            self.check_dead(&scenario, setting.variant);
        }
        Some(scenario)
    }
}

/// Products, VPCs and regions that no variant uses, and patterns of faults that match nothing of any: each variant alone
/// may leave some to the others.
pub(crate) fn unused(scenarios: &[&Scenario]) -> Vec<Diagnostic> {
    let Some(first) = scenarios.first() else { return Vec::new() };
    let mut said = Vec::new();
    let topology = &first.topology;
    for (name, vpc) in &topology.vpcs {
        if !scenarios.iter().any(|scenario| uses_vpc(scenario, name)) {
            said.push(
                Diagnostic::warning("EW315", format!("no cluster is in VPC `{name}`, and no product names it"))
                    .at(vpc.span, ""),
            );
        }
    }
    for (name, region) in &topology.regions {
        let used = |scenario: &&Scenario| {
            scenario.topology.clusters.values().any(|cluster| cluster.region.value == *name)
                || scenario.topology.vpcs.iter().any(|(vpc, at)| at.region.value == *name && uses_vpc(scenario, vpc))
                || scenario.workload.values().any(|stream| stream.from.value == StreamFrom::Region(name.clone()))
        };
        if !scenarios.iter().any(used) {
            said.push(Diagnostic::warning("EW315", format!("no cluster is in region `{name}`")).at(region.span, ""));
        }
    }
    said.extend(unused_products(scenarios));
    said.extend(fault::unmatched(scenarios));
    said
}

/// Is a cluster in the VPC, or does a product name it?
fn uses_vpc(scenario: &Scenario, vpc: &str) -> bool {
    let mut clusters = scenario.topology.clusters.values();
    clusters.any(|cluster| cluster.vpc.as_ref().is_some_and(|home| home.value == vpc))
        || scenario.connectivity.values().any(|product| match &product.kind {
            // What is attached by default was not named.
            ProductKind::Cen(cen) => cen.attach.get(vpc).is_some_and(|(span, _)| !span.is_none()),
            ProductKind::PrivateLink(link) => link.consumer.value == vpc,
            ProductKind::VpcPeering(peering) => {
                peering.between.as_ref().is_some_and(|(a, b)| a.value == vpc || b.value == vpc)
            }
            ProductKind::PublicGateway(_) | ProductKind::PrivateGateway(_) => false,
        })
}

/// Products that no variant's routes use.
fn unused_products(scenarios: &[&Scenario]) -> Vec<Diagnostic> {
    let Some(first) = scenarios.first() else { return Vec::new() };
    let used = |product: &str| {
        scenarios.iter().any(|scenario| {
            let routed = scenario.routes.values().any(|route| {
                route.via.value == product || route.behind.as_ref().is_some_and(|behind| behind.value == product)
            });
            routed
                || scenario.connectivity.values().any(|other| match &other.kind {
                    ProductKind::PrivateGateway(gateway) => gateway.over.value == product,
                    _ => false,
                })
        })
    };
    let unused = first.connectivity.iter().filter(|(name, _)| !used(name));
    unused
        .map(|(name, product)| {
            Diagnostic::warning("EW315", format!("no route uses `{name}`"))
                .at(product.span, "")
                .help("it has no effect and costs nothing here; name it as `via` of a route, or remove it")
        })
        .collect()
}

/// A text without what would steer a terminal or turn the direction of reading.
fn shown(text: &str) -> String {
    text.chars().map(|letter| if crate::scenario::render::steers(letter) { ' ' } else { letter }).collect()
}

/// The place to point at for what a whole file lacks: its first value, not all of it.
fn first_line(span: Span) -> Span {
    Span { end: span.start.saturating_add(1).min(span.end), ..span }
}
