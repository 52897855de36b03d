//! The grammar of a gate: `p99(checkout, from=hangzhou) < 350ms`, `availability(web) >= 99.9%`,
//! `p99(checkout) <= 105% of variant(privatelink)`, `path(orders -> payments) avoids internet`.
//!
//! Knows the words and units of each figure, not the names of a scenario: those it hands out with their places in the
//! text, to be checked by the decoder.

use super::file::{Bound, Check, Metric, PathCheck, Term};
use super::quantity::{self, Complaint};
use std::ops::Range;

/// What a name in a check must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// An operation, a service, a stream, or `all`.
    Subject,
    /// A region, a cluster or a stream.
    From,
    /// A stream, a service that streams call, or `all`.
    People,
    /// A fault.
    Fault,
    /// A store with a primary.
    Store,
    /// A service or a stream.
    Caller,
    /// A service.
    Callee,
    /// `network`, `compute`, `total` or a product.
    Cost,
    /// A service or a product.
    Resource,
    /// A product, or `internet`.
    Avoided,
    /// A variant.
    Variant,
}

/// A check that was understood.
#[derive(Clone, PartialEq, Debug)]
pub struct Parsed {
    /// What is checked.
    pub check: Check,
    /// The names in it, with their places in the text.
    pub names: Vec<(Role, String, Range<usize>)>,
}

/// Why a check was not understood, and where in the text.
#[derive(Clone, PartialEq, Debug)]
pub struct Misread {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// What is wrong.
    pub complaint: Complaint,
}

const FIGURES: &[&str] = &[
    "p50",
    "p90",
    "p95",
    "p99",
    "p99.9",
    "mean",
    "availability",
    "throughput",
    "recovery",
    "lost",
    "rto",
    "rpo",
    "lost-writes",
    "detect",
    "shift",
    "reconnected",
    "reconnects",
    "burn",
    "user-uptime",
    "mcr",
    "amplification",
    "cost",
    "utilisation",
    "path",
];

/// A percentile is counted in whole requests of at most a million millions.
const DECIMALS_MAX: usize = 12;

/// Reads a check.
pub fn parse(text: &str) -> Result<Parsed, Misread> {
    let mut reader = Reader { text, at: 0, names: Vec::new() };
    let check = reader.check()?;
    Ok(Parsed { check, names: reader.names })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    names: Vec<(Role, String, Range<usize>)>,
}

type Read<T> = Result<T, Misread>;

impl<'t> Reader<'t> {
    fn check(&mut self) -> Read<Check> {
        let (figure, at) = self.word("a figure, for example `p99(checkout) < 350ms`")?;
        if figure == "path" {
            return self.path();
        }
        if figure.strip_prefix('p').is_none_or(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
            && !FIGURES.contains(&figure)
        {
            let near = FIGURES.iter().find(|known| strsim::damerau_levenshtein(known, figure) <= 2);
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the figures are {}", FIGURES.join(", ")),
            };
            return Err(misread(at, "EW501", format!("`{figure}` is no figure that can be checked"), help));
        }
        self.expect("(", "its subject in parentheses")?;
        let mut metric = self.metric(figure, at)?;
        let mut from = None;
        while self.take(",") {
            let (key, at) = self.word("`from=PLACE`")?;
            if let (Metric::Availability { subject } | Metric::Good { subject, .. }, "within") = (&metric, key) {
                if matches!(metric, Metric::Good { .. }) {
                    return Err(misread(at, "EW500", "`within` is said twice", "an answer is in time or it is not"));
                }
                let subject = subject.clone();
                self.expect("=", "`=` and a time")?;
                metric = Metric::Good { subject, within: self.time("`within=800ms`")? };
                continue;
            }
            if from.is_some() && key == "from" {
                return Err(misread(at, "EW500", "`from` is said twice", "write one objective for each"));
            }
            if key != "from" {
                return Err(misread(
                    at,
                    "EW501",
                    format!("`{key}` restricts nothing"),
                    "write `from=REGION`, `from=CLUSTER` or `from=STREAM`; of availability also `within=800ms`",
                ));
            }
            if !matches!(
                metric,
                Metric::Quantile { .. }
                    | Metric::Mean { .. }
                    | Metric::Availability { .. }
                    | Metric::Good { .. }
                    | Metric::Throughput { .. }
            ) {
                return Err(misread(at, "EW501", format!("`{figure}` is not told apart by users"), "remove `from`"));
            }
            self.expect("=", "`=` and a place")?;
            from = Some(self.name(Role::From, "a region, a cluster or a stream")?);
        }
        self.expect(")", "`)`")?;
        let below = self.comparison()?;
        let bound = self.bound(&metric, below)?;
        Ok(Check::Figure { term: Term { metric, from }, below, bound })
    }

