//! A price book of the reader's own, as CSV.

use std::collections::BTreeMap;

use super::{Exact, OwnPrice, PriceRange, Tier};
use crate::provider::Books;
use crate::units::Money;

/// A mistake in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The line, 1 is the first.
    pub line: u64,
    /// The field, 1 is the first.
    pub field: usize,
    /// What is wrong.
    pub what: String,
}

/// Columns that a file of prices may have; the first four must be there.
pub const COLUMNS: [&str; 12] = [
    "item",
    "unit",
    "price",
    "currency",
    "from",
    "to",
    "tier_from",
    "low",
    "high",
    "gigabyte_bytes",
    "source",
    "as_of",
];
const REQUIRED: usize = 4;

/// The prices in `text`, or every mistake in it: unknown columns and items, units that are not the book's, figures that
/// are none, steps that do not begin at zero. `name` is the file's, for the sources.
pub fn own_prices(name: &str, text: &str, books: &Books) -> Result<Vec<OwnPrice>, Vec<Mistake>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut mistakes = Vec::new();
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => rows.push(record),
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                mistakes.push(Mistake { line, field: 1, what: "this is no CSV".into() });
            }
        }
    }
    let Some((header, rows)) = rows.split_first() else {
        return Err(vec![Mistake { line: 1, field: 1, what: "the file is empty".into() }]);
    };
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, column) in header.iter().map(str::trim).enumerate() {
        let mut wrong = |what: String| mistakes.push(Mistake { line: 1, field: index + 1, what });
        if !COLUMNS.contains(&column) {
            wrong(format!("no column has this name: a file of prices has {}", COLUMNS.join(", ")));
        } else if columns.insert(column, index).is_some() {
            wrong(format!("the column {column} is there twice"));
        }
    }
    for column in COLUMNS.iter().take(REQUIRED).filter(|column| !columns.contains_key(**column)) {
        mistakes.push(Mistake { line: 1, field: 1, what: format!("the column {column} is missing") });
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    if rows.is_empty() {
        return Err(vec![Mistake { line: 1, field: 1, what: "there is no price under the head".into() }]);
    }
    let mut prices: Vec<(u64, OwnPrice)> = Vec::new();
    for record in rows {
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row { columns: &columns, record, line };
        match row.price(name, books) {
            Err(wrong) => mistakes.extend(wrong),
            Ok(price) => match prices.iter_mut().find(|(_, known)| known.same_place(&price)) {
                None => prices.push((line, price)),
                Some((_, known)) => {
                    let from = &price.tiers[0].from;
                    if known.tiers.iter().any(|tier| tier.from == *from) {
                        let what = "this price is already stated further up".to_owned();
                        mistakes.push(Mistake { line, field: 1, what });
                    }
                    known.tiers.extend(price.tiers);
                }
            },
        }
    }
    for (line, price) in &mut prices {
        price.tiers.sort_by(|a, b| a.from.cmp(&b.from));
        if price.tiers[0].from.is_positive() {
            let what = format!("the steps of {} do not begin at zero", price.item);
            mistakes.push(Mistake { line: *line, field: 1, what });
        }
    }
    if mistakes.is_empty() { Ok(prices.into_iter().map(|(_, price)| price).collect()) } else { Err(mistakes) }
}

impl OwnPrice {
    fn same_place(&self, other: &OwnPrice) -> bool {
        (&self.item, &self.from, &self.to) == (&other.item, &other.from, &other.to)
    }
}

/// Does a unit as people write it name that of the book: `hour` will do for `attachment-hour`.
pub fn same_unit(book: &str, written: &str) -> bool {
    let (book, written) = (book.to_ascii_lowercase(), written.to_ascii_lowercase());
    book == written || book.rsplit('-').next() == Some(&written)
}

struct Row<'a> {
    columns: &'a BTreeMap<&'a str, usize>,
    record: &'a csv::StringRecord,
    line: u64,
}

