//! What requests carry of headers that rules look at, as few numbers: contexts, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::HashOn;
use crate::policy::route_match::StringMatch;
use crate::random::hash_name;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Forwards, HeaderText, Rule, Scenario};
use crate::world::{Carried, Context, ContextMapId, DrawnHeader, HeaderId, HeaderValue, StreamId, World};

/// More of them are refused: a context is 16 bits of a call.
const CONTEXTS_MAX: usize = 60_000;

/// What becomes of headers on the way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Change {
    /// Only these are passed on.
    Keep(Vec<HeaderId>),
    /// These are removed, then those are set.
    Write(Vec<HeaderId>, Vec<(HeaderId, String)>),
}

/// Contexts of a scenario while they are found.
#[derive(Debug)]
pub(super) struct Contexts {
    ids: BTreeMap<String, HeaderId>,
    /// All that is asked of each header.
    asked: Vec<Vec<StringMatch>>,
    known: BTreeMap<Vec<(HeaderId, HeaderValue)>, u16>,
    list: Vec<Context>,
    changes: BTreeMap<Change, ContextMapId>,
}

impl Contexts {
    /// The headers that rules look at, the contexts of all requests, and what services make of them.
    pub(super) fn new(scenario: &Scenario, world: &mut World, said: &mut Vec<Diagnostic>) -> Contexts {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let matches = || scenario.mesh.rules.values().flat_map(|rules| rules.values()).flat_map(|rule| &rule.matches);
        let asked = || matches().flat_map(|entry| entry.headers.iter().chain(&entry.without_headers));
        names.extend(asked().map(|(name, _)| name.as_str()));
        // What proxies hash they look at too, where some request carries it.
        let hashed: BTreeSet<u64> = hashed(world).collect();
        let rules = scenario.mesh.rules.values().flat_map(|rules| rules.values());
        let set = rules.flat_map(|rule| rule.set.iter().map(|(name, _)| name));
        let carried = scenario.workload.values().flat_map(|stream| stream.headers.keys()).chain(set);
        names.extend(carried.filter(|name| hashed.contains(&hash_name(name))).map(String::as_str));
        let mut ids = BTreeMap::new();
        for name in names {
            ids.insert(name.to_owned(), world.routing.headers.push(name.to_owned()));
        }
        let mut of = vec![Vec::new(); ids.len()];
        for (name, text) in asked() {
            of[ids[name].0 as usize].push(text.clone());
        }
        let mut contexts =
            Contexts { ids, asked: of, known: BTreeMap::new(), list: Vec::new(), changes: BTreeMap::new() };
        if contexts.ids.is_empty() {
            return contexts;
        }
        contexts.intern(Vec::new());
        for (at, stream) in scenario.workload.values().enumerate() {
            let carried = contexts.carried(&stream.headers);
            world.streams[StreamId(at as u32)].carried = carried;
        }
        for (service, written) in world.services.iter_mut().map(|(_, service)| service).zip(scenario.services.values())
        {
            service.forwards = contexts.forwards(&written.forwards);
        }
        for rule in scenario.mesh.rules.values().flat_map(|rules| rules.values()) {
            contexts.written(rule, None);
            (0..rule.set_by_destination.len()).for_each(|at| {
                contexts.written(rule, Some(at));
            });
        }
        contexts.close(world, said);
        contexts
    }

    /// The context's number.
    fn intern(&mut self, headers: Vec<(HeaderId, HeaderValue)>) -> u16 {
        if let Some(&known) = self.known.get(&headers) {
            return known;
        }
        // Past what is refused, numbers mean nothing any more.
        let number = self.list.len().min(CONTEXTS_MAX) as u16;
        if self.list.len() <= CONTEXTS_MAX {
            self.known.insert(headers.clone(), number);
            self.list.push(Context { headers });
        }
        number
    }

    fn change(&mut self, change: Change) -> ContextMapId {
        let next = ContextMapId(self.changes.len() as u32);
        *self.changes.entry(change).or_insert(next)
    }

