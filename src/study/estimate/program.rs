//! What one run of an operation does on average: an exact expectation over its choices, repeats and returns.

use std::collections::BTreeMap;

use crate::world::{Step, World};

/// Seconds along the critical path.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Time {
    /// All of them.
    pub(super) all: f64,
    /// Of them, those spent on paths between places.
    pub(super) network: f64,
}

impl Time {
    /// Adds `other`, `times` over.
    pub(super) fn add(&mut self, other: Time, times: f64) {
        self.all += other.all * times;
        self.network += other.network * times;
    }

    /// The one that takes longer.
    fn slower(self, other: Time) -> Time {
        if other.all > self.all { other } else { self }
    }
}

/// One run of a frame, on average.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Mean {
    /// Seconds on a worker.
    pub(super) work: f64,
    /// Calls by call site.
    pub(super) calls: BTreeMap<u32, f64>,
    /// Seconds from start to end; of branches that run at once, the slowest.
    pub(super) time: Time,
}

impl Mean {
    fn add(&mut self, other: &Mean, times: f64) {
        self.work += other.work * times;
        for (&site, &calls) in &other.calls {
            *self.calls.entry(site).or_default() += calls * times;
        }
    }
}

/// The mean of the frame that begins at `start`, given how long each call takes.
///
/// The chance of being at a step flows forward through the program; a return to the start repeats all of it, so that
/// with a chance r of returning everything is done 1 / (1 - r) times.
pub(super) fn mean(world: &World, start: u32, time_of: &dyn Fn(u32) -> Time) -> Mean {
    let mut mean = Mean::default();
    let mut returning = 0.0;
    let mut at: BTreeMap<u32, f64> = [(start, 1.0)].into();
    let mut visited = 0;
    while let Some((step, chance)) = at.pop_first() {
        visited += 1;
        assert!(visited <= world.program.len(), "a program only jumps forward");
        let mut go = |to: u32, chance: f64| *at.entry(to).or_default() += chance;
        match world.program[step as usize] {
            Step::Work { law } => {
                let work = world.laws[law].mean();
                mean.work += chance * work;
                mean.time.add(Time { all: work, network: 0.0 }, chance);
                go(step + 1, chance);
            }
            Step::Call { site } => {
                *mean.calls.entry(site).or_default() += chance;
                mean.time.add(time_of(site), chance);
                go(step + 1, chance);
            }
            Step::Fork { first, count } => {
                let sites = first..first + count;
                for site in sites.clone() {
                    *mean.calls.entry(site).or_default() += chance;
                }
                mean.time.add(sites.map(time_of).fold(Time::default(), Time::slower), chance);
                go(step + 1, chance);
            }
            Step::Branch { first, count } => {
                let mut slowest = Time::default();
                for choice in &world.choices[first as usize..(first + count) as usize] {
                    let branch = self::mean(world, choice.start, time_of);
                    mean.add(&branch, chance);
                    slowest = slowest.slower(branch.time);
                }
                mean.time.add(slowest, chance);
                go(step + 1, chance);
            }
            Step::Choose { first, count } => {
                let mut below = 0.0;
                for choice in &world.choices[first as usize..(first + count) as usize] {
                    go(choice.start, chance * (choice.below - below));
                    below = choice.below;
                }
            }
            // With all its keys, as it is but for faults.
            Step::Cache { cache, hit } => {
                let hits = world.caches[cache as usize].hit.get();
                go(hit, chance * hits);
                go(step + 1, chance * (1.0 - hits));
            }
            Step::Fill { .. } => go(step + 1, chance),
            Step::Jump { to } => go(to, chance),
            Step::Repeat { body, times } => {
                let once = self::mean(world, body, time_of);
                mean.add(&once, chance * f64::from(times));
                mean.time.add(once.time, chance * f64::from(times));
                go(step + 1, chance);
            }
            Step::Again { chance: again, .. } => {
                returning += chance * again.get();
                go(step + 1, chance * (1.0 - again.get()));
            }
            Step::End => {}
        }
    }
    // A program that always returns has no end and no mean; the front end refuses a chance of one.
    assert!(returning < 1.0, "an operation ends at some time");
    let runs = 1.0 / (1.0 - returning);
    let mut all = Mean::default();
    all.time.add(mean.time, runs);
    all.add(&mean, runs);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Law;
    use crate::units::Ratio;
    use crate::world::{Choice, LawId};

    fn world(program: Vec<Step>, choices: Vec<Choice>) -> World {
        let laws = vec![Law::Constant(0.001), Law::Exponential { mean: 0.018 }].into();
        World { program, choices, laws, ..World::default() }
    }

    /// A call that takes this long, half of it on its path.
    fn on_the_way(seconds: f64) -> Time {
        Time { all: seconds, network: seconds / 2.0 }
    }

    #[test]
    fn a_choice_is_weighed_and_goes_on_behind_it() {
        // 90 % 1 ms, 10 % 18 ms, then 1 ms for all: 0.9 + 1.8 + 1 = 3.7 ms.
        let work = |law| Step::Work { law: LawId(law) };
        let program = vec![
            Step::Choose { first: 0, count: 2 },
            work(0),
            Step::Jump { to: 5 },
            work(1),
            Step::Jump { to: 5 },
            work(0),
            Step::End,
        ];
        let choices = vec![Choice { below: 0.9, start: 1 }, Choice { below: 1.0, start: 3 }];
        let mean = mean(&world(program, choices), 0, &|_| Time::default());
        assert!((mean.work - 0.0037).abs() < 1e-15 && (mean.time.all - 0.0037).abs() < 1e-15, "{mean:?}");
    }

    #[test]
    fn repeats_multiply_and_returns_are_a_geometric_series() {
        // Three calls, each 10 ms, then a return with 20 %: 3 / 0.8 calls.
        let program = vec![
            Step::Repeat { body: 3, times: 3 },
            Step::Again { chance: Ratio::new(0.2).unwrap(), to: 0 },
            Step::End,
            Step::Call { site: 0 },
            Step::End,
        ];
        let mean = mean(&world(program, Vec::new()), 0, &|_| on_the_way(0.010));
        assert!((mean.calls[&0] - 3.75).abs() < 1e-12);
        assert!((mean.time.all - 0.0375).abs() < 1e-12);
    }

    #[test]
    fn what_runs_at_once_takes_as_long_as_its_slowest() {
        // Calls 0 and 1 at once (10 and 30 ms), then a branch of 1 ms of work beside call 0.
        let program = vec![
            Step::Fork { first: 0, count: 2 },
            Step::Branch { first: 0, count: 2 },
            Step::End,
            Step::Work { law: LawId(0) },
            Step::End,
            Step::Call { site: 0 },
            Step::End,
        ];
        let choices = vec![Choice { below: 0.0, start: 3 }, Choice { below: 0.0, start: 5 }];
        let mean = mean(&world(program, choices), 0, &|site| on_the_way(if site == 0 { 0.010 } else { 0.030 }));
        assert_eq!((mean.calls[&0], mean.calls[&1]), (2.0, 1.0));
        assert!((mean.time.all - 0.040).abs() < 1e-12 && (mean.work - 0.001).abs() < 1e-15, "{mean:?}");
        // The slower call's 15 ms, then the branch's 5 ms.
        assert!((mean.time.network - 0.020).abs() < 1e-12, "{mean:?}");
    }
}
