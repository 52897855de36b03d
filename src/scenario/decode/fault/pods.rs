//! `restart` and `drain`: processes that end and begin anew.

use super::super::fields::{Decoder, Fields};
use super::effect::EFFECTS;
use crate::policy::autoscale::GRACE;
use crate::policy::rollout::{AtOnce, Rollout};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::Effect;
use crate::scenario::quantity;
use crate::scenario::tree::Value;
use crate::scenario::vocabulary as words;
use crate::units::{Duration, Ratio};

impl Decoder {
    /// `restart`.
    pub(super) fn restart(&mut self, map: &Fields<'_>) -> Option<Effect> {
        let entry = map.entry("restart")?;
        for word in EFFECTS.iter().filter(|word| **word != "restart").chain(&["for", "mean-down", "flap"]) {
            let Some(other) = map.entry(word).filter(|entry| !entry.node.is_null()) else { continue };
            let text = format!("a `restart` is over when all listen again, and has no `{word}` beside it");
            let help = if EFFECTS.contains(word) {
                "write it as another fault"
            } else {
                "how long it takes follows from `services.NAME.start-up`, and how often it comes from `every` or `mean-up`"
            };
            self.say(Diagnostic::error("EW506", text).at(other.key, "").at(entry.key, "the restart").help(help));
        }
        if let Value::Scalar { .. } = entry.node.value {
            self.word(&entry.node, map.shape("restart"))?;
            return Some(Effect::Restart(None));
        }
        let map = self.open(Some(&entry.node), &words::RESTART, map.path_of("restart"), entry.key)?;
        let at_once = map.said(self, "at-once");
        let at_once =
            at_once.and_then(|said| self.read(&said.node, "a number of pods, or a share such as `25%`", away));
        let grace = self.grace(&map);
        map.close();
        Some(Effect::Restart(Some(Rollout { at_once: at_once?.value, grace })))
    }

    /// `drain`.
    pub(super) fn drain(&mut self, map: &Fields<'_>) -> Option<Effect> {
        let entry = map.entry("drain")?;
        if let Value::Scalar { .. } = entry.node.value {
            self.word(&entry.node, map.shape("drain"))?;
            self.fill([map.path_of("drain"), vec!["grace".into()]].concat(), "30s", false, "Kubernetes");
            return Some(Effect::Drain(GRACE));
        }
        let map = self.open(Some(&entry.node), &words::DRAIN, map.path_of("drain"), entry.key)?;
        let grace = self.grace(&map);
        map.close();
        Some(Effect::Drain(grace))
    }

    fn grace(&mut self, map: &Fields<'_>) -> Duration {
        map.read(self, "grace", quantity::duration).map_or(GRACE, |grace| grace.value)
    }
}

/// `2` or `25%`.
fn away(text: &str) -> Result<AtOnce, quantity::Complaint> {
    if !text.contains('%') {
        return quantity::count(text, 1, 1_000_000).map(|count| AtOnce::Count(count as u32));
    }
    match quantity::share(text)? {
        Ratio::ZERO => Err(quantity::Complaint::new("EW105", "a rollout of none at once never ends", "write `1`")),
        share => Ok(AtOnce::Share(share)),
    }
}
