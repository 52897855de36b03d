//! Outlier detection that hears too little: of silent servers nothing, of a host that is hardly called too late.

use super::{Called, Reading, Say, Told, replicas};
use crate::scenario::Span;
use crate::units::{Duration, significant};
use crate::world::{Caller, Effect, Target};

/// Where no fault says how soon is soon enough, so long is too late.
const LATE: Duration = Duration::from_secs(300);

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        let Some(outlier) = &called.rules.policy.outlier else { continue };
        let at = reading.written(&called, |patch| patch.outlier.map(|outlier| outlier.span)).unwrap_or(Span::NONE);
        let policy = &called.rules.policy;
        if policy.timeout.is_none() && policy.per_try.is_none() && policy.http2_ping.is_none() {
            let say = Say {
                code: "EW390",
                before: "outlier detection on ".to_owned(),
                after: format!(
                    " hears nothing of a host that falls silent: a call that hangs has not failed, and without a timeout it hangs until TCP gives up after {}",
                    crate::policy::defaults::TCP_GIVE_UP
                ),
                at,
                help: "write a `timeout` or `per-try` (Istio: `timeout`, `retries.perTryTimeout` in the VirtualService), or `pool: {http2-ping: ..}`".to_owned(),
            };
            told.say(&called.edge.name, say);
        }
        let counts = [Some(outlier.consecutive_5xx).filter(|count| *count > 0), outlier.consecutive_gateway];
        let rated = outlier.success_rate.is_some() || outlier.failure_percentage.is_some();
        let Some(count) = counts.into_iter().flatten().min() else { continue };
        if let Some((rate, proxies, hosts)) = heard(reading, &called).filter(|_| !rated) {
            let takes = Duration::from_seconds_f64(f64::from(count) / rate);
            let shortest = shortest(reading, &called, outlier.eject);
            let soon = shortest.unwrap_or(LATE);
            if takes > soon {
                // One failure alone is no evidence of a dead host.
                let fits = (rate * soon.seconds()) as u32;
                let help = if fits >= 2 {
                    format!(
                        "write `outlier: {{consecutive-5xx: {fits}}}` or fewer (Istio: `consecutive5xxErrors`), and let retries cover the rest"
                    )
                } else {
                    "let retries cover it (`retries`, with `timeout` or `per-try`): a count low enough to be in time would eject a host for any single error".to_owned()
                };
                let say = Say {
                    code: "EW390",
                    before: "outlier detection on ".to_owned(),
                    after: format!(
                        " comes too late: each of {proxies} client proxies counts by itself and sends each of {hosts} hosts {} calls a second, so that {count} failures in a row take {} s{}",
                        significant(rate, 2),
                        significant(takes.seconds(), 2),
                        shortest.map_or_else(String::new, |lasts| format!(
                            ", and the shortest fault of what it calls lasts {lasts}"
                        ))
                    ),
                    at,
                    help,
                };
                told.say(&called.edge.name, say);
            }
        }
    }
}

/// The shortest fault that ejections of what this edge calls are there for; none: none is scheduled. What is over before an
/// ejection is would only be made longer by it, and pods that are restarted or sent away are taken out by who tells proxies.
fn shortest(reading: &Reading<'_>, called: &Called<'_>, eject: Duration) -> Option<Duration> {
    let world = reading.world;
    let fails = |effect: Effect| {
        !matches!(
            effect,
            Effect::Restart(_) | Effect::Drain { .. } | Effect::Forget | Effect::Rate(_) | Effect::NoRoute(_)
        )
    };
    let views = reading.views(called);
    let called: Vec<_> = views.iter().flat_map(|(_, set)| set.hosts.iter()).flat_map(replicas).collect();
    let hit = |target: Target| match target {
        Target::Endpoint(endpoint) => called.iter().any(|of| of.0 == endpoint),
        Target::Path(path) => called.iter().any(|of| of.1 == path),
        Target::Link(link) => world.paths_over(link).any(|path| called.iter().any(|of| of.1 == path)),
        Target::Place(place) => called.iter().any(|of| reading.at(of.0) == place),
        _ => false,
    };
    let ours = world.changes.iter().filter(|change| change.begins && fails(change.effect) && hit(change.target));
    let spans = ours.flat_map(|change| &world.faults[change.fault].spans);
    spans.map(|(from, to)| Duration::from_nanos((to - from).cast_unsigned())).filter(|lasts| *lasts >= eject).min()
}

/// Calls per second of one proxy to one of its nearest hosts, at the peak; and how many there are of both.
pub(super) fn heard(reading: &Reading<'_>, called: &Called<'_>) -> Option<(f64, usize, usize)> {
    let proxies = match called.edge.from {
        Caller::Service(service) => reading.world.services[service].endpoints.len(),
        Caller::Stream(stream) => reading.world.streams[stream].entries.len(),
    };
    let nearest = |set: &crate::world::HostSet| set.hosts.iter().filter(|host| host.priority == 0).count();
    let hosts = reading.views(called).into_iter().map(|(_, set)| nearest(set)).max()?;
    let rate = reading.load.calls(called.id) / (proxies * hosts).max(1) as f64;
    (rate > 0.0).then_some((rate, proxies, hosts))
}
