//! Services, their versions and replicas.

use crate::policy::RateLimit;

use super::{ContextMapId, EndpointId, OperationId, PlaceId, ProxyId, ServiceId};

/// A service, the same in all clusters.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    /// `namespace/name`, or the name alone in the default namespace.
    pub name: String,
    /// Requests that make progress at once, per replica.
    pub workers: u32,
    /// Requests open at once, per replica; none: unlimited.
    pub threads: Option<u32>,
    /// Waiting room beyond those in service, per replica; none: unlimited.
    pub queue: Option<u32>,
    /// Who is served next.
    pub discipline: Discipline,
    /// What it does with requests that nobody waits for any more.
    pub on_cancel: OnCancel,
    /// Its operations.
    pub operations: Vec<OperationId>,
    /// Its replicas, by place, then number.
    pub endpoints: Vec<EndpointId>,
    /// What each replica's proxy lets in; none: all.
    pub rate_limit: Option<RateLimit>,
    /// Vcpu per replica, for the bill; zero: not billed.
    pub vcpu: f64,
    /// Its versions; empty: all replicas are alike.
    pub versions: Vec<Version>,
    /// What it passes on of the headers of a request to those that it calls for it; `NONE`: all.
    pub forwards: ContextMapId,
}

/// A version of a service: what runs in some of its replicas.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Version {
    /// The name.
    pub name: String,
    /// Labels of its replicas, `version: NAME` among them.
    pub labels: Vec<(String, String)>,
}

/// Who is served next at a replica.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Discipline {
    /// First come, first served.
    #[default]
    Fcfs,
    /// Processor sharing: `workers` cores shared equally, a job uses at most one.
    ProcessorSharing,
    /// Non-preemptive: the lowest `Operation::priority` first, then first come.
    Priority,
}

/// What a server does with a request once it hears that its caller gave up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnCancel {
    /// Goes on as if it were wanted, as most servers do.
    #[default]
    Finish,
    /// Takes it out of the queue if it has not begun; what has begun is finished.
    DropQueued,
    /// Also ends what has begun as soon as it is done with the work that it is at, and gives up the calls that it waits
    /// for.
    Stop,
}

impl Service {
    /// Is the end of a job known when it comes? Not where others may leave the queue before it, or share its worker.
    pub fn knows_ends(&self) -> bool {
        self.discipline == Discipline::Fcfs && self.on_cancel == OnCancel::Finish
    }
}

/// A replica of a service.
#[derive(Clone, PartialEq, Debug)]
pub struct Endpoint {
    /// The service.
    pub service: ServiceId,
    /// Where it stands.
    pub place: PlaceId,
    /// `service@cluster#number`.
    pub name: String,
    /// Its sidecar, or the bare client where there is no data plane.
    pub proxy: ProxyId,
    /// Row of `Service::versions`; 0 where there are none.
    pub version: u16,
}
