//! From the first minutes of a run, at whose rates failures are simulated, to the mean of a day.

use crate::scenario::Scenario;
use crate::scenario::file::{RateLaw, StreamArrivals};
use crate::units::significant;

/// The mean rate of a day over that of the run's first minutes, all streams together.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Day {
    /// Requests per second in the first minutes.
    first: f64,
    /// The same on average over a day.
    mean: f64,
}

/// A rate that is off by less is the same.
const SAME: f64 = 0.05;

impl Day {
    /// `first`: requests per second by stream, in the run's first minutes.
    pub(super) fn of(scenario: &Scenario, first: &[f64]) -> Self {
        let mean = |(stream, &first): (&crate::scenario::file::Stream, &f64)| match &stream.arrivals {
            StreamArrivals::Open { rate, .. } => match rate.value {
                RateLaw::Diurnal { low, high, .. } => 0.5 * (low + high) * stream.scale.value,
                RateLaw::Constant(_) | RateLaw::Steps(_) => first,
            },
            StreamArrivals::Closed { .. } => first,
        };
        Day { first: first.iter().sum(), mean: scenario.workload.values().zip(first).map(mean).sum() }
    }

    /// So many times the requests of the first minutes.
    pub(super) fn factor(self) -> f64 {
        if self.first > 0.0 { self.mean / self.first } else { 1.0 }
    }

    /// What to beware of.
    pub(super) fn warning(self, variant: &str) -> Option<String> {
        ((self.factor() - 1.0).abs() > SAME).then(|| {
            format!(
                "{variant}: failures meet {} requests per second as in the run's first minutes, on average over a day there are {}: \
                 shares and minutes are those of that hour (`run.from` moves it), writes lost in a year are of the day's mean",
                significant(self.first, 3),
                significant(self.mean, 3)
            )
        })
    }
}
