//! An east-west gateway reached over another product, on the backbone instead of the internet.

use super::Carrier;
use super::contract::{Board, Count, Entry, Fee, Front, Product, Refusal, Spot, Trip, Way};
use super::gateway::{self, Kind, Size};
use super::rules;
use crate::provider::{Part, Rule};
use crate::topology::ZoneId;

pub(super) const ENTRY: Entry = Entry {
    name: "private-gateway",
    about: "clusters over cen or vpc-peering by way of a gateway: pod addresses may overlap, networks' may not",
    crosses_regions: true,
    example: |example| {
        let gateways = example.ground.clusters.ids().map(Size::usual).collect();
        let over = super::CATALOGUE.iter().find(|entry| entry.name == "cen").expect("cen is a kind");
        Box::new(PrivateGateway { name: "private".into(), gateways, over: (over.example)(example) })
    },
};

/// Private gateways of clusters.
#[derive(Debug)]
pub struct PrivateGateway {
    /// The product's name in the scenario.
    pub name: String,
    /// The gateways.
    pub gateways: Vec<Size>,
    /// What leads to them.
    pub over: Box<dyn Product>,
}

impl PrivateGateway {
    /// The trip to the gateway's balancer: no pod's address is routed.
    fn to_balancer<'a>(trip: &Trip<'a>, zone: ZoneId) -> Trip<'a> {
        Trip { to: Spot { zone, cluster: None, ..trip.to }, from: Spot { cluster: None, ..trip.from }, ..*trip }
    }

    fn zone_way(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, size: Size, entrance: ZoneId, board: &mut Board) -> Way {
        let name = &carrier.ground.clusters[size.cluster].name;
        let gateway = board.balancer(size.balancer(carrier, &self.name));
        let before = self.over.draw(carrier, &Self::to_balancer(trip, entrance), board).swap_remove(0);
        let zone = carrier.ground.zone_name(entrance);
        let word = carrier.calls(carrier.ground.region_of(trip.to.vpc), Part::Balancer);
        let (nlb, table) = rules::balancer(carrier, board, format!("{}: {word} {name}/{zone}", self.name), entrance);
        let mut hops = vec![nlb];
        let greeted =
            gateway::enter(carrier, board, &self.name, size.cluster, gateway, entrance, trip.to.zone, &mut hops);
        let at = carrier.ground.region_of(trip.to.vpc);
        let fee = |rule, count| Fee { product: self.name.clone(), rule, at, to: None, payer: trip.to.vpc, count };
        let hour = Count::Hours { thing: format!("{} {word} {name}", self.name), units: 1.0 };
        let fees = vec![
            fee(Rule::BalancerHour, hour),
            fee(
                Rule::BalancerCapacity,
                Count::Capacity { thing: format!("{} {word} {name}", self.name), gateway: Some(gateway) },
            ),
            size.fee(carrier, &self.name),
        ];
        before.then(Way {
            hops,
            idle_limit: carrier.balancer_idle(at),
            fees,
            limits: table.into_iter().collect(),
            greeting: (size.kind == Kind::L7).then_some(greeted),
            address: 0,
        })
    }
}

impl Product for PrivateGateway {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let (mut refusals, _) = gateway::refusals(carrier, trip, &self.gateways);
        refusals.extend(self.over.refusals(carrier, &Self::to_balancer(trip, trip.to.zone)));
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        let (_, size) = gateway::refusals(carrier, trip, &self.gateways);
        let size = size.expect("a trip to a cluster without a gateway was refused");
        let entrances = &carrier.ground.clusters[size.cluster].zones;
        entrances.iter().map(|zone| self.zone_way(carrier, trip, size, *zone, board)).collect()
    }

    fn front(&self) -> Front {
        self.gateways.first().map_or(Front::Gateway, |size| size.front())
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        let kind = self.gateways.first().map_or(Kind::Passthrough, |size| size.kind);
        let mut list = gateway::prerequisites(carrier, trip, &self.name, kind);
        list.extend(self.over.prerequisites(carrier, &Self::to_balancer(trip, trip.to.zone)));
        list
    }
}
