//! What the run counts: requests, calls, visits, bytes. Integers; only what falls within the horizon.

mod counters;
mod cuts;
mod errors;
mod fine;
mod latencies;
mod people;
mod record;
mod rows;
mod sessions;
mod watch;
mod window;

use self::cuts::Cuts;
pub(super) use self::errors::Blame;
use self::errors::Errors;
use self::fine::Fine;
use self::latencies::Latencies;
use self::people::People;
use self::rows::{service_rows, station_rows};
pub(super) use self::sessions::Turn;
use self::watch::Watch;
use self::window::{Window, apart};
use super::calls::Request;
use super::machine::of_run;
use crate::fault::Span;
use crate::meter::Histogram;
use crate::record::{CallBalance, CapRow, Charge, EdgeCalls, Exemplar, Failure, PathRow, ServiceRow, StationRow};
use crate::units::SimTime;
use crate::world::{Change, EdgeId, OperationId, StreamId, World, windows};

/// Significant bits of request histograms (0.1 %), and of those of edges and stations (0.4 %).
const FINE: u8 = 10;
const COARSE: u8 = 8;
/// Spans of a window in the series for warm-up detection.
const SPANS: usize = 10;
/// The window of an instant outside the horizon.
const OUTSIDE: usize = usize::MAX;
/// Requests kept to be followed.
const SLOWEST: usize = 5;

/// Counters of a run under way.
#[derive(Debug)]
pub(super) struct Ledger {
    zero: u64,
    end: u64,
    horizon: u64,
    /// The window of the clock, or [`OUTSIDE`].
    window: usize,
    /// How many windows there are.
    windows: usize,
    next_window: u64,
    cuts: Cuts,
    rows: Vec<Row>,
    edges: Vec<EdgeCount>,
    /// By endpoint: row of `services`.
    service_of: Vec<u32>,
    services: Vec<ServiceCount>,
    station_of: Vec<u32>,
    stations: Vec<StationCount>,
    /// By link; empty where it has no cap.
    caps: Vec<CapRow>,
    paths: Vec<PathRow>,
    /// By path: bytes there and back in the window of the clock.
    crossing: Vec<[u64; 2]>,
    flows: Vec<u64>,
    places: usize,
    place_of: Vec<u32>,
    faults: Vec<Window>,
    /// The end of the horizon where no visit is counted by window: else all are looked at closely.
    plain_end: u64,
    /// When the first fault comes; never, without one.
    first_fault: u64,
    /// By edge: calls that began since then.
    since: Vec<EdgeCalls>,
    fine: Option<Box<Fine>>,
    pub(super) watch: Option<Box<Watch>>,
    pub(super) people: Option<Box<People>>,
    /// Of streams whose users keep connections, in order.
    sessions: Vec<self::sessions::Count>,
    errors: Errors,
    slowest: Vec<Exemplar>,
    pub(super) balance: CallBalance,
}

#[derive(Debug)]
struct Row {
    stream: StreamId,
    operation: OperationId,
    /// By piece: sent, failed by class.
    counts: Vec<(u64, [u64; Failure::ALL.len()])>,
    latencies: Latencies,
    series: Vec<(u64, u64)>,
}

#[derive(Debug)]
struct EdgeCount {
    calls: u64,
    attempts: u64,
    failed: [u64; Failure::ALL.len()],
    latency: Histogram,
    connections: u64,
    ejections: u64,
}

#[derive(Debug)]
struct ServiceCount {
    row: ServiceRow,
    wait: Histogram,
    sojourn: Histogram,
}

#[derive(Debug)]
struct StationCount {
    row: StationRow,
    wait: Histogram,
}

fn cap_row(link: &str, rate_bps: u64, windows: usize) -> CapRow {
    let none = || vec![0; windows];
    CapRow { link: link.to_owned(), rate_bps, offered: none(), dropped: none(), passed: none(), waited_ns: none() }
}

