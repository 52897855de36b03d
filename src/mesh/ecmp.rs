//! Ways in parallel (equal-cost multipath, RFC 2992): a connection is hashed onto one of them by its addresses and ports
//! and stays there. Where some are dead, the same connections hang as long as they last; a new one has another source port,
//! and draws anew. One draw for each fault and connection: a way is dead there and back.

use std::collections::BTreeMap;

use super::connections::Connection;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::units::SimTime;
use crate::world::{FaultId, PathId, Target};

/// What is dead of each path's ways.
pub(super) type DeadWays = BTreeMap<PathId, Vec<DeadWay>>;

/// What a fault has killed of a path's ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeadWay {
    fault: FaultId,
    share: f64,
    since: u64,
    /// By so many of its targets, or occurrences.
    count: u32,
}

impl Machine<'_> {
    /// A share of the ways of something dies.
    pub(super) fn kill_ways(&mut self, target: Target, fault: FaultId, share: f64, now: SimTime) {
        self.down += 1;
        for path in self.ways_of(target) {
            let dead = self.dead_ways.entry(path).or_default();
            match dead.iter_mut().find(|dead| dead.fault == fault) {
                Some(dead) => dead.count += 1,
                None => dead.push(DeadWay { fault, share, since: now.nanos(), count: 1 }),
            }
        }
    }

    /// They are back.
    pub(super) fn revive_ways(&mut self, target: Target, fault: FaultId, now: SimTime, schedule: &mut Schedule) {
        self.down -= 1;
        for path in self.ways_of(target) {
            let Some(dead) = self.dead_ways.get_mut(&path) else { continue };
            dead.iter_mut().filter(|dead| dead.fault == fault).for_each(|dead| dead.count -= 1);
            dead.retain(|dead| dead.count > 0);
            if dead.is_empty() {
                self.dead_ways.remove(&path);
            }
        }
        self.send_again(now, schedule);
    }

    fn ways_of(&self, target: Target) -> Vec<PathId> {
        match target {
            Target::Place(place) => self.world.paths_of(place).collect(),
            Target::Link(link) => self.world.paths_over(link).collect(),
            Target::Path(path) => vec![path],
            _ => Vec::new(),
        }
    }

    /// Since when the way that a connection was hashed onto has been dead.
    pub(super) fn dead_way(&self, connection: &Connection) -> Option<u64> {
        let dead = self.dead_ways.get(&connection.path)?;
        let on = |dead: &&DeadWay| self.fault_keys[dead.fault.0 as usize].uniform(connection.key) < dead.share;
        dead.iter().filter(on).map(|dead| dead.since).min()
    }

    /// Does what is sent over a connection get to where it leads, or to a gateway before that?
    pub(super) fn arrives(&self, connection: &Connection) -> bool {
        self.path_states[connection.path.0 as usize].down == 0 && self.dead_way(connection).is_none()
    }
}
