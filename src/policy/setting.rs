//! Which locality setting holds for a service: Istio looks at the DestinationRule, then at the Service, then at the mesh
//! (`pilot/pkg/networking/core/loadbalancer`, `GetEffectiveLbSetting`). The first that says anything replaces the rest.

/// What a DestinationRule or the mesh configuration says of locality.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Layer {
    /// `localityLbSetting`, and whether it is enabled; none: not there.
    pub locality: Option<bool>,
    /// `zoneAwareLbSetting`, likewise.
    pub zone_aware: Option<bool>,
}

/// A Service's `spec.trafficDistribution`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TrafficDistribution {
    /// Not said.
    #[default]
    Any,
    /// `PreferSameZone`, which was `PreferClose`.
    PreferSameZone,
    /// `PreferSameNode`.
    PreferSameNode,
}

impl TrafficDistribution {
    /// The failover priority that it stands for; nothing where it does not say any.
    pub const fn failover_priority(self) -> &'static [&'static str] {
        match self {
            TrafficDistribution::Any => &[],
            TrafficDistribution::PreferSameZone => &[label::NETWORK, label::REGION, label::ZONE],
            TrafficDistribution::PreferSameNode => {
                &[label::NETWORK, label::REGION, label::ZONE, label::SUBZONE, label::HOSTNAME]
            }
        }
    }
}

/// Labels that Istio gives every endpoint.
pub mod label {
    /// The network.
    pub const NETWORK: &str = "topology.istio.io/network";
    /// The cluster.
    pub const CLUSTER: &str = "topology.istio.io/cluster";
    /// The region.
    pub const REGION: &str = "topology.kubernetes.io/region";
    /// The zone.
    pub const ZONE: &str = "topology.kubernetes.io/zone";
    /// The subzone.
    pub const SUBZONE: &str = "topology.istio.io/subzone";
    /// The node.
    pub const HOSTNAME: &str = "kubernetes.io/hostname";
}

/// Who said it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// The policy of the edge (a DestinationRule).
    Rule,
    /// The mesh configuration.
    Mesh,
}

/// The setting that holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effective {
    /// None was said at all.
    Unsaid,
    /// Locality is turned off by this one.
    Off(Origin),
    /// This `localityLbSetting`: failover needs outlier detection, distribute does not.
    Locality(Origin),
    /// The Service's wish: a failover priority, whether there is outlier detection or not.
    SameZone,
    /// The same down to the node.
    SameNode,
    /// This `zoneAwareLbSetting`: priorities by region, whether there is outlier detection or not.
    ZoneAware(Origin),
    /// Zone-aware routing for 0 % of requests: that setting is there, and not enabled.
    ZoneAwareOff(Origin),
}

impl Effective {
    /// Does it order hosts without outlier detection?
    pub const fn forces_failover(self) -> bool {
        matches!(self, Effective::SameZone | Effective::SameNode | Effective::ZoneAware(_))
    }
}

/// The setting that holds, of these.
pub const fn effective(rule: Layer, service: TrafficDistribution, mesh: Layer) -> Effective {
    if let Some(said) = said(rule, Origin::Rule) {
        return said;
    }
    match service {
        TrafficDistribution::PreferSameZone => return Effective::SameZone,
        TrafficDistribution::PreferSameNode => return Effective::SameNode,
        TrafficDistribution::Any => {}
    }
    match said(mesh, Origin::Mesh) {
        Some(said) => said,
        None => Effective::Unsaid,
    }
}

const fn said(layer: Layer, origin: Origin) -> Option<Effective> {
    Some(match (layer.zone_aware, layer.locality) {
        (Some(true), _) => Effective::ZoneAware(origin),
        (Some(false), _) => Effective::ZoneAwareOff(origin),
        (None, Some(true)) => Effective::Locality(origin),
        (None, Some(false)) => Effective::Off(origin),
        (None, None) => return None,
    })
}
