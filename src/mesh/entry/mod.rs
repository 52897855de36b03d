//! Users who come in through a global entry: which cluster's ingress each is led to, when, and the way there and home.
//!
//! What an entry says is known before a run begins (`records`), so that where a user goes is a function of the time and
//! of who asks: no event, and one draw. A client asks anew whenever its answer has lived its time, each at a time of its own;
//! some keep theirs for longer. Each request of an open stream is a client's of its own, users of a closed one are clients.

mod records;

pub(super) use records::{Reach, reach};

use super::actions::Deed;
use super::blames::LedTo;
use super::calls::{NONE, Request, nth};
use super::control::{Away, Spans, away_of};
use super::event::Kind;
use super::machine::Machine;
use super::noise::chance_of_loss;
use super::tcp;
use crate::engine::Schedule;
use crate::policy::entry::{asked, client, phase};
use crate::random::{Key, mix};
use crate::record::Failure;
use crate::units::{Duration, SimTime};
use crate::world::{Entry, Front, Kept, LinkId, OperationId, PlaceId, StreamId, Target, Via, World};

/// Marks the users of a closed stream among clients.
pub(super) const USER: u64 = 1 << 62;
/// Marks draws of the users' own way among those of a request.
const WAY_IN: u64 = 1 << 40;

/// A stream whose users an entry leads.
#[derive(Debug)]
pub(super) struct Led {
    /// Who asks, and when.
    clients: Key,
    /// Whom they are led to by weight.
    weights: Key,
    /// What the entry says, and whom that means for users of this region where no weights decide.
    records: Vec<(records::Record, Option<u16>)>,
    /// When it says nothing.
    away: Spans,
    /// By target.
    reach: Vec<records::Reach>,
}

/// A request on the users' own way, to an ingress or from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Far {
    request: Request,
    pub(super) key: u64,
    operation: OperationId,
    /// When its user sent it.
    intended: u64,
    /// Row of the entry's targets.
    target: u16,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The slot is free.
    Free,
    /// On its way in.
    Coming,
    /// It became a call.
    Inside,
}

/// By stream: what its entry says in this run; none: it has no entry.
pub(super) fn led(
    world: &World,
    (seed, replication): (u64, u32),
    away: &Away,
    deeds: &[Deed],
) -> Vec<Option<Box<Led>>> {
    let led = |stream: &crate::world::Stream| {
        let via = stream.via.as_deref()?;
        let entry = &world.entries[via.entry];
        let said = records::records(world, via.entry, (seed, replication), away, deeds);
        let said = said.into_iter().map(|record| {
            let one = entry.leads(&record.to, &record.healthy, &via.fronts, 0.0);
            (record, one)
        });
        Some(Box::new(Led {
            clients: Key::new(seed, replication, &stream.name, "clients"),
            weights: Key::new(seed, replication, &stream.name, "entry weights"),
            records: said.collect(),
            away: away_of(away, Target::Entry(via.entry)),
            reach: via.fronts.iter().map(|front| records::reach(world, stream, front, away)).collect(),
        }))
    };
    world.streams.rows().iter().map(led).collect()
}

impl Led {
    /// The target that a client goes to at an instant, in nanoseconds from t = 0; none: it has no answer.
    pub(super) fn target(&self, entry: &Entry, via: &Via, who: u64, now: i64) -> Option<u16> {
        let mut as_of = match entry.kept {
            Kept::No => now,
            Kept::Answer { ttl, ignored, hold } => {
                let (ignores, rest) = client(self.clients.uniform(who), ignored.get());
                match (ignores, hold) {
                    (true, None) => i64::MIN,
                    (true, Some(hold)) => asked(now, hold, phase(hold, rest)),
                    (false, _) => asked(now, ttl, phase(ttl, rest)),
                }
            }
        };
        let back = self.away.over(as_of);
        if back != as_of {
            // Who asked in vain asks until there is an answer.
            if back > now {
                return None;
            }
            as_of = back;
        }
        let row = self.records.partition_point(|(record, _)| record.from <= as_of) - 1;
        let (record, one) = &self.records[row];
        if entry.answer != crate::world::Answer::Weighted {
            return *one;
        }
        let draw = self.weights.uniform(mix(who, as_of.cast_unsigned()));
        entry.leads(&record.to, &record.healthy, &via.fronts, draw)
    }
}

impl<'w> Machine<'w> {
    /// Where a request is led with this front.
    fn led_to(&self, request: &Request, front: &Front) -> LedTo<'w> {
        let doors = &self.world.streams[StreamId(request.stream)].entries[front.proxies()];
        let draw = self.streams[request.stream as usize].entry.bits(request.ordinal);
        LedTo { doors, way: [front.there, front.back], draw }
    }
}

