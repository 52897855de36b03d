//! Max-min fair sharing of a link by large transfers: progressive filling with a limit and a weight for each.
//!
//! Every flow gets the same rate for its weight, but none more than its own limit; what one leaves goes to the others
//! (Bertsekas and Gallager 1992, 6.5.2). Rates change only when a flow joins or leaves, and are held to then. Small
//! messages go first: while one is being sent, flows stand still. Once the largest number of flows has been seen,
//! nothing is allocated.

use super::calls::Attempt;
use super::caps::Passed;
use super::event::Kind;
use super::machine::Machine;
use super::travel::capped;
use crate::engine::Schedule;
use crate::units::{BitsPerSec, SimTime};
use crate::world::{Cap, Direction, LinkId, PastCap};

/// A flow with so much left, as time at its rate in nanoseconds, is through: less than what rounding makes of it.
const THROUGH: f64 = 0.5;

/// A large message under way through a shared link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// Whose message.
    pub(super) attempt: u32,
    /// Names it among those that are through at one instant: hash of its call, number of its attempt.
    pub(super) name: (u64, u8),
    /// Bytes still to be sent.
    pub(super) left: f64,
    /// The most that its sender sends, bytes a nanosecond: its windows over its round trips; infinite: no limit.
    pub(super) limit: f64,
    /// Above zero.
    pub(super) weight: f64,
    rate: f64,
}

impl Flow {
    pub(super) fn new(attempt: u32, name: (u64, u8), bytes: u64, limit: f64, weight: f64) -> Self {
        Flow { attempt, name, left: bytes as f64, limit, weight, rate: 0.0 }
    }
}

/// A link that flows share.
#[derive(Clone, Debug)]
pub(super) struct Fair {
    /// Bytes a nanosecond, over all flows.
    rate: f64,
    /// Ascending by limit over weight, as progressive filling freezes them.
    flows: Vec<Flow>,
    /// Until when their progress is known.
    at: u64,
    /// Nanoseconds that small messages had taken by then.
    taken: u64,
    /// When the next flow is through, if no more small messages come; `u64::MAX`: there is none.
    pub(super) next: u64,
}

impl Fair {
    /// `rate` in bits a second, above zero.
    pub(super) fn new(rate: u64) -> Self {
        Fair { rate: rate as f64 / 8e9, flows: Vec::new(), at: 0, taken: 0, next: u64::MAX }
    }

    /// A flow joins. `busy` are the nanoseconds that small messages have taken by now, `pause` those that they still
    /// will take at once.
    pub(super) fn join(&mut self, flow: Flow, now: u64, busy: u64, pause: u64) {
        self.advance(now, busy);
        let bound = flow.limit / flow.weight;
        let place = self.flows.partition_point(|other| other.limit / other.weight <= bound);
        self.flows.insert(place, flow);
        self.fill();
        self.plan(now, pause);
    }

    /// The next flow that is through at `now`, those of one instant by name; then when the next will be is known.
    pub(super) fn leave(&mut self, now: u64, busy: u64, pause: u64) -> Option<u32> {
        self.advance(now, busy);
        let through = |flow: &&Flow| flow.left <= flow.rate * THROUGH;
        let first = self.flows.iter().filter(through).min_by_key(|flow| flow.name).map(|flow| flow.attempt);
        if let Some(attempt) = first {
            self.flows.retain(|flow| flow.attempt != attempt);
            self.fill();
        }
        self.plan(now, pause);
        first
    }

    /// From now on so much is left for all flows together.
    pub(super) fn turn(&mut self, rate: BitsPerSec, now: u64, busy: u64, pause: u64) {
        self.advance(now, busy);
        self.rate = rate.0 as f64 / 8e9;
        self.fill();
        self.plan(now, pause);
    }

    fn advance(&mut self, now: u64, busy: u64) {
        let span = (now - self.at).saturating_sub(busy - self.taken) as f64;
        (self.at, self.taken) = (now, busy);
        for flow in &mut self.flows {
            flow.left -= flow.rate * span;
        }
    }

    /// Progressive filling: flows whose limit is below the level are frozen at it, in order; the rest share alike.
    fn fill(&mut self) {
        let (mut rest, mut weights) = (self.rate, self.flows.iter().map(|flow| flow.weight).sum::<f64>());
        for flow in &mut self.flows {
            let share = rest * (flow.weight / weights);
            flow.rate = flow.limit.min(share);
            rest -= flow.rate;
            weights -= flow.weight;
        }
    }

    fn plan(&mut self, now: u64, pause: u64) {
        let spans = self.flows.iter().map(|flow| flow.left.max(0.0) / flow.rate);
        let least = spans.fold(f64::INFINITY, f64::min);
        self.next = if least <= THROUGH {
            now
        } else if least.is_finite() {
            now + pause + libm::ceil(least - THROUGH) as u64
        } else {
            u64::MAX
        };
    }
}

