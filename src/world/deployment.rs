//! Pods that are replaced in turns, as one workload: those of a service in a cluster, or of a gateway.

use super::{ClusterId, EndpointId, GatewayId, ServiceId, Target, World};
use crate::units::Duration;

/// Pods that are rolled together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Deployment {
    /// Of a service, one of its versions, in a cluster.
    Service(ServiceId, u16, ClusterId),
    /// Of a gateway.
    Gateway(GatewayId),
}

impl World {
    /// The workload that a pod is of; none: it is no pod.
    pub fn deployment(&self, pod: Target) -> Option<Deployment> {
        match pod {
            Target::Endpoint(id) => {
                let row = &self.endpoints[id];
                Some(Deployment::Service(row.service, row.version, self.places[row.place].cluster))
            }
            Target::Station(id) => self.gateway_of(id).map(Deployment::Gateway),
            _ => None,
        }
    }

    /// How many pods a workload has.
    pub fn pods_in(&self, of: Deployment) -> u32 {
        match of {
            Deployment::Service(service, ..) => {
                let mine = |id: &&EndpointId| self.deployment(Target::Endpoint(**id)) == Some(of);
                self.services[service].endpoints.iter().filter(mine).count() as u32
            }
            Deployment::Gateway(id) => self.gateways[id].replicas.len() as u32,
        }
    }

    /// The pods that a target takes where processes end and begin anew: itself, or the replicas of a place.
    pub fn pods(&self, target: Target) -> Vec<Target> {
        match target {
            Target::Endpoint(_) | Target::Station(_) => vec![target],
            Target::Place(place) => self.endpoints_at(place).map(Target::Endpoint).collect(),
            _ => Vec::new(),
        }
    }

    /// How long a pod's process takes from its start until it listens; of a place, the longest of all that stand there.
    pub fn listens_after(&self, target: Target) -> Duration {
        match target {
            Target::Endpoint(id) => self.start_up(self.endpoints[id].service),
            Target::Station(id) => self.gateway_of(id).map_or(Duration::ZERO, |gateway| self.pods_of(gateway).start_up),
            Target::Place(place) => {
                let gateways = self.gateway_pods.iter().filter(|(id, _)| {
                    self.gateways[**id].replicas.iter().any(|&station| self.stations[station].place == place)
                });
                let gateways = gateways.map(|(_, pods)| pods.start_up);
                let replicas = self.endpoints_at(place).map(|id| self.listens_after(Target::Endpoint(id)));
                replicas.chain(gateways).max().unwrap_or_default()
            }
            _ => Duration::ZERO,
        }
    }
}
