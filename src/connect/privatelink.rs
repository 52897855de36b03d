//! PrivateLink: an endpoint in a consumer's VPC, and behind it the balancer of one service or gateway of another VPC.
//!
//! One way only: connections start at the consumer. Bound to a region, unless it is of the cross-region sort or a product
//! stands before it that brings the caller to the consumer's VPC.

use super::Carrier;
use super::contract::{Balancer, Board, Count, Entry, Fee, Front, Hop, Line, Product, Refusal, Spot, Trip, Way, Work};
use super::gateway::{self, Kind, Size};
use super::rules;
use crate::provider::{Part, PathClass, Rule};
use crate::topology::{Cap, VpcId, ZoneId};

pub(super) const ENTRY: Entry = Entry {
    name: "privatelink",
    about: "one service or gateway of another VPC of the region, whatever the addresses; the consumer opens",
    crosses_regions: false,
    example: |_| {
        Box::new(PrivateLink {
            name: "to-bank".into(),
            leads: Leads::Service("payments".into()),
            consumer: VpcId(0),
            zones: vec![ZoneId(0), ZoneId(1)],
            cap: None,
            cross_region: false,
            behind: None,
        })
    },
};

/// What the endpoint leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Leads {
    /// One service.
    Service(String),
    /// The east-west gateway of a cluster.
    Gateway(Size),
}

/// An endpoint and its service.
#[derive(Debug)]
pub struct PrivateLink {
    /// The product's name in the scenario.
    pub name: String,
    /// What it leads to.
    pub leads: Leads,
    /// Where the endpoint stands.
    pub consumer: VpcId,
    /// Its zones.
    pub zones: Vec<ZoneId>,
    /// Limit in each zone and direction.
    pub cap: Option<Cap>,
    /// May it stand in another region than what it leads to? Then its bytes ride the backbone, as CEN's do.
    pub cross_region: bool,
    /// What brings callers of other VPCs to the consumer's; none: only callers in it.
    pub behind: Option<Box<dyn Product>>,
}

impl PrivateLink {
    /// The endpoint in one of its zones, as the end of a trip through what stands before it.
    fn endpoint(&self, zone: ZoneId) -> Spot {
        Spot { vpc: self.consumer, zone, cluster: None }
    }

    /// Does it lead where the trip goes?
    fn leads_to(&self, trip: &Trip<'_>) -> bool {
        match &self.leads {
            Leads::Service(service) => service == trip.service,
            Leads::Gateway(size) => Some(size.cluster) == trip.to.cluster,
        }
    }

    /// The zone of the service's balancer that the endpoint's `number`-th zone leads to: the same one, or in another region
    /// one of the service's in turn.
    fn far_zone(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, number: usize, zone: ZoneId) -> ZoneId {
        if carrier.ground.zones[zone].region == carrier.ground.region_of(trip.to.vpc) {
            return zone;
        }
        let zones = trip.to.cluster.map_or(&[][..], |cluster| &carrier.ground.clusters[cluster].zones);
        if zones.is_empty() { trip.to.zone } else { zones[number % zones.len()] }
    }

    fn zone_way(
        &self,
        carrier: &Carrier<'_>,
        trip: &Trip<'_>,
        (number, zone): (usize, ZoneId),
        board: &mut Board,
    ) -> Way {
        let (consumer, provider) = (&carrier.ground.vpcs[self.consumer].name, &carrier.ground.vpcs[trip.to.vpc].name);
        let name = carrier.ground.zone_name(zone);
        let word = carrier.calls(carrier.ground.region_of(self.consumer), Part::Endpoint);
        let endpoint = Line::part(format!("{}: {word} {consumer}/{name}", self.name), carrier.delay("hop.privatelink"));
        let far = self.far_zone(carrier, trip, number, zone);
        let word = carrier.calls(carrier.ground.region_of(trip.to.vpc), Part::Balancer);
        let nlb = format!("{}: {word} {provider}/{}", self.name, carrier.ground.zone_name(far));
        let (nlb, table) = rules::balancer(carrier, board, nlb, far);
        let mut hops: Vec<Hop> = Vec::new();
        let before = match &self.behind {
            Some(product) if trip.from.vpc != self.consumer => {
                let first = Trip { to: self.endpoint(zone), ..*trip };
                Some(product.draw(carrier, &first, board).swap_remove(0))
            }
            _ => {
                hops.push(carrier.zones(board, trip.from.zone, zone));
                None
            }
        };
        hops.push(board.part(endpoint.in_zone(zone).capped(self.cap)));
        let (a, b) = (carrier.ground.region_of(self.consumer), carrier.ground.region_of(trip.to.vpc));
        if a != b {
            hops.push(carrier.backbone(board, a, b, PathClass::Gold));
        }
        hops.push(nlb);
        let mut greeting = None;
        let gateway = board.balancer(self.balancer(carrier));
        match &self.leads {
            Leads::Service(_) => hops.push(carrier.zones(board, far, trip.to.zone)),
            Leads::Gateway(size) => {
                let to = trip.to.zone;
                let greeted = gateway::enter(carrier, board, &self.name, size.cluster, gateway, far, to, &mut hops);
                greeting = (size.kind == Kind::L7).then_some(greeted);
            }
        }
        let own = Way {
            hops,
            idle_limit: carrier.balancer_idle(b),
            fees: self.fees(carrier, trip, gateway),
            limits: table.into_iter().collect(),
            greeting,
            address: 0,
        };
        match before {
            Some(before) => before.then(own),
            None => own,
        }
    }

