//! How quantities are written: a number and its unit, `5ms`, `20 KiB`, `200Mbps`, `400rps`, `0.02 USD/GB`, `99.95%`.
//!
//! A bare number is refused where a unit is due, and the usual traps get a hint of their own.

mod duration;

pub use duration::{duration, seconds};

use super::file::Cidr;
use crate::units::{BitsPerSec, Bytes, Duration, Money, Ratio, significant};

/// Why a text is not the quantity that is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// `EW1xx`.
    pub code: &'static str,
    /// One line.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Complaint {
    pub(crate) fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Complaint { code, message: message.into(), help: Some(help.into()) }
    }
}

type Result<T> = std::result::Result<T, Complaint>;

/// A unit: its name, and by what a figure is multiplied and divided (a division by 1000 is exact where a
/// multiplication by 0.001 is not).
type Unit = (&'static str, f64, f64);

const BYTE_UNITS: &[Unit] = &[
    ("B", 1.0, 1.0),
    ("kB", 1e3, 1.0),
    ("KB", 1e3, 1.0),
    ("MB", 1e6, 1.0),
    ("GB", 1e9, 1.0),
    ("KiB", 1_024.0, 1.0),
    ("MiB", 1_048_576.0, 1.0),
    ("GiB", 1_073_741_824.0, 1.0),
];
const BIT_RATE_UNITS: &[Unit] = &[
    ("bps", 1.0, 1.0),
    ("kbps", 1e3, 1.0),
    ("Kbps", 1e3, 1.0),
    ("Mbps", 1e6, 1.0),
    ("Gbps", 1e9, 1.0),
    ("Tbps", 1e12, 1.0),
];

/// A number and what follows it.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let well_formed = number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.');
    let value: f64 = well_formed.then(|| number.parse().ok())??;
    value.is_finite().then_some((value, unit.trim_start()))
}

fn with_units(text: &str, what: &str, units: &[Unit], example: &str) -> Result<f64> {
    let names = || units.iter().map(|(name, ..)| *name).filter(|name| name.is_ascii()).collect::<Vec<_>>().join(", ");
    let Some((value, unit)) = split(text) else {
        if text.trim_start().starts_with('-') && split(text.trim_start().trim_start_matches('-')).is_some() {
            return Err(Complaint::new(
                "EW104",
                format!("{what} is never negative"),
                format!("for example `{example}`"),
            ));
        }
        return Err(Complaint::new(
            "EW100",
            format!("`{text}` is not {what}"),
            format!("write a number and a unit, for example `{example}`; units: {}", names()),
        ));
    };
    if unit.is_empty() {
        return Err(Complaint::new(
            "EW101",
            format!("`{text}` has no unit"),
            format!("{what} is written with its unit, for example `{example}`; units: {}", names()),
        ));
    }
    match units.iter().find(|(name, ..)| *name == unit) {
        Some((_, times, over)) => Ok(value * times / over),
        None => {
            let near = units.iter().find(|(name, ..)| name.eq_ignore_ascii_case(unit)).map(|(name, ..)| *name);
            let help = near.map_or_else(
                || format!("units of this: {}", names()),
                |name| format!("write `{}{name}`", significant(value, 12)),
            );
            Err(Complaint::new("EW103", format!("`{unit}` is no unit of {what}"), help))
        }
    }
}

/// `20KiB`.
pub fn bytes(text: &str) -> Result<Bytes> {
    if let Some((value, unit)) = split(text)
        && matches!(unit, "b" | "kb" | "Kb" | "Mb" | "mb" | "Kib" | "Mib" | "bit" | "bits" | "kbit" | "Mbit")
    {
        return Err(Complaint::new(
            "EW102",
            format!("`{unit}` reads as bits; sizes are in bytes"),
            format!("write `{}KiB` or `{}KB`", significant(value, 12), significant(value, 12)),
        ));
    }
    let value = with_units(text, "a size", BYTE_UNITS, "20KiB")?;
    if value > 1e12 {
        return Err(Complaint::new("EW105", format!("`{text}` is more than 1000 GB"), "one message is not that large"));
    }
    Ok(Bytes((value + 0.5) as u64))
}

