//! Users who keep a connection: a session is bound to one ingress proxy for its life, its user sends one request after the
//! other on it, and comes back when it breaks.
//!
//! When an ingress is away is known before a run begins, as for global entries (`entry`): what a connect or a message
//! meets is reckoned when it is sent. A session has one event to come at most (`due`). Only the reset of a connection whose
//! ingress dies refusing comes from outside (`sessions_reset`).

mod connect;
mod talk;

use super::calls::{NONE, Request};
use super::control::Away;
use super::entry::{Reach, reach};
use super::event::Kind;
use super::ledger::Turn;
use super::machine::Machine;
use super::slab::Slab;
use crate::engine::Schedule;
use crate::policy::entry::CONNECT_TIMEOUT;
use crate::random::{Key, Law, hash_name, mix};
use crate::units::{Duration, SimTime};
use crate::workload::{LEAST_PAUSE, Rate, Schedule as Arriving};
use crate::world::{ClusterId, Front, Population, StreamId, World};

/// Marks the slot of a session in `Request::far`.
pub(super) const SESSION: u32 = 1 << 31;
/// Marks slots of events that mean the next new session of a stream.
const NEWCOMER: u32 = 1 << 30;
/// Numbers of those who were there when the run began, and of those who came during the fill: what comes after t = 0 does
/// not depend on either.
const PRESENT: u32 = 1 << 31;
const FILLED: u32 = 1 << 30;
/// Draws of a session's lives and tries.
const LIFE: u64 = 1 << 32;
/// Marks ordinals of logins.
const LOGIN: u64 = 1 << 62;

/// All sessions of a run.
#[derive(Debug)]
pub(super) struct Sessions {
    rows: Slab<Session>,
    /// By stream that has sessions, in order.
    lines: Vec<Line>,
    /// Events of users with slots from here on are theirs.
    first: u32,
}

/// A stream with sessions.
#[derive(Debug)]
struct Line {
    stream: u32,
    last: Key,
    think: Key,
    reconnect: Key,
    /// The ways of its users in, by target of their entry; one of no length where there is none.
    fronts: Vec<Front>,
    /// By entry proxy: its target, its cluster, and when it is away.
    doors: Vec<Door>,
    connect_timeout: Duration,
    /// New sessions of the fill, then those after t = 0.
    fill: Option<Arriving>,
    arriving: Option<Arriving>,
    /// The number of the next.
    next: u32,
}

/// An entry proxy as the users of a stream find it.
#[derive(Debug)]
struct Door {
    target: u16,
    cluster: ClusterId,
    reach: Reach,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    line: u32,
    /// Its user.
    who: u32,
    /// Which life of the user it is.
    life: u32,
    stage: Stage,
    /// Row of the stream's entries.
    door: u32,
    /// Requests and logins that its user has sent, and what it has drawn to connect.
    asked: u32,
    logins: u32,
    drawn: u32,
    /// Failed tries in a row.
    tries: u32,
    /// When its next event is.
    due: u64,
    /// When it has lasted as long as it should.
    until: u64,
    /// Since when it is open, or NEVER.
    open: u64,
    /// When its connection was known to be broken, of one that is not back yet; or NEVER.
    broke: u64,
    /// When its client began to try.
    since: u64,
    /// When its client last began to connect.
    knocked: u64,
    /// When its request was sent, and which.
    sent: u64,
    ordinal: u64,
    /// Row of the stream's mix.
    chosen: u32,
}

const NEVER: u64 = u64::MAX;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The slot is free.
    Free,
    /// Between requests.
    Thinking,
    /// Its request is on the way to the ingress.
    Coming,
    /// Its request is a call there.
    Inside,
    /// Its answer never comes, and nobody tells.
    Stuck,
    /// Until the next try to connect.
    Waiting,
    /// Its handshakes are under way.
    Connecting,
}

impl Sessions {
    fn line(&self, row: u32) -> (&Session, &Line) {
        let session = &self.rows[row];
        (session, &self.lines[session.line as usize])
    }
}

