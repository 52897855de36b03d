//! From text to what users lose: a zone dies, and a control plane tells of it, cannot, or may not.

use eastwest::provider::Books;
use eastwest::record::Failure;
use eastwest::scenario::{Inputs, compile_with_warnings, load_text};
use eastwest::{mesh, world::Target};

const SHOP: &str = r#"
eastwest: 1
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}
    beijing: {is: alibaba/cn-beijing, zones: [a]}
  clusters: {east: {region: hangzhou}, north: {region: beijing}}
connectivity: {backbone: {cen: {attach: {east: [i], north: [a]}, bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
services:
  web: {replicas: {north: 1}, work: 1ms, calls: [stock]}
  stock: {replicas: {east: {h: 2, i: 2}}, work: 1ms}
workload: {users: {from: cluster/north, to: web, rate: 100rps, arrivals: constant, entry: direct}}
run: {horizon: 5m, fill: 0s}
"#;

/// Failed requests, in seconds of half of all requests: what two of four replicas are asked.
fn lost(mesh: &str, faults: &str) -> f64 {
    let text = format!(
        "{SHOP}mesh: {{traffic: {{\"*\": {{timeout: 500ms, retries: 0, balance: round-robin}}}}{mesh}}}\nfaults: {{out: {{at: 60s, for: 3m, hit: zone/hangzhou/h, down: true}}{faults}}}\n"
    );
    let loaded = load_text("shop.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let variant = &loaded.variants[0];
    let compiled = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    let world = compiled.unwrap_or_else(|wrong| panic!("{wrong:#?}")).world;
    let run = mesh::run(&world, 1, 0);
    let failed = |failure: Failure| -> u64 {
        run.rows.iter().flat_map(|row| &row.windows).map(|window| window.failed[failure as usize]).sum()
    };
    assert!(faults.is_empty() || world.changes.iter().any(|change| !matches!(change.target, Target::Place(_))));
    Failure::ALL.map(failed).iter().sum::<u64>() as f64 / 50.0
}

#[test]
fn without_a_control_plane_nobody_is_told() {
    let lost = lost("", "");
    // The three minutes, and then until what hung is sent again: at doubling distances, so up to as long as it hung.
    assert!((180.0..240.0).contains(&lost), "{lost}");
}

#[test]
fn a_dead_zone_is_out_after_the_lease_and_a_push() {
    for kind in ["kind: multi-primary", "kind: primary-remote, cluster: north", "kind: managed, region: hangzhou"] {
        let lost = lost(&format!(", control-plane: {{{kind}}}"), "");
        assert!((39.0..57.0).contains(&lost), "{kind}: {lost}");
    }
    let quick = lost(", control-plane: {kind: multi-primary, node-grace: 20s}", "");
    assert!((9.0..27.0).contains(&quick), "{quick}");
}

#[test]
fn a_plane_that_is_frozen_or_gone_or_hears_nothing_tells_when_it_is_back() {
    let plane = ", control-plane: {kind: multi-primary}";
    let stale = |what: &str| lost(plane, &format!(", stale: {{at: 50s, for: 100s, hit: {what}}}"));
    for what in ["control-plane, freeze: true", "control-plane/north, down: true", "link/hangzhou-beijing, down: true"]
    {
        // From 60 s to 150 s: what the cut link itself costs is more.
        let lost = stale(what);
        assert!(lost > 89.0 && (what.starts_with("link") || lost < 93.0), "{what}: {lost}");
    }
    // Nobody misses a node while the server is away, and then only after the whole grace period: 200 s.
    let lost = stale("api/east, down: true");
    assert!((138.0..147.0).contains(&lost), "{lost}");
    // The plane of the dead zone's cluster serves nobody here.
    assert!(stale("control-plane/east, freeze: true") < 57.0);
}
