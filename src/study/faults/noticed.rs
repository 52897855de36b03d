//! When a fault was noticed, and when calls had left what it hits.

use super::{SECOND, row};
use crate::meter::{SHIFT_BIN, SHIFT_REST};
use crate::record::{Aside, Estimate, NoticedBy, Occurrence, Run};
use crate::study::figure::Design;
use crate::study::recovery::per_occurrence;
use crate::units::significant;

/// Each occurrence in each replication, and how long it lasted, nanoseconds.
fn occurrences<'r>(run: &'r Run, fault: &str) -> Vec<(&'r Occurrence, u64)> {
    let Some(row) = row(run, fault) else { return Vec::new() };
    row.occurrences.iter().zip(&row.spans).map(|(one, span)| (one, span.1 - span.0)).collect()
}

/// Seconds until something happened after a fault's start, per occurrence; where it did not happen in all of them, there is
/// no figure but a lower bound: it had not while they lasted.
fn until(
    runs: &[Run],
    fault: &str,
    happened: impl Fn(&Occurrence) -> Option<u64>,
    none: impl Fn(u64, u64) -> String,
    design: Design,
) -> Estimate {
    let of_run = |run: &Run| {
        let all = occurrences(run, fault);
        let seconds = |&(one, lasted): &(&Occurrence, u64)| happened(one).unwrap_or(lasted) as f64 / SECOND as f64;
        (all.iter().map(seconds).sum::<f64>(), all.len() as f64)
    };
    let each: Vec<(f64, f64)> = runs.iter().map(of_run).collect();
    let times = each.iter().map(|(_, times)| times).sum::<f64>() as u64;
    if times == 0 {
        return Estimate::none("it came in no replication");
    }
    let missing =
        runs.iter().flat_map(|run| occurrences(run, fault)).filter(|(one, _)| happened(one).is_none()).count();
    if missing == 0 {
        let estimate = per_occurrence(&each, design);
        return Estimate { low: estimate.low.map(|low| low.max(0.0)), ..estimate };
    }
    Estimate {
        low: Some(each.iter().map(|(seconds, _)| seconds).sum::<f64>() / times as f64),
        confidence: Some(design.level()),
        n: Some(design.replications),
        ..Estimate::none(none(missing as u64, times))
    }
}

/// Seconds until somebody took notice, and who it was how often.
pub fn detect(runs: &[Run], fault: &str, design: Design) -> (Estimate, Vec<(String, u64)>) {
    let noticed = |one: &Occurrence| one.noticed.map(|(after, _)| after);
    let none = |missing: u64, times: u64| {
        let who = "nobody took notice: no proxy ejected a host, none was told of an endpoint, no entry was passed over or changed its answer";
        if missing == times { who.to_owned() } else { format!("in {missing} of {times} occurrences {who}") }
    };
    let by = |who: &NoticedBy| {
        let all = runs.iter().flat_map(|run| occurrences(run, fault));
        all.filter(|(one, _)| one.noticed.is_some_and(|(_, by)| by == *who)).count() as u64
    };
    let who = NoticedBy::ALL.iter().map(|who| (who.word().to_owned(), by(who))).filter(|(_, times)| *times > 0);
    (until(runs, fault, noticed, none, design), who.collect())
}

/// Why no call can be told to go to what it hits, where it came.
fn aside(runs: &[Run], fault: &str) -> Option<Aside> {
    runs.iter().filter_map(|run| row(run, fault)).find_map(|row| row.aside.filter(|_| !row.spans.is_empty()))
}

/// Seconds until calls had left what it hits.
pub fn shift(runs: &[Run], fault: &str, design: Design) -> Estimate {
    let all = || runs.iter().flat_map(|run| occurrences(run, fault));
    if let Some(aside) = aside(runs, fault) {
        return Estimate::none(aside.word());
    }
    let (times, told) = (all().count(), all().filter(|(one, _)| one.can_leave).count());
    if times > 0 && told < times {
        return Estimate::none(if all().all(|(one, _)| one.hit_share.unwrap_or(0.0) == 0.0) {
            format!("no call went to what it hits before it came{}", beside(runs, fault))
        } else {
            format!("too few calls to tell in {} of {times} occurrences", times - told)
        });
    }
    let none =
        |missing: u64, times: u64| format!("calls had not left while it lasted in {missing} of {times} occurrences");
    until(runs, fault, |one| one.left_ns, none, design)
}

/// What a fault took though no call went to what it hits.
fn beside(runs: &[Run], fault: &str) -> String {
    let promoted = |run: &Run| run.promotions.iter().any(|row| row.fault.as_deref() == Some(fault));
    if runs.iter().any(promoted) {
        return "; a store is kept in step over it, and what that took is told under stores".to_owned();
    }
    String::new()
}

/// The share of calls that went to what it hits before it came, and while it lasted.
pub(super) fn shares(runs: &[Run], fault: &str, design: Design) -> (Estimate, Estimate) {
    let mean = |of: &dyn Fn(&Occurrence) -> Option<f64>| {
        if let Some(aside) = aside(runs, fault) {
            return Estimate::none(aside.word());
        }
        let each = runs.iter().map(|run| {
            let found: Vec<f64> = occurrences(run, fault).into_iter().filter_map(|(one, _)| of(one)).collect();
            (found.iter().sum::<f64>(), found.len() as f64)
        });
        let each: Vec<(f64, f64)> = each.collect();
        if each.iter().all(|(_, times)| *times == 0.0) {
            return Estimate::none("no call could go there, or too few to tell");
        }
        per_occurrence(&each, design)
    };
    (mean(&|one| one.hit_share), mean(&|one| one.still))
}

/// What both mean.
pub fn rule(runs: &[Run]) -> String {
    let stores = if runs.iter().all(|run| run.writes.is_empty()) { "" } else { ", or promotion of a store's replica" };
    format!(
        "noticed: the first ejection of a host that it hits, endpoint of it that a proxy is told is gone, entry that is passed \
         over, or change of a global entry's answer for its failed checks{stores}, to the event; what proxies in a dead place believe \
         is nobody's notice; left: no more than {} % of the usual share of calls goes to what it hits, over a second or as \
         long as 30 usual calls take, counted from the fault's start in steps of {} s; a request that is led to a dead door \
         counts as the calls that a request made before. Where it did not happen, how long \
         the fault lasted is a lower bound",
        significant(100.0 * SHIFT_REST, 2),
        significant(SHIFT_BIN as f64 / SECOND as f64, 2)
    )
}
