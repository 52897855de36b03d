//! Quantiles over replications: the interval of Woodruff (1952), and differences of quantiles by sectioning.
//!
//! The point is the quantile of all replications merged. How far the replications' own shares below it spread tells how
//! sure its *probability* is; the interval in nanoseconds is read off the merged histogram at both ends. Order
//! statistics over requests are absent on purpose: on one queue's output their nominal 95 % cover 16 to 35 %.

use super::interval::{Critical, Sections, variance};
use crate::meter::{Quantile, Within};
use crate::record::SparseHistogram;

/// Values beyond a quantile, per replication, from which on it is given unmarked.
pub const UNMARKED_BEYOND: u64 = 100;
/// Replications from which on intervals are given unmarked; below, they are indicative.
pub const UNMARKED_REPLICATIONS: u32 = 10;
/// Replications below which there is no interval.
pub const INTERVAL_REPLICATIONS: u32 = crate::scenario::file::JUDGED_FROM;
/// Values beyond a quantile, per replication, below which it is not estimable.
const ESTIMABLE_BEYOND: u64 = 10;

/// How well a tail is populated. What lies beyond a quantile clusters in busy periods, so that ten are few.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Floor {
    /// At least 100 values beyond it per replication.
    Enough,
    /// 10 to 100: flagged `low tail sample`.
    Low,
    /// Under 10: not estimable at this run length.
    NotEstimable,
}

impl Floor {
    /// Of `count` values in `replications` together.
    pub fn of(quantile: Quantile, count: u64, replications: u32) -> Self {
        match quantile.beyond(count) / u64::from(replications.max(1)) {
            UNMARKED_BEYOND.. => Floor::Enough,
            ESTIMABLE_BEYOND..UNMARKED_BEYOND => Floor::Low,
            _ => Floor::NotEstimable,
        }
    }
}

/// A quantile in nanoseconds with its interval.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct QuantileInterval {
    /// The quantile of all replications merged, the middle of its bucket.
    pub value: u64,
    /// Lower end, the bottom of its bucket.
    pub low: u64,
    /// Upper end, the top of its bucket; none: not bounded by this many values.
    pub high: Option<u64>,
    /// How well the tail is populated.
    pub floor: Floor,
}

/// Woodruff's interval from one histogram per replication; none where they hold no value at all.
///
/// Shares are weighted by each replication's count (ratio form).
pub fn quantile_interval(of: &[&SparseHistogram], quantile: Quantile, critical: Critical) -> Option<QuantileInterval> {
    assert_eq!(of.len(), critical.replications as usize, "one histogram per replication");
    let grouping = of.first().map_or(10, |first| first.grouping);
    let merged = SparseHistogram::merged(grouping, of.iter().copied());
    let value = merged.quantile(quantile, Within::Middle)?;
    let count = merged.count as f64;
    let share = merged.share_to(value)?;
    let residuals: Vec<f64> = of.iter().map(|one| one.count_to(value) as f64 - share * one.count as f64).collect();
    let mean_count = count / of.len() as f64;
    let half = critical.t * libm::sqrt(variance(&residuals) / of.len() as f64) / mean_count;
    let at = |probability: f64, within| {
        let rank = libm::ceil(probability * count).clamp(1.0, count) as u64;
        merged.value_at_rank(rank.clamp(1, merged.count), within)
    };
    let (low, high) = (quantile.get() - half, quantile.get() + half);
    let floor = Floor::of(quantile, merged.count, critical.replications);
    // Below 1 there is a value above. No spread at all is a constant, unless the quantile is merely the last value seen.
    let bounded = if half == 0.0 { floor != Floor::NotEstimable } else { high < 1.0 };
    Some(QuantileInterval {
        value,
        low: at(low, Within::Bottom).min(value),
        high: bounded.then(|| at(high, Within::Top).max(value)),
        floor,
    })
}

/// A quantile of all replications merged with one value for each, nanoseconds, from which differences between systems
/// are sectioned: each replication's own quantile where the tail of every system is well populated, else (`thin`)
/// pseudo-values by deleting one replication. None where the tail is not estimable.
pub fn quantile_sections(of: &[&SparseHistogram], quantile: Quantile, thin: bool) -> Option<Sections> {
    let count = of.iter().map(|one| one.count).sum();
    if Floor::of(quantile, count, of.len() as u32) == Floor::NotEstimable {
        return None;
    }
    let value = pooled(of, quantile)?;
    let each = if thin { pseudo_values(of, quantile, value)? } else { each(of, quantile)? };
    Some(Sections { value, each })
}

fn pooled(of: &[&SparseHistogram], quantile: Quantile) -> Option<f64> {
    let merged = SparseHistogram::merged(of.first()?.grouping, of.iter().copied());
    merged.quantile(quantile, Within::Middle).map(|value| value as f64)
}

fn each(of: &[&SparseHistogram], quantile: Quantile) -> Option<Vec<f64>> {
    of.iter().map(|one| one.quantile(quantile, Within::Middle).map(|value| value as f64)).collect()
}

