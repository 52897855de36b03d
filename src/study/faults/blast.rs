//! How far a fault reaches: its worst window, the streams and the services that it hits.

use indexmap::IndexMap;

use super::edges::{failing, phases, sum};
use super::{OUTAGE, SECOND, row};
use crate::record::{Blast, BlastRow, EdgeCalls, RequestRow, RequestWindow, Run, WorstWindow};
use crate::study::chains::Watched;
use crate::study::figure::Design;
use crate::study::recovery::{before_any, per_occurrence, seconds_together};

/// A window of time: its start in nanoseconds, sent, answered.
type Seen = (u64, u64, u64);

/// Windows of all requests, as short as they can be told: seconds near faults, or windows of the horizon.
fn windows(run: &Run) -> (u64, Vec<Seen>) {
    match seconds_together(run) {
        Some(together) => {
            let chunk = |windows: &[crate::record::FineWindow]| {
                let sent = windows.iter().map(|window| window.sent).sum::<u64>();
                let failed = windows.iter().map(|window| window.failed).sum::<u64>();
                (u64::from(windows[0].second) * SECOND, sent, sent - failed)
            };
            (together as u64 * SECOND, run.fine.chunks_exact(together).map(chunk).collect())
        }
        None => coarse(run, &|_| true),
    }
}

/// Windows of the horizon of some requests.
fn coarse(run: &Run, takes: &dyn Fn(&RequestRow) -> bool) -> (u64, Vec<Seen>) {
    let count = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
    let length = run.horizon_ns / count.max(1) as u64;
    let window = |number: usize| {
        let of = run.rows.iter().filter(|row| takes(row)).filter_map(|row| row.windows.get(number));
        let (sent, failed) = of.fold((0, 0), |sum: (u64, u64), window: &RequestWindow| {
            (sum.0 + window.sent, sum.1 + window.failed.iter().sum::<u64>())
        });
        (number as u64 * length, sent, sent - failed)
    };
    (length, (0..count).map(window).collect())
}

/// The least success in windows that touch some time, and when that window begins.
fn worst(length: u64, windows: &[Seen], (from, to): (u64, u64)) -> Option<(f64, u64)> {
    let inside = windows.iter().filter(|(at, sent, _)| at + length > from && *at < to && *sent > 0);
    inside.map(|&(at, sent, ok)| (ok as f64 / sent as f64, at)).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
}

/// The time of each coming of a fault, in which its worst window is looked for: as long as what it loses is counted, and no
/// window that reaches into another fault, unless that comes before service is back from this one.
fn spans(run: &Run, watched: Option<&Watched<'_>>, fault: &str) -> Vec<(u64, u64)> {
    let Some(row) = row(run, fault) else { return Vec::new() };
    let count = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
    let length = run.horizon_ns / count.max(1) as u64;
    let nexts = watched.map(|of| of.nexts(fault));
    let next = |start: u64| match &nexts {
        Some(nexts) => nexts.iter().find(|of| of.0 == start).and_then(|of| of.1),
        None => run.faults.iter().flat_map(|other| &other.spans).map(|other| other.0).filter(|&at| at > start).min(),
    };
    let of = |(start, until): (u64, u64)| {
        let next = next(start).unwrap_or(u64::MAX);
        let until = until.min(run.horizon_ns).min((next - length.min(next)).saturating_add(1));
        (start, until.max(start + 1))
    };
    row.counted().map(of).collect()
}

