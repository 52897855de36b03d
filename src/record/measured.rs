//! Measured usage, priced: the bill of each month, and where the usage came from a provider's bill, theirs against ours.

use serde::{Deserialize, Serialize};

use super::Bill;

/// A file of measured usage at the prices of a book.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// Version of this document, 1.
    pub schema: u32,
    /// The file as it was named.
    pub file: String,
    /// `usage`, or `alibaba-bill`.
    pub form: String,
    /// Currency of all our money.
    pub currency: String,
    /// Books and tables used: name, version or place.
    pub books: Vec<(String, String)>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// The bill of each month, earliest first.
    pub months: Vec<MeasuredMonth>,
    /// Rows of a provider's bill against ours, in the order of the file; empty for plain usage.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub compared: Vec<ComparedRow>,
    /// Their sums; none for plain usage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sums: Option<ComparedSums>,
}

/// A month's bill.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MeasuredMonth {
    /// `2026-03`.
    pub month: String,
    /// Its bill.
    pub bill: Bill,
}

/// A row of a provider's bill, and what we make of it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ComparedRow {
    /// Its line in the file.
    pub line: u64,
    /// `2026-03`.
    pub month: String,
    /// The product's code.
    pub product: String,
    /// The billing item as they write it.
    pub item: String,
    /// The region as they write it.
    pub region: String,
    /// How much, in their unit; none: not on the row.
    pub usage: Option<f64>,
    /// Their unit.
    pub unit: String,
    /// What they charge, before tax, in `their_currency`.
    pub theirs: f64,
    /// Their currency.
    pub their_currency: String,
    /// The price book's key; none: not known to the book.
    pub key: Option<String>,
    /// What the book charges, in our currency; none: nothing that can be said.
    pub ours: Option<f64>,
    /// Theirs, in our currency, minus ours; none where either is missing.
    pub difference: Option<f64>,
    /// What came out.
    pub verdict: Verdict,
    /// Why, one reason a sentence.
    pub reasons: Vec<String>,
}

/// What comes of comparing a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Within a cent.
    Same,
    /// Off, and the row itself says by what: a discount, a resource plan, another list price.
    Explained,
    /// Off, and nothing on the row says why.
    Differs,
    /// The book does not know it, or the row does not say enough.
    #[default]
    Unknown,
}

/// Sums over the rows of a provider's bill, in our currency where rows can be brought into it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ComparedSums {
    /// Rows.
    pub rows: usize,
    /// Rows that were priced.
    pub priced: usize,
    /// Theirs, of the priced rows.
    pub theirs: f64,
    /// Ours, of the priced rows.
    pub ours: f64,
    /// Theirs, of rows that the book does not know.
    pub unknown: f64,
    /// Rows in a currency for which no rate was stated, which are in none of these sums.
    pub other_currency: usize,
}
