//! What a kept histogram can be asked: merge, quantiles by exact rank, shares, mean.
//!
//! A quantile is the nearest rank, x(ceil(n q)), with q an exact fraction: `99.9 / 100.0` in floating point is a little
//! more than 0.999 and would step one rank too far at n = 1000.

use super::histogram::{bucket, bucket_low, bucket_top};
use crate::record::SparseHistogram;

/// An exact quantile, `part` of `of`: 999 of 1000 is p99.9.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quantile {
    /// Numerator, at most `of`.
    pub part: u64,
    /// Denominator, above zero.
    pub of: u64,
}

impl Quantile {
    /// The median.
    pub const P50: Quantile = Quantile { part: 1, of: 2 };
    /// p90.
    pub const P90: Quantile = Quantile { part: 9, of: 10 };
    /// p95.
    pub const P95: Quantile = Quantile { part: 95, of: 100 };
    /// p99.
    pub const P99: Quantile = Quantile { part: 99, of: 100 };
    /// p99.9.
    pub const P999: Quantile = Quantile { part: 999, of: 1000 };
    /// p99.99.
    pub const P9999: Quantile = Quantile { part: 9999, of: 10_000 };

    /// From a percentile as written, `99.9`; none where it is not a decimal number in 0..=100 of at most 12 decimals.
    pub fn percentile(text: &str) -> Option<Quantile> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{decimals}");
        let plain = !whole.is_empty() && decimals.len() <= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let part = plain.then(|| digits.parse::<u64>().ok()).flatten()?;
        let of = 100 * 10u64.pow(decimals.len() as u32);
        (part <= of).then_some(Quantile { part, of })
    }

    /// As a number in 0..=1, for formulas.
    pub fn get(self) -> f64 {
        self.part as f64 / self.of as f64
    }

    /// The nearest rank among `count` values, from 1.
    pub fn rank(self, count: u64) -> u64 {
        assert!(self.part <= self.of && self.of > 0, "a quantile lies in 0..=1");
        let rank = (u128::from(count) * u128::from(self.part)).div_ceil(u128::from(self.of));
        // At most `count`, hence it fits.
        (rank as u64).max(1)
    }

    /// How many of `count` values are expected beyond it, rounded down.
    pub fn beyond(self, count: u64) -> u64 {
        (u128::from(count) * u128::from(self.of - self.part) / u128::from(self.of)) as u64
    }
}

/// Which value of the bucket that a rank falls into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Within {
    /// Its least value: for the lower end of an interval.
    Bottom,
    /// Its middle: for estimates.
    Middle,
    /// Its greatest value: for the upper end, and for gates, which must not be met by rounding.
    Top,
}

impl SparseHistogram {
    /// An empty histogram of that grouping power.
    pub fn empty(grouping: u8) -> Self {
        SparseHistogram { grouping, ..SparseHistogram::default() }
    }

