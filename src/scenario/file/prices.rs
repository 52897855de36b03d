//! `prices:`, decoded.

use super::super::span::{Span, Spanned};
use crate::bill::Exact;
use crate::units::Money;

/// `prices:`.
#[derive(Clone, Debug)]
pub struct Prices {
    /// The book.
    pub book: Spanned<String>,
    /// What the reader states, weakest first: the rows of a file, of a contract, of the scenario.
    pub own: Vec<OwnRow>,
    /// A price book of the reader's own.
    pub file: Option<PriceFile>,
    /// Currency of the bill.
    pub currency: Spanned<String>,
    /// What one US dollar is in each.
    pub fx: Vec<(Spanned<String>, Exact)>,
    /// What is taken off, by item or family.
    pub discounts: Vec<(Spanned<String>, Exact)>,
}

/// A price that the scenario states.
#[derive(Clone, PartialEq, Debug)]
pub struct OwnRow {
    /// The row of the book.
    pub item: Spanned<String>,
    /// From where; `*`: everywhere.
    pub from: Spanned<String>,
    /// To where.
    pub to: Spanned<String>,
    /// Its steps; one from nothing on where it is flat.
    pub steps: Vec<PriceStep>,
    /// Where it is agreed.
    pub source: String,
}

/// A step of a price.
#[derive(Clone, PartialEq, Debug)]
pub struct PriceStep {
    /// Where it begins.
    pub from: Spanned<StepFrom>,
    /// The price.
    pub price: Price,
}

/// Where a step begins.
#[derive(Clone, PartialEq, Debug)]
pub enum StepFrom {
    /// So many units of the price.
    Units(Exact),
    /// So many gigabytes of the row's kind, times its thousand (0: GB, 1: TB, 2: PB).
    Gigabytes(Exact, u32),
}

/// A price as written.
#[derive(Clone, PartialEq, Debug)]
pub struct Price {
    /// Where it is written.
    pub span: Span,
    /// Per unit.
    pub amount: Money,
    /// `USD`, `CNY`.
    pub currency: String,
    /// The unit as written after the slash: `GB`, `Mbps-month`, `hour`.
    pub per: String,
}

/// A file of prices.
#[derive(Clone, PartialEq, Debug)]
pub struct PriceFile {
    /// Its name as written.
    pub file: Spanned<String>,
    /// Its text.
    pub text: String,
}
