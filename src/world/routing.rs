//! Which way a call takes before its first attempt, by rules; and the headers that rules look at.
//!
//! All that a rule can look at (the caller's version, the operation, the headers) is known by a few numbers, so that the
//! rule of a call is one row of a table, and chance only chooses among the destinations of that rule.

use super::{
    ContextMapId, EdgeId, HeaderId, OperationId, PolicyId, RouteId, RouteTableId, ServiceId, StreamId, SubsetId, World,
};
use crate::table::Table;
use crate::units::Ratio;

/// Who calls whom, under which policy.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    /// The caller.
    pub from: Caller,
    /// The callee.
    pub to: ServiceId,
    /// `web -> orders`.
    pub name: String,
    /// Timeout, retries, balancing.
    pub policy: PolicyId,
    /// Counted from 0 among the upstreams of the same caller: edges to the same replicas (an Envoy cluster) share it, and
    /// so what a proxy knows of their hosts.
    pub ordinal: u32,
    /// The versions that it reaches; `NONE`: all.
    pub subset: SubsetId,
    /// The edge as a caller writes it, where this one is a part of it that rules choose; `NONE`: it is as written.
    pub of: EdgeId,
    /// It carries copies (Istio mirrors), whose answers nobody waits for.
    pub copies: bool,
    /// The rules that choose; `NONE`: a call takes the edge itself.
    pub routing: RouteTableId,
}

impl Edge {
    /// An edge as a caller writes it, to all versions, without rules.
    pub fn written(from: Caller, to: ServiceId, name: impl Into<String>, policy: PolicyId, ordinal: u32) -> Self {
        let (subset, of, routing) = (SubsetId::NONE, EdgeId::NONE, RouteTableId::NONE);
        Edge { from, to, name: name.into(), policy, ordinal, subset, of, copies: false, routing }
    }
}

/// The calling side of an edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Caller {
    /// A service's replicas.
    Service(ServiceId),
    /// A stream's entry proxies.
    Stream(StreamId),
}

/// Versions of a service that are an Envoy cluster of their own (Istio subset).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subset {
    /// The name.
    pub name: String,
    /// The service.
    pub service: ServiceId,
    /// Rows of `Service::versions`; empty: it selects nobody.
    pub versions: Vec<u16>,
}

/// Rules, and what requests carry that rules look at.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Routing {
    /// Subsets of services.
    pub subsets: Table<SubsetId, Subset>,
    /// Headers that somebody looks at, in lower case.
    pub headers: Table<HeaderId, String>,
    /// What a request may carry, by `Call::context`; row 0 carries none of these headers. Empty: nobody looks.
    pub contexts: Vec<Context>,
    /// Maps from context to context, one row for each context.
    pub maps: Table<ContextMapId, Vec<u16>>,
    /// By edge, see [`Edge::routing`].
    pub tables: Table<RouteTableId, RouteTable>,
    /// What rules do.
    pub routes: Table<RouteId, Route>,
}

/// The headers that a request carries, of those that somebody looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Context {
    /// By header, ascending.
    pub headers: Vec<(HeaderId, HeaderValue)>,
}

/// The value of a header.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum HeaderValue {
    /// Always this.
    Text(String),
    /// Drawn once for each request of a stream; to rules it is as this value of those that may be drawn.
    Drawn(String),
}

/// The headers of a stream's requests.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Carried {
    /// The context, by what was drawn: the sum over `drawn` of class times stride, the last stride 1. Empty: context 0.
    pub contexts: Vec<u16>,
    /// Headers whose value is drawn for each request.
    pub drawn: Vec<DrawnHeader>,
}

/// A header whose value is drawn for each request, each with the same chance.
#[derive(Clone, PartialEq, Debug)]
pub struct DrawnHeader {
    /// The header.
    pub header: HeaderId,
    /// Its name, by which draws are keyed.
    pub name: String,
    /// The values, written out; empty: the numbers from 0 up to `count`, as decimals.
    pub values: Vec<String>,
    /// How many values there are.
    pub count: u32,
    /// By value: what rules can tell of it, from 0. Empty: all are alike to them.
    pub classes: Vec<u16>,
    /// How many classes there are, at least 1.
    pub class_count: u16,
}

/// A row for each (caller's version, operation of the callee, context), where rules look at it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RouteTable {
    /// By version * `by_version` + operation * `by_operation` + context * `by_context`; `NONE`: no rule matches.
    pub rows: Vec<RouteId>,
    /// 0 where rules do not look at the caller's version.
    pub by_version: u32,
    /// 0 where rules do not look at the operation, counted from the callee's first.
    pub by_operation: u32,
    /// 0 where rules do not look at headers.
    pub by_context: u32,
}

impl RouteTable {
    /// The route of a call.
    #[inline]
    pub fn row(&self, version: u16, operation: u32, context: u16) -> RouteId {
        let (version, context) = (u32::from(version), u32::from(context));
        self.rows[(version * self.by_version + operation * self.by_operation + context * self.by_context) as usize]
    }
}

/// What a rule does with a call (an Envoy route).
#[derive(Clone, PartialEq, Debug)]
pub struct Route {
    /// The rule: `reviews/jason`.
    pub name: String,
    /// What becomes of the call.
    pub action: Action,
    /// Who gets a copy, whose answer nobody waits for.
    pub mirrors: Vec<Mirror>,
}

