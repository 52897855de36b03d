//! One application over clusters (scenarios/one-application.yaml): endpoints of one name merge, wanted or not, and what a
//! collision costs is what arithmetic says.

use std::path::Path;

use eastwest::record::{Comparison, VariantResult};
use eastwest::scenario::{self, Diagnostic, Loaded, load_text};
use eastwest::study::{self, Options, Unwatched};

fn answer() -> Comparison {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/one-application.yaml");
    let sets = [("run.horizon".to_owned(), "30s".to_owned())];
    let loaded = scenario::load(&path, &sets).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let told: Vec<&str> = loaded.diagnostics.iter().map(|one| one.code).collect();
    assert_eq!(told, ["EW477"], "the collision is found before the run, and only in the variants that have it");
    let said = &loaded.diagnostics[0];
    assert!(said.message.contains("`shop-cache` and `risk-cache`"), "{}", said.message);
    assert!(said.help.iter().any(|help| help.contains("2 of 4 (50 %)")), "{:?}", said.help);
    assert!(said.help.iter().any(|help| help.contains("`one-name`, `kept`")), "{:?}", said.help);
    let options = Options { inputs: false, trace: false, replications: Some(5), ..Options::default() };
    study::compare(&loaded, &options, &Unwatched).expect("it runs").comparison
}

#[test]
fn two_services_of_one_name_get_each_others_calls_and_one_service_in_two_clusters_is_one() {
    let found = answer();
    let variant = |name: &str| -> &VariantResult {
        found.variants.iter().find(|variant| variant.name == name).expect("the variant is there")
    };
    let answered = |name: &str| variant(name).total.availability.value.expect("requests were sent");
    // Each request asks each cache once, and half of the endpoints are the other's.
    assert!((answered("one-name") - 0.25).abs() < 0.02, "{}", answered("one-name"));
    // Kept in their cluster, only the score of the storefront asks the wrong one: two of its six replicas.
    assert!((answered("kept") - 2.0 / 3.0).abs() < 0.02, "{}", answered("kept"));
    assert_eq!(answered("two-names"), 1.0);
    // What is answered is the service that was meant: the other one has nothing of it.
    let failed = &variant("one-name").total.failed;
    assert_eq!(failed.keys().map(String::as_str).collect::<Vec<_>>(), ["wrong-service"], "{failed:?}");
    // `score` is one service, and slower where there is no GPU.
    let sojourn = |place: &str| {
        let own = variant("two-names")
            .resources
            .iter()
            .filter(|one| one.name.starts_with("score@") && one.name.contains(place));
        let means: Vec<f64> = own.filter_map(|one| one.quantiles_ms["sojourn mean"].value).collect();
        assert!(!means.is_empty(), "score runs in {place}");
        means.iter().sum::<f64>() / means.len() as f64
    };
    let (gpu, storefront) = (sojourn("gpu"), sojourn("storefront"));
    assert!((14.0..22.0).contains(&gpu) && (58.0..75.0).contains(&storefront), "{gpu} and {storefront} ms");
}

fn loaded(services: &str) -> Result<Loaded, Vec<Diagnostic>> {
    let text = format!(
        "eastwest: 1\nquestion: Which?\ntopology: {{regions: {{r: {{}}}}, clusters: {{a: {{region: r}}, b: {{region: r}}}}}}\n\
         services:\n  web: {{replicas: {{a: 1}}, work: 1ms, calls: [one, two]}}\n{services}workload: {{users: {{from: r, to: web, \
         rate: 1rps}}}}\n"
    );
    load_text("x.yaml", &text, &[]).map_err(|refused| refused.diagnostics)
}

fn codes(said: &[Diagnostic]) -> Vec<&str> {
    said.iter().map(|one| one.code).collect()
}

#[test]
fn entries_of_one_name_that_say_the_same_are_one_service() {
    let found = loaded(
        "  one: {is: shop/bin, replicas: {a: 2}, work: 1ms}\n  two: {is: shop/bin, replicas: {b: 3}, work: 1ms}\n",
    )
    .expect("it is valid");
    assert_eq!(codes(&found.diagnostics), Vec::<&str>::new());
    let services = &found.variants[0].scenario.services;
    assert_eq!(services.keys().collect::<Vec<_>>(), ["web", "shop/bin"]);
    assert_eq!(services["shop/bin"].versions.keys().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn two_services_of_one_name_are_told_with_the_damage_and_keep_what_they_do() {
    let found = loaded(
        "  one: {is: default/cache, replicas: {a: 1}, work: 1ms, response: 2KiB}\n  two: {is: cache, replicas: {b: 3}, work: 9ms}\n",
    )
    .expect("it is valid");
    let [said] = &found.diagnostics[..] else { panic!("{:?}", found.diagnostics) };
    assert_eq!(said.code, "EW477");
    assert!(said.help[0].contains("3 of 4 (75 %)") && said.help[1].contains("1 of 4 (25 %)"), "{:?}", said.help);
    let cache = &found.variants[0].scenario.services["cache"];
    assert_eq!(cache.operations.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(cache.versions["one"].operations.keys().collect::<Vec<_>>(), ["two"]);
}

#[test]
fn a_name_of_its_own_and_one_that_differs_in_workers() {
    let found = loaded(
        "  one: {is: x/cache, replicas: {a: 1}, work: 1ms}\n  two: {is: y/cache, replicas: {b: 3}, work: 9ms}\n",
    );
    assert_eq!(found.expect("it is valid").variants[0].scenario.services.len(), 3);
    let wrong =
        loaded("  one: {replicas: {a: 1}, work: 1ms}\n  two: {is: one, workers: 2, replicas: {b: 3}, work: 9ms}\n");
    assert!(codes(&wrong.expect_err("workers differ")).contains(&"EW478"));
}

#[test]
fn what_differs_by_cluster_is_a_version_of_its_own_and_keeps_its_calls() {
    let found = loaded(
        "  one: {replicas: {a: 2, b: 1}, work: 1ms, calls: [two], in: {b: {work: 4ms}}}\n  two: {replicas: {a: 1}, work: 1ms}\n",
    )
    .expect("it is valid");
    let one = &found.variants[0].scenario.services["one"];
    assert_eq!(one.versions.keys().collect::<Vec<_>>(), ["b", "elsewhere"]);
    let steps = one.versions["b"].operations[""].steps.as_ref().expect("steps of its own");
    assert_eq!(steps.len(), 2, "it works longer, and still calls");
    let wrong =
        loaded("  one: {replicas: {a: 1}, work: 1ms, in: {b: {work: 1ms}}}\n  two: {replicas: {a: 1}, work: 1ms}\n");
    assert_eq!(codes(&wrong.expect_err("it is not there")), ["EW478"]);
}
