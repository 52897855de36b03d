//! Whose requests are lost: each stream's own components, and parts that add up to the whole though short outages overlap.

use eastwest::record::LongRunVariant;
use eastwest::scenario;
use eastwest::study::availability::{Asked, Effort, availability};
use eastwest::study::{Options, progress::Unwatched};

/// Each service is one process that is down for 100 s of 700, by itself: a seventh of whatever needs it.
fn text(streams: &str) -> String {
    format!(
        "eastwest: 1
topology:
  regions: {{hangzhou: {{is: alibaba/cn-hangzhou, zones: [h]}}}}
  clusters: {{shop: {{region: hangzhou}}}}
services:
  orders: {{replicas: {{shop: 1}}, workers: 8, work: 2ms}}
  stock: {{replicas: {{shop: 1}}, workers: 8, work: 2ms}}
  web: {{replicas: {{shop: 1}}, workers: 8, work: 1ms, calls: [orders, stock]}}
mesh: {{traffic: {{\"*\": {{timeout: 500ms, retries: 0, balance: round-robin}}}}}}
workload: {streams}
run: {{horizon: 1m, replications: 3, seed: 11}}
reliability:
  book: none
  rows: {{replica/orders: {{mean-up: 600s, mean-down: 100s}}, replica/stock: {{mean-up: 600s, mean-down: 100s}}}}
"
    )
}

fn told(streams: &str) -> LongRunVariant {
    whole(&text(streams))
}

fn whole(text: &str) -> LongRunVariant {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("streams.yaml");
    std::fs::write(&path, text).expect("written");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, threads: Some(2), ..Options::default() };
    let effort = Effort { least: 5, rounds: 1, calls: 3_000_000 };
    let asked = Asked { loaded: &loaded, options: &options, effort, within: None };
    availability(&asked, &Unwatched).expect("it runs").variants.remove(0)
}

#[test]
fn one_stream_loses_what_is_lost() {
    let told = told("{all: {from: hangzhou, to: web, rate: 20rps}}");
    let all = told.minutes_year.value.unwrap();
    assert!((told.streams[0].minutes_year / all - 1.0).abs() < 1e-9, "{} of {all}", told.streams[0].minutes_year);
    // Both must be up: 1 - (6/7)^2.
    let (low, high) = (told.unavailability.low.unwrap(), told.unavailability.high.unwrap());
    assert!(low < 13.0 / 49.0 && 13.0 / 49.0 < high, "{low} to {high}");
}

#[test]
fn each_stream_loses_what_its_own_services_lose_and_together_they_lose_all() {
    let rates = [("orders", 20.0), ("stock", 5.0), ("web", 10.0)];
    let streams = rates.map(|(to, rate)| format!("of-{to}: {{from: hangzhou, to: {to}, rate: {rate}rps}}")).join(", ");
    let told = told(&format!("{{{streams}}}"));
    let share = |name: &str| {
        let of = |stream: &&eastwest::record::StreamLongRun| stream.stream == format!("of-{name}");
        1.0 - told.streams.iter().find(of).expect("it is told").availability
    };
    for (name, exact) in [("orders", 1.0 / 7.0), ("stock", 1.0 / 7.0), ("web", 13.0 / 49.0)] {
        assert!((share(name) / exact - 1.0).abs() < 0.04, "{name}: {}, not {exact}", share(name));
    }
    let sum: f64 = rates.iter().map(|(name, rate)| rate * share(name)).sum::<f64>() / 35.0;
    let all = told.unavailability.value.unwrap();
    assert!((sum / all - 1.0).abs() < 1e-9, "{sum}, not {all}");
}

/// Users of Shanghai come in at Hangzhou over the internet, which no call takes, and who checks for the entry is no user: all that
/// they ask for is lost while that is cut.
#[test]
fn a_way_that_only_users_take_in_fails_for_them() {
    let told = whole(
        "eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}, shanghai: {is: alibaba/cn-shanghai, zones: [b]}}
  clusters: {east: {region: hangzhou}, north: {region: shanghai}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
services: {shop: {replicas: {east: 2, north: 2}, workers: 4, work: 5ms}}
mesh: {traffic: {\"*\": {timeout: 5s, retries: 0}}}
entry: {shop: {dns: {ttl: 60s, check: {every: 5s, timeout: 2s}, answer: primary-standby}, to: [east, north]}}
workload:
  hz: {from: hangzhou, to: shop, rate: 20rps, via: entry/shop}
  sh: {from: shanghai, to: shop, rate: 20rps, via: entry/shop}
run: {horizon: 5m, fill: 60s, replications: 3, seed: 7}
reliability: {book: none, rows: {link/internet/hangzhou-shanghai: {mean-up: 90d, mean-down: 2h}}}
",
    );
    let [hz, sh] = &told.streams[..] else { panic!("two streams") };
    let u = 2.0 / (90.0 * 24.0 + 2.0);
    assert!(hz.minutes_year < 0.05, "{hz:?}");
    assert!(((1.0 - sh.availability) / u - 1.0).abs() < 0.05, "{sh:?}, not {u}");
    assert!(told.components.iter().any(|of| of.component == "link/internet/hangzhou-shanghai" && of.streams_hit == 1));
}
