//! The closed form against arithmetic done by hand, on a world of two clusters.

use std::sync::Arc;

use eastwest::policy::{Balance, Policy, RetryOn};
use eastwest::provider::Books;
use eastwest::random::Law;
use eastwest::record::LoadState;
use eastwest::study::estimate::estimate;
use eastwest::units::{BitsPerSec, Bytes, Duration, Ratio};
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::{
    Basis, CallSite, Caller, Cap, Carried, Charge, ClusterId, ContextMapId, Direction, Discipline, Edge, EdgeId,
    Endpoint, EndpointId, Host, HostSet, HostSetId, HostTarget, LawId, Leg, Link, LinkId, Operation, OperationId,
    PastCap, Path, PathId, Place, PlaceId, PolicyId, Proxy, RegionId, RunPlan, Service, ServiceId, Station, StationId,
    Step, Stream, StreamId, Tap, World, ZoneId,
};

const EAST: PlaceId = PlaceId(0);
const SOUTH: PlaceId = PlaceId(1);
const ABROAD: PathId = PathId(1);
/// Bytes of a call's request with the response's acknowledgements, and the other way.
const OUT: f64 = 1000.0 + 40.0;
const IN: f64 = 4000.0 + 40.0;
/// Seconds of a month over bytes of a gigabyte.
const GB_MONTH: f64 = 730.0 * 3600.0 / 1_073_741_824.0;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn path(name: &str, to: PlaceId, one_way: Duration, links: [Vec<LinkId>; 2]) -> Path {
    let [links, back_links] = links;
    Path {
        from: EAST,
        to,
        name: name.into(),
        legs: vec![Leg::Wait(one_way)],
        back: vec![Leg::Wait(one_way)],
        links,
        back_links,
        hops: Vec::new(),
        back_hops: Vec::new(),
        floor: one_way,
        floor_back: one_way,
        handshake: 2,
        handshake_bytes: [Bytes(2_000), Bytes(3_000)],
        idle_silent: false,
        idle_limit: Duration::from_secs(900),
        via: "backbone".into(),
    }
}

fn service(name: &str, operation: u32, endpoints: Vec<EndpointId>, threads: Option<u32>) -> Service {
    Service {
        name: name.into(),
        workers: 1,
        threads,
        queue: None,
        discipline: Discipline::Fcfs,
        operations: vec![OperationId(operation)],
        endpoints,
        rate_limit: None,
        vcpu: 0.0,
        versions: Vec::new(),
        forwards: ContextMapId::NONE,
        on_cancel: Default::default(),
    }
}

fn operation(name: &str, service: u32, start: u32) -> Operation {
    Operation {
        name: name.into(),
        service: ServiceId(service),
        start,
        request: Bytes(900),
        response: Bytes(3900),
        request_wire: Bytes(1000),
        request_acks: Bytes(40),
        response_wire: Bytes(4000),
        response_acks: Bytes(40),
        priority: 0,
        errors: Vec::new(),
        variants: Vec::new(),
    }
}

