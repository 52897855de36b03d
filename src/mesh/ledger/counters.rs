//! Counters of replicas, stations, paths and caps.

use super::{Ledger, OUTSIDE};
use crate::mesh::caps::Passed;
use crate::mesh::fcfs::Served;
use crate::units::{Bytes, SimTime};
use crate::world::{Direction, EdgeId, EndpointId, HostSetId, LinkId, PathId, StationId, World};

impl Ledger {
    /// Does what happens now count?
    #[inline]
    pub(in crate::mesh) fn counts(&self) -> bool {
        self.window != OUTSIDE
    }

    pub(in crate::mesh) fn flow(&mut self, hosts: HostSetId, endpoint: EndpointId, attempts: u64) {
        self.flows[hosts.0 as usize * self.places + self.place_of[endpoint.0 as usize] as usize] += attempts;
    }

    /// Bytes that are sent at `at`, now or later.
    #[inline(always)]
    pub(in crate::mesh) fn bytes(&mut self, path: PathId, forward: Bytes, back: Bytes, at: SimTime) {
        if at.nanos() < self.next_window {
            if self.window != OUTSIDE {
                let crossing = &mut self.crossing[path.0 as usize];
                crossing[0] += forward.0;
                crossing[1] += back.0;
            }
        } else {
            self.bytes_ahead(path, forward, back, at);
        }
    }

    #[inline(never)]
    fn bytes_ahead(&mut self, path: PathId, forward: Bytes, back: Bytes, at: SimTime) {
        let window = self.window_ahead(at.nanos());
        if window != OUTSIDE {
            let row = &mut self.paths[path.0 as usize];
            row.forward[window] += forward.0;
            row.back[window] += back.0;
        }
    }

    /// Bytes sent again: they cross the path once more. `whole` is false where a cap had not let them cross before,
    /// so that they were counted when first sent.
    pub(in crate::mesh) fn resent(&mut self, path: PathId, direction: Direction, bytes: u64, whole: bool, at: SimTime) {
        let window = self.window_at(at.nanos());
        if window != OUTSIDE {
            let row = &mut self.paths[path.0 as usize];
            row.resent[window] += bytes;
            if whole {
                match direction {
                    Direction::Forward => row.forward[window] += bytes,
                    Direction::Back => row.back[window] += bytes,
                }
            }
        }
    }

    /// Bytes that passed the last cap of a way.
    pub(in crate::mesh) fn passed(&mut self, path: PathId, direction: Direction, bytes: u64, at: SimTime) {
        match direction {
            Direction::Forward => self.bytes(path, Bytes(bytes), Bytes(0), at),
            Direction::Back => self.bytes(path, Bytes(0), Bytes(bytes), at),
        }
    }

    /// What flowed in the background, window by window.
    pub(super) fn background(&mut self, world: &World) {
        for flow in &world.flows {
            let way = &world.paths[flow.path];
            for (window, (bytes, acks)) in flow.by_window(self.horizon, self.windows).into_iter().enumerate() {
                let row = &mut self.paths[flow.path.0 as usize];
                row.forward[window] += bytes;
                row.back[window] += acks;
                for link in way.links.iter().filter(|link| world.links[**link].cap.is_some()) {
                    self.caps[link.0 as usize].offered[window] += bytes;
                }
            }
        }
    }

    pub(in crate::mesh) fn lost(&mut self, path: PathId, at: SimTime) {
        let counts = self.window_at(at.nanos()) != OUTSIDE;
        self.paths[path.0 as usize].lost += u64::from(counts);
    }

    pub(in crate::mesh) fn connection_opened(&mut self, path: PathId, edge: EdgeId) {
        let row = &mut self.paths[path.0 as usize];
        row.open += 1;
        if self.window != OUTSIDE {
            row.connections[self.window] += 1;
            self.edges[edge.0 as usize].connections += 1;
        }
    }

    pub(in crate::mesh) fn connection_closed(&mut self, path: PathId) {
        self.paths[path.0 as usize].open -= 1;
    }

    /// `offered` bytes came to a cap, now.
    pub(in crate::mesh) fn cap(&mut self, link: LinkId, offered: u64, passed: Passed) {
        if self.window != OUTSIDE {
            let row = &mut self.caps[link.0 as usize];
            row.offered[self.window] += offered;
            row.dropped[self.window] += passed.dropped;
            if passed.dropped < offered {
                row.passed[self.window] += 1;
                row.waited_ns[self.window] += passed.waited;
            }
        }
    }

