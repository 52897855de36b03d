//! The yardstick mesh as a loop written for it alone, on the engine's event set: what the machine is measured against.
//!
//! Three regions of four services; a call tree of seven calls; random numbers by counter, so that any coding of this
//! mesh draws the same number for the same purpose and must give the same latencies: the mean of 999,999 requests is
//! 59.0948 ms, the p99 166.05 ms. `scenarios/yardstick.yaml` is the same mesh for the machine, with draws of its own.

use std::cmp::Ordering;
use std::collections::VecDeque;

use eastwest::engine::{Event, Model, Schedule, run};
use eastwest::units::{Duration, SimTime};

const REGIONS: usize = 3;
const SERVERS: [u32; 4] = [3, 6, 8, 12];
const MEANS_MS: [f64; 4] = [1.0, 2.0, 3.0, 1.0];
/// One way, between regions.
const LINK_US: [[u64; 3]; 3] = [[250, 15_000, 40_000], [15_000, 250, 30_000], [40_000, 30_000, 250]];
/// Chance that a call goes to its caller's region, and to that or the next.
const HOME: f64 = 0.8;
const HOME_OR_NEXT: f64 = 0.9;

const NODES: usize = 7;
const SERVICE_OF: [usize; NODES] = [0, 1, 2, 3, 3, 3, 3];
const PARENT: [usize; NODES] = [0, 0, 0, 1, 1, 2, 2];
const CHILDREN: [&[usize]; NODES] = [&[1, 2], &[3, 4], &[5, 6], &[], &[], &[], &[]];

const ARRIVE: u32 = 0;
const DELIVER: u32 = 1;
const SERVED: u32 = 2;
const REPLY: u32 = 3;

/// What a run of the loop leaves.
pub(crate) struct ByHand {
    /// Of all requests.
    pub(crate) mean_ms: f64,
    /// Of all requests.
    pub(crate) p99_ms: f64,
    /// Mean wait and service of s0 .. s3; zeros where nobody watched.
    pub(crate) sojourn_ms: [f64; 4],
    /// How many events.
    pub(crate) events: u64,
}

#[derive(Clone, Default)]
struct Request {
    id: u64,
    sent: SimTime,
    /// Target region of each call.
    region: [u8; NODES],
    /// What a call still waits for: its own service and its children's replies.
    open: [u8; NODES],
}

struct Station {
    free: u32,
    waiting: VecDeque<u32>,
}

/// Sojourns are only taken where they are asked for: what is measured for speed does without.
struct Mesh<const WATCH: bool> {
    requests: Vec<Request>,
    unused: Vec<u32>,
    stations: Vec<Station>,
    arrived: [u64; REGIONS],
    limit: u64,
    latencies_ns: Vec<u64>,
    /// By call: when it was delivered.
    delivered: Vec<SimTime>,
    /// By service: visits and the sum of their sojourns.
    sojourns_ns: [(u64, u64); 4],
}

