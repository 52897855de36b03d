//! What is certain is done ahead of its time, and needs no event.
//!
//! Handlers take the time `at` which something happens; mostly that is the instant of the event, but where nothing can
//! come in between it may be later. An answer whose way home has neither state nor chance left, that no fault, timeout
//! or broken connection can meet on it, arrives: its call is settled at once, as of then, and so up the tree, as far as
//! callers had nothing left to do but wait for it. What others may look at meanwhile (how busy a host is, how healthy)
//! is told when they look: see `Upstream::catch_up`.

use super::calls::{Attempt, SUB};
use super::machine::Machine;
use super::settle::is_sub;
use crate::units::SimTime;
use crate::world::Step;

impl Machine<'_> {
    /// Will nothing fall or come back until then, nor the run be over?
    #[inline]
    pub(super) fn certain(&self, at: SimTime) -> bool {
        at <= self.certain_until
    }

    /// Is the end of this frame at `at` certain, and the end of all that it does?
    pub(super) fn ends_surely(&self, frame: u32, at: SimTime) -> bool {
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
        if is_sub(frame) { self.frames[frame & !SUB].left == 1 } else { self.wanted(row, at) }
    }

    /// Is it certain that the answer under way reaches its client at `at`, and that the client still wants it then?
    pub(super) fn arrives_surely(&self, attempt: u32, at: SimTime) -> bool {
        let row = &self.attempts[attempt];
        if row.core.failed > 0 || !self.certain(at) {
            return false;
        }
        let connection = &self.connections[row.connection];
        let lives = connection.hung_since == u64::MAX && (self.down == 0 || self.dead_since(connection).is_none());
        // Nobody must find the connection idle for too long while the answer is on its way.
        let way = &self.hot.paths[connection.path.0 as usize];
        let busy = at.nanos().saturating_sub(connection.at) <= way.idle_limit;
        lives && busy && self.wanted(row, at)
    }

    /// Will the client not have given up by then?
    #[inline]
    fn wanted(&self, row: &Attempt, at: SimTime) -> bool {
        let call = &self.calls[row.call];
        let rules = &self.hot.edges[call.edge.0 as usize];
        let after = at.nanos() - call.started;
        // Of a retry it is not known when it began.
        after < rules.timeout && (rules.per_try == u64::MAX || row.number == 0 && after < rules.per_try)
    }
}
