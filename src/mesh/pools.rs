//! Pools in which requests are counted: HTTP/1.1, and HTTP/2 with limits; circuit breakers.
//!
//! As Envoy does it: a request takes a connection with room, the one that was used last first; else it waits, first come,
//! first served, for any connection of its worker to its host, and one is opened unless enough are being opened or the
//! limit is reached. Thresholds are those of one proxy and one upstream. Where none is set and HTTP/2 is spoken, nobody
//! counts: then all of a worker's requests to a host share one connection (`connections`).

use std::collections::VecDeque;

use super::calls::{Attempt, Call, NONE};
use super::connections::State;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::policy::{Pool, Protocol};
use crate::record::Failure;
use crate::units::SimTime;

/// Pools of one proxy for one upstream, and what its circuit breakers count.
#[derive(Debug)]
pub(super) struct Pools {
    connections: u32,
    pending: u32,
    requests: u32,
    retries: u32,
    /// By host, then worker.
    rows: Box<[Row]>,
}

/// One worker's connections to one host.
#[derive(Clone, Default, Debug)]
struct Row {
    /// Connections with room, the one to use next last.
    ready: Vec<u32>,
    /// Connections whose handshake is not over.
    connecting: u32,
    /// Connections that are not closed, drained ones included.
    alive: u32,
    /// Attempts that wait.
    pending: VecDeque<u32>,
}

impl Pools {
    pub(super) fn new(hosts: usize, workers: u32) -> Self {
        let rows = vec![Row::default(); hosts * workers as usize].into();
        Pools { connections: 0, pending: 0, requests: 0, retries: 0, rows }
    }
}

