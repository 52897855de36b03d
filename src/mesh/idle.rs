//! Connections that rest: idle limits, age, probes of what nobody uses.
//!
//! The client's proxy closes what had no request for its idle timeout, and what is too old; a balancer on the way resets
//! what carried no packet for its limit (both ends hear of it), or forgets it silently: then the next packet is answered
//! by a reset. Pings and keepalive probes are packets: more often than the limit, they keep a connection open.

use super::connections::{Connection, State};
use super::event::Kind;
use super::hanging::next_ping;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::policy::Policy;
use crate::units::{Duration, SimTime};
use crate::world::Path;

/// After how long without use a connection is closed, and forgotten by something on its way; `u64::MAX`: never.
pub(super) fn limits(policy: &Policy, path: &Path) -> (u64, u64) {
    let nanos = |span: Option<Duration>| span.map_or(u64::MAX, Duration::nanos);
    let own = nanos(policy.pool.idle_timeout);
    let probes = [policy.http2_ping.map(|(interval, _)| interval), policy.pool.keepalive.map(|probes| probes.time)];
    let kept = probes.into_iter().flatten().any(|every| every < path.idle_limit);
    match (kept, path.idle_silent) {
        (true, _) => (own, u64::MAX),
        (false, true) => (own, path.idle_limit.nanos()),
        (false, false) => (own.min(path.idle_limit.nanos()), u64::MAX),
    }
}

impl Machine<'_> {
    /// Idle too long, too old, or already closed by a ping or probe that nobody answered.
    #[inline(always)]
    pub(super) fn worn(&self, slot: u32, now: SimTime) -> bool {
        let connection = &self.connections[slot];
        if connection.state != State::Open {
            return false;
        }
        let now = now.nanos();
        // An answer that is certain may arrive at a time to come.
        if connection.attached == 0 && now.saturating_sub(connection.at) >= connection.idle_limit {
            return true;
        }
        now >= connection.old_at || self.down > 0 && self.probed_in_vain(connection, now)
    }

    #[inline(never)]
    fn probed_in_vain(&self, connection: &Connection, now: u64) -> bool {
        let policy = self.policy_of(connection.upstream);
        let Some(since) = self.dead_since(connection) else { return false };
        let pinged = policy.http2_ping.is_some_and(|(interval, timeout)| {
            next_ping(connection.opened, interval.nanos(), since) + timeout.nanos() <= now
        });
        // No keepalive probes while anything is unanswered: then TCP's own timeouts run.
        let probed = policy.pool.keepalive.is_some_and(|probes| {
            let first = next_ping(connection.at, probes.time.nanos(), since);
            connection.attached == 0 && first + probes.patience().nanos() <= now
        });
        pinged || probed
    }

    /// Plans the first look at whether an open connection is idle or old.
    pub(super) fn watch_idle(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &self.connections[slot];
        let limit = connection.idle_limit.min(connection.forget);
        self.look_again(slot, connection.at.max(now.nanos()).saturating_add(limit), schedule);
    }

    fn look_again(&mut self, slot: u32, at: u64, schedule: &mut Schedule) {
        let connection = &mut self.connections[slot];
        // Older than it may be before it was up: it is looked at once it is.
        connection.look_at = at.min(connection.old_at).max(schedule.now().nanos());
        if connection.look_at < u64::MAX {
            let at = SimTime::from_nanos(connection.look_at);
            schedule.at(at, Kind::Idle.order_of(0, connection.key), slot);
        }
    }

    /// Has a connection been idle, or open, for long enough by now?
    pub(super) fn look_at_idle(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &mut self.connections[slot];
        if connection.state != State::Open || connection.look_at != now.nanos() {
            return;
        }
        let rests = connection.attached == 0;
        let idle = now.nanos().saturating_sub(connection.at);
        if now.nanos() >= connection.old_at || rests && idle >= connection.idle_limit {
            self.retire(slot, schedule);
            return;
        }
        if rests && idle >= connection.forget && !connection.forgotten {
            connection.forgotten = true;
            let path = connection.path;
            self.ledger.connection_closed(path);
        }
        let connection = &self.connections[slot];
        let from = if rests { connection.at } else { now.nanos() };
        let limit =
            if connection.forgotten { connection.idle_limit } else { connection.idle_limit.min(connection.forget) };
        self.look_again(slot, from.saturating_add(limit), schedule);
    }

    /// A request is about to leave, at `leaves`, over a connection that something on its way may have forgotten: the
    /// answer is a reset, a round trip later, for it and all that follow it until then.
    #[inline(always)]
    pub(super) fn forgotten_by_now(&mut self, slot: u32, leaves: SimTime, schedule: &mut Schedule) {
        if self.connections[slot].forget < u64::MAX {
            self.meet_oblivion(slot, leaves, schedule);
        }
    }

    #[inline(never)]
    fn meet_oblivion(&mut self, slot: u32, leaves: SimTime, schedule: &mut Schedule) {
        let connection = &mut self.connections[slot];
        let idle = leaves.nanos().saturating_sub(connection.at);
        let rests = connection.attached == 0 && connection.hung_since == u64::MAX;
        if connection.state != State::Open || !rests || idle < connection.forget {
            return;
        }
        connection.stuck = [true; 2];
        connection.hung_since = leaves.nanos();
        let told = leaves.nanos() + self.hot.paths[connection.path.0 as usize].round_trip;
        connection.give_up = told;
        schedule.at(SimTime::from_nanos(told), Kind::GiveUp.order_of(0, connection.key), slot);
    }
}
