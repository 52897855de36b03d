//! Quantities whose unit is in their type: instants, spans, bytes, rates, ratios, money.
//!
//! Integers throughout, so that sums do not depend on their order. Knows nothing of scenarios or networks;
//! how a quantity is *written* in a scenario file is the business of `scenario::quantity`.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// An instant of simulated time, in nanoseconds since the run began (the fill before t = 0 included).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct SimTime(u64);

/// A span of simulated time in nanoseconds. `SimTime + SimTime` does not compile; `SimTime + Duration` does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Duration(u64);

impl SimTime {
    /// The beginning of a run.
    pub const ZERO: SimTime = SimTime(0);
    /// Later than everything that happens.
    pub const NEVER: SimTime = SimTime(u64::MAX);

    /// The instant `ns` nanoseconds after the beginning.
    pub const fn from_nanos(ns: u64) -> Self {
        SimTime(ns)
    }

    /// Nanoseconds since the beginning.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning, for printing and for rate laws.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The span from `earlier` to `self`; panics where `earlier` is later, which is a bug in us.
    pub fn since(self, earlier: SimTime) -> Duration {
        Duration(self.0.checked_sub(earlier.0).expect("a span runs from an earlier instant to a later one"))
    }

    /// The span from `earlier` to `self`, or zero where `earlier` is later.
    pub const fn saturating_since(self, earlier: SimTime) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// The longest span that can be told.
    pub const MAX: Duration = Duration(u64::MAX);

    /// `ns` nanoseconds.
    pub const fn from_nanos(ns: u64) -> Self {
        Duration(ns)
    }

