//! Laws of durations, sampled by inversion: one uniform per variate.
//!
//! Inversion is monotone in the uniform (except for mixtures), so that paired variants keep their correlation, and it
//! takes exactly one draw, so that no law shifts another's numbers. libm only: the same bits on every platform.

use super::quantile;

/// A law of non-negative values, in seconds where it is a duration.
#[derive(Clone, PartialEq, Debug)]
pub enum Law {
    /// Always this.
    Constant(f64),
    /// Exponential with this mean.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Uniform between two values.
    Uniform {
        /// The least.
        low: f64,
        /// The most.
        high: f64,
    },
    /// exp(mu + sigma Z).
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Sum of `shape` exponentials, with this mean.
    Erlang {
        /// How many.
        shape: u32,
        /// Mean of the sum.
        mean: f64,
    },
    /// One of several exponentials: (chance, mean).
    Hyperexponential(Vec<(f64, f64)>),
    /// Bounded Pareto.
    Pareto {
        /// Tail index alpha.
        alpha: f64,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
    },
    /// One of several laws: (chance, law).
    Mix(Vec<(f64, Law)>),
    /// Quantiles of measured values, linear between them: sorted values, the first at 0, the last at 1.
    Empirical(Vec<f64>),
}

impl Law {
    /// The variate at `u`, 0 < u < 1.
    pub fn sample(&self, u: f64) -> f64 {
        match self {
            Law::Constant(value) => *value,
            // 1 - u is exact for draws of `Key::uniform`.
            Law::Exponential { mean } => -mean * libm::log(1.0 - u),
            Law::Uniform { low, high } => low + (high - low) * u,
            Law::Lognormal { mu, sigma } => libm::exp(mu + sigma * quantile::normal(u)),
            Law::Erlang { shape, mean } => mean / f64::from(*shape) * quantile::erlang(*shape, u),
            Law::Hyperexponential(branches) => {
                let (mean, rest) = branch(branches, u);
                -mean * libm::log(1.0 - rest)
            }
            Law::Pareto { alpha, min, max } => {
                let above = libm::pow(min / max, *alpha);
                (min * libm::pow(1.0 - u * (1.0 - above), -1.0 / alpha)).min(*max)
            }
            Law::Weibull { shape, scale } => scale * libm::pow(-libm::log(1.0 - u), 1.0 / shape),
            Law::Mix(branches) => {
                let (law, rest) = branch(branches, u);
                law.sample(rest)
            }
            Law::Empirical(values) => between(values, u),
        }
    }

    /// The expected value.
    pub fn mean(&self) -> f64 {
        self.moments().0
    }

    /// The expected square.
    pub fn second_moment(&self) -> f64 {
        self.moments().1
    }

    /// The squared coefficient of variation, variance over squared mean; 0 where the mean is 0.
    pub fn scv(&self) -> f64 {
        let (mean, square) = self.moments();
        if mean == 0.0 { 0.0 } else { (square / (mean * mean) - 1.0).max(0.0) }
    }

    /// The first two moments about zero, in closed form.
    fn moments(&self) -> (f64, f64) {
        match self {
            Law::Constant(value) => (*value, value * value),
            Law::Exponential { mean } => (*mean, 2.0 * mean * mean),
            Law::Uniform { low, high } => (0.5 * (low + high), (low * low + low * high + high * high) / 3.0),
            Law::Lognormal { mu, sigma } => {
                let variance = sigma * sigma;
                (libm::exp(mu + 0.5 * variance), libm::exp(2.0 * (mu + variance)))
            }
            Law::Erlang { shape, mean } => (*mean, mean * mean * (1.0 + 1.0 / f64::from(*shape))),
            Law::Hyperexponential(branches) => weigh(branches, |mean| (*mean, 2.0 * mean * mean)),
            Law::Pareto { alpha, min, max } => {
                (pareto_moment(1.0, *alpha, *min, *max), pareto_moment(2.0, *alpha, *min, *max))
            }
            Law::Weibull { shape, scale } => {
                (scale * libm::tgamma(1.0 + 1.0 / shape), scale * scale * libm::tgamma(1.0 + 2.0 / shape))
            }
            Law::Mix(branches) => weigh(branches, Law::moments),
            Law::Empirical(values) => empirical_moments(values),
        }
    }
}

