//! Where things stand: regions, zones, private networks, clusters, and the places that are a cluster's part in a zone.
//!
//! Knows nothing of products or traffic.

use super::Cidr;
use crate::id;
use crate::table::Table;
use crate::units::Duration;

id! {
    /// A cluster's part in one zone: where replicas and proxies stand.
    PlaceId,
    /// A region.
    RegionId,
    /// A zone of a region.
    ZoneId,
    /// A cluster.
    ClusterId,
    /// A private network of one region.
    VpcId,
}

/// A cluster's part in one zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// The region.
    pub region: RegionId,
    /// The zone.
    pub zone: ZoneId,
    /// The cluster.
    pub cluster: ClusterId,
    /// `cluster/zone`, for people.
    pub name: String,
}

/// A region as the scenario names it and as the books know it.
#[derive(Clone, PartialEq, Debug)]
pub struct Region {
    /// The scenario's name.
    pub name: String,
    /// What it is in the books, `alibaba/cn-hangzhou`; none: of no provider, so it has no book figures.
    pub is: Option<String>,
    /// Time of day there at t = 0 of the run.
    pub at_zero: Duration,
}

/// A zone of a region.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Zone {
    /// The region.
    pub region: RegionId,
    /// Its name within the region.
    pub name: String,
}

/// A private network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vpc {
    /// The scenario's name.
    pub name: String,
    /// The one region it lies in.
    pub region: RegionId,
    /// Its addresses; none: not stated, and taken to overlap with nobody's.
    pub cidr: Option<Cidr>,
    /// Who pays for it; empty: the scenario's only owner.
    pub owner: String,
}

/// A Kubernetes cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cluster {
    /// The scenario's name.
    pub name: String,
    /// The network it stands in.
    pub vpc: VpcId,
    /// The zones it spans, in the order of the scenario.
    pub zones: Vec<ZoneId>,
    /// Addresses of pods that are not the network's own (an overlay); none: pods take addresses of the network.
    pub pods: Option<Cidr>,
    /// Are `pods` an overlay that each route table must lead to, rather than addresses of the network?
    pub overlay: bool,
    /// Addresses of services.
    pub services: Option<Cidr>,
    /// The mesh (one control plane, one root of trust) that it belongs to.
    pub mesh: String,
}

/// All that stands somewhere.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ground {
    /// Regions.
    pub regions: Table<RegionId, Region>,
    /// Zones.
    pub zones: Table<ZoneId, Zone>,
    /// Private networks.
    pub vpcs: Table<VpcId, Vpc>,
    /// Clusters.
    pub clusters: Table<ClusterId, Cluster>,
}

impl Ground {
    /// The network that a cluster stands in.
    pub fn vpc_of(&self, cluster: ClusterId) -> VpcId {
        self.clusters[cluster].vpc
    }

    /// The region that a network lies in.
    pub fn region_of(&self, vpc: VpcId) -> RegionId {
        self.vpcs[vpc].region
    }

    /// The region that a cluster lies in.
    pub fn region_of_cluster(&self, cluster: ClusterId) -> RegionId {
        self.region_of(self.vpc_of(cluster))
    }

    /// `cluster/zone` or `vpc/zone`, for people.
    pub fn zone_name(&self, zone: ZoneId) -> &str {
        &self.zones[zone].name
    }
}
