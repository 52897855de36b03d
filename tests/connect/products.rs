//! Products beyond the plain case: cross-region endpoints, carrier lines, pools of addresses, rules on addresses.

use super::{carrier, cen, example_of, refused, shows, to_payments};
use eastwest::connect::cen::{Cen, Past};
use eastwest::connect::gateway::Size;
use eastwest::connect::privatelink::PrivateLink;
use eastwest::connect::public_gateway::{Carriage, PublicGateway};
use eastwest::connect::vpc_peering::VpcPeering;
use eastwest::connect::{Board, Example, Product, PublicLoss, Trip};
use eastwest::provider::{Books, LossProfile, PublicDirection, PublicLine, Rule};
use eastwest::topology::{Cidr, ClusterId, PastCap, RegionId, VpcId, ZoneId};
use eastwest::units::{BitsPerSec, Bytes, Duration};
use expect_test::expect;

fn internet(line: Carriage) -> PublicGateway {
    PublicGateway {
        name: "internet".into(),
        gateways: vec![Size::usual(ClusterId(2))],
        eip: BitsPerSec(200_000_000),
        addresses: 1,
        by_bandwidth: false,
        line,
        nat: Some(1),
        ports: None,
        loss: Some(PublicLoss::Profile(LossProfile::Typical)),
    }
}

