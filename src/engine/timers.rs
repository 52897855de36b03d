//! Timers that mostly do not fire: per distinct delay a queue, of which only the head is in the event set.
//!
//! Timers of one delay come due in the order in which they were armed, so a queue is all they need, and a time-out
//! that is no longer wanted costs nothing: its payload is recognised as stale when it comes due.

use crate::units::{Duration, SimTime};
use std::collections::VecDeque;

/// Lists of timers, one for each distinct delay.
///
/// The protocol: [`arm`](Timers::arm) may ask for one event for the list; when it happens, take what is
/// [`due`](Timers::due) until nothing is, then schedule one event at [`head`](Timers::head), if there is one. Timers
/// armed meanwhile are counted in.
#[derive(Debug, Default)]
pub struct Timers {
    lists: Vec<List>,
}

#[derive(Debug)]
struct List {
    delay: Duration,
    queue: VecDeque<(SimTime, u64)>,
    /// An event for the head is scheduled, or its handler is at work.
    expected: bool,
}

impl Timers {
    /// No timers.
    pub fn new() -> Self {
        Timers::default()
    }

    /// The list of timers of this delay.
    pub fn list(&mut self, delay: Duration) -> u32 {
        let index = self.lists.iter().position(|list| list.delay == delay).unwrap_or_else(|| {
            self.lists.push(List { delay, queue: VecDeque::new(), expected: false });
            self.lists.len() - 1
        });
        index as u32
    }

    /// Arms a timer. `Some(due)`: the list has no event yet, and the caller schedules one for it at `due`.
    pub fn arm(&mut self, list: u32, now: SimTime, payload: u64) -> Option<SimTime> {
        let list = &mut self.lists[list as usize];
        let due = now + list.delay;
        assert!(list.queue.back().is_none_or(|last| last.0 <= due), "timers of one delay are armed in order of time");
        list.queue.push_back((due, payload));
        (!std::mem::replace(&mut list.expected, true)).then_some(due)
    }

    /// Takes one timer that is due; `None` when there is no other.
    pub fn due(&mut self, list: u32, now: SimTime) -> Option<u64> {
        let list = &mut self.lists[list as usize];
        match list.queue.front() {
            Some(&(due, payload)) if due <= now => {
                list.queue.pop_front();
                Some(payload)
            }
            head => {
                list.expected = head.is_some();
                None
            }
        }
    }

    /// Drops timers from the head of the list while `stale` says of their payloads that nobody waits for them any more.
    ///
    /// Before each [`due`](Timers::due), never between the last one and [`head`](Timers::head) (the list would wait for an
    /// event that nobody schedules), it spares an event for each timer that nobody waits for; before
    /// [`arm`](Timers::arm), it keeps the list as short as what is waited for is old. An event that was asked for
    /// happens nonetheless, and covers what is armed meanwhile.
    pub fn drop_stale(&mut self, list: u32, mut stale: impl FnMut(u64) -> bool) {
        let queue = &mut self.lists[list as usize].queue;
        while queue.front().is_some_and(|&(_, payload)| stale(payload)) {
            queue.pop_front();
        }
    }

    /// When the list's next timer is due.
    pub fn head(&self, list: u32) -> Option<SimTime> {
        self.lists[list as usize].queue.front().map(|&(due, _)| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ns: u64) -> SimTime {
        SimTime::from_nanos(ns)
    }

    #[test]
    fn one_list_per_delay() {
        let mut timers = Timers::new();
        let short = timers.list(Duration::from_millis(1));
        let long = timers.list(Duration::from_secs(1));
        assert_ne!(short, long);
        assert_eq!(timers.list(Duration::from_millis(1)), short);
    }

    #[test]
    fn a_list_asks_for_one_event_at_a_time() {
        let mut timers = Timers::new();
        let list = timers.list(Duration::from_nanos(100));
        assert_eq!(timers.arm(list, at(0), 1), Some(at(100)));
        assert_eq!(timers.arm(list, at(40), 2), None);
        assert_eq!(timers.arm(list, at(40), 3), None);
        assert_eq!(timers.due(list, at(99)), None);
        assert_eq!(timers.head(list), Some(at(100)));
        assert_eq!(timers.due(list, at(100)), Some(1));
        // Armed while the handler is at work: the handler's own event at the head covers it.
        assert_eq!(timers.arm(list, at(100), 4), None);
        assert_eq!(timers.due(list, at(100)), None);
        assert_eq!(timers.head(list), Some(at(140)));
        assert_eq!([timers.due(list, at(140)), timers.due(list, at(140))], [Some(2), Some(3)]);
        assert_eq!(timers.due(list, at(140)), None);
        assert_eq!(timers.due(list, at(200)), Some(4));
        assert_eq!((timers.due(list, at(200)), timers.head(list)), (None, None));
        // Empty again: the next timer needs an event again.
        assert_eq!(timers.arm(list, at(300), 5), Some(at(400)));
    }

    #[test]
    fn a_timer_armed_by_the_last_one_due_is_not_lost_and_not_doubled() {
        let mut timers = Timers::new();
        let list = timers.list(Duration::from_nanos(10));
        assert_eq!(timers.arm(list, at(0), 1), Some(at(10)));
        assert_eq!(timers.due(list, at(10)), Some(1));
        assert_eq!(timers.arm(list, at(10), 2), None);
        assert_eq!((timers.due(list, at(10)), timers.head(list)), (None, Some(at(20))));
    }

    #[test]
    fn stale_timers_need_neither_events_nor_memory() {
        // Calls of 5 ns under a time-out of 1000 ns; each 500th hangs.
        let mut timers = Timers::new();
        let list = timers.list(Duration::from_nanos(1000));
        let (mut event, mut events, mut longest) = (None, 0, 0);
        let mut fired = Vec::new();
        let hangs = |call: u64| call % 500 == 499;
        for now in 0..10_000 {
            if event == Some(at(now)) {
                events += 1;
                let over = |call: u64| call + 5 < now && !hangs(call);
                while let Some(call) = timers.due(list, at(now)) {
                    if !over(call) {
                        assert_eq!(now, call + 1000);
                        fired.push(call);
                    }
                }
                timers.drop_stale(list, over);
                event = timers.head(list);
            }
            timers.drop_stale(list, |call| call + 5 < now && !hangs(call));
            event = timers.arm(list, at(now), now).or(event);
            // Until one hangs at the head.
            if now < 499 {
                longest = longest.max(timers.lists[0].queue.len());
            }
        }
        assert_eq!(fired, (499..9000).step_by(500).collect::<Vec<u64>>());
        // At most two for each that hangs, and a list of the calls in flight; else one for each call, and a list of 1000.
        assert!(events < 40, "{events}");
        assert!(longest <= 7, "{longest}");
    }
}
