//! How a figure is printed: three significant digits, never more than its interval supports, always with its unit.
//!
//! One place for it, so that the terminal, the charts and the page never print the same figure in two ways.

use crate::record::Estimate;
pub use crate::units::{place, rounded};
use crate::units::{power_of_ten, supported, thousands};

/// What a figure counts, as it is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit<'a> {
    /// Milliseconds; printed in seconds from 1 s on and in microseconds below 0.1 ms.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// A share of one, printed in percent with the digits that its distance from 0 and 1 needs.
    Share,
    /// A difference of shares, printed in percentage points.
    Points,
    /// Money per month in this currency.
    Money(&'a str),
    /// Things without a scale of their own: `requests`, or the unit of a gate.
    Plain(&'a str),
}

impl<'a> Unit<'a> {
    /// The unit that a record's `unit` field names.
    pub fn named(text: &'a str) -> Unit<'a> {
        match text {
            "ms" => Unit::Milliseconds,
            "s" => Unit::Seconds,
            "share" => Unit::Share,
            _ => match text.strip_suffix("/month") {
                Some(currency) => Unit::Money(currency),
                None => Unit::Plain(text),
            },
        }
    }

    /// The figure with its unit, as precise as its interval allows; where there is none, why.
    pub fn value(self, figure: &Estimate) -> String {
        match figure.value {
            Some(value) => self.amount(value, half_width(figure)),
            None => match &figure.why {
                Some(why) => format!("none: {why}"),
                None => "none".to_owned(),
            },
        }
    }

    /// The figure's interval over replications: `241 to 255 ms`, `± 0.3 ms`, `241 ms or more`; none where it is exact.
    pub fn interval(self, figure: &Estimate) -> Option<String> {
        let value = figure.value?;
        match (figure.low, figure.high) {
            // What is left of a sum of equal numbers is rounding, not noise.
            (Some(low), Some(high)) if high - low <= 1e-9 * value.abs() => None,
            // Nothing can be more than all: the upper end says nothing.
            (Some(low), Some(high)) if self == Unit::Share && high >= 1.0 => {
                Some(format!("{} or more", self.amount(low, None)))
            }
            (Some(low), Some(high)) => Some(self.range(value, low, high)),
            (Some(low), None) => Some(format!("{} or more", self.amount(low, None))),
            (None, Some(high)) => Some(format!("{} or less", self.amount(high, None))),
            (None, None) => None,
        }
    }

    /// The range of the figure over the uncertain inputs; none where they move it by less than a ten-thousandth.
    pub fn inputs(self, figure: &Estimate) -> Option<String> {
        let (a, b) = figure.inputs?;
        let value = figure.value.unwrap_or(a);
        ((a - b).abs() > 1e-4 * value.abs()).then(|| self.range(value, a.min(b), a.max(b)))
    }

    /// `low to high`, or `± half-width` where both ends print alike.
    fn range(self, value: f64, low: f64, high: f64) -> String {
        let half = (high - low) / 2.0;
        // Both ends on the scale and with the digits of the figure, so that the reader compares like with like.
        let scale = self.scale(value.abs());
        let fine = [value, low, high].map(|end| end / scale.divisor);
        let fine = match self {
            Unit::Share => fine.into_iter().map(|end| self.fine(end)).min().expect("three ends"),
            _ => self.fine(fine[0]),
        };
        let shown = half / scale.divisor;
        // Where the interval is finer than the digits of the figure, its ends would print alike or lie.
        if shown < power_of_ten(fine) {
            return format!("± {}{}", rounded(shown, supported(shown)), scale.suffix());
        }
        let ends = [low, high].map(|end| rounded(end / scale.divisor, fine.max(supported(shown))));
        format!("{} to {}{}", ends[0], ends[1], scale.suffix())
    }

    /// `value` with its unit, to the digits that `half`, the half-width of its interval, supports.
    pub fn amount(self, value: f64, half: Option<f64>) -> String {
        let scale = self.scale(value.abs());
        format!("{}{}", self.digits(value, half, scale), scale.suffix())
    }

    /// `value` with its sign always shown.
    pub fn signed(self, value: f64, half: Option<f64>) -> String {
        let amount = self.amount(value.abs(), half);
        if value < 0.0 { format!("−{amount}") } else { format!("+{amount}") }
    }

    fn scale(self, magnitude: f64) -> Scale<'a> {
        let (divisor, unit) = match self {
            Unit::Milliseconds if magnitude >= 1000.0 => (1000.0, "s"),
            Unit::Milliseconds if magnitude < 0.1 && magnitude > 0.0 => (0.001, "us"),
            Unit::Milliseconds => (1.0, "ms"),
            Unit::Seconds => (1.0, "s"),
            Unit::Share => (0.01, "%"),
            Unit::Points => (0.01, "points"),
            Unit::Money(currency) => (1.0, currency),
            Unit::Plain(unit) => (1.0, unit),
        };
        Scale { divisor, unit }
    }

    fn digits(self, value: f64, half: Option<f64>, scale: Scale<'_>) -> String {
        let shown = value / scale.divisor;
        let half = half.map(|half| half.abs() / scale.divisor).filter(|half| *half > 0.0);
        let fine = self.fine(shown);
        rounded(shown, half.map_or(fine, |half| fine.max(supported(half))))
    }

    /// The power of ten of the last digit that is worth printing of a figure on its scale.
    fn fine(self, shown: f64) -> i32 {
        match self {
            // 99.962 %: what matters is the distance from the nearer end.
            Unit::Share => {
                let distance = shown.abs().min((100.0 - shown).abs());
                if distance < 1e-9 { 0 } else { place(distance, if distance < 1.0 { 2 } else { 3 }).min(0) }
            }
            _ => place(shown, 3),
        }
    }
}

#[derive(Clone, Copy)]
struct Scale<'a> {
    divisor: f64,
    unit: &'a str,
}

