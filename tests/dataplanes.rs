//! Sidecars, an ambient mesh, and none: what each costs, held against Istio's published figures (`tests/mesh/mesh_overhead.csv`),
//! and who chooses where a call goes.

use eastwest::mesh;
use eastwest::meter::{Quantile, Within};
use eastwest::provider::Books;
use eastwest::record::{EdgeRow, Run};
use eastwest::scenario::{Inputs, Loaded, compile_with_warnings, load_text, render};
use eastwest::world::World;

/// Nothing takes time but proxies and work.
const BARE: &str = "
eastwest: 1
network: none
topology: {regions: {hz: {zones: [a]}}, clusters: {c: {region: hz}}}
";
/// Two zones, a network between them.
const ZONES: &str = "
eastwest: 1
topology: {regions: {hz: {is: alibaba/cn-hangzhou, zones: [h, i]}}, clusters: {c: {region: hz}}}
";

fn loaded(text: &str) -> Result<Loaded, String> {
    load_text("planes.yaml", text, &[])
        .map_err(|refused| render::rendered(&refused.sources, &refused.diagnostics, false))
}

fn compiled(text: &str, inputs: Inputs) -> (World, String) {
    let loaded = loaded(text).unwrap_or_else(|wrong| panic!("{wrong}"));
    let variant = &loaded.variants[0];
    let compiled = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), inputs);
    let compiled = compiled.unwrap_or_else(|wrong| panic!("{}", render::rendered(&loaded.sources, &wrong, false)));
    let said: Vec<_> = loaded.diagnostics.iter().chain(&compiled.warnings).cloned().collect();
    (compiled.world, render::rendered(&loaded.sources, &said, false))
}

fn world(text: &str) -> World {
    compiled(text, Inputs::default()).0
}

fn run(text: &str) -> Run {
    mesh::run(&world(text), 7, 0)
}

fn edge<'r>(run: &'r Run, from: &str, to: &str) -> &'r EdgeRow {
    run.edges.iter().find(|row| row.from == from && row.to == to).unwrap_or_else(|| panic!("{from} -> {to}"))
}

fn quantile(row: &EdgeRow, percentile: &str) -> f64 {
    let quantile = Quantile::percentile(percentile).expect("a percentile");
    row.latency.quantile(quantile, Within::Middle).expect("there were calls") as f64 / 1e6
}

/// Mean latency of all requests, milliseconds.
fn mean(run: &Run) -> f64 {
    let sums = run.rows.iter().flat_map(|row| &row.series).fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
    sums.1 as f64 / sums.0 as f64 / 1e6
}

/// vCPU that a row of proxies uses.
fn vcpu(run: &Run, name: &str) -> f64 {
    let row = run.stations.iter().find(|row| row.name == name);
    let row = row.unwrap_or_else(|| panic!("{name} of {:?}", run.stations.iter().map(|r| &r.name).collect::<Vec<_>>()));
    row.busy_ns as f64 / run.horizon_ns as f64
}

/// The rows of Istio's figures.
fn published(id: &str) -> f64 {
    let path = format!("{}/tests/mesh/mesh_overhead.csv", env!("CARGO_MANIFEST_DIR"));
    let mut rows = csv::Reader::from_path(path).expect("the figures are in tests/mesh");
    let row = rows.records().map(|row| row.expect("a row")).find(|row| &row[0] == id);
    row.expect("a row of the figures")[4].parse().expect("a number")
}

#[track_caller]
fn near(found: f64, due: f64, within: f64) {
    assert!((found - due).abs() <= due * within, "{found} is not {due} within {within}");
}

const TWO: &str = "
services:
  web: {replicas: {c: 1}, workers: 8, work: 1ms, calls: [orders]}
  orders: {replicas: {c: 1}, workers: 8, work: 1ms}
workload: {users: {from: cluster/c, to: web, rate: RATE, ARRIVALSentry: direct}}
run: {horizon: 60s, fill: 0s}
";

fn two(mesh: &str, rate: &str, constant: bool) -> String {
    let arrivals = if constant { "arrivals: constant, " } else { "" };
    format!("{BARE}{}{mesh}", TWO.replace("RATE", rate).replace("ARRIVALS", arrivals))
}

const AMBIENT: &str = "mesh: {dataplane: ambient, ztunnel: {pods: 1}}\n";
const WAYPOINT: &str =
    "mesh: {dataplane: ambient, ztunnel: {pods: 1}, waypoints: {gate: {for: [orders], replicas: {c: 1}}}}\n";

