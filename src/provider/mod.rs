//! The books: regions, round trips, delays, prices, promises, limits, incidents. Figures, never behaviour.
//!
//! Each row carries its source, date and status; a figure is changed by editing a file below `books/`. Prices that were
//! looked for and not found are rows without a price. Knows nothing of scenarios, worlds or bills.

mod availability;
mod book;
pub mod catalog;
mod latency;
mod price;
mod region;
mod rtt;

use std::sync::OnceLock;

pub use availability::{Incident, IncidentPhase, LimitRow, ReliabilityRow, SlaRow};
pub use book::{Level, Status};
pub use latency::{LatencyRow, LossProfile, LossRow, PathClass, PublicDirection};
pub use price::{CapacityUnit, PriceRow, Way};
pub use region::{Area, Region, RegionKind};
pub use rtt::{FitRow, Rtt, RttMethod, RttRow};

/// All books.
#[derive(Clone, PartialEq, Debug)]
pub struct Books {
    /// Regions.
    pub regions: Vec<Region>,
    /// Round trips between regions.
    pub rtt: Vec<RttRow>,
    /// The fit for pairs that the book lacks.
    pub fit: Vec<FitRow>,
    /// Delays and jitter.
    pub latency: Vec<LatencyRow>,
    /// Loss of the public path.
    pub loss: Vec<LossRow>,
    /// Prices.
    pub prices: Vec<PriceRow>,
    /// Sizes of capacity units.
    pub units: Vec<CapacityUnit>,
    /// Promises.
    pub slas: Vec<SlaRow>,
    /// Limits.
    pub limits: Vec<LimitRow>,
    /// Incidents.
    pub incidents: Vec<Incident>,
    /// Their phases.
    pub phases: Vec<IncidentPhase>,
    /// Assumed rates of failure.
    pub reliability: Vec<ReliabilityRow>,
}

impl Books {
    /// The version of the shipped books, for records: the month in which they were collected.
    pub const VERSION: &'static str = "2026-11";

    /// The books that come with the program, read once.
    pub fn builtin() -> &'static Books {
        static BOOKS: OnceLock<Books> = OnceLock::new();
        BOOKS.get_or_init(|| {
            use catalog::text;
            Books {
                regions: book::rows("regions", text::REGIONS),
                rtt: book::rows("rtt", text::RTT),
                fit: book::rows("rtt-fit", text::RTT_FIT),
                latency: book::rows("latency", text::LATENCY),
                loss: book::rows("loss", text::LOSS),
                prices: book::rows("prices", text::PRICES),
                units: book::rows("capacity-units", text::CAPACITY_UNITS),
                slas: book::rows("sla", text::SLA),
                limits: book::rows("limits", text::LIMITS),
                incidents: book::rows("incidents", text::INCIDENTS),
                phases: book::rows("incident-phases", text::INCIDENT_PHASES),
                reliability: book::rows("reliability", text::RELIABILITY),
            }
        })
    }

    /// The region of that id, with or without the provider's name before it: `cn-hangzhou`, `alibaba/cn-hangzhou`.
    pub fn region(&self, id: &str) -> Option<&Region> {
        let id = id.strip_prefix("alibaba/").unwrap_or(id);
        self.regions.iter().find(|region| region.id == id)
    }

    /// The region whose id or city is nearest to a mistyped one, for hints.
    pub fn nearest(&self, name: &str) -> Option<&Region> {
        let name = name.strip_prefix("alibaba/").unwrap_or(name).to_lowercase();
        let likeness = |region: &Region| {
            strsim::jaro_winkler(&region.id, &name).max(strsim::jaro_winkler(&region.city.to_lowercase(), &name))
        };
        self.regions.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).filter(|region| likeness(region) > 0.7)
    }
}
