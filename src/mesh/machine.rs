//! The machine's tables, and which handler an event goes to.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::actions::{self, Deed};
use super::admission::Admission;
use super::ages::Ages;
use super::arrivals::StreamState;
use super::blames::Blames;
use super::caches::Caches;
use super::calls::{Attempt, Call, Request, SUB, SubFrame};
use super::caps::CapState;
use super::connections::Connection;
use super::control::{self, Scaling, Told};
use super::ecmp::DeadWays;
use super::entry::{self, Far, Led};
use super::event::Kind;
use super::fair::Fair;
use super::fcfs::Fcfs;
use super::giving_up::{News, Opened};
use super::histories::Histories;
use super::hot::Hot;
use super::ledger::Ledger;
use super::names::Names;
use super::servers::Server;
use super::sessions::{self, Sessions};
use super::slab::Slab;
use super::spells::Spells;
use super::stores::Stores;
use super::tides::background;
use super::trace::Tracer;
use super::upstream::{Tables, Upstream};
use crate::engine::{Event, Later, Model, Schedule, Timers};
use crate::random::{Key, hash_name, mix};
use crate::units::{Duration, SimTime};
use crate::world::{Cap, Change, Effect, EndpointId, Forecast, Link, Manner, PastCap, PathId, World};

/// One run under way.
#[derive(Debug)]
pub(super) struct Machine<'w> {
    pub(super) world: &'w World,
    pub(super) hot: &'w Hot,
    /// t = 0 of the scenario: the end of the fill.
    pub(super) zero: SimTime,
    pub(super) calls: Slab<Call>,
    pub(super) attempts: Slab<Attempt>,
    pub(super) histories: Histories,
    pub(super) news: Slab<News>,
    pub(super) frames: Slab<SubFrame>,
    pub(super) requests: Slab<Request>,
    pub(super) connections: Slab<Connection>,
    pub(super) ages: Ages,
    /// By `Proxy::first_upstream + Edge::ordinal`, made on first use.
    pub(super) upstreams: Vec<Option<Box<Upstream>>>,
    /// By endpoint.
    pub(super) servers: Vec<Server>,
    /// By endpoint: connections pinned to it by gateways.
    pub(super) pinned: Vec<u32>,
    /// Those that are pinned no longer, from a time on: the endpoint.
    pub(super) unpinned: BinaryHeap<Reverse<(u64, u32)>>,
    pub(super) stations: Vec<StationState>,
    pub(super) caps: Vec<CapState>,
    pub(super) admission: Admission,
    /// By link: the large messages that share it, where they do.
    pub(super) shares: Vec<Option<Box<Fair>>>,
    pub(super) path_states: Vec<PathState>,
    /// Things that are down now; while it is zero, nobody looks.
    pub(super) down: u32,
    /// Until when nothing falls or comes back, and the run is not over.
    pub(super) certain_until: SimTime,
    /// When things fall and come back or proxies are told of it, ascending.
    turns: Vec<SimTime>,
    /// What faults do in this run, in order of time.
    pub(super) changes: Vec<Change>,
    /// Where all is as it mostly is, several steps may be one: not while a request is followed.
    pub(super) brief: bool,
    /// Nothing is done ahead of its time.
    full: bool,
    /// Something is slower at some time, loses packets or errs.
    pub(super) strained: bool,
    pub(super) place_down: Vec<(u16, u64)>,
    /// Ways in parallel that are dead, by path.
    pub(super) dead_ways: DeadWays,
    /// By fault: which connections it meets.
    pub(super) fault_keys: Vec<Key>,
    /// Gateways that are known by a name; none: nobody is.
    pub(super) names: Option<Box<Names<'w>>>,
    /// What proxies have been told of endpoints, and will be.
    pub(super) told: Told,
    /// Whose pods come and go; none: nobody's do.
    pub(super) scaling: Option<Box<Scaling<'w>>>,
    /// Who sends requests of open streams.
    pub(super) user_key: Key,
    /// What hashes are looked up in.
    pub(super) tables: Tables,
    /// Requests whose answers are certain but not here yet, where somebody looks at that: the host, the upstream's row.
    pub(super) returning: Later,
    pub(super) streams: Vec<StreamState>,
    /// By stream: what the entry that leads its users says in this run.
    pub(super) led: Vec<Option<Box<Led>>>,
    /// What operators do in this run.
    pub(super) deeds: Vec<Deed>,
    /// Users who keep a connection; none: nobody does.
    pub(super) sessions: Option<Box<Sessions>>,
    /// Requests that came by an entry, from their user's side.
    pub(super) far: Slab<Far>,
    pub(super) timers: Timers,
    /// By list: when its event is, so that a list has one at a time.
    timer_at: Vec<SimTime>,
    pub(super) edge_keys: Vec<EdgeKeys>,
    pub(super) service_keys: Vec<ServiceKeys>,
    pub(super) link_keys: Vec<LinkKeys>,
    /// What faults lose.
    pub(super) strain_key: Key,
    /// By link: its bad spells, where it has any.
    pub(super) spells: Vec<Option<Spells>>,
    pub(super) proxy_keys: Vec<u64>,
    pub(super) caches: Caches,
    /// Whose data calls ask for, where it is divided.
    pub(super) stores: Option<Box<Stores>>,
    pub(super) ledger: Ledger,
    pub(super) blames: Blames,
    pub(super) opened: Opened,
    pub(super) tracer: Option<Box<Tracer>>,
}

