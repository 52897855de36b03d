//! Calls and their attempts, from the caller's side: opened, tried, tried again, settled.

use super::calls::{Attempt, Call, Core, NONE, Request, SUB, nth};
use super::connections::State;
use super::event::Kind;
use super::machine::Machine;
use super::sessions::SESSION;
use super::slab::Slab;
use super::travel::THROUGH;
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{CallSite, EdgeId, OperationId, ProxyId};

/// The `try` part of a timer's payload that means the whole call.
pub(super) const WHOLE_CALL: u64 = 0xff;

/// What a call begins with.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    pub(super) key: u64,
    pub(super) parent: u32,
    pub(super) edge: EdgeId,
    pub(super) operation: OperationId,
    pub(super) proxy: ProxyId,
    pub(super) ordinal: u16,
    /// What it carries: row of `Routing::contexts`.
    pub(super) context: u16,
    /// Of the caller, where it has versions.
    pub(super) version: u16,
    pub(super) flags: u8,
}

/// What an attempt begins with.
pub(super) struct Try {
    pub(super) slot: u32,
    pub(super) key: u64,
    pub(super) started: u64,
    pub(super) edge: EdgeId,
    pub(super) operation: OperationId,
    pub(super) proxy: ProxyId,
    pub(super) ordinal: u16,
    pub(super) number: u8,
}

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
        context: u16,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let ordinal = request.ordinal as u16;
        let traced = self.tracer.as_ref().is_some_and(|tracer| tracer.follows(&request));
        let parent = self.requests.insert(request);
        if self.ledger.people.is_some() {
            self.user_asks(&request, parent, now);
        }
        let flags = Call::ROOT | if traced { Call::TRACED } else { 0 };
        let opening = Opening { key, parent, edge, operation, proxy, ordinal, context, version: 0, flags };
        self.open_call(opening, now, schedule);
    }

    /// The calls `first .. first + count` of a step of `frame`, at once.
    pub(super) fn open_children(&mut self, frame: u32, first: u32, count: u32, now: SimTime, schedule: &mut Schedule) {
        let (world, hot) = (self.world, self.hot);
        let core = self.core(frame);
        let (salt, step) = (core.salt, u64::from(core.pc) << 16);
        let attempt = &self.attempts[self.attempt_of(frame)];
        let caller = &self.calls[attempt.call];
        let (ordinal, flags) = (caller.ordinal, caller.flags & Call::TRACED);
        let endpoint = self.connections[attempt.connection].endpoint;
        let replica = &hot.replicas[endpoint.0 as usize];
        let (proxy, version) = (replica.proxy, replica.version);
        let context = if hot.routed { self.passed_on(endpoint, caller.context) } else { 0 };
        for index in 0..count {
            let CallSite { edge, operation } = world.call_sites[(first + index) as usize];
            let key = mix(salt, step | u64::from(index));
            let opening = Opening { key, parent: frame, edge, operation, proxy, ordinal, context, version, flags };
            self.open_call(opening, now, schedule);
        }
    }

    #[inline(always)]
    fn open_call(&mut self, opening: Opening, now: SimTime, schedule: &mut Schedule) {
        if self.hot.edges[opening.edge.0 as usize].routed {
            self.route(opening, now, schedule);
        } else {
            self.open_on(opening, now, schedule);
        }
    }

    /// A call whose way is decided.
    pub(super) fn open_on(&mut self, opening: Opening, now: SimTime, schedule: &mut Schedule) {
        let slot = self.enter(opening, now);
        let Opening { key, edge, operation, proxy, ordinal, .. } = opening;
        let started = now.nanos();
        let rules = &self.hot.edges[edge.0 as usize];
        if rules.unusual && self.begins_unusually(slot, now, schedule) {
            return;
        }
        if let Some(list) = rules.timers[0] {
            self.start_timer(list, slot, WHOLE_CALL, now, schedule);
        }
        let try_ = Try { slot, key, started, edge, operation, proxy, ordinal, number: 0 };
        self.start_attempt(try_, now, schedule);
    }

    /// A call is one of those that are open.
    #[inline(always)]
    pub(super) fn enter(&mut self, opening: Opening, now: SimTime) -> u32 {
        let Opening { key, parent, edge, operation, proxy, ordinal, context, flags, .. } = opening;
        self.ledger.balance.opened += 1;
        let slot = self.calls.take(Call::BLANK);
        let call = &mut self.calls[slot];
        // 24 bits of generation stand in a timer's payload.
        let generation = (call.generation + 1) & 0xff_ffff;
        *call = Call {
            key,
            started: now.nanos(),
            parent,
            edge,
            operation,
            proxy,
            attempt: NONE,
            generation,
            ordinal,
            context,
            tries: 1,
            open: 0,
            flags: flags | Call::LIVE,
        };
        if self.blames.follows && flags & (Call::ROOT | Call::MIRROR) == 0 {
            self.waits_for(parent, slot);
        }
        if self.stores.is_some() {
            self.belongs(slot, parent, proxy, flags);
        }
        if self.tracer.is_some() {
            self.trace_call(slot, now);
        }
        slot
    }

    /// `which`: the attempt's number, or the whole call.
    pub(super) fn start_timer(&mut self, list: u32, call: u32, which: u64, now: SimTime, schedule: &mut Schedule) {
        let payload = u64::from(call) << 32 | u64::from(self.calls[call].generation) << 8 | which;
        self.arm(list, payload, now, schedule);
    }

    /// One try: choose a host, take or make a connection, send.
    #[inline(always)]
    pub(super) fn start_attempt(&mut self, this: Try, now: SimTime, schedule: &mut Schedule) {
        let hot = self.hot;
        let Try { slot, key, edge, proxy, number, .. } = this;
        self.ledger.attempt(edge, this.started);
        let rules = &hot.edges[edge.0 as usize];
        let row = self.upstream_of(proxy, edge);
        let which = (slot, number > 0);
        let Some(host) = self.choose_host(row, edge, nth(key, u64::from(number) << 8), which, now, schedule) else {
            self.settle_call(slot, Some(Failure::NoHost), now, schedule);
            return;
        };
        // What is tried again has gone elsewhere for another reason.
        if let Some(watch) = self.ledger.watch.as_mut().filter(|_| number == 0) {
            let hosts = self.upstreams[row as usize].as_ref().expect("an upstream in use has been made").host_set;
            watch.tried(edge, proxy, &self.world.host_sets[hosts].hosts[usize::from(host)].target, now);
        }
        // The proxy's work on the request, and on the response to come, is done here.
        let side = &hot.proxies[proxy.0 as usize];
        let mut leaves = now;
        if !side.station.is_none() {
            leaves = self.station_serve(side.station, now, side.cpu);
        }
        leaves += side.delay;
        if rules.counts {
            self.start_counted(this, row, host, leaves, now, schedule);
            return;
        }
        let worker = if side.workers == 1 { 0 } else { self.worker_of(row, key) };
        let connection = self.connection(row, host, worker, leaves, schedule);
        let counts = self.ledger.counts();
        let on = &mut self.connections[connection];
        on.attached += 1;
        on.attempts += u64::from(counts);
        let wait = on.state == State::Connecting;
        let path = on.path;
        // The most common way by far goes in one go: nothing to wait for, nothing on it but distance.
        let delay = hot.paths[path.0 as usize].plain[0].filter(|_| !wait && !on.windows[0] && self.brief);
        if delay.is_some() {
            on.at = on.at.max(leaves.nanos());
        }
        let attempt = self.attempts.take(Attempt::BLANK);
        self.attempts[attempt] = Attempt {
            core: Core::at(0, 0),
            call: slot,
            connection,
            next: NONE,
            host,
            epoch: 0,
            leg: if delay.is_some() { THROUGH } else { 0 },
            flags: if delay.is_some() { Attempt::LIVE | Attempt::TRAVELLING } else { Attempt::LIVE },
            number,
            resent: 0,
        };
        let call = &mut self.calls[slot];
        call.attempt = attempt;
        call.open = call.open.checked_add(1).expect("a call has fewer than 256 attempts alive");
        if let Some(list) = rules.timers[1] {
            self.start_timer(list, slot, u64::from(number.min(0xfe)), now, schedule);
        }
        if let Some(delay) = delay {
            let message = &hot.operations[this.operation.0 as usize].messages[0];
            self.ledger.bytes(path, message.wire, message.acks, leaves);
            let order = Kind::Leg.order_of(this.ordinal, key ^ u64::from(number) << 56);
            schedule.at(leaves + delay, order, attempt);
            return;
        }
        if self.tracer.is_some() {
            self.trace_attempt(attempt, now, leaves);
        }
        if wait {
            self.park(attempt, leaves);
        } else {
            self.send_request(attempt, leaves, now, schedule);
        }
    }

    /// The same where requests on connections are counted.
    #[inline(never)]
    fn start_counted(
        &mut self,
        this: Try,
        upstream: u32,
        host: u16,
        leaves: SimTime,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let Try { slot, edge, number, .. } = this;
        let attempt = self.attempts.take(Attempt::BLANK);
        self.attempts[attempt] = Attempt { call: slot, host, number, flags: Attempt::LIVE, ..Attempt::BLANK };
        let call = &mut self.calls[slot];
        call.attempt = attempt;
        call.open = call.open.checked_add(1).expect("a call has fewer than 256 attempts alive");
        if let Some(list) = self.hot.edges[edge.0 as usize].timers[1] {
            self.start_timer(list, slot, u64::from(number.min(0xfe)), now, schedule);
        }
        if self.tracer.is_some() {
            self.trace_attempt(attempt, now, leaves);
        }
        self.enter_pool(attempt, upstream, leaves, schedule);
    }

    /// The answer is here.
    pub(super) fn receive(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        if self.attempts[attempt].is(Attempt::CLIENT_DONE) {
            self.free_attempt(attempt);
            return;
        }
        let core = &self.attempts[attempt].core;
        match core.failure() {
            None => {
                if let Some(parent) = self.settle_well(attempt, now, schedule) {
                    self.child_done(parent, None, now, schedule);
                }
            }
            // What a called service relays of its own callees is an application's 500 to this proxy.
            Some(cause) if core.answer == Core::RELAYED => {
                self.try_again(attempt, Failure::Error, cause, now, schedule);
            }
            Some(cause) => self.try_again(attempt, cause, cause, now, schedule),
        }
    }

    /// A good answer is here, or certain to be at `at`: its call is over. Tells the frame that waited for it.
    #[inline(always)]
    pub(super) fn settle_well(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> Option<u32> {
        let row = &mut self.attempts[attempt];
        row.flags = 0;
        let (slot, host, connection) = (row.call, row.host, row.connection);
        self.attempts.release(attempt);
        if self.calls[slot].is(Call::STORIED) {
            self.won(slot, attempt, at, schedule);
        }
        self.leaves_at(connection, at);
        let on = &mut self.connections[connection];
        on.at = on.at.max(at.nanos());
        if self.hot.edges[self.calls[slot].edge.0 as usize].counts {
            self.retry_over(slot);
            if at > schedule.now() {
                self.stream_over_ahead(connection, schedule);
            } else {
                self.stream_over(connection, false, schedule);
            }
        }
        self.detach(connection);
        let call = &mut self.calls[slot];
        call.open -= 1;
        call.attempt = NONE;
        call.flags &= !Call::LIVE;
        let (edge, proxy, started, parent) = (call.edge, call.proxy, call.started, call.parent);
        let (root, mirror) = (call.is(Call::ROOT), call.is(Call::MIRROR));
        if call.open == 0 {
            self.calls.release(slot);
        }
        let rules = &self.hot.edges[edge.0 as usize];
        if rules.watches || rules.counts && at > schedule.now() {
            let upstream = self.upstream_row(proxy, edge);
            self.left(upstream, host, at, schedule);
        }
        self.ledger.balance.settled += 1;
        if self.tracer.is_some() {
            self.trace_settled(slot, at, None);
        }
        self.ledger.call(edge, started, at, None);
        if !root {
            return (!mirror).then_some(parent);
        }
        self.settle_request(parent, started, at, None, schedule);
        None
    }

    /// An attempt failed without an answer.
    pub(super) fn attempt_failed(&mut self, attempt: u32, failure: Failure, now: SimTime, schedule: &mut Schedule) {
        self.try_again(attempt, failure, failure, now, schedule);
    }

    /// The client is through with an attempt: its proxy no longer counts it.
    pub(super) fn leave(&mut self, attempt: u32, failure: Option<Failure>, at: SimTime, schedule: &mut Schedule) {
        let heard = self.heard(attempt, failure);
        if self.queues(attempt) {
            self.leave_queue(attempt);
        }
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::CLIENT_DONE;
        let (call, host, connection) = (row.call, row.host, row.connection);
        let busy = Attempt::HUNG | Attempt::PARKED | Attempt::TRAVELLING | Attempt::HELD;
        let idle = row.is(Attempt::SERVER_DONE) && !row.is(busy);
        if self.calls[call].attempt == attempt {
            self.calls[call].attempt = NONE;
        }
        let edge = self.calls[call].edge;
        if self.hot.edges[edge.0 as usize].cancels && !idle {
            self.send_news(attempt, failure, at, schedule);
        }
        if self.hot.edges[edge.0 as usize].watches {
            let upstream = self.upstream_row(self.calls[call].proxy, edge);
            self.lost(upstream, host, heard, at, schedule);
        }
        if connection != NONE {
            let on = &mut self.connections[connection];
            if on.state == State::Open {
                on.at = on.at.max(at.nanos());
            }
            if self.hot.edges[edge.0 as usize].counts {
                let given_up = matches!(failure, Some(Failure::Timeout | Failure::Abandoned | Failure::Unfinished));
                self.stream_over(connection, given_up, schedule);
            }
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
        if connection != NONE {
            self.detach(connection);
        }
        self.calls[call].open -= 1;
        if self.calls[call].open == 0 && !self.calls[call].is(Call::LIVE) {
            self.calls.release(call);
        }
    }

    /// A timer of a call ran out; a settled call's generation has passed on.
    pub(super) fn timed_out(&mut self, payload: u64, now: SimTime, schedule: &mut Schedule) {
        let Some((slot, whole)) = waited_for(payload, &self.calls, &self.attempts) else { return };
        if whole {
            self.give_up_call(slot, Failure::Timeout, now, schedule);
        } else {
            self.try_timed_out(self.calls[slot].attempt, now, schedule);
        }
    }

    /// The caller of a call waits no longer.
    pub(super) fn give_up_call(&mut self, slot: u32, failure: Failure, now: SimTime, schedule: &mut Schedule) {
        let attempt = self.calls[slot].attempt;
        self.blames.now = Some(self.blame_of_call(slot, attempt, now));
        if attempt != NONE {
            self.leave(attempt, Some(failure), now, schedule);
        }
        self.settle_call(slot, Some(failure), now, schedule);
    }

    /// The call is over for its caller.
    pub(super) fn settle_call(&mut self, slot: u32, failure: Option<Failure>, at: SimTime, schedule: &mut Schedule) {
        self.ledger.balance.settled += 1;
        let blame = failure.map(|_| self.blames.now.take().unwrap_or_else(|| self.blame_of_call(slot, NONE, at)));
        self.trace_settled(slot, at, failure);
        self.retry_over(slot);
        self.calls[slot].flags &= !Call::LIVE;
        if self.calls[slot].is(Call::STORIED) {
            // Its last attempt's end must not free the slot while it is still spoken of.
            self.calls[slot].open += 1;
            self.forget(slot, at, schedule);
            self.calls[slot].open -= 1;
        }
        let call = &self.calls[slot];
        let (edge, started, parent) = (call.edge, call.started, call.parent);
        let (root, mirror) = (call.is(Call::ROOT), call.is(Call::MIRROR));
        self.ledger.call(edge, started, at, failure);
        if self.calls[slot].open == 0 {
            self.calls.release(slot);
        }
        if mirror {
            return;
        }
        if !root {
            if let Some(blame) = blame {
                self.blame_frame(parent, blame);
            }
            self.child_done(parent, failure, at, schedule);
            return;
        }
        if let Some((failure, blame)) = failure.zip(blame) {
            let row = self.requests[parent].row;
            self.ledger.failed(row, SimTime::from_nanos(started), failure, blame);
        }
        self.settle_request(parent, started, at, failure, schedule);
    }

    pub(super) fn settle_request(
        &mut self,
        slot: u32,
        intended: u64,
        at: SimTime,
        failure: Option<Failure>,
        schedule: &mut Schedule,
    ) {
        let request = self.requests[slot];
        self.requests.release(slot);
        if request.far != NONE && request.far & SESSION != 0 {
            self.settle_session(request, slot, intended, at, failure, schedule);
            return;
        }
        if self.ledger.people.is_some() {
            self.user_told(&request, slot, intended, failure.is_none().then_some(at));
        }
        if request.far != NONE {
            self.go_home(request, at, failure, schedule);
            return;
        }
        self.ledger.request(&request, SimTime::from_nanos(intended), at, failure);
        self.answered(&request, SimTime::from_nanos(intended), at, schedule);
    }
}

/// The call that a timer still means, and whether it means the whole of it or the try under way.
pub(super) fn waited_for(payload: u64, calls: &Slab<Call>, attempts: &Slab<Attempt>) -> Option<(u32, bool)> {
    let (slot, generation, which) = ((payload >> 32) as u32, (payload >> 8) as u32 & 0xff_ffff, payload & 0xff);
    let call = &calls[slot];
    if !call.is(Call::LIVE) || call.generation != generation {
        return None;
    }
    let whole = which == WHOLE_CALL;
    let this = whole || call.attempt != NONE && u64::from(attempts[call.attempt].number) == which;
    this.then_some((slot, whole))
}

/// Is this frame reference a sub-frame's?
#[inline]
pub(super) const fn is_sub(frame: u32) -> bool {
    frame & SUB != 0
}
