//! Rules become tables: which route a call takes, by its caller's version, its operation and what it carries; and an edge
//! for each cluster of Envoy's and each policy that a route sends calls with.

use std::collections::{BTreeMap, BTreeSet};

use super::contexts::{Contexts, hashed};
use super::program::Mean;
use crate::policy::route_match::{self, Found, HttpMatch, MESH, Request, Source};
use crate::policy::shares;
use crate::scenario::Diagnostic;
use crate::scenario::decode::meant_at;
use crate::scenario::file::{EdgePolicy, Entry, Rule, RuleAction, RuleTarget, Scenario, TrafficPatch};
use crate::world::{
    Action, Caller, Destination, Edge, EdgeId, HeaderValue, Mirror, OperationId, Route, RouteId, RouteTable,
    RouteTableId, ServiceId, Subset, SubsetId, World,
};

/// Edges that rules make, and what they are made of.
struct Writer<'a> {
    scenario: &'a Scenario,
    world: &'a mut World,
    rules: &'a mut Vec<EdgePolicy>,
    contexts: &'a mut Contexts,
    subsets: BTreeMap<RuleTarget, SubsetId>,
    /// Ordinals of upstreams, by caller and what is called; and how many there are, by caller.
    ordinals: BTreeMap<(Caller, ServiceId, SubsetId), u32>,
    counts: BTreeMap<Caller, u32>,
    /// Which rule a route is of.
    made: BTreeMap<RouteId, (&'a str, usize)>,
}

/// Compiles the rules of all services.
pub(super) fn rules(
    scenario: &Scenario,
    world: &mut World,
    means: &[Mean],
    rules: &mut Vec<EdgePolicy>,
    said: &mut Vec<Diagnostic>,
) {
    let ruled = scenario.mesh.rules.values().any(|rules| !rules.is_empty());
    if !ruled && hashed(world).next().is_none() {
        return;
    }
    let mut contexts = Contexts::new(scenario, world, said);
    if !ruled {
        return;
    }
    let mut writer = Writer {
        scenario,
        rules,
        contexts: &mut contexts,
        subsets: BTreeMap::new(),
        ordinals: BTreeMap::new(),
        counts: BTreeMap::new(),
        made: BTreeMap::new(),
        world,
    };
    writer.subsets();
    for edge in writer.world.edges.rows() {
        writer.ordinals.insert((edge.from, edge.to, SubsetId::NONE), edge.ordinal);
        let count = writer.counts.entry(edge.from).or_default();
        *count = (edge.ordinal + 1).max(*count);
    }
    for edge in writer.world.edges.ids().collect::<Vec<_>>() {
        writer.edge(edge);
    }
    let Writer { made, world, .. } = writer;
    let met: BTreeSet<(&str, usize)> =
        taken(world, means).routes.iter().filter_map(|route| made.get(route).copied()).collect();
    for (service, rules) in &scenario.mesh.rules {
        for (at, (name, rule)) in rules.iter().enumerate() {
            // Rules that nobody wrote may be for nobody.
            if !met.contains(&(service.as_str(), at)) && !rule.span.is_none() {
                let what = format!("no call to `{service}` ever meets the rule `{name}`");
                said.push(Diagnostic::warning("EW374", what).at(rule.span, "").help(
                    "an earlier rule takes them all, or nobody calls like that: an application passes on only the headers that its `forwards` names",
                ));
            }
        }
    }
}

impl<'a> Writer<'a> {
    fn subsets(&mut self) {
        for (at, (name, service)) in self.scenario.services.iter().enumerate() {
            for (subset, versions) in &service.subsets {
                let versions = versions.iter().map(|version| *version as u16).collect();
                let row = Subset { name: subset.clone(), service: ServiceId(at as u32), versions };
                let id = self.world.routing.subsets.push(row);
                self.subsets.insert(RuleTarget { service: name.clone(), subset: Some(subset.clone()) }, id);
            }
        }
    }

