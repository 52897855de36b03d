//! Traffic lanes of Alibaba Cloud Service Mesh: versions of several services that a request stays among.
//!
//! ASM turns a group of lanes into VirtualServices, and so does this: the rules of each call between services of the
//! group, and those of the gateway. In a strict group the caller's own lane decides. In a permissive one the request
//! carries its lane in a header, which applications must pass on; a lane that lacks a service borrows it from the baseline,
//! or from the lane named for that service, and the request keeps its lane. Sources: ASMSwimLaneGroup and ASMSwimLane
//! (<https://www.alibabacloud.com/help/en/asm/sidecar/asmswimlanegroup-and-asmswimlane-crd-description>; Go types in
//! aliyun/alibabacloud-servicemesh-api 96b7964), permissive mode
//! (<https://www.alibabacloud.com/help/en/asm/sidecar/scenario-1-the-drainage-request-header-is-not-transmitted-in>), fallback
//! (<https://www.alibabacloud.com/help/en/asm/sidecar/use-an-asm-fallback-mechanism>). Knows nothing of hosts.

use std::collections::{BTreeMap, BTreeSet};

use super::route_match::{HttpMatch, MESH, StringMatch};

/// The label that names a workload's service.
pub const APP: &str = "app";
/// The label by which versions are told apart.
pub const VERSION: &str = "version";
/// The header that names a lane where nobody says otherwise.
pub const ROUTE_HEADER: &str = "x-asm-prefer-tag";

/// Lanes that share services (ASMSwimLaneGroup).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// In order of writing.
    pub lanes: Vec<Lane>,
    /// What holds a request in its lane.
    pub mode: Mode,
}

/// A version of some services (ASMSwimLane).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// The name, and the value of the header.
    pub name: String,
    /// By service: its version in this lane.
    pub versions: BTreeMap<String, String>,
}

/// What holds a request in its lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The workload that calls: a lane has all services, and only the gateway looks at the request.
    Strict {
        /// Names the lane to the gateway, where its rules say nothing else.
        route_header: String,
    },
    /// A header of the request.
    Permissive {
        /// Names the lane to the gateway (`routeHeader`).
        route_header: String,
        /// Passed on by applications (`traceHeader`). Where it is another one, proxies know the lane of each trace.
        trace_header: String,
        /// The lane that serves what others lack (`fallbackTarget`), by index.
        baseline: usize,
        /// By service: another lane than the baseline (`serviceLevelFallbackTarget`).
        by_service: BTreeMap<String, usize>,
    },
}

/// A rule by which requests enter lanes (`ingressRouting`).
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// Alternatives; empty: every request.
    pub matches: Vec<HttpMatch>,
    /// Lanes by index, with weights: one of ASM's `ingressRules` names one lane, `ingressWeight` weighs all of them.
    pub lanes: Vec<(usize, u32)>,
}

/// A rule of a service's VirtualService.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// What it is for: a lane, or the rule by which requests enter, by index; none: requests without a lane.
    pub of: Option<Of>,
    /// Alternatives, never none.
    pub matches: Vec<HttpMatch>,
    /// Destinations, by weight.
    pub to: Vec<Way>,
    /// The version to which requests go while no host of their own is healthy.
    pub fallback: Option<String>,
}

/// What a rule is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// Requests that are in a lane.
    Lane(usize),
    /// Requests that enter by a rule.
    Entry(usize),
}

/// A destination of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// Relative to the others'.
    pub weight: u32,
    /// The version; none: the lane lacks the service, and the answer is 503.
    pub version: Option<String>,
    /// The header, with the lane's name, by which the request is in a lane from here on.
    pub set: Option<(String, String)>,
}

impl Group {
    /// The services of the group: those of any lane.
    pub fn services(&self) -> BTreeSet<&str> {
        self.lanes.iter().flat_map(|lane| lane.versions.keys().map(String::as_str)).collect()
    }

    /// Services of the group that a lane lacks.
    pub fn lacks(&self, lane: usize) -> Vec<&str> {
        let has = |service: &&str| self.lanes[lane].versions.contains_key(*service);
        self.services().into_iter().filter(|service| !has(service)).collect()
    }

    /// The lane that serves what a request's own lane lacks.
    pub fn lender(&self, service: &str) -> Option<usize> {
        match &self.mode {
            Mode::Strict { .. } => None,
            Mode::Permissive { baseline, by_service, .. } => {
                Some(by_service.get(service).copied().unwrap_or(*baseline))
            }
        }
    }

    /// The version of a service that requests meet in a lane, or without one.
    pub fn version(&self, lane: Option<usize>, service: &str) -> Option<&str> {
        let version = |lane: usize| self.lanes[lane].versions.get(service).map(String::as_str);
        lane.and_then(version).or_else(|| self.lender(service).and_then(version))
    }

