//! Retention keeps a cluster's failure with its own players: not a byte crosses, and what others see is the same to the bit.

use std::path::Path;

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::{Failure, RequestRow, Run, ServiceRow};
use eastwest::scenario::{self, Inputs};
use eastwest::world::World;

/// The world of a variant of the shipped scenario, with its fault and without any.
fn worlds(name: &str) -> [World; 2] {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/retention.yaml");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let variant = loaded.variants.iter().find(|variant| variant.name == name).expect("it has this variant");
    let compiled = |scenario| {
        scenario::compile(scenario, name, Books::builtin(), Inputs::default()).unwrap_or_else(|said| panic!("{said:?}"))
    };
    let mut calm = variant.scenario.clone();
    calm.faults.clear();
    [compiled(&variant.scenario), compiled(&calm)]
}

fn runs(worlds: &[World; 2], seed: u64) -> [Run; 2] {
    [mesh::run(&worlds[0], seed, 0), mesh::run(&worlds[1], seed, 0)]
}

/// Does a path begin in one cluster and end in another?
fn crosses(world: &World) -> Vec<bool> {
    let cluster = |place| world.places[place].cluster;
    world.paths.rows().iter().map(|path| cluster(path.from) != cluster(path.to)).collect()
}

/// All that the record says of Beijing, as text: its players, its calls, its replicas, its ways, byte for byte.
fn of_beijing(world: &World, run: &Run) -> Vec<String> {
    let mut told = Vec::new();
    for row in run.rows.iter().filter(|row| row.stream == "bj-players") {
        // What lies outside of faults differs with the faults there are: that is about the ruler, not about the players.
        told.push(format!("{:?} {:?}", row.windows, row.series));
    }
    for row in run.sessions.iter().filter(|row| row.stream == "bj-players") {
        told.push(format!("{:?} {:?} {:?}", row.windows, row.clusters, row.tried));
    }
    told.extend(run.edges.iter().filter(|row| row.from == "bj-players").map(|row| format!("{row:?}")));
    // How busy it was by the minute is only kept where there are faults.
    let calm = |row: &ServiceRow| format!("{:?}", ServiceRow { busy: Vec::new(), ..row.clone() });
    told.extend(run.services.iter().filter(|row| row.place.starts_with("arena-bj/")).map(calm));
    told.extend(run.stations.iter().filter(|row| row.name.contains("arena-bj/")).map(|row| format!("{row:?}")));
    told.extend(run.flows.iter().filter(|row| row.from.starts_with("arena-bj/")).map(|row| format!("{row:?}")));
    let here = |place| world.places[place].name.starts_with("arena-bj/");
    let ways = world.paths.rows().iter().zip(&run.paths).filter(|(path, _)| here(path.from));
    told.extend(ways.map(|(path, row)| format!("{} {row:?}", path.name)));
    told
}

#[test]
fn a_cluster_that_dies_leaves_the_others_as_they_were_to_the_bit() {
    let worlds = worlds("retained");
    for seed in [42, 43] {
        let [out, calm] = runs(&worlds, seed);
        let (out_told, calm_told) = (of_beijing(&worlds[0], &out), of_beijing(&worlds[1], &calm));
        assert_eq!(out_told.len(), calm_told.len());
        assert!(out_told.len() > 12, "players, calls, replicas, proxies and ways: {}", out_told.len());
        for (out, calm) in out_told.iter().zip(&calm_told) {
            assert_eq!(out, calm);
        }
        // It is not that nothing happened.
        assert_ne!(out.rows[0], calm.rows[0]);
    }
}

#[test]
fn not_a_byte_crosses_where_calls_are_kept_and_to_keep_one_service_of_two_is_not_enough() {
    let bytes = |name: &str| {
        let worlds = worlds(name);
        let [out, calm] = runs(&worlds, 42);
        let of = |run: &Run| -> u64 {
            let ways = crosses(&worlds[0]).into_iter().zip(&run.paths).filter(|(crosses, _)| *crosses);
            ways.map(|(_, row)| row.forward.iter().chain(&row.back).sum::<u64>() + row.connections.iter().sum::<u64>())
                .sum()
        };
        (of(&out), of(&calm))
    };
    assert_eq!(bytes("retained"), (0, 0));
    // 600 players who think for 3 s and wait for some ms: 200 requests a second for 180 s, less while those of Hangzhou are
    // away. Half of the lobbies that are asked stand abroad, and answer with 4 KiB.
    let abroad = 200.0 * 180.0 / 2.0 * 1024.0;
    let (_, only_match) = bytes("only-match");
    assert!((1.0..1.5).contains(&(only_match as f64 / (4.0 * abroad))), "{only_match}");
    // So do half of the matches, with 12 KiB.
    let (_, merged) = bytes("merged");
    assert!((1.0..1.3).contains(&(merged as f64 / (16.0 * abroad))), "{merged}");
}

