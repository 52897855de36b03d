//! Ways to balance, in worlds by chance: hashes, new hosts, localities by weight, zones, hosts that are told to be sick.

use std::sync::Arc;

use eastwest::policy::{Balance, HashOn, LeastRequest, Maglev, RingHash, SlowStart};
use eastwest::units::{Duration, Ratio};
use eastwest::world::*;

use crate::chaos::{self, Dice};
use crate::run_of;

fn world(seed: u64) -> World {
    let mut world = chaos::world(seed);
    vary(&mut world, &mut Dice::new(seed, "balance"));
    world
}

fn vary(world: &mut World, dice: &mut Dice) {
    for id in world.policies.ids().collect::<Vec<_>>() {
        let policy = &mut world.policies[id];
        let bound = dice.one_in(3).then_some(120);
        let least = LeastRequest { choices: 1 + dice.below(4) as u32, ..LeastRequest::ISTIO };
        policy.balance = match dice.below(6) {
            0 => Balance::RingHash(RingHash { min_size: 64, bound, ..RingHash::default() }),
            1 => Balance::Maglev(Maglev { table_size: 251, bound }),
            2 => Balance::LeastRequest(LeastRequest { full_scan: true, ..least }),
            3 => Balance::LeastRequest(LeastRequest { distinct: true, ..least }),
            4 => Balance::LeastRequest(LeastRequest { bias: 0.5, ..least }),
            _ => policy.balance,
        };
        policy.hash = match dice.below(3) {
            0 => None,
            1 => Some(HashOn::SourceIp { values: Some(20) }),
            _ => Some(HashOn::Value { name: 7, values: Some(1 + dice.below(50) as u32) }),
        };
        let warmup = SlowStart { window: Duration::from_secs(1 + dice.below(10)), min: 0.1, aggression: 1.5 };
        policy.warmup = dice.one_in(2).then_some(warmup);
        policy.overprovisioning = [60, 100, 140, 200][dice.below(4) as usize];
    }
    let (kind, sick) = (dice.below(4), dice.one_in(3));
    for id in world.host_sets.ids().collect::<Vec<_>>() {
        let mut hosts = world.host_sets[id].hosts.to_vec();
        let zone_of = |host: &Host| {
            let endpoint = match &host.target {
                HostTarget::Endpoint(endpoint, _) => *endpoint,
                HostTarget::Gateway(_, behind) => behind[0].0,
            };
            world.places[world.endpoints[endpoint].place].zone
        };
        if kind > 0 {
            let peers: Vec<(ZoneId, u32)> = world.zones.ids().map(|zone| (zone, 1 + dice.below(4) as u32)).collect();
            let own = ZoneId(dice.below(3) as u32);
            let (enabled, force_local) = (Ratio::new(0.8).expect("a share"), dice.one_in(4).then_some(1));
            let mut localities: Vec<HostLocality> = Vec::new();
            let by_zone = dice.one_in(2);
            for host in &mut hosts {
                let zone = zone_of(host);
                host.priority = if kind == 3 || by_zone { 0 } else { host.priority };
                let known = localities.iter().position(|row| row.zone == zone);
                let row = known.unwrap_or_else(|| {
                    let weight = dice.below(3) as u32;
                    let by = if dice.one_in(2) { LocalityWeight::Hosts } else { LocalityWeight::Fixed };
                    localities.push(HostLocality { region: RegionId(zone.0), zone, weight, by });
                    localities.len() - 1
                });
                host.locality = row as u16;
            }
            let zones = Among::Zones(ZoneAware { own, peers, min_cluster_size: 2, enabled, force_local });
            let set = &mut world.host_sets[id];
            set.among = if kind == 3 { zones } else { Among::WeightedLocalities };
            set.localities = localities.into();
            set.priorities = hosts.last().map_or(0, |host| host.priority + 1);
        }
        if sick {
            let health = [Health::Healthy, Health::Healthy, Health::Degraded, Health::Unhealthy, Health::Excluded];
            world.host_sets[id].health = hosts.iter().map(|_| health[dice.below(5) as usize]).collect();
        }
        world.host_sets[id].hosts = Arc::from(hosts);
    }
}

#[test]
fn however_hosts_are_chosen_every_call_is_settled_once_and_ahead_of_time_as_by_events() {
    for seed in 0..200 {
        run_of(&world(seed), seed, 0);
    }
}
