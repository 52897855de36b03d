//! Whole scenarios through `eastwest availability`'s study, against arithmetic.

use std::path::Path;
use std::sync::Mutex;

use eastwest::provider::Books;
use eastwest::record::LongRun;
use eastwest::report;
use eastwest::scenario::compile::{Inputs, compile};
use eastwest::scenario::{self, Loaded};
use eastwest::study::availability::component::{Component, components};
use eastwest::study::availability::renewal::{Alternating, Start};
use eastwest::study::availability::{
    Asked, Effort, FinishedRun, Keep, KnownRuns, availability, idle, resumed, undersized,
};
use eastwest::study::progress::StopsAfter;
use eastwest::study::{Options, StudyError, Unwatched};

const EFFORT: Effort = Effort { least: 3, rounds: 1, calls: 3_000_000 };

fn told(name: &str, text: &str, threads: usize) -> LongRun {
    told_with(name, text, threads, EFFORT)
}

fn told_with(name: &str, text: &str, threads: usize, effort: Effort) -> LongRun {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(format!("{name}.yaml"));
    std::fs::write(&path, text).expect("written");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { threads: Some(threads), ..Options::default() };
    availability(&Asked { loaded: &loaded, options: &options, effort, within: None }, &Unwatched).expect("it runs")
}

