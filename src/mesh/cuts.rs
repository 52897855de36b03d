//! Capacity that faults take: caps that run at a share of their rate for a while.
//!
//! A cap at a share of its rate is the same cap on a slower clock: bucket and queue keep what they have, and go on at
//! that share. When it is cut is known before a run begins, so that this needs no event, and is exact for what
//! is under way: what has been sent by then has been sent, and the rest takes longer.

use std::collections::BTreeMap;

use super::caps::{CapState, Passed};
use super::machine::of_run;
use crate::units::SimTime;
use crate::world::{Cap, Change, Effect, FaultId, LinkId, Target, World};

/// By link: the clock of its cap, where that is ever cut.
#[derive(Debug)]
pub(super) struct Cuts(BTreeMap<LinkId, Clock>);

/// How far the clock of a cap has come, nanoseconds: from a time on, from that reading on, at this share of time. Ascending.
#[derive(Debug)]
struct Clock(Vec<(u64, u64, f64)>);

impl Cuts {
    /// Of changes with their dates, nanoseconds from t = 0, in order of time; none where nothing is cut.
    pub(super) fn new(world: &World, changes: &[(i64, Change)]) -> Option<Box<Cuts>> {
        let zero = SimTime::ZERO + world.plan.fill;
        let mut dated: BTreeMap<LinkId, Vec<(u64, bool, FaultId, f64)>> = BTreeMap::new();
        for &(at, change) in changes {
            let (Effect::Rate(cut), Target::Link(link)) = (change.effect, change.target) else { continue };
            let Some(cap) = world.links[link].cap else { continue };
            let turn = (of_run(zero, at).nanos(), change.begins, change.fault, cut.share_of(cap.rate));
            dated.entry(link).or_default().push(turn);
        }
        let cuts: BTreeMap<LinkId, Clock> = dated.into_iter().map(|(link, turns)| (link, Clock::new(&turns))).collect();
        (!cuts.is_empty()).then(|| Box::new(Cuts(cuts)))
    }

    /// Bytes come to the cap of a link, as to [`CapState::offer`].
    pub(super) fn offer(
        &self,
        link: LinkId,
        state: &mut CapState,
        cap: &Cap,
        (now, over): (u64, u64),
        bytes: u64,
    ) -> Passed {
        let Some(clock) = self.0.get(&link) else { return state.offer(cap, now, over, bytes) };
        let read = clock.read(now);
        let passed = state.offer(cap, read, read - clock.read(now.saturating_sub(over)), bytes);
        let later = |reading: u64| if reading == read { now } else { clock.when(reading).max(now) };
        Passed { at: later(passed.at), waited: later(read + passed.waited) - now, ..passed }
    }
}

impl Clock {
    /// Beginnings and ends, in order of time: of what overlaps the least share holds.
    fn new(turns: &[(u64, bool, FaultId, f64)]) -> Clock {
        let mut active: BTreeMap<FaultId, (u32, f64)> = BTreeMap::new();
        let mut clock = Clock(vec![(0, 0, 1.0)]);
        for &(at, begins, fault, share) in turns {
            let row = active.entry(fault).or_insert((0, share));
            row.0 = if begins { row.0 + 1 } else { row.0.saturating_sub(1) };
            let least = active.values().filter(|(count, _)| *count > 0).map(|(_, share)| *share).fold(1.0, f64::min);
            let read = clock.read(at);
            match clock.0.last_mut() {
                Some(last) if last.0 == at => last.2 = least,
                _ => clock.0.push((at, read, least)),
            }
        }
        clock
    }

    /// What it shows at a time.
    fn read(&self, at: u64) -> u64 {
        let (from, read, share) = self.0[self.0.partition_point(|turn| turn.0 <= at) - 1];
        read + if share == 1.0 { at - from } else { ((at - from) as f64 * share) as u64 }
    }

    /// When it shows that.
    fn when(&self, reading: u64) -> u64 {
        let (from, read, share) = self.0[self.0.partition_point(|turn| turn.1 <= reading) - 1];
        from + if share == 1.0 { reading - read } else { libm::ceil((reading - read) as f64 / share) as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{BitsPerSec, Bytes, Duration};
    use crate::world::PastCap;

    const MS: u64 = 1_000_000;

    /// At a quarter from 100 ms to 200 ms, and at half from 150 ms to 300 ms.
    fn cuts() -> Cuts {
        let turns = [
            (100 * MS, true, FaultId(0), 0.25),
            (150 * MS, true, FaultId(1), 0.5),
            (200 * MS, false, FaultId(0), 0.25),
            (300 * MS, false, FaultId(1), 0.5),
        ];
        Cuts([(LinkId(0), Clock::new(&turns))].into())
    }

    #[test]
    fn of_cuts_that_overlap_the_least_share_holds_and_their_ends_are_exact() {
        let clock = &cuts().0[&LinkId(0)];
        // 100, then 100 / 4, then 100 / 2.
        let shown = [0, 100, 140, 200, 300, 400].map(|at| clock.read(at * MS) / MS);
        assert_eq!(shown, [0, 100, 110, 125, 175, 275]);
        assert_eq!(
            [0, 100, 110, 125, 175, 275].map(|reading| clock.when(reading * MS) / MS),
            [0, 100, 140, 200, 300, 400]
        );
    }

    #[test]
    fn a_queue_goes_on_at_the_share_with_what_it_has() {
        // A byte a microsecond. What comes at 80 ms takes 40 ms: half of it is sent by 100 ms, the other half takes 80 ms.
        let cap = Cap { rate: BitsPerSec(8_000_000), past: PastCap::Shape { buffer: Duration::from_millis(30) } };
        let (cuts, mut state) = (cuts(), CapState::default());
        let mut offer = |now: u64, bytes| cuts.offer(LinkId(0), &mut state, &cap, (now * MS, 0), bytes);
        assert_eq!(offer(80, 40_000), Passed { at: 180 * MS, dropped: 0, waited: 0 });
        // 20 KB are left of it at 100 ms: what comes then waits 80 ms, and takes 20 ms at a quarter and 10 ms at half.
        assert_eq!(offer(100, 10_000), Passed { at: 210 * MS, dropped: 0, waited: 80 * MS });
        // The buffer holds 30 ms at the full rate, which are 30 KB: 28 stand there.
        assert_eq!(offer(108, 3_000).dropped, 0);
        assert_eq!(offer(108, 1_000).dropped, 1_000);
        // Another link is as ever.
        assert_eq!(cuts.offer(LinkId(1), &mut CapState::default(), &cap, (110 * MS, 0), 8_000).at, 118 * MS);
    }

    #[test]
    fn a_bucket_fills_at_the_share() {
        let cap = Cap { rate: BitsPerSec(8_000_000), past: PastCap::Police { burst: Bytes(10_000) } };
        let (cuts, mut state) = (cuts(), CapState::default());
        let mut offer = |now: u64, bytes| cuts.offer(LinkId(0), &mut state, &cap, (now * MS, 0), bytes);
        assert_eq!(offer(100, 10_000), Passed { at: 100 * MS, dropped: 0, waited: 0 });
        assert_eq!(offer(120, 6_000), Passed { at: 120 * MS, dropped: 1_000, waited: 0 });
        // 20 ms at a quarter are 5 KB, 100 ms at half 50: no more than the bucket holds.
        assert_eq!(offer(300, 11_000), Passed { at: 300 * MS, dropped: 1_000, waited: 0 });
    }
}
