//! When a fault lasts, and what is counted then.

use crate::record::{Charge, EdgeCalls};

#[derive(Debug)]
pub(super) struct Window {
    /// Starts and ends of the fault, ascending and apart.
    pub(super) spans: Vec<(u64, u64)>,
    /// How long after an end it still counts.
    pub(super) recovery: u64,
    /// By piece: requests sent before an occurrence that failed in it.
    pub(super) hit_before: Vec<u64>,
    /// By piece: failures that another fault is charged with as well.
    pub(super) shared: Vec<u64>,
    /// By edge: calls that began while it lasted, in its recovery, and up to the next fault of any name.
    pub(super) edges: Vec<[EdgeCalls; 3]>,
}

impl Window {
    /// The last occurrence that has begun at `at`.
    pub(super) fn last(&self, at: u64) -> Option<(u64, u64)> {
        self.begun(at).checked_sub(1).map(|last| self.spans[last])
    }

    /// How many occurrences have begun at `at`.
    pub(super) fn begun(&self, at: u64) -> usize {
        self.spans.partition_point(|&(start, _)| start <= at)
    }

    /// Occurrences from t = 0 on, counted from there: what was over by then is no longer told.
    pub(super) fn measured(&self, zero: u64) -> Vec<(u64, u64)> {
        let told = self.spans.iter().filter(|&&(_, end)| end > zero);
        told.map(|&(start, end)| (start.saturating_sub(zero), end - zero)).collect()
    }

    /// Where an instant lies in its time.
    pub(super) fn part(&self, at: u64) -> Charge {
        match self.last(at) {
            Some((_, end)) if at < end => Charge::During,
            Some((_, end)) if at < end + self.recovery => Charge::After,
            _ => Charge::Outside,
        }
    }

    /// Was a request that was sent at `at` and failed at `now` sent before an occurrence that it failed in?
    pub(super) fn hit_before(&self, at: u64, now: u64) -> bool {
        self.last(now).is_some_and(|(start, end)| at < start && now < end + self.recovery)
    }
}

/// A request that was sent at `at`, in a piece, has failed at `now`: what several faults are charged with is none's alone.
pub(super) fn share(faults: &mut [Window], piece: usize, at: u64, now: u64) {
    let charged = |fault: &Window| fault.part(at) != Charge::Outside || fault.hit_before(at, now);
    if faults.iter().filter(|fault| charged(fault)).count() > 1 {
        faults.iter_mut().filter(|fault| charged(fault)).for_each(|fault| fault.shared[piece] += 1);
    }
}

/// Spans in order of time, those that meet made one.
pub(super) fn apart(spans: impl Iterator<Item = [u64; 2]>) -> Vec<(u64, u64)> {
    let mut spans: Vec<[u64; 2]> = spans.filter(|[from, to]| from < to).collect();
    spans.sort_unstable();
    let mut apart: Vec<(u64, u64)> = Vec::with_capacity(spans.len());
    for [from, to] in spans {
        match apart.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => apart.push((from, to)),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lasting(spans: &[(u64, u64)]) -> Window {
        Window { spans: spans.to_vec(), recovery: 5, hit_before: vec![0], shared: vec![0], edges: Vec::new() }
    }

    /// One failure at each instant from 0 to 99, told at once or `later`.
    fn shared(spans: &[&[(u64, u64)]], later: u64) -> Vec<u64> {
        let mut faults: Vec<Window> = spans.iter().map(|spans| lasting(spans)).collect();
        (0..100).for_each(|at| share(&mut faults, 0, at, at + later));
        faults.into_iter().map(|fault| fault.shared[0]).collect()
    }

    #[test]
    fn what_two_faults_are_charged_with_is_shared_and_nothing_else_is() {
        assert_eq!(shared(&[&[(20, 40)], &[(30, 50)]], 0), [15, 15], "30 to 45: the first one's recovery is its own");
        assert_eq!(shared(&[&[(20, 60)], &[(30, 40)]], 0), [15, 15], "one inside the other, with its recovery");
        assert_eq!(shared(&[&[(20, 30)], &[(30, 40)]], 0), [5, 5], "one ends when the other begins: its recovery");
        assert_eq!(shared(&[&[(20, 30)], &[(20, 30)]], 0), [15, 15], "equal ones share all");
        assert_eq!(shared(&[&[(20, 30)], &[(35, 45)]], 0), [0, 0], "apart");
        assert_eq!(shared(&[&[(20, 30)]], 3), [0], "one alone");
        // Sent from 32 on and failed in the second fault, of which the first one's recovery holds those up to 34.
        assert_eq!(shared(&[&[(20, 30)], &[(35, 45)]], 3), [3, 3]);
    }
}
