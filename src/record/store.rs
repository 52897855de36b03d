//! Stores: calls to data that is divided, writes to databases with a primary, and their promotions.

use serde::{Deserialize, Serialize};

use super::{Estimate, VariantResult};

/// Calls that reached a service which uses a store, within the horizon.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StoreRow {
    /// The store.
    pub store: String,
    /// The service.
    pub service: String,
    /// Calls that reached a replica, retries included, for requests of users.
    pub asked: u64,
    /// Of these, those that reached another cluster's data than that of the cluster in which the request came in.
    pub wrong: u64,
}

/// Writes of a service to a database with a primary, within the horizon.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct WriteRow {
    /// The store.
    pub store: String,
    /// The service.
    pub service: String,
    /// Writes that reached a replica of the service, retries included, for requests of users.
    pub asked: u64,
    /// Writes that found no primary: before any work, or when they were to be done.
    pub refused: u64,
    /// Writes that were answered well, to somebody who still waited.
    pub acknowledged: u64,
    /// Of these, those that the next primary does not have.
    pub lost: u64,
}

/// One copy of a database takes over from another.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PromotionRow {
    /// The store.
    pub store: String,
    /// The cluster of the old primary.
    pub from: String,
    /// The cluster of the new one.
    pub to: String,
    /// The fault with which it began, where it was one's beginning.
    pub fault: Option<String>,
    /// An operator ordered it, and the old primary heard of it: nothing is lost.
    pub planned: bool,
    /// Since when the old primary was missed, or when a planned switch began; nanoseconds from t = 0.
    pub since_ns: i64,
    /// From when on the new one takes writes; none: not before the end of the run.
    pub done_ns: Option<i64>,
    /// When it acknowledged its first write; none: not before the end of the run.
    pub served_ns: Option<i64>,
    /// How far the data of the new primary goes back: from the first instant of which it lacks what was acknowledged to
    /// the last at which the old one took writes.
    pub rpo_ns: u64,
    /// Acknowledged writes that the new primary does not have.
    pub lost: u64,
}

impl PromotionRow {
    /// From when the old primary was missed to the first write that the new one acknowledged.
    pub fn rto_ns(&self) -> Option<u64> {
        Some((self.served_ns? - self.since_ns).max(0).cast_unsigned())
    }
}

/// Calls that reached a service which uses a store.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct StoreSummary {
    /// The store.
    pub store: String,
    /// The service.
    pub service: String,
    /// Calls, in all replications.
    pub asked: u64,
    /// Of these, those that reached another cluster's data than their request's.
    pub wrong: u64,
    /// Their share.
    pub share: Estimate,
}

/// Writes of a service to a database with a primary.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct WriteSummary {
    /// The store.
    pub store: String,
    /// The service.
    pub service: String,
    /// Writes that reached a replica of the service, in all replications.
    pub asked: u64,
    /// Of these, those that found no primary.
    pub refused: u64,
    /// Writes that were answered well.
    pub acknowledged: u64,
    /// Of these, those that a later primary does not have.
    pub lost: u64,
    /// The share that found no primary.
    pub refused_share: Estimate,
}

/// What became of the primaries of a store.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SuccessionSummary {
    /// The store.
    pub store: String,
    /// Promotions that nobody planned, of a run.
    pub promotions: Estimate,
    /// Seconds from when the old primary was missed until the new one acknowledged a write (RTO), of a promotion that
    /// nobody planned.
    pub rto_s: Estimate,
    /// Seconds of data that the new primary lacks (RPO), of a promotion that nobody planned.
    pub rpo_s: Estimate,
    /// Acknowledged writes that are lost, of a run.
    pub lost: Estimate,
    /// The same, fault by fault with whose beginning the old primary was missed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub faults: Vec<SuccessionFault>,
    /// Each promotion of each replication, planned ones included.
    pub each: Vec<StorePromotion>,
}

impl VariantResult {
    /// Acknowledged writes that promotions lose, of a run; none are lost where no database has a primary.
    pub fn writes_lost(&self) -> Estimate {
        self.lost_writes.clone().unwrap_or_else(|| Estimate::exact(0.0))
    }

    /// Does it lose writes that it acknowledged, in any replication?
    pub fn loses_writes(&self) -> bool {
        self.lost_writes.as_ref().and_then(|lost| lost.value).is_some_and(|lost| lost > 0.0)
    }
}

/// What became of the primaries of a store in one fault.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SuccessionFault {
    /// The fault; empty: of promotions that began with none.
    pub fault: String,
    /// Promotions that nobody planned, of a run.
    pub promotions: Estimate,
    /// RTO, s.
    pub rto_s: Estimate,
    /// RPO, s.
    pub rpo_s: Estimate,
    /// Acknowledged writes that are lost, of a run.
    pub lost: Estimate,
}

/// A promotion of one replication.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StorePromotion {
    /// Which, from 0.
    pub replication: u32,
    /// What took over when.
    #[serde(flatten)]
    pub promotion: PromotionRow,
}
