//! Databases: whose data is where.

use super::{ClusterId, ControlWay, OperationId, PlaceId, ServiceId};
use crate::random::Law;
use crate::units::Duration;

/// A database that is divided: each cluster has data of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// The name.
    pub name: String,
    /// Services whose replicas look into the data of their own cluster, and no other.
    pub used_by: Vec<ServiceId>,
    /// A call for data that is elsewhere is answered with an error; else it is only counted.
    pub refuses: bool,
}

/// A way to a copy.
#[derive(Clone, PartialEq, Debug)]
pub struct CopyWay {
    /// The place of the copy that it leads to, with which it is lost; none: it is open whichever of them is there.
    pub to: PlaceId,
    /// The way.
    pub way: ControlWay,
}

/// A database of one primary, which takes the writes, and replicas that follow it.
#[derive(Clone, PartialEq, Debug)]
pub struct Database {
    /// The name.
    pub name: String,
    /// The clusters of its copies, in the order in which they take over; the first one is the primary at t = 0.
    pub copies: Vec<ClusterId>,
    /// Row `place * copies + copy`: on which ways that place hears the copy, and its callers reach it. One that is open is
    /// enough; where there are none at all nothing is ever between the two.
    pub ways: Vec<Vec<CopyWay>>,
    /// Operations whose calls write to it.
    pub writes: Vec<OperationId>,
    /// How far a replica that takes over is behind; none: a write is acknowledged once a replica has it.
    pub lag: Option<Law>,
    /// How long a primary must be missed until a replica takes over by itself; none: operators alone promote.
    pub after: Option<Duration>,
    /// From the decision until the new primary takes writes.
    pub takes: Duration,
    /// A primary that is missed for so long takes no more writes, whether or not it is dead.
    pub fence: bool,
}
