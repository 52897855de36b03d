//! How a rule of a VirtualService shares out the requests that it means: to destinations by weight, and in copies.

use crate::units::Ratio;

/// Cumulative shares of destinations by their weights: the first whose figure exceeds a draw from [0, 1) is taken; none
/// is never drawn. One destination has all, whatever its weight; of several those with weight 0 are left out (Istio
/// `route.go`, applyHTTPRouteDestination), and the sum is what they are shares of (Envoy `weighted_clusters`). Of several
/// without any weight nothing is drawn: there is no such configuration.
pub fn below(weights: &[u32]) -> Vec<Option<f64>> {
    if let [_] = weights {
        return vec![Some(1.0)];
    }
    let sum: u64 = weights.iter().copied().map(u64::from).sum();
    let mut under = 0;
    let share = |weight: &u32| {
        under += u64::from(*weight);
        (*weight > 0).then(|| under as f64 / sum as f64)
    };
    weights.iter().map(share).collect()
}

/// Which destination a request has that drew `draw` from [0, 1).
pub fn drawn(below: &[Option<f64>], draw: f64) -> Option<usize> {
    below.iter().position(|share| share.is_some_and(|share| draw < share))
}

/// The share of requests that are copied: `mirrorPercentage`, else `mirrorPercent`, else all; none: there is no copy.
pub fn mirrored(percentage: Option<f64>, percent: Option<u32>) -> Option<Ratio> {
    let share = percentage.map(|percent| percent / 100.0).or(percent.map(|percent| f64::from(percent) / 100.0));
    Ratio::new(share.unwrap_or(1.0).min(1.0)).filter(|share| *share > Ratio::ZERO)
}

/// Where a request goes that was meant for `to`: the first of it and its fallbacks that has a healthy host; where none
/// has, it stays as it was, and is answered 503 (ASM's `fallback` of a VirtualService).
pub fn settled<T: Copy>(to: T, fallback: &[T], mut healthy: impl FnMut(T) -> bool) -> T {
    if fallback.is_empty() || healthy(to) {
        return to;
    }
    fallback.iter().copied().find(|next| healthy(*next)).unwrap_or(to)
}
