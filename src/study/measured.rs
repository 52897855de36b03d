//! Measured usage at the prices of a book: a bill for each month, and a provider's own bill repriced row by row.
//!
//! The same invoicing as after a run ([`crate::bill`]), with nothing simulated: quantities are what a meter or a provider
//! counted, so no figure has noise. Tiers and allowances are climbed within a month, in the order of the file.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::bill::recorded;
use crate::bill::{CapacityHour, Day, Entry, Exact, Held, Line, PriceStatus, Quantity, Tariff, Terms, invoice};
use crate::import::alibaba::{Billed, Known};
use crate::import::usage::{Unit, Used, When};
use crate::provider::Books;
use crate::record::{Bill, ComparedRow, ComparedSums, Estimate, Measured, MeasuredMonth, Verdict};

/// Two amounts within this are the same, in units of currency: bills are rounded to cents.
const CENT: f64 = 0.01;
/// Two prices within this share of each other are the same.
const SAME_PRICE: f64 = 1e-6;

/// Usage priced month by month.
pub fn usage(file: &str, used: &[Used], books: &Books, terms: &Terms) -> Measured {
    let mut months: BTreeMap<&str, IndexMap<Key<'_>, Vec<&Used>>> = BTreeMap::new();
    for row in used {
        months.entry(&row.month).or_default().entry(Key::of(row)).or_default().push(row);
    }
    let month = |(month, groups): (&&str, &IndexMap<Key<'_>, Vec<&Used>>)| {
        let mut priced: Vec<Priced> = Vec::new();
        for (key, rows) in groups {
            let tariff = tariff(books, terms, key.item, key.from, key.to);
            let product = if key.product.is_empty() { product(books, key.item) } else { key.product.to_owned() };
            for quantity in quantities(&tariff, rows) {
                priced.push(Priced {
                    product: product.clone(),
                    scope: scope(books, key.from, key.to),
                    payer: key.payer.to_owned(),
                    at: key.from.to_owned(),
                    tariff: tariff.clone(),
                    quantity,
                });
            }
        }
        let lines = invoiced(&priced);
        MeasuredMonth { month: (*month).to_owned(), bill: bill(&priced, &lines, terms) }
    };
    let assumptions = [
        "quantities are taken as they were metered; nothing is scaled to a month of 730 h",
        "steps of prices and free allowances begin anew each month, and are used up in the order of the file",
    ];
    let items = used.iter().map(|row| row.item.as_str());
    Measured {
        form: "usage".into(),
        assumptions: assumptions.into_iter().map(str::to_owned).chain(exchanges(terms)).collect(),
        books: used_books(books, items),
        months: months.iter().map(month).collect(),
        ..head(file, terms)
    }
}

/// A provider's bill, repriced row by row, and the bill that the known rows make.
pub fn bill_details(file: &str, rows: &[Billed], books: &Books, terms: &Terms) -> Measured {
    let mut months: BTreeMap<&str, Vec<(usize, Priced)>> = BTreeMap::new();
    let mut why: BTreeMap<usize, String> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        match repriced(row, books, terms) {
            Ok(priced) => months.entry(&row.month).or_default().push((index, priced)),
            Err(reason) => drop(why.insert(index, reason)),
        }
    }
    let mut ours: BTreeMap<usize, Line> = BTreeMap::new();
    let mut bills = Vec::new();
    for (month, entries) in &months {
        let priced: Vec<Priced> = entries.iter().map(|(_, priced)| priced.clone()).collect();
        let lines = invoiced(&priced);
        bills.push(MeasuredMonth { month: (*month).to_owned(), bill: bill(&priced, &lines, terms) });
        ours.extend(entries.iter().map(|&(index, _)| index).zip(lines));
    }
    let compared: Vec<ComparedRow> =
        rows.iter().enumerate().map(|(index, row)| compared(row, ours.get(&index), why.get(&index), terms)).collect();
    let assumptions = [
        "usage is theirs; prices are the book's, and of no contract unless --prices or --discount states one",
        "which billing item is which item of the book goes by words in its name: estimated",
        "what a resource plan covered is taken off before pricing; tax is not on either side",
    ];
    Measured {
        form: "alibaba-bill".into(),
        assumptions: assumptions.into_iter().map(str::to_owned).chain(exchanges(terms)).collect(),
        months: bills,
        sums: Some(sums(&compared, rows, terms)),
        compared,
        ..head(file, terms)
    }
}

