//! The policy of an edge with the origin of each value, and what it implies for the hosts that its clients see.

use crate::policy::outlier::may_eject;
use crate::policy::pool::{Keepalive, UNLIMITED};
use crate::policy::priority::{self, LEVELS, PriorityLoad};
use crate::policy::retry::retriable;
use crate::policy::{Balance, HashOn, Outlier, Policy, Pool, Protocol, SlowStart, defaults, version};
use crate::record::{ClientView, Failure, PolicySetting};
use crate::units::Duration;

/// The policy key by key. A value that is the default is told as such, whoever wrote it.
pub(super) fn settings(policy: &Policy) -> Vec<PolicySetting> {
    let default = defaults::policy(defaults::ISTIO_VERSION);
    let older = defaults::policy((1, 23));
    let span = |span: Option<Duration>| span.map_or_else(|| "none".to_owned(), |span| span.to_string());
    let retry_on = |policy: &Policy| policy.retry_on.words().join(", ");
    let panic =
        if policy.outlier.is_some() { defaults::PANIC_THRESHOLD_WITH_OUTLIER } else { defaults::PANIC_THRESHOLD };
    let mut settings = vec![setting("balance", balance(policy.balance), policy.balance == default.balance)];
    settings.extend(balance_settings(policy));
    settings.extend([
        setting("timeout", span(policy.timeout), policy.timeout.is_none()),
        setting("per-try", span(policy.per_try), policy.per_try.is_none()),
        setting("retries", policy.retries.to_string(), policy.retries == default.retries),
    ]);
    if policy.retries > 0 {
        let said = policy.retry_on == default.retry_on || policy.retry_on == older.retry_on;
        settings.push(setting("retry-on", retry_on(policy), said));
        settings.push(setting("backoff", policy.backoff.to_string(), policy.backoff == default.backoff));
    }
    match &policy.outlier {
        None => settings.push(setting("outlier", "none".to_owned(), true)),
        Some(outlier) => settings.extend(outlier_settings(outlier)),
    }
    settings.push(setting("panic threshold", format!("{}%", policy.panic_threshold), policy.panic_threshold == panic));
    let connect = policy.connect_timeout;
    settings.push(setting("connect timeout", connect.to_string(), connect == default.connect_timeout));
    settings.extend(pool_settings(&policy.pool));
    let ping =
        policy.http2_ping.map_or_else(|| "none".to_owned(), |(every, wait)| format!("every {every}, waits {wait}"));
    if policy.pool.protocol == Protocol::Http2 {
        settings.push(setting("pool.http2-ping", ping, policy.http2_ping.is_none()));
    }
    if let Some(window) = policy.receive_window {
        settings.push(setting("pool.receive-window", format!("{} bytes", window.0), false));
    }
    if let Some(age) = policy.max_connection_age {
        settings.push(setting("pool.max-connection-age", age.to_string(), false));
    }
    settings
}

/// What is spoken, and the limits that are set.
fn pool_settings(pool: &Pool) -> Vec<PolicySetting> {
    let default = Pool::default();
    let protocol = match pool.protocol {
        Protocol::Http2 => "http2",
        Protocol::Http1 => "http1",
    };
    let mut settings = vec![setting("pool.protocol", protocol.to_owned(), pool.protocol == default.protocol)];
    let limits = [
        ("pool.max-connections", pool.max_connections),
        ("pool.max-streams", pool.max_streams),
        ("pool.max-requests-per-connection", pool.max_requests_per_connection),
        ("pool.max-pending", pool.max_pending),
        ("pool.max-requests", pool.max_requests),
        ("pool.max-retries", pool.max_retries),
    ];
    let set = limits.into_iter().filter(|&(_, limit)| limit != UNLIMITED);
    // The limit of streams is Envoy's own in some releases.
    let envoys = |key: &str, limit: u32| key == "pool.max-streams" && limit == version::HTTP2_STREAMS;
    settings.extend(set.map(|(key, limit)| setting(key, limit.to_string(), envoys(key, limit))));
    if pool.idle_timeout != default.idle_timeout {
        let idle = pool.idle_timeout.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        settings.push(setting("pool.idle-timeout", idle, false));
    }
    if let Some(Keepalive { time, interval, probes }) = pool.keepalive {
        let every = format!("after {time}, {probes} probes every {interval}");
        settings.push(setting("pool.tcp-keepalive", every, false));
    }
    settings
}

