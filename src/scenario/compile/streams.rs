//! Workload streams: where they enter, what they ask, when.

use super::clock::clock_at_zero;
use super::ground::{cluster_named, region_named};
use super::program::intern;
use super::services::{bare, proxy};
use crate::connect::Carrier;
use crate::provider::Books;
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Entry, RateLaw, Scenario, Stream as Written, StreamArrivals, StreamFrom};
use crate::topology::{ClusterId, Ground, PlaceId};
use crate::units::{Duration, Ratio};
use crate::workload::{Arrivals, Rate};
use crate::world::{
    Caller, Carried, Edge, EndpointId, OperationId, People, PolicyId, Population, ServiceId, Sessions, Stream,
    StreamId, World,
};

/// A balancer in front of the ingress proxies leaves a dead zone out after two missed checks, 10 s apart (NLB's
/// defaults: HealthCheckInterval 10, UnhealthyThreshold 2).
const ENTRY_DETECT: Duration = Duration::from_secs(20);
/// A diurnal curve as straight lines between points this far apart: a cosine of a day is met within 0.06 % of its swing.
const CURVE_STEP: Duration = Duration::from_secs(900);
/// Nobody has gone before a second is over, and half an hour is what is published.
const CUTOFF_LEAST: Duration = Duration::from_secs(1);
const CUTOFF_MOST: Duration = Duration::from_secs(1800);
const DAY: Duration = Duration::from_secs(86_400);

/// Compiles all streams with their edges and entry proxies.
pub(super) fn streams(
    scenario: &Scenario,
    carrier: &Carrier<'_>,
    world: &mut World,
    said: &mut Vec<Diagnostic>,
    policy: &mut dyn FnMut(&mut World, &str, &str) -> PolicyId,
) {
    for (at, (name, stream)) in scenario.workload.iter().enumerate() {
        let id = StreamId(at as u32);
        let service =
            scenario.services.get_index_of(&stream.to.value).expect("a stream's service was checked to exist");
        let to = ServiceId(service as u32);
        let policy = policy(world, name, &stream.to);
        let edge_name = format!("{name} -> {}", stream.to.value);
        let edge = world.edges.push(Edge::written(Caller::Stream(id), to, edge_name, policy, 0));
        let led = super::entries::via(scenario, carrier.ground, world, stream);
        let (via, places) = match led {
            Some((via, places)) => (Some(Box::new(via)), places),
            None => (None, entries(stream, carrier.ground, world, to, said)),
        };
        let entries = places.into_iter().map(|place| match stream.entry {
            Entry::Direct => bare(world, format!("direct {name}"), place, EndpointId::NONE),
            Entry::Ingress => {
                let label = format!("ingress {} ({name})", world.places[place].name);
                proxy(scenario, carrier, world, label, place, EndpointId::NONE)
            }
        });
        let entries = entries.collect();
        let mix = stream.mix.iter().map(|(target, share)| {
            let operation = scenario.services[service].operations.get_index_of(&target.operation);
            (world.services[to].operations[operation.expect("a mix names operations that exist")], *share)
        });
        let mut mix: Vec<(OperationId, Ratio)> = mix.collect();
        let asks = mix.len();
        let login = stream.sessions.as_ref().and_then(|sessions| sessions.login.as_ref()).map(|login| {
            let operation = scenario.services[service].operations.get_index_of(&login.operation);
            let operation = world.services[to].operations[operation.expect("a login is an operation that exists")];
            // What nobody asks for but at the beginning has no share of what is asked.
            let row = mix.iter().position(|&(known, _)| known == operation).unwrap_or(asks);
            if row == asks {
                mix.push((operation, Ratio::ZERO));
            }
            row as u32
        });
        let arrivals = arrivals(scenario, carrier.books, stream);
        let business = scenario.business.as_ref();
        let good_within = business.and_then(|business| business.good_within.as_ref()).map(|within| within.value);
        if let Some(people) = people(stream, &arrivals, scenario.run.horizon.value, good_within) {
            world.people.insert(id, people);
        }
        let sessions = stream
            .sessions
            .as_deref()
            .map(|sessions| Box::new(self::sessions(scenario, carrier.books, (stream, sessions), asks as u32, login)));
        let patience = stream.patience.as_ref().map(|law| intern(world, law));
        world.streams.push(Stream {
            name: name.clone(),
            edge,
            entries,
            mix,
            carried: Carried::default(),
            arrivals,
            patience,
            entry_detect: ENTRY_DETECT,
            via,
            sessions,
        });
    }
}