fn head(file: &str, terms: &Terms) -> Measured {
    Measured {
        schema: 1,
        file: file.to_owned(),
        currency: terms.currency.clone(),
        books: vec![("alibaba".to_owned(), Books::VERSION.to_owned())],
        ..Measured::default()
    }
}

/// The rates of exchange, as the reader stated them.
fn exchanges(terms: &Terms) -> impl Iterator<Item = String> {
    let book = Terms::BOOK_CURRENCY;
    terms
        .rates
        .iter()
        .map(move |(of, rate)| format!("1 {book} is {rate} {of}, as --fx states; rates are never fetched"))
}

/// The books of the providers whose items these are.
fn used_books<'a>(books: &Books, items: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let items: BTreeSet<&str> = items.collect();
    let rows = books.prices.iter().filter(|row| items.contains(row.item.as_str()));
    let words: BTreeSet<&str> = rows.map(|row| row.provider.word()).collect();
    words.into_iter().map(|word| (word.to_owned(), Books::VERSION.to_owned())).collect()
}

/// What makes one line: rows that differ in nothing else are added up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key<'a> {
    product: &'a str,
    item: &'a str,
    from: &'a str,
    to: &'a str,
    payer: &'a str,
}

impl<'a> Key<'a> {
    fn of(row: &'a Used) -> Key<'a> {
        Key { product: &row.product, item: &row.item, from: &row.from, to: &row.to, payer: &row.payer }
    }
}

/// An entry of an invoice with everything that it stands on.
#[derive(Clone)]
struct Priced {
    product: String,
    scope: String,
    payer: String,
    at: String,
    tariff: Tariff,
    quantity: Quantity,
}

fn invoiced(priced: &[Priced]) -> Vec<Line> {
    fn entry(one: &Priced) -> Entry<'_> {
        let Priced { product, scope, payer, at, tariff, quantity } = one;
        Entry { product, scope, payer, at, tariff, quantity: quantity.clone() }
    }
    invoice(&priced.iter().map(entry).collect::<Vec<_>>())
}

/// The tariff; of a place where the book has no price one without, so that the line stands there and says so.
fn tariff(books: &Books, terms: &Terms, item: &str, from: &str, to: &str) -> Tariff {
    terms.tariff(books, item, from, to).unwrap_or_else(|| {
        let row = books.prices.iter().find(|row| row.item == item);
        let named = row.and_then(|row| Tariff::of(&[row])).unwrap_or_default();
        Tariff {
            item: item.to_owned(),
            tiers: Tariff::default().tiers,
            status: PriceStatus::NotFound,
            source: String::new(),
            as_of: String::new(),
            ..named
        }
    })
}

fn product(books: &Books, item: &str) -> String {
    books.prices.iter().find(|row| row.item == item).map_or_else(String::new, |row| row.product.clone())
}

fn scope(books: &Books, from: &str, to: &str) -> String {
    let name = |id: &str| books.region(id).map_or_else(|| id.to_owned(), |region| region.city.clone());
    match (from, to) {
        ("*", "*") => String::new(),
        (from, "*") => name(from),
        (from, to) => format!("{} -> {}", name(from), name(to)),
    }
}

/// What the rows of one line add up to, one for each way in which they are metered.
fn quantities(tariff: &Tariff, rows: &[&Used]) -> Vec<Quantity> {
    let mut quantities = Vec::new();
    let capacity = tariff.capacity.is_some();
    let bytes: Exact = rows.iter().filter(|_| !capacity).filter_map(|row| bytes(tariff, row)).sum();
    if bytes.is_positive() {
        quantities.push(Quantity::Bytes(bytes));
    }
    let own = |row: &&&Used| matches!(row.unit, Unit::Own(_));
    let units: Exact = rows.iter().filter(own).map(|row| row.quantity.clone()).sum();
    if units.is_positive() {
        quantities.push(Quantity::Units(units));
    }
    let held: Vec<Held> = rows.iter().filter_map(|row| held(row)).collect();
    if !held.is_empty() {
        quantities.push(Quantity::Held(held));
    }
    if capacity {
        let hours = capacity_hours(tariff, rows);
        if !hours.is_empty() {
            quantities.push(Quantity::Capacity(hours));
        }
    }
    quantities.extend(bandwidth(tariff, rows));
    quantities
}

