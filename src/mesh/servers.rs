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
use crate::world::{Discipline, EndpointId, LawId, Manner, Service, Step};

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
    room: Option<u32>,
    /// Requests on their way through the sidecar.
    inside: u32,
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
            // Who waits for a thread waits before the workers.
            room: service.queue.filter(|_| service.threads.is_none()),
            inside: 0,
            open: 0,
            waiting: VecDeque::new(),
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
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::INSIDE | Attempt::TRAVELLING;
        let call = &self.calls[row.call];
        schedule.at(done, Kind::Leg.order_of(call.ordinal, call.key ^ u64::from(row.number) << 56), attempt);
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

    #[inline(always)]
    fn begin(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        let call = &self.calls[row.call];
        let start = self.hot.operations[call.operation.0 as usize].start;
        // The first attempt and a retry do different work only in what chance decides.
        let salt = nth(call.key, u64::from(row.number) << 32);
        row.core = Core::at(salt, start);
        if let Step::Work { law } = self.world.program[start as usize] {
            self.work(attempt, law, at, schedule);
        } else {
            self.advance(attempt, at, schedule);
        }
    }

    #[inline]
    pub(super) fn core(&self, frame: u32) -> &Core {
        if is_sub(frame) { &self.frames[frame & !SUB].core } else { &self.attempts[frame].core }
    }

    #[inline]
    pub(super) fn core_mut(&mut self, frame: u32) -> &mut Core {
        if is_sub(frame) { &mut self.frames[frame & !SUB].core } else { &mut self.attempts[frame].core }
    }

    /// Is the process that a frame began in still the one that runs?
    pub(super) fn alive(&self, frame: u32) -> bool {
        let attempt = &self.attempts[self.attempt_of(frame)];
        let endpoint = self.connections[attempt.connection].endpoint;
        self.servers[endpoint.0 as usize].epoch == attempt.epoch
    }

    /// Calls and sub-frames begin that a frame waits for.
    fn wait_for(&mut self, frame: u32, count: u32) {
        let core = self.core_mut(frame);
        core.latest = SimTime::ZERO;
        core.pending = u16::try_from(count).expect("a step begins fewer than 65536 things at once");
    }

    /// Runs a frame until it has to wait. At a time to come only for the work that comes first.
    pub(super) fn advance(&mut self, frame: u32, at: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        loop {
            let core = *self.core(frame);
            let draw = nth(core.salt, u64::from(core.pc));
            match world.program[core.pc as usize] {
                Step::Work { law } => {
                    self.work(frame, law, at, schedule);
                    return;
                }
                Step::Call { site } => {
                    self.wait_for(frame, 1);
                    self.open_children(frame, site, 1, at, schedule);
                    return;
                }
                Step::Fork { count: 0, .. } | Step::Branch { count: 0, .. } => self.core_mut(frame).pc += 1,
                Step::Fork { first, count } => {
                    self.wait_for(frame, count);
                    self.open_children(frame, first, count, at, schedule);
                    return;
                }
                Step::Branch { first, count } => {
                    self.wait_for(frame, count);
                    for index in 0..count {
                        let body = world.choices[(first + index) as usize].start;
                        self.run_sub(frame, mix(draw, u64::from(index)), body, 1, at, schedule);
                    }
                    return;
                }
                Step::Repeat { body, times } => {
                    self.wait_for(frame, 1);
                    self.run_sub(frame, draw, body, times, at, schedule);
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
                    self.end(frame, at, schedule);
                    return;
                }
            }
        }
    }

    fn service_of(&self, frame: u32) -> usize {
        let endpoint = self.endpoint_of(self.attempt_of(frame));
        self.hot.replicas[endpoint.0 as usize].service as usize
    }

    fn run_sub(&mut self, parent: u32, base: u64, body: u32, left: u32, at: SimTime, schedule: &mut Schedule) {
        let attempt = self.attempt_of(parent);
        let sub = SubFrame { core: Core::at(mix(base, 0), body), attempt, parent, body, left, base };
        let slot = self.frames.insert(sub, |_, _| ());
        self.advance(slot | SUB, at, schedule);
    }

    /// Asks for a worker.
    fn work(&mut self, frame: u32, law: LawId, at: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let core = self.core(frame);
        let (salt, pc) = (core.salt, core.pc);
        let row = &self.attempts[self.attempt_of(frame)];
        let (endpoint, call) = (self.connections[row.connection].endpoint, &self.calls[row.call]);
        let (operation, ordinal) = (call.operation, call.ordinal);
        let replica = &self.hot.replicas[endpoint.0 as usize];
        let draw = self.service_keys[replica.service as usize].work.uniform(nth(salt, u64::from(pc)));
        let work = Duration::from_seconds_f64(world.laws[law].sample(draw));
        let server = &mut self.servers[endpoint.0 as usize];
        let (clock, span) = (at.nanos(), work.nanos());
        if let Some(room) = server.room
            && !is_sub(frame)
            && pc == self.hot.operations[operation.0 as usize].start
        {
            // Only a call that has not begun is turned away: one that comes back from a callee has its place.
            let workers = world.services[world.endpoints[endpoint].service].workers as usize;
            let full = match &mut server.workers {
                Workers::Fcfs(fcfs) => fcfs.busy(clock) && fcfs.waiting(clock) >= room as usize,
                Workers::Sharing(shared) => shared.len() >= workers + room as usize,
                Workers::Priority(queue) => queue.busy() && queue.waiting() >= room as usize,
            };
            if full {
                self.ledger.blocked(endpoint, at);
                self.core_mut(frame).fail(Failure::Overflow, false);
                self.end(frame, at, schedule);
                return;
            }
        }
        match &mut server.workers {
            Workers::Fcfs(fcfs) => {
                let served = fcfs.serve(clock, span);
                self.ledger.visit(endpoint, clock, served.start, served.end, span);
                if self.tracer.is_some() {
                    self.trace_work(frame, clock, served.start, served.end);
                }
                self.through(frame, pc, salt, ordinal, SimTime::from_nanos(served.end), schedule);
            }
            Workers::Sharing(shared) => {
                shared.add(clock, span, frame, salt);
                schedule.at(SimTime::from_nanos(shared.next), Kind::ServerEnd.order(), endpoint.0);
            }
            Workers::Priority(queue) => {
                queue.add(clock, world.operations[operation].priority, span, frame);
                schedule.at(SimTime::from_nanos(queue.next()), Kind::ServerEnd.order(), endpoint.0);
            }
        }
    }

    /// Work is done, or the last of what a frame waited for is.
    pub(super) fn work_end(&mut self, frame: u32, now: SimTime, schedule: &mut Schedule) {
        if self.core(frame).failed > 0 || !self.alive(frame) {
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

    /// The step of a frame that is under way will be over at `at`.
    #[inline(always)]
    pub(super) fn through(
        &mut self,
        frame: u32,
        pc: u32,
        salt: u64,
        ordinal: u16,
        at: SimTime,
        schedule: &mut Schedule,
    ) {
        if matches!(self.world.program[pc as usize + 1], Step::End) && self.ends_ahead(frame, at, schedule) {
            return;
        }
        schedule.at(at, Kind::WorkEnd.order_of(ordinal, salt), frame);
    }

    /// A call or sub-frame that a frame waits for is over at `at`.
    pub(super) fn child_done(&mut self, frame: u32, failure: Option<Failure>, at: SimTime, schedule: &mut Schedule) {
        if let Some(at) = self.joined(frame, failure, at) {
            self.go_on(frame, at, schedule);
        }
    }

    /// Tells when the frame goes on, if that was the last that it waited for.
    #[inline(always)]
    pub(super) fn joined(&mut self, frame: u32, failure: Option<Failure>, at: SimTime) -> Option<SimTime> {
        let core = self.core_mut(frame);
        if let Some(cause) = failure {
            core.fail(cause, true);
        }
        core.latest = core.latest.max(at);
        core.pending -= 1;
        (core.pending == 0).then_some(core.latest)
    }

    /// All that a frame waited for is over at `at`.
    pub(super) fn go_on(&mut self, frame: u32, at: SimTime, schedule: &mut Schedule) {
        if at <= schedule.now() {
            self.work_end(frame, at, schedule);
            return;
        }
        let (pc, salt) = (self.core(frame).pc, self.core(frame).salt);
        let ordinal = self.calls[self.attempts[self.attempt_of(frame)].call].ordinal;
        self.through(frame, pc, salt, ordinal, at, schedule);
    }

    /// A frame is through, well or not.
    pub(super) fn end(&mut self, frame: u32, at: SimTime, schedule: &mut Schedule) {
        if !is_sub(frame) {
            if !self.alive(frame) {
                self.server_lost(frame, at, schedule);
            } else if let Some((parent, at)) = self.answer(frame, at, schedule) {
                self.child_done(parent, None, at, schedule);
            }
            return;
        }
        let alive = self.alive(frame);
        let sub = &mut self.frames[frame & !SUB];
        if sub.core.failed == 0 && sub.left > 1 && alive {
            sub.left -= 1;
            sub.core.pc = sub.body;
            sub.core.salt = mix(sub.base, u64::from(sub.left));
            self.advance(frame, at, schedule);
            return;
        }
        let (parent, failure) = (sub.parent, sub.core.failure());
        self.frames.release(frame & !SUB);
        self.child_done(parent, failure, at, schedule);
    }

    /// The application answers; some answers are errors all the same.
    fn answer(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) -> Option<(u32, SimTime)> {
        let row = &self.attempts[attempt];
        let operation = &self.hot.operations[self.calls[row.call].operation.0 as usize];
        if operation.errors > 0.0 {
            let draw = self.service_keys[operation.service as usize].error.uniform(row.core.salt);
            if draw < operation.errors {
                self.attempts[attempt].core.fail(Failure::Error, false);
            }
        }
        self.release_thread(attempt, at, schedule);
        self.respond(attempt, at, schedule)
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
            let row = &mut self.attempts[next];
            row.flags |= Attempt::THREAD | Attempt::INSIDE | Attempt::TRAVELLING;
            let call = &self.calls[row.call];
            schedule.at(now, Kind::Leg.order_of(call.ordinal, call.key ^ u64::from(row.number) << 56), next);
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
