//! Marks on the slots of a ring: which of 4096 hold anything, and which of them comes next.

use super::SLOTS;

#[derive(Debug)]
pub(super) struct Marks {
    /// Which words have a mark.
    words_marked: u64,
    words: [u64; SLOTS / 64],
}

impl Default for Marks {
    fn default() -> Self {
        Marks { words_marked: 0, words: [0; SLOTS / 64] }
    }
}

impl Marks {
    #[inline]
    pub(super) fn has(&self, slot: usize) -> bool {
        self.words[slot / 64] >> (slot % 64) & 1 == 1
    }

    #[inline]
    pub(super) fn set(&mut self, slot: usize) {
        self.words[slot / 64] |= 1 << (slot % 64);
        self.words_marked |= 1 << (slot / 64);
    }

    #[inline]
    pub(super) fn clear(&mut self, slot: usize) {
        let word = &mut self.words[slot / 64];
        *word &= !(1 << (slot % 64));
        self.words_marked &= !(u64::from(*word == 0) << (slot / 64));
    }

    /// How many slots after `from`, around the ring, the next mark is; `from` itself counts.
    #[inline]
    pub(super) fn ahead(&self, from: u64) -> Option<u64> {
        let from = from as usize % SLOTS;
        let here = self.words[from / 64] >> (from % 64);
        if here != 0 {
            return Some(u64::from(here.trailing_zeros()));
        }
        if self.words_marked == 0 {
            return None;
        }
        // The word of `from` comes last: it may have marks before `from`.
        let next = from / 64 + 1;
        let word = (next + self.words_marked.rotate_right(next as u32).trailing_zeros() as usize) % 64;
        let slot = word * 64 + self.words[word].trailing_zeros() as usize;
        Some((slot.wrapping_sub(from) % SLOTS) as u64)
    }
}
