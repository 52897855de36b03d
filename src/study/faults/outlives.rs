//! What stays when a fault and its recovery are over though nobody asks for more than before: overload that feeds itself
//! (Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021), or something that nobody takes up again.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::edges::{amplification, phases, sum};
use super::{OUTAGE, SECOND, row};
use crate::record::{Failure, FaultRow, Outlives, RequestWindow, Run};
use crate::study::recovery::before_any;
use crate::units::significant;

/// Windows after a recovery that are looked at, at least.
const LOOKED_AT: usize = 3;
/// So much more than before is more than before: then it is no wonder.
const RISEN: f64 = 1.1;
/// As busy as this is saturated.
const SATURATED: f64 = 0.95;
/// More attempts for a call than before, by this factor, are an amplification.
const AMPLIFIED: f64 = 1.1;
/// What failed less in the second half by this share of it is on its way to recovery.
const HEALING: f64 = 0.1;

/// Sent and answered.
type Counts = (u64, u64);

/// Windows of the horizon after an occurrence and its recovery, up to the next one of any fault.
fn later(run: &Run, row: &FaultRow, span: (u64, u64)) -> (usize, usize) {
    let count = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(0);
    let length = (run.horizon_ns / count.max(1) as u64).max(1);
    let starts = run.faults.iter().flat_map(|other| &other.spans).map(|other| other.0);
    let next = starts.filter(|&start| start > span.0).min().unwrap_or(u64::MAX);
    let end = ((next.min(run.horizon_ns) / length) as usize).min(count);
    ((row.over_ns(span.1).div_ceil(length) as usize).min(end), end)
}

fn counts(run: &Run, windows: std::ops::Range<usize>) -> Counts {
    let all = run.rows.iter().flat_map(|row| row.windows.get(windows.clone()).unwrap_or_default());
    all.fold((0, 0), |sum, window: &RequestWindow| (sum.0 + window.sent, sum.1 + window.latency.count))
}

fn share((sent, ok): Counts) -> Option<f64> {
    (sent > 0).then(|| ok as f64 / sent as f64)
}

/// What is seen after one occurrence.
struct After {
    windows: (usize, usize),
    before: f64,
    after: f64,
    stays: bool,
}

fn after(run: &Run, fault: &FaultRow, span: (u64, u64)) -> Option<After> {
    let quiet = before_any(run)?;
    let (from, to) = later(run, fault, span);
    if quiet == 0 || to < from + LOOKED_AT {
        return None;
    }
    let (usual, late) = (counts(run, 0..quiet), counts(run, from..to));
    let middle = from + (to - from) / 2;
    let halves = [share(counts(run, from..middle))?, share(counts(run, middle..to))?];
    let (before, after) = (share(usual)?, share(late)?);
    let asked = |of: Counts, windows: usize| of.0 as f64 / windows as f64;
    let risen = asked(late, to - from) > RISEN * asked(usual, quiet);
    let healing = halves[1] - halves[0] > HEALING * (before - halves[0]);
    let stays = after < before - OUTAGE && halves[1] < before - OUTAGE && !risen && !healing;
    Some(After { windows: (from, to), before, after, stays })
}

/// Of each service: busy and able, worker-nanoseconds, in some windows.
fn busy<'r>(run: &'r Run, windows: std::ops::Range<usize>, into: &mut IndexMap<&'r str, (f64, f64)>) {
    let all = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(1).max(1);
    let length = run.horizon_ns as f64 * windows.len() as f64 / all as f64;
    for row in &run.services {
        let Some(busy) = row.busy.get(windows.clone()) else { continue };
        let sum = into.entry(&row.service).or_default();
        sum.0 += busy.iter().sum::<u64>() as f64;
        sum.1 += f64::from(row.workers) * length;
    }
    for cap in &run.caps {
        let Some(offered) = cap.offered.get(windows.clone()) else { continue };
        let sum = into.entry(&cap.link).or_default();
        sum.0 += offered.iter().sum::<u64>() as f64 * 8.0;
        sum.1 += cap.rate_bps as f64 * length / SECOND as f64;
    }
}

