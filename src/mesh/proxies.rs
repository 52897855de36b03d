//! Client proxies: what each believes of its upstreams, and whom it chooses.
//!
//! State belongs to one proxy and one upstream, as in a real mesh: its own active requests, its own ejections. A proxy
//! never looks at the truth; it meets it when a call fails.

use super::calls::{NONE, nth};
use super::connections::State;
use super::control::present;
use super::machine::Machine;
use super::upstream::Upstream;
use crate::engine::Schedule;
use crate::policy::outlier::ResultClass;
use crate::policy::{Policy, defaults};
use crate::random::mix;
use crate::units::SimTime;
use crate::world::{EdgeId, EndpointId, ProxyId};

impl Machine<'_> {
    /// The upstream row of a call made by `proxy` over `edge`; made on first use.
    #[inline(always)]
    pub(super) fn upstream_of(&mut self, proxy: ProxyId, edge: EdgeId) -> u32 {
        let row = self.upstream_row(proxy, edge);
        if self.upstreams[row as usize].is_none() {
            self.make_upstream(row, proxy, edge);
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

    pub(super) fn policy_of(&self, row: u32) -> &Policy {
        &self.world.policies[self.hot.edges[self.upstream(row).edge.0 as usize].policy]
    }

    #[cold]
    fn make_upstream(&mut self, row: u32, proxy: ProxyId, edge: EdgeId) {
        let world = self.world;
        let edge = self.hot.edges[edge.0 as usize].cluster;
        let host_set = world.host_set(edge, world.proxies[proxy].place);
        let key = mix(self.proxy_keys[proxy.0 as usize], self.edge_keys[edge.0 as usize].name);
        let hosts = if host_set.is_none() { 0 } else { world.host_sets[host_set].hosts.len() };
        let workers = self.hot.proxies[proxy.0 as usize].workers;
        let counts = self.hot.edges[edge.0 as usize].counts;
        let mut upstream = Upstream::new((proxy, workers), edge, host_set, hosts, key, counts);
        // A proxy that asks for the first time is told as its neighbours were.
        let gone = &self.told.gone[world.proxies[proxy].place.0 as usize];
        if hosts > 0 && !gone.is_empty() {
            let (view, set) = (&self.hot.views[host_set.0 as usize], &world.host_sets[host_set].hosts);
            for (index, host) in set.iter().enumerate() {
                if let Some((there, of)) = present(host, gone, |endpoint| gone.contains(&endpoint)) {
                    upstream.told(view, set, index, there, of);
                }
            }
            upstream.regroup(view, self.hot.edges[edge.0 as usize].panic_threshold);
        }
        self.upstreams[row as usize] = Some(Box::new(upstream));
    }

    /// The host for an attempt: priority, then panic, then the policy's choice. `avoid` is the last attempt's host.
    #[inline(always)]
    pub(super) fn choose_host(
        &mut self,
        row: u32,
        edge: EdgeId,
        key: u64,
        tried: Option<u32>,
        now: SimTime,
        schedule: &mut Schedule,
    ) -> Option<u16> {
        let edge = edge.0 as usize;
        let rules = &self.hot.edges[edge];
        if rules.watches || rules.counts {
            self.catch_up(now);
            if rules.rates {
                self.keep_tallies(row, now, schedule);
            }
        }
        if let Some(call) = tried {
            return self.choose_again(row, edge, key, call);
        }
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let (balance, choice) = (rules.balance, self.edge_keys[edge].balance);
        let view = self.hot.views.get(upstream.host_set.0 as usize)?;
        let host = upstream.choose(view, balance, |n| choice.bits(nth(key, n)))?;
        if rules.watches {
            upstream.hosts[usize::from(host)].active += 1;
        }
        Some(host)
    }

    /// The host for a retry: by the priorities that it may still go to, and none that was tried, as far as chance finds
    /// another (Envoy's previous-hosts predicate: up to five more picks, the last one holds).
    #[cold]
    fn choose_again(&mut self, row: u32, edge: usize, key: u64, call: u32) -> Option<u16> {
        let (rules, choice) = (&self.hot.edges[edge], self.edge_keys[edge].balance);
        let policy = &self.world.policies[rules.policy];
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let view = self.hot.views.get(upstream.host_set.0 as usize)?;
        let history = self.histories.of_call(call);
        let load = policy.previous_priorities.and_then(|frequency| {
            let (levels, load) = upstream.levels(view)?;
            Some(history.priorities.load(&levels, &load, frequency))
        });
        let mut host = None;
        for pick in 0..=u64::from(defaults::HOST_SELECTION_ATTEMPTS) {
            host =
                Some(upstream.choose_by(view, rules.balance, load.as_ref(), |n| choice.bits(nth(key, n + 8 * pick)))?);
            if host.is_some_and(|host| !history.hosts.contains(&host)) {
                break;
            }
        }
        if let Some(host) = host.filter(|_| rules.watches) {
            upstream.hosts[usize::from(host)].active += 1;
        }
        host
    }

    /// Proxies hear of the answers that have come by now and were certain before.
    #[inline(always)]
    pub(super) fn catch_up(&mut self, now: SimTime) {
        while let Some((_, host, row)) = self.returning.due(now) {
            let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
            let rules = &self.hot.edges[upstream.edge.0 as usize];
            if rules.watches {
                upstream.answered(host as u16, rules.outlier.as_ref());
            }
            if rules.counts {
                self.answered_ahead(row);
            }
        }
    }

    /// A host has answered well, or will have at `at`.
    pub(super) fn left(&mut self, row: u32, host: u16, at: SimTime, schedule: &mut Schedule) {
        if at > schedule.now() {
            self.returning.at(at, u32::from(host), row);
            return;
        }
        self.catch_up(at);
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let rules = &self.hot.edges[upstream.edge.0 as usize];
        if rules.watches {
            upstream.answered(host, rules.outlier.as_ref());
        }
    }

    /// A host is out or gone: its pooled connections are closed; what is on them drains.
    pub(super) fn drain(&mut self, row: u32, host: u16, schedule: &mut Schedule) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let mut pooled: Vec<u32> = if upstream.pools.is_none() {
            (0..upstream.workers as u16).map(|worker| *upstream.connection(host, worker)).collect()
        } else {
            let of_host = |slot: &u32| {
                let connection = &self.connections[*slot];
                connection.upstream == row && connection.host == host
            };
            (0..self.connections.slots()).filter(of_host).collect()
        };
        // What is still shaking hands fails or comes up for those who wait for it.
        pooled.retain(|&slot| slot != NONE && self.connections[slot].state == State::Open);
        pooled.sort_unstable_by_key(|&slot| self.connections[slot].key);
        for slot in pooled {
            self.retire(slot, schedule);
        }
    }

    /// A proxy is told which of the endpoints of interest behind an upstream's hosts are there.
    pub(super) fn hears(&mut self, row: u32, of_interest: impl Fn(EndpointId) -> bool, schedule: &mut Schedule) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        if upstream.hosts.is_empty() {
            return;
        }
        let gone = &self.told.gone[self.world.proxies[upstream.proxy].place.0 as usize];
        let view = &self.hot.views[upstream.host_set.0 as usize];
        let hosts = &self.world.host_sets[upstream.host_set].hosts;
        let (mut heard, mut left) = (false, Vec::new());
        for (index, host) in hosts.iter().enumerate() {
            let Some((there, of)) = present(host, gone, &of_interest) else { continue };
            heard = true;
            if upstream.told(view, hosts, index, there, of) {
                left.push(index as u16);
            }
        }
        if heard {
            upstream.regroup(view, self.hot.edges[upstream.edge.0 as usize].panic_threshold);
            upstream.forget_the_usual(hosts);
        }
        for host in left {
            self.drain(row, host, schedule);
        }
    }

    /// An attempt is over that got no good answer; `heard`: what outlier detection makes of it, if anything.
    pub(super) fn lost(
        &mut self,
        row: u32,
        host: u16,
        heard: Option<ResultClass>,
        at: SimTime,
        schedule: &mut Schedule,
    ) {
        self.catch_up(at);
        self.upstream_mut(row).hosts[usize::from(host)].active -= 1;
        if let Some(class) = heard {
            self.observe(row, host, class, at, schedule);
        }
    }
}
