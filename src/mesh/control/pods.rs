//! Pods that come and go: they boot, wait for what a control plane gives them, become ready and are told of; are told to
//! be gone, finish what they have, and end.

use super::scaling::{Group, ScaleDeed};
use super::spans::Spans;
use crate::engine::Schedule;
use crate::mesh::machine::Machine;
use crate::units::{Duration, SimTime};
use crate::world::{EndpointId, Manner, PlaceId, PlaneId, Target};

/// A pod, or room for one.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) phase: Phase,
    /// How often there was one here.
    life: u32,
    /// Since when it is.
    pub(super) created: SimTime,
    /// Since when it is in its phase.
    pub(super) since: SimTime,
    /// How long its workers had been busy when that was last measured.
    pub(super) busy: u64,
    /// What it used in the last window, where that was measured.
    pub(super) used: Option<u64>,
    /// Its process has been up in this life.
    up: bool,
    /// It is down, and counts in `Machine::down`: somebody may still call it.
    called: bool,
    /// When its node is taken for dead.
    unreachable: Vec<(i64, i64)>,
    /// When it is drained: no other one takes its place there.
    cordoned: Spans,
}

/// How far a pod is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// There is none.
    Absent,
    /// It is scheduled, pulled and started.
    Starting,
    /// It runs, and starts up, waits for its proxy's configuration, or for its first probe.
    Waiting,
    Ready,
    /// It is deleted, and finishes what it has.
    Leaving,
}

impl Phase {
    /// Is it one of those that the autoscaler counts?
    pub(super) fn counts(self) -> bool {
        matches!(self, Phase::Starting | Phase::Waiting | Phase::Ready)
    }
}

impl Pod {
    pub(super) fn new(there: bool, unreachable: Vec<(i64, i64)>, cordoned: Spans) -> Self {
        Pod {
            phase: if there { Phase::Ready } else { Phase::Absent },
            life: 0,
            created: SimTime::ZERO,
            since: SimTime::ZERO,
            busy: 0,
            used: None,
            up: there,
            called: false,
            unreachable,
            cordoned,
        }
    }

    fn enters(&mut self, phase: Phase, now: SimTime) {
        (self.phase, self.since, self.used) = (phase, now, None);
    }
}

