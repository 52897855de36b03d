//! Words of `topology:`.

use super::{Block, Key, LAW, Shape};

/// `topology`.
pub static TOPOLOGY: Block = Block {
    title: "topology",
    about: "Places: regions with zones, VPCs, clusters, and what is known of the distance between them.",
    one_of: false,
    keys: &[
        Key::new("regions", Shape::Names(&Shape::Block(&REGION)), "Regions by name.").required(),
        Key::new("vpcs", Shape::Names(&Shape::Block(&VPC)), "VPCs by name, where a cluster's own is not enough."),
        Key::new("clusters", Shape::Names(&Shape::Block(&CLUSTER)), "Clusters by name.").required(),
        Key::new(
            "links",
            Shape::Names(&Shape::Block(&LINK)),
            "Overrides of the latency book for single pairs of regions.",
        ),
        Key::new("rtt", Shape::Block(&RTT_FILE), "A matrix of your own that overrides the latency book pair by pair."),
    ],
};

/// `topology.regions.NAME`.
pub static REGION: Block = Block {
    title: "topology.regions.NAME",
    about: "A place.",
    one_of: false,
    keys: &[
        Key::new(
            "is",
            Shape::Text,
            "The region in the book, `alibaba/cn-hangzhou`, `aws/us-east-1`, `gcp/us-east4`, `azure/eastus`: its latency, prices and time zone.",
        )
        .absent(
            "nowhere in particular: only with `network: none`, or in one region, or with all distances under `links`",
            "eastwest",
        ),
        Key::new("zones", Shape::List(&Shape::Name), "Its zones: own power and network each.")
            .absent("one zone, `a`", "eastwest"),
        Key::new("rtt", Shape::Block(&REGION_RTT), "What you know better than the latency book of its own network."),
    ],
};

/// `topology.regions.NAME.rtt`.
pub static REGION_RTT: Block = Block {
    title: "topology.regions.NAME.rtt",
    about: "Round trips inside a region.",
    one_of: false,
    keys: &[
        Key::new(
            "same-zone",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "Between two pods of one zone; a single duration has no jitter.",
        )
        .absent("as in the book", "provider"),
        Key::new(
            "cross-zone",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "Between two of its zones; a single duration has no jitter.",
        )
        .absent("as in the book", "provider"),
    ],
};

/// `topology.vpcs.NAME`.
pub static VPC: Block = Block {
    title: "topology.vpcs.NAME",
    about: "A private network of one region.",
    one_of: false,
    keys: &[
        Key::new("region", Shape::Reference("region"), "Where it is.").required(),
        Key::new("cidr", Shape::Cidr, "Its addresses; products that route addresses need them not to overlap.")
            .absent("does not overlap with any other", "eastwest"),
        Key::new("owner", Shape::Name, "The account that owns it and pays for what is in it.")
            .absent("yours", "eastwest"),
    ],
};

/// `topology.clusters.NAME`.
pub static CLUSTER: Block = Block {
    title: "topology.clusters.NAME",
    about: "A Kubernetes cluster; `region` or `vpc` is required.",
    one_of: false,
    keys: &[
        Key::new("region", Shape::Reference("region"), "Where it is, in a VPC of its own."),
        Key::new("vpc", Shape::Reference("VPC"), "The VPC that it is in."),
        Key::new("zones", Shape::List(&Shape::Reference("zone")), "The zones over which it spreads.")
            .absent("all of its region", "eastwest"),
        Key::new("pods", Shape::Cidr, "Addresses of its pods.").absent("does not overlap with any other", "eastwest"),
        Key::new("service-cidr", Shape::Cidr, "Addresses of its services.")
            .absent("does not overlap with any other", "eastwest"),
        Key::new("mesh", Shape::Name, "The mesh that it belongs to: one control plane, one root of trust.")
            .default("mesh", "eastwest"),
        Key::new("cni", Shape::Word(&["terway", "flannel"], &[]), "How pods get their addresses: `terway` takes them from the VPC, `flannel` gives them a range of their own, which the VPC's route table must lead to.")
            .absent("not said, so pods are where `pods` says", "eastwest"),
    ],
};

