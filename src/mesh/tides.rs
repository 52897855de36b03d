//! What flows at times leave of caps: clocks of queues and buckets, and turns of what is shared.
//!
//! A flow is a fluid that takes its rate of a cap (`caps`). While it flows, what waits before a queue shrinks, and a
//! bucket fills, at what is left: the cap's own clock goes slower by that share. When flows come and go is known before
//! a run begins, so that queues and buckets need no event for it and are exact across a turn. Large messages that share
//! a link have limits of their own besides, so that their shares are settled anew at each turn, by an event.

use std::collections::BTreeMap;

use super::caps::{CapState, Passed};
use super::event::Kind;
use super::machine::{Machine, of_run};
use crate::engine::Schedule;
use crate::units::{BitsPerSec, SimTime};
use crate::world::{Cap, Flow, LinkId, PastCap, RunPlan, World};

/// By link: what flows that come and go leave of its cap.
#[derive(Debug)]
pub(super) struct Tides(BTreeMap<LinkId, Tide>);

/// What is left of one cap, over time.
#[derive(Debug)]
struct Tide {
    rate: u64,
    /// From a time on, nanoseconds, from that reading of its clock on: bits a second that are left. Ascending.
    turns: Vec<(u64, u64, u64)>,
}

impl Tides {
    /// None where nothing that meets a cap comes and goes.
    pub(super) fn new(world: &World) -> Option<Box<Tides>> {
        let capped = world.links.iter().filter_map(|(id, link)| Some((id, link.cap?)));
        let moving = capped.filter(|(id, _)| world.flows_over(*id).any(|flow| flow.when.is_some()));
        let tides: BTreeMap<LinkId, Tide> =
            moving.map(|(id, cap)| (id, Tide::new(&world.plan, &cap, world.flows_over(id)))).collect();
        (!tides.is_empty()).then(|| Box::new(Tides(tides)))
    }

    /// Bytes come to the cap of a link, as to [`CapState::offer`]; none where nothing comes and goes there, or a turn is
    /// an event.
    pub(super) fn offer(
        &self,
        link: LinkId,
        state: &mut CapState,
        cap: &Cap,
        (now, over): (u64, u64),
        bytes: u64,
    ) -> Option<Passed> {
        let tide = self.0.get(&link).filter(|_| !is_fair(cap))?;
        let read = tide.read(now);
        let passed = state.offer(cap, read, read - tide.read(now.saturating_sub(over)), bytes);
        // On the clock stands how many bytes are before it, at the cap's whole rate: so fast they go, flows among them.
        Some(Passed { at: now + (passed.at - read), ..passed })
    }

    /// Bits a second that flows take of a link's cap at a time; none: they never come or go there.
    pub(super) fn taken(&self, link: LinkId, at: u64) -> Option<u64> {
        self.0.get(&link).map(|tide| tide.rate - tide.turn(at).2)
    }
}

impl Tide {
    fn new<'a>(plan: &RunPlan, cap: &Cap, flows: impl Iterator<Item = &'a Flow>) -> Tide {
        let (zero, (begin, end)) = (SimTime::ZERO + plan.fill, plan.simulated());
        let mut changes: Vec<(u64, bool, u64)> = Vec::new();
        for flow in flows {
            for (begins, ends) in flow.spans(begin, end) {
                let at = |date: i64| of_run(zero, date).nanos();
                changes.extend([(at(begins), true, flow.rate.0), (at(ends), false, flow.rate.0)]);
            }
        }
        changes.sort_unstable();
        let (mut taken, mut tide) = (0, Tide { rate: cap.rate.0, turns: vec![(0, 0, cap.rate.0)] });
        for (at, begins, rate) in changes {
            taken = if begins { taken + rate } else { taken - rate };
            let left = cap.rate.0.checked_sub(taken).expect("flows of an instant leave something of their cap");
            let read = tide.read(at);
            match tide.turns.last_mut() {
                Some(last) if last.0 == at => last.2 = left,
                _ => tide.turns.push((at, read, left)),
            }
        }
        tide
    }

    /// The turn that holds at a time.
    fn turn(&self, at: u64) -> (u64, u64, u64) {
        self.turns[self.turns.partition_point(|turn| turn.0 <= at) - 1]
    }

    /// What its clock shows at a time.
    fn read(&self, at: u64) -> u64 {
        let (from, read, left) = self.turn(at);
        let span = at - from;
        read + if left == self.rate {
            span
        } else {
            (u128::from(span) * u128::from(left) / u128::from(self.rate)) as u64
        }
    }
}

fn is_fair(cap: &Cap) -> bool {
    matches!(cap.past, PastCap::Fair { .. })
}

/// By link: bits a second that background flows take as a run begins, where no clock does it.
pub(super) fn background(world: &World, tides: Option<&Tides>) -> Vec<u64> {
    let mut taken = vec![0; world.links.len()];
    for flow in &world.flows {
        for link in &world.paths[flow.path].links {
            taken[link.0 as usize] += flow.rate.0;
        }
    }
    for (id, link) in world.links.iter() {
        let first = tides.and_then(|tides| tides.taken(id, 0));
        if let (Some(first), Some(cap)) = (first, &link.cap) {
            taken[id.0 as usize] = if is_fair(cap) { first } else { 0 };
        }
    }
    taken
}

