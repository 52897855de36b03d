//! Connecting: whom to ask for, the handshakes, the login; and what follows when one of them fails.

use super::{LOGIN, NEVER, Stage, way};
use crate::engine::Schedule;
use crate::mesh::calls::nth;
use crate::mesh::entry::{USER, knock};
use crate::mesh::ledger::Turn;
use crate::mesh::machine::Machine;
use crate::random::mix;
use crate::record::Failure;
use crate::units::SimTime;
use crate::workload::asks_again_from;
use crate::world::{PlaceId, StreamId};

/// Draws of the proxy, and of waits.
const DOOR: u64 = 1 << 33;
const WAIT: u64 = 1 << 34;
/// Round trips before the first request, and the segments of their answers: TCP, then TLS 1.3 with certificates.
const HANDSHAKES: [u64; 2] = [1, 3];

impl Machine<'_> {
    /// The entry proxy that a new connection of a session comes to; none: its client has no answer whom to ask.
    ///
    /// In a cluster its balancer leaves out whom its checks have missed; where all are missed it takes all (as NLB does).
    pub(super) fn door_at(&self, row: u32, now: SimTime) -> Option<u32> {
        let (session, line) = self.sessions.as_ref().expect("there are sessions").line(row);
        let (stream, at) = (&self.world.streams[StreamId(line.stream)], self.since_zero(now));
        let target = match stream.via.as_deref() {
            None => 0,
            Some(via) => {
                let led = self.led[line.stream as usize].as_deref().expect("a stream that is led has records");
                led.target(&self.world.entries[via.entry], via, USER | u64::from(session.who), at)?
            }
        };
        let front = &line.fronts[usize::from(target)];
        let missed = |door: u32| {
            let since = line.doors[door as usize].reach.dead.since(at);
            since.is_some_and(|since| (at - since).cast_unsigned() >= stream.entry_detect.nanos())
        };
        let all = front.first..front.first + front.count;
        let alive = all.clone().filter(|&door| !missed(door)).count() as u64;
        let draw = line.reconnect.bits(mix(session.key(), DOOR | u64::from(session.drawn)));
        if alive == 0 {
            return Some(front.first + (draw % u64::from(front.count)) as u32);
        }
        all.filter(|&door| !missed(door)).nth((draw % alive) as usize)
    }

    pub(super) fn is_open(&self, line: u32, door: u32, now: SimTime) -> bool {
        !self.line(line).doors[door as usize].reach.dead.holds(self.since_zero(now))
    }

    /// A client tries to connect.
    pub(super) fn connect(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let session = self.session_mut(row);
        session.drawn += 1;
        session.knocked = now.nanos();
        let (line, key) = (session.line, way(mix(session.key(), u64::from(session.drawn))));
        self.ledger.session(line as usize, Turn::Tried, now, None);
        let stream = self.line(line).stream;
        let timeout = self.line(line).connect_timeout;
        let Some(door) = self.door_at(row, now) else {
            self.not_connected(row, None, (now, now + timeout), "no answer to whom to ask", schedule);
            return;
        };
        let this = self.line(line);
        let front = this.fronts[usize::from(this.doors[door as usize].target)].clone();
        if self.down > 0 && self.ledger.watch.is_some() {
            let world = self.world;
            self.entry_noticed(stream, &world.streams[StreamId(stream)].entries[front.proxies()], now);
        }
        let (at, this) = (self.since_zero(now), self.line(line));
        let reach = &this.doors[door as usize].reach;
        let Some(waited) = knock(timeout, &front, reach, at) else {
            self.at_a_dead_door(stream, self.led_to_door(line, door), now);
            self.not_connected(row, Some(door), (now, now + timeout), "no answer from an ingress", schedule);
            return;
        };
        if reach.dead.holds(at + (waited + front.delay).nanos().cast_signed()) {
            self.at_a_dead_door(stream, self.led_to_door(line, door), now);
            let known = now + waited + front.round_trip();
            self.not_connected(row, Some(door), (now, known), "refused by an ingress", schedule);
            return;
        }
        let mut up = now + waited;
        for (exchange, segments) in (0..).zip(HANDSHAKES) {
            up = self.over(front.there, &front, (nth(key, 2 * exchange), 1), up) + front.delay;
            up = self.over(front.back, &front, (nth(key, 2 * exchange + 1), segments), up) + front.delay_back;
        }
        self.session_mut(row).door = door;
        self.plan_session(row, Stage::Connecting, up, schedule);
    }

    /// The handshakes are over.
    pub(super) fn hands_shaken(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let (line, door, at) = (self.session(row).line, self.session(row).door, self.since_zero(now));
        let reach = &self.line(line).doors[door as usize].reach;
        if reach.dead.holds(at) && !reach.silent.holds(at) {
            self.not_connected(row, Some(door), (now, now), "refused by an ingress", schedule);
            return;
        }
        let Some(login) = self.told(line).login else {
            self.opens(row, now, schedule);
            return;
        };
        let ordinal = self.login(row);
        self.send(row, login, ordinal, now, schedule);
    }

    /// The ordinal of the next login of a session.
    fn login(&mut self, row: u32) -> u64 {
        let session = self.session_mut(row);
        session.logins += 1;
        LOGIN | u64::from(session.logins) << 32 | u64::from(session.who)
    }

    /// A session is open at `at`: its user thinks.
    pub(super) fn opens(&mut self, row: u32, at: SimTime, schedule: &mut Schedule) {
        let session = self.session_mut(row);
        let (line, broke) = (session.line as usize, session.broke);
        (session.open, session.tries, session.broke) = (at.nanos(), 0, NEVER);
        let back = (broke != NEVER).then_some(broke);
        self.ledger.session(line, if back.is_some() { Turn::Back } else { Turn::Begun }, at, back);
        self.think_on(row, at, at, schedule);
    }

    /// Nobody at a door heard a client that began to connect at `began`, or was asked whom to connect to: it knows at `at`.
    fn not_connected(
        &mut self,
        row: u32,
        door: Option<u32>,
        (began, at): (SimTime, SimTime),
        why: &str,
        schedule: &mut Schedule,
    ) {
        if let Some(login) = self.told(self.session(row).line).login {
            // Whoever cannot connect cannot log in.
            let ordinal = self.login(row);
            let session = self.session_mut(row);
            (session.sent, session.ordinal, session.chosen) = (began.nanos(), ordinal, login);
            self.fails(row, door, at, Failure::Entry, why);
        }
        self.not_in(row, at, schedule);
    }

    /// A try to connect has failed at `at`: another one follows, or none.
    pub(super) fn not_in(&mut self, row: u32, at: SimTime, schedule: &mut Schedule) {
        let session = self.session_mut(row);
        let (line, n, broke) = (session.line, session.tries, session.broke);
        session.tries += 1;
        let (since, knocked) = (SimTime::from_nanos(session.since), SimTime::from_nanos(session.knocked));
        // Told where the try is, so that of those of any time no more fail than there are.
        self.ledger.session(line as usize, Turn::Failed, knocked, None);
        let reconnect = self.told(line).reconnect;
        let next = at + reconnect.again(n, self.wait_of(row));
        if reconnect.give_up.is_some_and(|most| next.saturating_since(since) > most) {
            self.ledger.session(line as usize, Turn::GivenUp, at, (broke != NEVER).then_some(broke));
            self.frees(row);
            return;
        }
        self.plan_session(row, Stage::Waiting, next, schedule);
    }

    /// The client of a session knows at `at` that its connection is broken.
    pub(super) fn breaks(&mut self, row: u32, at: SimTime, schedule: &mut Schedule) {
        let session = self.session(row);
        let line = session.line;
        let open = SimTime::from_nanos(session.open);
        if session.open == NEVER {
            // It was not even logged in.
            self.not_in(row, at, schedule);
            return;
        }
        self.close_session(row, at.nanos());
        self.ledger.session(line as usize, Turn::Broken, at, Some(at.nanos()));
        let session = self.session_mut(row);
        (session.broke, session.since, session.tries) = (at.nanos(), at.nanos(), 0);
        let first = self.told(line).reconnect.first(self.wait_of(row));
        // One that breaks as it opens must not open and break without end.
        self.plan_session(row, Stage::Waiting, (at + first).max(asks_again_from(open, at)), schedule);
    }

    fn wait_of(&self, row: u32) -> f64 {
        let session = self.session(row);
        self.line(session.line).reconnect.uniform(mix(session.key(), WAIT | u64::from(session.drawn)))
    }

    /// The processes of a place have died, and its kernels say so: connections with its ingress are reset.
    pub(in crate::mesh) fn sessions_reset(&mut self, place: PlaceId, now: SimTime, schedule: &mut Schedule) {
        let Some(sessions) = &self.sessions else { return };
        for row in 0..sessions.rows.slots() {
            let (session, line) = self.sessions.as_ref().expect("seen above").line(row);
            let stream = &self.world.streams[StreamId(line.stream)];
            let bound = !matches!(session.stage, Stage::Free | Stage::Waiting | Stage::Connecting);
            let door = &line.doors[session.door as usize];
            if !bound || self.world.proxies[stream.entries[session.door as usize]].place != place {
                continue;
            }
            let at = now + line.fronts[usize::from(door.target)].delay_back;
            match session.stage {
                Stage::Inside => self.dies_inside(row, now, at, schedule),
                Stage::Coming | Stage::Stuck => {
                    let door = self.session(row).door;
                    self.fails(row, Some(door), at, Failure::Reset, "reset by an ingress");
                }
                Stage::Free | Stage::Thinking | Stage::Waiting | Stage::Connecting => {}
            }
            self.breaks(row, at, schedule);
        }
    }
}
