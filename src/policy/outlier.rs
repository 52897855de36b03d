//! Outlier detection: what one client proxy believes of one host from the answers that it saw itself.
//!
//! The rules of Envoy's `outlier_detection_impl.cc`: the consecutive detectors act at once (`rates` has those that act at
//! sweeps), return happens at sweeps. Knows nothing of why a host failed.

use super::{EjectionCap, Outlier};
use crate::record::Failure;
use crate::units::{Duration, SimTime};

/// What an attempt's end tells the detector.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultClass {
    /// An answer that is not a 5xx.
    Success,
    /// A 5xx other than 502, 503, 504.
    ServerError,
    /// 502, 503 or 504.
    GatewayError,
    /// The proxy itself found it failed: no connection and a reset count as 503, a timeout as 504, unless they are
    /// counted apart. Had it been on a connection?
    Local {
        /// Then failures to connect begin anew before it counts.
        connected: bool,
    },
}

impl ResultClass {
    /// The class of an attempt's end; none where no host was to blame.
    pub fn of(outcome: Result<(), Failure>) -> Option<Self> {
        match outcome {
            Ok(()) => Some(ResultClass::Success),
            Err(Failure::Error) => Some(ResultClass::ServerError),
            Err(Failure::Overflow | Failure::NoPrimary) => Some(ResultClass::GatewayError),
            // A 429 is an answer like any other, and so are a 421 and a 404.
            Err(Failure::RateLimited | Failure::WrongPartition | Failure::WrongService) => Some(ResultClass::Success),
            Err(Failure::Connect) => Some(ResultClass::Local { connected: false }),
            Err(Failure::Timeout | Failure::Reset) => Some(ResultClass::Local { connected: true }),
            // Envoy leaves circuit breakers aside: ejecting hosts of an overloaded upstream would make it worse.
            Err(
                Failure::NoHost
                | Failure::CircuitBreaker
                | Failure::Entry
                | Failure::Aborted
                | Failure::NoRoute
                | Failure::NoCluster
                | Failure::DirectResponse
                | Failure::Abandoned
                | Failure::Unfinished,
            ) => None,
        }
    }

    /// The class of an answer with this HTTP status. Where a policy lists which are errors, only those are, and as 500s
    /// (Envoy `error_matcher`).
    pub fn answered(policy: &Outlier, status: u16) -> Self {
        match (&policy.error_codes, status) {
            (Some(codes), _) if codes.has(status) => ResultClass::ServerError,
            (Some(_), _) => ResultClass::Success,
            (None, 502..=504) => ResultClass::GatewayError,
            (None, 500..=599) => ResultClass::ServerError,
            (None, _) => ResultClass::Success,
        }
    }
}

/// Who found a host wanting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detector {
    /// Consecutive 5xx.
    Consecutive5xx,
    /// Consecutive gateway errors.
    Gateway,
    /// Consecutive failures to connect.
    Local,
    /// The success rate, at a sweep.
    SuccessRate,
    /// The share of failures, at a sweep.
    FailurePercentage,
}

impl Detector {
    /// Chance in percent that what it finds is done.
    pub fn enforced(self, policy: &Outlier) -> u32 {
        match self {
            Detector::Consecutive5xx => policy.enforce.consecutive_5xx,
            Detector::Gateway => policy.enforce.gateway,
            Detector::Local => policy.enforce.local,
            Detector::SuccessRate => policy.success_rate.map_or(0, |rule| rule.enforce),
            Detector::FailurePercentage => policy.failure_percentage.map_or(0, |rule| rule.enforce),
        }
    }
}

/// What a proxy knows of one host: 16 bytes, all zero until something fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HostHealth {
    /// When the ejection has lasted long enough; zero where the host is not ejected.
    ejected_until: SimTime,
    consecutive_5xx: u16,
    consecutive_gateway: u16,
    consecutive_local: u16,
    /// The factor of the ejection time: grows with each ejection, falls at each sweep that finds the host in.
    ejections: u16,
}

impl HostHealth {
    /// Is the host out?
    pub fn is_ejected(&self) -> bool {
        self.ejected_until != SimTime::ZERO
    }

    /// Hears an answer; `true` where it is one failure too many in a row. The count then begins anew, whether or not
    /// the host may be ejected. An ejected host's late answers do not count.
    pub fn on_result(&mut self, policy: &Outlier, class: ResultClass) -> bool {
        self.hears(policy, class).iter().any(Option::is_some)
    }

    /// The same, told by whom, in the order in which Envoy's detectors speak.
    pub fn hears(&mut self, policy: &Outlier, class: ResultClass) -> [Option<Detector>; 2] {
        if self.is_ejected() {
            return [None; 2];
        }
        if let (ResultClass::Local { connected }, Some(most)) = (class, policy.consecutive_local) {
            if connected {
                self.consecutive_local = 0;
            }
            return [count(&mut self.consecutive_local, true, most).then_some(Detector::Local), None];
        }
        // Whoever answered was connected to.
        self.consecutive_local = 0;
        let gateway = matches!(class, ResultClass::GatewayError | ResultClass::Local { .. });
        let gateway = count(&mut self.consecutive_gateway, gateway, policy.consecutive_gateway.unwrap_or(0));
        let any = count(&mut self.consecutive_5xx, class != ResultClass::Success, policy.consecutive_5xx);
        [gateway.then_some(Detector::Gateway), any.then_some(Detector::Consecutive5xx)]
    }

