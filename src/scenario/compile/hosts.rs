//! What a proxy sees behind each edge: endpoints, gateways that stand for several, their weights and priorities.
//!
//! Istio's flat list by default; with failover its priorities; with `distribute` its weights. Endpoints behind a gateway
//! become one host for each of its addresses and each locality (split horizon), weighted by what stands behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::paths::{Paths, Reach};
use crate::connect::Front;
use crate::policy::cluster_local::ClusterLocal;
use crate::policy::failover_priority::{self, Label};
use crate::policy::locality::{self, Distribute, Failover, Nearness, Pattern};
use crate::policy::setting::label;
use crate::policy::split_horizon::{self, Endpoint, Family, Gateway, Proxy, Seen as Split};
use crate::scenario::decode::host_of;
use crate::scenario::file::{EdgePolicy, Scenario};
use crate::topology::{GatewayId, Ground, PlaceId, RegionId, ZoneId};
use crate::world::{
    Among, EndpointId, Host, HostLocality, HostSet, HostTarget, LocalityWeight, PathId, ServiceId, SubsetId, World,
};

/// What stands outside the mesh is as far as can be, in no region that a rule names.
const NOWHERE: locality::Locality = locality::Locality { region: u32::MAX, zone: u32::MAX, subzone: 0 };

/// A host before it has a priority.
struct Seen {
    host: Host,
    /// Where what stands behind it is; none: outside the mesh's locality.
    at: Option<PlaceId>,
    /// Reached by its own address, so of the caller's network.
    direct: bool,
}

/// What of a policy decides the hosts that a proxy sees.
#[derive(PartialEq, Debug)]
enum View {
    /// All alike.
    Flat,
    /// Priorities by these labels, then by distance and these regions after the own one.
    Failover { labels: Vec<Label>, failover: Vec<Failover> },
    /// Priorities by region; in the first, zones.
    Zones(Vec<Failover>),
    /// Weights.
    Distribute(Vec<Distribute>),
}

impl View {
    fn of(rules: &EdgePolicy, ground: &Ground) -> View {
        let setting = &rules.locality;
        if setting.enabled && !setting.distribute.is_empty() {
            let parts = |shares: &[(crate::scenario::Spanned<String>, crate::units::Ratio)]| {
                let percent = |share: crate::units::Ratio| libm::round(share.get() * 100.0) as u32;
                shares.iter().map(|(to, share)| (pattern(to, ground), percent(*share))).collect()
            };
            let rule =
                |(from, shares): (&String, &Vec<_>)| Distribute { from: pattern(from, ground), to: parts(shares) };
            return View::Distribute(setting.distribute.iter().map(rule).collect());
        }
        if !rules.orders() {
            return View::Flat;
        }
        let region = |name: &str| ground.regions.iter().find(|(_, r)| r.name == name).map(|(id, _)| id);
        let rule = |(from, to): &(crate::scenario::Spanned<String>, crate::scenario::Spanned<String>)| {
            Some(Failover { from: region(from)?.0, to: region(to)?.0 })
        };
        let failover = setting.failover.iter().filter_map(rule).collect();
        if rules.zones().is_some() {
            return View::Zones(failover);
        }
        View::Failover { labels: setting.failover_priority.iter().map(|label| Label::new(label)).collect(), failover }
    }
}

/// `region/zone/*`, of names that were checked to exist.
fn pattern(text: &str, ground: &Ground) -> Pattern {
    let mut parts = text.split('/').map(|part| Some(part).filter(|part| *part != "*"));
    let mut next = || parts.next().flatten();
    let Some((region, _)) = next().and_then(|name| ground.regions.iter().find(|(_, region)| region.name == name))
    else {
        return Pattern::default();
    };
    let zone = next().and_then(|name| super::ground::zone_named(ground, region, name));
    Pattern { region: Some(region.0), zone: zone.map(|zone| zone.0), subzone: None }
}

/// Host sets by callee, caller's place and view: all edges that see the same hosts share one list of them.
#[derive(Debug)]
pub(super) struct Sets<'g> {
    ground: &'g Ground,
    /// Services that callers see in their own cluster only.
    retained: Vec<bool>,
    views: Vec<View>,
    known: BTreeMap<(ServiceId, SubsetId, PlaceId, usize, bool), HostSet>,
}

impl<'g> Sets<'g> {
    pub(super) fn new(scenario: &Scenario, ground: &'g Ground) -> Self {
        let local = ClusterLocal::new(scenario.mesh.retain.iter().cloned());
        let retained = scenario.services.keys().map(|name| local.is_local(&host_of(name))).collect();
        Sets { ground, retained, views: Vec::new(), known: BTreeMap::new() }
    }

