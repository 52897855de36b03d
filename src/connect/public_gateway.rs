//! A public east-west gateway: sidecar, NAT, internet, public address, balancer, gateway replica, sidecar.

use super::Carrier;
use super::carrier::PublicLoss;
use super::contract::{BALANCER_IDLE, Board, Count, Entry, Fee, Front, Line, Product, Refusal, Trip, Way};
use super::gateway::{self, Size};
use super::rules;
use crate::provider::Rule;
use crate::topology::{Cap, GatewayId, PastCap, RegionId, VpcId, ZoneId};
use crate::units::{BitsPerSec, Duration};

pub(super) const ENTRY: Entry = Entry {
    name: "public-gateway",
    about: "clusters of any region over the internet, whatever the addresses; a gateway in each destination",
    crosses_regions: true,
    example: |example| {
        let gateways = example.ground.clusters.ids().map(|cluster| Size { cluster, replicas: 2, cpu: 2 }).collect();
        Box::new(PublicGateway {
            name: "internet".into(),
            gateways,
            eip: BitsPerSec(200_000_000),
            by_bandwidth: false,
            line: Carriage::Bgp,
            nat: true,
            loss: None,
        })
    },
};

/// Carrier line of a public address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carriage {
    /// BGP over several carriers.
    Bgp,
    /// BGP with better routes across the mainland's border.
    BgpPro,
    /// Global accelerator.
    Ga,
}

/// Public gateways of clusters.
#[derive(Clone, Debug)]
pub struct PublicGateway {
    /// The product's name in the scenario.
    pub name: String,
    /// The gateways.
    pub gateways: Vec<Size>,
    /// What a gateway's public address lets pass, each direction.
    pub eip: BitsPerSec,
    /// Is the address paid by bandwidth rather than by traffic?
    pub by_bandwidth: bool,
    /// Carrier line.
    pub line: Carriage,
    /// Do callers leave through a NAT gateway?
    pub nat: bool,
    /// Loss on the way; none: not stated.
    pub loss: Option<PublicLoss>,
}

impl PublicGateway {
    /// What bytes pay that leave a region for another by public addresses.
    fn egress(&self, carrier: &Carrier<'_>, from: RegionId, to: RegionId) -> Rule {
        let own = carrier.provider(from).is_some() && carrier.provider(from) == carrier.provider(to);
        match self.line {
            Carriage::BgpPro => Rule::EgressPremium,
            Carriage::Ga if carrier.mainland(from) != carrier.mainland(to) => Rule::EgressAccelerated,
            Carriage::Bgp | Carriage::Ga if own => Rule::EgressOwn,
            Carriage::Bgp | Carriage::Ga => Rule::Egress,
        }
    }

    /// A public address: its hour, and its bytes or its bandwidth.
    fn address(&self, carrier: &Carrier<'_>, at: VpcId, to: RegionId, thing: &str, bytes: Count) -> Vec<Fee> {
        let hour = Count::Hours { thing: thing.to_owned(), units: 1.0 };
        let hour = self.fee(carrier, at, Rule::AddressHour, None, hour);
        if self.by_bandwidth {
            let premium = self.line == Carriage::BgpPro;
            let rule = if premium { Rule::AddressBandwidthPremium } else { Rule::AddressBandwidth };
            let count = Count::MbpsDays { thing: thing.to_owned(), rate: self.eip };
            return vec![hour, self.fee(carrier, at, rule, None, count)];
        }
        let rule = self.egress(carrier, carrier.ground.region_of(at), to);
        vec![hour, self.fee(carrier, at, rule, Some(to), bytes)]
    }

    fn fee(&self, carrier: &Carrier<'_>, at: VpcId, rule: Rule, to: Option<RegionId>, count: Count) -> Fee {
        Fee { product: self.name.clone(), rule, at: carrier.ground.region_of(at), to, payer: at, count }
    }

