//! How much a study asks of this machine, before it is begun.

use super::load::callers_first;
use super::program::Mean;
use crate::scenario::file::Scenario;
use crate::scenario::{Diagnostic, Span, Spanned};
use crate::units::{Duration, Ratio};
use crate::workload::Arrivals;
use crate::world::{OperationId, World};

/// Calls in all replications of all variants past which a reader is asked whether he means it.
const MANY_CALLS: f64 = 1e9;

/// What following the calls of one variant takes.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Calls in one replication, those of the fill too.
    calls: f64,
    replications: Spanned<u32>,
    horizon: Spanned<Duration>,
    fill: Duration,
    /// Where the users stand that cause most of them.
    most: Span,
}

/// What one replication takes.
pub(super) fn effort(scenario: &Scenario, world: &World, means: &[Mean]) -> Effort {
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
        requests * (1.0 + mean(&stream.mix, &|op| below[op].0))
    });
    let calls: Vec<f64> = calls.collect();
    let most = (0..calls.len()).max_by(|&a, &b| calls[a].total_cmp(&calls[b]));
    let stream = most.and_then(|most| scenario.workload.get_index(most));
    Effort {
        calls: calls.iter().sum(),
        replications: scenario.run.replications,
        horizon: scenario.run.horizon,
        fill,
        most: stream.map_or(Span::NONE, |(_, stream)| stream.span),
    }
}

/// More calls than anybody waits for gladly, in a study of these variants with so many replications of each, or with as
/// many as the first of them says.
pub fn many_calls(of: &[Effort], replications: Option<u32>) -> Option<Diagnostic> {
    let most = of.iter().max_by(|a, b| a.calls.total_cmp(&b.calls))?;
    let replications = replications.unwrap_or(of[0].replications.value);
    let all = of.iter().map(|one| one.calls).sum::<f64>() * f64::from(replications);
    if all <= MANY_CALLS {
        return None;
    }
    let Effort { horizon, fill, .. } = most;
    let what = format!(
        "about {:.1} billion calls are to be followed, in {replications} replications of {}{}{}",
        all / 1e9,
        horizon.value,
        if fill.is_zero() { String::new() } else { format!(" after a fill of {fill}") },
        if of.len() > 1 { format!(", of {} variants each", of.len()) } else { String::new() }
    );
    Some(
        Diagnostic::warning("EW357", what)
            .at(most.most, "most of them for these users")
            .at(horizon.span, "")
            .at(most.replications.span, "")
            .help("a shorter `run: {horizon: ..}`, fewer `replications`, or `workload: {NAME: {scale: ..}}`; `eastwest estimate` follows none"),
    )
}
