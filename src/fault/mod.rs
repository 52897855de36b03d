//! Faults: what goes down, when, and how anyone notices.
//!
//! A scenario says `hit: zone/hangzhou/h`; a [`Scene`] knows what stands there. The world makes its own scene
//! (`World::scene`) and turns an outage into dated changes (`World::schedule`); the machine only meets the changes.
//! Outages are the one kind of fault so far. Knows nothing of worlds or proxies.

mod contract;
mod notice;
mod outage;
mod renewal;

pub use contract::{FaultError, Manner, Scene};
pub use notice::notices;
pub use outage::{KINDS, Kind};
pub use renewal::{CYCLES, Common, Draw, Renewal, Span, weather};
