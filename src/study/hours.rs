//! By hour of the day: requests, latency with its interval, bytes sent again, and what came to each cap.
//!
//! Hours are put together from windows, so they are counted exactly; a horizon that is no whole number of hours, or a
//! short one, has none.

use super::figure::{Design, latencies};
use super::sample::Sample;
use crate::meter::Quantile;
use crate::record::{CapRow, HourCap, HourPoint, Run};
use crate::units::Duration;
use crate::world::{World, windows};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTES: u64 = 24 * 60;
/// A run of fewer hours shows its course by windows only.
const FEWEST: u64 = 3;

/// The hours of the day that these runs cover, from the one at t = 0 on; a run of several days has each once.
pub fn hours(world: &World, runs: &[Run], design: Design) -> Vec<HourPoint> {
    let horizon = world.plan.horizon;
    let hours = horizon.nanos() / HOUR.nanos();
    let all = windows(horizon);
    if runs.is_empty()
        || hours < FEWEST
        || !horizon.nanos().is_multiple_of(HOUR.nanos())
        || !(all as u64).is_multiple_of(hours)
    {
        return Vec::new();
    }
    let each = all / hours as usize;
    let first = world.clock.nanos() / (HOUR.nanos() / 60);
    (0..hours.min(24))
        .map(|hour| {
            // The same hour of every day of the run.
            let own: Vec<usize> =
                (hour..hours).step_by(24).flat_map(|hour| hour as usize * each..(hour as usize + 1) * each).collect();
            let samples: Vec<Sample> = runs.iter().map(|run| Sample::within(run, &own)).collect();
            let found = latencies(&samples);
            HourPoint {
                minute: ((first + 60 * hour) % MINUTES) as u32,
                sent: samples.iter().map(|sample| sample.sent).sum(),
                ok: samples.iter().map(Sample::ok).sum(),
                p50_ms: design.quantile_ms(&found, Quantile::P50),
                p99_ms: design.quantile_ms(&found, Quantile::P99),
                resent_share: resent(runs, &own),
                caps: caps(runs, &own, HOUR.seconds() * own.len() as f64 / each as f64),
            }
        })
        .collect()
}

fn sum(windows: &[u64], own: &[usize]) -> u64 {
    own.iter().map(|&window| windows.get(window).copied().unwrap_or(0)).sum()
}

fn resent(runs: &[Run], own: &[usize]) -> f64 {
    let paths = || runs.iter().flat_map(|run| &run.paths);
    let again: u64 = paths().map(|path| sum(&path.resent, own)).sum();
    let all: u64 = paths().map(|path| sum(&path.forward, own) + sum(&path.back, own)).sum();
    if all == 0 { 0.0 } else { again as f64 / all as f64 }
}

/// `seconds`: of these windows in one run.
fn caps(runs: &[Run], own: &[usize], seconds: f64) -> Vec<HourCap> {
    let of = |index: usize| {
        let rows: Vec<&CapRow> = runs.iter().filter_map(|run| run.caps.get(index)).collect();
        let all = |of: fn(&CapRow) -> &Vec<u64>| rows.iter().map(|row| sum(of(row), own)).sum::<u64>() as f64;
        let (offered, dropped) = (all(|row| &row.offered), all(|row| &row.dropped));
        let (passed, waited_ns) = (all(|row| &row.passed), all(|row| &row.waited_ns));
        HourCap {
            link: rows[0].link.clone(),
            available_mbps: rows[0].rate_bps as f64 / 1e6,
            offered_mbps: offered * 8.0 / 1e6 / seconds / rows.len() as f64,
            dropped_share: if offered > 0.0 { dropped / offered } else { 0.0 },
            wait_ms: (passed > 0.0).then(|| waited_ns / 1e6 / passed),
        }
    };
    (0..runs[0].caps.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;
    use crate::record::{PathRow, RequestRow, RequestWindow};
    use crate::world::RunPlan;

    /// A run of so many hours that begins at `clock`; each window has 50 requests of as many ms as its hour of the run.
    fn run(hours: u64, clock_min: u64) -> (World, Run) {
        let horizon = Duration::from_secs(3600 * hours);
        let plan = RunPlan { horizon, ..RunPlan::default() };
        let world = World { plan, clock: Duration::from_secs(60 * clock_min), ..World::default() };
        let all = windows(horizon);
        let each = all / hours as usize;
        let window = |number: usize| {
            let mut latency = Histogram::new(10);
            (0..50).for_each(|_| latency.record(1_000_000 * (number / each) as u64));
            RequestWindow { sent: 50, failed: std::array::from_fn(|_| 0), latency: latency.sparse() }
        };
        let row = RequestRow { windows: (0..all).map(window).collect(), ..RequestRow::default() };
        let by = |of: &dyn Fn(usize) -> u64| (0..all).map(of).collect::<Vec<u64>>();
        let resent = by(&|n| (n / each) as u64);
        let path = PathRow { forward: vec![75; all], back: vec![25; all], resent, ..PathRow::default() };
        let cap = CapRow {
            link: "backbone".into(),
            rate_bps: 1_000_000,
            offered: vec![450_000_000 / each as u64; all],
            dropped: by(&|n| if n / each == 1 { 45_000_000 / each as u64 } else { 0 }),
            passed: vec![2; all],
            waited_ns: vec![6_000_000; all],
        };
        (
            world,
            Run { horizon_ns: horizon.nanos(), rows: vec![row], paths: vec![path], caps: vec![cap], ..Run::default() },
        )
    }

    fn told(hours_of_run: u64, clock_min: u64) -> Vec<HourPoint> {
        let (world, one) = run(hours_of_run, clock_min);
        hours(&world, &[one.clone(), one], Design::new(2, world.plan.horizon))
    }

    #[test]
    fn a_day_has_24_hours_from_the_clock_at_its_beginning() {
        let day = told(24, 19 * 60 + 30);
        assert_eq!(day.iter().map(|hour| hour.minute).collect::<Vec<_>>()[..6], [1170, 1230, 1290, 1350, 1410, 30]);
        assert_eq!(day.len(), 24);
        assert!(day.iter().all(|hour| (hour.sent, hour.ok) == (300, 300)), "three windows of two runs");
        assert_eq!(day[7].p50_ms.value.map(f64::round), Some(7.0));
        assert_eq!(day[7].resent_share, 0.07);
    }

    #[test]
    fn what_comes_to_a_cap_is_told_as_a_rate() {
        let day = told(24, 0);
        let cap = &day[1].caps[0];
        // 450 MB in an hour are 1 Mbit/s.
        assert_eq!((cap.available_mbps, cap.offered_mbps, cap.dropped_share, cap.wait_ms), (1.0, 1.0, 0.1, Some(3.0)));
        assert_eq!(day[2].caps[0].dropped_share, 0.0);
    }

    #[test]
    fn the_same_hour_of_two_days_is_one() {
        let days = told(48, 0);
        assert_eq!((days.len(), days[3].sent), (24, 200));
        assert_eq!(days[3].caps[0].offered_mbps, 1.0);
    }

    #[test]
    fn short_runs_and_broken_hours_have_none() {
        assert!(told(2, 0).is_empty());
        let (mut world, one) = run(24, 0);
        world.plan.horizon += Duration::from_secs(60);
        assert!(hours(&world, &[one], Design::new(1, world.plan.horizon)).is_empty());
    }
}
