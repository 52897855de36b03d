//! Flows that come and go: what a nightly backup does to calls over the same link, and to the bill, by hand.

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::{Comparison, Run, VariantResult};
use eastwest::scenario::{self, Inputs};
use eastwest::study::{self, Options, Unwatched};

/// Ten documents a second of 80 KiB over 50 Mbit/s, of which a backup takes 45; a queue that nobody leaves. Two in the
/// morning is 10 s after the beginning.
const DESK: &str = r#"
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}, beijing: {is: alibaba/cn-beijing, zones: [a]}}
  clusters: {archive: {region: hangzhou}, desk: {region: beijing}}
connectivity: {backbone: {cen: {bandwidth: 50Mbps, past-cap: {shape: {buffer: 10s}}}}}
routes: {default: {via: backbone}}
services:
  web:  {replicas: {desk: 1}, work: 1ms, calls: [docs]}
  docs: {replicas: {archive: 1}, work: 1ms, response: 80KiB}
mesh: {traffic: {"*": {timeout: none, retries: 0}}}
workload: {readers: {from: beijing, to: web, rate: 10rps, arrivals: constant}}
flows: {backup: {from: archive, to: desk, rate: 45Mbps, at: "02:00", for: 2m, every: 24h}}
run: {from: "2026-06-01T01:59:50+08:00", horizon: 4m, replications: 5, seed: 42}
"#;

