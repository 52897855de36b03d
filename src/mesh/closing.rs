//! The end of a run.

use super::calls::Call;
use super::machine::Machine;
use crate::units::SimTime;

impl Machine<'_> {
    /// The run is over: what is open counts as unfinished.
    pub(super) fn close(&mut self) {
        for slot in 0..self.connections.slots() {
            self.count_flow(slot);
        }
        for slot in 0..self.calls.slots() {
            let call = self.calls[slot].clone();
            if !call.is(Call::LIVE) {
                continue;
            }
            self.ledger.balance.unfinished += 1;
            if call.is(Call::ROOT) {
                let request = self.requests[call.parent];
                let (slot, edge) = (call.parent, call.edge);
                let sent = SimTime::from_nanos(self.sent_at(&request, call.started));
                self.ledger.unfinished(&request, sent, edge);
                if self.ledger.people.is_some() {
                    self.user_told(&request, slot, call.started, None);
                }
            }
            self.ledger.call_unfinished(call.edge, call.started);
        }
        self.close_ways_in();
        self.close_sessions();
    }
}
