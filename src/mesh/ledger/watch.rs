//! What is seen of each occurrence of a fault: who first took notice, and how much traffic still goes to what it hit.
//!
//! There is one only where faults are; whatever is far from all of them costs a comparison.

mod extent;

use super::window::Window;
use crate::meter::{Calls, Left, SHIFT_BIN, left, share};
use crate::record::{Aside, NoticedBy, Occurrence};
use crate::units::SimTime;
use crate::world::{Change, EdgeId, Effect, EndpointId, EntryId, HostTarget, LinkId, PathId, PlaceId, ProxyId, World};

/// What went there before is counted for so long, nanoseconds.
const LEAD: u64 = 30_000_000_000;
/// And what still goes there for at most so long.
const LONGEST: u64 = 600_000_000_000;
/// So many occurrences of a fault are looked at closely.
const OCCURRENCES: usize = 32;
/// So many faults are: a bit each.
const FAULTS: usize = 64;

/// Bits of faults by what they hit.
#[derive(Debug)]
pub(in crate::mesh) struct Watch {
    endpoints: Vec<u64>,
    paths: Vec<u64>,
    places: Vec<u64>,
    /// By link and by global entry: faults that take it away.
    links: Vec<u64>,
    entries: Vec<u64>,
    /// By edge: faults that hit something that it may call.
    hosts: Vec<u64>,
    /// By edge: the same, with what its users come in by.
    edges: Vec<u64>,
    /// By edge: entry proxies to which its users' own way may be cut, and the faults that cut it.
    ways: Vec<Vec<(ProxyId, u64)>>,
    /// By edge: do users come in by it?
    ways_in: Vec<bool>,
    /// By edge: faults that take its route from some of its callers.
    unrouted: Vec<u64>,
    /// By proxy: faults that its own connections fail by.
    callers: Vec<u64>,
    /// By endpoint: faults that take routes from its proxy, so that calls to it fail for what it calls.
    lacking: Vec<u64>,
    /// By entry proxy: faults that take the route from it that its users' requests go by.
    doors: Vec<u64>,
    /// Faults that hit some, and nowhere all, of what stands behind an address.
    behind: u64,
    /// Faults that hit a share of the connections of what they hit, and nothing else.
    shares: u64,
    /// By fault: why no call goes to what it hits.
    aside: Vec<Option<Aside>>,
    faults: Vec<Vec<Around>>,
    /// Faults near the clock, and until when it is these.
    near: u64,
    turn: u64,
}

/// An occurrence and the time around it.
#[derive(Debug)]
struct Around {
    from: u64,
    start: u64,
    end: u64,
    /// The calls of so long are counted.
    counted: u64,
    /// The end of its recovery.
    over: u64,
    /// t = 0.
    zero: u64,
    bins: Vec<Calls>,
    lead: usize,
    /// Requests that came in before it, of which `bins` has all calls.
    came: u64,
    /// By bin: requests that were led to what it hits, and found nobody.
    turned: Vec<u32>,
    noticed: Option<(u64, NoticedBy)>,
}

