//! How durations are written: `5ms`, or several units from the longest down, `1m30s`.

use super::{Complaint, Result, Unit, split, with_units};
use crate::units::{Duration, significant};

/// The longest span that a scenario may say.
const DURATION_MAX_SECONDS: f64 = 10.0 * 365.0 * 86_400.0;

const TIME_UNITS: &[Unit] = &[
    ("ns", 1.0, 1e9),
    ("us", 1.0, 1e6),
    ("µs", 1.0, 1e6),
    ("μs", 1.0, 1e6),
    ("ms", 1.0, 1e3),
    ("s", 1.0, 1.0),
    ("m", 60.0, 1.0),
    ("min", 60.0, 1.0),
    ("h", 3_600.0, 1.0),
    ("d", 86_400.0, 1.0),
];

/// The parts of a duration such as `1h30m`: each from its number to before the next one.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut in_unit) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if in_unit && c.is_ascii_digit() {
            parts.push(text[start..at].trim());
            (start, in_unit) = (at, false);
        }
        in_unit |= c.is_alphabetic();
    }
    parts.push(text[start..].trim());
    parts
}

/// Seconds as a fraction, for laws: `4ms`; or several units from the longest down, `1m30s`.
pub fn seconds(text: &str) -> Result<f64> {
    let parts = parts(text);
    let [_, _, ..] = parts[..] else { return within_years(text, part(text)?) };
    let (mut sum, mut above) = (0.0, f64::INFINITY);
    for one in parts {
        sum += part(one)?;
        let unit = split(one).and_then(|(_, unit)| TIME_UNITS.iter().find(|(name, ..)| *name == unit));
        let size = unit.map_or(0.0, |(_, times, over)| times / over);
        if size >= above {
            return Err(Complaint::new(
                "EW103",
                format!("`{one}` stands behind a unit that is no longer than its own"),
                "write a duration of several units from the longest down, each once, for example `1h30m` or `1m30s`",
            ));
        }
        above = size;
    }
    within_years(text, sum)
}

fn within_years(text: &str, seconds: f64) -> Result<f64> {
    if seconds > DURATION_MAX_SECONDS {
        return Err(Complaint::new("EW105", format!("`{text}` is longer than 10 years"), "no run is that long"));
    }
    Ok(seconds)
}

/// Seconds of one number and its unit.
fn part(text: &str) -> Result<f64> {
    if let Some((value, unit)) = split(text) {
        let long = match unit {
            "sec" | "secs" | "second" | "seconds" => Some("s"),
            "mins" | "minute" | "minutes" => Some("min"),
            "hr" | "hrs" | "hour" | "hours" => Some("h"),
            "day" | "days" => Some("d"),
            "msec" | "millis" => Some("ms"),
            _ => None,
        };
        if let Some(unit) = long {
            return Err(Complaint::new(
                "EW103",
                format!("`{text}` is not how a duration is written here"),
                format!("write `{}{unit}`", significant(value, 12)),
            ));
        }
        if matches!(unit, "M" | "mo" | "mon" | "month" | "months") {
            return Err(Complaint::new(
                "EW102",
                format!("`{unit}` is no unit of time"),
                "months have no fixed length: write days, `30d`",
            ));
        }
    }
    with_units(text, "a duration", TIME_UNITS, "5ms")
}

/// `5ms` or `1m30s`, rounded to the nanosecond.
pub fn duration(text: &str) -> Result<Duration> {
    let value = seconds(text)?;
    let span = Duration::from_seconds_f64(value);
    if value > 0.0 && span.is_zero() {
        return Err(Complaint::new(
            "EW105",
            format!("`{text}` is less than a nanosecond"),
            "the simulation counts whole nanoseconds",
        ));
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::super::tests::complains;
    use super::*;

    #[test]
    fn m_is_a_minute_and_a_month_has_no_length() {
        assert_eq!(duration("5m"), duration("300s"));
        complains(duration("1M"), "EW102", "30d");
        complains(duration("3 months"), "EW102", "30d");
    }

    #[test]
    fn a_duration_may_have_several_units_from_the_longest_down() {
        for (text, same) in [
            ("1m30s", "90s"),
            ("2h30m", "150m"),
            ("1h 30min", "90 min"),
            ("1s500ms", "1.5s"),
            ("1d2h3m4s5ms6us7ns", "93784005006007ns"),
            ("1m0.5s", "60500ms"),
        ] {
            assert_eq!(duration(text), duration(same), "{text}");
            assert!(duration(text).is_ok(), "{text}");
        }
        let message = |text: &str| duration(text).expect_err("it is refused").message;
        complains(duration("30s1m"), "EW103", "`1m30s`");
        complains(duration("1m30m"), "EW103", "from the longest down");
        complains(duration("1m30min"), "EW103", "each once");
        assert!(message("30s1m").starts_with("`1m` stands behind"), "{}", message("30s1m"));
        complains(duration("1m30"), "EW101", "5ms");
        assert!(message("1m30").starts_with("`30` has no unit"));
        complains(duration("1m30x"), "EW103", "units of this");
        assert!(message("1m30x").starts_with("`x` is no unit"));
        complains(duration("1h30minutes"), "EW103", "`30min`");
        complains(duration("1M30s"), "EW102", "30d");
        complains(duration("-1m30s"), "EW104", "");
        complains(duration("3649d48h"), "EW105", "");
    }
}
