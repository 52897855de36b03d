//! What is certain is done ahead of its time, and needs no event.
//!
//! Handlers take the time `at` which something happens; mostly that is the instant of the event, but where nothing can
//! come in between it may be later. An answer whose way home has neither state nor chance left, that no fault, timeout
//! or broken connection can meet on it, arrives: its call is settled at once, as of then, and so up the tree, as far as
//! callers had nothing left to do but wait for it. What others may look at meanwhile (how busy a host is, how healthy)
//! is told when they look: see `Machine::catch_up`.

use super::calls::{Attempt, Call, NONE, SUB};
use super::connections::State;
use super::machine::Machine;
use super::settle::is_sub;
use crate::engine::Schedule;
use crate::units::SimTime;
use crate::world::Step;

impl Machine<'_> {
    /// Will nothing fall or come back until then, nor the run be over?
    #[inline]
    pub(super) fn certain(&self, at: SimTime) -> bool {
        at <= self.certain_until
    }

    /// Is the end of this frame at `at` certain, and the end of all that it does?
    pub(super) fn ends_surely(&self, frame: u32, at: SimTime, now: SimTime) -> bool {
        let core = self.core(frame);
        if core.failed > 0 || !self.certain(at) || !matches!(self.world.program[core.pc as usize + 1], Step::End) {
            return false;
        }
        let row = &self.attempts[self.attempt_of(frame)];
        let replica = &self.hot.replicas[self.connections[row.connection].endpoint.0 as usize];
        // A thread that becomes free is given to the next at that instant; a window opens in the order of sending.
        if replica.threads || replica.windows[1] || !self.alive(frame) {
            return false;
        }
        if is_sub(frame) {
            return self.frames[frame & !SUB].left == 1;
        }
        self.answers_in_turn(row.connection, at, now) && self.wanted(row, at)
    }

    /// Ends a frame at `at`, a time to come, and so up the tree, as far as that is certain. Tells whether it was.
    pub(super) fn ends_ahead(&mut self, mut frame: u32, mut at: SimTime, schedule: &mut Schedule) -> bool {
        let mut ended = false;
        while !is_sub(frame) {
            let Some(settled) = self.answer_ahead(frame, at, schedule) else { break };
            ended = true;
            let Some((parent, then)) = settled else { return true };
            let Some(over) = self.joined(parent, None, then) else { return true };
            let core = self.core(parent);
            if over <= schedule.now() || !matches!(self.world.program[core.pc as usize + 1], Step::End) {
                self.resume(parent, over.max(schedule.now()), schedule);
                return true;
            }
            (frame, at) = (parent, over);
        }
        // What is not quite so plain.
        if self.ends_surely(frame, at, schedule.now()) {
            self.end(frame, at, schedule);
            return true;
        }
        if ended {
            self.resume(frame, at, schedule);
        }
        ended
    }

    /// In one go what `answer`, `send_response`, `arrives_surely` and `settle_well` do one after the other, where all is
    /// as it mostly is: a good answer over a plain way that is certain to arrive. None, and nothing done, where it is
    /// not; else the frame that waited for it and when it has it, or none where a user waited.
    #[inline(always)]
    fn answer_ahead(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> Option<Option<(u32, SimTime)>> {
        let hot = self.hot;
        let row = &self.attempts[attempt];
        let (slot, carrier, host) = (row.call, row.connection, row.host);
        let connection = &mut self.connections[carrier];
        let call = &mut self.calls[slot];
        let way = &hot.paths[connection.path.0 as usize];
        let task = &hot.operations[call.operation.0 as usize];
        let rules = &hot.edges[call.edge.0 as usize];
        let arrives = at + way.plain[1]?;
        let after = arrives.nanos() - call.started;
        let usual = row.flags & (Attempt::CLIENT_DONE | Attempt::THREAD) == 0
            && row.core.failed == 0
            && row.epoch == self.servers[connection.endpoint.0 as usize].epoch
            && task.answers_well
            && connection.state == State::Open
            && connection.hung_since == u64::MAX
            && !connection.windows[1]
            && !rules.waits
            && !rules.impatient
            && !call.is(Call::STORIED)
            && rules.in_time(row.number, after)
            && arrives <= self.certain_until
            && self.down == 0
            && self.brief;
        if !usual {
            return None;
        }
        connection.at = connection.at.max(arrives.nanos());
        connection.quiet_at = connection.quiet_at.max(arrives.nanos());
        connection.attached -= 1;
        call.open -= 1;
        call.attempt = NONE;
        call.flags &= !Call::LIVE;
        let (edge, proxy, started, parent) = (call.edge, call.proxy, call.started, call.parent);
        let (alone, over) = (call.flags & (Call::ROOT | Call::MIRROR), call.open == 0);
        self.ledger.bytes(connection.path, task.messages[1].acks, task.messages[1].wire, at);
        self.ledger.balance.settled += 1;
        self.ledger.call(edge, started, arrives, None);
        self.attempts[attempt].flags = 0;
        self.attempts.release(attempt);
        if over {
            self.calls.release(slot);
        }
        if rules.watches || rules.counts {
            let upstream = self.upstream_row(proxy, edge);
            if rules.counts {
                self.connections[carrier].streams -= 1;
                if arrives <= schedule.now() {
                    self.answered_ahead(upstream);
                }
            }
            self.left(upstream, host, arrives, schedule);
        }
        if alone != 0 {
            if alone & Call::ROOT != 0 {
                self.settle_request(parent, started, arrives, None, schedule);
            }
            return Some(None);
        }
        Some(Some((parent, arrives)))
    }

    /// Is it certain that the answer under way reaches its client at `at`, and that the client still wants it then?
    pub(super) fn arrives_surely(&self, attempt: u32, at: SimTime) -> bool {
        let row = &self.attempts[attempt];
        // What takes many round trips leaves time for much: a connection's end, another one's beginning.
        if row.core.failed > 0 || !self.certain(at) || row.is(Attempt::LONG) {
            return false;
        }
        // Where requests on a connection are limited, another one may wait for this answer; where retries are, a retry.
        let call = &self.calls[row.call];
        let rules = &self.hot.edges[call.edge.0 as usize];
        !(rules.waits || rules.counts && call.is(Call::STORIED)) && self.wanted(row, at)
    }

    /// Will the client not have given up by then, nor its connection have been given up?
    #[inline]
    fn wanted(&self, row: &Attempt, at: SimTime) -> bool {
        let connection = &self.connections[row.connection];
        if connection.hung_since != u64::MAX || self.down > 0 && self.dead_since(connection).is_some() {
            return false;
        }
        let call = &self.calls[row.call];
        let rules = &self.hot.edges[call.edge.0 as usize];
        // A caller that stops may give up a call before its answer comes, whatever the call's own time.
        !rules.leaves
            && rules.in_time(row.number, at.nanos() - call.started)
            && (!rules.impatient || self.is_patient(call, at))
    }
}