    /// Is the service kept in its callers' clusters?
    pub(super) fn is_retained(&self, service: ServiceId) -> bool {
        self.retained[service.0 as usize]
    }

    /// The number of what a policy shows to callers.
    pub(super) fn view(&mut self, rules: &EdgePolicy) -> usize {
        let view = View::of(rules, self.ground);
        self.views.iter().position(|known| *known == view).unwrap_or_else(|| {
            self.views.push(view);
            self.views.len() - 1
        })
    }

    /// The hosts of a service, or of a subset of it, as seen from `from` in that view.
    pub(super) fn seen(
        &mut self,
        world: &World,
        paths: &mut Paths<'_>,
        (service, subset): (ServiceId, SubsetId),
        from: PlaceId,
        (view, by_connection): (usize, Option<GatewayId>),
    ) -> HostSet {
        let (ground, retained) = (self.ground, self.is_retained(service));
        let view_of = &self.views[view];
        let make = || {
            let seen = collect(world, ground, paths, (service, subset), from, retained);
            let set = host_set(world, ground, seen, from, view_of);
            by_connection.map_or_else(|| set.clone(), |node| of_connections(&set, node))
        };
        self.known.entry((service, subset, from, view, by_connection.is_some())).or_insert_with(make).clone()
    }
}

/// The service's own address in place of its hosts: the caller's node picks one for each connection, of the first
/// priority that has any.
fn of_connections(set: &HostSet, node: GatewayId) -> HostSet {
    let mut addresses: Vec<(u8, Vec<(EndpointId, PathId)>)> = Vec::new();
    for host in set.hosts.iter() {
        if addresses.last().is_none_or(|(priority, _)| *priority != host.priority) {
            addresses.push((host.priority, Vec::new()));
        }
        let (_, members) = addresses.last_mut().expect("one was pushed");
        match &host.target {
            HostTarget::Endpoint(endpoint, path) => members.push((*endpoint, *path)),
            HostTarget::Gateway(_, behind) => members.extend(behind),
        }
    }
    let host = |(priority, members): (u8, Vec<_>)| Host {
        weight: members.len() as u32,
        target: HostTarget::Gateway(node, members),
        priority,
        locality: 0,
    };
    let hosts: Arc<[Host]> = addresses.into_iter().map(host).collect();
    HostSet { hosts, priorities: set.priorities, ..HostSet::default() }
}

fn host_set(world: &World, ground: &Ground, seen: Vec<Seen>, from: PlaceId, view: &View) -> HostSet {
    let me = locality_of(world, from);
    let place = |seen: &Seen| seen.at.map_or(NOWHERE, |at| locality_of(world, at));
    let priorities = match view {
        View::Failover { labels, failover } => {
            let labelled = |seen: &Seen| (place(seen), label_priority(world, ground, labels, from, seen));
            let placed: Vec<_> = seen.iter().map(labelled).collect();
            // Labels replace nearness, unless regions are named as well.
            let by_labels = !labels.is_empty() && failover.is_empty();
            let nearness = if by_labels { Nearness::Ignored } else { Nearness::Levels(failover) };
            locality::priorities(me, nearness, &placed)
        }
        View::Zones(failover) => {
            let placed: Vec<_> = seen.iter().map(|seen| (place(seen), 0)).collect();
            locality::priorities(me, Nearness::Regions(failover), &placed)
        }
        View::Flat | View::Distribute(_) => vec![0; seen.len()],
    };
    let weighs = match view {
        View::Flat => false,
        View::Failover { labels, failover } => !(labels.is_empty() && failover.is_empty()),
        View::Zones(_) | View::Distribute(_) => true,
    };
    // Groups of one priority and locality, in order.
    let mut groups: Vec<(u32, locality::Locality, u32)> = Vec::new();
    let mut hosts: Vec<(usize, Host)> = Vec::new();
    for (seen, priority) in seen.into_iter().zip(priorities) {
        let at = place(&seen);
        let known = groups.iter().position(|group| (group.0, group.1) == (priority, at));
        let group = known.unwrap_or_else(|| {
            groups.push((priority, at, 0));
            groups.len() - 1
        });
        groups[group].2 += seen.host.weight;
        hosts.push((group, Host { priority: priority as u8, ..seen.host }));
    }
    let mut by = vec![LocalityWeight::Hosts; groups.len()];
    if let View::Distribute(rules) = view
        && let Some(parts) = locality::parts(me, rules, groups.iter().map(|group| group.1))
    {
        // Istio empties groups that match no `to`.
        hosts.retain(|(group, _)| parts[*group].is_some());
        let part = |(number, percent): (usize, u32)| LocalityWeight::Part { number: number as u16, percent };
        by = parts.into_iter().map(|of| of.map_or(LocalityWeight::Fixed, part)).collect();
    }
    hosts.sort_by_key(|(_, host)| host.priority);
    let priorities = hosts.last().map_or(0, |(_, host)| host.priority + 1);
    if !weighs {
        let hosts = hosts.into_iter().map(|(_, host)| host).collect();
        return HostSet { hosts, priorities, ..HostSet::default() };
    }
    let row = |(&(_, at, _), by): (&(u32, locality::Locality, u32), LocalityWeight)| {
        let outside = at == NOWHERE;
        let region = if outside { RegionId::NONE } else { RegionId(at.region) };
        let zone = if outside { ZoneId::NONE } else { ZoneId(at.zone) };
        HostLocality { region, zone, weight: 0, by }
    };
    let mut set = HostSet {
        localities: groups.iter().zip(by).map(row).collect(),
        hosts: hosts.into_iter().map(|(group, host)| Host { locality: group as u16, ..host }).collect(),
        priorities,
        among: Among::WeightedLocalities,
        health: [].into(),
    };
    let weights = set.locality_weights(&groups.iter().map(|group| group.2).collect::<Vec<_>>());
    set.localities = set.localities.iter().zip(weights).map(|(row, weight)| HostLocality { weight, ..*row }).collect();
    set
}

