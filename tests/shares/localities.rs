//! Localities by weight, by zone and by failover.

use eastwest::policy::locality_weighted::Locality;
use eastwest::policy::{Balance, Policy};
use eastwest::units::Ratio;
use eastwest::world::{Among, Health, HostLocality, LocalityWeight, RegionId, ZoneAware, ZoneId};

use crate::{Group, holds, numbers, policy, rows, world};

fn locality(zone: usize, weight: u32) -> HostLocality {
    HostLocality { region: RegionId(0), zone: ZoneId(zone as u32), weight, by: LocalityWeight::Fixed }
}

#[test]
fn localities_have_the_shares_of_envoys_table() {
    let mut held = 0;
    for row in rows("envoy_locality_weighted.csv") {
        let weights = numbers(&row["locality_weights"]);
        let overprovisioning = row["overprovisioning_percent"].parse().expect("percent");
        let (mut groups, mut parts) = (Vec::new(), Vec::new());
        for (at, text) in row["localities_total/available"].split('|').enumerate() {
            let (total, available) = text.split_once('/').expect("total and available");
            let [total, eligible] = [total, available].map(|count| count.parse::<u32>().expect("a count"));
            let part = Locality { weight: weights[at], total, eligible, excluded: 0 };
            parts.push((part.effective_weight(overprovisioning), eligible, total));
            groups.push(Group::of(0, at, Health::Healthy, eligible));
            groups.push(Group::of(0, at, Health::Unhealthy, total - eligible));
        }
        let sum: f64 = parts.iter().map(|part| part.0).sum();
        let (eligible, total) =
            (parts.iter().map(|part| part.1).sum::<u32>(), parts.iter().map(|part| part.2).sum::<u32>());
        let share = |&(weight, there, all): &(f64, u32, u32)| match (sum > 0.0, eligible > 0) {
            (true, _) => [weight / sum, 0.0],
            // No locality has any weight: hosts are one list; none is well: panic.
            (false, true) => [f64::from(there) / f64::from(eligible), 0.0],
            (false, false) => [0.0, f64::from(all) / f64::from(total)],
        };
        let shares: Vec<f64> = parts.iter().flat_map(share).collect();
        if row["measure"] == "percent" {
            let told: Vec<f64> = numbers(&row["expected"]).into_iter().map(f64::from).collect();
            assert!(told.iter().zip(shares.chunks(2)).all(|(told, share)| (told - 100.0 * share[0]).abs() <= 0.5));
        }
        let localities: Vec<HostLocality> =
            weights.iter().enumerate().map(|(at, &weight)| locality(at, weight)).collect();
        for balance in [Balance::LEAST_REQUEST, Balance::RoundRobin] {
            // Without anybody well there is no host but in panic.
            let panic_threshold = if eligible > 0 { 0 } else { 50 };
            let policy = Policy { overprovisioning, panic_threshold, ..policy(balance) };
            holds(&row["id"], &world(&groups, &localities, Among::WeightedLocalities, policy), &shares, 0.0);
        }
        held += 1;
    }
    assert!(held >= 14, "{held} rows");
}

#[test]
fn what_istio_distributes_comes_and_what_is_gone_of_a_locality_is_made_up_for_1_4_times() {
    for row in rows("istio_locality_distribute.csv") {
        let weights = numbers(&row["expected_weights"]);
        let localities: Vec<HostLocality> =
            weights.iter().enumerate().map(|(at, &weight)| locality(at, weight)).collect();
        // Of ten hosts each, all are there, or seven, or two of the first locality.
        for there in [10, 8, 7, 5, 2, 0] {
            let mut groups = Vec::new();
            let mut parts = Vec::new();
            for (at, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                let well = if at == 0 { there } else { 10 };
                groups.push(Group::of(0, at, Health::Healthy, well));
                groups.push(Group::of(0, at, Health::Unhealthy, 10 - well));
                parts.push(f64::from(weight) * (1.4 * f64::from(well) / 10.0).min(1.0));
            }
            let sum: f64 = parts.iter().sum();
            let shares: Vec<f64> = parts.iter().flat_map(|part| [part / sum, 0.0]).collect();
            let policy = Policy { panic_threshold: 0, ..policy(Balance::LEAST_REQUEST) };
            let id = format!("{} with {there} of 10", row["id"]);
            holds(&id, &world(&groups, &localities, Among::WeightedLocalities, policy), &shares, 0.0);
        }
    }
}

