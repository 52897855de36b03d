//! Requests by the second near faults: what a window of the horizon is too coarse to tell.

use super::OUTSIDE;
use super::latencies::Latencies;
use super::window::{Window, apart};
use crate::record::FineWindow;

/// Length of a window, nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// Seconds before a fault and after its recovery.
const AROUND: u64 = 60;
/// So many seconds are kept.
const SECONDS: usize = 3600;
/// Significant bits of latencies: 1.6 %.
const GROUPING: u8 = 6;

/// Seconds near faults.
#[derive(Debug)]
pub(super) struct Fine {
    /// Spans of whole seconds from t = 0 on, ascending and apart, and which window each begins with.
    spans: Vec<(u64, u64, usize)>,
    /// Sent and failed.
    counts: Vec<[u64; 2]>,
    latencies: Latencies,
}

impl Fine {
    /// None where there is no fault.
    pub(super) fn new(faults: &[Window], zero: u64, end: u64) -> Option<Box<Self>> {
        let second = |at: u64| at.saturating_sub(zero) / SECOND;
        let last = (end - zero).div_ceil(SECOND);
        let near = |fault: &Window| {
            let recovery = fault.recovery;
            let of = move |&(start, stop): &(u64, u64)| {
                [second(start).saturating_sub(AROUND), (second(stop + recovery) + AROUND).min(last)]
            };
            fault.spans.iter().filter(|span| span.0 < end).map(of).collect::<Vec<_>>()
        };
        let mut spans = Vec::new();
        let mut windows = 0;
        for (from, to) in apart(faults.iter().flat_map(near)) {
            let to = to.min(from + (SECONDS - windows) as u64);
            if from < to {
                spans.push((from, to, windows));
                windows += (to - from) as usize;
            }
        }
        (windows > 0).then(|| {
            Box::new(Fine { spans, counts: vec![[0; 2]; windows], latencies: Latencies::new(windows, GROUPING) })
        })
    }

    fn window(&self, since: u64) -> usize {
        let second = since / SECOND;
        let begun = self.spans.partition_point(|&(from, ..)| from <= second);
        match begun.checked_sub(1).map(|index| self.spans[index]) {
            Some((from, to, first)) if second < to => first + (second - from) as usize,
            _ => OUTSIDE,
        }
    }

    /// A request that was sent so long after t = 0; its latency, if it was answered.
    pub(super) fn count(&mut self, since: u64, answered: Option<u64>) {
        let window = self.window(since);
        if window == OUTSIDE {
            return;
        }
        self.counts[window][0] += 1;
        match answered {
            Some(latency) => self.latencies.record(window, latency),
            None => self.counts[window][1] += 1,
        }
    }

    pub(super) fn finish(self) -> Vec<FineWindow> {
        let seconds = self.spans.iter().flat_map(|&(from, to, _)| from..to);
        let counted = self.counts.iter().zip(self.latencies.finish());
        let window = |(second, ([sent, failed], latency)): (u64, (&[u64; 2], _))| FineWindow {
            second: second as u32,
            sent: *sent,
            failed: *failed,
            latency,
        };
        seconds.zip(counted).map(window).collect()
    }
}