fn outlier_settings(outlier: &Outlier) -> Vec<PolicySetting> {
    let default = &defaults::OUTLIER;
    let mut settings = vec![setting(
        "outlier.consecutive-5xx",
        outlier.consecutive_5xx.to_string(),
        outlier.consecutive_5xx == default.consecutive_5xx,
    )];
    if let Some(gateway) = outlier.consecutive_gateway {
        settings.push(setting("outlier.consecutive-gateway", gateway.to_string(), false));
    }
    settings.push(setting("outlier.interval", outlier.interval.to_string(), outlier.interval == default.interval));
    settings.push(setting("outlier.eject", outlier.eject.to_string(), outlier.eject == default.eject));
    let most = outlier.max_ejection_percent;
    settings.push(setting("outlier.max-ejection", format!("{most}%"), most == default.max_ejection_percent));
    settings
}

fn setting(key: &str, value: String, is_default: bool) -> PolicySetting {
    let row = defaults::TABLE.iter().find(|row| row.key == key).filter(|_| is_default);
    PolicySetting {
        key: key.to_owned(),
        value,
        origin: row.map_or_else(|| "scenario".to_owned(), |row| format!("{}'s default", row.whose)),
        source: row.map_or_else(String::new, |row| row.source.to_owned()),
    }
}

fn balance(balance: Balance) -> String {
    let bound =
        |bound: Option<u32>| bound.map_or_else(String::new, |percent| format!(", at most {percent}% of a share"));
    match balance {
        Balance::LEAST_REQUEST => "least-request".to_owned(),
        Balance::LeastRequest(rule) if rule.full_scan => "least-request, full scan".to_owned(),
        Balance::LeastRequest(rule) => {
            let distinct = if rule.distinct { "distinct " } else { "" };
            format!("least-request, {} {distinct}choices, bias {}", rule.choices, rule.bias)
        }
        Balance::RoundRobin => "round-robin".to_owned(),
        Balance::Random => "random".to_owned(),
        Balance::WeightedRandom => "weighted-random".to_owned(),
        Balance::RingHash(rule) => format!("ring-hash of {} places or more{}", rule.min_size, bound(rule.bound)),
        Balance::Maglev(rule) => format!("maglev of {} entries{}", rule.table_size, bound(rule.bound)),
    }
}

/// What is hashed, how new hosts begin, how much healthy hosts count: where it is said.
fn balance_settings(policy: &Policy) -> Vec<PolicySetting> {
    let mut settings = Vec::new();
    if policy.balance.hashes() {
        let hash = match policy.hash {
            None => "none: by chance".to_owned(),
            Some(HashOn::SourceIp { .. }) => "source-ip".to_owned(),
            Some(HashOn::Value { values: None, .. }) => "what the request carries".to_owned(),
            Some(HashOn::Value { values: Some(values), .. }) => format!("one of {values} values"),
        };
        settings.push(setting("hash", hash, false));
    }
    if let Some(SlowStart { window, min, aggression }) = policy.warmup {
        let text = format!("{window} from {}% of the weight up, aggression {aggression}", min * 100.0);
        settings.push(setting("warmup", text, false));
    }
    if policy.overprovisioning != defaults::OVERPROVISIONING_PERCENT {
        settings.push(setting("overprovisioning", format!("{}%", policy.overprovisioning), false));
    }
    settings
}

/// What follows from the policy and the hosts, one sentence each, the gravest first.
pub(super) fn implications(policy: &Policy, clients: &[ClientView]) -> Vec<String> {
    let mut implied = vec![silence(policy)];
    implied.extend(order(policy, clients));
    implied.extend(policy.outlier.as_ref().into_iter().flat_map(|outlier| cap(policy, outlier, clients)));
    implied.extend(gateways(clients));
    implied.extend(retries(policy));
    implied.extend(too_short(policy, clients));
    implied
}