    fn metric(&mut self, figure: &str, at: Range<usize>) -> Read<Metric> {
        let subject = |reader: &mut Self| reader.name(Role::Subject, "an operation, a service, a stream or `all`");
        Ok(match figure {
            "mean" => Metric::Mean { subject: subject(self)? },
            "availability" => Metric::Availability { subject: subject(self)? },
            "throughput" => Metric::Throughput { subject: subject(self)? },
            "recovery" => {
                let fault = self.name(Role::Fault, "a fault")?;
                let share = if self.take(",") { Some(self.part("a share such as `95%`")?) } else { None };
                Metric::Recovery { fault, share }
            }
            "lost" => Metric::Lost { fault: self.name(Role::Fault, "a fault")? },
            "rto" => Metric::Rto { store: self.name(Role::Store, "a store")? },
            "rpo" => Metric::Rpo { store: self.name(Role::Store, "a store")? },
            "lost-writes" => Metric::LostWrites { store: self.name(Role::Store, "a store")? },
            "detect" => Metric::Detect { fault: self.name(Role::Fault, "a fault")? },
            "shift" => Metric::Shift { fault: self.name(Role::Fault, "a fault")? },
            "reconnected" => {
                let fault = self.name(Role::Fault, "a fault")?;
                self.expect(",", "`,` and a share, for example `reconnected(cluster-out, 95%)`")?;
                Metric::Reconnected { fault, share: self.part("`95%`")? }
            }
            "reconnects" => Metric::Reconnects { fault: self.name(Role::Fault, "a fault")? },
            "burn" => Metric::Burn { fault: self.name(Role::Fault, "a fault")? },
            "user-uptime" => Metric::UserUptime { subject: self.name(Role::People, "a stream, a service or `all`")? },
            "mcr" => {
                let subject = self.name(Role::People, "a stream, a service or `all`")?;
                self.expect(",", "`,` and the length of a window, for example `mcr(web, 5m)`")?;
                Metric::Mcr { subject, window: self.time("a length such as `5m`")? }
            }
            "cost" => Metric::Cost { subject: self.name(Role::Cost, "`network`, `compute`, `total` or a product")? },
            "utilisation" => Metric::Utilisation { subject: self.name(Role::Resource, "a service or a product")? },
            "amplification" => {
                let from = self.name(Role::Caller, "a caller")?;
                self.expect("->", "`->` and what it calls")?;
                Metric::Amplification { from, to: self.name(Role::Callee, "a called service")? }
            }
            _ => {
                let percent = quantity::number(&figure[1..], 0.0, 100.0)
                    .ok()
                    .filter(|percent| *percent > 0.0 && *percent < 100.0);
                let Some(percent) = percent else {
                    return Err(misread(
                        at,
                        "EW501",
                        format!("`{figure}` is no percentile"),
                        "percentiles lie between 0 and 100: `p50`, `p99`, `p99.9`",
                    ));
                };
                if figure.split_once('.').is_some_and(|(_, decimals)| decimals.len() > DECIMALS_MAX) {
                    let help = "write as many as there are requests to tell it by: `p99.99` wants ten thousand";
                    let why = format!("a percentile has at most {DECIMALS_MAX} decimals");
                    return Err(misread(at, "EW501", why, help));
                }
                Metric::Quantile { percent, subject: subject(self)? }
            }
        })
    }

    fn path(&mut self) -> Read<Check> {
        self.expect("(", "caller and callee in parentheses")?;
        let from = self.name(Role::Caller, "a caller")?;
        self.expect("->", "`->` and what it calls")?;
        let to = self.name(Role::Callee, "a called service")?;
        self.expect(")", "`)`")?;
        self.expect("avoids", "`avoids` and a product")?;
        let avoids = self.name(Role::Avoided, "a product or `internet`")?;
        self.end()?;
        Ok(Check::Path(PathCheck { from, to, avoids }))
    }

