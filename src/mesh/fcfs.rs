//! First come, first served, without events: Kiefer and Wolfowitz's recursion (1955).
//!
//! When jobs come in order of time and their work is known on arrival, the start of each is decided at once: it takes
//! the server that is free first. So a queue costs no event of its own. Exact for any number of servers.

use std::collections::VecDeque;

/// Servers and the jobs that wait for them.
#[derive(Clone, Debug)]
pub(super) struct Fcfs {
    /// When each server is free next, a binary heap with the earliest on top; empty: as many servers as jobs.
    free: Vec<u64>,
    /// Starts of jobs that may still wait, ascending; kept only where the waiting room is bounded.
    starts: VecDeque<u64>,
    bounded: bool,
    /// All work that it has taken in.
    taken: u64,
}

/// When a job is served, nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Served {
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Fcfs {
    /// `servers` of `u32::MAX` means no limit.
    pub(super) fn new(servers: u32, bounded: bool) -> Self {
        let free = if servers == u32::MAX { Vec::new() } else { vec![0; servers as usize] };
        Fcfs { free, starts: VecDeque::new(), bounded, taken: 0 }
    }

    /// How many jobs wait at `now`.
    pub(super) fn waiting(&mut self, now: u64) -> usize {
        while self.starts.front().is_some_and(|&start| start <= now) {
            self.starts.pop_front();
        }
        self.starts.len()
    }

    /// Would a job that comes now have to wait?
    pub(super) fn busy(&self, now: u64) -> bool {
        self.free.first().is_some_and(|&free| free > now)
    }

    /// When a job that comes at `now` would start.
    pub(super) fn starts(&self, now: u64) -> u64 {
        self.free.first().map_or(now, |&free| free.max(now))
    }

    /// Takes in a job that comes at `now`, no earlier than the job before it.
    pub(super) fn serve(&mut self, now: u64, work: u64) -> Served {
        let Some(&earliest) = self.free.first() else {
            return Served { start: now, end: now.saturating_add(work) };
        };
        let start = earliest.max(now);
        let end = start.saturating_add(work);
        self.taken = self.taken.wrapping_add(work);
        self.replace_top(end);
        if self.bounded && start > now {
            self.starts.push_back(start);
        }
        Served { start, end }
    }

    /// How long servers have been busy up to `now`, all together: a server that is busy stays so until it is free next.
    pub(super) fn busy_for(&self, now: u64) -> u64 {
        self.taken.wrapping_sub(self.free.iter().map(|&free| free.saturating_sub(now)).sum())
    }

    /// Everything that was under way at `now` is gone; all servers are free.
    pub(super) fn reset_at(&mut self, now: u64) {
        self.taken = self.busy_for(now);
        self.reset();
    }

    /// The same, where nobody asks how busy it was.
    pub(super) fn reset(&mut self) {
        self.free.fill(0);
        self.starts.clear();
    }

    fn replace_top(&mut self, value: u64) {
        let free = &mut self.free[..];
        let mut hole = 0;
        loop {
            let mut child = 2 * hole + 1;
            if child >= free.len() {
                break;
            }
            if child + 1 < free.len() && free[child + 1] < free[child] {
                child += 1;
            }
            if free[child] >= value {
                break;
            }
            free[hole] = free[child];
            hole = child;
        }
        free[hole] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_servers_take_jobs_in_order() {
        let mut station = Fcfs::new(2, true);
        assert_eq!(station.serve(0, 10), Served { start: 0, end: 10 });
        assert_eq!(station.serve(1, 4), Served { start: 1, end: 5 });
        assert_eq!(station.serve(2, 1), Served { start: 5, end: 6 });
        assert_eq!(station.serve(3, 9), Served { start: 6, end: 15 });
        assert_eq!(station.waiting(3), 2);
        assert_eq!(station.waiting(5), 1);
        assert!(station.busy(9) && !station.busy(10));
        // 10, 4, 1 and 9 of work, of which nothing is left at 15, and 5 at 10.
        assert_eq!([3, 6, 10, 15, 99].map(|at| station.busy_for(at)), [5, 11, 19, 24, 24]);
        station.reset_at(10);
        assert_eq!((station.busy_for(10), station.busy_for(20)), (19, 19));
    }
}
