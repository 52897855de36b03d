//! What is left of a lifetime that is under way: where a process that renews itself is met at a random instant.
//!
//! The lifetime that holds a random instant is drawn with a chance in proportion to its length (a *length-biased* draw),
//! and the instant lies anywhere in it, so that the rest is a uniform share of it (renewal theory: density (1 - F(x)) / m).
//! Exact for every law; takes draws of its own below one counter.

use super::elementary::{exp, ln};
use super::normal::normal;
use super::{Key, Law};

/// Draws of one variate, one after the other.
struct Draws {
    key: Key,
    next: u64,
}

impl Draws {
    fn uniform(&mut self) -> f64 {
        self.next += 1;
        self.key.uniform(self.next - 1)
    }
}

impl Law {
    /// The rest of a lifetime of this law that has been going on for ever so long.
    pub fn residual(&self, key: Key, counter: u64) -> f64 {
        match self {
            // It does not age: its rest is as long as all of it.
            Law::Exponential { .. } => self.sample(key.uniform(counter)),
            _ => {
                let mut draws = Draws { key: key.below(counter), next: 0 };
                let share = draws.uniform();
                share * self.biased(&mut draws)
            }
        }
    }

    /// A length-biased variate: density x f(x) / m.
    fn biased(&self, draws: &mut Draws) -> f64 {
        match self {
            Law::Constant(value) => *value,
            Law::Exponential { mean } => Law::Erlang { shape: 2, mean: 2.0 * mean }.sample(draws.uniform()),
            Law::Uniform { low, high } => rising(*low, *high, draws.uniform()),
            Law::Lognormal { mu, sigma } => {
                Law::Lognormal { mu: mu + sigma * sigma, sigma: *sigma }.sample(draws.uniform())
            }
            Law::Erlang { shape, mean } => {
                let longer = mean * (f64::from(*shape) + 1.0) / f64::from(*shape);
                Law::Erlang { shape: shape + 1, mean: longer }.sample(draws.uniform())
            }
            Law::Hyperexponential(branches) => {
                let mean = pick(branches, |mean| *mean, draws.uniform());
                Law::Exponential { mean: *mean }.biased(draws)
            }
            Law::Pareto { alpha, min, max } => pareto(alpha - 1.0, *min, *max, draws.uniform()),
            // x = scale e^(1/shape) of an exponential e, which its length weighs to a gamma variate.
            Law::Weibull { shape, scale } => scale * exp(ln(gamma(1.0 + 1.0 / shape, draws)) / shape),
            Law::Mix(branches) => pick(branches, Law::mean, draws.uniform()).biased(draws),
            Law::Empirical(values) => {
                let pieces: Vec<(f64, (f64, f64))> = values.windows(2).map(|ends| (1.0, (ends[0], ends[1]))).collect();
                match &pieces[..] {
                    [] => values[0],
                    _ => {
                        let &(low, high) = pick(&pieces, |(low, high)| 0.5 * (low + high), draws.uniform());
                        rising(low, high, draws.uniform())
                    }
                }
            }
        }
    }
}

/// Between two values with a density in proportion to the value.
fn rising(low: f64, high: f64, u: f64) -> f64 {
    libm::sqrt(low * low + u * (high * high - low * low))
}

/// One of several, by chance and length together.
fn pick<T>(branches: &[(f64, T)], length: impl Fn(&T) -> f64, u: f64) -> &T {
    let total: f64 = branches.iter().map(|(chance, what)| chance * length(what)).sum();
    let mut at = u * total;
    for (chance, what) in branches {
        at -= chance * length(what);
        if at < 0.0 {
            return what;
        }
    }
    &branches[branches.len() - 1].1
}

/// Bounded Pareto whose tail index may also be zero or below.
fn pareto(alpha: f64, min: f64, max: f64, u: f64) -> f64 {
    let ratio = ln(max / min);
    // Near zero the law is that of its limit, uniform in the logarithm, to within the square of what is left out.
    if (alpha * ratio).abs() < 1e-6 {
        return min * exp(u * ratio);
    }
    (min * exp(-ln(1.0 - u * (1.0 - exp(-alpha * ratio))) / alpha)).clamp(min, max)
}

/// A gamma variate of mean and shape `shape`, at least 1 (Marsaglia and Tsang 2000: a cubed normal, seldom rejected).
fn gamma(shape: f64, draws: &mut Draws) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (3.0 * libm::sqrt(d));
    loop {
        let z = normal(draws.uniform());
        let root = 1.0 + c * z;
        let u = draws.uniform();
        if root <= 0.0 {
            continue;
        }
        let cube = root * root * root;
        if ln(u) < 0.5 * z * z + d * (1.0 - cube + ln(cube)) {
            return d * cube;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laws() -> Vec<Law> {
        vec![
            Law::Constant(3.0),
            Law::Exponential { mean: 2.0 },
            Law::Uniform { low: 1.0, high: 4.0 },
            Law::Lognormal { mu: -0.5, sigma: 0.8 },
            Law::Erlang { shape: 4, mean: 3.0 },
            Law::Hyperexponential(vec![(0.9, 0.5), (0.1, 5.0)]),
            Law::Pareto { alpha: 2.5, min: 1.0, max: 10.0 },
            Law::Pareto { alpha: 1.0, min: 1.0, max: 10.0 },
            Law::Pareto { alpha: 0.5, min: 1.0, max: 10.0 },
            Law::Weibull { shape: 1.5, scale: 2.0 },
            Law::Weibull { shape: 0.6, scale: 2.0 },
            Law::Mix(vec![(0.25, Law::Constant(1.0)), (0.75, Law::Exponential { mean: 2.0 })]),
            Law::Empirical(vec![1.0, 2.0, 2.5, 9.0]),
            Law::Empirical(vec![4.0]),
        ]
    }

    #[test]
    fn the_mean_rest_is_half_the_second_moment_over_the_mean() {
        let n = 200_000;
        for law in laws() {
            let key = Key::new(4, 0, "law", "rest");
            let draws: Vec<f64> = (0..n).map(|i| law.residual(key, i)).collect();
            let mean = draws.iter().sum::<f64>() / n as f64;
            let spread = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64;
            let want = law.second_moment() / (2.0 * law.mean());
            // Four standard errors of a fixed key.
            assert!((mean - want).abs() < 4.0 * libm::sqrt(spread / n as f64), "{law:?}: {mean} {want}");
        }
    }

    #[test]
    fn the_rest_is_longer_than_x_by_the_share_of_lifetimes_past_x() {
        // P(rest > x) = E max(X - x, 0) / E X, told by the law's own quantiles.
        let n = 100_000;
        for law in laws() {
            let key = Key::new(5, 0, "law", "rest");
            for x in [0.2, 1.5, 3.5] {
                let past = |i: u64| (law.sample((i as f64 + 0.5) / n as f64) - x).max(0.0);
                let want = (0..n).map(past).sum::<f64>() / n as f64 / law.mean();
                let got = (0..n).filter(|&i| law.residual(key, i) > x).count() as f64 / n as f64;
                let slack = 4.0 * libm::sqrt(want * (1.0 - want) / n as f64) + 1e-3;
                assert!((got - want).abs() < slack, "{law:?} past {x}: {got} {want}");
            }
        }
    }

    #[test]
    fn an_exponential_does_not_age() {
        let (law, key) = (Law::Exponential { mean: 7.0 }, Key::new(1, 2, "law", "rest"));
        for i in 0..100 {
            assert_eq!(law.residual(key, i), law.sample(key.uniform(i)));
        }
    }
}
