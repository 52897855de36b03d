//! Measured usage as a long table: one row for what was used of one thing in one month, day or hour.
//!
//! `month,item,from,to,quantity,unit,payer`. A blank is a mistake, `-` says that a column does not apply.

use jiff::civil::{Date, DateTime};

use super::sheet::{Fault, Sheet};
use crate::bill::Exact;
use crate::provider::Books;

/// The columns that a file may have, and what each holds.
pub const COLUMNS: [(&str, &str); 11] = [
    ("month", "2026-03"),
    ("day", "2026-03-01"),
    ("hour", "2026-03-01T14:00, the clock of the bill"),
    ("item", "a key of the price book: `eastwest catalog prices`"),
    ("from", "a region, where the thing stands or bytes come from"),
    ("to", "a region, where bytes go"),
    ("quantity", "how much, a plain number"),
    ("unit", "of what"),
    ("payer", "whose account"),
    ("product", "a name of your own for what the line belongs to"),
    ("thing", "a name of your own for one of several"),
];

/// A row.
#[derive(Clone, PartialEq, Debug)]
pub struct Used {
    /// Its line in the file.
    pub line: u64,
    /// `2026-03`: the bill that it belongs to.
    pub month: String,
    /// When in the month.
    pub when: When,
    /// The price book's key.
    pub item: String,
    /// A region, or `*`.
    pub from: String,
    /// A region, or `*`.
    pub to: String,
    /// How much.
    pub quantity: Exact,
    /// Of what.
    pub unit: Unit,
    /// Whose account; empty: nobody's in particular.
    pub payer: String,
    /// Empty: the provider's own name of the product.
    pub product: String,
    /// One of several; empty: the only one.
    pub thing: String,
}

/// How finely a row is dated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum When {
    /// The whole month, which has so many days.
    Month(i8),
    /// A day of it.
    Day(Date),
    /// An hour of it.
    Hour(DateTime),
}

/// What a quantity counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unit {
    /// So many bytes each.
    Bytes(u64),
    /// The gigabyte of the price, whatever its provider means by it.
    Gigabytes,
    /// Hours for which one thing was held, as a fraction: each row is rounded up by itself where the price says so.
    Hours(i128, i128),
    /// New connections in the hour.
    New,
    /// Connections open at most in the hour.
    Open,
    /// Mbit/s.
    Mbps,
    /// The price's own unit, as the provider meters it.
    Own(String),
}

/// Bits, which are never what a price per gigabyte counts.
const BITS: [&str; 8] = ["b", "Kb", "kb", "Mb", "mb", "Gb", "gb", "Tb"];
/// The greatest quantity of a row.
const QUANTITY_MAX: i128 = 1_000_000_000_000_000_000;

/// What quantities may be written in, besides the price's own unit.
const UNITS: &str =
    "B, KiB, MiB, GiB, TiB, GB (the price's own gigabyte), s, min, hour, Mbps, new, open, or the price's own unit";

impl Unit {
    fn read(text: &str) -> Unit {
        match text {
            "B" => Unit::Bytes(1),
            "KiB" => Unit::Bytes(1 << 10),
            "MiB" => Unit::Bytes(1 << 20),
            "GiB" => Unit::Bytes(1 << 30),
            "TiB" => Unit::Bytes(1 << 40),
            "GB" => Unit::Gigabytes,
            "s" => Unit::Hours(1, 3600),
            "min" => Unit::Hours(1, 60),
            "hour" | "h" => Unit::Hours(1, 1),
            "new" => Unit::New,
            "open" => Unit::Open,
            "Mbps" => Unit::Mbps,
            own => Unit::Own(own.to_owned()),
        }
    }

    /// Can a price per `priced` be asked for it? `capacity`: is the item sold in capacity units?
    fn fits(&self, priced: &str, capacity: bool, when: When) -> bool {
        let hourly = matches!(when, When::Hour(_));
        match self {
            Unit::Bytes(_) | Unit::Gigabytes => priced == "GB" || (capacity && hourly),
            Unit::Hours(..) => priced.ends_with("hour") && !capacity,
            Unit::New | Unit::Open => capacity && hourly,
            // An address by bandwidth is priced by the day, whatever its Mbit/s.
            Unit::Mbps => priced.starts_with("Mbps") || priced == "day",
            Unit::Own(unit) => unit.eq_ignore_ascii_case(priced) && !BITS.contains(&unit.as_str()),
        }
    }
}

