//! `mesh.lanes`: which versions of which services are one lane, and how requests enter.

use super::fields::{Decoder, Fields, Path, below};
use crate::policy::lanes::{Entry as Entering, Group, Lane, Mode, Of, Rule as LaneRule};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Dataplane, Lanes, Mesh, Rule, RuleAction, RuleTarget, Service, TrafficPatch};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;
use std::collections::BTreeMap;

type Services = IndexMap<String, Service>;
/// Versions by service, of those that have any.
type Versions<'s> = BTreeMap<&'s str, Vec<&'s str>>;

/// A share as a weight: parts of a million.
const PARTS: f64 = 1e6;
/// The subset of a service that a lane lacks: it selects nobody.
const LACKING: &str = "in no version";

impl Decoder {
    /// `mesh.lanes`, and the rules that they are.
    pub(super) fn lanes(
        &mut self,
        entry: Option<&Entry>,
        services: &mut Services,
        streams: &[String],
        mesh: &mut Mesh,
    ) {
        let entry = entry.and_then(|mesh| mesh.node.as_map()?.get("lanes")).filter(|entry| !entry.node.is_null());
        let Some(entry) = entry else { return };
        let Some((lanes, names)) = self.group(entry, services, streams) else { return };
        if mesh.dataplane != Dataplane::Sidecar {
            let alone = Diagnostic::error("EW014", "lanes are rules of sidecars, and there are none");
            self.say(alone.at(entry.key, "").help("write `dataplane: sidecar`, or leave lanes out"));
            return;
        }
        for name in lanes.group.services() {
            let Some(service) = services.get_mut(name) else { continue };
            if let Some((_, rule)) = mesh.rules.get(name).and_then(IndexMap::first) {
                let both = Diagnostic::error("EW014", format!("`{name}` has rules of its own, and is in lanes"));
                let help = "lanes are rules of their services: say under `mesh.lanes.ingress` how requests enter";
                self.say(both.at(rule.span, "").at(lanes.span, "").help(help));
                continue;
            }
            let rules = lanes.group.rules(name, &lanes.ingress, streams);
            if rules.iter().flat_map(|rule| &rule.to).any(|way| way.version.is_none()) {
                service.subsets.insert(LACKING.to_owned(), Vec::new());
            }
            let mut list: IndexMap<String, Rule> = IndexMap::new();
            for rule in rules {
                let own = match rule.of {
                    Some(Of::Lane(lane)) => lanes.group.lanes[lane].name.clone(),
                    Some(Of::Entry(entry)) => format!("entry {}", names[entry]),
                    None => "no lane".to_owned(),
                };
                let own = if list.contains_key(&own) { format!("{own} without a trace") } else { own };
                list.insert(own, laid(name, rule));
            }
            mesh.rules.insert(name.to_owned(), list);
        }
        mesh.lanes = Some(lanes);
    }

