//! Where a failure began: which call, where its last attempt went, which fault lasted on its way.
//!
//! A request fails because its call fails, that because the frame of its last attempt does, and that because of the first
//! of its own calls that fails: down to a call that failed by itself. What frames must remember of that stands here, made
//! on the first failure; nothing is kept of calls that go well.

use super::calls::{Attempt, Call, Core, NONE, SUB};
use super::connections::State;
use super::ledger::Blame;
use super::machine::Machine;
use super::settle::is_sub;
use crate::record::{Failure, NoticedBy};
use crate::units::SimTime;
use crate::world::{EdgeId, HostTarget, LinkId, PlaceId, ProxyId, StreamId};

/// Where users are led: to one of these entry proxies, on this way of their own, there and home.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct LedTo<'w> {
    pub(super) doors: &'w [ProxyId],
    pub(super) way: [Option<LinkId>; 2],
    /// Which of them it would have been, where none is down.
    pub(super) draw: u64,
}

/// How deep calls that hang are followed.
const DEEPEST: usize = 64;

/// What is remembered of failures.
#[derive(Debug)]
pub(super) struct Blames {
    /// For the call that is settled next.
    pub(super) now: Option<Blame>,
    /// Faults are: calls are followed down to the one that hangs.
    pub(super) follows: bool,
    /// By slot of an attempt, and of a sub-frame: the first failure in it.
    attempts: Vec<Blame>,
    frames: Vec<Blame>,
    /// By slot of an attempt: the call that it waits for, the last one opened.
    waits: Vec<u32>,
}

impl Blames {
    pub(super) fn new(follows: bool) -> Self {
        Blames { now: None, follows, attempts: Vec::new(), frames: Vec::new(), waits: Vec::new() }
    }

    pub(super) fn of_frame(&self, frame: u32) -> Blame {
        let (rows, slot) = if is_sub(frame) { (&self.frames, frame & !SUB) } else { (&self.attempts, frame) };
        rows.get(slot as usize).copied().unwrap_or(Blame::of(EdgeId::NONE))
    }
}

