//! A calculator for the few functions that the spreadsheet uses, written for the test alone: it shares nothing with what
//! wrote the file.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// A cell: what is stored, and the formula if there is one.
#[derive(Clone, Debug, Default)]
struct Cell {
    value: Value,
    formula: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) enum Value {
    #[default]
    Empty,
    Text(String),
    Number(f64),
}

/// A workbook, read from its bytes.
pub(crate) struct Book {
    names: Vec<String>,
    sheets: BTreeMap<String, BTreeMap<String, Cell>>,
}

/// A file of the package, as text.
pub(crate) fn part(bytes: &[u8], name: &str) -> String {
    let mut package = zip::ZipArchive::new(Cursor::new(bytes)).expect("a package");
    let mut text = String::new();
    package.by_name(name).expect("the part is there").read_to_string(&mut text).expect("it is UTF-8");
    text
}

/// What stands between `open` and `close`, each.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().expect("it is closed")).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    between(tag, &format!(" {name}=\""), "\"").first().map(|text| plain(text))
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

impl Book {
    pub(crate) fn read(bytes: &[u8]) -> Book {
        let names: Vec<String> = between(&part(bytes, "xl/workbook.xml"), "<sheet ", "/>")
            .into_iter()
            .map(|tag| attribute(&format!(" {tag}"), "name").expect("a sheet has a name"))
            .collect();
        let shared: Vec<String> = between(&part(bytes, "xl/sharedStrings.xml"), "<si>", "</si>")
            .into_iter()
            .map(|si| plain(between(si, "<t", "</t>")[0].split_once('>').expect("the tag ends").1))
            .collect();
        let mut sheets = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            let text = part(bytes, &format!("xl/worksheets/sheet{}.xml", index + 1));
            let cells = between(&text, "<c ", "</c>").into_iter().filter_map(|cell| {
                let (tag, body) = cell.split_once('>')?;
                let tag = format!(" {tag}");
                let stored = between(body, "<v>", "</v>").first().map(|text| plain(text));
                let value = match (attribute(&tag, "t").as_deref(), stored) {
                    (_, None) => Value::Empty,
                    (Some("s"), Some(index)) => Value::Text(shared[index.parse::<usize>().expect("an index")].clone()),
                    (Some("str"), Some(text)) if text.is_empty() => Value::Text(text),
                    (_, Some(text)) => text.parse().map_or(Value::Text(text.clone()), Value::Number),
                };
                let formula = between(body, "<f>", "</f>").first().map(|text| plain(text));
                Some((attribute(&tag, "r").expect("a cell has a place"), Cell { value, formula }))
            });
            sheets.insert(name.clone(), cells.collect());
        }
        Book { names, sheets }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    fn stored(&self, sheet: &str, cell: &str) -> Value {
        self.sheets[sheet].get(cell).map_or(Value::Empty, |cell| cell.value.clone())
    }

    pub(crate) fn number(&self, sheet: &str, cell: &str) -> Option<f64> {
        if let Value::Number(value) = self.stored(sheet, cell) { Some(value) } else { None }
    }

    pub(crate) fn text(&self, sheet: &str, cell: &str) -> String {
        if let Value::Text(text) = self.stored(sheet, cell) { text } else { String::new() }
    }

    pub(crate) fn set(&mut self, sheet: &str, cell: &str, value: f64) {
        let place = self.sheets.get_mut(sheet).expect("the sheet is there").entry(cell.to_owned()).or_default();
        *place = Cell { value: Value::Number(value), formula: None };
    }

    /// The cell's figure, calculated through all formulas behind it.
    pub(crate) fn calculate(&self, sheet: &str, cell: &str) -> Option<f64> {
        if let Value::Number(value) = self.value(sheet, cell) { Some(value) } else { None }
    }

    fn value(&self, sheet: &str, cell: &str) -> Value {
        let Some(cell) = self.sheets[sheet].get(cell) else { return Value::Empty };
        match &cell.formula {
            None => cell.value.clone(),
            Some(formula) => Reader { book: self, sheet, rest: formula.as_str() }.whole(),
        }
    }

    /// Calculates every formula and holds it against what is stored: the differences, none above `limit` times the sum's
    /// number of terms.
    pub(crate) fn check(&self, limit: f64) -> Vec<f64> {
        let mut differences = Vec::new();
        for (sheet, cells) in &self.sheets {
            for (place, cell) in cells.iter().filter(|(_, cell)| cell.formula.is_some()) {
                let (calculated, stored) = (self.value(sheet, place), &cell.value);
                let difference = match (&calculated, stored) {
                    (Value::Number(a), Value::Number(b)) => (a - b).abs(),
                    (Value::Text(a), Value::Text(b)) if a == b => 0.0,
                    (a, b) => panic!("{sheet}!{place}: {a:?} is stored as {b:?}"),
                };
                let terms = if sheet == "Bill" { 1 } else { self.sheets["Bill"].len() };
                assert!(difference <= limit * terms as f64 * 1.001, "{sheet}!{place} is off by {difference}");
                differences.push(difference);
            }
        }
        differences
    }
}

/// Reads a formula from left to right.
struct Reader<'b> {
    book: &'b Book,
    sheet: &'b str,
    rest: &'b str,
}

