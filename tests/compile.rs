//! From text to world: places, hosts, programs, paths, charges and complaints.

use eastwest::provider::{Books, Level, LossProfile};
use eastwest::scenario::{self, Compiled, Inputs, compile_with_warnings, load_text};
use eastwest::topology::Leg;
use eastwest::units::{Duration, significant};
use eastwest::workload::Arrivals;
use eastwest::world::{Basis, Caller, Direction, EdgeId, HostTarget, PathId, PlaceId, Step, Tap, Target, World};
use expect_test::{Expect, expect};

const GROUND: &str = r#"
eastwest: 1
name: example
question: What does a call cross?
topology:
  regions:
    hangzhou: {is: alibaba/cn-hangzhou, zones: [h, i]}
    singapore: {is: alibaba/ap-southeast-1, zones: [a, b]}
  vpcs:
    shop-hz: {region: hangzhou, cidr: 10.10.0.0/16}
    shop-sg: {region: singapore, cidr: 10.20.0.0/16}
    bank: {region: hangzhou, cidr: 10.10.0.0/16, owner: bank}
  clusters:
    east: {vpc: shop-hz}
    south: {vpc: shop-sg}
    pay: {vpc: bank}
"#;

const CONNECTIVITY: &str = r#"
connectivity:
  backbone: {cen: {attach: {shop-hz: [h, i], shop-sg: [a, b]}, bandwidth: {hangzhou-singapore: 50Mbps}}}
  to-bank: {privatelink: {to: service/payments, consumer: shop-hz, zones: [h, i]}}
  internet: {public-gateway: {gateways: {east: {replicas: 2, cpu: 2}, south: {replicas: 2, cpu: 2}, pay: {replicas: 3, cpu: 1}}, loss: typical}}
routes:
  default: {via: backbone}
  pay-hz: {from: east, to: pay, via: to-bank}
  pay-sg: {from: south, to: pay, via: to-bank, behind: backbone}
"#;

const SERVICES: &str = r#"
services:
  orders: {replicas: {east: 3, south: 2}, work: 5ms, calls: [payments]}
  payments: {replicas: {pay: 3}, work: 4ms, response: 2KiB}
workload:
  users: {from: hangzhou, to: orders, rate: 100rps}
run: {horizon: 2m}
"#;

fn compiled(text: &str, variant: &str, inputs: Inputs) -> Result<Compiled, String> {
    let shown = |list: &[scenario::Diagnostic]| {
        let lines = list.iter().map(|d| format!("{} {}\n", d.code, d.message));
        lines.collect::<String>()
    };
    let loaded = load_text("test.yaml", text, &[]).map_err(|refused| shown(&refused.diagnostics))?;
    let chosen = loaded.variants.iter().find(|v| v.name == variant || variant.is_empty()).expect("the variant exists");
    compile_with_warnings(&chosen.scenario, &chosen.name, Books::builtin(), inputs).map_err(|said| shown(&said))
}

#[track_caller]
fn world(text: &str) -> World {
    compiled(text, "", Inputs::default()).unwrap_or_else(|said| panic!("{said}")).world
}

#[track_caller]
fn complains(text: &str, want: Expect) {
    let said = match compiled(text, "", Inputs::default()) {
        Err(said) => said,
        Ok(compiled) => compiled.warnings.iter().map(|d| format!("{} {}\n", d.code, d.message)).collect(),
    };
    want.assert_eq(&said);
}

fn place(world: &World, name: &str) -> PlaceId {
    world.places.iter().find(|(_, place)| place.name == name).map(|(id, _)| id).expect("a place of that name")
}

fn edge(world: &World, name: &str) -> EdgeId {
    world.edges.iter().find(|(_, edge)| edge.name == name).map(|(id, _)| id).expect("an edge of that name")
}

/// What a proxy of a place sees behind an edge.
fn hosts(world: &World, edge_name: &str, from: &str) -> String {
    let set = &world.host_sets[world.host_set(edge(world, edge_name), place(world, from))];
    let mut text = format!("{edge_name} from {from}: {} priorities\n", set.priorities);
    for host in set.hosts.iter() {
        let target = match &host.target {
            HostTarget::Endpoint(endpoint, path) => {
                format!("{} over {}", world.endpoints[*endpoint].name, world.paths[*path].via)
            }
            HostTarget::Gateway(gateway, members) => {
                let mut names: Vec<&str> = members.iter().map(|(e, _)| world.endpoints[*e].name.as_str()).collect();
                names.dedup();
                format!("{} for {}, {} ways", world.gateways[*gateway].name, names.join(" "), members.len())
            }
        };
        text += &format!("  P{} weight {} {target}\n", host.priority, host.weight);
    }
    text
}

/// A path hop by hop, with what a request meets.
fn path(world: &World, id: PathId) -> String {
    let path = &world.paths[id];
    let mut text = format!("{}: floor {} + {}\n", path.name, path.floor, path.floor_back);
    for (name, delay) in &path.hops {
        text += &format!("  {name} {delay}\n");
    }
    let legs: Vec<String> = path
        .legs
        .iter()
        .map(|leg| match leg {
            Leg::Wait(span) => format!("wait {span}"),
            Leg::Noise(link) => format!("noise of {}", world.links[*link].name),
            Leg::Cap(link) => format!("cap of {}", world.links[*link].name),
            Leg::Gateway(gateway) => format!("CPU of {}", world.gateways[*gateway].name),
        })
        .collect();
    let idle = if path.idle_limit == Duration::MAX { "no limit".to_owned() } else { path.idle_limit.to_string() };
    text + &format!("  = {}; handshake {}, idle {idle}\n", legs.join(", "), path.handshake)
}

