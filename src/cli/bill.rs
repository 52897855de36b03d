//! `eastwest bill USAGE.csv`: what measured usage costs by the price book, and a provider's own bill against ours.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::options::Manner;
use super::outcome::{Answer, Exit, Stop, many};
use crate::bill::{Exact, Mistake, Terms, own_prices};
use crate::import::{Fault, Sheet, alibaba, usage};
use crate::provider::Books;
use crate::record::Measured;
use crate::report::{self, measured, terminal};
use crate::study::files;
use crate::study::measured as priced;

/// A larger file is not read.
const BYTES_MAX: u64 = 512 << 20;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Bill {
    /// Usage as a table (docs/usage-format.md), or Alibaba Cloud's bill details as exported
    pub file: PathBuf,
    /// Your own prices as a table, as `prices.file` of a scenario
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Currency of the bill
    #[arg(long, value_name = "CUR", default_value = "USD")]
    pub currency: String,
    /// Units of a currency for one US dollar; may be repeated
    #[arg(long, value_name = "CUR=RATE")]
    pub fx: Vec<String>,
    /// Share taken off an item or a family of items: `cdt=10%`; may be repeated
    #[arg(long, value_name = "KEY=SHARE")]
    pub discount: Vec<String>,
    /// Of bill details: which billing item is which item of the book, as a table before the shipped one
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Write the answer to a file; its ending says how: .xlsx, .csv, .md, .json, .txt; may be repeated
    #[arg(long, value_name = "FILE")]
    pub out: Vec<PathBuf>,
}

impl Bill {
    /// Reads, prices, writes the files and tells the answer.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let forms = self.out.iter().map(|path| Form::of(path)).collect::<Result<Vec<_>, _>>()?;
        for path in &self.out {
            let inputs = [Some(&self.file), self.prices.as_ref(), self.map.as_ref()];
            if inputs.into_iter().flatten().any(|input| same_file(input, path)) {
                let what = "is a file that is read here, and would be written over";
                return Err(Stop::wrong(format!("--out {}: {what}", path.display())));
            }
        }
        let books = Books::builtin();
        let terms = self.terms(books, manner)?;
        let name = self.file.display().to_string();
        let sheet = sheet(&self.file)?;
        let told = if alibaba::is_bill(&sheet) && !usage::is_usage(&sheet) {
            let map = alibaba::Map::builtin();
            let map = match &self.map {
                Some(own) => map.under(self::sheet(own)?, books).map_err(|wrong| refused(own, &wrong, manner))?,
                None => map,
            };
            let rows = alibaba::read(sheet, &map, books).map_err(|wrong| refused(&self.file, &wrong, manner))?;
            priced::bill_details(&name, &rows, books, &terms)
        } else {
            if !sheet.head.iter().any(|name| usage::COLUMNS.iter().any(|(known, _)| known == name)) {
                let why = "is neither a table of usage (docs/usage-format.md) nor bill details of Alibaba Cloud: its first line \
                           names no column of either";
                return Err(Stop::wrong(format!("`{name}` {why}")));
            }
            if self.map.is_some() {
                return Err(Stop::wrong(
                    "--map is for bill details of a provider; usage names items of the book itself",
                ));
            }
            let rows = usage::read(sheet, books).map_err(|wrong| refused(&self.file, &wrong, manner))?;
            priced::usage(&name, &rows, books, &terms)
        };
        for (path, form) in self.out.iter().zip(forms) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let last = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            files::put(folder, &last, &form.bytes(&told)).map_err(Stop::io)?;
        }
        let text =
            if manner.json() { report::json(&told) } else { terminal::measured(&told, manner.width(), manner.style()) };
        Ok(Answer { text, exit: Exit::Met })
    }

    fn terms(&self, books: &Books, manner: &Manner) -> Result<Terms, Stop> {
        let currency = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_uppercase());
        let mut terms = Terms { currency: self.currency.clone(), ..Terms::default() };
        for said in &self.fx {
            let pair = said.split_once('=').and_then(|(of, rate)| Some((of.trim(), Exact::parse(rate.trim())?)));
            match pair {
                Some((Terms::BOOK_CURRENCY, _)) => {
                    return Err(Stop::wrong("rates are stated against the US dollar, which needs none: --fx CNY=7.1"));
                }
                Some((of, rate)) if currency(of) && rate.is_positive() => {
                    if terms.rates.insert(of.to_owned(), rate).is_some() {
                        return Err(Stop::wrong(format!("--fx {of} is given twice")));
                    }
                }
                _ => return Err(Stop::wrong(format!("--fx takes CUR=RATE such as CNY=7.1, not `{said}`"))),
            }
        }
        if !currency(&self.currency) || terms.exchange(Terms::BOOK_CURRENCY).is_none() {
            let message = format!(
                "a bill in {} needs its rate: --fx {}=RATE, units for one US dollar",
                self.currency, self.currency
            );
            return Err(Stop::wrong(message));
        }
        for said in &self.discount {
            let share = said.split_once('=').and_then(|(key, share)| {
                Some((key.trim(), Exact::parse(share.trim().strip_suffix('%')?.trim())?.over(&Exact::whole(100))))
            });
            match share {
                Some((key, share)) if share <= Exact::whole(1) && knows(books, key) => {
                    if terms.discounts.insert(key.to_owned(), share).is_some() {
                        return Err(Stop::wrong(format!("--discount {key} is given twice")));
                    }
                }
                Some((key, _)) if !knows(books, key) => {
                    return Err(Stop::wrong(format!("--discount: the price book has no item or family `{key}`")));
                }
                _ => return Err(Stop::wrong(format!("--discount takes KEY=SHARE such as cdt=10%, not `{said}`"))),
            }
        }
        if let Some(path) = &self.prices {
            let own = own_prices(&path.display().to_string(), &text(path)?, books);
            terms.own = own.map_err(|wrong| {
                let fault = |mistake: &Mistake| Fault {
                    line: mistake.line,
                    column: mistake.field,
                    name: String::new(),
                    message: mistake.what.clone(),
                    help: String::new(),
                };
                refused(path, &wrong.iter().map(fault).collect::<Vec<_>>(), manner)
            })?;
            if let Some(own) = terms.own.iter().find(|own| terms.exchange(&own.currency).is_none()) {
                let message = format!(
                    "{}: a price in {}, and no rate for it: --fx {}=RATE",
                    own.source, own.currency, own.currency
                );
                return Err(Stop::wrong(message));
            }
        }
        Ok(terms)
    }
}

