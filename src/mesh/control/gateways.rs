//! Pods of gateways that are sent away: what their balancer and their callers do until they exit.
//!
//! No proxy knows a gateway's pods, so that no push tells of them. The balancer opens nothing new to one that it has missed;
//! what is established stays. A gateway that reads HTTP asks its callers to close with each answer that it gives; one that
//! passes TLS through cannot.

use super::timeline::{Deed, Step, away, away_by, leaving};
use crate::engine::Schedule;
use crate::mesh::connections::State;
use crate::mesh::machine::Machine;
use crate::units::SimTime;
use crate::world::{Change, GatewayId, Leg, StationId, Target, World};

/// Callers that use a connection hear within so long that they are to close it: with the next answer over it (estimated).
const HEARD: i64 = 1_000_000_000;

/// When callers of gateways that end TLS hear that they are to close their connections to a pod that is sent away: again
/// and again, as long as its balancer leads new ones there.
pub(super) fn closings(world: &World, changes: &[(i64, Change)]) -> Vec<Step> {
    let (leaving, away) = (leaving(changes), away(changes));
    let mut steps = Vec::new();
    for (&target, spans) in &leaving {
        let Target::Station(pod) = target else { continue };
        let Some(gateway) = world.gateway_of(pod).filter(|&gateway| ends_tls(world, gateway)) else { continue };
        let deregister = world.pods_of(gateway).deregister.nanos().cast_signed();
        let exited = away_by(&away, target, true);
        for (from, to) in spans.iter() {
            let exits = exited.iter().map(|(exits, _)| exits).find(|exits| *exits >= from).unwrap_or(to);
            let left = from.saturating_add(deregister);
            let times = (0..).map(|turn| from + turn * HEARD).take_while(|at| *at < left.min(exits));
            let last = (left < exits).then_some(left);
            steps.extend(times.chain(last).map(|at| Step { at, deed: Deed::Close(pod) }));
        }
    }
    steps
}

/// Does a gateway end TLS, and read the requests?
fn ends_tls(world: &World, gateway: GatewayId) -> bool {
    world.greetings.keys().any(|path| world.paths[*path].legs.contains(&Leg::Gateway(gateway)))
}

impl Machine<'_> {
    /// A gateway's pod is sent away, or the next one in its place listens.
    pub(in crate::mesh) fn sends_away(&mut self, target: Target, begins: bool, now: SimTime) {
        let Target::Station(pod) = target else { return };
        let state = &mut self.stations[pod.0 as usize];
        if begins {
            state.leaving += 1;
            if state.leaving == 1 {
                let gateway = self.world.gateway_of(pod).expect("pods that are sent away are of a gateway");
                state.left_out = now.nanos().saturating_add(self.world.pods_of(gateway).deregister.nanos());
            }
        } else {
            state.leaving -= 1;
            if state.leaving == 0 {
                state.left_out = u64::MAX;
            }
        }
    }

    /// Connections to a gateway's pod take no new calls; what is on them is answered.
    pub(super) fn close_at(&mut self, pod: StationId, schedule: &mut Schedule) {
        let mut open: Vec<(u64, u32)> = (0..self.connections.slots())
            .filter(|&slot| {
                let connection = &self.connections[slot];
                connection.state == State::Open
                    && connection.replica == pod
                    && self.world.greetings.contains_key(&connection.path)
            })
            .map(|slot| (self.connections[slot].key, slot))
            .collect();
        open.sort_unstable();
        for (key, slot) in open {
            // What the end of one leads to may close another one, and give its place to a new one.
            if self.connections[slot].key == key && self.connections[slot].state == State::Open {
                self.retire(slot, schedule);
            }
        }
    }
}
