//! Who starts and ends replicas while a run is under way, and which are there at first.

use super::{ClusterId, EndpointId, ServiceId};
use crate::policy::autoscale::Rule;
use crate::units::Duration;

/// Replicas of a service (or of one of its versions) in a cluster, whose number follows their load: a Deployment and its
/// horizontal pod autoscaler.
#[derive(Clone, PartialEq, Debug)]
pub struct Autoscaler {
    /// `service@cluster`, with the version where there are several: `service@cluster v2`.
    pub name: String,
    /// The service.
    pub service: ServiceId,
    /// Whose API server is asked.
    pub cluster: ClusterId,
    /// All replicas that there may be, those that are there at first before the others; in each zone as many as the most
    /// there may be, so that one zone can stand in for the others.
    pub members: Vec<EndpointId>,
    /// How many are there at first.
    pub start: u32,
    /// When there are to be more or fewer.
    pub rule: Rule,
    /// From the decision until the process listens: scheduling, pulling the image, starting.
    pub boot: Duration,
    /// A pod on a node that is taken for dead is deleted, and another one started elsewhere, after so long.
    pub evict: Duration,
    /// A pod that is deleted goes on for so long.
    pub grace: Duration,
}

impl Autoscaler {
    /// Replicas that are not there at first.
    pub fn absent(&self) -> &[EndpointId] {
        &self.members[(self.start as usize).min(self.members.len())..]
    }
}
