//! Client proxies: what each believes of its upstreams, and whom it chooses.
//!
//! State belongs to one proxy and one upstream, as in a real mesh: its own active requests, its own ejections. A proxy
//! never looks at the truth; it meets it when a call fails.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::calls::{NONE, nth};
use super::event::Kind;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::policy::edf::Edf;
use crate::policy::outlier::{self, HostHealth, ResultClass};
use crate::policy::priority::{self, PriorityLoad};
use crate::policy::{Balance, Outlier, least_request, random, round_robin};
use crate::random::mix;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{EdgeId, HostSetId, PolicyId, ProxyId};

/// One proxy's view of one upstream.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) edge: EdgeId,
    pub(super) policy: PolicyId,
    pub(super) host_set: HostSetId,
    /// Names proxy and upstream for the connections' own draws.
    pub(super) key: u64,
    pub(super) hosts: Vec<HostState>,
    /// Connections opened so far.
    pub(super) opened: u32,
    /// Turn of round robin.
    turn: u64,
    /// Weights of hosts, where they differ; else empty.
    weights: Vec<u32>,
    /// By place in `eligible`, where weights differ: the sum of weights so far, within its priority.
    sums: Vec<f64>,
    /// Weighted turns, where weights differ: a schedule for each priority that has hosts.
    turns: Vec<Option<Edf>>,
    ejected: u32,
    sweeping: bool,
    /// Requests whose answers are certain but not here yet, where that matters: when, from which host.
    returning: BinaryHeap<Reverse<(SimTime, u16)>>,
    /// Hosts that are not ejected, grouped by priority; `ends[p]` is where priority p ends.
    eligible: Vec<u16>,
    ends: Vec<u32>,
    /// All hosts likewise.
    all_ends: Vec<u32>,
    load: PriorityLoad,
}

/// One proxy's view of one host.
#[derive(Clone, Debug)]
pub(super) struct HostState {
    /// Requests of this proxy that the host has not answered.
    pub(super) active: u32,
    /// The open connection, or NONE.
    pub(super) connection: u32,
    pub(super) health: HostHealth,
}

