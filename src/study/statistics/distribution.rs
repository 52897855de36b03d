//! Quantiles of the normal, Student's t and the beta distribution, to about 1e-12.

use std::f64::consts::{PI, SQRT_2};

/// The error of Stirling's formula for ln Gamma(z): what must be added to (z - 1/2) ln z - z + ln(2 pi)/2.
fn stirling_error(z: f64) -> f64 {
    if z < 16.0 {
        return libm::lgamma(z) - ((z - 0.5) * libm::log(z) - z + 0.5 * libm::log(2.0 * PI));
    }
    let w = 1.0 / (z * z);
    (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w / 1188.0)))) / z
}

/// x^a y^b / B(a, b) with y = 1 - x, in the saddle-point form of Loader (2000), which does not cancel for large a and b.
fn beta_kernel(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let exponent = a * libm::log(x * (n / a)) + b * libm::log(y * (n / b));
    let correction = stirling_error(n) - stirling_error(a) - stirling_error(b);
    libm::sqrt(a * b / (2.0 * PI * n)) * libm::exp(exponent + correction)
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), by the modified method of Lentz.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let kept = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / kept(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // Converges in O(sqrt(max(a, b))) steps; the bound is far past what counts of requests need.
    for m in 1..1_000_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / kept(1.0 + even * d);
        c = kept(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / kept(1.0 + odd * d);
        c = kept(1.0 + odd / c);
        let step = d * c;
        fraction *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// Regularised incomplete beta function I_x(a, b) and its complement; `y` is 1 - x, given so that neither is rounded.
fn beta_shares(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    let kernel = beta_kernel(a, b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        let below = kernel * beta_fraction(a, b, x) / a;
        (below, 1.0 - below)
    } else {
        let above = kernel * beta_fraction(b, a, y) / b;
        (1.0 - above, above)
    }
}

/// P(X <= x) for X ~ Beta(a, b): the regularised incomplete beta function I_x(a, b); a, b > 0.
pub fn beta_share(a: f64, b: f64, x: f64) -> f64 {
    assert!(a > 0.0 && b > 0.0, "the parameters of a beta law are positive");
    beta_shares(a, b, x.clamp(0.0, 1.0), 1.0 - x.clamp(0.0, 1.0)).0
}

/// The x with P(X <= x) = p for X ~ Beta(a, b); 0 < p < 1.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    assert!(a > 0.0 && b > 0.0 && p > 0.0 && p < 1.0, "a beta quantile has a, b > 0 and 0 < p < 1");
    // A quantile above one half is told by its complement, whose digits would be lost beside 1.
    if beta_share(a, b, 0.5) < p { 1.0 - lower_beta_quantile(b, a, 1.0 - p) } else { lower_beta_quantile(a, b, p) }
}

/// The same where the answer is at most one half: bisection on ln x, then Newton's steps where they stay inside.
fn lower_beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (-700.0f64, libm::log(0.5));
    let mut at = libm::log(a / (a + b)).clamp(low, high);
    for _ in 0..200 {
        let x = libm::exp(at);
        let excess = beta_share(a, b, x) - p;
        if excess > 0.0 {
            high = at;
        } else {
            low = at;
        }
        let slope = beta_kernel(a, b, x, 1.0 - x) / (1.0 - x);
        let newton = at - excess / slope;
        let next = if newton > low && newton < high { newton } else { low + (high - low) / 2.0 };
        if (next - at).abs() < 1e-15 || high - low < 1e-15 {
            return libm::exp(next);
        }
        at = next;
    }
    libm::exp(at)
}

/// The t with P(T <= t) = p for Student's t with `df` degrees of freedom; 0 < p < 1, df > 0.
pub fn student_quantile(p: f64, df: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0 && df > 0.0, "a t quantile has 0 < p < 1 and df > 0");
    if p < 0.5 {
        return -student_quantile(1.0 - p, df);
    }
    if p == 0.5 {
        return 0.0;
    }
    let tail = 1.0 - p;
    // P(T > t) = I_x(df/2, 1/2)/2 with x = df/(df + t^2).
    let beyond = |t: f64| {
        let (x, y) = (df / (df + t * t), t * t / (df + t * t));
        (0.5 * beta_shares(0.5 * df, 0.5, x, y).0, beta_kernel(0.5 * df, 0.5, x, y) / t)
    };
    // For one degree of freedom the quantile is tan(pi (p - 1/2)), below 1/(pi tail): no quantile with df >= 1 is larger.
    let (mut low, mut high) = (0.0, if df >= 1.0 { 1.0 / tail } else { 1e300 });
    let mut at = normal_quantile(p);
    for _ in 0..2000 {
        let (above, density) = beyond(at);
        if above > tail {
            low = at;
        } else {
            high = at;
        }
        // Newton on the logarithm of the tail, whose curve is flatter than the tail's own.
        let newton = at + (libm::log(above) - libm::log(tail)) * above / density;
        let next = if newton > low && newton < high { newton } else { low + (high - low) / 2.0 };
        if (next - at).abs() <= 1e-15 * at {
            return next;
        }
        at = next;
    }
    at
}