fn bytes(tariff: &Tariff, row: &Used) -> Option<Exact> {
    let each = match row.unit {
        Unit::Bytes(each) => each,
        Unit::Gigabytes => tariff.gigabyte,
        _ => return None,
    };
    Some(&row.quantity * &Exact::whole(each))
}

fn held(row: &Used) -> Option<Held> {
    let Unit::Hours(numerator, denominator) = row.unit else { return None };
    Some(Held { units: Exact::whole(1), hours: &row.quantity * &Exact::ratio(numerator, denominator) })
}

/// By thing and hour, the dimensions that capacity units are counted by.
fn capacity_hours(tariff: &Tariff, rows: &[&Used]) -> Vec<CapacityHour> {
    let mut hours: BTreeMap<(&str, When), CapacityHour> = BTreeMap::new();
    for row in rows {
        let counted = bytes(tariff, row);
        if counted.is_none() && !matches!(row.unit, Unit::New | Unit::Open) {
            continue;
        }
        let none =
            || CapacityHour { hours: Exact::whole(1), new: Exact::ZERO(), open: Exact::ZERO(), bytes: Exact::ZERO() };
        let hour = hours.entry((&row.thing, row.when)).or_insert_with(none);
        match row.unit {
            Unit::New => hour.new += &row.quantity,
            Unit::Open => hour.open = hour.open.clone().max(row.quantity.clone()),
            _ => hour.bytes += &counted.unwrap_or_default(),
        }
    }
    hours.into_values().collect()
}

/// Bandwidth: of a price by the day the highest of each day of each thing, else as it was bought.
fn bandwidth(tariff: &Tariff, rows: &[&Used]) -> Vec<Quantity> {
    let rows: Vec<&&Used> = rows.iter().filter(|row| row.unit == Unit::Mbps).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    if !tariff.unit.ends_with("day") {
        return vec![Quantity::Bandwidth(rows.iter().map(|row| row.quantity.clone()).sum())];
    }
    // An hour that is given twice is one hour of its day.
    let mut seen: BTreeSet<(&str, When)> = BTreeSet::new();
    let mut days: BTreeMap<(&str, String), Day> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.quantity.is_positive()) {
        let (date, hours, times) = match row.when {
            When::Month(days) => (row.month.clone(), 24, i128::from(days)),
            When::Day(date) => (date.to_string(), 24, 1),
            When::Hour(hour) => (hour.date().to_string(), 1, 1),
        };
        let none = || Day { mbps: Exact::ZERO(), hours: Exact::ZERO(), times: Exact::whole(times) };
        let day = days.entry((&row.thing, date)).or_insert_with(none);
        day.mbps = day.mbps.clone().max(row.quantity.clone());
        if seen.insert((&row.thing, row.when)) {
            day.hours = (&day.hours + &Exact::whole(hours)).min(Exact::whole(24));
        }
    }
    vec![Quantity::Days(days.into_values().collect())]
}

