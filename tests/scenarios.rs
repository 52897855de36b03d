//! The shipped scenarios: each is valid, and its answer has the stated shape.
//!
//! Horizons are short and replications few, so only what is far apart is asked for; the full answers are gates of
//! `.ci/run`.

use std::path::{Path, PathBuf};

use eastwest::provider::Books;
use eastwest::record::{Comparison, VariantResult};
use eastwest::scenario::compile::{Inputs, compile};
use eastwest::scenario::{self, Diagnostic, Loaded};
use eastwest::study::{self, Options, progress::Unwatched};

fn scenarios(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.sort();
    files
}

/// The scenario `name` with these values set, or all that is wrong with it.
fn load(name: &str, sets: &[&str]) -> Result<Loaded, Vec<Diagnostic>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.yaml"));
    let sets: Vec<(String, String)> = sets
        .iter()
        .map(|set| set.split_once("=").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a pair"))
        .collect();
    scenario::load(&path, &sets).map_err(|wrong| wrong.diagnostics)
}

/// The study of `name`, without the runs at the ends of the inputs' ranges.
#[track_caller]
fn answer(name: &str, sets: &[&str]) -> Comparison {
    let loaded = load(name, sets).expect("a shipped scenario is valid");
    let options = Options { inputs: false, trace: false, replications: Some(4), ..Options::default() };
    study::compare(&loaded, &options, &Unwatched).expect("a shipped scenario runs").comparison
}

#[track_caller]
fn variant<'a>(comparison: &'a Comparison, name: &str) -> &'a VariantResult {
    comparison.variants.iter().find(|variant| variant.name == name).expect("the variant is there")
}

fn p99(variant: &VariantResult) -> f64 {
    variant.total.latency_ms["p99"].value.expect("requests were answered")
}

fn p50(variant: &VariantResult) -> f64 {
    variant.total.latency_ms["p50"].value.expect("requests were answered")
}

fn month(variant: &VariantResult) -> f64 {
    variant.bill.month.value.expect("the bill is known")
}

/// What the networks cost: the bill without compute.
fn network(variant: &VariantResult) -> f64 {
    let lines = variant.bill.lines.iter().filter(|line| line.product != "compute");
    lines.map(|line| line.amount.value.expect("the line is priced")).sum()
}

#[test]
fn every_shipped_scenario_is_valid_in_all_its_variants() {
    let mut seen = 0;
    for path in scenarios("scenarios") {
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", path.display()));
        assert!(loaded.variants.len() >= 2, "{}: there is something to compare", path.display());
        for variant in &loaded.variants {
            let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
            if let Err(found) = world {
                panic!("{} {}: {found:?}", path.display(), variant.name);
            }
        }
        seen += 1;
    }
    assert!(seen >= 6, "five questions and the first one");
}

#[test]
fn between_mainland_regions_cen_is_cheaper_than_public_at_every_volume_and_faster() {
    for scale in ["0.01", "1", "3"] {
        let scaled = format!("workload.shoppers.scale={scale}");
        let found = answer("two-mainland-regions", &[&scaled, "run.horizon=60s"]);
        let [cen, peering, public] = ["cen", "peering", "public"].map(|name| variant(&found, name));
        assert!(network(cen) < network(public), "at scale {scale}: {} and {}", network(cen), network(public));
        assert!(network(peering) < network(cen), "peering pays neither attachments nor processing");
        assert!(p50(cen) < p50(public), "the backbone is shorter");
    }
}

#[test]
fn the_first_scenario_says_that_cen_is_faster_and_cheaper() {
    let found = answer("first", &["run.horizon=30s"]);
    let (cen, public) = (variant(&found, "cen"), variant(&found, "public"));
    assert!(month(cen) < month(public) && p99(cen) < p99(public));
    assert!(found.verdict.contains("cen"), "{}", found.verdict);
}