impl Machine<'_> {
    /// The upstream row of a call made by `proxy` over `edge`; made on first use.
    #[inline(always)]
    pub(super) fn upstream_of(&mut self, proxy: ProxyId, edge: EdgeId) -> u32 {
        let row = self.upstream_row(proxy, edge);
        if self.upstreams[row as usize].is_none() {
            let upstream = self.new_upstream(proxy, edge);
            self.upstreams[row as usize] = Some(Box::new(upstream));
        }
        row
    }

    #[inline]
    pub(super) fn upstream_row(&self, proxy: ProxyId, edge: EdgeId) -> u32 {
        self.hot.proxies[proxy.0 as usize].first_upstream + self.hot.edges[edge.0 as usize].ordinal
    }

    pub(super) fn upstream(&self, row: u32) -> &Upstream {
        self.upstreams[row as usize].as_ref().expect("an upstream in use has been made")
    }

    pub(super) fn upstream_mut(&mut self, row: u32) -> &mut Upstream {
        self.upstreams[row as usize].as_mut().expect("an upstream in use has been made")
    }

    fn new_upstream(&self, proxy: ProxyId, edge: EdgeId) -> Upstream {
        let world = self.world;
        let place = world.proxies[proxy].place;
        let host_set = world.host_set(edge, place);
        let key = mix(self.proxy_keys[proxy.0 as usize], self.edge_keys[edge.0 as usize].name);
        let hosts: &[_] = if host_set.is_none() { &[] } else { &world.host_sets[host_set].hosts };
        let priorities = hosts.last().map_or(0, |host| usize::from(host.priority) + 1);
        let ends = |_: ()| -> Vec<u32> {
            (0..priorities)
                .map(|p| hosts.iter().filter(|host| usize::from(host.priority) <= p).count() as u32)
                .collect()
        };
        let unequal = hosts.iter().any(|host| host.weight != hosts[0].weight);
        let mut upstream = Upstream {
            edge,
            policy: world.edges[edge].policy,
            host_set,
            key,
            hosts: vec![HostState { active: 0, connection: NONE, health: HostHealth::default() }; hosts.len()],
            opened: 0,
            // Proxies start at different hosts, or all first calls of a rollout would meet at one.
            turn: key >> 32,
            weights: if unequal { hosts.iter().map(|host| host.weight).collect() } else { Vec::new() },
            sums: Vec::new(),
            turns: Vec::new(),
            ejected: 0,
            sweeping: false,
            returning: BinaryHeap::new(),
            eligible: (0..hosts.len() as u16).collect(),
            ends: ends(()),
            all_ends: ends(()),
            load: PriorityLoad::default(),
        };
        upstream.regroup(world.policies[upstream.policy].panic_threshold);
        upstream
    }

    /// The host for an attempt: priority, then panic, then the policy's choice. `avoid` is the last attempt's host.
    #[inline(always)]
    pub(super) fn choose_host(&mut self, row: u32, key: u64, avoid: Option<u16>, now: SimTime) -> Option<u16> {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let rules = &self.hot.edges[upstream.edge.0 as usize];
        let (balance, choice) = (rules.balance, self.edge_keys[upstream.edge.0 as usize].balance);
        if rules.watches {
            upstream.catch_up(now, self.world.policies[rules.policy].outlier.as_ref());
        }
        let mut host = upstream.choose(balance, |n| choice.bits(nth(key, n)))?;
        // Envoy's previous-hosts predicate: up to five more picks while the pick is the host that just failed.
        for pick in 1..=5 {
            if avoid != Some(host) {
                break;
            }
            host = upstream.choose(balance, |n| choice.bits(nth(key, n + 8 * pick)))?;
        }
        if rules.watches {
            upstream.hosts[usize::from(host)].active += 1;
        }
        Some(host)
    }

    /// A host has answered, will have at `at`, or failed to.
    pub(super) fn left(
        &mut self,
        row: u32,
        host: u16,
        failure: Option<Failure>,
        at: SimTime,
        schedule: &mut Schedule,
    ) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        if failure.is_none() && at > schedule.now() {
            upstream.returning.push(Reverse((at, host)));
            return;
        }
        upstream.catch_up(at, self.world.policies[upstream.policy].outlier.as_ref());
        upstream.hosts[usize::from(host)].active -= 1;
        self.observe(row, host, failure, at, schedule);
    }

    /// What an attempt's end tells outlier detection.
    fn observe(
        &mut self,
        row: u32,
        host: u16,
        failure: Option<Failure>,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let world = self.world;
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let policy = &world.policies[upstream.policy];
        let Some(rule) = &policy.outlier else { return };
        let Some(class) = ResultClass::of(failure.map_or(Ok(()), Err)) else { return };
        if !upstream.hosts[usize::from(host)].health.on_result(rule, class) {
            return;
        }
        if !outlier::may_eject(upstream.ejected, upstream.hosts.len() as u32, rule) {
            return;
        }
        upstream.hosts[usize::from(host)].health.eject(rule, now);
        upstream.ejected += 1;
        upstream.regroup(policy.panic_threshold);
        let edge = upstream.edge;
        if !upstream.sweeping {
            upstream.sweeping = true;
            // Envoy sweeps every interval from the cluster's creation on, which is t = 0 here.
            let interval = rule.interval.nanos();
            let next = (now.nanos() / interval + 1) * interval;
            schedule.at(SimTime::from_nanos(next), Kind::Sweep.order_of(0, upstream.key), row);
        }
        let connection = upstream.hosts[usize::from(host)].connection;
        self.ledger.ejected(edge);
        if connection != NONE {
            // An ejected host's pooled connections are closed; what is on them drains.
            self.retire(connection);
        }
    }

    /// Ejected hosts whose time is over return.
    pub(super) fn sweep(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let policy = &world.policies[upstream.policy];
        let Some(rule) = &policy.outlier else { return };
        upstream.catch_up(now, Some(rule));
        let mut changed = false;
        for host in &mut upstream.hosts {
            if host.health.sweep(now) {
                upstream.ejected -= 1;
                changed = true;
            }
        }
        if changed {
            upstream.regroup(policy.panic_threshold);
        }
        // Sweeps go on while anything is remembered: an ejection's count wears off one sweep at a time.
        upstream.sweeping = upstream.hosts.iter().any(|host| !host.health.is_quiet());
        if upstream.sweeping {
            schedule.at(now + rule.interval, Kind::Sweep.order_of(0, upstream.key), row);
        }
    }
}

