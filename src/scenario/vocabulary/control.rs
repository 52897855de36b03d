//! Words of `mesh.control-plane` and `mesh.readiness`.

use super::{Block, Key, Shape};

/// `mesh.control-plane`.
pub static CONTROL_PLANE: Block = Block {
    title: "mesh.control-plane",
    about: "Who tells proxies which endpoints there are. Where it is not written, proxies always see all replicas, dead ones too.",
    one_of: false,
    keys: &[
        Key::new(
            "kind",
            Shape::Word(&["multi-primary", "primary-remote", "managed"], &[]),
            "An istiod in each cluster; one, in `cluster`, that serves all; or one that a provider runs in `region`. A fault calls it `control-plane/CLUSTER`, or `control-plane/REGION`.",
        )
        .required(),
        Key::new("cluster", Shape::Reference("cluster"), "Where the one of `primary-remote` stands."),
        Key::new("region", Shape::Reference("region"), "Where a managed one stands."),
        Key::new("push", Shape::Duration, "A push waits until endpoints have not changed for so long.")
            .default("100ms", "Istio"),
        Key::new("push-max", Shape::Duration, "But no longer than this.").default("10s", "Istio"),
        Key::new(
            "node-grace",
            Shape::Duration,
            "A node whose lease is older is taken for dead (40s before Kubernetes 1.32).",
        )
        .default("50s", "Kubernetes"),
        Key::new(
            "edition",
            Shape::Word(&["standard", "enterprise", "ultimate"], &[]),
            "Alibaba Cloud Service Mesh's edition of a `managed` one, for the bill; up to 50, 1000, 10000 pods.",
        )
        .absent("not billed", "eastwest"),
        Key::new("replicas", Shape::Count(1, 100), "Replicas of each istiod, for the bill.").default("1", "Istio"),
        Key::new("cpu", Shape::Number(0.0, 1024.0), "vCPU that each replica requests, for the bill.")
            .absent("0.5, or a vCPU for 2000 pods that it serves if that is more", "Istio"),
        Key::new("via", Shape::Reference("product"), "The product that carries its own traffic between regions, where that is not the calls': what cuts it cuts pushes, configuration and certificates off, and what cuts calls does not.")
            .absent("the way of the calls", "eastwest"),
    ],
};

/// `mesh.readiness`.
pub static READINESS: Block = Block {
    title: "mesh.readiness",
    about: "The readiness probe of every replica; it finds those that hang. A process that has exited is out within a second, whatever its probe.",
    one_of: false,
    keys: &[
        Key::new("period", Shape::Duration, "Between two probes.").default("10s", "Kubernetes"),
        Key::new("timeout", Shape::Duration, "How long an answer may take.").default("1s", "Kubernetes"),
        Key::new("failures", Shape::Count(1, 1000), "So many in a row, and the replica is unready.")
            .default("3", "Kubernetes"),
        Key::new("success", Shape::Count(1, 1000), "So many in a row, and it is ready again.")
            .default("1", "Kubernetes"),
    ],
};
