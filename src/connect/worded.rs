//! A product that was written with a provider's own word, `transit-gateway`: it joins that provider's regions only.

use super::Carrier;
use super::contract::{Board, Front, Product, Refusal, Trip, Way};
use crate::provider::Provider;

/// A product and the word it was written with.
#[derive(Debug)]
pub struct Worded {
    /// `transit-gateway`.
    pub word: &'static str,
    /// The kind that it means, `cen`.
    pub kind: &'static str,
    /// Whose word it is.
    pub provider: Provider,
    /// The product.
    pub product: Box<dyn Product>,
}

impl Product for Worded {
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal> {
        let mut refusals = self.product.refusals(carrier, trip);
        let ends = [trip.from.vpc, trip.to.vpc].map(|vpc| carrier.ground.region_of(vpc));
        let other = ends.into_iter().find(|end| carrier.provider(*end).is_some_and(|whose| whose != self.provider));
        refusals.extend(other.map(|end| {
            let (region, is) = (carrier.region(end), carrier.ground.regions[end].is.as_deref().unwrap_or_default());
            Refusal::new(
                format!("`{}` is {}'s word, and {region} is {is}", self.word, self.provider.name()),
                format!("write `{}`, which every provider has", self.kind),
            )
        }));
        refusals
    }

    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way> {
        self.product.draw(carrier, trip, board)
    }

    fn front(&self) -> Front {
        self.product.front()
    }

    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String> {
        self.product.prerequisites(carrier, trip)
    }
}
