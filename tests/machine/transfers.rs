//! Large messages, shared links, background flows, losses and jitter of links in a row: against hand arithmetic.

use eastwest::fault::Calendar;
use eastwest::mesh;
use eastwest::random::Law;
use eastwest::record::Run;
use eastwest::units::{BitsPerSec, Bytes, Duration};
use eastwest::world::*;

use crate::worlds::{Small, every, poisson};
use crate::{MS, latencies};

const MBPS: u64 = 1_000_000;

fn fair(mbps: u64) -> Option<Cap> {
    let past = PastCap::Fair { above: Bytes(65_536), buffer: Duration::from_millis(100), by_round_trip: false };
    Some(Cap { rate: BitsPerSec(mbps * MBPS), past })
}

#[test]
fn a_receive_window_of_64_kib_over_100_ms_carries_5_243_mbit_a_second() {
    let seconds = |bytes: u64| {
        let mut small = Small { one_way: Duration::from_millis(50), response: Bytes(bytes), ..Small::default() };
        small.policy.receive_window = Some(Bytes(65_536));
        let mut world = Small { horizon: Duration::from_millis(1_500), ..small }.world();
        world.plan.drain = Duration::from_secs(500);
        latencies(&mesh::run(&world, 1, 0)).max_ns as f64 / 1e9
    };
    // The first rounds and the last part of one cancel in the difference, to within a round trip of 153 s.
    let rate = 100_000_000.0 * 8.0 / (seconds(110_000_000) - seconds(10_000_000));
    assert!((rate / 5_242_880.0 - 1.0).abs() < 1e-3, "{rate}");
}

#[test]
fn a_long_answer_over_a_lossy_path_is_as_slow_as_mathis_says() {
    // 100 MB, loss 0.1 %, 50 ms: 38.7 segments a round trip, 9.05 Mbit/s; the mean of five replications, 68 losses each.
    let small = Small { one_way: Duration::from_millis(25), response: Bytes(100_000_000), ..Small::default() };
    let mut world = Small { horizon: Duration::from_millis(1_500), ..small }.world();
    world.plan.drain = Duration::from_secs(500);
    let home = LinkId(1);
    world.links[home].loss = Some(Loss::flat(0.001));
    world.paths[PathId(0)].back.push(Leg::Noise(home));
    let seconds: f64 = (0..5).map(|n| latencies(&mesh::run(&world, 3, n)).max_ns as f64 / 1e9).sum::<f64>() / 5.0;
    let rate = 100_000_000.0 / 1_460.0 / seconds;
    let mathis = (1.5_f64 / 0.001).sqrt() / 0.050;
    assert!((rate / mathis - 1.0).abs() < 0.2, "{rate} segments a second, {mathis}");
}

#[test]
fn two_large_requests_share_a_link_equally() {
    // 1.5 MB at a byte a microsecond: the first is alone for a second, both share for two, the second is alone for one.
    let small = Small { request: Bytes(1_500_000), response: Bytes(100), cap: fair(8), ..Small::default() };
    let run = mesh::run(&Small { horizon: Duration::from_millis(2_500), ..small }.world(), 1, 0);
    let all = latencies(&run);
    assert_eq!((all.min_ns, all.max_ns), (2_000 * MS, 2_000 * MS));
    let small = Small { request: Bytes(1_500_000), response: Bytes(100), cap: fair(8), ..Small::default() };
    let run = mesh::run(&Small { horizon: Duration::from_millis(1_500), ..small }.world(), 1, 0);
    assert_eq!(latencies(&run).max_ns, 1_500 * MS, "alone");
}

#[test]
fn a_flow_that_its_windows_limit_takes_no_longer_than_alone() {
    // 10 MB over 100 ms: nine round trips of slow start before the last window is sent. The link is wide.
    let one_way = Duration::from_millis(50);
    let of = |cap| Small { one_way, request: Bytes(10_000_000), response: Bytes(100), cap, ..Small::default() };
    let run = mesh::run(&Small { horizon: Duration::from_millis(1_500), ..of(fair(10_000)) }.world(), 1, 0);
    assert_eq!(latencies(&run).max_ns, 1_000 * MS);
    // Narrow: 10 MB at 8 Mbit/s are 10 s, and the way.
    let run = mesh::run(&Small { horizon: Duration::from_millis(1_500), ..of(fair(8)) }.world(), 1, 0);
    assert_eq!(latencies(&run).max_ns, 10_100 * MS);
}