impl Watch {
    pub(super) fn new(world: &World, changes: &[Change], windows: &[Window], zero: u64, end: u64) -> Option<Box<Self>> {
        if windows.is_empty() {
            return None;
        }
        let mut watch = Watch {
            endpoints: vec![0; world.endpoints.len()],
            paths: vec![0; world.paths.len()],
            places: vec![0; world.places.len()],
            links: vec![0; world.links.len()],
            entries: vec![0; world.entries.len()],
            hosts: vec![0; world.edges.len()],
            edges: vec![0; world.edges.len()],
            ways: vec![Vec::new(); world.edges.len()],
            ways_in: vec![false; world.edges.len()],
            unrouted: vec![0; world.edges.len()],
            callers: vec![0; world.proxies.len()],
            lacking: vec![0; world.endpoints.len()],
            doors: vec![0; world.proxies.len()],
            behind: 0,
            shares: 0,
            aside: vec![None; windows.len().min(FAULTS)],
            faults: windows.iter().take(FAULTS).map(|window| arounds(window, zero, end)).collect(),
            near: 0,
            turn: 0,
        };
        let mut whole_ways = 0;
        for change in changes.iter().filter(|change| change.begins && (change.fault.0 as usize) < FAULTS) {
            let bit = 1 << change.fault.0;
            let shared = matches!(change.effect, Effect::Paths(_));
            *(if shared { &mut watch.shares } else { &mut whole_ways }) |= bit;
            if change.effect.of_proxies() {
                watch.hit_callers(world, change.target, change.effect, bit);
            }
            if !matches!(change.effect, Effect::NoRoute(_)) {
                watch.hit(world, change.target, bit);
                if change.outage().is_some() {
                    watch.cut(change.target, bit);
                }
                let aside = &mut watch.aside[change.fault.0 as usize];
                *aside = aside.or(Aside::of(world, change.target));
            }
        }
        watch.hit_gateways(world, changes);
        watch.shares &= !whole_ways;
        world.streams.rows().iter().for_each(|stream| watch.ways_in[stream.edge.0 as usize] = true);
        for edge in world.edges.ids() {
            let sets = world.places.ids().map(|place| world.host_set(edge, place)).filter(|set| !set.is_none());
            let hosts = sets.flat_map(|set| world.host_sets[set].hosts.iter());
            let hosts: Vec<&HostTarget> = hosts.map(|host| &host.target).collect();
            watch.hosts[edge.0 as usize] = hosts.iter().fold(0, |bits, host| bits | watch.led(host));
            watch.edges[edge.0 as usize] = watch.hosts[edge.0 as usize];
            watch.behind |= hosts.iter().fold(0, |bits, host| bits | watch.some_of(host));
        }
        for stream in world.streams.rows() {
            let doors = stream.entries.iter().fold(0, |bits, proxy| bits | watch.doors[proxy.0 as usize]);
            watch.edges[stream.edge.0 as usize] |= doors & watch.unrouted[stream.edge.0 as usize];
            watch.ways_of(stream);
        }
        watch.behind &= !watch.edges.iter().fold(0, |bits, edge| bits | edge);
        Some(Box::new(watch))
    }

    /// Faults that hit what stands behind a host: all of it, where it is several.
    pub(in crate::mesh) fn bits(&self, target: &HostTarget) -> u64 {
        let of = |endpoint: EndpointId, path: PathId| self.endpoints[endpoint.0 as usize] | self.paths[path.0 as usize];
        match target {
            HostTarget::Endpoint(endpoint, path) => of(*endpoint, *path),
            HostTarget::Gateway(_, members) if members.is_empty() => 0,
            HostTarget::Gateway(_, members) => members.iter().fold(u64::MAX, |bits, &(e, path)| bits & of(e, path)),
        }
    }

    /// The same with faults for which it has not got what it calls: traffic leaves it for them too.
    fn led(&self, target: &HostTarget) -> u64 {
        let lacking = |endpoint: EndpointId| self.lacking[endpoint.0 as usize];
        self.bits(target)
            | match target {
                HostTarget::Endpoint(endpoint, _) => lacking(*endpoint),
                HostTarget::Gateway(_, members) if members.is_empty() => 0,
                HostTarget::Gateway(_, members) => members.iter().fold(u64::MAX, |bits, &(e, _)| bits & lacking(e)),
            }
    }

    /// Faults that hit any of what stands behind a host.
    fn some_of(&self, target: &HostTarget) -> u64 {
        let of = |&(endpoint, path): &(EndpointId, PathId)| {
            self.endpoints[endpoint.0 as usize] | self.lacking[endpoint.0 as usize] | self.paths[path.0 as usize]
        };
        match target {
            HostTarget::Endpoint(..) => 0,
            HostTarget::Gateway(_, members) => members.iter().fold(0, |bits, member| bits | of(member)),
        }
    }

    pub(in crate::mesh) fn of_edge(&self, edge: EdgeId) -> u64 {
        self.hosts[edge.0 as usize] | self.unrouted[edge.0 as usize]
    }

    /// Of the users' own way there and home.
    pub(in crate::mesh) fn of_way(&self, way: [Option<LinkId>; 2]) -> u64 {
        way.into_iter().flatten().fold(0, |bits, link| bits | self.links[link.0 as usize])
    }

    pub(in crate::mesh) fn of_entry(&self, entry: EntryId) -> u64 {
        self.entries[entry.0 as usize]
    }

    pub(in crate::mesh) fn of_caller(&self, proxy: ProxyId) -> u64 {
        self.callers[proxy.0 as usize]
    }

    pub(in crate::mesh) fn of_endpoint(&self, endpoint: EndpointId) -> u64 {
        self.endpoints[endpoint.0 as usize]
    }

    pub(in crate::mesh) fn of_place(&self, place: PlaceId) -> u64 {
        self.places[place.0 as usize]
    }

