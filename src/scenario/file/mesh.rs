//! The mesh: proxies and the policies of their edges, in Envoy's and Istio's words.

use super::Rule;
use crate::policy::setting::{self, Effective, Layer, Origin, TrafficDistribution};
use crate::policy::{
    Balance, Budget, FaultFilter, HashOn, Keepalive, Outlier, Policy, Pool, Protocol, RateLimit, RetryOn, SlowStart,
    defaults, version,
};
use crate::scenario::span::{Span, Spanned};
use crate::units::{Bytes, Duration, Ratio};
use indexmap::IndexMap;

/// `mesh:`.
#[derive(Clone, Debug)]
pub struct Mesh {
    /// Istio's release, `(1, 24)`: it decides what changed between releases.
    pub version: Spanned<(u32, u32)>,
    /// Whose mesh.
    pub distribution: Distribution,
    /// Are there proxies?
    pub dataplane: Dataplane,
    /// Workers of each sidecar.
    pub concurrency: Spanned<u32>,
    /// What a proxy costs per call.
    pub proxy: ProxyCost,
    /// Proxies on nodes, and those that read requests, of an ambient mesh.
    pub ambient: super::Ambient,
    /// TLS between proxies.
    pub tls: Tls,
    /// New connections resume an old session (a pre-shared key): less CPU, no certificates, the same round trips.
    pub tls_resumes: bool,
    /// The mesh-wide `localityLbSetting`.
    pub locality: Locality,
    /// Hosts that are kept in their cluster, or not: host name or wildcard, as Istio writes them.
    pub retain: Vec<(String, bool)>,
    /// Who tells proxies of endpoints; none: nobody, so that they always see all.
    pub control_plane: Option<super::ControlPlane>,
    /// Policies by selector, [`Selector::key`]; more specific wins, key by key.
    pub traffic: IndexMap<String, Traffic>,
    /// Rules by called service, each in the order in which they are looked at.
    pub rules: IndexMap<String, IndexMap<String, Rule>>,
    /// Lanes, whose rules stand among the others.
    pub lanes: Option<super::Lanes>,
}

/// Whose mesh it is, which decides what it makes of addresses that overlap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Distribution {
    /// Istio: a network for each range.
    Istio,
    /// Alibaba Cloud Service Mesh: no two clusters with conflicting ranges.
    Asm,
}

/// Proxies beside the replicas.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dataplane {
    /// One beside each replica.
    Sidecar,
    /// One on each node, which sees connections only, and waypoints, which see requests.
    Ambient,
    /// None: clients still choose hosts, at no cost, and speak plain TCP.
    None,
}

/// What a proxy costs, per call that it sends or receives, request and response together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProxyCost {
    /// CPU on its workers; where it is not said, the book's, with its range.
    pub cpu: Spanned<Duration>,
    /// Fixed delay; likewise.
    pub delay: Spanned<Duration>,
}

/// Version of TLS between proxies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// One round trip more than TCP.
    V1_3,
    /// Two round trips more.
    V1_2,
    /// TLS 1.3 with early data: none more, the request goes with the hello. No mesh does it.
    ZeroRtt,
    /// No encryption.
    None,
}

/// An entry of `traffic:`.
#[derive(Clone, Debug)]
pub struct Traffic {
    /// Where its selector is written.
    pub span: Span,
    /// Which edges.
    pub selector: Selector,
    /// What it says.
    pub policy: TrafficPatch,
}

/// Which edges a policy is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selector {
    /// `"*"`.
    All,
    /// `orders`: every call to this service.
    To(String),
    /// `web -> orders`: calls of this service (or stream) to that service.
    Edge(String, String),
}

impl Selector {
    /// The one spelling under which it stands in [`Mesh::traffic`].
    pub fn key(&self) -> String {
        match self {
            Selector::All => "*".to_owned(),
            Selector::To(to) => to.clone(),
            Selector::Edge(from, to) => format!("{from} -> {to}"),
        }
    }
}

