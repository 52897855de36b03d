//! Arrivals: the next request of each stream, pulled one at a time.

use super::blames::LedTo;
use super::calls::{NONE, Request};
use super::event::Kind;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::random::{Key, hash_name, mix};
use crate::record::Failure;
use crate::units::{Ratio, SimTime};
use crate::workload::{Arrivals, Generator, asks_again_from};
use crate::world::{OperationId, ProxyId, Stream, StreamId};

/// Marks ordinals of requests that come before t = 0.
const BEFORE_ZERO: u64 = 1 << 63;

/// A stream under way.
#[derive(Debug)]
pub(super) struct StreamState {
    generator: Generator,
    /// Open: arrivals of the fill, with luck of their own, so that those after t = 0 do not depend on how long it is.
    fill: Option<Generator>,
    /// Ordinal of the next open arrival.
    next: u64,
    /// Closed: first row of the users in the numbering of think events.
    first_user: u32,
    users: u32,
    cycles: Vec<u32>,
    pub(super) name: u64,
    pub(super) mix: Key,
    pub(super) entry: Key,
    /// How long its users wait.
    pub(super) patience: Key,
    /// By drawn header.
    pub(super) headers: Vec<Key>,
    pub(super) first_row: u32,
}

impl Machine<'_> {
    /// Makes the streams and schedules what comes first.
    pub(super) fn start_streams(&mut self, seed: u64, replication: u32, schedule: &mut Schedule) {
        let end = self.zero + self.world.plan.horizon;
        let (mut first_user, mut first_row) = (0, 0);
        for (id, stream) in self.world.streams.iter() {
            let key = |purpose: &str| Key::new(seed, replication, &stream.name, purpose);
            let open = matches!(stream.arrivals, Arrivals::Open { .. });
            let begin = if open { self.zero } else { SimTime::ZERO };
            let generator = Generator::new(&stream.arrivals, key("arrivals"), begin, self.zero, end);
            let fill = Generator::new(&stream.arrivals, key("fill"), SimTime::ZERO, self.zero, self.zero);
            let users = match stream.arrivals {
                Arrivals::Open { .. } => 0,
                // They have users of their own kind (`sessions`).
                Arrivals::Closed { .. } if stream.sessions.is_some() => 0,
                Arrivals::Closed { users, .. } => users,
            };
            self.streams.push(StreamState {
                generator,
                fill: Some(fill),
                next: 0,
                first_user,
                users,
                cycles: vec![0; users as usize],
                name: hash_name(&stream.name),
                mix: key("mix"),
                entry: key("entry"),
                patience: key("patience"),
                headers: stream.carried.drawn.iter().map(|header| key(&format!("header {}", header.name))).collect(),
                first_row,
            });
            first_row += stream.mix.len() as u32;
            for user in 0..users {
                self.think(id.0, user, SimTime::ZERO, SimTime::ZERO, schedule);
            }
            first_user += users;
            self.pull(id.0, schedule);
        }
        self.start_sessions(first_user, seed, replication, schedule);
    }

    fn pull(&mut self, stream: u32, schedule: &mut Schedule) {
        let state = &mut self.streams[stream as usize];
        let filling = state.fill.as_mut().and_then(Generator::next).map(|(ordinal, at)| (ordinal | BEFORE_ZERO, at));
        if filling.is_none() {
            state.fill = None;
        }
        if let Some((ordinal, at)) = filling.or_else(|| state.generator.next()) {
            state.next = ordinal;
            // Who comes first of two at one instant is decided anew for each pair: no stream is always the last.
            schedule.at(at, Kind::Arrival.order_of(0, mix(state.name, ordinal)), stream);
        }
    }

    /// A request of an open stream.
    pub(super) fn arrival(&mut self, stream: u32, now: SimTime, schedule: &mut Schedule) {
        // Past the streams: one that an entry led is at an ingress.
        if let Some(far) = stream.checked_sub(self.streams.len() as u32) {
            self.come_in(far, now, schedule);
            return;
        }
        let ordinal = self.streams[stream as usize].next;
        self.pull(stream, schedule);
        self.request(stream, ordinal, NONE, now, schedule);
    }

    /// A user thinks from `now` on, and asks no sooner than `earliest`.
    fn think(&mut self, stream: u32, user: u32, now: SimTime, earliest: SimTime, schedule: &mut Schedule) {
        let state = &self.streams[stream as usize];
        let Generator::Closed(users) = &state.generator else { return };
        let at = (now + users.think(user, u64::from(state.cycles[user as usize]))).max(earliest);
        if at < self.zero + self.world.plan.horizon {
            schedule.at(
                at,
                Kind::Think.order_of(user as u16, mix(state.name, u64::from(user))),
                state.first_user + user,
            );
        }
    }

    /// A user of a closed stream asks.
    pub(super) fn think_over(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        if let Some(session) = self.session_slot(slot) {
            self.session_due(session, now, schedule);
            return;
        }
        let stream = self
            .streams
            .iter()
            .rposition(|state| state.users > 0 && state.first_user <= slot)
            .expect("every user belongs to a stream");
        let state = &mut self.streams[stream];
        let user = slot - state.first_user;
        let cycle = state.cycles[user as usize];
        state.cycles[user as usize] += 1;
        let Generator::Closed(users) = &state.generator else { unreachable!("only closed streams have users") };
        let ordinal = users.ordinal(user, u64::from(cycle));
        self.request(stream as u32, ordinal, user, now, schedule);
    }

    /// The user, who asked at `asked`, has an answer and thinks again.
    pub(super) fn answered(&mut self, request: &Request, asked: SimTime, now: SimTime, schedule: &mut Schedule) {
        if request.user != NONE {
            self.think(request.stream, request.user, now, asks_again_from(asked, now), schedule);
        }
    }

    fn request(&mut self, stream: u32, ordinal: u64, user: u32, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let state = &self.streams[stream as usize];
        let compiled = &world.streams[StreamId(stream)];
        let chosen = if compiled.mix.len() == 1 { 0 } else { choose(&compiled.mix, state.mix.uniform(ordinal)) };
        let row = state.first_row + chosen as u32;
        let key = mix(state.name, ordinal);
        let request = Request { ordinal, stream, row, user, far: NONE };
        if compiled.via.is_some() {
            self.request_by_entry(request, key, compiled.mix[chosen].0, now, schedule);
            return;
        }
        let proxy = self.entry(compiled, &compiled.entries, state.entry.bits(ordinal), now);
        if self.down > 0 && self.ledger.watch.is_some() {
            self.entry_noticed(stream, &compiled.entries, now);
        }
        let Some(proxy) = proxy else {
            // The users' balancer still sends to a dead entry proxy: nobody answers.
            self.ledger.request(&request, now, now, Some(Failure::Entry));
            let led = LedTo { doors: &compiled.entries, ..LedTo::default() };
            self.ledger.failed(row, now, Failure::Entry, self.blame_of_entry(stream, led, now, now));
            self.at_a_dead_door(stream, led, now);
            if self.ledger.people.is_some() {
                self.user_refused(&request, now);
            }
            self.answered(&request, now, now, schedule);
            return;
        };
        let context = self.carried(stream, key);
        self.open_root(request, key, compiled.edge, compiled.mix[chosen].0, proxy, context, now, schedule);
    }

    /// The entry proxy of a request, one of these of its stream; none where it is dead and not yet taken out.
    pub(super) fn entry(&self, stream: &Stream, entries: &[ProxyId], draw: u64, now: SimTime) -> Option<ProxyId> {
        let down = |proxy: ProxyId| self.place_down[self.world.proxies[proxy].place.0 as usize];
        if self.down == 0 {
            return Some(entries[(draw % entries.len() as u64) as usize]);
        }
        let believed = |proxy: &&ProxyId| {
            let (count, since) = down(**proxy);
            count == 0 || now.nanos() - since < stream.entry_detect.nanos()
        };
        let alive = entries.iter().filter(believed).count();
        if alive == 0 {
            return None;
        }
        let proxy =
            *entries.iter().filter(believed).nth((draw % alive as u64) as usize).expect("the draw is below the count");
        (down(proxy).0 == 0).then_some(proxy)
    }
}

/// The operation whose part of 0..1 the draw falls into.
pub(super) fn choose(mix: &[(OperationId, Ratio)], draw: f64) -> usize {
    let mut share = 0.0;
    let chosen = mix.iter().position(|(_, ratio)| {
        share += ratio.get();
        draw < share
    });
    // The shares may add up to a little less than one.
    chosen.unwrap_or(mix.len() - 1)
}