    fn comparison(&mut self) -> Read<bool> {
        for (sign, below) in [("<=", true), ("<", true), (">=", false), (">", false)] {
            if self.take(sign) {
                return Ok(below);
            }
        }
        Err(misread(self.here(), "EW500", "a comparison is due here", "write `<`, `<=`, `>` or `>=`"))
    }

    fn bound(&mut self, metric: &Metric, below: bool) -> Read<Bound> {
        self.skip();
        let start = self.at;
        let rest = self.text[start..].trim_end();
        let all = start..start + rest.len();
        if rest.is_empty() {
            return Err(misread(self.here(), "EW500", "a bound is due here", example(metric)));
        }
        if let Some((before, fault)) = rest.split_once("during ") {
            let at = start + before.len()..all.end;
            let help = format!("write it beside the check: `during: {}`", fault.trim());
            return Err(misread(at, "EW500", "when a check holds does not stand in the check", help));
        }
        if let Some((factor, _)) = rest.split_once(" of ") {
            let at = start..start + factor.len();
            let factor = quantity::percent(factor.trim()).map_err(|complaint| Misread { at: at.clone(), complaint })?;
            if factor <= 0.0 {
                return Err(misread(at, "EW105", "a factor is above zero", "for example `105% of variant(NAME)`"));
            }
            self.at = at.end;
            self.expect("of", "`of variant(NAME)`")?;
            self.expect("variant", "`variant(NAME)`")?;
            self.expect("(", "the variant's name in parentheses")?;
            let variant = self.name(Role::Variant, "a variant")?;
            self.expect(")", "`)`")?;
            self.end()?;
            return Ok(Bound::OfVariant { factor, variant });
        }
        let value = match metric {
            Metric::Availability { .. }
            | Metric::Good { .. }
            | Metric::UserUptime { .. }
            | Metric::Mcr { .. }
            | Metric::Utilisation { .. } => quantity::share(rest).map(|share| share.get()),
            // More than a month's budget may go in one night.
            Metric::Burn { .. } => quantity::percent(rest),
            Metric::Quantile { .. }
            | Metric::Mean { .. }
            | Metric::Recovery { .. }
            | Metric::Rto { .. }
            | Metric::Rpo { .. }
            | Metric::Detect { .. }
            | Metric::Shift { .. }
            | Metric::Reconnected { .. } => quantity::seconds(rest),
            Metric::Throughput { .. } | Metric::Reconnects { .. } => quantity::rate(rest),
            Metric::Lost { .. } | Metric::LostWrites { .. } => quantity::number(rest, 0.0, 1e15),
            Metric::Amplification { .. } => quantity::number(rest, 0.0, 1e6),
            Metric::Cost { .. } => cost(rest),
        };
        self.at = all.end;
        // No data at all may be lost.
        let times = is_time(metric) && !matches!(metric, Metric::Rpo { .. });
        if times && value.as_ref().is_ok_and(|limit| *limit <= 0.0) {
            let met = if below { "never" } else { "always" };
            return Err(misread(all, "EW105", format!("a limit of no time is {met} met"), example(metric)));
        }
        value.map(Bound::Value).map_err(|complaint| Misread { at: all, complaint })
    }

