//! Bad spells of a link: in which of two states it is at a time, as a pure function of that time.
//!
//! A two-state Markov chain with rates a (good to bad) and b (bad to good) is the same process as this one: at points of
//! a Poisson process of rate a + b the state is drawn anew, bad with chance a / (a + b) (uniformization, Jensen 1953). So
//! the state at a time depends on nothing but the last such point, and those are made cell by cell of the time axis from
//! counter-based draws: nobody has to have asked for an earlier time, and no variant shifts another's spells.

use crate::random::{Key, mix};
use crate::world::BadState;

/// So many points fall into a cell, in the mean: one cell in e^4 = 55 has none, and sends the question to the one before.
const POINTS_PER_CELL: f64 = 4.0;
/// A cell without a point is followed by another at most so often: chance e^-256 that this is ever reached.
const CELLS_BACK: u64 = 64;

/// The spells of one link, with the stretch of time that was asked for last.
#[derive(Clone, Debug)]
pub(super) struct Spells {
    key: Key,
    /// Mean distance of points, nanoseconds.
    distance: f64,
    /// Length of a cell, nanoseconds.
    cell: i64,
    bad_share: f64,
    /// The state from `from` to before `until`.
    from: i64,
    until: i64,
    bad: bool,
}

impl Spells {
    pub(super) fn new(state: &BadState, key: Key) -> Self {
        let (good, bad) = (state.mean_good.nanos() as f64, state.mean_bad.nanos() as f64);
        let distance = 1.0 / (1.0 / good + 1.0 / bad);
        let cell = ((POINTS_PER_CELL * distance) as i64).max(1);
        Spells { key, distance, cell, bad_share: state.share(), from: 0, until: 0, bad: false }
    }

    /// Is the link bad at `now`, nanoseconds from t = 0 of the scenario (before it: below zero)?
    #[inline]
    pub(super) fn bad_at(&mut self, now: i64) -> bool {
        if now < self.from || now >= self.until {
            self.look(now);
        }
        self.bad
    }

    #[inline(never)]
    fn look(&mut self, now: i64) {
        let cell = now.div_euclid(self.cell);
        let found = self.within(cell, now);
        self.until = found.1;
        if let Some((from, bad)) = found.0 {
            (self.from, self.bad) = (from, bad);
            return;
        }
        // The state was set in an earlier cell, by its last point. That of this cell may be kept no longer than the cell.
        self.from = cell * self.cell;
        for back in 1..=CELLS_BACK {
            let cell = cell - back as i64;
            if let (Some((_, bad)), _) = self.within(cell, (cell + 1) * self.cell - 1) {
                self.bad = bad;
                return;
            }
        }
        self.bad = self.key.uniform(cell as u64) < self.bad_share;
    }

    /// Of a cell: its last point at or before `now` and the state from there on, and when the next point comes, at the
    /// latest the cell's end.
    fn within(&self, cell: i64, now: i64) -> (Option<(i64, bool)>, i64) {
        let start = cell * self.cell;
        let end = start + self.cell;
        let base = mix(cell as u64, 0x5be1);
        let (mut at, mut last) = (start as f64, None);
        for point in 0.. {
            let draw = base.wrapping_add(2 * point);
            at -= self.distance * libm::log(self.key.uniform(draw));
            let when = at as i64;
            if when >= end {
                break;
            }
            if when > now {
                return (last, when);
            }
            last = Some((when, self.key.uniform(draw.wrapping_add(1)) < self.bad_share));
        }
        (last, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;
    use crate::world::HourLaw;

    const MS: i64 = 1_000_000;

    fn spells(seed: u64) -> Spells {
        let state = BadState {
            chance: HourLaw::flat(0.08),
            mean_good: Duration::from_secs(50),
            mean_bad: Duration::from_secs(2),
        };
        Spells::new(&state, Key::new(seed, 0, "backbone a -> b", "spells"))
    }

    #[test]
    fn the_state_is_a_function_of_the_time_and_of_nothing_asked_before() {
        let (mut forward, mut backward) = (spells(1), spells(1));
        let times = || (-2_000..20_000).map(|step| step * 137 * MS);
        let ahead: Vec<bool> = times().map(|at| forward.bad_at(at)).collect();
        let mut behind: Vec<bool> = times().rev().map(|at| backward.bad_at(at)).collect();
        behind.reverse();
        assert_eq!(ahead, behind);
        let afresh: Vec<bool> = times().map(|at| spells(1).bad_at(at)).collect();
        assert_eq!(ahead, afresh);
    }

    #[test]
    fn sojourns_are_exponential_with_the_stated_means_and_so_is_the_share_of_bad_time() {
        // 4e6 s in steps of 50 ms: about 77,000 cycles; standard error of a mean sojourn 0.36 %, of the share 0.5 %.
        let (mut link, step, mut was, mut since) = (spells(7), 50, false, 0_i64);
        let (mut spans, mut squares): ([Vec<f64>; 2], [f64; 2]) = Default::default();
        for at in (0..4_000_000_000_i64).step_by(step) {
            let is = link.bad_at(at * MS);
            if is != was {
                let span = (at - since) as f64 / 1e3;
                spans[usize::from(was)].push(span);
                squares[usize::from(was)] += span * span;
                (was, since) = (is, at);
            }
        }
        let sum = |of: &Vec<f64>| of.iter().sum::<f64>();
        let mean = |of: &Vec<f64>| sum(of) / of.len() as f64;
        // What is shorter than a step is mostly missed, and joins its neighbours: 1 - 0.05 / 2 of bad spells are seen.
        assert!((mean(&spans[0]) / 50.0 - 1.0).abs() < 0.03, "{}", mean(&spans[0]));
        assert!((mean(&spans[1]) / 2.0 - 1.0).abs() < 0.03, "{}", mean(&spans[1]));
        let share = sum(&spans[1]) / (sum(&spans[0]) + sum(&spans[1]));
        assert!((share / (2.0 / 52.0) - 1.0).abs() < 0.02, "{share}");
        // Exponential: the mean of squares is twice the square of the mean.
        for state in 0..2 {
            let ratio = squares[state] / spans[state].len() as f64 / (2.0 * mean(&spans[state]).powi(2));
            assert!((ratio - 1.0).abs() < 0.05, "{state}: {ratio}");
        }
    }
}
