//! Replicas: threads, workers, queues; and the steps that a request takes inside.
//!
//! A parent that waits for a call holds a thread, not a worker. Where jobs come in order of time and nobody is
//! interrupted (first come, first served), the end of a job is known when it comes and the queue needs no event.

use std::collections::VecDeque;

use super::calls::{Attempt, Core, SUB, SubFrame, nth};
use super::event::Kind;
use super::fcfs::Fcfs;
use super::machine::Machine;
use super::settle::is_sub;
use super::waiting::{Priority, Sharing};
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Duration, SimTime};
use crate::world::{Discipline, Leg, Manner, Service, Step};

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
    /// Threads in use, where they are limited.
    open: u32,
    /// Requests that wait for a thread.
    waiting: VecDeque<u32>,
}

/// The workers of a replica, by discipline.
#[derive(Debug)]
pub(super) enum Workers {
    Fcfs(Fcfs),
    Sharing(Sharing),
    Priority(Priority),
}

impl Server {
    pub(super) fn new(service: &Service) -> Self {
        let workers = match service.discipline {
            Discipline::Fcfs => Workers::Fcfs(Fcfs::new(service.workers, service.queue.is_some())),
            Discipline::ProcessorSharing => Workers::Sharing(Sharing::new(service.workers)),
            Discipline::Priority => Workers::Priority(Priority::new(service.workers)),
        };
        Server {
            workers,
            epoch: 0,
            down: 0,
            down_since: 0,
            died_at: 0,
            manner: Manner::Silent,
            open: 0,
            waiting: VecDeque::new(),
        }
    }
}

