//! How long a run is, and into how many windows its horizon is divided.

use crate::fault::Span;
use crate::units::Duration;

/// How long a run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunPlan {
    /// Not measured: before t = 0, at the rates of t = 0.
    pub fill: Duration,
    /// Measured: arrivals of 0..horizon count.
    pub horizon: Duration,
    /// After the horizon, how long open requests may still settle.
    pub drain: Duration,
}

impl RunPlan {
    /// From the beginning of the fill to the end of the drain, nanoseconds from t = 0.
    pub fn simulated(&self) -> Span {
        (-self.fill.nanos().cast_signed(), (self.horizon + self.drain).nanos().cast_signed())
    }
}

/// How many equal windows most horizons are divided into, for time series and for cutting the warm-up.
pub const WINDOWS: usize = 60;
/// Windows of a horizon of whole hours, at most (where an hour is not longer than that).
const MOST: u64 = 72;
/// The longest horizon whose windows are looked after so, hours: a week.
const WEEK: u64 = 168;

/// Windows of a horizon: [`WINDOWS`], and of whole hours as many as divide each hour into equal parts of whole minutes,
/// so that the hours of a day can be put together from windows. A day has 72 of 20 minutes, a week 168 of an hour.
pub fn windows(horizon: Duration) -> usize {
    const HOUR: u64 = 3_600_000_000_000;
    let hours = horizon.nanos() / HOUR;
    let aligned = hours > 0 && (WINDOWS as u64).is_multiple_of(hours);
    if aligned || hours > WEEK || !horizon.nanos().is_multiple_of(HOUR) || hours == 0 {
        return WINDOWS;
    }
    let parts =
        (1..=WINDOWS as u64).rev().find(|parts| (WINDOWS as u64).is_multiple_of(*parts) && hours * parts <= MOST);
    (hours * parts.unwrap_or(1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_whole_windows() {
        let of = |minutes: u64| windows(Duration::from_secs(60 * minutes));
        assert_eq!([0, 1, 10, 60, 120, 6 * 60, 12 * 60].map(of), [60; 7]);
        assert_eq!([8, 18, 24, 36, 48, 72, 168].map(|hours| of(60 * hours)), [48, 72, 72, 72, 48, 72, 168]);
        assert_eq!([169 * 60, 24 * 60 + 1, 61].map(of), [60; 3]);
        for hours in 1..=168 {
            assert_eq!(of(60 * hours) as u64 % hours, 0, "{hours} h");
        }
    }
}
