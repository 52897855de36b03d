//! Priorities: which level of a host set a request goes to, and whether that level is in panic.
//!
//! Envoy's rule in its integer arithmetic (truncating, percent), so that its own tables hold to the digit
//! (`load_balancer_impl.cc`, recalculatePerPriorityState and recalculatePerPriorityPanic). Knows nothing of hosts
//! beyond how many there are of each kind.

use super::defaults::OVERPROVISIONING_PERCENT;

/// The most priority levels a host set may have.
pub const LEVELS: usize = 16;

/// How many hosts a level has, by what the proxy believes of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Level {
    /// All hosts.
    pub total: u32,
    /// Hosts believed healthy.
    pub healthy: u32,
    /// Hosts that answer, but ask to be spared.
    pub degraded: u32,
    /// Hosts not yet warmed: they leave the denominator.
    pub excluded: u32,
}

/// How the load is divided among the levels, in percent. Small and `Copy`: a proxy keeps one per upstream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PriorityLoad {
    healthy: [u8; LEVELS],
    degraded: [u8; LEVELS],
    panic: u16,
    levels: u8,
}

/// Among which hosts of its level a request is to choose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pool {
    /// The healthy ones.
    Healthy,
    /// The degraded ones.
    Degraded,
    /// All of them, sick ones included: the level is in panic.
    All,
}

impl PriorityLoad {
    /// How many levels there are.
    pub fn levels(&self) -> usize {
        usize::from(self.levels)
    }

    /// Percent of the requests that go to healthy hosts of `level`.
    pub fn healthy(&self, level: usize) -> u32 {
        u32::from(self.healthy[level])
    }

    /// Percent of the requests that go to degraded hosts of `level`.
    pub fn degraded(&self, level: usize) -> u32 {
        u32::from(self.degraded[level])
    }

    /// Does a request at `level` choose among all its hosts?
    pub fn panics(&self, level: usize) -> bool {
        self.panic & (1 << level) != 0
    }

    /// Other loads over the same levels, as much in panic as these. Each adds up to a hundred with the other, or to none.
    pub fn with(&self, healthy: &[u32], degraded: &[u32]) -> PriorityLoad {
        let mut load = PriorityLoad { healthy: [0; LEVELS], degraded: [0; LEVELS], ..*self };
        load.healthy.iter_mut().zip(healthy).for_each(|(load, &share)| *load = share as u8);
        load.degraded.iter_mut().zip(degraded).for_each(|(load, &share)| *load = share as u8);
        load
    }

    fn set_panic(&mut self, level: usize) {
        self.panic |= 1 << level;
    }
}

/// Divides the load among levels of `total` hosts, `healthy` of them healthy, none degraded or warming.
///
/// `panic_threshold` in percent; 0 means that no level ever panics: with nobody healthy, level 0 has all the load
/// and no host to give it to.
pub fn loads(healthy: &[u32], total: &[u32], panic_threshold: u32, out: &mut PriorityLoad) {
    assert!(healthy.len() == total.len(), "each level has a healthy count and a total");
    assert!((1..=LEVELS).contains(&total.len()), "a host set has 1 to {LEVELS} priority levels");
    let mut levels = [Level::default(); LEVELS];
    for (level, (&healthy, &total)) in levels.iter_mut().zip(healthy.iter().zip(total)) {
        *level = Level { total, healthy, ..Level::default() };
    }
    loads_of(&levels[..total.len()], OVERPROVISIONING_PERCENT, panic_threshold, out);
}

/// Divides the load among `levels` in full: degraded and warming hosts, another overprovisioning factor (percent).
pub fn loads_of(levels: &[Level], overprovisioning: u32, panic_threshold: u32, out: &mut PriorityLoad) {
    loads_by(levels, levels, overprovisioning, panic_threshold, out);
}

