//! The products of `connectivity:` in the terms of `connect`: names resolved to ids, sizes to figures.

use super::ground::{cluster_named, vpc_named, zone_named};
use crate::connect::cen::{Cen, Past};
use crate::connect::gateway::{Cpu, Kind, Size};
use crate::connect::private_gateway::PrivateGateway;
use crate::connect::privatelink::{Leads, PrivateLink};
use crate::connect::public_gateway::{Carriage, PublicGateway};
use crate::connect::vpc_peering::VpcPeering;
use crate::connect::worded::Worded;
use crate::connect::{Product, PublicLoss};
use crate::provider::{Books, LossProfile, PathClass};
use crate::scenario::Diagnostic;
use crate::scenario::file::{
    self, Alias, Billing, GatewaySize, InternetLoss, Nat, PastCap, PrivateLinkTo, ProductKind, Route, Scenario, Tier,
};
use crate::scenario::span::Spanned;
use crate::topology::{ClusterId, Ground, VpcId, ZoneId};
use crate::units::BitsPerSec;
use indexmap::IndexMap;

/// The product of a route, with what stands before it. None: it was refused, and `said` tells why.
pub(super) fn of_route(
    scenario: &Scenario,
    ground: &Ground,
    books: &Books,
    route: &Route,
    said: &mut Vec<Diagnostic>,
) -> Option<Box<dyn Product>> {
    let kind = &scenario.connectivity.get(&route.via.value)?.kind;
    if let (Some(behind), false) = (&route.behind, matches!(kind, ProductKind::PrivateLink(_))) {
        said.push(
            Diagnostic::error(
                "EW333",
                format!("`behind` leads to a private endpoint, and `{}` has none", route.via.value),
            )
            .at(behind.span, "only a privatelink stands behind another product")
            .at(route.via.span, format!("this is a {}", kind.word())),
        );
        return None;
    }
    build(scenario, ground, books, &route.via, route.behind.as_ref(), said)
}

fn build(
    scenario: &Scenario,
    ground: &Ground,
    books: &Books,
    name: &Spanned<String>,
    behind: Option<&Spanned<String>>,
    said: &mut Vec<Diagnostic>,
) -> Option<Box<dyn Product>> {
    let written = scenario.connectivity.get(&name.value)?;
    let product = kind_of(scenario, ground, books, name, behind, said)?;
    Some(match written.alias {
        Some(Alias { word, kind, provider }) => Box::new(Worded { word, kind, provider, product }),
        None => product,
    })
}

