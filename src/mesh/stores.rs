//! Data that is divided among clusters: did a call come to the partition of its user?

use super::calls::Call;
use super::machine::Machine;
use crate::record::{Run, StoreRow};
use crate::units::SimTime;
use crate::world::{ClusterId, ProxyId, ServiceId, World};

/// What is remembered of calls, and counted, where any store is divided.
#[derive(Debug)]
pub(super) struct Stores {
    /// By call's slot: the cluster in which its request came in; none of a copy, which is nobody's request. Handed down when
    /// a call is opened: later its caller may be gone.
    homes: Vec<ClusterId>,
    uses: Vec<Use>,
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

impl Stores {
    /// None where there is no such store.
    pub(super) fn new(world: &World) -> Option<Box<Stores>> {
        let uses = world.stores.iter().enumerate().flat_map(|(store, row)| {
            let refuses = row.refuses;
            row.used_by.iter().map(move |&service| Use { store, service, refuses, asked: 0, wrong: 0 })
        });
        let uses: Vec<Use> = uses.collect();
        (!uses.is_empty()).then(|| Box::new(Stores { homes: Vec::new(), uses }))
    }

    /// Into the record.
    pub(super) fn record(&self, world: &World, run: &mut Run) {
        let row = |row: &Use| StoreRow {
            store: world.stores[row.store].name.clone(),
            service: world.services[row.service].name.clone(),
            asked: row.asked,
            wrong: row.wrong,
        };
        run.stores = self.uses.iter().map(row).collect();
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

    /// A call is at the application: does it ask for data that is elsewhere, and is it refused for that?
    pub(super) fn is_misdirected(&mut self, attempt: u32, at: SimTime) -> bool {
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
}
