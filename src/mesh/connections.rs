//! Connections: from each worker of a client proxy to each host it uses one, HTTP/2, all its calls multiplexed on it; or
//! as many as its pool needs (`pools`).
//!
//! A connection is opened by the first call that needs it and pays for TCP and TLS (`handshake`); it is pinned to one replica (and,
//! behind a gateway, to one gateway replica) for life. A dead path sends nothing: its connections hang.

use std::cmp::Reverse;
use std::collections::VecDeque;

use super::calls::{Attempt, NONE};
use super::handshake::Phase;
use super::idle;
use super::machine::Machine;
use super::order::Line;
use super::transfer::Window;
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{EndpointId, GatewayId, HostTarget, Leg, PathId, StationId};

/// A load balancer leaves a target out after this long without an answer: two health checks of 10 s (estimated from
/// the defaults of cloud network load balancers; true figures are per listener).
pub(super) const BALANCER_DETECT: u64 = 20_000_000_000;

/// A connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// Row of `Machine::upstreams`.
    pub(super) upstream: u32,
    pub(super) host: u16,
    /// Of its proxy.
    pub(super) worker: u16,
    pub(super) state: State,
    /// Segments that may be under way: requests, responses.
    pub(super) window: [Window; 2],
    /// When the last request, the last answer was sent: a window rests by what *its* side has sent (RFC 5681, 4.1).
    pub(super) sent: [u64; 2],
    pub(super) path: PathId,
    pub(super) endpoint: EndpointId,
    /// The gateway replica in between; none where there is no gateway, or one without a CPU of its own (a balancer).
    pub(super) replica: StationId,
    /// Something in between chose the endpoint.
    pinned: bool,
    /// It has a place in the tables of connections on its way.
    pub(super) admitted: bool,
    /// When the last answer over it is there, which may be settled ahead of that.
    pub(super) quiet_at: u64,
    pub(super) epoch: u16,
    /// Names the connection for its own draws.
    pub(super) key: u64,
    pub(super) opened: u64,
    /// When it is so old that no call is sent over it any more; `u64::MAX`: never.
    pub(super) old_at: u64,
    /// Connecting: when its next event is. Open: when it was last used, the arrival of the last answer included.
    pub(super) at: u64,
    /// Connecting: what its next event is.
    pub(super) phase: Phase,
    /// Connecting: when the answer to the SYN is at the client.
    pub(super) answered: u64,
    /// Closed after this long without use; `u64::MAX`: never.
    pub(super) idle_limit: u64,
    /// Forgotten by something on its way after this long; `u64::MAX`: never.
    pub(super) forget: u64,
    pub(super) forgotten: bool,
    /// When somebody looks whether it rests; tells a planned look from a stale one.
    pub(super) look_at: u64,
    /// Where requests are counted: those not over for the client, and all that it has taken.
    pub(super) streams: u32,
    pub(super) taken: u32,
    /// Calls on it, waiting ones included.
    pub(super) attached: u32,
    /// Calls that wait for the handshake, first and last.
    pub(super) waiting: (u32, u32),
    /// Messages that were lost on a dead path, first and last.
    pub(super) hung: (u32, u32),
    /// Requests, answers: one was lost on a dead path, and what follows waits behind it (TCP delivers in order).
    pub(super) stuck: [bool; 2],
    /// When the first message was lost.
    pub(super) hung_since: u64,
    /// When the client's kernel or its ping gives it up; `u64::MAX`: not yet.
    pub(super) give_up: u64,
    /// When it sends again after its path came back; tells a planned retransmission from a stale one.
    pub(super) retry_at: u64,
    /// The bytes of its handshakes have been counted.
    pub(super) metered: bool,
    /// SYNs sent.
    pub(super) syns: u8,
    /// Attempts that were sent over it and count.
    pub(super) attempts: u64,
    /// Requests, answers: some are longer than a fresh window, so that the window matters.
    pub(super) windows: [bool; 2],
    /// Requests, answers: who arrives before whom.
    pub(super) lines: [Line; 2],
}

/// What a connection is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Connecting,
    Open,
    /// No longer used for new calls; freed with the last one on it.
    Closed,
}

