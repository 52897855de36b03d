//! A study end to end: the same bytes however it is run, nothing lost or counted twice, differences that are worth
//! pairing, gates by their intervals.

use eastwest::record::{Comparison, Outcome, Run};
use eastwest::scenario::Loaded;
use eastwest::scenario::compile::{Inputs, compile};
use eastwest::scenario::load::load_text;
use eastwest::study::progress::StopsAfter;
use eastwest::study::{Options, Progress, Study, StudyError, Unwatched, compare, exit_code, files, run};

const SHOP: &str = r#"
eastwest: 1
name: shop
question: Does a second region cost more than it saves?
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}
    beijing:  {is: alibaba/cn-beijing,  zones: [a, b]}
  vpcs:
    vpc-hz: {region: hangzhou, cidr: 10.10.0.0/16}
    vpc-bj: {region: beijing,  cidr: 10.20.0.0/16}
  clusters:
    shop:      {vpc: vpc-hz}
    warehouse: {vpc: vpc-bj}
connectivity:
  backbone: {cen: {bandwidth: 100Mbps}}
  internet: {public-gateway: {gateways: {warehouse: {replicas: 2, cpu: 2}}, loss: mild}}
routes: {default: {via: backbone}}
services:
  web:   {replicas: {shop: 2}, workers: 1, work: {exponential: 12ms}, response: 20KiB, calls: [stock]}
  stock: {replicas: {warehouse: 2}, workers: 1, work: {exponential: 2ms}, response: 8KiB, errors: 0.5%}
workload: {shoppers: {from: hangzhou, to: web, rate: 120rps}}
run: {horizon: 30s, seed: 42, replications: 10, fill: 10s}
variants:
  cen: {}
  public: {routes: {default: {via: internet}}}
  # The same route with a little less work.
  tuned: {services: {web: {work: {exponential: 11500us}}}}
objectives:
  fast:       {check: "p99(web) < 2s"}
  impossible: {check: "p50(web) < 1ms", severity: warn}
  too-far:    {check: "p99.9(web) < 2s"}
  no-slower:  {check: "mean(web) <= 110% of variant(cen)"}
  private:    {check: "path(web -> stock) avoids internet"}
  up:         {check: "availability(web) >= 99%"}
"#;

fn load(text: &str) -> Loaded {
    load_text("shop.yaml", text, &[])
        .unwrap_or_else(|refused| panic!("the scenario is sound: {:?}", refused.diagnostics))
}

fn study(text: &str, options: &Options) -> Study {
    compare(&load(text), options, &Unwatched).expect("the scenario runs")
}

/// Four replications without the range over the inputs: for tests that look at records.
fn few() -> Options {
    Options { replications: Some(4), inputs: false, trace: false, ..Options::default() }
}

fn record<'a>(study: &'a Study, variant: &str) -> &'a [Run] {
    &study.records.iter().find(|(name, _)| name == variant).expect("the variant was run").1
}

fn document(comparison: &Comparison) -> String {
    serde_json::to_string(comparison).expect("plain data")
}

#[test]
fn the_same_study_has_the_same_bytes_with_one_thread_and_with_eight_and_twice() {
    let with = |threads| study(SHOP, &Options { threads: Some(threads), replications: Some(4), ..Options::default() });
    let (one, eight, again) = (with(1), with(8), with(8));
    for other in [&eight, &again] {
        assert_eq!(document(&one.comparison), document(&other.comparison));
        for (name, runs) in &one.records {
            assert_eq!(files::record(runs), files::record(record(other, name)), "{name}");
        }
    }
    let digests = &one.comparison.variants[0].digests;
    assert!(digests.windows(2).all(|pair| pair[0] != pair[1]), "replications have chances of their own: {digests:?}");
}

#[test]
fn adding_a_variant_changes_no_byte_of_the_others_records() {
    let all = study(SHOP, &few());
    let two = study(SHOP, &Options { variants: vec!["cen".into(), "tuned".into()], ..few() });
    let more = SHOP.replace("variants:\n", "variants:\n  silver: {workload: {shoppers: {rate: 60rps}}}\n");
    let more = study(&more, &few());
    for name in ["cen", "tuned"] {
        let bytes = files::record(record(&all, name));
        assert_eq!(bytes, files::record(record(&two, name)), "{name}, one variant fewer");
        assert_eq!(bytes, files::record(record(&more, name)), "{name}, one variant more");
    }
}

#[test]
fn more_replications_leave_the_first_ones_as_they_were() {
    let (four, six) = (study(SHOP, &few()), study(SHOP, &Options { replications: Some(6), ..few() }));
    assert_eq!(record(&four, "public"), &record(&six, "public")[..4]);
}

