//! Means and variances of laws, in closed form: for rules of thumb, estimates and checks, not for the model path.

use super::Law;

impl Law {
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
}
