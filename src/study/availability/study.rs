//! The study: components, states, classes; trials until the interval is narrow enough; the answer.

use std::collections::BTreeMap;

use super::attempt::Attempted;
use super::certain::certain;
use super::class::{self, Class};
use super::component::{Component, components};
use super::day::Day;
use super::figures::{Figures, Sample, Unknown};
use super::keep::Keep;
use super::model::Times;
use super::outage::Outages;
use super::states::{self, State};
use super::trial::{self, Course, Seen};
use crate::mesh;
use crate::provider::Books;
use crate::random::{hash_name, mix};
use crate::record::Run;
use crate::scenario::Scenario;
use crate::study::estimate;
use crate::study::pool::{Task, Watch};
use crate::study::statistics::{student_quantile, variance};
use crate::world::World;

/// How much is simulated.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Effort {
    /// Replications of each class at first.
    pub least: u32,
    /// Rounds of further replications, at most.
    pub rounds: u32,
    /// Calls to simulate of each variant, about, at most.
    pub calls: u64,
}

impl Effort {
    /// For an answer.
    pub const FULL: Effort = Effort { least: 5, rounds: 5, calls: 400_000_000 };
    /// For a first look.
    pub const QUICK: Effort = Effort { least: 3, rounds: 0, calls: 100_000_000 };
}

/// The interval is to be no wider than this share of the unavailability.
pub const WIDTH: f64 = 0.1;
/// An outage of random length is counted by the event unless it is so many times as long on average as it takes to settle.
const SPREADS: f64 = 5.0;
/// More states are not told apart.
pub(super) const STATES_MAX: usize = 200_000;

/// A variant under study.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) world: World,
    pub(super) components: Vec<Component>,
    pub(super) states: Vec<(State, f64)>,
    pub(super) classes: Vec<Class>,
    pub(super) class_of: Vec<usize>,
    pub(super) cut_off: f64,
    /// By class: the share of each stream's requests that is lost for certain, simulated or not.
    pub(super) certain: Vec<Vec<f64>>,
    pub(super) within: u32,
    /// What was asked for.
    pub(super) asked: u32,
    /// Requests per second.
    pub(super) rate: f64,
    /// The same by stream.
    pub(super) stream_rates: Vec<f64>,
    /// What a day makes of that.
    pub(super) day: Day,
    /// Seconds of a window.
    pub(super) window: f64,
    /// An answer is good within so many nanoseconds; none: whenever it comes.
    pub(super) good_within_ns: Option<u64>,
    /// The first one: nothing fails.
    pub(super) trials: Vec<Attempted>,
    /// By trial: between what it may come to, where its losses still moved when it was watched last.
    pub(super) unsettled: Vec<Option<(f64, f64)>>,
    /// By class: the trial whose steady part says what it loses.
    pub(super) trial_of: Vec<Option<usize>>,
    /// By component: the trial of one unit of it.
    pub(super) event_of: Vec<usize>,
    pub(super) streams: Vec<String>,
    /// Calls of a run, about.
    pub(super) calls: u64,
}

/// The interval of a case and its parts.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Interval {
    pub(super) value: f64,
    /// Half, of the simulation alone.
    pub(super) noise: f64,
    /// What was reckoned of states that were not simulated.
    pub(super) guessed: f64,
    /// The weight of states that were not simulated or are not told apart.
    pub(super) unknown: f64,
    /// What may be lost while nothing is down though nothing was seen to be.
    pub(super) calm: f64,
}

impl Interval {
    pub(super) fn low(&self) -> f64 {
        (self.value - self.noise - self.guessed).max(0.0)
    }

    pub(super) fn high(&self) -> f64 {
        (self.value + self.noise + self.unknown - self.guessed + self.calm).min(1.0)
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.high() - self.low() <= WIDTH * self.value
    }
}

