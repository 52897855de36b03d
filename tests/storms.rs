//! Retry storms and dropped caches: what outlives its trigger, what does not, and where the boundaries lie.

use std::path::Path;

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::Run;
use eastwest::scenario::{self, Inputs};
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::{StreamId, World};

/// The world of a variant of a shipped scenario.
fn world(name: &str, variant: &str) -> World {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/{name}.yaml"));
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let variant = loaded.variants.iter().find(|one| one.name == variant).expect("it has this variant");
    scenario::compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
        .unwrap_or_else(|said| panic!("{said:?}"))
}

/// At so many requests a second.
fn at(mut world: World, per_second: f64) -> World {
    let Arrivals::Open { rate, .. } = &mut world.streams[StreamId(0)].arrivals else { panic!("an open stream") };
    *rate = Rate::constant(per_second);
    world
}

/// Which share of the requests was answered that came from one second to another.
fn answered(run: &Run, from: u64, to: u64) -> f64 {
    let windows = run.rows[0].windows.len() as u64;
    let seconds = run.horizon_ns / 1_000_000_000;
    assert!((from * windows).is_multiple_of(seconds) && (to * windows).is_multiple_of(seconds), "whole windows");
    let part = &run.rows[0].windows[(from * windows / seconds) as usize..(to * windows / seconds) as usize];
    let (sent, well): (u64, u64) = part.iter().fold((0, 0), |sum, one| (sum.0 + one.sent, sum.1 + one.latency.count));
    well as f64 / sent as f64
}

/// Before the slow spell, which begins at 60 s, and in the last minute of four.
fn before_and_after(variant: &str, per_second: f64) -> (f64, f64) {
    let run = mesh::run(&at(world("retry-storm", variant), per_second), 1, 0);
    (answered(&run, 48, 60), answered(&run, 180, 240))
}

#[test]
fn a_retry_storm_begins_at_a_third_of_the_capacity_and_never_works_above_all_of_it() {
    // mu = 100/s, three tries: it recovers up to 33.3/s, and works before the trigger up to 100/s.
    let recovers = |load: f64| before_and_after("storm", load).1 > 0.99;
    let works = |load: f64| before_and_after("storm", load).0 > 0.99;
    let sweep = |loads: &[f64], holds: &dyn Fn(f64) -> bool| {
        let held: Vec<bool> = loads.iter().map(|&load| holds(load)).collect();
        let last = held.iter().position(|holds| !holds).expect("the boundary lies within the sweep");
        assert!(held[last..].iter().all(|holds| !holds), "once beyond, always beyond: {held:?} of {loads:?}");
        (loads[last - 1] + loads[last]) / 2.0
    };
    let lower = sweep(&[28.0, 30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 40.0], &recovers);
    let upper = sweep(&[60.0, 90.0, 96.0, 98.0, 100.0, 102.0, 104.0, 110.0], &works);
    println!("recovers up to {lower}, works up to {upper}");
    assert!((lower / (100.0 / 3.0) - 1.0).abs() < 0.05, "{lower}");
    assert!((upper / 100.0 - 1.0).abs() < 0.05, "{upper}");
    // In between it works well until the trigger, and not at all for three minutes after it.
    for load in [40.0, 60.0, 90.0] {
        let (before, after) = before_and_after("storm", load);
        assert!(before > 0.99 && after < 0.01, "{load}: {before} before, {after} after");
    }
}

#[test]
fn a_budget_a_breaker_and_a_short_queue_cure_it_and_dropping_what_nobody_wants_does_not() {
    for (variant, cured) in [
        ("storm", false),
        ("drop-queued", false),
        ("no-retries", true),
        ("budget", true),
        ("breaker", true),
        ("short-queue", true),
    ] {
        let (before, after) = before_and_after(variant, 50.0);
        println!("{variant}: {before} before, {after} after");
        assert!(before > 0.99, "{variant}: {before}");
        assert!(if cured { after > 0.99 } else { after < 0.05 }, "{variant}: {after}");
    }
}

#[test]
fn a_dropped_cache_asks_ten_times_as_much_of_the_database() {
    // So many keys that hardly one is asked for twice: the cache stays empty.
    let queries = |dropped: bool| {
        let mut world = world("cache-dropped", "roomy");
        world.caches[0].keys = 50_000_000;
        if !dropped {
            world = world.without_faults();
        }
        let run = mesh::run(&world, 1, 0);
        let row = run.edges.iter().find(|row| row.to == "db").expect("the edge to the database");
        (row.calls as f64, run.rows[0].windows.iter().map(|window| window.sent).sum::<u64>() as f64)
    };
    let ((calm, sent), (after, _)) = (queries(false), queries(true));
    // A tenth of 48,000; five standard errors of a binomial.
    assert!((calm - 0.1 * sent).abs() < 5.0 * (sent * 0.09).sqrt(), "{calm} of {sent}");
    // A tenth for a minute, all of them for three.
    assert!((after / (0.1 * sent / 4.0 + 0.75 * sent) - 1.0).abs() < 0.02, "{after} of {sent}");
}

#[test]
fn a_dropped_cache_heals_below_the_capacity_of_the_database_and_stays_empty_above_it() {
    let share = |variant: &str, workers: Option<u32>| {
        let mut world = world("cache-dropped", variant);
        if let Some(workers) = workers {
            let db = world.services.iter().find(|(_, row)| row.name == "db").expect("the database").0;
            world.services[db].workers = workers;
        }
        let run = mesh::run(&world, 1, 0);
        (answered(&run, 40, 60), answered(&run, 180, 240))
    };
    for (variant, workers, heals) in [
        ("roomy", None, true),
        // 11 workers serve 220 a second, 8 serve 160. Of 160 a second 144 are kept, so that the load falls by 2.6/s: after 15 s
        // it would fit, but by then 300 wait, and 72 are 450 ms.
        ("roomy", Some(11), true),
        ("roomy", Some(8), false),
        ("tight", None, false),
        ("with-retries", None, false),
        ("breaker", None, true),
    ] {
        let (before, after) = share(variant, workers);
        println!("{variant} {workers:?}: {before} before, {after} after");
        assert!(before > 0.99, "{variant} {workers:?}: {before}");
        assert!(if heals { after > 0.99 } else { after < 0.25 }, "{variant} {workers:?}: {after}");
    }
}
