//! `flows:`, what flows in the background, always or at times.

use super::fault::too_often;
use super::fields::{Decoder, Fields};
use super::mesh::positive;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Flow, FlowTimes, Topology};
use crate::scenario::quantity;
use crate::scenario::tree::{Entry, Node};
use crate::scenario::vocabulary as words;
use crate::units::Duration;
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
            let when = self.flow_times(&map, name, entry);
            map.close();
            let (Some(from), Some(to), Some(rate)) = (from, to, rate) else { continue };
            if from.value == to.value {
                self.say(Diagnostic::error("EW305", "a flow joins two different places").at(to.span, ""));
            }
            flows.insert(name.to_owned(), Flow { span: entry.key, from, to, rate, when });
        }
        flows
    }

    /// `at`, `for` and `every`; none where it always flows, or they are wrong.
    fn flow_times(&mut self, map: &Fields<'_>, name: &str, entry: &Entry) -> Option<FlowTimes> {
        if ["at", "for", "every"].iter().all(|word| map.entry(word).is_none()) {
            return None;
        }
        for (word, means) in [("at", "when it begins"), ("for", "for how long")] {
            if map.entry(word).is_none() {
                let lacks = Diagnostic::error("EW013", format!("`flows.{name}` lacks `{word}`"));
                let help = format!("{word}: {means}; without `at`, `for` and `every` it always flows");
                self.say(lacks.at(entry.key, "of this").help(help));
            }
        }
        let at = map.entry("at").and_then(|said| self.start(&said.node));
        let lasts = map.read(self, "for", positive);
        let every = map.read(self, "every", positive);
        let (at, lasts) = (at?, lasts?);
        if let Some(every) = every {
            if every.value <= lasts.value {
                let text = format!("flow `{name}` begins again before it ends");
                let help =
                    "make `for` shorter than `every`, or leave `at`, `for` and `every` out: it would always flow";
                self.say(
                    Diagnostic::error("EW544", text).at(every.span, "").at(lasts.span, "it lasts this long").help(help),
                );
                return None;
            }
            if too_often(every.value.seconds(), DAY) {
                let text = format!("flow `{name}` begins more than 10,000 times a day");
                let help = "write its mean as a flow that always flows";
                self.say(Diagnostic::error("EW544", text).at(every.span, "").help(help));
                return None;
            }
        }
        Some(FlowTimes { at, lasts, every: every.map(|every| every.value) })
    }
}

const DAY: Duration = Duration::from_secs(86_400);
