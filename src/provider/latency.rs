//! Delays inside regions and on hops, jitter, and the loss of the public path.

use serde::Deserialize;

use super::{Books, Level, Status};
use crate::units::Duration;

/// A figure of the latency book.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct LatencyRow {
    /// `zone.cross.rtt`, `hop.transit-router`, `jitter.gold.p99`, `public.ratio`.
    pub key: String,
    /// In words.
    pub what: String,
    /// Low end of what is believable.
    pub low: f64,
    /// The figure used.
    pub mid: f64,
    /// High end.
    pub high: f64,
    /// `ms`, `us` or `ratio`.
    pub unit: String,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

impl LatencyRow {
    /// The figure at an end of its range, in the row's unit.
    pub fn at(&self, level: Level) -> f64 {
        match level {
            Level::Low => self.low,
            Level::Mid => self.mid,
            Level::High => self.high,
        }
    }

    /// The same as a span; panics where the row is not a time, which is a bug in us.
    pub fn duration(&self, level: Level) -> Duration {
        let second = match self.unit.as_str() {
            "ms" => 1e3,
            "us" => 1e6,
            other => panic!("{} is a time, not a {other}", self.key),
        };
        Duration::from_seconds_f64(self.at(level) / second)
    }
}

/// What kind of path a jitter belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PathClass {
    /// Inside a region.
    SameRegion,
    /// Backbone, Gold.
    Gold,
    /// Backbone, Platinum.
    Platinum,
    /// Public internet with both ends on one side of the mainland's border.
    Public,
    /// Public internet across the mainland's border, off-peak.
    PublicBorder,
    /// The same in the evening.
    PublicBorderEvening,
}

impl PathClass {
    /// The word in the book's keys.
    pub const fn word(self) -> &'static str {
        match self {
            PathClass::SameRegion => "same-region",
            PathClass::Gold => "gold",
            PathClass::Platinum => "platinum",
            PathClass::Public => "public",
            PathClass::PublicBorder => "public-border",
            PathClass::PublicBorderEvening => "public-border-evening",
        }
    }
}

/// Which loss the public path has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossProfile {
    /// A premium line in a good week.
    Mild,
    /// What most pairs see.
    Typical,
    /// Commodity transit at its worst.
    Severe,
}

impl LossProfile {
    /// All of them, mildest first.
    pub const ALL: [LossProfile; 3] = [LossProfile::Mild, LossProfile::Typical, LossProfile::Severe];

    /// The word in scenarios and books.
    pub const fn word(self) -> &'static str {
        match self {
            LossProfile::Mild => "mild",
            LossProfile::Typical => "typical",
            LossProfile::Severe => "severe",
        }
    }
}

/// A direction of the public path with regard to the mainland's border.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicDirection {
    /// Into the mainland: the direction that loses packets in the evening.
    AbroadToMainland,
    /// Out of the mainland.
    MainlandToAbroad,
    /// Both ends on one side.
    OneSide,
}

impl PublicDirection {
    /// The direction between two regions, by whether each is in the mainland.
    pub const fn between(from_mainland: bool, to_mainland: bool) -> Self {
        match (from_mainland, to_mainland) {
            (false, true) => PublicDirection::AbroadToMainland,
            (true, false) => PublicDirection::MainlandToAbroad,
            _ => PublicDirection::OneSide,
        }
    }
}

/// The carrier line of a public address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicLine {
    /// BGP over several carriers.
    Bgp,
    /// BGP with better routes across the mainland's border; elsewhere as the other.
    BgpPro,
}

/// Loss and jitter of a direction of the public path under a profile.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct LossRow {
    /// The profile.
    pub profile: LossProfile,
    /// The direction.
    pub path: PublicDirection,
    /// The carrier line.
    pub line: PublicLine,
    /// Share of packets lost outside the evening.
    pub base: f64,
    /// Share lost in the evening.
    pub evening: f64,
    /// The evening's first hour, in the mainland's time.
    pub evening_from_h: u32,
    /// The hour at which it is over.
    pub evening_to_h: u32,
    /// Median extra delay per round trip, ms.
    pub jitter_p50_rtt_ms: f64,
    /// Its p99, ms.
    pub jitter_p99_rtt_ms: f64,
    /// Median in the evening, ms.
    pub evening_jitter_p50_rtt_ms: f64,
    /// Its p99, ms.
    pub evening_jitter_p99_rtt_ms: f64,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

impl LossRow {
    /// `base` outside the evening and `evening` in it, by hour of the mainland's day.
    pub fn by_hour(&self, base: f64, evening: f64) -> [f64; 24] {
        std::array::from_fn(|hour| {
            let hour = hour as u32;
            if (self.evening_from_h..self.evening_to_h).contains(&hour) { evening } else { base }
        })
    }

    /// Loss by hour of the mainland's day.
    pub fn loss_by_hour(&self) -> [f64; 24] {
        self.by_hour(self.base, self.evening)
    }
}

impl Books {
    /// A figure of the latency book.
    pub fn latency(&self, key: &str) -> Option<&LatencyRow> {
        self.latency.iter().find(|row| row.key == key)
    }

    /// Median and p99 of the extra delay per round trip of a class of paths: half of each goes to either way.
    pub fn jitter(&self, class: PathClass) -> (&LatencyRow, &LatencyRow) {
        let row = |which: &str| {
            let key = format!("jitter.{}.{which}", class.word());
            self.latency(&key).expect("the latency book has every class of paths")
        };
        (row("p50"), row("p99"))
    }

    /// Loss and jitter of the public path over a carrier line; where the book tells no other, a line is as plain BGP.
    pub fn loss(&self, profile: LossProfile, path: PublicDirection, line: PublicLine) -> &LossRow {
        let row = |line: PublicLine| {
            self.loss.iter().find(move |row| row.profile == profile && row.path == path && row.line == line)
        };
        row(line).or_else(|| row(PublicLine::Bgp)).expect("the loss book has every profile and direction")
    }
}
