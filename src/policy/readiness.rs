//! When Kubernetes takes a replica for ready, and when for dead.
//!
//! Three who watch: the kubelet sees a process that has exited, its probe one that no longer answers, and the node
//! lifecycle controller a node that no longer renews its lease. Each looks only now and then; `phase` says when.
//! Instants are nanoseconds, in any time that begins before them all.

use crate::units::Duration;

/// A readiness probe. Defaults: Kubernetes `Probe` (core/v1), periodSeconds 10, timeoutSeconds 1, failureThreshold 3,
/// successThreshold 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Readiness {
    /// Between two probes.
    pub period: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// So many failures in a row, and the replica is unready.
    pub failures: u32,
    /// So many successes in a row, and it is ready again.
    pub success: u32,
}

/// The probe where a scenario says nothing of it.
pub const READINESS: Readiness =
    Readiness { period: Duration::from_secs(10), timeout: Duration::from_secs(1), failures: 3, success: 1 };
/// A node's lease is old after this long. kube-controller-manager `--node-monitor-grace-period`: 50 s from Kubernetes
/// 1.32 on (kubernetes PR 126287), 40 s before.
pub const NODE_GRACE: Duration = Duration::from_secs(50);
/// A kubelet renews its node's lease this often: a quarter of `nodeLeaseDurationSeconds` (40 s).
pub const LEASE_RENEWAL: Duration = Duration::from_secs(10);
/// The node lifecycle controller looks at leases this often (`--node-monitor-period`).
pub const NODE_MONITOR: Duration = Duration::from_secs(5);
/// A kubelet looks for containers that have exited this often (its pod lifecycle event generator's relisting).
pub const RELIST: Duration = Duration::from_secs(1);
/// Istio waits until endpoints have not changed for so long (`PILOT_DEBOUNCE_AFTER`, pilot/pkg/features).
pub const PUSH: Duration = Duration::from_millis(100);
/// But no longer than this (`PILOT_DEBOUNCE_MAX`).
pub const PUSH_MAX: Duration = Duration::from_secs(10);
/// How long a workload's certificate is good (`SECRET_TTL` of istio's pilot-agent).
pub const CERTIFICATE: Duration = Duration::from_secs(24 * 3_600);
/// It is renewed when this share of its life is left (`SECRET_GRACE_PERIOD_RATIO`), in percent.
pub const CERTIFICATE_GRACE_PERCENT: u64 = 50;

impl Readiness {
    /// When a replica that stopped answering at `since`, its process still there, is unready.
    pub fn silent(&self, since: i64, phase: u64) -> i64 {
        let more = i64::from(self.failures - 1) * signed(self.period);
        next(since, self.period, phase) + more + signed(self.timeout)
    }

    /// When a replica that answers from `since` on is ready again.
    pub fn back(&self, since: i64, phase: u64) -> i64 {
        next(since, self.period, phase) + i64::from(self.success - 1) * signed(self.period)
    }
}

/// When the kubelet of a process that exited at `since` knows, and says that its pod is not ready, whatever its probe.
pub fn exited(since: i64, phase: u64) -> i64 {
    next(since, RELIST, phase)
}

/// When a node that died at `since` is taken for dead and its pods for unready. `phases`: of its renewals, of the controller.
///
/// The controller remembers when it first saw the last renewal, and waits for the grace period from then. One that has
/// started anew at the end of an `away` time has seen none, and waits from there.
pub fn node_dead(since: i64, phases: [u64; 2], grace: Duration, away: &[(i64, i64)]) -> i64 {
    let renewed = next(since, LEASE_RENEWAL, phases[0]) - signed(LEASE_RENEWAL);
    let look = |at: i64| next(at, NODE_MONITOR, phases[1]);
    let seen = look(renewed);
    let mut dead = look(seen + signed(grace));
    for &(from, to) in away {
        if from <= dead && to > seen {
            dead = if to == i64::MAX { i64::MAX } else { look(to + signed(grace)) };
        }
    }
    dead
}

