//! Lists of entries in no order, in chunks of one pool: what one list gives back another takes, so that all of
//! them together need the memory of the most entries there ever were.

use super::Entry;

/// A list of a [`Lists`].
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct List {
    /// The chunk that is being filled; says nothing while the list is empty.
    chunk: u32,
    len: u32,
}

/// Lists in chunks of so many entries: many where lists are long, few where they are short and many.
#[derive(Debug)]
pub(super) struct Lists<const CHUNK: usize> {
    chunks: Vec<[Entry; CHUNK]>,
    /// Which chunk comes after each, in its list or among the unused.
    next: Vec<u32>,
    unused: u32,
}

/// No chunk.
const NONE: u32 = u32::MAX;

impl<const CHUNK: usize> Default for Lists<CHUNK> {
    fn default() -> Self {
        Lists { chunks: Vec::new(), next: Vec::new(), unused: NONE }
    }
}

impl<const CHUNK: usize> Lists<CHUNK> {
    #[inline]
    pub(super) fn push(&mut self, list: &mut List, entry: Entry) {
        let at = list.len as usize % CHUNK;
        if at == 0 {
            list.chunk = self.take(list.chunk);
        }
        list.len += 1;
        self.chunks[list.chunk as usize][at] = entry;
    }

    /// How many entries there is room for, in use or not; and for how many before anything is allocated.
    #[cfg(test)]
    pub(super) fn room(&self) -> (usize, usize) {
        (self.chunks.len() * CHUNK, self.chunks.capacity() * CHUNK)
    }

    /// An unused chunk, to come before `next`.
    #[inline]
    fn take(&mut self, next: u32) -> u32 {
        if self.unused == NONE {
            self.chunks.push([Entry::default(); CHUNK]);
            self.next.push(NONE);
            self.unused = self.chunks.len() as u32 - 1;
        }
        let chunk = self.unused;
        self.unused = std::mem::replace(&mut self.next[chunk as usize], next);
        chunk
    }

    /// How many entries there are in the chunk that is being filled, if the list is not empty.
    #[inline]
    pub(super) fn last(&self, list: &List) -> Option<usize> {
        Some((list.len.checked_sub(1)? as usize) % CHUNK + 1)
    }

    /// The entries of that chunk, of which so many count.
    #[inline]
    pub(super) fn entries(&self, list: &List) -> &[Entry; CHUNK] {
        &self.chunks[list.chunk as usize]
    }

    /// Gives that chunk, with so many entries, back.
    #[inline]
    pub(super) fn release(&mut self, list: &mut List, many: usize) {
        let chunk = list.chunk;
        list.len -= many as u32;
        list.chunk = std::mem::replace(&mut self.next[chunk as usize], self.unused);
        self.unused = chunk;
    }

    /// Moves a whole list to the end of `all`.
    #[inline]
    pub(super) fn empty_into(&mut self, mut list: List, all: &mut Vec<Entry>) {
        while let Some(many) = self.last(&list) {
            all.extend_from_slice(&self.entries(&list)[..many]);
            self.release(&mut list, many);
        }
    }
}