#[test]
fn every_call_is_settled_once_and_every_request_answered_or_failed() {
    let all = study(SHOP, &few());
    for (name, runs) in &all.records {
        for run in runs {
            let balance = run.balance;
            assert_eq!(balance.opened, balance.settled + balance.unfinished, "{name}");
            assert!(balance.opened > 0, "{name}");
            for row in &run.rows {
                for window in &row.windows {
                    assert_eq!(window.sent, window.latency.count + window.failed.iter().sum::<u64>(), "{name}");
                }
                let answered: u64 = row.windows.iter().map(|window| window.latency.count).sum();
                assert_eq!(row.outside.count, answered, "{name}: without faults all of it is outside of them");
            }
            for edge in &run.edges {
                assert!(edge.attempts >= edge.calls, "{name}: a call has an attempt");
            }
        }
        let shown = all.comparison.variants.iter().find(|v| v.name == *name).expect("the variant is shown");
        let failed: u64 = shown.total.failed.values().sum();
        assert_eq!(shown.total.sent, shown.total.ok + failed, "{name}");
    }
}

#[test]
fn bytes_on_a_link_are_those_of_the_paths_over_it() {
    let loaded = load(SHOP);
    let all = study(SHOP, &few());
    for variant in &loaded.variants {
        let books = eastwest::provider::Books::builtin();
        let world = compile(&variant.scenario, &variant.name, books, Inputs::default()).expect("it compiles");
        for run in record(&all, &variant.name) {
            let mut links = vec![0u64; world.links.len()];
            for (path, row) in world.paths.rows().iter().zip(&run.paths) {
                for link in &path.links {
                    links[link.0 as usize] += row.forward.iter().sum::<u64>();
                }
                for link in &path.back_links {
                    links[link.0 as usize] += row.back.iter().sum::<u64>();
                }
            }
            assert_eq!(links, run.link_bytes, "{}", variant.name);
            assert!(links.iter().any(|&bytes| bytes > 0), "{}", variant.name);
        }
    }
}

#[test]
fn a_paired_difference_on_one_route_has_a_fifth_of_the_variance_of_an_unpaired_one() {
    // Long enough for a p99 by replication: 100 values beyond it.
    let long = SHOP.replace("horizon: 30s", "horizon: 100s");
    let found = study(&long, &Options { replications: Some(20), inputs: false, trace: false, ..Options::default() });
    let ratio = |metric: &str| {
        let differences = &found.comparison.differences;
        let difference = differences.iter().find(|d| d.variant == "tuned" && d.metric == metric).expect("compared");
        assert!(
            difference.difference.high.is_some_and(|high| high < 0.0),
            "{metric}: less work is faster beyond doubt"
        );
        difference.variance_ratio.expect("it varies")
    };
    let (mean, p99) = (ratio("mean"), ratio("p99"));
    assert!(mean >= 5.0 && p99 >= 5.0, "mean {mean}, p99 {p99}");
}

#[test]
fn figures_carry_both_ranges_and_the_answer_says_whether_it_holds() {
    let comparison = study(SHOP, &Options::default()).comparison;
    for variant in &comparison.variants {
        for estimate in [&variant.total.mean_ms, &variant.total.latency_ms["p99"]] {
            let (value, (low, high)) = (estimate.value.expect("told"), estimate.inputs.expect("varied"));
            assert!(estimate.low < Some(value) && Some(value) < estimate.high, "{}: {estimate:?}", variant.name);
            assert!(low < value && value < high, "{}: the books' ends move a round trip: {estimate:?}", variant.name);
        }
        let tail = &variant.total.latency_ms["p99.9"];
        assert_eq!(tail.value, None, "3600 requests do not tell a p99.9");
        assert!(tail.why.as_deref().is_some_and(|why| why.contains("horizon")), "{tail:?}");
        assert!(variant.bill.month.value > Some(0.0), "{}", variant.name);
        assert_eq!(variant.digests.len(), 10);
        assert!(!variant.traces.is_empty(), "{}: its slowest request is followed", variant.name);
    }
    assert!(comparison.verdict.contains("public"), "{}", comparison.verdict);
    assert!(comparison.robustness.contains("olds over all inputs") || comparison.robustness.contains("when"));
    let changes = &comparison.variants[1].changes;
    assert_eq!(changes, &["route default: via internet (public-gateway) instead of via backbone (cen)"]);
    let warned =
        comparison.warnings.iter().any(|said| said.starts_with("tuned differs from the file's base in more than"));
    assert!(warned, "{:?}", comparison.warnings);
}

