//! The event loop: earliest first, equal times in the order of what they are.
//!
//! A plain binary heap for now, behind the interface that the machine is written against.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

use crate::units::{Duration, SimTime};

/// Something that happens at an instant: the low four bits of `order` are its kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Order among simultaneous events, made of content.
    pub order: u32,
    /// Whom it concerns.
    pub slot: u32,
}

/// What events act on.
pub trait Model {
    /// Lets an event happen.
    fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule);
    /// Order of two events of the same time and order, by their full content.
    fn tie(&self, a: Event, b: Event) -> Ordering;
}

/// Events to come.
#[derive(Debug, Default)]
pub struct Schedule {
    heap: BinaryHeap<Reverse<(SimTime, u32, u32)>>,
    now: SimTime,
}

impl Schedule {
    /// Nothing to come.
    pub fn new() -> Self {
        Self::default()
    }

    /// Plans an event, not before now.
    pub fn at(&mut self, at: SimTime, order: u32, slot: u32) {
        assert!(at >= self.now, "an event lies in the future");
        self.heap.push(Reverse((at, order, slot)));
    }

    /// The time of the event under way.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// How many events are to come.
    pub fn pending(&self) -> usize {
        self.heap.len()
    }
}

/// A run that is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Finished {
    /// Events handled.
    pub events: u64,
    /// Hash over time and order of every event.
    pub digest: u64,
    /// Time of the last event.
    pub at: SimTime,
}

/// Handles every event up to and including `until`.
pub fn run<M: Model>(model: &mut M, schedule: &mut Schedule, until: SimTime) -> Finished {
    let mut finished = Finished { events: 0, digest: 0, at: SimTime::ZERO };
    while let Some(&Reverse((at, order, slot))) = schedule.heap.peek() {
        if at > until {
            break;
        }
        schedule.heap.pop();
        schedule.now = at;
        finished.events += 1;
        finished.at = at;
        finished.digest =
            (finished.digest.rotate_left(5) ^ at.nanos() ^ u64::from(order)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        model.handle(at, Event { order, slot }, schedule);
    }
    finished
}

/// Timers: for each delay a queue, of which only the head is an event.
#[derive(Debug, Default)]
pub struct Timers {
    lists: Vec<(Duration, VecDeque<(SimTime, u64)>)>,
}

impl Timers {
    /// No lists.
    pub fn new() -> Self {
        Self::default()
    }

    /// The list of a delay.
    pub fn list(&mut self, delay: Duration) -> u32 {
        let index = self.lists.iter().position(|list| list.0 == delay).unwrap_or_else(|| {
            self.lists.push((delay, VecDeque::new()));
            self.lists.len() - 1
        });
        index as u32
    }

    /// Starts a timer; tells when it is due if it is now the first of its list.
    pub fn arm(&mut self, list: u32, now: SimTime, payload: u64) -> Option<SimTime> {
        let (delay, queue) = &mut self.lists[list as usize];
        let due = now + *delay;
        queue.push_back((due, payload));
        (queue.len() == 1).then_some(due)
    }

    /// Takes out the next timer that is due.
    pub fn due(&mut self, list: u32, now: SimTime) -> Option<u64> {
        let queue = &mut self.lists[list as usize].1;
        queue.front().is_some_and(|timer| timer.0 <= now).then(|| queue.pop_front().expect("it was just seen").1)
    }

    /// When the next timer of a list is due.
    pub fn head(&self, list: u32) -> Option<SimTime> {
        self.lists[list as usize].1.front().map(|timer| timer.0)
    }
}
