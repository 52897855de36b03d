//! Autoscalers: what they measure, when they look, and how many pods they ask for.
//!
//! Nobody knows these beforehand. But each step of theirs is planned by the one before it, at a time to come: so the next
//! step of all is always known, and what is settled ahead of its time never reaches past it.

use std::collections::BTreeMap;

use super::pods::{Phase, Pod};
use super::timeline::{Deed, Sight, Step};
use crate::engine::Schedule;
use crate::mesh::event::Kind;
use crate::mesh::machine::{Machine, of_run};
use crate::policy::autoscale::{self, Memory};
use crate::record::{Run, ScaleRow, ScaleStep};
use crate::units::{Duration, SimTime};
use crate::world::{Change, Effect, EndpointId, Manner, PlaceId, PlaneId, Set, Target};

/// A step of an autoscaler, of a pod, or of who tells of it. `u32`s are a row of `World::autoscalers`; of a pod which of
/// its lives is meant, so that a step of an earlier one means nothing to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::mesh) enum ScaleDeed {
    /// Its pods' use is measured.
    Scrape(u32),
    /// It looks.
    Sync(u32),
    /// A pod's containers run.
    Boot(EndpointId, u32),
    /// Its proxy has configuration and certificate.
    Configured(EndpointId, u32),
    /// The API server takes it for ready.
    Ready(EndpointId, u32),
    /// A pod on a dead node is deleted.
    Evict(EndpointId),
    /// A pod is drained, with this grace.
    Drain(EndpointId, Duration),
    /// A deleted pod's time is over.
    Gone(EndpointId, u32),
    /// No call can still be on its way to it.
    Quiet(EndpointId, u32),
    /// A plane hears that a pod has joined, or left.
    Hear(PlaneId, EndpointId, bool),
    /// It may push that.
    Flush(PlaneId),
}

/// All autoscalers of a run under way.
#[derive(Debug)]
pub(in crate::mesh) struct Scaling<'w> {
    pub(super) sight: Sight<'w>,
    pub(super) groups: Vec<Group>,
    /// Autoscaler and member of each endpoint that has one.
    pub(super) member_of: BTreeMap<EndpointId, (usize, usize)>,
    /// By plane.
    pub(super) batches: Vec<Batch>,
}

/// One autoscaler's.
#[derive(Debug)]
pub(super) struct Group {
    /// In the order of `Autoscaler::members`.
    pub(super) pods: Vec<Pod>,
    memory: Memory,
    /// How many it asks for.
    pub(super) wanted: u32,
    /// When use was measured last; a whole window before it, where `whole`.
    scraped: SimTime,
    whole: bool,
    steps: Vec<ScaleStep>,
    /// Lives that are over, of which member, nanoseconds from the start of the run.
    pub(super) lives: Vec<(usize, u64, u64)>,
}

