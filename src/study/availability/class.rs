//! Which failure states come to the same: the degraded world without what is dead, up to interchangeable replicas.

use std::collections::{BTreeMap, BTreeSet};

use super::component::{Component, Fall};
use super::states::State;
use crate::world::{Manner, PathId, Target, World};

/// What is down, as far as calls can tell: replicas and gateway pods by number, ways and places by name, and where some
/// data plane is down, which control planes cannot say so.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Signature {
    places: BTreeSet<u32>,
    paths: BTreeSet<u32>,
    /// Links by which users come in: no call takes those.
    ways_in: BTreeSet<u32>,
    /// (service, place, version, silent): how many.
    replicas: BTreeMap<(u32, u32, u16, bool), u32>,
    /// (gateway, place): how many.
    gateways: BTreeMap<(usize, u32), u32>,
    /// Copies of databases.
    copies: BTreeSet<Target>,
    control: BTreeSet<Target>,
}

impl Signature {
    /// Nothing that a call can tell.
    pub fn is_whole(&self) -> bool {
        *self == Signature::default()
    }

    /// Of everything that is down.
    pub fn of(world: &World, falls: &[Fall]) -> Self {
        let mut signature = Signature::default();
        let mut endpoints: BTreeMap<u32, bool> = BTreeMap::new();
        let mut stations = BTreeSet::new();
        for &(target, manner) in falls {
            match target {
                Target::Place(place) => {
                    signature.places.insert(place.0);
                }
                Target::Link(link) => {
                    signature.paths.extend(world.paths_over(link).map(|id| id.0));
                    signature.ways_in.extend(world.is_way_in(link).then_some(link.0));
                }
                Target::Path(path) => {
                    signature.paths.insert(path.0);
                }
                Target::Endpoint(id) => {
                    let silent = endpoints.entry(id.0).or_default();
                    *silent |= manner == Manner::Silent;
                }
                Target::Station(id) => {
                    stations.insert(id.0);
                }
                Target::Database(..) => {
                    signature.copies.insert(target);
                }
                other => {
                    signature.control.insert(other);
                }
            }
        }
        let dead = |place: crate::world::PlaceId| signature.places.contains(&place.0);
        // What falls with its place says nothing more.
        let ends = |path: &u32| {
            let path = &world.paths[PathId(*path)];
            [path.from, path.to]
        };
        let paths: BTreeSet<u32> =
            signature.paths.iter().filter(|path| !ends(path).into_iter().any(dead)).copied().collect();
        for (id, silent) in endpoints {
            let endpoint = &world.endpoints.rows()[id as usize];
            if !dead(endpoint.place) {
                let key = (endpoint.service.0, endpoint.place.0, endpoint.version, silent);
                *signature.replicas.entry(key).or_insert(0) += 1;
            }
        }
        for (number, gateway) in world.gateways.rows().iter().enumerate() {
            for station in gateway.replicas.iter().filter(|station| stations.contains(&station.0)) {
                let place = world.stations[*station].place;
                if !dead(place) {
                    *signature.gateways.entry((number, place.0)).or_insert(0) += 1;
                }
            }
        }
        signature.paths = paths;
        let told = std::mem::take(&mut signature.control);
        if !signature.is_whole() {
            // Else nobody needs to be told of anything.
            signature.control = told;
        }
        signature
    }
}

/// States that come to the same.
#[derive(Clone, Debug)]
pub struct Class {
    /// Indices of its states.
    pub states: Vec<usize>,
    /// Its first state, whose falls stand for all.
    pub falls: Vec<Fall>,
    /// In words: `zone/hangzhou/h`, `replica/web/east/h x 2 + link/hangzhou-singapore`, `nothing`.
    pub name: String,
}

/// What is down in a state.
pub fn falls(components: &[Component], state: &State) -> Vec<Fall> {
    state.iter().flat_map(|&(component, count)| components[component].falls(count)).collect()
}

/// A state in words.
pub fn name(components: &[Component], state: &State) -> String {
    let part = |&(component, count): &(usize, u32)| {
        let Component { name, .. } = &components[component];
        if count == 1 { name.clone() } else { format!("{name} x {count}") }
    };
    if state.is_empty() { "nothing".into() } else { state.iter().map(part).collect::<Vec<_>>().join(" + ") }
}

/// The classes in the order of their first states, and the class of each state.
pub fn classes(world: &World, components: &[Component], states: &[(State, f64)]) -> (Vec<Class>, Vec<usize>) {
    let mut known: BTreeMap<Signature, usize> = BTreeMap::new();
    let mut classes: Vec<Class> = Vec::new();
    let mut of = Vec::with_capacity(states.len());
    for (index, (state, _)) in states.iter().enumerate() {
        let falls = falls(components, state);
        let class = *known.entry(Signature::of(world, &falls)).or_insert_with(|| {
            classes.push(Class { states: Vec::new(), falls, name: name(components, state) });
            classes.len() - 1
        });
        classes[class].states.push(index);
        of.push(class);
    }
    (classes, of)
}