    /// A call is tried for the first time, now.
    pub(in crate::mesh) fn tried(&mut self, edge: EdgeId, proxy: ProxyId, target: &HostTarget, now: SimTime) {
        let now = now.nanos();
        if now >= self.turn {
            self.look(now);
        }
        let near = self.near & self.edges[edge.0 as usize];
        if near != 0 {
            let ways = self.ways[edge.0 as usize].iter().filter(|(to, _)| *to == proxy);
            let bits = ways.fold(self.led(target), |bits, (_, cut)| bits | cut)
                | self.doors[proxy.0 as usize] & self.unrouted[edge.0 as usize];
            self.went(near, bits, self.ways_in[edge.0 as usize], now);
        }
    }

    /// A proxy has no route for a call: where users come in by it, theirs went to what is hit.
    pub(in crate::mesh) fn lacked(&mut self, edge: EdgeId, proxy: ProxyId, now: SimTime) {
        let now = now.nanos();
        if now >= self.turn {
            self.look(now);
        }
        let bits = self.doors[proxy.0 as usize] & self.unrouted[edge.0 as usize];
        let near = self.near & self.edges[edge.0 as usize];
        if near & bits != 0 {
            self.went(near, bits, true, now);
        }
    }

    /// A call near these faults went to what those hit.
    fn went(&mut self, mut near: u64, bits: u64, way_in: bool, now: u64) {
        while near != 0 {
            let fault = near.trailing_zeros() as usize;
            near &= near - 1;
            for around in &mut self.faults[fault] {
                if (around.from..around.counted).contains(&now) {
                    let bin = &mut around.bins[((now - around.from) / SHIFT_BIN) as usize];
                    bin[0] += 1;
                    bin[1] += (bits >> fault) as u32 & 1;
                    around.came += u64::from(way_in && now < around.start);
                }
            }
        }
    }

    /// A request was led to what these faults hit, and nobody is there: no call comes of it.
    pub(in crate::mesh) fn turned_away(&mut self, edge: EdgeId, bits: u64, now: SimTime) {
        let now = now.nanos();
        let mut bits = bits & self.edges[edge.0 as usize];
        while bits != 0 {
            let fault = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            for around in &mut self.faults[fault] {
                if (around.start..around.counted).contains(&now) {
                    around.turned[((now - around.start) / SHIFT_BIN) as usize] += 1;
                }
            }
        }
    }

    /// Which faults are near, and until when.
    #[cold]
    fn look(&mut self, now: u64) {
        (self.near, self.turn) = (0, u64::MAX);
        for (fault, arounds) in self.faults.iter().enumerate() {
            for around in arounds {
                if (around.from..around.counted).contains(&now) {
                    self.near |= 1 << fault;
                }
                let turns = [around.from, around.counted].into_iter().filter(|&turn| turn > now);
                self.turn = turns.fold(self.turn, u64::min);
            }
        }
    }

    /// Somebody took notice of something that these faults hit.
    pub(in crate::mesh) fn noticed(&mut self, bits: u64, how: NoticedBy, now: SimTime) {
        let now = now.nanos();
        for (fault, arounds) in self.faults.iter_mut().enumerate().filter(|(fault, _)| bits >> fault & 1 == 1) {
            debug_assert!(fault < FAULTS);
            let lasting = |around: &&mut Around| (around.start..around.over).contains(&now);
            for around in arounds.iter_mut().filter(lasting) {
                around.first(now - around.start, how);
            }
        }
    }

    /// Known before the run: a global entry's checks of these places have failed, and its records change now.
    pub(in crate::mesh) fn foreseen(&mut self, places: &[PlaceId], now: SimTime) {
        let now = now.nanos();
        let bits = places.iter().fold(0, |bits, &place| bits | self.of_place(place)) & self.all_lasting(now);
        self.noticed(bits, NoticedBy::Entry, SimTime::from_nanos(now));
    }

    /// A proxy ejected a host: one that a fault hits, or one that may fail for what it calls while a fault lasts.
    pub(in crate::mesh) fn ejected(&mut self, target: &HostTarget, now: SimTime) {
        match self.led(target) {
            0 => self.noticed(self.all_lasting(now.nanos()), NoticedBy::EjectionAbove, now),
            bits => self.noticed(bits, NoticedBy::Ejection, now),
        }
    }

