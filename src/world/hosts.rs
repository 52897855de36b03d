//! What a client proxy sees behind an edge: hosts, their localities, and the share of each while all are well.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{EndpointId, GatewayId, PathId, RegionId, ZoneId};
use crate::policy::Balance;
use crate::policy::zone_aware::{self, Callers, Limits, Routing, Zone};
use crate::units::Ratio;

/// Hosts that a proxy may choose among, as Envoy sees them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct HostSet {
    /// In order of priority, then place, then number. One list for all sets of the same hosts: callers of one service
    /// from one place mostly see the same, and there may be thousands of them.
    pub hosts: Arc<[Host]>,
    /// How many priorities there are; hosts of priority p stand together.
    pub priorities: u8,
    /// Localities of the hosts, by `Host::locality`; empty where nothing is chosen by locality.
    pub localities: Arc<[HostLocality]>,
    /// What is chosen within a priority before the host.
    pub among: Among,
    /// What discovery says of each host's health; empty: all are well. Istio lists none but those that are ready.
    pub health: Arc<[Health]>,
}

/// What discovery says of a host (Envoy `health_status`), ejection apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Health {
    /// It is well.
    #[default]
    Healthy,
    /// It answers, but asks to be spared.
    Degraded,
    /// It is not chosen but in panic.
    Unhealthy,
    /// It waits for its first health check: it does not count, and is not chosen but in panic.
    Excluded,
}

/// Hosts of one priority and locality (Envoy `LocalityLbEndpoints`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostLocality {
    /// The region of what stands behind its hosts; `NONE` outside the mesh.
    pub region: RegionId,
    /// The zone.
    pub zone: ZoneId,
    /// Envoy's `load_balancing_weight` of the locality with all its hosts; 0: never chosen.
    pub weight: u32,
    /// What becomes of that when hosts come and go.
    pub by: LocalityWeight,
}

/// Where a locality's weight comes from: who writes it writes it anew when hosts come and go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LocalityWeight {
    /// It stays.
    #[default]
    Fixed,
    /// The sum of its hosts' weights (Istio, where it says no other).
    Hosts,
    /// Its share of a part of `distribute`, by its hosts' weights among those of all localities of that part, rounded up.
    Part {
        /// The part.
        number: u16,
        /// What the part has.
        percent: u32,
    },
}

/// What is chosen within a priority before the host.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Among {
    /// Nothing: a priority is one list of hosts.
    #[default]
    Hosts,
    /// A locality by its weight (Envoy `locality_weighted_lb_config`).
    WeightedLocalities,
    /// The caller's own zone first, as far as its share of the callers is covered there; only in priority 0.
    Zones(ZoneAware),
}

/// Envoy's zone-aware routing (`zone_aware_lb_config`).
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneAware {
    /// The proxy's own zone.
    pub own: ZoneId,
    /// The caller's peers by zone (Envoy's local cluster), the own zone among them.
    pub peers: Vec<(ZoneId, u32)>,
    /// Fewer healthy hosts in priority 0: no zone-aware routing.
    pub min_cluster_size: u32,
    /// Share of requests that it is for.
    pub enabled: Ratio,
    /// All to the own zone where it has this many healthy hosts, whatever the shares.
    pub force_local: Option<u32>,
}

/// One host of a host set.
#[derive(Clone, PartialEq, Debug)]
pub struct Host {
    /// What stands behind the address.
    pub target: HostTarget,
    /// Weight (Envoy `load_balancing_weight`), 1 for a replica, more for a gateway that stands for several.
    pub weight: u32,
    /// Priority, 0 first.
    pub priority: u8,
    /// Row of `HostSet::localities`; 0 where there are none.
    pub locality: u16,
}

/// What stands behind a host's address.
#[derive(Clone, PartialEq, Debug)]
pub enum HostTarget {
    /// A replica, reached directly.
    Endpoint(EndpointId, PathId),
    /// A gateway or balancer that picks a replica once per connection among these, evenly.
    Gateway(GatewayId, Vec<(EndpointId, PathId)>),
}

impl HostSet {
    /// Is anything chosen by locality?
    pub fn is_by_locality(&self) -> bool {
        self.among != Among::Hosts
    }

