//! Prices, one row each, and the sizes of capacity units.
//!
//! A row holds from somewhere to somewhere: a region, an area, `abroad` (anywhere outside the mainland) or `*`; the most
//! specific row wins. Amounts are in billionths of the currency unit.

use serde::Deserialize;

use super::{Books, Level, Provider, Region, Status};
use crate::units::Money;

/// Does a row hold both ways?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// From `from` to `to` only.
    Out,
    /// Between them, whoever sends.
    Any,
}

/// A price.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct PriceRow {
    /// `cdt.gold`, `eip.egress`, `nlb.lcu`.
    pub item: String,
    /// Whose.
    pub provider: Provider,
    /// The provider's name of the product.
    pub product: String,
    /// What the invoice calls it.
    pub name: String,
    /// Where bytes come from or where the thing stands.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// Does it hold both ways?
    pub way: Way,
    /// `GB`, `hour`, `LCU-hour`, `Mbps-month`.
    pub unit: String,
    /// First unit of the tier that the price is for; for `eip.bandwidth-day` how many Mbit/s it is for, together.
    pub tier_from: u64,
    /// Low end of what is believable.
    pub low_nano: Option<i64>,
    /// The figure used; none: not found.
    pub mid_nano: Option<i64>,
    /// High end.
    pub high_nano: Option<i64>,
    /// `USD`.
    pub currency: String,
    /// By what span it is metered: `hour` is rounded up, `day-maximum`, `month`, `second`.
    pub period: String,
    /// Who pays.
    pub payer: String,
    /// Bytes in the invoice's gigabyte, for units of GB.
    pub gigabyte_bytes: Option<u64>,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When it was published or read.
    pub as_of: String,
    /// What the range rests on, what to beware of.
    pub note: String,
}

impl PriceRow {
    /// The price at an end of its range; none: not found.
    pub fn at(&self, level: Level) -> Option<Money> {
        let nano = match level {
            Level::Low => self.low_nano,
            Level::Mid => self.mid_nano,
            Level::High => self.high_nano,
        };
        nano.map(|nano| Money(i128::from(nano)))
    }
}

/// How much one capacity unit holds of each thing; an hour costs the greatest of the quotients.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct CapacityUnit {
    /// The item of the price book: `nlb.lcu`, `nat.cu`.
    pub item: String,
    /// `tcp`, `udp`, `http`.
    pub protocol: String,
    /// New connections per second.
    pub new_per_second: f64,
    /// Open connections.
    pub open: f64,
    /// Gigabytes per hour.
    pub gigabytes_per_hour: f64,
    /// Rules evaluated per hour.
    pub rules_per_hour: Option<f64>,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

/// How an item is metered beyond its price.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct MeteringRow {
    /// The item of the price book.
    pub item: String,
    /// Which usage climbs the tiers together: `line`, `region` or `account`.
    pub pool: String,
    /// Units that are free each month.
    pub free: Option<u64>,
    /// Who shares what is free.
    pub free_pool: String,
    /// The least that is sold, in units.
    pub minimum: Option<u64>,
    /// How it is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

/// How well `place` of a row fits a region (or a bare word such as an area): the region itself beats its area beats
/// `abroad` beats `*`.
fn fit(place: &str, word: &str, region: Option<&Region>) -> Option<u8> {
    if place == word {
        return Some(3);
    }
    match place {
        "*" => Some(0),
        "abroad" => region.is_some_and(|region| !region.mainland()).then_some(1),
        _ => region.is_some_and(|region| region.area.word() == place || region.bills_as(place)).then_some(2),
    }
}

impl Books {
    /// The first tier's price of `item` from a region to a region (or areas; `*` where it does not matter).
    pub fn price(&self, item: &str, from: &str, to: &str) -> Option<&PriceRow> {
        self.price_tiers(item, from, to).into_iter().next()
    }

