//! CEN: a transit router in each region, VPCs attached to it zone by zone, regions joined over the backbone.

use super::Carrier;
use super::contract::{Board, Count, Entry, Fee, Hop, Line, Product, Refusal, Spot, Trip, Way};
use super::rules;
use crate::provider::{Part, PathClass, Rule};
use crate::topology::{Cap, PastCap, RegionId, VpcId, ZoneId};
use crate::units::{BitsPerSec, Bytes, Duration};

pub(super) const ENTRY: Entry = Entry {
    name: "cen",
    about: "whole VPCs of any region over transit routers and the backbone, addresses apart",
    crosses_regions: true,
    example: |example| {
        let ground = &example.ground;
        let zones = |vpc: VpcId| {
            ground.clusters.rows().iter().find(|c| c.vpc == vpc).map_or_else(Vec::new, |c| c.zones.clone())
        };
        Box::new(Cen {
            name: "backbone".into(),
            attach: ground.vpcs.ids().map(|vpc| (vpc, zones(vpc))).collect(),
            attached_by_name: true,
            bandwidth: vec![((RegionId(0), RegionId(1)), BitsPerSec(50_000_000))],
            past: Past::Police { burst: Duration::from_millis(50) },
            by_bandwidth: false,
            class: PathClass::Gold,
        })
    },
};

/// What happens to bytes past a cap, relative to its rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Past {
    /// Lost, beyond a bucket of this long at the cap.
    Police {
        /// Depth of the bucket as time at the cap.
        burst: Duration,
    },
    /// Wait at most this long.
    Shape {
        /// The longest wait.
        buffer: Duration,
    },
    /// Shared by large messages, small ones first.
    Fair {
        /// A message of more bytes than this is large.
        above: Bytes,
        /// The longest wait of a small one.
        buffer: Duration,
        /// In inverse proportion to round trips.
        by_round_trip: bool,
    },
}

/// The largest packet, with headers: a bucket that holds less would let none pass, ever.
const PACKET: u64 = 1_500;

impl Past {
    /// A cap of this rate.
    pub fn cap(self, rate: BitsPerSec) -> Cap {
        let past = match self {
            Past::Police { burst } => PastCap::Police { burst: Bytes(rate.bytes_in(burst).0.max(PACKET)) },
            Past::Shape { buffer } => PastCap::Shape { buffer },
            Past::Fair { above, buffer, by_round_trip } => PastCap::Fair { above, buffer, by_round_trip },
        };
        Cap { rate, past }
    }
}

/// A CEN instance.
#[derive(Clone, Debug)]
pub struct Cen {
    /// The product's name in the scenario.
    pub name: String,
    /// VPCs and the zones of their attachment ENIs.
    pub attach: Vec<(VpcId, Vec<ZoneId>)>,
    /// Were they named one by one? Then each is paid for, used or not.
    pub attached_by_name: bool,
    /// Bandwidth between regions, each direction.
    pub bandwidth: Vec<((RegionId, RegionId), BitsPerSec)>,
    /// What happens past it.
    pub past: Past,
    /// Is it paid by bandwidth rather than by traffic?
    pub by_bandwidth: bool,
    /// Gold or Platinum.
    pub class: PathClass,
}

impl Cen {
    fn zones(&self, vpc: VpcId) -> Option<&[ZoneId]> {
        self.attach.iter().find(|(attached, _)| *attached == vpc).map(|(_, zones)| zones.as_slice())
    }

    fn between(&self, a: RegionId, b: RegionId) -> Option<BitsPerSec> {
        let pair = self.bandwidth.iter().find(|(pair, _)| *pair == (a, b) || *pair == (b, a));
        pair.map(|(_, rate)| *rate)
    }

    /// The attachment that a spot uses: its own zone's, else the first.
    fn enis(&self, spot: Spot) -> ZoneId {
        let zones = self.zones(spot.vpc).expect("a trip from an unattached VPC was refused");
        if zones.contains(&spot.zone) { spot.zone } else { zones[0] }
    }

