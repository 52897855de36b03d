//! `prices:` as the terms of the bill: what the reader states must name items of the book, in their unit.

use crate::bill::{Exact, GIGABYTE, OwnPrice, PriceRange, Terms, Tier, own_prices, same_unit};
use crate::provider::{Books, PriceRow};
use crate::scenario::file::{OwnRow, PriceFile, PriceStep, Prices, StepFrom};
use crate::scenario::{Diagnostic, Spanned};

/// The item whose first steps have prices of their own, and that of each unit past them.
const STEPPED: &str = "eip.bandwidth-day";
const FURTHER: &str = "eip.bandwidth-day-more";

/// The terms of a scenario.
pub(super) fn terms(prices: &Prices, books: &Books, said: &mut Vec<Diagnostic>) -> Terms {
    let mut terms = Terms {
        currency: prices.currency.value.clone(),
        rates: prices.fx.iter().map(|(name, rate)| (name.value.clone(), rate.clone())).collect(),
        discounts: prices.discounts.iter().map(|(item, share)| (item.value.clone(), share.clone())).collect(),
        own: Vec::new(),
    };
    if !currencies(prices, &terms, said) {
        // Said once is enough: what follows is as if the bill were kept in the book's currency.
        terms.currency = Terms::BOOK_CURRENCY.to_owned();
    }
    for (item, _) in &prices.discounts {
        let dotted = format!("{}.", item.value);
        if !books.prices.iter().any(|row| row.item == item.value || row.item.starts_with(&dotted)) {
            said.push(
                Diagnostic::error("EW421", format!("the price book has no item or family `{}`", item.value))
                    .at(item.span, "unknown item")
                    .help("`eastwest catalog prices` lists the items; `cdt` is the family of `cdt.gold`"),
            );
        }
    }
    if let Some(file) = &prices.file {
        terms.own.extend(of_file(file, &terms, books, said));
    }
    let own = prices.own.iter().filter_map(|own| of_row(own, &terms, books, said));
    let own: Vec<OwnPrice> = own.collect();
    terms.own.extend(own);
    terms
}

/// A bill in another currency needs a rate; has it one?
fn currencies(prices: &Prices, terms: &Terms, said: &mut Vec<Diagnostic>) -> bool {
    let currency = &prices.currency.value;
    let known = terms.exchange(Terms::BOOK_CURRENCY).is_some();
    if !known {
        said.push(
            Diagnostic::error("EW426", format!("no rate of exchange from {} to {currency}", Terms::BOOK_CURRENCY))
                .at(prices.currency.span, "the bill's currency")
                .help(format!(
                    "state one: `fx: {{{currency}: 0.92}}` is what one US dollar is; rates are never fetched"
                )),
        );
    }
    for (name, _) in prices.fx.iter().filter(|(name, _)| name.value == Terms::BOOK_CURRENCY) {
        said.push(
            Diagnostic::error("EW426", "rates are stated against the US dollar, which is 1 of itself")
                .at(name.span, "remove it"),
        );
    }
    known
}

/// The prices of a file; each mistake with its place in it.
fn of_file(file: &PriceFile, terms: &Terms, books: &Books, said: &mut Vec<Diagnostic>) -> Vec<OwnPrice> {
    let name = &file.file.value;
    let mut wrong = |place: String, what: &str| {
        said.push(Diagnostic::error("EW427", format!("{place}: {what}")).at(file.file.span, "this file"));
    };
    match own_prices(name, &file.text, books) {
        Ok(prices) => {
            for price in prices.iter().filter(|price| terms.exchange(&price.currency).is_none()) {
                wrong(
                    price.source.clone(),
                    &format!("no rate of exchange from {} to {}", price.currency, terms.currency),
                );
            }
            prices
        }
        Err(mistakes) => {
            for mistake in mistakes {
                wrong(format!("{name}:{}:{}", mistake.line, mistake.field), &mistake.what);
            }
            Vec::new()
        }
    }
}