/// A gateway replica's or sidecar's CPU.
#[derive(Debug)]
pub(super) struct StationState {
    pub(super) fcfs: Fcfs,
    pub(super) down: u16,
    pub(super) down_since: u64,
    /// When it was last back.
    pub(super) up_since: u64,
    pub(super) manner: Manner,
    /// Of a gateway's pod: how often it is sent away, and from when on its balancer opens nothing new to it for that;
    /// `u64::MAX`: it is not.
    pub(super) leaving: u16,
    pub(super) left_out: u64,
}

/// Is anything on a path down?
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct PathState {
    pub(super) down: u16,
    pub(super) down_since: u64,
}

/// Keys of draws made for an edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgeKeys {
    pub(super) name: u64,
    pub(super) balance: Key,
    pub(super) route: Key,
    pub(super) mirror: Key,
    pub(super) backoff: Key,
    pub(super) transfer: Key,
    pub(super) fault: Key,
}

/// Keys of draws made for a service: keyed by its name, not by replica, region or variant.
#[derive(Clone, Copy, Debug)]
pub(super) struct ServiceKeys {
    pub(super) work: Key,
    pub(super) choose: Key,
    pub(super) error: Key,
}

/// Keys of draws made for a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct LinkKeys {
    pub(super) jitter: Key,
    pub(super) loss: Key,
}

/// A date from t = 0 on the clock of a run that fills until `zero`; what came before the run is met at its beginning.
pub(super) fn of_run(zero: SimTime, at: i64) -> SimTime {
    SimTime::from_nanos(at.saturating_add(zero.nanos().cast_signed()).max(0).cast_unsigned())
}

