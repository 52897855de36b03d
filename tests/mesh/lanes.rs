//! ASM's traffic lanes: which version answers at each hop of its three-service demo.

use std::collections::BTreeMap;

use eastwest::policy::lanes::{APP, Entry, Group, Lane, Mode, ROUTE_HEADER, Rule, VERSION};
use eastwest::policy::route_match::{self, Found, HttpMatch, MESH, Request, Source, StringMatch};
use eastwest::policy::shares;

use crate::{Row, rows};

const CHAIN: [&str; 3] = ["mocka", "mockb", "mockc"];
const TRACE_HEADER: &str = "my-trace-id";

/// `s1(baseline)=mocka:v1,mockb:v1; s2=all v2 (a remark)`.
fn lanes(text: &str) -> Vec<Lane> {
    let lane = |text: &str| {
        let (name, versions) = text.split_once('=').expect("a lane is NAME=VERSIONS");
        let name = name.trim().trim_end_matches("(baseline)").to_owned();
        let versions = versions.split(" (").next().expect("a text has a first part");
        let versions = match versions.strip_prefix("all ") {
            Some(version) => CHAIN.map(|service| (service.to_owned(), version.trim().to_owned())).into(),
            None => versions
                .split(',')
                .map(|pair| pair.trim().split_once(':').expect("service:version"))
                .map(|(service, version)| (service.to_owned(), version.to_owned()))
                .collect::<BTreeMap<_, _>>(),
        };
        Lane { name, versions }
    };
    text.split(';').map(lane).collect()
}

fn group(mode: &str, text: &str, config: &str) -> Group {
    let lanes = lanes(text);
    let index = |name: &str| lanes.iter().position(|lane| lane.name == name).expect("a lane of the group");
    let mode = if mode.contains("strict") {
        Mode::Strict { route_header: ROUTE_HEADER.into() }
    } else {
        let by_service = config.split("serviceLevelFallbackTarget ").nth(1).map(|pair| {
            let (service, lane) = pair.split_once(" -> ").expect("service -> lane");
            let service = service.rsplit('/').next().expect("a name").to_owned();
            (service, index(lane.trim()))
        });
        Mode::Permissive {
            route_header: ROUTE_HEADER.into(),
            trace_header: TRACE_HEADER.into(),
            baseline: index("s1"),
            by_service: by_service.into_iter().collect(),
        }
    };
    Group { lanes, mode }
}

/// A rule for each lane by the header's value, and no other: what ASM's console asks for.
fn a_rule_per_lane(group: &Group) -> Vec<Entry> {
    let by_name = group.by_header().into_iter().filter(|entry| !entry.matches.is_empty());
    by_name.collect()
}

const GATEWAY: &str = "ingressgateway";

/// What a list of rules makes of a request, at the gateway or at the sidecar of a workload.
fn found(rules: &[Rule], caller: Option<(&str, &str)>, headers: &[(String, String)]) -> Found {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let labels =
        caller.map(|(app, version)| [(APP.to_owned(), app.to_owned()), (VERSION.to_owned(), version.to_owned())]);
    let labels = labels.as_ref().map_or(&[][..], |labels| &labels[..]);
    let gateways: &[&str] = if caller.is_some() { &[MESH] } else { &[GATEWAY] };
    let source = Source { labels, gateways, namespace: "default", ..Source::default() };
    let request = Request { path: "/mock", method: "GET", headers: &headers, ..Request::default() };
    route_match::first(rules.iter().map(|rule| &*rule.matches), &source, &request)
}

/// The rule that a request meets.
fn meets<'r>(rules: &'r [Rule], caller: Option<(&str, &str)>, headers: &[(String, String)]) -> Option<&'r Rule> {
    match found(rules, caller, headers) {
        Found::Rule(index) => Some(&rules[index]),
        Found::Unruled | Found::NoRoute => None,
    }
}

fn rules_of(group: &Group, ingress: &[Entry], service: &str) -> Vec<Rule> {
    group.rules(service, ingress, &[GATEWAY.to_owned()])
}

/// A walk through the chain: the versions that answer, as far as it comes.
struct Walk<'g> {
    group: &'g Group,
    /// The services that pass the trace's header on.
    forwards: &'g [&'g str],
    headers: Vec<(String, String)>,
    path: String,
}

