//! Calls and their attempts, from the caller's side: opened, tried, tried again, settled.

use super::calls::{Attempt, Call, Core, NONE, Request, SUB, nth};
use super::connections::State;
use super::event::Kind;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::policy::retry;
use crate::random::mix;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{EdgeId, OperationId, ProxyId};

/// The `try` part of a timer's payload that means the whole call.
const WHOLE_CALL: u64 = 0xff;

impl Machine<'_> {
    /// A user's request becomes the root of a tree of calls.
    #[expect(clippy::too_many_arguments, reason = "a request is all of these")]
    pub(super) fn open_root(
        &mut self,
        request: Request,
        key: u64,
        edge: EdgeId,
        operation: OperationId,
        proxy: ProxyId,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let ordinal = request.ordinal as u16;
        let traced = self.tracer.as_ref().is_some_and(|tracer| tracer.follows(&request));
        let slot = self.requests.insert(request, |_, _| ());
        let flags = Call::ROOT | if traced { Call::TRACED } else { 0 };
        self.open_call(key, slot, edge, operation, proxy, ordinal, flags, now, schedule);
    }

    /// The `index`-th call of a step of `frame`.
    pub(super) fn open_child(&mut self, frame: u32, site: u32, index: u32, now: SimTime, schedule: &mut Schedule) {
        let site = self.world.call_sites[site as usize];
        let core = self.core(frame);
        let key = mix(core.salt, u64::from(core.pc) << 16 | u64::from(index));
        let attempt = &self.attempts[self.attempt_of(frame)];
        let parent = &self.calls[attempt.call];
        let (ordinal, flags) = (parent.ordinal, parent.flags & Call::TRACED);
        let endpoint = self.connections[attempt.connection].endpoint;
        let proxy = self.hot.replicas[endpoint.0 as usize].proxy;
        self.open_call(key, frame, site.edge, site.operation, proxy, ordinal, flags, now, schedule);
    }

    #[expect(clippy::too_many_arguments, reason = "a call is all of these")]
    fn open_call(
        &mut self,
        key: u64,
        parent: u32,
        edge: EdgeId,
        operation: OperationId,
        proxy: ProxyId,
        ordinal: u16,
        flags: u8,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        self.ledger.balance.opened += 1;
        let call = Call {
            key,
            started: now.nanos(),
            parent,
            edge,
            operation,
            proxy,
            attempt: NONE,
            generation: 0,
            ordinal,
            host: u16::MAX,
            tries: 0,
            open: 0,
            flags: flags | Call::LIVE,
        };
        // 24 bits of generation stand in a timer's payload.
        let slot = self.calls.insert(call, |old, new| new.generation = (old.generation + 1) & 0xff_ffff);
        self.trace_call(slot, now);
        if let Some(list) = self.hot.edges[edge.0 as usize].timers[0] {
            self.start_timer(list, slot, WHOLE_CALL, now, schedule);
        }
        self.start_attempt(slot, now, schedule);
    }

    /// `which`: the attempt's number, or the whole call.
    fn start_timer(&mut self, list: u32, call: u32, which: u64, now: SimTime, schedule: &mut Schedule) {
        let payload = u64::from(call) << 32 | u64::from(self.calls[call].generation) << 8 | which;
        self.arm(list, payload, now, schedule);
    }

    /// One try: choose a host, take or make a connection, send.
    fn start_attempt(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let (edge, proxy, number) = (self.calls[slot].edge, self.calls[slot].proxy, self.calls[slot].tries);
        self.calls[slot].tries = number.saturating_add(1);
        self.ledger.attempt(edge, self.calls[slot].started);
        let row = self.upstream_of(proxy, edge);
        let draw = nth(self.calls[slot].key, u64::from(number) << 8);
        let avoid = (number > 0).then_some(self.calls[slot].host);
        let Some(host) = self.choose_host(row, draw, avoid, now) else {
            self.settle_call(slot, Some(Failure::NoHost), now, schedule);
            return;
        };
        // The proxy's work on the request, and on the response to come, is done here.
        let side = &world.proxies[proxy];
        let mut leaves = now;
        if !side.station.is_none() {
            leaves = self.station_serve(side.station, now, side.cpu);
        }
        leaves += side.delay;
        let connection = self.connection(row, host, leaves, schedule);
        let dead = self.down > 0 && self.dead_since(&self.connections[connection]).is_some();
        let on = &mut self.connections[connection];
        on.attached += 1;
        let endpoint = on.endpoint;
        // A handshake that ends before the proxy is through needs no waiting for, unless nobody answers it.
        let wait = on.state == State::Connecting && (dead || on.at > leaves.nanos());
        let attempt = Attempt {
            core: Core::at(0, 0),
            call: slot,
            connection,
            next: NONE,
            host,
            epoch: 0,
            leg: 0,
            flags: Attempt::LIVE,
            number,
            resent: 0,
        };
        let attempt = self.attempts.insert(attempt, |_, _| ());
        let call = &mut self.calls[slot];
        (call.attempt, call.host) = (attempt, host);
        call.open = call.open.checked_add(1).expect("a call has fewer than 256 attempts alive");
        self.ledger.flow(self.upstreams[row as usize].as_ref().expect("it was just used").host_set, endpoint);
        if let Some(list) = self.hot.edges[edge.0 as usize].timers[1] {
            self.start_timer(list, slot, u64::from(number.min(0xfe)), now, schedule);
        }
        self.trace_attempt(attempt, now, leaves);
        if wait {
            self.park(attempt);
        } else {
            self.send_request(attempt, leaves, now, schedule);
        }
    }

    /// The answer is here, or certain to be at `at`.
    pub(super) fn receive(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) {
        if self.attempts[attempt].is(Attempt::CLIENT_DONE) {
            self.free_attempt(attempt);
            return;
        }
        let core = self.attempts[attempt].core;
        match core.failure() {
            None => {
                let call = self.attempts[attempt].call;
                self.leave(attempt, None, at, schedule);
                self.settle_call(call, None, at, schedule);
            }
            // What a called service relays of its own callees is an application's 500 to this proxy.
            Some(cause) if core.relayed => self.try_again(attempt, Failure::Error, cause, at, schedule),
            Some(cause) => self.try_again(attempt, cause, cause, at, schedule),
        }
    }

    /// An attempt failed without an answer.
    pub(super) fn attempt_failed(&mut self, attempt: u32, failure: Failure, now: SimTime, schedule: &mut Schedule) {
        self.try_again(attempt, failure, failure, now, schedule);
    }

    fn try_again(&mut self, attempt: u32, seen: Failure, cause: Failure, now: SimTime, schedule: &mut Schedule) {
        let slot = self.attempts[attempt].call;
        self.leave(attempt, Some(seen), now, schedule);
        let call = &self.calls[slot];
        let policy = &self.world.policies[self.world.edges[call.edge].policy];
        let retries = u32::from(call.tries) - 1;
        if retries >= policy.retries || !retry::retriable(policy.retry_on, seen) {
            self.settle_call(slot, Some(cause), now, schedule);
            return;
        }
        let key = mix(call.key, u64::from(call.tries));
        let draw = self.edge_keys[call.edge.0 as usize].backoff.bits(key);
        let wait = retry::backoff(policy.backoff, retries + 1, draw);
        let order = Kind::Retry.order_of(call.ordinal, key);
        self.trace_backoff(slot, now, now + wait);
        schedule.at(now + wait, order, slot);
    }

    /// A back-off is over; a call that timed out meanwhile is known by its order, or by having an attempt.
    pub(super) fn retry(&mut self, slot: u32, order: u32, now: SimTime, schedule: &mut Schedule) {
        let call = &self.calls[slot];
        let expected = Kind::Retry.order_of(call.ordinal, mix(call.key, u64::from(call.tries)));
        if call.is(Call::LIVE) && call.attempt == NONE && expected == order {
            self.start_attempt(slot, now, schedule);
        }
    }

    /// The client is through with an attempt: its proxy no longer counts it.
    fn leave(&mut self, attempt: u32, failure: Option<Failure>, at: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::CLIENT_DONE;
        let (call, host) = (row.call, row.host);
        let busy = Attempt::HUNG | Attempt::PARKED | Attempt::TRAVELLING;
        let idle = row.is(Attempt::SERVER_DONE) && !row.is(busy);
        self.calls[call].attempt = NONE;
        let edge = self.calls[call].edge;
        if self.hot.edges[edge.0 as usize].watches {
            let upstream = self.upstream_row(self.calls[call].proxy, edge);
            self.left(upstream, host, failure, at, schedule);
        }
        // An answer still under way frees the slot when it arrives; a server still at work, when it is done.
        if idle {
            self.free_attempt(attempt);
        }
    }

    /// Nothing will ask for this attempt again.
    pub(super) fn free_attempt(&mut self, attempt: u32) {
        let row = &mut self.attempts[attempt];
        assert!(
            row.is(Attempt::LIVE) && row.is(Attempt::CLIENT_DONE) && row.is(Attempt::SERVER_DONE),
            "an attempt is freed once, when both sides are through"
        );
        row.flags &= !Attempt::LIVE;
        let (connection, call) = (row.connection, row.call);
        self.attempts.release(attempt);
        self.detach(connection);
        self.calls[call].open -= 1;
        if self.calls[call].open == 0 && !self.calls[call].is(Call::LIVE) {
            self.calls.release(call);
        }
    }

    /// A timer of a call ran out; a settled call's generation has passed on.
    pub(super) fn timed_out(&mut self, payload: u64, now: SimTime, schedule: &mut Schedule) {
        let (slot, generation, which) = ((payload >> 32) as u32, (payload >> 8) as u32 & 0xff_ffff, payload & 0xff);
        let call = &self.calls[slot];
        if !call.is(Call::LIVE) || call.generation != generation {
            return;
        }
        let attempt = call.attempt;
        if which == WHOLE_CALL {
            if attempt != NONE {
                self.leave(attempt, Some(Failure::Timeout), now, schedule);
            }
            self.settle_call(slot, Some(Failure::Timeout), now, schedule);
        } else if attempt != NONE && u64::from(self.attempts[attempt].number) == which {
            self.attempt_failed(attempt, Failure::Timeout, now, schedule);
        }
    }

    /// The call is over for its caller.
    fn settle_call(&mut self, slot: u32, failure: Option<Failure>, at: SimTime, schedule: &mut Schedule) {
        self.ledger.balance.settled += 1;
        self.trace_settled(slot, at, failure);
        let call = &mut self.calls[slot];
        call.flags &= !Call::LIVE;
        let (edge, started, parent) = (call.edge, call.started, call.parent);
        let root = call.is(Call::ROOT);
        self.ledger.call(edge, started, at, failure);
        if self.calls[slot].open == 0 {
            self.calls.release(slot);
        }
        if !root {
            self.child_done(parent, failure, at, schedule);
            return;
        }
        let request = self.requests[parent];
        self.requests.release(parent);
        self.ledger.request(&request, SimTime::from_nanos(started), at, failure);
        self.answered(&request, at, schedule);
    }

    /// The run is over: what is open counts as unfinished.
    pub(super) fn close(&mut self) {
        for slot in 0..self.calls.slots() {
            let call = &self.calls[slot];
            if !call.is(Call::LIVE) {
                continue;
            }
            self.ledger.balance.unfinished += 1;
            let started = SimTime::from_nanos(call.started);
            if call.is(Call::ROOT) {
                let request = self.requests[call.parent];
                self.ledger.unfinished(&request, started);
            }
            self.ledger.call_unfinished(call.edge, call.started);
        }
    }
}

/// Is this frame reference a sub-frame's?
#[inline]
pub(super) const fn is_sub(frame: u32) -> bool {
    frame & SUB != 0
}