#[test]
fn across_the_border_the_evening_costs_the_public_path_its_tail_and_the_backbone_its_money() {
    let found = answer("mainland-and-abroad-day", &[]);
    let (cen, public) = (variant(&found, "cen"), variant(&found, "public"));
    assert!(p99(public) > 1.5 * p99(cen), "{} and {}", p99(public), p99(cen));
    // The same day, by hour: the public path's evening is worse than its morning, the backbone's is not.
    let worst = |variant: &VariantResult, from: f64, to: f64| {
        let hours = variant.windows.iter().filter(|window| (from..to).contains(&(window.start_s / 3600.0)));
        let p99s: Vec<f64> = hours.filter_map(|window| window.p99_ms).collect();
        p99s.iter().sum::<f64>() / p99s.len() as f64
    };
    assert!(worst(public, 20.0, 24.0) > 1.2 * worst(public, 6.0, 12.0), "the evening shows");
    assert!(worst(cen, 20.0, 24.0) < 1.1 * worst(cen, 6.0, 12.0), "the backbone has none");
    // Per gigabyte the backbone is several times dearer.
    let more = answer(
        "mainland-and-abroad-day",
        &["workload.readers.scale=10", "run.horizon=1m", "run.from=2026-06-01T20:00+08:00"],
    );
    assert!(network(variant(&more, "cen")) > 2.0 * network(variant(&more, "public")));
}

#[test]
fn between_asia_and_europe_the_sender_decides_what_is_cheaper() {
    let small = ["run.horizon=20s", "workload.shoppers.scale=3"];
    let turned = ["services.catalog.operations.list.request=32KiB", "services.catalog.operations.list.response=1KiB"];
    let bills = |sets: &[&str]| {
        let found = answer("asia-and-europe", &[&small[..], sets].concat());
        let (cen, public) = (variant(&found, "cen"), variant(&found, "public"));
        assert!(p99(cen) < p99(public), "the backbone is faster");
        // Hours cost the same whichever way the bytes go; only what goes by the gigabyte can turn.
        let by_bytes = |variant: &VariantResult| -> f64 {
            let lines = variant.bill.lines.iter().filter(|line| line.unit == "GB" || line.unit.ends_with("CU-hour"));
            lines.map(|line| line.amount.value.expect("the line is priced")).sum()
        };
        (by_bytes(cen), by_bytes(public))
    };
    let (cen, public) = bills(&[]);
    assert!(cen < public, "Singapore sends, and the backbone is cheaper: {cen} and {public}");
    let direct = "connectivity.internet.public-gateway.nat=none";
    let (cen, public) = bills(&[turned[0], turned[1], direct]);
    assert!(cen > public, "Frankfurt sends past no NAT, and the internet is cheaper: {cen} and {public}");
    let (cen, public) = bills(&turned);
    assert!(cen < public, "Frankfurt sends through a NAT gateway, and the backbone is cheaper: {cen} and {public}");
}

#[test]
fn inside_a_region_privatelink_needs_no_renumbering_and_the_others_are_refused_without_it() {
    let found = answer("privatelink-one-region", &["run.horizon=20s"]);
    let [link, peering, cen] =
        ["privatelink", "peering-renumbered", "cen-renumbered"].map(|name| variant(&found, name));
    assert!(network(peering) < network(link) && network(link) < network(cen));
    assert!((p50(link) - p50(cen)).abs() < 3.0, "inside a region no way is far");
    for name in ["peering-renumbered", "cen-renumbered"] {
        let kept = format!("variants.{name}.topology.vpcs.bank.cidr=10.10.0.0/16");
        let loaded = load("privatelink-one-region", &[&kept]).expect("it decodes");
        let kept = loaded.variants.iter().find(|variant| variant.name == name).expect("the variant is there");
        let refused =
            compile(&kept.scenario, name, Books::builtin(), Inputs::default()).expect_err("addresses overlap");
        assert!(refused.iter().any(|one| one.message.contains("overlap")), "{refused:?}");
    }
}

