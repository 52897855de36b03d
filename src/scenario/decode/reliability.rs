//! `reliability:`.

use super::fields::{Decoder, what_is_due};
use crate::provider::{Books, COMPONENT_KINDS, ComponentKind};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Counted, Rate, Reliability};
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;

/// What a fault may do besides `down`, and a row of `reliability` may not.
const DEGRADES: [&str; 12] =
    ["slow", "loss", "rate", "errors", "flap", "drain", "restart", "partition", "freeze", "expire", "forget", "effect"];
/// A year of 365 days, seconds.
const YEAR: f64 = 365.0 * 86_400.0;
/// Nothing is known of longer spans, years.
const YEARS_MAX: f64 = 1e6;
/// What is up for less, seconds, fails before all have learnt of the last time.
const SOON: f64 = 600.0;
/// What is up for less, seconds, is no failure that anybody can weigh.
const LEAST_UP: f64 = 60.0;

impl Decoder {
    /// `reliability:`; none where it is not written.
    pub(super) fn reliability(&mut self, entry: Option<&Entry>) -> Option<Reliability> {
        let entry = entry?;
        let map = self.open(Some(&entry.node), &words::RELIABILITY, vec!["reliability".into()], entry.key)?;
        let book = map.word(self, "book") != Some(1);
        let mut rows = IndexMap::new();
        for (name, row) in self.entries(map.written("rows"), "rates") {
            self.component(name, row.key);
            rows.extend(self.failure_rate(name, row, book).map(|rate| (name.to_owned(), rate)));
        }
        let mut common = IndexMap::new();
        for (name, row) in self.entries(map.written("common"), "shares") {
            self.kind(name, row.key);
            let share = self.read(&row.node, "a share such as `5%`", quantity::share);
            common.extend(share.map(|share| (name.to_owned(), Spanned::new(share.value.get(), share.span))));
        }
        let mut crews = IndexMap::new();
        for (name, row) in self.entries(map.written("crews"), "numbers of crews") {
            self.component(name, row.key);
            let count = self.read(&row.node, "a whole number", |text| quantity::count(text, 1, 1000));
            crews.extend(count.map(|count| (name.to_owned(), Spanned::new(count.value as u32, count.span))));
        }
        let mut never = Vec::new();
        if let Some(node) = map.written("never") {
            for item in self.items(node, "components") {
                let Some(name) = self.text(item, "a component").map(str::to_owned) else { continue };
                self.component(&name, item.span);
                never.push(Spanned::new(name, item.span));
            }
        }
        let slo = map.written("slo").and_then(|node| self.read(node, "a share such as `99.95%`", quantity::share));
        let slo = slo.map(|slo| Spanned::new(slo.value.get(), slo.span));
        if let Some(slo) = slo.as_ref().filter(|slo| slo.value <= 0.0) {
            let message = "`slo: 0%` is no objective: whatever happens keeps it";
            self.say(Diagnostic::error("EW524", message).at(slo.span, "").help("such as `slo: 99.95%`"));
        }
        let within = map.count32(self, "within");
        map.close();
        if !book && rows.is_empty() {
            self.say(
                Diagnostic::error("EW435", "`book: none` without rows: nothing ever fails")
                    .at(entry.key, "")
                    .help("write `rows`, or leave `book` out"),
            );
        }
        Some(Reliability { span: entry.key, book, rows, common, crews, never, slo, within: within?.value })
    }

