//! Local rate limits: a token bucket in front of each server, in its proxy.
//!
//! Envoy's `local_ratelimit` filter: each request takes a token; who finds none is answered 429 with
//! `x-envoy-ratelimited`. Buckets are filled at whole intervals from the start of the proxy.

use crate::units::{Duration, SimTime};

/// A token bucket (Envoy `config.ratelimit`, TokenBucket).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateLimit {
    /// The most it holds, and what it begins with.
    pub max_tokens: u32,
    /// What it gets at the end of each interval.
    pub tokens_per_fill: u32,
    /// The interval; at least 50 ms in Envoy.
    pub fill_interval: Duration,
}

/// A bucket of one proxy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bucket {
    tokens: u32,
    /// Intervals that have been filled for.
    filled: u64,
}

impl Bucket {
    /// Full, at `now`.
    pub fn full(limit: &RateLimit, now: SimTime) -> Bucket {
        Bucket { tokens: limit.max_tokens, filled: intervals(limit, now) }
    }

    /// Takes a token, if there is one. Asked in order of time.
    pub fn take(&mut self, limit: &RateLimit, now: SimTime) -> bool {
        let intervals = intervals(limit, now);
        let new = (intervals - self.filled).saturating_mul(u64::from(limit.tokens_per_fill));
        self.tokens = u64::from(self.tokens).saturating_add(new).min(u64::from(limit.max_tokens)) as u32;
        self.filled = intervals;
        let there = self.tokens > 0;
        self.tokens -= u32::from(there);
        there
    }
}

fn intervals(limit: &RateLimit, now: SimTime) -> u64 {
    now.nanos() / limit.fill_interval.nanos().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_full_and_is_filled_at_whole_intervals() {
        let limit = RateLimit { max_tokens: 5, tokens_per_fill: 2, fill_interval: Duration::from_secs(1) };
        let at = |ms| SimTime::ZERO + Duration::from_millis(ms);
        let mut bucket = Bucket::full(&limit, at(0));
        let mut taken = |ms| (0..9).filter(|_| bucket.take(&limit, at(ms))).count();
        assert_eq!([taken(0), taken(999), taken(1_000), taken(1_500), taken(3_000)], [5, 0, 2, 0, 4]);
        assert_eq!(taken(100_000), 5, "no more than it holds");
    }
}