impl Walk<'_> {
    fn answers(&mut self, service: &str, version: Option<&str>) -> bool {
        let sign = if self.path.is_empty() { "" } else { ">" };
        match version {
            Some(version) => self.path += &format!("{sign}{service}:{version}"),
            None => self.path += &format!("{sign}{service}: no endpoint in lane -> 503"),
        }
        version.is_some()
    }

    /// From the gateway on; `drawn` is what a weighted gateway drew.
    fn enter(mut self, ingress: &[Entry], drawn: usize) -> Option<String> {
        let mut caller: Option<String> = None;
        for (index, service) in CHAIN.into_iter().enumerate() {
            let from = index.checked_sub(1).map(|before| CHAIN[before]);
            if let Some(app) = from {
                // An application passes on what it knows, and never ASM's own header.
                self.headers.retain(|(name, _)| name == TRACE_HEADER && self.forwards.contains(&app));
            }
            let rules = rules_of(self.group, ingress, service);
            let rule = meets(&rules, from.zip(caller.as_deref()), &self.headers)?;
            let way = &rule.to[if from.is_none() { drawn } else { 0 }];
            if let Some((header, lane)) = &way.set {
                self.headers.retain(|(name, _)| name != header);
                self.headers.push((header.clone(), lane.clone()));
            }
            caller = way.version.clone();
            if !self.answers(service, caller.as_deref()) {
                break;
            }
        }
        Some(self.path)
    }
}

fn walk<'g>(group: &'g Group, forwards: &'g [&'g str], headers: &[(&str, &str)]) -> Walk<'g> {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Walk { group, forwards, headers, path: String::new() }
}

fn last_word(text: &str) -> &str {
    text.split([' ', ':']).next_back().expect("a text has a last word")
}

#[test]
fn each_hop_is_answered_by_the_version_that_asm_documents() {
    let mut seen = 0;
    let (mut lanes, mut config) = (String::new(), String::new());
    for row in rows("asm_lanes.csv", 16) {
        let text = |column: &str, last: &String| match &*row[column] {
            "same" => last.clone(),
            said => said.to_owned(),
        };
        (lanes, config) = (text("lanes", &lanes), text("config", &config));
        let (id, mode, request, expected) = (&*row["id"], &*row["mode"], &*row["request"], &*row["expected"]);
        seen += 1;
        if mode == "custom VS" {
            assert_eq!(custom(request), custom_expected(expected), "{id}");
            continue;
        }
        let group = group(mode, &lanes, &config);
        let lane = |name: &str| group.lanes.iter().position(|lane| lane.name == name).expect("a lane of the group");
        let trace = (TRACE_HEADER, "x000");
        let got = match mode {
            "weighted" => {
                let weights: Vec<u32> = config.split("ingressWeight ").nth(1).map(weights).expect("weights");
                let lanes = weights.into_iter().enumerate().collect();
                let ingress = [Entry { matches: Vec::new(), lanes }];
                if expected.starts_with("share") {
                    let shares = expected.split(' ').find(|word| word.contains('|')).expect("shares");
                    let wanted: Vec<f64> = shares.split('|').map(|share| share.parse().expect("a share")).collect();
                    assert_eq!(drawn(&rules_of(&group, &ingress, CHAIN[0])[0]), wanted, "{id}");
                    continue;
                }
                let name = request.split("lane ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a lane");
                walk(&group, &CHAIN, &[trace]).enter(&ingress, lane(name))
            }
            "permissive (single hop)" => {
                let words: Vec<&str> = request.split(' ').collect();
                let headers = [(TRACE_HEADER.to_owned(), last_word(request).to_owned())];
                let rules = rules_of(&group, &[], words[1]);
                let rule = meets(&rules, Some(("somebody", "v9")), &headers).expect("the rest goes to the baseline");
                let version = rule.to[0].version.as_deref().expect("the baseline has all");
                Some(format!("{}:{version}", words[1]))
            }
            _ if request.starts_with("no route header") => {
                let mut ingress = a_rule_per_lane(&group);
                assert_eq!(walk(&group, &CHAIN, &[trace]).enter(&ingress, 0), None, "{id}: {expected}");
                ingress.push(Entry { matches: Vec::new(), lanes: vec![(lane("s1"), 1)] });
                let path = walk(&group, &CHAIN, &[trace]).enter(&ingress, 0);
                assert_eq!(path.as_deref(), Some("mocka:v1>mockb:v1>mockc:v1"), "{id}: {expected}");
                continue;
            }
            _ => {
                let forwards: &[&str] = if config.contains("NOT propagated") { &[] } else { &CHAIN };
                let headers = [(ROUTE_HEADER, last_word(request)), trace];
                walk(&group, forwards, &headers).enter(&a_rule_per_lane(&group), 0)
            }
        };
        assert_eq!(got.as_deref(), Some(expected), "{id}");
    }
    assert!(seen >= 16);
}

