//! Delivery in order: what was sent first over a connection, in its direction, is handed over first (TCP, RFC 9293).
//!
//! A loss holds all later bytes of its connection, and with HTTP/2 so all its streams; jitter never makes one message
//! overtake another. Of a message that meets no stop on its way the arrival is known when it is sent: later ones arrive
//! no earlier. One that may have to stop, at a cap or a gateway, stands in a line, and those behind it wait for it where
//! they arrive.

use std::collections::VecDeque;

use super::calls::Attempt;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::units::SimTime;

/// Messages under way on one connection in one direction.
#[derive(Clone, Default, Debug)]
pub(super) struct Line {
    /// Of messages whose arrival is known: when they were sent and when they arrive. Both ascend.
    known: Vec<(u64, u64)>,
    /// Messages that may have to stop, by when they were sent: the attempt.
    open: VecDeque<(u64, u32)>,
}

/// May a message be handed over where it has arrived?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// Nothing is known of it here: nobody waits for it.
    Free,
    /// It is the first of its line.
    First,
    /// All before it are on their way, and there at this time.
    At(u64),
    /// One before it may still have to stop.
    Behind,
}

impl Line {
    /// The earliest time after the arrival of all messages sent no later than `sent`. A nanosecond apart: two messages
    /// of a connection are never handed over at one instant, where it would be open which of them is first.
    fn after(&self, sent: u64) -> u64 {
        let end = self.known.partition_point(|one| one.0 <= sent);
        if end == 0 { 0 } else { self.known[end - 1].1 + 1 }
    }

    /// A message sent at `sent` would arrive at `at` if nothing were before it: tells when it does.
    fn follow(&mut self, sent: u64, at: u64, now: u64) -> u64 {
        // Who has arrived by now holds nobody.
        let gone = self.known.partition_point(|one| one.1 <= now);
        if gone > 0 {
            self.known.drain(..gone);
        }
        let place = self.known.partition_point(|one| one.0 <= sent);
        let at = if place == 0 { at } else { at.max(self.known[place - 1].1 + 1) };
        // Sent later and there earlier than this one: whoever waits for this one waits for those.
        let idle = self.known[place..].partition_point(|one| one.1 <= at);
        if idle == 0 {
            self.known.insert(place, (sent, at));
        } else {
            self.known[place] = (sent, at);
            self.known.drain(place + 1..place + idle);
        }
        at
    }

    fn join(&mut self, sent: u64, attempt: u32) {
        let place = self.open.partition_point(|one| one.0 <= sent);
        self.open.insert(place, (sent, attempt));
    }

    fn place(&self, attempt: u32) -> Option<usize> {
        self.open.iter().position(|one| one.1 == attempt)
    }

    /// What becomes of a message that has arrived at `now`?
    #[inline]
    pub(super) fn turn(&self, attempt: u32, now: u64) -> Turn {
        if self.open.is_empty() {
            return Turn::Free;
        }
        match self.place(attempt) {
            None => Turn::Free,
            Some(0) => {
                let until = self.after(self.open[0].0);
                if until > now { Turn::At(until) } else { Turn::First }
            }
            Some(_) => Turn::Behind,
        }
    }

    /// The connection is gone, and all that was on it.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.open.clear();
    }
}