/// The first instant at or after `at` that lies `phase` after a multiple of `period`.
fn next(at: i64, period: Duration, phase: u64) -> i64 {
    let period = signed(period).max(1);
    at + (phase.cast_signed() - at).rem_euclid(period)
}

fn signed(span: Duration) -> i64 {
    span.nanos().min(i64::MAX as u64 / 8).cast_signed()
}

/// When within its period one who looks now and then does, from a draw.
pub fn phase(period: Duration, draw: u64) -> u64 {
    draw % period.nanos().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_silent_replica_is_unready_after_three_probes_and_the_last_ones_timeout() {
        // Probes at 3, 13, 23 ..; dead from 5 on: 13, 23 and 33 fail, the last by 34.
        let phase = 3 * S as u64;
        assert_eq!(READINESS.silent(5 * S, phase), 34 * S);
        // At best dead just before a probe, at worst just after one.
        assert_eq!(READINESS.silent(13 * S, phase) - 13 * S, 21 * S);
        assert_eq!(READINESS.silent(13 * S + 1, phase) - 13 * S, 31 * S);
        let quick = Readiness { period: Duration::from_secs(2), failures: 1, ..READINESS };
        assert_eq!(quick.silent(5 * S, 0), 7 * S);
    }

    #[test]
    fn it_is_ready_again_at_the_next_probe() {
        assert_eq!(READINESS.back(5 * S, 3 * S as u64), 13 * S);
        assert_eq!(Readiness { success: 3, ..READINESS }.back(5 * S, 3 * S as u64), 33 * S);
    }

    #[test]
    fn an_exit_is_seen_within_a_second_whatever_the_probe() {
        assert_eq!(exited(5 * S, 250_000_000), 5 * S + 250_000_000);
        assert_eq!(exited(5 * S + 250_000_001, 250_000_000), 6 * S + 250_000_000);
    }

    #[test]
    fn a_node_is_dead_when_its_lease_is_old() {
        // Renewed at 98, seen at 100, old at 150.
        assert_eq!(node_dead(103 * S, [8 * S as u64, 0], NODE_GRACE, &[]), 150 * S);
        // Seen in [renewed, renewed + 5), renewed in (death - 10, death]: 40 to 55 s after its death, and so on average 47.5.
        let (mut least, mut most, mut sum, mut count) = (i64::MAX, 0, 0_i128, 0);
        for renewal in 0..100 {
            for monitor in 0..50 {
                let phases = [renewal * 100_000_000, monitor * 100_000_000];
                let took = node_dead(1_000 * S + 1, phases, NODE_GRACE, &[]) - 1_000 * S;
                (least, most) = (least.min(took), most.max(took));
                (sum, count) = (sum + i128::from(took), count + 1);
            }
        }
        assert!(least >= 40 * S && most <= 55 * S, "{least} {most}");
        let mean = sum as f64 / f64::from(count) / S as f64;
        assert!((mean - 47.5).abs() < 0.1, "{mean}");
    }

    #[test]
    fn a_controller_that_was_away_waits_anew() {
        let phases = [0, 0];
        assert_eq!(node_dead(100 * S + 1, phases, NODE_GRACE, &[]), 150 * S);
        assert_eq!(node_dead(100 * S + 1, phases, NODE_GRACE, &[(120 * S, 130 * S)]), 180 * S);
        assert_eq!(node_dead(100 * S + 1, phases, NODE_GRACE, &[(20 * S, 90 * S)]), 150 * S);
        assert_eq!(node_dead(100 * S + 1, phases, NODE_GRACE, &[(160 * S, 300 * S)]), 150 * S);
        assert_eq!(node_dead(100 * S + 1, phases, NODE_GRACE, &[(120 * S, i64::MAX)]), i64::MAX);
    }
}