/// Where a stream comes in: one place for each zone of its cluster, or the first alone.
fn entries(
    stream: &Written,
    ground: &Ground,
    world: &World,
    to: ServiceId,
    said: &mut Vec<Diagnostic>,
) -> Vec<PlaceId> {
    let cluster = match &stream.from.value {
        StreamFrom::Cluster(name) => cluster_named(ground, name),
        StreamFrom::Region(name) => {
            let region = region_named(ground, name);
            let here: Vec<ClusterId> =
                ground.clusters.ids().filter(|cluster| ground.region_of_cluster(*cluster) == region).collect();
            let runs = |cluster: &ClusterId| {
                world.services[to].endpoints.iter().any(|e| world.places[world.endpoints[*e].place].cluster == *cluster)
            };
            here.iter().copied().find(runs).or(here.first().copied())
        }
    };
    let Some(cluster) = cluster else {
        said.push(
            Diagnostic::error("EW343", "no cluster is there for these users to enter by")
                .at(stream.from.span, "a region without a cluster")
                .help("name a region with a cluster, or `cluster/NAME`"),
        );
        return Vec::new();
    };
    let mut places: Vec<PlaceId> =
        world.places.iter().filter(|(_, place)| place.cluster == cluster).map(|(id, _)| id).collect();
    if stream.entry == Entry::Direct {
        places.truncate(1);
    }
    places
}

/// Who is behind a stream. An event of theirs decides until the next one or, as they have gone then, for the 99th percentile
/// of a user's gaps at most, taken as exponential: open requests that come by chance and are anybody's are that exactly. Of
/// closed streams the gap is what they think. Hauer et al. (NSDI 2020) choose the cutoff so, and have half an hour.
fn people(stream: &Written, arrivals: &Arrivals, horizon: Duration, good_within: Option<Duration>) -> Option<People> {
    let (count, gap_s) = match arrivals {
        // Who comes and leaves for good is nobody whose time could be told.
        Arrivals::Closed { .. }
            if matches!(stream.sessions.as_ref().map(|s| &s.population), Some(file::Population::Arrive(_))) =>
        {
            return None;
        }
        Arrivals::Closed { users, think } => (*users, think.mean()),
        Arrivals::Open { rate, .. } => {
            let users = stream.users.as_ref()?.value;
            (users, f64::from(users) * horizon.seconds() / rate.expected(Duration::ZERO, horizon).max(1.0))
        }
    };
    let cutoff = Duration::from_seconds_f64(gap_s * libm::log(100.0)).clamp(CUTOFF_LEAST, CUTOFF_MOST);
    Some(People { count, cutoff, good_within })
}

fn sessions(
    scenario: &Scenario,
    books: &Books,
    (stream, told): (&Written, &crate::scenario::file::Sessions),
    asks: u32,
    login: Option<u32>,
) -> Sessions {
    let scale = stream.scale.value;
    let population = match &told.population {
        // At least one is left: `decode`.
        file::Population::Open(count) => Population::Open((f64::from(*count) * scale).round() as u32),
        file::Population::Arrive(law) => Population::Arrive(rate(scenario, books, stream, law)),
    };
    let (last, think) = (told.last.clone(), told.think.clone());
    Sessions { population, last, think, asks, login, reconnect: told.reconnect }
}