impl<'w> Machine<'w> {
    /// Everything at rest, the first arrivals scheduled.
    pub(super) fn new(
        world: &'w World,
        hot: &'w Hot,
        timers: Timers,
        forecast: &Forecast,
        seed: u64,
        replication: u32,
        tracer: Option<Box<Tracer>>,
        schedule: &mut Schedule,
    ) -> Self {
        let zero = SimTime::ZERO + world.plan.fill;
        let key = |name: &str, purpose: &str| Key::new(seed, replication, name, purpose);
        let steps = control::steps(world, &forecast.changes, seed, replication);
        // What falls at an instant has fallen before anybody is told of anything. The run meets what came before it.
        let dates = forecast.changes.iter().map(|change| change.0).chain(steps.iter().map(|step| step.at));
        let dates: Vec<SimTime> = dates.map(|at| of_run(zero, at)).collect();
        let mut turns = dates.clone();
        turns.sort_unstable();
        let changes: Vec<Change> = forecast.changes.iter().map(|&(_, change)| change).collect();
        let background = background(world, hot.tides.as_deref());
        let away = control::away(&forecast.changes);
        let deeds = actions::deeds(world, &forecast.changes, &away);
        let stores = Stores::new(world, (seed, replication), zero, &away, &deeds);
        let mut machine = Machine {
            world,
            zero,
            calls: Slab::new(),
            attempts: Slab::new(),
            histories: Histories::new(),
            news: Slab::new(),
            frames: Slab::new(),
            requests: Slab::new(),
            connections: Slab::new(),
            ages: Ages::new(&forecast.changes, zero),
            upstreams: (0..Hot::upstreams(world)).map(|_| None).collect(),
            hot,
            servers: world
                .endpoints
                .rows()
                .iter()
                .map(|endpoint| Server::new(&world.services[endpoint.service]))
                .collect(),
            pinned: vec![0; world.endpoints.len()],
            unpinned: BinaryHeap::new(),
            stations: world
                .stations
                .rows()
                .iter()
                .map(|station| StationState {
                    fcfs: Fcfs::new(station.servers, false),
                    down: 0,
                    down_since: 0,
                    up_since: u64::MAX,
                    manner: Manner::Silent,
                    leaving: 0,
                    left_out: u64::MAX,
                })
                .collect(),
            admission: Admission::new(world),
            caps: background.iter().map(|&taken| CapState::with_background(taken)).collect(),
            shares: shares(world, &background),
            path_states: vec![PathState::default(); world.paths.len()],
            down: 0,
            certain_until: SimTime::ZERO,
            turns,
            changes: changes.clone(),
            brief: tracer.is_none() && !hot.shared,
            full: hot.shared,
            strained: !hot.strains.is_empty(),
            place_down: vec![(0, 0); world.places.len()],
            dead_ways: DeadWays::default(),
            fault_keys: world.faults.rows().iter().map(|fault| key(&fault.name, "ways")).collect(),
            names: Names::new(world, &forecast.changes, seed, replication),
            told: Told {
                steps,
                gone: vec![BTreeSet::new(); world.places.len()],
                unready: vec![BTreeSet::new(); world.places.len()],
                absent: vec![BTreeSet::new(); world.places.len()],
                joined: vec![BTreeMap::new(); world.places.len()],
            },
            scaling: None,
            user_key: key("users", "hash"),
            tables: Tables::default(),
            returning: Later::new(),
            streams: Vec::new(),
            led: entry::led(world, (seed, replication), &away, &deeds),
            sessions: sessions::sessions(world, (seed, replication), &away),
            deeds,
            far: Slab::new(),
            timer_at: vec![SimTime::NEVER; 2 * world.policies.len()],
            timers,
            edge_keys: world
                .edges
                .rows()
                .iter()
                .map(|edge| EdgeKeys {
                    name: hash_name(&edge.name),
                    balance: key(&edge.name, "balance"),
                    route: key(&edge.name, "route"),
                    mirror: key(&edge.name, "mirror"),
                    backoff: key(&edge.name, "back-off"),
                    transfer: key(&edge.name, "transfer"),
                    fault: key(&edge.name, "fault"),
                })
                .collect(),
            service_keys: world
                .services
                .rows()
                .iter()
                .map(|service| ServiceKeys {
                    work: key(&service.name, "work"),
                    choose: key(&service.name, "choose"),
                    error: key(&service.name, "error"),
                })
                .collect(),
            link_keys: world
                .links
                .rows()
                .iter()
                .map(|link| LinkKeys { jitter: key(&link.name, "jitter"), loss: key(&link.name, "loss") })
                .collect(),
            strain_key: key("faults", "loss"),
            spells: world
                .links
                .rows()
                .iter()
                .map(|link| {
                    let bad = link.loss.as_ref().and_then(|loss| loss.bad.as_ref());
                    bad.map(|bad| Spells::new(bad, key(&link.name, "spells")))
                })
                .collect(),
            proxy_keys: world
                .proxies
                .rows()
                .iter()
                .map(|proxy| mix(mix(seed, u64::from(replication)), hash_name(&proxy.name)))
                .collect(),
            caches: Caches::new(world),
            stores,
            ledger: Ledger::new(world, zero, &forecast.spans, &changes),
            blames: Blames::new(!world.faults.is_empty()),
            opened: Opened::default(),
            tracer,
        };
        machine.foresee_checks();
        machine.look_ahead(None);
        machine.start_streams(seed, replication, schedule);
        for (index, at) in dates.into_iter().enumerate() {
            schedule.at(at, Kind::Change.order() | (index as u32) << 4, index as u32);
        }
        machine.plan_tides(schedule);
        machine.start_scaling(&forecast.changes, seed, replication, schedule);
        machine.look_ahead(None);
        machine
    }