impl<'b> Reader<'b> {
    fn whole(mut self) -> Value {
        let value = self.comparison();
        assert!(self.rest.is_empty(), "left over: {}", self.rest);
        value
    }

    fn takes(&mut self, text: &str) -> bool {
        self.rest.strip_prefix(text).inspect(|rest| self.rest = rest).is_some()
    }

    fn comparison(&mut self) -> Value {
        let left = self.sum();
        if !self.takes("=") {
            return left;
        }
        let right = self.sum();
        Value::Number(f64::from(u8::from(text(&left) == text(&right))))
    }

    fn sum(&mut self) -> Value {
        let mut value = self.product();
        loop {
            let sign = if self.takes("+") {
                1.0
            } else if self.takes("-") {
                -1.0
            } else {
                return value;
            };
            value = Value::Number(number(&value) + sign * number(&self.product()));
        }
    }

    fn product(&mut self) -> Value {
        let mut value = self.atom();
        loop {
            if self.takes("*") {
                value = Value::Number(number(&value) * number(&self.atom()));
            } else if self.takes("/") {
                value = Value::Number(number(&value) / number(&self.atom()));
            } else {
                return value;
            }
        }
    }

    fn atom(&mut self) -> Value {
        if self.takes("\"") {
            let (text, rest) = self.rest.split_once('"').expect("a text ends");
            self.rest = rest;
            return Value::Text(text.to_owned());
        }
        if self.takes("(") {
            let value = self.comparison();
            assert!(self.takes(")"), "closed");
            return value;
        }
        let word = self.word();
        if self.takes("(") {
            return self.function(word);
        }
        word.parse().map_or_else(|_| self.cell(word), Value::Number)
    }

    fn word(&mut self) -> &'b str {
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || "$!.:".contains(c))).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// Sheet and plain name of a cell.
    fn place<'w>(&self, word: &'w str) -> (&'w str, String)
    where
        'b: 'w,
    {
        let (sheet, cell) = word.split_once('!').unwrap_or((self.sheet, word));
        (sheet, cell.replace('$', ""))
    }

    fn cell(&self, word: &str) -> Value {
        let (sheet, cell) = word.split_once('!').unwrap_or((self.sheet, word));
        self.book.value(sheet, &cell.replace('$', ""))
    }

    /// All cells of a range in one column.
    fn range(&self, word: &'b str) -> Vec<Value> {
        let (sheet, cells) = self.place(word);
        let (first, last) = cells.split_once(':').expect("a range has two ends");
        let split = |cell: &str| {
            let digits = cell.find(|c: char| c.is_ascii_digit()).expect("a row");
            (cell[..digits].to_owned(), cell[digits..].parse::<u32>().expect("a number"))
        };
        let ((column, from), (_, to)) = (split(first), split(last));
        (from..=to).map(|row| self.book.value(sheet, &format!("{column}{row}"))).collect()
    }

    fn function(&mut self, name: &str) -> Value {
        if name == "SUMPRODUCT" {
            return self.sum_product();
        }
        let mut arguments = Vec::new();
        while !self.takes(")") {
            arguments.push(self.comparison());
            self.takes(",");
        }
        let figures = || arguments.iter().map(number);
        Value::Number(match name {
            "IF" => return if number(&arguments[0]) != 0.0 { arguments[1].clone() } else { arguments[2].clone() },
            "MAX" => figures().fold(f64::NEG_INFINITY, f64::max),
            "MIN" => figures().fold(f64::INFINITY, f64::min),
            "SUM" => figures().sum(),
            // Half away from zero, as spreadsheets round.
            "ROUND" => {
                let step = 10f64.powi(number(&arguments[1]) as i32);
                let scaled = number(&arguments[0]) * step;
                (scaled.abs() + 0.5).floor() * scaled.signum() / step
            }
            other => panic!("the test's calculator does not know {other}"),
        })
    }

    /// `SUMPRODUCT(1*EXACT(range,cell)*..,amounts)`: the amounts in whose rows all words are the same; text counts nothing.
    fn sum_product(&mut self) -> Value {
        assert!(self.takes("1"), "the conditions begin with 1");
        let mut same: Vec<Vec<bool>> = Vec::new();
        while self.takes("*EXACT(") {
            let range = self.word();
            let range = self.range(range);
            assert!(self.takes(","), "a word follows its range");
            let wanted = text(&self.comparison());
            assert!(self.takes(")"), "closed");
            same.push(range.iter().map(|value| text(value) == wanted).collect());
        }
        assert!(self.takes(","), "the amounts come last");
        let amounts = self.word();
        let amounts = self.range(amounts);
        assert!(self.takes(")"), "closed");
        let kept = amounts.iter().enumerate().filter(|(row, _)| same.iter().all(|same| same[*row]));
        Value::Number(kept.map(|(_, value)| if let Value::Number(value) = value { *value } else { 0.0 }).sum())
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Text(text) => text.clone(),
        Value::Number(value) => value.to_string(),
    }
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Number(value) => *value,
        Value::Empty => 0.0,
        Value::Text(text) => panic!("`{text}` is no number"),
    }
}