fn arrivals(scenario: &Scenario, books: &Books, stream: &Written) -> Arrivals {
    let scale = stream.scale.value;
    match &stream.arrivals {
        StreamArrivals::Closed { users, think } => {
            let users = (f64::from(users.value) * scale).round() as u32;
            Arrivals::Closed { users, think: think.clone() }
        }
        StreamArrivals::Open { gap, rate } => {
            Arrivals::Open { gap: gap.clone(), rate: self::rate(scenario, books, stream, &rate.value) }
        }
    }
}

fn rate(scenario: &Scenario, books: &Books, stream: &Written, law: &RateLaw) -> Rate {
    let scale = stream.scale.value;
    let points = match law {
        RateLaw::Constant(rate) => vec![(Duration::ZERO, rate * scale)],
        RateLaw::Steps(steps) => steps_of(steps, scale),
        RateLaw::Diurnal { low, high, peak } => {
            let region = match &stream.from.value {
                StreamFrom::Region(name) => name,
                StreamFrom::Cluster(name) => &scenario.topology.clusters[name].region.value,
            };
            let is = scenario.topology.regions[region].is.as_ref();
            let zero = clock_at_zero(scenario, is.and_then(|is| books.region(is)));
            diurnal(low * scale, high * scale, *peak, zero, scenario.run.horizon.value)
        }
    };
    Rate { points }
}

/// Two points at one time make a step.
fn steps_of(steps: &[(Duration, f64)], scale: f64) -> Vec<(Duration, f64)> {
    let mut points: Vec<(Duration, f64)> = Vec::new();
    for &(at, rate) in steps {
        if let Some(&(_, before)) = points.last() {
            points.push((at, before));
        }
        points.push((at, rate * scale));
    }
    points
}

/// A cosine over the day, from the time of day at t = 0 to the end of the horizon, as straight lines; over a whole day even where
/// the run is shorter, so that a bill can integrate it.
fn diurnal(low: f64, high: f64, peak: Duration, at_zero: Duration, horizon: Duration) -> Vec<(Duration, f64)> {
    let rate = |at: Duration| {
        let phase = at_zero.seconds() + at.seconds() - peak.seconds();
        low + (high - low) * (1.0 + libm::cos(2.0 * std::f64::consts::PI * phase / DAY.seconds())) / 2.0
    };
    let steps = horizon.max(DAY).nanos().div_ceil(CURVE_STEP.nanos());
    (0..=steps).map(|step| CURVE_STEP.saturating_mul(step)).map(|at| (at, rate(at))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_swings_between_low_and_high() {
        let day = diurnal(100.0, 300.0, Duration::from_secs(20 * 3600), Duration::from_secs(8 * 3600), DAY);
        assert_eq!(day.len(), 97);
        assert!((day[0].1 - 100.0).abs() < 1e-9, "08:00 is twelve hours from the peak");
        assert!((day[48].1 - 300.0).abs() < 1e-9, "20:00 is the peak");
        assert!((day[24].1 - 200.0).abs() < 1e-9);
    }

    #[test]
    fn a_short_run_knows_its_whole_day() {
        let short = diurnal(100.0, 300.0, Duration::from_secs(20 * 3600), Duration::ZERO, Duration::from_secs(1800));
        assert_eq!(short.len(), 97);
        assert!(short.iter().any(|&(_, rate)| (rate - 300.0).abs() < 1e-9), "the peak lies outside the run");
    }

    #[test]
    fn straight_lines_stay_close_to_the_cosine() {
        let day = diurnal(0.0, 1.0, Duration::ZERO, Duration::ZERO, DAY);
        let middle = (day[0].1 + day[1].1) / 2.0;
        let truth = (1.0 + libm::cos(2.0 * std::f64::consts::PI * 450.0 / 86_400.0)) / 2.0;
        assert!((middle - truth).abs() < 6e-4, "{middle} {truth}");
    }

    #[test]
    fn a_step_is_two_points_at_one_time() {
        let s = Duration::from_secs;
        assert_eq!(steps_of(&[(s(0), 1.0), (s(10), 3.0)], 2.0), [(s(0), 2.0), (s(10), 2.0), (s(10), 6.0)]);
    }
}
