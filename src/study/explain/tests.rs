//! Explanations of a small world worked out by hand.

use super::*;
use crate::bill::{Exact, PriceRange, PriceStatus, Tariff, Tier};
use crate::policy::{Outlier, Policy, Pool, Protocol, RetryOn, defaults};
use crate::record::{ClientView, EdgeExplanation};
use crate::topology::{ClusterId, GatewayId, Leg, RegionId, ZoneId};
use crate::units::{Bytes, Duration, Money, SimTime};
use crate::world::*;
use std::sync::Arc;

const MS: Duration = Duration::from_millis(1);

fn ms(n: u64) -> Duration {
    MS.saturating_mul(n)
}

/// Web stands in east (region one) and calls stock, which has one replica in east and, 30 ms away, two in south.
struct Shop {
    world: World,
    far: PathId,
}

fn shop(policy: Policy) -> Shop {
    let mut world = World { variant: "flat".to_owned(), ..World::default() };
    for (number, (region, cluster)) in [("one", "east"), ("two", "south")].into_iter().enumerate() {
        let at = number as u32;
        world.regions.push(region.to_owned());
        world.zones.push((RegionId(at), "a".to_owned()));
        world.clusters.push(cluster.to_owned());
        let name = format!("{cluster}/a");
        world.places.push(Place { region: RegionId(at), zone: ZoneId(at), cluster: ClusterId(at), name });
    }
    let loss = |link: f64| {
        let values = std::array::from_fn(|h| if h < 20 { 0.0 } else { link });
        Some(Loss::by_hour(HourLaw { values, at_zero: Duration::ZERO }))
    };
    for chance in [0.1, 0.2] {
        let name = format!("internet {chance}");
        world.links.push(Link { name, delay: ms(15), jitter: None, loss: loss(chance), cap: None });
    }
    let near = world.paths.push(path(0, 0, vec![Leg::Wait(ms(1))], vec![("zone", 1)], vec![]));
    let through = vec![Leg::Wait(ms(30)), Leg::Gateway(GatewayId(0))];
    let far = world.paths.push(path(0, 1, through, vec![("backbone", 28), ("zone", 2)], vec![LinkId(0), LinkId(1)]));
    let gateway = Gateway {
        name: "wan/south".to_owned(),
        replicas: vec![StationId(0)],
        cpu_per_connection: ms(5),
        cpu_per_kib: MS,
        cpu_per_request: Duration::ZERO,
        by_client: false,
    };
    world.gateways.push(gateway);
    world.stations.push(Station { name: "gateway".to_owned(), servers: 1, place: PlaceId(1) });
    let web = world.services.push(service("web"));
    let stock = world.services.push(service("stock"));
    for (service, place, name) in
        [(web, 0, "web@east#0"), (stock, 0, "stock@east#0"), (stock, 1, "stock@south#0"), (stock, 1, "stock@south#1")]
    {
        let place = PlaceId(place);
        let proxy = Proxy {
            name: format!("sidecar {name}"),
            place,
            endpoint: EndpointId::NONE,
            station: StationId(0),
            cpu: Duration::from_micros(200),
            delay: Duration::from_micros(300),
            handshake: Duration::ZERO,
            first_upstream: 0,
        };
        let proxy = world.proxies.push(proxy);
        let endpoint = world.endpoints.push(Endpoint { service, place, name: name.to_owned(), proxy, version: 0 });
        world.services[service].endpoints.push(endpoint);
    }
    let operation = Operation {
        name: "stock.read".to_owned(),
        service: stock,
        start: 0,
        request: Bytes(0),
        response: Bytes(0),
        request_wire: Bytes(2048),
        request_acks: Bytes(50),
        response_wire: Bytes(4096),
        response_acks: Bytes(100),
        priority: 0,
        errors: Vec::new(),
        variants: vec![],
    };
    let operation = world.operations.push(operation);
    let policy = world.policies.push(policy);
    let edge = Edge::written(Caller::Service(web), stock, "web -> stock", policy, 0);
    let edge = world.edges.push(edge);
    world.call_sites.push(CallSite { edge, operation });
    let gateway = HostTarget::Gateway(GatewayId(0), vec![(EndpointId(2), far), (EndpointId(3), far)]);
    let hosts = vec![
        Host { target: HostTarget::Endpoint(EndpointId(1), near), weight: 1, priority: 0, locality: 0 },
        Host { target: gateway, weight: 2, priority: 0, locality: 0 },
    ];
    let set = world.host_sets.push(HostSet { hosts: hosts.into(), priorities: 1, ..HostSet::default() });
    world.host_set_of = vec![set, HostSetId::NONE];
    world.charges = vec![
        charge(
            "wan",
            "transfer",
            Basis::Bytes(vec![
                Tap { path: far, direction: Direction::Forward },
                Tap { path: far, direction: Direction::Back },
            ]),
            Some(100_000_000),
        ),
        charge("wan", "ingress", Basis::Bytes(vec![Tap { path: far, direction: Direction::Back }]), None),
        charge("wan", "gateway hours", Basis::Hours(3.0), Some(20_000_000)),
        charge("wan", "EIP", Basis::MbpsDays(7.0), Some(10)),
    ];
    // 1, 2, .. 5 Mbit/s cost 1, 2, .. 5 together, each further one 10.
    let step = |from: i128, nano| Tier { from: Exact::whole(from), price: Some(price(nano)) };
    world.charges[3].tariff.tiers = vec![step(0, 1), step(5, 10)];
    Shop { world, far }
}

