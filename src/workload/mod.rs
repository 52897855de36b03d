//! Workloads: lazy streams of arrivals, a pure function of seed, stream name and ordinal.

use crate::random::Law;
use crate::units::Duration;

/// When the requests of a stream come.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// Open: requests come whether or not earlier ones are answered.
    Open {
        /// Law of the gaps with mean 1; exponential gives (inhomogeneous) Poisson arrivals.
        gap: Law,
        /// The rate over time; the n-th request comes where its integral reaches the sum of the first n gaps.
        rate: Rate,
    },
    /// Closed: users who think, ask, and wait for the answer. They start thinking.
    Closed {
        /// How many.
        users: u32,
        /// Think time, seconds.
        think: Law,
    },
}

/// Requests per second over time, linear between points; before the first point (the fill) the first rate holds,
/// after the last point the last.
#[derive(Clone, PartialEq, Debug)]
pub struct Rate {
    /// Time from t = 0 (the end of the fill) and rate in requests per second; two points at one time make a step.
    pub points: Vec<(Duration, f64)>,
}
