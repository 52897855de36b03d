//! What is to be told later, when somebody asks: no events of their own, no place in the order of a run.
//!
//! For things whose time is certain and that nobody sees until they look: the model takes what has come due by then.

use super::queue::Queue;
use super::{Entry, Event, EventSet};
use crate::units::SimTime;
use std::cmp::Ordering;

/// Notes with a time. Those of one instant may come in any order: they must commute.
#[derive(Debug, Default)]
pub struct Later {
    set: Queue,
}

impl Later {
    /// No notes.
    pub fn new() -> Self {
        Later::default()
    }

    /// Adds a note, two words of the model's.
    #[inline]
    pub fn at(&mut self, at: SimTime, what: u32, slot: u32) {
        self.set.push(Entry::new(at, Event { order: what, slot }));
    }

    /// Takes a note that is due by `now`: when it was, and its two words.
    #[inline]
    pub fn due(&mut self, now: SimTime) -> Option<(SimTime, u32, u32)> {
        let entry = self.set.pop(now, |_, _| Ordering::Equal)?;
        let event = entry.event();
        Some((entry.time(), event.order, event.slot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_come_when_they_are_due_and_not_before() {
        let (mut later, at) = (Later::new(), SimTime::from_nanos);
        for (ns, what) in [(50, 1), (10, 2), (4_000_000, 3), (50, 4)] {
            later.at(at(ns), what, what + 10);
        }
        assert_eq!(later.due(at(9)), None);
        assert_eq!(later.due(at(49)), Some((at(10), 2, 12)));
        assert_eq!(later.due(at(49)), None);
        let mut both = [later.due(at(60)), later.due(at(60))].map(|note| note.expect("two are due").1);
        both.sort_unstable();
        assert_eq!(both, [1, 4]);
        // Told after the set has looked ahead, and due before what it has seen.
        later.at(at(70), 5, 15);
        assert_eq!(later.due(at(80)), Some((at(70), 5, 15)));
        assert_eq!((later.due(at(3_999_999)), later.due(at(4_000_000))), (None, Some((at(4_000_000), 3, 13))));
    }
}