/// What a plane has heard and not pushed yet.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) heard: Vec<(EndpointId, bool)>,
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Machine<'_> {
    /// Replicas that are not there at first are taken away; autoscalers begin to look.
    pub(in crate::mesh) fn start_scaling(
        &mut self,
        changes: &[(i64, Change)],
        seed: u64,
        replication: u32,
        schedule: &mut Schedule,
    ) {
        let world = self.world;
        if world.autoscalers.is_empty() {
            return;
        }
        let sight = Sight::new(world, changes, seed, replication);
        let (mut groups, mut member_of) = (Vec::new(), BTreeMap::new());
        for (at, scaler) in world.autoscalers.iter().enumerate() {
            let mut pods = Vec::new();
            for (number, &endpoint) in scaler.members.iter().enumerate() {
                let there = number < scaler.start as usize;
                member_of.insert(endpoint, (at, number));
                pods.push(Pod::new(there, sight.unreachable(endpoint, scaler.cluster), sight.drained(endpoint)));
                if !there {
                    let server = &mut self.servers[endpoint.0 as usize];
                    (server.down, server.manner) = (1, Manner::Refused);
                    for place in 0..world.places.len() {
                        self.told.absent[place].insert(endpoint);
                        self.told.gone[place].insert(endpoint);
                    }
                }
            }
            let mut group = Group {
                pods,
                memory: Memory::default(),
                wanted: scaler.start,
                scraped: self.zero,
                whole: false,
                steps: Vec::new(),
                lives: Vec::new(),
            };
            group.log(0);
            groups.push(group);
        }
        let batches = world.control.planes.ids().map(|_| Batch::default()).collect();
        let mut plans = Vec::new();
        for (at, scaler) in world.autoscalers.iter().enumerate() {
            let phase = |purpose, period| sight.draw(&scaler.name, purpose, period).cast_signed();
            plans.push((phase("metrics", scaler.rule.window), ScaleDeed::Scrape(at as u32)));
            plans.push((phase("autoscaler", scaler.rule.every), ScaleDeed::Sync(at as u32)));
            for &endpoint in &scaler.members {
                let evict = scaler.evict.nanos().cast_signed();
                let missed = sight.unreachable(endpoint, scaler.cluster);
                let lasting = missed.into_iter().filter(|(from, to)| from.saturating_add(evict) < *to);
                plans.extend(lasting.map(|(from, _)| (from + evict, ScaleDeed::Evict(endpoint))));
            }
        }
        for &(at, change) in changes.iter().filter(|(_, change)| change.begins) {
            if let (Effect::Drain { grace }, Target::Endpoint(endpoint)) = (change.effect, change.target)
                && member_of.contains_key(&endpoint)
            {
                plans.push((at, ScaleDeed::Drain(endpoint, grace)));
            }
        }
        self.scaling = Some(Box::new(Scaling { sight, groups, member_of, batches }));
        for (at, deed) in plans {
            self.plan_deed(at, deed, schedule);
        }
    }

    /// A step to come, nanoseconds from t = 0; one that never comes is none.
    pub(super) fn plan_deed(&mut self, at: i64, deed: ScaleDeed, schedule: &mut Schedule) {
        if at == i64::MAX {
            return;
        }
        self.plan(at, Deed::Scale(deed), schedule);
    }

    /// A push to come.
    pub(super) fn plan_join(
        &mut self,
        at: i64,
        place: PlaceId,
        pods: Vec<(EndpointId, bool)>,
        schedule: &mut Schedule,
    ) {
        if at < i64::MAX {
            self.plan(at, Deed::Join { place, pods }, schedule);
        }
    }

    fn plan(&mut self, at: i64, deed: Deed, schedule: &mut Schedule) {
        let index = self.told.steps.len();
        self.told.steps.push(Step { at, deed });
        self.plan_step(index, at, schedule);
    }

    fn plan_step(&mut self, index: usize, at: i64, schedule: &mut Schedule) {
        let when = of_run(self.zero, at);
        let slot = (self.changes.len() + index) as u32;
        self.turns_at(when);
        schedule.at(when, Kind::Change.order() | slot << 4, slot);
    }

    /// Nanoseconds from t = 0.
    pub(in crate::mesh) fn since_zero(&self, now: SimTime) -> i64 {
        now.nanos().cast_signed() - self.zero.nanos().cast_signed()
    }

    /// A step of `scaling` or `pods`; those that come again and again use their row again.
    pub(super) fn scale(&mut self, index: usize, deed: ScaleDeed, now: SimTime, schedule: &mut Schedule) {
        let at = self.since_zero(now);
        match deed {
            ScaleDeed::Scrape(group) | ScaleDeed::Sync(group) => {
                let rule = &self.world.autoscalers[group as usize].rule;
                let syncs = matches!(deed, ScaleDeed::Sync(_));
                let period = if syncs { rule.every } else { rule.window };
                self.told.steps[index].deed = Deed::Scale(deed);
                self.plan_step(index, at + period.nanos().cast_signed(), schedule);
                if syncs {
                    self.sync(group as usize, now, schedule);
                } else {
                    self.scrape(group as usize, now);
                }
            }
            ScaleDeed::Boot(pod, life) => self.booted(pod, life, now, schedule),
            ScaleDeed::Configured(pod, life) => self.configured(pod, life, now, schedule),
            ScaleDeed::Ready(pod, life) => self.is_ready(pod, life, now, schedule),
            ScaleDeed::Evict(pod) => self.evict(pod, now, schedule),
            ScaleDeed::Drain(pod, grace) => self.drained(pod, grace, now, schedule),
            ScaleDeed::Gone(pod, life) => self.ends(pod, life, now, schedule),
            ScaleDeed::Quiet(pod, life) => self.is_quiet(pod, life),
            ScaleDeed::Hear(plane, pod, there) => self.plane_hears(plane, (pod, there), now, schedule),
            ScaleDeed::Flush(plane) => self.flush(plane, now, schedule),
        }
    }

    /// What each pod has used since the last time, as its node tells, where that answers.
    fn scrape(&mut self, at: usize, now: SimTime) {
        let members = &self.world.autoscalers[at].members;
        let Some(scaling) = &mut self.scaling else { return };
        let group = &mut scaling.groups[at];
        for (pod, &endpoint) in group.pods.iter_mut().zip(members) {
            let server = &self.servers[endpoint.0 as usize];
            let node = self.place_down[self.world.endpoints[endpoint].place.0 as usize].0 == 0;
            let exited = server.down > 0 && server.manner == Manner::Refused;
            let busy = server.busy_for(now);
            let whole = group.whole && pod.phase == Phase::Ready && pod.since <= group.scraped;
            pod.used = (whole && node && !exited).then(|| busy.saturating_sub(pod.busy));
            pod.busy = busy;
        }
        (group.scraped, group.whole) = (now, true);
    }

    /// The rule of an autoscaler at an instant, nanoseconds from t = 0: as written, and as operators have set it since.
    fn rule_of(&self, at: usize, clock: i64) -> autoscale::Rule {
        let mut rule = self.world.autoscalers[at].rule;
        for deed in self.deeds.iter().filter(|deed| deed.done <= clock) {
            for set in &self.world.actions[deed.action].sets {
                if let Set::Least(row, min) = *set
                    && row as usize == at
                {
                    rule.min = min;
                }
            }
        }
        rule
    }

    /// An autoscaler looks, where its API server answers.
    fn sync(&mut self, at: usize, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let scaler = &world.autoscalers[at];
        let clock = self.since_zero(now);
        let down = |endpoint: EndpointId| {
            let server = &self.servers[endpoint.0 as usize];
            let node = self.place_down[world.endpoints[endpoint].place.0 as usize].0 > 0;
            node || server.down > 0 && server.manner == Manner::Refused
        };
        let rule = self.rule_of(at, clock);
        let Some(scaling) = &mut self.scaling else { return };
        if scaling.sight.away(Target::Api(scaler.cluster)).holds(clock) {
            return;
        }
        let group = &mut scaling.groups[at];
        let there = group.pods.iter().zip(&scaler.members).filter(|(pod, _)| pod.phase.counts());
        let mut seen: Vec<autoscale::Pod> = there
            .map(|(pod, &endpoint)| match (pod.phase, pod.used) {
                (Phase::Ready, _) if down(endpoint) => autoscale::Pod::Missing,
                (Phase::Ready, Some(used)) => autoscale::Pod::Ready(used),
                _ => autoscale::Pod::Unready,
            })
            .collect();
        // Those that no zone has room for wait, and are not ready.
        seen.resize(seen.len().max(group.wanted as usize), autoscale::Pod::Unready);
        let request = scaler.rule.window.nanos().saturating_mul(u64::from(world.services[scaler.service].workers));
        let wanted = autoscale::recommended(&rule, group.wanted, request, &seen);
        group.wanted = group.memory.decide(&rule, clock.cast_unsigned(), group.wanted, wanted);
        self.reconcile(at, now, schedule);
    }
}

