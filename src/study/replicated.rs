//! One variant, run: its scenario, its world, its replications and their bills.

use std::sync::Arc;

use rayon::prelude::*;

use super::bill;
use super::difference::Answers;
use super::sample::{Part, samples};
use crate::mesh;
use crate::record::{Bill, Run};
use crate::scenario::Scenario;
use crate::world::World;

/// A variant with everything that was simulated of it.
#[derive(Clone, Debug)]
pub struct Replicated {
    /// What it says.
    pub scenario: Scenario,
    /// What it was compiled to.
    pub world: Arc<World>,
    /// Its replications, in order.
    pub runs: Vec<Run>,
    /// The bill of all replications together.
    pub bill: Bill,
    /// The bill of each replication.
    pub bills: Vec<Bill>,
}

impl Replicated {
    /// Prices what was counted.
    pub fn new(scenario: Scenario, world: impl Into<Arc<World>>, runs: Vec<Run>) -> Self {
        let world = world.into();
        let whole = bill::bill(&world, &runs);
        let bills = runs.iter().map(|run| bill::bill(&world, std::slice::from_ref(run))).collect();
        Replicated { scenario, world, runs, bill: whole, bills }
    }

    /// The same, with the bill of a twin without faults where no part of the runs lies outside of them: a month is not made
    /// of faults.
    #[must_use]
    pub fn billed_outside_faults(self, seed: u64) -> Self {
        if !bill::all_in_faults(&self.world, &self.runs) {
            return self;
        }
        let twin = (*self.world).clone().without_faults();
        let runs: Vec<Run> = self.runs.par_iter().map(|run| mesh::run(&twin, seed, run.replication)).collect();
        let of = |runs: &[Run]| bill::bill(&twin, runs);
        let mut whole = of(&runs);
        whole.basis.push("no part of the run lies outside faults: the month is that of a twin run without them".into());
        let bills = runs.iter().map(|run| of(std::slice::from_ref(run))).collect();
        Replicated { bill: whole, bills, ..self }
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

    /// Does everything stay as it is: no rate that changes over time, no fault?
    pub fn stationary(&self) -> bool {
        use crate::workload::Arrivals;
        let steady = |stream: &crate::world::Stream| match &stream.arrivals {
            Arrivals::Open { rate, .. } => rate.points.iter().all(|point| point.1 == rate.points[0].1),
            Arrivals::Closed { .. } => true,
        };
        let links = self.world.links.rows().iter().all(|link| {
            !link.jitter.is_some_and(|jitter| jitter.factor.changes())
                && !link.loss.is_some_and(|loss| loss.follows_the_hour())
        });
        self.world.streams.rows().iter().all(steady) && links && self.world.faults.is_empty()
    }
}
