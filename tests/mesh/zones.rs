//! What Envoy chooses before the host: a locality by weight, a zone by room.

use eastwest::policy::locality_weighted::{Locality, Turns};
use eastwest::policy::zone_aware::{self, Callers, Limits, Routing, Zone};

use crate::{numbers, rows};

#[test]
fn localities_have_envoys_turns() {
    for row in rows("envoy_locality_weighted.csv", 15).iter().filter(|row| row["exact"] != "doc-only") {
        let id = &row["id"];
        let weights = numbers(&row["locality_weights"]);
        let locality = |(text, weight): (&str, &u32)| {
            let (total, eligible) = text.split_once('/').expect("total and available");
            let count = |text: &str| text.parse().expect("a count");
            Locality { weight: *weight, total: count(total), eligible: count(eligible), excluded: 0 }
        };
        let localities: Vec<Locality> =
            row["localities_total/available"].split('|').zip(&weights).map(locality).collect();
        let overprovisioning = row["overprovisioning_percent"].parse().expect("percent");
        let turns = |seed| Turns::new(localities.iter().copied(), overprovisioning, seed);
        let expected = row["expected"].as_str();
        if expected == "none" {
            assert!(turns(0).is_none(), "{id}");
            continue;
        }
        let expected = numbers(expected);
        let count = |picks: &mut dyn Iterator<Item = usize>| {
            let mut counts = vec![0; localities.len()];
            picks.for_each(|pick| counts[pick] += 1);
            counts
        };
        let mut from_zero = turns(0).expect("some locality has weight");
        match row["measure"].as_str() {
            "percent" => {
                let each: Vec<f64> = localities.iter().map(|row| row.effective_weight(overprovisioning)).collect();
                let sum: f64 = each.iter().sum();
                let rounded: Vec<u32> = each.iter().map(|weight| (100.0 * weight / sum).round() as u32).collect();
                assert_eq!(rounded, expected, "{id}");
            }
            "sequence_seed0" => {
                let picks: Vec<u32> = expected.iter().map(|_| from_zero.pick() as u32).collect();
                assert_eq!(picks, expected, "{id}");
            }
            "counts_in_100_picks_seed0" => {
                assert_eq!(count(&mut (0..100).map(|_| from_zero.pick())), expected, "{id}");
            }
            "first_pick_counts_for_seeds_0_to_9" => {
                let mut first = (0..10).map(|seed| turns(seed).expect("some locality has weight").pick());
                assert_eq!(count(&mut first), expected, "{id}");
            }
            other => panic!("{id}: unknown measure {other}"),
        }
    }
}

#[test]
fn zones_are_chosen_as_envoy_chooses_them() {
    for row in rows("envoy_zone_aware.csv", 28) {
        let id = &row["id"];
        let count = |text: &str| text.trim().parse::<u64>().expect("a count");
        let zones = |column: &str| -> Vec<(String, u64)> {
            let zone = |text: &str| {
                let (name, hosts) = text.split_once(':').expect("zone and hosts");
                (name.trim().to_owned(), count(hosts))
            };
            row[column].split(',').map(zone).collect()
        };
        let own = row["caller_zone"].as_str();
        let local = zones("local_cluster_hosts_per_zone(caller zone first)");
        let upstream = zones("upstream_hosts_per_zone(caller zone first if present)");
        let peers = |name: &str| local.iter().find(|zone| zone.0 == name).map_or(0, |zone| zone.1);
        let in_zones: Vec<Zone> =
            upstream.iter().map(|(name, hosts)| Zone { upstream: *hosts, local: peers(name) }).collect();
        let own_first = upstream[0].0 == own;
        let callers = Callers {
            total: local.iter().map(|zone| zone.1).sum(),
            zones: local.len(),
            own: peers(own),
            panics: false,
        };
        let forced = &row["force_local_zone_min_size"];
        let limits = Limits {
            min_cluster_size: row["min_cluster_size"].parse().expect("a count"),
            force_local: (!forced.is_empty()).then(|| count(forced) as u32),
        };
        let own_hosts = if own_first { upstream[0].1 as u32 } else { 0 };
        let hosts = upstream.iter().map(|zone| zone.1 as u32).sum();
        let routing = zone_aware::routing(&in_zones, own_first, (own_hosts, hosts), &callers, &limits);
        let state = match routing {
            Routing::None => "none",
            Routing::Direct => "direct",
            Routing::Residual { .. } => "residual",
        };
        assert_eq!(state, row["expected_state"], "{id}");
        if let Routing::Residual { local, room } = &routing {
            let stays = &row["expected_local_percent_of_10000"];
            assert!(stays.is_empty() || *local == count(stays), "{id}: {local} stay");
            let cumulative = &row["expected_cumulative_residual"];
            let expected: Vec<u64> = cumulative.split('|').filter(|text| !text.is_empty()).map(count).collect();
            assert!(expected.is_empty() || *room == expected, "{id}: room {room:?}");
        }
        let expected = &row["expected_zone"];
        if !expected.is_empty() {
            let draws: Vec<u64> = row["draws"].split(';').filter(|text| !text.is_empty()).map(count).collect();
            // Nothing stays where the caller's zone has no host: a lone draw is then the second.
            let draw = |index: usize| draws.get(index).or(draws.last()).copied().unwrap_or(0);
            let zone = routing.choose(draw(0), draw(1)).expect("zones are looked at");
            assert_eq!(upstream[zone].0, *expected, "{id}");
        }
    }
}
