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
    /// `restart`; `gateways`: of these alone.
    pub(super) fn restart(&mut self, map: &Fields<'_>, gateways: bool) -> Option<Effect> {
        let entry = map.entry("restart")?;
        for word in EFFECTS.iter().filter(|word| **word != "restart").chain(&["for", "mean-down", "flap"]) {
            let Some(other) = map.entry(word).filter(|entry| !entry.node.is_null()) else { continue };
            let text = format!("a `restart` is over when all listen again, and has no `{word}` beside it");
            let help = if EFFECTS.contains(word) {
                "write it as another fault"
            } else {
                "how long it takes follows from the `start-up` of its service or gateway, and how often it comes from `every` or `mean-up`"
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
        let grace = self.grace(&map, gateways);
        map.close();
        Some(Effect::Restart(Some(Rollout { at_once: at_once?.value, grace })))
    }

    /// `drain`; `gateways`: of these alone.
    pub(super) fn drain(&mut self, map: &Fields<'_>, gateways: bool) -> Option<Effect> {
        let entry = map.entry("drain")?;
        if let Value::Scalar { .. } = entry.node.value {
            self.word(&entry.node, map.shape("drain"))?;
            let (grace, words, origin) = usual(gateways);
            self.fill([map.path_of("drain"), vec!["grace".into()]].concat(), words, false, origin);
            return Some(Effect::Drain(grace));
        }
        let map = self.open(Some(&entry.node), &words::DRAIN, map.path_of("drain"), entry.key)?;
        let grace = self.grace(&map, gateways);
        map.close();
        Some(Effect::Drain(grace))
    }

    fn grace(&mut self, map: &Fields<'_>, gateways: bool) -> Duration {
        let (grace, words, origin) = usual(gateways);
        if map.entry("grace").is_none() {
            self.fill(map.path_of("grace"), words, true, origin);
            return grace;
        }
        map.read(self, "grace", quantity::duration).map_or(grace, |said| said.value)
    }
}

/// How long a pod works on that is sent away, unless told, and who says so. What runs in a gateway's pod is Istio's agent, which
/// ends its Envoy `terminationDrainDuration` after the signal.
const fn usual(gateways: bool) -> (Duration, &'static str, &'static str) {
    if gateways { (Duration::from_secs(5), "5s", "Istio") } else { (GRACE, "30s", "Kubernetes") }
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
