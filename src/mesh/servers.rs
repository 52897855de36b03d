//! Replicas: the sidecar in front, threads, workers, queues, and their end.
//!
//! A parent that waits for a call holds a thread, not a worker. Where jobs come in order of time and nobody is
//! interrupted (first come, first served), the end of a job is known when it comes and the queue needs no event.

use std::collections::VecDeque;

use super::calls::Attempt;
use super::event::Kind;
use super::fcfs::Fcfs;
use super::machine::Machine;
use super::waiting::{Priority, Sharing};
use crate::engine::Schedule;
use crate::policy::rate_limit::Bucket;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{Discipline, EndpointId, Manner, Service};

/// A replica.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) workers: Workers,
    /// Raised when the process dies.
    pub(super) epoch: u16,
    /// How many faults hold it down.
    pub(super) down: u16,
    pub(super) down_since: u64,
    pub(super) died_at: u64,
    pub(super) manner: Manner,
    /// Room for those that wait for a worker, where it is bounded.
    pub(super) room: Option<u32>,
    /// Requests on their way through the sidecar.
    inside: u32,
    /// Threads in use, where they are limited.
    open: u32,
    /// Requests that wait for a thread.
    waiting: VecDeque<u32>,
    /// The rate limit of its proxy, from its start on.
    bucket: Option<Bucket>,
}

/// The workers of a replica, by discipline.
#[derive(Debug)]
pub(super) enum Workers {
    Fcfs(Fcfs),
    Sharing(Sharing),
    /// By class, or first come, first served, where who waits may leave.
    Priority(Priority),
}

impl Server {
    pub(super) fn new(service: &Service) -> Self {
        let workers = match service.discipline {
            Discipline::Fcfs if service.knows_ends() => {
                Workers::Fcfs(Fcfs::new(service.workers, service.queue.is_some()))
            }
            Discipline::ProcessorSharing => Workers::Sharing(Sharing::new(service.workers)),
            Discipline::Fcfs => Workers::Priority(Priority::new(service.workers, false)),
            Discipline::Priority => Workers::Priority(Priority::new(service.workers, true)),
        };
        Server {
            workers,
            epoch: 0,
            down: 0,
            down_since: 0,
            died_at: 0,
            manner: Manner::Silent,
            // Who waits for a thread waits before the workers.
            room: service.queue.filter(|_| service.threads.is_none()),
            inside: 0,
            open: 0,
            waiting: VecDeque::new(),
            bucket: service.rate_limit.map(|limit| Bucket::full(&limit, SimTime::ZERO)),
        }
    }
}

impl Server {
    /// How long its workers have been busy up to `now`, all together.
    pub(super) fn busy_for(&self, now: SimTime) -> u64 {
        match &self.workers {
            Workers::Fcfs(fcfs) => fcfs.busy_for(now.nanos()),
            Workers::Sharing(shared) => shared.busy_for(now.nanos()),
            Workers::Priority(queue) => queue.busy_for(now.nanos()),
        }
    }
}

