//! Retries: what is tried again, and after how long.
//!
//! The decision table and the back-off of Envoy's `retry_state_impl.cc`, for the failures that can happen here.

use super::RetryOn;
use super::defaults::BACKOFF_MAX_FACTOR;
use crate::record::Failure;
use crate::units::Duration;

/// Why a word of `retry-on` is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RetryOnError {
    /// Neither Envoy nor Istio knows it.
    #[error("unknown retry condition `{word}`; known: {}", WORDS.join(", "))]
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

/// The words that `retry-on` takes; beside them, the status codes 500 and 503.
pub const WORDS: [&str; 6] =
    ["connect-failure", "refused-stream", "reset", "gateway-error", "5xx", "retriable-status-codes"];

const NEVER: [(&str, &str); 10] = [
    ("unavailable", GRPC),
    ("cancelled", GRPC),
    ("deadline-exceeded", GRPC),
    ("internal", GRPC),
    ("resource-exhausted", GRPC),
    ("retriable-4xx", "no simulated service answers with a 4xx"),
    ("envoy-ratelimited", "rate limits are not simulated yet"),
    ("retriable-headers", "response headers are not simulated"),
    ("reset-before-request", "Envoy's inbound retry is not simulated"),
    ("http3-post-connect-failure", "HTTP/3 is not simulated"),
];
const GRPC: &str = "gRPC status codes are not simulated; connection failures and resets are";

impl RetryOn {
    /// Conditions from Envoy's and Istio's words; a number is a status code to retry (Istio's way to write
    /// `retriable-status-codes`). Empty words are skipped, as Istio does. The first word that makes no sense is an error.
    pub fn from_words(words: &[&str]) -> Result<RetryOn, RetryOnError> {
        let mut on = RetryOn::default();
        for word in words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
            match word {
                "connect-failure" => on.connect_failure = true,
                "refused-stream" => on.refused_stream = true,
                "reset" => on.reset = true,
                "gateway-error" => on.gateway_error = true,
                "5xx" => on.server_error = true,
                // Says only that the listed codes count, which they do here without it.
                "retriable-status-codes" => {}
                "500" => on.status_500 = true,
                "503" => on.status_503 = true,
                _ => return Err(refuse(word)),
            }
        }
        Ok(on)
    }

    /// The words that say this, for people.
    pub fn words(&self) -> Vec<&'static str> {
        let said = [
            (self.connect_failure, "connect-failure"),
            (self.refused_stream, "refused-stream"),
            (self.reset, "reset"),
            (self.gateway_error, "gateway-error"),
            (self.server_error, "5xx"),
            (self.status_500, "500"),
            (self.status_503, "503"),
        ];
        said.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect()
    }
}

fn refuse(word: &str) -> RetryOnError {
    let never = NEVER.iter().find(|(known, _)| *known == word).map(|(_, why)| *why);
    let code = word.parse::<u16>().is_ok_and(|code| (100..600).contains(&code));
    match never.or(code.then_some("simulated services answer 200, 500 or 503")) {
        Some(why) => RetryOnError::NeverHolds { word: word.to_owned(), why },
        None => RetryOnError::Unknown { word: word.to_owned() },
    }
}

/// Is an attempt that ended like this tried again under `on`?
///
/// [`Failure::Timeout`] is the timeout of one try (a local reset); after a route timeout nothing is left to try in.
/// [`Failure::Overflow`] is the server's own 503; [`Failure::Error`] its 500.
pub fn retriable(on: RetryOn, failure: Failure) -> bool {
    // A reset of any kind will end as a 503 or 504, so both 5xx and gateway-error cover it.
    let reset = on.reset || on.gateway_error || on.server_error;
    match failure {
        Failure::Connect => reset || on.connect_failure,
        Failure::Reset | Failure::Timeout => reset,
        Failure::Overflow => on.gateway_error || on.server_error || on.status_503,
        Failure::Error => on.server_error || on.status_500,
        // Envoy never retries what a circuit breaker refused.
        Failure::NoHost | Failure::CircuitBreaker | Failure::Entry | Failure::Unfinished => false,
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
        assert!(refused("unavailable").contains("gRPC status codes are not simulated"));
        assert!(refused("429").contains("answer 200, 500 or 503"));
        assert!(refused("5XX").starts_with("unknown retry condition `5XX`"));
    }

    #[test]
    fn words_that_were_read_are_said_again() {
        let words = ["connect-failure", "gateway-error", "503"];
        assert_eq!(RetryOn::from_words(&words).expect("known words").words(), words);
    }

    #[test]
    fn the_window_doubles_to_ten_times_the_base_and_stays() {
        let longest =
            |retry| backoff(Duration::from_millis(25), retry, u64::MAX - u64::MAX % 5000 - 1).nanos() / 1_000_000;
        assert_eq!([1, 2, 3, 4, 5, 99].map(longest), [24, 49, 99, 199, 249, 249]);
    }
}
