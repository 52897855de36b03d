//! What Istio makes of where hosts are.

use eastwest::policy::locality::{self, Distribute, Failover, Locality, Pattern};

use crate::{numbers, rows};

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
        None | Some("*") => None,
        Some(_) => Some(number),
    };
    Pattern { region: part(0, at.region), zone: part(1, at.zone), subzone: part(2, at.subzone) }
}

#[test]
fn failover_orders_localities_as_istio_does() {
    for row in rows("istio_locality_failover.csv", 4) {
        assert_eq!((&*row["mode"], &*row["outlier_detection_set"]), ("locality", "yes"));
        let proxy = locality(&row["proxy_locality"]);
        let rules: Vec<Failover> = row["failover_rules"]
            .split("->")
            .map(|region| locality(region).region)
            .collect::<Vec<_>>()
            .chunks_exact(2)
            .map(|pair| Failover { from: pair[0], to: pair[1] })
            .collect();
        let mut levels: Vec<u8> =
            row["locality_groups"].split('|').map(|group| locality::level(proxy, locality(group), &rules)).collect();
        locality::compact(&mut levels);
        let levels: Vec<u32> = levels.into_iter().map(u32::from).collect();
        assert_eq!(levels, numbers(&row["expected_priorities"]), "{}", row["id"]);
    }
}

#[test]
fn a_pattern_matches_the_localities_that_istio_matches() {
    for row in rows("istio_locality_match.csv", 6) {
        let matched = pattern(&row["rule"]).matches(locality(&row["locality"]));
        assert_eq!(u8::from(matched).to_string(), row["expected_match"], "{}", row["id"]);
    }
}

/// Numbers for the named regions of the documents' examples.
fn numbered(text: &str) -> String {
    text.replace("us-west", "r1")
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
