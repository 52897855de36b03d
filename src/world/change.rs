//! What faults do: dated changes, and what each hits.

use super::{
    ClusterId, DatabaseId, Effect, EndpointId, EntryId, FaultId, LinkId, Manner, PathId, PlaceId, PlaneId, StationId,
};
use crate::fault::Span;
use crate::units::{Duration, SimTime};

/// A named fault and its windows.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// The name.
    pub name: String,
    /// What it hits, as written.
    pub hits: String,
    /// When it comes, as far as a scenario says so: nanoseconds from t = 0 (the end of the fill), ascending. What is drawn
    /// stands in the [`super::Forecast`] of a run.
    pub spans: Vec<Span>,
    /// How long after each end its window still lasts: connections and beliefs heal later than links.
    pub recovery: Duration,
}

/// An effect on something begins or ends. Ends are counted, so that overlapping faults compose.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Change {
    /// When, from t = 0 (the end of the fill).
    pub at: SimTime,
    /// Whose doing.
    pub fault: FaultId,
    /// What.
    pub target: Target,
    /// What happens to it.
    pub effect: Effect,
    /// It begins; else it ends.
    pub begins: bool,
}

impl Change {
    /// How peers notice, where the target goes down or comes back.
    pub fn outage(&self) -> Option<Manner> {
        self.effect.outage()
    }
}

/// What a change hits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Target {
    /// All replicas, proxies and gateway replicas of a place, and every path that begins or ends there.
    Place(PlaceId),
    /// Every path over a link.
    Link(LinkId),
    /// One replica.
    Endpoint(EndpointId),
    /// One gateway replica.
    Station(StationId),
    /// A path itself.
    Path(PathId),
    /// The API server of a cluster: nobody hears of its endpoints, and no node of it is missed.
    Api(ClusterId),
    /// A control plane: no push, and nothing for new pods.
    Plane(PlaneId),
    /// A control plane's pushes: what proxies know stays as it is.
    Pushes(PlaneId),
    /// A global entry: nobody is told anything by it.
    Entry(EntryId),
    /// What a global entry says stays as it is.
    Records(EntryId),
    /// What a cache keeps, whoever shares it: index into `World::caches`.
    Cache(u32),
    /// The copy of a database in a cluster: it takes no writes and hears of none.
    Database(DatabaseId, ClusterId),
}
