//! Users who come in by a global entry: how many are still led to a dead cluster, and for how long, against the formula of
//! checks, time to live and clients that ignore it; and operators who move them.

use eastwest::mesh;
use eastwest::policy::entry::phase;
use eastwest::provider::Books;
use eastwest::random::Key;
use eastwest::record::{Failure, Run};
use eastwest::report::charts;
use eastwest::scenario::{Inputs, compile_with_warnings, load_text};
use eastwest::study::{Options, Unwatched, compare};
use eastwest::units::Duration;
use eastwest::world::{StreamId, World};

const SHOP: &str = r#"
eastwest: 1
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}
    shanghai: {is: alibaba/cn-shanghai, zones: [b]}
    beijing: {is: alibaba/cn-beijing}
  clusters: {east: {region: hangzhou}, south: {region: shanghai}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
services: {web: {replicas: {east: {h: 1, i: 1}, south: 2}, work: 1ms, workers: 4}}
"#;
const MESH: &str = "mesh: {retain: [\"*\"]}\n";

/// The world of the shop with more.
fn world(more: &str) -> World {
    let mesh = if more.contains("mesh:") { "" } else { MESH };
    let run = if more.contains("run:") { "" } else { "run: {horizon: 5m, fill: 0s}\n" };
    let text = format!("{SHOP}{run}{mesh}{more}");
    let loaded = load_text("shop.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let variant = &loaded.variants[0];
    let compiled = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    compiled.unwrap_or_else(|wrong| panic!("{wrong:#?}")).world
}

fn run(more: &str) -> Run {
    mesh::run(&world(more), SEED, 0)
}

const SEED: u64 = 1;
const USERS: &str = "workload: {users: {from: hangzhou, to: web, via: entry/shop, rate: 400rps, arrivals: constant}}\n";
const OUT: &str = "out: {at: 60s, for: 3m, hit: region/hangzhou, down: true}";

fn dns(check: &str) -> String {
    format!(
        "entry: {{shop: {{dns: {{ttl: 60s, check: {{{check}}}, ignore-ttl: 5%, answer: primary-standby}}, to: [east, south]}}}}\n"
    )
}

const CHECK: &str = "every: 5s, timeout: 2s, misses: 3";

/// Requests of each window of five seconds, and those of them that failed as `entry`.
fn turned_away(run: &Run) -> Vec<(f64, f64)> {
    let windows = &run.rows[0].windows;
    assert_eq!(windows.len(), 60);
    windows.iter().map(|w| (w.sent as f64, w.failed[Failure::Entry as usize] as f64)).collect()
}

/// When the third check that fails is over, of a target that falls silent at this second.
fn noticed(down: f64) -> f64 {
    next(down, 5.0) + 10.0 + 2.0
}

/// The first check of east at or after an instant: every 5 s.
fn next(at: f64, every: f64) -> f64 {
    let draw = Key::new(SEED, 0, "shop/east", "entry check").uniform(0);
    let phase = phase(Duration::from_seconds_f64(every), draw) as f64 / 1e9;
    at + (phase - at).rem_euclid(every)
}

/// The share of clients that have not heard `t` of what changed at `changed`: 5 % never do.
fn unheard(t: f64, changed: f64) -> f64 {
    if t < changed { 1.0 } else { 0.05 + 0.95 * (1.0 - (t - changed) / 60.0).max(0.0) }
}

/// Is the count within four standard deviations of so many independent clients, each with the mean of `chance` over a
/// window from its beginning to its end?
fn binomial(window: usize, (sent, count): (f64, f64), chance: impl Fn(f64) -> f64) {
    let from = 5.0 * window as f64;
    let mean = (0..1_000).map(|i| chance(from + 5.0 * (f64::from(i) + 0.5) / 1_000.0)).sum::<f64>() / 1_000.0;
    let spread = 4.0 * (sent * mean * (1.0 - mean)).sqrt() + 2.0;
    assert!(
        (count - sent * mean).abs() <= spread,
        "from {from} s: {count} of {sent}, expected {} +- {spread}",
        sent * mean
    );
}

/// A client knocks at 0, 1, 3 and 7 s: what it sends 7 s before the end of a fault gets through.
fn judged(window: usize, end: usize) -> bool {
    !(end / 5 - 2..end / 5).contains(&window)
}

#[test]
fn users_leave_a_dead_cluster_as_checks_and_answers_that_grow_old_let_them() {
    let away = turned_away(&run(&format!("{}{USERS}faults: {{{OUT}}}\n", dns(CHECK))));
    let moved = noticed(60.0);
    assert!((72.0..77.0).contains(&moved));
    for (window, &count) in away.iter().enumerate().filter(|(window, _)| judged(*window, 240)) {
        binomial(window, count, |t| if (60.0..240.0).contains(&t) { unheard(t, moved) } else { 0.0 });
    }
    assert!(away[45].1 > 60.0, "those who ignore the time to live never move: {:?}", away[45]);
}

#[test]
fn users_come_back_as_they_left() {
    let run = run(&format!("{}{USERS}faults: {{{OUT}}}\n", dns(CHECK)));
    let (left, back) = (noticed(60.0), next(240.0, 5.0) + 10.0);
    // Of those who follow: on the way out, and while their answers still say south.
    let share = |t: f64| {
        let gone = |since: f64| ((t - since) / 60.0).clamp(0.0, 1.0);
        0.95 * (gone(left) - gone(back))
    };
    let expected: f64 = (0..300_000).map(|i| share((f64::from(i) + 0.5) / 1e3) * 0.4).sum();
    let variance: f64 =
        (0..300_000).map(|i| share((f64::from(i) + 0.5) / 1e3)).map(|share| share * (1.0 - share) * 0.4).sum();
    let south = run.flows.iter().filter(|flow| flow.from == "south/b").map(|flow| flow.attempts).sum::<u64>() as f64;
    assert!((south - expected).abs() < 4.0 * variance.sqrt(), "{south}, expected {expected} +- {variance}");
}

#[test]
fn records_that_are_frozen_change_when_they_thaw() {
    let faults = format!("faults: {{{OUT}, stale: {{at: 50s, for: 100s, hit: entry/shop, freeze: true}}}}\n");
    let away = turned_away(&run(&format!("{}{USERS}{faults}", dns(CHECK))));
    for (window, &count) in away.iter().enumerate().filter(|(window, _)| judged(*window, 240)) {
        binomial(window, count, |t| if (60.0..240.0).contains(&t) { unheard(t, 150.0) } else { 0.0 });
    }
}

#[test]
fn without_an_answer_those_fail_whose_own_has_run_out_and_all_are_well_when_names_are() {
    let faults = "faults: {deaf: {at: 100s, for: 90s, hit: dns, down: true}}\n";
    let away = turned_away(&run(&format!("{}{USERS}{faults}", dns(CHECK))));
    for (window, &count) in away.iter().enumerate() {
        let out = |t: f64| if (100.0..190.0).contains(&t) { 0.95 * ((t - 100.0) / 60.0).min(1.0) } else { 0.0 };
        binomial(window, count, out);
    }
}

#[test]
fn a_balancer_moves_new_connections_at_once() {
    let entry = "entry: {shop: {balancer: {check: {every: 5s, timeout: 2s, misses: 3}, answer: primary-standby}, to: [east, south]}}\n";
    let away = turned_away(&run(&format!("{entry}{USERS}faults: {{{OUT}}}\n")));
    let moved = noticed(60.0);
    for (window, &count) in away.iter().enumerate() {
        binomial(window, count, |t| f64::from(u8::from((60.0..moved).contains(&t))));
    }
}

#[test]
fn an_operator_waits_for_the_api_server_that_he_needs() {
    let faults = format!("faults: {{{OUT}, api: {{at: 100s, for: 100s, hit: api/south, down: true}}}}\n");
    let mesh = "mesh: {retain: [\"*\"], control-plane: {kind: multi-primary}}\n";
    // Nobody but the operator ever moves anybody.
    let blind = dns("every: 5s, timeout: 2s, misses: 1000");
    let act = |needs: &str| {
        format!("actions: {{move: {{when: alarm(out) + 30s, alarm: 30s, set: {{entry.shop.to: [south]}}{needs}}}}}\n")
    };
    for (needs, done) in [("", 120.0), (", needs: api/south", 200.0)] {
        let run = run(&format!("{blind}{USERS}{mesh}{faults}{}", act(needs)));
        assert_eq!(run.actions.len(), 1);
        assert_eq!(run.actions[0].due_ns, 120_000_000_000);
        assert_eq!(run.actions[0].done_ns, Some((done * 1e9) as u64));
        let away = turned_away(&run);
        for (window, &count) in away.iter().enumerate().filter(|(window, _)| judged(*window, 240)) {
            binomial(window, count, |t| if (60.0..240.0).contains(&t) { unheard(t, done) } else { 0.0 });
        }
    }
}

#[test]
fn weights_are_met_and_an_operator_at_a_time_changes_them() {
    let entry = "entry: {shop: {dns: {ttl: 0s}, to: {east: 9, south: 1}}}\n";
    let actions = "actions: {even: {at: 150s, set: {entry.shop.to: {east: 1, south: 1}}}}\n";
    let run = run(&format!("{entry}{USERS}{actions}"));
    let south = run.flows.iter().filter(|flow| flow.from == "south/b").map(|flow| flow.attempts).sum::<u64>() as f64;
    let (expected, variance) = (60_000.0 * (0.1 + 0.5), 60_000.0 * (0.09 + 0.25));
    assert!((south - expected).abs() < 4.0 * f64::sqrt(variance), "{south}, expected {expected}");
}

#[test]
fn users_of_a_region_without_a_cluster_pay_the_way_to_the_nearest() {
    let entry = "entry: {shop: {dns: {ttl: 60s}, to: [east, south]}}\n";
    let users = "workload: {users: {from: beijing, to: web, via: entry/shop, rate: 50rps}}\n";
    let world = world(&format!("{entry}{users}"));
    let via = world.streams[StreamId(0)].via.as_deref().expect("they come by an entry");
    let nearest = via.fronts.iter().map(|front| front.round_trip()).min().expect("two fronts");
    assert!(nearest > Duration::from_millis(20));
    let run = mesh::run(&world, SEED, 0);
    assert_eq!(run.rows[0].region, "beijing");
    for window in &run.rows[0].windows {
        assert!(window.latency.min_ns > nearest.nanos());
    }
    let to =
        |at: &str| run.flows.iter().filter(|flow| flow.from.starts_with(at)).map(|flow| flow.attempts).sum::<u64>();
    let east_is_nearest = via.fronts[0].round_trip() == nearest;
    assert_eq!(to(if east_is_nearest { "south" } else { "east" }), 0);
    // The estimate's floor is what the fastest requests take: the network's part is the way and the zone.
    let floors = &eastwest::study::estimate::estimate(&[world]).variants[0].floors;
    assert!((floors[0].network_ms - nearest.millis()) > 0.0 && floors[0].network_ms < nearest.millis() + 2.0);
    assert_eq!(floors[0].region, "beijing");
}

#[test]
fn an_event_for_everything_says_the_same() {
    let faults = "faults: {out: {at: 60s, for: 30s, hit: region/hangzhou, down: true}}\nrun: {horizon: 2m, fill: 0s}\n";
    let entry = dns(CHECK).replace("60s", "20s");
    let users = "workload: {users: {from: hangzhou, to: web, via: entry/shop, rate: 100rps}, afar: {from: beijing, to: web, via: entry/shop, closed: {users: 40, think: {exponential: 1s}}}}\n";
    let text = format!("{entry}{users}{faults}");
    let world = world(&text);
    let (ahead, full) = (mesh::run(&world, SEED, 0), mesh::run_in_full(&world, SEED, 0));
    let plain = |run: Run| Run { digest: 0, events: 0, ..run };
    assert_eq!(plain(ahead), plain(full));
}

#[test]
fn an_action_is_told_with_the_fault_whose_window_holds_it() {
    let entry = dns(CHECK);
    let run = "run: {horizon: 3m, fill: 0s, replications: 2}\n";
    let fault = "faults: {out: {at: 30s, for: 30s, hit: region/hangzhou, down: true}}\n";
    let actions = "actions: {move: {at: 40s, set: {entry.shop.to: [south]}}, back: {at: 150s, set: {entry.shop.to: [east, south]}}}\n";
    let text = format!("{SHOP}{run}{MESH}{entry}{}{fault}{actions}", USERS.replace("400rps", "20rps"));
    let loaded = load_text("shop.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    let found = compare(&loaded, &options, &Unwatched).expect("it runs").comparison;
    let spans: Vec<(&str, f64, f64)> =
        found.actions.iter().map(|action| (action.name.as_str(), action.start_s, action.end_s)).collect();
    assert_eq!(spans, [("move", 40.0, 40.0), ("back", 150.0, 150.0)]);
    let said = |what: &str| found.assumptions.iter().chain(&found.warnings).any(|said| said.contains(what));
    assert!(said("action move was done at 40 s; it falls into the window of out"), "{:?}", found.assumptions);
    assert!(said("; no fault's window holds it: what it costs is outside of all faults"), "{:?}", found.assumptions);
    let figures = charts::figures(&found);
    let timeline = figures.iter().find(|figure| figure.name == "timeline").expect("it is drawn");
    assert!(timeline.svg.contains("dashed lines: actions move, back"), "{}", timeline.svg);
}
