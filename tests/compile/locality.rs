//! The hosts that Istio's locality settings make of a scenario: the localities of its HelloWorld task, gateways, retention.

use super::{CONNECTIVITY, GROUND, SERVICES, edge, hosts, place, public, with_traffic, world};
use eastwest::policy::Balance;
use eastwest::world::{Among, HostTarget, World};
use expect_test::expect;

/// Four localities, one replica each, as in istio.io's locality tasks; `sleep` calls from region1/zone1.
fn hello(policy: &str, more: &str) -> World {
    let cluster = |region: &str| format!("c-{region}: {{region: {region}}}");
    world(&format!(
        r#"
eastwest: 1
network: none
topology:
  regions: {{region1: {{zones: [zone1, zone2]}}, region2: {{zones: [zone3]}}, region3: {{zones: [zone4]}}}}
  clusters: {{{}, {}, {}}}
services:
  helloworld: {{replicas: {{c-region1: {{zone1: 1, zone2: 1}}, c-region2: 1, c-region3: 1}}, work: 1ms{more}}}
  sleep: {{replicas: {{c-region1: {{zone1: 1}}}}, work: 1ms, calls: [helloworld]}}
workload: {{users: {{from: region1, to: sleep, rate: 1rps}}}}
mesh: {{traffic: {{helloworld: {policy}}}}}
"#,
        cluster("region1"),
        cluster("region2"),
        cluster("region3"),
    ))
}

/// Where each host stands, with its priority and the weight of its locality, in order.
fn seen(world: &World) -> Vec<(String, u8, u32)> {
    let set = &world.host_sets[world.host_set(edge(world, "sleep -> helloworld"), place(world, "c-region1/zone1"))];
    let row = |host: &eastwest::world::Host| {
        let HostTarget::Endpoint(endpoint, _) = host.target else { panic!("all are reached directly") };
        let at = &world.places[world.endpoints[endpoint].place].name;
        let weight = set.localities.get(usize::from(host.locality)).map_or(0, |locality| locality.weight);
        (at.rsplit('/').next().expect("a zone").to_owned(), host.priority, weight)
    };
    set.hosts.iter().map(row).collect()
}

fn order(world: &World) -> Vec<(String, u8)> {
    seen(world).into_iter().map(|(zone, priority, _)| (zone, priority)).collect()
}

fn in_order(zones: [(&str, u8); 4]) -> Vec<(String, u8)> {
    zones.map(|(zone, priority)| (zone.to_owned(), priority)).into()
}

const OUTLIER: &str = "outlier: {max-ejection: 100%}";

#[test]
fn hello_world_fails_over_as_istios_task_says() {
    let world = hello(&format!("{{{OUTLIER}, locality: {{failover: {{region1: region2}}}}}}"), "");
    assert_eq!(order(&world), in_order([("zone1", 0), ("zone2", 1), ("zone3", 2), ("zone4", 3)]));
    let set = &world.host_sets[world.host_set(edge(&world, "sleep -> helloworld"), place(&world, "c-region1/zone1"))];
    assert_eq!(set.among, Among::WeightedLocalities, "failover is written");
}

#[test]
fn without_outlier_detection_failover_orders_nothing() {
    let world = hello("{locality: {failover: {region1: region2}}}", "");
    assert_eq!(order(&world), in_order([("zone1", 0), ("zone2", 0), ("zone3", 0), ("zone4", 0)]));
}

#[test]
fn hello_world_is_distributed_as_istios_task_says() {
    let rule = "region1/zone1/*: {region1/zone1/*: 70%, region1/zone2/*: 20%, region3/zone4/*: 10%}";
    let world = hello(&format!("{{locality: {{distribute: {{{rule}}}}}}}"), "");
    let weights: Vec<(String, u32)> = seen(&world).into_iter().map(|(zone, _, weight)| (zone, weight)).collect();
    assert_eq!(weights, [("zone1".to_owned(), 70), ("zone2".to_owned(), 20), ("zone4".to_owned(), 10)]);
    let elsewhere = "region2: {region2: 100%}";
    let flat = hello(&format!("{{{OUTLIER}, locality: {{distribute: {{{elsewhere}}}}}}}"), "");
    assert_eq!(order(&flat), in_order([("zone1", 0), ("zone2", 0), ("zone3", 0), ("zone4", 0)]), "named by no rule");
}

