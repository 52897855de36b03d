//! Processes that end and begin anew, by faults: restarts, drains, and what comes back.
//!
//! All of it follows from the faults and the draws of a run, and is known before its first request. So it is told in the
//! words that the machine knows already: a process that has exited, or has not started yet, is a replica that is down and
//! refuses; a pod that is sent away is [`Effect::Drain`] from its deletion until the next one in its place listens, and no
//! endpoint meanwhile. Pods of services and of gateways live alike; who is told of them differs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::spans::Spans;
use super::timeline::Sight;
use crate::policy::rollout::Rollout;
use crate::units::{Duration, SimTime};
use crate::world::{Change, Effect, FaultId, Forecast, Manner, Target, World};

/// One occurrence of a restart or a drain: whose, from when to when, what, and of which pods.
struct Occurrence {
    fault: FaultId,
    from: i64,
    to: i64,
    effect: Effect,
    pods: BTreeSet<Target>,
}

/// A run's faults, with what they come to for processes.
pub(in crate::mesh) fn lived(
    world: &World,
    mut forecast: Forecast,
    seed: u64,
    replication: u32,
    on: &dyn Fn() -> bool,
) -> Option<Forecast> {
    let ends = |change: &Change| matches!(change.effect, Effect::Restart(_) | Effect::Drain { .. });
    let any = forecast.changes.iter().any(|(_, change)| ends(change));
    let at_once = world.start_ups.is_empty() && world.gateway_pods.values().all(|pods| pods.start_up.is_zero());
    if !any && at_once {
        return Some(forecast);
    }
    let sight = Sight::new(world, &forecast.changes, seed, replication);
    let occurrences = occurrences(world, &forecast.changes);
    let mut lives = Lives { sight, orders: BTreeMap::new(), told: Vec::new() };
    // What is known by the clock first: a rollout waits for it, not the other way round.
    for one in &occurrences {
        on().then_some(())?;
        match one.effect {
            Effect::Drain { grace } => one.pods.iter().for_each(|&id| lives.drain(one, id, grace)),
            Effect::Restart(None) => one.pods.iter().for_each(|&id| lives.order(one, id, (one.from, one.from), None)),
            _ => {}
        }
    }
    for one in &occurrences {
        on().then_some(())?;
        if let Effect::Restart(Some(rollout)) = one.effect {
            lives.roll(one, rollout);
        }
    }
    let over = lives.live(&forecast.changes, on)?;
    // The window of a restart lasts until all are back, and a second at least.
    let end = (world.plan.horizon + world.plan.drain).nanos().cast_signed();
    for ((fault, from), over) in over {
        let span = forecast.spans[fault.0 as usize].iter_mut().find(|span| span.0 == from);
        span.into_iter().for_each(|span| span.1 = over.min(end).max(from + SECOND));
    }
    forecast.changes.retain(|(_, change)| !ends(change));
    forecast.changes.extend(lives.told);
    // Stable: what ends at an instant has ended before a process starts.
    forecast.changes.sort_by_key(|change| change.0);
    Some(forecast)
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
            let pods = BTreeSet::new();
            Occurrence { fault, from, to: i64::MAX, effect, pods }
        });
        one.pods.extend(world.pods(change.target));
        if !change.begins {
            one.to = at;
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|one| one.from);
    found
}

/// What a pod's process is told by one occurrence.
#[derive(Clone, Copy, Debug)]
struct Order {
    fault: FaultId,
    /// When its occurrence began.
    of: i64,
    at: i64,
    /// Its pod is sent away, and it exits so long after it was told; none: it exits in its pod, at once.
    leaves: Option<Duration>,
    /// Nothing starts in its place before.
    until: i64,
    /// Its occurrence is over when all are back.
    restarts: bool,
}

/// What has been found of processes.
struct Lives<'w> {
    sight: Sight<'w>,
    /// By pod: what its processes are told.
    orders: BTreeMap<Target, Vec<Order>>,
    told: Vec<(i64, Change)>,
}

/// When a pod has no process that listens.
#[derive(Debug, Default)]
struct Life {
    gone: Vec<(i64, i64)>,
    /// By order: in which of these it takes effect.
    orders: Vec<usize>,
    /// When it is held down no longer, and in which of these that is.
    freed: Vec<(i64, usize)>,
}