fn price(nano: i128) -> PriceRange {
    PriceRange { low: Money(nano), mid: Money(nano), high: Money(2 * nano) }
}

fn charge(product: &str, item: &str, basis: Basis, nano: Option<i128>) -> Charge {
    Charge {
        product: product.to_owned(),
        scope: String::new(),
        payer: String::new(),
        at: String::new(),
        basis,
        tariff: Tariff {
            name: item.to_owned(),
            tiers: vec![Tier { from: Exact::ZERO(), price: nano.map(price) }],
            unit: "GB".to_owned(),
            gigabyte: 1_000_000_000,
            status: if nano.is_some() { PriceStatus::Sourced } else { PriceStatus::NotFound },
            ..Tariff::default()
        },
    }
}

fn path(from: u32, to: u32, legs: Vec<Leg>, hops: Vec<(&str, u64)>, links: Vec<LinkId>) -> Path {
    let floor: Duration = hops.iter().map(|(_, n)| ms(*n)).sum();
    let hops: Vec<(String, Duration)> = hops.into_iter().map(|(name, n)| (name.to_owned(), ms(n))).collect();
    Path {
        from: PlaceId(from),
        to: PlaceId(to),
        name: String::new(),
        back: legs.clone(),
        legs,
        back_links: links.clone(),
        links,
        back_hops: hops.iter().rev().cloned().collect(),
        hops,
        floor,
        floor_back: floor,
        handshake: 2,
        handshake_bytes: [Bytes(0); 2],
        idle_silent: false,
        idle_limit: Duration::MAX,
        via: "wan".to_owned(),
    }
}

fn service(name: &str) -> Service {
    Service {
        name: name.to_owned(),
        workers: 1,
        threads: None,
        queue: None,
        discipline: Discipline::Fcfs,
        on_cancel: Default::default(),
        operations: vec![],
        endpoints: vec![],
        rate_limit: None,
        vcpu: 0.0,
        versions: vec![],
        forwards: crate::world::ContextMapId::NONE,
    }
}

fn istio() -> Policy {
    defaults::policy(defaults::ISTIO_VERSION)
}

fn explained(policy: Policy) -> EdgeExplanation {
    let explanation = explain("shop", "?", "USD", &[shop(policy).world]);
    explanation.variants[0].edges[0].clone()
}

fn view() -> ClientView {
    let edge = explained(istio());
    assert_eq!(edge.clients.len(), 1, "only east has a caller");
    edge.clients[0].clone()
}

