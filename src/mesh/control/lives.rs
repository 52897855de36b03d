//! Processes that end and begin anew, by faults: restarts, drains, and what comes back.
//!
//! All of it follows from the faults and the draws of a run, and is known before its first request. So it is told in the
//! words that the machine knows already: a process that has exited, or has not started yet, is a replica that is down and
//! refuses; a pod that is sent away is [`Effect::Drain`] from its deletion until the next one in its place listens, and no
//! endpoint meanwhile.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::spans::Spans;
use super::timeline::Sight;
use crate::policy::rollout::Rollout;
use crate::units::{Duration, SimTime};
use crate::world::{Change, Effect, EndpointId, FaultId, Forecast, Manner, Target, World};

/// One occurrence of a restart or a drain: whose, from when to when, what, and of which replicas.
struct Occurrence {
    fault: FaultId,
    from: i64,
    to: i64,
    effect: Effect,
    replicas: BTreeSet<EndpointId>,
}

/// A run's faults, with what they come to for processes.
pub(in crate::mesh) fn lived(world: &World, mut forecast: Forecast, seed: u64, replication: u32) -> Forecast {
    let ends = |change: &Change| matches!(change.effect, Effect::Restart(_) | Effect::Drain { .. });
    let any = forecast.changes.iter().any(|(_, change)| ends(change));
    if !any && world.start_ups.is_empty() {
        return forecast;
    }
    let sight = Sight::new(world, &forecast.changes, seed, replication);
    let occurrences = occurrences(world, &forecast.changes);
    let mut lives = Lives { sight, gone: BTreeMap::new(), told: Vec::new() };
    // Drains first: a rollout waits for what is drained, not the other way round.
    for one in &occurrences {
        if let Effect::Drain { grace } = one.effect {
            one.replicas.iter().for_each(|&id| lives.drain(one, id, grace));
        }
    }
    for one in &occurrences {
        let over = match one.effect {
            Effect::Restart(None) => one.replicas.iter().map(|&id| lives.exit(one, id)).max(),
            Effect::Restart(Some(rollout)) => lives.roll(one, rollout),
            _ => continue,
        };
        // Its window lasts until all are back, and a second at least.
        if let Some(over) = over {
            let plan = &world.plan;
            let end = (plan.horizon + plan.drain).nanos().cast_signed();
            let span = forecast.spans[one.fault.0 as usize].iter_mut().find(|span| span.0 == one.from);
            span.into_iter().for_each(|span| span.1 = over.min(end).max(one.from + SECOND));
        }
    }
    lives.come_back(&forecast.changes);
    forecast.changes.retain(|(_, change)| !ends(change));
    forecast.changes.extend(lives.told);
    // Stable: what ends at an instant has ended before a process starts.
    forecast.changes.sort_by_key(|change| change.0);
    forecast
}

const SECOND: i64 = 1_000_000_000;

fn occurrences(world: &World, changes: &[(i64, Change)]) -> Vec<Occurrence> {
    let mut found: BTreeMap<(FaultId, i64), Occurrence> = BTreeMap::new();
    let wanted = |change: &Change| matches!(change.effect, Effect::Restart(_) | Effect::Drain { .. });
    // What is hit by two ways (a zone and its region) begins twice, and ends once for all.
    let mut open: BTreeMap<(FaultId, Target), (u32, i64)> = BTreeMap::new();
    for &(at, change) in changes.iter().filter(|(_, change)| wanted(change)) {
        let key = (change.fault, change.target);
        let (count, since) = open.entry(key).or_insert((0, at));
        if change.begins {
            if *count == 0 {
                *since = at;
            }
            *count += 1;
        } else {
            *count -= 1;
        }
        let from = *since;
        let (fault, effect) = (change.fault, change.effect);
        let one = found.entry((fault, from)).or_insert_with(|| {
            let replicas = BTreeSet::new();
            Occurrence { fault, from, to: i64::MAX, effect, replicas }
        });
        match change.target {
            Target::Endpoint(id) => drop(one.replicas.insert(id)),
            Target::Place(place) => one.replicas.extend(world.endpoints_at(place)),
            _ => {}
        }
        if !change.begins {
            one.to = at;
        }
    }
    found.into_values().collect()
}

/// What has been found of processes.
struct Lives<'w> {
    sight: Sight<'w>,
    /// By replica: when its process is gone by restarts and drains.
    gone: BTreeMap<EndpointId, Vec<(i64, i64)>>,
    told: Vec<(i64, Change)>,
}

