//! A histogram of nanoseconds with integer log-linear buckets: merging is addition, and no order of merging matters.
//!
//! With grouping power `g` values below 2^(g+1) have a bucket each; above, every octave has 2^g buckets, so that a
//! bucket is at most 2^-g of its value wide (10: 0.1 %, 5: 3 %). The whole of `u64` has a bucket: nothing is clamped.
//! Knows nothing of quantiles; [`SparseHistogram`] is asked for those.

use crate::record::SparseHistogram;

/// Counts per page, as a power of two. Latencies of one thing lie close together: few pages are ever touched.
const PAGE_BITS: u32 = 6;
const PAGE: usize = 1 << PAGE_BITS;

/// The bucket of `value` at grouping power `grouping`; ascending and without gaps.
#[inline]
pub const fn bucket(value: u64, grouping: u8) -> u32 {
    let g = grouping as u32;
    if value >> (g + 1) == 0 {
        return value as u32;
    }
    let shift = 63 - value.leading_zeros() - g;
    (shift << g) + (value >> shift) as u32
}

/// The least value of bucket `index`.
pub const fn bucket_low(index: u32, grouping: u8) -> u64 {
    let g = grouping as u32;
    if index >> (g + 1) == 0 {
        return index as u64;
    }
    let shift = (index >> g) - 1;
    ((index - (shift << g)) as u64) << shift
}

/// The greatest value of bucket `index`.
pub const fn bucket_top(index: u32, grouping: u8) -> u64 {
    let g = grouping as u32;
    if index >> (g + 1) == 0 {
        return index as u64;
    }
    let shift = (index >> g) - 1;
    bucket_low(index, grouping) + ((1u64 << shift) - 1)
}

/// A histogram that is being filled. Empty ones are a few words; pages of counts come as they are needed.
#[derive(Clone, Debug)]
pub struct Histogram {
    grouping: u8,
    pages: Vec<Option<Box<[u32; PAGE]>>>,
    /// Buckets whose count went round 2^32, once for each time: half the memory, and no count is lost.
    rounds: Vec<u32>,
    count: u64,
    sum_ns: u128,
    min_ns: u64,
    max_ns: u64,
}

impl Histogram {
    /// An empty histogram; `grouping` is 10 for requests, 5 for edges and stations (1..=16 is accepted).
    pub const fn new(grouping: u8) -> Self {
        assert!(grouping >= 1 && grouping <= 16, "a grouping power lies in 1..=16");
        Histogram { grouping, pages: Vec::new(), rounds: Vec::new(), count: 0, sum_ns: 0, min_ns: u64::MAX, max_ns: 0 }
    }

    /// Counts a value in nanoseconds. Allocates only where its page is new.
    #[inline(always)]
    pub fn record(&mut self, ns: u64) {
        let index = bucket(ns, self.grouping) as usize;
        let (page, place) = (index >> PAGE_BITS, index & (PAGE - 1));
        let count = match self.pages.get_mut(page) {
            Some(Some(counts)) => &mut counts[place],
            _ => &mut self.open(page)[place],
        };
        *count = count.wrapping_add(1);
        if *count == 0 {
            self.rounds.push(index as u32);
        }
        self.count += 1;
        self.sum_ns += u128::from(ns);
        // Rarely so, once there are a few.
        if ns < self.min_ns {
            self.min_ns = ns;
        }
        if ns > self.max_ns {
            self.max_ns = ns;
        }
    }

    #[cold]
    fn open(&mut self, page: usize) -> &mut [u32; PAGE] {
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        self.pages[page].get_or_insert_with(|| Box::new([0; PAGE]))
    }

    /// How many values.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Exact sum in nanoseconds.
    pub const fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// Is it empty?
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Empties it and keeps its pages.
    pub fn clear(&mut self) {
        for page in self.pages.iter_mut().flatten() {
            page.fill(0);
        }
        self.rounds.clear();
        (self.count, self.sum_ns, self.min_ns, self.max_ns) = (0, 0, u64::MAX, 0);
    }

