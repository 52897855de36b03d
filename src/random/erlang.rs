//! Quantile function of the Erlang law: a table for each shape between the tails, Newton's rule in them.

use std::sync::OnceLock;

use super::elementary::{exp, ln};
use super::normal::normal;
use super::piece::{self, PIECES, Piece};

/// Shapes up to this have tables.
const SHAPES: usize = 1024;

/// The tables, each worked out when its shape is first drawn: what a pure function would give, only kept.
static TABLES: [OnceLock<Box<Table>>; SHAPES] = [const { OnceLock::new() }; SHAPES];

/// Pieces of the lower tail, u up to a half, and of the upper one, by 1 - u.
struct Table {
    lower: [Piece; PIECES],
    upper: [Piece; PIECES],
}

/// Quantile of the sum of `shape` exponentials of mean 1; 0 < u < 1. Relative error below 1e-13.
#[inline]
pub(super) fn erlang(shape: u32, u: f64) -> f64 {
    let (tail, below) = piece::tail(u);
    if let (Some(table), Some((index, t))) = (TABLES.get(shape as usize), piece::find(tail)) {
        let table = table.get_or_init(|| tabulate(shape));
        let side = if below { &table.lower } else { &table.upper };
        return side[index].at(t);
    }
    newton(shape, u)
}

/// Taylor series of the quantile function's differential equation, x' = 1 / f(x) with density f: with y = x' it is
/// y' = y^2 (1 - (shape - 1) / x), coefficient by coefficient.
#[cold]
fn tabulate(shape: u32) -> Box<Table> {
    let mut table = Box::new(Table { lower: [Piece::ZERO; PIECES], upper: [Piece::ZERO; PIECES] });
    for index in 0..PIECES {
        let centre = piece::centre(index);
        table.lower[index] = expand(shape, newton(shape, centre), 1.0);
        // The upper tail is told by 1 - u, against which x falls.
        table.upper[index] = expand(shape, newton(shape, 1.0 - centre), -1.0);
    }
    table
}

/// The series around `x`, in u (`sign` 1) or in 1 - u (`sign` -1).
fn expand(shape: u32, start: f64, sign: f64) -> Piece {
    let k = f64::from(shape);
    let (mut x, mut y, mut inverse) = ([0.0; piece::TERMS], [0.0; piece::TERMS], [0.0; piece::TERMS]);
    x[0] = start;
    y[0] = sign / density(shape, start);
    inverse[0] = 1.0 / start;
    for n in 0..piece::TERMS - 1 {
        x[n + 1] = y[n] / (n + 1) as f64;
        let slope: [f64; piece::TERMS] =
            std::array::from_fn(|i| if i == 0 { 1.0 - (k - 1.0) * inverse[0] } else { (1.0 - k) * inverse[i] });
        y[n + 1] = piece::product(&piece::product(&y, &y), &slope)[n] / (n + 1) as f64;
        // x times its inverse is 1, so that all further coefficients of the product vanish.
        inverse[n + 1] = -(1..=n + 1).map(|i| x[i] * inverse[n + 1 - i]).sum::<f64>() / start;
    }
    Piece(x)
}

/// The density at `x`: x^n e^-x / n!, n = shape - 1. Large n by Stirling's series, whose terms do not cancel.
fn density(shape: u32, x: f64) -> f64 {
    let n = f64::from(shape) - 1.0;
    if n < 16.0 {
        return exp(n * ln(x) - x - libm::lgamma(n + 1.0));
    }
    let away = (x - n) / n;
    let inverse = 1.0 / (n * n);
    let series = [-1.0 / 1188.0, 1.0 / 1680.0, -1.0 / 1260.0, 1.0 / 360.0, -1.0 / 12.0];
    let correction = series.into_iter().fold(0.0, |sum, term| sum * inverse + term) / n;
    exp(n * (libm::log1p(away) - away) + correction) / libm::sqrt(2.0 * std::f64::consts::PI * n)
}

/// The quantile by Newton's rule on the cdf, kept inside a bracket.
fn newton(shape: u32, u: f64) -> f64 {
    if shape <= 1 {
        return -ln(1.0 - u);
    }
    let k = f64::from(shape);
    let (mut low, mut high) = (0.0f64, f64::INFINITY);
    // Wilson and Hilferty (1931): the cube root of a gamma variate is nearly normal.
    let cube_root = 1.0 - 1.0 / (9.0 * k) + normal(u) / (3.0 * libm::sqrt(k));
    let mut x = if cube_root > 0.1 { k * cube_root * cube_root * cube_root } else { k * 1e-3 };
    for _ in 0..200 {
        let density = density(shape, x);
        // The tail that is small is summed, so that neither end loses digits.
        let excess = if u < 0.5 { density * lower(k, x) - u } else { (1.0 - u) - density * upper(shape, x) };
        if excess > 0.0 {
            high = x
        } else {
            low = x
        }
        let newton = x - excess / density;
        // A step as small as this squares to less than rounding. Before the bracket, which rounding may have closed.
        if (newton - x).abs() <= 1e-9 * x {
            return newton;
        }
        x = if newton > low && newton < high {
            newton
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * x
        };
    }
    x
}