fn run(text: &str) -> Run {
    let loaded = scenario::load_text("desk.yaml", text, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let one = &loaded.variants[0];
    let world = scenario::compile(&one.scenario, &one.name, Books::builtin(), Inputs::default());
    mesh::run(&world.unwrap_or_else(|said| panic!("{said:?}")), 42, 0)
}

fn answer(text: &str) -> Comparison {
    let loaded = scenario::load_text("desk.yaml", text, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let options = Options { inputs: false, trace: false, ..Options::default() };
    study::compare(&loaded, &options, &Unwatched).expect("it runs").comparison
}

fn without(what: &str) -> String {
    DESK.lines().filter(|line| !line.starts_with(what)).map(|line| format!("{line}\n")).collect()
}

/// The slowest answer, seconds.
fn slowest(run: &Run) -> f64 {
    let max = run.rows.iter().flat_map(|row| &row.windows).map(|window| window.latency.max_ns).max();
    max.unwrap_or(0) as f64 / 1e9
}

#[test]
fn a_backup_takes_its_rate_of_a_link_for_as_long_as_it_lasts() {
    let (out, calm) = (run(DESK), run(&without("flows:")));
    // The way of the answers carries most of the bytes.
    let sum = |values: &[u64]| values.iter().sum::<u64>() as f64;
    let busiest =
        |run: &Run| run.caps.iter().max_by(|a, b| sum(&a.offered).total_cmp(&sum(&b.offered))).expect("a cap").clone();
    let cap = busiest(&calm);
    let each = 8.0 * sum(&cap.offered) / sum(&cap.passed);
    assert!((670_000.0..680_000.0).contains(&each), "80 KiB on the wire, bits: {each}");
    // Of 50 Mbit/s 5 are left for 120 s, and 1,200 documents come. What is behind when the backup ends waits for all that
    // is before it, at 50 Mbit/s.
    let due = 1_200.0 * (each - 500_000.0) / 50e6;
    let longer = slowest(&out) - slowest(&calm);
    assert!((longer / due - 1.0).abs() < 0.01, "{longer} s, by hand {due}");
    // The rest is done at what 50 Mbit/s leave beside ten more a second, and in the last minute all is as ever.
    let after = due * 50e6 / (50e6 - 10.0 * each);
    assert!(after < 10.0);
    let last = |run: &Run| run.rows[0].windows[45..].iter().map(|window| window.latency.max_ns).max();
    assert_eq!(last(&out), last(&calm));
    // Its bytes are where it was, and no others: 45 Mbit/s for 120 s.
    let flowed = sum(&busiest(&out).offered) - sum(&cap.offered);
    assert_eq!(flowed, 45e6 / 8.0 * 120.0);
    assert_eq!(busiest(&out).offered[..2], cap.offered[..2], "10 s before it");
}

#[test]
fn a_backup_that_lasted_as_the_run_began_is_met_as_it_is() {
    // From 01:59 on for two minutes: 50 s of it are before the run, 70 s within.
    let early = DESK.replace("at: \"02:00\"", "at: \"01:59\"");
    let sum = |run: &Run| run.caps.iter().map(|cap| cap.offered.iter().sum::<u64>()).sum::<u64>();
    let flowed = sum(&run(&early)) - sum(&run(&without("flows:")));
    assert_eq!(flowed, 45_000_000 / 8 * 70);
    // Of what comes after a time that is told, nothing was before.
    let told = DESK.replace("at: \"02:00\"", "at: 3m50s");
    assert_eq!(sum(&run(&told)) - sum(&run(&without("flows:"))), 45_000_000 / 8 * 10);
}

#[track_caller]
fn line(of: &VariantResult, key: &str) -> f64 {
    let lines = of.bill.lines.iter().filter(|line| line.key == key);
    lines.filter_map(|line| line.quantity.value).sum()
}

#[test]
fn a_month_has_its_nights_whatever_the_run_saw_of_them() {
    let an_hour = DESK.replace("for: 2m", "for: 1h");
    let trickle = DESK.replace("rate: 45Mbps, at: \"02:00\", for: 2m, every: 24h", "rate: 1.875Mbps");
    // The run begins an hour after the backup has ended: it sees nothing of it, and says so.
    let unseen = an_hour.replace("T01:59:50", "T04:00:00");
    let calm = answer(&without("flows:"));
    let base = line(&calm.variants[0], "cdt.gold");
    // 45 Mbit/s for an hour, 730 / 24 times, and an acknowledgement of 40 bytes for every 3,000, in GB of 2^30.
    let due: f64 = 45e6 / 8.0 * 3_600.0 * 730.0 / 24.0 * (1.0 + 40.0 / 3_000.0) / 1_073_741_824.0;
    assert!((due - 581.28).abs() < 0.01, "{due}");
    for text in [&trickle, &unseen] {
        let found = answer(text);
        let more = line(&found.variants[0], "cdt.gold") - base;
        assert!((more - due).abs() < 1e-6 * due, "{more} GB, by hand {due}");
        // China to China 0.072 USD, and 0.02 for the transit router.
        let month = |of: &Comparison| of.variants[0].bill.month.value.unwrap_or(0.0);
        assert!((month(&found) - month(&calm) - due * 0.092).abs() < 1e-6 * due, "{}", month(&found));
    }
    // Once is once.
    let once = answer(&unseen.replace(", every: 24h", ""));
    let more = line(&once.variants[0], "cdt.gold") - base;
    assert!((more - due * 24.0 / 730.0).abs() < 1e-6 * due, "{more}");
}

#[test]
fn a_large_backup_is_billed_whole() {
    // 10 Gbit/s for two hours of every day: 9 TB each time, 258,300 GB a month. Past 127 bits as bits x ns x ns.
    let text = DESK.replace("rate: 45Mbps", "rate: 10Gbps").replace("bandwidth: 50Mbps", "bandwidth: 100Gbps");
    let text = text.replace("for: 2m", "for: 2h");
    let base = line(&answer(&without("flows:")).variants[0], "cdt.gold");
    let more = line(&answer(&text).variants[0], "cdt.gold") - base;
    let due = 9e12 * 730.0 / 24.0 * (1.0 + 40.0 / 3_000.0) / 1_073_741_824.0;
    assert!((more - due).abs() < 1e-6 * due && (due - 258_348.0).abs() < 1.0, "{more} GB, by hand {due}");
}

#[test]
fn a_year_is_the_same_whatever_the_time_of_day_it_is_asked_from() {
    use eastwest::study::availability::{Asked, Effort, availability};

    let options = Options::default();
    let year = |text: &str| {
        let loaded = scenario::load_text("desk.yaml", &text.replace("timeout: none", "timeout: 2s"), &[])
            .unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
        let asked = Asked { loaded: &loaded, options: &options, effort: Effort::QUICK, within: Some(1) };
        availability(&asked, &Unwatched).expect("it runs")
    };
    let an_hour = DESK.replace("for: 2m", "for: 1h");
    let (within, apart) = (year(&an_hour), year(&an_hour.replace("T01:59:50", "T12:00:00")));
    assert_eq!(within.variants[0].unavailability, apart.variants[0].unavailability);
    assert_eq!(within.variants[0].unavailability, year(&without("flows:")).variants[0].unavailability);
    // An hour of 24.
    let said = |texts: &[String]| texts.iter().any(|text| text.contains("45 Mbit/s for 4.17 % of the time, 21900 min"));
    assert!(said(&within.warnings) && said(&within.assumptions), "{:?}", within.warnings);
}

#[test]
fn the_timeline_has_it_and_nothing_else() {
    let found = answer(DESK);
    let spans: Vec<(&str, f64, f64)> =
        found.flows.iter().map(|flow| (flow.name.as_str(), flow.start_s, flow.end_s)).collect();
    assert_eq!(spans, [("backup", 10.0, 130.0)]);
    assert!(
        answer(&DESK.replace(", at: \"02:00\", for: 2m, every: 24h", "").replace("45Mbps", "1Mbps")).flows.is_empty()
    );
}

#[test]
fn a_flow_that_variants_have_at_other_times_is_named_once() {
    let text = DESK.replace("flows: {", "flows: {pull: {from: desk, to: archive, rate: 1Mbps, at: 1m, for: 1m}, ");
    let text = text + "variants: {late: {flows: {pull: {at: 2m}}}, early: {}}\n";
    let found = answer(&text);
    assert_eq!(found.flows.len(), 3, "{:?}", found.flows);
    let timeline = eastwest::report::charts::figures(&found).remove(3);
    // Below the title, and for who cannot see it.
    let (all, named) = ("pull", "; bars: pull, backup flows");
    assert_eq!([all, named].map(|words| timeline.svg.matches(words).count()), [2, 2], "{}", timeline.svg);
}
