//! What was used: bytes and connections by path and by hour, of one replication or of a closed form.

use std::collections::BTreeMap;

use super::month::{Month, Shape};
use crate::bill::{CapacityHour, Exact, MONTH_HOURS, Quantity};
use crate::record::{Run, ScaleRow};
use crate::units::Duration;
use crate::world::{ACKS, Autoscaler, Basis, Charge, Direction, Flow, GatewayId, Leg, PathId, Tap, World, windows};

const HOUR_NS: u64 = 3_600_000_000_000;

/// Bytes and connections of all paths, by hour (or what there is of an hour).
#[derive(Clone, PartialEq, Debug, Default)]
pub(in crate::study) struct Usage {
    /// Length of each hour that was seen, nanoseconds.
    pub(in crate::study) hours_ns: Vec<u64>,
    /// In the order of `World::paths`.
    pub(in crate::study) paths: Vec<PathUsage>,
    /// In the order of `World::autoscalers`: nanoseconds that pods lived, and of how long, once their number had settled.
    pub(in crate::study) pods_ns: Vec<(u64, u64)>,
}

/// What flows beside the calls, by path, direction and window of a run: a month of it is known by itself.
pub(in crate::study) struct Beside(BTreeMap<usize, [Vec<u64>; 2]>);

impl Beside {
    /// In a run of this horizon.
    pub(in crate::study) fn of(world: &World, horizon_ns: u64) -> Beside {
        let mut paths: BTreeMap<usize, [Vec<u64>; 2]> = BTreeMap::new();
        let all = windows(Duration::from_nanos(horizon_ns.max(1)));
        for flow in &world.flows {
            let rows = paths.entry(flow.path.0 as usize).or_insert_with(|| [vec![0; all], vec![0; all]]);
            for (window, (sent, acknowledged)) in flow.by_window(horizon_ns, all).into_iter().enumerate() {
                rows[0][window] += sent;
                rows[1][window] += acknowledged;
            }
        }
        Beside(paths)
    }

    /// What calls alone count, of what was counted.
    pub(in crate::study) fn without(&self, path: usize, direction: Direction, counted: &[u64]) -> Vec<u64> {
        let Some(rows) = self.0.get(&path) else { return counted.to_vec() };
        let row = &rows[usize::from(direction == Direction::Back)];
        counted.iter().zip(row).map(|(counted, beside)| counted.saturating_sub(*beside)).collect()
    }
}

