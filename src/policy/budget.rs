//! Retry budgets: retries as a share of what a proxy has under way to an upstream.

/// A retry budget (Envoy `retry_budget`, Istio `trafficPolicy.retryBudget`); it takes the place of `max-retries`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Budget {
    /// Retries at once, in percent of the requests that are active or wait (both 20).
    pub percent: f64,
    /// So many at once are allowed in any case (both 3).
    pub min: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { percent: 20.0, min: 3 }
    }
}

impl Budget {
    /// Retries at once where `under_way` requests of the proxy are active or wait for a connection: the whole part of
    /// the share (Envoy `source/common/upstream/resource_manager_impl.h`).
    pub fn most(&self, under_way: u64) -> u64 {
        let share = (self.percent / 100.0 * under_way as f64) as u64;
        share.max(u64::from(self.min))
    }

    /// May one more begin while `outstanding` are under way?
    pub fn allows(&self, under_way: u64, outstanding: u64) -> bool {
        outstanding < self.most(under_way)
    }
}
