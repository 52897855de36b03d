//! `entry:`.

use super::fields::{Decoder, Fields, Path};
use super::mesh::positive;
use crate::policy::entry::{CHECK, Check};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{GlobalEntry, Leads, Topology};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::Ratio;
use crate::world::{Answer, Kept};
use indexmap::IndexMap;

/// Health checks, and the service that a deep one asks for.
type Checks = (Check, Option<Spanned<String>>);

const ANSWERS: [Answer; 3] = [Answer::Nearest, Answer::Weighted, Answer::First];

impl Decoder {
    /// `entry:`.
    pub(super) fn global_entries(
        &mut self,
        node: Option<&Node>,
        topology: &Topology,
        services: &[String],
    ) -> IndexMap<String, GlobalEntry> {
        let mut entries = IndexMap::new();
        for (name, entry) in self.named(node, "entries") {
            match self.global_entry(name, entry, topology, services) {
                Some(found) => {
                    entries.insert(name.to_owned(), found);
                }
                None => {
                    self.lost.insert(name.to_owned());
                }
            }
        }
        entries
    }

    fn global_entry(
        &mut self,
        name: &str,
        entry: &Entry,
        topology: &Topology,
        services: &[String],
    ) -> Option<GlobalEntry> {
        let path = vec!["entry".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::ENTRY, path, entry.key)?;
        let dns = map.entry("dns").map(|dns| (dns.key, self.dns(&map, dns, services)));
        let balancer = map.entry("balancer").map(|entry| (entry.key, self.balancer(&map, entry, services)));
        let to = map.written("to").and_then(|to| self.leads(to, topology));
        let connect_timeout = map.read(self, "connect-timeout", positive);
        map.close();
        let (kept, (check, path), said) = match (dns, balancer) {
            (Some((_, dns)), None) => {
                let (kept, check, answer) = dns?;
                (kept, check, answer)
            }
            (None, Some((_, balancer))) => {
                let (check, answer) = balancer?;
                (Kept::No, check, answer)
            }
            (Some((first, _)), Some((second, _))) => {
                let both = Diagnostic::error("EW014", "`dns` and `balancer` exclude each other");
                self.say(both.at(second, "").at(first, ""));
                return None;
            }
            (None, None) => {
                let lacks = format!("`entry.{name}` lacks `dns` or `balancer`");
                let lacks = Diagnostic::error("EW013", lacks).at(entry.key, "of this");
                self.say(lacks.help("for example `dns: {ttl: 60s, check: {every: 10s, misses: 3}}`"));
                return None;
            }
        };
        let (to, weighed) = to?;
        let answer = match said {
            Some(said) if (said.value == Answer::Weighted) != weighed => {
                let text = "weights and `answer: weighted` belong together";
                let help = "write `to: {east: 90, south: 10}` with `answer: weighted`, or a list without it";
                self.say(Diagnostic::error("EW450", text).at(said.span, "").help(help));
                return None;
            }
            Some(said) => said.value,
            None if weighed => Answer::Weighted,
            None => Answer::Nearest,
        };
        let connect_timeout = connect_timeout?.value;
        Some(GlobalEntry { span: entry.key, kept, check, path, answer, connect_timeout, to })
    }

    fn dns(
        &mut self,
        entry: &Fields<'_>,
        dns: &Entry,
        services: &[String],
    ) -> Option<(Kept, Checks, Option<Spanned<Answer>>)> {
        let map = self.open(Some(&dns.node), &words::DNS, entry.path_of("dns"), dns.key)?;
        let ttl = map.read(self, "ttl", quantity::duration);
        let check = self.check_of(&map, services);
        let ignored = map.read(self, "ignore-ttl", quantity::share);
        let hold = map.read(self, "hold", positive);
        let answer = self.answer(&map);
        map.close();
        let ignored = ignored?;
        if let Some(hold) = hold.filter(|_| ignored.value == Ratio::ZERO) {
            let nobody = Diagnostic::warning("EW315", "`hold` has no effect: nobody ignores the time to live");
            self.say(nobody.at(hold.span, "").help("write `ignore-ttl: 5%` beside it"));
        }
        let kept = Kept::Answer { ttl: ttl?.value, ignored: ignored.value, hold: hold.map(|hold| hold.value) };
        Some((kept, check?, answer))
    }