impl Session {
    /// What draws of this user are keyed by, in this life and any.
    fn key(&self) -> u64 {
        mix(u64::from(self.who), LIFE | u64::from(self.life))
    }
}

/// What streams with sessions begin with; none where there are none.
pub(super) fn sessions(world: &World, (seed, replication): (u64, u32), away: &Away) -> Option<Box<Sessions>> {
    let mut lines = Vec::new();
    for (id, stream) in world.streams.iter().filter(|(_, stream)| stream.sessions.is_some()) {
        let key = |purpose: &str| Key::new(seed, replication, &stream.name, purpose);
        let near = Front {
            first: 0,
            count: stream.entries.len() as u32,
            there: None,
            back: None,
            delay: Duration::ZERO,
            delay_back: Duration::ZERO,
        };
        let fronts = stream.via.as_ref().map_or_else(|| vec![near], |via| via.fronts.clone());
        let mut doors: Vec<Option<Door>> = stream.entries.iter().map(|_| None).collect();
        for (target, front) in fronts.iter().enumerate() {
            for number in front.first..front.first + front.count {
                let place = world.proxies[stream.entries[number as usize]].place;
                let alone = Front { first: number, count: 1, ..front.clone() };
                let (target, cluster) = (target as u16, world.places[place].cluster);
                doors[number as usize] = Some(Door { target, cluster, reach: reach(world, stream, &alone, away) });
            }
        }
        lines.push(Line {
            stream: id.0,
            last: key("session length"),
            think: key("session think"),
            reconnect: key("reconnect"),
            fronts,
            doors: doors.into_iter().map(|door| door.expect("every entry proxy is some target's")).collect(),
            connect_timeout: stream
                .via
                .as_ref()
                .map_or(CONNECT_TIMEOUT, |via| world.entries[via.entry].connect_timeout),
            fill: None,
            arriving: None,
            next: 0,
        });
    }
    (!lines.is_empty()).then(|| Box::new(Sessions { rows: Slab::new(), lines, first: 0 }))
}

