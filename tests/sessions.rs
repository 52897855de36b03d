//! Users who keep their connections: by a global entry, and in the shipped scenario.

use std::path::Path;

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::{Run, SessionRow};
use eastwest::scenario::{self, Inputs};
use eastwest::world::World;

fn compiled(scenario: &scenario::Scenario, name: &str) -> World {
    scenario::compile(scenario, name, Books::builtin(), Inputs::default()).unwrap_or_else(|said| panic!("{said:?}"))
}

/// The only variant of a text.
fn world(text: &str) -> World {
    let loaded =
        scenario::load_text("sessions.yaml", text, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    compiled(&loaded.variants[0].scenario, &loaded.variants[0].name)
}

/// The world of a variant of the shipped scenario, with its fault and without any.
fn shipped(name: &str) -> [World; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/reconnect-storm.yaml");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let variant = loaded.variants.iter().find(|variant| variant.name == name).expect("it has this variant");
    let mut calm = variant.scenario.clone();
    calm.faults.clear();
    [compiled(&variant.scenario, name), compiled(&calm, name)]
}

fn open_at(row: &SessionRow, cluster: &str, window: usize, length_s: f64) -> f64 {
    let of = row.clusters.iter().find(|of| of.cluster == cluster).expect("a cluster of the entry");
    of.open_ns[window] as f64 / 1e9 / length_s
}

/// Two cities behind one balancer, players of lengths that do not age, and what else is said.
fn game(more: &str) -> String {
    format!(
        "{more}
eastwest: 1
topology:
  regions:
    hangzhou: {{is: alibaba/cn-hangzhou, zones: [h]}}
    beijing:  {{is: alibaba/cn-beijing,  zones: [a]}}
  clusters: {{east: {{region: hangzhou}}, north: {{region: beijing}}}}
connectivity: {{backbone: {{cen: {{bandwidth: 100Mbps}}}}}}
routes: {{default: {{via: backbone}}}}
services: {{lobby: {{replicas: {{east: 2, north: 2}}, work: 1ms}}}}
mesh: {{retain: ['*']}}
run: {{horizon: 5m, fill: 10s}}
"
    )
}

#[test]
fn established_connections_stay_where_they_are_when_an_entry_leads_elsewhere() {
    // Moved at 60 s, told to the next question: of 2000 sessions of 60 s on average the share exp(-t / 60) is still there.
    let text = game(
        "
entry: {game: {balancer: {answer: primary-standby}, to: [east, north]}}
actions: {move: {at: 60s, set: {entry.game.to: [north]}}}
workload:
  players: {from: hangzhou, to: lobby, via: entry/game, sessions: {open: 2000, last: {exponential: 60s}, think: 1h}}",
    );
    let run = mesh::run(&world(&text), 42, 0);
    let row = &run.sessions[0];
    assert_eq!(row.windows.iter().map(|window| window.broken + window.failed).sum::<u64>(), 0);
    for window in 0..60 {
        let (from, length) = (window as f64 * 5.0 - 60.0, 5.0);
        let still = |t: f64| 60.0 * (1.0 - libm::exp(-t / 60.0));
        let share = if from < 0.0 { 1.0 } else { (still(from + length) - still(from)) / length };
        let (east, north) = (open_at(row, "east", window, length), open_at(row, "north", window, length));
        let error = 4.0 * (2_000.0 * share * (1.0 - share)).sqrt() + 1.0;
        assert!((east - 2_000.0 * share).abs() < error, "window {window}: {east} of {}", 2_000.0 * share);
        // Less those who shake hands.
        assert!((1_990.0..=2_000.0).contains(&(east + north)), "window {window}: {}", east + north);
    }
}

#[test]
fn who_is_led_elsewhere_by_an_outage_stays_there_when_it_is_over() {
    let text = game(
        "
entry: {game: {dns: {ttl: 10s, check: {every: 5s, timeout: 2s, misses: 2, hits: 2}, answer: primary-standby}, to: [east, north]}}
faults: {out: {at: 60s, for: 60s, hit: region/hangzhou, down: true}}
workload:
  players:
    {from: hangzhou, to: lobby, via: entry/game, patience: 2s, sessions: {open: 1000, think: {exponential: 2s}, login: lobby}}",
    );
    let run = mesh::run(&world(&text), 42, 0);
    let (row, fault) = (&run.sessions[0], &run.sessions[0].faults[0]);
    assert!((open_at(row, "east", 0, 5.0) - 1_000.0).abs() < 1e-6);
    // All but those who neither asked nor thought for less than a minute: 1000 exp(-30), none.
    assert!((995..=1_000).contains(&fault.broken) && fault.back.count == fault.broken, "{fault:?}");
    // Out after the second missed check, 7 to 12 s; the last answer runs out 10 s later; then whoever knocks gets in, at the end
    // of 10 s of vain SYNs and of his wait at the latest. Whoever knocked in the last minute finds the next city.
    assert!(fault.back.max_ns < 60_000_000_000, "{}", fault.back.max_ns);
    assert!(fault.back.min_ns > 7_000_000_000, "{}", fault.back.min_ns);
    assert!(open_at(row, "north", 59, 5.0) >= 995.0, "nobody moves back by himself");
}

/// All that the record says of the players of Beijing, as text.
fn of_beijing(world: &World, run: &Run) -> Vec<String> {
    let mut told = Vec::new();
    for row in run.rows.iter().filter(|row| row.stream == "bj-players") {
        told.push(format!("{:?} {:?}", row.windows, row.series));
    }
    for row in run.sessions.iter().filter(|row| row.stream == "bj-players") {
        told.push(format!("{:?} {:?} {:?}", row.windows, row.clusters, row.tried));
    }
    told.extend(run.edges.iter().filter(|row| row.from == "bj-players").map(|row| format!("{row:?}")));
    let here = |place| world.places[place].name.starts_with("arena-bj/");
    let ways = world.paths.rows().iter().zip(&run.paths).filter(|(path, _)| here(path.from));
    told.extend(ways.map(|(path, row)| format!("{} {row:?}", path.name)));
    told
}

#[test]
fn a_storm_in_one_cluster_leaves_the_others_as_they_were_to_the_bit_where_calls_are_kept() {
    let same = |name: &str| {
        let worlds = shipped(name);
        let [out, calm] = [0, 1].map(|which: usize| mesh::run(&worlds[which], 42, 0));
        let told = of_beijing(&worlds[0], &out);
        assert!(told.len() > 4, "players, sessions, calls and ways");
        let broken: u64 = out.sessions.iter().flat_map(|row| &row.faults).map(|fault| fault.broken).sum();
        // Some are about to connect when it comes, and some who are back are thrown out again by the storm.
        assert!((550..=2_400).contains(&broken), "the players of Hangzhou, some twice: {broken}");
        told == of_beijing(&worlds[1], &calm)
    };
    assert!(same("at-once"));
    assert!(!same("merged"));
}

#[test]
fn an_event_for_everything_comes_to_the_same() {
    for name in ["at-once", "spread"] {
        let [world, _] = shipped(name);
        let (mut run, full) = (mesh::run(&world, 43, 1), mesh::run_in_full(&world, 43, 1));
        (run.events, run.digest) = (full.events, full.digest);
        assert!(run == full, "{name}");
    }
}