impl Upstream {
    /// Hears of the answers that have come by now.
    #[inline]
    fn catch_up(&mut self, now: SimTime, outlier: Option<&Outlier>) {
        while let Some(&Reverse((at, host))) = self.returning.peek()
            && at <= now
        {
            self.returning.pop();
            let host = &mut self.hosts[usize::from(host)];
            host.active -= 1;
            if let Some(rule) = outlier {
                host.health.on_result(rule, ResultClass::Success);
            }
        }
    }

    /// Which hosts stand in which priority, and how load spreads: after an ejection or a return.
    fn regroup(&mut self, panic_threshold: u32) {
        self.eligible.clear();
        self.ends.clear();
        let mut host = 0_u32;
        for &end in &self.all_ends {
            while host < end {
                if !self.hosts[host as usize].health.is_ejected() {
                    self.eligible.push(host as u16);
                }
                host += 1;
            }
            self.ends.push(self.eligible.len() as u32);
        }
        self.spread(panic_threshold);
        if !self.weights.is_empty() {
            // Envoy builds the schedule anew whenever the set of hosts changes.
            let seed = mix(self.key, u64::from(self.ejected)) as u32;
            let group = |priority| {
                let (start, end) = bounds(&self.ends, priority);
                let weights: Vec<f64> =
                    self.eligible[start..end].iter().map(|&host| f64::from(self.weights[usize::from(host)])).collect();
                (!weights.is_empty()).then(|| Edf::new(&weights, seed))
            };
            self.turns = (0..self.ends.len()).map(group).collect();
            self.sums.clear();
            for priority in 0..self.ends.len() {
                let (start, end) = bounds(&self.ends, priority);
                let mut sum = 0.0;
                self.sums.extend(self.eligible[start..end].iter().map(|&host| {
                    sum += f64::from(self.weights[usize::from(host)]);
                    sum
                }));
            }
        }
    }

    /// Load over the priorities.
    fn spread(&mut self, panic_threshold: u32) {
        let counts = |ends: &[u32]| -> Vec<u32> {
            ends.iter().scan(0, |start, &end| Some(end - std::mem::replace(start, end))).collect()
        };
        priority::loads(&counts(&self.ends), &counts(&self.all_ends), panic_threshold, &mut self.load);
    }

    #[inline(always)]
    fn choose(&mut self, balance: Balance, draw: impl Fn(u64) -> u64) -> Option<u16> {
        if self.hosts.is_empty() {
            return None;
        }
        if self.hosts.len() == 1 && self.ejected == 0 {
            return Some(0);
        }
        let (priority, panic) = if self.all_ends.len() == 1 && self.ejected == 0 {
            (0, false)
        } else {
            priority::choose(&self.load, draw(0))
        };
        let (start, end) = bounds(if panic { &self.all_ends } else { &self.ends }, priority);
        let count = end - start;
        if count == 0 {
            return None;
        }
        let Upstream { hosts, eligible, weights, sums, turns, turn, .. } = self;
        let host = |index: usize| if panic { (start + index) as u16 } else { eligible[start + index] };
        let active = |index: usize| hosts[usize::from(host(index))].active;
        let weight = |index: usize| f64::from(weights[usize::from(host(index))]);
        let schedule = if panic { None } else { turns.get_mut(priority).and_then(Option::as_mut) };
        let index = match (balance, schedule) {
            (Balance::RoundRobin, Some(edf)) => edf.pick(weight),
            (Balance::LeastRequest, Some(edf)) => edf.pick(|index| least_request::weight(weight(index), active(index))),
            (Balance::Random, Some(_)) => {
                let sums = &sums[start..end];
                let aim = (draw(1) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64) * sums[count - 1];
                sums.iter().position(|&sum| aim < sum).unwrap_or(count - 1)
            }
            (Balance::Random, None) => random::choose(count, draw(1)),
            (Balance::RoundRobin, None) => {
                *turn += 1;
                round_robin::choose(count, *turn)
            }
            (Balance::LeastRequest, None) => least_request::choose(count, active, [draw(1), draw(2)]),
        };
        Some(host(index))
    }
}

fn bounds(ends: &[u32], priority: usize) -> (usize, usize) {
    let start = if priority == 0 { 0 } else { ends[priority - 1] as usize };
    (start, ends[priority] as usize)
}
