//! The engine: a clock, a set of events in total order, and the loop that hands them to a [`Model`].
//!
//! [`Schedule`] holds what is to come, [`run`] pops it in order of (time, order) and, where both are equal, as the
//! model's [`Model::tie`] decides. [`Timers`] keeps time-outs out of the event set. Time is integer nanoseconds.
//!
//! Ties are ordered by *content* and never by push order or by slot: a push order would change with the number of
//! partitions, and with it every result. Knows nothing of networks, requests or chance.
//!
//! ```
//! use std::cmp::Ordering;
//! use eastwest::engine::{Event, Model, Schedule, run};
//! use eastwest::units::{Duration, SimTime};
//!
//! struct Clock { ticks: u32 }
//! impl Model for Clock {
//!     fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
//!         self.ticks += 1;
//!         schedule.at(now + Duration::from_secs(1), event.order, event.slot);
//!     }
//!     fn tie(&self, _: Event, _: Event) -> Ordering { Ordering::Equal }
//! }
//! let (mut clock, mut schedule) = (Clock { ticks: 0 }, Schedule::new());
//! schedule.at(SimTime::ZERO, 0, 0);
//! let finished = run(&mut clock, &mut schedule, SimTime::from_nanos(10_000_000_000));
//! assert_eq!((clock.ticks, finished.events), (11, 11));
//! ```

#[cfg(test)]
mod heap;
mod later;
mod queue;
mod timers;

pub use later::Later;
pub use timers::Timers;

use crate::units::SimTime;
use queue::Queue;
use std::cmp::Ordering;

/// Something that happens at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Decides among events of one instant: made of content (request, node, kind), kind in the low 4 bits.
    pub order: u32,
    /// Where the model keeps what the event is about. Never compared.
    pub slot: u32,
}

/// What events happen to.
pub trait Model {
    /// `event` happens. May schedule others, at `now` or later.
    fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule);

    /// Which of two events of equal time and order comes first, by their full content. `Equal` says that the two may
    /// change places without any result changing.
    fn tie(&self, a: Event, b: Event) -> Ordering;
}

/// What is to come.
#[derive(Debug, Default)]
pub struct Schedule {
    set: Queue,
    now: SimTime,
    events: u64,
    digest: u64,
}

impl Schedule {
    /// Nothing to come, at the beginning of time.
    pub fn new() -> Self {
        Schedule::default()
    }

    /// An event is to happen at `at`. Panics where that is over already: a bug in the model.
    #[inline]
    pub fn at(&mut self, at: SimTime, order: u32, slot: u32) {
        assert!(
            at >= self.now,
            "an event is scheduled now or later: {} ns is before {} ns",
            at.nanos(),
            self.now.nanos()
        );
        self.set.push(Entry::new(at, Event { order, slot }));
    }

    /// The instant of the event being handled, or of the last one that was.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// How many events are to come.
    pub fn pending(&self) -> usize {
        self.set.len()
    }
}

/// What a schedule has been through, since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finished {
    /// Events handled.
    pub events: u64,
    /// Hash over time and order of every event in turn: equal runs have equal digests, unequal ones hardly ever.
    pub digest: u64,
    /// The instant of the last event.
    pub at: SimTime,
}

/// Handles every event up to and including `until`; what comes later stays in `schedule`.
pub fn run<M: Model>(model: &mut M, schedule: &mut Schedule, until: SimTime) -> Finished {
    run_while(model, schedule, until, |_| true).expect("nobody stops it")
}

/// Events between two looks at whether to go on: a hundredth of a second or less.
const BETWEEN_LOOKS: u32 = 1 << 16;

/// The same while `on`, asked now and then and told how far the clock is, says so; none where it said no, and then
/// neither the model nor the schedule is of any use.
pub fn run_while<M: Model>(
    model: &mut M,
    schedule: &mut Schedule,
    until: SimTime,
    on: impl Fn(SimTime) -> bool,
) -> Option<Finished> {
    loop {
        for _ in 0..BETWEEN_LOOKS {
            let Some(entry) = schedule.set.pop(until, |a, b| model.tie(a, b)) else {
                return Some(Finished { events: schedule.events, digest: schedule.digest, at: schedule.now });
            };
            let (now, event) = (entry.time(), entry.event());
            schedule.now = now;
            schedule.events += 1;
            schedule.digest = digest(schedule.digest, now, event.order);
            model.handle(now, event, schedule);
        }
        if !on(schedule.now) {
            return None;
        }
    }
}

/// One step of the digest: multiply and fold (Knuth's multiplier of MMIX).
#[inline]
fn digest(before: u64, time: SimTime, order: u32) -> u64 {
    const MMIX: u64 = 6_364_136_223_846_793_005;
    let with_time = (before ^ time.nanos()).wrapping_mul(MMIX);
    (with_time ^ (with_time >> 32) ^ u64::from(order)).wrapping_mul(MMIX)
}

/// An event in the set: time, order and slot in 16 bytes, comparable in one instruction or two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
struct Entry(u128);

impl Entry {
    #[inline]
    fn new(at: SimTime, event: Event) -> Self {
        Entry(u128::from(at.nanos()) << 64 | u128::from(event.order) << 32 | u128::from(event.slot))
    }

    #[inline]
    fn time(self) -> SimTime {
        SimTime::from_nanos((self.0 >> 64) as u64)
    }

    #[inline]
    fn event(self) -> Event {
        Event { order: (self.0 >> 32) as u32, slot: self.0 as u32 }
    }

    /// Time and order, without the slot.
    #[inline]
    fn key(self) -> u128 {
        self.0 >> 32
    }
}

