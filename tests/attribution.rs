//! Whose failure it is: who noticed it where users come in by an entry, which fault and place a failed request names on a
//! gateway and on its user's own way, and whether an operator's planned switch is held against an outage that is over.

use eastwest::record::{Comparison, ErrorSummary, FaultSummary, VariantResult};
use eastwest::scenario;
use eastwest::study::{self, Options, Unwatched};

fn answer(text: &str) -> Comparison {
    let loaded = scenario::load_text("shop.yaml", text, &[]);
    let loaded = loaded.unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    study::compare(&loaded, &options, &Unwatched).expect("it runs").comparison
}

#[track_caller]
fn fault<'a>(variant: &'a VariantResult, name: &str) -> &'a FaultSummary {
    variant.faults.iter().find(|fault| fault.name == name).expect("the fault is there")
}

/// The share of failed requests, sent in a fault or in its recovery, that name it and a place.
fn named(fault: &FaultSummary) -> f64 {
    let within: Vec<&ErrorSummary> = fault.errors.iter().filter(|error| error.within == fault.name).collect();
    let all: u64 = within.iter().map(|error| error.count).sum();
    let named = within.iter().filter(|error| error.fault == fault.name && !error.place.is_empty());
    named.map(|error| error.count).sum::<u64>() as f64 / all as f64
}