impl Row<'_> {
    fn cell(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|&index| self.record.get(index)).unwrap_or("").trim()
    }

    fn wrong(&self, column: &str, what: String) -> Mistake {
        Mistake { line: self.line, field: self.columns.get(column).map_or(1, |index| index + 1), what }
    }

    /// An amount of money; none: an empty cell.
    fn money(&self, column: &str, mistakes: &mut Vec<Mistake>) -> Option<Money> {
        let text = self.cell(column);
        if text.is_empty() {
            return None;
        }
        match Exact::parse(text).map(|value| (&value * &Exact::whole(1_000_000_000)).rounded()) {
            Some(money) if money.0 <= 1_000_000_000_000_000_000_000 => Some(money),
            _ => {
                mistakes.push(self.wrong(column, format!("{column} is a plain number such as 0.02, below 1e12")));
                None
            }
        }
    }

    fn price(&self, name: &str, books: &Books) -> Result<OwnPrice, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let item = self.cell("item");
        let row = books.prices.iter().find(|row| row.item == item);
        match row {
            None => mistakes.push(self.wrong("item", "the price book has no such item".into())),
            Some(row) if row.period == "day-maximum" && row.unit == "day" => {
                mistakes.push(self.wrong("item", format!("{item} is a price in steps: state {item}-more instead")));
            }
            Some(row) if !same_unit(&row.unit, self.cell("unit")) => {
                mistakes.push(self.wrong("unit", format!("{item} is priced per {}", row.unit)));
            }
            Some(_) => {}
        }
        let place = |column| match self.cell(column) {
            "" => "*".to_owned(),
            place => place.to_owned(),
        };
        let mut placed = |column| {
            let word = place(column);
            let found = books.place_of(item, &word);
            found.unwrap_or_else(|what| {
                mistakes.push(self.wrong(column, what));
                word
            })
        };
        let (from, to) = (placed("from"), placed("to"));
        let currency = self.cell("currency");
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            mistakes.push(self.wrong("currency", "a currency is three capitals such as USD".into()));
        }
        let mid = self.money("price", &mut mistakes);
        if mid.is_none() && self.cell("price").is_empty() {
            mistakes.push(self.wrong("price", "a price is due here".into()));
        }
        let (low, high) = (self.money("low", &mut mistakes), self.money("high", &mut mistakes));
        let mid = mid.unwrap_or_default();
        let range = PriceRange { low: low.unwrap_or(mid), mid, high: high.unwrap_or(mid) };
        if range.low > range.mid || range.mid > range.high {
            mistakes.push(self.wrong("price", "a price lies between its low and its high end".into()));
        }
        for (one, other) in [("low", "high"), ("high", "low")] {
            if !self.cell(one).is_empty() && self.cell(other).is_empty() {
                mistakes.push(self.wrong(one, format!("`{one}` without `{other}`: a range has both ends")));
            }
        }
        let tier_from = match self.cell("tier_from") {
            "" => Some(Exact::ZERO()),
            text => Exact::parse(text),
        };
        if tier_from.is_none() {
            mistakes.push(self.wrong("tier_from", "a step begins at a plain number of units".into()));
        }
        let gigabyte = match self.cell("gigabyte_bytes") {
            "" => Ok(None),
            text => match text.parse::<u64>() {
                Ok(bytes @ (1_000_000_000 | 1_073_741_824)) => Ok(Some(bytes)),
                _ => Err(()),
            },
        };
        if gigabyte.is_err() {
            mistakes.push(self.wrong("gigabyte_bytes", "a gigabyte is 1073741824 or 1000000000 bytes".into()));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let source = match self.cell("source") {
            "" => format!("{name}:{}", self.line),
            source => format!("{name}:{}, {source}", self.line),
        };
        Ok(OwnPrice {
            item: item.to_owned(),
            from,
            to,
            tiers: vec![Tier { from: tier_from.unwrap_or_default(), price: Some(range) }],
            currency: currency.to_owned(),
            gigabyte: gigabyte.unwrap_or_default(),
            source,
            as_of: self.cell("as_of").to_owned(),
        })
    }
}
