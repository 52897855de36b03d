//! Candidates: std's binary heap, and a heap of four children whose root is replaced where a push follows a pop.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Set;

#[derive(Default)]
pub(crate) struct Binary(BinaryHeap<Reverse<u128>>);

impl Set for Binary {
    fn push(&mut self, entry: u128) {
        self.0.push(Reverse(entry));
    }

    fn pop(&mut self, until: u64) -> Option<u128> {
        let top = self.0.peek_mut()?;
        ((top.0 >> 64) as u64 <= until).then(|| std::collections::binary_heap::PeekMut::pop(top).0)
    }
}

#[derive(Default)]
pub(crate) struct FourAry {
    entries: Vec<u128>,
    /// The root was popped; the next push fills its place, or the next pop does.
    hole: bool,
}

impl FourAry {
    /// Puts `entry` at the root and lets it sink.
    fn sink(&mut self, entry: u128) {
        let mut at = 0;
        loop {
            let first = 4 * at + 1;
            let children = &self.entries[first.min(self.entries.len())..(first + 4).min(self.entries.len())];
            let least = match *children {
                // A tournament has no branches to guess.
                [a, b, c, d] => {
                    let (left, right) = (usize::from(b < a), 2 + usize::from(d < c));
                    if children[right] < children[left] { right } else { left }
                }
                ref few => match (0..few.len()).min_by_key(|&child| few[child]) {
                    Some(least) => least,
                    None => break,
                },
            };
            if children[least] >= entry {
                break;
            }
            self.entries[at] = children[least];
            at = first + least;
        }
        self.entries[at] = entry;
    }
}

impl Set for FourAry {
    fn push(&mut self, entry: u128) {
        if std::mem::take(&mut self.hole) {
            return self.sink(entry);
        }
        let mut at = self.entries.len();
        self.entries.push(entry);
        while at > 0 && self.entries[(at - 1) / 4] > entry {
            self.entries[at] = self.entries[(at - 1) / 4];
            at = (at - 1) / 4;
        }
        self.entries[at] = entry;
    }

    fn pop(&mut self, until: u64) -> Option<u128> {
        if std::mem::take(&mut self.hole) {
            let last = self.entries.pop()?;
            if !self.entries.is_empty() {
                self.sink(last);
            }
        }
        let root = *self.entries.first()?;
        self.hole = (root >> 64) as u64 <= until;
        self.hole.then_some(root)
    }
}