impl Machine<'_> {
    /// Plans the turns of shared links.
    pub(super) fn plan_tides(&self, schedule: &mut Schedule) {
        let Some(tides) = &self.hot.tides else { return };
        for (link, tide) in &tides.0 {
            if self.world.links[*link].cap.as_ref().is_some_and(is_fair) {
                for &(at, ..) in &tide.turns[1..] {
                    schedule.at(SimTime::from_nanos(at), Kind::Share.order() | link.0 << 4, link.0);
                }
            }
        }
    }

    /// What flows leave of a shared link from now on: what is under way there goes on at that. Tells whether that is
    /// another rate than before.
    pub(super) fn turn_tide(&mut self, link: u32, now: u64) -> bool {
        let Some(taken) = self.hot.tides.as_ref().and_then(|tides| tides.taken(LinkId(link), now)) else {
            return false;
        };
        let (Some(cap), Some(fair)) = (self.world.links[LinkId(link)].cap, &mut self.shares[link as usize]) else {
            return false;
        };
        let state = &mut self.caps[link as usize];
        if state.background() == taken {
            return false;
        }
        let (busy, _) = state.small(now);
        state.turn(cap.rate, now, taken);
        fair.turn(BitsPerSec(cap.rate.0 - taken), now, busy, state.small(now).1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Calendar;
    use crate::units::{Bytes, Duration};
    use crate::world::PathId;

    const MS: u64 = 1_000_000;

    /// A cap of 8 Mbit/s, a byte a microsecond, of which a flow takes so much from 100 to 200 ms.
    fn tides(past: PastCap, mbps: u64) -> (Tides, Cap) {
        let cap = Cap { rate: BitsPerSec(8_000_000), past };
        let plan = RunPlan { horizon: Duration::from_secs(1), ..RunPlan::default() };
        let (at, lasts) = (100 * MS.cast_signed(), Duration::from_millis(100));
        let when = Some(Calendar { at, lasts, every: None, before: false });
        let flow = Flow { name: "backup".into(), path: PathId(0), rate: BitsPerSec(mbps * 1_000_000), when };
        (Tides([(LinkId(0), Tide::new(&plan, &cap, [&flow].into_iter()))].into()), cap)
    }

    #[test]
    fn a_queue_shrinks_at_what_is_left_while_a_flow_lasts() {
        let (tides, cap) = tides(PastCap::Shape { buffer: Duration::from_millis(45) }, 4);
        let mut state = CapState::default();
        let mut offer =
            |now: u64, bytes| tides.offer(LinkId(0), &mut state, &cap, (now * MS, 0), bytes).expect("a tide");
        assert_eq!(offer(80, 40_000), Passed { at: 120 * MS, dropped: 0, waited: 0 });
        // 20 KB are left of it when the flow begins, and shrink by half a byte a microsecond: 10 KB after 20 ms.
        assert_eq!(offer(120, 10_000), Passed { at: 140 * MS, dropped: 0, waited: 10 * MS });
        assert_eq!(offer(190, 40_000), Passed { at: 230 * MS, dropped: 0, waited: 0 });
        // 35 KB at its end, and 5 ms of a whole byte: 30 KB.
        assert_eq!(offer(205, 20_000), Passed { at: 255 * MS, dropped: 0, waited: 30 * MS });
        // The buffer holds 45 ms.
        assert_eq!(offer(206, 1_000).dropped, 1_000);
    }

    #[test]
    fn a_bucket_fills_at_what_is_left_while_a_flow_lasts() {
        let (tides, cap) = tides(PastCap::Police { burst: Bytes(10_000) }, 6);
        let mut state = CapState::default();
        let mut offer = |now: u64, over: u64, bytes| {
            tides.offer(LinkId(0), &mut state, &cap, (now * MS, over * MS), bytes).expect("a tide")
        };
        assert_eq!(offer(100, 0, 10_000).dropped, 0);
        // 20 ms at a quarter of a byte a microsecond: 5 KB.
        assert_eq!(offer(120, 0, 6_000).dropped, 1_000);
        assert_eq!(offer(180, 0, 10_000).dropped, 0);
        // 5 KB by its end, 4 KB after it.
        assert_eq!(offer(204, 0, 10_000).dropped, 1_000);
        // What was sent evenly from 200 ms on found 15 KB, those of 4 ms but gone.
        assert_eq!(offer(215, 15, 12_000).dropped, 1_000);
    }

    #[test]
    fn a_flow_that_always_flows_needs_no_clock() {
        let (tides, cap) = tides(PastCap::Police { burst: Bytes(10_000) }, 6);
        assert_eq!(tides.taken(LinkId(0), 150 * MS), Some(6_000_000));
        assert_eq!((tides.taken(LinkId(0), 99 * MS), tides.taken(LinkId(0), 200 * MS)), (Some(0), Some(0)));
        assert!(tides.taken(LinkId(1), 0).is_none());
        assert!(tides.offer(LinkId(1), &mut CapState::default(), &cap, (0, 0), 1).is_none());
        assert!(Tides::new(&World::default()).is_none());
    }
}