fn charges(world: &World) -> String {
    let line = |charge: &eastwest::world::Charge| {
        let basis = match &charge.basis {
            Basis::Bytes(taps) => format!("bytes of {} taps", taps.len()),
            Basis::Hours(things) => format!("{} things by the hour", significant(*things, 6)),
            Basis::Pods { each, .. } => format!("{} things while each lives", significant(*each, 6)),
            Basis::Lcu { taps, gateway, .. } => {
                format!("units of {} taps{}", taps.len(), if gateway.is_none() { "" } else { " and connections" })
            }
            Basis::Mbps(mbps) => format!("{mbps} Mbit/s"),
            Basis::MbpsDays(mbps) => {
                format!("{mbps} Mbit/s by the day, {} steps", charge.tariff.tiers.len() - 1)
            }
        };
        let price = charge.price().map_or("?".to_owned(), |price| significant(price.mid.units(), 6));
        let payer = if charge.payer.is_empty() { String::new() } else { format!(" [{}]", charge.payer) };
        format!(
            "{}: {} ({}){payer}: {basis} at {price}/{} {:?}\n",
            charge.product,
            charge.name(),
            charge.scope,
            charge.tariff.unit,
            charge.tariff.status
        )
    };
    world.charges.iter().map(line).collect()
}

// ---- places, hosts, paths ----------------------------------------------------------------------------------------

#[test]
fn replicas_go_round_the_zones_remainder_first_or_where_they_are_told() {
    let world = world(&format!(
        "{GROUND}{CONNECTIVITY}{}",
        SERVICES.replace("payments: {replicas: {pay: 3}", "payments: {replicas: {pay: {h: 1, i: 2}}")
    ));
    let shown: Vec<String> =
        world.endpoints.rows().iter().map(|e| format!("{} {}", e.name, world.places[e.place].name)).collect();
    assert_eq!(
        shown,
        [
            "orders@east#0 east/h",
            "orders@east#1 east/h",
            "orders@east#2 east/i",
            "orders@south#0 south/a",
            "orders@south#1 south/b",
            "payments@pay#0 pay/h",
            "payments@pay#1 pay/i",
            "payments@pay#2 pay/i",
        ]
    );
    let entries: Vec<&str> = world.streams.rows()[0].entries.iter().map(|e| world.proxies[*e].name.as_str()).collect();
    assert_eq!(entries, ["ingress east/h (users)", "ingress east/i (users)"]);
}

