//! The bill of a run: from counts to a month's invoice, worked by hand.

use eastwest::bill::{PriceRange, PriceStatus, Terms};
use eastwest::provider::Books;
use eastwest::random::Law;
use eastwest::record::{Bill, FaultRow, PathRow, Run};
use eastwest::study::bill::{bill, bill_beside_faults, charged_twice, price_where_equal, solve_unknowns};
use eastwest::table::Table;
use eastwest::units::{Bytes, Duration, Money};
use eastwest::workload::{Arrivals, Rate};
use eastwest::world::{
    Basis, Charge, Direction, EdgeId, Fault, GatewayId, Leg, Path, PathId, PlaceId, Stream, Tap, WINDOWS, World,
};

const GIB: u64 = 1 << 30;
const FORWARD: Tap = Tap { path: PathId(0), direction: Direction::Forward };
const BACK: Tap = Tap { path: PathId(0), direction: Direction::Back };

/// A path of no length between two places, through gateway 0.
fn path(name: &str) -> Path {
    Path {
        from: PlaceId(0),
        to: PlaceId(1),
        name: name.into(),
        legs: vec![Leg::Gateway(GatewayId(0))],
        back: Vec::new(),
        links: Vec::new(),
        back_links: Vec::new(),
        hops: Vec::new(),
        back_hops: Vec::new(),
        floor: Duration::ZERO,
        floor_back: Duration::ZERO,
        handshake: 2,
        handshake_bytes: [Bytes(0); 2],
        idle_silent: false,
        idle_limit: Duration::from_secs(900),
        via: "test".into(),
    }
}

fn world(charges: Vec<Charge>) -> World {
    World { paths: Table::from(vec![path("a -> b")]), charges, ..World::default() }
}

/// A charge at the book's price.
fn at(item: &str, from: &str, to: &str, basis: Basis) -> Charge {
    let tariff = Terms::default().tariff(Books::builtin(), item, from, to);
    let tariff = tariff.unwrap_or_else(|| panic!("the book has {item}"));
    Charge { product: "test".into(), scope: from.into(), payer: String::new(), at: from.into(), basis, tariff }
}

fn lcu(item: &str, region: &str, taps: Vec<Tap>) -> Charge {
    at(item, region, "*", Basis::Lcu { taps, gateway: GatewayId::NONE })
}

/// `whole` over the windows, the remainder in the first.
fn spread(whole: u64) -> Vec<u64> {
    let mut windows = vec![whole / WINDOWS as u64; WINDOWS];
    windows[0] += whole % WINDOWS as u64;
    windows
}

fn run(horizon_s: u64, forward: u64, back: u64, connections: u64, open: u64) -> Run {
    let row = PathRow {
        forward: spread(forward),
        back: spread(back),
        connections: spread(connections),
        open,
        ..PathRow::default()
    };
    Run { horizon_ns: horizon_s * 1_000_000_000, paths: vec![row], ..Run::default() }
}

/// Ten minutes in which 3 GiB went out and 5 GiB came back: 4380 times that is a month, 13140 and 21900 GB.
fn ten_minutes() -> Run {
    run(600, 3 * GIB, 5 * GIB, 0, 0)
}

#[track_caller]
fn check(bill: &Bill, item: &str, scope: &str, nanos: i128) {
    let line = bill.lines.iter().find(|line| line.item == item && line.scope == scope).unwrap_or_else(|| {
        panic!("{item} ({scope}) among {:?}", bill.lines.iter().map(|l| (&l.item, &l.scope)).collect::<Vec<_>>())
    });
    let amount = line.amount.value.expect("the price is known");
    assert_eq!((amount * 1e9).round() as i128, nanos, "{item} ({scope}): {amount}");
}

fn total(bill: &Bill) -> f64 {
    bill.month.value.expect("a bill has a sum")
}