    /// Adds all of `other`. Panics where the groupings differ or a count passes 2^64, which are bugs in us.
    pub fn merge(&mut self, other: &SparseHistogram) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            self.clone_from(other);
            return;
        }
        assert_eq!(self.grouping, other.grouping, "only histograms of one grouping power are merged");
        let add = |a: u64, b: u64| a.checked_add(b).expect("counts stay below 2^64");
        let mut merged = Vec::with_capacity(self.buckets.len().max(other.buckets.len()));
        let (mut ours, mut theirs) = (self.buckets.iter().peekable(), other.buckets.iter().peekable());
        while let (Some(&&(a, a_count)), Some(&&(b, b_count))) = (ours.peek(), theirs.peek()) {
            merged.push((
                a.min(b),
                if a == b {
                    add(a_count, b_count)
                } else if a < b {
                    a_count
                } else {
                    b_count
                },
            ));
            if a <= b {
                ours.next();
            }
            if b <= a {
                theirs.next();
            }
        }
        merged.extend(ours.chain(theirs));
        self.buckets = merged;
        self.count = add(self.count, other.count);
        self.sum_ns = self.sum_ns.checked_add(other.sum_ns).expect("sums stay below 2^128");
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// What is left when all values of `part`, which was merged into this, are taken out again. The extremes of what is
    /// left are known to the precision of a bucket only.
    #[must_use]
    pub fn without(&self, part: &SparseHistogram) -> SparseHistogram {
        let mut rest = SparseHistogram::empty(self.grouping);
        let mut taken = part.buckets.iter().peekable();
        for &(index, count) in &self.buckets {
            let less = taken.next_if(|&&(other, _)| other == index).map_or(0, |&(_, less)| less);
            let left = count.checked_sub(less).expect("only values that were merged are taken out");
            if left > 0 {
                rest.buckets.push((index, left));
            }
        }
        assert!(taken.next().is_none(), "only values that were merged are taken out");
        rest.count = self.count - part.count;
        rest.sum_ns = self.sum_ns - part.sum_ns;
        if let (Some(&(first, _)), Some(&(last, _))) = (rest.buckets.first(), rest.buckets.last()) {
            rest.min_ns = bucket_low(first, self.grouping).max(self.min_ns);
            rest.max_ns = bucket_top(last, self.grouping).min(self.max_ns);
        }
        rest
    }

    /// All of them merged; `grouping` is that of an empty result. One pass over all buckets, however many there are.
    pub fn merged<'a>(grouping: u8, all: impl IntoIterator<Item = &'a SparseHistogram>) -> SparseHistogram {
        let all: Vec<&SparseHistogram> = all.into_iter().filter(|one| one.count > 0).collect();
        let [first, .., _] = all[..] else {
            return all.first().map_or_else(|| SparseHistogram::empty(grouping), |&only| only.clone());
        };
        let ends = |one: &SparseHistogram| Some((one.buckets.first()?.0, one.buckets.last()?.0));
        let low = all.iter().filter_map(|one| ends(one)).map(|(low, _)| low).min().unwrap_or(0);
        let high = all.iter().filter_map(|one| ends(one)).map(|(_, high)| high).max().unwrap_or(0);
        let add = |a: u64, b: u64| a.checked_add(b).expect("counts stay below 2^64");
        let mut counts = vec![0u64; (high - low) as usize + 1];
        let mut sum = SparseHistogram { min_ns: u64::MAX, ..SparseHistogram::empty(first.grouping) };
        for one in all {
            assert_eq!(sum.grouping, one.grouping, "only histograms of one grouping power are merged");
            for &(index, count) in &one.buckets {
                let place = &mut counts[(index - low) as usize];
                *place = add(*place, count);
            }
            sum.count = add(sum.count, one.count);
            sum.sum_ns = sum.sum_ns.checked_add(one.sum_ns).expect("sums stay below 2^128");
            sum.min_ns = sum.min_ns.min(one.min_ns);
            sum.max_ns = sum.max_ns.max(one.max_ns);
        }
        let filled = counts.into_iter().enumerate().filter(|&(_, count)| count > 0);
        sum.buckets = filled.map(|(place, count)| (low + place as u32, count)).collect();
        sum
    }

    /// The value of `rank` (from 1, at most the count), in nanoseconds; never outside the exact extremes.
    pub fn value_at_rank(&self, rank: u64, within: Within) -> u64 {
        assert!((1..=self.count).contains(&rank), "a rank lies in 1..=count");
        let mut passed = 0;
        for &(index, count) in &self.buckets {
            passed += count;
            if passed >= rank {
                let (low, top) = (bucket_low(index, self.grouping), bucket_top(index, self.grouping));
                let value = match within {
                    Within::Bottom => low,
                    Within::Middle => low + (top - low) / 2,
                    Within::Top => top,
                };
                return value.clamp(self.min_ns, self.max_ns);
            }
        }
        unreachable!("the counts of all buckets add up to the count");
    }

    /// The quantile in nanoseconds; none where there is no value.
    pub fn quantile(&self, quantile: Quantile, within: Within) -> Option<u64> {
        (self.count > 0).then(|| self.value_at_rank(quantile.rank(self.count), within))
    }

    /// How many values lie in the buckets up to and with that of `ns`.
    pub fn count_to(&self, ns: u64) -> u64 {
        let last = bucket(ns, self.grouping);
        self.buckets.iter().take_while(|&&(index, _)| index <= last).map(|&(_, count)| count).sum()
    }

    /// The share of values at or below `ns` (to the precision of a bucket); none where there is no value.
    pub fn share_to(&self, ns: u64) -> Option<f64> {
        (self.count > 0).then(|| self.count_to(ns) as f64 / self.count as f64)
    }

    /// Exact mean in nanoseconds, one division; none where there is no value.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;

    fn of(values: impl IntoIterator<Item = u64>) -> SparseHistogram {
        let mut histogram = Histogram::new(10);
        values.into_iter().for_each(|value| histogram.record(value));
        histogram.sparse()
    }

    /// QCI-035, -037, -039: nearest rank.
    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let data = of([15, 20, 35, 40, 50, 7, 99, 3, 62, 28]);
        let at = |quantile| data.quantile(quantile, Within::Middle);
        assert_eq!(at(Quantile::P50), Some(28));
        assert_eq!(at(Quantile::P90), Some(62));
        assert_eq!(at(Quantile::P99), Some(99));
        assert_eq!(at(Quantile { part: 0, of: 1 }), Some(3));
        assert_eq!(SparseHistogram::empty(10).quantile(Quantile::P50, Within::Top), None);
    }

    #[test]
    fn an_exact_decimal_does_not_step_a_rank_too_far() {
        let p999 = Quantile::percentile("99.9").expect("a percentile");
        for count in [1000, 2000, 5000, 1_000_000] {
            assert_eq!(p999.rank(count), count / 1000 * 999);
            // What floating point would have said:
            assert_eq!((99.9 / 100.0 * count as f64).ceil() as u64, count / 1000 * 999 + 1);
        }
        assert_eq!(Quantile::P999.rank(u64::MAX), u64::MAX - u64::MAX / 1000);
    }

    #[test]
    fn a_percentile_is_read_exactly_or_not_at_all() {
        assert_eq!(Quantile::percentile("99.99"), Some(Quantile { part: 9999, of: 10_000 }));
        assert_eq!(Quantile::percentile("100"), Some(Quantile { part: 100, of: 100 }));
        for wrong in ["", "101", "-1", "9e1", ".5", "99.9.9", "100.01"] {
            assert_eq!(Quantile::percentile(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_gate_reads_the_top_of_a_bucket_and_an_estimate_its_middle() {
        let values = of([1_000_000, 1_000_100, 2_000_000]);
        let (low, top) = (bucket_low(bucket(1_000_100, 10), 10), bucket_top(bucket(1_000_100, 10), 10));
        assert_eq!(values.quantile(Quantile::P50, Within::Middle), Some(low + (top - low) / 2));
        assert_eq!(values.quantile(Quantile::P50, Within::Top), Some(top));
        assert_eq!(values.quantile(Quantile::P99, Within::Top), Some(2_000_000), "never above the exact maximum");
    }

    #[test]
    fn merging_is_the_same_in_every_order_and_as_recording_together() {
        let parts = [of(1..500), of((1..700).map(|i| i * 7919)), of([]), of([u64::MAX])];
        let together = of((1..500).chain((1..700).map(|i| i * 7919)).chain([u64::MAX]));
        let forward = SparseHistogram::merged(10, &parts);
        assert_eq!(forward, together);
        assert_eq!(SparseHistogram::merged(10, parts.iter().rev()), together);
        let mut one_by_one = SparseHistogram::empty(10);
        parts.iter().for_each(|part| one_by_one.merge(part));
        assert_eq!(one_by_one, together);
    }

    #[test]
    fn what_was_merged_can_be_taken_out_again() {
        let (a, b) = (of([1, 5, 5, 900]), of([5, 1_000_000]));
        let mut both = a.clone();
        both.merge(&b);
        assert_eq!(both.without(&b), a);
        assert_eq!(both.without(&both), SparseHistogram::empty(10));
    }

    #[test]
    fn shares_and_the_mean_agree_with_the_data() {
        let data = of([100, 200, 300, 400]);
        assert_eq!((data.count_to(299), data.count_to(300)), (2, 3));
        assert_eq!(data.share_to(300), Some(0.75));
        assert_eq!(data.mean_ns(), Some(250.0));
    }
}
