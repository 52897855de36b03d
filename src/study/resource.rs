//! What has a capacity: replicas of services, CPUs of gateways and sidecars, capped links. How busy they were.
//!
//! Counted over the whole horizon.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::figure::Design;
use super::summary::QUANTILES;
use crate::record::{CapRow, Estimate, ResourceSummary, Run, ServiceRow, SparseHistogram, StationRow};

/// All resources of a variant: services by place, stations, caps.
pub fn resources(runs: &[Run], design: Design) -> Vec<ResourceSummary> {
    let Some(first) = runs.first() else { return Vec::new() };
    let horizons: Vec<f64> = runs.iter().map(|run| run.horizon_ns as f64).collect();
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    for row in &first.services {
        *places.entry(&row.service).or_default() += 1;
    }
    let services = (0..first.services.len()).map(|index| {
        let alone = places[first.services[index].service.as_str()] == 1;
        service(&runs.iter().map(|run| &run.services[index]).collect::<Vec<_>>(), &horizons, alone, design)
    });
    let stations = (0..first.stations.len())
        .map(|index| station(&runs.iter().map(|run| &run.stations[index]).collect::<Vec<_>>(), &horizons, design));
    let caps = (0..first.caps.len())
        .map(|index| cap(&runs.iter().map(|run| &run.caps[index]).collect::<Vec<_>>(), &horizons, design));
    services.chain(stations).chain(caps).collect()
}

fn service(of: &[&ServiceRow], horizons: &[f64], alone: bool, design: Design) -> ResourceSummary {
    let name = &of[0].service;
    let waits: Vec<&SparseHistogram> = of.iter().map(|row| &row.wait).collect();
    let sojourns: Vec<&SparseHistogram> = of.iter().map(|row| &row.sojourn).collect();
    let level = of.iter().zip(horizons).map(|(row, horizon)| row.level_ns as f64 / horizon);
    let pairs = |above: fn(&ServiceRow) -> u64, below: fn(&ServiceRow) -> u64| -> Vec<(f64, f64)> {
        of.iter().map(|row| (above(row) as f64, below(row) as f64)).collect()
    };
    let mut quantiles_ms = quantiles("wait", &waits, design);
    quantiles_ms.extend(quantiles("sojourn", &sojourns, design));
    quantiles_ms.insert("sojourn mean".to_owned(), mean_ms(&sojourns, design));
    ResourceSummary {
        kind: "service".into(),
        name: if alone { name.clone() } else { format!("{name}@{}", of[0].place) },
        utilisation: utilisation(of, horizons, design),
        wait_ms: mean_ms(&waits, design),
        level: design.mean(&level.collect::<Vec<_>>()),
        p_wait: design.ratio(&pairs(|row| row.waited, |row| row.visits), "no visit"),
        blocked: design.ratio(&pairs(|row| row.blocked, |row| row.arrived), "no call arrived"),
        quantiles_ms,
    }
}

/// Share of the workers' time that was busy.
pub fn utilisation(of: &[&ServiceRow], horizons: &[f64], design: Design) -> Estimate {
    let busy = of.iter().zip(horizons).map(|(row, horizon)| row.busy_ns as f64 / row.capacity_ns(*horizon));
    design.mean(&busy.collect::<Vec<_>>())
}

fn quantiles(what: &str, of: &[&SparseHistogram], design: Design) -> IndexMap<String, Estimate> {
    QUANTILES.iter().map(|&(name, q)| (format!("{what} {name}"), visited(of, design.quantile_ms(of, q)))).collect()
}

fn mean_ms(of: &[&SparseHistogram], design: Design) -> Estimate {
    visited(of, design.mean_ms(of))
}

/// Without a visit there is no wait: it is not that something was not answered.
fn visited(of: &[&SparseHistogram], estimate: Estimate) -> Estimate {
    if of.iter().all(|one| one.count == 0) { Estimate::none("nothing came") } else { estimate }
}

fn station(of: &[&StationRow], horizons: &[f64], design: Design) -> ResourceSummary {
    let waits: Vec<&SparseHistogram> = of.iter().map(|row| &row.wait).collect();
    let busy = of.iter().zip(horizons).map(|(row, horizon)| row.busy_ns as f64 / row.capacity_ns(*horizon));
    let name = of[0].name.clone();
    ResourceSummary {
        kind: match name.split(' ').next() {
            Some(kind @ ("gateway" | "ztunnel" | "waypoint")) => kind.to_owned(),
            _ => "sidecar".to_owned(),
        },
        name,
        utilisation: design.mean(&busy.collect::<Vec<_>>()),
        wait_ms: mean_ms(&waits, design),
        level: Estimate::none("counted for services only"),
        p_wait: Estimate::none("counted for services only"),
        blocked: Estimate::none("its queue is unbounded"),
        quantiles_ms: quantiles("wait", &waits, design),
    }
}

fn cap(of: &[&CapRow], horizons: &[f64], design: Design) -> ResourceSummary {
    let bytes = |row: &CapRow| (row.offered.iter().sum::<u64>() as f64, row.dropped.iter().sum::<u64>() as f64);
    let used = of.iter().zip(horizons).map(|(row, horizon)| {
        let (offered, dropped) = bytes(row);
        (offered - dropped) * 8e9 / (row.rate_bps as f64 * horizon)
    });
    let dropped: Vec<(f64, f64)> =
        of.iter().map(|row| bytes(row)).map(|(offered, dropped)| (dropped, offered)).collect();
    ResourceSummary {
        kind: "cap".into(),
        name: of[0].link.clone(),
        utilisation: design.mean(&used.collect::<Vec<_>>()),
        wait_ms: Estimate::none("counted for services and stations only"),
        level: Estimate::none("counted for services only"),
        p_wait: Estimate::none("counted for services only"),
        blocked: design.ratio(&dropped, "no byte was offered"),
        quantiles_ms: IndexMap::new(),
    }
}
