//! The reader's own terms: prices that override the book's, discounts, the currency of the bill.

use std::collections::BTreeMap;

use super::{Allowance, CapacitySize, Exact, Pool, PriceStatus, Tariff, Tier};
use crate::provider::{Books, PriceRow};

/// The item whose first steps have prices of their own, and that of each unit past them.
const STEPPED: &str = "eip.bandwidth-day";
const FURTHER: &str = "eip.bandwidth-day-more";

/// Whose prices, at what discount, in which currency. The default: the book's, at none, in US dollars.
#[derive(Clone, PartialEq, Debug)]
pub struct Terms {
    /// Currency of the bill.
    pub currency: String,
    /// Units of a currency for one US dollar, as stated by the reader; never fetched. The dollar itself needs no row.
    pub rates: BTreeMap<String, Exact>,
    /// Share taken off the list, by item (`cdt.gold`) or family (`cdt`); the longest key that fits holds.
    pub discounts: BTreeMap<String, Exact>,
    /// The reader's own prices. Of those for one item the most specific place holds, of equals the last.
    pub own: Vec<OwnPrice>,
}

/// A price of the reader's own.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnPrice {
    /// The price book's key.
    pub item: String,
    /// Where bytes come from or the thing stands: a region, an area, `abroad` or `*`.
    pub from: String,
    /// Where bytes go.
    pub to: String,
    /// Steps, lowest first, the first one from zero, in units of the book's row.
    pub tiers: Vec<Tier>,
    /// Currency of the prices.
    pub currency: String,
    /// Bytes in the gigabyte, where it is another than the book's.
    pub gigabyte: Option<u64>,
    /// `the scenario`, `my-prices.csv:12`.
    pub source: String,
    /// When it was agreed, where that is said.
    pub as_of: String,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            currency: Terms::BOOK_CURRENCY.to_owned(),
            rates: BTreeMap::new(),
            discounts: BTreeMap::new(),
            own: Vec::new(),
        }
    }
}

impl Terms {
    /// The currency that rates of exchange are stated against.
    pub const BOOK_CURRENCY: &'static str = "USD";

    /// What `item` costs from somewhere to somewhere (regions, areas, or `*` where it does not matter), with its rules.
    /// None where neither the book nor the reader has a row for it there.
    pub fn tariff(&self, books: &Books, item: &str, from: &str, to: &str) -> Option<Tariff> {
        let found = if item == STEPPED {
            let stepped = books.eip_bandwidth(from).and_then(|(steps, further)| Tariff::stepped(&steps, further));
            stepped.map(|tariff| Tariff { item: STEPPED.to_owned(), name: "EIP by bandwidth".to_owned(), ..tariff })
        } else {
            Tariff::of(&books.price_tiers(item, from, to))
        };
        // Of a price in steps the reader states that of each unit alike.
        let own = self.own(books, if item == STEPPED { FURTHER } else { item }, from, to);
        let mut tariff = match (found, own) {
            (None, None) => return None,
            (Some(book), None) => book,
            (book, Some(own)) => own.over(book.unwrap_or_else(|| named(books, item))),
        };
        rules(books, &mut tariff);
        // A discount is off the list: the reader's own price is what he pays.
        if tariff.status != PriceStatus::User {
            tariff.discount = self.discount(item).map(|(key, share)| (key.to_owned(), share.clone()));
        }
        match self.exchange(&tariff.currency) {
            Some(exchange) => tariff.exchange = exchange,
            None => tariff.tiers.iter_mut().for_each(|tier| tier.price = None),
        }
        if tariff.tiers.iter().all(|tier| tier.price.is_none()) {
            tariff.status = PriceStatus::NotFound;
        }
        Some(tariff)
    }

    /// Units of the bill's currency for one of `currency`; none where the reader stated no rate that it takes.
    pub fn exchange(&self, currency: &str) -> Option<Exact> {
        if currency == self.currency {
            return Some(Exact::whole(1));
        }
        let rate = |of: &str| {
            if of == Terms::BOOK_CURRENCY { Some(Exact::whole(1)) } else { self.rates.get(of).cloned() }
        };
        let (to, from) = (rate(&self.currency)?, rate(currency)?);
        from.is_positive().then(|| to.over(&from))
    }

    /// The discount on an item: its own, else that of the nearest family (`privatelink` for `privatelink.zone-hour`).
    pub fn discount(&self, item: &str) -> Option<(&str, &Exact)> {
        let fits = |key: &str| item == key || item.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
        let found = self.discounts.iter().filter(|(key, _)| fits(key)).max_by_key(|(key, _)| key.len());
        found.map(|(key, share)| (key.as_str(), share))
    }

    fn own(&self, books: &Books, item: &str, from: &str, to: &str) -> Option<&OwnPrice> {
        let provider =
            books.prices.iter().find(|row| row.item == item).map_or_else(Default::default, |row| row.provider);
        let ranked = self.own.iter().enumerate().filter(|(_, own)| own.item == item).filter_map(|(index, own)| {
            Some(((books.fit_of(provider, (&own.from, &own.to), true, (from, to))?, index), own))
        });
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, own)| own)
    }
}

impl OwnPrice {
    /// This price in place of the book's, by the book's rules.
    fn over(&self, book: Tariff) -> Tariff {
        Tariff {
            tiers: self.tiers.clone(),
            currency: self.currency.clone(),
            gigabyte: self.gigabyte.unwrap_or(book.gigabyte),
            // Its steps are the contract's: what the list gives away is not in them.
            allowance: None,
            status: PriceStatus::User,
            source: self.source.clone(),
            as_of: self.as_of.clone(),
            ..book
        }
    }
}

/// An item of the book at a place where the book has no price: its name and unit, and nothing else.
fn named(books: &Books, item: &str) -> Tariff {
    let key = if item == STEPPED { FURTHER } else { item };
    let row: Option<&PriceRow> = books.prices.iter().find(|row| row.item == key);
    let like = row.and_then(|row| Tariff::of(&[row])).unwrap_or_default();
    let name = if item == STEPPED { "EIP by bandwidth".to_owned() } else { like.name.clone() };
    Tariff { item: item.to_owned(), name, tiers: vec![Tier { from: Exact::ZERO(), price: None }], ..like }
}

/// How the item is metered beyond its price.
fn rules(books: &Books, tariff: &mut Tariff) {
    tariff.capacity = books.capacity_unit(&tariff.item, "tcp").map(CapacitySize::of);
    let Some(rule) = books.metering.iter().find(|rule| rule.item == tariff.item) else { return };
    tariff.pool = pool(&rule.pool);
    tariff.minimum = rule.minimum.map(Exact::whole);
    if tariff.status != PriceStatus::User {
        tariff.allowance = rule.free.map(|units| Allowance { units: Exact::whole(units), pool: pool(&rule.free_pool) });
    }
}

/// `line`, `region` or `account`.
fn pool(word: &str) -> Pool {
    match word {
        "region" => Pool::Region,
        "account" => Pool::Account,
        _ => Pool::Line,
    }
}