/// Requests per second that were answered, over windows that begin in `from..to` seconds.
fn served(variant: &VariantResult, from: f64, to: f64) -> f64 {
    let windows: Vec<_> = variant.windows.iter().filter(|window| (from..to).contains(&window.start_s)).collect();
    assert!(!windows.is_empty());
    windows.iter().map(|window| window.rate * window.success).sum::<f64>() / windows.len() as f64
}

#[test]
fn a_zone_lost_silently_stops_a_healthy_caller_until_tcp_gives_up() {
    let found = answer("zone-lost-silently", &[]);
    // By hand: 40 threads, 10 hung calls per second and replica: nothing is left after 4 s; the zone is lost at 60 s.
    // TCP gives up 924.6 s after the last segment was sent, at 984.6 s; windows are 20 s.
    let stuck = variant(&found, "no-timeout");
    assert!(served(stuck, 0.0, 60.0) > 39.0, "all is well before");
    assert!(served(stuck, 80.0, 980.0) < 0.05, "it stands still: {}", served(stuck, 80.0, 980.0));
    assert!(served(stuck, 1000.0, 1060.0) > 1.0, "the kernel gave up, and threads are free");
    // Two of four hosts are dead, in turn: half of the requests fail as long as the zone is away.
    let timeout = variant(&found, "timeout");
    let share = served(timeout, 80.0, 1120.0) / 40.0;
    assert!((share - 0.5).abs() < 0.02, "the pinned share goes on failing: {share}");
    // Pings close the connections within 10 s; ejection does the rest.
    let ping = variant(&found, "ping");
    assert!(served(ping, 80.0, 980.0) > 30.0, "{}", served(ping, 80.0, 980.0));
    let ejected = variant(&found, "timeout-and-ejection");
    assert!(served(ejected, 80.0, 1120.0) > 39.0);
    let lost = |variant: &VariantResult| variant.faults[0].lost.value.expect("requests were lost");
    assert!(lost(ejected) < lost(ping) && lost(ping) < lost(timeout) && lost(timeout) < lost(stuck));
}

#[test]
fn planned_scenarios_are_refused_for_words_not_supported_yet_and_nothing_else() {
    let planned = scenarios("scenarios/planned");
    assert!(!planned.is_empty());
    for path in planned {
        let wrong = scenario::load(&path, &[]).expect_err("a planned scenario does not run yet").diagnostics;
        let later: Vec<&Diagnostic> = wrong.iter().filter(|one| one.code == "EW015").collect();
        assert!(!later.is_empty(), "{}: nothing in it is planned", path.display());
        let header: String = std::fs::read_to_string(&path).expect("it is UTF-8").lines().take(6).collect();
        for error in wrong.iter().filter(|one| one.is_error()) {
            let message = &error.message;
            // A fault that says `slow` lacks `down` as long as `slow` is refused: that follows, and goes with it.
            let follows = error.code == "EW013" && message.contains("lacks");
            assert!(error.code == "EW015" || follows, "{}: {} {message}", path.display(), error.code);
        }
        for error in later {
            let word = error.message.split('`').nth(1).expect("the message quotes the word");
            assert!(header.contains(word), "{}: the header does not name `{word}`", path.display());
        }
    }
}

#[test]
fn between_regions_of_aws_peering_is_cheapest_and_the_public_path_dearest_at_every_volume() {
    for scale in ["0.1", "1", "4"] {
        let scaled = format!("workload.shoppers.scale={scale}");
        let found = answer("aws-two-regions", &[&scaled, "run.horizon=20s"]);
        let [transit, peering, public] =
            ["transit-gateway", "peering", "public"].map(|name| network(variant(&found, name)));
        assert!(peering < transit && transit < public, "at scale {scale}: {peering}, {transit}, {public}");
        let lines = |name: &str, item: &str| {
            let bill = &variant(&found, name).bill;
            let amounts = bill.lines.iter().filter(|line| line.item.contains(item)).map(|line| line.amount.value);
            amounts.map(|amount| amount.expect("the line is priced")).collect::<Vec<_>>()
        };
        // Two networks attached, two ends of the gateways' peering: 0.05 USD an hour each, exactly.
        assert_eq!(lines("transit-gateway", "attachment"), [36.5; 4]);
        // The same bytes between the regions at the same price, by whichever way.
        let between = |name: &str| lines(name, "inter-region").iter().sum::<f64>();
        assert!((between("transit-gateway") / between("peering") - 1.0).abs() < 0.05);
    }
}

