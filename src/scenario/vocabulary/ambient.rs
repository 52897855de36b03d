//! Words of `mesh.ztunnel` and `mesh.waypoints`.

use super::service::REPLICAS;
use super::{Block, Key, Shape};

/// `mesh.ztunnel`.
pub static ZTUNNEL: Block = Block {
    title: "mesh.ztunnel",
    about: "A ztunnel carries the connections of all replicas of its node, encrypted, and sees no requests: nothing of a policy holds but where connections go. Books: 60 us is Istio's published figure for 1.24, the delay is estimated.",
    one_of: false,
    keys: &[
        Key::new(
            "cpu",
            Shape::Duration,
            "CPU on its workers for each call that it passes, request and response together.",
        )
        .default("60us", "Istio"),
        Key::new("delay", Shape::Duration, "Fixed delay for each call.").default("0.1ms", "eastwest"),
        Key::new("workers", Shape::Count(1, 128), "Its workers.").default("2", "Istio"),
        Key::new(
            "pods",
            Shape::Count(1, 1000),
            "Replicas to a node: those of a cluster and zone are dealt over as few nodes as hold them.",
        )
        .default("10", "eastwest"),
    ],
};

/// `mesh.waypoints.NAME`.
pub static WAYPOINT: Block = Block {
    title: "mesh.waypoints.NAME",
    about: "An Envoy between the callers and the replicas of some services. Calls of services go through it; those of ingress proxies do not, as in Istio.",
    one_of: false,
    keys: &[
        Key::new("for", Shape::List(&Shape::Text), "The services: by name, `shop/*` for a namespace, `\"*\"` for all.")
            .required(),
        Key::new("replicas", REPLICAS, "By cluster, spread over its zones, or by zone.").required(),
        Key::new("workers", Shape::Count(1, 128), "Workers of each replica.").default("2", "Istio"),
        Key::new("cpu", Shape::Duration, "CPU on its workers for each call, half of it on either side.")
            .default("250us", "Istio"),
        Key::new("delay", Shape::Duration, "Fixed delay for each call.").default("0.5ms", "eastwest"),
        Key::new(
            "traffic-distribution",
            Shape::Word(&["any", "prefer-same-zone", "prefer-close", "prefer-same-node"], &[]),
            "Which of its replicas callers rather go to; a waypoint's Service asks for the closest by itself.",
        )
        .default("prefer-same-zone", "Istio"),
    ],
};