fn pseudo_values(of: &[&SparseHistogram], quantile: Quantile, all: f64) -> Option<Vec<f64>> {
    let count = of.len() as f64;
    // Each left out of the sum of all: merging the others anew would take time by the square of the replications.
    let merged = SparseHistogram::merged(of.first()?.grouping, of.iter().copied());
    let without = |left_out: usize| {
        let others = of.iter().enumerate().filter(|(index, other)| *index != left_out && other.count > 0);
        let ends = others.map(|(_, other)| (other.min_ns, other.max_ns));
        let (min_ns, max_ns) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
        let rest = SparseHistogram { min_ns, max_ns, ..merged.without(of[left_out]) };
        let pooled = rest.quantile(quantile, Within::Middle)? as f64;
        Some(count * all - (count - 1.0) * pooled)
    };
    (0..of.len()).map(without).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;

    /// Uniform pseudo-random values from a fixed linear congruence: the tests need chance, not quality.
    fn uniform(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn exponentials(state: &mut u64, count: u64) -> SparseHistogram {
        let mut histogram = Histogram::new(10);
        for _ in 0..count {
            histogram.record((-1e9 * libm::log(uniform(state))) as u64);
        }
        histogram.sparse()
    }

    fn replications(state: &mut u64, replications: usize, count: u64) -> Vec<SparseHistogram> {
        (0..replications).map(|_| exponentials(state, count)).collect()
    }

    #[test]
    fn ninety_five_percent_intervals_cover_about_that_often() {
        let mut state = 7;
        let critical = Critical::new(20, 0.95, 1);
        let p99 = 1e9 * libm::log(100.0);
        let trials = 300;
        let covered = (0..trials)
            .filter(|_| {
                let runs = replications(&mut state, 20, 2000);
                let runs: Vec<_> = runs.iter().collect();
                let got = quantile_interval(&runs, Quantile::P99, critical).expect("there are values");
                got.low as f64 <= p99 && got.high.is_none_or(|high| high as f64 >= p99)
            })
            .count();
        // Binomial(300, 0.95): 285 +- 3.3 standard deviations (3.8 each).
        assert!((272..=298).contains(&covered), "{covered} of {trials}");
    }

    #[test]
    fn the_floor_says_which_tails_can_be_told() {
        let floor = |count| Floor::of(Quantile::P99, count, 20);
        assert_eq!(floor(20 * 10_000), Floor::Enough);
        assert_eq!(floor(20 * 9_999), Floor::Low);
        assert_eq!(floor(20 * 1_000), Floor::Low);
        assert_eq!(floor(20 * 999), Floor::NotEstimable);
    }

    #[test]
    fn an_upper_end_past_the_last_value_is_not_bounded() {
        let mut state = 3;
        let runs = replications(&mut state, 5, 40);
        let runs: Vec<_> = runs.iter().collect();
        let tail = quantile_interval(&runs, Quantile::P999, Critical::new(5, 0.95, 1)).expect("there are values");
        assert_eq!((tail.high, tail.floor), (None, Floor::NotEstimable));
        let middle = quantile_interval(&runs, Quantile::P50, Critical::new(5, 0.95, 1)).expect("there are values");
        assert!(middle.low < middle.value && Some(middle.value) < middle.high);
    }

    #[test]
    fn a_constant_has_an_interval_of_no_width() {
        let mut constant = Histogram::new(10);
        (0..1000).for_each(|_| constant.record(62_345_678));
        let constant = constant.sparse();
        let got = quantile_interval(&[&constant; 10], Quantile::P99, Critical::new(10, 0.95, 1)).expect("values");
        assert_eq!((got.low, got.value, got.high), (62_345_678, 62_345_678, Some(62_345_678)));
        assert_eq!(
            quantile_interval(&[&SparseHistogram::empty(10); 2], Quantile::P50, Critical::new(2, 0.95, 1)),
            None
        );
    }

    #[test]
    fn a_pseudo_value_is_that_of_the_others_merged() {
        let mut state = 5;
        let runs = replications(&mut state, 7, 400);
        let runs: Vec<_> = runs.iter().collect();
        for quantile in [Quantile { part: 0, of: 1 }, Quantile::P50, Quantile::P99, Quantile { part: 1, of: 1 }] {
            let all = pooled(&runs, quantile).expect("there are values");
            let got = pseudo_values(&runs, quantile, all).expect("there are values");
            for (left_out, got) in got.into_iter().enumerate() {
                let rest: Vec<_> =
                    (0..runs.len()).filter(|&index| index != left_out).map(|index| runs[index]).collect();
                assert_eq!(got, 7.0 * all - 6.0 * pooled(&rest, quantile).expect("there are values"));
            }
        }
    }

    #[test]
    fn a_shift_of_every_value_is_found_with_almost_no_noise() {
        let mut state = 11;
        for (count, floor) in [(20_000, Floor::Enough), (3_000, Floor::Low)] {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for _ in 0..20 {
                let (mut slow, mut fast) = (Histogram::new(10), Histogram::new(10));
                for _ in 0..count {
                    let value = (-1e9 * libm::log(uniform(&mut state))) as u64;
                    fast.record(value);
                    slow.record(value + 2_000_000_000);
                }
                a.push(slow.sparse());
                b.push(fast.sparse());
            }
            assert_eq!(Floor::of(Quantile::P99, 20 * count, 20), floor);
            let sections = |of: &[&SparseHistogram], quantile| quantile_sections(of, quantile, floor == Floor::Low);
            let (a, b): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
            let critical = Critical::new(20, 0.95, 1);
            let (slow, fast) = (sections(&a, Quantile::P99), sections(&b, Quantile::P99));
            let (slow, fast) = (slow.expect("estimable"), fast.expect("estimable"));
            let got = slow.less(&fast, 1.0, critical);
            // 0.1 % of a bucket at 6.6 s and at 4.6 s.
            assert!((got.value - 2e9).abs() < 0.012e9 && got.low < 2e9 && got.high > 2e9, "{got:?}");
            assert!(variance(&slow.each) + variance(&fast.each) > 20.0 * got.half_width() * got.half_width());
            assert_eq!(sections(&a, Quantile::P9999), None);
        }
    }
}