    fn fees(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Fee> {
        let region = |vpc: VpcId| carrier.ground.region_of(vpc);
        let (a, b) = (region(trip.from.vpc), region(trip.to.vpc));
        let paid = |vpc: &VpcId| self.attached_by_name || *vpc == trip.from.vpc || *vpc == trip.to.vpc;
        let fee = |rule, at, to, payer, count| Fee { product: self.name.clone(), rule, at, to, payer, count };
        let hours = |thing: String| Count::Hours { thing, units: 1.0 };
        let attachment = |vpc: VpcId| {
            let word = carrier.calls(region(vpc), Part::Attachment);
            let thing = format!("{} {word} {}", self.name, carrier.ground.vpcs[vpc].name);
            fee(Rule::TransitAttachment, region(vpc), None, vpc, hours(thing))
        };
        let mut fees: Vec<Fee> = self.attach.iter().map(|(vpc, _)| *vpc).filter(paid).map(attachment).collect();
        for (end, other, payer, leaves) in [(a, b, trip.from.vpc, Count::Out), (b, a, trip.to.vpc, Count::Back)] {
            // Processing is charged where a VPC sends into its transit router: each direction once, at its sender.
            fees.push(fee(Rule::TransitProcessing, end, None, payer, leaves.clone()));
            let router = carrier.calls(end, Part::TransitRouter);
            let router = format!("{} {router} {}", self.name, carrier.region(end));
            fees.push(fee(Rule::TransitRouter, end, None, payer, hours(router)));
            if a == b {
                continue;
            }
            let word = carrier.calls(end, Part::Connection);
            let connection = format!("{} {word} {} - {}", self.name, carrier.region(end), carrier.region(other));
            fees.push(fee(Rule::TransitConnection, end, None, payer, hours(connection)));
            if !self.by_bandwidth {
                let premium = self.class == PathClass::Platinum;
                let rule = if premium { Rule::TransitTransferPremium } else { Rule::TransitTransfer };
                fees.push(fee(rule, end, Some(other), payer, leaves));
            }
        }
        if a != b && self.by_bandwidth {
            let (low, high) = (a.min(b), a.max(b));
            let rate = self.between(a, b).expect("a trip without bandwidth was refused");
            let thing = format!("{} {} - {}", self.name, carrier.region(low), carrier.region(high));
            fees.push(fee(Rule::TransitPlan, low, Some(high), trip.from.vpc, Count::Mbps { thing, rate }));
        }
        fees
    }
}

impl Product for Cen {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        // A gateway or endpoint at the far end has an address of the network; pods behind it are not routed.
        let mut refusals = rules::addresses(carrier, trip, true);
        refusals.extend(rules::distance(carrier, trip));
        refusals.extend(rules::one_provider(carrier, trip, "cen"));
        if self.class == PathClass::Platinum {
            let help = "use `tier: gold`, the only one that others have";
            refusals.extend(rules::offered(carrier, trip, Rule::TransitTransferPremium, "`tier: platinum`", help));
        }
        if self.by_bandwidth {
            let help = "use `billing: by-traffic`";
            refusals.extend(rules::offered(
                carrier,
                trip,
                Rule::TransitPlan,
                "bandwidth between regions by the month",
                help,
            ));
        }
        for vpc in [trip.from.vpc, trip.to.vpc] {
            if self.zones(vpc).is_none_or(<[ZoneId]>::is_empty) {
                let name = &carrier.ground.vpcs[vpc].name;
                refusals.push(Refusal::new(
                    format!("VPC {name} has no attachment"),
                    format!("add `attach: {{{name}: [..zones..]}}`"),
                ));
            }
        }
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        if a != b && self.between(a, b).is_none() {
            let (a, b) = (carrier.region(a), carrier.region(b));
            refusals.push(Refusal::new(
                format!("no bandwidth was bought between {a} and {b}: an inter-region connection without any passes 1 kbit/s"),
                format!("say `bandwidth: 100Mbps`, or `bandwidth: {{{a}-{b}: 100Mbps}}`"),
            ));
        }
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        let (near, far) = (self.enis(trip.from), self.enis(trip.to));
        let router = carrier.delay("hop.transit-router");
        let attachment = |board: &mut Board, vpc: VpcId, zone: ZoneId| {
            let (name, zone_name) = (&carrier.ground.vpcs[vpc].name, carrier.ground.zone_name(zone));
            let word = carrier.calls(carrier.ground.region_of(vpc), Part::Attachment);
            let line = Line::part(format!("{}: {word} {name}/{zone_name}", self.name), Duration::ZERO);
            let hop = board.part(line.in_zone(zone));
            rules::sold(carrier, board, carrier.ground.region_of(vpc), hop, "cen.attachment.rate");
            if let (Hop::Pair { out, back }, true) = (hop, self.zones(vpc).is_some_and(|zones| zones.len() > 1)) {
                board.spares.extend([out, back]);
            }
            hop
        };
        let transit = |board: &mut Board, at: RegionId| {
            let word = carrier.calls(at, Part::TransitRouter);
            let hop = board.part(Line::part(format!("{}: {word} {}", self.name, carrier.region(at)), router));
            rules::sold(carrier, board, at, hop, "cen.router.rate")
        };
        let mut hops = Vec::new();
        if near != trip.from.zone {
            hops.push(carrier.zones(board, trip.from.zone, near));
        }
        hops.push(attachment(board, trip.from.vpc, near));
        hops.push(transit(board, a));
        if a == b {
            hops.push(carrier.zones(board, near, far));
        } else {
            let rate = self.between(a, b).expect("a trip without bandwidth was refused");
            let connection = |from: RegionId, to: RegionId| {
                let word = carrier.calls(from, Part::Connection);
                let name = format!("{}: {word} {} -> {}", self.name, carrier.region(from), carrier.region(to));
                Line::part(name, Duration::ZERO).capped(Some(self.past.cap(rate)))
            };
            hops.push(board.hop(connection(a, b), connection(b, a)));
            hops.push(carrier.backbone(board, a, b, self.class));
            hops.push(transit(board, b));
        }
        hops.push(attachment(board, trip.to.vpc, far));
        if far != trip.to.zone {
            hops.push(carrier.zones(board, far, trip.to.zone));
        }
        vec![Way { hops, fees: self.fees(carrier, trip), ..Way::default() }]
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        let mut list = Vec::new();
        // What was attached by name has to be there, whether or not this trip uses it.
        let ends = [trip.from.vpc, trip.to.vpc];
        let others = self.attach.iter().map(|(vpc, _)| *vpc).filter(|vpc| self.attached_by_name && !ends.contains(vpc));
        for vpc in ends.into_iter().chain(others) {
            let name = &carrier.ground.vpcs[vpc].name;
            let zones = self.zones(vpc).map_or(0, <[ZoneId]>::len);
            let word = |part| carrier.calls(carrier.ground.region_of(vpc), part);
            let (router, subnet) = (word(Part::TransitRouter), word(Part::Subnet));
            list.push(format!(
                "{}: {name} attached to the {router}, with a {subnet} in each of {zones} zone(s)",
                self.name
            ));
            if zones < 2 {
                list.push(format!(
                    "{}: a second zone for the attachment of {name}: with one there is nowhere to fail over",
                    self.name
                ));
            }
        }
        list.extend(rules::overlay_routes(carrier, trip, &self.name));
        list.extend(super::carrier::border_note(carrier, trip));
        list
    }
}
