//! What products become in a world: gateways by kind, tables of connections, parts that fail and come back, limits.

use super::{CONNECTIVITY, GROUND, SERVICES, complains, edge, hosts, place, public, world};
use eastwest::units::{Duration, SimTime};
use eastwest::world::{HostTarget, Manner, Target, World};
use expect_test::expect;

fn l7() -> String {
    public().replace("pay: {replicas: 3, cpu: 1}", "pay: {replicas: 3, cpu: 1, kind: l7}").replace(
        "east: {replicas: 2, cpu: 2}, south: {replicas: 2, cpu: 2}",
        "east: {kind: l7, cpu-per-request: 50us}, south: {kind: l7, cpu-per-connection: 2ms, cpu-per-kib: 3us}",
    )
}

#[test]
fn a_gateway_that_reads_requests_is_a_choice_for_each_and_greets_by_itself() {
    let world = world(&l7());
    expect![[r#"
        orders -> payments from south/b: 1 priorities
          P0 weight 1 internet/pay for payments@pay#0, 2 ways
          P0 weight 1 internet/pay for payments@pay#1, 2 ways
          P0 weight 1 internet/pay for payments@pay#2, 2 ways
    "#]]
    .assert_eq(&hosts(&world, "orders -> payments", "south/b"));
    let set = &world.host_sets[world.host_set(edge(&world, "orders -> payments"), place(&world, "south/b"))];
    let HostTarget::Gateway(_, members) = &set.hosts[0].target else { panic!("a gateway") };
    let (way, greeting) = (&world.paths[members[0].1], world.greeting(members[0].1));
    // Handshakes end at the gateway: all but the hop behind it, twice 200 us.
    assert_eq!(way.floor + way.floor_back - greeting, Duration::from_micros(400));
    let work = |name: &str| {
        let gateway = world.gateways.rows().iter().find(|gateway| gateway.name == name).expect("it is drawn");
        [gateway.cpu_per_connection, gateway.cpu_per_kib, gateway.cpu_per_request].map(|work| work.nanos() / 1_000)
    };
    assert_eq!(work("internet/pay"), [1_000, 2, 200], "the book's");
    assert_eq!(work("internet/south"), [2_000, 3, 200], "what the scenario knows better");
    let passing = super::world(&public());
    let set = &passing.host_sets[passing.host_set(edge(&passing, "orders -> payments"), place(&passing, "south/b"))];
    let HostTarget::Gateway(gateway, members) = &set.hosts[0].target else { panic!("a gateway") };
    let way = &passing.paths[members[0].1];
    assert_eq!(passing.greeting(members[0].1), way.floor + way.floor_back, "TLS goes through to the pod");
    assert_eq!(passing.gateways[*gateway].cpu_per_request, Duration::ZERO);
}

#[test]
fn over_an_endpoint_the_private_gateway_is_the_endpoints() {
    let cpu = |endpoint: &str, private: &str| -> (usize, u32, Duration) {
        let products = format!(
            "  end: {{privatelink: {{to: gateway/pay, consumer: shop-hz{endpoint}}}}}\n  inner: {{private-gateway: {{over: end{private}}}}}\nroutes:\n  pay-hz: {{from: east, to: pay, via: inner}}"
        );
        let text =
            format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("  pay-hz: {from: east, to: pay, via: to-bank}\n", "");
        let world = world(&text.replacen("routes:", &products, 1));
        let gateway = world.gateways.rows().iter().find(|gateway| gateway.name == "end/pay").expect("it is drawn");
        (gateway.replicas.len(), world.stations[gateway.replicas[0]].servers, gateway.cpu_per_request)
    };
    assert_eq!(cpu("", ""), (2, 2, Duration::ZERO));
    assert_eq!(cpu(", gateway: {replicas: 3, kind: l7}", ""), (3, 2, Duration::from_micros(200)));
    assert_eq!(cpu(", gateway: {replicas: 3}", ", gateways: {pay: {cpu: 1}}"), (2, 1, Duration::ZERO));
}

#[test]
fn gateways_of_two_kinds_are_two_products() {
    let mixed = public().replace("pay: {replicas: 3, cpu: 1}", "pay: {replicas: 3, cpu: 1, kind: l7}");
    complains(
        &mixed,
        expect![[r#"
        EW341 `internet` cannot serve east -> pay, south -> pay, east -> south: gateways of one product are all `passthrough` or all `l7`
    "#]],
    );
}

#[test]
fn connections_stand_in_the_tables_of_nat_gateways_and_balancers() {
    let shown = |world: &World| -> String {
        let row = |limit: &eastwest::world::ConnectionLimit| {
            let bound = |most: Option<u64>| most.map_or("-".to_owned(), |most| most.to_string());
            let (open, new) = (bound(limit.open), bound(limit.new_per_second));
            format!("{}: open {open}, new {new}/s, {} ways\n", limit.name, limit.paths.len())
        };
        world.connection_limits.iter().map(row).collect()
    };
    expect![[r#"
        internet: NAT shop-hz: open 2000000, new 100000/s, 16 ways
        internet: NAT shop-hz ports to pay: open 55000, new -/s, 8 ways
        internet: NAT shop-hz ports to south: open 55000, new -/s, 8 ways
        internet: NAT shop-sg: open 2000000, new 100000/s, 8 ways
        internet: NAT shop-sg ports to pay: open 55000, new -/s, 8 ways
        internet: NLB pay/h: open 5000000, new 200000/s, 8 ways
        internet: NLB pay/i: open 5000000, new 200000/s, 8 ways
        internet: NLB south/a: open 5000000, new 200000/s, 4 ways
        internet: NLB south/b: open 5000000, new 200000/s, 4 ways
    "#]]
    .assert_eq(&shown(&world(&public())));
    let few = public().replace("loss: typical}", "loss: typical, nat: {addresses: 2, ports: 3}}");
    let ports = world(&few);
    let ports =
        ports.connection_limits.iter().find(|limit| limit.name == "internet: NAT shop-sg ports to pay").unwrap();
    assert_eq!(ports.open, Some(6));
    expect![[r#"
        to-bank: NLB bank/h: open 5000000, new 200000/s, 8 ways
        to-bank: NLB bank/i: open 5000000, new 200000/s, 8 ways
    "#]]
    .assert_eq(&shown(&world(&format!("{GROUND}{CONNECTIVITY}{SERVICES}"))));
}

/// What goes down by a fault, and when it is back, seconds.
fn down(text: &str) -> Vec<(String, u64, u64)> {
    let world = world(text);
    let second = |at: SimTime| at.nanos() / 1_000_000_000;
    let mut down = Vec::new();
    for change in world.changes.iter().filter(|change| change.begins) {
        assert_eq!(change.outage(), Some(Manner::Silent));
        let Target::Link(link) = change.target else { continue };
        let back = world
            .changes
            .iter()
            .find(|other| !other.begins && other.target == change.target)
            .expect("what falls comes back");
        down.push((world.links[link].name.clone(), second(change.at), second(back.at)));
    }
    down.sort();
    down
}

#[test]
fn a_blackholed_address_is_dead_for_two_hours_and_a_half() {
    let text = public().replace("horizon: 2m", "horizon: 3h")
        + "faults: {attack: {at: 30s, hit: eip/internet/pay, down: true}}\n";
    let lost = |name: &str| (name.to_owned(), 30, 30 + 9_000);
    assert_eq!(down(&text), [lost("internet: EIP pay in"), lost("internet: EIP pay out")]);
}

#[test]
fn an_attachments_spare_takes_over_and_a_lone_one_has_none() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}");
    let text = text + "faults: {eni: {at: 10s, for: 90s, hit: attachment/backbone/shop-sg/a, down: true}}\n";
    let lost = |end| {
        [
            ("backbone: attachment shop-sg/a".to_owned(), 10, end),
            ("backbone: attachment shop-sg/a (back)".to_owned(), 10, end),
        ]
    };
    assert_eq!(down(&text), lost(40));
    assert_eq!(down(&text.replace("shop-sg: [a, b]", "shop-sg: [a]")), lost(100));
    assert_eq!(down(&text.replace("for: 90s", "for: 5s")), lost(15), "it never takes longer than the fault");
}

#[test]
fn parts_of_products_are_hit_by_name() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}");
    let names = |text: &str, hit: &str| -> Vec<String> {
        let text = format!("{text}faults: {{f: {{at: 10s, for: 20s, hit: {hit}, down: true}}}}\n");
        down(&text).into_iter().map(|(name, ..)| name).collect()
    };
    let both = |name: &str| vec![name.to_owned(), format!("{name} (back)")];
    assert_eq!(names(&text, "endpoint/to-bank/h"), both("to-bank: endpoint shop-hz/h"));
    assert_eq!(names(&text, "nlb/to-bank/bank/i"), both("to-bank: NLB bank/i"));
    assert_eq!(names(&public(), "nlb/internet/pay/h"), both("internet: NLB pay/h"));
    assert_eq!(names(&public(), "nat/internet/shop-sg"), both("internet: NAT shop-sg"));
    assert_eq!(names(&text, "nat/internet/shop-sg"), [""; 0], "this variant goes another way");
}

#[test]
fn what_a_router_cannot_forward_is_told() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("rate: 100rps", "rate: 9000rps");
    let text = text
        .replace("work: 5ms", "work: 1ms, workers: 64, response: 8MiB")
        .replace("work: 4ms", "workers: 200, work: 4ms");
    complains(
        &text,
        expect![[r#"
            EW352 backbone: connection singapore -> hangzhou passes 50.0 Mbit/s and is offered 248722.4 at the peak
            EW352 backbone: connection hangzhou -> singapore passes 50.0 Mbit/s and is offered 3418.3 at the peak
            EW349 backbone: attachment shop-hz/h is offered 126070 Mbit/s at the peak, and its limit is 50000 Mbit/s: throughput of one VPC attachment
            EW349 backbone: attachment shop-hz/i is offered 126070 Mbit/s at the peak, and its limit is 50000 Mbit/s: throughput of one VPC attachment
            EW349 backbone: attachment shop-sg/a is offered 126070 Mbit/s at the peak, and its limit is 50000 Mbit/s: throughput of one VPC attachment
            EW349 backbone: attachment shop-sg/b is offered 126070 Mbit/s at the peak, and its limit is 50000 Mbit/s: throughput of one VPC attachment
            EW349 backbone: transit router hangzhou is offered 252141 Mbit/s at the peak, and its limit is 100000 Mbit/s: forwarding of one transit router
            EW349 backbone: transit router singapore is offered 252141 Mbit/s at the peak, and its limit is 100000 Mbit/s: forwarding of one transit router
            EW353 40 % of the calls users -> orders leave their region: Istio spreads them over all replicas alike
            EW358 a response of orders takes 8634851 bytes, and the burst of backbone: connection singapore -> hangzhou is 312500 bytes
        "#]],
    );
}
