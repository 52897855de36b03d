//! How pods are replaced by new ones, a few at a time.

use crate::units::{Duration, Ratio};

/// A rollout without pods in excess (`maxSurge: 0`): as a StatefulSet rolls, or a Deployment on nodes without room for more.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rollout {
    /// So many at once.
    pub at_once: AtOnce,
    /// A pod that is sent away works on for so long.
    pub grace: Duration,
}

/// How many of a workload's pods may be away at once (`maxUnavailable`).
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum AtOnce {
    /// So many.
    Count(u32),
    /// So large a share.
    Share(Ratio),
}

impl AtOnce {
    /// Of so many pods: a share is rounded down, and none is one (`ResolveFenceposts` of Kubernetes' deployment
    /// controller, whose default is 25 %).
    pub fn of(self, pods: u32) -> u32 {
        let most = match self {
            AtOnce::Count(count) => count,
            // Shares are written in percent: what is whole in percent is whole.
            AtOnce::Share(share) => (share.get() * f64::from(pods) + 1e-9) as u32,
        };
        most.clamp(1, pods.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_and_none_is_one() {
        let share = |share: f64| AtOnce::Share(Ratio::new(share).unwrap());
        assert_eq!([1, 3, 4, 7, 8].map(|pods| share(0.25).of(pods)), [1, 1, 1, 1, 2]);
        assert_eq!((share(0.29).of(100), share(0.1).of(30), share(1.0).of(5)), (29, 3, 5));
        assert_eq!([1, 2, 9].map(|pods| AtOnce::Count(2).of(pods)), [1, 2, 2]);
    }
}