/// One region, two zones; replicas of web in both, users of both.
fn two_zones(reliability: &str) -> String {
    format!(
        "eastwest: 1
topology:
  regions: {{hangzhou: {{is: alibaba/cn-hangzhou, zones: [h, i]}}}}
  clusters: {{shop: {{region: hangzhou}}}}
services: {{web: {{replicas: {{shop: {{h: 1, i: 1}}}}, workers: 4, work: 3ms}}}}
mesh:
  traffic: {{\"*\": {{timeout: 1s, outlier: {{consecutive-5xx: 5, interval: 10s, eject: 30s, max-ejection: 100%}}}}}}
workload: {{shoppers: {{from: hangzhou, to: web, rate: 60rps}}}}
run: {{fill: 10s, horizon: 1m, replications: 3, seed: 3}}
reliability: {reliability}
"
    )
}

#[test]
fn a_region_that_is_all_there_is_loses_what_it_is_down() {
    let text = two_zones("{book: none, rows: {region: {mean-up: 720h, mean-down: 30m}}, slo: 99.95%}");
    let told = told("one", &text, 2);
    let [base] = &told.variants[..] else { panic!("one variant") };
    let u = 0.5 / 720.5;
    let (low, high) = (base.unavailability.low.unwrap(), base.unavailability.high.unwrap());
    // Beyond its time down only what was under way is lost, and what waits until it is found up again.
    let seen = high - low - base.lost_whole_high;
    assert!(low <= 1.03 * u && high >= 0.99 * u && seen < 0.05 * u, "{low} to {high}, not {u}");
    assert_eq!((base.states, base.simulated, base.cut_off), (2, 2, 0.0));
    let region = &base.components[0];
    assert_eq!((region.component.as_str(), region.streams_hit), ("region/hangzhou", 1));
    assert!((region.share_lost - 1.0).abs() < 0.01 && (region.minutes_event - 30.0).abs() < 0.5, "{region:?}");
    assert!((region.events_year - 8760.0 / 720.5).abs() < 1e-9 && region.part > 0.999);
    assert!((region.birnbaum - region.share_lost).abs() < 1e-9);
    // Up and down by turns for exponential times: Takacs.
    let months = base.months.as_ref().expect("there is an objective");
    let exact = Alternating { up: 720.0, down: 0.5 }.attains(0.9995, 720.0, Start::Steady);
    assert!((months.kept.value.unwrap() - exact).abs() < 0.02, "{:?}, not {exact}", months.kept);
    assert!((months.budget_minutes - 21.6).abs() < 1e-9);
    assert!((base.direct.value.unwrap() / u - 1.0).abs() < 0.05, "{:?}", base.direct);
    assert!(!told.verdict.contains("ASSUMED") && told.assumptions[0].contains("stated by the scenario"));
}

/// Callers over a link in whose silence TCP asks again after .227 * (2^k - 1) s, every 120 s at last: an outage is over for them
/// with the first of these after its end.
#[test]
fn outages_of_random_length_lose_what_they_lose_on_average_not_what_the_mean_one_does() {
    let text = "eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}, beijing: {is: alibaba/cn-beijing, zones: [a, b]}}
  vpcs: {vh: {region: hangzhou, cidr: 10.1.0.0/16}, vb: {region: beijing, cidr: 10.2.0.0/16}}
  clusters: {shop: {vpc: vh}, back: {vpc: vb}}
connectivity: {backbone: {cen: {bandwidth: 100Mbps}}}
routes: {default: {via: backbone}}
services:
  web: {replicas: {shop: 2}, workers: 4, work: 2ms, calls: [stock]}
  stock: {replicas: {back: 2}, workers: 4, work: 2ms}
mesh:
  traffic: {\"*\": {balance: round-robin, retries: 0, timeout: 1s}}
workload: {u: {from: hangzhou, to: web, rate: 3rps}}
reliability: {book: none, rows: {link: {mean-up: 38m, mean-down: 2m}}}
run: {horizon: 2m, replications: 5, seed: 42}
";
    let effort = Effort { least: 12, rounds: 2, calls: 3_000_000 };
    let told = told_with("random", text, 2, effort);
    let base = &told.variants[0];
    // E[L(D)] of D exponential with a mean of 120 s.
    let lost = |down: f64| {
        let (mut at, mut step) = (0.0, 0.227);
        while at < down {
            at += step;
            step = f64::min(2.0 * step, 120.0);
        }
        at
    };
    let draws = 20_000;
    let of = |number: i32| lost(-120.0 * libm::log(1.0 - (f64::from(number) + 0.5) / f64::from(draws)));
    let exact = (0..draws).map(of).sum::<f64>() / f64::from(draws) / 60.0;
    assert!((exact - 2.62).abs() < 0.01, "{exact}");
    let events = 60.0 * 8760.0 / 40.0;
    assert!((base.components[0].minutes_event / exact - 1.0).abs() < 0.07, "{:?}, not {exact}", base.components[0]);
    let (low, high) = (base.minutes_year.low.unwrap() / events, base.minutes_year.high.unwrap() / events);
    assert!(low < 1.01 * exact && high > 0.99 * exact, "{low} to {high}, not {exact}");
}

#[test]
fn processes_that_start_for_long_lose_until_they_listen() {
    let text = two_zones("{book: none, rows: {region: {mean-up: 4380h, mean-down: 30m}}}");
    let slow = text.replace("work: 3ms}", "work: 3ms, start-up: 10h}");
    let told = told("slow", &slow, 2);
    let base = &told.variants[0];
    let minutes = base.components[0].minutes_event;
    assert!((minutes - 630.0).abs() < 10.0, "{:?}", base.components[0]);
    assert!(told.warnings.iter().any(|said| said.contains("before its processes have started")), "{:?}", told.warnings);
}

#[test]
fn two_zones_cover_for_each_other_unless_they_fall_together() {
    let rows = "book: none, rows: {zone: {mean-up: 1000h, mean-down: 2h}}";
    let alone = told("alone", &two_zones(&format!("{{{rows}}}")), 2);
    let shared = told("shared", &two_zones(&format!("{{{rows}, common: {{zone: 10%}}}}")), 2);
    let u = 2.0 / 1002.0;
    let of = |told: &LongRun| told.variants[0].unavailability.value.unwrap();
    // Both at once, and seconds of half of the users each time that one falls: a zone falls 17 times a year.
    let moving: f64 = alone.variants[0].components.iter().map(|of| of.minutes_year_moving).sum();
    assert!((of(&alone) - u * u - moving / 525_600.0).abs() < 0.3 * u * u, "{} of {} and {moving}", of(&alone), u * u);
    assert!(moving > 0.0 && moving / 525_600.0 < 2e-5, "{moving}");
    assert!(of(&shared) > 0.1 * u && of(&shared) < 0.12 * u, "{}", of(&shared));
    let names: Vec<&str> = shared.variants[0].components.iter().map(|of| of.component.as_str()).collect();
    assert!(names[0] == "common/zone/hangzhou" && names.len() == 3, "{names:?}");
}

#[test]
fn without_figures_of_its_own_a_scenario_stands_on_assumed_ones_and_says_so_and_threads_change_nothing() {
    let text = two_zones("{slo: 99.9%}").replace("reliability: {slo: 99.9%}\n", "");
    let one = told("same", &text, 1);
    assert!(one.warnings[0].contains("EVERY rate of failure") && one.verdict.contains("ASSUMED"), "{}", one.verdict);
    assert!(one.assumptions.iter().filter(|said| said.contains("ASSUMED")).count() >= 4);
    let kinds = |kind: &str| one.variants[0].components.iter().any(|of| of.component.starts_with(kind));
    assert!(["region/", "zone/", "replica/web/shop/h", "config/web"].into_iter().all(kinds));
    assert!(!kinds("link/") && !kinds("transit-router/") && !kinds("api/"), "nothing rides on these");
    assert_eq!(report::json(&one), report::json(&told("same", &text, 3)));
    let text = report::terminal::long_run(&one, 100, report::terminal::Style::PLAIN);
    assert!(text.contains("minutes lost a year") && text.contains("* ASSUMED"), "{text}");
    let chart = report::charts::downtime(&one);
    assert!(chart.svg.contains("zone") && chart.rows.len() >= 2);
    let page = report::long_run::page(&one);
    for said in [
        "Minutes lost a year, by what fails",
        "Assumed events",
        "ASSUMED by the book, `zone`",
        "simulation and cut-off, 95 %",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(!page.contains("http-equiv=\"refresh\"") && page.contains("default-src 'none'"));
}

/// The shipped question, at a few requests a second.
fn shipped() -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/availability.yaml");
    let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let rates = ["china", "asia", "europe"].map(|name| set(&format!("workload.{name}.rate"), "4rps"));
    let sets = [rates.to_vec(), vec![set("run.fill", "10s")]].concat();
    scenario::load(&path, &sets).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics))
}

#[test]
fn a_shipped_question_is_valid_and_its_components_are_those_of_each_variant() {
    let loaded = shipped();
    let effort = Effort { least: 1, rounds: 0, calls: 0 };
    let options = Options { variants: vec!["cen".into(), "active-active".into()], ..Options::default() };
    let told = availability(&Asked { loaded: &loaded, options: &options, effort, within: Some(1) }, &Unwatched)
        .expect("it runs");
    let minutes = |variant: usize| told.variants[variant].minutes_year.value.unwrap();
    assert!(minutes(1) < 0.5 * minutes(0), "{} and {}", minutes(1), minutes(0));
    assert!(told.verdict.starts_with("active-active answers 99.9"), "{}", told.verdict);
    assert!(told.pairs[0].holds.is_some_and(|holds| holds > 0.9), "{:?}", told.pairs);
}

#[test]
fn what_a_product_has_in_a_zone_or_for_a_cluster_fails_by_itself() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/availability.yaml");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let names = |variant: &str| -> Vec<String> {
        let found = loaded.variants.iter().find(|one| one.name == variant).expect("the variant is there");
        let world = compile(&found.scenario, variant, Books::builtin(), Inputs::default()).expect("it compiles");
        let all = components(&found.scenario, &world, found.scenario.reliability.as_ref(), Books::builtin());
        all.into_iter().map(|component| component.name).collect()
    };
    let has = |names: &[String], start: &str| names.iter().filter(|name| name.starts_with(start)).count();
    let (cen, public) = (names("cen"), names("public"));
    assert_eq!((has(&cen, "transit-router/"), has(&cen, "eip/"), has(&cen, "gateway/")), (3, 0, 0), "{cen:?}");
    assert_eq!(
        (has(&public, "transit-router/"), has(&public, "eip/internet/"), has(&public, "gateway/")),
        (0, 3, 6),
        "{public:?}"
    );
    assert!(has(&public, "nlb/internet/") >= 3 && has(&public, "nat/internet/") >= 1, "{public:?}");
    assert_eq!((has(&cen, "link/"), has(&public, "link/internet/")), (3, 3), "{cen:?} {public:?}");
}

