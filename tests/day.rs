//! The day of `scenarios/mainland-and-abroad-day.yaml` by hour, against what its head works out by hand.

use std::path::Path;

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::record::HourPoint;
use eastwest::scenario::compile::{Inputs, compile};
use eastwest::scenario::load;
use eastwest::study::figure::Design;
use eastwest::study::hours::hours;

const SEED: u64 = 42;
const CAP_MBPS: f64 = 2.6;

/// The hours of a variant, from two replications.
fn day(variant: &str) -> Vec<HourPoint> {
    let loaded = load(Path::new("scenarios/mainland-and-abroad-day.yaml"), &[]).expect("the scenario is sound");
    let variant = loaded.variants.iter().find(|known| known.name == variant).expect("it has this variant");
    let world =
        compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).expect("it can be compiled");
    let runs: Vec<_> = (0..2).map(|replication| mesh::run(&world, SEED, replication)).collect();
    hours(&world, &runs, Design::new(2, world.plan.horizon))
}

/// Bytes of a document on the wire: the table of docs/model.md, worked out here once more.
fn document_bytes() -> u64 {
    let body = 128 * 1024;
    let framed = 60 + 9 + body + u64::div_ceil(body, 16_384) * 9;
    let sealed = framed + framed.div_ceil(16_384) * 22;
    sealed + sealed.div_ceil(1460) * 40
}

/// Mean of 1.75 + 1.25 cos(2 pi (t - 20) / 24) over the hour from `hour` on: its integral is known.
fn requests_per_second(hour: u32) -> f64 {
    let angle = |t: f64| std::f64::consts::PI * (t - 20.0) / 12.0;
    let (from, to) = (angle(f64::from(hour)), angle(f64::from(hour + 1)));
    1.75 + 1.25 * 12.0 / std::f64::consts::PI * (libm::sin(to) - libm::sin(from))
}

fn offered_mbps(hour: u32) -> f64 {
    requests_per_second(hour) * document_bytes() as f64 * 8.0 / 1e6
}

/// The cap of the way back, over which documents come.
fn way_back(hour: &HourPoint) -> &eastwest::record::HourCap {
    hour.caps.iter().find(|cap| cap.link.ends_with("singapore -> hangzhou")).expect("a capped way back")
}

fn exceeded() -> Vec<u32> {
    (0..24).filter(|&hour| offered_mbps(hour) > CAP_MBPS).collect()
}

#[test]
fn the_arithmetic_is_that_of_the_scenarios_head() {
    assert_eq!(document_bytes(), 135_051);
    assert_eq!(exceeded(), (16..24).collect::<Vec<_>>());
    let shown = |hour| format!("{:.2}", offered_mbps(hour));
    let told = [(8, "0.56"), (9, "0.65"), (10, "0.82"), (11, "1.07"), (12, "1.38"), (13, "1.71"), (14, "2.07")];
    for (hour, mbps) in told.into_iter().chain([(15, "2.41"), (16, "2.71"), (17, "2.96"), (18, "3.13"), (19, "3.23")]) {
        assert_eq!(shown(hour), mbps, "{hour}");
        assert!((offered_mbps((39 - hour) % 24) - offered_mbps(hour)).abs() < 1e-9, "{hour}");
    }
}

/// Hours in which the hand says that all passes: what was offered is what the hand says, to the documents of a second.
fn all_else_is_as_by_hand(day: &[HourPoint]) {
    for hour in day {
        let (at, cap) = (hour.minute / 60, way_back(hour));
        assert!((cap.available_mbps - CAP_MBPS).abs() < 1e-9);
        if exceeded().contains(&at) {
            assert!(cap.offered_mbps >= offered_mbps(at), "{at}: what is dropped comes again");
        } else {
            let off = cap.offered_mbps / offered_mbps(at) - 1.0;
            assert!(off.abs() < 0.005, "{at}: {} offered, {} by hand", cap.offered_mbps, offered_mbps(at));
        }
    }
}

#[test]
fn a_policer_drops_in_the_hours_in_which_more_is_offered_than_passes() {
    let day = day("cen-police");
    assert_eq!(day.len(), 24);
    let dropping = day.iter().filter(|hour| way_back(hour).dropped_share > 0.0).map(|hour| hour.minute / 60);
    assert_eq!(dropping.collect::<Vec<_>>(), exceeded());
    for hour in &day {
        let (at, cap) = (hour.minute / 60, way_back(hour));
        let dropped = cap.offered_mbps * cap.dropped_share;
        // At least what the hand says is too much, less what a bucket of 2 s holds when the hour begins.
        let too_much = offered_mbps(at) - CAP_MBPS - 2.0 * CAP_MBPS / 3600.0;
        assert!(dropped >= too_much.min(0.0), "{at}: {dropped} dropped, {too_much} too much");
        assert_eq!(
            hour.p99_ms.value.is_some_and(|p99| p99 > 1000.0),
            exceeded().contains(&at),
            "{at}: {:?}",
            hour.p99_ms
        );
    }
    all_else_is_as_by_hand(&day);
}

#[test]
fn a_shapers_queue_stands_in_the_hours_in_which_more_is_offered_than_passes() {
    let day = day("cen-shape");
    // In the hours before and after, documents that come a little late wait for each other: milliseconds of 415.
    let wait = |hour: &HourPoint| way_back(hour).wait_ms.expect("documents passed");
    let standing = day.iter().filter(|hour| wait(hour) > 100.0).map(|hour| hour.minute / 60);
    assert_eq!(standing.collect::<Vec<_>>(), exceeded());
    for hour in &day {
        let at = hour.minute / 60;
        assert!(wait(hour) < 50.0 || wait(hour) > 1000.0, "{at}: {} ms", wait(hour));
        assert_eq!(way_back(hour).dropped_share > 0.0, exceeded().contains(&at), "{at}");
    }
    all_else_is_as_by_hand(&day);
}

#[test]
fn the_public_path_shows_its_evening_and_the_backbone_none() {
    let p99 = |day: &[HourPoint], of: &dyn Fn(u32) -> bool| {
        let each = day.iter().filter(|hour| of(hour.minute / 60)).filter_map(|hour| hour.p99_ms.value);
        each.collect::<Vec<_>>()
    };
    let evening = |hour: u32| hour >= 19;
    let public = day("public");
    let (late, early) = (p99(&public, &evening), p99(&public, &|hour| !evening(hour)));
    let most = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
    let least = |of: &[f64]| of.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(least(&late) > 1.3 * most(&early), "{late:?} {early:?}");
    let cen = day("cen");
    // Its quiet hours are slower than its evening: windows rest between documents.
    let (late, early) = (p99(&cen, &evening), p99(&cen, &|hour| !evening(hour)));
    assert_eq!(late.len() + early.len(), 24);
    assert!(most(&late) <= most(&early) && most(&early) < 1.4 * least(&late), "{late:?} {early:?}");
}