#[test]
fn another_clusters_data_is_never_asked_where_calls_are_kept_and_half_of_the_time_where_they_are_merged() {
    let asked = |name: &str| {
        let [_, calm] = runs(&worlds(name), 42);
        let failed = |row: &RequestRow| {
            row.windows.iter().map(|window| window.failed[Failure::WrongPartition as usize]).sum::<u64>()
        };
        let store = &calm.stores[0];
        assert_eq!((store.store.as_str(), store.service.as_str()), ("players", "match"));
        (store.asked as f64, store.wrong as f64, calm.rows.iter().map(failed).sum::<u64>() as f64)
    };
    // 600 players ask one match each, every 3 s and as long as the answer takes.
    let all = 600.0 * 180.0 / 3.02;
    let about = |value: f64, due: f64| (value / due - 1.0).abs() < 0.03;
    let (kept, wrong, failed) = asked("retained");
    assert!(about(kept, all) && (wrong, failed) == (0.0, 0.0), "{kept} {wrong} {failed}");
    for name in ["merged", "only-match", "refused"] {
        let (asked, wrong, failed) = asked(name);
        // Half, less what least request shuns of the other city, where a call is under way for longer: a share f goes there.
        // Merged, a match is in another cluster where one of two choices went there and one did not: 2 f (1 - f), about half
        // for all f near half. Where the matches alone are kept it is f itself.
        let due = if name == "only-match" { 0.38..0.5 } else { 0.47..0.505 };
        assert!(about(asked, all) && due.contains(&(wrong / asked)), "{name}: {asked} {wrong}");
        // What is refused at the edge of the horizon is counted by its request or by itself.
        let lost = if name == "refused" { wrong } else { 0.0 };
        assert!((failed - lost).abs() <= 4.0, "{name}: {failed} of {wrong}");
    }
}

#[test]
fn where_calls_are_merged_the_players_of_the_other_cluster_suffer_too() {
    let worlds = worlds("merged");
    let [out, calm] = runs(&worlds, 42);
    assert_ne!(of_beijing(&worlds[0], &out), of_beijing(&worlds[1], &calm));
    let lost = |run: &Run| -> u64 {
        let rows = run.rows.iter().filter(|row| row.stream == "bj-players");
        rows.flat_map(|row| &row.windows).map(|window| window.failed.iter().sum::<u64>()).sum()
    };
    assert_eq!(lost(&calm), 0);
    // 100 a second for 60 s, each a third of a second later for the timeouts that it meets. Of two choices one fails where
    // each has half of its hosts dead, 1 - 1/4, less what least request shuns of hosts whose calls hang.
    let share = lost(&out) as f64 / (100.0 * 60.0);
    // And what hung for as long as the cluster was away hangs on, until TCP sends again: up to half as many once more.
    assert!((0.4..1.1).contains(&share), "{share}");
}

#[test]
fn players_of_a_dead_cluster_come_back_to_it_all_at_once_and_nobody_elsewhere() {
    let worlds = worlds("retained");
    let [out, calm] = runs(&worlds, 42);
    let row = |run: &Run| run.sessions.iter().find(|row| row.stream == "hz-players").expect("its players").clone();
    let (row_out, row_calm) = (row(&out), row(&calm));
    let fault = &row_out.faults[0];
    // Who did not ask for a minute has noticed nothing: of 300, exp(-20). Ten leave in a minute, and whoever of those is
    // not back by then has no session that could break.
    assert!((285..=300).contains(&fault.broken), "{fault:?}");
    assert_eq!((fault.back.count, fault.given_up), (fault.broken, 0), "{fault:?}");
    // Not before it is back, and then within the 4 s of a next SYN or of a wait, or a few more for who gave up in between.
    assert!(fault.back.min_ns >= 60_000_000_000 && fault.back.max_ns <= 72_000_000_000, "{fault:?}");
    // A calm day: 300 sessions of 30 minutes, one in six seconds.
    let most = |row: &eastwest::record::SessionRow| row.tried.iter().max().copied().unwrap_or(0);
    assert!(most(&row_out) >= 60 && most(&row_calm) <= 4, "{} {}", most(&row_out), most(&row_calm));
    // Their entry is Hangzhou's, whatever happens.
    let clusters = |row: &eastwest::record::SessionRow| {
        row.clusters
            .iter()
            .filter(|of| of.open_ns.iter().any(|&ns| ns > 0))
            .map(|of| of.cluster.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(clusters(&row_out), ["arena-hz"]);
}
