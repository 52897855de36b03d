//! A sweep: every point is the scenario with one value laid over it, on the same random numbers, and the answer says where
//! it changes.

use eastwest::record::{Sweep, SweepPoint};
use eastwest::scenario::{self, Loaded, Origin, Point, load_points, load_text, render};
use eastwest::study::sweep::Known;
use eastwest::study::{self, Options, Unwatched};

/// Two kinds of web, one with a large fixed compute and one that grows: what is cheaper depends on `copies`.
const SHOP: &str = r"
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}}
  clusters: {shop: {region: hangzhou}}
services:
  web: {replicas: {shop: 2}, workers: 1, work: {exponential: 10ms}}
workload: {users: {from: hangzhou, to: web, entry: direct, rate: 40rps}}
run: {horizon: 60s, replications: 6}
variants:
  few: {services: {web: {replicas: {shop: 1}}}}
  many: {services: {web: {replicas: {shop: 4}}}}
objectives: {fast: {check: 'p50(web) < 30ms'}}
";

fn points(text: &str) -> Vec<(Point, Loaded)> {
    let loaded = load_text("shop.yaml", text, &[]).unwrap_or_else(|refused| {
        panic!("{}", render::rendered(&refused.sources, &refused.diagnostics, false));
    });
    let axes = &loaded.variants[0].scenario.sweep;
    load_points(Origin::Text("shop.yaml", text), &[], axes).unwrap_or_else(|refused| {
        panic!("{}", render::rendered(&refused.sources, &refused.diagnostics, false));
    })
}

fn swept(text: &str, options: &Options, known: &Known) -> (Sweep, Vec<SweepPoint>) {
    let points = points(text);
    let mut finished = Vec::new();
    let axes = points[0].1.variants[0].scenario.sweep.clone();
    let mut take = |point: &SweepPoint| finished.push(point.clone());
    let found = study::sweep(&axes, &points, options, known, &mut take, &Unwatched).expect("it runs");
    (found, finished)
}

fn with(axes: &str) -> String {
    format!("{SHOP}sweep: {axes}\n")
}

fn value(point: &SweepPoint, variant: &str, figure: &str) -> f64 {
    let of = point.variants.iter().find(|one| one.name == variant).expect("the variant is there");
    let found = of.figures.iter().find(|one| one.name == figure).unwrap_or_else(|| panic!("no {figure}: {of:?}"));
    found.estimate.value.expect("a value")
}

#[test]
fn every_point_is_what_set_would_have_made() {
    let (found, finished) =
        swept(&with("{load: {set: workload.users.scale, to: [0.5, 2]}}"), &Options::default(), &Known::new());
    assert_eq!((found.points.len(), finished.len()), (2, 2));
    for (index, scale) in ["0.5", "2"].into_iter().enumerate() {
        let sets = [("workload.users.scale".to_owned(), scale.to_owned())];
        let alone = load_text("shop.yaml", SHOP, &sets).expect("it is valid");
        let options = Options { inputs: false, trace: false, ..Options::default() };
        let alone = study::compare(&alone, &options, &Unwatched).expect("it runs").comparison;
        for variant in &alone.variants {
            let same = |figure: &str, want: Option<f64>| {
                assert_eq!(Some(value(&found.points[index], &variant.name, figure)), want, "{figure} at {scale}");
            };
            same("p99", variant.total.latency_ms["p99"].value);
            same("availability", variant.total.availability.value);
            same("cost", variant.bill.month.value);
        }
    }
}

#[test]
fn the_sentence_says_where_a_bound_is_crossed_and_who_is_cheapest() {
    // M/M/1 of 10 ms: the median of the sojourn is ln 2 / (mu - lambda), 30 ms at a rate of 76.9/s, of scale 1.92.
    let (found, _) = swept(
        &with("{load: {set: workload.users.scale, to: [0.5, 1, 1.5, 2.25]}}"),
        &Options::default(),
        &Known::new(),
    );
    let crossing = found.crossings.iter().find(|one| one.variant == "few").expect("one worker is too slow");
    assert_eq!((crossing.from.as_str(), crossing.to.as_str(), crossing.kept_after), ("1.5", "2.25", false));
    let about = crossing.about.expect("numbers");
    assert!((1.5..2.25).contains(&about), "{about}");
    assert!(found.verdict.contains("Cheapest is few at every point."), "{}", found.verdict);
    assert!(found.verdict.contains("few keeps it up to load 1.5 and misses it from 2.25 on"), "{}", found.verdict);
    assert!(found.verdict.contains("many keeps it everywhere"), "{}", found.verdict);
}

#[test]
fn the_best_variant_changes_where_the_bills_cross() {
    let text = r"
eastwest: 1
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}}
  clusters: {shop: {region: hangzhou}}