impl Scaling<'_> {
    /// What the autoscalers did goes into the record: how many there were when, and what of them was there how long.
    pub(in crate::mesh) fn record(&self, zero: SimTime, run: &mut Run) {
        let (world, zero) = (self.sight.world, zero.nanos());
        let horizon = world.plan.horizon.nanos();
        for (scaler, group) in world.autoscalers.iter().zip(&self.groups) {
            let lives = group.all_lives();
            for &(member, from, to) in &lives {
                let row = &world.endpoints[scaler.members[member]];
                let (service, place) = (&world.services[row.service], &world.places[row.place].name);
                let there = u128::from(to.min(zero + horizon).saturating_sub(from.max(zero)));
                let mine = run.services.iter_mut().find(|row| row.service == service.name && row.place == *place);
                if let Some(mine) = mine {
                    mine.there_ns += there * u128::from(service.workers);
                }
                let station = world.stations.get(world.proxies[row.proxy].station);
                let name = format!("sidecars {} {place}", service.name);
                if let (Some(station), Some(mine)) = (station, run.stations.iter_mut().find(|row| row.name == name)) {
                    mine.there_ns += there * u128::from(station.servers);
                }
            }
            let pod_ns = by_window(&lives, zero, horizon);
            run.scaling.push(ScaleRow { name: scaler.name.clone(), steps: group.steps.clone(), pod_ns });
        }
    }
}