#[test]
fn cen_and_privatelink_alone_and_in_a_row() {
    let world = world(&format!("{GROUND}{CONNECTIVITY}{SERVICES}"));
    let to = edge(&world, "orders -> payments");
    let mut shown = hosts(&world, "users -> orders", "east/h");
    let set = &world.host_sets[world.host_set(edge(&world, "users -> orders"), place(&world, "east/h"))];
    let HostTarget::Endpoint(_, far) = set.hosts[3].target else { panic!("a replica") };
    shown += &path(&world, far);
    for from in ["east/i", "south/a"] {
        shown += &hosts(&world, "orders -> payments", from);
        let set = &world.host_sets[world.host_set(to, place(&world, from))];
        let HostTarget::Gateway(_, members) = &set.hosts[0].target else { panic!("a balancer") };
        shown += &path(&world, members[0].1);
    }
    expect![[r#"
        users -> orders from east/h: 1 priorities
          P0 weight 1 orders@east#0 over network
          P0 weight 1 orders@east#1 over network
          P0 weight 1 orders@east#2 over network
          P0 weight 1 orders@south#0 over backbone
          P0 weight 1 orders@south#1 over backbone
        east/h -> south/a via backbone: floor 31.2 ms + 31.2 ms
          backbone: attachment shop-hz/h 0 ms
          backbone: transit router hangzhou 200 us
          backbone: connection hangzhou -> singapore 0 ms
          backbone hangzhou -> singapore 30.8 ms
          backbone: transit router singapore 200 us
          backbone: attachment shop-sg/a 0 ms
          = wait 200 us, cap of backbone: connection hangzhou -> singapore, wait 30.8 ms, noise of backbone hangzhou -> singapore, wait 200 us; handshake 2, idle no limit
        orders -> payments from east/i: 1 priorities
          P0 weight 1 to-bank/payments for payments@pay#0 payments@pay#1 payments@pay#2, 3 ways
          P0 weight 1 to-bank/payments for payments@pay#0 payments@pay#1 payments@pay#2, 3 ways
        east/i -> pay/h via to-bank: floor 950 us + 950 us
          hangzhou: i -> h 500 us
          to-bank: endpoint shop-hz/h 200 us
          to-bank: NLB bank/h 200 us
          hangzhou/h 50 us
          = wait 500 us, noise of hangzhou: i -> h, cap of to-bank: endpoint shop-hz/h, wait 450 us, noise of hangzhou/h; handshake 2, idle 15 min
        orders -> payments from south/a: 1 priorities
          P0 weight 1 to-bank/payments for payments@pay#0 payments@pay#1 payments@pay#2, 3 ways
          P0 weight 1 to-bank/payments for payments@pay#0 payments@pay#1 payments@pay#2, 3 ways
        south/a -> pay/h via to-bank: floor 31.65 ms + 31.65 ms
          backbone: attachment shop-sg/a 0 ms
          backbone: transit router singapore 200 us
          backbone: connection singapore -> hangzhou 0 ms
          backbone singapore -> hangzhou 30.8 ms
          backbone: transit router hangzhou 200 us
          backbone: attachment shop-hz/h 0 ms
          to-bank: endpoint shop-hz/h 200 us
          to-bank: NLB bank/h 200 us
          hangzhou/h 50 us
          = wait 200 us, cap of backbone: connection singapore -> hangzhou, wait 30.8 ms, noise of backbone singapore -> hangzhou, wait 200 us, cap of to-bank: endpoint shop-hz/h, wait 450 us, noise of hangzhou/h; handshake 2, idle 15 min
    "#]].assert_eq(&shown);
}

#[test]
fn the_bill_to_come_has_a_line_for_each_thing_and_each_direction() {
    let world = world(&format!("{GROUND}{CONNECTIVITY}{SERVICES}"));
    expect![[r#"
        backbone: inter-region data transfer (CDT Gold) (hangzhou -> singapore): bytes of 12 taps at 0.8/GB Sourced
        backbone: inter-region data transfer (CDT Gold) (singapore -> hangzhou): bytes of 12 taps at 0.8/GB Sourced
        backbone: CEN transit router connection (hangzhou): 1 things by the hour at 0.05/attachment-hour Estimated
        backbone: CEN transit router connection (singapore): 1 things by the hour at 0.05/attachment-hour Estimated
        backbone: CEN transit router data processing (hangzhou): bytes of 12 taps at 0.02/GB Estimated
        backbone: CEN transit router data processing (singapore): bytes of 12 taps at 0.02/GB Estimated
        compute: general-purpose vCPU with 4 GiB (hangzhou): 3.3 things by the hour at 0.05/vCPU-hour Estimated
        compute: general-purpose vCPU with 4 GiB (hangzhou) [bank]: 3.3 things by the hour at 0.05/vCPU-hour Estimated
        compute: general-purpose vCPU with 4 GiB (singapore): 2.2 things by the hour at 0.05/vCPU-hour Estimated
        network: cross-zone traffic inside a VPC (hangzhou): bytes of 4 taps at 0/GB Estimated
        to-bank: NLB instance (hangzhou) [bank]: 1 things by the hour at 0.02/hour Sourced
        to-bank: NLB LCU (hangzhou, to-bank NLB) [bank]: units of 32 taps and connections at 0.005/LCU-hour Sourced
        to-bank: PrivateLink data transfer, both ways (hangzhou): bytes of 32 taps at 0.01/GB Sourced
        to-bank: PrivateLink endpoint zone (hangzhou): 2 things by the hour at 0.01/zone-hour Sourced
    "#]]
    .assert_eq(&charges(&world));
}

fn public() -> String {
    let routes = "routes:\n  default: {via: internet}\n";
    let connectivity = &CONNECTIVITY[..CONNECTIVITY.find("routes:").expect("the text has routes")];
    format!("{GROUND}{connectivity}{routes}{SERVICES}")
}

#[test]
fn a_public_gateway_stands_for_the_replicas_of_each_locality_behind_it() {
    let world = world(&public());
    let mut shown = hosts(&world, "users -> orders", "east/h") + &hosts(&world, "orders -> payments", "south/b");
    let set = &world.host_sets[world.host_set(edge(&world, "orders -> payments"), place(&world, "south/b"))];
    let HostTarget::Gateway(gateway, members) = &set.hosts[0].target else { panic!("a gateway") };
    shown += &path(&world, members[0].1);
    for station in &world.gateways[*gateway].replicas {
        let station = &world.stations[*station];
        shown += &format!("{} x{} in {}\n", station.name, station.servers, world.places[station.place].name);
    }
    shown += &charges(&world);
    expect![[r#"
        users -> orders from east/h: 1 priorities
          P0 weight 1 orders@east#0 over network
          P0 weight 1 orders@east#1 over network
          P0 weight 1 orders@east#2 over network
          P0 weight 1 internet/south for orders@south#0, 2 ways
          P0 weight 1 internet/south for orders@south#1, 2 ways
        orders -> payments from south/b: 1 priorities
          P0 weight 2 internet/pay for payments@pay#0 payments@pay#1, 4 ways
          P0 weight 1 internet/pay for payments@pay#2, 2 ways
        south/b -> pay/h via internet: floor 39.34 ms + 39.34 ms
          internet: NAT shop-sg 200 us
          internet: NAT EIP shop-sg out 0 ms
          internet singapore -> hangzhou 38.19 ms
          internet: EIP pay in 0 ms
          internet: NLB pay/h 200 us
          internet: NLB pay/h -> gateway 200 us
          internet: gateway pay 350 us
          gateway CPU internet/pay 0 ms
          internet: gateway -> pay/h 200 us
          = wait 200 us, cap of internet: NAT EIP shop-sg out, wait 38.19 ms, noise of internet singapore -> hangzhou, cap of internet: EIP pay in, wait 750 us, CPU of internet/pay, wait 200 us, noise of internet: gateway -> pay/h; handshake 2, idle 15 min
        gateway internet/pay#0 x1 in pay/h
        gateway internet/pay#1 x1 in pay/i
        gateway internet/pay#2 x1 in pay/h
        compute: general-purpose vCPU with 4 GiB (hangzhou): 3.3 things by the hour at 0.05/vCPU-hour Estimated
        compute: general-purpose vCPU with 4 GiB (hangzhou) [bank]: 3.3 things by the hour at 0.05/vCPU-hour Estimated
        compute: general-purpose vCPU with 4 GiB (singapore): 2.2 things by the hour at 0.05/vCPU-hour Estimated
        internet: general-purpose vCPU with 4 GiB (hangzhou) [bank]: 3 things by the hour at 0.05/vCPU-hour Estimated
        internet: general-purpose vCPU with 4 GiB (singapore): 4 things by the hour at 0.05/vCPU-hour Estimated
        internet: EIP internet egress (hangzhou): bytes of 16 taps at 0.125/GB Sourced
        internet: EIP internet egress (hangzhou) [bank]: bytes of 16 taps at 0.125/GB Sourced
        internet: EIP internet egress (singapore): bytes of 16 taps at 0.117/GB Sourced
        internet: EIP configuration fee (hangzhou): 1 things by the hour at 0.0031/hour Sourced
        internet: EIP configuration fee (hangzhou) [bank]: 1 things by the hour at 0.0031/hour Sourced
        internet: EIP configuration fee (singapore): 2 things by the hour at 0.0063/hour Sourced
        internet: NAT gateway CU (hangzhou, internet NAT shop-hz): units of 32 taps at 0.034/CU-hour Estimated
        internet: NAT gateway CU (singapore, internet NAT shop-sg): units of 16 taps at 0.043/CU-hour Estimated
        internet: NAT gateway instance (hangzhou): 1 things by the hour at 0.034/hour Sourced
        internet: NAT gateway instance (singapore): 1 things by the hour at 0.043/hour Sourced
        internet: NLB instance (hangzhou) [bank]: 1 things by the hour at 0.02/hour Sourced
        internet: NLB instance (singapore): 1 things by the hour at 0.02/hour Sourced
        internet: NLB LCU (hangzhou, internet NLB pay) [bank]: units of 32 taps and connections at 0.005/LCU-hour Sourced
        internet: NLB LCU (singapore, internet NLB south): units of 16 taps and connections at 0.005/LCU-hour Sourced
        network: cross-zone traffic inside a VPC (hangzhou): bytes of 4 taps at 0/GB Estimated
    "#]].assert_eq(&shown);
}

#[test]
fn prerequisites_are_listed_once_each() {
    let worlds = [format!("{GROUND}{CONNECTIVITY}{SERVICES}"), public()].map(|text| world(&text));
    let shown: String = worlds.iter().map(|world| world.prerequisites.join("\n") + "\n\n").collect();
    expect![[r#"
        to-bank: an endpoint service with an NLB in bank, and its owner's approval of the endpoint in shop-hz
        to-bank: callers address the endpoint's name; the service stands outside the mesh's identity and locality
        mesh mesh: east and pay overlap (VPC 10.10.0.0/16, VPC 10.10.0.0/16): a network of its own for each (`topology.istio.io/network`)
        backbone: shop-sg attached to the transit router, with a vSwitch in each of 2 zone(s)
        backbone: shop-hz attached to the transit router, with a vSwitch in each of 2 zone(s)
        hangzhou - singapore crosses the mainland's border: a regulated carrier service, with real-name registration and approval

        internet: an east-west gateway in pay on port 15443 (AUTO_PASSTHROUGH), mutual TLS on every call
        internet: an internet-facing NLB (vSwitches in two zones or more) with a public address in front of it
        internet: a NAT gateway with a public address in shop-hz
        mesh mesh: east and pay overlap (VPC 10.10.0.0/16, VPC 10.10.0.0/16): a network of its own for each (`topology.istio.io/network`)
        internet: a NAT gateway with a public address in shop-sg
        internet: an east-west gateway in south on port 15443 (AUTO_PASSTHROUGH), mutual TLS on every call

    "#]].assert_eq(&shown);
}

fn with_traffic(traffic: &str) -> World {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}\nmesh: {{traffic: {{\"*\": {traffic}}}}}\n");
    world(&text)
}

#[test]
fn hosts_are_flat_without_outlier_detection_and_by_locality_with_it() {
    let outlier = "outlier: {consecutive-5xx: 5, interval: 10s, eject: 30s, max-ejection: 100%}";
    let flat = with_traffic("{timeout: 1s}");
    let ordered = with_traffic(&format!("{{{outlier}, locality: {{failover: {{hangzhou: singapore}}}}}}"));
    let shown = hosts(&flat, "users -> orders", "east/i") + &hosts(&ordered, "users -> orders", "east/i");
    expect![[r#"
        users -> orders from east/i: 1 priorities
          P0 weight 1 orders@east#0 over network
          P0 weight 1 orders@east#1 over network
          P0 weight 1 orders@east#2 over network
          P0 weight 1 orders@south#0 over backbone
          P0 weight 1 orders@south#1 over backbone
        users -> orders from east/i: 3 priorities
          P0 weight 1 orders@east#2 over network
          P1 weight 1 orders@east#0 over network
          P1 weight 1 orders@east#1 over network
          P2 weight 1 orders@south#0 over backbone
          P2 weight 1 orders@south#1 over backbone
    "#]]
    .assert_eq(&shown);
}

// ---- conservation ------------------------------------------------------------------------------------------------

const TRANSFER: [&str; 2] = ["inter-region data transfer", "internet egress"];

#[test]
fn every_byte_between_regions_is_tapped_by_exactly_one_transfer_charge() {
    for text in [format!("{GROUND}{CONNECTIVITY}{SERVICES}"), public()] {
        let world = world(&text);
        for (id, path) in world.paths.iter() {
            let crosses = world.places[path.from].region != world.places[path.to].region;
            for direction in [Direction::Forward, Direction::Back] {
                let tap = Tap { path: id, direction };
                let charged = world.charges.iter().filter(|charge| {
                    let transfer = TRANSFER.iter().any(|word| charge.name().contains(word));
                    transfer && matches!(&charge.basis, Basis::Bytes(taps) if taps.contains(&tap))
                });
                let public = path.via == "internet";
                assert_eq!(charged.count(), usize::from(crosses || public), "{} {direction:?}", path.name);
            }
        }
    }
}

#[test]
fn no_tap_is_listed_twice_in_a_charge() {
    for text in [format!("{GROUND}{CONNECTIVITY}{SERVICES}"), public()] {
        for charge in world(&text).charges {
            let (Basis::Bytes(taps) | Basis::Lcu { taps, .. }) = charge.basis else { continue };
            for (index, tap) in taps.iter().enumerate() {
                assert!(!taps[..index].contains(tap), "{}: {tap:?}", charge.scope);
            }
        }
    }
}

#[test]
fn hops_of_every_path_sum_to_its_floor() {
    for text in [format!("{GROUND}{CONNECTIVITY}{SERVICES}"), public()] {
        let world = world(&text);
        for path in world.paths.rows() {
            assert_eq!(path.hops.iter().map(|hop| hop.1).sum::<Duration>(), path.floor, "{}", path.name);
            assert_eq!(path.back_hops.iter().map(|hop| hop.1).sum::<Duration>(), path.floor_back, "{}", path.name);
            assert_eq!(path.links.len(), path.back_links.len());
        }
    }
}

#[test]
fn every_proxy_has_a_row_of_its_own_for_each_edge() {
    let world = world(&format!("{GROUND}{CONNECTIVITY}{SERVICES}"));
    let mut rows = Vec::new();
    for (id, edge) in world.edges.iter() {
        let proxies: Vec<_> = match edge.from {
            Caller::Service(service) => {
                world.services[service].endpoints.iter().map(|e| world.endpoints[*e].proxy).collect()
            }
            Caller::Stream(stream) => world.streams[stream].entries.clone(),
        };
        for proxy in proxies {
            rows.push(world.proxies[proxy].first_upstream + edge.ordinal);
            assert!(!world.host_set(id, world.proxies[proxy].place).is_none());
        }
    }
    let count = rows.len();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), count);
}

// ---- programs ----------------------------------------------------------------------------------------------------

#[test]
fn steps_become_a_flat_program() {
    let text = r#"
eastwest: 1
name: steps
question: What does an operation do?
topology:
  regions: {hangzhou: {is: alibaba/cn-hangzhou, zones: [h]}}
  clusters: {shop: {region: hangzhou}}
services:
  web:
    replicas: {shop: 1}
    steps:
      - work: 1ms
      - parallel: [{call: a}, {call: b}]
      - parallel: [{call: a}, [{work: 2ms}, {call: b}]]
      - choose: [{weight: 3, steps: [{work: 3ms}]}, {weight: 1, steps: [{call: b}]}]
      - repeat: {times: 3, steps: [{work: 4ms}, {call: a}]}
      - again: 20%
  a: {replicas: {shop: 1}, work: 1ms}
  b: {replicas: {shop: 1}, work: 1ms}
workload: {users: {from: hangzhou, to: web, rate: 1rps}}
run: {horizon: 1m}
"#;
    let world = world(text);
    let shown: String = world.program.iter().enumerate().map(|(at, step)| format!("{at}: {step:?}\n")).collect();
    let choices: String = world.choices.iter().map(|choice| format!("{choice:?}\n")).collect();
    let laws: String = world.laws.iter().map(|(id, law)| format!("{id:?} {law:?}\n")).collect();
    let sites: String = world
        .call_sites
        .iter()
        .map(|site| format!("{} {}\n", world.edges[site.edge].name, world.operations[site.operation].name))
        .collect();
    expect![[r#"
        0: Work { law: LawId(0) }
        1: Fork { first: 0, count: 2 }
        2: Branch { first: 0, count: 2 }
        3: Choose { first: 2, count: 2 }
        4: Work { law: LawId(1) }
        5: Jump { to: 8 }
        6: Call { site: 1 }
        7: Jump { to: 8 }
        8: Repeat { body: 11, times: 3 }
        9: Again { chance: Ratio(0.2), to: 0 }
        10: End
        11: Work { law: LawId(2) }
        12: Call { site: 0 }
        13: End
        14: Work { law: LawId(3) }
        15: Call { site: 1 }
        16: End
        17: Call { site: 0 }
        18: End
        19: Work { law: LawId(0) }
        20: End
        21: Work { law: LawId(0) }
        22: End
        Choice { below: 1.0, start: 17 }
        Choice { below: 1.0, start: 14 }
        Choice { below: 0.75, start: 4 }
        Choice { below: 1.0, start: 6 }
        web -> a a
        web -> b b
        LawId(0) Constant(0.001)
        LawId(1) Constant(0.003)
        LawId(2) Constant(0.004)
        LawId(3) Constant(0.002)
        LawId(4) Lognormal { mu: -11.790463262708931, sigma: 1.3820828506303287 }
    "#]]
    .assert_eq(&format!("{shown}{choices}{sites}{laws}"));
    let starts: Vec<Step> = world.operations.rows().iter().map(|op| world.program[op.start as usize]).collect();
    assert!(starts.iter().all(|step| matches!(step, Step::Work { .. })));
}

// ---- the network's own figures -----------------------------------------------------------------------------------

/// The one-way delay of the backbone, with `links` in the topology.
fn backbone(topology: &str, inputs: Inputs) -> (Duration, bool) {
    let ground = GROUND.replace("  vpcs:", &format!("  {topology}\n  vpcs:"));
    let text = format!("{ground}{CONNECTIVITY}{SERVICES}");
    let world = compiled(&text, "", inputs).unwrap_or_else(|said| panic!("{said}")).world;
    let link = world.links.rows().iter().find(|link| link.name == "backbone hangzhou -> singapore");
    let link = link.expect("the backbone is drawn");
    (link.delay, link.jitter.is_some())
}

#[test]
fn what_the_scenario_knows_overrides_the_book() {
    let book = backbone("links: {}", Inputs::default());
    assert!(book.1);
    let low = backbone("links: {}", Inputs { rtt: Level::Low, ..Inputs::default() });
    assert!(low.0 < book.0);
    let links = "links: {sea: {between: [singapore, hangzhou], rtt: 50ms}}";
    assert_eq!(backbone(links, Inputs::default()), (Duration::from_millis(25), false));
    let links = "links: {sea: {between: [hangzhou, singapore], rtt: {lognormal: {p50: 60ms, p99: 90ms}}}}";
    // The fixed part is p50^2 / p99 = 40 ms there and back.
    let (delay, jitter) = backbone(links, Inputs::default());
    assert!(delay.nanos().abs_diff(20_000_000) < 1_000 && jitter, "{delay}");
}

#[test]
fn what_the_scenario_knows_of_a_regions_own_network_overrides_the_book_there() {
    const NEAR: &str = "services:\n  orders: {replicas: {east: 3, south: 2}, work: 5ms, calls: [near]}\n  near: {replicas: {east: 2, south: 2}}\n";
    let local = |rtt: &str| {
        let ground = GROUND.replace("zones: [h, i]}", &format!("zones: [h, i], rtt: {rtt}}}"));
        let rest = "workload: {users: {from: hangzhou, to: orders, rate: 100rps}}\nrun: {horizon: 2m}\n";
        let world = world(&format!(
            "{ground}connectivity: {{peer: {{vpc-peering: {{}}}}}}\nroutes: {{default: {{via: peer}}}}\n{NEAR}{rest}"
        ));
        let figure = |name: &str| {
            let link = world.links.rows().iter().find(|link| link.name == name).expect("the link is drawn");
            (link.delay, link.jitter.is_some())
        };
        [figure("hangzhou/h"), figure("hangzhou: h -> i"), figure("singapore: a -> b")]
    };
    let ms = |ms: f64| Duration::from_seconds_f64(ms / 1e3);
    let book = local("{}");
    assert!(book.iter().all(|(_, jitter)| *jitter), "the book has jitter everywhere");
    let [same, cross, elsewhere] = local("{same-zone: 0.5ms}");
    assert_eq!((same, cross, elsewhere), ((ms(0.25), false), book[1], book[2]));
    let [same, cross, elsewhere] = local("{cross-zone: {lognormal: {p50: 2ms, p99: 4ms}}}");
    assert_eq!((same, elsewhere), (book[0], book[2]));
    // The fixed part is p50^2 / p99 = 1 ms there and back.
    assert!(cross.0.nanos().abs_diff(500_000) < 1_000 && cross.1, "{cross:?}");
}

#[test]
fn without_a_network_nothing_takes_time_and_nothing_costs() {
    let text = format!("{GROUND}{SERVICES}network: none\nmesh: {{dataplane: none}}\n");
    let world = world(&text);
    assert!(world.charges.is_empty() && world.links.is_empty() && world.stations.is_empty());
    for path in world.paths.rows() {
        assert_eq!((path.legs.len(), path.back.len(), path.handshake, path.floor), (0, 0, 0, Duration::ZERO));
    }
}

#[test]
fn the_clock_of_a_public_path_is_the_mainlands() {
    let text = public().replace("run: {horizon: 2m}", "run: {horizon: 2m, from: \"2026-06-01T19:30+08:00\"}");
    let world = world(&text);
    let link = world.links.rows().iter().find(|link| link.name == "internet singapore -> hangzhou").unwrap();
    let loss = link.loss.expect("the border loses packets").good;
    assert_eq!(loss.at_zero, Duration::from_secs(19 * 3600 + 1800));
    let zero = eastwest::units::SimTime::ZERO;
    assert_eq!((loss.at(zero, zero), loss.values[12]), (0.05, 0.003));
    let out = world.links.rows().iter().find(|link| link.name == "internet hangzhou -> singapore").unwrap();
    assert_eq!(out.loss.unwrap().good.values, [0.003; 24]);
}

#[test]
fn handshakes_follow_the_mesh() {
    let trips = |mesh: &str| {
        let world = world(&format!("{GROUND}{CONNECTIVITY}{SERVICES}mesh: {mesh}\n"));
        world.paths.rows()[0].handshake
    };
    assert_eq!([trips("{}"), trips("{tls: \"1.2\"}"), trips("{dataplane: none}")], [2, 3, 1]);
}

#[test]
fn a_zone_takes_its_places_and_the_parts_of_products_in_it() {
    let text = public() + "faults: {zone-out: {at: 30s, for: 30s, hit: zone/singapore/a, down: true}}\n";
    let world = world(&text);
    let hit = world.changes.iter().filter(|change| change.begins);
    let mut shown: Vec<String> = hit
        .map(|change| match change.target {
            Target::Place(place) => world.places[place].name.clone(),
            Target::Link(link) => world.links[link].name.clone(),
            other => format!("{other:?}"),
        })
        .collect();
    shown.sort();
    assert_eq!(shown, ["internet: NLB south/a", "internet: NLB south/a (back)", "south/a"]);
}

#[test]
fn the_fill_is_a_minute_or_three_time_constants() {
    let fill = |run: &str, mesh: &str| {
        let services = SERVICES.replace("run: {horizon: 2m}", &format!("run: {run}"));
        world(&format!("{GROUND}{CONNECTIVITY}{services}mesh: {mesh}\n")).plan.fill
    };
    let outlier = "{traffic: {\"*\": {outlier: {consecutive-5xx: 5, interval: 10s, eject: 30s, max-ejection: 100%}}}}";
    assert_eq!(fill("{horizon: 2m}", "{}"), Duration::from_secs(60));
    assert_eq!(fill("{horizon: 2m}", outlier), Duration::from_secs(90));
    assert_eq!(fill("{horizon: 2m, fill: 0s}", outlier), Duration::ZERO);
}

// ---- complaints --------------------------------------------------------------------------------------------------

#[test]
fn pairs_without_a_route_are_listed() {
    complains(
        &format!("{GROUND}{SERVICES}"),
        expect![[r#"
        EW340 no route joins east -> south (for orders), east -> pay (for payments), south -> pay (for payments)
    "#]],
    );
}

#[test]
fn a_product_that_cannot_serve_its_route_names_the_rule() {
    let text =
        format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("  pay-hz: {from: east, to: pay, via: to-bank}\n", "");
    complains(
        &text,
        expect![[r#"
        EW341 `backbone` cannot serve east -> pay: VPC bank has no attachment
        EW341 `backbone` cannot serve east -> pay: addresses overlap: VPC shop-hz has 10.10.0.0/16, VPC bank has 10.10.0.0/16
    "#]],
    );
}

#[test]
fn offered_load_above_capacity_tells_the_utilisation() {
    complains(
        &format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("rate: 100rps", "rate: 900rps"),
        expect![[r#"
        EW351 payments is offered 120 % of what it can do
        EW353 40 % of the calls users -> orders leave their region: Istio spreads them over all replicas alike
    "#]],
    );
}

#[test]
fn a_cap_below_the_offered_bytes_is_told() {
    complains(
        &format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("50Mbps", "1Mbps"),
        expect![[r#"
        EW352 backbone: connection singapore -> hangzhou passes 1.0 Mbit/s and is offered 1.8 at the peak
        EW352 backbone: connection hangzhou -> singapore passes 1.0 Mbit/s and is offered 1.2 at the peak
        EW353 40 % of the calls users -> orders leave their region: Istio spreads them over all replicas alike
    "#]],
    );
}

#[test]
fn a_price_that_nobody_knows_is_solved_for() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("50Mbps}", "50Mbps}, billing: by-bandwidth");
    complains(
        &text,
        expect![[r#"
        EW420 no price was found for CEN bandwidth plan (cen.plan): the bill solves for it
        EW353 40 % of the calls users -> orders leave their region: Istio spreads them over all replicas alike
    "#]],
    );
    let told = format!("{text}prices: {{rows: {{cen.plan: 90 USD/Mbps-month}}}}\n");
    let world = world(&told);
    let plan = world.charges.iter().find(|charge| charge.name().contains("plan")).unwrap();
    assert_eq!(plan.price().unwrap().mid.units(), 90.0);
    assert!(matches!(plan.basis, Basis::Mbps(mbps) if mbps == 50.0));
}

#[test]
fn an_unstated_loss_across_the_border_is_told() {
    complains(
        &public().replace(", loss: typical", ""),
        expect![[r#"
            EW315 nothing goes through the gateway of `internet` at `east`
            EW354 internet singapore -> hangzhou, internet hangzhou -> singapore follow the hour of the day, and the run begins at midnight unless told
            EW344 `internet` crosses the mainland's border and states no loss: figures are for the profile `typical`, and their range over the inputs runs from mild to severe
            EW353 40 % of the calls users -> orders leave their region: Istio spreads them over all replicas alike
        "#]],
    );
}

/// Every law and every proxy's cost: what the ends of the book move beside round trips.
fn noise(world: &World) -> (Vec<String>, Vec<(Duration, Duration)>) {
    let laws = world.laws.iter().map(|(_, law)| format!("{law:?}")).collect();
    let mut costs: Vec<_> = world.proxies.iter().map(|(_, proxy)| (proxy.cpu, proxy.delay)).collect();
    costs.dedup();
    (laws, costs)
}

#[test]
fn jitter_and_the_proxies_work_follow_the_inputs_where_the_scenario_states_none() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}");
    let at = |text: &str, rtt: Level| {
        let inputs = Inputs { rtt, ..Inputs::default() };
        noise(&compiled(text, "", inputs).unwrap_or_else(|said| panic!("{said}")).world)
    };
    let [low, mid, high] = [Level::Low, Level::Mid, Level::High].map(|level| at(&text, level));
    assert!(low.0 != mid.0 && mid.0 != high.0, "jitter has a range");
    let micros = Duration::from_micros;
    // The book's sidecar.cpu and sidecar.delay; its middle is what the vocabulary names as the default.
    assert_eq!(low.1, [(micros(100), micros(250))]);
    assert_eq!(mid.1, [(micros(200), micros(500))]);
    assert_eq!(high.1, [(micros(500), micros(750))]);
    let stated = format!("{text}mesh: {{proxy: {{cpu: 200us}}}}\n");
    assert_eq!(at(&stated, Level::High).1, [(micros(200), micros(750))], "what is stated is known");
}

#[test]
fn unstated_loss_follows_the_inputs() {
    let text = public().replace(", loss: typical", "");
    let loss = |profile: LossProfile| {
        let world = compiled(&text, "", Inputs { loss: profile, ..Inputs::default() }).unwrap().world;
        let link = world.links.rows().iter().find(|link| link.name == "internet singapore -> hangzhou").unwrap();
        link.loss.unwrap().good.values[21]
    };
    assert_eq!(LossProfile::ALL.map(loss), [0.01, 0.05, 0.15]);
}

#[test]
fn streams_keep_their_scale() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}").replace("rate: 100rps", "rate: 100rps, scale: 0.5");
    let Arrivals::Open { rate, .. } = &world(&text).streams.rows()[0].arrivals.clone() else { panic!("open") };
    assert_eq!(rate.points, [(Duration::ZERO, 50.0)]);
}

#[test]
fn a_gateway_needs_a_mesh_that_encrypts() {
    complains(
        &(public() + "mesh: {dataplane: none}\n"),
        expect![[r#"
        EW341 `internet` cannot serve east -> pay, south -> pay, east -> south: an east-west gateway passes TLS through by its name (SNI), and this mesh does not encrypt
    "#]],
    );
}

#[test]
fn overlapping_clusters_of_one_mesh_are_a_prerequisite() {
    let overlap = format!("{GROUND}{CONNECTIVITY}{SERVICES}");
    let noted = |world: &World| world.prerequisites.iter().any(|line| line.starts_with("mesh mesh: east"));
    assert!(noted(&world(&overlap)));
    assert!(!noted(&world(&overlap.replace("pay: {vpc: bank}", "pay: {vpc: bank, mesh: bank-mesh}"))));
}

#[test]
fn a_product_before_an_endpoint_takes_the_ways_through_it() {
    let text = format!(
        "{GROUND}{CONNECTIVITY}{SERVICES}faults: {{out: {{at: 30s, for: 30s, hit: product/backbone, down: true}}}}\n"
    );
    let world = world(&text);
    let hit = |via: &str| {
        let paths = world.changes.iter().filter(|change| change.begins).filter_map(|change| match change.target {
            Target::Path(path) => Some(&world.paths[path]),
            _ => None,
        });
        paths.filter(|path| path.via == via).count()
    };
    // From each of two zones in the south to each of two zones of the bank over each of two endpoint zones.
    assert_eq!((hit("to-bank"), hit("network")), (8, 0));
    assert!(hit("backbone") > 0);
}

#[test]
fn every_shipped_scenario_compiles_at_every_end_of_the_books() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut count = 0;
    for file in std::fs::read_dir(folder).expect("the scenarios are shipped") {
        let path = file.expect("a readable folder").path();
        if path.extension().is_none_or(|ending| ending != "yaml") {
            continue;
        }
        let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{path:?}: {:?}", refused.diagnostics));
        for variant in &loaded.variants {
            for level in [Level::Low, Level::Mid, Level::High] {
                let inputs = Inputs { rtt: level, public: level, prices: level, loss: LossProfile::Typical };
                let made = compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), inputs);
                let made = made.unwrap_or_else(|said| panic!("{path:?} {}: {said:?}", variant.name));
                assert!(!made.world.streams.is_empty());
                count += 1;
            }
        }
    }
    assert!(count >= 18, "{count}");
}

#[test]
fn what_providers_do_not_sell_what_nobody_takes_and_what_hour_it_is_are_told() {
    let text = public().replace("loss: typical", "loss: typical, eip: {bandwidth: 900Mbps}");
    let text = text
        .replace("default: {via: internet}", "default: {via: internet}\n  odd: {from: pay, to: south, via: backbone}");
    complains(
        &text,
        expect![[r#"
            EW355 no call takes the route `odd`
            EW347 `internet` asks for 900 Mbit/s, and the limit is 200 Mbit/s: EIP billed by traffic
            EW315 nothing goes through the gateway of `internet` at `east`
            EW354 internet singapore -> hangzhou, internet hangzhou -> singapore follow the hour of the day, and the run begins at midnight unless told
        "#]],
    );
}

#[test]
fn services_share_the_paths_between_their_places() {
    let text = format!("{GROUND}{CONNECTIVITY}{SERVICES}")
        .replace("calls: [payments]}", "calls: [payments, stock]}")
        .replace("workload:", "  stock: {replicas: {south: 2}, work: 1ms}\nworkload:");
    let world = world(&text);
    for (id, path) in world.paths.iter() {
        let twin = world.paths.iter().find(|(other, p)| *other > id && p.name == path.name && p.links == path.links);
        assert!(twin.is_none(), "{}", path.name);
    }
}

#[test]
fn an_address_by_bandwidth_is_charged_by_the_day_in_steps_and_not_by_the_gigabyte() {
    let text = public().replace("loss: typical", "loss: typical, eip: {bandwidth: 20Mbps, billing: by-bandwidth}");
    let lines = |world: &World| -> Vec<(f64, usize, f64)> {
        let charges = world.charges.iter();
        charges
            .filter_map(|charge| match &charge.basis {
                Basis::MbpsDays(mbps) => {
                    let last = charge.tariff.tiers.last().expect("a price has a step");
                    Some((*mbps, charge.tariff.tiers.len() - 1, last.price.expect("a price").mid.units()))
                }
                _ => None,
            })
            .collect()
    };
    let book = world(&text);
    // NAT and gateway of two regions, less the gateway in the shop that nobody calls, plus the bank's.
    assert_eq!(lines(&book), [(20.0, 5, 0.5); 4]);
    assert!(!book.charges.iter().any(|charge| charge.name().contains("egress")));
    let own = world(&format!("{text}prices: {{rows: {{eip.bandwidth-day-more: 0.3 USD/Mbps-day}}}}\n"));
    assert_eq!(lines(&own), [(20.0, 0, 0.3); 4]);
}

#[path = "compile/balance.rs"]
mod balance;
#[path = "compile/faults.rs"]
mod faults;
#[path = "compile/locality.rs"]
mod locality;
#[path = "compile/products.rs"]
mod products;
#[path = "compile/stores.rs"]
mod stores;
/// The link of that name.
#[track_caller]
fn link<'w>(world: &'w World, name: &str) -> &'w eastwest::world::Link {
    world.links.rows().iter().find(|link| link.name == name).unwrap_or_else(|| panic!("a link {name}"))
}

fn with_links(links: &str) -> World {
    world(&format!("{}{CONNECTIVITY}{SERVICES}", GROUND.replace("  vpcs:", &format!("  links: {links}\n  vpcs:"))))
}

const THERE: &str = "backbone hangzhou -> singapore";
const BACK: &str = "backbone singapore -> hangzhou";

#[test]
fn a_link_of_one_direction_leaves_the_other_as_it_is() {
    let book = with_links("{}");
    let world = with_links("{out: {from: hangzhou, to: singapore, delay: 40ms, jitter: 0ms, loss: 2%, rate: 100Mbps}}");
    let (out, home) = (link(&world, THERE), link(&world, BACK));
    assert_eq!((out.delay, out.jitter), (Duration::from_millis(40), None));
    assert_eq!(out.loss, Some(eastwest::world::Loss::flat(0.02)));
    let buffer = Duration::from_millis(100);
    let rate = eastwest::units::BitsPerSec(100_000_000);
    assert_eq!(out.cap, Some(eastwest::world::Cap { rate, past: eastwest::world::PastCap::Shape { buffer } }));
    assert_eq!((home.delay, home.loss, home.cap), (link(&book, BACK).delay, link(&book, BACK).loss, None));
    assert!(home.jitter.is_some());
    // Both directions, each by itself.
    let world = with_links(
        "{o: {from: hangzhou, to: singapore, delay: 40ms}, h: {from: singapore, to: hangzhou, delay: 20ms}}",
    );
    assert_eq!([THERE, BACK].map(|name| link(&world, name).delay.millis()), [40.0, 20.0]);
    let floors = world.paths.rows().iter().find(|path| path.name == "east/h -> south/a via backbone");
    let floors = floors.map(|path| path.floor.millis() - path.floor_back.millis());
    assert_eq!(floors, Some(20.0));
}

#[test]
fn a_link_has_a_bad_state_and_factors_by_the_hour() {
    let hours = "[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10, 1, 1]";
    let world = with_links(&format!(
        "{{sea: {{between: [hangzhou, singapore], loss: {{good: 0.01%, bad: 8%, mean-good: 50s, mean-bad: 2s}}, profile: {{loss: {hours}, jitter: {hours}}}}}}}"
    ));
    for name in [THERE, BACK] {
        let (loss, jitter) = (link(&world, name).loss.unwrap(), link(&world, name).jitter.unwrap());
        let bad = loss.bad.unwrap();
        assert_eq!((bad.mean_good, bad.mean_bad), (Duration::from_secs(50), Duration::from_secs(2)));
        let mean = (50.0 * 0.0001 + 2.0 * 0.08) / 52.0;
        assert!((loss.mean_in(3) - mean).abs() < 1e-15 && (loss.mean_in(21) - 10.0 * mean).abs() < 1e-15);
        assert_eq!((jitter.factor.values[20], jitter.factor.values[21]), (1.0, 10.0));
    }
}

#[test]
fn a_round_trip_law_is_simulated_as_it_is_written() {
    // 200,000 round trips: what is written as p50 and p99 is what the two directions add up to.
    let world = with_links("{sea: {between: [hangzhou, singapore], rtt: {lognormal: {p50: 60ms, p99: 90ms}}}}");
    let (out, home) = (link(&world, THERE), link(&world, BACK));
    let key = eastwest::random::Key::new(1, 0, "round trips", "jitter");
    let one = |link: &eastwest::world::Link, draw: u64| {
        link.delay.seconds() + world.laws[link.jitter.unwrap().law].sample(key.uniform(draw))
    };
    let trips: Vec<f64> = (0..200_000).map(|n| one(out, 2 * n) + one(home, 2 * n + 1)).collect();
    let below = |seconds: f64| trips.iter().filter(|trip| **trip <= seconds).count() as f64 / trips.len() as f64;
    assert!(
        (below(0.060) - 0.5).abs() < 0.004 && (below(0.090) - 0.99).abs() < 0.0008,
        "{} {}",
        below(0.06),
        below(0.09)
    );
    // The floor at p1 costs the law's own mean about 1 %.
    let mean = trips.iter().sum::<f64>() / trips.len() as f64;
    let sigma = libm::log(1.5) / 2.326_347_874_040_841;
    let want = 0.060 * libm::exp(sigma * sigma / 2.0);
    assert!((mean / want - 1.0).abs() < 0.015, "{mean} {want}");
}