#[test]
fn gates_are_met_missed_or_not_told_by_their_own_intervals() {
    // Long enough for both ends of a p99 whatever the luck, and too short for a p99.9.
    let long = SHOP.replace("horizon: 30s", "horizon: 60s");
    let comparison = study(&long, &Options { inputs: false, trace: false, ..Options::default() }).comparison;
    let gate = |name: &str, variant: &str| {
        let found = comparison.gates.iter().find(|gate| gate.name == name && gate.variant == variant);
        found.unwrap_or_else(|| panic!("{name} of {variant} was evaluated"))
    };
    let outcome = |name: &str, variant: &str| gate(name, variant).outcome;
    assert_eq!(outcome("fast", "cen"), Outcome::Met);
    assert_eq!(outcome("impossible", "cen"), Outcome::Missed);
    assert_eq!(outcome("too-far", "cen"), Outcome::NotEnoughEvidence);
    assert_eq!(outcome("no-slower", "cen"), Outcome::Met, "a variant against itself");
    assert_eq!(outcome("no-slower", "tuned"), Outcome::Met);
    assert_eq!(outcome("no-slower", "public"), Outcome::Missed);
    assert_eq!(outcome("private", "cen"), Outcome::Met);
    assert_eq!(outcome("private", "public"), Outcome::Missed);
    assert_eq!(outcome("up", "cen"), Outcome::Met);
    assert_eq!(exit_code(&comparison.gates), 1, "one that may fail was missed");
    let thin: Vec<_> = comparison.gates.iter().filter(|gate| gate.name == "too-far").cloned().collect();
    assert_eq!(exit_code(&thin), 3);
}

#[test]
fn what_cannot_be_run_is_refused_before_anything_is() {
    let loaded = load(SHOP);
    let unknown = compare(&loaded, &Options { variants: vec!["nothing".into()], ..few() }, &Unwatched);
    assert!(matches!(unknown, Err(StudyError::NoVariant { known, .. }) if known.len() == 3));
    let clash = SHOP.replace("10.20.0.0/16", "10.10.0.0/16");
    let Err(StudyError::Scenario(found)) = compare(&load(&clash), &few(), &Unwatched) else {
        panic!("CEN does not join networks whose addresses overlap");
    };
    assert!(!found.is_empty());
}

#[test]
fn one_variant_alone_leaves_the_record_that_it_leaves_among_others() {
    let alone = run(&load(SHOP), Some("public"), &few(), &Unwatched).expect("the scenario runs");
    assert_eq!(alone.records.len(), 1);
    assert_eq!(record(&alone, "public"), record(&study(SHOP, &few()), "public"));
    assert!(alone.comparison.differences.is_empty());
    // What compares with a variant that was not run is not a gate, and that is said.
    assert!(alone.comparison.gates.iter().all(|gate| gate.name != "no-slower"));
    assert!(alone.comparison.warnings.iter().any(|said| said.contains("variant cen was not run")));
}

#[test]
fn the_slowest_request_is_followed_and_its_parts_add_up() {
    let comparison = study(SHOP, &Options { replications: Some(4), inputs: false, ..Options::default() }).comparison;
    for variant in &comparison.variants {
        let trace = &variant.traces[0];
        let parts: f64 = trace.spans.iter().filter(|span| span.critical).map(|span| span.length_ms).sum();
        assert!((parts - trace.latency_ms).abs() < 1e-5, "{}: {parts} of {}", variant.name, trace.latency_ms);
        let (followed, most) = (trace.latency_ms, variant.total.max_ms);
        // The slowest of all, one that failed in the end too.
        let right = if trace.outcome == "ok" { (followed - most).abs() < 1e-6 } else { followed > most };
        assert!(right, "{}: {} {followed} of {most}", variant.name, trace.outcome);
    }
}

#[test]
fn a_stopped_study_compares_what_every_variant_has_and_keeps_the_rest() {
    let options = Options { threads: Some(1), ..Options::default() };
    let stopped = |runs| compare(&load(SHOP), &options, &StopsAfter::runs(runs)).expect("it has something to say");
    let some = stopped(20);
    let said = some.comparison.partial.as_deref().expect("it says that it is not whole");
    assert!(said.starts_with("Stopped after 20 of 30 runs"), "{said}");
    assert!(some.comparison.verdict.starts_with(said));
    assert_eq!(some.records.iter().map(|(_, runs)| runs.len()).sum::<usize>(), 20, "nothing finished is lost");
    let compared = some.comparison.replications;
    assert!((5..=6).contains(&compared), "{compared}");
    // What is compared are the same runs as in a study of so many replications.
    let whole = study(SHOP, &Options { replications: Some(compared), inputs: false, trace: false, ..options.clone() });
    for (a, b) in some.comparison.variants.iter().zip(&whole.comparison.variants) {
        assert_eq!((&a.total, &a.bill, &a.digests, &a.curve), (&b.total, &b.bill, &b.digests, &b.curve), "{}", a.name);
    }
    assert_eq!(some.comparison.differences, whole.comparison.differences);
    assert!(some.comparison.robustness.contains("were not varied"), "{}", some.comparison.robustness);
}