/// The branch that `u` falls into, and how far into it, again strictly between 0 and 1. Chances are taken relative to
/// their sum.
fn branch<T>(branches: &[(f64, T)], u: f64) -> (&T, f64) {
    let total: f64 = branches.iter().map(|(chance, _)| chance).sum();
    let (mut at, last) = (u * total, branches.len() - 1);
    for (chance, what) in &branches[..last] {
        if at < *chance {
            return (what, inside(at / chance));
        }
        at -= chance;
    }
    let (chance, what) = &branches[last];
    (what, inside(at / chance))
}

/// The nearest number that `Key::uniform` could have drawn; rounding may have led to 0 or 1.
fn inside(u: f64) -> f64 {
    const LEAST: f64 = 0.5 / (1u64 << 52) as f64;
    u.clamp(LEAST, 1.0 - LEAST)
}

/// Linear between sorted values, the first at 0, the last at 1.
fn between(values: &[f64], u: f64) -> f64 {
    let last = values.len() - 1;
    let at = u * last as f64;
    let index = (at as usize).min(last.saturating_sub(1));
    let (low, high) = (values[index], values[(index + 1).min(last)]);
    low + (high - low) * (at - index as f64)
}

/// The moments of a mixture are the mixture of the moments.
fn weigh<T>(branches: &[(f64, T)], moments: impl Fn(&T) -> (f64, f64)) -> (f64, f64) {
    let total: f64 = branches.iter().map(|(chance, _)| chance).sum();
    branches.iter().fold((0.0, 0.0), |(mean, square), (chance, what)| {
        let (branch_mean, branch_square) = moments(what);
        (mean + chance / total * branch_mean, square + chance / total * branch_square)
    })
}

/// E X^n of the bounded Pareto law; n = alpha is the limit.
fn pareto_moment(n: f64, alpha: f64, min: f64, max: f64) -> f64 {
    if min == max {
        return libm::pow(min, n);
    }
    let density = alpha * libm::pow(min, alpha) / (1.0 - libm::pow(min / max, alpha));
    let power = n - alpha;
    let integral = if power.abs() < 1e-12 {
        libm::log(max / min)
    } else {
        (libm::pow(max, power) - libm::pow(min, power)) / power
    };
    density * integral
}

