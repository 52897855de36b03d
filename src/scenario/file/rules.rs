//! Routing rules of services, their versions, and headers.

use indexmap::IndexMap;

use super::{Step, TrafficPatch};
use crate::policy::Status;
use crate::policy::route_match::HttpMatch;
use crate::scenario::span::{Span, Spanned};
use crate::units::Ratio;

/// A rule of `mesh.rules.SERVICE`: an entry of a VirtualService's `http[]`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where its name is written.
    pub span: Span,
    /// Alternatives; empty: every request.
    pub matches: Vec<HttpMatch>,
    /// What it does with a request.
    pub action: RuleAction,
    /// Copies.
    pub mirrors: Vec<(RuleTarget, Ratio)>,
    /// Headers that requests carry from here on; the last one of a name holds.
    pub set: Vec<(String, String)>,
    /// By destination: one more, for requests that go there (Istio's `route[].headers`); empty: none anywhere.
    pub set_by_destination: Vec<Option<(String, String)>>,
    /// Headers that they no longer carry.
    pub remove: Vec<String>,
    /// Timeout, retries, hedging, injected faults: what it says is instead of what `traffic` says.
    pub policy: TrafficPatch,
}

impl Rule {
    /// Where it may send requests and copies.
    pub fn targets(&self) -> impl Iterator<Item = &RuleTarget> {
        let (to, fallback) = match &self.action {
            RuleAction::Send { to, fallback } => (to.as_slice(), fallback.as_slice()),
            RuleAction::Respond(_) => (&[][..], &[][..]),
        };
        let mirrors = self.mirrors.iter().map(|(to, _)| to);
        to.iter().map(|(to, _)| to).chain(fallback).chain(mirrors)
    }
}

/// What a rule does with a request.
#[derive(Clone, Debug)]
pub enum RuleAction {
    /// It goes to one of these by weight, or where that has no healthy host, to the first of `fallback` that has one.
    Send {
        /// With weights, relative to their sum; at least one is above zero.
        to: Vec<(RuleTarget, u32)>,
        /// In order.
        fallback: Vec<RuleTarget>,
    },
    /// The client's proxy answers with this status.
    Respond(u16),
}

/// Where a rule sends requests: a service, or a subset of one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RuleTarget {
    /// The service.
    pub service: String,
    /// A key of its `subsets`; none: all of it.
    pub subset: Option<String>,
}

/// An entry of `services.NAME.versions`.
#[derive(Clone, Debug)]
pub struct Version {
    /// Where its name is written.
    pub span: Span,
    /// Labels of its replicas, `app` and `version` among them.
    pub labels: Vec<(String, String)>,
    /// What it does otherwise than its service says, by operation.
    pub operations: IndexMap<String, Variant>,
}

/// What a version does in an operation otherwise than its service says.
#[derive(Clone, Debug, Default)]
pub struct Variant {
    /// Its steps.
    pub steps: Option<Vec<Step>>,
    /// Its errors.
    pub errors: Option<Vec<(Status, Ratio)>>,
    /// It has no such operation.
    pub missing: bool,
}

/// Which headers of a request a service passes on to those that it calls for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Forwards {
    /// All.
    All,
    /// These, in lower case.
    These(Vec<String>),
}

/// The value of a header of a stream's requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeaderText {
    /// Always this.
    Fixed(String),
    /// One of these, each with the same chance.
    OneOf(Vec<String>),
    /// The number of one of so many users.
    Users(u32),
}

/// `headers:` of a stream, by name in lower case.
pub type Headers = IndexMap<String, Spanned<HeaderText>>;

/// What tracing asks every application to pass on (Istio, "Trace context propagation"): the request's name, W3C's trace
/// context and baggage, B3, and what Datadog, Google, SkyWalking and OpenTracing have of their own.
pub const TRACING: [&str; 20] = [
    "x-request-id",
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "x-b3-traceid",
    "x-b3-spanid",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-flags",
    "x-ot-span-context",
    "grpc-trace-bin",
    "x-cloud-trace-context",
    "x-datadog-trace-id",
    "x-datadog-parent-id",
    "x-datadog-sampling-priority",
    "sw8",
    "sw8-correlation",
    "sw8-x",
    "uber-trace-id",
];