/// `topology.links.NAME`.
pub static LINK: Block = Block {
    title: "topology.links.NAME",
    about: "What you know better than the latency book about the backbone between two regions: both directions with `between`, one with `from` and `to`.",
    one_of: false,
    keys: &[
        Key::new("between", Shape::List(&Shape::Reference("region")), "The two regions; what is said holds in each direction."),
        Key::new("from", Shape::Reference("region"), "Where the one direction begins that this is about."),
        Key::new("to", Shape::Reference("region"), "Where it ends."),
        Key::new(
            "rtt",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "Round trip, with `between`; a single duration has no jitter. Of a lognormal law `p50` and `p99` are those of the simulated round trip: a floor at its p1, and jitter each way.",
        )
        .absent("as in the book", "provider"),
        Key::new("delay", Shape::Duration, "One way, without jitter; instead of `rtt`.").absent("half the round trip", "provider"),
        Key::new(
            "jitter",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "Extra delay one way, drawn for each message; `0ms` is none.",
        )
        .absent("as in the book, or as the law of `rtt` says", "provider"),
        Key::new(
            "loss",
            Shape::Either(&[Shape::Share, Shape::Block(&LINK_LOSS)]),
            "Share of packets lost, each direction; or a good and a bad state.",
        )
        .absent("as in the book", "provider"),
        Key::new("rate", Shape::Bandwidth, "Bandwidth of the physical link, each direction.")
            .absent("no limit but those of the products", "eastwest"),
        Key::new(
            "discipline",
            Shape::Word(&["fifo", "fair"], &[]),
            "With `rate`: a queue, first in, first out; or shared max-min fairly by messages above 64 KiB, small ones first.",
        )
        .default("fifo", "eastwest"),
        Key::new("buffer", Shape::Duration, "With `rate`: the longest wait in its queue; what would wait longer is lost.")
            .default("100ms", "eastwest"),
        Key::new("profile", Shape::Block(&LINK_PROFILE), "Factors by hour of the day, in the time of the first region named.")
            .absent("the same all day", "eastwest"),
    ],
};

/// `topology.links.NAME.loss`.
pub static LINK_LOSS: Block = Block {
    title: "topology.links.NAME.loss",
    about: "Loss with a bad state that comes and goes by itself (Gilbert-Elliott); both stays are exponential.",
    one_of: false,
    keys: &[
        Key::new("good", Shape::Share, "Share of packets lost in the good state.").required(),
        Key::new("bad", Shape::Share, "Share of packets lost in the bad state.").required(),
        Key::new("mean-good", Shape::Duration, "How long the link stays good, in the mean.").required(),
        Key::new("mean-bad", Shape::Duration, "How long it stays bad, in the mean.").required(),
    ],
};

/// `topology.links.NAME.profile`.
pub static LINK_PROFILE: Block = Block {
    title: "topology.links.NAME.profile",
    about: "24 factors, from 00:00 to 23:00.",
    one_of: false,
    keys: &[
        Key::new("loss", Shape::List(&Shape::Number(0.0, 10_000.0)), "Of the chance of loss, in either state.")
            .absent("1 all day", "eastwest"),
        Key::new("jitter", Shape::List(&Shape::Number(0.0, 10_000.0)), "Of the extra delay.")
            .absent("1 all day", "eastwest"),
    ],
};

/// `topology.rtt`.
pub static RTT_FILE: Block = Block {
    title: "topology.rtt",
    about: "A matrix of delays as CSV: square, or a row for each pair (`from,to,ms`, or `from,to,low_ms,mid_ms,high_ms`); another unit stands in the header, `#` begins a comment.",
    one_of: false,
    keys: &[
        Key::new("file", Shape::File, "The CSV file; blanks are unknown and stay as in the book.").required(),
        Key::new(
            "unit",
            Shape::Word(&["rtt", "one-way"], &[]),
            "What its figures are: there and back, the same from both ends, or of one direction each.",
        )
        .required(),
    ],
};
