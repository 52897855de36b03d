//! Round trips between regions over the provider's backbone: the book, and the great-circle fit for what it lacks.
//!
//! RTT in ms = base + factor x km / 100, factors by kind of pair (`books/rtt_fit.csv`). A pair between the mainland and
//! abroad leaves through Beijing, Shanghai, Guangzhou or Shenzhen; no modelled pair is longer than a booked detour.

use serde::Deserialize;

use super::region::{Area, Region};
use super::{Books, Level, Provider, Status};
use crate::units::Duration;

/// Cities through which traffic leaves the mainland.
const EXITS: [&str; 4] = ["cn-beijing", "cn-shanghai", "cn-guangzhou", "cn-shenzhen"];

/// How a round trip of the book was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RttMethod {
    /// Measured between these regions.
    Measured,
    /// Measured for another provider between the same cities.
    CityProxy,
    /// Fitted factor times the great circle.
    GreatCircle,
    /// The same, by way of a city with an exit.
    GreatCircleViaGateway,
}

/// A pair of the book.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct RttRow {
    /// Whose backbone.
    pub provider: Provider,
    /// A region.
    pub a: String,
    /// Another.
    pub b: String,
    /// Distance on the sphere, km.
    pub great_circle_km: f64,
    /// Low end, ms.
    pub low_ms: f64,
    /// The figure, ms.
    pub mid_ms: f64,
    /// High end, ms.
    pub high_ms: f64,
    /// How it was found.
    pub method: RttMethod,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// The kind of pair that the factor comes from.
    pub note: String,
}

/// A row of the fit.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct FitRow {
    /// Kind of pair, or `base-ms`.
    pub key: String,
    /// In words.
    pub what: String,
    /// Low end.
    pub low: f64,
    /// The figure.
    pub mid: f64,
    /// High end.
    pub high: f64,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

/// A round trip between two regions.
#[derive(Clone, PartialEq, Debug)]
pub struct Rtt {
    /// Low end of what is believable.
    pub low: Duration,
    /// The figure used.
    pub mid: Duration,
    /// High end.
    pub high: Duration,
    /// How it is known.
    pub status: Status,
    /// What it rests on.
    pub basis: String,
    /// Not in the book: from the great-circle fit.
    pub modelled: bool,
}

impl Rtt {
    /// The figure at an end of its range.
    pub fn at(&self, level: Level) -> Duration {
        match level {
            Level::Low => self.low,
            Level::Mid => self.mid,
            Level::High => self.high,
        }
    }
}

/// Low, mid and high in ms.
type Range = [f64; 3];

