//! Traffic lanes from text to runs: which version answers at each hop, and nobody else.

use std::collections::BTreeMap;
use std::path::Path;

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::{EdgeRow, Failure, Run};
use eastwest::scenario::{Compiled, Diagnostic, Inputs, compile_with_warnings, load, load_text};

/// The shipped scenario, one variant with these values set.
fn shipped(variant: &str, sets: &[(&str, &str)]) -> Compiled {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lanes.yaml");
    let sets: Vec<(String, String)> = sets.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let loaded = load(&path, &sets).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let variant = loaded.variants.iter().find(|found| found.name == variant).expect("the variant is there");
    let compiled = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
    compiled.unwrap_or_else(|wrong| panic!("{wrong:#?}"))
}

/// The record of a run, which is the same with an event for everything.
fn run(compiled: &Compiled) -> Run {
    let (fast, full) = (mesh::run(&compiled.world, 3, 0), mesh::run_in_full(&compiled.world, 3, 0));
    assert!(Run { events: 0, digest: 0, ..fast.clone() } == Run { events: 0, digest: 0, ..full });
    fast
}

/// Calls by `caller -> service:version`, of edges that had any.
fn calls(run: &Run) -> BTreeMap<String, u64> {
    let parts = run.edges.iter().filter(|edge| edge.calls > 0 && edge.to.contains(':'));
    parts.map(|edge: &EdgeRow| (format!("{} -> {}", edge.from, edge.to), edge.calls)).collect()
}

fn failed(run: &Run) -> u64 {
    run.edges.iter().flat_map(|edge| edge.failed).sum()
}

/// The path of the requests of one stream: `mocka:v2 mockb:v1 mockc:v2`, where nothing else was called.
#[track_caller]
fn path(variant: &str, stream: &str) -> String {
    let others: Vec<String> = ["s1-users", "s2-users", "s3-users"]
        .iter()
        .filter(|other| **other != stream)
        .map(|other| format!("workload.{other}"))
        .collect();
    let sets: Vec<(&str, &str)> = others.iter().map(|key| (key.as_str(), "null")).collect();
    let run = run(&shipped(variant, &sets));
    assert_eq!(failed(&run), 0);
    let calls = calls(&run);
    let of = |from: &str| {
        let mut found = calls.iter().filter(|(edge, _)| edge.starts_with(&format!("{from} -> ")));
        let (edge, count) = found.next().expect("it called");
        assert_eq!(found.next(), None, "{variant} {stream}: {calls:?}");
        (edge.rsplit(' ').next().expect("a callee").to_owned(), *count)
    };
    let hops = [of(stream), of("mocka"), of("mockb")];
    // What is under way when the count begins and ends is counted at some hops only.
    assert!(hops.iter().all(|(_, count)| hops[0].1.abs_diff(*count) < 5 && *count > 1_000), "{hops:?}");
    hops.map(|(to, _)| to).join(" ")
}

#[test]
fn in_a_permissive_group_a_request_comes_back_into_its_lane() {
    assert_eq!(path("permissive", "s1-users"), "mocka:v1 mockb:v1 mockc:v1");
    assert_eq!(path("permissive", "s2-users"), "mocka:v2 mockb:v1 mockc:v2");
    assert_eq!(path("permissive", "s3-users"), "mocka:v1 mockb:v3 mockc:v1");
}

#[test]
fn in_a_strict_group_it_never_leaves_and_no_header_is_needed() {
    for stream in ["s1-users", "s2-users", "s3-users"] {
        let version = format!("v{}", &stream[1..2]);
        let own = format!("mocka:{version} mockb:{version} mockc:{version}");
        assert_eq!(path("strict", stream), own);
    }
    let deaf = [("services.mocka.forwards", "none"), ("services.mockb.forwards", "none")];
    let run = run(&shipped("strict", &deaf));
    let calls = calls(&run);
    assert_eq!(calls.len(), 9, "{calls:?}");
}

#[test]
fn an_application_that_drops_the_header_leaves_the_rest_to_the_baseline() {
    assert_eq!(path("forgotten", "s1-users"), "mocka:v1 mockb:v1 mockc:v1");
    assert_eq!(path("forgotten", "s2-users"), "mocka:v2 mockb:v1 mockc:v1");
    assert_eq!(path("forgotten", "s3-users"), "mocka:v1 mockb:v1 mockc:v1");
}

