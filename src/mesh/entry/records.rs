//! What a global entry says, from when on: decided by faults, checks and operators alone, before the first request.

use crate::mesh::actions::Deed;
use crate::mesh::control::{Away, Spans, away_by, away_of};
use crate::policy::entry::phase;
use crate::random::Key;
use crate::world::{ClusterId, Entry, EntryId, Front, Set, Stream, Target, World};

/// What an entry says from an instant on.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Record {
    /// Nanoseconds from t = 0.
    pub(super) from: i64,
    /// By target: what it is taken for.
    pub(super) healthy: Vec<bool>,
    /// Rows of the entry's targets with their weights, in order.
    pub(super) to: Vec<(u16, f64)>,
}

/// The ingress of a cluster, as users of a region find it.
#[derive(Clone, PartialEq, Default, Debug)]
pub(in crate::mesh) struct Reach {
    /// When nothing of it answers.
    pub(in crate::mesh) dead: Spans,
    /// When nobody tells its users so.
    pub(in crate::mesh) silent: Spans,
    /// When the answer does not get home.
    pub(super) cut: Spans,
}

/// All that an entry says, in order of time; the first record holds from the beginning.
pub(super) fn records(
    world: &World,
    id: EntryId,
    (seed, replication): (u64, u32),
    away: &Away,
    deeds: &[Deed],
) -> Vec<Record> {
    let entry = &world.entries[id];
    let frozen = away_of(away, Target::Records(id));
    // What changes: a target's health, or (after it at one instant) what operators set.
    let mut turns: Vec<(i64, Turn<'_>)> = Vec::new();
    for (row, &cluster) in entry.targets.iter().enumerate() {
        let name = format!("{}/{}", entry.name, world.clusters[cluster]);
        let phase = phase(entry.check.every, Key::new(seed, replication, &name, "entry check").uniform(0));
        let judged = judged(entry, &failing(world, entry, cluster, away), phase);
        turns.extend(judged.into_iter().map(|(at, healthy)| (frozen.over(at), Turn::Health(row, healthy))));
    }
    for deed in deeds {
        for set in &world.actions[deed.action].sets {
            if let Set::Entry(of, to) = set
                && *of == id
            {
                turns.push((frozen.over(deed.done), Turn::To(to)));
            }
        }
    }
    turns.retain(|(at, _)| *at < i64::MAX);
    turns.sort_by_key(|(at, _)| *at);
    let mut last = Record { from: i64::MIN, healthy: vec![true; entry.targets.len()], to: entry.to.clone() };
    let mut records = vec![last.clone()];
    for (at, turn) in turns {
        match turn {
            Turn::Health(row, healthy) => last.healthy[row] = healthy,
            Turn::To(to) => last.to = to.to_vec(),
        }
        last.from = at;
        if records.last().is_some_and(|record| record.from == at) {
            records.pop();
        }
        records.push(last.clone());
    }
    records
}

enum Turn<'w> {
    Health(usize, bool),
    To(&'w [(u16, f64)]),
}

/// When a check of a cluster's ingress fails: without a word, and by a refusal.
fn failing(world: &World, entry: &Entry, cluster: ClusterId, away: &Away) -> [Spans; 2] {
    let ingress = |silent: bool| {
        let places = world.places.iter().filter(|(_, place)| place.cluster == cluster);
        let gone = |id| {
            if silent { away_by(away, Target::Place(id), false) } else { away_of(away, Target::Place(id)) }
        };
        Spans::all(&places.map(|(id, _)| gone(id)).collect::<Vec<_>>())
    };
    let mut dead = ingress(false);
    if let Some(service) = entry.path {
        let here = |id: &&crate::world::EndpointId| world.places[world.endpoints[**id].place].cluster == cluster;
        let replicas = world.services[service].endpoints.iter().filter(here).map(|&id| {
            let place = Target::Place(world.endpoints[id].place);
            Spans::any([&away_of(away, Target::Endpoint(id)), &away_of(away, place)])
        });
        // Its ingress answers in its place, with a 503.
        dead = Spans::any([&dead, &Spans::all(&replicas.collect::<Vec<_>>())]);
    }
    [ingress(true), dead]
}

/// When a target is taken out and back, while its checks fail in these spans.
fn judged(entry: &Entry, [silent, failing]: &[Spans; 2], phase: u64) -> Vec<(i64, bool)> {
    let mut turns: Vec<(i64, bool)> =
        failing.iter().flat_map(|(from, to)| [(from, false), (to, true)]).filter(|(at, _)| *at < i64::MAX).collect();
    turns.sort_unstable();
    let (mut told, mut believed) = (Vec::new(), true);
    for (index, &(at, answers)) in turns.iter().enumerate() {
        let until = turns.get(index + 1).map_or(i64::MAX, |next| next.0);
        let judged = if answers { entry.check.back(at, phase) } else { entry.check.out(at, phase, silent.holds(at)) };
        if answers != believed && judged < until {
            believed = answers;
            told.push((judged, answers));
        }
    }
    told
}

/// How users of a stream find the ingress of a target.
pub(in crate::mesh) fn reach(world: &World, stream: &Stream, front: &Front, away: &Away) -> Reach {
    let proxies = &stream.entries[front.proxies()];
    let places = || proxies.iter().map(|&proxy| Target::Place(world.proxies[proxy].place));
    let all = |spans: Vec<Spans>| Spans::all(&spans);
    let links: Vec<Spans> =
        [front.there, front.back].into_iter().flatten().map(|link| away_of(away, Target::Link(link))).collect();
    let cut = Spans::any(&links);
    let gone = all(places().map(|place| away_of(away, place)).collect());
    let silent = all(places().map(|place| away_by(away, place, false)).collect());
    Reach { dead: Spans::any([&cut, &gone]), silent: Spans::any([&cut, &silent]), cut }
}