fn sum(a: Range, b: Range) -> Range {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn shortest(ways: impl Iterator<Item = (String, Range)>) -> Option<(String, Range)> {
    ways.min_by(|a, b| a.1[1].total_cmp(&b.1[1]))
}

impl Books {
    /// The round trip between two regions; none where one of them is unknown. Inside a region: between two zones.
    pub fn rtt(&self, a: &str, b: &str) -> Option<Rtt> {
        let (from, to) = (self.region(a)?, self.region(b)?);
        if from.is(to) {
            let row = self.latency("zone.cross.rtt")?;
            return Some(made([row.low, row.mid, row.high], row.status, row.source.clone(), false));
        }
        if let Some(row) = self.booked(from, to) {
            let basis = format!("{}: {}", row.source, row.note);
            return Some(made([row.low_ms, row.mid_ms, row.high_ms], row.status, basis, false));
        }
        let (basis, range) = self.modelled(from, to);
        Some(made(range, Status::Estimated, basis, true))
    }

    /// The pair's row in the book, whichever way round it is written.
    pub fn rtt_row(&self, a: &str, b: &str) -> Option<&RttRow> {
        self.booked(self.region(a)?, self.region(b)?)
    }

    /// No book has a pair of two providers: nobody sells it.
    fn booked(&self, a: &Region, b: &Region) -> Option<&RttRow> {
        if a.provider != b.provider {
            return None;
        }
        let mut own = self.rtt.iter().filter(|row| row.provider == a.provider);
        own.find(|row| (row.a == a.id && row.b == b.id) || (row.a == b.id && row.b == a.id))
    }

    fn modelled(&self, a: &Region, b: &Region) -> (String, Range) {
        let (basis, straight) = self.leg(a, b);
        // At least one half of a detour has to be in the book: two guesses do not bound a third.
        let booked = |c: &&Region| self.booked(a, c).is_some() || self.booked(c, b).is_some();
        let others = self.regions.iter().filter(|c| !c.is(a) && !c.is(b)).filter(booked);
        let detour = shortest(others.map(|c| (c.id.clone(), sum(self.leg(a, c).1, self.leg(c, b).1))));
        match detour {
            Some((by, way)) if way[1] < straight[1] => (format!("{basis}; not longer than the detour by {by}"), way),
            _ => (basis, straight),
        }
    }

    /// Booked, or fitted; across the border by way of an exit.
    fn leg(&self, a: &Region, b: &Region) -> (String, Range) {
        if let Some(row) = self.booked(a, b) {
            return ("book".into(), [row.low_ms, row.mid_ms, row.high_ms]);
        }
        let inland = if a.mainland() { a } else { b };
        if a.mainland() == b.mainland() || EXITS.contains(&inland.id.as_str()) {
            return self.fitted(a, b);
        }
        let abroad = if a.mainland() { b } else { a };
        let ways = EXITS.iter().filter_map(|exit| {
            let exit = self.region(exit)?;
            let half = |x: &Region, y: &Region| match self.booked(x, y) {
                Some(row) => [row.low_ms, row.mid_ms, row.high_ms],
                None => self.fitted(x, y).1,
            };
            Some((exit.id.clone(), sum(half(inland, exit), half(exit, abroad))))
        });
        let (exit, range) = shortest(ways).expect("the book of regions names the exits");
        (format!("great-circle fit; via {exit} (no direct exit)"), range)
    }

    fn fitted(&self, a: &Region, b: &Region) -> (String, Range) {
        let row = |key: &str| self.fit.iter().find(|row| row.key == key).expect("the fit names every kind of pair");
        let (base, kind) = (row("base-ms"), row(kind(a, b)));
        let hundreds = a.distance_km(b) / 100.0;
        let at = |base: f64, factor: f64| base + factor * hundreds;
        let range = [at(base.low, kind.low), at(base.mid, kind.mid), at(base.high, kind.high)];
        (format!("great-circle fit: {} ({})", kind.what, kind.source), range)
    }
}

fn made(ms: Range, status: Status, basis: String, modelled: bool) -> Rtt {
    let [low, mid, high] = ms.map(|ms| Duration::from_seconds_f64(ms / 1e3));
    Rtt { low, mid, high, status, basis, modelled }
}

/// Which factor of the fit a pair takes.
fn kind(a: &Region, b: &Region) -> &'static str {
    use Area::{AsiaPacific, China, Europe, NorthAmerica};
    let either = |x: Area, y: Area| (a.area == x && b.area == y) || (a.area == y && b.area == x);
    let north_east = |r: &Region| r.area == China || (r.area == AsiaPacific && r.lat > 21.0 && r.lon > 100.0);
    if a.mainland() && b.mainland() {
        "mainland"
    } else if a.distance_km(b) < 3000.0 {
        "regional"
    } else if either(China, Europe) || (either(AsiaPacific, Europe) && (north_east(a) || north_east(b))) {
        "east-asia-europe"
    } else if either(AsiaPacific, Europe) {
        "south-east-asia-europe"
    } else if either(China, NorthAmerica) || either(AsiaPacific, NorthAmerica) {
        "trans-pacific"
    } else if either(Europe, NorthAmerica) {
        "atlantic"
    } else {
        "other"
    }
}
