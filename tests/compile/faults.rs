//! Whom a fault hits, by every name that there is.

use super::*;
use eastwest::world::{Change, Effect};

/// A world with one fault.
fn hit(fault: &str) -> World {
    world(&format!("{GROUND}{CONNECTIVITY}{SERVICES}faults: {{out: {{at: 30s, for: 30s, {fault}}}}}\n"))
}

/// What it begins, by name, in order.
fn begins(world: &World) -> Vec<String> {
    let name = |change: &Change| match change.target {
        Target::Place(id) => world.places[id].name.clone(),
        Target::Endpoint(id) => world.endpoints[id].name.clone(),
        Target::Path(id) => world.paths[id].name.clone(),
        Target::Link(id) => world.links[id].name.clone(),
        Target::Station(id) => world.stations[id].name.clone(),
        other => format!("{other:?}"),
    };
    let mut names: Vec<String> = world.changes.iter().filter(|change| change.begins).map(name).collect();
    names.sort();
    names
}

#[test]
fn a_cluster_a_vpc_and_a_service_of_a_cluster_are_what_stands_there() {
    assert_eq!(begins(&hit("hit: cluster/south, down: true")), ["south/a", "south/b"]);
    assert_eq!(begins(&hit("hit: vpc/shop-sg, down: true")), ["south/a", "south/b"]);
    let south = ["orders@south#0", "orders@south#1"];
    for name in ["service/orders@south", "service/orders/south", "replica/orders@south#*", "replica/orders/south/*"] {
        assert_eq!(begins(&hit(&format!("hit: \"{name}\", down: true"))), south, "{name}");
    }
    assert_eq!(begins(&hit("hit: \"replica/*\", down: true")).len(), 8);
    assert_eq!(begins(&hit("hit: \"zone/singapore/*\", slow: {factor: 2}")), ["south/a", "south/b"]);
    // A part of a product: the ways that touch the zone.
    let ways = begins(&hit("hit: product/backbone/zone/b, loss: 1%"));
    assert!(!ways.is_empty() && ways.iter().all(|name| name.contains("/b")), "{ways:?}");
}

#[test]
fn some_of_what_a_pattern_finds_are_the_same_whatever_else_there_is() {
    let two = begins(&hit("hit: \"replica/orders@east#*\", count: 2, down: true"));
    assert_eq!(two.len(), 2);
    // A third of 3 and of 8.
    assert_eq!(begins(&hit("hit: \"replica/orders@east#*\", share: 33%, down: true")).len(), 1);
    assert_eq!(begins(&hit("hit: \"replica/*\", share: 33%, down: true")).len(), 3);
}

#[test]
fn a_partition_takes_the_ways_between_its_sides_and_no_other() {
    let world = hit("partition: {between: [zone/hangzhou/h], and: [region/singapore]}");
    let cut = world.changes.iter().filter(|change| change.begins);
    let mut count = 0;
    for change in cut {
        let Target::Path(path) = change.target else { panic!("{change:?}") };
        let zone = |place: PlaceId| world.zones[world.places[place].zone].1.as_str();
        let ends = [zone(world.paths[path].from), zone(world.paths[path].to)];
        assert!(ends.contains(&"h") && (ends.contains(&"a") || ends.contains(&"b")), "{ends:?}");
        assert!(matches!(change.effect, Effect::Down(eastwest::world::Manner::Silent)));
        count += 1;
    }
    assert!(count > 0);
    assert_eq!(world.faults.rows()[0].hits, "zone/hangzhou/h | region/singapore");
}

#[test]
fn several_effects_of_one_fault_are_all_there() {
    let world = hit("hit: service/payments, slow: {factor: 4, add: 5ms}, errors: {\"503\": 1%, unavailable: 2%}");
    let begins = world.changes.iter().filter(|change| change.begins).count();
    // Three replicas, three effects.
    assert_eq!((begins, world.changes.len()), (9, 18));
}

#[test]
fn what_no_fault_can_mean_is_told() {
    let told = |fault: &str, want: Expect| {
        complains(&format!("{GROUND}{CONNECTIVITY}{SERVICES}faults: {{out: {{at: 30s, for: 30s, {fault}}}}}\n"), want);
    };
    told(
        "hit: \"replica/basket@*\", down: true",
        expect![[r#"
            EW346 nothing is called `replica/basket@*`; there is `replica/orders@east#0`, `replica/orders@east#1` or `replica/orders@east#2`
        "#]],
    );
    told(
        "partition: {between: [region/hangzhou], and: [zone/hangzhou/h, region/singapore]}",
        expect![[r#"
            EW417 east/h is on both sides
        "#]],
    );
}
