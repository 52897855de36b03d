//! What one proxy knows of one upstream, and how it chooses among its hosts.
//!
//! What a fresh proxy would know too (who the hosts are, their weights and priorities) is in one [`View`] for all; of its
//! own a proxy has 8 bytes a host, until it has seen one fail: then its beliefs are its own.

use super::calls::NONE;
use super::pools::Pools;
use crate::policy::edf::Edf;
use crate::policy::outlier::{HostHealth, ResultClass};
use crate::policy::priority::{self, Level, PriorityLoad};
use crate::policy::rates::Tally;
use crate::policy::{Balance, LeastRequest, Outlier, least_request, random, round_robin};
use crate::random::mix;
use crate::world::{EdgeId, Host, HostSetId, ProxyId};

/// One proxy's state of one upstream.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) proxy: ProxyId,
    pub(super) edge: EdgeId,
    pub(super) host_set: HostSetId,
    /// Names proxy and upstream for the connections' own draws.
    pub(super) key: u64,
    pub(super) hosts: Box<[HostState]>,
    /// Connections of workers other than the first, by host.
    more: Box<[u32]>,
    /// Workers of the proxy: each has connections of its own.
    pub(super) workers: u32,
    /// Where requests on connections are counted; else each worker has one connection to a host.
    pub(super) pools: Option<Box<Pools>>,
    /// Connections opened so far.
    pub(super) opened: u32,
    /// Calls that a fault filter is delaying, where their number is limited.
    pub(super) delayed: u32,
    /// Turn of round robin.
    turn: u64,
    /// What it believes of hosts that failed it; none: it has no reason to believe anything.
    pub(super) beliefs: Option<Box<Beliefs>>,
    /// Weighted turns, where weights differ and turns are taken: a schedule for each priority that has hosts.
    turns: Option<Box<[Option<Edf>]>>,
}

/// One proxy's state of one host.
#[derive(Clone, Debug)]
pub(super) struct HostState {
    /// Requests of this proxy that the host has not answered.
    pub(super) active: u32,
    /// The first worker's open connection, or NONE.
    pub(super) connection: u32,
}

/// A host set as everybody sees it who has seen nobody fail.
#[derive(Debug)]
pub(super) struct View {
    all: Groups,
    /// Weights of hosts, where they differ; else empty.
    weights: Vec<u32>,
}

/// Hosts to choose among, by priority.
#[derive(Clone, Debug, Default)]
struct Groups {
    /// Hosts that are in, grouped by priority.
    eligible: Vec<u16>,
    /// Where each priority ends there.
    ends: Vec<u32>,
    /// By place in `eligible`, where weights differ: the sum of weights so far, within its priority.
    sums: Vec<f64>,
    /// Load over the priorities.
    load: PriorityLoad,
}

/// What one proxy believes of the hosts of one upstream.
#[derive(Debug)]
pub(super) struct Beliefs {
    pub(super) health: Box<[HostHealth]>,
    /// By host: the interval's answers, and what the proxy itself found; empty where nobody judges by rates.
    pub(super) tallies: Box<[[Tally; 2]]>,
    pub(super) ejected: u32,
    pub(super) sweeping: bool,
    groups: Groups,
    /// What it has been told of who is there; none: all are.
    members: Option<Box<Members>>,
}

/// Who is there, as the control plane tells it: who is not stands in no count, as if he had never been.
#[derive(Debug)]
struct Members {
    /// By host: it is gone.
    gone: Box<[bool]>,
    /// By host: its weight, which is less where some of those behind a gateway are gone.
    weights: Vec<u32>,
    /// Those who are there.
    all: Groups,
}

impl Members {
    fn new(view: &View, hosts: &[Host]) -> Self {
        let weights = hosts.iter().map(|host| host.weight).collect();
        Members { gone: vec![false; hosts.len()].into(), weights, all: view.all.clone() }
    }
}

impl Beliefs {
    /// Counts an attempt's end, where rates are judged.
    pub(super) fn tally(&mut self, host: u16, rule: &Outlier, class: ResultClass) {
        let Some([answers, own]) = self.tallies.get_mut(usize::from(host)) else { return };
        match (class, rule.consecutive_local) {
            (ResultClass::Local { connected }, Some(_)) => {
                if connected {
                    own.add(true);
                }
                own.add(false);
            }
            _ => {
                own.add(true);
                answers.add(class == ResultClass::Success);
            }
        }
    }
}

