//! Samples: what one replication says of a set of requests. Everything about latency and success is read off these.

use crate::meter::Quantile;
use crate::record::{Failure, RequestRow, Run, SparseHistogram};

/// Grouping power of request histograms.
pub(super) const REQUEST_GROUPING: u8 = 10;

/// Requests of one replication: some rows, some of the time.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Sent.
    pub sent: u64,
    /// Failures in the order of `Failure::ALL`; unknown classes (outside of faults) are summed in `lost` only.
    pub failed: [u64; Failure::ALL.len()],
    /// Failed, all classes.
    pub lost: u64,
    /// Latency of the answered ones.
    pub latency: SparseHistogram,
}

/// Which part of a replication counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part<'a> {
    /// All windows from this one on (the warm-up's are cut).
    From(usize),
    /// Within a fault [start, end), by intended arrival. Its recovery would dilute what the fault does.
    During(&'a str),
    /// After a fault, as long as what it loses is counted.
    After(&'a str),
    /// Outside one fault and what follows until service is back.
    Outside(&'a str),
    /// Outside every fault and what follows until service is back.
    OutsideAll,
}

impl Sample {
    /// The requests of `run` whose row `takes`, in `part` of the time.
    pub fn of(run: &Run, part: Part<'_>, takes: &dyn Fn(&RequestRow) -> bool) -> Self {
        let rows = || run.rows.iter().enumerate().filter(|(_, row)| takes(row));
        match part {
            Part::From(first) => Sample::sum(
                rows()
                    .flat_map(|(_, row)| row.windows.iter().skip(first))
                    .map(|window| (window.sent, &window.failed, &window.latency)),
            ),
            Part::During(fault) => Sample::sum(
                rows()
                    .flat_map(|(index, _)| {
                        run.faults.iter().filter(|row| row.fault == fault).map(move |row| &row.rows[index])
                    })
                    .map(|(sent, failed, latency)| (*sent, failed, latency)),
            ),
            Part::After(fault) => Sample::sum(
                rows()
                    .flat_map(|(index, _)| {
                        run.faults.iter().filter(|row| row.fault == fault).filter_map(move |row| row.after.get(index))
                    })
                    .map(|(sent, failed, latency)| (*sent, failed, latency)),
            ),
            Part::Outside(fault) => {
                let mut sample = Sample::of(run, Part::From(0), takes);
                sample.remove(&Sample::of(run, Part::During(fault), takes));
                sample.remove(&Sample::of(run, Part::After(fault), takes));
                sample
            }
            Part::OutsideAll => {
                let sent = rows().map(|(_, row)| row.outside_sent).sum::<u64>();
                let latency = SparseHistogram::merged(REQUEST_GROUPING, rows().map(|(_, row)| &row.outside));
                Sample { sent, failed: [0; Failure::ALL.len()], lost: sent - latency.count, latency }
            }
        }
    }

    /// All requests of `run` that came in these windows.
    pub(super) fn within(run: &Run, windows: &[usize]) -> Self {
        let own = run.rows.iter().flat_map(|row| windows.iter().filter_map(|&window| row.windows.get(window)));
        Sample::sum(own.map(|window| (window.sent, &window.failed, &window.latency)))
    }

    /// (sent, failed by class, latency of the answered ones) of some windows, together.
    fn sum<'a>(parts: impl Iterator<Item = (u64, &'a [u64; Failure::ALL.len()], &'a SparseHistogram)>) -> Self {
        let mut sent = 0;
        let mut failed = [0; Failure::ALL.len()];
        let mut latencies = Vec::new();
        for (more_sent, more_failed, latency) in parts {
            sent += more_sent;
            for (sum, more) in failed.iter_mut().zip(more_failed) {
                *sum += more;
            }
            latencies.push(latency);
        }
        let latency = SparseHistogram::merged(REQUEST_GROUPING, latencies);
        Sample { sent, failed, lost: failed.iter().sum(), latency }
    }

    fn remove(&mut self, part: &Sample) {
        self.sent -= part.sent;
        for (sum, less) in self.failed.iter_mut().zip(&part.failed) {
            *sum -= less;
        }
        self.lost -= part.lost;
        self.latency = self.latency.without(&part.latency);
    }

    /// Answered.
    pub fn ok(&self) -> u64 {
        self.latency.count
    }

    /// A quantile of the answered ones, nanoseconds.
    pub fn quantile(&self, quantile: Quantile) -> Option<u64> {
        self.latency.quantile(quantile, crate::meter::Within::Middle)
    }
}

/// One sample per replication.
pub fn samples(runs: &[Run], part: Part<'_>, takes: &dyn Fn(&RequestRow) -> bool) -> Vec<Sample> {
    runs.iter().map(|run| Sample::of(run, part, takes)).collect()
}
