//! From text to what users lose: a zone dies, and a control plane tells of it, cannot, or may not.

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::Failure;
use eastwest::scenario::{Inputs, compile_with_warnings, load_text};
use eastwest::world::{Target, World};

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

fn world(text: &str) -> World {
    let loaded = load_text("shop.yaml", text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let variant = &loaded.variants[0];
    let compiled = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    compiled.unwrap_or_else(|wrong| panic!("{wrong:#?}")).world
}

/// Failed requests, in seconds of half of all requests: what two of four replicas are asked.
fn lost(mesh: &str, faults: &str) -> f64 {
    let text = format!(
        "{SHOP}mesh: {{traffic: {{\"*\": {{timeout: 500ms, retries: 0, balance: round-robin}}}}{mesh}}}\nfaults: {{out: {{at: 60s, for: 3m, hit: zone/hangzhou/h, down: true}}{faults}}}\n"
    );
    let world = world(&text);
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

#[test]
fn a_way_of_its_own_falls_with_its_own_parts_and_not_with_those_of_the_calls() {
    let shop = SHOP.replace(
        "bandwidth: 100Mbps}}",
        "bandwidth: 100Mbps}}, internet: {public-gateway: {gateways: {east: {replicas: 2}, north: {replicas: 1}}, loss: none}}",
    );
    let lost = |via: &str, cut: &str| {
        let plane = format!(
            "mesh: {{traffic: {{\"*\": {{timeout: 500ms, retries: 0, balance: round-robin}}}}, control-plane: {{kind: primary-remote, cluster: north{via}}}}}"
        );
        let faults = format!("faults: {{out: {{at: 60s, for: 3m, hit: zone/hangzhou/h, down: true}}{cut}}}");
        let text = format!("{shop}{plane}\n{faults}\n");
        let run = mesh::run(&world(&text), 1, 0);
        let failed = run.rows.iter().flat_map(|row| &row.windows).map(|window| window.failed.iter().sum::<u64>());
        failed.sum::<u64>() as f64 / 50.0
    };
    let cut = ", cut: {at: 50s, for: 100s, hit: product/internet, down: true}";
    // The internet carries no call. A way of its own leads to the region's first zone, which is the dead one: nobody hears of
    // it before it is back.
    for (via, cut, least, most) in [("", cut, 39.0, 57.0), (", via: internet", "", 179.0, 182.0)] {
        let lost = lost(via, cut);
        assert!((least..most).contains(&lost), "{via} {cut}: {lost}");
    }
}

/// The lines of a bill for a control plane: product, item, payer, and a month of 730 h in USD.
fn billed(mesh: &str) -> Vec<(String, String, String, f64)> {
    let text = format!("{SHOP}mesh: {{control-plane: {{{mesh}}}}}\n");
    let world = world(&text);
    let line = |charge: &eastwest::world::Charge| {
        let eastwest::world::Basis::Hours(things) = charge.basis else { return None };
        let month = things * 730.0 * charge.price().expect("a price").mid.units();
        Some((charge.product.clone(), charge.tariff.item.clone(), charge.payer.clone(), month))
    };
    world.charges.iter().filter_map(line).filter(|line| line.0 != "backbone").collect()
}

#[track_caller]
fn sums(lines: &[(String, String, String, f64)], due: &[(&str, &str, f64)]) {
    assert_eq!(lines.len(), due.len(), "{lines:?}");
    for ((product, item, _, found), (what, which, month)) in lines.iter().zip(due) {
        assert_eq!((product.as_str(), item.as_str()), (*what, *which));
        assert!((found - month).abs() < 1e-6, "{item}: {found} is not {month}");
    }
}

#[test]
fn an_istiod_of_one_cpu_serves_as_many_pods_as_istio_publishes() {
    let path = format!("{}/tests/mesh/mesh_overhead.csv", env!("CARGO_MANIFEST_DIR"));
    let mut rows = csv::Reader::from_path(path).expect("the figures are in tests/mesh");
    let rows: Vec<_> = rows.records().map(|row| row.expect("a row")).collect();
    let published = |id: &str| -> f64 {
        rows.iter().find(|row| &row[0] == id).expect("a row of the figures")[4].parse().expect("a number")
    };
    let pods = published("MO29");
    let shop =
        SHOP.replace("web: {replicas: {north: 1}", &format!("web: {{cpu: 0, replicas: {{north: {}}}", pods - 4.0));
    let shop = shop.replace("stock: {", "stock: {cpu: 0, ");
    let text = format!("{shop}mesh: {{control-plane: {{kind: primary-remote, cluster: north}}}}\n");
    let world = world(&text);
    let vcpus = world.charges.iter().filter(|charge| charge.product == "compute").map(|charge| match charge.basis {
        eastwest::world::Basis::Hours(things) => things,
        _ => 0.0,
    });
    assert!((vcpus.sum::<f64>() - published("MO31")).abs() < 1e-9);
}

#[test]
fn a_control_plane_is_billed_as_what_it_is() {
    // Replicas: 1.1 vCPU in the north (web and its sidecar), 4.4 in the east, at 0.05 USD; 0.5 for each istiod.
    let per = 0.05 * 730.0;
    let own =
        |east: f64, north: f64| [("compute", "compute.vcpu", east * per), ("compute", "compute.vcpu", north * per)];
    sums(&billed("kind: multi-primary"), &own(4.9, 1.6));
    sums(&billed("kind: primary-remote, cluster: north, replicas: 2, cpu: 2"), &own(4.4, 5.1));
    // 0.98 USD an hour for the edition, 715.40 a month; two balancers at 0.003 in Hangzhou and Beijing alike.
    let managed = |edition: f64, item: &'static str| {
        let [east, north] = own(4.4, 1.1);
        [east, north, ("control-plane", item, edition * 730.0), ("control-plane", "clb.hour", 2.0 * 0.003 * 730.0)]
    };
    let mut due = managed(0.98, "asm.enterprise");
    due[2..].sort_by_key(|line| line.1);
    sums(&billed("kind: managed, region: hangzhou, edition: enterprise"), &due);
    due = managed(4.63, "asm.ultimate");
    sums(&billed("kind: managed, region: beijing, edition: ultimate"), &due);
    due = managed(0.0, "asm.standard");
    sums(&billed("kind: managed, region: hangzhou, edition: standard"), &due);
    let [east, north] = own(4.4, 1.1);
    sums(&billed("kind: managed, region: hangzhou"), &[east, north]);
}
