//! How busy everything with a capacity is, at the mean and when every stream is at its peak.

use std::collections::BTreeMap;

use super::flow::Traffic;
use crate::record::{LoadProjection, LoadState};
use crate::table::Id;
use crate::world::{LinkId, PathId, World};

/// From this share of a capacity on, queues are long enough to be worth a warning.
const HIGH: f64 = 0.7;

/// All of them, busiest first.
pub(super) fn loads(world: &World, mean: &Traffic, peak: &Traffic) -> Vec<LoadProjection> {
    let mut loads: Vec<LoadProjection> = Vec::new();
    // There may be a hundred thousand.
    let mut known: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let (at_mean, at_peak) = (all(world, mean), all(world, peak));
    for ((kind, name, mean), (_, _, peak)) in at_mean.into_iter().zip(at_peak) {
        // Of replicas and proxies of one name the busiest counts.
        let state = state(mean, peak);
        match known.get(&(kind, name.clone())) {
            Some(&at) => {
                let known: &mut LoadProjection = &mut loads[at];
                if known.peak < peak {
                    (known.mean, known.peak, known.state) = (mean, peak, state);
                }
            }
            None => {
                known.insert((kind, name.clone()), loads.len());
                loads.push(LoadProjection { kind: kind.into(), name, mean, peak, state });
            }
        }
    }
    loads.sort_by(|a, b| b.peak.total_cmp(&a.peak));
    loads
}

/// What is at 70 % or more, in words.
pub(super) fn warnings(loads: &[LoadProjection]) -> Vec<String> {
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let sentence = |load: &LoadProjection| {
        let LoadProjection { kind, name, mean, peak, .. } = load;
        match load.state {
            LoadState::Easy => None,
            LoadState::High => Some(format!("{kind} {name} is at {} at the peak: expect queues", percent(*peak))),
            LoadState::OverAtPeak => Some(format!(
                "{kind} {name} would be at {} at the peak: a queue builds up until it is over",
                percent(*peak)
            )),
            LoadState::Over => {
                Some(format!("{kind} {name} would be at {} on average: there is no steady state", percent(*mean)))
            }
        }
    };
    loads.iter().filter_map(sentence).collect()
}

fn state(mean: f64, peak: f64) -> LoadState {
    if mean >= 1.0 {
        LoadState::Over
    } else if peak >= 1.0 {
        LoadState::OverAtPeak
    } else if peak >= HIGH {
        LoadState::High
    } else {
        LoadState::Easy
    }
}

/// Kind, name, share of the capacity, in an order that does not depend on the traffic.
fn all(world: &World, traffic: &Traffic) -> Vec<(&'static str, String, f64)> {
    let mut all = Vec::new();
    for (id, endpoint) in world.endpoints.iter() {
        let service = &world.services[endpoint.service];
        let name = format!("{}@{}", service.name, world.places[endpoint.place].name);
        all.push(("service", name.clone(), traffic.busy[id.index()] / f64::from(service.workers.max(1))));
        if let Some(threads) = service.threads {
            all.push(("threads", name, traffic.open[id.index()] / f64::from(threads.max(1))));
        }
    }
    // A ztunnel is many proxies' workers.
    let mut work: Vec<Option<f64>> = vec![None; world.stations.len()];
    for (id, proxy) in world.proxies.iter().filter(|(_, proxy)| !proxy.station.is_none()) {
        *work[proxy.station.index()].get_or_insert(0.0) += traffic.proxied[id.index()] * proxy.cpu.seconds();
    }
    for (_, proxy) in world.proxies.iter().filter(|(_, proxy)| !proxy.station.is_none()) {
        let Some(work) = work[proxy.station.index()].take() else { continue };
        let station = &world.stations[proxy.station];
        let (kind, whole) = match proxy.name.split(' ').next() {
            Some("ztunnel") => ("ztunnel", &station.name),
            Some("waypoint") => ("waypoint", &proxy.name),
            _ => ("sidecar", &proxy.name),
        };
        let name = whole.split('#').next().unwrap_or(whole).to_owned();
        all.push((kind, name, work / f64::from(station.servers.max(1))));
    }
    let rates = |path: PathId| traffic.rates(path);
    for ((_, gateway), busy) in world.gateways.iter().zip(world.gateway_busy(rates)) {
        if !gateway.replicas.is_empty() {
            all.push(("gateway", gateway.name.clone(), busy));
        }
    }
    for (id, link) in world.links.iter() {
        if let Some(cap) = link.cap {
            all.push(("cap", link.name.clone(), link_bytes(world, traffic)[id.index()] * 8.0 / cap.rate.0 as f64));
        }
    }
    all
}

/// Bytes per second by link: of each path what goes its way.
pub(super) fn link_bytes(world: &World, traffic: &Traffic) -> Vec<f64> {
    let mut bytes = vec![0.0; world.links.len()];
    for (id, path) in world.paths.iter() {
        let mut over = |links: &[LinkId], more: f64| links.iter().for_each(|link| bytes[link.index()] += more);
        over(&path.links, traffic.forward[id.index()]);
        over(&path.back_links, traffic.back[id.index()]);
    }
    bytes
}