impl Machine<'_> {
    /// The message of an attempt is sent at `sent`: where it may have to stop, it takes its place among the others.
    #[inline]
    pub(super) fn line_up(&mut self, attempt: u32, sent: SimTime) {
        let row = &self.attempts[attempt];
        let direction = usize::from(row.is(Attempt::RESPONSE));
        let connection = &mut self.connections[row.connection];
        if self.hot.paths[connection.path.0 as usize].stops[direction] {
            connection.lines[direction].join(sent.nanos(), attempt);
        }
    }

    /// A message that was sent at `sent` has no stop left before its end, where it would be at `at`: when it arrives.
    #[inline]
    pub(super) fn in_order(&mut self, attempt: u32, sent: SimTime, at: SimTime, now: SimTime) -> SimTime {
        let row = &self.attempts[attempt];
        let direction = usize::from(row.is(Attempt::RESPONSE));
        let connection = &mut self.connections[row.connection];
        let way = &self.hot.paths[connection.path.0 as usize];
        let line = &mut connection.lines[direction];
        let arrives = if way.stops[direction] {
            match line.place(attempt) {
                Some(place) => line.after(line.open[place].0).max(at.nanos()),
                None => return at,
            }
        } else if way.noisy[direction] {
            line.follow(sent.nanos(), at.nanos(), now.nanos())
        } else {
            return at;
        };
        let arrives = SimTime::from_nanos(arrives);
        self.trace_span(attempt, "in order", at, arrives, |_, _| "behind what was sent before".into());
        arrives
    }

    /// An answer with no stop left arrives at `at`, and needs no event: those behind it know when it does. False where
    /// one before it may still have to stop.
    pub(super) fn arrives_in_turn(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> bool {
        let slot = self.attempts[attempt].connection;
        let line = &mut self.connections[slot].lines[1];
        match line.place(attempt) {
            None => true,
            Some(0) => {
                let (sent, _) = line.open[0];
                line.follow(sent, at.nanos(), schedule.now().nanos());
                self.step_out(slot, 1, 0, schedule);
                true
            }
            Some(_) => false,
        }
    }

    /// Is it certain that no answer will be sent over this connection before `at` of which nothing is known yet? So it
    /// is where order does not matter, and where this is the only call on it and another one's answer would be sent later.
    /// A loss matters too where a cap comes after it: it halves the window with which others send again what was dropped.
    pub(super) fn answers_in_turn(&self, slot: u32, at: SimTime, now: SimTime) -> bool {
        let connection = &self.connections[slot];
        let way = &self.hot.paths[connection.path.0 as usize];
        !(way.noisy[1] || way.lossy[1]) || connection.attached == 1 && at.nanos() < now.nanos() + way.floor
    }

    /// A message is where it goes: may it be handed over? Else it waits for those before it.
    pub(super) fn takes_turn(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) -> bool {
        let row = &self.attempts[attempt];
        let (slot, direction) = (row.connection, usize::from(row.is(Attempt::RESPONSE)));
        match self.connections[slot].lines[direction].turn(attempt, now.nanos()) {
            Turn::Free => true,
            Turn::First => {
                // Known from now on, so that one that arrives at this very instant follows a nanosecond later.
                let (line, clock) = (&mut self.connections[slot].lines[direction], now.nanos());
                line.follow(line.open[0].0, clock, clock.saturating_sub(1));
                self.step_out(slot, direction, 0, schedule);
                true
            }
            Turn::At(at) => {
                let at = SimTime::from_nanos(at);
                self.trace_span(attempt, "in order", now, at, |_, _| "behind what was sent before".into());
                self.on_its_way(attempt, at, schedule);
                false
            }
            Turn::Behind => {
                self.attempts[attempt].flags |= Attempt::HELD;
                false
            }
        }
    }

    /// A message will never arrive: nobody waits for it any more.
    pub(super) fn leave_line(&mut self, attempt: u32, schedule: &mut Schedule) {
        let row = &self.attempts[attempt];
        let (slot, direction) = (row.connection, usize::from(row.is(Attempt::RESPONSE)));
        if let Some(place) = self.connections[slot].lines[direction].place(attempt) {
            self.step_out(slot, direction, place, schedule);
        }
    }

    /// The message at a place of a line leaves it; if that makes one the first that has arrived, its turn has come.
    pub(super) fn step_out(&mut self, slot: u32, direction: usize, place: usize, schedule: &mut Schedule) {
        let line = &mut self.connections[slot].lines[direction];
        line.open.remove(place);
        if place > 0 {
            return;
        }
        let Some(&(sent, next)) = line.open.front() else { return };
        if self.attempts[next].is(Attempt::HELD) {
            let at = SimTime::from_nanos(line.after(sent).max(schedule.now().nanos() + 1));
            self.attempts[next].flags &= !Attempt::HELD;
            self.trace_until(next, at, "in order", |_, _| "behind what was sent before".into());
            self.on_its_way(next, at, schedule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_later_arrives_no_earlier() {
        let mut line = Line::default();
        assert_eq!(line.follow(10, 100, 0), 100);
        assert_eq!(line.follow(20, 50, 0), 101);
        // Sent before both, though known only now: it waits for nobody.
        assert_eq!(line.follow(5, 30, 0), 30);
        assert_eq!(line.follow(15, 120, 0), 120);
        assert_eq!(line.follow(12, 60, 0), 101);
        assert_eq!(line.follow(20, 60, 0), 121);
        // All of them have arrived.
        assert_eq!(line.follow(130, 140, 125), 140);
        assert_eq!(line.known, [(130, 140)]);
    }

    #[test]
    fn one_that_may_still_stop_holds_those_behind_it() {
        let mut line = Line::default();
        line.join(10, 1);
        line.join(20, 2);
        line.join(15, 3);
        assert_eq!(line.turn(3, 50), Turn::Behind);
        assert_eq!(line.turn(1, 50), Turn::First);
        assert_eq!(line.turn(4, 50), Turn::Free);
        line.follow(10, 90, 50);
        line.open.pop_front();
        assert_eq!(line.turn(3, 50), Turn::At(91));
        assert_eq!(line.turn(3, 91), Turn::First);
    }
}
