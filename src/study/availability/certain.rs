//! What is lost for certain in a failure state, whatever proxies do: requests that need a service of which no living replica
//! can be reached. Nothing is simulated; a bound from below, from who can reach whom.

use std::collections::{BTreeMap, BTreeSet};

use super::component::Fall;
use crate::table::Id;
use crate::units::Ratio;
use crate::world::{
    EdgeId, EndpointId, HostTarget, Leg, OperationId, PathId, PlaceId, Step, Stream, StreamId, Target, World,
};

/// Deeper trees and longer programs are not followed; they count as answered.
const DEPTH_MAX: u32 = 64;
const STEPS_MAX: u32 = 10_000;

/// By stream: the share of its requests that is lost for certain while this is down.
pub(super) fn certain(world: &World, falls: &[Fall]) -> Vec<f64> {
    let mut state = Dead::new(world, falls);
    let mut of = |(id, stream): (StreamId, &Stream)| {
        let lost = |(operation, share): &(OperationId, Ratio)| share.get() * state.lost_of(id, *operation);
        stream.mix.iter().map(lost).sum::<f64>().clamp(0.0, 1.0)
    };
    world.streams.iter().map(&mut of).collect()
}

/// What is dead in a state, and what was found out of it so far.
struct Dead<'w> {
    world: &'w World,
    places: BTreeSet<PlaceId>,
    paths: BTreeSet<PathId>,
    endpoints: BTreeSet<EndpointId>,
    /// By gateway: none of its replicas is left.
    gateways: Vec<bool>,
    /// Can an operation be done by a replica in this place, of this version?
    known: BTreeMap<(OperationId, PlaceId, u16), bool>,
}

impl<'w> Dead<'w> {
    fn new(world: &'w World, falls: &[Fall]) -> Self {
        let (mut places, mut paths) = (BTreeSet::new(), BTreeSet::new());
        let (mut endpoints, mut stations) = (BTreeSet::new(), BTreeSet::new());
        for (target, _) in falls {
            match *target {
                // It is back while the rest stays away.
                target if world.takes_over(target).is_some() => {}
                Target::Place(place) => drop(places.insert(place)),
                Target::Link(link) => paths.extend(world.paths_over(link)),
                Target::Path(path) => drop(paths.insert(path)),
                Target::Endpoint(id) => drop(endpoints.insert(id)),
                Target::Station(id) => drop(stations.insert(id)),
                // Nobody is told; whoever answers goes on.
                _ => {}
            }
        }
        let is_gone = |station| stations.contains(station) || places.contains(&world.stations[*station].place);
        let gateways = world.gateways.rows().iter();
        let gateways =
            gateways.map(|gateway| !gateway.replicas.is_empty() && gateway.replicas.iter().all(is_gone)).collect();
        Dead { world, places, paths, endpoints, gateways, known: BTreeMap::new() }
    }

    /// The share of a stream's requests of an operation that is lost.
    fn lost_of(&mut self, stream: StreamId, operation: OperationId) -> f64 {
        let stream = &self.world.streams[stream];
        let places = stream.entries.iter().map(|&proxy| self.world.proxies[proxy].place);
        let alive: Vec<PlaceId> = places.filter(|place| !self.places.contains(place)).collect();
        let failing = alive.iter().filter(|&&place| !self.is_answered(stream.edge, operation, place, 0)).count();
        match (alive.len(), failing) {
            (0, _) => 1.0,
            (all, failing) if all == failing => 1.0,
            // A global entry may lead users to those that answer; else they are spread evenly over what is left.
            _ if stream.via.is_some() => 0.0,
            (all, failing) => failing as f64 / all as f64,
        }
    }

    /// Is there anybody for a call on this edge from this place?
    fn is_answered(&mut self, edge: EdgeId, operation: OperationId, from: PlaceId, depth: u32) -> bool {
        let world = self.world;
        // Rules may lead elsewhere, or answer themselves.
        if !world.edges[edge].routing.is_none() || depth > DEPTH_MAX {
            return true;
        }
        let set = world.host_set(edge, from);
        if set.is_none() {
            return true;
        }
        world.host_sets[set].hosts.iter().any(|host| match &host.target {
            HostTarget::Endpoint(id, path) => self.serves(*id, *path, operation, depth),
            HostTarget::Gateway(gateway, behind) => {
                !self.gateways[gateway.index()]
                    && behind.iter().any(|(id, path)| self.serves(*id, *path, operation, depth))
            }
        })
    }

    fn serves(&mut self, id: EndpointId, path: PathId, operation: OperationId, depth: u32) -> bool {
        let endpoint = &self.world.endpoints[id];
        if self.endpoints.contains(&id) || self.places.contains(&endpoint.place) || self.is_cut(path) {
            return false;
        }
        let key = (operation, endpoint.place, endpoint.version);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let of = &self.world.operations[operation];
        let mut steps = 0;
        let serves = self.runs(of.start_of(endpoint.version), endpoint.place, depth + 1, &mut steps);
        self.known.insert(key, serves);
        serves
    }

    fn is_cut(&self, path: PathId) -> bool {
        let way = &self.world.paths[path];
        let passes = |leg: &Leg| !matches!(leg, Leg::Gateway(id) if self.gateways[id.index()]);
        self.paths.contains(&path) || !way.legs.iter().chain(&way.back).all(passes)
    }

    /// Can a program be run to its end here?
    fn runs(&mut self, start: u32, place: PlaceId, depth: u32, steps: &mut u32) -> bool {
        let world = self.world;
        let mut at = start as usize;
        loop {
            *steps += 1;
            if *steps > STEPS_MAX || depth > DEPTH_MAX {
                return true;
            }
            let choices = |first: u32, count: u32| &world.choices[first as usize..(first + count) as usize];
            let fits = match world.program[at] {
                Step::End => return true,
                Step::Call { site } => self.reaches(site, place, depth),
                Step::Fork { first, count } => (first..first + count).all(|site| self.reaches(site, place, depth)),
                Step::Branch { first, count } => {
                    choices(first, count).iter().all(|way| self.runs(way.start, place, depth, steps))
                }
                Step::Choose { first, count } => {
                    return choices(first, count).iter().any(|way| self.runs(way.start, place, depth, steps));
                }
                Step::Jump { to } => {
                    at = to as usize;
                    continue;
                }
                Step::Repeat { body, .. } => self.runs(body, place, depth, steps),
                Step::Cache { hit, .. } if self.runs(hit, place, depth, steps) => return true,
                _ => true,
            };
            if !fits {
                return false;
            }
            at += 1;
        }
    }

    fn reaches(&mut self, site: u32, place: PlaceId, depth: u32) -> bool {
        let site = self.world.call_sites[site as usize];
        self.is_answered(site.edge, site.operation, place, depth)
    }
}
