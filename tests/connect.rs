//! Connectivity kinds: laws that hold for every entry of the catalogue, the rules that each kind keeps, and what one call
//! crosses under each, hop by hop.

use eastwest::connect::cen::{Cen, Past};
use eastwest::connect::privatelink::{Leads, PrivateLink};
use eastwest::connect::vpc_peering::VpcPeering;
use eastwest::connect::{Board, CATALOGUE, Carrier, Count, Entry, Example, Front, Inputs, Item, Product, Trip, Way};
use eastwest::provider::{Books, Level, PathClass, Provider, Rule};
use eastwest::topology::{Cidr, ClusterId, LinkId, RegionId, VpcId, ZoneId, floor};
use eastwest::units::{BitsPerSec, Duration};
use expect_test::{Expect, expect};

/// Rules that charge for a gigabyte's crossing from region to region.
const TRANSFER: [Rule; 8] = [
    Rule::TransitTransfer,
    Rule::TransitTransferPremium,
    Rule::TransitPlan,
    Rule::PeeringTransfer,
    Rule::Egress,
    Rule::EgressOwn,
    Rule::EgressPremium,
    Rule::EgressAccelerated,
];

fn carrier(example: &Example) -> Carrier<'_> {
    Carrier {
        ground: &example.ground,
        books: Books::builtin(),
        inputs: Inputs::default(),
        overrides: &[],
        insides: &[],
    }
}

/// Every trip of the example ground from the first cluster.
fn trips(example: &Example) -> Vec<Trip<'static>> {
    (0..3)
        .flat_map(|cluster| (0..2).map(move |zone| (cluster, zone)))
        .map(|(c, z)| example.trip(ClusterId(c), z))
        .collect()
}

/// Runs `law` over every kind and every trip that it serves.
fn over_every_kind(law: impl Fn(&Entry, &Carrier<'_>, &Trip<'_>, &dyn Product, &Board, &Way)) {
    let example = Example::new();
    let carrier = carrier(&example);
    for entry in CATALOGUE {
        let product = (entry.example)(&example);
        let served: Vec<Trip<'_>> =
            trips(&example).into_iter().filter(|trip| product.refusals(&carrier, trip).is_empty()).collect();
        assert!(!served.is_empty(), "{} serves some trip of the example", entry.name);
        for trip in served {
            let mut board = Board::default();
            let ways = product.draw(&carrier, &trip, &mut board);
            assert!(!ways.is_empty(), "{} draws a way", entry.name);
            for way in &ways {
                law(&entry, &carrier, &trip, product.as_ref(), &board, way);
            }
        }
    }
}

#[test]
fn hops_sum_to_the_floor_both_ways() {
    over_every_kind(|entry, _, _, _, board, way| {
        let sum = |links: Vec<LinkId>| links.iter().map(|link| board.lines[*link].delay).sum::<Duration>();
        assert_eq!(sum(way.links()), floor(&way.legs(board)), "{}", entry.name);
        assert_eq!(sum(way.back_links()), floor(&way.back_legs(board)), "{}", entry.name);
        assert!(!floor(&way.legs(board)).is_zero(), "{}", entry.name);
    });
}

#[test]
fn links_of_forward_and_back_are_paired() {
    over_every_kind(|entry, _, _, _, board, way| {
        let (out, mut back) = (way.links(), way.back_links());
        back.reverse();
        assert_eq!(out.len(), back.len(), "{}", entry.name);
        for (out, back) in out.iter().zip(&back) {
            assert_ne!(out, back, "{}: a link is directed", entry.name);
            let (out, back) = (&board.lines[*out], &board.lines[*back]);
            assert_eq!(
                (out.delay, out.cap, out.zone),
                (back.delay, back.cap, back.zone),
                "{} {}",
                entry.name,
                out.name
            );
        }
    });
}

#[test]
fn every_inter_region_byte_is_charged_by_exactly_one_transfer_at_its_sender() {
    over_every_kind(|entry, carrier, trip, _, _, way| {
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        if a == b {
            return;
        }
        let at = |wanted: &Count| {
            let fees = way.fees.iter().filter(|fee| TRANSFER.contains(&fee.rule) && fee.count == *wanted);
            fees.map(|fee| (fee.at, fee.payer)).collect::<Vec<_>>()
        };
        assert_eq!(at(&Count::Out), [(a, trip.from.vpc)], "{}: requests", entry.name);
        assert_eq!(at(&Count::Back), [(b, trip.to.vpc)], "{}: responses", entry.name);
        assert_eq!(at(&Count::Both), [], "{}", entry.name);
    });
}