    fn balancer(
        &mut self,
        entry: &Fields<'_>,
        balancer: &Entry,
        services: &[String],
    ) -> Option<(Checks, Option<Spanned<Answer>>)> {
        let map = self.open(Some(&balancer.node), &words::BALANCER, entry.path_of("balancer"), balancer.key)?;
        let check = self.check_of(&map, services);
        let answer = self.answer(&map);
        map.close();
        Some((check?, answer))
    }

    fn answer(&mut self, map: &Fields<'_>) -> Option<Spanned<Answer>> {
        let said = map.said(self, "answer")?;
        let word = self.word(&said.node, map.shape("answer"))?;
        Some(Spanned::new(ANSWERS[word], said.node.span))
    }

    fn check_of(&mut self, of: &Fields<'_>, services: &[String]) -> Option<Checks> {
        let (node, path, at): (Option<&Node>, Path, Span) = match of.entry("check") {
            Some(entry) => (Some(&entry.node), of.path_of("check"), entry.key),
            None => (None, of.path_of("check"), Span::NONE),
        };
        let map = self.open(node, &words::CHECK, path, at)?;
        let every = map.read(self, "every", positive);
        let timeout = map.read(self, "timeout", positive);
        let misses = map.count32(self, "misses");
        let hits = map.count32(self, "hits");
        let service = map.text(self, "path");
        map.close();
        let (every, misses) = (every?.value, misses?.value);
        if let Some(late) = timeout.filter(|timeout| timeout.value > every) {
            let text = "a check is over before the next one begins";
            self.say(Diagnostic::error("EW451", text).at(late.span, "longer than `every`"));
            return None;
        }
        if let Some(service) = &service
            && !self.known("service", &service.value, service.span, services.iter().map(String::as_str))
        {
            return None;
        }
        let timeout = timeout.map_or(CHECK.timeout.min(every), |timeout| timeout.value);
        let hits = hits.map_or(misses, |hits| hits.value);
        Some((Check { every, timeout, misses, hits }, service))
    }

    /// Clusters in order; true where they have weights.
    pub(super) fn leads(&mut self, node: &Node, topology: &Topology) -> Option<(Leads, bool)> {
        let clusters = || topology.clusters.keys().map(String::as_str);
        let mut leads: Leads = Vec::new();
        let mut whole = true;
        let weighed = matches!(node.value, Value::Map(_));
        if weighed {
            for (name, entry) in self.entries(Some(node), "weights") {
                let weight = self.read(&entry.node, "a number", |text| quantity::number(text, 0.0, 1e6));
                let known = self.known("cluster", name, entry.key, clusters());
                match weight.filter(|_| known) {
                    Some(weight) => leads.push((Spanned::new(name.to_owned(), entry.key), weight.value)),
                    None => whole = false,
                }
            }
        } else {
            for item in self.items(node, "clusters") {
                let Some(name) = self.text(item, "the name of a cluster").map(str::to_owned) else {
                    whole = false;
                    continue;
                };
                whole &= self.known("cluster", &name, item.span, clusters());
                if leads.iter().any(|(known, _)| known.value == name) {
                    let twice = Diagnostic::error("EW302", format!("`{name}` is there twice"));
                    self.say(twice.at(item.span, ""));
                    whole = false;
                }
                leads.push((Spanned::new(name, item.span), 1.0));
            }
        }
        if whole && !leads.iter().any(|(_, weight)| *weight > 0.0) {
            let nowhere = Diagnostic::error("EW303", "this leads to no cluster");
            self.say(nowhere.at(node.span, "").help("name one at least, with a weight above zero"));
            return None;
        }
        whole.then_some((leads, weighed))
    }
}