#[test]
fn a_request_pays_for_every_proxy_on_its_way_and_for_nothing_else() {
    let alone = |mesh: &str| mean(&run(&two(mesh, "1rps", true)));
    near(alone("mesh: {dataplane: none}\n"), 2.0, 1e-9);
    // The client is no proxy: web's in and out, orders' in.
    near(alone("mesh: {dataplane: sidecar}\n"), 2.0 + 3.0 * 0.7, 1e-9);
    near(alone(AMBIENT), 2.0 + 3.0 * 0.16, 1e-9);
    // Client's ztunnel, the waypoint whole, the server's ztunnel.
    near(alone(WAYPOINT), 2.0 + 3.0 * 0.16 + 0.75, 1e-9);
    let own = "mesh: {dataplane: ambient, ztunnel: {cpu: 0.1ms, delay: 0s}, waypoints: {gate: {for: [\"*\"], cpu: 2ms, delay: 1ms, replicas: {c: 1}}}}\n";
    near(alone(own), 2.0 + 0.3 + 3.0, 1e-9);
}

#[test]
fn proxies_use_the_cpu_that_istio_publishes() {
    let near = |found, row: &str| near(found, published(row), 0.02);
    near(vcpu(&run(&two("mesh: {concurrency: 2}\n", "1000rps", false)), "sidecars orders c/a"), "MO01");
    near(vcpu(&run(&two(WAYPOINT, "1000rps", false)), "waypoint gate c/a"), "MO03");
    let ambient = run(&two(AMBIENT, "1000rps", false));
    near(vcpu(&ambient, "ztunnel c/a#1"), "MO05");
    // web's sees each request twice: as it comes, and as web calls.
    near(vcpu(&ambient, "ztunnel c/a#0") / 2.0, "MO05");
    // Per request and pass, in microseconds.
    let micros = |key: &str| Books::builtin().latency(key).expect("a row").mid;
    assert_eq!((micros("sidecar.cpu"), micros("ztunnel.cpu")), (published("MO35"), published("MO36")));
    assert_eq!(micros("waypoint.cpu"), published("MO03") * 1e3);
    // A vCPU of sidecars, or of gateways that read requests, carries as much as derived; the dearest of the range as
    // much as with the older figure.
    let cost = |key: &str, high: bool| {
        let row = Books::builtin().latency(key).expect("a row");
        if high { row.high } else { row.mid }
    };
    for key in ["sidecar.cpu", "gateway.cpu.request"] {
        assert_eq!(1e6 / cost(key, false), published("MO33"));
        assert_eq!(1e6 / cost(key, true), published("MO34"));
    }
    // What older releases used lies within the range.
    for row in ["MO07", "MO09", "MO16", "MO17", "MO24"] {
        let (low, high) = (cost("sidecar.cpu", false), cost("sidecar.cpu", true));
        assert!((low..=high).contains(&(published(row) * 1e3)), "{row}");
    }
}