/// The worst window of a fault, and whom it hits; none where it came in no replication.
pub(super) fn blast(
    runs: &[Run],
    watched: Option<&[Watched<'_>]>,
    fault: &str,
    design: Design,
) -> Option<(WorstWindow, Blast)> {
    let spans: Vec<Vec<(u64, u64)>> =
        (0..runs.len()).map(|number| spans(&runs[number], watched.map(|all| &all[number]), fault)).collect();
    let (mut each, mut missing, mut after, mut length) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (run, spans) in runs.iter().zip(&spans) {
        let (long, windows) = windows(run);
        let usual = usual(run, &windows, long);
        let found: Vec<(f64, u64)> = spans
            .iter()
            .filter_map(|&span| Some((worst(long, &windows, span)?, span.0)))
            .map(|((share, at), start)| (share, at.saturating_sub(start)))
            .collect();
        each.push((found.iter().map(|of| of.0).sum::<f64>(), found.len() as f64));
        missing.push((found.iter().map(|of| (usual - of.0).max(0.0)).sum::<f64>(), found.len() as f64));
        after.extend(found.iter().map(|of| of.1 as f64 / SECOND as f64));
        length = long;
    }
    if after.is_empty() {
        return None;
    }
    let worst_window = WorstWindow {
        after_s: after.iter().sum::<f64>() / after.len() as f64,
        length_s: length as f64 / SECOND as f64,
        success: per_occurrence(&each, design),
    };
    let streams = streams(runs, &spans);
    let services = services(runs, fault);
    let sent = |row: &BlastRow| -> u64 {
        let of = runs.iter().flat_map(|run| &run.rows).filter(|of| of.stream == row.name);
        of.flat_map(|of| &of.windows).map(|window| window.sent).sum()
    };
    let all: u64 = streams.iter().map(sent).sum();
    let hit: u64 = streams.iter().filter(|row| row.hit).map(sent).sum();
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let blast = Blast {
        requests: per_occurrence(&missing, design),
        users_share: share(hit as f64, all as f64),
        services_share: share(services.iter().filter(|row| row.hit).count() as f64, services.len() as f64),
        streams,
        services,
        rule: format!(
            "hit: success in the worst window of the horizon while it lasts or recovers (of a stream), or of the calls that \
             others begin while it lasts (to a service), more than {} points below what it was before any fault, and below \
             every window before",
            100.0 * OUTAGE
        ),
    };
    Some((worst_window, blast))
}

/// Success before any fault; 1 where nothing was sent then.
fn usual(run: &Run, windows: &[Seen], length: u64) -> f64 {
    let first = run.faults.iter().filter_map(crate::record::FaultRow::first_ns).min().unwrap_or(run.horizon_ns);
    let before = windows.iter().filter(|(at, ..)| at + length <= first);
    let (sent, ok) = before.fold((0, 0), |sum, &(_, sent, ok)| (sum.0 + sent, sum.1 + ok));
    if sent == 0 { 1.0 } else { ok as f64 / sent as f64 }
}

/// Each stream's success before any fault and in its worst window.
fn streams(runs: &[Run], spans: &[Vec<(u64, u64)>]) -> Vec<BlastRow> {
    let mut names: IndexMap<&str, &str> = IndexMap::new();
    for row in runs.iter().flat_map(|run| &run.rows) {
        names.entry(&row.stream).or_insert(&row.region);
    }
    let stream = |(name, region): (&str, &str)| {
        let (mut worsts, mut before, mut least) = (Vec::new(), (0, 0), 1.0_f64);
        for (run, spans) in runs.iter().zip(spans) {
            let (length, windows) = coarse(run, &|row| row.stream == name);
            for &(_, sent, ok) in &windows[..before_any(run).unwrap_or(0).min(windows.len())] {
                before = (before.0 + sent, before.1 + ok);
                least = least.min(if sent == 0 { 1.0 } else { ok as f64 / sent as f64 });
            }
            worsts.extend(spans.iter().filter_map(|&span| worst(length, &windows, span)).map(|worst| worst.0));
        }
        let usual = (before.0 > 0).then(|| before.1 as f64 / before.0 as f64);
        let success = if worsts.is_empty() { 1.0 } else { worsts.iter().sum::<f64>() / worsts.len() as f64 };
        let hit = success < usual.unwrap_or(1.0) - OUTAGE && success < least;
        BlastRow { name: name.to_owned(), region: region.to_owned(), before: usual, success, hit }
    };
    names.into_iter().map(stream).collect()
}

/// Calls to each service: those before any fault, and those that begin while this one lasts.
pub(in crate::study) fn calls_to(runs: &[Run], fault: &str) -> IndexMap<String, [EdgeCalls; 2]> {
    let mut by_service: IndexMap<String, [EdgeCalls; 2]> = IndexMap::new();
    for ((_, to), phases) in phases(runs, fault) {
        let sums = by_service.entry(to).or_default();
        for (into, more) in sums.iter_mut().zip([sum(&phases, 0), sum(&phases, 1)]) {
            into.calls += more.calls;
            into.failed += more.failed;
        }
    }
    by_service
}

/// Is a service hit, of which these calls were made before any fault and while one lasts? None: nobody called it then.
pub(in crate::study) fn is_hit([before, during]: [EdgeCalls; 2]) -> Option<bool> {
    let success = |of: EdgeCalls| failing(of).map(|failing| 1.0 - failing);
    Some(success(during)? < success(before).unwrap_or(1.0) - OUTAGE)
}

/// Each called service's success, by the calls that begin while the fault lasts.
fn services(runs: &[Run], fault: &str) -> Vec<BlastRow> {
    let service = |(name, calls): (String, [EdgeCalls; 2])| {
        let hit = is_hit(calls)?;
        let success = |of: EdgeCalls| failing(of).map(|failing| 1.0 - failing);
        let (before, success) = (success(calls[0]), success(calls[1])?);
        Some(BlastRow { name, region: String::new(), before, success, hit })
    };
    calls_to(runs, fault).into_iter().filter_map(service).collect()
}
