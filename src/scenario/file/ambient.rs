//! An ambient mesh: proxies on nodes, which see connections, and waypoints, which see requests.

use super::mesh::{EdgePolicy, Locality, Mesh, TrafficPatch};
use super::service::Replicas;
use crate::policy::setting::{self, Effective, Layer, TrafficDistribution};
use crate::policy::{Balance, Policy, Pool, Protocol, defaults};
use crate::scenario::span::{Span, Spanned};
use crate::units::Duration;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// What `dataplane: ambient` is made of.
#[derive(Clone, Debug)]
pub struct Ambient {
    /// The proxies on nodes.
    pub ztunnel: Ztunnel,
    /// Proxies that read requests, by name: each is a service too.
    pub waypoints: IndexMap<String, Waypoint>,
    /// Services whose calls leave through a ztunnel alone: all but waypoints.
    pub by_connection: BTreeSet<String>,
}

/// `mesh.ztunnel`.
#[derive(Clone, Copy, Debug)]
pub struct Ztunnel {
    /// CPU per call; where it is not said, the book's, with its range.
    pub cpu: Spanned<Duration>,
    /// Fixed delay per call; likewise.
    pub delay: Spanned<Duration>,
    /// Workers.
    pub workers: u32,
    /// Replicas to a node.
    pub pods: u32,
}

/// `mesh.waypoints.NAME`.
#[derive(Clone, Debug)]
pub struct Waypoint {
    /// Where its name is written.
    pub span: Span,
    /// Before whom: `name`, `ns/*`, `*`.
    pub serves: Vec<Spanned<String>>,
    /// Where it runs.
    pub replicas: Vec<Replicas>,
    /// Workers of each replica.
    pub workers: u32,
    /// CPU per call, both sides together; where it is not said, the book's, with its range.
    pub cpu: Spanned<Duration>,
    /// Fixed delay per call; likewise.
    pub delay: Spanned<Duration>,
    /// Which of its replicas callers rather go to.
    pub traffic_distribution: TrafficDistribution,
}

impl Default for Ambient {
    fn default() -> Self {
        let (cpu, delay) = (Duration::from_micros(60), Duration::from_micros(100));
        let (cpu, delay) = (Spanned::unsaid(cpu), Spanned::unsaid(delay));
        Ambient {
            ztunnel: Ztunnel { cpu, delay, workers: 2, pods: 10 },
            waypoints: IndexMap::new(),
            by_connection: BTreeSet::new(),
        }
    }
}

impl Waypoint {
    /// How closely it names a service: 2 by name, 1 by namespace, 0 as one of all; none: it does not.
    pub fn names(&self, service: &str) -> Option<u32> {
        let namespace = service.split_once('/').map_or("default", |(namespace, _)| namespace);
        let close = |pattern: &Spanned<String>| match pattern.value.as_str() {
            name if name == service => Some(2),
            "*" => Some(0),
            other => other.strip_suffix("/*").is_some_and(|named| named == namespace).then_some(1),
        };
        self.serves.iter().filter_map(close).max()
    }
}

impl Mesh {
    /// What holds for a call that leaves through a ztunnel: where its connection goes, evenly, by what the called service
    /// wishes; the rest of its policy is the application's own pool. Nothing is tried again.
    pub(super) fn by_connection(&self, found: &[Option<&TrafficPatch>], wish: TrafficDistribution) -> EdgePolicy {
        fn first<'a, T>(found: &[Option<&'a TrafficPatch>], key: impl Fn(&'a TrafficPatch) -> Option<T>) -> Option<T> {
            found.iter().flatten().find_map(|patch| key(patch))
        }
        let istio = defaults::policy(self.version.value);
        let protocol = first(found, |patch| patch.pool.protocol).unwrap_or(Protocol::Http1);
        let ping = first(found, |patch| patch.http2_ping).unwrap_or(istio.http2_ping);
        let policy = Policy {
            balance: Balance::Random,
            retries: 0,
            panic_threshold: 0,
            connect_timeout: first(found, |patch| patch.connect_timeout).unwrap_or(istio.connect_timeout),
            http2_ping: ping.filter(|_| protocol == Protocol::Http2),
            receive_window: first(found, |patch| patch.receive_window).or(istio.receive_window),
            max_connection_age: first(found, |patch| patch.max_connection_age).unwrap_or(istio.max_connection_age),
            pool: Pool {
                protocol,
                max_streams: first(found, |patch| patch.pool.max_streams).unwrap_or(istio.pool.max_streams),
                max_requests_per_connection: first(found, |patch| patch.pool.max_requests_per_connection)
                    .unwrap_or(istio.pool.max_requests_per_connection),
                idle_timeout: first(found, |patch| patch.pool.idle_timeout).unwrap_or(istio.pool.idle_timeout),
                keepalive: first(found, |patch| patch.pool.keepalive).unwrap_or(istio.pool.keepalive),
                ..istio.pool
            },
            ..istio
        };
        let nothing = Layer { locality: None, zone_aware: None };
        let effective = setting::effective(nothing, wish, nothing);
        let labels = match effective {
            Effective::SameZone | Effective::SameNode => wish.failover_priority(),
            _ => &[],
        };
        let labels = labels.iter().map(|label| Spanned::unsaid((*label).to_owned())).collect();
        let locality =
            Locality { enabled: effective.forces_failover(), failover_priority: labels, ..Locality::default() };
        EdgePolicy { policy, locality, effective, by_connection: true }
    }
}

impl TrafficPatch {
    /// Words that somebody must read requests to obey, and that are said here.
    pub fn of_requests(&self) -> Vec<&'static str> {
        let said = [
            ("balance", self.balance.is_some()),
            ("hash", self.hash.is_some_and(|hash| hash.is_some())),
            ("warmup", self.warmup.is_some()),
            ("overprovisioning", self.overprovisioning.is_some()),
            ("timeout", self.timeout.is_some()),
            ("per-try", self.per_try.is_some()),
            ("retries", self.retries.is_some()),
            ("retry-on", self.retry_on.is_some()),
            ("backoff", self.backoff.is_some()),
            ("retry-budget", self.retry_budget.is_some()),
            ("hedge", self.hedge.is_some()),
            ("previous-priorities", self.previous_priorities.is_some()),
            ("fault", self.fault.is_some()),
            ("rate-limit", self.rate_limit.is_some()),
            ("outlier", self.outlier.is_some()),
            ("panic", self.panic_threshold.is_some()),
            ("locality", self.locality.is_some()),
            ("pool.max-connections", self.pool.max_connections.is_some()),
            ("pool.max-pending", self.pool.max_pending.is_some()),
            ("pool.max-requests", self.pool.max_requests.is_some()),
            ("pool.max-retries", self.pool.max_retries.is_some()),
        ];
        said.into_iter().filter(|(_, said)| *said).map(|(word, _)| word).collect()
    }
}
