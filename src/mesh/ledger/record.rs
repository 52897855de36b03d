//! Counters become a record.

use std::collections::BTreeMap;

use super::window::Window;
use super::{FINE, Ledger, ServiceCount, StationCount};
use crate::meter;
use crate::record::{
    Charge, EdgeCalls, EdgeRow, FaultPieces, FaultRow, FlowRow, PathRow, Pieces, RequestRow, RequestWindow, Run,
    ServiceRow, SparseHistogram, StationRow,
};
use crate::world::{Caller, Edge, EdgeId, World};

impl Ledger {
    /// The record.
    pub(in crate::mesh) fn record(mut self, world: &World, replication: u32) -> Run {
        self.close_window();
        self.background(world);
        let sessions = self.session_rows(world);
        let of_windows = self.cuts.of_windows();
        let mut by_piece: Vec<Vec<RequestWindow>> = Vec::with_capacity(self.rows.len());
        let rows = self.rows.into_iter().map(|row| {
            let stream = &world.streams[row.stream];
            let operation = &world.operations[row.operation];
            let region = world.region_of(stream);
            let counted = row.counts.into_iter().zip(row.latencies.finish());
            let pieces: Vec<RequestWindow> =
                counted.map(|((sent, failed), latency)| RequestWindow { sent, failed, latency }).collect();
            let windows: Vec<RequestWindow> = of_windows.iter().map(|own| meter::sum(&pieces, own)).collect();
            // Without faults, everything is outside.
            let all = SparseHistogram::merged(FINE, windows.iter().map(|window| &window.latency));
            let sent = windows.iter().map(|window| window.sent).sum();
            by_piece.push(pieces);
            RequestRow {
                stream: stream.name.clone(),
                region: region.map_or_else(String::new, |region| world.regions[region].clone()),
                operation: operation.name.clone(),
                service: world.services[operation.service].name.clone(),
                windows,
                series: row.series,
                outside: all,
                outside_sent: sent,
            }
        });
        let rows: Vec<RequestRow> = rows.collect();
        let mut edges: Vec<EdgeRow> = world
            .edges
            .iter()
            .zip(&self.edges)
            .map(|((_, edge), count)| EdgeRow {
                from: match edge.from {
                    Caller::Service(service) => world.services[service].name.clone(),
                    Caller::Stream(stream) => world.streams[stream].name.clone(),
                },
                to: reached(edge, world),
                calls: count.calls,
                attempts: count.attempts,
                failed: count.failed,
                latency: count.latency.sparse(),
                connections: count.connections,
                ejections: count.ejections,
            })
            .collect();
        sum_parts(world, &mut edges);
        let watch = self.watch.take();
        // What began before any fault is all that did not begin since the first.
        let before: Vec<EdgeCalls> = self
            .edges
            .iter()
            .zip(&self.since)
            .map(|(all, since)| EdgeCalls {
                calls: all.calls - since.calls,
                attempts: all.attempts - since.attempts,
                failed: all.failed.iter().sum::<u64>() - since.failed,
            })
            .collect();
        let faults = world.faults.iter().zip(&self.faults).enumerate().map(|(number, ((_, fault), window))| FaultRow {
            fault: fault.name.clone(),
            occurrences: watch.as_ref().map_or_else(Vec::new, |watch| watch.occurrences(number)),
            aside: watch.as_ref().and_then(|watch| watch.aside(number)),
            edges: calls_of(world, &before, &window.edges),
            spans: window.measured(self.zero),
            recovery_ns: window.recovery,
            ..FaultRow::default()
        });
        let faults: Vec<FaultRow> = faults.collect();
        let caps = world.links.iter().filter_map(|(id, link)| link.cap.map(|_| self.caps[id.0 as usize].clone()));
        let zero = self.zero;
        let parts = |window: &Window| {
            self.cuts.starts_ns.iter().map(|start| window.part(zero + start)).collect::<Vec<Charge>>()
        };
        let own = self.faults.iter().map(|window| FaultPieces {
            parts: parts(window),
            hit_before: window.hit_before.clone(),
            shared: window.shared.clone(),
        });
        let pieces = Pieces {
            errors: self.errors.rows(world, &rows),
            faults: own.collect(),
            rows: by_piece,
            starts_ns: self.cuts.starts_ns,
            windows: self.cuts.windows,
        };
        let mut run = Run {
            variant: world.variant.clone(),
            replication,
            horizon_ns: self.horizon,
            fine: self.fine.map_or_else(Vec::new, |fine| fine.finish()),
            users: self.people.map_or_else(Vec::new, |people| people.finish(world)),
            errors: Vec::new(),
            pieces: None,
            rows,
            edges,
            services: self.services.iter().map(ServiceCount::row).collect(),
            stations: self.stations.iter().map(StationCount::row).collect(),
            caps: caps.collect(),
            link_bytes: link_bytes(world, &self.paths),
            flows: flow_rows(world, &self.flows),
            faults,
            actions: Vec::new(),
            slowest: self.slowest,
            balance: self.balance,
            paths: self.paths,
            scaling: Vec::new(),
            stores: Vec::new(),
            writes: Vec::new(),
            promotions: Vec::new(),
            sessions,
            digest: 0,
            events: 0,
        };
        if run.faults.is_empty() {
            run.errors = pieces.errors.into_iter().map(|(error, _)| error).collect();
        } else {
            run.sum_up(&pieces);
            run.pieces = Some(Box::new(pieces));
        }
        run
    }
}

