//! What operators and scripts do to a running system.

use super::{ClusterId, DatabaseId, EntryId, FaultId, Target};
use crate::units::{Duration, SimTime};

/// Something is done once, or each time that a fault asks for it.
#[derive(Clone, PartialEq, Debug)]
pub struct OperatorAction {
    /// The name.
    pub name: String,
    /// Occasion it is due.
    pub when: Occasion,
    /// What must be there for it: while one of these is down it waits, and is done once all are back.
    pub needs: Vec<Target>,
    /// What it does.
    pub sets: Vec<Set>,
}

/// Occasion an action is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// Then.
    At(SimTime),
    /// So long after an alarm, which rings when a fault has lasted for so long.
    Alarm {
        /// The fault.
        fault: FaultId,
        /// How long it must have lasted.
        rings: Duration,
        /// From the alarm on.
        then: Duration,
    },
    /// So long after the end of a fault.
    End {
        /// The fault.
        fault: FaultId,
        /// From its end on.
        then: Duration,
    },
}

/// What an action sets.
#[derive(Clone, PartialEq, Debug)]
pub enum Set {
    /// The clusters that an entry leads to from then on, as `Entry::to`.
    Entry(EntryId, Vec<(u16, f64)>),
    /// The cluster whose copy of a database is the primary from then on.
    Primary(DatabaseId, ClusterId),
    /// The fewest replicas that an autoscaler, a row of `World::autoscalers`, keeps from its next look on.
    Least(u32, u32),
}