/// What outlives a fault: in at least half of the occurrences that can be looked at; none where nothing does.
pub(super) fn outlives(runs: &[Run], fault: &str) -> Option<Outlives> {
    let mut seen = Vec::new();
    for run in runs {
        let Some(row) = row(run, fault) else { continue };
        seen.extend(row.spans.iter().filter_map(|&span| Some((run, after(run, row, span)?))));
    }
    let stays: Vec<&(&Run, After)> = seen.iter().filter(|(_, after)| after.stays).collect();
    if stays.is_empty() || stays.len() * 2 < seen.len() {
        return None;
    }
    let (mut then, mut once) = (IndexMap::new(), IndexMap::new());
    for (run, after) in &stays {
        busy(run, after.windows.0..after.windows.1, &mut then);
        busy(run, 0..before_any(run).unwrap_or(0), &mut once);
    }
    let used =
        |of: &IndexMap<&str, (f64, f64)>, name: &str| of.get(name).map_or(0.0, |(busy, able)| busy / able.max(1.0));
    let saturated = then.keys().map(|name| (*name, used(&then, name), used(&once, name)));
    let pressed = pressed(runs, fault);
    // Who was as busy before is told by what is asked of it: work that was for all it can do, times as many attempts.
    let asked = |name: &str, once: f64| {
        let times = pressed.get(name).copied().filter(|&times| once >= SATURATED && times > AMPLIFIED)?;
        Some(once * times).filter(|&asked| asked > 1.0)
    };
    let saturated = saturated
        .filter(|(name, then, once)| *then >= SATURATED && (*once < SATURATED || asked(name, *once).is_some()));
    let busiest = saturated.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(name, then, once)| (name.to_owned(), then, once));
    let asked = busiest.as_ref().and_then(|(name, _, once)| asked(name, *once));
    let amplified = phases(runs, fault).into_iter().filter_map(|((from, to), phases)| {
        let (then, once) = (amplification(sum(&phases, 3))?, amplification(sum(&phases, 0))?);
        (then > AMPLIFIED * once).then(|| (format!("{from} -> {to}"), then, once))
    });
    let amplified = amplified.max_by(|a, b| a.1.total_cmp(&b.1));
    let mean = |of: fn(&After) -> f64| stays.iter().map(|(_, after)| of(after)).sum::<f64>() / stays.len() as f64;
    let within = |(run, after): &&(&Run, After)| {
        let all = run.rows.iter().map(|row| row.windows.len()).max().unwrap_or(1).max(1);
        run.horizon_ns as f64 / SECOND as f64 * (after.windows.1 - after.windows.0) as f64 / all as f64
    };
    let mut found = Outlives {
        metastable: busiest.is_some(),
        seen: (stays.len() as u64, seen.len() as u64),
        within_s: stays.iter().map(within).sum::<f64>() / stays.len() as f64,
        success_before: mean(|after| after.before),
        success_after: mean(|after| after.after),
        busiest,
        asked,
        amplified,
        fails: fails(stays.iter().map(|(run, _)| *run), fault),
        sentence: String::new(),
    };
    found.sentence = sentence(fault, &found);
    Some(found)
}