    fn fees(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, size: Size, gateway: GatewayId) -> Vec<Fee> {
        let region = |vpc: VpcId| carrier.ground.region_of(vpc);
        let (near, far) = (trip.from.vpc, trip.to.vpc);
        let (a, b) = (region(near), region(far));
        let mut fees = Vec::new();
        if self.nat {
            let name = &carrier.ground.vpcs[near].name;
            let hour = Count::Hours { thing: format!("{} NAT {name}", self.name), units: 1.0 };
            fees.push(self.fee(carrier, near, Rule::NatHour, None, hour));
            let units = Count::Capacity { thing: format!("{} NAT {name}", self.name), gateway: None };
            fees.push(self.fee(carrier, near, Rule::NatCapacity, None, units));
            fees.extend(self.address(carrier, near, b, &format!("{} NAT {name} EIP", self.name), Count::Out));
        } else {
            fees.push(self.fee(carrier, near, self.egress(carrier, a, b), Some(b), Count::Out));
        }
        let name = &carrier.ground.clusters[size.cluster].name;
        fees.extend(self.address(carrier, far, a, &format!("{} gateway {name} EIP", self.name), Count::Back));
        let hour = Count::Hours { thing: format!("{} NLB {name}", self.name), units: 1.0 };
        fees.push(self.fee(carrier, far, Rule::BalancerHour, None, hour));
        let units = Count::Capacity { thing: format!("{} NLB {name}", self.name), gateway: Some(gateway) };
        fees.push(self.fee(carrier, far, Rule::BalancerCapacity, None, units));
        fees.push(size.fee(carrier, &self.name));
        fees
    }

    fn zone_way(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, size: Size, entrance: ZoneId, board: &mut Board) -> Way {
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        let name = &carrier.ground.clusters[size.cluster].name;
        let burst = self.eip.bytes_in(Duration::from_millis(50));
        let cap = Cap { rate: self.eip, past: PastCap::Police { burst } };
        let gateway = board.balancer(size.balancer(carrier, &self.name));
        let mut hops = Vec::new();
        if self.nat {
            let vpc = &carrier.ground.vpcs[trip.from.vpc].name;
            hops.push(board.part(Line::part(format!("{}: NAT {vpc}", self.name), carrier.delay("hop.nat"))));
        }
        let loss = self.loss.unwrap_or(PublicLoss::Profile(carrier.inputs.loss));
        hops.push(carrier.internet(board, a, b, loss));
        let eip = |way: &str| Line::part(format!("{}: EIP {name} {way}", self.name), Duration::ZERO).capped(Some(cap));
        hops.push(board.hop(eip("in"), eip("out")));
        let zone = carrier.ground.zone_name(entrance);
        let nlb = Line::part(format!("{}: NLB {name}/{zone}", self.name), carrier.delay("hop.nlb"));
        hops.push(board.part(nlb.in_zone(entrance)));
        gateway::enter(carrier, board, &self.name, size.cluster, gateway, entrance, trip.to.zone, &mut hops);
        Way { hops, idle_limit: Some(BALANCER_IDLE), fees: self.fees(carrier, trip, size, gateway) }
    }
}

impl Product for PublicGateway {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let (mut refusals, _) = gateway::refusals(carrier, trip, &self.gateways);
        refusals.extend(rules::distance(carrier, trip));
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        let (_, size) = gateway::refusals(carrier, trip, &self.gateways);
        let size = size.expect("a trip to a cluster without a gateway was refused");
        let entrances = &carrier.ground.clusters[size.cluster].zones;
        entrances.iter().map(|zone| self.zone_way(carrier, trip, size, *zone, board)).collect()
    }

    fn front(&self) -> Front {
        Front::Gateway
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        let mut list = gateway::prerequisites(carrier, trip, &self.name);
        list.push(format!(
            "{}: an internet-facing NLB (vSwitches in two zones or more) with a public address in front of it",
            self.name
        ));
        if self.nat {
            let vpc = &carrier.ground.vpcs[trip.from.vpc].name;
            list.push(format!("{}: a NAT gateway with a public address in {vpc}", self.name));
        }
        list
    }
}