#[test]
fn cen_charges_each_sender_for_its_direction() {
    let (hz, sg) = ("cn-hangzhou", "ap-southeast-1");
    let charges = vec![
        at("cen.attachment", "*", "*", Basis::Hours(2.0)),
        at("cen.processing", hz, sg, Basis::Bytes(vec![FORWARD])),
        at("cen.processing", sg, hz, Basis::Bytes(vec![BACK])),
        at("cdt.gold", hz, sg, Basis::Bytes(vec![FORWARD])),
        at("cdt.gold", sg, hz, Basis::Bytes(vec![BACK])),
    ];
    let bill = bill(&world(charges), &[ten_minutes()]);
    // 2 attachments * 730 h * 0.05 USD
    check(&bill, "CEN transit router connection", "*", 73_000_000_000);
    // 13140 GB * 0.02 into the router at Hangzhou, 21900 GB * 0.02 at Singapore
    check(&bill, "CEN transit router data processing", hz, 262_800_000_000);
    check(&bill, "CEN transit router data processing", sg, 438_000_000_000);
    // 13140 GB * 0.80 sent by Hangzhou, 21900 GB * 0.80 by Singapore: the border costs both the same
    check(&bill, "inter-region data transfer (CDT Gold)", hz, 10_512_000_000_000);
    check(&bill, "inter-region data transfer (CDT Gold)", sg, 17_520_000_000_000);
    // 73 + 262.8 + 438 + 10512 + 17520 = 28805.8
    assert!((total(&bill) - 28_805.8).abs() < 1e-9);
    assert!((bill.gigabytes_month - 35_040.0).abs() < 1e-9, "each byte once, though two rules charge it");
    // The attachment and processing fees are estimates: (73 + 262.8 + 438) / 28805.8
    assert!((bill.estimated_share - 773.8 / 28_805.8).abs() < 1e-12);
}

#[test]
fn eip_egress_is_charged_at_the_price_of_whoever_sends() {
    let (hz, sg) = ("cn-hangzhou", "ap-southeast-1");
    let charges = vec![
        at("eip.hour", hz, "*", Basis::Hours(1.0)),
        at("eip.hour", sg, "*", Basis::Hours(1.0)),
        at("eip.egress", hz, "*", Basis::Bytes(vec![FORWARD])),
        at("eip.egress", sg, "*", Basis::Bytes(vec![BACK])),
    ];
    let bill = bill(&world(charges), &[ten_minutes()]);
    check(&bill, "EIP configuration fee", hz, 2_263_000_000); // 730 h * 0.0031
    check(&bill, "EIP configuration fee", sg, 4_599_000_000); // 730 h * 0.0063
    check(&bill, "EIP internet egress", hz, 1_642_500_000_000); // 13140 GB * 0.125
    check(&bill, "EIP internet egress", sg, 2_562_300_000_000); // 21900 GB * 0.117
}

#[test]
fn privatelink_charges_zones_by_the_hour_and_bytes_both_ways() {
    let hz = "cn-hangzhou";
    let charges = vec![
        at("privatelink.zone-hour", hz, "*", Basis::Hours(2.0)),
        at("privatelink.processing", hz, "*", Basis::Bytes(vec![FORWARD, BACK])),
        at("nlb.hour", hz, "*", Basis::Hours(1.0)),
        lcu("nlb.lcu", hz, vec![FORWARD, BACK]),
    ];
    let bill = bill(&world(charges), &[ten_minutes()]);
    check(&bill, "PrivateLink endpoint zone", hz, 14_600_000_000); // 2 zones * 730 h * 0.01
    check(&bill, "PrivateLink data transfer, both ways", hz, 350_400_000_000); // (13140 + 21900) GB * 0.01
    check(&bill, "NLB instance", hz, 14_600_000_000); // 730 h * 0.02
    // 8 GiB in 10 min are 48 GB an hour: 48 LCU * 730 h * 0.005
    check(&bill, "NLB LCU", hz, 175_200_000_000);
}