impl Machine<'_> {
    /// The request is at the replica's host: through the sidecar, if there is one.
    pub(super) fn deliver(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &self.attempts[attempt];
        let (connection, endpoint) = (row.connection, row.endpoint);
        let server = &self.servers[endpoint.0 as usize];
        if self.connections[connection].epoch != server.epoch {
            // The process that knew this connection is gone: its successor's kernel answers with a reset.
            self.reset_by_peer(attempt, now, schedule);
            return;
        }
        let proxy = &self.world.proxies[self.world.endpoints[endpoint].proxy];
        if proxy.station.is_none() && proxy.delay.is_zero() {
            self.admit(attempt, now, schedule);
            return;
        }
        let mut done = now;
        if !proxy.station.is_none() {
            done = self.station_serve(proxy.station, now, proxy.cpu);
        }
        done += proxy.delay;
        self.trace_span(attempt, "proxy", now, done, |world, row| {
            world.proxies[world.endpoints[row.endpoint].proxy].name.clone()
        });
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::INSIDE | Attempt::TRAVELLING;
        let call = &self.calls[row.call];
        schedule.at(done, Kind::Leg.order_of(call.ordinal, call.key ^ u64::from(row.number) << 56), attempt);
    }

    /// The request is at the application: a thread, or the queue, or a 503.
    pub(super) fn admit(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let endpoint = self.attempts[attempt].endpoint;
        let service = &self.world.services[self.world.endpoints[endpoint].service];
        let server = &mut self.servers[endpoint.0 as usize];
        let epoch = server.epoch;
        self.attempts[attempt].epoch = epoch;
        if !self.attempts[attempt].is(Attempt::THREAD) {
            self.ledger.arrived(endpoint);
        }
        if server.down > 0 {
            self.server_lost(attempt, now, schedule);
            return;
        }
        if self.attempts[attempt].is(Attempt::THREAD) {
            // It waited for a thread and was handed one.
            self.begin(attempt, now, schedule);
            return;
        }
        if let Some(threads) = service.threads {
            if server.open >= threads {
                if service.queue.is_some_and(|room| server.waiting.len() >= room as usize) {
                    self.ledger.blocked(endpoint);
                    self.attempts[attempt].core.fail(Failure::Overflow, false);
                    self.respond(attempt, now, now, schedule);
                } else {
                    server.waiting.push_back(attempt);
                }
                return;
            }
            server.open += 1;
            self.attempts[attempt].flags |= Attempt::THREAD;
        }
        self.begin(attempt, now, schedule);
    }

    fn begin(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let call = &self.calls[self.attempts[attempt].call];
        let start = self.world.operations[call.operation].start;
        // The first attempt and a retry do different work only in what chance decides.
        let salt = nth(call.key, u64::from(self.attempts[attempt].number) << 32);
        self.attempts[attempt].core = Core { salt, pc: start, pending: 0, failed: 0, relayed: false };
        self.advance(attempt, now, schedule);
    }

    pub(super) fn core(&self, frame: u32) -> &Core {
        if is_sub(frame) { &self.frames[frame & !SUB].core } else { &self.attempts[frame].core }
    }

    fn core_mut(&mut self, frame: u32) -> &mut Core {
        if is_sub(frame) { &mut self.frames[frame & !SUB].core } else { &mut self.attempts[frame].core }
    }

    /// Is the process that a frame began in still the one that runs?
    fn alive(&self, frame: u32) -> bool {
        let attempt = &self.attempts[self.attempt_of(frame)];
        self.servers[attempt.endpoint.0 as usize].epoch == attempt.epoch
    }

    /// Runs a frame until it has to wait.
    fn advance(&mut self, frame: u32, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        loop {
            let core = *self.core(frame);
            let draw = nth(core.salt, u64::from(core.pc));
            match world.program[core.pc as usize] {
                Step::Work { law } => {
                    let keys = &self.service_keys[self.service_of(frame)];
                    let seconds = world.laws[law].sample(keys.work.uniform(draw));
                    self.work(frame, Duration::from_seconds_f64(seconds), now, schedule);
                    return;
                }
                Step::Call { site } => {
                    self.core_mut(frame).pending = 1;
                    self.open_child(frame, site, 0, now, schedule);
                    return;
                }
                Step::Fork { count: 0, .. } | Step::Branch { count: 0, .. } => self.core_mut(frame).pc += 1,
                Step::Fork { first, count } => {
                    self.core_mut(frame).pending = u16::try_from(count).expect("a step calls fewer than 65536 at once");
                    for index in 0..count {
                        self.open_child(frame, first + index, index, now, schedule);
                    }
                    return;
                }
                Step::Branch { first, count } => {
                    self.core_mut(frame).pending = u16::try_from(count).expect("a step has fewer than 65536 branches");
                    for index in 0..count {
                        let body = world.choices[(first + index) as usize].start;
                        self.run_sub(frame, mix(draw, u64::from(index)), body, 1, now, schedule);
                    }
                    return;
                }
                Step::Repeat { body, times } => {
                    self.core_mut(frame).pending = 1;
                    self.run_sub(frame, draw, body, times, now, schedule);
                    return;
                }
                Step::Choose { first, count } => {
                    let chance = self.service_keys[self.service_of(frame)].choose.uniform(draw);
                    let options = &world.choices[first as usize..(first + count) as usize];
                    let chosen =
                        options.iter().find(|option| chance < option.below).unwrap_or(&options[options.len() - 1]);
                    self.core_mut(frame).pc = chosen.start;
                }
                Step::Jump { to } => self.core_mut(frame).pc = to,
                Step::Again { chance, to } => {
                    let again = self.service_keys[self.service_of(frame)].choose.uniform(draw) < chance.get();
                    let core = self.core_mut(frame);
                    if again {
                        core.salt = mix(core.salt, 0xa9a1);
                        core.pc = to;
                    } else {
                        core.pc += 1;
                    }
                }
                Step::End => {
                    self.end(frame, now, schedule);
                    return;
                }
            }
        }
    }

    fn service_of(&self, frame: u32) -> usize {
        self.world.endpoints[self.attempts[self.attempt_of(frame)].endpoint].service.0 as usize
    }

    fn run_sub(&mut self, parent: u32, base: u64, body: u32, left: u32, now: SimTime, schedule: &mut Schedule) {
        let attempt = self.attempt_of(parent);
        let core = Core { salt: mix(base, 0), pc: body, pending: 0, failed: 0, relayed: false };
        let sub = SubFrame { core, attempt, parent, body, left, base };
        let slot = self.frames.insert(sub, |_, _| ());
        self.advance(slot | SUB, now, schedule);
    }

    /// Asks for a worker.
    fn work(&mut self, frame: u32, work: Duration, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let attempt = self.attempt_of(frame);
        let row = &self.attempts[attempt];
        let (endpoint, call) = (row.endpoint, &self.calls[row.call]);
        let operation = &world.operations[call.operation];
        let service = &world.services[world.endpoints[endpoint].service];
        let core = *self.core(frame);
        // Only a call that has not begun is turned away: one that comes back from a callee has its place.
        let fresh = !is_sub(frame) && core.pc == operation.start && service.threads.is_none();
        let room = service.queue.filter(|_| fresh);
        let ordinal = call.ordinal;
        let server = &mut self.servers[endpoint.0 as usize];
        let (clock, span) = (now.nanos(), work.nanos());
        let full = match (&mut server.workers, room) {
            (_, None) => false,
            (Workers::Fcfs(fcfs), Some(room)) => fcfs.busy(clock) && fcfs.waiting(clock) >= room as usize,
            (Workers::Sharing(shared), Some(room)) => shared.len() >= service.workers as usize + room as usize,
            (Workers::Priority(queue), Some(room)) => queue.busy() && queue.waiting() >= room as usize,
        };
        if full {
            self.ledger.blocked(endpoint);
            self.core_mut(frame).fail(Failure::Overflow, false);
            self.end(frame, now, schedule);
            return;
        }
        match &mut server.workers {
            Workers::Fcfs(fcfs) => {
                let served = fcfs.serve(clock, span);
                self.ledger.visit(endpoint, clock, served.start, served.end, span);
                self.trace_work(frame, clock, served.start, served.end);
                let end = SimTime::from_nanos(served.end);
                if self.folds(frame, service) {
                    self.attempts[attempt].core.pc += 1;
                    self.attempts[attempt].flags |= Attempt::FOLDED;
                    self.answer(attempt, end, now, schedule);
                } else {
                    schedule.at(end, Kind::WorkEnd.order_of(ordinal, core.salt), frame);
                }
            }
            Workers::Sharing(shared) => {
                shared.add(clock, span, frame, core.salt);
                schedule.at(SimTime::from_nanos(shared.next), Kind::ServerEnd.order(), endpoint.0);
            }
            Workers::Priority(queue) => {
                queue.add(clock, operation.priority, span, frame);
                schedule.at(SimTime::from_nanos(queue.next()), Kind::ServerEnd.order(), endpoint.0);
            }
        }
    }

    /// May the end of this work and the answer be one event? Yes where nothing happens between them.
    fn folds(&self, frame: u32, service: &Service) -> bool {
        if is_sub(frame) || service.threads.is_some() {
            return false;
        }
        let row = &self.attempts[frame];
        let waits = |leg: &Leg| matches!(leg, Leg::Wait(_));
        matches!(self.world.program[row.core.pc as usize + 1], Step::End)
            && self.world.paths[row.path].back.iter().all(waits)
    }

    /// Work is done.
    pub(super) fn work_end(&mut self, frame: u32, now: SimTime, schedule: &mut Schedule) {
        if !self.alive(frame) {
            self.end(frame, now, schedule);
            return;
        }
        self.core_mut(frame).pc += 1;
        self.advance(frame, now, schedule);
    }

    /// A job of a processor-sharing or priority server may be done.
    pub(super) fn server_end(&mut self, endpoint: u32, now: SimTime, schedule: &mut Schedule) {
        let clock = now.nanos();
        loop {
            let server = &mut self.servers[endpoint as usize];
            let (done, next) = match &mut server.workers {
                Workers::Sharing(shared) => (if shared.next <= clock { shared.done(clock) } else { None }, shared.next),
                Workers::Priority(queue) => (queue.done(clock), queue.next()),
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

    /// A call or sub-frame that a frame waits for is over.
    pub(super) fn child_done(&mut self, frame: u32, failure: Option<Failure>, now: SimTime, schedule: &mut Schedule) {
        let core = self.core_mut(frame);
        if let Some(cause) = failure {
            core.fail(cause, true);
        }
        core.pending -= 1;
        if core.pending > 0 {
            return;
        }
        if core.failed > 0 || !self.alive(frame) {
            self.end(frame, now, schedule);
        } else {
            self.core_mut(frame).pc += 1;
            self.advance(frame, now, schedule);
        }
    }

    /// A frame is through, well or not.
    fn end(&mut self, frame: u32, now: SimTime, schedule: &mut Schedule) {
        if !is_sub(frame) {
            if self.alive(frame) {
                self.answer(frame, now, now, schedule);
            } else {
                self.server_lost(frame, now, schedule);
            }
            return;
        }
        let sub = &mut self.frames[frame & !SUB];
        if sub.core.failed == 0 && sub.left > 1 && self.alive(frame) {
            let sub = &mut self.frames[frame & !SUB];
            sub.left -= 1;
            sub.core.pc = sub.body;
            sub.core.salt = mix(sub.base, u64::from(sub.left));
            self.advance(frame, now, schedule);
            return;
        }
        let (parent, failure) = (self.frames[frame & !SUB].parent, self.frames[frame & !SUB].core.failure());
        self.frames.release(frame & !SUB);
        self.child_done(parent, failure, now, schedule);
    }

    /// The application answers at `at`; some answers are errors all the same.
    fn answer(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let call = &self.calls[self.attempts[attempt].call];
        let errors = self.world.operations[call.operation].errors.get();
        let service = self.service_of(attempt);
        let salt = self.attempts[attempt].core.salt;
        if errors > 0.0 && self.service_keys[service].error.uniform(salt) < errors {
            self.attempts[attempt].core.fail(Failure::Error, false);
        }
        self.release_thread(attempt, now, schedule);
        self.respond(attempt, at, now, schedule);
    }

    fn release_thread(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        if !row.is(Attempt::THREAD) {
            return;
        }
        row.flags &= !Attempt::THREAD;
        let (endpoint, epoch) = (row.endpoint, row.epoch);
        let server = &mut self.servers[endpoint.0 as usize];
        if server.epoch != epoch {
            return;
        }
        server.open -= 1;
        if let Some(next) = server.waiting.pop_front() {
            server.open += 1;
            self.trace_until(next, now, "queue", |world, row| {
                format!("thread of {}", world.endpoints[row.endpoint].name)
            });
            // By way of an event: a long queue of requests that fail at once must not become a deep stack.
            let row = &mut self.attempts[next];
            row.flags |= Attempt::THREAD | Attempt::INSIDE | Attempt::TRAVELLING;
            let call = &self.calls[row.call];
            schedule.at(now, Kind::Leg.order_of(call.ordinal, call.key ^ u64::from(row.number) << 56), next);
        }
    }

    fn respond(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::SERVER_DONE;
        if row.is(Attempt::CLIENT_DONE) {
            self.free_attempt(attempt);
        } else {
            self.send_response(attempt, at, now, schedule);
        }
    }

    /// The process died with this request in it: no answer will come.
    fn server_lost(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
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
        server.open = 0;
        let waiting = std::mem::take(&mut server.waiting);
        let frames = match &mut server.workers {
            Workers::Fcfs(fcfs) => {
                // Their events are on the way and will find another epoch.
                fcfs.reset();
                Vec::new()
            }
            Workers::Sharing(shared) => shared.reset(),
            Workers::Priority(queue) => queue.reset(),
        };
        for frame in frames {
            self.end(frame, now, schedule);
        }
        for attempt in waiting {
            self.server_lost(attempt, now, schedule);
        }
    }
}
