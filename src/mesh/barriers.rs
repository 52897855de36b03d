//! What only stands in the way of what is new: certificates that have expired, authorities that the other side does not
//! trust, rules of security groups that are gone, routes that a proxy does not know. What is established goes on.
//!
//! All of it is known before a run begins, so that it is a function of time and needs no event; ends are counted.

use std::collections::BTreeMap;

use super::connections::Connection;
use super::control::Rollback;
use super::event::Kind;
use super::machine::Machine;
use super::settle::Opening;
use crate::engine::Schedule;
use crate::units::SimTime;
use crate::world::{Caller, Change, Effect, PathId, PlaceId, ProxyId, ServiceId, StationId, Target, World};

/// Whom something stands in the way of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Proxy(ProxyId),
    Station(StationId),
    Path(PathId),
}

/// What does, from a time on.
#[derive(Clone, Default, PartialEq, Debug)]
struct Barrier {
    expired: bool,
    /// Its certificates are of the new authority, and it trusts that alone.
    new_root: bool,
    shut: bool,
    no_route: Vec<ServiceId>,
}

/// A good day.
static NONE: Barrier = Barrier { expired: false, new_root: false, shut: false, no_route: Vec::new() };

impl Barrier {
    fn of(active: &[(Effect, u32)]) -> Barrier {
        let mut barrier = NONE.clone();
        for (effect, _) in active {
            match *effect {
                Effect::Expire => barrier.expired = true,
                Effect::NewRoot => barrier.new_root = true,
                Effect::Shut => barrier.shut = true,
                Effect::NoRoute(service) => barrier.no_route.push(service),
                _ => {}
            }
        }
        barrier
    }
}

/// All barriers of a run, by whom they are of: each from a time on until the next.
#[derive(Debug)]
pub(super) struct Barriers {
    lines: BTreeMap<Who, Vec<(u64, Barrier)>>,
    /// Handshakes of TLS may fail.
    pub(super) tls: bool,
}

impl Barriers {
    /// Of changes with their dates, nanoseconds from t = 0, in order of time; none where there are none.
    pub(super) fn new(world: &World, changes: &[(i64, Change)]) -> Option<Box<Barriers>> {
        let ours = |effect: Effect| effect.of_proxies() || effect == Effect::Shut;
        if !changes.iter().any(|(_, change)| ours(change.effect)) {
            return None;
        }
        let fill = world.plan.fill.nanos().cast_signed();
        let rollback = Rollback::new(world, changes);
        let mut dated: BTreeMap<Who, Vec<(u64, Effect, bool)>> = BTreeMap::new();
        let mut tls = false;
        for &(at, change) in changes.iter().filter(|(_, change)| ours(change.effect)) {
            tls |= matches!(change.effect, Effect::Expire | Effect::NewRoot);
            for (who, place) in parts(world, change.target, change.effect) {
                // A configuration is taken back as it was given: by a push.
                let pushed = !change.begins && matches!(change.effect, Effect::NoRoute(_));
                let at = if pushed { rollback.reaches(place, at) } else { at };
                if at < i64::MAX {
                    let at = at.saturating_add(fill).max(0).cast_unsigned();
                    dated.entry(who).or_default().push((at, change.effect, change.begins));
                }
            }
        }
        let lines = dated.into_iter().map(|(who, mut changes)| {
            // Stable: of one instant in the order in which they came.
            changes.sort_by_key(|&(at, ..)| at);
            (who, line(&changes))
        });
        Some(Box::new(Barriers { lines: lines.collect(), tls }))
    }

    fn at(&self, who: Who, at: u64) -> &Barrier {
        let Some(line) = self.lines.get(&who) else { return &NONE };
        let after = line.partition_point(|(from, _)| *from <= at);
        if after == 0 { &NONE } else { &line[after - 1].1 }
    }

    /// Do proxies that call by this edge ever lack its route?
    pub(super) fn hides(&self, world: &World, from: Caller, to: ServiceId) -> bool {
        let hidden = |barrier: &Barrier| barrier.no_route.iter().any(|service| service.is_none() || *service == to);
        self.lines.iter().any(|(who, line)| match *who {
            Who::Proxy(proxy) => world.calls(proxy, from) && line.iter().any(|(_, barrier)| hidden(barrier)),
            _ => false,
        })
    }

    /// Does a proxy lack the route to a service at `at`?
    fn hidden(&self, proxy: ProxyId, to: ServiceId, at: SimTime) -> bool {
        let lost = &self.at(Who::Proxy(proxy), at.nanos()).no_route;
        lost.iter().any(|service| service.is_none() || *service == to)
    }
}