/// Two sidecars, two workers each, 1000 requests a second over 16 connections of HTTP/1.1.
fn pair(rate: &str, calls: &str, dataplane: &str) -> (f64, f64) {
    let text = format!(
        "{BARE}
services:
  load: {{replicas: {{c: 1}}, workers: 1000, STEPS}}
  server: {{replicas: {{c: 1}}, workers: 16, work: 1ms}}
workload: {{users: {{from: cluster/c, to: load, {rate}, entry: direct}}}}
run: {{horizon: 60s, fill: 0s}}
mesh: {{dataplane: {dataplane}, traffic: {{\"*\": {{pool: {{protocol: http1}}}}}}{}}}
",
        if dataplane == "none" { "" } else { ", concurrency: 2" }
    );
    let run = run(&text.replace("STEPS", calls));
    let row = edge(&run, "load", "server");
    (quantile(row, "90"), quantile(row, "99"))
}

fn added(rate: &str, calls: &str) -> (f64, f64) {
    let (with, without) = (pair(rate, calls, "sidecar"), pair(rate, calls, "none"));
    (with.0 - without.0, with.1 - without.1)
}

#[test]
fn two_sidecars_add_the_latency_that_istio_publishes() {
    // Without jitter the load generator's 16 connections send together, 62.5 times a second.
    let together = format!("steps: [{{parallel: [{}]}}]", vec!["{call: server}"; 16].join(", "));
    let (p90, p99) = added("rate: 62.5rps, arrivals: constant", &together);
    near(p90, published("MO11"), 0.10);
    near(p99, published("MO12"), 0.10);
    near(p90, published("MO19"), 0.10);
    near(p99, published("MO20"), 0.10);
    near(p99 / 2.0, published("MO37"), 0.10);
    // With jitter they do not.
    let (p90, _) = added("rate: 1000rps", "calls: [server]");
    near(p90, published("MO13"), 0.20);
    near(p90, published("MO21"), 0.20);
}

/// web in one zone, orders in both, one replica each.
fn zoned(mesh: &str, orders: &str) -> String {
    format!(
        "{ZONES}
services:
  web: {{replicas: {{c: {{h: 1}}}}, workers: 8, work: 0.1ms, calls: [orders]}}
  orders: {{replicas: {{c: {{h: 2, i: 2}}}}, workers: 8, work: 0.1ms{orders}}}
workload: {{users: {{from: cluster/c, to: web, rate: 100rps, entry: direct}}}}
run: {{horizon: 60s, fill: 0s}}
mesh: {{dataplane: ambient{mesh}}}
"
    )
}

/// Calls of a service's replicas at each place.
fn arrived(run: &Run, service: &str) -> Vec<u64> {
    run.services.iter().filter(|row| row.service == service).map(|row| row.arrived).collect()
}

#[test]
fn a_ztunnel_chooses_for_each_connection_and_tries_nothing_again() {
    // HTTP/2: one connection, one replica, for as long as it lasts.
    let http2 = ", traffic: {orders: {pool: {protocol: http2}}}";
    let pinned = run(&zoned(http2, ""));
    assert_eq!(edge(&pinned, "web", "orders").connections, 1);
    assert!(arrived(&pinned, "orders").contains(&0), "{:?}", arrived(&pinned, "orders"));
    // A new connection for each request: each replica alike, whatever its zone.
    let each = ", traffic: {orders: {pool: {max-requests-per-connection: 1}}}";
    let spread = run(&zoned(each, ""));
    let calls = edge(&spread, "web", "orders").calls as f64;
    // 99.9 % of a binomial distribution with half.
    let share = arrived(&spread, "orders")[0] as f64 / calls;
    assert!((share - 0.5).abs() < 3.29 * (0.25 / calls).sqrt(), "{share}");
    // The service's own wish, and nothing else, keeps them in the zone.
    let near = run(&zoned(each, ", traffic-distribution: prefer-same-zone"));
    assert_eq!(arrived(&near, "orders")[1], 0);
    let asked = ", traffic: {orders: {retries: 3, retry-on: [5xx], outlier: {consecutive-5xx: 1}, timeout: 1ms}}";
    let (failing, said) = compiled(&zoned(asked, ", errors: 30%"), Inputs::default());
    assert!(said.contains("EW412") && said.contains("web -> orders"), "{said}");
    let failing = mesh::run(&failing, 7, 0);
    let row = edge(&failing, "web", "orders");
    assert_eq!((row.attempts, row.ejections), (row.calls, 0));
    let failed = row.failed.iter().sum::<u64>() as f64 / row.calls as f64;
    assert!((failed - 0.3).abs() < 0.02, "{failed}");
}

#[test]
fn a_waypoint_obeys_policies_in_its_callers_place() {
    let asked = ", waypoints: {gate: {for: [orders], replicas: {c: {i: 1}}}}, \
        traffic: {orders: {retries: 3, retry-on: [5xx], outlier: {consecutive-5xx: 1000, max-ejection: 100%}}}";
    let (world, said) = compiled(&zoned(asked, ", errors: 30%"), Inputs::default());
    assert!(!said.contains("EW412"), "{said}");
    let run = mesh::run(&world, 7, 0);
    let (near, far) = (edge(&run, "web", "gate"), edge(&run, "gate", "orders"));
    assert_eq!(near.attempts, near.calls);
    assert_eq!(far.calls, near.calls);
    // Attempts with failures of 0.3 and three retries.
    let due: f64 = (1.0 - 0.3_f64.powi(4)) / (1.0 - 0.3);
    let attempts = far.attempts as f64 / far.calls as f64;
    assert!((attempts - due).abs() < 0.03, "{attempts} is not {due}");
    // Locality goes by the waypoint's place, not the caller's: with outlier detection its own zone is first.
    let arrived = arrived(&run, "orders");
    assert_eq!(arrived[0], 0, "{arrived:?}");
}

#[test]
fn ingress_proxies_go_past_waypoints_and_read_requests_themselves() {
    let text = zoned(
        ", waypoints: {gate: {for: [\"*\"], replicas: {c: 1}}}, traffic: {web: {retries: 3, retry-on: [5xx]}}",
        ", errors: 30%",
    );
    let run = run(&text.replace("entry: direct", "entry: ingress"));
    let row = edge(&run, "users", "web");
    assert!(row.attempts > row.calls, "the ingress proxy tries again");
    assert_eq!(edge(&run, "web", "gate").calls, edge(&run, "gate", "orders").calls);
    assert!(run.edges.iter().all(|row| (row.from.as_str(), row.to.as_str()) != ("users", "gate")));
}

#[test]
fn a_waypoint_falls_like_what_it_is_and_a_ztunnel_leaves_out_what_it_was_told_is_gone() {
    // Both replicas of the waypoint die with their zone; callers have no other way.
    let gate = ", waypoints: {gate: {for: [orders], replicas: {c: {i: 2}}}}";
    let down = "faults: {out: {at: 20s, for: 20s, hit: service/gate, down: true}}\n";
    let lost = |run: &Run, from: &str, to: &str| edge(run, from, to).failed.iter().sum::<u64>();
    let fallen = run(&(zoned(gate, "") + down));
    let failed = lost(&fallen, "web", "gate") as f64;
    assert!((failed - 2000.0).abs() < 200.0, "{failed} of the 2000 calls of those 20 s");
    // Two of four replicas die and refuse: each new connection meets one in two, until a push tells of them.
    let each = ", traffic: {orders: {pool: {max-requests-per-connection: 1}}}";
    let plane = format!("{each}, control-plane: {{kind: multi-primary}}");
    let down = "faults: {out: {at: 20s, for: 20s, hit: zone/hz/i, down: refused}}\n";
    let (untold, told) = (run(&(zoned(each, "") + down)), run(&(zoned(&plane, "") + down)));
    let (untold, told) = (lost(&untold, "web", "orders") as f64, lost(&told, "web", "orders") as f64);
    // Who waits for a connection that is refused fails with it: more than one in two of 2000.
    assert!((950.0..1700.0).contains(&untold), "{untold}");
    assert!(told < 0.3 * untold, "{told} of {untold}");
}

#[test]
fn nodes_hold_as_many_replicas_as_is_said() {
    let text = zoned(", ztunnel: {pods: 3, workers: 4}, waypoints: {gate: {for: [orders], replicas: {c: {h: 5}}}}", "");
    let world = world(&text);
    // web and two of orders on one node of h, two of orders on one of i; waypoints are no pods of an ambient mesh.
    let nodes: Vec<_> = world.stations.rows().iter().filter(|station| station.name.starts_with("ztunnel")).collect();
    let names: Vec<_> = nodes.iter().map(|node| (node.name.as_str(), node.servers)).collect();
    assert_eq!(names, [("ztunnel c/h#0", 4), ("ztunnel c/i#0", 4)]);
    let vcpus: f64 = world.charges.iter().filter(|charge| charge.product == "compute").map(hours).sum();
    // Replicas of 8, ztunnels of 0.2, waypoints of 0.1.
    near(vcpus, 5.0 * 8.0 + 2.0 * 0.2 + 5.0 * 0.1, 1e-9);
}

fn hours(charge: &eastwest::world::Charge) -> f64 {
    match charge.basis {
        eastwest::world::Basis::Hours(things) => things,
        _ => 0.0,
    }
}

#[test]
fn a_tunnel_takes_a_round_trip_more_than_tls() {
    let text = |product: &str| {
        format!(
            "
eastwest: 1
topology:
  regions: {{hz: {{is: alibaba/cn-hangzhou}}, sh: {{is: alibaba/cn-shanghai}}}}
  clusters: {{east: {{region: hz}}, south: {{region: sh}}}}
connectivity: {{way: {product}}}
routes: {{default: {{via: way}}}}
services:
  web: {{replicas: {{east: 1}}, work: 0.1ms, calls: [orders]}}
  orders: {{replicas: {{south: 1}}, work: 0.1ms}}
workload: {{users: {{from: cluster/east, to: web, rate: 10rps, entry: direct}}}}
run: {{horizon: 60s}}
mesh: {{dataplane: ambient}}
"
        )
    };
    let way = world(&text("{cen: {bandwidth: 10Mbps}}"));
    // TCP, TLS 1.3, and the tunnel's CONNECT.
    assert!(way.paths.rows().iter().all(|path| path.handshake == 3));
}