fn kind_of(
    scenario: &Scenario,
    ground: &Ground,
    books: &Books,
    name: &Spanned<String>,
    behind: Option<&Spanned<String>>,
    said: &mut Vec<Diagnostic>,
) -> Option<Box<dyn Product>> {
    let product = scenario.connectivity.get(&name.value)?;
    Some(match &product.kind {
        ProductKind::Cen(cen) => Box::new(cen_of(&name.value, cen, ground, books, product.span, said)?),
        ProductKind::VpcPeering(peering) => {
            let pairs = peering.between.as_ref().map(|(a, b)| vec![(vpc(ground, a), vpc(ground, b))]);
            let cap = peering.bandwidth.map(|rate| past(peering.past_cap).cap(rate.value));
            Box::new(VpcPeering { name: name.value.clone(), pairs, cap })
        }
        ProductKind::PrivateLink(link) => {
            let behind = match behind {
                Some(product) => Some(build(scenario, ground, books, product, None, said)?),
                None => None,
            };
            Box::new(privatelink_of(scenario, ground, books, &name.value, link, link.gateway, behind))
        }
        ProductKind::PublicGateway(gateway) => Box::new(PublicGateway {
            name: name.value.clone(),
            gateways: sizes(ground, &gateway.gateways),
            eip: gateway.eip.bandwidth.value,
            addresses: gateway.eip.addresses,
            by_bandwidth: gateway.eip.billing == Billing::ByBandwidth,
            line: match gateway.eip.line {
                file::Line::Bgp => Carriage::Bgp,
                file::Line::BgpPro => Carriage::BgpPro,
                file::Line::Ga => Carriage::Ga,
            },
            nat: if let Nat::Gateway { addresses, .. } = gateway.nat { Some(addresses) } else { None },
            ports: if let Nat::Gateway { ports, .. } = gateway.nat { ports.map(u64::from) } else { None },
            loss: gateway.loss.map(|loss| match loss.value {
                InternetLoss::None => PublicLoss::Flat(0.0),
                InternetLoss::Mild => PublicLoss::Profile(LossProfile::Mild),
                InternetLoss::Typical => PublicLoss::Profile(LossProfile::Typical),
                InternetLoss::Severe => PublicLoss::Profile(LossProfile::Severe),
                InternetLoss::Flat(share) => PublicLoss::Flat(share.get()),
            }),
        }),
        ProductKind::PrivateGateway(gateway) => {
            // Over a private endpoint the gateway IS what the endpoint leads to.
            if let Some(ProductKind::PrivateLink(link)) =
                scenario.connectivity.get(&gateway.over.value).map(|p| &p.kind)
            {
                let PrivateLinkTo::Gateway(cluster) = &link.to.value else {
                    said.push(
                        Diagnostic::error(
                            "EW334",
                            "a private gateway over privatelink needs an endpoint that leads to the gateway",
                        )
                        .at(gateway.over.span, "this one leads to a service")
                        .at(link.to.span, format!("write `to: gateway/CLUSTER` in `{}`", gateway.over.value)),
                    );
                    return None;
                };
                // What is said of the endpoint's gateway holds where nothing is said of the private one.
                let said = gateway.gateways.get(cluster).filter(|size| !size.span.is_none());
                let size = said.copied().unwrap_or(link.gateway);
                return Some(Box::new(privatelink_of(scenario, ground, books, &gateway.over.value, link, size, None)));
            }
            let over = build(scenario, ground, books, &gateway.over, None, said)?;
            Box::new(PrivateGateway { name: name.value.clone(), gateways: sizes(ground, &gateway.gateways), over })
        }
    })
}

fn cen_of(
    name: &str,
    cen: &file::Cen,
    ground: &Ground,
    books: &Books,
    span: crate::scenario::Span,
    said: &mut Vec<Diagnostic>,
) -> Option<Cen> {
    let class = match cen.tier {
        Tier::Platinum => PathClass::Platinum,
        Tier::Gold => PathClass::Gold,
        Tier::Silver => {
            said.push(
                Diagnostic::error(
                    "EW335",
                    format!(
                        "the books have no figures for `{name}`: neither jitter nor price of the silver tier was found"
                    ),
                )
                .at(span, "tier: silver")
                .help("use `tier: gold` or `tier: platinum`"),
            );
            return None;
        }
    };
    let attach = cen.attach.iter().filter_map(|(name, (_, zones))| {
        let vpc = vpc_named(ground, name)?;
        let region = ground.region_of(vpc);
        Some((vpc, zones.iter().filter_map(|zone| zone_named(ground, region, zone)).collect::<Vec<ZoneId>>()))
    });
    let regions: Vec<_> = ground.regions.iter().collect();
    let unbought = books.limit("cen.inter-region.unbought").and_then(|row| row.value);
    let unbought = BitsPerSec(unbought.map_or(1_000, |mbps| (mbps * 1e6) as u64));
    let mut bandwidth = Vec::new();
    for (i, (a, near)) in regions.iter().enumerate() {
        for (b, far) in &regions[i + 1..] {
            let bought = cen.bandwidth.between(&near.name, &far.name);
            // `none`: what a connection passes that nobody bought bandwidth for.
            let rate = |bought: BitsPerSec| if bought.0 == 0 { unbought } else { bought };
            bandwidth.extend(bought.map(|bought| ((*a, *b), rate(bought.value))));
        }
    }
    Some(Cen {
        name: name.to_owned(),
        attach: attach.collect(),
        attached_by_name: cen.attach.values().any(|(span, _)| !span.is_none()),
        bandwidth,
        past: past(cen.past_cap),
        by_bandwidth: cen.billing == Billing::ByBandwidth,
        class,
    })
}