impl Lives<'_> {
    fn tell(&mut self, fault: FaultId, id: EndpointId, effect: Effect, (from, to): (i64, i64)) {
        let mut say = |at: i64, begins| {
            let date = SimTime::from_nanos(at.max(0).cast_unsigned());
            self.told.push((at, Change { at: date, fault, target: Target::Endpoint(id), effect, begins }));
        };
        say(from, true);
        if to < i64::MAX {
            say(to, false);
        }
    }

    /// It is down: its host lives.
    fn refuses(&mut self, fault: FaultId, id: EndpointId, span: (i64, i64)) {
        self.tell(fault, id, Effect::Down(Manner::Refused), span);
    }

    /// A pod is sent away, exits after its grace, and is back once the drain is over. One that an autoscaler counts is
    /// replaced elsewhere (`pods`), and does not come back by itself.
    fn drain(&mut self, of: &Occurrence, id: EndpointId, grace: Duration) {
        if self.sight.world.autoscalers.iter().any(|scaler| scaler.members.contains(&id)) {
            self.tell(of.fault, id, Effect::Drain { grace }, (of.from, of.to));
            return;
        }
        let exits = of.from.saturating_add(nanos(grace));
        let back = self.listens(id, of.to.max(exits), true);
        self.gone.entry(id).or_default().push((exits, back));
        self.tell(of.fault, id, Effect::Drain { grace }, (of.from, back));
        self.refuses(of.fault, id, (exits, back));
    }

    /// A process exits, and its container is started anew in its pod. When it listens.
    fn exit(&mut self, of: &Occurrence, id: EndpointId) -> i64 {
        let back = self.listens(id, of.from, false);
        self.gone.entry(id).or_default().push((of.from, back));
        self.refuses(of.fault, id, (of.from, back));
        back
    }

    /// Pods are replaced a few at a time: in each Deployment the last one first, as a StatefulSet does it; the next when
    /// one is ready. When the last one listens.
    fn roll(&mut self, of: &Occurrence, rollout: Rollout) -> Option<i64> {
        let world = self.sight.world;
        let mut deployments: BTreeMap<_, Vec<EndpointId>> = BTreeMap::new();
        for &id in &of.replicas {
            let row = &world.endpoints[id];
            let key = (row.service, row.version, world.places[row.place].cluster);
            deployments.entry(key).or_default().push(id);
        }
        let mut over = None;
        for ((service, version, cluster), pods) in deployments {
            let mine = |id: &&EndpointId| {
                let row = &world.endpoints[**id];
                row.version == version && world.places[row.place].cluster == cluster
            };
            let whole = world.services[service].endpoints.iter().filter(mine).count() as u32;
            // When each of those that may be away at once is free.
            let mut turns: BinaryHeap<Reverse<i64>> =
                (0..rollout.at_once.of(whole)).map(|_| Reverse(of.from)).collect();
            for id in pods.into_iter().rev() {
                let Some(Reverse(from)) = turns.pop().filter(|turn| turn.0 < i64::MAX) else { break };
                let exits = from.saturating_add(nanos(rollout.grace));
                let back = self.listens(id, exits, true);
                self.gone.entry(id).or_default().push((exits, back));
                self.tell(of.fault, id, Effect::Drain { grace: rollout.grace }, (from, back));
                self.refuses(of.fault, id, (exits, back));
                over = over.max(Some(back));
                turns.push(Reverse(self.sight.ready_again(id, back)));
            }
        }
        over
    }

    /// When a process listens that may start from an instant on: it starts when nothing holds it down, and has its
    /// service's start-up before it; a new pod waits for its proxy's configuration meanwhile.
    fn listens(&self, id: EndpointId, from: i64, new_pod: bool) -> i64 {
        let (world, sight) = (self.sight.world, &self.sight);
        let row = &world.endpoints[id];
        let takes = nanos(world.start_up(row.service));
        let mut dead = sight.dead(id).iter().collect::<Vec<_>>();
        dead.extend(self.gone.get(&id).into_iter().flatten());
        let dead = Spans::of(dead);
        let mut start = from;
        loop {
            start = dead.over(start);
            let mut listens = start.saturating_add(takes);
            if new_pod && world.control.configures && !world.control.planes.is_empty() {
                listens = listens.max(sight.cut_off(row.place).over(start));
            }
            match dead.iter().find(|&(dies, _)| start < dies && dies < listens) {
                Some((_, to)) if start < i64::MAX => start = to,
                _ => return listens,
            }
        }
    }

    /// What faults held down starts when they are over, and takes its start-up for it.
    fn come_back(&mut self, changes: &[(i64, Change)]) {
        let world = self.sight.world;
        if world.start_ups.is_empty() {
            return;
        }
        let mut ended: BTreeMap<(Target, i64), FaultId> = BTreeMap::new();
        for (at, change) in changes.iter().filter(|(_, change)| !change.begins && change.outage().is_some()) {
            ended.insert((change.target, *at), change.fault);
        }
        for (id, row) in world.endpoints.iter() {
            let takes = nanos(world.start_up(row.service));
            if takes == 0 {
                continue;
            }
            for (_, to) in self.sight.dead(id).iter().filter(|(_, to)| *to < i64::MAX) {
                let of = [Target::Endpoint(id), Target::Place(row.place)];
                let fault = of.iter().find_map(|target| ended.get(&(*target, to)));
                if let Some(&fault) = fault {
                    self.refuses(fault, id, (to, to.saturating_add(takes)));
                }
            }
        }
    }
}

fn nanos(span: Duration) -> i64 {
    span.nanos().min(i64::MAX as u64 / 4).cast_signed()
}
