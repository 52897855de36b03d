//! Shares of simulated traffic against the tables that Envoy, Istio and queueing theory have: each row through a run of
//! the machine. Seeds are fixed; a share lies in the 99.9 % interval of its binomial, and where it is none, nothing came.

mod hashes;
mod localities;
mod priorities;
mod supermarket;
mod warmup;
#[path = "../machine/worlds.rs"]
#[allow(dead_code)]
mod worlds;

use std::collections::BTreeMap;

use eastwest::mesh;
use eastwest::policy::{Balance, Policy, defaults};
use eastwest::record::{Failure, Run};
use eastwest::units::Duration;
use eastwest::world::*;
use worlds::{Small, every};

/// Requests of a row.
const REQUESTS: u32 = 20_000;

/// Hosts that are alike, at a place of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) priority: u8,
    /// Row of the localities.
    pub(crate) locality: u16,
    pub(crate) health: Health,
    pub(crate) hosts: u32,
}

impl Group {
    pub(crate) fn of(priority: usize, locality: usize, health: Health, hosts: u32) -> Self {
        Group { priority: priority as u8, locality: locality as u16, health, hosts }
    }
}

/// One client proxy that sees these hosts, each answering at once.
pub(crate) fn world(groups: &[Group], localities: &[HostLocality], among: Among, policy: Policy) -> World {
    let replicas = groups.iter().map(|group| group.hosts).sum();
    let (arrivals, horizon) = (every(1_000.0), Duration::from_millis(u64::from(REQUESTS)));
    let mut world = Small { replicas, arrivals, horizon, policy, ..Small::default() }.world();
    let (mut hosts, mut health) = (Vec::new(), Vec::new());
    for (number, group) in groups.iter().enumerate() {
        let name = format!("group {number}");
        let place = world.places.push(Place { name: name.clone(), ..world.places[PlaceId(1)].clone() });
        let path = world.paths.push(Path { to: place, name, ..world.paths[PathId(0)].clone() });
        for _ in 0..group.hosts {
            let endpoint = EndpointId(hosts.len() as u32);
            world.endpoints[endpoint].place = place;
            let target = HostTarget::Endpoint(endpoint, path);
            hosts.push(Host { target, weight: 1, priority: group.priority, locality: group.locality });
            health.push(group.health);
        }
    }
    let priorities = groups.iter().map(|group| group.priority + 1).max().unwrap_or(0);
    let (hosts, localities, health) = (hosts.into(), localities.into(), health.into());
    world.host_sets = vec![HostSet { hosts, priorities, localities, among, health }].into();
    world.host_set_of = vec![HostSetId::NONE; world.places.len()];
    world.host_set_of[0] = HostSetId(0);
    world
}

/// Requests that went to each group.
pub(crate) fn counts(run: &Run, groups: usize) -> Vec<u64> {
    let of = |number: usize| {
        let name = format!("group {number}");
        run.flows.iter().filter(|row| row.to == name).map(|row| row.attempts).sum()
    };
    (0..groups).map(of).collect()
}

/// Requests that found no host.
pub(crate) fn unserved(run: &Run) -> u64 {
    run.rows.iter().flat_map(|row| &row.windows).map(|window| window.failed[Failure::NoHost as usize]).sum()
}

/// Is a count of so many what a share makes probable? The normal interval of 99.9 %, and half a request for its steps.
#[track_caller]
pub(crate) fn agrees(id: &str, what: &str, count: u64, of: u64, share: f64) {
    let mean = share * of as f64;
    let width = 3.290_53 * (mean * (1.0 - share)).max(0.0).sqrt() + 0.5;
    assert!((count as f64 - mean).abs() <= width, "{id}: {what}: {count} of {of}, {mean} due, {width} apart at most");
}

/// The world's run, with these loads on its groups.
#[track_caller]
pub(crate) fn holds(id: &str, world: &World, shares: &[f64], none: f64) {
    let run = mesh::run(world, 1_999, 0);
    let counts = counts(&run, shares.len());
    let sent = counts.iter().sum::<u64>() + unserved(&run);
    assert!(sent + 1 >= u64::from(REQUESTS), "{id}: {sent} were sent");
    for (number, (count, share)) in counts.into_iter().zip(shares).enumerate() {
        agrees(id, &format!("group {number}"), count, sent, *share);
    }
    agrees(id, "no host", unserved(&run), sent, none);
}

pub(crate) fn policy(balance: Balance) -> Policy {
    Policy { balance, retries: 0, ..defaults::policy((1, 24)) }
}

pub(crate) type Row = BTreeMap<String, String>;

/// Rows of the vectors that stand beside the tests of the rules.
pub(crate) fn rows(file: &str) -> Vec<Row> {
    let path = format!("{}/tests/mesh/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).expect("the vectors are in tests/mesh");
    let rows = reader.deserialize().map(|row| row.expect("a row of the vectors"));
    rows.filter(|row: &Row| row.get("exact").is_none_or(|exact| exact != "doc-only")).collect()
}

pub(crate) fn numbers(text: &str) -> Vec<u32> {
    text.split(['|', ',']).map(|number| number.trim().parse().expect("a whole number")).collect()
}
