//! How many requests a plain simulation would have to see, and what an objective leaves to be lost.

use crate::study::statistics::normal_quantile;

/// Independent samples until the 95 % interval of a probability `p` is `eps` of it to either side: (z / eps)^2 (1 - p) / p.
pub fn crude(p: f64, eps: f64) -> f64 {
    let z = normal_quantile(0.975) / eps;
    z * z * (1.0 - p) / p
}

/// Independent samples that tell unavailability `p0` from `p1`: one-sided at 5 %, seen with 95 %.
pub fn tell_apart(p0: f64, p1: f64) -> f64 {
    let z = normal_quantile(0.95);
    let sd = |p: f64| libm::sqrt(p * (1.0 - p));
    let reach = z * (sd(p0) + sd(p1)) / (p0 - p1);
    reach * reach
}

/// Minutes that may be lost in so many hours under an objective such as 0.9995.
pub fn budget_minutes(objective: f64, hours: f64) -> f64 {
    (1.0 - objective) * hours * 60.0
}
