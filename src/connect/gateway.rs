//! What all kinds with an east-west gateway share: the hop through its replicas to the pod, and what it demands.

use super::Carrier;
use super::contract::{Balancer, Board, Count, Fee, Front, Hop, Line, Refusal, Role, Trip, Work};
use crate::provider::{Part, Rule};
use crate::topology::{ClusterId, GatewayId, HourLaw, ZoneId};
use crate::units::Duration;

/// What a gateway does with what it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Kind {
    /// Passes TLS through by its name (SNI) and picks an endpoint for each connection.
    #[default]
    Passthrough,
    /// Ends TLS, reads HTTP, picks an endpoint for each request and keeps connections to them open.
    L7,
}

/// What is known better than the book of a gateway's CPU.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Cpu {
    /// For a new connection.
    pub connection: Option<Duration>,
    /// For each KiB.
    pub kib: Option<Duration>,
    /// For each request.
    pub request: Option<Duration>,
}

/// Size of the gateway of a cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// The cluster.
    pub cluster: ClusterId,
    /// Replicas.
    pub replicas: u32,
    /// Cores of each.
    pub cpu: u32,
    /// What it does.
    pub kind: Kind,
    /// What that takes, where the scenario says it.
    pub work: Cpu,
}

impl Size {
    /// Two replicas of two cores that pass TLS through, as the book has it.
    pub fn usual(cluster: ClusterId) -> Size {
        Size { cluster, replicas: 2, cpu: 2, kind: Kind::Passthrough, work: Cpu::default() }
    }

    /// The gateway as drawn for the product `product`.
    pub fn balancer(self, carrier: &Carrier<'_>, product: &str) -> Balancer {
        let name = format!("{product}/{}", carrier.ground.clusters[self.cluster].name);
        let (connection, request) = match self.kind {
            Kind::Passthrough => ("gateway.cpu.connection", None),
            Kind::L7 => ("gateway.cpu.handshake", Some("gateway.cpu.request")),
        };
        let request = request.map_or(Duration::ZERO, |key| carrier.delay(key));
        let work = Work {
            connection: self.work.connection.unwrap_or_else(|| carrier.delay(connection)),
            kib: self.work.kib.unwrap_or_else(|| carrier.delay("gateway.cpu.kib")),
            request: self.work.request.unwrap_or(request),
        };
        Balancer { name, cluster: Some(self.cluster), replicas: self.replicas, cpu: self.cpu, work }
    }

    /// What a client proxy sees of it.
    pub const fn front(self) -> Front {
        match self.kind {
            Kind::Passthrough => Front::Gateway,
            Kind::L7 => Front::Proxy,
        }
    }

    /// The pods' bill.
    pub fn fee(self, carrier: &Carrier<'_>, product: &str) -> Fee {
        let vpc = carrier.ground.vpc_of(self.cluster);
        let thing = format!("{product} gateway {}", carrier.ground.clusters[self.cluster].name);
        let units = f64::from(self.replicas) * f64::from(self.cpu);
        let count = Count::Hours { thing, units };
        Fee {
            product: product.to_owned(),
            rule: Rule::Vcpu,
            at: carrier.ground.region_of(vpc),
            to: None,
            payer: vpc,
            count,
        }
    }
}

/// The zone of a gateway replica: round robin over the cluster's zones, as its pods are spread.
pub fn replica_zone(carrier: &Carrier<'_>, cluster: ClusterId, replica: u32) -> ZoneId {
    let zones = &carrier.ground.clusters[cluster].zones;
    zones[replica as usize % zones.len()]
}

/// From the balancer's zone to a gateway replica, through its CPU, and on to the pod's zone. Which replica a connection
/// is pinned to is decided when it is opened, so the two hops take their mean over the replicas' zones. Tells how many of
/// the hops lead as far as the gateway.
pub(super) fn enter(
    carrier: &Carrier<'_>,
    board: &mut Board,
    product: &str,
    cluster: ClusterId,
    gateway: GatewayId,
    from: ZoneId,
    to: ZoneId,
    hops: &mut Vec<Hop>,
) -> usize {
    let replicas = board.balancers[gateway].replicas.max(1);
    let name = &carrier.ground.clusters[cluster].name;
    let region = carrier.ground.zones[to].region;
    let same = |replica: u32, zone: ZoneId| replica_zone(carrier, cluster, replica) == zone;
    let mean = |zone: ZoneId| {
        let total: u64 = (0..replicas).map(|replica| carrier.inside(region, same(replica, zone)).0.nanos() / 2).sum();
        Duration::from_nanos(total / u64::from(replicas))
    };
    let (entry, exit) = (carrier.ground.zone_name(from), carrier.ground.zone_name(to));
    let passing = carrier.delay("hop.gateway");
    let word = carrier.calls(region, Part::Balancer);
    hops.push(board.part(Line::part(format!("{product}: {word} {name}/{entry} -> gateway"), mean(from))));
    hops.push(board.part(Line::part(format!("{product}: gateway {name}"), passing)));
    hops.push(Hop::Gateway(gateway));
    let greeted = hops.len();
    let (_, jitter) = carrier.inside(region, (0..replicas).all(|replica| same(replica, to)));
    let jitter = jitter.map(|law| (law, HourLaw::flat(1.0)));
    let line =
        Line { jitter, role: Role::Local, ..Line::part(format!("{product}: gateway -> {name}/{exit}"), mean(to)) };
    hops.push(board.part(line));
    greeted
}

/// What every east-west gateway demands of the cluster that it leads to.
pub(super) fn refusals(carrier: &Carrier<'_>, trip: &Trip<'_>, gateways: &[Size]) -> (Vec<Refusal>, Option<Size>) {
    let Some(cluster) = trip.to.cluster else {
        let rule = "an east-west gateway leads to pods of its cluster, not to an address of the network";
        return (vec![Refusal::new(rule, "use cen or vpc-peering, which route by address")], None);
    };
    let size = gateways.iter().find(|size| size.cluster == cluster).copied();
    let name = &carrier.ground.clusters[cluster].name;
    let missing = Refusal::new(
        format!("cluster {name} has no gateway of this product"),
        format!("add `gateways: {{{name}: {{replicas: 2, cpu: 2}}}}`: connections end at the destination's gateway"),
    );
    let mut refusals = if size.is_some_and(|size| size.replicas > 0) { Vec::new() } else { vec![missing] };
    if gateways.iter().any(|other| other.kind != gateways[0].kind) {
        let help = "write a product for each kind, and route to both";
        refusals.push(Refusal::new("gateways of one product are all `passthrough` or all `l7`", help));
    }
    (refusals, size)
}

/// What has to be there for a gateway to pass TLS through between two clusters.
pub(super) fn prerequisites(carrier: &Carrier<'_>, trip: &Trip<'_>, product: &str, kind: Kind) -> Vec<String> {
    let (Some(from), Some(to)) = (trip.from.cluster, trip.to.cluster) else { return Vec::new() };
    let (from, to) = (&carrier.ground.clusters[from], &carrier.ground.clusters[to]);
    let name = &to.name;
    let mut list = vec![match kind {
        Kind::Passthrough => format!(
            "{product}: an east-west gateway in {name} on port 15443 (AUTO_PASSTHROUGH), mutual TLS on every call"
        ),
        Kind::L7 => format!(
            "{product}: a gateway in {name} that ends mutual TLS (the cross-cluster proxy of ASM 1.22 or later)"
        ),
    }];
    if from.mesh != to.mesh {
        list.push(format!("{product}: one root of trust for the meshes {} and {}", from.mesh, to.mesh));
    }
    list
}
