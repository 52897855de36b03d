//! The runs of a study on a pool of threads: which one begins next, and what is left where somebody stops them.
//!
//! All runs that do not wait for each other's figures are handed over together, whatever variant or end of the inputs'
//! ranges they are of: between two stages cores would idle while the last run of the first one ends. A thread takes the
//! next run when it has finished one, so that a slow variant holds up nobody. Results stand in the order in which the
//! work was handed over, whoever finished first.

use std::cmp::Reverse;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::progress::Progress;

/// A piece of work, a run as a rule.
pub(super) struct Task<'a, T> {
    /// Which, for whoever watches: `cen, replication 7`.
    pub(super) name: String,
    /// How long it takes, in any unit: calls to be simulated.
    pub(super) cost: u64,
    /// The work; none where it was given up on the way.
    pub(super) work: Work<'a, T>,
}

type Work<'a, T> = Box<dyn Fn(&Watch<'_>) -> Option<T> + Send + Sync + 'a>;

/// Asked by work under way, and told what share of it is done: shall it go on?
pub(super) type Watch<'a> = dyn Fn(f64) -> bool + 'a;

impl<'a, T: 'a> Task<'a, T> {
    /// The same work with another result.
    pub(super) fn map<U: 'a>(self, into: fn(T) -> U) -> Task<'a, U> {
        Task { name: self.name, cost: self.cost, work: Box::new(move |watch| (self.work)(watch).map(into)) }
    }
}

/// Does all the work of a stage on the threads of the current pool. What had not begun when the watcher
/// stopped it is none, and so is what was given up.
pub(super) fn work_off<T: Send>(stage: &str, tasks: &[Task<'_, T>], progress: &dyn Progress) -> Vec<Option<T>> {
    progress.begin(stage, tasks.len() as u64);
    let costs: Vec<u64> = tasks.iter().map(|task| task.cost).collect();
    let order = order(&costs, rayon::current_num_threads());
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<T>>> = Mutex::new(tasks.iter().map(|_| None).collect());
    // Each thread of the pool goes through the list; splitting the list among them would not keep its order.
    rayon::broadcast(|_| {
        let _others = Abandoning(&next);
        while !progress.stopped() {
            let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            let task = &tasks[index];
            let Some(result) = (task.work)(&|share| progress.goes_on(&task.name, share)) else { continue };
            done.lock().expect("nobody panics while holding the results")[index] = Some(result);
            progress.advance(1, &task.name);
        }
    });
    done.into_inner().expect("nobody panics while holding the results")
}

/// Where a run panics, which is a bug in us, the other threads begin no more of them.
struct Abandoning<'a>(&'a AtomicUsize);

impl Drop for Abandoning<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(usize::MAX / 2, Ordering::Relaxed);
        }
    }
}

/// In which order work begins: as it was handed over (an interrupted study then has all variants equally far), but at
/// the end the longest first, so that no core waits for a long run that began last.
fn order(costs: &[u64], threads: usize) -> Vec<usize> {
    let longest = costs.iter().copied().max().unwrap_or(0);
    // Enough to fill all threads twice while the longest one runs.
    let enough = u128::from(longest) * 2 * threads as u128;
    let mut at_the_end = 0u128;
    let tail = costs.iter().rposition(|&cost| {
        at_the_end += u128::from(cost);
        at_the_end > enough
    });
    let mut order: Vec<usize> = (0..costs.len()).collect();
    order[tail.map_or(0, |last| last + 1)..].sort_by_key(|&index| Reverse(costs[index]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Unwatched;
    use crate::study::progress::StopsAfter;
    use std::sync::atomic::AtomicU64;

    /// Until when the last of `threads` is busy, each taking the next of `order` when it is free.
    fn makespan(costs: &[u64], order: &[usize], threads: usize) -> u64 {
        let mut until = vec![0u64; threads];
        for &index in order {
            *until.iter_mut().min().expect("there is a thread") += costs[index];
        }
        until.into_iter().max().expect("there is a thread")
    }

    #[test]
    fn one_slow_variant_leaves_no_core_idle() {
        // Ten replications of three variants, the last of them ten times as slow, handed over by replication.
        let costs: Vec<u64> = (0..30).map(|index| if index % 3 == 2 { 100 } else { 10 }).collect();
        let ideal = |threads: usize| costs.iter().sum::<u64>().div_ceil(threads as u64);
        for threads in [1, 2, 3, 4] {
            let order = order(&costs, threads);
            let mut all = order.clone();
            all.sort_unstable();
            assert_eq!(all, (0..30).collect::<Vec<_>>(), "each once");
            let (got, least) = (makespan(&costs, &order, threads), ideal(threads).max(100));
            assert!(got <= least + 20, "{threads} threads: {got}, and {least} is the least");
        }
    }

    #[test]
    fn work_begins_by_replication_until_the_end_is_near() {
        let costs: Vec<u64> = (0..300).map(|index| if index % 3 == 2 { 100 } else { 10 }).collect();
        let order = order(&costs, 4);
        // The last 18 cost 720, which is less than twice the longest on each of four threads; one more costs more.
        assert!(order[..282].iter().copied().eq(0..282));
        assert!(order[282..].windows(2).all(|pair| costs[pair[0]] >= costs[pair[1]]));
    }

    fn numbers(count: u64) -> Vec<Task<'static, u64>> {
        (0..count).map(|n| Task { name: n.to_string(), cost: n, work: Box::new(move |_| Some(n * n)) }).collect()
    }

    fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start").install(work)
    }

    #[test]
    fn results_stand_in_the_order_of_the_work() {
        let want: Vec<Option<u64>> = (0..100).map(|n| Some(n * n)).collect();
        for threads in [1, 3, 8] {
            assert_eq!(on(threads, || work_off("", &numbers(100), &Unwatched)), want);
        }
        assert!(on(2, || work_off("", &numbers(0), &Unwatched)).is_empty());
    }

    #[test]
    fn what_had_begun_is_finished_and_nothing_else_begins() {
        let got = on(1, || work_off("", &numbers(10), &StopsAfter::runs(4)));
        assert_eq!(got.iter().flatten().count(), 4);
    }

    #[test]
    fn a_bug_in_one_run_ends_all() {
        let began = AtomicU64::new(0);
        let task = |n: u64| Task {
            name: String::new(),
            cost: 1,
            work: Box::new({
                let began = &began;
                move |_| {
                    began.fetch_add(1, Ordering::Relaxed);
                    assert!(n != 0, "the first one fails");
                    Some(())
                }
            }),
        };
        let tasks: Vec<Task<'_, ()>> = (0..1000).map(task).collect();
        let ended =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| on(1, || work_off("", &tasks, &Unwatched))));
        assert!(ended.is_err());
        assert_eq!(began.load(Ordering::Relaxed), 1);
    }
}