/// What pods lived within each window, each life in begun seconds.
fn by_window(lives: &[(usize, u64, u64)], zero: u64, horizon: u64) -> Vec<u64> {
    const SECOND: u64 = 1_000_000_000;
    let windows = crate::world::windows(Duration::from_nanos(horizon));
    let edge = |window: usize| zero + (u128::from(horizon) * window as u128 / windows as u128) as u64;
    let end = |from: u64, to: u64| if to == u64::MAX { to } else { from + (to - from).div_ceil(SECOND) * SECOND };
    let within = |window: usize| {
        let (start, stop) = (edge(window), edge(window + 1));
        lives.iter().map(|&(_, from, to)| end(from, to).min(stop).saturating_sub(from.max(start))).sum()
    };
    (0..windows).map(within).collect()
}

impl Group {
    /// Of which member from when to when, `u64::MAX` where it still goes on.
    fn all_lives(&self) -> Vec<(usize, u64, u64)> {
        let there = self.pods.iter().enumerate().filter(|(_, pod)| pod.phase != Phase::Absent);
        let open = there.map(|(member, pod)| (member, pod.created.nanos(), u64::MAX));
        self.lives.iter().copied().chain(open).collect()
    }

    pub(super) fn count(&self) -> u32 {
        self.pods.iter().filter(|pod| pod.phase.counts()).count() as u32
    }

    /// Writes down how many are wanted, there and ready from `at` on, where that is news.
    pub(super) fn log(&mut self, at: i64) {
        let ready = self.pods.iter().filter(|pod| pod.phase == Phase::Ready).count() as u32;
        let step = ScaleStep { at_ns: at.max(0).cast_unsigned(), wanted: self.wanted, pods: self.count(), ready };
        if let Some(last) = self.steps.last_mut() {
            if (last.wanted, last.pods, last.ready) == (step.wanted, step.pods, step.ready) {
                return;
            }
            if last.at_ns == step.at_ns {
                *last = step;
                return;
            }
        }
        self.steps.push(step);
    }
}

impl Sight<'_> {
    /// When the node of a replica is taken for dead, and until when.
    pub(super) fn unreachable(&self, endpoint: EndpointId, cluster: crate::world::ClusterId) -> Vec<(i64, i64)> {
        if self.world.control.planes.is_empty() {
            return Vec::new();
        }
        let row = &self.world.endpoints[endpoint];
        let api = self.away(Target::Api(cluster));
        let dead = self.by(Target::Place(row.place), false);
        let missed = dead.iter().map(|(from, to)| (self.node_dead(&row.name, cluster, from, &api), to));
        missed.filter(|(from, to)| from < to).collect()
    }
}
