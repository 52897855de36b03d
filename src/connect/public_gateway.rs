//! A public east-west gateway: sidecar, NAT, internet, public address, balancer, gateway replica, sidecar.

use super::Carrier;
use super::carrier::PublicLoss;
use super::contract::{Board, Count, Entry, Fee, Front, Hop, Limit, Line, Product, Refusal, Trip, Way};
use super::gateway::{self, Kind, Size};
use super::rules;
use crate::provider::{Part, PathClass, PublicLine, Rule};
use crate::topology::{Cap, GatewayId, PastCap, RegionId, VpcId, ZoneId};
use crate::units::{BitsPerSec, Duration};

pub(super) const ENTRY: Entry = Entry {
    name: "public-gateway",
    about: "clusters of any region over the internet, whatever the addresses; a gateway in each destination",
    crosses_regions: true,
    example: |example| {
        let gateways = example.ground.clusters.ids().map(Size::usual).collect();
        Box::new(PublicGateway {
            name: "internet".into(),
            gateways,
            eip: BitsPerSec(200_000_000),
            addresses: 1,
            by_bandwidth: false,
            line: Carriage::Bgp,
            nat: Some(1),
            ports: None,
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
    /// Global accelerator: the internet as far as the access point in the caller's region, then the provider's backbone.
    Ga,
}

/// Public gateways of clusters.
#[derive(Clone, Debug)]
pub struct PublicGateway {
    /// The product's name in the scenario.
    pub name: String,
    /// The gateways.
    pub gateways: Vec<Size>,
    /// What a public address lets pass, each direction.
    pub eip: BitsPerSec,
    /// Public addresses of each gateway; the zones of its balancer share them in turn.
    pub addresses: u32,
    /// Is the address paid by bandwidth rather than by traffic?
    pub by_bandwidth: bool,
    /// Carrier line.
    pub line: Carriage,
    /// Public addresses of the NAT gateway by which callers leave; none: they have addresses of their own.
    pub nat: Option<u32>,
    /// Connections that one of those holds to one destination; none: as the book has it.
    pub ports: Option<u64>,
    /// Loss on the way; none: not stated.
    pub loss: Option<PublicLoss>,
}

impl PublicGateway {
    fn fee(&self, carrier: &Carrier<'_>, at: VpcId, rule: Rule, to: Option<RegionId>, count: Count) -> Fee {
        Fee { product: self.name.clone(), rule, at: carrier.ground.region_of(at), to, payer: at, count }
    }

    /// What bytes pay that leave a region for another by public addresses.
    fn egress(&self, carrier: &Carrier<'_>, from: RegionId, to: RegionId) -> Rule {
        let own = carrier.provider(from).is_some() && carrier.provider(from) == carrier.provider(to);
        match self.line {
            Carriage::BgpPro => Rule::EgressPremium,
            Carriage::Bgp | Carriage::Ga if own => Rule::EgressOwn,
            Carriage::Bgp | Carriage::Ga => Rule::Egress,
        }
    }

    /// A public address: its hour, and its bytes or its bandwidth.
    fn address(&self, carrier: &Carrier<'_>, at: VpcId, to: RegionId, thing: &str, bytes: Option<Count>) -> Vec<Fee> {
        let hour = Count::Hours { thing: thing.to_owned(), units: 1.0 };
        let mut fees = vec![self.fee(carrier, at, Rule::AddressHour, None, hour)];
        if self.by_bandwidth {
            let premium = self.line == Carriage::BgpPro;
            let rule = if premium { Rule::AddressBandwidthPremium } else { Rule::AddressBandwidth };
            let count = Count::MbpsDays { thing: thing.to_owned(), rate: self.eip };
            fees.push(self.fee(carrier, at, rule, None, count));
        } else {
            let rule = self.egress(carrier, carrier.ground.region_of(at), to);
            fees.extend(bytes.map(|count| self.fee(carrier, at, rule, Some(to), count)));
        }
        fees
    }

    /// What an accelerator charges for a way: its hour, and each direction's bytes between the regions.
    fn accelerator(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Fee> {
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        let border = carrier.mainland(a) != carrier.mainland(b);
        let rule = if border { Rule::EgressAccelerated } else { Rule::AcceleratorTransfer };
        let hour = Count::Hours { thing: format!("{} accelerator", self.name), units: 1.0 };
        let mut fees = vec![self.fee(carrier, trip.to.vpc, Rule::AcceleratorHour, None, hour)];
        if a != b {
            fees.push(self.fee(carrier, trip.from.vpc, rule, Some(b), Count::Out));
            fees.push(self.fee(carrier, trip.to.vpc, rule, Some(a), Count::Back));
        }
        fees
    }

    fn fees(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, size: Size, gateway: GatewayId) -> Vec<Fee> {
        let region = |vpc: VpcId| carrier.ground.region_of(vpc);
        let (near, far) = (trip.from.vpc, trip.to.vpc);
        let (a, b) = (region(near), region(far));
        let mut fees = Vec::new();
        match self.nat {
            Some(addresses) => {
                let word = carrier.calls(a, Part::Nat);
                let name = format!("{} {word} {}", self.name, carrier.ground.vpcs[near].name);
                let hour = Count::Hours { thing: name.clone(), units: 1.0 };
                fees.push(self.fee(carrier, near, Rule::NatHour, None, hour));
                let units = Count::Capacity { thing: name.clone(), gateway: None };
                fees.push(self.fee(carrier, near, Rule::NatCapacity, None, units));
                for number in 0..addresses {
                    // Bytes are charged once, whichever address they leave by.
                    let bytes = (number == 0).then_some(Count::Out);
                    fees.extend(self.address(
                        carrier,
                        near,
                        b,
                        &numbered(&format!("{name} {}", carrier.calls(a, Part::Address)), number),
                        bytes,
                    ));
                }
            }
            None => fees.push(self.fee(carrier, near, self.egress(carrier, a, b), Some(b), Count::Out)),
        }
        let name = &carrier.ground.clusters[size.cluster].name;
        if self.line == Carriage::Ga {
            fees.extend(self.accelerator(carrier, trip));
        }
        for number in 0..self.addresses {
            let word = carrier.calls(b, Part::Address);
            let thing = numbered(&format!("{} gateway {name} {word}", self.name), number);
            // What an accelerator carries back leaves by it, not by the address.
            let bytes = (number == 0 && self.line != Carriage::Ga).then_some(Count::Back);
            fees.extend(self.address(carrier, far, a, &thing, bytes));
        }
        let thing = format!("{} {} {name}", self.name, carrier.calls(b, Part::Balancer));
        let hour = Count::Hours { thing: thing.clone(), units: 1.0 };
        fees.push(self.fee(carrier, far, Rule::BalancerHour, None, hour));
        let units = Count::Capacity { thing, gateway: Some(gateway) };
        fees.push(self.fee(carrier, far, Rule::BalancerCapacity, None, units));
        fees.push(size.fee(carrier, &self.name));
        fees
    }

    /// What the providers of the two ends do not have of what was asked for.
    fn unsold(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let sold = |rule, what, help| rules::offered(carrier, trip, rule, what, help);
        let mut refusals = match self.line {
            Carriage::Bgp => Vec::new(),
            Carriage::BgpPro => sold(Rule::EgressPremium, "public addresses on `line: bgp-pro`", "use `line: bgp`"),
            Carriage::Ga => sold(Rule::AcceleratorHour, "what `line: ga` stands for", "use `line: bgp`"),
        };
        if self.by_bandwidth && self.line != Carriage::BgpPro {
            let help = "use `billing: by-traffic`";
            refusals.extend(sold(Rule::AddressBandwidth, "public addresses by bandwidth", help));
        }
        refusals
    }

    fn cap(&self, addresses: u32) -> Cap {
        let rate = BitsPerSec(self.eip.0 * u64::from(addresses));
        Cap { rate, past: PastCap::Police { burst: rate.bytes_in(Duration::from_millis(50)) } }
    }

    /// Out of the caller's network, across to the gateway's region.
    fn across(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Hop> {
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        let mut hops = Vec::new();
        if let Some(addresses) = self.nat {
            let vpc = &carrier.ground.vpcs[trip.from.vpc].name;
            let word = carrier.calls(a, Part::Nat);
            let nat = board.part(Line::part(format!("{}: {word} {vpc}", self.name), carrier.delay("hop.nat")));
            hops.push(rules::sold(carrier, board, a, nat, "nat.rate"));
            // Connections spread over a pool of addresses, so it passes the sum.
            let pool = |way: &str| {
                let name = format!("{}: {word} {} {vpc} {way}", self.name, carrier.calls(a, Part::Address));
                let line = Line::part(name, Duration::ZERO);
                line.capped(Some(self.cap(addresses)))
            };
            hops.push(board.hop(pool("out"), pool("in")));
        }
        let loss = self.loss.unwrap_or(PublicLoss::Profile(carrier.inputs.loss));
        match self.line {
            Carriage::Bgp => hops.push(carrier.internet(board, a, b, loss, PublicLine::Bgp)),
            Carriage::BgpPro => hops.push(carrier.internet(board, a, b, loss, PublicLine::BgpPro)),
            Carriage::Ga => {
                let point = Line::part(format!("{}: GA {}", self.name, carrier.region(a)), carrier.delay("hop.ga"));
                hops.push(carrier.internet(board, a, a, loss, PublicLine::Bgp));
                hops.push(board.part(point));
                if a != b {
                    hops.push(carrier.backbone(board, a, b, PathClass::Gold));
                }
            }
        }
        hops
    }

    fn zone_way(
        &self,
        carrier: &Carrier<'_>,
        trip: &Trip<'_>,
        size: Size,
        (number, entrance): (usize, ZoneId),
        board: &mut Board,
    ) -> Way {
        let at = carrier.ground.region_of(trip.to.vpc);
        let name = &carrier.ground.clusters[size.cluster].name;
        let gateway = board.balancer(size.balancer(carrier, &self.name));
        let mut hops = self.across(carrier, trip, board);
        let address = numbered(name, number as u32 % self.addresses);
        let eip = |way: &str| {
            let word = carrier.calls(at, Part::Address);
            Line::part(format!("{}: {word} {address} {way}", self.name), Duration::ZERO).capped(Some(self.cap(1)))
        };
        hops.push(board.hop(eip("in"), eip("out")));
        let zone = carrier.ground.zone_name(entrance);
        let nlb = format!("{}: {} {name}/{zone}", self.name, carrier.calls(at, Part::Balancer));
        let (nlb, table) = rules::balancer(carrier, board, nlb, entrance);
        hops.push(nlb);
        let limits = self.tables(carrier, trip, &address, board).into_iter().chain(table).collect();
        let greeted =
            gateway::enter(carrier, board, &self.name, size.cluster, gateway, entrance, trip.to.zone, &mut hops);
        let nat = self.nat.and_then(|_| carrier.nat_idle(carrier.ground.region_of(trip.from.vpc)));
        Way {
            hops,
            idle_limit: nat.into_iter().chain(carrier.balancer_idle(at)).min(),
            fees: self.fees(carrier, trip, size, gateway),
            limits,
            greeting: (size.kind == Kind::L7).then_some(greeted),
            address: number as u32 % self.addresses,
        }
    }

    /// Tables of connections of the NAT gateway: all of them, and the ports of its addresses to one destination.
    fn tables(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, address: &str, board: &mut Board) -> Vec<String> {
        let Some(addresses) = self.nat else { return Vec::new() };
        let region = carrier.ground.region_of(trip.from.vpc);
        let vpc = &carrier.ground.vpcs[trip.from.vpc].name;
        let word = carrier.calls(region, Part::Nat);
        let book = |key: &str| rules::limit(carrier, region, key);
        let mut tables = Vec::new();
        if let (Some(open), new) = (book("nat.open"), book("nat.new")) {
            let name = format!("{}: {word} {vpc}", self.name);
            tables.push(board.limit(Limit { name, open: Some(open), new_per_second: new }));
        }
        if let Some(ports) = self.ports.or_else(|| book("nat.address.ports")) {
            let name = format!("{}: {word} {vpc} ports to {address}", self.name);
            tables.push(board.limit(Limit { name, open: Some(ports * u64::from(addresses)), new_per_second: None }));
        }
        tables
    }
}

/// The first of several things has the bare name.
fn numbered(name: &str, number: u32) -> String {
    if number == 0 { name.to_owned() } else { format!("{name}#{}", number + 1) }
}

impl Product for PublicGateway {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let (mut refusals, _) = gateway::refusals(carrier, trip, &self.gateways);
        refusals.extend(rules::distance(carrier, trip));
        refusals.extend(self.unsold(carrier, trip));
        let zones = trip.to.cluster.map_or(0, |cluster| carrier.ground.clusters[cluster].zones.len());
        if zones > 0 && self.addresses as usize > zones {
            refusals.push(Refusal::new(
                format!("a balancer has one public address in each zone, and this one has {zones} zone(s)"),
                "write fewer `addresses`, spread the cluster over more zones, or buy more bandwidth for each address",
            ));
        }
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        let (_, size) = gateway::refusals(carrier, trip, &self.gateways);
        let size = size.expect("a trip to a cluster without a gateway was refused");
        let entrances = carrier.ground.clusters[size.cluster].zones.iter().copied().enumerate();
        entrances.map(|entrance| self.zone_way(carrier, trip, size, entrance, board)).collect()
    }

    fn front(&self) -> Front {
        self.gateways.first().map_or(Front::Gateway, |size| size.front())
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        let kind = self.gateways.first().map_or(Kind::Passthrough, |size| size.kind);
        let mut list = gateway::prerequisites(carrier, trip, &self.name, kind);
        let word = |part| carrier.calls(carrier.ground.region_of(trip.to.vpc), part);
        list.push(format!(
            "{}: an internet-facing {} ({} in two zones or more) with a public address in front of it",
            self.name,
            word(Part::Balancer),
            if word(Part::Subnet) == "vSwitch" { "vSwitches" } else { "subnets" }
        ));
        if let Some(addresses) = self.nat {
            let vpc = &carrier.ground.vpcs[trip.from.vpc].name;
            let with =
                if addresses == 1 { "a public address".to_owned() } else { format!("{addresses} public addresses") };
            list.push(format!("{}: a NAT gateway with {with} in {vpc}", self.name));
        }
        if self.line == Carriage::Ga {
            let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
            let (a, b) = (carrier.region(a), carrier.region(b));
            list.push(format!(
                "{}: an accelerator with an access point in {a} and an endpoint group in {b}",
                self.name
            ));
            list.extend(super::carrier::border_note(carrier, trip));
        }
        list
    }
}
