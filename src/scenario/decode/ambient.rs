//! `mesh.ztunnel` and `mesh.waypoints`: a waypoint becomes a service of its own, through which other services' calls go.

use super::fields::{Decoder, Fields, below};
use super::mesh::positive;
use crate::policy::setting::TrafficDistribution;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{
    Ambient, CallTarget, Dataplane, Forwards, Mesh, Operation, Service, Step, Topology, Waypoint, Ztunnel,
};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::vocabulary as words;
use crate::world::{Discipline, OnCancel};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// CPU that Istio requests for each waypoint (`waypoint.resources.requests.cpu: 100m`, istio 1.24).
const WAYPOINT_VCPU: f64 = 0.1;
/// So many callers are named of those who do not obey a policy.
const CALLERS_MAX: usize = 3;

impl Decoder {
    /// What an ambient mesh is made of.
    pub(super) fn ambient(
        &mut self,
        mesh: &Fields<'_>,
        dataplane: Dataplane,
        topology: &Topology,
        services: &[String],
    ) -> Ambient {
        let mut ambient = Ambient::default();
        let entry = mesh.entry("ztunnel");
        let (node, at) = (entry.map(|entry| &entry.node), entry.map_or(Span::NONE, |entry| entry.key));
        if (dataplane == Dataplane::Ambient || entry.is_some())
            && let Some(map) = self.open(node, &words::ZTUNNEL, mesh.path_of("ztunnel"), at)
        {
            let ztunnel = ambient.ztunnel;
            ambient.ztunnel = Ztunnel {
                cpu: map.read(self, "cpu", quantity::duration).unwrap_or(ztunnel.cpu),
                delay: map.read(self, "delay", quantity::duration).unwrap_or(ztunnel.delay),
                workers: map.count32(self, "workers").map_or(ztunnel.workers, |count| count.value),
                pods: map.count32(self, "pods").map_or(ztunnel.pods, |count| count.value),
            };
            map.close();
        }
        for (name, entry) in self.named(mesh.written("waypoints"), "waypoints") {
            self.check_name(name, entry.key);
            let path = below(&mesh.path_of("waypoints"), name);
            let Some(map) = self.open(Some(&entry.node), &words::WAYPOINT, path.clone(), entry.key) else { continue };
            if services.iter().any(|service| service == name) {
                let twice = Diagnostic::error("EW411", format!("`{name}` is a service already")).at(entry.key, "");
                self.say(twice.help("a waypoint is a service of its own: give it a name of its own"));
            }
            let mut serves = Vec::new();
            if let Some(node) = map.written("for") {
                for item in self.items(node, "services") {
                    let Some(text) = self.text(item, "a service, `NAMESPACE/*` or `*`").map(str::to_owned) else {
                        continue;
                    };
                    let covers = |service: &String| {
                        let namespace = service.split_once('/').map_or("default", |(namespace, _)| namespace);
                        text.strip_suffix("/*") == Some(namespace)
                    };
                    let names = services.iter().map(String::as_str);
                    if text == "*" || services.iter().any(covers) || self.known("service", &text, item.span, names) {
                        serves.push(Spanned::new(text, item.span));
                    }
                }
            }
            let replicas = map.written("replicas").map(|node| self.replicas(node, &path, topology));
            let workers = map.count32(self, "workers").map_or(2, |count| count.value);
            let micros = |micros| Spanned::unsaid(crate::units::Duration::from_micros(micros));
            let cpu = map.read(self, "cpu", positive).unwrap_or(micros(250));
            let delay = map.read(self, "delay", quantity::duration).unwrap_or(micros(500));
            let traffic_distribution =
                map.word(self, "traffic-distribution").map_or(TrafficDistribution::PreferSameZone, |word| {
                    use TrafficDistribution::{Any, PreferSameNode, PreferSameZone};
                    [Any, PreferSameZone, PreferSameZone, PreferSameNode][word]
                });
            map.close();
            let Some(replicas) = replicas else { continue };
            let waypoint = Waypoint { span: entry.key, serves, replicas, workers, cpu, delay, traffic_distribution };
            ambient.waypoints.insert(name.to_owned(), waypoint);
        }
        if dataplane != Dataplane::Ambient {
            for key in ["ztunnel", "waypoints"] {
                if let Some(entry) = mesh.entry(key) {
                    let nobody = Diagnostic::error("EW410", format!("`{key}` without `dataplane: ambient`"));
                    self.say(nobody.at(entry.key, "").help("say `dataplane: ambient`, or remove it"));
                }
            }
            return Ambient::default();
        }
        ambient
    }

