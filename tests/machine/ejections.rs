//! A sour host, a lost zone, and the timing of outlier detection: arrivals are constant, so everything is known to the call.
//!
//! One proxy, two hosts: one in its zone, one in the next. r = 9.731 requests/s, so that no arrival falls on a sweep (every
//! 10 s) or on a second. By hand, where all hosts may be ejected:
//!
//! - Errors at once: five calls in a row fail, 5 / r = 0.51 s. The host is out for 30 s and comes back with the first
//!   sweep after that; it fails five times more and is out for twice as long, and so on by 30 s each time.
//! - Silence, with a timeout of 1 s: the fifth call times out (5 - 1) / r + 1 s after the first was sent. Until then calls
//!   are sent, all of them in vain: (4 / r + 1 s) r = 4 + 9.731, so 14.

use eastwest::mesh;
use eastwest::policy::{Outlier, Policy, Status, defaults};
use eastwest::record::{Failure, Run};
use eastwest::units::{Duration, Ratio};
use eastwest::world::*;

use crate::worlds::{Small, down, every};
use crate::{balanced, failed, sent};

const RATE: f64 = 9.731;
/// 5,838 arrivals in 600 s.
const ARRIVALS: u64 = 5_838;

/// The first replica stands in the caller's zone, the second in the next one. Ten windows of a minute each hold six sweeps.
fn two_zones(max_ejection_percent: u32) -> World {
    let outlier = Outlier { max_ejection_percent, ..defaults::OUTLIER };
    let timeout = Some(Duration::from_secs(1));
    let policy = Policy { retries: 0, timeout, outlier: Some(outlier), ..defaults::policy((1, 24)) };
    let horizon = Duration::from_secs(600);
    let small = Small { replicas: 2, arrivals: every(RATE), policy, horizon, ..Small::default() };
    let mut world = small.world();
    let set = world.host_set_of[0];
    let mut hosts = world.host_sets[set].hosts.to_vec();
    hosts[1].priority = 1;
    world.host_sets[set].hosts = hosts.into();
    world.host_sets[set].priorities = 2;
    world
}

/// The first replica runs a version that answers nothing but errors, and is ready as ever.
fn sour(max_ejection_percent: u32) -> World {
    let mut world = two_zones(max_ejection_percent);
    let version = |name: &str| Version { name: name.into(), labels: Vec::new() };
    world.services[ServiceId(0)].versions = vec![version("good"), version("sour")];
    world.endpoints[EndpointId(0)].version = 1;
    let start = world.operations[OperationId(0)].start;
    let errors = vec![(Status::ERROR, Ratio::ONE)];
    world.operations[OperationId(0)].variants =
        vec![Variant { start, errors: Vec::new(), missing: false }, Variant { start, errors, missing: false }];
    world
}

/// Failures by window of 10 s.
fn by_sweep(run: &Run, failure: Failure) -> Vec<(usize, u64)> {
    assert_eq!(run.rows[0].windows.len(), 60);
    let failures = run.rows[0].windows.iter().map(|window| window.failed[failure as usize]);
    failures.enumerate().filter(|(_, failed)| *failed > 0).collect()
}

/// In which sweeps' windows a host is ejected that is never well, the first time in window `first`, so many tenths of a
/// second after its beginning: it returns with the first sweep that finds its time over.
fn windows_of_ejections(first: usize, ejected_after: f64) -> Vec<usize> {
    let (mut windows, mut at) = (Vec::new(), first);
    for times in 1.. {
        if at >= 60 {
            break;
        }
        windows.push(at);
        let over = at as f64 * 10.0 + ejected_after + 30.0 * f64::from(times).min(10.0);
        at = (over / 10.0).ceil() as usize;
    }
    windows
}

#[test]
fn a_sour_host_costs_five_calls_each_time_it_comes_back() {
    let run = mesh::run(&sour(100), 1, 0);
    balanced(&run);
    assert_eq!(sent(&run), ARRIVALS);
    // Out at 0.51, 40.5, 110.5, 210.5, 340.5 and 500.5 s, for 30, 60, 90, 120, 150 and 180 s.
    let windows = windows_of_ejections(0, 5.0 / RATE);
    assert_eq!(windows, [0, 4, 11, 21, 34, 50]);
    assert_eq!(by_sweep(&run, Failure::Error), windows.iter().map(|&window| (window, 5)).collect::<Vec<_>>());
    assert_eq!(run.edges[0].ejections, 6);
    assert_eq!(failed(&run, Failure::Error), 30);
}

#[test]
fn where_a_tenth_may_be_ejected_of_two_hosts_nobody_is_and_nothing_shifts() {
    let run = mesh::run(&sour(10), 1, 0);
    assert_eq!((failed(&run, Failure::Error), run.edges[0].ejections), (ARRIVALS, 0));
    let mut world = two_zones(10);
    down(&mut world, "zone", 100, 600, &[Target::Endpoint(EndpointId(0))], Manner::Silent);
    let run = mesh::run(&world, 1, 0);
    // From the first arrival after 100 s on, the 974th, all of them.
    assert_eq!((failed(&run, Failure::Timeout), run.edges[0].ejections), (ARRIVALS - 973, 0));
}

#[test]
fn a_lost_zone_costs_what_is_sent_until_the_fifth_timeout_each_time_it_is_asked_again() {
    let mut world = two_zones(100);
    down(&mut world, "zone", 100, 600, &[Target::Endpoint(EndpointId(0))], Manner::Silent);
    let run = mesh::run(&world, 1, 0);
    balanced(&run);
    // Out 1.4 s after the first call of each time: at 101.5, 141.5, 211.5, 311.5 and 441.5 s; the sixth time would be 600.
    let windows = windows_of_ejections(10, 1.0 + 5.0 / RATE);
    assert_eq!(windows, [10, 14, 21, 31, 44]);
    assert_eq!(by_sweep(&run, Failure::Timeout), windows.iter().map(|&window| (window, 14)).collect::<Vec<_>>());
    assert_eq!(run.edges[0].ejections, 5);
}

#[test]
fn a_zone_that_comes_back_is_asked_again_at_the_sweep_after_its_ejection_and_not_before() {
    // Lost at 100 s, back at 110 s; its ejection, of 101.5 s, is over at 131.5 s, and ends at the sweep of 140 s. Until then
    // it hears nothing: if its service answers errors from 120 s on, nobody notices before 140 s.
    let mut world = two_zones(100);
    down(&mut world, "zone", 100, 110, &[Target::Endpoint(EndpointId(0))], Manner::Silent);
    down(&mut world, "process", 120, 139, &[Target::Endpoint(EndpointId(0))], Manner::Refused);
    let run = mesh::run(&world, 1, 0);
    assert_eq!(by_sweep(&run, Failure::Timeout), [(10, 14)]);
    assert_eq!(failed(&run, Failure::Connect) + failed(&run, Failure::Reset), 0);
    assert_eq!(run.edges[0].ejections, 1);
}