#[test]
fn localities_that_fail_are_left_in_istios_order() {
    for row in rows("istio_locality_failover.csv") {
        let Some(priorities) = row["expected_priorities"]
            .split('|')
            .map(|level| level.trim().parse().ok())
            .collect::<Option<Vec<usize>>>()
        else {
            continue;
        };
        let most = priorities.iter().copied().max().unwrap_or(0);
        for dead in 0..=most {
            let mut order: Vec<usize> = priorities.clone();
            order.sort_unstable();
            let health = |level: usize| if level < dead { Health::Unhealthy } else { Health::Healthy };
            let groups: Vec<Group> =
                order.iter().enumerate().map(|(at, &level)| Group::of(level, at, health(level), 3)).collect();
            let next = order.iter().filter(|&&level| level == dead).count() as f64;
            let shares: Vec<f64> = order.iter().map(|&level| if level == dead { 1.0 / next } else { 0.0 }).collect();
            let policy = Policy { panic_threshold: 0, ..policy(Balance::LEAST_REQUEST) };
            let id = format!("{} without {dead} levels", row["id"]);
            holds(&id, &world(&groups, &[], Among::Hosts, policy), &shares, 0.0);
        }
    }
}

#[test]
fn zones_have_the_shares_of_envoys_tests() {
    let mut held = 0;
    for row in rows("envoy_zone_aware.csv") {
        let id = &row["id"];
        let zones = |column: &str| -> Vec<(char, u32)> {
            let zone = |text: &str| {
                let (name, hosts) = text.trim().split_once(':').expect("zone and hosts");
                (name.chars().next().expect("a name"), hosts.parse().expect("a count"))
            };
            row[column].split(',').map(zone).collect()
        };
        let number = |name: char| ZoneId(u32::from(name) - u32::from('A'));
        let own = row["caller_zone"].chars().next().expect("a zone");
        let upstream = zones("upstream_hosts_per_zone(caller zone first if present)");
        if upstream.iter().map(|zone| zone.1).sum::<u32>() > 60_000 {
            // More hosts than a host set here may have.
            continue;
        }
        let all: f64 = upstream.iter().map(|zone| f64::from(zone.1)).sum();
        let shares: Vec<f64> = match row["expected_state"].as_str() {
            "none" => upstream.iter().map(|zone| f64::from(zone.1) / all).collect(),
            "direct" => upstream.iter().map(|zone| if zone.0 == own { 1.0 } else { 0.0 }).collect(),
            _ => {
                let stays: f64 = row["expected_local_percent_of_10000"].parse::<f64>().expect("a number") / 10_000.0;
                let room = numbers(&row["expected_cumulative_residual"]);
                let last = f64::from(room[room.len() - 1]);
                let mut before = 0.0;
                let part = |(at, cumulative): (usize, &u32)| {
                    let share = (f64::from(*cumulative) - before) / last;
                    before = f64::from(*cumulative);
                    share * (1.0 - stays) + if at == 0 { stays } else { 0.0 }
                };
                room.iter().enumerate().map(part).collect()
            }
        };
        // A zone without healthy hosts is one all of whose hosts are sick.
        let group = |(at, &(_, hosts)): (usize, &(char, u32))| match hosts {
            0 => Group::of(0, at, Health::Unhealthy, 1),
            _ => Group::of(0, at, Health::Healthy, hosts),
        };
        let groups: Vec<Group> = upstream.iter().enumerate().map(group).collect();
        let localities: Vec<HostLocality> =
            upstream.iter().map(|&(name, _)| HostLocality { zone: number(name), ..locality(0, 1) }).collect();
        let forced = &row["force_local_zone_min_size"];
        let rule = ZoneAware {
            own: number(own),
            peers: zones("local_cluster_hosts_per_zone(caller zone first)")
                .into_iter()
                .map(|(name, hosts)| (number(name), hosts))
                .collect(),
            min_cluster_size: row["min_cluster_size"].parse().expect("a count"),
            enabled: Ratio::ONE,
            force_local: (!forced.is_empty()).then(|| forced.parse().expect("a count")),
        };
        let policy = Policy { panic_threshold: 0, ..policy(Balance::LEAST_REQUEST) };
        holds(id, &world(&groups, &localities, Among::Zones(rule), policy), &shares, 0.0);
        held += 1;
    }
    assert!(held >= 27, "{held} rows");
}
