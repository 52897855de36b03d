//! Bandwidth caps: a token bucket that drops, or a queue with a bounded buffer.

use crate::units::{BitsPerSec, Bytes, Duration};
use crate::world::{Cap, PastCap};

/// What a cap remembers. For a token bucket: the time at which it would be full again (generic cell rate algorithm,
/// ITU-T I.371); for a queue: when its last byte will have left.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct CapState {
    until: u64,
    /// Nanoseconds that small messages at a fair cap take, in all so far.
    small: u64,
    /// Bits a second that background flows take of the rate.
    background: u64,
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
    /// At rest, with flows in the background that take so many bits a second, less than the cap's rate.
    pub(super) const fn with_background(background: u64) -> Self {
        CapState { until: 0, small: 0, background }
    }

    /// `bytes` come to `cap` by `now`, no earlier than the bytes before them; their sender took `over` nanoseconds to send
    /// them, evenly, so that a bucket has filled again meanwhile.
    ///
    /// Background flows are fluids. Of a bucket they take their rate, so that it fills at what is left. In a queue they
    /// stand too: while it is not empty its work shrinks by what is left of the rate, and a byte waits for all of it.
    pub(super) fn offer(&mut self, cap: &Cap, now: u64, over: u64, bytes: u64) -> Passed {
        let left = BitsPerSec(cap.rate.0 - self.background);
        let time = |bytes: u64| Bytes(bytes).time_at(left).nanos();
        match cap.past {
            PastCap::Police { burst } => {
                let depth = time(burst.0);
                let until = self.until.max(now.saturating_sub(over));
                let room = (depth + now).saturating_sub(until);
                let pass = left.bytes_in(Duration::from_nanos(room)).0.min(bytes);
                self.until = until + time(pass);
                Passed { at: now, dropped: bytes - pass, waited: 0 }
            }
            PastCap::Shape { buffer } | PastCap::Fair { buffer, .. } => {
                let start = self.until.max(now);
                let waits = |until: u64| {
                    let span = u128::from(until - now) * u128::from(left.0);
                    if self.background == 0 { until - now } else { span.div_ceil(u128::from(cap.rate.0)) as u64 }
                };
                if waits(start) > buffer.nanos() {
                    return Passed { at: now, dropped: bytes, waited: 0 };
                }
                let taken = time(bytes);
                let at = now + waits(start + taken);
                self.until = start + taken;
                self.small += taken;
                Passed { at, dropped: 0, waited: waits(start) }
            }
        }
    }

    /// Bits a second that background flows take.
    pub(super) const fn background(&self) -> u64 {
        self.background
    }

    /// Background flows take so much from now on: the bytes that wait at a fair cap take longer, or less long.
    pub(super) fn turn(&mut self, rate: BitsPerSec, now: u64, background: u64) {
        let (before, after) = (rate.0 - self.background, rate.0 - background);
        let pause = self.until.saturating_sub(now);
        let longer = (u128::from(pause) * u128::from(before)).div_ceil(u128::from(after)) as u64;
        if pause > 0 {
            self.until = now + longer;
            self.small = self.small - pause + longer;
        }
        self.background = background;
    }

    /// Of small messages at a fair cap: nanoseconds that they have taken by `now`, and that they still will at once.
    pub(super) fn small(&self, now: u64) -> (u64, u64) {
        let pause = self.until.saturating_sub(now);
        (self.small - pause, pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn police() -> Cap {
        // 8 Mbit/s = 1 byte a microsecond; the bucket holds 50 ms of it.
        Cap { rate: BitsPerSec(8_000_000), past: PastCap::Police { burst: Bytes(50_000) } }
    }

    #[test]
    fn a_full_bucket_lets_its_burst_pass_and_drops_the_rest() {
        let mut state = CapState::default();
        assert_eq!(state.offer(&police(), 0, 0, 60_000), Passed { at: 0, dropped: 10_000, waited: 0 });
        assert_eq!(state.offer(&police(), 0, 0, 1_000), Passed { at: 0, dropped: 1_000, waited: 0 });
        assert_eq!(state.offer(&police(), 10 * MS, 0, 20_000), Passed { at: 10 * MS, dropped: 10_000, waited: 0 });
    }

    #[test]
    fn what_was_sent_over_a_while_finds_what_has_filled_meanwhile() {
        let mut state = CapState::default();
        // 50 KB of the bucket and 100 ms at a byte a microsecond; nothing is left for what comes next at once.
        assert_eq!(
            state.offer(&police(), 100 * MS, 100 * MS, 160_000),
            Passed { at: 100 * MS, dropped: 10_000, waited: 0 }
        );
        assert_eq!(state.offer(&police(), 100 * MS, 0, 1_000), Passed { at: 100 * MS, dropped: 1_000, waited: 0 });
        // What others took in that time is gone.
        assert_eq!(
            state.offer(&police(), 120 * MS, 100 * MS, 21_000),
            Passed { at: 120 * MS, dropped: 1_000, waited: 0 }
        );
    }

    #[test]
    fn what_passes_a_policer_in_the_long_run_is_the_rate() {
        let (mut state, mut passed) = (CapState::default(), 0);
        for step in 0..10_000 {
            passed += 3_000 - state.offer(&police(), step * MS, 0, 3_000).dropped;
        }
        // 10 s at 1 byte a microsecond, and the first bucketful.
        assert!((10_000_000..=10_050_000).contains(&passed), "{passed}");
    }

    #[test]
    fn a_flow_in_the_background_leaves_a_policer_the_rest_exactly() {
        // 50 Mbit/s less 8 is 42: 5.25 bytes a microsecond, after a bucket of 50 ms at 50 Mbit/s, 312,500 bytes.
        let burst = Bytes(312_500);
        let cap = Cap { rate: BitsPerSec(50_000_000), past: PastCap::Police { burst } };
        let (mut state, mut passed) = (CapState::with_background(8_000_000), 0);
        for step in 0..=10_000 {
            passed += 20_000 - state.offer(&cap, step * MS, 0, 20_000).dropped;
        }
        // 10 s; each of the 10,001 looks may leave part of a byte in the bucket.
        let want = 312_500 + 52_500_000;
        assert!(passed <= want && passed > want - 10_001, "{passed}");
    }

    #[test]
    fn a_flow_in_the_background_stands_in_the_queue_too() {
        // 8 Mbit/s, half of it taken: 100 KB are 100 ms of work, and by 100 ms later the flow has put 50 ms more behind
        // them, of which 100 ms / 2 are left to wait for.
        let cap = Cap { rate: BitsPerSec(8_000_000), past: PastCap::Shape { buffer: Duration::from_secs(1) } };
        let mut state = CapState::with_background(4_000_000);
        assert_eq!(state.offer(&cap, 0, 0, 100_000), Passed { at: 100 * MS, dropped: 0, waited: 0 });
        assert_eq!(state.offer(&cap, 100 * MS, 0, 10_000), Passed { at: 160 * MS, dropped: 0, waited: 50 * MS });
        // The queue is empty at 220 ms: (100 + 10) ms of work at half the rate.
        assert_eq!(state.offer(&cap, 220 * MS, 0, 10_000), Passed { at: 230 * MS, dropped: 0, waited: 0 });
    }

    #[test]
    fn a_shaper_delays_until_its_buffer_is_full() {
        let cap = Cap { rate: BitsPerSec(8_000_000), past: PastCap::Shape { buffer: Duration::from_millis(100) } };
        let mut state = CapState::default();
        assert_eq!(state.offer(&cap, 0, 0, 100_000), Passed { at: 100 * MS, dropped: 0, waited: 0 });
        assert_eq!(state.offer(&cap, 0, 0, 50_000), Passed { at: 150 * MS, dropped: 0, waited: 100 * MS });
        assert_eq!(state.offer(&cap, 0, 0, 1), Passed { at: 0, dropped: 1, waited: 0 });
    }
}
