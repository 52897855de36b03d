//! Few requests, and promotions later than any outage lasts: intervals hold the truth, and nothing falls over.

use eastwest::record::LongRun;
use eastwest::scenario;
use eastwest::study::availability::{Asked, Effort, availability};
use eastwest::study::{Options, progress::Unwatched};

/// A primary that is down for an hour a month and followed in 35 s: half of the requests are writes, so that an event costs about
/// 18 s of all requests and twelve a year 4 minutes, whatever the rate.
const TEXT: &str = "eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}, shanghai: {is: alibaba/cn-shanghai, zones: [b]}}
  clusters: {main: {region: hangzhou}, standby: {region: shanghai}}
connectivity: {backbone: {cen: {bandwidth: 200Mbps}}}
routes: {default: {via: backbone}}
services:
  orders: {replicas: {main: 2, standby: 2}, operations: {place: {work: 2ms}, list: {work: 2ms}}}
mesh: {retain: [orders], traffic: {\"*\": {timeout: 2s, retries: 0}}}
stores:
  orders-db:
    primary: main
    replicas: [standby]
    used-by: {orders: {writes: [place]}}
    lag: 2s
    promote: {after: 20s, takes: 15s}
workload:
  hz: {from: hangzhou, to: orders, mix: {place: 50%, list: 50%}, rate: 20rps}
  sh: {from: shanghai, to: orders, mix: {place: 50%, list: 50%}, rate: 20rps}
reliability: {book: none, rows: {store/orders-db: {mean-up: 30d, mean-down: 1h}}}
run: {horizon: 60s, seed: 1, replications: 3}
";

fn told(set: &[(&str, &str)]) -> LongRun {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("few.yaml");
    std::fs::write(&path, TEXT).expect("written");
    let set: Vec<(String, String)> = set.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    let loaded = scenario::load(&path, &set).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, threads: Some(2), ..Options::default() };
    let effort = Effort { least: 3, rounds: 0, calls: 3_000_000 };
    availability(&Asked { loaded: &loaded, options: &options, effort, within: None }, &Unwatched).expect("it runs")
}

#[test]
fn the_truth_is_in_the_interval_however_few_requests_come() {
    for rate in ["0.003rps", "0.0001rps"] {
        let run = told(&[("workload.hz.rate", rate), ("workload.sh.rate", rate)]);
        let year = &run.variants[0].minutes_year;
        let (low, high) = (year.low.expect("an end"), year.high.expect("an end"));
        // What the same file says at 20 requests a second.
        assert!(low <= 4.04 && 4.04 <= high, "{rate}: {low} to {high}");
        assert!(
            run.warnings.iter().any(|said| said.contains("fewer than 2,000 requests were seen")),
            "{:?}",
            run.warnings
        );
    }
}

#[test]
fn a_promotion_later_than_any_outage_is_not_waited_for() {
    let set = [("workload.hz.rate", "0.1rps"), ("workload.sh.rate", "0.1rps")];
    let run = told(&[&set[..], &[("stores.orders-db.promote.after", "300d")]].concat());
    let year = run.variants[0].minutes_year.value.expect("a value");
    // Half of all requests, an hour of each 30 days and an hour.
    let want = 0.5 * 525_600.0 / 721.0;
    assert!((year / want - 1.0).abs() < 0.15, "{year}, {want}");
}

#[test]
fn work_that_outlasts_every_run_is_no_bug() {
    let rates = [("workload.hz.rate", "0.01rps"), ("workload.sh.rate", "0.01rps")];
    let run = told(&[&rates[..], &[("services.orders.operations.place.work", "400d")]].concat());
    // Nobody is answered a write.
    assert!(run.variants[0].lost_whole > 0.4, "{}", run.variants[0].lost_whole);
}

/// 22 writes per second on average over the day, lost for two seconds' worth by twelve promotions a year: at night, when the run
/// begins, a tenth of them come, and by day twice as many.
#[test]
fn writes_of_a_year_are_those_of_its_days_whatever_hour_the_run_begins() {
    let wave = "{diurnal: {low: 4rps, high: 40rps, peak: \"14:00\"}}";
    for from in ["2026-11-23T02:00+08:00", "2026-11-23T14:00+08:00"] {
        let run = told(&[("workload.hz.rate", wave), ("workload.sh.rate", wave), ("run.from", from)]);
        let year = run.variants[0].writes_year.as_ref().expect("there are promotions");
        let exact = 22.0 * 2.0 * 8760.0 / 721.0;
        let (low, high) = (year.low.expect("an end"), year.high.expect("an end"));
        assert!(
            low < 1.05 * exact && 0.95 * exact < high && high - low < 2.0 * exact,
            "{from}: {low} to {high}, not {exact}"
        );
        assert!(run.warnings.iter().any(|said| said.contains("requests per second as in the run's first minutes")));
    }
}