    fn failure_rate(&mut self, name: &str, entry: &Entry, book: bool) -> Option<Rate> {
        let path = vec!["reliability".into(), "rows".into(), name.to_owned()];
        let node = self.without_degradation(name, &entry.node);
        let map = self.open(Some(&node), &words::RELIABILITY_ROW, path, entry.key)?;
        let mut span_of = |key: &'static str| {
            let due = what_is_due(map.shape(key));
            map.written(key).and_then(|node| self.read(node, due, span))
        };
        let (mean_up, mean_down) = (span_of("mean-up"), span_of("mean-down"));
        let factor = map
            .written("uncertain")
            .and_then(|node| self.read(node, "a factor such as `3`", |text| quantity::number(text, 1.0, 100.0)));
        let seen = map.written("seen").cloned().and_then(|node| self.counted(name, &node, entry.key));
        let is_up = |key: &&str| *key == "mean-up" && map.written("seen").is_some();
        let lacks = ["mean-up", "mean-down"].into_iter().find(|key| map.written(key).is_none() && !is_up(key));
        let twice = ["mean-up", "uncertain"].into_iter().find(|key| map.written(key).is_some());
        if let (true, Some(key)) = (map.written("seen").is_some(), twice) {
            let message = format!("row `{name}` has `seen` and `{key}`: both say how often it fails");
            self.say(Diagnostic::error("EW520", message).at(entry.key, "").help(format!("leave `{key}` out")));
        }
        map.close();
        let counted = seen.map(|seen| seen.time / (f64::from(seen.failures) + 0.5));
        if let Some(up) = mean_up.as_ref().map(|up| up.value).or(counted).filter(|up| *up < LEAST_UP) {
            let at = mean_up.as_ref().map_or(entry.key, |up| up.span);
            let message = format!("`{name}` is up for {up:.3e} s on average, less than a minute");
            let help = "write it as a fault that flaps or as `errors`, and simulate it with `run`";
            self.say(Diagnostic::error("EW523", message).at(at, "").help(help));
        }
        self.plausible(name, (mean_up.as_ref(), mean_down.as_ref()), entry.key);
        let none = if book {
            "and the book has no figures of such a thing"
        } else {
            "and with `book: none` there is no other"
        };
        if let (false, Some(key)) = (book && Books::builtin().assumed(name).is_some(), lacks)
            && ComponentKind::named(name.split('/').next().unwrap_or_default()).is_some()
        {
            let message = format!("row `{name}` has no `{key}`, {none}");
            self.say(Diagnostic::error("EW436", message).at(entry.key, ""));
        }
        Some(Rate { span: entry.key, mean_up, mean_down, seen, factor })
    }

    /// Refuses what would be slow or lossy instead of down; the row without it.
    fn without_degradation(&mut self, name: &str, node: &Node) -> Node {
        let mut node = node.clone();
        let Value::Map(map) = &mut node.value else { return node };
        map.retain(|key, entry| {
            let degrades = DEGRADES.contains(&key.as_str());
            if degrades {
                let message =
                    format!("row `{name}` has `{key}`: in the long run a component is up or down, never degraded");
                let help =
                    "write it under `faults` with `mean-up` and `mean-down`, and simulate it with `run` or `compare`";
                self.say(Diagnostic::error("EW539", message).at(entry.key, "").help(help));
            }
            !degrades
        });
        node
    }

    fn counted(&mut self, name: &str, node: &Node, key: Span) -> Option<Counted> {
        let path = vec!["reliability".into(), "rows".into(), name.to_owned(), "seen".into()];
        let map = self.open(Some(node), &words::RELIABILITY_SEEN, path, key)?;
        let failures = map.count32(self, "failures");
        let due = what_is_due(map.shape("in"));
        let time = map.written("in").and_then(|node| self.read(node, due, span));
        let lacks = ["failures", "in"].into_iter().find(|key| map.written(key).is_none());
        map.close();
        if let Some(lacks) = lacks {
            let message = format!("`seen` has no `{lacks}`");
            self.say(Diagnostic::error("EW436", message).at(node.span, "").help("`seen: {failures: 2, in: 3 years}`"));
        }
        Some(Counted { failures: failures?.value, time: time?.value })
    }

    /// Says what cannot be meant.
    fn plausible(&mut self, name: &str, (up, down): (Option<&Spanned<f64>>, Option<&Spanned<f64>>), at: Span) {
        if let (Some(up), Some(down)) = (up, down)
            && up.value <= down.value
        {
            let said = Diagnostic::warning("EW521", format!("`{name}` is down for longer than it is up"));
            self.say(
                said.at(at, "").help("`mean-up` is the time until it fails, `mean-down` the time until it is mended"),
            );
        } else if let Some(up) = up
            && (LEAST_UP..SOON).contains(&up.value)
        {
            let said = Diagnostic::warning("EW522", format!("`{name}` fails again within minutes"));
            self.say(said.at(up.span, "").help("write it as a fault that flaps, and simulate it"));
        }
    }

    /// A kind, or a component of one.
    fn component(&mut self, name: &str, span: Span) {
        let word = name.split('/').next().unwrap_or_default();
        if ComponentKind::named(word).is_none() {
            self.unknown_kind(name, word, span);
        }
    }

    fn kind(&mut self, name: &str, span: Span) {
        if ComponentKind::named(name).is_none() {
            self.unknown_kind(name, name, span);
        }
    }

    fn unknown_kind(&mut self, name: &str, word: &str, span: Span) {
        let kinds: Vec<&str> = COMPONENT_KINDS.iter().map(|kind| kind.word).collect();
        let near = super::fields::nearest(word, kinds.iter().copied());
        let help = match near {
            Some(near) => format!("did you mean `{near}`? There are: {}", kinds.join(", ")),
            None => format!("there are: {}", kinds.join(", ")),
        };
        let message = format!("`{name}` is no kind of component, nor one of a kind");
        self.say(Diagnostic::error("EW437", message).at(span, "").help(help));
    }
}

/// `3 years`, `90d`, `2h` in seconds.
fn span(text: &str) -> Result<f64, Complaint> {
    let trimmed = text.trim();
    let years = ["years", "year", "a"].iter().find_map(|unit| trimmed.strip_suffix(unit));
    let seconds = match years {
        Some(number) => quantity::number(number.trim(), 0.0, YEARS_MAX)? * YEAR,
        None => quantity::seconds(text)?,
    };
    if seconds > 0.0 {
        return Ok(seconds);
    }
    Err(Complaint::new("EW105", format!("`{text}` is no time at all"), "leave what never fails to `never`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_may_be_years() {
        assert_eq!(span("3 years").unwrap(), 3.0 * YEAR);
        assert_eq!((span("90d").unwrap(), span("30s").unwrap()), (90.0 * 86_400.0, 30.0));
        for wrong in ["3", "0s", "0 years", "-1h", "years"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
