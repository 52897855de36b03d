//! What a link may do to bytes besides delaying them: figures by hour of the day, and bandwidth limits.

use crate::id;
use crate::units::{BitsPerSec, Bytes, Duration, SimTime};

id! {
    /// A directed link.
    LinkId,
}

/// A figure for each hour of the day (piecewise constant).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct HourLaw {
    /// From 00:00 to 23:00, in the link's own time zone.
    pub values: [f64; 24],
    /// Time of day at simulated t = 0 (the end of the fill), in that time zone.
    pub at_zero: Duration,
}

impl HourLaw {
    /// The same figure all day.
    pub const fn flat(value: f64) -> Self {
        HourLaw { values: [value; 24], at_zero: Duration::ZERO }
    }

    /// Is it another figure in some hour?
    pub fn changes(&self) -> bool {
        self.values.iter().any(|value| *value != self.values[0])
    }

    /// The figure at `now`, with t = 0 of the day's clock at `zero` (the end of the fill).
    pub fn at(&self, now: SimTime, zero: SimTime) -> f64 {
        const HOUR: i128 = 3_600_000_000_000;
        let of_day = i128::from(self.at_zero.nanos()) + i128::from(now.nanos()) - i128::from(zero.nanos());
        self.values[of_day.div_euclid(HOUR).rem_euclid(24) as usize]
    }
}

/// Chance that a packet is lost on a link, in one direction: a good state, and where there is one a bad state that comes
/// and goes by itself (Gilbert 1960, Elliott 1963), both with exponential sojourns.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Loss {
    /// Chance while the link is good, by hour of the day.
    pub good: HourLaw,
    /// The bad state.
    pub bad: Option<BadState>,
}

/// The bad state of a link.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BadState {
    /// Chance while the link is bad, by hour of the day.
    pub chance: HourLaw,
    /// How long the link stays good, in the mean; above zero.
    pub mean_good: Duration,
    /// How long it stays bad, in the mean; above zero.
    pub mean_bad: Duration,
}

impl BadState {
    /// Share of time that the link is bad: mean bad sojourn over the mean of a cycle.
    pub fn share(&self) -> f64 {
        let (good, bad) = (self.mean_good.nanos() as f64, self.mean_bad.nanos() as f64);
        bad / (good + bad)
    }
}

impl Loss {
    /// One chance by hour of the day, and no bad state.
    pub const fn by_hour(good: HourLaw) -> Self {
        Loss { good, bad: None }
    }

    /// The same chance all day.
    pub const fn flat(chance: f64) -> Self {
        Loss::by_hour(HourLaw::flat(chance))
    }

    /// Chance at `now` in the state that the link is in then.
    pub fn at(&self, is_bad: bool, now: SimTime, zero: SimTime) -> f64 {
        match &self.bad {
            Some(bad) if is_bad => bad.chance.at(now, zero),
            _ => self.good.at(now, zero),
        }
    }

    /// Long-run mean over both states in an hour of the day: (good T_good + bad T_bad) / (T_good + T_bad).
    pub fn mean_in(&self, hour: usize) -> f64 {
        let good = self.good.values[hour];
        self.bad.map_or(good, |bad| good + bad.share() * (bad.chance.values[hour] - good))
    }

    /// The same chances multiplied by an hour's factor each, never above 1.
    #[must_use]
    pub fn scaled(self, factor: &HourLaw) -> Loss {
        let times = |law: HourLaw| HourLaw {
            values: std::array::from_fn(|hour| (law.values[hour] * factor.values[hour]).min(1.0)),
            at_zero: factor.at_zero,
        };
        Loss { good: times(self.good), bad: self.bad.map(|bad| BadState { chance: times(bad.chance), ..bad }) }
    }

    /// Does it change with the hour of the day?
    pub fn follows_the_hour(&self) -> bool {
        self.good.changes() || self.bad.is_some_and(|bad| bad.chance.changes())
    }

    /// Is anything ever lost?
    pub fn is_nothing(&self) -> bool {
        let nothing = |law: &HourLaw| law.values.iter().all(|chance| *chance <= 0.0);
        nothing(&self.good) && self.bad.is_none_or(|bad| nothing(&bad.chance))
    }
}

/// A bandwidth limit of a product.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cap {
    /// Bits per second that pass.
    pub rate: BitsPerSec,
    /// What happens to what does not.
    pub past: PastCap,
}

/// Past a cap, bytes are dropped at once or wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PastCap {
    /// Token bucket: what exceeds the burst is lost (and sent again by TCP).
    Police {
        /// Bucket depth in bytes.
        burst: Bytes,
    },
    /// First in, first out, in a bounded buffer; what exceeds it is lost.
    Shape {
        /// The longest time that bytes may wait.
        buffer: Duration,
    },
    /// Large messages share it max-min fairly, each at its own sender's limit at most; small ones go first, first in,
    /// first out, in a bounded buffer.
    Fair {
        /// A message of more bytes than this is large.
        above: Bytes,
        /// The longest time that a small message may wait.
        buffer: Duration,
        /// Shares in inverse proportion to round trips, as TCP's tend to be, rather than equal.
        by_round_trip: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_run_mean_weighs_both_states_by_their_sojourns() {
        let bad = BadState {
            chance: HourLaw::flat(0.08),
            mean_good: Duration::from_secs(50),
            mean_bad: Duration::from_secs(2),
        };
        let loss = Loss { good: HourLaw::flat(0.0001), bad: Some(bad) };
        assert!((loss.mean_in(3) - (50.0 * 0.0001 + 2.0 * 0.08) / 52.0).abs() < 1e-15);
        let mut evening = HourLaw::flat(1.0);
        evening.values[21] = 20.0;
        let scaled = loss.scaled(&evening);
        assert_eq!(scaled.at(true, SimTime::ZERO, SimTime::ZERO), 0.08);
        assert_eq!(scaled.bad.map(|bad| bad.chance.values[21]), Some(1.0));
        assert_eq!(scaled.good.values[21], 0.002);
    }
}