/// Whom an effect on a target concerns, and where each stands: of a place all its proxies, and its gateways' replicas.
fn parts(world: &World, target: Target, effect: Effect) -> Vec<(Who, PlaceId)> {
    let proxy = |id: ProxyId| (Who::Proxy(id), world.proxies[id].place);
    let station = |id: StationId| (Who::Station(id), world.stations[id].place);
    match target {
        Target::Path(path) if effect == Effect::Shut => vec![(Who::Path(path), world.paths[path].to)],
        Target::Endpoint(endpoint) if effect.of_proxies() => vec![proxy(world.endpoints[endpoint].proxy)],
        Target::Station(id) if effect.of_proxies() => vec![station(id)],
        Target::Place(place) if effect.of_proxies() => {
            let proxies = world.proxies.ids().map(proxy);
            let stations = world.stations.ids().map(station);
            proxies.chain(stations).filter(|(_, at)| *at == place).collect()
        }
        _ => Vec::new(),
    }
}

fn line(changes: &[(u64, Effect, bool)]) -> Vec<(u64, Barrier)> {
    let mut active: Vec<(Effect, u32)> = Vec::new();
    let mut line = Vec::new();
    for (index, &(at, effect, begins)) in changes.iter().enumerate() {
        match active.iter().position(|&(other, _)| other == effect) {
            Some(row) if begins => active[row].1 += 1,
            Some(row) => active[row].1 -= 1,
            None if begins => active.push((effect, 1)),
            None => {}
        }
        active.retain(|(_, count)| *count > 0);
        if changes.get(index + 1).is_none_or(|next| next.0 > at) {
            line.push((at, Barrier::of(&active)));
        }
    }
    line
}

impl Machine<'_> {
    /// May handshakes of TLS fail in this run?
    pub(super) fn guarded(&self) -> bool {
        self.hot.barriers.as_ref().is_some_and(|barriers| barriers.tls)
    }

    /// Does a SYN that arrives at `at` find nothing that lets it through?
    pub(super) fn shut(&self, path: PathId, at: SimTime) -> bool {
        self.hot.barriers.as_ref().is_some_and(|barriers| barriers.at(Who::Path(path), at.nanos()).shut)
    }

    /// Who shows the client a certificate: the server's proxy, or a gateway that ends TLS on the way.
    fn greeter(&self, connection: &Connection) -> Who {
        let ends_there = self.world.greetings.contains_key(&connection.path) && !connection.replica.is_none();
        if ends_there { Who::Station(connection.replica) } else { self.server(connection) }
    }

    fn server(&self, connection: &Connection) -> Who {
        Who::Proxy(self.world.endpoints[connection.endpoint].proxy)
    }

    /// Is one of the certificates that are shown on the way to the server worth nothing to whom it is shown at `at`? Who
    /// makes the connection hears of it at once. What a gateway that ends TLS opens behind it goes with the client's own.
    pub(super) fn distrusts(&self, slot: u32, at: SimTime) -> bool {
        let Some(barriers) = self.hot.barriers.as_ref().filter(|barriers| barriers.tls) else { return false };
        let connection = &self.connections[slot];
        let client = Who::Proxy(self.upstream(connection.upstream).proxy);
        let (greeter, server) = (self.greeter(connection), self.server(connection));
        let bad = |from: Who, to: Who| {
            let (from, to) = (barriers.at(from, at.nanos()), barriers.at(to, at.nanos()));
            to.expired || from.new_root != to.new_root
        };
        bad(client, greeter) || greeter != server && bad(greeter, server)
    }

    /// Is the client's own certificate worth nothing at `at`?
    pub(super) fn distrusted(&self, slot: u32, at: SimTime) -> bool {
        let Some(barriers) = self.hot.barriers.as_ref().filter(|barriers| barriers.tls) else { return false };
        let client = self.upstream(self.connections[slot].upstream).proxy;
        barriers.at(Who::Proxy(client), at.nanos()).expired
    }

    /// In TLS 1.3 a client is through before the server has seen its certificate (RFC 8446, figure 1): it sends its
    /// requests, and a round trip after its last message hears that it is closed.
    pub(super) fn turned_away_after(&mut self, slot: u32, now: SimTime, round_trip: u64, schedule: &mut Schedule) {
        let connection = &mut self.connections[slot];
        connection.stuck = [true; 2];
        connection.hung_since = now.nanos();
        let told = now.nanos() + round_trip;
        connection.give_up = told;
        schedule.at(SimTime::from_nanos(told), Kind::GiveUp.order_of(0, connection.key), slot);
    }

    /// Does the caller's proxy know no route to the called service?
    pub(super) fn unrouted(&self, opening: &Opening, now: SimTime) -> bool {
        let to = self.world.edges[opening.edge].to;
        self.hot.barriers.as_ref().is_some_and(|barriers| barriers.hidden(opening.proxy, to, now))
    }
}