/// `200Mbps`; never zero.
pub fn bandwidth(text: &str) -> Result<BitsPerSec> {
    if let Some((value, unit)) = split(text) {
        let in_bytes = match unit {
            "Bps" | "B/s" => Some("bps"),
            "kBps" | "KBps" | "kB/s" | "KB/s" => Some("kbps"),
            "MBps" | "MB/s" | "MiB/s" | "MiBps" => Some("Mbps"),
            "GBps" | "GB/s" | "GiB/s" | "GiBps" => Some("Gbps"),
            _ => None,
        };
        if let Some(bits) = in_bytes {
            let (many, few) = (value * 8.0, significant(value, 12));
            let (many, unit_of_many) =
                if bits == "Mbps" && many >= 1000.0 { (many / 1000.0, "Gbps") } else { (many, bits) };
            let help = format!(
                "write `{}{unit_of_many}` if you meant bytes, or `{few}{bits}` if you meant bits",
                significant(many, 12)
            );
            return Err(Complaint::new("EW102", format!("`{unit}` is bytes per second; link rates are in bits"), help));
        }
        if matches!(unit, "M" | "G" | "K" | "k" | "Mb" | "Gb" | "Mbit" | "Gbit" | "Mbit/s" | "Gbit/s" | "Mb/s" | "Gb/s")
        {
            let prefix = &unit[..1];
            return Err(Complaint::new(
                "EW103",
                format!("`{unit}` is not how a link rate is written here"),
                format!("write `{}{prefix}bps`", significant(value, 12)),
            ));
        }
    }
    let value = with_units(text, "a link rate", BIT_RATE_UNITS, "200Mbps")?;
    if value < 1.0 {
        return Err(Complaint::new(
            "EW105",
            "a link rate is at least 1 bps",
            "remove the product or its route if nothing may pass",
        ));
    }
    if value > 1e15 {
        return Err(Complaint::new("EW105", format!("`{text}` is more than 1000 Tbps"), "no link is that fast"));
    }
    Ok(BitsPerSec((value + 0.5) as u64))
}

/// `400rps`: requests per second, 0 allowed.
pub fn rate(text: &str) -> Result<f64> {
    if let Some((value, unit)) = split(text) {
        let value = significant(value, 12);
        if matches!(unit, "qps" | "QPS" | "RPS" | "/s" | "req/s" | "r/s" | "tps") {
            return Err(Complaint::new(
                "EW103",
                format!("`{unit}` is not how a rate is written here"),
                format!("write `{value}rps`"),
            ));
        }
        if matches!(unit, "k" | "K" | "krps") {
            return Err(Complaint::new(
                "EW103",
                format!("`{unit}` is not how a rate is written here"),
                format!("write `{value}000rps`"),
            ));
        }
    }
    let value = with_units(text, "a rate of requests", &[("rps", 1.0, 1.0)], "400rps")?;
    if value > 1e7 {
        return Err(Complaint::new(
            "EW105",
            format!("`{text}` is more than 1e7 requests per second"),
            "this simulator follows single requests",
        ));
    }
    Ok(value)
}

/// `0.05%`: 0 % to 100 %.
pub fn share(text: &str) -> Result<Ratio> {
    let value = percent(text)?;
    Ratio::new(value).ok_or_else(|| {
        Complaint::new("EW105", format!("`{text}` is more than 100%"), "a share lies between 0% and 100%")
    })
}

/// `105%` as 1.05: any size.
pub fn percent(text: &str) -> Result<f64> {
    if let Some((value, "")) = split(text) {
        let help = format!("write `{}%`", significant(if value <= 1.0 { value * 100.0 } else { value }, 12));
        return Err(Complaint::new("EW101", format!("`{text}` has no unit"), help));
    }
    with_units(text, "a share", &[("%", 1.0, 100.0)], "0.05%")
}

