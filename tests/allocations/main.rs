//! What the machine takes from the heap: nothing for each request once it runs, and little for each call in flight.
//!
//! Counts, not times, so they are the same on every machine and every day. Two runs of different lengths have the same
//! tables and the same windows; what the longer one allocates more, it allocates for its further requests.

use std::path::Path;

use allocation_counter::{AllocationInfo, measure};
use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::scenario::{self, Inputs};
use eastwest::units::Duration;
use eastwest::world::World;

/// The variant of a scenario file, without a fill.
fn world(file: &str, variant: &str) -> World {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let loaded = scenario::load(&path, &[]).expect("the scenario is valid");
    let found = loaded.variants.iter().find(|one| one.name == variant).expect("the variant is there");
    let mut world = scenario::compile(&found.scenario, variant, Books::builtin(), Inputs::default())
        .expect("the scenario compiles");
    world.plan.fill = Duration::ZERO;
    world
}

/// What one run of `seconds` takes, and how many requests it serves.
fn run(world: &mut World, seconds: u64) -> (AllocationInfo, u64) {
    world.plan.horizon = Duration::from_secs(seconds);
    let mut requests = 0;
    let taken = measure(|| {
        let run = mesh::run(world, 7, 0);
        assert_eq!(run.balance.unfinished, 0, "all calls are settled");
        requests = run.rows.iter().flat_map(|row| &row.windows).map(|window| window.sent).sum();
    });
    (taken, requests)
}

/// Allocations for each further request of a variant of the yardstick.
fn for_each_request(variant: &str) -> f64 {
    let mut world = world("scenarios/yardstick.yaml", variant);
    let (short, few) = run(&mut world, 15);
    let (long, many) = run(&mut world, 45);
    let more = long.count_total as f64 - short.count_total as f64;
    let each = more / (many - few) as f64;
    println!(
        "{variant}: {} allocations for {few} requests, {} for {many}: {each:.5} for each further one",
        short.count_total, long.count_total
    );
    each
}

#[test]
fn a_further_request_allocates_nothing() {
    for variant in ["plain", "least-request", "sidecars", "policies", "links", "all"] {
        let each = for_each_request(variant);
        // What is left belongs to windows and not to requests: a closed window's histogram, a new longest latency. It
        // comes to one in 600 requests here, and to fewer the more requests there are in a window.
        assert!(each < 0.003, "{variant}: {each} allocations for each request");
    }
}

#[test]
fn a_call_in_flight_takes_little_memory() {
    let peak = |variant: &str| run(&mut world("benches/in_flight/in_flight.yaml", variant), 3).0.bytes_max as f64;
    let (few, many) = (peak("thousand"), peak("hundred-thousand"));
    let each = (many - few) / 99_000.0;
    println!(
        "peak of the heap: {few} bytes with a thousand in flight, {many} with a hundred thousand: {each:.0} a call"
    );
    // An answer that is certain is a note of 16 bytes, and slabs double.
    assert!(each < 100.0, "{each} bytes for each call in flight");
}