impl View {
    pub(super) fn new(hosts: &[Host]) -> Self {
        assert!(hosts.len() < usize::from(u16::MAX), "a host set has fewer than 65,535 hosts");
        let unequal = hosts.iter().any(|host| host.weight != hosts[0].weight);
        let weights = if unequal { hosts.iter().map(|host| host.weight).collect() } else { Vec::new() };
        let priorities = hosts.last().map_or(0, |host| host.priority + 1);
        let end = |priority| hosts.partition_point(|host| host.priority <= priority) as u32;
        let ends: Vec<u32> = (0..priorities).map(end).collect();
        let mut all = Groups { eligible: (0..hosts.len() as u16).collect(), ends, ..Groups::default() };
        all.sum(&weights);
        if !hosts.is_empty() {
            // Where nobody has failed, no level is short of hosts: the threshold has no say.
            let counts = counts(&all.ends);
            priority::loads(&counts, &counts, 0, &mut all.load);
        }
        View { all, weights }
    }

    /// The priority of a host.
    pub(super) fn priority_of(&self, host: u16) -> usize {
        self.all.ends.partition_point(|&end| end <= u32::from(host))
    }
}

impl Groups {
    /// Those hosts that are in.
    fn gather(&mut self, view: &View, weights: &[u32], is_in: impl Fn(usize) -> bool) {
        self.eligible.clear();
        self.ends.clear();
        let mut host = 0_u32;
        for &end in &view.all.ends {
            self.eligible.extend((host..end).filter(|&host| is_in(host as usize)).map(|host| host as u16));
            host = end;
            self.ends.push(self.eligible.len() as u32);
        }
        self.sum(weights);
    }

    fn sum(&mut self, weights: &[u32]) {
        self.sums.clear();
        if weights.is_empty() {
            return;
        }
        for priority in 0..self.ends.len() {
            let (start, end) = bounds(&self.ends, priority);
            let mut sum = 0.0;
            self.sums.extend(self.eligible[start..end].iter().map(|&host| {
                sum += f64::from(weights[usize::from(host)]);
                sum
            }));
        }
    }
}

impl Upstream {
    pub(super) fn new(
        (proxy, workers): (ProxyId, u32),
        edge: EdgeId,
        host_set: HostSetId,
        hosts: usize,
        key: u64,
        counts: bool,
    ) -> Self {
        let others = if counts { 0 } else { hosts * (workers as usize - 1) };
        Upstream {
            proxy,
            edge,
            host_set,
            key,
            hosts: vec![HostState { active: 0, connection: NONE }; hosts].into(),
            more: vec![NONE; others].into(),
            workers,
            pools: counts.then(|| Box::new(Pools::new(hosts, workers))),
            opened: 0,
            delayed: 0,
            // Proxies start at different hosts, or all first calls of a rollout would meet at one.
            turn: key >> 32,
            beliefs: None,
            turns: None,
        }
    }

    /// A worker's open connection to a host, or NONE.
    #[inline(always)]
    pub(super) fn connection(&mut self, host: u16, worker: u16) -> &mut u32 {
        match worker {
            0 => &mut self.hosts[usize::from(host)].connection,
            _ => &mut self.more[usize::from(host) * (self.workers as usize - 1) + usize::from(worker) - 1],
        }
    }

    /// A good answer of a host is here.
    #[inline]
    pub(super) fn answered(&mut self, host: u16, outlier: Option<&Outlier>) {
        self.hosts[usize::from(host)].active -= 1;
        // A success is news only to who has seen a failure.
        if let (Some(rule), Some(beliefs)) = (outlier, &mut self.beliefs) {
            beliefs.tally(host, rule, ResultClass::Success);
            beliefs.health[usize::from(host)].on_result(rule, ResultClass::Success);
        }
    }

    /// Is any host there that it believes healthy?
    pub(super) fn has_healthy(&self, view: &View) -> bool {
        !self.beliefs.as_ref().map_or(&view.all, |beliefs| &beliefs.groups).eligible.is_empty()
    }

    /// Its own beliefs, from now on.
    pub(super) fn believe(&mut self, view: &View) -> &mut Beliefs {
        let hosts = self.hosts.len();
        self.beliefs.get_or_insert_with(|| {
            let health = vec![HostHealth::default(); hosts].into();
            let groups = view.all.clone();
            Box::new(Beliefs { health, tallies: [].into(), ejected: 0, sweeping: false, groups, members: None })
        })
    }

