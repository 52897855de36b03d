//! The steps that a request takes inside a replica: work, calls, branches, loops; and who waits for whom.

use super::calls::{Attempt, Core, SUB, SubFrame, nth};
use super::event::Kind;
use super::machine::Machine;
use super::servers::Workers;
use super::settle::is_sub;
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Duration, SimTime};
use crate::world::{LawId, Step};

impl Machine<'_> {
    #[inline(always)]
    pub(super) fn begin(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        let call = &self.calls[row.call];
        let endpoint = self.connections[row.connection].endpoint;
        let start = self.hot.start_of(call.operation, self.hot.replicas[endpoint.0 as usize].version);
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
                Step::Cache { cache, hit } => {
                    let kept = self.asks(frame, cache, draw);
                    self.core_mut(frame).pc = if kept { hit } else { core.pc + 1 };
                }
                Step::Fill { cache, asked } => {
                    self.keeps(frame, cache, nth(core.salt, u64::from(asked)));
                    self.core_mut(frame).pc += 1;
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

    pub(super) fn service_of(&self, frame: u32) -> usize {
        let endpoint = self.endpoint_of(self.attempt_of(frame));
        self.hot.replicas[endpoint.0 as usize].service as usize
    }

    fn run_sub(&mut self, parent: u32, base: u64, body: u32, left: u32, at: SimTime, schedule: &mut Schedule) {
        let attempt = self.attempt_of(parent);
        let sub = SubFrame { core: Core::at(mix(base, 0), body), attempt, parent, body, left, base };
        let slot = self.frames.insert(sub);
        self.advance(slot | SUB, at, schedule);
    }

    /// Asks for a worker.
    fn work(&mut self, frame: u32, law: LawId, at: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let core = self.core(frame);
        let (salt, pc) = (core.salt, core.pc);
        let row = &self.attempts[self.attempt_of(frame)];
        let (endpoint, call) = (self.connections[row.connection].endpoint, &self.calls[row.call]);
        let operation = call.operation;
        let replica = &self.hot.replicas[endpoint.0 as usize];
        let draw = self.service_keys[replica.service as usize].work.uniform(nth(salt, u64::from(pc)));
        let work = Duration::from_seconds_f64(world.laws[law].sample(draw));
        let server = &mut self.servers[endpoint.0 as usize];
        let (clock, span) = (at.nanos(), work.nanos());
        if let Some(room) = server.room
            && !is_sub(frame)
            && pc == self.hot.start_of(operation, replica.version)
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
                if at > schedule.now() {
                    // Answers are sent in order of time.
                    self.resume(frame, at, schedule);
                } else {
                    self.end(frame, at, schedule);
                }
                return;
            }
        }
        let (strains, strained) = (&self.hot.strains, self.strained);
        match &mut server.workers {
            Workers::Fcfs(fcfs) => {
                let span = if strained { strains.work(endpoint, fcfs.starts(clock), span) } else { span };
                let served = fcfs.serve(clock, span);
                self.ledger.visit(endpoint, clock, served.start, served.end, span);
                if self.tracer.is_some() {
                    self.trace_work(frame, clock, served.start, served.end);
                }
                self.through(frame, pc, SimTime::from_nanos(served.end), schedule);
            }
            Workers::Sharing(shared) => {
                let span = strains.work(endpoint, clock, span);
                shared.add(clock, span, frame, salt);
                schedule.at(SimTime::from_nanos(shared.next), Kind::ServerEnd.order(), endpoint.0);
            }
            Workers::Priority(queue) => {
                // Who waits first has as much work as when he begins.
                let span = if queue.busy() { span } else { strains.work(endpoint, clock, span) };
                let ticket = queue.add(clock, world.operations[operation].priority, span, frame);
                if !is_sub(frame) && pc == self.hot.start_of(operation, replica.version) {
                    // By this it is found again if it leaves; while it waits, nothing else stands here.
                    self.attempts[frame].core.latest = SimTime::from_nanos(ticket);
                }
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
        if self.attempts[self.attempt_of(frame)].is(Attempt::STOPPED) {
            self.core_mut(frame).fail(Failure::Abandoned, false);
            self.end(frame, now, schedule);
            return;
        }
        self.core_mut(frame).pc += 1;
        self.advance(frame, now, schedule);
    }

    /// The step of a frame that is under way, `pc`, will be over at `at`.
    #[inline(always)]
    pub(super) fn through(&mut self, frame: u32, pc: u32, at: SimTime, schedule: &mut Schedule) {
        let last = matches!(self.world.program[pc as usize + 1], Step::End);
        if !last || !self.ends_ahead(frame, at, schedule) {
            self.resume(frame, at, schedule);
        }
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

    /// A frame goes on at `at`, as an event.
    pub(super) fn resume(&mut self, frame: u32, at: SimTime, schedule: &mut Schedule) {
        let salt = self.core(frame).salt;
        let ordinal = self.calls[self.attempts[self.attempt_of(frame)].call].ordinal;
        schedule.at(at, Kind::WorkEnd.order_of(ordinal, salt), frame);
    }

    /// All that a frame waited for is over at `at`.
    fn go_on(&mut self, frame: u32, at: SimTime, schedule: &mut Schedule) {
        if at <= schedule.now() {
            self.work_end(frame, at, schedule);
            return;
        }
        self.through(frame, self.core(frame).pc, at, schedule);
    }

    /// A frame is through, well or not.
    pub(super) fn end(&mut self, frame: u32, at: SimTime, schedule: &mut Schedule) {
        if !is_sub(frame) {
            if !self.alive(frame) {
                self.server_lost(frame, at, schedule);
            } else if let Some((parent, at)) = self.answer(frame, at, schedule)
                && let Some(at) = self.joined(parent, None, at)
            {
                // By way of an event: a chain of ten thousand calls must not become a deep stack.
                self.resume(parent, at.max(schedule.now()), schedule);
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
        if failure.is_some() {
            let blame = self.blames.of_frame(frame);
            self.blame_frame(parent, blame);
        }
        self.frames.release(frame & !SUB);
        self.child_done(parent, failure, at, schedule);
    }
}