impl Machine<'_> {
    fn pools(&mut self, upstream: u32) -> &mut Pools {
        self.upstream_mut(upstream).pools.as_mut().expect("an upstream that counts has pools")
    }

    fn row(&mut self, upstream: u32, row: usize) -> &mut Row {
        &mut self.pools(upstream).rows[row]
    }

    fn pool_policy(&self, upstream: u32) -> Pool {
        self.policy_of(upstream).pool
    }

    /// Are requests counted on this connection's upstream?
    pub(super) fn counts(&self, upstream: u32) -> bool {
        self.upstream(upstream).pools.is_some()
    }

    fn row_of(&self, upstream: u32, host: u16, worker: u16) -> usize {
        let state = self.upstream(upstream);
        usize::from(host) * state.workers as usize + usize::from(worker)
    }

    /// An attempt to a host takes a connection, waits for one, or is refused.
    pub(super) fn enter_pool(&mut self, attempt: u32, upstream: u32, leaves: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.core.latest = leaves;
        let (host, call) = (row.host, row.call);
        let worker = self.worker_of(upstream, self.calls[call].key);
        let place = self.row_of(upstream, host, worker);
        if let Some(slot) = self.with_room(upstream, place, leaves, schedule) {
            self.attach(attempt, slot, schedule);
            return;
        }
        let policy = self.pool_policy(upstream);
        let pools = self.pools(upstream);
        if pools.pending >= policy.max_pending {
            self.refuse(attempt, schedule);
            return;
        }
        pools.pending += 1;
        pools.rows[place].pending.push_back(attempt);
        self.attempts[attempt].flags |= Attempt::PARKED;
        self.expand(upstream, host, worker, leaves, schedule);
    }

    /// The connection that a request takes now.
    fn with_room(&mut self, upstream: u32, place: usize, at: SimTime, schedule: &mut Schedule) -> Option<u32> {
        while let Some(&slot) = self.row(upstream, place).ready.last() {
            if !self.worn(slot, at) {
                return Some(slot);
            }
            self.retire(slot, schedule);
        }
        None
    }

    /// A circuit breaker is open.
    fn refuse(&mut self, attempt: u32, schedule: &mut Schedule) {
        self.attempts[attempt].flags |= Attempt::SERVER_DONE;
        self.attempt_failed(attempt, Failure::CircuitBreaker, schedule.now(), schedule);
    }

    /// An attempt goes over a connection.
    fn attach(&mut self, attempt: u32, slot: u32, schedule: &mut Schedule) {
        let now = schedule.now();
        self.catch_up(now);
        let upstream = self.connections[slot].upstream;
        let policy = self.pool_policy(upstream);
        if self.pools(upstream).requests >= policy.max_requests {
            self.refuse(attempt, schedule);
            return;
        }
        self.pools(upstream).requests += 1;
        let leaves = self.attempts[attempt].core.latest.max(now);
        self.forgotten_by_now(slot, leaves, schedule);
        let counts = self.ledger.counts();
        let on = &mut self.connections[slot];
        on.attached += 1;
        on.attempts += u64::from(counts);
        on.streams += 1;
        on.taken += 1;
        let (full, spent) = (on.streams >= policy.streams(), on.taken >= policy.max_requests_per_connection);
        if full && !spent {
            self.out_of_ready(slot);
        }
        self.attempts[attempt].connection = slot;
        if spent {
            self.retire(slot, schedule);
        }
        self.trace_until(attempt, now, "pool", |_, _| "waits for a connection".into());
        self.send_request(attempt, leaves, now, schedule);
    }

    fn out_of_ready(&mut self, slot: u32) {
        let on = &self.connections[slot];
        let (upstream, place) = (on.upstream, self.row_of(on.upstream, on.host, on.worker));
        let ready = &mut self.row(upstream, place).ready;
        if let Some(at) = ready.iter().rposition(|&one| one == slot) {
            ready.remove(at);
        }
    }

    /// Opens connections while more wait than those being opened will take, as far as the limit goes.
    fn expand(&mut self, upstream: u32, host: u16, worker: u16, at: SimTime, schedule: &mut Schedule) {
        let (policy, place) = (self.pool_policy(upstream), self.row_of(upstream, host, worker));
        loop {
            let pools = self.pools(upstream);
            let row = &pools.rows[place];
            let to_come = u64::from(row.connecting) * u64::from(policy.capacity());
            let may = pools.connections < policy.max_connections || row.alive == 0;
            if row.pending.len() as u64 <= to_come || !may {
                return;
            }
            pools.connections += 1;
            pools.rows[place].alive += 1;
            let slot = self.open(upstream, host, worker, at, schedule);
            if self.connections[slot].state == State::Connecting {
                self.row(upstream, place).connecting += 1;
            } else {
                self.has_room(slot, schedule);
            }
        }
    }

    /// A connection can take requests: those that wait have it.
    fn has_room(&mut self, slot: u32, schedule: &mut Schedule) {
        let on = &self.connections[slot];
        let (upstream, place) = (on.upstream, self.row_of(on.upstream, on.host, on.worker));
        self.row(upstream, place).ready.push(slot);
        while let Some(&attempt) = self.row(upstream, place).pending.front() {
            let leaves = self.attempts[attempt].core.latest.max(schedule.now());
            let Some(slot) = self.with_room(upstream, place, leaves, schedule) else { return };
            let pools = self.pools(upstream);
            if pools.rows[place].pending.front() != Some(&attempt) {
                continue;
            }
            pools.rows[place].pending.pop_front();
            pools.pending -= 1;
            self.attempts[attempt].flags &= !Attempt::PARKED;
            self.attach(attempt, slot, schedule);
        }
    }

    /// A handshake of a counted connection is over.
    pub(super) fn joins_pool(&mut self, slot: u32, schedule: &mut Schedule) {
        let on = &self.connections[slot];
        let (upstream, place) = (on.upstream, self.row_of(on.upstream, on.host, on.worker));
        self.row(upstream, place).connecting -= 1;
        self.has_room(slot, schedule);
    }

    /// No connection could be made: all that wait for one there fail with it, as Envoy has it.
    pub(super) fn purge(&mut self, slot: u32) -> VecDeque<u32> {
        let on = &self.connections[slot];
        let (upstream, place) = (on.upstream, self.row_of(on.upstream, on.host, on.worker));
        let pools = self.pools(upstream);
        let waited = std::mem::take(&mut pools.rows[place].pending);
        pools.pending -= waited.len() as u32;
        for &attempt in &waited {
            let row = &mut self.attempts[attempt];
            row.flags = row.flags & !Attempt::PARKED | Attempt::SERVER_DONE;
        }
        waited
    }

    /// A connection takes no new requests.
    pub(super) fn leaves_pool(&mut self, slot: u32, was: State, schedule: &mut Schedule) {
        if was == State::Connecting {
            let on = &self.connections[slot];
            let (upstream, place) = (on.upstream, self.row_of(on.upstream, on.host, on.worker));
            self.row(upstream, place).connecting -= 1;
        } else {
            self.out_of_ready(slot);
        }
        if self.connections[slot].streams == 0 {
            self.closed(slot, schedule);
        }
    }

    /// The last request of a connection that takes no more is over.
    fn closed(&mut self, slot: u32, schedule: &mut Schedule) {
        let on = &self.connections[slot];
        let (upstream, host, worker) = (on.upstream, on.host, on.worker);
        let place = self.row_of(upstream, host, worker);
        let pools = self.pools(upstream);
        pools.connections -= 1;
        pools.rows[place].alive -= 1;
        self.expand(upstream, host, worker, schedule.now(), schedule);
    }

    /// A request will be answered, where nobody waits for that: its connection is rid of it at once, and when it no longer
    /// counts is told by then (`Machine::left`).
    pub(super) fn stream_over_ahead(&mut self, slot: u32, schedule: &mut Schedule) {
        let on = &mut self.connections[slot];
        on.streams -= 1;
        if on.streams == 0 && on.state == State::Closed {
            self.closed(slot, schedule);
        }
    }

    /// A request is answered that no longer counts from now on.
    pub(super) fn answered_ahead(&mut self, upstream: u32) {
        self.pools(upstream).requests -= 1;
    }

    /// A request is over for its client, answered or not.
    pub(super) fn stream_over(&mut self, slot: u32, given_up: bool, schedule: &mut Schedule) {
        let upstream = self.connections[slot].upstream;
        let policy = self.pool_policy(upstream);
        self.pools(upstream).requests -= 1;
        self.connections[slot].streams -= 1;
        if given_up && policy.protocol == Protocol::Http1 && self.connections[slot].state != State::Closed {
            // Of HTTP/1.1 nothing else can be read from a connection while an answer is still to come.
            self.retire(slot, schedule);
            return;
        }
        let on = &self.connections[slot];
        if on.state == State::Closed {
            if on.streams == 0 {
                self.closed(slot, schedule);
            }
        } else if on.streams + 1 == policy.streams() {
            self.has_room(slot, schedule);
        }
    }

    /// A waiting attempt is given up by its client.
    pub(super) fn leave_queue(&mut self, attempt: u32) {
        let row = &self.attempts[attempt];
        let (call, host) = (&self.calls[row.call], row.host);
        let (key, upstream) = (call.key, self.upstream_row(call.proxy, call.edge));
        let place = self.row_of(upstream, host, self.worker_of(upstream, key));
        let pools = self.pools(upstream);
        pools.pending -= 1;
        let queue = &mut pools.rows[place].pending;
        let at = queue.iter().position(|&one| one == attempt).expect("who waits stands in the queue");
        queue.remove(at);
        let row = &mut self.attempts[attempt];
        row.flags = row.flags & !Attempt::PARKED | Attempt::SERVER_DONE;
    }

    /// A call is to be tried again: may it, by the circuit breaker? From then on it counts.
    pub(super) fn may_retry(&mut self, call: u32, now: SimTime) -> bool {
        let row = &self.calls[call];
        let upstream = self.upstream_row(row.proxy, row.edge);
        if !self.counts(upstream) {
            return true;
        }
        self.catch_up(now);
        let policy = self.policy_of(upstream);
        let (most, budget) = (policy.pool.max_retries, policy.retry_budget);
        let pools = self.pools(upstream);
        let under_way = u64::from(pools.requests) + u64::from(pools.pending);
        let room = budget.map_or(pools.retries < most, |budget| budget.allows(under_way, pools.retries.into()));
        if !room {
            return false;
        }
        pools.retries += 1;
        self.calls[call].flags |= Call::RETRIES;
        true
    }

    /// A retry of a call is over.
    pub(super) fn retry_over(&mut self, call: u32) {
        let row = &mut self.calls[call];
        if row.is(Call::RETRIES) {
            row.flags &= !Call::RETRIES;
            let upstream = self.upstream_row(self.calls[call].proxy, self.calls[call].edge);
            self.pools(upstream).retries -= 1;
        }
    }

    /// Is this attempt in a queue of its pool, without a connection?
    pub(super) fn queues(&self, attempt: u32) -> bool {
        self.attempts[attempt].connection == NONE && self.attempts[attempt].is(Attempt::PARKED)
    }
}
