//! What Istio makes of where hosts are: which setting holds, and how it orders and weighs them.

use eastwest::policy::failover_priority::{self, Label};
use eastwest::policy::locality::{self, Distribute, Failover, Locality, Nearness, Pattern};
use eastwest::policy::setting::{self, Effective, Layer, Origin, TrafficDistribution, label};

use crate::{Row, numbers, rows};

fn locality(text: &str) -> Locality {
    // The tables write r1 beside region1: the last digits count.
    let number = |part: Option<&str>| {
        let digits: String = part.unwrap_or("").chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(0)
    };
    let mut parts = text.split('/');
    Locality { region: number(parts.next()), zone: number(parts.next()), subzone: number(parts.next()) }
}

fn pattern(text: &str) -> Pattern {
    let at = locality(text);
    let part = |index: usize, number: u32| match text.split('/').nth(index) {
        None | Some("*" | "") => None,
        Some(_) => Some(number),
    };
    Pattern { region: part(0, at.region), zone: part(1, at.zone), subzone: part(2, at.subzone) }
}

/// `region1->region2`, several with commas or semicolons; anything else is no rule.
fn failovers(text: &str) -> Vec<Failover> {
    let rule = |text: &str| {
        let (from, to) = text.split_once("->")?;
        Some(Failover { from: locality(from).region, to: locality(to).region })
    };
    text.split([',', ';']).filter_map(rule).collect()
}

// ---- which setting holds -----------------------------------------------------------------------------------------

/// `set`, `enabled=false`; nothing: not there.
fn enabled(text: &str) -> Option<bool> {
    (!text.trim().is_empty()).then(|| !text.contains("enabled=false"))
}

fn layer(texts: impl IntoIterator<Item = String>) -> Layer {
    let mut layer = Layer::default();
    for text in texts {
        match enabled(&text) {
            said @ Some(_) if text.contains("zoneaware") => layer.zone_aware = said,
            said @ Some(_) => layer.locality = said,
            None => {}
        }
    }
    layer
}

fn in_words(effective: Effective) -> String {
    let short = |label: &&str| label.rsplit('/').next().expect("a label has a last part").to_owned();
    let forced = |wish: TrafficDistribution| {
        let labels: Vec<String> = wish.failover_priority().iter().map(short).collect();
        format!("failoverPriority[{}] force", labels.join(","))
    };
    let of = |origin| if origin == Origin::Rule { "dr" } else { "mesh" };
    let text = match effective {
        Effective::Unsaid | Effective::Off(_) => "none".to_owned(),
        Effective::Locality(origin) => format!("locality({})", of(origin)),
        Effective::SameZone => forced(TrafficDistribution::PreferSameZone),
        Effective::SameNode => forced(TrafficDistribution::PreferSameNode),
        Effective::ZoneAware(origin) => format!("zoneaware({}) force", of(origin)),
        Effective::ZoneAwareOff(_) => "zoneaware routing 0%".to_owned(),
    };
    assert_eq!(effective.forces_failover(), text.ends_with(" force"), "{text}");
    text
}

#[test]
fn the_setting_that_holds_is_the_one_that_istio_takes() {
    for row in rows("istio_effective_lb_setting.csv", 15) {
        let mesh = layer([
            row["mesh_localityLbSetting"].clone(),
            match &*row["mesh_zoneAwareLbSetting"] {
                "" => String::new(),
                text => format!("zoneaware {text}"),
            },
        ]);
        let rule = layer(row["destination_rule"].split([',', ';', '+']).map(|text| text.trim().to_owned()));
        let wish = match &*row["service_trafficDistribution"] {
            "PreferSameZone" | "PreferClose" => TrafficDistribution::PreferSameZone,
            "PreferSameNode" => TrafficDistribution::PreferSameNode,
            _ => TrafficDistribution::Any,
        };
        assert_eq!(in_words(setting::effective(rule, wish, mesh)), row["expected"], "{}", row["id"]);
    }
}

// ---- order -------------------------------------------------------------------------------------------------------

#[test]
fn failover_orders_localities_as_istio_does() {
    for row in rows("istio_locality_failover.csv", 8) {
        let proxy = locality(&row["proxy_locality"]);
        let rules = failovers(&row["failover_rules"]);
        // Without outlier detection, or turned off, nearness does not count.
        let off = row["failover_rules"] == "(disabled)" || row["outlier_detection_set"] == "no";
        let nearness = match &*row["mode"] {
            _ if off => Nearness::Ignored,
            "zoneaware" => Nearness::Regions(&rules),
            _ => Nearness::Levels(&rules),
        };
        let groups: Vec<_> = row["locality_groups"].split('|').map(|group| (locality(group), 0)).collect();
        assert_eq!(
            locality::priorities(proxy, nearness, &groups),
            numbers(&row["expected_priorities"]),
            "{}",
            row["id"]
        );
    }
}

/// Labels of a proxy or an endpoint as the table writes them: `network=n1`, or by the first letter `n1`, `r1`.
#[derive(Default)]
struct Labelled {
    labels: Vec<(String, String)>,
    at: Locality,
}

