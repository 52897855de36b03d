//! What share of a proxy's calls each host gets, by what the proxy believes of its hosts: the rules by which calls choose,
//! as shares.

use super::hosts::{Among, Health, Host, HostSet};
use crate::policy::hashing::{self, Weighted};
use crate::policy::locality_weighted::Locality;
use crate::policy::priority::{self, LEVELS, Level, PriorityLoad};
use crate::policy::{Balance, Policy};

/// What a proxy takes a host for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// There, and as well as discovery says.
    In,
    /// Ejected by outlier detection: it counts among all, and is not chosen but in panic.
    Ejected,
    /// Removed by the control plane: it does not count.
    Gone,
}

/// Who is chosen among.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Healthy,
    Degraded,
    /// All that are there, in panic.
    All,
}

struct Shares<'a> {
    set: &'a HostSet,
    policy: &'a Policy,
    standing: &'a dyn Fn(usize) -> Standing,
}

impl HostSet {
    /// The share of each host where all are equally quick and the proxy takes each for what `standing` says. The shares add
    /// up to 1, or to less where some calls find no host and end in a 503 (UH).
    pub fn shares_when(&self, policy: &Policy, standing: impl Fn(usize) -> Standing) -> Vec<f64> {
        let mut shares = vec![0.0; self.hosts.len()];
        if self.hosts.is_empty() {
            return shares;
        }
        let reading = Shares { set: self, policy, standing: &standing };
        let levels = reading.levels();
        let mut load = PriorityLoad::default();
        priority::loads_of(&levels, policy.overprovisioning, policy.panic_threshold, &mut load);
        for level in 0..levels.len() {
            let parts = [(load.healthy(level), Class::Healthy), (load.degraded(level), Class::Degraded)];
            for (percent, class) in parts.into_iter().filter(|(percent, _)| *percent > 0) {
                let class = if load.panics(level) { Class::All } else { class };
                for (host, share) in reading.within(level, class) {
                    shares[host] += f64::from(percent) / 100.0 * share;
                }
            }
        }
        shares
    }
}

