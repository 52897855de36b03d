//! What was used: bytes and connections by path and by hour, of one replication or of a closed form.

use super::month::Month;
use crate::record::Run;
use crate::world::{Direction, GatewayId, Leg, Tap, World};

/// Bytes and connections of all paths, by hour (or what there is of an hour).
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::study) struct Usage {
    /// Length of each hour that was seen, nanoseconds.
    pub(in crate::study) hours_ns: Vec<u64>,
    /// In the order of `World::paths`.
    pub(in crate::study) paths: Vec<PathUsage>,
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

/// Parts of a capacity unit's hour: so fine that a run of seconds, scaled to a month, is not off by a nano-unit.
pub(super) const UNIT_PARTS: i128 = 1_000_000_000_000;

/// What capacity units measure, and how much of each makes one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct UnitSize {
    pub(super) new_per_second: f64,
    pub(super) open: f64,
    pub(super) gigabytes_per_hour: f64,
    pub(super) gigabyte: u64,
}

impl Usage {
    /// What a run counted in the windows that count, windows gathered into hours.
    pub(super) fn counted(run: &Run, world: &World, month: &Month) -> Usage {
        const HOUR_NS: u64 = 3_600_000_000_000;
        let per_hour = (HOUR_NS / month.window_ns.max(1)).max(1) as usize;
        let seen: Vec<usize> = (0..month.counts.len()).filter(|&window| month.counts[window]).collect();
        let hours: Vec<&[usize]> = seen.chunks(per_hour).collect();
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
        Usage { hours_ns: hours.iter().map(|hour| hour.len() as u64 * month.window_ns).collect(), paths }
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

    /// Unit-hours in parts of [`UNIT_PARTS`]: per hour the greatest of new connections, open connections and bytes.
    pub(super) fn capacity_parts(&self, world: &World, taps: &[Tap], gateway: GatewayId, unit: UnitSize) -> i128 {
        let counted = |tap: &Tap| gateway.is_none() || world.paths[tap.path].legs.contains(&Leg::Gateway(gateway));
        let mut paths: Vec<_> = taps.iter().filter(|tap| counted(tap)).map(|tap| tap.path).collect();
        paths.sort_unstable();
        paths.dedup();
        let open: u64 = paths.iter().map(|path| self.paths[path.0 as usize].open).sum();
        let hour = |(hour, &length_ns): (usize, &u64)| {
            let seconds = length_ns as f64 / 1e9;
            let of =
                |path: &crate::world::PathId| self.paths[path.0 as usize].connections.get(hour).copied().unwrap_or(0);
            let new: u64 = paths.iter().map(of).sum();
            let gigabytes = self.bytes_in(taps, hour) as f64 / unit.gigabyte as f64;
            // A dimension that the rule does not measure is written as a unit of zero.
            let share = |quantity: f64, unit: f64| if unit > 0.0 { quantity / unit } else { 0.0 };
            let by_new = share(new as f64 / seconds, unit.new_per_second);
            let by_open = share(open as f64, unit.open);
            let by_bytes = share(gigabytes / seconds * 3600.0, unit.gigabytes_per_hour);
            (by_new.max(by_open).max(by_bytes) * seconds / 3600.0 * UNIT_PARTS as f64 + 0.5) as i128
        };
        self.hours_ns.iter().enumerate().map(hour).sum()
    }
}