/// The cdf over the density: x/k (1 + x/(k+1) + x^2/((k+1)(k+2)) + ...).
fn lower(k: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut at) = (x / k, x / k, k);
    while term > sum * 1e-17 {
        at += 1.0;
        term *= x / at;
        sum += term;
    }
    sum
}

/// The tail over the density: 1 + (k-1)/x + (k-1)(k-2)/x^2 + ...
fn upper(shape: u32, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for left in (1..shape).rev() {
        term *= f64::from(left) / x;
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
#[allow(clippy::excessive_precision, reason = "quantiles stand as they were worked out")]
mod tests {
    use super::*;
    use crate::random::Key;

    #[test]
    fn the_erlang_quantile_inverts_its_own_cdf_at_both_ends() {
        for shape in [2, 3, 4, 10, 100, 1000] {
            for u in [1e-12, 1e-6, 0.01, 0.3, 0.5, 0.8, 0.99, 0.9999, 1.0 - 1e-12] {
                let x = erlang(shape, u);
                // 1 - e^-x sum x^i / i!, in logarithms so that shape 1000 does not overflow.
                let terms =
                    (0..4000u32).map(|i| libm::exp(f64::from(i) * libm::log(x) - x - libm::lgamma(f64::from(i) + 1.0)));
                let (below, above): (f64, f64) = terms.enumerate().fold((0.0, 0.0), |(below, above), (i, term)| {
                    if (i as u32) < shape { (below + term, above) } else { (below, above + term) }
                });
                let (got, want) = if u < 0.5 { (above, u) } else { (below, 1.0 - u) };
                assert!((got / want - 1.0).abs() < 1e-9, "shape {shape}, u {u}: {got} {want}");
            }
        }
    }

    #[test]
    fn the_table_is_newtons_rule_within_1e_13_and_rises() {
        let key = Key::new(4, 0, "erlang", "table");
        for shape in [1, 2, 3, 4, 7, 20, 100, 1000] {
            let joints = (0..10 * 32).flat_map(|i| {
                let joint = libm::ldexp(1.0 + f64::from(i % 32) / 32.0, -1 - i / 32);
                [joint - 0.5 * f64::EPSILON, joint + 0.5 * f64::EPSILON]
            });
            for u in joints.chain((0..2_000).map(|i| key.uniform(i))).flat_map(|u| [u, 1.0 - u]) {
                let (got, want) = (erlang(shape, u), newton(shape, u));
                assert!((got / want - 1.0).abs() <= 1e-13, "shape {shape}, {u:e}: {got} {want}");
                let before = erlang(shape, u - f64::EPSILON);
                assert!(before <= got * (1.0 + 1e-14), "shape {shape}, {u:e}: {before} {got}");
            }
        }
    }

    #[test]
    fn known_quantiles_come_out_within_1e_14() {
        // Worked out by Newton's rule on the incomplete gamma function in 50 digits (mpmath 1.3).
        let known = [
            (2, 0.001953124, 0.063840625000694058),
            (2, 0.3, 1.0973492107034916),
            (4, 0.9, 6.680783068255864),
            (4, 0.9999, 15.913814000631293),
            (7, 0.01, 2.3302125313288841),
            (20, 0.5, 19.667672423305667),
            (20, 0.75, 22.808006809471072),
            (100, 0.02, 80.550139127791143),
            (100, 0.97, 119.63509548629225),
            (1000, 0.1, 959.69393272883331),
            (1000, 0.999, 1100.5780982933146),
            (1000, 1e-12, 793.43922661707684),
        ];
        for (shape, u, want) in known {
            for got in [erlang(shape, u), newton(shape, u)] {
                assert!((got / want - 1.0).abs() <= 1e-14, "shape {shape}, u {u}: {got} {want}");
            }
        }
    }

    #[test]
    fn the_ends_are_finite() {
        for shape in [1, 2, 16, 17, 18, 400, 1000, 2000] {
            let ends = [0.5 * f64::EPSILON, 1e-9, 1.0 - 0.5 * f64::EPSILON].map(|u| erlang(shape, u));
            assert!(ends.iter().all(|x| *x > 0.0 && x.is_finite()) && ends.is_sorted(), "{shape}: {ends:?}");
        }
    }

    #[test]
    fn shapes_without_a_table_are_drawn_too() {
        let (x, z) = (erlang(2_000, 0.8), normal(0.8));
        // Wilson and Hilferty (1931).
        let cube_root = 1.0 - 1.0 / 18_000.0 + z / (3.0 * libm::sqrt(2_000.0));
        assert!((x / (2_000.0 * cube_root * cube_root * cube_root) - 1.0).abs() < 1e-5);
    }
}