    fn balancer(&self, carrier: &Carrier<'_>) -> Balancer {
        match &self.leads {
            Leads::Service(service) => Balancer {
                name: format!("{}/{service}", self.name),
                cluster: None,
                replicas: 0,
                cpu: 0,
                work: Work::default(),
            },
            Leads::Gateway(size) => size.balancer(carrier, &self.name),
        }
    }

    fn fees(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, gateway: crate::topology::GatewayId) -> Vec<Fee> {
        let at = carrier.ground.region_of(self.consumer);
        let fee = |rule, payer, count| Fee { product: self.name.clone(), rule, at, to: None, payer, count };
        let endpoint = carrier.calls(at, Part::Endpoint);
        let mut fees: Vec<Fee> = self
            .zones
            .iter()
            .map(|zone| {
                let thing = format!("{} {endpoint} {}", self.name, carrier.ground.zone_name(*zone));
                fee(Rule::EndpointZoneHour, self.consumer, Count::Hours { thing, units: 1.0 })
            })
            .collect();
        let thing = format!("{} {endpoint}", self.name);
        fees.push(fee(Rule::EndpointHour, self.consumer, Count::Hours { thing, units: 1.0 }));
        fees.push(fee(Rule::EndpointProcessing, self.consumer, Count::Out));
        let far = carrier.ground.region_of(trip.to.vpc);
        if far != at {
            // Either direction costs what the region that sends it charges; the endpoint's owner pays both.
            fees.push(Fee { to: Some(far), ..fee(Rule::EndpointTransfer, self.consumer, Count::Out) });
            fees.push(Fee { at: far, to: Some(at), ..fee(Rule::EndpointTransfer, self.consumer, Count::Back) });
        }
        let there = |rule, count| Fee { at: far, ..fee(rule, trip.to.vpc, count) };
        fees.push(there(Rule::ServiceProcessing, Count::Back));
        let thing = format!("{} {}", self.name, carrier.calls(far, Part::Balancer));
        fees.push(there(Rule::BalancerHour, Count::Hours { thing: thing.clone(), units: 1.0 }));
        fees.push(there(Rule::BalancerCapacity, Count::Capacity { thing, gateway: Some(gateway) }));
        if let Leads::Gateway(size) = self.leads {
            let thing = format!("{} gateway", self.name);
            let units = f64::from(size.replicas) * f64::from(size.cpu);
            fees.push(there(Rule::Vcpu, Count::Hours { thing, units }));
        }
        fees
    }
}

/// `an NLB`, `a load balancer`.
fn with_article(word: &str) -> String {
    if word == "NLB" { format!("an {word}") } else { format!("a {word}") }
}

