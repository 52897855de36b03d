//! HelloWorld in four localities: drained one by one it answers in the order of Istio's task, and distributes as it is told.

use std::collections::BTreeMap;
use std::path::Path;

use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::scenario::{self, Inputs, compile_with_warnings};
use eastwest::world::{Standing, World};

const PLACES: [&str; 4] = ["primary/zone1", "second/zone2", "third/zone3", "fourth/zone4"];

fn world(variant: &str, minutes: u32) -> World {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/helloworld.yaml");
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
    let variant = loaded.variants.iter().find(|one| one.name == variant).expect("the variant is there");
    let mut world = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
        .expect("a shipped scenario compiles")
        .world;
    // The same run, cut off: what it counts is what was counted so far.
    world.plan.horizon = eastwest::units::Duration::from_secs(60 * u64::from(minutes));
    world
}

/// Attempts of client -> helloworld by where they went, in each of the four minutes.
fn by_minute(variant: &str, replication: u32) -> Vec<BTreeMap<String, u64>> {
    let until = |minutes: u32| {
        let run = mesh::run(&world(variant, minutes), 7, replication);
        let flows = run.flows.into_iter().filter(|flow| flow.edge == "client -> helloworld");
        flows.map(|flow| (flow.to, flow.attempts)).collect::<BTreeMap<String, u64>>()
    };
    let mut before = BTreeMap::new();
    let minute = |minutes| {
        let now = until(minutes);
        let grown = now.iter().map(|(to, count)| (to.clone(), count - before.get(to).copied().unwrap_or(0)));
        let grown = grown.collect();
        before = now;
        grown
    };
    (1..=4).map(minute).collect()
}

/// Attempts to each of the four places.
fn to(minute: &BTreeMap<String, u64>) -> [u64; 4] {
    PLACES.map(|place| minute.get(place).copied().unwrap_or(0))
}

#[test]
fn drained_one_by_one_they_answer_in_the_order_of_the_task() {
    for variant in ["as-the-task", "by-ejection"] {
        for (minute, counts) in by_minute(variant, 0).iter().enumerate() {
            let counts = to(counts);
            // About 6,000 requests, and only what was tried before anybody knew goes anywhere else.
            assert!(counts[minute] > 5_700, "{variant}, minute {minute}: {counts:?}");
            assert!(counts[minute + 1..].iter().all(|later| *later == 0), "{variant}, minute {minute}: {counts:?}");
            assert!(counts[..minute].iter().sum::<u64>() < 600, "{variant}, minute {minute}: {counts:?}");
        }
    }
}

#[test]
fn by_default_nobody_is_ever_ejected_and_the_first_locality_keeps_all_calls() {
    for (minute, counts) in by_minute("by-default", 0).iter().enumerate() {
        let counts = to(counts);
        // What is refused is on no way.
        assert!((counts[0] > 5_700) == (minute == 0) && counts[1..] == [0, 0, 0], "{counts:?}");
    }
}

/// What the engine's rules make of the hosts that are not gone.
fn expected(variant: &str, gone: usize) -> [f64; 4] {
    let world = world(variant, 4);
    let (id, edge) = world.edges.iter().find(|(_, edge)| edge.name == "client -> helloworld").expect("the edge");
    let place = world.places.iter().find(|(_, place)| place.name == PLACES[0]).expect("the client's place").0;
    let set = &world.host_sets[world.host_set(id, place)];
    let at = |host: usize| {
        let eastwest::world::HostTarget::Endpoint(endpoint, _) = set.hosts[host].target else { panic!("no gateways") };
        let name = &world.places[world.endpoints[endpoint].place].name;
        PLACES.iter().position(|place| place == name).expect("one of the four")
    };
    let standing = |host: usize| if at(host) < gone { Standing::Gone } else { Standing::In };
    let mut shares = [0.0; 4];
    for (host, share) in set.shares_when(&world.policies[edge.policy], standing).into_iter().enumerate() {
        shares[at(host)] += share;
    }
    shares
}

#[test]
fn weights_come_to_70_20_and_10_and_to_what_is_left_of_them() {
    let near =
        |left: [f64; 4], right: [f64; 4]| left.iter().zip(right).all(|(left, right)| (left - right).abs() < 1e-12);
    assert!(near(expected("distribute", 0), [0.7, 0.2, 0.0, 0.1]));
    assert!(near(expected("distribute", 1), [0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]));
    assert!(near(expected("distribute", 2), [0.0, 0.0, 0.0, 1.0]));
    let mut sums = [[0_u64; 4]; 4];
    for replication in 0..3 {
        for (sum, counts) in sums.iter_mut().zip(by_minute("distribute", replication)) {
            sum.iter_mut().zip(to(&counts)).for_each(|(sum, count)| *sum += count);
        }
    }
    for (minute, counts) in sums.iter().enumerate() {
        assert_eq!(counts[2], 0, "zone3 is not listed");
        // Of those that are left; what the others got was tried before anybody knew.
        let gone = minute.min(2);
        let shares = expected("distribute", gone);
        let all: u64 = counts[gone..].iter().sum();
        for (count, share) in counts.iter().zip(shares).skip(gone) {
            let (mean, n) = (share * all as f64, all as f64);
            // 99.9 % of a binomial.
            let most = 3.2905 * (n * share * (1.0 - share)).sqrt() + 0.5;
            assert!((*count as f64 - mean).abs() <= most, "minute {minute}: {counts:?} against {shares:?}");
        }
    }
}
