//! Databases.

use crate::random::Law;
use crate::scenario::span::{Span, Spanned};
use crate::units::Duration;

/// `stores.NAME`: a database.
#[derive(Clone, PartialEq, Debug)]
pub struct Store {
    /// Where it is written.
    pub span: Span,
    /// Whose data is where.
    pub kind: StoreKind,
}

/// How a database's data lies over clusters.
#[derive(Clone, PartialEq, Debug)]
pub enum StoreKind {
    /// Each cluster has data of its own.
    Divided {
        /// Services that look into the data of their own cluster.
        used_by: Vec<Spanned<String>>,
        /// A call for data that is elsewhere is answered with an error; else it is only counted.
        refuses: bool,
    },
    /// One copy takes the writes, others follow.
    Replicated(Replication),
}

/// A primary and its replicas.
#[derive(Clone, PartialEq, Debug)]
pub struct Replication {
    /// The cluster of the first primary, then those of replicas, in the order in which they take over.
    pub copies: Vec<Spanned<String>>,
    /// Services that write to it, with the operations that do.
    pub writers: Vec<(Spanned<String>, Vec<String>)>,
    /// How far a replica is behind; none: a write is acknowledged once one has it.
    pub lag: Option<Law>,
    /// When a replica takes over; none: never.
    pub promote: Option<Promote>,
}

/// When a replica takes over, and how long that takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promote {
    /// How long the primary must be missed; none: operators alone promote.
    pub after: Option<Duration>,
    /// From the decision until the new one takes writes.
    pub takes: Duration,
    /// A primary that is missed for so long takes no more writes.
    pub fence: bool,
}

impl Store {
    /// Its primary and replicas, where it has them.
    pub fn replication(&self) -> Option<&Replication> {
        match &self.kind {
            StoreKind::Divided { .. } => None,
            StoreKind::Replicated(replication) => Some(replication),
        }
    }
}