/// By service: attempts a second at it from a fault's recovery up to the next fault, over those before any.
fn pressed(runs: &[Run], fault: &str) -> IndexMap<String, f64> {
    let (mut once, mut then) = (0, 0);
    for run in runs {
        let Some(row) = row(run, fault) else { continue };
        once += run.faults.iter().filter_map(FaultRow::first_ns).min().unwrap_or(run.horizon_ns);
        for &(start, end) in &row.spans {
            let starts = run.faults.iter().flat_map(|other| &other.spans).map(|other| other.0);
            let next = starts.filter(|&other| other > start).fold(run.horizon_ns, u64::min);
            then += next.saturating_sub(row.over_ns(end));
        }
    }
    let mut attempts: IndexMap<String, (u64, u64)> = IndexMap::new();
    for ((_, to), phases) in phases(runs, fault) {
        let sums = attempts.entry(to).or_default();
        *sums = (sums.0 + sum(&phases, 0).attempts, sums.1 + sum(&phases, 3).attempts);
    }
    let times =
        |(before, later): (u64, u64)| (later as f64 / then.max(1) as f64) / (before as f64 / once.max(1) as f64);
    attempts.into_iter().filter(|(_, of)| of.0 > 0).map(|(service, of)| (service, times(of))).collect()
}

/// What failed most though no fault lasted on its way: in a state that outlives its cause this is the state.
fn fails<'r>(runs: impl Iterator<Item = &'r Run>, fault: &str) -> Option<(String, String, f64)> {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut before = None;
    for run in runs {
        // Several occurrences of one run are one run.
        if before.is_some_and(|before| std::ptr::eq(before, run)) {
            continue;
        }
        before = Some(run);
        let late = |within: &str| within.is_empty() || within == fault;
        for error in run.errors.iter().filter(|error| error.fault.is_empty() && late(&error.within)) {
            *counts.entry((error.class.word(), &error.edge)).or_default() += error.count;
        }
    }
    let all: u64 = counts.values().sum();
    let ((class, edge), most) = counts.into_iter().max_by_key(|(key, count)| (*count, std::cmp::Reverse(*key)))?;
    Some((class.to_owned(), edge.to_owned(), most as f64 / all as f64))
}

/// `; 62 % of what fails then is no-host on web -> orders (all its hosts are ejected or gone)`.
fn told((class, edge, share): &(String, String, f64)) -> String {
    let what = if class == Failure::NoHost.word() { " (all its hosts are ejected or gone)" } else { "" };
    format!("; {} % of what fails then is {class} on {edge}{what}", significant(100.0 * share, 2))
}

/// `did not recover from storm by itself within 300 s of it and its recovery: ...`.
fn sentence(fault: &str, of: &Outlives) -> String {
    let percent = |share: f64| significant(100.0 * share, 3);
    let why = match (&of.busiest, &of.amplified) {
        (Some((name, ..)), amplified) if of.asked.is_some() => {
            let retries = amplified.as_ref().map_or(String::new(), |(edge, times, _)| {
                format!(" with retries (amplification {} on {edge})", significant(*times, 3))
            });
            let asked = significant(of.asked.unwrap_or_default(), 2);
            format!("; {name} is asked for {asked} times what it can do{retries}: a metastable overload")
        }
        (Some((name, busy, _)), Some((edge, times, _))) => format!(
            "; {name} is busy {} % with retries (amplification {} on {edge}): a metastable overload",
            percent(busy.min(1.0)),
            significant(*times, 3)
        ),
        (Some((name, busy, before)), None) => format!(
            "; {name} is busy {} % (before: {} %): a metastable overload",
            percent(busy.min(1.0)),
            percent(*before)
        ),
        (None, Some((edge, times, _))) => {
            format!("; no service is saturated, amplification is {} on {edge}", significant(*times, 3))
        }
        (None, None) => "; no service is saturated: something is not taken up again".to_owned(),
    };
    let fails = of.fails.as_ref().map(told).unwrap_or_default();
    let seen =
        if of.seen.0 == of.seen.1 { String::new() } else { format!(" in {} of {} occurrences", of.seen.0, of.seen.1) };
    format!(
        "did not recover from {fault} by itself within {} s after its end and recovery{seen}: success {} %, before {} %, at \
         no more load{why}{fails}",
        significant(of.within_s, 3),
        percent(of.success_after),
        percent(of.success_before)
    )
}
