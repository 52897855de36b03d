//! Which row of the record a replica, a gateway or a sidecar counts in.

use std::collections::BTreeMap;

use super::{COARSE, ServiceCount, StationCount};
use crate::meter::Histogram;
use crate::record::{ServiceRow, StationRow};
use crate::world::{ServiceId, World};

/// One row for each service and place.
pub(super) fn service_rows(world: &World) -> (Vec<u32>, Vec<ServiceCount>) {
    let mut rows: Vec<ServiceCount> = Vec::new();
    let mut known: BTreeMap<(ServiceId, &str), usize> = BTreeMap::new();
    let of = world.endpoints.rows().iter().map(|endpoint| {
        let service = &world.services[endpoint.service];
        let place = &world.places[endpoint.place].name;
        let index = *known.entry((endpoint.service, place)).or_insert_with(|| {
            let empty = || Histogram::new(COARSE);
            let row = ServiceRow { service: service.name.clone(), place: place.clone(), ..ServiceRow::default() };
            rows.push(ServiceCount { row, wait: empty(), sojourn: empty() });
            rows.len() - 1
        });
        rows[index].row.replicas += 1;
        rows[index].row.workers = rows[index].row.workers.saturating_add(service.workers);
        index as u32
    });
    let of = of.collect();
    (of, rows)
}

/// Gateway replicas and ztunnels one by one; sidecars, waypoints and ingress proxies by owner and place.
pub(super) fn station_rows(world: &World) -> (Vec<u32>, Vec<StationCount>) {
    let mut names: Vec<String> = world.stations.rows().iter().map(|station| station.name.clone()).collect();
    for proxy in world.proxies.rows() {
        if !proxy.station.is_none() {
            let place = &world.places[proxy.place].name;
            names[proxy.station.0 as usize] = if proxy.endpoint.is_none() {
                format!("ingress {place}")
            } else {
                let service = &world.services[world.endpoints[proxy.endpoint].service].name;
                match proxy.name.split(' ').next() {
                    Some("ztunnel") => continue,
                    Some("waypoint") => format!("waypoint {service} {place}"),
                    _ => format!("sidecars {service} {place}"),
                }
            };
        }
    }
    let mut rows: Vec<StationCount> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let of = world.stations.rows().iter().zip(names).map(|(station, name)| {
        let index = *known.entry(name).or_insert_with_key(|name| {
            let row = StationRow { name: name.clone(), ..StationRow::default() };
            rows.push(StationCount { row, wait: Histogram::new(COARSE) });
            rows.len() - 1
        });
        rows[index].row.servers += station.servers;
        index as u32
    });
    let of = of.collect();
    (of, rows)
}