#[test]
fn a_common_cause_leaves_each_unit_the_time_down_that_its_row_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/availability.yaml");
    let set = |key: &str, value: &str| (format!("reliability.{key}"), value.to_owned());
    let mut sets = vec![set("common.region", "50%")];
    for (region, up, down) in [("hangzhou", "392h", "8h"), ("singapore", "320h", "80h"), ("frankfurt", "392h", "8h")] {
        sets.push(set(&format!("rows.region/{region}.mean-up"), up));
        sets.push(set(&format!("rows.region/{region}.mean-down"), down));
    }
    let loaded = scenario::load(&path, &sets).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let found = loaded.variants.iter().find(|one| one.name == "cen").expect("the variant is there");
    let world = compile(&found.scenario, "cen", Books::builtin(), Inputs::default()).expect("it compiles");
    let all = components(&found.scenario, &world, found.scenario.reliability.as_ref(), Books::builtin());
    let down = |name: &str| {
        let of = all.iter().find(|component| component.name == name).unwrap_or_else(|| panic!("{name} is there"));
        // Of the machines, not of what starts on them.
        Component { serves_after_h: 0.0, ..of.clone() }.group(1.0).down()[1]
    };
    let shocks: Vec<&str> =
        all.iter().map(|one| one.name.as_str()).filter(|name| name.starts_with("common/")).collect();
    let shock = shocks.iter().copied().find(|name| (down(name) - 0.01).abs() < 1e-12);
    let shock = shock.unwrap_or_else(|| panic!("half of what the steadiest is down: {shocks:?}"));
    for (region, stated) in [("hangzhou", 0.02), ("singapore", 0.2), ("frankfurt", 0.02)] {
        let (own, shared) = (down(&format!("region/{region}")), down(shock));
        let told = own + shared - own * shared;
        assert!((told - stated).abs() < 1e-12, "{region}: {told}");
    }
}

