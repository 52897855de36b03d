//! What is promised and what fails: SLAs, limits, dated incidents with their phases.

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

/// Something that happened.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Incident {
    /// `ali-hk-c-2022`.
    pub id: String,
    /// Local time; `T19:00` alone repeats every day.
    pub start_local: String,
    /// Local time.
    pub end_local: String,
    /// `+08:00`.
    pub utc_offset: String,
    /// Length, minutes.
    pub minutes: u64,
    /// Whose.
    pub provider: String,
    /// What it hit.
    pub scope: String,
    /// What was lost.
    pub lost: String,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// The day of the event.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

/// A phase of an incident.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct IncidentPhase {
    /// The incident.
    pub incident: String,
    /// Counted from 1.
    pub phase: u32,
    /// Minutes from the incident's start.
    pub start_min: u64,
    /// Minutes from the incident's start.
    pub end_min: u64,
    /// `zone`, `region`, `control-plane`, `backbone`, ...
    pub target: String,
    /// Share of the target lost, low end.
    pub loss_low: f64,
    /// High end.
    pub loss_high: f64,
    /// Latency added, as a share.
    pub latency_add: f64,
    /// In words.
    pub what: String,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// The day of the event.
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

    /// An incident.
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.iter().find(|row| row.id == id)
    }

    /// Its phases, in order.
    pub fn phases<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a IncidentPhase> {
        self.phases.iter().filter(move |row| row.incident == id)
    }
}
