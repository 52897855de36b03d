//! The figure that an objective asks for, of one variant.

use super::faults::{self, Objective};
use super::figure::{Design, MS, latencies};
use super::gates::thin;
use super::loss;
use super::recovery;
use super::replicated::Replicated;
use super::resource;
use super::sample::{Part, Sample, samples};
use super::sessions;
use super::statistics::{Sections, quantile_sections};
use super::stores;
use super::uptime;
use crate::meter::Quantile;
use crate::record::{Estimate, RequestRow, Run, UserRow};
use crate::scenario::Scenario;
use crate::scenario::file::{Metric, ObjectiveWindow, StreamFrom, Term};
use crate::units::Duration;
use crate::world::windows;

/// A figure, and what is needed to compare it with another variant's.
#[derive(Clone, PartialEq, Debug)]
pub struct Measured {
    /// With its own interval.
    pub estimate: Estimate,
    /// By replication; none where there is no figure.
    pub sections: Option<Sections>,
    /// `ms`, `share`, `s`, `requests`, `attempts/call`, `requests/s`, `USD/month`.
    pub unit: String,
    /// The unit's number per unit of the objective's limit: 1000 for ms, as limits are in seconds.
    pub scale: f64,
    /// The share of requests that a latency speaks of: those that were answered.
    pub answered: Option<f64>,
}

impl Measured {
    fn new(estimate: Estimate, sections: Option<Sections>, unit: &str, scale: f64) -> Self {
        Measured { estimate, sections, unit: unit.to_owned(), scale, answered: None }
    }

    fn mean(each: Vec<f64>, unit: &str, design: Design) -> Self {
        Measured::new(design.mean(&each), Some(Sections::mean(each)), unit, 1.0)
    }

    fn ratio(pairs: &[(f64, f64)], none: &str, unit: &str, design: Design) -> Self {
        Measured::new(design.ratio(pairs, none), Sections::ratio(pairs), unit, 1.0)
    }
}

/// Of promotions: the fault with which they are to have begun.
pub(super) fn of_fault(window: &ObjectiveWindow) -> Option<&str> {
    match window {
        ObjectiveWindow::During(fault) => Some(fault.as_str()),
        _ => None,
    }
}

