//! Closed arrivals: users who think, ask, and think again once they are answered.
//!
//! Their requests come when the machine lets them; only the thinking is drawn here.

use crate::random::{Key, Law};
use crate::units::{Duration, SimTime};

/// A user whose answer took no time at all asks again no sooner than this after asking: what a proxy answers of its own costs
/// nothing here, and nobody asks without end at one instant. *Chosen*, about what the fastest of clients take for a turn.
pub const LEAST_PAUSE: Duration = Duration::from_millis(1);

/// From when on a user may ask again who asked at `asked` and had the answer at `answered`.
pub fn asks_again_from(asked: SimTime, answered: SimTime) -> SimTime {
    if answered > asked { answered } else { asked + LEAST_PAUSE }
}

/// The users of one closed stream.
#[derive(Clone, Debug)]
pub struct Closed {
    users: u32,
    think: Law,
    key: Key,
}

impl Closed {
    /// `users` users who think by `think` (seconds).
    pub fn new(users: u32, think: &Law, key: Key) -> Self {
        assert!(users > 0, "a closed stream has at least one user");
        Closed { users, think: think.clone(), key }
    }

    /// How many users there are.
    pub fn users(&self) -> u32 {
        self.users
    }

    /// The number, within the stream, of the request that `user` (from 0) makes after its `cycle`-th thinking (from 0).
    pub fn ordinal(&self, user: u32, cycle: u64) -> u64 {
        assert!(user < self.users, "users are numbered below {}", self.users);
        cycle * u64::from(self.users) + u64::from(user)
    }

    /// How long `user` thinks before that request. The same whatever the answers: all variants meet the same users.
    pub fn think(&self, user: u32, cycle: u64) -> Duration {
        Duration::from_seconds_f64(self.think.sample(self.key.uniform(self.ordinal(user, cycle))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::new(7, 0, "batch", "think");

    #[test]
    fn time_moves_between_two_requests_of_a_user() {
        let at = SimTime::from_nanos;
        assert_eq!(asks_again_from(at(7), at(7)), at(7) + LEAST_PAUSE);
        assert_eq!(asks_again_from(at(7), at(8)), at(8));
    }

    #[test]
    fn every_request_of_every_user_has_a_number_of_its_own() {
        let closed = Closed::new(7, &Law::Constant(1.0), KEY);
        let mut ordinals: Vec<u64> = (0..7)
            .flat_map(|user| (0..10).map(move |cycle| (user, cycle)))
            .map(|(u, c)| closed.ordinal(u, c))
            .collect();
        ordinals.sort_unstable();
        assert_eq!(ordinals, (0..70).collect::<Vec<_>>());
    }

    #[test]
    fn users_think_by_their_law_and_independently() {
        let closed = Closed::new(50, &Law::Exponential { mean: 2.0 }, KEY);
        let thought = |user, cycle| closed.think(user, cycle).seconds();
        let all: Vec<f64> = (0..50).flat_map(|user| (0..2_000).map(move |cycle| thought(user, cycle))).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        // Four standard errors of 1e5 exponentials of mean 2.
        assert!((mean - 2.0).abs() < 4.0 * 2.0 / 1e5_f64.sqrt(), "mean {mean}");
        // Neighbouring users are uncorrelated.
        let pairs =
            (0..49).flat_map(|user| (0..2_000).map(move |c| (thought(user, c) - 2.0) * (thought(user + 1, c) - 2.0)));
        let covariance = pairs.sum::<f64>() / (49.0 * 2_000.0);
        assert!(covariance.abs() < 4.0 * 4.0 / 98_000_f64.sqrt(), "covariance {covariance}");
    }
}
