//! Samples: what one replication says of a set of requests. Everything about latency and success is read off these.

use crate::meter::Quantile;
use crate::record::{RequestRow, Run, SparseHistogram};

/// Grouping power of request histograms.
pub(super) const REQUEST_GROUPING: u8 = 10;

/// Requests of one replication: some rows, some of the time.
#[derive(Clone, PartialEq, Debug)]
pub struct Sample {
    /// Sent.
    pub sent: u64,
    /// Failures in the order of `Failure::ALL`; unknown classes (outside of faults) are summed in `lost` only.
    pub failed: [u64; 8],
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
    /// Inside a fault's window [start, end + recovery), by intended arrival.
    During(&'a str),
    /// Outside that of one fault.
    Outside(&'a str),
    /// Outside that of every fault.
    OutsideAll,
}

impl Sample {
    fn empty() -> Self {
        Sample { sent: 0, failed: [0; 8], lost: 0, latency: SparseHistogram::empty(REQUEST_GROUPING) }
    }

    /// The requests of `run` whose row `takes`, in `part` of the time.
    pub fn of(run: &Run, part: Part<'_>, takes: &dyn Fn(&RequestRow) -> bool) -> Self {
        let rows = || run.rows.iter().enumerate().filter(|(_, row)| takes(row));
        let mut sample = Sample::empty();
        match part {
            Part::From(first) => {
                for (_, row) in rows() {
                    for window in row.windows.iter().skip(first) {
                        sample.add(window.sent, &window.failed, &window.latency);
                    }
                }
            }
            Part::During(fault) => {
                for (index, _) in rows() {
                    for found in run.faults.iter().filter(|row| row.fault == fault) {
                        let (sent, failed, latency) = &found.rows[index];
                        sample.add(*sent, failed, latency);
                    }
                }
            }
            Part::Outside(fault) => {
                sample = Sample::of(run, Part::From(0), takes);
                sample.remove(&Sample::of(run, Part::During(fault), takes));
            }
            Part::OutsideAll => {
                for (_, row) in rows() {
                    sample.sent += row.outside_sent;
                    sample.lost += row.outside_sent - row.outside.count;
                    sample.latency.merge(&row.outside);
                }
            }
        }
        sample
    }

    fn add(&mut self, sent: u64, failed: &[u64; 8], latency: &SparseHistogram) {
        self.sent += sent;
        for (sum, more) in self.failed.iter_mut().zip(failed) {
            *sum += more;
        }
        self.lost += failed.iter().sum::<u64>();
        self.latency.merge(latency);
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
