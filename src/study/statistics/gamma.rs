//! The gamma law: what is believed of a rate after so many events in so much time.

/// P(X <= x) for X ~ Gamma(shape, 1): the regularised lower incomplete gamma function P(shape, x), to about 1e-13. By its
/// series below the mean (DLMF 8.11.4), by the continued fraction of its complement above (DLMF 8.9.2, Lentz' method).
pub fn gamma_share(shape: f64, x: f64) -> f64 {
    assert!(shape > 0.0, "the shape of a gamma law is positive");
    if x <= 0.0 {
        return 0.0;
    }
    let front = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / shape, 1.0 / shape, shape);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (front * sum).min(1.0);
    }
    const TINY: f64 = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut fraction = d;
    for i in 1..100_000 {
        let a = -f64::from(i) * (f64::from(i) - shape);
        b += 2.0;
        let kept = |v: f64| if v.abs() < TINY { TINY } else { v };
        d = 1.0 / kept(a * d + b);
        c = kept(b + a / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (1.0 - front * fraction).clamp(0.0, 1.0)
}

/// The x with P(X <= x) = p for X ~ Gamma(shape, 1), by bisection of its logarithm; 0 < p < 1.
pub fn gamma_quantile(shape: f64, p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a gamma quantile has 0 < p < 1");
    let (mut low, mut high) = (-700.0, libm::log(shape + 1.0) + 5.0);
    while gamma_share(shape, libm::exp(high)) < p {
        high += 1.0;
    }
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if gamma_share(shape, libm::exp(middle)) < p { low = middle } else { high = middle }
    }
    libm::exp(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_shapes_count_events_and_one_half_is_a_squared_normal() {
        // Erlang: P(X <= x) = 1 - sum of Poisson chances below the shape.
        for (shape, x) in [(1, 0.3), (2, 1.5), (5, 9.0), (20, 12.0), (20, 40.0)] {
            let mut term = libm::exp(-x);
            let mut sum = term;
            for n in 1..shape {
                term *= x / f64::from(n);
                sum += term;
            }
            let got = gamma_share(f64::from(shape), x);
            assert!((got - (1.0 - sum)).abs() < 1e-13, "{shape} {x}: {got}");
        }
        // Gamma(1/2) is half the square of a standard normal.
        for z in [0.1, 0.7, 1.0, 1.959_963_984_540_054, 4.0] {
            let got = gamma_share(0.5, z * z / 2.0);
            assert!((got - libm::erf(z / libm::sqrt(2.0))).abs() < 1e-13, "{z}: {got}");
        }
    }

    #[test]
    fn quantiles_are_where_the_share_is() {
        for shape in [0.5, 1.5, 2.5, 10.5, 200.5] {
            for p in [1e-6, 0.05, 0.5, 0.95, 0.999_999] {
                let x = gamma_quantile(shape, p);
                assert!((gamma_share(shape, x) / p - 1.0).abs() < 1e-9, "{shape} {p}: {x}");
            }
        }
        // Chi-square with one degree of freedom: 3.841458820694124 at 95 %.
        assert!((2.0 * gamma_quantile(0.5, 0.95) - 3.841_458_820_694_124).abs() < 1e-10);
    }
}
