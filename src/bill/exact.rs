//! Exact numbers: a quantity, a factor or a sum that is never rounded until it becomes money.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::units::Money;

/// A fraction of two whole numbers of any size. Sums do not depend on their order, and nothing is lost before
/// [`Exact::rounded`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Exact(BigRational);

impl Default for Exact {
    fn default() -> Self {
        Exact::ZERO()
    }
}

impl Exact {
    /// Nothing.
    #[allow(non_snake_case)]
    pub fn ZERO() -> Exact {
        Exact(BigRational::zero())
    }

    /// A whole number.
    pub fn whole(value: impl Into<i128>) -> Exact {
        Exact(BigRational::from_integer(BigInt::from(value.into())))
    }

    /// `numerator / denominator`; panics on a denominator of zero, which is a bug in us.
    pub fn ratio(numerator: impl Into<i128>, denominator: impl Into<i128>) -> Exact {
        Exact(BigRational::new(BigInt::from(numerator.into()), BigInt::from(denominator.into())))
    }

    /// A number that somebody wrote with at most nine digits behind the point, read as written and not as the nearest
    /// binary fraction: 0.1 is a tenth.
    pub fn decimal(value: f64) -> Exact {
        Exact::ratio((value * 1e9).round() as i128, 1_000_000_000)
    }

    /// `12`, `0.92`, `1200.125`: as written, to the last digit; none for anything else, signs and exponents included.
    pub fn parse(text: &str) -> Option<Exact> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(rest) || (rest.is_empty() && text.ends_with('.')) {
            return None;
        }
        let numerator: BigInt = format!("{whole}{rest}").parse().ok()?;
        Some(Exact(BigRational::new(numerator, BigInt::from(10).pow(rest.len() as u32))))
    }

    /// The greater one.
    #[must_use]
    pub fn max(self, other: Exact) -> Exact {
        std::cmp::Ord::max(self, other)
    }

    /// The smaller one.
    #[must_use]
    pub fn min(self, other: Exact) -> Exact {
        std::cmp::Ord::min(self, other)
    }

    /// `self / other`; panics on zero, which is a bug in us.
    #[must_use]
    pub fn over(&self, other: &Exact) -> Exact {
        Exact(&self.0 / &other.0)
    }

    /// The next whole number, or itself.
    #[must_use]
    pub fn ceil(&self) -> Exact {
        Exact(self.0.ceil())
    }

    /// Is it nothing?
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Is it above nothing?
    pub fn is_positive(&self) -> bool {
        self.0.is_positive()
    }

    /// The nearest floating-point number, for printing and for statistics.
    pub fn value(&self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// As nano-units of money, rounded half to even: the one rounding of an invoice line. Panics past 127 bits, some
    /// 10^29 units of currency.
    pub fn rounded(&self) -> Money {
        let (numerator, denominator) = (self.0.numer(), self.0.denom());
        let floor = self.0.floor().to_integer();
        let rest: BigInt = (numerator - &floor * denominator) * 2;
        let up = match rest.cmp(denominator) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => floor.bit(0),
        };
        Money((floor + BigInt::from(up)).to_i128().expect("an invoice line fits 127 bits"))
    }
}

impl Add for &Exact {
    type Output = Exact;
    fn add(self, other: &Exact) -> Exact {
        Exact(&self.0 + &other.0)
    }
}

impl Sub for &Exact {
    type Output = Exact;
    fn sub(self, other: &Exact) -> Exact {
        Exact(&self.0 - &other.0)
    }
}

impl Mul for &Exact {
    type Output = Exact;
    fn mul(self, other: &Exact) -> Exact {
        Exact(&self.0 * &other.0)
    }
}

impl AddAssign<&Exact> for Exact {
    fn add_assign(&mut self, other: &Exact) {
        self.0 += &other.0;
    }
}

impl std::iter::Sum for Exact {
    fn sum<I: Iterator<Item = Exact>>(all: I) -> Exact {
        all.fold(Exact::ZERO(), |mut sum, one| {
            sum += &one;
            sum
        })
    }
}

impl fmt::Display for Exact {
    /// With six significant digits, whole numbers in full.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_integer() {
            return write!(out, "{}", self.0.numer());
        }
        out.write_str(&crate::units::significant(self.value(), 6))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_goes_to_the_even_neighbour_and_everything_else_to_the_nearest() {
        let rounded = |n: i128, d: i128| Exact::ratio(n, d).rounded().0;
        assert_eq!((rounded(1, 2), rounded(3, 2), rounded(5, 2), rounded(-1, 2), rounded(-3, 2)), (0, 2, 2, 0, -2));
        assert_eq!((rounded(2, 3), rounded(1, 3), rounded(-2, 3), rounded(7, 1)), (1, 0, -1, 7));
    }

    #[test]
    fn what_is_written_is_what_is_meant() {
        assert_eq!(Exact::parse("0.1"), Some(Exact::ratio(1, 10)));
        assert_eq!(Exact::decimal(0.1), Exact::ratio(1, 10));
        assert_eq!(Exact::parse("1200.125"), Some(Exact::ratio(9601, 8)));
        for wrong in ["", ".", "1.", "-1", "1e3", "1,5", "+2", " 1"] {
            assert_eq!(Exact::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sums_of_any_size_are_exact() {
        // A petabyte at a price of nine digits, at a discount and an exchange rate of nine digits each: past 127 bits.
        let bytes = Exact::whole(1_i128 << 60);
        let product = &(&(&bytes * &Exact::whole(999_999_999_i128)) * &Exact::parse("0.123456789").unwrap())
            * &Exact::parse("7.987654321").unwrap();
        assert_eq!(product.over(&Exact::whole(1_i128 << 60)).rounded().0, 986_130_153);
    }
}
