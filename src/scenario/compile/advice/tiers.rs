//! Retries of tier upon tier: where each of k tiers tries 1 + r times, a dead service at the end is asked (1 + r)^k times.

use super::super::load::callers_first;
use super::hearing::heard;
use super::timeouts::{answers, warm};
use super::{Reading, Say, Told, replicas};
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

/// Which retries multiply.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Budgets {
    /// Those without a budget.
    Hold,
    /// Those too whose budget leaves each proxy some at once in any case: at low load that is all.
    LeaveSome,
}

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    let (holding, leaving) = (worst(reading, Budgets::Hold), worst(reading, Budgets::LeaveSome));
    for stream in reading.world.streams.rows() {
        let of = |worst: &[Worst], budgets: Budgets| {
            let asked = stream.mix.iter().map(|(operation, _): &(OperationId, _)| &worst[operation.0 as usize]);
            let found = asked.map(|worst| over(reading, stream.edge, worst, budgets)).max_by_key(|worst| worst.tries);
            found.filter(|found| found.edges.len() >= 2 && found.tries >= MANY)
        };
        if let Some(found) = of(&holding, Budgets::Hold) {
            say(reading, &stream.name, &found, Budgets::Hold, told);
        } else if let Some(found) = of(&leaving, Budgets::LeaveSome).filter(|found| passes(reading, found)) {
            say(reading, &stream.name, &found, Budgets::LeaveSome, told);
        }
    }
}

/// The worst of each operation's calls.
fn worst(reading: &Reading<'_>, budgets: Budgets) -> Vec<Worst> {
    let world = reading.world;
    let mut worst: Vec<Worst> = vec![Worst { tries: 1, edges: Vec::new() }; world.operations.len()];
    // Callees come before their callers.
    for operation in callers_first(world, reading.means).into_iter().rev() {
        for (site, _) in &reading.means[operation.0 as usize].calls {
            let site = world.call_sites[*site as usize];
            let found = over(reading, site.edge, &worst[site.operation.0 as usize], budgets);
            let row = &mut worst[operation.0 as usize];
            if found.tries > row.tries {
                *row = found;
            }
        }
    }
    worst
}

fn say(reading: &Reading<'_>, stream: &str, found: &Worst, budgets: Budgets, told: &mut Told) {
    let world = reading.world;
    let factors: Vec<String> =
        found.edges.iter().rev().map(|edge| tries(reading, *edge, budgets).to_string()).collect();
    let last = &world.services[world.edges[found.edges[0]].to].name;
    let mins = found.edges.iter().filter_map(|edge| world.policies[world.edges[*edge].policy].retry_budget);
    let min = mins.map(|budget| budget.min).filter(|_| budgets == Budgets::LeaveSome).min();
    let say = Say {
        code: "EW395",
        before: format!("retries multiply for a request of `{stream}`: "),
        after: format!(
            " try {} = {} times, so that {last} is asked {} times for one request while it is down{}",
            factors.join(" x "),
            found.tries,
            found.tries,
            min.map_or_else(String::new, |min| format!(
                ": `retry-budget` lets each proxy have {min} retries at once in any case, and at this load more are hardly ever under way"
            ))
        ),
        at: written(reading, found.edges[0]),
        help: format!(
            "retry at one tier alone, best the one next to what fails: `retries: 0` on the others (Istio: `retries.attempts: 0`); or {}, and do not retry 500s that are relayed",
            if min.is_some() {
                "`retry-budget: {share: .., min: 0}` (Istio: `retryBudget.minRetryConcurrency`)"
            } else {
                "`retry-budget`, which limits only what is above its `min` (3 retries at once of each proxy)"
            }
        ),
    };
    found.edges.iter().rev().for_each(|edge| told.say(&world.edges[*edge].name, say.clone()));
}

/// Do the budgets let pass, in the mean, what the worst case asks of them at the peak? Little's law: a retry counts from
/// its back-off to its answer, which comes when all tiers below have given up.
fn passes(reading: &Reading<'_>, found: &Worst) -> bool {
    let (mut lasts, mut above) = (0.0, found.tries);
    let mut passes = true;
    // From the last tier up: what is above an edge multiplies its calls, what is below makes them long.
    for edge in &found.edges {
        let Some(called) = reading.edges().find(|called| called.id == *edge) else { continue };
        let policy = &called.rules.policy;
        let own = tries(reading, *edge, Budgets::LeaveSome);
        above /= own;
        let paths = reading.views(&called).into_iter().flat_map(|(_, set)| set.hosts.iter());
        let paths = paths.filter(|host| host.priority == 0).flat_map(replicas);
        let way = paths.map(|(_, path)| warm(reading, path).seconds()).fold(0.0, f64::max);
        let one = way + answers(reading, &called).seconds().max(lasts);
        let one = policy.per_try.or(policy.timeout).map_or(one, |most| one.min(most.seconds()));
        // Drawn evenly below a base that doubles.
        let waits = policy.backoff.seconds() * f64::from(1 << policy.retries.min(10)) / 4.0;
        if let Some(budget) = policy.retry_budget {
            // What users who wait will ask is not known before.
            let Some((rate, _, hosts)) = heard(reading, &called) else { return false };
            let retried = rate * hosts as f64 * above as f64 * (own - 1) as f64;
            passes &= retried * (one + waits) <= f64::from(budget.min);
        }
        lasts = own as f64 * (one + waits);
    }
    passes
}

/// One tier more: it tries again what comes up from below where it retries answers, else only its own callee.
fn over(reading: &Reading<'_>, edge: EdgeId, below: &Worst, budgets: Budgets) -> Worst {
    // Where rules send all its calls elsewhere, they are tried as is said there.
    let parts = reading.taken.keys().map(|id| (*id, &reading.world.edges[*id]));
    let parts = parts.filter(|(id, part)| (*id == edge || part.of == edge) && !part.copies).map(|(id, _)| id);
    let edge = parts.max_by_key(|part| tries(reading, *part, budgets)).unwrap_or(edge);
    let own = tries(reading, edge, budgets);
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

/// The first try and its retries; with a budget that holds hardly more than one.
fn tries(reading: &Reading<'_>, edge: EdgeId, budgets: Budgets) -> u64 {
    let policy = &reading.world.policies[reading.world.edges[edge].policy];
    let holds = policy.retry_budget.is_some_and(|budget| budgets == Budgets::Hold || budget.min == 0);
    if holds { 1 } else { 1 + u64::from(policy.retries) }
}

fn written(reading: &Reading<'_>, edge: EdgeId) -> Span {
    let called = reading.edges().find(|called| called.id == edge);
    called
        .and_then(|called| reading.written(&called, |patch| patch.retries.map(|said| said.span)))
        .unwrap_or(Span::NONE)
}