    fn group(&mut self, entry: &Entry, services: &Services, streams: &[String]) -> Option<(Lanes, Vec<String>)> {
        let map = self.open(Some(&entry.node), &words::LANES, vec!["mesh".into(), "lanes".into()], entry.key)?;
        let versions: Versions<'_> = services
            .iter()
            .map(|(name, service)| (name.as_str(), service.versions.keys().map(String::as_str).collect::<Vec<_>>()))
            .filter(|(_, versions)| !versions.is_empty())
            .collect();
        let permissive = map.word(self, "mode") == Some(1);
        let route_header = map.text(self, "header").map(|header| self.header_name(header));
        let trace_header = map.text(self, "trace-header").map(|header| self.header_name(header));
        let mut lanes: Vec<(Span, Lane)> = Vec::new();
        for (name, entry) in self.named(map.written("lane"), "lanes") {
            let lane = self.lane(name, entry, below(&map.path_of("lane"), name), services, &versions);
            lanes.extend(lane.map(|lane| (entry.key, lane)));
        }
        let baseline = map.text(self, "baseline");
        if let Some(baseline) = baseline.as_ref().filter(|_| permissive) {
            unlisted(baseline, &mut lanes, &versions);
        }
        let (spans, lanes): (Vec<Span>, Vec<Lane>) = lanes.into_iter().unzip();
        let baseline = self.baseline(&map, baseline, permissive, entry.key, &lanes);
        let by_service = if permissive { self.lending(&map, &lanes) } else { BTreeMap::new() };
        let route_header = route_header?;
        let mode = if permissive {
            let trace_header = trace_header.unwrap_or_else(|| route_header.clone());
            baseline.map(|baseline| Mode::Permissive { route_header, trace_header, baseline, by_service })
        } else {
            Some(Mode::Strict { route_header })
        };
        // Without a baseline the rest can still be read.
        let broken = mode.is_none() || lanes.is_empty();
        let group = Group { lanes, mode: mode.unwrap_or(Mode::Strict { route_header: String::new() }) };
        let (names, ingress) = self.ingress(&map, &group, streams).into_iter().unzip();
        map.close();
        if broken {
            return None;
        }
        self.check_lanes(&group, &spans, entry.key);
        Some((Lanes { span: entry.key, group, spans, ingress }, names))
    }

    /// Names of headers are compared in lower case.
    fn header_name(&mut self, header: Spanned<String>) -> String {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if header.value.is_empty() || !header.value.bytes().all(good) {
            let what = format!("`{}` is no header's name", header.value.escape_default());
            self.say(Diagnostic::error("EW018", what).at(header.span, "").help("for example `x-lane`"));
        }
        header.value.to_ascii_lowercase()
    }

    fn lane(
        &mut self,
        name: &str,
        entry: &Entry,
        path: Path,
        services: &Services,
        versions: &Versions<'_>,
    ) -> Option<Lane> {
        let map = self.open(Some(&entry.node), &words::LANE, path, entry.key)?;
        let version = map.text(self, "version").unwrap_or_else(|| Spanned::new(name.to_owned(), entry.key));
        let mut lane = Lane { name: name.to_owned(), versions: BTreeMap::new() };
        let known = || services.keys().map(String::as_str);
        match map.said(self, "services").map(|said| said.node) {
            None => {
                let having = versions.iter().filter(|(_, all)| all.contains(&version.value.as_str()));
                lane.versions = having.map(|(service, _)| ((*service).to_owned(), version.value.clone())).collect();
                if lane.versions.is_empty() {
                    let what = format!("no service has a version `{}`", version.value);
                    let help = "say the lane's `version`, or its `services` as a map from service to version";
                    self.say(Diagnostic::error("EW376", what).at(version.span, "").help(help));
                }
            }
            Some(Node { value: Value::Map(pairs), .. }) => {
                for (service, entry) in &pairs {
                    let Some(own) = self.text(&entry.node, "a version").map(str::to_owned) else { continue };
                    if self.known("service", service, entry.key, known()) {
                        self.has_version(service, &Spanned::new(own.clone(), entry.node.span), versions);
                        lane.versions.insert(service.clone(), own);
                    }
                }
            }
            Some(node) => {
                for item in self.items(&node, "services").to_vec() {
                    let Some(service) = self.text(&item, "a service").map(str::to_owned) else { continue };
                    if self.known("service", &service, item.span, known()) {
                        self.has_version(&service, &Spanned::new(version.value.clone(), item.span), versions);
                        lane.versions.insert(service, version.value.clone());
                    }
                }
            }
        }
        map.close();
        Some(lane)
    }

    fn has_version(&mut self, service: &str, version: &Spanned<String>, versions: &Versions<'_>) {
        let all = versions.get(service).map_or(&[][..], Vec::as_slice);
        if all.contains(&version.value.as_str()) {
            return;
        }
        let what = format!("`{service}` has no version `{}`", version.value);
        let help = match all {
            [] => format!("it has no versions at all: give it `versions: {{{}: ..}}`", version.value),
            _ => format!("its versions are {}", all.join(", ")),
        };
        self.say(Diagnostic::error("EW376", what).at(version.span, "").help(help));
    }

