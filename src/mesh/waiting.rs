//! Disciplines that need events: processor sharing and non-preemptive priority.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Fixed-point scale of virtual time: 2^20 steps a nanosecond.
const SCALE: u32 = 20;

/// A job in a queue, ordered by when it is served (a virtual end, or class and arrival), then by content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Job<K> {
    rank: K,
    tie: u64,
    frame: u32,
    came: u64,
    work: u64,
}

type Queue<K> = BinaryHeap<Reverse<Job<K>>>;

/// `servers` cores shared equally; a job uses at most one. In virtual time every job runs at speed 1, so a job that
/// comes at virtual time V with work w ends at V + w, whatever comes later.
#[derive(Debug)]
pub(super) struct Sharing {
    servers: u128,
    virtual_now: u128,
    updated: u64,
    /// How long cores have been busy, all together.
    busy: u64,
    /// By virtual end.
    jobs: Queue<u128>,
    /// When the next job ends, if nothing else comes.
    pub(super) next: u64,
}

/// A job that is done: frame, when it came, its work.
pub(super) type Done = (u32, u64, u64);

impl Sharing {
    pub(super) fn new(servers: u32) -> Self {
        Sharing {
            servers: u128::from(servers),
            virtual_now: 0,
            updated: 0,
            busy: 0,
            jobs: BinaryHeap::new(),
            next: u64::MAX,
        }
    }

    /// How long cores have been busy up to `now`, all together.
    pub(super) fn busy_for(&self, now: u64) -> u64 {
        self.busy + (now - self.updated) * (self.jobs.len() as u64).min(self.servers as u64)
    }

    fn advance(&mut self, now: u64) {
        self.busy = self.busy_for(now);
        let span = u128::from(now - self.updated) << SCALE;
        let jobs = self.jobs.len() as u128;
        self.virtual_now += if jobs > self.servers { span * self.servers / jobs } else { span };
        self.updated = now;
    }

    fn plan(&mut self) {
        self.next = match self.jobs.peek() {
            None => u64::MAX,
            Some(Reverse(job)) => {
                let left = job.rank.saturating_sub(self.virtual_now);
                let jobs = self.jobs.len() as u128;
                let span = if jobs > self.servers { (left * jobs).div_ceil(self.servers) } else { left };
                self.updated.saturating_add(u64::try_from(span.div_ceil(1 << SCALE)).unwrap_or(u64::MAX))
            }
        };
    }

    /// Takes in a job; `tie` orders jobs that end together.
    pub(super) fn add(&mut self, now: u64, work: u64, frame: u32, tie: u64) {
        self.advance(now);
        let end = self.virtual_now + (u128::from(work) << SCALE);
        self.jobs.push(Reverse(Job { rank: end, tie, frame, came: now, work }));
        self.plan();
    }

    /// The next job that is done at `now`, if any.
    pub(super) fn done(&mut self, now: u64) -> Option<Done> {
        self.advance(now);
        // Rounding up the end to a nanosecond leaves less than a nanosecond's work of each job.
        let slack = 1_u128 << SCALE;
        let due =
            matches!(self.jobs.peek(), Some(Reverse(job)) if job.rank <= self.virtual_now + slack && self.next <= now);
        let done = due.then(|| {
            let Reverse(job) = self.jobs.pop().expect("a job was just seen");
            (job.frame, job.came, job.work)
        });
        self.plan();
        done
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Everything under way at `now` is gone; tells the frames.
    pub(super) fn reset(&mut self, now: u64) -> Vec<u32> {
        self.advance(now);
        self.next = u64::MAX;
        frames_of(self.jobs.drain().map(|Reverse(job)| (job.tie, job.frame)))
    }
}

/// Frames in an order that depends on their content only.
fn frames_of(jobs: impl Iterator<Item = (u64, u32)>) -> Vec<u32> {
    let mut jobs: Vec<_> = jobs.collect();
    jobs.sort_unstable();
    jobs.into_iter().map(|(_, frame)| frame).collect()
}

/// Lowest class first, then first come; a job that runs is not interrupted, one that waits may leave.
#[derive(Debug)]
pub(super) struct Priority {
    servers: usize,
    /// All jobs are of one class.
    classes: bool,
    came: u64,
    /// All work that has begun.
    begun: u64,
    /// By class and number of coming.
    waiting: BTreeMap<(u8, u64), Job<()>>,
    /// By end.
    running: Queue<u64>,
}

impl Priority {
    /// Without `classes` it is first come, first served.
    pub(super) fn new(servers: u32, classes: bool) -> Self {
        let (waiting, running) = (BTreeMap::new(), BinaryHeap::new());
        Priority { servers: servers as usize, classes, came: 0, begun: 0, waiting, running }
    }

    fn class(&self, class: u8) -> u8 {
        if self.classes { class } else { 0 }
    }