impl Machine<'_> {
    /// Tells the watch when records will change because the checks of a cluster have failed.
    pub(super) fn foresee_checks(&mut self) {
        let (world, zero) = (self.world, self.zero);
        let Some(watch) = self.ledger.watch.as_deref_mut() else { return };
        for (stream, led) in world.streams.rows().iter().zip(&self.led) {
            let (Some(via), Some(led)) = (stream.via.as_deref(), led) else { continue };
            let turns = led.records.windows(2).map(|pair| (&pair[0].0, &pair[1].0));
            for (before, after) in turns.filter(|(_, after)| after.from >= 0) {
                let now = zero + Duration::from_nanos(after.from.cast_unsigned());
                let out = |row: &usize| before.healthy[*row] && !after.healthy[*row];
                for cluster in (0..before.healthy.len()).filter(out).map(|row| world.entries[via.entry].targets[row]) {
                    let here = world.places.iter().filter(|(_, place)| place.cluster == cluster);
                    let places: Vec<PlaceId> = here.map(|(id, _)| id).collect();
                    watch.foreseen(&places, now);
                }
            }
        }
    }

    /// A request of a stream whose users an entry leads.
    pub(super) fn request_by_entry(
        &mut self,
        request: Request,
        key: u64,
        operation: OperationId,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let world = self.world;
        let via = world.streams[StreamId(request.stream)].via.as_deref().expect("a stream that is led has an entry");
        let entry = &world.entries[via.entry];
        let led = self.led[request.stream as usize].as_deref().expect("a stream that is led has records");
        let who = if request.user == NONE { request.ordinal } else { USER | u64::from(request.user) };
        let at = now.nanos().cast_signed() - self.zero.nanos().cast_signed();
        let Some(target) = led.target(entry, via, who, at) else {
            let known = now + entry.connect_timeout;
            self.turned_away(request, LedTo::default(), (now, known), "no answer to whom to ask", schedule);
            return;
        };
        let front = &via.fronts[usize::from(target)];
        let Some(waited) = knock(entry.connect_timeout, front, &led.reach[usize::from(target)], at) else {
            let led_to = self.led_to(&request, front);
            self.at_a_dead_door(request.stream, led_to, now);
            let known = now + entry.connect_timeout;
            self.turned_away(request, led_to, (now, known), "no answer from an ingress", schedule);
            return;
        };
        let refused = led.reach[usize::from(target)].dead.holds(at + waited.nanos().cast_signed());
        if refused {
            let led_to = self.led_to(&request, front);
            self.at_a_dead_door(request.stream, led_to, now);
            let known = now + waited + front.round_trip();
            self.turned_away(request, led_to, (now, known), "refused by an ingress", schedule);
            return;
        }
        let intended = now.nanos();
        let far = Far { request, key, operation, intended, target, stage: Stage::Coming };
        let segments = tcp::segments(world.operations[operation].request_wire.0);
        let sent = now + waited;
        let arrives = self.over(front.there, front, (key, segments), sent) + front.delay;
        let slot = self.far.insert(far);
        if arrives == now {
            self.come_in(slot, now, schedule);
        } else {
            let order = Kind::Arrival.order_of(request.ordinal as u16, key);
            schedule.at(arrives, order, self.streams.len() as u32 + slot);
        }
    }

    /// It is at the ingress.
    pub(super) fn come_in(&mut self, slot: u32, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let Far { mut request, key, operation, intended, target, .. } = self.far[slot];
        let compiled = &world.streams[StreamId(request.stream)];
        let via = compiled.via.as_deref().expect("a stream that is led has an entry");
        let front = &via.fronts[usize::from(target)];
        let draw = self.streams[request.stream as usize].entry.bits(request.ordinal);
        let proxies = &compiled.entries[front.proxies()];
        if self.down > 0 && self.ledger.watch.is_some() {
            self.entry_noticed(request.stream, proxies, now);
        }
        let Some(proxy) = self.entry(compiled, proxies, draw, now) else {
            // The cluster's own balancer still sends to a dead zone.
            self.far[slot].stage = Stage::Free;
            self.far.release(slot);
            let sent = SimTime::from_nanos(intended);
            let given_up = (sent + world.entries[via.entry].connect_timeout).max(now);
            let led_to = self.led_to(&request, front);
            self.at_a_dead_door(request.stream, led_to, now);
            self.turned_away(request, led_to, (sent, given_up), "no answer from an ingress", schedule);
            return;
        };
        self.far[slot].stage = Stage::Inside;
        request.far = slot;
        let context = self.carried(request.stream, key);
        self.open_root(request, key, compiled.edge, operation, proxy, context, now, schedule);
    }

    /// The answer leaves the ingress at `at`, and is its user's when it is home.
    pub(super) fn go_home(&mut self, request: Request, at: SimTime, failure: Option<Failure>, schedule: &mut Schedule) {
        let world = self.world;
        let far = self.far[request.far];
        self.far[request.far].stage = Stage::Free;
        self.far.release(request.far);
        let via = world.streams[StreamId(request.stream)].via.as_deref().expect("a stream that is led has an entry");
        let front = &via.fronts[usize::from(far.target)];
        let led = self.led[request.stream as usize].as_deref().expect("a stream that is led has records");
        let since = at.nanos().cast_signed() - self.zero.nanos().cast_signed();
        let intended = SimTime::from_nanos(far.intended);
        let up = led.reach[usize::from(far.target)].cut.over(since);
        let mut leaves = at;
        if up != since {
            if up == i64::MAX {
                self.ledger.unfinished(&request, intended, world.streams[StreamId(request.stream)].edge);
                return;
            }
            let tried =
                tcp::next_try(at.nanos(), front.round_trip().nanos(), at.nanos() + (up - since).cast_unsigned());
            leaves = SimTime::from_nanos(tried);
        }
        let wire = if failure.is_none() { world.operations[far.operation].response_wire.0 } else { 0 };
        let key = nth(far.key, 1);
        let home = self.over(front.back, front, (key, tcp::segments(wire)), leaves) + front.delay_back;
        self.trace_home(&request, at, home);
        self.ledger.request(&request, intended, home, failure);
        self.answered(&request, intended, home, schedule);
    }

    /// Jitter and loss of the link between users and an ingress.
    pub(super) fn over(
        &mut self,
        link: Option<LinkId>,
        front: &Front,
        (key, segments): (u64, u64),
        at: SimTime,
    ) -> SimTime {
        let Some(link) = link else { return at };
        let round_trip = front.round_trip().nanos();
        let (world, keys, draw) = (self.world, self.link_keys[link.0 as usize], nth(key, WAY_IN));
        let noise = &world.links[link];
        let jitter = noise.jitter.map_or(Duration::ZERO, |jitter| {
            let seconds = world.laws[jitter.law].sample(keys.jitter.uniform(draw));
            Duration::from_seconds_f64(seconds * jitter.factor.at(at, self.zero))
        });
        let chance = chance_of_loss(world, &mut self.spells, link, at, self.zero);
        let (mending, _) = tcp::recovery(keys.loss.uniform(draw), chance, segments, round_trip);
        at + jitter + Duration::from_nanos(mending)
    }

    /// A request that reaches nobody: sent at `sent`, its user knows at `at`.
    fn turned_away(
        &mut self,
        request: Request,
        led: LedTo<'_>,
        (sent, at): (SimTime, SimTime),
        why: &str,
        schedule: &mut Schedule,
    ) {
        self.trace_turned_away(&request, sent, at, why);
        self.ledger.request(&request, sent, at, Some(Failure::Entry));
        self.ledger.failed(request.row, sent, Failure::Entry, self.blame_of_entry(request.stream, led, sent, at));
        if self.ledger.people.is_some() {
            self.user_refused(&request, sent);
        }
        self.answered(&request, sent, at, schedule);
    }

    /// What the answer to a request that came in by an entry, and by no session, takes to its user, without jitter and loss.
    pub(super) fn way_home(&self, request: &Request) -> Duration {
        let via = || self.world.streams[StreamId(request.stream)].via.as_deref();
        if request.far == NONE {
            return Duration::ZERO;
        }
        let target = usize::from(self.far[request.far].target);
        via().map_or(Duration::ZERO, |via| via.fronts[target].delay_back)
    }

    /// When the user of a request that came in by an entry sent it.
    pub(super) fn sent_at(&self, request: &Request, otherwise: u64) -> u64 {
        if request.far == NONE {
            return otherwise;
        }
        self.session_sent(request).unwrap_or_else(|| self.far[request.far].intended)
    }

    /// The run is over: what is still on its way in counts as unfinished.
    pub(super) fn close_ways_in(&mut self) {
        for slot in 0..self.far.slots() {
            let far = self.far[slot];
            if far.stage == Stage::Coming {
                let edge = self.world.streams[StreamId(far.request.stream)].edge;
                self.ledger.unfinished(&far.request, SimTime::from_nanos(far.intended), edge);
            }
        }
    }
}

/// How long a client knocks until something at an ingress hears it, by the SYN's retransmissions (1, 3, 7 s ...): what
/// answers or refuses; none: its connection times out.
pub(super) fn knock(limit: Duration, front: &Front, reach: &Reach, at: i64) -> Option<Duration> {
    let (mut waited, mut again) = (0, tcp::SYN_TIMEOUT);
    while waited < limit.nanos().max(1) {
        if !reach.silent.holds(at + (waited + front.delay.nanos()).cast_signed()) {
            return Some(Duration::from_nanos(waited));
        }
        waited += again;
        again *= 2;
    }
    None
}
