//! The event set: a ring of fine ticks, mostly of one event each, over rings of ever coarser buckets.
//!
//! A push is a store into the fine ring, or onto the list of a coarse bucket that is spread over the fine ring when
//! its time comes; a pop finds the next mark and takes the event there: nothing is sorted unless events share a tick.
//! Timing wheels are Varghese and Lauck's (1987); these turn, so that what is to come soon is fine wherever the clock
//! stands, and their tick follows the load as the buckets of a calendar queue do (Brown 1988). The order does not
//! depend on the tick. Exact to the nanosecond over all of 64-bit time.

mod lists;
mod marks;
#[cfg(test)]
mod tests;

use super::{Entry, Event, EventSet};
use crate::units::SimTime;
use lists::{List, Lists};
use marks::Marks;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A ring has 2^12 slots: 64 words of marks, and one word over those.
const RING_BITS: u32 = 12;
const SLOTS: usize = 1 << RING_BITS;
/// Besides the fine one: 4 + 5 * 12 bits are 64.
const COARSE_RINGS: usize = 4;
/// A tick is 2^10 ns, about a microsecond, so that the fine ring reaches 4 ms: past links within a region and most
/// services. It becomes shorter where many events fall into one tick.
const LONGEST_TICK: u32 = 10;
const SHORTEST_TICK: u32 = 4;
const TICK_STEP: u32 = 2;
/// At least so many events come between two looks at the tick, and as many as are pending, so that changing it is
/// cheap beside them.
const LOOK_EVERY: usize = 1 << 14;
/// A late event moves at most this many entries of the front; past that it waits in a heap, so that many events of
/// one tick do not make the set quadratic.
const MOVED_MOST: usize = 64;

#[derive(Debug)]
pub(super) struct Queue {
    /// Number of the first tick of the fine ring. Entries of earlier ones are in `front` or `late`.
    low: u64,
    /// The first tick of the earliest coarse bucket that holds anything. The last tick of time where none does.
    next_bucket: u64,
    /// Nanoseconds in a tick: their binary logarithm.
    tick_bits: u32,
    /// How many entries came, and how many went.
    pushed: usize,
    popped: usize,
    /// Entries of a shared tick, or of before, latest first, so that the next is the last.
    front: Vec<Entry>,
    /// How many of the last entries of `front` are equal in time and order and lie sorted by content, first last.
    settled: usize,
    /// Entries of the front that came when it was long.
    late: BinaryHeap<Reverse<Entry>>,
    /// Ticks that hold anything, and those that hold more than the one in `fine`.
    marks: Marks,
    shared: Marks,
    fine: Box<[Entry; SLOTS]>,
    /// The others of shared ticks.
    others_of: Box<[List; SLOTS]>,
    others: Lists<2>,
    coarse: [Ring; COARSE_RINGS],
    lists: Lists<16>,
    /// How many entries had come at the last look at the tick, and how many met another in their tick since.
    looked: usize,
    met: usize,
}

/// Buckets of 2^12 slots of the ring below.
#[derive(Debug)]
struct Ring {
    marks: Marks,
    buckets: Box<[List; SLOTS]>,
}

fn ring_of<T: Copy + Default>() -> Box<[T; SLOTS]> {
    vec![T::default(); SLOTS].try_into().unwrap_or_else(|_| unreachable!("a ring has all its slots"))
}

impl Default for Queue {
    fn default() -> Self {
        Queue {
            low: 0,
            next_bucket: u64::MAX,
            tick_bits: LONGEST_TICK,
            pushed: 0,
            popped: 0,
            front: Vec::new(),
            settled: 0,
            late: BinaryHeap::new(),
            marks: Marks::default(),
            shared: Marks::default(),
            fine: ring_of(),
            others_of: ring_of(),
            others: Lists::default(),
            coarse: std::array::from_fn(|_| Ring { marks: Marks::default(), buckets: ring_of() }),
            lists: Lists::default(),
            looked: 0,
            met: 0,
        }
    }
}