/// What one entry of `traffic:` says; none: nothing. An inner none is a written `none`.
#[derive(Clone, Default, Debug)]
pub struct TrafficPatch {
    /// `balance`.
    pub balance: Option<Balance>,
    /// `hash`.
    pub hash: Option<Option<HashOn>>,
    /// `warmup`.
    pub warmup: Option<Option<SlowStart>>,
    /// `overprovisioning`, in percent.
    pub overprovisioning: Option<u32>,
    /// `timeout`.
    pub timeout: Option<Spanned<Option<Duration>>>,
    /// `per-try`.
    pub per_try: Option<Spanned<Option<Duration>>>,
    /// `retries`.
    pub retries: Option<Spanned<u32>>,
    /// `retry-on`.
    pub retry_on: Option<RetryOn>,
    /// `backoff`: the base, and the longest window.
    pub backoff: Option<(Duration, Option<Duration>)>,
    /// `retry-budget`.
    pub retry_budget: Option<Option<Budget>>,
    /// `hedge`.
    pub hedge: Option<bool>,
    /// `previous-priorities`.
    pub previous_priorities: Option<Option<u32>>,
    /// `fault`.
    pub fault: Option<Option<FaultFilter>>,
    /// `rate-limit`.
    pub rate_limit: Option<Spanned<Option<RateLimit>>>,
    /// `outlier.min-health`, in percent.
    pub min_health: Option<u32>,
    /// `outlier`.
    pub outlier: Option<Spanned<Option<Outlier>>>,
    /// `panic`: healthy panic threshold in percent.
    pub panic_threshold: Option<u32>,
    /// `locality`.
    pub locality: Option<Spanned<Locality>>,
    /// `pool.connect-timeout`.
    pub connect_timeout: Option<Duration>,
    /// `pool.http2-ping`: interval and timeout.
    pub http2_ping: Option<Option<(Duration, Duration)>>,
    /// `pool.max-connection-age`.
    pub max_connection_age: Option<Option<Duration>>,
    /// Receive window.
    pub receive_window: Option<Bytes>,
    /// The rest of `pool`.
    pub pool: PoolPatch,
}

/// What one entry of `traffic:` says of its pool; none: nothing.
#[derive(Clone, Copy, Default, Debug)]
pub struct PoolPatch {
    /// `protocol`.
    pub protocol: Option<Protocol>,
    /// `max-connections`.
    pub max_connections: Option<u32>,
    /// `max-streams`.
    pub max_streams: Option<u32>,
    /// `max-requests-per-connection`.
    pub max_requests_per_connection: Option<u32>,
    /// `max-pending`.
    pub max_pending: Option<u32>,
    /// `max-requests`.
    pub max_requests: Option<u32>,
    /// `max-retries`.
    pub max_retries: Option<u32>,
    /// `idle-timeout`.
    pub idle_timeout: Option<Option<Duration>>,
    /// `tcp-keepalive`.
    pub keepalive: Option<Option<Keepalive>>,
}

/// Istio's `localityLbSetting`.
#[derive(Clone, PartialEq, Debug)]
pub struct Locality {
    /// False: one flat list, endpoints count alike wherever they stand.
    pub enabled: bool,
    /// When hosts of a region fail, this region is next: (from, to), in order.
    pub failover: Vec<(Spanned<String>, Spanned<String>)>,
    /// Labels by which hosts are ordered (`failoverPriority`), in full: `topology.istio.io/network`, `key=value`.
    pub failover_priority: Vec<Spanned<String>>,
    /// Whole percents by where callers are and where they go (`distribute`), each `region`, `region/zone` or with a `*` at
    /// the end. Callers whom no entry names see one flat list.
    pub distribute: IndexMap<String, Vec<(Spanned<String>, Ratio)>>,
    /// `zone-aware`, which replaces the order.
    pub zone_aware: Option<ZoneRule>,
}

