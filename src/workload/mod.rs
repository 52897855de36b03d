//! Workloads: lazy streams of arrivals, a pure function of seed, stream name and ordinal.
//!
//! [`Generator`] is what the machine asks: [`Schedule`] for open streams, [`Closed`] for closed ones. Knows nothing of
//! where requests go or what becomes of them.

mod closed;
mod schedule;

pub use closed::{Closed, LEAST_PAUSE, asks_again_from};
pub use schedule::Schedule;

use crate::random::{Key, Law};
use crate::units::{Duration, SimTime};

/// When the requests of a stream come.
#[derive(Clone, PartialEq, Debug)]
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

/// The arrivals of one stream in one replication.
#[derive(Clone, Debug)]
pub enum Generator {
    /// Requests come by the clock.
    Open(Schedule),
    /// Requests come when users have thought.
    Closed(Closed),
}

impl Generator {
    /// A stream's arrivals from `start` (the beginning of the fill) to before `end`; its rate counts from `zero` (t = 0).
    /// `key` is the stream's own (name and purpose). Closed users begin to think at `start`.
    pub fn new(arrivals: &Arrivals, key: Key, start: SimTime, zero: SimTime, end: SimTime) -> Self {
        match arrivals {
            Arrivals::Open { gap, rate } => Generator::Open(Schedule::new(gap, rate, key, start, zero, end)),
            Arrivals::Closed { users, think } => Generator::Closed(Closed::new(*users, think, key)),
        }
    }

    /// The next request of an open stream: its number from 0 and its time. None past the end, and for closed streams,
    /// whose requests follow from [`Closed::think`] and the answers.
    #[allow(clippy::should_implement_trait, reason = "a closed stream is no iterator")]
    pub fn next(&mut self) -> Option<(u64, SimTime)> {
        match self {
            Generator::Open(schedule) => schedule.next_arrival(),
            Generator::Closed(_) => None,
        }
    }
}

impl Rate {
    /// The same rate for ever.
    pub fn constant(per_second: f64) -> Self {
        Rate { points: vec![(Duration::ZERO, per_second)] }
    }

    /// The rate `since_zero` after t = 0; at a step, the rate after it.
    pub fn at(&self, since_zero: Duration) -> f64 {
        self.check();
        let after = self.points.partition_point(|&(at, _)| at <= since_zero);
        if after == 0 {
            return self.points[0].1;
        }
        let (from, rate) = self.points[after - 1];
        match self.points.get(after) {
            None => rate,
            Some(&(to, next)) => rate + (next - rate) * ((since_zero - from).seconds() / (to - from).seconds()),
        }
    }

    /// Expected arrivals between two instants after t = 0: the integral of the rate.
    pub fn expected(&self, from: Duration, to: Duration) -> f64 {
        assert!(from <= to, "a span runs from an earlier instant to a later one");
        let inner = self.points.iter().map(|&(at, _)| at).filter(|&at| at > from && at < to);
        let mut cuts: Vec<Duration> = std::iter::once(from).chain(inner).chain([to]).collect();
        cuts.dedup();
        // Linear between cuts, so the rate in the middle is the mean; at a cut itself there may be a step.
        let middle = |pair: &[Duration]| pair[0] + (pair[1] - pair[0]).scaled(0.5);
        cuts.windows(2).map(|pair| self.at(middle(pair)) * (pair[1] - pair[0]).seconds()).sum()
    }

    /// The rule of `points`, which the scenario's reader keeps.
    fn check(&self) {
        assert!(!self.points.is_empty(), "a rate has at least one point");
        debug_assert!(
            self.points.windows(2).all(|pair| pair[0].0 <= pair[1].0),
            "a rate's points are in order of time"
        );
        debug_assert!(self.points.iter().all(|&(_, rate)| rate >= 0.0 && rate.is_finite()), "a rate is not negative");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_linear_between_points_and_constant_outside() {
        let s = Duration::from_secs;
        let rate = Rate { points: vec![(s(10), 4.0), (s(20), 8.0), (s(20), 1.0)] };
        let shown: Vec<f64> = [0, 10, 15, 20, 99].map(|at| rate.at(s(at))).to_vec();
        assert_eq!(shown, [4.0, 4.0, 6.0, 1.0, 1.0]);
        assert_eq!(rate.expected(s(0), s(30)), 40.0 + 60.0 + 10.0);
        assert_eq!(rate.expected(s(12), s(12)), 0.0);
    }

    #[test]
    fn a_closed_stream_has_no_arrivals_of_its_own() {
        let arrivals = Arrivals::Closed { users: 3, think: Law::Constant(2.0) };
        let key = Key::new(1, 0, "batch", "think");
        let mut generator = Generator::new(&arrivals, key, SimTime::ZERO, SimTime::ZERO, SimTime::NEVER);
        assert_eq!(generator.next(), None);
        let Generator::Closed(closed) = generator else { panic!("users who think") };
        assert_eq!((closed.users(), closed.think(2, 5)), (3, Duration::from_secs(2)));
    }
}
