//! The first call on a new connection: `explain` says of it what the machine does, where nothing queues and no noise is drawn.

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::Exemplar;
use eastwest::scenario::{Inputs, compile, load_text};
use eastwest::study::explain;
use eastwest::world::{LinkId, World};

const TEXT: &str = "
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}, shanghai: {is: alibaba/cn-shanghai, zones: [l]}}
  clusters: {a: {region: hangzhou}, b: {region: shanghai}}
connectivity: {backbone: {cen: {bandwidth: {hangzhou-shanghai: 100Mbps}}}}
routes: {default: {via: backbone}}
services:
  web: {replicas: {a: 1}, workers: 8, work: 0ms, calls: [x]}
  x: {replicas: {b: 1}, workers: 8, work: 0ms}
mesh: {MESH}
workload: {u: {from: hangzhou, to: web, rate: 10rps, arrivals: constant}}
run: {horizon: 10s}
";

/// The scenario without jitter and loss.
fn world(text: &str) -> World {
    let loaded = load_text("x.yaml", text, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let variant = &loaded.variants[0];
    let mut world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).expect("compiles");
    // Nothing is warm before the first request that is measured.
    world.plan.fill = eastwest::units::Duration::ZERO;
    let links: Vec<LinkId> = world.links.ids().collect();
    for link in links {
        (world.links[link].jitter, world.links[link].loss) = (None, None);
    }
    world
}

#[test]
fn explain_says_what_the_first_call_on_a_new_connection_takes() {
    let near = |text: &str| text.replace("replicas: {b: 1}", "replicas: {a: 1}");
    for mesh in [
        "{}",
        "{tls: none}",
        "{tls: {resume: true}}",
        "{traffic: {x: {pool: {max-requests-per-connection: 1}}}}",
        "{dataplane: ambient}",
        "{dataplane: none}",
    ] {
        for text in [TEXT.to_owned(), near(TEXT)] {
            let world = world(&text.replace("{MESH}", mesh));
            let told = explain::explain("x", "", "USD", [&world]);
            let calls: Vec<_> = told.variants[0].edges.iter().map(|edge| &edge.clients[0].calls[0]).collect();
            let sum = |time: fn(&eastwest::record::CallSketch) -> f64| calls.iter().map(|call| time(call)).sum::<f64>();
            let took = |ordinal| {
                let which = Exemplar { stream: 0, ordinal, ..Exemplar::default() };
                mesh::trace(&world, 1, 0, which, "that one", |_| true).expect("it comes").latency_ms
            };
            let cold = sum(|call| call.cold_ms);
            let first = (0..10).map(took).fold(0.0, f64::max);
            assert!((first - cold).abs() < 1e-6, "{mesh}: {first} ms and not {cold}: {calls:#?}");
            if !mesh.contains("per-connection") {
                let warm = sum(|call| call.warm_ms);
                assert!((took(40) - warm).abs() < 1e-6, "{mesh}: {} ms and not {warm}", took(40));
            }
        }
    }
}
