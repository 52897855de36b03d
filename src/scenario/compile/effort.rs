//! How much a run asks of this machine, before it is begun.

use super::load::callers_first;
use super::program::Mean;
use crate::scenario::Diagnostic;
use crate::scenario::file::Scenario;
use crate::units::{Duration, Ratio};
use crate::workload::Arrivals;
use crate::world::{OperationId, World};

/// Calls in all replications of a variant past which a reader is asked whether he means it.
const MANY_CALLS: f64 = 1e9;

/// More calls than anybody waits for gladly.
pub(super) fn effort(scenario: &Scenario, world: &World, means: &[Mean]) -> Option<Diagnostic> {
    // Calls that one run of an operation makes and the work that it takes, those of its callees included.
    let mut below = vec![(0.0, 0.0); world.operations.len()];
    for operation in callers_first(world, means).into_iter().rev() {
        let mean = &means[operation.0 as usize];
        let (mut calls, mut work) = (0.0, mean.work);
        for (site, times) in &mean.calls {
            let callee = below[world.call_sites[*site as usize].operation.0 as usize];
            (calls, work) = (calls + times * (1.0 + callee.0), work + times * callee.1);
        }
        below[operation.0 as usize] = (calls, work);
    }
    let (fill, horizon) = (world.plan.fill, world.plan.horizon);
    let replications = f64::from(scenario.run.replications.value);
    let workers: f64 = world.endpoints.rows().iter().map(|e| f64::from(world.services[e.service].workers)).sum();
    let mean = |mix: &[(OperationId, Ratio)], of: &dyn Fn(usize) -> f64| -> f64 {
        mix.iter().map(|(operation, share)| share.get() * of(operation.0 as usize)).sum()
    };
    let calls = world.streams.rows().iter().map(|stream| {
        let requests = match &stream.arrivals {
            Arrivals::Open { rate, .. } => {
                rate.expected(Duration::ZERO, horizon) + rate.at(Duration::ZERO) * fill.seconds()
            }
            // A round takes thinking and the work of all its calls; no more rounds than workers can bear.
            Arrivals::Closed { users, think } => {
                let work = mean(&stream.mix, &|op| below[op].1);
                let rate = (f64::from(*users) / (think.mean() + work).max(1e-6)).min(workers / work.max(1e-9));
                (fill + horizon).seconds() * rate
            }
        };
        requests * (1.0 + mean(&stream.mix, &|op| below[op].0)) * replications
    });
    let calls: Vec<f64> = calls.collect();
    let all: f64 = calls.iter().sum();
    if all <= MANY_CALLS {
        return None;
    }
    let most = (0..calls.len()).max_by(|&a, &b| calls[a].total_cmp(&calls[b]))?;
    let what = format!(
        "about {:.1} billion calls are to be followed, in {replications} replications of {horizon}{}",
        all / 1e9,
        if fill.is_zero() { String::new() } else { format!(" after a fill of {fill}") }
    );
    let stream = scenario.workload.get_index(most).map(|(_, stream)| stream.span);
    Some(
        Diagnostic::warning("EW357", what)
            .at(stream.unwrap_or(crate::scenario::Span::NONE), "most of them for these users")
            .at(scenario.run.horizon.span, "")
            .at(scenario.run.replications.span, "")
            .help("a shorter `run: {horizon: ..}`, fewer `replications`, or `workload: {NAME: {scale: ..}}`; `eastwest estimate` follows none"),
    )
}
