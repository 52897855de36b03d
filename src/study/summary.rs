//! Requests of one variant: latency and success by row, the percentile curve, the time series.

use indexmap::IndexMap;

use super::figure::{Design, MS, latencies};
use super::sample::{Part, REQUEST_GROUPING, Sample, samples};
use crate::meter::{Quantile, Within};
use crate::record::{Estimate, Failure, RequestRow, RequestSummary, Run, SparseHistogram, WindowPoint};

/// The quantiles that every table has.
pub const QUANTILES: [(&str, Quantile); 5] = [
    ("p50", Quantile::P50),
    ("p90", Quantile::P90),
    ("p95", Quantile::P95),
    ("p99", Quantile::P99),
    ("p99.9", Quantile::P999),
];

/// Percentiles of the curve, evenly spaced on an axis of 1/(1 - p).
const CURVE: [&str; 22] = [
    "1", "5", "10", "20", "30", "40", "50", "60", "70", "80", "90", "95", "97", "98", "99", "99.5", "99.7", "99.8",
    "99.9", "99.95", "99.97", "99.99",
];

/// Failed requests by class, in the order of the classes, only those that occurred.
pub fn by_class(failed: &[u64; Failure::ALL.len()]) -> IndexMap<String, u64> {
    let classes = Failure::ALL.iter().zip(failed).filter(|&(_, &count)| count > 0);
    classes.map(|(class, &count)| (class.word().to_owned(), count)).collect()
}

/// All requests of a variant together.
pub fn total(runs: &[Run], first_window: usize, design: Design) -> RequestSummary {
    let all = samples(runs, Part::From(first_window), &|_| true);
    RequestSummary {
        entry: "all".into(),
        region: "all".into(),
        operation: "all".into(),
        service: "all".into(),
        ..summary(&all, design)
    }
}

/// One summary for each stream and operation.
pub fn rows(runs: &[Run], first_window: usize, design: Design) -> Vec<RequestSummary> {
    let Some(run) = runs.first() else { return Vec::new() };
    let row = |row: &RequestRow| {
        let takes = |other: &RequestRow| other.stream == row.stream && other.operation == row.operation;
        RequestSummary {
            entry: row.stream.clone(),
            region: row.region.clone(),
            operation: row.operation.clone(),
            service: row.service.clone(),
            ..summary(&samples(runs, Part::From(first_window), &takes), design)
        }
    };
    run.rows.iter().map(row).collect()
}

pub(super) fn summary(of: &[Sample], design: Design) -> RequestSummary {
    let latency = latencies(of);
    let mut failed = [0; Failure::ALL.len()];
    for sample in of {
        for (sum, more) in failed.iter_mut().zip(&sample.failed) {
            *sum += more;
        }
    }
    RequestSummary {
        sent: of.iter().map(|sample| sample.sent).sum(),
        ok: of.iter().map(Sample::ok).sum(),
        failed: by_class(&failed),
        mean_ms: design.mean_ms(&latency),
        latency_ms: QUANTILES
            .iter()
            .map(|&(name, quantile)| (name.to_owned(), design.quantile_ms(&latency, quantile)))
            .collect(),
        max_ms: of.iter().map(|sample| sample.latency.max_ns).max().unwrap_or(0) as f64 / MS,
        availability: design.availability(of),
        ..RequestSummary::default()
    }
}

/// The percentile curve of all requests; percentiles whose tail cannot be told are left out.
pub fn curve(runs: &[Run], first_window: usize, design: Design) -> Vec<(f64, Estimate)> {
    let all = samples(runs, Part::From(first_window), &|_| true);
    let latency = latencies(&all);
    CURVE
        .iter()
        .map(|text| {
            let quantile = Quantile::percentile(text).expect("the curve's percentiles are decimal numbers");
            (quantile.get() * 100.0, design.quantile_ms(&latency, quantile))
        })
        .filter(|(_, estimate)| estimate.value.is_some())
        .collect()
}

/// The time series: each window of the horizon, all replications and rows together. The warm-up is in it.
pub fn windows(runs: &[Run]) -> Vec<WindowPoint> {
    let Some(first) = runs.first() else { return Vec::new() };
    let count = first.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
    let length_s = first.horizon_ns as f64 / 1e9 / count.max(1) as f64;
    (0..count)
        .map(|number| {
            let mut sent = 0;
            let mut latency = SparseHistogram::empty(REQUEST_GROUPING);
            for window in runs.iter().flat_map(|run| &run.rows).filter_map(|row| row.windows.get(number)) {
                sent += window.sent;
                latency.merge(&window.latency);
            }
            let ms = |quantile| latency.quantile(quantile, Within::Middle).map(|ns| ns as f64 / MS);
            WindowPoint {
                start_s: number as f64 * length_s,
                rate: sent as f64 / length_s / runs.len() as f64,
                success: if sent == 0 { 1.0 } else { latency.count as f64 / sent as f64 },
                p50_ms: ms(Quantile::P50),
                p99_ms: ms(Quantile::P99),
            }
        })
        .collect()
}
