//! Rows with a free list: nothing is allocated once the largest number of live rows has been seen.

/// Rows of `T`, each known by its slot while it lives.
#[derive(Debug)]
pub(super) struct Slab<T> {
    rows: Vec<T>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Slab { rows: Vec::new(), free: Vec::new() }
    }

    /// Stores `row` and tells its slot.
    pub(super) fn insert(&mut self, row: T) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.rows[slot as usize] = row;
                slot
            }
            None => self.push(row),
        }
    }

    /// A free slot, to be filled, with the row that lived there before; `blank` where there was none.
    #[inline(always)]
    pub(super) fn take(&mut self, blank: T) -> u32 {
        match self.free.pop() {
            Some(slot) => slot,
            None => self.push(blank),
        }
    }

    #[cold]
    fn push(&mut self, row: T) -> u32 {
        let slot = u32::try_from(self.rows.len()).expect("fewer than 2^31 things are alive at once");
        assert!(slot < 1 << 31, "fewer than 2^31 things are alive at once");
        self.rows.push(row);
        slot
    }

    /// Gives the slot back; the row stays readable until it is reused.
    #[inline]
    pub(super) fn release(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// All slots ever used; dead ones included.
    pub(super) fn slots(&self) -> u32 {
        self.rows.len() as u32
    }
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    #[inline(always)]
    fn index(&self, slot: u32) -> &T {
        &self.rows[slot as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline(always)]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.rows[slot as usize]
    }
}