    fn baseline(
        &mut self,
        map: &Fields<'_>,
        baseline: Option<Spanned<String>>,
        permissive: bool,
        at: Span,
        lanes: &[Lane],
    ) -> Option<usize> {
        let names = || lanes.iter().map(|lane| lane.name.as_str());
        match baseline {
            Some(baseline) if permissive => {
                self.known("lane", &baseline.value, baseline.span, names());
                names().position(|name| name == baseline.value)
            }
            None if permissive => {
                let at = map.entry("mode").map_or(at, |entry| entry.key);
                let what = "a permissive group has no baseline: nobody lends what a lane lacks";
                self.say(Diagnostic::error("EW377", what).at(at, "").help("write `baseline: LANE` beside it"));
                None
            }
            _ => {
                for key in ["baseline", "trace-header", "fallback"] {
                    if let Some(entry) = map.entry(key) {
                        let what =
                            format!("a strict group has no `{key}`: its lanes lend nothing, and the caller decides");
                        let help = format!("remove it (`{key}: null` in a variant), or write `mode: permissive`");
                        self.say(Diagnostic::error("EW377", what).at(entry.key, "").help(help));
                    }
                }
                None
            }
        }
    }

    /// `fallback`: the lane that lends must have the service.
    fn lending(&mut self, map: &Fields<'_>, lanes: &[Lane]) -> BTreeMap<String, usize> {
        let mut by_service = BTreeMap::new();
        for (service, entry) in self.entries(map.written("fallback"), "lanes") {
            let Some(name) = self.text(&entry.node, "a lane").map(str::to_owned) else { continue };
            let names = || lanes.iter().map(|lane| lane.name.as_str());
            let in_lanes = || lanes.iter().flat_map(|lane| lane.versions.keys().map(String::as_str));
            let known = self.known("service in lanes", service, entry.key, in_lanes());
            if !self.known("lane", &name, entry.node.span, names()) || !known {
                continue;
            }
            let index = names().position(|known| known == name).expect("it is known");
            if !lanes[index].versions.contains_key(service) {
                let what = format!("lane `{name}` has no `{service}` to lend");
                self.say(Diagnostic::error("EW376", what).at(entry.node.span, ""));
            }
            by_service.insert(service.to_owned(), index);
        }
        by_service
    }

    fn ingress(&mut self, map: &Fields<'_>, group: &Group, streams: &[String]) -> Vec<(String, Entering)> {
        let names = || group.lanes.iter().map(|lane| lane.name.as_str());
        let Some(said) = map.said(self, "ingress") else {
            let name =
                |entry: &Entering| if entry.matches.is_empty() { "rest" } else { &group.lanes[entry.lanes[0].0].name };
            return group.by_header().into_iter().map(|entry| (name(&entry).to_owned(), entry)).collect();
        };
        let mut ingress = Vec::new();
        for (name, entry) in self.named(Some(&said.node), "rules") {
            let path = below(&said.path, name);
            let Some(map) = self.open(Some(&entry.node), &words::LANE_INGRESS, path, entry.key) else { continue };
            let before = self.filled.len();
            let matches = self.rule_matches(&map, streams);
            // What a match does not say is no condition.
            self.filled.truncate(before);
            let mut lanes = Vec::new();
            match map.written("to") {
                Some(node @ Node { value: Value::Map(_), .. }) => {
                    let mut shares = Vec::new();
                    for (lane, entry) in self.entries(Some(node), "shares") {
                        let known = self.known("lane", lane, entry.key, names());
                        let share = self.read(&entry.node, "a share such as `80%`", quantity::share);
                        shares.extend(share.map(|share| share.value.get()));
                        let index = names().position(|name| name == lane);
                        let weight = share.map(|share| libm::round(share.value.get() * PARTS) as u32);
                        lanes.extend(index.zip(weight).filter(|_| known));
                    }
                    self.shares_sum(shares.into_iter(), node.span);
                }
                Some(node) => {
                    if let Some(lane) = self.text(node, "a lane").map(str::to_owned)
                        && self.known("lane", &lane, node.span, names())
                    {
                        lanes.push((names().position(|name| name == lane).expect("it is known"), 1));
                    }
                }
                None => {}
            }
            map.close();
            if !lanes.is_empty() {
                ingress.push((name.to_owned(), Entering { matches, lanes }));
            }
        }
        ingress
    }

