//! What a link does to a message by chance: jitter, and loss in the state that the link is in.

use super::calls::{Attempt, nth};
use super::machine::Machine;
use super::spells::Spells;
use super::tcp;
use crate::units::{Duration, SimTime};
use crate::world::{Direction, LinkId, PathId, World};

/// In place of a leg, in the key of a draw: what faults lose on the whole way.
pub(super) const FAULTS: u64 = 0x7fff;

impl Machine<'_> {
    /// Jitter and loss of a link.
    pub(super) fn disturb(&mut self, attempt: u32, link: LinkId, leg: usize, at: SimTime) -> SimTime {
        let row = &self.attempts[attempt];
        let call = &self.calls[row.call];
        let key = nth(call.key, u64::from(row.number) << 16 | u64::from(row.is(Attempt::RESPONSE)) << 15 | leg as u64);
        let path = self.path_of(attempt);
        let segments = if row.is(Attempt::LONG) { 0 } else { self.message(attempt).segments };
        let (jitter, delay, lost) = self.draw_noise(link, path, key, segments, at);
        self.resent(attempt, lost, at);
        let jittered = at + jitter;
        let leaves = jittered + delay;
        self.trace_span(attempt, "jitter", at, jittered, |world, _| world.links[link].name.clone());
        self.trace_span(attempt, "retransmission", jittered, leaves, |world, _| {
            format!("{lost} lost on {}", world.links[link].name)
        });
        leaves
    }

    /// A round trip of a message sent at `at`, without queueing.
    pub(super) fn round_trip(&self, path: PathId, at: SimTime) -> u64 {
        let later = if self.strained { self.hot.strains.later(self.world, path, at) } else { 0 };
        self.hot.paths[path.0 as usize].round_trip + later
    }

    /// What faults do to a message that is sent at `sent` (where it has stopped, from there on) and would arrive at `at`:
    /// it takes longer, and its packets are lost.
    #[cold]
    #[inline(never)]
    pub(super) fn strain(&mut self, attempt: u32, sent: SimTime, at: SimTime) -> SimTime {
        let (row, path) = (&self.attempts[attempt], self.path_of(attempt));
        let direction = usize::from(row.is(Attempt::RESPONSE));
        if !self.hot.paths[path.0 as usize].strained[direction] {
            return at;
        }
        let key = nth(self.calls[row.call].key, u64::from(row.number) << 16 | (direction as u64) << 15 | FAULTS);
        let segments = if row.is(Attempt::LONG) { 0 } else { self.message(attempt).segments };
        let (added, delay, lost) = self.draw_strain(path, direction, key, segments, sent);
        let slowed = at + added;
        self.trace_span(attempt, "slow", at, slowed, |world, _| world.paths[path].name.clone());
        self.resent(attempt, lost, sent);
        let leaves = slowed + delay;
        self.trace_span(attempt, "retransmission", slowed, leaves, |_, _| format!("{lost} lost by a fault"));
        leaves
    }

    /// By how much longer a way takes a message, for how long what it loses holds it, and how many packets that is.
    pub(super) fn draw_strain(
        &mut self,
        path: PathId,
        direction: usize,
        key: u64,
        segments: u64,
        sent: SimTime,
    ) -> (Duration, Duration, u32) {
        let strains = &self.hot.strains;
        let added = strains.added(self.world, path, direction, sent);
        let pass = strains.pass(self.world, path, direction, sent);
        if segments == 0 || pass >= 1.0 {
            return (added, Duration::ZERO, 0);
        }
        let (delay, lost) =
            tcp::recovery(self.strain_key.uniform(key), 1.0 - pass, segments, self.round_trip(path, sent));
        (added, Duration::from_nanos(delay), lost)
    }

    /// So many packets of a message were lost and are sent again.
    fn resent(&mut self, attempt: u32, lost: u32, at: SimTime) {
        if lost == 0 {
            return;
        }
        let (path, row) = (self.path_of(attempt), &self.attempts[attempt]);
        let response = row.is(Attempt::RESPONSE);
        let carrier = row.connection;
        let bytes = u64::from(lost) * tcp::MSS.min(self.wire_bytes(attempt));
        self.connections[carrier].window[usize::from(response)].lost();
        let direction = if response { Direction::Back } else { Direction::Forward };
        self.ledger.resent(path, direction, bytes, true, at);
        self.ledger.lost(path, at);
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
            let mut seconds = world.laws[jitter.law].sample(keys.jitter.uniform(key));
            if self.strained {
                seconds *= self.hot.strains.factor(link, path, at);
            }
            Duration::from_seconds_f64(seconds * jitter.factor.at(at, self.zero))
        });
        if segments == 0 || noise.loss.is_none() {
            return (jitter, Duration::ZERO, 0);
        }
        let round_trip = self.round_trip(path, at);
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
