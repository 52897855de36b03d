//! The machine: runs a [`World`](crate::world::World) and leaves a [`Run`](crate::record::Run).

use crate::record::{Exemplar, Run, Trace};
use crate::world::World;

/// One replication of one variant. Same world, same seed, same replication: the same run, bit for bit.
pub fn run(_world: &World, _seed: u64, _replication: u32) -> Run {
    Run::default()
}

/// Runs the same replication again and follows one request through all its hops.
pub fn trace(_world: &World, _seed: u64, _replication: u32, _which: Exemplar, _why: &str) -> Option<Trace> {
    None
}
