//! Who tells proxies of endpoints.

use super::Route;
use crate::policy::readiness::Readiness;
use crate::scenario::span::{Span, Spanned};
use crate::units::Duration;

/// `mesh.control-plane`, with `mesh.readiness`.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    /// Where it is written.
    pub span: Span,
    /// Where its planes stand.
    pub kind: ControlKind,
    /// A push waits for so long without a change.
    pub push: Duration,
    /// But no longer than this.
    pub push_max: Duration,
    /// A node whose lease is older is dead.
    pub node_grace: Duration,
    /// The probe of every replica.
    pub readiness: Readiness,
    /// Which edition of a managed one is paid; none: none is.
    pub edition: Option<Spanned<Edition>>,
    /// Replicas of each that runs in a cluster.
    pub replicas: u32,
    /// The product of its own way between regions; none: that of the calls.
    pub via: Option<Route>,
    /// vCPU that each of them requests; none: by how many pods it serves.
    pub cpu: Option<f64>,
}

/// An edition of Alibaba Cloud Service Mesh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edition {
    /// Free, without an SLA.
    Standard,
    /// For companies.
    Enterprise,
    /// The largest.
    Ultimate,
}

/// Where control planes stand, and whom they serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ControlKind {
    /// One in each cluster, for its own proxies; each watches all API servers.
    MultiPrimary,
    /// One in this cluster, for all.
    PrimaryRemote(Spanned<String>),
    /// One that a provider runs in this region, for all.
    Managed(Spanned<String>),
}
