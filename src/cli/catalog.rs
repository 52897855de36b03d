//! `eastwest catalog [TABLE] [WORD...]`: the built-in books, each row with its status, source and date.

use clap::Args;
use comfy_table::{ContentArrangement, Table, TableStyle};
use serde_json::{Map, Value, json};

use super::options::Manner;
use super::outcome::{Answer, Stop};
use crate::provider::Books;
use crate::provider::catalog::{CatalogTable, names, table};

/// Columns that say where a figure comes from at length; shown on request and always in JSON.
const AT_LENGTH: [&str; 2] = ["source", "note"];

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Catalog {
    /// Which book; without one, the list of books
    pub book: Option<String>,
    /// Only rows that hold all of these words, in whichever column
    pub words: Vec<String>,
    /// Show each row's source and note
    #[arg(long)]
    pub sources: bool,
}

impl Catalog {
    /// Shows the list of books, or one of them.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let Some(book) = &self.book else { return Ok(Answer::met(list(manner.json()))) };
        let Some(found) = table(book, &self.words.join(" ")) else { return Err(unknown(book)) };
        if manner.json() {
            return Ok(Answer::met(document(book, &found)));
        }
        if found.rows.is_empty() {
            return Ok(Answer::met(format!("no row of `{book}` holds {}\n", self.words.join(" and "))));
        }
        Ok(Answer::met(self.text(&found)))
    }

    fn text(&self, found: &CatalogTable) -> String {
        // A column that is empty or one and the same in all rows of many would only take room.
        let shown: Vec<usize> = (0..found.header.len())
            .filter(|&column| self.sources || !AT_LENGTH.contains(&found.header[column].as_str()))
            .filter(|&column| found.rows.iter().any(|row| !row[column].is_empty()))
            .collect();
        let pick = |row: &[String]| shown.iter().map(|&column| row[column].clone()).collect::<Vec<String>>();
        let mut out = Table::new();
        out.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled);
        out.set_header(pick(&found.header));
        for row in &found.rows {
            out.add_row(pick(row));
        }
        let lines: String = out.lines().map(|line| format!("{}\n", line.trim())).collect();
        let hint = if self.sources { "" } else { "; --sources adds each row's source and note" };
        format!("{lines}\n{} rows, books of {}{hint}\n", found.rows.len(), Books::VERSION)
    }
}

fn list(json: bool) -> String {
    if json {
        let books: Vec<Value> = names().map(|(name, about)| json!({ "name": name, "about": about })).collect();
        return format!("{:#}\n", json!({ "schema": 1, "version": Books::VERSION, "books": books }));
    }
    let width = names().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String = names().map(|(name, about)| format!("{name:width$}  {about}\n")).collect();
    format!("{lines}\neastwest catalog BOOK [WORD...] shows one; books of {}\n", Books::VERSION)
}

fn document(book: &str, found: &CatalogTable) -> String {
    let rows: Vec<Value> = found
        .rows
        .iter()
        .map(|row| {
            let cells = found.header.iter().zip(row).map(|(column, cell)| (column.clone(), json!(cell)));
            Value::Object(cells.collect::<Map<String, Value>>())
        })
        .collect();
    format!("{:#}\n", json!({ "schema": 1, "version": Books::VERSION, "book": book, "rows": rows }))
}

fn unknown(book: &str) -> Stop {
    let close = |name: &str| strsim::damerau_levenshtein(name, book) <= 2;
    let known: Vec<&str> = names().map(|(name, _)| name).collect();
    let hint = known.iter().copied().find(|name| close(name)).map(|name| format!("; did you mean `{name}`?"));
    Stop::wrong(format!("no book `{book}`{}\n  there are: {}", hint.unwrap_or_default(), known.join(", ")))
}
