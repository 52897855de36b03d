//! Tables of connections on the way: a NAT gateway's ports, a balancer's connections. Whoever finds one full is not
//! answered: his SYN is lost, and he sends another (see `connections`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::connections::State;
use super::machine::Machine;
use crate::units::SimTime;
use crate::world::{ConnectionLimit, PathId, World};

/// How much of a second's new connections may come at once.
const BURST_NS: u64 = 1_000_000_000;

/// What a table remembers.
#[derive(Clone, Copy, Default, Debug)]
struct Entries {
    open: u64,
    /// When its bucket of new connections is full again (generic cell rate algorithm, ITU-T I.371).
    until: u64,
}

impl Entries {
    fn has_room(&self, limit: &ConnectionLimit, now: u64) -> bool {
        let rate = limit.new_per_second.is_none_or(|rate| self.until.saturating_sub(now) + gap(rate) <= BURST_NS);
        rate && limit.open.is_none_or(|most| self.open < most)
    }

    fn enter(&mut self, limit: &ConnectionLimit, now: u64) {
        self.open += 1;
        if let Some(rate) = limit.new_per_second {
            self.until = self.until.max(now) + gap(rate);
        }
    }
}

fn gap(rate: u64) -> u64 {
    BURST_NS.div_ceil(rate.max(1))
}

/// All tables of a world.
#[derive(Debug)]
pub(super) struct Admission {
    /// By path: the tables that a connection over it stands in; empty where there are none at all.
    of: Vec<Vec<u32>>,
    entries: Vec<Entries>,
    /// Connections that are over at a time that has not come when that is known: time and table.
    leaving: BinaryHeap<Reverse<(u64, u32)>>,
}

impl Admission {
    pub(super) fn new(world: &World) -> Self {
        let limits = &world.connection_limits;
        let mut of = vec![Vec::new(); if limits.is_empty() { 0 } else { world.paths.len() }];
        for (number, limit) in limits.iter().enumerate() {
            for path in &limit.paths {
                of[path.0 as usize].push(number as u32);
            }
        }
        Admission { of, entries: vec![Entries::default(); limits.len()], leaving: BinaryHeap::new() }
    }

    /// Takes a place in each table of the path, or in none, for a SYN that is sent at `now`. Who leaves after `clock` has not
    /// left yet: what is settled ahead of its time may say when it will, and must not make room for what comes before.
    fn enter(&mut self, limits: &[ConnectionLimit], path: PathId, now: u64, clock: u64) -> bool {
        let Some(of) = self.of.get(path.0 as usize) else { return true };
        while let Some(&Reverse((at, table))) = self.leaving.peek()
            && at <= clock
        {
            self.leaving.pop();
            self.entries[table as usize].open -= 1;
        }
        if !of.iter().all(|&table| self.entries[table as usize].has_room(&limits[table as usize], now)) {
            return false;
        }
        for &table in of {
            self.entries[table as usize].enter(&limits[table as usize], now);
        }
        true
    }

    /// Gives the places back, at a time that may be to come.
    pub(super) fn leave(&mut self, path: PathId, at: u64) {
        for &table in self.of.get(path.0 as usize).into_iter().flatten() {
            self.leaving.push(Reverse((at, table)));
        }
    }
}

impl Machine<'_> {
    /// An answer is, or will be, there at `at`: until then its connection keeps its places.
    #[inline(always)]
    pub(super) fn leaves_at(&mut self, slot: u32, at: SimTime) {
        let connection = &mut self.connections[slot];
        connection.quiet_at = connection.quiet_at.max(at.nanos());
    }

    /// Is there a place for this connection in every table on its way? Once there is, it is kept until the end.
    pub(super) fn admitted(&mut self, slot: u32, now: SimTime, clock: SimTime) -> bool {
        let connection = &mut self.connections[slot];
        if !connection.admitted && connection.state != State::Closed {
            let (path, limits) = (connection.path, &self.world.connection_limits);
            connection.admitted = self.admission.enter(limits, path, now.nanos(), clock.nanos());
        }
        connection.admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(open: Option<u64>, new_per_second: Option<u64>) -> ConnectionLimit {
        ConnectionLimit { name: "nat".into(), open, new_per_second, paths: vec![PathId(0)] }
    }

    fn admission(tables: usize) -> Admission {
        let entries = vec![Entries::default(); tables];
        Admission { of: vec![(0..tables as u32).collect()], entries, leaving: BinaryHeap::new() }
    }

    #[test]
    fn a_full_table_takes_nobody_until_one_leaves() {
        let (limits, mut table) = ([limit(Some(2), None)], admission(1));
        let enter = |table: &mut Admission| table.enter(&limits, PathId(0), 0, 0);
        assert_eq!([enter(&mut table), enter(&mut table), enter(&mut table)], [true, true, false]);
        table.leave(PathId(0), 0);
        assert_eq!([enter(&mut table), enter(&mut table)], [true, false]);
        table.leave(PathId(0), 7);
        assert!(!enter(&mut table), "it is over, but not yet");
        assert!(table.enter(&limits, PathId(0), 7, 7));
    }

    #[test]
    fn new_connections_come_at_the_rate_after_a_seconds_worth_at_once() {
        let (limits, mut table) = ([limit(None, Some(4))], admission(1));
        let count =
            |table: &mut Admission, now: u64| (0..10).filter(|_| table.enter(&limits, PathId(0), now, now)).count();
        assert_eq!(count(&mut table, 0), 4);
        assert_eq!(count(&mut table, 249_999_999), 0);
        assert_eq!(count(&mut table, 250_000_000), 1);
        assert_eq!(count(&mut table, 10_000_000_000), 4);
    }

    #[test]
    fn who_is_refused_by_one_table_stands_in_none() {
        let (limits, mut table) = ([limit(Some(5), None), limit(Some(1), None)], admission(2));
        assert!(table.enter(&limits, PathId(0), 0, 0));
        assert!(!table.enter(&limits, PathId(0), 0, 0));
        assert_eq!(table.entries[0].open, 1);
        assert!(admission(0).enter(&[], PathId(0), 0, 0) && admission(0).enter(&[], PathId(7), 0, 0));
    }
}
