//! `services:`: replicas, operations, steps.

use super::fields::{Decoder, Fields, Path, below};
use crate::policy::Status;
use crate::policy::setting::TrafficDistribution;
use crate::random::Law;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Cache, CallTarget, Choice, Operation, ReplicaCount, Replicas, Service, Step, Topology};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::{Bytes, Ratio};
use crate::world::{CacheScope, Discipline, OnCancel};
use indexmap::IndexMap;

/// More steps in one operation are refused.
const STEPS_MAX: usize = 10_000;
/// What a step begins at once is counted in 16 bits.
const BRANCHES_MAX: usize = 65_535;
/// `repeat` within `repeat` may not ask for more calls than this.
const REPEATS_MAX: u64 = 100_000;

/// What operations take from their service where they do not say.
struct Shared {
    request: Spanned<Bytes>,
    response: Spanned<Bytes>,
    priority: u8,
    errors: Vec<(Status, Ratio)>,
}

impl Decoder {
    /// `services:`. What calls reach is written down as said; [`Decoder::resolve_calls`] finds the operations.
    pub(super) fn services(&mut self, node: Option<&Node>, topology: &Topology) -> IndexMap<String, Service> {
        let mut services = IndexMap::new();
        for (name, entry) in self.entries(node, "services") {
            let (namespace, own) = name.split_once('/').unwrap_or(("default", name));
            self.check_name(namespace, entry.key);
            self.check_name(own, entry.key);
            if let Some(service) = self.service(name, entry, topology) {
                services.insert(name.to_owned(), service);
            } else {
                self.lost.insert(name.to_owned());
            }
        }
        services
    }

    fn service(&mut self, name: &str, entry: &Entry, topology: &Topology) -> Option<Service> {
        let path: Path = vec!["services".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::SERVICE, path.clone(), entry.key)?;
        // Worked in before: what is left of them was wrong, and is told.
        map.written("is");
        if let Some(entry) = map.entry("in").filter(|entry| entry.node.as_map().is_none()) {
            self.expected("a map of clusters", &entry.node);
        }
        let own = map.entry("replicas").map(|own| (own.key, self.replicas(&own.node, &path, topology)));
        let workers = map.count32(self, "workers");
        let cpu = map.number(self, "cpu").map(|cpu| cpu.value);
        let threads = self.limit(&map, "threads");
        let queue = self.limit(&map, "queue");
        let discipline = map.word(self, "discipline").map_or(Discipline::Fcfs, |word| {
            [Discipline::Fcfs, Discipline::ProcessorSharing, Discipline::Priority][word]
        });
        let on_cancel = self.on_cancel(&map, name, discipline, threads.is_some());
        let traffic_distribution = map.word(self, "traffic-distribution").map_or(TrafficDistribution::Any, |word| {
            use TrafficDistribution::{Any, PreferSameNode, PreferSameZone};
            [Any, PreferSameZone, PreferSameZone, PreferSameNode][word]
        });
        let shared = Shared {
            request: map.read(self, "request", quantity::bytes).unwrap_or(Spanned::unsaid(Bytes(1024))),
            response: map.read(self, "response", quantity::bytes).unwrap_or(Spanned::unsaid(Bytes(4096))),
            priority: map.count(self, "priority").map_or(0, |priority| priority.value as u8),
            errors: self.errors(&map).unwrap_or_default(),
        };
        let named = self.named(map.written("operations"), "operations");
        let steps = self.operation_steps(&map);
        if discipline != Discipline::Priority {
            let own = named.iter().filter_map(|(_, entry)| entry.node.as_map()?.get("priority"));
            for entry in map.entry("priority").into_iter().chain(own).filter(|entry| entry.node.as_text() != Some("0"))
            {
                let said = Diagnostic::warning("EW317", format!("a priority that `{name}` does not look at"));
                self.say(
                    said.at(entry.key, "of no effect").help("say `discipline: priority` beside the service's workers"),
                );
            }
        }
        let forwards = self.forwards(&map);
        let mut operations = IndexMap::new();
        for (operation, entry) in &named {
            let path = below(&below(&path, "operations"), operation);
            if let Some(operation_read) = self.operation(operation, entry, path, &shared) {
                operations.insert((*operation).to_owned(), operation_read);
            }
        }
        match steps {
            Some((_, span)) if !named.is_empty() => self.say(
                Diagnostic::error("EW014", format!("`{name}` says both what it does and its operations"))
                    .at(span, "what it does")
                    .at(named[0].1.key, "its operations")
                    .help("move `work`, `calls` or `steps` into an operation"),
            ),
            _ if !named.is_empty() => {}
            steps => {
                let steps = steps.map(|(steps, _)| steps).unwrap_or_default();
                let Shared { request, response, priority, errors } = shared;
                let (path, method) = ("/".to_owned(), "GET".to_owned());
                let only = Operation { span: entry.key, request, response, steps, priority, errors, path, method };
                operations.insert(String::new(), only);
            }
        }
        let versions = self.versions(&map, name, &operations, topology);
        let (versions, replicas) = match (versions, own) {
            (Some((versions, replicas)), None) => (versions, Some(replicas)),
            (Some((versions, replicas)), Some((span, _))) => {
                let wrong = Diagnostic::error("EW014", "`replicas` and `versions` exclude each other").at(span, "");
                self.say(wrong.help("write the replicas of each version under it"));
                (versions, Some(replicas))
            }
            (None, Some((_, replicas))) => (IndexMap::new(), Some(replicas)),
            (None, None) => {
                let lacks = Diagnostic::error("EW013", format!("`services.{name}` lacks `replicas`"));
                self.say(
                    lacks
                        .at(entry.key, "of this")
                        .help("replicas: Replicas by cluster, `{east: 4}`; or `versions`, each with its own"),
                );
                (IndexMap::new(), None)
            }
        };
        let subsets = self.subsets(&map, &versions);
        let start_up = map.read(self, "start-up", quantity::duration).map(|span| span.value).unwrap_or_default();
        let autoscale = self.autoscale(&map, replicas.as_deref().unwrap_or_default());
        map.close();
        let workers = workers.unwrap_or(Spanned::unsaid(1));
        let cpu = cpu.unwrap_or(f64::from(workers.value));
        Some(Service {
            span: entry.key,
            replicas: replicas?,
            versions,
            subsets,
            forwards,
            workers,
            cpu,
            threads,
            queue,
            discipline,
            on_cancel,
            traffic_distribution,
            start_up,
            autoscale,
            operations,
        })
    }

