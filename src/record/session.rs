//! Sessions: what one replication counted of users who keep connections, and what a study makes of it.

use serde::{Deserialize, Serialize};

use super::{Estimate, SparseHistogram};

/// Sessions of one stream in one replication.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionRow {
    /// The stream.
    pub stream: String,
    /// By window of the horizon.
    pub windows: Vec<SessionWindow>,
    /// By cluster whose ingress holds the connections.
    pub clusters: Vec<ClusterSessions>,
    /// Tries to connect, new sessions and reconnects, by second from t = 0.
    pub tried: Vec<u32>,
    /// By fault, in the order of `Run::faults`.
    pub faults: Vec<SessionFault>,
}

/// What happened to sessions in a window of the horizon.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionWindow {
    /// New sessions that opened.
    pub begun: u64,
    /// That ended because they had lasted as long as they should.
    pub ended: u64,
    /// Whose clients got to know that their connection is broken.
    pub broken: u64,
    /// Broken ones that were open again.
    pub back: u64,
    /// Tries to connect.
    pub tried: u64,
    /// Of these tries, whenever it was known, those that failed: nobody there, or a login that was not answered well.
    pub failed: u64,
    /// Clients that tried no more.
    pub given_up: u64,
}

/// Sessions at one cluster's ingress.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ClusterSessions {
    /// The cluster.
    pub cluster: String,
    /// By window: nanoseconds that sessions were open, as far as their clients knew, all together.
    pub open_ns: Vec<u64>,
}

/// Sessions that broke while a fault lasted or in its recovery.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SessionFault {
    /// The fault.
    pub fault: String,
    /// How many.
    pub broken: u64,
    /// Of those, how many were given up.
    pub given_up: u64,
    /// Of the others that were open again, how long after the beginning of the fault.
    pub back: SparseHistogram,
    /// The most tries to connect in one second, while it lasted or in its recovery.
    pub worst_second: u32,
    /// Tries to connect in the seconds just before its first occurrence.
    pub before: u64,
    /// How many seconds those are.
    pub before_seconds: u32,
}

/// Sessions of one stream over all replications.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SessionSummary {
    /// The stream.
    pub stream: String,
    /// Open sessions on average.
    pub open: Estimate,
    /// New sessions and reconnects per second, on average.
    pub tried_per_s: Estimate,
    /// Of these the share that failed.
    pub failed: Estimate,
    /// Open sessions by cluster: in the first window of the horizon, and in the last one.
    pub clusters: Vec<ClusterShare>,
    /// By fault that broke any.
    pub faults: Vec<SessionHarm>,
    /// Over the horizon.
    pub windows: Vec<SessionPoint>,
}

/// What was seen in a window of the horizon, per replication.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SessionPoint {
    /// Its beginning, seconds from t = 0.
    pub start_s: f64,
    /// Its end.
    pub end_s: f64,
    /// Open sessions on average, by cluster in the order of `clusters`.
    pub open: Vec<f64>,
    /// Tries to connect.
    pub tried: f64,
    /// Of these, those that failed.
    pub failed: f64,
    /// Sessions that broke.
    pub broken: f64,
    /// That were open again.
    pub back: f64,
    /// That were given up.
    pub given_up: f64,
}

/// Where sessions are.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ClusterShare {
    /// The cluster.
    pub cluster: String,
    /// Open on average in the first window.
    pub first: Estimate,
    /// And in the last.
    pub last: Estimate,
}

/// What a fault did to sessions.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SessionHarm {
    /// The fault.
    pub fault: String,
    /// Broken by it, per replication.
    pub broken: Estimate,
    /// Given up, per replication.
    pub given_up: Estimate,
    /// Tries to connect in the worst second.
    pub worst_per_s: Estimate,
    /// Tries to connect per second just before.
    pub before_per_s: Estimate,
    /// Seconds from the fault's beginning until 50, 90, 95 and 99 % of the broken were open again.
    pub back_s: [Estimate; 4],
}
