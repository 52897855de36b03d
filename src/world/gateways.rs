//! How busy gateways are at given rates: the same work that the machine gives them, without any queue. And what takes time
//! when their pods are replaced.

use super::{EdgeId, GatewayId, Leg, PathId, StationId, World};
use crate::policy::pool::UNLIMITED;
use crate::table::Id;
use crate::units::Duration;

/// What takes time when pods of a gateway are replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GatewayPods {
    /// From the start of a process until it listens.
    pub start_up: Duration,
    /// From when a pod is sent away until its balancer opens nothing new to it.
    pub deregister: Duration,
}

impl GatewayPods {
    /// It listens at once, and its balancer leaves it out after two health checks of 10 s (estimated), which fail from its
    /// deletion on.
    pub const USUAL: GatewayPods = GatewayPods { start_up: Duration::ZERO, deregister: Duration::from_secs(20) };
}

/// What goes over a path, per second.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PathRates {
    /// Calls.
    pub calls: f64,
    /// Connections that are opened.
    pub opened: f64,
    /// Bytes towards the server.
    pub forward: f64,
    /// Bytes towards the client.
    pub back: f64,
}

impl World {
    /// The gateway that a pod is of.
    pub fn gateway_of(&self, pod: StationId) -> Option<GatewayId> {
        self.gateways.iter().find(|(_, gateway)| gateway.replicas.contains(&pod)).map(|(id, _)| id)
    }

    /// What takes time when a gateway's pods are replaced.
    pub fn pods_of(&self, gateway: GatewayId) -> GatewayPods {
        self.gateway_pods.get(&gateway).copied().unwrap_or(GatewayPods::USUAL)
    }

    /// Connections that a call of this edge opens on average once all are warm: one for so many requests as the pool
    /// lets over each.
    pub fn opened_per_call(&self, edge: EdgeId) -> f64 {
        match self.policies[self.edges[edge].policy].pool.max_requests_per_connection {
            UNLIMITED => 0.0,
            requests => 1.0 / f64::from(requests.max(1)),
        }
    }

    /// Work over capacity by gateway, at these rates of its paths; 0 for a provider's balancer, which has no CPU of ours.
    /// Each request pays `cpu_per_request` on its way there, each KiB `cpu_per_kib` in either direction, each new
    /// connection `cpu_per_connection`.
    pub fn gateway_busy(&self, rates: impl Fn(PathId) -> PathRates) -> Vec<f64> {
        let mut work = vec![0.0; self.gateways.len()];
        for (id, path) in self.paths.iter() {
            let rates = rates(id);
            let mut pass = |legs: &[Leg], of: &dyn Fn(GatewayId) -> f64| {
                let gateways = legs.iter().filter_map(|leg| if let Leg::Gateway(id) = leg { Some(*id) } else { None });
                gateways.for_each(|id| work[id.index()] += of(id));
            };
            pass(&path.legs, &|id| {
                let gateway = &self.gateways[id];
                rates.calls * gateway.cpu_per_request.seconds()
                    + rates.opened * gateway.cpu_per_connection.seconds()
                    + rates.forward / 1024.0 * gateway.cpu_per_kib.seconds()
            });
            pass(&path.back, &|id| rates.back / 1024.0 * self.gateways[id].cpu_per_kib.seconds());
        }
        for ((_, gateway), work) in self.gateways.iter().zip(&mut work) {
            let servers: u32 = gateway.replicas.iter().map(|&id| self.stations[id].servers).sum();
            *work = if servers == 0 { 0.0 } else { *work / f64::from(servers) };
        }
        work
    }
}