fn of_row(own: &OwnRow, terms: &Terms, books: &Books, said: &mut Vec<Diagnostic>) -> Option<OwnPrice> {
    let item = &own.item.value;
    let Some(row) = books.prices.iter().find(|row| row.item == *item) else {
        said.push(
            Diagnostic::error("EW421", format!("the price book has no item `{item}`"))
                .at(own.item.span, "unknown item")
                .help("`eastwest catalog prices` lists them"),
        );
        return None;
    };
    if item == STEPPED {
        said.push(
            Diagnostic::error("EW424", format!("`{item}` is a price in steps"))
                .at(own.item.span, "one price for a step says nothing of the others")
                .help(format!("give the price of each Mbit/s alike: `{FURTHER}: AMOUNT/Mbps-day`")),
        );
        return None;
    }
    let mut placed = |place: &Spanned<String>| {
        books.place_of(item, &place.value).unwrap_or_else(|what| {
            let help = "a region as in `eastwest catalog regions`, an area such as `china`, `abroad`, or `*`";
            said.push(Diagnostic::error("EW330", format!("`{}`: {what}", place.value)).at(place.span, "").help(help));
            place.value.clone()
        })
    };
    let (from, to) = (placed(&own.from), placed(&own.to));
    let mut tiers: Vec<Tier> = Vec::new();
    for step in &own.steps {
        told(step, row, terms, said);
        if step.price.currency != own.steps[0].price.currency {
            said.push(
                Diagnostic::error("EW423", "all steps of a price are in one currency")
                    .at(step.price.span, format!("written in {}", step.price.currency)),
            );
        }
        let from = units(&step.from.value, row);
        let (Some(from), ordered) = (&from, tiers.last().is_none_or(|last| from.as_ref() > Some(&last.from))) else {
            said.push(
                Diagnostic::error("EW424", format!("`{item}` is not priced by the gigabyte"))
                    .at(step.from.span, "of what?")
                    .help(format!("write a plain number of units: the price is per {}", row.unit)),
            );
            continue;
        };
        if !ordered || (tiers.is_empty() && from.is_positive()) {
            said.push(
                Diagnostic::error("EW424", "the steps of a price begin at 0 and rise")
                    .at(step.from.span, "this one does not"),
            );
        }
        tiers.push(Tier { from: from.clone(), price: Some(PriceRange::exact(step.price.amount)) });
    }
    let first = own.steps.first()?;
    Some(OwnPrice {
        item: item.clone(),
        from,
        to,
        tiers,
        currency: first.price.currency.clone(),
        gigabyte: None,
        source: own.source.clone(),
        as_of: String::new(),
    })
}

/// The unit must be the book's, and the currency one that is converted.
fn told(step: &PriceStep, row: &PriceRow, terms: &Terms, said: &mut Vec<Diagnostic>) {
    let price = &step.price;
    if !same_unit(&row.unit, &price.per) {
        said.push(
            Diagnostic::error("EW422", format!("`{}` is priced per {}", row.item, row.unit))
                .at(price.span, format!("written per {}", price.per)),
        );
    }
    if terms.exchange(&price.currency).is_none() {
        said.push(
            Diagnostic::error("EW423", format!("the bill is kept in {}", terms.currency))
                .at(price.span, format!("written in {}", price.currency))
                .help(format!(
                    "convert it, or state a rate: `fx: {{{}: ..}}` is what one US dollar is; rates are never fetched",
                    price.currency
                )),
        );
    }
}

/// Where a step begins in units of the row; none: gigabytes of something that is not priced by them.
fn units(from: &StepFrom, row: &PriceRow) -> Option<Exact> {
    match from {
        StepFrom::Units(units) => Some(units.clone()),
        StepFrom::Gigabytes(_, _) if row.unit != "GB" => None,
        // A terabyte is 1024 of a gigabyte of 2^30, and 1000 of one of 10^9.
        StepFrom::Gigabytes(gigabytes, thousands) => {
            let binary = row.gigabyte_bytes.unwrap_or(GIGABYTE) == 1 << 30;
            let thousand: i128 = if binary { 1024 } else { 1000 };
            Some(gigabytes * &Exact::whole(thousand.pow(*thousands)))
        }
    }
}
