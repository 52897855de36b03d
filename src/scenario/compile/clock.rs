//! The clock of a scenario: what time of day t = 0 is, region by region.

use crate::connect::Board;
use crate::provider::Region;
use crate::scenario::Diagnostic;
use crate::scenario::file::{RateLaw, Scenario, StreamArrivals, StreamFrom};
use crate::topology::Ground;
use crate::units::Duration;

const DAY_S: i64 = 86_400;

/// Time of day in a region at t = 0; midnight where the scenario does not say when it begins.
pub(super) fn clock_at_zero(scenario: &Scenario, region: Option<&Region>) -> Duration {
    let Some(from) = &scenario.run.from else { return Duration::ZERO };
    let offset = region.map_or(0.0, |region| region.utc_offset_h);
    let local = from.value.as_second() + (offset * 3600.0) as i64;
    Duration::from_secs(local.rem_euclid(DAY_S) as u64)
}

/// Time of day at t = 0 where the users of the first stream are.
pub(super) fn of_users(scenario: &Scenario, ground: &Ground) -> Duration {
    let region = scenario.workload.values().next().map(|stream| match &stream.from.value {
        StreamFrom::Region(name) => name.as_str(),
        StreamFrom::Cluster(name) => scenario.topology.clusters.get(name).map_or("", |cluster| &cluster.region.value),
    });
    let here = ground.regions.rows().iter().find(|known| region == Some(known.name.as_str()));
    here.map_or(Duration::ZERO, |region| region.at_zero)
}

/// Something follows the hour of the day, and nobody said what hour it is.
pub(super) fn unsaid(scenario: &Scenario, board: &Board, said: &mut Vec<Diagnostic>) {
    if scenario.run.from.is_some() || scenario.run.horizon.value.nanos() >= DAY_S as u64 * 1_000_000_000 {
        return;
    }
    let links = board.lines.rows().iter().filter(|line| {
        line.loss.is_some_and(|loss| loss.follows_the_hour())
            || line.jitter.as_ref().is_some_and(|(_, factor)| factor.changes())
    });
    let mut what: Vec<String> = links.map(|line| line.name.clone()).collect();
    let mut rates = Vec::new();
    for (name, stream) in &scenario.workload {
        if let StreamArrivals::Open { rate, .. } = &stream.arrivals
            && matches!(rate.value, RateLaw::Diurnal { .. })
        {
            what.push(format!("the rate of {name}"));
            rates.push(rate.span);
        }
    }
    if !what.is_empty() {
        let text =
            format!("{} follow the hour of the day, and the run begins at midnight unless told", what.join(", "));
        let placed = rates.into_iter().fold(Diagnostic::warning("EW354", text), |told, at| told.at(at, ""));
        said.push(
            placed.at(scenario.run.horizon.span, "the run lasts this long").help(
                "say when it begins: `run: {from: \"2026-06-01T20:00+08:00\"}`, or run a whole day: `horizon: 24h`",
            ),
        );
    }
}