/// `zone-aware` (Istio `zoneAwareLbSetting`).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ZoneRule {
    /// Else all hosts are one flat list.
    pub enabled: bool,
    /// With fewer healthy hosts in the first priority zones are not looked at.
    pub min_cluster_size: u32,
    /// Of requests.
    pub share: Ratio,
    /// All to the own zone where it has so many healthy hosts.
    pub force_local: Option<u32>,
}

impl ZoneRule {
    /// Enabled or not, and nothing more said.
    pub fn of(enabled: bool) -> Self {
        let min_cluster_size = defaults::ZONE_AWARE_MIN_CLUSTER_SIZE;
        ZoneRule { enabled, min_cluster_size, share: Ratio::ONE, force_local: None }
    }
}

impl Default for Locality {
    /// Istio's mesh-wide default: enabled, with nothing said of regions.
    fn default() -> Self {
        Locality {
            enabled: true,
            failover: Vec::new(),
            failover_priority: Vec::new(),
            distribute: IndexMap::new(),
            zone_aware: None,
        }
    }
}

/// Entries of `traffic:` for an edge, the most specific first: of the caller and the subset, of the caller, of the subset,
/// of the service, of all.
type Found<'a> = [Option<&'a TrafficPatch>; 5];

/// What is left where a subset says something of a group: nothing of its service's or edge's (Istio merges the policy of
/// a subset over that of its DestinationRule field by field, each as a whole: istio/istio 86c9f01
/// `pilot/pkg/networking/core/cluster_traffic_policy.go`).
fn replaced<'a>(found: Found<'a>, says: impl Fn(&TrafficPatch) -> bool) -> Found<'a> {
    let [edge_subset, _, service_subset, _, all] = found;
    let said = [edge_subset, service_subset].into_iter().flatten().any(says);
    if said { [edge_subset, None, service_subset, None, all] } else { found }
}

impl TrafficPatch {
    /// Istio's `connectionPool`.
    fn says_pool(&self) -> bool {
        let PoolPatch { protocol, max_connections, max_streams, max_requests_per_connection, .. } = self.pool;
        let PoolPatch { max_pending, max_requests, max_retries, idle_timeout, keepalive, .. } = self.pool;
        let counts =
            [max_connections, max_streams, max_requests_per_connection, max_pending, max_requests, max_retries];
        let times = self.connect_timeout.is_some() || self.http2_ping.is_some() || self.max_connection_age.is_some();
        let others = protocol.is_some() || idle_timeout.is_some() || keepalive.is_some();
        counts.iter().any(Option::is_some) || times || others || self.receive_window.is_some()
    }

    /// Istio's `outlierDetection`.
    fn says_outlier(&self) -> bool {
        self.outlier.is_some() || self.min_health.is_some() || self.panic_threshold.is_some()
    }

    /// Istio's `loadBalancer`.
    fn says_balancer(&self) -> bool {
        self.balance.is_some() || self.hash.is_some() || self.warmup.is_some() || self.locality.is_some()
    }
}

/// All that holds for one edge: the most specific value of each key, else Istio's default.
#[derive(Clone, Debug)]
pub struct EdgePolicy {
    /// In the machine's terms.
    pub policy: Policy,
    /// The locality setting that holds: it orders hosts only where there is outlier detection, shares, or a service's wish.
    pub locality: Locality,
    /// Whose setting that is.
    pub effective: Effective,
    /// A host is chosen for each connection, not for each request.
    pub by_connection: bool,
}

impl EdgePolicy {
    /// The zone-aware routing that holds.
    pub fn zones(&self) -> Option<ZoneRule> {
        self.locality.zone_aware.filter(|_| matches!(self.effective, Effective::ZoneAware(_)) && !self.by_connection)
    }

    /// Are hosts ordered by priority? With shares they never are.
    pub fn orders(&self) -> bool {
        let failover = self.policy.outlier.is_some() || self.effective.forces_failover();
        self.locality.enabled && self.locality.distribute.is_empty() && failover
    }
}

