//! What is promised and what is allowed: SLAs and limits.

use serde::Deserialize;

use super::{Books, Provider, Status};

/// A promise of a provider.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct SlaRow {
    /// Whose.
    pub provider: String,
    /// `cen_inter_region`, `nlb_alb`.
    pub service: String,
    /// Tier or arrangement.
    pub configuration: String,
    /// `availability`, `credit` (percent of the fee paid back), or `none`.
    pub kind: String,
    /// Percent; none: no promise or not found.
    pub percent: Option<f64>,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// Exclusions, and what to beware of.
    pub note: String,
}

/// A limit of a product.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct LimitRow {
    /// `eip.by-traffic.rate`.
    pub key: String,
    /// Whose.
    pub provider: String,
    /// In words.
    pub what: String,
    /// The figure in `unit`; none: not found.
    pub value: Option<f64>,
    /// `Mbit/s`, `count`, `1/s`.
    pub unit: String,
    /// What happens past it.
    pub past_limit: String,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

impl Books {
    /// A limit.
    pub fn limit(&self, key: &str) -> Option<&LimitRow> {
        self.limits.iter().find(|row| row.key == key)
    }

    /// The limit of that name of a provider.
    pub fn limit_of(&self, provider: Provider, key: &str) -> Option<&LimitRow> {
        self.limits.iter().find(|row| row.provider == provider.word() && row.key == key)
    }
}