/// `0.02 USD/GB`: the amount in nano-units, the currency, and per what.
pub fn price(text: &str) -> Result<(Money, String, String)> {
    let shape = || {
        Complaint::new(
            "EW106",
            format!("`{text}` is not a price"),
            "write amount, currency and unit, for example `0.02 USD/GB`",
        )
    };
    if split(text).is_some_and(|(_, unit)| unit.is_empty()) {
        return Err(Complaint::new(
            "EW101",
            format!("`{text}` has neither currency nor unit"),
            format!("write for example `{} USD/GB`", text.trim()),
        ));
    }
    if let Some((value, rest)) = text.trim().strip_prefix('$').and_then(split) {
        let unit = rest.trim_start_matches('/').trim();
        return Err(Complaint::new(
            "EW106",
            "`$` may be several currencies",
            format!("write `{} USD/{}`", significant(value, 12), if unit.is_empty() { "GB" } else { unit }),
        ));
    }
    let (value, rest) = split(text).ok_or_else(shape)?;
    let (currency, per) = rest.split_once('/').ok_or_else(shape)?;
    let (currency, per) = (currency.trim(), per.trim());
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) || per.is_empty() {
        return Err(shape());
    }
    if value > 1e12 {
        return Err(Complaint::new("EW105", format!("`{text}` is too much"), "a price is below 1e12"));
    }
    Ok((Money((value * 1e9).round() as i128), currency.to_owned(), per.to_owned()))
}

/// `20:00` as time since midnight.
pub fn time_of_day(text: &str) -> Result<Duration> {
    let read = || {
        let (hours, minutes) = text.split_once(':')?;
        let two = |part: &str| {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<u64>().ok())?
        };
        let (hours, minutes) = (two(hours)?, two(minutes)?);
        (hours < 24 && minutes < 60).then(|| Duration::from_secs(hours * 3_600 + minutes * 60))
    };
    read().ok_or_else(|| {
        Complaint::new(
            "EW107",
            format!("`{text}` is not a time of day"),
            "write hours and minutes in quotes, `\"20:00\"`",
        )
    })
}

/// `2026-06-01T19:30+08:00`.
pub fn moment(text: &str) -> Result<jiff::Timestamp> {
    text.parse().map_err(|_| {
        Complaint::new(
            "EW108",
            format!("`{text}` is not a moment"),
            "write date, time and offset in quotes, `\"2026-06-01T19:30+08:00\"`",
        )
    })
}

/// `10.10.0.0/16`.
pub fn cidr(text: &str) -> Result<Cidr> {
    let shape = || {
        Complaint::new(
            "EW109",
            format!("`{text}` is not a block of IPv4 addresses"),
            "write for example `10.10.0.0/16`",
        )
    };
    let (address, prefix) = text.split_once('/').ok_or_else(shape)?;
    let address: std::net::Ipv4Addr = address.parse().map_err(|_| shape())?;
    let prefix: u8 = prefix.parse().ok().filter(|&prefix| prefix <= 32).ok_or_else(shape)?;
    let bits = u32::from(address);
    let network = if prefix == 0 { 0 } else { bits & (u32::MAX << (32 - prefix)) };
    if network != bits {
        let help = format!("write `{}`", Cidr { network, prefix });
        return Err(Complaint::new("EW109", format!("`{text}` has bits set beyond its prefix"), help));
    }
    Ok(Cidr { network, prefix })
}

/// A plain whole number from `low` to `high`.
pub fn count(text: &str, low: u64, high: u64) -> Result<u64> {
    let range = format!("a whole number from {low} to {high}");
    let Ok(value) = text.parse::<i128>() else {
        let is_number = text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty();
        let (code, message) = if is_number {
            ("EW105", format!("`{text}` is too large"))
        } else {
            ("EW110", format!("`{text}` is not a whole number"))
        };
        return Err(Complaint::new(code, message, format!("this is {range}")));
    };
    match u64::try_from(value) {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(Complaint::new("EW105", format!("{text} is out of range"), format!("this is {range}"))),
    }
}

