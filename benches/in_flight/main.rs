//! A thousand to a million calls in flight at once: requests a second, and memory for each of them.
//!
//! Every variant of `in_flight.yaml` serves as many requests, so that what differs is how many are under way together.
//! Memory is the peak of a process of its own for each (the bench starts itself again), where the system tells it.
//! An answer whose time is certain is only a note, so the same is done once more with an event for everything, where each
//! call in flight is all there.

use std::path::Path;
use std::process::Command;

use criterion::measurement::{Measurement, WallTime};
use criterion::{Criterion, Throughput, criterion_group};
use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::scenario::{self, Inputs};
use eastwest::units::Duration;
use eastwest::workload::Arrivals;
use eastwest::world::World;

const REQUESTS: f64 = 4e6;
const ROUNDS: u32 = 3;
/// Before the name of a variant: run it once and tell the peak of this process's memory.
const PEAK: &str = "--peak-of";
/// After it: with an event for everything.
const IN_FULL: &str = "--in-full";

/// The variants, each as long as `REQUESTS` takes at its rate, which is the number of calls in flight.
fn worlds() -> Vec<(f64, World)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/in_flight/in_flight.yaml");
    let loaded = scenario::load(&path, &[]).expect("the scenario is valid");
    let world = |variant: &scenario::Variant| {
        let mut world = scenario::compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
            .expect("every variant compiles");
        let Arrivals::Open { rate, .. } = &world.streams.rows()[0].arrivals else { panic!("the stream is open") };
        let rate = rate.at(Duration::ZERO);
        world.plan.horizon = Duration::from_seconds_f64(REQUESTS / rate);
        (rate, world)
    };
    loaded.variants.iter().map(world).collect()
}

fn serve(world: &World, in_full: bool) -> u64 {
    let run = if in_full { mesh::run_in_full(world, 1, 0) } else { mesh::run(world, 1, 0) };
    assert_eq!(run.balance.unfinished, 0, "all calls are settled");
    run.balance.settled
}

/// The most that this process ever had in memory, in bytes; none where the system does not tell.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// The peak of another process that runs the variant once.
fn peak_of(variant: &str, in_full: bool) -> Option<u64> {
    let this = std::env::current_exe().ok()?;
    let said = Command::new(this).args([PEAK, variant]).args(in_full.then_some(IN_FULL)).output().ok()?;
    String::from_utf8(said.stdout).ok()?.trim().parse().ok()
}

fn in_flight(bench: &mut Criterion) {
    let worlds = worlds();
    for in_full in [false, true] {
        println!("{}", if in_full { "with an event for everything:" } else { "as runs are:" });
        table(&worlds, in_full);
    }
    let mut group = bench.benchmark_group("in flight");
    group.sample_size(10).throughput(Throughput::Elements(REQUESTS as u64));
    // The ends of the table; those between lie between.
    for (_, world) in [&worlds[0], &worlds[worlds.len() - 1]] {
        group.bench_function(world.variant.as_str(), |bencher| bencher.iter(|| serve(world, false)));
    }
    group.finish();
}

fn table(worlds: &[(f64, World)], in_full: bool) {
    let clock = WallTime;
    let mut rates = vec![0.0_f64; worlds.len()];
    for _ in 0..ROUNDS {
        for (best, (_, world)) in rates.iter_mut().zip(worlds) {
            let start = clock.start();
            let requests = serve(world, in_full);
            *best = best.max(requests as f64 / clock.end(start).as_secs_f64());
        }
    }
    let peaks: Vec<Option<u64>> = worlds.iter().map(|(_, world)| peak_of(&world.variant, in_full)).collect();
    println!("{:>12}{:>14}{:>14}{:>12}{:>14}", "in flight", "requests/s", "of a thousand", "peak, MB", "bytes a call");
    for (((flying, _), rate), peak) in worlds.iter().zip(&rates).zip(&peaks) {
        let memory = peak.map_or("unknown".to_owned(), |bytes| format!("{:.1}", bytes as f64 / 1e6));
        // What a run with a thousand in flight has too is no call's.
        let more = peak.zip(peaks[0]).map(|(peak, least)| peak.saturating_sub(least) as f64);
        let each = more.filter(|_| *flying > worlds[0].0).map(|more| format!("{:.0}", more / (flying - worlds[0].0)));
        println!("{flying:>12}{rate:>14.0}{:>14.2}{memory:>12}{:>14}", rate / rates[0], each.unwrap_or_default());
    }
}

criterion_group!(benches, in_flight);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, variant, rest @ ..] = &arguments[..]
        && flag == PEAK
    {
        let worlds = worlds();
        let (_, world) = worlds.iter().find(|(_, world)| world.variant == *variant).expect("a variant of the scenario");
        serve(world, rest == [IN_FULL]);
        println!("{}", peak_memory().map_or(String::new(), |bytes| bytes.to_string()));
        return;
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
