//! The variants at other inputs: which worlds that makes, their runs, their figures. Each different world is run once: a
//! variant that sends nothing over the public path is the same at both of that path's ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::estimate;
use super::inputs::{Figures, Shift};
use super::pool::{Task, Watch, work_off};
use super::progress::{Progress, SECOND_STAGE};
use super::warm_up::Cut;
use crate::mesh;
use crate::provider::Books;
use crate::record::Run;
use crate::scenario::Scenario;
use crate::scenario::compile::{Inputs, compile};
use crate::world::World;

/// Replications at other inputs, at most.
const REPLICATIONS: u32 = 3;

/// Requests at other inputs that are enough: 300 of them lie beyond a p99.9. What is kept is a shift on the same random
/// numbers, from which most of the noise is gone, so that a long replication does for several short ones.
const REQUESTS: u64 = 300_000;

/// Replications at other inputs where one of them has so many requests.
fn few(requests: u64) -> u32 {
    REQUESTS.div_ceil(requests.max(1)).clamp(1, u64::from(REPLICATIONS)) as u32
}

/// All variants at all inputs that anyone asked for.
pub(super) struct Varied<'a> {
    scenarios: Vec<&'a Scenario>,
    seed: u64,
    few: u32,
    /// By inputs the world of each variant, as an index of `settings`; none where a variant does not compile there.
    known: BTreeMap<Inputs, Option<Vec<usize>>>,
    /// Different worlds: first the variants at the books' own figures, then others as they were asked for.
    settings: Vec<Setting>,
}

struct Setting {
    variant: usize,
    world: Arc<World>,
    /// Until they are measured.
    runs: Option<Vec<Run>>,
    figures: Option<Figures>,
}

impl<'a> Varied<'a> {
    /// The variants at the books' own figures, whose runs the study makes itself.
    pub(super) fn new(scenarios: Vec<&'a Scenario>, worlds: &[Arc<World>], seed: u64, replications: u32) -> Self {
        let setting = |(variant, world): (usize, &Arc<World>)| Setting {
            variant,
            world: Arc::clone(world),
            runs: None,
            figures: None,
        };
        let known = BTreeMap::from([(Inputs::default(), Some((0..worlds.len()).collect()))]);
        let settings = worlds.iter().enumerate().map(setting).collect();
        let least = worlds.iter().map(|world| estimate::requests(world)).min().unwrap_or(0);
        Varied { scenarios, seed, few: few(least).min(replications), known, settings }
    }

    /// Compiles every variant at `wanted`.
    pub(super) fn compile(&mut self, wanted: &[Inputs]) {
        let wanted: Vec<Inputs> = wanted.iter().copied().filter(|inputs| !self.known.contains_key(inputs)).collect();
        let each: Vec<(Inputs, usize)> =
            wanted.iter().flat_map(|&inputs| (0..self.scenarios.len()).map(move |index| (inputs, index))).collect();
        let worlds: Vec<Option<World>> = each
            .par_iter()
            .map(|&(inputs, index)| {
                let scenario = self.scenarios[index];
                compile(scenario, &scenario.variant, Books::builtin(), inputs).ok()
            })
            .collect();
        let mut worlds = worlds.into_iter();
        for inputs in wanted {
            let each: Vec<Option<World>> = worlds.by_ref().take(self.scenarios.len()).collect();
            let each: Option<Vec<World>> = each.into_iter().collect();
            let places = each.map(|each| each.into_iter().enumerate().map(|(v, world)| self.place(v, world)).collect());
            self.known.insert(inputs, places);
        }
    }

    /// Where the variant's world stands; a new place where there is no such world yet.
    fn place(&mut self, variant: usize, world: World) -> usize {
        let same = |one: &Setting| one.variant == variant && *one.world == world;
        if let Some(index) = self.settings.iter().position(same) {
            return index;
        }
        self.settings.push(Setting { variant, world: Arc::new(world), runs: None, figures: None });
        self.settings.len() - 1
    }

