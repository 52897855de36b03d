//! `faults:`: who is hit, when, and what happens.

mod barrier;
mod effect;
mod hit;
mod incident;
mod pattern;
mod pods;
mod when;

use super::fields::{Decoder, Fields, Path};
use crate::fault::{JOINED, Pick};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Effect, Fault, Hit};
use crate::scenario::quantity;
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::Ratio;
use indexmap::IndexMap;

pub(super) use hit::Things;
pub(crate) use hit::accepts;
pub(super) use pattern::unmatched;
pub(super) use when::too_often;

impl Decoder {
    /// `faults:`.
    pub(super) fn faults(&mut self, node: Option<&Node>, things: &Things<'_>) -> IndexMap<String, Fault> {
        let mut faults = IndexMap::new();
        for (name, entry) in self.named(node, "faults") {
            if let Some(fault) = self.fault(name, entry, things) {
                faults.insert(name.to_owned(), fault);
            }
        }
        faults
    }

    fn fault(&mut self, name: &str, entry: &Entry, things: &Things<'_>) -> Option<Fault> {
        let path = vec!["faults".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::FAULT, path.clone(), entry.key)?;
        let (hit, text) = self.who(&map, &path, entry, things);
        let attacked = text.as_ref().is_some_and(|text| text.split(JOINED).all(|one| one.starts_with("eip/")));
        let pick = self.pick(&map, text.as_deref());
        if map.entry("incident").is_some_and(|entry| !entry.node.is_null()) {
            let when = self.incident(&map, name, entry, hit.as_ref());
            map.close();
            let (when, hit) = (when?, hit?);
            return Some(Fault { span: entry.key, when, flap: None, hit, hit_text: text?, pick, effects: Vec::new() });
        }
        if let Some(speed) = map.entry("speed").filter(|entry| !entry.node.is_null()) {
            let text = "`speed` is for an `incident`";
            self.say(
                Diagnostic::error("EW014", text).at(speed.key, "").help("what is told by `for` lasts for so long"),
            );
        }
        let when = self.when(&map, &path, name, entry, attacked);
        let effects = self.effects(&map, &path, name, entry, hit.as_ref().map(|hit| &hit.value));
        for service in effects.iter().flatten().flat_map(Effect::unrouted) {
            self.known("service", &service.value, service.span, things.services.keys().map(String::as_str));
        }
        let flap = self.flap(&map, &path);
        map.close();
        Some(Fault { span: entry.key, when: when?, flap, hit: hit?, hit_text: text?, pick, effects: effects? })
    }

    /// `hit`, `partition` or `security-group`: what, and its text.
    fn who(
        &mut self,
        map: &Fields<'_>,
        path: &Path,
        entry: &Entry,
        things: &Things<'_>,
    ) -> (Option<Spanned<Hit>>, Option<String>) {
        match (map.entry("hit"), self.parted(map, path, things)) {
            (Some(hit), Some(_)) => {
                let word = barrier::SIDES.iter().find(|word| map.entry(word).is_some()).expect("one of them is there");
                let text = format!("`hit` and `{word}` exclude each other");
                let help = format!("a {} says itself whom it hits", word.replace('-', " "));
                self.say(Diagnostic::error("EW014", text).at(hit.key, "").help(help));
                (None, None)
            }
            (None, Some(parted)) => parted.unzip(),
            (Some(hit), None) if matches!(hit.node.value, Value::List(_)) => match self.several(hit, things) {
                Some((hit, text)) => (Some(hit), Some(text)),
                None => (None, None),
            },
            (Some(_), None) => {
                let text = map.text(self, "hit");
                (text.as_ref().and_then(|text| self.hit(text, things)), text.map(|text| text.value))
            }
            (None, None) => {
                let text = format!("`{}` lacks `hit`", path.join("."));
                let help = "hit: What, `zone/REGION/ZONE`; or `partition`, or `security-group`.";
                self.say(Diagnostic::error("EW013", text).at(entry.key, "of this").help(help));
                (None, None)
            }
        }
    }

    /// `count` or `share` of what a pattern finds.
    fn pick(&mut self, map: &Fields<'_>, hit: Option<&str>) -> Option<Pick> {
        let (count, share) = (map.count32(self, "count"), map.read(self, "share", quantity::share));
        let said = count.as_ref().map(|count| count.span).or(share.as_ref().map(|share| share.span))?;
        if let (Some(_), Some(share)) = (&count, &share) {
            let text = "`count` and `share` exclude each other";
            self.say(Diagnostic::error("EW014", text).at(share.span, "the second of them"));
        }
        let list = hit.is_some_and(|hit| hit.contains(JOINED));
        if list || hit.is_some_and(|hit| !hit.contains('*')) {
            let text = if list { "this is some of a list" } else { "this is some of one thing" };
            let help = "write a `hit` with `*`, such as `replica/orders@*`, or leave `count` and `share` out";
            self.say(Diagnostic::error("EW418", text).at(said, "").help(help));
        }
        if let Some(share) = share.as_ref().filter(|share| share.value == Ratio::ZERO) {
            self.say(Diagnostic::error("EW416", "none of them is hit").at(share.span, "").help("say how many"));
        }
        count.map(|count| Pick::Count(count.value)).or(share.map(|share| Pick::Share(share.value)))
    }
}