#[test]
fn all_lanes_together_are_the_sum_of_each() {
    let run = run(&shipped("permissive", &[]));
    let calls = calls(&run);
    let of = |edge: &str| calls.get(edge).copied().unwrap_or(0);
    let (s1, s2, s3) = (of("s1-users -> mocka:v1"), of("s2-users -> mocka:v2"), of("s3-users -> mocka:v1"));
    let near = |a: u64, b: u64| a.abs_diff(b) < 5;
    assert!(near(of("mocka -> mockb:v1"), s1 + s2) && near(of("mocka -> mockb:v3"), s3), "{calls:?}");
    assert!(near(of("mockb -> mockc:v1"), s1 + s3) && near(of("mockb -> mockc:v2"), s2), "{calls:?}");
    assert_eq!(calls.len(), 7, "{calls:?}");
}

#[test]
fn a_weighted_gateway_draws_the_lane_and_the_chain_keeps_it() {
    let run = run(&shipped("weighted", &[]));
    let calls = calls(&run);
    let sum = |edges: &[&str]| {
        let of = |edge: &&str| {
            ["s1-users", "s2-users", "s3-users", "mocka", "mockb"]
                .map(|from| calls.get(&format!("{from} -> {edge}")).copied().unwrap_or(0))
                .iter()
                .sum::<u64>()
        };
        edges.iter().map(of).sum::<u64>()
    };
    let all = sum(&["mocka:v1", "mocka:v2"]);
    let near = |count: u64, share: f64| {
        // 99.9 % of a binomial share.
        let slack = 3.29 * (share * (1.0 - share) / all as f64).sqrt();
        assert!((count as f64 / all as f64 - share).abs() < slack, "{count} of {all}: {calls:?}");
    };
    near(sum(&["mocka:v2"]), 0.2);
    near(sum(&["mockb:v3"]), 0.2);
    // Who got mocka v2 gets mockc v2, one by one.
    let (first, last) = (sum(&["mocka:v2"]), sum(&["mockc:v2"]));
    assert!(last.abs_diff(first) < 5, "{first} {last}");
}

/// Two regions; `lane` is what `mesh.lanes` says.
fn text(services: &str, mesh: &str, rest: &str) -> String {
    format!(
        r#"
eastwest: 1
topology:
  regions:
    hangzhou: {{is: alibaba/cn-hangzhou, zones: [h, i]}}
    beijing: {{is: alibaba/cn-beijing, zones: [a]}}
  clusters: {{east: {{region: hangzhou}}, north: {{region: beijing}}}}
connectivity: {{backbone: {{cen: {{attach: {{east: [h, i], north: [a]}}, bandwidth: 100Mbps}}}}}}
routes: {{default: {{via: backbone}}}}
services: {services}
mesh: {mesh}
workload:
  plain: {{from: hangzhou, to: web, rate: 20rps}}
  testers: {{from: hangzhou, to: web, rate: 20rps, headers: {{x-lane: alice}}}}
run: {{horizon: 2m}}
{rest}
"#
    )
}

fn compiled(text: &str) -> Result<Compiled, Vec<Diagnostic>> {
    let loaded = load_text("lanes.yaml", text, &[]).map_err(|refused| refused.diagnostics)?;
    let variant = &loaded.variants[0];
    compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
}

#[track_caller]
fn played(text: &str) -> Run {
    run(&compiled(text).unwrap_or_else(|wrong| panic!("{wrong:#?}")))
}

const WEB: &str = "web: {replicas: {east: 2}, work: 1ms, calls: [cart], forwards: [x-lane]}";
const LANES: &str = "lanes: {mode: permissive, header: x-lane, baseline: base, lane: {alice: {services: [cart]}}}";

#[test]
fn a_lane_comes_before_locality_and_locality_holds_within_it() {
    // The baseline stands in both regions, alice in the other one alone.
    let cart = "cart: {work: 1ms, versions: {base: {replicas: {east: 2, north: 2}}, alice: {replicas: {north: 2}}}}";
    let traffic = "traffic: {\"*\": {outlier: {max-ejection: 100%}}}";
    let run = played(&text(&format!("{{{WEB}, {cart}}}"), &format!("{{{LANES}, {traffic}}}"), ""));
    assert_eq!(failed(&run), 0);
    let calls = calls(&run);
    let visits = |place: &str| {
        let rows = run.services.iter().filter(|row| row.service == "cart" && row.place.starts_with(place));
        rows.map(|row| row.visits).sum::<u64>()
    };
    let (base, alice) = (calls["web -> cart:base"], calls["web -> cart:alice"]);
    assert!(visits("east").abs_diff(base) < 5, "the baseline stays at home: {} of {base}", visits("east"));
    assert!(visits("north").abs_diff(alice) < 5, "the lane draws its calls away: {} of {alice}", visits("north"));
}

