//! Words of `connectivity:` and `routes:`.

use super::{Block, Key, Shape};

const SIZES: Shape = Shape::Names(&Shape::Block(&GATEWAY_SIZE));

/// `connectivity.NAME`.
pub static PRODUCT: Block = Block {
    title: "connectivity.NAME",
    about: "A product that joins networks; exactly one kind.",
    one_of: true,
    keys: &[
        Key::new("cen", Shape::Block(&CEN), "Transit routers, joined over the backbone: any VPCs, any region."),
        Key::new("vpc-peering", Shape::Block(&VPC_PEERING), "Two VPCs joined directly."),
        Key::new(
            "privatelink",
            Shape::Block(&PRIVATELINK),
            "An endpoint in a consumer VPC for one service or gateway of another VPC of its region.",
        ),
        Key::new("transit-gateway", Shape::Block(&CEN), "AWS's word for `cen`, between its regions only."),
        Key::new(
            "ncc",
            Shape::Block(&CEN),
            "Google Cloud's Network Connectivity Center, between its regions only: `cen`.",
        ),
        Key::new("vwan", Shape::Block(&CEN), "Azure's virtual WAN, between its regions only: `cen`."),
        Key::new("network-peering", Shape::Block(&VPC_PEERING), "Google Cloud's word for `vpc-peering`."),
        Key::new("vnet-peering", Shape::Block(&VPC_PEERING), "Azure's word for `vpc-peering`."),
        Key::new("interface-endpoint", Shape::Block(&PRIVATELINK), "AWS's word for `privatelink`."),
        Key::new("psc", Shape::Block(&PRIVATELINK), "Google Cloud's Private Service Connect: `privatelink`."),
        Key::new("private-link", Shape::Block(&PRIVATELINK), "Azure's word for `privatelink`."),
        Key::new("public-gateway", Shape::Block(&PUBLIC_GATEWAY), "East-west gateways on the internet."),
        Key::new("private-gateway", Shape::Block(&PRIVATE_GATEWAY), "East-west gateways reached over another product."),
    ],
};

/// `cen`.
pub static CEN: Block = Block {
    title: "connectivity.NAME.cen",
    about: "Alibaba Cloud CEN with transit routers.",
    one_of: false,
    keys: &[
        Key::new("attach", Shape::Names(&Shape::List(&Shape::Reference("zone"))), "VPCs (or clusters with a VPC of their own) and the zones of their attachments.")
            .absent("every VPC, in every zone of its clusters", "eastwest"),
        Key::new("bandwidth", Shape::Either(&[Shape::Bandwidth, Shape::Word(&["none"], &[]), Shape::Names(&Shape::Either(&[Shape::Bandwidth, Shape::Word(&["none"], &[])]))]), "Inter-region bandwidth, each direction: one figure for every pair, or by pair `REGION-REGION`. Required between regions: an unbought connection passes 1 kbit/s, which `none` asks for on purpose.")
            .absent("an error where two regions are joined", "provider"),
        Key::new("past-cap", Shape::Either(&[Shape::Word(&["police", "shape", "fair"], &[]), Shape::Block(&PAST_CAP)]), "Past the bandwidth: drop the excess, queue it, or share the rate among large messages.")
            .default("police", "provider"),
        Key::new("billing", Shape::Word(&["by-traffic", "by-bandwidth"], &[]), "How inter-region bytes are paid.").default("by-traffic", "eastwest"),
        Key::new("tier", Shape::Word(&["platinum", "gold", "silver"], &[]), "Class of the inter-region connection.").default("gold", "provider"),
        Key::later("qos", "Queues that share the bandwidth."),
    ],
};

/// The long form of `past-cap`.
pub static PAST_CAP: Block = Block {
    title: "past-cap",
    about: "What happens past a cap, with its depth.",
    one_of: true,
    keys: &[
        Key::new("police", Shape::Block(&POLICE), "A token bucket: the excess is lost, and TCP sends it again."),
        Key::new("shape", Shape::Block(&SHAPE_PAST_CAP), "First in, first out: the excess waits."),
        Key::new(
            "fair",
            Shape::Block(&FAIR_PAST_CAP),
            "Large messages share the rate, max-min fairly; small ones go first.",
        ),
    ],
};

/// `past-cap: {police: ..}`.
pub static POLICE: Block = Block {
    title: "past-cap.police",
    about: "Token bucket.",
    one_of: false,
    keys: &[Key::new("burst", Shape::Duration, "Depth of the bucket, as time at the cap.").default("50ms", "eastwest")],
};

/// `past-cap: {shape: ..}`.
pub static SHAPE_PAST_CAP: Block = Block {
    title: "past-cap.shape",
    about: "Bounded queue.",
    one_of: false,
    keys: &[Key::new("buffer", Shape::Duration, "The longest wait; what would wait longer is lost.")
        .default("100ms", "eastwest")],
};

