//! Operations as a flat program, and who calls whom.

use std::collections::BTreeMap;

use crate::random::Law;
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Dataplane, Scenario, Tls};
use crate::topology::graph::Graph;
use crate::topology::wire::{self, Security};
use crate::world::{
    Cache, CallSite, Caller, Choice, Edge, EdgeId, EndpointId, LawId, Operation, OperationId, PolicyId, ServiceId,
    Step, Variant, World,
};

/// What one run of an operation does on average.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Mean {
    /// Seconds on a worker.
    pub work: f64,
    /// Calls by call site: index and expected number.
    pub calls: Vec<(u32, f64)>,
    /// By version of the service, where they differ; the rest is then the mean over its replicas.
    pub versions: Vec<Mean>,
}

impl Mean {
    /// Of a version.
    pub(super) fn of(&self, version: u16) -> &Mean {
        self.versions.get(usize::from(version)).unwrap_or(self)
    }

    /// Of replicas of several versions, so many of each.
    fn over(versions: Vec<Mean>, replicas: &[usize]) -> Mean {
        let all = replicas.iter().sum::<usize>().max(1) as f64;
        let mut calls: BTreeMap<u32, f64> = BTreeMap::new();
        let mut work = 0.0;
        for (mean, &count) in versions.iter().zip(replicas) {
            work += mean.work * count as f64 / all;
            for &(site, times) in &mean.calls {
                *calls.entry(site).or_default() += times * count as f64 / all;
            }
        }
        Mean { work, calls: calls.into_iter().collect(), versions }
    }
}

/// Laws are kept once each.
pub(super) fn intern(world: &mut World, law: &Law) -> LawId {
    let known = world.laws.iter().find(|(_, kept)| *kept == law).map(|(id, _)| id);
    known.unwrap_or_else(|| world.laws.push(law.clone()))
}

/// How bytes of this mesh are sealed.
pub(super) fn security(scenario: &Scenario) -> Security {
    let sealed = scenario.mesh.dataplane != Dataplane::None && scenario.mesh.tls != Tls::None;
    if sealed { Security::Tls } else { Security::Plain }
}

/// Compiles operations and edges between services; policies are filled in with `policy`. Returns each operation's mean.
pub(super) fn program<'a>(
    scenario: &'a Scenario,
    world: &mut World,
    policy: &mut dyn FnMut(&mut World, &str, &str) -> PolicyId,
) -> Vec<Mean> {
    let security = security(scenario);
    for (at, (name, service)) in scenario.services.iter().enumerate() {
        let owner = ServiceId(at as u32);
        for (operation_name, operation) in &service.operations {
            let request = wire::request(operation.request.value, security);
            let response = wire::response(operation.response.value, security);
            let id = world.operations.push(Operation {
                name: if operation_name.is_empty() { name.clone() } else { format!("{name}.{operation_name}") },
                service: owner,
                start: 0,
                request: operation.request.value,
                response: operation.response.value,
                request_wire: request.data,
                request_acks: request.acks,
                response_wire: response.data,
                response_acks: response.acks,
                priority: operation.priority,
                errors: operation.errors.clone(),
                variants: Vec::new(),
            });
            world.services[owner].operations.push(id);
        }
    }
    let mut writer = Writer::new(scenario, world, policy);
    let mut means = Vec::new();
    for (at, (_, service)) in scenario.services.iter().enumerate() {
        let replicas: Vec<usize> = (0..service.versions.len())
            .map(|version| {
                let of = |e: &&EndpointId| usize::from(writer.world.endpoints[**e].version) == version;
                writer.world.services[ServiceId(at as u32)].endpoints.iter().filter(of).count()
            })
            .collect();
        for (name, operation) in &service.operations {
            let id = OperationId(means.len() as u32);
            let (start, mean) = writer.operation(ServiceId(at as u32), &operation.steps);
            writer.world.operations[id].start = start;
            let own = |version: &'a file::Version| version.operations.get(name);
            if !service.versions.values().any(|version| own(version).is_some()) {
                means.push(mean);
                continue;
            }
            let mut of_versions = Vec::new();
            for version in service.versions.values() {
                let steps = own(version).and_then(|own| own.steps.as_deref());
                let (start, mean) =
                    steps.map_or_else(|| (start, mean.clone()), |steps| writer.operation(ServiceId(at as u32), steps));
                let errors = own(version).and_then(|own| own.errors.clone());
                let errors = errors.unwrap_or_else(|| operation.errors.clone());
                let missing = own(version).is_some_and(|own| own.missing);
                writer.world.operations[id].variants.push(Variant { start, errors, missing });
                of_versions.push(mean);
            }
            means.push(Mean::over(of_versions, &replicas));
        }
    }
    means
}

