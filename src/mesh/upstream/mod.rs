//! What one proxy knows of one upstream, and how it chooses among its hosts.
//!
//! What a fresh proxy would know too (who the hosts are, their weights and priorities) is in one [`View`] for all; of its
//! own a proxy has 8 bytes a host, until it has seen one fail: then its `beliefs` are its own. `sources` are the lists that
//! hosts are chosen from and their turns, `tables` those of hashes, `pick` is the choice.

mod beliefs;
mod pick;
mod sources;
mod tables;
mod view;

pub(super) use pick::Asked;
pub(super) use tables::Tables;
pub(super) use view::View;

use super::calls::NONE;
use super::pools::Pools;
use crate::policy::outlier::ResultClass;
use crate::policy::priority::{Level, PriorityLoad};
use crate::policy::{Outlier, Policy};
use crate::units::SimTime;
use crate::world::{EdgeId, HostSet, HostSetId, ProxyId};
use beliefs::Beliefs;
use sources::Sources;

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
    /// What it believes of hosts that failed it; none: it has no reason to believe anything.
    pub(super) beliefs: Option<Box<Beliefs>>,
    /// Lists that hosts are chosen from, where there is more than one of equals.
    sources: Option<Box<Sources>>,
}

/// One proxy's state of one host.
#[derive(Clone, Debug)]
pub(super) struct HostState {
    /// Requests of this proxy that the host has not answered.
    pub(super) active: u32,
    /// The first worker's open connection, or NONE.
    pub(super) connection: u32,
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
            beliefs: None,
            sources: None,
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
        self.beliefs.as_ref().map_or(&view.seen, |beliefs| &beliefs.seen).healthy.len() > 0
    }

    /// Its own beliefs, from now on.
    pub(super) fn believe(&mut self, view: &View) -> &mut Beliefs {
        let hosts = self.hosts.len();
        self.beliefs.get_or_insert_with(|| Box::new(Beliefs::new(view, hosts)))
    }

    /// Where a host set is not what a fresh proxy would take it for, it believes from the start what it is told of it.
    pub(super) fn is_told_at_first(&mut self, view: &View, set: &HostSet, policy: &Policy) {
        if !view.health.is_empty() || policy.overprovisioning < 100 && !self.hosts.is_empty() {
            self.believe(view).lasting = true;
            self.regroup(view, set, policy);
        }
    }

    /// What stands behind a host has changed: so many of so many are there. Tells whether the host is gone with it.
    pub(super) fn told(&mut self, view: &View, set: &HostSet, host: usize, there: (u32, u32), now: SimTime) -> bool {
        self.believe(view).told(view, set, host, there, now)
    }

    /// How many hosts there are, as far as it has been told.
    pub(super) fn members(&self) -> u32 {
        let members = self.beliefs.as_ref().and_then(|beliefs| beliefs.members.as_ref());
        members.map_or(self.hosts.len(), |members| members.all.len()) as u32
    }

    /// Where all are there again, nothing need be remembered of it.
    pub(super) fn forget_the_usual(&mut self, view: &View, policy: &Policy, now: SimTime) {
        let Some(beliefs) = &mut self.beliefs else { return };
        beliefs.forget_the_usual(view, policy.warmup.as_ref(), now);
        if !beliefs.sweeping && beliefs.is_nothing() {
            self.beliefs = None;
        }
    }

    /// Does it believe nothing of anybody that a fresh proxy would not?
    pub(super) fn is_ignorant(&self) -> bool {
        self.beliefs.as_ref().is_none_or(|beliefs| beliefs.is_nothing())
    }

    /// Who is in changed: priorities, load and turns are made anew, as Envoy does.
    pub(super) fn regroup(&mut self, view: &View, set: &HostSet, policy: &Policy) {
        let Some(beliefs) = &mut self.beliefs else { return };
        let changed = beliefs.regroup(view, set, policy);
        if let Some(sources) = &mut self.sources {
            sources.forget(view, changed);
        }
    }

    /// What it believes of each priority, and the load over them; none where there are no hosts.
    pub(super) fn levels(&self, view: &View) -> Option<(Vec<Level>, PriorityLoad)> {
        let beliefs = self.beliefs.as_deref();
        let seen = beliefs.map_or(&view.seen, |beliefs| &beliefs.seen);
        let members = beliefs.and_then(|beliefs| beliefs.members.as_deref());
        let all = members.map_or(&view.all, |known| &known.all);
        let levels = view.levels(seen, all, |host| members.is_some_and(|known| known.gone[host]));
        let levels = levels[..view.priorities()].to_vec();
        (!levels.is_empty()).then_some((levels, seen.load))
    }
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
