//! The hold model: pop the earliest event, push it back some time later, at 1e3 to 1e6 pending.
//!
//! Increments are those of a mesh: 40 % links of 0.25 ms, 40 % exponential services of 1 ms, 15 % of 15, 27.5 or 40 ms
//! between regions, 5 % time-outs of 1 s. They are drawn beforehand, so that it is the event set that is measured. The
//! engine's runs through the public loop `engine::run`, the candidates' through one that does the same; all must come
//! to the same digest, that is, give the same events in the same order.

mod heaps;
mod wheel;

use std::cmp::Ordering;

use criterion::measurement::{Measurement, WallTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use eastwest::engine::{Event, Model, Schedule, run};
use eastwest::random::{Key, Law};
use eastwest::units::{Duration, SimTime};

const PENDING: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Spans in ns and how often they come. Zero stands for the exponential of 1 ms.
const SPANS: [(u64, f64); 6] =
    [(250_000, 0.4), (0, 0.4), (15_000_000, 0.05), (27_500_000, 0.05), (40_000_000, 0.05), (1_000_000_000, 0.05)];
const SERVICE_NS: f64 = 1e6;
/// 0.4 * 0.25 + 0.4 * 1 + 0.15 * 27.5 + 0.05 * 1000 ms.
const MEAN_NS: u64 = 54_625_000;
/// Increments drawn beforehand, a power of two.
const DRAWN: usize = 1 << 16;
/// Events in a measurement, few enough for a slice of a busy machine; the best of so many counts.
const EVENTS: u64 = 50_000;
const ROUNDS: usize = 40;

/// A set of entries: time, order and slot in 64, 32 and 32 bits from the top.
trait Set: Default {
    fn push(&mut self, entry: u128);

    /// Takes the least, if its time is at most `until`.
    fn pop(&mut self, until: u64) -> Option<u128>;
}

fn span(row: usize, u: f64) -> u64 {
    match SPANS[row].0 {
        0 => Law::Exponential { mean: SERVICE_NS }.sample(u) as u64,
        fixed => fixed,
    }
}

/// The row of `u` where rows weigh so much.
fn row(mut u: f64, weight: impl Fn(usize) -> f64) -> usize {
    u *= (0..SPANS.len()).map(&weight).sum::<f64>();
    for row in 0..SPANS.len() {
        u -= weight(row);
        if u < 0.0 {
            return row;
        }
    }
    SPANS.len() - 1
}

struct Hold {
    increments: Vec<u64>,
    drawn: usize,
    events: u64,
}

impl Hold {
    fn new() -> Self {
        let (which, how_long) = (Key::new(1, 0, "hold", "row"), Key::new(1, 0, "hold", "span"));
        let increments = (0..DRAWN as u64)
            .map(|turn| span(row(which.uniform(turn), |row| SPANS[row].1), how_long.uniform(turn)))
            .collect();
        Hold { increments, drawn: 0, events: 0 }
    }

    fn increment(&mut self) -> u64 {
        self.drawn += 1;
        self.increments[self.drawn % DRAWN]
    }

    /// What remains of the increment of each pending event, in the steady state: long ones are met more often.
    fn remains(pending: u32) -> impl Iterator<Item = u64> {
        let (which, how_long) = (Key::new(2, 0, "hold", "row"), Key::new(2, 0, "hold", "span"));
        let share = |row: usize| SPANS[row].1 * if SPANS[row].0 == 0 { SERVICE_NS } else { SPANS[row].0 as f64 };
        (0..u64::from(pending)).map(move |slot| match row(which.uniform(slot), share) {
            exponential if SPANS[exponential].0 == 0 => span(exponential, how_long.uniform(slot)),
            fixed => (SPANS[fixed].0 as f64 * how_long.uniform(slot)) as u64,
        })
    }
}

impl Model for Hold {
    fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
        self.events += 1;
        let next = now + Duration::from_nanos(self.increment());
        schedule.at(next, event.order, event.slot);
    }

    fn tie(&self, a: Event, b: Event) -> Ordering {
        a.slot.cmp(&b.slot)
    }
}

/// A hold model on one event set: runs until an instant and gives events and digest so far.
trait Runner {
    fn run(&mut self, until: u64) -> (u64, u64);
}

struct Engine(Hold, Schedule);