    /// The attempt in whose server a frame runs.
    pub(super) fn attempt_of(&self, frame: u32) -> u32 {
        if frame & SUB == 0 { frame } else { self.frames[frame & !SUB].attempt }
    }

    /// The replica that an attempt goes to.
    #[inline]
    pub(super) fn endpoint_of(&self, attempt: u32) -> EndpointId {
        self.connections[self.attempts[attempt].connection].endpoint
    }

    /// The path that an attempt takes.
    #[inline]
    pub(super) fn path_of(&self, attempt: u32) -> PathId {
        self.connections[self.attempts[attempt].connection].path
    }

    /// Nothing is certain past the next change, nor past the end of the run.
    fn look_ahead(&mut self, now: Option<SimTime>) {
        let next = self.turns.partition_point(|&at| Some(at) <= now);
        let before = self.turns.get(next).map_or(u64::MAX, |at| at.nanos().saturating_sub(1));
        let until = if self.full { 0 } else { before.min(super::end(self.world).nanos()) };
        self.certain_until = SimTime::from_nanos(until);
    }

    /// Something else will happen then.
    pub(super) fn turns_at(&mut self, at: SimTime) {
        let place = self.turns.partition_point(|&turn| turn <= at);
        self.turns.insert(place, at);
        self.certain_until = self.certain_until.min(SimTime::from_nanos(at.nanos().saturating_sub(1)));
    }

    /// An event for everything.
    pub(super) fn in_full(&mut self) {
        (self.full, self.brief) = (true, false);
        self.look_ahead(None);
    }

    /// CPU at a gateway replica or sidecar: when the job is done.
    pub(super) fn station_serve(&mut self, station: crate::world::StationId, now: SimTime, work: Duration) -> SimTime {
        let (fcfs, mut work) = (&mut self.stations[station.0 as usize].fcfs, work.nanos());
        if self.strained {
            work = self.hot.strains.station(station, fcfs.starts(now.nanos()), work);
        }
        let served = fcfs.serve(now.nanos(), work);
        self.ledger.station(station, now.nanos(), served);
        SimTime::from_nanos(served.end)
    }

    fn change(&mut self, index: u32, now: SimTime, schedule: &mut Schedule) {
        self.look_ahead(Some(now));
        let Some(&change) = self.changes.get(index as usize) else {
            self.control_step(index as usize - self.changes.len(), now, schedule);
            return;
        };
        match (change.effect, change.begins) {
            (Effect::Down(manner), true) => self.cut(change.target, manner, now, schedule),
            (Effect::Down(manner), false) => self.restore(change.target, manner, now, schedule),
            (Effect::Drain { .. }, begins) => self.sends_away(change.target, begins, now),
            (Effect::Forget, begins) => self.caches.forget(self.world, change.target, begins),
            (Effect::Paths(share), true) => self.kill_ways(change.target, change.fault, share.get(), now),
            (Effect::Paths(_), false) => self.revive_ways(change.target, change.fault, now, schedule),
            // Functions of time (`strains`, `barriers`): nothing happens at their beginning and end.
            _ => {}
        }
    }