#[test]
fn a_capacity_unit_is_charged_by_its_largest_dimension() {
    let world = world(vec![lcu("nlb.lcu", "cn-hangzhou", vec![FORWARD, BACK])]);
    let of = |run: Run| bill(&world, &[run]);
    // New connections: 1 440 000 in 600 s are 2400 a second, 3 units.
    check(&of(run(600, 0, 0, 1_440_000, 0)), "NLB LCU", "cn-hangzhou", 10_950_000_000); // 3 * 730 * 0.005
    // Open connections: 250 000 are 2.5 units.
    check(&of(run(600, 0, 0, 0, 250_000)), "NLB LCU", "cn-hangzhou", 9_125_000_000); // 2.5 * 730 * 0.005
    // Bytes: 1 GiB in 600 s are 6 GB an hour, 6 units, more than the 3 of the connections.
    check(&of(run(600, GIB, 0, 1_440_000, 250_000)), "NLB LCU", "cn-hangzhou", 21_900_000_000); // 6 * 730 * 0.005
}

#[test]
fn a_capacity_unit_takes_its_maximum_hour_by_hour() {
    let world = world(vec![lcu("nlb.lcu", "cn-hangzhou", vec![FORWARD])]);
    let half = WINDOWS / 2;
    let mut run = run(7200, 0, 0, 0, 0);
    // First hour 3 GB, second hour 1 GB and 2400 new connections a second. The maximum of the means would be 2.
    run.paths[0].forward = [vec![3 * GIB / 30; half], vec![GIB / 30; half]].concat();
    run.paths[0].connections = [vec![0; half], vec![2400 * 3600 / 30; half]].concat();
    let billed = bill(&world, &[run]);
    // (3 + 3) unit-hours in 2 h: 3 * 730 = 2190 LCU-hours. GiB / 30 leaves a rest of bytes below a millionth of a unit.
    let quantity = billed.lines[0].quantity.value.unwrap();
    assert!((quantity - 2190.0).abs() < 1e-3, "{quantity}");
}

#[test]
fn eip_by_bandwidth_costs_the_day_in_steps() {
    let charge = |mbps| at("eip.bandwidth-day", "cn-hangzhou", "*", Basis::MbpsDays(mbps));
    let amount = |mbps| (bill(&world(vec![charge(mbps)]), &[ten_minutes()]).month.value.unwrap() * 1e9).round() as i128;
    // 3 Mbit/s: 0.43 a day * 730 / 24 days = 13.0791666666..., half of the rest rounds up
    assert_eq!(amount(3.0), 13_079_166_667);
    // 20 Mbit/s: 0.71 + 15 * 0.50 = 8.21 a day * 730 / 24 = 249.7208333333...
    assert_eq!(amount(20.0), 249_720_833_333);
    // A bandwidth is paid whether it is used or not, so that nothing of it has an interval.
    let bill = bill(&world(vec![charge(20.0)]), &[run(600, 0, 0, 0, 0), ten_minutes()]);
    assert_eq!((bill.month.low, bill.month.n), (None, None));
}

#[test]
fn nat_costs_its_hours_and_its_units() {
    let charges =
        vec![at("nat.hour", "cn-hangzhou", "*", Basis::Hours(1.0)), lcu("nat.cu", "cn-hangzhou", vec![FORWARD, BACK])];
    let bill = bill(&world(charges), &[ten_minutes()]);
    check(&bill, "NAT gateway instance", "cn-hangzhou", 24_820_000_000); // 730 h * 0.034
    check(&bill, "NAT gateway CU", "cn-hangzhou", 1_191_360_000_000); // 48 GB an hour = 48 CU * 730 h * 0.034
}

#[test]
fn between_mainland_regions_cen_is_cheaper_by_data_at_every_volume_per_gigabyte() {
    let (hz, bj) = ("cn-hangzhou", "cn-beijing");
    let per_gb = |charges: Vec<Charge>| {
        let bill = bill(&world(charges), &[ten_minutes()]);
        total(&bill) / bill.gigabytes_month
    };
    let cen = per_gb(vec![
        at("cen.processing", hz, bj, Basis::Bytes(vec![FORWARD, BACK])),
        at("cdt.gold", hz, bj, Basis::Bytes(vec![FORWARD, BACK])),
    ]);
    let public = per_gb(vec![
        at("eip.egress", hz, "*", Basis::Bytes(vec![FORWARD, BACK])),
        lcu("nlb.lcu", bj, vec![FORWARD, BACK]),
    ]);
    assert!((cen - 0.092).abs() < 1e-9 && (public - 0.130).abs() < 1e-9, "{cen} {public}");
}

