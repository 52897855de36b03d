//! The products that join networks, and the routes that choose among them.

use crate::provider::Provider;
use crate::scenario::span::{Span, Spanned};
use crate::units::{BitsPerSec, Bytes, Duration, Ratio};
use crate::world::GatewayPods;
use indexmap::IndexMap;

/// An entry of `connectivity:`.
#[derive(Clone, Debug)]
pub struct Product {
    /// Where its name is written.
    pub span: Span,
    /// The word it was written with, where that is a provider's own for the kind.
    pub alias: Option<Alias>,
    /// What it is.
    pub kind: ProductKind,
}

/// A provider's own word for a kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alias {
    /// `transit-gateway`.
    pub word: &'static str,
    /// The kind, `cen`.
    pub kind: &'static str,
    /// Whose word it is.
    pub provider: Provider,
}

/// The kinds of products, each with its settings.
#[derive(Clone, Debug)]
pub enum ProductKind {
    /// A transit router per region, joined over the backbone.
    Cen(Cen),
    /// Two VPCs joined directly.
    VpcPeering(VpcPeering),
    /// An endpoint in a consumer VPC for one service or gateway of another.
    PrivateLink(PrivateLink),
    /// East-west gateways on the internet.
    PublicGateway(PublicGateway),
    /// East-west gateways reached over another product.
    PrivateGateway(PrivateGateway),
}

impl ProductKind {
    /// The word of the scenario file.
    pub const fn word(&self) -> &'static str {
        match self {
            ProductKind::Cen(_) => "cen",
            ProductKind::VpcPeering(_) => "vpc-peering",
            ProductKind::PrivateLink(_) => "privatelink",
            ProductKind::PublicGateway(_) => "public-gateway",
            ProductKind::PrivateGateway(_) => "private-gateway",
        }
    }

    /// Its gateways, by cluster.
    pub fn gateways(&self) -> impl Iterator<Item = (&str, &GatewaySize)> {
        let (many, one) = match self {
            ProductKind::PublicGateway(product) => (Some(&product.gateways), None),
            ProductKind::PrivateGateway(product) => (Some(&product.gateways), None),
            ProductKind::PrivateLink(link) => match &link.to.value {
                PrivateLinkTo::Gateway(cluster) => (None, Some((cluster.as_str(), &link.gateway))),
                PrivateLinkTo::Service(_) => (None, None),
            },
            ProductKind::Cen(_) | ProductKind::VpcPeering(_) => (None, None),
        };
        many.into_iter().flatten().map(|(cluster, size)| (cluster.as_str(), size)).chain(one)
    }
}

/// `cen:`.
#[derive(Clone, Debug)]
pub struct Cen {
    /// VPCs (or clusters with a VPC of their own) and the zones of their attachment ENIs; never empty: all VPCs, each in
    /// all zones of its clusters, where nothing is said.
    pub attach: IndexMap<String, (Span, Vec<Spanned<String>>)>,
    /// Inter-region bandwidth, each direction.
    pub bandwidth: Bandwidth,
    /// What happens past it.
    pub past_cap: PastCap,
    /// How inter-region bytes are paid.
    pub billing: Billing,
    /// Class of the inter-region connection.
    pub tier: Tier,
}

/// Bandwidth of inter-region connections.
#[derive(Clone, Default, Debug)]
pub struct Bandwidth {
    /// Of each pair that has none of its own.
    pub every: Option<Spanned<BitsPerSec>>,
    /// By pair of regions (unordered).
    pub pairs: Vec<(String, String, Spanned<BitsPerSec>)>,
    /// Where it is written; none: not at all, which is an error only where two regions are joined. What was left unbought
    /// on purpose has a rate of zero.
    pub span: Option<Span>,
}

impl Bandwidth {
    /// What was bought between two regions.
    pub fn between(&self, a: &str, b: &str) -> Option<Spanned<BitsPerSec>> {
        let own = self.pairs.iter().find(|(x, y, _)| (x == a && y == b) || (x == b && y == a));
        own.map(|(_, _, rate)| *rate).or(self.every)
    }
}

/// Past a cap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PastCap {
    /// The excess over a bucket of `burst` at the cap is lost.
    Police {
        /// Depth of the bucket as time at the cap, 50 ms unless told.
        burst: Duration,
    },
    /// First in, first out.
    Shape {
        /// The longest wait, 100 ms unless told.
        buffer: Duration,
    },
    /// Large messages share it max-min fairly, small ones go first.
    Fair {
        /// A message of more bytes than this is large, 64 KiB unless told.
        above: Bytes,
        /// The longest wait of a small one, 100 ms unless told.
        buffer: Duration,
        /// Shares in inverse proportion to round trips.
        by_round_trip: bool,
    },
}

impl PastCap {
    /// Fair, with nothing else told.
    pub const FAIR: PastCap =
        PastCap::Fair { above: Bytes(65_536), buffer: Duration::from_millis(100), by_round_trip: false };
}

/// How bytes are paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Billing {
    /// By the gigabyte.
    ByTraffic,
    /// By what was bought.
    ByBandwidth,
}

/// Class of a CEN inter-region connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// The best.
    Platinum,
    /// The usual.
    Gold,
    /// The cheapest.
    Silver,
}