/// A plain number from `low` to `high`.
pub fn number(text: &str, low: f64, high: f64) -> Result<f64> {
    match split(text) {
        Some((value, "")) if (low..=high).contains(&value) => Ok(value),
        Some((_, "")) => Err(Complaint::new(
            "EW105",
            format!("{text} is out of range"),
            format!("this is a number from {low} to {high}"),
        )),
        _ => Err(Complaint::new(
            "EW110",
            format!("`{text}` is not a plain number"),
            format!("this is a number from {low} to {high}, without a unit"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    pub(super) fn complains<T: std::fmt::Debug>(result: Result<T>, code: &str, hint: &str) {
        let complaint = result.expect_err("it is refused");
        assert_eq!(complaint.code, code, "{complaint:?}");
        let help = complaint.help.expect("there is a hint");
        assert!(help.contains(hint), "{help}");
    }

    #[test]
    fn a_quantity_is_a_number_and_a_unit_with_or_without_space() {
        assert_eq!(duration("1.5ms"), Ok(Duration::from_micros(1500)));
        assert_eq!(duration("2 min"), Ok(Duration::from_secs(120)));
        assert_eq!(bytes("20 KiB"), Ok(Bytes(20_480)));
        assert_eq!(bytes("20KB"), Ok(Bytes(20_000)));
        assert_eq!(bandwidth("50Mbps"), Ok(BitsPerSec(50_000_000)));
        assert_eq!(rate("0.5rps"), Ok(0.5));
        assert_eq!(share("99.95%"), Ok(Ratio::new(0.9995).expect("a share")));
        assert_eq!(price("0.02 USD/GB"), Ok((Money(20_000_000), "USD".into(), "GB".into())));
        assert_eq!(time_of_day("20:05"), Ok(Duration::from_secs(72_300)));
        assert_eq!(cidr("10.10.0.0/16").map(|c| c.to_string()), Ok("10.10.0.0/16".into()));
        assert!(moment("2026-06-01T19:30+08:00").is_ok());
    }

    #[test]
    fn bytes_per_second_are_not_bits_per_second() {
        complains(bandwidth("500MBps"), "EW102", "write `4Gbps` if you meant bytes");
        complains(bandwidth("5MB/s"), "EW102", "write `40Mbps`");
        complains(bytes("20Kb"), "EW102", "20KiB");
    }

    #[test]
    fn a_bare_number_is_refused_where_a_unit_is_due() {
        complains(duration("5"), "EW101", "5ms");
        complains(bandwidth("100"), "EW101", "200Mbps");
        complains(rate("400"), "EW101", "400rps");
        complains(share("0.05"), "EW101", "`5%`");
        complains(price("0.02"), "EW101", "0.02 USD/GB");
        complains(price("$0.02/GB"), "EW106", "0.02 USD/GB");
    }

    #[test]
    fn figures_out_of_range_are_refused() {
        complains(duration("99999999d"), "EW105", "");
        complains(duration("-5ms"), "EW104", "");
        complains(duration("0.1ns"), "EW105", "");
        complains(share("101%"), "EW105", "");
        complains(count("10001", 0, 10_000), "EW105", "0 to 10000");
        complains(count("-1", 0, 10), "EW105", "");
        complains(count("99999999999999999999999999999999999999999", 0, 10), "EW105", "");
        complains(count("2.5", 0, 10), "EW110", "");
        complains(number("nan", 0.0, 1.0), "EW110", "");
        complains(number("1e400", 0.0, 1.0), "EW110", "");
        complains(cidr("10.10.1.0/16"), "EW109", "10.10.0.0/16");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = (seconds(&text), bytes(&text), bandwidth(&text), rate(&text), percent(&text), price(&text));
            let _ = (time_of_day(&text), moment(&text), cidr(&text), count(&text, 0, 5), number(&text, 0.0, 1.0));
        }
    }
}
