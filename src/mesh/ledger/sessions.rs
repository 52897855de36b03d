//! What becomes of sessions: how many are open where, how many break, and how soon they are back.

use super::window::Window;
use super::{FINE, Ledger, OUTSIDE};
use crate::meter::Histogram;
use crate::record::{Charge, ClusterSessions, SessionFault, SessionRow, SessionWindow};
use crate::units::SimTime;
use crate::world::{ClusterId, StreamId, World};

const SECOND: u64 = 1_000_000_000;
/// What came before a fault is looked at for so long, seconds.
const LEAD: usize = 30;

/// What happens to a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::mesh) enum Turn {
    /// A client tries to connect: anew, or again.
    Tried,
    /// A try, told by when it began, failed: nobody there, or the login was not answered well.
    Failed,
    /// A new session is open.
    Begun,
    /// It has lasted as long as it should.
    Ended,
    /// Its client knows that its connection is broken.
    Broken,
    /// One that was broken is open again.
    Back,
    /// Its client tries no more.
    GivenUp,
}

/// Of one stream.
#[derive(Debug)]
pub(in crate::mesh) struct Count {
    stream: StreamId,
    windows: Vec<SessionWindow>,
    /// By cluster: nanoseconds that sessions were open, by window.
    open: Vec<(ClusterId, Vec<u64>)>,
    /// By second of the horizon: tries to connect.
    tried: Vec<u32>,
    /// By fault: broken, given up, and how long after its beginning others were back.
    faults: Vec<(u64, u64, Histogram)>,
}

impl Count {
    pub(super) fn new(world: &World, stream: StreamId, windows: usize, horizon: u64) -> Self {
        let mut clusters: Vec<ClusterId> = Vec::new();
        for &proxy in &world.streams[stream].entries {
            let cluster = world.places[world.proxies[proxy].place].cluster;
            if !clusters.contains(&cluster) {
                clusters.push(cluster);
            }
        }
        Count {
            stream,
            windows: vec![SessionWindow::default(); windows],
            open: clusters.into_iter().map(|cluster| (cluster, vec![0; windows])).collect(),
            tried: vec![0; horizon.div_ceil(SECOND) as usize],
            faults: world.faults.rows().iter().map(|_| (0, 0, Histogram::new(FINE))).collect(),
        }
    }

    fn record(&self, world: &World, windows: &[Window], (zero, end): (u64, u64)) -> SessionRow {
        let fault = |((name, window), (broken, given_up, back)): ((&String, &Window), &(u64, u64, Histogram))| {
            let measured: Vec<(u64, u64)> =
                window.measured(zero).into_iter().filter(|span| span.0 < end - zero).collect();
            let over = |stop: u64| (stop + window.recovery).min(end - zero).div_ceil(SECOND) as usize;
            let worst = measured.iter().flat_map(|&(start, stop)| {
                let from = (start / SECOND) as usize;
                self.tried[from..over(stop).max(from)].iter().copied()
            });
            let before = |&(start, _): &(u64, u64)| {
                let to = (start / SECOND) as usize;
                &self.tried[to.saturating_sub(LEAD)..to]
            };
            let first = measured.first().map(before).unwrap_or_default();
            SessionFault {
                fault: name.clone(),
                broken: *broken,
                given_up: *given_up,
                back: back.sparse(),
                worst_second: worst.max().unwrap_or(0),
                before: first.iter().map(|&tried| u64::from(tried)).sum(),
                before_seconds: first.len() as u32,
            }
        };
        let names = world.faults.rows().iter().map(|fault| &fault.name);
        let cluster = |(cluster, open_ns): &(ClusterId, Vec<u64>)| ClusterSessions {
            cluster: world.clusters[*cluster].clone(),
            open_ns: open_ns.clone(),
        };
        SessionRow {
            stream: world.streams[self.stream].name.clone(),
            windows: self.windows.clone(),
            clusters: self.open.iter().map(cluster).collect(),
            tried: self.tried.clone(),
            faults: names.zip(windows).zip(&self.faults).map(fault).collect(),
        }
    }
}

impl Ledger {
    /// Counts of streams with sessions, in the order in which the streams stand.
    pub(super) fn session_counts(world: &World, windows: usize, horizon: u64) -> Vec<Count> {
        let with = world.streams.iter().filter(|(_, stream)| stream.sessions.is_some());
        with.map(|(id, _)| Count::new(world, id, windows, horizon)).collect()
    }

    /// Something happens to a session of the `line`-th stream that has any; `broke`: when its connection was known to be
    /// broken, of one that is back or given up.
    pub(in crate::mesh) fn session(&mut self, line: usize, turn: Turn, at: SimTime, broke: Option<u64>) {
        let (at, window) = (at.nanos(), self.window_of(at));
        let (zero, count) = (self.zero, &mut self.sessions[line]);
        if window != OUTSIDE {
            let counts = &mut count.windows[window];
            match turn {
                Turn::Tried => {
                    counts.tried += 1;
                    count.tried[((at - zero) / SECOND) as usize] += 1;
                }
                Turn::Failed => counts.failed += 1,
                Turn::Begun => counts.begun += 1,
                Turn::Ended => counts.ended += 1,
                Turn::Broken => counts.broken += 1,
                Turn::Back => counts.back += 1,
                Turn::GivenUp => counts.given_up += 1,
            }
        }
        let Some(broke) = broke.filter(|&broke| (zero..self.end).contains(&broke)) else { return };
        for (fault, (broken, given_up, back)) in self.faults.iter().zip(&mut count.faults) {
            if fault.part(broke) == Charge::Outside {
                continue;
            }
            let start = fault.last(broke).map_or(broke, |span| span.0.max(zero));
            match turn {
                Turn::Broken => *broken += 1,
                Turn::GivenUp => *given_up += 1,
                Turn::Back => back.record(at - start),
                Turn::Tried | Turn::Failed | Turn::Begun | Turn::Ended => {}
            }
        }
    }

    /// A session was open at a cluster's ingress for a while.
    pub(in crate::mesh) fn session_open(&mut self, line: usize, cluster: ClusterId, from: u64, to: u64) {
        let (zero, horizon, windows) = (self.zero, u128::from(self.horizon), self.windows as u128);
        let (from, to) = (from.clamp(zero, self.end) - zero, to.clamp(zero, self.end) - zero);
        let Some((_, open)) = self.sessions[line].open.iter_mut().find(|(here, _)| *here == cluster) else { return };
        let mut at = from;
        while at < to {
            // The window that holds it, and where that ends.
            let window = (u128::from(at) * windows / horizon) as usize;
            let end = (horizon * (window as u128 + 1)).div_ceil(windows) as u64;
            open[window] += end.min(to) - at;
            at = end;
        }
    }

    fn window_of(&self, at: SimTime) -> usize {
        if !self.within(at.nanos()) {
            return OUTSIDE;
        }
        let since = u128::from(at.nanos() - self.zero);
        (since * self.windows as u128 / u128::from(self.horizon)) as usize
    }

    pub(super) fn session_rows(&self, world: &World) -> Vec<SessionRow> {
        self.sessions.iter().map(|count| count.record(world, &self.faults, (self.zero, self.end))).collect()
    }
}