impl Machine<'_> {
    fn pod(&mut self, endpoint: EndpointId) -> (&mut Group, usize) {
        let scaling = self.scaling.as_mut().expect("somebody scales");
        let (group, member) = scaling.member_of[&endpoint];
        (&mut scaling.groups[group], member)
    }

    /// The pod, if it still is in that life and phase.
    fn pod_in(&mut self, endpoint: EndpointId, life: u32, phase: Phase) -> Option<&mut Pod> {
        let (group, member) = self.pod(endpoint);
        Some(&mut group.pods[member]).filter(|pod| pod.life == life && pod.phase == phase)
    }

    fn log(&mut self, endpoint: EndpointId, now: SimTime) {
        let at = self.since_zero(now);
        self.pod(endpoint).0.log(at);
    }

    /// As many pods as are asked for: more in the emptiest of the zones that are not known to be dead, fewer of those that
    /// are not ready, then of the fullest zone, then of the youngest.
    pub(super) fn reconcile(&mut self, at: usize, now: SimTime, schedule: &mut Schedule) {
        let (world, clock) = (self.world, self.since_zero(now));
        let scaler = &world.autoscalers[at];
        let place_of = |member: usize| world.endpoints[scaler.members[member]].place;
        loop {
            let Some(scaling) = &mut self.scaling else { return };
            let group = &mut scaling.groups[at];
            let pods = &group.pods;
            let (count, wanted) = (group.count(), group.wanted);
            let in_place = |place: PlaceId| {
                (0..pods.len()).filter(|&other| place_of(other) == place && pods[other].phase.counts()).count()
            };
            if count < wanted {
                let dead = |pod: &Pod| pod.unreachable.iter().any(|(from, to)| (*from..*to).contains(&clock));
                let reachable = |pod: &Pod| !dead(pod) && !pod.cordoned.holds(clock);
                let room = (0..pods.len()).filter(|&it| pods[it].phase == Phase::Absent && reachable(&pods[it]));
                let Some(member) = room.min_by_key(|&it| (in_place(place_of(it)), place_of(it), it)) else { break };
                self.create(scaler.members[member], scaler.boot, now, schedule);
            } else if count > wanted {
                let there = (0..pods.len()).filter(|&it| pods[it].phase.counts());
                let first = |it: &usize| {
                    let pod = &pods[*it];
                    (pod.phase != Phase::Ready, in_place(place_of(*it)), pod.since, *it)
                };
                let Some(member) = there.max_by_key(first) else { break };
                self.delete(scaler.members[member], scaler.grace, now, schedule);
            } else {
                break;
            }
        }
        if let Some(scaling) = &mut self.scaling {
            scaling.groups[at].log(clock);
        }
    }

    fn create(&mut self, endpoint: EndpointId, boot: Duration, now: SimTime, schedule: &mut Schedule) {
        let (group, member) = self.pod(endpoint);
        let pod = &mut group.pods[member];
        pod.life += 1;
        (pod.created, pod.up) = (now, false);
        pod.enters(Phase::Starting, now);
        let deed = ScaleDeed::Boot(endpoint, pod.life);
        self.plan_deed(self.since_zero(now) + boot.nanos().cast_signed(), deed, schedule);
    }

    /// Its containers run, if its node does: then its proxy asks its control plane for configuration and certificate.
    pub(super) fn booted(&mut self, endpoint: EndpointId, life: u32, now: SimTime, schedule: &mut Schedule) {
        let (clock, world) = (self.since_zero(now), self.world);
        let place = world.endpoints[endpoint].place;
        if self.pod_in(endpoint, life, Phase::Starting).is_none() {
            return;
        }
        let Some(scaling) = &self.scaling else { return };
        let boot = world.autoscalers[scaling.member_of[&endpoint].0].boot.nanos().cast_signed();
        let node = scaling.sight.away(Target::Place(place));
        if node.holds(clock) {
            // It begins anew when its node is back, if it has not been given up by then.
            self.plan_deed(node.over(clock).saturating_add(boot), ScaleDeed::Boot(endpoint, life), schedule);
            return;
        }
        let needs = world.control.configures && !world.control.planes.is_empty();
        let started = clock + world.start_up(world.endpoints[endpoint].service).nanos().cast_signed();
        let at = if needs { scaling.sight.cut_off(place).over(clock).max(started) } else { started };
        if let Some(pod) = self.pod_in(endpoint, life, Phase::Starting) {
            pod.enters(Phase::Waiting, now);
        }
        self.plan_deed(at, ScaleDeed::Configured(endpoint, life), schedule);
    }

    /// It answers. Its probe runs since its containers do; its success is known once the API server is there.
    pub(super) fn configured(&mut self, endpoint: EndpointId, life: u32, now: SimTime, schedule: &mut Schedule) {
        let (clock, world) = (self.since_zero(now), self.world);
        let row = &world.endpoints[endpoint];
        let Some(pod) = self.pod_in(endpoint, life, Phase::Waiting) else { return };
        let booted = pod.since;
        pod.up = true;
        let counted = std::mem::take(&mut pod.called);
        self.down += u32::from(!counted);
        self.restore(Target::Endpoint(endpoint), Manner::Refused, now, schedule);
        let booted = self.since_zero(booted);
        let Some(scaling) = &self.scaling else { return };
        let probe = world.control.readiness.get(row.service.0 as usize).copied().flatten();
        let probed = probe.map_or(clock, |probe| {
            let period = probe.period.nanos().max(1).cast_signed();
            let first = booted + (clock - booted + period - 1) / period * period;
            first + i64::from(probe.success - 1) * period
        });
        let api = scaling.sight.away(Target::Api(world.places[row.place].cluster));
        self.plan_deed(api.over(probed), ScaleDeed::Ready(endpoint, life), schedule);
    }

    pub(super) fn is_ready(&mut self, endpoint: EndpointId, life: u32, now: SimTime, schedule: &mut Schedule) {
        let Some(pod) = self.pod_in(endpoint, life, Phase::Waiting) else { return };
        pod.enters(Phase::Ready, now);
        self.log(endpoint, now);
        self.announce(endpoint, true, now, schedule);
    }

    /// A pod too many: it is no longer an endpoint, and has its grace to finish what it has.
    fn delete(&mut self, endpoint: EndpointId, grace: Duration, now: SimTime, schedule: &mut Schedule) {
        let (group, member) = self.pod(endpoint);
        let pod = &mut group.pods[member];
        let (known, life) = (pod.phase == Phase::Ready, pod.life);
        let lasts = if pod.up { grace } else { Duration::ZERO };
        pod.enters(Phase::Leaving, now);
        if known {
            self.announce(endpoint, false, now, schedule);
        }
        if lasts.is_zero() {
            self.ends(endpoint, life, now, schedule);
        } else {
            let over = self.since_zero(now) + lasts.nanos().cast_signed();
            self.plan_deed(over, ScaleDeed::Gone(endpoint, life), schedule);
        }
    }

    /// A pod is sent away, and another one asked for in its place, elsewhere.
    pub(super) fn drained(&mut self, endpoint: EndpointId, grace: Duration, now: SimTime, schedule: &mut Schedule) {
        let (group, member) = self.pod(endpoint);
        if !group.pods[member].phase.counts() {
            return;
        }
        self.delete(endpoint, grace, now, schedule);
        if let Some(scaling) = &self.scaling {
            self.reconcile(scaling.member_of[&endpoint].0, now, schedule);
        }
    }

    /// A pod's node has been dead for so long that it is deleted, whatever becomes of the node.
    pub(super) fn evict(&mut self, endpoint: EndpointId, now: SimTime, schedule: &mut Schedule) {
        let (clock, world) = (self.since_zero(now), self.world);
        let Some(scaling) = &self.scaling else { return };
        let (at, member) = scaling.member_of[&endpoint];
        let scaler = &world.autoscalers[at];
        let api = scaling.sight.away(Target::Api(scaler.cluster));
        if api.holds(clock) {
            self.plan_deed(api.over(clock), ScaleDeed::Evict(endpoint), schedule);
            return;
        }
        let pod = &scaling.groups[at].pods[member];
        let dead = pod.unreachable.iter().any(|(from, to)| (*from..*to).contains(&clock));
        if !dead || pod.phase == Phase::Absent {
            return;
        }
        let (known, life) = (pod.phase == Phase::Ready, pod.life);
        self.pod(endpoint).0.pods[member].enters(Phase::Leaving, now);
        if known {
            self.announce(endpoint, false, now, schedule);
        }
        self.ends(endpoint, life, now, schedule);
        self.reconcile(at, now, schedule);
    }

    /// A deleted pod's process ends, and with it what it still had to do.
    pub(super) fn ends(&mut self, endpoint: EndpointId, life: u32, now: SimTime, schedule: &mut Schedule) {
        let Some(pod) = self.pod_in(endpoint, life, Phase::Leaving) else { return };
        let (created, was_up) = (pod.created, pod.up);
        pod.enters(Phase::Absent, now);
        (pod.up, pod.called) = (false, was_up);
        let (group, member) = self.pod(endpoint);
        group.lives.push((member, created.nanos(), now.nanos()));
        if !was_up {
            return;
        }
        self.cut(Target::Endpoint(endpoint), Manner::Refused, now, schedule);
        self.quieten(endpoint, now, schedule);
    }

    /// Where all proxies know that it is gone, nobody will call it once the handshakes under way are over.
    fn quieten(&mut self, endpoint: EndpointId, now: SimTime, schedule: &mut Schedule) {
        let known = self.told.absent.iter().all(|absent| absent.contains(&endpoint));
        let (group, member) = self.pod(endpoint);
        let pod = &group.pods[member];
        if !known || !pod.called || pod.phase != Phase::Absent {
            return;
        }
        let life = pod.life;
        let longest = self.world.policies.rows().iter().map(|policy| policy.connect_timeout).max();
        let after = longest.unwrap_or(Duration::ZERO) + Duration::from_secs(1);
        self.plan_deed(self.since_zero(now) + after.nanos().cast_signed(), ScaleDeed::Quiet(endpoint, life), schedule);
    }

    pub(super) fn is_quiet(&mut self, endpoint: EndpointId, life: u32) {
        if let Some(pod) = self.pod_in(endpoint, life, Phase::Absent)
            && std::mem::take(&mut pod.called)
        {
            self.down -= 1;
        }
    }

    /// The API server knows that a pod has joined or left: planes that watch it hear of that. Without planes all proxies
    /// know at once.
    fn announce(&mut self, endpoint: EndpointId, there: bool, now: SimTime, schedule: &mut Schedule) {
        let (clock, world) = (self.since_zero(now), self.world);
        let cluster = world.places[world.endpoints[endpoint].place].cluster;
        if world.control.planes.is_empty() {
            for place in world.places.ids() {
                self.hear_of(place, &[(endpoint, there)], now, schedule);
            }
            return;
        }
        for plane in world.control.planes.ids() {
            let Some(scaling) = &self.scaling else { return };
            let heard = scaling.sight.hearing(plane, cluster)(clock);
            self.plan_deed(heard, ScaleDeed::Hear(plane, endpoint, there), schedule);
        }
    }

    /// A plane waits until it has heard nothing new for a while, then pushes.
    pub(super) fn plane_hears(&mut self, id: PlaneId, news: (EndpointId, bool), now: SimTime, schedule: &mut Schedule) {
        let (clock, plane) = (self.since_zero(now), &self.world.control.planes[id]);
        let Some(scaling) = &mut self.scaling else { return };
        let batch = &mut scaling.batches[id.0 as usize];
        if batch.heard.is_empty() {
            batch.first = clock;
        }
        batch.heard.push(news);
        batch.last = clock;
        let (push, most) = (plane.push.nanos().cast_signed(), plane.push_max.nanos().cast_signed());
        let at = (batch.last + push).min(batch.first + most);
        self.plan_deed(at, ScaleDeed::Flush(id), schedule);
    }

    pub(super) fn flush(&mut self, id: PlaneId, now: SimTime, schedule: &mut Schedule) {
        let (clock, plane) = (self.since_zero(now), &self.world.control.planes[id]);
        let Some(scaling) = &mut self.scaling else { return };
        let batch = &mut scaling.batches[id.0 as usize];
        let (push, most) = (plane.push.nanos().cast_signed(), plane.push_max.nanos().cast_signed());
        if batch.heard.is_empty() || clock < (batch.last + push).min(batch.first + most) {
            return;
        }
        let heard = std::mem::take(&mut batch.heard);
        let pushed = scaling.sight.quiet(id).over(clock);
        for (place, cut_off, delay) in scaling.sight.reaching(id) {
            let at = cut_off.over(pushed).saturating_add(delay);
            self.plan_join(at, place, heard.clone(), schedule);
        }
    }

    /// The proxies of a place hear which pods have joined or left.
    pub(super) fn hear_of(
        &mut self,
        place: PlaceId,
        pods: &[(EndpointId, bool)],
        now: SimTime,
        schedule: &mut Schedule,
    ) {
        let absent = &mut self.told.absent[place.0 as usize];
        for (endpoint, there) in pods {
            if *there {
                absent.remove(endpoint);
            } else {
                absent.insert(*endpoint);
            }
        }
        self.tell(place, pods, now, schedule);
        for (endpoint, _) in pods.iter().filter(|(_, there)| !there) {
            self.quieten(*endpoint, now, schedule);
        }
    }
}
