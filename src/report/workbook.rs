//! The bill as a spreadsheet that finance can audit: amounts and sums are formulas over quantities and prices, and carry
//! the invoice's own figures as what was last calculated.
//!
//! `Bill` (every line), `Steps` (lines whose price has tiers or a free allowance, step by step), `Sums` (by variant,
//! product, payer, status), `Sources` (where each price is from), `Assumptions`; of a provider's bill `Compared`. A
//! price that nobody knows is an empty cell: whoever learns it writes it there, and the sums follow. The same bills
//! give the same bytes: the only date inside is a fixed one.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Formula, Workbook, Worksheet, XlsxError};

use super::measured::word;
use super::sentence::each_once;
use crate::record::{Bill, BillLine, ComparedRow, Comparison, Measured, Projection};

/// The name of the file in a result's folder.
pub const NAME: &str = "bill.xlsx";

/// How far an amount may lie from its own formula: half a nano-unit of the invoice's rounding, half of the formula's, and
/// what sixteen digits of a spreadsheet's arithmetic leave of either.
pub const ROUNDING: f64 = 1e-9;

/// The amount of a line whose price nobody knows; sums pass over a text.
const NO_PRICE: &str = "no price";

/// A text longer than a cell takes is cut.
const CELL_MAX: usize = 32_000;

/// Bills of one question, each under its name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ledger<'a> {
    /// What the bills are of: the scenario, or the file of usage.
    pub title: &'a str,
    /// What tells the bills apart: `variant`, `month`.
    pub by: &'a str,
    /// The bills, by variant.
    pub bills: Vec<(&'a str, &'a Bill)>,
    /// What holds for all of them: books, engine, the command.
    pub notes: Vec<String>,
}

impl<'a> Ledger<'a> {
    /// The bills of a study.
    pub fn of_study(of: &'a Comparison) -> Self {
        let books = of.books.iter().map(|(name, version)| format!("book {name}, {version}"));
        let made = [format!("{}, eastwest {}", of.command, of.engine), format!("scenario, SHA-256 {}", of.hash)];
        Ledger {
            title: &of.scenario,
            by: "variant",
            bills: of.variants.iter().map(|variant| (variant.name.as_str(), &variant.bill)).collect(),
            notes: made.into_iter().chain(books).collect(),
        }
    }

    /// The bills of a closed form.
    pub fn of_projection(of: &'a Projection) -> Self {
        Ledger {
            title: &of.scenario,
            by: "variant",
            bills: of.variants.iter().map(|variant| (variant.name.as_str(), &variant.bill)).collect(),
            notes: of.assumptions.clone(),
        }
    }

    /// The bills of measured usage.
    fn of_measured(of: &'a Measured) -> Self {
        Ledger {
            title: &of.file,
            by: "month",
            bills: of.months.iter().map(|month| (month.month.as_str(), &month.bill)).collect(),
            notes: of.assumptions.clone(),
        }
    }

    /// Has any bill a line?
    pub fn is_empty(&self) -> bool {
        self.bills.iter().all(|(_, bill)| bill.lines.is_empty())
    }

    fn lines(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a BillLine)> {
        self.bills.iter().flat_map(|&(name, bill)| bill.lines.iter().map(move |line| (name, &*bill.currency, line)))
    }
}

/// The spreadsheet as bytes of an `.xlsx` file.
pub fn workbook(of: &Ledger<'_>) -> Vec<u8> {
    written(of, &[]).expect("sheets have fixed names and texts fit their cells")
}

/// The spreadsheet of measured usage; of a provider's bill with its rows against ours.
pub fn measured(of: &Measured) -> Vec<u8> {
    written(&Ledger::of_measured(of), &of.compared).expect("sheets have fixed names and texts fit their cells")
}

fn written(of: &Ledger<'_>, rows: &[ComparedRow]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // Any date will do, as long as it is always the same one.
    let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_title(cut(of.title)).set_creation_datetime(&date));
    if !rows.is_empty() {
        compared(book.add_worksheet().set_name("Compared")?, rows)?;
    }
    bill(book.add_worksheet().set_name("Bill")?, of)?;
    if of.lines().any(|(_, _, line)| !line.steps.is_empty()) {
        steps(book.add_worksheet().set_name("Steps")?, of)?;
    }
    sums(book.add_worksheet().set_name("Sums")?, of)?;
    sources(book.add_worksheet().set_name("Sources")?, of)?;
    assumptions(book.add_worksheet().set_name("Assumptions")?, of)?;
    book.save_to_buffer()
}