impl Scale<'_> {
    fn suffix(&self) -> String {
        if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) }
    }
}

/// Half the width of the interval over replications, where it is bounded on both sides.
pub fn half_width(figure: &Estimate) -> Option<f64> {
    Some((figure.high? - figure.low?) / 2.0)
}

/// A mark of an axis: up to three digits that matter, thousands apart.
pub fn mark(value: f64) -> String {
    if value.abs() >= 1000.0 { rounded(value, 0) } else { crate::units::significant(value, 3) }
}

/// A mark of a latency axis: `0.1 ms` is `100 us`, `2000 ms` is `2 s`.
pub fn mark_ms(ms: f64) -> String {
    match ms {
        0.0 => "0 ms".to_owned(),
        ms if ms >= 1000.0 => format!("{} s", mark(ms / 1000.0)),
        ms if ms < 1.0 => format!("{} us", mark(ms * 1000.0)),
        ms => format!("{} ms", mark(ms)),
    }
}

/// A mark of a money axis that reaches to `end`: `2,000`, `20k`, `2.5M`.
pub fn mark_money(amount: f64, end: f64) -> String {
    match end {
        _ if amount == 0.0 => "0".to_owned(),
        end if end >= 1e6 => format!("{}M", mark(amount / 1e6)),
        end if end >= 1e4 => format!("{}k", mark(amount / 1e3)),
        _ => mark(amount),
    }
}

/// A whole number, thousands apart: `1,230`.
pub fn count(value: u64) -> String {
    thousands(&value.to_string())
}

/// An amount on an invoice: cents below a thousand, whole units above, as arithmetic on list prices allows.
pub fn invoice(amount: f64, total: f64) -> String {
    rounded(amount, if total.abs() < 1000.0 { -2 } else { 0 })
}