impl Case {
    pub(super) fn new(scenario: &Scenario, world: World, within: Option<u32>, effort: Effort, seed: u64) -> Self {
        let said = scenario.reliability.as_ref();
        let components = components(scenario, &world, said, Books::builtin());
        let sizes: Vec<u32> = components.iter().map(|component| component.units.len() as u32).collect();
        let asked = within.or(said.map(|said| said.within)).unwrap_or(2);
        let mut within = asked;
        while within > 1 && states::count(&sizes, within, STATES_MAX) >= STATES_MAX {
            within -= 1;
        }
        let down: Vec<Vec<f64>> = components.iter().map(|component| component.group(1.0).down()).collect();
        let states::States { known: states, rest: cut_off } = states::enumerate(&down, within);
        let (classes, class_of) = class::classes(&world, &components, &states);
        let twin = trial::world(&world, &[], Course::Whole, trial::WINDOW.0, 0.0);
        let seconds = twin.plan.horizon.seconds();
        let rates = estimate::requests_by_stream(&twin);
        // Not of whole requests: of few a minute that would be another rate.
        let stream_rates: Vec<f64> = rates.iter().map(|requests| requests / seconds).collect();
        let rate = stream_rates.iter().sum();
        let longest = components.iter().map(|component| component.mean_down_h * 3600.0).fold(0.0, f64::max);
        let window = trial::window(&world, rate, longest);
        let calls = estimate::calls(&trial::world(&world, &[], Course::Long, window, 0.0));
        let whole = Attempted::new("nothing", Course::Whole, Vec::new(), effort.least.max(5), window);
        let certain = classes.iter().map(|class| certain(&world, &class.falls)).collect();
        let good = scenario.business.as_ref().and_then(|business| business.good_within.as_ref());
        let good_within_ns = good.map(|within| within.value.nanos());
        let streams = world.streams.rows().iter().map(|stream| stream.name.clone()).collect();
        let mut case = Case {
            name: world.variant.clone(),
            trial_of: vec![None; classes.len()],
            event_of: vec![0; components.len()],
            world,
            components,
            states,
            classes,
            class_of,
            cut_off,
            certain,
            within,
            asked,
            rate,
            day: Day::of(scenario, &stream_rates),
            stream_rates,
            window,
            good_within_ns,
            trials: vec![whole],
            unsettled: Vec::new(),
            streams,
            calls,
        };
        case.trial_of[0] = Some(0);
        case.singles(effort.least, seed);
        case
    }

    /// A trial of one unit of each component.
    fn singles(&mut self, wanted: u32, seed: u64) {
        let long = trial::settled_after(self.window);
        for component in 0..self.components.len() {
            let state = vec![(component, 1)];
            let index = self.states.iter().position(|(known, _)| *known == state).expect("one unit down is told apart");
            let class = self.class_of[index];
            let Component { name, down, mean_down_h, .. } = &self.components[component];
            let lasts = mean_down_h * 3600.0;
            let outages = Outages::new(down, lasts, seed, name);
            let starts = self.starts(component);
            let enough = if outages.is_constant() { long } else { SPREADS * long };
            if class == 0 {
                // Nobody can tell.
            } else if lasts >= enough {
                // Of one class with another long component: the same trial.
                let known = self.trial_of[class];
                self.event_of[component] = known.unwrap_or_else(|| {
                    let name = &self.classes[class].name;
                    let falls = self.classes[class].falls.clone();
                    self.trials
                        .push(Attempted::new(name, Course::Long, falls, wanted, self.window).ending(outages, starts));
                    self.trials.len() - 1
                });
                self.trial_of[class] = Some(self.event_of[component]);
            } else {
                let falls = self.components[component].falls(1).collect();
                let of = Attempted::new(name, Course::Short(lasts), falls, wanted, self.window);
                self.trials.push(of.ending(outages, starts));
                self.event_of[component] = self.trials.len() - 1;
            }
        }
    }

    /// Seconds that a process takes until it listens which one unit of a component takes down: the longest.
    fn starts(&self, component: usize) -> f64 {
        let world = &self.world;
        let starts = self.components[component].falls(1).map(|(target, _)| world.listens_after(target).seconds());
        starts.fold(0.0, f64::max)
    }

    /// Is the event over before all is settled?
    pub(super) fn is_short(&self, component: usize) -> bool {
        matches!(self.trials[self.event_of[component]].course, Course::Short(_))
    }

