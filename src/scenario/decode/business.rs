//! `business:`.

use super::fields::Decoder;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::Business;
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::Spanned;
use crate::scenario::tree::Entry;
use crate::scenario::vocabulary as words;
use crate::units::Money;
use indexmap::IndexMap;

/// More years than this are not looked ahead.
const YEARS_MAX: u32 = 30;
/// Traffic of the last year in today's, at most: so many times what a run counts is a number still.
const TIMES_MAX: f64 = 1e6;
/// How often a year a fault may come, at most: once an hour.
const OUTAGES_MAX: f64 = 8760.0;

impl Decoder {
    /// `business:`; none where it is not written. `faults`: the names under `faults:`; `currency`: the bill's.
    pub(super) fn business(&mut self, entry: Option<&Entry>, faults: &[String], currency: &str) -> Option<Business> {
        let entry = entry?;
        let map = self.open(Some(&entry.node), &words::BUSINESS, vec!["business".into()], entry.key)?;
        let downtime = map.written("downtime").and_then(|node| self.read(node, "money by time", money_by_time));
        if let Some(downtime) = downtime.as_ref().filter(|downtime| downtime.value.1 != currency) {
            self.say(
                Diagnostic::error("EW423", format!("the bill is in {currency}"))
                    .at(downtime.span, format!("written in {}", downtime.value.1))
                    .help("convert it: an exchange rate of today would change tomorrow's result"),
            );
        }
        let slo = map.written("slo").and_then(|node| self.read(node, "a share", quantity::share));
        let slo = slo.map(|slo| Spanned::new(slo.value.get(), slo.span));
        if let Some(slo) = slo.as_ref().filter(|slo| slo.value <= 0.0 || slo.value >= 1.0) {
            self.say(
                Diagnostic::error("EW105", "an objective lies between nothing and all")
                    .at(slo.span, "")
                    .help("for example `99.95%`: what is left is the error budget"),
            );
        }
        let good_within = map.written("good-within").and_then(|node| self.read(node, "a duration", quantity::duration));
        if let Some(within) = good_within.as_ref().filter(|within| within.value.is_zero()) {
            self.say(
                Diagnostic::error("EW105", "no answer comes within no time: nothing would be good")
                    .at(within.span, "")
                    .help("for example `good-within: 800ms`"),
            );
        }
        if let (Some(within), None) = (&good_within, &slo) {
            self.say(
                Diagnostic::error("EW445", "`good-within` is what an objective calls good, and there is no `slo`")
                    .at(within.span, "")
                    .help("say the objective beside it: `slo: 99.95%`"),
            );
        }
        let growth = map.read(self, "growth", growth);
        let years = map.read(self, "horizon", years);
        if let (Some(growth), Some(years)) = (&growth, &years)
            && grown(growth.value, years.value) > TIMES_MAX
        {
            let message = format!("traffic grows to more than {TIMES_MAX:.0} times today's");
            self.say(
                Diagnostic::error("EW105", message)
                    .at(growth.span, "")
                    .at(years.span, "in its last year")
                    .help("a shorter horizon, or less growth"),
            );
        }
        let mut outages = IndexMap::new();
        for (name, entry) in self.entries(map.written("outages-per-year"), "rates") {
            let fault = Spanned::new(name.to_owned(), entry.key);
            let known = self.known("fault", &fault, entry.key, faults.iter().map(String::as_str));
            let rate = self.read(&entry.node, "a number", |text| quantity::number(text, 0.0, OUTAGES_MAX));
            if let (true, Some(rate)) = (known, rate) {
                outages.insert(name.to_owned(), rate);
            }
        }
        map.close();
        Some(Business { span: entry.key, downtime, slo, good_within, growth: growth?, years: years?, outages })
    }
}

/// Traffic of the last of `years` years, in today's.
fn grown(growth: f64, years: u32) -> f64 {
    (1..years).fold(1.0, |times, _| times * (1.0 + growth))
}

/// `20000 USD/h` as money by the hour.
fn money_by_time(text: &str) -> Result<(Money, String), Complaint> {
    let (amount, currency, per) = quantity::price(text)?;
    let times = match per.as_str() {
        "h" | "hour" => (1, 1),
        "min" | "minute" => (60, 1),
        "s" | "second" => (3600, 1),
        "d" | "day" => (1, 24),
        other => {
            let message = format!("downtime is priced by time, and `{other}` is none");
            return Err(Complaint::new("EW106", message, "write for example `20000 USD/h`"));
        }
    };
    Ok((Money::line(amount, times.0, times.1), currency))
}

/// `40%/year` as 0.4; traffic may shrink.
fn growth(text: &str) -> Result<f64, Complaint> {
    let wrong =
        || Complaint::new("EW106", format!("`{text}` is no growth"), "write share and year, for example `40%/year`");
    let share = text.trim().strip_suffix("/year").or_else(|| text.trim().strip_suffix("/a")).ok_or_else(wrong)?.trim();
    let (sign, share) = share.strip_prefix('-').map_or((1.0, share), |share| (-1.0, share));
    let growth = sign * quantity::percent(share)?;
    if (-0.99..=100.0).contains(&growth) {
        return Ok(growth);
    }
    Err(Complaint::new("EW105", format!("`{text}` is out of range"), "a growth lies between -99%/year and 10000%/year"))
}

/// `3 years` as 3.
fn years(text: &str) -> Result<u32, Complaint> {
    let wrong = || {
        let help = format!("write whole years, for example `3 years`, at most {YEARS_MAX}");
        Complaint::new("EW106", format!("`{text}` is no span of years"), help)
    };
    let text = text.trim();
    let number = ["years", "year", "a"].iter().find_map(|unit| text.strip_suffix(unit)).ok_or_else(wrong)?;
    let years: u32 = number.trim().parse().map_err(|_| wrong())?;
    if (1..=YEARS_MAX).contains(&years) { Ok(years) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_growth_and_years_are_read_with_their_units() {
        assert_eq!(money_by_time("20000 USD/h").unwrap(), (Money(20_000_000_000_000), "USD".to_owned()));
        assert_eq!(money_by_time("2 CNY/min").unwrap().0, Money(120_000_000_000));
        assert_eq!(money_by_time("24 EUR/day").unwrap().0, Money(1_000_000_000));
        assert!((growth("40%/year").unwrap() - 0.4).abs() < 1e-12 && growth("-10%/year").unwrap() < 0.0);
        assert_eq!((years("3 years").unwrap(), years("1 year").unwrap()), (3, 1));
        for wrong in ["40%", "0.4/year", "40/year", "-100%/year"] {
            assert!(growth(wrong).is_err(), "{wrong}");
        }
        for wrong in ["3", "0 years", "31 years", "1.5 years", "3 months"] {
            assert!(years(wrong).is_err(), "{wrong}");
        }
        assert!(money_by_time("20000 USD/GB").is_err());
    }
}