/// Two clusters of two zones.
const TWO: &str = "
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}, shanghai: {is: alibaba/cn-shanghai, zones: [b, g]}}
  clusters: {east: {region: hangzhou}, north: {region: shanghai}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
";

/// Users of Hangzhou, who lose one of their zones.
fn without_a_zone(web: &str) -> FaultSummary {
    let found = answer(&format!(
        "{TWO}
services: {{shop: {{replicas: {{east: 4, north: 4}}, workers: 4, work: {{exponential: 5ms}}}}}}
mesh:
  control-plane: {{kind: multi-primary}}
  traffic: {{\"*\": {{timeout: 5s, retries: 0, outlier: {{max-ejection: 100%}}}}}}
entry: {{shop: {{dns: {{ttl: 60s, check: {{every: 5s, timeout: 2s}}}}, to: [east, north]}}}}
workload: {{web: {{from: hangzhou, to: shop, {web}}}}}
faults: {{zone-out: {{at: 1m, for: 1m, hit: zone/hangzhou/h, down: true}}}}
run: {{horizon: 3m, fill: 10s, replications: 5, seed: 7}}
"
    ));
    fault(&found.variants[0], "zone-out").clone()
}

#[test]
fn a_zone_that_a_clusters_own_balancer_leaves_is_noticed_then_however_users_came_to_the_cluster() {
    let kept =
        "via: entry/shop, patience: 5s, sessions: {open: 400, last: {exponential: 20s}, think: {exponential: 5s}}";
    for web in ["rate: 100rps", "rate: 100rps, via: entry/shop", kept] {
        let out = without_a_zone(web);
        let after = out.detect_s.value.unwrap_or_else(|| panic!("{web}: {:?}", out.detect_s));
        // Two checks of the balancer; the first user who comes after that is the first to be led past the zone.
        assert!((20.0..20.5).contains(&after), "{web}: {after}");
        assert_eq!(out.detected_by, [("entry check".to_owned(), 5)], "{web}");
    }
}

/// Users in Singapore, whose shop calls orders in Hangzhou by a gateway of so many replicas, of which a fault takes some.
fn by_gateway(replicas: u32, hit: &str) -> FaultSummary {
    let found = answer(&format!(
        "
eastwest: 1
topology:
  regions: {{hangzhou: {{is: alibaba/cn-hangzhou, zones: [h, i]}}, singapore: {{is: alibaba/ap-southeast-1, zones: [a, b]}}}}
  clusters: {{east: {{region: hangzhou}}, south: {{region: singapore}}}}
connectivity: {{internet: {{public-gateway: {{loss: none, gateways: {{east: {{replicas: {replicas}}}}}}}}}}}
routes: {{default: {{via: internet}}}}
services:
  shop: {{replicas: {{south: 4}}, workers: 4, work: {{exponential: 5ms}}, calls: [orders]}}
  orders: {{replicas: {{east: 4}}, workers: 4, work: {{exponential: 5ms}}}}
mesh: {{traffic: {{\"*\": {{timeout: 2s, retries: 0}}}}}}
workload: {{sg: {{from: singapore, to: shop, rate: 40rps}}}}
faults: {{bad-gw: {{at: 1m, for: 1m, hit: {hit}, down: true}}}}
run: {{horizon: 3m, fill: 10s, replications: 5, seed: 7}}
"
    ));
    fault(&found.variants[0], "bad-gw").clone()
}

#[test]
fn a_whole_gateway_is_what_calls_go_to_and_one_of_its_replicas_is_not_told() {
    for replicas in [1, 2, 3] {
        let whole = by_gateway(replicas, "gateway/internet/east");
        assert_eq!(whole.availability.value, Some(0.0), "{replicas}");
        // Connections are dead for up to half as long again: what fails then is sent in its recovery.
        assert!((0.6..=1.0).contains(&named(&whole)), "{replicas}: {:?}", whole.errors);
        assert!(whole.hit_share.value.is_some_and(|share| share > 0.99), "{replicas}: {:?}", whole.hit_share);
        let why = whole.shift_s.why.as_deref().unwrap_or_default();
        assert!(why.starts_with("calls had not left while it lasted"), "{replicas}: {why}");
    }
    let one = by_gateway(2, "gateway/internet/east/0");
    let why = one.shift_s.why.as_deref().unwrap_or_default();
    assert!(why.starts_with("not measured: it hits one of several replicas of a gateway"), "{why}");
}

/// Users of two cities who are led to Hangzhou; those of Shanghai by a way that is cut.
fn without_a_carrier(shanghai: &str) -> VariantResult {
    let found = answer(&format!(
        "{TWO}
services: {{shop: {{replicas: {{east: 4, north: 4}}, workers: 4, work: {{exponential: 5ms}}}}}}
mesh: {{traffic: {{\"*\": {{timeout: 5s, retries: 0}}}}}}
entry: {{shop: {{dns: {{ttl: 60s, check: {{every: 5s, timeout: 2s}}, answer: primary-standby}}, to: [east, north]}}}}
workload:
  hz: {{from: hangzhou, to: shop, rate: 20rps, via: entry/shop}}
  sh: {{from: shanghai, to: shop, via: entry/shop, {shanghai}}}
faults:
  carrier: {{at: 1m, for: 1m, hit: link/internet/hangzhou-shanghai, down: true}}
  names: {{at: 3m, for: 1m, hit: dns, down: true}}
run: {{horizon: 5m, fill: 10s, replications: 5, seed: 7}}
"
    ));
    found.variants.into_iter().next().expect("there is one")
}

#[test]
fn what_fails_on_a_users_own_way_to_an_entry_names_its_fault_and_where_it_was_led() {
    let kept = "patience: 5s, sessions: {open: 200, last: {exponential: 5m}, think: {exponential: 5s}}";
    for shanghai in ["rate: 20rps", kept] {
        let found = without_a_carrier(shanghai);
        let cut = fault(&found, "carrier");
        assert_eq!(named(cut), 1.0, "{shanghai}: {:?}", cut.errors);
        assert!(cut.errors.iter().all(|error| error.place.starts_with("east/")), "{:?}", cut.errors);
        // Users in Shanghai are half of all or more, and nobody leads them elsewhere.
        let share = cut.hit_share.value.expect("calls went over it");
        assert!((0.45..0.75).contains(&share), "{shanghai}: {share}");
        // Who knocks in the last seconds is heard once the way is there again; who waits for his answer does not ask.
        let left = cut.shift_s.value.or(cut.shift_s.low).expect("it is told");
        assert!((45.0..=60.0).contains(&left), "{shanghai}: {left}");
    }
    // Who has no answer whom to ask was led nowhere.
    let found = without_a_carrier("rate: 20rps");
    let names = fault(&found, "names");
    let lost: Vec<_> = names.errors.iter().map(|error| (&*error.fault, &*error.place)).collect();
    assert_eq!(lost, [("names", ""); 2], "{:?}", names.errors);
}

/// The way between the copies of a store is cut; no call goes over it.
const STORE: &str = "
services: {shop: {replicas: {east: 4, north: 4}, workers: 4, work: {exponential: 5ms}}}
stores:
  db: {primary: east, replicas: [north], used-by: [shop], lag: 200ms, promote: {after: 20s, takes: 10s}}
mesh: {retain: [\"*\"], traffic: {\"*\": {timeout: 5s, retries: 0}}}
workload: {web: {from: hangzhou, to: shop, rate: 50rps}}
faults: {cable: {at: 1m, for: 1m, hit: link/hangzhou-shanghai, down: true}}
run: {horizon: 4m, fill: 10s, replications: 5, seed: 7}
";

#[test]
fn a_fault_that_no_call_meets_is_noticed_by_the_store_that_is_kept_over_it() {
    let found = answer(&format!("{TWO}{STORE}"));
    let cut = fault(&found.variants[0], "cable");
    assert_eq!(cut.detected_by, [("promotion of a store's replica".to_owned(), 5)]);
    assert!(cut.detect_s.value.is_some_and(|after| (20.0..21.0).contains(&after)), "{:?}", cut.detect_s);
    let why = cut.shift_s.why.as_deref().unwrap_or_default();
    assert!(why.contains("a store is kept in step over it"), "{why}");
}
