//! When a fault lasts, and what is counted then.

use super::Counts;
use crate::record::EdgeCalls;

#[derive(Debug)]
pub(super) struct Window {
    /// Starts and ends of the fault, ascending and apart.
    pub(super) spans: Vec<(u64, u64)>,
    /// How long after an end it still counts.
    pub(super) recovery: u64,
    pub(super) rows: Vec<Counts>,
    /// Requests of the recovery: after the fault's end, until its effects are over.
    pub(super) after: Vec<Counts>,
    pub(super) hit_before: u64,
    /// By edge: calls that began while it lasted, in its recovery, and up to the next fault of any name.
    pub(super) edges: Vec<[EdgeCalls; 3]>,
}

/// Where an instant lies in a fault's time.
pub(super) enum Part {
    During,
    After,
    Outside,
}

impl Window {
    /// The last occurrence that has begun at `at`.
    pub(super) fn last(&self, at: u64) -> Option<(u64, u64)> {
        let begun = self.spans.partition_point(|&(start, _)| start <= at);
        begun.checked_sub(1).map(|last| self.spans[last])
    }

    /// Occurrences from t = 0 on, counted from there: what was over by then is no longer told.
    pub(super) fn measured(&self, zero: u64) -> Vec<(u64, u64)> {
        let told = self.spans.iter().filter(|&&(_, end)| end > zero);
        told.map(|&(start, end)| (start.saturating_sub(zero), end - zero)).collect()
    }

    pub(super) fn part(&self, at: u64) -> Part {
        match self.last(at) {
            Some((_, end)) if at < end => Part::During,
            Some((_, end)) if at < end + self.recovery => Part::After,
            _ => Part::Outside,
        }
    }

    /// Was a request that was sent at `at` and failed at `now` sent before an occurrence that it failed in?
    pub(super) fn hit_before(&self, at: u64, now: u64) -> bool {
        self.last(now).is_some_and(|(start, end)| at < start && now < end + self.recovery)
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
