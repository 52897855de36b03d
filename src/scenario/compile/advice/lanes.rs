//! Lanes that requests lose on their way, or never enter.

use std::collections::BTreeSet;

use super::Reading;
use crate::policy::lanes::Group;
use crate::policy::route_match::{self, Found, HttpMatch, Request, Source};
use crate::scenario::Diagnostic;
use crate::scenario::file::{Entry, Forwards, Lanes};
use crate::world::{Caller, HeaderValue, ServiceId, StreamId};

/// More losses than this are counted.
const LOSSES_MAX: usize = 4;

/// What is to be said of lanes.
pub(super) fn advice(reading: &Reading<'_>) -> Vec<Diagnostic> {
    let Some(lanes) = &reading.scenario.mesh.lanes else { return Vec::new() };
    let entries: Vec<(StreamId, BTreeSet<usize>)> =
        reading.world.streams.ids().map(|stream| (stream, entered(reading, lanes, stream))).collect();
    let mut said = unentered(lanes, &entries);
    said.extend(dropped(reading, lanes, &entries));
    said.extend(untraced(reading, lanes, &entries));
    said
}

/// The lanes that a stream's requests enter.
fn entered(reading: &Reading<'_>, lanes: &Lanes, stream: StreamId) -> BTreeSet<usize> {
    let (world, mut found) = (reading.world, BTreeSet::new());
    let (name, written) = reading.scenario.workload.get_index(stream.0 as usize).expect("a stream of the file");
    let service = &reading.scenario.services[&written.to.value];
    if written.entry != Entry::Ingress || !lanes.group.services().contains(written.to.value.as_str()) {
        return carried(reading, &lanes.group, stream);
    }
    let gateways = [name.as_str()];
    let source = Source { gateways: &gateways, namespace: "istio-system", ..Source::default() };
    for (context, _) in world.carries(stream) {
        let carried = world.routing.contexts.get(usize::from(context));
        let headers = carried.into_iter().flat_map(|context| &context.headers).map(|(header, value)| {
            let (HeaderValue::Text(text) | HeaderValue::Drawn(text)) = value;
            (world.routing.headers[*header].as_str(), text.as_str())
        });
        let headers: Vec<(&str, &str)> = headers.collect();
        for (target, _) in &written.mix {
            let operation = &service.operations[&target.operation];
            let (path, method, authority) = (operation.path.as_str(), operation.method.as_str(), name.as_str());
            let request = Request { path, method, scheme: "http", authority, headers: &headers };
            let matches = lanes.ingress.iter().map(|entry| -> &[HttpMatch] { &entry.matches });
            if let Found::Rule(at) = route_match::first(matches, &source, &request) {
                found.extend(lanes.ingress[at].lanes.iter().filter(|(_, weight)| *weight > 0).map(|(lane, _)| *lane));
            }
        }
    }
    found
}

/// The lanes that a stream's requests name themselves, in the header that services look at: no gateway of the group is on
/// their way.
fn carried(reading: &Reading<'_>, group: &Group, stream: StreamId) -> BTreeSet<usize> {
    let (world, mut found) = (reading.world, BTreeSet::new());
    let Some(tag) = group.context_header() else { return found };
    for (context, _) in world.carries(stream) {
        let Some(carried) = world.routing.contexts.get(usize::from(context)) else { continue };
        for (_, value) in carried.headers.iter().filter(|(header, _)| world.routing.headers[*header].as_str() == tag) {
            let (HeaderValue::Text(text) | HeaderValue::Drawn(text)) = value;
            found.extend(group.lanes.iter().position(|lane| lane.name == *text));
        }
    }
    found
}

fn unentered(lanes: &Lanes, entries: &[(StreamId, BTreeSet<usize>)]) -> Vec<Diagnostic> {
    let group = &lanes.group;
    let lends = |lane: usize| group.services().iter().any(|service| group.lender(service) == Some(lane));
    let idle = (0..group.lanes.len()).filter(|lane| !lends(*lane) && !entries.iter().any(|(_, of)| of.contains(lane)));
    let say = |lane: usize| {
        let what = format!("no stream's requests enter lane `{}`", group.lanes[lane].name);
        let help = "give a stream the header (`workload.NAME.headers`), or say under `mesh.lanes.ingress` who enters";
        Diagnostic::warning("EW379", what).at(lanes.spans[lane], "").help(help)
    };
    idle.map(say).collect()
}

/// Services with what they call, as far as `through` lets them call on; the first ones are not among them unless called.
fn called(reading: &Reading<'_>, first: ServiceId, through: impl Fn(ServiceId) -> bool) -> Vec<ServiceId> {
    let (mut found, mut next) = (Vec::new(), vec![first]);
    while let Some(service) = next.pop() {
        if !through(service) {
            continue;
        }
        for edge in reading.world.edges.rows() {
            if edge.from == Caller::Service(service) && !found.contains(&edge.to) {
                found.push(edge.to);
                next.push(edge.to);
            }
        }
    }
    found
}

