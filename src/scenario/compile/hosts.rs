//! What a proxy sees behind each edge: endpoints, gateways that stand for several, their weights and priorities.
//!
//! Istio's flat list by default; with outlier detection and locality its priorities; with `distribute` its weights.
//! Endpoints behind a gateway collapse into one host for each locality (split horizon), weighted by what stands behind.

use std::collections::BTreeMap;

use super::paths::{Paths, Reach};
use crate::connect::Front;
use crate::policy::locality::{self, Distribute, Failover, Nearness, Pattern};
use crate::scenario::file::EdgePolicy;
use crate::topology::{GatewayId, Ground, PlaceId, RegionId};
use crate::world::{EndpointId, Host, HostSet, HostTarget, PathId, ServiceId, World};

/// What stands outside the mesh is as far as can be, in no region that a rule names.
const NOWHERE: locality::Locality = locality::Locality { region: u32::MAX, zone: u32::MAX, subzone: 0 };

/// A host before it has a priority.
struct Seen {
    host: Host,
    /// Where what stands behind it is; none: outside the mesh's locality.
    at: Option<locality::Locality>,
    gateway: Option<(GatewayId, usize)>,
}

/// What of a policy decides the hosts that a proxy of one region sees.
#[derive(PartialEq, Debug)]
enum View {
    /// All alike.
    Flat,
    /// Priorities by distance, and by these regions after the own one.
    Failover(Vec<Failover>),
    /// Weights by these shares of the regions.
    Distribute(Vec<(RegionId, f64)>),
}

impl View {
    fn of(rules: &EdgePolicy, ground: &Ground, own: RegionId) -> View {
        if !rules.locality.enabled {
            return View::Flat;
        }
        let region = |name: &str| ground.regions.iter().find(|(_, r)| r.name == name).map(|(id, _)| id);
        if let Some(shares) = rules.locality.distribute.get(&ground.regions[own].name) {
            return View::Distribute(
                shares.iter().filter_map(|(name, share)| Some((region(name)?, share.get()))).collect(),
            );
        }
        if rules.policy.outlier.is_none() {
            return View::Flat;
        }
        let failover = rules.locality.failover.iter();
        View::Failover(
            failover.filter_map(|(from, to)| Some(Failover { from: region(from)?.0, to: region(to)?.0 })).collect(),
        )
    }
}

/// Host sets by callee, caller's place and view: all edges that see the same hosts share one list of them.
#[derive(Default, Debug)]
pub(super) struct Sets {
    views: Vec<View>,
    known: BTreeMap<(ServiceId, PlaceId, usize), HostSet>,
}

impl Sets {
    /// The number of what a policy shows to callers of a region.
    pub(super) fn view(&mut self, rules: &EdgePolicy, ground: &Ground, own: RegionId) -> usize {
        let view = View::of(rules, ground, own);
        self.views.iter().position(|known| *known == view).unwrap_or_else(|| {
            self.views.push(view);
            self.views.len() - 1
        })
    }

    /// The hosts of `service` as seen from `from` in that view.
    pub(super) fn seen(
        &mut self,
        world: &World,
        paths: &mut Paths<'_>,
        service: ServiceId,
        from: PlaceId,
        view: usize,
    ) -> HostSet {
        let views = &self.views;
        let make = || host_set(world, paths, service, from, &views[view]);
        self.known.entry((service, from, view)).or_insert_with(make).clone()
    }
}

fn host_set(world: &World, paths: &mut Paths<'_>, service: ServiceId, from: PlaceId, view: &View) -> HostSet {
    let mut seen = collect(world, paths, service, from);
    let me = locality_of(world, from);
    let mut levels = vec![0_u32; seen.len()];
    match view {
        View::Flat => {}
        View::Distribute(shares) => {
            distribute(&mut seen, me, shares);
            levels.truncate(seen.len());
        }
        View::Failover(failover) => {
            let places: Vec<_> = seen.iter().map(|host| (host.at.unwrap_or(NOWHERE), 0)).collect();
            levels = locality::priorities(me, Nearness::Levels(failover), &places);
        }
    }
    let mut hosts: Vec<Host> =
        seen.into_iter().zip(&levels).map(|(seen, level)| Host { priority: *level as u8, ..seen.host }).collect();
    hosts.sort_by_key(|host| host.priority);
    let priorities = hosts.last().map_or(0, |host| host.priority + 1);
    HostSet { hosts: hosts.into(), priorities, ..HostSet::default() }
}