impl Ledger {
    /// `spans`: by fault, when it lasts, nanoseconds from t = 0; `changes`: what it does then.
    pub(super) fn new(world: &World, zero: SimTime, spans: &[Vec<Span>], changes: &[Change]) -> Self {
        let horizon = world.plan.horizon.nanos();
        let windows = windows(world.plan.horizon);
        assert!(horizon < u64::MAX / (windows * SPANS) as u64, "a horizon is shorter than 350 days");
        let (service_of, mut services) = service_rows(world);
        if !world.faults.is_empty() {
            services.iter_mut().for_each(|service| service.row.busy = vec![0; windows]);
        }
        let (station_of, stations) = station_rows(world);
        let blank = PathRow {
            forward: vec![0; windows],
            back: vec![0; windows],
            connections: vec![0; windows],
            resent: vec![0; windows],
            ..PathRow::default()
        };
        let faults = world.faults.rows().iter().zip(spans).map(|(fault, spans)| Window {
            spans: apart(spans.iter().map(|&(from, to)| [from, to].map(|at| of_run(zero, at).nanos()))),
            recovery: fault.recovery.nanos(),
            hit_before: Vec::new(),
            shared: Vec::new(),
            edges: vec![[EdgeCalls::default(); 3]; world.edges.len()],
        });
        let mut faults: Vec<Window> = faults.collect();
        let end = zero.nanos() + horizon;
        let cuts = Cuts::new(&faults, zero.nanos(), horizon, windows);
        for fault in &mut faults {
            (fault.hit_before, fault.shared) = (vec![0; cuts.len()], vec![0; cuts.len()]);
        }
        let rows: Vec<Row> = world
            .streams
            .iter()
            .flat_map(|(stream, compiled)| compiled.mix.iter().map(move |&(operation, _)| (stream, operation)))
            .map(|(stream, operation)| Row {
                stream,
                operation,
                counts: vec![(0, [0; Failure::ALL.len()]); cuts.len()],
                latencies: Latencies::new(cuts.len(), FINE),
                series: vec![(0, 0); windows * SPANS],
            })
            .collect();
        Ledger {
            first_fault: faults.iter().filter_map(|fault| Some(fault.spans.first()?.0)).min().unwrap_or(u64::MAX),
            plain_end: if faults.is_empty() { end } else { 0 },
            since: vec![EdgeCalls::default(); world.edges.len()],
            fine: Fine::new(&faults, zero.nanos(), end),
            watch: Watch::new(world, changes, &faults, zero.nanos(), end),
            people: People::new(world, zero, horizon),
            sessions: Ledger::session_counts(world, windows, horizon),
            errors: Errors::default(),
            zero: zero.nanos(),
            end: zero.nanos() + horizon,
            horizon,
            window: OUTSIDE,
            windows,
            next_window: zero.nanos(),
            edges: world
                .edges
                .rows()
                .iter()
                .map(|_| EdgeCount {
                    calls: 0,
                    attempts: 0,
                    failed: [0; Failure::ALL.len()],
                    latency: Histogram::new(COARSE),
                    connections: 0,
                    ejections: 0,
                })
                .collect(),
            service_of,
            services,
            station_of,
            stations,
            caps: world
                .links
                .rows()
                .iter()
                .map(|link| link.cap.map_or_else(CapRow::default, |cap| cap_row(&link.name, cap.rate.0, windows)))
                .collect(),
            paths: world.paths.rows().iter().map(|_| blank.clone()).collect(),
            crossing: vec![[0; 2]; world.paths.len()],
            flows: vec![0; world.host_sets.len() * world.places.len()],
            places: world.places.len(),
            place_of: world.endpoints.rows().iter().map(|endpoint| endpoint.place.0).collect(),
            faults,
            slowest: Vec::new(),
            balance: CallBalance::default(),
            rows,
            cuts,
        }
    }

    /// Time goes on: which window are we in?
    #[inline(always)]
    pub(super) fn clock(&mut self, now: SimTime) {
        if now.nanos() >= self.next_window {
            self.turn(now);
        }
    }

    #[cold]
    fn turn(&mut self, now: SimTime) {
        self.close_window();
        while now.nanos() >= self.next_window {
            if self.next_window >= self.end {
                self.window = OUTSIDE;
                self.next_window = u64::MAX;
            } else {
                self.window = if self.next_window == self.zero { 0 } else { self.window + 1 };
                let next = u128::from(self.horizon) * (self.window as u128 + 1) / self.windows as u128;
                self.next_window = (self.zero + next as u64).max(self.next_window + 1);
            }
        }
    }

    /// What crossed paths in the window of the clock goes to its place.
    fn close_window(&mut self) {
        let window = self.window;
        for (row, crossing) in self.paths.iter_mut().zip(&mut self.crossing) {
            let [forward, back] = std::mem::take(crossing);
            if forward + back > 0 {
                row.forward[window] += forward;
                row.back[window] += back;
            }
        }
    }

    /// The window of an instant that is not over yet, or [`OUTSIDE`].
    #[inline]
    fn window_at(&self, at: u64) -> usize {
        if at < self.next_window { self.window } else { self.window_ahead(at) }
    }

    #[cold]
    fn window_ahead(&self, at: u64) -> usize {
        if at >= self.end {
            return OUTSIDE;
        }
        let since = u128::from(at - self.zero);
        let window = since * self.windows as u128 / u128::from(self.horizon);
        // A window begins at the nanosecond below its exact beginning.
        let next = u128::from(self.horizon) * (window + 1) / self.windows as u128;
        (window as usize + usize::from(since >= next)).min(self.windows - 1)
    }

    pub(super) fn within(&self, at: u64) -> bool {
        (self.zero..self.end).contains(&at)
    }