    /// Starts a timer of a list.
    pub(super) fn arm(&mut self, list: u32, payload: u64, now: SimTime, schedule: &mut Schedule) {
        // So the list stays as short as what is in flight.
        self.drop_stale(list);
        if let Some(due) = self.timers.arm(list, now, payload) {
            self.plan_timer(list, due, schedule);
        }
    }

    /// Forgets timers at the head of a list that nobody waits for any more.
    fn drop_stale(&mut self, list: u32) {
        let (calls, attempts) = (&self.calls, &self.attempts);
        self.timers.drop_stale(list, |payload| super::settle::waited_for(payload, calls, attempts).is_none());
    }

    fn plan_timer(&mut self, list: u32, due: SimTime, schedule: &mut Schedule) {
        if self.timer_at[list as usize] != due {
            self.timer_at[list as usize] = due;
            schedule.at(due, Kind::Timer.order() | list << 4, list);
        }
    }

    fn timer(&mut self, list: u32, now: SimTime, schedule: &mut Schedule) {
        if self.timer_at[list as usize] != now {
            return;
        }
        // Before each look, so that the list knows at last whether it has a head.
        loop {
            self.drop_stale(list);
            let Some(payload) = self.timers.due(list, now) else { break };
            self.timed_out(payload, now, schedule);
        }
        if let Some(due) = self.timers.head(list) {
            self.plan_timer(list, due, schedule);
        }
    }
}

fn shares(world: &World, background: &[u64]) -> Vec<Option<Box<Fair>>> {
    let share = |(link, taken): (&Link, &u64)| match link.cap {
        Some(Cap { rate, past: PastCap::Fair { .. } }) => Some(Box::new(Fair::new(rate.0 - taken))),
        _ => None,
    };
    world.links.rows().iter().zip(background).map(share).collect()
}

impl Model for Machine<'_> {
    fn handle(&mut self, now: SimTime, event: Event, schedule: &mut Schedule) {
        self.ledger.clock(now);
        let slot = event.slot;
        match Kind::of(event.order) {
            Kind::Change => self.change(slot, now, schedule),
            Kind::Timer => self.timer(slot, now, schedule),
            Kind::Connected => self.connected(slot, now, schedule),
            Kind::Retransmit => self.retransmit(slot, now, schedule),
            Kind::GiveUp => self.give_up(slot, now, schedule),
            Kind::Idle => self.look_at_idle(slot, now, schedule),
            Kind::WorkEnd => self.work_end(slot, now, schedule),
            Kind::ServerEnd => self.server_end(slot, now, schedule),
            Kind::Leg => self.arrived(slot, now, schedule),
            Kind::Retry => self.retry(slot, event.order, now, schedule),
            Kind::Sweep => self.sweep(slot, now, schedule),
            Kind::Think => self.think_over(slot, now, schedule),
            Kind::Arrival => self.arrival(slot, now, schedule),
            Kind::Share => self.shared(slot, now, schedule),
            Kind::News => self.news_come(slot, now, schedule),
        }
    }

    fn tie(&self, a: Event, b: Event) -> Ordering {
        let content = |event: Event| -> (u64, u64) {
            match Kind::of(event.order) {
                Kind::Leg => {
                    let attempt = &self.attempts[event.slot];
                    (self.calls[attempt.call].key, u64::from(attempt.number))
                }
                Kind::Retry => (self.calls[event.slot].key, 0),
                Kind::Arrival if event.slot as usize >= self.streams.len() => {
                    (self.far[event.slot - self.streams.len() as u32].key, 1)
                }
                Kind::WorkEnd if event.slot & SUB == 0 => (self.attempts[event.slot].core.salt, 0),
                Kind::WorkEnd => (self.frames[event.slot & !SUB].core.salt, 0),
                Kind::News => self.news[event.slot].content(),
                Kind::Connected | Kind::Retransmit | Kind::GiveUp | Kind::Idle => (self.connections[event.slot].key, 0),
                // Slots of these are ids of the world, hence content.
                _ => (u64::from(event.slot), 0),
            }
        };
        content(a).cmp(&content(b))
    }
}
