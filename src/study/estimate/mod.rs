//! The closed form: what a scenario sends, pays and needs at the least, without a simulation.
//!
//! Mean and peak rates of the streams, times the visits that programs make on average, over hosts by weight, give calls
//! and bytes per path; the same bill as after a run prices them. Floors are sums of means without any queue. Everything
//! succeeds at the first attempt; what waits, fails or retries is the simulation's business.

mod break_even;
mod curve;
mod effort;
mod flow;
mod leaning;
mod load;
mod program;

use crate::record::{Bill, FloorProjection, LinkProjection, LoadState, PathProjection, Projection, VariantProjection};
use crate::study::bill::{MONTH_HOURS, PathUsage, Usage, bill_of_usage, flowing_gigabytes, solve_unknowns};
use crate::study::remarks::modelled;
use crate::table::Id;
use crate::units::{Duration, significant};
use crate::workload::Arrivals;
use crate::world::{StreamId, World};

use break_even::Costs;
use curve::Curve;
pub(super) use effort::{calls, demand, requests, requests_by_stream};
use flow::{Flow, Traffic};
use program::Time;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const GIB: f64 = 1_073_741_824.0;

/// All variants in closed form. The scenario's name and question are the caller's to fill in.
pub fn estimate(variants: &[World]) -> Projection {
    let told = assumptions().into_iter().chain(moving(variants)).chain(modelled(variants.iter())).collect();
    // One variant has nothing to be compared with, and needs no cost at other volumes.
    let many = variants.len() > 1;
    let estimated: Vec<(VariantProjection, Curve)> =
        variants.iter().map(|world| variant(world.at_start(), many)).collect();
    let mut bills: Vec<(String, Bill)> = estimated.iter().map(|(v, _)| (v.name.clone(), v.bill.clone())).collect();
    solve_unknowns(&mut bills);
    let costs: Vec<Costs<'_>> = estimated
        .iter()
        .zip(variants)
        .map(|((of, curve), world)| Costs {
            name: &of.name,
            bill: &of.bill,
            curve,
            loads: &of.loads,
            flows: flowing_gigabytes(world),
        })
        .collect();
    let mut break_evens = Vec::new();
    for (index, a) in costs.iter().enumerate() {
        break_evens.extend(costs[index + 1..].iter().map(|b| break_even::between(a, b)));
    }
    let variants = estimated
        .into_iter()
        .zip(bills)
        .map(|((variant, _), (_, bill))| VariantProjection { bill, ..variant })
        .collect();
    Projection { schema: 1, assumptions: told, variants, break_evens, ..Projection::default() }
}

fn assumptions() -> Vec<String> {
    [
        "every call succeeds at the first attempt: retries, losses and faults add bytes and time",
        "every host takes its share by weight, least request among unequal weights less the longer it takes; hashes are taken by weight too; connections stay open and warm",
        "floors are means without queueing, jitter or loss, along the slowest of what runs at once",
        "the peak has every stream at its highest rate at the same time",
    ]
    .map(String::from)
    .into()
}

/// What follows its load is looked at as it begins.
fn moving(variants: &[World]) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for scaler in variants.iter().flat_map(|world| &world.autoscalers) {
        let sentence = format!(
            "{} has {} replicas here, as it begins: how busy they are, and compute, change as it goes from {} to {} with its load",
            scaler.name, scaler.start, scaler.rule.min, scaler.rule.max
        );
        if !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    told
}

/// Volumes are looked at up to this many gigabytes a month, or this many times the scenario's, and go on from there as
/// they are: past the last tier of any book.
const FAR: (f64, f64) = (1e7, 1024.0);

