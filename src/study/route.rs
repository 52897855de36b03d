//! Which products the calls of an edge can cross: a static question, answered from the compiled world.

use super::replicated::Replicated;
use crate::scenario::file::{PathCheck, ProductKind};
use crate::world::{Caller, HostTarget, PathId};

/// Names of the paths that calls of the edge may take and that cross the product to be avoided (`internet`: any public
/// gateway).
pub fn over(of: &Replicated, check: &PathCheck) -> Vec<String> {
    let world = &of.world;
    let mut found: Vec<String> = Vec::new();
    for (id, edge) in world.edges.iter().filter(|(id, _)| world.is_taken(*id)) {
        let from = match edge.from {
            Caller::Service(service) => &world.services[service].name,
            Caller::Stream(stream) => &world.streams[stream].name,
        };
        if *from != check.from || world.services[edge.to].name != check.to {
            continue;
        }
        for place in world.places.ids() {
            let set = world.host_set(id, place);
            if set.is_none() {
                continue;
            }
            for host in world.host_sets[set].hosts.iter() {
                let paths: Vec<PathId> = match &host.target {
                    HostTarget::Endpoint(_, path) => vec![*path],
                    HostTarget::Gateway(_, behind) => behind.iter().map(|(_, path)| *path).collect(),
                };
                for path in paths.into_iter().map(|path| &world.paths[path]) {
                    if crosses(of, &path.via, &check.avoids) && !found.contains(&path.name) {
                        found.push(path.name.clone());
                    }
                }
            }
        }
    }
    found
}

fn crosses(of: &Replicated, via: &str, avoids: &str) -> bool {
    let public = || {
        let product = of.scenario.connectivity.get(via);
        product.is_some_and(|product| matches!(product.kind, ProductKind::PublicGateway(_)))
    };
    via == avoids || (avoids == "internet" && public())
}