/// `past-cap: {fair: ..}`.
pub static FAIR_PAST_CAP: Block = Block {
    title: "past-cap.fair",
    about: "Max-min fair sharing among large messages, none faster than its own windows and round trip let it.",
    one_of: false,
    keys: &[
        Key::new(
            "above",
            Shape::Bytes,
            "A message of more bytes than this on the wire is large; others go first, first in, first out.",
        )
        .default("64KiB", "eastwest"),
        Key::new("buffer", Shape::Duration, "The longest wait of a small message; what would wait longer is lost.")
            .default("100ms", "eastwest"),
        Key::new(
            "weights",
            Shape::Word(&["equal", "round-trip"], &[]),
            "Equal shares, or shares in inverse proportion to round trips, as TCP's tend to be.",
        )
        .default("equal", "eastwest"),
    ],
};

/// `vpc-peering`.
pub static VPC_PEERING: Block = Block {
    title: "connectivity.NAME.vpc-peering",
    about: "A direct connection of two VPCs.",
    one_of: false,
    keys: &[
        Key::new(
            "between",
            Shape::List(&Shape::Reference("VPC")),
            "The two VPCs (or clusters with a VPC of their own).",
        )
        .absent("one peering for every pair that a route puts on it", "eastwest"),
        Key::new("bandwidth", Shape::Bandwidth, "Bandwidth between regions, each direction.")
            .absent("no cap", "provider"),
        Key::new(
            "past-cap",
            Shape::Either(&[Shape::Word(&["police", "shape", "fair"], &[]), Shape::Block(&PAST_CAP)]),
            "Past the bandwidth: drop the excess, queue it, or share the rate among large messages.",
        )
        .default("police", "provider"),
    ],
};

/// `privatelink`.
pub static PRIVATELINK: Block = Block {
    title: "connectivity.NAME.privatelink",
    about: "A private endpoint. Connections start at the consumer only; two directions need two.",
    one_of: false,
    keys: &[
        Key::new("to", Shape::Text, "What it leads to: `service/NAME` (a plain host, outside the mesh's identity and locality) or `gateway/CLUSTER`.").required(),
        Key::new("consumer", Shape::Reference("VPC"), "The VPC (or cluster with a VPC of its own) in which the endpoint stands.").required(),
        Key::new("zones", Shape::List(&Shape::Reference("zone")), "Zones of the endpoint.").absent("the zones of the consumer that the service has too", "eastwest"),
        Key::new("bandwidth", Shape::Bandwidth, "Bandwidth of the endpoint connection in each zone.").absent("1024Mbps, the most that can be set", "provider"),
        Key::new("past-cap", Shape::Either(&[Shape::Word(&["police", "shape", "fair"], &[]), Shape::Block(&PAST_CAP)]), "Past the bandwidth: drop the excess, queue it, or share the rate among large messages.")
            .default("police", "provider"),
        Key::new("gateway", Shape::Block(&GATEWAY_SIZE), "The gateway behind it, with `to: gateway/CLUSTER`.").absent("2 replicas of 2 cores", "eastwest"),
        Key::new("cross-region", Shape::Word(&["true", "false"], &[]), "May the endpoint stand in another region than what it leads to? Its bytes then ride the backbone and pay a surcharge.").default("false", "provider"),
    ],
};

/// `public-gateway`.
pub static PUBLIC_GATEWAY: Block = Block {
    title: "connectivity.NAME.public-gateway",
    about: "Istio's east-west gateways behind a load balancer with a public address.",
    one_of: false,
    keys: &[
        Key::new("gateways", SIZES, "Gateways by cluster; a cluster without one cannot be reached.")
            .absent("one in every cluster", "eastwest"),
        Key::new("eip", Shape::Block(&EIP), "The public address of each gateway.")
            .absent("200Mbps by traffic on BGP lines", "eastwest"),
        Key::new(
            "nat",
            Shape::Either(&[Shape::Word(&["gateway", "none"], &[]), Shape::Block(&NAT)]),
            "How callers get out: a NAT gateway in each calling VPC (hours and capacity units are billed), or none.",
        )
        .default("gateway", "eastwest"),
        Key::new(
            "loss",
            Shape::Either(&[Shape::Word(&["none", "mild", "typical", "severe"], &[]), Shape::Share]),
            "Loss on the internet: a profile of the book, or one figure.",
        )
        .absent("`typical` for the figures; their range over the inputs runs from mild to severe", "eastwest"),
    ],
};