fn locality_of(world: &World, place: PlaceId) -> locality::Locality {
    let place = &world.places[place];
    locality::Locality { region: place.region.0, zone: place.zone.0, subzone: 0 }
}

fn collect(world: &World, paths: &mut Paths<'_>, service: ServiceId, from: PlaceId) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for &endpoint in &world.services[service].endpoints {
        let to = world.endpoints[endpoint].place;
        let at = locality_of(world, to);
        match paths.reach(from, to, &world.services[service].name) {
            None => {}
            Some(Reach::Direct(path)) => {
                let host = Host { target: HostTarget::Endpoint(endpoint, path), weight: 1, priority: 0, locality: 0 };
                seen.push(Seen { host, at: Some(at), gateway: None });
            }
            Some(Reach::Fronted { front: Front::Balancer, gateway, ways }) => {
                // One address for each zone of the endpoint; the balancer behind it picks per connection.
                for (number, path) in ways.into_iter().enumerate() {
                    behind(&mut seen, (gateway, number), None, endpoint, vec![path], 1);
                }
            }
            Some(Reach::Fronted { front: Front::Proxy, gateway, ways }) => {
                // It picks for each request, so each endpoint is a choice of its own.
                let members = ways.into_iter().map(|path| (endpoint, path)).collect();
                let host = Host { target: HostTarget::Gateway(gateway, members), weight: 1, priority: 0, locality: 0 };
                seen.push(Seen { host, at: Some(at), gateway: None });
            }
            Some(Reach::Fronted { gateway, ways, .. }) => {
                behind(&mut seen, (gateway, 0), Some(at), endpoint, ways, 0);
            }
        }
    }
    seen
}

/// Adds an endpoint behind a gateway's host of that locality. A fixed weight stays; 0: the number of endpoints behind.
fn behind(
    seen: &mut Vec<Seen>,
    gateway: (GatewayId, usize),
    at: Option<locality::Locality>,
    endpoint: EndpointId,
    ways: Vec<PathId>,
    fixed: u32,
) {
    let members = ways.into_iter().map(|path| (endpoint, path));
    let known = seen.iter_mut().find(|seen| seen.gateway == Some(gateway) && seen.at == at);
    match known.map(|seen| &mut seen.host) {
        Some(Host { target: HostTarget::Gateway(_, list), weight, .. }) => {
            list.extend(members);
            if fixed == 0 {
                *weight += 1;
            }
        }
        _ => {
            let target = HostTarget::Gateway(gateway.0, members.collect());
            let host = Host { target, weight: fixed.max(1), priority: 0, locality: 0 };
            seen.push(Seen { host, at, gateway: Some(gateway) });
        }
    }
}

/// Weights by the shares of the regions: within a region as before, hosts of unlisted regions and those without a
/// locality are left out (Istio empties groups that match no `to`).
fn distribute(seen: &mut Vec<Seen>, me: locality::Locality, shares: &[(RegionId, f64)]) {
    // Envoy's weights are whole numbers; this many parts keep a share exact to four digits.
    const PARTS: f64 = 1e6;
    let to = shares.iter().map(|&(region, share)| {
        (Pattern { region: Some(region.0), ..Pattern::default() }, (PARTS * share).round() as u32)
    });
    let rule = Distribute { from: Pattern::default(), to: to.collect() };
    let groups: Vec<(locality::Locality, u32)> =
        seen.iter().map(|seen| (seen.at.unwrap_or(NOWHERE), seen.host.weight)).collect();
    let weights = locality::distribute(me, &[rule], &groups).expect("the rule is for everybody");
    for (seen, weight) in seen.iter_mut().zip(weights) {
        seen.host.weight = weight;
    }
    seen.retain(|seen| seen.host.weight > 0);
}
