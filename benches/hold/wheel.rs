//! Candidate: a hierarchical timing wheel (Varghese and Lauck 1987) of 64 slots a level, its open tick sorted.

use crate::Set;

/// A tick of about a microsecond; nine levels of six bits are the 54 bits of its number.
const TICK_BITS: u32 = 10;
const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS: usize = 9;

pub(crate) struct Wheel {
    open_tick: u64,
    /// Entries of the open tick, latest first.
    open: Vec<u128>,
    occupied: [u64; LEVELS],
    slots: Vec<Vec<u128>>,
}

impl Default for Wheel {
    fn default() -> Self {
        Wheel { open_tick: 0, open: Vec::new(), occupied: [0; LEVELS], slots: vec![Vec::new(); LEVELS * SLOTS] }
    }
}

fn tick_of(entry: u128) -> u64 {
    (entry >> 64) as u64 >> TICK_BITS
}

impl Wheel {
    /// The level is the highest bit in which a tick differs from the open one.
    fn place(&mut self, tick: u64, entry: u128) {
        let level = ((63 - (tick ^ self.open_tick).leading_zeros()) / SLOT_BITS) as usize;
        let slot = (tick >> (level as u32 * SLOT_BITS)) as usize % SLOTS;
        self.occupied[level] |= 1 << slot;
        self.slots[level * SLOTS + slot].push(entry);
    }

    fn advance(&mut self) {
        let Some(level) = self.occupied.iter().position(|&mask| mask != 0) else { return };
        let slot = self.occupied[level].trailing_zeros() as usize;
        self.occupied[level] &= self.occupied[level] - 1;
        let index = level * SLOTS + slot;
        if level == 0 {
            self.open_tick = self.open_tick & !(SLOTS as u64 - 1) | slot as u64;
            std::mem::swap(&mut self.open, &mut self.slots[index]);
        } else {
            let mut entries = std::mem::take(&mut self.slots[index]);
            self.open_tick = entries.iter().copied().map(tick_of).min().expect("an occupied slot holds an entry");
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
}

impl Set for Wheel {
    fn push(&mut self, entry: u128) {
        let tick = tick_of(entry);
        if tick > self.open_tick {
            return self.place(tick, entry);
        }
        let index = self.open.partition_point(|&other| other > entry);
        self.open.insert(index, entry);
    }

    fn pop(&mut self, until: u64) -> Option<u128> {
        if self.open.is_empty() {
            self.advance();
        }
        let next = *self.open.last()?;
        if (next >> 64) as u64 > until {
            return None;
        }
        self.open.pop()
    }
}