    /// What it does with requests that nobody waits for any more.
    fn on_cancel(&mut self, map: &Fields<'_>, name: &str, discipline: Discipline, threads: bool) -> OnCancel {
        let said = map.said(self, "on-cancel");
        let word = map
            .word(self, "on-cancel")
            .map_or(OnCancel::Finish, |w| [OnCancel::Finish, OnCancel::DropQueued, OnCancel::Stop][w]);
        let queues = threads || discipline != Discipline::ProcessorSharing;
        if let (OnCancel::DropQueued, false, Some(said)) = (word, queues, said) {
            let wrong = Diagnostic::error("EW480", format!("nothing waits at `{name}` that could be dropped"));
            let help = "with `discipline: ps` all are served at once: say `threads`, or leave it out";
            self.say(wrong.at(said.node.span, "of no effect").help(help));
        }
        word
    }

    /// A number or `unlimited`.
    fn limit(&mut self, map: &Fields<'_>, name: &'static str) -> Option<Spanned<u32>> {
        let said = map.said(self, name)?;
        if said.node.as_text() == Some("unlimited") {
            return None;
        }
        let (low, high) = super::fields::bounds(map.shape(name));
        let read =
            self.read(&said.node, "a number, or `unlimited`", |text| match quantity::count(text, low, high) {
                Err(complaint) if complaint.code == "EW110" => Err(quantity::Complaint::new(
                    "EW110",
                    format!("`{text}` is neither a whole number nor `unlimited`"),
                    complaint.help.unwrap_or_default(),
                )),
                other => other,
            })?;
        Some(read.map(|value| value as u32))
    }