#[test]
fn a_services_wish_orders_without_outlier_detection_and_a_policy_replaces_it() {
    let wish = ", traffic-distribution: prefer-same-zone";
    let wished = in_order([("zone1", 0), ("zone2", 1), ("zone3", 2), ("zone4", 2)]);
    assert_eq!(order(&hello("{}", wish)), wished);
    let off = hello("{locality: {enabled: false}}", wish);
    assert_eq!(order(&off), in_order([("zone1", 0), ("zone2", 0), ("zone3", 0), ("zone4", 0)]));
}

#[test]
fn labels_order_before_regions() {
    let policy = |locality: &str| format!("{{{OUTLIER}, locality: {{{locality}}}}}");
    let third = hello(&policy("failover-priority: [region=region3, zone]"), "");
    assert_eq!(order(&third), in_order([("zone4", 0), ("zone1", 1), ("zone2", 1), ("zone3", 1)]));
    let both = hello(&policy("failover-priority: [cluster], failover: {region1: region3}"), "");
    assert_eq!(order(&both), in_order([("zone1", 0), ("zone2", 1), ("zone4", 2), ("zone3", 3)]));
}

#[test]
fn what_is_kept_in_its_cluster_is_seen_there_alone() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}\nmesh: {{retain: {{\"*\": true, payments: false}}}}\n");
    let world = world(&text);
    expect![[r#"
        users -> orders from east/h: 1 priorities
          P0 weight 1 orders@east#0 over network
          P0 weight 1 orders@east#1 over network
          P0 weight 1 orders@east#2 over network
    "#]]
    .assert_eq(&hosts(&world, "users -> orders", "east/h"));
    assert!(
        !world.host_sets[world.host_set(edge(&world, "orders -> payments"), place(&world, "east/h"))].hosts.is_empty()
    );
}

#[test]
fn a_gateway_of_two_addresses_is_two_hosts_of_half_the_weight() {
    let text = public().replace("loss: typical", "eip: {bandwidth: 100Mbps, addresses: 2}, loss: typical");
    expect![[r#"
        orders -> payments from south/b: 1 priorities
          P0 weight 2 internet/pay for payments@pay#0 payments@pay#1, 2 ways
          P0 weight 2 internet/pay for payments@pay#0 payments@pay#1, 2 ways
          P0 weight 1 internet/pay for payments@pay#2, 1 ways
          P0 weight 1 internet/pay for payments@pay#2, 1 ways
    "#]]
    .assert_eq(&hosts(&world(&text), "orders -> payments", "south/b"));
}

#[test]
fn distribute_divides_a_region_among_its_zones_in_whole_percents() {
    let world = with_traffic("{locality: {distribute: {hangzhou: {hangzhou: 80%, singapore: 20%}}}}");
    let set = &world.host_sets[world.host_set(edge(&world, "users -> orders"), place(&world, "east/h"))];
    let weights: Vec<u32> = set.localities.iter().map(|locality| locality.weight).collect();
    // Two of three replicas stand in h, one in i: 54 and 27, rounded up.
    assert_eq!(weights, [54, 27, 10, 10]);
    let hosts: Vec<u32> = set.hosts.iter().map(|host| host.weight).collect();
    assert_eq!((hosts, set.priorities), (vec![1; 5], 1), "weights of localities leave those of hosts alone");
    let shares = set.shares(Balance::LEAST_REQUEST);
    let expected = [27.0, 27.0, 27.0, 10.0, 10.0].map(|weight| weight / 101.0);
    assert!(shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 1e-12), "{shares:?}");
    // Where nobody is left in one of the zones, the other one has the whole part.
    assert_eq!(set.locality_weights(&[2, 0, 1, 1]), [80, 0, 10, 10]);
}

#[test]
fn zone_aware_routing_orders_regions_and_counts_the_callers_zones() {
    let zones = "{locality: {failover: {region1: region3}, zone-aware: {min-cluster-size: 2, share: 50%}}}";
    let world = hello(zones, "");
    assert_eq!(order(&world), in_order([("zone1", 0), ("zone2", 0), ("zone4", 1), ("zone3", 2)]));
    let set = &world.host_sets[world.host_set(edge(&world, "sleep -> helloworld"), place(&world, "c-region1/zone1"))];
    let Among::Zones(rule) = &set.among else { panic!("zones are chosen among") };
    let own = world.places[place(&world, "c-region1/zone1")].zone;
    assert_eq!((rule.own, &rule.peers[..], rule.min_cluster_size), (own, &[(own, 1)][..], 2));
    assert_eq!((rule.enabled.get(), rule.force_local), (0.5, None));
    let off = hello("{locality: {zone-aware: false}}", "");
    assert_eq!(order(&off), in_order([("zone1", 0), ("zone2", 0), ("zone3", 0), ("zone4", 0)]));
}
