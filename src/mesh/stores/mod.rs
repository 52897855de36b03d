//! Stores: did a call come to the partition of its user, does a write find its primary, and what becomes of it?

mod reigns;

use self::reigns::{Promotion, Reigns, reigns};
use super::actions::Deed;
use super::calls::{Attempt, Call};
use super::control::Away;
use super::machine::Machine;
use crate::record::{Failure, NoticedBy, PromotionRow, Run, StoreRow, WriteRow};
use crate::units::SimTime;
use crate::world::{Change, ClusterId, DatabaseId, OperationId, PlaceId, ProxyId, ServiceId, World};

/// What is remembered of calls, and counted, where there is any store.
#[derive(Debug)]
pub(super) struct Stores {
    /// By call's slot: the cluster in which its request came in; none of a copy, which is nobody's request. Handed down when
    /// a call is opened: later its caller may be gone.
    homes: Vec<ClusterId>,
    /// By attempt's slot: did it come to the application within the horizon? Who came then is counted whenever it ends, and
    /// nobody else.
    counted: Vec<bool>,
    uses: Vec<Use>,
    databases: Vec<Held>,
    /// By operation: rows of the databases that it writes to.
    writes: Vec<Vec<u32>>,
    zero: i64,
}

/// A service that uses a store.
#[derive(Debug)]
struct Use {
    store: usize,
    service: ServiceId,
    refuses: bool,
    asked: u64,
    wrong: u64,
}

/// A database with a primary, and its writes.
#[derive(Debug)]
struct Held {
    reigns: Reigns,
    /// By reign: when it acknowledged its first write, nanoseconds from t = 0; `i64::MAX`: never.
    first: Vec<i64>,
    /// By reign: how many it acknowledged that its successor does not have.
    lost: Vec<u64>,
    by_service: Vec<Writes>,
}

/// Writes of a service, within the horizon.
#[derive(Debug)]
struct Writes {
    service: ServiceId,
    asked: u64,
    refused: u64,
    acknowledged: u64,
    lost: u64,
}

impl Stores {
    /// None where there is no such store.
    pub(super) fn new(
        world: &World,
        seeds: (u64, u32),
        zero: SimTime,
        away: &Away,
        deeds: &[Deed],
    ) -> Option<Box<Stores>> {
        if world.stores.is_empty() && world.databases.is_empty() {
            return None;
        }
        let uses = world.stores.iter().enumerate().flat_map(|(store, row)| {
            let refuses = row.refuses;
            row.used_by.iter().map(move |&service| Use { store, service, refuses, asked: 0, wrong: 0 })
        });
        let mut writes = vec![Vec::new(); world.operations.len()];
        for (id, database) in world.databases.iter() {
            database.writes.iter().for_each(|operation| writes[operation.0 as usize].push(id.0));
        }
        let held = |id| Held::new(world, id, reigns(world, id, seeds, away, deeds));
        Some(Box::new(Stores {
            homes: Vec::new(),
            counted: Vec::new(),
            uses: uses.collect(),
            databases: world.databases.ids().map(held).collect(),
            writes,
            zero: zero.nanos().cast_signed(),
        }))
    }

    /// Into the record. `changes`: what faults did, with their dates.
    pub(super) fn record(&self, world: &World, changes: &[(i64, Change)], run: &mut Run) {
        let row = |row: &Use| StoreRow {
            store: world.stores[row.store].name.clone(),
            service: world.services[row.service].name.clone(),
            asked: row.asked,
            wrong: row.wrong,
        };
        run.stores = self.uses.iter().map(row).collect();
        for ((_, database), held) in world.databases.iter().zip(&self.databases) {
            run.writes.extend(held.by_service.iter().map(|row| WriteRow {
                store: database.name.clone(),
                service: world.services[row.service].name.clone(),
                asked: row.asked,
                refused: row.refused,
                acknowledged: row.acknowledged,
                lost: row.lost,
            }));
            held.promotions(world, &database.name, changes, run);
        }
    }