    /// What can be told of lanes alone.
    fn check_lanes(&mut self, group: &Group, spans: &[Span], at: Span) {
        if let Mode::Strict { .. } = group.mode {
            for (index, lane) in group.lanes.iter().enumerate() {
                for service in group.lacks(index) {
                    let what =
                        format!("lane `{}` has no `{service}`: calls to it in this lane are answered 503", lane.name);
                    let help = "a strict lane has all services of its group; `mode: permissive` lends from a baseline";
                    self.say(Diagnostic::warning("EW378", what).at(spans[index], "").help(help));
                }
                let shared = |service: &String, version: &String| {
                    group.lanes[..index].iter().find(|other| other.versions.get(service) == Some(version))
                };
                let found =
                    lane.versions.iter().find_map(|(service, version)| Some((service, shared(service, version)?)));
                if let Some((service, other)) = found {
                    let what =
                        format!("lanes `{}` and `{}` have the same version of `{service}`", other.name, lane.name);
                    let help =
                        "in a strict group the caller's version tells its lane: give each lane versions of its own";
                    self.say(Diagnostic::error("EW376", what).at(spans[index], "").help(help));
                }
            }
            return;
        }
        for service in group.services() {
            let lender = group.lender(service).and_then(|lane| group.lanes.get(lane));
            if let Some(lender) = lender.filter(|lane| !lane.versions.contains_key(service)) {
                let what = format!("nobody lends `{service}`: where a request's lane lacks it, the answer is 503");
                let help =
                    format!("give it a version in `{}`, or name a lane that has it under `fallback`", lender.name);
                self.say(Diagnostic::warning("EW378", what).at(at, "").help(help));
            }
        }
    }
}

/// A baseline that is no lane in writing is the lane of the versions of its name.
fn unlisted(baseline: &Spanned<String>, lanes: &mut Vec<(Span, Lane)>, versions: &Versions<'_>) {
    let name = &baseline.value;
    let having = versions.iter().filter(|(_, all)| all.contains(&name.as_str()));
    let having: BTreeMap<String, String> = having.map(|(service, _)| ((*service).to_owned(), name.clone())).collect();
    if !having.is_empty() && !lanes.iter().any(|(_, lane)| lane.name == *name) {
        lanes.push((baseline.span, Lane { name: name.clone(), versions: having }));
    }
}

/// A rule of lanes as one of the service's own.
fn laid(service: &str, rule: LaneRule) -> Rule {
    let target = |version: String| RuleTarget { service: service.to_owned(), subset: Some(version) };
    let set_by_destination = rule.to.iter().map(|way| way.set.clone()).collect();
    let to = rule.to.into_iter().map(|way| (target(way.version.unwrap_or_else(|| LACKING.to_owned())), way.weight));
    let to = to.collect();
    Rule {
        span: Span::NONE,
        matches: rule.matches,
        action: RuleAction::Send { to, fallback: rule.fallback.map(target).into_iter().collect() },
        mirrors: Vec::new(),
        set: Vec::new(),
        set_by_destination,
        remove: Vec::new(),
        policy: TrafficPatch::default(),
    }
}