impl Machine<'_> {
    /// When the last byte of a message that leaves at `at` is sent, if nothing holds it: of a large one before a shared
    /// link after all its rounds. What is sent on its connection before that is not behind it.
    pub(super) fn sent_by(&self, attempt: u32, at: SimTime) -> SimTime {
        let row = &self.attempts[attempt];
        if row.is(Attempt::PACED) { at + row.core.latest.since(SimTime::ZERO) } else { at }
    }

    /// Is the message large, and this link where it shares its way?
    pub(super) fn is_flow(&self, attempt: u32, link: LinkId) -> bool {
        let row = &self.attempts[attempt];
        let shared = self.hot.paths[self.path_of(attempt).0 as usize].shared[usize::from(row.is(Attempt::RESPONSE))];
        shared.is_some_and(|(narrowest, above)| narrowest == link && self.wire_bytes(attempt) > above)
    }

    /// The message becomes a flow of the link before it. Its own limit is what its sender's windows let it send alone.
    pub(super) fn join_flows(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let path = self.path_of(attempt);
        let row = &self.attempts[attempt];
        let response = row.is(Attempt::RESPONSE);
        let way = &self.hot.paths[path.0 as usize];
        let (link, _) = way.shared[usize::from(response)].expect("a flow has a link to share");
        let bytes = self.wire_bytes(attempt);
        let alone = if row.is(Attempt::PACED) { row.core.latest.nanos() } else { 0 };
        let limit = if alone == 0 { f64::INFINITY } else { bytes as f64 / alone as f64 };
        let weighs = |cap: &Cap| matches!(cap.past, PastCap::Fair { by_round_trip: true, .. });
        let weight = match &self.world.links[link].cap {
            Some(cap) if weighs(cap) => 1e6 / way.round_trip.max(1) as f64,
            _ => 1.0,
        };
        let name = (self.calls[row.call].key, row.number);
        let legs = if response { &self.world.paths[path].back } else { &self.world.paths[path].legs };
        let last = !capped(&legs[usize::from(row.leg) + 1..]);
        self.ledger.cap(link, bytes, Passed { at: now.nanos(), dropped: 0, waited: 0 });
        if last {
            let direction = if response { Direction::Back } else { Direction::Forward };
            self.ledger.passed(path, direction, bytes, now);
        }
        self.attempts[attempt].flags |= Attempt::TRAVELLING;
        self.share(attempt, link.0, Flow::new(attempt, name, bytes, limit, weight), now, schedule);
    }

    /// A flow is through its link, and on its way from there.
    pub(super) fn through_shared(&mut self, attempt: u32, now: SimTime, schedule: &mut Schedule) {
        let (path, response) = (self.path_of(attempt), self.attempts[attempt].is(Attempt::RESPONSE));
        let link = self.hot.paths[path.0 as usize].shared[usize::from(response)].map(|(link, _)| link);
        self.trace_until(attempt, now, "cap", |world, _| {
            link.map_or_else(String::new, |link| format!("shares {}", world.links[link].name))
        });
        let row = &mut self.attempts[attempt];
        row.flags &= !Attempt::SHARED;
        row.leg += 1;
        self.arrived(attempt, now, schedule);
    }

    /// A large message at a shared link: it is a flow until it is through, and an event of the link's tells when.
    pub(super) fn share(&mut self, attempt: u32, link: u32, flow: Flow, now: SimTime, schedule: &mut Schedule) {
        debug_assert_eq!(attempt, flow.attempt, "a flow is its attempt's");
        let (busy, pause) = self.caps[link as usize].small(now.nanos());
        let fair = self.shares[link as usize].as_mut().expect("a fair cap has its flows");
        fair.join(flow, now.nanos(), busy, pause);
        schedule.at(SimTime::from_nanos(fair.next), Kind::Share.order() | link << 4, link);
    }

    /// The next flow of a link may be through.
    pub(super) fn shared(&mut self, link: u32, now: SimTime, schedule: &mut Schedule) {
        let clock = now.nanos();
        // After a turn of what flows leave, who was to be through is so at another time.
        let mut due = self.turn_tide(link, clock);
        loop {
            let (busy, pause) = self.caps[link as usize].small(clock);
            let fair = self.shares[link as usize].as_mut().expect("a fair cap has its flows");
            if fair.next != clock {
                // Somebody who joined meanwhile has planned the next event himself: two at one instant do no harm.
                if due && fair.next < u64::MAX {
                    schedule.at(SimTime::from_nanos(fair.next), Kind::Share.order() | link << 4, link);
                }
                return;
            }
            due = true;
            if let Some(attempt) = fair.leave(clock, busy, pause) {
                self.through_shared(attempt, now, schedule);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 Mbit/s is a byte a microsecond.
    const RATE: u64 = 8_000_000;
    const US: u64 = 1_000;

    fn flow(attempt: u32, bytes: u64) -> Flow {
        Flow::new(attempt, (u64::from(attempt), 0), bytes, f64::INFINITY, 1.0)
    }

    /// Bytes a nanosecond, at most.
    fn limited(flow: Flow, limit: f64) -> Flow {
        Flow { limit, ..flow }
    }

    /// When each is through: (microsecond, attempt), for flows that join at a microsecond.
    fn run(joins: &[(u64, Flow)]) -> Vec<(u64, u32)> {
        let (mut fair, mut done) = (Fair::new(RATE), Vec::new());
        let mut joins = joins.iter().peekable();
        loop {
            let join = joins.peek().map_or(u64::MAX, |(at, _)| at * US);
            if join == u64::MAX && fair.next == u64::MAX {
                return done;
            }
            if join <= fair.next {
                let (_, flow) = joins.next().expect("it was peeked at");
                fair.join(*flow, join, 0, 0);
            } else {
                let now = fair.next;
                while let Some(attempt) = fair.leave(now, 0, 0) {
                    done.push((now / US, attempt));
                }
            }
        }
    }

    #[test]
    fn two_flows_share_equally() {
        // 1,000 bytes each at half a byte a microsecond.
        assert_eq!(run(&[(0, flow(1, 1_000)), (0, flow(2, 1_000))]), [(2_000, 1), (2_000, 2)]);
    }

    #[test]
    fn a_flow_that_joins_and_leaves_slows_the_other_for_as_long() {
        // Alone for 500; together until the second's 200 are through (400 later); alone for the last 300.
        assert_eq!(run(&[(0, flow(1, 1_000)), (500, flow(2, 200))]), [(900, 2), (1_200, 1)]);
    }

    #[test]
    fn a_limited_flow_leaves_the_rest_to_the_others() {
        // A quarter for the first; the others share three quarters.
        let slow = limited(flow(1, 250), 0.000_25);
        let joins = [(0, slow), (0, flow(2, 375)), (0, flow(3, 750))];
        // At 1,000 both the first and the second are through; the third has 375 left, alone.
        assert_eq!(run(&joins), [(1_000, 1), (1_000, 2), (1_375, 3)]);
        // Two limits, ascending, both below the level.
        let slower = limited(flow(2, 125), 0.000_125);
        assert_eq!(run(&[(0, slow), (0, slower), (0, flow(3, 625))]), [(1_000, 1), (1_000, 2), (1_000, 3)]);
        // A limit above the fair share is none.
        assert_eq!(run(&[(0, limited(flow(1, 500), 0.000_9)), (0, flow(2, 500))]), [(1_000, 1), (1_000, 2)]);
    }

    #[test]
    fn weights_divide_the_rate_in_their_proportion() {
        let heavy = Flow { weight: 3.0, ..flow(1, 750) };
        assert_eq!(run(&[(0, heavy), (0, flow(2, 250))]), [(1_000, 1), (1_000, 2)]);
        // A heavy flow with a limit below its share leaves more than its weight says.
        let heavy = limited(heavy, 0.000_5);
        assert_eq!(run(&[(0, heavy), (0, flow(2, 500))]), [(1_000, 2), (1_500, 1)]);
    }

    #[test]
    fn small_messages_stop_the_flows_for_as_long_as_they_take() {
        let mut fair = Fair::new(RATE);
        fair.join(flow(1, 1_000), 0, 0, 0);
        assert_eq!(fair.next, 1_000 * US);
        // By then 300 us went to small messages, and 50 more are waiting.
        assert_eq!(fair.leave(1_000 * US, 300 * US, 50 * US), None);
        assert_eq!(fair.next, 1_350 * US);
        assert_eq!(fair.leave(1_350 * US, 350 * US, 0), Some(1));
        assert_eq!(fair.next, u64::MAX);
    }

    #[test]
    fn what_is_sent_is_the_rate_whoever_comes_and_goes() {
        // A hundred flows of a thousand bytes, ten of them limited, come in a row: the link is never idle.
        let joins: Vec<(u64, Flow)> = (0..100)
            .map(|n| (u64::from(n) * 10, if n % 10 == 0 { limited(flow(n, 1_000), 0.000_9) } else { flow(n, 1_000) }))
            .collect();
        let done = run(&joins);
        assert_eq!(done.len(), 100);
        assert!((100_000..=100_002).contains(&done[99].0), "{:?}", done[99]);
    }
}
