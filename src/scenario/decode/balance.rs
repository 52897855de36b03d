//! `mesh.traffic.SELECTOR`: how hosts are balanced, what is hashed, how new hosts warm up.

use super::fields::{Decoder, Fields};
use super::mesh::positive;
use crate::policy::{Balance, HashOn, LeastRequest, Maglev, RingHash, SlowStart, least_request};
use crate::random::hash_name;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::TrafficPatch;
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::Span;
use crate::scenario::tree::{Node, Value};
use crate::scenario::vocabulary as words;

/// The choices that are a word alone.
const CHOICES: [Balance; 6] = [
    Balance::LEAST_REQUEST,
    Balance::RoundRobin,
    Balance::Random,
    Balance::RingHash(RingHash::ENVOY),
    Balance::Maglev(Maglev::ENVOY),
    Balance::WeightedRandom,
];

impl Decoder {
    /// All of it.
    pub(super) fn balancing(&mut self, map: &Fields<'_>, patch: &mut TrafficPatch) {
        let balance = map.said(self, "balance");
        let at = balance.as_ref().map_or(Span::NONE, |said| said.node.span);
        patch.balance = balance.and_then(|said| match said.node.value {
            Value::Map(_) => self.parameters(&said.node, said.path),
            _ => self.word(&said.node, map.shape("balance")).map(|word| CHOICES[word]),
        });
        if let Some(said) = map.said(self, "hash") {
            patch.hash = self.hashed(&said.node, map).map(Some);
            match patch.balance {
                // Istio's `consistentHash` without a word more is a ring.
                None if at.is_none() => patch.balance = Some(CHOICES[3]),
                Some(balance) if !balance.hashes() => {
                    let what = "`hash` is for `ring-hash` and `maglev`: nothing else looks at it";
                    let help = "leave `balance` out for Istio's ring, or write `ring-hash` or `maglev`";
                    self.say(Diagnostic::error("EW361", what).at(said.node.span, "").help(help));
                }
                _ => {}
            }
        } else if patch.balance.is_some_and(|balance| balance.hashes()) {
            let what = "without `hash` there is nothing to choose by: requests go by chance";
            let help = "write `hash: {header: x-user, values: 10000}`, or `hash: source-ip`";
            self.say(Diagnostic::warning("EW362", what).at(at, "").help(help));
        } else if patch.balance.is_some() {
            // What hashes nothing has nothing to hash, whatever a less specific policy says.
            patch.hash = Some(None);
        }
        patch.warmup = map.said(self, "warmup").and_then(|said| {
            let warmup = self.warmup(&said.node, map);
            let idle = patch.balance.is_some_and(|balance| {
                balance.hashes() || matches!(balance, Balance::Random | Balance::WeightedRandom)
            });
            if idle && warmup.is_some_and(|warmup| warmup.is_some()) {
                let what = "`warmup` is for `least-request` and `round-robin`: nothing else looks at it";
                self.say(Diagnostic::error("EW363", what).at(said.node.span, "").help("leave it out"));
            }
            warmup
        });
        patch.overprovisioning = map.read(self, "overprovisioning", from_whole).map(|percent| percent.value);
    }