/// One variant, and what it costs at any volume.
fn variant(world: &World, curve: bool) -> (VariantProjection, Curve) {
    let flow = Flow::new(world);
    let streams: Vec<Traffic> = world.streams.ids().map(|stream| flow.traffic(stream)).collect();
    let rates: Vec<Rates> = world.streams.ids().map(|stream| Rates::of(world, stream, &flow)).collect();
    let mean = Traffic::at(world, &streams, &rates.iter().map(|rate| rate.mean).collect::<Vec<f64>>());
    let peak = Traffic::at_peak(world, &streams, &rates.iter().map(|rate| rate.peak).collect::<Vec<f64>>());
    // What flows beside the calls the bill knows by itself, at every volume of theirs.
    let by_hour: Vec<Traffic> = (0..rates.iter().map(|rate| rate.hours.len()).fold(1, usize::max))
        .map(|hour| {
            Traffic::of_streams(world, &streams, &rates.iter().map(|rate| rate.in_hour(hour)).collect::<Vec<f64>>())
        })
        .collect();
    let basis = || {
        let shape = if by_hour.len() > 1 { "24 hours of the workload's day" } else { "mean rates" };
        vec![format!("closed form: {shape}, held for {MONTH_HOURS} h")]
    };
    let open = flow.open_connections();
    let bill = bill_of_usage(world, usage(&by_hour, &open, 1.0), basis());
    let cost = |times: f64| {
        let bill = bill_of_usage(world, usage(&by_hour, &open, times), Vec::new());
        bill.month.value.unwrap_or(0.0)
    };
    let top = if bill.gigabytes_month > 0.0 { (FAR.0 / bill.gigabytes_month).max(FAR.1) } else { FAR.1 };
    let curve = if curve { Curve::of(&cost, top) } else { Curve::none() };
    let loads = load::loads(world, &mean, &peak);
    let projection = VariantProjection {
        name: world.variant.clone(),
        steady: loads.iter().all(|load| load.state != LoadState::Over),
        bill,
        floors: floors(world, &flow),
        paths: paths(world, &mean, &peak),
        links: links(world, &mean, &peak),
        warnings: load::warnings(&loads).into_iter().chain(missed_peaks(world)).collect(),
        loads,
        prerequisites: world.prerequisites.clone(),
    };
    (projection, curve)
}

/// What would be over capacity on average at so many times the traffic, and is not at once times it.
pub(in crate::study) fn over(world: &World, times: f64) -> Vec<String> {
    let flow = Flow::new(world);
    let streams: Vec<Traffic> = world.streams.ids().map(|stream| flow.traffic(stream)).collect();
    let rates: Vec<f64> = world.streams.ids().map(|stream| Rates::of(world, stream, &flow).mean).collect();
    let mean = Traffic::at(world, &streams, &rates);
    let loads = load::loads(world, &mean, &mean);
    let over = loads.iter().filter(|load| load.mean < 1.0 && load.mean * times >= 1.0);
    over.map(|load| format!("{} {}", load.kind, load.name)).collect()
}

/// Bytes per second by link, in the mean and with every stream at its highest rate.
pub(super) fn link_rates(world: &World) -> (Vec<f64>, Vec<f64>) {
    let flow = Flow::new(world);
    let streams: Vec<Traffic> = world.streams.ids().map(|stream| flow.traffic(stream)).collect();
    let rates: Vec<Rates> = world.streams.ids().map(|stream| Rates::of(world, stream, &flow)).collect();
    let all = |of: &dyn Fn(&Rates) -> f64| rates.iter().map(of).collect::<Vec<f64>>();
    let mean = Traffic::at(world, &streams, &all(&|rate| rate.mean));
    let peak = Traffic::at_peak(world, &streams, &all(&|rate| rate.peak));
    (load::link_bytes(world, &mean), load::link_bytes(world, &peak))
}

/// Streams whose highest rate a run of this horizon would not meet.
fn missed_peaks(world: &World) -> Vec<String> {
    let horizon = world.plan.horizon;
    let missed = world.streams.rows().iter().filter_map(|stream| {
        let Arrivals::Open { rate, .. } = &stream.arrivals else { return None };
        let highest = |points: &mut dyn Iterator<Item = f64>| points.fold(0.0, f64::max);
        let peak = highest(&mut rate.points.iter().map(|point| point.1));
        let met = highest(&mut rate.points.iter().filter(|point| point.0 <= horizon).map(|point| point.1));
        let met = met.max(rate.at(horizon));
        (!horizon.is_zero() && met < 0.95 * peak).then(|| {
            format!(
                "a run of {} min meets at most {}/s of {}, whose peak is {}/s: it says nothing of the peak hour",
                significant(horizon.seconds() / 60.0, 3),
                significant(met, 3),
                stream.name,
                significant(peak, 3)
            )
        })
    });
    missed.collect()
}

/// A stream's requests per second.
struct Rates {
    mean: f64,
    peak: f64,
    /// Of a profile that covers a day, its 24 hours; else empty.
    hours: Vec<f64>,
}