/// Each step between two values is a uniform law of equal chance.
fn empirical_moments(values: &[f64]) -> (f64, f64) {
    if let [value] = values {
        return (*value, value * value);
    }
    let steps = (values.len() - 1) as f64;
    values.windows(2).fold((0.0, 0.0), |(mean, square), step| {
        let (low, high) = (step[0], step[1]);
        (mean + 0.5 * (low + high) / steps, square + (low * low + low * high + high * high) / (3.0 * steps))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;
    use rand_distr::{Distribution, Exp, Gamma, LogNormal, Uniform, Weibull};

    fn all() -> Vec<Law> {
        vec![
            Law::Constant(3.0),
            Law::Exponential { mean: 2.0 },
            Law::Uniform { low: 1.0, high: 4.0 },
            Law::Lognormal { mu: -0.5, sigma: 0.8 },
            Law::Erlang { shape: 4, mean: 3.0 },
            Law::Hyperexponential(vec![(0.9, 0.5), (0.1, 5.0)]),
            Law::Pareto { alpha: 2.5, min: 1.0, max: 100.0 },
            Law::Pareto { alpha: 1.0, min: 1.0, max: 10.0 },
            Law::Pareto { alpha: 2.0, min: 1.0, max: 10.0 },
            Law::Weibull { shape: 1.5, scale: 2.0 },
            Law::Mix(vec![(0.25, Law::Constant(1.0)), (0.75, Law::Exponential { mean: 2.0 })]),
            Law::Empirical(vec![1.0, 2.0, 2.5, 9.0]),
        ]
    }

    #[test]
    fn moments_are_the_integrals_of_the_quantile_function() {
        // Midpoint rule over 4e5 stratified uniforms; the tails cost up to 2e-3 of a second moment.
        let n = 400_000;
        for law in all() {
            let (mean, square) = (0..n)
                .map(|i| law.sample((f64::from(i) + 0.5) / f64::from(n)))
                .fold((0.0, 0.0), |(mean, square), x| (mean + x / f64::from(n), square + x * x / f64::from(n)));
            assert!((mean / law.mean() - 1.0).abs() < 1e-4, "{law:?}: mean {mean} {}", law.mean());
            let want = law.second_moment();
            assert!((square / want - 1.0).abs() < 2e-3, "{law:?}: second moment {square} {want}");
        }
    }

    #[test]
    fn known_moments_come_out() {
        let close = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 1e-12, "{got} {want}");
        close(Law::Exponential { mean: 2.0 }.scv(), 1.0);
        close(Law::Erlang { shape: 4, mean: 3.0 }.scv(), 0.25);
        assert_eq!(Law::Constant(5.0).scv(), 0.0);
        assert_eq!(Law::Constant(0.0).scv(), 0.0);
        // Mean 1, squared coefficient of variation 4: sigma^2 = ln 5.
        let sigma = libm::sqrt(libm::log(5.0));
        close(Law::Lognormal { mu: -0.5 * sigma * sigma, sigma }.mean(), 1.0);
        close(Law::Lognormal { mu: -0.5 * sigma * sigma, sigma }.scv(), 4.0);
        // Weibull of shape 1/2 and scale 1/2: mean 1, second moment 6.
        close(Law::Weibull { shape: 0.5, scale: 0.5 }.mean(), 1.0);
        close(Law::Weibull { shape: 0.5, scale: 0.5 }.second_moment(), 6.0);
        close(Law::Hyperexponential(vec![(0.9, 1.0 / 1.8), (0.1, 5.0)]).mean(), 1.0);
        // Chances that do not sum to one are relative.
        close(Law::Hyperexponential(vec![(9.0, 1.0 / 1.8), (1.0, 5.0)]).mean(), 1.0);
    }

    #[test]
    fn inversion_is_monotone_and_stays_within_its_bounds() {
        for law in all() {
            if matches!(law, Law::Hyperexponential(_) | Law::Mix(_)) {
                continue;
            }
            let samples: Vec<f64> = (1..10_000).map(|i| law.sample(f64::from(i) / 10_000.0)).collect();
            assert!(samples.is_sorted(), "{law:?}");
        }
        let (least, most) = (0.5 / (1u64 << 52) as f64, 1.0 - 0.5 / (1u64 << 52) as f64);
        for law in all() {
            for u in [least, 1e-9, most] {
                let x = law.sample(u);
                assert!(x.is_finite() && x >= 0.0, "{law:?} at {u}: {x}");
            }
        }
        let pareto = Law::Pareto { alpha: 1.1, min: 3.0, max: 70.0 };
        assert!(pareto.sample(least) >= 3.0 && pareto.sample(most) <= 70.0);
    }

    #[test]
    fn a_mixture_uses_the_rest_of_its_uniform() {
        let law = Law::Hyperexponential(vec![(0.25, 1.0), (0.75, 10.0)]);
        // The middle of the first branch is its median, and so is the middle of the second.
        let median = libm::log(2.0);
        assert!((law.sample(0.125) - median).abs() < 1e-12);
        assert!((law.sample(0.625) - 10.0 * median).abs() < 1e-12);
    }

    /// Two-sample Kolmogorov-Smirnov against rand_distr at 1e-3: 1.95 sqrt(2 / n), keys fixed.
    fn check(law: &Law, oracle: &impl Distribution<f64>) {
        let n = 200_000;
        let key = Key::new(1, 0, "law", "oracle");
        let mut rng = Key::new(2, 0, "law", "oracle").rng(0);
        let mut ours: Vec<f64> = (0..n).map(|i| law.sample(key.uniform(i))).collect();
        let mut theirs: Vec<f64> = (0..n).map(|_| oracle.sample(&mut rng)).collect();
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        let (mut i, mut j, mut distance) = (0usize, 0usize, 0.0f64);
        while i < ours.len() && j < theirs.len() {
            if ours[i] <= theirs[j] {
                i += 1
            } else {
                j += 1
            }
            distance = distance.max((i as f64 - j as f64).abs() / n as f64);
        }
        assert!(distance < 1.95 * libm::sqrt(2.0 / n as f64), "{law:?}: {distance}");
    }

    #[test]
    fn samples_are_those_of_rand_distr() {
        check(&Law::Exponential { mean: 2.0 }, &Exp::new(0.5).unwrap());
        check(&Law::Uniform { low: 1.0, high: 4.0 }, &Uniform::new(1.0, 4.0).unwrap());
        check(&Law::Lognormal { mu: -0.5, sigma: 0.8 }, &LogNormal::new(-0.5, 0.8).unwrap());
        check(&Law::Erlang { shape: 4, mean: 3.0 }, &Gamma::new(4.0, 0.75).unwrap());
        check(&Law::Weibull { shape: 1.5, scale: 2.0 }, &Weibull::new(2.0, 1.5).unwrap());
    }
}
