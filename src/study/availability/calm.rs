//! What may be lost while nothing is down though no request was seen to be: so many requests say only so much.

use super::mark;
use super::study::Case;
use super::trial::{Count, Course};
use crate::study::statistics::{clopper_pearson, student_quantile, variance};

impl Case {
    /// The upper end (95 %, of one side) of what fails while nothing is down, where none of the requests of the trial in which
    /// nothing fails did (Clopper and Pearson 1934; of none in n it is 3 in n). 0 where some did: their replications say then
    /// how sure that is.
    pub(super) fn calm(&self) -> f64 {
        let whole = self.calm_of_trial(0);
        if whole.lost > 0 || whole.sent == 0 {
            return 0.0;
        }
        let all = self.calm_requests();
        clopper_pearson(all.lost as f64, all.sent as f64, 0.9).high
    }

    /// The upper end of what fails while nothing is down (95 %, of both sides where some did).
    pub(super) fn calm_most(&self) -> f64 {
        let base = self.base();
        let losses: Vec<f64> = self.trials[0].seen.iter().map(|seen| seen.steady.share()).collect();
        if base == 0.0 || losses.len() < 2 {
            return base + self.calm();
        }
        let (n, degrees) = (losses.len() as f64, (losses.len() - 1) as f64);
        (base + student_quantile(0.975, degrees) * libm::sqrt(variance(&losses) / n)).min(1.0)
    }

    /// All requests that were sent while nothing was down, in all trials.
    pub(super) fn calm_requests(&self) -> Count {
        let trials = (0..self.trials.len()).map(|trial| self.calm_of_trial(trial));
        trials.fold(Count::default(), |sum, one| Count { sent: sum.sent + one.sent, lost: sum.lost + one.lost })
    }

    /// Those of one trial. Before a failure all but its last window, of which the failure may still catch some on their way:
    /// of what it catches of those before, the bound is the greater.
    pub(super) fn calm_of_trial(&self, trial: usize) -> Count {
        let trial = &self.trials[trial];
        let mut all = Count::default();
        for seen in &trial.seen {
            let count = seen.windows.len();
            let until = match trial.course {
                Course::Whole => count,
                course => course.row(mark::FALLS - 1, count),
            };
            for window in &seen.windows[..until] {
                (all.sent, all.lost) = (all.sent + window.sent, all.lost + window.lost);
            }
        }
        all
    }
}