    /// Puts waypoints among the services, and the calls of services through them.
    pub(super) fn through_waypoints(&mut self, mesh: &mut Mesh, services: &mut IndexMap<String, Service>) {
        if mesh.dataplane != Dataplane::Ambient {
            return;
        }
        let of: BTreeMap<String, String> =
            services.keys().filter_map(|service| Some((service.clone(), self.waypoint_of(mesh, service)?))).collect();
        mesh.ambient.by_connection = services.keys().cloned().collect();
        self.unobeyed(mesh, services, &of);
        // Only what is called through a waypoint is an operation of it.
        let mut called: BTreeSet<(String, CallTarget)> = BTreeSet::new();
        for service in services.values_mut() {
            for operation in service.operations.values_mut() {
                redirect(&mut operation.steps, &of, &mut called);
            }
            for variant in service.versions.values_mut().flat_map(|version| version.operations.values_mut()) {
                variant.steps.iter_mut().for_each(|steps| redirect(steps, &of, &mut called));
            }
        }
        for (name, waypoint) in &mesh.ambient.waypoints {
            let mut operations = IndexMap::new();
            for (_, target) in called.iter().filter(|(through, _)| through == name) {
                let asked = &services[&target.service].operations[&target.operation];
                let step = Step::Call(Spanned::new(target.clone(), waypoint.span));
                let passed = Operation {
                    span: waypoint.span,
                    steps: vec![step],
                    errors: Vec::new(),
                    priority: 0,
                    ..asked.clone()
                };
                operations.insert(operation_name(target), passed);
            }
            if operations.is_empty() {
                let idle = Diagnostic::error("EW411", format!("no service calls anything through `{name}`"));
                self.say(idle.at(waypoint.span, "").help(
                    "a waypoint stands between services; ingress proxies go past it: remove it, or see its `for`",
                ));
                continue;
            }
            let passing = Service {
                span: waypoint.span,
                replicas: waypoint.replicas.clone(),
                versions: IndexMap::new(),
                subsets: IndexMap::new(),
                forwards: Forwards::All,
                workers: Spanned::unsaid(1),
                cpu: WAYPOINT_VCPU,
                threads: None,
                queue: None,
                discipline: Discipline::Fcfs,
                on_cancel: OnCancel::Finish,
                traffic_distribution: waypoint.traffic_distribution,
                start_up: Default::default(),
                autoscale: None,
                operations,
            };
            services.insert(name.clone(), passing);
        }
    }

    /// The waypoint that names a service most closely.
    fn waypoint_of(&mut self, mesh: &Mesh, service: &str) -> Option<String> {
        let named = mesh.ambient.waypoints.iter().filter_map(|(name, waypoint)| Some((waypoint.names(service)?, name)));
        let named: Vec<_> = named.collect();
        let closest = named.iter().map(|(close, _)| *close).max()?;
        let mut first = named.iter().filter(|(close, _)| *close == closest).map(|(_, name)| *name);
        let name = first.next()?;
        if let Some(second) = first.next() {
            let (one, other) = (&mesh.ambient.waypoints[name], &mesh.ambient.waypoints[second]);
            let twice = Diagnostic::error("EW411", format!("`{service}` is behind two waypoints"));
            self.say(twice.at(one.span, "this one").at(other.span, "and this one").help("a service uses one waypoint"));
        }
        Some(name.clone())
    }