/// The z with P(Z <= z) = p for a standard normal Z; 0 < p < 1.
///
/// A first guess by Abramowitz and Stegun 26.2.23 (4.5e-4), then Newton's steps on `erfc`.
pub fn normal_quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a normal quantile has 0 < p < 1");
    if p == 0.5 {
        return 0.0;
    }
    let tail = p.min(1.0 - p);
    let t = libm::sqrt(-2.0 * libm::log(tail));
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut z = t - numerator / denominator;
    for _ in 0..4 {
        let above = 0.5 * libm::erfc(z / SQRT_2);
        let density = libm::exp(-0.5 * z * z) / libm::sqrt(2.0 * PI);
        z += (libm::log(above) - libm::log(tail)) * above / density;
    }
    if p < 0.5 { -z } else { z }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(id: &str, got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs(), "{id}: {got} is not {want}");
    }

    #[test]
    fn student_quantiles_are_the_tables() {
        let rows = [
            ("TQUANT-001", 0.9, 1.0, 3.07768353718),
            ("TQUANT-003", 0.9, 9.0, 1.38302873840),
            ("TQUANT-005", 0.9, 29.0, 1.31143364730),
            ("TQUANT-006", 0.9, 99.0, 1.29016144203),
            ("TQUANT-008", 0.95, 4.0, 2.13184678633),
            ("TQUANT-010", 0.95, 19.0, 1.72913281152),
            ("TQUANT-011", 0.95, 29.0, 1.69912702653),
            ("TQUANT-013", 0.975, 1.0, 12.7062047362),
            ("TQUANT-015", 0.975, 9.0, 2.26215716280),
            ("TQUANT-016", 0.975, 19.0, 2.09302405441),
            ("TQUANT-018", 0.975, 99.0, 1.98421695159),
            ("TQUANT-020", 0.995, 4.0, 4.60409487135),
            ("TQUANT-021", 0.995, 9.0, 3.24983554159),
            ("TQUANT-023", 0.995, 29.0, 2.75638590367),
            ("TQUANT-025", 0.9995, 1.0, 636.619248769),
            ("TQUANT-026", 0.9995, 4.0, 8.61030158138),
            ("TQUANT-028", 0.9995, 19.0, 3.88340585259),
            ("TQUANT-030", 0.9995, 99.0, 3.39152883336),
        ];
        for (id, p, df, want) in rows {
            close(id, student_quantile(p, df), want, 1e-9);
            close(id, student_quantile(1.0 - p, df), -want, 1e-9);
        }
        assert_eq!(student_quantile(0.5, 7.0), 0.0);
    }

    /// CRIT rows of Bonferroni's split: two-sided 5 % over a family.
    #[test]
    fn bonferroni_quantiles_are_the_tables() {
        for (id, family, df, want) in [
            ("CRIT-003", 3.0, 19.0, 2.62510591322),
            ("CRIT-005", 4.0, 19.0, 2.75858589906),
            ("CRIT-006", 10.0, 19.0, 3.17372453079),
            ("CRIT-008", 9.0, 29.0, 2.99591228172),
            ("CRIT-011", 19.0, 49.0, 3.16949855762),
        ] {
            close(id, student_quantile(1.0 - 0.025 / family, df), want, 1e-9);
        }
    }

    #[test]
    fn normal_quantiles_invert_the_error_function() {
        close("z(0.975)", normal_quantile(0.975), 1.959963984540054, 1e-14);
        close("z(0.999)", normal_quantile(0.999), 3.090232306167813, 1e-13);
        close("z(1e-10)", normal_quantile(1e-10), -6.361340902404056, 1e-13);
        for k in 1..100 {
            let p = f64::from(k) / 100.0;
            assert!((0.5 * libm::erfc(-normal_quantile(p) / SQRT_2) - p).abs() < 1e-15);
        }
    }

    #[test]
    fn t_with_many_degrees_of_freedom_is_normal() {
        close("df 1e9", student_quantile(0.975, 1e9), normal_quantile(0.975), 1e-8);
    }

    #[test]
    fn beta_shares_agree_with_binomial_sums() {
        // P(Bin(n, x) >= k) = I_x(k, n - k + 1).
        let (n, x) = (12, 0.3f64);
        let mut above = 0.0;
        let mut choose = 1.0;
        let mut terms = Vec::new();
        for j in 0..=n {
            terms.push(choose * x.powi(j) * (1.0 - x).powi(n - j));
            choose *= f64::from(n - j) / f64::from(j + 1);
        }
        for k in (1..=n).rev() {
            above += terms[k as usize];
            close("binomial", beta_share(f64::from(k), f64::from(n - k + 1), x), above, 1e-13);
        }
    }

    #[test]
    fn a_beta_quantile_inverts_the_share() {
        for (a, b) in [(0.5, 0.5), (1.0, 1e6), (3.0, 998.0), (1e7, 4.0), (5e5, 5e5)] {
            for p in [1e-6, 0.025, 0.5, 0.975] {
                close("share of quantile", beta_share(a, b, beta_quantile(a, b, p)), p, 1e-7);
            }
        }
    }
}
