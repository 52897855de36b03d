//! What parts two sets of places, and what only stands in the way of what is new.

use super::super::fields::{Decoder, Fields, Path, below};
use super::hit::Things;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Effect, Hit};
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Value};
use crate::scenario::vocabulary::{self as words, Block};

/// Words that stand in place of `hit`.
pub(super) const SIDES: [&str; 2] = ["partition", "security-group"];

impl Decoder {
    /// `partition` or `security-group`: its two sides, and both as one text; none: neither is written.
    pub(super) fn parted(
        &mut self,
        map: &Fields<'_>,
        path: &Path,
        things: &Things<'_>,
    ) -> Option<Option<(Spanned<Hit>, String)>> {
        let [split, rule] = SIDES.map(|word| map.entry(word));
        if let (Some(_), Some(rule)) = (split, rule) {
            let text = "`partition` and `security-group` exclude each other";
            self.say(Diagnostic::error("EW014", text).at(rule.key, "").help("write a fault for each"));
            return Some(None);
        }
        match (split, rule) {
            (Some(entry), _) => {
                let block = &words::PARTITION;
                let sides =
                    self.sides(entry, below(path, SIDES[0]), (block, ["between", "and"], "a partition"), things);
                Some(sides.map(|sides| {
                    let text = format!("{} | {}", sides[0].join(" + "), sides[1].join(" + "));
                    (Spanned::new(Hit::Between(sides), entry.key), text)
                }))
            }
            (None, Some(entry)) => {
                let block = &words::SECURITY_GROUP;
                let sides =
                    self.sides(entry, below(path, SIDES[1]), (block, ["from", "to"], "a security group"), things);
                Some(sides.map(|sides| {
                    let text = format!("{} -> {}", sides[0].join(" + "), sides[1].join(" + "));
                    (Spanned::new(Hit::Rule(sides), entry.key), text)
                }))
            }
            (None, None) => None,
        }
    }

    /// Two sets of places, none of them empty.
    fn sides(
        &mut self,
        entry: &Entry,
        path: Path,
        (block, keys, what): (&'static Block, [&'static str; 2], &str),
        things: &Things<'_>,
    ) -> Option<[Vec<String>; 2]> {
        let map = self.open(Some(&entry.node), block, path, entry.key)?;
        let sides = keys.map(|key| {
            let side = map.entry(key)?;
            let mut places = Vec::new();
            for node in self.items(&side.node, "places") {
                let text = Spanned::new(self.text(node, "a place, `region/R`")?.to_owned(), node.span);
                let hit = self.hit(&text, things)?;
                let place = ["region", "zone", "cluster", "vpc"].iter().any(|kind| text.value.starts_with(kind));
                if !place {
                    let wrong = Diagnostic::error("EW417", format!("`{}` is on no side of {what}", text.value));
                    let help = "its sides are places: `region/R`, `zone/R/Z`, `cluster/C`, `vpc/V`";
                    self.say(wrong.at(hit.span, "").help(help));
                    return None;
                }
                places.push(text.value);
            }
            Some(places)
        });
        if block.key("established").is_some() {
            let _ = map.word(self, "established");
        }
        map.close();
        let [Some(one), Some(other)] = sides else { return None };
        if one.is_empty() || other.is_empty() {
            let wrong = Diagnostic::error("EW417", format!("a side of {what} is empty")).at(entry.key, "");
            self.say(wrong.help("write at least one place on each side"));
            return None;
        }
        Some([one, other])
    }

    /// `established` of `security-group`, which has been read: is what it knows kept?
    pub(super) fn established(&self, map: &Fields<'_>) -> Option<bool> {
        let said = map.entry("security-group")?.node.get("established")?.as_text()?;
        ["kept", "cut"].contains(&said).then(|| said == "kept")
    }

    /// `expire`, `new-root` and `no-route`.
    pub(super) fn barriers(&mut self, map: &Fields<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        effects.extend(map.word(self, "expire").map(|_| Effect::Expire));
        effects.extend(map.word(self, "new-root").map(|_| Effect::NewRoot));
        if let Some(said) = map.said(self, "no-route") {
            if !matches!(said.node.value, Value::List(_)) {
                effects.extend(self.word(&said.node, map.shape("no-route")).map(|_| Effect::NoRoute(None)));
                return effects;
            }
            let mut services = Vec::new();
            for node in self.items(&said.node, "services") {
                let name = self.text(node, "a service").map(str::to_owned);
                services.extend(name.map(|name| Spanned::new(name, node.span)));
            }
            // Of none nothing is said.
            effects.extend((!services.is_empty()).then_some(Effect::NoRoute(Some(services))));
        }
        effects
    }
}
