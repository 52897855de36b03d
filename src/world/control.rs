//! Who tells proxies which endpoints there are: API servers, control planes, and the ways between them.
//!
//! An endpoint's readiness is known first at the API server of its cluster, then at the control planes that watch that
//! server, then, after their push, at the proxies that they serve. Proxies of one place share one way, so that they know
//! the same at all times.

use super::{ClusterId, GatewayId, LinkId, PathId, PlaneId, RegionId};
use crate::policy::readiness::Readiness;
use crate::table::Table;
use crate::units::Duration;

/// How endpoints get from API servers to proxies. Without control planes nobody ever learns that one is gone.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Control {
    /// The control planes.
    pub planes: Table<PlaneId, Plane>,
    /// By place: who serves its proxies.
    pub serves: Vec<Serves>,
    /// Row `plane * clusters + cluster`: on which way a plane hears of the endpoints of a cluster.
    pub watches: Vec<ControlWay>,
    /// By service: when its replicas count as ready; none: whatever happens to them, nobody takes them out.
    pub readiness: Vec<Option<Readiness>>,
    /// A node that has not renewed its lease for so long is taken for dead (`node-monitor-grace-period`).
    pub node_grace: Duration,
    /// A pod that starts anew needs its plane, for its proxy's configuration and certificate.
    pub configures: bool,
}

/// Which control plane serves the proxies of a place.
#[derive(Clone, PartialEq, Debug)]
pub struct Serves {
    /// The plane.
    pub plane: PlaneId,
    /// From it to them.
    pub way: ControlWay,
}

/// A control plane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plane {
    /// What a fault calls it: `control-plane/NAME`.
    pub name: String,
    /// Where it stands.
    pub region: RegionId,
    /// The cluster whose pods it is, spread over its zones: it is gone when they all are. None: its provider runs it.
    pub cluster: Option<ClusterId>,
    /// A push waits until nothing has changed for so long (`PILOT_DEBOUNCE_AFTER`).
    pub push: Duration,
    /// But no longer than this (`PILOT_DEBOUNCE_MAX`).
    pub push_max: Duration,
}

/// A way of the control plane's own traffic. Nothing passes while one of these is down.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ControlWay {
    /// One way.
    pub delay: Duration,
    /// Links on it.
    pub links: Vec<LinkId>,
    /// The path of calls that it shares, with which it is lost.
    pub path: Option<PathId>,
    /// Gateways on it; one is down when all its replicas are.
    pub gateways: Vec<GatewayId>,
}
