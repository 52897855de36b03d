//! Connections on a dead path: they hang, try again, and are given up at last.
//!
//! Nothing tells a client that a path is dead: no reset comes. Its kernel sends unanswered bytes again at doubling
//! distances and gives up after 924.6 s; an HTTP/2 ping, if there is one, does so much earlier.

use super::calls::{Attempt, NONE};
use super::event::Kind;
use super::machine::Machine;
use super::tcp;
use super::transfer::Window;
use crate::engine::Schedule;
use crate::record::Failure;
use crate::units::{Duration, SimTime};

impl Machine<'_> {
    /// A message was sent into nothing: it waits for its connection to recover or to be given up.
    pub(super) fn hang(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let slot = self.attempts[attempt].connection;
        let lost_request = !self.attempts[attempt].is(Attempt::RESPONSE);
        if lost_request && self.attempts[attempt].is(Attempt::CLIENT_DONE) {
            // The stream was reset meanwhile: the server never hears of it. Its connection hangs all the same.
            self.attempts[attempt].flags |= Attempt::SERVER_DONE;
        }
        let was = self.connections[slot].hung_since;
        if was == u64::MAX {
            self.connections[slot].hung_since = now.nanos();
        }
        self.connections[slot].stuck[usize::from(!lost_request)] = true;
        self.plan_give_up(slot, lost_request, now, schedule);
        if self.attempts[attempt].is(Attempt::CLIENT_DONE) {
            self.attempts[attempt].flags |= Attempt::SERVER_DONE;
            self.leave_line(attempt, schedule);
            self.free_attempt(attempt);
            return;
        }
        self.attempts[attempt].flags |= Attempt::HUNG;
        self.attempts[attempt].next = NONE;
        let connection = &mut self.connections[slot];
        let last = connection.hung.1;
        connection.hung.1 = attempt;
        if last == NONE {
            connection.hung.0 = attempt;
        } else {
            self.attempts[last].next = attempt;
        }
        let dead = self.dead_since(&self.connections[slot]).is_some();
        if !dead {
            // Lost to a process that died and came back: its kernel answers the next retransmission with a reset.
            self.plan_retransmit(slot, now, schedule);
        }
    }

    /// When the client's kernel gives up unanswered bytes (924.6 s), or its ping does.
    fn plan_give_up(&mut self, slot: u32, lost_request: bool, now: SimTime, schedule: &mut Schedule) {
        let policy = self.policy_of(self.connections[slot].upstream);
        let connection = &self.connections[slot];
        let mut at = connection.give_up;
        if lost_request {
            // Nobody re-arms a clock that already runs.
            at = at.min(now.nanos() + tcp::GIVE_UP);
        }
        if let (Some((interval, timeout)), Some(since)) = (policy.http2_ping, self.dead_since(connection)) {
            at = at.min((next_ping(connection.opened, interval.nanos(), since) + timeout.nanos()).max(now.nanos()));
        }
        if at < connection.give_up {
            let key = connection.key;
            self.connections[slot].give_up = at;
            schedule.at(SimTime::from_nanos(at), Kind::GiveUp.order_of(0, key), slot);
        }
    }

    /// TCP or a ping gives a hung connection up.
    pub(super) fn give_up(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        if self.connections[slot].give_up == now.nanos() {
            self.break_connection(slot, Failure::Reset, now, schedule);
        }
    }

    /// The path lives again: the next retransmission will get through.
    pub(super) fn plan_retransmit(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &self.connections[slot];
        let round_trip = self.hot.paths[connection.path.0 as usize].round_trip;
        let at = tcp::next_try(connection.hung_since, round_trip, now.nanos());
        if at == connection.retry_at {
            return;
        }
        schedule.at(SimTime::from_nanos(at), Kind::Retransmit.order_of(0, connection.key), slot);
        self.connections[slot].retry_at = at;
    }

    /// A hung connection sends again.
    pub(super) fn retransmit(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &self.connections[slot];
        if connection.retry_at != now.nanos() || connection.hung_since == u64::MAX {
            return;
        }
        if self.dead_since(connection).is_some() {
            return;
        }
        if connection.epoch != self.servers[connection.endpoint.0 as usize].epoch {
            // The process that knew this connection is gone; the kernel answers with a reset.
            self.break_connection(slot, Failure::Reset, now, schedule);
            return;
        }
        let connection = &mut self.connections[slot];
        let mut next = connection.hung.0;
        connection.hung = (NONE, NONE);
        connection.stuck = [false; 2];
        connection.hung_since = u64::MAX;
        connection.give_up = u64::MAX;
        connection.window = [Window::FRESH; 2];
        // A nanosecond apart: of two messages of a connection it is never open which of them is handed over first.
        let mut leaves = now;
        while next != NONE {
            let attempt = next;
            next = std::mem::replace(&mut self.attempts[attempt].next, NONE);
            self.attempts[attempt].flags &= !Attempt::HUNG;
            if self.attempts[attempt].is(Attempt::CLIENT_DONE) {
                self.attempts[attempt].flags |= Attempt::SERVER_DONE;
                self.leave_line(attempt, schedule);
                self.free_attempt(attempt);
                continue;
            }
            self.trace_until(attempt, now, "retransmission", |_, _| "dead path, sent again".into());
            self.attempts[attempt].leg = 0;
            self.attempts[attempt].resent = 0;
            self.travel(attempt, leaves, now, schedule);
            leaves += Duration::from_nanos(1);
        }
    }
}

/// The first ping sent at or after `since`, on a connection that has pinged every `interval` since `opened`.
pub(super) fn next_ping(opened: u64, interval: u64, since: u64) -> u64 {
    opened + since.saturating_sub(opened).div_ceil(interval.max(1)).max(1) * interval.max(1)
}

#[cfg(test)]
mod tests {
    use super::next_ping;

    #[test]
    fn a_ping_is_sent_every_interval_from_the_opening_on() {
        assert_eq!(next_ping(3, 10, 3), 13);
        assert_eq!(next_ping(3, 10, 13), 13);
        assert_eq!(next_ping(3, 10, 14), 23);
    }
}