fn locality_of(world: &World, place: PlaceId) -> locality::Locality {
    let place = &world.places[place];
    locality::Locality { region: place.region.0, zone: place.zone.0, subzone: 0 }
}

/// By how many labels a host is like the caller. A network is a VPC, and all that is reached by its own address is of the
/// caller's; each replica has a node of its own; what stands outside the mesh has no labels.
fn label_priority(world: &World, ground: &Ground, labels: &[Label], from: PlaceId, seen: &Seen) -> u32 {
    let zone_names: Vec<String> = [Some(from), seen.at]
        .into_iter()
        .flatten()
        .map(|at| {
            let place = &world.places[at];
            format!("{}/{}", ground.regions[place.region].name, ground.zones[place.zone].name)
        })
        .collect();
    let network = |at: PlaceId| ground.vpcs[ground.vpc_of(world.places[at].cluster)].name.as_str();
    let value = |at: PlaceId, zone: usize, key: &str| -> &str {
        match key {
            label::REGION => ground.regions[world.places[at].region].name.as_str(),
            label::ZONE => zone_names[zone].as_str(),
            label::CLUSTER => ground.clusters[world.places[at].cluster].name.as_str(),
            label::NETWORK => network(at),
            _ => "",
        }
    };
    let own = |key: &str| if key == label::HOSTNAME { "the caller's" } else { value(from, 0, key) };
    let host = |key: &str| match seen.at {
        None => "",
        Some(_) if key == label::NETWORK && seen.direct => network(from),
        Some(at) => value(at, 1, key),
    };
    failover_priority::priority(labels, own, host)
}

/// A gateway's address: which gateway, and which of its addresses.
type Address = (GatewayId, u32);

