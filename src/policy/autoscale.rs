//! How many replicas Kubernetes' horizontal pod autoscaler asks for.
//!
//! The rule of its resource metrics (`replica_calculator.go`) and its default behaviour (`horizontal.go`, stabilisation and
//! rates), as pure functions: who measures, who starts pods and how long that takes is the machine's business.

use std::collections::VecDeque;

use crate::units::Duration;

/// An autoscaler's settings.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rule {
    /// Wanted use of what a pod requests, in whole percent.
    pub target_percent: u32,
    /// Never fewer replicas.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// It looks this often (`--horizontal-pod-autoscaler-sync-period`).
    pub every: Duration,
    /// A ratio within 1 +- this changes nothing (`--horizontal-pod-autoscaler-tolerance`).
    pub tolerance: f64,
    /// Use is measured this often, over as long (`--metric-resolution` of metrics-server).
    pub window: Duration,
    /// The highest recommendation of so long holds against fewer replicas (`scaleDown.stabilizationWindowSeconds`).
    pub down_window: Duration,
    /// The lowest of so long holds against more (`scaleUp.stabilizationWindowSeconds`).
    pub up_window: Duration,
}

/// Kubernetes' defaults; target, least and most are the user's own.
pub const DEFAULT: Rule = Rule {
    target_percent: 80,
    min: 1,
    max: 1,
    every: Duration::from_secs(15),
    tolerance: 0.1,
    window: Duration::from_secs(15),
    down_window: Duration::from_secs(300),
    up_window: Duration::ZERO,
};
/// Default `scaleUp` policies: whichever lets in more, so many pods or so many percent, in each period.
pub const UP_PODS: u32 = 4;
/// The other one.
pub const UP_PERCENT: u32 = 100;
/// The period of both.
pub const UP_PERIOD: Duration = Duration::from_secs(15);
/// A pod on an unreachable node is deleted after this long (`tolerationSeconds` of `node.kubernetes.io/unreachable`, as
/// the admission plugin DefaultTolerationSeconds adds it).
pub const EVICTION: Duration = Duration::from_secs(300);
/// A pod that is deleted has this long to end (`terminationGracePeriodSeconds`).
pub const GRACE: Duration = Duration::from_secs(30);

/// A pod as the autoscaler sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pod {
    /// Ready, and this much was used in the window, in the unit of `request`.
    Ready(u64),
    /// Not ready yet, or not measured for a whole window since: on the way up it counts with no use, else not at all.
    Unready,
    /// Ready as far as known, and nobody measures it (its node does not answer): no use on the way up, all of its request
    /// on the way down.
    Missing,
}

/// How many replicas are recommended where there are `current` and a pod requests `request`; none: nothing was measured.
pub fn recommended(rule: &Rule, current: u32, request: u64, pods: &[Pod]) -> Option<u32> {
    let used: Vec<u64> =
        pods.iter().filter_map(|pod| if let Pod::Ready(used) = pod { Some(*used) } else { None }).collect();
    let count = |which: Pod| pods.iter().filter(|pod| **pod == which).count();
    let (unready, missing) = (count(Pod::Unready), count(Pod::Missing));
    if used.is_empty() {
        return None;
    }
    // In whole percent, rounded down, as the controller has it.
    let ratio = |used: u128, pods: usize| {
        let percent = used * 100 / (u128::from(request.max(1)) * pods as u128);
        percent as f64 / f64::from(rule.target_percent.max(1))
    };
    let sum: u128 = used.iter().map(|&used| u128::from(used)).sum();
    let small = |ratio: f64| (1.0 - ratio).abs() <= rule.tolerance;
    let replicas = |ratio: f64, pods: usize| libm::ceil(ratio * pods as f64) as u32;
    let first = ratio(sum, used.len());
    let with_unready = unready > 0 && first > 1.0;
    if !with_unready && missing == 0 {
        return Some(if small(first) { current } else { replicas(first, used.len()) });
    }
    let (mut sum, mut counted) = (sum, used.len());
    if missing > 0 && first != 1.0 {
        counted += missing;
        if first < 1.0 {
            sum += u128::from(request) * missing as u128;
        }
    }
    if with_unready {
        counted += unready;
    }
    let second = ratio(sum, counted);
    if small(second) || first < 1.0 && second > 1.0 || first > 1.0 && second < 1.0 {
        return Some(current);
    }
    let wanted = replicas(second, counted);
    let turns = second < 1.0 && wanted > current || second > 1.0 && wanted < current;
    Some(if turns { current } else { wanted })
}

/// What an autoscaler remembers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    /// When it recommended how many.
    recommendations: VecDeque<(u64, u32)>,
    /// When it added how many; fewer than none: it took them away.
    changes: VecDeque<(u64, i64)>,
}

impl Memory {
    /// How many replicas it asks for at `now`, in nanoseconds, where `wanted` are recommended; none: it could not tell.
    pub fn decide(&mut self, rule: &Rule, now: u64, current: u32, wanted: Option<u32>) -> u32 {
        let next = if current > rule.max {
            rule.max
        } else if current < rule.min {
            rule.min
        } else {
            wanted.map_or(current, |wanted| self.behave(rule, now, current, wanted))
        };
        if next != current {
            self.changes.push_back((now, i64::from(next) - i64::from(current)));
        }
        next
    }

