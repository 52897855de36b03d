//! What the trials say, as the figures that a model takes: on average, as luck might have had it, and at both ends.

use super::model::Model;
use super::states::State;
use super::study::Case;
use crate::random::Key;
use crate::study::statistics::{normal_quantile, variance};

/// What each trial says.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Figures {
    /// By trial: the share lost in its steady part.
    pub(super) loss: Vec<f64>,
    /// By trial: seconds of all requests lost as it comes and goes.
    pub(super) moving: Vec<f64>,
    /// By class: the share that is lost for certain.
    pub(super) certain: Vec<f64>,
}

/// The same of each replication: (loss, moving).
pub(super) type Sample = Vec<(f64, f64)>;

/// What is taken of states that were not simulated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unknown {
    /// What their parts say.
    Reckoned,
    /// No more than is certain.
    Least,
    /// Everything.
    Most,
}

/// From so many replications on a deviation is as good as known.
const KNOWN: usize = 30;

impl Case {
    /// On average.
    pub(super) fn figures(&self) -> Figures {
        let base = self.base();
        let moving = |(index, trial): (usize, &super::attempt::Attempted)| {
            if index == 0 { 0.0 } else { trial.moving(base, self.rate) }
        };
        Figures {
            loss: self.trials.iter().map(super::attempt::Attempted::loss).collect(),
            moving: self.trials.iter().enumerate().map(moving).collect(),
            certain: self.certain.iter().map(|shares| self.of_all(shares)).collect(),
        }
    }

    /// By trial.
    pub(super) fn samples(&self) -> Vec<Sample> {
        let base = self.base();
        let of = |(index, trial): (usize, &super::attempt::Attempted)| {
            let moving = if index == 0 { vec![0.0; trial.seen.len()] } else { trial.moving_each(base, self.rate) };
            trial.seen.iter().map(|seen| trial.loss_of(seen)).zip(moving).collect()
        };
        self.trials.iter().enumerate().map(of).collect()
    }

    /// What other random numbers might have said, given how far replications were apart: each mean moved by normal
    /// weights on its replications, wider by Student's factor where there are few. Weights are keyed by the trial's name
    /// and the replication, so that what variants have in common moves them alike.
    pub(super) fn drawn(&self, of: &Figures, samples: &[Sample], seed: u64, number: u64) -> Figures {
        let mut drawn = of.clone();
        for (index, sample) in samples.iter().enumerate().filter(|(_, sample)| sample.len() > 1) {
            let (name, n) = (&self.trials[index].name, sample.len());
            if sample.iter().all(|one| *one == sample[0]) {
                continue;
            }
            let normal =
                |place: usize, purpose| normal_quantile(Key::new(seed, place as u32, name, purpose).uniform(number));
            let mut by = [0.0; 2];
            for (place, (loss, moving)) in sample.iter().enumerate() {
                let z = normal(place, "luck of a replication");
                by[0] += (loss - of.loss[index]) * z;
                by[1] += (moving - of.moving[index]) * z;
            }
            let mut scale = 1.0 / ((n * (n - 1)) as f64);
            if n < KNOWN {
                let squares = |place| libm::pow(normal(place, "spread of replications"), 2.0);
                scale *= (n - 1) as f64 / (1..n).map(squares).sum::<f64>().max(1e-9);
            }
            let scale = libm::sqrt(scale);
            drawn.loss[index] = (of.loss[index] + by[0] * scale).clamp(0.0, 1.0);
            drawn.moving[index] += by[1] * scale;
        }
        drawn
    }

    /// The figures at an end of the interval of the simulation, `side` -1 or 1: that noise is shared among the trials as
    /// they add to its variance, which is where the sum gets there most likely.
    pub(super) fn at_end(&self, of: &Figures, side: f64) -> Figures {
        let noise = self.interval().noise;
        let parts = self.parts();
        let spread: Vec<f64> =
            parts.iter().map(|part| if part.len() > 1 { variance(part) / part.len() as f64 } else { 0.0 }).collect();
        let sum: f64 = spread.iter().sum();
        let mut at_end = of.clone();
        if side > 0.0 {
            at_end.loss[0] = (of.loss[0] + self.calm()).min(1.0);
        }
        if sum <= 0.0 {
            return at_end;
        }
        for (index, (part, spread)) in parts.iter().zip(spread).enumerate() {
            let mean = part.iter().sum::<f64>() / part.len().max(1) as f64;
            if mean > 0.0 {
                let factor = (1.0 + side * noise * spread / sum / mean).max(0.0);
                at_end.loss[index] = (at_end.loss[index] * factor).min(1.0);
                at_end.moving[index] *= factor;
            }
        }
        at_end
    }

    /// The model that these figures lead to.
    pub(super) fn model_of(&self, figures: &Figures, unknown: Unknown) -> Model {
        let mut model = Model {
            components: self.components.clone(),
            states: self.states.iter().map(|(state, _)| state.clone()).collect(),
            loss: Vec::new(),
            moving_s: Vec::new(),
            by_length: Vec::new(),
            by_event: Vec::new(),
            base: 0.0,
            within: self.within,
        };
        self.fill(&mut model, figures, unknown);
        model
    }

    /// Puts these figures into a model of this case.
    pub(super) fn fill(&self, model: &mut Model, figures: &Figures, unknown: Unknown) {
        model.base = figures.loss[0];
        let of = |class| {
            let (low, loss, high) = self.loss_of_class(figures, class);
            match unknown {
                Unknown::Reckoned => loss,
                Unknown::Least => low,
                Unknown::Most => high,
            }
        };
        let by_class: Vec<f64> = (0..self.classes.len()).map(of).collect();
        // A short event is counted whole as an event.
        let loss = |((state, _), &class): (&(State, f64), &usize)| match state[..] {
            [(component, 1)] if self.is_short(component) => model.base,
            _ => by_class[class],
        };
        model.loss = self.states.iter().zip(&self.class_of).map(loss).collect();
        let moving = |&trial: &usize| if trial == 0 { 0.0 } else { figures.moving[trial] };
        let beyond = |(component, trial): (usize, &usize)| {
            moving(trial) - self.lag_s(component) * (figures.loss[*trial] - model.base)
        };
        model.moving_s = self.event_of.iter().enumerate().map(beyond).collect();
        let by_length = |(component, &trial): (usize, &usize)| {
            // No outage gains anything.
            let most = (moving(&trial) / (self.components[component].mean_down_h * 3600.0)).max(0.0);
            if trial == 0 { 0.0 } else { self.trials[trial].by_length(model.base, self.rate).clamp(0.0, most) }
        };
        let by_event = |component| {
            if self.is_short(component) { self.loss_of_unit(figures, component) - model.base } else { 0.0 }
        };
        model.by_event = (0..self.components.len()).map(by_event).collect();
        model.by_length = self.event_of.iter().enumerate().map(by_length).collect();
    }
}