impl Queue {
    #[inline]
    fn tick_of(&self, time: SimTime) -> u64 {
        time.nanos() >> self.tick_bits
    }

    /// Puts an entry where it belongs.
    #[inline]
    fn place(&mut self, entry: Entry) {
        let tick = self.tick_of(entry.time());
        if tick.wrapping_sub(self.low) >= SLOTS as u64 {
            return self.place_far(tick, entry);
        }
        let slot = tick as usize % SLOTS;
        if self.marks.has(slot) {
            return self.share(slot, entry);
        }
        self.marks.set(slot);
        self.fine[slot] = entry;
    }

    /// Adds an entry to a tick that holds one already.
    #[inline(never)]
    fn share(&mut self, slot: usize, entry: Entry) {
        self.met += 1;
        self.shared.set(slot);
        self.others.push(&mut self.others_of[slot], entry);
    }

    /// Puts an entry before or after the fine ring where it belongs.
    #[inline(never)]
    fn place_far(&mut self, tick: u64, entry: Entry) {
        if tick < self.low {
            return self.insert(entry);
        }
        let (mut ring, mut bucket, mut here) = (0, tick >> RING_BITS, self.low >> RING_BITS);
        while bucket - here >= SLOTS as u64 {
            (ring, bucket, here) = (ring + 1, bucket >> RING_BITS, here >> RING_BITS);
        }
        self.next_bucket = self.next_bucket.min(bucket << ((ring as u32 + 1) * RING_BITS));
        let slot = bucket as usize % SLOTS;
        let ring = &mut self.coarse[ring];
        ring.marks.set(slot);
        self.lists.push(&mut ring.buckets[slot], entry);
    }

    /// Puts an entry into its place in the front.
    #[cold]
    fn insert(&mut self, entry: Entry) {
        let index = self.front.partition_point(|other| other.key() > entry.key());
        if self.front.len() - index > MOVED_MOST {
            self.late.push(Reverse(entry));
            return;
        }
        // Among the settled equals, or after them: they must be looked at again.
        if self.settled > 0 && self.front.last().is_some_and(|settled| entry.key() <= settled.key()) {
            self.settled = 0;
        }
        self.front.insert(index, entry);
    }

    /// Spreads the earliest coarse buckets over the rings below. The front is empty.
    #[inline(never)]
    fn spread(&mut self) {
        if self.pushed - self.looked >= LOOK_EVERY.max(self.len()) && self.look_at_tick() {
            return;
        }
        let start = self.next_bucket;
        self.low = start;
        self.next_bucket = u64::MAX;
        // The coarsest first: what it holds may belong to the very buckets that come next.
        for ring in (0..COARSE_RINGS).rev() {
            let shift = (ring as u32 + 1) * RING_BITS;
            let (here, slot) = (start >> shift, (start >> shift) as usize % SLOTS);
            if here << shift == start && self.coarse[ring].marks.has(slot) {
                self.coarse[ring].marks.clear(slot);
                let mut list = std::mem::take(&mut self.coarse[ring].buckets[slot]);
                while let Some(many) = self.lists.last(&list) {
                    for index in 0..many {
                        let entry = self.lists.entries(&list)[index];
                        self.place(entry);
                    }
                    self.lists.release(&mut list, many);
                }
            }
            if let Some(ahead) = self.coarse[ring].marks.ahead(here) {
                self.next_bucket = self.next_bucket.min((here + ahead) << shift);
            }
        }
    }

    /// Where many events met in a tick, it becomes shorter; where hardly any, longer. Says whether it did.
    #[cold]
    fn look_at_tick(&mut self) -> bool {
        let (new, met) = (self.pushed - self.looked, self.met);
        let bits = match () {
            () if met > new / 5 => (self.tick_bits - TICK_STEP).max(SHORTEST_TICK),
            () if met < new / 64 => (self.tick_bits + TICK_STEP).min(LONGEST_TICK),
            () => self.tick_bits,
        };
        let changes = bits != self.tick_bits;
        if changes {
            self.retick(bits);
        }
        (self.looked, self.met) = (self.pushed, 0);
        changes
    }

