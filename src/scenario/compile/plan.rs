//! How long a run is: what comes before measuring, the horizon, the drain.

use super::program::Mean;
use crate::scenario::file::{Scenario, WarmUp};
use crate::units::Duration;
use crate::workload::Arrivals;
use crate::world::{RunPlan, World};

/// The least fill: pools open, outlier detectors sweep a few times (decisions: max(60 s, 3 x the longest time constant)).
const LEAST_FILL: Duration = Duration::from_secs(60);

/// The most that is filled unless told, as of an unsaid horizon: what takes longer no run forgets.
const MOST_FILL: Duration = Duration::from_secs(86_400);

/// The plan; `busy` is each service's utilisation at t = 0.
pub(super) fn plan(scenario: &Scenario, world: &World, means: &[Mean], busy: &[f64]) -> RunPlan {
    let most = longest(scenario);
    if scenario.run.warm_up != WarmUp::Auto {
        return most;
    }
    let forgets = time_constants(world, means, busy).into_iter().max().unwrap_or(Duration::ZERO);
    RunPlan { fill: LEAST_FILL.max(forgets.saturating_mul(3)).min(most.fill), ..most }
}

/// The same before the load is known: with the longest fill that it may come to.
pub(super) fn longest(scenario: &Scenario) -> RunPlan {
    let fill = match scenario.run.warm_up {
        WarmUp::Fill(span) => span,
        // What is cut off afterwards needs nothing before it.
        WarmUp::Cut(_) => Duration::ZERO,
        WarmUp::Auto => MOST_FILL,
    };
    RunPlan { fill, horizon: scenario.run.horizon.value, drain: scenario.run.drain }
}

/// What decides how fast the system forgets how it began: ejection, think time, the relaxation of queues.
fn time_constants(world: &World, means: &[Mean], busy: &[f64]) -> Vec<Duration> {
    let mut spans = Vec::new();
    for policy in world.policies.rows() {
        spans.extend(policy.outlier.map(|outlier| outlier.interval.max(outlier.eject)));
    }
    for stream in world.streams.rows() {
        if let Arrivals::Closed { think, .. } = &stream.arrivals {
            spans.push(Duration::from_seconds_f64(think.mean()));
        }
    }
    for (service, busy) in world.services.rows().iter().zip(busy) {
        let work = service.operations.iter().map(|op| means[op.0 as usize].work).fold(0.0, f64::max);
        // Relaxation time of M/M/1, 1 / (mu (1 - sqrt rho)^2) (Abate and Whitt 1987), for rho below 0.99.
        let gap = 1.0 - busy.min(0.99).sqrt();
        spans.push(Duration::from_seconds_f64(work / (gap * gap)));
    }
    spans
}