/// Two ways of the same physics under two names, so that nothing but chance tells them apart.
fn twins(seed: u32) -> String {
    format!(
        "eastwest: 1
topology:
  regions:
    hangzhou: {{is: alibaba/cn-hangzhou, zones: [h, i]}}
    shanghai: {{is: alibaba/cn-shanghai, zones: [a, b]}}
  vpcs:
    hz: {{region: hangzhou, cidr: 10.10.0.0/16}}
    sh: {{region: shanghai, cidr: 10.20.0.0/16}}
  clusters:
    east: {{vpc: hz, pods: 172.16.0.0/16}}
    west: {{vpc: sh, pods: 172.17.0.0/16}}
connectivity:
  one: {{cen: {{attach: {{hz: [h, i], sh: [a, b]}}, bandwidth: {{hangzhou-shanghai: 50Mbps}}}}}}
  two: {{cen: {{attach: {{hz: [h, i], sh: [a, b]}}, bandwidth: {{hangzhou-shanghai: 50Mbps}}}}}}
services:
  web: {{replicas: {{east: 2}}, workers: 4, steps: [{{work: 3ms}}, {{choose: [{{weight: 40, steps: [{{call: orders}}]}}, {{weight: 60}}]}}]}}
  orders: {{replicas: {{west: 2}}, workers: 4, work: 3ms}}
mesh:
  traffic: {{\"*\": {{timeout: 1s, retries: 0}}}}
workload: {{shoppers: {{from: hangzhou, to: web, rate: 10rps}}}}
run: {{fill: 10s, horizon: 1m, replications: 3, seed: {seed}}}
reliability: {{book: none, rows: {{transit-router: {{mean-up: 500h, mean-down: 2h}}}}, slo: 99.9%}}
variants: {{first: {{routes: {{default: {{via: one}}}}}}, second: {{routes: {{default: {{via: two}}}}}}}}
"
    )
}

#[test]
fn equal_designs_under_other_names_are_not_told_apart_more_often_than_is_said() {
    let mut told_apart = 0;
    for seed in 1..=20 {
        let told = told_with("twins", &twins(seed), 4, Effort { least: 4, rounds: 0, calls: 0 });
        let pair = &told.pairs[0];
        let difference = &pair.minutes_year;
        assert!(difference.value.unwrap() > 0.0 && difference.confidence == Some(0.95), "chance decides: {pair:?}");
        assert_eq!(pair.told_apart, difference.low.unwrap() > 0.0 || difference.high.unwrap() < 0.0);
        assert_eq!(pair.holds.is_some(), pair.told_apart);
        if pair.told_apart {
            told_apart += 1;
        } else {
            assert!(told.verdict.starts_with("Which loses least cannot be told at this effort: "), "{}", told.verdict);
            assert!(pair.turns.is_empty() && pair.requests_to_tell.is_none());
            let text = report::terminal::long_run(&told, 100, report::terminal::Style::PLAIN);
            assert!(text.contains("not told apart") && text.contains("not distinguishable"), "{text}");
        }
    }
    // One of twenty is expected at 95 %; four or more are seen by chance in 1.6 % of such tests.
    assert!(told_apart <= 3, "{told_apart} of 20");
}

#[test]
fn what_nobody_can_reach_is_lost_whole_though_it_was_not_simulated() {
    // Each zone alone is covered by the other one, so that the parts of both add up to next to nothing.
    let text = two_zones("{book: none, rows: {zone: {mean-up: 1000h, mean-down: 2h}}, slo: 99.9%}");
    let told = told_with("both", &text, 2, Effort { least: 3, rounds: 0, calls: 0 });
    let [base] = &told.variants[..] else { panic!("one variant") };
    let both = base.by_class.iter().find(|class| class.class.contains(" + ")).expect("both are down for a while");
    assert_eq!((both.share_lost, both.certain, both.replications), (1.0, 1.0, 0), "{both:?}");
    let u = 2.0 / 1002.0;
    let [low, value, high] = ["low", "value", "high"].map(|end| match end {
        "low" => base.unavailability.low.unwrap(),
        "high" => base.unavailability.high.unwrap(),
        _ => base.unavailability.value.unwrap(),
    });
    assert!(value > u * u && low <= value && value <= high, "{low} to {high}, {value}");
    // What is certain is no part of what is not known.
    assert!(base.unresolved < 0.01 * u * u, "{}", base.unresolved);
    // With one down at most told apart the bound on the rest holds it, and it is reckoned.
    let text = two_zones("{book: none, rows: {zone: {mean-up: 1000h, mean-down: 2h}}, slo: 99.9%, within: 1}");
    let told = told_with("cut", &text, 2, Effort { least: 3, rounds: 0, calls: 0 });
    let cut = &told.variants[0];
    assert!(cut.within == 1 && (cut.cut_off / (u * u) - 1.0).abs() < 1e-9, "{}", cut.cut_off);
    assert!(cut.unavailability.low.unwrap() <= value && value <= cut.unavailability.high.unwrap(), "{cut:?}");
    assert!(told.verdict.contains("between "), "a wide interval is said: {}", told.verdict);
}

#[test]
fn what_is_lost_for_certain_is_lost_where_it_is_simulated_too() {
    let loaded = shipped();
    let effort = Effort { least: 2, rounds: 0, calls: 0 };
    let options = Options { variants: vec!["public".into()], ..Options::default() };
    let told = availability(&Asked { loaded: &loaded, options: &options, effort, within: Some(1) }, &Unwatched)
        .expect("it runs");
    let classes = &told.variants[0].by_class;
    let certain = classes.iter().filter(|class| class.certain > 0.0).count();
    assert!(certain >= 4 && classes.iter().all(|class| class.certain <= class.share_lost + 0.02), "{classes:#?}");
}

#[test]
fn an_interrupted_study_goes_on_where_it_was_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("again.yaml");
    let text = two_zones("{book: none, rows: {zone: {mean-up: 1000h, mean-down: 2h}}, slo: 99.9%}");
    std::fs::write(&path, text).expect("written");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
    let options = Options { threads: Some(1), ..Options::default() };
    let asked = Asked { loaded: &loaded, options: &options, effort: EFFORT, within: None };
    let whole = availability(&asked, &Unwatched).expect("it runs");
    let left: Mutex<Vec<FinishedRun>> = Mutex::default();
    let take = |run| left.lock().expect("one thread").push(run);
    let keep = |known| Keep { known, finished: &take };
    let stopped = resumed(&asked, &keep(KnownRuns::new()), &StopsAfter::runs(7));
    assert!(matches!(stopped, Err(StudyError::Stopped { done: 7, .. })), "{stopped:?}");
    // Written and read again.
    let lines: Vec<String> =
        left.lock().expect("one thread").iter().map(|run| serde_json::to_string(run).expect("plain data")).collect();
    assert_eq!(lines.len(), 7);
    let runs = lines.iter().map(|line| serde_json::from_str::<FinishedRun>(line).expect("it was written so"));
    let known: KnownRuns = runs.map(|run| (run.key, run.seen)).collect();
    left.lock().expect("one thread").clear();
    let resumed = resumed(&asked, &keep(known), &Unwatched).expect("it runs");
    assert_eq!(report::json(&resumed), report::json(&whole));
    let made = left.lock().expect("one thread").len() as u64;
    assert_eq!(made + 7, whole.variants[0].runs, "no run is made twice");
}

#[test]
fn a_rate_that_was_counted_is_as_uncertain_as_its_count() {
    let rows = |seen: &str| format!("{{book: none, rows: {{region: {{seen: {seen}, mean-down: 30m}}}}}}");
    let band = |seen: &str| {
        let effort = Effort { least: 2, rounds: 0, calls: 0 };
        let told = told_with("counted", &two_zones(&rows(seen)), 2, effort);
        let minutes = &told.variants[0].minutes_year;
        assert!(told.assumptions[0].contains("that were counted"), "{:?}", told.assumptions);
        let (low, high) = minutes.inputs.expect("rates are uncertain");
        (minutes.value.unwrap(), low, high)
    };
    // Two in three years: Gamma(5/2, 3 years) has a mean of 0.8333 a year; 5 % of it is below 0.1909, 5 % above 1.845
    // (half of chi-square with 5 degrees of freedom: 1.1455 and 11.0705, over 6 years).
    let (value, low, high) = band("{failures: 2, in: 3 years}");
    let (mean, fifth, last) = (2.5 / 3.0 * 30.0, 1.145_476 / 6.0 * 30.0, 11.070_498 / 6.0 * 30.0);
    assert!((value / mean - 1.0).abs() < 0.03, "{value}, not {mean}");
    assert!((low / fifth - 1.0).abs() < 0.15 && (high / last - 1.0).abs() < 0.1, "{low} {high}, not {fifth} {last}");
    // Ten times as many in ten times as long: the same rate, better known.
    let (_, near, far) = band("{failures: 25, in: 30 years}");
    assert!(low < near && far < high, "{near} to {far} within {low} to {high}");
    // None in ten years is not never.
    let (none, ..) = band("{failures: 0, in: 10 years}");
    assert!((none / (0.05 * 30.0) - 1.0).abs() < 0.03, "{none}");
}

#[test]
fn what_speaks_of_nothing_is_said_where_it_stands_whatever_is_asked() {
    let rows = "{book: none, rows: {zone/hangzhou/h: {mean-up: 1000h, mean-down: 2h}, zone/hangzhou/x: {mean-up: 1h, mean-down: 1h}}, \
                crews: {replica/web: 1, gateway: 1}, common: {zone: 5%, nat: 5%}, never: [zone/hangzhou/i, link]}";
    let loaded = scenario::load_text("idle.yaml", &two_zones(rows), &[]).expect("it is valid");
    let said: Vec<String> = idle(&loaded).into_iter().map(|said| format!("{} {}", said.code, said.message)).collect();
    assert_eq!(said.len(), 5, "{said:#?}");
    for (said, named) in said.iter().zip(["zone/hangzhou/x", "replica/web", "gateway", "nat", "link"]) {
        assert!(said.starts_with("EW438 ") && said.contains(&format!("`{named}`")), "{said}");
    }
    // One variant with such a component is enough.
    let rows = "{rows: {zone/hangzhou/j: {mean-up: 1000h, mean-down: 2h}}}\nvariants: {two: {}, three: {topology: {regions: {hangzhou: {zones: [h, i, j]}}}, services: {web: {replicas: {shop: {h: 1, i: 1, j: 1}}}}}}";
    let loaded = scenario::load_text("some.yaml", &two_zones(rows), &[]).expect("it is valid");
    assert_eq!(idle(&loaded), []);
}

#[test]
fn crews_of_units_that_stand_alone_and_shares_of_what_never_fails_change_nothing_and_it_is_said() {
    let said = |rows: &str| -> Vec<String> {
        let loaded = scenario::load_text("idle.yaml", &two_zones(rows), &[]).expect("it is valid");
        idle(&loaded).into_iter().map(|said| said.message).collect()
    };
    let region = "book: none, rows: {region: {mean-up: 1000h, mean-down: 2h}}";
    let shared = said(&format!("{{{region}, common: {{zone: 10%}}}}"));
    assert!(
        matches!(&shared[..], [one] if one.contains("nothing says how often such a component fails")),
        "{shared:?}"
    );
    let alone = said(&format!("{{{region}, crews: {{region: 1}}}}"));
    assert!(matches!(&alone[..], [one] if one.contains("of which each unit stands alone")), "{alone:?}");
    assert!(said("{common: {zone: 10%}}").is_empty(), "the book says how often zones fail");
}

#[test]
fn an_answer_that_comes_too_late_is_lost_in_the_long_run_too() {
    let text = two_zones("{book: none, rows: {region: {mean-up: 720h, mean-down: 30m}}, slo: 90%}")
        .replace("work: 3ms", "work: {exponential: 20ms}")
        + "business: {slo: 99%, good-within: 60ms}\n";
    let of = |text: &str| told("late", text, 2);
    let (late, patient) = (of(&text), of(&text.replace(", good-within: 60ms", "")));
    let [one, other] = [&late, &patient].map(|told| &told.variants[0]);
    assert_eq!((one.good_within_ms, other.good_within_ms, other.lost_whole), (Some(60.0), None, 0.0));
    // Less than two of eight workers are busy: hardly anybody queues. The way there and back takes under 2 ms.
    let least = libm::exp(-60.0 / 20.0);
    assert!(one.lost_whole > 0.95 * least && one.lost_whole < 1.3 * least, "{}, not {least}", one.lost_whole);
    let u = 0.5 / 720.5;
    let all = one.lost_whole + (1.0 - one.lost_whole) * u;
    assert!((one.unavailability.value.unwrap() / all - 1.0).abs() < 0.01, "{:?}, not {all}", one.unavailability);
    assert!(late.assumptions.iter().any(|said| said.contains("business.good-within")), "{:?}", late.assumptions);
    let text = report::terminal::long_run(&late, 100, report::terminal::Style::PLAIN);
    assert!(text.contains("requests answered within 60 ms"), "{text}");
}

#[test]
fn who_is_too_small_to_lose_a_zone_is_named_before_anything_runs() {
    let said = |text: &str| {
        let loaded = scenario::load_text("thin.yaml", text, &[]).expect("it is valid");
        undersized(&loaded).into_iter().map(|said| format!("{} {}", said.code, said.message)).collect::<Vec<_>>()
    };
    // Two replicas of 40 requests a second each are asked 60: three quarters of both, one and a half of one.
    let rows = "{book: none, rows: {zone: {mean-up: 1000h, mean-down: 2h}}}";
    let text = two_zones(rows).replace("work: 3ms", "work: 100ms");
    let named = "EW540 web is too small to lose zone/hangzhou/h (at least 150 %), zone/hangzhou/i (at least 150 %): ";
    let found = said(&text);
    assert!(found.len() == 1 && found[0].starts_with(named), "{found:?}");
    assert_eq!(said(&text.replace("100ms", "66ms")), [""; 0], "just enough");
    // What a fault takes is named as that; the region takes its users with it, so that nobody asks.
    let fault = |hit: &str| {
        let fault = format!("faults: {{gone: {{at: 20s, for: 20s, hit: {hit}, down: true}}}}");
        said(&text.replace(&format!("reliability: {rows}"), &fault))
    };
    let found = fault("zone/hangzhou/i");
    assert!(found.len() == 1 && found[0].contains("to lose what `gone` hits (at least 150 %)"), "{found:?}");
    assert_eq!(fault("region/hangzhou"), [""; 0]);
    let told = told("thin", &text, 2);
    assert!(
        told.warnings.iter().any(|said| said.contains("web is too small to lose zone/hangzhou/h")),
        "{:?}",
        told.warnings
    );
}

#[test]
fn what_is_kept_in_its_cluster_has_no_standby_elsewhere() {
    let said = |change: &[(&str, &str)]| {
        let text = change.iter().fold(KEPT.to_owned(), |text, (from, to)| text.replace(from, to));
        let loaded = scenario::load_text("kept.yaml", &text, &[]).expect("it is valid");
        undersized(&loaded).into_iter().map(|said| format!("{} {}", said.code, said.message)).collect::<Vec<_>>()
    };
    let retained = ("mesh: {}", "mesh: {retain: [\"*\"]}");
    // 2.4 workers of three in Hangzhou, 0.4 of two in Shanghai: together they can lose a zone, and Hangzhou alone cannot.
    assert_eq!(said(&[]), [""; 0]);
    let found = said(&[retained]);
    assert!(found.len() == 1, "{found:?}");
    assert!(
        found[0].starts_with("EW540 match in hz is too small to lose what `gone` hits (at least 120 %)"),
        "{found:?}"
    );
    // What is too much with nothing down is not the fault's.
    assert_eq!(said(&[retained, ("300rps", "400rps")]), [""; 0]);
    // As many who wait for their answers: 9 ms or so of a round are no thinking.
    for users in ["closed: {users: 300, think: {exponential: 1s}}", "sessions: {open: 300, think: {exponential: 1s}}"] {
        let found = said(&[retained, ("rate: 300rps", users)]);
        let hit = "EW540 match in hz is too small to lose what `gone` hits (119 %)";
        assert!(found.len() == 1 && found[0].starts_with(hit) && found[0].contains("users who wait"), "{found:?}");
    }
}

const KEPT: &str = r#"
eastwest: 1
name: kept
question: Kept in its cluster, can two zones carry what three do?
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i, j]}, shanghai: {is: alibaba/cn-shanghai, zones: [b, g]}}
  clusters: {hz: {region: hangzhou}, sh: {region: shanghai}}