    /// The header that applications must pass on; none: none has to.
    pub fn context_header(&self) -> Option<&str> {
        match &self.mode {
            Mode::Strict { .. } => None,
            Mode::Permissive { trace_header, .. } => Some(trace_header),
        }
    }

    /// Does a request keep its lane only if it came with the context header? Envoy gives each request an id, and ASM
    /// writes baggage itself.
    pub fn needs_a_trace(&self) -> bool {
        match &self.mode {
            Mode::Strict { .. } => false,
            Mode::Permissive { route_header, trace_header, .. } => {
                route_header != trace_header && !["x-request-id", "baggage"].contains(&trace_header.as_str())
            }
        }
    }

    /// The rules of calls to a service of the group, of gateways of these names and of its sidecars.
    pub fn rules(&self, service: &str, ingress: &[Entry], gateways: &[String]) -> Vec<Rule> {
        let fallback = self.version(None, service).map(str::to_owned);
        let way = |lane: Option<usize>| {
            let version = self.version(lane, service).map(str::to_owned);
            Way { weight: 1, version, set: None }
        };
        let rule = |of, matches, to: Vec<Way>| {
            // Where all are at home there is nowhere else.
            let away = to.iter().any(|way| way.version.is_some() && way.version != fallback);
            Rule { of, matches, to, fallback: fallback.clone().filter(|_| away) }
        };
        let mut rules = Vec::new();
        for (index, entry) in ingress.iter().enumerate() {
            let entering = |ties: bool| {
                let tied = self.context_header().filter(|_| ties);
                let to = entry.lanes.iter().map(|&(lane, weight)| {
                    let set = tied.map(|header| (header.to_owned(), self.lanes[lane].name.clone()));
                    Way { weight, set, ..way(Some(lane)) }
                });
                to.collect()
            };
            let all = [HttpMatch::default()];
            let matches = if entry.matches.is_empty() { &all[..] } else { &entry.matches };
            let at_gateways = |entry: &HttpMatch| {
                let gateways = if entry.gateways.is_empty() { gateways } else { &entry.gateways };
                HttpMatch { gateways: gateways.to_vec(), ..entry.clone() }
            };
            let matches: Vec<HttpMatch> = matches.iter().map(at_gateways).collect();
            let of = Some(Of::Entry(index));
            if self.needs_a_trace() {
                let mut traced = matches.clone();
                let header = self.context_header().expect("it is a header that is needed");
                for entry in &mut traced {
                    entry.headers.push((header.to_owned(), StringMatch::Present));
                }
                rules.push(rule(of, traced, entering(true)));
                rules.push(rule(of, matches, entering(false)));
            } else {
                rules.push(rule(of, matches, entering(true)));
            }
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            let matches = match &self.mode {
                Mode::Strict { .. } => {
                    let caller = |(caller, version): (&String, &String)| {
                        let (namespace, app) = caller.split_once('/').unwrap_or(("default", caller));
                        let labels = [(APP, app), (VERSION, version)];
                        let source_labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
                        let source_namespace = Some(namespace.to_owned());
                        HttpMatch { source_labels, source_namespace, ..HttpMatch::default() }
                    };
                    lane.versions.iter().map(caller).collect()
                }
                Mode::Permissive { trace_header, .. } => {
                    let headers = vec![(trace_header.clone(), StringMatch::Exact(lane.name.clone()))];
                    vec![HttpMatch { headers, ..sidecars() }]
                }
            };
            rules.push(rule(Some(Of::Lane(index)), matches, vec![way(Some(index))]));
        }
        if let Mode::Permissive { .. } = self.mode {
            rules.push(rule(None, vec![sidecars()], vec![way(None)]));
        }
        rules
    }

    /// Each lane by its own name in the header, and in a permissive group the rest into the baseline.
    pub fn by_header(&self) -> Vec<Entry> {
        let (Mode::Strict { route_header: header } | Mode::Permissive { route_header: header, .. }) = &self.mode;
        let named = |(index, lane): (usize, &Lane)| {
            let headers = vec![(header.clone(), StringMatch::Exact(lane.name.clone()))];
            Entry { matches: vec![HttpMatch { headers, ..HttpMatch::default() }], lanes: vec![(index, 1)] }
        };
        let mut ingress: Vec<Entry> = self.lanes.iter().enumerate().map(named).collect();
        if let Mode::Permissive { baseline, .. } = self.mode {
            ingress.push(Entry { matches: Vec::new(), lanes: vec![(baseline, 1)] });
        }
        ingress
    }
}

/// All sidecars, whatever they call with.
fn sidecars() -> HttpMatch {
    HttpMatch { gateways: vec![MESH.to_owned()], ..HttpMatch::default() }
}
