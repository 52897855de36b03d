//! What faults make slower, lossy or failing, and from when to when.
//!
//! All of it is known before a run begins, so that it is a function of time and needs no event. At each beginning and
//! end the whole is reckoned anew from what is active then: ends are exact, whatever overlaps.

use std::collections::BTreeMap;

use crate::policy::Status;
use crate::units::{Duration, SimTime};
use crate::world::{Change, Effect, EndpointId, FaultId, LinkId, PathId, ServiceId, StationId, Target, World};

/// How something differs from what it is on a good day.
#[derive(Clone, PartialEq, Debug)]
struct Strain {
    /// So many times as long.
    factor: f64,
    /// And so many nanoseconds more.
    add: u64,
    /// Chance that a packet passes.
    pass: f64,
    /// Statuses that are answered in place of good answers: each up to where a draw stands for it, ascending.
    errors: Vec<(Status, f64)>,
}

/// A good day.
static NONE: Strain = Strain { factor: 1.0, add: 0, pass: 1.0, errors: Vec::new() };

impl Strain {
    /// Of all that is active, in the order of faults.
    fn of(active: &[(FaultId, Effect)]) -> Strain {
        let mut strain = NONE.clone();
        let (mut erring, mut rest, mut below) = (None, 1.0, 0.0);
        for &(fault, effect) in active {
            match effect {
                Effect::Slow { factor, add } => {
                    strain.factor *= factor;
                    strain.add += add.nanos();
                }
                Effect::Loss(share) => strain.pass *= 1.0 - share.get(),
                Effect::Errors { status, share } => {
                    if erring != Some(fault) {
                        // Another fault errs with a share of what those before it leave.
                        (erring, rest) = (Some(fault), 1.0 - below);
                    }
                    below += rest * share.get();
                    strain.errors.push((status, below));
                }
                _ => {}
            }
        }
        strain
    }

    fn slowed(&self, work: u64) -> u64 {
        if self.factor == 1.0 { work + self.add } else { (work as f64 * self.factor) as u64 + self.add }
    }
}

/// The strains of one thing, each from a time on until the next.
#[derive(Debug)]
struct Line(Vec<(u64, Strain)>);

impl Line {
    fn at(&self, at: u64) -> &Strain {
        let after = self.0.partition_point(|(from, _)| *from <= at);
        if after == 0 { &NONE } else { &self.0[after - 1].1 }
    }

    fn ever(&self, is: impl Fn(&Strain) -> bool) -> bool {
        self.0.iter().any(|(_, strain)| is(strain))
    }
}

/// All strains of a run. Empty tables where there are none.
#[derive(Debug, Default)]
pub(super) struct Strains {
    endpoints: Vec<Option<Line>>,
    stations: Vec<Option<Line>>,
    links: Vec<Option<Line>>,
    paths: Vec<Option<Line>>,
}

impl Strains {
    /// Of changes with their dates, nanoseconds from t = 0, in order of time.
    pub(super) fn new(world: &World, changes: impl Iterator<Item = (i64, Change)>) -> Strains {
        let fill = world.plan.fill.nanos().cast_signed();
        let mut dated: BTreeMap<Target, Vec<(u64, Change)>> = BTreeMap::new();
        let eventless =
            |change: &Change| matches!(change.effect, Effect::Slow { .. } | Effect::Loss(_) | Effect::Errors { .. });
        for (at, change) in changes.filter(|(_, change)| eventless(change)) {
            let at = at.saturating_add(fill).max(0).cast_unsigned();
            for target in parts(world, change.target, change.effect) {
                dated.entry(target).or_default().push((at, change));
            }
        }
        let mut strains = Strains::default();
        for (target, changes) in dated {
            let line = Some(line(&changes));
            let (table, row, rows) = match target {
                Target::Endpoint(id) => (&mut strains.endpoints, id.0, world.endpoints.len()),
                Target::Station(id) => (&mut strains.stations, id.0, world.stations.len()),
                Target::Link(id) => (&mut strains.links, id.0, world.links.len()),
                Target::Path(id) => (&mut strains.paths, id.0, world.paths.len()),
                _ => continue,
            };
            table.resize_with(rows, || None);
            table[row as usize] = line;
        }
        strains
    }

    pub(super) fn is_empty(&self) -> bool {
        [&self.endpoints, &self.stations, &self.links, &self.paths].iter().all(|table| table.is_empty())
    }

    /// How long work takes that a replica begins at `at`.
    pub(super) fn work(&self, endpoint: EndpointId, at: u64, work: u64) -> u64 {
        find(&self.endpoints, endpoint.0).map_or(work, |line| line.at(at).slowed(work))
    }

    /// How long a gateway's replica takes for what it begins at `at`.
    pub(super) fn station(&self, station: StationId, at: u64, work: u64) -> u64 {
        find(&self.stations, station.0).map_or(work, |line| line.at(at).slowed(work))
    }

    /// What a replica answers at `at` in place of a good answer, for a draw of such answers.
    pub(super) fn status(&self, endpoint: EndpointId, at: u64, draw: f64) -> Option<Status> {
        let errors = &find(&self.endpoints, endpoint.0)?.at(at).errors;
        errors.iter().find(|(_, below)| draw < *below).map(|(status, _)| *status)
    }