    pub(super) fn replicas(&mut self, node: &Node, path: &Path, topology: &Topology) -> Vec<Replicas> {
        let mut replicas = Vec::new();
        let bounds = super::fields::bounds(&words::SERVICE.key("replicas").expect("services have replicas").shape);
        let count = |text: &str| quantity::count(text, bounds.0, bounds.1);
        let (mut total, mut broken) = (0, false);
        for (cluster, entry) in self.entries(Some(node), "replicas") {
            let known = self.known("cluster", cluster, entry.key, topology.clusters.keys().map(String::as_str));
            broken |= !known;
            let zones: Vec<_> =
                topology.clusters.get(cluster).iter().flat_map(|c| &c.zones).map(|z| z.value.clone()).collect();
            let count = match &entry.node.value {
                Value::Map(map) => {
                    let mut by_zone = Vec::new();
                    for (zone, entry) in map {
                        let number = self.read(&entry.node, "a number of replicas", count);
                        let good =
                            zones.is_empty() || self.known("zone", zone, entry.key, zones.iter().map(String::as_str));
                        broken |= number.is_none() || !good;
                        if let (Some(number), true) = (number, good) {
                            total += number.value;
                            by_zone.push((Spanned::new(zone.clone(), entry.key), number.value as u32));
                        }
                    }
                    ReplicaCount::Zones(by_zone)
                }
                _ => match self.read(&entry.node, "a number of replicas", count) {
                    Some(number) => {
                        total += number.value;
                        ReplicaCount::Spread(number.value as u32)
                    }
                    None => {
                        broken = true;
                        continue;
                    }
                },
            };
            if known {
                replicas.push(Replicas { cluster: Spanned::new(cluster.to_owned(), entry.key), version: 0, count });
            }
        }
        if !broken && matches!(node.value, Value::Map(_)) {
            if total == 0 {
                self.say(
                    Diagnostic::error("EW307", format!("`{}` has no replicas", path.join(".")))
                        .at(node.span, "")
                        .help("for example `replicas: {CLUSTER: 2}`"),
                );
            } else if total > 10_000 {
                self.say(
                    Diagnostic::error("EW105", format!("{total} replicas are out of range"))
                        .at(node.span, "")
                        .help("a service has at most 10000"),
                );
            }
        }
        replicas
    }

    fn operation(&mut self, name: &str, entry: &Entry, path: Path, shared: &Shared) -> Option<Operation> {
        let map = self.open(Some(&entry.node), &words::OPERATION, path, entry.key)?;
        let path = map.text(self, "path").map_or_else(|| format!("/{name}"), |path| path.value);
        let method = map.text(self, "method").map_or_else(|| "GET".to_owned(), |method| method.value);
        let request = map.read(self, "request", quantity::bytes).unwrap_or(shared.request);
        let response = map.read(self, "response", quantity::bytes).unwrap_or(shared.response);
        let priority = map.count(self, "priority").map_or(shared.priority, |priority| priority.value as u8);
        let errors = self.errors(&map).unwrap_or_else(|| shared.errors.clone());
        let steps = self.operation_steps(&map).map(|(steps, _)| steps).unwrap_or_default();
        map.close();
        Some(Operation { span: entry.key, request, response, steps, priority, errors, path, method })
    }

    /// `work` and `calls`, or `steps`; and where the first of them is written.
    pub(super) fn operation_steps(&mut self, map: &Fields<'_>) -> Option<(Vec<Step>, Span)> {
        let (work, calls, steps) = (map.entry("work"), map.entry("calls"), map.entry("steps"));
        let first = work.or(calls).or(steps)?.key;
        if let Some(steps) = steps {
            if let Some(other) = work.or(calls) {
                self.say(
                    Diagnostic::error("EW014", "`steps` stands in place of `work` and `calls`")
                        .at(steps.key, "here")
                        .at(other.key, "and here")
                        .help("make the work and the calls steps: `steps: [{work: 4ms}, {call: other}]`"),
                );
            }
            let mut left = STEPS_MAX;
            return Some((self.steps(&steps.node, &map.path_of("steps"), true, 1, &mut left), first));
        }
        let mut read = Vec::new();
        if let Some(work) = work {
            read.extend(self.law(&work.node, &map.path_of("work")).map(Step::Work));
        }
        if let Some(calls) = calls {
            for item in self.items(&calls.node, "services to be called") {
                read.extend(self.call(item));
            }
        }
        Some((read, first))
    }

