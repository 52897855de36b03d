//! What has failed: dated incidents with their phases, and what a replay of them does.

use serde::Deserialize;

use super::{Books, Status};

/// What a phase does where it is replayed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// A zone is down, or a share of its replicas.
    Zone,
    /// A region is down, or a share of its replicas.
    Region,
    /// API servers and the provider's control planes of a region are down.
    Api,
    /// A share of the ways in parallel between two regions is dead.
    Links,
    /// The way between two regions is longer by this share.
    Slow,
    /// Packets between two regions are lost.
    Loss,
    /// Names are not answered.
    Dns,
    /// Nothing that a scenario has.
    Nothing,
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
    /// What a replay does.
    pub does: Deed,
    /// How much of it: the quoted figure, or the middle of low and high end.
    pub share: f64,
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
    /// An incident.
    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.iter().find(|row| row.id == id)
    }

    /// Its phases, in order.
    pub fn phases<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a IncidentPhase> {
        self.phases.iter().filter(move |row| row.incident == id)
    }

    /// The phases of an incident that a scenario can meet, in order.
    pub fn replayed<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a IncidentPhase> {
        self.phases(id).filter(|phase| phase.does != Deed::Nothing)
    }
}

impl IncidentPhase {
    /// From when to when, nanoseconds from the incident's start, where time runs so many times as fast.
    pub fn span(&self, speed: f64) -> (i64, i64) {
        let at = |minutes: u64| (minutes as f64 * 60e9 / speed) as i64;
        (at(self.start_min), at(self.end_min))
    }
}