    fn behave(&mut self, rule: &Rule, now: u64, current: u32, wanted: u32) -> u32 {
        if self.recommendations.is_empty() {
            self.recommendations.push_back((now, current));
        }
        let within = |at: u64, span: Duration| at.saturating_add(span.nanos()) > now;
        let longest = rule.down_window.max(rule.up_window);
        self.recommendations.retain(|&(at, _)| within(at, longest) || at == now);
        let of = |span: Duration| {
            self.recommendations.iter().filter(move |(at, _)| within(*at, span)).map(|(_, replicas)| *replicas)
        };
        let (up, down) = (of(rule.up_window).fold(wanted, u32::min), of(rule.down_window).fold(wanted, u32::max));
        self.recommendations.push_back((now, wanted));
        let steady = if current < up { up } else { current.min(down) };
        self.changes.retain(|&(at, _)| within(at, UP_PERIOD));
        if steady > current {
            let before = i64::from(current) - self.changes.iter().map(|(_, change)| change).sum::<i64>();
            let before = before.max(0) as u32;
            let by_percent = (u64::from(before) * u64::from(100 + UP_PERCENT)).div_ceil(100) as u32;
            let limit = (before + UP_PODS).max(by_percent).max(current);
            return steady.min(limit).min(rule.max);
        }
        // Downwards all may go in one period.
        steady.max(rule.min).min(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;
    const RULE: Rule = Rule { target_percent: 50, min: 2, max: 20, ..DEFAULT };

    fn all(percent: &[u64]) -> Vec<Pod> {
        percent.iter().map(|&used| Pod::Ready(used)).collect()
    }

    #[track_caller]
    fn check(current: u32, pods: &[Pod], want: Option<u32>) {
        assert_eq!(recommended(&RULE, current, 100, pods), want);
    }

    #[test]
    fn as_many_as_bring_the_mean_to_the_target() {
        check(3, &all(&[100, 100, 100]), Some(6));
        check(3, &all(&[90, 70, 80]), Some(5));
        check(4, &all(&[10, 10, 10, 10]), Some(1));
        // 54 % of 50 % is within a tenth, 56 % is not; 54.9 % is 54 % to it. 55 % is not, as 1 - 1.1 is in binary.
        check(3, &all(&[54, 54, 54]), Some(3));
        check(3, &all(&[56, 56, 56]), Some(4));
        assert_eq!(recommended(&RULE, 3, 1000, &all(&[549, 549, 549])), Some(3));
        check(3, &all(&[55, 55, 55]), Some(4));
        check(3, &[], None);
        check(3, &[Pod::Unready, Pod::Missing], None);
    }

    #[test]
    fn who_is_not_ready_dampens_the_way_up_and_is_left_out_on_the_way_down() {
        // (100 + 100 + 0) / 3 is 66 %: 1.32 of 3.
        check(3, &[Pod::Ready(100), Pod::Ready(100), Pod::Unready], Some(4));
        // (100 + 0 + 0 + 0) / 4 is 25 %: that would turn it round.
        check(4, &[Pod::Ready(100), Pod::Unready, Pod::Unready, Pod::Unready], Some(4));
        check(4, &[Pod::Ready(20), Pod::Ready(20), Pod::Ready(20), Pod::Unready], Some(2));
    }

    #[test]
    fn a_dead_zone_hides_the_load_of_the_others() {
        // Six pods at the target; two are gone, and the four others carry it all: 75 %. With the two at nothing it is 50 %.
        let four = [75, 75, 75, 75].map(Pod::Ready);
        let mut pods = four.to_vec();
        pods.extend([Pod::Missing; 2]);
        check(6, &pods, Some(6));
        // Once they are deleted: 75 % of four.
        check(4, &four, Some(6));
        // Downwards they count in full: (4 x 10 + 200) / 6 is 40 %, 0.8 of 6.
        let mut pods = [10; 4].map(Pod::Ready).to_vec();
        pods.extend([Pod::Missing; 2]);
        check(6, &pods, Some(5));
    }

    #[test]
    fn fewer_only_after_the_window_more_at_most_twice_or_four_in_a_period() {
        let mut memory = Memory::default();
        assert_eq!(memory.decide(&RULE, 0, 3, Some(20)), 7);
        assert_eq!(memory.decide(&RULE, 15 * S, 7, Some(20)), 14);
        assert_eq!(memory.decide(&RULE, 30 * S, 14, Some(30)), 20);
        // The load is gone at 45 s, and the last high recommendation holds for 300 s.
        for tick in 3..22 {
            assert_eq!(memory.decide(&RULE, tick * 15 * S, 20, Some(4)), 20, "{tick}");
        }
        assert_eq!(memory.decide(&RULE, 330 * S, 20, Some(4)), 4);
        assert_eq!(memory.decide(&RULE, 345 * S, 4, Some(1)), 4, "the four hold as well");
        assert_eq!(memory.decide(&RULE, 1_000 * S, 4, Some(1)), 2, "never fewer than the least");
        assert_eq!(memory.decide(&RULE, 1_015 * S, 2, None), 2);
    }

    #[test]
    fn what_was_added_in_the_period_counts_against_it() {
        let rule = Rule { every: Duration::from_secs(5), ..RULE };
        let mut memory = Memory::default();
        assert_eq!(memory.decide(&rule, 0, 2, Some(20)), 6);
        assert_eq!(memory.decide(&rule, 5 * S, 6, Some(20)), 6, "two at the period's start: six is all");
        assert_eq!(memory.decide(&rule, 15 * S, 6, Some(20)), 12);
        let slow = Rule { up_window: Duration::from_secs(60), ..RULE };
        let mut memory = Memory::default();
        assert_eq!([0, 15, 30, 45, 60].map(|at| memory.decide(&slow, at * S, 3, Some(6))), [3, 3, 3, 3, 6]);
    }

    #[test]
    fn bounds_hold_whatever_is_measured() {
        assert_eq!(Memory::default().decide(&RULE, 0, 1, None), 2);
        assert_eq!(Memory::default().decide(&RULE, 0, 30, None), 20);
    }
}
