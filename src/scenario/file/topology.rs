//! Places: regions, zones, VPCs, clusters, and what is known of the distance between them.

use crate::random::Law;
use crate::scenario::span::{Span, Spanned};
use crate::units::{BitsPerSec, Duration, Ratio};
use indexmap::IndexMap;

/// `topology:`.
#[derive(Clone, Default, Debug)]
pub struct Topology {
    /// By name.
    pub regions: IndexMap<String, Region>,
    /// Written VPCs by name. A cluster with a region has one of its own, not listed here, named like the cluster.
    pub vpcs: IndexMap<String, Vpc>,
    /// By name.
    pub clusters: IndexMap<String, Cluster>,
    /// Overrides of the latency book.
    pub links: IndexMap<String, LinkOverride>,
    /// The user's own matrix.
    pub rtt: Option<RttFile>,
}

/// A region.
#[derive(Clone, Debug)]
pub struct Region {
    /// Where its name is written.
    pub span: Span,
    /// `provider/region-id` in the book, `alibaba/cn-hangzhou`. None only makes sense with `network: none` or with links
    /// that say every distance.
    pub is: Option<Spanned<String>>,
    /// Zone names, at least one; `a` where nothing is said.
    pub zones: Vec<Spanned<String>>,
    /// Round trip inside a zone, in seconds; a constant leaves no jitter.
    pub same_zone: Option<Spanned<Law>>,
    /// The same between two of its zones.
    pub cross_zone: Option<Spanned<Law>>,
}

/// A private network of one region.
#[derive(Clone, Debug)]
pub struct Vpc {
    /// Where its name is written.
    pub span: Span,
    /// A region of this scenario.
    pub region: Spanned<String>,
    /// Its addresses.
    pub cidr: Option<Spanned<Cidr>>,
    /// The account that owns and pays for it; empty: the reader's own.
    pub owner: String,
}

/// A Kubernetes cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Where its name is written.
    pub span: Span,
    /// Its region, always known.
    pub region: Spanned<String>,
    /// A written VPC; none: one of its own.
    pub vpc: Option<Spanned<String>>,
    /// Zones of its region over which it spreads, at least one.
    pub zones: Vec<Spanned<String>>,
    /// Pod addresses.
    pub pods: Option<Spanned<Cidr>>,
    /// Service addresses.
    pub service_cidr: Option<Spanned<Cidr>>,
    /// How pods get their addresses; none: not said.
    pub cni: Option<Spanned<Cni>>,
    /// The mesh (one control plane, one root of trust) that it belongs to; `mesh` unless told.
    pub mesh: Spanned<String>,
}

impl Cluster {
    /// The VPC's name: the written one, or the cluster's own.
    pub fn vpc_name<'a>(&'a self, own_name: &'a str) -> &'a str {
        self.vpc.as_ref().map_or(own_name, |vpc| &vpc.value)
    }
}

/// How pods get their addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cni {
    /// From the VPC.
    Terway,
    /// From a range of the cluster's own, routed node by node.
    Flannel,
}

/// A block of IPv4 addresses, `10.10.0.0/16`; the bits past the prefix are zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cidr {
    /// First address.
    pub network: u32,
    /// Length of the prefix, 0 to 32.
    pub prefix: u8,
}

impl Cidr {
    /// Do the two share an address?
    pub fn overlaps(self, other: Cidr) -> bool {
        let prefix = self.prefix.min(other.prefix);
        let mask = if prefix == 0 { 0 } else { u32::MAX << (32 - prefix) };
        self.network & mask == other.network & mask
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", std::net::Ipv4Addr::from(self.network), self.prefix)
    }
}

/// What the user knows better than the latency book, about the backbone between two regions.
#[derive(Clone, Debug)]
pub struct LinkOverride {
    /// Where its name is written.
    pub span: Span,
    /// Two different regions of this scenario.
    pub between: (Spanned<String>, Spanned<String>),
    /// Only from the first to the second.
    pub one_way: bool,
    /// Round trip in seconds; a constant leaves no jitter. Not of one direction.
    pub rtt: Option<Spanned<Law>>,
    /// One way, without jitter.
    pub delay: Option<Spanned<Duration>>,
    /// Extra delay one way, in seconds.
    pub jitter: Option<Spanned<Law>>,
    /// Chance that a packet is lost, each direction.
    pub loss: Option<LinkLoss>,
    /// What the physical link passes.
    pub rate: Option<LinkRate>,
    /// Factors of loss and of jitter by hour of the day.
    pub profile: LinkProfile,
}

/// Chance of loss of a link.
#[derive(Clone, Copy, Debug)]
pub struct LinkLoss {
    /// Where it is written.
    pub span: Span,
    /// While the link is good.
    pub good: Ratio,
    /// While it is bad: chance, mean stay in the good state, mean stay in the bad one.
    pub bad: Option<(Ratio, Duration, Duration)>,
}

/// Bandwidth of a physical link.
#[derive(Clone, Copy, Debug)]
pub struct LinkRate {
    /// Bits per second, each direction.
    pub rate: BitsPerSec,
    /// The longest wait.
    pub buffer: Duration,
    /// Shared by large messages, not first in, first out.
    pub fair: bool,
}

/// 24 factors each.
#[derive(Clone, Copy, Default, Debug)]
pub struct LinkProfile {
    /// Of the chance of loss.
    pub loss: Option<[f64; 24]>,
    /// Of the extra delay.
    pub jitter: Option<[f64; 24]>,
}

/// A file of round trips that overrides the book pair by pair.
#[derive(Clone, Debug)]
pub struct RttFile {
    /// As written, relative to the scenario's directory.
    pub file: Spanned<String>,
    /// Its content: CSV, square or long.
    pub text: String,
    /// What its figures are.
    pub unit: RttUnit,
}

/// What a figure of a matrix means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RttUnit {
    /// There and back.
    Rtt,
    /// One way.
    OneWay,
}
