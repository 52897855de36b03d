//! Flows in the background: each on the way of its route, and together below every cap.

use super::faults::start;
use super::ground::cluster_named;
use super::paths::Paths;
use super::plan;
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
        if from == to {
            let alone = Diagnostic::error("EW305", format!("flow `{name}` begins and ends in one cluster"));
            let help = "a region is its first cluster here: name another cluster, or leave the flow out";
            said.push(alone.at(flow.from.span, "").at(flow.to.span, "the same one").help(help));
            continue;
        }
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

/// Flows that leave nothing of a cap, at any time of the run (of which a fill that is not told may be as long as it ever is)
/// or until all their times come round again, a year at the most.
pub(super) fn excess(scenario: &Scenario, world: &World, said: &mut Vec<Diagnostic>) {
    for (id, link) in world.links.iter() {
        let Some(cap) = link.cap else { continue };
        let over: Vec<&Flow> = world.flows_over(id).collect();
        let all = over.iter().fold(0_u64, |sum, flow| sum.saturating_add(flow.rate.0));
        // What fits all at once fits at all times.
        let taken = if all < cap.rate.0 { all } else { ever(&over, plan::longest(scenario).simulated(), cap.rate.0) };
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

/// The most bits a second of these flows, or the first that leaves nothing of `cap`, day by day.
fn ever(over: &[&Flow], (begin, end): Span, cap: u64) -> u64 {
    let [day, year] = [DAY, DAY.saturating_mul(365)].map(|span| span.nanos().cast_signed());
    let calendars = || over.iter().filter_map(|flow| flow.when);
    let last = calendars().map(|when| when.at).max().unwrap_or(0);
    let round = calendars().filter_map(|when| when.every).fold(1, |round, every| common(round, every.nanos()));
    let until = last.saturating_add(round.cast_signed()).saturating_add(day).min(year).max(end);
    let mut taken = 0;
    let mut from = begin;
    while from < until && taken < cap {
        taken = taken.max(most(over, from, from.saturating_add(day)));
        from = from.saturating_add(day);
    }
    taken
}

/// The least common multiple, or what of it a signed number holds.
fn common(one: u64, other: u64) -> u64 {
    let (mut a, mut b) = (one, other);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    (one / a.max(1)).saturating_mul(other).min(i64::MAX.cast_unsigned())
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

/// Bits a second that flows take of a link's cap at the most, within a horizon.
pub(super) fn at_most(world: &World, link: LinkId, horizon: Duration) -> BitsPerSec {
    BitsPerSec(most(&world.flows_over(link).collect::<Vec<_>>(), 0, horizon.nanos().cast_signed()))
}