    /// The table of an edge as it is written, where rules concern it.
    fn edge(&mut self, edge: EdgeId) {
        let written = self.world.edges[edge].clone();
        let name = &self.scenario.services.get_index(written.to.0 as usize).expect("a service of the file").0;
        let Some(rules) = self.scenario.mesh.rules.get(name.as_str()).filter(|rules| !rules.is_empty()) else { return };
        let service: &'a str = name;
        // A ztunnel sees connections, not calls.
        let by_connection = &self.scenario.mesh.ambient.by_connection;
        if matches!(written.from, Caller::Service(from) if by_connection.contains(&self.world.services[from].name)) {
            return;
        }
        let lists: Vec<&[HttpMatch]> = rules.values().map(|rule| rule.matches.as_slice()).collect();
        let entries = || lists.iter().copied().flatten();
        let by_caller = entries().any(|entry| !entry.source_labels.is_empty());
        let by_operation = entries().any(|entry| entry.uri.is_some() || entry.method.is_some());
        let by_header = entries().any(|entry| !entry.headers.is_empty() || !entry.without_headers.is_empty());
        let versions = match written.from {
            Caller::Service(from) if by_caller => self.world.services[from].versions.len().max(1),
            _ => 1,
        };
        let operations = if by_operation { self.world.services[written.to].operations.len() } else { 1 };
        let contexts = if by_header { self.world.routing.contexts.len().max(1) } else { 1 };
        let mut rows = Vec::with_capacity(versions * operations * contexts);
        let mut routes: BTreeMap<Option<usize>, RouteId> = BTreeMap::new();
        let mut concerned = false;
        for version in 0..versions {
            let caller = self.caller(written.from, version);
            let gateways = [caller.gateway.as_str()];
            let source =
                Source { labels: &caller.labels, namespace: &caller.namespace, gateways: &gateways, port: None };
            // A VirtualService of which nothing is left is as none.
            let given = route_match::given(lists.iter().copied(), &source);
            let unruled = given.is_empty();
            concerned |= !unruled;
            for operation in 0..operations {
                for context in 0..contexts {
                    let found = match self.met_by(service, (&lists, &given), &source, (operation, context)) {
                        _ if unruled => None,
                        Found::Rule(at) => Some(at),
                        Found::Unruled => None,
                        Found::NoRoute => {
                            rows.push(RouteId::NONE);
                            continue;
                        }
                    };
                    let route = match routes.get(&found) {
                        Some(&known) => known,
                        None => {
                            let route = self.route(edge, &written, found);
                            let id = self.world.routing.routes.push(route);
                            self.made.extend(found.map(|at| (id, (service, at))));
                            routes.insert(found, id);
                            id
                        }
                    };
                    rows.push(route);
                }
            }
        }
        if !concerned {
            return;
        }
        let stride = |count: usize, one: usize| if count > 1 { one as u32 } else { 0 };
        let table = RouteTable {
            rows,
            by_version: stride(versions, operations * contexts),
            by_operation: stride(operations, contexts),
            by_context: stride(contexts, 1),
        };
        self.world.edges[edge].routing = self.world.routing.tables.push(table);
    }

    fn met_by(
        &self,
        service: &str,
        (lists, given): (&[&[HttpMatch]], &[usize]),
        source: &Source<'_>,
        (operation, context): (usize, usize),
    ) -> Found {
        let (_, operation) =
            self.scenario.services[service].operations.get_index(operation).expect("an operation of it");
        let carried = self.world.routing.contexts.get(context);
        let headers = carried.into_iter().flat_map(|context| &context.headers).map(|(header, value)| {
            let (HeaderValue::Text(text) | HeaderValue::Drawn(text)) = value;
            (self.world.routing.headers[*header].as_str(), text.as_str())
        });
        let headers: Vec<(&str, &str)> = headers.collect();
        let request = Request {
            path: &operation.path,
            method: &operation.method,
            scheme: "http",
            authority: service,
            headers: &headers,
        };
        route_match::first_given(lists, given, source, &request)
    }

    fn caller(&self, from: Caller, version: usize) -> CallerLabels {
        let label = |key: &str, text: &str| (key.to_owned(), text.to_owned());
        match from {
            Caller::Service(id) => {
                let (name, service) = self.scenario.services.get_index(id.0 as usize).expect("a service of the file");
                let (namespace, app) = name.split_once('/').unwrap_or(("default", name));
                let own = service.versions.get_index(version).map(|(_, version)| version.labels.clone());
                let labels = own.unwrap_or_else(|| vec![label("app", app)]);
                CallerLabels { labels, namespace: namespace.to_owned(), gateway: MESH.to_owned() }
            }
            Caller::Stream(id) => {
                let (name, stream) = self.scenario.workload.get_index(id.0 as usize).expect("a stream of the file");
                let gateway = if stream.entry == Entry::Ingress { name.as_str() } else { MESH };
                let labels = vec![label("app", name), label("istio", "ingressgateway")];
                CallerLabels { labels, namespace: "istio-system".to_owned(), gateway: gateway.to_owned() }
            }
        }
    }

