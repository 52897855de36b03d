//! `prices:` as the terms of the bill: what the reader states must name items of the book, in their unit.

use crate::bill::{Exact, OwnPrice, PriceRange, Terms, Tier};
use crate::provider::Books;
use crate::scenario::Diagnostic;
use crate::scenario::file::Prices;

/// The item whose first steps have prices of their own, and that of each unit past them.
const STEPPED: &str = "eip.bandwidth-day";
const FURTHER: &str = "eip.bandwidth-day-more";

/// The terms of a scenario.
pub(super) fn terms(prices: &Prices, books: &Books, said: &mut Vec<Diagnostic>) -> Terms {
    let mut terms = Terms::default();
    for (item, price) in &prices.rows {
        let Some(row) = books.prices.iter().find(|row| row.item == *item) else {
            said.push(
                Diagnostic::error("EW421", format!("the price book has no item `{item}`"))
                    .at(price.span, "unknown item")
                    .help("`eastwest catalog prices` lists them"),
            );
            continue;
        };
        if item == STEPPED {
            said.push(
                Diagnostic::error("EW424", format!("`{item}` is a price in steps"))
                    .at(price.span, "one price for a step says nothing of the others")
                    .help(format!("give the price of each Mbit/s alike: `{FURTHER}: AMOUNT/Mbps-day`")),
            );
            continue;
        }
        if !same_unit(&row.unit, &price.per.value) {
            said.push(
                Diagnostic::error("EW422", format!("`{item}` is priced per {}", row.unit))
                    .at(price.per.span, format!("written per {}", price.per.value)),
            );
        }
        if terms.exchange(&price.currency).is_none() {
            said.push(
                Diagnostic::error("EW423", format!("the book is kept in {}", row.currency))
                    .at(price.span, format!("written in {}", price.currency))
                    .help("convert it: an exchange rate of today would change tomorrow's result"),
            );
        }
        let anywhere = || "*".to_owned();
        terms.own.push(OwnPrice {
            item: item.clone(),
            from: anywhere(),
            to: anywhere(),
            tiers: vec![Tier { from: Exact::ZERO(), price: Some(PriceRange::exact(price.amount)) }],
            currency: price.currency.clone(),
            gigabyte: None,
            source: "the scenario".into(),
            as_of: String::new(),
        });
    }
    terms
}

/// `hour` will do for `attachment-hour`: people write the short form.
fn same_unit(book: &str, written: &str) -> bool {
    let (book, written) = (book.to_ascii_lowercase(), written.to_ascii_lowercase());
    book == written || book.rsplit('-').next() == Some(&written)
}