#[test]
fn a_flat_list_is_shared_by_weight_and_crosses_regions() {
    let view = view();
    let shown: Vec<_> =
        view.groups.iter().map(|g| (&*g.at, &*g.region, g.hosts, g.replicas, (g.share * 300.0).round())).collect();
    assert_eq!(shown, [("east/a", "one", 1, 1, 100.0), ("gateway wan/south", "two", 1, 2, 200.0)]);
    assert!((view.crosses_region - 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn the_hops_of_a_call_add_up_to_its_time() {
    let view = view();
    let far = view.calls.iter().find(|call| call.to == "south/a").expect("a call to south");
    assert!((far.hops.iter().map(|hop| hop.ms).sum::<f64>() - far.warm_ms).abs() < 1e-9);
    // Two sidecars of 0.5 ms, 30 ms there and back, 2 KiB and 4 KiB through the gateway at 1 ms for each.
    assert!((far.warm_ms - (0.5 + 30.0 + 2.0 + 0.5 + 30.0 + 4.0)).abs() < 1e-9, "{}", far.warm_ms);
    // Two round trips of 60 ms begin when the client's sidecar is through.
    assert!((far.cold_ms - (far.warm_ms + 120.0)).abs() < 1e-9, "{}", far.cold_ms);
    let phases: Vec<&str> = far.hops.iter().map(|hop| &*hop.phase).collect();
    assert!(phases.is_sorted_by_key(|phase| ["request", "service", "response"].iter().position(|p| p == phase)));
    let near = &view.calls[0];
    assert!((near.warm_ms - 3.0).abs() < 1e-9 && (near.cold_ms - 7.0).abs() < 1e-9);
}

#[test]
fn a_million_calls_cost_what_their_bytes_cost() {
    let view = view();
    let far = &view.calls[1];
    // Requests with the acknowledgements of responses, and the other way round.
    let cost = &far.operations[0];
    assert_eq!((cost.forward_bytes, cost.back_bytes), (2148, 4146));
    // (2148 + 4146) B x 1e6 = 6.294 GB at 0.1; the price that was not found is told and adds nothing.
    let (low, mid, high) = cost.per_million;
    assert!((mid - 0.6294).abs() < 1e-9 && low == mid && (high - 2.0 * mid).abs() < 1e-9);
    let told: Vec<_> = far.prices.iter().map(|p| (&*p.item, &*p.direction, p.price.is_some(), &*p.status)).collect();
    assert_eq!(told, [("transfer", "both", true, "sourced"), ("ingress", "response", false, "not-found")]);
    assert_eq!(view.calls[0].prices, []);
    assert_eq!(view.calls[0].operations[0].per_million, (0.0, 0.0, 0.0));
}

#[test]
fn loss_composes_over_the_links_and_the_day() {
    let (least, most) = view().calls[1].loss;
    assert!(least == 0.0 && (most - 0.28).abs() < 1e-12);
}

#[test]
fn standing_prices_have_their_quantity_and_day_prices_their_table() {
    let explanation = explain("shop", "?", "USD", &[shop(istio()).world]);
    let standing = &explanation.variants[0].standing;
    assert_eq!(standing.iter().map(|price| &*price.item).collect::<Vec<_>>(), ["gateway hours", "EIP"]);
    assert_eq!(standing[0].quantity, Some(3.0));
    // Five by the table, two more at 10 each, in nano-units.
    let (_, mid, _) = standing[1].price.expect("a price");
    assert!((mid - 25e-9).abs() < 1e-18);
    assert_eq!(standing[1].unit, "day (7 Mbit/s)");
}

#[track_caller]
fn implies(policy: Policy, sentences: &[&str]) {
    let implied = explained(policy).implies;
    for sentence in sentences {
        assert!(implied.iter().any(|said| said.contains(sentence)), "{sentence}\nis not in\n{}", implied.join("\n"));
    }
}

#[track_caller]
fn does_not_imply(policy: Policy, words: &str) {
    let implied = explained(policy).implies;
    assert!(!implied.iter().any(|said| said.contains(words)), "{}", implied.join("\n"));
}

#[test]
fn istios_defaults_are_told_with_what_they_do() {
    implies(
        istio(),
        &[
            "hangs until TCP gives up after 15.41 min",
            "without outlier detection Istio keeps no locality order: hosts are one flat list, and 66.7 % of the calls from east/a go to another region",
            "a 500 or 503 that the server sends is not retried",
            "gateway wan/south is 1 host to its clients: it picks one of 2 replicas per connection",
        ],
    );
    let settings = explained(istio()).policy;
    assert!(settings.iter().all(|setting| setting.origin != "scenario"), "{settings:?}");
    assert!(settings.iter().all(|setting| !setting.source.is_empty()));
}

#[test]
fn a_value_of_the_scenario_is_told_from_a_default() {
    let policy = Policy { timeout: Some(ms(3_000)), retries: 1, ..istio() };
    let own: Vec<String> = explained(policy)
        .policy
        .into_iter()
        .filter(|setting| setting.origin == "scenario")
        .map(|setting| format!("{} {}", setting.key, setting.value))
        .collect();
    assert_eq!(own, ["timeout 3 s", "retries 1"]);
}

#[test]
fn ten_percent_of_two_hosts_ejects_nobody() {
    let timeout = Policy { timeout: Some(ms(500)), outlier: Some(defaults::OUTLIER), panic_threshold: 0, ..istio() };
    implies(
        timeout.clone(),
        &["max-ejection 10 % of 2 hosts is less than one: no host is ever ejected", "no locality order is set"],
    );
    let all = Outlier { max_ejection_percent: 100, ..defaults::OUTLIER };
    does_not_imply(Policy { outlier: Some(all), ..timeout }, "max-ejection");
}

#[test]
fn a_cap_below_the_nearest_hosts_keeps_calls_at_a_dead_place() {
    let outlier = Outlier { max_ejection_percent: 50, ..defaults::OUTLIER };
    let mut shop = shop(Policy { outlier: Some(outlier), panic_threshold: 0, ..istio() });
    // Three hosts near, one far: half of four is two, and one of three nearest stays.
    let set = &mut shop.world.host_sets[HostSetId(0)];
    let near = set.hosts[0].clone();
    let mut far = set.hosts[1].clone();
    far.priority = 1;
    set.hosts = [near.clone(), near.clone(), near, far].into();
    set.priorities = 2;
    let edge = explain("shop", "?", "USD", &[shop.world]).variants[0].edges[0].clone();
    let told =
        "max-ejection 50 % of 4 hosts allows 2: if all 3 nearest hosts of east/a die, they still get 46 % of its calls";
    assert!(edge.implies.iter().any(|said| said == told), "{}", edge.implies.join("\n"));
    assert_eq!(edge.clients[0].crosses_region, 0.0);
}

#[test]
fn a_silent_end_is_told_by_what_ends_it() {
    let policy = Policy { timeout: Some(ms(1_000)), ..istio() };
    implies(
        policy.clone(),
        &[
            "ends after 1 s, but its HTTP/2 connection stays in use until TCP gives up after 15.41 min, for nothing ejects its host",
        ],
    );
    let ejected = Policy { outlier: Some(defaults::OUTLIER), ..policy.clone() };
    implies(ejected, &["until its host is ejected, after 5 failures in a row"]);
    let pinged = Policy { http2_ping: Some((ms(5_000), ms(2_000))), ..policy };
    implies(pinged, &["until the HTTP/2 ping closes it, up to 7 s later"]);
    let pool = Pool { protocol: Protocol::Http1, max_pending: 100, ..Pool::default() };
    let http1 = Policy { timeout: Some(ms(1_000)), pool, ..istio() };
    let told = super::policy::settings(&http1);
    let said: Vec<(&str, &str)> = told.iter().map(|setting| (setting.key.as_str(), setting.value.as_str())).collect();
    assert!(said.contains(&("pool.protocol", "http1")) && said.contains(&("pool.max-pending", "100")), "{said:?}");
    assert!(!said.iter().any(|(key, _)| key.contains("http2")), "{said:?}");
    implies(http1, &["ends after 1 s, and its HTTP/1.1 connection is closed with it"]);
    implies(Policy { outlier: Some(defaults::OUTLIER), ..istio() }, &["outlier detection hears nothing of it"]);
}

#[test]
fn a_limit_below_the_way_itself_is_told() {
    implies(
        Policy { timeout: Some(ms(60)), ..istio() },
        &["timeout 60 ms is below the 67 ms to south/a and back from east/a: no call there can succeed"],
    );
    implies(
        Policy { timeout: Some(ms(100)), ..istio() },
        &["timeout 100 ms is below the 187 ms of the first call on a new connection from east/a to south/a"],
    );
    does_not_imply(Policy { timeout: Some(ms(1_000)), ..istio() }, "is below");
    implies(
        Policy { timeout: Some(ms(500)), per_try: Some(ms(500)), ..istio() },
        &["per-try 500 ms is not below the timeout 500 ms: Envoy ignores it"],
    );
    implies(Policy { per_try: Some(ms(500)), ..istio() }, &["a try that ends after 500 ms is not retried"]);
    let on = RetryOn { gateway_error: true, ..RetryOn::default() };
    does_not_imply(Policy { per_try: Some(ms(500)), retry_on: on, ..istio() }, "is not retried (it needs");
}

#[test]
fn a_fault_is_told_with_what_it_takes() {
    let Shop { mut world, far } = shop(istio());
    let scene = world.scene();
    let outage = |name: &str, hit: &str| Disruption {
        name: name.to_owned(),
        hit: hit.to_owned(),
        when: When::once(SimTime::ZERO + ms(60_000), ms(30_000)),
        flap: None,
        effects: Vec::new(),
        recovery: Duration::ZERO,
    };
    for (name, hit) in [
        ("zone", "zone/two/a"),
        ("product", "product/wan"),
        ("replica", "replica/stock@south#1"),
        ("link", "link/one-two"),
    ] {
        world.schedule(&scene, outage(name, hit)).unwrap();
    }
    world.paths[far].name = "east/a -> south/a via wan".to_owned();
    let faults = explain("shop", "?", "USD", &[world]).variants.remove(0).faults;
    let shown: Vec<_> = faults.iter().map(|fault| (&*fault.name, &*fault.manner, fault.takes.join(", "))).collect();
    assert_eq!(shown[0], ("zone", "silent", "south/a with 2 replicas".to_owned()));
    assert_eq!(shown[1], ("product", "silent", ", east/a -> south/a via wan".to_owned()));
    assert_eq!(shown[2], ("replica", "refused", "stock@south#1".to_owned()));
    assert_eq!(shown[3], ("link", "without effect in this variant", String::new()));
    assert_eq!(faults[0].when, "60 s for 30 s");
}

#[test]
fn a_part_is_selected_by_edge_variant_product_or_way() {
    let all = explain("shop", "?", "USD", &[shop(istio()).world]);
    for what in ["web -> stock", "web", "stock", "flat", "wan"] {
        assert_eq!(about(all.clone(), what).map_err(|whole| *whole).as_ref(), Ok(&all), "{what}");
    }
    for what in ["one-two", "east-south", "east/a-south/a", "one-south"] {
        let part = about(all.clone(), what).unwrap_or_else(|_| panic!("{what}"));
        let calls = &part.variants[0].edges[0].clients[0].calls;
        assert_eq!((calls.len(), &*calls[0].to), (1, "south/a"), "{what}");
    }
    for what in ["two-one", "orders", "one", ""] {
        assert_eq!(about(all.clone(), what).map_err(|whole| *whole).as_ref(), Err(&all), "{what}");
    }
}

#[test]
fn two_addresses_of_one_gateway_are_two_hosts_with_the_same_replicas() {
    let mut shop = shop(istio());
    let set = &mut shop.world.host_sets[HostSetId(0)];
    set.hosts = [&set.hosts[..], &set.hosts[1..2]].concat().into();
    let edge = explain("shop", "?", "USD", &[shop.world]).variants[0].edges[0].clone();
    let gateway = &edge.clients[0].groups[1];
    assert_eq!((gateway.hosts, gateway.replicas), (2, 2));
    assert!((gateway.share - 0.8).abs() < 1e-12);
}

#[test]
fn where_no_host_is_near_there_is_no_order_to_miss() {
    let mut shop = shop(istio());
    let set = &mut shop.world.host_sets[HostSetId(0)];
    set.hosts = set.hosts[1..].into();
    let edge = explain("shop", "?", "USD", &[shop.world]).variants[0].edges[0].clone();
    assert_eq!(edge.clients[0].crosses_region, 1.0);
    assert!(!edge.implies.iter().any(|said| said.contains("flat list")), "{}", edge.implies.join("\n"));
}

#[test]
fn a_list_with_weights_of_its_own_is_not_told_as_flat() {
    let mut shop = shop(istio());
    let hosts = Arc::make_mut(&mut shop.world.host_sets[HostSetId(0)].hosts);
    (hosts[0].weight, hosts[1].weight) = (800_000, 200_000);
    let edge = explain("shop", "?", "USD", &[shop.world]).variants[0].edges[0].clone();
    let told = "calls are divided by weight: 20 % of those from east/a go to another region, near hosts or not";
    assert!(edge.implies.iter().any(|said| said == told), "{}", edge.implies.join("\n"));
}
