//! What goes down, and what that does at once. What anybody *learns* of it is the business of connections and proxies.

use super::connections::{Connection, State};
use super::machine::Machine;
use crate::engine::Schedule;
use crate::record::Failure;
use crate::units::SimTime;
use crate::world::{Manner, PathId, PlaceId, Target, World};

impl Machine<'_> {
    /// Something goes down. Overlapping faults are counted: the last one to end brings it back.
    pub(super) fn cut(&mut self, target: Target, manner: Manner, now: SimTime, schedule: &mut Schedule) {
        if is_control(target) {
            return;
        }
        self.down += 1;
        let world = self.world;
        match target {
            Target::Place(place) => self.cut_place(place, manner, now, schedule),
            Target::Link(link) => {
                for path in world.paths_over(link) {
                    self.cut_path(path, now);
                }
            }
            Target::Path(path) => self.cut_path(path, now),
            Target::Endpoint(endpoint) => self.cut_endpoint(endpoint.0 as usize, manner, now, schedule),
            Target::Station(station) => {
                self.cut_station(station.0 as usize, manner, now);
                if manner == Manner::Refused {
                    self.reset(|connection, _| connection.replica == station, now, schedule);
                }
            }
            Target::Api(_)
            | Target::Plane(_)
            | Target::Pushes(_)
            | Target::Entry(_)
            | Target::Records(_)
            | Target::Cache(_)
            | Target::Database(..) => {}
        }
    }

    /// Something comes back that went down in that manner.
    pub(super) fn restore(&mut self, target: Target, manner: Manner, now: SimTime, schedule: &mut Schedule) {
        if is_control(target) {
            return;
        }
        self.down -= 1;
        let world = self.world;
        match target {
            Target::Place(place) => {
                self.place_down[place.0 as usize].0 -= 1;
                for endpoint in world.endpoints_at(place) {
                    self.servers[endpoint.0 as usize].down -= 1;
                }
                for station in world.stations_at(place) {
                    self.restore_station(station.0 as usize, now);
                }
                if manner == Manner::Silent {
                    for path in world.paths_of(place) {
                        self.path_states[path.0 as usize].down -= 1;
                    }
                }
            }
            Target::Link(link) => {
                for path in world.paths_over(link) {
                    self.path_states[path.0 as usize].down -= 1;
                }
            }
            Target::Path(path) => self.path_states[path.0 as usize].down -= 1,
            Target::Endpoint(endpoint) => self.servers[endpoint.0 as usize].down -= 1,
            Target::Station(station) => self.restore_station(station.0 as usize, now),
            Target::Api(_)
            | Target::Plane(_)
            | Target::Pushes(_)
            | Target::Entry(_)
            | Target::Records(_)
            | Target::Cache(_)
            | Target::Database(..) => {}
        }
        self.send_again(now, schedule);
    }

    /// Connections that hung and are alive again will send again.
    pub(super) fn send_again(&mut self, now: SimTime, schedule: &mut Schedule) {
        for slot in 0..self.connections.slots() {
            let connection = &self.connections[slot];
            if connection.hung_since != u64::MAX && self.dead_since(connection).is_none() {
                self.plan_retransmit(slot, now, schedule);
            }
        }
    }

    fn cut_place(&mut self, place: PlaceId, manner: Manner, now: SimTime, schedule: &mut Schedule) {
        let state = &mut self.place_down[place.0 as usize];
        if state.0 == 0 {
            state.1 = now.nanos();
        }
        state.0 += 1;
        let world = self.world;
        // Where processes die and hosts live, packets pass.
        if manner == Manner::Silent {
            for path in world.paths_of(place) {
                self.cut_path(path, now);
            }
        }
        for station in world.stations_at(place) {
            self.cut_station(station.0 as usize, manner, now);
        }
        if manner == Manner::Refused {
            let there = |connection: &Connection, world: &World| {
                world.stations.get(connection.replica).is_some_and(|station| station.place == place)
            };
            self.reset(there, now, schedule);
        }
        for endpoint in world.endpoints_at(place) {
            self.cut_endpoint(endpoint.0 as usize, manner, now, schedule);
        }
        if manner == Manner::Refused {
            self.sessions_reset(place, now, schedule);
        }
    }

    fn cut_path(&mut self, path: PathId, now: SimTime) {
        let state = &mut self.path_states[path.0 as usize];
        if state.down == 0 {
            state.down_since = now.nanos();
        }
        state.down += 1;
    }

    fn cut_station(&mut self, station: usize, manner: Manner, now: SimTime) {
        let state = &mut self.stations[station];
        if state.down == 0 {
            // Who goes down in the instant in which it is back (a process that has to start) has been away all the time.
            if state.up_since != now.nanos() {
                state.down_since = now.nanos();
            }
            state.manner = manner;
            state.fcfs.reset();
        }
        state.down += 1;
    }

    fn restore_station(&mut self, station: usize, now: SimTime) {
        let state = &mut self.stations[station];
        state.down -= 1;
        state.up_since = now.nanos();
    }

    fn cut_endpoint(&mut self, endpoint: usize, manner: Manner, now: SimTime, schedule: &mut Schedule) {
        let server = &mut self.servers[endpoint];
        server.down += 1;
        if server.down > 1 {
            return;
        }
        server.down_since = now.nanos();
        server.manner = manner;
        self.kill(endpoint, now, schedule);
        if manner == Manner::Refused {
            let of_it = |connection: &Connection, _: &World| connection.endpoint.0 as usize == endpoint;
            self.reset(of_it, now, schedule);
        }
    }

    /// The host of a process that died lives: it resets every connection of that process that it hears of.
    fn reset(&mut self, of_it: impl Fn(&Connection, &World) -> bool, now: SimTime, schedule: &mut Schedule) {
        let world = self.world;
        let mut broken: Vec<(u64, u32)> = (0..self.connections.slots())
            .filter(|&slot| {
                let connection = &self.connections[slot];
                of_it(connection, world)
                    && (connection.state == State::Open || self.shakes_hands(connection))
                    && self.refused_by(connection)
            })
            .map(|slot| (self.connections[slot].key, slot))
            .collect();
        broken.sort_unstable();
        for (key, slot) in broken {
            // What the end of one leads to may close another one that rests, and give its place to a new one.
            let connection = &self.connections[slot];
            let up = connection.state == State::Open;
            if connection.key != key || connection.state == State::Closed && connection.attached == 0 {
                continue;
            }
            let failure = if up { Failure::Reset } else { Failure::Connect };
            self.break_connection(slot, failure, now, schedule);
        }
        // Those that take no new calls, and still have some of it, are reset with the others.
        let mut closing: Vec<(u64, u32)> = (0..self.connections.slots())
            .filter(|&slot| {
                let connection = &self.connections[slot];
                let closes = connection.state == State::Closed && connection.attached > 0;
                closes && of_it(connection, world) && self.refused_by(connection)
            })
            .map(|slot| (self.connections[slot].key, slot))
            .collect();
        closing.sort_unstable();
        for (key, slot) in closing {
            if self.connections[slot].key == key && self.connections[slot].attached > 0 {
                self.break_connection(slot, Failure::Reset, now, schedule);
            }
        }
    }

    /// Is somebody down on the way of a connection whose host answers for him, and is heard?
    pub(super) fn refused_by(&self, connection: &Connection) -> bool {
        if !self.arrives(connection) {
            return false;
        }
        let gateway = self.stations.get(connection.replica.0 as usize).filter(|_| !connection.replica.is_none());
        if let Some(gateway) = gateway.filter(|gateway| gateway.down > 0) {
            return gateway.manner == Manner::Refused;
        }
        let server = &self.servers[connection.endpoint.0 as usize];
        server.down > 0 && server.manner == Manner::Refused
    }
}

/// No call goes through what the control plane, a global entry or a database is made of: what its loss means has been
/// reckoned (`control`, `entry`, `stores`).
fn is_control(target: Target) -> bool {
    let entry = matches!(target, Target::Entry(_) | Target::Records(_));
    entry
        || matches!(
            target,
            Target::Api(_) | Target::Plane(_) | Target::Pushes(_) | Target::Cache(_) | Target::Database(..)
        )
}
