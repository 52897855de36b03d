//! Faults: what goes down, when, and how anyone notices.
//!
//! A scenario says `hit: zone/hangzhou/h`; a [`Scene`] knows what stands there. The world makes its own scene
//! (`World::scene`) and turns a fault into dated changes (`World::schedule`); the machine only meets the changes.
//! Knows nothing of worlds or proxies: what an effect is stands in the world.

mod calendar;
mod contract;
mod notice;
mod outage;
mod pick;
mod renewal;

pub use calendar::{Calendar, Flap};
pub use contract::{FaultError, JOINED, Manner, Named, Scene};
pub use notice::notices;
pub use outage::{KINDS, Kind};
pub use pick::{Pick, rank};
pub use renewal::{CYCLES, Common, Draw, Renewal, Span, weather};
