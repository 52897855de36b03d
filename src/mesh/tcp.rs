//! What TCP does to a message: slow start, retransmission, giving up. Pure formulas.
//!
//! Sources: RFC 6928 (initial window 10), RFC 5681 (slow start), RFC 6298 (timeout), RFC 8985 (tail loss probe),
//! Linux `tcp_retries2` = 15 (924.6 s at the least timeout of 200 ms).

/// Payload of a full segment, bytes (Ethernet, IPv4, no options counted: the figure of the exact cases).
pub(super) const MSS: u64 = 1_460;
/// The same with TCP's and IP's headers.
pub(super) const FULL_SEGMENT: u64 = MSS + 40;
/// A full segment on the wire, bytes: with IPv4 and TCP headers.
pub(super) const SEGMENT_WIRE: u64 = MSS + 40;
/// Segments that a fresh connection may send at once (RFC 6928).
pub(super) const INITIAL_WINDOW: u16 = 10;
/// The largest window, segments: 4 MiB of Linux's default receive buffer.
pub(super) const LARGEST_WINDOW: u16 = 2_872;
/// Linux's least retransmission timeout.
pub(super) const LEAST_TIMEOUT: u64 = 200_000_000;
/// Linux's longest retransmission timeout.
pub(super) const LONGEST_TIMEOUT: u64 = 120_000_000_000;
/// First timeout of a SYN, doubling.
pub(super) const SYN_TIMEOUT: u64 = 1_000_000_000;
/// After this much time without an answer the kernel gives a connection up: the sum of 16 timeouts that double from
/// 200 ms up to 120 s.
pub(super) const GIVE_UP: u64 = 924_600_000_000;

/// Segments of a message; at least one.
pub(super) const fn segments(bytes: u64) -> u64 {
    let count = bytes.div_ceil(MSS);
    if count == 0 { 1 } else { count }
}

/// Retransmission timeout of a steady path: smoothed round trip + 200 ms.
pub(super) const fn timeout(round_trip: u64) -> u64 {
    round_trip + LEAST_TIMEOUT
}

/// The `n`-th timeout in a row, n from 0.
pub(super) fn backed_off(first: u64, n: u32) -> u64 {
    first.saturating_mul(1 << n.min(40)).min(LONGEST_TIMEOUT)
}

/// The first time after `now` at which a connection that has been sending in vain since `since` tries again.
pub(super) fn next_try(since: u64, round_trip: u64, now: u64) -> u64 {
    let first = timeout(round_trip);
    let (mut at, mut n) = (since + first, 1);
    while at <= now {
        at += backed_off(first, n);
        n += 1;
    }
    at
}

/// How long a sender waits before it probes for a lost tail of a flight of so many segments: two round trips, and 200 ms
/// more for a lone one (the peer's delayed acknowledgement), or the timeout where that is earlier (RFC 8985).
pub(super) fn probe(flight: u64, round_trip: u64, timeout: u64) -> u64 {
    let wait = if flight == 1 { 2 * round_trip + LEAST_TIMEOUT } else { 2 * round_trip };
    wait.min(timeout.max(2 * round_trip))
}

/// Extra delay of a message of `segments` when each packet is lost with chance `loss`, from one uniform `draw`.
///
/// With chance 1 - (1 - loss)^segments something is lost. Recovery takes a round trip where later segments tell of it,
/// else a tail loss probe: two round trips, and 200 ms more for a lone segment (the peer's delayed acknowledgement).
/// What is sent again is lost with the same chance: then the timeouts, doubling.
pub(super) fn recovery(draw: f64, loss: f64, segments: u64, round_trip: u64) -> (u64, u32) {
    if loss <= 0.0 {
        return (0, 0);
    }
    let clean = libm::pow(1.0 - loss, segments as f64);
    if draw < clean {
        return (0, 0);
    }
    // The rest of the draw, made uniform again, decides which segments and how often.
    let mut rest = (draw - clean) / (1.0 - clean);
    // At least three segments must follow a lost one for a fast retransmit; the last three are the tail.
    let tail = 3.min(segments) as f64 / segments as f64;
    let mut delay;
    if rest < tail {
        rest /= tail;
        delay = probe(segments, round_trip, timeout(round_trip));
    } else {
        rest = (rest - tail) / (1.0 - tail);
        delay = round_trip;
    }
    // Segments lost, given that one is: n p / (1 - (1 - p)^n) in the mean, made whole without bias by the rest.
    let mean = segments as f64 * loss / (1.0 - clean);
    let mut lost = (mean + rest) as u32;
    let mut again = 0;
    while rest < loss && again < 15 {
        delay += backed_off(timeout(round_trip), again);
        rest /= loss;
        again += 1;
    }
    lost += again;
    (delay, lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_timeouts_from_200_ms_take_924_6_seconds() {
        let sum: u64 = (0..16).map(|n| backed_off(LEAST_TIMEOUT, n)).sum();
        assert_eq!(sum, GIVE_UP);
    }

    #[test]
    fn a_connection_tries_again_at_doubling_distances() {
        // Round trip 0: 200, 600, 1400, 3000 ms after the first loss.
        let next = |now_ms: u64| next_try(0, 0, now_ms * 1_000_000) / 1_000_000;
        assert_eq!([next(0), next(200), next(599), next(600), next(2_999)], [200, 600, 600, 1_400, 3_000]);
    }

    #[test]
    fn losses_delay_by_their_mean() {
        // A lone segment, loss 10 %: the chance of one more loss is 10 % each time.
        let (mut any, mut twice, n) = (0, 0, 100_000);
        for i in 0..n {
            let (_, lost) = recovery((f64::from(i) + 0.5) / f64::from(n), 0.1, 1, 50_000_000);
            any += u32::from(lost > 0);
            twice += u32::from(lost > 1);
        }
        assert!((9_990..=10_010).contains(&any), "{any}");
        assert!((990..=1_010).contains(&twice), "{twice}");
    }
}