impl<'w> Machine<'w> {
    /// What is said of the sessions of a line.
    fn told(&self, line: u32) -> &'w crate::world::Sessions {
        let stream = StreamId(self.line(line).stream);
        self.world.streams[stream].sessions.as_deref().expect("a line is a stream's with sessions")
    }

    /// Those who are there when the run begins, and the first who come; events of users from `first` on are theirs.
    pub(super) fn start_sessions(&mut self, first: u32, seed: u64, replication: u32, schedule: &mut Schedule) {
        let Some(sessions) = &mut self.sessions else { return };
        sessions.first = first;
        let end = self.zero + self.world.plan.horizon;
        for line in 0..sessions.lines.len() as u32 {
            let stream = &self.world.streams[StreamId(self.line(line).stream)];
            let told = stream.sessions.as_deref().expect("a line is a stream's with sessions");
            let key = |purpose: &str| Key::new(seed, replication, &stream.name, purpose);
            let present = match &told.population {
                Population::Open(count) => *count,
                Population::Arrive(rate) => {
                    let gap = Law::Exponential { mean: 1.0 };
                    let new = |purpose, from, to| Arriving::new(&gap, rate, key(purpose), from, self.zero, to);
                    let (fill, after) = (new("fill", SimTime::ZERO, self.zero), new("arrivals", self.zero, end));
                    let count = there(rate, told.last.as_ref(), key("present"));
                    let line = self.line_mut(line);
                    (line.fill, line.arriving) = (Some(fill), Some(after));
                    count
                }
            };
            let mark = if matches!(told.population, Population::Open(_)) { 0 } else { PRESENT };
            for number in 0..present {
                self.is_there(line, mark | number, schedule);
            }
            self.next_newcomer(line, schedule);
        }
    }

    fn line(&self, line: u32) -> &Line {
        &self.sessions.as_ref().expect("there are sessions").lines[line as usize]
    }

    fn line_mut(&mut self, line: u32) -> &mut Line {
        &mut self.sessions.as_mut().expect("there are sessions").lines[line as usize]
    }

    fn session(&self, row: u32) -> &Session {
        &self.sessions.as_ref().expect("there are sessions").rows[row]
    }

    fn session_mut(&mut self, row: u32) -> &mut Session {
        &mut self.sessions.as_mut().expect("there are sessions").rows[row]
    }

    /// A session that has been open for ever so long when the run begins.
    fn is_there(&mut self, line: u32, who: u32, schedule: &mut Schedule) {
        let now = SimTime::ZERO;
        let row = self.new_session(line, who, now);
        let (session, told) = (self.session(row).clone(), self.told(line));
        let key = session.key();
        let until = told.last.as_ref().map_or(NEVER, |last| seconds(last.residual(self.line(line).last, key)));
        self.session_mut(row).until = until;
        let Some(door) = self.door_at(row, now).filter(|&door| self.is_open(line, door, now)) else {
            self.connect(row, now, schedule);
            return;
        };
        let due = seconds(told.think.residual(self.line(line).think, mix(key, 0)));
        let session = self.session_mut(row);
        (session.door, session.open, session.asked) = (door, 0, 1);
        self.plan_session(row, Stage::Thinking, SimTime::from_nanos(due.min(until)), schedule);
    }

    fn new_session(&mut self, line: u32, who: u32, now: SimTime) -> u32 {
        let session = Session {
            line,
            who,
            life: 0,
            stage: Stage::Waiting,
            door: 0,
            asked: 0,
            logins: 0,
            drawn: 0,
            tries: 0,
            due: NEVER,
            until: NEVER,
            open: NEVER,
            broke: NEVER,
            since: now.nanos(),
            knocked: now.nanos(),
            sent: 0,
            ordinal: 0,
            chosen: 0,
        };
        let rows = &mut self.sessions.as_mut().expect("there are sessions").rows;
        let row = rows.insert(session);
        assert!(row < NEWCOMER, "fewer than 2^30 sessions at once");
        row
    }

    fn next_newcomer(&mut self, line: u32, schedule: &mut Schedule) {
        let (first, this) = (self.sessions.as_ref().expect("there are sessions").first, self.line_mut(line));
        let mut filling = this.fill.as_mut().and_then(Arriving::next_arrival);
        if let Some((ordinal, _)) = &mut filling {
            *ordinal |= u64::from(FILLED);
        }
        let Some((ordinal, at)) = filling.or_else(|| this.arriving.as_mut().and_then(Arriving::next_arrival)) else {
            return;
        };
        this.next = ordinal as u32;
        let name = self.streams[self.line(line).stream as usize].name;
        let order = Kind::Think.order_of(ordinal as u16, mix(name, ordinal));
        schedule.at(at, order, first + (NEWCOMER | line));
    }

    /// The next event of a session, or of a stream's next one.
    pub(super) fn session_due(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        if slot & NEWCOMER != 0 {
            let line = slot & !NEWCOMER;
            let row = self.new_session(line, self.line(line).next, now);
            self.next_newcomer(line, schedule);
            self.lives(row, now);
            self.connect(row, now, schedule);
            return;
        }
        let session = self.session(slot);
        // What was planned before something else came.
        if session.due != now.nanos() {
            return;
        }
        match session.stage {
            Stage::Thinking if now.nanos() >= session.until => self.leaves(slot, now, schedule),
            Stage::Thinking => self.ask(slot, now, schedule),
            Stage::Coming => self.at_ingress(slot, now, schedule),
            Stage::Waiting => self.connect(slot, now, schedule),
            Stage::Connecting => self.hands_shaken(slot, now, schedule),
            Stage::Free | Stage::Inside | Stage::Stuck => {}
        }
    }

    /// Which events of users are those of sessions: the slot counted from their first.
    pub(super) fn session_slot(&self, slot: u32) -> Option<u32> {
        slot.checked_sub(self.sessions.as_ref()?.first)
    }

    /// How long this life of its user lasts.
    fn lives(&mut self, row: u32, now: SimTime) {
        let session = self.session(row);
        let (line, key) = (session.line, session.key());
        let last = self.told(line).last.as_ref();
        let span = last.map_or(NEVER, |last| seconds(last.sample(self.line(line).last.uniform(key))));
        // One after the other, and time moves.
        self.session_mut(row).until = now.nanos().saturating_add(span.max(LEAST_PAUSE.nanos()));
    }

    /// A session has lasted as long as it should. Where there are always as many, its user begins another.
    fn leaves(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let line = self.session(row).line;
        self.close_session(row, now.nanos());
        self.ledger.session(line as usize, Turn::Ended, now, None);
        if !matches!(self.told(line).population, Population::Open(_)) {
            self.frees(row);
            return;
        }
        let session = self.session_mut(row);
        session.life += 1;
        (session.since, session.tries) = (now.nanos(), 0);
        self.lives(row, now);
        self.connect(row, now, schedule);
    }

    fn frees(&mut self, row: u32) {
        let sessions = self.sessions.as_mut().expect("there are sessions");
        let session = &mut sessions.rows[row];
        (session.stage, session.due) = (Stage::Free, NEVER);
        sessions.rows.release(row);
    }

    /// Its connection is open no longer.
    fn close_session(&mut self, row: u32, at: u64) {
        let (session, line) = self.sessions.as_ref().expect("there are sessions").line(row);
        let (open, cluster) = (session.open, line.doors[session.door as usize].cluster);
        if open != NEVER {
            self.ledger.session_open(session.line as usize, cluster, open, at);
            self.session_mut(row).open = NEVER;
        }
    }

    /// Its next event. Nobody begins anything once the measured time is over; what is on its way arrives.
    fn plan_session(&mut self, row: u32, stage: Stage, at: SimTime, schedule: &mut Schedule) {
        let end = self.zero + self.world.plan.horizon;
        let (first, session) = (self.sessions.as_ref().expect("there are sessions").first, self.session_mut(row));
        (session.stage, session.due) = (stage, at.nanos());
        if at < end || stage == Stage::Coming {
            let (who, key) = (session.who, session.key());
            let name = self.streams[self.line(self.session(row).line).stream as usize].name;
            schedule.at(at, Kind::Think.order_of(who as u16, mix(name, key)), first + row);
        }
    }

    /// The run is over: what is on its way is unfinished, and what is open was open until now.
    pub(super) fn close_sessions(&mut self) {
        let Some(sessions) = &self.sessions else { return };
        for row in 0..sessions.rows.slots() {
            let session = self.session(row);
            let stage = session.stage;
            if matches!(stage, Stage::Coming | Stage::Stuck) {
                let (request, sent) = (self.request_of(row), SimTime::from_nanos(session.sent));
                let edge = self.world.streams[StreamId(request.stream)].edge;
                self.ledger.unfinished(&request, sent, edge);
            }
            if stage != Stage::Free {
                self.close_session(row, NEVER);
            }
        }
    }

    /// When the request under way of a session was sent.
    pub(super) fn session_sent(&self, request: &Request) -> Option<u64> {
        (request.far != NONE && request.far & SESSION != 0).then(|| self.session(request.far & !SESSION).sent)
    }
}

/// How many are there in the steady state: as many as a Poisson process of rate 1 has events in their mean.
fn there(rate: &Rate, last: Option<&Law>, key: Key) -> u32 {
    let mean = rate.at(Duration::ZERO) * last.map_or(0.0, Law::mean);
    let gap = Law::Exponential { mean: 1.0 };
    let (mut count, mut sum) = (0, gap.sample(key.uniform(0)));
    while sum < mean {
        count += 1;
        sum += gap.sample(key.uniform(u64::from(count)));
    }
    count
}

fn seconds(span: f64) -> u64 {
    Duration::from_seconds_f64(span).nanos()
}

/// The hash of a name, kept here so that draws of ways are no other's.
fn way(key: u64) -> u64 {
    mix(key, hash_name("session way"))
}