    /// Puts the host out; it may return at the first sweep at or after the instant told.
    pub fn eject(&mut self, policy: &Outlier, now: SimTime) -> SimTime {
        self.eject_for(policy, now, Duration::ZERO)
    }

    /// The same for `jitter` longer.
    pub fn eject_for(&mut self, policy: &Outlier, now: SimTime, jitter: Duration) -> SimTime {
        assert!(!self.is_ejected(), "only a host that is in can be ejected");
        // Envoy stops counting once the time is past the longest one by a whole base.
        let so_far = policy.eject.saturating_mul(u64::from(self.ejections));
        if so_far < policy.max_eject + policy.eject {
            self.ejections = self.ejections.saturating_add(1);
        }
        self.ejected_until = now + ejection_time(policy, self.ejections) + jitter;
        self.ejected_until
    }

    /// A sweep (every `Outlier::interval`); `true` where the host returns. A host that is in has its factor lowered.
    pub fn sweep(&mut self, now: SimTime) -> bool {
        if !self.is_ejected() {
            self.ejections = self.ejections.saturating_sub(1);
            return false;
        }
        if now < self.ejected_until {
            return false;
        }
        *self = HostHealth { ejections: self.ejections, ..HostHealth::default() };
        true
    }

    /// Does a sweep leave this host as it is? Then it need not be visited.
    pub fn is_quiet(&self) -> bool {
        !self.is_ejected() && self.ejections == 0
    }
}

/// Counts a failure or forgets them all; `true` at the threshold (0: never), where the count begins anew.
fn count(consecutive: &mut u16, failed: bool, threshold: u32) -> bool {
    *consecutive = if failed { consecutive.saturating_add(1) } else { 0 };
    let reached = threshold > 0 && u32::from(*consecutive) >= threshold;
    if reached {
        *consecutive = 0;
    }
    reached
}

/// How long the `ejections`-th ejection lasts at least: linear in the number, up to the longest.
pub fn ejection_time(policy: &Outlier, ejections: u16) -> Duration {
    policy.eject.saturating_mul(u64::from(ejections)).min(policy.max_eject)
}

/// What is added to an ejection time: whole milliseconds up to `Outlier::jitter`, by a draw.
pub fn jitter(policy: &Outlier, draw: u64) -> Duration {
    let most = policy.jitter.nanos() / 1_000_000;
    Duration::from_millis(draw % (most + 1))
}

/// May one more of `hosts` be ejected while `active_ejected` are out? All hosts of the upstream count, whatever their
/// priority. Envoy since 1.28: only where the share *after* the ejection stays within the limit, so that an upstream
/// of fewer than ten hosts never ejects any at the default of 10 %.
pub fn may_eject(active_ejected: u32, hosts: u32, policy: &Outlier) -> bool {
    let (out, most) = (u64::from(active_ejected), u64::from(policy.max_ejection_percent.min(100)) * u64::from(hosts));
    let after = 100 * (out + 1) <= most;
    match policy.cap {
        EjectionCap::Before => 100 * out < most,
        EjectionCap::FirstAlways => out == 0 || after,
        EjectionCap::After => policy.always_eject_one && out == 0 || after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::defaults;

    const POLICY: Outlier = Outlier { max_ejection_percent: 100, ..defaults::OUTLIER };

    #[test]
    fn what_a_proxy_knows_of_a_host_is_sixteen_bytes() {
        assert_eq!(size_of::<HostHealth>(), 16);
    }

    #[test]
    fn an_ejected_hosts_late_answers_neither_count_nor_free_it() {
        let mut host = HostHealth::default();
        host.eject(&POLICY, SimTime::ZERO);
        let before = host;
        assert!(!host.on_result(&POLICY, ResultClass::GatewayError));
        assert!(!host.on_result(&POLICY, ResultClass::Success));
        assert_eq!(host, before);
    }

    #[test]
    fn a_refused_ejection_begins_the_count_anew() {
        let mut host = HostHealth::default();
        let wanted = (1..=12).filter(|_| host.on_result(&POLICY, ResultClass::ServerError)).count();
        assert_eq!(wanted, 2);
    }

    #[test]
    fn nobody_is_blamed_where_there_was_no_host() {
        assert_eq!(ResultClass::of(Err(Failure::NoHost)), None);
        assert_eq!(ResultClass::of(Err(Failure::Reset)), Some(ResultClass::Local { connected: true }));
        assert_eq!(ResultClass::of(Err(Failure::Error)), Some(ResultClass::ServerError));
    }

    #[test]
    fn ten_percent_never_ejects_from_fewer_than_ten_hosts() {
        for hosts in 1..10 {
            assert!(!may_eject(0, hosts, &defaults::OUTLIER), "{hosts} hosts");
        }
        assert!(may_eject(0, 10, &defaults::OUTLIER));
        assert!(!may_eject(1, 19, &defaults::OUTLIER));
        assert!(may_eject(1, 20, &defaults::OUTLIER));
    }
}
