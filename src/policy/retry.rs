//! Retries: what is tried again, and after how long.
//!
//! The decision table and the back-off of Envoy's `retry_state_impl.cc`.

use super::defaults::BACKOFF_MAX_FACTOR;
use super::{RetryOn, Status};
use crate::record::Failure;
use crate::units::Duration;

/// Why a word of `retry-on` is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RetryOnError {
    /// Neither Envoy nor Istio knows it.
    #[error("unknown retry condition `{word}`; known: {}, and status codes", WORDS.join(", "))]
    Unknown {
        /// As written.
        word: String,
    },
    /// Envoy knows it, but nothing that it names can happen in a simulated call.
    #[error("retry condition `{word}` can never hold here: {why}")]
    NeverHolds {
        /// As written.
        word: String,
        /// What is not simulated.
        why: &'static str,
    },
}

/// The words that `retry-on` takes; beside them, status codes.
pub const WORDS: [&str; 14] = [
    "connect-failure",
    "refused-stream",
    "reset",
    "reset-before-request",
    "gateway-error",
    "5xx",
    "retriable-4xx",
    "envoy-ratelimited",
    "retriable-status-codes",
    "cancelled",
    "deadline-exceeded",
    "resource-exhausted",
    "internal",
    "unavailable",
];

/// Numbers of the gRPC statuses that Envoy retries, in the order of the last five words.
const GRPC: [u8; 5] = [1, 4, 8, 13, 14];

const NEVER: [(&str, &str); 2] = [
    ("retriable-headers", "response headers are not simulated"),
    ("http3-post-connect-failure", "HTTP/3 is not simulated"),
];

/// What a proxy saw of a try that did not go well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// An answer.
    Answer {
        /// Its status.
        status: Status,
        /// With `x-envoy-ratelimited`: some Envoy's rate limit said so.
        rate_limited: bool,
        /// With a header that the policy lists as retriable.
        retriable_header: bool,
    },
    /// No connection could be made.
    ConnectFailure,
    /// The server refused the stream before it looked at it.
    RefusedStream,
    /// The stream or its connection was reset; had the request been sent?
    Reset {
        /// Its headers had left the proxy.
        sent: bool,
    },
    /// The timeout of the try, which resets it.
    PerTryTimeout,
    /// A circuit breaker of the proxy itself.
    Overflow,
}

impl Seen {
    /// A plain answer.
    pub const fn answer(status: Status) -> Seen {
        Seen::Answer { status, rate_limited: false, retriable_header: false }
    }

    /// What a proxy saw that counts its try as `failure`; `status` is the application's own, where it answered. None
    /// where there was no try of an upstream.
    pub fn of(failure: Failure, status: Option<Status>) -> Option<Seen> {
        Some(match failure {
            Failure::Timeout => Seen::PerTryTimeout,
            Failure::Connect => Seen::ConnectFailure,
            Failure::Reset => Seen::Reset { sent: true },
            Failure::Overflow | Failure::NoPrimary => Seen::answer(Status::Http(503)),
            Failure::Error => Seen::answer(status.unwrap_or(Status::ERROR)),
            Failure::RateLimited => {
                Seen::Answer { status: Status::Http(429), rate_limited: true, retriable_header: false }
            }
            Failure::WrongPartition => Seen::answer(Status::WRONG_PARTITION),
            Failure::WrongService => Seen::answer(Status::WRONG_SERVICE),
            Failure::CircuitBreaker => Seen::Overflow,
            Failure::NoHost
            | Failure::Entry
            | Failure::Aborted
            | Failure::NoRoute
            | Failure::NoCluster
            | Failure::DirectResponse
            | Failure::Abandoned
            | Failure::Unfinished => return None,
        })
    }
}

/// What becomes of a try that did not go well.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Tried again.
    Retry,
    /// Not a case for a retry.
    No,
    /// It was, but all retries have been made.
    LimitExceeded,
    /// It was, but too many retries are under way: the circuit breaker or budget.
    Overflow,
}

/// Envoy's order of questions: is it retried, are there retries left, is there room for one more at once?
pub fn decide(on: &RetryOn, seen: Seen, done: u32, retries: u32, room: impl FnOnce() -> bool) -> Decision {
    if !would_retry(on, seen) {
        Decision::No
    } else if done >= retries {
        Decision::LimitExceeded
    } else if room() {
        Decision::Retry
    } else {
        Decision::Overflow
    }
}

/// Is what was seen tried again under `on`?
pub fn would_retry(on: &RetryOn, seen: Seen) -> bool {
    // A reset of any kind will end as a 503 or 504, so both 5xx and gateway-error cover it.
    let reset = on.reset || on.gateway_error || on.server_error;
    match seen {
        Seen::Overflow => false,
        Seen::ConnectFailure => reset || on.connect_failure || on.reset_before_request,
        Seen::RefusedStream => reset || on.refused_stream,
        Seen::Reset { sent } => reset || on.reset_before_request && !sent,
        Seen::PerTryTimeout => reset,
        Seen::Answer { rate_limited: true, .. } => on.envoy_ratelimited,
        Seen::Answer { status, retriable_header, .. } => answer(on, status) || on.retriable_headers && retriable_header,
    }
}

fn answer(on: &RetryOn, status: Status) -> bool {
    match status {
        Status::Http(code) => {
            on.server_error && (500..600).contains(&code)
                || on.gateway_error && (502..=504).contains(&code)
                || on.retriable_4xx && code == 409
                || on.codes.has(code)
        }
        // HTTP says 200 here.
        Status::Grpc(number) => on.grpc >> number & 1 == 1 || number != 0 && on.codes.has(200),
    }
}