/// `s1=60 s2=20 s3=20`.
fn weights(text: &str) -> Vec<u32> {
    text.split(' ').filter_map(|pair| pair.split_once('=')?.1.parse().ok()).collect()
}

/// Shares in percent of a rule's destinations.
fn drawn(rule: &Rule) -> Vec<f64> {
    let weights: Vec<u32> = rule.to.iter().map(|way| way.weight).collect();
    let below = shares::below(&weights);
    let mut counts = vec![0u32; weights.len()];
    for draw in 0..1000 {
        counts[shares::drawn(&below, f64::from(draw) / 1000.0).expect("there are weights")] += 1;
    }
    counts.iter().map(|count| f64::from(*count) / 10.0).collect()
}

/// `env: dev` is shared by s2 and s3, each falling back to s1; the rest goes to s1: shares in percent by lane.
fn custom(request: &str) -> BTreeMap<String, f64> {
    let dev = HttpMatch { headers: vec![("env".into(), StringMatch::Exact("dev".into()))], ..HttpMatch::default() };
    let rules: [&[HttpMatch]; 2] = [&[dev], &[]];
    let headers: &[(&str, &str)] = if request.starts_with("env: dev") { &[("env", "dev")] } else { &[] };
    let asked = Request { headers, ..Request::default() };
    let Found::Rule(index) = route_match::first(rules, &Source::default(), &asked) else {
        unreachable!("the last rule means all")
    };
    let to: &[&str] = if index == 0 { &["s2", "s3"] } else { &["s1"] };
    let gone = |lane: &str| {
        let mut words = request.split(", ").skip(1).filter(|part| !part.contains("both"));
        words.any(|part| part.contains(lane))
    };
    let (mut shares, mut under) = (BTreeMap::new(), 0.0);
    for (lane, below) in to.iter().zip(shares::below(&vec![50; to.len()])) {
        let below = below.expect("it has a weight");
        let fallback: &[&str] = if index == 0 { &["s1"] } else { &[] };
        let settled = shares::settled(*lane, fallback, |lane| !gone(lane));
        *shares.entry(settled.to_owned()).or_insert(0.0) += (below - under) * 100.0;
        under = below;
    }
    shares
}

/// `50% s2, 50% s3`.
fn custom_expected(text: &str) -> BTreeMap<String, f64> {
    let share = |part: &str| {
        let (share, lane) = part.trim().split_once("% ")?;
        Some((lane.split(' ').next()?.to_owned(), share.parse().ok()?))
    };
    text.split(',').filter_map(share).collect()
}

const DEMO: &str = "s1(baseline)=mocka:v1,mockb:v1,mockc:v1; s2=mocka:v2,mockc:v2; s3=mockb:v3";

#[test]
fn the_last_of_two_lanes_that_falls_back_sends_its_share_to_the_baseline() {
    let half = |other: &str| BTreeMap::from([("s1".to_owned(), 50.0), (other.to_owned(), 50.0)]);
    assert_eq!(custom("env: dev, s3 has no healthy endpoint"), half("s2"));
    assert_eq!(custom("env: dev, s2 has no healthy endpoint"), half("s3"));
    assert_eq!(shares::settled("s3", &["s1"], |_| false), "s3", "where nobody is healthy it stays, for a 503");
}