    /// What stands behind a host has changed: so many of so many are there. Tells whether the host is gone with it.
    pub(super) fn told(&mut self, view: &View, hosts: &[Host], host: usize, there: u32, of: u32) -> bool {
        let beliefs = self.believe(view);
        let members = beliefs.members.get_or_insert_with(|| Box::new(Members::new(view, hosts)));
        let was_gone = std::mem::replace(&mut members.gone[host], there == 0);
        let weight = u64::from(hosts[host].weight) * u64::from(there) / u64::from(of);
        members.weights[host] = (weight as u32).max(1);
        if there > 0 || was_gone {
            return false;
        }
        // Envoy forgets what it knew of a host that leaves; one that joins is another.
        beliefs.ejected -= u32::from(std::mem::take(&mut beliefs.health[host]).is_ejected());
        true
    }

    /// How many hosts there are, as far as it has been told.
    pub(super) fn members(&self) -> u32 {
        let members = self.beliefs.as_ref().and_then(|beliefs| beliefs.members.as_ref());
        members.map_or(self.hosts.len(), |members| members.all.eligible.len()) as u32
    }

    /// Where all are there again, nothing need be remembered of it.
    pub(super) fn forget_the_usual(&mut self, hosts: &[Host]) {
        let Some(beliefs) = &mut self.beliefs else { return };
        let full = hosts.iter().map(|host| host.weight);
        if beliefs
            .members
            .as_ref()
            .is_some_and(|known| !known.gone.contains(&true) && full.eq(known.weights.iter().copied()))
        {
            beliefs.members = None;
        }
        if !beliefs.sweeping && self.is_ignorant() {
            self.beliefs = None;
        }
    }

    /// Does it believe nothing of anybody that a fresh proxy would not?
    pub(super) fn is_ignorant(&self) -> bool {
        self.beliefs.as_ref().is_none_or(|beliefs| {
            beliefs.members.is_none() && beliefs.health.iter().all(|host| *host == HostHealth::default())
        })
    }

    /// Who is in changed: priorities, load and turns are made anew, as Envoy does.
    pub(super) fn regroup(&mut self, view: &View, panic_threshold: u32) {
        let Some(beliefs) = &mut self.beliefs else { return };
        let Beliefs { health, groups, members, .. } = &mut **beliefs;
        if let Some(known) = members {
            let Members { gone, weights, all } = &mut **known;
            let weights = in_use(weights);
            all.gather(view, weights, |host| !gone[host]);
            groups.gather(view, weights, |host| !gone[host] && !health[host].is_ejected());
        } else {
            groups.gather(view, &view.weights, |host| !health[host].is_ejected());
        }
        let all = members.as_ref().map_or(&view.all, |members| &members.all);
        priority::loads(&counts(&groups.ends), &counts(&all.ends), panic_threshold, &mut groups.load);
        self.turns = None;
    }

    #[inline(always)]
    pub(super) fn choose(&mut self, view: &View, balance: Balance, draw: impl Fn(u64) -> u64) -> Option<u16> {
        let simple = view.all.ends.len() == 1 && self.beliefs.is_none();
        if !simple {
            return self.choose_in_full(view, balance, None, draw);
        }
        let count = self.hosts.len();
        if count == 1 {
            return Some(0);
        }
        match balance {
            Balance::LeastRequest(LeastRequest { choices: 2, full_scan: false, .. }) if view.weights.is_empty() => {
                let active = |index: usize| self.hosts[index].active;
                Some(least_request::choose(count, active, 2, |choice| draw(u64::from(choice) + 1)) as u16)
            }
            Balance::Random if !view.weights.is_empty() => Some(weighted(&view.all.sums, draw(1)) as u16),
            Balance::Random => Some(random::choose(count, draw(1)) as u16),
            _ => self.choose_in_full(view, balance, None, draw),
        }
    }

    /// The same with a load over the priorities of one's own, where there is one.
    pub(super) fn choose_by(
        &mut self,
        view: &View,
        balance: Balance,
        load: Option<&PriorityLoad>,
        draw: impl Fn(u64) -> u64,
    ) -> Option<u16> {
        match load {
            None => self.choose(view, balance, draw),
            Some(_) => self.choose_in_full(view, balance, load, draw),
        }
    }

    /// What it believes of each priority, and the load over them; none where there are no hosts.
    pub(super) fn levels(&self, view: &View) -> Option<(Vec<Level>, PriorityLoad)> {
        let groups = self.beliefs.as_ref().map_or(&view.all, |beliefs| &beliefs.groups);
        let members = self.beliefs.as_ref().and_then(|beliefs| beliefs.members.as_deref());
        let all = members.map_or(&view.all, |known| &known.all);
        let level = |(healthy, total)| Level { total, healthy, ..Level::default() };
        let levels: Vec<Level> = counts(&groups.ends).into_iter().zip(counts(&all.ends)).map(level).collect();
        (!levels.is_empty()).then_some((levels, groups.load))
    }