/// A sheet that is filled from top to bottom.
struct Page<'s> {
    sheet: &'s mut Worksheet,
    row: u32,
}

/// What stands in a cell.
enum Cell {
    Text(String),
    Number(f64),
    /// A formula, and what it comes to; none: [`NO_PRICE`].
    Formula(String, Option<f64>),
    Blank,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Cell::Blank, Cell::Number)
    }
}

impl Page<'_> {
    fn row(&mut self, cells: Vec<Cell>) -> Result<(), XlsxError> {
        for (column, cell) in cells.into_iter().enumerate() {
            let column = column as u16;
            match cell {
                Cell::Text(text) if text.is_empty() => {}
                Cell::Text(text) => drop(self.sheet.write_string(self.row, column, cut(&text))?),
                Cell::Number(value) => drop(self.sheet.write_number(self.row, column, value)?),
                Cell::Formula(formula, value) => {
                    let shown = value.map_or_else(|| NO_PRICE.to_owned(), |value| value.to_string());
                    self.sheet.write_formula(self.row, column, Formula::new(formula).set_result(shown))?;
                }
                Cell::Blank => {}
            }
        }
        self.row += 1;
        Ok(())
    }

    fn head(&mut self, titles: &[(&str, f64)]) -> Result<(), XlsxError> {
        let format = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Top);
        for (column, (title, width)) in titles.iter().enumerate() {
            self.sheet.write_string_with_format(self.row, column as u16, *title, &format)?;
            self.sheet.set_column_width(column as u16, *width)?;
        }
        self.row += 1;
        Ok(())
    }

    /// The number of the row to come, as a formula names it.
    fn number(&self) -> u32 {
        self.row + 1
    }
}

/// Columns of the sheet of lines that other sheets name.
const VARIANT: &str = "A";
const PRODUCT: &str = "B";
const PAYER: &str = "E";
const AMOUNT: &str = "I";
const STATUS: &str = "K";
const SOURCE: &str = "L";
const AS_OF: &str = "M";

fn bill(sheet: &mut Worksheet, of: &Ledger<'_>) -> Result<(), XlsxError> {
    let mut page = Page { sheet, row: 0 };
    page.head(&[
        (of.by, 16.0),
        ("product", 14.0),
        ("item", 38.0),
        ("scope", 34.0),
        ("payer", 12.0),
        ("quantity per month", 16.0),
        ("unit", 16.0),
        ("price per unit", 14.0),
        ("amount per month", 16.0),
        ("currency", 9.0),
        ("price is", 11.0),
        ("source of the price", 40.0),
        ("price as of", 12.0),
        ("amount, noise low", 14.0),
        ("amount, noise high", 14.0),
        ("amount, inputs low", 14.0),
        ("amount, inputs high", 14.0),
        ("discount, share", 10.0),
    ])?;
    page.sheet.set_freeze_panes(1, 0)?;
    // Rows of the sheet of steps, from its second on.
    let mut step = 2;
    for (variant, currency, line) in of.lines() {
        let row = page.number();
        let amount = if line.steps.is_empty() {
            format!("=IF(H{row}=\"\",\"{NO_PRICE}\",ROUND(F{row}*H{row}*(1-R{row}),9))")
        } else {
            let last = step + line.steps.len() as u32 - 1;
            let sum = format!("SUMPRODUCT(1,Steps!$G${step}:$G${last})");
            step = last + 1;
            format!("=IF(H{row}=\"\",\"{NO_PRICE}\",ROUND({sum}*(1-R{row}),9))")
        };
        page.row(vec![
            variant.into(),
            line.product.as_str().into(),
            line.item.as_str().into(),
            line.scope.as_str().into(),
            line.payer.as_str().into(),
            line.quantity.value.into(),
            line.unit.as_str().into(),
            line.unit_price.into(),
            Cell::Formula(amount, line.amount.value),
            currency.into(),
            line.status.as_str().into(),
            line.source.as_str().into(),
            line.as_of.as_str().into(),
            line.amount.low.into(),
            line.amount.high.into(),
            line.amount.inputs.map(|inputs| inputs.0).into(),
            line.amount.inputs.map(|inputs| inputs.1).into(),
            Cell::Number(line.discount),
        ])?;
    }
    let last = page.row.max(2) - 1;
    page.sheet.autofilter(0, 0, last, 17)?;
    Ok(())
}

