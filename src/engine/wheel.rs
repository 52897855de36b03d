//! The event set: a hierarchical timing wheel whose open tick is a sorted vector.
//!
//! Push is one store, pop amortises a small sort and one or two sequential copies, at any number of pending events.
//! Varghese and Lauck (1987) for the wheel; levels are told by the highest bit in which a tick differs from the open
//! one, so that nine levels of 64 slots cover all of 64-bit time without an overflow list. Exact to the nanosecond.

use super::{Entry, Event, EventSet};
use crate::units::SimTime;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A tick is 2^10 ns: about a microsecond. Anything from 2^6 to 2^14 serves; coarser makes the open tick long.
const TICK_BITS: u32 = 10;
/// 64 slots a level: their occupancy is one u64.
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
/// 9 levels of 6 bits are the 54 bits of a tick's number.
const LEVELS: usize = 9;
/// A late event moves at most this many entries of the open tick; past that it waits in a heap, so that many events
/// of one microsecond do not make the set quadratic.
const MOVED_MOST: usize = 64;

#[derive(Debug)]
pub(super) struct Wheel {
    /// Number of the open tick. All entries of the slots are later.
    open_tick: u64,
    /// Entries of the open tick and before, latest first, so that the next is the last.
    open: Vec<Entry>,
    /// How many of the last entries of `open` are equal in time and order and lie sorted by content, first last.
    settled: usize,
    /// Entries of the open tick that came when it was long.
    late: BinaryHeap<Reverse<Entry>>,
    /// Which slots of a level hold anything.
    occupied: [u64; LEVELS],
    /// `LEVELS * SLOTS` unsorted slots. They keep their memory, and swap it with `open`: once warm, hardly
    /// anything is allocated.
    slots: Vec<Vec<Entry>>,
    /// How many entries there are.
    len: usize,
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel {
            open_tick: 0,
            open: Vec::new(),
            settled: 0,
            late: BinaryHeap::new(),
            occupied: [0; LEVELS],
            slots: vec![Vec::new(); LEVELS * SLOTS],
            len: 0,
        }
    }
}

fn tick_of(entry: Entry) -> u64 {
    entry.time().nanos() >> TICK_BITS
}

impl Wheel {
    /// Puts an entry later than the open tick into its slot.
    #[inline]
    fn place(&mut self, tick: u64, entry: Entry) {
        let level = ((63 - (tick ^ self.open_tick).leading_zeros()) / SLOT_BITS) as usize;
        let slot = (tick >> (level as u32 * SLOT_BITS)) as usize & (SLOTS - 1);
        self.occupied[level] |= 1 << slot;
        self.slots[level * SLOTS + slot].push(entry);
    }

    /// Puts an entry of the open tick, or of before, into its place there.
    fn insert(&mut self, entry: Entry) {
        let index = self.open.partition_point(|other| other.key() > entry.key());
        let moved = self.open.len() - index;
        if moved > MOVED_MOST {
            self.late.push(Reverse(entry));
            return;
        }
        // Among the settled equals, or after them: they must be looked at again.
        if self.settled > 0 && self.open.last().is_some_and(|settled| entry.key() <= settled.key()) {
            self.settled = 0;
        }
        self.open.insert(index, entry);
    }

    /// Opens the next tick that holds anything. The open one is empty, and so is `late`.
    fn advance(&mut self) {
        let Some(level) = self.occupied.iter().position(|&mask| mask != 0) else { return };
        let slot = self.occupied[level].trailing_zeros() as usize;
        self.occupied[level] &= self.occupied[level] - 1;
        let index = level * SLOTS + slot;
        if level == 0 {
            self.open_tick = self.open_tick & !(SLOTS as u64 - 1) | slot as u64;
            std::mem::swap(&mut self.open, &mut self.slots[index]);
        } else {
            // To the earliest tick of the slot at once: every entry then moves down at most once more per level.
            let mut entries = std::mem::take(&mut self.slots[index]);
            self.open_tick =
                entries.iter().copied().map(tick_of).min().expect("a slot that is marked occupied holds an entry");
            for entry in entries.drain(..) {
                let tick = tick_of(entry);
                if tick == self.open_tick { self.open.push(entry) } else { self.place(tick, entry) }
            }
            self.slots[index] = entries;
        }
        if self.open.len() > 1 {
            self.open.sort_unstable_by(|a, b| b.cmp(a));
        }
    }

    /// Makes the last of `open` the least of all there is in (time, order), with all its equals right before it.
    #[inline]
    fn ready(&mut self) {
        if self.open.is_empty() && self.late.is_empty() {
            self.settled = 0;
            self.advance();
        }
        while let Some(&Reverse(entry)) = self.late.peek()
            && self.open.last().is_none_or(|next| entry.key() <= next.key())
        {
            self.late.pop();
            self.open.push(entry);
            self.settled = 0;
        }
    }

    /// Sorts the equals at the end of `open` by content.
    #[cold]
    fn settle(&mut self, key: u128, tie: impl Fn(Event, Event) -> Ordering) {
        let equals = self.open.iter().rev().take_while(|entry| entry.key() == key).count();
        let first = self.open.len() - equals;
        self.open[first..].sort_unstable_by(|a, b| tie(b.event(), a.event()));
        self.settled = equals;
    }
}

impl EventSet for Wheel {
    #[inline]
    fn push(&mut self, entry: Entry) {
        self.len += 1;
        let tick = tick_of(entry);
        if tick > self.open_tick { self.place(tick, entry) } else { self.insert(entry) }
    }

