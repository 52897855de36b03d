//! The yardstick mesh, `scenarios/yardstick.yaml`: the machine beside a loop written for that mesh alone, and what each
//! feature of a mesh costs on top.
//!
//! The loop must first give the published latencies of the yardstick (mean 59.0948 ms, p99 166.05 ms for 999,999
//! requests of seed 12345), and the machine, with draws of its own, the same mean within the noise. Then all take turns,
//! and the least time of each counts: on a machine that does other things too, only ratios of one run mean anything.

mod by_hand;

use std::path::Path;

use criterion::measurement::{Measurement, WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::Run;
use eastwest::scenario::{self, Inputs};
use eastwest::units::Duration;
use eastwest::world::World;

const REQUESTS: u64 = 120_000;
const ROUNDS: u32 = 9;
/// Of all regions together.
const REQUESTS_PER_S: u64 = 6000;

/// All variants of the scenario, each long enough for about `requests` requests, without a fill: the loop has none.
fn worlds(requests: u64) -> Vec<World> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/yardstick.yaml");
    let loaded = scenario::load(&path, &[]).expect("the yardstick is valid");
    let world = |variant: &scenario::Variant| {
        let mut world = scenario::compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
            .expect("every variant of the yardstick compiles");
        world.plan.fill = Duration::ZERO;
        world.plan.horizon = Duration::from_seconds_f64(requests as f64 / REQUESTS_PER_S as f64);
        world
    };
    loaded.variants.iter().map(world).collect()
}

/// Requests that were answered, and their mean latency in ms.
fn answered(run: &Run) -> (u64, f64) {
    let windows = || run.rows.iter().flat_map(|row| &row.windows);
    let (count, sum) =
        windows().fold((0, 0), |(count, sum), window| (count + window.latency.count, sum + window.latency.sum_ns));
    (count, sum as f64 / count as f64 / 1e6)
}

/// The least time of one contestant.
struct Row {
    name: String,
    requests: u64,
    events: u64,
    seconds: f64,
}

impl Row {
    fn time(&mut self, work: impl FnOnce() -> (u64, u64)) {
        let clock = WallTime;
        let start = clock.start();
        (self.requests, self.events) = work();
        self.seconds = self.seconds.min(clock.end(start).as_secs_f64());
    }

    fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

/// Everybody in turn, several times.
fn contest(worlds: &[World]) {
    let names = std::iter::once("loop by hand").chain(worlds.iter().map(|world| world.variant.as_str()));
    let mut rows: Vec<Row> =
        names.map(|name| Row { name: name.to_owned(), requests: 0, events: 0, seconds: f64::INFINITY }).collect();
    for _ in 0..ROUNDS {
        rows[0].time(|| (REQUESTS, by_hand::run_by_hand::<false>(REQUESTS).events));
        for (row, world) in rows[1..].iter_mut().zip(worlds) {
            row.time(|| {
                let run = mesh::run(world, 1, 0);
                (answered(&run).0, run.events)
            });
        }
    }
    println!("{:16}{:>12}{:>12}{:>12}{:>10}{:>10}", "", "requests/s", "events/req", "ns/event", "of loop", "of plain");
    for row in &rows {
        println!(
            "{:16}{:>12.0}{:>12.1}{:>12.1}{:>10.2}{:>10.2}",
            row.name,
            row.rate(),
            row.events as f64 / row.requests as f64,
            row.seconds * 1e9 / row.events as f64,
            row.rate() / rows[0].rate(),
            row.rate() / rows[1].rate(),
        );
    }
    println!("machine {:.2} of the loop by hand", rows[1].rate() / rows[0].rate());
}

fn yardstick(bench: &mut Criterion) {
    let by_hand = by_hand::run_by_hand::<true>(999_999);
    assert!((by_hand.mean_ms - 59.0948).abs() < 1e-4, "the loop's mean is {} ms", by_hand.mean_ms);
    assert!((by_hand.p99_ms - 166.05).abs() < 0.01, "the loop's p99 is {} ms", by_hand.p99_ms);
    // Erlang C; of s3, which is called in pairs, nothing is known.
    for (sojourn, erlang) in by_hand.sojourn_ms.into_iter().zip([1.4444, 2.2848, 3.5355]) {
        assert!((sojourn / erlang - 1.0).abs() < 0.01, "the loop's M/M/c takes {sojourn} ms, not {erlang}");
    }
    let (count, mean_ms) = answered(&mesh::run(&worlds(999_999)[0], 12_345, 0));
    println!("mean latency: loop {:.4} ms, machine {mean_ms:.4} ms over {count} requests", by_hand.mean_ms);
    assert!((mean_ms / by_hand.mean_ms - 1.0).abs() < 0.01, "the machine's mean is {mean_ms} ms");

    let worlds = worlds(REQUESTS);
    contest(&worlds);

    let mut group = bench.benchmark_group("yardstick");
    group.sample_size(10).throughput(Throughput::Elements(REQUESTS));
    group.bench_function("loop by hand", |bencher| bencher.iter(|| by_hand::run_by_hand::<false>(REQUESTS).events));
    for world in &worlds {
        group.bench_function(world.variant.as_str(), |bencher| bencher.iter(|| mesh::run(world, 1, 0).digest));
    }
    group.finish();
}

criterion_group!(benches, yardstick);
criterion_main!(benches);
