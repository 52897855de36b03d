//! Which route carries a call between two clusters: the most specific one wins.

use super::products;
use crate::connect::Product;
use crate::provider::Books;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Route, RouteEnd, Scenario};
use crate::topology::{ClusterId, Ground};

/// A route with its product, ready to be asked.
#[derive(Debug)]
pub(super) struct Way<'a> {
    /// Its name.
    pub name: &'a str,
    /// As written.
    pub route: &'a Route,
    /// None: the product could not be made, and that has been said.
    pub product: Option<Box<dyn Product>>,
}

/// All routes of a scenario.
#[derive(Debug)]
pub(super) struct Routes<'a> {
    pub ways: Vec<Way<'a>>,
    /// The one among them that no call takes: the control plane's own.
    pub control: Option<usize>,
}

impl<'a> Routes<'a> {
    /// Makes the product of each route.
    pub(super) fn new(scenario: &'a Scenario, ground: &Ground, books: &Books, said: &mut Vec<Diagnostic>) -> Self {
        let ways = scenario.routes.iter().map(|(name, route)| {
            let product = products::of_route(scenario, ground, books, route, said);
            Way { name, route, product }
        });
        let mut ways: Vec<Way<'a>> = ways.collect();
        let own =
            scenario.mesh.control_plane.as_ref().and_then(|plane| plane.via.as_ref()).filter(|_| scenario.network);
        let control = own.map(|route| {
            if !scenario.connectivity.contains_key(&route.via.value) {
                let unknown =
                    Diagnostic::error("EW465", format!("`connectivity` has no product `{}`", route.via.value));
                said.push(unknown.at(route.via.span, "the control plane's own way").help("name one of `connectivity`"));
            }
            let product = products::of_route(scenario, ground, books, route, said);
            ways.push(Way { name: "mesh.control-plane.via", route, product });
            ways.len() - 1
        });
        Routes { ways, control }
    }

    /// The index of the route between two clusters. A cluster is more specific than a region, a region than nothing; both
    /// ends count, the caller's decides a tie, then the order of the file.
    pub(super) fn between(&self, ground: &Ground, from: ClusterId, to: ClusterId) -> Option<usize> {
        let mut best: Option<((u8, u8), usize)> = None;
        for (index, way) in self.ways.iter().enumerate().filter(|(index, _)| Some(*index) != self.control) {
            let near = rank(ground, way.route.from.as_ref().map(|end| &end.value), from);
            let far = rank(ground, way.route.to.as_ref().map(|end| &end.value), to);
            let (Some(near), Some(far)) = (near, far) else { continue };
            let score = (near + far, near);
            if best.is_none_or(|(known, _)| score > known) {
                best = Some((score, index));
            }
        }
        best.map(|(_, index)| index)
    }
}

fn rank(ground: &Ground, end: Option<&RouteEnd>, cluster: ClusterId) -> Option<u8> {
    match end {
        None => Some(0),
        Some(RouteEnd::Region(name)) => (ground.regions[ground.region_of_cluster(cluster)].name == *name).then_some(1),
        Some(RouteEnd::Cluster(name)) => (ground.clusters[cluster].name == *name).then_some(2),
    }
}
