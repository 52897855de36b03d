//! A database's primary whose zone dies: what the long run says of one such event, what a comparison says of it, and what is
//! reckoned by hand, are one figure.

use eastwest::scenario;
use eastwest::study::availability::{Asked, Effort, availability};
use eastwest::study::{self, Options, progress::Unwatched};

/// Ten writes a second in Shanghai, which go to a primary in Hangzhou. A zone there dies:
///
/// - `alone`: the only one of the primary's cluster. Its copy is missed for 20 s and followed in 15: 35 s.
/// - `spread`: one of three. The copy lives, the two hear each other and everybody reaches it: nothing.
/// - `beside`: one in which nothing of the cluster stands but the attachment that it uses, and another takes over from in
///   30 s: so long nobody reaches the primary, which nobody deposes before 40 s.
/// - `only`: the same without another attachment. It is missed as one that is dead.
/// - `nobody`: as `alone`, and nobody is promoted: all of it.
const TEXT: &str = "eastwest: 1
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i, j]}
    shanghai: {is: alibaba/cn-shanghai, zones: [b, g]}
  vpcs: {vh: {region: hangzhou, cidr: 10.1.0.0/16}, vs: {region: shanghai, cidr: 10.2.0.0/16}}
  clusters: {main: {vpc: vh}, standby: {vpc: vs}}
connectivity: {backbone: {cen: {attach: {vh: [h, i], vs: [b, g]}, bandwidth: 200Mbps}}}
routes: {default: {via: backbone}}
services:
  orders: {replicas: {main: 3, standby: 4}, workers: 8, operations: {place: {work: 2ms}}}
mesh:
  retain: [orders]
  traffic: {\"*\": {timeout: 1s, retries: 0, outlier: null}}
stores:
  orders-db:
    primary: main
    replicas: [standby]
    used-by: {orders: {writes: [place]}}
    lag: 1s
    promote: {after: 20s, takes: 15s}
workload: {users: {from: shanghai, to: orders, rate: 10rps, arrivals: constant}}
faults: {out: {at: 30s, for: 10m, hit: zone/hangzhou/h, down: true}}
run: {fill: 5s, horizon: 12m, replications: 3, seed: 5}
reliability: {book: none, rows: {zone/hangzhou/h: {mean-up: 30d, mean-down: 4h}}}
variants:
  alone:  {topology: {clusters: {main: {zones: [h]}}}}
  spread: {}
  beside: {topology: {clusters: {main: {zones: [j]}}}, stores: {orders-db: {promote: {after: 40s}}}}
  only:
    topology: {clusters: {main: {zones: [j]}}}
    connectivity: {backbone: {cen: {attach: {vh: [h]}}}}
  nobody: {topology: {clusters: {main: {zones: [h]}}}, stores: {orders-db: {promote: {after: null}}}}
";

/// Seconds of all requests: of an event of each component in the long run, and of the fault of ten minutes.
fn seconds(set: &[(&str, &str)], variant: &str) -> (Vec<(String, f64)>, f64) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("primary.yaml");
    std::fs::write(&path, TEXT).expect("written");
    let set: Vec<(String, String)> = set.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    let loaded = scenario::load(&path, &set).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let variants = vec![variant.to_owned()];
    let options = Options { inputs: false, trace: false, threads: Some(2), variants, ..Options::default() };
    let effort = Effort { least: 3, rounds: 0, calls: 3_000_000 };
    let asked = Asked { loaded: &loaded, options: &options, effort, within: None };
    let long = availability(&asked, &Unwatched).expect("it runs");
    let found = study::compare(&loaded, &options, &Unwatched).expect("it runs").comparison;
    let events = long.variants[0].components.iter();
    let mut events: Vec<(String, f64)> = events.map(|of| (of.component.clone(), 60.0 * of.minutes_event)).collect();
    events.sort_by(|a, b| a.0.cmp(&b.0));
    (events, found.variants[0].faults[0].lost.value.expect("counted") / 10.0)
}