    /// A share of 500s, or shares by status.
    pub(super) fn errors(&mut self, map: &Fields<'_>) -> Option<Vec<(Status, Ratio)>> {
        let said = map.said(self, "errors")?;
        if !matches!(said.node.value, Value::Map(_)) {
            let share = self.read(&said.node, "a share such as `0.1%`, or shares by status", quantity::share)?.value;
            return Some(if share > Ratio::ZERO { vec![(Status::ERROR, share)] } else { Vec::new() });
        }
        let mut errors: Vec<(Status, Ratio)> = Vec::new();
        for (name, entry) in self.entries(Some(&said.node), "statuses") {
            let status = Status::parse(name).filter(|status| status.fails());
            if status.is_none() {
                let wrong =
                    Diagnostic::error("EW368", format!("`{name}` is not a status of a failure")).at(entry.key, "");
                self.say(wrong.help("an HTTP status of 400 to 599, or gRPC's word, such as `unavailable`"));
            }
            let share = self.read(&entry.node, "a share such as `0.1%`", quantity::share);
            errors.extend(status.zip(share).map(|(status, share)| (status, share.value)));
        }
        let sum: f64 = errors.iter().map(|(_, share)| share.get()).sum();
        if sum > 1.0 + 1e-9 {
            let wrong = Diagnostic::error("EW368", "these shares add up to more than 100%").at(said.node.span, "");
            self.say(wrong.help("the rest of the requests is answered well"));
        }
        errors.retain(|(_, share)| *share > Ratio::ZERO);
        Some(errors)
    }

    fn call(&mut self, node: &Node) -> Option<Step> {
        let text = self.text(node, "a service or `service.operation`")?;
        // Resolved once all services are known: until then the whole text stands as the service.
        let target = CallTarget { service: text.to_owned(), operation: String::new() };
        Some(Step::Call(Spanned::new(target, node.span)))
    }