    pub(in crate::mesh) fn station(&mut self, station: StationId, came: u64, served: Served) {
        if self.within(came) {
            let count = &mut self.stations[self.station_of[station.0 as usize] as usize];
            count.row.jobs += 1;
            count.row.busy_ns += u128::from(served.end.min(self.end) - served.start.min(self.end));
            count.wait.record(served.start - came);
        }
    }

    pub(in crate::mesh) fn arrived(&mut self, endpoint: EndpointId, at: SimTime) {
        if self.within(at.nanos()) {
            self.services[self.service_of[endpoint.0 as usize] as usize].row.arrived += 1;
        }
    }

    pub(in crate::mesh) fn blocked(&mut self, endpoint: EndpointId, at: SimTime) {
        if self.within(at.nanos()) {
            self.services[self.service_of[endpoint.0 as usize] as usize].row.blocked += 1;
        }
    }

    /// A request that came at `came` left, because nobody waits for it any more.
    pub(in crate::mesh) fn dropped(&mut self, endpoint: EndpointId, came: SimTime) {
        if self.within(came.nanos()) {
            self.services[self.service_of[endpoint.0 as usize] as usize].row.dropped += 1;
        }
    }

    /// A request came to a replica at `came`, now, and was or will be served first come, first served.
    #[inline(always)]
    pub(in crate::mesh) fn served(&mut self, endpoint: EndpointId, came: u64, served: Served) {
        let row = &mut self.services[self.service_of[endpoint.0 as usize] as usize];
        if came < self.zero || served.end >= self.plain_end {
            row.row.arrived += u64::from(self.window != OUTSIDE);
            self.visit(endpoint, came, served.start, served.end, served.end - served.start);
            return;
        }
        row.row.arrived += 1;
        row.row.visits += 1;
        row.row.waited += u64::from(served.start > came);
        row.row.busy_ns += u128::from(served.end - served.start);
        row.row.level_ns += u128::from(served.end - came);
        row.wait.record(served.start - came);
        row.sojourn.record(served.end - came);
    }

    /// A job came to a worker at `came`, was served from `start` to `end` with `work` of work.
    #[inline(never)]
    pub(in crate::mesh) fn visit(&mut self, endpoint: EndpointId, came: u64, start: u64, end: u64, work: u64) {
        let clip = |at: u64| at.clamp(self.zero, self.end);
        let count = &mut self.services[self.service_of[endpoint.0 as usize] as usize];
        // A shared server works on a job all the time that it is there: its work is spread over the stay.
        let busy = if end > start && end - start != work {
            u128::from(clip(end) - clip(came)) * u128::from(work) / u128::from((end - came).max(1))
        } else {
            u128::from(clip(end) - clip(start))
        };
        count.row.busy_ns += busy;
        if !count.row.busy.is_empty() && busy > 0 {
            let from = if u128::from(clip(end) - clip(start)) == busy { clip(start) } else { clip(came) };
            spread(&mut count.row.busy, (from - self.zero, clip(end) - self.zero), busy, self.horizon);
        }
        count.row.level_ns += u128::from(clip(end) - clip(came));
        if (self.zero..self.end).contains(&came) {
            count.row.visits += 1;
            count.row.waited += u64::from(start > came);
            count.wait.record(start - came);
            count.sojourn.record(end - came);
        }
    }
}

/// Work done evenly from one instant to another goes to the windows in between.
#[cold]
fn spread(windows: &mut [u64], (from, to): (u64, u64), busy: u128, horizon: u64) {
    let count = windows.len() as u128;
    let edge = |window: u128| (u128::from(horizon) * window / count) as u64;
    let mut window = u128::from(from) * count / u128::from(horizon);
    let (mut at, mut done) = (from, 0);
    while at < to {
        let next = edge(window + 1).clamp(at, to);
        let upto = busy * u128::from(next - from) / u128::from(to - from);
        let last = windows.len() - 1;
        windows[(window as usize).min(last)] += (upto - done) as u64;
        (at, done) = (next, upto);
        window += 1;
    }
}