connectivity: {backbone: {cen: {bandwidth: 50Mbps}}}
routes: {default: {via: backbone}}
services: {match: {replicas: {hz: 3, sh: 2}, workers: 1, queue: 20, work: {exponential: 8ms}}}
mesh: {}
workload:
  hz: {from: hangzhou, to: match, rate: 300rps}
  sh: {from: shanghai, to: match, rate: 50rps}
faults: {gone: {at: 1m, for: 1m, hit: zone/hangzhou/h, down: true}}
run: {horizon: 3m, replications: 2, seed: 1}
"#;

#[test]
fn what_a_failure_hits_is_told_by_users_and_by_services() {
    let text = two_zones("{book: none, rows: {config/web: {mean-up: 720h, mean-down: 30m}, config/page: {mean-up: 720h, mean-down: 30m}}}")
        .replace("services: {web: {", "services: {page: {replicas: {shop: {h: 1, i: 1}}, work: 1ms, calls: [web]}, web: {")
        .replace("to: web, rate: 60rps}", "to: page, rate: 40rps}, bots: {from: hangzhou, to: web, rate: 20rps}");
    let told = told("blast", &text, 2);
    let of = |name: &str| told.variants[0].components.iter().find(|of| of.component == name).expect("it may fail");
    let (web, page) = (of("config/web"), of("config/page"));
    // Bad pages hit the shoppers, two thirds of all requests, and one service of two; bad `web` hits everybody and both.
    assert_eq!((web.streams_hit, web.services_share, page.streams_hit, page.services_share), (2, 1.0, 1, 0.5));
    assert_eq!((web.users_hit, &page.services_hit[..]), (1.0, &["page".to_owned()][..]));
    assert!((page.users_hit - 2.0 / 3.0).abs() < 0.03 && (page.share_lost - 2.0 / 3.0).abs() < 0.03, "{page:?}");
    assert!(page.source.contains("reliability.rows.config/page"), "{}", page.source);
    let text = report::terminal::long_run(&told, 100, report::terminal::Style::PLAIN);
    assert!(text.contains("Whom one failure touches") && text.contains("50 % (1)"), "{text}");
    // With the region all callers are dead, and whom they called with them.
    let all = self::told("region", &two_zones("{book: none, rows: {region: {mean-up: 720h, mean-down: 30m}}}"), 2);
    let region = &all.variants[0].components[0];
    assert_eq!((region.users_hit, &region.services_hit[..]), (1.0, &["web".to_owned()][..]));
}