    fn steps(&mut self, node: &Node, path: &Path, top: bool, times: u64, left: &mut usize) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, item) in self.items(node, "steps").iter().enumerate() {
            if *left == 0 {
                self.say(
                    Diagnostic::error("EW308", format!("an operation has more than {STEPS_MAX} steps"))
                        .at(item.span, "here"),
                );
                break;
            }
            *left -= 1;
            steps.extend(self.step(item, below(path, &index.to_string()), top, times, left));
        }
        steps
    }

    fn step(&mut self, node: &Node, path: Path, top: bool, times: u64, left: &mut usize) -> Option<Step> {
        if let Some(text) = node.as_text().filter(|_| !node.is_null()) {
            self.say(
                Diagnostic::error("EW012", "a step is a map, not a single value")
                    .at(node.span, "")
                    .help(format!("write `{{work: {text}}}` or `{{call: {text}}}`")),
            );
            return None;
        }
        let map = self.open(Some(node), &words::STEP, path, Span::NONE)?;
        let mut step = None;
        if let Some(work) = map.written("work") {
            step = self.law(work, &map.path_of("work")).map(|law: Spanned<Law>| Step::Work(law));
        }
        if let Some(call) = map.written("call") {
            step = step.or(self.call(call));
        }
        if let Some(parallel) = map.written("parallel") {
            let path = map.path_of("parallel");
            if matches!(&parallel.value, Value::List(items) if items.is_empty()) {
                self.empty("parallel", parallel);
                return None;
            }
            let mut branches = Vec::new();
            for (index, item) in self.items(parallel, "steps or lists of steps").iter().enumerate() {
                let path = below(&path, &index.to_string());
                branches.push(match item.value {
                    Value::List(_) => self.steps(item, &path, false, times, left),
                    _ => self.step(item, path, false, times, left).into_iter().collect(),
                });
            }
            if branches.len() > BRANCHES_MAX {
                let message = format!("a step begins {} things at once, more than {BRANCHES_MAX}", branches.len());
                self.say(
                    Diagnostic::error("EW308", message)
                        .at(parallel.span, "")
                        .help("let some of them be begun by a step or an operation of their own"),
                );
            }
            step = step.or(Some(Step::Parallel(branches)));
        }
        if let Some(choose) = map.written("choose") {
            step = step.or(self.choose(choose, &map.path_of("choose"), times, left));
        }
        if let Some(repeat) = map.written("repeat") {
            step = step.or(self.repeat(repeat, map.path_of("repeat"), times, left));
        }
        if let Some(cache) = map.written("cache") {
            step = step.or(self.cache(cache, map.path_of("cache"), times, left));
        }
        if let Some(again) = map.written("again") {
            step = step.or(self.again(again, top));
        }
        map.close();
        step
    }

    fn choose(&mut self, node: &Node, path: &Path, times: u64, left: &mut usize) -> Option<Step> {
        let mut choices = Vec::new();
        let items = self.items(node, "ways with their weights");
        for (index, item) in items.iter().enumerate() {
            let path = below(path, &index.to_string());
            let Some(map) = self.open(Some(item), &words::CHOICE, path, Span::NONE) else { continue };
            let weight = map.number(self, "weight");
            let steps = map.said(self, "steps");
            let steps = steps.map(|said| self.steps(&said.node, &said.path, false, times, left)).unwrap_or_default();
            map.close();
            choices.extend(weight.map(|weight| Choice { weight: weight.value, steps }));
        }
        if choices.len() == items.len() && choices.iter().map(|choice| choice.weight).sum::<f64>() <= 0.0 {
            self.say(Diagnostic::error("EW302", "no way has a weight above zero").at(node.span, ""));
            return None;
        }
        choices.retain(|choice| choice.weight > 0.0);
        Some(Step::Choose(choices))
    }

    /// Notes a step that would do nothing.
    fn empty(&mut self, what: &str, node: &Node) {
        self.say(
            Diagnostic::error("EW303", format!("`{what}` is empty"))
                .at(node.span, "")
                .help("say at least one step, or remove it: it would take no time"),
        );
    }

    fn repeat(&mut self, node: &Node, path: Path, times: u64, left: &mut usize) -> Option<Step> {
        let map = self.open(Some(node), &words::REPEAT, path, Span::NONE)?;
        let count = map.count32(self, "times");
        let all = times.saturating_mul(count.map_or(1, |count| u64::from(count.value)));
        if all > REPEATS_MAX {
            self.say(
                Diagnostic::error("EW308", format!("repeats within repeats run more than {REPEATS_MAX} times"))
                    .at(node.span, ""),
            );
        }
        let steps = map.written("steps");
        if let Some(node) = steps.filter(|node| matches!(&node.value, Value::List(items) if items.is_empty())) {
            self.empty("steps", node);
        }
        let steps = steps.map(|node| self.steps(node, &map.path_of("steps"), false, all, left)).unwrap_or_default();
        map.close();
        Some(Step::Repeat { times: count?.value, steps })
    }

    fn cache(&mut self, node: &Node, path: Path, times: u64, left: &mut usize) -> Option<Step> {
        let map = self.open(Some(node), &words::CACHE, path, Span::NONE)?;
        let hit = map.read(self, "hit", quantity::share);
        let keys = map.count32(self, "keys");
        let scope = map.word(self, "per").map_or(CacheScope::default(), |word| {
            [CacheScope::Replica, CacheScope::Cluster, CacheScope::Service][word]
        });
        let miss = map.written("miss");
        if let Some(node) = miss.filter(|node| matches!(&node.value, Value::List(items) if items.is_empty())) {
            self.empty("miss", node);
        }
        let miss = miss.map(|node| self.steps(node, &map.path_of("miss"), false, times, left)).unwrap_or_default();
        map.close();
        let hit = hit?;
        if hit.value <= Ratio::ZERO {
            let wrong = Diagnostic::error("EW481", "a cache that nothing hits").at(hit.span, "");
            self.say(wrong.help("a share above 0% may be kept; without one, write the steps of `miss` alone"));
            return None;
        }
        Some(Step::Cache(Cache { hit: hit.value, keys: keys?.value, scope, miss }))
    }

    fn again(&mut self, node: &Node, top: bool) -> Option<Step> {
        let chance = self.read(node, "a share such as `20%`", quantity::share)?;
        if !top {
            self.say(Diagnostic::error("EW309", "`again` stands only at the operation's own level").at(node.span, ""));
            return None;
        }
        if chance.value.get() > 0.99 {
            self.say(
                Diagnostic::error("EW105", "`again` above 99% hardly ever ends")
                    .at(node.span, "")
                    .help("a share of at most 99%: 100 rounds on average"),
            );
            return None;
        }
        Some(Step::Again(chance))
    }
}