impl Labelled {
    fn new(text: &str) -> Labelled {
        let mut labelled = Labelled::default();
        for part in text.split([',', ' ', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) => (key, value),
                None if part.contains('/') => {
                    labelled.at = locality(part);
                    continue;
                }
                None => {
                    let words = [("n", "network"), ("c", "cluster"), ("r", "region"), ("z", "zone"), ("s", "subzone")];
                    let numbered = |(letter, _): &&(&str, &str)| {
                        part.strip_prefix(*letter).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
                    };
                    let Some((_, word)) = words.iter().find(numbered) else { continue };
                    (*word, part)
                }
            };
            // The table writes r1 beside region1.
            let value = value.replace("subzone", "s").replace("region", "r").replace("zone", "z");
            labelled.labels.push((full(key), value));
        }
        labelled
    }

    fn get(&self, key: &str) -> &str {
        self.labels.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }
}

fn full(key: &str) -> String {
    let known = match key {
        "network" => label::NETWORK,
        "cluster" => label::CLUSTER,
        "region" => label::REGION,
        "zone" => label::ZONE,
        "subzone" => label::SUBZONE,
        other => other,
    };
    known.to_owned()
}

/// Endpoints by name: `1.1.1.1[network=n1,cluster=c1]; 5(1.2.3.4)[key=value]`.
fn endpoints(row: &Row) -> Vec<(String, Labelled)> {
    let endpoint = |text: &str| {
        let (name, labels) = text.trim().trim_end_matches(']').split_once('[').expect("name[labels]");
        let name = name.split('(').next().expect("a name").to_owned();
        (name, Labelled::new(labels))
    };
    row["endpoints[labels]"].split("; ").map(endpoint).collect()
}

#[test]
fn failover_priority_orders_endpoints_as_istio_does() {
    for row in rows("istio_failover_priority.csv", 8) {
        let labels: Vec<Label> = row["failoverPriority"]
            .split(',')
            .map(|text| Label::new(text.trim()))
            .map(|label| Label { key: full(&label.key), ..label })
            .collect();
        let endpoints = endpoints(&row);
        let text = row["proxy_labels"].replace("proxy locality", "");
        // Any proxy: one that is like the first endpoint.
        let own = if text == "(any)" { None } else { Some(Labelled::new(&text)) };
        let proxy = own.as_ref().unwrap_or(&endpoints[0].1);
        let rules = row["test"].split_once('(').map_or(Vec::new(), |(_, rule)| failovers(rule));
        let nearness = if rules.is_empty() { Nearness::Ignored } else { Nearness::Levels(&rules) };
        let placed: Vec<_> = endpoints
            .iter()
            .map(|(_, endpoint)| {
                let priority = failover_priority::priority(&labels, |key| proxy.get(key), |key| endpoint.get(key));
                (endpoint.at, priority)
            })
            .collect();
        let priorities = locality::priorities(proxy.at, nearness, &placed);
        for expected in row["expected_endpoint:priority"].split_whitespace() {
            let (name, priority) = expected.rsplit_once(':').expect("endpoint:priority");
            let index = endpoints.iter().position(|(known, _)| known == name).expect("an endpoint of the row");
            assert_eq!(priorities[index].to_string(), priority, "{} {name}", row["id"]);
        }
    }
}

#[test]
fn a_value_that_is_given_once_holds_wherever_its_key_stands() {
    let labels = [Label::new("a"), Label::new("a=2")];
    let host = |value: &'static str| move |_: &str| value;
    assert_eq!(failover_priority::priority(&labels, host("1"), host("2")), 0);
    assert_eq!(failover_priority::priority(&labels, host("1"), host("1")), 2);
}

// ---- patterns and weights ----------------------------------------------------------------------------------------

#[test]
fn a_pattern_matches_the_localities_that_istio_matches() {
    for row in rows("istio_locality_match.csv", 6) {
        let matched = pattern(&row["rule"]).matches(locality(&row["locality"]));
        assert_eq!(u8::from(matched).to_string(), row["expected_match"], "{}", row["id"]);
    }
}

/// Numbers for the named regions of the documents' examples.
fn numbered(text: &str) -> String {
    text.replace("us-west", "r1").replace("us-east", "r2").replace("eu-west", "r3")
}

#[test]
fn distribute_weighs_localities_as_istio_does() {
    for row in rows("istio_locality_distribute.csv", 4) {
        let rule = numbered(&row["rule"]);
        let (from, to) = rule.split_once(" -> ").expect("from -> to");
        let to = to
            .trim_matches(['{', '}'])
            .split(';')
            .map(|part| part.trim().rsplit_once(':').expect("where:percent"))
            .map(|(at, percent)| (pattern(at), percent.parse().expect("percent")))
            .collect();
        let groups: Vec<(Locality, u32)> = numbered(&row["locality_groups=original_weight"])
            .split('|')
            .map(|group| group.split_once('=').expect("where=weight"))
            .map(|(at, weight)| (locality(at), weight.parse().expect("a weight")))
            .collect();
        let rules = [Distribute { from: pattern(from), to }];
        let proxy = locality(&numbered(&row["proxy_locality"]));
        let weights = locality::distribute(proxy, &rules, &groups).expect("the rule is for this proxy");
        assert_eq!(weights, numbers(&row["expected_weights"]), "{}", row["id"]);
        let elsewhere = Locality { region: 77, ..proxy };
        assert_eq!(locality::distribute(elsewhere, &rules, &groups), None, "{} for a proxy elsewhere", row["id"]);
    }
}
