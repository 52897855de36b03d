//! The replications that all variants have: what is compared where a study was stopped.

use std::sync::Arc;

use super::bill;
use super::charge::charge;
use super::pool::Watch;
use crate::mesh;
use crate::record::{RequestRow, RequestWindow, Run};
use crate::world::World;

/// What a replication is run in: its world, and that world with nothing failing in it where a bill asks for it.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) world: Arc<World>,
    sound: Option<Arc<World>>,
}

/// A replication.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Replication {
    /// What was counted.
    pub(super) run: Run,
    /// What a bill and a warm-up ask of its twin without faults, on the same random numbers; none where no fault came,
    /// or where nothing on the bill depends on use.
    pub(super) twin: Option<Run>,
}

impl Scene {
    pub(super) fn new(world: &Arc<World>) -> Self {
        let fails = !world.faults.is_empty() && bill::depends_on_use(world);
        Scene { world: Arc::clone(world), sound: fails.then(|| Arc::new(World::clone(world).without_faults())) }
    }

    /// Runs of the machine that a replication may take.
    pub(super) fn runs(&self) -> u64 {
        1 + u64::from(self.sound.is_some())
    }

    /// A replication and, where a fault came in it, its twin; none where it was given up.
    pub(super) fn replication(&self, seed: u64, number: u32, watch: &Watch<'_>) -> Option<Replication> {
        let Some(sound) = &self.sound else {
            let mut run = mesh::run_while(&self.world, seed, number, watch)?;
            charge(&mut run);
            return Some(Replication { run, twin: None });
        };
        let mut run = mesh::run_while(&self.world, seed, number, |share| watch(0.5 * share))?;
        charge(&mut run);
        let came = run.faults.iter().flat_map(|row| &row.spans).any(|span| span.0 < run.horizon_ns);
        let twin = || mesh::run_while(sound, seed, number, |share| watch(0.5 + 0.5 * share)).map(counts);
        let twin = if came { Some(twin()?) } else { None };
        Some(Replication { run, twin })
    }
}

/// What a bill and a warm-up ask of a run, and nothing else.
pub(super) fn counts(run: Run) -> Run {
    let rows = vec![RequestRow { series: summed(&run), windows: failed(&run), ..RequestRow::default() }];
    let Run { replication, horizon_ns, paths, scaling, .. } = run;
    Run { replication, horizon_ns, paths, scaling, rows, ..Run::default() }
}

/// What was sent and failed by window, of all requests; no latencies.
fn failed(run: &Run) -> Vec<RequestWindow> {
    let length = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
    let mut sums = vec![RequestWindow::default(); length];
    for row in &run.rows {
        for (sum, window) in sums.iter_mut().zip(&row.windows) {
            sum.sent += window.sent;
            sum.failed.iter_mut().zip(&window.failed).for_each(|(sum, more)| *sum += more);
        }
    }
    sums
}

/// Answers and their latency over time, of all requests.
pub(super) fn summed(run: &Run) -> Vec<(u64, u64)> {
    let length = run.rows.iter().map(|row| row.series.len()).max().unwrap_or(0);
    let mut spans = vec![(0, 0); length];
    for row in &run.rows {
        for (span, &(count, sum_ns)) in spans.iter_mut().zip(&row.series) {
            span.0 += count;
            span.1 += sum_ns;
        }
    }
    spans
}

/// A study's own runs, by variant.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Replications {
    /// Of each variant the replications that all variants have finished, in order: they faced the same requests.
    pub(super) compared: Vec<Vec<Replication>>,
    /// Of each variant those that not all of them have: kept, not compared.
    pub(super) left: Vec<Vec<Run>>,
    /// How many were finished in all.
    pub(super) done: usize,
}

impl Replications {
    /// From what was finished, handed over replication by replication, `variants` of each.
    pub(super) fn of(done: Vec<Option<Replication>>, variants: usize) -> Self {
        let mut found = Replications {
            compared: vec![Vec::new(); variants],
            left: vec![Vec::new(); variants],
            done: done.iter().flatten().count(),
        };
        let mut done = done.into_iter();
        while done.len() > 0 {
            let one: Vec<Option<Replication>> = done.by_ref().take(variants).collect();
            if one.iter().all(Option::is_some) {
                found.compared.iter_mut().zip(one).for_each(|(of, one)| of.extend(one));
            } else {
                found.left.iter_mut().zip(one).for_each(|(of, one)| of.extend(one.map(|one| one.run)));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_variants_have_is_compared_and_nothing_is_lost() {
        let run =
            |replication| Some(Replication { run: Run { replication, ..Run::default() }, ..Replication::default() });
        let done = vec![run(0), run(0), run(1), None, None, None, run(3), run(3), None, run(4)];
        let found = Replications::of(done, 2);
        let compared = |of: &[Replication]| of.iter().map(|one| one.run.replication).collect::<Vec<_>>();
        let left = |of: &[Run]| of.iter().map(|run| run.replication).collect::<Vec<_>>();
        assert_eq!(found.compared.iter().map(|of| compared(of)).collect::<Vec<_>>(), [[0, 3], [0, 3]]);
        assert_eq!(found.left.iter().map(|of| left(of)).collect::<Vec<_>>(), [[1], [4]]);
        assert_eq!(found.done, 6);
    }
}