#[test]
fn a_background_flow_takes_its_rate_of_a_link_and_is_counted() {
    // 1.5 MB at the 6 Mbit/s that 2 of 8 leave: 2 s.
    let small = Small { request: Bytes(1_500_000), response: Bytes(100), cap: fair(8), ..Small::default() };
    let mut world = Small { horizon: Duration::from_millis(1_500), ..small }.world();
    let rate = BitsPerSec(2 * MBPS);
    world.flows.push(Flow { name: "replication".into(), path: PathId(0), rate, when: None });
    let run = mesh::run(&world, 1, 0);
    assert_eq!(latencies(&run).max_ns, 2_000 * MS);
    // 1.5 s of 2 Mbit/s, 375,000 bytes, and an acknowledgement of 40 for every 3,000.
    let sum = |bytes: &[u64]| bytes.iter().sum::<u64>();
    assert_eq!(sum(&run.paths[0].forward), 1_500_000 + 375_000);
    // The answer comes after the horizon.
    assert_eq!(sum(&run.paths[0].back), 5_000);
    assert_eq!(sum(&run.caps[0].offered), 1_500_000 + 375_000);
}

/// A flow of so many Mbit/s from one time to another, ms.
fn at_times(world: &mut World, mbps: u64, from: i64, until: u64) {
    let lasts = Duration::from_millis(until - from.cast_unsigned());
    let when = Some(Calendar { at: from * MS.cast_signed(), lasts, every: None, before: false });
    world.flows.push(Flow { name: "backup".into(), path: PathId(0), rate: BitsPerSec(mbps * MBPS), when });
}

#[test]
fn a_flow_that_comes_and_goes_takes_its_rate_of_a_shared_link_while_it_lasts() {
    // 1.5 MB from 1 s on at 8 Mbit/s, a byte a microsecond: 0.5 MB until the flow takes half for half a second, in which
    // a quarter of a megabyte gets through; the rest takes three quarters of a second.
    let small = || Small { request: Bytes(1_500_000), response: Bytes(100), cap: fair(8), ..Small::default() };
    let mut world = Small { horizon: Duration::from_millis(1_750), ..small() }.world();
    at_times(&mut world, 4, 1_500, 2_000);
    let run = mesh::run(&world, 1, 0);
    assert_eq!(latencies(&run).max_ns, 1_750 * MS);
    let full = mesh::run_in_full(&world, 1, 0);
    assert!((&run.rows, &run.paths, &run.caps) == (&full.rows, &full.paths, &full.caps));
    // A quarter of a second of half a byte a microsecond is within the horizon.
    assert_eq!(run.paths[0].forward.iter().sum::<u64>(), 1_500_000 + 125_000);
    // Three flows one after the other and one on top: 8, 6, 4 (two of them), 6, 8 Mbit/s; by hand 0.5 + 0.1875 + 0.125 +
    // 0.1875 MB in 1.25 s, half a second for the rest.
    let mut world = Small { horizon: Duration::from_millis(1_750), ..small() }.world();
    at_times(&mut world, 2, 1_500, 2_000);
    at_times(&mut world, 2, 1_750, 2_250);
    at_times(&mut world, 7, 2_750, 2_800);
    assert_eq!(latencies(&mesh::run(&world, 1, 0)).max_ns, 1_750 * MS);
}

#[test]
fn a_flow_that_comes_and_goes_leaves_a_queue_the_rest() {
    // A request of 250 KB each second, 250 ms of 8 Mbit/s, while nothing flows; of 6 of 8 Mbit/s as the second comes it
    // waits for nobody: who stands in the queue is sent at the link's rate, whoever comes behind it.
    let cap = Some(Cap { rate: BitsPerSec(8 * MBPS), past: PastCap::Shape { buffer: Duration::from_secs(2) } });
    let small = || Small { request: Bytes(250_000), response: Bytes(100), cap, ..Small::default() };
    let mut world = Small { horizon: Duration::from_millis(2_500), ..small() }.world();
    at_times(&mut world, 6, 1_500, 2_500);
    let all = latencies(&mesh::run(&world, 1, 0));
    assert_eq!((all.min_ns, all.max_ns, all.count), (250 * MS, 250 * MS, 2));
    // Four a second: 250 ms of work each, of which the flow leaves 62.5 in the 250 ms until the next: each waits for what
    // the ones before it left, 187.5 ms more each.
    let four = Small { arrivals: every(4.0), horizon: Duration::from_millis(1_250), ..small() };
    let mut world = four.world();
    at_times(&mut world, 6, 250, 1_250);
    let all = latencies(&mesh::run(&world, 1, 0));
    // At 250, 500, 750 and 1,000 ms; the last waits 3 x 187.5.
    assert_eq!((all.min_ns, all.max_ns, all.count), (250 * MS, 812_500_000, 4));
}

