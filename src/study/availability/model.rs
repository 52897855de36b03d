//! From what each class loses to what is lost in the long run, at any rates of failure.

use std::collections::BTreeMap;

use super::component::{Component, YEAR_H};
use super::states::{self, State};

/// Everything that the rates of failure act upon.
#[derive(Clone, Debug)]
pub struct Model {
    /// What fails.
    pub components: Vec<Component>,
    /// The states that are told apart.
    pub states: Vec<State>,
    /// The share of requests lost in each of them.
    pub loss: Vec<f64>,
    /// By component: what its coming and going costs beyond that, in seconds of all requests.
    pub moving_s: Vec<f64>,
    /// By component: of that, what each second costs by which an outage lasts longer than the mean one.
    pub by_length: Vec<f64>,
    /// By component: the share lost while one unit of it is down that its events count whole; 0 where its states count it.
    pub by_event: Vec<f64>,
    /// The share that fails where nothing is down.
    pub base: f64,
    /// Up to so many components down are told apart.
    pub within: u32,
}

/// What is lost in the long run, and by which component.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lost {
    /// The share of all requests.
    pub all: f64,
    /// Of it, what fails though nothing is down.
    pub whole: f64,
    /// By component: while it is down. Where several are down, each is charged with an equal part.
    pub steady: Vec<f64>,
    /// By component: as it comes and goes.
    pub moving: Vec<f64>,
    /// In states that are not told apart, reckoned.
    pub beyond: f64,
    /// Their weight.
    pub rest: f64,
}

/// By row of figures: times up are so many times what is assumed.
pub type Times = BTreeMap<String, f64>;

impl Model {
    fn times(&self, times: &Times, component: usize) -> f64 {
        times.get(&self.components[component].row).copied().unwrap_or(1.0)
    }

    /// Chances of 0, 1, ... units down, by component.
    pub fn down(&self, times: &Times) -> Vec<Vec<f64>> {
        let of = |(index, component): (usize, &Component)| component.group(self.times(times, index)).down();
        self.components.iter().enumerate().map(of).collect()
    }

    /// Failures by component, an hour, all its units together.
    pub fn failures(&self, times: &Times) -> Vec<f64> {
        let of = |(index, component): (usize, &Component)| component.group(self.times(times, index)).failures();
        self.components.iter().enumerate().map(of).collect()
    }

    /// The share that the events of what is down in a state count, where its loss says all of it.
    pub(super) fn twice(&self, state: &State) -> f64 {
        if states::units(state) < 2 {
            return 0.0;
        }
        state.iter().map(|&(component, count)| f64::from(count) * self.by_event[component]).sum()
    }

    /// What is lost at these rates.
    pub fn lost(&self, times: &Times) -> Lost {
        let down = self.down(times);
        let all_up: f64 = down.iter().map(|chances| chances[0]).product();
        let mut lost = Lost {
            steady: vec![0.0; self.components.len()],
            moving: vec![0.0; self.components.len()],
            rest: states::beyond(&down, self.within),
            ..Lost::default()
        };
        lost.whole = self.base;
        for (index, rate) in self.failures(times).iter().enumerate() {
            lost.moving[index] = rate * self.moving_s[index] / 3600.0;
        }
        // Of the states with the most units down that are told apart: their weight and what they lose.
        let mut most = (0.0, 0.0);
        for (state, loss) in self.states.iter().zip(&self.loss) {
            let weight = state.iter().fold(all_up, |weight, &(c, count)| weight * down[c][count as usize] / down[c][0]);
            let units = states::units(state);
            if units == self.within {
                most = (most.0 + weight, most.1 + weight * (loss - self.base - self.twice(state)));
            }
            for &(component, count) in state {
                lost.steady[component] += weight * (loss - self.base) * f64::from(count) / f64::from(units);
                if units > 1 {
                    // An event that is counted whole is so while nothing else is down.
                    lost.moving[component] -= weight * f64::from(count) * self.by_event[component];
                }
            }
        }
        // Each more unit down costs as much as those before it.
        if most.0 > 0.0 && self.within > 0 {
            let each = most.1 / most.0 * f64::from(self.within + 1) / f64::from(self.within);
            // Less than nothing where events have counted it already.
            lost.beyond = lost.rest * each.clamp(-f64::from(self.within + 1), 1.0 - self.base);
        }
        lost.all = (lost.whole + lost.beyond + lost.steady.iter().sum::<f64>() + lost.moving.iter().sum::<f64>())
            .clamp(0.0, 1.0);
        lost
    }

    /// Mean share lost in states in which the component is down, less that in which it is not: the derivative of the
    /// unavailability by the component's own (Birnbaum 1969).
    pub fn birnbaum(&self, component: usize) -> f64 {
        let down = self.down(&Times::new());
        let all_up: f64 = down.iter().map(|chances| chances[0]).product();
        let (mut with, mut without) = ((0.0, 0.0), (0.0, 0.0));
        for (state, loss) in self.states.iter().zip(&self.loss) {
            let weight = state.iter().fold(all_up, |weight, &(c, count)| weight * down[c][count as usize] / down[c][0]);
            let side = if state.iter().any(|&(c, _)| c == component) { &mut with } else { &mut without };
            *side = (side.0 + weight, side.1 + weight * loss);
        }
        let mean = |(weight, lost): (f64, f64)| if weight > 0.0 { lost / weight } else { 0.0 };
        mean(with) - mean(without)
    }

    /// Rows of figures, each once, with the events a year of all components that they speak of.
    pub fn rows(&self) -> Vec<(String, f64)> {
        let mut rows: BTreeMap<&str, f64> = BTreeMap::new();
        for (component, rate) in self.components.iter().zip(self.failures(&Times::new())) {
            *rows.entry(&component.row).or_insert(0.0) += rate * YEAR_H;
        }
        rows.into_iter().map(|(row, rate)| (row.to_owned(), rate)).collect()
    }
}