    /// The weight of each locality where its hosts weigh `own` together.
    pub fn locality_weights(&self, own: &[u32]) -> Vec<u32> {
        let of_part = |part: u16| -> u64 {
            let mine = |row: &&HostLocality| matches!(row.by, LocalityWeight::Part { number, .. } if number == part);
            let rows = self.localities.iter().zip(own).filter(|(row, _)| mine(row));
            rows.map(|(_, own)| u64::from(*own)).sum()
        };
        let weight = |(row, &own): (&HostLocality, &u32)| match row.by {
            LocalityWeight::Fixed => row.weight,
            LocalityWeight::Hosts => own,
            LocalityWeight::Part { number, percent } => match of_part(number) {
                0 => 0,
                whole => (u64::from(own) * u64::from(percent)).div_ceil(whole) as u32,
            },
        };
        self.localities.iter().zip(own).map(weight).collect()
    }

    /// The share of each host while all are well and equally quick: the first priority's hosts, by locality where one is
    /// chosen, then by weight, which chance alone leaves aside.
    pub fn shares(&self, balance: Balance) -> Vec<f64> {
        let first = self.hosts.iter().map(|host| host.priority).min();
        let used = |host: &&Host| Some(host.priority) == first;
        let weight = |host: &Host| if balance == Balance::Random { 1.0 } else { f64::from(host.weight) };
        let mut within = vec![0.0; self.localities.len().max(1)];
        let row = |host: &Host| if self.is_by_locality() { usize::from(host.locality) } else { 0 };
        for host in self.hosts.iter().filter(used) {
            within[row(host)] += weight(host);
        }
        let localities = self.locality_shares(&within, balance);
        let share = |host: &Host| match &localities {
            _ if Some(host.priority) != first => 0.0,
            Some(shares) => shares[row(host)] * weight(host) / within[row(host)],
            None => weight(host) / within.iter().sum::<f64>(),
        };
        self.hosts.iter().map(share).collect()
    }

    /// The same where least request chooses by `weight / (active + 1)^bias`: `busy` says for each host how many calls of
    /// the proxy it would have under way if it got all of them (calls per second times seconds). A host's share x then
    /// solves `x (1 + busy x)^bias = c weight`, as its turns come at the inverse of the mean of what delays them, and
    /// calls under way are calls per second times seconds (Little); c makes the shares of a locality add up.
    pub fn shares_leaning(&self, balance: Balance, bias: f64, busy: &[f64]) -> Vec<f64> {
        let mut shares = self.shares(balance);
        let row = |host: usize| if self.is_by_locality() { self.hosts[host].locality } else { 0 };
        let rows: BTreeSet<u16> = (0..shares.len()).map(row).collect();
        for of in rows {
            let hosts: Vec<usize> = (0..shares.len()).filter(|&host| row(host) == of && shares[host] > 0.0).collect();
            let whole: f64 = hosts.iter().map(|&host| shares[host]).sum();
            let pulls: Vec<Pull> =
                hosts.iter().map(|&host| Pull { weight: shares[host] / whole, busy: whole * busy[host] }).collect();
            hosts.iter().zip(settled(&pulls, bias)).for_each(|(&host, share)| shares[host] = whole * share);
        }
        shares
    }

    /// The shares of the localities whose hosts have these weights; none where hosts are chosen at once.
    fn locality_shares(&self, within: &[f64], balance: Balance) -> Option<Vec<f64>> {
        match &self.among {
            Among::Hosts => None,
            Among::WeightedLocalities => {
                let there =
                    |(row, within): (&HostLocality, &f64)| if *within > 0.0 { f64::from(row.weight) } else { 0.0 };
                let weights: Vec<f64> = self.localities.iter().zip(within).map(there).collect();
                let sum: f64 = weights.iter().sum();
                (sum > 0.0).then(|| weights.iter().map(|weight| weight / sum).collect())
            }
            Among::Zones(_) if balance.hashes() => None,
            Among::Zones(rule) => {
                let hosts = |row: usize| {
                    self.hosts.iter().filter(move |host| host.priority == 0 && usize::from(host.locality) == row)
                };
                let counts: Vec<u32> = (0..self.localities.len()).map(|row| hosts(row).count() as u32).collect();
                let rows: Vec<usize> = (0..counts.len()).filter(|&row| counts[row] > 0).collect();
                let zones: Vec<_> = rows.iter().map(|&row| (self.localities[row].zone, counts[row])).collect();
                let (order, routing) = rule.routing(&zones);
                let shares = routing.shares(rows.len())?;
                let mut by_row = vec![0.0; counts.len()];
                order.iter().zip(shares).for_each(|(&at, share)| by_row[rows[at]] = share);
                let enabled = rule.enabled.get();
                let all: u32 = counts.iter().sum();
                let flat = |row: usize| f64::from(counts[row]) / f64::from(all);
                Some((0..counts.len()).map(|row| enabled * by_row[row] + (1.0 - enabled) * flat(row)).collect())
            }
        }
    }
}