impl Mesh {
    /// The entries of `traffic:` for the edge `from -> to`, the most specific first, with their places in the list.
    pub fn entries(&self, from: &str, to: &str) -> [Option<(usize, &Traffic)>; 3] {
        let edge = format!("{from} -> {to}");
        let entry = |key: &str| self.traffic.get_full(key).map(|(index, _, traffic)| (index, traffic));
        [edge.as_str(), to, "*"].map(entry)
    }

    /// The same with the entries for a subset among them: the caller's come first, of those the subset's.
    pub fn entries_of(&self, from: &str, to: &str, subset: Option<&str>) -> [Option<(usize, &Traffic)>; 5] {
        let [edge, service, all] = self.entries(from, to);
        let subset = subset.map(|subset| self.entries(from, &format!("{to}:{subset}")));
        let [edge_subset, service_subset, _] = subset.unwrap_or_default();
        [edge_subset, edge, service_subset, service, all]
    }

    /// What the proxies of a service's replicas let in; none: all.
    pub fn rate_limit(&self, service: &str) -> Option<RateLimit> {
        let said = [service, "*"].into_iter().filter_map(|key| self.traffic.get(key));
        said.filter_map(|traffic| traffic.policy.rate_limit).next()?.value
    }

    /// The policy of the edge `from -> to` (`from` is a service or a stream), where the called service wishes nothing.
    pub fn policy(&self, from: &str, to: &str) -> EdgePolicy {
        self.policy_with(from, to, TrafficDistribution::Any)
    }

    /// The same, with what the called service wishes (its `traffic-distribution`).
    pub fn policy_with(&self, from: &str, to: &str, wish: TrafficDistribution) -> EdgePolicy {
        self.policy_of(from, to, None, wish)
    }

