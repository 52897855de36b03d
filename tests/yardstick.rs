//! The yardstick mesh against theory and against a loop written for it alone (`benches/yardstick/by_hand.rs`).
//!
//! Links of constant length delay a Poisson stream and leave it one, and so does M/M/c (Burke 1956): s0, s1 and s2 are
//! M/M/c exactly, whatever happens around them. s3 is called in pairs, and the whole is a fork and join of them: the
//! loop says what they are, to a ten-thousandth with a million requests.

#[path = "../benches/yardstick/by_hand.rs"]
mod by_hand;

use std::path::Path;

use eastwest::mesh;
use eastwest::meter::Quantile;
use eastwest::provider::Books;
use eastwest::record::{Run, SparseHistogram};
use eastwest::scenario::{self, Inputs};
use eastwest::study::statistics::{Critical, Interval, quantile_interval, ratio_interval};
use eastwest::units::Duration;
use rayon::prelude::*;

const REPLICATIONS: u32 = 20;
const CONFIDENCE: f64 = 0.999;
/// Of the loop, whose own noise is taken off: four times as many requests as the machine's.
const LOOP_REQUESTS: u64 = 4_000_000;

/// Twenty runs of the plain mesh, 60,000 requests each.
fn runs() -> Vec<Run> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/yardstick.yaml");
    let loaded = scenario::load(&path, &[]).expect("the yardstick is valid");
    let plain = &loaded.variants[0];
    let mut world = scenario::compile(&plain.scenario, &plain.name, Books::builtin(), Inputs::default())
        .expect("the yardstick compiles");
    world.plan.horizon = Duration::from_secs(10);
    (0..REPLICATIONS).into_par_iter().map(|replication| mesh::run(&world, 1956, replication)).collect()
}

/// Mean in ms of what `pair` sums, with its interval.
fn mean(runs: &[Run], pair: impl Fn(&Run) -> (u128, u64)) -> Interval {
    let pairs: Vec<(f64, f64)> = runs
        .iter()
        .map(|run| {
            let (sum, count) = pair(run);
            (sum as f64 / 1e6, count as f64)
        })
        .collect();
    ratio_interval(&pairs, Critical::new(REPLICATIONS, CONFIDENCE, 1)).expect("something was counted")
}

/// Mean wait and service at a service, all regions together.
fn sojourn(runs: &[Run], service: &str) -> Interval {
    mean(runs, |run| {
        let rows = run.services.iter().filter(|row| row.service == service);
        rows.fold((0, 0), |(sum, count), row| (sum + row.sojourn.sum_ns, count + row.sojourn.count))
    })
}

#[track_caller]
fn check(what: &str, got: Interval, want: f64, width: f64) {
    println!("{what}: {want:.4} ms, machine {:.4} ({:.4} to {:.4})", got.value, got.low, got.high);
    assert!((got.low..=got.high).contains(&want), "{what}: {want} is not in {got:?}");
    assert!(got.half_width() < width * want, "{what}: {got:?} is too wide to tell");
}

#[test]
fn the_machine_runs_the_yardstick_as_theory_and_the_loop_say() {
    let runs = runs();
    let by_hand = by_hand::run_by_hand::<true>(LOOP_REQUESTS);
    // Erlang C: 1/mu + C(c, a) / (c mu - lambda).
    for (service, loop_ms, erlang) in [
        ("s0", by_hand.sojourn_ms[0], 1.4444),
        ("s1", by_hand.sojourn_ms[1], 2.2848),
        ("s2", by_hand.sojourn_ms[2], 3.5355),
    ] {
        check(service, sojourn(&runs, service), erlang, 0.015);
        println!("  loop {loop_ms:.4} ms");
        assert!((loop_ms / erlang - 1.0).abs() < 0.005, "{service}: the loop says {loop_ms} ms");
    }
    check("s3", sojourn(&runs, "s3"), by_hand.sojourn_ms[3], 0.01);
    let requests = mean(&runs, |run| {
        let windows = run.rows.iter().flat_map(|row| &row.windows);
        windows.fold((0, 0), |(sum, count), window| (sum + window.latency.sum_ns, count + window.latency.count))
    });
    check("a request", requests, by_hand.mean_ms, 0.005);
    let merged = |run: &Run| {
        SparseHistogram::merged(10, run.rows.iter().flat_map(|row| &row.windows).map(|window| &window.latency))
    };
    let all: Vec<SparseHistogram> = runs.iter().map(merged).collect();
    let all: Vec<&SparseHistogram> = all.iter().collect();
    let tail = quantile_interval(&all, Quantile::P99, Critical::new(REPLICATIONS, CONFIDENCE, 1)).expect("counted");
    let ms = |ns: u64| ns as f64 / 1e6;
    let high = ms(tail.high.expect("far more than a hundred requests"));
    check("its p99", Interval { value: ms(tail.value), low: ms(tail.low), high }, by_hand.p99_ms, 0.005);
    assert_eq!(by_hand.events, 22 * LOOP_REQUESTS, "an arrival, and three events for each of seven calls");
}
