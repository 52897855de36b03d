//! Latencies of one row by window of the horizon, of which one is being filled at a time.
//!
//! A histogram for each of some 60 windows would be cold and large. Requests of a window are settled while it lasts or soon
//! after: so one histogram is in use, and stands back as a sparse one when the next window has its first; what comes
//! later still is kept in a list and put in its place now and then.

use crate::meter::Histogram;
use crate::record::SparseHistogram;

/// So many late ones are kept: 64 KiB.
const LATE: usize = 4096;

/// Latencies in nanoseconds.
#[derive(Debug)]
pub(super) struct Latencies {
    window: usize,
    current: Histogram,
    closed: Vec<SparseHistogram>,
    /// Window and latency.
    late: Vec<(u32, u64)>,
    /// For putting late ones in their place.
    scratch: Histogram,
}

impl Latencies {
    pub(super) fn new(windows: usize, grouping: u8) -> Self {
        Latencies {
            window: 0,
            current: Histogram::new(grouping),
            closed: vec![SparseHistogram::empty(grouping); windows],
            late: Vec::new(),
            scratch: Histogram::new(grouping),
        }
    }

    #[inline]
    pub(super) fn record(&mut self, window: usize, ns: u64) {
        if window != self.window {
            if window < self.window {
                self.record_late(window, ns);
                return;
            }
            self.close();
            self.window = window;
        }
        self.current.record(ns);
    }

    fn record_late(&mut self, window: usize, ns: u64) {
        self.late.push((window as u32, ns));
        if self.late.len() == LATE {
            self.place_late();
        }
    }

    #[cold]
    fn close(&mut self) {
        self.closed[self.window].merge(&self.current.sparse());
        self.current.clear();
    }

    #[cold]
    fn place_late(&mut self) {
        self.late.sort_unstable();
        for of_window in self.late.chunk_by(|a, b| a.0 == b.0) {
            for &(_, ns) in of_window {
                self.scratch.record(ns);
            }
            self.closed[of_window[0].0 as usize].merge(&self.scratch.sparse());
            self.scratch.clear();
        }
        self.late.clear();
    }

    /// By window.
    pub(super) fn finish(mut self) -> Vec<SparseHistogram> {
        self.close();
        self.place_late();
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::ledger::FINE;

    #[test]
    fn however_late_each_latency_is_found_in_its_window() {
        let (mut latencies, mut plain) = (Latencies::new(60, FINE), vec![Histogram::new(FINE); 60]);
        for n in 0..40_000_u64 {
            // Windows go on, and every third request is of an earlier one.
            let now = (n / 700) as usize;
            let window = if n % 3 == 0 { now * (n % 7) as usize / 7 } else { now };
            let ns = n * n % 1_000_003;
            latencies.record(window, ns);
            plain[window].record(ns);
        }
        let plain: Vec<SparseHistogram> = plain.iter().map(Histogram::sparse).collect();
        assert_eq!(latencies.finish(), plain);
    }
}