services:
  web: {replicas: {shop: 1}, work: 1ms}
  spare: {replicas: {shop: 1}, work: 1ms}
workload: {users: {from: hangzhou, to: web, rate: 20rps}, rare: {from: hangzhou, to: spare, rate: 1rps}}
run: {horizon: 30s, replications: 5}
variants:
  fixed: {services: {spare: {replicas: {shop: 6}}}}
  growing: {services: {spare: {replicas: {shop: 1}}}}
sweep: {copies: {set: [variants.growing.services.web.replicas.shop], to: {from: 2, to: 10, steps: 3}}}
";
    let (found, _) = swept(text, &Options::default(), &Known::new());
    let [change] = &found.changes.iter().filter(|one| one.by == "cost").collect::<Vec<_>>()[..] else {
        panic!("{:?}", found.changes)
    };
    assert_eq!((change.before.as_str(), change.after.as_str()), ("growing", "fixed"));
    // 1 + 6 replicas against copies + 1: equal at six copies.
    assert!((change.about.expect("numbers") - 6.0).abs() < 0.05, "{:?}", change.about);
    let cost = |name: &str, at: usize| value(&found.points[at], name, "cost");
    assert!(cost("fixed", 0) == cost("fixed", 2) && cost("growing", 2) > cost("growing", 0));
    let values: Vec<&str> = found.points.iter().map(|point| point.values[0].as_str()).collect();
    assert_eq!(values, ["2", "6", "10"]);
}

#[test]
fn threads_change_nothing_and_what_is_known_is_not_run_again() {
    let text = with("{load: {set: workload.users.scale, to: [0.5, 1]}, pool: {set: services.web.queue, to: [3, 30]}}");
    let on = |threads: usize| Options { threads: Some(threads), replications: Some(5), ..Options::default() };
    let (one, finished) = swept(&text, &on(1), &Known::new());
    let (three, _) = swept(&text, &on(3), &Known::new());
    assert_eq!(one, three);
    assert_eq!(one.points.iter().map(|point| point.at.clone()).collect::<Vec<_>>(), [[0, 0], [0, 1], [1, 0], [1, 1]]);
    // What an interrupted sweep had finished stands; the answer is the same.
    let known: Known = finished.iter().take(3).map(|point| (point.key.clone(), point.clone())).collect();
    let (again, rest) = swept(&text, &on(2), &known);
    assert_eq!((again, rest.len()), (one.clone(), 1));
    let keys: std::collections::BTreeSet<_> = one.points.iter().map(|point| &point.key).collect();
    assert_eq!(keys.len(), 4, "every point has a key of its own");
}

#[test]
fn a_range_is_even_in_differences_or_in_ratios() {
    let values = |to: &str| -> Vec<String> {
        let text = with(&format!("{{x: {{set: services.web.work, to: {to}}}}}"));
        points(&text).into_iter().map(|(point, _)| point.values[0].clone()).collect()
    };
    assert_eq!(values("{from: 1ms, to: 3ms, steps: 5}"), ["1ms", "1.5ms", "2ms", "2.5ms", "3ms"]);
    assert_eq!(values("{from: 1ms, to: 100ms, steps: 3, scale: log}"), ["1ms", "10ms", "100ms"]);
    assert_eq!(values("[4ms, 1ms]"), ["4ms", "1ms"]);
}

#[test]
fn a_value_that_a_variant_says_itself_does_not_reach_it_and_a_wrong_point_is_shown_where_it_stands() {
    let shadowed = points(&with("{cpus: {set: services.web.replicas.shop, to: [1, 2]}}"));
    let said = &shadowed[0].1.diagnostics;
    assert!(said.iter().any(|one| one.code == "EW316" && one.message.contains("sweep.cpus")), "{said:?}");
    let text = with("{load: {set: workload.usres.scale, to: [1, 2]}}");
    let loaded = load_text("shop.yaml", &text, &[]).expect("the axis itself is sound");
    let axes = &loaded.variants[0].scenario.sweep;
    let refused = load_points(Origin::Text("shop.yaml", &text), &[], axes).expect_err("there is no such stream");
    let told = render::rendered(&refused.sources, &refused.diagnostics, false);
    assert!(told.contains("did you mean `users`? `workload.users.scale"), "{told}");
    let text = with("{load: {set: workload.users.scale, to: [1, fast]}}");
    let loaded = load_text("shop.yaml", &text, &[]).expect("the axis itself is sound");
    let refused = load_points(Origin::Text("shop.yaml", &text), &[], &loaded.variants[0].scenario.sweep);
    let refused = refused.expect_err("`fast` is no number");
    let told = render::rendered(&refused.sources, &refused.diagnostics, false);
    assert!(told.contains("fast") && told.contains("so it is at point `load fast`"), "{told}");
    let _ = scenario::points::points(&loaded.variants[0].scenario.sweep);
}
