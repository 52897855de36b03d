//! What each fault hits, as the watch sees it: before the first request.

use std::collections::BTreeMap;

use super::{FAULTS, Watch};
use crate::record::Aside;
use crate::world::{Change, Effect, Gateway, Leg, Path, PathId, Proxy, ProxyId, StationId, Stream, Target, World};

impl Watch {
    /// What happens to proxies as callers.
    pub(super) fn hit_callers(&mut self, world: &World, target: Target, effect: Effect, bit: u64) {
        let hit = |proxy: &Proxy| match target {
            Target::Endpoint(endpoint) => proxy.endpoint == endpoint,
            Target::Place(place) => proxy.place == place,
            _ => false,
        };
        let proxies: Vec<ProxyId> = world.proxies.iter().filter(|(_, proxy)| hit(proxy)).map(|(id, _)| id).collect();
        let Effect::NoRoute(service) = effect else {
            proxies.iter().for_each(|id| self.callers[id.0 as usize] |= bit);
            return;
        };
        for (id, edge) in world.edges.iter().filter(|(_, edge)| service.is_none() || edge.to == service) {
            for &proxy in proxies.iter().filter(|&&proxy| world.calls(proxy, edge.from)) {
                self.unrouted[id.0 as usize] |= bit;
                let endpoint = world.proxies[proxy].endpoint;
                if endpoint.is_none() {
                    self.doors[proxy.0 as usize] |= bit;
                } else {
                    self.lacking[endpoint.0 as usize] |= bit;
                }
            }
        }
    }

    /// What is away of what users come in by.
    pub(super) fn cut(&mut self, target: Target, bit: u64) {
        match target {
            Target::Link(link) => self.links[link.0 as usize] |= bit,
            Target::Entry(entry) => self.entries[entry.0 as usize] |= bit,
            _ => {}
        }
    }

    /// The ways on which a global entry's users come to each ingress.
    pub(super) fn ways_of(&mut self, stream: &Stream) {
        let edge = stream.edge.0 as usize;
        for front in stream.via.iter().flat_map(|via| &via.fronts) {
            let bits = self.of_way([front.there, front.back]);
            if bits != 0 {
                self.ways[edge].extend(stream.entries[front.proxies()].iter().map(|&proxy| (proxy, bits)));
                self.edges[edge] |= bits;
            }
        }
    }

    /// A gateway is hit when all its replicas are at once: then so are its ways. Of some of them nobody can say which calls are.
    pub(super) fn hit_gateways(&mut self, world: &World, changes: &[Change]) {
        if world.gateways.is_empty() {
            return;
        }
        let mut depths: BTreeMap<(u32, StationId), u32> = BTreeMap::new();
        for change in changes.iter().filter(|change| (change.fault.0 as usize) < FAULTS) {
            let stations: Vec<StationId> = match change.target {
                Target::Station(station) => vec![station],
                Target::Place(place) => world.stations_at(place).collect(),
                _ => continue,
            };
            for station in stations {
                let depth = depths.entry((change.fault.0, station)).or_default();
                *depth = if change.begins { *depth + 1 } else { depth.saturating_sub(1) };
            }
            if !change.begins || matches!(change.effect, Effect::NoRoute(_)) {
                continue;
            }
            let bit = 1 << change.fault.0;
            let hit = |station: &StationId| depths.get(&(change.fault.0, *station)).is_some_and(|&depth| depth > 0);
            let whole = |gateway: &Gateway| !gateway.replicas.is_empty() && gateway.replicas.iter().all(hit);
            for (gateway, _) in world.gateways.iter().filter(|(_, gateway)| whole(gateway)) {
                let through = |path: &Path| path.legs.contains(&Leg::Gateway(gateway));
                let paths = world.paths.iter().filter(|(_, path)| through(path));
                paths.for_each(|(id, _)| self.paths[id.0 as usize] |= bit);
            }
        }
    }

    pub(super) fn hit(&mut self, world: &World, target: Target, bit: u64) {
        let mut hit_path = |id: PathId| self.paths[id.0 as usize] |= bit;
        match target {
            Target::Place(place) => {
                world.paths_of(place).for_each(hit_path);
                world.endpoints_at(place).for_each(|id| self.endpoints[id.0 as usize] |= bit);
                self.places[place.0 as usize] |= bit;
            }
            Target::Link(link) => world.paths_over(link).for_each(hit_path),
            Target::Path(path) => hit_path(path),
            Target::Endpoint(endpoint) => self.endpoints[endpoint.0 as usize] |= bit,
            // Of a gateway's replicas it takes all (`hit_gateways`).
            Target::Station(_)
            | Target::Api(_)
            | Target::Plane(_)
            | Target::Pushes(_)
            | Target::Entry(_)
            | Target::Records(_)
            | Target::Cache(_)
            | Target::Database(..) => {}
        }
    }
}

impl Aside {
    pub(super) fn of(world: &World, target: Target) -> Option<Aside> {
        match target {
            Target::Station(station) => {
                let of = |gateway: &crate::world::Gateway| gateway.replicas.contains(&station);
                let several = world.gateways.rows().iter().any(|gateway| of(gateway) && gateway.replicas.len() > 1);
                several.then_some(Aside::GatewayReplica)
            }
            Target::Api(_) | Target::Plane(_) | Target::Pushes(_) => Some(Aside::ControlPlane),
            Target::Entry(_) | Target::Records(_) => Some(Aside::Names),
            Target::Cache(_) => Some(Aside::Cache),
            Target::Database(..) => Some(Aside::Database),
            Target::Place(_) | Target::Link(_) | Target::Endpoint(_) | Target::Path(_) => None,
        }
    }
}