    fn all_lasting(&self, at: u64) -> u64 {
        let lasts = |arounds: &[Around]| arounds.iter().any(|around| (around.start..around.end).contains(&at));
        self.faults.iter().enumerate().fold(0, |bits, (fault, arounds)| bits | u64::from(lasts(arounds)) << fault)
    }

    /// Of these faults those that last at an instant, the first of them.
    pub(in crate::mesh) fn lasting(&self, bits: u64, at: u64) -> Option<u32> {
        self.lasting_between(bits, at, at)
    }

    /// The same of those that last at any time from one instant to another.
    pub(in crate::mesh) fn lasting_between(&self, bits: u64, from: u64, to: u64) -> Option<u32> {
        let lasts = |fault: &usize| self.faults[*fault].iter().any(|around| around.start <= to && from < around.end);
        (0..self.faults.len()).filter(|fault| bits >> fault & 1 == 1).find(lasts).map(|fault| fault as u32)
    }

    /// Why no call can be told to go to what a fault hits; none: some can.
    pub(super) fn aside(&self, fault: usize) -> Option<Aside> {
        let bit = 1_u64.checked_shl(fault as u32).unwrap_or(0);
        if self.shares & bit != 0 {
            return Some(Aside::Connections);
        }
        if self.behind & bit != 0 {
            return Some(Aside::Behind);
        }
        let seen = [&self.endpoints, &self.paths, &self.lacking, &self.doors];
        let ways = self.ways.iter().flatten().map(|(_, bits)| bits);
        let goes = seen.into_iter().flatten().chain(ways).any(|bits| bits & bit != 0);
        self.aside.get(fault).copied().flatten().filter(|_| !goes)
    }

    /// By fault, what was seen of each occurrence.
    pub(super) fn occurrences(&self, fault: usize) -> Vec<Occurrence> {
        self.faults.get(fault).into_iter().flatten().map(Around::seen).collect()
    }
}

/// The occurrences of a fault that begin within the measured time, and what is near each: nothing of another one.
fn arounds(window: &Window, zero: u64, end: u64) -> Vec<Around> {
    // What lasts at t = 0 already is told from there on.
    let measured: Vec<(u64, u64)> =
        window.measured(zero).into_iter().map(|(start, stop)| (zero + start, zero + stop)).collect();
    let spans = &measured;
    let of = |(index, &(start, stop)): (usize, &(u64, u64))| {
        let after = index.checked_sub(1).map_or(zero, |before| spans[before].1);
        let from = start.saturating_sub(LEAD).max(after);
        // Whole bins up to the start.
        let lead = ((start - from) / SHIFT_BIN) as usize;
        let from = start - lead as u64 * SHIFT_BIN;
        let counted = stop.min(start + LONGEST).min(end);
        let bins = (counted - start).div_ceil(SHIFT_BIN) as usize;
        let over = (stop + window.recovery).min(spans.get(index + 1).map_or(u64::MAX, |next| next.0));
        let (bins, turned) = (vec![[0; 2]; lead + bins], vec![0; bins]);
        Around { from, start, end: stop, counted, over, zero, bins, lead, came: 0, turned, noticed: None }
    };
    spans.iter().enumerate().filter(|(_, span)| span.0 < end).take(OCCURRENCES).map(of).collect()
}

impl Around {
    /// Somebody took notice, or will: the first one counts.
    fn first(&mut self, after: u64, how: NoticedBy) {
        if self.noticed.is_none_or(|(earlier, _)| after < earlier) {
            self.noticed = Some((after, how));
        }
    }

    fn seen(&self) -> Occurrence {
        let (before, during) = self.bins.split_at(self.lead);
        // Who is turned away at the door makes no calls, but has not left: as many as a request made before.
        let calls: u64 = before.iter().map(|bin| u64::from(bin[0])).sum();
        let of_each = calls as f64 / self.came.max(1) as f64;
        let offered = |(bin, &turned): (&Calls, &u32)| {
            let calls = (f64::from(turned) * of_each + 0.5) as u32;
            [bin[0] + calls, bin[1] + calls]
        };
        let during: Vec<Calls> = during.iter().zip(&self.turned).map(offered).collect();
        let (usual, shifted) = (share(before), left(before, &during));
        Occurrence {
            start_ns: self.start - self.zero,
            noticed: self.noticed,
            hit_share: usual,
            still: if shifted == Left::Unknown { None } else { share(&during) },
            left_ns: match shifted {
                Left::After(ns) => Some(ns),
                Left::Never | Left::Unknown => None,
            },
            can_leave: shifted != Left::Unknown,
        }
    }
}
