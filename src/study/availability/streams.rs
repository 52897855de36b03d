//! Of whom it is lost: the same sum over states and events for each stream by itself.

use super::attempt::Attempted;
use super::figures::{Figures, Unknown};
use super::mark;
use super::model::Times;
use super::study::Case;
use super::trial::{Count, Course, Seen};

impl Case {
    /// A share of all requests, from those of the streams.
    pub(super) fn of_all(&self, shares: &[f64]) -> f64 {
        let sum: f64 = shares.iter().zip(&self.stream_rates).map(|(share, rate)| share * rate).sum();
        if self.rate > 0.0 { (sum / self.rate).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Share of each stream's requests lost in the long run, of `all` together. States and events that are reckoned are cut off
    /// at everything for each stream by itself, so that the parts may miss the whole by a little: they share that out.
    pub(super) fn by_stream(&self, all: f64) -> Vec<f64> {
        let of = |stream: usize| self.model_of(&self.figures_of(stream), Unknown::Reckoned).lost(&Times::new()).all;
        let mut lost: Vec<f64> = (0..self.streams.len()).map(of).collect();
        let sum = self.of_all(&lost);
        if sum > 0.0 {
            lost.iter_mut().for_each(|lost| *lost = (*lost * all / sum).min(1.0));
        }
        lost
    }

    /// What the trials say of one stream's requests.
    fn figures_of(&self, stream: usize) -> Figures {
        let loss: Vec<f64> = self.trials.iter().map(|trial| share(trial, stream)).collect();
        let moving = |(index, trial): (usize, &Attempted)| {
            if index == 0 || self.stream_rates[stream] <= 0.0 { 0.0 } else { self.moving_of(trial, stream, &loss) }
        };
        Figures {
            moving: self.trials.iter().enumerate().map(moving).collect(),
            certain: self.certain.iter().map(|shares| shares[stream]).collect(),
            loss: loss.clone(),
        }
    }

    /// Seconds of one stream's requests lost as a failure comes and goes, where trials lose these shares of them.
    fn moving_of(&self, trial: &Attempted, stream: usize, loss: &[f64]) -> f64 {
        let base = loss[0];
        let short = matches!(trial.course, Course::Short(_));
        let steady = if short { base } else { share(trial, stream) };
        let measured = (mark::SAVED - mark::SETTLED) as f64 * trial.window;
        let not_steady = trial.course.length() as f64 * trial.window - measured;
        let each = |(number, seen): (usize, &Seen)| {
            let count = seen.moving[stream];
            let down = if short { 0.0 } else { (trial.simulated(number) - measured) / not_steady };
            count.lost as f64 - count.sent as f64 * (down * steady + (1.0 - down) * base)
        };
        let mean = trial.seen.iter().enumerate().map(each).sum::<f64>() / trial.seen.len().max(1) as f64;
        let mean = mean / self.stream_rates[stream];
        // What is known of all streams together: by length, and after the runs.
        if short {
            return mean * trial.as_counted(self.base(), self.rate);
        }
        let (moving, after) = (trial.moving(self.base(), self.rate), trial.lost_after(self.base()));
        if after > 0.0 && moving > after { mean * moving / (moving - after) } else { mean }
    }
}

/// The share of a stream's requests lost in the steady part of a trial.
fn share(trial: &Attempted, stream: usize) -> f64 {
    let sum = trial.seen.iter().fold(Count::default(), |sum, seen| {
        let count = seen.by_stream[stream];
        Count { sent: sum.sent + count.sent, lost: sum.lost + count.lost }
    });
    sum.share()
}
