//! Recorded incidents: what their phases do to a compiled world, by the times and shares of the book.

use eastwest::provider::{Books, Deed};
use eastwest::report::terminal;
use eastwest::scenario::{Inputs, compile_with_warnings, load_text};
use eastwest::study::explain;
use eastwest::world::{Effect, Target, World};

/// Shanghai with two zones of ten replicas each, and Beijing.
const GROUND: &str = r#"
eastwest: 1
topology:
  regions:
    shanghai: {is: alibaba/cn-shanghai, zones: [b, g]}
    beijing: {is: alibaba/cn-beijing, zones: [a]}
  clusters: {main: {region: shanghai}, north: {region: beijing}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
services: {web: {replicas: {main: {b: 10, g: 10}, north: 1}, work: 1ms}}
workload: {users: {from: cluster/north, to: web, rate: 10rps, entry: direct}}
run: {horizon: 20h, fill: 0s}
"#;

fn world(faults: &str, mesh: &str) -> World {
    let text = format!("{GROUND}mesh: {{{mesh}}}\nfaults: {{gone: {{{faults}}}}}\n");
    let loaded = load_text("incident.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let variant = &loaded.variants[0];
    let compiled = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    compiled.unwrap_or_else(|wrong| panic!("{wrong:#?}")).world
}

const PLANES: &str = "control-plane: {kind: multi-primary}";

/// From when to when, in seconds from t = 0, this happens to what is so.
fn spans(world: &World, is: impl Fn(Target, Effect) -> bool) -> Vec<(Target, f64, f64)> {
    let mut open: Vec<(Target, f64)> = Vec::new();
    let mut spans = Vec::new();
    for (at, change) in world.changes_of(1, 0).into_iter().filter(|(_, change)| is(change.target, change.effect)) {
        let at = at as f64 / 1e9;
        if change.begins {
            open.push((change.target, at));
        } else {
            let of = open.iter().position(|(target, _)| *target == change.target).expect("it has begun");
            let (target, from) = open.remove(of);
            spans.push((target, from, at));
        }
    }
    assert!(open.is_empty(), "{open:?}");
    spans
}

fn times(spans: Vec<(Target, f64, f64)>) -> Vec<(f64, f64)> {
    let mut times: Vec<(f64, f64)> = spans.into_iter().map(|(_, from, to)| (from, to)).collect();
    times.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    times
}

fn down(world: &World, is: impl Fn(Target) -> bool) -> Vec<(f64, f64)> {
    times(spans(world, |target, effect| effect.outage().is_some() && is(target)))
}

fn place(target: Target) -> bool {
    matches!(target, Target::Place(_))
}

fn endpoint(target: Target) -> bool {
    matches!(target, Target::Endpoint(_))
}

fn api(target: Target) -> bool {
    matches!(target, Target::Api(_) | Target::Plane(_))
}

#[test]
fn hong_kong_2022_takes_a_zone_and_then_the_region_s_control_plane() {
    let world = world("at: 1h, incident: ali-hk-c-2022, hit: zone/shanghai/b", PLANES);
    let min = |minutes: f64| 3600.0 + 60.0 * minutes;
    // 10:30 to 19:47 are minutes 94 to 651.
    assert_eq!(down(&world, place), [(min(94.0), min(651.0))]);
    // Of ten replicas one before (10 %); five until 21:36 (45 %: 4.5, rounded up); one until 22:50 (5 %: 0.5, likewise).
    // Who is down on both sides of the zone's loss is so through it.
    let expected = [(min(0.0), min(834.0)), (min(94.0), min(760.0))];
    let replicas = down(&world, endpoint);
    assert_eq!(replicas.len(), 5);
    assert_eq!(replicas[0], expected[0]);
    assert!(replicas[1..].iter().all(|span| *span == expected[1]), "{replicas:?}");
    // 14:49: 353 minutes; one API server in the region, of which 80 % are one.
    assert_eq!(down(&world, api), [(min(353.0), min(834.0))]);
    let fault = world.faults.iter().next().expect("a fault").1;
    assert_eq!(fault.spans, [(3600 * 1_000_000_000, (3600 + 834 * 60) * 1_000_000_000)]);
}

#[test]
fn shanghai_2024_compressed_is_over_in_38_seconds() {
    let world = world("at: 10s, incident: ali-sh-n-2024, hit: zone/shanghai/b, speed: 60", "");
    assert_eq!(down(&world, place), [(10.0, 41.0)]);
    // A quarter of ten replicas are three (2.5, rounded up), down until 10:42.
    assert_eq!(down(&world, endpoint), [(10.0, 48.0); 3]);
    assert!(down(&world, api).is_empty());
}

#[test]
fn what_lies_between_regions_is_slower_loses_packets_or_is_dead() {
    let link = |target| matches!(target, Target::Link(_));
    let slow = world("at: 1m, incident: cable-redsea-2025, hit: link/shanghai-beijing, speed: 1000", "");
    let is =
        |target, effect| link(target) && effect == Effect::Slow { factor: 1.3, add: eastwest::units::Duration::ZERO };
    // 35655 minutes at a thousand times the speed, both ways.
    assert_eq!(times(spans(&slow, is)), [(60.0, 60.0 + 2139.3); 2]);
    let dead = world("at: 1m, incident: meta-2021-10-04, hit: link/shanghai-beijing, speed: 366", "");
    assert_eq!(down(&dead, link), [(60.0, 120.0); 2]);
    // Six tunnels, of which two are left, after two minutes.
    let cut = world("at: 0s, incident: gcp-net-2019-06-02, hit: link/shanghai-beijing", "");
    let is = |target, effect| link(target) && matches!(effect, Effect::Paths(share) if share.get() == 0.66);
    assert_eq!(times(spans(&cut, is)), [(120.0, 15_900.0); 2]);
}

#[test]
fn control_planes_of_all_regions_are_down_by_the_nearest_share() {
    let world = world("at: 0s, incident: ali-global-2023-11-12, hit: \"region/*\"", PLANES);
    // Both regions: wholly until 18:35, by 75 % until 19:20, and by a tenth, which of one server is none.
    assert_eq!(down(&world, api), [(0.0, 101.0 * 60.0); 2]);
    assert!(down(&world, |target| !api(target)).is_empty());
}

#[test]
fn what_a_replay_takes_lies_within_what_the_book_says_was_lost() {
    for phase in &Books::builtin().phases {
        match phase.does {
            Deed::Slow => assert_eq!(phase.share, phase.latency_add, "{phase:?}"),
            _ => assert!(phase.loss_low <= phase.share && phase.share <= phase.loss_high, "{phase:?}"),
        }
    }
}

#[test]
fn explain_tells_the_phases_with_source_and_status() {
    let text =
        format!("{GROUND}faults: {{gone: {{at: 10s, incident: ali-sh-n-2024, hit: zone/shanghai/b, speed: 60}}}}\n");
    let loaded = load_text("incident.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let worlds = explain::worlds(&loaded, &[]).expect("it compiles");
    let told = explain::of(&loaded, &worlds);
    let phases = &told.variants[0].faults[0].phases;
    assert_eq!(phases.len(), 3);
    assert_eq!(phases[0], "replays `ali-sh-n-2024`, 60 times as fast (incidenttech.io 2026-04-06; laitimes.com):");
    assert!(phases[1].starts_with("0 ms for 31 s: the zone is down."), "{phases:?}");
    assert!(phases[2].starts_with("31 s for 7 s: 25 % of the zone's replicas are down."), "{phases:?}");
    assert!(phases[1..].iter().all(|phase| phase.contains("(estimated")), "{phases:?}");
    let shown = terminal::explain(&told, 120, terminal::Style::PLAIN);
    assert!(shown.contains("gone replays `ali-sh-n-2024`"), "{shown}");
}