    /// The buckets that hold something, as a record keeps them.
    pub fn sparse(&self) -> SparseHistogram {
        let mut buckets = Vec::new();
        for (number, page) in self.pages.iter().enumerate() {
            for (place, &count) in page.iter().flat_map(|counts| counts.iter().enumerate()) {
                let index = ((number << PAGE_BITS) + place) as u32;
                let rounds = self.rounds.iter().filter(|&&round| round == index).count() as u64;
                if count > 0 || rounds > 0 {
                    buckets.push((index, (rounds << 32) + u64::from(count)));
                }
            }
        }
        SparseHistogram {
            grouping: self.grouping,
            buckets,
            count: self.count,
            sum_ns: self.sum_ns,
            min_ns: if self.count == 0 { 0 } else { self.min_ns },
            max_ns: self.max_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lowest` and `highest equivalent value` of Python's hdrhistogram, whose 2, 3 and 4 significant digits are our
    /// grouping powers 7, 10 and 14 (2^(g+1) = its sub-bucket count).
    #[test]
    fn buckets_are_those_of_hdr_histogram() {
        type Edge = fn(u32, u8) -> u64;
        let rows: [(&str, u8, u64, Edge, u64); 21] = [
            ("HDR-003", 7, 1000, bucket_low, 1000),
            ("HDR-005", 7, 2047, bucket_low, 2040),
            ("HDR-006", 7, 2047, bucket_top, 2047),
            ("HDR-008", 7, 2048, bucket_top, 2063),
            ("HDR-010", 7, 123456, bucket_top, 123903),
            ("HDR-011", 7, 123456789, bucket_low, 123207680),
            ("HDR-013", 7, 987654321012, bucket_low, 983547510784),
            ("HDR-018", 10, 1000, bucket_top, 1000),
            ("HDR-020", 10, 2047, bucket_top, 2047),
            ("HDR-021", 10, 2048, bucket_low, 2048),
            ("HDR-023", 10, 123456, bucket_low, 123456),
            ("HDR-025", 10, 123456789, bucket_low, 123404288),
            ("HDR-026", 10, 123456789, bucket_top, 123469823),
            ("HDR-028", 10, 987654321012, bucket_top, 987842478079),
            ("HDR-031", 14, 1000, bucket_low, 1000),
            ("HDR-033", 14, 2047, bucket_low, 2047),
            ("HDR-035", 14, 2048, bucket_low, 2048),
            ("HDR-036", 14, 2048, bucket_top, 2048),
            ("HDR-038", 14, 123456, bucket_top, 123459),
            ("HDR-040", 14, 123456789, bucket_top, 123457535),
            ("HDR-041", 14, 987654321012, bucket_low, 987641151488),
        ];
        for (id, grouping, value, edge, expected) in rows {
            assert_eq!(edge(bucket(value, grouping), grouping), expected, "{id}");
        }
    }

    #[test]
    fn buckets_are_contiguous_ascending_and_hold_what_falls_into_them() {
        for grouping in [1u8, 5, 10, 16] {
            let last = bucket(u64::MAX, grouping);
            let mut expected = 0u64;
            for index in 0..=last {
                let (low, top) = (bucket_low(index, grouping), bucket_top(index, grouping));
                assert_eq!(low, expected, "grouping {grouping}, bucket {index} begins where the last one ended");
                assert_eq!((bucket(low, grouping), bucket(top, grouping)), (index, index));
                assert!((top - low) as f64 <= low as f64 / f64::from(1u32 << grouping), "at most 2^-g wide");
                expected = top.wrapping_add(1);
            }
            assert_eq!(expected, 0, "the last bucket ends with u64");
        }
    }

    #[test]
    fn counts_sum_and_extremes_are_exact() {
        let mut histogram = Histogram::new(10);
        assert_eq!(histogram.sparse(), SparseHistogram { grouping: 10, ..SparseHistogram::default() });
        for value in [5, u64::MAX, 123_456_789, 5] {
            histogram.record(value);
        }
        let sparse = histogram.sparse();
        assert_eq!((sparse.count, sparse.min_ns, sparse.max_ns), (4, 5, u64::MAX));
        assert_eq!(sparse.sum_ns, u128::from(u64::MAX) + 123_456_799);
        assert_eq!(sparse.buckets, [(5, 2), (bucket(123_456_789, 10), 1), (bucket(u64::MAX, 10), 1)]);
        histogram.clear();
        assert_eq!(histogram.sparse(), Histogram::new(10).sparse());
    }
}