/// 100 requests a second enter in the east at web (2 replicas there, 3 ms of work), which calls stock twice, one after
/// the other: 1 replica in the east, 3 in the south, 30 ms away, 2 ms of work each. Sidecars: 0.2 ms CPU, 0.5 ms delay.
fn world(rate: Vec<(Duration, f64)>, charges: Vec<Charge>) -> World {
    let mut world = World { variant: "cen".into(), charges, ..World::default() };
    world.plan = RunPlan { fill: Duration::ZERO, horizon: Duration::from_secs(600), drain: Duration::ZERO };
    for (at, name) in ["east/h", "south/a"].into_iter().enumerate() {
        let at = at as u32;
        world.regions.push(name.into());
        world.places.push(Place { region: RegionId(at), zone: ZoneId(at), cluster: ClusterId(at), name: name.into() });
    }
    // 150 calls a second of 1040 bytes out are 1.248 Mbit/s.
    let cap = Cap { rate: BitsPerSec(1_500_000), past: PastCap::Police { burst: Bytes(10_000) } };
    for (name, cap) in [("east -> south", Some(cap)), ("south -> east", None)] {
        world.links.push(Link { name: name.into(), delay: ms(30), jitter: None, loss: None, cap });
    }
    world.paths.push(path("east -> east", EAST, Duration::from_micros(50), [Vec::new(), Vec::new()]));
    world.paths.push(path("east -> south", SOUTH, ms(30), [vec![LinkId(0)], vec![LinkId(1)]]));
    world.laws = vec![Law::Exponential { mean: 0.003 }, Law::Exponential { mean: 0.002 }].into();
    world.program = vec![
        Step::Work { law: LawId(0) },
        Step::Repeat { body: 3, times: 2 },
        Step::End,
        Step::Call { site: 0 },
        Step::End,
        Step::Work { law: LawId(1) },
        Step::End,
    ];
    world.call_sites = vec![CallSite { edge: EdgeId(1), operation: OperationId(1) }];
    world.operations.push(operation("web", 0, 0));
    world.operations.push(operation("stock", 1, 5));
    let ids = |range: std::ops::Range<u32>| range.map(EndpointId).collect();
    world.services.push(service("web", 0, ids(0..2), Some(10)));
    world.services.push(service("stock", 1, ids(2..6), None));
    for (at, (name, service, place)) in [
        ("web", 0, EAST),
        ("web", 0, EAST),
        ("stock", 1, EAST),
        ("stock", 1, SOUTH),
        ("stock", 1, SOUTH),
        ("stock", 1, SOUTH),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("{name}@{}#{at}", world.places[place].name);
        let station = world.stations.push(Station { name: name.clone(), servers: 1, place });
        let proxy = world.proxies.push(Proxy {
            name: format!("sidecar {name}"),
            place,
            endpoint: EndpointId(at as u32),
            station,
            cpu: Duration::from_micros(200),
            delay: Duration::from_micros(500),
            handshake: Duration::from_micros(800),
            first_upstream: 0,
        });
        world.endpoints.push(Endpoint { service: ServiceId(service), place, name, proxy, version: 0 });
    }
    let entry = world.proxies.push(Proxy {
        name: "ingress east/h".into(),
        place: EAST,
        endpoint: EndpointId::NONE,
        station: StationId::NONE,
        cpu: Duration::ZERO,
        delay: Duration::ZERO,
        handshake: Duration::ZERO,
        first_upstream: 0,
    });
    world.policies.push(Policy {
        balance: Balance::LEAST_REQUEST,
        hash: None,
        warmup: None,
        overprovisioning: 140,
        timeout: None,
        per_try: None,
        retries: 0,
        retry_on: RetryOn::default(),
        max_backoff: None,
        retry_budget: None,
        hedge: false,
        previous_priorities: None,
        fault: None,
        backoff: ms(25),
        outlier: None,
        panic_threshold: 50,
        connect_timeout: Duration::from_secs(10),
        http2_ping: None,
        max_connection_age: None,
        pool: eastwest::policy::Pool::default(),
        receive_window: None,
    });
    for (from, to, name) in
        [(Caller::Stream(StreamId(0)), 0, "users -> web"), (Caller::Service(ServiceId(0)), 1, "web -> stock")]
    {
        world.edges.push(Edge::written(from, ServiceId(to), name, PolicyId(0), 0));
    }
    let host = |endpoint, path| Host {
        target: HostTarget::Endpoint(EndpointId(endpoint), path),
        weight: 1,
        priority: 0,
        locality: 0,
    };
    let hosts = [
        vec![host(0, PathId(0)), host(1, PathId(0))],
        [vec![host(2, PathId(0))], (3..6).map(|e| host(e, ABROAD)).collect()].concat(),
    ];
    for hosts in hosts {
        world.host_sets.push(HostSet { hosts: hosts.into(), priorities: 1, ..HostSet::default() });
    }
    world.host_set_of = vec![HostSetId(0), HostSetId::NONE, HostSetId(1), HostSetId::NONE];
    world.streams.push(Stream {
        name: "users".into(),
        edge: EdgeId(0),
        entries: vec![entry],
        mix: vec![(OperationId(0), Ratio::ONE)],
        carried: Carried::default(),
        arrivals: Arrivals::Open { gap: Law::Exponential { mean: 1.0 }, rate: Rate { points: rate } },
        patience: None,
        entry_detect: Duration::ZERO,
        via: None,
        sessions: None,
    });
    world
}

fn at(item: &str, from: &str, to: &str, basis: Basis) -> Charge {
    let row = Books::builtin().price(item, from, to).unwrap_or_else(|| panic!("the book has {item}"));
    Charge::at(row, "test", from, "", basis)
}

fn tap(direction: Direction) -> Vec<Tap> {
    vec![Tap { path: ABROAD, direction }]
}

