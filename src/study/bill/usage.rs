//! What was used: bytes and connections by path and by hour, of one replication or of a closed form.

use super::month::{Month, Shape};
use crate::bill::{CapacityHour, Exact, Quantity};
use crate::record::{Run, ScaleRow};
use crate::units::Duration;
use crate::world::{Basis, Charge, Direction, GatewayId, Leg, PathId, Tap, World, windows};

const HOUR_NS: u64 = 3_600_000_000_000;

/// Bytes and connections of all paths, by hour (or what there is of an hour).
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::study) struct Usage {
    /// Length of each hour that was seen, nanoseconds.
    pub(in crate::study) hours_ns: Vec<u64>,
    /// In the order of `World::paths`.
    pub(in crate::study) paths: Vec<PathUsage>,
    /// In the order of `World::autoscalers`: nanoseconds that pods lived.
    pub(in crate::study) pods_ns: Vec<u64>,
}

/// One path's.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::study) struct PathUsage {
    /// Bytes towards the server, by hour.
    pub(in crate::study) forward: Vec<u64>,
    /// Bytes towards the client, by hour.
    pub(in crate::study) back: Vec<u64>,
    /// Connections opened, by hour.
    pub(in crate::study) connections: Vec<u64>,
    /// Connections open at any time.
    pub(in crate::study) open: u64,
}

impl Usage {
    /// What a run counted, windows gathered into hours.
    pub(super) fn counted(run: &Run, world: &World, month: &Month) -> Usage {
        let per_hour = (HOUR_NS / month.window_ns.max(1)).max(1) as usize;
        let all: Vec<usize> = (0..windows(Duration::from_nanos(run.horizon_ns.max(1)))).collect();
        let hours: Vec<&[usize]> = all.chunks(per_hour).collect();
        let by_hour = |windows: &[u64]| {
            hours.iter().map(|hour| hour.iter().map(|&w| windows.get(w).copied().unwrap_or(0)).sum()).collect()
        };
        let paths = (0..world.paths.len())
            .map(|path| match run.paths.get(path) {
                Some(row) => PathUsage {
                    forward: by_hour(&row.forward),
                    back: by_hour(&row.back),
                    connections: by_hour(&row.connections),
                    open: row.open,
                },
                None => PathUsage::default(),
            })
            .collect();
        let lived = |row: &ScaleRow| all.iter().map(|&window| row.pod_ns.get(window).copied().unwrap_or(0)).sum();
        let pods_ns = run.scaling.iter().map(lived).collect();
        Usage { pods_ns, hours_ns: hours.iter().map(|hour| hour.len() as u64 * month.window_ns).collect(), paths }
    }

    /// Bytes over these taps, all hours.
    pub(super) fn bytes(&self, taps: &[Tap]) -> i128 {
        (0..self.hours_ns.len()).map(|hour| self.bytes_in(taps, hour)).sum()
    }

    fn bytes_in(&self, taps: &[Tap], hour: usize) -> i128 {
        taps.iter()
            .map(|tap| {
                let path = &self.paths[tap.path.0 as usize];
                let windows = match tap.direction {
                    Direction::Forward => &path.forward,
                    Direction::Back => &path.back,
                };
                i128::from(windows.get(hour).copied().unwrap_or(0))
            })
            .sum()
    }

    /// What capacity units are counted by, in each hour that was seen: new connections, bytes; and connections open.
    fn through(&self, taps: &[Tap], paths: &[PathId]) -> (Vec<(i128, i128)>, i128) {
        let path = |path: &PathId| &self.paths[path.0 as usize];
        let hour = |hour: usize| {
            let new = paths.iter().map(|id| path(id).connections.get(hour).copied().unwrap_or(0)).map(i128::from).sum();
            (new, self.bytes_in(taps, hour))
        };
        let open = paths.iter().map(|id| i128::from(path(id).open)).sum();
        ((0..self.hours_ns.len()).map(hour).collect(), open)
    }
}

/// What a charge counts in a month: the mean month of these replications, or that of one.
pub(super) fn metered(world: &World, charge: &Charge, usages: &[Usage], shape: &Shape) -> Quantity {
    let runs = Exact::whole(usages.len().max(1) as i128);
    match &charge.basis {
        Basis::Bytes(taps) => Quantity::Bytes(shape.month(usages.iter().map(|usage| usage.bytes(taps)).sum(), &runs)),
        Basis::Lcu { taps, gateway } => {
            let paths = connecting(world, taps, *gateway);
            let hours = usages.iter().flat_map(|usage| capacity_hours(usage, taps, &paths, shape, &runs));
            Quantity::Capacity(hours.collect())
        }
        Basis::Hours(things) => Quantity::month_of(Exact::decimal(*things)),
        Basis::Pods { scaler, each } => {
            let sum =
                |of: fn(&Usage, usize) -> u64| usages.iter().map(|usage| i128::from(of(usage, *scaler))).sum::<i128>();
            let lived = sum(|usage, scaler| usage.pods_ns.get(scaler).copied().unwrap_or(0));
            let seen = sum(|usage, _| usage.hours_ns.iter().sum());
            Quantity::month_of(&Exact::ratio(lived, seen.max(1)) * &Exact::decimal(*each))
        }
        Basis::Mbps(mbps) => Quantity::Bandwidth(Exact::decimal(*mbps)),
        Basis::MbpsDays(mbps) => Quantity::steady_days(Exact::decimal(*mbps)),
    }
}

/// The tapped paths whose connections count.
fn connecting(world: &World, taps: &[Tap], gateway: GatewayId) -> Vec<PathId> {
    let counted = |tap: &&Tap| gateway.is_none() || world.paths[tap.path].legs.contains(&Leg::Gateway(gateway));
    let mut paths: Vec<PathId> = taps.iter().filter(counted).map(|tap| tap.path).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn capacity_hours(usage: &Usage, taps: &[Tap], paths: &[PathId], shape: &Shape, runs: &Exact) -> Vec<CapacityHour> {
    let (by_hour, open) = usage.through(taps, paths);
    match shape {
        Shape::Seen(times) => {
            let times = times.over(runs);
            let hour = |((new, bytes), &length_ns): ((i128, i128), &u64)| CapacityHour {
                hours: &Exact::ratio(length_ns, HOUR_NS) * &times,
                new: &Exact::whole(new) * &times,
                open: Exact::whole(open),
                bytes: &Exact::whole(bytes) * &times,
            };
            by_hour.into_iter().zip(&usage.hours_ns).map(hour).collect()
        }
        Shape::Day(hours) => {
            let whole = |of: fn(&(i128, i128)) -> i128| Exact::whole(by_hour.iter().map(of).sum::<i128>());
            let (new, bytes) = (whole(|hour| hour.0), whole(|hour| hour.1));
            let each = Shape::each(hours).over(runs);
            let hour = |times: &Exact| CapacityHour {
                hours: each.clone(),
                new: &(&new * times) * &each,
                open: Exact::whole(open),
                bytes: &(&bytes * times) * &each,
            };
            hours.iter().map(hour).collect()
        }
    }
}