    /// Worlds of which nothing is known yet, those at the books' own figures aside.
    fn open(&self) -> impl Iterator<Item = usize> {
        let own = self.scenarios.len();
        let open = move |(index, setting): (usize, &Setting)| {
            (index >= own && setting.runs.is_none() && setting.figures.is_none()).then_some(index)
        };
        self.settings.iter().enumerate().filter_map(open)
    }

    /// The runs that are missing, on the same random numbers as the study's own.
    pub(super) fn tasks(&self) -> Vec<Task<'static, Run>> {
        let task = |index: usize, cost: u64, replication: u32| {
            let (world, seed) = (Arc::clone(&self.settings[index].world), self.seed);
            let name = format!("{}, replication {} at other inputs", world.variant, replication + 1);
            // Only requests are read off it.
            let work = move |watch: &Watch<'_>| {
                let rows = mesh::run_while(&world, seed, replication, watch)?.rows;
                Some(Run { replication, rows, ..Run::default() })
            };
            Task { name, cost, work: Box::new(work) }
        };
        let few = 0..self.few;
        self.open()
            .flat_map(|index| {
                let cost = estimate::calls(&self.settings[index].world);
                few.clone().map(move |replication| task(index, cost, replication))
            })
            .collect()
    }

    /// What became of [`Varied::tasks`]. A world that was stopped before all its runs were made stays open.
    pub(super) fn take(&mut self, runs: impl IntoIterator<Item = Option<Run>>) {
        let open: Vec<usize> = self.open().collect();
        let mut runs = runs.into_iter();
        for index in open {
            let own: Vec<Option<Run>> = runs.by_ref().take(self.few as usize).collect();
            self.settings[index].runs = own.into_iter().collect();
        }
    }

    /// Reads the middle off the study's own runs of each variant.
    pub(super) fn middle(&mut self, runs: &[&[Run]], cut: &Cut) {
        for (setting, runs) in self.settings.iter_mut().zip(runs) {
            let few: Vec<&Run> = runs.iter().filter(|run| run.replication < self.few).collect();
            setting.figures = (few.len() == self.few as usize).then(|| Figures::of(few, cut));
        }
    }

    /// Reads the figures off all other runs, and forgets these.
    pub(super) fn measure(&mut self, cut: &Cut) {
        self.settings.par_iter_mut().for_each(|setting| {
            if let Some(runs) = setting.runs.take() {
                setting.figures = Some(Figures::of(&runs, cut));
            }
        });
    }

    /// Every variant's figures at `inputs`; none where a variant does not compile there, or was stopped.
    pub(super) fn at(&self, inputs: Inputs) -> Option<Vec<&Figures>> {
        self.known.get(&inputs)?.as_ref()?.iter().map(|&index| self.settings[index].figures.as_ref()).collect()
    }

    /// The same, run now where it was not.
    pub(super) fn now_at(&mut self, inputs: Inputs, cut: &Cut, progress: &dyn Progress) -> Option<Vec<&Figures>> {
        if !self.known.contains_key(&inputs) {
            self.compile(&[inputs]);
            let tasks = self.tasks();
            if !tasks.is_empty() {
                self.take(work_off(SECOND_STAGE, &tasks, progress));
            }
            self.measure(cut);
        }
        self.at(inputs)
    }

    /// Was anything stopped that somebody asked for?
    pub(super) fn is_open(&self) -> bool {
        self.open().next().is_some()
    }

    /// The shift of every variant between these two ends.
    pub(super) fn shifts(&self, low: Inputs, high: Inputs) -> Option<Vec<Shift>> {
        let (mids, lows, highs) = (self.at(Inputs::default())?, self.at(low)?, self.at(high)?);
        let shift = |((mid, low), high): ((&Figures, &Figures), &Figures)| Shift {
            low: low.clone(),
            mid: mid.clone(),
            high: high.clone(),
        };
        Some(mids.into_iter().zip(lows).zip(highs).map(shift).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_replication_does_for_several_short_ones() {
        assert_eq!([0, 3_600, 150_000, 299_999, 300_000, 9_000_000].map(few), [3, 3, 2, 2, 1, 1]);
    }
}
