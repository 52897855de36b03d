//! What stands in a place, and what goes over what: the extent of a failure.

use super::{EndpointId, Flow, LinkId, Path, PathId, PlaceId, StationId, Target, World};
use crate::table::Table;
use crate::units::Duration;

impl Path {
    /// Does it begin or end in a place?
    pub fn touches(&self, place: PlaceId) -> bool {
        self.from == place || self.to == place
    }

    /// Does it cross a link, there or back?
    pub fn uses(&self, link: LinkId) -> bool {
        self.links.contains(&link) || self.back_links.contains(&link)
    }
}

impl World {
    /// Ways that begin or end in a place, in order.
    pub fn paths_of(&self, place: PlaceId) -> impl Iterator<Item = PathId> + '_ {
        self.paths.iter().filter(move |(_, path)| path.touches(place)).map(|(id, _)| id)
    }

    /// Ways over a link, there or back, in order.
    pub fn paths_over(&self, link: LinkId) -> impl Iterator<Item = PathId> + '_ {
        self.paths.iter().filter(move |(_, path)| path.uses(link)).map(|(id, _)| id)
    }

    /// Do users come in over a link, by way of an entry?
    pub fn is_way_in(&self, link: LinkId) -> bool {
        let mut fronts =
            self.streams.rows().iter().filter_map(|stream| stream.via.as_ref()).flat_map(|via| &via.fronts);
        fronts.any(|front| front.there == Some(link) || front.back == Some(link))
    }

    /// Flows whose bytes cross a link, in order.
    pub fn flows_over(&self, link: LinkId) -> impl Iterator<Item = &Flow> {
        self.flows.iter().filter(move |flow| self.paths[flow.path].links.contains(&link))
    }

    /// Replicas of services in a place, in order.
    pub fn endpoints_at(&self, place: PlaceId) -> impl Iterator<Item = EndpointId> + '_ {
        self.endpoints.iter().filter(move |(_, endpoint)| endpoint.place == place).map(|(id, _)| id)
    }

    /// Replicas of gateways and workers of proxies in a place, in order.
    pub fn stations_at(&self, place: PlaceId) -> impl Iterator<Item = StationId> + '_ {
        self.stations.iter().filter(move |(_, station)| station.place == place).map(|(id, _)| id)
    }

    /// How long after it was lost something is back because another takes over from it; none: it is not.
    pub fn takes_over(&self, target: Target) -> Option<Duration> {
        match target {
            Target::Link(link) => self.spares.get(&link).copied(),
            _ => None,
        }
    }

    /// The same where nothing happens: no fault, told or by chance.
    #[must_use]
    pub fn without_faults(mut self) -> World {
        self.faults = Table::default();
        self.changes.clear();
        self.weather.clear();
        self
    }
}
