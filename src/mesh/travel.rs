//! Messages on their way: leg by leg, bytes counted, caps and gateways met at the time they are reached.

use super::calls::{Attempt, Core, NONE, nth};
use super::connections::State;
use super::event::Kind;
use super::hot::Message;
use super::machine::Machine;
use super::noise::chance_of_loss;
use super::order::Turn;
use super::servers::Workers;
use super::tcp;
use super::transfer::Course;
use crate::engine::Schedule;
use crate::random::mix;
use crate::record::Failure;
use crate::units::{Bytes, Duration, SimTime};
use crate::world::{Direction, Leg, LinkId, Step};

/// The leg of a message that has no other before it.
pub(super) const THROUGH: u8 = u8::MAX;
/// An answer that is only a status: headers, TLS record, TCP and IP (estimated).
const STATUS: Message = Message { segments: 1, wire: Bytes(300), acks: Bytes(0) };

impl Machine<'_> {
    /// The request leaves the client's proxy at `at`.
    pub(super) fn send_request(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.leg = 0;
        let message = self.hot.operations[self.calls[row.call].operation.0 as usize].messages[0];
        let path = self.path_of(attempt);
        // Where there is a cap, what passes it is counted as it passes.
        let counted = if self.hot.paths[path.0 as usize].capped[0] { Bytes(0) } else { message.wire };
        self.ledger.bytes(path, counted, message.acks, at);
        let at = self.slow_start(attempt, self.attempts[attempt].connection, message.segments, 0, at);
        self.line_up(attempt, self.sent_by(attempt, at));
        self.travel(attempt, at, now, schedule);
    }

    /// The answer leaves the server at `at`. Where it is certain to arrive, its call is settled at once: tells the frame
    /// that waited for it, and when it has it.
    #[inline(always)]
    pub(super) fn send_response(
        &mut self,
        attempt: u32,
        at: SimTime,
        schedule: &mut Schedule,
    ) -> Option<(u32, SimTime)> {
        let hot = self.hot;
        let row = &mut self.attempts[attempt];
        row.flags = (row.flags | Attempt::RESPONSE) & !(Attempt::INSIDE | Attempt::LONG | Attempt::PACED);
        row.leg = 0;
        let connection = row.connection;
        let message = if row.core.failed > 0 {
            &STATUS
        } else {
            &hot.operations[self.calls[row.call].operation.0 as usize].messages[1]
        };
        let path = self.connections[connection].path;
        let way = &hot.paths[path.0 as usize];
        let counted = if way.capped[1] { Bytes(0) } else { message.wire };
        self.ledger.bytes(path, message.acks, counted, at);
        let at = self.slow_start(attempt, connection, message.segments, 1, at);
        self.line_up(attempt, self.sent_by(attempt, at));
        let at = match way.plain[1] {
            Some(delay) if self.brief => {
                self.attempts[attempt].leg = THROUGH;
                at + delay
            }
            _ => self.pass_legs(attempt, at, schedule.now()),
        };
        if self.attempts[attempt].is(Attempt::SHARED) {
            self.join_flows(attempt, at, schedule);
            return None;
        }
        if self.attempts[attempt].leg == THROUGH
            && self.arrives_surely(attempt, at)
            && self.arrives_in_turn(attempt, at, schedule)
        {
            return self.settle_well(attempt, at, schedule).map(|parent| (parent, at));
        }
        self.on_its_way(attempt, at, schedule);
        None
    }

    /// The message's next stop is an event.
    pub(super) fn on_its_way(&mut self, attempt: u32, at: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::TRAVELLING;
        let call = &self.calls[row.call];
        schedule.at(at, Kind::Leg.order_of(call.ordinal, call.key ^ u64::from(row.number) << 56), attempt);
    }

    /// Round trips that a message spends because the window of its connection is still small.
    #[inline(always)]
    pub(super) fn slow_start(
        &mut self,
        attempt: u32,
        connection: u32,
        segments: u64,
        direction: usize,
        at: SimTime,
    ) -> SimTime {
        let connection = &mut self.connections[connection];
        // Until it is open, `at` is when the handshake ends, and its event must find it so.
        if connection.state == State::Open {
            connection.at = connection.at.max(at.nanos());
        }
        if self.hot.paths[connection.path.0 as usize].capped[direction] {
            // For a cap: how long the sender has taken so far.
            self.attempts[attempt].core.latest = SimTime::ZERO;
        }
        if connection.windows[direction] { self.open_window(attempt, segments, direction, at) } else { at }
    }

    /// A message may be longer than the window: then it is a transfer of rounds, with what is lost on the way.
    #[inline(never)]
    fn open_window(&mut self, attempt: u32, segments: u64, direction: usize, at: SimTime) -> SimTime {
        let row = &self.attempts[attempt];
        let (slot, call, number) = (row.connection, &self.calls[row.call], u64::from(row.number));
        let (key, edge) = (mix(call.key, number << 1 | direction as u64), call.edge.0 as usize);
        let receive_window = self.hot.edges[edge].receive_window;
        let connection = &self.connections[slot];
        let (path, last) = (connection.path, connection.sent[direction]);
        let way = &self.hot.paths[path.0 as usize];
        let mut window = connection.window[direction].rested(at.nanos().saturating_sub(last), way.timeout);
        if window.holds(segments, receive_window) {
            window.acknowledged(segments);
            let connection = &mut self.connections[slot];
            connection.window[direction] = window;
            connection.sent[direction] = last.max(at.nanos());
            return at;
        }
        // It begins when the one before it is out: they share the window.
        let begins = last.max(at.nanos());
        let later = if self.strained { self.hot.strains.later(self.world, path, at) } else { 0 };
        let course = Course { round_trip: way.round_trip + later, timeout: way.timeout + later, receive_window };
        let (lossy, draws) = (way.lossy[direction], self.edge_keys[edge].transfer);
        let (world, zero, spells, strains) = (self.world, self.zero, &mut self.spells, &self.hot.strains);
        let legs = if direction == 1 { &world.paths[path].back } else { &world.paths[path].legs };
        let chance = |after: u64| {
            if !lossy {
                return 0.0;
            }
            let then = SimTime::from_nanos(begins + after);
            let passes = |leg: &Leg| match *leg {
                Leg::Noise(link) => 1.0 - chance_of_loss(world, spells, link, then, zero),
                _ => 1.0,
            };
            let strained = strains.pass(world, path, direction, then);
            1.0 - legs.iter().map(passes).product::<f64>() * strained
        };
        let mut counter = 0;
        let draw = || {
            counter += 1;
            draws.uniform(nth(key, counter))
        };
        let sent = window.send(segments, course, chance, draw);
        let leaves = SimTime::from_nanos(begins + sent.span);
        // Where large messages share a link, its rate and this time make one whole there.
        let large = way.shared[direction].is_some_and(|(_, above)| self.wire_bytes(attempt) > above);
        let connection = &mut self.connections[slot];
        connection.window[direction] = window;
        connection.sent[direction] = leaves.nanos();
        self.attempts[attempt].flags |= Attempt::LONG;
        if sent.again > 0 {
            let way = if direction == 1 { Direction::Back } else { Direction::Forward };
            self.ledger.resent(path, way, sent.again * tcp::MSS, true, at);
            self.ledger.lost(path, at);
        }
        if large {
            self.attempts[attempt].core.latest = SimTime::from_nanos(sent.span);
            self.attempts[attempt].flags |= Attempt::PACED;
            return SimTime::from_nanos(begins);
        }
        if self.hot.paths[path.0 as usize].capped[direction] {
            self.attempts[attempt].core.latest = SimTime::from_nanos(sent.span);
        }
        self.trace_span(attempt, "network", at, leaves, |_, _| {
            if sent.again > 0 { format!("window, {} sent again", sent.again) } else { "slow start".into() }
        });
        leaves
    }

    /// On from the current leg, which the message reaches at `at`, not before now.
    pub(super) fn travel(&mut self, attempt: u32, at: SimTime, now: SimTime, schedule: &mut Schedule) {
        let at = self.pass_legs(attempt, at, now);
        let row = &self.attempts[attempt];
        if row.is(Attempt::SHARED) {
            self.join_flows(attempt, at, schedule);
            return;
        }
        let surely = row.is(Attempt::RESPONSE) && !row.is(Attempt::CLIENT_DONE) && row.leg == THROUGH;
        if surely && self.arrives_surely(attempt, at) && self.arrives_in_turn(attempt, at, schedule) {
            if let Some(parent) = self.settle_well(attempt, at, schedule) {
                self.child_done(parent, None, at, schedule);
            }
            return;
        }
        self.on_its_way(attempt, at, schedule);
    }

    /// As far as a message gets by itself from its current leg, which it reaches at `at`; tells when.
    fn pass_legs(&mut self, attempt: u32, at: SimTime, now: SimTime) -> SimTime {
        let world = self.world;
        let row = &self.attempts[attempt];
        let response = row.is(Attempt::RESPONSE);
        let path = &world.paths[self.path_of(attempt)];
        let legs = if response { &path.back } else { &path.legs };
        let mut leg = usize::from(row.leg);
        let (sent, mut at) = (at, at);
        while let Some(&stop) = legs.get(leg) {
            match stop {
                Leg::Wait(delay) => {
                    self.trace_hops(attempt, leg, at, delay);
                    at += delay;
                }
                Leg::Noise(link) => at = self.disturb(attempt, link, leg, at),
                Leg::Cap(_) | Leg::Gateway(_) if at > now => break,
                Leg::Cap(link) if self.is_flow(attempt, link) => {
                    self.attempts[attempt].flags |= Attempt::SHARED;
                    self.attempts[attempt].leg = leg as u8;
                    return at;
                }
                Leg::Cap(link) => match self.pass_cap(attempt, link, !capped(&legs[leg + 1..]), at) {
                    Ok(passed) => at = passed,
                    Err(again) => {
                        at = again;
                        break;
                    }
                },
                Leg::Gateway(_) if self.connections[self.attempts[attempt].connection].replica.is_none() => (),
                Leg::Gateway(gateway) => {
                    let bytes = self.wire_bytes(attempt);
                    let gateway = &world.gateways[gateway];
                    let mut work = Duration::from_nanos((gateway.cpu_per_kib.nanos() * bytes).div_ceil(1024));
                    if !response {
                        work += gateway.cpu_per_request;
                    }
                    let replica = self.connections[self.attempts[attempt].connection].replica;
                    let done = self.station_serve(replica, at, work);
                    self.trace_span(attempt, "gateway", at, done, |world, _| world.stations[replica].name.clone());
                    at = done;
                }
            }
            leg += 1;
        }
        if leg < legs.len() {
            self.attempts[attempt].leg = leg as u8;
            return at;
        }
        self.attempts[attempt].leg = THROUGH;
        if self.strained {
            at = self.strain(attempt, sent, at);
        }
        self.in_order(attempt, sent, at, now)
    }

    /// Bytes of the message under way.
    pub(super) fn wire_bytes(&self, attempt: u32) -> u64 {
        self.message(attempt).wire.0
    }

    pub(super) fn message(&self, attempt: u32) -> &Message {
        let row = &self.attempts[attempt];
        let response = row.is(Attempt::RESPONSE);
        if response && row.core.failed > 0 {
            return &STATUS;
        }
        &self.hot.operations[self.calls[row.call].operation.0 as usize].messages[usize::from(response)]
    }

    /// A cap lets the message pass, at a time, or makes it come again with what was dropped, at a time. At the last cap
    /// of a way, what passes is counted on the path: a provider meters what it carries, not what it drops.
    ///
    /// What was dropped comes again as TCP sends it: as long as some of it passes, a window each round trip, halved where
    /// not all of it passed; where nothing did, after the timeout.
    fn pass_cap(&mut self, attempt: u32, link: LinkId, last: bool, at: SimTime) -> Result<SimTime, SimTime> {
        let cap = self.world.links[link].cap.expect("a cap leg's link has a cap");
        let row = &self.attempts[attempt];
        let (again, direction) = (row.next != NONE, usize::from(row.is(Attempt::RESPONSE)));
        let left = if again { u64::from(row.next) } else { self.wire_bytes(attempt) };
        let connection = &mut self.connections[row.connection];
        let (path, window) = (connection.path, &mut connection.window[direction]);
        let bytes = if again { left.min(window.segments() * tcp::SEGMENT_WIRE) } else { left };
        let resent = row.resent;
        let round_trip =
            self.hot.paths[path.0 as usize].round_trip.max(Bytes(tcp::SEGMENT_WIRE).time_at(cap.rate).nanos());
        let over = match again {
            true if resent == 0 => round_trip,
            false if !row.is(Attempt::PACED) => row.core.latest.nanos(),
            _ => 0,
        };
        let state = &mut self.caps[link.0 as usize];
        let tide = self.hot.tides.as_ref().and_then(|tides| tides.offer(link, state, &cap, (at.nanos(), over), bytes));
        let passed = match (tide, &self.hot.cuts) {
            (Some(passed), _) => passed,
            (None, None) => state.offer(&cap, at.nanos(), over, bytes),
            (None, Some(cuts)) => cuts.offer(link, state, &cap, (at.nanos(), over), bytes),
        };
        let segments = bytes.div_ceil(tcp::SEGMENT_WIRE);
        match passed.dropped {
            0 if again => window.acknowledged(segments),
            0 => (),
            _ => window.lost(),
        }
        self.ledger.cap(link, bytes, passed);
        let direction = if direction == 1 { Direction::Back } else { Direction::Forward };
        if again {
            self.ledger.resent(path, direction, bytes, false, at);
        }
        if last {
            self.ledger.passed(path, direction, bytes - passed.dropped, at);
        }
        let row = &mut self.attempts[attempt];
        let done = SimTime::from_nanos(passed.at);
        let left = left - (bytes - passed.dropped);
        if left == 0 {
            row.next = NONE;
            row.resent = 0;
            self.trace_span(attempt, "cap", at, done, |world, _| world.links[link].name.clone());
            return Ok(done);
        }
        row.next = u32::try_from(left).unwrap_or(u32::MAX - 1);
        // What passed is acknowledged and what followed tells of the loss within a round trip. Where nothing passes, only
        // the timeout does, and it doubles (RFC 6298), unless others on the connection tell of it.
        let wait = if passed.dropped < bytes {
            row.resent = 0;
            round_trip
        } else {
            row.resent = resent.saturating_add(1);
            // An answer that was settled ahead is detached; it is under way until then.
            let connection = &self.connections[row.connection];
            let alone = connection.attached == 1 && connection.at <= at.nanos();
            let doubled = if alone { u32::from(resent) } else { 0 };
            tcp::backed_off(self.hot.paths[path.0 as usize].timeout, doubled)
        };
        row.core.latest += Duration::from_nanos(wait);
        if passed.dropped > 0 {
            self.ledger.lost(path, at);
        }
        let back = at + Duration::from_nanos(wait);
        self.trace_span(attempt, "retransmission", at, back, |world, _| {
            format!("dropped at the cap of {}", world.links[link].name)
        });
        Err(back)
    }

    /// A message reached its next stop, or its end.
    pub(super) fn arrived(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags &= !Attempt::TRAVELLING;
        if row.flags & (Attempt::INSIDE | Attempt::RESPONSE) == 0
            && row.leg == THROUGH
            && self.served_plainly(attempt, now, schedule)
        {
            return;
        }
        let row = &self.attempts[attempt];
        if row.is(Attempt::INSIDE) {
            self.inside(attempt, now, schedule);
            return;
        }
        let (response, leg) = (row.is(Attempt::RESPONSE), row.leg);
        let connection = &self.connections[row.connection];
        if self.down > 0 && self.dead_since(connection).is_some() {
            if !response && self.refused_by(connection) {
                self.reset_by_peer(attempt, now, schedule);
            } else {
                self.hang(attempt, now, schedule);
            }
            return;
        }
        if connection.stuck[usize::from(response)] {
            self.hang(attempt, now, schedule);
            return;
        }
        if leg != THROUGH {
            self.travel(attempt, now, now, schedule);
        } else if !self.takes_turn(attempt, now, schedule) {
            // Its turn comes with that of the last one before it.
        } else if response {
            self.receive(attempt, now, schedule);
        } else {
            self.deliver(attempt, now, schedule);
        }
    }

    /// In one go what `deliver`, `admit`, `begin` and `work` do one after the other, where all is as it mostly is: a live
    /// replica without a sidecar, who works first come, first served, and has room for all. False, and nothing done,
    /// where it is not.
    #[inline(always)]
    fn served_plainly(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) -> bool {
        let (world, hot) = (self.world, self.hot);
        let row = &mut self.attempts[attempt];
        let slot = row.connection;
        let connection = &self.connections[slot];
        let endpoint = connection.endpoint;
        let (server, replica) = (&mut self.servers[endpoint.0 as usize], &hot.replicas[endpoint.0 as usize]);
        let usual =
            replica.plain && self.down == 0 && !connection.stuck[0] && connection.epoch == server.epoch && self.brief;
        let turn = connection.lines[0].turn(attempt, now.nanos());
        let call = &self.calls[row.call];
        let start = hot.start_of(call.operation, replica.version);
        let (Step::Work { law }, Workers::Fcfs(fcfs), true, Turn::Free | Turn::First) =
            (world.program[start as usize], &mut server.workers, usual, turn)
        else {
            return false;
        };
        let salt = nth(call.key, u64::from(row.number) << 32);
        row.core = Core::at(salt, start);
        row.epoch = server.epoch;
        let draw = self.service_keys[replica.service as usize].work.uniform(nth(salt, u64::from(start)));
        let work = Duration::from_seconds_f64(world.laws[law].sample(draw));
        let served = fcfs.serve(now.nanos(), work.nanos());
        self.ledger.served(endpoint, now.nanos(), served);
        if turn == Turn::First {
            self.step_out(slot, 0, 0, schedule);
        }
        self.through(attempt, start, SimTime::from_nanos(served.end), schedule);
        true
    }

    /// The peer's kernel answers for a process that is not there: the connection is gone, and this call with it.
    pub(super) fn reset_by_peer(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let row = &mut self.attempts[attempt];
        row.flags |= Attempt::SERVER_DONE;
        let (connection, given_up) = (row.connection, row.is(Attempt::CLIENT_DONE));
        self.break_connection(connection, Failure::Reset, now, schedule);
        if given_up {
            self.free_attempt(attempt);
        }
    }
}

/// Does the rest of a way meet a cap?
pub(super) fn capped(legs: &[Leg]) -> bool {
    legs.iter().any(|leg| matches!(leg, Leg::Cap(_)))
}
