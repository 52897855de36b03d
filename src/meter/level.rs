//! A level over time (how many are in the system, how many work), weighted by time within a window.

use crate::units::SimTime;

/// A step function of time and its exact integral over a window, in level-nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    start_ns: u64,
    end_ns: u64,
    since_ns: u64,
    level: u64,
    integral: u128,
}

impl Level {
    /// Level zero; time counts from `start` to `end` only.
    pub const fn new(start: SimTime, end: SimTime) -> Self {
        assert!(start.nanos() <= end.nanos(), "a window ends after it starts");
        Level { start_ns: start.nanos(), end_ns: end.nanos(), since_ns: 0, level: 0, integral: 0 }
    }

    /// The level now.
    pub const fn get(&self) -> u64 {
        self.level
    }

    /// The level is `level` from `now` on.
    pub fn set(&mut self, now: SimTime, level: u64) {
        assert!(now.nanos() >= self.since_ns, "a level changes in the order of time");
        self.integral = self.integral(now);
        (self.since_ns, self.level) = (now.nanos(), level);
    }

    /// One more from `now` on.
    pub fn up(&mut self, now: SimTime) {
        self.set(now, self.level + 1);
    }

    /// One fewer from `now` on.
    pub fn down(&mut self, now: SimTime) {
        self.set(now, self.level.checked_sub(1).expect("nothing leaves that has not come"));
    }

    /// Level-nanoseconds within the window, up to `now`.
    pub fn integral(&self, now: SimTime) -> u128 {
        let from = self.since_ns.max(self.start_ns);
        let to = now.nanos().min(self.end_ns);
        self.integral + u128::from(to.saturating_sub(from)) * u128::from(self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(steps: &[(f64, u64)], window: (u64, u64), until: u64) -> u128 {
        let at = |seconds: f64| SimTime::from_nanos((seconds * 1e9) as u64);
        let mut level = Level::new(SimTime::from_nanos(window.0), SimTime::from_nanos(window.1));
        for &(time, value) in steps {
            level.set(at(time), value);
        }
        level.integral(SimTime::from_nanos(until))
    }

    const STEPS: [(f64, u64); 5] = [(0.0, 0), (1.5, 1), (2.25, 2), (4.0, 1), (7.0, 0)];

    /// TIMEAVG-001.
    #[test]
    fn a_step_function_is_weighted_by_time() {
        assert_eq!(integral(&STEPS, (0, 10_000_000_000), 10_000_000_000), 7_250_000_000);
    }

    #[test]
    fn what_lies_outside_the_window_does_not_count() {
        // The level at the window's start carries on into it.
        assert_eq!(integral(&STEPS, (3_000_000_000, 8_000_000_000), 10_000_000_000), 2_000_000_000 + 3_000_000_000);
        assert_eq!(integral(&STEPS, (0, 3_000_000_000), 20_000_000_000), 750_000_000 + 2 * 750_000_000);
        let mut level = Level::new(SimTime::ZERO, SimTime::from_nanos(10));
        level.up(SimTime::from_nanos(4));
        level.up(SimTime::from_nanos(6));
        level.down(SimTime::from_nanos(8));
        assert_eq!((level.get(), level.integral(SimTime::from_nanos(9))), (1, 2 + 4 + 1));
        assert_eq!(level.integral(SimTime::NEVER), 8);
    }
}
