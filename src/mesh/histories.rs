//! What a call must remember that few calls need: a side table, with a row for each call that was tried again, is hedged
//! or had a fault injected.

use super::calls::{Call, NONE};
use super::machine::Machine;
use super::slab::Slab;
use crate::engine::Schedule;
use crate::policy::Status;
use crate::policy::previous_priorities::PreviousPriorities;
use crate::record::Failure;
use crate::units::SimTime;

/// All rows.
#[derive(Debug)]
pub(super) struct Histories {
    /// By slot of the call; as long as the largest slot that ever needed one.
    of: Vec<u32>,
    rows: Slab<History>,
}

/// A call's past.
#[derive(Clone, Default, Debug)]
pub(super) struct History {
    /// Hosts of its tries.
    pub(super) hosts: Vec<u16>,
    /// Attempts that outlasted their timeout and are still waited for, beside `Call::attempt`.
    pub(super) kept: Vec<u32>,
    pub(super) priorities: PreviousPriorities,
    /// A retry is planned.
    pub(super) planned: bool,
    /// What a fault filter will answer once the delay is over.
    pub(super) abort: Option<Status>,
    /// It counts as being delayed.
    pub(super) delayed: bool,
}

impl Histories {
    pub(super) fn new() -> Self {
        Histories { of: Vec::new(), rows: Slab::new() }
    }

    /// Of a call that has one.
    pub(super) fn of_call(&mut self, call: u32) -> &mut History {
        &mut self.rows[self.of[call as usize]]
    }
}

impl Machine<'_> {
    /// The history of a call, begun if need be.
    pub(super) fn history(&mut self, slot: u32) -> &mut History {
        let call = &mut self.calls[slot];
        let Histories { of, rows } = &mut self.histories;
        if !call.is(Call::STORIED) {
            call.flags |= Call::STORIED;
            if of.len() <= slot as usize {
                of.resize(slot as usize + 1, NONE);
            }
            of[slot as usize] = rows.take(History::default());
        }
        &mut rows[of[slot as usize]]
    }

    /// Does a call wait for more than its last attempt?
    pub(super) fn waits_for_others(&self, slot: u32, attempt: u32) -> bool {
        let call = &self.calls[slot];
        if !call.is(Call::STORIED) {
            return false;
        }
        let history = &self.histories.rows[self.histories.of[slot as usize]];
        history.planned
            || call.attempt != NONE && call.attempt != attempt
            || history.kept.iter().any(|&kept| kept != attempt)
    }

    /// Was another attempt sent because this one took too long?
    pub(super) fn is_kept(&self, slot: u32, attempt: u32) -> bool {
        self.calls[slot].is(Call::STORIED)
            && self.histories.rows[self.histories.of[slot as usize]].kept.contains(&attempt)
    }

    /// A call is over: attempts that are still out are reset, and its row is given back.
    #[cold]
    pub(super) fn forget(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let row = self.histories.of[slot as usize];
        for attempt in std::mem::take(&mut self.histories.rows[row].kept) {
            // Nobody is to blame.
            self.leave(attempt, Some(Failure::Unfinished), now, schedule);
        }
        let last = self.calls[slot].attempt;
        if last != NONE {
            self.leave(last, Some(Failure::Unfinished), now, schedule);
        }
        let history = &mut self.histories.rows[row];
        history.hosts.clear();
        let (hosts, delayed) = (std::mem::take(&mut history.hosts), history.delayed);
        *history = History { hosts, ..History::default() };
        self.histories.rows.release(row);
        self.calls[slot].flags &= !Call::STORIED;
        if delayed {
            let upstream = self.upstream_of(self.calls[slot].proxy, self.calls[slot].edge);
            self.upstream_mut(upstream).delayed -= 1;
        }
    }
}
