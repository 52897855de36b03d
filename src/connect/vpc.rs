//! Inside one VPC: pod to pod, in one zone or across. No product stands between, nothing is bought.

use super::Carrier;
use super::contract::{Board, Count, Entry, Fee, Product, Refusal, Trip, Way};
use crate::provider::Rule;

pub(super) const ENTRY: Entry = Entry {
    name: "vpc",
    about: "pods of one VPC reach each other directly",
    crosses_regions: false,
    example: |_| Box::new(SameVpc),
};

/// The network itself.
#[derive(Clone, Copy, Debug)]
pub struct SameVpc;

/// Two clusters of a network must not have the same pod addresses: its route table leads to one of them only.
fn clash(carrier: &Carrier<'_>, trip: &Trip<'_>) -> Option<Refusal> {
    let (a, b) = (trip.from.cluster?, trip.to.cluster?);
    let (near, far) = (&carrier.ground.clusters[a.min(b)], &carrier.ground.clusters[a.max(b)]);
    let (x, y) = near.pods.zip(far.pods).filter(|(x, y)| a != b && x.overlaps(*y))?;
    Some(Refusal::new(
        format!("addresses overlap: pods of {} have {x}, pods of {} have {y}, in one VPC", near.name, far.name),
        "give one of the clusters another range of pods",
    ))
}

impl Product for SameVpc {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        if trip.from.vpc == trip.to.vpc {
            return clash(carrier, trip).into_iter().collect();
        }
        let name = |spot: super::Spot| &carrier.ground.vpcs[spot.vpc].name;
        vec![Refusal::new(
            format!("VPCs {} and {} are not joined by themselves", name(trip.from), name(trip.to)),
            "write a route with a product: `routes: {default: {via: ..}}`",
        )]
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        let at = carrier.ground.region_of(trip.from.vpc);
        // Each zone's end by itself: what leaves it, and what enters it where that is charged too.
        let end =
            |count| Fee { product: "network".into(), rule: Rule::CrossZone, at, to: None, payer: trip.from.vpc, count };
        let crosses = trip.from.zone != trip.to.zone;
        let fees = if crosses { vec![end(Count::Out), end(Count::Back)] } else { Vec::new() };
        vec![Way { hops: vec![carrier.zones(board, trip.from.zone, trip.to.zone)], fees, ..Way::default() }]
    }

    fn prerequisites(&self, _: &Carrier<'_>, _: &Trip<'_>) -> Vec<String> {
        Vec::new()
    }
}
