//! Flows in the background: each on the way of its route, and together below every cap.

use super::ground::cluster_named;
use super::paths::Paths;
use crate::connect::{Carrier, Front};
use crate::scenario::Diagnostic;
use crate::scenario::file::{RouteEnd, Scenario};
use crate::scenario::span::Spanned;
use crate::units::BitsPerSec;
use crate::world::{Flow, PlaceId, World};

/// The flows of a scenario, on ways that may be drawn for them.
pub(super) fn flows(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    paths: &mut Paths<'_>,
    world: &mut World,
    said: &mut Vec<Diagnostic>,
) {
    for (name, flow) in &scenario.flows {
        if !scenario.network {
            let nothing = Diagnostic::warning("EW315", format!("flow `{name}` meets nothing with `network: none`"));
            said.push(nothing.at(flow.span, ""));
            continue;
        }
        let ends = (place(carrier, world, &flow.from), place(carrier, world, &flow.to));
        let (Some(from), Some(to)) = ends else {
            let nobody = Diagnostic::error("EW343", format!("flow `{name}` has an end without a cluster"));
            said.push(nobody.at(flow.span, "").help("name a cluster, or a region that has one"));
            continue;
        };
        if paths.front(from, to).is_some_and(|front| front != Front::None) {
            said.push(
                Diagnostic::error(
                    "EW341",
                    format!("the route of flow `{name}` leads to an endpoint or a gateway, not to addresses"),
                )
                .at(flow.to.span, "this end")
                .help("a flow is carried by what routes addresses: cen, vpc-peering"),
            );
            continue;
        }
        if let Some(super::paths::Reach::Direct(path)) = paths.reach(from, to, name) {
            world.flows.push(Flow { name: name.clone(), path, rate: flow.rate.value });
        }
    }
}

/// Flows that leave nothing of a cap.
pub(super) fn excess(scenario: &Scenario, world: &World, said: &mut Vec<Diagnostic>) {
    for (id, link) in world.links.iter() {
        let Some(cap) = link.cap else { continue };
        let over = world.flows.iter().filter(|flow| world.paths[flow.path].links.contains(&id));
        let (mut taken, mut last) = (0_u64, None);
        for flow in over {
            taken = taken.saturating_add(flow.rate.0);
            last = Some(&flow.name);
        }
        let Some(last) = last.filter(|_| taken >= cap.rate.0) else { continue };
        let what = format!(
            "flows of {} Mbit/s leave nothing of the {} Mbit/s of {}",
            BitsPerSec(taken).mbps(),
            cap.rate.mbps(),
            link.name
        );
        said.push(
            Diagnostic::error("EW352", what)
                .at(scenario.flows[last].rate.span, "the last of them")
                .help("buy more bandwidth, or let less flow"),
        );
    }
}

fn place(carrier: &Carrier<'_>, world: &World, end: &Spanned<RouteEnd>) -> Option<PlaceId> {
    let cluster = match &end.value {
        RouteEnd::Cluster(name) => cluster_named(carrier.ground, name)?,
        RouteEnd::Region(name) => {
            let mut clusters = carrier.ground.clusters.ids();
            clusters.find(|id| carrier.region(carrier.ground.region_of_cluster(*id)) == name)?
        }
    };
    world.places.iter().find(|(_, place)| place.cluster == cluster).map(|(id, _)| id)
}