#[test]
fn a_line_rounds_once_and_half_to_even() {
    // One byte in a month-long run: 1 / 2^30 GB * 2^29 nano = half a nano, to even: 0; times 3: 1.5, to even: 2.
    let nanos = |nano: i128| {
        let mut charge = at("cdt.gold", "cn-hangzhou", "cn-beijing", Basis::Bytes(vec![FORWARD]));
        charge.tariff.tiers[0].price = Some(PriceRange::exact(Money(nano)));
        let bill = bill(&world(vec![charge]), &[run(730 * 3600, 1, 0, 0, 0)]);
        (total(&bill) * 1e9).round() as i128
    };
    assert_eq!(nanos(1 << 29), 0);
    assert_eq!(nanos(3 << 29), 2);
}

#[test]
fn usage_lines_carry_the_interval_of_the_replications_and_fixed_ones_are_exact() {
    let charges = vec![
        at("nlb.hour", "cn-hangzhou", "*", Basis::Hours(1.0)),
        at("cdt.gold", "cn-hangzhou", "cn-beijing", Basis::Bytes(vec![FORWARD])),
    ];
    let runs: Vec<Run> = [1, 2, 3, 4, 5].map(|gib| run(600, gib * GIB, 0, 0, 0)).into();
    let few = bill(&world(charges.clone()), &runs[..4]);
    let bill = bill(&world(charges), &runs);
    assert_eq!((bill.lines[0].amount.low, bill.lines[0].amount.n), (None, None));
    // Months of 4380, 8760 .. 21900 GB at 0.072: mean 946.08, standard deviation 315.36 * sqrt 2.5, t(0.975, df 4) =
    // 2.776445, half-width 2.776445 * 315.36 / sqrt 2 = 619.128.
    let amount = &bill.lines[1].amount;
    assert!((amount.value.unwrap() - 946.08).abs() < 1e-9);
    assert!((amount.high.unwrap() - amount.value.unwrap() - 619.128).abs() < 1e-2, "{amount:?}");
    assert_eq!((amount.n, amount.confidence), (Some(5), Some(0.95)));
    assert!((bill.month.value.unwrap() - 960.68).abs() < 1e-9);
    assert!(
        (bill.month.high.unwrap() - bill.month.value.unwrap() - 619.128).abs() < 1e-2,
        "the fixed line adds no noise"
    );
    // Below five replications nothing has an interval, money as little as latency.
    for figure in [&few.lines[1].amount, &few.lines[1].quantity, &few.month] {
        assert_eq!((figure.low, figure.high, figure.n), (None, None, Some(4)));
        assert!(figure.why.as_deref().is_some_and(|why| why.contains("no interval below 5")), "{figure:?}");
    }
}

#[test]
fn the_range_of_the_prices_stands_beside_the_figure() {
    let bill = bill(&world(vec![at("cen.attachment", "*", "*", Basis::Hours(2.0))]), &[ten_minutes()]);
    // 2 * 730 h at 0.04, 0.05, 0.07
    assert_eq!(bill.month.value, Some(73.0));
    let (low, high) = bill.month.inputs.unwrap();
    assert!((low - 58.4).abs() < 1e-9 && (high - 102.2).abs() < 1e-9);
    assert_eq!(bill.lines[0].status, "estimated");
}