#[test]
fn every_fee_names_an_item_of_the_price_book() {
    over_every_kind(|entry, carrier, _, _, _, way| {
        for fee in &way.fees {
            let is = |region: RegionId| carrier.ground.regions[region].is.as_deref().unwrap();
            for item in carrier.items(fee) {
                let row = carrier.books.price(item.name, is(fee.at), item.to.map_or("*", is));
                assert!(row.is_some(), "{}: {} from {}", entry.name, item.name, is(fee.at));
            }
        }
    });
}

#[test]
fn a_kind_that_is_bound_to_a_region_refuses_to_leave_it() {
    let example = Example::new();
    let carrier = carrier(&example);
    for entry in CATALOGUE {
        let refusals = (entry.example)(&example).refusals(&carrier, &example.trip(ClusterId(2), 0));
        assert_eq!(refusals.is_empty(), entry.crosses_regions, "{}: {refusals:?}", entry.name);
        assert!(refusals.iter().all(|refusal| !refusal.rule.is_empty() && !refusal.help.is_empty()));
    }
}

#[test]
fn what_trips_share_is_drawn_once() {
    let example = Example::new();
    let carrier = carrier(&example);
    for entry in CATALOGUE {
        let product = (entry.example)(&example);
        let mut board = Board::default();
        let served: Vec<Trip<'_>> =
            trips(&example).into_iter().filter(|trip| product.refusals(&carrier, trip).is_empty()).collect();
        for trip in &served {
            product.draw(&carrier, trip, &mut board);
        }
        let drawn = (board.lines.len(), board.balancers.len());
        for trip in &served {
            product.draw(&carrier, trip, &mut board);
        }
        assert_eq!(drawn, (board.lines.len(), board.balancers.len()), "{}", entry.name);
        let caps = board.lines.rows().iter().filter(|line| line.cap.is_some() && line.name.contains("connection"));
        assert!(caps.count() <= 2, "{}: one inter-region connection, each direction", entry.name);
    }
}

#[test]
fn a_front_has_a_balancer_and_nothing_else_has() {
    over_every_kind(|entry, _, _, product, board, way| {
        let balanced = way.fees.iter().any(|fee| matches!(fee.count, Count::Capacity { gateway: Some(_), .. }));
        assert_eq!(product.front() != Front::None, balanced, "{}", entry.name);
        assert_eq!(board.balancers.is_empty(), !balanced, "{}", entry.name);
    });
}

// ---- rules -------------------------------------------------------------------------------------------------------

#[track_caller]
fn refused(product: &dyn Product, carrier: &Carrier<'_>, trip: &Trip<'_>, want: Expect) {
    let refusals = product.refusals(carrier, trip);
    let rules: Vec<String> =
        refusals.into_iter().map(|refusal| format!("{}\n  {}\n", refusal.rule, refusal.help)).collect();
    want.assert_eq(&rules.concat());
}

fn cen() -> Cen {
    Cen {
        name: "backbone".into(),
        attach: vec![(VpcId(0), vec![ZoneId(0), ZoneId(1)]), (VpcId(2), vec![ZoneId(2)])],
        attached_by_name: true,
        bandwidth: vec![],
        past: Past::Police { burst: Duration::from_millis(50) },
        by_bandwidth: false,
        class: PathClass::Gold,
    }
}

