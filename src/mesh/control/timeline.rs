//! What the control planes tell, and when: decided by the faults and the draws of this run alone, before the first request.
//!
//! Truth (what is up) becomes readiness (what a kubelet, a probe or the node controller says, at the API server of the
//! cluster), readiness becomes knowledge (what a plane that watches that server has heard), knowledge a push, and a push
//! what the proxies of a place believe. Each step waits for what it needs: a server, a plane, a way that is up.

use std::collections::BTreeMap;

use super::gateways;
use super::scaling::ScaleDeed;
use super::spans::Spans;
use crate::policy::readiness::{self, LEASE_RENEWAL, NODE_MONITOR, RELIST, Readiness};
use crate::random::Key;
use crate::units::Duration;
use crate::world::{
    Change, ClusterId, ControlWay, Effect, EndpointId, Manner, PlaceId, PlaneId, StationId, Target, World,
};

/// Something that the control planes do to the data plane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mesh) struct Step {
    /// Nanoseconds from t = 0; before the fill where it goes back to what happened before the run.
    pub(in crate::mesh) at: i64,
    pub(in crate::mesh) deed: Deed,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::mesh) enum Deed {
    /// A pod that has started anew waits for its proxy's configuration and certificate: it refuses.
    Hold(EndpointId),
    /// It has them.
    Release(EndpointId),
    /// The proxies of a place hear that endpoints are there, or no longer, in that order.
    Push { place: PlaceId, ready: Vec<(EndpointId, bool)> },
    /// They hear that pods have joined, or left.
    Join { place: PlaceId, pods: Vec<(EndpointId, bool)> },
    /// A gateway's pod that is sent away tells who sends requests to it to close their connections.
    Close(StationId),
    /// Of pods that come and go with their load.
    Scale(ScaleDeed),
}

/// What happens to a replica.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Up,
    /// It is sent away, and no endpoint from then on, whatever becomes of it.
    Leaving,
    /// Its node died with it.
    Dead,
    /// Its process ended, or waits for its proxy; the kubelet lives.
    Exited,
    /// Its process is there and does not answer.
    Silent,
}

/// All steps of a run, in order of time. `changes`: what faults do in it, each with its date.
pub(in crate::mesh) fn steps(world: &World, changes: &[(i64, Change)], seed: u64, replication: u32) -> Vec<Step> {
    if changes.is_empty() {
        return Vec::new();
    }
    let mut steps = gateways::closings(world, changes);
    if world.control.planes.is_empty() {
        steps.extend(without_planes(world, changes));
        steps.sort_by_key(|step| step.at);
        return steps;
    }
    let sight = Sight::new(world, changes, seed, replication);
    let held = sight.held();
    let mut by_cluster: Vec<Vec<(i64, EndpointId, bool)>> = vec![Vec::new(); world.clusters.len()];
    for (id, endpoint) in world.endpoints.iter() {
        let held = &held[endpoint.place.0 as usize];
        for (from, to) in held.iter() {
            steps.push(Step { at: from, deed: Deed::Hold(id) });
            if to < i64::MAX {
                steps.push(Step { at: to, deed: Deed::Release(id) });
            }
        }
        let cluster = world.places[endpoint.place].cluster;
        by_cluster[cluster.0 as usize].extend(sight.readiness(id, held).map(|(at, ready)| (at, id, ready)));
    }
    for told in &mut by_cluster {
        told.sort_by_key(|&(at, endpoint, _)| (at, endpoint));
    }
    for plane in world.control.planes.ids() {
        sight.pushes(plane, &by_cluster, &mut steps);
    }
    // Stable: what is of one instant stays in the order of endpoints, planes and places.
    steps.sort_by_key(|step| step.at);
    steps
}

/// Without control planes proxies know of a pod that is sent away at once, and of the next one when it listens.
fn without_planes(world: &World, changes: &[(i64, Change)]) -> Vec<Step> {
    let mut steps = Vec::new();
    for (target, spans) in leaving(changes) {
        let Target::Endpoint(id) = target else { continue };
        let turns = spans.iter().flat_map(|(from, to)| [(from, false), (to, true)]);
        for (at, ready) in turns.filter(|(at, _)| *at < i64::MAX) {
            let told = |place| Step { at, deed: Deed::Push { place, ready: vec![(id, ready)] } };
            steps.extend(world.places.ids().map(told));
        }
    }
    steps
}

/// When each pod that is sent away is gone.
pub(super) fn leaving(changes: &[(i64, Change)]) -> BTreeMap<Target, Spans> {
    let drains = changes.iter().filter(|(_, change)| matches!(change.effect, Effect::Drain { .. }));
    spans(drains.map(|&(at, change)| (at, change.begins, change.target)))
}