    /// All tiers of that price, lowest first.
    pub fn price_tiers(&self, item: &str, from: &str, to: &str) -> Vec<&PriceRow> {
        let rank = |row: &PriceRow| self.fit_of(row.provider, (&row.from, &row.to), row.way == Way::Any, (from, to));
        let rows = || self.prices.iter().filter(|row| row.item == item);
        let Some(best) = rows().filter_map(rank).max() else { return Vec::new() };
        let mut tiers: Vec<&PriceRow> = rows().filter(|row| rank(row) == Some(best)).collect();
        tiers.sort_by_key(|row| row.tier_from);
        tiers
    }

    /// What a row of a provider may call a place: a region's id where the region is its own, else no word but `*` fits by
    /// name; and the region, for its area.
    fn place<'a>(&'a self, provider: Provider, word: &'a str) -> (&'a str, Option<&'a Region>) {
        match self.region(word) {
            Some(region) if region.provider == provider || !word.contains('/') => (&region.id, Some(region)),
            region => (word, region),
        }
    }

    /// How well a provider's row from and to these places, turned round too where `any_way`, fits a way from somewhere to
    /// somewhere: greater is more specific, none not at all.
    pub fn fit_of(
        &self,
        provider: Provider,
        row: (&str, &str),
        any_way: bool,
        (from, to): (&str, &str),
    ) -> Option<(u8, u8)> {
        // A bare id in a row is a region of the row's provider: `us-east-1` is another place at AWS than at Alibaba.
        let (from, a) = self.place(provider, from);
        let (to, b) = self.place(provider, to);
        let straight = fit(row.0, from, a).zip(fit(row.1, to, b));
        let turned = fit(row.0, to, b).zip(fit(row.1, from, a)).filter(|_| any_way);
        straight.max(turned).map(|(x, y)| (x + y, x))
    }

    /// Is this a place that a row may name: a region, an area, `abroad` or `*`?
    pub fn knows_place(&self, word: &str) -> bool {
        let area = |row: &PriceRow| row.from == word || row.to == word;
        ["*", "abroad"].contains(&word) || self.region(word).is_some() || self.prices.iter().any(area)
    }

    /// A place as rows of the book write it, told by its bare word or with its provider (`aws/us-east-1`): a region becomes
    /// the id of the item's own provider. `Err` says why a row of this item cannot stand there,
    /// without the word: a file's cells are not printed.
    pub fn place_of(&self, item: &str, word: &str) -> Result<String, String> {
        let provider = self.prices.iter().find(|row| row.item == item).map(|row| row.provider);
        let own = |provider: Provider| self.regions.iter().find(|of| of.provider == provider && of.id == word);
        if let Some(region) = provider.and_then(own) {
            return Ok(region.id.clone());
        }
        let mine = |of: Provider| provider.is_none_or(|provider| provider == of);
        let row = |row: &PriceRow| mine(row.provider) && (row.from == word || row.to == word);
        let area = |region: &Region| mine(region.provider) && (region.area.word() == word || region.bills_as(word));
        let known = self.region(word).is_none() && (self.prices.iter().any(row) || self.regions.iter().any(area));
        if ["*", "abroad"].contains(&word) || known {
            return Ok(word.to_owned());
        }
        match (self.region(word), provider) {
            (None, _) => Err("no region of the book, no area, not `abroad` and not `*`".to_owned()),
            (Some(region), Some(provider)) if region.provider != provider => Err(format!(
                "`{item}` is an item of {}, and this is a region of {}",
                provider.word(),
                region.provider.word()
            )),
            (Some(region), _) => Ok(region.id.clone()),
        }
    }

    /// Size of the capacity unit of `item`.
    pub fn capacity_unit(&self, item: &str, protocol: &str) -> Option<&CapacityUnit> {
        self.units.iter().find(|row| row.item == item && row.protocol == protocol)
    }

    /// The EIP by bandwidth of a region: prices per day of 1, 2, ... 5 Mbit/s together, and of each further one.
    /// None where the book has no figure.
    pub fn eip_bandwidth(&self, region: &str) -> Option<(Vec<&PriceRow>, &PriceRow)> {
        let steps = self.price_tiers("eip.bandwidth-day", region, "*");
        let more = self.price("eip.bandwidth-day-more", region, "*")?;
        (!steps.is_empty() && more.mid_nano.is_some()).then_some((steps, more))
    }
}