#[test]
fn an_event_of_the_long_run_costs_what_it_costs_in_a_comparison() {
    for (name, event, fault) in [
        ("alone", 35.0, 35.0),
        ("spread", 0.0, 0.0),
        ("beside", 30.0, 30.0),
        ("only", 35.0, 35.0),
        ("nobody", 14_400.0, 600.0),
    ] {
        let (events, compared) = seconds(&[], name);
        let [(_, in_the_long_run)] = events[..] else { panic!("{events:?}") };
        assert!((in_the_long_run - event).abs() <= 0.5 + 1e-3 * event, "{name}: {in_the_long_run} s, not {event}");
        assert!((compared - fault).abs() <= 0.25, "{name}: {compared} s, not {fault}");
    }
}

#[test]
fn a_copy_fails_by_itself_where_a_row_says_so_and_what_that_costs_is_told_alike() {
    let rows = "{store/orders-db: {mean-up: 30d, mean-down: 4h}}";
    let set = [("reliability.rows", rows), ("faults.out.hit", "store/orders-db@main")];
    let (events, compared) = seconds(&set, "spread");
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["store/orders-db/main", "store/orders-db/standby", "zone/hangzhou/h"]);
    // The replica's death costs nobody a write.
    assert!((events[0].1 - 35.0).abs() <= 0.5 && events[1].1.abs() <= 0.1, "{events:?}");
    assert!((compared - 35.0).abs() <= 0.25, "{compared}");
}

/// Twelve writes a second at the primary beside the ten at its replica, each cluster keeping its own, and a transit router that
/// is away for 88 min: the two do not hear each other, everybody reaches his own.
fn cut() -> String {
    let text = TEXT.replace(
        "rate: 10rps, arrivals: constant}",
        "rate: 10rps, arrivals: constant},\n  near: {from: hangzhou, to: orders, rate: 12rps, arrivals: constant}",
    );
    let text = text.replace(
        "zone/hangzhou/h: {mean-up: 30d, mean-down: 4h}",
        "transit-router/backbone/hangzhou: {mean-up: 60d, mean-down: 88m}",
    );
    let (head, _) = text.split_once("variants:").expect("it has variants");
    format!(
        "{head}variants:\n  fenced: {{}}\n  split: {{stores: {{orders-db: {{promote: {{fence: false}}}}}}}}\n  sync: {{stores: {{orders-db: {{lag: 0s}}}}}}\n"
    )
}

#[test]
fn acknowledged_writes_that_promotions_lose_are_told_beside_the_minutes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.yaml");
    std::fs::write(&path, cut()).expect("written");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, threads: Some(2), ..Options::default() };
    let effort = Effort { least: 3, rounds: 0, calls: 3_000_000 };
    let long =
        availability(&Asked { loaded: &loaded, options: &options, effort, within: None }, &Unwatched).expect("it runs");
    let event = |variant: usize| long.variants[variant].components[0].writes_event;
    let year = |variant: usize| long.variants[variant].writes_year.as_ref().and_then(|of| of.value).expect("counted");
    // Until it gives up what nobody answers, and as long as the cut lasts; a second before it is not there either.
    assert!((event(0) - 12.0 * 21.0).abs() <= 12.0, "{}", event(0));
    assert!((event(1) / (12.0 * 5281.0) - 1.0).abs() <= 0.01, "{}", event(1));
    assert_eq!(event(2), 0.0);
    let cuts = 8760.0 / (60.0 * 24.0 + 88.0 / 60.0);
    for variant in 0..2 {
        assert!((year(variant) / (cuts * event(variant)) - 1.0).abs() < 1e-9, "{}", year(variant));
    }
    // Whoever is first by minutes is so with what it loses, in the same sentence.
    let first = long.verdict.split(". ").next().unwrap_or_default();
    assert!(first.contains(", but split also loses 385,"), "{}", long.verdict);
    assert!(long.pairs.iter().all(|pair| pair.best == "split" && pair.sentence.contains(", but split loses 385,")));
}