impl Shares<'_> {
    fn there(&self, host: usize) -> bool {
        (self.standing)(host) != Standing::Gone
    }

    fn health(&self, host: usize) -> Health {
        self.set.health.get(host).copied().unwrap_or_default()
    }

    fn chosen(&self, host: usize, class: Class) -> bool {
        let well = (self.standing)(host) == Standing::In;
        match class {
            Class::All => self.there(host),
            Class::Healthy => well && self.health(host) == Health::Healthy,
            Class::Degraded => well && self.health(host) == Health::Degraded,
        }
    }

    /// Hosts of a priority, by number.
    fn of(&self, level: usize) -> impl Iterator<Item = (usize, &Host)> {
        self.set.hosts.iter().enumerate().filter(move |(_, host)| usize::from(host.priority) == level)
    }

    fn levels(&self) -> Vec<Level> {
        let priorities = usize::from(self.set.priorities).clamp(1, LEVELS);
        let mut levels = vec![Level::default(); priorities];
        for (index, host) in self.set.hosts.iter().enumerate().filter(|(index, _)| self.there(*index)) {
            let level = &mut levels[usize::from(host.priority)];
            level.total += 1;
            level.healthy += u32::from(self.chosen(index, Class::Healthy));
            level.degraded += u32::from(self.chosen(index, Class::Degraded));
            level.excluded += u32::from(self.health(index) == Health::Excluded);
        }
        levels
    }

    /// Shares within a priority, sum 1; empty where nobody can be chosen.
    fn within(&self, level: usize, class: Class) -> Vec<(usize, f64)> {
        let hashes = self.policy.balance.hashes();
        match &self.set.among {
            Among::WeightedLocalities if hashes => self.hashed(level, class),
            Among::WeightedLocalities if class != Class::All => self.by_locality(level, class),
            Among::Zones(_) if level == 0 && class != Class::All && !hashes => self.by_zone(class),
            _ => self.flat(self.list(level, class)),
        }
    }

    fn list(&self, level: usize, class: Class) -> Vec<(usize, f64)> {
        let equal = self.policy.balance == Balance::Random;
        let weight = |host: &Host| if equal { 1.0 } else { f64::from(host.weight) };
        let list = self.of(level).filter(|(index, _)| self.chosen(*index, class));
        list.map(|(index, host)| (index, weight(host))).collect()
    }

    /// By weight.
    fn flat(&self, list: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
        let sum: f64 = list.iter().map(|(_, weight)| weight).sum();
        list.into_iter().map(|(index, weight)| (index, weight / sum)).collect()
    }

    fn row(&self, host: usize) -> usize {
        usize::from(self.set.hosts[host].locality)
    }

    /// The weights of localities with those of their hosts that are there.
    fn rows(&self) -> Vec<u32> {
        let mut own = vec![0; self.set.localities.len()];
        for (_, host) in self.set.hosts.iter().enumerate().filter(|(index, _)| self.there(*index)) {
            own[usize::from(host.locality)] += host.weight;
        }
        self.set.locality_weights(&own)
    }

    fn spread(&self, level: usize, class: Class, row_share: &[f64]) -> Vec<(usize, f64)> {
        let list = self.list(level, class);
        let rows = row_share.iter().enumerate().filter(|(_, share)| **share > 0.0);
        let of_row = |(row, share): (usize, &f64)| {
            let mine = list.iter().copied().filter(|(index, _)| self.row(*index) == row).collect();
            self.flat(mine).into_iter().map(move |(index, part)| (index, part * share)).collect::<Vec<_>>()
        };
        rows.flat_map(of_row).collect()
    }

    fn by_locality(&self, level: usize, class: Class) -> Vec<(usize, f64)> {
        let weights = self.rows();
        let mut rows: Vec<Locality> =
            weights.iter().map(|&weight| Locality { weight, ..Locality::default() }).collect();
        for (index, _) in self.of(level).filter(|(index, _)| self.there(*index)) {
            let row = &mut rows[self.row(index)];
            row.total += 1;
            row.eligible += u32::from(self.chosen(index, class));
            row.excluded += u32::from(self.health(index) == Health::Excluded);
        }
        let effective: Vec<f64> = rows.iter().map(|row| row.effective_weight(self.policy.overprovisioning)).collect();
        let sum: f64 = effective.iter().sum();
        if sum == 0.0 {
            return self.flat(self.list(level, class));
        }
        self.spread(level, class, &effective.iter().map(|weight| weight / sum).collect::<Vec<_>>())
    }

    fn by_zone(&self, class: Class) -> Vec<(usize, f64)> {
        let Among::Zones(rule) = &self.set.among else { return Vec::new() };
        let count = |row: usize, counts: &dyn Fn(usize) -> bool| {
            self.of(0).filter(|(index, _)| self.row(*index) == row && counts(*index)).count() as u32
        };
        let rows: Vec<usize> =
            (0..self.set.localities.len()).filter(|row| count(*row, &|host| self.there(host)) > 0).collect();
        let healthy = |row: usize| count(row, &|host| self.chosen(host, Class::Healthy));
        let zones: Vec<_> = rows.iter().map(|&row| (self.set.localities[row].zone, healthy(row))).collect();
        let (order, routing) = rule.routing(&zones);
        let list = self.flat(self.list(0, class));
        let Some(shares) = routing.shares(rows.len()) else { return list };
        let mut by_row = vec![0.0; self.set.localities.len()];
        order.iter().zip(shares).for_each(|(&at, share)| by_row[rows[at]] = share);
        let enabled = rule.enabled.get();
        let mut parts = self.spread(0, class, &by_row);
        parts.iter_mut().for_each(|(_, share)| *share *= enabled);
        parts.extend(list.into_iter().map(|(index, share)| (index, share * (1.0 - enabled))));
        parts
    }

    /// Hashes fold the localities' weights into the hosts', whatever is missing of a locality.
    fn hashed(&self, level: usize, class: Class) -> Vec<(usize, f64)> {
        let weights = self.rows();
        let of_row = |(row, &weight): (usize, &u32)| {
            let mine = self.of(level).filter(|(index, _)| self.row(*index) == row && self.chosen(*index, class));
            (weight, mine.map(|(index, host)| (index as u16, host.weight)).collect::<Vec<_>>())
        };
        let rows: Vec<(u32, Vec<(u16, u32)>)> = weights.iter().enumerate().map(of_row).collect();
        let there = rows.iter().filter(|(_, hosts)| !hosts.is_empty());
        let there: Vec<Weighted<'_>> = there.map(|(weight, hosts)| Weighted { weight: *weight, hosts }).collect();
        hashing::shares(&there).into_iter().map(|(host, share)| (usize::from(host), share)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::defaults;
    use crate::topology::{RegionId, ZoneId};
    use crate::world::{EndpointId, HostLocality, HostTarget, LocalityWeight, PathId};

    /// Hosts of these priorities and localities, and the localities' weights.
    fn set(hosts: &[(u8, u16)], weights: &[u32]) -> HostSet {
        let host = |&(priority, locality): &(u8, u16)| {
            let target = HostTarget::Endpoint(EndpointId(0), PathId(0));
            Host { target, weight: 1, priority, locality }
        };
        let row = |(zone, &weight): (usize, &u32)| {
            let by = LocalityWeight::Fixed;
            HostLocality { region: RegionId(0), zone: ZoneId(zone as u32), weight, by }
        };
        HostSet {
            hosts: hosts.iter().map(host).collect(),
            priorities: hosts.iter().map(|(priority, _)| priority + 1).max().unwrap_or(0),
            localities: weights.iter().enumerate().map(row).collect(),
            among: if weights.is_empty() { Among::Hosts } else { Among::WeightedLocalities },
            health: [].into(),
        }
    }

    fn policy(panic_threshold: u32) -> Policy {
        Policy { panic_threshold, ..defaults::policy((1, 24)) }
    }

    #[track_caller]
    fn near(shares: &[f64], expected: &[f64]) {
        let same = shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 1e-12);
        assert!(same && shares.len() == expected.len(), "{shares:?} is not {expected:?}");
    }

    #[test]
    fn half_of_a_priority_ejected_spills_thirty_percent_and_removed_none() {
        let set = set(&[(0, 0), (0, 0), (1, 0)], &[]);
        let out = |what: Standing| move |host: usize| if host == 0 { what } else { Standing::In };
        near(&set.shares_when(&policy(0), out(Standing::Ejected)), &[0.0, 0.7, 0.3]);
        near(&set.shares_when(&policy(0), out(Standing::Gone)), &[0.0, 1.0, 0.0]);
    }

    #[test]
    fn panic_and_nobody() {
        let set = set(&[(0, 0), (0, 0), (0, 0)], &[]);
        let ejected = |_: usize| Standing::Ejected;
        near(&set.shares_when(&policy(50), ejected), &[1.0 / 3.0; 3]);
        // Without panic nobody is chosen: 503 (UH).
        near(&set.shares_when(&policy(0), ejected), &[0.0; 3]);
        near(&set.shares_when(&policy(0), |_| Standing::Gone), &[0.0; 3]);
    }

    #[test]
    fn a_locality_loses_weight_beyond_the_overprovisioning_factor() {
        let set = set(&[(0, 0), (0, 0), (0, 1), (0, 1)], &[50, 50]);
        let one_out = |host: usize| if host == 0 { Standing::Ejected } else { Standing::In };
        // Half of its hosts at 1.4: 0.7 of its weight.
        near(&set.shares_when(&policy(0), one_out), &[0.0, 0.7 / 1.7, 0.5 / 1.7, 0.5 / 1.7]);
    }
}
