//! The books: regions, round trips, delays, prices, promises, limits, incidents. Figures, never behaviour.
//!
//! Each row carries its source, date and status; a figure is changed by editing a file below `books/`. Prices that were
//! looked for and not found are rows without a price. Knows nothing of scenarios, worlds or bills.

mod availability;
mod book;
pub mod catalog;
mod cloud;
mod incident;
mod latency;
mod price;
mod region;
mod reliability;
mod rtt;
mod rule;
mod word;

use std::sync::OnceLock;

pub use availability::{LimitRow, SlaRow};
pub use book::{Level, Status};
pub use cloud::Provider;
pub use incident::{Deed, Incident, IncidentPhase};
pub use latency::{LatencyRow, LossProfile, LossRow, PathClass, PublicDirection, PublicLine};
pub use price::{CapacityUnit, MeteringRow, PriceRow, Way};
pub use region::{Area, Region, RegionKind};
pub use reliability::{COMPONENT_KINDS, ComponentKind, ReliabilityRow};
pub use rtt::{FitRow, Rtt, RttMethod, RttRow};
pub use rule::{Counts, PricedBy, Rule, RuleRow};
pub use word::{ALIASES, Part};

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
    /// Which items charge for what, by provider.
    pub rules: Vec<RuleRow>,
    /// Prices.
    pub prices: Vec<PriceRow>,
    /// Sizes of capacity units.
    pub units: Vec<CapacityUnit>,
    /// How items are metered beyond their price.
    pub metering: Vec<MeteringRow>,
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
                rules: book::rows("rules", text::RULES),
                prices: book::rows("prices", text::PRICES),
                units: book::rows("capacity-units", text::CAPACITY_UNITS),
                metering: book::rows("metering", text::METERING),
                slas: book::rows("sla", text::SLA),
                limits: book::rows("limits", text::LIMITS),
                incidents: book::rows("incidents", text::INCIDENTS),
                phases: book::rows("incident-phases", text::INCIDENT_PHASES),
                reliability: book::rows("reliability", text::RELIABILITY),
            }
        })
    }

    /// The region of that id, with or without the provider's name before it: `aws/us-east-1`; `cn-hangzhou` is Alibaba's.
    pub fn region(&self, id: &str) -> Option<&Region> {
        let (provider, id) = Provider::split(id)?;
        self.regions.iter().find(|region| region.provider == provider && region.id == id)
    }

    /// The region whose id or city is nearest to a mistyped one, for hints.
    pub fn nearest(&self, name: &str) -> Option<&Region> {
        let (word, id) = name.split_once('/').map_or((None, name), |(word, id)| (Some(word), id));
        let id = id.to_lowercase();
        let likeness = |region: &Region| {
            let near =
                strsim::jaro_winkler(&region.id, &id).max(strsim::jaro_winkler(&region.city.to_lowercase(), &id));
            // Of two that are as like, the one of the provider that was written.
            near + if word == Some(region.provider.word()) { 0.05 } else { 0.0 }
        };
        // The first of equals: `max_by` takes the last.
        let best = self.regions.iter().rev().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        best.filter(|region| likeness(region) > 0.7)
    }
}
