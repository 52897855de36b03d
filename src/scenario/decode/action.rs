//! `actions:`.

use super::fields::Decoder;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Action, ActionSet, ActionWhen, GlobalEntry, Service, Store, Topology};
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::{Duration, SimTime};
use crate::world::Answer;
use indexmap::IndexMap;

/// What actions may meet.
pub(super) struct Scope<'s> {
    pub(super) topology: &'s Topology,
    pub(super) entries: &'s IndexMap<String, GlobalEntry>,
    pub(super) stores: &'s IndexMap<String, Store>,
    pub(super) services: &'s IndexMap<String, Service>,
    pub(super) faults: &'s [String],
}

impl Decoder {
    /// `actions:`.
    pub(super) fn actions(&mut self, node: Option<&Node>, scope: &Scope<'_>) -> IndexMap<String, Action> {
        let mut actions = IndexMap::new();
        for (name, entry) in self.named(node, "actions") {
            if let Some(action) = self.action(name, entry, scope) {
                actions.insert(name.to_owned(), action);
            }
        }
        actions
    }

    fn action(&mut self, name: &str, entry: &Entry, scope: &Scope<'_>) -> Option<Action> {
        let path = vec!["actions".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::ACTION, path, entry.key)?;
        let at = map.read(self, "at", quantity::duration);
        let when = map.read(self, "when", moment);
        let rings = map.read(self, "alarm", quantity::duration);
        let rings_said = map.entry("alarm").map(|entry| entry.key);
        let needs = map.written("needs").map_or_else(Vec::new, |node| self.needs(node));
        let set = map.written("set").map(|node| self.sets(node, scope));
        map.close();
        let when = match (at, when) {
            (Some(at), None) => ActionWhen::At(at.map(|at| SimTime::from_nanos(at.nanos()))),
            (None, Some(when)) => {
                let (alarm, fault, then) = when.value;
                let known = self.known("fault", &fault, when.span, scope.faults.iter().map(String::as_str));
                known.then_some(())?;
                if alarm {
                    ActionWhen::Alarm { fault, rings: rings?.value, then }
                } else {
                    ActionWhen::End { fault, then }
                }
            }
            (at, when) => {
                // What is written and cannot be read has been told.
                if at.is_some() == when.is_some() && (at.is_some() || map_lacks(entry)) {
                    let text = format!("`actions.{name}` is due either `at` a time or `when` a fault says");
                    let help = "for example `when: alarm(region-out) + 10m`, `when: end(region-out)` or `at: 20m`";
                    self.say(Diagnostic::error("EW454", text).at(entry.key, "").help(help));
                }
                return None;
            }
        };
        if let Some(span) = rings_said.filter(|_| !matches!(when, ActionWhen::Alarm { .. })) {
            let idle = Diagnostic::error("EW454", "`alarm` is of actions that wait for one");
            self.say(idle.at(span, "").help("write `when: alarm(FAULT)`, or leave it out"));
        }
        Some(Action { span: entry.key, when, needs, sets: set?? })
    }

    fn needs(&mut self, node: &Node) -> Vec<Spanned<String>> {
        let one = std::slice::from_ref(node);
        let items = if matches!(node.value, Value::List(_)) { self.items(node, "what it needs") } else { one };
        let text = |item: &Node, decoder: &mut Self| {
            decoder.text(item, "`api/CLUSTER` or `control-plane`").map(|text| Spanned::new(text.to_owned(), item.span))
        };
        items.iter().filter_map(|item| text(item, self)).collect()
    }

    fn sets(&mut self, node: &Node, scope: &Scope<'_>) -> Option<Vec<ActionSet>> {
        let mut sets = Vec::new();
        let mut whole = true;
        let entries = self.entries(Some(node), "values");
        if entries.is_empty() && node.as_map().is_some() {
            let text = "an action that sets nothing does nothing";
            self.say(Diagnostic::error("EW494", text).at(node.span, "").help(SETTABLE));
            return None;
        }
        for (key, entry) in entries {
            if let Some(name) = key.strip_prefix("stores.").and_then(|rest| rest.strip_suffix(".primary")) {
                match self.primary_of(name, entry, scope) {
                    Some(cluster) => sets.push(ActionSet::Primary(name.to_owned(), cluster)),
                    None => whole = false,
                }
                continue;
            }
            if let Some(whose) = key.strip_prefix("services.").and_then(|rest| rest.strip_suffix(".autoscale.min")) {
                match self.least_of(whose, entry, scope) {
                    Some(set) => sets.push(set),
                    None => whole = false,
                }
                continue;
            }
            let of = key.strip_prefix("entry.").and_then(|rest| rest.strip_suffix(".to"));
            let Some(name) = of else {
                let text = format!("an action cannot set `{key}`");
                self.say(Diagnostic::error("EW455", text).at(entry.key, "").help(SETTABLE));
                whole = false;
                continue;
            };
            let known = self.known("entry", name, entry.key, scope.entries.keys().map(String::as_str));
            let leads = self.leads(&entry.node, scope.topology);
            let (Some((leads, weighed)), true) = (leads, known) else {
                whole = false;
                continue;
            };
            if (scope.entries[name].answer == Answer::Weighted) != weighed {
                let text = format!("weights of `{name}` stay weights, and a list stays a list");
                self.say(
                    Diagnostic::error("EW450", text).at(entry.node.span, "").at(scope.entries[name].span, "as here"),
                );
                whole = false;
                continue;
            }
            sets.push(ActionSet::Entry(name.to_owned(), leads));
        }
        whole.then_some(sets)
    }
}

