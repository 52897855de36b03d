//! Client proxies: what each believes of its upstreams, and whom it chooses.
//!
//! State belongs to one proxy and one upstream, as in a real mesh: its own active requests, its own ejections. A proxy
//! never looks at the truth; it meets it when a call fails.

use super::calls::{NONE, nth};
use super::connections::State;
use super::control::{joined_at, present};
use super::machine::Machine;
use super::upstream::{Asked, Upstream};
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
        if hosts > 0 {
            let (view, set) = (&self.hot.views[host_set.0 as usize], &world.host_sets[host_set]);
            let policy = &world.policies[self.hot.edges[edge.0 as usize].policy];
            upstream.is_told_at_first(view, set, policy);
            // A proxy that asks for the first time is told as its neighbours were.
            let place = world.proxies[proxy].place.0 as usize;
            let (gone, joined) = (&self.told.gone[place], &self.told.joined[place]);
            let mut told = false;
            for (index, host) in set.hosts.iter().enumerate() {
                let at = policy.warmup.and_then(|_| joined_at(host, gone, joined));
                let there = present(host, gone, |endpoint| gone.contains(&endpoint));
                told |= at.is_some() || there.is_some();
                if let Some(at) = at {
                    upstream.told(view, set, index, (0, 1), at);
                    upstream.told(view, set, index, (1, 1), at);
                }
                if let Some(there) = there {
                    upstream.told(view, set, index, there, SimTime::ZERO);
                }
            }
            if told {
                upstream.regroup(view, set, policy);
            }
        }
        self.upstreams[row as usize] = Some(Box::new(upstream));
    }

    /// The host for an attempt of a call, `again` where it is not the first: priority, then panic, then locality, then the
    /// policy's choice.
    #[inline(always)]
    pub(super) fn choose_host(
        &mut self,
        row: u32,
        edge: EdgeId,
        key: u64,
        (call, again): (u32, bool),
        now: SimTime,
        schedule: &mut Schedule,
    ) -> Option<u16> {
        let rules = &self.hot.edges[edge.0 as usize];
        if rules.watches || rules.counts {
            self.catch_up(now);
            if rules.rates {
                self.keep_tallies(row, now, schedule);
            }
        }
        let choice = self.edge_keys[edge.0 as usize].balance;
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        if let Some(view) = self.hot.views.get(upstream.host_set.0 as usize).filter(|_| !again)
            && let Some(host) = upstream
                .choose_plainly(view, rules, |n| choice.bits(nth(key, n)))
                .or_else(|| upstream.choose_in_turns(view, rules, |n| choice.bits(nth(key, n))))
        {
            if rules.watches {
                upstream.hosts[usize::from(host)].active += 1;
            }
            return Some(host);
        }
        let host = self.choose_at_length(row, edge, key, (call, again), now)?;
        if rules.watches {
            self.upstream_mut(row).hosts[usize::from(host)].active += 1;
        }
        Some(host)
    }

    /// The same where there are priorities, localities, weights, hashes or beliefs. A retry goes by the priorities that it
    /// may still go to, and to none that was tried, as far as chance finds another (Envoy's previous-hosts predicate: up to
    /// five more picks, the last one holds); but a request with a hash belongs to its host.
    #[inline(never)]
    fn choose_at_length(
        &mut self,
        row: u32,
        edge: EdgeId,
        key: u64,
        (call, again): (u32, bool),
        now: SimTime,
    ) -> Option<u16> {
        let (world, hot) = (self.world, self.hot);
        let (rules, choice) = (&hot.edges[edge.0 as usize], self.edge_keys[edge.0 as usize].balance);
        let policy = &world.policies[rules.policy];
        let hash = policy.hash.and_then(|rule| self.hash_of(call, rule));
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let view = hot.views.get(upstream.host_set.0 as usize)?;
        let mut asked = Asked { world, view, rules, tables: &mut self.tables, now, hash };
        if !again {
            return upstream.choose_in_full(&mut asked, None, |n| choice.bits(nth(key, n)));
        }
        let history = self.histories.of_call(call);
        let load = policy.previous_priorities.and_then(|frequency| {
            let (levels, load) = upstream.levels(view)?;
            Some(history.priorities.load(&levels, &load, (frequency, policy.overprovisioning)))
        });
        let mut host = None;
        for pick in 0..=u64::from(defaults::HOST_SELECTION_ATTEMPTS) {
            let draw = |n| choice.bits(nth(key, n + 8 * pick));
            host = Some(upstream.choose_in_full(&mut asked, load.as_ref(), draw)?);
            if policy.balance.hashes() || host.is_some_and(|host| !history.hosts.contains(&host)) {
                break;
            }
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
    pub(super) fn hears(
        &mut self,
        row: u32,
        of_interest: impl Fn(EndpointId) -> bool,
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        if upstream.hosts.is_empty() {
            return;
        }
        let gone = &self.told.gone[self.world.proxies[upstream.proxy].place.0 as usize];
        let view = &self.hot.views[upstream.host_set.0 as usize];
        let set = &self.world.host_sets[upstream.host_set];
        let policy = &self.world.policies[self.hot.edges[upstream.edge.0 as usize].policy];
        let (mut heard, mut left) = (false, Vec::new());
        for (index, host) in set.hosts.iter().enumerate() {
            let Some(there) = present(host, gone, &of_interest) else { continue };
            heard = true;
            if upstream.told(view, set, index, there, now) {
                left.push(index as u16);
            }
        }
        if heard {
            upstream.regroup(view, set, policy);
            upstream.forget_the_usual(view, policy, now);
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
