//! How far a component's failure reaches: streams and services; and where its figures are from.

use std::collections::BTreeMap;

use super::component::Component;
use super::study::Case;
use super::trial::Seen;
use crate::provider::Books;
use crate::record::EdgeCalls;
use crate::study::faults::is_hit;

/// The blast radius of one unit of a component.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Reach {
    /// Streams that lose more than twice what they lose anyway, and more than a thousandth.
    pub(super) streams: u32,
    /// Their share of all requests.
    pub(super) users: f64,
    /// Services of whose calls many more fail while it lasts.
    pub(super) services: Vec<String>,
    /// Their share of those that are called.
    pub(super) services_share: f64,
}

impl Reach {
    pub(super) fn of(case: &Case, component: usize) -> Reach {
        let trial = &case.trials[case.event_of[component]];
        let sums = |seen: &[Seen], stream: usize| {
            seen.iter().fold((0u64, 0u64), |sum, seen| {
                let (a, b) = (seen.by_stream[stream], seen.moving[stream]);
                (sum.0 + a.lost + b.lost, sum.1 + a.sent + b.sent)
            })
        };
        let share = |(lost, sent): (u64, u64)| if sent == 0 { 0.0 } else { lost as f64 / sent as f64 };
        let hit = |stream: &usize| {
            share(sums(&trial.seen, *stream)) > (2.0 * share(sums(&case.trials[0].seen, *stream))).max(1e-3)
        };
        let streams: Vec<usize> = (0..case.streams.len()).filter(hit).collect();
        let sent = |stream: usize| sums(&case.trials[0].seen, stream).1;
        let part = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let users = part(
            streams.iter().map(|&stream| sent(stream)).sum::<u64>() as f64,
            (0..case.streams.len()).map(sent).sum::<u64>() as f64,
        );
        let mut calls: BTreeMap<&str, [EdgeCalls; 2]> = BTreeMap::new();
        for (service, [before, during]) in trial.seen.iter().flat_map(|seen| &seen.services) {
            let sums = calls.entry(service).or_default();
            for (sum, more) in sums.iter_mut().zip([before, during]) {
                sum.calls += more.calls;
                sum.failed += more.failed;
            }
        }
        // Whom nobody calls any more is cut off from its callers, or dead with them.
        let hit = |calls: [EdgeCalls; 2]| is_hit(calls).or((calls[0].calls > 0).then_some(true));
        let called: Vec<(&str, bool)> =
            calls.into_iter().filter_map(|(service, calls)| Some((service, hit(calls)?))).collect();
        let services: Vec<String> =
            called.iter().filter(|(_, hit)| *hit).map(|(service, _)| (*service).to_owned()).collect();
        let services_share = part(services.len() as f64, called.len() as f64);
        Reach { streams: streams.len() as u32, users, services, services_share }
    }
}

/// Where a component's rate and time down are from.
pub(super) fn source(component: &Component) -> String {
    if !component.is_assumed() {
        return format!("the scenario, `reliability.rows.{}`", component.row);
    }
    let name = component.name.strip_prefix("common/").unwrap_or(&component.name);
    let row = Books::builtin().assumed(name);
    row.map_or_else(String::new, |row| format!("the book, `{}`: {} ({})", row.key, row.source, row.as_of))
}
