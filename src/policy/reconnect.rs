//! How a client with a long-lived connection comes back: at once or spread out, and ever less often.

use crate::units::Duration;

/// What a client does whose connection is broken.
///
/// The n-th failed try in a row (from 0) is followed by a wait that is uniform on [0, min(`max`, `base` x 2^n)): "full
/// jitter" (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reconnect {
    /// From when a client knows that its connection is broken to its first try.
    pub after: Duration,
    /// And uniform up to so long more.
    pub jitter: Duration,
    /// The longest wait after the first failed try.
    pub base: Duration,
    /// The longest wait of all.
    pub max: Duration,
    /// A client that would try again later than this after its connection broke gives up; none: it never does.
    pub give_up: Option<Duration>,
}

/// What is not said: at once, and back off from 1 s to 30 s. *Chosen* in the range of common clients: socket.io from 1 s
/// to 5 s, gRPC from 1 s to 120 s ("GRPC Connection Backoff Protocol").
pub const RECONNECT: Reconnect = Reconnect {
    after: Duration::ZERO,
    jitter: Duration::ZERO,
    base: Duration::from_secs(1),
    max: Duration::from_secs(30),
    give_up: None,
};

impl Reconnect {
    /// From the break to the first try, by one uniform draw.
    pub fn first(&self, draw: f64) -> Duration {
        self.after + self.jitter.scaled(draw)
    }

    /// After the n-th failed try in a row, n from 0, by one uniform draw.
    pub fn again(&self, n: u32, draw: f64) -> Duration {
        self.longest(n).scaled(draw)
    }

    /// The bound of that wait.
    pub fn longest(&self, n: u32) -> Duration {
        self.base.saturating_mul(1 << n.min(40)).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let longest: Vec<f64> = (0..7).map(|n| RECONNECT.longest(n).seconds()).collect();
        assert_eq!(longest, [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
        assert_eq!(RECONNECT.longest(u32::MAX), RECONNECT.max);
        assert_eq!(RECONNECT.again(3, 0.25), Duration::from_secs(2));
        let spread = Reconnect { after: Duration::from_secs(1), jitter: Duration::from_secs(4), ..RECONNECT };
        assert_eq!(spread.first(0.5), Duration::from_secs(3));
    }
}
