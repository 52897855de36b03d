//! What the reader's business says: what downtime costs, how traffic grows, how far ahead is looked.

use crate::scenario::span::{Span, Spanned};
use crate::units::{Duration, Money};
use indexmap::IndexMap;

/// `business:`.
#[derive(Clone, Debug)]
pub struct Business {
    /// Where the key is written.
    pub span: Span,
    /// Money lost in an hour in which no request is answered, and its currency.
    pub downtime: Option<Spanned<(Money, String)>>,
    /// The share of requests that shall be good.
    pub slo: Option<Spanned<f64>>,
    /// An answer is good within this.
    pub good_within: Option<Spanned<Duration>>,
    /// Growth of the traffic in a year, as a share: 0.4.
    pub growth: Spanned<f64>,
    /// How many years are added up.
    pub years: Spanned<u32>,
    /// How often a year each named fault comes, by the reader's own estimate.
    pub outages: IndexMap<String, Spanned<f64>>,
}