/// Is it one file, by whatever path or link?
fn same_file(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    if real(a).is_some() && real(a) == real(b) {
        return true;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let node = |path: &Path| fs::metadata(path).ok().map(|data| (data.dev(), data.ino()));
        node(a).is_some() && node(a) == node(b)
    }
    #[cfg(not(unix))]
    false
}

/// Is that an item of the book, or a family of them?
fn knows(books: &Books, key: &str) -> bool {
    let fits = |item: &str| item == key || item.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    books.prices.iter().any(|row| fits(&row.item))
}

/// How a file is written.
#[derive(Clone, Copy)]
enum Form {
    Spreadsheet,
    Table,
    Markdown,
    Json,
    Text,
}

impl Form {
    fn of(path: &Path) -> Result<Form, Stop> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("xlsx") => Ok(Form::Spreadsheet),
            Some("csv") => Ok(Form::Table),
            Some("md") => Ok(Form::Markdown),
            Some("json") => Ok(Form::Json),
            Some("txt") => Ok(Form::Text),
            _ => Err(Stop::wrong(format!("--out {}: the ending is .xlsx, .csv, .md, .json or .txt", path.display()))),
        }
    }

    fn bytes(self, told: &Measured) -> Vec<u8> {
        match self {
            Form::Spreadsheet => report::workbook::measured(told),
            Form::Table => measured::table(told),
            Form::Markdown => measured::markdown(told).into_bytes(),
            Form::Json => report::json(told).into_bytes(),
            Form::Text => terminal::measured(told, 100, terminal::Style::PLAIN).into_bytes(),
        }
    }
}

fn sheet(path: &Path) -> Result<Sheet, Stop> {
    Ok(Sheet::read(&text(path)?))
}

fn text(path: &Path) -> Result<String, Stop> {
    let failed = |why: &dyn std::fmt::Display| Stop::wrong(format!("`{}` cannot be read: {why}", path.display()));
    let data = fs::metadata(path).map_err(|error| failed(&error))?;
    if !data.is_file() || data.len() > BYTES_MAX {
        return Err(failed(&format!("it is not a regular file of at most {} MiB", BYTES_MAX >> 20)));
    }
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|_| failed(&"it is not UTF-8; a spreadsheet saves as `CSV UTF-8`"))
}

/// All that is wrong with a table, as the reason why the command stops.
fn refused(path: &Path, wrong: &[Fault], manner: &Manner) -> Stop {
    let name = path.display().to_string();
    let place = |fault: &Fault| {
        let column = if fault.column > 0 { format!(":{}", fault.column) } else { String::new() };
        let head = if fault.name.is_empty() { String::new() } else { format!(" ({})", fault.name) };
        if fault.line == 0 { name.clone() } else { format!("{name}:{}{column}{head}", fault.line) }
    };
    let mut message = String::new();
    for fault in wrong {
        message.push_str(&format!("error: {}: {}\n", place(fault), fault.message));
        if !fault.help.is_empty() {
            message.push_str(&format!("  help: {}\n", fault.help));
        }
    }
    message.push_str(&format!("{} in {name}; nothing is written\n", many(wrong.len(), "error")));
    let rows = wrong.iter().map(|fault| {
        let start = serde_json::json!({"line": fault.line, "column": fault.column});
        serde_json::json!({
            "severity": "error",
            "summary": fault.message,
            "ranges": [{"filename": name, "start": start, "text": fault.name}],
            "help": fault.help,
        })
    });
    let document = serde_json::json!({
        "format_version": "1.0",
        "valid": false,
        "error_count": wrong.len(),
        "diagnostics": rows.collect::<Vec<_>>(),
    });
    Stop { exit: Exit::Wrong, message, document: manner.json().then(|| format!("{document:#}\n")) }
}
