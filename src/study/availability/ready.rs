//! From the end of an outage until what it took serves again: a process that starts, and callers that are told of it.
//!
//! While one unit is missing that hardly matters, the others serve. But several are missing together for longer than their
//! machines are down together.

use super::component::Fall;
use crate::policy::readiness::Readiness;
use crate::world::{EndpointId, Target, World};

/// Seconds on average, of the last process that one unit takes down: its `start-up`, half a readiness probe's period and the push.
pub(super) fn serves_after(world: &World, falls: &[Fall]) -> f64 {
    let of = |&(target, _): &Fall| match target {
        Target::Endpoint(endpoint) => of_endpoint(world, endpoint),
        Target::Place(place) => {
            let slowest = world.listens_after(target).seconds();
            world.endpoints_at(place).map(|id| of_endpoint(world, id)).fold(slowest, f64::max)
        }
        _ => 0.0,
    };
    falls.iter().map(of).fold(0.0, f64::max)
}

fn of_endpoint(world: &World, endpoint: EndpointId) -> f64 {
    let service = world.endpoints[endpoint].service;
    let push = world.control.planes.rows().iter().map(|plane| plane.push.seconds()).fold(0.0, f64::max);
    let told = |probe: &Readiness| probe.period.seconds() * (f64::from(probe.success) - 0.5) + push;
    let probe = world.control.readiness.get(service.0 as usize).and_then(Option::as_ref);
    // Without a control plane nobody was told that it is gone.
    let told = if world.control.planes.is_empty() { 0.0 } else { probe.map_or(0.0, told) };
    world.start_up(service).seconds() + told
}
