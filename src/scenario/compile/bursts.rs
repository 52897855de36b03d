//! Messages that no policer lets pass at once, because they are longer than its bucket is deep.

use std::collections::BTreeMap;

use crate::scenario::file::Scenario;
use crate::scenario::{Diagnostic, Span};
use crate::world::{HostTarget, LinkId, OperationId, PastCap, PathId, World};

/// A message past a burst.
struct Past {
    over: f64,
    said: String,
    others: usize,
}

/// One warning for each product that polices: its worst message, and how many others.
pub(super) fn bursts(scenario: &Scenario, world: &World, said: &mut Vec<Diagnostic>) {
    let burst = |link: LinkId| match world.links[link].cap.map(|cap| cap.past) {
        Some(PastCap::Police { burst }) => Some(burst.0),
        _ => None,
    };
    if !world.links.ids().any(|link| burst(link).is_some()) {
        return;
    }
    let mut called: Vec<Vec<OperationId>> = vec![Vec::new(); world.edges.len()];
    let of_streams = world.streams.rows().iter().flat_map(|stream| stream.mix.iter().map(|(op, _)| (stream.edge, *op)));
    let written = world.call_sites.iter().map(|site| (site.edge, site.operation)).chain(of_streams);
    // Rules send calls over parts of an edge, perhaps as another service's operations.
    let parts = |edge| world.edges.iter().filter(move |(id, part)| *id == edge || part.of == edge);
    for (edge, operation) in written.flat_map(|(edge, operation)| {
        let means = world.may_lead(edge, operation);
        parts(edge).flat_map(move |(id, part)| {
            let of = move |operation: &OperationId| world.operations[*operation].service == part.to;
            means.clone().into_iter().filter(of).map(move |operation| (id, operation))
        })
    }) {
        let known = &mut called[edge.0 as usize];
        if !known.contains(&operation) {
            known.push(operation);
        }
    }
    let mut ways: BTreeMap<OperationId, Vec<PathId>> = BTreeMap::new();
    for (id, _) in world.edges.iter() {
        let mut paths: Vec<PathId> = Vec::new();
        for set in world.places.ids().map(|place| world.host_set(id, place)).filter(|set| !set.is_none()) {
            for host in world.host_sets[set].hosts.iter() {
                match &host.target {
                    HostTarget::Endpoint(_, path) => paths.push(*path),
                    HostTarget::Gateway(_, members) => paths.extend(members.iter().map(|(_, path)| *path)),
                }
            }
        }
        called[id.0 as usize].iter().for_each(|operation| ways.entry(*operation).or_default().extend(&paths));
    }
    let mut worst: BTreeMap<&str, Past> = BTreeMap::new();
    for (operation, mut paths) in ways {
        paths.sort_unstable();
        paths.dedup();
        let called = &world.operations[operation];
        for (word, bytes, request) in
            [("request", called.request_wire.0, true), ("response", called.response_wire.0, false)]
        {
            let links = paths.iter().flat_map(|&path| {
                let path = &world.paths[path];
                if request { &path.links } else { &path.back_links }
            });
            // Of each product the shallowest bucket.
            let mut least: BTreeMap<&str, (u64, LinkId)> = BTreeMap::new();
            for &link in links {
                let Some(burst) = burst(link).filter(|burst| bytes > *burst) else { continue };
                let name = world.links[link].name.as_str();
                let product = name.split_once(": ").map_or(name, |(product, _)| product);
                let known = least.entry(product).or_insert((burst, link));
                *known = (*known).min((burst, link));
            }
            for (product, (burst, link)) in least {
                let over = bytes as f64 / burst as f64;
                let text = format!(
                    "a {word} of {} takes {bytes} bytes, and the burst of {} is {burst} bytes",
                    called.name, world.links[link].name
                );
                match worst.get_mut(product) {
                    Some(known) if known.over >= over => known.others += 1,
                    Some(known) => *known = Past { over, said: text, others: known.others + 1 },
                    None => {
                        worst.insert(product, Past { over, said: text, others: 0 });
                    }
                }
            }
        }
    }
    for (product, Past { said: text, others, .. }) in worst {
        let more = match others {
            0 => String::new(),
            1 => "; one other message is too long, too".to_owned(),
            many => format!("; {many} other messages are too long, too"),
        };
        let place = scenario.connectivity.get(product).map_or(Span::NONE, |product| product.span);
        said.push(
            Diagnostic::warning("EW358", format!("{text}{more}"))
                .at(place, "policed here")
                .help("what the bucket does not hold is lost and sent again, in rounds of a round trip or of a retransmission timeout, until all has passed: buy more bandwidth, send shorter messages, or let a CEN connection `past-cap: shape` or hold a longer `police: {burst: ..}`"),
        );
    }
}
