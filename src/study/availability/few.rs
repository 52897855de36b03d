//! Failures of which few requests were seen: what so few leave room for, whatever replications happen to agree on.
//!
//! Replications that all lost nothing, or the same one request, have no spread: of a class the exact interval of its requests
//! counts then (Clopper and Pearson 1934), of what comes and goes that of a Poisson count (Garwood 1936). Parts are added up, as
//! if all were at their ends together, which is never too narrow.

use super::attempt::Attempted;
use super::mark;
use super::study::Case;
use super::trial::{Count, Course};
use crate::study::statistics::{clopper_pearson, gamma_quantile};

/// So many requests of a failure, all replications together, let their spread speak for itself.
const ENOUGH: u64 = 2_000;
/// On each side.
const TAIL: f64 = 0.025;

/// The share lost, at least and at most.
fn share(count: Count) -> (f64, f64) {
    if count.sent == 0 {
        return (0.0, 1.0);
    }
    let exact = clopper_pearson(count.lost.min(count.sent) as f64, count.sent as f64, 1.0 - 2.0 * TAIL);
    (exact.low, exact.high)
}

/// What was counted, as it might be in the mean, at least and at most.
fn counted(count: u64) -> (f64, f64) {
    let low = if count == 0 { 0.0 } else { gamma_quantile(count as f64, TAIL) };
    (low, gamma_quantile(count as f64 + 1.0, 1.0 - TAIL))
}

impl Attempted {
    /// All requests seen while it came, stayed and went.
    fn all(&self) -> Count {
        self.of(0, usize::MAX)
    }

    fn of(&self, from: usize, to: usize) -> Count {
        let mut all = Count::default();
        for seen in &self.seen {
            for window in seen.windows.iter().take(to).skip(from) {
                (all.sent, all.lost) = (all.sent + window.sent, all.lost + window.lost);
            }
        }
        all
    }

    fn steady(&self) -> Count {
        let add = |sum: Count, one: Count| Count { sent: sum.sent + one.sent, lost: sum.lost + one.lost };
        self.seen.iter().fold(Count::default(), |sum, seen| add(sum, seen.steady))
    }

    /// Were too few requests seen for their spread to say how sure its figures are?
    fn is_few(&self) -> bool {
        self.all().sent < ENOUGH
    }

    /// By how much less and more it may lose in coming and going than is reckoned, seconds of all requests.
    fn moving_room(&self, base: f64, rate: f64) -> (f64, f64) {
        let (all, steady) = (self.all(), self.steady());
        let requests = (rate * self.seen.len().max(1) as f64).max(1e-12);
        if !matches!(self.course, Course::Short(_)) {
            let lost = all.lost - steady.lost;
            let (low, high) = counted(lost);
            return ((lost as f64 - low) / requests, (high - lost as f64) / requests);
        }
        let (low, high) = counted(all.lost);
        let (mut low, mut high) = ((low - base * all.sent as f64).max(0.0) / requests, high / requests);
        // What is not simulated of its length loses what was seen once it was settled.
        let left_out = |number: usize| {
            let lasts = self.outages.as_ref().map_or(0.0, |outages| outages.lasts(number));
            (lasts - self.simulated(number)).max(0.0)
        };
        let left_out = (0..self.seen.len()).map(left_out).sum::<f64>() / self.seen.len().max(1) as f64;
        let windows = self.seen.iter().map(|seen| seen.windows.len()).max().unwrap_or(0);
        let (from, to) = (self.course.row(mark::SETTLED, windows), self.course.row(mark::SAVED, windows));
        let settled = share(self.of(from, to));
        low += left_out * (settled.0 - base).max(0.0);
        high += left_out * settled.1;
        let value = self.moving(base, rate);
        ((value - low).max(0.0), (high - value).max(0.0))
    }
}

impl Case {
    /// Failures of which few requests were seen, by name, with how many.
    pub(super) fn few(&self) -> Vec<(&str, u64)> {
        let few = self.trials.iter().skip(1).filter(|trial| trial.is_few());
        few.map(|trial| (&*trial.name, trial.all().sent)).collect()
    }

    /// By how much less and more the unavailability may be where few requests were seen.
    pub(super) fn room_of_few(&self) -> (f64, f64) {
        let base = self.base();
        let (steady, events) = self.shares_of_trials();
        let mut room = (0.0, 0.0);
        for (index, trial) in self.trials.iter().enumerate().skip(1).filter(|(_, trial)| trial.is_few()) {
            if steady[index] > 0.0 {
                let (low, high) = share(trial.steady());
                let loss = trial.loss();
                room.0 += steady[index] * (loss - low).max(0.0);
                room.1 += steady[index] * (high - loss).max(0.0);
            }
            if events[index] > 0.0 {
                let (less, more) = trial.moving_room(base, self.rate);
                room.0 += events[index] * less;
                room.1 += events[index] * more;
            }
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_none_there_may_be_three_and_of_no_request_anything() {
        assert_eq!(share(Count::default()), (0.0, 1.0));
        let (low, high) = counted(0);
        // -ln 0.025.
        assert!(low == 0.0 && (high - 3.688_879_454).abs() < 1e-6, "{high}");
        // Garwood's table: of ten, 4.795 to 18.39.
        let (low, high) = counted(10);
        assert!((low - 4.795).abs() < 1e-3 && (high - 18.390).abs() < 1e-3, "{low} {high}");
    }
}
