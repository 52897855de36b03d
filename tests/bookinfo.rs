//! Istio's sample application: versions, shares, a header's route, and what estimates and explanations make of them.

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::Run;
use eastwest::scenario::{Inputs, compile, load};
use eastwest::study::{estimate, explain};
use eastwest::world::World;

fn world(variant: &str) -> World {
    let loaded = load("scenarios/bookinfo.yaml".as_ref(), &[]).expect("the scenario loads");
    let found = loaded.variants.iter().find(|known| known.name == variant).expect("the variant is there");
    compile(&found.scenario, variant, Books::builtin(), Inputs::default()).expect("the scenario compiles")
}

/// Calls over an edge.
fn calls(run: &Run, from: &str, to: &str) -> u64 {
    run.edges.iter().filter(|edge| edge.from == from && edge.to == to).map(|edge| edge.calls).sum()
}

#[test]
fn a_canary_gets_its_fifth() {
    let run = mesh::run(&world("canary"), 7, 0);
    let (all, v1, v3) = (
        calls(&run, "productpage", "reviews"),
        calls(&run, "productpage", "reviews:v1"),
        calls(&run, "productpage", "reviews:v3"),
    );
    assert_eq!(all, v1 + v3);
    // 99.9 % of a binomial share: 3.29 standard deviations.
    let share = v3 as f64 / all as f64;
    assert!((share - 0.2).abs() < 3.29 * (0.16 / all as f64).sqrt(), "{share} of {all}");
    // Every call of the third version asks for ratings, and nobody else does.
    assert!(calls(&run, "reviews", "ratings").abs_diff(v3) <= 2);
}

#[test]
fn without_rules_versions_share_as_replicas_do() {
    let run = mesh::run(&world("no-rules"), 7, 0);
    let (all, rated) = (calls(&run, "productpage", "reviews"), calls(&run, "reviews", "ratings"));
    let share = rated as f64 / all as f64;
    assert!((share - 2.0 / 3.0).abs() < 0.02, "{share}: two of three versions ask for ratings");
}

#[test]
fn a_header_leads_exactly_its_user() {
    let run = mesh::run(&world("header-route"), 7, 0);
    let jason = calls(&run, "jason", "productpage");
    assert!(jason > 500);
    // At an end of what is measured a call may be in where its request is not.
    let same = |a: u64, b: u64| assert!(a.abs_diff(b) <= 2, "{a} and {b}");
    same(calls(&run, "productpage", "reviews:v2"), jason);
    same(calls(&run, "productpage", "reviews:v1"), calls(&run, "readers", "productpage"));
    same(calls(&run, "reviews", "ratings"), jason);
}

#[test]
fn what_an_application_forgets_no_rule_can_see() {
    let run = mesh::run(&world("page-forgets"), 7, 0);
    assert_eq!(calls(&run, "productpage", "reviews:v2"), 0);
    assert_eq!(calls(&run, "productpage", "reviews:v1"), calls(&run, "productpage", "reviews"));
}

#[test]
fn an_estimate_follows_rules_and_what_applications_pass_on() {
    // Of 210 requests/s, ratings of 1 ms each at two replicas.
    for (variant, rate) in [("no-rules", 140.0), ("canary", 42.0), ("header-route", 10.0), ("page-forgets", 0.0)] {
        let found = estimate::estimate(&[world(variant)]).variants.remove(0);
        let rows = found.loads.iter().filter(|load| load.kind == "service" && load.name.starts_with("ratings"));
        let busy: f64 = rows.clone().map(|load| load.mean).sum::<f64>() / rows.count().max(1) as f64;
        assert!((busy - rate * 0.001 / 2.0).abs() < 1e-9, "{variant}: {busy}");
    }
}

#[test]
fn an_explanation_says_where_each_rule_leads_whom() {
    let told = |variant: &str| {
        let world = world(variant);
        let found = explain::explain("bookinfo", "", "USD", [&world]);
        let edges = &found.variants[0].edges;
        let edge = edges.iter().find(|edge| edge.name == "productpage -> reviews").expect("the edge is there");
        // What rules replace has no hosts and no policy of its own; where they lead has.
        let whole = variant == "no-rules";
        assert!(edge.clients.is_empty() != whole && edge.policy.is_empty() != whole, "{variant}");
        let about = explain::about(found.clone(), "productpage -> reviews").expect("the edge is there");
        let names: Vec<&str> = about.variants[0].edges.iter().map(|edge| edge.name.as_str()).collect();
        assert_eq!(names.len() > 2, !whole, "{variant}: {names:?}");
        assert!(names.iter().all(|name| name.starts_with("productpage -> reviews")), "{names:?}");
        edge.rules.clone()
    };
    assert_eq!(told("no-rules"), Vec::<String>::new());
    assert_eq!(told("canary"), ["rule reviews/canary: all calls go 80 % to reviews:v1, 20 % to reviews:v3"]);
    assert_eq!(
        told("header-route"),
        [
            "rule reviews/others: calls without such headers go 100 % to reviews:v1",
            "rule reviews/jason: calls with end-user: jason go 100 % to reviews:v2",
        ]
    );
}