    /// A write is at the application.
    fn comes(&mut self, attempt: u32, within: bool) {
        if self.counted.len() <= attempt as usize {
            self.counted.resize(attempt as usize + 1, false);
        }
        self.counted[attempt as usize] = within;
    }

    fn counts(&self, attempt: u32) -> bool {
        self.counted.get(attempt as usize).copied().unwrap_or(false)
    }

    /// The place from which a write of this attempt comes, and the databases that it is for.
    fn written(&self, machine: &Machine<'_>, attempt: u32) -> Option<(PlaceId, OperationId)> {
        let call = machine.attempts[attempt].call;
        let operation = machine.calls[call].operation;
        if self.writes[operation.0 as usize].is_empty() || self.homes[call as usize].is_none() {
            return None;
        }
        let endpoint = &machine.world.endpoints[machine.endpoint_of(attempt)];
        Some((endpoint.place, operation))
    }
}

impl Held {
    fn new(world: &World, id: DatabaseId, reigns: Reigns) -> Held {
        let mut by_service: Vec<Writes> = Vec::new();
        for &operation in &world.databases[id].writes {
            let service = world.operations[operation].service;
            if by_service.iter().all(|row| row.service != service) {
                by_service.push(Writes { service, asked: 0, refused: 0, acknowledged: 0, lost: 0 });
            }
        }
        let count = reigns.reigns.len();
        Held { reigns, first: vec![i64::MAX; count], lost: vec![0; count], by_service }
    }

    fn of(&mut self, service: ServiceId) -> &mut Writes {
        self.by_service.iter_mut().find(|row| row.service == service).expect("who writes is counted")
    }

    /// Those of the run: not over before it began, nor begun when it was over.
    fn promotions(&self, world: &World, store: &str, changes: &[(i64, Change)], run: &mut Run) {
        let end = world.plan.horizon.nanos().cast_signed();
        let last = end.saturating_add(world.plan.drain.nanos().cast_signed());
        let cluster = |number: usize| world.clusters[self.reigns.reigns[number].cluster].clone();
        for (number, promotion) in self.reigns.promotions.iter().enumerate() {
            if promotion.since >= end || promotion.done <= 0 {
                continue;
            }
            let caused = |(at, change): &&(i64, Change)| {
                *at == promotion.cause && change.begins && change.outage().is_some() && !promotion.planned
            };
            let fault = changes.iter().find(caused).map(|(_, change)| world.faults[change.fault].name.clone());
            if let Some(fault) = &fault {
                noticed(run, fault, promotion);
            }
            let first = self.first[number + 1];
            run.promotions.push(PromotionRow {
                store: store.to_owned(),
                from: cluster(number),
                to: cluster(number + 1),
                fault,
                planned: promotion.planned,
                since_ns: promotion.since,
                done_ns: (promotion.done < last).then_some(promotion.done),
                served_ns: (first < i64::MAX).then_some(first),
                rpo_ns: promotion.rpo,
                lost: self.lost[number],
            });
        }
    }
}

/// Whoever looks after a database took notice of a fault: a replica is promoted.
fn noticed(run: &mut Run, fault: &str, promotion: &Promotion) {
    let Some(row) = run.faults.iter_mut().find(|row| row.fault == fault) else { return };
    let recovery = row.recovery_ns;
    for (one, &(start, end)) in row.occurrences.iter_mut().zip(&row.spans) {
        let within = |at: i64| u64::try_from(at).ok().filter(|at| (start..end.saturating_add(recovery)).contains(at));
        // What lasts at t = 0 already is told from there on.
        let (Some(_), Some(decided)) = (within(promotion.cause.max(0)), within(promotion.decided)) else { continue };
        let after = decided - start;
        if one.noticed.is_none_or(|(earlier, _)| after < earlier) {
            one.noticed = Some((after, NoticedBy::Promotion));
        }
    }
}

