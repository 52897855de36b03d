//! Bandwidth caps: a token bucket that drops, or a queue with a bounded buffer.

use crate::units::{Bytes, Duration};
use crate::world::{Cap, PastCap};

/// What a cap remembers. For a token bucket: the time at which it would be full again (generic cell rate algorithm,
/// ITU-T I.371); for a queue: when its last byte will have left.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct CapState {
    until: u64,
}

/// What became of bytes that came to a cap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Passed {
    /// When the last byte that passed left the cap.
    pub(super) at: u64,
    /// Bytes that did not pass.
    pub(super) dropped: u64,
    /// How long the first byte that passed waited for those before it.
    pub(super) waited: u64,
}

impl CapState {
    /// `bytes` come to `cap` at `now`, no earlier than the bytes before them.
    pub(super) fn offer(&mut self, cap: &Cap, now: u64, bytes: u64) -> Passed {
        let time = |bytes: u64| Bytes(bytes).time_at(cap.rate).nanos();
        match cap.past {
            PastCap::Police { burst } => {
                let depth = time(burst.0);
                let until = self.until.max(now);
                let room = depth.saturating_sub(until - now);
                let pass = cap.rate.bytes_in(Duration::from_nanos(room)).0.min(bytes);
                self.until = until + time(pass);
                Passed { at: now, dropped: bytes - pass, waited: 0 }
            }
            PastCap::Shape { buffer } => {
                let start = self.until.max(now);
                if start - now > buffer.nanos() {
                    return Passed { at: now, dropped: bytes, waited: 0 };
                }
                self.until = start + time(bytes);
                Passed { at: self.until, dropped: 0, waited: start - now }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BitsPerSec;

    const MS: u64 = 1_000_000;

    fn police() -> Cap {
        // 8 Mbit/s = 1 byte a microsecond; the bucket holds 50 ms of it.
        Cap { rate: BitsPerSec(8_000_000), past: PastCap::Police { burst: Bytes(50_000) } }
    }

    #[test]
    fn a_full_bucket_lets_its_burst_pass_and_drops_the_rest() {
        let mut state = CapState::default();
        assert_eq!(state.offer(&police(), 0, 60_000), Passed { at: 0, dropped: 10_000, waited: 0 });
        assert_eq!(state.offer(&police(), 0, 1_000), Passed { at: 0, dropped: 1_000, waited: 0 });
        assert_eq!(state.offer(&police(), 10 * MS, 20_000), Passed { at: 10 * MS, dropped: 10_000, waited: 0 });
    }

    #[test]
    fn what_passes_a_policer_in_the_long_run_is_the_rate() {
        let (mut state, mut passed) = (CapState::default(), 0);
        for step in 0..10_000 {
            passed += 3_000 - state.offer(&police(), step * MS, 3_000).dropped;
        }
        // 10 s at 1 byte a microsecond, and the first bucketful.
        assert!((10_000_000..=10_050_000).contains(&passed), "{passed}");
    }

    #[test]
    fn a_shaper_delays_until_its_buffer_is_full() {
        let cap = Cap { rate: BitsPerSec(8_000_000), past: PastCap::Shape { buffer: Duration::from_millis(100) } };
        let mut state = CapState::default();
        assert_eq!(state.offer(&cap, 0, 100_000), Passed { at: 100 * MS, dropped: 0, waited: 0 });
        assert_eq!(state.offer(&cap, 0, 50_000), Passed { at: 150 * MS, dropped: 0, waited: 100 * MS });
        assert_eq!(state.offer(&cap, 0, 1), Passed { at: 0, dropped: 1, waited: 0 });
    }
}