/// Is it a file of this form, by its head?
pub fn is_usage(sheet: &Sheet) -> bool {
    sheet.head.iter().any(|name| name == "item") && sheet.head.iter().any(|name| name == "quantity")
}

/// The rows, or all that is wrong.
pub fn read(mut sheet: Sheet, books: &Books) -> Result<Vec<Used>, Vec<Fault>> {
    let columns = Columns::of(&mut sheet);
    let rows = std::mem::take(&mut sheet.rows);
    let mut used = Vec::with_capacity(rows.len());
    if let Some(columns) = columns {
        for (line, cells) in &rows {
            used.extend(Row { sheet: &mut sheet, columns: &columns, books, line: *line, cells }.read());
        }
        if rows.is_empty() {
            sheet.fault(1, 0, "there is nothing under the head", "write a row for each thing that was used");
        }
    }
    if sheet.is_sound() { Ok(used) } else { Err(sheet.faults()) }
}

/// Where each column stands.
struct Columns {
    at: Vec<(&'static str, usize)>,
    time: &'static str,
}

impl Columns {
    fn of(sheet: &mut Sheet) -> Option<Columns> {
        let mut at: Vec<(&'static str, usize)> = Vec::new();
        for (index, name) in sheet.head.clone().iter().enumerate() {
            let known = COLUMNS.iter().find(|(known, _)| known == name);
            match known {
                Some((known, _)) if at.iter().any(|(other, _)| other == known) => {
                    sheet.fault(1, index + 1, &format!("`{name}` is said twice"), "");
                }
                Some((known, _)) => at.push((known, index)),
                None => {
                    let names = COLUMNS.map(|(known, _)| known);
                    let near = names
                        .into_iter()
                        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
                    let near = near.filter(|near| strsim::jaro_winkler(near, name) > 0.8);
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("columns are {}", names.join(", ")),
                    };
                    sheet.fault(1, index + 1, &format!("no column is called `{name}`"), &help);
                }
            }
        }
        let has = |name: &str| at.iter().any(|(known, _)| *known == name);
        let missing: Vec<&str> = ["item", "quantity", "unit"].into_iter().filter(|name| !has(name)).collect();
        let times: Vec<&'static str> = ["month", "day", "hour"].into_iter().filter(|name| has(name)).collect();
        for name in &missing {
            sheet.fault(1, 0, &format!("the column `{name}` is missing"), "");
        }
        if times.len() != 1 {
            sheet.fault(1, 0, "one of the columns `month`, `day` and `hour` says when", "write exactly one of them");
        }
        (missing.is_empty() && times.len() == 1).then(|| Columns { time: times[0], at })
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.at.iter().find(|(known, _)| *known == name).map(|&(_, index)| index)
    }
}

/// A row that is being read.
struct Row<'r> {
    sheet: &'r mut Sheet,
    columns: &'r Columns,
    books: &'r Books,
    line: u64,
    cells: &'r [String],
}

impl<'r> Row<'r> {
    /// The row; none where anything about it is wrong, which is noted.
    fn read(mut self) -> Option<Used> {
        let time = self.time();
        let item = self.item();
        let (from, to) = (self.place("from"), self.place("to"));
        let quantity = self.quantity();
        let unit = self.needed("unit");
        let [payer, product, thing] = ["payer", "product", "thing"].map(|name| self.word(name));
        let (month, when) = time?;
        let (item, unit) = (item?, Unit::read(unit?));
        let row = self.books.prices.iter().find(|row| row.item == item).expect("the item was looked up");
        let capacity = self.books.capacity_unit(&item, "tcp").is_some();
        if !unit.fits(&row.unit, capacity, when) {
            let said = self.cells[self.columns.index("unit").expect("it was read")].clone();
            let help = match unit {
                Unit::Own(_) if BITS.contains(&said.as_str()) => {
                    format!("`{said}` are bits, eight to a byte; `GB` are bytes. Quantities are in {UNITS}")
                }
                Unit::New | Unit::Open => {
                    "capacity units are counted hour by hour: a column `hour`, and an item that is sold in them"
                        .to_owned()
                }
                _ => format!("quantities are in {UNITS}"),
            };
            self.fault("unit", &format!("`{item}` is priced per {}, which `{said}` does not become", row.unit), &help);
            return None;
        }
        Some(Used {
            line: self.line,
            month,
            when,
            item,
            from: from?,
            to: to?,
            quantity: quantity?,
            unit,
            payer: payer?,
            product: product?,
            thing: thing?,
        })
    }