    /// Runs that are wanted and were not made.
    pub(super) fn tasks<'a>(&'a self, seed: u64, of: &'a str, keep: &'a Keep<'a>) -> Vec<(usize, Task<'a, Seen>)> {
        let mut tasks = Vec::new();
        for (index, trial) in self.trials.iter().enumerate() {
            for replication in trial.seen.len() as u32..trial.wanted {
                // Each class has chances of its own, the same in all variants.
                let seed = mix(seed, hash_name(&trial.name));
                let (name, course, window) = (&trial.name, trial.course, trial.window);
                let lasts = trial.simulated(replication as usize);
                let good = self.good_within_ns;
                let key =
                    format!("{of}/{seed}/{}/{name}/{course:?}/{window}/{lasts}/{good:?}/{replication}", self.name);
                let work = move |watch: &Watch<'_>| {
                    keep.run(&key, || {
                        let world = trial::world(&self.world, &trial.falls, course, window, lasts);
                        let run: Run = mesh::run_while(&world, seed, replication, watch)?;
                        Some(Seen::of(&run, course, &self.streams, good))
                    })
                };
                let name = format!("{}: {}, replication {}", self.name, trial.name, replication + 1);
                tasks.push((index, Task { name, cost: self.calls * u64::from(trial.stretch), work: Box::new(work) }));
            }
        }
        tasks
    }

    /// The share that fails where nothing is down.
    pub(super) fn base(&self) -> f64 {
        self.trials[0].loss()
    }

    /// Was a class simulated, or counted by the event?
    pub(super) fn is_simulated(&self, class: usize) -> bool {
        let state = &self.states[self.classes[class].states[0]].0;
        self.trial_of[class].is_some() || matches!(state[..], [(_, 1)])
    }

    /// What a class loses, between what it loses at least and at most. One that was simulated and settled loses what was
    /// seen; of the others at least what is lost for certain.
    pub(super) fn loss_of_class(&self, figures: &Figures, class: usize) -> (f64, f64, f64) {
        let base = figures.loss[0];
        if let Some(trial) = self.trial_of[class] {
            let loss = figures.loss[trial];
            let (low, high) = self.unsettled.get(trial).copied().flatten().unwrap_or((loss, loss));
            return (low.min(loss), loss, high.max(loss));
        }
        let state = &self.states[self.classes[class].states[0]].0;
        if let [(component, 1)] = state[..] {
            // A short event: what it costs is counted by the event.
            debug_assert!(self.is_short(component));
            return (base, base, base);
        }
        let part =
            |&(component, count): &(usize, u32)| f64::from(count) * (self.loss_of_unit(figures, component) - base);
        let low = figures.certain[class].max(base);
        (low, (base + state.iter().map(part).sum::<f64>()).clamp(low, 1.0), 1.0)
    }

    /// The share lost while one unit of a component is down.
    pub(super) fn loss_of_unit(&self, figures: &Figures, component: usize) -> f64 {
        let trial = self.event_of[component];
        match self.trials[trial].course {
            Course::Short(_) => {
                let missing = self.components[component].missing_h() * 3600.0;
                (figures.loss[0] + figures.moving[trial] / missing).min(1.0)
            }
            _ => figures.loss[trial],
        }
    }

    /// Seconds after an outage for which the component's state goes on, where what is lost in it is the state's. An event that is
    /// counted whole has them in it.
    pub(super) fn lag_s(&self, component: usize) -> f64 {
        if self.event_of[component] == 0 || self.is_short(component) {
            return 0.0;
        }
        self.components[component].lag_h() * 3600.0
    }

    /// By class: the weight of its states.
    pub(super) fn class_weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.classes.len()];
        for ((_, weight), &class) in self.states.iter().zip(&self.class_of) {
            weights[class] += weight;
        }
        weights
    }

    /// By trial: the share of time that its steady part speaks for, and its events by the second.
    pub(super) fn shares_of_trials(&self) -> (Vec<f64>, Vec<f64>) {
        let weights = self.class_weights();
        let mut steady = vec![0.0; self.trials.len()];
        for (class, weight) in weights.iter().enumerate() {
            // What is not simulated in its own right rests on the others; its noise is theirs.
            steady[self.trial_of[class].unwrap_or(0)] += weight;
        }
        let mut events = vec![0.0; self.trials.len()];
        for (component, often) in self.events().into_iter().enumerate() {
            events[self.event_of[component]] += often;
        }
        (steady, events)
    }

    /// By trial: what each replication says of its part of the unavailability.
    pub(super) fn parts(&self) -> Vec<Vec<f64>> {
        let (steady, events) = self.shares_of_trials();
        let base = self.base();
        let mut lagging = vec![0.0; self.trials.len()];
        for (component, often) in self.events().into_iter().enumerate() {
            lagging[self.event_of[component]] += often * self.lag_s(component);
        }
        let of = |(index, sample): (usize, Sample)| {
            let part = |(loss, moving): (f64, f64)| {
                steady[index] * loss + events[index] * moving - lagging[index] * (loss - base)
            };
            sample.into_iter().map(part).collect()
        };
        self.samples().into_iter().enumerate().map(of).collect()
    }

    /// By component: events a second. Of short ones, which are counted whole, those beside which nothing else is down in a state
    /// that was simulated: there the state says what is lost.
    fn events(&self) -> Vec<f64> {
        let often = |component: &Component| component.group(1.0).failures() / 3600.0;
        let mut events: Vec<f64> = self.components.iter().map(often).collect();
        let several = self.states.iter().zip(&self.class_of).filter(|((state, _), _)| states::units(state) > 1);
        for ((state, weight), _) in several.filter(|(_, class)| self.trial_of[**class].is_some()) {
            for &(component, count) in state.iter().filter(|&&(component, _)| self.is_short(component)) {
                events[component] -= weight * f64::from(count) / (self.components[component].missing_h() * 3600.0);
            }
        }
        events.into_iter().map(|often| often.max(0.0)).collect()
    }

    /// The unavailability with its interval.
    pub(super) fn interval(&self) -> Interval {
        let figures = self.figures();
        let lost = self.model_of(&figures, Unknown::Reckoned).lost(&Times::new());
        let value = lost.all;
        let (mut sum, mut freedom) = (0.0, 0.0);
        for part in self.parts() {
            if part.len() >= 2 {
                let of_mean = variance(&part) / part.len() as f64;
                sum += of_mean;
                freedom += of_mean * of_mean / (part.len() - 1) as f64;
            }
        }
        // Satterthwaite's degrees of freedom of a sum of variances.
        let degrees = if freedom > 0.0 { (sum * sum / freedom).max(1.0) } else { 1.0 };
        let noise = if sum > 0.0 { student_quantile(0.975, degrees) * libm::sqrt(sum) } else { 0.0 };
        // What events of short outages count in states that are cut off, where it may be lost already.
        let counted = (0..self.components.len()).filter(|&component| self.is_short(component));
        let counted =
            counted.map(|component| self.loss_of_unit(&figures, component) - figures.loss[0]).fold(0.0, f64::max);
        let twice = self.cut_off * f64::from(self.within + 1) * counted;
        let (mut guessed, mut unknown) = (lost.beyond + twice, self.cut_off * (1.0 - figures.loss[0]) + twice);
        for (class, weight) in self.class_weights().into_iter().enumerate() {
            let (low, loss, high) = self.loss_of_class(&figures, class);
            guessed += weight * (loss - low);
            unknown += weight * (high - low);
        }
        // What never ends after a failure is lost in all the time after it.
        unknown += self.trials.iter().map(|trial| trial.lingers(figures.loss[0])).fold(0.0, f64::max);
        // What few requests leave room for on either side.
        let (less, more) = self.room_of_few();
        (guessed, unknown) = (guessed + less, unknown + less + more);
        Interval { value, noise, guessed, unknown: unknown.min(1.0), calm: self.calm() }
    }

    /// Looks at what the trials say now.
    pub(super) fn look(&mut self) {
        let base = self.base();
        self.unsettled = self.trials.iter().map(|trial| trial.unsettled(base, self.rate)).collect();
    }

    /// Latency of all requests by class, weighed: p of the answered ones, ms.
    pub(super) fn latency_ms(&self, quantile: f64, whole: bool) -> Option<f64> {
        let mut buckets: BTreeMap<u32, f64> = BTreeMap::new();
        let weights = self.class_weights();
        for (class, weight) in weights.iter().enumerate() {
            let Some(index) = self.trial_of[class].filter(|index| !whole || *index == 0) else { continue };
            let trial = &self.trials[index];
            let sent: u64 = trial.seen.iter().map(|seen| seen.steady.sent).sum();
            for seen in &trial.seen {
                for &(bucket, count) in &seen.latency.buckets {
                    *buckets.entry(bucket).or_insert(0.0) += weight * count as f64 / sent.max(1) as f64;
                }
            }
        }
        let sum: f64 = buckets.values().sum();
        let mut reached = 0.0;
        for (bucket, weight) in buckets {
            reached += weight;
            if reached >= quantile * sum {
                return Some(crate::meter::bucket_top(bucket, 10) as f64 / 1e6);
            }
        }
        None
    }
}