/// The same where health is weighed (Envoy `weighted_priority_health`): `weights` are sums of hosts' weights by level.
/// Panic, and the load in total panic, still go by the number of hosts.
pub fn loads_by(
    levels: &[Level],
    weights: &[Level],
    overprovisioning: u32,
    panic_threshold: u32,
    out: &mut PriorityLoad,
) {
    assert!((1..=LEVELS).contains(&levels.len()), "a host set has 1 to {LEVELS} priority levels");
    *out = PriorityLoad { levels: levels.len() as u8, ..PriorityLoad::default() };
    let availability = |level: &Level, hosts: u32| match level.total.saturating_sub(level.excluded) {
        0 => 0,
        counted => (u64::from(overprovisioning) * u64::from(hosts) / u64::from(counted)).min(100) as u32,
    };
    let healthy = |level: &Level| availability(level, level.healthy);
    let degraded = |level: &Level| availability(level, level.degraded);
    let normalised = weights.iter().map(|level| healthy(level) + degraded(level)).sum::<u32>().min(100);

    // At full normalised availability the load merely spills over, however sick a level is: nobody panics.
    if normalised < 100 {
        for (index, level) in levels.iter().enumerate() {
            let counted = level.total.saturating_sub(level.excluded);
            let good = 100.0 * f64::from(level.healthy + level.degraded);
            let share = if counted == 0 { 0.0 } else { good / f64::from(counted) };
            if share < f64::from(panic_threshold) {
                out.set_panic(index);
            }
        }
        if (0..levels.len()).all(|index| out.panics(index)) {
            return by_count(levels, out);
        }
    }
    if normalised == 0 {
        out.healthy[0] = 100;
        return;
    }

    let mut rest = 100;
    for (index, level) in weights.iter().enumerate() {
        let share = rest.min(healthy(level) * 100 / normalised);
        out.healthy[index] = share as u8;
        rest -= share;
    }
    for (index, level) in weights.iter().enumerate() {
        let share = rest.min(degraded(level) * 100 / normalised);
        out.degraded[index] = share as u8;
        rest -= share;
    }
    // What truncation left over goes to the first level that can take any.
    if let Some(first) = weights.iter().position(|level| healthy(level) > 0) {
        out.healthy[first] += rest as u8;
    } else if let Some(first) = weights.iter().position(|level| degraded(level) > 0) {
        out.degraded[first] += rest as u8;
    }
}

/// Total panic: the load goes by the number of hosts, whatever is believed of them.
fn by_count(levels: &[Level], out: &mut PriorityLoad) {
    let hosts: u64 = levels.iter().map(|level| u64::from(level.total)).sum();
    if hosts == 0 {
        out.healthy[0] = 100;
        return;
    }
    let mut rest = 100;
    for (index, level) in levels.iter().enumerate() {
        let share = (100 * u64::from(level.total) / hosts) as u8;
        out.healthy[index] = share;
        rest -= share;
    }
    let first = levels.iter().position(|level| level.total > 0).unwrap_or(0);
    out.healthy[first] += rest;
}

/// The level of one request, and among which of its hosts to choose.
pub fn choose_pool(load: &PriorityLoad, draw: u64) -> (usize, Pool) {
    let aim = (draw % 100 + 1) as u32;
    let mut reached = 0;
    for (pool, shares) in [(Pool::Healthy, &load.healthy), (Pool::Degraded, &load.degraded)] {
        for (level, &share) in shares[..load.levels()].iter().enumerate() {
            reached += u32::from(share);
            if aim <= reached {
                return (level, if load.panics(level) { Pool::All } else { pool });
            }
        }
    }
    unreachable!("the loads of all levels add up to 100");
}

/// The level of one request; `true` where it is in panic and the request chooses among all its hosts.
pub fn choose(load: &PriorityLoad, draw: u64) -> (usize, bool) {
    let (level, pool) = choose_pool(load, draw);
    (level, pool == Pool::All)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loads_of_all_levels_add_up_to_a_hundred_whatever_the_counts() {
        let mut load = PriorityLoad::default();
        for healthy in 0..=7 {
            for second in 0..=5 {
                for third in 0..=3 {
                    for threshold in [0, 50] {
                        loads(&[healthy, second, third], &[7, 5, 3], threshold, &mut load);
                        assert_eq!((0..3).map(|level| load.healthy(level)).sum::<u32>(), 100);
                    }
                }
            }
        }
    }

    #[test]
    fn without_a_panic_threshold_all_load_stays_on_the_first_level_that_has_no_host() {
        let mut load = PriorityLoad::default();
        loads(&[0, 0], &[3, 3], 0, &mut load);
        assert_eq!((choose(&load, 99), load.panics(0)), ((0, false), false));
    }

    #[test]
    fn in_total_panic_what_is_left_over_goes_to_the_first_level_with_hosts() {
        let mut load = PriorityLoad::default();
        loads(&[0, 0, 0], &[0, 1, 200], 50, &mut load);
        assert_eq!([0, 1, 2].map(|level| load.healthy(level)), [0, 1, 99]);
    }

    #[test]
    fn seventy_two_percent_healthy_keep_everything_at_home() {
        let mut load = PriorityLoad::default();
        loads(&[72, 100], &[100, 100], 50, &mut load);
        assert_eq!(load.healthy(0), 100);
        loads(&[71, 100], &[100, 100], 50, &mut load);
        assert_eq!((load.healthy(0), load.healthy(1)), (99, 1));
    }
}
