//! Laws of durations, sampled by inversion: one uniform per variate.

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
