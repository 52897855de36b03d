//! `flows:`, what always flows in the background.

use super::fields::Decoder;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Flow, Topology};
use crate::scenario::quantity;
use crate::scenario::tree::Node;
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;

impl Decoder {
    pub(super) fn flows(&mut self, node: Option<&Node>, topology: &Topology) -> IndexMap<String, Flow> {
        let mut flows = IndexMap::new();
        for (name, entry) in self.named(node, "flows") {
            let path = vec!["flows".into(), name.to_owned()];
            let Some(map) = self.open(Some(&entry.node), &words::FLOW, path, entry.key) else { continue };
            let from = map.text(self, "from").and_then(|end| self.route_end(&end, topology));
            let to = map.text(self, "to").and_then(|end| self.route_end(&end, topology));
            let rate = map.read(self, "rate", quantity::bandwidth);
            map.close();
            let (Some(from), Some(to), Some(rate)) = (from, to, rate) else { continue };
            if from.value == to.value {
                self.say(Diagnostic::error("EW305", "a flow joins two different places").at(to.span, ""));
            }
            flows.insert(name.to_owned(), Flow { span: entry.key, from, to, rate });
        }
        flows
    }
}
