//! Gateways behind a name: who finds out that an address of a balancer leads nowhere, and when.
//!
//! The balancer's checks find it first and take it out of what the name leads to. A control plane resolves the name anew
//! when an answer is too old, and pushes what has changed (istiod: `networkGatewayNameCache`). Where no name is said,
//! new connections follow the checks at once. Established ones stay where they are.

use std::collections::BTreeMap;

use super::connections::BALANCER_DETECT;
use super::control::Rollback;
use super::machine::Machine;
use crate::random::Key;
use crate::units::SimTime;
use crate::world::{Change, EndpointId, GatewayId, PathId, PlaceId, World};

/// An answer is kept for so long at least: istiod's `MinGatewayTTL`.
const LEAST_TTL: u64 = 30_000_000_000;

/// Gateways that are known by a name, in a run.
#[derive(Debug)]
pub(super) struct Names<'w> {
    world: &'w World,
    /// How long an answer is kept, and by what the instant is drawn at which it is asked for.
    kept: BTreeMap<GatewayId, (u64, Key)>,
    push: Rollback<'w>,
}

impl<'w> Names<'w> {
    /// None where no gateway has a name.
    pub(super) fn new(world: &'w World, changes: &[(i64, Change)], seed: u64, replication: u32) -> Option<Box<Self>> {
        if world.names.is_empty() {
            return None;
        }
        let kept = world.names.iter().map(|(&id, ttl)| {
            let key = Key::new(seed, replication, &world.gateways[id].name, "name");
            (id, (ttl.nanos().max(LEAST_TTL), key))
        });
        Some(Box::new(Names { world, kept: kept.collect(), push: Rollback::new(world, changes) }))
    }

    /// When the proxies of a place hear of what the balancer has known since an instant; `u64::MAX`: not in this run.
    fn told(&self, gateway: GatewayId, place: PlaceId, known: u64) -> u64 {
        let Some((every, key)) = self.kept.get(&gateway) else { return known };
        let fill = self.world.plan.fill.nanos().cast_signed();
        let plane = self.world.control.serves.get(place.0 as usize).map_or(0, |serves| u64::from(serves.plane.0));
        let asked = next(known, *every, key.bits(plane) % every);
        let heard = self.push.reaches(place, asked.cast_signed() - fill);
        if heard == i64::MAX { u64::MAX } else { (heard + fill).cast_unsigned() }
    }
}

/// The first instant from `known` on that is a whole number of periods after `phase`.
fn next(known: u64, every: u64, phase: u64) -> u64 {
    if known <= phase { phase } else { phase + (known - phase).div_ceil(every) * every }
}

impl Machine<'_> {
    /// The same replica by another way, where the chosen one has been dead for so long that the balancer's name no longer
    /// leads there, as far as a client's proxies have been told.
    pub(super) fn entrance(
        &self,
        (gateway, client): (GatewayId, PlaceId),
        behind: &[(EndpointId, PathId)],
        chosen: (EndpointId, PathId),
        now: SimTime,
    ) -> (EndpointId, PathId) {
        let known_dead = |path: PathId| {
            let state = &self.path_states[path.0 as usize];
            let known = state.down_since + BALANCER_DETECT;
            let told = || self.names.as_ref().map_or(known, |names| names.told(gateway, client, known));
            state.down > 0 && now.nanos() >= known && now.nanos() >= told()
        };
        if self.down == 0 || !known_dead(chosen.1) {
            return chosen;
        }
        behind.iter().copied().find(|member| member.0 == chosen.0 && !known_dead(member.1)).unwrap_or(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn a_name_is_asked_for_anew_when_its_answer_is_too_old() {
        // At 7, 37, 67 and so on.
        assert_eq!([0, 7, 8, 37, 38].map(|known| next(known, 30, 7)), [7, 7, 37, 37, 67]);
    }
}
