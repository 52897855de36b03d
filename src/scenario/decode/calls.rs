//! The call graph: what each call reaches, that calls do not cycle, and that every operation is reached.

use super::fields::{Decoder, nearest};
use super::rules::led_to;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{CallTarget, Scenario, Service, Step, Stream};
use crate::scenario::span::{Span, Spanned};
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};

/// Calls of one request, retries aside, past which a scenario is refused.
const CALLS_PER_REQUEST_MAX: f64 = 1e6;

type Services = IndexMap<String, Service>;

impl Decoder {
    /// The operation that a text names: `service` (its only operation) or `service.operation`.
    pub(super) fn call_target(&mut self, text: &str, span: Span, services: &Services) -> Option<CallTarget> {
        let (service, operation) = match text.split_once('.') {
            Some((service, operation)) => (service, Some(operation)),
            None => (text, None),
        };
        let found = services.contains_key(service);
        if !found && !self.known("service", service, span, services.keys().map(String::as_str)) {
            return None;
        }
        let known = &services[service].operations;
        let operation = match operation {
            Some(operation) => {
                let names = || known.keys().map(String::as_str).filter(|name| !name.is_empty());
                if known.contains_key("") && names().next().is_none() {
                    let unknown = Diagnostic::error("EW201", format!("service `{service}` has no named operations"));
                    self.say(unknown.at(span, "").help(format!("write `{service}`")));
                    return None;
                }
                if !known.contains_key(operation) {
                    let mut unknown =
                        Diagnostic::error("EW201", format!("unknown operation `{operation}` of `{service}`"))
                            .at(span, "");
                    unknown.help.push(match nearest(operation, names()) {
                        Some(near) => format!("did you mean `{service}.{near}`?"),
                        None => format!("its operations are {}", names().collect::<Vec<_>>().join(", ")),
                    });
                    self.say(unknown);
                    return None;
                }
                operation.to_owned()
            }
            None if known.len() == 1 => known.keys().next().expect("one operation").clone(),
            None => {
                let names: Vec<_> = known.keys().map(|name| format!("`{service}.{name}`")).collect();
                self.say(
                    Diagnostic::error("EW208", format!("`{service}` has several operations"))
                        .at(span, "which of them?")
                        .help(format!("write one of {}", names.join(", "))),
                );
                return None;
            }
        };
        Some(CallTarget { service: service.to_owned(), operation })
    }

    /// Finds what every call reaches; calls that reach nothing are noted and dropped.
    pub(super) fn resolve_calls(&mut self, services: &mut Services) {
        for service in 0..services.len() {
            for operation in 0..services[service].operations.len() {
                // Taken out meanwhile: what a call reaches asks for the names of services and operations only.
                let mut steps = std::mem::take(&mut services[service].operations[operation].steps);
                self.resolve_steps(&mut steps, services);
                services[service].operations[operation].steps = steps;
            }
            for version in 0..services[service].versions.len() {
                let mut own = std::mem::take(&mut services[service].versions[version].operations);
                own.values_mut()
                    .filter_map(|variant| variant.steps.as_mut())
                    .for_each(|steps| self.resolve_steps(steps, services));
                services[service].versions[version].operations = own;
            }
        }
    }

    fn resolve_steps(&mut self, steps: &mut Vec<Step>, services: &Services) {
        steps.retain_mut(|step| {
            match step {
                Step::Work(_) | Step::Again(_) => {}
                Step::Call(call) => match self.call_target(&call.value.service, call.span, services) {
                    Some(target) => call.value = target,
                    None => return false,
                },
                Step::Parallel(branches) => branches.iter_mut().for_each(|branch| self.resolve_steps(branch, services)),
                Step::Choose(ways) => ways.iter_mut().for_each(|way| self.resolve_steps(&mut way.steps, services)),
                Step::Repeat { steps, .. } => self.resolve_steps(steps, services),
                Step::Cache(cache) => self.resolve_steps(&mut cache.miss, services),
            }
            true
        });
    }