impl Machine<'_> {
    /// The connection that a new call to `host` goes over, opened if need be.
    #[inline(always)]
    pub(super) fn connection(
        &mut self,
        upstream: u32,
        host: u16,
        worker: u16,
        now: SimTime,
        schedule: &mut Schedule,
    ) -> u32 {
        let current = *self.upstream_mut(upstream).connection(host, worker);
        if current != NONE {
            if !self.worn(current, now) {
                self.forgotten_by_now(current, now, schedule);
                return current;
            }
            self.retire(current, schedule);
        }
        self.open(upstream, host, worker, now, schedule)
    }

    /// The worker of the client's proxy that a call and all its tries belong to: decided by the call, evenly.
    pub(super) fn worker_of(&self, upstream: u32, call: u64) -> u16 {
        (mix(call, hash_worker()) % u64::from(self.upstream(upstream).workers)) as u16
    }

    /// Takes no new calls; what is on it drains.
    pub(super) fn retire(&mut self, slot: u32, schedule: &mut Schedule) {
        let connection = &mut self.connections[slot];
        let was = connection.state;
        if was == State::Closed {
            return;
        }
        connection.state = State::Closed;
        let (upstream, host, worker) = (connection.upstream, connection.host, connection.worker);
        let (idle, path) = (connection.attached == 0, connection.path);
        if !connection.forgotten {
            self.ledger.connection_closed(path);
        }
        self.no_longer_beside(upstream, host, worker);
        if self.counts(upstream) {
            self.leaves_pool(slot, was, schedule);
        } else {
            let current = self.upstream_mut(upstream).connection(host, worker);
            if *current == slot {
                *current = NONE;
            }
        }
        if idle {
            self.free_connection(slot);
        }
    }

    fn free_connection(&mut self, slot: u32) {
        let endpoint = self.connections[slot].endpoint;
        if self.connections[slot].pinned {
            self.unpinned.push(Reverse((self.connections[slot].quiet_at, endpoint.0)));
        }
        if self.connections[slot].admitted {
            let connection = &self.connections[slot];
            self.admission.leave(connection.path, connection.quiet_at);
        }
        self.count_flow(slot);
        // Events of this connection may still be pending: they must not take its successor for it.
        let connection = &mut self.connections[slot];
        (connection.hung_since, connection.give_up, connection.retry_at) = (u64::MAX, u64::MAX, u64::MAX);
        connection.look_at = u64::MAX;
        self.connections.release(slot);
    }

    /// Counts what went over a connection where requests of its proxy's place go.
    pub(super) fn count_flow(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        let (attempts, endpoint) = (std::mem::take(&mut connection.attempts), connection.endpoint);
        let hosts = self.upstreams[connection.upstream as usize].as_ref().expect("it opened a connection").host_set;
        self.ledger.flow(hosts, endpoint, attempts);
    }

    pub(super) fn open(&mut self, upstream: u32, host: u16, worker: u16, now: SimTime, schedule: &mut Schedule) -> u32 {
        let world = self.world;
        let state = self.upstream_mut(upstream);
        state.opened += 1;
        let key = mix(state.key, mix(u64::from(host), u64::from(state.opened)));
        let (host_set, edge) = (state.host_set, state.edge);
        let (endpoint, path, replica, pinned) = match &world.host_sets[host_set].hosts[usize::from(host)].target {
            HostTarget::Endpoint(endpoint, path) => (*endpoint, *path, StationId::NONE, false),
            HostTarget::Gateway(gateway, behind) => {
                let through = &world.gateways[*gateway];
                // Who has gone by now no longer counts; one whose last answer is still on its way does.
                while self.unpinned.peek().is_some_and(|Reverse((at, _))| *at <= schedule.now().nanos()) {
                    let Reverse((_, endpoint)) = self.unpinned.pop().expect("one was just seen");
                    self.pinned[endpoint as usize] -= 1;
                }
                let replica = self.gateway_replica(&through.replicas, key, now);
                let (endpoint, path) = if through.by_client {
                    self.known_to(upstream, behind, key)
                } else {
                    self.behind(*gateway, upstream, behind, key, now)
                };
                self.pinned[endpoint.0 as usize] += 1;
                (endpoint, path, replica, true)
            }
        };
        let way = &world.paths[path];
        let long = self.hot.replicas[endpoint.0 as usize].windows;
        let windows = long.map(|long| long && self.hot.paths[path.0 as usize].round_trip > 0);
        let (idle_limit, forget) = idle::limits(self.policy_of(upstream), way);
        let (aged, taken) = self.behind_it(upstream, host, worker, now);
        let slot = self.connections.insert(Connection {
            upstream,
            host,
            worker,
            state: if way.handshake == 0 { State::Open } else { State::Connecting },
            window: [Window::FRESH; 2],
            sent: [now.nanos(); 2],
            path,
            endpoint,
            replica,
            pinned,
            admitted: false,
            quiet_at: 0,
            epoch: self.servers[endpoint.0 as usize].epoch,
            key,
            opened: now.nanos(),
            old_at: now.nanos().saturating_add(self.hot.edges[edge.0 as usize].max_age - aged),
            at: now.nanos(),
            phase: Phase::Syn,
            answered: u64::MAX,
            idle_limit,
            forget,
            forgotten: false,
            look_at: u64::MAX,
            streams: 0,
            taken,
            attached: 0,
            waiting: (NONE, NONE),
            hung: (NONE, NONE),
            stuck: [false; 2],
            hung_since: u64::MAX,
            give_up: u64::MAX,
            retry_at: u64::MAX,
            metered: false,
            syns: 0,
            attempts: 0,
            windows,
            lines: [Line::default(), Line::default()],
        });
        if !self.counts(upstream) {
            *self.upstream_mut(upstream).connection(host, worker) = slot;
        }
        self.ledger.connection_opened(path, edge);
        self.admitted(slot, now, schedule.now());
        if way.handshake > 0 {
            self.knock(slot, schedule);
        } else {
            self.meter_handshake(slot, now);
            self.watch_idle(slot, now, schedule);
        }
        slot
    }

    /// A balancer spreads connections over gateway replicas; one that has been dead for long, or was sent away so long ago,
    /// is left out.
    fn gateway_replica(&self, replicas: &[StationId], key: u64, now: SimTime) -> StationId {
        let believed = |replica: &&StationId| {
            let station = &self.stations[replica.0 as usize];
            let answers = station.down == 0 || now.nanos() - station.down_since < BALANCER_DETECT;
            answers && now.nanos() < station.left_out
        };
        let alive = replicas.iter().filter(believed).count();
        let draw = mix(key, 1);
        if replicas.is_empty() {
            return StationId::NONE;
        }
        if alive == 0 {
            return replicas[(draw % replicas.len() as u64) as usize];
        }
        let nth = (draw % alive as u64) as usize;
        *replicas.iter().filter(believed).nth(nth).expect("the draw is below the count")
    }

    /// The gateway's own choice, once per connection: of two draws the replica with fewer connections through gateways.
    fn behind(
        &self,
        gateway: GatewayId,
        upstream: u32,
        behind: &[(EndpointId, PathId)],
        key: u64,
        now: SimTime,
    ) -> (EndpointId, PathId) {
        let there: Vec<(EndpointId, PathId)>;
        let behind = if self.scaling.is_none() {
            behind
        } else {
            // It is told as the proxies beside them are.
            let absent =
                |endpoint| self.told.absent[self.world.endpoints[endpoint].place.0 as usize].contains(&endpoint);
            there = behind.iter().copied().filter(|(endpoint, _)| !absent(*endpoint)).collect();
            if there.is_empty() { behind } else { &there }
        };
        let client = self.world.proxies[self.upstream(upstream).proxy].place;
        let draw = |n: u64| {
            let chosen = behind[(mix(key, n) % behind.len() as u64) as usize];
            self.entrance((gateway, client), behind, chosen, now)
        };
        let (first, second) = (draw(2), draw(3));
        let load = |endpoint: EndpointId| self.pinned[endpoint.0 as usize];
        if load(second.0) < load(first.0) { second } else { first }
    }

    /// The choice of the client's own node, once per connection: any of those that it has not been told are gone.
    fn known_to(&self, upstream: u32, behind: &[(EndpointId, PathId)], key: u64) -> (EndpointId, PathId) {
        let proxy = self.upstream(upstream).proxy;
        let gone = &self.told.gone[self.world.proxies[proxy].place.0 as usize];
        let known = |member: &&(EndpointId, PathId)| !gone.contains(&member.0);
        let (count, draw) = (behind.iter().filter(known).count(), mix(key, 2));
        match count {
            0 => behind[(draw % behind.len() as u64) as usize],
            _ => {
                let nth = (draw % count as u64) as usize;
                *behind.iter().filter(known).nth(nth).expect("the draw is below the count")
            }
        }
    }

    /// Since when nothing gets through on this connection; none: it does.
    pub(super) fn dead_since(&self, connection: &Connection) -> Option<u64> {
        let mut since = None;
        let mut look = |down: u16, at: u64| {
            if down > 0 {
                since = Some(since.map_or(at, |since: u64| since.min(at)));
            }
        };
        let path = &self.path_states[connection.path.0 as usize];
        look(path.down, path.down_since);
        let server = &self.servers[connection.endpoint.0 as usize];
        look(server.down, server.down_since);
        if !connection.replica.is_none() {
            let replica = &self.stations[connection.replica.0 as usize];
            look(replica.down, replica.down_since);
        }
        if let Some(at) = self.dead_way(connection) {
            look(1, at);
        }
        since
    }

    /// The handshake is over: who waited for it is sent.
    pub(super) fn up(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &mut self.connections[slot];
        connection.state = State::Open;
        connection.epoch = self.servers[connection.endpoint.0 as usize].epoch;
        connection.sent = [now.nanos(); 2];
        let mut next = connection.waiting.0;
        connection.waiting = (NONE, NONE);
        let (path, replica) = (connection.path, connection.replica);
        if let Some(gateway) = self.gateway_of(path).filter(|_| !replica.is_none()) {
            let work = self.world.gateways[gateway].cpu_per_connection;
            self.station_serve(replica, now, work);
        }
        self.watch_idle(slot, now, schedule);
        if self.counts(self.connections[slot].upstream) {
            self.joins_pool(slot, schedule);
            return;
        }
        while next != NONE {
            let attempt = next;
            next = std::mem::replace(&mut self.attempts[attempt].next, NONE);
            self.attempts[attempt].flags &= !Attempt::PARKED;
            if self.attempts[attempt].is(Attempt::CLIENT_DONE) {
                // Nobody waits any more: the request was never sent.
                self.attempts[attempt].flags |= Attempt::SERVER_DONE;
                self.free_attempt(attempt);
            } else {
                // A handshake may be over before the proxy is through with the request.
                let leaves = self.attempts[attempt].core.latest.max(now);
                self.trace_until(attempt, now, "connect", |_, _| "TCP and TLS".into());
                self.send_request(attempt, leaves, now, schedule);
            }
        }
    }

    fn gateway_of(&self, path: PathId) -> Option<GatewayId> {
        self.world.paths[path].legs.iter().find_map(|leg| match leg {
            Leg::Gateway(gateway) => Some(*gateway),
            _ => None,
        })
    }

    /// Waits for the handshake; the proxy is through with the request at `leaves`.
    pub(super) fn park(&mut self, attempt: u32, leaves: SimTime) {
        // Nothing of the server's side has begun: its place is free for what the client's side must remember.
        self.attempts[attempt].core.latest = leaves;
        self.attempts[attempt].flags |= Attempt::PARKED;
        self.attempts[attempt].next = NONE;
        let connection = &mut self.connections[self.attempts[attempt].connection];
        let last = connection.waiting.1;
        connection.waiting.1 = attempt;
        if last == NONE {
            connection.waiting.0 = attempt;
        } else {
            self.attempts[last].next = attempt;
        }
    }

    /// The connection is gone: every call on it fails.
    pub(super) fn break_connection(&mut self, slot: u32, failure: Failure, now: SimTime, schedule: &mut Schedule) {
        self.connections[slot].give_up = u64::MAX;
        self.connections[slot].hung_since = u64::MAX;
        self.connections[slot].hung = (NONE, NONE);
        self.connections[slot].stuck = [false; 2];
        self.connections[slot].waiting = (NONE, NONE);
        self.connections[slot].lines.iter_mut().for_each(Line::clear);
        // Keeps the slot while its calls are told.
        self.connections[slot].attached += 1;
        let connecting = self.connections[slot].state == State::Connecting;
        let purged =
            if connecting && self.counts(self.connections[slot].upstream) { self.purge(slot) } else { VecDeque::new() };
        self.retire(slot, schedule);
        for attempt in purged {
            // Unless the end of one before it settled its call.
            let row = &self.attempts[attempt];
            if row.flags & (Attempt::LIVE | Attempt::SERVER_DONE | Attempt::CLIENT_DONE)
                != Attempt::LIVE | Attempt::SERVER_DONE
            {
                continue;
            }
            self.attempt_failed(attempt, failure, now, schedule);
        }
        let mut on_it: Vec<(u64, u8, u32)> = (0..self.attempts.slots())
            .filter(|&attempt| self.attempts[attempt].is(Attempt::LIVE) && self.attempts[attempt].connection == slot)
            .map(|attempt| {
                let row = &self.attempts[attempt];
                (self.calls[row.call].key, row.number, attempt)
            })
            .collect();
        on_it.sort_unstable();
        for (_, _, attempt) in on_it {
            let row = &mut self.attempts[attempt];
            if !row.is(Attempt::LIVE) || row.connection != slot {
                continue;
            }
            let listed = row.is(Attempt::HUNG) || row.is(Attempt::PARKED) || row.is(Attempt::HELD);
            row.flags &= !(Attempt::HUNG | Attempt::PARKED | Attempt::HELD);
            if listed {
                row.flags |= Attempt::SERVER_DONE;
            }
            if row.is(Attempt::CLIENT_DONE) {
                if listed {
                    self.free_attempt(attempt);
                }
            } else {
                self.attempt_failed(attempt, failure, now, schedule);
            }
        }
        self.detach(slot);
    }

    /// One call fewer on a connection.
    #[inline(always)]
    pub(super) fn detach(&mut self, slot: u32) {
        let connection = &mut self.connections[slot];
        connection.attached -= 1;
        if connection.attached == 0 && connection.state == State::Closed {
            self.free_connection(slot);
        }
    }
}

/// What a call's worker is drawn by.
const fn hash_worker() -> u64 {
    0x776f_726b_6572
}
