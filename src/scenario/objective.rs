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
    /// A fault.
    Fault,
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
        let metric = self.metric(figure, at)?;
        let mut from = None;
        while self.take(",") {
            let (key, at) = self.word("`from=PLACE`")?;
            if from.is_some() && key == "from" {
                return Err(misread(at, "EW500", "`from` is said twice", "write one objective for each"));
            }
            if key != "from" {
                return Err(misread(
                    at,
                    "EW501",
                    format!("`{key}` restricts nothing"),
                    "write `from=REGION`, `from=CLUSTER` or `from=STREAM`",
                ));
            }
            if !matches!(
                metric,
                Metric::Quantile { .. } | Metric::Mean { .. } | Metric::Availability { .. } | Metric::Throughput { .. }
            ) {
                return Err(misread(at, "EW501", format!("`{figure}` is not told apart by users"), "remove `from`"));
            }
            self.expect("=", "`=` and a place")?;
            from = Some(self.name(Role::From, "a region, a cluster or a stream")?);
        }
        self.expect(")", "`)`")?;
        let below = self.comparison()?;
        let bound = self.bound(&metric)?;
        Ok(Check::Figure { term: Term { metric, from }, below, bound })
    }

    fn metric(&mut self, figure: &str, at: Range<usize>) -> Read<Metric> {
        let subject = |reader: &mut Self| reader.name(Role::Subject, "an operation, a service, a stream or `all`");
        Ok(match figure {
            "mean" => Metric::Mean { subject: subject(self)? },
            "availability" => Metric::Availability { subject: subject(self)? },
            "throughput" => Metric::Throughput { subject: subject(self)? },
            "recovery" => Metric::Recovery { fault: self.name(Role::Fault, "a fault")? },
            "lost" => Metric::Lost { fault: self.name(Role::Fault, "a fault")? },
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

    fn bound(&mut self, metric: &Metric) -> Read<Bound> {
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
            Metric::Quantile { .. } | Metric::Mean { .. } | Metric::Recovery { .. } => quantity::seconds(rest),
            Metric::Availability { .. } | Metric::Utilisation { .. } => quantity::share(rest).map(|share| share.get()),
            Metric::Throughput { .. } => quantity::rate(rest),
            Metric::Lost { .. } => quantity::number(rest, 0.0, 1e15),
            Metric::Amplification { .. } => quantity::number(rest, 0.0, 1e6),
            Metric::Cost { .. } => cost(rest),
        };
        self.at = all.end;
        let times = matches!(metric, Metric::Quantile { .. } | Metric::Mean { .. } | Metric::Recovery { .. });
        if times && value.as_ref().is_ok_and(|limit| *limit <= 0.0) {
            return Err(misread(all, "EW105", "a limit of no time is never met", example(metric)));
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

fn example(metric: &Metric) -> String {
    let bound = match metric {
        Metric::Quantile { .. } | Metric::Mean { .. } => "350ms",
        Metric::Recovery { .. } => "60s",
        Metric::Availability { .. } => "99.9%",
        Metric::Utilisation { .. } => "80%",
        Metric::Throughput { .. } => "400rps",
        Metric::Lost { .. } => "1000",
        Metric::Amplification { .. } => "1.25",
        Metric::Cost { .. } => "2500 USD/month",
    };
    format!("for example `{bound}`, or `105% of variant(NAME)`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn figure(text: &str) -> (Metric, Option<String>, bool, Bound) {
        match parse(text) {
            Ok(Parsed { check: Check::Figure { term, below, bound }, .. }) => (term.metric, term.from, below, bound),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[track_caller]
    fn wrong(text: &str, at: &str, code: &str) {
        let misread = parse(text).expect_err("it is refused");
        assert_eq!((&text[misread.at.clone()], misread.complaint.code), (at, code), "{misread:?}");
    }

    #[test]
    fn each_figure_has_its_unit() {
        let subject = || "web".to_owned();
        assert_eq!(
            figure("p99.9(web.list, from=hangzhou) < 350ms"),
            (
                Metric::Quantile { percent: 99.9, subject: "web.list".into() },
                Some("hangzhou".into()),
                true,
                Bound::Value(0.35)
            )
        );
        assert!(!figure("availability(web)>=99.9%").2);
        assert_eq!(figure("recovery(zone-out) < 1m").3, Bound::Value(60.0));
        assert_eq!(figure("lost(zone-out) <= 1000").3, Bound::Value(1000.0));
        assert_eq!(
            figure("amplification(orders->payments) < 1.25").0,
            Metric::Amplification { from: "orders".into(), to: "payments".into() }
        );
        assert_eq!(figure("cost(network) < 2500 USD/month").3, Bound::Value(2500.0));
        assert_eq!(
            figure("throughput(web) > 90rps"),
            (Metric::Throughput { subject: subject() }, None, false, Bound::Value(90.0))
        );
        assert_eq!(figure("utilisation(web) < 80%").3, Bound::Value(0.8));
        assert_eq!(
            figure("mean(web) <= 105% of variant(privatelink)").3,
            Bound::OfVariant { factor: 1.05, variant: "privatelink".into() }
        );
        let path = parse("path(orders -> payments) avoids internet").expect("it is read");
        assert_eq!(
            path.check,
            Check::Path(PathCheck { from: "orders".into(), to: "payments".into(), avoids: "internet".into() })
        );
    }

    #[test]
    fn a_misread_check_points_into_the_text() {
        wrong("p99(checkout) < 350", "350", "EW101");
        wrong("p99 checkout < 350ms", "c", "EW500");
        wrong("q99(checkout) < 350ms", "q99", "EW501");
        wrong("p100(checkout) < 350ms", "p100", "EW501");
        wrong("availability(web) = 99%", "=", "EW500");
        wrong("cost(network) < 2500", "2500", "EW101");
        wrong("cost(network, from=a) < 2500 USD/month", "from", "EW501");
        wrong("path(a -> b) avoids x y", "y", "EW500");
        wrong("", "", "EW500");
        wrong("p99(web) <", "", "EW500");
    }

    proptest::proptest! {
        #[test]
        fn no_check_panics(text in "\\PC*", tail in "[a-z0-9()<>=% ->,.]*") {
            let _ = parse(&text);
            let _ = parse(&format!("p99({tail}"));
            let _ = parse(&format!("mean(a) < {tail}"));
        }
    }
}
