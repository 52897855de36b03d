//! Messages of Istio's API field by field: what is read, what changes nothing here, what is refused.

use super::Translation;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::span::Span;
use crate::scenario::tree::{Entry, Node, Value};
use indexmap::IndexMap;

/// What becomes of a field.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum Judged {
    /// Read, or it says nothing about traffic.
    Read,
    /// It changes no figure here, for this reason.
    Noted(&'static str),
    /// It might, and is not simulated: what to do.
    Refused(&'static str),
}

/// A message of the API.
#[derive(Debug)]
pub(in crate::scenario) struct Message {
    /// Its path in the resource.
    pub name: &'static str,
    /// Every field of it.
    pub fields: &'static [(&'static str, Judged)],
}

/// Words of the scenario that a rule becomes, each with the place of Istio's field.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(pub IndexMap<String, Entry>);

impl Words {
    /// Says `word`, in place of what was said.
    pub(super) fn put(&mut self, word: &str, key: Span, node: Node) {
        self.0.insert(word.to_owned(), Entry { key, node });
    }

    /// A single value.
    pub(super) fn say(&mut self, word: &str, key: Span, text: impl Into<String>, at: Span) {
        self.put(word, key, scalar(text, at));
    }

    /// A map that is said where it has entries.
    pub(super) fn put_words(&mut self, word: &str, key: Span, words: Words) {
        if !words.0.is_empty() {
            self.put(word, key, words.node(key));
        }
    }

    /// As a value said at `span`.
    pub(super) fn node(self, span: Span) -> Node {
        Node { span, value: Value::Map(self.0) }
    }
}

/// An unquoted value.
pub(super) fn scalar(text: impl Into<String>, span: Span) -> Node {
    Node { span, value: Value::Scalar { text: text.into(), plain: true } }
}

/// A list of unquoted values.
pub(super) fn list(items: impl IntoIterator<Item = String>, span: Span) -> Node {
    Node { span, value: Value::List(items.into_iter().map(|text| scalar(text, span)).collect()) }
}

/// The entry of a field that is said.
pub(super) fn said<'n>(map: &'n IndexMap<String, Entry>, field: &str) -> Option<&'n Entry> {
    map.get(field).filter(|entry| !entry.node.is_null())
}