impl Machine<'_> {
    /// A call was opened, where somebody will ask in which cluster its request came in.
    #[cold]
    pub(super) fn belongs(&mut self, slot: u32, parent: u32, proxy: ProxyId, flags: u8) {
        let Some(stores) = &self.stores else { return };
        let home = if flags & Call::MIRROR != 0 {
            ClusterId::NONE
        } else if flags & Call::ROOT != 0 {
            self.world.places[self.world.proxies[proxy].place].cluster
        } else {
            let caller = self.attempts[self.attempt_of(parent)].call;
            stores.homes[caller as usize]
        };
        let homes = &mut self.stores.as_mut().expect("seen above").homes;
        if homes.len() <= slot as usize {
            homes.resize(slot as usize + 1, ClusterId::NONE);
        }
        homes[slot as usize] = home;
    }

    /// A call is at the application: is it refused for what it would do to a store?
    pub(super) fn refused_by_store(&mut self, attempt: u32, at: SimTime) -> Option<Failure> {
        self.stores.as_ref()?;
        if self.is_misdirected(attempt, at) {
            return Some(Failure::WrongPartition);
        }
        self.lacks_primary(attempt, at, true).then_some(Failure::NoPrimary)
    }

    /// Does it ask for data that is elsewhere, and is it refused for that?
    fn is_misdirected(&mut self, attempt: u32, at: SimTime) -> bool {
        let endpoint = &self.world.endpoints[self.endpoint_of(attempt)];
        let here = self.world.places[endpoint.place].cluster;
        let counted = self.ledger.within(at.nanos());
        let Some(stores) = &mut self.stores else { return false };
        let home = stores.homes[self.attempts[attempt].call as usize];
        if home.is_none() {
            return false;
        }
        let mut refused = false;
        for row in stores.uses.iter_mut().filter(|row| row.service == endpoint.service) {
            row.asked += u64::from(counted);
            row.wrong += u64::from(counted && home != here);
            refused |= row.refuses && home != here;
        }
        refused
    }

    /// Is it a write, and does a database that it is for have no primary that is reached from here? `comes`: it is counted.
    fn lacks_primary(&mut self, attempt: u32, at: SimTime, comes: bool) -> bool {
        let Some((from, operation)) = self.stores.as_ref().and_then(|stores| stores.written(self, attempt)) else {
            return false;
        };
        let within = self.ledger.within(at.nanos());
        let service = self.world.operations[operation].service;
        let Some(stores) = &mut self.stores else { return false };
        if comes {
            stores.comes(attempt, within);
        }
        let counted = stores.counts(attempt);
        let date = at.nanos().cast_signed() - stores.zero;
        let mut lacks = false;
        for &row in &stores.writes[operation.0 as usize] {
            let held = &mut stores.databases[row as usize];
            let without = held.reigns.at(from, date).is_none();
            let writes = held.of(service);
            writes.asked += u64::from(counted && comes);
            writes.refused += u64::from(counted && without);
            lacks |= without;
        }
        lacks
    }

    /// The application is about to answer: a write is done now, if there is still a primary to do it.
    #[cold]
    pub(super) fn commit(&mut self, attempt: u32, at: SimTime) {
        let row = &self.attempts[attempt];
        let (well, wanted) = (row.core.failed == 0, !row.is(Attempt::CLIENT_DONE));
        if !well {
            return;
        }
        if self.lacks_primary(attempt, at, false) {
            self.attempts[attempt].core.fail(Failure::NoPrimary, false);
            return;
        }
        // Who gave up has been told nothing.
        if !wanted {
            return;
        }
        let Some((from, operation)) = self.stores.as_ref().and_then(|stores| stores.written(self, attempt)) else {
            return;
        };
        let service = self.world.operations[operation].service;
        let Some(stores) = &mut self.stores else { return };
        let counted = u64::from(stores.counts(attempt));
        let date = at.nanos().cast_signed() - stores.zero;
        for &row in &stores.writes[operation.0 as usize] {
            let held = &mut stores.databases[row as usize];
            let Some(reign) = held.reigns.at(from, date) else { continue };
            let (begins, ends) = held.reigns.reigns[reign as usize].lost;
            let lost = counted * u64::from((begins..ends).contains(&date));
            let first = &mut held.first[reign as usize];
            *first = (*first).min(date);
            held.lost[reign as usize] += lost;
            let writes = held.of(service);
            writes.acknowledged += counted;
            writes.lost += lost;
        }
    }
}