/// What a call does whose server has fallen silent.
fn silence(policy: &Policy) -> String {
    let give_up = defaults::TCP_GIVE_UP;
    let ends = policy.timeout.or(policy.per_try);
    // A request that is given up takes its HTTP/1.1 connection with it.
    if let (Some(limit), Protocol::Http1) = (ends, policy.pool.protocol) {
        return format!(
            "a call whose server falls silent ends after {limit}, and its HTTP/1.1 connection is closed with it; the next call opens another"
        );
    }
    match (ends, policy.http2_ping) {
        (None, None) => {
            let deaf = match policy.outlier {
                Some(_) => "; outlier detection hears nothing of it, for a call that hangs has not failed",
                None => "",
            };
            format!("no timeout: a call whose server falls silent hangs until TCP gives up after {give_up}{deaf}")
        }
        (None, Some((every, wait))) => {
            let within = every + wait;
            format!(
                "no timeout: a call whose server falls silent hangs until the HTTP/2 ping closes its connection, up to {within}"
            )
        }
        (Some(limit), ping) => {
            let closes = match (ping, policy.outlier) {
                (Some((every, wait)), _) => format!("the HTTP/2 ping closes it, up to {} later", every + wait),
                (None, Some(outlier)) => format!(
                    "its host is ejected, after {} failures in a row where ejection is allowed, or TCP gives up after {give_up}",
                    outlier.consecutive_5xx
                ),
                (None, None) => format!("TCP gives up after {give_up}, for nothing ejects its host"),
            };
            format!(
                "a call whose server falls silent ends after {limit}, but its HTTP/2 connection stays in use until {closes}"
            )
        }
    }
}

fn percent(share: f64) -> String {
    format!("{} %", crate::units::significant(share * 100.0, 3))
}

/// Whether nearness counts, and what crosses where it does not.
fn order(policy: &Policy, clients: &[ClientView]) -> Option<String> {
    let flat: Vec<&ClientView> =
        clients.iter().filter(|view| view.groups.iter().all(|group| group.priority == 0)).collect();
    let why = match policy.outlier {
        None => "without outlier detection Istio keeps no locality order",
        Some(_) => "no locality order is set",
    };
    // Where no host is near, there is no order to keep.
    let most = |share: fn(&ClientView) -> f64| {
        let away = flat.iter().filter(|view| share(view) > 1e-9 && share(view) < 1.0 - 1e-9);
        away.max_by(|a, b| share(a).total_cmp(&share(b)))
    };
    let (view, share, border) = match (most(|view| view.crosses_region), most(|view| view.crosses_zone)) {
        (Some(view), _) => (view, view.crosses_region, "region"),
        (None, Some(view)) => (view, view.crosses_zone, "zone"),
        (None, None) => return None,
    };
    let (share, place) = (percent(share), &view.place);
    Some(if is_flat(view) {
        format!("{why}: hosts are one flat list, and {share} of the calls from {place} go to another {border}")
    } else {
        format!("calls are divided by weight: {share} of those from {place} go to another {border}, near hosts or not")
    })
}

/// Is each replica as likely as any other? Under `distribute` it is not.
fn is_flat(view: &ClientView) -> bool {
    let each = view.groups.iter().map(|group| group.share / f64::from(group.replicas.max(1)));
    let (least, most) = each.fold((1.0, 0.0), |(least, most): (f64, f64), each| (least.min(each), most.max(each)));
    // Envoy's weights are whole numbers, so that shares are so only to some digits.
    most - least < 1e-4
}

