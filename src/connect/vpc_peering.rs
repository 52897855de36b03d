//! VPC peering: two VPCs joined directly, in one region or over the backbone. Not transitive.

use super::Carrier;
use super::contract::{Board, Count, Entry, Fee, Line, Product, Refusal, Trip, Way};
use super::rules;
use crate::provider::{Part, PathClass, Provider, Rule};
use crate::topology::graph::Graph;
use crate::topology::{Cap, VpcId};
use crate::units::Duration;

pub(super) const ENTRY: Entry = Entry {
    name: "vpc-peering",
    about: "two VPCs joined directly, any regions, addresses apart, not transitive",
    crosses_regions: true,
    example: |_| {
        Box::new(VpcPeering {
            name: "peering".into(),
            pairs: Some(vec![(VpcId(0), VpcId(1)), (VpcId(0), VpcId(2))]),
            cap: None,
        })
    },
};

/// A set of peerings.
#[derive(Clone, Debug)]
pub struct VpcPeering {
    /// The product's name in the scenario.
    pub name: String,
    /// Which VPCs are peered; none: whichever a route puts on it.
    pub pairs: Option<Vec<(VpcId, VpcId)>>,
    /// Limit between regions, each direction.
    pub cap: Option<Cap>,
}

impl Product for VpcPeering {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let mut refusals = rules::addresses(carrier, trip, true);
        refusals.extend(rules::distance(carrier, trip));
        refusals.extend(rules::one_provider(carrier, trip, "vpc-peering"));
        let ends = (trip.from.vpc, trip.to.vpc);
        let Some(pairs) = &self.pairs else { return refusals };
        if !pairs.iter().any(|&(a, b)| (a, b) == ends || (b, a) == ends) {
            let name = |vpc: VpcId| carrier.ground.vpcs[vpc].name.as_str();
            let both = pairs.iter().flat_map(|&(a, b)| [(a.0 as usize, b.0 as usize), (b.0 as usize, a.0 as usize)]);
            let chain = Graph::new(carrier.ground.vpcs.len(), both).shortest(ends.0.0 as usize, ends.1.0 as usize);
            let rule = match chain {
                Some(chain) => {
                    let names: Vec<&str> = chain.iter().map(|&vpc| name(VpcId(vpc as u32))).collect();
                    format!("peering is not transitive: {} are peered in a row, their ends are not", names.join(" - "))
                }
                None => format!("VPCs {} and {} are not peered", name(ends.0), name(ends.1)),
            };
            refusals.push(Refusal::new(rule, "add a peering between the two, or use cen"));
        }
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
        let name = |vpc: VpcId| &carrier.ground.vpcs[vpc].name;
        // Alibaba's reader knows a peering by its product's name.
        let word = match carrier.provider(a).unwrap_or_default() {
            Provider::Alibaba => String::new(),
            provider => format!("{} ", Part::Peering.at(provider)),
        };
        let line = |from: VpcId, to: VpcId| {
            Line::part(format!("{}: {word}{} -> {}", self.name, name(from), name(to)), Duration::ZERO)
                .capped(self.cap.filter(|_| a != b))
        };
        let peering = board.hop(line(trip.from.vpc, trip.to.vpc), line(trip.to.vpc, trip.from.vpc));
        let fee = |rule, at, to, payer, count| Fee { product: self.name.clone(), rule, at, to, payer, count };
        let ends = |rule: Rule| {
            let to = |region| (a != b).then_some(region);
            let near = fee(rule, a, to(b), trip.from.vpc, Count::Out);
            [near, fee(rule, b, to(a), trip.to.vpc, Count::Back)]
        };
        let way = if a == b {
            let hop = carrier.zones(board, trip.from.zone, trip.to.zone);
            let mut fees = ends(Rule::PeeringInRegion).to_vec();
            if trip.from.zone != trip.to.zone {
                fees.extend(ends(Rule::PeeringCrossZone));
            }
            Way { hops: vec![peering, hop], fees, ..Way::default() }
        } else {
            let hop = carrier.backbone(board, a, b, PathClass::Gold);
            let fees = ends(Rule::PeeringTransfer).to_vec();
            Way { hops: vec![peering, hop], fees, ..Way::default() }
        };
        vec![way]
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        let (near, far) = (&carrier.ground.vpcs[trip.from.vpc], &carrier.ground.vpcs[trip.to.vpc]);
        let mut list = vec![format!(
            "{}: a peering connection {} - {}, accepted by the other side, and routes in both VPCs",
            self.name, near.name, far.name
        )];
        list.extend(rules::overlay_routes(carrier, trip, &self.name));
        list.extend(super::carrier::border_note(carrier, trip));
        list
    }
}
