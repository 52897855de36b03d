//! Settings of a policy that nothing comes of, because another one of it takes them away.

use super::{Called, Reading, Say, Told};
use crate::policy::{Outlier, Policy, RateLimit};
use crate::scenario::Span;

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        let outlier = reading.written(&called, |patch| patch.outlier.map(|said| said.span));
        let policy = &called.rules.policy;
        let found = [
            policy.outlier.as_ref().and_then(never_ejects).map(|(what, help)| (outlier, what, help)),
            hedge(reading, &called),
            previous(reading, &called),
            injected(policy),
            pending(reading, &called),
        ];
        for (at, what, help) in found.into_iter().flatten() {
            let say = Say {
                code: "EW399",
                before: "on ".to_owned(),
                after: format!(" {what}"),
                at: at.unwrap_or(Span::NONE),
                help: help.to_owned(),
            };
            told.say(&called.edge.name, say);
        }
    }
    for (name, entry) in &reading.scenario.mesh.traffic {
        let Some(said) = entry.policy.rate_limit else { continue };
        let Some(RateLimit { max_tokens, tokens_per_fill, .. }) =
            said.value.filter(|l| l.tokens_per_fill > l.max_tokens)
        else {
            continue;
        };
        let say = Say {
            code: "EW399",
            before: "the rate limit of ".to_owned(),
            after: format!(" is filled with {tokens_per_fill}, but holds {max_tokens} tokens: the rest is poured away"),
            at: said.span,
            help: "write `tokens` of at least `per-fill`, or a smaller `per-fill`".to_owned(),
        };
        told.say(name, say);
    }
}

type Idle = (Option<Span>, String, &'static str);

/// Outlier detection whose findings are never acted on.
fn never_ejects(rule: &Outlier) -> Option<(String, &'static str)> {
    let in_a_row = rule.enforce.consecutive_5xx > 0 && rule.consecutive_5xx > 0
        || rule.enforce.gateway > 0 && rule.consecutive_gateway.is_some_and(|count| count > 0)
        || rule.enforce.local > 0 && rule.consecutive_local.is_some_and(|count| count > 0);
    let by_rate = rule.success_rate.is_some_and(|rate| rate.enforce > 0)
        || rule.failure_percentage.is_some_and(|rate| rate.enforce > 0);
    if !in_a_row && !by_rate {
        let help = "write `consecutive-5xx: 5` with an `enforce` above 0%, or leave `outlier` out";
        return Some(("outlier detection has no detector that ejects anybody".to_owned(), help));
    }
    // A limit that lets no host go is EW356's where a failover waits for it; at 0 % nothing ever goes.
    if rule.max_ejection_percent == 0 && !rule.always_eject_one {
        return Some(("`max-ejection: 0%` lets outlier detection eject nobody".to_owned(), "write a share above 0%"));
    }
    None
}

/// Hedging begins where a try outlasts `per-try`.
fn hedge(reading: &Reading<'_>, called: &Called<'_>) -> Option<Idle> {
    let policy = &called.rules.policy;
    let written = reading.written(called, |patch| patch.hedge)?;
    let struck = policy.per_try.is_some_and(|per_try| policy.timeout.is_none_or(|timeout| per_try < timeout));
    let help = "write a `per-try` below `timeout`: a try that outlasts it is kept, and another one sent";
    (written && policy.retries > 0 && !struck)
        .then(|| (None, "`hedge` never sends a second try: no `per-try` ends before the call does".to_owned(), help))
}

/// Priorities come of localities, and localities are ordered only with outlier detection.
fn previous(reading: &Reading<'_>, called: &Called<'_>) -> Option<Idle> {
    let policy = &called.rules.policy;
    policy.previous_priorities?;
    let one = reading.views(called).iter().all(|(_, set)| set.priorities < 2);
    let help = "priorities come of `locality` with `outlier`, or leave `previous-priorities` out";
    (one && policy.retries > 0).then(|| {
        (None, "`previous-priorities` has nothing to leave out: all hosts are of one priority".to_owned(), help)
    })
}

fn injected(policy: &Policy) -> Option<Idle> {
    let fault = policy.fault?;
    let what = match fault.max_active {
        _ if fault.delay.is_none() && fault.abort.is_none() => "`fault` injects neither a delay nor an abort",
        Some(0) => "`fault` injects nothing: `max-active: 0` lets no fault be under way",
        _ => return None,
    };
    Some((None, what.to_owned(), "write `delay` or `abort`, and a `max-active` above 0 or none"))
}

/// A call that needs a new connection waits for it, and may not.
fn pending(reading: &Reading<'_>, called: &Called<'_>) -> Option<Idle> {
    let said = reading.written(called, |patch| patch.pool.max_pending)?;
    let what =
        "`max-pending: 0` refuses every call that needs a new connection (503 UO), so that none ever goes through";
    (said == 0 && called.rules.policy.pool.max_pending == 0)
        .then(|| (None, what.to_owned(), "write 1 or more (Istio: `http1MaxPendingRequests`)"))
}