    /// `us` microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Duration(us * 1_000)
    }

    /// `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Duration(ms * 1_000_000)
    }

    /// `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Duration(s * 1_000_000_000)
    }

    /// `seconds` rounded to the nearest nanosecond; negative and not-a-number become zero, too large becomes `MAX`.
    #[inline]
    pub fn from_seconds_f64(seconds: f64) -> Self {
        // `as` saturates and sends NaN to zero.
        Duration((seconds * 1e9 + 0.5) as u64)
    }

    /// Nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Seconds, for printing and for formulas outside the model path.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Milliseconds, for printing.
    pub fn millis(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Is it no time at all?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self - other`, or zero.
    pub const fn saturating_sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }

    /// `self * n`, or the longest span.
    pub const fn saturating_mul(self, n: u64) -> Duration {
        Duration(self.0.saturating_mul(n))
    }

    /// `self * factor`, rounded to the nearest nanosecond.
    pub fn scaled(self, factor: f64) -> Duration {
        Duration((self.0 as f64 * factor + 0.5) as u64)
    }
}

impl Add<Duration> for SimTime {
    type Output = SimTime;
    /// Past 584 years it is always the end of time, which no run reaches: laws with heavy tails draw such spans.
    fn add(self, span: Duration) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Duration> for SimTime {
    fn add_assign(&mut self, span: Duration) {
        *self = *self + span;
    }
}

impl Add for Duration {
    type Output = Duration;
    /// Saturates at 584 years, as instants do.
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Duration {
    fn add_assign(&mut self, other: Duration) {
        *self = *self + other;
    }
}

impl Sub for Duration {
    type Output = Duration;
    fn sub(self, other: Duration) -> Duration {
        Duration(self.0.checked_sub(other.0).expect("a span is never negative"))
    }
}

impl std::iter::Sum for Duration {
    fn sum<I: Iterator<Item = Duration>>(spans: I) -> Duration {
        spans.fold(Duration::ZERO, Add::add)
    }
}

impl fmt::Display for Duration {
    /// The largest unit that keeps the figure at or above one: `1.5 ms`, `20 us`, `4 s`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0 as f64;
        let (value, unit) = match self.0 {
            0 => (0.0, "ms"),
            1..1_000 => (ns, "ns"),
            1_000..1_000_000 => (ns / 1e3, "us"),
            1_000_000..1_000_000_000 => (ns / 1e6, "ms"),
            1_000_000_000..120_000_000_000 => (ns / 1e9, "s"),
            120_000_000_000..7_200_000_000_000 => (ns / 60e9, "min"),
            7_200_000_000_000..172_800_000_000_000 => (ns / 3600e9, "h"),
            _ => (ns / 86_400e9, "d"),
        };
        write!(out, "{} {unit}", significant(value, 4))
    }
}

/// `value` with at most `digits` significant digits and no trailing zeros: 1.5, 20, 0.0042.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = value.abs().log10().floor() as i64;
    let decimals = (digits as i64 - 1 - magnitude).max(0) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The power of ten of the last digit that an interval of half-width `half` supports: one digit of it, or two where
/// it begins with 1, 2 or 3 (the rule of the Particle Data Group), so that rounding never moves an end by much.
pub fn supported(half: f64) -> i32 {
    let one = place(half, 1);
    if half < 3.55 * power_of_ten(one) { one - 1 } else { one }
}

/// Ten to a power within what a figure can need.
pub fn power_of_ten(exponent: i32) -> f64 {
    10f64.powi(exponent.clamp(-30, 30))
}

/// The power of ten of the last of `digits` significant digits of `value`.
pub fn place(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    // 0.1 is a hair below a tenth; the nudge keeps it in its decade.
    (libm::log10(value.abs()) + 1e-9).floor() as i32 - digits + 1
}

/// `value` rounded at a power of ten, thousands apart: `(1234.5, 1)` is `1,230`, `(0.1234, -2)` is `0.12`.
pub fn rounded(value: f64, place: i32) -> String {
    if !value.is_finite() {
        return "unbounded".to_owned();
    }
    let text = if place <= 0 {
        format!("{:.*}", place.unsigned_abs().min(12) as usize, value)
    } else {
        let step = power_of_ten(place);
        format!("{:.0}", (value / step).round() * step)
    };
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) if rest.chars().any(|c| c.is_ascii_digit() && c != '0') => ("−", rest.to_owned()),
        Some(rest) => ("", rest.to_owned()),
        None => ("", text),
    };
    format!("{sign}{}", thousands(&text))
}

/// Digits with their thousands apart: `1,230.5`.
pub fn thousands(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A number of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Bytes(pub u64);

impl Bytes {
    /// How long these bytes take at `rate`, rounded up to the next nanosecond.
    pub fn time_at(self, rate: BitsPerSec) -> Duration {
        assert!(rate.0 > 0, "a rate is above zero");
        let bits_ns = u128::from(self.0) * 8 * 1_000_000_000;
        Duration(bits_ns.div_ceil(u128::from(rate.0)).min(u128::from(u64::MAX)) as u64)
    }
}

impl Add for Bytes {
    type Output = Bytes;
    fn add(self, other: Bytes) -> Bytes {
        Bytes(self.0.checked_add(other.0).expect("byte counts stay below 2^64"))
    }
}

impl AddAssign for Bytes {
    fn add_assign(&mut self, other: Bytes) {
        *self = *self + other;
    }
}

/// A rate in bits per second (10^6 to the Mbit, as links are sold).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct BitsPerSec(pub u64);

impl BitsPerSec {
    /// How many whole bytes pass in `span`, rounded down.
    pub fn bytes_in(self, span: Duration) -> Bytes {
        Bytes((u128::from(self.0) * u128::from(span.0) / 8_000_000_000).min(u128::from(u64::MAX)) as u64)
    }

    /// Millions of bits per second, for printing.
    pub fn mbps(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// A share or a probability, 0 to 1.
#[derive(Clone, Copy, PartialEq, PartialOrd, Default, Debug, Serialize, Deserialize)]
pub struct Ratio(f64);

impl Ratio {
    /// Never, nothing.
    pub const ZERO: Ratio = Ratio(0.0);
    /// Always, all.
    pub const ONE: Ratio = Ratio(1.0);

    /// `value` if it lies in 0..=1.
    pub fn new(value: f64) -> Option<Ratio> {
        (0.0..=1.0).contains(&value).then_some(Ratio(value))
    }

    /// The share as a number in 0..=1.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// An amount of money in billionths of the currency unit that the price book is kept in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
pub struct Money(pub i128);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// Units of the currency, for printing and statistics.
    pub fn units(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// `price * numerator / denominator`, rounded half to even, once: the rounding of an invoice line.
    pub fn line(price: Money, numerator: i128, denominator: i128) -> Money {
        assert!(denominator > 0, "a price is per something");
        let product = price.0.checked_mul(numerator).expect("an invoice line fits 127 bits");
        let (quotient, rest) = (product.div_euclid(denominator), product.rem_euclid(denominator));
        let up = match (rest * 2).cmp(&denominator) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => quotient & 1,
        };
        Money(quotient + up)
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0.checked_add(other.0).expect("money fits 127 bits"))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0.checked_sub(other.0).expect("money fits 127 bits"))
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_time_rounds_up() {
        assert_eq!(Bytes(1).time_at(BitsPerSec(3)).nanos(), 2_666_666_667);
        assert_eq!(Bytes(65_536).time_at(BitsPerSec(5_242_880)).nanos(), 100_000_000);
    }

    #[test]
    fn an_invoice_line_rounds_half_to_even_once() {
        assert_eq!(Money::line(Money(5), 1, 2), Money(2));
        assert_eq!(Money::line(Money(7), 1, 2), Money(4));
        assert_eq!(Money::line(Money(-5), 1, 2), Money(-2));
        assert_eq!(Money::line(Money(72_000_000), 1 << 30, 1 << 30), Money(72_000_000));
    }

    #[test]
    fn a_span_prints_in_the_unit_a_person_would_choose() {
        let shown = |ns| Duration::from_nanos(ns).to_string();
        assert_eq!(shown(1_500_000), "1.5 ms");
        assert_eq!(shown(924_600_000_000), "15.41 min");
        assert_eq!(shown(20_000), "20 us");
    }
}
