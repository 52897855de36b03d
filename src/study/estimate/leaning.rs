//! Least request among hosts of unequal weight spares those that take long: their shares at the mean rates.

use std::collections::BTreeMap;

use super::Rates;
use super::flow::{Asked, Flow};
use crate::policy::Balance;
use crate::world::{EdgeId, EndpointId, HostSet, HostTarget, PathId, PlaceId, World};

/// Shares change what calls take, and with it shares: so often is looked again.
const ROUNDS: usize = 6;

/// A flow whose shares agree with how long its calls take.
pub(super) fn settled(mut flow: Flow<'_>) -> Flow<'_> {
    let world = flow.world;
    if !world.edges.ids().any(|edge| world.places.ids().any(|place| leans(world, edge, place).is_some())) {
        return flow;
    }
    for _ in 0..ROUNDS {
        let rates: Vec<f64> = world.streams.ids().map(|stream| Rates::of(world, stream, &flow).mean).collect();
        let asked = flow.asked(&rates);
        let shares = shares(&flow, &asked);
        flow.lean(shares);
    }
    flow
}

/// The hosts behind an edge, where least request weighs them one by one, and how much what is under way counts.
fn leans(world: &World, edge: EdgeId, place: PlaceId) -> Option<(&HostSet, f64)> {
    let Balance::LeastRequest(rule) = world.policies[world.edges[edge].policy].balance else { return None };
    let set = world.host_set(edge, place);
    if set.is_none() || rule.bias == 0.0 {
        return None;
    }
    let set = &world.host_sets[set];
    let mut first = set.hosts.iter().filter(|host| host.priority == set.hosts[0].priority);
    let weight = first.next()?.weight;
    first.any(|host| host.weight != weight).then_some((set, rule.bias))
}

fn shares(flow: &Flow<'_>, asked: &Asked) -> BTreeMap<(EdgeId, PlaceId), Vec<f64>> {
    let world = flow.world;
    let mut busy: BTreeMap<(EdgeId, PlaceId), Vec<f64>> = BTreeMap::new();
    for (&(edge, place, operation, context), &rate) in asked {
        let Some((set, _)) = leans(world, edge, place) else { continue };
        let clients = flow.clients(world.edges[edge].from).iter().filter(|proxy| proxy.place == place).count().max(1);
        let busy = busy.entry((edge, place)).or_insert_with(|| vec![0.0; set.hosts.len()]);
        for (busy, host) in busy.iter_mut().zip(set.hosts.iter()) {
            let takes = |(endpoint, path): (EndpointId, PathId)| {
                let (there, served) = flow.answered(endpoint, path, operation, context);
                there.all + served.all
            };
            let mean = match &host.target {
                HostTarget::Endpoint(endpoint, path) => takes((*endpoint, *path)),
                HostTarget::Gateway(_, behind) => {
                    behind.iter().map(|&one| takes(one)).sum::<f64>() / behind.len().max(1) as f64
                }
            };
            *busy += rate / clients as f64 * mean;
        }
    }
    let of = |((edge, place), busy): ((EdgeId, PlaceId), Vec<f64>)| {
        let (set, bias) = leans(world, edge, place)?;
        let balance = world.policies[world.edges[edge].policy].balance;
        Some(((edge, place), set.shares_leaning(balance, bias, &busy)))
    };
    busy.into_iter().filter_map(of).collect()
}
