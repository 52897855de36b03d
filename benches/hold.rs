//! The hold model: pop the earliest event, push it back some time later, at 1e3 to 1e6 pending.
//!
//! Increments are those of a mesh: 40 % links of 0.25 ms, 40 % exponential services of 1 ms, 15 % of 15, 27.5 or 40 ms
//! between regions, 5 % time-outs of 1 s. One iteration is one event, through the public loop `engine::run`.

use std::cmp::Ordering;

use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eastwest::engine::{Event, Model, Schedule, run};
use eastwest::random::{Key, Law};
use eastwest::units::{Duration, SimTime};

/// 0.4 * 0.25 + 0.4 * 1 + 0.15 * 27.5 + 0.05 * 1000 ms.
const MEAN_INCREMENT_NS: u64 = 54_625_000;

struct Hold {
    key: Key,
    service: Law,
    drawn: u64,
    events: u64,
}

impl Hold {
    fn increment(&mut self) -> Duration {
        self.drawn += 1;
        let u = self.key.uniform(self.drawn);
        match u {
            ..0.4 => Duration::from_micros(250),
            ..0.8 => Duration::from_seconds_f64(self.service.sample((u - 0.4) / 0.4)),
            ..0.85 => Duration::from_millis(15),
            ..0.9 => Duration::from_micros(27_500),
            ..0.95 => Duration::from_millis(40),
            _ => Duration::from_secs(1),
        }
    }
}

impl Model for Hold {
    fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
        self.events += 1;
        let next = now + self.increment();
        schedule.at(next, event.order, event.slot);
    }

    fn tie(&self, a: Event, b: Event) -> Ordering {
        a.slot.cmp(&b.slot)
    }
}

fn hold(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("hold");
    group.throughput(Throughput::Elements(1));
    for pending in [1_000u32, 10_000, 100_000, 1_000_000] {
        let service = Law::Exponential { mean: 0.001 };
        let mut model = Hold { key: Key::new(1, 0, "hold", "increment"), service, drawn: 0, events: 0 };
        let mut schedule = Schedule::new();
        for slot in 0..pending {
            let first = model.increment();
            schedule.at(SimTime::ZERO + first, slot, slot);
        }
        // Into the steady state: past the longest increment, twice.
        run(&mut model, &mut schedule, SimTime::ZERO + Duration::from_secs(2));
        let clock = WallTime;
        group.bench_function(BenchmarkId::from_parameter(pending), |bencher| {
            bencher.iter_custom(|iterations| {
                // A span that holds about so many events; the time is scaled to exactly so many.
                let span = (iterations * MEAN_INCREMENT_NS / u64::from(pending)).max(MEAN_INCREMENT_NS / 100);
                let (before, until) = (model.events, schedule.now() + Duration::from_nanos(span));
                let start = clock.start();
                run(&mut model, &mut schedule, until);
                let elapsed = clock.end(start);
                elapsed.mul_f64(iterations as f64 / (model.events - before).max(1) as f64)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