/// Who calls whom, by operation, wherever rules may lead.
pub(super) fn graph(world: &World, means: &[Mean]) -> Graph {
    let calls = means.iter().enumerate().flat_map(|(from, mean)| {
        let called = mean.calls.iter().flat_map(|(site, _)| {
            let site = world.call_sites[*site as usize];
            world.may_lead(site.edge, site.operation)
        });
        called.map(move |to| (from, to.0 as usize))
    });
    Graph::new(means.len(), calls)
}

/// Operations that call each other in a ring would never end.
pub(super) fn cycles(world: &World, means: &[Mean], said: &mut Vec<Diagnostic>) {
    if let Some(ring) = graph(world, means).cycle() {
        let names: Vec<&str> = ring.iter().map(|op| world.operations.rows()[*op].name.as_str()).collect();
        said.push(
            Diagnostic::error("EW342", format!("these operations call each other in a ring: {}", names.join(", ")))
                .help("a request would never end; split an operation, or leave one call out"),
        );
    }
}

struct Writer<'a> {
    scenario: &'a Scenario,
    world: &'a mut World,
    edges: BTreeMap<(ServiceId, ServiceId), EdgeId>,
    /// Edges so far, by caller.
    edges_of: Vec<u32>,
    /// The first call site of each edge and operation.
    sites: BTreeMap<(EdgeId, OperationId), u32>,
    /// Laws of work, by how they are shown: no two that differ look alike.
    laws: BTreeMap<String, LawId>,
    policy: &'a mut dyn FnMut(&mut World, &str, &str) -> PolicyId,
    /// Frames that are written once the current one has ended: where they are referred to, and their steps.
    deferred: Vec<(Body, &'a [file::Step])>,
}

/// Who refers to a frame of its own.
#[derive(Clone, Copy)]
enum Body {
    Choice(usize),
    Repeat(usize),
}

impl<'a> Writer<'a> {
    fn new(
        scenario: &'a Scenario,
        world: &'a mut World,
        policy: &'a mut dyn FnMut(&mut World, &str, &str) -> PolicyId,
    ) -> Self {
        Writer {
            scenario,
            edges: BTreeMap::new(),
            edges_of: vec![0; world.services.len()],
            sites: BTreeMap::new(),
            laws: BTreeMap::new(),
            policy,
            deferred: Vec::new(),
            world,
        }
    }

    /// Where these steps begin, and what one run of them does on average.
    fn operation(&mut self, service: ServiceId, steps: &'a [file::Step]) -> (u32, Mean) {
        let start = self.world.program.len() as u32;
        let mut mean = Mean::default();
        self.frame(service, start, steps, 1.0, &mut mean);
        // Frames of their own follow the operation; each may defer others.
        while let Some((body, steps)) = self.deferred.pop() {
            let at = self.world.program.len() as u32;
            match body {
                Body::Choice(index) => self.world.choices[index].start = at,
                Body::Repeat(index) => {
                    if let Step::Repeat { body, .. } = &mut self.world.program[index] {
                        *body = at;
                    }
                }
            }
            // Their means were counted where they were deferred.
            self.frame(service, start, steps, 0.0, &mut Mean::default());
        }
        // The operation begins anew with chance p at the end of each run: 1 / (1 - p) runs.
        let runs = 1.0
            / steps
                .iter()
                .fold(1.0, |stay, step| if let file::Step::Again(p) = step { stay * (1.0 - p.get()) } else { stay });
        mean.work *= runs;
        mean.calls.iter_mut().for_each(|call| call.1 *= runs);
        (start, mean)
    }

