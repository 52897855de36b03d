//! The yardstick mesh: how many requests and events a second the machine does, beside a loop written for that mesh alone.
//!
//! The loop must first give the published latencies of the yardstick (mean 59.0948 ms, p99 166.05 ms for 999,999
//! requests of seed 12345), and the machine, with draws of its own, the same mean within the noise.

mod by_hand;
mod compiled;

use criterion::measurement::{Measurement, WallTime};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eastwest::mesh;
use eastwest::record::Run;

const REQUESTS: u64 = 300_000;

fn answered(run: &Run) -> (u64, f64) {
    let windows = || run.rows.iter().flat_map(|row| &row.windows);
    let (count, sum) =
        windows().fold((0, 0), |(count, sum), window| (count + window.latency.count, sum + window.latency.sum_ns));
    (count, sum as f64 / count as f64 / 1e6)
}

/// Requests and events a second, the best of three.
fn report(name: &str, mut work: impl FnMut() -> (u64, u64)) {
    let clock = WallTime;
    let (mut requests_rate, mut events_rate, mut events_each) = (0.0f64, 0.0f64, 0.0);
    for _ in 0..3 {
        let start = clock.start();
        let (requests, events) = work();
        let seconds = clock.end(start).as_secs_f64();
        requests_rate = requests_rate.max(requests as f64 / seconds);
        events_rate = events_rate.max(events as f64 / seconds);
        events_each = events as f64 / requests as f64;
    }
    println!(
        "{name}: {:.2} million requests/s, {:.1} million events/s ({events_each:.1} events a request)",
        requests_rate / 1e6,
        events_rate / 1e6
    );
}

fn yardstick(bench: &mut Criterion) {
    let (_, latency) = by_hand::run_by_hand(999_999);
    assert!((latency.mean_ms - 59.0948).abs() < 1e-4, "the loop's mean is {} ms", latency.mean_ms);
    assert!((latency.p99_ms - 166.05).abs() < 0.01, "the loop's p99 is {} ms", latency.p99_ms);
    let world = compiled::world(999_999);
    let (count, mean_ms) = answered(&mesh::run(&world, 12_345, 0));
    println!("mean latency: loop {:.4} ms, machine {mean_ms:.4} ms over {count} requests", latency.mean_ms);
    assert!((mean_ms / latency.mean_ms - 1.0).abs() < 0.01, "the machine's mean is {mean_ms} ms");

    let world = compiled::world(REQUESTS);
    report("loop by hand", || (REQUESTS, by_hand::run_by_hand(REQUESTS).0.events));
    report("machine", || {
        let run = mesh::run(&world, 1, 0);
        (answered(&run).0, run.events)
    });

    let mut group = bench.benchmark_group("yardstick");
    group.sample_size(10).throughput(Throughput::Elements(REQUESTS));
    group.bench_function("loop by hand", |bencher| bencher.iter(|| by_hand::run_by_hand(REQUESTS).0));
    group.bench_function("machine", |bencher| bencher.iter(|| mesh::run(&world, 1, 0).digest));
    group.finish();
}

criterion_group!(benches, yardstick);
criterion_main!(benches);
