//! What one replication counted of a fault, and near it.

use serde::{Deserialize, Serialize};

use super::{Failure, SparseHistogram};

/// Requests whose intended arrival lies within a fault, in any of its spans [start, end), and those after it: of
/// [end, end + recovery), and of what follows that until service is back.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FaultRow {
    /// The fault.
    pub fault: String,
    /// Its occurrences in this replication: start and end in nanoseconds from t = 0, ascending and apart. None where it
    /// comes by chance and did not come.
    pub spans: Vec<(u64, u64)>,
    /// How long after each end it is watched closely, nanoseconds.
    #[serde(default)]
    pub recovery_ns: u64,
    /// By span, until when what it loses is counted, nanoseconds from t = 0; empty: nowhere longer than it is watched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub until_ns: Vec<u64>,
    /// By stream and operation, in the order of `Run::rows`: sent, failed in the order of `Failure::ALL`, latency of successes.
    pub rows: Vec<(u64, [u64; Failure::ALL.len()], SparseHistogram)>,
    /// The same of the time after its end.
    #[serde(default)]
    pub after: Vec<(u64, [u64; Failure::ALL.len()], SparseHistogram)>,
    /// Failures that the fault caused and that its own window does not hold (requests before its start that it hit).
    pub hit_before: u64,
    /// Failures that this fault is charged with, and another one as well.
    #[serde(default)]
    pub shared: u64,
    /// The first occurrences, one by one (at most 32).
    #[serde(default)]
    pub occurrences: Vec<Occurrence>,
    /// Why no call can be told to go to what it hits; none: some can.
    #[serde(default)]
    pub aside: Option<Aside>,
    /// By edge, in the order of `Run::edges`: calls that began before any fault, while it lasted, in its recovery, and after
    /// that up to the next fault.
    #[serde(default)]
    pub edges: Vec<[EdgeCalls; 4]>,
}

impl FaultRow {
    /// When it first comes, nanoseconds from t = 0; none where it does not.
    pub fn first_ns(&self) -> Option<u64> {
        self.spans.first().map(|span| span.0)
    }

    /// Its spans, each from its start until what it loses is no longer counted.
    pub fn counted(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let until = |(index, &(start, end)): (usize, &(u64, u64))| {
            (start, self.until_ns.get(index).copied().unwrap_or(0).max(self.over_ns(end)))
        };
        self.spans.iter().enumerate().map(until)
    }

    /// Until when it is watched closely after an occurrence that ends at `end_ns`.
    pub const fn over_ns(&self, end_ns: u64) -> u64 {
        end_ns.saturating_add(self.recovery_ns)
    }
}

/// An occurrence of a fault.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Occurrence {
    /// When it begins, nanoseconds from t = 0.
    pub start_ns: u64,
    /// How long after that somebody first took notice of something that it hits, and who; none: nobody did before its
    /// recovery was over.
    pub noticed: Option<(u64, NoticedBy)>,
    /// The share of calls that went to what it hits before it came, on edges that lead there; none: no call was made.
    pub hit_share: Option<f64>,
    /// The share that went there while it lasted; none where that cannot be told.
    pub still: Option<f64>,
    /// How long after its start that share was down to a tenth; none: not while it lasted, or it cannot be told.
    pub left_ns: Option<u64>,
    /// Can it be told: did enough calls go there before?
    pub can_leave: bool,
}

/// What calls do not go to, or cannot be told to: when they had left it is then no question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aside {
    /// One of several replicas of a gateway.
    GatewayReplica,
    /// Some of the replicas or ways behind an address, and all behind none.
    Behind,
    /// A share of the connections over a way.
    Connections,
    /// A control plane or an API server.
    ControlPlane,
    /// A global entry's names.
    Names,
    /// What a cache keeps.
    Cache,
    /// A store's copy.
    Database,
}

impl Aside {
    /// Why.
    pub const fn word(self) -> &'static str {
        match self {
            Aside::GatewayReplica => {
                "not measured: it hits one of several replicas of a gateway, and nobody can say before a connection is made \
                 which calls go there"
            }
            Aside::Behind => {
                "not measured: it hits some of what stands behind a gateway's address, and nobody can say before a connection \
                 is made which calls go there"
            }
            Aside::Connections => {
                "not measured: it hits a share of a way's connections, and calls leave these one connection at a time"
            }
            Aside::ControlPlane => "not measured: it hits who tells proxies, and no call goes there that could leave",
            Aside::Names => "not measured: it hits names, and users who are told nothing ask nobody else",
            Aside::Cache => {
                "not measured: a cache that forgets is asked as before, and passes on what it no longer knows"
            }
            Aside::Database => "not measured: it hits a store's copy; its writes are told under stores",
        }
    }
}

/// Who takes notice of a failure in a way that moves traffic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticedBy {
    /// Outlier detection of a proxy ejects a host.
    Ejection,
    /// Outlier detection of a proxy ejects a host that it does not hit while it lasts: one that fails for what it calls.
    EjectionAbove,
    /// A control plane tells proxies that an endpoint is gone.
    Removal,
    /// Whoever spreads users over entry proxies passes one over.
    Entry,
    /// A replica of a store takes its primary's place.
    Promotion,
}

impl NoticedBy {
    /// All of them.
    pub const ALL: [NoticedBy; 5] =
        [NoticedBy::Ejection, NoticedBy::EjectionAbove, NoticedBy::Removal, NoticedBy::Entry, NoticedBy::Promotion];

    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            NoticedBy::Ejection => "outlier detection",
            NoticedBy::EjectionAbove => "outlier detection of what depends on it",
            NoticedBy::Removal => "endpoint removal",
            NoticedBy::Entry => "entry check",
            NoticedBy::Promotion => "promotion of a store's replica",
        }
    }
}

/// Calls of an edge that began in some time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EdgeCalls {
    /// Calls.
    pub calls: u64,
    /// Attempts, the first ones included.
    pub attempts: u64,
    /// Calls that failed.
    pub failed: u64,
}

/// Requests that were sent in a second near a fault.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FineWindow {
    /// Which second from t = 0.
    pub second: u32,
    /// Sent.
    pub sent: u64,
    /// Failed.
    pub failed: u64,
    /// Latency of successes (grouping 6).
    pub latency: SparseHistogram,
}

/// Failed requests that failed in the same place for the same cause.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ErrorRow {
    /// Row of `Run::rows`.
    pub row: u32,
    /// As what they failed.
    pub class: Failure,
    /// The call that decided it: `orders -> payments`.
    pub edge: String,
    /// Where its last attempt went, `cluster/zone`; empty: nowhere.
    pub place: String,
    /// The fault that lasted on its way, if any.
    pub fault: String,
    /// The first fault in which, or after which before service was back, they were sent; empty: outside all.
    pub within: String,
    /// How many.
    pub count: u64,
}

/// What users of a stream saw.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct UserRow {
    /// The stream.
    pub stream: String,
    /// Its users.
    pub users: u64,
    /// For how long at most an event decides.
    pub cutoff_ns: u64,
    /// Length of a bin.
    pub bin_ns: u64,
    /// Time of users by bin of the horizon.
    pub bins: Vec<Active>,
}

/// Time of users, in nanoseconds of user time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Active {
    /// After events that went well.
    pub up: u64,
    /// After events that did not.
    pub down: u64,
}

impl Active {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Active) -> Active {
        Active { up: self.up + other.up, down: self.down + other.down }
    }

    /// The share up; none where nobody was active.
    pub fn share(self) -> Option<f64> {
        let all = self.up + self.down;
        (all > 0).then(|| self.up as f64 / all as f64)
    }
}