    /// The same of a subset of the called service.
    pub fn policy_of(&self, from: &str, to: &str, subset: Option<&str>, wish: TrafficDistribution) -> EdgePolicy {
        let found = self.entries_of(from, to, subset).map(|found| found.map(|(_, traffic)| &traffic.policy));
        if self.ambient.by_connection.contains(from) {
            return self.by_connection(&found, wish);
        }
        let (pools, outliers) = (replaced(found, TrafficPatch::says_pool), replaced(found, TrafficPatch::says_outlier));
        let balancers = replaced(found, TrafficPatch::says_balancer);
        fn first<'a, T>(found: &Found<'a>, key: impl Fn(&'a TrafficPatch) -> Option<T>) -> Option<T> {
            found.iter().flatten().find_map(|patch| key(patch))
        }
        let outlier = first(&outliers, |patch| patch.outlier.map(|outlier| outlier.value)).flatten();
        let outlier = outlier.map(|rule| Outlier { cap: version::ejection_cap(self.version.value), ..rule });
        let istio = defaults::policy(self.version.value);
        // Without a data plane nobody retries unless told.
        let retries = if self.dataplane == Dataplane::None { 0 } else { istio.retries };
        let threshold = match outlier {
            Some(_) => first(&outliers, |patch| patch.outlier.map(|_| patch.min_health))
                .flatten()
                .unwrap_or(defaults::PANIC_THRESHOLD_WITH_OUTLIER),
            None => istio.panic_threshold,
        };
        let backoff = first(&found, |patch| patch.backoff);
        let protocol = first(&pools, |patch| patch.pool.protocol).unwrap_or(istio.pool.protocol);
        // What one entry says of HTTP/2 is nothing to another's HTTP/1.1.
        let ping = first(&pools, |patch| patch.http2_ping).unwrap_or(istio.http2_ping);
        let policy = Policy {
            balance: first(&balancers, |patch| patch.balance).unwrap_or(istio.balance),
            hash: first(&balancers, |patch| patch.hash).unwrap_or(istio.hash),
            warmup: first(&balancers, |patch| patch.warmup).unwrap_or(istio.warmup),
            overprovisioning: first(&found, |patch| patch.overprovisioning).unwrap_or(istio.overprovisioning),
            timeout: first(&found, |patch| patch.timeout.map(|timeout| timeout.value)).unwrap_or(istio.timeout),
            per_try: first(&found, |patch| patch.per_try.map(|timeout| timeout.value)).unwrap_or(istio.per_try),
            retries: first(&found, |patch| patch.retries.map(|retries| retries.value)).unwrap_or(retries),
            retry_on: first(&found, |patch| patch.retry_on).unwrap_or(istio.retry_on),
            backoff: backoff.map_or(istio.backoff, |(base, _)| base),
            max_backoff: backoff.map_or(istio.max_backoff, |(_, max)| max),
            retry_budget: first(&found, |patch| patch.retry_budget).unwrap_or(istio.retry_budget),
            hedge: first(&found, |patch| patch.hedge).unwrap_or(istio.hedge),
            previous_priorities: first(&found, |patch| patch.previous_priorities).unwrap_or(istio.previous_priorities),
            fault: first(&found, |patch| patch.fault).unwrap_or(istio.fault),
            outlier,
            panic_threshold: first(&outliers, |patch| patch.panic_threshold).unwrap_or(threshold),
            connect_timeout: first(&pools, |patch| patch.connect_timeout).unwrap_or(istio.connect_timeout),
            http2_ping: ping.filter(|_| protocol == Protocol::Http2),
            receive_window: first(&pools, |patch| patch.receive_window).or(istio.receive_window),
            max_connection_age: first(&pools, |patch| patch.max_connection_age).unwrap_or(istio.max_connection_age),
            pool: Pool {
                protocol,
                max_connections: first(&pools, |patch| patch.pool.max_connections)
                    .unwrap_or(istio.pool.max_connections),
                max_streams: first(&pools, |patch| patch.pool.max_streams).unwrap_or(istio.pool.max_streams),
                max_requests_per_connection: first(&pools, |patch| patch.pool.max_requests_per_connection)
                    .unwrap_or(istio.pool.max_requests_per_connection),
                max_pending: first(&pools, |patch| patch.pool.max_pending).unwrap_or(istio.pool.max_pending),
                max_requests: first(&pools, |patch| patch.pool.max_requests).unwrap_or(istio.pool.max_requests),
                max_retries: first(&pools, |patch| patch.pool.max_retries).unwrap_or(istio.pool.max_retries),
                idle_timeout: first(&pools, |patch| patch.pool.idle_timeout).unwrap_or(istio.pool.idle_timeout),
                keepalive: first(&pools, |patch| patch.pool.keepalive).unwrap_or(istio.pool.keepalive),
            },
        };
        let rule = first(&balancers, |patch| patch.locality.as_ref()).map(|locality| &locality.value);
        let layer = |said: Option<&Locality>| Layer {
            locality: said.map(|said| said.enabled),
            zone_aware: said.and_then(|said| said.zone_aware).map(|zones| zones.enabled),
        };
        let effective = setting::effective(layer(rule), wish, layer(Some(&self.locality)));
        let locality = match effective {
            Effective::Locality(Origin::Rule) => rule.cloned().unwrap_or_default(),
            Effective::Locality(Origin::Mesh) => self.locality.clone(),
            Effective::ZoneAware(origin) => {
                let said = if origin == Origin::Rule { rule.cloned() } else { Some(self.locality.clone()) };
                Locality { enabled: true, ..said.unwrap_or_default() }
            }
            Effective::SameZone | Effective::SameNode => Locality {
                failover_priority: wish
                    .failover_priority()
                    .iter()
                    .map(|label| Spanned::unsaid((*label).to_owned()))
                    .collect(),
                ..Locality::default()
            },
            _ => Locality { enabled: false, ..Locality::default() },
        };
        EdgePolicy { policy, locality, effective, by_connection: false }
    }
}