/// What of a lane is out of reach behind a service: versions that the baseline answers in place of.
fn lost<'g>(reading: &Reading<'_>, group: &'g Group, lane: usize, behind: ServiceId) -> Vec<&'g str> {
    let called = called(reading, behind, |_| true);
    let names: BTreeSet<&str> = called.iter().map(|id| reading.world.services[*id].name.as_str()).collect();
    let own = group.lanes[lane].versions.iter().filter(|(service, version)| {
        names.contains(service.as_str()) && group.version(None, service) != Some(version.as_str())
    });
    own.map(|(service, _)| service.as_str()).collect()
}

/// `lane `s2` never reaches its `mockc``.
fn losses(reading: &Reading<'_>, group: &Group, lanes: &BTreeSet<usize>, behind: ServiceId) -> Vec<String> {
    let of = |lane: usize| {
        let lost: Vec<String> =
            lost(reading, group, lane, behind).into_iter().map(|service| format!("`{service}`")).collect();
        (!lost.is_empty()).then(|| format!("lane `{}` never reaches its {}", group.lanes[lane].name, lost.join(", ")))
    };
    let mut all: Vec<String> = lanes.iter().filter_map(|lane| of(*lane)).collect();
    if all.len() > LOSSES_MAX {
        let more = all.len() - LOSSES_MAX;
        all.truncate(LOSSES_MAX);
        all.push(format!("and so on for {more} more lanes"));
    }
    all
}

/// Applications that do not pass on the header by which lanes are told.
fn dropped(reading: &Reading<'_>, lanes: &Lanes, entries: &[(StreamId, BTreeSet<usize>)]) -> Vec<Diagnostic> {
    let group = &lanes.group;
    let Some(header) = group.context_header() else { return Vec::new() };
    let drops = |service: ServiceId| {
        let (_, written) = reading.scenario.services.get_index(service.0 as usize).expect("a service of the file");
        matches!(&written.forwards, Forwards::These(kept) if !kept.iter().any(|kept| kept == header))
    };
    // Behind one that drops it there is nothing more to lose.
    let mut reached: BTreeSet<(ServiceId, usize)> = BTreeSet::new();
    for (stream, of) in entries {
        let to = reading.world.edges[reading.world.streams[*stream].edge].to;
        let met = called(reading, to, |service| !drops(service)).into_iter().chain([to]);
        reached.extend(met.flat_map(|service| of.iter().map(move |lane| (service, *lane))));
    }
    let droppers: BTreeSet<ServiceId> = reached.iter().map(|(service, _)| *service).filter(|id| drops(*id)).collect();
    let say = |service: ServiceId| {
        let of = reached.iter().filter(|(met, _)| *met == service).map(|(_, lane)| *lane).collect();
        let losses = losses(reading, group, &of, service);
        let (name, written) = reading.scenario.services.get_index(service.0 as usize).expect("a service of the file");
        let what = format!(
            "`{name}` does not pass `{header}` on, so that what it calls answers from the baseline: {}",
            losses.join(", ")
        );
        let help = format!("let the application pass it on (`forwards: [{header}]`), or keep lanes by `mode: strict`");
        (!losses.is_empty()).then(|| Diagnostic::warning("EW379", what).at(written.span, "").help(help))
    };
    droppers.into_iter().filter_map(say).collect()
}

/// Requests without a trace to tie the lane to.
fn untraced(reading: &Reading<'_>, lanes: &Lanes, entries: &[(StreamId, BTreeSet<usize>)]) -> Vec<Diagnostic> {
    let group = &lanes.group;
    let Some(header) = group.context_header().filter(|_| group.needs_a_trace()) else { return Vec::new() };
    let say = |(stream, of): &(StreamId, BTreeSet<usize>)| {
        let (name, written) = reading.scenario.workload.get_index(stream.0 as usize).expect("a stream of the file");
        let to = reading.world.edges[reading.world.streams[*stream].edge].to;
        let losses = losses(reading, group, of, to);
        if written.headers.contains_key(header) || losses.is_empty() {
            return None;
        }
        let what = format!(
            "requests of `{name}` come without `{header}`, to which proxies tie their lane: {}",
            losses.join(", ")
        );
        let help = format!(
            "give the stream `headers: {{{header}: ..}}`, or leave `trace-header` out, so that one header does both"
        );
        Some(Diagnostic::warning("EW379", what).at(written.span, "").help(help))
    };
    entries.iter().filter_map(say).collect()
}
