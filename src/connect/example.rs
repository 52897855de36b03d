//! A small ground on which every kind of connectivity has a trip, so that laws run over the whole catalogue.

use super::contract::{Spot, Trip};
use crate::topology::{Cidr, Cluster, ClusterId, Ground, Region, RegionId, Vpc, Zone, ZoneId};
use crate::units::Duration;

/// A ground on which every kind has a trip: two networks in one region, a third in another; each with one cluster.
#[derive(Clone, Debug)]
pub struct Example {
    /// Regions, zones, networks and clusters.
    pub ground: Ground,
}

impl Example {
    /// Networks 0 and 1 are in Hangzhou, 2 is in Singapore; each region has two zones.
    pub fn new() -> Example {
        Example::between(("hangzhou", "alibaba/cn-hangzhou"), ("singapore", "alibaba/ap-southeast-1"))
    }

    /// The same with other regions, each by a name and what it is in the books.
    pub fn between(near: (&str, &str), far: (&str, &str)) -> Example {
        let mut ground = Ground::default();
        for ((name, is), zones) in [(near, ["h", "i"]), (far, ["a", "b"])] {
            let region =
                ground.regions.push(Region { name: name.into(), is: Some(is.into()), at_zero: Duration::ZERO });
            for zone in zones {
                ground.zones.push(Zone { region, name: zone.into() });
            }
        }
        for (name, region, cidr, zones) in [
            ("east", RegionId(0), "10.1.0.0/16", [ZoneId(0), ZoneId(1)]),
            ("bank", RegionId(0), "10.2.0.0/16", [ZoneId(0), ZoneId(1)]),
            ("south", RegionId(1), "10.3.0.0/16", [ZoneId(2), ZoneId(3)]),
        ] {
            let vpc =
                ground.vpcs.push(Vpc { name: name.into(), region, cidr: Cidr::parse(cidr), owner: String::new() });
            ground.clusters.push(Cluster {
                name: name.into(),
                vpc,
                zones: zones.to_vec(),
                pods: None,
                overlay: false,
                services: None,
                mesh: "mesh".into(),
            });
        }
        Example { ground }
    }

    /// From the first network's first zone to a zone of another cluster.
    pub fn trip(&self, to: ClusterId, zone: usize) -> Trip<'static> {
        let (first, last) = (&self.ground.clusters[ClusterId(0)], &self.ground.clusters[to]);
        Trip {
            from: Spot { vpc: first.vpc, zone: first.zones[0], cluster: Some(ClusterId(0)) },
            to: Spot { vpc: last.vpc, zone: last.zones[zone], cluster: Some(to) },
            service: "payments",
        }
    }
}

impl Default for Example {
    fn default() -> Self {
        Example::new()
    }
}
