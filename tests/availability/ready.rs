//! What is mended does not serve yet: processes start, and callers are told.

use eastwest::record::LongRunVariant;
use eastwest::scenario;
use eastwest::study::availability::{Asked, Effort, availability};
use eastwest::study::{Options, progress::Unwatched};

/// Two replicas of which one is enough.
fn told(service: &str, plane: &str, row: &str) -> LongRunVariant {
    let text = format!(
        "eastwest: 1
topology:
  regions: {{hangzhou: {{is: alibaba/cn-hangzhou, zones: [h, i]}}}}
  clusters: {{shop: {{region: hangzhou}}}}
services: {{web: {{replicas: {{shop: {{h: 1, i: 1}}}}, workers: 8, work: 2ms{service}}}}}
mesh: {{traffic: {{\"*\": {{timeout: 500ms, retries: 4, balance: round-robin}}}}{plane}}}
workload: {{all: {{from: hangzhou, to: web, rate: 20rps}}}}
run: {{horizon: 1m, replications: 3, seed: 11}}
reliability: {{book: none, rows: {{replica/web: {row}}}}}
"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ready.yaml");
    std::fs::write(&path, text).expect("written");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, threads: Some(2), ..Options::default() };
    let effort = Effort { least: 4, rounds: 1, calls: 3_000_000 };
    let asked = Asked { loaded: &loaded, options: &options, effort, within: None };
    availability(&asked, &Unwatched).expect("it runs").variants.remove(0)
}

/// Minutes a year for which both are missing: each for so many seconds of its cycle.
fn both(missing: f64, cycle: f64) -> f64 {
    (missing / cycle) * (missing / cycle) * 525_600.0
}

#[test]
fn two_are_missing_together_until_one_of_them_serves_again() {
    let row = "{mean-up: 10h, mean-down: 5m}";
    for (start_up, seconds) in [("", 0.0), (", start-up: 5m", 300.0)] {
        let told = told(start_up, "", row);
        let exact = both(300.0 + seconds, 36_300.0);
        let year = told.minutes_year.value.expect("a figure");
        assert!((year / exact - 1.0).abs() < 0.05, "{start_up}: {year}, not {exact}");
        // A start-up is no part of how long the machine is down.
        assert!((told.components[0].down_min - 5.0).abs() < 1e-9 && told.components[0].events_year > 800.0);
    }
}

#[test]
fn and_until_proxies_are_told_of_it() {
    let told = told("", ", control-plane: {kind: managed, region: hangzhou}", "{mean-up: 1h, mean-down: 30s}");
    // Half of the probe's 10 s, and a push.
    let exact = both(30.0 + 5.1, 3_630.0);
    let year = told.minutes_year.value.expect("a figure");
    assert!((year / exact - 1.0).abs() < 0.1, "{year}, not {exact}");
}