#[test]
fn a_study_that_was_stopped_late_says_what_is_missing() {
    let options = Options { threads: Some(1), ..Options::default() };
    let whole = study(SHOP, &options);
    assert_eq!(whole.comparison.partial, None);
    // Thirty of its own and eighteen at the ends of the ranges; then the requests that are followed.
    let late = compare(&load(SHOP), &options, &StopsAfter::runs(48)).expect("it has something to say");
    let said = late.comparison.partial.as_deref().expect("it says that it is not whole");
    assert!(said.starts_with("Stopped after all 30 runs"), "{said}");
    assert_eq!(late.records, whole.records);
    assert!(late.comparison.variants.iter().all(|variant| variant.traces.is_empty()));
    assert!(!late.comparison.robustness.starts_with("Holds over all inputs"), "not all of them were tried");
}

#[test]
fn runs_that_were_finished_before_anything_could_be_compared_are_kept() {
    let options = Options { threads: Some(1), ..Options::default() };
    let first = compare(&load(SHOP), &options, &StopsAfter::runs(2));
    let Err(StudyError::Stopped { done: 2, total: 30, kept }) = first else { panic!("two of three have one run") };
    let whole = study(SHOP, &Options { replications: Some(1), inputs: false, trace: false, ..options.clone() });
    assert_eq!(kept.records, whole.records[..2]);
    let folder = tempfile::tempdir().expect("a folder");
    // What stood there was of another study.
    files::write(folder.path(), &whole.comparison, &whole.records, Vec::new()).expect("written");
    let written = files::write_unfinished(folder.path(), &kept).expect("written");
    let records = kept.records.iter().map(|(name, _)| format!("records/{name}.jsonl"));
    assert_eq!(written, records.chain(["manifest.json".to_owned()]).collect::<Vec<_>>());
    assert!(!folder.path().join("summary.json").exists());
    assert_eq!(files::read_record(&folder.path().join(&written[0])).expect("a record"), kept.records[0].1);
    let manifest = std::fs::read_to_string(folder.path().join("manifest.json")).expect("it was written");
    assert!(manifest.contains("\"partial\": \"Stopped after 2 of 30 runs"), "{manifest}");
}

#[test]
fn the_two_stages_of_a_study_say_which_they_are() {
    struct Stages(std::sync::Mutex<Vec<(String, u64)>>);
    impl Progress for Stages {
        fn begin(&self, stage: &str, total: u64) {
            self.0.lock().expect("nobody panics").push((stage.to_owned(), total));
        }
        fn advance(&self, _n: u64, _what: &str) {}
    }
    let stages = Stages(std::sync::Mutex::default());
    compare(&load(SHOP), &Options::default(), &stages).expect("it runs");
    let stages = stages.0.into_inner().expect("nobody panics");
    // Thirty replications and eighteen at the ends of the ranges.
    assert!(stages[0].0.starts_with("1, ") && stages[0].1 == 48, "{stages:?}");
    assert!(stages.len() > 1 && stages[1..].iter().all(|stage| stage.0.starts_with("2, ")), "{stages:?}");
}

#[test]
fn too_few_replications_tell_nothing_apart_and_nothing_alike() {
    let three = study(SHOP, &Options { replications: Some(3), trace: false, ..Options::default() }).comparison;
    assert!(three.verdict.contains("3 replications are too few to tell which is fastest"), "{}", three.verdict);
    assert!(three.verdict.contains("5 are needed") && !three.verdict.contains("distinguishable"), "{}", three.verdict);
}

#[test]
fn a_variant_that_answers_nothing_is_named_and_keeps_nobody_from_being_ranked() {
    let dead = SHOP.replace("variants:\n", "variants:\n  dead: {services: {web: {errors: 100%}}}\n");
    let found = study(&dead, &Options { replications: Some(6), trace: false, ..Options::default() }).comparison;
    assert!(found.verdict.contains("is fastest at p99"), "{}", found.verdict);
    assert!(found.verdict.contains("Not ranked by latency: dead answered nothing."), "{}", found.verdict);
    let difference = found.differences.iter().find(|d| d.metric == "p99").expect("compared with the first");
    assert_eq!(difference.difference.why.as_deref(), Some("dead answered nothing"));
    let none = SHOP.replace("stock: {", "stock: {errors: 100%, ").replace(", errors: 0.5%}", "}");
    let none = study(&none, &Options { replications: Some(6), trace: false, ..Options::default() }).comparison;
    assert!(none.verdict.starts_with("No variant answered a single request"), "{}", none.verdict);
}
