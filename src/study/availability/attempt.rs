//! One failure to be simulated: what was seen of it, and what that says of its losses.

use super::component::Fall;
use super::mark;
use super::outage::Outages;
use super::trial::{self, Count, Course, Seen};
use crate::study::statistics::{student_quantile, variance};

/// One failure to be simulated, and what was seen of it.
#[derive(Clone, Debug)]
pub(super) struct Attempted {
    pub(super) name: String,
    pub(super) course: Course,
    /// Seconds from its end until the last process that fell listens again.
    pub(super) starts: f64,
    /// How long they last, where they end.
    pub(super) outages: Option<Outages>,
    pub(super) falls: Vec<Fall>,
    /// By replication.
    pub(super) seen: Vec<Seen>,
    /// Replications that are wanted.
    pub(super) wanted: u32,
    /// Seconds of a window.
    pub(super) window: f64,
    /// So many times the windows of the other trials, since it was not settled in those.
    pub(super) stretch: u32,
}

/// A difference between parts of the steady part is one beyond so much chance, and from this share of requests on.
const DRIFTS: (f64, f64) = (0.9995, 0.01);
/// Deviations of a window that differs from the steady ones.
const DIFFERS: f64 = 4.0;
/// Where the last windows of a run begin.
const LAST: u64 = mark::END - 5;

impl Attempted {
    pub(super) fn new(name: &str, course: Course, falls: Vec<Fall>, wanted: u32, window: f64) -> Self {
        let name = name.to_owned();
        Attempted { name, course, starts: 0.0, outages: None, falls, seen: Vec::new(), wanted, window, stretch: 1 }
    }

    /// The same of a failure that ends.
    pub(super) fn ending(self, outages: Outages, starts: f64) -> Self {
        Attempted { outages: Some(outages), starts, ..self }
    }

    /// Seconds from its end to the end of the run.
    fn watched_after(&self, replication: usize) -> f64 {
        (mark::END - mark::FALLS) as f64 * self.window - self.simulated(replication)
    }

    /// Seconds for which processes still start after the run.
    pub(super) fn starts_on(&self, replication: usize) -> f64 {
        if self.outages.is_some() { (self.starts - self.watched_after(replication)).max(0.0) } else { 0.0 }
    }

    /// The share lost at the end of the runs beyond what is lost anyway; 0 where that may be chance.
    pub(super) fn left(&self, base: f64) -> f64 {
        if self.outages.is_none() {
            return 0.0;
        }
        let last = self.seen.iter().fold(Count::default(), |sum, seen| {
            let from = self.course.row(LAST, seen.windows.len());
            seen.windows[from..]
                .iter()
                .fold(sum, |sum, window| Count { sent: sum.sent + window.sent, lost: sum.lost + window.lost })
        });
        let noise = DIFFERS * libm::sqrt(base * (1.0 - base) / last.sent.max(1) as f64);
        let more = last.share() - base;
        if more > noise { more } else { 0.0 }
    }

    /// What still is lost at the end of the runs though nothing is down and nobody starts any more: how long it goes on
    /// nobody knows.
    pub(super) fn lingers(&self, base: f64) -> f64 {
        let left = self.left(base);
        if self.starts_on(0) <= 0.0 && left > DRIFTS.1 { left } else { 0.0 }
    }

    /// Seconds of all requests lost after the runs, until the last process listens.
    pub(super) fn lost_after(&self, base: f64) -> f64 {
        let after = (0..self.seen.len()).map(|number| self.starts_on(number)).sum::<f64>();
        self.left(base) * after / self.seen.len().max(1) as f64
    }

    /// Seconds that it lasts in a replication as it is simulated.
    pub(super) fn simulated(&self, replication: usize) -> f64 {
        self.outages.as_ref().map_or(0.0, |outages| outages.simulated(replication, self.course, self.window))
    }

    /// Begins anew with windows twice as long.
    pub(super) fn stretched(&mut self) {
        self.stretch *= 2;
        self.window *= 2.0;
        self.seen.clear();
    }

    /// The share lost by window, all replications together.
    pub(super) fn shares(&self) -> Vec<f64> {
        let count = self.seen.iter().map(|seen| seen.windows.len()).max().unwrap_or(0);
        let share = |number: usize| {
            let sum = self.seen.iter().fold(Count::default(), |sum, seen| Count {
                sent: sum.sent + seen.windows[number].sent,
                lost: sum.lost + seen.windows[number].lost,
            });
            sum.share()
        };
        (0..count).map(share).collect()
    }