    /// By how much more a way takes a message that is sent at `at`.
    pub(super) fn added(&self, world: &World, path: PathId, direction: usize, at: SimTime) -> Duration {
        let own = find(&self.paths, path.0).map_or(&NONE, |line| line.at(at.nanos()));
        let way = &world.paths[path];
        let floor = if direction == 1 { way.floor_back } else { way.floor };
        let (mut longer, mut add) = (floor.scaled(own.factor).saturating_sub(floor), own.add);
        for &link in links(world, path, direction) {
            let Some(line) = find(&self.links, link.0) else { continue };
            let strain = line.at(at.nanos());
            longer += world.links[link].delay.scaled((strain.factor - 1.0) * own.factor);
            add += strain.add;
        }
        longer + Duration::from_nanos(add)
    }

    /// By how much more, there and back; nanoseconds.
    pub(super) fn later(&self, world: &World, path: PathId, at: SimTime) -> u64 {
        (self.added(world, path, 0, at) + self.added(world, path, 1, at)).nanos()
    }

    /// Chance that what is sent at `at` passes all that loses packets.
    pub(super) fn pass(&self, world: &World, path: PathId, direction: usize, at: SimTime) -> f64 {
        if self.links.is_empty() && self.paths.is_empty() {
            return 1.0;
        }
        let own = find(&self.paths, path.0).map_or(1.0, |line| line.at(at.nanos()).pass);
        let passes = |link: &LinkId| find(&self.links, link.0).map_or(1.0, |line| line.at(at.nanos()).pass);
        links(world, path, direction).iter().map(passes).fold(own, |all, one| all * one)
    }

    /// By how many times a link's jitter is longer on a way at `at`.
    pub(super) fn factor(&self, link: LinkId, path: PathId, at: SimTime) -> f64 {
        let of = |line: Option<&Line>| line.map_or(1.0, |line| line.at(at.nanos()).factor);
        of(find(&self.links, link.0)) * of(find(&self.paths, path.0))
    }

    /// Is anything on this way ever slower, or does it lose packets?
    pub(super) fn meets(&self, world: &World, path: PathId, direction: usize) -> bool {
        self.on(world, path, direction, |_| true)
    }

    /// Does it ever lose packets?
    pub(super) fn loses(&self, world: &World, path: PathId, direction: usize) -> bool {
        self.on(world, path, direction, |strain| strain.pass < 1.0)
    }

    fn on(&self, world: &World, path: PathId, direction: usize, is: impl Fn(&Strain) -> bool) -> bool {
        let ever = |line: Option<&Line>| line.is_some_and(|line| line.ever(&is));
        ever(find(&self.paths, path.0))
            || links(world, path, direction).iter().any(|link| ever(find(&self.links, link.0)))
    }

    /// Does a replica of this service ever err by a fault?
    pub(super) fn errs(&self, world: &World, service: ServiceId) -> bool {
        let errs =
            |id: &EndpointId| find(&self.endpoints, id.0).is_some_and(|line| line.ever(|one| !one.errors.is_empty()));
        world.services[service].endpoints.iter().any(errs)
    }

    /// Does this replica ever take longer for its work?
    pub(super) fn works_slower(&self, endpoint: EndpointId) -> bool {
        let slower = |one: &Strain| one.factor != 1.0 || one.add > 0;
        find(&self.endpoints, endpoint.0).is_some_and(|line| line.ever(slower))
    }

    /// All that is answered by faults.
    pub(super) fn statuses(&self) -> impl Iterator<Item = Status> + '_ {
        let strains = self.endpoints.iter().flatten().flat_map(|line| &line.0);
        strains.flat_map(|(_, strain)| strain.errors.iter().map(|(status, _)| *status))
    }
}

fn find(table: &[Option<Line>], row: u32) -> Option<&Line> {
    table.get(row as usize)?.as_ref()
}

fn links(world: &World, path: PathId, direction: usize) -> &[LinkId] {
    let way = &world.paths[path];
    if direction == 1 { &way.back_links } else { &way.links }
}

/// What an effect on a target comes to: a place is its replicas for their work and answers, for its packets all paths that
/// begin or end there.
fn parts(world: &World, target: Target, effect: Effect) -> Vec<Target> {
    match (target, effect) {
        (Target::Place(place), Effect::Loss(_)) => world.paths_of(place).map(Target::Path).collect(),
        (Target::Place(place), _) => world.endpoints_at(place).map(Target::Endpoint).collect(),
        _ => vec![target],
    }
}

fn line(changes: &[(u64, Change)]) -> Line {
    // What one fault does to a thing by two ways (a zone at each end of a path) it does once.
    let mut active: Vec<(FaultId, Effect, u32)> = Vec::new();
    let mut line: Vec<(u64, Strain)> = Vec::new();
    for (index, (at, change)) in changes.iter().enumerate() {
        let this = active.iter().position(|&(fault, effect, _)| (fault, effect) == (change.fault, change.effect));
        match (this, change.begins) {
            (Some(row), true) => active[row].2 += 1,
            (None, true) => active.push((change.fault, change.effect, 1)),
            (Some(row), false) => active[row].2 -= 1,
            (None, false) => {}
        }
        active.retain(|(_, _, count)| *count > 0);
        if changes.get(index + 1).is_none_or(|next| next.0 > *at) {
            // In the order of the scenario, whichever came first.
            let mut now: Vec<(FaultId, Effect)> = active.iter().map(|&(fault, effect, _)| (fault, effect)).collect();
            now.sort_by_key(|(fault, _)| *fault);
            line.push((*at, Strain::of(&now)));
        }
    }
    Line(line)
}
