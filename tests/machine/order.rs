//! What was sent first over a connection arrives first; who is on another connection does not wait.

use eastwest::mesh;
use eastwest::policy::Protocol;
use eastwest::random::Law;
use eastwest::record::{Exemplar, Trace};
use eastwest::units::{Bytes, Duration};
use eastwest::world::*;

use crate::worlds::{Small, every};

/// A request every 5 ms, 50 ms away, over a way that loses packets in one direction and where every message takes a
/// little longer or shorter than the last.
fn lossy(answers: bool) -> World {
    let small = Small {
        one_way: Duration::from_millis(50),
        arrivals: every(200.0),
        horizon: Duration::from_secs(4),
        request: Bytes(1_000),
        response: Bytes(1_000),
        ..Small::default()
    };
    let mut world = small.world();
    let law = world.laws.push(Law::Exponential { mean: 0.002 });
    let link = LinkId(u32::from(answers));
    world.links[link].loss = Some(Loss::flat(0.02));
    world.links[link].jitter = Some(Jitter { law, factor: HourLaw::flat(1.0) });
    let path = &mut world.paths[PathId(0)];
    if answers { &mut path.back } else { &mut path.legs }.push(Leg::Noise(link));
    world
}

/// Requests 0, 1, 2, ... of a world, each followed.
fn followed(world: &World, count: u64) -> Vec<Trace> {
    (0..count)
        .map(|ordinal| {
            let which = Exemplar { stream: 0, ordinal, ..Exemplar::default() };
            mesh::trace(world, 1, 0, which, "all of them", |_| true).expect("it comes")
        })
        .collect()
}

/// Milliseconds of a kind of span.
fn spent(trace: &Trace, kind: &str) -> f64 {
    trace.spans.iter().filter(|span| span.kind == kind).map(|span| span.length_ms).sum()
}

#[test]
fn with_http_1_a_loss_holds_its_own_request_only() {
    let mut world = lossy(false);
    world.policies[PolicyId(0)].pool.protocol = Protocol::Http1;
    let (mut lost, mut held) = (0, 0.0);
    for trace in followed(&world, 300) {
        let own = 100.0 + spent(&trace, "jitter") + spent(&trace, "retransmission");
        assert!((trace.latency_ms - own).abs() < 1e-6, "{} and {own}", trace.latency_ms);
        held += spent(&trace, "in order");
        lost += u32::from(spent(&trace, "retransmission") > 0.0);
    }
    assert!(lost > 1 && held == 0.0);
}

#[test]
fn a_loss_holds_what_was_sent_later_over_its_connection_and_jitter_never_reorders() {
    for answers in [false, true] {
        let world = lossy(answers);
        let traces = followed(&world, 300);
        let (mut latest, mut held, mut lost) = (0.0_f64, 0, 0);
        for (ordinal, trace) in traces.iter().enumerate() {
            // Sent every 5 ms from 5 ms on; alone it would take its distance, its jitter and its own recovery.
            let own = 100.0 + spent(trace, "jitter") + spent(trace, "retransmission");
            let start = 5.0 * ordinal as f64;
            latest = latest.max(start + own);
            let late = trace.latency_ms - (latest - start);
            // Those that arrive together stand a nanosecond apart.
            assert!((0.0..1e-3).contains(&(late + 1e-9)), "answers {answers}, {ordinal}: {late} ms off");
            held += u32::from(spent(trace, "in order") > 10.0);
            lost += u32::from(spent(trace, "retransmission") > 0.0);
        }
        assert!(lost > 1 && held > 10 * lost, "{lost} losses held {held} messages");
    }
}