/// The hosts in place of the endpoints of a service.
fn collect(
    world: &World,
    ground: &Ground,
    paths: &mut Paths<'_>,
    (service, subset): (ServiceId, SubsetId),
    from: PlaceId,
    retained: bool,
) -> Vec<Seen> {
    let mut outside: Vec<(Address, Seen)> = Vec::new();
    // Endpoints by locality, as they are reached.
    let mut groups: Vec<(locality::Locality, Vec<Reached>)> = Vec::new();
    for &endpoint in &world.services[service].endpoints {
        let to = world.endpoints[endpoint].place;
        let version = world.endpoints[endpoint].version;
        if world.routing.subsets.get(subset).is_some_and(|subset| !subset.versions.contains(&version)) {
            continue;
        }
        if retained && world.places[to].cluster != world.places[from].cluster {
            continue;
        }
        let at = locality_of(world, to);
        let mut reached = |how: How| {
            let group = groups.iter().position(|group| group.0 == at).unwrap_or_else(|| {
                groups.push((at, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(Reached { endpoint, to, how });
        };
        match paths.reach(from, to, &world.services[service].name) {
            None => {}
            Some(Reach::Direct(path)) => reached(How::Itself(HostTarget::Endpoint(endpoint, path), true)),
            Some(Reach::Fronted { front: Front::Balancer, gateway, ways }) => {
                // One address for each zone of the endpoint; the balancer behind it picks per connection.
                for (number, (_, path)) in ways.into_iter().enumerate() {
                    beyond(&mut outside, (gateway, number as u32), (endpoint, path));
                }
            }
            Some(Reach::Fronted { front: Front::Proxy, gateway, ways }) => {
                // It picks for each request, so each endpoint is a choice of its own.
                let members = ways.into_iter().map(|(_, path)| (endpoint, path)).collect();
                reached(How::Itself(HostTarget::Gateway(gateway, members), false));
            }
            Some(Reach::Fronted { gateway, ways, .. }) => reached(How::Through(gateway, ways)),
        }
    }
    let gateways = addresses(world, ground, &groups);
    let mut seen: Vec<Seen> =
        groups.into_iter().flat_map(|(_, group)| split(world, ground, group, &gateways)).collect();
    seen.extend(outside.into_iter().map(|(_, seen)| seen));
    seen
}

/// An endpoint, where it stands and how it is reached.
struct Reached {
    endpoint: EndpointId,
    to: PlaceId,
    how: How,
}

enum How {
    /// As a host of its own; by its own address, or not.
    Itself(HostTarget, bool),
    /// By addresses of a gateway.
    Through(GatewayId, Vec<(u32, PathId)>),
}

/// A network and cluster as split horizon numbers them; the caller's own network is 0.
fn numbers(world: &World, ground: &Ground, to: PlaceId) -> (u32, u32) {
    let cluster = world.places[to].cluster;
    (ground.vpc_of(cluster).0 + 1, cluster.0)
}

/// The addresses by which these endpoints are reached, each once.
fn addresses(world: &World, ground: &Ground, groups: &[(locality::Locality, Vec<Reached>)]) -> Vec<(Address, Gateway)> {
    let mut gateways: Vec<(Address, Gateway)> = Vec::new();
    for reached in groups.iter().flat_map(|(_, group)| group) {
        let How::Through(gateway, ways) = &reached.how else { continue };
        let (network, cluster) = numbers(world, ground, reached.to);
        for &(number, _) in ways {
            if !gateways.iter().any(|(known, _)| *known == (*gateway, number)) {
                let entry = Gateway { network, cluster: Some(cluster), family: Family::V4, hbone: false };
                gateways.push(((*gateway, number), entry));
            }
        }
    }
    gateways
}

/// The hosts of one locality.
fn split(world: &World, ground: &Ground, group: Vec<Reached>, gateways: &[(Address, Gateway)]) -> Vec<Seen> {
    let endpoint = |reached: &Reached| {
        let (network, cluster) = match reached.how {
            How::Itself(..) => (0, 0),
            How::Through(..) => numbers(world, ground, reached.to),
        };
        // Without mutual TLS the way through a gateway was refused before.
        Endpoint { network, cluster, weight: 1, mtls: true, addressed: true }
    };
    let endpoints: Vec<Endpoint> = group.iter().map(endpoint).collect();
    let proxy = Proxy { network: Some(0), family: None, waypoint: false };
    let (at, of): (Vec<Address>, Vec<Gateway>) = gateways.iter().copied().unzip();
    let host = |target, weight| Host { target, weight, priority: 0, locality: 0 };
    let made = |(split, weight): (Split, u32)| match split {
        Split::Endpoint(index) => {
            let How::Itself(target, direct) = &group[index].how else { return None };
            Some(Seen { host: host(target.clone(), weight), at: Some(group[index].to), direct: *direct })
        }
        Split::Gateway(index) => {
            let (gateway, address) = at[index];
            let mut members = Vec::new();
            for reached in &group {
                if let How::Through(through, ways) = &reached.how
                    && *through == gateway
                {
                    let of_it = ways.iter().filter(|(number, _)| *number == address);
                    members.extend(of_it.map(|&(_, path)| (reached.endpoint, path)));
                }
            }
            let behind = members.first().map(|&(endpoint, _)| world.endpoints[endpoint].place);
            Some(Seen { host: host(HostTarget::Gateway(gateway, members), weight), at: behind, direct: false })
        }
    };
    split_horizon::split(&proxy, &endpoints, &of).into_iter().filter_map(made).collect()
}

/// Adds an endpoint behind an address that stands outside the mesh's locality.
fn beyond(outside: &mut Vec<(Address, Seen)>, address: Address, member: (EndpointId, PathId)) {
    if let Some((_, seen)) = outside.iter_mut().find(|(known, _)| *known == address) {
        if let HostTarget::Gateway(_, list) = &mut seen.host.target {
            list.push(member);
        }
        return;
    }
    let target = HostTarget::Gateway(address.0, vec![member]);
    let host = Host { target, weight: 1, priority: 0, locality: 0 };
    outside.push((address, Seen { host, at: None, direct: false }));
}