impl Translation<'_> {
    /// The fields of a message, each judged; none where it is no map.
    pub(super) fn open<'n>(&mut self, node: &'n Node, message: &Message) -> Option<&'n IndexMap<String, Entry>> {
        let Some(map) = node.as_map() else {
            if !node.is_null() {
                self.wrong(node, &format!("`{}` is a map", message.name));
            }
            return None;
        };
        for (field, entry) in map {
            let path = if message.name.is_empty() { field.clone() } else { format!("{}.{field}", message.name) };
            match message.fields.iter().find(|(known, _)| known == field).map(|(_, judged)| *judged) {
                _ if entry.node.is_null() => {}
                Some(Judged::Read) => {}
                Some(Judged::Noted(why)) => self.noted(&path, entry, why),
                Some(Judged::Refused(help)) => self.refused(&path, entry.key, help),
                None => {
                    let near = nearest(field, message);
                    let help = near.map_or_else(
                        || "remove it, or see docs/istio-files.md for the fields that are known".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let unknown =
                        Diagnostic::error("EW403", format!("`{path}` is no field of Istio's that is known here"));
                    self.say(unknown.at(entry.key, "").help(help));
                }
            }
        }
        Some(map)
    }

    /// A field that changes nothing here.
    pub(super) fn noted(&mut self, path: &str, entry: &Entry, why: &str) {
        self.say(Diagnostic::warning("EW401", format!("`{path}` changes nothing here")).at(entry.key, why));
    }

    /// A field that might change a figure.
    pub(super) fn refused(&mut self, path: &str, at: Span, help: &str) {
        self.say(Diagnostic::error("EW400", format!("`{path}` is not simulated")).at(at, "").help(help));
    }

    /// A value that cannot be read.
    pub(super) fn wrong(&mut self, node: &Node, due: &str) {
        self.say(Diagnostic::error("EW402", format!("{due}, not {}", shown(node))).at(node.span, ""));
    }

    /// The items of a list.
    pub(super) fn list<'n>(&mut self, entry: Option<&'n Entry>, field: &str) -> &'n [Node] {
        match entry.map(|entry| (&entry.node.value, &entry.node)) {
            None => &[],
            Some((Value::List(items), _)) => items,
            Some((_, node)) => {
                self.wrong(node, &format!("`{field}` is a list"));
                &[]
            }
        }
    }

    /// A single text.
    pub(super) fn text<'n>(&mut self, node: &'n Node, field: &str) -> Option<&'n str> {
        let text = node.as_text().filter(|_| !node.is_null());
        if text.is_none() {
            self.wrong(node, &format!("`{field}` is a text"));
        }
        text
    }

    /// A whole number.
    pub(super) fn count(&mut self, entry: Option<&Entry>, field: &str) -> Option<u64> {
        let node = &entry?.node;
        let count = node.as_text().and_then(|text| text.parse::<u32>().ok());
        if count.is_none() {
            self.wrong(node, &format!("`{field}` is a whole number"));
        }
        count.map(u64::from)
    }

    /// A number of percent, as a share.
    pub(super) fn percent(&mut self, entry: Option<&Entry>, field: &str) -> Option<String> {
        let node = &entry?.node;
        let text = node.as_text().filter(|text| {
            let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            plain && text.len() < 20 && text.parse::<f64>().is_ok_and(|value| (0.0..=100.0).contains(&value))
        });
        if text.is_none() {
            self.wrong(node, &format!("`{field}` is a number of percent, 0 to 100"));
        }
        text.map(|text| format!("{text}%"))
    }

    /// `true` or `false`; false where it is not said.
    pub(super) fn flag(&mut self, entry: Option<&Entry>, field: &str) -> Option<bool> {
        let node = &entry?.node;
        match node.as_text() {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => {
                self.wrong(node, &format!("`{field}` is `true` or `false`"));
                None
            }
        }
    }

    /// A duration of Go's, `1h30m`, in the scenario's words.
    pub(super) fn duration(&mut self, entry: Option<&Entry>, field: &str) -> Option<String> {
        let node = &entry?.node;
        let nanos = node.as_text().and_then(go_duration);
        if nanos.is_none() {
            self.wrong(node, &format!("`{field}` is a duration such as `30s` or `1m30s`"));
        }
        nanos.map(written)
    }

    /// A duration, of which nothing is `none`.
    pub(super) fn limit(&mut self, entry: Option<&Entry>, field: &str) -> Option<String> {
        let text = self.duration(entry, field)?;
        Some(if text == "0s" { "none".to_owned() } else { text })
    }
}

fn shown(node: &Node) -> String {
    match node.as_text().filter(|_| !node.is_null()) {
        Some(text) => format!("`{}`", text.chars().take(60).collect::<String>().escape_default()),
        None => node.kind().to_owned(),
    }
}

fn nearest<'m>(field: &str, message: &'m Message) -> Option<&'m str> {
    crate::scenario::decode::fields::nearest(field, message.fields.iter().map(|(name, _)| *name))
}

/// Nanoseconds of `1h30m`, `1.5s`, `0`: Go's `time.ParseDuration` without signs; none beyond a century.
fn go_duration(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut total) = (text, 0_u128);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, after) = rest.split_at(end);
        let until = after.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(until);
        let unit = u128::from(UNITS.iter().find(|(name, _)| *name == unit)?.1);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && part.is_empty()) || whole.len() > 18 || part.len() > 18 {
            return None;
        }
        let digits = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u128>().ok() };
        total += digits(whole)? * unit + digits(part)? * unit / 10_u128.pow(part.len() as u32);
        rest = next;
        if total > 3_200_000_000_000_000_000 {
            return None;
        }
    }
    (!text.is_empty()).then_some(total as u64)
}

/// In the largest unit that it is a whole number of.
fn written(nanos: u64) -> String {
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];
    let (unit, size) = units.into_iter().find(|(_, size)| nanos.is_multiple_of(*size)).unwrap_or(("ns", 1));
    format!("{}{unit}", nanos / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_gos() {
        let read = |text: &str| go_duration(text).map(written);
        let cases = [
            ("30s", "30s"),
            ("1h30m", "5400s"),
            ("1.5s", "1500ms"),
            ("0", "0s"),
            ("250us", "250us"),
            (".5ms", "500us"),
        ];
        for (text, due) in cases {
            assert_eq!(read(text).as_deref(), Some(due), "{text}");
        }
        for text in ["", "5", "s", "-1s", "1d", "1 s", ".s", "1s2", "1..2s", "99999999999h"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