#[test]
fn cen_names_the_attachment_and_the_bandwidth_that_are_missing() {
    let example = Example::new();
    let carrier = carrier(&example);
    refused(
        &cen(),
        &carrier,
        &example.trip(ClusterId(1), 0),
        expect![[r#"
        VPC bank has no attachment
          add `attach: {bank: [..zones..]}`
    "#]],
    );
    refused(
        &cen(),
        &carrier,
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        no bandwidth was bought between hangzhou and singapore: an inter-region connection without any passes 1 kbit/s
          say `bandwidth: 100Mbps`, or `bandwidth: {hangzhou-singapore: 100Mbps}`
    "#]],
    );
}

#[test]
fn overlapping_addresses_matter_to_routers_and_not_to_endpoints_and_gateways() {
    let mut example = Example::new();
    example.ground.vpcs[VpcId(1)].cidr = Cidr::parse("10.1.128.0/17");
    let carrier = carrier(&example);
    let trip = example.trip(ClusterId(1), 0);
    let words: Vec<(&str, bool)> = CATALOGUE
        .iter()
        .filter(|entry| entry.name != "vpc")
        .map(|entry| (entry.name, (entry.example)(&example).refusals(&carrier, &trip).is_empty()))
        .collect();
    let want = [
        ("vpc-peering", false),
        ("cen", false),
        ("privatelink", true),
        ("public-gateway", true),
        ("private-gateway", false),
    ];
    assert_eq!(words, want);
}

#[test]
fn pod_addresses_may_overlap_behind_a_private_gateway_only() {
    let mut example = Example::new();
    for cluster in [ClusterId(0), ClusterId(2)] {
        example.ground.clusters[cluster].pods = Cidr::parse("172.16.0.0/16");
    }
    let carrier = carrier(&example);
    let trip = example.trip(ClusterId(2), 0);
    let serves = |name: &str| {
        let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
        (entry.example)(&example).refusals(&carrier, &trip).is_empty()
    };
    assert_eq!((serves("cen"), serves("vpc-peering"), serves("private-gateway")), (false, false, true));
}

#[test]
fn peering_is_not_transitive() {
    let example = Example::new();
    let pairs = Some(vec![(VpcId(0), VpcId(1)), (VpcId(1), VpcId(2))]);
    let peering = VpcPeering { name: "peering".into(), pairs, cap: None };
    refused(
        &peering,
        &carrier(&example),
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        peering is not transitive: east - bank - south are peered in a row, their ends are not
          add a peering between the two, or use cen
    "#]],
    );
}

fn to_payments(consumer: VpcId, behind: Option<Box<dyn Product>>) -> PrivateLink {
    let leads = Leads::Service("payments".into());
    PrivateLink {
        name: "to-bank".into(),
        leads,
        consumer,
        zones: vec![ZoneId(0), ZoneId(1)],
        cap: None,
        cross_region: false,
        behind,
    }
}

#[test]
fn privatelink_is_one_way_and_stands_in_the_consumers_network() {
    let example = Example::new();
    let carrier = carrier(&example);
    let trip = example.trip(ClusterId(1), 0);
    let back = Trip { from: trip.to, to: trip.from, service: "orders" };
    refused(
        &to_payments(VpcId(0), None),
        &carrier,
        &back,
        expect![[r#"
        privatelink is one way: connections start in VPC east, the consumer
          two directions need two endpoints: write a second privatelink with the other consumer
        this endpoint leads to service payments only, not to orders
          give the other service an endpoint of its own, or lead to the gateway of its cluster
    "#]],
    );
    let abroad = Trip { from: example.trip(ClusterId(2), 0).to, ..trip };
    refused(
        &to_payments(VpcId(0), None),
        &carrier,
        &abroad,
        expect![[r#"
        south/a does not stand in the consumer's VPC east, where the endpoint is
          write `behind: PRODUCT` with a cen or vpc-peering that leads to east
    "#]],
    );
    let other = Trip { service: "orders", ..trip };
    refused(
        &to_payments(VpcId(0), None),
        &carrier,
        &other,
        expect![[r#"
        this endpoint leads to service payments only, not to orders
          give the other service an endpoint of its own, or lead to the gateway of its cluster
    "#]],
    );
    let south = PrivateLink { zones: vec![ZoneId(2)], ..to_payments(VpcId(2), None) };
    refused(
        &south,
        &carrier,
        &Trip { from: abroad.from, ..trip },
        expect![[r#"
            privatelink cannot join regions singapore and hangzhou
              say `cross-region: true`, or put the consumer in the service's region and chain it behind cen or vpc-peering (`behind: ..`), or use a gateway
            the endpoint has zone a, where the service has none
              endpoint zones exist in the service's zones only: leave it out, or spread the service's cluster to it
        "#]],
    );
}

#[test]
fn a_gateway_is_needed_in_the_destination_and_a_distance_between_regions() {
    let mut example = Example::new();
    example.ground.regions[RegionId(1)].is = None;
    let carrier = carrier(&example);
    let internet = CATALOGUE.iter().find(|entry| entry.name == "public-gateway").unwrap();
    let product = (internet.example)(&Example { ground: Default::default() });
    refused(
        product.as_ref(),
        &carrier,
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        cluster south has no gateway of this product
          add `gateways: {south: {replicas: 2, cpu: 2}}`: connections end at the destination's gateway
        no round trip is known between hangzhou and singapore
          give `hangzhou` and `singapore` a region of the book (`is: alibaba/...`), or say `links: {hangzhou-singapore: {between: [hangzhou, singapore], rtt: ..}}`
    "#]],
    );
}

// ---- what one call crosses ---------------------------------------------------------------------------------------

/// Each way of a trip: hops with their delays, what may queue or draw, the floor there and back, the fees.
#[track_caller]
fn shows(product: &dyn Product, carrier: &Carrier<'_>, trip: &Trip<'_>, want: Expect) {
    let mut board = Board::default();
    let mut table = String::new();
    for (number, way) in product.draw(carrier, trip, &mut board).iter().enumerate() {
        table += &format!("way {number}\n");
        for link in way.links() {
            let line = &board.lines[link];
            let mut marks = Vec::new();
            marks.extend(line.cap.map(|cap| format!("cap {} Mbit/s", cap.rate.mbps())));
            marks.extend(line.jitter.as_ref().map(|_| "jitter".to_owned()));
            marks.extend(
                line.loss.map(|loss| format!("loss {:e}..{:e}", least(&loss.good.values), most(&loss.good.values))),
            );
            table += &format!("  {:<42} {:>9}  {}\n", line.name, line.delay.to_string(), marks.join(", "));
        }
        let there = floor(&way.legs(&board)) + floor(&way.back_legs(&board));
        table += &format!("  legs {}, floor there and back {there}\n", way.legs(&board).len());
        for fee in &way.fees {
            for item in carrier.items(fee) {
                let count = match &item.count {
                    Count::Hours { thing, units } => format!("{units} x hours of {thing}"),
                    Count::Capacity { thing, .. } => format!("capacity units of {thing}"),
                    other => format!("{other:?}"),
                };
                table += &format!("  ${} {} {count}\n", carrier.region(fee.at), item.name);
            }
        }
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    want.assert_eq(&table);
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::MAX, f64::min)
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn example_of(name: &str, example: &Example) -> Box<dyn Product> {
    (CATALOGUE.iter().find(|entry| entry.name == name).expect("a kind of that name").example)(example)
}

#[test]
fn one_call_over_cen_between_two_regions() {
    let example = Example::new();
    let product = example_of("cen", &example);
    shows(
        product.as_ref(),
        &carrier(&example),
        &example.trip(ClusterId(2), 1),
        expect![[r#"
            way 0
              backbone: attachment east/h                     0 ms
              backbone: transit router hangzhou             200 us
              backbone: connection hangzhou -> singapore      0 ms  cap 50 Mbit/s
              backbone hangzhou -> singapore               30.8 ms  jitter, loss 1e-5..1e-5
              backbone: transit router singapore            200 us
              backbone: attachment south/b                    0 ms
              legs 5, floor there and back 62.4 ms
              $hangzhou cen.attachment 1 x hours of backbone attachment east
              $hangzhou cen.attachment 1 x hours of backbone attachment bank
              $singapore cen.attachment 1 x hours of backbone attachment south
              $hangzhou cen.processing Out
              $hangzhou cdt.gold Out
              $singapore cen.processing Back
              $singapore cdt.gold Back
        "#]],
    );
}

#[test]
fn one_call_over_the_public_gateway_between_two_regions() {
    let example = Example::new();
    let product = example_of("public-gateway", &example);
    shows(
        product.as_ref(),
        &carrier(&example),
        &example.trip(ClusterId(2), 0),
        expect![[r#"
            way 0
              internet: NAT east                            200 us
              internet: NAT EIP east out                      0 ms  cap 200 Mbit/s
              internet hangzhou -> singapore              38.19 ms  jitter, loss 3e-3..3e-3
              internet: EIP south in                          0 ms  cap 200 Mbit/s
              internet: NLB south/a                         200 us
              internet: NLB south/a -> gateway              275 us
              internet: gateway south                       350 us
              internet: gateway -> south/a                  275 us  jitter
              legs 9, floor there and back 78.98 ms
              $hangzhou nat.hour 1 x hours of internet NAT east
              $hangzhou nat.cu capacity units of internet NAT east
              $hangzhou eip.hour 1 x hours of internet NAT east EIP
              $hangzhou eip.egress Out
              $singapore eip.hour 1 x hours of internet gateway south EIP
              $singapore eip.egress Back
              $singapore nlb.hour 1 x hours of internet NLB south
              $singapore nlb.lcu capacity units of internet NLB south
              $singapore compute.vcpu 4 x hours of internet gateway south
            way 1
              internet: NAT east                            200 us
              internet: NAT EIP east out                      0 ms  cap 200 Mbit/s
              internet hangzhou -> singapore              38.19 ms  jitter, loss 3e-3..3e-3
              internet: EIP south in                          0 ms  cap 200 Mbit/s
              internet: NLB south/b                         200 us
              internet: NLB south/b -> gateway              275 us
              internet: gateway south                       350 us
              internet: gateway -> south/a                  275 us  jitter
              legs 9, floor there and back 78.98 ms
              $hangzhou nat.hour 1 x hours of internet NAT east
              $hangzhou nat.cu capacity units of internet NAT east
              $hangzhou eip.hour 1 x hours of internet NAT east EIP
              $hangzhou eip.egress Out
              $singapore eip.hour 1 x hours of internet gateway south EIP
              $singapore eip.egress Back
              $singapore nlb.hour 1 x hours of internet NLB south
              $singapore nlb.lcu capacity units of internet NLB south
              $singapore compute.vcpu 4 x hours of internet gateway south
        "#]],
    );
}

#[test]
fn one_call_over_privatelink_in_one_region() {
    let example = Example::new();
    let product = example_of("privatelink", &example);
    shows(
        product.as_ref(),
        &carrier(&example),
        &example.trip(ClusterId(1), 0),
        expect![[r#"
        way 0
          hangzhou/h                                     50 us  jitter
          to-bank: endpoint east/h                      200 us
          to-bank: NLB bank/h                           200 us
          hangzhou/h                                     50 us  jitter
          legs 4, floor there and back 1 ms
          $hangzhou privatelink.zone-hour 1 x hours of to-bank endpoint h
          $hangzhou privatelink.zone-hour 1 x hours of to-bank endpoint i
          $hangzhou privatelink.processing Both
          $hangzhou nlb.hour 1 x hours of to-bank NLB
          $hangzhou nlb.lcu capacity units of to-bank NLB
        way 1
          hangzhou: h -> i                              500 us  jitter
          to-bank: endpoint east/i                      200 us
          to-bank: NLB bank/i                           200 us
          hangzhou: i -> h                              500 us  jitter
          legs 4, floor there and back 2.8 ms
          $hangzhou privatelink.zone-hour 1 x hours of to-bank endpoint h
          $hangzhou privatelink.zone-hour 1 x hours of to-bank endpoint i
          $hangzhou privatelink.processing Both
          $hangzhou nlb.hour 1 x hours of to-bank NLB
          $hangzhou nlb.lcu capacity units of to-bank NLB
    "#]],
    );
}

#[test]
fn one_call_over_privatelink_chained_behind_cen() {
    let example = Example::new();
    let bought = Cen { bandwidth: vec![((RegionId(0), RegionId(1)), BitsPerSec(50_000_000))], ..cen() };
    let trip = example.trip(ClusterId(1), 0);
    let trip = Trip { from: example.trip(ClusterId(2), 0).to, ..trip };
    let chain = PrivateLink { zones: vec![ZoneId(1)], ..to_payments(VpcId(0), Some(Box::new(bought))) };
    assert_eq!(chain.refusals(&carrier(&example), &trip), []);
    shows(
        &chain,
        &carrier(&example),
        &trip,
        expect![[r#"
            way 0
              backbone: attachment south/a                    0 ms
              backbone: transit router singapore            200 us
              backbone: connection singapore -> hangzhou      0 ms  cap 50 Mbit/s
              backbone singapore -> hangzhou               30.8 ms  jitter, loss 1e-5..1e-5
              backbone: transit router hangzhou             200 us
              backbone: attachment east/i                     0 ms
              to-bank: endpoint east/i                      200 us
              to-bank: NLB bank/i                           200 us
              hangzhou: i -> h                              500 us  jitter
              legs 6, floor there and back 64.2 ms
              $hangzhou cen.attachment 1 x hours of backbone attachment east
              $singapore cen.attachment 1 x hours of backbone attachment south
              $singapore cen.processing Out
              $singapore cdt.gold Out
              $hangzhou cen.processing Back
              $hangzhou cdt.gold Back
              $hangzhou privatelink.zone-hour 1 x hours of to-bank endpoint i
              $hangzhou privatelink.processing Both
              $hangzhou nlb.hour 1 x hours of to-bank NLB
              $hangzhou nlb.lcu capacity units of to-bank NLB
        "#]],
    );
}

#[test]
fn a_longer_backbone_makes_every_product_on_it_longer_by_at_least_as_much() {
    let example = Example::new();
    let at = |rtt: Level| {
        let inputs = Inputs { rtt, ..Inputs::default() };
        let carrier = Carrier { inputs, ..carrier(&example) };
        let floors = ["vpc-peering", "cen", "private-gateway"].map(|name| {
            let mut board = Board::default();
            let way = &example_of(name, &example).draw(&carrier, &example.trip(ClusterId(2), 0), &mut board)[0];
            floor(&way.legs(&board))
        });
        (carrier.rtt(RegionId(0), RegionId(1)).expect("the book knows the pair"), floors)
    };
    let ((short, low), (long, high)) = (at(Level::Low), at(Level::High));
    let more: Vec<u64> = low.into_iter().zip(high).map(|(low, high)| (high - low).nanos()).collect();
    // A peering is the bare backbone; what stands on the way of the others moves with it.
    assert_eq!(more[0], (long - short).nanos() / 2);
    assert!(more[0] < more[1] && more[1] < more[2], "{more:?}");
}

#[path = "connect/products.rs"]
mod products;

// ---- other providers -------------------------------------------------------------------------------------------------

/// A region's name in a scenario, and what it is in the books.
type Home = (&'static str, &'static str);

/// Two regions of each provider.
const HOMES: [(Provider, Home, Home); 4] = [
    (Provider::Alibaba, ("hangzhou", "alibaba/cn-hangzhou"), ("singapore", "alibaba/ap-southeast-1")),
    (Provider::Aws, ("virginia", "aws/us-east-1"), ("ireland", "aws/eu-west-1")),
    (Provider::Gcp, ("virginia", "gcp/us-east4"), ("frankfurt", "gcp/europe-west3")),
    (Provider::Azure, ("virginia", "azure/eastus"), ("amsterdam", "azure/westeurope")),
];

#[test]
fn every_kind_serves_every_provider_and_charges_a_byte_once_per_item() {
    for (provider, near, far) in HOMES {
        let example = Example::between(near, far);
        let carrier = carrier(&example);
        for entry in CATALOGUE {
            let product = (entry.example)(&example);
            let served: Vec<Trip<'_>> =
                trips(&example).into_iter().filter(|trip| product.refusals(&carrier, trip).is_empty()).collect();
            assert!(!served.is_empty(), "{} serves some trip at {provider}", entry.name);
            for trip in served {
                for way in product.draw(&carrier, &trip, &mut Board::default()) {
                    let mut taps = Vec::new();
                    for fee in &way.fees {
                        for item in carrier.items(fee) {
                            assert_eq!(item.name.starts_with(&format!("{provider}.")), provider != Provider::Alibaba);
                            let directions: &[bool] = match item.count {
                                Count::Out => &[false],
                                Count::Back => &[true],
                                Count::Both | Count::Capacity { .. } => &[false, true],
                                _ => continue,
                            };
                            taps.extend(directions.iter().map(|back| (fee.at, item.name.to_owned(), *back)));
                        }
                    }
                    let all = taps.len();
                    taps.sort();
                    taps.dedup();
                    assert_eq!(taps.len(), all, "{} at {provider}: {taps:?}", entry.name);
                }
            }
        }
    }
}

#[test]
fn what_both_ends_pay_for_is_charged_at_both_ends() {
    let items = |near: (&str, &str), far: (&str, &str), name: &str, to: u32, zone: usize| {
        let example = Example::between(near, far);
        let carrier = carrier(&example);
        let trip = example.trip(ClusterId(to), zone);
        let way = example_of(name, &example).draw(&carrier, &trip, &mut Board::default()).swap_remove(0);
        let mut items = Vec::new();
        for fee in &way.fees {
            let line = |item: Item<'_>| format!("{} {} {:?}", carrier.region(fee.at), item.name, item.count);
            items.extend(carrier.items(fee).map(line));
        }
        items
    };
    let [_, aws, _, azure] = HOMES;
    // Two zones of one network: each gigabyte leaves one and enters the other.
    assert_eq!(
        items(aws.1, aws.2, "vpc", 0, 1),
        [
            "virginia aws.cross-zone.out Out",
            "virginia aws.cross-zone.in Back",
            "virginia aws.cross-zone.out Back",
            "virginia aws.cross-zone.in Out",
        ]
    );
    assert!(items(azure.1, azure.2, "vpc", 0, 1).is_empty(), "Azure does not charge between zones");
    // Azure: out and in, by each end's own zone of billing.
    assert_eq!(
        items(azure.1, azure.2, "vpc-peering", 2, 0),
        [
            "virginia azure.global-peering.out Out",
            "virginia azure.global-peering.in Back",
            "amsterdam azure.global-peering.out Back",
            "amsterdam azure.global-peering.in Out",
        ]
    );
    assert_eq!(
        items(aws.1, aws.2, "vpc-peering", 2, 0),
        ["virginia aws.inter-region Out", "ireland aws.inter-region Back"]
    );
}

#[test]
fn what_leaves_an_endpoint_for_another_region_costs_what_each_sender_charges() {
    // The consumer is in Virginia, the service in Singapore.
    let example = Example::between(("singapore", "aws/ap-southeast-1"), ("virginia", "aws/us-east-1"));
    let carrier = carrier(&example);
    let trip = Trip { from: example.trip(ClusterId(2), 0).to, ..example.trip(ClusterId(1), 0) };
    let link = PrivateLink { zones: vec![ZoneId(2)], cross_region: true, ..to_payments(VpcId(2), None) };
    let way = link.draw(&carrier, &trip, &mut Board::default()).swap_remove(0);
    let mut lines = Vec::new();
    for fee in way.fees.iter().filter(|fee| fee.rule == Rule::EndpointTransfer) {
        let is = |region: RegionId| example.ground.regions[region].is.clone().expect("a region of the book");
        for item in carrier.items(fee) {
            let to = item.to.expect("it is priced by pair");
            let price = carrier.books.price(item.name, &is(fee.at), &is(to)).and_then(|row| row.mid_nano);
            lines.push((is(fee.at), item.count, price, item.estimated));
        }
    }
    assert_eq!(
        lines,
        [
            ("aws/us-east-1".to_owned(), Count::Out, Some(20_000_000), true),
            ("aws/ap-southeast-1".to_owned(), Count::Back, Some(90_000_000), true),
        ]
    );
}

#[test]
fn one_call_over_the_transit_gateways_of_aws() {
    let (_, near, far) = HOMES[1];
    let example = Example::between(near, far);
    let product = example_of("cen", &example);
    shows(
        product.as_ref(),
        &carrier(&example),
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        way 0
          backbone: attachment east/h                     0 ms
          backbone: transit gateway virginia            200 us
          backbone: peering attachment virginia -> ireland      0 ms  cap 50 Mbit/s
          backbone virginia -> ireland                   33 ms  jitter, loss 1e-5..1e-5
          backbone: transit gateway ireland             200 us
          backbone: attachment south/a                    0 ms
          legs 5, floor there and back 66.8 ms
          $virginia aws.tgw.attachment 1 x hours of backbone attachment east
          $virginia aws.tgw.attachment 1 x hours of backbone attachment bank
          $ireland aws.tgw.attachment 1 x hours of backbone attachment south
          $virginia aws.tgw.processing Out
          $virginia aws.tgw.peering 1 x hours of backbone peering attachment virginia - ireland
          $virginia aws.inter-region Out
          $ireland aws.tgw.processing Back
          $ireland aws.tgw.peering 1 x hours of backbone peering attachment ireland - virginia
          $ireland aws.inter-region Back
    "#]],
    );
}

#[test]
fn one_call_over_private_link_in_a_region_of_azure() {
    let (_, near, far) = HOMES[3];
    let example = Example::between(near, far);
    let product = example_of("privatelink", &example);
    shows(
        product.as_ref(),
        &carrier(&example),
        &example.trip(ClusterId(1), 0),
        expect![[r#"
        way 0
          virginia/h                                     50 us  jitter
          to-bank: private endpoint east/h              200 us
          to-bank: load balancer bank/h                 200 us
          virginia/h                                     50 us  jitter
          legs 4, floor there and back 1 ms
          $virginia azure.privatelink.hour 1 x hours of to-bank private endpoint
          $virginia azure.privatelink.out Out
          $virginia azure.privatelink.in Back
          $virginia azure.lb.hour 1 x hours of to-bank load balancer
          $virginia azure.lb.processing capacity units of to-bank load balancer
        way 1
          virginia: h -> i                              500 us  jitter
          to-bank: private endpoint east/i              200 us
          to-bank: load balancer bank/i                 200 us
          virginia: i -> h                              500 us  jitter
          legs 4, floor there and back 2.8 ms
          $virginia azure.privatelink.hour 1 x hours of to-bank private endpoint
          $virginia azure.privatelink.out Out
          $virginia azure.privatelink.in Back
          $virginia azure.lb.hour 1 x hours of to-bank load balancer
          $virginia azure.lb.processing capacity units of to-bank load balancer
    "#]],
    );
}

#[test]
fn between_two_providers_only_the_public_path_leads() {
    let example = Example::between(("hangzhou", "alibaba/cn-hangzhou"), ("virginia", "aws/us-east-1"));
    for name in ["cen", "vpc-peering", "privatelink", "private-gateway"] {
        let refusals = example_of(name, &example).refusals(&carrier(&example), &example.trip(ClusterId(2), 0));
        let rules: Vec<&str> = refusals.iter().map(|refusal| refusal.rule.as_str()).collect();
        let wanted = "cannot join alibaba/cn-hangzhou and aws/us-east-1: it is a product of one provider";
        assert!(rules.iter().any(|rule| rule.ends_with(wanted)), "{name}: {rules:?}");
    }
    let product = example_of("public-gateway", &example);
    shows(
        product.as_ref(),
        &carrier(&example),
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        way 0
          internet: NAT east                            200 us
          internet: NAT EIP east out                      0 ms  cap 200 Mbit/s
          internet hangzhou -> virginia               107.3 ms  jitter, loss 3e-3..3e-3
          internet: Elastic IP south in                   0 ms  cap 200 Mbit/s
          internet: NLB south/a                         200 us
          internet: NLB south/a -> gateway              275 us
          internet: gateway south                       350 us
          internet: gateway -> south/a                  275 us  jitter
          legs 9, floor there and back 217.2 ms
          $hangzhou nat.hour 1 x hours of internet NAT east
          $hangzhou nat.cu capacity units of internet NAT east
          $hangzhou eip.hour 1 x hours of internet NAT east EIP
          $hangzhou eip.egress Out
          $virginia aws.address.hour 1 x hours of internet gateway south Elastic IP
          $virginia aws.egress Back
          $virginia aws.nlb.hour 1 x hours of internet NLB south
          $virginia aws.nlb.lcu capacity units of internet NLB south
          $virginia aws.compute.vcpu 4 x hours of internet gateway south
        way 1
          internet: NAT east                            200 us
          internet: NAT EIP east out                      0 ms  cap 200 Mbit/s
          internet hangzhou -> virginia               107.3 ms  jitter, loss 3e-3..3e-3
          internet: Elastic IP south in                   0 ms  cap 200 Mbit/s
          internet: NLB south/b                         200 us
          internet: NLB south/b -> gateway              275 us
          internet: gateway south                       350 us
          internet: gateway -> south/a                  275 us  jitter
          legs 9, floor there and back 217.2 ms
          $hangzhou nat.hour 1 x hours of internet NAT east
          $hangzhou nat.cu capacity units of internet NAT east
          $hangzhou eip.hour 1 x hours of internet NAT east EIP
          $hangzhou eip.egress Out
          $virginia aws.address.hour 1 x hours of internet gateway south Elastic IP
          $virginia aws.egress Back
          $virginia aws.nlb.hour 1 x hours of internet NLB south
          $virginia aws.nlb.lcu capacity units of internet NLB south
          $virginia aws.compute.vcpu 4 x hours of internet gateway south
    "#]],
    );
}

#[test]
fn a_connection_idles_for_as_long_as_the_provider_of_its_balancer_lets_it() {
    let idle = |near: (&str, &str), far: (&str, &str), name: &str| {
        let example = Example::between(near, far);
        let trip = example.trip(ClusterId(2), 0);
        let product = example_of(name, &example);
        product.draw(&carrier(&example), &trip, &mut Board::default()).swap_remove(0).idle_limit
    };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let [alibaba, aws, gcp, azure] = HOMES;
    assert_eq!(idle(alibaba.1, alibaba.2, "private-gateway"), seconds(900));
    assert_eq!(idle(aws.1, aws.2, "private-gateway"), seconds(350));
    assert_eq!(idle(gcp.1, gcp.2, "private-gateway"), seconds(600));
    assert_eq!(idle(azure.1, azure.2, "private-gateway"), seconds(240));
    // Of two on the way the shorter decides: Azure's NAT gateway before Alibaba's balancer.
    assert_eq!(idle(azure.1, alibaba.2, "public-gateway"), seconds(240));
    assert_eq!(idle(alibaba.1, gcp.2, "public-gateway"), seconds(600));
    assert_eq!(idle(aws.1, aws.2, "cen"), None);
}

#[test]
fn what_a_provider_does_not_sell_is_refused() {
    let (_, near, far) = HOMES[2];
    let example = Example::between(near, far);
    let trip = example.trip(ClusterId(2), 0);
    let rules = |product: &dyn Product| -> Vec<String> {
        product.refusals(&carrier(&example), &trip).into_iter().map(|refusal| refusal.rule).collect()
    };
    let bought = vec![((RegionId(0), RegionId(1)), BitsPerSec(50_000_000))];
    let premium = Cen { class: PathClass::Platinum, bandwidth: bought.clone(), ..cen() };
    assert_eq!(rules(&premium), ["Google Cloud does not sell `tier: platinum`"]);
    let plan = Cen { by_bandwidth: true, bandwidth: bought, ..cen() };
    assert_eq!(rules(&plan), ["Google Cloud does not sell bandwidth between regions by the month"]);
}