/// When each thing is away, by what it is and how its peers notice.
pub(in crate::mesh) type Away = BTreeMap<(Target, bool), Spans>;

pub(in crate::mesh) fn away(changes: &[(i64, Change)]) -> Away {
    let outage = |&(at, change): &(i64, Change)| {
        let manner = change.outage()?;
        Some((at, change.begins, (change.target, manner == Manner::Refused)))
    };
    spans(changes.iter().filter_map(outage))
}

/// From beginnings and ends, counted, when each thing is so.
fn spans<T: Copy + Ord>(turns: impl Iterator<Item = (i64, bool, T)>) -> BTreeMap<T, Spans> {
    let mut open: BTreeMap<T, (u32, i64)> = BTreeMap::new();
    let mut spans: BTreeMap<T, Vec<(i64, i64)>> = BTreeMap::new();
    for (at, begins, what) in turns {
        let (count, since) = open.entry(what).or_insert((0, at));
        if begins {
            if *count == 0 {
                *since = at;
            }
            *count += 1;
        } else {
            *count -= 1;
            if *count == 0 {
                spans.entry(what).or_default().push((*since, at));
            }
        }
    }
    for (what, (count, since)) in open {
        if count > 0 {
            spans.entry(what).or_default().push((since, i64::MAX));
        }
    }
    spans.into_iter().map(|(what, list)| (what, Spans::of(list))).collect()
}

/// When a thing is away, and its peers notice so.
pub(in crate::mesh) fn away_by(away: &Away, target: Target, refused: bool) -> Spans {
    away.get(&(target, refused)).cloned().unwrap_or_default()
}

/// When a thing is away, however its peers notice.
pub(in crate::mesh) fn away_of(away: &Away, target: Target) -> Spans {
    Spans::any([&away_by(away, target, false), &away_by(away, target, true)])
}

/// When nothing passes on a way.
pub(in crate::mesh) fn way_of(world: &World, away: &Away, way: &ControlWay) -> Spans {
    let mut parts: Vec<Spans> = way.links.iter().map(|&link| away_of(away, Target::Link(link))).collect();
    parts.extend(way.path.map(|path| away_of(away, Target::Path(path))));
    parts.extend(way.gateways.iter().map(|&gateway| {
        let replicas = world.gateways[gateway].replicas.iter().map(|&station| {
            let place = Target::Place(world.stations[station].place);
            Spans::any([&away_of(away, Target::Station(station)), &away_of(away, place)])
        });
        Spans::all(&replicas.collect::<Vec<_>>())
    }));
    Spans::any(&parts)
}

/// When nothing of a cluster is there: all its zones are dead.
pub(in crate::mesh) fn cluster_of(world: &World, away: &Away, cluster: ClusterId) -> Spans {
    let places = world.places.iter().filter(|(_, place)| place.cluster == cluster);
    let zones: Vec<Spans> = places.map(|(id, _)| away_of(away, Target::Place(id))).collect();
    Spans::all(&zones)
}

/// What is away when, and who looks when.
#[derive(Debug)]
pub(super) struct Sight<'w> {
    pub(super) world: &'w World,
    seed: u64,
    replication: u32,
    away: Away,
    /// Pods that are sent away, until the next one in their place listens.
    leaving: BTreeMap<Target, Spans>,
}

impl<'w> Sight<'w> {
    pub(super) fn new(world: &'w World, changes: &[(i64, Change)], seed: u64, replication: u32) -> Self {
        Sight { world, seed, replication, away: away(changes), leaving: leaving(changes) }
    }
}

