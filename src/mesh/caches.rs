//! Caches: which keys are there.
//!
//! Each request asks for one of a cache's keys, all equally likely, or for what is never kept. Until something drops it a
//! cache has all its keys and needs no memory; from then on a bit for each. Only what was fetched well is kept, and of
//! requests that miss the same key at once each fetches it: nobody waits for another's fetch.

use super::machine::Machine;
use crate::world::{CacheScope, EndpointId, Target, World};

/// All caches of a run.
#[derive(Debug)]
pub(super) struct Caches {
    /// By cache, then by who shares it: what is there of one that was dropped; none: all keys.
    kept: Vec<Vec<Option<Kept>>>,
    /// By cache: how many faults keep it from keeping anything.
    forgetting: Vec<u16>,
}

/// Keys that are there.
#[derive(Clone, Debug)]
struct Kept {
    bits: Box<[u64]>,
    missing: u32,
}

impl Kept {
    fn nothing(keys: u32) -> Self {
        Kept { bits: vec![0; keys.div_ceil(64) as usize].into(), missing: keys }
    }

    fn has(&self, key: u32) -> bool {
        self.bits[key as usize / 64] >> (key % 64) & 1 == 1
    }

    fn keep(&mut self, key: u32) {
        self.missing -= u32::from(!self.has(key));
        self.bits[key as usize / 64] |= 1 << (key % 64);
    }
}

impl Caches {
    pub(super) fn new(world: &World) -> Self {
        let shared_by = |scope: CacheScope| match scope {
            CacheScope::Replica => world.endpoints.len(),
            CacheScope::Cluster => world.clusters.len(),
            CacheScope::Service => 1,
        };
        let kept = world.caches.iter().map(|cache| vec![None; shared_by(cache.scope)]).collect();
        Caches { kept, forgetting: vec![0; world.caches.len()] }
    }

    /// A process dies, and what it alone kept.
    pub(super) fn of_process(&mut self, world: &World, endpoint: u32) {
        let service = world.endpoints[EndpointId(endpoint)].service;
        for (cache, kept) in world.caches.iter().zip(&mut self.kept) {
            if cache.service == service && cache.scope == CacheScope::Replica {
                kept[endpoint as usize] = Some(Kept::nothing(cache.keys));
            }
        }
    }

    /// A fault begins or ends that makes a cache forget, whoever shares it.
    pub(super) fn forget(&mut self, world: &World, target: Target, begins: bool) {
        let Target::Cache(cache) = target else { return };
        let (row, keys) = (cache as usize, world.caches[cache as usize].keys);
        if begins {
            self.forgetting[row] += 1;
            self.kept[row].iter_mut().for_each(|kept| *kept = Some(Kept::nothing(keys)));
        } else {
            self.forgetting[row] -= 1;
        }
    }
}

impl Machine<'_> {
    /// Whose share of a cache a frame asks.
    fn shelf(&self, frame: u32, cache: u32) -> usize {
        let endpoint = self.endpoint_of(self.attempt_of(frame));
        match self.world.caches[cache as usize].scope {
            CacheScope::Replica => endpoint.0 as usize,
            CacheScope::Cluster => self.world.places[self.world.endpoints[endpoint].place].cluster.0 as usize,
            CacheScope::Service => 0,
        }
    }

    /// Which key a draw asks for; none: what is never kept.
    fn key_of(&self, frame: u32, cache: u32, draw: u64) -> Option<u32> {
        let row = &self.world.caches[cache as usize];
        let chance = self.service_keys[self.service_of(frame)].choose.uniform(draw);
        let within = chance / row.hit.get();
        (within < 1.0).then(|| ((within * f64::from(row.keys)) as u32).min(row.keys - 1))
    }

    /// Is what a frame asks for there?
    pub(super) fn asks(&self, frame: u32, cache: u32, draw: u64) -> bool {
        let Some(key) = self.key_of(frame, cache, draw) else { return false };
        self.caches.kept[cache as usize][self.shelf(frame, cache)].as_ref().is_none_or(|kept| kept.has(key))
    }

    /// What a frame asked for was fetched.
    pub(super) fn keeps(&mut self, frame: u32, cache: u32, draw: u64) {
        let (Some(key), shelf) = (self.key_of(frame, cache, draw), self.shelf(frame, cache)) else { return };
        if self.caches.forgetting[cache as usize] > 0 {
            return;
        }
        let kept = &mut self.caches.kept[cache as usize][shelf];
        if let Some(row) = kept {
            row.keep(key);
            if row.missing == 0 {
                *kept = None;
            }
        }
    }
}