/// The month's bill as the record keeps it. Lines without use are not on an invoice.
fn bill(priced: &[Priced], lines: &[Line], terms: &Terms) -> Bill {
    let used = || priced.iter().zip(lines).filter(|(_, line)| line.quantity.is_positive());
    let amounts = || used().filter_map(|(_, line)| Some((line.status, line.amount?)));
    let sum: crate::bill::PriceRange = amounts().map(|(_, amount)| amount).sum();
    let estimated: crate::units::Money =
        amounts().filter(|(status, _)| *status == PriceStatus::Estimated).map(|(_, amount)| amount.mid).sum();
    let gigabytes = used()
        .filter(|(_, line)| line.unit == "GB")
        .map(|(one, line)| line.quantity.value() * one.tariff.gigabyte as f64 / f64::from(1 << 30));
    let exact = |line: &Line| {
        line.amount.map_or_else(
            || Estimate::none("price not found"),
            |amount| Estimate {
                inputs: (amount.low != amount.high).then(|| (amount.low.units(), amount.high.units())),
                ..Estimate::exact(amount.mid.units())
            },
        )
    };
    let recorded = |(one, line): (&Priced, &Line)| {
        recorded(line, &one.tariff, Estimate::exact(line.quantity.value()), exact(line))
    };
    let unknown = |(_, line): (&Priced, &Line)| {
        line.amount.is_none().then(|| {
            format!("{}: the price of {} {} was not found and is not in the sum", line.name, line.quantity, line.unit)
        })
    };
    Bill {
        currency: terms.currency.clone(),
        month: Estimate {
            inputs: (sum.low != sum.high).then(|| (sum.low.units(), sum.high.units())),
            ..Estimate::exact(sum.mid.units())
        },
        estimated_share: if sum.mid.0 > 0 { estimated.units() / sum.mid.units() } else { 0.0 },
        // The sum of nothing is minus nothing.
        gigabytes_month: gigabytes.sum::<f64>() + 0.0,
        unknowns: used().filter_map(unknown).collect(),
        lines: used().map(recorded).collect(),
        ..Bill::default()
    }
}

/// What we make of a provider's row: an entry, or why there is none.
fn repriced(row: &Billed, books: &Books, terms: &Terms) -> Result<Priced, String> {
    let Known { item, from, to } = row.known.clone()?;
    let usage = row.usage.clone().ok_or("no usage on the row: a refund, a correction or a subscription")?;
    let tariff = tariff(books, terms, &item, &from, &to);
    let billed = if usage > row.deducted { &usage - &row.deducted } else { Exact::ZERO() };
    let quantity = in_units(&tariff, &billed, &row.unit)
        .ok_or_else(|| format!("usage in `{}`, and `{item}` is priced per {}", row.unit, tariff.unit))?;
    if tariff.tiers.iter().all(|tier| tier.price.is_none()) {
        let why = if terms.exchange(&tariff.currency).is_none() {
            format!("no rate from {} to {}: --fx states one", tariff.currency, terms.currency)
        } else {
            format!("the book has no price of `{item}` there; --prices may state one")
        };
        return Err(why);
    }
    Ok(Priced {
        product: row.product.clone(),
        scope: scope(books, &from, &to),
        payer: row.account.clone(),
        at: from,
        tariff,
        quantity,
    })
}

/// Their usage as a quantity of ours; none where the unit is not understood.
fn in_units(tariff: &Tariff, usage: &Exact, unit: &str) -> Option<Quantity> {
    let unit = unit.to_lowercase();
    let bytes = |each: u64| Quantity::Bytes(usage * &Exact::whole(each));
    let size = match unit.as_str() {
        "b" | "byte" | "bytes" | "字节" => Some(1),
        "kb" => Some(1 << 10),
        "mb" => Some(1 << 20),
        "gb" | "g" => Some(tariff.gigabyte),
        "tb" => Some(1 << 40),
        _ => None,
    };
    let hours = |of: (i128, i128)| {
        Quantity::Held(vec![Held { units: Exact::whole(1), hours: usage * &Exact::ratio(of.0, of.1) }])
    };
    let span = match unit.as_str() {
        "second" | "seconds" | "s" | "秒" => Some((1, 3600)),
        "minute" | "minutes" | "分钟" => Some((1, 60)),
        "hour" | "hours" | "h" | "小时" | "个*小时" | "个/小时" => Some((1, 1)),
        "day" | "days" | "天" => Some((24, 1)),
        _ => None,
    };
    match (size, span) {
        (Some(each), _) if tariff.unit == "GB" => Some(bytes(each)),
        (_, Some(of)) if tariff.unit.ends_with("hour") && tariff.capacity.is_none() => Some(hours(of)),
        _ if unit == "mbps" && tariff.unit.starts_with("Mbps") && tariff.unit.ends_with("month") => {
            Some(Quantity::Bandwidth(usage.clone()))
        }
        _ if unit == tariff.unit.to_lowercase()
            || (tariff.capacity.is_some() && ["lcu", "cu", "个"].contains(&unit.as_str())) =>
        {
            Some(Quantity::Units(usage.clone()))
        }
        _ => None,
    }
}