/// Measures `term` over `window`.
pub fn measure(
    of: &Replicated,
    term: &Term,
    window: &ObjectiveWindow,
    first_window: usize,
    design: Design,
) -> Measured {
    let part = match window {
        ObjectiveWindow::All => Part::From(first_window),
        ObjectiveWindow::During(fault) => Part::During(fault),
        ObjectiveWindow::Outside(fault) => Part::Outside(fault),
        ObjectiveWindow::OutsideFaults => Part::OutsideAll,
    };
    let fault = of_fault(window);
    let requests = |subject: &str| {
        samples(&of.runs, part, &|row| asked_for(row, subject) && comes_from(row, term.from.as_deref(), &of.scenario))
    };
    match &term.metric {
        Metric::Quantile { percent, subject } => {
            // As written, so that 99.9 is 999 of 1000 and not the float beside it.
            let Some(quantile) = Quantile::percentile(&format!("{percent}")) else {
                return Measured::new(Estimate::none("a percentile has at most 12 decimals"), None, "ms", 1000.0);
            };
            let found = requests(subject);
            let histograms = latencies(&found);
            let sections = quantile_sections(&histograms, quantile, thin(&found, quantile));
            let sections = sections.map(|sections| sections.scaled(1.0 / MS));
            let measured = Measured::new(design.quantile_ms(&histograms, quantile), sections, "ms", 1000.0);
            Measured { answered: answered(&found), ..measured }
        }
        Metric::Mean { subject } => {
            let found = requests(subject);
            let pairs: Vec<(f64, f64)> = found.iter().map(|s| (s.latency.sum_ns as f64 / MS, s.ok() as f64)).collect();
            let answered = answered(&found);
            Measured { scale: 1000.0, answered, ..Measured::ratio(&pairs, "nothing was answered", "ms", design) }
        }
        Metric::Availability { subject } => {
            let found = requests(subject);
            let pairs: Vec<(f64, f64)> = found.iter().map(|s| (s.ok() as f64, s.sent as f64)).collect();
            Measured::new(design.availability(&found), Sections::ratio(&pairs), "share", 1.0)
        }
        Metric::Throughput { subject } => {
            let found = requests(subject);
            let each: Vec<(f64, f64)> =
                found.iter().zip(&of.runs).map(|(sample, run)| (sample.ok() as f64, seconds_of(run, part))).collect();
            if each.iter().all(|(_, seconds)| *seconds == each[0].1) {
                return Measured::mean(each.iter().map(|(ok, seconds)| ok / seconds).collect(), "requests/s", design);
            }
            Measured::ratio(&each, "no time to measure it in", "requests/s", design)
        }
        Metric::Recovery { fault, share } => {
            let until = recovery::Until::of(*share);
            Measured::new(recovery::recovery(&of.runs, fault, until, design), None, "s", 1.0)
        }
        Metric::Lost { fault } => {
            let sections = loss::lost_by_run(&of.runs, fault);
            Measured::new(loss::lost(&of.runs, fault, design), sections, "requests", 1.0)
        }
        Metric::Rto { store } => {
            let asked = stores::Of { store, fault };
            let pairs = stores::each(&of.runs, asked, |row| row.rto_ns().unwrap_or_default() as f64 / 1e9);
            let sections = if asked.is_seen(&of.runs) { Sections::ratio(&pairs) } else { None };
            Measured::new(stores::rto(&of.runs, asked, design), sections, "s", 1.0)
        }
        Metric::Rpo { store } => {
            let asked = stores::Of { store, fault };
            let pairs = stores::each(&of.runs, asked, |row| row.rpo_ns as f64 / 1e9);
            Measured::new(stores::rpo(&of.runs, asked, design), Sections::ratio(&pairs), "s", 1.0)
        }
        Metric::LostWrites { store } => {
            let asked = stores::Of { store, fault };
            let sections = Some(Sections::mean(stores::each_lost(&of.runs, asked)));
            Measured::new(stores::lost_writes(&of.runs, asked, design), sections, "writes", 1.0)
        }
        Metric::Good { subject, within } => {
            let good = Objective { share: 1.0, within_ns: Some((within * 1e9) as u64) };
            let found = requests(subject);
            let pairs: Vec<(f64, f64)> = found.iter().map(|s| (good.good(s) as f64, s.sent as f64)).collect();
            Measured::ratio(&pairs, "nothing was sent", "share", design)
        }
        Metric::Detect { fault } => Measured::new(faults::detect(&of.runs, fault, design).0, None, "s", 1.0),
        Metric::Shift { fault } => Measured::new(faults::shift(&of.runs, fault, design), None, "s", 1.0),
        Metric::Reconnected { fault, share } => {
            Measured::new(sessions::reconnected(&of.runs, fault, *share, design), None, "s", 1.0)
        }
        Metric::Reconnects { fault } => Measured::mean(sessions::worst(&of.runs, fault), "tries/s", design),
        Metric::Burn { fault } => {
            let burn = objective(&of.scenario).and_then(|objective| faults::burn(&of.runs, fault, objective, design));
            let estimate = burn.map_or_else(|| Estimate::none("`business.slo` is not stated"), |burn| burn.share);
            Measured::new(estimate, None, "share", 1.0)
        }
        Metric::UserUptime { subject } => {
            let (estimate, sections) = uptime::of_users(&of.runs, &people(&of.runs, subject), design);
            Measured::new(estimate, sections, "share", 1.0)
        }
        Metric::Mcr { subject, window } => {
            let (estimate, sections) = uptime::minimal_ratio(&of.runs, &people(&of.runs, subject), *window, design);
            Measured::new(estimate, sections, "share", 1.0)
        }
        Metric::Amplification { from, to } => {
            let row = |run: &Run| {
                // Several rules may send calls to the same versions.
                let found = run.edges.iter().filter(|edge| edge.from == *from && edge.to == *to);
                found.fold((0.0, 0.0), |sum, edge| (sum.0 + edge.attempts as f64, sum.1 + edge.calls as f64))
            };
            let pairs: Vec<(f64, f64)> = of.runs.iter().map(row).collect();
            Measured::ratio(&pairs, "no call was made", "attempts/call", design)
        }
        Metric::Cost { subject } => {
            let each = of.bills.iter().map(|bill| {
                let lines = bill.lines.iter().filter(|line| match subject.as_str() {
                    "total" => true,
                    "network" => line.product != "compute",
                    product => line.product == product,
                });
                lines.filter_map(|line| line.amount.value).sum()
            });
            Measured::mean(each.collect(), &format!("{}/month", of.bill.currency), design)
        }
        Metric::Utilisation { subject } => utilisation(of, subject, design),
    }
}

