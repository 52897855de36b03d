//! What comes more than once, or by chance: the machine meets it as it is drawn, and the record tells it.

use eastwest::fault::{Common, Flap, Renewal};
use eastwest::mesh;
use eastwest::policy::Balance;
use eastwest::random::Law;
use eastwest::record::Run;
use eastwest::units::Duration;
use eastwest::world::*;

use crate::worlds::{Small, every, multi_primary};
use crate::{balanced, chaos, run_of, sent};

const SECOND: i64 = 1_000_000_000;

/// Weather over some targets, each by itself, under the names of their kinds.
fn weather(world: &mut World, name: &str, when: When, flap: Option<Flap>, targets: &[Target], manner: Manner) {
    let (spans, recovery) = (when.told(), Duration::ZERO);
    let fault = world.faults.push(Fault { name: name.into(), hits: name.into(), spans, recovery });
    let component = |&target: &Target| Component {
        name: format!("{target:?}"),
        acts: vec![Act { target, effect: Effect::Down(manner), at_most: None }],
    };
    world.weather.push(Weather { fault, when, flap, components: targets.iter().map(component).collect() });
}

fn drawn(up: f64, down: f64) -> When {
    let law = |mean| Law::Exponential { mean };
    When::Drawn { renewal: Renewal { up: law(up), down: law(down) }, common: None }
}

fn lost(run: &Run) -> u64 {
    balanced(run);
    run.rows.iter().flat_map(|row| &row.windows).map(|window| window.failed.iter().sum::<u64>()).sum()
}

/// Ten requests a second in turn to four replicas next door, no retries.
fn four(horizon: u64) -> World {
    let mut small = Small {
        replicas: 4,
        arrivals: every(10.0),
        fill: Duration::from_secs(5),
        horizon: Duration::from_secs(horizon),
        ..Small::default()
    };
    small.policy.balance = Balance::RoundRobin;
    small.world()
}

fn replicas() -> Vec<Target> {
    (0..4).map(|id| Target::Endpoint(EndpointId(id))).collect()
}

#[test]
fn requests_are_lost_for_the_share_of_time_that_replicas_are_down() {
    let mut world = four(600);
    weather(&mut world, "die", drawn(270.0, 30.0), None, &replicas(), Manner::Refused);
    let (mut failed, mut all, mut minutes, mut comes) = (0, 0, 0.0, 0);
    for replication in 0..60 {
        let run = mesh::run(&world, 3, replication);
        (failed, all) = (failed + lost(&run), all + sent(&run));
        // By its own forecast: the time down of each, cut to what is measured.
        let forecast = world.forecast(3, replication);
        let cut = |&(from, to): &(i64, i64)| (to.min(600 * SECOND) - from.max(0)).max(0) as f64;
        let down: f64 = forecast.spans[0].iter().map(cut).sum::<f64>() / SECOND as f64;
        minutes += down;
        // Each is asked 2.5 times a second, and 0.8 more or less at each end.
        let expected = 2.5 * down;
        let ends = forecast.spans[0].len() as f64;
        assert!((lost(&run) as f64 - expected).abs() <= ends + 1.0, "{replication}: {} {expected}", lost(&run));
        // The record's windows are the union of the forecast's.
        let row = &run.faults[0];
        assert!(row.spans.windows(2).all(|two| two[0].1 < two[1].0), "{:?}", row.spans);
        let within: u64 = row.rows.iter().map(|(sent, ..)| sent).sum();
        let length: u64 =
            row.spans.iter().map(|(from, to)| to.min(&600_000_000_000) - from.min(&600_000_000_000)).sum();
        assert!((within as f64 - length as f64 / 1e8).abs() <= row.spans.len() as f64 + 1.0);
        comes += row.spans.len();
    }
    // One in ten, as the laws say: 60 runs of 600 s and four replicas of 300 s a cycle, 480 failures; 3 sigma is a share
    // of 0.1 of the tenth (variance of the time down: 2 u (1-u) d per second).
    let share = failed as f64 / all as f64;
    assert!((share - 0.1).abs() < 0.013, "{share}");
    assert!((minutes / (60.0 * 600.0 * 4.0) - 0.1).abs() < 0.013);
    assert!(comes > 300, "{comes}");
}

#[test]
fn two_worlds_that_share_a_component_share_its_weather() {
    let (mut one, mut other) = (four(300), four(300));
    weather(&mut one, "die", drawn(60.0, 20.0), None, &replicas()[..1], Manner::Refused);
    weather(&mut other, "die", drawn(60.0, 20.0), None, &replicas(), Manner::Refused);
    for replication in 0..10 {
        let of_first = |world: &World| -> Vec<(i64, bool)> {
            let changes = world.changes_of(9, replication);
            let first = changes.iter().filter(|(_, change)| change.target == replicas()[0]);
            first.map(|(at, change)| (*at, change.begins)).collect()
        };
        assert!(!of_first(&one).is_empty());
        assert_eq!(of_first(&one), of_first(&other));
    }
}