#[test]
fn what_nothing_down_may_lose_unseen_is_in_the_interval() {
    // One region, down 1e-6 of the time: of so little the calm leaves more room than it says.
    let text = two_zones("{book: none, rows: {region: {mean-up: 80000h, mean-down: 5m}}}");
    let told = told("calm", &text, 2);
    let base = &told.variants[0];
    let room = 3.0 / base.requests_whole as f64;
    assert_eq!(base.lost_whole, 0.0);
    assert!((base.lost_whole_high / room - 1.0).abs() < 0.01, "{} is not {room}", base.lost_whole_high);
    let (value, high) = (base.unavailability.value.unwrap(), base.unavailability.high.unwrap());
    assert!(high - value >= base.lost_whole_high, "{value} up to {high}, {room} of it unseen");
    assert!(told.warnings.iter().any(|said| said.contains("minutes a year may be lost so all the same")), "{told:?}");
    // Where more is lost than that, more of the calm is simulated until it no longer matters.
    let text = two_zones("{book: none, rows: {region: {mean-up: 3000h, mean-down: 30m}}}");
    let told = self::told("noisy", &text, 2);
    let base = &told.variants[0];
    let value = base.unavailability.value.unwrap();
    assert!(base.lost_whole_high > 0.0 && base.lost_whole_high <= 0.1 * value, "{base:?}");
    assert!(base.unavailability.high.unwrap() >= value + base.lost_whole_high);
}