    fn fault(&mut self, name: &str, message: &str, help: &str) {
        let column = self.columns.index(name).map_or(0, |index| index + 1);
        self.sheet.fault(self.line, column, message, help);
    }

    /// The cell of a column that is there; a blank is noted.
    fn needed(&mut self, name: &str) -> Option<&'r str> {
        let cell = self.cells[self.columns.index(name)?].as_str();
        if cell.is_empty() {
            self.fault(name, "blank", "write `-` where it does not apply; a blank may be a figure that was lost");
            return None;
        }
        Some(cell)
    }

    /// A word of the reader's own: empty where the column is missing or does not apply.
    fn word(&mut self, name: &str) -> Option<String> {
        if self.columns.index(name).is_none() {
            return Some(String::new());
        }
        self.needed(name).map(|word| if word == "-" { String::new() } else { word.to_owned() })
    }

    fn item(&mut self) -> Option<String> {
        let word = self.needed("item")?;
        let known = || self.books.prices.iter().map(|row| row.item.as_str());
        if known().any(|item| item == word) {
            return Some(word.to_owned());
        }
        let near = known().max_by(|a, b| strsim::jaro_winkler(a, word).total_cmp(&strsim::jaro_winkler(b, word)));
        let near = near.filter(|near| strsim::jaro_winkler(near, word) > 0.85).map(str::to_owned);
        let help = match near {
            Some(near) => format!("did you mean `{near}`? `eastwest catalog prices` lists them all"),
            None => "`eastwest catalog prices` lists them".to_owned(),
        };
        self.fault("item", &format!("the price book has no item `{word}`"), &help);
        None
    }

    fn place(&mut self, name: &str) -> Option<String> {
        let word = self.word(name)?;
        if word.is_empty() || word == "*" {
            return Some("*".to_owned());
        }
        // A region without its provider is one of the item's; of another provider it has no price for the item.
        let item = self.columns.index("item").map_or("", |index| self.cells[index].as_str());
        let provider = self.books.prices.iter().find(|row| row.item == item).map(|row| row.provider);
        let own = provider.map(|provider| format!("{}/{word}", provider.word()));
        if let Some(own) = own.filter(|own| !word.contains('/') && self.books.region(own).is_some()) {
            return Some(own);
        }
        let Err(why) = self.books.place_of(item, &word) else { return Some(word) };
        self.fault(name, &format!("`{word}`: {why}"), "`eastwest catalog regions` lists them");
        None
    }

    fn quantity(&mut self) -> Option<Exact> {
        let word = self.needed("quantity")?;
        // Past this no bill is made of it: an amount is whole billionths within 127 bits.
        let most = Exact::whole(QUANTITY_MAX);
        let number = Exact::parse(word);
        if number.as_ref().is_some_and(|number| *number > most) {
            self.fault("quantity", "a quantity is at most 10^18", "count it in a larger unit, or look for a slip");
            return None;
        }
        if number.is_none() {
            self.fault(
                "quantity",
                &format!("`{word}` is no quantity"),
                "digits with a point: 1234.5, not 1,234.5 and not 1e3",
            );
        }
        number
    }

    fn time(&mut self) -> Option<(String, When)> {
        let name = self.columns.time;
        let word = self.needed(name)?;
        let read = match name {
            "month" => format!("{word}-01").parse::<Date>().ok().map(|date| When::Month(date.days_in_month())),
            "day" => word.parse::<Date>().ok().map(When::Day),
            _ => hour(word).map(When::Hour),
        };
        // As the standard writes them, so that the first seven letters are the month.
        let dated = word.len() >= 7 && word.is_ascii() && word.as_bytes()[4] == b'-';
        match read.filter(|_| dated) {
            Some(when) => Some((word[..7].to_owned(), when)),
            None => {
                let like = COLUMNS.iter().find(|(known, _)| *known == name).map_or("", |(_, like)| like);
                self.fault(name, &format!("`{word}` is no {name}"), &format!("write {like}"));
                None
            }
        }
    }
}

/// `2026-03-01T14:00`, `2026-03-01 14:00:00`, with or without an offset, which says nothing here: a month is the bill's.
fn hour(word: &str) -> Option<DateTime> {
    let whole = word.replacen(' ', "T", 1);
    let clock = whole.get(10..)?;
    let end = clock.find(['+', 'Z']).or_else(|| clock.rfind('-')).map_or(whole.len(), |at| at + 10);
    whole[..end].parse::<DateTime>().ok().filter(|time| time.minute() == 0 && time.second() == 0)
}