fn cen() -> Vec<Charge> {
    let (hz, sg) = ("cn-hangzhou", "ap-southeast-1");
    vec![
        at("cen.attachment", "*", "*", Basis::Hours(2.0)),
        at("cdt.gold", hz, sg, Basis::Bytes(tap(Direction::Forward))),
        at("cdt.gold", sg, hz, Basis::Bytes(tap(Direction::Back))),
    ]
}

fn public() -> Vec<Charge> {
    vec![
        at("nlb.hour", "*", "*", Basis::Hours(20.0)),
        at("eip.egress", "cn-hangzhou", "*", Basis::Bytes(tap(Direction::Forward))),
        at("eip.egress", "ap-southeast-1", "*", Basis::Bytes(tap(Direction::Back))),
    ]
}

fn steady() -> Vec<(Duration, f64)> {
    vec![(Duration::ZERO, 100.0)]
}

#[track_caller]
fn close(found: f64, by_hand: f64) {
    assert!((found / by_hand - 1.0).abs() < 1e-6, "{found}, by hand {by_hand}");
}

#[test]
fn bytes_and_bill_are_those_of_the_arithmetic() {
    let projection = estimate(&[world(steady(), cen())]);
    let variant = &projection.variants[0];
    // Twice 100 calls a second, three of four replicas abroad.
    let abroad = variant.paths.iter().find(|path| path.path == "east -> south").expect("some calls go abroad");
    close(abroad.calls_per_s, 150.0);
    close(abroad.forward_gb_month, 150.0 * OUT * GB_MONTH);
    close(abroad.back_gb_month, 150.0 * IN * GB_MONTH);
    // At home: 100 to web, 50 to stock.
    close(variant.paths[0].calls_per_s, 150.0);
    let bill = 73.0 + 0.80 * 150.0 * (OUT + IN) * GB_MONTH;
    close(variant.bill.month.value.unwrap(), bill);
    close(variant.bill.gigabytes_month, 150.0 * (OUT + IN) * GB_MONTH);
    close(variant.links[0].mbps, 150.0 * OUT * 8.0 / 1e6);
    assert_eq!(variant.bill.month.n, None, "a closed form has no replications");
}

#[test]
fn the_floor_is_the_sum_of_what_a_request_meets() {
    let variant = estimate(&[world(steady(), cen())]).variants.remove(0);
    // web's sidecar sends: 0.7; a quarter at home 0.1 + 0.7 + 2, three quarters 60 + 0.7 + 2.
    let stock = 0.7 + 0.25 * (0.1 + 0.7 + 2.0) + 0.75 * (60.0 + 0.7 + 2.0);
    // To web 0.1, its sidecar 0.7, its work 3, stock twice.
    close(variant.floors[0].floor_ms, 0.1 + 0.7 + 3.0 + 2.0 * stock);
    // To web 0.1; twice to stock, a quarter 0.1, three quarters 60.
    close(variant.floors[0].network_ms, 0.1 + 2.0 * (0.25 * 0.1 + 0.75 * 60.0));
    assert_eq!((variant.floors[0].region.as_str(), variant.floors[0].operation.as_str()), ("east/h", "web"));
}

#[test]
fn utilisation_of_everything_with_a_capacity() {
    let variant = estimate(&[world(steady(), cen())]).variants.remove(0);
    let load = |kind: &str, name: &str| {
        let found = variant.loads.iter().find(|load| load.kind == kind && load.name == name);
        found.unwrap_or_else(|| panic!("{kind} {name} among {:?}", variant.loads))
    };
    close(load("service", "web@east/h").mean, 50.0 * 0.003);
    close(load("service", "stock@south/a").mean, 50.0 * 0.002);
    // 50 received and 100 sent a second, 0.2 ms each.
    close(load("sidecar", "sidecar web@east/h").mean, 150.0 * 0.000_2);
    // 50 a second stay for 3 ms and two calls, of 10 threads.
    let stay = 0.003 + 2.0 * (0.7 + 0.25 * 2.8 + 0.75 * 62.7) / 1e3;
    close(load("threads", "web@east/h").mean, 50.0 * stay / 10.0);
    let cap = load("cap", "east -> south");
    close(cap.mean, 1.248 / 1.5);
    assert_eq!(cap.state, LoadState::High);
    assert!(variant.steady);
    assert!(
        variant.warnings.iter().any(|warning| warning.contains("cap east -> south is at 83 %")),
        "{:?}",
        variant.warnings
    );
    assert_eq!(variant.loads[0].name, "east -> south", "busiest first");
}

