//! Replicas that follow the load.

use crate::policy::autoscale::Rule;
use crate::scenario::span::Span;
use crate::units::Duration;

/// `services.NAME.autoscale`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Autoscale {
    /// Where it is written.
    pub span: Span,
    /// When there are to be more or fewer.
    pub rule: Rule,
    /// Until a pod's containers run.
    pub boot: Duration,
    /// Until a pod on a dead node is deleted.
    pub evict: Duration,
    /// What a pod that is sent away has left.
    pub grace: Duration,
}