impl Sight<'_> {
    pub(super) fn by(&self, target: Target, refused: bool) -> Spans {
        away_by(&self.away, target, refused)
    }

    pub(super) fn away(&self, target: Target) -> Spans {
        away_of(&self.away, target)
    }

    /// Of a plane whose pods stand in a cluster, also while all its zones are dead.
    pub(super) fn plane(&self, plane: PlaneId) -> Spans {
        let own = self.away(Target::Plane(plane));
        let Some(cluster) = self.world.control.planes[plane].cluster else { return own };
        Spans::any([&own, &cluster_of(self.world, &self.away, cluster)])
    }

    pub(super) fn way(&self, way: &ControlWay) -> Spans {
        way_of(self.world, &self.away, way)
    }

    /// When a place's proxies cannot be told anything.
    pub(super) fn cut_off(&self, place: PlaceId) -> Spans {
        let service = &self.world.control.serves[place.0 as usize];
        Spans::any([&self.plane(service.plane), &self.way(&service.way)])
    }

    /// By place: when pods that started there anew still wait for what only a control plane gives.
    fn held(&self) -> Vec<Spans> {
        let held = |place: PlaceId| {
            let nodes = self.by(Target::Place(place), false);
            if nodes.is_empty() || !self.world.control.configures {
                return Spans::default();
            }
            let cut_off = self.cut_off(place);
            Spans::of(nodes.iter().filter(|(_, to)| *to < i64::MAX).map(|(_, to)| (to, cut_off.over(to))).collect())
        };
        self.world.places.ids().map(held).collect()
    }

    /// What a replica is from when on.
    fn states(&self, id: EndpointId, held: &Spans) -> Vec<(i64, State)> {
        let place = Target::Place(self.world.endpoints[id].place);
        let own = Target::Endpoint(id);
        let dead = self.by(place, false);
        let exited = Spans::any([&self.by(place, true), &self.by(own, true), held]);
        let silent = self.by(own, false);
        let leaving = self.drained(id);
        let all = [&leaving, &dead, &exited, &silent];
        let mut turns: Vec<i64> = all.iter().flat_map(|spans| spans.iter()).flat_map(|(from, to)| [from, to]).collect();
        turns.sort_unstable();
        turns.dedup();
        let state = |at: i64| match all.map(|spans| spans.holds(at)) {
            [true, ..] => State::Leaving,
            [_, true, ..] => State::Dead,
            [_, _, true, _] => State::Exited,
            [.., true] => State::Silent,
            _ => State::Up,
        };
        turns.into_iter().filter(|at| *at < i64::MAX).map(|at| (at, state(at))).collect()
    }

    /// What the API server of its cluster says of a replica, and from when on; it is ready at first.
    fn readiness(&self, id: EndpointId, held: &Spans) -> impl Iterator<Item = (i64, bool)> + use<> {
        let world = self.world;
        let endpoint = &world.endpoints[id];
        let (states, probe) = (self.states(id, held), world.control.readiness[endpoint.service.0 as usize]);
        let mut told = Vec::new();
        if let Some(probe) = probe.filter(|_| !states.is_empty()) {
            let cluster = world.places[endpoint.place].cluster;
            let api = self.away(Target::Api(cluster));
            let mut ready = true;
            for (index, &(from, state)) in states.iter().enumerate() {
                let to = states.get(index + 1).map_or(i64::MAX, |next| next.0);
                let turned = self.turned(&endpoint.name, cluster, probe, (from, state), &api);
                if (state == State::Up) != ready && turned < to {
                    ready = !ready;
                    told.push((turned, ready));
                }
            }
        }
        told.into_iter()
    }

    /// Where a pod runs.
    pub(super) fn place_of(&self, pod: Target) -> PlaceId {
        match pod {
            Target::Endpoint(id) => self.world.endpoints[id].place,
            Target::Station(id) => self.world.stations[id].place,
            _ => unreachable!("replicas of services and of gateways are pods"),
        }
    }

    /// When a pod's process is dead, its node with it or not.
    pub(super) fn dead(&self, pod: Target) -> Spans {
        Spans::any([&self.away(Target::Place(self.place_of(pod))), &self.by(pod, true)])
    }

    /// When a replica is sent away.
    pub(super) fn drained(&self, id: EndpointId) -> Spans {
        self.leaving.get(&Target::Endpoint(id)).cloned().unwrap_or_default()
    }

    /// When a pod that listens from an instant on counts as ready. Without control planes: at once. A gateway's start-up is
    /// until its probe passes.
    pub(super) fn ready_again(&self, pod: Target, from: i64) -> i64 {
        let Target::Endpoint(id) = pod else {
            let cluster = self.world.places[self.place_of(pod)].cluster;
            return if from < i64::MAX { self.away(Target::Api(cluster)).over(from) } else { from };
        };
        let row = &self.world.endpoints[id];
        let probe = self.world.control.readiness.get(row.service.0 as usize).copied().flatten();
        let Some(probe) = probe.filter(|_| from < i64::MAX) else { return from };
        let cluster = self.world.places[row.place].cluster;
        self.turned(&row.name, cluster, probe, (from, State::Up), &self.away(Target::Api(cluster)))
    }

    /// When a replica that is in a state from an instant on counts as what it is.
    fn turned(&self, name: &str, cluster: ClusterId, probe: Readiness, since: (i64, State), api: &Spans) -> i64 {
        let draw = |name: &str, purpose: &str, period| self.draw(name, purpose, period);
        let (from, state) = since;
        match state {
            State::Up => api.over(probe.back(from, draw(name, "readiness probe", probe.period))),
            State::Silent => api.over(probe.silent(from, draw(name, "readiness probe", probe.period))),
            State::Leaving => api.over(from),
            State::Exited => api.over(readiness::exited(from, draw(name, "kubelet relist", RELIST))),
            State::Dead => self.node_dead(name, cluster, from, api),
        }
    }

    /// When the node of a replica, which died at `from`, is taken for dead.
    pub(super) fn node_dead(&self, name: &str, cluster: ClusterId, from: i64, api: &Spans) -> i64 {
        let controller = self.draw(&self.world.clusters[cluster], "node monitor", NODE_MONITOR);
        let phases = [self.draw(name, "node lease", LEASE_RENEWAL), controller];
        readiness::node_dead(from, phases, self.world.control.node_grace, api.as_slice())
    }

    /// When within its period one who looks now and then does.
    pub(super) fn draw(&self, name: &str, purpose: &str, period: Duration) -> u64 {
        readiness::phase(period, Key::new(self.seed, self.replication, name, purpose).bits(0))
    }

    /// When a plane hears of what the API server of a cluster says from an instant on.
    pub(super) fn hearing(&self, id: PlaneId, cluster: ClusterId) -> impl Fn(i64) -> i64 + use<> {
        let row = id.0 as usize * self.world.clusters.len() + cluster.0 as usize;
        let (away, way) = (self.plane(id), &self.world.control.watches[row]);
        let unheard = Spans::any([&away, &self.away(Target::Api(cluster)), &self.way(way)]);
        let delay = way.delay.nanos().cast_signed();
        move |at| away.over(unheard.over(at).saturating_add(delay))
    }

    /// When a plane does not push.
    pub(super) fn quiet(&self, id: PlaneId) -> Spans {
        Spans::any([&self.plane(id), &self.away(Target::Pushes(id))])
    }

    /// The places that a plane serves: when what it pushes at an instant is there.
    pub(super) fn reaching(&self, id: PlaneId) -> Vec<(PlaceId, Spans, i64)> {
        let serves = &self.world.control.serves;
        let places = self.world.places.ids().filter(|place| serves[place.0 as usize].plane == id);
        let way = |place: PlaceId| {
            let delay = serves[place.0 as usize].way.delay;
            (place, self.cut_off(place), delay.nanos().cast_signed())
        };
        places.map(way).collect()
    }

    /// What a plane pushes to the places that it serves.
    fn pushes(&self, id: PlaneId, by_cluster: &[Vec<(i64, EndpointId, bool)>], steps: &mut Vec<Step>) {
        let control = &self.world.control;
        let plane = &control.planes[id];
        let mut known: Vec<(i64, EndpointId, bool)> = Vec::new();
        for (cluster, told) in self.world.clusters.ids().zip(by_cluster).filter(|(_, told)| !told.is_empty()) {
            let hears = self.hearing(id, cluster);
            known.extend(told.iter().filter_map(|&(at, endpoint, ready)| {
                let heard = hears(at);
                (heard < i64::MAX).then_some((heard, endpoint, ready))
            }));
        }
        known.sort_by_key(|&(at, ..)| at);
        let (quiet, ways) = (self.quiet(id), self.reaching(id));
        let (push, push_max) = (plane.push.nanos().cast_signed(), plane.push_max.nanos().cast_signed());
        let mut rest = &known[..];
        while let Some(&(first, ..)) = rest.first() {
            let (mut last, mut count) = (first, 1);
            while let Some(&(next, ..)) = rest.get(count).filter(|(at, ..)| *at <= (last + push).min(first + push_max))
            {
                (last, count) = (next, count + 1);
            }
            let (batch, later) = rest.split_at(count);
            rest = later;
            let pushed = quiet.over((last + push).min(first + push_max));
            for (place, cut_off, delay) in &ways {
                let at = cut_off.over(pushed).saturating_add(*delay);
                if at < i64::MAX {
                    let ready = batch.iter().map(|&(_, endpoint, ready)| (endpoint, ready)).collect();
                    steps.push(Step { at, deed: Deed::Push { place: *place, ready } });
                }
            }
        }
    }
}

/// When a configuration that is taken back is so at the proxies.
#[derive(Debug)]
pub(in crate::mesh) struct Rollback<'w>(Sight<'w>);

impl<'w> Rollback<'w> {
    pub(in crate::mesh) fn new(world: &'w World, changes: &[(i64, Change)]) -> Self {
        // Nothing is drawn for it.
        Rollback(Sight::new(world, changes, 0, 0))
    }

    /// When it reaches the proxies of a place that is taken back at an instant: with the push of their control plane, if
    /// there is one; `i64::MAX`: not in this run.
    pub(in crate::mesh) fn reaches(&self, place: PlaceId, at: i64) -> i64 {
        let control = &self.0.world.control;
        if control.planes.is_empty() {
            return at;
        }
        let serves = &control.serves[place.0 as usize];
        let push = control.planes[serves.plane].push.nanos().cast_signed();
        let pushed = self.0.quiet(serves.plane).over(at.saturating_add(push));
        self.0.cut_off(place).over(pushed).saturating_add(serves.way.delay.nanos().cast_signed())
    }
}