#[test]
fn a_load_above_capacity_has_no_steady_state_and_a_peak_above_it_says_so() {
    let over = estimate(&[world(vec![(Duration::ZERO, 200.0)], cen())]).variants.remove(0);
    assert!(!over.steady);
    assert!(over.warnings.iter().any(|warning| warning.contains("no steady state")), "{:?}", over.warnings);
    // 60 a second, with a peak of 140 for the last minute of ten: mean 54 + 14 = 68, so 57 % of the cap on average and 116 % at the peak.
    let minute = |m: u64| Duration::from_secs(60 * m);
    let peaky = vec![(minute(0), 60.0), (minute(9), 60.0), (minute(9), 140.0)];
    let peaky = estimate(&[world(peaky, cen())]).variants.remove(0);
    let cap = peaky.loads.iter().find(|load| load.kind == "cap").unwrap();
    close(cap.mean, 1.248 / 1.5 * 0.68);
    close(cap.peak, 1.248 / 1.5 * 1.4);
    assert_eq!((cap.state, peaky.steady), (LoadState::OverAtPeak, true));
}

#[test]
fn only_the_first_priority_is_used_and_gateways_share_evenly() {
    let mut near = world(steady(), cen());
    for host in &mut Arc::make_mut(&mut near.host_sets[HostSetId(1)].hosts)[1..] {
        host.priority = 1;
    }
    let variant = estimate(&[near]).variants.remove(0);
    assert!(variant.paths.iter().all(|path| path.path != "east -> south"));
    close(variant.bill.month.value.unwrap(), 73.0);

    let mut gateway = world(steady(), cen());
    let behind = (3..6).map(|endpoint| (EndpointId(endpoint), ABROAD)).collect();
    let hosts = &mut gateway.host_sets[HostSetId(1)].hosts;
    let target = HostTarget::Gateway(eastwest::world::GatewayId(0), behind);
    *hosts = [hosts[0].clone(), Host { target, weight: 3, priority: 0, locality: 0 }].into();
    let abroad = |world: World| {
        let variant = estimate(&[world]).variants.remove(0);
        variant.paths.iter().find(|path| path.path == "east -> south").unwrap().calls_per_s
    };
    let mut in_turn = gateway.clone();
    in_turn.policies[PolicyId(0)].balance = Balance::RoundRobin;
    close(abroad(in_turn), 150.0);
    // Least request among unequal weights: of 100 calls/s of a proxy 0.28 would be under way at hand and 6.27 abroad, and
    // shares are as weight / (under way + 1). Found by trying.
    let unequal = |far: f64| far * (1.0 + 6.27 * far) - 3.0 * (1.0 - far) * (1.0 + 0.28 * (1.0 - far));
    let far = (0..1_000_000).map(|step| f64::from(step) * 1e-6).find(|far| unequal(*far) >= 0.0).unwrap();
    let found = abroad(gateway);
    assert!((found / 200.0 - far).abs() < 1e-5, "{found}, {far}");
}

#[test]
fn a_day_is_billed_hour_by_hour() {
    let hour = |h: u64| Duration::from_secs(3600 * h);
    let day = vec![(hour(0), 50.0), (hour(12), 150.0), (hour(24), 50.0)];
    let variant = estimate(&[world(day, cen())]).variants.remove(0);
    close(variant.bill.month.value.unwrap(), 73.0 + 0.80 * 150.0 * (OUT + IN) * GB_MONTH);
    assert!(variant.bill.basis[0].contains("24 hours"), "{:?}", variant.bill.basis);
    let cap = variant.loads.iter().find(|load| load.kind == "cap").unwrap();
    close(cap.peak, 1.248 / 1.5 * 1.5);
}