    #[inline]
    fn pop(&mut self, until: SimTime, tie: impl Fn(Event, Event) -> Ordering) -> Option<Entry> {
        self.ready();
        let last = *self.open.last()?;
        if last.time() > until {
            return None;
        }
        if self.settled == 0 {
            let before = self.open.len().wrapping_sub(2);
            if self.open.get(before).is_some_and(|other| other.key() == last.key()) {
                self.settle(last.key(), tie);
            }
        }
        self.settled = self.settled.saturating_sub(1);
        self.len -= 1;
        self.open.pop()
    }

    fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::super::heap::Heap;
    use super::*;
    use proptest::prelude::*;

    fn entry(ns: u64, order: u32, slot: u32) -> Entry {
        Entry::new(SimTime::from_nanos(ns), Event { order, slot })
    }

    /// Content is a hash of the slot, so that neither slots nor pushes are in order of content.
    fn by_content(a: Event, b: Event) -> Ordering {
        let content = |event: Event| event.slot.wrapping_mul(0x9E37_79B1).reverse_bits();
        content(a).cmp(&content(b))
    }

    /// Spans that make ties, neighbours in a tick, and every level of the wheel.
    fn spans() -> impl Strategy<Value = u64> {
        prop_oneof![
            4 => Just(0u64),
            4 => 0u64..4,
            4 => 0u64..2048,
            4 => 0u64..200_000,
            2 => Just(250_000u64),
            2 => Just(1_000_000_000u64),
            1 => (0u32..62).prop_map(|bit| 1u64 << bit),
            1 => 0u64..(1 << 62),
        ]
    }

    /// Pushes and pops the same in both; `pops` says how many after each push, with an end `until` beyond now.
    fn check(steps: &[(u64, u32, u8, u64)]) {
        let (mut wheel, mut heap) = (Wheel::default(), Heap::default());
        let mut now = 0u64;
        for (slot, &(span, order, pops, ahead)) in steps.iter().enumerate() {
            let new = entry(now.saturating_add(span), order, slot as u32);
            wheel.push(new);
            heap.push(new);
            let until = SimTime::from_nanos(now.saturating_add(ahead));
            for _ in 0..pops {
                let (got, want) = (wheel.pop(until, by_content), heap.pop(until, by_content));
                assert_eq!(got, want);
                now = want.map_or(now, |entry| entry.time().nanos());
            }
            assert_eq!(wheel.len(), heap.len());
        }
        while let Some(want) = heap.pop(SimTime::NEVER, by_content) {
            assert_eq!(wheel.pop(SimTime::NEVER, by_content), Some(want));
        }
        assert_eq!((wheel.pop(SimTime::NEVER, by_content), wheel.len()), (None, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn the_wheel_gives_what_a_heap_gives(
            steps in prop::collection::vec((spans(), 0u32..3, 0u8..3, spans()), 1..400),
        ) {
            check(&steps);
        }

        #[test]
        fn a_crowded_microsecond_gives_what_a_heap_gives(
            steps in prop::collection::vec((0u64..900, 0u32..4, 0u8..2, 0u64..1000), 200..900),
        ) {
            check(&steps);
        }
    }

    #[test]
    fn the_ends_of_time_are_in_range() {
        check(&[(u64::MAX, 3, 0, 0), (0, 0, 1, 0), (u64::MAX - 1, u32::MAX, 2, u64::MAX), (0, 0, 2, u64::MAX)]);
    }

    #[test]
    fn a_hundred_thousand_events_of_one_microsecond_are_not_quadratic() {
        // Each pop pushes into the open tick, before nearly all that is there: 5e9 moves if it were an insertion sort.
        let mut wheel = Wheel::default();
        for slot in 0..100_000 {
            wheel.push(entry(5000 + u64::from(slot % 7), slot, slot));
        }
        let mut last = 0;
        for slot in 0..300_000u32 {
            let popped = wheel.pop(SimTime::NEVER, by_content).unwrap();
            assert!(popped.key() >= last);
            last = popped.key();
            wheel.push(entry(popped.time().nanos(), popped.event().order.saturating_add(50_000), slot));
        }
        assert_eq!(wheel.len(), 100_000);
        assert!(!wheel.late.is_empty(), "the guard was in use");
    }

    #[test]
    fn memory_stays_what_it_was_once_warm() {
        let mut wheel = Wheel::default();
        let span =
            |slot: u32| [250_000u64, 1_000_000, 15_000_000, 40_000_000][slot as usize % 4] + u64::from(slot * 37);
        for slot in 0..1000 {
            wheel.push(entry(span(slot), slot, slot));
        }
        let hold = |wheel: &mut Wheel, times: u32| {
            for _ in 0..times {
                let next = wheel.pop(SimTime::NEVER, by_content).unwrap();
                let Event { order, slot } = next.event();
                wheel.push(entry(next.time().nanos() + span(slot), order, slot));
            }
        };
        let room = |wheel: &Wheel| wheel.slots.iter().map(Vec::capacity).sum::<usize>() + wheel.open.capacity();
        hold(&mut wheel, 2_000_000);
        let warm = room(&wheel);
        hold(&mut wheel, 500_000);
        // A slot of a higher level is met for the first time now and then: 1024 entries here in 500,000 events.
        assert!(room(&wheel) - warm <= warm / 50, "{} from {warm}", room(&wheel));
    }
}