/// A set of events that gives them back in order. The queue is the one in use; a heap is its oracle in tests.
trait EventSet {
    /// Adds an event.
    fn push(&mut self, entry: Entry);

    /// Takes the first event if it happens by `until`: least (time, order), then least by `tie`.
    fn pop(&mut self, until: SimTime, tie: impl Fn(Event, Event) -> Ordering) -> Option<Entry>;

    /// How many events there are.
    fn len(&self) -> usize;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    /// Remembers what it saw; event kinds below 8 schedule a follower at once.
    #[derive(Default)]
    struct Notebook {
        seen: Vec<(u64, u32, u32)>,
        spawn: bool,
    }

    impl Model for Notebook {
        fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
            assert_eq!(now, schedule.now());
            self.seen.push((now.nanos(), event.order, event.slot));
            if self.spawn && event.slot < 8 {
                schedule.at(now, event.order, event.slot + 8);
            }
        }

        // Full content: here the slot's own number, backwards, so that neither push order nor slot order will do.
        fn tie(&self, a: Event, b: Event) -> Ordering {
            b.slot.cmp(&a.slot)
        }
    }

    fn at(ns: u64) -> SimTime {
        SimTime::from_nanos(ns)
    }

    #[test]
    fn events_come_by_time_then_order_then_content() {
        let (mut model, mut schedule) = (Notebook::default(), Schedule::new());
        for (ns, order, slot) in [(5, 1, 1), (5, 1, 3), (5, 0, 9), (4, 7, 0), (5, 1, 2), (1 << 40, 0, 0)] {
            schedule.at(at(ns), order, slot);
        }
        assert_eq!(schedule.pending(), 6);
        let finished = run(&mut model, &mut schedule, SimTime::NEVER);
        let want = [(4, 7, 0), (5, 0, 9), (5, 1, 3), (5, 1, 2), (5, 1, 1), (1 << 40, 0, 0)];
        assert_eq!(model.seen, want);
        assert_eq!((finished.events, finished.at, schedule.pending()), (6, at(1 << 40), 0));
    }

    #[test]
    fn an_event_scheduled_among_ties_takes_its_place_among_them() {
        let (mut model, mut schedule) = (Notebook { spawn: true, ..Notebook::default() }, Schedule::new());
        for slot in [1, 5, 3] {
            schedule.at(at(7), 2, slot);
        }
        run(&mut model, &mut schedule, SimTime::NEVER);
        let slots: Vec<u32> = model.seen.iter().map(|seen| seen.2).collect();
        assert_eq!(slots, [5, 13, 3, 11, 1, 9]);
    }

    #[test]
    fn a_run_stops_at_its_end_and_can_be_continued() {
        let (mut model, mut schedule) = (Notebook::default(), Schedule::new());
        for ns in [10, 2000, 20, 5000] {
            schedule.at(at(ns), 0, 0);
        }
        let first = run(&mut model, &mut schedule, at(20));
        assert_eq!((first.events, first.at, schedule.pending()), (2, at(20), 2));
        // The set has looked ahead to 2000 by now; what comes before that must still be found.
        schedule.at(at(21), 0, 0);
        let second = run(&mut model, &mut schedule, at(4999));
        assert_eq!((second.events, second.at), (4, at(2000)));
        assert_eq!(model.seen.iter().map(|seen| seen.0).collect::<Vec<_>>(), [10, 20, 21, 2000]);
    }

    #[test]
    fn the_digest_depends_on_time_and_order_and_on_nothing_else() {
        let digest_of = |events: &[(u64, u32, u32)]| {
            let (mut model, mut schedule) = (Notebook::default(), Schedule::new());
            for &(ns, order, slot) in events {
                schedule.at(at(ns), order, slot);
            }
            run(&mut model, &mut schedule, SimTime::NEVER).digest
        };
        let base = digest_of(&[(5, 1, 0), (9, 2, 1)]);
        assert_eq!(digest_of(&[(9, 2, 4), (5, 1, 3)]), base);
        assert_ne!(digest_of(&[(5, 2, 0), (9, 1, 1)]), base);
        assert_ne!(digest_of(&[(6, 1, 0), (9, 2, 1)]), base);
        assert_ne!(digest_of(&[(5, 1, 0)]), base);
    }

    #[test]
    fn a_run_ends_unfinished_where_somebody_says_so() {
        struct Endless;
        impl Model for Endless {
            fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
                schedule.at(now + Duration::from_nanos(1), event.order, event.slot);
            }
            fn tie(&self, _: Event, _: Event) -> Ordering {
                Ordering::Equal
            }
        }
        let mut schedule = Schedule::new();
        schedule.at(SimTime::ZERO, 0, 0);
        let looks = std::cell::Cell::new(0);
        let ended = run_while(&mut Endless, &mut schedule, SimTime::NEVER, |_| {
            looks.set(looks.get() + 1);
            looks.get() < 3
        });
        assert_eq!((ended, looks.get(), schedule.now()), (None, 3, at(3 * u64::from(BETWEEN_LOOKS) - 1)));
    }

    #[test]
    #[should_panic(expected = "an event is scheduled now or later")]
    fn the_past_is_closed() {
        struct Backwards;
        impl Model for Backwards {
            fn handle(&mut self, _: SimTime, _: Event, schedule: &mut Schedule) {
                schedule.at(SimTime::ZERO, 0, 0);
            }
            fn tie(&self, _: Event, _: Event) -> Ordering {
                Ordering::Equal
            }
        }
        let mut schedule = Schedule::new();
        schedule.at(SimTime::ZERO + Duration::from_nanos(1), 0, 0);
        run(&mut Backwards, &mut schedule, SimTime::NEVER);
    }
}