/// `vpc-peering:`.
#[derive(Clone, Debug)]
pub struct VpcPeering {
    /// The two VPCs (or clusters with a VPC of their own); none: one peering for every pair that a route puts on it.
    pub between: Option<(Spanned<String>, Spanned<String>)>,
    /// Inter-region bandwidth, each direction; none: no cap.
    pub bandwidth: Option<Spanned<BitsPerSec>>,
    /// What happens past it.
    pub past_cap: PastCap,
}

/// `privatelink:`.
#[derive(Clone, Debug)]
pub struct PrivateLink {
    /// What the endpoint leads to.
    pub to: Spanned<PrivateLinkTo>,
    /// The VPC (or cluster with a VPC of its own) in which the endpoint stands.
    pub consumer: Spanned<String>,
    /// Zones of the endpoint; empty: all zones of the consumer that the service has too.
    pub zones: Vec<Spanned<String>>,
    /// Bandwidth of the endpoint in each zone; none: the most that can be set.
    pub bandwidth: Option<Spanned<BitsPerSec>>,
    /// What happens past it.
    pub past_cap: PastCap,
    /// The gateway behind it, in the form `to: gateway/CLUSTER`.
    pub gateway: GatewaySize,
    /// May it stand in another region than what it leads to?
    pub cross_region: bool,
}

/// What a private endpoint leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PrivateLinkTo {
    /// One service: a plain host, outside the mesh's identity and locality.
    Service(String),
    /// The east-west gateway of this cluster.
    Gateway(String),
}

/// `public-gateway:`.
#[derive(Clone, Debug)]
pub struct PublicGateway {
    /// By cluster; every cluster where nothing is said.
    pub gateways: IndexMap<String, GatewaySize>,
    /// The public address of each gateway.
    pub eip: Eip,
    /// How callers get out.
    pub nat: Nat,
    /// Loss on the internet between the mainland and abroad; none: not stated, so a study reports all three profiles.
    pub loss: Option<Spanned<InternetLoss>>,
}

/// How large a gateway is.
#[derive(Clone, Copy, Debug)]
pub struct GatewaySize {
    /// Where it is written.
    pub span: Span,
    /// Pods.
    pub replicas: u32,
    /// Cores of each.
    pub cpu: u32,
    /// Does it end TLS and read requests?
    pub l7: bool,
    /// Of answers of its balancer's name; none: it is known by addresses.
    pub ttl: Option<Duration>,
    /// What takes time when they are replaced.
    pub pods: GatewayPods,
    /// CPU for a connection, a KiB and a request; none: as the book has it.
    pub work: [Option<Duration>; 3],
}

impl GatewaySize {
    /// Two replicas of two cores that pass TLS through.
    pub const fn usual(span: Span) -> GatewaySize {
        GatewaySize { span, replicas: 2, cpu: 2, l7: false, ttl: None, pods: GatewayPods::USUAL, work: [None; 3] }
    }
}

/// An elastic public address.
#[derive(Clone, Copy, Debug)]
pub struct Eip {
    /// What it lets pass, each direction.
    pub bandwidth: Spanned<BitsPerSec>,
    /// Addresses of each gateway.
    pub addresses: u32,
    /// How it is paid.
    pub billing: Billing,
    /// Which carrier line.
    pub line: Line,
}

/// Carrier line of a public address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// BGP over several carriers.
    Bgp,
    /// BGP with better routes between the mainland and abroad.
    BgpPro,
    /// Global accelerator.
    Ga,
}

/// How callers reach the internet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nat {
    /// A NAT gateway in each calling VPC, with so many public addresses.
    Gateway {
        /// How many.
        addresses: u32,
        /// Connections of each to one destination; none: as the book has it.
        ports: Option<u32>,
    },
    /// Pods have public addresses; nothing is charged.
    None,
}

/// Loss on the public path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum InternetLoss {
    /// No loss at all.
    None,
    /// The book's mild profile.
    Mild,
    /// The book's typical profile.
    Typical,
    /// The book's severe profile.
    Severe,
    /// This chance, all day.
    Flat(Ratio),
}

/// `private-gateway:`.
#[derive(Clone, Debug)]
pub struct PrivateGateway {
    /// By cluster; every cluster where nothing is said.
    pub gateways: IndexMap<String, GatewaySize>,
    /// The product that leads to them: `cen`, `vpc-peering` or `privatelink`.
    pub over: Spanned<String>,
}

/// An entry of `routes:`.
#[derive(Clone, Debug)]
pub struct Route {
    /// Where its name is written.
    pub span: Span,
    /// Who opens the connection; none: anyone.
    pub from: Option<Spanned<RouteEnd>>,
    /// To whom; none: anyone.
    pub to: Option<Spanned<RouteEnd>>,
    /// The product.
    pub via: Spanned<String>,
    /// The product that leads to the consumer VPC of `via`, where the caller is not in it.
    pub behind: Option<Spanned<String>>,
}

/// One end of a route. A cluster is more specific than a region, an end more specific than none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RouteEnd {
    /// A cluster.
    Cluster(String),
    /// All clusters of a region.
    Region(String),
}