    /// What a stream's requests carry: fixed texts, and of those that are drawn what rules can tell apart.
    fn carried(&mut self, headers: &crate::scenario::file::Headers) -> Carried {
        let mut fixed: Vec<(HeaderId, HeaderValue)> = Vec::new();
        let (mut drawn, mut kinds): (Vec<DrawnHeader>, Vec<Vec<String>>) = (Vec::new(), Vec::new());
        for (name, text) in headers {
            let Some(&header) = self.ids.get(name) else { continue };
            let (values, count) = match &text.value {
                HeaderText::Fixed(text) => {
                    fixed.push((header, HeaderValue::Text(text.clone())));
                    continue;
                }
                HeaderText::OneOf(values) => (values.clone(), values.len() as u32),
                HeaderText::Users(count) => (Vec::new(), *count),
            };
            let value = |at: u32| values.get(at as usize).cloned().unwrap_or_else(|| at.to_string());
            let mut told: BTreeMap<Vec<bool>, u16> = BTreeMap::new();
            let mut stand_for: Vec<String> = Vec::new();
            let mut classes = Vec::new();
            for at in 0..count {
                let value = value(at);
                let seen = self.asked[header.0 as usize].iter().map(|asked| asked.holds(Some(&value))).collect();
                let next = told.len() as u16;
                let class = *told.entry(seen).or_insert(next);
                if class == next && usize::from(class) == stand_for.len() {
                    stand_for.push(value);
                }
                classes.push(class);
            }
            let class_count = stand_for.len() as u16;
            if class_count == 1 {
                classes.clear();
            }
            drawn.push(DrawnHeader { header, name: name.clone(), values, count, classes, class_count });
            kinds.push(stand_for);
        }
        let mut contexts = vec![fixed];
        for (drawn, kinds) in drawn.iter().zip(&kinds) {
            let with = |context: &Vec<_>, kind: &String| {
                let own = (drawn.header, HeaderValue::Drawn(kind.clone()));
                context.iter().cloned().chain([own]).collect::<Vec<_>>()
            };
            contexts = contexts.iter().flat_map(|context| kinds.iter().map(move |kind| with(context, kind))).collect();
        }
        let contexts = contexts.into_iter().map(|mut context| {
            context.sort_unstable();
            self.intern(context)
        });
        Carried { contexts: contexts.collect(), drawn }
    }

    /// What a service makes of what it was sent.
    fn forwards(&mut self, forwards: &Forwards) -> ContextMapId {
        let Forwards::These(names) = forwards else { return ContextMapId::NONE };
        let mut kept: Vec<HeaderId> = names.iter().filter_map(|name| self.ids.get(name)).copied().collect();
        kept.sort_unstable();
        kept.dedup();
        if kept.len() == self.ids.len() { ContextMapId::NONE } else { self.change(Change::Keep(kept)) }
    }

    /// What a rule makes of the headers of the calls that it sends to its destination `at`.
    pub(super) fn written(&mut self, rule: &Rule, at: Option<usize>) -> ContextMapId {
        let remove: Vec<HeaderId> = rule.remove.iter().filter_map(|name| self.ids.get(name)).copied().collect();
        let own = at.and_then(|at| rule.set_by_destination.get(at)?.as_ref());
        let set = rule.set.iter().chain(own).filter_map(|(name, text)| Some((*self.ids.get(name)?, text.clone())));
        let set: Vec<(HeaderId, String)> = set.collect();
        if remove.is_empty() && set.is_empty() {
            return ContextMapId::NONE;
        }
        self.change(Change::Write(remove, set))
    }

    /// Every context that any way leads to, and the maps between them.
    fn close(&mut self, world: &mut World, said: &mut Vec<Diagnostic>) {
        let mut changes: Vec<(ContextMapId, Change)> =
            self.changes.iter().map(|(change, id)| (*id, change.clone())).collect();
        changes.sort_unstable_by_key(|(id, _)| *id);
        let mut maps = vec![Vec::new(); changes.len()];
        let mut at = 0;
        while at < self.list.len() && self.list.len() <= CONTEXTS_MAX {
            for ((_, change), map) in changes.iter().zip(&mut maps) {
                let next = changed(&self.list[at], change);
                map.push(self.intern(next));
            }
            at += 1;
        }
        if self.list.len() > CONTEXTS_MAX {
            let what = format!("requests carry more than {CONTEXTS_MAX} combinations of headers that rules tell apart");
            said.push(
                Diagnostic::error("EW375", what).help("let rules look at fewer headers, or streams draw fewer values"),
            );
            // There is no world: nobody shall look for what it would have been.
            self.ids.clear();
            world.streams.iter_mut().for_each(|(_, stream)| stream.carried = Carried::default());
            world.services.iter_mut().for_each(|(_, service)| service.forwards = ContextMapId::NONE);
            return;
        }
        world.routing.contexts.clone_from(&self.list);
        for map in maps {
            world.routing.maps.push(map);
        }
    }
}

/// Names of headers that proxies hash, hashed.
pub(super) fn hashed(world: &World) -> impl Iterator<Item = u64> {
    world.policies.rows().iter().filter_map(|policy| match policy.hash {
        Some(HashOn::Value { name, .. }) => Some(name),
        _ => None,
    })
}

fn changed(context: &Context, change: &Change) -> Vec<(HeaderId, HeaderValue)> {
    let headers = context.headers.iter();
    match change {
        Change::Keep(kept) => headers.filter(|(header, _)| kept.contains(header)).cloned().collect(),
        Change::Write(remove, set) => {
            let gone = |header: &HeaderId| remove.contains(header) || set.iter().any(|(set, _)| set == header);
            let mut left: Vec<_> = headers.filter(|(header, _)| !gone(header)).cloned().collect();
            for (header, text) in set {
                left.retain(|(known, _)| known != header);
                left.push((*header, HeaderValue::Text(text.clone())));
            }
            left.sort_unstable();
            left
        }
    }
}
