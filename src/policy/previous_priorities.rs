//! Retries that leave the priorities of earlier tries out (Envoy's previous-priorities retry plugin).

use super::priority::{LEVELS, Level, PriorityLoad};

/// What one call remembers of the priorities that it tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PreviousPriorities {
    tried: u32,
    /// Bit by priority.
    seen: u16,
    excluded: u16,
    load: PriorityLoad,
}

impl PreviousPriorities {
    /// A try went to a host of this priority.
    pub fn attempted(&mut self, priority: usize) {
        self.tried += 1;
        self.seen |= 1 << priority;
    }

    /// The load by which the next try chooses its priority, `original` being that of a first one. With every
    /// `frequency`-th try all priorities tried so far are left out; where that leaves none, all count again.
    /// `overprovisioning` in percent.
    pub fn load(
        &mut self,
        levels: &[Level],
        original: &PriorityLoad,
        (frequency, overprovisioning): (u32, u32),
    ) -> PriorityLoad {
        if self.tried < frequency {
            return *original;
        }
        if self.tried.is_multiple_of(frequency.max(1)) {
            self.excluded |= self.seen;
            match self.adjusted(levels, original, overprovisioning) {
                Some(load) => self.load = load,
                None => return *original,
            }
        }
        self.load
    }

    fn adjusted(&mut self, levels: &[Level], original: &PriorityLoad, overprovisioning: u32) -> Option<PriorityLoad> {
        let mut available = availability(levels, self.excluded, overprovisioning);
        if available.2 == 0 {
            (self.tried, self.seen, self.excluded) = (0, 0, 0);
            available = availability(levels, 0, overprovisioning);
        }
        let (healthy, degraded, total) = available;
        if total == 0 {
            return None;
        }
        let (mut loads, mut rest) = ([[0_u32; LEVELS]; 2], 100);
        // What truncation leaves over goes round again.
        while rest > 0 {
            for (load, share) in loads.iter_mut().zip([&healthy, &degraded]) {
                for (load, share) in load.iter_mut().zip(share) {
                    let delta = rest.min(share * 100 / total);
                    *load += delta;
                    rest -= delta;
                }
            }
        }
        Some(original.with(&loads[0][..levels.len()], &loads[1][..levels.len()]))
    }
}

/// How much of its load each level could take, healthy and degraded, in percent, and all together at most 100.
fn availability(levels: &[Level], excluded: u16, overprovisioning: u32) -> ([u32; LEVELS], [u32; LEVELS], u32) {
    let (mut healthy, mut degraded) = ([0; LEVELS], [0; LEVELS]);
    for (index, level) in levels.iter().enumerate().filter(|(index, _)| excluded >> index & 1 == 0) {
        let counted = u64::from(level.total.saturating_sub(level.excluded));
        let share = |hosts: u32| {
            (u64::from(overprovisioning) * u64::from(hosts)).checked_div(counted).unwrap_or(0).min(100) as u32
        };
        (healthy[index], degraded[index]) = (share(level.healthy), share(level.degraded));
    }
    let total = healthy.iter().chain(&degraded).sum::<u32>().min(100);
    (healthy, degraded, total)
}