/// Links in a row there, each with this jitter and loss; none on the way back.
fn row(links: &[(Option<Law>, f64)], requests: f64, seconds: u64) -> Run {
    let small = Small { one_way: Duration::from_millis(5), arrivals: every(requests), ..Small::default() };
    let mut world = Small { request: Bytes(500), horizon: Duration::from_secs(seconds), ..small }.world();
    for (number, (jitter, loss)) in links.iter().enumerate() {
        let jitter = jitter.clone().map(|law| Jitter { law: world.laws.push(law), factor: HourLaw::flat(1.0) });
        let loss = (*loss > 0.0).then(|| Loss::flat(*loss));
        let name = format!("link {number}");
        let link = world.links.push(Link { name, delay: Duration::from_millis(5), jitter, loss, cap: None });
        world.paths[PathId(0)].legs.extend([Leg::Wait(Duration::from_millis(5)), Leg::Noise(link)]);
        world.paths[PathId(0)].floor += Duration::from_millis(5);
    }
    mesh::run(&world, 5, 0)
}

#[test]
fn delays_add_and_so_do_variances_of_jitter() {
    // Uniform 0..2 ms and 0..4 ms on three links, requests 20 ms apart, so that none waits for another.
    let uniform = |high: f64| (Some(Law::Uniform { low: 0.0, high }), 0.0);
    let run = row(&[uniform(0.002), uniform(0.004), uniform(0.004)], 50.0, 100);
    let all = latencies(&run);
    let n = all.count as f64;
    let mean = all.sum_ns as f64 / n / 1e6;
    // 10 ms of round trip, three more links of 5 ms, means 1 + 2 + 2; n = 5,000: standard error 0.025 ms.
    assert!((mean - 30.0).abs() < 0.1, "{mean}");
    // Variances of 1/3, 4/3 and 4/3 ms^2 add up to 3: of a sum so near a normal law, 68.3 % lie within 1.73 ms.
    let within = all.count_to(31_732_051) - all.count_to(28_267_949);
    assert!((within as f64 / n - 0.66).abs() < 0.03, "{within} of {n}");
    assert!(all.min_ns >= 25 * MS && all.max_ns <= 35 * MS);
}

#[test]
fn losses_of_links_compose_as_independent_chances() {
    let run = row(&[(None, 0.1), (None, 0.2)], 1.0, 3_000);
    // 1 - 0.9 * 0.8 = 28 % of 3,000 lone segments come later than the floor of 20 ms; standard error 0.8 %. They are a
    // second apart: few wait for one that was lost before them.
    let all = latencies(&run);
    assert_eq!(all.min_ns, 20 * MS);
    let late = 1.0 - all.count_to(20 * MS) as f64 / all.count as f64;
    assert!((late - 0.28).abs() < 0.03, "{late}");
}

#[test]
fn a_bad_state_loses_its_share_in_the_long_run() {
    let small = Small { arrivals: poisson(200.0), request: Bytes(500), ..Small::default() };
    let mut world = Small { horizon: Duration::from_secs(4_000), one_way: Duration::from_millis(1), ..small }.world();
    let bad =
        BadState { chance: HourLaw::flat(0.2), mean_good: Duration::from_secs(9), mean_bad: Duration::from_secs(1) };
    let out = LinkId(0);
    world.links[out].loss = Some(Loss { good: HourLaw::flat(0.001), bad: Some(bad) });
    world.paths[PathId(0)].legs.push(Leg::Noise(out));
    let run = mesh::run(&world, 5, 0);
    // (9 * 0.1 % + 1 * 20 %) / 10 = 2.09 %; 400 bad spells: 7 % of it.
    let lost = run.paths[0].lost as f64 / latencies(&run).count as f64;
    assert!((lost / 0.0209 - 1.0).abs() < 0.2, "{lost}");
}

#[test]
fn a_message_larger_than_a_policers_burst_passes_at_its_rate() {
    // 20 Mbit/s, a bucket of 50 ms, 31 ms each way. What the bucket does not hold needs its time at the cap; windows that
    // halve and grow leave some of it unused, and the rounds of slow start come first.
    for bytes in [512_u64 << 10, 1 << 20, 4 << 20, 16 << 20] {
        let cap = Cap { rate: BitsPerSec(20 * MBPS), past: PastCap::Police { burst: Bytes(125_000) } };
        let small =
            Small { one_way: Duration::from_millis(31), request: Bytes(bytes), cap: Some(cap), ..Small::default() };
        let mut world = Small { response: Bytes(100), horizon: Duration::from_millis(1_500), ..small }.world();
        world.plan.drain = Duration::from_secs(500);
        let run = mesh::run(&world, 1, 0);
        let took = latencies(&run).max_ns as f64 / 1e9;
        let wire = bytes as f64 * 1_500.0 / 1_460.0;
        let least = (wire - 125_000.0) * 8.0 / 20e6;
        assert!(took > least && took < 1.5 * least + 0.5, "{bytes} bytes: {took} s, at least {least}");
    }
}