    fn frame(&mut self, service: ServiceId, start: u32, steps: &'a [file::Step], weight: f64, mean: &mut Mean) {
        self.steps(service, start, steps, weight, mean);
        self.world.program.push(Step::End);
    }

    fn steps(&mut self, service: ServiceId, start: u32, steps: &'a [file::Step], weight: f64, mean: &mut Mean) {
        for step in steps {
            match step {
                file::Step::Work(law) => {
                    mean.work += weight * law.value.mean();
                    let law = self.law(&law.value);
                    self.world.program.push(Step::Work { law });
                }
                file::Step::Call(target) => {
                    let site = self.site(service, target);
                    mean.calls.push((site, weight));
                    self.world.program.push(Step::Call { site });
                }
                file::Step::Parallel(branches) => self.parallel(service, branches, weight, mean),
                file::Step::Choose(choices) => self.choose(service, start, choices, weight, mean),
                file::Step::Cache(cache) => self.cache(service, start, cache, weight, mean),
                file::Step::Repeat { times, steps } => {
                    self.world.program.push(Step::Repeat { body: 0, times: *times });
                    self.deferred.push((Body::Repeat(self.world.program.len() - 1), steps));
                    self.count(service, steps, weight * f64::from(*times), mean);
                }
                file::Step::Again(chance) => {
                    self.world.program.push(Step::Again { chance: chance.value, to: start });
                }
            }
        }
    }

    fn parallel(&mut self, service: ServiceId, branches: &'a [Vec<file::Step>], weight: f64, mean: &mut Mean) {
        let calls: Option<Vec<&file::CallTarget>> = branches
            .iter()
            .map(|branch| if let [file::Step::Call(target)] = branch.as_slice() { Some(&target.value) } else { None })
            .collect();
        let count = branches.len() as u32;
        if let Some(targets) = calls {
            // A fork's call sites stand together, so each has one of its own.
            let first = self.world.call_sites.len() as u32;
            for target in targets {
                let site = self.push_site(service, target);
                mean.calls.push((site, weight));
            }
            self.world.program.push(Step::Fork { first, count });
            return;
        }
        let first = self.world.choices.len();
        for branch in branches {
            self.world.choices.push(Choice { below: 1.0, start: 0 });
            self.count(service, branch, weight, mean);
        }
        for (index, branch) in branches.iter().enumerate() {
            self.deferred.push((Body::Choice(first + index), branch));
        }
        self.world.program.push(Step::Branch { first: first as u32, count });
    }

    fn choose(&mut self, service: ServiceId, start: u32, choices: &'a [file::Choice], weight: f64, mean: &mut Mean) {
        let total: f64 = choices.iter().map(|choice| choice.weight).sum();
        let first = self.world.choices.len();
        let mut below = 0.0;
        for (index, choice) in choices.iter().enumerate() {
            below += choice.weight / total;
            // The last one takes what rounding left over.
            let below = if index + 1 == choices.len() { 1.0 } else { below };
            self.world.choices.push(Choice { below, start: 0 });
        }
        self.world.program.push(Step::Choose { first: first as u32, count: choices.len() as u32 });
        let mut jumps = Vec::new();
        for (index, choice) in choices.iter().enumerate() {
            self.world.choices[first + index].start = self.world.program.len() as u32;
            self.steps(service, start, &choice.steps, weight * choice.weight / total, mean);
            jumps.push(self.world.program.len());
            self.world.program.push(Step::Jump { to: 0 });
        }
        let after = self.world.program.len() as u32;
        for jump in jumps {
            self.world.program[jump] = Step::Jump { to: after };
        }
    }

