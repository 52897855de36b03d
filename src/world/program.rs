//! What a replica does with a request, as a flat program.

use super::{EdgeId, LawId, OperationId, ServiceId};
use crate::policy::Status;
use crate::units::{Bytes, Ratio};

/// An operation of a service.
#[derive(Clone, PartialEq, Debug)]
pub struct Operation {
    /// `service.operation`, or the service's name for its only, unnamed one.
    pub name: String,
    /// The service.
    pub service: ServiceId,
    /// Where its steps begin in `World::program`.
    pub start: u32,
    /// Payload of a request.
    pub request: Bytes,
    /// Payload of a response.
    pub response: Bytes,
    /// On the wire: request bytes towards the server, framing included.
    pub request_wire: Bytes,
    /// On the wire: acknowledgements of the request, towards the client.
    pub request_acks: Bytes,
    /// On the wire: response bytes towards the client, framing included.
    pub response_wire: Bytes,
    /// On the wire: acknowledgements of the response, towards the server.
    pub response_acks: Bytes,
    /// Lower is served first where the discipline is `Priority`.
    pub priority: u8,
    /// Shares of requests answered with these statuses after the work is done.
    pub errors: Vec<(Status, Ratio)>,
    /// What each version of the service does instead, by version; empty: all do the same.
    pub variants: Vec<Variant>,
}

/// What one version of a service does in an operation.
#[derive(Clone, PartialEq, Debug)]
pub struct Variant {
    /// Where its steps begin in `World::program`.
    pub start: u32,
    /// Shares of requests answered with these statuses after the work is done.
    pub errors: Vec<(Status, Ratio)>,
    /// It has no such operation, and answers so whatever it is asked.
    pub missing: bool,
}

impl Operation {
    /// Where a version's steps begin.
    pub fn start_of(&self, version: u16) -> u32 {
        self.variants.get(usize::from(version)).map_or(self.start, |variant| variant.start)
    }

    /// What a version's errors are.
    pub fn errors_of(&self, version: u16) -> &[(Status, Ratio)] {
        self.variants.get(usize::from(version)).map_or(&self.errors, |variant| &variant.errors)
    }
}

/// One step. A frame runs steps from a start to `End`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Step {
    /// Holds a worker for a time drawn from `laws[law]` (seconds).
    Work {
        /// The law of the work.
        law: LawId,
    },
    /// Calls `call_sites[site]` and waits for the answer; a failed call fails the operation.
    Call {
        /// Index into `World::call_sites`.
        site: u32,
    },
    /// Calls `call_sites[first .. first + count]` at once and waits for all.
    Fork {
        /// First index into `World::call_sites`.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Runs `choices[first .. first + count]` as frames of their own, at once, and waits for all.
    Branch {
        /// First index into `World::choices` (chances unused).
        first: u32,
        /// How many.
        count: u32,
    },
    /// Goes on at one of `choices[first .. first + count]`, by chance.
    Choose {
        /// First index into `World::choices`.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Goes on at `to`.
    Jump {
        /// Index into `World::program`.
        to: u32,
    },
    /// Runs the steps at `body` (to their `End`) `times` times in a frame of its own.
    Repeat {
        /// Index into `World::program`.
        body: u32,
        /// At least 1.
        times: u32,
    },
    /// Asks `caches[cache]` for one of its keys: a hit goes on at `hit`, a miss with the next step.
    Cache {
        /// Index into `World::caches`.
        cache: u32,
        /// Index into `World::program`.
        hit: u32,
    },
    /// Keeps what was fetched for the key that the step at `asked` asked for.
    Fill {
        /// Index into `World::caches`.
        cache: u32,
        /// Index into `World::program`.
        asked: u32,
    },
    /// With this chance, begins the operation anew (only in an operation's own frame).
    Again {
        /// The chance.
        chance: Ratio,
        /// The operation's start.
        to: u32,
    },
    /// The frame is done.
    End,
}

/// What a service keeps of what it fetched: equally likely keys, all of them there at first.
#[derive(Clone, PartialEq, Debug)]
pub struct Cache {
    /// `service`, and the number of the step where a service has several caches.
    pub name: String,
    /// Whose.
    pub service: ServiceId,
    /// Share of requests whose answer may be kept: the hit rate once all keys are there.
    pub hit: Ratio,
    /// How many keys.
    pub keys: u32,
    /// Who shares what is kept.
    pub scope: CacheScope,
}

/// Who shares what a cache keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CacheScope {
    /// Each replica has its own, which dies with its process.
    Replica,
    /// All replicas of a cluster.
    #[default]
    Cluster,
    /// All replicas.
    Service,
}

/// A call that a step makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallSite {
    /// Caller and callee service.
    pub edge: EdgeId,
    /// What is called.
    pub operation: OperationId,
}

/// A way to go on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Choice {
    /// Cumulative chance, the last one 1: the first choice whose figure exceeds the draw is taken.
    pub below: f64,
    /// Index into `World::program`.
    pub start: u32,
}