    /// Notes a call cycle, operations that nobody reaches, and requests that would make too many calls.
    pub(super) fn check_graph(&mut self, scenario: &Scenario) {
        let (services, workload) = (&scenario.services, &scenario.workload);
        let led_to = led_to(&scenario.mesh.rules);
        let mut graph: BTreeMap<CallTarget, Vec<Spanned<CallTarget>>> = BTreeMap::new();
        for (name, service) in services {
            for operation in service.operations.keys() {
                let mut calls = Vec::new();
                service.bodies(operation).for_each(|steps| calls_of(steps, &mut calls));
                // Rules may send a call to another service.
                for call in calls.clone() {
                    calls.extend(others(&call.value, services, &led_to).map(|target| Spanned::new(target, call.span)));
                }
                graph.insert(CallTarget { service: name.clone(), operation: operation.clone() }, calls);
            }
        }
        if let Some(cycle) = cycle(&graph) {
            let names: Vec<_> = cycle.iter().map(|call| shown(&call.value)).collect();
            let mut diagnostic =
                Diagnostic::error("EW209", format!("calls run in a circle: {} -> {}", names.join(" -> "), names[0]));
            for call in cycle.iter().rev() {
                diagnostic = diagnostic.at(call.span, format!("calls {}", shown(&call.value)));
            }
            self.say(diagnostic.help("`{repeat: ..}` and `{again: ..}` say loops that end"));
            return;
        }
        let mut reached: BTreeSet<&CallTarget> = BTreeSet::new();
        let login = |stream: &Stream| stream.sessions.as_ref().and_then(|sessions| sessions.login.clone());
        let logins: Vec<CallTarget> = workload.values().filter_map(login).collect();
        let mixed = workload.values().flat_map(|stream| stream.mix.iter().map(|(target, _)| target));
        let asked = mixed.chain(&logins);
        let beside: Vec<CallTarget> = asked.clone().flat_map(|target| others(target, services, &led_to)).collect();
        let mut open: Vec<&CallTarget> = asked.chain(&beside).collect();
        while let Some(target) = open.pop() {
            if reached.insert(target) {
                open.extend(graph.get(target).into_iter().flatten().map(|call| &call.value));
            }
        }
        for target in graph.keys().filter(|target| !reached.contains(target)) {
            let span = services[&target.service].operations[&target.operation].span;
            self.say(
                Diagnostic::warning("EW310", format!("nobody reaches `{}`", shown(target)))
                    .at(span, "")
                    .help("no stream asks for it, and no operation that is reached calls it"),
            );
        }
        self.check_size(services, workload);
    }

    fn check_size(&mut self, services: &Services, workload: &IndexMap<String, Stream>) {
        let mut sizes = BTreeMap::new();
        for stream in workload.values() {
            for (target, _) in &stream.mix {
                let calls = calls_per_request(target, services, &mut sizes);
                if calls > CALLS_PER_REQUEST_MAX {
                    let message = format!("one request of `{}` may make more than 1e6 calls", shown(target));
                    self.say(
                        Diagnostic::error("EW308", message)
                            .at(stream.to.span, "")
                            .help("this simulator follows every call of every request"),
                    );
                }
            }
        }
    }
}

/// The operation of `other` that is meant by a call of one of `service`: that of the same name, or its only one.
pub(in crate::scenario) fn meant_at<'s>(
    services: &'s Services,
    service: &str,
    operation: &'s str,
    other: &str,
) -> Option<&'s str> {
    if service == other {
        return Some(operation);
    }
    let known = &services[other].operations;
    match known.get_full(operation) {
        Some((_, name, _)) => Some(name),
        None if known.len() == 1 => known.keys().next().map(String::as_str),
        None => None,
    }
}

/// What else a call may reach, because rules lead it to another service.
fn others<'s>(
    call: &'s CallTarget,
    services: &'s Services,
    led_to: &'s BTreeMap<&str, Vec<&str>>,
) -> impl Iterator<Item = CallTarget> {
    let to = led_to.get(call.service.as_str()).into_iter().flatten().filter(|to| **to != call.service);
    to.filter_map(|to| {
        let operation = meant_at(services, &call.service, &call.operation, to)?.to_owned();
        Some(CallTarget { service: (*to).to_owned(), operation })
    })
}

