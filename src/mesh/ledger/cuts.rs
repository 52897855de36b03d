//! The horizon cut up into pieces: by windows, and within each by what every fault is then.
//!
//! A fault that comes and goes within a window makes two pieces of it and not two for each coming: requests of both are
//! told apart, and those of one coming from those of the next only by the time between them.

use std::collections::BTreeMap;

use super::window::Window;
use crate::record::Charge;

/// Which piece an instant lies in.
#[derive(Debug)]
pub(super) struct Cuts {
    /// Stretches of time without a cut: when each begins, and which piece it belongs to.
    stretches: Vec<(u64, usize)>,
    /// By window its first stretch, and at the end how many there are.
    first: Vec<usize>,
    /// By piece its window.
    pub(super) windows: Vec<usize>,
    /// By piece when it begins, nanoseconds from t = 0.
    pub(super) starts_ns: Vec<u64>,
}

impl Cuts {
    pub(super) fn new(faults: &[Window], zero: u64, horizon: u64, windows: usize) -> Self {
        let begins = |window: usize| zero + (u128::from(horizon) * window as u128).div_ceil(windows as u128) as u64;
        let of = |fault: &Window| {
            let recovery = fault.recovery;
            fault.spans.iter().flat_map(move |&(start, end)| [start, end, end + recovery]).collect::<Vec<u64>>()
        };
        let mut cuts: Vec<u64> = faults.iter().flat_map(of).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut all = Cuts { stretches: Vec::new(), first: Vec::new(), windows: Vec::new(), starts_ns: Vec::new() };
        for window in 0..windows {
            all.first.push(all.stretches.len());
            let (from, to) = (begins(window), begins(window + 1));
            let inside = cuts.partition_point(|&cut| cut <= from)..cuts.partition_point(|&cut| cut < to);
            let mut known: BTreeMap<Vec<(Charge, usize)>, usize> = BTreeMap::new();
            for start in std::iter::once(from).chain(cuts.get(inside).unwrap_or_default().iter().copied()) {
                let state = faults.iter().map(|fault| match fault.part(start) {
                    Charge::Outside => (Charge::Outside, fault.begun(start)),
                    part => (part, 0),
                });
                let piece = *known.entry(state.collect()).or_insert_with(|| {
                    all.windows.push(window);
                    all.starts_ns.push(start - zero);
                    all.windows.len() - 1
                });
                all.stretches.push((start, piece));
            }
        }
        all.first.push(all.stretches.len());
        all
    }

    /// How many pieces there are.
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    /// The piece of an instant in a window.
    #[inline]
    pub(super) fn piece(&self, window: usize, at: u64) -> usize {
        let (first, next) = (self.first[window], self.first[window + 1]);
        let later = self.stretches[first + 1..next].partition_point(|&(start, _)| start <= at);
        self.stretches[first + later].1
    }

    /// The pieces of each window.
    pub(super) fn of_windows(&self) -> Vec<Vec<usize>> {
        let mut of = vec![Vec::new(); self.first.len() - 1];
        self.windows.iter().enumerate().for_each(|(piece, &window)| of[window].push(piece));
        of
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(spans: &[(u64, u64)]) -> Window {
        Window { spans: spans.to_vec(), recovery: 5, hit_before: Vec::new(), shared: Vec::new(), edges: Vec::new() }
    }

    #[test]
    fn a_piece_lies_in_one_window_and_in_one_state_of_every_fault() {
        let faults = [window(&[(107, 113), (140, 142), (143, 144)]), window(&[(112, 131)])];
        let cuts = Cuts::new(&faults, 100, 61, 6);
        let mut seen: BTreeMap<usize, (usize, Vec<Charge>)> = BTreeMap::new();
        for at in 100..161 {
            let window = ((at - 100) * 6 / 61) as usize;
            let state = (window, faults.iter().map(|fault| fault.part(at)).collect::<Vec<_>>());
            let piece = cuts.piece(window, at);
            assert_eq!(*seen.entry(piece).or_insert_with(|| state.clone()), state, "at {at}");
            assert!(cuts.starts_ns[piece] <= at - 100);
        }
        assert_eq!(seen.len(), cuts.len(), "none is empty");
    }
}