/// Does a subject mean the users of this stream? `all`, the stream, or the service that it calls.
fn people<'r>(runs: &'r [Run], subject: &'r str) -> impl Fn(&UserRow) -> bool + 'r {
    move |users| {
        let calls = |row: &RequestRow| row.stream == users.stream && row.service == subject;
        let called = || runs.first().is_some_and(|run| run.rows.iter().any(calls));
        subject == "all" || users.stream == subject || called()
    }
}

/// What the scenario's error budget stands on.
pub(super) fn objective(of: &Scenario) -> Option<Objective> {
    let business = of.business.as_ref()?;
    let within_ns = business.good_within.as_ref().map(|within| within.value.nanos());
    business.slo.as_ref().map(|slo| Objective { share: slo.value, within_ns })
}

fn answered(of: &[Sample]) -> Option<f64> {
    let sent: u64 = of.iter().map(|sample| sample.sent).sum();
    (sent > 0).then(|| of.iter().map(Sample::ok).sum::<u64>() as f64 / sent as f64)
}

/// Does an objective's subject mean this row? `all`, an operation, a service, a stream, or `service.operation`.
fn asked_for(row: &RequestRow, subject: &str) -> bool {
    // An operation is called by its service's name and its own.
    let own = row.operation.strip_prefix(&row.service).and_then(|rest| rest.strip_prefix('.'));
    subject == "all"
        || own == Some(subject)
        || [&row.operation, &row.service, &row.stream].iter().any(|name| *name == subject)
}

/// Do the row's users come from this region, cluster, or stream?
fn comes_from(row: &RequestRow, from: Option<&str>, scenario: &Scenario) -> bool {
    let Some(from) = from else { return true };
    let cluster = scenario.workload.get(&row.stream).map(|stream| &stream.from.value);
    row.region == from || row.stream == from || matches!(cluster, Some(StreamFrom::Cluster(name)) if name == from)
}

/// Measured seconds of a part of a run.
fn seconds_of(run: &Run, part: Part<'_>) -> f64 {
    let horizon = Duration::from_nanos(run.horizon_ns);
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for fault in &run.faults {
        let asked = match part {
            Part::From(_) => false,
            Part::During(name) | Part::After(name) | Part::Outside(name) => fault.fault == name,
            Part::OutsideAll => true,
        };
        for (&(start, end), (_, until)) in fault.spans.iter().zip(fault.counted()).filter(|_| asked) {
            let (start, end) = match part {
                Part::During(_) => (start, end),
                Part::After(_) => (end, until),
                _ => (start, until),
            };
            let end = end.min(run.horizon_ns);
            spans.push((start.min(end), end));
        }
    }
    spans.sort_unstable();
    let (mut covered, mut until) = (0, 0);
    for (start, end) in spans {
        covered += end.saturating_sub(start.max(until));
        until = until.max(end);
    }
    match part {
        Part::From(first) => {
            let all = windows(horizon);
            horizon.seconds() * (all - first.min(all)) as f64 / all as f64
        }
        Part::During(_) | Part::After(_) => covered as f64 / 1e9,
        Part::Outside(_) | Part::OutsideAll => (horizon.nanos() - covered) as f64 / 1e9,
    }
}

/// Share of capacity used: of a service's workers (all places together), or of a product's gateways or caps (the
/// busiest one).
fn utilisation(of: &Replicated, subject: &str, design: Design) -> Measured {
    let service = |run: &Run| {
        let rows = run.services.iter().filter(|row| row.service == subject);
        rows.fold((0.0, 0.0), |sum, row| {
            (sum.0 + row.busy_ns as f64, sum.1 + f64::from(row.workers) * run.horizon_ns as f64)
        })
    };
    let pairs: Vec<(f64, f64)> = of.runs.iter().map(service).collect();
    if pairs.iter().any(|pair| pair.1 > 0.0) {
        return Measured::ratio(&pairs, "no replica", "share", design);
    }
    let named = |name: &str| name == subject || name.split([' ', '/', '@']).any(|part| part == subject);
    let resources = resource::resources(&of.runs, design);
    let used = resources.into_iter().filter(|resource| resource.kind != "service" && named(&resource.name));
    let busiest = used
        .map(|resource| resource.utilisation)
        .max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)));
    let estimate = busiest.unwrap_or_else(|| Estimate::none(format!("nothing of {subject} has a capacity")));
    Measured::new(estimate, None, "share", 1.0)
}
