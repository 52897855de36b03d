//! The law of which two independent draws together have a given median and 99th percentile.
//!
//! A round trip is stated as a whole and drawn in two halves, one each way. Halving mean and variance keeps those two and
//! misses the percentiles that were written, by some per cent of the jitter; this keeps the percentiles.

use super::Law;

/// z with P(Z <= z) = 0.99 for a standard normal Z.
const Z99: f64 = 2.326_347_874_040_841;
/// The normal law is integrated over -REACH..REACH in steps of STEP (trapezoid: exponentially exact on smooth tails).
const REACH: f64 = 8.5;
const STEP: f64 = 0.05;
/// Newton's and the secant method both converge in a handful of rounds; this is the bound that is never reached.
const ROUNDS: usize = 60;

/// A lognormal law such that the sum of two independent draws has this median and this 99th percentile; both above
/// zero, the second the larger.
pub fn halves(p50: f64, p99: f64) -> Law {
    let wanted = libm::log(p99 / p50);
    // ln(p99 / p50) of the sum, which rises with sigma.
    let spread = |sigma: f64| quantile(sigma, 0.99) - quantile(sigma, 0.5);
    // Between: of one draw, and of a sum as wide as its parts are (two equal draws).
    let (mut low, mut high) = (wanted / Z99, wanted / Z99 * std::f64::consts::SQRT_2 + 1e-9);
    let (mut below, mut above) = (spread(low) - wanted, spread(high) - wanted);
    while above < 0.0 {
        (low, below) = (high, above);
        high *= 1.5;
        above = spread(high) - wanted;
    }
    let mut sigma = high;
    for _ in 0..ROUNDS {
        // Regula falsi, with the kept end halved (Illinois).
        sigma = high - above * (high - low) / (above - below);
        let miss = spread(sigma) - wanted;
        if miss.abs() < 1e-13 || high - low < 1e-13 {
            break;
        }
        if miss > 0.0 {
            (high, above) = (sigma, miss);
            below *= 0.5;
        } else {
            (low, below) = (sigma, miss);
            above *= 0.5;
        }
    }
    Law::Lognormal { mu: libm::log(p50) - quantile(sigma, 0.5), sigma }
}

/// Logarithm of the `share` quantile of the sum of two draws of exp(sigma Z).
fn quantile(sigma: f64, share: f64) -> f64 {
    // Fenton (1960): a lognormal of the sum's mean and variance.
    let square = sigma * sigma;
    let part = libm::log(1.0 + 0.5 * (libm::exp(square) - 1.0));
    let z = if share > 0.5 { Z99 } else { 0.0 };
    let mut y = std::f64::consts::LN_2 + 0.5 * square - 0.5 * part + z * part.sqrt();
    for _ in 0..ROUNDS {
        let (below, density) = sum_law(sigma, y);
        let step = ((below - share) / density.max(1e-300)).clamp(-0.5, 0.5);
        y -= step;
        if step.abs() < 1e-14 {
            break;
        }
    }
    y
}

/// Of the sum of two draws of exp(sigma Z): chance to be at most exp(y), and the derivative by y.
fn sum_law(sigma: f64, y: f64) -> (f64, f64) {
    const ROOT_TAU: f64 = 2.506_628_274_631_000_7;
    let x = libm::exp(y);
    let (mut below, mut density) = (0.0, 0.0);
    let steps = (2.0 * REACH / STEP) as i32;
    for step in 0..=steps {
        let z = f64::from(step) * STEP - REACH;
        let rest = x - libm::exp(sigma * z);
        if rest <= 0.0 {
            break;
        }
        let weight = STEP * libm::exp(-0.5 * z * z) / ROOT_TAU;
        let w = libm::log(rest) / sigma;
        below += weight * 0.5 * libm::erfc(-w * std::f64::consts::FRAC_1_SQRT_2);
        density += weight * libm::exp(-0.5 * w * w) / ROOT_TAU / (sigma * rest) * x;
    }
    (below, density)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn two_halves_have_the_stated_median_and_99th_percentile() {
        // 400,000 sums: standard error of a median's rank 0.08 %, of a p99's 0.016 %.
        let n = 400_000;
        for (p50, p99) in [(0.020, 0.048), (0.5, 6.0), (0.01, 0.011), (1.0, 200.0)] {
            let (law, key) = (halves(p50, p99), Key::new(3, 0, "link", "jitter"));
            let draw = |i| law.sample(key.uniform(i));
            let sums: Vec<f64> = (0..n).map(|i| draw(2 * i) + draw(2 * i + 1)).collect();
            let at_most = |x: f64| sums.iter().filter(|&&sum| sum <= x).count() as f64 / n as f64;
            assert!((at_most(p50) - 0.5).abs() < 0.003, "{p50} {p99}: {}", at_most(p50));
            assert!((at_most(p99) - 0.99).abs() < 0.0006, "{p50} {p99}: {}", at_most(p99));
        }
    }
}
