//! How much a run is before it is made: requests and calls, where nothing fails.

use super::flow::Flow;
use crate::units::Duration;
use crate::workload::Arrivals;
use crate::world::{StreamId, World};

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

/// Worker-seconds per second by open stream and service, at its mean rate of the horizon, where nothing fails; of a closed
/// stream none, since its users wait.
pub(in crate::study) fn work_by_service(world: &World) -> Vec<Vec<f64>> {
    let flow = Flow::new(world);
    let of = |stream: StreamId| {
        let mut work = vec![0.0; world.services.len()];
        if matches!(world.streams[stream].arrivals, Arrivals::Open { .. }) {
            let span = world.plan.horizon;
            let rate = requests_in(world, &flow, stream, span) / if span.is_zero() { 1.0 } else { span.seconds() };
            for ((_, endpoint), busy) in world.endpoints.iter().zip(&flow.traffic(stream).busy) {
                work[endpoint.service.0 as usize] += rate * busy;
            }
        }
        work
    };
    world.streams.ids().map(of).collect()
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
