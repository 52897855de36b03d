//! How much a run is before it is made: requests and calls, where nothing fails.

use super::Rates;
use super::flow::Flow;
use crate::topology::PlaceId;
use crate::units::Duration;
use crate::workload::Arrivals;
use crate::world::{EdgeId, StreamId, World};

/// Calls that one replication of `world` makes, fill included: how long it takes to simulate, compared with another.
pub(in crate::study) fn calls(world: &World) -> u64 {
    let flow = Flow::new(world);
    let (fill, horizon) = (world.plan.fill, world.plan.horizon);
    let of_stream = |stream| {
        let (calls, _) = flow.calls_and_work(stream);
        // The fill goes at the rate of t = 0.
        let filling = requests_in(world, &flow, stream, Duration::ZERO) * fill.seconds();
        (filling + requests_in(world, &flow, stream, horizon)) * calls
    };
    world.streams.ids().map(of_stream).sum::<f64>() as u64
}

/// Requests that one replication of `world` measures.
pub(in crate::study) fn requests(world: &World) -> u64 {
    requests_by_stream(world).iter().sum::<f64>() as u64
}

/// The same by stream.
pub(in crate::study) fn requests_by_stream(world: &World) -> Vec<f64> {
    let flow = Flow::new(world);
    world.streams.ids().map(|stream| requests_in(world, &flow, stream, world.plan.horizon)).collect()
}

/// What replicas are asked to do on average, where nothing fails.
pub(in crate::study) struct Demand {
    /// Worker-seconds per second by stream and replica: at the mean rate of the horizon, and of users who wait for their answers at
    /// the rate of this estimate, as often as where nobody queues.
    pub(in crate::study) work: Vec<Vec<f64>>,
    /// The edges that are called, and from where.
    pub(in crate::study) calls: Vec<(EdgeId, PlaceId)>,
}

/// What replicas are asked to do.
pub(in crate::study) fn demand(world: &World) -> Demand {
    let flow = Flow::new(world);
    let of = |id: StreamId| {
        let span = world.plan.horizon;
        let rate = match world.streams[id].arrivals {
            Arrivals::Open { .. } => {
                requests_in(world, &flow, id, span) / if span.is_zero() { 1.0 } else { span.seconds() }
            }
            Arrivals::Closed { .. } => Rates::of(world, id, &flow).mean,
        };
        flow.traffic(id).busy.iter().map(|busy| rate * busy).collect()
    };
    let work = world.streams.ids().map(of).collect();
    let asked = flow.asked(&vec![1.0; world.streams.len()]);
    let mut calls: Vec<(EdgeId, PlaceId)> = asked.into_keys().map(|(edge, place, _, _)| (edge, place)).collect();
    calls.dedup();
    Demand { work, calls }
}

/// Requests of a stream from t = 0 on; in no time at all, per second.
fn requests_in(world: &World, flow: &Flow<'_>, stream: StreamId, span: Duration) -> f64 {
    let seconds = if span.is_zero() { 1.0 } else { span.seconds() };
    match &world.streams[stream].arrivals {
        Arrivals::Open { rate, .. } if span.is_zero() => rate.at(Duration::ZERO),
        Arrivals::Open { rate, .. } => rate.expected(Duration::ZERO, span),
        Arrivals::Closed { users, think } => {
            let cycle = think.mean() + flow.calls_and_work(stream).1;
            if cycle > 0.0 { f64::from(*users) * seconds / cycle } else { 0.0 }
        }
    }
}
