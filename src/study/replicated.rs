//! One variant, run: its scenario, its world, its replications and their bills.

use std::borrow::Cow;
use std::sync::Arc;

use super::bill;
use super::difference::Answers;
use super::replications::{Replication, counts, summed};
use super::sample::{Part, samples};
use crate::record::{Bill, FaultRow, RequestRow, Run};
use crate::scenario::Scenario;
use crate::units::Duration;
use crate::world::{World, windows};

/// A variant with everything that was simulated of it.
#[derive(Clone, Debug)]
pub struct Replicated {
    /// What it says.
    pub scenario: Scenario,
    /// What it was compiled to.
    pub world: Arc<World>,
    /// Its replications, in order.
    pub runs: Vec<Run>,
    /// What they would have used had nothing failed: a month is made of this. Empty where nothing did.
    sound: Vec<Run>,
    /// The bill of all replications together.
    pub bill: Bill,
    /// The bill of each replication.
    pub bills: Vec<Bill>,
}

impl Replicated {
    /// Prices what was counted.
    pub(super) fn new(scenario: Scenario, world: impl Into<Arc<World>>, replications: Vec<Replication>) -> Self {
        let world = world.into();
        let failed = replications.iter().any(|one| one.twin.is_some());
        let (runs, twins): (Vec<Run>, Vec<Option<Run>>) =
            replications.into_iter().map(|one| (one.run, one.twin)).unzip();
        let sound: Vec<Run> = if failed {
            runs.iter().zip(twins).map(|(run, twin)| twin.unwrap_or_else(|| counts(run.clone()))).collect()
        } else {
            Vec::new()
        };
        let of = |runs: &[Run], sound: &[Run]| {
            if sound.is_empty() { bill::bill(&world, runs) } else { bill::bill_beside_faults(&world, runs, sound) }
        };
        let own = |index: usize| of(&runs[index..=index], sound.get(index..=index).unwrap_or_default());
        let (whole, bills) = (of(&runs, &sound), (0..runs.len()).map(own).collect());
        Replicated { scenario, world, runs, sound, bill: whole, bills }
    }

    /// What a month is made of: the replications, or their twins in which nothing fails.
    pub(super) fn usual(&self) -> &[Run] {
        if self.sound.is_empty() { &self.runs } else { &self.sound }
    }

    /// What a warm-up is looked for in: nothing that a fault has touched. The twins where there are any, else what
    /// precedes the first fault of all replications.
    pub(super) fn untouched(&self) -> Cow<'_, [Run]> {
        let first = |run: &Run| run.faults.iter().filter_map(FaultRow::first_ns).min();
        let Some(first_ns) = self.usual().iter().filter_map(first).min() else { return Cow::Borrowed(self.usual()) };
        let before = |run: &Run| {
            let mut series = summed(run);
            let spans = u128::from(first_ns) * series.len() as u128 / u128::from(run.horizon_ns.max(1));
            series.truncate(spans as usize);
            Run { rows: vec![RequestRow { series, ..RequestRow::default() }], ..Run::default() }
        };
        Cow::Owned(self.runs.iter().map(before).collect())
    }

    /// The window of the horizon in which the first fault of all replications begins; none where none comes.
    pub(super) fn first_fault(&self) -> Option<usize> {
        let of_run = |run: &Run| {
            let first =
                run.faults.iter().filter_map(FaultRow::first_ns).min().filter(|first| *first < run.horizon_ns)?;
            let all = windows(Duration::from_nanos(run.horizon_ns)) as u128;
            Some((u128::from(first) * all / u128::from(run.horizon_ns)) as usize)
        };
        self.runs.iter().filter_map(of_run).min()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.scenario.variant
    }

    /// What it answered from window `first_window` on, and what it cost.
    pub fn answers(&self, first_window: usize) -> Answers {
        Answers {
            name: self.name().to_owned(),
            samples: samples(&self.runs, Part::From(first_window), &|_| true),
            costs: self.bills.iter().map(|bill| bill.month.value.unwrap_or(0.0)).collect(),
        }
    }

    /// Does everything that is no fault stay as it is: no rate that changes over time?
    pub fn stationary(&self) -> bool {
        use crate::workload::Arrivals;
        let steady = |stream: &crate::world::Stream| match &stream.arrivals {
            Arrivals::Open { rate, .. } => rate.points.iter().all(|point| point.1 == rate.points[0].1),
            Arrivals::Closed { .. } => {
                let comes = stream.sessions.as_ref().map(|sessions| &sessions.population);
                let Some(crate::world::Population::Arrive(rate)) = comes else { return true };
                rate.points.iter().all(|point| point.1 == rate.points[0].1)
            }
        };
        let links = self.world.links.rows().iter().all(|link| {
            !link.jitter.is_some_and(|jitter| jitter.factor.changes())
                && !link.loss.is_some_and(|loss| loss.follows_the_hour())
        });
        self.world.streams.rows().iter().all(steady) && links
    }
}