    /// Takes in a job, and tells its number; the wait of a job that starts at once is zero.
    pub(super) fn add(&mut self, now: u64, class: u8, work: u64, frame: u32) -> u64 {
        self.came += 1;
        let tie = self.came;
        if self.running.len() < self.servers {
            self.begun += work;
            self.running.push(Reverse(Job { rank: now.saturating_add(work), tie, frame, came: now, work }));
        } else {
            self.waiting.insert((self.class(class), tie), Job { rank: (), tie, frame, came: now, work });
        }
        tie
    }

    /// The job of `frame` that was given this number leaves, if it still waits; tells when it came.
    pub(super) fn leave(&mut self, class: u8, number: u64, frame: u32) -> Option<u64> {
        let place = (self.class(class), number);
        let job = self.waiting.get(&place).filter(|job| job.frame == frame)?;
        let came = job.came;
        self.waiting.remove(&place);
        Some(came)
    }

    /// When the next job ends.
    pub(super) fn next(&self) -> u64 {
        self.running.peek().map_or(u64::MAX, |Reverse(job)| job.rank)
    }

    /// The next job that is done at `now`; the first that waits takes its place, with as much work as it then has.
    pub(super) fn done(&mut self, now: u64, takes: impl FnOnce(u64) -> u64) -> Option<Done> {
        if self.next() > now {
            return None;
        }
        let Reverse(done) = self.running.pop().expect("a job was just seen");
        if let Some((_, Job { tie, frame, came, work, .. })) = self.waiting.pop_first() {
            let work = takes(work);
            self.begun += work;
            self.running.push(Reverse(Job { rank: now.saturating_add(work), tie, frame, came, work }));
        }
        Some((done.frame, done.came, done.work))
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Would a job that comes now have to wait?
    pub(super) fn busy(&self) -> bool {
        self.running.len() >= self.servers
    }

    /// How long servers have been busy up to `now`, all together.
    pub(super) fn busy_for(&self, now: u64) -> u64 {
        self.begun - self.running.iter().map(|Reverse(job)| job.rank.saturating_sub(now)).sum::<u64>()
    }

    /// Everything under way at `now` is gone; tells the frames.
    pub(super) fn reset(&mut self, now: u64) -> Vec<u32> {
        self.begun = self.busy_for(now);
        let running = self.running.drain().map(|Reverse(job)| (job.tie, job.frame));
        let waiting = std::mem::take(&mut self.waiting);
        frames_of(running.chain(waiting.into_values().map(|job| (job.tie, job.frame))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_equal_jobs_share_one_core() {
        let mut shared = Sharing::new(1);
        shared.add(0, 1_000, 1, 1);
        shared.add(500, 1_000, 2, 2);
        // Job 1 has 500 left at 500 and gets half a core: it ends at 1500; job 2 then runs alone and ends at 2000.
        assert_eq!(shared.next, 1_500);
        assert_eq!(shared.done(1_500).map(|job| job.0), Some(1));
        assert_eq!(shared.done(1_500), None);
        assert_eq!(shared.next, 2_000);
        assert_eq!(shared.done(2_000).map(|job| job.0), Some(2));
    }

    #[test]
    fn a_job_uses_at_most_one_of_two_cores() {
        let mut shared = Sharing::new(2);
        shared.add(0, 100, 1, 1);
        assert_eq!(shared.next, 100);
        shared.add(0, 100, 2, 2);
        shared.add(0, 100, 3, 3);
        assert_eq!(shared.next, 150);
    }

    #[test]
    fn the_lower_class_goes_first_but_interrupts_nobody() {
        let mut queue = Priority::new(1, true);
        queue.add(0, 1, 10, 1);
        queue.add(1, 1, 10, 2);
        queue.add(2, 0, 10, 3);
        assert_eq!(queue.done(10, |work| work).map(|job| job.0), Some(1));
        assert_eq!(queue.done(20, |work| work).map(|job| job.0), Some(3));
        assert_eq!(queue.done(30, |work| work).map(|job| job.0), Some(2));
    }

    #[test]
    fn who_waits_may_leave_and_who_runs_may_not() {
        let mut queue = Priority::new(1, false);
        let numbers = [0, 3, 5].map(|at| queue.add(at, 7, 10, at as u32));
        assert_eq!((queue.waiting(), queue.leave(7, numbers[0], 0)), (2, None));
        // Of another job, though the number is right.
        assert_eq!(queue.leave(7, numbers[1], 5), None);
        assert_eq!((queue.leave(7, numbers[1], 3), queue.waiting()), (Some(3), 1));
        assert_eq!(queue.done(10, |work| work), Some((0, 0, 10)));
        assert_eq!((queue.done(20, |work| work), queue.done(30, |work| work)), (Some((5, 5, 10)), None));
    }
}