/// The long form of `nat`.
pub static NAT: Block = Block {
    title: "nat",
    about: "A NAT gateway in each calling VPC.",
    one_of: false,
    keys: &[
        Key::new("addresses", Shape::Count(1, 64), "Public addresses of the pool, each with the bandwidth of `eip`.")
            .default("1", "eastwest"),
        Key::new(
            "ports",
            Shape::Count(1, 65535),
            "Connections that one address holds to one destination; past them a new one is not answered.",
        )
        .absent("55000 (book of limits)", "provider"),
    ],
};

/// `eip`.
pub static EIP: Block = Block {
    title: "eip",
    about: "A public address.",
    one_of: false,
    keys: &[
        Key::new("bandwidth", Shape::Bandwidth, "What it lets pass, each direction: at most 200Mbps by traffic, 500Mbps by bandwidth.").default("200Mbps", "provider"),
        Key::new("addresses", Shape::Count(1, 20), "Public addresses of each gateway, at most one for each zone of its balancer.")
            .default("1", "eastwest"),
        Key::new("billing", Shape::Word(&["by-traffic", "by-bandwidth"], &[]), "How it is paid.")
            .default("by-traffic", "eastwest"),
        Key::new("line", Shape::Word(&["bgp", "bgp-pro", "ga"], &[]), "Carrier line: `bgp-pro` loses less across the mainland's border; `ga` enters an accelerator in the caller's region and rides the backbone.").default("bgp", "provider"),
    ],
};

/// A gateway's size.
pub static GATEWAY_SIZE: Block = Block {
    title: "a gateway",
    about: "How large a gateway is.",
    one_of: false,
    keys: &[
        Key::new("replicas", Shape::Count(1, 1000), "Pods, spread over the cluster's zones.").default("2", "eastwest"),
        Key::new("cpu", Shape::Count(1, 128), "Cores of each.").default("2", "eastwest"),
        Key::new("ttl", Shape::Duration, "Its balancer is known by a name whose answers are good for so long: control planes resolve it anew then, after 30 s at least, and push what has changed.")
            .absent("by addresses: new connections follow the balancer's checks at once", "eastwest"),
        Key::new("start-up", Shape::Duration, "From the start of a pod's process until it listens and is ready: after a `restart` or a `drain`, and when what held it down is over. Its balancer uses it again at once then.")
            .default("0s", "eastwest"),
        Key::new("deregister", Shape::Duration, "From when a pod is sent away (`drain`, a rollout) until its balancer opens no new connections to it; established ones stay until it exits. By default two health checks of 10 s (estimated); a Network Load Balancer of AWS with IP targets was measured at 2 minutes.")
            .default("20s", "eastwest"),
        Key::new("kind", Shape::Word(&["passthrough", "l7"], &[]), "`passthrough` passes TLS through by its name and picks an endpoint for each connection; `l7` ends TLS, reads HTTP and picks one for each request, as the cross-cluster proxy of ASM does.")
            .default("passthrough", "Istio"),
        Key::new("cpu-per-connection", Shape::Duration, "CPU for a new connection.")
            .absent("100us; with `kind: l7` 1ms for the handshake of TLS (book of latencies)", "eastwest"),
        Key::new("cpu-per-kib", Shape::Duration, "CPU for each KiB passed through.")
            .absent("2us (book of latencies)", "eastwest"),
        Key::new("cpu-per-request", Shape::Duration, "CPU for each request, with `kind: l7`.")
            .absent("200us (book of latencies)", "eastwest"),
    ],
};

/// `private-gateway`.
pub static PRIVATE_GATEWAY: Block = Block {
    title: "connectivity.NAME.private-gateway",
    about: "Istio's east-west gateways, reached privately.",
    one_of: false,
    keys: &[
        Key::new("gateways", SIZES, "Gateways by cluster.").absent("one in every cluster", "eastwest"),
        Key::new(
            "over",
            Shape::Reference("product"),
            "The product that leads to them: `cen`, `vpc-peering` or `privatelink`.",
        )
        .required(),
    ],
};

/// `routes.NAME`.
pub static ROUTE: Block = Block {
    title: "routes.NAME",
    about: "Which product a pair of places uses; the most specific wins. The route named `default` has neither `from` nor `to`.",
    one_of: false,
    keys: &[
        Key::new("from", Shape::Reference("cluster or region"), "Who opens the connection.")
            .absent("anyone", "eastwest"),
        Key::new("to", Shape::Reference("cluster or region"), "To whom.").absent("anyone", "eastwest"),
        Key::new("via", Shape::Reference("product"), "The product.").required(),
        Key::new(
            "behind",
            Shape::Reference("product"),
            "The product that leads to the consumer VPC of `via`, where the caller is not in it.",
        )
        .absent("the caller is in it", "eastwest"),
    ],
};