fn privatelink_of(
    scenario: &Scenario,
    ground: &Ground,
    books: &Books,
    name: &str,
    link: &file::PrivateLink,
    size: GatewaySize,
    behind: Option<Box<dyn Product>>,
) -> PrivateLink {
    let consumer = vpc(ground, &link.consumer);
    let region = ground.region_of(consumer);
    let (leads, served) = match &link.to.value {
        PrivateLinkTo::Service(service) => {
            let replicas = scenario.services.get(service).map_or(&[][..], |service| &service.replicas);
            let clusters = replicas.iter().filter_map(|replicas| cluster_named(ground, &replicas.cluster)).collect();
            (Leads::Service(service.clone()), clusters)
        }
        PrivateLinkTo::Gateway(cluster) => {
            let cluster = cluster_named(ground, cluster).expect("a gateway's cluster was checked to exist");
            (Leads::Gateway(size_of(cluster, &size)), vec![cluster])
        }
    };
    let zones = if link.zones.is_empty() {
        common_zones(ground, consumer, &served, link.cross_region)
    } else {
        link.zones.iter().filter_map(|zone| zone_named(ground, region, zone)).collect()
    };
    let most = books.limit("privatelink.connection.rate").and_then(|row| row.value);
    let most = most.map(|mbps| BitsPerSec((mbps * 1e6) as u64));
    let cap = link.bandwidth.map(|rate| rate.value).or(most).map(|rate| past(link.past_cap).cap(rate));
    PrivateLink { name: name.to_owned(), leads, consumer, zones, cap, cross_region: link.cross_region, behind }
}

/// Zones of the consumer's clusters in which the service has a part too; all the service's where the consumer has no
/// cluster of its own there. In another region than the service's any zone will do.
fn common_zones(ground: &Ground, consumer: VpcId, served: &[ClusterId], cross_region: bool) -> Vec<ZoneId> {
    let region = ground.region_of(consumer);
    let away = cross_region && served.iter().all(|cluster| ground.region_of_cluster(*cluster) != region);
    let of_service =
        |zone: &ZoneId| away || served.iter().any(|cluster| ground.clusters[*cluster].zones.contains(zone));
    let clusters = ground.clusters.rows().iter().filter(|cluster| cluster.vpc == consumer);
    let own: Vec<ZoneId> = clusters.flat_map(|cluster| cluster.zones.iter().copied()).collect();
    let zones = ground.zones.iter().filter(|(_, zone)| zone.region == region).map(|(id, _)| id);
    zones.filter(|zone| of_service(zone) && (own.is_empty() || own.contains(zone))).collect()
}

fn vpc(ground: &Ground, name: &str) -> VpcId {
    vpc_named(ground, name).expect("a VPC's name was checked to exist")
}

fn sizes(ground: &Ground, gateways: &IndexMap<String, GatewaySize>) -> Vec<Size> {
    let size =
        |(name, size): (&String, &GatewaySize)| cluster_named(ground, name).map(|cluster| size_of(cluster, size));
    gateways.iter().filter_map(size).collect()
}

const fn past(past: PastCap) -> Past {
    match past {
        PastCap::Police { burst } => Past::Police { burst },
        PastCap::Shape { buffer } => Past::Shape { buffer },
        PastCap::Fair { above, buffer, by_round_trip } => Past::Fair { above, buffer, by_round_trip },
    }
}

fn size_of(cluster: ClusterId, size: &GatewaySize) -> Size {
    let [connection, kib, request] = size.work;
    let kind = if size.l7 { Kind::L7 } else { Kind::Passthrough };
    Size { cluster, replicas: size.replicas, cpu: size.cpu, kind, work: Cpu { connection, kib, request } }
}
