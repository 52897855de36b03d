//! Words of `stores`.

use super::{Block, Key, Shape};

/// `stores.NAME`.
pub static STORE: Block = Block {
    title: "stores.NAME",
    about: "A database that is divided: whose data is where. The database itself is not simulated: what it does and how long it takes is a service's.",
    one_of: false,
    keys: &[
        Key::new(
            "partition",
            Shape::Word(&["cluster"], &[]),
            "Each cluster has data of its own. A request is for the data of the cluster by whose ingress it came in.",
        ),
        Key::new(
            "used-by",
            Shape::List(&Shape::Reference("service")),
            "Services whose replicas look into the data of their own cluster, and no other.",
        ),
        Key::new(
            "wrong-partition",
            Shape::Word(&["error", "count"], &[]),
            "What becomes of a call that reaches a replica in another cluster than that of its request's data: it fails as `wrong-partition`, answered 421 before any work, or it is served and only counted.",
        )
        .default("error", "eastwest"),
        Key::later("primary", "The cluster that takes writes."),
        Key::later("replicas", "Clusters that follow it, in the order in which they take over."),
        Key::later("lag", "How far they are behind."),
        Key::later("promote", "When one of them takes over, and how long that takes."),
    ],
};
