//! Flows in the background: each on the way of its route, and together below every cap.

use super::faults::start;
use super::ground::cluster_named;
use super::paths::Paths;
use crate::connect::{Carrier, Front};
use crate::fault::{Calendar, Span};
use crate::scenario::Diagnostic;
use crate::scenario::file::{FlowTimes, RouteEnd, Scenario};
use crate::scenario::span::Spanned;
use crate::units::{BitsPerSec, Duration};
use crate::world::{Flow, LinkId, PlaceId, World, most};

const DAY: Duration = Duration::from_secs(86_400);

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
            let when = flow.when.as_ref().map(|when| calendar(scenario, world, name, when, said));
            world.flows.push(Flow { name: name.clone(), path, rate: flow.rate.value, when });
        }
    }
}

/// When a flow comes; it says where that is never in this run.
fn calendar(scenario: &Scenario, world: &World, name: &str, when: &FlowTimes, said: &mut Vec<Diagnostic>) -> Calendar {
    let (at, before) = start(scenario, world, &format!("flow `{name}`"), &when.at, said);
    let calendar = Calendar { at, lasts: when.lasts.value, every: when.every, before };
    let horizon = scenario.run.horizon;
    if calendar.spans(0, horizon.value.nanos().cast_signed()).is_empty() {
        let never = Diagnostic::warning("EW545", format!("flow `{name}` does not flow within this run"));
        said.push(
            never
                .at(when.at.span, "")
                .at(horizon.span, "the run lasts this long")
                .help("it is on the bill of the month and loads nothing here: `run.from` says when a run begins"),
        );
    }
    calendar
}

/// Flows that leave nothing of a cap, at any time of the run or of its first day.
pub(super) fn excess(scenario: &Scenario, world: &World, said: &mut Vec<Diagnostic>) {
    let (begin, end) = simulated(world);
    let end = end.max(DAY.nanos().cast_signed());
    for (id, link) in world.links.iter() {
        let Some(cap) = link.cap else { continue };
        let over: Vec<&Flow> = world.flows.iter().filter(|flow| world.paths[flow.path].links.contains(&id)).collect();
        let taken = most(&over, begin, end);
        let Some(last) = over.last().map(|flow| &flow.name).filter(|_| taken >= cap.rate.0) else { continue };
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

/// From the beginning of the fill to the end of the drain, nanoseconds from t = 0.
fn simulated(world: &World) -> Span {
    let plan = &world.plan;
    (-plan.fill.nanos().cast_signed(), (plan.horizon + plan.drain).nanos().cast_signed())
}

/// Bits a second that flows take of a link's cap at the most, within the run.
pub(super) fn at_most(world: &World, link: LinkId) -> BitsPerSec {
    let over: Vec<&Flow> = world.flows.iter().filter(|flow| world.paths[flow.path].links.contains(&link)).collect();
    let (begin, end) = simulated(world);
    BitsPerSec(most(&over, begin, end))
}
