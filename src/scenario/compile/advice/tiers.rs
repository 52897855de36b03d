//! Retries of tier upon tier: where each of k tiers tries 1 + r times, a dead service at the end is asked (1 + r)^k times.

use super::super::load::callers_first;
use super::{Reading, Say, Told};
use crate::policy::retry::retriable;
use crate::record::Failure;
use crate::scenario::Span;
use crate::world::{EdgeId, OperationId};

/// Fewer tries than this are what two tiers of one retry make.
const MANY: u64 = 8;

/// The worst that can come of one call: tries of the last service on the way, and the edges that multiply.
#[derive(Clone, Default)]
struct Worst {
    tries: u64,
    edges: Vec<EdgeId>,
}

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    let world = reading.world;
    let mut worst: Vec<Worst> = vec![Worst { tries: 1, edges: Vec::new() }; world.operations.len()];
    // Callees come before their callers.
    for operation in callers_first(world, reading.means).into_iter().rev() {
        for (site, _) in &reading.means[operation.0 as usize].calls {
            let site = world.call_sites[*site as usize];
            let found = over(reading, site.edge, &worst[site.operation.0 as usize]);
            let row = &mut worst[operation.0 as usize];
            if found.tries > row.tries {
                *row = found;
            }
        }
    }
    for stream in world.streams.rows() {
        let asked = stream.mix.iter().map(|(operation, _): &(OperationId, _)| &worst[operation.0 as usize]);
        let Some(found) = asked.map(|worst| over(reading, stream.edge, worst)).max_by_key(|worst| worst.tries) else {
            continue;
        };
        if found.edges.len() < 2 || found.tries < MANY {
            continue;
        }
        let factors: Vec<String> = found.edges.iter().map(|edge| tries(reading, *edge).to_string()).collect();
        let names: Vec<&str> = found.edges.iter().rev().map(|edge| &*world.edges[*edge].name).collect();
        let factors = factors.into_iter().rev().collect::<Vec<_>>().join(" x ");
        let last = world.edges[found.edges[0]].to;
        let say = Say {
            code: "EW395",
            before: format!("retries multiply for a request of `{}`: ", stream.name),
            after: format!(
                " try {factors} = {} times, so that {} is asked {} times for one request while it is down",
                found.tries, world.services[last].name, found.tries
            ),
            at: written(reading, found.edges[0]),
            help: "retry at one tier alone, best the one next to what fails: `retries: 0` on the others (Istio: `retries.attempts: 0`); or `retry-budget`, and do not retry 500s that are relayed".to_owned(),
        };
        names.into_iter().for_each(|name| told.say(name, say.clone()));
    }
}

/// One tier more: it tries again what comes up from below where it retries answers, else only its own callee.
fn over(reading: &Reading<'_>, edge: EdgeId, below: &Worst) -> Worst {
    let own = tries(reading, edge);
    if own == 1 {
        return below.clone();
    }
    let relays = retriable(reading.world.policies[reading.world.edges[edge].policy].retry_on, Failure::Error);
    if !relays || below.edges.is_empty() {
        return if own > below.tries { Worst { tries: own, edges: vec![edge] } } else { below.clone() };
    }
    let mut edges = below.edges.clone();
    edges.push(edge);
    Worst { tries: own.saturating_mul(below.tries), edges }
}

/// The first try and its retries; with a budget hardly more than one.
fn tries(reading: &Reading<'_>, edge: EdgeId) -> u64 {
    let policy = &reading.world.policies[reading.world.edges[edge].policy];
    if policy.retry_budget.is_some() { 1 } else { 1 + u64::from(policy.retries) }
}

fn written(reading: &Reading<'_>, edge: EdgeId) -> Span {
    let called = reading.edges().find(|called| called.id == edge);
    called
        .and_then(|called| reading.written(&called, |patch| patch.retries.map(|said| said.span)))
        .unwrap_or(Span::NONE)
}