    /// A request is settled.
    pub(super) fn request(&mut self, request: &Request, intended: SimTime, now: SimTime, failure: Option<Failure>) {
        let (at, latency) = (intended.nanos(), now.since(intended).nanos());
        if !self.within(at) {
            return;
        }
        let piece = self.count(request.row, at, latency, failure);
        if failure.is_some() {
            for fault in &mut self.faults {
                fault.hit_before[piece] += u64::from(fault.hit_before(at, now.nanos()));
            }
            window::share(&mut self.faults, piece, at, now.nanos());
        }
        let full = self.slowest.len() == SLOWEST;
        if !full || self.slowest[SLOWEST - 1].latency_ns < latency {
            let exemplar = Exemplar {
                stream: request.stream,
                ordinal: request.ordinal,
                latency_ns: latency,
                ok: failure.is_none(),
            };
            let place = self.slowest.partition_point(|slower| slower.latency_ns >= latency);
            if full {
                self.slowest.pop();
            }
            self.slowest.insert(place, exemplar);
        }
    }

    /// A request was still open when the drain ended.
    pub(super) fn unfinished(&mut self, request: &Request, intended: SimTime, edge: EdgeId) {
        if self.within(intended.nanos()) {
            let piece = self.count(request.row, intended.nanos(), 0, Some(Failure::Unfinished));
            window::share(&mut self.faults, piece, intended.nanos(), intended.nanos());
            self.failed(request.row, intended, Failure::Unfinished, Blame::of(edge));
        }
    }

    /// The window of an instant within the horizon, as windows of requests are cut: and the span of it.
    fn span_at(&self, at: u64) -> (usize, usize) {
        let span = ((at - self.zero) * (self.windows * SPANS) as u64 / self.horizon) as usize;
        (span / SPANS, span)
    }

    /// Counts a request, and says in which piece it was sent.
    fn count(&mut self, row: u32, at: u64, latency: u64, failure: Option<Failure>) -> usize {
        let (window, span) = self.span_at(at);
        let piece = self.cuts.piece(window, at);
        if let Some(fine) = &mut self.fine {
            fine.count(at - self.zero, failure.is_none().then_some(latency));
        }
        let row = &mut self.rows[row as usize];
        let (sent, failed) = &mut row.counts[piece];
        *sent += 1;
        if let Some(failure) = failure {
            failed[failure as usize] += 1;
        } else {
            row.latencies.record(piece, latency);
            let series = &mut row.series[span];
            *series = (series.0 + 1, series.1 + latency);
        }
        piece
    }

    #[inline]
    pub(super) fn attempt(&mut self, edge: EdgeId, started: u64) {
        if self.within(started) {
            self.edges[edge.0 as usize].attempts += 1;
            if started >= self.first_fault {
                self.near_faults(edge, started, EdgeCalls { attempts: 1, ..EdgeCalls::default() });
            }
        }
    }

    #[inline]
    pub(super) fn call(&mut self, edge: EdgeId, started: u64, now: SimTime, failure: Option<Failure>) {
        if !self.within(started) {
            return;
        }
        let count = &mut self.edges[edge.0 as usize];
        count.calls += 1;
        match failure {
            Some(failure) => count.failed[failure as usize] += 1,
            None => count.latency.record(now.nanos() - started),
        }
        if started >= self.first_fault {
            let failed = u64::from(failure.is_some());
            self.near_faults(edge, started, EdgeCalls { calls: 1, failed, attempts: 0 });
        }
    }

    pub(super) fn call_unfinished(&mut self, edge: EdgeId, started: u64) {
        if self.within(started) {
            let count = &mut self.edges[edge.0 as usize];
            count.calls += 1;
            count.failed[Failure::Unfinished as usize] += 1;
            if started >= self.first_fault {
                self.near_faults(edge, started, EdgeCalls { calls: 1, failed: 1, attempts: 0 });
            }
        }
    }

    /// What is counted of calls that begin in faults and after them.
    #[inline(never)]
    fn near_faults(&mut self, edge: EdgeId, started: u64, more: EdgeCalls) {
        let since = &mut self.since[edge.0 as usize];
        since.calls += more.calls;
        since.attempts += more.attempts;
        since.failed += more.failed;
        let latest = self.faults.iter().filter_map(|fault| Some(fault.last(started)?.0)).max();
        for fault in &mut self.faults {
            let which = match fault.part(started) {
                Charge::During => 0,
                Charge::After => 1,
                // After its recovery, until another one comes.
                Charge::Outside if latest.is_some() && fault.last(started).map(|last| last.0) == latest => 2,
                Charge::Outside => continue,
            };
            let sum = &mut fault.edges[edge.0 as usize][which];
            sum.calls += more.calls;
            sum.attempts += more.attempts;
            sum.failed += more.failed;
        }
    }

    pub(super) fn ejected(&mut self, edge: EdgeId) {
        self.edges[edge.0 as usize].ejections += u64::from(self.window != OUTSIDE);
    }
}