/// How many hosts may be ejected, and what that leaves of a failover.
fn cap(policy: &Policy, outlier: &Outlier, clients: &[ClientView]) -> Vec<String> {
    let most = outlier.max_ejection_percent;
    let mut said: Vec<String> = Vec::new();
    for view in clients {
        let mut hosts = [0_u32; LEVELS];
        view.groups.iter().for_each(|group| hosts[(group.priority as usize).min(LEVELS - 1)] += group.hosts);
        let all: u32 = hosts.iter().sum();
        let levels = hosts.iter().rposition(|&count| count > 0).map_or(1, |last| last + 1);
        let allowed = (0..all).take_while(|&out| may_eject(out, all, outlier)).count() as u32;
        let sentence = if allowed == 0 {
            format!(
                "max-ejection {most} % of {all} hosts is less than one: no host is ever ejected, and nothing fails over"
            )
        } else if allowed < hosts[0] && levels > 1 {
            let mut healthy = hosts;
            healthy[0] -= allowed;
            let mut load = PriorityLoad::default();
            priority::loads(&healthy[..levels], &hosts[..levels], policy.panic_threshold, &mut load);
            format!(
                "max-ejection {most} % of {all} hosts allows {allowed}: if all {} nearest hosts of {} die, they still get {} % of its calls",
                hosts[0],
                view.place,
                load.healthy(0)
            )
        } else {
            continue;
        };
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    said
}

/// Gateways that stand for several replicas.
fn gateways(clients: &[ClientView]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for group in clients.iter().flat_map(|view| &view.groups).filter(|group| group.at.starts_with("gateway ")) {
        let (hosts, each) = if group.hosts == 1 { ("host", "it") } else { ("hosts", "each") };
        let sentence = format!(
            "{} is {} {hosts} to its clients: {each} picks one of {} replicas per connection, and an ejection takes all of them",
            group.at, group.hosts, group.replicas
        );
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }
    said
}

/// Failures that the retries do not cover.
fn retries(policy: &Policy) -> Vec<String> {
    let mut said = Vec::new();
    if policy.retries == 0 {
        return said;
    }
    let misses = |failure| !retriable(policy.retry_on, failure);
    if misses(Failure::Overflow) && misses(Failure::Error) {
        said.push("a 500 or 503 that the server sends is not retried".to_owned());
    } else if misses(Failure::Overflow) {
        said.push("a 503 that the server sends is not retried".to_owned());
    }
    if misses(Failure::Reset) {
        said.push(
            "a connection that breaks under a request is not retried (it needs 5xx, gateway-error or reset)".to_owned(),
        );
    }
    match (policy.per_try, policy.timeout) {
        (Some(per_try), Some(timeout)) if per_try >= timeout => {
            said.push(format!("per-try {per_try} is not below the timeout {timeout}: Envoy ignores it"));
        }
        (Some(per_try), _) if misses(Failure::Timeout) => {
            said.push(format!("a try that ends after {per_try} is not retried (it needs 5xx, gateway-error or reset)"));
        }
        _ => {}
    }
    said
}

/// Limits that the way itself outlasts.
fn too_short(policy: &Policy, clients: &[ClientView]) -> Vec<String> {
    let mut said = Vec::new();
    let calls: Vec<_> = clients.iter().flat_map(|view| &view.calls).collect();
    let slowest = |time: fn(&crate::record::CallSketch) -> f64| {
        calls.iter().copied().max_by(|a, b| time(a).total_cmp(&time(b))).map(|call| (call, time(call)))
    };
    for (key, limit) in [("timeout", policy.timeout), ("per-try", policy.per_try)] {
        let Some(limit) = limit else { continue };
        if let Some((call, warm)) = slowest(|call| call.warm_ms).filter(|(_, warm)| *warm > limit.millis()) {
            let warm = crate::units::significant(warm, 4);
            said.push(format!(
                "{key} {limit} is below the {warm} ms to {} and back from {}: no call there can succeed",
                call.to, call.from
            ));
        } else if let Some((call, cold)) = slowest(|call| call.cold_ms).filter(|(_, cold)| *cold > limit.millis()) {
            let cold = crate::units::significant(cold, 4);
            said.push(format!(
                "{key} {limit} is below the {cold} ms of the first call on a new connection from {} to {}: each new connection begins with a failure",
                call.from, call.to
            ));
        }
    }
    said
}
