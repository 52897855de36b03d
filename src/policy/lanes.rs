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

use super::route_match::{HttpMatch, StringMatch};

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
    /// The workload that calls: a lane has all services, and nothing of the request is looked at.
    Strict,
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

/// How requests enter lanes (`ingressRouting`).
#[derive(Clone, PartialEq, Debug)]
pub enum Ingress {
    /// Each by the first rule that means it, with the lane's index.
    Rules(Vec<(HttpMatch, usize)>),
    /// Those that one of these means (none: all), by chance, with a weight for each lane.
    Weighted(Vec<HttpMatch>, Vec<u32>),
}

/// A rule of a VirtualService.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    /// Alternatives; empty: every request.
    pub matches: Vec<HttpMatch>,
    /// Destinations, by weight.
    pub to: Vec<Way>,
}

/// A destination of a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Way {
    /// Relative to the others'.
    pub weight: u32,
    /// The lane that the request is in from here on; none: as before.
    pub marks: Option<usize>,
    /// The version; none: the lane lacks the service, and the answer is 503.
    pub version: Option<String>,
    /// Where it goes while no host of that version is healthy.
    pub fallback: Option<String>,
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

    /// The header by which calls between services tell lanes apart; none: they do not look at requests.
    pub fn context_header(&self) -> Option<&str> {
        match &self.mode {
            Mode::Strict => None,
            Mode::Permissive { trace_header, .. } => Some(trace_header),
        }
    }

    /// The lane that serves what a request's own lane lacks.
    pub fn fallback(&self, service: &str) -> Option<usize> {
        match &self.mode {
            Mode::Strict => None,
            Mode::Permissive { baseline, by_service, .. } => {
                Some(by_service.get(service).copied().unwrap_or(*baseline))
            }
        }
    }

    /// Does the gateway tie a request to its lane? It needs a trace to tie it to.
    pub fn marks(&self, carries: impl Fn(&str) -> bool) -> bool {
        match &self.mode {
            Mode::Strict => false,
            Mode::Permissive { route_header, trace_header, .. } => {
                route_header == trace_header || carries(trace_header)
            }
        }
    }

    /// The way of a request that is in `lane` to a service.
    fn way(&self, lane: Option<usize>, service: &str) -> Way {
        let version = |lane: usize| self.lanes[lane].versions.get(service).cloned();
        let (own, borrowed) = (lane.and_then(version), self.fallback(service).and_then(version));
        let (version, fallback) = match (own, borrowed) {
            (Some(own), other) => (Some(own.clone()), other.filter(|other| *other != own)),
            (None, borrowed) => (borrowed, None),
        };
        Way { weight: 1, marks: None, version, fallback }
    }

    /// The rules of calls from one service of the mesh to a service of the group; empty: there are none.
    pub fn rules(&self, caller: &str, service: &str) -> Vec<Rule> {
        if !self.services().contains(service) {
            return Vec::new();
        }
        let lanes = self.lanes.iter().enumerate();
        match &self.mode {
            Mode::Strict => lanes
                .filter_map(|(index, lane)| {
                    let label = (VERSION.to_owned(), lane.versions.get(caller)?.clone());
                    let matches = vec![HttpMatch { source_labels: vec![label], ..HttpMatch::default() }];
                    Some(Rule { matches, to: vec![self.way(Some(index), service)] })
                })
                .collect(),
            Mode::Permissive { trace_header, .. } => {
                let tagged = lanes.map(|(index, lane)| {
                    let header = (trace_header.clone(), StringMatch::Exact(lane.name.clone()));
                    let matches = vec![HttpMatch { headers: vec![header], ..HttpMatch::default() }];
                    Rule { matches, to: vec![self.way(Some(index), service)] }
                });
                let untagged = Rule { matches: Vec::new(), to: vec![self.way(None, service)] };
                tagged.chain([untagged]).collect()
            }
        }
    }

    /// The rules of the gateway for calls to a service of the group; empty: there are none.
    pub fn ingress_rules(&self, ingress: &Ingress, service: &str) -> Vec<Rule> {
        if !self.services().contains(service) {
            return Vec::new();
        }
        let entering = |lane: usize, weight: u32| Way { weight, marks: Some(lane), ..self.way(Some(lane), service) };
        match ingress {
            Ingress::Rules(rules) => rules
                .iter()
                .map(|(entry, lane)| Rule { matches: vec![entry.clone()], to: vec![entering(*lane, 1)] })
                .collect(),
            Ingress::Weighted(matches, weights) => {
                let to = weights.iter().enumerate().map(|(lane, weight)| entering(lane, *weight)).collect();
                vec![Rule { matches: matches.clone(), to }]
            }
        }
    }
}

impl Ingress {
    /// Each lane by its own name in the header, and the rest into the baseline.
    pub fn by_header(group: &Group) -> Ingress {
        let named = |(index, lane): (usize, &Lane), header: &str| {
            let headers = vec![(header.to_owned(), StringMatch::Exact(lane.name.clone()))];
            (HttpMatch { headers, ..HttpMatch::default() }, index)
        };
        let header = match &group.mode {
            Mode::Strict => ROUTE_HEADER,
            Mode::Permissive { route_header, .. } => route_header,
        };
        let mut rules: Vec<_> = group.lanes.iter().enumerate().map(|lane| named(lane, header)).collect();
        if let Mode::Permissive { baseline, .. } = group.mode {
            rules.push((HttpMatch::default(), baseline));
        }
        Ingress::Rules(rules)
    }
}