impl Engine {
    fn new(pending: u32) -> Self {
        let mut schedule = Schedule::new();
        for (slot, remains) in (0..).zip(Hold::remains(pending)) {
            schedule.at(SimTime::from_nanos(remains), slot, slot);
        }
        Engine(Hold::new(), schedule)
    }
}

impl Runner for Engine {
    fn run(&mut self, until: u64) -> (u64, u64) {
        let finished = run(&mut self.0, &mut self.1, SimTime::from_nanos(until));
        (finished.events, finished.digest)
    }
}

struct Candidate<S>(Hold, S, u64);

impl<S: Set> Candidate<S> {
    fn new(pending: u32) -> Self {
        let mut set = S::default();
        for (slot, remains) in (0u128..).zip(Hold::remains(pending)) {
            set.push(u128::from(remains) << 64 | slot << 32 | slot);
        }
        Candidate(Hold::new(), set, 0)
    }
}

impl<S: Set> Runner for Candidate<S> {
    fn run(&mut self, until: u64) -> (u64, u64) {
        let Candidate(model, set, digest) = self;
        while let Some(entry) = set.pop(until) {
            model.events += 1;
            // The engine's digest.
            let with_time = (*digest ^ (entry >> 64) as u64).wrapping_mul(6_364_136_223_846_793_005);
            let order = u64::from((entry >> 32) as u32);
            *digest = (with_time ^ with_time >> 32 ^ order).wrapping_mul(6_364_136_223_846_793_005);
            set.push(entry + (u128::from(model.increment()) << 64));
        }
        (model.events, *digest)
    }
}

/// All sets side by side, turn by turn, so that what else the machine does meets all of them.
fn table() {
    let clock = WallTime;
    let names = ["engine", "wheel of 64 slots a level", "4-ary heap, root replaced", "std BinaryHeap"];
    let mut best = [[f64::MAX; PENDING.len()]; 4];
    for (column, &pending) in PENDING.iter().enumerate() {
        let mut runners: [Box<dyn Runner>; 4] = [
            Box::new(Engine::new(pending)),
            Box::new(Candidate::<wheel::Wheel>::new(pending)),
            Box::new(Candidate::<heaps::FourAry>::new(pending)),
            Box::new(Candidate::<heaps::Binary>::new(pending)),
        ];
        // Warm first: 1.1 s is past the longest increment, and the engine's tick has met the load.
        let mut until = 1_100_000_000.min(25_000_000 * MEAN_NS / u64::from(pending));
        let mut before = runners.each_mut().map(|runner| runner.run(until));
        for _ in 0..ROUNDS {
            until += EVENTS * MEAN_NS / u64::from(pending);
            for (which, runner) in runners.iter_mut().enumerate() {
                let start = clock.start();
                let after = runner.run(until);
                let ns = clock.end(start).as_nanos() as f64 / (after.0 - before[which].0) as f64;
                best[which][column] = best[which][column].min(ns);
                before[which] = after;
                assert_eq!(after, before[0], "{} gives other events than the engine", names[which]);
            }
        }
    }
    println!("\nns per event, the best of {ROUNDS}, by pending events\n");
    println!("| event set | {} |", PENDING.map(|pending| pending.to_string()).join(" | "));
    println!("|---|{}", "--:|".repeat(PENDING.len()));
    for (name, row) in names.iter().zip(best) {
        println!("| {name} | {} |", row.map(|ns| format!("{ns:.0}")).join(" | "));
    }
    println!();
}

fn hold(bench: &mut Criterion) {
    table();
    let mut group = bench.benchmark_group("hold");
    group.throughput(Throughput::Elements(1));
    for pending in PENDING {
        let mut engine = Engine::new(pending);
        let mut now = 1_100_000_000;
        engine.run(now);
        let clock = WallTime;
        group.bench_function(BenchmarkId::from_parameter(pending), |bencher| {
            bencher.iter_custom(|iterations| {
                // A span that holds about so many events; the time is scaled to exactly so many.
                now += (iterations * MEAN_NS / u64::from(pending)).max(MEAN_NS / 100);
                let (before, start) = (engine.0.events, clock.start());
                let (after, _) = engine.run(now);
                clock.end(start).mul_f64(iterations as f64 / (after - before).max(1) as f64)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