/// A span of simulated time as a person says it: `45 s`, `10 min`, `24 h`.
pub fn span(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "min"),
        s if s < 172_800.0 => (s / 3600.0, "h"),
        s => (s / 86_400.0, "d"),
    };
    format!("{} {unit}", crate::units::significant(value, 4))
}

/// An instant on the time axis: `15:00` in minutes and seconds, `1:15:00` from an hour on.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let (h, m, s) = (whole / 3600, whole / 60 % 60, whole % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// Nines of an availability: `3.4`; none at exactly one, which no finite run can show.
pub fn nines(availability: f64) -> Option<f64> {
    (availability < 1.0).then(|| -libm::log10(1.0 - availability))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(value: f64, low: f64, high: f64) -> Estimate {
        Estimate { value: Some(value), low: Some(low), high: Some(high), ..Estimate::default() }
    }

    #[track_caller]
    fn check(unit: Unit<'_>, figure: &Estimate, value: &str, interval: Option<&str>) {
        assert_eq!(unit.value(figure), value);
        assert_eq!(unit.interval(figure).as_deref(), interval);
    }

    #[test]
    fn three_digits_and_never_more_than_the_interval_supports() {
        check(Unit::Milliseconds, &between(247.31, 241.2, 255.4), "247 ms", Some("241 to 255 ms"));
        check(Unit::Milliseconds, &between(247.31, 171.2, 325.4), "250 ms", Some("170 to 330 ms"));
        check(Unit::Money("USD"), &between(8652.4, 8652.4, 8652.4), "8,650 USD", None);
        check(Unit::Milliseconds, &between(12_345.0, 12_000.0, 12_700.0), "12.3 s", Some("12.0 to 12.7 s"));
        check(Unit::Milliseconds, &between(0.0421, 0.0419, 0.0423), "42.1 us", Some("41.9 to 42.3 us"));
    }

    #[test]
    fn ends_that_print_alike_become_a_half_width() {
        check(Unit::Milliseconds, &between(216.04, 215.9, 216.2), "216 ms", Some("± 0.15 ms"));
    }

    #[test]
    fn a_share_keeps_the_digits_of_its_distance_from_one() {
        check(Unit::Share, &between(0.99962, 0.99959, 0.99965), "99.962 %", Some("99.959 to 99.965 %"));
        check(Unit::Share, &Estimate::exact(1.0), "100 %", None);
        check(Unit::Share, &between(1.0, 0.999_984, 1.0), "100 %", Some("99.9984 % or more"));
        check(Unit::Share, &between(0.5234, 0.5221, 0.5247), "52.3 %", Some("52.2 to 52.5 %"));
        check(Unit::Share, &between(0.87, 0.81, 0.93), "87 %", Some("81 to 93 %"));
    }

    #[test]
    fn an_unbounded_interval_says_so_and_a_missing_figure_says_why() {
        let open = Estimate { value: Some(474.0), low: Some(430.0), ..Estimate::default() };
        check(Unit::Milliseconds, &open, "474 ms", Some("430 ms or more"));
        check(Unit::Milliseconds, &Estimate::none("too few requests"), "none: too few requests", None);
    }

    #[test]
    fn the_rounding_of_a_sum_is_not_an_interval() {
        check(Unit::Money("USD"), &between(905.2, 905.2 - 1e-12, 905.2 + 1e-12), "905 USD", None);
    }

    #[test]
    fn zero_is_zero_without_a_sign() {
        assert_eq!(Unit::Money("USD").amount(0.0, None), "0 USD");
        assert_eq!(rounded(-0.001, -2), "0.00");
        assert_eq!(rounded(-1234.0, 1), "−1,230");
    }

    #[test]
    fn instants_and_spans_read_like_a_clock() {
        assert_eq!([clock(0.0), clock(905.0), clock(4500.0)], ["0:00", "15:05", "1:15:00"]);
        assert_eq!([span(45.0), span(600.0), span(86_400.0)], ["45 s", "10 min", "24 h"]);
    }
}