#[test]
fn two_variants_break_even_in_volume_and_in_price() {
    let mut other = world(steady(), public());
    other.variant = "public".into();
    let projection = estimate(&[world(steady(), cen()), other]);
    let found = &projection.break_evens[0];
    assert_eq!((found.a.as_str(), found.b.as_str(), found.cheaper.as_deref()), ("cen", "public", Some("public")));
    // Fixed 73 against 20 * 730 * 0.02 = 292; per month's traffic 0.80 both ways against 0.125 out and 0.117 back.
    let (out, back) = (150.0 * OUT * GB_MONTH, 150.0 * IN * GB_MONTH);
    let more_usage = 0.80 * (out + back) - (0.125 * out + 0.117 * back);
    close(found.gigabytes_month.unwrap(), (292.0 - 73.0) / more_usage * (out + back));
    assert!(found.sentences[0].starts_with("cen is cheaper below"), "{:?}", found.sentences);
    // CEN's only uncertain price is the attachment's: what it would have to be lies below zero.
    let attachment = found.prices.iter().find(|price| price.variant == "cen").unwrap();
    let public_total = 292.0 + 0.125 * out + 0.117 * back;
    close(attachment.price.unwrap(), (public_total - 0.80 * (out + back)) / 1460.0);
    assert!(found.sentences.iter().any(|sentence| sentence.starts_with("no price of CEN transit router connection")));
}

#[test]
fn every_price_whose_book_holds_a_flip_is_named_not_the_most_uncertain_one_only() {
    let (out, back) = (150.0 * OUT * GB_MONTH, 150.0 * IN * GB_MONTH);
    // The book's egress goes down to 0.7 of itself. Fees that bring the bills together at 0.85, and attachments on the
    // other bill whose price is less certain still (40 to 70 where 50 is used).
    let egress = 0.125 * out + 0.117 * back;
    let (attachments, gap) = (40.0_f64, 0.15 * egress);
    let fees = (attachments * 36.5 + 0.80 * (out + back) - egress + gap) / 14.6;
    let mut of_cen = cen();
    of_cen[0] = at("cen.attachment", "*", "*", Basis::Hours(attachments));
    let mut of_public = public();
    of_public[0] = at("nlb.hour", "*", "*", Basis::Hours(fees));
    of_public.push(at("compute.vcpu", "cn-hangzhou", "*", Basis::Hours(1000.0)));
    of_cen.push(at("compute.vcpu", "cn-hangzhou", "*", Basis::Hours(1000.0)));
    let mut other = world(steady(), of_public);
    other.variant = "public".into();
    let projection = estimate(&[world(steady(), of_cen), other]);
    let found = &projection.break_evens[0];
    let of = |item: &str| found.prices.iter().find(|price| price.item == item);
    let egress = of("EIP internet egress").unwrap_or_else(|| panic!("it is named: {:?}", found.prices));
    close(egress.factor.unwrap(), 0.85);
    let attachment = of("CEN transit router connection").unwrap_or_else(|| panic!("it is named: {:?}", found.prices));
    assert!((1.0..1.4).contains(&attachment.factor.unwrap()), "{attachment:?}");
    let within = found.sentences.iter().filter(|sentence| sentence.contains("within what the book believes")).count();
    assert_eq!(within, 2, "{:?}", found.sentences);
    assert!(of("general-purpose vCPU with 4 GiB").is_none(), "what stands on both bills alike flips nothing");
}

#[test]
fn two_variants_of_one_bill_cost_the_same_and_none_is_cheaper() {
    let mut twin = world(steady(), cen());
    twin.variant = "guarded".into();
    let projection = estimate(&[world(steady(), cen()), twin]);
    let found = &projection.break_evens[0];
    assert_eq!((found.cheaper.as_deref(), found.gigabytes_month), (None, None));
    assert_eq!(found.sentences.len(), 1);
    assert!(found.sentences[0].starts_with("cen and guarded cost the same at every volume ("), "{:?}", found.sentences);
}

#[test]
fn a_run_that_misses_the_peak_hour_is_billed_by_the_day_and_warned_of() {
    let hour = |h: u64| Duration::from_secs(3600 * h);
    // Ten minutes from the valley of a day between 50 and 150 a second.
    let day = vec![(hour(0), 50.0), (hour(12), 150.0), (hour(24), 50.0)];
    let variant = estimate(&[world(day, cen())]).variants.remove(0);
    let missed = variant.warnings.iter().find(|warning| warning.contains("nothing of the peak hour"));
    assert!(missed.is_some_and(|warning| warning.contains("whose peak is 150/s")), "{:?}", variant.warnings);
    let steady = estimate(&[world(steady(), cen())]).variants.remove(0);
    assert!(!steady.warnings.iter().any(|warning| warning.contains("peak hour")), "{:?}", steady.warnings);
}

