//! Where things stand and what lies between them: places, links, paths, address ranges, bytes on the wire.
//!
//! Knows nothing of products, prices or policies.

mod cidr;
pub mod graph;
mod link;
mod path;
mod place;
pub mod wire;

pub use cidr::Cidr;
pub use link::{BadState, Cap, HourLaw, LinkId, Loss, PastCap};
pub use path::{GatewayId, Leg, floor, fold, loss_over};
pub use place::{Cluster, ClusterId, Ground, Place, PlaceId, Region, RegionId, Vpc, VpcId, Zone, ZoneId};