    /// A cache has all its keys but for faults: what a miss takes counts for those whose answers are never kept.
    fn cache(&mut self, service: ServiceId, start: u32, cache: &'a file::Cache, weight: f64, mean: &mut Mean) {
        let number = self.world.caches.len() as u32;
        let of = self.world.caches.iter().filter(|known| known.service == service).count();
        let owner = &self.world.services[service].name;
        let name = if of == 0 { owner.clone() } else { format!("{owner}#{of}") };
        let file::Cache { hit, keys, scope, .. } = *cache;
        self.world.caches.push(Cache { name, service, hit, keys, scope });
        let asked = self.world.program.len() as u32;
        self.world.program.push(Step::Cache { cache: number, hit: 0 });
        self.steps(service, start, &cache.miss, weight * (1.0 - hit.get()), mean);
        self.world.program.push(Step::Fill { cache: number, asked });
        let after = self.world.program.len() as u32;
        self.world.program[asked as usize] = Step::Cache { cache: number, hit: after };
    }

    /// Adds the mean of steps that are written later.
    fn count(&mut self, service: ServiceId, steps: &'a [file::Step], weight: f64, mean: &mut Mean) {
        for step in steps {
            match step {
                file::Step::Work(law) => mean.work += weight * law.value.mean(),
                file::Step::Call(target) => {
                    let site = self.site(service, target);
                    mean.calls.push((site, weight));
                }
                file::Step::Parallel(branches) => {
                    branches.iter().for_each(|branch| self.count(service, branch, weight, mean));
                }
                file::Step::Choose(choices) => {
                    let total: f64 = choices.iter().map(|choice| choice.weight).sum();
                    choices
                        .iter()
                        .for_each(|choice| self.count(service, &choice.steps, weight * choice.weight / total, mean));
                }
                file::Step::Cache(cache) => self.count(service, &cache.miss, weight * (1.0 - cache.hit.get()), mean),
                file::Step::Repeat { times, steps } => self.count(service, steps, weight * f64::from(*times), mean),
                file::Step::Again(_) => {}
            }
        }
    }

    /// The call site of that target for this caller; one for all its calls outside forks.
    fn site(&mut self, service: ServiceId, target: &file::CallTarget) -> u32 {
        let (edge, operation) = self.resolve(service, target);
        let known = self.sites.get(&(edge, operation)).copied();
        known.unwrap_or_else(|| self.push_site(service, target))
    }

    /// As [`intern`], without looking at all of them: there may be one for each of thousands of operations.
    fn law(&mut self, law: &Law) -> LawId {
        let laws = &mut self.world.laws;
        *self.laws.entry(format!("{law:?}")).or_insert_with(|| laws.push(law.clone()))
    }

    fn push_site(&mut self, service: ServiceId, target: &file::CallTarget) -> u32 {
        let (edge, operation) = self.resolve(service, target);
        let site = self.world.call_sites.len() as u32;
        self.world.call_sites.push(CallSite { edge, operation });
        self.sites.entry((edge, operation)).or_insert(site);
        site
    }

    fn resolve(&mut self, service: ServiceId, target: &file::CallTarget) -> (EdgeId, OperationId) {
        let (at, _, callee) =
            self.scenario.services.get_full(&target.service).expect("a call's service was checked to exist");
        let operation = callee.operations.get_index_of(&target.operation);
        let to = ServiceId(at as u32);
        let operation = self.world.services[to].operations[operation.expect("a call's operation was checked to exist")];
        if let Some(&edge) = self.edges.get(&(service, to)) {
            return (edge, operation);
        }
        let (caller, callee) = (self.world.services[service].name.clone(), self.world.services[to].name.clone());
        let policy = (self.policy)(self.world, &caller, &callee);
        let count = &mut self.edges_of[service.0 as usize];
        let ordinal = std::mem::replace(count, *count + 1);
        let name = format!("{caller} -> {callee}");
        let edge = self.world.edges.push(Edge::written(Caller::Service(service), to, name, policy, ordinal));
        self.edges.insert((service, to), edge);
        (edge, operation)
    }
}
