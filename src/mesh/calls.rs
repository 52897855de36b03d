//! Calls, attempts and frames: what is in flight, in tables.
//!
//! A call is open until it is settled; an attempt lives until its last event: one that the client gave up on still
//! holds its worker and its bytes, and keeps the slot of its call. A call with one attempt takes 96 bytes.

use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{EdgeId, OperationId, ProxyId};

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// Marks a frame reference as a sub-frame's slot; without it, it is an attempt's slot, whose own frame is meant.
pub(super) const SUB: u32 = 1 << 31;

/// The `n`-th draw's counter below a hash: counters need to differ, not to be mixed, for a key mixes what it draws by.
#[inline]
pub(super) const fn nth(hash: u64, n: u64) -> u64 {
    // Odd, so that different n never meet (Steele and Vigna 2021).
    hash.wrapping_add(n.wrapping_mul(0xF135_7AEA_2E62_A9C5))
}

/// One edge of a request's tree, seen from the caller.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Hash of stream, ordinal and path in the tree: names the call whatever else happens.
    pub(super) key: u64,
    /// When it was opened; of a root call: the intended arrival.
    pub(super) started: u64,
    /// The frame that waits for it; of a root call: the user's index or the request's slot.
    pub(super) parent: u32,
    pub(super) edge: EdgeId,
    pub(super) operation: OperationId,
    pub(super) proxy: ProxyId,
    /// The attempt in flight, or NONE during a back-off.
    pub(super) attempt: u32,
    /// Raised whenever the slot is reused, so that timers know whom they meant.
    pub(super) generation: u32,
    /// Low bits of the request's ordinal.
    pub(super) ordinal: u16,
    /// What the called service is sent of headers that somebody looks at: row of `Routing::contexts`.
    pub(super) context: u16,
    /// Attempts made.
    pub(super) tries: u8,
    /// Attempts that still refer to this slot: it is given back with the last one.
    pub(super) open: u8,
    pub(super) flags: u8,
}

impl Call {
    /// A row that nobody has lived in.
    pub(super) const BLANK: Call = Call {
        key: 0,
        started: 0,
        parent: NONE,
        edge: EdgeId::NONE,
        operation: OperationId::NONE,
        proxy: ProxyId::NONE,
        attempt: NONE,
        generation: 0,
        ordinal: 0,
        context: 0,
        tries: 0,
        open: 0,
        flags: 0,
    };
    /// The call is a request's root: `parent` is a slot of `Machine::requests`.
    pub(super) const ROOT: u8 = 1;
    /// The request is being followed.
    pub(super) const TRACED: u8 = 2;
    /// The slot is in use.
    pub(super) const LIVE: u8 = 4;
    /// A retry of it counts for its circuit breaker or budget.
    pub(super) const RETRIES: u8 = 8;
    /// There is more to remember of it (`histories`).
    pub(super) const STORIED: u8 = 16;
    /// A copy of another call: nobody waits for it.
    pub(super) const MIRROR: u8 = 32;

    pub(super) const fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// What a root call must remember of its request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) ordinal: u64,
    pub(super) stream: u32,
    /// Row of the ledger: stream and operation.
    pub(super) row: u32,
    /// The user of a closed stream, else NONE.
    pub(super) user: u32,
    /// Of one that came in by a global entry: row of `Machine::far`; else NONE.
    pub(super) far: u32,
}

/// Where a frame stands in its program.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core {
    /// Hash of call, attempt, step and iteration: what draws of this frame are keyed by.
    pub(super) salt: u64,
    /// Index into `World::program`.
    pub(super) pc: u32,
    /// When the last of what it waits for is over, as far as known.
    pub(super) latest: SimTime,
    /// Calls and sub-frames that it waits for.
    pub(super) pending: u16,
    /// 0, or 1 + the index of the first failure.
    pub(super) failed: u8,
    /// What the application says: 0, nothing of its own; [`Core::RELAYED`]; or 1 + the index of a status in `Hot`.
    pub(super) answer: u8,
}