/// Draw `slot` of request `id`: SplitMix64 at a computed index, seed 12345.
fn uniform(id: u64, slot: u64) -> f64 {
    let mut z = (id * 32 + slot + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(12_345);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn exponential(mean_ms: f64, u: f64) -> Duration {
    Duration::from_seconds_f64(-mean_ms * 1e-3 * libm::log(1.0 - u))
}

fn order(id: u64, node: usize, kind: u32) -> u32 {
    (id as u32) << 16 | (node as u32) << 4 | kind
}

impl<const WATCH: bool> Mesh<WATCH> {
    fn arrive(&mut self, region: usize, now: SimTime, schedule: &mut Schedule) {
        let id = self.arrived[region] * REGIONS as u64 + region as u64;
        self.arrived[region] += 1;
        self.next_arrival(region, now, schedule);
        let slot = self.unused.pop().unwrap_or_else(|| {
            self.requests.push(Request::default());
            self.requests.len() as u32 - 1
        });
        let request = &mut self.requests[slot as usize];
        *request = Request { id, sent: now, region: [region as u8; NODES], open: [0; NODES] };
        self.send(slot, 0, region, now, schedule);
    }

    fn next_arrival(&mut self, region: usize, now: SimTime, schedule: &mut Schedule) {
        let id = self.arrived[region] * REGIONS as u64 + region as u64;
        if id < self.limit {
            schedule.at(now + exponential(0.5, uniform(id, 0)), order(id, 0, ARRIVE), region as u32);
        }
    }

    fn send(&mut self, slot: u32, node: usize, caller: usize, now: SimTime, schedule: &mut Schedule) {
        let request = &mut self.requests[slot as usize];
        let target = usize::from(request.region[node]);
        request.open[node] = 1 + CHILDREN[node].len() as u8;
        let delay = Duration::from_micros(LINK_US[caller][target]);
        schedule.at(now + delay, order(request.id, node, DELIVER), slot * 8 + node as u32);
    }

    fn serve(&mut self, call: u32, now: SimTime, schedule: &mut Schedule) {
        let (request, node) = (&self.requests[call as usize / 8], call as usize % 8);
        let work = exponential(MEANS_MS[SERVICE_OF[node]], uniform(request.id, 1 + node as u64));
        schedule.at(now + work, order(request.id, node, SERVED), call);
    }

    fn station(&mut self, call: u32) -> &mut Station {
        let (request, node) = (&self.requests[call as usize / 8], call as usize % 8);
        &mut self.stations[usize::from(request.region[node]) * 4 + SERVICE_OF[node]]
    }

    fn served(&mut self, call: u32, now: SimTime, schedule: &mut Schedule) {
        let station = self.station(call);
        match station.waiting.pop_front() {
            Some(next) => self.serve(next, now, schedule),
            None => station.free += 1,
        }
        let (slot, node) = (call / 8, call as usize % 8);
        if WATCH {
            let (visits, sum) = &mut self.sojourns_ns[SERVICE_OF[node]];
            *visits += 1;
            *sum += now.since(self.delivered[call as usize]).nanos();
        }
        let caller = usize::from(self.requests[slot as usize].region[node]);
        for &child in CHILDREN[node] {
            let request = &mut self.requests[slot as usize];
            let u = uniform(request.id, 8 + child as u64);
            let away = usize::from(u >= HOME) + usize::from(u >= HOME_OR_NEXT);
            request.region[child] = ((caller + away) % REGIONS) as u8;
            self.send(slot, child, caller, now, schedule);
        }
        self.one_less(slot, node, now, schedule);
    }

    /// A part of a call is done; the last one sends the reply.
    fn one_less(&mut self, slot: u32, node: usize, now: SimTime, schedule: &mut Schedule) {
        let request = &mut self.requests[slot as usize];
        request.open[node] -= 1;
        if request.open[node] > 0 {
            return;
        }
        let here = usize::from(request.region[node]);
        let caller = if node == 0 { here } else { usize::from(request.region[PARENT[node]]) };
        let delay = Duration::from_micros(LINK_US[here][caller]);
        schedule.at(now + delay, order(request.id, node, REPLY), slot * 8 + node as u32);
    }

    fn reply(&mut self, call: u32, now: SimTime, schedule: &mut Schedule) {
        let (slot, node) = (call / 8, call as usize % 8);
        if node > 0 {
            return self.one_less(slot, PARENT[node], now, schedule);
        }
        self.latencies_ns.push(now.since(self.requests[slot as usize].sent).nanos());
        self.unused.push(slot);
    }
}

impl<const WATCH: bool> Model for Mesh<WATCH> {
    fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
        match event.order & 15 {
            ARRIVE => self.arrive(event.slot as usize, now, schedule),
            DELIVER => {
                if WATCH {
                    let calls = self.delivered.len().max(event.slot as usize + 1);
                    self.delivered.resize(calls, SimTime::ZERO);
                    self.delivered[event.slot as usize] = now;
                }
                let station = self.station(event.slot);
                if station.free == 0 {
                    station.waiting.push_back(event.slot);
                } else {
                    station.free -= 1;
                    self.serve(event.slot, now, schedule);
                }
            }
            SERVED => self.served(event.slot, now, schedule),
            _ => self.reply(event.slot, now, schedule),
        }
    }

    fn tie(&self, a: Event, b: Event) -> Ordering {
        let id = |event: Event| self.requests.get(event.slot as usize / 8).map(|request| request.id);
        id(a).cmp(&id(b))
    }
}

/// The mesh until `requests` requests have been answered.
pub(crate) fn run_by_hand<const WATCH: bool>(requests: u64) -> ByHand {
    let stations = (0..REGIONS * 4).map(|row| Station { free: SERVERS[row % 4], waiting: VecDeque::new() }).collect();
    let mut mesh = Mesh::<WATCH> {
        requests: Vec::new(),
        unused: Vec::new(),
        stations,
        arrived: [0; REGIONS],
        limit: requests,
        latencies_ns: Vec::with_capacity(requests as usize),
        delivered: Vec::new(),
        sojourns_ns: [(0, 0); 4],
    };
    let mut schedule = Schedule::new();
    for region in 0..REGIONS {
        mesh.next_arrival(region, SimTime::ZERO, &mut schedule);
    }
    let finished = run(&mut mesh, &mut schedule, SimTime::NEVER);
    let mut all = mesh.latencies_ns;
    assert_eq!(all.len() as u64, requests, "every request is answered");
    let sum: u128 = all.iter().map(|&ns| u128::from(ns)).sum();
    let rank = (all.len() * 99).div_ceil(100) - 1;
    let p99 = *all.select_nth_unstable(rank).1;
    ByHand {
        mean_ms: sum as f64 / requests as f64 / 1e6,
        p99_ms: p99 as f64 / 1e6,
        sojourn_ms: mesh.sojourns_ns.map(|(visits, sum)| sum as f64 / visits.max(1) as f64 / 1e6),
        events: finished.events,
    }
}
