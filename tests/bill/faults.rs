//! A month of a run that is nothing but faults is that of its twin without them.

use eastwest::scenario::load::load_text;
use eastwest::study::{Options, Unwatched, compare};

const SHOP: &str = r#"
eastwest: 1
name: shop
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}, beijing: {is: alibaba/cn-beijing, zones: [a, b]}}
  vpcs: {hz: {region: hangzhou, cidr: 10.10.0.0/16}, bj: {region: beijing, cidr: 10.20.0.0/16}}
  clusters: {shop: {vpc: hz}, warehouse: {vpc: bj}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
services:
  web:   {replicas: {shop: 2}, work: {exponential: 2ms}, calls: [stock]}
  stock: {replicas: {warehouse: 2}, work: {exponential: 2ms}}
workload: {shoppers: {from: hangzhou, to: web, rate: 50rps}}
run: {horizon: 10s, seed: 42, replications: 2, fill: 5s}
"#;

fn bill(text: &str) -> eastwest::record::Bill {
    let loaded = load_text("shop.yaml", text, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    compare(&loaded, &options, &Unwatched).expect("it runs").comparison.variants.remove(0).bill
}

#[test]
fn a_month_is_not_made_of_faults() {
    let sound = bill(SHOP);
    let faulty = bill(&format!("{SHOP}faults: {{out: {{at: 0s, for: 10s, hit: zone/beijing/a, down: true}}}}\n"));
    assert!(sound.month.value.expect("a sum") > 0.0);
    assert_eq!(sound.lines, faulty.lines, "the twin shares the luck of a run without faults");
    assert_eq!(sound.month, faulty.month);
    assert!(faulty.basis.iter().any(|line| line.contains("a twin run without them")), "{:?}", faulty.basis);
    assert!(faulty.once.is_empty());
}

#[test]
fn a_fault_at_the_peak_that_cuts_nothing_costs_nothing_more() {
    // The gateway of a product that no call takes falls for the busier half.
    let busy = SHOP
        .replace("rate: 50rps", "rate: {steps: {0s: 50rps, 60s: 150rps}}")
        .replace("horizon: 10s", "horizon: 120s")
        .replace("connectivity: {", "connectivity: {spare: {cen: {bandwidth: 20Mbps}}, ");
    let idle = bill(&format!("{busy}faults: {{out: {{at: 70s, for: 30s, hit: product/spare, down: true}}}}\n"));
    let once = &idle.once[0];
    let (extra, month) = (once.quantity.value.expect("GB"), idle.gigabytes_month);
    // A month's GB fall on 87,600 such spans of 30 s: three times the mean of which would have been taken for dearer.
    let usual = month / 87_600.0;
    assert!(extra.abs() < 0.1 * usual, "{extra} GB beyond the usual, of {usual} GB usual");
}