impl Product for PrivateLink {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let ground = carrier.ground;
        let consumer = &ground.vpcs[self.consumer];
        let inside = Trip { from: self.endpoint(trip.to.zone), ..*trip };
        if let Some(refusal) = rules::one_provider(carrier, &inside, "privatelink") {
            refusals.push(refusal);
        } else if self.cross_region {
            refusals.extend(rules::distance(carrier, &inside));
        } else {
            refusals.extend(rules::one_region(
                carrier,
                &inside,
                "privatelink",
                "say `cross-region: true`, or put the consumer in the service's region and chain it behind cen or vpc-peering (`behind: ..`), or use a gateway",
            ));
        }
        if trip.from.vpc != self.consumer && trip.to.vpc == self.consumer && self.leads_to(trip) {
            refusals.push(Refusal::new(
                format!("the endpoint stands in VPC {}, where what it leads to is itself", consumer.name),
                format!("an endpoint belongs to its callers: write `consumer: {}`", ground.vpcs[trip.from.vpc].name),
            ));
        } else if trip.from.vpc != self.consumer && trip.to.vpc == self.consumer {
            refusals.push(Refusal::new(
                format!("privatelink is one way: connections start in VPC {}, the consumer", consumer.name),
                "two directions need two endpoints: write a second privatelink with the other consumer",
            ));
        } else if trip.from.vpc != self.consumer {
            match &self.behind {
                None => refusals.push(Refusal::new(
                    format!(
                        "{} does not stand in the consumer's VPC {}, where the endpoint is",
                        rules::spot_name(carrier, trip.from),
                        consumer.name
                    ),
                    format!("write `behind: PRODUCT` with a cen or vpc-peering that leads to {}", consumer.name),
                )),
                Some(product) => {
                    let zone = self.zones.first().copied().unwrap_or(trip.from.zone);
                    refusals.extend(product.refusals(carrier, &Trip { to: self.endpoint(zone), ..*trip }));
                }
            }
        }
        match &self.leads {
            Leads::Service(service) if service != trip.service => refusals.push(Refusal::new(
                format!("this endpoint leads to service {service} only, not to {}", trip.service),
                "give the other service an endpoint of its own, or lead to the gateway of its cluster",
            )),
            Leads::Gateway(size) if Some(size.cluster) != trip.to.cluster => refusals.push(Refusal::new(
                format!(
                    "this endpoint leads to the gateway of cluster {}, not to {}",
                    ground.clusters[size.cluster].name,
                    rules::spot_name(carrier, trip.to)
                ),
                "write an endpoint for that cluster's gateway",
            )),
            _ => {}
        }
        let away = self.cross_region && ground.region_of(self.consumer) != ground.region_of(trip.to.vpc);
        let served = trip.to.cluster.filter(|_| !away);
        let served: &[ZoneId] = served.map_or(&[], |cluster| &ground.clusters[cluster].zones);
        for zone in &self.zones {
            if !served.is_empty() && !served.contains(zone) {
                let name = ground.zone_name(*zone);
                refusals.push(Refusal::new(
                    format!("the endpoint has zone {name}, where the service has none"),
                    "endpoint zones exist in the service's zones only: leave it out, or spread the service's cluster to it",
                ));
            }
        }
        if self.zones.is_empty() {
            refusals.push(Refusal::new(
                "the consumer and the service have no zone in common".to_owned(),
                "say `zones: [..]` with zones of both",
            ));
        }
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        self.zones.iter().copied().enumerate().map(|zone| self.zone_way(carrier, trip, zone, board)).collect()
    }

    fn front(&self) -> Front {
        match self.leads {
            Leads::Service(_) => Front::Balancer,
            Leads::Gateway(size) => size.front(),
        }
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        let (consumer, provider) = (&carrier.ground.vpcs[self.consumer], &carrier.ground.vpcs[trip.to.vpc]);
        let balancer = with_article(carrier.calls(carrier.ground.region_of(trip.to.vpc), Part::Balancer));
        let mut list = vec![format!(
            "{}: an endpoint service with {balancer} in {}, and its owner's approval of the endpoint in {}",
            self.name, provider.name, consumer.name
        )];
        let (a, b) = (carrier.ground.region_of(self.consumer), carrier.ground.region_of(trip.to.vpc));
        if a != b {
            list.push(format!(
                "{}: the endpoint service lists {} among its regions, and the endpoint is created there",
                self.name,
                carrier.region(a)
            ));
            list.extend(super::carrier::border_note(carrier, &Trip { from: self.endpoint(trip.to.zone), ..*trip }));
        }
        if matches!(self.leads, Leads::Service(_)) {
            list.push(format!(
                "{}: callers address the endpoint's name; the service stands outside the mesh's identity and locality",
                self.name
            ));
        }
        if let Some(product) = self.behind.as_ref().filter(|_| trip.from.vpc != self.consumer) {
            list.extend(product.prerequisites(carrier, &Trip { to: self.endpoint(trip.to.zone), ..*trip }));
        }
        list
    }
}
