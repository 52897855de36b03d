//! The phases of a recorded incident, in words.

use crate::provider::{Books, Deed, IncidentPhase};
use crate::scenario::file::{Scenario, When};
use crate::units::{Duration, significant};

/// What a fault replays: where that is told, then each phase, when it comes after the incident's beginning and how it is
/// known. Nothing for other faults.
pub(super) fn sentences(scenario: &Scenario, fault: &str) -> Vec<String> {
    let Some(When::Replay { incident, speed, .. }) = scenario.faults.get(fault).map(|fault| &fault.when) else {
        return Vec::new();
    };
    let books = Books::builtin();
    let source = books.incident(&incident.value).map_or("", |row| row.source.as_str());
    let fast = if *speed > 1.0 { format!(", {} times as fast", significant(*speed, 4)) } else { String::new() };
    let mut sentences = vec![format!("replays `{}`{fast} ({source}):", incident.value)];
    sentences.extend(books.phases(&incident.value).map(|phase| sentence(phase, *speed)));
    sentences
}

fn sentence(phase: &IncidentPhase, speed: f64) -> String {
    let (from, to) = phase.span(speed);
    let span = |nanos: i64| Duration::from_nanos(nanos.cast_unsigned());
    let share = format!("{} %", significant(100.0 * phase.share, 3));
    let does = match phase.does {
        Deed::Zone | Deed::Region if phase.share >= 1.0 => format!("the {} is down", phase.target),
        Deed::Zone | Deed::Region => format!("{share} of the {}'s replicas are down", phase.target),
        Deed::Api => format!("{share} of the region's API servers and provider's control planes are down"),
        Deed::Links => format!("{share} of the ways in parallel are dead"),
        Deed::Slow => format!("the way is {share} longer"),
        Deed::Loss => format!("{share} of packets are lost"),
        Deed::Dns => "names are not answered".to_owned(),
        Deed::Nothing => "not replayed".to_owned(),
    };
    let note = if phase.note.is_empty() { String::new() } else { format!("; {}", phase.note) };
    format!("{} for {}: {does}. {} ({}{note})", span(from), span(to - from), phase.what, phase.status)
}
