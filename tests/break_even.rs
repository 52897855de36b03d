//! A break-even in volume is solved on the bill, and runs at that volume agree or say that they do not.

use eastwest::record::{BreakEvenStudy, VolumeOutcome};
use eastwest::scenario;
use eastwest::study::{self, Options, Unwatched};

const SHOP: &str = r"
eastwest: 1
topology:
  regions:
    hangzhou:  {is: alibaba/cn-hangzhou, zones: [h, i]}
    singapore: {is: alibaba/ap-southeast-1, zones: [a, b]}
  clusters: {shop: {region: hangzhou}, stock: {region: singapore}}
connectivity:
  backbone: {cen: {bandwidth: 100Mbps}}
  internet: {public-gateway: {gateways: {stock: {replicas: 2, cpu: 2}}, loss: mild}}
routes: {default: {via: backbone}}
services:
  web:       {replicas: {shop: 2}, cpu: 0, work: 1ms, calls: [inventory]}
  inventory: {replicas: {stock: 2}, cpu: 0, work: 1ms, request: 2KiB, response: 2KiB}
workload: {shoppers: {from: hangzhou, to: web, rate: 50rps}}
run: {horizon: 60s}
variants:
  cen: {routes: {default: {via: backbone}}}
  public: {routes: {default: {via: internet}}}
";

fn found(pair: (&str, &str), more: &str) -> BreakEvenStudy {
    let text = format!("{SHOP}{more}");
    let reload = |settings: &[(String, String)]| {
        scenario::load_text("shop.yaml", &text, settings).map_err(|refused| format!("{:?}", refused.diagnostics))
    };
    let options = Options { replications: Some(5), inputs: false, ..Options::default() };
    let loaded = reload(&[]).expect("it is valid");
    study::break_even(&loaded, pair, &options, &reload, &Unwatched).expect("it runs")
}

#[test]
fn runs_at_the_solved_volume_cost_the_same_or_lead_to_the_volume_that_does() {
    let found = found(("cen", "public"), "");
    assert_eq!(found.confirmed.len(), found.solved.volumes.len());
    let [volume] = &found.confirmed[..] else { panic!("one break-even: {:?}", found.solved) };
    assert!(matches!(volume.outcome, VolumeOutcome::Confirmed | VolumeOutcome::Moved), "{}", volume.sentence);
    let last = volume.trials.last().expect("a run");
    let (low, high) = (last.difference.low.expect("an interval"), last.difference.high.expect("an interval"));
    assert!(low <= 0.0 && 0.0 <= high, "{low} to {high}");
    // Handshakes and what is sent again are worth a little; not a twentieth of the volume.
    assert!((last.times / volume.times - 1.0).abs() < 0.05, "{} against {}", last.times, volume.times);
    // The runs were at the volume that was solved, not somewhere else.
    assert!((volume.trials[0].gigabytes_month / volume.gigabytes_month - 1.0).abs() < 0.05, "{:?}", volume.trials[0]);
}

#[test]
fn a_pair_that_never_meets_has_nothing_to_run() {
    // Cheaper by the gigabyte, and no fees beside it.
    let prices = "prices: {rows: {cdt.gold: 0.01 USD/GB, cen.processing: 0 USD/GB, cen.attachment: 0 USD/hour}}\n";
    let found = found(("cen", "public"), prices);
    assert!(found.confirmed.is_empty() && found.solved.volumes.is_empty(), "{:?}", found.solved);
    assert!(found.solved.sentences[0].contains("at every volume"), "{:?}", found.solved.sentences);
}
