//! Connectivity: what joins two places, what it puts on the way of a call, what it demands, what it charges for.
//!
//! A contract and one file per kind; the catalogue lists them. A kind draws links and gateways on a board and states its
//! fees; the compiler makes paths and charges of them. Knows nothing of scenarios and worlds.

mod carrier;
pub mod cen;
mod contract;
mod example;
pub mod gateway;
pub mod private_gateway;
pub mod privatelink;
pub mod public_gateway;
mod rules;
pub mod vpc;
pub mod vpc_peering;
pub mod worded;

pub use carrier::{Carrier, Inputs, Inside, Item, Override, PublicLoss, one_way};
pub use contract::{
    Balancer, Board, Count, Entry, Fee, Front, Hop, Limit, Line, Product, Refusal, Role, Spot, Trip, Way, Work,
};
pub use example::Example;

/// All kinds.
pub const CATALOGUE: [Entry; 6] =
    [vpc::ENTRY, vpc_peering::ENTRY, cen::ENTRY, privatelink::ENTRY, public_gateway::ENTRY, private_gateway::ENTRY];