    fn parameters(&mut self, node: &Node, path: super::fields::Path) -> Option<Balance> {
        let map = self.open(Some(node), &words::BALANCE_MAP, path, node.span)?;
        let mut found = None;
        if let Some(node) = map.written("least-request") {
            let least = self.open(Some(node), &words::LEAST_REQUEST, map.path_of("least-request"), node.span)?;
            let (choices, bias) = (least.count32(self, "choices"), least.number(self, "bias"));
            let full_scan = least.word(self, "select-hosts") == Some(1);
            let distinct = least.said(self, "distinct").and_then(|said| self.truth(&said.node));
            least.close();
            let (choices, distinct) = (choices?, distinct?);
            if distinct && (full_scan || choices.value as usize > least_request::DISTINCT) {
                let what = format!("distinct draws are {} at most, of `n-choices`", least_request::DISTINCT);
                self.say(Diagnostic::error("EW360", what).at(node.span, ""));
            }
            found = Some(Balance::LeastRequest(LeastRequest {
                choices: choices.value,
                bias: bias?.value,
                full_scan,
                distinct,
            }));
        }
        if let Some(node) = map.written("ring-hash") {
            let ring = self.open(Some(node), &words::RING_HASH, map.path_of("ring-hash"), node.span)?;
            let (min, max) = (ring.count32(self, "min-size"), ring.count32(self, "max-size"));
            let bound = ring.read(self, "bound", from_whole).map(|percent| percent.value);
            ring.close();
            let (min, max) = (min?, max?);
            if min.value > max.value {
                let what = format!("`min-size` {} is above `max-size` {}", min.value, max.value);
                self.say(Diagnostic::error("EW360", what).at(node.span, ""));
            }
            let ring = RingHash { min_size: min.value, max_size: max.value, bound, ..RingHash::ENVOY };
            found = Some(Balance::RingHash(ring));
        }
        if let Some(node) = map.written("maglev") {
            let maglev = self.open(Some(node), &words::MAGLEV, map.path_of("maglev"), node.span)?;
            let size = maglev.count32(self, "table-size");
            let bound = maglev.read(self, "bound", from_whole).map(|percent| percent.value);
            maglev.close();
            let size = size?;
            if !Maglev::is_size(size.value) {
                let what = format!("{} is not a prime, as Envoy wants the size of a Maglev table", size.value);
                let next = (size.value..=Maglev::LARGEST).find(|&size| Maglev::is_size(size));
                let help = format!("the next one is {}", next.unwrap_or(Maglev::LARGEST));
                self.say(Diagnostic::error("EW360", what).at(size.span, "").help(help));
                return None;
            }
            found = Some(Balance::Maglev(Maglev { table_size: size.value, bound }));
        }
        map.close();
        found
    }

    fn hashed(&mut self, node: &Node, traffic: &Fields<'_>) -> Option<HashOn> {
        if !matches!(node.value, Value::Map(_)) {
            self.word(node, traffic.shape("hash"))?;
            return Some(HashOn::SourceIp { values: None });
        }
        let map = self.open(Some(node), &words::HASH, traffic.path_of("hash"), node.span)?;
        let (header, cookie) = (map.text(self, "header"), map.text(self, "cookie"));
        let source = map.said(self, "source-ip").and_then(|said| self.truth(&said.node)) == Some(true);
        let values = map.count32(self, "values");
        map.close();
        let named = match (header, cookie, source) {
            (Some(name), None, false) => Some(name.value.to_lowercase()),
            // A cookie is no header of that name.
            (None, Some(name), false) => Some(format!("cookie {}", name.value)),
            (None, None, true) => None,
            _ => {
                let what = "one of `header`, `cookie` and `source-ip: true` is due here";
                self.say(Diagnostic::error("EW361", what).at(node.span, ""));
                return None;
            }
        };
        let Some(name) = named else { return Some(HashOn::SourceIp { values: values.map(|values| values.value) }) };
        let Some(values) = values else {
            let help = "write `values: 10000`: how many different ones there are; beside a rule of Istio's, `mesh: {traffic: {orders: {hash: {values: 10000}}}}` for its host";
            self.say(Diagnostic::error("EW361", "how many values this has is not said").at(node.span, "").help(help));
            return None;
        };
        Some(HashOn::Value { name: hash_name(&name), values: Some(values.value) })
    }

    /// The outer none: it is wrong.
    fn warmup(&mut self, node: &Node, traffic: &Fields<'_>) -> Option<Option<SlowStart>> {
        if node.as_text() == Some("none") {
            return Some(None);
        }
        if !matches!(node.value, Value::Map(_)) {
            let window = self.read(node, "a duration such as `60s`, or `none`", positive)?.value;
            return Some(Some(SlowStart { window, ..SlowStart::ISTIO }));
        }
        let map = self.open(Some(node), &words::WARMUP, traffic.path_of("warmup"), node.span)?;
        let (window, min) = (map.read(self, "for", positive), map.read(self, "min", quantity::share));
        let aggression = map.number(self, "aggression");
        map.close();
        Some(Some(SlowStart { window: window?.value, min: min?.value.get(), aggression: aggression?.value }))
    }
}

/// A share from 100 % on, in whole percents.
fn from_whole(text: &str) -> Result<u32, Complaint> {
    let percent = quantity::percent(text)? * 100.0;
    let whole = libm::round(percent);
    if !(100.0..=1e6).contains(&percent) || (percent - whole).abs() > 1e-9 {
        let help = "write a whole percentage from 100% on, such as `140%`";
        return Err(Complaint::new("EW105", format!("`{text}` is not a share from 100% on"), help));
    }
    Ok(whole as u32)
}