    /// Seconds from its start to the end of the last window of settling in which other than `usual` is lost.
    pub(super) fn settles(&self, usual: f64, rate: f64) -> f64 {
        let shares = self.shares();
        let count = shares.len();
        let (onset, until) = (self.course.row(mark::FALLS, count), self.course.row(mark::SETTLED, count));
        let sent = rate * self.window * self.seen.len() as f64;
        let noise = DIFFERS * libm::sqrt((usual * (1.0 - usual)).max(1e-9) / sent.max(1.0)) + 2.0 / sent.max(1.0);
        let last = (onset..until.min(count)).rev().find(|&number| (shares[number] - usual).abs() > noise);
        last.map_or(0.0, |number| (number + 1 - onset) as f64 * self.window)
    }

    /// What its losses may come to where they were not settled while it was watched: the ends. As long as they still rise
    /// nothing says where that ends, and as long as they fall neither; where they only were late they are between what was
    /// seen last and in its steady part.
    pub(super) fn unsettled(&self, base: f64, rate: f64) -> Option<(f64, f64)> {
        if !matches!(self.course, Course::Long | Course::Standing) || self.seen.is_empty() {
            return None;
        }
        let loss = self.loss();
        let drift = self.drift();
        if drift > 0.0 {
            return Some((loss, 1.0));
        }
        if drift < 0.0 {
            return Some((base.min(loss), loss));
        }
        let late = self.settles(loss, rate) >= mark::SETTLING as f64 * self.window;
        late.then(|| {
            let shares = self.shares();
            let last = shares[self.course.row(mark::SETTLED, shares.len()) - 1];
            (loss.min(last), loss.max(last))
        })
    }