#[test]
fn between_two_providers_each_charges_what_leaves_it() {
    let found = answer("alibaba-and-aws", &["run.horizon=20s"]);
    let (singapore, tokyo) = (variant(&found, "singapore"), variant(&found, "tokyo"));
    assert!(p50(singapore) + 60.0 < p50(tokyo), "the distance decides");
    for variant in [singapore, tokyo] {
        let egress = |item: &str, scope: &str| {
            let lines = variant.bill.lines.iter().filter(|line| line.item == item && line.scope.contains(scope));
            lines.filter_map(|line| line.quantity.value).sum::<f64>()
        };
        let (questions, answers) = (egress("EIP internet egress", "shop"), egress("internet egress", "payments"));
        // 8 KiB of answer to 2 KiB of question, each with its headers and the other's acknowledgements.
        assert!(2.5 < answers / questions && answers / questions < 4.0, "{questions} and {answers}");
    }
}

#[test]
fn no_byte_is_charged_twice_by_an_item_in_any_shipped_scenario() {
    for path in scenarios("scenarios") {
        let loaded = scenario::load(&path, &[]).expect("a shipped scenario is valid");
        for variant in &loaded.variants {
            let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
            let twice = eastwest::study::bill::charged_twice(&world.expect("a shipped scenario compiles"));
            assert_eq!(twice, [], "{} {}", path.display(), variant.name);
        }
    }
}

/// Is `hit` taken by a fault of this scenario?
fn fault_accepts(path: &Path, hit: &str) -> Result<(), String> {
    let sets = [("at", "0s"), ("for", "1s"), ("hit", hit), ("down", "true")];
    let sets: Vec<(String, String)> =
        sets.iter().map(|(key, value)| (format!("faults.probe.{key}"), (*value).to_owned())).collect();
    let loaded = scenario::load(path, &sets).map_err(|wrong| format!("{:?}", wrong.diagnostics))?;
    for variant in &loaded.variants {
        compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
            .map_err(|wrong| format!("{}: {wrong:?}", variant.name))?;
    }
    Ok(())
}

#[test]
fn whatever_explain_says_takes_a_route_down_is_accepted_as_a_fault() {
    use eastwest::study::explain::route::{Asked, End, of_variant};
    let mut seen = std::collections::BTreeSet::new();
    for path in scenarios("scenarios") {
        let loaded = scenario::load(&path, &[]).expect("a shipped scenario is valid");
        let mut hits = std::collections::BTreeSet::new();
        for variant in &loaded.variants {
            let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
            let any = Asked { from: End::Any, to: End::Any, via: None };
            let route = of_variant(&variant.scenario, &world.expect("it compiles"), &any);
            for way in &route.ways {
                let hops = way.there.iter().chain(&way.back).flat_map(|hop| &hop.falls_with);
                hits.extend(hops.chain(&way.falls_with).map(|with| with.hit.clone()));
            }
        }
        for hit in hits {
            assert_eq!(fault_accepts(&path, &hit), Ok(()), "{}: {hit}", path.display());
            seen.insert(hit.split('/').next().expect("a word").to_owned());
        }
    }
    let words: Vec<&str> = seen.iter().map(String::as_str).collect();
    let all = [
        "attachment",
        "cluster",
        "eip",
        "endpoint",
        "gateway",
        "link",
        "nat",
        "nlb",
        "product",
        "region",
        "transit-router",
        "vpc",
        "zone",
    ];
    assert_eq!(words, all, "every kind of part is named somewhere");
}
