//! Connection pools and circuit breakers, in Envoy's words; Istio's defaults.
//!
//! Sources: Envoy `source/common/conn_pool/conn_pool_base.cc`, `source/common/http/conn_pool_base.cc`,
//! `api/envoy/config/cluster/v3/circuit_breaker.proto`; Istio `pilot/pkg/networking/core/cluster_traffic_policy.go`.
//! Thresholds are per client proxy and upstream (a cluster of that Envoy), over all its hosts and workers.

use super::defaults::IDLE_TIMEOUT;
use crate::units::Duration;

/// No limit.
pub const UNLIMITED: u32 = u32::MAX;

/// What a proxy speaks to its hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Protocol {
    /// All requests of a worker to a host over one connection, up to its streams. Between sidecars of a mesh.
    #[default]
    Http2,
    /// One request at a time over a connection.
    Http1,
}

/// How a proxy keeps connections to the hosts of one upstream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pool {
    /// HTTP/2 or HTTP/1.1.
    pub protocol: Protocol,
    /// Connections to all hosts of the upstream (Envoy `max_connections`, Istio `tcp.maxConnections`). A host without
    /// any gets one all the same.
    pub max_connections: u32,
    /// Requests at once over one HTTP/2 connection (Istio `maxConcurrentStreams`).
    pub max_streams: u32,
    /// A connection is closed after so many requests (Istio `maxRequestsPerConnection`).
    pub max_requests_per_connection: u32,
    /// Requests that wait for a connection (Istio `http1MaxPendingRequests`, HTTP/2 included).
    pub max_pending: u32,
    /// Requests at once (Istio `http2MaxRequests`, HTTP/1.1 included).
    pub max_requests: u32,
    /// Retries at once (Istio `maxRetries`).
    pub max_retries: u32,
    /// A connection without requests is closed after this; none: never.
    pub idle_timeout: Option<Duration>,
    /// TCP keepalive; none: the kernel sends no probes.
    pub keepalive: Option<Keepalive>,
}

/// TCP keepalive of idle connections (Linux `tcp(7)`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keepalive {
    /// Idle time before the first probe, and between answered ones.
    pub time: Duration,
    /// Between probes that nobody answers.
    pub interval: Duration,
    /// So many unanswered probes end the connection.
    pub probes: u32,
}

impl Keepalive {
    /// Linux's defaults: 2 h, 75 s, 9 probes (`ip-sysctl.rst`).
    pub const LINUX: Keepalive =
        Keepalive { time: Duration::from_secs(7_200), interval: Duration::from_secs(75), probes: 9 };

    /// From the first unanswered probe until the connection is given up.
    pub fn patience(&self) -> Duration {
        self.interval.saturating_mul(u64::from(self.probes))
    }
}

impl Default for Pool {
    /// Istio's: HTTP/2, every threshold 2^32 - 1, closed after an hour without requests.
    fn default() -> Self {
        Pool {
            protocol: Protocol::Http2,
            max_connections: UNLIMITED,
            max_streams: UNLIMITED,
            max_requests_per_connection: UNLIMITED,
            max_pending: UNLIMITED,
            max_requests: UNLIMITED,
            max_retries: UNLIMITED,
            idle_timeout: Some(IDLE_TIMEOUT),
            keepalive: None,
        }
    }
}

impl Pool {
    /// Does it matter how many requests are on a connection, or wait?
    pub fn counts(&self) -> bool {
        let Pool { max_connections, max_streams, max_requests_per_connection, .. } = *self;
        let limits = [max_connections, max_streams, max_requests_per_connection, self.max_pending, self.max_requests];
        self.protocol == Protocol::Http1
            || self.max_retries != UNLIMITED
            || limits.iter().any(|&limit| limit != UNLIMITED)
    }

    /// May a request wait until another one's answer is there? Not where HTTP/2 takes any number of them at once and any
    /// number of connections may be opened: then only a handshake is waited for.
    pub fn waits_for_answers(&self) -> bool {
        self.counts()
            && (self.protocol == Protocol::Http1 || self.max_connections != UNLIMITED || self.max_streams != UNLIMITED)
    }

    /// Requests that a connection takes which is still being opened (Envoy `effectiveConcurrentStreamLimit`).
    pub fn capacity(&self) -> u32 {
        self.streams().min(self.max_requests_per_connection)
    }

    /// Requests at once over one connection.
    pub fn streams(&self) -> u32 {
        match self.protocol {
            Protocol::Http1 => 1,
            Protocol::Http2 => self.max_streams,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn istio_limits_nothing() {
        assert!(!Pool::default().counts());
        assert!(Pool { protocol: Protocol::Http1, ..Pool::default() }.counts());
        assert!(Pool { max_retries: 3, ..Pool::default() }.counts());
        assert_eq!(Pool { protocol: Protocol::Http1, ..Pool::default() }.streams(), 1);
        let breakers = Pool { max_requests: 9, max_pending: 1, max_requests_per_connection: 5, ..Pool::default() };
        assert!(breakers.counts() && !breakers.waits_for_answers());
        assert!(Pool { max_connections: 3, ..breakers }.waits_for_answers());
        assert_eq!((breakers.capacity(), Pool { protocol: Protocol::Http1, ..breakers }.capacity()), (5, 1));
        assert_eq!(Keepalive::LINUX.patience(), Duration::from_secs(675));
    }
}