impl Rates {
    fn of(world: &World, id: StreamId, flow: &Flow<'_>) -> Rates {
        let stream = &world.streams[id];
        match &stream.arrivals {
            Arrivals::Open { rate, .. } => {
                let over = |from: Duration, to: Duration| rate.expected(from, to) / (to - from).seconds();
                let told = rate.points.last().map_or(Duration::ZERO, |&(at, _)| at).max(world.plan.horizon);
                let varies = rate.points.windows(2).any(|pair| pair[0].1 != pair[1].1);
                let peak = rate.points.iter().map(|&(_, rate)| rate).fold(0.0, f64::max);
                if varies && told >= DAY {
                    let hour = |h: u64| over(HOUR.saturating_mul(h), HOUR.saturating_mul(h + 1));
                    return Rates { mean: over(Duration::ZERO, DAY), peak, hours: (0..24).map(hour).collect() };
                }
                let span = if world.plan.horizon.is_zero() { told } else { world.plan.horizon };
                let mean = if span.is_zero() { rate.at(Duration::ZERO) } else { over(Duration::ZERO, span) };
                Rates { mean, peak, hours: Vec::new() }
            }
            Arrivals::Closed { users, think } => {
                // A user asks once per think time and answer; without queues the answer takes its floor (Little).
                let cycle = think.mean()
                    + stream.mix.iter().map(|&(op, share)| share.get() * floor(world, flow, id, op).all).sum::<f64>();
                let rate = if cycle > 0.0 { f64::from(*users) / cycle } else { 0.0 };
                Rates { mean: rate, peak: rate, hours: Vec::new() }
            }
        }
    }

    fn in_hour(&self, hour: usize) -> f64 {
        self.hours.get(hour).copied().unwrap_or(self.mean)
    }
}

/// What an accountant would have counted in these hours, at a multiple of the traffic.
fn usage(by_hour: &[Traffic], open: &[u64], times: f64) -> Usage {
    let hourly =
        |of: &dyn Fn(&Traffic) -> f64| by_hour.iter().map(|t| (of(t) * times * 3600.0).round() as u64).collect();
    let path = |(path, &open): (usize, &u64)| PathUsage {
        forward: hourly(&|traffic| traffic.forward[path]),
        back: hourly(&|traffic| traffic.back[path]),
        connections: vec![0; by_hour.len()],
        open,
    };
    Usage {
        pods_ns: Vec::new(),
        hours_ns: vec![HOUR.nanos(); by_hour.len()],
        paths: open.iter().enumerate().map(path).collect(),
    }
}

/// Mean seconds of a stream's operation over its entries without queues, and of them those on paths.
fn floor(world: &World, flow: &Flow<'_>, id: StreamId, operation: crate::world::OperationId) -> Time {
    let stream = &world.streams[id];
    let mut mean = Time::default();
    for (entry, of, way) in world.ways_in(stream) {
        let way = way.seconds();
        mean.add(Time { all: way, network: way }, of);
        for (context, share) in world.carries(id) {
            mean.add(flow.call(stream.edge, &world.proxies[entry], 0, operation, context), share * of);
        }
    }
    mean
}

fn floors(world: &World, flow: &Flow<'_>) -> Vec<FloorProjection> {
    let mut floors = Vec::new();
    for (id, stream) in world.streams.iter() {
        let region = world.region_of(stream);
        for &(operation, _) in &stream.mix {
            let Time { all, network } = floor(world, flow, id, operation);
            floors.push(FloorProjection {
                stream: stream.name.clone(),
                region: region.map_or_else(String::new, |region| world.regions[region].clone()),
                operation: world.operations[operation].name.clone(),
                floor_ms: all * 1e3,
                network_ms: network * 1e3,
            });
        }
    }
    floors
}

const MONTH_S: f64 = MONTH_HOURS as f64 * 3600.0;

fn paths(world: &World, mean: &Traffic, peak: &Traffic) -> Vec<PathProjection> {
    let used = world.paths.iter().filter(|(id, _)| mean.calls[id.index()] > 0.0 || peak.calls[id.index()] > 0.0);
    used.map(|(id, path)| PathProjection {
        path: path.name.clone(),
        via: path.via.clone(),
        calls_per_s: mean.calls[id.index()],
        calls_per_s_peak: peak.calls[id.index()],
        forward_gb_month: mean.forward[id.index()] * MONTH_S / GIB,
        back_gb_month: mean.back[id.index()] * MONTH_S / GIB,
        round_trip_ms: (path.floor + path.floor_back).millis(),
    })
    .collect()
}

fn links(world: &World, mean: &Traffic, peak: &Traffic) -> Vec<LinkProjection> {
    let (at_mean, at_peak) = (load::link_bytes(world, mean), load::link_bytes(world, peak));
    let used = world.links.iter().filter(|(id, _)| at_mean[id.index()] > 0.0);
    used.map(|(id, link)| LinkProjection {
        link: link.name.clone(),
        gb_month: at_mean[id.index()] * MONTH_S / GIB,
        mbps: at_mean[id.index()] * 8.0 / 1e6,
        mbps_peak: at_peak[id.index()] * 8.0 / 1e6,
    })
    .collect()
}
