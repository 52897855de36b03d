//! Rings and Maglev tables: one for all proxies that see the same hosts with the same weights, made when that changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::policy::{Balance, maglev, ring_hash};
use crate::world::{HostSetId, HostTarget, World};

/// What a hash is looked up in.
#[derive(Debug)]
pub(in crate::mesh) struct Table {
    kind: Kind,
    /// Hosts and their shares.
    shares: Vec<(u16, f64)>,
}

#[derive(Debug)]
enum Kind {
    Ring(ring_hash::Ring),
    Maglev(maglev::Table),
}

/// Those that are in use.
#[derive(Debug, Default)]
pub(in crate::mesh) struct Tables {
    known: Vec<(HostSetId, Balance, Arc<Table>)>,
    /// Names of the hosts of a set.
    names: BTreeMap<HostSetId, Vec<String>>,
}

/// From so many on, those that nobody uses any more are forgotten.
const KEPT: usize = 64;

impl Table {
    /// The host for a hash.
    pub(super) fn choose(&self, hash: u64) -> Option<u16> {
        match &self.kind {
            Kind::Ring(ring) => ring.choose(hash, 0),
            Kind::Maglev(table) => table.choose(hash, 0),
        }
    }

    pub(super) fn shares(&self) -> &[(u16, f64)] {
        &self.shares
    }
}

impl Tables {
    /// The table of these hosts of a set, with these shares.
    pub(super) fn of(
        &mut self,
        world: &World,
        set: HostSetId,
        balance: Balance,
        shares: Vec<(u16, f64)>,
    ) -> Arc<Table> {
        let same = |known: &&(HostSetId, Balance, Arc<Table>)| {
            (known.0, known.1) == (set, balance) && known.2.shares == shares
        };
        if let Some((_, _, table)) = self.known.iter().find(same) {
            return Arc::clone(table);
        }
        let names = self.names.entry(set).or_insert_with(|| names(world, set));
        let name = |host: u16| names[usize::from(host)].as_str();
        let kind = match balance {
            Balance::Maglev(rule) => Kind::Maglev(maglev::Table::new(&shares, &rule, name)),
            Balance::RingHash(rule) => Kind::Ring(ring_hash::Ring::new(&shares, &rule, name)),
            _ => unreachable!("only what hashes has a table"),
        };
        if self.known.len() >= KEPT {
            self.known.retain(|(_, _, table)| Arc::strong_count(table) > 1);
        }
        let table = Arc::new(Table { kind, shares });
        self.known.push((set, balance, Arc::clone(&table)));
        table
    }
}

/// Envoy hashes addresses, for which names stand here: the same host has the same place wherever it is seen from.
fn names(world: &World, set: HostSetId) -> Vec<String> {
    let name = |target: &HostTarget| match target {
        HostTarget::Endpoint(endpoint, _) => world.endpoints[*endpoint].name.clone(),
        HostTarget::Gateway(gateway, behind) => {
            let first = behind.first().map_or("", |(endpoint, _)| world.endpoints[*endpoint].name.as_str());
            format!("{} {first}", world.gateways[*gateway].name)
        }
    };
    let names: Vec<String> = world.host_sets[set].hosts.iter().map(|host| name(&host.target)).collect();
    // Several addresses of one gateway have one name, so they are numbered.
    let number = |index: usize| names[..index].iter().filter(|known| **known == names[index]).count();
    (0..names.len()).map(|index| format!("{}:{}", names[index], number(index))).collect()
}