#[test]
fn a_month_is_that_of_the_twins_and_each_fault_answers_for_what_it_leaves_behind() {
    let mut world = world(vec![at("cdt.gold", "cn-hangzhou", "cn-beijing", Basis::Bytes(vec![FORWARD]))]);
    let seconds = |s: u64| s * 1_000_000_000;
    let faults =
        [("zone-out", "zone/a", (seconds(100), seconds(190))), ("later", "zone/b", (seconds(400), seconds(405)))];
    let mut run = run(600, 0, 0, 0, 0);
    for (name, hits, span) in faults {
        let (recovery, recovery_ns) = (Duration::from_secs(10), seconds(10));
        let dated = vec![(span.0.cast_signed(), span.1.cast_signed())];
        world.faults.push(Fault { name: name.into(), hits: hits.into(), spans: dated, recovery });
        let spans = vec![span];
        run.faults.push(FaultRow { fault: name.into(), spans, recovery_ns, ..FaultRow::default() });
    }
    // Windows of 10 s: 1 GiB each in the twin; in the run 5 GiB each from 100 s on (retries) and 2 GiB each from 200 s to
    // 300 s, long after its recovery (connections that stay abroad); then half a GiB each from 400 s on.
    let mut twin = run.clone();
    twin.faults.clear();
    twin.paths[0].forward = vec![GIB; WINDOWS];
    let of_window = |w: usize| match w {
        10..20 => 5 * GIB,
        20..30 => 2 * GIB,
        40..45 => GIB / 2,
        _ => GIB,
    };
    run.paths[0].forward = (0..WINDOWS).map(of_window).collect();
    let bill = bill_beside_faults(&world, &[run], &[twin]);
    // 60 GiB in 600 s: 0.1 GB/s * 2 628 000 s = 262 800 GB
    assert!((bill.lines[0].quantity.value.unwrap() - 262_800.0).abs() < 1e-9);
    assert!(bill.basis.iter().any(|line| line.contains("run again without faults")), "{:?}", bill.basis);
    // 40 and 10 GiB more than without it, at 0.072: a line of its own that is not in the month; and 2.5 less.
    let [once, later] = &bill.once[..] else { panic!("{:?}", bill.once) };
    assert_eq!((once.item.as_str(), once.scope.as_str(), once.quantity.value), ("zone-out", "zone/a", Some(50.0)));
    assert!((once.amount.value.unwrap() - 3.6).abs() < 1e-12, "{once:?}");
    assert_eq!((later.item.as_str(), later.quantity.value), ("later", Some(-2.5)));
    assert!((total(&bill) - 262_800.0 * 0.072).abs() < 1e-6);
}

#[test]
fn a_profile_over_a_day_is_integrated_and_a_short_one_is_held() {
    let charge = || at("cdt.gold", "cn-hangzhou", "cn-beijing", Basis::Bytes(vec![FORWARD]));
    let with_rate = |points: Vec<(Duration, f64)>| {
        let mut world = world(vec![charge()]);
        world.streams.push(Stream {
            name: "users".into(),
            edge: EdgeId(0),
            entries: Vec::new(),
            mix: Vec::new(),
            carried: eastwest::world::Carried::default(),
            arrivals: Arrivals::Open { gap: Law::Exponential { mean: 1.0 }, rate: Rate { points } },
            patience: None,
            entry_detect: Duration::ZERO,
            via: None,
            sessions: None,
        });
        world
    };
    let hours = |h: u64| Duration::from_secs(h * 3600);
    // From 100 to 300 requests a second and back over a day, mean 200. One hour was run, at its start: mean 100 + 200 / 24.
    let day = with_rate(vec![(hours(0), 100.0), (hours(12), 300.0), (hours(24), 100.0)]);
    let bytes_per_request = 1024;
    let in_hour = ((100.0 + 200.0 / 24.0) * 3600.0 * bytes_per_request as f64) as u64;
    let billed = bill(&day, &[run(3600, in_hour, 0, 0, 0)]);
    let month = 200.0 * 730.0 * 3600.0 * bytes_per_request as f64 / GIB as f64;
    let quantity = billed.lines[0].quantity.value.unwrap();
    assert!((quantity / month - 1.0).abs() < 1e-6, "{quantity} against {month}");
    assert!(billed.basis[0].contains("integrated over the day"), "{:?}", billed.basis);

    let flat = with_rate(vec![(hours(0), 100.0)]);
    let billed = bill(&flat, &[ten_minutes()]);
    assert_eq!(billed.basis[0], "held at the mean rate for 730 h");
}