    fn skip(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    /// The next character's place, or the last one's at the end.
    fn here(&mut self) -> Range<usize> {
        self.skip();
        let next = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        self.at..self.at + next
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let found = self.text[self.at..].starts_with(sign);
        if found {
            self.at += sign.len();
        }
        found
    }

    fn expect(&mut self, sign: &str, what: &str) -> Read<()> {
        if self.take(sign) {
            return Ok(());
        }
        Err(misread(
            self.here(),
            "EW500",
            format!("{what} is due here"),
            "for example `p99(checkout, from=hangzhou) < 350ms`",
        ))
    }

    /// Letters, digits and what stands in names; `->` ends one.
    fn word(&mut self, what: &str) -> Read<(&'t str, Range<usize>)> {
        self.skip();
        let rest = &self.text[self.at..];
        let arrow = rest.find("->").unwrap_or(rest.len());
        let length = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')))
            .unwrap_or(rest.len())
            .min(arrow);
        if length == 0 {
            return Err(misread(
                self.here(),
                "EW500",
                format!("{what} is due here"),
                "for example `p99(checkout, from=hangzhou) < 350ms`",
            ));
        }
        let at = self.at..self.at + length;
        self.at = at.end;
        Ok((&self.text[at.clone()], at))
    }

    /// A time above nothing, up to the next `,` or `)`.
    fn time(&mut self, what: &str) -> Read<f64> {
        self.skip();
        let rest = &self.text[self.at..];
        let length = rest.find([',', ')']).unwrap_or(rest.len());
        let at = self.at..self.at + rest[..length].trim_end().len();
        self.at = at.end;
        match quantity::seconds(&self.text[at.clone()]) {
            Ok(time) if time > 0.0 => Ok(time),
            Ok(_) => Err(misread(at, "EW105", "no time at all is no time", format!("write {what}"))),
            Err(complaint) => Err(Misread { at, complaint }),
        }
    }

    /// A share above nothing and below all, up to the next `,` or `)`.
    fn part(&mut self, what: &str) -> Read<f64> {
        self.skip();
        let rest = &self.text[self.at..];
        let length = rest.find([',', ')']).unwrap_or(rest.len());
        let at = self.at..self.at + rest[..length].trim_end().len();
        self.at = at.end;
        match quantity::share(&self.text[at.clone()]).map(|share| share.get()) {
            Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
            Ok(_) => Err(misread(at, "EW105", "all or nothing is no part", format!("write {what}"))),
            Err(complaint) => Err(Misread { at, complaint }),
        }
    }

    fn name(&mut self, role: Role, what: &str) -> Read<String> {
        let (name, at) = self.word(what)?;
        self.names.push((role, name.to_owned(), at));
        Ok(name.to_owned())
    }

    fn end(&mut self) -> Read<()> {
        let at = self.here();
        if at.is_empty() {
            return Ok(());
        }
        Err(misread(at.start..self.text.len(), "EW500", "the check ends before this", "one check per objective"))
    }
}

fn misread(at: Range<usize>, code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Misread {
    Misread { at, complaint: Complaint::new(code, message, help) }
}

/// `2500 USD/month`.
fn cost(text: &str) -> Result<f64, Complaint> {
    let (amount, currency, per) = quantity::price(text).map_err(|complaint| Complaint {
        help: Some("a bill is per month: write for example `2500 USD/month`".into()),
        ..complaint
    })?;
    if per != "month" {
        return Err(Complaint::new(
            "EW502",
            format!("a bill is per month, not per {per}"),
            "for example `2500 USD/month`",
        ));
    }
    if currency != "USD" {
        return Err(Complaint::new(
            "EW015",
            format!("a bill in {currency} is known, but not supported yet"),
            "write the bound in USD",
        ));
    }
    Ok(amount.units())
}

/// Is a figure a time?
const fn is_time(metric: &Metric) -> bool {
    matches!(
        metric,
        Metric::Quantile { .. }
            | Metric::Mean { .. }
            | Metric::Recovery { .. }
            | Metric::Rto { .. }
            | Metric::Rpo { .. }
            | Metric::Detect { .. }
            | Metric::Shift { .. }
            | Metric::Reconnected { .. }
    )
}

fn example(metric: &Metric) -> String {
    let bound = match metric {
        Metric::Quantile { .. } | Metric::Mean { .. } => "350ms",
        Metric::Recovery { .. }
        | Metric::Rto { .. }
        | Metric::Detect { .. }
        | Metric::Shift { .. }
        | Metric::Reconnected { .. } => "60s",
        Metric::Rpo { .. } => "1s",
        Metric::Burn { .. } => "25%",
        Metric::Availability { .. } | Metric::Good { .. } | Metric::UserUptime { .. } | Metric::Mcr { .. } => "99.9%",
        Metric::Utilisation { .. } => "80%",
        Metric::Throughput { .. } | Metric::Reconnects { .. } => "400rps",
        Metric::Lost { .. } | Metric::LostWrites { .. } => "1000",
        Metric::Amplification { .. } => "1.25",
        Metric::Cost { .. } => "2500 USD/month",
    };
    format!("for example `{bound}`, or `105% of variant(NAME)`")
}

#[cfg(test)]
mod tests;
