//! What is read off the runs of a case, each figure with its 99.9 % interval over replications.

use eastwest::meter::{Quantile, bucket_low, bucket_top};
use eastwest::record::{Run, SparseHistogram};
use eastwest::study::statistics::{Critical, Interval, mean_interval, quantile_interval, ratio_interval};

/// Confidence of every interval.
pub(crate) const CONFIDENCE: f64 = 0.999;

const MS: f64 = 1e6;

/// A figure of a case. Times are in milliseconds. A station is named by its service.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    /// Mean latency of all requests.
    Mean,
    /// A quantile of the latency of all requests.
    Tail(Quantile),
    /// Variance of the latency of all requests.
    Variance,
    /// Share of requests that took longer than this.
    Beyond(f64),
    /// Mean latency of the requests for this operation.
    OperationMean(&'static str),
    /// The same less the operation's mean work: the mean wait of its class.
    OperationWait(&'static str, f64),
    /// Answered requests per second.
    Throughput,
    /// Mean wait at a station.
    Wait(&'static str),
    /// A quantile of the wait at a station.
    WaitTail(&'static str, Quantile),
    /// Variance of the wait at a station.
    WaitVariance(&'static str),
    /// Share of visits that waited longer than this.
    WaitBeyond(&'static str, f64),
    /// Share of visits that waited.
    Waited(&'static str),
    /// Mean wait and service at a station, of those let in.
    Sojourn(&'static str),
    /// Mean number at a station, waiting or served.
    Level(&'static str),
    /// Share of arrivals that a station turned away.
    Blocked(&'static str),
    /// Share of arrivals that left a station's queue unserved.
    Dropped(&'static str),
    /// Visits to a station per second.
    Visits(&'static str),
}

/// What is kept of a run: a run of millions of requests is large, and there are thousands.
pub(crate) struct Observed {
    seconds: f64,
    /// By operation.
    latencies: Vec<(String, SparseHistogram)>,
    latency: SparseHistogram,
    stations: Vec<Station>,
    pub(crate) unfinished: u64,
}

struct Station {
    name: String,
    visits: u64,
    waited: u64,
    arrived: u64,
    blocked: u64,
    dropped: u64,
    level_ns: u128,
    wait: SparseHistogram,
    sojourn: SparseHistogram,
}

impl Observed {
    pub(crate) fn of(run: Run) -> Self {
        let merged = |row: &eastwest::record::RequestRow| {
            SparseHistogram::merged(10, row.windows.iter().map(|window| &window.latency))
        };
        let latencies: Vec<(String, SparseHistogram)> =
            run.rows.iter().map(|row| (row.operation.clone(), merged(row))).collect();
        Observed {
            seconds: run.horizon_ns as f64 / 1e9,
            latency: SparseHistogram::merged(10, latencies.iter().map(|(_, latency)| latency)),
            latencies,
            unfinished: run.balance.unfinished,
            stations: run
                .services
                .into_iter()
                .map(|row| Station {
                    name: row.service,
                    visits: row.visits,
                    waited: row.waited,
                    arrived: row.arrived,
                    blocked: row.blocked,
                    dropped: row.dropped,
                    level_ns: row.level_ns,
                    wait: row.wait,
                    sojourn: row.sojourn,
                })
                .collect(),
        }
    }

    /// Customers of all stations, those turned away included.
    pub(crate) fn customers(&self) -> u64 {
        self.stations.iter().map(|station| station.visits + station.blocked).sum()
    }

    fn station(&self, name: &str) -> &Station {
        self.stations.iter().find(|station| station.name == name).expect("the scenario has this station")
    }

    fn operation(&self, name: &str) -> &SparseHistogram {
        let named = |(operation, _): &&(String, SparseHistogram)| operation.ends_with(name);
        &self.latencies.iter().find(named).expect("the scenario has this operation").1
    }
}

/// The figure with its interval.
pub(crate) fn read(figure: Figure, runs: &[Observed]) -> Interval {
    let critical = Critical::new(runs.len() as u32, CONFIDENCE, 1);
    let ratio = |pair: &dyn Fn(&Observed) -> (f64, f64)| {
        let pairs: Vec<(f64, f64)> = runs.iter().map(pair).collect();
        ratio_interval(&pairs, critical).expect("something was counted")
    };
    let mean = |histogram: &dyn Fn(&Observed) -> &SparseHistogram| {
        ratio(&|run| (histogram(run).sum_ns as f64 / MS, histogram(run).count as f64))
    };
    let tail = |histogram: &dyn Fn(&Observed) -> &SparseHistogram, quantile| {
        let all: Vec<&SparseHistogram> = runs.iter().map(histogram).collect();
        let found = quantile_interval(&all, quantile, critical).expect("something was counted");
        let high = found.high.map_or(f64::INFINITY, |high| high as f64 / MS);
        Interval { value: found.value as f64 / MS, low: found.low as f64 / MS, high }
    };
    match figure {
        Figure::Mean => mean(&|run| &run.latency),
        Figure::Tail(quantile) => tail(&|run| &run.latency, quantile),
        Figure::Variance => variance(runs, critical, &|run| &run.latency),
        Figure::Beyond(ms) => ratio(&|run| (beyond(&run.latency, ms * MS), run.latency.count as f64)),
        Figure::OperationMean(name) => mean(&|run| run.operation(name)),
        Figure::OperationWait(name, work) => {
            let Interval { value, low, high } = mean(&|run| run.operation(name));
            Interval { value: value - work, low: low - work, high: high - work }
        }
        Figure::Throughput => ratio(&|run| (run.latency.count as f64, run.seconds)),
        Figure::Wait(name) => mean(&|run| &run.station(name).wait),
        Figure::WaitTail(name, quantile) => tail(&|run| &run.station(name).wait, quantile),
        Figure::WaitVariance(name) => variance(runs, critical, &|run| &run.station(name).wait),
        Figure::WaitBeyond(name, ms) => {
            ratio(&|run| (beyond(&run.station(name).wait, ms * MS), run.station(name).wait.count as f64))
        }
        Figure::Waited(name) => ratio(&|run| (run.station(name).waited as f64, run.station(name).visits as f64)),
        Figure::Sojourn(name) => mean(&|run| &run.station(name).sojourn),
        Figure::Level(name) => ratio(&|run| (run.station(name).level_ns as f64 / 1e9, run.seconds)),
        Figure::Blocked(name) => ratio(&|run| (run.station(name).blocked as f64, run.station(name).arrived as f64)),
        Figure::Dropped(name) => ratio(&|run| (run.station(name).dropped as f64, run.station(name).arrived as f64)),
        Figure::Visits(name) => ratio(&|run| (run.station(name).visits as f64, run.seconds)),
    }
}

/// Variance about the mean of all replications: the mean of (x - M)^2, which does not shrink with the run length.
fn variance(runs: &[Observed], critical: Critical, histogram: &dyn Fn(&Observed) -> &SparseHistogram) -> Interval {
    let sum: f64 = runs.iter().map(|run| histogram(run).sum_ns as f64 / MS).sum();
    let pooled = sum / runs.iter().map(|run| histogram(run).count as f64).sum::<f64>();
    let each: Vec<f64> = runs
        .iter()
        .map(|run| {
            let one = histogram(run);
            let mean = one.sum_ns as f64 / MS / one.count as f64;
            second_moment(one) - 2.0 * pooled * mean + pooled * pooled
        })
        .collect();
    mean_interval(&each, critical)
}

/// In square milliseconds; a value is taken as the middle of its bucket: 3 % wide at most, an error below 3e-4.
fn second_moment(of: &SparseHistogram) -> f64 {
    let square = |&(index, count): &(u32, u64)| {
        let middle = (bucket_low(index, of.grouping) as f64 + bucket_top(index, of.grouping) as f64) / 2.0 / MS;
        count as f64 * middle * middle
    };
    of.buckets.iter().map(square).sum::<f64>() / of.count as f64
}

/// How many values lie beyond `ns`, linear within its bucket.
fn beyond(of: &SparseHistogram, ns: f64) -> f64 {
    let part = |&(index, count): &(u32, u64)| {
        let (low, end) = (bucket_low(index, of.grouping) as f64, bucket_top(index, of.grouping) as f64 + 1.0);
        count as f64 * ((end - ns) / (end - low)).clamp(0.0, 1.0)
    };
    of.buckets.iter().map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_shares_survive_coarse_buckets() {
        let mut all = eastwest::meter::Histogram::new(5);
        (0..1_000_000).for_each(|ns| all.record(ns));
        let all = all.sparse();
        assert!((beyond(&all, 777_777.0) - 222_223.0).abs() < 1.0);
        // The mean of the squares of 0 .. 1 ms is a third.
        assert!((second_moment(&all) * 3.0 - 1.0).abs() < 3e-4);
    }
}
