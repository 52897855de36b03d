//! What is simulated next: longer what was not settled, more classes, more of the time when nothing is down, more
//! replications where they narrow the interval most.

use super::attempt::Attempted;
use super::class::Class;
use super::study::{Case, Effort, Interval, WIDTH};
use super::trial::{self, Course};
use crate::study::statistics::variance;

/// Of that, what classes that are not simulated may take.
const REST: f64 = 0.3;
/// Of that, what may be lost unseen while nothing is down.
const CALM: f64 = 0.3;
/// More classes are not simulated.
const CLASSES_MAX: usize = 400;
/// Replications of one class, at most.
const REPLICATIONS_MAX: u32 = 400;
/// Windows of what is not settled are so many times as long, at most.
const STRETCH_MAX: u32 = 8;

impl Case {
    /// What is simulated next; false where nothing is left to gain.
    pub(super) fn go_on(&mut self, effort: Effort) -> bool {
        let spent = |trial: &Attempted| trial.seen.len() as u64 * u64::from(trial.stretch);
        let spent: u64 = self.trials.iter().map(spent).sum::<u64>() * self.calls;
        let left = effort.calls.saturating_sub(spent) / self.calls.max(1);
        if self.stretch(left) {
            return true;
        }
        let interval = self.interval();
        if interval.is_narrow() {
            return false;
        }
        let mut more = self.resolve(interval, left.min(CLASSES_MAX as u64 * u64::from(effort.least)), effort.least);
        more |= self.calm_down(interval, left);
        more |= self.replicate(interval, left);
        more
    }

    /// What was not settled is watched for twice as long, as far as it lasts so long.
    fn stretch(&mut self, left: u64) -> bool {
        let mut runs = 0;
        for index in 0..self.trials.len() {
            let of = |component: &usize| self.event_of[*component] == index;
            let lasts =
                (0..self.components.len()).filter(of).map(|component| self.components[component].mean_down_h * 3600.0);
            let lasts = lasts.fold(f64::INFINITY, f64::min);
            let trial = &mut self.trials[index];
            let cost = u64::from(trial.wanted) * u64::from(trial.stretch) * 2;
            if self.unsettled.get(index).is_some_and(Option::is_some)
                && trial.stretch < STRETCH_MAX
                && lasts >= trial::settled_after(trial.window * 2.0)
                && runs + cost <= left
            {
                trial.stretched();
                runs += cost;
            }
        }
        runs > 0
    }

    /// Simulates classes until the weight of the rest is small enough.
    fn resolve(&mut self, interval: Interval, left: u64, wanted: u32) -> bool {
        let allowed = REST * WIDTH * interval.value;
        let is_open = |class| !self.is_simulated(class);
        let mut open: Vec<(usize, f64)> =
            self.class_weights().into_iter().enumerate().filter(|&(class, _)| is_open(class)).collect();
        open.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut rest = self.cut_off + open.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut runs = 0;
        for (class, weight) in open {
            if rest <= allowed || runs + u64::from(wanted) > left {
                break;
            }
            runs += u64::from(wanted);
            let Class { name, falls, .. } = &self.classes[class];
            self.trials.push(Attempted::new(name, Course::Standing, falls.clone(), wanted, self.window));
            self.trial_of[class] = Some(self.trials.len() - 1);
            rest -= weight;
        }
        runs > 0
    }

    /// Where nothing was seen to be lost while nothing is down: so many requests that what that leaves room for does not
    /// matter. As far as effort allows it, and four times as many in a round at most.
    fn calm_down(&mut self, interval: Interval, left: u64) -> bool {
        let allowed = CALM * WIDTH * interval.value;
        if interval.calm <= allowed || interval.value <= 0.0 {
            return false;
        }
        let [calm, all] = [self.calm_of_trial(0), self.calm_requests()].map(|count| count.sent as f64);
        // What is left to the rule of three: room times requests stays as it is.
        let missing = (all * interval.calm / allowed - all).max(0.0);
        let whole = &mut self.trials[0];
        let had = whole.wanted;
        let more = libm::ceil(missing / (calm / whole.seen.len().max(1) as f64).max(1.0));
        let most = (had * 4).min(REPLICATIONS_MAX).min(had.saturating_add(left.min(u64::from(u32::MAX)) as u32));
        whole.wanted = had.max(most.min(had.saturating_add(more.min(f64::from(REPLICATIONS_MAX)) as u32)));
        whole.wanted > had
    }

    /// Neyman: replications in proportion to what each class adds to the noise.
    fn replicate(&mut self, interval: Interval, left: u64) -> bool {
        let calm = if interval.calm > 0.0 { CALM } else { 0.0 };
        let allowed = (1.0 - REST - calm) * WIDTH * interval.value / 2.0;
        if interval.noise <= allowed || interval.value <= 0.0 {
            return false;
        }
        let spread: Vec<f64> =
            self.parts().iter().map(|part| if part.len() >= 2 { libm::sqrt(variance(part)) } else { 0.0 }).collect();
        let sum: f64 = spread.iter().sum();
        // A little more than it takes, for the next look is by other numbers.
        let deviation = allowed / 2.2;
        let mut runs = 0;
        for (trial, own) in self.trials.iter_mut().zip(&spread) {
            let wanted = libm::ceil(own * sum / (deviation * deviation)).min(f64::from(REPLICATIONS_MAX)) as u32;
            let had = trial.wanted;
            // Doubling at most, so that a first guess of the spread is not taken for gold.
            trial.wanted = had.max(wanted.min(had * 4));
            runs += u64::from(trial.wanted - had);
            if runs > left {
                trial.wanted = had;
                break;
            }
        }
        runs > 0
    }
}