#[test]
fn an_unknown_price_is_solved_for() {
    let plan = vec![at("cen.plan", "*", "*", Basis::Mbps(20.0)), at("cen.attachment", "*", "*", Basis::Hours(2.0))];
    let mut other = world(steady(), public());
    other.variant = "public".into();
    let projection = estimate(&[world(steady(), plan), other]);
    let public_total = projection.variants[1].bill.month.value.unwrap();
    let found = &projection.break_evens[0];
    assert_eq!(found.cheaper, None);
    close(found.prices[0].price.unwrap(), (public_total - 73.0) / 20.0);
    let said = &projection.variants[0].bill.unknowns;
    assert!(
        said.iter().any(|line| line.starts_with("cen wins against public while CEN bandwidth plan stays below")),
        "{said:?}"
    );
}

#[test]
fn closed_users_ask_once_per_cycle() {
    let mut world = world(steady(), cen());
    let floor_s = estimate(std::slice::from_ref(&world)).variants[0].floors[0].floor_ms / 1e3;
    world.streams[StreamId(0)].arrivals = Arrivals::Closed { users: 30, think: Law::Exponential { mean: 2.0 } };
    let variant = estimate(&[world]).variants.remove(0);
    let abroad = variant.paths.iter().find(|path| path.path == "east -> south").unwrap();
    close(abroad.calls_per_s, 30.0 / (2.0 + floor_s) * 2.0 * 0.75);
}

/// The worlds of a shipped scenario, one per variant.
fn shipped(file: &std::path::Path) -> Vec<World> {
    let loaded = match eastwest::scenario::load::load(file, &[]) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{} is refused: {:?}", file.display(), refused.diagnostics),
    };
    let worlds = loaded.variants.iter().map(|variant| {
        let inputs = eastwest::scenario::compile::Inputs::default();
        let world = eastwest::scenario::compile::compile(&variant.scenario, &variant.name, Books::builtin(), inputs);
        world.unwrap_or_else(|said| panic!("{} compiles: {said:?}", variant.name))
    });
    worlds.collect()
}

#[test]
fn shipped_scenarios_have_a_closed_form_and_charge_no_byte_twice() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let worlds = shipped(&file);
        for world in &worlds {
            let twice = eastwest::study::bill::charged_twice(world);
            assert!(twice.is_empty(), "{} {}: {twice:?}", file.display(), world.variant);
        }
        let projection = estimate(&worlds);
        assert_eq!(projection.variants.len(), worlds.len());
        assert_eq!(projection.break_evens.len(), worlds.len() * (worlds.len() - 1) / 2);
        for variant in &projection.variants {
            assert!(variant.floors.iter().all(|floor| floor.floor_ms > 0.0), "{} {:?}", variant.name, variant.floors);
            let lines: f64 = variant.bill.lines.iter().filter_map(|line| line.amount.value).sum();
            assert!(
                (lines - variant.bill.month.value.unwrap()).abs() < 1e-6,
                "{}: a bill is the sum of its lines",
                variant.name
            );
        }
    }
}

#[test]
fn a_gateways_cpus_are_taken_by_requests_and_connections() {
    let text = "
eastwest: 1
topology:
  regions: {hz: {is: alibaba/cn-hangzhou}, bj: {is: alibaba/cn-beijing}}
  clusters: {shop: {region: hz}, stock: {region: bj}}
connectivity:
  internet: {public-gateway: {gateways: {stock: {kind: l7, replicas: 2, cpu: 2, cpu-per-request: 100ms, cpu-per-connection: 100ms, cpu-per-kib: 0ms}}}}
routes: {default: {via: internet}}
services:
  web:       {replicas: {shop: 2}, work: 1ms, calls: [inventory]}
  inventory: {replicas: {stock: 2}, work: 1ms}
mesh: {traffic: {'*': {pool: {max-requests-per-connection: 10}}}}
workload: {shoppers: {from: hz, to: web, rate: 20rps}}
";
    let loaded = eastwest::scenario::load_text("x.yaml", text, &[]).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let variant = &loaded.variants[0];
    let inputs = eastwest::scenario::Inputs::default();
    let world = eastwest::scenario::compile(&variant.scenario, &variant.name, Books::builtin(), inputs);
    let told = estimate(&[world.expect("it compiles")]);
    let load = told.variants[0].loads.iter().find(|load| load.kind == "gateway").expect("the gateway is listed");
    // 20 requests and 2 connections a second, 100 ms each, on four cores.
    assert!((load.mean - (20.0 * 0.1 + 2.0 * 0.1) / 4.0).abs() < 1e-9, "{}", load.mean);
    assert_eq!(load.name, "internet/stock");
}