const SETTABLE: &str = "it can set `entry.NAME.to`, `stores.NAME.primary` and `services.NAME.autoscale.min` (or `services.NAME@CLUSTER.autoscale.min`); what else a scenario says stays as it is in a run";

impl Decoder {
    /// The cluster that becomes a store's primary.
    fn primary_of(&mut self, name: &str, entry: &Entry, scope: &Scope<'_>) -> Option<String> {
        let with = scope.stores.iter().filter_map(|(name, store)| Some((name.as_str(), store.replication()?)));
        let with: IndexMap<&str, _> = with.collect();
        if !self.known("store with a primary", name, entry.key, with.keys().copied()) {
            return None;
        }
        if with[name].promote.is_none() {
            let text = format!("store `{name}` does not say how long a promotion takes");
            let help = "for example `promote: {takes: 60s}`; without `after` operators alone promote";
            let at = scope.stores[name].span;
            self.say(Diagnostic::error("EW493", text).at(entry.key, "").at(at, "it has no `promote`").help(help));
            return None;
        }
        let cluster = self.text(&entry.node, "a cluster")?;
        let copies = with[name].copies.iter().map(|copy| copy.value.as_str());
        self.known("cluster of this store", cluster, entry.node.span, copies).then(|| cluster.to_owned())
    }
}

impl Decoder {
    /// The fewest replicas that a service's autoscalers keep, `NAME` or `NAME@CLUSTER`.
    fn least_of(&mut self, whose: &str, entry: &Entry, scope: &Scope<'_>) -> Option<ActionSet> {
        let (name, cluster) = whose.split_once('@').map_or((whose, None), |(name, at)| (name, Some(at)));
        let scaled = scope.services.iter().filter(|(_, service)| service.autoscale.is_some());
        if !self.known("service with an autoscaler", name, entry.key, scaled.map(|(name, _)| name.as_str())) {
            return None;
        }
        let service = &scope.services[name];
        if let Some(cluster) = cluster {
            let clusters = service.replicas.iter().map(|replicas| replicas.cluster.value.as_str());
            if !self.known("cluster of this service", cluster, entry.key, clusters) {
                return None;
            }
        }
        let min = self.read(&entry.node, "a number of replicas", |text| quantity::count(text, 1, 1000))?;
        let scaler = service.autoscale.as_ref()?;
        if min.value > u64::from(scaler.rule.max) {
            let text = format!("its autoscaler asks for no more than {}", scaler.rule.max);
            let help = "say a greater `autoscale.max`: there is room for so many replicas from the beginning";
            self.say(Diagnostic::error("EW460", text).at(min.span, "").at(scaler.span, "here").help(help));
            return None;
        }
        Some(ActionSet::Least { service: name.to_owned(), cluster: cluster.map(str::to_owned), min: min.value as u32 })
    }
}

fn map_lacks(entry: &Entry) -> bool {
    entry.node.as_map().is_none_or(|map| !map.contains_key("at") && !map.contains_key("when"))
}

/// `alarm(FAULT) + 10m` or `end(FAULT)`: is it the alarm, of which fault, how long after.
fn moment(text: &str) -> Result<(bool, String, Duration), Complaint> {
    let wrong = || {
        let what = format!("`{text}` is no moment of a fault");
        Complaint::new("EW454", what, "write `alarm(FAULT) + 10m`, `alarm(FAULT)`, `end(FAULT) + 5m` or `end(FAULT)`")
    };
    let (what, rest) = text.trim().split_once('(').ok_or_else(wrong)?;
    let (fault, rest) = rest.split_once(')').ok_or_else(wrong)?;
    let alarm = match what.trim() {
        "alarm" => true,
        "end" => false,
        _ => return Err(wrong()),
    };
    let then = match rest.trim() {
        "" => Duration::ZERO,
        rest => quantity::duration(rest.strip_prefix('+').ok_or_else(wrong)?.trim())?,
    };
    Ok((alarm, fault.trim().to_owned(), then))
}