impl Lives<'_> {
    fn tell(&mut self, fault: FaultId, pod: Target, effect: Effect, (from, to): (i64, i64)) {
        let mut say = |at: i64, begins| {
            let date = SimTime::from_nanos(at.max(0).cast_unsigned());
            self.told.push((at, Change { at: date, fault, target: pod, effect, begins }));
        };
        say(from, true);
        if to < i64::MAX {
            say(to, false);
        }
    }

    /// It is down: its host lives.
    fn refuses(&mut self, fault: FaultId, pod: Target, span: (i64, i64)) {
        self.tell(fault, pod, Effect::Down(Manner::Refused), span);
    }

    /// A pod is sent away, exits after its grace, and is back once the drain is over. One that an autoscaler counts is
    /// replaced elsewhere (`pods`), and does not come back by itself.
    fn drain(&mut self, of: &Occurrence, pod: Target, grace: Duration) {
        let scales = |id| self.sight.world.autoscalers.iter().any(|scaler| scaler.members.contains(&id));
        if matches!(pod, Target::Endpoint(id) if scales(id)) {
            self.tell(of.fault, pod, Effect::Drain { grace }, (of.from, of.to));
            return;
        }
        self.order(of, pod, (of.from, of.to), Some(grace));
    }

    /// A process is told to exit, and the next one starts no earlier than `until`.
    fn order(&mut self, of: &Occurrence, pod: Target, (at, until): (i64, i64), leaves: Option<Duration>) {
        let restarts = matches!(of.effect, Effect::Restart(_));
        self.orders.entry(pod).or_default().push(Order { fault: of.fault, of: of.from, at, leaves, until, restarts });
    }

    /// Pods are replaced a few at a time: in each Deployment the last one first, as a StatefulSet does it; the next when
    /// one is ready.
    fn roll(&mut self, of: &Occurrence, rollout: Rollout) {
        let world = self.sight.world;
        let mut deployments: BTreeMap<_, Vec<Target>> = BTreeMap::new();
        for &pod in &of.pods {
            let deployment = world.deployment(pod).expect("what is rolled is a pod");
            deployments.entry(deployment).or_default().push(pod);
        }
        for (deployment, pods) in deployments {
            let whole = world.pods_in(deployment);
            // When each of those that may be away at once is free.
            let mut turns: BinaryHeap<Reverse<i64>> =
                (0..rollout.at_once.of(whole)).map(|_| Reverse(of.from)).collect();
            for pod in pods.into_iter().rev() {
                let Some(Reverse(from)) = turns.pop().filter(|turn| turn.0 < i64::MAX) else { break };
                self.order(of, pod, (from, from), Some(rollout.grace));
                let life = self.life(pod);
                let back = life.orders.last().map_or(from, |&gone| life.gone[gone].1);
                turns.push(Reverse(self.sight.ready_again(pod, back)));
            }
        }
    }

    /// What becomes of a pod. A process that works when it is told to exit does so after its grace, and of two graces
    /// the one that is over first. One that dies or is told to exit while it starts does not begin its service: it starts
    /// anew when nothing holds it down any longer, and has its service's start-up before it, all of it. A new pod waits for
    /// its proxy's configuration meanwhile.
    fn life(&self, pod: Target) -> Life {
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        enum Event {
            Dies(i64),
            Told(usize),
        }
        let (world, sight) = (self.sight.world, &self.sight);
        let takes = nanos(world.listens_after(pod));
        let orders = self.orders.get(&pod).map_or(&[][..], Vec::as_slice);
        let waits = world.control.configures
            && !world.control.planes.is_empty()
            && orders.iter().any(|order| order.leaves.is_some());
        let cut_off = if waits { sight.cut_off(sight.place_of(pod)) } else { Spans::default() };
        let listens = |start: i64, new_pod: bool| {
            let listens = start.saturating_add(takes);
            if new_pod { listens.max(cut_off.over(start)) } else { listens }
        };
        let mut events: Vec<(i64, Event)> = sight.dead(pod).iter().map(|(from, to)| (from, Event::Dies(to))).collect();
        events.extend(orders.iter().enumerate().map(|(number, order)| (order.at, Event::Told(number))));
        events.sort_unstable();
        let mut life = Life { orders: vec![0; orders.len()], ..Life::default() };
        // It works; or it works until it exits; or it is gone since then, and the next one starts when nothing holds it.
        let mut leaves: Option<Away> = None;
        let mut gone: Option<Away> = None;
        for (at, event) in events.into_iter().map(|(at, event)| (at, Some(event))).chain([(i64::MAX, None)]) {
            if let Some(away) = leaves.take_if(|away| away.from <= at) {
                gone = Some(Away { start: away.start.max(away.from), ..away });
            }
            if let Some(away) = gone.take_if(|away| event.is_none() || listens(away.start, away.new_pod) <= at) {
                life.gone.push((away.from, listens(away.start, away.new_pod)));
            }
            let index = life.gone.len();
            match event {
                Some(Event::Dies(to)) => {
                    life.freed.push((to, index));
                    let mut away = gone.or(leaves.take()).unwrap_or(Away { from: at, start: to, new_pod: false });
                    (away.from, away.start) = (away.from.min(at), away.start.max(to));
                    gone = Some(away);
                }
                Some(Event::Told(number)) => {
                    let Order { leaves: grace, until, .. } = orders[number];
                    life.orders[number] = index;
                    let exits = at.saturating_add(grace.map_or(0, nanos));
                    let new_pod = grace.is_some();
                    if let Some(away) = &mut gone {
                        (away.start, away.new_pod) = (away.start.max(until).max(at), away.new_pod | new_pod);
                    } else {
                        let away = leaves.get_or_insert(Away { from: exits, start: until, new_pod });
                        (away.from, away.start) = (away.from.min(exits), away.start.max(until));
                        away.new_pod |= new_pod;
                    }
                }
                None => {}
            }
        }
        life
    }

    /// Tells what has become of all processes: those that were told to exit, and those that faults held down and that take
    /// their start-up. When all that a restart hit are back, by its fault and beginning.
    fn live(&mut self, changes: &[(i64, Change)], on: &dyn Fn() -> bool) -> Option<BTreeMap<(FaultId, i64), i64>> {
        let world = self.sight.world;
        let mut over = BTreeMap::new();
        let mut ended: BTreeMap<(Target, i64), FaultId> = BTreeMap::new();
        for (at, change) in changes.iter().filter(|(_, change)| !change.begins && change.outage().is_some()) {
            ended.insert((change.target, *at), change.fault);
        }
        let gateways = world.gateways.rows().iter().flat_map(|gateway| &gateway.replicas);
        let pods = world.endpoints.ids().map(Target::Endpoint).chain(gateways.map(|&id| Target::Station(id)));
        for pod in pods {
            on().then_some(())?;
            if !self.orders.contains_key(&pod) && world.listens_after(pod) == Duration::ZERO {
                continue;
            }
            let life = self.life(pod);
            let orders = self.orders.remove(&pod).unwrap_or_default();
            for (order, &gone) in orders.iter().zip(&life.orders) {
                let (exits, back) = life.gone[gone];
                if let Some(grace) = order.leaves {
                    self.tell(order.fault, pod, Effect::Drain { grace }, (order.at, back));
                }
                self.refuses(order.fault, pod, (exits.max(order.at), back));
                if order.restarts {
                    let over = over.entry((order.fault, order.of)).or_insert(back);
                    *over = back.max(*over);
                }
            }
            for &(to, gone) in life.freed.iter().filter(|(to, gone)| *to < life.gone[*gone].1) {
                let of = [pod, Target::Place(self.sight.place_of(pod))];
                let fault = of.iter().find_map(|target| ended.get(&(*target, to)));
                if let Some(&fault) = fault {
                    self.refuses(fault, pod, (to, life.gone[gone].1));
                }
            }
        }
        Some(over)
    }
}

/// A process is gone from an instant on, and the next one starts no earlier than another, in its pod or in a new one.
#[derive(Clone, Copy)]
struct Away {
    from: i64,
    start: i64,
    new_pod: bool,
}

fn nanos(span: Duration) -> i64 {
    span.nanos().min(i64::MAX as u64 / 4).cast_signed()
}
