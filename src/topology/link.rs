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

    /// The figure at `now`, with t = 0 of the day's clock at `zero` (the end of the fill).
    pub fn at(&self, now: SimTime, zero: SimTime) -> f64 {
        const HOUR: i128 = 3_600_000_000_000;
        let of_day = i128::from(self.at_zero.nanos()) + i128::from(now.nanos()) - i128::from(zero.nanos());
        self.values[of_day.div_euclid(HOUR).rem_euclid(24) as usize]
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
}