    /// By how much more is lost in the second half of its steady part than in the first; 0 where that may be chance.
    fn drift(&self) -> f64 {
        let halves = |seen: &Seen| {
            let steady = self.course.steady(seen.windows.len());
            let middle = (steady.start + steady.end) / 2;
            let share = |range: std::ops::Range<usize>| {
                let of =
                    |sum: Count, window: &Count| Count { sent: sum.sent + window.sent, lost: sum.lost + window.lost };
                seen.windows[range].iter().fold(Count::default(), of).share()
            };
            share(middle..steady.end) - share(steady.start..middle)
        };
        let each: Vec<f64> = self.seen.iter().map(halves).collect();
        if each.len() < 2 {
            return 0.0;
        }
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        let half =
            student_quantile(DRIFTS.0, (each.len() - 1) as f64) * libm::sqrt(variance(&each) / each.len() as f64);
        if mean.abs() > half.max(DRIFTS.1) { mean } else { 0.0 }
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

    /// By replication: seconds of all requests lost as it comes and goes, beyond what is lost in it and without it. Of an event
    /// that is counted whole the mean of these is what an outage of the mean length loses on average.
    pub(super) fn moving_each(&self, base: f64, rate: f64) -> Vec<f64> {
        let each: Vec<f64> = (0..self.seen.len()).map(|number| self.moving_of(number, base, rate)).collect();
        self.on_average(each)
    }

    /// The same figures, of which the mean is what an outage of the mean length comes to.
    pub(super) fn on_average(&self, each: Vec<f64>) -> Vec<f64> {
        match (&self.outages, self.line(&each)) {
            (Some(outages), Some(line)) => line.at(outages.mean, &each),
            _ => each,
        }
    }

    pub(super) fn moving(&self, base: f64, rate: f64) -> f64 {
        let each = self.moving_each(base, rate);
        each.iter().sum::<f64>() / each.len().max(1) as f64
    }

    /// What it loses, as a multiple of what was lost in its runs.
    pub(super) fn as_counted(&self, base: f64, rate: f64) -> f64 {
        let all = |seen: &Seen| {
            let sum = seen.windows.iter().fold(Count::default(), |sum, window| Count {
                sent: sum.sent + window.sent,
                lost: sum.lost + window.lost,
            });
            (sum.lost as f64 - base * sum.sent as f64) / rate.max(1e-12)
        };
        let seen = self.seen.iter().map(all).sum::<f64>() / self.seen.len().max(1) as f64;
        if seen > 0.0 { (self.moving(base, rate) / seen).max(0.0) } else { 1.0 }
    }

    /// Of an event that is counted whole: seconds lost for each second that it lasts longer.
    pub(super) fn by_length(&self, base: f64, rate: f64) -> f64 {
        let each: Vec<f64> = (0..self.seen.len()).map(|number| self.moving_of(number, base, rate)).collect();
        self.line(&each).map_or(0.0, |line| line.slope)
    }

    /// What replications lost against how long their outages lasted. That mean is known, so that what an outage loses by its
    /// length alone is no noise (a control variate).
    fn line(&self, each: &[f64]) -> Option<Line> {
        let outages = self.outages.as_ref().filter(|_| matches!(self.course, Course::Short(_)))?;
        if outages.is_constant() || each.len() < 3 {
            return None;
        }
        Line::through((0..each.len()).map(|number| outages.lasts(number)).collect(), each)
    }

    fn moving_of(&self, replication: usize, base: f64, rate: f64) -> f64 {
        let seen = &self.seen[replication];
        let short = matches!(self.course, Course::Short(_));
        let count = seen.windows.len().max(1);
        let onset = self.course.row(mark::FALLS, count);
        let per_window = rate * self.window * self.course.length() as f64 / count as f64;
        // Of each window as a share of what it sends on average, so that chance arrivals cost nothing.
        let excess = |number: usize, usual: f64| {
            let window = seen.windows[number];
            window.lost as f64 - usual * (window.sent as f64).min(2.0 * per_window)
        };
        let steady = if short { base } else { seen.steady.share() };
        let before: f64 = (0..onset).map(|number| excess(number, base)).sum();
        let gone = if self.course == Course::Long { self.course.row(mark::MENDED, count) } else { count };
        // The steady windows among these add up to nothing; who asked last may have been saved by the repair.
        let begin: f64 = (onset..gone).map(|number| excess(number, steady)).sum();
        let after: f64 = (gone..count).map(|number| excess(number, base)).sum();
        let mut lost = (before + begin + after) / rate.max(1e-12);
        let starts_on = self.starts_on(replication);
        if starts_on > 0.0 && self.left(base) > 0.0 {
            // Until the last process listens it goes on as at the end of the run.
            let from = self.course.row(LAST, count);
            let last = (from..count).map(|number| excess(number, base)).sum::<f64>();
            lost += last / (per_window * (count - from) as f64).max(1e-12) * starts_on;
        }
        let simulated = self.simulated(replication);
        if self.course == Course::Long {
            // It ends later than those windows.
            return lost - (steady - base) * (simulated - trial::settled_after(self.window));
        }
        let left_out = self.outages.as_ref().map_or(0.0, |outages| outages.lasts(replication) - simulated);
        if left_out <= 0.0 {
            return lost;
        }
        let (from, to) = (self.course.row(mark::SETTLED, count), self.course.row(mark::SAVED, count));
        let settled = seen.windows[from..to]
            .iter()
            .fold(Count::default(), |sum, window| Count { sent: sum.sent + window.sent, lost: sum.lost + window.lost });
        lost + (settled.share() - base) * left_out
    }
}

/// A least squares line through what was lost, by length.
struct Line {
    x: Vec<f64>,
    mean: (f64, f64),
    squares: f64,
    slope: f64,
}

impl Line {
    fn through(x: Vec<f64>, y: &[f64]) -> Option<Self> {
        let n = x.len() as f64;
        let mean = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let squares: f64 = x.iter().map(|x| (x - mean.0) * (x - mean.0)).sum();
        let both: f64 = x.iter().zip(y).map(|(x, y)| (x - mean.0) * (y - mean.1)).sum();
        (squares > 0.0).then(|| Line { slope: both / squares, x, mean, squares })
    }

    /// The line at `x` plus what each is off it, wider as it takes two figures to know a line and as `x` is off the middle:
    /// their mean is the line's value, and their spread that value's.
    fn at(&self, x: f64, y: &[f64]) -> Vec<f64> {
        let n = y.len() as f64;
        let off = x - self.mean.0;
        let value = self.mean.1 + self.slope * off;
        let wider = libm::sqrt((n - 1.0) / (n - 2.0) * (1.0 + n * off * off / self.squares));
        let rest = |(own, y): (&f64, &f64)| value + wider * (y - self.mean.1 - self.slope * (own - self.mean.0));
        self.x.iter().zip(y).map(rest).collect()
    }
}
