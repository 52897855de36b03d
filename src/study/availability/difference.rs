//! What one variant loses more than another, with an interval: chances are shared, so that replications are paired.

use super::study::Case;
use super::trial::Course;
use crate::study::statistics::{student_quantile, variance};

/// What the second of two variants loses more than the first, as a share of all requests.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Difference {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Of this interval alone: with all comparisons of a study together it is 95 %.
    pub(super) confidence: f64,
}

impl Difference {
    /// Is it on one side of zero?
    pub(super) fn is_told(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// So little that it makes no odds, whatever the sign: a thousandth of what is lost.
    pub(super) fn is_nothing(&self, lost: f64) -> bool {
        self.low.abs().max(self.high.abs()) <= 1e-3 * lost
    }
}

/// How many comparisons there are among so many variants. The best one is found by looking at all of them.
pub(super) fn comparisons(variants: usize) -> usize {
    (variants * variants.saturating_sub(1) / 2).max(1)
}

/// Of trials of the same failure.
fn alike(a: Course, b: Course) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}

/// The difference. Trials of the same failure met the same chances by replication: their covariance is taken off. What was
/// not simulated is anything between its ends in either, and no chance is shared there. Bonferroni over all `among`
/// comparisons, which holds whatever depends on what.
pub(super) fn difference(first: &Case, second: &Case, among: usize) -> Difference {
    let (a, b) = (first.interval(), second.interval());
    let (a_parts, b_parts) = (first.parts(), second.parts());
    let (mut sum, mut freedom) = (0.0, 0.0);
    let mut add = |of_mean: f64, n: usize| {
        sum += of_mean;
        freedom += of_mean * of_mean / (n - 1) as f64;
    };
    let single = |part: &[f64]| variance(part) / part.len() as f64;
    let mut met = vec![false; second.trials.len()];
    for (trial, part) in first.trials.iter().zip(&a_parts).filter(|(_, part)| part.len() > 1) {
        let twin = second.trials.iter().position(|other| other.name == trial.name && alike(other.course, trial.course));
        match twin.filter(|&twin| b_parts[twin].len() > 1 && !met[twin]) {
            Some(twin) => {
                met[twin] = true;
                let other = &b_parts[twin];
                add(paired(part, other), part.len().min(other.len()));
            }
            None => add(single(part), part.len()),
        }
    }
    for (part, _) in b_parts.iter().zip(met).filter(|(part, met)| part.len() > 1 && !met) {
        add(single(part), part.len());
    }
    let confidence = 1.0 - 0.05 / among as f64;
    let degrees = if freedom > 0.0 { (sum * sum / freedom).max(1.0) } else { 1.0 };
    let noise = if sum > 0.0 { student_quantile(0.5 + confidence / 2.0, degrees) * libm::sqrt(sum) } else { 0.0 };
    let value = b.value - a.value;
    Difference {
        value,
        low: value - noise - b.guessed - (a.unknown - a.guessed) - a.calm,
        high: value + noise + (b.unknown - b.guessed) + a.guessed + b.calm,
        confidence,
    }
}

/// The variance of the difference of two means, of which the replications that both have share their chances.
fn paired(a: &[f64], b: &[f64]) -> f64 {
    let both = a.len().min(b.len());
    let (a_var, b_var) = (variance(a), variance(b));
    let apart: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    if a.len() == b.len() {
        return variance(&apart) / both as f64;
    }
    // The correlation of the shared ones; of the longer mean only these are shared.
    let (a_own, b_own) = (variance(&a[..both]), variance(&b[..both]));
    let scale = libm::sqrt(a_own * b_own);
    let correlation =
        if scale > 0.0 { ((a_own + b_own - variance(&apart)) / 2.0 / scale).clamp(-1.0, 1.0) } else { 0.0 };
    let shared = correlation * libm::sqrt(a_var * b_var) / a.len().max(b.len()) as f64;
    a_var / a.len() as f64 + b_var / b.len() as f64 - 2.0 * shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_chances_cancel_as_far_as_they_are_shared() {
        let a = [1.0, 2.0, 4.0, 3.0];
        let b = a.map(|x| x + 10.0);
        assert_eq!(paired(&a, &b), 0.0);
        // Means over 4 and over the first 2 of the same numbers: Var(m4 - m2) = s2 (1/4 + 1/2 - 2/4).
        let of = paired(&a, &b[..2]);
        let want =
            variance(&a) / 4.0 + variance(&b[..2]) / 2.0 - 2.0 * libm::sqrt(variance(&a) * variance(&b[..2])) / 4.0;
        assert!((of - want).abs() < 1e-12, "{of}, not {want}");
        // Nothing in common.
        let c = [5.0, 5.0, 5.0, 5.0];
        assert!((paired(&a, &c) - variance(&a) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn all_pairs_count_since_the_best_is_looked_for() {
        assert_eq!([1, 2, 3, 4].map(comparisons), [1, 1, 3, 6]);
    }
}