impl Core {
    /// The failure is a callee's, passed on as an application's 500.
    pub(super) const RELAYED: u8 = u8::MAX;

    pub(super) const fn at(salt: u64, pc: u32) -> Self {
        Core { salt, pc, latest: SimTime::ZERO, pending: 0, failed: 0, answer: 0 }
    }

    pub(super) fn fail(&mut self, failure: Failure, relayed: bool) {
        if self.failed == 0 {
            self.failed = failure as u8 + 1;
            self.answer = if relayed { Core::RELAYED } else { 0 };
        }
    }

    /// The application answers with the status of this index in `Hot`.
    pub(super) fn fail_with(&mut self, status: u8) {
        if self.failed == 0 {
            self.fail(Failure::Error, false);
            self.answer = status + 1;
        }
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        (self.failed > 0).then(|| Failure::ALL[usize::from(self.failed) - 1])
    }
}

/// One try of a call, and the server's side of it.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) core: Core,
    pub(super) call: u32,
    /// Which also says to which replica it goes, over which path.
    pub(super) connection: u32,
    /// Next in a list of waiting attempts; while travelling: bytes that a cap has not yet let pass.
    pub(super) next: u32,
    pub(super) host: u16,
    /// The endpoint's epoch when the request arrived: another one means that the process died.
    pub(super) epoch: u16,
    pub(super) flags: u16,
    pub(super) leg: u8,
    pub(super) number: u8,
    /// Times that a cap dropped some of this message.
    pub(super) resent: u8,
}

impl Attempt {
    /// A row that nobody has lived in.
    pub(super) const BLANK: Attempt = Attempt {
        core: Core::at(0, 0),
        call: NONE,
        connection: NONE,
        next: NONE,
        host: 0,
        epoch: 0,
        flags: 0,
        leg: 0,
        number: 0,
        resent: 0,
    };
    /// The client has its answer, or no longer wants one.
    pub(super) const CLIENT_DONE: u16 = 1;
    /// The server has answered or died, or never heard of it.
    pub(super) const SERVER_DONE: u16 = 2;
    /// The message under way is the response.
    pub(super) const RESPONSE: u16 = 4;
    /// The message waits in its connection's list of hung ones.
    pub(super) const HUNG: u16 = 8;
    /// The attempt holds a thread.
    pub(super) const THREAD: u16 = 16;
    /// Past the path, in the server's sidecar.
    pub(super) const INSIDE: u16 = 32;
    /// Waits for its connection.
    pub(super) const PARKED: u16 = 64;
    /// The slot is in use.
    pub(super) const LIVE: u16 = 128;
    /// An event of its message is pending.
    pub(super) const TRAVELLING: u16 = 256;
    /// The message has arrived and waits for one that was sent before it.
    pub(super) const HELD: u16 = 512;
    /// Its server has heard that nobody wants it, before the request itself came.
    pub(super) const UNWANTED: u16 = 8192;
    /// Its server has heard that nobody wants it, and stops with the work that it is at.
    pub(super) const STOPPED: u16 = 16384;
    /// Longer than its window: what it lost was drawn when it was sent.
    pub(super) const LONG: u16 = 4096;
    /// `Core::latest` is the time that the sender needs for this message alone, and it has not passed yet.
    pub(super) const PACED: u16 = 2048;
    /// A flow at a link that is shared, or about to be one.
    pub(super) const SHARED: u16 = 1024;

    pub(super) const fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

/// A branch of a parallel step, or the body of a repeat.
#[derive(Clone, Debug)]
pub(super) struct SubFrame {
    pub(super) core: Core,
    /// The attempt in whose server it runs.
    pub(super) attempt: u32,
    /// The frame that waits for it.
    pub(super) parent: u32,
    /// Where it begins.
    pub(super) body: u32,
    /// Rounds still to go, this one included.
    pub(super) left: u32,
    /// Salt of round 0.
    pub(super) base: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_with_one_attempt_takes_96_bytes() {
        assert!(size_of::<Call>() + size_of::<Attempt>() <= 96, "{} + {}", size_of::<Call>(), size_of::<Attempt>());
    }
}
