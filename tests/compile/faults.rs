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

/// What begins to happen to ways, with their ends.
fn to_ways(world: &World) -> Vec<(String, Effect)> {
    let name = |path: PathId| {
        let way = &world.paths[path];
        format!("{} -> {}", world.places[way.from].name, world.places[way.to].name)
    };
    let of = |change: &Change| match change.target {
        Target::Path(path) => (name(path), change.effect),
        other => panic!("{other:?} is no way"),
    };
    world.changes.iter().filter(|change| change.begins).map(of).collect()
}

#[test]
fn a_lost_rule_closes_one_direction_and_a_provider_says_what_becomes_of_what_it_knows() {
    use eastwest::world::Manner;
    let lost = |established: &str| {
        to_ways(&hit(&format!("security-group: {{from: [cluster/east], to: [vpc/bank]{established}}}")))
    };
    let (kept, cut) = (Effect::Shut, Effect::Down(Manner::Silent));
    for (said, want) in [("", cut), (", established: kept", kept), (", established: cut", cut)] {
        let ways = lost(said);
        assert!(!ways.is_empty());
        assert!(
            ways.iter().all(|(way, effect)| way.starts_with("east/") && way.contains("-> pay/") && *effect == want),
            "{ways:?}"
        );
    }
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("alibaba/cn-hangzhou", "aws/eu-central-1");
    let text = text.replace("alibaba/ap-southeast-1", "aws/ap-southeast-1");
    let rule = "faults: {out: {at: 30s, for: 30s, security-group: {from: [cluster/east], to: [vpc/bank]}}}\n";
    assert!(to_ways(&world(&format!("{text}{rule}"))).iter().all(|(_, effect)| *effect == kept));
}

#[test]
fn lost_routes_are_of_the_services_named_and_names_of_gateways_are_kept() {
    use eastwest::world::ServiceId;
    let effects = |what: &str| -> Vec<Effect> {
        hit(what).changes.iter().filter(|change| change.begins).map(|change| change.effect).collect()
    };
    assert_eq!(effects("hit: service/orders, no-route: true"), [Effect::NoRoute(ServiceId::NONE); 5]);
    let payments =
        hit("hit: service/orders, expire: true").services.iter().find(|(_, one)| one.name == "payments").unwrap().0;
    assert_eq!(effects("hit: service/orders@east, no-route: [payments]"), [Effect::NoRoute(payments); 3]);
    assert_eq!(effects("hit: \"replica/orders/*\", share: 40%, new-root: true"), [Effect::NewRoot; 2]);
    let named = format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("{via: backbone}", "{via: internet}");
    let named = named.replace("south: {replicas: 2, cpu: 2}", "south: {replicas: 2, cpu: 2, ttl: 60s}");
    let world = world(&named.replace("calls: [payments]", "calls: [payments, far]").replace(
        "  payments: {replicas: {pay: 3}",
        "  far: {replicas: {south: 1}, work: 1ms}\n  payments: {replicas: {pay: 3}",
    ));
    let names: Vec<_> =
        world.names.iter().map(|(&id, ttl)| (world.gateways[id].name.as_str(), ttl.seconds())).collect();
    assert_eq!(names, [("internet/south", 60.0)]);
}

#[test]
fn a_gateways_pods_are_sent_away_and_work_on_for_as_long_as_istio_lets_them() {
    use eastwest::policy::rollout::{AtOnce, Rollout};
    use eastwest::units::Duration;
    use eastwest::world::GatewayPods;
    let seconds = Duration::from_secs;
    let by_gateway = |fault: &str| {
        let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("{via: backbone}", "{via: internet}");
        let text = text.replace("calls: [payments]", "calls: [payments, far]").replace(
            "  payments: {replicas: {pay: 3}",
            "  far: {replicas: {south: 1}, work: 1ms}\n  payments: {replicas: {pay: 3}",
        );
        let text = text.replace("south: {replicas: 2, cpu: 2}", "south: {replicas: 2, start-up: 3s, deregister: 2m}");
        world(&format!("{text}faults: {{out: {{at: 30s, {fault}}}}}\n"))
    };
    let effects = |fault: &str| -> Vec<Effect> {
        by_gateway(fault).changes.iter().filter(|change| change.begins).map(|change| change.effect).collect()
    };
    let drain = |grace| Effect::Drain { grace: seconds(grace) };
    assert_eq!(
        begins(&by_gateway("for: 1m, hit: gateway/internet/south/1, drain: true")),
        ["gateway internet/south#1"]
    );
    assert_eq!(effects("for: 1m, hit: gateway/internet/south, drain: true"), [drain(5); 2]);
    assert_eq!(effects("for: 1m, hit: gateway/internet/south, drain: {grace: 40s}"), [drain(40); 2]);
    // Beside a service it is as long as Kubernetes lets that.
    assert_eq!(effects("for: 1m, hit: [gateway/internet/south/0, service/far], drain: true"), [drain(30); 2]);
    let rollout = Rollout { at_once: AtOnce::Count(1), grace: seconds(5) };
    assert_eq!(effects("hit: gateway/internet/south, restart: {at-once: 1}"), [Effect::Restart(Some(rollout)); 2]);
    // A place keeps its gateways.
    let gone = begins(&by_gateway("for: 1m, hit: cluster/south, drain: true"));
    assert!(!gone.is_empty() && gone.iter().all(|name| !name.contains("gateway")), "{gone:?}");
    let world = by_gateway("for: 1m, hit: gateway/internet/south, drain: true");
    let pods: Vec<_> = world.gateway_pods.iter().map(|(&id, pods)| (world.gateways[id].name.as_str(), *pods)).collect();
    assert_eq!(pods, [("internet/south", GatewayPods { start_up: seconds(3), deregister: seconds(120) })]);
}
