//! User-uptime: the share of their active time that users found a service working.
//!
//! After Hauer, Hoffmann, Lunney, Ardelean and Diwan, "Meaningful Availability" (NSDI 2020): for each user, the time after
//! an event up to that user's next event takes the outcome of the event, for a cutoff at most; past the cutoff the user is
//! not active. User-uptime is the time up over the time up and down, of all users. Windowed: the minimal cumulative ratio
//! of a length is that of the worst window so long.

pub use crate::record::Active;

/// The end of the time that an event at `from` decides, where the user's next one, if any, comes at `next`.
pub fn decided_until(from: u64, next: Option<u64>, cutoff: u64, end: u64) -> u64 {
    next.unwrap_or(end).min(from.saturating_add(cutoff)).min(end)
}

/// Time of users by equal bins of a span. Adding takes constant time, however long an event decides.
#[derive(Clone, Debug)]
pub struct UserTime {
    start: u64,
    end: u64,
    bin: u64,
    cutoff: u64,
    /// By bin: users who are up, or down, all through it: changes from the bin before.
    whole: Vec<[i64; 2]>,
    /// By bin: time of users who are so for a part of it.
    part: Vec<[u64; 2]>,
}

impl UserTime {
    /// Nothing yet, for a span in bins of this length (the last may be shorter).
    ///
    /// # Panics
    /// Without a length of bins.
    pub fn new((start, end): (u64, u64), bin: u64, cutoff: u64) -> Self {
        assert!(bin > 0, "a bin has a length");
        let bins = (end - start).div_ceil(bin) as usize;
        UserTime { start, end, bin, cutoff, whole: vec![[0; 2]; bins + 1], part: vec![[0; 2]; bins] }
    }

    /// An event at `from` went well, or not; its user's next one comes at `next`, or not any more.
    pub fn event(&mut self, from: u64, next: Option<u64>, well: bool) {
        let to = decided_until(from, next, self.cutoff, self.end);
        let from = from.max(self.start);
        if to <= from {
            return;
        }
        let which = usize::from(!well);
        let (first, last) = (((from - self.start) / self.bin) as usize, ((to - 1 - self.start) / self.bin) as usize);
        let edge = |bin: usize| self.start + self.bin * bin as u64;
        if first == last {
            self.part[first][which] += to - from;
            return;
        }
        self.part[first][which] += edge(first + 1) - from;
        self.part[last][which] += to - edge(last);
        self.whole[first + 1][which] += 1;
        self.whole[last][which] -= 1;
    }

    /// By bin.
    pub fn bins(&self) -> Vec<Active> {
        let mut users = [0; 2];
        let bin = |(whole, part): (&[i64; 2], &[u64; 2])| {
            let mut of = |which: usize| {
                users[which] += whole[which];
                part[which] + users[which].cast_unsigned() * self.bin
            };
            Active { up: of(0), down: of(1) }
        };
        self.whole.iter().zip(&self.part).map(bin).collect()
    }
}

/// The share of all active time that is up; none where nobody was active.
pub fn user_uptime(bins: &[Active]) -> Option<f64> {
    bins.iter().fold(Active::default(), |sum, &bin| sum.plus(bin)).share()
}

/// The minimal cumulative ratio over windows of so many bins, one beginning at each bin: the worst one's share up. Windows
/// in which nobody is active are passed over; a length beyond the bins has no window.
pub fn minimal_cumulative_ratio(bins: &[Active], length: usize) -> Option<f64> {
    if length == 0 || length > bins.len() {
        return None;
    }
    let mut sum = bins[..length].iter().fold(Active::default(), |sum, &bin| sum.plus(bin));
    let mut worst = sum.share();
    for (out, &into) in bins.iter().zip(&bins[length..]) {
        sum = sum.plus(into);
        sum = Active { up: sum.up - out.up, down: sum.down - out.down };
        worst = match (worst, sum.share()) {
            (Some(worst), Some(share)) => Some(worst.min(share)),
            (one, other) => one.or(other),
        };
    }
    worst
}