impl Machine<'_> {
    /// The request is at the replica's host: through the sidecar, if there is one.
    pub(super) fn deliver(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let connection = &self.connections[self.attempts[attempt].connection];
        let endpoint = connection.endpoint;
        let server = &self.servers[endpoint.0 as usize];
        if connection.epoch != server.epoch {
            // The process that knew this connection is gone: its successor's kernel answers with a reset.
            self.reset_by_peer(attempt, now, schedule);
            return;
        }
        let replica = &self.hot.replicas[endpoint.0 as usize];
        if replica.station.is_none() && replica.delay.is_zero() {
            self.admit(attempt, now, schedule);
        } else {
            self.through_sidecar(attempt, endpoint, now, schedule);
        }
    }

    fn through_sidecar(&mut self, attempt: u32, endpoint: EndpointId, now: SimTime, schedule: &mut Schedule) {
        let replica = &self.hot.replicas[endpoint.0 as usize];
        let mut done = now;
        if !replica.station.is_none() {
            done = self.station_serve(replica.station, now, replica.cpu);
        }
        done += replica.delay;
        self.trace_span(attempt, "proxy", now, done, |world, endpoint| {
            world.proxies[world.endpoints[endpoint].proxy].name.clone()
        });
        if replica.in_order && self.servers[endpoint.0 as usize].inside == 0 && self.certain(done) {
            self.admit(attempt, done, schedule);
            return;
        }
        self.servers[endpoint.0 as usize].inside += 1;
        self.attempts[attempt].flags |= Attempt::INSIDE;
        self.on_its_way(attempt, done, schedule);
    }

    /// The request is through the sidecar.
    pub(super) fn inside(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        if !self.attempts[attempt].is(Attempt::THREAD) {
            let endpoint = self.endpoint_of(attempt);
            self.servers[endpoint.0 as usize].inside -= 1;
        }
        self.admit(attempt, now, schedule);
    }

    /// The request is at the application: a thread, or the queue, or a 503.
    #[inline(always)]
    pub(super) fn admit(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) {
        let endpoint = self.endpoint_of(attempt);
        let server = &mut self.servers[endpoint.0 as usize];
        let row = &mut self.attempts[attempt];
        row.epoch = server.epoch;
        let handed = row.is(Attempt::THREAD);
        if !handed {
            self.ledger.arrived(endpoint, at);
        }
        if server.down > 0 {
            self.server_lost(attempt, at, schedule);
            return;
        }
        if self.hot.replicas[endpoint.0 as usize].limited && !handed && !self.let_in(attempt, at, schedule) {
            return;
        }
        let (server, row) = (&mut self.servers[endpoint.0 as usize], &mut self.attempts[attempt]);
        // A request that waited for a thread and was handed one has it.
        if self.hot.replicas[endpoint.0 as usize].threads && !handed {
            let service = &self.world.services[self.world.endpoints[endpoint].service];
            if service.threads.is_some_and(|threads| server.open >= threads) {
                if service.queue.is_some_and(|room| server.waiting.len() >= room as usize) {
                    self.ledger.blocked(endpoint, at);
                    row.core.fail(Failure::Overflow, false);
                    let settled = self.respond(attempt, at, schedule);
                    debug_assert!(settled.is_none(), "a failure is an event where it arrives");
                } else {
                    server.waiting.push_back(attempt);
                }
                return;
            }
            server.open += 1;
            row.flags |= Attempt::THREAD;
        }
        self.begin(attempt, at, schedule);
    }

    /// Is one more request let in? Not past the rate limit of the replica's proxy, which answers in the application's
    /// place, nor where the news that nobody wants it came before it, nor for data
    /// that another cluster has, nor to write where no primary is.
    #[cold]
    fn let_in(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> bool {
        let endpoint = self.endpoint_of(attempt);
        let service = &self.world.services[self.world.endpoints[endpoint].service];
        let bucket = self.servers[endpoint.0 as usize].bucket.as_mut();
        let limited = bucket.zip(service.rate_limit.as_ref()).is_some_and(|(bucket, limit)| !bucket.take(limit, at));
        if limited {
            self.attempts[attempt].core.fail(Failure::RateLimited, false);
            self.ledger.blocked(endpoint, at);
        } else if self.attempts[attempt].is(Attempt::UNWANTED) {
            self.ledger.dropped(endpoint, at);
        } else if let Some(failure) = self.refused_by_store(attempt, at) {
            self.attempts[attempt].core.fail(failure, false);
        } else {
            return true;
        }
        let settled = self.respond(attempt, at, schedule);
        debug_assert!(settled.is_none(), "a failure is an event where it arrives, and who gave up hears nothing");
        false
    }

    /// A request that nobody wants leaves the queue, if it still waits for its thread or its first worker.
    /// Tells whether it has.
    pub(super) fn drop_queued(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) -> bool {
        let endpoint = self.endpoint_of(attempt);
        let (operation, row) = (self.calls[self.attempts[attempt].call].operation, &self.attempts[attempt]);
        let replica = &self.hot.replicas[endpoint.0 as usize];
        let server = &mut self.servers[endpoint.0 as usize];
        if server.epoch != row.epoch {
            return true;
        }
        let waited = if replica.threads && !row.is(Attempt::THREAD) {
            let place = server.waiting.iter().position(|&waiting| waiting == attempt);
            place.and_then(|place| server.waiting.remove(place)).map(|_| None)
        } else if let Workers::Priority(queue) = &mut server.workers
            && row.core.pc == self.hot.start_of(operation, replica.version)
        {
            let class = self.world.operations[operation].priority;
            queue.leave(class, row.core.latest.nanos(), attempt).map(Some)
        } else {
            None
        };
        let Some(came) = waited else { return false };
        self.ledger.dropped(endpoint, came.map_or(now, SimTime::from_nanos));
        if let Some(came) = came {
            self.ledger.visit(endpoint, came, now.nanos(), now.nanos(), 0);
        }
        self.release_thread(attempt, now, schedule);
        let settled = self.respond(attempt, now, schedule);
        debug_assert!(settled.is_none(), "who gave up hears nothing");
        true
    }

    /// A job of a processor-sharing or priority server may be done.
    pub(super) fn server_end(&mut self, endpoint: u32, now: SimTime, schedule: &mut Schedule) {
        let clock = now.nanos();
        loop {
            let server = &mut self.servers[endpoint as usize];
            let (done, next) = match &mut server.workers {
                Workers::Sharing(shared) => (if shared.next <= clock { shared.done(clock) } else { None }, shared.next),
                Workers::Priority(queue) => {
                    let (strains, id) = (&self.hot.strains, EndpointId(endpoint));
                    (queue.done(clock, |work| strains.work(id, clock, work)), queue.next())
                }
                Workers::Fcfs(_) => unreachable!("a first-come server has no such event"),
            };
            let Some((frame, came, work)) = done else { break };
            if next > clock && next < u64::MAX {
                schedule.at(SimTime::from_nanos(next), Kind::ServerEnd.order(), endpoint);
            }
            let start = clock - work.min(clock - came);
            self.ledger.visit(crate::world::EndpointId(endpoint), came, start, clock, work);
            self.trace_work(frame, came, start, clock);
            self.work_end(frame, now, schedule);
        }
    }

    /// The application answers; some answers are errors all the same.
    pub(super) fn answer(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> Option<(u32, SimTime)> {
        let row = &self.attempts[attempt];
        let operation = &self.hot.operations[self.calls[row.call].operation.0 as usize];
        if !operation.answers_well {
            let draw = self.service_keys[operation.service as usize].error.uniform(row.core.salt);
            if draw < operation.errors
                && let Some(status) = self.status_of(attempt, draw, at)
            {
                if self.is_missing(attempt) {
                    self.attempts[attempt].core.fail(Failure::WrongService, false);
                } else {
                    self.attempts[attempt].core.fail_with(status);
                }
            }
            if self.stores.is_some() {
                self.commit(attempt, at);
            }
        }
        self.release_thread(attempt, at, schedule);
        self.respond(attempt, at, schedule)
    }

    /// The status that a draw below the sum of shares of errors of any version stands for in the version that answers:
    /// first its own, then what faults make of the rest at that time.
    #[cold]
    fn status_of(&self, attempt: u32, draw: f64, at: SimTime) -> Option<u8> {
        let operation = self.calls[self.attempts[attempt].call].operation;
        let endpoint = self.endpoint_of(attempt);
        let version = self.hot.replicas[endpoint.0 as usize].version;
        let mut below = 0.0;
        let found = self.world.operations[operation].errors_of(version).iter().find(|(_, share)| {
            below += share.get();
            draw < below
        });
        let status = match found {
            Some((status, _)) => *status,
            None => self.hot.strains.status(endpoint, at.nanos(), (draw - below) / (1.0 - below))?,
        };
        let index = self.hot.statuses.binary_search(&status).expect("all statuses are listed");
        Some(index as u8)
    }

    /// Has the version that answers no such operation?
    #[cold]
    fn is_missing(&self, attempt: u32) -> bool {
        let operation = self.calls[self.attempts[attempt].call].operation;
        let version = self.hot.replicas[self.endpoint_of(attempt).0 as usize].version;
        self.world.operations[operation].variants.get(usize::from(version)).is_some_and(|variant| variant.missing)
    }

    #[inline]
    fn release_thread(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        if self.attempts[attempt].is(Attempt::THREAD) {
            self.hand_thread_on(attempt, now, schedule);
        }
    }

    fn hand_thread_on(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let endpoint = self.endpoint_of(attempt);
        let row = &mut self.attempts[attempt];
        row.flags &= !Attempt::THREAD;
        let server = &mut self.servers[endpoint.0 as usize];
        if server.epoch != row.epoch {
            return;
        }
        server.open -= 1;
        if let Some(next) = server.waiting.pop_front() {
            server.open += 1;
            self.trace_until(next, now, "queue", |world, endpoint| {
                format!("thread of {}", world.endpoints[endpoint].name)
            });
            // By way of an event: a long queue of requests that fail at once must not become a deep stack.
            self.attempts[next].flags |= Attempt::THREAD | Attempt::INSIDE;
            self.on_its_way(next, now, schedule);
        }
    }

    #[inline(always)]
    fn respond(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> Option<(u32, SimTime)> {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::SERVER_DONE;
        if row.is(Attempt::CLIENT_DONE) {
            self.free_attempt(attempt);
            return None;
        }
        self.send_response(attempt, at, schedule)
    }

    /// The process died with this request in it: no answer will come.
    pub(super) fn server_lost(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::SERVER_DONE | Attempt::RESPONSE;
        row.flags &= !(Attempt::THREAD | Attempt::INSIDE);
        if row.is(Attempt::CLIENT_DONE) {
            self.free_attempt(attempt);
        } else {
            self.hang(attempt, now, schedule);
        }
    }

    /// The process of a replica dies: its threads, its queue, its work.
    pub(super) fn kill(&mut self, endpoint: usize, now: SimTime, schedule: &mut Schedule) {
        let server = &mut self.servers[endpoint];
        server.epoch = server.epoch.wrapping_add(1);
        server.died_at = now.nanos();
        self.caches.of_process(self.world, endpoint as u32);
        server.open = 0;
        let limit = self.world.services[self.world.endpoints.rows()[endpoint].service].rate_limit;
        server.bucket = limit.map(|limit| Bucket::full(&limit, now));
        let waiting = std::mem::take(&mut server.waiting);
        let frames = match &mut server.workers {
            Workers::Fcfs(fcfs) => {
                // Their events are on the way and will find another epoch.
                fcfs.reset_at(now.nanos());
                Vec::new()
            }
            Workers::Sharing(shared) => shared.reset(now.nanos()),
            Workers::Priority(queue) => queue.reset(now.nanos()),
        };
        for frame in frames {
            self.end(frame, now, schedule);
        }
        for attempt in waiting {
            self.server_lost(attempt, now, schedule);
        }
    }
}