impl ZoneAware {
    /// What the proxy does where zones have so many healthy hosts, and the order in which the rule counts the zones: its
    /// own first.
    pub fn routing(&self, zones: &[(ZoneId, u32)]) -> (Vec<usize>, Routing) {
        let own = zones.iter().position(|(zone, _)| *zone == self.own);
        let mut order: Vec<usize> = own.into_iter().collect();
        order.extend((0..zones.len()).filter(|&row| Some(row) != own));
        let peers = |zone: ZoneId| self.peers.iter().filter(|peer| peer.0 == zone).map(|peer| u64::from(peer.1)).sum();
        let counted: Vec<Zone> =
            order.iter().map(|&row| Zone { upstream: u64::from(zones[row].1), local: peers(zones[row].0) }).collect();
        let callers = Callers {
            total: self.peers.iter().map(|peer| u64::from(peer.1)).sum(),
            zones: self.peers.iter().filter(|peer| peer.1 > 0).count(),
            own: peers(self.own),
            panics: false,
        };
        let limits = Limits { min_cluster_size: self.min_cluster_size, force_local: self.force_local };
        let hosts = zones.iter().map(|zone| zone.1).sum();
        let own_hosts = own.map_or(0, |row| zones[row].1);
        let routing = zone_aware::routing(&counted, own.is_some(), (own_hosts, hosts), &callers, &limits);
        (order, routing)
    }
}

/// A host by its weight, and the calls that it would have under way if it got all.
struct Pull {
    weight: f64,
    busy: f64,
}

impl Pull {
    /// Its share at this level.
    fn share(&self, level: f64, bias: f64) -> f64 {
        let due = level * self.weight;
        if bias == 1.0 {
            return 2.0 * due / (1.0 + (1.0 + 4.0 * self.busy * due).sqrt());
        }
        bisect(due, |share| share * libm::pow(1.0 + self.busy * share, bias) - due)
    }
}

/// Shares that add up to 1.
fn settled(hosts: &[Pull], bias: f64) -> Vec<f64> {
    let sum = |level: f64| hosts.iter().map(|host| host.share(level, bias)).sum::<f64>();
    let mut most = 1.0;
    while sum(most) < 1.0 {
        most *= 2.0;
    }
    let level = bisect(most, |level| sum(level) - 1.0);
    let shares: Vec<f64> = hosts.iter().map(|host| host.share(level, bias)).collect();
    let all: f64 = shares.iter().sum();
    shares.into_iter().map(|share| share / all).collect()
}

/// Where a rising function is zero, between zero and `most`.
fn bisect(most: f64, of: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, most);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if of(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_leant_on_less_and_shares_add_up() {
        // A gateway that stands for three, a hundred times as far as the replica at hand.
        for bias in [1.0, 0.5, 2.0] {
            let pulls = [Pull { weight: 0.25, busy: 0.02 }, Pull { weight: 0.75, busy: 2.0 }];
            let shares = settled(&pulls, bias);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let level = |at: usize| shares[at] * libm::pow(1.0 + pulls[at].busy * shares[at], bias) / pulls[at].weight;
            assert!((level(0) / level(1) - 1.0).abs() < 1e-9, "{shares:?}");
            assert!(shares[1] < 0.75);
        }
        // By hand: x (1 + 2 x) = 3 (1 - x) for equal times of the near one: 2 x^2 + 4 x - 3 = 0.
        let pulls = [Pull { weight: 0.25, busy: 0.0 }, Pull { weight: 0.75, busy: 2.0 }];
        assert!((settled(&pulls, 1.0)[1] - (10.0_f64.sqrt() / 2.0 - 1.0)).abs() < 1e-12);
        // Where nothing is under way, weights are shares.
        let pulls = [Pull { weight: 0.25, busy: 0.0 }, Pull { weight: 0.75, busy: 0.0 }];
        assert!((settled(&pulls, 1.0)[1] - 0.75).abs() < 1e-12);
    }
}
