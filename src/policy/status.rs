//! What a server answers: an HTTP status, or a gRPC status in an HTTP 200.

/// The status of an answer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    /// HTTP, 100 to 599.
    Http(u16),
    /// gRPC (`grpc-status`), 0 to 16; HTTP says 200.
    Grpc(u8),
}

/// gRPC's words, by number (`google.rpc.Code`).
const GRPC: [&str; 17] = [
    "ok",
    "cancelled",
    "unknown",
    "invalid-argument",
    "deadline-exceeded",
    "not-found",
    "already-exists",
    "permission-denied",
    "resource-exhausted",
    "failed-precondition",
    "aborted",
    "out-of-range",
    "unimplemented",
    "internal",
    "unavailable",
    "data-loss",
    "unauthenticated",
];

impl Status {
    /// What an application answers that says no more than that it failed.
    pub const ERROR: Status = Status::Http(500);
    /// Misdirected Request (RFC 9110, 15.5.20): whoever was asked has not what was asked for. No condition of Envoy's but the
    /// code itself retries it; `retriable-4xx` means 409 alone.
    pub const WRONG_PARTITION: Status = Status::Http(421);
    /// Not Found (RFC 9110, 15.5.5): whoever was asked knows nothing of the kind.
    pub const WRONG_SERVICE: Status = Status::Http(404);
    /// gRPC's words, by number.
    pub const GRPC_WORDS: [&'static str; 17] = GRPC;

    /// `503`, `unavailable`.
    pub fn parse(text: &str) -> Option<Status> {
        let grpc = || GRPC.iter().position(|word| *word == text).map(|number| Status::Grpc(number as u8));
        match text.parse() {
            Ok(code @ 100..=599) => Some(Status::Http(code)),
            Ok(_) => None,
            Err(_) => grpc(),
        }
    }

    /// The HTTP status that says the same; outlier detection counts a gRPC status as this (Envoy
    /// `source/common/grpc/status.cc`, grpcToHttpStatus).
    pub fn http(self) -> u16 {
        match self {
            Status::Http(code) => code,
            Status::Grpc(number) => match number {
                0 => 200,
                1 => 499,
                3 | 9 | 11 => 400,
                4 => 504,
                5 => 404,
                6 | 10 => 409,
                7 => 403,
                8 => 429,
                12 => 501,
                14 => 503,
                16 => 401,
                _ => 500,
            },
        }
    }

    /// Does the caller see a failure? gRPC: all but `ok`; HTTP: from 400 on.
    pub fn fails(self) -> bool {
        match self {
            Status::Http(code) => code >= 400,
            Status::Grpc(number) => number != 0,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Status::Http(code) => write!(f, "{code}"),
            Status::Grpc(number) => f.write_str(GRPC[usize::from(*number)]),
        }
    }
}

/// A set of HTTP statuses.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Codes([u64; 10]);

impl Codes {
    /// None.
    pub const NONE: Codes = Codes([0; 10]);

    /// These and `code`, which is below 640.
    pub const fn with(mut self, code: u16) -> Codes {
        self.0[code as usize / 64] |= 1 << (code % 64);
        self
    }

    /// Is it one of them?
    pub const fn has(&self, code: u16) -> bool {
        code < 640 && self.0[code as usize / 64] >> (code % 64) & 1 == 1
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        *self == Codes::NONE
    }

    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0..640).filter(|&code| self.has(code))
    }
}

impl FromIterator<u16> for Codes {
    fn from_iter<T: IntoIterator<Item = u16>>(codes: T) -> Self {
        codes.into_iter().fold(Codes::NONE, Codes::with)
    }
}

impl std::fmt::Debug for Codes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_it_is_said() {
        for text in ["503", "404", "unavailable", "cancelled", "ok"] {
            assert_eq!(Status::parse(text).expect("a status").to_string(), text);
        }
        assert_eq!((Status::parse("600"), Status::parse("99"), Status::parse("Unavailable")), (None, None, None));
    }

    #[test]
    fn a_set_of_codes_has_what_was_put_in() {
        let codes: Codes = [100, 429, 503, 599].into_iter().collect();
        assert_eq!(codes.iter().collect::<Vec<_>>(), [100, 429, 503, 599]);
        assert!(!codes.has(500) && !codes.has(u16::MAX) && Codes::NONE.is_empty());
    }
}
