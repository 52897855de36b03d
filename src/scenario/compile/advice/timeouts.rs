//! Timeouts that the way itself outlasts, and tries that do not fit into the timeout.

use super::{Called, Reading, Say, Told, replicas};
use crate::policy::retry::retriable;
use crate::record::Failure;
use crate::scenario::Span;
use crate::units::{Duration, significant};
use crate::world::{Caller, EndpointId, OperationId, PathId, PlaceId};

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        tries(reading, &called, told);
        let policy = &called.rules.policy;
        let timeout = reading.written(&called, |patch| patch.timeout.map(|said| said.span));
        let per_try = reading.written(&called, |patch| patch.per_try.map(|said| said.span));
        let found = too_short(reading, &called, "timeout", policy.timeout, timeout, told);
        // Hedged, a try that outlasts it goes on.
        if !found && !policy.hedge {
            too_short(reading, &called, "per-try", policy.per_try, per_try, told);
        }
        handshakes(reading, &called, told);
    }
}

/// Both proxies, there and back, nothing queueing.
pub(super) fn warm(reading: &Reading<'_>, path: PathId) -> Duration {
    let way = &reading.world.paths[path];
    let proxy = &reading.scenario.mesh.proxy;
    let pass = proxy.cpu.value + proxy.delay.value;
    way.floor + way.floor_back + pass.saturating_mul(2)
}

/// What a call from `place` waits for a connection to `endpoint` that is opened for it.
fn opening(reading: &Reading<'_>, called: &Called<'_>, place: PlaceId, endpoint: EndpointId, path: PathId) -> Duration {
    let world = reading.world;
    let server = &world.proxies[world.endpoints[endpoint].proxy];
    world.opening(path, [world.client(called.id, place).unwrap_or(server), server])
}

/// How long the called service takes at least to answer, in the mean: its work and that of all below it, for the quickest
/// operation that is called.
pub(super) fn answers(reading: &Reading<'_>, called: &Called<'_>) -> Duration {
    let world = reading.world;
    let operations: Vec<OperationId> = match called.edge.from {
        Caller::Stream(stream) => world.streams[stream].mix.iter().map(|(operation, _)| *operation).collect(),
        Caller::Service(_) => {
            world.call_sites.iter().filter(|site| site.edge == called.id).map(|site| site.operation).collect()
        }
    };
    let mut whole = vec![None; world.operations.len()];
    let least = operations.into_iter().map(|operation| work(reading, operation, &mut whole));
    Duration::from_seconds_f64(least.reduce(f64::min).unwrap_or(0.0))
}

/// Seconds of work of an operation and of the longest of its callees: calls of one step may run at once.
fn work(reading: &Reading<'_>, operation: OperationId, known: &mut Vec<Option<f64>>) -> f64 {
    if let Some(known) = known[operation.0 as usize] {
        return known;
    }
    let mean = &reading.means[operation.0 as usize];
    let calls = mean.calls.iter().filter(|(_, times)| *times >= 1.0);
    let below = calls.map(|(site, _)| work(reading, reading.world.call_sites[*site as usize].operation, known));
    let whole = mean.work + below.fold(0.0, f64::max);
    known[operation.0 as usize] = Some(whole);
    whole
}

