//! Slow start: a host that has just joined gets a share that grows (Envoy `slow_start_config`, Istio `warmup`).

use crate::units::Duration;

/// How a new host's weight grows to its full value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SlowStart {
    /// A host is new for this long after it has joined.
    pub window: Duration,
    /// The least share of its weight that it has, 0 to 1 (Envoy and Istio: 0.1).
    pub min: f64,
    /// Above 1 the weight grows fast at first, below 1 slowly; 1 is linear.
    pub aggression: f64,
}

impl SlowStart {
    /// A minute, from a tenth up, evenly: what Istio leaves unsaid, but for the window.
    pub const ISTIO: SlowStart = SlowStart { window: Duration::from_secs(60), min: 0.1, aggression: 1.0 };

    /// The share of its weight that a host of this age has: `max(min, (age / window)^(1 / aggression))`, 1 after the
    /// window (`load_balancer_impl.cc`, applySlowStartFactor). Ages count in whole milliseconds, from one on.
    pub fn factor(&self, age: Duration) -> f64 {
        const MS: u64 = 1_000_000;
        let (age, window) = (age.nanos() / MS, self.window.nanos() / MS);
        if age >= window {
            return 1.0;
        }
        let share = age.max(1) as f64 / window as f64;
        let grown = if self.aggression == 1.0 { share } else { libm::pow(share, 1.0 / self.aggression) };
        grown.max(self.min)
    }

    /// Is a host of this age still new? Envoy counts the last instant of the window in.
    pub fn is_new(&self, age: Duration) -> bool {
        age <= self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_full_weight_at_the_end_of_the_window() {
        let rule = SlowStart { window: Duration::from_secs(60), min: 0.1, aggression: 1.0 };
        assert_eq!(rule.factor(Duration::from_secs(60)), 1.0);
        assert!(rule.factor(Duration::from_millis(59_999)) < 1.0);
        assert!(rule.is_new(Duration::from_secs(60)) && !rule.is_new(Duration::from_nanos(60_000_000_001)));
    }
}
