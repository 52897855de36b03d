//! Objectives: gates over a study's figures.

use crate::scenario::span::{Span, Spanned};

/// Replications that an interval, and so a gate, needs at least.
pub const JUDGED_FROM: u32 = 5;

/// An entry of `objectives:`.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Where its name is written.
    pub span: Span,
    /// The check as written.
    pub text: String,
    /// What is checked.
    pub check: Check,
    /// Which part of the run counts.
    pub window: ObjectiveWindow,
    /// What a miss means.
    pub severity: ObjectiveSeverity,
    /// The variants that it holds for; empty: all.
    pub variants: Vec<Spanned<String>>,
}

/// What is checked.
#[derive(Clone, PartialEq, Debug)]
pub enum Check {
    /// A figure against a bound.
    Figure {
        /// The figure.
        term: Term,
        /// True for `<` and `<=` (which mean the same: a limit touched is met), false for `>` and `>=`.
        below: bool,
        /// The bound.
        bound: Bound,
    },
    /// `path(a -> b) avoids X`: statically, before any run.
    Path(PathCheck),
}

/// A figure of a study.
#[derive(Clone, PartialEq, Debug)]
pub struct Term {
    /// Which.
    pub metric: Metric,
    /// Restricted to users of this region or cluster, or to this stream; none: all.
    pub from: Option<String>,
}

/// The figures that can be checked. A `subject` is an operation, a service, a stream, or `all`.
#[derive(Clone, PartialEq, Debug)]
pub enum Metric {
    /// Latency of successes at a percentile (99.9), seconds.
    Quantile {
        /// 0 < p < 100.
        percent: f64,
        /// What is asked for.
        subject: String,
    },
    /// Mean latency of successes, seconds.
    Mean {
        /// What is asked for.
        subject: String,
    },
    /// Share of requests answered.
    Availability {
        /// What is asked for.
        subject: String,
    },
    /// Requests answered per second.
    Throughput {
        /// What is asked for.
        subject: String,
    },
    /// Time from a fault's start until success and p99 are back, seconds.
    Recovery {
        /// The fault.
        fault: String,
        /// Until this share of requests is served as before it; none: until all is back.
        share: Option<f64>,
    },
    /// Requests lost in a fault's window, per occurrence.
    Lost {
        /// The fault.
        fault: String,
    },
    /// Time from when a primary is missed until its successor acknowledges a write, seconds, of a promotion.
    Rto {
        /// The store.
        store: String,
    },
    /// Time of data that a new primary lacks, seconds, of a promotion.
    Rpo {
        /// The store.
        store: String,
    },
    /// Acknowledged writes that are lost, of a run.
    LostWrites {
        /// The store.
        store: String,
    },
    /// Share of requests answered within a time.
    Good {
        /// What is asked for.
        subject: String,
        /// The time, seconds.
        within: f64,
    },
    /// Time from a fault's start until somebody takes notice, seconds.
    Detect {
        /// The fault.
        fault: String,
    },
    /// Time from a fault's start until calls have left what it hits, seconds.
    Shift {
        /// The fault.
        fault: String,
    },
    /// Time from a fault's start until so large a share of the sessions that it broke are open again, seconds.
    Reconnected {
        /// The fault.
        fault: String,
        /// The share.
        share: f64,
    },
    /// Tries to connect in the worst second of a fault and its recovery.
    Reconnects {
        /// The fault.
        fault: String,
    },
    /// Share of 30 days' error budget that an occurrence of a fault burns.
    Burn {
        /// The fault.
        fault: String,
    },
    /// User-uptime.
    UserUptime {
        /// A stream, a service, or `all`.
        subject: String,
    },
    /// The minimal cumulative ratio of user-uptime over windows of some length.
    Mcr {
        /// A stream, a service, or `all`.
        subject: String,
        /// The length, seconds.
        window: f64,
    },
    /// Attempts per call of an edge.
    Amplification {
        /// Caller: a service or a stream.
        from: String,
        /// Callee.
        to: String,
    },
    /// Cost of a month, units of currency: `network`, `total`, or a product's name.
    Cost {
        /// What part of the bill.
        subject: String,
    },
    /// Share of capacity used: a service, or a product.
    Utilisation {
        /// Of what.
        subject: String,
    },
}

/// What a figure is held against.
#[derive(Clone, PartialEq, Debug)]
pub enum Bound {
    /// A value: seconds, a share, a count, requests per second, or units of currency per month.
    Value(f64),
    /// This factor times the same figure of another variant.
    OfVariant {
        /// 1.05 for `105%`.
        factor: f64,
        /// The other variant.
        variant: String,
    },
}

/// What a route must not cross.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathCheck {
    /// Caller: a service or a stream.
    pub from: String,
    /// Callee.
    pub to: String,
    /// The product to be avoided, or `internet`.
    pub avoids: String,
}

/// Which part of the run counts, by intended arrival.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ObjectiveWindow {
    /// All of the measured time.
    All,
    /// From a fault's start to its end and recovery.
    During(String),
    /// Outside that of one fault.
    Outside(String),
    /// Outside that of every fault.
    OutsideFaults,
}

/// What a miss means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ObjectiveSeverity {
    /// The exit code says so.
    Fail,
    /// It is shown.
    Warn,
}