/// A limit below the round trip, below what the answer takes, or below the first call on a new connection.
fn too_short(
    reading: &Reading<'_>,
    called: &Called<'_>,
    key: &str,
    limit: Option<Duration>,
    at: Option<Span>,
    told: &mut Told,
) -> bool {
    let (Some(limit), Some(at)) = (limit, at) else { return false };
    let mut worst: Option<(Duration, Duration, PathId, u8)> = None;
    for (place, set) in reading.views(called) {
        for host in set.hosts.iter() {
            for (endpoint, path) in replicas(host) {
                let takes = warm(reading, path);
                if worst.is_none_or(|(most, ..)| takes > most) {
                    let cold = takes + opening(reading, called, place, endpoint, path);
                    worst = Some((takes, cold, path, host.priority));
                }
            }
        }
    }
    let Some((takes, cold, path, priority)) = worst else { return false };
    let way = &reading.world.paths[path];
    let ends = format!("{} to {}", reading.world.places[way.from].name, reading.world.places[way.to].name);
    let answer = answers(reading, called);
    let ms = |span: Duration| significant(span.millis(), 3);
    let when = if priority > 0 { " once calls have failed over" } else { "" };
    let after = if takes >= limit {
        format!(" is below the round trip of {} ms from {ends}: no call there can succeed{when}", ms(takes))
    } else if takes + answer >= limit {
        format!(
            " is below the {} ms that a call from {ends} takes in the mean, work included: most of them end in it{when}",
            ms(takes + answer)
        )
    } else if cold > limit {
        format!(
            " is below the {} ms of the first call on a new connection from {ends} ({} round trips first): each new connection begins with a failure{when}",
            ms(cold),
            way.handshake
        )
    } else {
        return false;
    };
    let needed = if takes >= limit { takes + answer } else { cold.max(takes + answer) };
    let istio = if key == "timeout" { "timeout" } else { "retries.perTryTimeout" };
    let say = Say {
        code: "EW393",
        before: format!("`{key}: {limit}` on "),
        after,
        at,
        help: format!(
            "write more than {} ms (Istio: `{istio}` in the VirtualService), or keep its calls nearer",
            ms(needed)
        ),
    };
    told.say(&called.edge.name, say);
    true
}

/// A connection that cannot be up in time never is.
fn handshakes(reading: &Reading<'_>, called: &Called<'_>, told: &mut Told) {
    let limit = called.rules.policy.connect_timeout;
    let paths = reading.views(called).into_iter().flat_map(|(_, set)| set.hosts.iter().flat_map(replicas));
    let takes =
        |path: PathId| reading.world.greeting(path).saturating_mul(u64::from(reading.world.paths[path].handshake));
    let Some((most, path)) = paths.map(|(_, path)| (takes(path), path)).max() else { return };
    if most < limit {
        return;
    }
    let way = &reading.world.paths[path];
    let say = Say {
        code: "EW393",
        before: format!("`connect-timeout: {limit}` on "),
        after: format!(
            " is below the {} ms of the handshakes from {} to {}: no connection there is ever up",
            significant(most.millis(), 3),
            reading.world.places[way.from].name,
            reading.world.places[way.to].name
        ),
        at: Span::NONE,
        help: "write more under `pool: {connect-timeout: ..}` (Istio: `connectionPool.tcp.connectTimeout`)".to_owned(),
    };
    told.say(&called.edge.name, say);
}

/// `per-try` times the tries against `timeout`.
fn tries(reading: &Reading<'_>, called: &Called<'_>, told: &mut Told) {
    let policy = &called.rules.policy;
    let (Some(timeout), Some(per_try)) = (policy.timeout, policy.per_try) else { return };
    let Some(at) = reading.written(called, |patch| patch.per_try.map(|said| said.span)) else { return };
    let all = policy.retries + 1;
    let again = policy.retries > 0 && !policy.hedge && retriable(policy.retry_on, Failure::Timeout);
    let begin = timeout.nanos().div_ceil(per_try.nanos()).min(u64::from(all));
    let after = if per_try >= timeout {
        // In one entry the decoder says so.
        if per_try > timeout {
            return;
        }
        " never strikes: Envoy ignores it from the timeout on".to_owned()
    } else if again && per_try.saturating_mul(u64::from(all)) > timeout {
        let last = timeout - per_try.saturating_mul(begin - 1);
        let begins = match (begin < u64::from(all), last < per_try) {
            (false, _) => format!("the last of them has only {last}"),
            (true, true) => format!("only {begin} of them begin, the last with {last}"),
            (true, false) => format!("only {begin} of them begin"),
        };
        format!(
            " does not fit into `timeout: {timeout}`: {all} tries take {}, and {begins}",
            per_try.saturating_mul(u64::from(all))
        )
    } else {
        return;
    };
    let say = Say {
        code: "EW394",
        before: format!("`per-try: {per_try}` on "),
        after,
        at,
        help: format!(
            "write a `timeout` above {}, or a shorter `per-try` (Istio: `timeout` and `retries.perTryTimeout` in the VirtualService)",
            per_try.saturating_mul(u64::from(all))
        ),
    };
    told.say(&called.edge.name, say);
}