    /// With priorities, ejected hosts, weighted turns.
    #[inline(never)]
    fn choose_in_full(
        &mut self,
        view: &View,
        balance: Balance,
        load: Option<&PriorityLoad>,
        draw: impl Fn(u64) -> u64,
    ) -> Option<u16> {
        if self.hosts.is_empty() {
            return None;
        }
        let (groups, ejected) =
            self.beliefs.as_ref().map_or((&view.all, 0), |beliefs| (&beliefs.groups, beliefs.ejected));
        let members = self.beliefs.as_ref().and_then(|beliefs| beliefs.members.as_deref());
        let (all, weights) =
            members.map_or((&view.all, &view.weights[..]), |known| (&known.all, in_use(&known.weights)));
        if self.hosts.len() == 1 && ejected == 0 && members.is_none() {
            return Some(0);
        }
        let (priority, panic) = if view.all.ends.len() == 1 && ejected == 0 {
            (0, false)
        } else {
            priority::choose(load.unwrap_or(&groups.load), draw(0))
        };
        let (start, end) = bounds(if panic { &all.ends } else { &groups.ends }, priority);
        let count = end - start;
        if count == 0 {
            return None;
        }
        let (hosts, turn) = (&self.hosts, &mut self.turn);
        let host = |index: usize| if panic { all.eligible[start + index] } else { groups.eligible[start + index] };
        let active = |index: usize| hosts[usize::from(host(index))].active;
        // In panic, weights are left aside, as in turns of equals.
        let weighs = !panic && !weights.is_empty();
        let weight = |host: u16| f64::from(weights[usize::from(host)]);
        let index = match balance {
            Balance::Random if weighs => weighted(&groups.sums[start..end], draw(1)),
            Balance::Random => random::choose(count, draw(1)),
            Balance::LeastRequest(rule) if !weighs => {
                // Past the second, counters that no other pick of this attempt comes to.
                let draw = |choice: u32| draw(if choice < 2 { u64::from(choice) + 1 } else { u64::from(choice) << 8 });
                match rule.full_scan {
                    true => least_request::full_scan(count, active, draw),
                    false => least_request::choose(count, active, rule.choices, draw),
                }
            }
            Balance::RoundRobin if !weighs => {
                *turn += 1;
                round_robin::choose(count, *turn)
            }
            _ => {
                let gone = self.hosts.len() - all.eligible.len();
                let seed = mix(self.key, u64::from(ejected) | (gone as u64) << 32) as u32;
                let turns = self.turns.get_or_insert_with(|| schedules(groups, seed, weight));
                let edf = turns[priority].as_mut().expect("a priority with hosts has a schedule");
                edf.pick(|index| match balance {
                    Balance::LeastRequest(rule) => least_request::weight(weight(host(index)), active(index), rule.bias),
                    _ => weight(host(index)),
                })
            }
        };
        Some(host(index))
    }
}

/// Weights, where they differ; else none are in use.
fn in_use(weights: &[u32]) -> &[u32] {
    if weights.iter().all(|weight| *weight == weights[0]) { &[] } else { weights }
}

/// A schedule of weighted turns for each priority that has hosts.
fn schedules(groups: &Groups, seed: u32, weight: impl Fn(u16) -> f64) -> Box<[Option<Edf>]> {
    let group = |priority| {
        let (start, end) = bounds(&groups.ends, priority);
        let weights: Vec<f64> = groups.eligible[start..end].iter().map(|&host| weight(host)).collect();
        (!weights.is_empty()).then(|| Edf::new(&weights, seed))
    };
    (0..groups.ends.len()).map(group).collect()
}

/// The place whose part of the sum a draw falls into.
fn weighted(sums: &[f64], draw: u64) -> usize {
    let last = sums.len() - 1;
    let aim = (draw >> 11) as f64 * (1.0 / (1_u64 << 53) as f64) * sums[last];
    sums.iter().position(|&sum| aim < sum).unwrap_or(last)
}

fn bounds(ends: &[u32], priority: usize) -> (usize, usize) {
    let start = if priority == 0 { 0 } else { ends[priority - 1] as usize };
    (start, ends[priority] as usize)
}

/// Hosts by priority, from where each ends.
fn counts(ends: &[u32]) -> Vec<u32> {
    ends.iter().scan(0, |start, &end| Some(end - std::mem::replace(start, end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_has_seen_nobody_fail_has_8_bytes_a_host() {
        assert_eq!(size_of::<HostState>(), 8);
        assert!(size_of::<Upstream>() <= 104, "{}", size_of::<Upstream>());
    }
}