#[test]
fn a_transit_router_is_hit_by_the_name_that_it_is_printed_with() {
    let text = |faults: &str| {
        format!(
            "eastwest: 1
topology:
  regions: {{hangzhou: {{is: alibaba/cn-hangzhou}}, shanghai: {{is: alibaba/cn-shanghai}}, beijing: {{is: alibaba/cn-beijing}}}}
  clusters: {{east: {{region: hangzhou}}, south: {{region: shanghai}}, north: {{region: beijing}}}}
connectivity: {{backbone: {{cen: {{bandwidth: 100Mbps}}}}}}
routes: {{default: {{via: backbone}}}}
services:
  web: {{replicas: {{east: 1}}, work: 1ms, calls: [stock]}}
  stock: {{replicas: {{south: 1, north: 1}}, work: 1ms}}
workload: {{shoppers: {{from: hangzhou, to: web, rate: 20rps}}}}
run: {{fill: 10s, horizon: 3m, replications: 1, seed: 3}}
{faults}"
        )
    };
    let world = |faults: &str| {
        let loaded = scenario::load_text("routers.yaml", &text(faults), &[]);
        let loaded = loaded.unwrap_or_else(|refused| panic!("{:#?}", refused.diagnostics));
        let variant = &loaded.variants[0];
        compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).expect("it compiles")
    };
    let fault = |region: &str| {
        let of =
            world(&format!("faults: {{cut: {{at: 1m, for: 1m, hit: transit-router/backbone/{region}, down: true}}}}"));
        of.changes.iter().filter(|change| change.begins).count()
    };
    let whole = world("faults: {cut: {at: 1m, for: 1m, hit: product/backbone, down: true}}");
    let all = whole.changes.iter().filter(|change| change.begins).count();
    // Each way between two regions is that of two routers.
    let hit = ["hangzhou", "shanghai", "beijing"].map(fault);
    assert!(hit[1] > 0 && hit[1] < all && hit.iter().sum::<usize>() == 2 * all, "{hit:?} of {all}");
}
