//! The machine: runs a [`World`] and leaves a [`Run`].
//!
//! Handlers stand in the order in which a call meets them: `arrivals` (a request comes), `route` (where a call
//! goes by rules), `settle` and `retries` (calls and their
//! attempts, from the caller's side), `histories` (what few calls need), `proxies`, `upstream` and `users` (whom to send to), `connections`, `pools`, `handshake`, `idle`,
//! `hanging`, `tcp` and `transfer` (TCP, TLS, limits, dead paths),
//! `travel`, `noise`, `spells`, `caps`, `fair` and `order` (leg by leg, first in, first out), `servers`, `fcfs` and `waiting` (threads, workers), `steps` (work and calls), `caches` (what is kept), `giving_up` (users and callers who no longer wait), `ahead` (what is certain
//! needs no event), `ledger` (what is counted), `closing` (what is open when the run is over), `blames` (where a failure began), `faults` (what goes down), `entry` (where users come in), `sessions` (users who keep a connection), `actions` (what operators do), `control` (who is told of it, and when), `trace` (one request followed). `hot` is what
//! they read of the world. Knows nothing of scenarios, products or prices.

mod actions;
mod admission;
mod ages;
mod ahead;
mod arrivals;
mod barriers;
mod blames;
mod caches;
mod calls;
mod caps;
mod closing;
mod connections;
mod control;
mod cuts;
mod ecmp;
mod entry;
mod event;
mod fair;
mod faults;
mod fcfs;
mod giving_up;
mod handshake;
mod hanging;
mod histories;
mod hot;
mod idle;
mod ledger;
mod machine;
mod names;
mod noise;
mod order;
mod outliers;
mod pools;
mod proxies;
mod retries;
mod route;
mod servers;
mod sessions;
mod settle;
mod slab;
mod spells;
mod steps;
mod stores;
mod strains;
mod tcp;
mod tides;
mod trace;
mod transfer;
mod travel;
mod upstream;
mod users;
mod waiting;

use crate::engine::{self, Schedule, Timers};
use crate::record::{Exemplar, Run, Trace};
use crate::units::SimTime;
use crate::world::World;
use hot::Hot;
use machine::Machine;
use trace::Tracer;

/// One replication of one variant. Same world, same seed, same replication: the same run, bit for bit.
pub fn run(world: &World, seed: u64, replication: u32) -> Run {
    run_as(world, seed, replication, true, |_| true).expect("nobody stops it")
}

/// The same run while `on`, asked now and then and told what share of it is done (0 to 1), says so; none where it said no.
pub fn run_while(world: &World, seed: u64, replication: u32, on: impl Fn(f64) -> bool) -> Option<Run> {
    run_as(world, seed, replication, true, on)
}

/// The same run with an event for everything, nothing done ahead of its time: the same record but for `events` and
/// `digest`, at half the speed or less. What [`run`] leaves out is held against it. Only where two things happen in the
/// very same nanosecond (an answer comes and its client picks a host; two workers of a sidecar are through) may the two
/// see them in different order.
pub fn run_in_full(world: &World, seed: u64, replication: u32) -> Run {
    run_as(world, seed, replication, false, |_| true).expect("nobody stops it")
}

fn run_as(world: &World, seed: u64, replication: u32, ahead: bool, on: impl Fn(f64) -> bool) -> Option<Run> {
    let (mut schedule, mut timers) = (Schedule::new(), Timers::new());
    // Tens of thousands of failures take a while before the first event.
    let goes_on = || on(0.0).then_some(());
    let forecast = world.forecast_while(seed, replication, &|| on(0.0))?;
    let forecast = control::lived(world, forecast, seed, replication, &|| on(0.0))?;
    let hot = Hot::new(world, &forecast.changes, &mut timers);
    goes_on()?;
    let mut machine = Machine::new(world, &hot, timers, &forecast, seed, replication, None, &mut schedule);
    goes_on()?;
    if !ahead {
        machine.in_full();
    }
    let finished = engine::run_while(&mut machine, &mut schedule, end(world), |now| on(share(world, now)))?;
    machine.close();
    let actions = actions::rows(world, &machine.deeds);
    let (scaling, stores, zero) = (machine.scaling.take(), machine.stores.take(), machine.zero);
    let mut run = machine.ledger.record(world, replication);
    if let Some(scaling) = scaling {
        scaling.record(zero, &mut run);
    }
    if let Some(stores) = stores {
        stores.record(world, &forecast.changes, &mut run);
    }
    (run.digest, run.events) = (finished.digest, finished.events);
    run.actions = actions;
    Some(run)
}

/// Runs the same replication again and follows one request through all its hops; none where it never comes, or where
/// `on` (see [`run_while`]) said no.
pub fn trace(
    world: &World,
    seed: u64,
    replication: u32,
    which: Exemplar,
    why: &str,
    on: impl Fn(f64) -> bool,
) -> Option<Trace> {
    let (mut schedule, mut timers) = (Schedule::new(), Timers::new());
    let forecast = world.forecast_while(seed, replication, &|| on(0.0))?;
    let forecast = control::lived(world, forecast, seed, replication, &|| on(0.0))?;
    let hot = Hot::new(world, &forecast.changes, &mut timers);
    let tracer = Some(Box::new(Tracer::new(which)));
    let mut machine = Machine::new(world, &hot, timers, &forecast, seed, replication, tracer, &mut schedule);
    engine::run_while(&mut machine, &mut schedule, end(world), |now| on(share(world, now)))?;
    machine.tracer.take()?.into_trace(world, replication, why)
}

/// What share of a run is over at `now`.
fn share(world: &World, now: SimTime) -> f64 {
    now.nanos() as f64 / end(world).nanos().max(1) as f64
}

/// Arrivals stop at the horizon; what is open then has the drain to settle.
fn end(world: &World) -> SimTime {
    SimTime::ZERO + world.plan.fill + world.plan.horizon + world.plan.drain
}