#[test]
fn a_lane_without_a_healthy_host_borrows_from_the_baseline() {
    let cart = "cart: {work: 1ms, versions: {base: {replicas: {east: 2}}, alice: {replicas: {north: 2}}}}";
    let traffic = "traffic: {cart: {timeout: 200ms, retries: 0, outlier: {consecutive-5xx: 5, max-ejection: 100%}}}";
    let fault = "faults: {gone: {at: 10s, for: 100s, hit: region/beijing, down: refused}}";
    let run = played(&text(&format!("{{{WEB}, {cart}}}"), &format!("{{{LANES}, {traffic}}}"), fault));
    let calls = calls(&run);
    let (base, alice) = (calls["web -> cart:base"], calls["web -> cart:alice"]);
    assert!(alice < 800 && base > 3_800, "{calls:?}");
    assert!(failed(&run) < 200, "{}", failed(&run));
}

#[test]
fn a_retry_stays_in_its_lane() {
    let cart = "cart: {work: 1ms, versions: {base: {replicas: {east: 2}}, alice: {replicas: {east: 2}, errors: {\"503\": 40%}}}}";
    let traffic = "traffic: {cart: {retries: 3, retry-on: [5xx]}}";
    let run = played(&text(&format!("{{{WEB}, {cart}}}"), &format!("{{{LANES}, {traffic}}}"), ""));
    let row = |to: &str| run.edges.iter().find(|edge| edge.from == "web" && edge.to == to).expect("the edge is there");
    let (base, alice) = (row("cart:base"), row("cart:alice"));
    assert_eq!(base.attempts, base.calls);
    let mean = alice.attempts as f64 / alice.calls as f64;
    let theory = (1.0 - 0.4f64.powi(4)) / 0.6;
    assert!((mean - theory).abs() < 0.07, "{mean} {theory}");
}

#[test]
fn a_strict_lane_that_lacks_a_service_answers_503_and_is_told_of() {
    let services = "{web: {work: 1ms, calls: [cart], versions: {base: {replicas: {east: 2}}, alice: {replicas: {east: 2}}}}, cart: {work: 1ms, versions: {base: {replicas: {east: 2}}}}}";
    let lanes = "{lanes: {mode: strict, header: x-lane, lane: {base: {}, alice: {}}}}";
    let text = text(services, lanes, "").replace("rate: 20rps}", "rate: 20rps, headers: {x-lane: base}}");
    let loaded = load_text("lanes.yaml", &text, &[]).expect("it is legal");
    let told: Vec<&str> =
        loaded.diagnostics.iter().filter(|one| one.code == "EW378").map(|one| &*one.message).collect();
    assert_eq!(told, ["lane `alice` has no `cart`: calls to it in this lane are answered 503"]);
    let run = run(&compiled(&text).expect("it is legal"));
    let lost: u64 =
        run.edges.iter().filter(|edge| edge.from == "web").map(|edge| edge.failed[Failure::NoHost as usize]).sum();
    assert!(lost > 2_000, "{lost}");
    assert!(calls(&run)["web -> cart:base"] > 2_000);
}

/// What is said of lanes: EW378 and EW379.
fn told(compiled: &Compiled) -> Vec<String> {
    let of_lanes = compiled.warnings.iter().filter(|one| ["EW378", "EW379"].contains(&one.code));
    of_lanes.map(|one| one.message.clone()).collect()
}

#[test]
fn an_application_that_breaks_a_lane_is_told_with_what_it_costs() {
    assert_eq!(told(&shipped("permissive", &[])), Vec::<String>::new());
    assert_eq!(told(&shipped("weighted", &[])), Vec::<String>::new());
    assert_eq!(told(&shipped("strict", &[])), Vec::<String>::new());
    let said = told(&shipped("forgotten", &[]));
    assert_eq!(said.len(), 1, "{said:?}");
    for part in [
        "`mocka` does not pass `my-trace-id` on",
        "lane `s2` never reaches its `mockc`",
        "lane `s3` never reaches its `mockb`",
    ] {
        assert!(said[0].contains(part), "{said:?}");
    }
    // Behind mocka there is nothing more for mockb to lose.
    let both = told(&shipped("forgotten", &[("services.mockb.forwards", "none")]));
    assert_eq!(both, said);
    let last = told(&shipped("permissive", &[("services.mockb.forwards", "none")]));
    assert!(last.len() == 1 && last[0].contains("`s2`") && !last[0].contains("`s3`"), "{last:?}");
}

#[test]
fn requests_without_a_trace_and_lanes_that_nobody_enters_are_told() {
    let said = told(&shipped("permissive", &[("workload.s2-users.headers.my-trace-id", "null")]));
    assert!(said.len() == 1 && said[0].contains("requests of `s2-users` come without `my-trace-id`"), "{said:?}");
    let said = told(&shipped("permissive", &[("workload.s3-users", "null")]));
    assert_eq!(said, ["no stream's requests enter lane `s3`"]);
    // The baseline lends: it is not idle though nobody enters it.
    assert!(told(&shipped("permissive", &[("workload.s1-users", "null")])).is_empty());
}