/// The same over windows that begin anywhere, of events kept one by one: (from, to, well). The ratio of a window's sums
/// is monotone between instants at which its start or its end meets a boundary, so that those are all that is tried.
pub fn exact_minimal_ratio(decided: &[(u64, u64, bool)], length: u64, (start, end): (u64, u64)) -> Option<f64> {
    let last = end.checked_sub(length).filter(|&last| last >= start && length > 0)?;
    let mut begins: Vec<u64> = decided.iter().flat_map(|&(from, to, _)| [from, to]).collect();
    begins.extend(begins.clone().iter().filter_map(|at| at.checked_sub(length)));
    begins.extend([start, last]);
    begins.retain(|at| (start..=last).contains(at));
    begins.sort_unstable();
    begins.dedup();
    // Time up to each boundary, so that a window is a difference.
    let mut edges: Vec<(u64, [i64; 2])> = Vec::new();
    for &(from, to, well) in decided.iter().filter(|(from, to, _)| from < to) {
        let which = usize::from(!well);
        for (at, step) in [(from, 1), (to, -1)] {
            let mut steps = [0; 2];
            steps[which] = step;
            edges.push((at, steps));
        }
    }
    edges.sort_unstable();
    let mut upto: Vec<(u64, [u64; 2], [i64; 2])> = Vec::with_capacity(edges.len() + 1);
    let (mut since, mut time, mut users) = (0, [0; 2], [0_i64; 2]);
    for (at, steps) in edges {
        for which in 0..2 {
            time[which] += users[which].cast_unsigned() * (at - since);
            users[which] += steps[which];
        }
        since = at;
        upto.push((at, time, users));
    }
    let before = |at: u64| -> Active {
        let Some(index) = upto.partition_point(|edge| edge.0 <= at).checked_sub(1) else { return Active::default() };
        let (since, time, users) = upto[index];
        let of = |which: usize| time[which] + users[which].cast_unsigned() * (at - since);
        Active { up: of(0), down: of(1) }
    };
    let share = |at: u64| {
        let (from, to) = (before(at), before(at + length));
        Active { up: to.up - from.up, down: to.down - from.down }.share()
    };
    begins.into_iter().filter_map(share).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_decides_until_the_next_one_or_the_cutoff() {
        let mut time = UserTime::new((0, 100), 10, 30);
        time.event(5, Some(25), true);
        time.event(25, Some(90), false);
        time.event(90, None, true);
        let bins = time.bins();
        assert_eq!(bins[..3], [(5, 0), (10, 0), (5, 5)].map(|(up, down)| Active { up, down }));
        assert_eq!(
            (bins[5], bins[6], bins[9]),
            (Active { up: 0, down: 5 }, Active::default(), Active { up: 10, down: 0 })
        );
        assert_eq!(user_uptime(&bins), Some(30.0 / 60.0));
        // Of the windows of two bins the one from 30 to 50 is down all through; where nobody is, nothing is said.
        assert_eq!(minimal_cumulative_ratio(&bins, 2), Some(0.0));
        assert_eq!(minimal_cumulative_ratio(&bins, 10), Some(0.5));
        assert_eq!(minimal_cumulative_ratio(&bins, 11), None);
        assert_eq!(minimal_cumulative_ratio(&[Active::default(); 4], 2), None);
    }

    #[test]
    fn windows_from_anywhere_are_at_least_as_bad_as_those_from_bins() {
        let mut state = 7_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let (mut time, mut decided) = (UserTime::new((0, 1000), 1, 60), Vec::new());
        for _ in 0..5 {
            let mut times: Vec<u64> = (0..20).map(|_| draw(1000)).collect();
            times.sort_unstable();
            for (index, &at) in times.iter().enumerate() {
                let (next, well) = (times.get(index + 1).copied(), draw(4) > 0);
                time.event(at, next, well);
                decided.push((at, decided_until(at, next, 60, 1000), well));
            }
        }
        let bins = time.bins();
        for length in [1, 7, 50, 400, 1000] {
            let exact = exact_minimal_ratio(&decided, length, (0, 1000)).expect("somebody is active");
            let grid = minimal_cumulative_ratio(&bins, length as usize).expect("somebody is active");
            assert!((exact - grid).abs() < 1e-12, "whole times: {exact} {grid}");
            let coarse: Vec<Active> =
                bins.chunks(10).map(|of| of.iter().fold(Active::default(), |a, &b| a.plus(b))).collect();
            if length % 10 == 0 {
                let coarse = minimal_cumulative_ratio(&coarse, length as usize / 10).expect("somebody is active");
                assert!(exact <= coarse + 1e-12, "{length}: {exact} {coarse}");
            }
        }
    }
}