/// The sum of the amounts whose columns say exactly these words: `SUMIFS` would take `*`, `?` and `=` in a name for signs
/// of its own.
fn sum_if(lines: u32, matches: &[(&str, String)]) -> String {
    let range = |column: &str| format!("Bill!${column}$2:${column}${}", lines.max(1) + 1);
    let same: Vec<String> = matches.iter().map(|(column, cell)| format!("*EXACT({},{cell})", range(column))).collect();
    format!("=SUMPRODUCT(1{},{})", same.concat(), range(AMOUNT))
}

/// Lines whose price has steps: how much of each line's quantity lies in which step. Where a line begins at the first
/// step by itself, that is a formula over its quantity; where steps are shared with other lines, a figure of the invoice.
fn steps(sheet: &mut Worksheet, of: &Ledger<'_>) -> Result<(), XlsxError> {
    let mut page = Page { sheet, row: 0 };
    page.head(&[
        ("line of Bill", 10.0),
        ("item", 38.0),
        ("step from", 14.0),
        ("to below", 14.0),
        ("quantity in it", 16.0),
        ("price per unit", 14.0),
        ("quantity × price", 16.0),
    ])?;
    for (index, (_, _, line)) in of.lines().enumerate() {
        let own = begins_by_itself(line);
        for (place, step) in line.steps.iter().enumerate() {
            let row = page.number();
            let next = line.steps.get(place + 1).and_then(|next| next.from);
            let whole = format!("Bill!$F${}", index + 2);
            let quantity = match (own, step.from, next) {
                (true, Some(_), Some(_)) => {
                    Cell::Formula(format!("=MAX(0,MIN({whole},D{row})-C{row})"), Some(step.quantity))
                }
                (true, Some(_), None) => Cell::Formula(format!("=MAX(0,{whole}-C{row})"), Some(step.quantity)),
                _ => Cell::Number(step.quantity),
            };
            page.row(vec![
                Cell::Number(f64::from(index as u32 + 2)),
                line.item.as_str().into(),
                match step.from {
                    Some(from) => Cell::Number(from),
                    None => "free each month".into(),
                },
                next.into(),
                quantity,
                step.unit_price.into(),
                Cell::Formula(format!("=E{row}*F{row}"), Some(step.quantity * step.unit_price.unwrap_or(0.0))),
            ])?;
        }
    }
    page.sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// Does the line fill its steps from the first unit on, each up to the next?
fn begins_by_itself(line: &BillLine) -> bool {
    let mut filled = 0.0;
    line.steps.iter().all(|step| {
        let begins = step.from.is_some_and(|from| (from - filled).abs() <= 1e-9 * filled.max(1.0));
        filled += step.quantity;
        begins
    })
}

fn compared(sheet: &mut Worksheet, rows: &[ComparedRow]) -> Result<(), XlsxError> {
    let mut page = Page { sheet, row: 0 };
    page.head(&[
        ("line", 7.0),
        ("month", 9.0),
        ("product", 12.0),
        ("billing item", 28.0),
        ("region", 18.0),
        ("usage", 14.0),
        ("unit", 10.0),
        ("theirs", 14.0),
        ("their currency", 9.0),
        ("item of the book", 22.0),
        ("theirs in our currency", 14.0),
        ("ours", 14.0),
        ("theirs minus ours", 14.0),
        ("", 10.0),
        ("why", 70.0),
    ])?;
    for row in rows {
        let number = page.number();
        let theirs = row.difference.zip(row.ours).map(|(difference, ours)| difference + ours);
        let difference = match theirs.zip(row.ours) {
            Some((theirs, ours)) => Cell::Formula(format!("=K{number}-L{number}"), Some(theirs - ours)),
            None => Cell::Blank,
        };
        page.row(vec![
            Cell::Number(row.line as f64),
            row.month.as_str().into(),
            row.product.as_str().into(),
            row.item.as_str().into(),
            row.region.as_str().into(),
            row.usage.into(),
            row.unit.as_str().into(),
            Cell::Number(row.theirs),
            row.their_currency.as_str().into(),
            row.key.as_deref().unwrap_or("").into(),
            theirs.into(),
            row.ours.into(),
            difference,
            word(row.verdict).into(),
            row.reasons.join("; ").as_str().into(),
        ])?;
    }
    page.sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn sums(sheet: &mut Worksheet, of: &Ledger<'_>) -> Result<(), XlsxError> {
    let lines = of.lines().count() as u32;
    let mut page = Page { sheet, row: 0 };
    page.head(&[(of.by, 16.0), ("by", 14.0), ("which", 24.0), ("amount per month", 18.0), ("currency", 9.0)])?;
    for &(name, bill) in &of.bills {
        let mut row = |by: &str, which: &str, column: Option<&'static str>, amount: f64| {
            let number = page.number();
            let mut matches = vec![(VARIANT, format!("$A{number}"))];
            matches.extend(column.map(|column| (column, format!("$C{number}"))));
            let formula = Cell::Formula(sum_if(lines, &matches), Some(amount));
            page.row(vec![name.into(), by.into(), which.into(), formula, bill.currency.as_str().into()])
        };
        let sum = |keep: &dyn Fn(&BillLine) -> bool| -> f64 {
            bill.lines.iter().filter(|line| keep(line)).filter_map(|line| line.amount.value).sum()
        };
        row("total", "all lines with a price", None, sum(&|_| true))?;
        for product in each_once(bill.lines.iter().map(|line| line.product.as_str())) {
            row("product", product, Some(PRODUCT), sum(&|line| line.product == product))?;
        }
        for payer in each_once(bill.lines.iter().map(|line| line.payer.as_str())) {
            row("payer", payer, Some(PAYER), sum(&|line| line.payer == payer))?;
        }
        for status in each_once(bill.lines.iter().map(|line| line.status.as_str())) {
            row("price is", status, Some(STATUS), sum(&|line| line.status == status))?;
        }
    }
    page.sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn sources(sheet: &mut Worksheet, of: &Ledger<'_>) -> Result<(), XlsxError> {
    let lines = of.lines().count() as u32;
    let mut page = Page { sheet, row: 0 };
    page.head(&[("source of the price", 70.0), ("price as of", 14.0), ("lines", 8.0), ("amount per month", 18.0)])?;
    let sources = each_once(of.lines().map(|(_, _, line)| (line.source.as_str(), line.as_of.as_str())));
    for (source, as_of) in sources {
        let number = page.number();
        let matches = [(SOURCE, format!("$A{number}")), (AS_OF, format!("$B{number}"))];
        let own = || of.lines().map(|(_, _, line)| line).filter(|line| line.source == source && line.as_of == as_of);
        let amount: f64 = own().filter_map(|line| line.amount.value).sum();
        page.row(vec![
            source.into(),
            as_of.into(),
            Cell::Number(own().count() as f64),
            Cell::Formula(sum_if(lines, &matches), Some(amount)),
        ])?;
    }
    page.sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn assumptions(sheet: &mut Worksheet, of: &Ledger<'_>) -> Result<(), XlsxError> {
    let mut page = Page { sheet, row: 0 };
    page.head(&[(of.by, 16.0), ("what was assumed", 110.0)])?;
    let rounding = "an amount is quantity times price, rounded once, half to even, to a billionth of the currency unit; \
                    the formulas here round the same product and may differ in its last digit";
    page.row(vec!["all".into(), rounding.into()])?;
    for note in &of.notes {
        page.row(vec!["all".into(), note.as_str().into()])?;
    }
    for &(name, bill) in &of.bills {
        for line in bill.basis.iter().chain(&bill.unknowns) {
            page.row(vec![name.into(), line.as_str().into()])?;
        }
    }
    page.sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(CELL_MAX).collect()
}
