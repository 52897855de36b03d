//! The plain event set: a binary heap, against which the queue is tested.

use super::{Entry, Event, EventSet};
use crate::units::SimTime;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Least entry on top.
#[derive(Default)]
pub(super) struct Heap {
    entries: BinaryHeap<Reverse<Entry>>,
}

impl EventSet for Heap {
    fn push(&mut self, entry: Entry) {
        self.entries.push(Reverse(entry));
    }

    fn pop(&mut self, until: SimTime, tie: impl Fn(Event, Event) -> Ordering) -> Option<Entry> {
        let first = self.entries.peek()?.0;
        if first.time() > until {
            return None;
        }
        let mut equals = Vec::new();
        while self.entries.peek().is_some_and(|next| next.0.key() == first.key()) {
            equals.extend(self.entries.pop());
        }
        let least = (0..equals.len()).min_by(|&a, &b| tie(equals[a].0.event(), equals[b].0.event()))?;
        let chosen = equals.swap_remove(least).0;
        self.entries.extend(equals);
        Some(chosen)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }
}
