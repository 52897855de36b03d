//! Services, their operations, and what an operation does.

use crate::policy::Status;
use crate::policy::setting::TrafficDistribution;
use crate::random::Law;
use crate::scenario::span::{Span, Spanned};
use crate::units::{Bytes, Duration, Ratio};
use crate::world::{CacheScope, Discipline, OnCancel};
use indexmap::IndexMap;

use super::{Autoscale, Forwards, Version};

/// An entry of `services:`; its name is `name` or `namespace/name`.
#[derive(Clone, Debug)]
pub struct Service {
    /// Where its name is written.
    pub span: Span,
    /// Where it runs; of all versions, one after the other.
    pub replicas: Vec<Replicas>,
    /// Its versions; empty: all replicas are alike.
    pub versions: IndexMap<String, Version>,
    /// Subsets with the places of their versions among `versions`: one for each version, and those by labels.
    pub subsets: IndexMap<String, Vec<usize>>,
    /// What it passes on of a request's headers.
    pub forwards: Forwards,
    /// Requests that make progress at once, per replica.
    pub workers: Spanned<u32>,
    /// Cores per replica, for the bill; as many as workers unless told.
    pub cpu: f64,
    /// Requests open at once, per replica; none: unlimited.
    pub threads: Option<Spanned<u32>>,
    /// Waiting room beyond those in service, per replica; none: unlimited.
    pub queue: Option<Spanned<u32>>,
    /// Who is served next.
    pub discipline: Discipline,
    /// What it does with requests that nobody waits for any more.
    pub on_cancel: OnCancel,
    /// Where its callers should rather go.
    pub traffic_distribution: TrafficDistribution,
    /// From a process' start until it listens.
    pub start_up: Duration,
    /// How its replicas follow its load; none: their number stays.
    pub autoscale: Option<Autoscale>,
    /// By name; a service that says `work`, `calls` or `steps` itself has one operation, named "".
    pub operations: IndexMap<String, Operation>,
}

/// Replicas in one cluster.
#[derive(Clone, Debug)]
pub struct Replicas {
    /// The cluster.
    pub cluster: Spanned<String>,
    /// Place of the version among `Service::versions`; 0 where there are none.
    pub version: usize,
    /// How many, and where.
    pub count: ReplicaCount,
}

/// How many replicas, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReplicaCount {
    /// Round robin over the cluster's zones in their order.
    Spread(u32),
    /// By zone.
    Zones(Vec<(Spanned<String>, u32)>),
}

/// An operation of a service.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Where its name (or the service's) is written.
    pub span: Span,
    /// Payload of a request.
    pub request: Spanned<Bytes>,
    /// Payload of a response.
    pub response: Spanned<Bytes>,
    /// In order.
    pub steps: Vec<Step>,
    /// Lower is served first where the discipline is `priority`.
    pub priority: u8,
    /// Shares answered with these statuses after the work is done.
    pub errors: Vec<(Status, Ratio)>,
    /// For rules.
    pub path: String,
    /// For rules.
    pub method: String,
}

impl Service {
    /// What its versions do in an operation, and it itself: all steps that a replica may take.
    pub fn bodies(&self, operation: &str) -> impl Iterator<Item = &[Step]> {
        let own = self.operations.get(operation).map(|operation| operation.steps.as_slice());
        let of_versions =
            self.versions.values().filter_map(|version| version.operations.get(operation)?.steps.as_deref());
        own.into_iter().chain(of_versions)
    }
}

/// What an operation does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Holds a worker for a time drawn from a law, in seconds.
    Work(Spanned<Law>),
    /// Calls and waits.
    Call(Spanned<CallTarget>),
    /// All branches at once, each a list of steps.
    Parallel(Vec<Vec<Step>>),
    /// One of several.
    Choose(Vec<Choice>),
    /// Several times, one after the other.
    Repeat {
        /// How often, at least 1.
        times: u32,
        /// What.
        steps: Vec<Step>,
    },
    /// Asks a cache, and fetches what is not there.
    Cache(Cache),
    /// Begins the operation anew with this chance, below 1 (only at the operation's own level).
    Again(Spanned<Ratio>),
}

impl Step {
    /// Is there such a step among these, however deep?
    pub fn any(steps: &[Step], such: &dyn Fn(&Step) -> bool) -> bool {
        steps.iter().any(|step| {
            such(step)
                || match step {
                    Step::Parallel(branches) => branches.iter().any(|branch| Step::any(branch, such)),
                    Step::Choose(ways) => ways.iter().any(|way| Step::any(&way.steps, such)),
                    Step::Repeat { steps, .. } => Step::any(steps, such),
                    Step::Cache(cache) => Step::any(&cache.miss, such),
                    Step::Work(_) | Step::Call(_) | Step::Again(_) => false,
                }
        })
    }
}

/// A `cache` and what a miss takes.
#[derive(Clone, Debug)]
pub struct Cache {
    /// Share of requests whose answer may be kept; above 0.
    pub hit: Ratio,
    /// How many keys they ask for, all equally likely; at least 1.
    pub keys: u32,
    /// Who shares what is kept.
    pub scope: CacheScope,
    /// What fetches what is not there; not empty.
    pub miss: Vec<Step>,
}

/// One way of a `choose`.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its weight relative to the others; above 0.
    pub weight: f64,
    /// Its steps; may be empty.
    pub steps: Vec<Step>,
}

/// What a call reaches: an operation of a service, both known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CallTarget {
    /// The service, as `services:` names it.
    pub service: String,
    /// The operation, a key of the service's `operations`; "" for its only, unnamed one.
    pub operation: String,
}
