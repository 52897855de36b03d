//! What a fault does to what it hits.

use super::super::fields::{Decoder, Fields, Path, below};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Effect, Hit, Manner};
use crate::scenario::tree::{Entry, Node};

impl Decoder {
    /// `down` and `freeze`.
    pub(super) fn effects(
        &mut self,
        map: &Fields<'_>,
        path: &Path,
        name: &str,
        entry: &Entry,
        hit: Option<&Hit>,
    ) -> Option<Vec<Effect>> {
        let (down, freeze) = (map.word(self, "down"), map.word(self, "freeze").is_some());
        let planes = hit.is_some_and(|hit| matches!(hit, Hit::ControlPlane(_)));
        if freeze && (!planes || down.is_some()) {
            let text = "only a control plane freezes, and then it is not down";
            let help = "write `hit: control-plane` with `freeze: true`, or `down: true` alone";
            self.say(Diagnostic::error("EW382", text).at(entry.key, "of this").help(help));
        } else if !freeze && down.is_none() && map.entry("down").is_none() {
            let lacks = Diagnostic::error("EW013", format!("`faults.{name}` lacks `down`")).at(entry.key, "of this");
            self.say(lacks.help(
                "down: How peers notice, `true`, `silent` or `refused`; of a control plane also `freeze: true`.",
            ));
        }
        if freeze {
            return Some(vec![Effect::Freeze]);
        }
        let refused = matches!(hit?, Hit::Service(_) | Hit::Replica { .. });
        let manner = match down? {
            0 if refused => Manner::Refused,
            2 => Manner::Refused,
            _ => Manner::Silent,
        };
        // Left to what is hit.
        if entry.node.get("down").and_then(Node::as_text) == Some("true") {
            let words = if manner == Manner::Refused { "refused" } else { "silent" };
            self.fill(below(path, "down"), words, false, "eastwest");
        }
        Some(vec![Effect::Down(manner)])
    }
}
