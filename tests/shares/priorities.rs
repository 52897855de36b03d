//! The load of priorities, with degraded and excluded hosts, panic and total panic.

use eastwest::policy::priority::{self, Level, PriorityLoad};
use eastwest::policy::{Balance, Policy};
use eastwest::world::{Among, Health};

use crate::{Group, holds, numbers, policy, rows, world};

#[test]
fn each_priority_has_the_share_of_envoys_tables() {
    let mut held = 0;
    for row in rows("envoy_priority_load.csv") {
        let id = &row["id"];
        let levels: Vec<Level> = row["levels_total/healthy/degraded/excluded"]
            .split('|')
            .map(|text| {
                let counts: Vec<u32> = text.split('/').map(|count| count.parse().expect("a count")).collect();
                Level { total: counts[0], healthy: counts[1], degraded: counts[2], excluded: counts[3] }
            })
            .collect();
        let overprovisioning: u32 = row["overprovisioning_percent"].parse().expect("percent");
        let panic_threshold: u32 = row["panic_threshold_percent"].parse().expect("percent");
        let healthy = numbers(&row["expected_healthy_load"]);
        let degraded = match row["expected_degraded_load"].as_str() {
            "" => vec![0; levels.len()],
            text => numbers(text),
        };
        // Hosts of a priority without any are none at all here: a host set ends with its last host.
        let mut load = PriorityLoad::default();
        priority::loads_of(&levels, overprovisioning, panic_threshold, &mut load);
        let (mut groups, mut shares, mut none) = (Vec::new(), Vec::new(), 0.0);
        for (at, level) in levels.iter().enumerate() {
            let [well, spared] = [healthy[at], degraded[at]].map(|percent| f64::from(percent) / 100.0);
            let unhealthy = level.total - level.healthy - level.degraded - level.excluded;
            let panics = load.panics(at);
            for (health, hosts) in [
                (Health::Healthy, level.healthy),
                (Health::Degraded, level.degraded),
                (Health::Unhealthy, unhealthy),
                (Health::Excluded, level.excluded),
            ] {
                groups.push(Group::of(at, 0, health, hosts));
                shares.push(match health {
                    // In panic all are alike.
                    _ if panics => (well + spared) * f64::from(hosts) / f64::from(level.total.max(1)),
                    Health::Healthy if hosts > 0 => well,
                    Health::Degraded if hosts > 0 => spared,
                    _ => 0.0,
                });
            }
            if !panics {
                none += if level.healthy == 0 { well } else { 0.0 } + if level.degraded == 0 { spared } else { 0.0 };
            }
        }
        for balance in [Balance::LEAST_REQUEST, Balance::Random] {
            if balance == Balance::Random && (0..levels.len()).any(|at| load.panics(at)) {
                // One number chooses the priority and the host there, so hosts of one priority are not alike.
                continue;
            }
            let policy = Policy { overprovisioning, panic_threshold, ..policy(balance) };
            holds(id, &world(&groups, &[], Among::Hosts, policy), &shares, none);
        }
        held += 1;
    }
    assert!(held >= 30, "{held} rows");
}