/// Bytes over these taps in a month that flow beside the calls: of what comes again and again as often as that is in a
/// month, of what comes once that.
pub(super) fn flowing(world: &World, taps: &[Tap]) -> Exact {
    let bytes = |flow: &Flow, direction: Direction| {
        let (part, whole) = flow.part_of(MONTH_HOURS * i128::from(HOUR_NS));
        // A month of nanoseconds, how long it lasts in them and bits a second are past 127 bits together.
        let sent = &Exact::ratio(part, whole) * &Exact::ratio(flow.rate.0, 8_000_000_000_i128);
        match direction {
            Direction::Forward => sent,
            Direction::Back => &sent * &Exact::ratio(i128::from(ACKS.0), i128::from(ACKS.1)),
        }
    };
    let mut sum = Exact::ZERO();
    for tap in taps {
        for flow in world.flows.iter().filter(|flow| flow.path == tap.path) {
            sum += &bytes(flow, tap.direction);
        }
    }
    sum
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
        let beside = Beside::of(world, run.horizon_ns);
        let paths = (0..world.paths.len())
            .map(|path| match run.paths.get(path) {
                Some(row) => PathUsage {
                    forward: by_hour(&beside.without(path, Direction::Forward, &row.forward)),
                    back: by_hour(&beside.without(path, Direction::Back, &row.back)),
                    connections: by_hour(&row.connections),
                    open: row.open,
                },
                None => PathUsage::default(),
            })
            .collect();
        let lived = |(row, scaler): (&ScaleRow, &Autoscaler)| {
            // Of a load that varies, or a run that is too short to settle, all of it counts, and the bill says so.
            let from = settled_from(scaler, month, all.len()).unwrap_or(0);
            let lived = all[from..].iter().map(|&window| row.pod_ns.get(window).copied().unwrap_or(0)).sum();
            (lived, (all.len() - from) as u64 * month.window_ns)
        };
        let pods_ns = run.scaling.iter().zip(world.autoscalers.iter()).map(lived).collect();
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

/// How long after t = 0 the number of replicas is what the load asks for, and no longer what they began with: the first
/// recommendations hold against fewer for their window, and what is asked for too few or too late has to boot and to be
/// measured.
pub(super) fn settled(scaler: &Autoscaler) -> Duration {
    let rule = &scaler.rule;
    let looks = (rule.every + rule.window).saturating_mul(2);
    rule.down_window + scaler.boot + looks
}

/// The first of so many windows that has no more of what replicas began with; none: all have some, or the load varies, so
/// that none is like another.
pub(super) fn settled_from(scaler: &Autoscaler, month: &Month, windows: usize) -> Option<usize> {
    let from = settled(scaler).nanos().div_ceil(month.window_ns.max(1)) as usize;
    (month.steady && from < windows).then_some(from)
}

/// What a charge counts in a month: the mean month of these replications, or that of one.
pub(super) fn metered(world: &World, charge: &Charge, usages: &[Usage], shape: &Shape) -> Quantity {
    let runs = Exact::whole(usages.len().max(1) as i128);
    match &charge.basis {
        Basis::Bytes(taps) => {
            let calls = shape.month(usages.iter().map(|usage| usage.bytes(taps)).sum(), &runs);
            Quantity::Bytes(&calls + &flowing(world, taps))
        }
        Basis::Lcu { taps, gateway } => {
            let paths = connecting(world, taps, *gateway);
            let hours = usages.iter().flat_map(|usage| capacity_hours(usage, taps, &paths, shape, &runs));
            Quantity::Capacity(hours.collect())
        }
        Basis::Hours(things) => Quantity::month_of(Exact::decimal(*things)),
        Basis::Pods { scaler, each } => {
            let counts = usages.iter().map(|usage| usage.pods_ns.get(*scaler).copied().unwrap_or_default());
            let (lived, seen) = counts
                .fold((0, 0), |sum: (i128, i128), (lived, seen)| (sum.0 + i128::from(lived), sum.1 + i128::from(seen)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::autoscale;
    use crate::world::{ClusterId, ServiceId};

    const SECOND: u64 = 1_000_000_000;

    /// Six pods at first; four from 380 s on: as many as a steady load asks for. How many a month has, and what is said of it.
    fn pods(horizon_s: u64) -> (f64, String) {
        let mut world = World::default();
        world.autoscalers.push(Autoscaler {
            name: "orders@east".into(),
            service: ServiceId(0),
            cluster: ClusterId(0),
            members: Vec::new(),
            start: 6,
            rule: autoscale::DEFAULT,
            boot: Duration::from_secs(40),
            evict: Duration::ZERO,
            grace: Duration::ZERO,
        });
        let count = windows(Duration::from_secs(horizon_s)) as u64;
        let lived = |from: u64, to: u64| {
            6 * to.min(380 * SECOND).saturating_sub(from) + 4 * to.saturating_sub(from.max(380 * SECOND))
        };
        let edge = |window: u64| horizon_s * SECOND / count * window;
        let pod_ns = (0..count).map(|window| lived(edge(window), edge(window + 1))).collect();
        let run = Run {
            horizon_ns: horizon_s * SECOND,
            scaling: vec![ScaleRow { pod_ns, ..ScaleRow::default() }],
            ..Run::default()
        };
        let month = Month::of(&world, std::slice::from_ref(&run));
        let (lived, seen) = Usage::counted(&run, &world, &month).pods_ns[0];
        let said = crate::study::bill::settling(&world, &month, run.horizon_ns);
        (lived as f64 / seen as f64, said.expect("there is an autoscaler"))
    }

    #[test]
    fn what_flows_in_a_month_is_as_much_as_it_is_at_any_magnitude() {
        use crate::fault::Calendar;
        use crate::units::BitsPerSec;

        let taps = [Direction::Forward, Direction::Back].map(|direction| Tap { path: PathId(0), direction });
        let month_s = 730.0 * 3_600.0;
        let bytes = |rate: u64, when: Option<Calendar>| {
            let mut world = World::default();
            world.flows.push(Flow { name: "backup".into(), path: PathId(0), rate: BitsPerSec(rate), when });
            flowing(&world, &taps).value()
        };
        for digits in 0..14 {
            let rate = 7 * 10_u64.pow(digits);
            let a_second = rate as f64 / 8.0 * (1.0 + 40.0 / 3_000.0);
            let near = |found: f64, seconds: f64| {
                assert!((found / (a_second * seconds) - 1.0).abs() < 1e-12, "{found}: {rate} bit/s for {seconds} s");
            };
            near(bytes(rate, None), month_s);
            // From a second to four months, every 300 years at the longest.
            for lasts in (0..8).map(|digits| 10_u64.pow(digits)) {
                let when = |every: Option<u64>| {
                    let [lasts, every] = [Some(lasts), every].map(|some| some.map(Duration::from_secs));
                    Some(Calendar { at: 0, lasts: lasts.unwrap_or_default(), every, before: true })
                };
                near(bytes(rate, when(None)), (lasts as f64).min(month_s));
                for times in [2, 999] {
                    near(bytes(rate, when(Some(lasts * times))), month_s / times as f64);
                }
            }
        }
    }

    #[test]
    fn the_month_of_a_steady_load_does_not_depend_on_the_horizon() {
        // 300 s of recommendations, 40 s of boot, two looks and measurements of 15 s each: 400 s.
        for horizon_s in [480, 600, 1200, 3600] {
            let (pods, said) = pods(horizon_s);
            assert_eq!(pods, 4.0, "{horizon_s} s");
            assert!(said.contains("are those from 6.667 min on at the latest"), "{said}");
        }
        assert_eq!(pods(360).0, 6.0, "too short to leave anything out");
        // 404 s end within the window of 6.73 s in which the number settles: nothing is left out, and that is said.
        let (pods, said) = pods(404);
        assert!((pods - (6.0 * 380.0 + 4.0 * 24.0) / 404.0).abs() < 1e-6, "{pods}");
        assert!(said.contains("orders@east is not settled"), "{said}");
    }
}
