//! A month of a run with faults in it is that of its twin without them, and what they cost once stands beside it.

use eastwest::scenario::load::load_text;
use eastwest::study::{Options, Unwatched, compare};

/// Hangzhou and Beijing, joined by a backbone.
const GROUND: &str = r#"
eastwest: 1
name: shop
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}, beijing: {is: alibaba/cn-beijing, zones: [a, b]}}
  vpcs: {hz: {region: hangzhou, cidr: 10.10.0.0/16}, bj: {region: beijing, cidr: 10.20.0.0/16}}
  clusters: {shop: {vpc: hz}, warehouse: {vpc: bj}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
"#;

const SHOP: &str = r#"
services:
  web:   {replicas: {shop: 2}, work: {exponential: 2ms}, calls: [stock]}
  stock: {replicas: {warehouse: 2}, work: {exponential: 2ms}}
workload: {shoppers: {from: hangzhou, to: web, rate: 50rps}}
run: {horizon: 10s, seed: 42, replications: 2, fill: 5s}
"#;

fn bill_on(ground: &str, rest: &str) -> eastwest::record::Bill {
    let text = format!("{ground}{rest}");
    let loaded = load_text("shop.yaml", &text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    compare(&loaded, &options, &Unwatched).expect("it runs").comparison.variants.remove(0).bill
}

fn bill(rest: &str) -> eastwest::record::Bill {
    bill_on(GROUND, rest)
}

#[test]
fn a_month_is_not_made_of_faults_wherever_they_lie() {
    let sound = bill(SHOP);
    assert!(sound.month.value.expect("a sum") > 0.0 && sound.once.is_empty());
    for span in ["at: 0s, for: 10s", "at: 3s, for: 1s", "at: 2s, for: 1s, every: 3s"] {
        let faulty = bill(&format!("{SHOP}faults: {{out: {{{span}, hit: zone/beijing/a, down: true}}}}\n"));
        assert_eq!(sound.lines, faulty.lines, "{span}: the twin shares the luck of a run without faults");
        assert_eq!((&sound.month, sound.gigabytes_month), (&faulty.month, faulty.gigabytes_month), "{span}");
        assert!(faulty.basis.iter().any(|line| line.contains("run again without faults")), "{:?}", faulty.basis);
        assert_eq!(faulty.once.len(), 1, "{span}");
    }
}

/// Stock is called where it is near, and from afar where the near one is ejected: for 20 s after a fault of 5 s.
const FAILOVER: &str = r#"
services:
  web:   {replicas: {shop: 2}, work: 1ms, calls: [stock]}
  stock: {replicas: {shop: 2, warehouse: 2}, work: 1ms}
mesh:
  traffic:
    "web -> stock":
      locality: {failover: {hangzhou: beijing}}
      outlier: {consecutive-5xx: 2, interval: 1s, eject: 20s, max-ejection: 100%}
workload: {shoppers: {from: hangzhou, to: web, rate: 100rps, arrivals: constant}}
run: {horizon: 60s, seed: 42, replications: 2, fill: 5s}
"#;

#[test]
fn the_aftermath_of_a_failover_is_the_faults_and_not_the_months() {
    let sound = bill(FAILOVER);
    let sour = "faults: {sour: {at: 20s, for: 5s, hit: service/stock@shop, errors: 100%}}\n";
    let faulty = bill(&format!("{FAILOVER}{sour}"));
    assert_eq!(sound.gigabytes_month, 0.0, "nothing leaves the region while nothing fails");
    assert_eq!(sound.lines, faulty.lines);
    let extra = faulty.once[0].quantity.value.expect("GB");
    // 100 calls a second for the 20 s of the ejection (5 s of the fault, 15 s after it), a few kilobytes each way.
    assert!((5e-3..20e-3).contains(&extra), "{extra} GB");
    assert!(faulty.once[0].amount.value.expect("a price") > 0.0);
}

#[test]
fn a_fault_at_the_peak_that_cuts_nothing_costs_nothing_more() {
    // The gateway of a product that no call takes falls for the busier half.
    let ground = GROUND.replace("connectivity: {", "connectivity: {spare: {cen: {bandwidth: 20Mbps}}, ");
    let busy =
        SHOP.replace("rate: 50rps", "rate: {steps: {0s: 50rps, 60s: 150rps}}").replace("horizon: 10s", "horizon: 120s");
    let out = "faults: {out: {at: 70s, for: 30s, hit: product/spare, down: true}}\n";
    let idle = bill_on(&ground, &format!("{busy}{out}"));
    let once = &idle.once[0];
    assert_eq!((once.quantity.value, once.amount.value), (Some(0.0), Some(0.0)), "the same as its twin");
}
