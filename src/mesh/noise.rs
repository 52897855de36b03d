//! What a link does to a message by chance: jitter, and loss in the state that the link is in.

use super::calls::{Attempt, nth};
use super::machine::Machine;
use super::spells::Spells;
use super::tcp;
use crate::units::{Duration, SimTime};
use crate::world::{Direction, LinkId, PathId, World};

impl Machine<'_> {
    /// Jitter and loss of a link.
    pub(super) fn disturb(&mut self, attempt: u32, link: LinkId, leg: usize, at: SimTime) -> SimTime {
        let row = &self.attempts[attempt];
        let call = &self.calls[row.call];
        let key = nth(call.key, u64::from(row.number) << 16 | u64::from(row.is(Attempt::RESPONSE)) << 15 | leg as u64);
        let (path, response) = (self.path_of(attempt), row.is(Attempt::RESPONSE));
        let segments = if row.is(Attempt::LONG) { 0 } else { self.message(attempt).segments };
        let (jitter, delay, lost) = self.draw_noise(link, path, key, segments, at);
        if lost > 0 {
            let connection = &mut self.connections[self.attempts[attempt].connection];
            connection.window[usize::from(response)].lost();
            let bytes = u64::from(lost) * tcp::MSS.min(self.wire_bytes(attempt));
            let direction = if response { Direction::Back } else { Direction::Forward };
            self.ledger.resent(path, direction, bytes, true, at);
            self.ledger.lost(path, at);
        }
        let jittered = at + jitter;
        let leaves = jittered + delay;
        self.trace_span(attempt, "jitter", at, jittered, |world, _| world.links[link].name.clone());
        self.trace_span(attempt, "retransmission", jittered, leaves, |world, _| {
            format!("{lost} lost on {}", world.links[link].name)
        });
        leaves
    }

    pub(super) fn draw_noise(
        &mut self,
        link: LinkId,
        path: PathId,
        key: u64,
        segments: u64,
        at: SimTime,
    ) -> (Duration, Duration, u32) {
        let (world, keys) = (self.world, &self.link_keys[link.0 as usize]);
        let noise = &world.links[link];
        let jitter = noise.jitter.map_or(Duration::ZERO, |jitter| {
            let seconds = world.laws[jitter.law].sample(keys.jitter.uniform(key));
            Duration::from_seconds_f64(seconds * jitter.factor.at(at, self.zero))
        });
        if segments == 0 || noise.loss.is_none() {
            return (jitter, Duration::ZERO, 0);
        }
        let round_trip = self.hot.paths[path.0 as usize].round_trip;
        let chance = chance_of_loss(world, &mut self.spells, link, at, self.zero);
        let (delay, lost) =
            tcp::recovery(self.link_keys[link.0 as usize].loss.uniform(key), chance, segments, round_trip);
        (jitter, Duration::from_nanos(delay), lost)
    }
}

/// Chance that a packet is lost on a link then, in the state that it is in.
pub(super) fn chance_of_loss(
    world: &World,
    spells: &mut [Option<Spells>],
    link: LinkId,
    at: SimTime,
    zero: SimTime,
) -> f64 {
    let Some(loss) = &world.links[link].loss else { return 0.0 };
    let from_zero = at.nanos().cast_signed() - zero.nanos().cast_signed();
    let bad = spells[link.0 as usize].as_mut().is_some_and(|spells| spells.bad_at(from_zero));
    loss.at(bad, at, zero)
}
