//! What the reader assumes of failures in the long run, for `eastwest availability`.

use crate::scenario::span::{Span, Spanned};
use indexmap::IndexMap;

/// `reliability:`.
#[derive(Clone, Debug)]
pub struct Reliability {
    /// Where the key is written.
    pub span: Span,
    /// Do the book's figures hold where no row says otherwise?
    pub book: bool,
    /// Own figures: of a kind (`zone`), or of a component and what stands below it (`zone/hangzhou/h`).
    pub rows: IndexMap<String, Rate>,
    /// The share of a unit's time down that takes all units of its parent at once, by kind.
    pub common: IndexMap<String, Spanned<f64>>,
    /// How many units of a group are mended at a time, by kind or component.
    pub crews: IndexMap<String, Spanned<u32>>,
    /// Kinds and components that never fail.
    pub never: Vec<Spanned<String>>,
    /// The objective that a month is held against; none: no month is.
    pub slo: Option<Spanned<f64>>,
    /// Up to so many components down at once are told apart.
    pub within: u32,
}

/// `reliability.rows.KEY.seen`.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Failures.
    pub failures: u32,
    /// In so much time of all units together, seconds.
    pub time: f64,
}

/// `reliability.rows.KEY`.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Where the row is written.
    pub span: Span,
    /// Mean time up, seconds; none: the book's.
    pub mean_up: Option<Spanned<f64>>,
    /// Mean time down, seconds; none: the book's.
    pub mean_down: Option<Spanned<f64>>,
    /// What was counted, in place of `mean-up`.
    pub seen: Option<Counted>,
    /// Within what factor `mean-up` is known; none: 1 where both times are written, else the book's.
    pub factor: Option<Spanned<f64>>,
}