#[test]
fn an_endpoint_of_another_region_rides_the_backbone_and_pays_a_surcharge() {
    let example = Example::new();
    let carrier = carrier(&example);
    // The consumer is in Singapore, the service in Hangzhou.
    let bank = example.trip(ClusterId(1), 0);
    let trip = Trip { from: example.trip(ClusterId(2), 0).to, ..bank };
    let away = PrivateLink { zones: vec![ZoneId(2)], cross_region: true, ..to_payments(VpcId(2), None) };
    assert_eq!(away.refusals(&carrier, &trip), []);
    shows(
        &away,
        &carrier,
        &trip,
        expect![[r#"
            way 0
              singapore/a                                    50 us  jitter
              to-bank: endpoint south/a                     200 us
              backbone singapore -> hangzhou               30.8 ms  jitter, loss 1e-5..1e-5
              to-bank: NLB bank/h                           200 us
              hangzhou/h                                     50 us  jitter
              legs 6, floor there and back 62.6 ms
              $singapore privatelink.zone-hour 1 x hours of to-bank endpoint a
              $singapore privatelink.processing Both
              $singapore privatelink.cross-region Out
              $hangzhou privatelink.cross-region Back
              $hangzhou nlb.hour 1 x hours of to-bank NLB
              $hangzhou nlb.lcu capacity units of to-bank NLB
        "#]],
    );
    refused(
        &PrivateLink { cross_region: false, zones: vec![ZoneId(2)], ..to_payments(VpcId(2), None) },
        &carrier,
        &trip,
        expect![[r#"
            privatelink cannot join regions singapore and hangzhou
              say `cross-region: true`, or put the consumer in the service's region and chain it behind cen or vpc-peering (`behind: ..`), or use a gateway
            the endpoint has zone a, where the service has none
              endpoint zones exist in the service's zones only: leave it out, or spread the service's cluster to it
        "#]],
    );
}

#[test]
fn an_accelerator_is_entered_in_the_callers_region_and_rides_the_backbone() {
    let example = Example::new();
    shows(
        &internet(Carriage::Ga),
        &carrier(&example),
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        way 0
          internet: NAT east                            200 us
          internet: NAT EIP east out                      0 ms  cap 200 Mbit/s
          internet hangzhou -> hangzhou                 620 us  jitter, loss 2e-4..2e-4
          internet: GA hangzhou                         200 us
          backbone hangzhou -> singapore               30.8 ms  jitter, loss 1e-5..1e-5
          internet: EIP south in                          0 ms  cap 200 Mbit/s
          internet: NLB south/a                         200 us
          internet: NLB south/a -> gateway              275 us
          internet: gateway south                       350 us
          internet: gateway -> south/a                  275 us  jitter
          legs 11, floor there and back 65.84 ms
          $hangzhou nat.hour 1 x hours of internet NAT east
          $hangzhou nat.cu capacity units of internet NAT east
          $hangzhou eip.hour 1 x hours of internet NAT east EIP
          $hangzhou eip.egress Out
          $singapore ga.hour 1 x hours of internet accelerator
          $hangzhou ga.cross-border Out
          $singapore ga.cross-border Back
          $singapore eip.hour 1 x hours of internet gateway south EIP
          $singapore nlb.hour 1 x hours of internet NLB south
          $singapore nlb.lcu capacity units of internet NLB south
          $singapore compute.vcpu 4 x hours of internet gateway south
        way 1
          internet: NAT east                            200 us
          internet: NAT EIP east out                      0 ms  cap 200 Mbit/s
          internet hangzhou -> hangzhou                 620 us  jitter, loss 2e-4..2e-4
          internet: GA hangzhou                         200 us
          backbone hangzhou -> singapore               30.8 ms  jitter, loss 1e-5..1e-5
          internet: EIP south in                          0 ms  cap 200 Mbit/s
          internet: NLB south/b                         200 us
          internet: NLB south/b -> gateway              275 us
          internet: gateway south                       350 us
          internet: gateway -> south/a                  275 us  jitter
          legs 11, floor there and back 65.84 ms
          $hangzhou nat.hour 1 x hours of internet NAT east
          $hangzhou nat.cu capacity units of internet NAT east
          $hangzhou eip.hour 1 x hours of internet NAT east EIP
          $hangzhou eip.egress Out
          $singapore ga.hour 1 x hours of internet accelerator
          $hangzhou ga.cross-border Out
          $singapore ga.cross-border Back
          $singapore eip.hour 1 x hours of internet gateway south EIP
          $singapore nlb.hour 1 x hours of internet NLB south
          $singapore nlb.lcu capacity units of internet NLB south
          $singapore compute.vcpu 4 x hours of internet gateway south
    "#]],
    );
}

#[test]
fn a_better_line_loses_less_across_the_border_and_the_same_elsewhere() {
    let books = Books::builtin();
    for profile in LossProfile::ALL {
        for way in [PublicDirection::AbroadToMainland, PublicDirection::MainlandToAbroad] {
            let (bgp, pro) = (books.loss(profile, way, PublicLine::Bgp), books.loss(profile, way, PublicLine::BgpPro));
            assert!(pro.base < bgp.base && pro.evening < bgp.evening, "{profile:?} {way:?}");
        }
        let one_side = |line| books.loss(profile, PublicDirection::OneSide, line);
        assert_eq!(one_side(PublicLine::Bgp), one_side(PublicLine::BgpPro));
    }
    let example = Example::new();
    let (carrier, trip) = (carrier(&example), example.trip(ClusterId(2), 0));
    let mut board = Board::default();
    let back = internet(Carriage::BgpPro).draw(&carrier, &trip, &mut board)[0].back_links();
    let line = back.iter().map(|link| &board.lines[*link]).find(|line| line.name.starts_with("internet (")).unwrap();
    assert_eq!(line.name, "internet (bgp-pro) singapore -> hangzhou");
    assert_eq!(line.loss.unwrap().good.values.iter().copied().fold(0.0, f64::max), 0.005);
}

#[test]
fn several_addresses_serve_the_zones_of_a_balancer_in_turn() {
    let example = Example::new();
    let (carrier, trip) = (carrier(&example), example.trip(ClusterId(2), 0));
    let two = PublicGateway { addresses: 2, nat: Some(3), ..internet(Carriage::Bgp) };
    let mut board = Board::default();
    let ways = two.draw(&carrier, &trip, &mut board);
    let capped: Vec<Vec<String>> = ways
        .iter()
        .map(|way| {
            let lines = way.links().into_iter().map(|link| &board.lines[link]);
            let capped = lines.filter_map(|line| line.cap.map(|cap| format!("{} {}", line.name, cap.rate.mbps())));
            capped.collect()
        })
        .collect();
    assert_eq!(
        capped,
        [
            ["internet: NAT EIP east out 600", "internet: EIP south in 200"],
            ["internet: NAT EIP east out 600", "internet: EIP south#2 in 200"]
        ]
    );
    let addresses = ways[0].fees.iter().filter(|fee| fee.rule == Rule::AddressHour).count();
    let bytes = ways[0].fees.iter().filter(|fee| fee.rule == Rule::EgressOwn).count();
    assert_eq!((addresses, bytes), (5, 2), "each address has its hours, each byte is charged once");
    refused(
        &PublicGateway { addresses: 3, ..two },
        &carrier,
        &trip,
        expect![[r#"
        a balancer has one public address in each zone, and this one has 2 zone(s)
          write fewer `addresses`, spread the cluster over more zones, or buy more bandwidth for each address
    "#]],
    );
}

#[test]
fn a_bucket_holds_a_packet_however_slow_the_cap() {
    let past = Past::Police { burst: Duration::from_millis(50) };
    assert_eq!(past.cap(BitsPerSec(1_000)).past, PastCap::Police { burst: Bytes(1_500) });
    assert_eq!(past.cap(BitsPerSec(8_000_000)).past, PastCap::Police { burst: Bytes(50_000) });
}

#[test]
fn an_attachment_in_two_zones_has_a_spare_and_one_in_one_zone_has_none() {
    let example = Example::new();
    let bought = Cen { bandwidth: vec![((RegionId(0), RegionId(1)), BitsPerSec(50_000_000))], ..cen() };
    let mut board = Board::default();
    bought.draw(&carrier(&example), &example.trip(ClusterId(2), 0), &mut board);
    let spares: Vec<&str> = board.spares.iter().map(|link| board.lines[*link].name.as_str()).collect();
    assert_eq!(spares, ["backbone: attachment east/h", "backbone: attachment east/h (back)"]);
}

#[test]
fn services_of_a_cluster_must_not_cover_the_other_side() {
    let mut example = Example::new();
    example.ground.clusters[ClusterId(0)].services = Cidr::parse("10.3.128.0/20");
    let carrier = carrier(&example);
    refused(
        example_of("vpc-peering", &example).as_ref(),
        &carrier,
        &example.trip(ClusterId(2), 0),
        expect![[r#"
        addresses overlap: services of east have 10.3.128.0/20, VPC south has 10.3.0.0/16
          give the cluster another `service-cidr`, or use privatelink or an east-west gateway
    "#]],
    );
    assert_eq!(example_of("private-gateway", &example).refusals(&carrier, &example.trip(ClusterId(2), 0)), []);
}

#[test]
fn an_endpoint_behind_peerings_in_a_row_is_not_reached() {
    let example = Example::new();
    let pairs = Some(vec![(VpcId(2), VpcId(1)), (VpcId(1), VpcId(0))]);
    let peering = VpcPeering { name: "peering".into(), pairs, cap: None };
    let trip = Trip { from: example.trip(ClusterId(2), 0).to, ..example.trip(ClusterId(1), 0) };
    refused(
        &to_payments(VpcId(0), Some(Box::new(peering))),
        &carrier(&example),
        &trip,
        expect![[r#"
        peering is not transitive: south - bank - east are peered in a row, their ends are not
          add a peering between the two, or use cen
    "#]],
    );
    let gateway = Some(Box::new(internet(Carriage::Bgp)) as Box<dyn Product>);
    refused(
        &to_payments(VpcId(0), gateway),
        &carrier(&example),
        &trip,
        expect![[r#"
        an east-west gateway leads to pods of its cluster, not to an address of the network
          use cen or vpc-peering, which route by address
    "#]],
    );
}

#[test]
fn pods_of_flannel_need_routes_and_two_clusters_of_a_network_need_ranges_apart() {
    let mut example = Example::new();
    let trip = example.trip(ClusterId(1), 0);
    for cluster in [ClusterId(0), ClusterId(1)] {
        example.ground.clusters[cluster].pods = Cidr::parse("172.16.0.0/16");
        example.ground.clusters[cluster].overlay = true;
        example.ground.clusters[cluster].vpc = VpcId(0);
    }
    let inside = Trip { to: eastwest::connect::Spot { vpc: VpcId(0), ..trip.to }, ..trip };
    refused(
        example_of("vpc", &example).as_ref(),
        &carrier(&example),
        &inside,
        expect![[r#"
        addresses overlap: pods of east have 172.16.0.0/16, pods of bank have 172.16.0.0/16, in one VPC
          give one of the clusters another range of pods
    "#]],
    );
    example.ground.clusters[ClusterId(1)].pods = Cidr::parse("172.17.0.0/16");
    example.ground.clusters[ClusterId(1)].vpc = VpcId(1);
    let list = example_of("vpc-peering", &example).prerequisites(&carrier(&example), &trip);
    expect![[r#"
        peering: a peering connection east - bank, accepted by the other side, and routes in both VPCs
        peering: routes to the pods of east (172.16.0.0/16), which are Flannel's, on the other side
        peering: routes to the pods of bank (172.17.0.0/16), which are Flannel's, on the other side"#]]
    .assert_eq(&list.join("\n"));
}