    /// What a rule does with calls on an edge; none: they go where the edge says.
    fn route(&mut self, edge: EdgeId, written: &Edge, rule: Option<usize>) -> Route {
        let service = self.world.services[written.to].name.clone();
        let found = rule.and_then(|at| self.scenario.mesh.rules[&service].get_index(at));
        let Some((name, rule)) = found else {
            let to = Destination {
                below: 1.0,
                edge,
                operations: Vec::new(),
                headers: crate::world::ContextMapId::NONE,
                fallback: Vec::new(),
            };
            return Route { name: service, action: Action::Send(vec![to]), mirrors: Vec::new() };
        };
        let action = match &rule.action {
            RuleAction::Respond(status) => Action::Respond(*status),
            RuleAction::Send { to, fallback } => {
                let weights: Vec<u32> = to.iter().map(|(_, weight)| *weight).collect();
                let mut sent = Vec::new();
                for (at, ((target, _), below)) in to.iter().zip(shares::below(&weights)).enumerate() {
                    let Some(below) = below else { continue };
                    let destination = self.destination((edge, written), (name, rule), target, fallback, below, false);
                    sent.push(Destination { headers: self.contexts.written(rule, Some(at)), ..destination });
                }
                Action::Send(sent)
            }
        };
        let mirrors = rule.mirrors.iter().map(|(target, share)| Mirror {
            share: *share,
            to: self.destination((edge, written), (name, rule), target, &[], 1.0, true),
        });
        Route { mirrors: mirrors.collect(), name: format!("{service}/{name}"), action }
    }

    fn destination(
        &mut self,
        of: (EdgeId, &Edge),
        rule: (&str, &Rule),
        target: &RuleTarget,
        fallback: &[RuleTarget],
        below: f64,
        copies: bool,
    ) -> Destination {
        let ruled = self.world.services[of.1.to].name.clone();
        let to = self.scenario.services.get_index_of(&target.service).expect("a target was checked to exist");
        let operations = if target.service == ruled {
            Vec::new()
        } else {
            let services = &self.scenario.services;
            let meant = |operation: &String| -> OperationId {
                let name =
                    meant_at(services, &ruled, operation, &target.service).expect("a target was checked to have it");
                let at = services[to].operations.get_index_of(name).expect("an operation of it");
                self.world.services[ServiceId(to as u32)].operations[at]
            };
            services[&ruled].operations.keys().map(meant).collect()
        };
        let headers = self.contexts.written(rule.1, None);
        let edge = self.part(of, rule, target, copies);
        let fallback = fallback
            .iter()
            .filter(|next| next.service == target.service)
            .map(|next| self.part(of, rule, next, copies))
            .collect();
        Destination { below, edge, operations, headers, fallback }
    }

    /// The edge over which a rule sends calls: one for each cluster and policy.
    fn part(
        &mut self,
        (id, written): (EdgeId, &Edge),
        (name, rule): (&str, &Rule),
        target: &RuleTarget,
        copies: bool,
    ) -> EdgeId {
        let (at, _, service) = self.scenario.services.get_full(&target.service).expect("a target was checked to exist");
        let to = ServiceId(at as u32);
        let subset = self.subsets.get(target).copied().unwrap_or(SubsetId::NONE);
        let ruled = &self.world.services[written.to].name;
        let from = match written.from {
            Caller::Service(from) => &self.world.services[from].name,
            Caller::Stream(stream) => &self.world.streams[stream].name,
        };
        let (mesh, wish) = (&self.scenario.mesh, service.traffic_distribution);
        let mut policy = mesh.policy_of(from, &target.service, target.subset.as_deref(), wish);
        if to != written.to {
            // How a call is tried is said for what was called.
            let own = mesh.policy(from, ruled).policy;
            (policy.policy.timeout, policy.policy.per_try) = (own.timeout, own.per_try);
            (policy.policy.retries, policy.policy.retry_on) = (own.retries, own.retry_on);
            (policy.policy.backoff, policy.policy.max_backoff) = (own.backoff, own.max_backoff);
            (policy.policy.hedge, policy.policy.fault) = (own.hedge, own.fault);
            policy.policy.previous_priorities = own.previous_priorities;
        }
        said_by(&rule.policy, &mut policy);
        if copies {
            // Envoy sends a copy once, past the filters, within the route's timeout.
            let policy = &mut policy.policy;
            (policy.retries, policy.per_try, policy.hedge) = (0, None, false);
            (policy.fault, policy.previous_priorities) = (None, None);
        }
        let whose =
            target.subset.as_deref().map_or(target.service.clone(), |subset| format!("{}:{subset}", target.service));
        let plain = format!("{from} -> {whose}");
        let alike = |edge: &Edge| {
            let same = (edge.from, edge.to, edge.subset, edge.copies) == (written.from, to, subset, copies);
            let own = (edge.of == id || edge.of.is_none() && subset.is_none() && to == written.to) && !copies;
            same && (own || copies && edge.of == id) && self.rules[edge.policy.0 as usize].policy == policy.policy
        };
        if let Some((known, _)) = self.world.edges.iter().find(|(_, edge)| alike(edge)) {
            return known;
        }
        let taken = |name: &str| self.world.edges.rows().iter().any(|edge| edge.name == name);
        let edge_name = match copies {
            true => format!("{plain} (copies by {name})"),
            false if to == written.to && !taken(&plain) => plain,
            false => format!("{plain} (by {name})"),
        };
        let next = self.counts.entry(written.from).or_default();
        let ordinal = *self.ordinals.entry((written.from, to, subset)).or_insert_with(|| {
            *next += 1;
            *next - 1
        });
        self.rules.push(policy.clone());
        let policy = self.world.policies.push(policy.policy);
        let edge = Edge {
            name: edge_name,
            from: written.from,
            to,
            policy,
            ordinal,
            subset,
            of: id,
            copies,
            routing: RouteTableId::NONE,
        };
        self.world.edges.push(edge)
    }
}