impl ServiceCount {
    fn row(&self) -> ServiceRow {
        ServiceRow { wait: self.wait.sparse(), sojourn: self.sojourn.sparse(), ..self.row.clone() }
    }
}

impl StationCount {
    fn row(&self) -> StationRow {
        StationRow { wait: self.wait.sparse(), ..self.row.clone() }
    }
}

/// The callee of an edge for people: of a part that rules choose what its name says.
fn reached(edge: &Edge, world: &World) -> String {
    let part = edge.name.split_once(" -> ").filter(|_| !edge.of.is_none());
    part.map_or_else(|| world.services[edge.to].name.clone(), |(_, to)| to.to_owned())
}

/// An edge as it is written is the sum of the parts that rules choose; copies are nobody's calls.
fn sum_parts(world: &World, rows: &mut [EdgeRow]) {
    let mut parts: BTreeMap<EdgeId, Vec<usize>> = BTreeMap::new();
    for (id, edge) in world.edges.iter().filter(|(_, edge)| !edge.of.is_none() && !edge.copies) {
        parts.entry(edge.of).or_default().push(id.0 as usize);
    }
    for (written, parts) in parts {
        let written = written.0 as usize;
        let latencies = std::iter::once(&written).chain(&parts).map(|&row| &rows[row].latency);
        let latency = SparseHistogram::merged(rows[written].latency.grouping, latencies);
        for part in parts {
            let part = rows[part].clone();
            let sum = &mut rows[written];
            sum.calls += part.calls;
            sum.attempts += part.attempts;
            sum.failed.iter_mut().zip(part.failed).for_each(|(sum, more)| *sum += more);
            sum.connections += part.connections;
            sum.ejections += part.ejections;
        }
        rows[written].latency = latency;
    }
}

/// Calls by edge, parts summed as above.
fn calls_of(world: &World, before: &[EdgeCalls], counts: &[[EdgeCalls; 3]]) -> Vec<[EdgeCalls; 4]> {
    let four = |(before, &[during, after, later]): (&EdgeCalls, &[EdgeCalls; 3])| [*before, during, after, later];
    let counts: Vec<[EdgeCalls; 4]> = before.iter().zip(counts).map(four).collect();
    let mut sums = counts.clone();
    for (id, edge) in world.edges.iter().filter(|(_, edge)| !edge.of.is_none() && !edge.copies) {
        for (sum, part) in sums[edge.of.0 as usize].iter_mut().zip(counts[id.0 as usize]) {
            sum.calls += part.calls;
            sum.attempts += part.attempts;
            sum.failed += part.failed;
        }
    }
    sums
}

fn link_bytes(world: &World, paths: &[PathRow]) -> Vec<u64> {
    let mut bytes = vec![0; world.links.len()];
    for (path, row) in world.paths.rows().iter().zip(paths) {
        for link in &path.links {
            bytes[link.0 as usize] += row.forward.iter().sum::<u64>();
        }
        for link in &path.back_links {
            bytes[link.0 as usize] += row.back.iter().sum::<u64>();
        }
    }
    bytes
}

fn flow_rows(world: &World, flows: &[u64]) -> Vec<FlowRow> {
    let places = world.places.len();
    let mut rows = Vec::new();
    for (edge, row) in world.edges.iter() {
        for from in world.places.ids() {
            let set = world.host_set(edge, from);
            if set.is_none() {
                continue;
            }
            for to in world.places.ids() {
                let attempts = flows[set.0 as usize * places + to.0 as usize];
                if attempts > 0 {
                    rows.push(FlowRow {
                        edge: row.name.clone(),
                        from: world.places[from].name.clone(),
                        to: world.places[to].name.clone(),
                        attempts,
                    });
                }
            }
        }
    }
    rows
}
