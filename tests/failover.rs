//! Failover as drawn and as configured by default: the shipped pair has the stated shape, and the advice says why.

use std::path::Path;

use eastwest::provider::Books;
use eastwest::record::{FaultSummary, VariantResult};
use eastwest::scenario::{self, Diagnostic, Loaded, complaints};
use eastwest::study::{self, Options, explain, progress::Unwatched};

fn loaded() -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/failover.yaml");
    scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics))
}

#[track_caller]
fn fault<'a>(variant: &'a VariantResult, name: &str) -> &'a FaultSummary {
    variant.faults.iter().find(|fault| fault.name == name).expect("the fault is there")
}

#[test]
fn the_default_loses_the_share_of_the_zone_and_one_figure_more_recovers_in_seconds() {
    let options = Options { inputs: false, trace: false, replications: Some(6), ..Options::default() };
    let found = study::compare(&loaded(), &options, &Unwatched).expect("a shipped scenario runs").comparison;
    let variant = |name: &str| found.variants.iter().find(|variant| variant.name == name).expect("it is there");
    let lost = |name: &str, of: &str| fault(variant(name), of).lost.value.expect("counted");
    let recovered = |name: &str| fault(variant(name), "sour").recovery_s.value.expect("it recovers");

    // 40 requests/s of zone h for the 120 s of the fault, and until the store's next probe, every 10 s: 125 s in the mean.
    let zone = 40.0 * 125.0;
    let by_default = lost("by-default", "sour");
    assert!((by_default / zone - 1.0).abs() < 0.06, "{by_default} of {zone}");
    let answered = fault(variant("by-default"), "sour").availability.value.expect("counted");
    assert!((answered - 2.0 / 3.0).abs() < 0.01, "a third of the users is in that zone: {answered}");
    assert!(recovered("by-default") > 120.0);
    // A flat list spreads the same share over everybody.
    let rule_alone = lost("rule-alone", "sour");
    assert!((rule_alone / zone - 1.0).abs() < 0.06, "{rule_alone} of {zone}");

    for works in ["as-drawn", "as-advised"] {
        // Two callers, two hosts, five failures in a row, and twice again when they return; some more were on their way.
        let lost = lost(works, "sour");
        assert!((60.0..=66.0).contains(&lost), "{works}: {lost}");
        assert!(recovered(works) <= 8.0, "{works}: {}", recovered(works));
    }
    // What readiness and retries see to needs no ejection.
    for name in ["as-drawn", "by-default", "rule-alone", "as-advised"] {
        assert!(lost(name, "crashed") < 5.0, "{name}: {}", lost(name, "crashed"));
    }
}

#[test]
fn the_advice_says_what_does_not_work_and_what_would() {
    let mut loaded = loaded();
    let mut said: Vec<Diagnostic> = loaded.diagnostics.split_off(0);
    said.extend(complaints(&loaded.variants, Books::builtin()));
    let told: Vec<(&str, String)> = said.iter().map(|one| (one.code, one.help.join("\n"))).collect();
    let [(first, by_default), (second, rule_alone)] = &told[..] else { panic!("{told:?}") };
    assert_eq!((*first, *second), ("EW356", "EW385"));
    assert!(by_default.contains("max-ejection: 67%") && by_default.contains("variant `by-default`"), "{by_default}");
    assert!(
        rule_alone.contains("maxEjectionPercent: 67") && rule_alone.contains("variant `rule-alone`"),
        "{rule_alone}"
    );
}

/// What `explain` says of clients in hz-h without the stock of their zone: shares to zone h, zone i and Beijing, and what fails.
fn without_own_zone(variant: &str) -> ([f64; 3], f64) {
    let loaded = loaded();
    let worlds = explain::worlds(&loaded, &[variant.to_owned()]).expect("a shipped scenario compiles");
    let told = explain::of(&loaded, &worlds);
    assert_eq!((&*told.variants[0].istio, &*told.variants[0].envoy), ("1.24", "1.32"));
    let edge = told.variants[0].edges.iter().find(|edge| edge.name == "web -> stock").expect("the edge");
    let client = edge.clients.iter().find(|client| client.place == "hz-h/h").expect("the client");
    let death = client.deaths.iter().find(|death| death.dead == "hangzhou/h").expect("the zone");
    assert!(death.with_client && death.dead_hosts == 2);
    let to = |at: &str| {
        client.groups.iter().zip(&death.left.shares).filter(|(group, _)| group.at == at).map(|(_, share)| share).sum()
    };
    (["hz-h/h", "hz-i/i", "bj-a/a"].map(to), death.left.to_dead + death.left.to_nobody)
}

#[test]
fn explain_says_the_same_before_anything_runs() {
    assert_eq!(without_own_zone("as-drawn"), ([0.0, 1.0, 0.0], 0.0));
    assert_eq!(without_own_zone("as-advised"), ([0.0, 1.0, 0.0], 0.0));
    assert_eq!(without_own_zone("by-default"), ([1.0, 0.0, 0.0], 1.0));
    let (shares, fails) = without_own_zone("rule-alone");
    assert!(shares.iter().chain([&fails]).all(|share| (share - 1.0 / 3.0).abs() < 1e-12));
}