/// A row of theirs against the line of ours, or why there is none.
fn compared(row: &Billed, ours: Option<&Line>, why: Option<&String>, terms: &Terms) -> ComparedRow {
    let their_currency = if row.currency.is_empty() { terms.currency.clone() } else { row.currency.clone() };
    let rate = terms.exchange(&their_currency).map(|rate| rate.value());
    let amount = ours.and_then(|line| line.amount).map(|amount| amount.mid.units());
    let mut compared = ComparedRow {
        line: row.line,
        month: row.month.clone(),
        product: row.product.clone(),
        item: row.item.clone(),
        region: row.region.clone(),
        usage: row.usage.as_ref().map(Exact::value),
        unit: row.unit.clone(),
        theirs: row.paid,
        their_currency: their_currency.clone(),
        key: row.known.as_ref().ok().map(|known| known.item.clone()),
        ours: amount,
        difference: rate.zip(amount).map(|(rate, ours)| row.paid * rate - ours),
        ..ComparedRow::default()
    };
    let Some(line) = ours else {
        compared.reasons.extend(why.cloned());
        return compared;
    };
    let Some(difference) = compared.difference else {
        compared.reasons.push(format!("no rate from {their_currency} to {}: --fx states one", terms.currency));
        return compared;
    };
    if difference.abs() <= CENT {
        compared.verdict = Verdict::Same;
        return compared;
    }
    compared.reasons = reasons(row, line, rate.unwrap_or(1.0), &terms.currency);
    // A reason that is only ours (an estimated price) explains nothing of theirs.
    let told = compared.reasons.len() - usize::from(line.status == PriceStatus::Estimated);
    compared.verdict = if told > 0 { Verdict::Explained } else { Verdict::Differs };
    compared
}

/// What the row itself says of a difference.
fn reasons(row: &Billed, line: &Line, rate: f64, currency: &str) -> Vec<String> {
    let mut reasons = Vec::new();
    let price = line.parts.iter().find_map(|part| part.price).map(|price| price.mid.units() * line.exchange.value());
    if let (Some(theirs), Some(ours)) = (row.list_price.map(|price| price * rate), price)
        && (theirs - ours).abs() > SAME_PRICE * ours.abs()
    {
        let [theirs, ours] = [theirs, ours].map(|price| crate::units::significant(price, 6));
        reasons.push(format!("their list price is {theirs} {currency} per unit, the book's {ours}"));
    }
    if let Some(gross) = row.gross.filter(|gross| gross - row.paid > CENT) {
        let share = crate::units::significant((gross - row.paid) / gross * 100.0, 3);
        reasons.push(format!("a discount of {share} % is off their amount"));
    }
    if row.deducted.is_positive() {
        reasons.push(format!("a resource plan covered {} {}", row.deducted, row.unit));
    }
    if line.parts.len() > 1 {
        reasons.push("our price has steps or a free allowance, filled in the order of the file".to_owned());
    }
    if line.discount.is_positive() {
        reasons.push(format!(
            "our price has your discount of {} %",
            crate::units::significant(line.discount.value() * 100.0, 3)
        ));
    }
    if line.status == PriceStatus::Estimated {
        reasons.push("the book's price is an estimate".to_owned());
    }
    reasons
}

fn sums(compared: &[ComparedRow], rows: &[Billed], terms: &Terms) -> ComparedSums {
    let rate = |row: &ComparedRow| terms.exchange(&row.their_currency).map(|rate| rate.value());
    let priced = || compared.iter().filter(|row| row.difference.is_some());
    let unknown = || compared.iter().filter(|row| row.ours.is_none());
    ComparedSums {
        rows: rows.len(),
        priced: priced().count(),
        theirs: priced().filter_map(|row| Some(row.theirs * rate(row)?)).sum(),
        ours: priced().filter_map(|row| row.ours).sum(),
        unknown: unknown().filter_map(|row| Some(row.theirs * rate(row)?)).sum(),
        other_currency: compared.iter().filter(|row| rate(row).is_none()).count(),
    }
}