#[test]
fn an_application_that_drops_the_header_leaves_the_rest_of_the_chain_to_the_baseline() {
    let group = group("permissive", DEMO, "");
    let path = |forwards: &[&str], lane: &str| {
        let headers = [(ROUTE_HEADER, lane), (TRACE_HEADER, "x000")];
        walk(&group, forwards, &headers).enter(&a_rule_per_lane(&group), 0).expect("a lane's rule")
    };
    assert_eq!(path(&CHAIN, "s2"), "mocka:v2>mockb:v1>mockc:v2");
    assert_eq!(path(&["mocka"], "s2"), "mocka:v2>mockb:v1>mockc:v1");
    assert_eq!(path(&["mockb"], "s2"), "mocka:v2>mockb:v1>mockc:v1");
    assert_eq!(path(&[], "s3"), "mocka:v1>mockb:v1>mockc:v1", "it enters its lane where that lacks the service");
    assert_eq!(path(&["mocka"], "s3"), "mocka:v1>mockb:v3>mockc:v1");
}

#[test]
fn a_trace_that_the_client_did_not_begin_is_tied_to_no_lane() {
    let apart = group("permissive", DEMO, "");
    let enter = |group: &Group, headers: &[(&str, &str)]| {
        walk(group, &CHAIN, headers).enter(&group.by_header(), 0).expect("the rest is the baseline's")
    };
    assert_eq!(enter(&apart, &[(ROUTE_HEADER, "s2")]), "mocka:v2>mockb:v1>mockc:v1");
    assert_eq!(enter(&apart, &[]), "mocka:v1>mockb:v1>mockc:v1");
    // One header for both needs no trace.
    let mut one = apart.clone();
    let Mode::Permissive { route_header, .. } = &mut one.mode else { unreachable!("it is permissive") };
    *route_header = TRACE_HEADER.into();
    assert_eq!(enter(&one, &[(TRACE_HEADER, "s2")]), "mocka:v2>mockb:v1>mockc:v2");
    assert_eq!(enter(&one, &[(TRACE_HEADER, "unheard-of")]), "mocka:v1>mockb:v1>mockc:v1");
}

#[test]
fn a_lane_falls_back_to_the_lane_of_its_service_or_the_baseline_but_not_to_itself() {
    let text = "s1=mocka:v1,mockb:v1,mockc:v1; s2=mocka:v2,mockb:v2,mockc:v2; s3=mockb:v3";
    let group = group("permissive", text, "serviceLevelFallbackTarget default/mockb -> s3");
    let fallback = |lane: usize, service: &str| rules_of(&group, &[], service)[lane].fallback.clone();
    assert_eq!(fallback(0, "mocka"), None);
    assert_eq!(fallback(1, "mocka").as_deref(), Some("v1"));
    assert_eq!((fallback(0, "mockb").as_deref(), fallback(1, "mockb").as_deref()), (Some("v3"), Some("v3")));
    assert_eq!(fallback(2, "mockb"), None);
}

#[test]
fn in_a_strict_group_who_is_in_no_lane_is_balanced_over_all_versions() {
    let group = group("strict", "s1=mocka:v1,mockb:v1; s2=mocka:v2,mockb:v2", "");
    let rules = rules_of(&group, &group.by_header(), "mockb");
    let meets = |caller: (&str, &str)| match found(&rules, Some(caller), &[]) {
        Found::Rule(index) => rules[index].to[0].version.clone(),
        other => Some(format!("{other:?}")),
    };
    assert_eq!(meets(("mocka", "v2")).as_deref(), Some("v2"));
    // Istio drops a VirtualService of which no route concerns the proxy.
    assert_eq!(meets(("mocka", "v9")).as_deref(), Some("Unruled"));
    assert_eq!(meets(("stranger", "v2")).as_deref(), Some("Unruled"));
    assert_eq!(found(&rules, None, &[]), Found::NoRoute, "a gateway has no default route");
    assert_eq!((group.lacks(0), group.lacks(1)), (vec![], vec![]));
}

#[test]
fn rows_are_read_as_they_are_written() {
    let row: Row = rows("asm_lanes.csv", 16).remove(0);
    assert_eq!(lanes(&row["lanes"]).len(), 3);
    assert_eq!(custom_expected("50% s2, 50% s3").len(), 2);
}
