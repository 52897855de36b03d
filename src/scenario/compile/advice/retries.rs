//! Retries that do not cover what fails, and retries that keep an overloaded service down.

use super::timeouts::answers;
use super::{Called, Reading, Say, Told, percent};
use crate::policy::pool::UNLIMITED;
use crate::policy::retry::retriable;
use crate::record::Failure;
use crate::scenario::Span;
use crate::units::{Duration, significant};

/// A call that takes this long is under way when its server goes down.
const LONG: Duration = Duration::from_secs(1);

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges().filter(|called| called.rules.policy.retries > 0) {
        uncovered(reading, &called, told);
        storm(reading, &called, told);
    }
}

fn uncovered(reading: &Reading<'_>, called: &Called<'_>, told: &mut Told) {
    let policy = &called.rules.policy;
    let retries = reading.written(called, |patch| patch.retries.map(|retries| retries.span));
    let said = reading.written(called, |patch| patch.retry_on).is_some();
    let cover = if policy.retries == 1 { "does not cover" } else { "do not cover" };
    let words = policy.retry_on.words().join(", ");
    let misses = |failure| !retriable(policy.retry_on, failure);
    let mut say = |at: Span, before: String, after: String, help: &str| {
        told.say(&called.edge.name, Say { code: "EW392", before, after, at, help: help.to_owned() });
    };
    if let Some(at) = retries.filter(|_| !said && misses(Failure::Overflow)) {
        let after = format!(
            " {cover} a 503 that a server sends, nor a connection that breaks under a request: from 1.24 on Istio retries {words} unless told (before, 503 too)"
        );
        say(
            at,
            retries_on(policy.retries),
            after,
            "write `retry-on: [connect-failure, refused-stream, reset, \"503\"]` (Istio: `retries.retryOn: connect-failure,refused-stream,reset,503`)",
        );
        return;
    }
    if let (Some(per_try), Some(at)) = (
        // From the timeout on Envoy ignores it, which EW394 tells.
        policy.per_try.filter(|limit| misses(Failure::Timeout) && policy.timeout.is_none_or(|whole| *limit < whole)),
        reading.written(called, |patch| patch.per_try.map(|limit| limit.span)),
    ) {
        let after = format!(" ends a try after {per_try}, and it is not tried again: {words} do not cover it");
        say(
            at,
            "`per-try` on ".to_owned(),
            after,
            "add `reset`, `gateway-error` or `5xx` to `retry-on` (Istio: `retries.retryOn`)",
        );
        return;
    }
    let takes = answers(reading, called);
    if said && misses(Failure::Reset) && takes >= LONG {
        let after = format!(
            " {cover} a connection that breaks under a request, and a call takes {} s: when a server dies, all that are under way fail for good",
            significant(takes.seconds(), 2)
        );
        let at = retries.unwrap_or(Span::NONE);
        say(
            at,
            retries_on(policy.retries),
            after,
            "add `reset` to `retry-on` where the call may be made twice (Istio: `retries.retryOn`)",
        );
    }
}

fn retries_on(retries: u32) -> String {
    if retries == 1 { "the retry on ".to_owned() } else { format!("the {retries} retries on ") }
}

/// At so many tries for each call the service has more than it can do: once down it stays down.
fn storm(reading: &Reading<'_>, called: &Called<'_>, told: &mut Told) {
    let policy = &called.rules.policy;
    let service = &reading.world.services[called.edge.to];
    let Some(at) = reading.written(called, |patch| patch.retries.map(|retries| retries.span)) else { return };
    // Only what has an end can answer 503 because it is full.
    let full = (service.queue.is_some() || service.threads.is_some()) && retriable(policy.retry_on, Failure::Overflow);
    let bounded = policy.retry_budget.is_some() || policy.pool.max_retries != UNLIMITED;
    let (busy, tries) = (reading.load.busy[called.edge.to.0 as usize], f64::from(policy.retries + 1));
    if !full || bounded || busy >= 1.0 || busy * tries < 1.0 {
        return;
    }
    let say = Say {
        code: "EW396",
        before: "retries without a budget on ".to_owned(),
        after: format!(
            ": {} is {} busy, and at {tries} tries for each call that it refuses it is offered {}: once it is full it stays full",
            service.name,
            percent(busy),
            percent(busy * tries)
        ),
        at,
        help: "write `retry-budget: 20%` (Istio: `trafficPolicy.retryBudget`), or `pool: {max-retries: ..}` (`http.maxRetries`)".to_owned(),
    };
    told.say(&called.edge.name, say);
}
