//! Laws of durations, sampled by inversion: one uniform per variate.
//!
//! Inversion is monotone in the uniform (except for mixtures), so that paired variants keep their correlation, and it
//! takes exactly one draw, so that no law shifts another's numbers. Logarithm and exponential are our own, so that the
//! bits are the same on every platform: relative errors are below 1e-14 for exponential, uniform and lognormal laws of
//! durations, below 1e-13 for the others (1e-12 for Weibull's of shape 0.05, the flattest that scenarios may have).

use super::elementary::{exp, ln};
use super::{erlang::erlang, normal::normal};

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
    /// The variate at `u`, 0 < u < 1. The commonest laws are laid in line where they are drawn.
    #[inline]
    pub fn sample(&self, u: f64) -> f64 {
        match self {
            Law::Constant(value) => *value,
            // 1 - u is exact for draws of `Key::uniform`.
            Law::Exponential { mean } => -mean * ln(1.0 - u),
            Law::Lognormal { mu, sigma } => lognormal(*mu, *sigma, u),
            _ => self.otherwise(u),
        }
    }

    /// The other laws, called rather than laid in line.
    #[inline(never)]
    fn otherwise(&self, u: f64) -> f64 {
        match self {
            Law::Constant(_) | Law::Exponential { .. } | Law::Lognormal { .. } => self.sample(u),
            Law::Uniform { low, high } => low + (high - low) * u,
            Law::Erlang { shape, mean } => mean / f64::from(*shape) * erlang(*shape, u),
            Law::Hyperexponential(branches) => {
                let (mean, rest) = branch(branches, u);
                -mean * ln(1.0 - rest)
            }
            Law::Pareto { alpha, min, max } => {
                let above = exp(alpha * ln(min / max));
                (min * exp(-ln(1.0 - u * (1.0 - above)) / alpha)).min(*max)
            }
            Law::Weibull { shape, scale } => scale * exp(ln(-ln(1.0 - u)) / shape),
            Law::Mix(branches) => {
                let (law, rest) = branch(branches, u);
                law.sample(rest)
            }
            Law::Empirical(values) => between(values, u),
        }
    }
}

/// exp(mu + sigma z) where the normal law's cdf is `u`.
#[inline(never)]
fn lognormal(mu: f64, sigma: f64, u: f64) -> f64 {
    exp(mu + sigma * normal(u))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Key, mix};
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

    /// Numbers of `Key::uniform` around every joint of pieces and of table steps, at both ends, and at random; each with
    /// the next that could be drawn.
    fn neighbours() -> impl Iterator<Item = (f64, f64)> {
        let step = f64::EPSILON;
        let joints = (0..10 * 64).flat_map(move |i| {
            let joint = libm::ldexp(1.0 + f64::from(i % 64) / 64.0, -1 - i / 64);
            [joint, 1.0 - joint].into_iter().flat_map(move |at| (-4..4).map(move |n| at + (f64::from(n) + 0.5) * step))
        });
        let ends = (0..2_000).flat_map(move |i| [(f64::from(i) + 0.5) * step, 1.0 - (f64::from(i) + 1.5) * step]);
        let key = Key::new(3, 0, "law", "neighbours");
        let random = (0..100_000).map(move |i| key.uniform(i));
        joints.chain(ends).chain(random).filter(move |u| u + step < 1.0).map(move |u| (u, u + step))
    }

    #[test]
    fn no_nanosecond_falls_from_one_draw_to_the_next() {
        use crate::units::Duration;
        for law in all() {
            if matches!(law, Law::Hyperexponential(_) | Law::Mix(_)) {
                continue;
            }
            let at = |u| law.sample(u);
            for (u, next) in neighbours() {
                // Milliseconds, as services are. Beyond nanoseconds, rounding may fall by a few of the last digits.
                let spans = [at(u), at(next)].map(|x| Duration::from_seconds_f64(x * 1e-3));
                assert!(spans[0] <= spans[1], "{law:?} at {u:e}: {spans:?}");
                assert!(at(next) > at(u) * (1.0 - 1e-14), "{law:?} at {u:e}");
            }
        }
    }

    #[test]
    fn every_law_is_that_of_libm_within_1e_13() {
        let key = Key::new(3, 0, "law", "libm");
        // An even half of a step after each, where draws lie: there 1 - u is exact.
        let dense = (0..1 << 14).map(|i| f64::from(i) / f64::from(1 << 14) + 0.5 * f64::EPSILON);
        let dense = dense.chain((0..100_000).map(|i| key.uniform(i)));
        let points: Vec<f64> = dense.chain(neighbours().map(|(u, _)| u)).collect();
        let hold = |law: Law, bound: f64, formula: &dyn Fn(f64) -> f64| {
            for &u in &points {
                let (got, want) = (law.sample(u), formula(u));
                assert!((got - want).abs() <= bound * want, "{law:?} at {u:e}: {got:e} {want:e}");
            }
        };
        for mean in [1e-9, 0.3, 1e6] {
            hold(Law::Exponential { mean }, 2e-15, &|u| -mean * libm::log1p(-u));
        }
        for (mu, sigma) in [(-7.0, 0.1), (-0.5, 0.8), (3.0, 3.0)] {
            let formula = |u| libm::exp(mu + sigma * crate::random::normal::wichura(u));
            hold(Law::Lognormal { mu, sigma }, 1e-14, &formula);
        }
        // The flattest that a scenario may have: 1e-300 and less come out of the uniform's last bits.
        hold(Law::Weibull { shape: 0.05, scale: 1.0 }, 1e-12, &|u| libm::pow(-libm::log1p(-u), 20.0));
        for (shape, scale) in [(0.2, 1e-3), (0.5, 0.5), (1.0, 2.0), (1.5, 2.0), (20.0, 1e3)] {
            hold(Law::Weibull { shape, scale }, 1e-13, &|u| scale * libm::pow(-libm::log1p(-u), 1.0 / shape));
        }
        for (alpha, min, max) in [(0.05, 1.0, 10.0), (1.0, 1e-3, 1.0), (2.5, 1.0, 100.0), (50.0, 1.0, 2.0)] {
            let above = libm::pow(min / max, alpha);
            let formula = |u| min * libm::pow(1.0 - u * (1.0 - above), -1.0 / alpha);
            hold(Law::Pareto { alpha, min, max }, 1e-13, &formula);
        }
    }

    #[test]
    fn every_bit_of_every_law_is_frozen() {
        let key = Key::new(9, 0, "law", "frozen");
        let digest = |law: &Law| (0..20_000).fold(0, |hash, i| mix(hash, law.sample(key.uniform(i)).to_bits()));
        let digests: Vec<u64> = all().iter().map(digest).collect();
        assert_eq!(
            digests,
            [
                0x6C01_0F6B_5690_6078,
                0xC871_73C2_0B8C_EDB4,
                0xAF86_1E33_9DC5_BA8B,
                0x7E23_6E01_BEB4_EB39,
                0x12FB_E9BA_A58D_C100,
                0xC315_7099_01EE_CDFF,
                0x2112_526D_F130_39E3,
                0x7B32_6B08_A8B7_B76A,
                0xCCFB_0B4C_6758_DD51,
                0x2675_F8A9_78E9_04AB,
                0xA61B_2DB7_2963_8F80,
                0x1C27_E749_D34F_B293
            ]
        );
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