    /// Tells of policies that nobody obeys, since nobody reads the requests.
    fn unobeyed(&mut self, mesh: &Mesh, services: &IndexMap<String, Service>, of: &BTreeMap<String, String>) {
        let mut edges: BTreeSet<(&str, &str)> = BTreeSet::new();
        for (name, service) in services {
            for operation in service.operations.values() {
                calls(&operation.steps, &mut |target| {
                    edges.insert((name, &target.service));
                });
            }
        }
        let mut callers: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (from, to) in edges {
            let waypoint = of.get(to);
            let entries = mesh.entries(from, to);
            // The edge itself is nobody's where a waypoint stands in between: it does not ask who calls.
            let nobodys = if waypoint.is_some() { &entries[..1] } else { &entries[..] };
            for (index, traffic) in nobodys.iter().flatten() {
                if !traffic.policy.of_requests().is_empty() {
                    callers.entry(*index).or_default().push(format!("{from} -> {to}"));
                }
            }
        }
        for (index, edges) in callers {
            let (selector, traffic) = mesh.traffic.get_index(index).expect("an entry is one of them");
            let words = traffic.policy.of_requests().join("`, `");
            let more = edges.len().saturating_sub(CALLERS_MAX);
            let shown = edges[..edges.len().min(CALLERS_MAX)].join(", ");
            let and = if more > 0 { format!(" and {more} more") } else { String::new() };
            let what = format!("`{words}` of `{selector}` does not hold for {shown}{and}");
            let unread = Diagnostic::warning("EW412", what).at(traffic.span, "ztunnels see connections only");
            self.say(unread.help(
                "a waypoint obeys what is said of the service that it is `for`, whoever calls; as in Istio, the rest is ignored",
            ));
        }
        for (name, _) in services {
            if let Some(limit) = mesh.rate_limit(name).and(mesh.traffic.get(name).and_then(|t| t.policy.rate_limit)) {
                let unread = Diagnostic::error("EW413", format!("nobody stands before `{name}` to limit its rate"));
                self.say(
                    unread
                        .at(limit.span, "")
                        .help("write it under the name of a waypoint: each of its replicas has such a bucket"),
                );
            }
        }
    }
}

/// `orders`, `orders.create`: what a waypoint calls what it passes on.
fn operation_name(target: &CallTarget) -> String {
    if target.operation.is_empty() {
        target.service.clone()
    } else {
        format!("{}.{}", target.service, target.operation)
    }
}

fn calls<'s>(steps: &'s [Step], seen: &mut impl FnMut(&'s CallTarget)) {
    fn each<'s>(steps: &'s [Step], seen: &mut dyn FnMut(&'s CallTarget)) {
        for step in steps {
            match step {
                Step::Call(target) => seen(&target.value),
                Step::Parallel(branches) => branches.iter().for_each(|branch| each(branch, seen)),
                Step::Choose(choices) => choices.iter().for_each(|choice| each(&choice.steps, seen)),
                Step::Repeat { steps, .. } => each(steps, seen),
                Step::Cache(cache) => each(&cache.miss, seen),
                Step::Work(_) | Step::Again(_) => {}
            }
        }
    }
    each(steps, seen);
}

/// Calls go to the waypoint of what they call.
fn redirect(steps: &mut [Step], of: &BTreeMap<String, String>, called: &mut BTreeSet<(String, CallTarget)>) {
    for step in steps {
        match step {
            Step::Call(target) => {
                let Some(waypoint) = of.get(&target.value.service) else { continue };
                called.insert((waypoint.clone(), target.value.clone()));
                let operation = operation_name(&target.value);
                target.value = CallTarget { service: waypoint.clone(), operation };
            }
            Step::Parallel(branches) => branches.iter_mut().for_each(|branch| redirect(branch, of, called)),
            Step::Choose(choices) => choices.iter_mut().for_each(|choice| redirect(&mut choice.steps, of, called)),
            Step::Repeat { steps, .. } => redirect(steps, of, called),
            Step::Cache(cache) => redirect(&mut cache.miss, of, called),
            Step::Work(_) | Step::Again(_) => {}
        }
    }
}