/// What some call takes.
#[derive(Default)]
pub(super) struct Taken {
    routes: BTreeSet<RouteId>,
    /// And the operations that are called over each; a fallback's too.
    pub edges: BTreeMap<EdgeId, BTreeSet<OperationId>>,
}

/// Followed from the streams, with what requests carry, through what applications pass on.
pub(super) fn taken(world: &World, means: &[Mean]) -> Taken {
    let mut taken = Taken::default();
    let mut seen: BTreeSet<(OperationId, u16, u16)> = BTreeSet::new();
    let mut open: Vec<(OperationId, u16, u16)> = Vec::new();
    let mut call = |edge: EdgeId, version: u16, operation: OperationId, context: u16, open: &mut Vec<_>| {
        if let Some(table) = world.routing.tables.get(world.edges[edge].routing) {
            let number = operation.0 - world.services[world.edges[edge].to].operations[0].0;
            let route = table.row(version, number, context);
            taken.routes.insert(route);
            if let Some(Action::Send(to)) = world.routing.routes.get(route).map(|route| &route.action) {
                for to in to {
                    let meant = to.operations.get(number as usize).copied().unwrap_or(operation);
                    to.fallback.iter().for_each(|edge| _ = taken.edges.entry(*edge).or_default().insert(meant));
                }
            }
        }
        for lead in world.leads(edge, version, operation, context).iter().filter(|lead| !lead.edge.is_none()) {
            taken.edges.entry(lead.edge).or_default().insert(lead.operation);
            let versions = world.services[world.edges[lead.edge].to].versions.len().max(1) as u16;
            open.extend((0..versions).map(|version| (lead.operation, version, lead.context)));
        }
    };
    for (id, stream) in world.streams.iter() {
        for (context, _) in world.carries(id) {
            stream.mix.iter().for_each(|(operation, _)| call(stream.edge, 0, *operation, context, &mut open));
        }
    }
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let (operation, version, context) = at;
        let context = world.mapped(world.services[world.operations[operation].service].forwards, context);
        for (site, _) in &means[operation.0 as usize].of(version).calls {
            let site = world.call_sites[*site as usize];
            call(site.edge, version, site.operation, context, &mut open);
        }
    }
    taken
}

/// What rules ask of a caller.
struct CallerLabels {
    labels: Vec<(String, String)>,
    namespace: String,
    gateway: String,
}

/// What a rule says of timeouts and retries is instead of what `traffic` says.
fn said_by(rule: &TrafficPatch, edge: &mut EdgePolicy) {
    let policy = &mut edge.policy;
    policy.timeout = rule.timeout.map_or(policy.timeout, |timeout| timeout.value);
    policy.per_try = rule.per_try.map_or(policy.per_try, |timeout| timeout.value);
    policy.retries = rule.retries.map_or(policy.retries, |retries| retries.value);
    policy.retry_on = rule.retry_on.unwrap_or(policy.retry_on);
    if let Some((base, max)) = rule.backoff {
        (policy.backoff, policy.max_backoff) = (base, max);
    }
    policy.hedge = rule.hedge.unwrap_or(policy.hedge);
    policy.previous_priorities = rule.previous_priorities.unwrap_or(policy.previous_priorities);
    policy.fault = rule.fault.unwrap_or(policy.fault);
}