impl Route {
    /// All edges that it may send calls and copies over.
    pub fn edges(&self) -> impl Iterator<Item = EdgeId> {
        let sent = if let Action::Send(to) = &self.action { to.as_slice() } else { &[] };
        let to = sent.iter().chain(self.mirrors.iter().map(|mirror| &mirror.to));
        to.flat_map(|to| [to.edge].into_iter().chain(to.fallback.iter().copied())).filter(|edge| !edge.is_none())
    }
}

/// What becomes of a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// It goes to one of these, by one draw.
    Send(Vec<Destination>),
    /// The client's proxy answers with this status.
    Respond(u16),
}

/// A destination of a route.
#[derive(Clone, PartialEq, Debug)]
pub struct Destination {
    /// Cumulative share, the last one 1: the first whose figure exceeds the draw is taken.
    pub below: f64,
    /// The edge that it means; `NONE`: no such subset (503).
    pub edge: EdgeId,
    /// What is called there, by operation of the service that was meant; empty: the same.
    pub operations: Vec<OperationId>,
    /// What the request carries from here on; `NONE`: the same.
    pub headers: ContextMapId,
    /// Where it goes while the client believes no host of the destination healthy (ASM `fallback`), the first that has one.
    pub fallback: Vec<EdgeId>,
}

/// A copy of a route's calls.
#[derive(Clone, PartialEq, Debug)]
pub struct Mirror {
    /// Share of calls that are copied.
    pub share: Ratio,
    /// Where to.
    pub to: Destination,
}

/// Where a call leads, with the share of calls that go there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Leads {
    /// Of the calls asked about.
    pub share: f64,
    /// The edge; `NONE`: nowhere, it is answered at once.
    pub edge: EdgeId,
    /// What is called.
    pub operation: OperationId,
    /// What it carries.
    pub context: u16,
    /// It is a copy that nobody waits for.
    pub mirror: bool,
}

impl World {
    /// May calls go over this very edge? Where rules choose, an edge as it is written is taken only where one says so.
    pub fn is_taken(&self, edge: EdgeId) -> bool {
        let led = || self.routing.routes.rows().iter().any(|route| route.edges().any(|to| to == edge));
        self.edges[edge].routing.is_none() || led()
    }

    /// What a request carries past `map`.
    pub fn mapped(&self, map: ContextMapId, context: u16) -> u16 {
        if map.is_none() { context } else { self.routing.maps[map][usize::from(context)] }
    }

    /// What a stream's requests carry, with the share of requests that carry it.
    pub fn carries(&self, stream: StreamId) -> Vec<(u16, f64)> {
        let carried = &self.streams[stream].carried;
        if carried.contexts.is_empty() {
            return vec![(0, 1.0)];
        }
        let mut shares = vec![1.0];
        for header in &carried.drawn {
            let mut of = vec![0.0; usize::from(header.class_count)];
            for value in 0..header.count {
                of[usize::from(header.classes.get(value as usize).copied().unwrap_or(0))] += 1.0;
            }
            let all = f64::from(header.count);
            shares = shares.iter().flat_map(|share| of.iter().map(move |of| share * of / all)).collect();
        }
        carried.contexts.iter().copied().zip(shares).collect()
    }

    /// Every operation that a call of this one over `edge` may come to, by whatever rule: itself, and what copies and
    /// other services are asked.
    pub fn may_lead(&self, edge: EdgeId, operation: OperationId) -> Vec<OperationId> {
        let mut found = vec![operation];
        let Some(table) = self.routing.tables.get(self.edges[edge].routing) else { return found };
        let number = operation.0 - self.services[self.edges[edge].to].operations[0].0;
        for route in table.rows.iter().filter_map(|route| self.routing.routes.get(*route)) {
            let sent = if let Action::Send(to) = &route.action { to.as_slice() } else { &[] };
            for to in sent.iter().chain(route.mirrors.iter().map(|mirror| &mirror.to)) {
                found.extend(to.operations.get(number as usize));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Where calls on `edge` lead, by the rules, while every destination has a healthy host.
    pub fn leads(&self, edge: EdgeId, version: u16, operation: OperationId, context: u16) -> Vec<Leads> {
        let table = self.edges[edge].routing;
        if table.is_none() {
            return vec![Leads { share: 1.0, edge, operation, context, mirror: false }];
        }
        let number = operation.0 - self.services[self.edges[edge].to].operations[0].0;
        let nowhere = Leads { share: 1.0, edge: EdgeId::NONE, operation, context, mirror: false };
        let Some(route) = self.routing.routes.get(self.routing.tables[table].row(version, number, context)) else {
            return vec![nowhere];
        };
        let lead = |to: &Destination, share: f64, mirror: bool| Leads {
            share,
            edge: to.edge,
            operation: to.operations.get(number as usize).copied().unwrap_or(operation),
            context: self.mapped(to.headers, context),
            mirror,
        };
        let mut leads = match &route.action {
            Action::Respond(_) => vec![nowhere],
            Action::Send(to) => {
                let mut from = 0.0;
                to.iter()
                    .map(|to| {
                        let share = to.below - from;
                        from = to.below;
                        lead(to, share, false)
                    })
                    .collect()
            }
        };
        leads.extend(route.mirrors.iter().map(|mirror| lead(&mirror.to, mirror.share.get(), true)));
        leads
    }
}