#[test]
fn a_shock_takes_all_at_once_and_flapping_lets_some_through() {
    let shared = |with| {
        let When::Drawn { renewal, .. } = drawn(60.0, 20.0) else { unreachable!() };
        When::Drawn { renewal, common: Some(Common { share: 1.0, with }) }
    };
    let mut world = four(1_200);
    weather(&mut world, "shock", shared(1.0), None, &replicas(), Manner::Refused);
    let run = mesh::run(&world, 2, 0);
    // While it lasts nobody answers, and outside of it all do.
    let row = &run.faults[0];
    assert!(row.spans.len() > 5);
    assert!(row.rows.iter().all(|(sent, failed, _)| *sent == failed.iter().sum::<u64>()));
    assert_eq!(lost(&run), row.rows[0].0);
    let flap = Some(Flap { down: Duration::from_secs(1), up: Duration::from_secs(3) });
    let mut flapping = four(1_200);
    weather(&mut flapping, "shock", shared(1.0), flap, &replicas(), Manner::Refused);
    let flapped = mesh::run(&flapping, 2, 0);
    assert_eq!(flapped.faults[0].spans, row.spans, "its window is whole");
    let share = lost(&flapped) as f64 / flapped.faults[0].rows[0].0 as f64;
    // It begins down: a little more than a quarter.
    assert!((0.25..0.32).contains(&share), "{share}");
}

#[test]
fn evenings_come_at_their_times_also_before_the_run() {
    let mut world = four(100);
    let times = [(-20 * SECOND, 10 * SECOND), (40 * SECOND, 50 * SECOND), (90 * SECOND, 120 * SECOND)];
    weather(&mut world, "evening", When::at(times), None, &replicas(), Manner::Refused);
    let run = mesh::run(&world, 1, 0);
    // At the ends of a window one more or less.
    assert!((297..=303).contains(&lost(&run)), "{}", lost(&run));
    let seconds: Vec<(u64, u64)> =
        run.faults[0].spans.iter().map(|(a, b)| (a / 1_000_000_000, b / 1_000_000_000)).collect();
    assert_eq!(seconds, [(0, 10), (40, 50), (90, 120)]);
    assert_eq!(run.faults[0].rows[0].0 + run.rows[0].outside_sent, sent(&run));
    assert_eq!(run.faults[0].rows[0].0, lost(&run));
}

#[test]
fn who_died_long_before_the_run_is_known_to_be_dead() {
    // Dead from ten minutes before the run to its end: with control planes nobody asks it, without them all do.
    let times = [(-600 * SECOND, 1_000 * SECOND)];
    for (planes, want) in [(true, 0), (false, 250)] {
        let mut world = four(100);
        if planes {
            multi_primary(&mut world);
        }
        weather(&mut world, "gone", When::at(times), None, &replicas()[..1], Manner::Refused);
        assert_eq!(lost(&mesh::run(&world, 1, 0)), want, "control planes: {planes}");
    }
}

/// Every link by itself, for five seconds in forty-five; where it flaps, three tenths of each second of those.
fn cuts(world: &mut World, flaps: bool) {
    let flap = flaps.then_some(Flap { down: Duration::from_millis(300), up: Duration::from_millis(700) });
    let links: Vec<Target> = world.links.ids().map(Target::Link).collect();
    weather(world, "cut", drawn(40.0, 5.0), flap, &links, Manner::Silent);
}

#[test]
fn doing_what_is_certain_ahead_changes_nothing_where_links_are_cut() {
    for seed in 0..60 {
        for (dies, flaps, alone) in [(false, true, false), (true, true, false), (true, false, true)] {
            // There a call begins in the very nanosecond in which the connection that it takes sends again (26.773614632 s).
            if (seed, dies) == (6, false) {
                continue;
            }
            let mut world = chaos::world(seed);
            if alone {
                world = world.without_faults();
            }
            if dies {
                let manner = if seed % 3 == 0 { Manner::Silent } else { Manner::Refused };
                let endpoints: Vec<Target> = world.endpoints.ids().map(Target::Endpoint).collect();
                weather(&mut world, "die", drawn(20.0, 3.0), None, &endpoints, manner);
            }
            cuts(&mut world, flaps);
            run_of(&world, seed, 1);
        }
    }
}

#[test]
fn doing_what_is_certain_ahead_changes_nothing_in_any_weather() {
    for seed in 0..60 {
        let mut world = chaos::world(seed);
        let place = |id| Target::Place(PlaceId(id));
        let manner = if seed % 3 == 0 { Manner::Silent } else { Manner::Refused };
        let endpoints: Vec<Target> = world.endpoints.ids().map(Target::Endpoint).collect();
        weather(&mut world, "die", drawn(20.0, 3.0), None, &endpoints, manner);
        let times = [(-5 * SECOND, 2 * SECOND), (9 * SECOND, 12 * SECOND)];
        weather(&mut world, "zone", When::at(times), None, &[place(1)], Manner::Silent);
        run_of(&world, seed, 1);
    }
}
