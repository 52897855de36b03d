//! One failure to be simulated: what was seen of it, and what that says of its losses.

use super::component::Fall;
use super::mark;
use super::trial::{Count, Course, Seen};

/// One failure to be simulated, and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Attempted {
    pub(super) name: String,
    pub(super) course: Course,
    pub(super) falls: Vec<Fall>,
    /// By replication.
    pub(super) seen: Vec<Seen>,
    /// Replications that are wanted.
    pub(super) wanted: u32,
}

impl Attempted {
    pub(super) fn new(name: &str, course: Course, falls: Vec<Fall>, wanted: u32) -> Self {
        Attempted { name: name.to_owned(), course, falls, seen: Vec::new(), wanted }
    }

    /// The share lost in its steady part, all replications together.
    pub(super) fn loss(&self) -> f64 {
        let sum = self.seen.iter().fold(Count::default(), |sum, seen| Count {
            sent: sum.sent + seen.steady.sent,
            lost: sum.lost + seen.steady.lost,
        });
        sum.share()
    }

    /// The same of one replication, by the delta method: the mean of these is the share of all, and how many chance sent
    /// is no noise of the share.
    pub(super) fn loss_of(&self, seen: &Seen) -> f64 {
        let sent: u64 = self.seen.iter().map(|seen| seen.steady.sent).sum();
        let (loss, mean) = (self.loss(), sent as f64 / self.seen.len().max(1) as f64);
        if sent == 0 { 0.0 } else { loss + (seen.steady.lost as f64 - loss * seen.steady.sent as f64) / mean }
    }

    /// Seconds of all requests lost as it comes and goes, beyond what is lost in it and without it.
    pub(super) fn moving_of(&self, seen: &Seen, base: f64, rate: f64, window: f64) -> f64 {
        let steady = if matches!(self.course, Course::Short(_)) { base } else { seen.steady.share() };
        let count = seen.windows.len().max(1);
        let onset = self.course.row(mark::FALLS, count);
        let per_window = rate * window * self.course.length() as f64 / count as f64;
        // Of each window as a share of what it sends on average, so that chance arrivals cost nothing.
        let excess = |number: usize, usual: f64| {
            let window = seen.windows[number];
            window.lost as f64 - usual * (window.sent as f64).min(2.0 * per_window)
        };
        let before: f64 = (0..onset).map(|number| excess(number, base)).sum();
        let gone = if self.course == Course::Long { self.course.row(mark::MENDED, count) } else { count };
        // The steady windows among these add up to nothing; who asked last may have been saved by the repair.
        let begin: f64 = (onset..gone).map(|number| excess(number, steady)).sum();
        let after: f64 = (gone..count).map(|number| excess(number, base)).sum();
        (before + begin + after) / rate.max(1e-12)
    }

    pub(super) fn moving(&self, base: f64, rate: f64, window: f64) -> f64 {
        let sum: f64 = self.seen.iter().map(|seen| self.moving_of(seen, base, rate, window)).sum();
        sum / self.seen.len().max(1) as f64
    }
}
