//! Requests of a session: one at a time, on the connection that it has.

use super::{LOGIN, NEVER, SESSION, Stage};
use crate::engine::Schedule;
use crate::mesh::arrivals::choose;
use crate::mesh::blames::LedTo;
use crate::mesh::calls::{Call, NONE, Request, nth};
use crate::mesh::machine::Machine;
use crate::mesh::tcp;
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Duration, SimTime};
use crate::workload::asks_again_from;
use crate::world::StreamId;

impl<'w> Machine<'w> {
    /// Where the connection of a session leads.
    pub(super) fn led_to_door(&self, line: u32, door: u32) -> LedTo<'w> {
        let this = self.line(line);
        let front = &this.fronts[usize::from(this.doors[door as usize].target)];
        let entries = &self.world.streams[StreamId(this.stream)].entries;
        LedTo { doors: &entries[door as usize..=door as usize], way: [front.there, front.back], draw: 0 }
    }
}

impl Machine<'_> {
    /// The user of a session thinks from `at` on, and then asks, no sooner than `earliest`, or leaves.
    pub(super) fn think_on(&mut self, row: u32, at: SimTime, earliest: SimTime, schedule: &mut Schedule) {
        let session = self.session(row);
        let (line, draw) = (session.line, mix(session.key(), u64::from(session.asked)));
        let thought = self.told(line).think.sample(self.line(line).think.uniform(draw));
        let until = SimTime::from_nanos(session.until).max(at);
        self.session_mut(row).asked += 1;
        let asks = (at + Duration::from_seconds_f64(thought)).max(earliest);
        self.plan_session(row, Stage::Thinking, asks.min(until), schedule);
    }

    /// The user has thought long enough.
    pub(super) fn ask(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let session = self.session(row);
        let ordinal = u64::from(session.asked) << 32 | u64::from(session.who);
        let (stream, asks) = (self.line(session.line).stream, self.told(session.line).asks as usize);
        let mix = &self.world.streams[StreamId(stream)].mix[..asks];
        let chosen = if asks == 1 { 0 } else { choose(mix, self.streams[stream as usize].mix.uniform(ordinal)) };
        self.send(row, chosen as u32, ordinal, now, schedule);
    }

    /// The request of a session that is under way.
    pub(super) fn request_of(&self, row: u32) -> Request {
        let session = self.session(row);
        let stream = self.line(session.line).stream;
        let first_row = self.streams[stream as usize].first_row;
        let (ordinal, user) = (session.ordinal, session.who);
        Request { ordinal, stream, row: first_row + session.chosen, user, far: SESSION | row }
    }

    /// When the user of a request waits no longer.
    fn waits_until(&self, request: &Request, sent: SimTime) -> SimTime {
        let key = mix(self.streams[request.stream as usize].name, request.ordinal);
        self.patience_from(request.stream, key, sent)
    }

    /// A request leaves its user.
    pub(super) fn send(&mut self, row: u32, chosen: u32, ordinal: u64, now: SimTime, schedule: &mut Schedule) {
        let session = self.session_mut(row);
        (session.sent, session.ordinal, session.chosen) = (now.nanos(), ordinal, chosen);
        let (line, door) = (session.line, session.door as usize);
        let request = self.request_of(row);
        let key = mix(self.streams[request.stream as usize].name, ordinal);
        let operation = self.world.streams[StreamId(request.stream)].mix[chosen as usize].0;
        let segments = tcp::segments(self.world.operations[operation].request_wire.0);
        let this = self.line(line);
        let front = this.fronts[usize::from(this.doors[door].target)].clone();
        let mut lands = self.over(front.there, &front, (key, segments), now) + front.delay;
        let (at, reach) = (self.since_zero(lands), &self.line(line).doors[door].reach);
        let up = reach.silent.over(at);
        if up == i64::MAX {
            lands = SimTime::NEVER;
        } else if up != at {
            // What was sent into nothing is sent again at doubling distances, until it gets through.
            let late = (self.zero.nanos().cast_signed() + up).cast_unsigned() - front.delay.nanos();
            let tried = tcp::next_try(now.nanos(), front.round_trip().nanos(), late.saturating_sub(1));
            lands = SimTime::from_nanos(tried) + front.delay;
        }
        let refused = lands < SimTime::NEVER && reach.dead.holds(self.since_zero(lands));
        let told = if refused { lands + front.delay_back } else { lands };
        let (ends, gives_up) = (self.waits_until(&request, now), now + Duration::from_nanos(tcp::GIVE_UP));
        if told >= ends.min(gives_up) || refused {
            let (at, failure) = if ends <= told.min(gives_up) {
                (ends, Failure::Abandoned)
            } else {
                (told.min(gives_up), Failure::Reset)
            };
            self.fails(row, Some(door as u32), at, failure, "a connection that is dead");
            if !refused {
                // Its user goes on sending there until the connection is given up.
                self.at_a_dead_door(request.stream, self.led_to_door(line, door as u32), now);
            }
            self.breaks(row, at, schedule);
        } else if lands == now {
            self.at_ingress(row, now, schedule);
        } else {
            self.plan_session(row, Stage::Coming, lands, schedule);
        }
    }

    /// The request of a session is at its ingress.
    pub(super) fn at_ingress(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let request = self.request_of(row);
        let (world, session) = (self.world, self.session_mut(row));
        (session.stage, session.due) = (Stage::Inside, NEVER);
        let stream = &world.streams[StreamId(request.stream)];
        let (proxy, operation) = (stream.entries[session.door as usize], stream.mix[session.chosen as usize].0);
        let key = mix(self.streams[request.stream as usize].name, request.ordinal);
        let context = self.carried(request.stream, key);
        self.open_root(request, key, stream.edge, operation, proxy, context, now, schedule);
    }

    /// The call of a session's request, at its ingress since `asked`, is settled at `at`.
    pub(in crate::mesh) fn settle_session(
        &mut self,
        request: Request,
        slot: u32,
        asked: u64,
        at: SimTime,
        failure: Option<Failure>,
        schedule: &mut Schedule,
    ) {
        // Afterwards its row is the next request's.
        let sent = self.sent_at(&request, asked);
        let home = self.session_answered(request, at, failure, schedule);
        if self.ledger.people.is_some() {
            self.user_heard(&request, slot, (sent, asked), home);
        }
    }

    /// The answer to a session's request leaves the ingress at `at`. Returns when its user has it, if it is a good one and
    /// gets there while the user waits.
    fn session_answered(
        &mut self,
        request: Request,
        at: SimTime,
        failure: Option<Failure>,
        schedule: &mut Schedule,
    ) -> Option<SimTime> {
        let row = request.far & !SESSION;
        let session = self.session(row);
        if session.stage != Stage::Inside {
            // Its connection broke: the request has failed already.
            return None;
        }
        let (sent, line, door) = (SimTime::from_nanos(session.sent), session.line, session.door as usize);
        if failure == Some(Failure::Abandoned) {
            self.ledger.request(&request, sent, at, failure);
            self.breaks(row, at, schedule);
            return None;
        }
        let this = self.line(line);
        let front = this.fronts[usize::from(this.doors[door].target)].clone();
        let since = self.since_zero(at);
        let up = this.doors[door].reach.silent.over(since);
        let home = if up == i64::MAX {
            SimTime::NEVER
        } else {
            let mut leaves = at;
            if up != since {
                let late = at.nanos() + (up - since).cast_unsigned();
                leaves = SimTime::from_nanos(tcp::next_try(at.nanos(), front.round_trip().nanos(), late));
            }
            let operation = self.world.streams[StreamId(request.stream)].mix[self.session(row).chosen as usize].0;
            let wire = if failure.is_none() { self.world.operations[operation].response_wire.0 } else { 0 };
            let key = nth(mix(self.streams[request.stream as usize].name, request.ordinal), 1);
            self.over(front.back, &front, (key, tcp::segments(wire)), leaves) + front.delay_back
        };
        let ends = self.waits_until(&request, sent);
        if home >= ends {
            if failure.is_none() {
                let blame = self.blame_of_entry(request.stream, self.led_to_door(line, door as u32), sent, ends);
                self.ledger.failed(request.row, sent, Failure::Abandoned, blame);
            }
            self.ledger.request(&request, sent, ends.min(home), failure.or(Some(Failure::Abandoned)));
            self.breaks(row, ends, schedule);
            return None;
        }
        if home == SimTime::NEVER {
            self.session_mut(row).stage = Stage::Stuck;
            return None;
        }
        self.trace_home(&request, at, home);
        self.ledger.request(&request, sent, home, failure);
        match (request.ordinal & LOGIN != 0, failure) {
            (true, None) => self.opens(row, home, schedule),
            // Who is not let in is closed upon.
            (true, Some(_)) => self.not_in(row, home, schedule),
            (false, _) => self.think_on(row, home, asks_again_from(sent, home), schedule),
        }
        failure.is_none().then_some(home)
    }

    /// The request of a session failed on the way between its user and the ingress at this door, if there is one: known at
    /// `at`.
    pub(super) fn fails(&mut self, row: u32, door: Option<u32>, at: SimTime, failure: Failure, why: &str) {
        let (request, sent) = (self.request_of(row), SimTime::from_nanos(self.session(row).sent));
        self.trace_turned_away(&request, sent, at, why);
        self.ledger.request(&request, sent, at, Some(failure));
        let line = self.session(row).line;
        let led = door.map_or_else(LedTo::default, |door| self.led_to_door(line, door));
        self.ledger.failed(request.row, sent, failure, self.blame_of_entry(request.stream, led, sent, at));
        if self.ledger.people.is_some() {
            self.user_refused(&request, sent);
        }
    }

    /// The ingress dies that holds a session's call; its user hears of it at `at`.
    pub(super) fn dies_inside(&mut self, row: u32, now: SimTime, at: SimTime, schedule: &mut Schedule) {
        let (request, sent) = (self.request_of(row), SimTime::from_nanos(self.session(row).sent));
        // What it is answered from here on, nobody hears.
        self.session_mut(row).stage = Stage::Waiting;
        self.ledger.request(&request, sent, at, Some(Failure::Reset));
        let mine = |slot: &u32| {
            let call = &self.calls[*slot];
            call.is(Call::ROOT) && call.is(Call::LIVE) && self.requests[call.parent].far == request.far
        };
        let Some(slot) = (0..self.calls.slots()).find(mine) else { return };
        let session = self.session(row);
        let led = self.led_to_door(session.line, session.door);
        self.blames.now = Some(self.blame_of_entry(request.stream, led, now, now));
        let attempt = self.calls[slot].attempt;
        if attempt != NONE {
            self.leave(attempt, Some(Failure::Abandoned), now, schedule);
        }
        self.settle_call(slot, Some(Failure::Reset), now, schedule);
    }
}
