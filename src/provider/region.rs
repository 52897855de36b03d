//! Regions: where they are, and to which billing area they belong.

use serde::Deserialize;

use super::{Provider, Status};

/// Billing area of inter-region traffic (CEN and CDT price tables).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The mainland.
    China,
    /// Asia Pacific; Hong Kong belongs here.
    AsiaPacific,
    /// Europe.
    Europe,
    /// North America.
    NorthAmerica,
    /// South America.
    SouthAmerica,
    /// The Middle East.
    MiddleEast,
    /// Australia, an area of Alibaba's old price tables; its region there is closed.
    Australia,
    /// Africa.
    Africa,
}

impl Area {
    /// The word in the books: `asia-pacific`.
    pub const fn word(self) -> &'static str {
        match self {
            Area::China => "china",
            Area::AsiaPacific => "asia-pacific",
            Area::Europe => "europe",
            Area::NorthAmerica => "north-america",
            Area::SouthAmerica => "south-america",
            Area::MiddleEast => "middle-east",
            Area::Australia => "australia",
            Area::Africa => "africa",
        }
    }
}

/// May one still build there?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionKind {
    /// Open to everybody.
    Public,
    /// A local region of one zone, announced to close.
    Local,
    /// Run by a partner.
    Partner,
    /// Closed.
    Closed,
}

/// A region.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Region {
    /// Whose.
    pub provider: Provider,
    /// `cn-hangzhou`.
    pub id: String,
    /// `China (Hangzhou)`.
    pub name: String,
    /// The city.
    pub city: String,
    /// The country.
    pub country: String,
    /// Billing area of Alibaba, and the part of the world for others.
    pub area: Area,
    /// Further words by which its provider's price tables call the part of the world it is in, apart by blanks.
    pub billing: String,
    /// Degrees north, of the city's centre.
    pub lat: f64,
    /// Degrees east, of the city's centre.
    pub lon: f64,
    /// Hours by which its clocks are ahead of UTC, without summer time.
    pub utc_offset_h: f64,
    /// Zones named in old documents, a lower bound; none where not found.
    pub zones: Option<u32>,
    /// How the number of zones is known.
    pub zones_status: Status,
    /// May one still build there?
    pub kind: RegionKind,
    /// How the area is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

impl Region {
    /// The name by which scenarios call it: `aws/us-east-1`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.provider, self.id)
    }

    /// Is it that one?
    pub fn is(&self, other: &Region) -> bool {
        self.provider == other.provider && self.id == other.id
    }

    /// Does its provider's price table call its part of the world so?
    pub fn bills_as(&self, word: &str) -> bool {
        self.billing.split(' ').any(|billing| billing == word)
    }

    /// Is it in mainland China? Traffic between there and elsewhere, Hong Kong included, crosses the border.
    pub fn mainland(&self) -> bool {
        self.area == Area::China
    }

    /// Great-circle distance in km on a sphere of radius 6371 km (haversine).
    pub fn distance_km(&self, other: &Region) -> f64 {
        let rad = |degrees: f64| degrees * std::f64::consts::PI / 180.0;
        let half = |a: f64, b: f64| {
            let s = libm::sin((b - a) / 2.0);
            s * s
        };
        let (lat_a, lat_b) = (rad(self.lat), rad(other.lat));
        let chord = half(lat_a, lat_b) + libm::cos(lat_a) * libm::cos(lat_b) * half(rad(self.lon), rad(other.lon));
        2.0 * 6371.0 * libm::asin(chord.sqrt().min(1.0))
    }

    /// The least round trip that glass allows over that distance: light passes 200 km of fibre in a millisecond.
    pub fn fibre_rtt_ms(&self, other: &Region) -> f64 {
        2.0 * self.distance_km(other) / 200.0
    }
}