/// Is an attempt that ended like this tried again under `on`?
///
/// [`Failure::Timeout`] is the timeout of one try (a local reset); after a route timeout nothing is left to try in.
/// [`Failure::Overflow`] is the server's own 503; [`Failure::Error`] a 500.
pub fn retriable(on: RetryOn, failure: Failure) -> bool {
    Seen::of(failure, None).is_some_and(|seen| would_retry(&on, seen))
}

impl RetryOn {
    /// Conditions from Envoy's and Istio's words; a number is a status code to retry (Istio's way to write
    /// `retriable-status-codes`). Empty words are skipped, as Istio does. The first word that makes no sense is an error.
    pub fn from_words(words: &[&str]) -> Result<RetryOn, RetryOnError> {
        let mut on = RetryOn::default();
        for word in words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
            on.add(word)?;
        }
        Ok(on)
    }

    /// One condition more.
    pub fn add(&mut self, word: &str) -> Result<(), RetryOnError> {
        match word {
            "connect-failure" => self.connect_failure = true,
            "refused-stream" => self.refused_stream = true,
            "reset" => self.reset = true,
            "reset-before-request" => self.reset_before_request = true,
            "gateway-error" => self.gateway_error = true,
            "5xx" => self.server_error = true,
            "retriable-4xx" => self.retriable_4xx = true,
            "envoy-ratelimited" => self.envoy_ratelimited = true,
            // Says only that the listed codes count, which they do here without it.
            "retriable-status-codes" => {}
            _ => match (word.parse::<u16>(), WORDS[9..].iter().position(|known| *known == word)) {
                (Ok(code @ 100..=599), _) => self.codes = self.codes.with(code),
                (_, Some(index)) => self.grpc |= 1 << GRPC[index],
                _ => return Err(refuse(word)),
            },
        }
        Ok(())
    }

    /// The words that say this, for people.
    pub fn words(&self) -> Vec<String> {
        let flags = [
            self.connect_failure,
            self.refused_stream,
            self.reset,
            self.reset_before_request,
            self.gateway_error,
            self.server_error,
            self.retriable_4xx,
            self.envoy_ratelimited,
            false,
        ];
        let grpc = GRPC.iter().map(|number| self.grpc >> number & 1 == 1);
        let said = flags.into_iter().chain(grpc).zip(WORDS).filter(|(on, _)| *on).map(|(_, word)| word.to_owned());
        said.chain(self.codes.iter().map(|code| code.to_string())).collect()
    }
}

fn refuse(word: &str) -> RetryOnError {
    match NEVER.iter().find(|(known, _)| *known == word) {
        Some((_, why)) => RetryOnError::NeverHolds { word: word.to_owned(), why },
        None => RetryOnError::Unknown { word: word.to_owned() },
    }
}

/// The wait before retry `retry` (from 1): `draw` modulo a window of `base`, doubled for each retry before, at most ten
/// times the base: 25, 50, 100, 200, 250 ms. In whole milliseconds, as Envoy draws it.
pub fn backoff(base: Duration, retry: u32, draw: u64) -> Duration {
    backoff_within(base, base.saturating_mul(BACKOFF_MAX_FACTOR), retry, draw)
}

/// The same with a longest window of one's own.
pub fn backoff_within(base: Duration, max: Duration, retry: u32, draw: u64) -> Duration {
    assert!(retry >= 1, "the first retry is number 1");
    const MS: u64 = 1_000_000;
    let doubled = base.saturating_mul(1_u64.checked_shl(retry - 1).unwrap_or(u64::MAX));
    let window_ms = (doubled.min(max).nanos() / MS).max(1);
    Duration::from_nanos(draw % window_ms * MS)
}

/// The wait before a retry that the server's rate limit asked to come after `reset` (Envoy
/// `rate_limited_retry_back_off`): at least as long, and up to half as long more, in whole milliseconds.
pub fn backoff_after(reset: Duration, draw: u64) -> Duration {
    const MS: u64 = 1_000_000;
    let least = reset.nanos() / MS;
    Duration::from_nanos((least + draw % (least / 2).max(1)) * MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::defaults;

    #[test]
    fn the_default_of_istio_retries_neither_a_503_nor_a_timed_out_try() {
        let on = defaults::retry_on(defaults::ISTIO_VERSION);
        assert!(retriable(on, Failure::Connect));
        for failure in [Failure::Overflow, Failure::Error, Failure::Timeout, Failure::Reset, Failure::NoHost] {
            assert!(!retriable(on, failure), "{}", failure.word());
        }
    }

    #[test]
    fn before_istio_1_24_a_plain_503_is_retried() {
        assert!(retriable(defaults::retry_on((1, 23)), Failure::Overflow));
        assert!(!retriable(defaults::retry_on((1, 24)), Failure::Overflow));
    }

    #[test]
    fn a_word_that_can_never_hold_is_told_from_one_that_nobody_knows() {
        let refused = |word| RetryOn::from_words(&[word]).expect_err("no such condition").to_string();
        assert!(refused("retriable-headers").contains("response headers are not simulated"));
        assert!(refused("600").starts_with("unknown retry condition"));
        assert!(refused("5XX").starts_with("unknown retry condition `5XX`"));
    }

    #[test]
    fn words_that_were_read_are_said_again() {
        let words = ["connect-failure", "gateway-error", "cancelled", "unavailable", "429", "503"];
        assert_eq!(RetryOn::from_words(&words).expect("known words").words(), words);
    }

    #[test]
    fn the_window_doubles_to_ten_times_the_base_and_stays() {
        let longest =
            |retry| backoff(Duration::from_millis(25), retry, u64::MAX - u64::MAX % 5000 - 1).nanos() / 1_000_000;
        assert_eq!([1, 2, 3, 4, 5, 99].map(longest), [24, 49, 99, 199, 249, 249]);
    }
}