    /// Places every entry, of which there are some, anew by ticks of 2^`bits` ns. The front is empty.
    #[cold]
    fn retick(&mut self, bits: u32) {
        let mut all = Vec::with_capacity(self.len());
        while let Some(ahead) = self.marks.ahead(self.low) {
            self.gather((self.low + ahead) as usize % SLOTS);
            all.append(&mut self.front);
        }
        for ring in &mut self.coarse {
            while let Some(slot) = ring.marks.ahead(0) {
                ring.marks.clear(slot as usize);
                self.lists.empty_into(std::mem::take(&mut ring.buckets[slot as usize]), &mut all);
            }
        }
        self.tick_bits = bits;
        self.low = all.iter().map(|entry| self.tick_of(entry.time())).min().expect("there is something to place");
        self.next_bucket = u64::MAX;
        all.into_iter().for_each(|entry| self.place(entry));
    }

    /// Moves a tick to the front, which is empty.
    fn gather(&mut self, slot: usize) {
        self.marks.clear(slot);
        self.front.push(self.fine[slot]);
        if self.shared.has(slot) {
            self.shared.clear(slot);
            self.others.empty_into(std::mem::take(&mut self.others_of[slot]), &mut self.front);
        }
    }

    /// Moves a shared tick to the front, which is empty, and sorts it.
    #[inline(never)]
    fn open(&mut self, slot: usize) {
        self.gather(slot);
        self.settled = 0;
        self.front.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Moves to the front what of `late` belongs before all there.
    #[cold]
    fn take_late(&mut self) {
        while let Some(&Reverse(entry)) = self.late.peek()
            && self.front.last().is_none_or(|next| entry.key() <= next.key())
        {
            self.late.pop();
            self.front.push(entry);
            self.settled = 0;
        }
    }

    /// Takes the last of the front if it happens by `until`.
    fn pop_front(&mut self, until: SimTime, tie: impl Fn(Event, Event) -> Ordering) -> Option<Entry> {
        if !self.late.is_empty() {
            self.take_late();
        }
        let last = *self.front.last()?;
        if last.time() > until {
            return None;
        }
        let before = self.front.len().wrapping_sub(2);
        if self.front.get(before).is_some_and(|other| other.key() == last.key()) {
            self.settle(last.key(), tie);
        }
        self.settled = self.settled.saturating_sub(1);
        self.popped += 1;
        self.front.pop()
    }

    /// Sorts the equals at the end of the front by content, unless they are.
    #[cold]
    fn settle(&mut self, key: u128, tie: impl Fn(Event, Event) -> Ordering) {
        if self.settled > 0 {
            return;
        }
        let equals = self.front.iter().rev().take_while(|entry| entry.key() == key).count();
        let first = self.front.len() - equals;
        self.front[first..].sort_unstable_by(|a, b| tie(b.event(), a.event()));
        self.settled = equals;
    }
}

impl EventSet for Queue {
    #[inline]
    fn push(&mut self, entry: Entry) {
        self.pushed += 1;
        self.place(entry);
    }

    #[inline]
    fn pop(&mut self, until: SimTime, tie: impl Fn(Event, Event) -> Ordering) -> Option<Entry> {
        if !self.front.is_empty() || !self.late.is_empty() {
            return self.pop_front(until, tie);
        }
        loop {
            let tick = self.marks.ahead(self.low).map_or(u64::MAX, |ahead| self.low + ahead);
            if tick >= self.next_bucket {
                if self.next_bucket > self.tick_of(until) {
                    return None;
                }
                self.spread();
                continue;
            }
            let slot = tick as usize % SLOTS;
            if self.shared.has(slot) {
                self.open(slot);
                self.low = tick + 1;
                return self.pop_front(until, tie);
            }
            let entry = self.fine[slot];
            if entry.time() > until {
                return None;
            }
            self.marks.clear(slot);
            self.low = tick;
            self.popped += 1;
            return Some(entry);
        }
    }

    fn len(&self) -> usize {
        self.pushed - self.popped
    }
}
