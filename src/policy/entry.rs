//! How users are led to one of several clusters: health checks of a global entry, and answers that clients keep.
//!
//! Pure rules. Instants are nanoseconds in any time that begins before them all; `phase` says when within its period one
//! who looks now and then does.

use crate::units::Duration;

/// A health check of a global entry.
///
/// Defaults: Amazon Route 53 (Developer Guide, "How Route 53 determines whether a health check is healthy"): every 30 s
/// (or 10 s), a TCP connection within 4 s, three in a row in either direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Check {
    /// Between the beginnings of two checks.
    pub every: Duration,
    /// A check without an answer has failed after this long.
    pub timeout: Duration,
    /// So many failures in a row, and the target is out.
    pub misses: u32,
    /// So many successes in a row, and it is back.
    pub hits: u32,
}

/// The check where a scenario says nothing of it.
pub const CHECK: Check = Check { every: Duration::from_secs(30), timeout: Duration::from_secs(4), misses: 3, hits: 3 };
/// How long an answer of a name server is good where a scenario does not say: what Route 53 and Alibaba's GTM advise for
/// records that fail over.
pub const TTL: Duration = Duration::from_secs(60);
/// How long a user's client tries to open a connection, or to resolve a name, before its user has an error. *Estimated*:
/// common clients' limits are 10 s (OkHttp, Envoy) to 30 s (Go's dialer); a resolver's two tries of 5 s are 10 s.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

impl Check {
    /// When a target that fails from `since` on is out: silent ones when the last check has timed out, others at once.
    pub fn out(&self, since: i64, phase: u64, silent: bool) -> i64 {
        let last = next(since, self.every, phase) + i64::from(self.misses.max(1) - 1) * signed(self.every);
        if silent { last + signed(self.timeout) } else { last }
    }

    /// When a target that answers from `since` on is back.
    pub fn back(&self, since: i64, phase: u64) -> i64 {
        next(since, self.every, phase) + i64::from(self.hits.max(1) - 1) * signed(self.every)
    }
}

/// When a client that asks anew whenever its answer is `keeps` old, `phase` after multiples of it, last asked at `now`.
///
/// Over clients whose phases are uniform the age of an answer is uniform on [0, `keeps`): of a change the share
/// max(0, 1 - t / `keeps`) has not heard t later.
pub fn asked(now: i64, keeps: Duration, phase: u64) -> i64 {
    let keeps = signed(keeps);
    if keeps == 0 { now } else { now - (now - phase.cast_signed()).rem_euclid(keeps) }
}

/// Who a client is, from one uniform draw: the share `ignores` of clients keeps its answer whatever its time to live, and
/// the rest of the draw, uniform again, says when within its period a client asks. True: it ignores.
pub fn client(draw: f64, ignores: f64) -> (bool, f64) {
    if draw < ignores { (true, draw / ignores) } else { (false, (draw - ignores) / (1.0 - ignores)) }
}

/// The phase within a period that a uniform draw means.
pub fn phase(period: Duration, draw: f64) -> u64 {
    (period.nanos() as f64 * draw) as u64
}

/// The first instant at or after `at` that lies `phase` after a multiple of `period`.
fn next(at: i64, period: Duration, phase: u64) -> i64 {
    let period = signed(period).max(1);
    at + (phase.cast_signed() - at).rem_euclid(period)
}

fn signed(span: Duration) -> i64 {
    span.nanos().min(i64::MAX as u64 / 8).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_silent_target_is_out_after_its_last_check_timed_out() {
        let check = Check { every: Duration::from_secs(5), timeout: Duration::from_secs(2), misses: 3, hits: 2 };
        // Checks begin at 2, 7, 12, 17 .. s; it dies at 8 s: 12, 17 and 22 fail, the last is over at 24 s.
        assert_eq!(check.out(8 * S, 2 * S as u64, true), 24 * S);
        assert_eq!(check.out(8 * S, 2 * S as u64, false), 22 * S);
        assert_eq!(check.back(30 * S, 2 * S as u64), 37 * S, "32 and 37 succeed");
        let once = Check { misses: 1, hits: 1, ..check };
        assert_eq!((once.out(7 * S, 2 * S as u64, false), once.back(7 * S, 2 * S as u64)), (7 * S, 7 * S));
    }

    #[test]
    fn an_answer_is_as_old_as_the_last_question() {
        let ttl = Duration::from_secs(60);
        assert_eq!(asked(130 * S, ttl, 0), 120 * S);
        assert_eq!(asked(130 * S, ttl, 20 * S as u64), 80 * S);
        assert_eq!(asked(-S, ttl, 0), -60 * S);
        assert_eq!(asked(130 * S, Duration::ZERO, 0), 130 * S);
    }

    #[test]
    fn one_draw_says_who_ignores_and_when_the_others_ask() {
        let n = 10_000;
        let clients: Vec<(bool, f64)> = (0..n).map(|i| client((f64::from(i) + 0.5) / f64::from(n), 0.05)).collect();
        assert_eq!(clients.iter().filter(|(ignores, _)| *ignores).count(), 500);
        let early = clients.iter().filter(|(ignores, phase)| !ignores && *phase < 0.25).count();
        assert!((2_374..=2_376).contains(&early), "a quarter of 9500: {early}");
        assert_eq!(client(0.3, 0.0), (false, 0.3));
    }
}
