//! What one proxy believes of the hosts of one upstream, and what it has been told of who is there.

use super::view::{Lists, Seen, View};
use crate::policy::outlier::{HostHealth, ResultClass};
use crate::policy::priority;
use crate::policy::rates::Tally;
use crate::policy::slow_start::SlowStart;
use crate::policy::{Outlier, Policy};
use crate::units::SimTime;
use crate::world::{Health, Host, HostSet};

/// What it believes, once it has a reason to believe anything.
#[derive(Debug)]
pub(in crate::mesh) struct Beliefs {
    pub(in crate::mesh) health: Box<[HostHealth]>,
    /// By host: the interval's answers, and what the proxy itself found; empty where nobody judges by rates.
    pub(in crate::mesh) tallies: Box<[[Tally; 2]]>,
    pub(in crate::mesh) ejected: u32,
    pub(in crate::mesh) sweeping: bool,
    /// They are not forgotten: the host set itself says what a fresh proxy would not guess.
    pub(super) lasting: bool,
    pub(super) seen: Seen,
    /// What it has been told of who is there; none: all are.
    pub(super) members: Option<Box<Members>>,
    /// Priorities of which something has been told since they were last put in order, bit by priority.
    pub(super) stale: u16,
}

/// Who is there, as the control plane tells it: who is not stands in no count, as if he had never been.
#[derive(Debug)]
pub(super) struct Members {
    /// By host: it is gone.
    pub(super) gone: Box<[bool]>,
    /// By host: its weight, which is less where some of those behind a gateway are gone.
    pub(super) weights: Vec<u32>,
    /// By host: when it joined; at zero it was there before.
    pub(super) joined: Box<[SimTime]>,
    /// The last time that any joined.
    pub(super) latest: SimTime,
    /// Those who are there.
    pub(super) all: Lists,
    /// By row of `HostSet::localities`, where they are chosen by weight.
    pub(super) localities: Vec<u32>,
}

impl Members {
    pub(super) fn new(view: &View, set: &HostSet) -> Self {
        let hosts = set.hosts.len();
        Members {
            gone: vec![false; hosts].into(),
            weights: view.weights.clone(),
            joined: vec![SimTime::ZERO; hosts].into(),
            latest: SimTime::ZERO,
            all: view.all.clone(),
            localities: set.localities.iter().map(|row| row.weight).collect(),
        }
    }

    /// Is anybody new?
    pub(super) fn warms(&self, rule: &SlowStart, now: SimTime) -> bool {
        self.latest > SimTime::ZERO && rule.is_new(now.since(self.latest))
    }

    /// The part of its weight that a host has.
    pub(super) fn factor(&self, host: u16, rule: &SlowStart, now: SimTime) -> f64 {
        match self.joined[usize::from(host)] {
            SimTime::ZERO => 1.0,
            joined => rule.factor(now.since(joined)),
        }
    }

    /// Is all as if nothing had ever been told?
    fn is_usual(&self, view: &View, warmup: Option<&SlowStart>, now: SimTime) -> bool {
        !self.gone.contains(&true) && self.weights == view.weights && !warmup.is_some_and(|rule| self.warms(rule, now))
    }

    fn weigh(&mut self, set: &HostSet) {
        if !set.is_by_locality() {
            return;
        }
        let mut own = vec![0; set.localities.len()];
        for (index, host) in set.hosts.iter().enumerate().filter(|(index, _)| !self.gone[*index]) {
            own[usize::from(host.locality)] += self.weights[index];
        }
        self.localities = set.locality_weights(&own);
    }
}

impl Beliefs {
    pub(super) fn new(view: &View, hosts: usize) -> Self {
        Beliefs {
            health: vec![HostHealth::default(); hosts].into(),
            tallies: [].into(),
            ejected: 0,
            sweeping: false,
            lasting: false,
            seen: view.seen.clone(),
            members: None,
            stale: 0,
        }
    }

    /// Counts an attempt's end, where rates are judged.
    pub(in crate::mesh) fn tally(&mut self, host: u16, rule: &Outlier, class: ResultClass) {
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

    /// What stands behind a host has changed: so many of so many are there. Tells whether the host is gone with it.
    pub(super) fn told(
        &mut self,
        view: &View,
        set: &HostSet,
        host: usize,
        (there, of): (u32, u32),
        now: SimTime,
    ) -> bool {
        let members = self.members.get_or_insert_with(|| Box::new(Members::new(view, set)));
        let was_gone = std::mem::replace(&mut members.gone[host], there == 0);
        let Host { weight, priority, .. } = set.hosts[host];
        members.weights[host] = ((u64::from(weight) * u64::from(there) / u64::from(of)) as u32).max(1);
        self.stale |= 1 << priority;
        if there > 0 {
            if was_gone {
                (members.joined[host], members.latest) = (now, now);
            }
            return false;
        }
        if was_gone {
            return false;
        }
        // Envoy forgets what it knew of a host that leaves; one that joins is another.
        self.ejected -= u32::from(std::mem::take(&mut self.health[host]).is_ejected());
        true
    }

    /// Where all are there again, nothing need be remembered of it.
    pub(super) fn forget_the_usual(&mut self, view: &View, warmup: Option<&SlowStart>, now: SimTime) {
        if self.members.as_ref().is_some_and(|known| known.is_usual(view, warmup, now)) {
            self.members = None;
        }
    }

    /// Does it believe nothing of anybody that a fresh proxy would not?
    pub(super) fn is_nothing(&self) -> bool {
        !self.lasting && self.members.is_none() && self.health.iter().all(|host| *host == HostHealth::default())
    }

    /// Who is in changed: lists and load are made anew. Tells which priorities differ, bit by priority.
    pub(super) fn regroup(&mut self, view: &View, set: &HostSet, policy: &Policy) -> u16 {
        let Beliefs { health, seen, members, stale, .. } = self;
        if let Some(known) = members {
            known.all = view.gather(|host| !known.gone[host]);
            known.weigh(set);
        }
        let gone = |host: usize| members.as_ref().is_some_and(|known| known.gone[host]);
        let is = |host: usize, what: Health| !gone(host) && !health[host].is_ejected() && view.health_of(host) == what;
        let healthy = view.gather(|host| is(host, Health::Healthy));
        let degraded =
            if view.health.is_empty() { view.none() } else { view.gather(|host| is(host, Health::Degraded)) };
        let differs = |priority: &usize| {
            let cells = || view.cells_of(*priority);
            healthy.of(cells()) != seen.healthy.of(cells()) || degraded.of(cells()) != seen.degraded.of(cells())
        };
        let changed = (0..view.priorities()).filter(differs).fold(std::mem::take(stale), |bits, at| bits | 1 << at);
        (seen.healthy, seen.degraded) = (healthy, degraded);
        let all = members.as_ref().map_or(&view.all, |known| &known.all);
        let levels = view.levels(seen, all, gone);
        let factor = policy.overprovisioning;
        priority::loads_of(&levels[..view.priorities()], factor, policy.panic_threshold, &mut seen.load);
        changed
    }
}