impl Machine<'_> {
    /// A frame's attempt waits for a call.
    pub(super) fn waits_for(&mut self, frame: u32, call: u32) {
        let attempt = self.attempt_of(frame) as usize;
        if self.blames.waits.len() <= attempt {
            self.blames.waits.resize(attempt + 1, NONE);
        }
        self.blames.waits[attempt] = call;
    }

    /// Something that a frame waited for failed: of several the first decides.
    pub(super) fn blame_frame(&mut self, frame: u32, blame: Blame) {
        if self.core(frame).failed > 0 {
            return;
        }
        let sub = is_sub(frame);
        let (rows, slot) =
            if sub { (&mut self.blames.frames, frame & !SUB) } else { (&mut self.blames.attempts, frame) };
        if rows.len() <= slot as usize {
            rows.resize(slot as usize + 1, Blame::of(EdgeId::NONE));
        }
        rows[slot as usize] = blame;
    }

    /// An attempt failed: as its proxy saw, or with one of its own calls.
    pub(super) fn blame_of_attempt(&self, attempt: u32, seen: Failure, now: SimTime) -> Blame {
        let row = &self.attempts[attempt];
        if seen == Failure::Error && row.core.answer == Core::RELAYED {
            return self.blames.of_frame(attempt);
        }
        self.blame_of_call(row.call, attempt, now)
    }

    /// A call failed by itself, on this attempt or on none.
    pub(super) fn blame_of_call(&self, call: u32, attempt: u32, now: SimTime) -> Blame {
        let edge = self.calls[call].edge;
        if !self.blames.follows {
            let place = (attempt != NONE && self.attempts[attempt].connection != NONE)
                .then(|| self.world.endpoints[self.endpoint_of(attempt)].place);
            return place.map_or(Blame::of(edge), |place| Blame::at(edge, place, None));
        }
        if attempt == NONE {
            let hit = self.ledger.watch.as_ref().and_then(|watch| watch.lasting(watch.of_edge(edge), now.nanos()));
            return Blame::at(edge, PlaceId::NONE, hit);
        }
        let hung = self.hanging_below(attempt);
        self.blame_of_try(hung.unwrap_or(attempt), now)
    }

    /// The attempt that hangs, below one that waits for it.
    fn hanging_below(&self, attempt: u32) -> Option<u32> {
        let mut last = attempt;
        for _ in 0..DEEPEST {
            if self.hangs(last) {
                return Some(last);
            }
            let call = *self.blames.waits.get(last as usize).filter(|&&call| call != NONE)?;
            let below = &self.calls[call];
            let its_own = below.is(Call::LIVE)
                && !below.is(Call::ROOT | Call::MIRROR)
                && below.attempt != NONE
                && self.attempt_of(below.parent) == last;
            last = its_own.then_some(below.attempt)?;
        }
        None
    }

    /// Nothing comes of an attempt for as long as what it goes to is away.
    fn hangs(&self, attempt: u32) -> bool {
        let row = &self.attempts[attempt];
        row.connection != NONE && self.connections[row.connection].state == State::Open && row.is(Attempt::HUNG)
            || row.connection != NONE && row.is(Attempt::PARKED)
    }

    fn blame_of_try(&self, attempt: u32, now: SimTime) -> Blame {
        let row = &self.attempts[attempt];
        let call = &self.calls[row.call];
        let upstream = self.upstreams[self.upstream_row(call.proxy, call.edge) as usize].as_ref();
        let host =
            upstream.map(|upstream| &self.world.host_sets[upstream.host_set].hosts[usize::from(row.host)].target);
        let hit = self
            .ledger
            .watch
            .as_ref()
            .zip(host)
            .and_then(|(watch, host)| watch.lasting(watch.bits(host) | watch.of_caller(call.proxy), now.nanos()));
        let place = match host {
            _ if row.connection != NONE => self.world.endpoints[self.endpoint_of(attempt)].place,
            Some(HostTarget::Endpoint(endpoint, _)) => self.world.endpoints[*endpoint].place,
            _ => PlaceId::NONE,
        };
        Blame::at(call.edge, place, hit)
    }

    /// A user found nobody where they were led, or what they sent or should have got is lost on their own way, between when
    /// they sent it and when they knew.
    #[cold]
    pub(super) fn blame_of_entry(&self, stream: u32, led: LedTo<'_>, sent: SimTime, known: SimTime) -> Blame {
        let stream = &self.world.streams[StreamId(stream)];
        let place_of = |proxy: &ProxyId| self.world.proxies[*proxy].place;
        let down = |place: &PlaceId| self.place_down[place.0 as usize].0 > 0;
        let drawn = || led.doors.get((led.draw % led.doors.len().max(1) as u64) as usize).map(place_of);
        let place = led.doors.iter().map(place_of).find(down).or_else(drawn);
        let Some(watch) = self.ledger.watch.as_ref() else {
            return Blame::at(stream.edge, place.unwrap_or(PlaceId::NONE), None);
        };
        let bits = match place {
            Some(place) if down(&place) => watch.of_place(place),
            Some(place) => watch.of_place(place) | watch.of_way(led.way),
            // Nobody says whom to ask.
            None => stream.via.as_deref().map_or(0, |via| watch.of_entry(via.entry)),
        };
        let hit = watch.lasting_between(bits, sent.nanos(), known.nanos());
        Blame::at(stream.edge, place.unwrap_or(PlaceId::NONE), hit)
    }

    /// A request was led to one of these entry proxies and found nobody: it has not left what is down there, or on the way.
    #[cold]
    pub(super) fn at_a_dead_door(&mut self, stream: u32, led: LedTo<'_>, now: SimTime) {
        let place_of = |&proxy: &ProxyId| self.world.proxies[proxy].place;
        let down = |place: &PlaceId| self.place_down[place.0 as usize].0 > 0;
        let Some(watch) = &mut self.ledger.watch else { return };
        let places = led.doors.iter().map(place_of).filter(down);
        let bits = places.fold(watch.of_way(led.way), |bits, place| bits | watch.of_place(place));
        watch.turned_away(self.world.streams[StreamId(stream)].edge, bits, now);
    }

    /// A user asks while something is down: whoever spreads users over these entry proxies may have taken notice by now.
    #[cold]
    pub(super) fn entry_noticed(&mut self, stream: u32, doors: &[ProxyId], now: SimTime) {
        let stream = &self.world.streams[StreamId(stream)];
        let places = &self.place_down;
        let missed = |&proxy: &ProxyId| {
            let place = self.world.proxies[proxy].place;
            let (count, since) = places[place.0 as usize];
            (count > 0 && now.nanos() - since >= stream.entry_detect.nanos()).then_some(place)
        };
        // Of a cluster of which nothing is left there is nobody else to turn to: its global entry has to notice.
        if stream.via.is_some() && doors.iter().all(|door| missed(door).is_some()) {
            return;
        }
        let Some(watch) = &mut self.ledger.watch else { return };
        for place in doors.iter().filter_map(missed) {
            watch.noticed(watch.of_place(place), NoticedBy::Entry, now);
        }
    }
}