/// `service.operation`, or the service where it has one operation without a name.
pub(super) fn shown(target: &CallTarget) -> String {
    if target.operation.is_empty() {
        target.service.clone()
    } else {
        format!("{}.{}", target.service, target.operation)
    }
}

/// Every call in some steps.
pub(super) fn calls_of(steps: &[Step], calls: &mut Vec<Spanned<CallTarget>>) {
    for step in steps {
        match step {
            Step::Work(_) | Step::Again(_) => {}
            Step::Call(call) => calls.push(call.clone()),
            Step::Parallel(branches) => branches.iter().for_each(|branch| calls_of(branch, calls)),
            Step::Choose(ways) => ways.iter().for_each(|way| calls_of(&way.steps, calls)),
            Step::Repeat { steps, .. } => calls_of(steps, calls),
            Step::Cache(cache) => calls_of(&cache.miss, calls),
        }
    }
}

/// The calls of one circle, if there is one, in the order in which they are made.
fn cycle(graph: &BTreeMap<CallTarget, Vec<Spanned<CallTarget>>>) -> Option<Vec<Spanned<CallTarget>>> {
    let mut done: BTreeSet<&CallTarget> = BTreeSet::new();
    for start in graph.keys() {
        // Depth first, with a stack of our own: a chain of calls may be as long as the file.
        let mut trail: Vec<(&CallTarget, usize)> = vec![(start, 0)];
        let mut open: BTreeSet<&CallTarget> = BTreeSet::new();
        while let Some((node, next)) = trail.pop() {
            if done.contains(node) {
                continue;
            }
            let Some(call) = graph[node].get(next) else {
                done.insert(node);
                open.remove(node);
                continue;
            };
            trail.push((node, next + 1));
            open.insert(node);
            if open.contains(&call.value) {
                let first = trail.iter().position(|(open, _)| **open == call.value)?;
                // trail[k].1 - 1 is the call that led from trail[k] to trail[k + 1].
                return Some(trail[first..].iter().map(|(node, next)| graph[*node][next - 1].clone()).collect());
            }
            if let Some((node, _)) = graph.get_key_value(&call.value) {
                trail.push((node, 0));
            }
        }
    }
    None
}

/// An upper bound of the calls that a request makes; there is no cycle.
fn calls_per_request(target: &CallTarget, services: &Services, sizes: &mut BTreeMap<CallTarget, f64>) -> f64 {
    if let Some(size) = sizes.get(target) {
        return *size;
    }
    let mut trail = vec![target.clone()];
    while let Some(target) = trail.last().cloned() {
        let bodies = || services[&target.service].bodies(&target.operation);
        let mut calls = Vec::new();
        bodies().for_each(|steps| calls_of(steps, &mut calls));
        let missing: Vec<_> =
            calls.into_iter().map(|call| call.value).filter(|call| !sizes.contains_key(call)).collect();
        if missing.is_empty() {
            let size = bodies().map(|steps| size_of_steps(steps, sizes)).fold(0.0, f64::max);
            sizes.insert(target.clone(), size);
            trail.pop();
        } else {
            trail.extend(missing);
        }
    }
    sizes[target]
}

fn size_of_steps(steps: &[Step], sizes: &BTreeMap<CallTarget, f64>) -> f64 {
    let size = |step: &Step| match step {
        Step::Work(_) | Step::Again(_) => 0.0,
        Step::Call(call) => 1.0 + sizes.get(&call.value).copied().unwrap_or(0.0),
        Step::Parallel(branches) => branches.iter().map(|branch| size_of_steps(branch, sizes)).sum(),
        Step::Choose(ways) => ways.iter().map(|way| size_of_steps(&way.steps, sizes)).fold(0.0, f64::max),
        Step::Repeat { times, steps } => f64::from(*times) * size_of_steps(steps, sizes),
        Step::Cache(cache) => size_of_steps(&cache.miss, sizes),
    };
    steps.iter().map(size).sum()
}