#[test]
fn an_unknown_price_is_solved_for_and_not_invented() {
    let plan = vec![
        at("cen.plan", "cn-hangzhou", "ap-southeast-1", Basis::Mbps(50.0)),
        at("cen.attachment", "*", "*", Basis::Hours(2.0)),
    ];
    let public = vec![at("eip.egress", "cn-hangzhou", "*", Basis::Bytes(vec![FORWARD, BACK]))];
    let plan = bill(&world(plan), &[ten_minutes()]);
    let public = bill(&world(public), &[ten_minutes()]);
    assert_eq!(plan.month.value, Some(73.0), "what is not known is not in the sum");
    assert_eq!(plan.lines[0].amount.value, None);
    assert!(plan.unknowns[0].contains("not found"), "{:?}", plan.unknowns);
    // 35040 GB * 0.125 = 4380; (4380 - 73) / 50 Mbps = 86.14
    let price = price_where_equal(&plan, "CEN bandwidth plan", &public).unwrap();
    assert!((price - 86.14).abs() < 1e-9, "{price}");
    let mut bills = [("plan".to_owned(), plan), ("public".to_owned(), public)];
    solve_unknowns(&mut bills);
    let said = &bills[0].1.unknowns[1];
    assert_eq!(said, "plan wins against public while CEN bandwidth plan stays below 86.1 USD per Mbps-month");
    assert!(bills[1].1.unknowns.is_empty());
}

#[test]
fn every_byte_on_a_priced_tap_is_on_exactly_one_line_per_rule() {
    // Six paths, each direction charged by two rules; lines of a rule are cut by scope in different ways.
    let tap = |path, direction| Tap { path: PathId(path), direction };
    let taps: Vec<Tap> = (0..6).flat_map(|p| [tap(p, Direction::Forward), tap(p, Direction::Back)]).collect();
    let mut charges = Vec::new();
    for (n, part) in taps.chunks(5).enumerate() {
        let mut charge = at("cdt.gold", "cn-hangzhou", "cn-beijing", Basis::Bytes(part.to_vec()));
        charge.scope = format!("part {n}");
        charges.push(charge);
    }
    for (n, part) in taps.chunks(4).enumerate() {
        let mut charge = at("cen.processing", "*", "*", Basis::Bytes(part.to_vec()));
        charge.scope = format!("part {n}");
        charges.push(charge);
    }
    let mut world = world(charges);
    world.paths = (0..6).map(|p| path(&format!("path {p}"))).collect::<Vec<_>>().into();
    assert!(charged_twice(&world).is_empty());
    let row = |p: u64| PathRow {
        forward: spread(1_000_003 * (p + 1)),
        back: spread(777_777 * (p + 2)),
        ..PathRow::default()
    };
    let run = Run { horizon_ns: 730 * 3_600_000_000_000, paths: (0..6).map(row).collect(), ..Run::default() };
    let on_paths: u64 = run.paths.iter().map(|p| p.forward.iter().sum::<u64>() + p.back.iter().sum::<u64>()).sum();
    let bill = bill(&world, &[run]);
    for item in ["inter-region data transfer (CDT Gold)", "CEN transit router data processing"] {
        let on_lines: f64 =
            bill.lines.iter().filter(|l| l.item == item).map(|l| l.quantity.value.unwrap() * GIB as f64).sum();
        assert_eq!(on_lines, on_paths as f64, "{item}");
    }
    let Basis::Bytes(first) = &mut world.charges[0].basis else { unreachable!() };
    first.push(tap(5, Direction::Back));
    assert_eq!(charged_twice(&world), [("inter-region data transfer (CDT Gold)".to_owned(), "path 5".to_owned())]);
}

#[test]
fn a_bill_without_charges_is_empty_and_a_user_price_says_so() {
    let empty = bill(&world(Vec::new()), &[ten_minutes()]);
    assert_eq!((empty.lines.len(), total(&empty)), (0, 0.0));
    let mut charge = at("cdt.gold", "cn-hangzhou", "cn-beijing", Basis::Bytes(vec![FORWARD]));
    charge.tariff.status = PriceStatus::User;
    assert_eq!(bill(&world(vec![charge]), &[ten_minutes()]).lines[0].status, "user");
}
