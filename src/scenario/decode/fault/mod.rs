//! `faults:`: who is hit, when, and what happens.

mod effect;
mod hit;
mod when;

use super::fields::Decoder;
use crate::scenario::file::Fault;
use crate::scenario::tree::{Entry, Node};
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;

pub(super) use hit::Things;
pub(crate) use hit::accepts;
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
        let text = map.text(self, "hit");
        let hit = text.as_ref().and_then(|text| self.hit(text, things));
        let attacked = text.as_ref().is_some_and(|text| text.value.starts_with("eip/"));
        let when = self.when(&map, &path, name, entry, attacked);
        let effects = self.effects(&map, &path, name, entry, hit.as_ref().map(|hit| &hit.value));
        let flap = self.flap(&map, &path);
        map.close();
        Some(Fault { span: entry.key, when: when?, flap, hit: hit?, hit_text: text?.value, effects: effects? })
    }
}
