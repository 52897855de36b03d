//! The clock of a scenario: what time of day t = 0 is, region by region.

use crate::provider::Region;
use crate::scenario::file::Scenario;
use crate::units::Duration;

const DAY_S: i64 = 86_400;

/// Time of day in a region at t = 0; midnight where the scenario does not say when it begins.
pub(super) fn clock_at_zero(scenario: &Scenario, region: Option<&Region>) -> Duration {
    let Some(from) = &scenario.run.from else { return Duration::ZERO };
    let offset = region.map_or(0.0, Region::utc_offset_hours);
    let local = from.value.as_second() + (offset * 3600.0) as i64;
    Duration::from_secs(local.rem_euclid(DAY_S) as u64)
}
